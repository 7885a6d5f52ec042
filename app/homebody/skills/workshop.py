"""The workshop as the front end sees it: a child process that runs one skill after another.

Methods may be called from any thread and block; one skill runs at a time. A skill that takes too
long, or is stopped, is ended with its process, and so is what it did: the next one gets a new
process, which takes a moment. Other folders mean another process too.
"""

import itertools
import queue
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NoReturn

from homebody.base.errors import EngineDied, SkillProblem
from homebody.messages.frames import Hello
from homebody.messages.skills import Grant, Outcome, Skill, Value
from homebody.messages.workshop import (
    FromWorkshop,
    Open,
    Opened,
    RunSkill,
    SkillFailed,
    SkillRan,
    SkillStarted,
)
from homebody.skills.known_folders import home_variables
from homebody.wire.codec import BrokenFrame
from homebody.wire.death import Cause, Death
from homebody.wire.keeper import Keeper, Limits, child_command, child_environment

__all__ = ["MEMORY", "Workshop"]

MEMORY: Final = 2 * 1024**3
"""Bytes of address space of a workshop. Python and its libraries take about 0.4 GB of that."""
_TICK: Final = 0.2
"""Seconds between two looks around while waiting."""
_LIMITS: Final = Limits(
    # A skill has its own time; what computes in native code for long does not beat meanwhile.
    silence=90.0,
    leave=0.3,
    # Not started again by itself: the next skill does that, with the folders of then.
    crashes=1,
)

_CRASHED: Final[dict[Cause, str]] = {
    "segfault": "crashed in native code",
    "abort": "gave up in native code",
    "memory": "was ended by the system because memory ran out",
    "killed": "was ended from outside, or by the system because memory ran out",
    "hung": "stopped answering and was ended",
    "fault": "ended because of a fault in Homebody",
}


class _Process:
    """One process from its start to its end, with the folders that it was given."""

    def __init__(
        self,
        opening: Open,
        command: Sequence[str],
        limits: Limits,
        environment: Mapping[str, str],
    ) -> None:
        self.answers: queue.SimpleQueue[
            Opened | SkillStarted | SkillRan | SkillFailed | Death | None
        ] = queue.SimpleQueue()
        """None: somebody wants it to stop."""
        self.opened: Opened | None = None
        self.dead = False
        self._folders = _folders_now(opening.grants)
        self._opening = opening
        self._keeper: Keeper[FromWorkshop] = Keeper(
            "workshop",
            command,
            FromWorkshop,
            on_frame=self._on_frame,
            on_ready=self._on_ready,
            on_death=self._on_death,
            limits=limits,
            environment=environment,
        )
        self._keeper.start()

    @property
    def pid(self) -> int | None:
        return self._keeper.pid

    @property
    def fits(self) -> bool:
        """Say whether its folders are those that it was given: one may have been made anew.

        Landlock holds on to the folder, not to its name.
        """
        return self._folders == _folders_now(self._opening.grants)

    def send(self, request: Open | RunSkill) -> None:
        """Send, unless there is nobody to send to: then its death says more than we could."""
        try:
            self._keeper.send(request)
        except EngineDied:
            return

    def end(self) -> None:
        """End it; returns when it is gone."""
        self.dead = True
        self._keeper.end()

    # On the keeper's threads.

    def _on_ready(self, _hello: Hello) -> None:
        self.send(self._opening)

    def _on_frame(self, frame: FromWorkshop) -> None:
        if isinstance(frame, Opened):
            self.opened = frame
        if isinstance(frame, Opened | SkillStarted | SkillRan | SkillFailed):
            self.answers.put(frame)

    def _on_death(self, death: Death, _again: bool) -> None:
        self.dead = True
        self.answers.put(death)


