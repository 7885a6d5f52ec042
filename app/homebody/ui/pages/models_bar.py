"""The bar on a model's card: what it takes of a memory, or how far a download has come."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from homebody.ui.model_states import FitBar
from homebody.ui.theme import Look

__all__ = ["Bar"]

_HEIGHT, _GAP, _ROUND = 10, 2, 3


class Bar(QWidget):
    """Weights, context, working, free, and what others have taken, from left to right."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._bar: FitBar | None = None
        self._progress: float | None = None
        self.setObjectName("bar")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        look.changed.connect(self.updateGeometry)

    def show_state(self, bar: FitBar | None, progress: float | None, words: str) -> None:
        """Show a plan, or a progress from 0 to 1; `words` say the same."""
        if (bar, progress) != (self._bar, self._progress):
            self._bar, self._progress = bar, progress
            self.update()
        self.setAccessibleName(words)

    def parts(self) -> tuple[tuple[str, float], ...]:
        """Return what is drawn: colours by their names, and shares of the whole."""
        if self._progress is not None:
            return (("accent", self._progress), ("line", 1 - self._progress))
        bar = self._bar
        if bar is None:
            return ()
        free = 1 - bar.weights - bar.cache - bar.compute - bar.taken
        return (
            ("accent" if bar.fits else "warn", bar.weights),
            ("ok", bar.cache),
            ("dim", bar.compute),
            ("line", free),
            ("selected", bar.taken),
        )

    def sizeHint(self) -> QSize:
        """Return the height; it is as wide as there is room."""
        size = self._look.theme.size
        return QSize(size(200), size(_HEIGHT))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the parts beside each other, the smallest of them still to be seen."""
        del event
        theme = self._look.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        parts = [(name, share) for name, share in self.parts() if share > 0]
        least = theme.size(3)
        room = self.width() - _GAP * (len(parts) - 1) - least * len(parts)
        left = 0.0
        for name, share in parts:
            width = least + max(room, 0) * share
            shape = QPainterPath()
            radius = min(theme.size(_ROUND), width / 2)
            shape.addRoundedRect(QRectF(left, 0, width, self.height()), radius, radius)
            painter.setBrush(theme.color(name))
            painter.drawPath(shape)
            left += width + _GAP
        painter.end()
