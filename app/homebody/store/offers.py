"""Offers to ask elsewhere: a turn that waits with one, the yes to it, and how it ended.

Each function takes a connection inside a transaction of `Database`, and raises `BadInput` for an
id that does not exist; SQLite's errors pass through to `Database`.
"""

import hashlib
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec
from msgspec.structs import replace

from homebody.base.errors import BadInput
from homebody.messages.offers import Offer, Scope
from homebody.messages.plans import Planned, Step
from homebody.messages.turns import Turn
from homebody.store import sent, turns, vault
from homebody.store.rows import to_turn, turn_row
from homebody.store.work import read_offer, write_offer

__all__ = ["agree", "change", "is_whole", "keep", "wait"]

_CHANGED: Final = "The offer has changed since, so nothing was sent."


def wait(
    connection: sqlite3.Connection,
    turn: str,
    offer: Offer,
    planned: Planned | None,
    steps: Sequence[Step],
) -> Turn:
    """Let an open turn wait for an answer to `offer`; its last checkpoint becomes its reply."""
    paused = turns.pause(connection, turn, None, planned, steps)
    return _put(connection, paused.id, offer)


def change(connection: sqlite3.Connection, turn: str, offer: Offer) -> Turn:
    """Put another offer in the place of the one that a turn waits with."""
    _waiting(connection, turn)
    return _put(connection, turn, offer)


def agree(
    connection: sqlite3.Connection,
    turn: str,
    sha256: str,
    scope: Scope,
    *,
    owner: str,
    when: datetime,
) -> Turn:
    """Write down the yes to exactly this body, and the body; the turn is open then.

    Of two that say yes, in two windows, one gets `BadInput`.
    """
    row, offer = _waiting(connection, turn)
    if offer.sha256 != sha256 or not is_whole(offer):
        raise BadInput(
            _CHANGED, f"Look at it again. To say yes to it as it is now: {offer.sha256}."
        )
    sent.add(connection, row["conversation_seq"], offer, when)
    if scope == "conversation":
        vault.consent(connection, row["conversation_seq"], offer, when)
    opened = turns.resume(connection, turn, owner)
    return _put(connection, opened.id, replace(offer, state="agreed", scope=scope))


def keep(connection: sqlite3.Connection, turn: str, offer: Offer) -> Turn:
    """Write down what became of the offer of an open turn."""
    if turn_row(connection, turn)["state"] != "open":
        raise BadInput("That turn is not being answered any more.")
    return _put(connection, turn, offer)


def is_whole(offer: Offer) -> bool:
    """Tell whether the body is the one that the hash is of."""
    try:
        return hashlib.sha256(offer.body.encode()).hexdigest() == offer.sha256
    except UnicodeEncodeError:
        return False


def _waiting(connection: sqlite3.Connection, turn: str) -> tuple[sqlite3.Row, Offer]:
    row = turn_row(connection, turn)
    offer = read_offer(row["offer"])
    waits = row["state"] == "waiting" and not row["waiting"]
    if not waits or offer is None or offer.state != "open":
        raise BadInput(
            "That turn does not wait with an offer any more.", "Look at how it ended, or ask again."
        )
    return row, offer


def _put(connection: sqlite3.Connection, turn: str, offer: Offer) -> Turn:
    text = write_offer(offer)
    if msgspec.json.decode(text, type=Offer) != offer:
        # Half a character in it: what is shown then must be what is hashed, so it is turned down.
        raise BadInput(
            "This cannot be offered: it has half a character in it, which is no text.",
            "Take it out, or type it anew.",
        )
    connection.execute("UPDATE turn SET offer = ? WHERE id = ?", (text, turn))
    return to_turn(turn_row(connection, turn))
