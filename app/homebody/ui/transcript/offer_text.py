"""The text that would leave, with a chip wherever something stands for something private."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct
from PySide6.QtCore import QEvent, QPoint, QRectF, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QTextCharFormat,
    QTextCursor,
    QTextLayout,
    QTextLine,
    QTextOption,
)
from PySide6.QtWidgets import QMenu, QPlainTextEdit, QToolTip, QWidget

from homebody.ui.offer_states import OfferChip, OfferPiece
from homebody.ui.theme import Look
from homebody.ui.transcript.bounded import bounded_height, take_size
from homebody.ui.transcript.parts import unmarked
from homebody.ui.words import tr

__all__ = ["OfferText"]

_LINES: Final = 10
"""So many lines are seen at once; the rest is scrolled to."""
_NO_KEYS: Final = Qt.KeyboardModifier.NoModifier
_PARAGRAPH: Final = "\u2029"


class _Place(Struct, frozen=True):
    """Where a chip stands in the document, in the units of Qt."""

    begin: int
    end: int
    chip: OfferChip


class OfferText(QPlainTextEdit):
    """Shows the text whole. Chips are chosen by a click, or by Tab and then Enter."""

    switched = Signal(str, bool)
    """A placeholder, and whether the value shall be replaced from now on."""
    marked = Signal(bool)
    """Whether words are selected that could be hidden too."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self._pieces: tuple[OfferPiece, ...] = ()
        self._places: list[_Place] = []
        self._now: int | None = None
        """The number of the chip that the keys are at."""
        self.setObjectName("offer-text")
        self.setProperty("role", "result")
        self.setAccessibleName(tr("What would leave"))
        self.setReadOnly(True)
        by = Qt.TextInteractionFlag
        self.setTextInteractionFlags(by.TextSelectableByMouse | by.TextSelectableByKeyboard)
        self.setTabChangesFocus(True)
        self.setUndoRedoEnabled(False)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().setDocumentMargin(0)
        self.viewport().setMouseTracking(True)
        self.selectionChanged.connect(self._on_selected)
        self.restyle()

    def show_pieces(self, pieces: Sequence[OfferPiece]) -> None:
        """Show a text. Who was at a chip stays there."""
        if tuple(pieces) == self._pieces:
            return
        self._pieces = tuple(pieces)
        at, top = self._now, self.verticalScrollBar().value()
        self._draw()
        self.verticalScrollBar().setValue(top)
        if at is not None and self.hasFocus() and self._places:
            self._go(min(at, len(self._places) - 1))

    def selected(self) -> str:
        """Return the words that are selected, or nothing; half a chip cannot be hidden."""
        cursor = self.textCursor()
        if not cursor.hasSelection() or self._now is not None:
            return ""
        begin, end = cursor.selectionStart(), cursor.selectionEnd()
        for each in self._places:
            apart = each.end <= begin or each.begin >= end
            inside = begin <= each.begin and each.end <= end
            if not apart and (not inside or (begin, end) == (each.begin, each.end)):
                return ""
        return cursor.selectedText().replace(_PARAGRAPH, "\n").strip()

    def restyle(self) -> None:
        """Take the fonts and colours of now."""
        self.setFont(self._look.theme.font("code"))
        self._draw()

    def lay_out(self, width: int) -> int:
        """Return the height at a width; both in pixels."""
        text = "".join(piece.text for piece in self._pieces)
        height = bounded_height(self._look, self.font(), text, width, _LINES)
        take_size(self, width, height)
        return height

    # ------------------------------------------------------------ drawing

    def _draw(self) -> None:
        self._now = None
        self.clear()
        theme = self._look.theme
        plain, chip = QTextCharFormat(), QTextCharFormat()
        plain.setForeground(theme.color("text"))
        chip.setForeground(theme.color("accent"))
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        self._places = []
        for piece in self._pieces:
            begin = cursor.position()
            replaced = piece.chip is not None and piece.chip.on
            cursor.insertText(piece.text, chip if replaced else plain)
            if piece.chip is not None:
                self._places.append(_Place(begin, cursor.position(), piece.chip))
        cursor.endEditBlock()
        self.moveCursor(QTextCursor.MoveOperation.Start)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the chips behind their words."""
        theme = self._look.theme
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for place, box in self._boxes(0, self.viewport().height()):
            if place.chip.on:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(theme.color("accent_soft"))
            else:
                # Nothing stands for it: an outline alone, and its words are as any other.
                painter.setPen(QPen(theme.color("warn"), 1, Qt.PenStyle.DashLine))
                painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box, theme.size(4), theme.size(4))
        painter.end()
        super().paintEvent(event)

    def _boxes(self, above: float, below: float) -> Iterator[tuple[_Place, QRectF]]:
        """Return the chips between two heights of the viewport, and where they are.

        One that is broken into two lines is in two boxes.
        """
        left = self.contentOffset().x()
        block = self.firstVisibleBlock()
        while block.isValid():
            top = self.blockBoundingGeometry(block).translated(self.contentOffset()).top()
            if top > below:
                break
            layout = block.layout()
            for number in range(_line_at(layout, above - top), layout.lineCount()):
                line = layout.lineAt(number)
                if top + line.y() > below:
                    break
                begin = block.position() + line.textStart()
                for place in self._between(begin, begin + line.textLength()):
                    x = _x(line, max(place.begin - block.position(), line.textStart()))
                    end = line.textStart() + line.textLength()
                    until = _x(line, min(place.end - block.position(), end))
                    yield place, QRectF(left + x, top + line.y(), until - x, line.height())
            block = block.next()

    def _between(self, begin: int, end: int) -> Iterator[_Place]:
        """Return the chips between two positions of the document."""
        for number in range(bisect_right(self._places, begin, key=_end_of), len(self._places)):
            if self._places[number].begin >= end:
                break
            yield self._places[number]

    # ------------------------------------------------------------ chips

    def _go(self, number: int) -> None:
        """Go to a chip: its words are selected, and a screen reader is told what it is."""
        place = self._places[number]
        cursor = QTextCursor(self.document())
        cursor.setPosition(place.begin)
        cursor.setPosition(place.end, QTextCursor.MoveMode.KeepAnchor)
        self._now = number
        self.setTextCursor(cursor)
        self.ensureCursorVisible()
        self.setAccessibleDescription(f"{place.chip.placeholder}. {place.chip.tip}")

    def _at(self, point: QPoint) -> int | None:
        """Return the number of the chip at a point of the viewport."""
        for place, box in self._boxes(point.y(), point.y()):
            if box.contains(point):
                return self._places.index(place)
        return None

    def open_chip(self, number: int) -> None:
        """Show what a chip stands for, and what can be done with it."""
        place = self._places[number]
        menu = QMenu(self)
        menu.setObjectName("offer-chip-menu")
        menu.setAccessibleName(f"{place.chip.placeholder}. {place.chip.tip}")
        menu.addAction(unmarked(place.chip.tip)).setEnabled(False)
        action = menu.addAction(unmarked(place.chip.action))
        action.setObjectName("offer-chip-switch")
        menu.setActiveAction(action)

        def switch() -> None:
            self.switched.emit(place.chip.placeholder, not place.chip.on)

        action.triggered.connect(switch)
        menu.aboutToHide.connect(menu.deleteLater)
        cursor = QTextCursor(self.document())
        cursor.setPosition(place.begin)
        corner = self.cursorRect(cursor).bottomLeft()
        menu.popup(self.viewport().mapToGlobal(corner + QPoint(0, self._look.theme.size(4))))

    def _on_selected(self) -> None:
        if self._now is not None:
            place = self._places[self._now]
            cursor = self.textCursor()
            if (cursor.selectionStart(), cursor.selectionEnd()) != (place.begin, place.end):
                self._now = None
        self.marked.emit(bool(self.selected()))

    # ------------------------------------------------------------ Qt

    def focusNextPrevChild(self, next: bool) -> bool:  # noqa: A002 (as Qt names it)
        """Go from chip to chip, then on. Words that are selected to be hidden stay so."""
        number = -1 if self.selected() else self._neighbour(forward=next)
        if 0 <= number < len(self._places):
            self._go(number)
            return True
        return super().focusNextPrevChild(next)

    def _neighbour(self, *, forward: bool) -> int:
        """Return the number of the chip that comes next; there may be none of that number."""
        if self._now is not None:
            return self._now + (1 if forward else -1)
        if not forward:
            return -1
        at = self.textCursor().position()
        after = [number for number, each in enumerate(self._places) if each.begin >= at]
        return after[0] if after else -1

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Begin at the first chip, or at the last one."""
        super().focusInEvent(event)
        if not self._places or self.selected():
            return
        if event.reason() == Qt.FocusReason.TabFocusReason:
            self._go(0)
        elif event.reason() == Qt.FocusReason.BacktabFocusReason:
            self._go(len(self._places) - 1)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Leave the chip, unless its menu is what has the focus now."""
        super().focusOutEvent(event)
        if self._now is not None and event.reason() != Qt.FocusReason.PopupFocusReason:
            self._now = None
            self.moveCursor(QTextCursor.MoveOperation.Start)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open the chip that the keys are at."""
        opens = {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space, Qt.Key.Key_Menu}
        if self._now is not None and event.key() in opens and event.modifiers() == _NO_KEYS:
            self.open_chip(self._now)
        else:
            super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Open a chip that was clicked."""
        super().mouseReleaseEvent(event)
        number = self._at(event.position().toPoint())
        if number is None or event.button() != Qt.MouseButton.LeftButton:
            return
        if not self.textCursor().hasSelection():
            self._go(number)
            self.open_chip(number)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Show what can be clicked."""
        super().mouseMoveEvent(event)
        over = self._at(event.position().toPoint()) is not None
        shape = Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.IBeamCursor
        self.viewport().setCursor(shape)

    def viewportEvent(self, event: QEvent) -> bool:
        """Say what a chip stands for while the pointer rests on it."""
        if isinstance(event, QHelpEvent):
            number = self._at(event.pos())
            tip = self._places[number].chip.tip if number is not None else ""
            QToolTip.showText(event.globalPos(), tip, self.viewport())
            return True
        return super().viewportEvent(event)


def _end_of(place: _Place) -> int:
    return place.end


def _line_at(layout: QTextLayout, y: float) -> int:
    """Return the number of the first line that ends below a height of its block."""
    low, high = 0, layout.lineCount()
    while low < high:
        middle = (low + high) // 2
        line = layout.lineAt(middle)
        if line.y() + line.height() <= y:
            low = middle + 1
        else:
            high = middle
    return low


def _x(line: QTextLine, at: int) -> float:
    """Return where a character of a line stands, in the pixels of its block."""
    found = line.cursorToX(at)
    assert isinstance(found, tuple)
    return float(found[0])
