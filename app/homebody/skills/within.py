"""Opening what lies in a granted folder, and nothing else: no link is followed on the way.

Between the moment when a path was checked and the moment when it is opened, somebody may put a link
in its place. So each part is opened inside the one before it and may not be a link; where there are
no such calls (Windows), what was opened is asked where it lies. Landlock, where there is one, would
refuse the same once more.
"""

import contextlib
import errno
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Literal, Self

from msgspec import Struct

from homebody.base.errors import SkillProblem
from homebody.messages.skills import Access
from homebody.skills.paths import Reach, covering, shown

__all__ = ["Entry", "OpenFolder", "open_file", "outside"]

_MOUNT_POINT: Final = 0xA0000003
"""The tag of a junction, as stat.IO_REPARSE_TAG_MOUNT_POINT on Windows."""


class Entry(Struct, frozen=True):
    """Something in a folder. `size` in bytes, `changed` in seconds since 1970."""

    name: str
    kind: Literal["folder", "file", "other"]
    """Links, devices and pipes are `other`."""
    size: int
    changed: float


def outside(path: Path) -> SkillProblem:
    """Return the refusal of a path that no grant covers."""
    return SkillProblem(
        f"{shown(path)} lies outside the folders that skills were let into.",
        "Let skills into its folder, then try again.",
        "outside",
    )


def _moved(path: Path) -> SkillProblem:
    return SkillProblem(
        f"{shown(path)} was replaced by a link while it was being opened, so it was left alone.",
        "Look at who changes this folder, then try again.",
        "outside",
    )


def _worded(error: OSError, path: Path) -> SkillProblem:
    # What the system says of a link where none was expected.
    if error.errno in {errno.ELOOP, errno.ENOTDIR}:
        return _moved(path)
    if isinstance(error, FileNotFoundError):
        return SkillProblem(f"{shown(path)} is not there any more.", "Name it again.", "missing")
    if isinstance(error, PermissionError):
        return SkillProblem(
            f"The system does not let Homebody open {shown(path)}.",
            "Look at who may read it, or choose another file.",
            "outside",
        )
    return SkillProblem(
        f"{shown(path)} cannot be opened: {error.strerror or 'the system refuses'}.",
        "Try again, or choose another file.",
    )


class OpenFolder:
    """A granted folder, or one below it, held open. Names are names in it, never paths.

    Raises `SkillProblem` ("outside", "missing", "failed") when it cannot be opened; its methods
    raise `OSError`.
    """

    def __init__(self, path: Path, reach: Reach, access: Access = "read") -> None:
        root = covering(path, reach.grants, access)
        if root is None:
            raise outside(path)
        self.path = path
        try:
            self._descriptor = _walk(root, path)
        except OSError as error:
            raise _worded(error, path) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)

    def open(self, name: str, flags: int, mode: int = 0o600) -> int:
        """Open a file and return its descriptor, which no program that is started inherits."""
        return _open_at(self._descriptor, self.path / name, flags, mode)

    def facts(self, name: str) -> os.stat_result | None:
        """Return what is known of a name, None if there is none."""
        with contextlib.suppress(FileNotFoundError):
            if self._descriptor is None:
                return (self.path / name).lstat()
            return os.lstat(name, dir_fd=self._descriptor)
        return None

    def link(self, name: str, other: str) -> None:
        """Give a file a second name, which must be free."""
        if self._descriptor is None:
            (self.path / other).hardlink_to(self.path / name)
            return
        os.link(
            name,
            other,
            src_dir_fd=self._descriptor,
            dst_dir_fd=self._descriptor,
            follow_symlinks=False,
        )

    def replace(self, name: str, other: str) -> None:
        """Rename a file, in place of any that has the other name, in one step."""
        if self._descriptor is None:
            (self.path / name).replace(self.path / other)
            return
        os.replace(name, other, src_dir_fd=self._descriptor, dst_dir_fd=self._descriptor)

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        with contextlib.suppress(FileNotFoundError):
            if self._descriptor is None:
                (self.path / name).unlink()
            else:
                os.unlink(name, dir_fd=self._descriptor)

    def sync(self) -> None:
        """Make what was renamed survive a power cut."""
        if self._descriptor is not None:
            os.fsync(self._descriptor)

    def entries(self) -> Iterator[Entry]:
        """Yield what lies in it, in no order."""
        with os.scandir(self.path if self._descriptor is None else self._descriptor) as found:
            for entry in found:
                with contextlib.suppress(OSError):
                    facts = entry.stat(follow_symlinks=False)
                    yield Entry(entry.name, _kind(facts), facts.st_size, facts.st_mtime)


