"""The workshop's process: runs the skills that compute and those that touch files.

It greets, waits for its folders, and locks itself before any other thread is started, because
Landlock follows only what is started afterwards. From then on it opens what was granted, Python's
own files and nothing else. One thread reads requests, one beats, the main thread runs the skills.
"""

import contextlib
import importlib
import os
import queue
import sys
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any, Final, cast

from homebody import __version__
from homebody.base.errors import SkillProblem
from homebody.base.log import log
from homebody.messages.frames import PROTOCOL, Hello
from homebody.messages.skills import Outcome, SkillFailure, Value
from homebody.messages.workshop import (
    Open,
    Opened,
    RunSkill,
    SkillFailed,
    SkillRan,
    SkillStarted,
    ToWorkshop,
)
from homebody.skills.known_folders import folder_named
from homebody.skills.paths import Reach
from homebody.wire.child import ChildWire, take_wire
from homebody.wire.codec import BrokenFrame, lines

__all__ = ["FILE_SKILLS", "PURE_SKILLS", "Lock", "main"]

Lock = Callable[[Sequence[str], Sequence[str]], tuple[str, ...]]
"""Leaves this process the folders to read and those to write; names the layers that hold."""

PURE_SKILLS: dict[str, str] = {
    "calculate": "homebody.skills.sums",
    "convert_units": "homebody.skills.units",
    "current_time": "homebody.skills.dates",
    "date_difference": "homebody.skills.dates",
    "shift_date": "homebody.skills.dates",
}
"""Skills that only compute, `f(args, now)`, and the module of each, loaded at first use."""

FILE_SKILLS: dict[str, str] = {
    "find_files": "homebody.skills.finding",
    "list_folder": "homebody.skills.finding",
    "read_file": "homebody.skills.documents",
    "write_file": "homebody.skills.writing",
}
"""Skills that touch files, `f(args, now, reach)`."""

_KNOWN_FOLDERS: Final = ("documents", "downloads", "pictures", "music", "videos", "desktop")
_LONGEST_SAID: Final = 500


class _WorkshopWire(ChildWire[ToWorkshop]):
    """A wire that reads its first request before it has threads."""

    def greet(self) -> None:
        """Say hello, without a lock so far: its layers come with `opened`."""
        self.send(Hello(protocol=PROTOCOL, role="workshop", pid=os.getpid(), version=__version__))

    def first(self) -> Open:
        """Wait for the folders. Ends the process when the front end ends, or says anything else."""
        for line in lines(self._requests):
            with contextlib.suppress(BrokenFrame):
                request = self._incoming.decode(line)
                if isinstance(request, Open):
                    return request
            os._exit(3)
        os._exit(0)

    def listen(self, on_request: Callable[[ToWorkshop], None]) -> None:
        """Read and beat from now on, on two threads."""
        threading.Thread(target=self._read, args=(on_request,), name="wire", daemon=True).start()
        threading.Thread(target=self._beat, name="beat", daemon=True).start()


def main(parent: int, lock: Lock) -> None:
    """Run skills until the front end closes the pipe."""
    requests, frames = take_wire(parent)
    wire = _WorkshopWire(requests, frames, ToWorkshop)
    wire.greet()
    opening = wire.first()
    # What the system says of these is kept; locked, it could not be asked.
    for name in _KNOWN_FOLDERS:
        folder_named(name)
    _bound(opening.memory)
    locks = lock(
        [grant.folder for grant in opening.grants if grant.access == "read"],
        [grant.folder for grant in opening.grants if grant.access == "write"],
    )
    mailbox: queue.SimpleQueue[ToWorkshop] = queue.SimpleQueue()
    wire.listen(mailbox.put)
    wire.send(Opened(id=opening.id, locks=locks))
    reach = Reach(opening.grants, opening.places)
    while True:
        request = mailbox.get()
        if isinstance(request, RunSkill):
            _answer(wire, request, reach)


