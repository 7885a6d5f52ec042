"""Make words disappear from every file of a profile.

Deleting a row is not enough: words linger in the free space of pages, in the full text index, in
the write-ahead log, in backups and in damaged originals that were kept.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from homebody.base.files import sync_folder
from homebody.store import backups, notes, schema, sent, words
from homebody.store.database import connect, peek
from homebody.store.problems import primary_code

__all__ = ["delete_rows", "scrub_backups", "scrub_database", "scrub_strays"]


def delete_rows(connection: sqlite3.Connection, names: Sequence[str]) -> None:
    """Delete conversations with all that hangs on them, their words in the index included.

    A name may also be a note's or a reminder's, or in a backup the hash of a body that was sent:
    names are unique everywhere.
    """
    kept = schema.tables(connection) & {"note", "reminder", "sent"}  # an old backup has none
    for name in names:
        if "note" in kept:
            notes.remove(connection, name)
        if "reminder" in kept:
            connection.execute("DELETE FROM reminder WHERE id = ?", (name,))
        if "sent" in kept:
            sent.forget(connection, name, in_backup=True)
        row = connection.execute("SELECT seq FROM conversation WHERE id = ?", (name,)).fetchone()
        if row is not None:
            words.forget(connection, row[0])
            connection.execute("DELETE FROM conversation WHERE seq = ?", (row[0],))


def scrub_database(connection: sqlite3.Connection) -> bool:
    """Rewrite the database and empty its log, outside of a transaction. False: it is in use.

    The log cannot be emptied while another process reads; then this has to be done again later.
    """
    # Without room for a second copy this fails, but rows and index are overwritten already.
    connection.execute("VACUUM")
    busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    return not busy


def scrub_backups(folder: Path, names: Sequence[str]) -> None:
    """Take conversations out of every backup. A backup that cannot be read is deleted."""
    if not folder.is_dir():
        return
    for stray in folder.glob(".copy-*"):
        stray.unlink(missing_ok=True)
    for path in backups.listed(folder):
        if _never_had(path, names):
            continue
        temporary = backups.copy_of(path)
        try:
            if not _without(temporary, names):
                path.unlink(missing_ok=True)
                continue
            backups.sync(temporary)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    sync_folder(folder)


def scrub_strays(database: Path) -> None:
    """Delete damaged originals, and what a crash left of writing a draft.

    What could be read in the originals was recovered when they were found.
    """
    for pattern in ("damaged-*", "salvage*", "recovering*"):
        for path in database.parent.glob(f"{database.stem}.{pattern}"):
            path.unlink(missing_ok=True)
    for path in database.parent.glob(f".{database.stem}.draft.*"):
        path.unlink(missing_ok=True)


def _never_had(path: Path, names: Sequence[str]) -> bool:
    """Tell whether a backup is older than all that has these names."""
    marks = ", ".join("?" * len(names))
    try:
        with closing(peek(path)) as connection:
            tables = schema.tables(connection)
            for table in tables & {"conversation", "note", "reminder"}:
                sql = f"SELECT 1 FROM {table} WHERE id IN ({marks})"  # noqa: S608
                if connection.execute(sql, tuple(names)).fetchone() is not None:
                    return False
            return "sent" not in tables or not any(sent.holds(connection, name) for name in names)
    except sqlite3.Error:
        return False


def _without(copy: Path, names: Sequence[str]) -> bool:
    """Take conversations out of one file; return whether it is good afterwards."""
    try:
        with closing(connect(copy, journal="DELETE")) as connection:
            connection.execute("BEGIN IMMEDIATE")
            delete_rows(connection, names)
            connection.execute("COMMIT")
            connection.execute("VACUUM")
    except sqlite3.Error as error:
        if primary_code(error) in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
            raise
        return False
    return backups.check(copy) is not None
