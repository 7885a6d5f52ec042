"""The porter's process: opens addresses, folders and files with the person's own programs.

At the first sealed frame it also starts the courier, the one process that connects, and hands
frames on (`courier.passing`).

It is started before the front end locks itself, because whatever a locked process starts is locked
too, and a browser without internet helps nobody. It holds no words of any conversation but the
address that it is given, and imports next to nothing. On Linux other processes cannot read or write
its memory.
"""

import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from homebody import __version__
from homebody.base.errors import BadInput, HomebodyError
from homebody.base.paths import is_elsewhere
from homebody.courier.addresses import checked_address
from homebody.courier.memory import close_memory
from homebody.messages.frames import (
    EndCourier,
    Failed,
    FailureKind,
    Opened,
    OpenFile,
    OpenFolder,
    OpenLink,
    Sealed,
    ToPorter,
)
from homebody.wire.child import ChildWire, take_wire
from homebody.wire.surroundings import own_environment

if TYPE_CHECKING:
    from homebody.courier.passing import Passing

__all__ = ["main"]

_FIRST_MOMENTS = 2.0
"""Seconds in which a program that cannot open something says so; a browser goes on for hours."""


class _NoProgramError(HomebodyError):
    """No program on this machine opens such a thing."""


def main(parent: int) -> None:
    """Run the porter until the front end closes the pipe."""
    requests, frames = take_wire(parent)
    close_memory()
    # What is ignored here is ignored by what is started; and this session has no terminal.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    wire: ChildWire[ToPorter] = ChildWire(requests, frames, ToPorter)
    mailbox: queue.SimpleQueue[OpenLink | OpenFolder | OpenFile] = queue.SimpleQueue()
    for_courier = _ForCourier(wire)

    def receive(frame: ToPorter) -> None:
        if isinstance(frame, Sealed | EndCourier):
            for_courier.put(frame)
        else:
            mailbox.put(frame)

    wire.serve("porter", receive, version=__version__)
    while True:
        request = mailbox.get()
        try:
            _serve(request)
        except HomebodyError as problem:
            kind: FailureKind = "bad_request" if isinstance(problem, BadInput) else "opener"
            wire.send(Failed(id=request.id, kind=kind, message=problem.message, hint=problem.hint))
        else:
            wire.send(Opened(id=request.id))


class _ForCourier:
    """What goes to the courier, beside what is opened: nobody waits for a browser to start."""

    def __init__(self, wire: ChildWire[ToPorter]) -> None:
        self._wire = wire
        self._passing: Passing | None = None

    def put(self, frame: Sealed | EndCourier) -> None:
        """Hand a frame on. The first one brings what it takes."""
        if self._passing is None:
            if isinstance(frame, EndCourier):
                return
            from homebody.courier.passing import Passing

            self._passing = Passing(self._wire.send)
        self._passing.put(frame)


def _serve(request: OpenLink | OpenFolder | OpenFile) -> None:
    match request:
        case OpenLink():
            _open(checked_address(request.url), "addresses like this one")
        case OpenFolder():
            _open(_checked(request.path, Path.is_dir, "folder"), "folders")
        case OpenFile():
            _open(_checked(request.path, Path.is_file, "file"), "files like this one")


def _checked(text: str, is_kind: Callable[[Path], bool], kind: str) -> str:
    """Return the path of something that is there. A network share would be connected to."""
    path = Path(text)
    try:
        there = path.is_absolute() and not is_elsewhere(text) and is_kind(path)
    except (OSError, ValueError):
        there = False
    if not there:
        raise BadInput(
            f"This {kind} was not opened: it is not there.",
            "It may have been moved or deleted.",
        )
    return str(path)


def _open(target: str, what: str) -> None:
    """Hand `target` to the program that the person chose for such things."""
    if sys.platform == "win32":
        _search_libraries_as_others_do()
        try:
            os.startfile(target)  # noqa: S606  no shell reads it: the type of the target decides
        except OSError as error:
            raise _no_program(what) from error
        return
    program = shutil.which("xdg-open")
    if program is None or not Path(program).is_absolute():
        raise _no_program(what, "This system has no xdg-open; the package xdg-utils brings it. ")
    try:
        process = subprocess.Popen(
            [program, target],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=own_environment(),
            # It outlives the porter, and Ctrl-C in a terminal is not for it.
            start_new_session=True,
        )
    except OSError as error:
        raise _no_program(what) from error
    try:
        status = process.wait(_FIRST_MOMENTS)
    except subprocess.TimeoutExpired:
        # So that it does not stay in the list of processes when it ends.
        threading.Thread(target=process.wait, name="opened", daemon=True).start()
        return
    if status:
        raise _no_program(what)


if sys.platform == "win32":

    def _search_libraries_as_others_do() -> None:
        """Take back that a frozen app's libraries are found first: what is started inherits it."""
        import ctypes

        ctypes.WinDLL("kernel32").SetDllDirectoryW(None)


def _no_program(what: str, why: str = "") -> HomebodyError:
    return _NoProgramError(
        f"No program on this machine opens {what}.",
        f"{why}Copy it, and open it where you like.",
    )
