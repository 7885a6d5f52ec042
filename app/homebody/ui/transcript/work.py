"""What a turn does and what it asks: its steps and the card, placed in the turn itself."""

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAccessible, QAccessibleEvent
from PySide6.QtWidgets import QWidget

from homebody.ui.states import TurnRow
from homebody.ui.theme import Look
from homebody.ui.transcript.asked import Asked
from homebody.ui.transcript.parts import Word
from homebody.ui.transcript.steps import Steps
from homebody.ui.words import tr

__all__ = ["Work"]


class Work(QObject):
    """The parts of a turn that works. They are made for the first turn that has them."""

    reshaped = Signal()
    copied = Signal(str)
    rerun_asked = Signal(int, dict)
    answered = Signal(str, str)
    plain_asked = Signal()

    def __init__(self, look: Look, unfolded: set[tuple[str, str]], parent: QWidget) -> None:
        super().__init__(parent)
        self._look, self._unfolded, self._widget = look, unfolded, parent
        self._steps: Steps | None = None
        self._asked: Asked | None = None
        self._plain: Word | None = None
        self._said = ""
        """The question that a screen reader was told of."""

    def show_row(self, row: TurnRow) -> None:
        """Show the steps and the question of a turn."""
        if row.steps and self._steps is None:
            self._steps = Steps(self._look, self._unfolded, self._widget)
            self._steps.reshaped.connect(self.reshaped)
            self._steps.copied.connect(self.copied)
            self._steps.rerun_asked.connect(self.rerun_asked)
            self._plain = Word(tr("Never mind, just answer"), "plain", self._widget)
            self._plain.clicked.connect(self.plain_asked)
        if self._steps is not None and self._plain is not None:
            self._steps.show_steps(row.id, row.steps)
            self._steps.setVisible(bool(row.steps))
            # A reply that has begun is an answer already.
            self._plain.setVisible(bool(row.steps) and row.live and not row.reply)
        if row.asked is not None and self._asked is None:
            self._asked = Asked(self._look, self._widget)
            self._asked.answered.connect(self.answered)
        if self._asked is not None:
            self._asked.show_card(row.asked)
            self._asked.setVisible(row.asked is not None)
        self._say(row)

    def lay_out_steps(self, y: int, width: int) -> int:
        """Place the steps below `y`, and return where they end."""
        size = self._look.theme.size
        if self._steps is None or self._steps.isHidden():
            return y
        height = self._steps.lay_out(width)
        self._steps.setGeometry(0, y, width, height)
        y += height + size(8)
        if self._plain is not None and not self._plain.isHidden():
            wide = self._plain.sizeHint().width()
            self._plain.setGeometry(-size(6) - 2, y - size(4), wide, size(28))
            y += size(28)
        return y

    def lay_out_question(self, y: int, width: int) -> int:
        """Place the card below `y`, and return where it ends."""
        if self._asked is None or self._asked.isHidden():
            return y
        size = self._look.theme.size
        height = self._asked.lay_out(width)
        self._asked.setGeometry(0, y + size(4), width, height)
        return y + height + size(12)

    def focus_question(self) -> None:
        """Go to what answers the question."""
        if self._asked is not None and not self._asked.isHidden():
            self._asked.focus_first()

    def restyle(self) -> None:
        """Draw anew in the theme of now."""
        for part in (self._steps, self._asked):
            if part is not None:
                part.restyle()

    def _say(self, row: TurnRow) -> None:
        """Let a screen reader say that something is asked, once, without moving the focus."""
        question = f"{row.id} {row.asked.sentence}" if row.asked is not None else ""
        if question and question != self._said and self._asked is not None:
            event = QAccessibleEvent(self._asked, QAccessible.Event.Alert)
            QAccessible.updateAccessibility(event)
        self._said = question
