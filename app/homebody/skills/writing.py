"""`write_file`: a text into a file, so that nothing is ever lost.

The file is written beside its place and then put there in one step. What it replaces is kept under
another name, such as `notes.md.~1~`: the person said yes to a sentence, and may find out later that
it was the wrong file. A link is never followed.
"""

import contextlib
import errno
import os
import secrets
import stat
import sys
from datetime import datetime
from pathlib import Path
from typing import Final

from msgspec import Struct

from homebody.base.errors import SkillProblem
from homebody.messages.skills import Outcome, Value
from homebody.skills.figures import size_words
from homebody.skills.paths import Reach, covering, locate, shown
from homebody.skills.within import OpenFolder, outside

__all__ = ["Preview", "preview_write", "write_file"]

_MOST: Final = 16_000_000
_MOST_KEPT: Final = 10_000
_LONGEST_NAME: Final = 255
"""Bytes, on every file system that people use."""
_NOT_TEXT: Final = frozenset(
    (
        *("pdf", "doc", "docx", "odt", "rtf", "xls", "xlsx", "ods", "ppt", "pptx", "odp", "epub"),
        *("png", "jpg", "jpeg", "gif", "webp", "mp3", "mp4", "zip", "exe", "dll", "gguf"),
    )
)
"""Suffixes of files in which a text would be a broken one."""
_FULL: Final = frozenset((errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG))
_NO_LINKS: Final = frozenset(
    (errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EXDEV, errno.EMLINK)
)


class Preview(Struct, frozen=True):
    """What a person is asked before a file is written."""

    sentence: str
    details: str


def preview_write(path: Path, text: str) -> Preview:
    """Say what writing would do. `path` is `Located.path`; nothing is opened or changed.

    Raises `SkillProblem` for what cannot be written at all, so that nobody is asked in vain.
    """
    data = _data(path, text)
    try:
        facts = path.lstat()
    except (OSError, ValueError):
        facts = None
    what = "a new file"
    if facts is not None:
        _check_old(path, facts)
        what = f"replaces {size_words(facts.st_size)}, which are kept beside it"
    return Preview(f"Write {size_words(len(data))} to {shown(path, whole=True)} ({what})", text)


def write_file(args: dict[str, Value], now: datetime, reach: Reach) -> Outcome:
    """Write a text to a file and keep what was there."""
    del now
    located = locate(
        str(args["path"]),
        places=reach.places,
        grants=reach.grants,
        access="write",
        must_exist=False,
    )
    path, text = located.path, str(args["text"])
    if covering(path.parent, reach.grants, "write") is None:
        raise outside(path)
    data = _data(path, text)
    with OpenFolder(path.parent, reach, "write") as folder:
        try:
            said = _write(folder, path, data)
        except OSError as error:
            raise _worded(error, path) from None
    return Outcome(text=str(path), said=said)


def _write(folder: OpenFolder, path: Path, data: bytes) -> str:
    """Put the data in its place and say what was done. Raises `OSError`, and changes nothing."""
    name, size = path.name, size_words(len(data))
    old = folder.facts(name)
    if old is not None:
        _check_old(path, old)
        if old.st_size == len(data) and _holds(folder, name, data):
            return f"{shown(path)} holds exactly this already ({size}), so it was left as it is."
    temporary = f".homebody-{secrets.token_hex(8)}.tmp"
    try:
        _fill(folder, temporary, data, None if old is None else stat.S_IMODE(old.st_mode))
        kept = "" if old is None else _keep(folder, name)
        folder.replace(temporary, name)
    except BaseException:
        with contextlib.suppress(OSError):
            folder.remove(temporary)
        raise
    with contextlib.suppress(OSError):
        folder.sync()
    if old is None:
        return f"Wrote {size} to {shown(path)}, a new file."
    return f"Wrote {size} to {shown(path)}. What it held ({size_words(old.st_size)}) is in {kept}."


