"""Reminders that are due: said in the window and on the desktop; what was missed, at the start."""

import queue
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from typing import Final

from homebody.base.clock import now
from homebody.messages.skills import Reminder
from homebody.store.store import Store
from homebody.ui.presenter.needs import BehindSkills, Reminds
from homebody.ui.presenter.skills import day_and_time
from homebody.ui.presenter.stage import Stage
from homebody.ui.words import tr

__all__ = ["Reminding"]

_NAMED: Final = 5
_LATER: Final = timedelta(minutes=10)


class Reminding:
    """Waits for reminders in a lane of its own. Lives on the window's thread."""

    def __init__(
        self, stage: Stage, store: Store, behind: BehindSkills, told: Callable[[], None]
    ) -> None:
        """`told` is called when one was told, or put off."""
        self._stage, self._store, self._told = stage, store, told
        self._due: queue.SimpleQueue[Reminder | None] = queue.SimpleQueue()
        """None: it is over."""
        self._missed: tuple[Reminder, ...] = ()
        stage.background.stream(
            "reminders", partial(self._wait, behind), self._tell, lambda: None, stage.board.tell
        )

    def close(self) -> None:
        """Wait no longer."""
        self._due.put(None)

    def _wait(self, behind: BehindSkills) -> Iterator[Reminder | tuple[Reminder, ...]]:
        reminds: Reminds = behind.remind(self._store, self._due.put)
        try:
            missed = tuple(reminds.missed())
            if missed:
                yield missed
            reminds.start()
            while (due := self._due.get()) is not None:
                yield due
        finally:
            reminds.close()

    def _tell(self, due: Reminder | tuple[Reminder, ...]) -> None:
        if isinstance(due, tuple):
            self._tell_missed(due)
            return
        self._stage.board.say(
            f"reminder-{due.id}",
            tr("Reminder: {text}").format(text=due.text),
            action=tr("In 10 minutes"),
            do=partial(self._later, due),
        )
        self._stage.view.notify(tr("Reminder"), due.text)
        self._told()

    def _tell_missed(self, missed: Sequence[Reminder]) -> None:
        """Say calmly what came due while nobody was there to say it."""
        named = "; ".join(f"{each.text} ({day_and_time(each.due)})" for each in missed[-_NAMED:])
        more = len(missed) - _NAMED
        if more > 0:
            named += tr("; and {count} earlier ones").format(count=more)
        self._stage.board.say(
            "missed", tr("Came due while Homebody was closed: {named}").format(named=named)
        )

    def _later(self, reminder: Reminder) -> None:
        def work() -> None:
            self._store.add_reminder(reminder.text, now() + _LATER)

        def then(_: None) -> None:
            self._told()

        self._stage.run("store", work, then)
