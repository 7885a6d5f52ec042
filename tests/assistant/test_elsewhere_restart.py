"""Killed between the yes and the answer: never sent twice, always asked again; and what is lost."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from assistant.abroad import BIG, Abroad, offer_of
from homebody.base.paths import find_home
from homebody.messages.events import Done
from homebody.messages.turns import Turn
from homebody.store.store import Store

Start = Callable[..., Abroad]
QUESTION = "Is ada@example.com mine?"
CHILD = """
import sys, time
from contextlib import ExitStack
from pathlib import Path
from assistant.abroad import BIG, Abroad
from assistant.test_elsewhere_restart import QUESTION
from homebody.messages.events import Sending, Written
script, folder, hang = sys.argv[1:]
def wait(*_):
    print("here", flush=True)
    time.sleep(600)
with ExitStack() as opened:
    it = Abroad.started(opened, Path(script), Path(folder), {}, BIG)
    if hang == "while it is kept":
        it.chores.store.keep_offer = wait
    if hang == "after the change to open":
        it.assistant._asking.first = wait
    paused = it.chores.ask(QUESTION, remote="Big")
    if hang == "waiting":
        wait()
    if hang == "in the middle":
        it.speaker.says.append(("Half an answer", lambda: (time.sleep(0.5)), " to", wait))
    for event in it.assistant.send(paused.turn.id, paused.turn.offer.sha256):
        if hang == "before it is sent" and isinstance(event, Sending):
            wait()
wait()
"""


@pytest.fixture
def script(write_script: Callable[..., Path]) -> Path:
    return write_script("A reply of the model.", log="")


def killed(script: Path, folder: Path, hang: str) -> Turn:
    """Run a turn in another process until it hangs where it should; kill it; look."""
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(script), str(folder), hang],
        cwd=Path(__file__).parent.parent,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    )
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == b"here\n"
    finally:
        child.kill()
        child.communicate()
    store = Store.open(find_home())
    try:
        [conversation] = store.conversations()
        [turn] = store.branch(conversation.id)
    finally:
        store.close()
    return turn


def test_kill_9_while_it_waits_changes_nothing(abroad: Start, script: Path, folder: Path) -> None:
    turn = killed(script, folder, "waiting")
    assert (turn.state, turn.waiting) == ("waiting", None)
    assert turn.offer is not None
    it = abroad({})
    done = it.chores.finish(it.assistant.send(turn.id, turn.offer.sha256))
    assert done.turn.reply == "An answer from afar."
    assert it.speaker.asked[0].body == turn.offer.body


@pytest.mark.parametrize("hang", ["before it is sent", "in the middle", "while it is kept"])
def test_kill_9_after_the_yes_is_asked_again_and_nothing_is_sent_by_itself(
    abroad: Start, script: Path, folder: Path, hang: str
) -> None:
    turn = killed(script, folder, hang)
    assert turn.state == "interrupted"
    assert turn.offer is not None
    assert (turn.offer.state, turn.offer.scope) == ("agreed", "once")
    if hang == "in the middle":
        assert turn.reply == "Half an answer to"
    it = abroad({})
    again = it.chores.finish(it.assistant.resume(turn.id))
    offer = offer_of(again)
    assert it.speaker.asked == []
    assert offer.sha256 == turn.offer.sha256
    assert "before it was known whether this was sent" in offer.sentence
    assert again.turn.reply == ""
    [body] = it.chores.store.sent_bodies()
    assert body.sha256 == offer.sha256, "what may have left is kept"
    done = it.chores.finish(it.assistant.send(turn.id, offer.sha256))
    assert isinstance(done, Done)
    assert done.turn.reply == "An answer from afar."
    assert len(it.speaker.asked) == 1


def test_asked_again_even_where_there_is_a_standing_yes(
    abroad: Start, script: Path, folder: Path
) -> None:
    turn = killed(script, folder, "before it is sent")
    it = abroad({}, replace(BIG, mine=True, agreed="2026-01-01T00:00:00+00:00"))
    offer_of(it.chores.finish(it.assistant.resume(turn.id)))
    assert it.speaker.asked == []


def test_killed_and_taken_up_where_nobody_can_be_asked_it_goes_on_at_home(
    abroad: Start, script: Path, folder: Path
) -> None:
    turn = killed(script, folder, "before it is sent")
    it = abroad({})
    it.assistant._asking._elsewhere = None
    done = it.chores.finish(it.assistant.resume(turn.id))
    assert isinstance(done, Done)
    assert done.turn.reply.startswith("It is not known whether this was sent before")
    assert done.turn.reply.endswith("A reply of the model.")
    assert done.turn.offer is not None
    assert done.turn.offer.state == "failed"


def test_a_body_that_was_deleted_meanwhile_is_not_asked_for_again(
    abroad: Start, script: Path, folder: Path
) -> None:
    turn = killed(script, folder, "before it is sent")
    it = abroad({})
    assert turn.offer is not None
    it.chores.store.forget_body(turn.offer.sha256)
    done = it.chores.finish(it.assistant.resume(turn.id))
    assert isinstance(done, Done)
    assert it.speaker.asked == []


def test_kill_9_before_an_offer_was_made_makes_the_turn_a_plain_one(
    abroad: Start, script: Path, folder: Path
) -> None:
    turn = killed(script, folder, "after the change to open")
    assert (turn.state, turn.offer) == ("interrupted", None)
    it = abroad({})
    done = it.chores.finish(it.assistant.resume(turn.id))
    assert isinstance(done, Done)
    assert it.speaker.asked == []


def test_kill_9_while_a_no_is_carried_out_asks_again(
    abroad: Start, script: Path, folder: Path
) -> None:
    it = abroad({})
    paused = it.chores.ask(QUESTION, remote="Big")
    # As a process leaves it that was killed between opening the turn and writing down the no.
    it.chores.store.resume_turn(paused.turn.id)
    it.chores.store._answering.clear()
    it.chores.store._write(
        "interrupt",
        lambda c: c.execute(
            "UPDATE turn SET state = 'interrupted', owner = NULL WHERE offer != ''"
        ),
    )
    again = it.chores.finish(it.assistant.resume(paused.turn.id))
    assert offer_of(again) == offer_of(paused)
    assert it.speaker.asked == []
