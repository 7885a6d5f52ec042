"""The one thing that crosses threads: work goes out, results come back to the window's thread.

A lane is one thread that does its work in order. A result is put on the window's thread by a
queued signal, so that a presenter and a widget never see another thread.
"""

import threading
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from homebody.base.errors import HomebodyError
from homebody.base.log import confess
from homebody.ui.presenter.needs import Failed, Lane

__all__ = ["Bridge"]

T = TypeVar("T")


class Bridge(QObject):
    """The hands of the presenter (`presenter.needs.Background`). Lives on the window's thread."""

    _came_back = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lanes: dict[Lane, ThreadPoolExecutor] = {}
        self._closing = threading.Event()
        self._timers: set[QTimer] = set()
        self._came_back.connect(self._take, Qt.ConnectionType.QueuedConnection)

    def run(
        self, lane: Lane, work: Callable[[], T], then: Callable[[T], None], failed: Failed
    ) -> None:
        """Do `work` in a lane; then call `then` or `failed` here."""

        def job() -> None:
            try:
                result = work()
            except Exception as error:  # noqa: BLE001  whatever it is, the window says so
                self._give(failed, _worded(error))
            else:
                self._give(then, result)

        self._submit(lane, job)

    def stream(
        self,
        lane: Lane,
        work: Callable[[], Iterable[T]],
        each: Callable[[T], None],
        then: Callable[[], None],
        failed: Failed,
    ) -> None:
        """Go through what `work` yields in a lane, calling `each` here for every piece."""

        def job() -> None:
            try:
                pieces = work()
                try:
                    for piece in pieces:
                        if self._closing.is_set():
                            break
                        self._give(each, piece)
                finally:
                    if isinstance(pieces, Generator):
                        pieces.close()
            except Exception as error:  # noqa: BLE001  whatever it is, the window says so
                self._give(failed, _worded(error))
            else:
                self._give(lambda _: then(), None)

        self._submit(lane, job)

    def after(self, seconds: float, work: Callable[[], None]) -> Callable[[], None]:
        """Call `work` here after a while; return what calls it off."""
        timer = QTimer(self)
        timer.setSingleShot(True)
        self._timers.add(timer)

        def forget() -> None:
            if timer in self._timers:
                self._timers.discard(timer)
                timer.stop()
                timer.deleteLater()

        def ring() -> None:
            forget()
            work()

        timer.timeout.connect(ring)
        timer.start(round(seconds * 1000))
        return forget

    def finish(self, lane: Lane) -> None:
        """Wait until a lane has done what was asked of it. Its results do not come back."""
        executor = self._lanes.pop(lane, None)
        if executor is not None:
            executor.shutdown(wait=True)

    def close(self) -> None:
        """Take no more work, wait for what is being done, and bring nothing back."""
        self._closing.set()
        for timer in list(self._timers):
            timer.stop()
        self._timers.clear()
        for executor in self._lanes.values():
            executor.shutdown(wait=True, cancel_futures=True)
        self._lanes.clear()

    def _submit(self, lane: Lane, job: Callable[[], None]) -> None:
        if self._closing.is_set():
            return
        if lane not in self._lanes:
            self._lanes[lane] = ThreadPoolExecutor(1, thread_name_prefix=lane)
        self._lanes[lane].submit(job)

    def _give(self, callback: Callable[[T], None], value: T) -> None:
        """Bring a value to the window's thread."""
        if not self._closing.is_set():
            self._came_back.emit((callback, value))

    @Slot(object)
    def _take(self, parcel: object) -> None:
        if self._closing.is_set():
            return
        assert isinstance(parcel, tuple)
        parcel[0](parcel[1])


def _worded(error: Exception) -> HomebodyError:
    """Return an error that can be shown: of a bug, a sentence, and its place goes to the log."""
    return error if isinstance(error, HomebodyError) else confess(error)
