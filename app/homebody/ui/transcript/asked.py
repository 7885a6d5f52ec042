"""The card that asks the person before a step: exactly what would happen, and what to say to it."""

from typing import Final

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QListWidget, QPushButton, QWidget

from homebody.messages.plans import Choice
from homebody.ui.theme import Look
from homebody.ui.transcript.bounded import BoundedText
from homebody.ui.transcript.parts import Surface, label, unmarked
from homebody.ui.words import breakable, tr
from homebody.ui.work_states import AnswerButton, AskedCard

__all__ = ["Asked"]

_LINES, _OPTIONS = 8, 6
_SIDE: Final = 16
_AT_RIGHT: Final[frozenset[Choice]] = frozenset({"once", "always"})


class Asked(Surface):
    """Shows an `AskedCard`. Its height follows from its width by `lay_out`."""

    answered = Signal(str, str)
    """What was chosen, and which option; "" where there are none."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(look, "card", 12, parent)
        self.line = "accent"
        self._card: AskedCard | None = None
        self.setObjectName("asked")
        self._title = label(self, "title", "asked-title")
        self._sentence = label(self, "", "asked-sentence")
        self._details = BoundedText(look, "asked-details", _LINES, self)
        self._options = _Options(self)
        self._options.setObjectName("asked-options")
        self._options.setAccessibleName(tr("What may be meant"))
        self._options.entered.connect(self._on_entered)
        self._options.itemSelectionChanged.connect(self._on_selected)
        self._note = label(self, "fact", "asked-note")
        self._buttons: dict[Choice, QPushButton] = {}

    def show_card(self, card: AskedCard | None) -> None:
        """Show a card; the same one changes nothing."""
        if card == self._card:
            return
        self._card = card
        if card is None:
            return
        self.setAccessibleName(f"{card.title} {card.sentence}")
        # All of it is seen, whatever a file is called: its end may be what matters.
        self._title.setText(breakable(card.title))
        self._sentence.setText(breakable(card.sentence))
        self._details.show_text(card.details, tr("Exactly this"))
        self._details.setVisible(bool(card.details))
        self._options.clear()
        self._options.addItems(card.options)
        self._options.setVisible(bool(card.options))
        self._note.setText(card.note)
        self._note.setVisible(bool(card.note))
        for choice in self._buttons:
            self._buttons[choice].hide()
        for button in card.buttons:
            self._show_button(button)

    def restyle(self) -> None:
        """Take the fonts of now."""
        self._details.restyle()

    def focus_first(self) -> None:
        """Go to what answers: the options, or the button that does least."""
        if not self._options.isHidden():
            self._options.setFocus(Qt.FocusReason.OtherFocusReason)
        elif self._card is not None and self._card.buttons:
            choices = [button.choice for button in self._card.buttons]
            # Enter, pressed too soon, must do nothing.
            least = "no" if "no" in choices else choices[0]
            self._buttons[least].setFocus(Qt.FocusReason.OtherFocusReason)

    def lay_out(self, width: int) -> int:
        """Place everything at a width, and return the height."""
        size = self._look.theme.size
        side, y = size(_SIDE), size(12)
        room = width - 2 * side
        for words, gap in ((self._title, 4), (self._sentence, 8)):
            height = words.heightForWidth(room)
            words.setGeometry(side, y, room, height)
            y += height + size(gap)
        if not self._details.isHidden():
            height = self._details.lay_out(room)
            self._details.setGeometry(side, y, room, height)
            y += height + size(8)
        if not self._options.isHidden():
            rows = min(self._options.count(), _OPTIONS)
            height = rows * max(self._options.sizeHintForRow(0), size(28)) + size(10)
            self._options.setGeometry(side, y, room, height)
            y += height + size(8)
        y = self._place_buttons(y + size(4), side, room)
        if not self._note.isHidden():
            height = self._note.heightForWidth(room)
            self._note.setGeometry(side, y + size(8), room, height)
            y += height + size(8)
        return y + size(12)

    def _place_buttons(self, y: int, side: int, room: int) -> int:
        """Place what keeps things as they are at the left, what does something at the right."""
        size = self._look.theme.size
        gap, tall = size(8), size(34)
        shown = [each.choice for each in self._card.buttons] if self._card is not None else []
        widths = {each: self._buttons[each].sizeHint().width() for each in shown}
        left = [each for each in shown if each not in _AT_RIGHT]
        # The one that does least harm is the last, where one looks first.
        right = [each for each in ("always", "once") if each in shown]
        whole = sum(widths.values()) + gap * (len(shown) - 1) + size(16)
        x = side
        if whole <= room:
            for each in left:
                self._buttons[each].setGeometry(x, y, widths[each], tall)
                x += widths[each] + gap
            x = side + room
            for each in reversed(right):
                x -= widths[each]
                self._buttons[each].setGeometry(x, y, widths[each], tall)
                x -= gap
            return y + tall
        for each in (*reversed(right), *left):
            wide = min(widths[each], room)
            if x > side and x + wide > side + room:
                x, y = side, y + tall + gap
            self._buttons[each].setGeometry(x, y, wide, tall)
            x += wide + gap
        return y + tall

    def _show_button(self, state: AnswerButton) -> None:
        button = self._buttons.get(state.choice)
        if button is None:
            button = self._buttons[state.choice] = QPushButton(self)
            button.setObjectName(f"asked-{state.choice}")
            quiet = "quiet" if state.choice == "answer" else "plain"
            button.setProperty("role", "primary" if state.primary else quiet)
            button.clicked.connect(self._on_button)
        button.setText(unmarked(state.words))
        button.setToolTip(state.tip)
        sentence = self._card.sentence if self._card is not None else ""
        button.setAccessibleName(state.words)
        button.setAccessibleDescription(state.tip or sentence)
        button.setEnabled(not self._needs_option(state.choice))
        button.show()

    def _needs_option(self, choice: Choice) -> bool:
        """Tell whether an option has to be chosen first."""
        asks = self._card is not None and bool(self._card.options) and choice in _AT_RIGHT
        return asks and not self._options.selectedItems()

    def _on_selected(self) -> None:
        for choice, button in self._buttons.items():
            button.setEnabled(not self._needs_option(choice))

    def _on_entered(self) -> None:
        self._answer("once")

    def _on_button(self) -> None:
        sender: QObject | None = self.sender()
        for choice, button in self._buttons.items():
            if button is sender:
                self._answer(choice)

    def _answer(self, choice: Choice) -> None:
        if self._needs_option(choice):
            return
        chosen = self._options.selectedItems() if choice in _AT_RIGHT else []
        self.answered.emit(choice, chosen[0].text() if chosen else "")


class _Options(QListWidget):
    """A list in which Enter, or a double click, chooses."""

    entered = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "options")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setTabKeyNavigation(False)
        self.itemDoubleClicked.connect(self.entered)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Choose at Enter."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and self.selectedItems():
            self.entered.emit()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show where the keys begin."""
        super().focusInEvent(event)
        if not self.selectedItems() and event.reason() != Qt.FocusReason.MouseFocusReason:
            self.setCurrentRow(max(self.currentRow(), 0))
