"""Buttons whose words are cut with an ellipsis where there is no room for them."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QToolButton, QWidget

from homebody.ui.icons import pixmap
from homebody.ui.theme import Look

__all__ = ["ElidedButton", "MenuChip"]


class ElidedButton(QToolButton):
    """As wide as its words, or narrower; the whole of them is its tooltip then."""

    def __init__(self, look: Look, name: str, role: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._words = ""
        self.least = 96
        """The narrowest that it becomes, at a text size of 100 %."""
        self._known: dict[str, QSize] = {}
        self.setObjectName(name)
        self.setProperty("role", role)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        look.changed.connect(self.measure)

    def words(self) -> str:
        """Return all its words, whether they are shown or cut."""
        return self._words

    def show_words(self, words: str) -> None:
        """Show these words, or as much of them as there is room for."""
        if words != self._words:
            self._words = words
            self.measure()

    def measure(self) -> None:
        """Take the room for its words and its icon anew."""
        self._known = {}
        self.updateGeometry()
        self._cut()

    def _cut(self) -> None:
        spare = self.sizeHint().width() - self.width()
        metrics = self.fontMetrics()
        room = metrics.horizontalAdvance(self._words) - spare
        right = Qt.TextElideMode.ElideRight
        cut = self._words if spare <= 0 else metrics.elidedText(self._words, right, max(room, 0))
        if cut != self.text():
            self.setText(cut)
        self.setToolTip("" if cut == self._words else self._words)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Cut the words anew."""
        super().resizeEvent(event)
        self._cut()

    def sizeHint(self) -> QSize:
        """Return the size with all its words, whatever is shown of them."""
        size = self._known.get(self._words)
        if size is None:
            self.ensurePolished()
            shown = self.text()
            self.setText(self._words)
            size = super().sizeHint()
            self.setText(shown)
            self._known = {self._words: size}
        return size

    def minimumSizeHint(self) -> QSize:
        """Return the size of the first few letters."""
        hint = self.sizeHint()
        return QSize(min(hint.width(), self._look.theme.size(self.least)), hint.height())


class MenuChip(ElidedButton):
    """A chip with a chevron at its right: there is a menu behind it."""

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the chevron over the room that the style leaves for it."""
        super().paintEvent(event)
        theme = self._look.theme
        side = theme.size(16)
        chevron = pixmap("chevron-down", theme, "dim", self.devicePixelRatioF())
        painter = QPainter(self)
        painter.drawPixmap(
            self.width() - side - theme.size(10), (self.height() - side) // 2, chevron
        )
        painter.end()