class Workshop:
    """Runs skills in a process of their own. `zone` is the person's, such as "Europe/Rome"."""

    def __init__(
        self,
        zone: str = "",
        memory: int = MEMORY,
        *,
        command: Sequence[str] | None = None,
        limits: Limits = _LIMITS,
    ) -> None:
        self._zone = zone
        self._command = command or child_command("workshop")
        self._limits = limits
        self._ids = itertools.count(1)
        self._opening = Open(id=0, memory=memory)
        self._turn = threading.Lock()
        """Held while a skill runs, and while the process is changed."""
        self._state = threading.Lock()
        """Guards what follows."""
        self._process: _Process | None = None
        self._running = self._stopped = self._closed = False

    def start(self) -> None:
        """Start the process, so that the first skill need not wait for it. Returns at once."""
        with self._turn:
            self._living()

    def set_folders(self, grants: Sequence[Grant], places: Sequence[str | Path]) -> None:
        """Let skills into these folders and no others, from the next one on.

        Waits for a skill that runs. A process that has other folders is ended.
        """
        bare = tuple(Grant(folder=grant.folder, access=grant.access) for grant in grants)
        opening = Open(
            id=0,
            grants=tuple(dict.fromkeys(bare)),
            places=tuple(str(place) for place in places),
            memory=self._opening.memory,
        )
        with self._turn:
            if opening == self._opening:
                return
            self._opening = opening
            process = self._process
            if process is not None:
                self._discard(process)
                self._living()

    @property
    def locks(self) -> tuple[str, ...]:
        """The layers of privacy.lock that hold in the process; () while there is none."""
        process = self._process
        return () if process is None or process.opened is None else process.opened.locks

    @property
    def pid(self) -> int | None:
        """The process id, while there is a process."""
        process = self._process
        return None if process is None else process.pid

    def run(self, skill: Skill, args: Mapping[str, Value]) -> Outcome:
        """Run a skill and return what it brought. `args` hold no references.

        Raises `SkillProblem` with what the skill says, or "time", "died", "stopped".
        """
        with self._turn:
            with self._state:
                self._running, self._stopped = True, False
            try:
                return self._run(skill, dict(args))
            finally:
                with self._state:
                    self._running = False

    def stop(self) -> None:
        """Stop the skill that runs, from any thread. What it wrote so far stays or was never."""
        with self._state:
            if not self._running:
                return
            self._stopped = True
            process = self._process
        if process is not None:
            process.answers.put(None)

    def close(self) -> None:
        """End the process. A skill that runs is stopped."""
        self._closed = True
        self.stop()
        with self._turn:
            if self._process is not None:
                self._discard(self._process)

    # ------------------------------------------------------------------ while `_turn` is held

    def _living(self) -> _Process:
        """Return a process that could run a skill, starting one where there is none."""
        process = self._process
        if process is not None and not process.dead and process.fits:
            return process
        if process is not None:
            self._discard(process)
        if self._closed:
            raise SkillProblem("Homebody is closing, so no skill is run.", "", "stopped")
        environment = child_environment() | home_variables()
        process = _Process(self._opening, self._command, self._limits, environment)
        with self._state:
            self._process = process
        return process

    def _discard(self, process: _Process) -> None:
        with self._state:
            self._process = None
        process.end()

    def _run(self, skill: Skill, args: dict[str, Value]) -> Outcome:
        process = self._living()
        self._wait_opened(process, skill)
        request = RunSkill(id=next(self._ids), skill=skill.name, args=args, zone=self._zone)
        try:
            process.send(request)
        except BrokenFrame:
            raise SkillProblem(
                "This is too much text for one step, or holds half a character.",
                "Work on a part of it.",
                "large",
            ) from None
        # Its time begins when its module is loaded; that has the time of a start.
        late = time.monotonic() + self._limits.hello
        started = False
        while True:
            answer = self._next(process, skill, late)
            if answer is None and not started:
                self._slow(process, skill)
            if isinstance(answer, SkillStarted) and answer.id == request.id:
                started, late = True, time.monotonic() + skill.seconds
                continue
            if answer is None:
                self._discard(process)
                raise SkillProblem(
                    f"“{skill.title}” took longer than {skill.seconds:g} seconds and was ended.",
                    "Try less at once: a smaller file, a folder further down, a simpler sum.",
                    "time",
                )
            if isinstance(answer, SkillRan) and answer.id == request.id:
                return answer.outcome
            if isinstance(answer, SkillFailed) and answer.id == request.id:
                raise SkillProblem(answer.message, answer.hint, answer.kind, choices=answer.choices)

    def _wait_opened(self, process: _Process, skill: Skill) -> None:
        late = time.monotonic() + self._limits.hello
        while process.opened is None:
            if self._next(process, skill, late) is None:
                self._slow(process, skill)

    def _slow(self, process: _Process, skill: Skill) -> NoReturn:
        self._discard(process)
        raise SkillProblem(
            f"The workshop did not start within {self._limits.hello:.0f} seconds, "
            f"so “{skill.title}” was not run.",
            "The machine may be overloaded. Try again.",
            "died",
        )

    def _next(
        self, process: _Process, skill: Skill, late: float
    ) -> Opened | SkillStarted | SkillRan | SkillFailed | None:
        """Return what it says next, None when it is too late. Raises when it died or must stop."""
        while True:
            with self._state:
                stopped = self._stopped
            if stopped:
                self._discard(process)
                raise SkillProblem(f"“{skill.title}” was stopped.", "", "stopped")
            left = late - time.monotonic()
            if left <= 0:
                return None
            try:
                # With a timeout, because without one Ctrl-C is not heeded on Windows.
                answer = process.answers.get(timeout=min(left, _TICK))
            except queue.Empty:
                continue
            if isinstance(answer, Death):
                self._discard(process)
                raise _died(answer, skill)
            if answer is not None:
                return answer


def _folders_now(grants: Sequence[Grant]) -> tuple[tuple[int, int] | None, ...]:
    """Return which folders lie at these paths now; None for one that is not there."""

    def facts(folder: str) -> tuple[int, int] | None:
        try:
            found = Path(folder).stat()
        except (OSError, ValueError):
            return None
        return found.st_dev, found.st_ino

    return tuple(facts(grant.folder) for grant in grants)


def _died(death: Death, skill: Skill) -> SkillProblem:
    how = _CRASHED.get(death.cause)
    if how is None:
        return SkillProblem(death.message, death.hint, "died")
    return SkillProblem(
        f"The process that ran “{skill.title}” {how}; nothing else was harmed.",
        "The file may be broken, or too large for this machine. Try another one.",
        "died",
    )
