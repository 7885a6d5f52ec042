"""The ledger: a file of lines, only ever added to, each with the hash of the line before.

How many lines there are and how the last one ends (the head) stands in a second file in another
folder. A line is on the disk before its connection is made; then the head is replaced. So after a
crash the file may be one line ahead of its head, or end in half a line, and never anything else:
whatever else is found was done by somebody, and stays to be seen. Processes take turns by a lock on
a third file, which the system gives back when its holder dies.
"""

import hashlib
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Final, NoReturn

import msgspec
from msgspec import Struct

from homebody.base.clock import Clock, now
from homebody.base.errors import BadInput, CourierProblem
from homebody.base.files import replace_file, sync_folder
from homebody.messages.courier import Purpose
from homebody.messages.ledger import (
    LedgerClosed,
    LedgerEntry,
    LedgerLine,
    LedgerMended,
    LedgerOpened,
    VerifyReport,
)

__all__ = ["Ledger", "entries", "verify"]

_NONE_BEFORE: Final = "0" * 64
_HASH: Final = b',"hash":"'
_TAIL: Final = len(_HASH) + 64 + len(b'"}\n')
_LONGEST: Final = 64 * 1024
"""Bytes of a line. The longest texts in one are an address's path and what a person did."""
_TURN_SECONDS: Final = 0.02
"""How often Windows is asked whose turn it is; other systems tell."""
_IN_THIS_PROCESS: Final = threading.Lock()
_TOLD: Final = 20
"""Problems that are told one by one."""


class _Head(Struct, frozen=True):
    """How the ledger ends: its last line's number and hash."""

    count: int
    hash: str


class _Link(Struct, frozen=True):
    """What every line has, of any version."""

    n: int
    before: str


_EMPTY: Final = _Head(0, _NONE_BEFORE)


class _Line(Struct, frozen=True):
    """A line that is one."""

    head: _Head
    before: str
    untouched: bool
    """Whether its hash is that of its text."""


def _read_line(line: bytes) -> _Line | None:
    """Take a whole line apart; None for what is no line of a ledger."""
    text, mark, rest = line[:-_TAIL], line[-_TAIL : len(_HASH) - _TAIL], line[len(_HASH) - _TAIL :]
    if mark != _HASH or not rest.endswith(b'"}\n'):
        return None
    text += b"}"
    try:
        link = msgspec.json.decode(text, type=_Link)
        told = rest[:64].decode("ascii")
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return _Line(_Head(link.n, told), link.before, hashlib.sha256(text).hexdigest() == told)


