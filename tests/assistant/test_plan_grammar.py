"""Grammars for requests: what they let a model write, judged by llama.cpp itself."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec import json

from homebody.assistant.numerals import numbers_in
from homebody.assistant.passages import see
from homebody.assistant.plan_grammar import grammar_for
from homebody.base.paths import Home
from homebody.library.shelf import find_model
from homebody.messages.skills import Argument, Skill
from homebody.messages.turns import Attachment
from homebody.skills.built_in import BUILT_IN

Allows = Callable[[str, str], bool]


@pytest.fixture(scope="session")
def starter() -> Path:
    return find_model(Home(Path("-"), Path("-"), Path("-")), "starter").path


@pytest.fixture(scope="session")
def allows(starter: Path) -> Iterator[Allows]:
    """Say whether a whole text can be written under a grammar, by the starter's tokens."""
    from homebody.engine.worker.binding import lib
    from homebody.engine.worker.grammar import Grammar
    from homebody.engine.worker.native import Native

    native = Native(
        starter,
        context=64,
        gpu_layers=0,
        threads=1,
        use_mmap=True,
        on_progress=lambda _done: True,
    )
    end = lib.llama_vocab_eos(native.vocab)

    def judge(source: str, text: str) -> bool:
        grammar = Grammar(native.vocab, source)
        try:
            for token in native.tokenize(text, special=False):
                if not grammar.allows(token):
                    return False
                grammar.accept(token)
            return grammar.allows(end)
        finally:
            grammar.close()

    yield judge
    native.close()


REQUEST = "remind me to call mum (again) tomorrow at 9, then convert 10km to miles!"


@pytest.mark.parametrize(
    "line",
    [
        "answer",
        "escalate",
        "ask text",
        "set_reminder call mum | tomorrow at 9",
        "set_reminder call mum (again) | tomorrow at 9",
        "set_reminder call mum | at 9 tomorrow",
        "convert_units 10 | km | miles",
        "convert_units -10 | km | miles",
        "set_reminder call mum | tomorrow at 9\nconvert_units 10 | km | miles",
        "convert_units 10 | km | miles\nadd_note $1\ncopy_to_clipboard $2",
        "calculate 10 * 9",
        "calculate (10+9)/9",
        "calculate sqrt(9)",
        "system_status disk",
        "rewrite call mum | friendly",
        "extract call mum | mum, miles",
        "date_difference today | tomorrow",
        "shift_date tomorrow | -9",
        "current_time",
        "find_files mum",
        "find_files mum | miles",
    ],
)
def test_what_may_be_planned_can_be_written(allows, line):
    assert allows(grammar_for(see(REQUEST), BUILT_IN), line)


@pytest.mark.parametrize(
    "line",
    [
        "set_reminder call dad | tomorrow at 9",
        "set_reminder call mum | tomorrow at 11",
        "set_reminder call mum",
        "add_note mu",
        "add_note al",
        "add_note mum call",
        "add_note $1",
        "add_note $text",
        "add_note $reply",
        "add_note $file1",
        "read_clipboard\nadd_note $2",
        "convert_units 11 | km | miles",
        "convert_units 10 | furlongs | miles",
        "calculate 10 * 8",
        "system_status heart",
        "rewrite call mum | sarcastic",
        "ask nonsense",
        "fly_away",
        "answer\nread_clipboard",
        "\n".join(["read_clipboard"] * 6),
    ],
)
def test_nothing_can_be_invented(allows, line):
    assert not allows(grammar_for(see(REQUEST), BUILT_IN), line)


def test_references_are_those_that_exist(allows):
    request = 'save "one two three four five six seven" as x.md'
    seen = see(request, attachments=[Attachment("a", "b")], has_reply=True)
    grammar = grammar_for(seen, BUILT_IN)
    assert allows(grammar, "write_file x.md | $text")
    assert allows(grammar, "write_file x.md | $reply")
    assert allows(grammar, "summarize $file1\nadd_note $1")
    assert not allows(grammar, "summarize $file2")
    assert not allows(grammar, "add_note $text as")
    assert not allows(grammar, "write_file $file1 | $text")


