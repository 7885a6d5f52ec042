"""The SHA-256 of model files, computed once and remembered by the store."""

import threading
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from homebody.base.errors import HomebodyError
from homebody.library.model_files import is_split

__all__ = ["Fingerprints", "RemembersHashes"]

_CHUNK = 4 * 1024 * 1024
_PAUSE = 0.004
"""Seconds between chunks of a file that nobody waits for: the disk is there for others too."""


class RemembersHashes(Protocol):
    """What keeps hashes: the store."""

    def known_hash(self, path: Path) -> str | None:
        """Return the hash of a file that did not change since, if it was ever computed."""

    def remember_hash(self, path: Path, sha256: str) -> None:
        """Keep it, by size, modification time and inode."""


class Fingerprints:
    """Computes hashes on a thread of its own, one file at a time.

    A file that somebody waits for (`compute`) comes before those that nobody does (`begin`), also
    in the middle of one. The thread ends when there is nothing left to do.
    """

    def __init__(self, memory: RemembersHashes) -> None:
        self._memory = memory
        self._end = threading.Event()
        self._changed = threading.Condition()
        self._urgent: deque[Path] = deque()
        self._waiting: deque[Path] = deque()
        self._at_work: set[Path] = set()
        self._thread: threading.Thread | None = None

    def known(self, path: Path) -> str | None:
        """Return the hash if it was computed before. Never reads the file, never raises.

        A model in several files has none: that of one part says nothing about the others.
        """
        if is_split(path):
            return None
        try:
            return self._memory.known_hash(path)
        except HomebodyError:
            return None

    def compute(self, path: Path, wait: float = 0.0) -> str | None:
        """Return the hash of a file, or start to compute it and wait so many seconds for it."""
        known = self.known(path)
        if known is not None or is_split(path):
            return known
        with self._changed:
            if path not in self._urgent and path not in self._at_work:
                self._urgent.append(path)
                if path in self._waiting:
                    self._waiting.remove(path)
            self._start()
            self._changed.wait_for(lambda: not self._has(path), timeout=wait)
        return self.known(path)

    def begin(self, paths: Iterable[Path]) -> None:
        """Compute the hashes of these files, one after another, when there is time."""
        with self._changed:
            self._waiting.extend(path for path in paths if not self._has(path))
            if self._waiting:
                self._start()

    def close(self) -> None:
        """Give up what is being computed."""
        self._end.set()
        thread = self._thread
        if thread is not None:
            thread.join()

    def _has(self, path: Path) -> bool:
        return path in self._at_work or path in self._urgent or path in self._waiting

    def _start(self) -> None:
        """With the lock held: see to it that a thread works."""
        if self._thread is None and not self._end.is_set():
            self._thread = threading.Thread(target=self._work, name="fingerprint", daemon=True)
            self._thread.start()

    def _take(self, queue: deque[Path]) -> Path | None:
        """With the lock held: take a file that nobody works on."""
        while queue:
            path = queue.popleft()
            if path not in self._at_work:
                self._at_work.add(path)
                return path
        return None

    def _work(self) -> None:
        while not self._end.is_set():
            with self._changed:
                urgent = self._take(self._urgent)
                path = urgent or self._take(self._waiting)
                if path is None:
                    self._thread = None
                    self._changed.notify_all()
                    return
            if urgent or self.known(path) is None:
                self._compute(path, urgent=urgent is not None)
            self._done(path)
        with self._changed:
            self._urgent.clear()
            self._waiting.clear()
            self._changed.notify_all()

    def _done(self, path: Path) -> None:
        with self._changed:
            self._at_work.discard(path)
            self._changed.notify_all()

    def _compute(self, path: Path, *, urgent: bool) -> None:
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
                    if not urgent:
                        self._let_others_first()
            if path.stat().st_mtime_ns == before.st_mtime_ns:
                self._memory.remember_hash(path, digest.hexdigest())
        except (OSError, HomebodyError):
            # The hash stays unknown; whoever uses the file or the store says what is wrong.
            return

    def _let_others_first(self) -> None:
        self._end.wait(_PAUSE)
        while not self._end.is_set():
            with self._changed:
                path = self._take(self._urgent)
            if path is None:
                return
            self._compute(path, urgent=True)
            self._done(path)
