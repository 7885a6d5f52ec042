"""What `homebody updates --json` prints. Scripts rely on it: fields are added, never changed."""

from typing import Literal

from msgspec import Struct

__all__ = ["UpdatesReport"]


class UpdatesReport(Struct, frozen=True, kw_only=True):
    """`homebody updates --json`."""

    version: str
    """Of this Homebody."""
    newest: str
    """The newest one that is announced."""
    newest_is: Literal["newer", "same", "older"]
    """Compared with this one."""
    page: str
    """Where it can be read about and fetched; "" where none can be trusted."""
    published: str | None
    """ISO 8601."""
    host: str
    """Who was asked."""
