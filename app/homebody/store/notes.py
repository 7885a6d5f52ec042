"""Notes: short texts of the person's, found by their words.

Each function takes a connection inside a transaction of `Database`; SQLite's errors pass through.
"""

import sqlite3
from datetime import datetime

from homebody.base.ids import new_id
from homebody.messages.skills import Note
from homebody.store import words
from homebody.store.rows import moment, stamp
from homebody.store.texts import clean

__all__ = ["add", "found", "remove"]


def add(connection: sqlite3.Connection, text: str, when: datetime) -> Note:
    """Keep a note."""
    note = Note(id=new_id(), text=clean(text), created=when)
    seq = connection.execute(
        "INSERT INTO note (id, created, text) VALUES (?, ?, ?)",
        (note.id, stamp(note.created), note.text),
    ).lastrowid
    if seq is not None:
        words.index_note(connection, seq, note.text)
    return note


def found(connection: sqlite3.Connection, query: str | None, limit: int) -> list[Note]:
    """Return notes, the newest first: all, or those with words that begin with all of `query`'s."""
    most = max(limit, 0)
    if query is None:
        rows = connection.execute("SELECT * FROM note ORDER BY seq DESC LIMIT ?", (most,))
    else:
        wanted = words.query(clean(query))
        if not wanted:
            return []
        rows = connection.execute(
            "SELECT n.* FROM note_words w JOIN note n ON n.seq = w.rowid WHERE note_words MATCH ?"
            " ORDER BY w.rowid DESC LIMIT ?",
            (wanted, most),
        )
    return [Note(id=row["id"], text=row["text"], created=moment(row["created"])) for row in rows]


def remove(connection: sqlite3.Connection, name: str) -> bool:
    """Delete a note and its words; return whether there was one."""
    row = connection.execute("SELECT seq FROM note WHERE id = ?", (name,)).fetchone()
    if row is None:
        return False
    words.forget_note(connection, row[0])
    connection.execute("DELETE FROM note WHERE seq = ?", (row[0],))
    return True
