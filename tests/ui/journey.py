"""The whole window over a scripted engine, driven by keys and clicks: everything is real."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QListView, QWidget

from assistant.support import QUICK
from homebody.assistant.session import Session
from homebody.base.paths import find_home
from homebody.engine.client import Engine
from homebody.ui.application import Desk, Needs
from homebody.ui.presenter.needs import Behind, BehindPrivacy, BehindSkills
from homebody.ui.presenter.presenter import Presenter
from homebody.ui.states import TurnRow
from homebody.wire.keeper import child_command
from ui.stand import SeenPorter, make_session

W = TypeVar("W", bound=QWidget)
DEADLINE = 60.0


class Journey:
    """A person at the window."""

    def __init__(self, desk: Desk, porter: SeenPorter, engine: Engine) -> None:
        self.desk, self.porter, self.engine = desk, porter, engine
        self.window = desk.window

    @property
    def session(self) -> Session:
        assert self.desk._session is not None
        return self.desk._session

    @property
    def presenter(self) -> Presenter:
        assert self.desk.presenter is not None
        return self.desk.presenter

    def until(self, condition: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + DEADLINE
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"waited {DEADLINE:.0f} s for {what}")
            QTest.qWait(5)

    def find(self, name: str, kind: type[W] = QWidget) -> W:  # type: ignore[assignment]
        """Return the widget of this name that can be seen."""
        found = [each for each in self.window.findChildren(kind, name) if each.isVisible()]
        assert found, f"no {name} to be seen"
        return found[0]

    def click(self, name: str) -> None:
        button = self.find(name, QAbstractButton)
        QTest.mouseClick(button, Qt.MouseButton.LeftButton, pos=button.rect().center())

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier | None = None) -> None:
        where = QApplication.focusWidget() or self.window
        QTest.keyClick(where, key, modifier or Qt.KeyboardModifier.NoModifier)

    def type(self, text: str) -> None:
        field = self.find("message")
        field.setFocus()
        QTest.keyClicks(field, text)

    def send(self, text: str) -> None:
        self.type(text)
        QTest.keyClick(self.find("message"), Qt.Key.Key_Return)

    def say(self, text: str) -> TurnRow:
        """Type a message, send it, and wait for the whole reply."""
        before = set(self.ids())
        self.send(text)
        self.until(lambda: set(self.ids()) - before, "the row")
        self.until(lambda: not self.presenter.talk.writing, "the reply")
        return self.last()

    def ids(self) -> list[str]:
        return self.window.transcript.row_ids()

    def last(self) -> TurnRow:
        return self.window.transcript._rows[-1]

    def conversations(self) -> list[str]:
        """Return the titles in the sidebar."""
        rows = self.find("conversations", QListView).model()
        texts = [rows.index(n, 0).data() for n in range(rows.rowCount())]
        return [text for text in texts if text]


@contextmanager
def journey(
    script: Path | None,
    app: QApplication,
    *,
    behind: Behind | None = None,
    skills: BehindSkills | None = None,
    privacy: BehindPrivacy | None = None,
    **options: object,
) -> Iterator[Journey]:
    """Open the window; close it as a person would. No script: the real engine and the starter."""
    if script is None:
        engine = Engine(limits=QUICK)
    else:
        engine = Engine(child_command("scripted-engine", str(script)), limits=QUICK)
    porter = SeenPorter()

    def open_session() -> Session:
        return make_session(engine, **options)

    def begin() -> tuple[SeenPorter, tuple[str, ...]]:
        engine.start()
        return porter, ()

    app.setStyle("Fusion")
    desk = Desk(
        app,
        Needs(
            home=find_home(),
            begin=begin,
            open_session=open_session,
            behind=behind,
            skills=skills,
            privacy=privacy,
        ),
    )
    it = Journey(desk, porter, engine)
    if privacy is not None:
        # Made up of what there is by then: see `privacy_kit`.
        privacy.session = lambda: it.session
        privacy.end = engine.close
    try:
        desk.open()
        it.until(lambda: desk.presenter and desk.presenter.talk.place, "the window")
        yield it
    finally:
        desk.close()
        engine.close()
        desk.window.deleteLater()
        desk.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def middle(widget: QWidget) -> QPoint:
    return widget.rect().center()


def timers(root: QObject) -> list[str]:
    """Return the timers below an object that still run."""
    from PySide6.QtCore import QTimer

    return [str(each.parent()) for each in root.findChildren(QTimer) if each.isActive()]
