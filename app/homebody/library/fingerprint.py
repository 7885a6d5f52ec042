"""The SHA-256 of model files, computed once and remembered by the store."""

import threading
from pathlib import Path
from typing import Protocol

from homebody.base.errors import HomebodyError

__all__ = ["Fingerprints", "RemembersHashes"]

_CHUNK = 4 * 1024 * 1024


class RemembersHashes(Protocol):
    """What keeps hashes: the store."""

    def known_hash(self, path: Path) -> str | None:
        """Return the hash of a file that did not change since, if it was ever computed."""

    def remember_hash(self, path: Path, sha256: str) -> None:
        """Keep it, by size, modification time and inode."""


class Fingerprints:
    """Computes hashes on a thread of its own, one file at a time."""

    def __init__(self, memory: RemembersHashes) -> None:
        self._memory = memory
        self._end = threading.Event()
        self._thread: threading.Thread | None = None

    def known(self, path: Path) -> str | None:
        """Return the hash if it was computed before. Never reads the file, never raises."""
        try:
            return self._memory.known_hash(path)
        except HomebodyError:
            return None

    def compute(self, path: Path, wait: float = 0.0) -> str | None:
        """Return the hash of a file, or start to compute it and wait so many seconds for it."""
        known = self.known(path)
        if known is not None:
            return known
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(
                target=self._compute, args=(path,), name="fingerprint", daemon=True
            )
            self._thread.start()
        self._thread.join(wait)
        return self.known(path)

    def close(self) -> None:
        """Give up what is being computed."""
        self._end.set()
        if self._thread is not None:
            self._thread.join()

    def _compute(self, path: Path) -> None:
        # Loaded where it is used: it brings 4 MB of OpenSSL, and most files were hashed long ago.
        import hashlib

        digest = hashlib.sha256()
        try:
            before = path.stat()
            with path.open("rb") as stream:
                while chunk := stream.read(_CHUNK):
                    if self._end.is_set():
                        return
                    digest.update(chunk)
            if path.stat().st_mtime_ns == before.st_mtime_ns:
                self._memory.remember_hash(path, digest.hexdigest())
        except (OSError, HomebodyError):
            # The hash stays unknown; whoever uses the file or the store says what is wrong.
            return
