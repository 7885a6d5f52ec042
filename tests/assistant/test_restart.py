"""A turn with steps that is killed, stopped or left, and what happens then."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from assistant.chores import Chores, question_of, states, step_of
from homebody.base.paths import find_home
from homebody.messages.events import Done, Paused, Stepped, Stumbled
from homebody.messages.turns import Turn
from homebody.store.store import Store

Start = Callable[..., Chores]
LINES = {
    "sums": "calculate 1+1\nadd_note milk\ncalculate 2+2",
    "write": "calculate 1+1\nwrite_file new.txt | milk\ncalculate 2+2",
    "read": "calculate 1+1\nread_file notes.md",
}
CHILD = """
import sys, time
from pathlib import Path
from assistant.chores import Chores
from assistant.test_restart import LINES
script, folder, request, hang = sys.argv[1:]
def wait(*_):
    print("here", flush=True)
    time.sleep(600)
with Chores.started(Path(script), Path(folder), LINES) as it:
    if hang.isdecimal():
        it.bench.during = lambda: wait() if len(it.bench.ran) == int(hang) else None
    elif hang == "after the note":
        add = it.store.add_note
        it.store.add_note = lambda text: (add(text), wait())
    elif hang == "after the file":
        write = Path.write_text
        Path.write_text = lambda *args: (write(*args), wait())
    ending = it.ask(request)
    if hang == "after the file":
        it.decide("once")
    wait()
