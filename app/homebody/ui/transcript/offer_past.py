"""What became of an offer, in one line; what was sent stands behind it."""

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QWidget

from homebody.ui.offer_states import OfferCard
from homebody.ui.theme import Look
from homebody.ui.transcript.bounded import BoundedText
from homebody.ui.transcript.parts import Word, label
from homebody.ui.words import breakable, tr

__all__ = ["OfferPast"]

_LINES: Final = 10


class OfferPast(QWidget):
    """Shows an `OfferCard` that is not open. Its height follows from its width by `lay_out`."""

    reshaped = Signal()

    def __init__(self, look: Look, unfolded: set[tuple[str, str]], parent: QWidget) -> None:
        super().__init__(parent)
        self._look, self._unfolded = look, unfolded
        self._turn = ""
        self._card: OfferCard | None = None
        self.setObjectName("offer-past")
        self._line = label(self, "", "offer-line")
        self._fold = Word("", "offer-show", self)
        self._fold.clicked.connect(self._on_fold)
        self._note = label(self, "fact", "offer-sent-note")
        self._body = BoundedText(look, "offer-sent", _LINES, self, cut=None)
        self._body.setAccessibleName(tr("The whole request, exactly"))

    def show_card(self, turn: str, card: OfferCard) -> None:
        """Show what became of the offer of a turn."""
        self._turn, self._card = turn, card
        palette = self._line.palette()
        color = self._look.theme.color("warn" if card.stage == "failed" else "dim")
        palette.setColor(QPalette.ColorRole.WindowText, color)
        self._line.setPalette(palette)
        self._line.setText(breakable(card.line))
        self._fold.setVisible(bool(card.request))
        shown = bool(card.request) and (turn, "sent") in self._unfolded
        self._fold.setText(tr("hide") if shown else tr("show"))
        self._fold.setAccessibleName(f"{card.line} {tr('Show or hide the request')}")
        if shown:
            self._body.show_text(card.request, self._body.accessibleName())
            self._note.setText(breakable(card.request_note))
        for part in (self._note, self._body):
            part.setVisible(shown)

    def restyle(self) -> None:
        """Take the fonts and colours of now."""
        self._body.restyle()
        if self._card is not None:
            self.show_card(self._turn, self._card)

    def lay_out(self, width: int) -> int:
        """Place everything at a width, and return the height."""
        size = self._look.theme.size
        tall, word = size(28), 0
        if not self._fold.isHidden():
            word = self._fold.sizeHint().width()
        wide = self._line.fontMetrics().horizontalAdvance(self._line.text()) + 2
        wide = min(wide, width - word)
        height = max(self._line.heightForWidth(wide), tall)
        self._line.setGeometry(0, 0, wide, height)
        self._line.setAlignment(Qt.AlignmentFlag.AlignVCenter)
        self._fold.setGeometry(wide, height - tall, word, tall)
        y = height
        if not self._body.isHidden():
            height = self._note.heightForWidth(width)
            self._note.setGeometry(0, y, width, height)
            y += height + size(4)
            height = self._body.lay_out(width)
            self._body.setGeometry(0, y, width, height)
            y += height + size(4)
        return y

    def _on_fold(self) -> None:
        self._unfolded ^= {(self._turn, "sent")}
        if self._card is not None:
            self.show_card(self._turn, self._card)
        self.reshaped.emit()
