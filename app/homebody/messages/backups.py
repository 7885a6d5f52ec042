"""What `homebody backups --json` prints. Scripts rely on it: fields are added, never changed."""

from typing import Literal

from msgspec import Struct

__all__ = ["BackupFile", "BackupsReport", "RestoredReport"]


class BackupFile(Struct, frozen=True, kw_only=True):
    """One copy of the conversations."""

    name: str
    taken: str
    """ISO 8601, as the clock then was."""
    bytes: int
    conversations: int | None
    """How many are in it; null where it cannot be read."""
    written_by: Literal["older", "this", "newer"] | None
    """Which version's it is: an older one is upgraded when it is opened, a newer one is refused."""


class BackupsReport(Struct, frozen=True, kw_only=True):
    """`homebody backups list --json`."""

    folder: str
    backups: tuple[BackupFile, ...]
    """The newest first."""


class RestoredReport(Struct, frozen=True, kw_only=True):
    """`homebody backups restore --json`."""

    restored: BackupFile
    kept: str
    """The copy that was made of what was there before; "" where there was nothing."""