def _data(path: Path, text: str) -> bytes:
    """Return the bytes that would be written, or say why none can be."""
    if path.suffix.casefold().removeprefix(".") in _NOT_TEXT:
        raise SkillProblem(
            f"{shown(path.name)} would not open: Homebody writes text, "
            f"and {path.suffix} files are something else.",
            "Name it .txt or .md.",
            "unsupported",
        )
    try:
        data = text.encode("utf-8")
    except UnicodeEncodeError:
        raise SkillProblem(
            "The text holds half a character, which no file can keep.",
            "Take it out, then try again.",
            "arguments",
        ) from None
    if len(data) > _MOST:
        raise SkillProblem(
            f"The text has {size_words(len(data))}; a file is written up to {size_words(_MOST)}.",
            "Write it in parts.",
            "large",
        )
    return data


def _check_old(path: Path, facts: os.stat_result) -> None:
    """Refuse to replace what is no ordinary file, or is protected."""
    if stat.S_ISDIR(facts.st_mode):
        reason, hint, kind = "is a folder", "Name a file in it.", "arguments"
    elif not stat.S_ISREG(facts.st_mode):
        reason, hint, kind = "is a link or a device", "Name the file itself.", "outside"
    elif not facts.st_mode & stat.S_IWUSR:
        reason, hint, kind = "is protected against writing", "Choose another name.", "refused"
    else:
        return
    raise SkillProblem(f"{shown(path)} {reason}, so it was left alone.", hint, kind)


def _holds(folder: OpenFolder, name: str, data: bytes) -> bool:
    with os.fdopen(folder.open(name, os.O_RDONLY), "rb") as stream:
        return stream.read(len(data) + 1) == data


def _fill(folder: OpenFolder, name: str, data: bytes, mode: int | None) -> None:
    """Make a file with this in it, on the disk. `mode` None: as new files are."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    # The lock refuses chmod, so the file is born with the rights of the one that it replaces.
    before = os.umask(0) if mode is not None and sys.platform != "win32" else None
    try:
        descriptor = folder.open(name, flags, 0o666 if mode is None else mode)
    finally:
        if before is not None:
            os.umask(before)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def _keep(folder: OpenFolder, name: str) -> str:
    """Give the old file another name too, and return that; a copy where there are no links."""
    for number in range(1, _MOST_KEPT):
        kept = _numbered(name, number)
        with contextlib.suppress(FileExistsError):
            try:
                folder.link(name, kept)
            except OSError as error:
                if isinstance(error, FileExistsError) or (
                    error.errno not in _NO_LINKS and sys.platform != "win32"
                ):
                    raise
                _copy(folder, name, kept)
            return kept
    raise FileExistsError(errno.EEXIST, f"there are {_MOST_KEPT:,} older versions of it")


def _numbered(name: str, number: int) -> str:
    """Return a name such as notes.md.~1~, which file managers know for an older version."""
    end = f".~{number}~"
    cut = os.fsencode(name)[: _LONGEST_NAME - len(end)]
    return (name if len(os.fsencode(name)) == len(cut) else cut.decode("utf-8", "ignore")) + end


def _copy(folder: OpenFolder, name: str, kept: str) -> None:
    with os.fdopen(folder.open(name, os.O_RDONLY), "rb") as stream:
        mode = stat.S_IMODE(os.fstat(stream.fileno()).st_mode)
        with os.fdopen(folder.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as copy:
            while piece := stream.read(1 << 20):
                copy.write(piece)
            copy.flush()
            os.fsync(copy.fileno())


def _worded(error: OSError, path: Path) -> SkillProblem:
    if error.errno in _FULL:
        return SkillProblem(
            f"The disk is full, so {shown(path)} was not written; what was there is as it was.",
            "Make room, then try again.",
        )
    if isinstance(error, PermissionError):
        return SkillProblem(
            f"The system does not let Homebody write {shown(path)}; nothing was changed.",
            "Choose another folder, or close the program that has the file open.",
            "outside",
        )
    return SkillProblem(
        f"{shown(path)} was not written: {error.strerror or 'the system refuses'}. "
        "Nothing was changed.",
        "Try again, or choose another name.",
    )
