"""What the window says while everything is erased, and after: then there is nothing else to do."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from homebody.ui.pages.sheet import label
from homebody.ui.privacy_states import ErasedState
from homebody.ui.theme import Look
from homebody.ui.words import tr

if TYPE_CHECKING:
    from homebody.privacy.erasing import Erased

__all__ = ["ErasedCover", "erased_state"]

_WIDE = 520


def erased_state(erased: "Erased | None", *, keep_models: bool) -> ErasedState:
    """Return what to say; None: it is being erased."""
    if erased is None:
        return ErasedState(
            title=tr("Erasing everything…"),
            sentences=(tr("Homebody ends what runs, then deletes its files."),),
            running=True,
        )
    sentences = [tr("Homebody ends now. A new start begins with an empty profile.")]
    if keep_models:
        sentences.append(tr("The models stay in their folder, as you chose."))
    if erased.others:
        sentences.append(
            tr(
                "Beside Homebody's files there are others in its folder, which stay: {names}."
            ).format(names=", ".join(erased.others[:5]) + (" …" if len(erased.others) > 5 else ""))
        )
    if erased.whole:
        return ErasedState(title=tr("Everything is erased"), sentences=tuple(sentences))
    sentences.append(tr("This could not be erased. Delete it yourself, when nothing else uses it:"))
    return ErasedState(
        title=tr("Erased, but not all of it"),
        sentences=tuple(sentences),
        left=(*erased.keys, *erased.stayed),
    )


class ErasedCover(QWidget):
    """Covers the window for good; no key reaches what lies below."""

    left = Signal()
    """The person has read it."""

    def __init__(self, look: Look, window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("erased")
        self._look, self._below = look, window
        self._card = QFrame(self)
        self._card.setProperty("role", "ask")
        self._title = label("", "title", self._card)
        self._words = label("", "dim", self._card)
        self._what = QPlainTextEdit(self._card)
        self._what.setObjectName("erased_left")
        self._what.setAccessibleName(tr("What could not be erased"))
        self._what.setReadOnly(True)
        self._what.setTabChangesFocus(True)
        self._what.setProperty("role", "result")
        self._end = QPushButton(tr("End Homebody"), self._card)
        self._end.setObjectName("erased_end")
        self._end.setAccessibleName(self._end.text())
        self._end.setProperty("role", "primary")
        self._end.setAutoDefault(True)
        self._end.clicked.connect(self.left)
        self._column = QVBoxLayout(self._card)
        for part in (self._title, self._words, self._what):
            self._column.addWidget(part)
        self._column.addWidget(self._end, 0, Qt.AlignmentFlag.AlignRight)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self._card, 1000)
        row.addStretch(1)
        self._outer = QVBoxLayout(self)
        self._outer.addStretch(2)
        self._outer.addLayout(row)
        self._outer.addStretch(3)
        theme = look.theme
        self._card.setMaximumWidth(theme.size(_WIDE))
        self._column.setContentsMargins(*[theme.size(20)] * 4)
        self._column.setSpacing(theme.size(12))
        self._outer.setContentsMargins(*[theme.size(16)] * 4)
        window.installEventFilter(self)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def show_state(self, state: ErasedState) -> None:
        """Show how far it is, or what came of it."""
        self._title.setText(state.title)
        self._words.setText("\n\n".join(state.sentences))
        self._what.setPlainText("\n".join(state.left))
        self._what.setVisible(bool(state.left))
        lines = min(2 * len(state.left), 8) + 1
        self._what.setFixedHeight(lines * self._what.fontMetrics().lineSpacing() + 24)
        self._end.setVisible(not state.running)
        self.setAccessibleName(f"{state.title}. {' '.join(state.sentences)}")
        self.setGeometry(self._below.rect())
        self.show()
        self.raise_()
        focus = self if state.running else self._end
        focus.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_problem(self, message: str, hint: str) -> None:
        """Show that it could not be done."""
        words = tuple(part for part in (message, hint) if part)
        self.show_state(ErasedState(title=tr("Not everything is erased"), sentences=words))

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Go round inside."""
        stops = [part for part in (self._what, self._end) if part.isVisible()]
        if stops:
            here = next((n for n, part in enumerate(stops) if part.hasFocus()), -1)
            stops[(here + (1 if forward else -1)) % len(stops)].setFocus()
        return True

    def event(self, event: QEvent) -> bool:
        """Keep every key of the window below."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay as large as the window."""
        if watched is self._below and event.type() == QEvent.Type.Resize:
            self.setGeometry(self._below.rect())
        return super().eventFilter(watched, event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Hide what lies below: it is gone."""
        painter = QPainter(self)
        painter.fillRect(event.rect(), self._look.theme.color("bg"))
        painter.end()
