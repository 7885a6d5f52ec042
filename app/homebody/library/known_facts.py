"""What model files say of themselves, remembered: reading 5,000 headers takes minutes.

One JSON file; an entry counts for exactly one state of a file (size, time, inode). It is a memory
and nothing more: where it is damaged or cannot be written, headers are read again.
"""

import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from homebody.library.model_files import ModelFile, as_text

__all__ = ["Facts", "KnownFacts"]

_LARGEST: Final = 32_000_000
_MOST: Final = 20_000
_SAVE_SECONDS: Final = 2.0
_VERSION: Final = 1
"""Of what is read from a header; facts of another version are read again."""


class Facts(Struct, frozen=True, kw_only=True, array_like=True):
    """What a header says, and of which state of the file."""

    files: int
    bytes: int
    mtime_ns: int
    inode: int
    architecture: str | None = None
    parameters: int | None = None
    quantisation: str | None = None
    trained_context: int | None = None
    licence: str | None = None
    problem: str = ""
    sha256: str | None = None


class _Kept(Struct, frozen=True):
    version: int
    files: dict[str, Facts]


class KnownFacts:
    """The memory. Any thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._facts: dict[str, Facts] | None = None
        self._changed = False
        self._saved = time.monotonic()

    def get(self, file: ModelFile) -> Facts | None:
        """Return what is known about a file as it is now."""
        facts = self._all().get(file.path)
        now = (file.files, file.bytes, file.mtime_ns, file.inode)
        if facts is None or (facts.files, facts.bytes, facts.mtime_ns, facts.inode) != now:
            return None
        return facts

    def put(self, path: str, facts: Facts) -> None:
        """Remember it; it is on the disk some seconds later, or after `save`."""
        with self._lock:
            self._all()[path] = facts
            self._changed = True
        if time.monotonic() - self._saved > _SAVE_SECONDS:
            self.save()

    def save(self) -> None:
        """Write what is new."""
        with self._lock:
            if not self._changed:
                return
            self._changed, self._saved = False, time.monotonic()
            newest = dict(list(self._all().items())[-_MOST:])
            # JSON has no names but text; the headers of other files are read again.
            newest = {path: facts for path, facts in newest.items() if as_text(path) == path}
            data = msgspec.json.encode(_Kept(_VERSION, newest))
        from homebody.base.files import replace_file

        with suppress(OSError):
            replace_file(self._path, data)

    def _all(self) -> dict[str, Facts]:
        if self._facts is None:
            self._facts = _read(self._path)
        return self._facts


def _read(path: Path) -> dict[str, Facts]:
    try:
        with path.open("rb") as stream:
            data = stream.read(_LARGEST + 1)
        kept = msgspec.json.decode(data, type=_Kept)
    except (OSError, ValueError, RecursionError):
        return {}
    return kept.files if kept.version == _VERSION else {}
