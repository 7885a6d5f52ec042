"""From a damaged database to a good one, without losing what can still be read.

Nothing is taken away before its replacement is on the disk: the damaged file is copied aside, the
new database is built under another name and checked, and only then takes the old one's place. A
crash at any point leaves a state from which the next start goes on.
"""

import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from homebody.base.errors import StoreDamaged
from homebody.base.files import sync_folder
from homebody.store import backups, offers, schema, words
from homebody.store.database import connect
from homebody.store.salvage import (
    CONVERSATION,
    NOTE,
    REMINDER,
    SENT,
    TURN,
    Finds,
    Record,
    number,
    read,
)
from homebody.store.work import read_offer, read_waiting

__all__ = ["finish", "ready", "recover"]

_EPOCH = datetime.fromtimestamp(0, UTC).isoformat(timespec="microseconds")


@dataclass
class _Tally:
    added: int = 0
    newer: int = 0
    partly: int = 0
    homeless: int = 0
    kept: int = 0
    """Notes and reminders that were added."""


def recover(database: Path, folder: Path, when: datetime) -> tuple[str, ...]:
    """Replace a damaged (or missing) database; return what a person should know about it.

    Must be called while nobody has the database open. Raises `OSError` and `sqlite3.Error` where
    the disk does not allow it; then everything is as it was before.
    """
    building = _beside(database, "recovering")
    _remove(building)
    building.touch(mode=0o600)  # private from its first byte on
    existed = database.exists()
    kept = _keep(database, when) if existed else None
    backup = backups.restore(folder, building) if folder.is_dir() else None
    # The salvage reads the copy: a program that goes wrong must not go wrong on the original.
    finds = read(kept) if kept else Finds()
    with closing(connect(building, journal="DELETE")) as connection:
        connection.execute("BEGIN IMMEDIATE")
        schema.apply(connection)
        before = connection.execute("SELECT count(*) FROM turn").fetchone()[0]
        connection.execute("PRAGMA defer_foreign_keys = ON")
        tally = _merge(connection, finds)
        if backup is None:
            words.rebuild(connection)
        connection.execute("COMMIT")
    if backups.check(building) is None:
        _remove(building)
        raise StoreDamaged(
            "The conversations are damaged and could not be repaired. Nothing was deleted.",
            f"Keep {database.parent} as it is and report this; backups are in {folder}.",
        )
    backups.sync(building)
    building.replace(ready(database))
    sync_folder(database.parent)
    finish(database)
    return _tell(kept, backup, before, tally, existed=existed)


def finish(database: Path) -> bool:
    """Put a recovered database, complete and checked, in its place; False if there is none."""
    waiting = ready(database)
    if not waiting.exists():
        return False
    # The old log first: SQLite would replay it over the new file.
    for ending in ("-wal", "-shm"):
        database.with_name(database.name + ending).unlink(missing_ok=True)
    waiting.replace(database)
    sync_folder(database.parent)
    return True


def ready(database: Path) -> Path:
    """Return where a complete, checked database waits to be put in the place of `database`."""
    return _beside(database, "recovered")


def _beside(database: Path, what: str) -> Path:
    return database.with_name(f"{database.stem}.{what}{database.suffix}")


def _remove(path: Path) -> None:
    for ending in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + ending).unlink(missing_ok=True)


def _keep(database: Path, when: datetime) -> Path:
    """Copy the damaged file and its log to a name with the date, and wait for the disk."""
    kept = _beside(database, f"damaged-{when:%Y%m%d-%H%M%S}")
    again = 1
    while kept.exists():
        again += 1
        kept = _beside(database, f"damaged-{when:%Y%m%d-%H%M%S}-{again}")
    for ending in ("-wal", ""):
        source = database.with_name(database.name + ending)
        if source.exists():
            target = kept.with_name(kept.name + ending)
            target.touch(mode=0o600)
            shutil.copyfile(source, target)
            backups.sync(target)
    sync_folder(database.parent)
    return kept


def _merge(connection: sqlite3.Connection, finds: Finds) -> _Tally:
    """Add what was found to the restored backup: newer rows, and newer versions of rows."""
    tally = _Tally()
    # Numbers in the damaged file and here; the same, except after an earlier recovery.
    homes: dict[int, int] = {}
    for record, whole in sorted(finds.conversations.values(), key=lambda each: number(each[0])):
        homes[number(record)] = _put_conversation(connection, record, whole=whole)
    numbers: dict[int, int] = {}
    for record, whole in sorted(finds.turns.values(), key=lambda each: number(each[0])):
        _put_turn(connection, record, homes, numbers, tally, whole=whole)
    for old, (reply, reasoning) in finds.checkpoints.items():
        connection.execute(
            "INSERT OR REPLACE INTO checkpoint SELECT seq, created, ?, ? FROM turn"
            " WHERE seq = ? AND state = 'open'",
            (reply, reasoning, numbers.get(old)),
        )
    _show_heads(connection, finds, homes, numbers)
    _put_kept(connection, finds, tally)
    _put_sent(connection, finds, homes)
    return tally


