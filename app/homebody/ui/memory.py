"""What the window remembers between two starts: where it was, and what was open."""

from contextlib import suppress
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct, ValidationError, json

from homebody.base.files import replace_file
from homebody.base.paths import Home

__all__ = ["WindowMemory", "recall", "remember"]


class WindowMemory(Struct, frozen=True, kw_only=True):
    """Where a window was. No word of a conversation is in it."""

    geometry: bytes = b""
    """As Qt saves it."""
    sidebar: Annotated[int, Meta(ge=0, le=10_000)] = 0
    """Width in pixels; 0: as it is by default."""
    sidebar_shown: bool = True
    conversation: str | None = None
    """The id of what was open."""


def _file(home: Home) -> Path:
    return home.state / "window.json"


def recall(home: Home) -> WindowMemory:
    """Return what was remembered; the defaults if nothing was, or it cannot be read."""
    with suppress(OSError, ValueError, ValidationError):
        return json.decode(_file(home).read_bytes(), type=WindowMemory)
    return WindowMemory()


def remember(home: Home, memory: WindowMemory) -> None:
    """Write it down. Where that is not possible, the next window is as the first was."""
    with suppress(OSError):
        replace_file(_file(home), json.encode(memory))
