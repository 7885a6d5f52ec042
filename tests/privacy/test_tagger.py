"""The model that helps: only what stands in the text counts, and a small one is not asked."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from homebody.base.errors import EngineProblem
from homebody.engine.client import Engine
from homebody.engine.scripted import ScriptedReply
from homebody.messages.frames import Load
from homebody.privacy.redaction import Redactor
from homebody.privacy.tagger import Tagger
from homebody.wire.keeper import child_command

TEXT = "Marie Dupont met Bob at Acme in Lyon. Bobby stayed."
ANSWER = "person: Marie Dupont\nperson: Bob\norganisation: Acme\nplace: Lyon\nplace: Paris\nnone"


@pytest.fixture
def start(write_script: Callable[..., Path]) -> Iterator[Callable[[str], Engine]]:
    """Start an engine that says this, whatever it is asked."""
    started = []

    def begin(reply: str) -> Engine:
        engine = Engine(child_command("scripted-engine", str(write_script(reply))))
        started.append(engine)
        engine.start()
        engine.begin_load(Load(id=0, path="scripted.gguf"))
        return engine

    yield begin
    for each in started:
        each.close()


def test_names_that_stand_in_the_text_are_found_wherever_they_stand(
    start: Callable[[str], Engine], tmp_path: Path
) -> None:
    found = Tagger(start(ANSWER), smallest=0).tags(TEXT)
    assert [(TEXT[each.start : each.end], each.kind, each.by) for each in found] == [
        ("Marie Dupont", "PERSON", "model"),
        ("Bob", "PERSON", "model"),
        ("Acme", "ORGANISATION", "model"),
        ("Lyon", "PLACE", "model"),
    ]
    asked = (tmp_path / "requests.jsonl").read_text("utf-8")
    assert "grammar" in asked
    assert TEXT in asked


def test_it_adds_to_what_has_a_form(start: Callable[[str], Engine]) -> None:
    redactor = Redactor(tagger=Tagger(start(ANSWER), smallest=0))
    assert redactor.redact("Bob: bob@example.org").template == "[PERSON_1]: [EMAIL_1]"


def test_a_long_text_is_read_in_parts(start: Callable[[str], Engine], tmp_path: Path) -> None:
    text = "word " * 1_000 + "Lyon"
    assert len(Tagger(start(ANSWER), smallest=0).tags(text)) == 1
    assert (tmp_path / "requests.jsonl").read_text("utf-8").count("One name a line") == 3


def test_a_model_that_is_too_small_is_not_asked_and_it_says_so(
    start: Callable[[str], Engine], tmp_path: Path
) -> None:
    tagger = Tagger(start(ANSWER), smallest=10**15)
    assert "is too small to name persons" in tagger.why_not()
    assert tagger.tags(TEXT) == []
    assert "One name a line" not in (tmp_path / "requests.jsonl").read_text("utf-8")


def test_the_starter_is_too_small() -> None:
    from homebody.base.paths import find_home
    from homebody.library.shelf import STARTER, find_model

    engine = Engine()
    engine.start()
    try:
        engine.load(Load(id=0, path=str(find_model(find_home(), STARTER).path), context=512))
        assert "135 million parameters" in Tagger(engine).why_not()
    finally:
        engine.close()


def test_a_stop_in_the_middle_leaves_nothing_half_looked_through(
    write_script: Callable[..., Path],
) -> None:
    engine = Engine(
        child_command("scripted-engine", str(write_script(ScriptedReply(ANSWER, delay=0.2))))
    )
    engine.start()
    engine.begin_load(Load(id=0, path="scripted.gguf"))
    stopper = threading.Timer(0.3, engine.stop)
    try:
        engine.wait_loaded()
        stopper.start()
        with pytest.raises(EngineProblem) as problem:
            Tagger(engine, smallest=0).tags(TEXT)
        assert problem.value.kind == "stopped"
    finally:
        stopper.cancel()
        engine.close()
