"""A small card under a button, with a few sentences; it blocks nothing."""

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QFrame, QLabel, QVBoxLayout, QWidget

from homebody.ui.theme import Look
from homebody.ui.words import tr

__all__ = ["Popover"]

_WIDTH = 340


class Popover(QFrame):
    """Lies over the window, below `anchor`. Esc, a click elsewhere or the anchor closes it."""

    closed = Signal()

    def __init__(self, look: Look, anchor: QWidget, text: str) -> None:
        super().__init__(anchor.window())
        self._look = look
        self._anchor = anchor
        self.setObjectName("popover")
        self.setProperty("role", "ask")
        self.setAccessibleName(text)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        theme = look.theme
        title = QLabel(tr("What stays home"), self)
        title.setProperty("role", "title")
        words = QLabel(text, self)
        words.setTextFormat(Qt.TextFormat.PlainText)
        words.setWordWrap(True)
        words.setProperty("role", "dim")
        column = QVBoxLayout(self)
        column.setContentsMargins(*[theme.size(16)] * 4)
        column.setSpacing(theme.size(8))
        column.addWidget(title)
        column.addWidget(words)
        self.hide()

    def show_card(self) -> None:
        """Show it, and take the focus so that a screen reader reads it."""
        window = self._anchor.window()
        theme = self._look.theme
        width = min(theme.size(_WIDTH), window.width() - 2 * theme.size(8))
        self.setFixedWidth(width)
        self.setFixedHeight(self.heightForWidth(width))
        corner = self._anchor.mapTo(window, self._anchor.rect().bottomRight())
        left = max(theme.size(8), min(corner.x(), window.width() - theme.size(8)) - width)
        self.move(QPoint(left, corner.y() + theme.size(4)))
        self.show()
        self.raise_()
        self.setFocus(Qt.FocusReason.PopupFocusReason)
        QApplication.instance().installEventFilter(self)  # type: ignore[union-attr]

    def close_card(self) -> None:
        """Close it, and give the focus back."""
        if self.isHidden():
            return
        QApplication.instance().removeEventFilter(self)  # type: ignore[union-attr]
        had_focus = self.hasFocus()
        self.hide()
        if had_focus:
            self._anchor.setFocus(Qt.FocusReason.OtherFocusReason)
        self.closed.emit()
        self.deleteLater()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Close at a click elsewhere; that click still does what it does."""
        if event.type() == QEvent.Type.MouseButtonPress and isinstance(event, QMouseEvent):
            place = event.globalPosition().toPoint()
            inside = self.rect().contains(self.mapFromGlobal(place))
            on_anchor = self._anchor.rect().contains(self._anchor.mapFromGlobal(place))
            # The anchor closes it by itself.
            if isinstance(watched, QWidget) and not inside and not on_anchor:
                self.close_card()
        elif event.type() == QEvent.Type.Resize and watched is self.window():
            self.close_card()
        return False

    def event(self, event: QEvent) -> bool:
        """Keep Esc."""
        if isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            event.accept()
            if event.type() == QEvent.Type.KeyPress:
                self.close_card()
            return True
        return super().event(event)