def _put_conversation(connection: sqlite3.Connection, record: Record, *, whole: bool) -> int:
    row = connection.execute(
        "SELECT seq, title FROM conversation WHERE id = ?", (record["id"],)
    ).fetchone()
    plain = [name for name in CONVERSATION if name not in ("seq", "id", "head")]
    values = {name: record[name] for name in plain}
    if row is not None:
        if whole:
            changes = ", ".join(f"{name} = :{name}" for name in plain)
            connection.execute(
                f"UPDATE conversation SET {changes} WHERE seq = :seq",  # noqa: S608
                values | {"seq": row["seq"]},
            )
            if row["title"] != values["title"]:
                words.index_title(connection, row["seq"], str(values["title"]))
        return cast("int", row["seq"])
    values |= {"id": record["id"], "seq": _free(connection, "conversation", number(record))}
    seq = _insert(connection, "conversation", values)
    words.index_title(connection, seq, str(values["title"]))
    return seq


_CHANGING = (
    "owner",
    "state",
    "ended",
    "reply",
    "reasoning",
    "problem",
    "run",
    "planned",
    "steps",
    "waiting",
    "offer",
)


def _put_turn(
    connection: sqlite3.Connection,
    record: Record,
    homes: dict[int, int],
    numbers: dict[int, int],
    tally: _Tally,
    *,
    whole: bool,
) -> None:
    old = number(record)
    row = connection.execute(
        "SELECT seq, state, ended, planned, steps, waiting, offer FROM turn WHERE id = ?",
        (record["id"],),
    ).fetchone()
    offer = read_offer(str(record["offer"]))
    if offer is None or not (offers.is_whole(offer) or not offer.body):
        record = record | {"offer": ""}
    if (
        record["state"] == "waiting"
        and not record["offer"]
        and read_waiting(str(record["waiting"])) is None
    ):
        # Nobody knows any more what was asked.
        record = record | {"state": "interrupted", "waiting": ""}
    if row is not None:
        numbers[old] = row["seq"]
        # What was done in the backup is final, and there it is not damaged.
        moved_on = any(row[name] != record[name] for name in row.keys() if name != "seq")  # noqa: SIM118
        if whole and moved_on and row["state"] != "done":
            changes = ", ".join(f"{name} = :{name}" for name in _CHANGING)
            values = {name: record[name] for name in _CHANGING} | {"seq": row["seq"]}
            connection.execute(f"UPDATE turn SET {changes} WHERE seq = :seq", values)  # noqa: S608
            _index(connection, row["seq"], record)
            tally.newer += 1
        return
    home = _home(connection, cast("int", record["conversation"]), homes, tally)
    values = {name: record[name] for name in TURN}
    values["seq"] = _free(connection, "turn", old)
    values["conversation"] = home
    parent = _parent(connection, record, home, numbers)
    values["parent"] = parent
    if parent is not None and isinstance(values["seq"], int) and values["seq"] < parent:
        values["seq"] = None  # a branch is read in the order of numbers
    numbers[old] = _insert(connection, "turn", values)
    _index(connection, numbers[old], record)
    tally.added += 1
    tally.partly += not whole


def _index(connection: sqlite3.Connection, seq: int, record: Record) -> None:
    if record["state"] != "open":
        said = (str(record[name]) for name in ("request", "reply", "attachments", "steps"))
        words.index_turn(connection, seq, *said)


def _put_kept(connection: sqlite3.Connection, finds: Finds, tally: _Tally) -> None:
    """Add notes and reminders. One that is there already was at most told meanwhile."""
    for table, columns, found in (
        ("note", NOTE, finds.notes),
        ("reminder", REMINDER, finds.reminders),
    ):
        for record, _ in sorted(found.values(), key=lambda each: number(each[0])):
            sql = f"SELECT seq FROM {table} WHERE id = ?"  # noqa: S608  our own names
            if connection.execute(sql, (record["id"],)).fetchone() is None:
                values = {name: record[name] for name in columns}
                values["seq"] = _free(connection, table, number(record))
                seq = _insert(connection, table, values)
                if table == "note":
                    words.index_note(connection, seq, str(record["text"]))
                tally.kept += 1
            elif table == "reminder" and record["told"]:
                connection.execute(
                    "UPDATE reminder SET told = ? WHERE id = ?", (record["told"], record["id"])
                )