class Ledger:
    """Writes the ledger. May be used by several threads and processes at once.

    Every method raises `CourierProblem` of kind "disk" where it cannot be written: then there may
    be no connection.
    """

    def __init__(self, path: Path, head: Path, clock: Clock = now) -> None:
        self._path, self._head, self._clock = path, head, clock

    def opened(
        self,
        *,
        purpose: Purpose,
        agreed: str,
        method: str,
        host: str,
        port: int,
        path: str,
        address: str,
        proxy: str | None,
    ) -> int:
        """Write that a connection is about to be made; it is on the disk on return.

        Returns the line's number, for `closed`.
        """
        return self._write(
            LedgerOpened,
            purpose=purpose,
            agreed=agreed[:200],
            method=method,
            host=host,
            port=port,
            path=path[:200],
            address=address,
            proxy=proxy,
        )

    def closed(
        self,
        opened: int,
        *,
        bytes_out: int,
        bytes_in: int,
        body_sha256: str | None,
        status: int | None,
        problem: str,
    ) -> None:
        """Write how connection `opened` ended."""
        self._write(
            LedgerClosed,
            opened=opened,
            bytes_out=bytes_out,
            bytes_in=bytes_in,
            body_sha256=body_sha256,
            status=status,
            problem=problem[:200],
        )

    def _write(self, kind: type[LedgerLine], **fields: Any) -> int:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with _taking_turns(self._path), _opened(self._path) as stream:
                head = self._settle(stream)
                return self._append(stream, head, kind, fields).count
        except OSError as error:
            _cannot_write(error, before=kind is LedgerOpened)

    def _append(
        self, stream: IO[bytes], head: _Head, kind: type[LedgerLine], fields: dict[str, Any]
    ) -> _Head:
        """Add a line behind `head`, then replace the head; return it."""
        time = self._clock().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = kind(n=head.count + 1, time=time, before=head.hash, **fields)
        text = msgspec.json.encode(line)
        told = hashlib.sha256(text).hexdigest()
        end = stream.seek(0, os.SEEK_END)
        try:
            _write_all(stream, text[:-1] + _HASH + told.encode() + b'"}\n')
            os.fsync(stream.fileno())
        except OSError:
            # What was not written whole was not written: the connection is not made.
            with suppress(OSError):
                stream.truncate(end)
            raise
        head = _Head(line.n, told)
        self._keep_head(head)
        return head

    def _keep_head(self, head: _Head) -> None:
        replace_file(self._head, msgspec.json.encode(head) + b"\n")

    def _settle(self, stream: IO[bytes]) -> _Head:
        """Return what the next line follows, after tidying up behind a crash.

        Where the ledger is not as it was left, a line says so, and what is missing stays missing:
        the numbers go on from where they were.
        """
        self._put_half_aside(stream)
        head, last, lines = _read_head(self._head), _last_line(stream), stream.tell() > 0
        if head is None and not lines:
            return _EMPTY
        if last is not None and last.untouched and head is not None:
            if last.head == head:
                return head
            if last.head.count == head.count + 1 and last.before == head.hash:
                # Before the next line is added, so that the file is never two ahead.
                self._keep_head(last.head)
                return last.head
        if head is None:
            what = "the note of where the ledger ended was missing, so lines may be missing here"
            follows = last.head if last is not None else _Head(_count(stream), _NONE_BEFORE)
        elif last is not None and last.head.count > head.count:
            what = f"the ledger had more lines than Homebody wrote, which were {head.count:,}"
            follows = last.head
        else:
            what = f"the ledger did not end with line {head.count:,}, as Homebody had left it"
            follows = head
        return self._append(stream, follows, LedgerMended, {"what": what})

    def _put_half_aside(self, stream: IO[bytes]) -> None:
        """Keep a line that was cut off, by a crash while it was written, in a file beside."""
        while half := _half_line(stream):
            number = 1
            while (aside := self._path.with_name(f"{self._path.name}.half-{number}")).exists():
                number += 1
            replace_file(aside, half)
            stream.truncate(stream.seek(0, os.SEEK_END) - len(half))


def _half_line(stream: IO[bytes]) -> bytes:
    """Return what stands behind the last end of a line, at most 64 KiB of it."""
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - _LONGEST))
    tail = stream.read()
    return tail[tail.rfind(b"\n") + 1 :]


def _cannot_write(error: OSError, *, before: bool) -> NoReturn:
    what = f"the ledger could not be written ({error.strerror or type(error).__name__})."
    raise CourierProblem(
        f"Nothing was connected: what leaves this machine is written down first, and {what}"
        if before
        else f"The connection was ended: what left this machine is written down, and {what}",
        "Free some space, or see that Homebody may write there.",
        kind="disk",
    ) from error


@contextmanager
def _taking_turns(path: Path, flags: int = os.O_CREAT) -> Iterator[None]:
    """Wait until no other process or thread writes, and keep them waiting."""
    with _IN_THIS_PROCESS:
        lock = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | flags, 0o600)
        try:
            _wait_for(lock)
            yield
        finally:
            os.close(lock)


if sys.platform == "win32":
    import msvcrt

    def _wait_for(lock: int) -> None:
        while True:
            # What waits by itself there looks once a second, and gives up after ten.
            with suppress(PermissionError):
                msvcrt.locking(lock, msvcrt.LK_NBLCK, 1)
                return
            time.sleep(_TURN_SECONDS)

