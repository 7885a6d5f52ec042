"""Reminders: a text and the moment at which it is to be said.

Each function takes a connection inside a transaction of `Database`; SQLite's errors pass through.
"""

import sqlite3
from datetime import datetime

from homebody.base.ids import new_id
from homebody.messages.skills import Reminder
from homebody.store.rows import moment, stamp
from homebody.store.texts import clean

__all__ = ["add", "between", "next_due", "remove", "tell", "untold"]


def add(connection: sqlite3.Connection, text: str, due: datetime, when: datetime) -> Reminder:
    """Keep a reminder; `due` is aware."""
    reminder = Reminder(id=new_id(), text=clean(text), due=due, created=when)
    connection.execute(
        "INSERT INTO reminder (id, due, created, text) VALUES (?, ?, ?, ?)",
        (reminder.id, stamp(due), stamp(when), reminder.text),
    )
    return reminder


def between(
    connection: sqlite3.Connection, since: datetime | None, until: datetime | None
) -> list[Reminder]:
    """Return reminders due from `since` to before `until`, the next one first, told or not."""
    rows = connection.execute(
        "SELECT * FROM reminder WHERE due >= ? AND due < ? ORDER BY due, seq",
        # Every time is younger than "" and older than "~".
        ("" if since is None else stamp(since), "~" if until is None else stamp(until)),
    )
    return [_reminder(row) for row in rows]


def untold(connection: sqlite3.Connection, now: datetime) -> list[Reminder]:
    """Return the reminders that are due at `now` and were not told, the oldest first."""
    rows = connection.execute(
        "SELECT * FROM reminder WHERE told IS NULL AND due <= ? ORDER BY due, seq", (stamp(now),)
    )
    return [_reminder(row) for row in rows]


def next_due(connection: sqlite3.Connection) -> datetime | None:
    """Return when the next reminder is due that was not told; it may be past."""
    row = connection.execute("SELECT min(due) FROM reminder WHERE told IS NULL").fetchone()
    return None if row[0] is None else moment(row[0])


def tell(connection: sqlite3.Connection, name: str, when: datetime) -> bool:
    """Mark a reminder as told; True for the one caller who may now tell it."""
    done = connection.execute(
        "UPDATE reminder SET told = ? WHERE id = ? AND told IS NULL", (stamp(when), name)
    )
    return bool(done.rowcount)


def remove(connection: sqlite3.Connection, name: str) -> bool:
    """Delete a reminder; return whether there was one."""
    return bool(connection.execute("DELETE FROM reminder WHERE id = ?", (name,)).rowcount)


def _reminder(row: sqlite3.Row) -> Reminder:
    return Reminder(
        id=row["id"],
        text=row["text"],
        due=moment(row["due"]),
        created=moment(row["created"]),
        told=moment(row["told"]) if row["told"] else None,
    )
