"""What a turn does for its reply: a line for each step, and below it what it brought."""

from functools import partial
from typing import Final

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QEnterEvent, QFontMetrics, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QAbstractButton, QWidget

from homebody.messages.plans import StepState
from homebody.ui.theme import Look
from homebody.ui.transcript.parts import Surface
from homebody.ui.transcript.step_panel import StepPanel
from homebody.ui.words import tr
from homebody.ui.work_states import StepRow

__all__ = ["StepLine", "Steps"]

_TALL: Final = 28
_SIDE, _MARK, _ABOVE = 12, 16, 4
_COLOURS: Final[dict[StepState, str]] = {
    "planned": "faint",
    "waiting": "accent",
    "running": "accent",
    "done": "ok",
    "failed": "bad",
    "refused": "warn",
    "skipped": "faint",
}


class Steps(Surface):
    """The steps of one turn. Its height follows from its width by `lay_out`."""

    reshaped = Signal()
    copied = Signal(str)
    rerun_asked = Signal(int, dict)
    """The number of a step, from 0, and its arguments as they were typed."""

    def __init__(self, look: Look, unfolded: set[tuple[str, str]], parent: QWidget) -> None:
        super().__init__(look, "card", 8, parent)
        self.line = "line"
        self._unfolded = unfolded
        self._turn = ""
        self._rows: tuple[StepRow, ...] = ()
        self._lines: list[StepLine] = []
        self._panels: dict[int, StepPanel] = {}
        self.setObjectName("steps")
        self.setAccessibleName(tr("Steps"))

    def show_steps(self, turn: str, rows: tuple[StepRow, ...]) -> None:
        """Show the steps of a turn."""
        self._turn, self._rows = turn, rows
        while len(self._lines) < len(rows):
            self._lines.append(self._line(len(self._lines)))
        widest = max(
            (line.name_width(row.skill) for line, row in zip(self._lines, rows, strict=False)),
            default=0,
        )
        for number, line in enumerate(self._lines):
            line.setVisible(number < len(rows))
            if number < len(rows):
                line.show_row(rows[number], is_open=self._is_open(number), name_width=widest)
        for number in range(max(len(rows), max(self._panels, default=-1) + 1)):
            self._show_panel(number)

    def restyle(self) -> None:
        """Draw anew in the theme of now."""
        for panel in self._panels.values():
            panel.restyle()
        self.show_steps(self._turn, self._rows)

    def lay_out(self, width: int) -> int:
        """Place the lines at a width, and return the height."""
        size = self._look.theme.size
        y, tall, edge = size(_ABOVE), size(_TALL), size(4)
        for number in range(len(self._rows)):
            self._lines[number].setGeometry(edge, y, width - 2 * edge, tall)
            y += tall
            panel = self._panels.get(number)
            if panel is not None and not panel.isHidden():
                left = size(_SIDE)
                height = panel.lay_out(width - 2 * left)
                panel.setGeometry(left, y, width - 2 * left, height)
                y += height + size(8)
        return y + size(_ABOVE)

    def _line(self, number: int) -> "StepLine":
        line = StepLine(self._look, self)
        line.clicked.connect(partial(self._on_clicked, number))
        return line

    def _key(self, number: int) -> tuple[str, str]:
        return self._turn, f"step {number}"

    def _is_open(self, number: int) -> bool:
        return self._key(number) in self._unfolded and self._rows[number].opens

    def _show_panel(self, number: int) -> None:
        panel = self._panels.get(number)
        shown = number < len(self._rows) and self._is_open(number)
        if shown:
            if panel is None:
                panel = self._panels[number] = StepPanel(self._look, self)
                panel.copied.connect(self.copied)
                panel.reshaped.connect(self.reshaped)
                panel.rerun_asked.connect(partial(self.rerun_asked.emit, number))
            panel.show_row((self._turn, number), self._rows[number])
        if panel is not None:
            panel.setVisible(shown)

    def _on_clicked(self, number: int) -> None:
        if self._rows[number].opens:
            self._unfolded ^= {self._key(number)}
            self.show_steps(self._turn, self._rows)
            self.reshaped.emit()


