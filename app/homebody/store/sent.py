"""The bodies that were sent, or agreed to, as they were to the byte; outside the ledger's chain.

A body goes with its conversation, or when the person deletes it. Each function takes a connection
inside a transaction of `Database`; SQLite's errors pass through.
"""

import sqlite3
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from homebody.messages.offers import Offer
from homebody.store.rows import moment, stamp
from homebody.store.texts import clean
from homebody.store.work import read_offer, write_offer

__all__ = ["SentBody", "add", "forget", "holds", "listed", "newest"]

_COLUMNS = """SELECT s.*, c.id AS conversation_id FROM sent s
    JOIN conversation c ON c.seq = s.conversation """


class SentBody(Struct, frozen=True, kw_only=True):
    """A body that somebody said yes to; whether it was sent is in the ledger, under its hash."""

    sha256: str
    at: datetime
    """When the yes came."""
    provider: str
    host: str
    model: str
    body: str
    conversation: str


def add(connection: sqlite3.Connection, conversation: int, offer: Offer, when: datetime) -> None:
    """Keep the body of an offer, for a conversation (its number)."""
    connection.execute(
        "INSERT INTO sent (sha256, conversation, at, provider, host, model, body)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            offer.sha256,
            conversation,
            stamp(when),
            clean(offer.provider),
            clean(offer.host),
            clean(offer.model),
            offer.body,
        ),
    )


def listed(connection: sqlite3.Connection, limit: int, before: datetime | None) -> list[SentBody]:
    """Return the newest bodies, newest first; with `before` those from before that time."""
    where, values = ("", ()) if before is None else ("WHERE s.at < ? ", (stamp(before),))
    rows = connection.execute(f"{_COLUMNS} {where} ORDER BY s.seq DESC LIMIT ?", (*values, limit))
    return [_to_body(row) for row in rows]


def newest(connection: sqlite3.Connection, sha256: str) -> SentBody | None:
    """Return the body with this hash, as it was agreed to last."""
    row = connection.execute(
        f"{_COLUMNS} WHERE s.sha256 = ? ORDER BY s.seq DESC LIMIT 1", (clean(sha256),)
    ).fetchone()
    return None if row is None else _to_body(row)


def forget(connection: sqlite3.Connection, sha256: str, *, in_backup: bool = False) -> bool:
    """Delete a body wherever it stands, the offers of turns that ended included.

    False: there was none. A turn that still waits, or is being answered, keeps its offer; but not
    in a backup, where it is interrupted instead.
    """
    gone = connection.execute("DELETE FROM sent WHERE sha256 = ?", (clean(sha256),)).rowcount > 0
    rows = connection.execute(
        "SELECT seq, state, offer FROM turn WHERE instr(offer, ?)", (clean(sha256),)
    ).fetchall()
    for seq, state, text in rows:
        offer = read_offer(text)
        is_needed = state in ("open", "waiting") and not in_backup
        if offer is not None and offer.sha256 == sha256 and offer.body and not is_needed:
            bare = replace(offer, body="", parts=(), replacements=())
            connection.execute(
                "UPDATE turn SET offer = ?, state = replace(state, 'waiting', 'interrupted')"
                " WHERE seq = ?",
                (write_offer(bare), seq),
            )
            gone = True
    return gone


def holds(connection: sqlite3.Connection, sha256: str) -> bool:
    """Tell whether a body with this hash stands anywhere, in an offer that still waits too."""
    found = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM sent WHERE sha256 = ?1)"
        " OR EXISTS (SELECT 1 FROM turn WHERE instr(offer, ?1))",
        (clean(sha256),),
    )
    return bool(found.fetchone()[0])


def _to_body(row: sqlite3.Row) -> SentBody:
    return SentBody(
        sha256=row["sha256"],
        at=moment(row["at"]),
        provider=row["provider"],
        host=row["host"],
        model=row["model"],
        body=row["body"],
        conversation=row["conversation_id"],
    )
