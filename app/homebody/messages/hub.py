"""What the command line prints as JSON about the hub. Fields are added, never changed."""

from msgspec import Struct

from homebody.messages.courier import HubModel

__all__ = ["GetReport", "SearchReport", "TokenReport"]


class SearchReport(Struct, frozen=True, kw_only=True):
    """`homebody models search WORDS --json`."""

    words: str
    models: tuple[HubModel, ...]
    """Most fetched first."""


class GetReport(Struct, frozen=True, kw_only=True):
    """`homebody models get M --json`: what was fetched, and where it lies."""

    name: str
    repo: str
    commit: str
    why: str
    """Why this one of the repository's models."""
    licence: str | None
    bytes: int
    sha256: tuple[str, ...]
    paths: tuple[str, ...]


class TokenReport(Struct, frozen=True, kw_only=True):
    """`homebody models token --json`. Holds nothing of the token."""

    there: bool
    place: str
    """Such as "GNOME Keyring"; "" where the system has no safe place."""
