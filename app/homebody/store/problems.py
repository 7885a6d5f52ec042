"""Turn what SQLite and the operating system say into sentences for a person.

Nothing raw leaves the store: each `sqlite3.Error` and `OSError` becomes one kind of `StoreProblem`.
"""

import errno
import shutil
import sqlite3
from pathlib import Path

from homebody.base.errors import (
    StoreDamaged,
    StoreFull,
    StoreProblem,
    StoreReadOnly,
)

__all__ = [
    "damaged",
    "full",
    "index_is_damaged",
    "is_damage",
    "primary_code",
    "problem",
    "read_only",
    "unwritable",
]

_NEARLY_NOTHING = 256 * 1024
"""Bytes; with less than this free, an input/output error means a full disk."""


def problem(error: Exception, doing: str, where: Path | None = None) -> StoreProblem:  # noqa: PLR0911
    """Return the problem behind `error`, which came up while trying to `doing`.

    `doing` is an infinitive ("save the reply"); `where` is the database, None for one in memory.
    """
    if isinstance(error, StoreProblem):
        return error
    if is_damage(error):
        return damaged(doing)
    if isinstance(error, OSError):
        return _from_system(error, doing, where)
    code = primary_code(error)
    if code == sqlite3.SQLITE_FULL or (code in _VAGUE and _no_room(where)):
        return full(doing)
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH):
        return read_only(doing)
    if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR) and unwritable(where):
        return read_only(doing)
    return _other(error, code, doing)


def full(doing: str) -> StoreFull:
    """Return the problem of a full disk."""
    return StoreFull(
        f"Could not {doing}: no space is left on the disk. Everything saved before is safe.",
        "Free some space and try again; Homebody need not be restarted.",
    )


def read_only(doing: str) -> StoreReadOnly:
    """Return the problem of a profile that may not be written."""
    return StoreReadOnly(
        f"Could not {doing}: the folder with the conversations may not be written.",
        "Make the folder writable for your user, or set HOMEBODY_HOME to another folder.",
    )


def damaged(doing: str) -> StoreDamaged:
    """Return the problem of a database whose pages make no sense."""
    return StoreDamaged(
        f"Could not {doing}: the file with the conversations is damaged.",
        "Close every Homebody window and terminal and start again: it keeps the damaged file, "
        "goes back to the newest good backup and adds what can still be read.",
    )


def is_damage(error: Exception) -> bool:
    """Tell whether `error` means that the database's content is broken."""
    if not isinstance(error, sqlite3.Error):
        return False
    # Text that is no UTF-8 has no code of its own.
    return primary_code(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB) or (
        "decode to UTF-8" in str(error)
    )


def index_is_damaged(error: Exception) -> bool:
    """Tell whether only the full text index is broken; it can be made again from the turns."""
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code == sqlite3.SQLITE_CORRUPT_VTAB


_VAGUE = (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PROTOCOL)
"""What SQLite also says when a full disk stops it from growing its shared memory file."""


def primary_code(error: Exception) -> int:
    """Return SQLite's result code without its details; 0 for what Python's module found."""
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF


def _from_system(error: OSError, doing: str, where: Path | None) -> StoreProblem:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return full(doing)
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return read_only(doing)
    if error.errno == errno.EIO and _no_room(where):
        return full(doing)
    return StoreProblem(
        f"Could not {doing}: {error.strerror or type(error).__name__}.",
        "Check the disk and the folder of your profile, then try again.",
    )


def _other(error: Exception, code: int, doing: str) -> StoreProblem:
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreProblem(
            f"Could not {doing}: another Homebody kept the conversations busy for too long.",
            "Try again in a moment, or close the other window or terminal.",
        )
    if code in (sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_NOMEM) or isinstance(error, MemoryError):
        return StoreProblem(
            f"Could not {doing}: the text is too large.", "Use a shorter text, or several."
        )
    if isinstance(error, sqlite3.ProgrammingError) and "closed" in str(error):
        return StoreProblem(f"Could not {doing}: the conversations are closed.", "Start again.")
    if code == sqlite3.SQLITE_CANTOPEN:
        return StoreProblem(
            f"Could not {doing}: the file with the conversations cannot be opened.",
            "Look at what lies at homebody.sqlite in the profile, and who may read it.",
        )
    # SQLite's own words name tables and codes, never a person's text.
    return StoreProblem(
        f"Could not {doing}: {error}.",
        "Try again; if it stays, check the disk.",
    )


def _no_room(where: Path | None) -> bool:
    if where is None:
        return False
    try:
        return shutil.disk_usage(where.parent).free < _NEARLY_NOTHING
    except OSError:
        return False


def unwritable(where: Path | None) -> bool:
    """Tell whether the folder or the file of a database may not be written."""
    if where is None or not where.parent.is_dir():
        return False
    # Asking beats os.access, which says yes to root and to Windows' read-only folders.
    probe = where.with_name(f".{where.name}.probe")
    try:
        probe.touch()
        probe.unlink()
        if where.is_file():
            with where.open("r+b"):
                pass
    except OSError as error:
        return error.errno in (errno.EACCES, errno.EPERM, errno.EROFS)
    return False
