"""The beginning of a file that is being fetched: kept through anything, and held by one process.

The system's lock on the part says who fetches it, and goes with that process however it ends. A
part without a note, or a note without its part, belongs to nobody and is swept.
"""

import errno
import hashlib
import os
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from homebody.base.errors import CourierProblem
from homebody.base.files import replace_file, sync_folder
from homebody.messages.incoming import PART, PartNote, note_of

__all__ = ["Part", "disk_problem", "sweep"]

_CHUNK = 1024 * 1024
_LOCKED_BYTE = 2**62
"""Where Windows locks: locked bytes cannot be read, so one that no file has."""

_NOTE = re.compile(r"\.?([0-9a-f]{64}\.part)\.json(\..+)?")
"""A note, or half of one that `replace_file` was writing when it was killed."""
_HALF_ENTRY = re.compile(r"\.[0-9a-f]{16}\.json\..+")
"""The same of an entry of the queue (`library.downloads`)."""
_WRITTEN_SECONDS = 600.0
"""That nobody takes to write one."""


class Part:
    """A part that this process holds; `OSError` of any method is for `disk_problem`.

    `size` bytes lie on the disk and are counted in `sha256`.
    """

    def __init__(self, path: Path, note: PartNote) -> None:
        """Open or create it. `CourierProblem` ("busy") if another process holds it."""
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = _held(path)
        self.size = 0
        self._digest = hashlib.sha256()
        try:
            _forget_halves(path)
            self.note = _same_source(_read_note(path), note)
            self._write_note()
        except BaseException:
            self.close()
            raise

    @property
    def sha256(self) -> str:
        """Of all bytes so far."""
        return self._digest.hexdigest()

    def reread(self, going_on: Callable[[int], None]) -> None:
        """Count and hash what an earlier run left; `going_on` is told how far it is, may raise."""
        if os.fstat(self._file).st_size > self.note.bytes:
            self.restart()
        os.lseek(self._file, 0, os.SEEK_SET)
        while chunk := os.read(self._file, _CHUNK):
            self._digest.update(chunk)
            self.size += len(chunk)
            going_on(self.size)

    def append(self, data: bytes) -> None:
        """Write more. What could be written before a full disk stays, and counts."""
        rest = memoryview(data)
        while rest:
            written = os.write(self._file, rest)
            self._digest.update(rest[:written])
            self.size += written
            rest = rest[written:]

    def restart(self, etag: str = "") -> None:
        """Forget all bytes."""
        os.lseek(self._file, 0, os.SEEK_SET)
        os.ftruncate(self._file, 0)
        self.size = 0
        self._digest = hashlib.sha256()
        self.versioned(etag)

    def versioned(self, etag: str) -> None:
        """Remember which version of the content these bytes are of."""
        if etag != self.note.etag:
            self.note = msgspec.structs.replace(self.note, etag=etag)
            self._write_note()

    def publish(self, final: Path) -> None:
        """Give the whole file its name; from then on nobody writes to it."""
        os.fsync(self._file)
        if sys.platform == "win32":
            # An open file cannot be renamed there.
            self.close()
        self.path.replace(final)
        # Not before: a part that cannot be written to is of no use to whoever goes on with it.
        final.chmod(0o444)
        sync_folder(final.parent)
        note_of(self.path).unlink(missing_ok=True)
        self.close()

    def discard(self) -> None:
        """Delete it."""
        if sys.platform == "win32":
            # An open file cannot be deleted there.
            self.close()
        self.path.unlink(missing_ok=True)
        note_of(self.path).unlink(missing_ok=True)
        self.close()

    def close(self) -> None:
        """Let go of it; what is there stays. May be called twice."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _write_note(self) -> None:
        replace_file(note_of(self.path), msgspec.json.encode(self.note))


def sweep(folder: Path) -> None:
    """Delete parts without notes and notes without parts, unless somebody holds them.

    What cannot be deleted now is tried again the next time.
    """
    try:
        entries = [path for path in folder.iterdir() if path.is_file()]
    except OSError:
        return
    for path in entries:
        try:
            if path.name.endswith(PART) and not note_of(path).exists():
                _sweep_part(path)
            elif _is_left_over(path):
                path.unlink()
        except OSError:
            continue


def disk_problem(error: OSError, doing: str) -> CourierProblem:
    """Say that something could not be written."""
    full = error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
    if full:
        return CourierProblem(
            f"The disk is full, so {doing} could not go on. What was fetched so far is kept.",
            "Make room, then go on.",
            kind="disk",
        )
    what = os.strerror(error.errno) if error.errno else "the system did not say why"
    return CourierProblem(
        f"The disk did not take more, so {doing} could not go on ({what}). What was fetched so far "
        "is kept.",
        "Check the folder of models and its disk, then go on.",
        kind="disk",
    )


def _sweep_part(path: Path) -> None:
    file = _open(path, os.O_RDWR)
    try:
        free = _lock(file) and not note_of(path).exists()
        if free and sys.platform != "win32":
            path.unlink()
    finally:
        os.close(file)
    if free and sys.platform == "win32":
        path.unlink()


def _forget_halves(part: Path) -> None:
    """Delete the notes that were being written when a process was killed; `part` is ours."""
    for path in part.parent.glob(f".{note_of(part).name}.*"):
        path.unlink(missing_ok=True)


def _is_left_over(path: Path) -> bool:
    """Tell whether it is a note without its part, or half of what was once to be written."""
    if note := _NOTE.fullmatch(path.name):
        return not path.with_name(note[1]).exists()
    old = time.time() - path.stat().st_mtime > _WRITTEN_SECONDS
    return old and _HALF_ENTRY.fullmatch(path.name) is not None


def _open(path: Path, flags: int) -> int:
    flags |= getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    # A link in its place would be written through.
    flags |= getattr(os, "O_NOFOLLOW", 0)
    try:
        return os.open(path, flags, 0o600)
    except PermissionError:
        # Read-only: it was put back from a backup, or killed as it was finished.
        path.chmod(0o600)
        return os.open(path, flags, 0o600)


def _held(path: Path) -> int:
    """Open and lock the file at `path`, whichever it is by then."""
    while True:
        file = _open(path, os.O_RDWR | os.O_CREAT)
        free = _lock(file)
        # It may have been finished, or swept, between opening and locking.
        if free and _is_at(file, path):
            return file
        os.close(file)
        if not free:
            raise CourierProblem(
                "Another Homebody is fetching this file now.",
                "Wait until it is done there, or stop it there.",
                kind="busy",
            )


def _is_at(file: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False


def _read_note(path: Path) -> PartNote | None:
    try:
        return msgspec.json.decode(note_of(path).read_bytes(), type=PartNote)
    except (OSError, msgspec.MsgspecError):
        return None


def _same_source(old: PartNote | None, new: PartNote) -> PartNote:
    """Return what to write: the version of the content counts for the same source alone."""
    if old is not None and (old.repo, old.commit, old.name) == (new.repo, new.commit, new.name):
        return msgspec.structs.replace(new, etag=old.etag, begun=old.begun)
    return new


if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> bool:
        os.lseek(file, _LOCKED_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            os.lseek(file, 0, os.SEEK_SET)
        return True

else:
    import fcntl

    def _lock(file: int) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
