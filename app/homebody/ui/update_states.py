"""What the page of what this is shows of newer versions, loaded with the page."""

from typing import Literal

from msgspec import Struct

__all__ = ["UpdateState"]


class UpdateState(Struct, frozen=True, kw_only=True):
    """Whether there is a newer version, as far as somebody asked."""

    note: str = ""
    """What asking would send and to whom, or why nobody can be asked."""
    can_ask: bool = False
    asks: bool = False
    """An answer is being waited for."""
    result: str = ""
    """What came of it; empty: nothing was asked yet."""
    kind: Literal["plain", "ok", "bad"] = "plain"
    has_page: bool = False
    """There is a page of the newer version that can be opened."""
