"""The quiet line at the bottom of the window. It says figures, and asks for nothing."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from homebody.ui.theme import MARGIN, Look

__all__ = ["StripLine"]


class StripLine(QWidget):
    """A line in small print, at the right; hidden while there is nothing to say."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._words = ""
        self.setObjectName("strip")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        look.changed.connect(self.updateGeometry)
        self.hide()

    def words(self) -> str:
        """Return what it says."""
        return self._words

    def show_words(self, words: str) -> None:
        """Say this."""
        self._words = words
        self.setAccessibleName(words)
        self.setVisible(bool(words))
        self.update()

    def sizeHint(self) -> QSize:
        """Return the height of a line in small print."""
        return QSize(0, self._look.theme.size(24))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the words, cut at the left where there is no room: the figures are at the right."""
        del event
        theme = self._look.theme
        painter = QPainter(self)
        painter.setFont(theme.font("fact"))
        painter.setPen(theme.color("faint"))
        side = theme.size(MARGIN)
        place = self.rect().adjusted(side, 0, -side, -theme.size(6))
        mode = Qt.TextElideMode.ElideLeft
        words = painter.fontMetrics().elidedText(self._words, mode, place.width())
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(place, right, words)
        painter.end()
