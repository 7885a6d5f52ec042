"""The ledger: what ever left this machine, line by line, and what is said about it.

A line is one JSON object. It ends with `hash`, the SHA-256 of the line without that field, and
`before` is the hash of the line before; the first line follows 64 zeros. `n` counts the lines.
"""

from typing import Annotated

from msgspec import Meta, Struct

from homebody.messages.courier import Purpose

__all__ = [
    "LedgerClosed",
    "LedgerEntry",
    "LedgerLine",
    "LedgerMended",
    "LedgerOpened",
    "LedgerReport",
    "VerifyReport",
]

Count = Annotated[int, Meta(ge=0)]


class LedgerLink(Struct, frozen=True, kw_only=True, tag_field="type"):
    """The base of every line. Its hash follows behind the fields."""

    n: Annotated[int, Meta(ge=1)]
    time: str
    """ISO 8601, UTC."""
    before: str


class LedgerOpened(LedgerLink, frozen=True, kw_only=True, tag="opened"):
    """A connection is about to be made. On the disk before its first packet is sent."""

    purpose: Purpose
    agreed: str
    """What the person did to cause it."""
    method: str
    host: str
    port: int
    path: str
    """Of the address; at the hub with what was asked there. At most 200 characters."""
    address: str
    """The numbers that are connected to: the host's, or the proxy's."""
    proxy: str | None
    """HOST:PORT of the proxy in between."""


class LedgerClosed(LedgerLink, frozen=True, kw_only=True, tag="closed"):
    """A connection has ended. Bytes are counted as HTTP wrote and read them, inside TLS."""

    opened: int
    """The `n` of its first line."""
    bytes_out: Count
    bytes_in: Count
    body_sha256: str | None
    """Of the request's body; None: it had none."""
    status: int | None
    """What the other side answered, as HTTP counts; None: nothing."""
    problem: str
    """Why it ended early, or nothing."""


class LedgerMended(LedgerLink, frozen=True, kw_only=True, tag="mended"):
    """The ledger was not as Homebody had left it, and goes on all the same."""

    what: str


LedgerLine = LedgerOpened | LedgerClosed | LedgerMended


class LedgerEntry(Struct, frozen=True, kw_only=True):
    """One connection: both of its lines together. Null where the second one is missing."""

    number: int
    opened: str
    closed: str | None
    purpose: Purpose
    agreed: str
    method: str
    host: str
    port: int
    path: str
    address: str
    proxy: str | None
    bytes_out: int | None
    bytes_in: int | None
    body_sha256: str | None
    status: int | None
    problem: str | None


class LedgerReport(Struct, frozen=True, kw_only=True):
    """`homebody ledger list --json`."""

    path: str
    bytes_out: int
    """Of all connections whose end is known."""
    bytes_in: int
    connections: tuple[LedgerEntry, ...]


class VerifyReport(Struct, frozen=True, kw_only=True):
    """`homebody ledger verify --json`."""

    path: str
    ok: bool
    lines: int
    connections: int
    unfinished: int
    """Connections whose end was never written: the program was ended, or they are still open."""
    problems: tuple[str, ...]
    """What somebody changed, in sentences; the first twenty."""
    notes: tuple[str, ...]
    """What a crash left, which is no harm."""