def _put_sent(connection: sqlite3.Connection, finds: Finds, homes: dict[int, int]) -> None:
    """Add the bodies that are not there yet, of conversations that are known."""
    for record in sorted(finds.sent, key=number):
        home = homes.get(cast("int", record["conversation"]))
        there = connection.execute(
            "SELECT 1 FROM sent WHERE sha256 = ? AND at = ?", (record["sha256"], record["at"])
        ).fetchone()
        if home is not None and there is None:
            values = {name: record[name] for name in SENT} | {"conversation": home}
            values["seq"] = _free(connection, "sent", number(record))
            _insert(connection, "sent", values)


def _home(connection: sqlite3.Connection, old: int, homes: dict[int, int], tally: _Tally) -> int:
    """Return the conversation that a turn belongs to; a new one where it could not be read."""
    if old in homes:
        return homes[old]
    row = connection.execute("SELECT seq FROM conversation WHERE seq = ?", (old,)).fetchone()
    if row is None:
        tally.homeless += 1
        homes[old] = _insert(
            connection,
            "conversation",
            {
                "seq": _free(connection, "conversation", old),
                "id": f"recovered{old:023d}",
                "titled_by": "app",
                "title": "Recovered",
                "created": _EPOCH,
                "changed": _EPOCH,
                "touched": connection.execute(
                    "SELECT coalesce(max(touched), 0) + 1 FROM conversation"
                ).fetchone()[0],
            },
        )
        return homes[old]
    homes[old] = row["seq"]
    return homes[old]


def _parent(
    connection: sqlite3.Connection, record: Record, home: int, numbers: dict[int, int]
) -> int | None:
    """Return the turn before this one; where it is lost, the one said before it."""
    old = record["parent"]
    if not isinstance(old, int):
        return None
    row = connection.execute(
        "SELECT seq FROM turn WHERE seq = ? AND conversation = ?", (numbers.get(old, old), home)
    ).fetchone()
    if row is None:
        row = connection.execute(
            "SELECT max(seq) AS seq FROM turn WHERE conversation = ? AND seq < ?",
            (home, number(record)),
        ).fetchone()
    return cast("int | None", row["seq"])


def _free(connection: sqlite3.Connection, table: str, seq: int) -> int | None:
    """Return `seq` where it is not taken, else None: the next one."""
    sql = f"SELECT 1 FROM {table} WHERE seq = ?"  # noqa: S608  our own names
    taken = connection.execute(sql, (seq,)).fetchone()
    return None if taken or not 0 < seq < 1 << 53 else seq


def _insert(connection: sqlite3.Connection, table: str, values: Record) -> int:
    names = ", ".join(values)
    marks = ", ".join(f":{name}" for name in values)
    sql = f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608  our own names
    done = connection.execute(sql, values)
    return cast("int", done.lastrowid)


def _show_heads(
    connection: sqlite3.Connection,
    finds: Finds,
    homes: dict[int, int],
    numbers: dict[int, int],
) -> None:
    """Show the branches that were shown; where that is not known, the newest one."""
    for record, whole in finds.conversations.values():
        head = record["head"]
        if whole and isinstance(head, int) and head in numbers:
            connection.execute(
                "UPDATE conversation SET head = ? WHERE seq = ?",
                (numbers[head], homes[number(record)]),
            )
    connection.execute(
        "UPDATE conversation SET head = (SELECT max(seq) FROM turn"
        " WHERE turn.conversation = conversation.seq) WHERE NOT EXISTS"
        " (SELECT 1 FROM turn WHERE turn.seq = head AND turn.conversation = conversation.seq)"
    )


def _tell(
    kept: Path | None, backup: Path | None, before: int, tally: _Tally, *, existed: bool
) -> tuple[str, ...]:
    told = []
    if existed and kept is not None:
        told.append(
            "The file with your conversations was damaged. It is kept unchanged as"
            f" {kept.name}, beside the new one."
        )
    else:
        told.append("The file with your conversations was missing.")
    if backup is not None:
        told.append(
            f"The backup of {backups.taken(backup):%Y-%m-%d %H:%M} UTC was restored,"
            f" with {_turns(before)}."
        )
    if tally.added or tally.newer:
        told.append(
            f"From the damaged file {_turns(tally.added)} could be added"
            f" and {_turns(tally.newer)} brought up to date."
        )
    elif existed and not tally.kept:
        told.append("Nothing newer could be read from the damaged file.")
    if tally.kept:
        what = "1 note or reminder" if tally.kept == 1 else f"{tally.kept} notes and reminders"
        told.append(f"From the damaged file {what} could be added.")
    if tally.partly:
        told.append(f"Of these, {_turns(tally.partly)} could be read only in part.")
    if tally.homeless:
        told.append("Turns whose conversation was lost are in conversations named “Recovered”.")
    return tuple(told)


def _turns(count: int) -> str:
    return "1 turn" if count == 1 else f"{count} turns"