"""


@contextmanager
def killed(script: Path, folder: Path, request: str, hang: str) -> Iterator[Turn]:
    """Run a turn in another process until it says that it is there; kill it; look."""
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(script), str(folder), request, hang],
        cwd=Path(__file__).parent.parent,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    )
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == b"here\n"
        child.kill()
    finally:
        child.kill()
        child.communicate()
    store = Store.open(find_home())
    try:
        [conversation] = store.conversations()
        [turn] = store.branch(conversation.id)
    finally:
        store.close()
    yield turn


@pytest.fixture
def script(write_script: Callable[..., Path]) -> Path:
    return write_script("A reply.", log="")


def test_kill_9_while_a_step_without_effect_runs(chores: Start, script: Path, folder: Path) -> None:
    """It shows as it was, nothing runs by itself, and taken up it goes on from there."""
    with killed(script, folder, "sums", "2") as turn:
        assert turn.state == "interrupted"
        assert states(turn) == ["done", "done", "running"]
        it = chores(LINES)
        assert it.bench.ran == []
        done = it.finish(it.assistant.resume(turn.id))
    assert isinstance(done, Done)
    assert [args for _, args in it.bench.ran] == [{"expression": "2+2"}]
    assert len(it.store.notes()) == 1
    assert done.turn.reply.startswith("That is 2.\n\n")
    assert done.turn.reply.endswith("That is 4.")


@pytest.mark.parametrize("request_hang", [("sums", "after the note"), ("write", "after the file")])
def test_kill_9_after_an_effect_never_has_it_twice(
    chores: Start, script: Path, folder: Path, request_hang: tuple[str, str]
) -> None:
    with killed(script, folder, *request_hang) as turn:
        assert turn.state == "interrupted"
        assert states(turn) == ["done", "running", "planned"]
        if request_hang[0] == "write":
            assert (folder / "new.txt").read_text() == "milk"
            (folder / "new.txt").write_text("changed since")
        it = chores(LINES)
        done = it.finish(it.assistant.resume(turn.id))
    assert isinstance(done, Done)
    assert states(done.turn) == ["done", "failed", "done"]
    assert "it may have been done" in done.turn.reply
    assert done.turn.reply.startswith("That is 2.\n\nThat is 4.")
    assert len(it.store.notes()) == (1 if request_hang[0] == "sums" else 0)
    if request_hang[0] == "write":
        assert (folder / "new.txt").read_text() == "changed since"


def test_a_question_survives_kill_9_and_is_answered_by_another_process(
    chores: Start, script: Path, folder: Path
) -> None:
    with killed(script, folder, "write", "none") as turn:
        assert turn.state == "waiting"
        assert turn.waiting is not None
        assert turn.waiting.details == "milk"
        assert turn.reply == "That is 2."
        it = chores(LINES)
        it.last = turn.id
        done = it.decide("once")
    assert isinstance(done, Done)
    assert (folder / "new.txt").read_text() == "milk"
    assert [name for name, _ in it.bench.ran] == ["write_file", "calculate"]
    assert done.turn.reply == "That is 2.\n\nWrote new.txt.\n\nThat is 4."


def test_of_two_answers_to_one_question_one_counts(chores: Start, folder: Path) -> None:
    from homebody.base.errors import BadInput

    it = chores(LINES)
    it.ask("write")
    other = chores(LINES)
    other.last = it.last
    first = it.assistant.decide(str(it.last), "once")
    next(first)
    with pytest.raises(BadInput):
        other.decide("no")
    it.finish_rest = list(first)  # type: ignore[attr-defined]
    assert (folder / "new.txt").read_text() == "milk"


# ---------------------------------------------------------------- stopping


def test_a_stop_between_steps_stops_there(chores: Start) -> None:
    it = chores(LINES)
    events = it.begin("sums")
    for event in events:
        if isinstance(event, Stepped) and event.step.state == "done":
            it.assistant.stop()
            break
    rest = list(events)
    done = rest[-1]
    assert isinstance(done, Done)
    assert done.turn.state == "stopped"
    assert states(done.turn) == ["done", "skipped", "skipped"]
    assert done.turn.reply == "That is 2."
    assert it.store.notes() == []
    it.last = done.turn.id
    again = it.finish(it.assistant.resume(done.turn.id))
    assert states(again.turn) == ["done", "done", "done"]
    assert len(it.bench.ran) == 2


def test_a_stop_while_it_plans(chores: Start) -> None:
    it = chores(LINES)
    it.planner.hold.clear()
    stopper = threading.Timer(0.2, it.assistant.stop)
    stopper.start()
    done = it.ask("sums")
    stopper.join()
    assert isinstance(done, Done)
    assert (done.turn.state, done.turn.planned) == ("stopped", None)


def test_a_stop_while_an_expert_writes_keeps_its_words(chores: Start) -> None:
    words = " ".join(f"w{number}" for number in range(1000))
    it = chores({"r": f"rewrite {words} | loud\ncalculate 1+1"})
    events = it.begin("r")
    for event in events:
        if type(event).__name__ == "Written":
            it.assistant.stop()
            break
    *_, done = events
    assert isinstance(done, Done)
    assert done.turn.state == "stopped"
    assert states(done.turn) == ["failed", "skipped"]
    assert 0 < len(done.turn.reply.split()) < 1000
    assert words.upper().startswith(done.turn.reply)


def test_a_caller_that_goes_away_leaves_a_closed_turn(chores: Start) -> None:
    it = chores(LINES)
    events = it.begin("sums")
    for event in events:
        if isinstance(event, Stepped) and event.index == 1:
            break
    events.close()  # type: ignore[attr-defined]
    [turn] = it.store.branch(it.conversation)
    assert turn.state == "stopped"
    assert turn.steps[0].state == "done"
    assert {step.state for step in turn.steps[1:]} <= {"failed", "skipped"}
    assert it.store.notes() == []


def test_a_bug_in_a_skill_leaves_a_closed_turn(chores: Start) -> None:
    it = chores(LINES)
    it.bench.troubles = [ZeroDivisionError("a bug")]
    with pytest.raises(ZeroDivisionError):
        it.ask("sums")
    [turn] = it.store.branch(it.conversation)
    assert (turn.state, step_of(turn).state) == ("stopped", "failed")


def test_a_temporary_chat_keeps_nothing_of_its_steps(
    chores: Start, profile: Path, folder: Path
) -> None:
    from homebody.assistant.turn import Assistant

    it = chores(LINES)
    temporary = Store.temporary()
    it.assistant = Assistant(temporary, it.engine, work=it.work)
    it.conversation = temporary.create_conversation().id
    assert isinstance(it.ask("read"), Paused)
    it.decide("always")
    assert it.finish(it.begin("read")).turn.reply == "That is 2.\n\nbuy milk"
    temporary.close()
    assert it.store.conversations() != []  # the one that the kit made, without turns
    assert it.store.search("milk") == []
    assert [grant.folder for grant in it.store.grants()] == [str(folder)]
    assert profile.exists()


def test_a_question_that_cannot_be_saved_fails_the_turn_in_words(
    chores: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    from homebody.base.errors import StoreFull

    it = chores(LINES)

    def full(*_: object) -> None:
        raise StoreFull("No space is left on the disk.", "Free some space.")

    monkeypatch.setattr(it.store, "pause_turn", full)
    ending = it.ask("read")
    assert isinstance(ending, Stumbled)
    assert ending.message == "No space is left on the disk."
    assert question_of is not None
