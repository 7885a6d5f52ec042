"""Tells reminders when they are due, while Homebody runs.

Due is what the wall clock says, whichever way it was set: the clock is looked at often enough for
a jump, or a machine that slept, to be noticed. Times are kept in UTC, so that summer time changes
nothing. A reminder is marked as told before it is told, and only who marked it tells it: no window
and no restart tells it again.
"""

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Final, Protocol

from homebody.base.clock import Clock, now
from homebody.base.errors import HomebodyError
from homebody.base.log import log
from homebody.messages.skills import Reminder

__all__ = ["KeepsReminders", "Notifier"]

_LOOK: Final = 20.0
"""Seconds, at most, between two looks at the clock and at what other processes added."""
_SOON: Final = 1.0
"""Seconds until a second look at one that became due just now, or could not be read."""
_END: Final = 5.0
"""Seconds that `close` waits for a reminder that is being told."""


class KeepsReminders(Protocol):
    """The store, as far as it is known here. Raises `HomebodyError`."""

    on_reminder: Callable[[], None] | None

    def due_reminders(self, now: datetime) -> list[Reminder]:
        """Return what is due at `now` and was not told."""

    def next_reminder(self) -> datetime | None:
        """Return when the next one that was not told is due."""

    def tell(self, id: str) -> bool:  # noqa: A002
        """Mark one as told; True for one caller alone."""


class Notifier:
    """A thread that sleeps until a reminder is due. Make it, show `missed`, then `start` it."""

    def __init__(
        self, store: KeepsReminders, tell: Callable[[Reminder], None], *, clock: Clock = now
    ) -> None:
        """`tell` is called on the notifier's thread; it should return soon and not raise."""
        self._store, self._tell, self._clock = store, tell, clock
        self._told: set[str] = set()
        """Told here although the store could not be written."""
        # Guards what follows; notified when it changes.
        self._changed = threading.Condition()
        self._woken = False
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="reminders", daemon=True)

    def missed(self) -> tuple[Reminder, ...]:
        """Return what came due while Homebody did not run; they count as told from now on."""
        return tuple(each for each in self._due() if self._mark(each))

    def start(self) -> None:
        """Begin to tell. What is due already is told at once."""
        self._store.on_reminder = self.wake
        self._thread.start()

    def wake(self) -> None:
        """Look again: a reminder was added or removed. Any thread; returns at once."""
        with self._changed:
            self._woken = True
            self._changed.notify_all()

    def close(self) -> None:
        """Tell nothing any more. May be called twice."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._store.on_reminder == self.wake:
            self._store.on_reminder = None
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(_END)

    def _run(self) -> None:
        while not self._closed:
            with self._changed:
                self._woken = False
            for reminder in self._due():
                if self._closed:
                    return
                if self._mark(reminder):
                    self._say(reminder)
            seconds = self._until_next()
            with self._changed:
                self._changed.wait_for(lambda: self._woken or self._closed, seconds)

    def _due(self) -> list[Reminder]:
        try:
            found = self._store.due_reminders(self._clock())
        except HomebodyError as problem:
            log.warning("reminders could not be read: %s", type(problem).__name__)
            return []
        return [each for each in found if each.id not in self._told]

    def _mark(self, reminder: Reminder) -> bool:
        """Mark a reminder as told; return whether it is ours to tell."""
        try:
            return self._store.tell(reminder.id)
        except HomebodyError as problem:
            # A full disk is no reason to be silent; but once is enough.
            log.warning("a reminder could not be marked: %s", type(problem).__name__)
            self._told.add(reminder.id)
            return True

    def _say(self, reminder: Reminder) -> None:
        try:
            self._tell(reminder)
        except Exception as error:  # noqa: BLE001  the next reminder is to be told all the same
            log.error("a reminder could not be shown: %s", type(error).__name__)

    def _until_next(self) -> float:
        """Return how many seconds to sleep at most."""
        try:
            due = self._store.next_reminder()
        except HomebodyError:
            return _LOOK
        if due is None:
            return _LOOK
        # One that is due and could not be marked is no reason to look all the time.
        left = (due - self._clock()).total_seconds()
        return min(left, _LOOK) if left > 0 else _LOOK if self._told else _SOON
