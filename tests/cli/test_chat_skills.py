"""`homebody chat` with skills, as somebody types into it."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli.support import Terminal
from cli.test_ask_skills import DRIVER, LINES

pexpect = pytest.importorskip("pexpect")
if sys.platform == "win32":
    pytest.skip("pseudo terminals are of POSIX", allow_module_level=True)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The terminal's folder."""
    made = tmp_path / "ada" / "files"
    made.mkdir(parents=True)
    (made / "notes.md").write_text("buy milk")
    (made / "list.txt").write_text("one")
    (made / "list.md").write_text("two")
    monkeypatch.chdir(made)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(DRIVER.parent.parent), "")))
    return made


@pytest.fixture
def chat(write_script: Callable[..., Path], folder: Path, tmp_path: Path) -> Iterator[Terminal]:
    """A chat whose planner knows `LINES`."""
    lines = tmp_path / "lines.json"
    lines.write_text(json.dumps(LINES))
    script = write_script("A reply of the model.")
    terminal = Terminal([sys.executable, DRIVER, script, lines, "chat"])
    yield terminal
    terminal.close()


def test_steps_are_shown_and_a_question_is_answered_by_a_key(chat: Terminal, folder: Path) -> None:
    assert "42" in chat.say("sum")
    asked = chat.say("save")
    assert "have not been let into" in asked
    assert "[y] yes, once" in asked
    assert "[n] no" in asked
    chat.keys("y")
    asked = chat.until_prompt()
    assert "▸ read_file" in asked
    assert "│ BUY MILK" in asked
    chat.keys("n")
    ended = chat.until_prompt()
    assert "Not done, because you said no: Write a file." in " ".join(ended.split())
    assert "0 bytes sent" in ended
    assert not (folder / "loud.md").exists()
    listed = chat.say("/steps")
    assert "▸ read_file" in listed
    assert "BUY MILK" in chat.say("/steps 2")


def test_a_question_that_is_left_open_waits(chat: Terminal) -> None:
    chat.say("which")
    chat.keys("\r")
    assert "It waits. /continue asks again" in " ".join(chat.until_prompt().split())
    asked = chat.say("/continue")
    assert "list.md" in asked
    chat.keys("\r")
    chat.until_prompt()
    assert "A reply of the model." in chat.say("/plain")
    assert chat.leave() == 0
