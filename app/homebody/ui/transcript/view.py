"""Shows a conversation of any length by the few widgets that are seen.

What is read stays where it is: positions are kept as a turn and a distance from its top, whatever
becomes of the heights above. Only who was at the end stays at the end while text arrives.
"""

import time
from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent, QPalette, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QFrame, QPushButton, QWidget

from homebody.ui.states import TurnRow
from homebody.ui.theme import COLUMN, MARGIN, Look
from homebody.ui.transcript.body import Body
from homebody.ui.transcript.highlight import Highlighter
from homebody.ui.transcript.reach import next_in, scroll_step, scroll_to_widget
from homebody.ui.transcript.rows import Rows
from homebody.ui.transcript.turn import TurnWidget
from homebody.ui.words import tr

__all__ = ["TICK", "TranscriptView"]

TICK = 33
"""Milliseconds between two drawings of a text that is being written."""

_MARKED = 1_600
_SHARE = 4
"""A drawing that took long is followed by a pause of so many times that, not by the next one."""
_LONG_SECONDS = 0.012
_PASSES = 6


class TranscriptView(QAbstractScrollArea):
    """The turns of one conversation."""

    edit_asked = Signal(str)
    again_asked = Signal(str)
    continue_asked = Signal(str)
    version_asked = Signal(str, int)
    link_clicked = Signal(str)
    copied = Signal(str)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._highlighter = Highlighter(self)
        self._rows = Rows()
        self._bound: dict[str, TurnWidget] = {}
        self._free: list[TurnWidget] = []
        self._stale: set[str] = set()
        """Bound turns whose height is not known at this width."""
        self._unfolded: set[tuple[str, str]] = set()
        self._pending: dict[str, list[tuple[str, bool]]] = {}
        self._anchor = ("", 0)
        """A turn, and how far below its top the upper edge is."""
        self._is_at_end = True
        self._is_arranging = False
        self._bottom_space = 16
        self._wheel_rest = 0.0
        self._not_before = 0.0
        self._marked = ""
        self._column = 0
        self._build()

    def _build(self) -> None:
        self.setObjectName("transcript")
        self.setAccessibleName(tr("Conversation"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setBackgroundRole(QPalette.ColorRole.Window)
        self.viewport().setAutoFillBackground(True)
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        self._new_text = QPushButton(tr("↓ New text"), self.viewport())
        self._new_text.setObjectName("new-text")
        self._new_text.setAccessibleName(tr("New text: go to the end"))
        self._new_text.setProperty("role", "chip")
        self._new_text.clicked.connect(self.to_end)
        self._new_text.hide()
        self._ticking = self._timer(TICK, self._tick)
        self._filling = self._timer(0, self._fill_around)
        self._unmarking = self._timer(_MARKED, self._unmark)
        self._look.changed.connect(self._restyle)

    def _timer(self, milliseconds: int, then: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(milliseconds)
        timer.timeout.connect(then)
        return timer

    # ------------------------------------------------------------ what is shown

    def open(self, rows: Sequence[TurnRow]) -> None:
        """Show these turns and no others, from the end."""
        self._unfolded.clear()
        self._pending.clear()
        for turn in list(self._bound):
            self._release(turn)
        self._column = self._column_width()
        self._rows = Rows(rows, width=self._column, scale=self._look.theme.scale)
        self.to_end()

    def prepend(self, rows: Sequence[TurnRow]) -> None:
        """Show older turns before the first one. What is read stays where it is."""
        self._rows.prepend(rows)
        self._arrange()

    def replace(self, first: str | None, rows: Sequence[TurnRow]) -> None:
        """Drop the turn `first` and all after it (None: none), add others, and go to the end."""
        for turn in self._rows.drop(first) if first is not None else ():
            self._pending.pop(turn, None)
            self._release(turn)
        self._rows.append(rows)
        self.to_end()

    def update_row(self, row: TurnRow) -> None:
        """Show a turn's new content. While it is live, what was written is not taken back."""
        if row.id not in self._rows:
            return
        self._flush(row.id)
        self._rows.put(row)
        if row.id in self._bound:
            self._bound[row.id].show_row(self._rows[self._rows.number(row.id)])
            self._stale.add(row.id)
        else:
            self._rows.guess_again(row.id)
        self._arrange()

    def write(self, turn: str, text: str, *, reasoning: bool = False) -> None:
        """Add to a live turn; it is drawn with the next tick."""
        if turn in self._rows and text:
            self._pending.setdefault(turn, []).append((text, reasoning))
            if not self._ticking.isActive():
                self._ticking.start()

    def show_turn(self, turn: str) -> bool:
        """Go to a turn and mark it for a moment. False: it is not here."""
        if turn not in self._rows:
            return False
        self._unmark()
        self._is_at_end = False
        self._anchor = (turn, -self._look.theme.size(24))
        self._arrange()
        self._is_at_end = self._value() >= self._most()
        self._marked = turn
        self._bound[turn].mark(marked=True)
        self._unmarking.start()
        return True

    def to_end(self) -> None:
        """Go to the end, and stay there while text arrives."""
        self._is_at_end = True
        self._arrange()

    def to_top(self) -> None:
        """Go to the first turn."""
        if self._rows:
            self._is_at_end = False
            self._anchor = (self._rows[0].id, -self._above())
            self._arrange()
            self._is_at_end = self._value() >= self._most()

    def row_ids(self) -> list[str]:
        """Return the ids of all turns, in order."""
        return [row.id for row in self._rows]

    def is_at_end(self) -> bool:
        """Tell whether new text will be followed."""
        return self._is_at_end

    def set_bottom_space(self, pixels: int) -> None:
        """Leave room below the last turn; in pixels at a text size of 100 %."""
        self._bottom_space = pixels
        self._arrange()

    def close_threads(self) -> None:
        """Stop what runs beside the window. Nothing is coloured after that."""
        for timer in (self._ticking, self._filling, self._unmarking):
            timer.stop()
        self._highlighter.close()

    # ------------------------------------------------------------ writing

    def _tick(self) -> None:
        begun = time.monotonic()
        if begun < self._not_before:
            self._ticking.start()
            return
        for turn in list(self._pending):
            self._flush(turn)
        self._arrange()
        self._new_text.setVisible(not self._is_at_end)
        taken = time.monotonic() - begun
        if taken > _LONG_SECONDS:
            self._not_before = begun + taken * _SHARE

    def _flush(self, turn: str) -> None:
        """Draw what was written since the last tick."""
        widget = self._bound.get(turn)
        parts = self._pending.pop(turn, [])
        for reasoning in (True, False):
            text = "".join(text for text, which in parts if which is reasoning)
            if not text:
                continue
            row = self._rows.add_text(turn, text, reasoning=reasoning)
            if widget:
                widget.write(row, text, reasoning=reasoning)
                self._stale.add(turn)
        if not widget and parts:
            self._rows.guess_again(turn)

    # ------------------------------------------------------------ where things are

    def _above(self) -> int:
        return self._look.theme.size(16)

    def _value(self) -> int:
        return self.verticalScrollBar().value()

    def _most(self) -> int:
        """Return the largest value of the scroll bar."""
        below = self._look.theme.size(self._bottom_space)
        whole = self._above() + self._rows.heights.total + below
        return max(whole - self.viewport().height(), 0)

    def _top(self, number: int) -> int:
        return self._above() + self._rows.heights.top(number)

    def _column_width(self) -> int:
        size = self._look.theme.size
        return max(min(size(COLUMN), self.width() - 2 * size(MARGIN)), size(120))

    def _target(self) -> int:
        """Return where the view should stand."""
        turn, below = self._anchor
        if self._is_at_end or turn not in self._rows:
            return self._most()
        return max(min(self._top(self._rows.number(turn)) + below, self._most()), 0)

    def _on_scrolled(self, value: int) -> None:
        if self._is_arranging or not self._rows:
            return
        self._is_at_end = value >= self._most()
        # A turn whose true height is known: that of others may yet change under the reader.
        first = self._rows.heights.at(value - self._above())
        last = self._rows.heights.at(value - self._above() + self.viewport().height())
        known = (n for n in range(first, last + 1) if self._rows[n].id in self._bound)
        number = next(known, first)
        self._anchor = (self._rows[number].id, value - self._top(number))
        self._arrange()

    # ------------------------------------------------------------ widgets

    def _arrange(self) -> None:
        """Bind what is seen, and put it where it belongs."""
        if self._is_arranging:
            return
        self._is_arranging = True
        value = self._target()
        for _ in range(_PASSES):
            value = self._target()
            if not self._fill(value, 0):
                break
        bar = self.verticalScrollBar()
        bar.setRange(0, self._most())
        bar.setPageStep(self.viewport().height())
        bar.setSingleStep(self._look.theme.size(20))
        bar.setValue(value)
        self._place(value)
        self._is_arranging = False
        if self._rows:
            if self._is_at_end:
                number = self._rows.heights.at(value - self._above())
                self._anchor = (self._rows[number].id, value - self._top(number))
                self._new_text.hide()
            self._filling.start()

    def _range(self, value: int, around: int) -> range:
        if not self._rows:
            return range(0)
        top = value - self._above() - around
        end = value - self._above() + self.viewport().height() + around
        return range(self._rows.heights.at(top), self._rows.heights.at(end) + 1)

    def _fill(self, value: int, around: int, most: int = 10_000) -> bool:
        """Bind and measure up to `most` turns near `value`. True: a height changed."""
        changed = False
        for number in self._range(value, around):
            turn = self._rows[number].id
            if turn not in self._bound:
                self._bind(number)
                most -= 1
            if turn in self._stale:
                self._stale.discard(turn)
                height = self._bound[turn].lay_out(self._column)
                if height != self._rows.heights[number]:
                    self._rows.heights.set(number, height)
                    changed = True
            if most <= 0:
                break
        return changed

    def _fill_around(self) -> None:
        """Bind one more turn outside of what is seen, so that scrolling finds it ready."""
        count = len(self._bound)
        around = self.viewport().height() // 2
        self._is_arranging = True
        changed = self._fill(self._value(), around, 1)
        self._is_arranging = False
        if changed:
            self._arrange()
        elif len(self._bound) != count:
            self._place(self._value())
            self._filling.start()

    def _bind(self, number: int) -> None:
        row = self._rows[number]
        widget = self._free.pop() if self._free else self._make()
        widget.show_row(row)
        widget.mark(marked=row.id == self._marked)
        self._bound[row.id] = widget
        self._stale.add(row.id)

    def _release(self, turn: str) -> None:
        widget = self._bound.pop(turn, None)
        self._stale.discard(turn)
        if widget:
            focus = QApplication.focusWidget()
            if focus is not None and widget.isAncestorOf(focus):
                # Qt would give it to whatever comes next, and scroll there.
                self.setFocus(Qt.FocusReason.OtherFocusReason)
            widget.hide()
            self._free.append(widget)

    def _make(self) -> TurnWidget:
        widget = TurnWidget(self._look, self._highlighter, self._unfolded, self.viewport())
        widget.hide()
        widget.edit_asked.connect(self.edit_asked)
        widget.again_asked.connect(self.again_asked)
        widget.continue_asked.connect(self.continue_asked)
        widget.version_asked.connect(self.version_asked)
        widget.link_clicked.connect(self.link_clicked)
        widget.copied.connect(self.copied)
        widget.reshaped.connect(self._on_reshaped)
        widget.selected.connect(self._on_selected)
        widget.wheeled.connect(self.wheelEvent)
        return widget

    def _place(self, value: int) -> None:
        """Move the bound turns to where they are seen, and let go of those far away."""
        height = self.viewport().height()
        left = max((self.width() - self._column) // 2, 0)
        last = len(self._rows) - 1
        for turn, widget in list(self._bound.items()):
            number = self._rows.number(turn)
            top = self._top(number) - value
            tall = self._rows.heights[number]
            is_far = top > 2 * height or top + tall < -height
            if is_far and not widget.is_held():
                self._release(turn)
                continue
            widget.setGeometry(left, top, self._column, tall)
            widget.set_last(last=number == last)
            widget.show()
        self._place_button()

    def _place_button(self) -> None:
        size = self._look.theme.size
        hint = self._new_text.sizeHint()
        wide, tall = hint.width(), max(hint.height(), size(28))
        x = (self.width() - wide) // 2
        self._new_text.setGeometry(x, self.viewport().height() - tall - size(12), wide, tall)
        self._new_text.raise_()

    # ------------------------------------------------------------ happenings

    def _on_reshaped(self, turn: str) -> None:
        if turn in self._bound:
            # What was clicked stays under the pointer, also at the end.
            self._is_at_end = False
            self._stale.add(turn)
            self._arrange()
            self._is_at_end = self._value() >= self._most()

    def _on_selected(self, body: QWidget) -> None:
        for widget in self._bound.values():
            for other in widget.findChildren(Body):
                if other is not body and other.has_selection():
                    other.deselect()

    def _restyle(self) -> None:
        self._column = self._rows.width = self._column_width()
        self._rows.scale = self._look.theme.scale
        for widget in (*self._bound.values(), *self._free):
            widget.restyle()
        self._stale |= set(self._bound)
        self._arrange()

    def _unmark(self) -> None:
        if self._marked in self._bound:
            self._bound[self._marked].mark(marked=False)
        self._marked = ""

    # ------------------------------------------------------------ Qt

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep what is read where it is; turns that are not seen are measured when they are."""
        super().resizeEvent(event)
        column = self._column_width()
        if column != self._column:
            self._column = self._rows.width = column
            self._stale |= set(self._bound)
        self._arrange()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """Move nothing: the turns are placed one by one."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll by the pixels of a touch pad, or by the notches of a wheel."""
        bar = self.verticalScrollBar()
        pixels = event.pixelDelta().y()
        if not pixels:
            notches = event.angleDelta().y() / 120
            self._wheel_rest += notches * bar.singleStep() * QApplication.wheelScrollLines()
            pixels = int(self._wheel_rest)
            self._wheel_rest -= pixels
        bar.setValue(bar.value() - pixels)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Scroll."""
        bar = self.verticalScrollBar()
        page = max(bar.pageStep() - self._look.theme.size(40), 1)
        step = scroll_step(event, bar.singleStep(), page)
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            event.ignore()
        elif step is not None:
            bar.setValue(bar.value() + step)
        elif event.key() == Qt.Key.Key_Home:
            self.to_top()
        elif event.key() == Qt.Key.Key_End:
            self.to_end()
        else:
            event.ignore()

    def focusNextPrevChild(self, next: bool) -> bool:  # noqa: A002 (as Qt names it)
        """Go through the turns in the order in which they stand, not in that of their making."""
        turns = sorted(self._bound, key=self._rows.number)
        widgets: list[QWidget] = [self._bound[turn] for turn in turns]
        if not self._new_text.isHidden():
            widgets.append(self._new_text)
        target = next_in(self, widgets, forward=next)
        if target is None:
            return False
        reason = Qt.FocusReason.TabFocusReason if next else Qt.FocusReason.BacktabFocusReason
        target.setFocus(reason)
        if self.viewport().isAncestorOf(target):
            scroll_to_widget(self, target, self._look.theme.size(16))
        return True

    def closeEvent(self, event: QCloseEvent) -> None:
        """Leave nothing running."""
        self.close_threads()
        super().closeEvent(event)
