"""How many threads compute the next token.

All threads wait for the slowest at every layer, and spin while they wait. On a machine that is busy
with something else one of them is often not running, and a token that takes 6 ms alone takes 500:
fewer threads are then many times faster, and leave the others their processor. So the time of every
token is compared with what it was: when it doubles, fewer threads are tried; now and then, and ever
more rarely, more are tried again.
"""

from dataclasses import dataclass

__all__ = ["Pace"]

_SLOWER = 2.0
"""A token that takes so many times as long as it used to is one too slow."""
_PATIENCE = 2
"""Slow tokens in a row before fewer threads are tried."""
_WORTH = 0.9
_FIRST_WAIT, _LONGEST_WAIT = 1.0, 30.0
_SMOOTH = 0.2
_FORGET = 1.001
"""A level's best time grows by this at each token: longer conversations are slower to compute."""


@dataclass
class _Level:
    threads: int
    usual: float = 0.0
    best: float = float("inf")

    def note(self, seconds: float) -> None:
        self.usual = seconds if not self.usual else self.usual + _SMOOTH * (seconds - self.usual)
        self.best = min(seconds, self.best * _FORGET)


class Pace:
    """Chooses among all threads, half of them, a quarter… and one."""

    def __init__(self, threads: int) -> None:
        self._levels = [_Level(threads)]
        while self._levels[-1].threads > 1:
            self._levels.append(_Level(self._levels[-1].threads // 2))
        self._now = 0
        self._slow = 0
        self._tried: int | None = None
        """The level to go back to, while another is tried."""
        self._wait = _FIRST_WAIT
        self._next_try = 0.0

    @property
    def threads(self) -> int:
        """How many threads should compute the next token."""
        return self._levels[self._now].threads

    def took(self, seconds: float, moment: float) -> None:
        """Learn how long the last token took; `moment` is a monotonic clock's reading (s)."""
        level = self._levels[self._now]
        if self._tried is not None:
            self._judge(seconds, moment)
            return
        first = not level.usual
        level.note(seconds)
        self._slow = self._slow + 1 if seconds > _SLOWER * level.best else 0
        last = self._now + 1 == len(self._levels)
        if not last and (self._slow >= _PATIENCE or (first and self._now == 0)):
            self._try(self._now + 1)
        elif self._now and moment >= self._next_try:
            self._try(self._now - 1)

    def _try(self, level: int) -> None:
        self._tried, self._now, self._slow = self._now, level, 0

    def _judge(self, seconds: float, moment: float) -> None:
        """Stay at the level that was tried, or go back."""
        assert self._tried is not None
        before, tried = self._levels[self._tried], self._levels[self._now]
        upwards = self._now < self._tried
        tried.usual = seconds
        tried.best = min(seconds, tried.best * _FORGET)
        self._next_try = moment + self._wait
        if seconds >= _WORTH * before.usual:
            self._now, self._tried = self._tried, None
            if upwards:
                self._wait = min(2 * self._wait, _LONGEST_WAIT)
                self._next_try = moment + self._wait
            return
        self._tried, self._wait = None, _FIRST_WAIT
        below = self._now + 1
        if not upwards and below < len(self._levels) and not self._levels[below].usual:
            self._try(below)