class StepLine(QAbstractButton):
    """One step: how it went, its skill, its arguments, and how long it took."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self._row = StepRow(skill="")
        self._is_open = False
        self._name_width = 0
        self.setObjectName("step")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def name_width(self, name: str) -> int:
        """Return how wide a skill's name is here."""
        return QFontMetrics(self._look.theme.font("code")).horizontalAdvance(name)

    def show_row(self, row: StepRow, *, is_open: bool, name_width: int) -> None:
        """Show a step; the names of all steps take the same room."""
        self._row, self._is_open, self._name_width = row, is_open, name_width
        said = _said(row.state)
        note = "" if row.note == said else row.note
        name = ", ".join(part for part in (row.skill, row.words, said, note) if part)
        self.setAccessibleName(name)
        self.setAccessibleDescription(tr("Show or hide what it brought") if row.opens else "")
        self.setToolTip(row.words if len(row.words) > 60 else "")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if row.opens else Qt.FocusPolicy.NoFocus)
        self.update()

    def sizeHint(self) -> QSize:
        """Return a height that can be hit."""
        return QSize(self._look.theme.size(200), self._look.theme.size(_TALL))

    def enterEvent(self, event: QEnterEvent) -> None:
        """Show that it can be pressed."""
        super().enterEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint it: mark, name, words, note, and a chevron where it opens."""
        del event
        theme, row = self._look.theme, self._row
        size = theme.size
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.hasFocus():
            painter.setPen(QPen(theme.color("accent"), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)
        elif row.opens and self.underMouse():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("bg"))
            painter.drawRoundedRect(QRectF(self.rect()), 6, 6)
            painter.setBrush(Qt.BrushStyle.NoBrush)
        left, right = size(_SIDE - 4), self.width() - size(_SIDE - 4)
        mark = QRectF(left, (self.height() - size(_MARK)) / 2, size(_MARK), size(_MARK))
        self._paint_mark(painter, mark)
        left += size(_MARK + 8)
        if row.opens:
            right -= size(12)
            self._paint_chevron(painter, right)
            right -= size(4)
        middle = Qt.AlignmentFlag.AlignVCenter
        quiet = row.state in {"planned", "skipped"}
        # What went wrong is said in its colour, and in words.
        loud = row.state in {"failed", "refused", "waiting"}
        painter.setFont(theme.font("fact"))
        painter.setPen(theme.color(_COLOURS[row.state] if loud else "faint"))
        note = painter.fontMetrics().horizontalAdvance(row.note)
        painter.drawText(QRect(right - note, 0, note, self.height()), middle, row.note)
        right -= note + size(12)
        painter.setFont(theme.font("code"))
        painter.setPen(theme.color("faint" if quiet else "text"))
        metrics = painter.fontMetrics()
        shown = metrics.elidedText(row.skill, Qt.TextElideMode.ElideRight, right - left)
        painter.drawText(QRect(left, 0, right - left, self.height()), middle, shown)
        left += self._name_width + size(20)
        if right - left > size(24):
            painter.setFont(theme.font("body"))
            painter.setPen(theme.color("faint" if quiet else "dim"))
            metrics = painter.fontMetrics()
            words = metrics.elidedText(row.words, Qt.TextElideMode.ElideRight, right - left)
            painter.drawText(QRect(left, 0, right - left, self.height()), middle, words)
        painter.end()

    def _paint_mark(self, painter: QPainter, place: QRectF) -> None:
        """Paint how it went: each state has a shape of its own."""
        theme, state = self._look.theme, self._row.state
        pen = QPen(theme.color(_COLOURS[state]), 1.8 * theme.scale)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        side = place.width() / 16

        def at(x: float, y: float) -> QPointF:
            return QPointF(place.left() + x * side, place.top() + y * side)

        if state == "done":
            painter.drawPolyline(QPolygonF([at(3.5, 8.5), at(6.5, 11.5), at(12.5, 4.5)]))
        elif state == "failed":
            painter.drawLine(at(4.5, 4.5), at(11.5, 11.5))
            painter.drawLine(at(11.5, 4.5), at(4.5, 11.5))
        elif state in {"refused", "skipped"}:
            painter.drawLine(at(4, 8), at(12, 8))
        elif state == "planned":
            painter.setBrush(theme.color(_COLOURS[state]))
            painter.drawEllipse(at(8, 8), 0.6 * side, 0.6 * side)
        elif state == "running":
            painter.setBrush(theme.color(_COLOURS[state]))
            painter.drawPolygon(QPolygonF([at(6, 4.5), at(11, 8), at(6, 11.5)]))
        else:
            painter.drawEllipse(at(8, 8), 4.5 * side, 4.5 * side)
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _paint_chevron(self, painter: QPainter, left: int) -> None:
        theme = self._look.theme
        pen = QPen(theme.color("faint"), 1.4 * theme.scale)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        unit, middle = theme.scale, self.height() / 2
        points = [(2, -2), (6, 2), (10, -2)] if self._is_open else [(4, -4), (8, 0), (4, 4)]
        painter.drawPolyline(
            QPolygonF([QPointF(left + x * unit, middle + y * unit) for x, y in points])
        )


def _said(state: StepState) -> str:
    """Return a state in a word, for who cannot see its mark."""
    words: dict[StepState, str] = {
        "planned": tr("to come"),
        "waiting": tr("waits for you"),
        "running": tr("running"),
        "done": tr("done"),
        "failed": tr("failed"),
        "refused": tr("you said no"),
        "skipped": tr("left out"),
    }
    return words[state]
