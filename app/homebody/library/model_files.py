"""Which GGUF files lie in a folder: a bounded walk, and the files of a split model as one.

Only names, sizes and times are looked at. Links are followed, each folder is entered once, and
nothing on another machine is touched.
"""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct

from homebody.base.paths import is_elsewhere

__all__ = [
    "ModelFile",
    "all_parts",
    "as_text",
    "files_in",
    "is_split",
    "leads_elsewhere",
    "lies_in",
    "look_at",
    "parts_beside",
    "size_of",
    "state_of",
]

_DEEPEST = 8
"""Folders within folders."""
_MOST_FILES = 20_000
_MOST_FOLDERS = 20_000
_MOST_LINKS = 8
_PART = re.compile(r"(.*)-(\d{5})-of-(\d{5})(\.gguf)", re.DOTALL | re.IGNORECASE)


class ModelFile(Struct, frozen=True):
    """One model: a file, or those of a split one, of which `path` is the first that is there."""

    path: str
    name: str
    """Its file's name without the ending, and without the number of a part."""
    files: int
    bytes: int
    mtime_ns: int
    """Of the file that was changed last."""
    device: int
    inode: int
    """Of `path`; two names of one file have the same."""


def leads_elsewhere(path: str) -> bool:
    """Tell whether a path, or the link that it is, is on another machine. Does not go there."""
    for _ in range(_MOST_LINKS):
        if is_elsewhere(path):
            return True
        try:
            target = os.readlink(path)  # noqa: PTH115
        except (OSError, ValueError):
            return False
        # Windows writes even a local target as \\?\C:\…
        if re.match(r"\\\\\?\\[A-Za-z]:", target):
            target = target[4:]
        path = target if is_elsewhere(target) else os.path.join(os.path.dirname(path), target)  # noqa: PTH118, PTH120
    return True


def lies_in(path: Path, folder: Path) -> bool:
    """Tell whether a file is really in a folder: no link, and no link on the way to it."""
    if path.is_symlink():
        return False
    # Windows calls no junction a link, but does resolve it.
    return Path(os.path.realpath(path.parent)).is_relative_to(os.path.realpath(folder))


def as_text(name: str) -> str:
    """Return a name as text; of one that is none (POSIX allows any bytes), with marks for those."""
    return name if name.isascii() else name.encode("utf-8", "backslashreplace").decode()


def look_at(path: str) -> ModelFile | None:
    """Return what there is at a path; None if it is no file, or on another machine."""
    if leads_elsewhere(path):
        return None
    try:
        found = os.stat(path)  # noqa: PTH116  a listing of 5,000 has no time for pathlib
    except (OSError, ValueError):
        return None
    if found.st_mode & 0o170000 != 0o100000:
        return None
    name = os.path.basename(path)  # noqa: PTH119
    part = _PART.fullmatch(name)
    stem = part[1] if part else os.path.splitext(name)[0] if _is_model(name) else name  # noqa: PTH122
    return ModelFile(path, stem, 1, found.st_size, found.st_mtime_ns, found.st_dev, found.st_ino)


def _is_model(name: str) -> bool:
    return name[-5:].casefold() == ".gguf"


def files_in(folder: str, *, skip: frozenset[str] = frozenset()) -> list[ModelFile]:
    """Return the models in a folder and the folders in it, by path. Never raises.

    `skip`: names of folders right in it that are not entered.
    """
    return sorted(_whole(_walk(folder, skip)), key=lambda found: found.path)


def _walk(folder: str, skip: frozenset[str]) -> Iterator[ModelFile]:
    if leads_elsewhere(folder):
        return
    entered: set[tuple[int, int]] = set()
    left, files = [(folder, 0)], 0
    while left and len(entered) < _MOST_FOLDERS:
        here, depth = left.pop()
        try:
            facts = os.stat(here)  # noqa: PTH116
            # Windows numbers no folder on some drives.
            mark = (facts.st_dev, facts.st_ino or hash(here))
            if mark in entered:
                continue
            entered.add(mark)
            with os.scandir(here) as entries:
                for entry in entries:
                    if _is_model(entry.name):
                        found = look_at(entry.path) if entry.is_symlink() else _found(entry.path)
                        if found is not None:
                            files += 1
                            yield found
                    elif depth < _DEEPEST and not (depth == 0 and entry.name in skip):
                        far = entry.is_symlink() and leads_elsewhere(entry.path)
                        if not far and entry.is_dir():
                            left.append((entry.path, depth + 1))
                    if files >= _MOST_FILES:
                        return
        except OSError:
            # A folder that may not be read, or that is gone: the others are still there.
            continue


def _found(path: str) -> ModelFile | None:
    try:
        found = os.stat(path)  # noqa: PTH116
    except OSError:
        return None
    if found.st_mode & 0o170000 != 0o100000:
        return None
    name = path.rpartition(os.sep)[2]
    return ModelFile(
        path, name[:-5], 1, found.st_size, found.st_mtime_ns, found.st_dev, found.st_ino
    )


def _whole(found: Iterable[ModelFile]) -> list[ModelFile]:
    """Put the files of each split model together."""
    single: list[ModelFile] = []
    parts: dict[tuple[str, str, str], dict[int, ModelFile]] = {}
    for each in found:
        folder, name = os.path.split(each.path)
        split = _PART.fullmatch(name) if "-of-" in name.casefold() else None
        if split is None:
            single.append(each)
        else:
            parts.setdefault((folder, split[1], split[3]), {})[int(split[2])] = each
    for (_, stem, _), numbered in parts.items():
        members = [numbered[number] for number in sorted(numbered)]
        single.append(
            ModelFile(
                members[0].path,
                stem,
                len(members),
                sum(each.bytes for each in members),
                max(each.mtime_ns for each in members),
                members[0].device,
                members[0].inode,
            )
        )
    return single


def all_parts(file: ModelFile) -> ModelFile:
    """Return the whole model that a file belongs to, as far as it lies beside it."""
    beside = [look_at(str(path)) for path in parts_beside(Path(file.path))]
    found = _whole(each for each in beside if each is not None)
    return found[0] if len(found) == 1 else file


def parts_beside(path: Path) -> list[Path]:
    """Return the files of the model that `path` belongs to and that are there, in order."""
    split = _PART.fullmatch(path.name)
    if split is None:
        return [path]
    count = min(int(split[3]), _MOST_FILES)
    names = (f"{split[1]}-{n:05}-of-{split[3]}{split[4]}" for n in range(1, count + 1))
    return [each for each in map(path.with_name, names) if each.is_file()]


def is_split(path: Path) -> bool:
    """Tell whether a file is a part of a model that has several."""
    split = _PART.fullmatch(path.name)
    return split is not None and int(split[3]) > 1


def state_of(path: Path) -> tuple[tuple[int, int, int], ...]:
    """Return size, modification time (ns) and inode of each of a model's files; nothing if gone."""
    try:
        found = [each.stat() for each in parts_beside(path)]
    except (OSError, ValueError):
        return ()
    return tuple((each.st_size, each.st_mtime_ns, each.st_ino) for each in found)


def size_of(path: Path) -> int:
    """Return the bytes of all files of a model. Raises `OSError` if there are none."""
    return sum(each.stat().st_size for each in parts_beside(path)) or path.stat().st_size
