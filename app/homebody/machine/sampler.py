"""Readings of the cards, once a second, for somebody who watches; and none for nobody."""

import threading
from collections.abc import Callable, Collection, Iterator

from homebody.machine.gpus import GpuReading

__all__ = ["Sampler"]

_SELDOM = 10
"""So many intervals between two readings where there is no card to read."""


class Sampler:
    """Reads the cards for those that watch, each on the thread that iterates.

    Without a watcher there is no thread, no reading and no cost; while `watched` is False (the
    window is hidden) watchers sleep. `close` ends them.
    """

    def __init__(
        self,
        read: Callable[[Collection[int]], GpuReading],
        own: Callable[[], Collection[int]],
        interval: float = 1.0,
    ) -> None:
        """`read` is such as `GpuReader.read`; `own` returns the processes that are ours now.

        `interval` in seconds.
        """
        self._read, self._own, self._interval = read, own, interval
        # Guards what follows; notified when it changes.
        self._changed = threading.Condition()
        self._watched = True
        self._closed = False

    @property
    def watched(self) -> bool:
        """Whether anybody can see what is read."""
        return self._watched

    @watched.setter
    def watched(self, watched: bool) -> None:
        with self._changed:
            self._watched = watched
            self._changed.notify_all()

    def watch(self) -> Iterator[GpuReading]:
        """Yield a reading now and after each interval, until `close`. Blocks in between."""
        while self._may_read():
            reading = self._read(self._own())
            yield reading
            self._rest(self._interval * (1 if reading.gpus else _SELDOM))

    def close(self) -> None:
        """End all that watch, at once."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _may_read(self) -> bool:
        """Wait until somebody looks; return False if it is over."""
        with self._changed:
            self._changed.wait_for(lambda: self._watched or self._closed)
            return not self._closed

    def _rest(self, seconds: float) -> None:
        """Wait. A window that is shown again gets its reading at once, not a second later."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or not self._watched, timeout=seconds)
