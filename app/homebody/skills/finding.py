"""Skills that look around: `find_files` and `list_folder`.

Nothing hidden is looked into, no link is followed, and a walk ends after a while: what was not
looked at is said.
"""

import fnmatch
import time
from collections import deque
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

from msgspec import Struct

from homebody.base.errors import SkillProblem
from homebody.messages.skills import Outcome, Value
from homebody.skills.figures import moment_words, size_words
from homebody.skills.file_words import KINDS, NOISE, ORDERS, PLURALS, SKIPPED, Order
from homebody.skills.paths import Reach, locate, plain, shown
from homebody.skills.within import Entry, OpenFolder, outside

__all__ = ["find_files", "list_folder"]

_SECONDS: Final = 12.0
"""For one walk; the skill itself is ended after 20."""
_MOST_ENTRIES: Final = 200_000
_MOST_FOUND: Final = 5_000
_MOST_CHOICES: Final = 50
_MOST_LISTED: Final = 200
_DEEPEST: Final = 40


class _Wanted(Struct, frozen=True):
    """What a query asks for."""

    words: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    kinds: tuple[tuple[str, frozenset[str]], ...] = ()
    """A word, and the suffixes that it stands for."""
    order: Order = "newest"
    single: bool = False
    """Whether only the first is asked for: "the newest PDF"."""


class _Found(Struct, frozen=True):
    """A file that matches."""

    folder: Path
    entry: Entry
    score: int

    @property
    def path(self) -> Path:
        return self.folder / self.entry.name


class _Walk(Struct):
    """How far a walk has come."""

    looked_at: int = 0
    ended: Literal["", "time", "entries", "found"] = ""
    unread: int = 0
    """Folders that could not be looked into."""


def find_files(args: dict[str, Value], now: datetime, reach: Reach) -> Outcome:
    """Find files by words of their names, patterns (*.pdf), kinds (photos) and order (newest)."""
    query = str(args["query"])
    wanted = _understood(query)
    starts = _starts(str(args.get("folder", "")), reach)
    walk = _Walk()
    found = sorted(_walk(starts, wanted, reach, walk), key=lambda each: _rank(each, wanted))
    where = " and ".join(shown(start) for start in starts[:3])
    if not found:
        raise SkillProblem(
            f"No file in {where} matches “{shown(query)}” "
            f"({walk.looked_at:,} looked at){_left_out(walk)}.",
            "Try fewer words, or name another folder.",
            "missing",
        )
    sayable = [each for each in found if _is_text(each.path)]
    if wanted.single:
        sayable = sayable[:1]
    lines = [_line(each.entry, now, each.folder) for each in sayable[:_MOST_CHOICES]]
    if len(sayable) > _MOST_CHOICES:
        lines.append(f"- and {len(sayable) - _MOST_CHOICES:,} more")
    count = len(found)
    head = f"{count:,} file{'s' if count > 1 else ''} in {where} match “{shown(query)}”"
    if wanted.single and count > 1:
        head = f"The {wanted.order} of {count:,} in {where}"
    elif count == 1:
        head = f"One file in {where} matches “{shown(query)}”"
    if len(sayable) < count and not wanted.single:
        head += f"; {count - len(sayable):,} with names that are not text are left out"
    paths = tuple(str(each.path) for each in sayable[:_MOST_CHOICES])
    if not paths:
        raise SkillProblem(
            f"What was found in {where} has names that are not text.",
            "Rename these files first.",
            "unsupported",
        )
    return Outcome(
        text="\n".join(paths),
        said="\n".join((f"{head}{_left_out(walk)}:", *lines)),
        choices=paths if len(paths) > 1 else (),
    )


def list_folder(args: dict[str, Value], now: datetime, reach: Reach) -> Outcome:
    """List what is in a folder: folders first, then files, each with its size and age."""
    folder = _folder(str(args["path"]), reach)
    with OpenFolder(folder, reach) as opened:
        every = [entry for entry, _ in zip(opened.entries(), range(_MOST_ENTRIES), strict=False)]
    entries = [entry for entry in every if not _is_hidden(entry.name)]
    entries.sort(key=lambda entry: (entry.kind != "folder", plain(entry.name), entry.name))
    hidden = len(every) - len(entries)
    if not entries:
        rest = f" but {hidden} hidden" if hidden else ""
        return Outcome(text="", said=f"{shown(folder)} holds nothing{rest}.")
    listed = entries[:_MOST_LISTED]
    lines = [_line(entry, now) for entry in listed]
    if len(entries) > len(listed):
        lines.append(f"- and {len(entries) - len(listed):,} more")
    files = sum(entry.kind == "file" for entry in entries)
    folders = sum(entry.kind == "folder" for entry in entries)
    head = f"{shown(folder)} holds {_count(folders, 'folder')} and {_count(files, 'file')}"
    others = len(entries) - files - folders
    head += f", {_count(others, 'link or device')}" if others else ""
    head += f", {hidden:,} hidden" if hidden else ""
    paths = tuple(
        str(folder / entry.name)
        for entry in listed
        if entry.kind == "file" and _is_text(Path(entry.name))
    )
    return Outcome(
        text="\n".join(shown(entry.name) for entry in listed),
        said="\n".join((f"{head}:", *lines)),
        choices=paths if 1 < len(paths) <= _MOST_CHOICES else (),
    )


# ---------------------------------------------------------------- where


def _folder(name: str, reach: Reach) -> Path:
    located = locate(name, places=reach.places, grants=reach.grants, access="read", must_exist=True)
    if not located.granted:
        raise outside(located.path)
    if located.path != located.folder:
        raise SkillProblem(
            f"{shown(located.path)} is a file, not a folder.", "Name a folder.", "arguments"
        )
    return located.path