def open_file(path: Path, reach: Reach) -> tuple[BinaryIO, os.stat_result]:
    """Open a file for reading, where a grant covers it; return it and what is known of it.

    Raises `SkillProblem` as `OpenFolder` does, and "unsupported" for what is no file.
    """
    root = covering(path, reach.grants, "read")
    if root is None:
        raise outside(path)
    try:
        if root == path:
            # The file alone was granted, not its folder.
            descriptor = _open_at(None, path, os.O_RDONLY, 0)
        else:
            with OpenFolder(path.parent, reach) as folder:
                descriptor = folder.open(path.name, os.O_RDONLY)
    except OSError as error:
        raise _worded(error, path) from None
    stream = os.fdopen(descriptor, "rb")
    facts = os.fstat(descriptor)
    if not stat.S_ISREG(facts.st_mode):
        stream.close()
        raise SkillProblem(f"{shown(path)} is not a file.", "Name a file.", "unsupported")
    return stream, facts


def _kind(facts: os.stat_result) -> Literal["folder", "file", "other"]:
    if stat.S_ISREG(facts.st_mode):
        return "file"
    # On Windows a junction looks like a folder and leads anywhere.
    junction = getattr(facts, "st_reparse_tag", 0) == _MOUNT_POINT
    return "folder" if stat.S_ISDIR(facts.st_mode) and not junction else "other"


def _walk(root: Path, path: Path) -> int | None:
    """Open a folder part by part, from the granted one on; None on Windows, which cannot."""
    if sys.platform == "win32":
        # Here it is only looked at; each file that is opened is asked where it lies.
        if os.path.normcase(os.path.realpath(path)) != os.path.normcase(path):
            raise OSError(errno.ELOOP, "a link")
        return None
    listed = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    # To go through a folder one need not be allowed to list it.
    through = listed | getattr(os, "O_PATH", 0)
    parts = path.relative_to(root).parts
    descriptor = os.open(root, through if parts else listed)
    for left, part in zip(reversed(range(len(parts))), parts, strict=True):
        try:
            inner = os.open(part, through if left else listed, dir_fd=descriptor)
        finally:
            os.close(descriptor)
        descriptor = inner
    return descriptor


def _open_at(folder: int | None, path: Path, flags: int, mode: int) -> int:
    """Open a file in a folder that is open (on Windows: by its path), and no link."""
    if sys.platform == "win32":
        descriptor = os.open(path, flags | os.O_BINARY | os.O_NOINHERIT, mode)
        if not _lies_at(descriptor, path):
            os.close(descriptor)
            raise OSError(errno.ELOOP, "a link")
        return descriptor
    # Not waiting for the other end of a pipe; a terminal does not become ours.
    flags |= os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
    return os.open(path if folder is None else path.name, flags, mode, dir_fd=folder)


def _lies_at(descriptor: int, path: Path) -> bool:
    """Ask Windows where a file that is open really lies."""
    if sys.platform != "win32":
        return True
    import ctypes
    import msvcrt

    buffer = ctypes.create_unicode_buffer(32_768)
    ask = ctypes.WinDLL("kernel32", use_last_error=True).GetFinalPathNameByHandleW
    ask.argtypes = (ctypes.c_void_p, ctypes.c_wchar_p, ctypes.c_uint32, ctypes.c_uint32)
    length = ask(msvcrt.get_osfhandle(descriptor), buffer, len(buffer), 0)
    final = buffer.value.removeprefix("\\\\?\\")
    return bool(length) and os.path.normcase(final) == os.path.normcase(path)
