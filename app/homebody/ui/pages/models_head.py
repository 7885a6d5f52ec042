"""The head of a model's card: its name, a badge, and facts, beside each other if they fit."""

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtWidgets import QLabel, QLayoutItem, QStyle, QWidget

from homebody.ui.flow import FlowLayout

__all__ = ["HeadLayout"]


class HeadLayout(FlowLayout):
    """What does not fit in the first line begins another one, where facts may be broken.

    Its height follows from its width alone, so that all is right at the first paint.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setContentsMargins(0, 0, 0, 0)
        self.indent = 0
        """Before what begins a line and is not the first thing, in pixels."""

    def expandingDirections(self) -> Qt.Orientation:
        """Return that it takes the width that there is."""
        return Qt.Orientation.Horizontal

    def minimumSize(self) -> QSize:
        """Return the least size of the first thing: the others begin new lines."""
        least = self._items[0].minimumSize() if self._items else QSize()
        badge = [each.minimumSize().width() for each in self._items[1:-1] if not each.isEmpty()]
        return least.expandedTo(QSize(max(badge, default=0) + self.indent, 0))

    def _arrange(self, rect: QRect, *, move: bool) -> int:
        bottom = rect.top()
        gap, parent = self.spacing(), self.parentWidget()
        direction = parent.layoutDirection() if parent else Qt.LayoutDirection.LeftToRight
        for line in self._lines(rect.width()):
            high = max(height for _, _, _, height in line)
            top = bottom if bottom == rect.top() else bottom + gap // 4
            for item, left, width, height in line:
                if move:
                    place = QRect(rect.left() + left, top + (high - height) // 2, width, height)
                    item.setGeometry(QStyle.visualRect(direction, rect, place))
            bottom = top + high
        return bottom - rect.top()

    def _lines(self, room: int) -> list[list[tuple[QLayoutItem, int, int, int]]]:
        """Return lines of things: each with its left, its width and its height."""
        lines: list[list[tuple[QLayoutItem, int, int, int]]] = [[]]
        left = 0
        for item in self._items:
            if item.isEmpty():
                continue
            size = _whole(item.widget())
            if lines[-1] and left + size.width() > room:
                lines.append([])
                left = self.indent
            width = min(size.width(), max(room - left, 0))
            height = size.height()
            if width < size.width() and item.hasHeightForWidth():
                height = item.heightForWidth(width)
            lines[-1].append((item, left, width, height))
            left += width + self.spacing()
        return [line for line in lines if line]


def _whole(widget: QWidget | None) -> QSize:
    """Return the size of a widget in one line."""
    if widget is None:
        return QSize()
    size = widget.sizeHint()
    if isinstance(widget, QLabel) and widget.wordWrap():
        metrics = widget.fontMetrics()
        # A pixel more, so that rounding breaks no line.
        return QSize(metrics.horizontalAdvance(widget.text()) + 1, metrics.height())
    return size
