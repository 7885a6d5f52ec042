"""The desktop's clipboard for who works on another thread: the window's thread is asked for it."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final

from PySide6.QtCore import QObject, Qt, QThread, Signal, Slot
from PySide6.QtGui import QGuiApplication

from homebody.base.errors import SkillProblem
from homebody.ui.words import tr

__all__ = ["WindowClipboard"]

_SECONDS: Final = 8.0
"""Whoever owns the clipboard may take its time to hand a text over, or never do."""


class WindowClipboard(QObject):
    """Reads and writes text. Any thread, and made on any, once there is an application."""

    _asked = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        app = QGuiApplication.instance()
        assert app is not None
        self.moveToThread(app.thread())
        self._asked.connect(self._do, Qt.ConnectionType.QueuedConnection)
        self._one = threading.Lock()

    def read(self) -> str:
        """Return the text on the clipboard, "" where there is none. Raises `SkillProblem`."""
        return self._ask(lambda: QGuiApplication.clipboard().text())

    def write(self, text: str) -> None:
        """Put a text on the clipboard. Raises `SkillProblem`."""

        def put() -> str:
            QGuiApplication.clipboard().setText(text)
            return ""

        self._ask(put)

    def _ask(self, work: Callable[[], str]) -> str:
        if QThread.currentThread() == self.thread():
            return work()
        answer: Future[str] = Future()
        with self._one:
            self._asked.emit((work, answer))
            try:
                return answer.result(_SECONDS)
            except TimeoutError:
                answer.cancel()
                raise SkillProblem(
                    tr("The clipboard did not answer."),
                    tr("Another program holds it. Copy the text again, then try once more."),
                    "time",
                ) from None

    @Slot(object)
    def _do(self, parcel: object) -> None:
        assert isinstance(parcel, tuple)
        work, answer = parcel
        if not answer.set_running_or_notify_cancel():
            return
        try:
            answer.set_result(work())
        except Exception as error:  # noqa: BLE001  who asked hears of it
            answer.set_exception(error)
