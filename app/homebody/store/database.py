"""One SQLite connection for a whole process: its settings, its lock, its transactions."""

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import RLock
from typing import TypeVar

from homebody.base.errors import HomebodyError
from homebody.store import words
from homebody.store.problems import index_is_damaged, is_damage, problem

__all__ = ["PAGE", "Database", "connect", "peek"]

Result = TypeVar("Result")
Work = Callable[[sqlite3.Connection], Result]

PAGE = 4096
"""Bytes of a page; fixed, so that a file without its first page can still be read."""

_SETTINGS = (
    f"PRAGMA page_size = {PAGE}",
    "PRAGMA busy_timeout = 5000",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
    "PRAGMA secure_delete = ON",
    "PRAGMA foreign_keys = ON",
)


def connect(path: Path | None, *, journal: str = "WAL") -> sqlite3.Connection:
    """Open the file at `path`, or a database in memory. Raises raw `sqlite3.Error`.

    Transactions are begun by hand: with `isolation_level` None, Python starts none by itself.
    """
    connection = sqlite3.connect(
        ":memory:" if path is None else str(path),
        timeout=5.0,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
    )
    try:
        for setting in _SETTINGS:
            connection.execute(setting)
        if path is None:
            connection.execute("PRAGMA temp_store = MEMORY")
        else:
            connection.execute(f"PRAGMA journal_mode = {journal}").fetchone()
            # FULL: a commit is on the disk, not in a cache, when it returns.
            connection.execute("PRAGMA synchronous = FULL")
            # Small steps: no single commit has to carry 1,000 pages into the database.
            connection.execute("PRAGMA wal_autocheckpoint = 400")
            # A large reply must not leave a large -wal file behind.
            connection.execute("PRAGMA journal_size_limit = 4194304")
    except BaseException:
        connection.close()
        raise
    connection.row_factory = sqlite3.Row
    return connection


def peek(path: Path) -> sqlite3.Connection:
    """Open `path` for reading without leaving a trace. Raises raw `sqlite3.Error`."""
    wal = path.with_name(path.name + "-wal")
    # With nothing in the log the file alone is the truth, and SQLite need not make a new log.
    how = "mode=ro" if wal.exists() and wal.stat().st_size else "immutable=1"
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?{how}", uri=True, isolation_level=None, timeout=5.0
    )
    try:
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA cell_size_check = ON")
    except BaseException:
        connection.close()
        raise
    connection.row_factory = sqlite3.Row
    return connection


class Database:
    """A connection that any thread may use, one at a time.

    `read` and `write` raise `HomebodyError` only. After damage was met, `suspect` is True.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path | None) -> None:
        self.connection = connection
        self.path = path
        self.suspect = False
        self._lock = RLock()

    def read(self, doing: str, work: Work[Result]) -> Result:
        """Return `work(connection)`, which sees one moment of the database."""
        return self._run("BEGIN", doing, work)

    def write(self, doing: str, work: Work[Result]) -> Result:
        """Return `work(connection)` once all it wrote is on the disk; else nothing is written."""
        return self._run("BEGIN IMMEDIATE", doing, work)

    def alone(self, doing: str, work: Work[Result]) -> Result:
        """Return `work(connection)` outside of a transaction (VACUUM and the like)."""
        return self._guarded(doing, lambda: work(self.connection))

    def close(self) -> None:
        """Close the connection. May be called twice."""
        with self._lock, suppress(sqlite3.Error):
            self.connection.close()

    def _run(self, begin: str, doing: str, work: Work[Result]) -> Result:
        def transaction() -> Result:
            if self.connection.in_transaction:  # called inside another piece of work
                return work(self.connection)
            self.connection.execute(begin)
            try:
                result = work(self.connection)
                self.connection.execute("COMMIT")
            except BaseException:
                self._roll_back()
                raise
            return result

        def mended() -> Result:
            try:
                return transaction()
            except sqlite3.Error as error:
                if not index_is_damaged(error) or self.connection.in_transaction:
                    raise
            # The index holds nothing of its own: make it again, and once more.
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                words.rebuild(self.connection)
                self.connection.execute("COMMIT")
            except BaseException:
                self._roll_back()
                raise
            return transaction()

        return self._guarded(doing, mended)

    def _roll_back(self) -> None:
        # SQLite may have rolled back by itself, after a full disk for instance.
        if self.connection.in_transaction:
            with suppress(sqlite3.Error):
                self.connection.execute("ROLLBACK")

    def _guarded(self, doing: str, work: Callable[[], Result]) -> Result:
        with self._lock:
            try:
                return work()
            except HomebodyError:
                raise
            except (sqlite3.Error, OSError, OverflowError, MemoryError) as error:
                self.suspect = self.suspect or is_damage(error)
                raise problem(error, doing, self.path) from error
