"""Conversations as things in a list: create, rename, pin, archive, the bin, search.

Each function takes a connection inside a transaction of `Database`, and raises `BadInput` for an
id that does not exist; SQLite's errors pass through to `Database`.
"""

import os
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from homebody.base.errors import BadInput
from homebody.base.ids import new_id
from homebody.messages.turns import Conversation, SearchHit
from homebody.store import words
from homebody.store.rows import (
    CONVERSATION,
    conversation_seq,
    moment,
    read_attachments,
    stamp,
    to_conversation,
)
from homebody.store.texts import clean
from homebody.store.work import step_words

__all__ = [
    "create",
    "expired",
    "known_hash",
    "listed",
    "move_to_bin",
    "one",
    "recent_requests",
    "remember_hash",
    "rename",
    "search",
    "set_flag",
    "take_from_bin",
]

BIN_DAYS = 30
_BELIEVABLE = timedelta(days=45)
"""A longer pause between two looks at the clock is taken for a clock that was set."""
_SLACK = timedelta(days=1)


def create(connection: sqlite3.Connection, title: str, when: datetime) -> Conversation:
    """Add an empty conversation. A title given here is the person's."""
    name, text = new_id(), clean(title)
    seq = connection.execute(
        "INSERT INTO conversation (id, titled_by, title, created, changed, touched) VALUES"
        " (?, ?, ?, ?, ?, (SELECT coalesce(max(touched), 0) + 1 FROM conversation))",
        (name, "person" if text else "nobody", text, stamp(when), stamp(when)),
    ).lastrowid
    if text and seq is not None:
        words.index_title(connection, seq, text)
    return one(connection, name)


def one(connection: sqlite3.Connection, name: str) -> Conversation:
    """Return the conversation with this id."""
    seq = conversation_seq(connection, name)
    return to_conversation(connection.execute(CONVERSATION + "WHERE c.seq = ?", (seq,)).fetchone())


def listed(
    connection: sqlite3.Connection,
    *,
    archived: bool,
    deleted: bool,
    limit: int | None,
    offset: int,
) -> list[Conversation]:
    """Return conversations, pinned ones first, then those with the newest turn."""
    which = "c.deleted IS NOT NULL" if deleted else "c.deleted IS NULL AND c.archived = ?"
    rows = connection.execute(
        f"{CONVERSATION} WHERE {which} ORDER BY c.pinned DESC, c.touched DESC LIMIT ? OFFSET ?",
        (*(() if deleted else (archived,)), -1 if limit is None else max(limit, 0), max(offset, 0)),
    )
    return [to_conversation(row) for row in rows]


def rename(
    connection: sqlite3.Connection, name: str, title: str, by: Literal["app", "person"]
) -> None:
    """Set the title. The app never replaces a title that the person gave."""
    seq, text = conversation_seq(connection, name), clean(title)
    done = connection.execute(
        "UPDATE conversation SET title = ?, titled_by = ?"
        " WHERE seq = ? AND NOT (titled_by = 'person' AND ? = 'app')",
        (text, by, seq, by),
    )
    if done.rowcount:
        words.index_title(connection, seq, text)


def set_flag(
    connection: sqlite3.Connection,
    name: str,
    column: Literal["pinned", "archived", "draft"],
    value: bool | str,
) -> None:
    """Set one plain column."""
    seq = conversation_seq(connection, name)
    kept = clean(value) if isinstance(value, str) else int(value)
    sql = f"UPDATE conversation SET {column} = ? WHERE seq = ?"  # noqa: S608  a name from above
    connection.execute(sql, (kept, seq))


def move_to_bin(connection: sqlite3.Connection, name: str, when: datetime) -> None:
    """Put a conversation into the bin; one that is there stays as it is."""
    seq = conversation_seq(connection, name)
    look_at_clock(connection, when)
    connection.execute(
        "UPDATE conversation SET deleted = ?, bin_since = ? WHERE seq = ? AND deleted IS NULL",
        (stamp(when), stamp(when), seq),
    )


def take_from_bin(connection: sqlite3.Connection, name: str) -> None:
    """Take a conversation out of the bin."""
    seq = conversation_seq(connection, name)
    connection.execute(
        "UPDATE conversation SET deleted = NULL, bin_since = NULL WHERE seq = ?", (seq,)
    )


