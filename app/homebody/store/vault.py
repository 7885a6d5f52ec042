"""What a conversation keeps to itself when it asks elsewhere, and what was agreed to in it.

The **vault** says which placeholder stands for which value, so that a value has the same one in a
whole conversation. It never leaves, and goes with its conversation. Each function takes a
connection inside a transaction of `Database`; SQLite's errors pass through.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

import msgspec

from homebody.messages.offers import Offer, Replacement
from homebody.messages.providers import Provider
from homebody.store.rows import conversation_seq, stamp
from homebody.store.texts import clean

__all__ = ["consent", "consented", "keep", "kept", "stay_home", "stays_home"]


def kept(connection: sqlite3.Connection, conversation: str) -> list[Replacement]:
    """Return what stands for what in a conversation, oldest first; all of it switched on."""
    rows = connection.execute(
        "SELECT placeholder, kind, value, found_by FROM vault WHERE conversation = ? ORDER BY seq",
        (conversation_seq(connection, conversation),),
    )
    found = []
    for name, kind, value, by in rows:
        row = {"placeholder": name, "kind": kind, "value": value, "by": by}
        # Anything else, which only damage could make, stands for nothing.
        with suppress(msgspec.ValidationError):
            found.append(msgspec.convert(row, type=Replacement))
    return found


def keep(
    connection: sqlite3.Connection, conversation: str, replacements: Sequence[Replacement]
) -> None:
    """Add what is not there yet. A placeholder never comes to stand for anything else."""
    home = conversation_seq(connection, conversation)
    connection.executemany(
        "INSERT INTO vault (conversation, placeholder, kind, value, found_by)"
        " VALUES (?, ?, ?, ?, ?) ON CONFLICT (conversation, placeholder) DO NOTHING",
        [
            (home, clean(each.placeholder), each.kind, clean(each.value), each.by)
            for each in replacements
        ],
    )


def consent(
    connection: sqlite3.Connection, conversation: int, offer: Offer, when: datetime
) -> None:
    """Remember a yes for all of a conversation (its number), for exactly this destination.

    It need not stay home any more.
    """
    connection.execute("DELETE FROM stays_home WHERE conversation = ?", (conversation,))
    connection.execute(
        "INSERT INTO consent (conversation, provider, url, model, at) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (conversation, provider, url, model) DO UPDATE SET at = excluded.at",
        (conversation, clean(offer.provider), clean(offer.url), clean(offer.model), stamp(when)),
    )


def consented(connection: sqlite3.Connection, conversation: str, provider: Provider) -> bool:
    """Tell whether there was a yes for all of a conversation, for this address and model."""
    found = connection.execute(
        "SELECT 1 FROM consent WHERE conversation = ? AND provider = ? AND url = ? AND model = ?",
        (
            conversation_seq(connection, conversation),
            clean(provider.name),
            clean(provider.url),
            clean(provider.model),
        ),
    )
    return found.fetchone() is not None


def stays_home(connection: sqlite3.Connection, conversation: str) -> bool:
    """Tell whether nothing is to be offered in a conversation."""
    home = conversation_seq(connection, conversation)
    found = connection.execute("SELECT 1 FROM stays_home WHERE conversation = ?", (home,))
    return found.fetchone() is not None


def stay_home(connection: sqlite3.Connection, conversation: str) -> None:
    """Offer nothing in a conversation from now on, and take back every yes for all of it."""
    home = conversation_seq(connection, conversation)
    connection.execute("DELETE FROM consent WHERE conversation = ?", (home,))
    connection.execute("INSERT OR IGNORE INTO stays_home VALUES (?)", (home,))
