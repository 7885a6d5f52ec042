"""Copies of the database, each opened and checked before it gets its name; and which ones to keep.

A copy's name is `homebody-NNNNNN-YYYYMMDD-HHMMSS.sqlite`. Its number only grows: it says which one
is newest. The date only helps to spread the kept ones over days, so a clock that was wrong for a
while never makes the newest copies go.
"""

import os
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Sequence
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

from homebody.base.files import sync_folder
from homebody.base.log import log
from homebody.store import schema
from homebody.store.database import connect, peek
from homebody.store.problems import damaged

__all__ = ["check", "copy_of", "is_due", "listed", "make", "restore", "rotate", "sync", "taken"]

_NAME = re.compile(r"homebody-(\d{6,})-(\d{8}-\d{6})\.sqlite")
_DUE_S = 30 * 60
_NEWEST, _DAYS, _WEEKS, _MONTHS = 3, 12, 10, 9
_STEP = 512
"""Pages copied at a time; between steps other threads of this process go on."""
_COUNTED = ("conversation", "turn", "checkpoint", "note", "reminder")


def listed(folder: Path) -> list[Path]:
    """Return the copies, oldest first."""
    if not folder.is_dir():
        return []
    found = [path for path in folder.iterdir() if _NAME.fullmatch(path.name)]
    return sorted(found, key=_number)


def taken(path: Path) -> datetime:
    """Return when a copy was made, as the clock then was."""
    match = _NAME.fullmatch(path.name)
    text = match[2] if match else "19700101-000000"
    try:
        return datetime.strptime(text, "%Y%m%d-%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)


def is_due(folder: Path, when: datetime) -> bool:
    """Tell whether the newest copy is 30 minutes old, or from a future that never was."""
    copies = listed(folder)
    return not copies or abs((when - taken(copies[-1])).total_seconds()) >= _DUE_S


def make(database: Path, folder: Path, when: datetime, spare: Path | None = None) -> Path:
    """Copy `database` as it is at this moment; writers go on meanwhile.

    `spare` is an older copy that does not go to make room for this one. Raises `OSError` and
    `sqlite3.Error`; `StoreDamaged` where the copy is not as it should be, which means that the
    database itself is damaged.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = _temporary(folder)
    try:
        with closing(connect(database)) as source:
            # One read transaction: the copy sees one moment, and never has to begin again.
            source.execute("BEGIN")
            counts = _counts(source)
            with closing(sqlite3.connect(temporary)) as target:
                source.backup(target, pages=_STEP, sleep=0.001)
                target.execute("PRAGMA journal_mode = DELETE")
            source.execute("COMMIT")
        sync(temporary)
        _must_be(check(temporary), counts)
        return _name(temporary, folder, when, spare)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _must_be(found: dict[str, int] | None, counts: dict[str, int]) -> None:
    if found != counts:
        raise damaged("make a backup")


def _name(temporary: Path, folder: Path, when: datetime, spare: Path | None) -> Path:
    copies = listed(folder)
    number = _number(copies[-1]) + 1 if copies else 1
    while True:
        final = folder / f"homebody-{number:06}-{when:%Y%m%d-%H%M%S}.sqlite"
        # Another process may have taken this number just now.
        if not any(_number(path) == number for path in listed(folder)):
            break
        number += 1
    temporary.replace(final)
    sync_folder(folder)
    rotate(folder, spare)
    return final


def check(path: Path) -> dict[str, int] | None:
    """Open a copy and read all of it; return its row counts, None if anything is wrong."""
    try:
        with closing(connect(path, journal="DELETE")) as connection:
            if connection.execute("PRAGMA integrity_check(1)").fetchone()[0] != "ok":
                return None
            if connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
                return None
            return _counts(connection)
    except sqlite3.Error:
        return None


def restore(folder: Path, target: Path) -> Path | None:
    """Copy the newest good backup to `target`; return which one, or None and leave it empty."""
    for path in reversed(listed(folder)):
        shutil.copyfile(path, target)
        if check(target) is not None:
            return path
        log.warning("backup %s is damaged, trying an older one", path.name)
        target.write_bytes(b"")
    return None


def rotate(folder: Path, spare: Path | None = None) -> None:
    """Delete the copies that are not needed any more: keep the newest, 12 d, 10 w and 9 m.

    And the last one that each older version wrote, which is the way back to that version, and
    `spare`.
    """
    copies = listed(folder)[::-1]
    keep = {*copies[:_NEWEST], spare}
    days = [taken(path) for path in copies]
    for most, buckets in (
        (_DAYS, [f"{day:%Y-%m-%d}" for day in days]),
        (_WEEKS, [f"{day:%G-%V}" for day in days]),
        (_MONTHS, [f"{day:%Y-%m}" for day in days]),
    ):
        seen: set[str] = set()
        for path, bucket in zip(copies, buckets, strict=True):
            if bucket not in seen and len(seen) < most:
                seen.add(bucket)
                keep.add(path)
    for path in [
        path
        for place, path in enumerate(copies)
        if path not in keep and not _is_way_back(path, copies[:place])
    ]:
        # Open in another program on Windows: the next rotation deletes it.
        with suppress(OSError):
            path.unlink()


def _is_way_back(path: Path, newer: Sequence[Path]) -> bool:
    """Tell whether no newer copy has the tables that this one has."""
    made = _made_by(path)
    return bool(made) and all(_made_by(each) != made for each in newer)


def _made_by(path: Path) -> list[str]:
    """Return which migrations ran on a copy; none where it cannot be read."""
    with suppress(sqlite3.Error, OSError), closing(peek(path)) as connection:
        return schema.applied_to(connection)
    return []


def copy_of(path: Path) -> Path:
    """Return a private temporary copy beside `path`, to be changed and put in its place."""
    temporary = _temporary(path.parent)
    shutil.copyfile(path, temporary)
    return temporary


def sync(path: Path) -> None:
    """Wait until the content of `path` is on the disk."""
    with path.open("r+b") as stream:
        os.fsync(stream.fileno())


def _temporary(folder: Path) -> Path:
    handle, name = tempfile.mkstemp(prefix=".copy-", suffix=".sqlite", dir=folder)
    os.close(handle)
    return Path(name)


def _number(path: Path) -> int:
    match = _NAME.fullmatch(path.name)
    return int(match[1]) if match else 0


def _counts(connection: sqlite3.Connection) -> dict[str, int]:
    made = schema.tables(connection)  # a copy may be from before there were notes
    return {
        table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608
        for table in _COUNTED
        if table in made
    }
