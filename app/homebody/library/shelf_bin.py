"""The bin of models: `models/bin/ID/`, with the files as they lay in `models` and a note.

What was put there comes back by an undo for 30 days, then it is deleted for good, by whoever looks
next. A clock that leaps starts the 30 days again: that keeps things too long, never too short.
"""

import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path, PurePath
from typing import Final

import msgspec
from msgspec import Struct

from homebody.base.clock import now
from homebody.base.errors import ModelProblem
from homebody.base.ids import new_id
from homebody.library.model_files import as_text

__all__ = ["BIN", "Binned", "delete_expired", "in_bin", "put_into_bin", "take_from_bin"]

BIN: Final = "bin"
_NOTE: Final = "removed.json"
_KEPT: Final = timedelta(days=30)
_BELIEVABLE: Final = timedelta(days=45)
"""A longer pause between two looks at the clock is taken for a clock that was set."""
_SLACK: Final = timedelta(days=1)
_MOST: Final = 1000


class Binned(Struct, frozen=True, kw_only=True):
    """What lies in one folder of the bin."""

    key: str
    name: str
    when: datetime
    files: tuple[str, ...]
    """Below `models`, with slashes."""
    id: str = ""


def put_into_bin(models: Path, key: str, name: str, files: Sequence[Path]) -> Binned:
    """Move files into the bin, all or none. `ModelProblem` if that fails.

    They lie in `models` (`lies_in`): what a link leads to is not ours to move.
    """
    inside = tuple(path.relative_to(models).as_posix() for path in files)
    if any(as_text(each) != each for each in inside):
        raise ModelProblem(
            f"{name} cannot be moved to the bin: its file's name is not text (UTF-8).",
            "Rename the file, then try again.",
        )
    binned = Binned(key=key, name=name, when=now(), files=inside, id=new_id())
    folder = models / BIN / binned.id
    moved: list[tuple[Path, Path]] = []
    try:
        folder.mkdir(parents=True)
        # First the note: files without one would lie there for ever.
        (folder / _NOTE).write_bytes(msgspec.json.encode(binned))
        for path, name_inside in zip(files, inside, strict=True):
            target = folder / name_inside
            target.parent.mkdir(parents=True, exist_ok=True)
            path.rename(target)
            moved.append((path, target))
    except OSError as error:
        for path, target in moved:
            with suppress(OSError):
                target.rename(path)
        _sweep(folder)
        raise ModelProblem(
            f"{name} cannot be moved to the bin ({error.strerror}), so it stays where it is.",
            "If another program has it open, close that; then try again.",
        ) from error
    return binned


def take_from_bin(models: Path, binned: Binned) -> None:
    """Put files back where they were. `ModelProblem` if something else is there by now."""
    folder = models / BIN / binned.id
    for each in binned.files:
        if (models / each).exists():
            raise ModelProblem(
                f"{binned.name} cannot be put back: there is another file {each} now.",
                f"Rename that file in {models}, then try again.",
            )
    try:
        for each in binned.files:
            (models / each).parent.mkdir(parents=True, exist_ok=True)
            (folder / each).rename(models / each)
    except OSError as error:
        raise ModelProblem(
            f"{binned.name} cannot be put back ({error.strerror}).",
            f"What is left of it lies in {folder}.",
        ) from error
    _sweep(folder)


def in_bin(models: Path) -> list[Binned]:
    """Return what is in the bin, newest first. Never raises."""
    found = []
    with suppress(OSError):
        for folder in sorted((models / BIN).iterdir())[:_MOST]:
            note = _note(folder)
            if note is not None:
                found.append(note)
    return sorted(found, key=lambda each: each.when, reverse=True)


def _note(folder: Path) -> Binned | None:
    try:
        note = msgspec.json.decode((folder / _NOTE).read_bytes(), type=Binned)
    except (OSError, ValueError, RecursionError):
        return None
    # Somebody else may have written it: nothing outside this folder is ever meant.
    safe = all(_stays(PurePath(each)) for each in note.files)
    return msgspec.structs.replace(note, id=folder.name) if safe and note.when.tzinfo else None


def _stays(path: PurePath) -> bool:
    """Tell whether a path, put after a folder, stays in it."""
    # Windows: "C:a" and "\a" are not absolute, and yet what stands before them is dropped.
    return bool(path.parts) and ".." not in path.parts and not path.drive and not path.root


def delete_expired(models: Path) -> None:
    """Delete for good what has been in the bin for over 30 days. Never raises."""
    folder = models / BIN
    moment = now()
    try:
        looked = datetime.fromtimestamp(folder.stat().st_mtime, moment.tzinfo)
    except OSError:
        return
    leapt = not -_SLACK <= moment - looked <= _BELIEVABLE
    for note in in_bin(models):
        if leapt:
            with suppress(OSError):
                again = msgspec.structs.replace(note, when=moment)
                (folder / note.id / _NOTE).write_bytes(msgspec.json.encode(again))
        elif moment - note.when > _KEPT:
            for each in note.files:
                _delete(folder / note.id / each, folder / note.id)
            _sweep(folder / note.id)
    with suppress(OSError):
        os.utime(folder)


def _delete(path: Path, folder: Path) -> None:
    """Delete a file in a folder of the bin; of a link, the link, and nothing behind one."""
    with suppress(OSError):
        if not Path(os.path.realpath(path.parent)).is_relative_to(os.path.realpath(folder)):
            return
        if not path.is_symlink():
            # What was fetched is read-only, which Windows does not delete.
            path.chmod(stat.S_IWRITE | stat.S_IREAD)
        path.unlink()


def _sweep(folder: Path) -> None:
    """Delete a folder of the bin, if no file but the note is left in it."""
    with suppress(OSError):
        if any(name != _NOTE for _, _, files in os.walk(folder) for name in files):
            return
        _delete(folder / _NOTE, folder)
        for here, _, _ in os.walk(folder, topdown=False):
            Path(here).rmdir()
