"""How much left this machine: ever, this week and today, by what the ledger says."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec import Struct

from homebody.messages.ledger import LedgerEntry

__all__ = ["BytesLeft", "bytes_left"]


class BytesLeft(Struct, frozen=True, kw_only=True):
    """Bytes that left, as HTTP wrote them, inside TLS. Days and weeks are the person's own."""

    connections: int = 0
    ever: int = 0
    week: int = 0
    """Since the last Monday began."""
    today: int = 0
    unknown: int = 0
    """Connections whose end was never written, so that nobody knows how much they took."""


def bytes_left(entries: Iterable[LedgerEntry], now: datetime) -> BytesLeft:
    """Add up the ledger's connections. `now` has a zone: its days are the ones that count.

    What a clock that was wrong put into the future counts as ever, and as nothing else.
    """
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    monday = midnight - timedelta(days=now.weekday())
    connections = ever = week = today = unknown = 0
    for entry in entries:
        connections += 1
        if entry.bytes_out is None:
            unknown += 1
            continue
        ever += entry.bytes_out
        opened = _moment(entry.opened)
        if opened is None or opened > now:
            continue
        if opened >= monday:
            week += entry.bytes_out
        if opened >= midnight:
            today += entry.bytes_out
    return BytesLeft(connections=connections, ever=ever, week=week, today=today, unknown=unknown)


def _moment(written: str) -> datetime | None:
    """Return a moment of the ledger; None for what somebody else wrote in its place."""
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None