def test_words_of_the_earlier_plan_can_be_copied_and_skills_cannot(allows):
    seen = see("and in yards?", last="convert_units 5 | kilo metres | miles")
    grammar = grammar_for(seen, BUILT_IN)
    assert allows(grammar, "convert_units 5 | kilo metres | yards")
    assert not allows(grammar, "add_note convert_units")
    assert not allows(grammar, "add_note 5 kilo metres")


@pytest.mark.parametrize(
    ("request_", "line"),
    [
        ("what's 15 percent of twenty five", "calculate 15% of 25"),
        ("double 45", "calculate 45*2"),
        ("square root of 7225", "calculate sqrt(7225)"),
        ("2,340 times 0.175", "calculate 2,340*0.175"),
        ("how many feet in a mile", "convert_units 1 | mile | feet"),
        ('add "milk" to notes', "add_note milk"),
        ("Anna's birthday is when?", "search_notes Anna"),
        ("qué hora es en \u00bfTokio?", "current_time Tokio"),
        ("che tempo all'Aquila?", "current_time Aquila"),
        ("東京の時間", "current_time 東京"),
        ("read ~/Documents/a.b.md.", "read_file ~/Documents/a.b.md"),
        ("mph/kmh for 5-mile runs", "convert_units 5 | mph | kmh"),
        ('say "a \\ b" \\n', "add_note a \\ b"),
    ],
)
def test_words_are_cut_where_people_would(allows, request_, line):
    assert allows(grammar_for(see(request_), BUILT_IN), line)


@pytest.mark.parametrize("request_", ["", "?!", "$text", "\u200b", "a" * 900, '"\\"', "x " * 600])
@pytest.mark.parametrize("form", ["line", "json"])
def test_every_request_has_a_grammar_with_a_way_out(allows, request_, form):
    grammar = grammar_for(see(request_), BUILT_IN, form=form)
    assert allows(grammar, "answer" if form == "line" else '{"do":"answer"}')
    assert not allows(grammar, "")


def test_one_skill_alone_leaves_no_other_way(allows):
    translate = next(skill for skill in BUILT_IN if skill.name == "translate")
    grammar = grammar_for(see("good morning French"), [translate], only=True)
    assert allows(grammar, "translate good morning | French")
    assert not allows(grammar, "answer")
    assert grammar_for(see("?"), [translate], only=True)  # a question mark can be translated
    assert grammar_for(see(""), [translate], only=True) == ""


def test_a_plan_as_json_follows_the_same_rules(allows):
    own = Skill(
        name="haiku",
        title="Haiku",
        description="Write one.",
        runs="engine",
        own="/x",
        arguments=(
            Argument(name="mood", kind="task", help="", default=""),
            Argument(name="topic", kind="task", help="", default=""),
        ),
    )
    seen = see('a "blue \\ sky" in 3 lines', has_reply=True)
    grammar = grammar_for(seen, [*BUILT_IN, own], form="json")

    def plan(*steps: tuple[str, dict[str, object]]) -> str:
        listed = [{"skill": skill, "args": args} for skill, args in steps]
        return json.encode({"do": "skills", "steps": listed}).decode()

    assert allows(grammar, plan(("add_note", {"text": "blue \\ sky"})))
    assert allows(grammar, plan(("calculate", {"expression": "3^3"}), ("add_note", {"text": "$1"})))
    assert allows(grammar, plan(("extract", {"text": "$reply", "fields": ["sky", "lines"]})))
    assert allows(grammar, plan(("haiku", {}), ("haiku", {"mood": "sky"})))
    assert allows(grammar, plan(("haiku", {"mood": "blue", "topic": "sky"})))
    assert allows(grammar, '{"do":"ask","question":"Which sky do you mean?"}')
    assert not allows(grammar, plan(("add_note", {"text": "green"})))
    assert not allows(grammar, plan(("add_note", {"text": "$1"})))
    assert not allows(grammar, plan())


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("15% of 2,340.50 and 3.5km", {"15", "2,340.50", "3.5"}),
        ("twenty five times two hundred and ten", {"25", "210"}),
        ("fünf plus zwanzig", {"5", "20"}),
        ("half of ninety", {"90", "2"}),
        ("average of 4, 5 and 9", {"4", "5", "9", "3"}),
        ("no numbers here", set()),
    ],
)
def test_numbers_are_found_in_digits_and_words(text, numbers):
    assert numbers <= set(numbers_in(text))
    assert not numbers_in(text) or numbers
