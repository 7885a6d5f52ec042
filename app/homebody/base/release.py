"""What this build is, as whoever packaged it wrote it down. A checkout knows only its version."""

from typing import Final

import msgspec
from msgspec import Struct

from homebody import __version__
from homebody.base.log import log
from homebody.base.paths import shipped

__all__ = ["PackFile", "Release", "read_release"]

_FILE: Final = "release.json"


class PackFile(Struct, frozen=True, kw_only=True):
    """A pack of engine libraries that was built together with this build."""

    file: str
    """Such as "homebody-0.1.0-vulkan-linux-x86_64.zip"."""
    sha256: str
    bytes: int


class Release(Struct, frozen=True, kw_only=True):
    """What this build is."""

    version: str = __version__
    commit: str = ""
    """Of the source that it was made from; "" where nobody wrote it down."""
    releases: str = ""
    """The address where newer versions are announced; "" where this build knows none."""
    packs: dict[str, PackFile] = {}


def read_release() -> Release:
    """Return what this build is. Never raises: what cannot be read is as in a checkout."""
    path = shipped(_FILE)
    try:
        return msgspec.json.decode(path.read_bytes(), type=Release)
    except FileNotFoundError:
        return Release()
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        log.warning("%s cannot be read: %s", path.name, error)
        return Release()
