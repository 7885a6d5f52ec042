"""A page: a column of reading width that scrolls. Its title stands in the line above."""

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from homebody.ui.theme import COLUMN, MARGIN, Look

__all__ = ["ScrolledPage", "label"]


class ScrolledPage(QScrollArea):
    """What every page is made in. Subclasses fill `column`."""

    left = Signal()
    """Esc was pressed, and nothing on the page had a use for it."""

    def __init__(self, look: Look, name: str, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # Arrows and the page keys scroll it.
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        whole = QWidget(self)
        self.inner = QWidget(whole)
        self.column = QVBoxLayout(self.inner)
        self.column.setContentsMargins(0, 0, 0, 0)
        self._row = QHBoxLayout(whole)
        self._row.addStretch(1)
        self._row.addWidget(self.inner, 1000)
        self._row.addStretch(1)
        self.setWidget(whole)
        whole.setAutoFillBackground(False)
        self.viewport().setAutoFillBackground(False)
        self.space()
        look.changed.connect(self.space)

    def space(self) -> None:
        """Space the column for the text's size."""
        theme = self.look.theme
        side = theme.size(MARGIN)
        self._row.setContentsMargins(side, theme.size(16), side, side)
        self.inner.setMaximumWidth(theme.size(COLUMN))
        self.column.setSpacing(theme.size(8))

    def event(self, event: QEvent) -> bool:
        """Keep Esc from the window: here it leaves the page, and stops no reply."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() == Qt.Key.Key_Escape
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave at Esc; scroll at the arrows."""
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)


def label(text: str, role: str, parent: QWidget) -> QLabel:
    """Return a label in a role of the style sheet; nothing in it is read as markup."""
    made = QLabel(text, parent)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setProperty("role", role)
    made.setWordWrap(True)
    return made
