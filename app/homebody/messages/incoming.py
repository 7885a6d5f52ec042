"""What lies in a folder's `incoming`: parts of files that are being fetched, and what they are.

`SHA256.part` is the beginning of a file, named by what it will be when it is whole, and
`SHA256.part.json` says where it comes from. The courier writes both. Beside them lie the entries of
the queue (`library.downloads`), which outlive whatever ends the program.
"""

from pathlib import Path

from msgspec import Struct

from homebody.messages.courier import Commit, Sha256

__all__ = ["PART", "PartNote", "incoming", "note_of", "part_of"]

PART = ".part"


class PartNote(Struct, frozen=True, kw_only=True):
    """Where the bytes of a part come from."""

    repo: str
    commit: Commit
    name: str
    """As the hub names it."""
    bytes: int
    """Of the whole file."""
    sha256: Sha256
    agreed: str
    begun: str
    """ISO 8601, UTC."""
    etag: str = ""
    """The content's version, as its host calls it; "" where it does not."""


def incoming(folder: Path) -> Path:
    """Return where the parts of what is fetched into `folder` lie."""
    return folder / "incoming"


def part_of(folder: Path, sha256: str) -> Path:
    """Return where the beginning of a file lies that is fetched into `folder`."""
    return incoming(folder) / f"{sha256}{PART}"


def note_of(part: Path) -> Path:
    """Return where it stands what a part is."""
    return part.with_name(f"{part.name}.json")
