"""`homebody plan`: one request, or many as JSON lines. Nothing is run."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import json

from assistant.support import QUICK
from homebody.assistant.planner import ExpertPlanner
from homebody.base.errors import BadInput
from homebody.cli.plan import plan, plan_lines
from homebody.engine.client import Engine
from homebody.engine.scripted import ScriptedReply
from homebody.messages.frames import Load
from homebody.skills.registry import Registry
from homebody.wire.keeper import child_command

SKILLS = Registry()
LONG = "the quick brown fox jumps over the lazy dog again"


@pytest.fixture
def planner(write_script: Callable[..., Path]) -> Iterator[Callable[..., ExpertPlanner]]:
    engines: list[Engine] = []

    def start(*replies: ScriptedReply | str) -> ExpertPlanner:
        command = child_command("scripted-engine", str(write_script(*replies)))
        engine = Engine(command, limits=QUICK)
        engines.append(engine)
        engine.start()
        engine.begin_load(Load(id=0, path="scripted.gguf"))
        return ExpertPlanner(engine, None, SKILLS)

    yield start
    for engine in engines:
        engine.close()


def printed(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.decode(line) for line in capsys.readouterr().out.splitlines()]


def test_a_plan_is_printed_with_its_passage_and_is_not_run(planner, capsys):
    it = planner("translate $text | French\nadd_note $1")
    assert plan(it, f'translate "{LONG}" to French and note it') == 0
    [report] = printed(capsys)
    assert report["plan"] == {
        "do": "skills",
        "steps": [
            {"skill": "translate", "args": {"text": LONG, "language": "French"}},
            {"skill": "add_note", "args": {"text": "$1"}},
        ],
    }
    assert report["confidence"] is None
    assert report["ms"] > 0
    assert "error" not in report


def test_an_empty_request_is_refused(planner):
    with pytest.raises(BadInput, match="nothing to plan"):
        plan(planner("answer"), " \n")


def test_every_line_gets_an_answer_as_it_comes(planner, capsys):
    it = planner(ScriptedReply("read_clipboard", when="copy"), "answer")
    printed_so_far: list[int] = []

    def lines() -> Iterator[bytes]:
        yield b'{"id": "a", "text": "what did I copy"}\n'
        printed_so_far.append(len(printed(capsys)))
        yield b"\n"
        yield b'{"id": 7, "text": "hello"}'

    assert plan_lines(it, SKILLS, lines()) == 0
    assert printed_so_far == [1]
    [last] = printed(capsys)
    assert (last["id"], last["plan"]) == (7, {"do": "answer"})


@pytest.mark.parametrize(
    ("line", "name", "words"),
    [
        (b"not json", None, "no request"),
        (b'"text"', None, "no request"),
        (b'{"id": 1}', 1, "text"),
        (b'{"id": 1, "text": 5}', 1, "text"),
        (b'{"id": 1, "text": " "}', 1, "empty"),
        (b'{"id": [1], "text": "x"}', None, "id"),
        (b'{"id": 1, "text": "x", "last": "fly_away"}', 1, "fly_away"),
        (b'{"id": 1, "text": "x", "last": {"do": "fly"}}', 1, "fly"),
        (b'{"id": 1, "text": "\xff"}', None, "no request"),
        (b"[" * 100_000, None, "no request"),
    ],
)
def test_a_line_that_cannot_be_used_says_why_and_loses_nothing(planner, capsys, line, name, words):
    it = planner("answer")
    assert plan_lines(it, SKILLS, [line, b'{"id": "after", "text": "hello"}']) == 0
    bad, good = printed(capsys)
    assert (bad["id"], bad["plan"]) == (name, None)
    assert words in bad["error"]
    assert (good["id"], good["plan"]) == ("after", {"do": "answer"})


def test_a_line_may_bring_a_conversation(planner, capsys):
    it = planner(
        ScriptedReply("convert_units 5 | km | yards", when="[last convert_units 5 | km | miles]"),
        ScriptedReply("copy_to_clipboard $reply", when="[reply]"),
        ScriptedReply("summarize $file1", when="[file1 a.pdf] [file2 b.md]"),
        "answer",
    )
    last = {"skill": "convert_units", "args": {"value": 5, "from_unit": "km", "to_unit": "miles"}}
    lines = [
        {"id": 1, "text": "and in yards?", "last": "convert_units 5 | km | miles"},
        {"id": 2, "text": "and in yards?", "last": {"do": "skills", "steps": [last]}},
        {"id": 3, "text": "copy that", "reply": "It is 5."},
        {
            "id": 4,
            "text": "summarize",
            "gold": 1,
            "last": None,
            "reply": None,
            "files": ["a.pdf", {"name": "b.md", "text": "x"}],
        },
    ]
    assert plan_lines(it, SKILLS, [json.encode(line) for line in lines]) == 0
    plans = [report["plan"]["steps"][0]["args"] for report in printed(capsys)]
    assert plans == [
        {"value": 5, "from_unit": "km", "to_unit": "yards"},
        {"value": 5, "from_unit": "km", "to_unit": "yards"},
        {"text": "$reply"},
        {"text": "$file1"},
    ]
