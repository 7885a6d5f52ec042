"""Steps with the real workshop: its process, its folders, its locks."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assistant.chores import Chores, question_of, states
from homebody.messages.events import Done, Stepped
from homebody.skills.workshop import Workshop

Start = Callable[..., Chores]


@pytest.fixture
def workshop() -> Iterator[Workshop]:
    it = Workshop()
    yield it
    it.close()


def test_a_chain_over_real_files(chores: Start, workshop: Workshop, folder: Path) -> None:
    """Found, read, rewritten and written under another name: one folder, one yes for the file."""
    it = chores(
        {"r": "find_files notes\nread_file $1\nrewrite $2 | loud\nwrite_file notes2.md | $3"},
        workshop=workshop,
    )
    it.grant()
    question = question_of(it.ask("r"))
    assert (question.step, question.reason, question.details) == (3, "permission", "BUY MILK")
    assert str(folder / "notes2.md") in question.sentence
    done = it.decide("once")
    assert isinstance(done, Done)
    assert states(done.turn) == ["done"] * 4
    assert (folder / "notes2.md").read_text() == "BUY MILK"
    assert "notes2.md" in done.turn.reply


def test_once_lets_the_workshop_into_that_folder_for_that_turn(
    chores: Start, workshop: Workshop
) -> None:
    it = chores({"r": "list_folder .\nread_file notes.md", "s": "calculate 6*7"}, workshop=workshop)
    assert it.ask("s").turn.steps[0].result == "42"
    question_of(it.ask("r"))
    done = it.decide("once")
    assert isinstance(done, Done)
    assert done.turn.reply.endswith("buy milk")
    question_of(it.ask("r"))


@pytest.mark.skipif(sys.platform == "win32", reason="signals are of POSIX")
def test_a_workshop_that_is_killed_is_one_step_tried_again(
    chores: Start, workshop: Workshop
) -> None:
    it = chores({"r": "read_file notes.md"}, workshop=workshop)
    it.grant()
    it.ask("r")
    events, killed = it.begin("r"), False
    seen = []
    for event in events:
        seen.append(event)
        if isinstance(event, Stepped) and event.step.state == "running" and not killed:
            killed = True
            assert workshop.pid is not None
            os.kill(workshop.pid, signal.SIGSTOP)
            os.kill(workshop.pid, signal.SIGKILL)
    done = seen[-1]
    assert isinstance(done, Done)
    assert done.turn.reply == "buy milk"
