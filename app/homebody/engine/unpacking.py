"""Unpacking a pack's zip file, of which nothing is believed unseen.

That the file is one of this build's is known by then (`packs`); this keeps to what it says of
itself, so that a fault in making a pack, or in this program, writes nothing where it should not.
"""

import contextlib
import hashlib
import os
import re
import shutil
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from io import BufferedReader
from pathlib import Path
from typing import IO, Any, Final

import msgspec

from homebody.base.errors import BadInput, EngineProblem
from homebody.base.files import sync_folder
from homebody.base.paths import is_elsewhere
from homebody.engine.build import PACK_ADDED, PACK_MANIFEST, PLAIN_NAME, FileFacts, Made, Pack

__all__ = ["AGAIN", "BROKEN", "opened", "unpack", "unreadable"]

AGAIN: Final = "Get it again, from where you got Homebody."
BROKEN: Final = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError)
"""What is raised for a zip file that is not whole, or not as it should be."""

_BLOCK: Final = 1 << 20
_MOST_FILES: Final = 100
_MOST_DESCRIBED: Final = 1 << 20
"""Bytes of pack.json."""
_MOST_BYTES: Final = 8 << 30
"""Of all files together; CUDA's take 1 GB."""
_SPARE: Final = 64 << 20
"""Bytes that are left free on the disk."""
# Windows gives these to devices, whatever follows the dot, and drops a dot at the end.
_NO_FILE: Final = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?|.*\.", re.IGNORECASE)


@contextlib.contextmanager
def opened(file: Path) -> Iterator[BufferedReader]:
    """Open a file that the person named. `BadInput` if that cannot be."""
    if is_elsewhere(str(file)):
        raise BadInput(f"{file} is on another machine.", "Copy the pack to this one first.")
    try:
        # Looked at first: opening a pipe would wait for somebody to write into it.
        if not stat.S_ISREG(file.stat().st_mode):
            raise BadInput(f"{file} is not a file.", "Name the pack's zip file.")
        stream = file.open("rb")
    except (OSError, ValueError) as error:
        raise unreadable(file, error) from None
    with stream:
        yield stream


def unreadable(file: Path, error: Exception) -> BadInput:
    """Return what there is to say about a file that cannot be read."""
    reason = getattr(error, "strerror", None) or error
    return BadInput(f"{file} cannot be read: {reason}.", "Check the path, and get the file again.")


def unpack(stream: IO[bytes], folder: Path, name: str, made: Made) -> Pack:
    """Unpack a zip file into an empty folder; nothing that it says is believed unseen."""
    with zipfile.ZipFile(stream) as archive:
        members = _members(archive)
        described = members.pop(PACK_MANIFEST, None)
        if described is None or described.file_size > _MOST_DESCRIBED:
            raise zipfile.BadZipFile(f"there is no {PACK_MANIFEST} in it")
        said = archive.read(described)
        try:
            pack = msgspec.json.decode(said, type=Pack)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise zipfile.BadZipFile(f"its {PACK_MANIFEST} makes no sense ({error})") from None
        _check(pack, members, name, made)
        _need(folder, sum(facts.bytes for facts in pack.files.values()), pack.title)
        for file, facts in pack.files.items():
            with archive.open(members[file]) as source:
                _copy(source, folder / file, facts)
    _write(folder / PACK_MANIFEST, lambda target: target.write(said))
    sync_folder(folder)
    return pack


def _members(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Return the files in an archive by name. All lie side by side; none is a link or a folder."""
    members: dict[str, zipfile.ZipInfo] = {}
    seen: set[str] = set()
    for member in archive.infolist():
        # The name as it stands there: `filename` was cut at a NUL and had its slashes turned.
        name = member.orig_filename
        kind = stat.S_IFMT(member.external_attr >> 16)
        if (
            not PLAIN_NAME.fullmatch(name)
            or _NO_FILE.fullmatch(name)
            or kind not in {0, stat.S_IFREG}
        ):
            raise zipfile.BadZipFile(f"it holds {name!r}, which is no plain file")
        if name == PACK_ADDED or name.casefold() in seen:
            raise zipfile.BadZipFile(f"it holds {name!r} twice, or under a name that is ours")
        seen.add(name.casefold())
        members[name] = member
    if len(members) > _MOST_FILES:
        raise zipfile.BadZipFile(f"it holds {len(members):,} files")
    return members


def _check(pack: Pack, members: dict[str, zipfile.ZipInfo], name: str, made: Made) -> None:
    """Compare what a pack says of itself with what there is."""
    if pack.name != name or pack.made != made:
        raise zipfile.BadZipFile(
            f"it is the pack {pack.name} for llama-cpp-python {pack.made.binding}, "
            f"{pack.made.system}, which does not belong to this build"
        )
    if pack.files.keys() != members.keys() or not {pack.backend, *pack.preload} <= members.keys():
        raise zipfile.BadZipFile("its list of files is not what is in it")
    if sum(facts.bytes for facts in pack.files.values()) > _MOST_BYTES:
        raise zipfile.BadZipFile("it claims to be larger than any pack is")
    for file, facts in pack.files.items():
        if facts.bytes != members[file].file_size:
            raise zipfile.BadZipFile(f"{file} is not as large as is said")


def _need(folder: Path, size: int, title: str) -> None:
    free = shutil.disk_usage(folder).free
    if free < size + _SPARE:
        raise EngineProblem(
            f"The pack {title} takes {_mb(size)}, but only {_mb(free)} are free on the disk. "
            "Nothing was added.",
            "Make room on the disk, and add it again.",
        )


def _copy(source: IO[bytes], target: Path, facts: FileFacts) -> None:
    """Copy a file out of an archive, as many bytes as are said and no more."""
    digest = hashlib.sha256()

    def write(stream: IO[bytes]) -> None:
        left = facts.bytes
        while left and (block := source.read(min(left, _BLOCK))):
            digest.update(block)
            stream.write(block)
            left -= len(block)
        if left or source.read(1):
            raise zipfile.BadZipFile(f"{target.name} is not as large as is said")

    _write(target, write)
    if digest.hexdigest() != facts.sha256:
        raise zipfile.BadZipFile(f"{target.name} is not as it was made")


def _write(target: Path, write: Callable[[IO[bytes]], Any]) -> None:
    with target.open("xb") as stream:
        write(stream)
        stream.flush()
        os.fsync(stream.fileno())


def _mb(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"
