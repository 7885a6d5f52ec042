"""The way from a profile's folder to a database that can be trusted, or to a clear problem.

Missing: created. From a newer version: refused, untouched. Damaged: recovered. From an older
version: copied, then upgraded. A file that was closed properly is known by a small mark beside it
(its size and time of change), and opens without being read through.
"""

import json
import os
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from homebody.base.errors import HomebodyError, StoreDamaged
from homebody.base.log import log
from homebody.base.paths import Home
from homebody.store import backups, recovery, schema, turns
from homebody.store.database import Database, connect, peek
from homebody.store.presence import Presence
from homebody.store.problems import damaged, is_damage, primary_code, problem, read_only, unwritable

__all__ = ["Opened", "open_in_memory", "open_on_disk", "shut"]

_DOING = "open the conversations"
_HEADER = b"SQLite format 3\0"


@dataclass(frozen=True)
class Opened:
    """An open database, and what was found on the way."""

    database: Database
    presence: Presence | None
    notices: tuple[str, ...] = ()


def open_in_memory() -> Opened:
    """Open a database that never touches the disk."""
    database = Database(connect(None), None)
    database.write(_DOING, schema.apply)
    return Opened(database, None)


def open_on_disk(home: Home, when: datetime) -> Opened:
    """Open the database of a profile. Raises `StoreProblem` of every kind, nothing else."""
    path = home.database
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        presence = Presence(path)
    except OSError as error:
        raise problem(error, _DOING, path) from error
    try:
        opened = _climb(home, presence, when)
    except HomebodyError:
        presence.gone()
        raise
    except (sqlite3.Error, OSError) as error:
        presence.gone()
        raise problem(error, _DOING, path) from error
    except BaseException:
        presence.gone()
        raise
    presence.settle()
    return opened


def shut(opened: Opened) -> None:
    """Close the database; if nobody else uses it, mark it as properly closed. Never raises."""
    database, presence, path = opened.database, opened.presence, opened.database.path
    if not database.suspect:
        # A full disk, or another process that reads: the log stays, and is read next time.
        with suppress(HomebodyError):
            database.alone("close", lambda c: c.execute("PRAGMA wal_checkpoint(TRUNCATE)").close())
    database.close()
    if presence is None or path is None or presence.is_gone:
        return
    with suppress(OSError):
        if database.suspect:
            _mark(path).write_text('{"suspect": true}', encoding="utf-8")
        elif presence.leave() and not _log_size(path):
            facts = path.stat()
            seen = {"size": facts.st_size, "mtime_ns": facts.st_mtime_ns}
            _mark(path).write_text(json.dumps(seen), encoding="utf-8")
    presence.gone()


def _climb(home: Home, presence: Presence, when: datetime) -> Opened:
    path = home.database
    notices: tuple[str, ...] = ()
    if presence.alone:
        recovery.finish(path)
        if not path.exists() and backups.listed(home.backups):
            notices = recovery.recover(path, home.backups, when)
    fresh = not path.exists()
    if fresh:
        # Before SQLite makes it, so that it is never readable by others; its log follows.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    try:
        database = _try(home, presence, when, fresh=fresh)
    except (sqlite3.Error, HomebodyError) as error:
        if not (is_damage(error) or isinstance(error, StoreDamaged)):
            raise
        if not presence.alone:
            raise damaged(_DOING) from error
        log.warning("the database is damaged, recovering")
        notices += recovery.recover(path, home.backups, when)
        _mark(path).unlink(missing_ok=True)
        database = _try(home, presence, when, fresh=False)
    return Opened(database, presence, notices)


def _try(home: Home, presence: Presence, when: datetime, *, fresh: bool) -> Database:
    path = home.database
    if not fresh and not _is_blank(home):
        _look(path, thoroughly=presence.alone)
    connection = connect(path)
    try:
        _must_be_writable(connection, path)
        _upgrade(connection, home, when)
        database = Database(connection, path)
        database.write(_DOING, lambda c: turns.interrupt_orphans(c, when))
    except BaseException:
        connection.close()
        raise
    return database


def _is_blank(home: Home) -> bool:
    """Tell whether there is only what a first start left that did not get further."""
    path = home.database
    return not (
        path.stat().st_size
        or _log_size(path)
        or _mark(path).exists()
        or backups.listed(home.backups)
    )


def _look(path: Path, *, thoroughly: bool) -> None:
    """Raise `StoreTooNew` or `StoreDamaged` where it is so, without changing a byte.

    Only a look: a connection that may write would, on closing, carry the log into the file.
    """
    if path.stat().st_size < len(_HEADER):
        raise damaged(_DOING)
    try:
        with closing(peek(path)) as connection:
            schema.judge(connection)
            if thoroughly:
                _inspect(connection, path)
    except sqlite3.Error as error:
        # A broken header shows itself as "unsupported file format", a broken table as "no such
        # column"… What is known to come from outside is left alone.
        cut_short = getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_IOERR_SHORT_READ
        if primary_code(error) in _FROM_OUTSIDE and not cut_short:
            raise
        raise damaged(_DOING) from error


_FROM_OUTSIDE = (
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_READONLY,
)


_WITH_WORDS = {"conversation", "turn", "checkpoint", "note", "reminder", "granted"}


def _must_be_writable(connection: sqlite3.Connection, path: Path) -> None:
    try:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        if primary_code(error) != sqlite3.SQLITE_READONLY:
            raise
        # A header of an unknown write version also makes SQLite say so.
        raise (read_only if unwritable(path) else damaged)(_DOING) from error


def _inspect(connection: sqlite3.Connection, path: Path) -> None:
    """Raise `StoreDamaged` if the file was not closed properly and has broken pages."""
    mark = _read_mark(path)
    facts = path.stat()
    if (
        mark.get("size") == facts.st_size
        and mark.get("mtime_ns") == facts.st_mtime_ns
        and not _log_size(path)
    ):
        return
    # Damage was met while the file was in use: then compare the indexes with the rows as well.
    check = "integrity_check" if mark.get("suspect") else "quick_check"
    if connection.execute(f"PRAGMA {check}(1)").fetchone()[0] != "ok":
        raise damaged(_DOING)
    if not schema.is_as_made(connection):
        raise damaged(_DOING)
    # Checks do not look into texts; reading them finds the bytes that are no UTF-8.
    for table in schema.tables(connection) & _WITH_WORDS:
        for _ in connection.execute(f"SELECT * FROM {table}"):  # noqa: S608
            pass
    _mark(path).unlink(missing_ok=True)


def _upgrade(connection: sqlite3.Connection, home: Home, when: datetime) -> None:
    """Apply pending migrations, after a backup if there is something to lose."""
    if not schema.pending(connection):
        return
    if not schema.is_new(connection):
        backups.make(home.database, home.backups, when)
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Again inside the transaction: another process may just have done it.
        schema.judge(connection)
        schema.apply(connection)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _mark(path: Path) -> Path:
    return path.with_name(path.name + "-clean")


def _read_mark(path: Path) -> dict[str, int | bool]:
    try:
        mark = json.loads(_mark(path).read_bytes())
    except (OSError, ValueError):
        return {}
    return mark if isinstance(mark, dict) else {}


def _log_size(path: Path) -> int:
    try:
        return path.with_name(path.name + "-wal").stat().st_size
    except OSError:
        return 0
