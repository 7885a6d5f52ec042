"""How far a download has come and how fast it is, told from a thread of its own.

Also while nothing comes: whoever listens sees the speed fall, and can give up at once.
"""

import threading
import time
from collections.abc import Callable
from typing import Self

__all__ = ["Meter", "OnProgress"]

OnProgress = Callable[[int, int, float | None, bool], None]
"""Bytes that are here, bytes in all, bytes per second, and whether they are being verified now."""

_TELL_SECONDS = 0.25
_HALF_LIFE = 3.0
"""Seconds after which a moment counts half in the speed."""
_KNOWN_AFTER = 0.7


class Meter:
    """Counts; tells `on_progress` about four times a second while it is entered."""

    def __init__(self, total: int, on_progress: OnProgress) -> None:
        self._total = total
        self._on_progress = on_progress
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._tell, name="download-meter", daemon=True)
        # Guards what follows.
        self._state = threading.Lock()
        self._before = 0
        self._here = 0
        self._fetched = 0
        self._verifying = False

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def fetched(self, count: int, here: int) -> None:
        """Count bytes that came; `here` bytes of the present file are on the disk now."""
        with self._state:
            self._fetched += count
            self._here, self._verifying = here, False

    def verified(self, here: int) -> None:
        """So many bytes of the present file were here already, and are being read."""
        with self._state:
            self._here, self._verifying = here, True

    def finished(self, size: int) -> None:
        """The present file, of `size` bytes, is there; another one begins."""
        with self._state:
            self._before += size
            self._here, self._verifying = 0, False

    def _tell(self) -> None:
        began = last = time.monotonic()
        counted, speed = 0, 0.0
        while not self._end.wait(_TELL_SECONDS):
            with self._state:
                done, fetched = self._before + self._here, self._fetched
                verifying = self._verifying
            now = time.monotonic()
            weight = 0.5 ** ((now - last) / _HALF_LIFE)
            # As a mean since the beginning at first, or it would climb for seconds.
            weight = min(weight, (last - began) / (now - began))
            speed = weight * speed + (1 - weight) * (fetched - counted) / (now - last)
            last, counted = now, fetched
            known = now - began >= _KNOWN_AFTER and not verifying
            self._on_progress(done, self._total, speed if known else None, verifying)
