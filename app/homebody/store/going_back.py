"""Putting a copy of the conversations back: the way back from an upgrade, or from a mistake.

What was there is copied first, as any other backup, so that going back can itself be undone. The
copy that is put back stays as it was written: an older Homebody opens it again, this one upgrades
it, after yet another copy.
"""

import shutil
import sqlite3
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path

from homebody.base.errors import BadInput, HomebodyError, StoreDamaged, StoreProblem
from homebody.base.paths import Home
from homebody.messages.backups import BackupFile, RestoredReport
from homebody.store import backups, recovery, schema
from homebody.store.database import peek
from homebody.store.presence import Presence
from homebody.store.problems import is_damage, problem

__all__ = ["copies", "go_back"]

_DOING = "put a backup back"


def copies(home: Home) -> tuple[BackupFile, ...]:
    """Return the backups there are, the newest first. Raises `StoreProblem`."""
    try:
        return tuple(map(_look, reversed(backups.listed(home.backups))))
    except OSError as error:
        raise problem(error, "look at the backups", home.backups) from error


def go_back(home: Home, when: datetime, name: str = "") -> RestoredReport:
    """Put the copy of this name in the place of the conversations; "": the newest that opens here.

    Nobody may have them open. Raises `HomebodyError`; then everything is as it was.
    """
    path = home.database
    chosen = _chosen(copies(home), name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        presence = Presence(path)
    except OSError as error:
        raise problem(error, _DOING, path) from error
    try:
        if not presence.alone:
            raise StoreProblem(
                "The conversations are in use, so nothing was put back.",
                "Close Homebody's window and end it in other terminals, then try again.",
            )
        backup = home.backups / chosen.name
        kept = _keep(home, when, spare=backup)
        _put(backup, path)
    except (sqlite3.Error, OSError) as error:
        raise problem(error, _DOING, path) from error
    finally:
        presence.gone()
    return RestoredReport(restored=chosen, kept=kept)


def _chosen(found: tuple[BackupFile, ...], name: str) -> BackupFile:
    for each in found:
        if each.name == name or (not name and each.written_by in {"older", "this"}):
            if each.conversations is None:
                raise _broken(each.name)
            return each
    if name:
        raise BadInput(
            f"There is no backup {name[:100]!r}.", "`homebody backups list` names those there are."
        )
    raise BadInput(
        "There is no backup that this version opens.",
        "Homebody makes one every half hour in which something was written, and one before each "
        "upgrade.",
    )


def _look(path: Path) -> BackupFile:
    conversations, written_by = None, None
    with suppress(sqlite3.Error, HomebodyError), closing(peek(path)) as connection:
        written_by = schema.age(connection)
        row = connection.execute("SELECT count(*) FROM conversation WHERE deleted IS NULL")
        conversations = int(row.fetchone()[0])
    return BackupFile(
        name=path.name,
        taken=backups.taken(path).isoformat(),
        bytes=path.stat().st_size,
        conversations=conversations,
        written_by=written_by,
    )


def _keep(home: Home, when: datetime, *, spare: Path) -> str:
    """Copy what is there to the other backups; return the copy's name, "" if there is nothing.

    None goes to make room for it that is to be put back: `spare`.
    """
    path = home.database
    recovery.finish(path)
    if not path.exists() or not path.stat().st_size:
        return ""
    try:
        return backups.make(path, home.backups, when, spare).name
    except (StoreDamaged, sqlite3.Error) as error:
        if not (is_damage(error) or isinstance(error, StoreDamaged)):
            raise
        raise StoreDamaged(
            "The conversations are damaged, so they could not be copied first, and nothing was put "
            "back.",
            "Start Homebody: it recovers what can be read, with the newest backup. Then try again.",
        ) from error


def _put(backup: Path, path: Path) -> None:
    """Put a copy of a backup in the database's place, in one step."""
    building = path.with_name(f"{path.stem}.recovering{path.suffix}")
    building.unlink(missing_ok=True)
    building.touch(mode=0o600)
    try:
        shutil.copyfile(backup, building)
        good = backups.check(building) is not None
        if good:
            backups.sync(building)
            building.replace(recovery.ready(path))
    finally:
        building.unlink(missing_ok=True)
    if not good:
        raise _broken(backup.name)
    try:
        recovery.finish(path)
    except BaseException:
        # Windows lets nobody replace what another process has open: then the next start must not.
        recovery.ready(path).unlink(missing_ok=True)
        raise


def _broken(name: str) -> StoreDamaged:
    return StoreDamaged(f"{name} is damaged, so nothing was put back.", "Choose another backup.")
