"""The rows of the ledger: ten thousand of them, of which only those that can be seen are made."""

from typing import Final

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QEnterEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QResizeEvent,
    QShowEvent,
    QTextOption,
)
from PySide6.QtWidgets import (
    QAbstractButton,
    QGridLayout,
    QLabel,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from homebody.ui.pages.models_card import has_focus
from homebody.ui.pages.privacy_form import make_button
from homebody.ui.pages.sheet import label
from homebody.ui.privacy_states import LedgerDetails, LedgerRow
from homebody.ui.theme import Look
from homebody.ui.words import breakable, tr

__all__ = ["LedgerRows"]

_TALL: Final = 52
_SIDE: Final = 16
_BODY: Final = 200
"""The tallest that the copy of a body becomes, before it scrolls."""


class LedgerRows(QWidget):
    """Rows of one height, and the details of one of them below it.

    Tab goes to one row; the arrows go on from there.
    """

    opened = Signal(int)
    """The number of a row, or 0: fold."""
    body_deleted = Signal()
    wanted = Signal(QWidget)
    """It has the focus now, and shall be seen."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self._rows: tuple[LedgerRow, ...] = ()
        self._opened = 0
        self._shown: LedgerDetails | None = None
        self._details: _Details | None = None
        self._made: dict[int, _Row] = {}
        self._current = 0
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(0)
        self._later.timeout.connect(self.place)
        look.changed.connect(self._dress)

    def show_rows(
        self, rows: tuple[LedgerRow, ...], opened: int, details: LedgerDetails | None
    ) -> None:
        """Show these, one of them unfolded; the same ones change nothing."""
        if (rows, opened, details) == (self._rows, self._opened, self._shown):
            return
        if rows != self._rows:
            self._current = min(self._current, max(len(rows) - 1, 0))
        self._rows, self._opened = rows, opened
        if details != self._shown:
            self._show_details(details)
        self._measure()
        self.place()

    def parts(self) -> list[QWidget]:
        """Return its parts in the order in which one reads them."""
        inside = self._details.parts() if self._details is not None else []
        return [*(self._made[n] for n in sorted(self._made)), *inside]

    def place(self) -> None:
        """Make the rows that can be seen, from those that no longer can."""
        seen = self.visibleRegion().boundingRect()
        wanted = {self._current} if self._rows else set()
        if not seen.isEmpty():
            # One more at each end, for what is about to be scrolled in.
            first = max(self._at(seen.top()) - 1, 0)
            last = min(self._at(seen.bottom()) + 1, len(self._rows) - 1)
            wanted |= set(range(first, last + 1))
        spare = [self._made.pop(n) for n in list(self._made) if n not in wanted]
        for number in wanted:
            row = self._made.get(number)
            if row is None:
                row = self._made[number] = spare.pop() if spare else self._make()
            state = self._rows[number]
            row.show_row(state, is_open=state.number == self._opened)
            tab = number == self._current
            policy = Qt.FocusPolicy.StrongFocus if tab else Qt.FocusPolicy.ClickFocus
            row.setFocusPolicy(policy)
            row.setGeometry(0, self._top(number), self.width(), self._tall())
            row.show()
        for gone in spare:
            gone.hide()
            gone.deleteLater()
        if self._details is not None:
            number = self._number_of(self._opened)
            top = self._top(number) + self._tall()
            self._details.setGeometry(0, top, self.width(), self._details_tall())

    # ------------------------------------------------------------------ where things stand

    def _tall(self) -> int:
        return self._look.theme.size(_TALL)

    def _details_tall(self) -> int:
        if self._details is None:
            return 0
        return self._details.heightForWidth(self.width())

    def _number_of(self, opened: int) -> int:
        return next((n for n, row in enumerate(self._rows) if row.number == opened), 0)

    def _top(self, number: int) -> int:
        below = self._details is not None and number > self._number_of(self._opened)
        return number * self._tall() + (self._details_tall() if below else 0)

    def _at(self, y: int) -> int:
        """Return which row stands at a height."""
        if self._details is not None:
            end = (self._number_of(self._opened) + 1) * self._tall()
            if y > end:
                y = max(end, y - self._details_tall())
        return y // self._tall()

    def _measure(self) -> None:
        self.setFixedHeight(len(self._rows) * self._tall() + self._details_tall())

    # ------------------------------------------------------------------ inside

    def _make(self) -> "_Row":
        row = _Row(self._look, self)
        row.clicked.connect(self._on_clicked)
        return row

    def _show_details(self, details: LedgerDetails | None) -> None:
        before, self._shown = self._details, details
        if before is not None:
            if has_focus(before) and details is None:
                self._go_to(self._current)
            before.hide()
            before.deleteLater()
            self._details = None
        if details is not None:
            self._details = _Details(self._look, details, self)
            self._details.body_deleted.connect(self.body_deleted)
            self._details.show()

    def _on_clicked(self) -> None:
        row = self.sender()
        number = next((n for n, each in self._made.items() if each is row), None)
        if number is None:
            return
        self._current = number
        state = self._rows[number]
        self.opened.emit(0 if state.number == self._opened else state.number)

    def _go_to(self, number: int) -> None:
        self._current = number
        self.place()
        row = self._made[number]
        row.setFocus(Qt.FocusReason.OtherFocusReason)
        self.wanted.emit(row)

    def _dress(self) -> None:
        self._measure()
        self._later.start()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go from row to row by the arrows, and to the ends."""
        page, last = 8, len(self._rows) - 1
        steps = {
            Qt.Key.Key_Down: self._current + 1,
            Qt.Key.Key_Up: self._current - 1,
            Qt.Key.Key_PageDown: self._current + page,
            Qt.Key.Key_PageUp: self._current - page,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: last,
        }
        here = self._made.get(self._current)
        wanted = steps.get(Qt.Key(event.key()))
        if wanted is None or here is None or not here.hasFocus():
            super().keyPressEvent(event)
            return
        self._go_to(min(max(wanted, 0), last))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give every row the width, and the details the height that they take at it."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._measure()
            self._later.start()

    def showEvent(self, event: QShowEvent) -> None:
        """Make the rows that can be seen now."""
        super().showEvent(event)
        self._later.start()


class _Row(QAbstractButton):
    """Two lines that unfold: what the person did, and what came of it."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self._row = LedgerRow(number=0, title="", words="", when="")
        self._is_open = False
        self.setObjectName("ledger_row")

    def show_row(self, row: LedgerRow, *, is_open: bool) -> None:
        """Show this one."""
        if (row, is_open) == (self._row, self._is_open):
            return
        self._row, self._is_open = row, is_open
        self.setAccessibleName(f"{row.title}, {row.when}")
        unfolded = tr("unfolded") if is_open else tr("folded")
        self.setAccessibleDescription(f"{row.words}. {unfolded}")
        self.update()

    def sizeHint(self) -> QSize:
        """Return the height of two lines."""
        return QSize(self._look.theme.size(240), self._look.theme.size(_TALL))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave the arrows to the list; Qt would look for another button."""
        if event.key() in {Qt.Key.Key_Up, Qt.Key.Key_Down}:
            event.ignore()
            return
        super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the focus by a click."""
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        super().mousePressEvent(event)

    def enterEvent(self, event: QEnterEvent) -> None:
        """Show that it can be pressed."""
        super().enterEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the two lines, when it was, and the chevron."""
        del event
        theme, row = self._look.theme, self._row
        size = theme.size
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        inner = QRectF(self.rect()).adjusted(4, 3, -4, -3)
        if self.hasFocus():
            painter.setPen(QPen(theme.color("accent"), 2))
            painter.drawRoundedRect(inner, 6, 6)
        elif self.underMouse():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("bg"))
            painter.drawRoundedRect(inner, 6, 6)
            painter.setBrush(Qt.BrushStyle.NoBrush)
        left, right = size(_SIDE), self.width() - size(_SIDE)
        self._paint_chevron(painter, right - size(12))
        right -= size(12) + size(8)
        above = (self.height() - size(38)) // 2
        painter.setFont(theme.font("fact"))
        painter.setPen(theme.color("faint"))
        when = painter.fontMetrics().horizontalAdvance(row.when)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRect(right - when, above, when, size(18)), middle, row.when)
        for number, (role, colour, words, end) in enumerate(
            (
                ("body", "text", row.title, right - when - size(12)),
                ("fact", "bad" if row.bad else "faint", row.words, right),
            )
        ):
            painter.setFont(theme.font(role))  # type: ignore[arg-type]
            painter.setPen(theme.color(colour))
            cut = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, end - left)
            painter.drawText(
                QRect(left, above + number * size(20), end - left, size(18)), middle, cut
            )
        painter.end()

    def _paint_chevron(self, painter: QPainter, left: int) -> None:
        theme = self._look.theme
        pen = QPen(theme.color("faint"), 1.4 * theme.scale)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        unit, middle = theme.scale, self.height() / 2
        side = -1 if self._is_open else 1
        points = [(1, -2.5 * side), (6, 2.5 * side), (11, -2.5 * side)]
        painter.drawPolyline(
            QPolygonF([QPointF(left + x * unit, middle + y * unit) for x, y in points])
        )