else:
    import fcntl

    def _wait_for(lock: int) -> None:
        fcntl.flock(lock, fcntl.LOCK_EX)


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    """Open the ledger to be read and added to, unbuffered; make it if there is none."""
    new = not path.exists()
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, flags, 0o600), "r+b", buffering=0) as stream:
        if new:
            sync_folder(path.parent)
        yield stream


def _write_all(stream: IO[bytes], data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[stream.write(view) or 0 :]


def _read_head(path: Path) -> _Head | None:
    """Return what stands in the head's file; None where it is missing or says nothing."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Head)
    except (FileNotFoundError, msgspec.DecodeError, UnicodeDecodeError):
        return None


def _last_line(stream: IO[bytes]) -> _Line | None:
    """Return the last whole line, which the file ends with, and leave the stream at its end."""
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - _LONGEST))
    tail = stream.read()
    return _read_line(tail[tail[:-1].rfind(b"\n") + 1 :]) if tail else None


def _count(stream: IO[bytes]) -> int:
    stream.seek(0)
    return sum(1 for _ in stream)


# ---------------------------------------------------------------- reading


def entries(path: Path) -> Iterator[LedgerEntry]:
    """Yield every connection, oldest first. What is no line of ours is skipped: see `verify`.

    Raises `BadInput` where the file cannot be read.
    """
    opened: dict[int, LedgerOpened] = {}
    closed: dict[int, LedgerClosed] = {}
    decoder = msgspec.json.Decoder(LedgerLine)
    for line in _lines(path):
        with suppress(msgspec.DecodeError, UnicodeDecodeError):
            match decoder.decode(line):
                case LedgerOpened() as first:
                    opened[first.n] = first
                case LedgerClosed() as second:
                    closed[second.opened] = second
    for number, first in opened.items():
        last = closed.get(number)
        yield LedgerEntry(
            number=number,
            opened=first.time,
            closed=last.time if last else None,
            purpose=first.purpose,
            agreed=first.agreed,
            method=first.method,
            host=first.host,
            port=first.port,
            path=first.path,
            address=first.address,
            proxy=first.proxy,
            bytes_out=last.bytes_out if last else None,
            bytes_in=last.bytes_in if last else None,
            body_sha256=last.body_sha256 if last else None,
            status=last.status if last else None,
            problem=last.problem if last else None,
        )


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as stream:
            while line := stream.readline(_LONGEST):
                yield line
    except FileNotFoundError:
        return
    except OSError as error:
        raise BadInput(
            f"The ledger, {path}, cannot be read ({error.strerror}).",
            "See that you may read it.",
        ) from error


class _Chain:
    """Follows a chain and says in sentences where it is broken."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.end = _EMPTY
        self._before_end = ""
        """The hash that the last line follows."""
        self.lines = 0
        self.half = False
        """Whether the last one is cut off, and not counted."""

    def follow(self, line: bytes) -> None:
        """Look at the next line of the file."""
        if not line.endswith(b"\n"):
            self.half = True
            return
        self.lines += 1
        found = _read_line(line)
        if found is None or not found.untouched:
            what = "is not one of the ledger's" if found is None else "was changed"
            self.problems.append(f"Line {self.lines:,} {what}.")
            # Its number may be changed too. The hash is the one that the next line follows.
            told = found.head.hash if found is not None else ""
            self._go_on(_Head(self.end.count + 1, told))
            return
        number, expected = found.head.count, self.end.count + 1
        if number < expected:
            self.problems.append(
                f"Line {self.lines:,} stands in a wrong place: it is number {number:,}, "
                f"and number {expected:,} should be here."
            )
            return
        if number > expected:
            self.problems.append(f"{_missing(expected, number - 1)} before line {self.lines:,}.")
        elif self.end.hash and found.before != self.end.hash:
            self.problems.append(
                f"Line {self.lines:,} does not follow the line before it: "
                f"line {self.lines - 1:,} was put in the place of another."
            )
        self._go_on(found.head, found.before)

    def _go_on(self, head: _Head, before: str = "") -> None:
        self.end, self._before_end = head, before

    def is_one_ahead(self, written: _Head) -> bool:
        """Tell whether the last line is the one that comes just behind the head."""
        return self.end.count == written.count + 1 and self._before_end == written.hash

    def wrong_end(self, written: _Head | None) -> str:
        """Return what is wrong at the end, by what the head says; or nothing."""
        if written is None:
            return (
                "The note of where the ledger ends is missing or says nothing, so nobody can tell "
                f"whether lines are missing after line {self.lines:,}."
                if self.lines
                else ""
            )
        if self.end.count < written.count:
            return f"{_missing(self.end.count + 1, written.count)} at the end."
        if self.end.count > written.count and not self.is_one_ahead(written):
            return (
                f"There are more lines than Homebody wrote: number {written.count:,} was its last."
            )
        same = self.end.count != written.count or self.end.hash == written.hash
        if not same and not self.problems:
            return f"Line {self.lines:,}, the last one, is not the one that was written."
        return ""


def verify(path: Path, head: Path) -> VerifyReport:
    """Follow the chain from its first line to the head, and say what is not as it was written.

    Raises `BadInput` where a file cannot be read.
    """
    try:
        with _taking_turns(path, flags=0):
            return _verified(path, head)
    except FileNotFoundError:
        # Nobody has ever written, so there is nobody to take turns with.
        return _verified(path, head)
    except OSError as error:
        if error.filename is not None and str(error.filename).endswith(".lock"):
            # Somebody who may only read looks all the same.
            return _verified(path, head)
        raise BadInput(
            f"The ledger cannot be read: {error.filename or path} ({error.strerror}).",
            "See that you may read it.",
        ) from error


def _verified(path: Path, head: Path) -> VerifyReport:
    written = _read_head(head)
    chain = _Chain()
    mended: list[str] = []
    opened: set[int] = set()
    closed: set[int] = set()
    decoder = msgspec.json.Decoder(LedgerLine)
    for line in _lines(path):
        chain.follow(line)
        with suppress(msgspec.DecodeError, UnicodeDecodeError):
            match decoder.decode(line):
                case LedgerOpened(n=number):
                    opened.add(number)
                case LedgerClosed(opened=number):
                    closed.add(number)
                case LedgerMended(what=what):
                    mended.append(f"When line {chain.lines:,} was written, {what}.")
    ending = chain.wrong_end(written)
    problems = chain.problems + mended + ([ending] if ending else [])
    if len(problems) > _TOLD:
        problems = [*problems[:_TOLD], f"There are {len(problems) - _TOLD:,} more such places."]
    return VerifyReport(
        path=str(path),
        ok=not problems,
        lines=chain.lines,
        connections=len(opened),
        unfinished=len(opened - closed),
        problems=tuple(problems),
        notes=tuple(_left_by_crashes(path, chain, written)),
    )


def _left_by_crashes(path: Path, chain: _Chain, written: _Head | None) -> Iterator[str]:
    if chain.half:
        yield (
            "The last line is cut off: the program or the machine ended while it was written, "
            "before anything was sent."
        )
    if written is not None and chain.is_one_ahead(written):
        yield (
            f"The program or the machine ended just after line {chain.lines:,} was written; "
            "the line is whole."
        )
    halves = sum(1 for _ in path.parent.glob(f"{path.name}.half-*"))
    if halves:
        yield (
            f"{halves} half-written line{'s' if halves > 1 else ''} of earlier crashes "
            f"{'are' if halves > 1 else 'is'} kept beside the ledger, in {path.name}.half-*."
        )


def _missing(first: int, last: int) -> str:
    if first == last:
        return f"Line number {first:,} is missing"
    return f"Lines number {first:,} to {last:,} are missing"