def _starts(folder: str, reach: Reach) -> tuple[Path, ...]:
    """Return the folders to look in; of two, one inside the other, the outer one only."""
    if folder.strip():
        return (_folder(folder, reach),)
    granted = sorted({Path(grant.folder) for grant in reach.grants})
    starts: list[Path] = []
    for path in granted:
        # A single file that was granted is read by its name, not found.
        if not (path.is_file() or any(path.is_relative_to(start) for start in starts)):
            starts.append(path)
    if not starts:
        raise SkillProblem(
            "Skills were not let into any folder yet, so there is nowhere to look.",
            "Name a folder, such as Documents.",
            "outside",
        )
    return tuple(starts)


def _walk(starts: tuple[Path, ...], wanted: _Wanted, reach: Reach, walk: _Walk) -> Iterator[_Found]:
    """Yield what matches, broad before deep, and keep count in `walk`."""
    deadline = time.monotonic() + _SECONDS
    waiting = deque((start, start) for start in starts)
    matches = 0
    while waiting:
        start, folder = waiting.popleft()
        try:
            with OpenFolder(folder, reach) as opened:
                entries = list(opened.entries())
        except (SkillProblem, OSError):
            walk.unread += 1
            continue
        inside = tuple(plain(part) for part in folder.relative_to(start).parts)
        for entry in entries:
            if _is_hidden(entry.name):
                continue
            walk.looked_at += 1
            if entry.kind == "folder" and len(inside) < _DEEPEST:
                waiting.append((start, folder / entry.name))
            elif entry.kind == "file" and (score := _score(entry.name, inside, wanted)):
                matches += 1
                yield _Found(folder, entry, score)
        if time.monotonic() > deadline:
            walk.ended = "time"
        elif walk.looked_at > _MOST_ENTRIES:
            walk.ended = "entries"
        elif matches > _MOST_FOUND:
            walk.ended = "found"
        if walk.ended:
            return


# ---------------------------------------------------------------- what


def _understood(query: str) -> _Wanted:
    """Take a query apart. A word that means nothing special is looked for in names."""
    words: list[str] = []
    patterns: list[str] = []
    kinds: list[tuple[str, frozenset[str]]] = []
    order: Order | None = None
    plural = False
    for token in query.replace('"', " ").replace("“", " ").replace("”", " ").split():
        word = plain(token).strip(",;:!?" if "*" not in token else ",;:!")
        plural = plural or word in PLURALS
        if "*" in word or "?" in word:
            patterns.append(word)
        elif word in ORDERS:
            order = ORDERS[word]
        elif word.removeprefix(".") in KINDS and word:
            kinds.append((word.removeprefix("."), KINDS[word.removeprefix(".")]))
        elif word and word not in NOISE:
            words.append(word)
    return _Wanted(
        tuple(words),
        tuple(patterns),
        tuple(kinds),
        order or "newest",
        order is not None and not plural,
    )


def _score(name: str, inside: tuple[str, ...], wanted: _Wanted) -> int:
    """Return how well a file matches: 0 not at all. Something of its own name has to."""
    own = plain(name)
    suffix = own.rpartition(".")[2]
    if any(not fnmatch.fnmatchcase(own, pattern) for pattern in wanted.patterns):
        return 0
    score = 1 if wanted.patterns or not (wanted.words or wanted.kinds) else 0
    for word, suffixes in wanted.kinds:
        if suffix not in suffixes and word not in own:
            return 0
        score += 1
    above = 0
    for word in wanted.words:
        # "invoices" also finds invoice-7.pdf.
        forms = (word, word[:-1]) if len(word) > 3 and word.endswith("s") else (word,)
        if any(form in own for form in forms):
            score += 2
        elif any(form in part for form in forms for part in inside):
            above += 1
        else:
            return 0
    return score + above if score else 0


def _rank(found: _Found, wanted: _Wanted) -> tuple[float, ...]:
    entry = found.entry
    by = {
        "newest": -entry.changed,
        "oldest": entry.changed,
        "largest": -float(entry.size),
        "smallest": float(entry.size),
    }[wanted.order]
    # Where nobody said which first, those that match best come first.
    return (by, 0) if wanted.single else (-found.score, by)


# ---------------------------------------------------------------- words


def _is_hidden(name: str) -> bool:
    return name.startswith((".", "~$")) or name.endswith("~") or name.casefold() in SKIPPED


def _is_text(path: Path) -> bool:
    """Tell whether a path can be said: Linux allows names that are not UTF-8, and line breaks."""
    return str(path).isprintable()


def _line(entry: Entry, now: datetime, folder: Path | None = None) -> str:
    name = shown(entry.name)
    # In code marks, so that a name such as my_own_file.txt is shown as it is.
    name = f"`{name}`" if "`" not in name else name
    facts = [name]
    if entry.kind == "file":
        facts.append(size_words(entry.size))
    else:
        facts.append("folder" if entry.kind == "folder" else "link or device")
    facts.append(moment_words(entry.changed, now))
    if folder is not None:
        facts.append(f"in {shown(folder)}")
    return "- " + " · ".join(facts)


def _count(count: int, what: str) -> str:
    if count == 1:
        return f"1 {what}"
    return f"{count or 'no'} {what.replace(' or ', 's or ')}s"


def _left_out(walk: _Walk) -> str:
    said = {
        "": "",
        "time": "; looking took too long, so some folders were left out",
        "entries": f"; only the first {_MOST_ENTRIES:,} things were looked at",
        "found": f"; only the first {_MOST_FOUND:,} matches were kept",
    }[walk.ended]
    folders = "folder" if walk.unread == 1 else "folders"
    return said + (f"; {walk.unread} {folders} could not be looked into" if walk.unread else "")
