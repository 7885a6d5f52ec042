"""What a turn does and what it asks: its steps, the card, the offer; placed in the turn itself."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAccessible, QAccessibleEvent
from PySide6.QtWidgets import QWidget

from homebody.ui.offer_states import Drafts, OfferCard
from homebody.ui.states import TurnRow
from homebody.ui.theme import Look
from homebody.ui.transcript.asked import Asked
from homebody.ui.transcript.parts import Word
from homebody.ui.transcript.steps import Steps
from homebody.ui.words import tr

if TYPE_CHECKING:  # loaded with the first offer
    from homebody.ui.transcript.offer import OfferSheet
    from homebody.ui.transcript.offer_past import OfferPast

__all__ = ["Work"]


class Work(QObject):
    """The parts of a turn that works. They are made for the first turn that has them."""

    reshaped = Signal()
    copied = Signal(str)
    rerun_asked = Signal(int, dict)
    answered = Signal(str, str)
    plain_asked = Signal()
    offer_changed = Signal(object)
    offer_agreed = Signal(str, str)
    offer_declined = Signal(bool)
    providers_asked = Signal()

    def __init__(
        self, look: Look, unfolded: set[tuple[str, str]], drafts: Drafts, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._look, self._unfolded, self._widget = look, unfolded, parent
        self._drafts = drafts
        self._steps: Steps | None = None
        self._asked: Asked | None = None
        self._offer: OfferSheet | None = None
        self._past: OfferPast | None = None
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
        self._show_offer(row)
        self._say(row)

    def _show_offer(self, row: TurnRow) -> None:
        """Show what would leave, or what became of it."""
        card = row.offer
        is_open = card is not None and card.stage == "open"
        if card is not None and is_open:
            self._made_offer().show_card(row.id, card)
        elif card is not None:
            self._show_past(row.id, card)
        if self._offer is not None:
            self._offer.setVisible(is_open)
        if self._past is not None:
            self._past.setVisible(card is not None and not is_open)

    def _show_past(self, turn: str, card: OfferCard) -> None:
        if self._past is None:
            from homebody.ui.transcript.offer_past import OfferPast

            self._past = OfferPast(self._look, self._unfolded, self._widget)
            self._past.reshaped.connect(self.reshaped)
        self._past.show_card(turn, card)
        # Nothing can be saved into it any more.
        self._drafts.pop(turn, None)

    def _made_offer(self) -> "OfferSheet":
        if self._offer is None:
            from homebody.ui.transcript.offer import OfferSheet

            self._offer = OfferSheet(self._look, self._drafts, self._unfolded, self._widget)
            self._offer.changed.connect(self.offer_changed)
            self._offer.agreed.connect(self.offer_agreed)
            self._offer.declined.connect(self.offer_declined)
            self._offer.providers_asked.connect(self.providers_asked)
            self._offer.reshaped.connect(self.reshaped)
        return self._offer

    def lay_out_steps(self, y: int, width: int) -> int:
        """Place the steps, and what became of an offer, below `y`; return where they end."""
        y = self._lay_out_steps(y, width)
        if self._past is None or self._past.isHidden():
            return y
        height = self._past.lay_out(width)
        self._past.setGeometry(0, y, width, height)
        return y + height + self._look.theme.size(4)

    def _lay_out_steps(self, y: int, width: int) -> int:
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
        """Place the card, or the sheet of an offer, below `y`, and return where it ends."""
        size = self._look.theme.size
        for part in (self._asked, self._offer):
            if part is not None and not part.isHidden():
                height = part.lay_out(width)
                part.setGeometry(0, y + size(4), width, height)
                y += height + size(12)
        return y

    def focus_question(self) -> None:
        """Go to what answers the question."""
        if self._asked is not None and not self._asked.isHidden():
            self._asked.focus_first()
        elif self._offer is not None and not self._offer.isHidden():
            self._offer.focus_first()

    def restyle(self) -> None:
        """Draw anew in the theme of now."""
        for part in (self._steps, self._asked, self._offer, self._past):
            if part is not None:
                part.restyle()

    def _say(self, row: TurnRow) -> None:
        """Let a screen reader say that something is asked, once, without moving the focus."""
        asks = self._asked if row.asked is not None else self._offer
        words = row.asked.sentence if row.asked is not None else "offer"
        question = f"{row.id} {words}" if row.waits else ""
        if question and question != self._said and asks is not None:
            event = QAccessibleEvent(asks, QAccessible.Event.Alert)
            QAccessible.updateAccessibility(event)
        self._said = question