def _bound(memory: int) -> None:
    """Let this process take so many bytes of address space and no more, on Linux.

    Nor does it leave an image of its memory, which may hold the person's files, when it crashes.
    """
    if sys.platform == "win32":
        return
    import resource

    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if memory:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def _answer(wire: ChildWire[ToWorkshop], request: RunSkill, reach: Reach) -> None:
    """Run one skill and say how it went; whatever it does is one step's failure."""
    try:
        wire.send(SkillRan(id=request.id, outcome=_run(wire, request, reach)))
    except SkillProblem as problem:
        _say_failed(wire, request, problem)
    except MemoryError:
        _say_failed(
            wire,
            request,
            SkillProblem(
                "This took more memory than skills may take, so it was stopped.",
                "Try a smaller file, or a part of it.",
                "large",
            ),
        )
    except BrokenFrame:
        _say_failed(
            wire,
            request,
            SkillProblem(
                "The result is too large to be handed on, or is not text.",
                "Ask for a part of it.",
                "large",
            ),
        )
    except OSError as error:
        _say_failed(
            wire,
            request,
            SkillProblem(
                f"The system reported an error: {error.strerror or type(error).__name__}.",
                "Look whether the disk is well and still there, then try again.",
            ),
        )
    except BaseException as error:  # noqa: BLE001  also SystemExit: a skill does not end the workshop
        log.warning("%s failed: %s", request.skill, type(error).__name__)
        _say_failed(
            wire,
            request,
            SkillProblem(
                f"The skill {request.skill} failed because of a fault in it "
                f"({type(error).__name__}).",
                "Try it with other words. If it happens again, please report it.",
            ),
        )


def _run(wire: ChildWire[ToWorkshop], request: RunSkill, reach: Reach) -> Outcome:
    """Run a skill here and now. Raises whatever it raises."""
    now = datetime.now(_zone(request.zone))
    if module := PURE_SKILLS.get(request.skill):
        pure = cast("_Pure", _loaded(wire, request, module))
        outcome = pure(request.args, now)
    elif module := FILE_SKILLS.get(request.skill):
        touching = cast("_Touching", _loaded(wire, request, module))
        outcome = touching(request.args, now, reach)
    else:
        raise SkillProblem(
            f"The workshop knows no skill {request.skill}.",
            "Close all of Homebody and start it again; if that does not help, install it again.",
            "unsupported",
        )
    if not isinstance(cast("Any", outcome), Outcome):
        raise TypeError(type(outcome).__name__)
    return outcome


def _loaded(wire: ChildWire[ToWorkshop], request: RunSkill, module: str) -> object:
    """Return a skill, and say that it starts: loading it is not of its time."""
    loaded = importlib.import_module(module)
    skill = getattr(loaded, request.skill)
    if make_ready := getattr(loaded, "make_ready", None):
        make_ready()
    wire.send(SkillStarted(id=request.id))
    return cast("object", skill)


_Pure = Callable[[dict[str, Value], datetime], Outcome]
_Touching = Callable[[dict[str, Value], datetime, Reach], Outcome]


def _zone(name: str) -> tzinfo:
    """Return a time zone by its name; the system's for none, or one that nobody knows."""
    if name:
        from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

        with contextlib.suppress(ZoneInfoNotFoundError, ValueError, OSError):
            return ZoneInfo(name)
    return datetime.now().astimezone().tzinfo or UTC


def _say_failed(wire: ChildWire[ToWorkshop], request: RunSkill, problem: SkillProblem) -> None:
    wire.send(
        SkillFailed(
            id=request.id,
            kind=cast("SkillFailure", problem.kind),
            message=_sayable(problem.message)[:_LONGEST_SAID],
            hint=_sayable(problem.hint)[:_LONGEST_SAID],
            choices=tuple(_sayable(choice) for choice in problem.choices),
        )
    )


def _sayable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
