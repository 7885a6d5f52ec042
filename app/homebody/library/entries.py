"""What lies on the shelf, and how each model is called there.

Keys are unique: what is ours goes by its place in `models`, the person's by their folder, other
apps' models by the app. Where two would be the same, the later one ends in six letters that stand
for its path. So a new model of ours can take the key of one of the person's; their settings are
kept by path.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from homebody.base.errors import ModelProblem
from homebody.library.facts import inspect_file
from homebody.library.foreign import ForeignFile, find_foreign
from homebody.library.known_facts import Facts
from homebody.library.model_files import (
    ModelFile,
    all_parts,
    as_text,
    files_in,
    look_at,
)
from homebody.library.shelf_file import KeptShelf
from homebody.messages.shelf import ShelfSource

__all__ = ["Entry", "foreign_entries", "own_entries", "places_of", "read_facts"]

_NEVER_OURS: Final = frozenset({"starter", "ollama", "lm-studio", "jan", "gpt4all", "hugging-face"})
"""How the key of no file of the person's begins."""
_INSIDE: Final = frozenset({"incoming", "bin"})
"""Folders in `models` that hold no models."""


class Entry(Struct, frozen=True, kw_only=True):
    """What is on the shelf."""

    key: str
    name: str
    source: ShelfSource
    file: ModelFile
    sha256: str | None = None
    """What the file should be, where another app says so."""
    problem: str = ""
    aliases: tuple[str, ...] = ()
    """Other keys and names that mean it, where nothing else has them."""


def places_of(entry: Entry) -> tuple[str, ...]:
    """Return what the settings of a model may be kept under, the place for new ones first."""
    if entry.source in {"folder", "file"}:
        return (entry.file.path,)
    # A name, unlike a key, may be the key of one of ours.
    return (entry.key, *(e for e in entry.aliases if e.partition("/")[0] in _NEVER_OURS))


def own_entries(
    models: Path, kept: KeptShelf, starter: Entry | None, *, hidden: bool = False
) -> list[Entry]:
    """Return what is not another app's; `hidden`: also what the person took off the shelf."""
    seen: set[tuple[int, int]] = set()
    keys: set[str] = set()
    entries = []
    for entry in _sources(models, kept, starter):
        mark = (entry.file.device, entry.file.inode or hash(entry.file.path))
        if mark in seen:
            continue
        seen.add(mark)
        key = entry.key
        if entry.source != "starter" and (
            key in keys or key.partition("/")[0].casefold() in _NEVER_OURS
        ):
            key = f"{key}~{_short(entry.file.path)}"
        keys.add(key)
        if hidden or entry.file.path not in kept.forgotten:
            entries.append(_shown(entry if key == entry.key else replace(entry, key=key)))
    return entries


def _shown(entry: Entry) -> Entry:
    """Make names that are no text ones that can be shown, and say so."""
    if as_text(entry.file.path) == entry.file.path and as_text(entry.name) == entry.name:
        return entry
    return replace(
        entry,
        key=as_text(entry.key),
        name=as_text(entry.name),
        problem="The name of this file, or of a folder that it is in, is not text (UTF-8). Rename "
        "it to use the model.",
    )


def _sources(models: Path, kept: KeptShelf, starter: Entry | None) -> Iterator[Entry]:
    if starter is not None:
        yield starter
    folder = str(models)
    really, ours = os.path.realpath(models), dict[str, bool]()
    for file in files_in(folder, skip=_INSIDE):
        here = os.path.dirname(file.path)  # noqa: PTH120
        if here not in ours:
            ours[here] = Path(os.path.realpath(here)).is_relative_to(really)
        # What a link leads to is the person's, and only forgotten when it is removed.
        source: ShelfSource = (
            "ours" if ours[here] and not os.path.islink(file.path) else "folder"  # noqa: PTH114
        )
        yield Entry(key=_inside(file, folder), name=file.name, source=source, file=file)
    for folder in kept.folders:
        name = Path(folder).name
        for file in files_in(folder):
            key = f"{name}/{_inside(file, folder)}"
            yield Entry(key=key, name=file.name, source="folder", file=file)
    for path in kept.files:
        one = look_at(path)
        if one is None:
            continue
        yield Entry(key=one.name, name=one.name, source="file", file=all_parts(one))


def foreign_entries(own: Iterable[Entry], kept: KeptShelf) -> list[Entry]:
    """Return what other apps have; `own`: what is listed already, hidden or not."""
    ours = {(e.file.device, e.file.inode) for e in own if e.file.inode}
    entries: dict[str, Entry] = {}
    for found in find_foreign():
        if (found.file.device, found.file.inode) in ours:
            continue
        if found.file.path in kept.forgotten:
            continue
        key = found.key
        if key in entries:
            key = f"{key}~{_short(found.file.path)}"
        entries[key] = _shown(_foreign_entry(found, key))
    return list(entries.values())


def _short(path: str) -> str:
    """Return six letters that stand for a path; the same in every run."""
    from zlib import crc32

    return f"{crc32(os.fsencode(path)):08x}"[:6]


def _inside(file: ModelFile, folder: str) -> str:
    """Return where a model lies in a folder, with slashes and without its ending."""
    parent = os.path.dirname(file.path)[len(folder) :].strip("/\\").replace(os.sep, "/")  # noqa: PTH120
    return f"{parent}/{file.name}" if parent else file.name


def _foreign_entry(found: ForeignFile, key: str) -> Entry:
    return Entry(
        key=key,
        name=found.name,
        source=found.source,
        file=found.file,
        sha256=found.sha256,
        problem=found.problem,
        aliases=found.aliases,
    )


def read_facts(file: ModelFile) -> Facts:
    """Read the header of a model. Never raises: a damaged file says so in `problem`."""
    unread = Facts(files=file.files, bytes=file.bytes, mtime_ns=file.mtime_ns, inode=file.inode)
    try:
        report = inspect_file(Path(file.path))
    except ModelProblem as problem:
        return replace(unread, problem=f"{problem.message} {problem.hint}".strip())
    return replace(
        unread,
        architecture=report.architecture,
        parameters=report.parameters,
        quantisation=report.quantisation,
        trained_context=report.trained_context,
        licence=report.licence,
        problem=report.problem,
    )
