"""Putting conversations away and taking them elsewhere, as somebody types it into a terminal."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli.support import DRIVER, Terminal

pexpect = pytest.importorskip("pexpect")
if sys.platform == "win32":
    pytest.skip("pseudo terminals are of POSIX", allow_module_level=True)


@pytest.fixture
def terminal(write_script: Callable[..., Path]) -> Iterator[Terminal]:
    """A chat on a scripted engine with one turn in it: "green apples", answered "Tasty."."""
    opened = Terminal([sys.executable, DRIVER, write_script("Tasty."), "chat"])
    assert "Tasty." in opened.say("green apples")
    yield opened
    opened.close()


def test_pinned_conversations_come_first(terminal: Terminal) -> None:
    assert "Pinned" in terminal.say("/pin")
    terminal.say("/new")
    terminal.say("blue plums")
    shown = terminal.say("/open")
    assert shown.index("green apples") < shown.index("blue plums")
    assert "(pinned)" in shown
    terminal.say("/open 1")
    assert "No longer pinned" in terminal.say("/pin")


def test_archived_conversations_leave_the_list_and_are_still_found(terminal: Terminal) -> None:
    assert "Archived" in terminal.say("/archive")
    assert "green apples" not in terminal.say("/open")
    assert "green apples" in terminal.say("/find apples")
    assert "green apples" in terminal.say("/open archive")
    terminal.say("/open 1")
    assert "Back among the others" in terminal.say("/archive")
    assert "green apples" in terminal.say("/open")


def test_erasing_asks_and_then_leaves_no_trace(terminal: Terminal, profile: Path) -> None:
    assert "cannot be undone" in terminal.say("/erase")
    assert "Erased" in terminal.say("/erase for good")
    assert terminal.leave() == 0
    for path in profile.rglob("*"):
        assert not path.is_file() or b"apples" not in path.read_bytes(), path


def test_all_conversations_go_out_and_come_back(
    terminal: Terminal, profile: Path, tmp_path: Path
) -> None:
    terminal.say("/new")
    terminal.say("blue plums")
    kept = tmp_path / "kept.json"
    assert "Written" in terminal.say(f"/export all {kept}")
    assert "exists already" in terminal.say(f"/export all {kept}")
    before = json.loads(kept.read_bytes())
    terminal.say("/erase for good")
    terminal.say("/open")
    terminal.say("/open 1")
    terminal.say("/erase for good")
    assert "none yet" in terminal.say("/open")
    shown = terminal.say(f"/import {kept}")
    assert "2 conversations" in shown
    assert "green apples" in shown
    again = tmp_path / "again.json"
    terminal.say(f"/export all {again}")
    assert json.loads(again.read_bytes()) == before


@pytest.mark.parametrize("what", ["nothing", "a missing file", "something else"])
def test_a_file_that_cannot_be_imported_is_named(
    terminal: Terminal, tmp_path: Path, what: str
) -> None:
    (tmp_path / "something else").write_text("[1, 2", "utf-8")
    argument = "" if what == "nothing" else str(tmp_path / what)
    shown = terminal.say(f"/import {argument}".strip())
    assert "error:" in shown
    assert "Traceback" not in shown
    assert "Tasty." in terminal.say("go on")