class _Details(QWidget):
    """All that is known of one connection."""

    body_deleted = Signal()

    def __init__(self, look: Look, details: LedgerDetails, parent: QWidget) -> None:
        super().__init__(parent)
        size = look.theme.size
        column = QVBoxLayout(self)
        column.setContentsMargins(size(_SIDE), size(4), size(_SIDE), size(16))
        column.setSpacing(size(8))
        facts = QGridLayout()
        facts.setHorizontalSpacing(size(16))
        facts.setVerticalSpacing(size(4))
        facts.setColumnStretch(1, 1)
        for number, fact in enumerate(details.facts):
            name = label(fact.label, "fact", self)
            name.setWordWrap(False)
            value = label(breakable(fact.value), "fact", self)
            value.setObjectName("ledger_fact")
            value.setAccessibleName(f"{fact.label}: {fact.value}")
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            facts.addWidget(name, number, 0, Qt.AlignmentFlag.AlignTop)
            facts.addWidget(value, number, 1)
        column.addLayout(facts)
        self._body: QPlainTextEdit | None = None
        self._delete: QWidget | None = None
        if details.body:
            self._body = self._show_body(look, details.body)
            column.addWidget(self._body)
        if details.body_note:
            note: QLabel = label(details.body_note, "fact", self)
            column.addWidget(note)
        if details.can_delete:
            delete = make_button(tr("Delete this copy…"), "ledger_delete_body", "plain", self)
            delete.clicked.connect(self.body_deleted)
            column.addWidget(delete, 0, Qt.AlignmentFlag.AlignLeft)
            self._delete = delete

    def parts(self) -> list[QWidget]:
        """Return its parts in the order in which one reads them."""
        return [part for part in (self._body, self._delete) if part is not None]

    def _show_body(self, look: Look, body: str) -> QPlainTextEdit:
        field = QPlainTextEdit(self)
        field.setObjectName("ledger_body")
        field.setAccessibleName(tr("What was sent"))
        field.setReadOnly(True)
        field.setTabChangesFocus(True)
        field.setProperty("role", "result")
        field.setFont(look.theme.font("code"))
        field.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        field.setPlainText(body)
        # About as many lines as it will take, so that a short one leaves no hole.
        lines = sum(1 + len(line) // 80 for line in body[:4000].split("\n"))
        tall = lines * field.fontMetrics().lineSpacing() + look.theme.size(28)
        field.setFixedHeight(min(tall, look.theme.size(_BODY)))
        return field