def look_at_clock(connection: sqlite3.Connection, when: datetime) -> None:
    """Compare the clock with the last time somebody looked; distrust a leap.

    After a leap nobody knows how long things have been in the bin, so their 30 days start again:
    that keeps them too long, never too short.
    """
    row = connection.execute("SELECT value FROM fact WHERE name = 'last_look'").fetchone()
    if row is not None and not -_SLACK <= when - moment(row["value"]) <= _BELIEVABLE:
        connection.execute(
            "UPDATE conversation SET bin_since = ? WHERE deleted IS NOT NULL", (stamp(when),)
        )
    connection.execute("INSERT OR REPLACE INTO fact VALUES ('last_look', ?)", (stamp(when),))


def expired(connection: sqlite3.Connection, when: datetime) -> list[str]:
    """Return the ids of conversations that have been in the bin for over 30 days."""
    look_at_clock(connection, when)
    rows = connection.execute(
        "SELECT id, bin_since FROM conversation WHERE deleted IS NOT NULL ORDER BY seq"
    ).fetchall()
    return [
        row["id"]
        for row in rows
        if row["bin_since"] and when - moment(row["bin_since"]) > timedelta(days=BIN_DAYS)
    ]


_IN_TITLES = """SELECT NULL AS turn, c.seq AS conversation, c.title AS one, '' AS two, '' AS files,
    '' AS steps
    FROM title_words w JOIN conversation c ON c.seq = w.rowid
    WHERE title_words MATCH ? AND c.deleted IS NULL ORDER BY w.rowid DESC LIMIT ?"""
_IN_TURNS = """SELECT t.id AS turn, c.seq AS conversation, t.request AS one, t.reply AS two,
    t.attachments AS files, t.steps AS steps
    FROM turn_words w JOIN turn t ON t.seq = w.rowid JOIN conversation c ON c.seq = t.conversation
    WHERE turn_words MATCH ? AND c.deleted IS NULL ORDER BY w.rowid DESC LIMIT ?"""


def search(connection: sqlite3.Connection, typed: str, limit: int) -> list[SearchHit]:
    """Return titles, then turns, with all the words; the newest first."""
    wanted = words.query(clean(typed))
    if not wanted or limit <= 0:
        return []
    hits: list[SearchHit] = []
    for sql in (_IN_TITLES, _IN_TURNS):
        rows = connection.execute(sql, (wanted, limit - len(hits))).fetchall()
        for row in rows:
            found = connection.execute(
                CONVERSATION + "WHERE c.seq = ?", (row["conversation"],)
            ).fetchone()
            attached = read_attachments(row["files"])
            files = [part for each in attached for part in (each.text, each.name)]
            results = step_words(row["steps"])
            hits.append(
                SearchHit(
                    conversation=to_conversation(found),
                    turn=row["turn"],
                    snippet=words.excerpt((row["one"], row["two"], *results, *files), typed),
                )
            )
    return hits


def recent_requests(connection: sqlite3.Connection, limit: int) -> list[str]:
    """Return what was asked, newest last, each text once."""
    rows = connection.execute(
        "SELECT t.request FROM turn t JOIN conversation c ON c.seq = t.conversation"
        " WHERE c.deleted IS NULL GROUP BY t.request ORDER BY max(t.seq) DESC LIMIT ?",
        (max(limit, 0),),
    )
    return [row["request"] for row in rows][::-1]


def known_hash(connection: sqlite3.Connection, path: Path, facts: os.stat_result) -> str | None:
    """Return the hash that was remembered for exactly this state of a file."""
    row = connection.execute(
        "SELECT sha256 FROM file_hash WHERE path = ? AND size = ? AND mtime_ns = ? AND inode = ?",
        (os.fsencode(path), facts.st_size, facts.st_mtime_ns, str(facts.st_ino)),
    ).fetchone()
    return None if row is None else str(row["sha256"])


def remember_hash(
    connection: sqlite3.Connection, path: Path, facts: os.stat_result, sha256: str
) -> None:
    """Remember the hash of a file as it is now."""
    if not sha256:
        raise BadInput("An empty text is no SHA-256.")
    connection.execute(
        "INSERT OR REPLACE INTO file_hash VALUES (?, ?, ?, ?, ?)",
        (os.fsencode(path), facts.st_size, facts.st_mtime_ns, str(facts.st_ino), clean(sha256)),
    )
