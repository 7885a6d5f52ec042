"""Shows a conversation of any length by the few widgets that are seen.

What is read stays where it is: positions are kept as a turn and a distance from its top, whatever
becomes of the heights above. Only who was at the end stays at the end while text arrives.
"""

import time
from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent, QPalette, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QWidget

from homebody.ui.offer_states import Drafts
from homebody.ui.states import TurnRow
from homebody.ui.theme import COLUMN, MARGIN, Look
from homebody.ui.transcript.highlight import Highlighter
from homebody.ui.transcript.parts import ToEnd, single_shot
from homebody.ui.transcript.pool import Pool
from homebody.ui.transcript.reach import next_in, scroll_step, scroll_to_widget, wheel_pixels
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
    answered = Signal(str, str, str)
    rerun_asked = Signal(str, int, dict)
    plain_asked = Signal(str)
    elsewhere_asked = Signal(str)
    offer_changed = Signal(str, object)
    offer_agreed = Signal(str, str, str)
    offer_declined = Signal(str, bool)
    providers_asked = Signal()
    link_clicked = Signal(str)
    copied = Signal(str)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._highlighter = Highlighter(self)
        self._rows = Rows()
        self._pool = Pool(self._make, self)
        self._unfolded: set[tuple[str, str]] = set()
        self._drafts = Drafts()
        """What was typed into an offer outlives another conversation being looked at."""
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
        self._new_text = ToEnd(self._look, self.viewport())
        self._new_text.clicked.connect(self.to_end)
        self._ticking = single_shot(self, TICK, self._tick)
        self._filling = single_shot(self, 0, self._fill_around)
        self._unmarking = single_shot(self, _MARKED, self._unmark)
        self._look.changed.connect(self._restyle)

    # ------------------------------------------------------------ what is shown

    def open(self, rows: Sequence[TurnRow]) -> None:
        """Show these turns and no others, from the end."""
        self._unfolded.clear()
        for turn in list(self._pool.bound):
            self._pool.release(turn)
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
            self._pool.release(turn)
        self._rows.append(rows)
        self.to_end()

    def update_row(self, row: TurnRow) -> None:
        """Show a turn's new content. While it is live, what was written is not taken back."""
        if row.id not in self._rows:
            return
        self._flush(row.id)
        self._rows.put(row)
        if row.id in self._pool.bound:
            self._pool.bound[row.id].show_row(self._rows[self._rows.number(row.id)])
            self._pool.stale.add(row.id)
        else:
            self._rows.guess_again(row.id)
        self._arrange()

    def write(self, turn: str, text: str, *, reasoning: bool = False) -> None:
        """Add to a live turn; it is drawn with the next tick."""
        if turn in self._rows and text:
            self._rows.write(turn, text, reasoning=reasoning)
            if not self._ticking.isActive():
                self._ticking.start()

    def show_turn(self, turn: str, *, mark: bool = True) -> bool:
        """Go to a turn, and `mark` it for a moment. False: it is not here."""
        if turn not in self._rows:
            return False
        self._unmark()
        self._is_at_end = False
        self._anchor = (turn, -self._look.theme.size(24))
        self._arrange()
        self._is_at_end = self.verticalScrollBar().value() >= self._most()
        if mark:
            self._marked = turn
            if turn in self._pool.bound:
                self._pool.bound[turn].mark(marked=True)
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
            self._is_at_end = self.verticalScrollBar().value() >= self._most()

    def to_question(self) -> None:
        """Go to the last turn that asks something, if there is one."""
        asking = [row.id for row in self._rows if row.waits]
        if asking and self.show_turn(asking[-1], mark=False):
            self._pool.bound[asking[-1]].focus_question()

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
        for turn in list(self._rows.pending):
            self._flush(turn)
        self._arrange()
        self._new_text.setVisible(not self._is_at_end)
        taken = time.monotonic() - begun
        if taken > _LONG_SECONDS:
            self._not_before = begun + taken * _SHARE

    def _flush(self, turn: str) -> None:
        """Draw what was written since the last tick."""
        widget = self._pool.bound.get(turn)
        for row, text, reasoning in self._rows.take(turn):
            if widget:
                widget.write(row, text, reasoning=reasoning)
                self._pool.stale.add(turn)
            else:
                self._rows.guess_again(turn)

    # ------------------------------------------------------------ where things are

    def _above(self) -> int:
        return self._look.theme.size(16)

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
        top = value - self._above()
        seen = self._rows.between(top, top + self.viewport().height())
        known = (number for number in seen if self._rows[number].id in self._pool.bound)
        number = next(known, seen.start)
        self._anchor = (self._rows[number].id, value - self._top(number))
        self._arrange()

    # ------------------------------------------------------------ widgets

    def _arrange(self) -> None:
        """Bind what is seen, and put it where it belongs."""
        if self._is_arranging:
            return
        self._is_arranging = True
        try:
            value = self._settle()
        finally:
            # A mistake here must not be the last thing that this view ever did.
            self._is_arranging = False
        if self._rows:
            if self._is_at_end:
                number = self._rows.heights.at(value - self._above())
                self._anchor = (self._rows[number].id, value - self._top(number))
                self._new_text.hide()
            self._filling.start()

    def _settle(self) -> int:
        """Bind, measure and place what is seen; return where the upper edge is."""
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
        return value

    def _fill(self, value: int, around: int, most: int = 10_000) -> bool:
        """Bind and measure up to `most` turns near `value`. True: a height changed."""
        changed = False
        top = value - self._above()
        end = top + self.viewport().height()
        for number in self._rows.between(top - around, end + around):
            turn = self._rows[number].id
            if turn not in self._pool.bound:
                widget = self._pool.bind(self._rows[number])
                widget.mark(marked=turn == self._marked)
                most -= 1
            if turn in self._pool.stale:
                self._pool.stale.discard(turn)
                height = self._pool.bound[turn].lay_out(self._column)
                if height != self._rows.heights[number]:
                    self._rows.heights.set(number, height)
                    changed = True
            if most <= 0:
                break
        return changed

    def _fill_around(self) -> None:
        """Bind one more turn outside of what is seen, so that scrolling finds it ready."""
        count = len(self._pool.bound)
        around = self.viewport().height() // 2
        self._is_arranging = True
        changed = self._fill(self.verticalScrollBar().value(), around, 1)
        self._is_arranging = False
        if changed:
            self._arrange()
        elif len(self._pool.bound) != count:
            self._place(self.verticalScrollBar().value())
            self._filling.start()

    def _make(self) -> TurnWidget:
        kept = self._unfolded, self._drafts
        widget = TurnWidget(self._look, self._highlighter, *kept, self.viewport())
        widget.hide()
        widget.edit_asked.connect(self.edit_asked)
        widget.again_asked.connect(self.again_asked)
        widget.continue_asked.connect(self.continue_asked)
        widget.version_asked.connect(self.version_asked)
        widget.answered.connect(self.answered)
        widget.rerun_asked.connect(self.rerun_asked)
        widget.plain_asked.connect(self.plain_asked)
        widget.elsewhere_asked.connect(self.elsewhere_asked)
        widget.offer_changed.connect(self.offer_changed)
        widget.offer_agreed.connect(self.offer_agreed)
        widget.offer_declined.connect(self.offer_declined)
        widget.providers_asked.connect(self.providers_asked)
        widget.link_clicked.connect(self.link_clicked)
        widget.copied.connect(self.copied)
        widget.reshaped.connect(self._on_reshaped)
        widget.recoloured.connect(self._on_recoloured)
        widget.selected.connect(self._pool.keep_selection)
        widget.wheeled.connect(self.wheelEvent)
        return widget

    def _place(self, value: int) -> None:
        """Move the bound turns to where they are seen, and let go of those far away."""
        height = self.viewport().height()
        left = max((self.width() - self._column) // 2, 0)
        last = len(self._rows) - 1
        for turn, widget in list(self._pool.bound.items()):
            number = self._rows.number(turn)
            top = self._top(number) - value
            tall = self._rows.heights[number]
            is_far = top > 2 * height or top + tall < -height
            if is_far and not widget.is_held():
                self._pool.release(turn)
                continue
            widget.setGeometry(left, top, self._column, tall)
            widget.set_last(last=number == last)
            widget.show()
        self._new_text.place(self.width(), self.viewport().height())

    # ------------------------------------------------------------ happenings

    def _on_reshaped(self, turn: str) -> None:
        if turn in self._pool.bound:
            # What was clicked stays under the pointer, also at the end.
            self._is_at_end = False
            self._pool.stale.add(turn)
            self._arrange()
            self._is_at_end = self.verticalScrollBar().value() >= self._most()

    def _on_recoloured(self, turn: str) -> None:
        if turn in self._pool.bound:
            self._pool.stale.add(turn)
            self._arrange()

    def _restyle(self) -> None:
        self._column = self._rows.width = self._column_width()
        self._rows.scale = self._look.theme.scale
        self._pool.restyle()
        self._arrange()

    def _unmark(self) -> None:
        if self._marked in self._pool.bound:
            self._pool.bound[self._marked].mark(marked=False)
        self._marked = ""

    # ------------------------------------------------------------ Qt

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep what is read where it is; turns that are not seen are measured when they are."""
        super().resizeEvent(event)
        column = self._column_width()
        if column != self._column:
            self._column = self._rows.width = column
            self._pool.stale |= set(self._pool.bound)
        self._arrange()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """Move nothing: the turns are placed one by one."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll by the pixels of a touch pad, or by the notches of a wheel."""
        bar = self.verticalScrollBar()
        pixels, self._wheel_rest = wheel_pixels(event, bar.singleStep(), self._wheel_rest)
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
        turns = sorted(self._pool.bound, key=self._rows.number)
        widgets: list[QWidget] = [self._pool.bound[turn] for turn in turns]
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
