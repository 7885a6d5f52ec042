"""What the keeper's tests need: a keeper that writes down what it is told, and looks into /proc."""

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from homebody.engine.scripted import Script, ScriptedReply
from homebody.messages.frames import FromEngine, Hello
from homebody.wire.death import Death
from homebody.wire.keeper import Keeper, Limits, child_command

CHILDREN = Path(__file__).with_name("children.py")
PATIENCE = 60.0
"""Seconds to wait for what has to happen; never reached on a machine that works."""


def eventually(condition: Callable[[], Any], what: str = "") -> Any:
    """Wait for a condition that nobody tells us about."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.01)
    raise AssertionError(f"did not come true: {what or condition}")


class Watched:
    """A keeper, and everything that it said."""

    def __init__(self, command: list[str], limits: Limits | None = None) -> None:
        self.frames: list[Any] = []
        self.hellos: list[Hello] = []
        self.deaths: list[tuple[Death, bool]] = []
        self.died_at: list[float] = []
        self._changed = threading.Condition()
        self.keeper: Keeper[FromEngine] = Keeper(
            "engine",
            command,
            FromEngine,
            on_frame=lambda frame: self._note(self.frames, frame),
            on_ready=lambda hello: self._note(self.hellos, hello),
            on_death=self._note_death,
            limits=limits,
        )

    def _note(self, where: list[Any], what: Any) -> None:
        with self._changed:
            where.append(what)
            self._changed.notify_all()

    def _note_death(self, death: Death, again: bool) -> None:
        self.died_at.append(time.monotonic())
        self._note(self.deaths, (death, again))

    def wait(self, condition: Callable[[], Any]) -> None:
        with self._changed:
            assert self._changed.wait_for(condition, PATIENCE), (self.hellos, self.deaths)

    def first_death(self) -> Death:
        self.wait(lambda: self.deaths)
        return self.deaths[0][0]

    def ready(self) -> int:
        """Wait for the child's hello; return its process id."""
        self.wait(lambda: self.hellos)
        return self.hellos[-1].pid


def kind(name: str) -> list[str]:
    """The command of one of children.py's children."""
    return [sys.executable, "-I", "-S", str(CHILDREN), name]


def scripted(folder: Path, *replies: ScriptedReply, **script: Any) -> list[str]:
    """The command of a scripted engine."""
    path = folder / "script.json"
    path.write_bytes(msgspec.json.encode(Script(replies=replies or (ScriptedReply(),), **script)))
    return child_command("scripted-engine", str(path))


@contextlib.contextmanager
def keeping(command: list[str], **limits: Any) -> Iterator[Watched]:
    """A started keeper that is ended after the test, whatever happens."""
    watched = Watched(command, Limits(**limits))
    watched.keeper.start()
    try:
        yield watched
    finally:
        watched.keeper.end()


def state_of(pid: int) -> str:
    """Return the state letter of a process: S, R, T (stopped), Z (zombie); "" if it is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return chr(stat[stat.rindex(b")") + 2])


def alive(pid: int) -> bool:
    return state_of(pid) not in {"", "Z", "X"}


def kill(pid: int, number: signal.Signals = signal.SIGKILL) -> float:
    """Send a signal; return when that was."""
    os.kill(pid, number)
    return time.monotonic()
