"""The sheet that asks before anything leaves: what, to whom, at what cost, and what to say to it.

It blocks nothing. What is typed into it and not saved yet is kept outside of it, as one widget
shows many turns.
"""

from typing import Final

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QKeyEvent, QPalette
from PySide6.QtWidgets import QLabel, QMenu, QPlainTextEdit, QPushButton, QWidget

from homebody.messages.offers import (
    AddReplacement,
    OfferChange,
    Rewrite,
    Scope,
    SwitchPart,
    SwitchProvider,
    SwitchReplacement,
)
from homebody.ui.elided import MenuChip
from homebody.ui.icons import icon
from homebody.ui.offer_states import Drafts, OfferCard, OfferDraft, PartRow
from homebody.ui.pages.editors import SwitchEditor
from homebody.ui.theme import Look
from homebody.ui.transcript.bounded import BoundedText, bounded_height
from homebody.ui.transcript.offer_text import OfferText
from homebody.ui.transcript.parts import Surface, Word, label, unmarked
from homebody.ui.words import breakable, tr

__all__ = ["OfferSheet"]

_SIDE: Final = 16
_REQUEST_LINES: Final = 8
_LEAST_LINES, _MOST_LINES = 4, 14
"""Of the field in which the text is edited."""


class OfferSheet(QWidget):
    """Shows an `OfferCard` that is open. Its height follows from its width by `lay_out`."""

    changed = Signal(object)
    """An `OfferChange`."""
    agreed = Signal(str, str)
    """The hash of what was shown, and the scope of the yes."""
    declined = Signal(bool)
    """True: nothing shall be offered in this conversation any more."""
    providers_asked = Signal()
    """The person wants to look after who can be asked."""
    reshaped = Signal()

    def __init__(
        self, look: Look, drafts: Drafts, unfolded: set[tuple[str, str]], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._look, self._drafts, self._unfolded = look, drafts, unfolded
        self._turn = ""
        self._card: OfferCard | None = None
        self._saving = False
        self._parts: list[_Part] = []
        self.setObjectName("offer")
        self._build()

    def _build(self) -> None:
        look = self._look
        self._surface = Surface(look, "card", 12, self)
        self._surface.line = "accent"
        self._title = label(self, "title", "offer-title")
        self._title.setText(tr("Ask elsewhere?"))
        self._chip = MenuChip(look, "offer-destination", "chip", self)
        self._chip.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self._sentence = label(self, "fact", "offer-sentence")
        self._text = OfferText(look, self)
        self._field = _Field(self)
        self._fold = Word("", "offer-request-fold", self)
        self._hide_too = Word(tr("Hide this too"), "offer-hide", self)
        self._request_note = label(self, "fact", "offer-request-note")
        self._request = BoundedText(look, "offer-request", _REQUEST_LINES, self, cut=None)
        self._request.setAccessibleName(tr("The whole request, exactly"))
        self._problem = label(self, "", "offer-problem")
        self._keep = QPushButton(tr("Keep it home"), self)
        self._edit = QPushButton(tr("Edit"), self)
        self._save = QPushButton(tr("Save"), self)
        self._cancel = QPushButton(tr("Cancel"), self)
        self._facts = label(self, "fact", "offer-facts")
        self._facts.setWordWrap(False)
        self._more = QPushButton(self)
        self._send = QPushButton(tr("Send once"), self)
        self._note = label(self, "fact", "offer-note")
        self._never = Word(tr("Don't offer again here"), "offer-never", self)
        for button, name, role in (
            (self._keep, "offer-keep", "plain"),
            (self._edit, "offer-edit", "plain"),
            (self._save, "offer-save", "primary"),
            (self._cancel, "offer-cancel", "plain"),
            (self._more, "offer-more", "icon"),
            (self._send, "offer-send", "primary"),
        ):
            button.setObjectName(name)
            button.setProperty("role", role)
            button.setAccessibleName(button.text())
        self._more.setAccessibleName(tr("Other ways to send"))
        self._more.setToolTip(tr("Other ways to send"))
        self._save.setAccessibleDescription(tr("Nothing is sent by this"))
        self._connect()

    def _connect(self) -> None:
        self._chip.clicked.connect(self.open_providers)
        self._text.switched.connect(self._on_switched)
        self._text.marked.connect(self._on_marked)
        self._hide_too.clicked.connect(self._on_hide)
        self._fold.clicked.connect(self._on_fold)
        self._keep.clicked.connect(self._on_keep)
        self._edit.clicked.connect(self._on_edit)
        self._save.clicked.connect(self._on_save)
        self._cancel.clicked.connect(self._on_cancel)
        self._field.left.connect(self._on_cancel)
        self._field.given.connect(self._on_save)
        self._field.textChanged.connect(self._on_typed)
        self._more.clicked.connect(self.open_more)
        self._send.clicked.connect(self._on_send)
        self._never.clicked.connect(self._on_never)

    # ------------------------------------------------------------ what is shown

    def show_card(self, turn: str, card: OfferCard) -> None:
        """Show the offer of a turn; the same one again ends an edit that was saved."""
        draft = self._drafts.get(turn)
        if draft is not None and (
            draft.sha256 != card.sha256 or (self._saving and not card.problem)
        ):
            # It was saved: what is shown now was made of it.
            del self._drafts[turn]
        self._saving = False
        if turn != self._turn or card != self._card:
            self._turn, self._card = turn, card
            self._draw(card)
        self._show_edit()

    def _draw(self, card: OfferCard) -> None:
        title = self._title.text()
        self.setAccessibleName(f"{title} {card.destination}. {card.sentence}")
        self._chip.show_words(card.destination)
        self._chip.setAccessibleName(tr("To {words}").format(words=card.destination))
        self._text.show_pieces(card.pieces)
        self._show_parts(card.parts)
        self._request_note.setText(breakable(card.request_note))
        side = self._look.theme.size(16)
        self._more.setIcon(icon("chevron-down", self._look.theme))
        self._more.setIconSize(QSize(side, side))
        self._problem.setText(breakable(card.problem))
        self._problem.setVisible(bool(card.problem))
        palette = self._problem.palette()
        palette.setColor(QPalette.ColorRole.WindowText, self._look.theme.color("warn"))
        self._problem.setPalette(palette)
        self._facts.setText(card.facts)
        self._send.setAccessibleDescription(f"{card.destination}. {card.sentence} {card.facts}")
        self._more.setVisible(bool(card.more))
        self._note.setText(card.note)
        self._hide_too.setVisible(bool(self._text.selected()))

    def _show_parts(self, parts: tuple[PartRow, ...]) -> None:
        while len(self._parts) < len(parts):
            part = _Part(self._look, self)
            part.switched.connect(self._on_part)
            self._parts.append(part)
        for number, part in enumerate(self._parts):
            part.setVisible(number < len(parts))
            if number < len(parts):
                part.show_row(parts[number])

    def _show_request(self) -> None:
        card = self._card
        unfolded = (self._turn, "request") in self._unfolded and card is not None
        self._fold.setText(f"{tr('Whole request')} {'▾' if unfolded else '▸'}")
        self._fold.setAccessibleName(tr("Whole request: show or hide"))
        if card is not None and unfolded:
            self._request.show_text(card.request, self._request.accessibleName())
        self._request.setVisible(unfolded)
        self._request_note.setVisible(unfolded)

    def _show_edit(self) -> None:
        """Show the field where the text is being edited, and else the text."""
        draft = self._drafts.get(self._turn)
        shown: QWidget
        had_focus = any(each.hasFocus() for each in (self._field, self._save, self._cancel))
        editing = draft is not None
        if draft is not None and self._field.toPlainText() != draft.text:
            self._field.setPlainText(draft.text)
        self._field.setVisible(editing)
        for shown in (self._save, self._cancel):
            shown.setVisible(editing)
        # What is not saved is not what would leave: nothing can be sent meanwhile.
        for shown in (self._text, self._keep, self._edit, self._facts, self._send):
            shown.setVisible(not editing)
        self._more.setVisible(not editing and self._card is not None and bool(self._card.more))
        self._fold.setVisible(not editing)
        self._hide_too.setVisible(not editing and bool(self._text.selected()))
        self._chip.setEnabled(not editing)
        for part in self._parts:
            part.setEnabled(not editing)
        # While it is edited nobody knows what would leave.
        if editing:
            self._sentence.setText(
                tr(
                    "Words in brackets stand for what is private; they are put back in the reply. "
                    "What you save is looked through again. Saving sends nothing."
                )
            )
            self._request.hide()
            self._request_note.hide()
            return
        self._sentence.setText(self._card.sentence if self._card is not None else "")
        self._show_request()
        if had_focus:
            self._edit.setFocus(Qt.FocusReason.OtherFocusReason)

    def restyle(self) -> None:
        """Take the fonts and colours of now."""
        self._text.restyle()
        self._request.restyle()
        self._field.setFont(self._look.theme.font("code"))
        if self._card is not None:
            self._draw(self._card)
            self._show_edit()

    def focus_first(self) -> None:
        """Go to what does least: Enter, pressed too soon, must send nothing."""
        first: QWidget = self._keep if self._field.isHidden() else self._field
        first.setFocus(Qt.FocusReason.OtherFocusReason)

    # ------------------------------------------------------------ where it stands

    def lay_out(self, width: int) -> int:
        """Place everything at a width, and return the height."""
        size = self._look.theme.size
        side, y = size(_SIDE), size(12)
        room = width - 2 * side
        y = self._place_head(y, side, room)
        y = self._place_below(self._sentence, y, side, room, 8)
        if self._field.isHidden():
            y = self._place_bounded(self._text, y, side, room)
        else:
            font, text = self._look.theme.font("code"), self._field.toPlainText()
            self._field.setFont(font)
            height = bounded_height(self._look, font, text, room, _MOST_LINES)
            least = bounded_height(self._look, font, "\n" * _LEAST_LINES, room, _LEAST_LINES)
            self._field.setGeometry(side, y, room, max(height, least))
            y += max(height, least)
        if not self._fold.isHidden():
            inset, tall = size(6) + 2, max(size(28), self._fold.sizeHint().height())
            wide = self._fold.sizeHint().width()
            self._fold.setGeometry(side - inset, y, wide, tall)
            wide = self._hide_too.sizeHint().width()
            self._hide_too.setGeometry(side + room + inset - wide, y, wide, tall)
            y += tall
        y += size(4)
        if not self._request.isHidden():
            y = self._place_below(self._request_note, y, side, room, 4)
            y = self._place_bounded(self._request, y, side, room) + size(8)
        for part in self._parts:
            if not part.isHidden():
                height = part.lay_out(room)
                part.setGeometry(side, y, room, height)
                y += height
        if not self._problem.isHidden():
            y = self._place_below(self._problem, y + size(4), side, room, 4)
        y = self._place_buttons(y + size(6), side, room) + size(14)
        self._surface.setGeometry(0, 0, width, y)
        return self._place_note(y + size(8), width)

    def _place_head(self, y: int, side: int, room: int) -> int:
        """Place the title and, beside it or below, to whom it would go."""
        size = self._look.theme.size
        tall = size(30)
        title = self._title.fontMetrics().horizontalAdvance(self._title.text()) + 2
        chip = min(self._chip.sizeHint().width(), room)
        if title + size(16) + chip > room and chip > room // 2:
            self._title.setGeometry(side, y, room, tall)
            y += tall + size(4)
            self._chip.setGeometry(side, y, chip, tall)
        else:
            self._title.setGeometry(side, y, room - chip, tall)
            self._chip.setGeometry(side + room - chip, y, chip, tall)
        return y + tall + size(6)

    def _place_below(self, words: QLabel, y: int, side: int, room: int, gap: int) -> int:
        height = words.heightForWidth(room)
        words.setGeometry(side, y, room, height)
        return y + height + self._look.theme.size(gap)

    @staticmethod
    def _place_bounded(text: OfferText | BoundedText, y: int, side: int, room: int) -> int:
        height = text.lay_out(room)
        text.setGeometry(side, y, room, height)
        return y + height

    def _place_buttons(self, y: int, side: int, room: int) -> int:
        """Place what keeps it here at the left, what sends at the right; or below each other."""
        size = self._look.theme.size
        gap, tall = size(8), size(34)

        def wide(part: QWidget) -> int:
            return min(part.sizeHint().width(), room)

        if not self._save.isHidden():
            x = side + room - wide(self._save)
            self._save.setGeometry(x, y, wide(self._save), tall)
            self._cancel.setGeometry(side, y, wide(self._cancel), tall)
            return y + tall
        narrow = size(34)
        arrow = narrow + size(4) if not self._more.isHidden() else 0
        facts = self._facts.fontMetrics().horizontalAdvance(self._facts.text()) + 2
        left = wide(self._keep) + gap + wide(self._edit)
        right = wide(self._send) + arrow
        if left + right + facts + 3 * gap > room:
            self._facts.setGeometry(side, y, room, size(18))
            y += size(22)
            facts = 0
        self._keep.setGeometry(side, y, wide(self._keep), tall)
        self._edit.setGeometry(side + wide(self._keep) + gap, y, wide(self._edit), tall)
        if left + right + 2 * gap > room:
            y += tall + gap
        x = side + room - right
        self._send.setGeometry(x, y, wide(self._send), tall)
        self._more.setGeometry(side + room - narrow, y, narrow, tall)
        if facts:
            self._facts.setGeometry(x - size(12) - facts, y, facts, tall)
        return y + tall

    def _place_note(self, y: int, width: int) -> int:
        height = self._note.heightForWidth(width)
        self._note.setGeometry(0, y, width, height)
        y += height
        inset = self._look.theme.size(6) + 2
        tall = max(self._look.theme.size(28), self._never.sizeHint().height())
        wide = self._never.sizeHint().width()
        self._never.setGeometry(-inset, y, min(wide, width + inset), tall)
        return y + tall

    # ------------------------------------------------------------ menus

    def open_providers(self) -> None:
        """Pop up who can be asked."""
        menu = QMenu(self)
        menu.setObjectName("offer-providers")
        menu.setAccessibleName(tr("Who is asked"))
        group = QActionGroup(menu)
        for choice in self._card.providers if self._card is not None else ():
            action = menu.addAction(unmarked(choice.words))
            action.setCheckable(True)
            action.setChecked(choice.chosen)
            action.setData(choice.name)
            group.addAction(action)
        menu.addSeparator()
        menu.addAction(tr("Others are set up on the Privacy page")).setObjectName("offer-set-up")
        menu.triggered.connect(self._on_provider)
        menu.aboutToHide.connect(menu.deleteLater)
        _popup(menu, self._chip)

    def open_more(self) -> None:
        """Pop up the other ways to say yes."""
        menu = QMenu(self)
        menu.setObjectName("offer-scopes")
        menu.setAccessibleName(tr("Other ways to send"))
        for choice in self._card.more if self._card is not None else ():
            menu.addAction(unmarked(choice.words)).setData(choice.scope)
        menu.triggered.connect(self._on_scope)
        menu.aboutToHide.connect(menu.deleteLater)
        _popup(menu, self._more)

    def _on_provider(self, action: QAction) -> None:
        if action.objectName() == "offer-set-up":
            self.providers_asked.emit()
        elif self._card is not None and action.data() != self._chosen():
            self._change(SwitchProvider(action.data()))

    def _chosen(self) -> str:
        given = self._card.providers if self._card is not None else ()
        return next((each.name for each in given if each.chosen), "")

    def _on_scope(self, action: QAction) -> None:
        self._agree(action.data())

    # ------------------------------------------------------------ doing

    def _change(self, change: OfferChange) -> None:
        self.changed.emit(change)

    def _on_switched(self, placeholder: str, on: bool) -> None:
        self._change(SwitchReplacement(placeholder, on))

    def _on_part(self, name: str, included: bool) -> None:
        self._change(SwitchPart(name, included))

    def _on_marked(self, marked: bool) -> None:
        self._hide_too.setVisible(marked and self._field.isHidden())

    def _on_hide(self) -> None:
        if words := self._text.selected():
            self._text.setFocus(Qt.FocusReason.OtherFocusReason)
            self._change(AddReplacement(words))

    def _on_fold(self) -> None:
        self._unfolded ^= {(self._turn, "request")}
        self._show_request()
        self.reshaped.emit()

    def _on_send(self) -> None:
        self._agree("once")

    def _agree(self, scope: Scope) -> None:
        if self._card is not None:
            self.agreed.emit(self._card.sha256, scope)

    def _on_keep(self) -> None:
        self.declined.emit(False)

    def _on_never(self) -> None:
        self._drafts.pop(self._turn, None)
        self.declined.emit(True)

    def _on_edit(self) -> None:
        if self._card is not None:
            self._drafts[self._turn] = OfferDraft(self._card.sha256, self._card.text)
            self._reshape()
            self._field.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_typed(self) -> None:
        draft = self._drafts.get(self._turn)
        text = self._field.toPlainText()
        if draft is not None and draft.text != text:
            self._drafts[self._turn] = OfferDraft(draft.sha256, text)
            self.reshaped.emit()

    def _on_save(self) -> None:
        draft = self._drafts.get(self._turn)
        if draft is None or self._card is None:
            return
        if draft.text == self._card.text:
            self._on_cancel()
            return
        self._saving = True
        self._change(Rewrite(draft.text))

    def _on_cancel(self) -> None:
        self._drafts.pop(self._turn, None)
        self._reshape()

    def _reshape(self) -> None:
        self._show_edit()
        self.reshaped.emit()


def _popup(menu: QMenu, below: QWidget) -> None:
    """Pop a menu up below a button, its right edge at the button's."""
    corner = QPoint(below.width() - menu.sizeHint().width(), below.height())
    menu.popup(below.mapToGlobal(corner))


class _Part(QWidget):
    """A switch, and what it adds."""

    switched = Signal(str, bool)

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self._name = ""
        self._switch = SwitchEditor(look, self)
        self._switch.setObjectName("offer-part")
        self._switch.given.connect(self._on_given)
        self._words = label(self, "dim", "offer-part-words")
        self._words.setBuddy(self._switch)

    def show_row(self, row: PartRow) -> None:
        """Show a part."""
        self._name = row.name
        self._switch.show_value(row.included)
        self._switch.setAccessibleName(row.words)
        self._words.setText(breakable(row.words))

    def lay_out(self, width: int) -> int:
        """Place both at a width, and return the height."""
        size = self._look.theme.size
        wide, tall = self._switch.sizeHint().width(), size(28)
        left = wide + size(4)
        height = max(self._words.heightForWidth(width - left), tall)
        self._switch.setGeometry(0, 0, wide, tall)
        self._words.setGeometry(left, 0, width - left, height)
        return height

    def _on_given(self, value: object) -> None:
        self.switched.emit(self._name, bool(value))


class _Field(QPlainTextEdit):
    """Where the text is edited: Ctrl+Enter saves, Esc leaves it as it was."""

    given = Signal()
    left = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("offer-field")
        self.setProperty("role", "field")
        self.setAccessibleName(tr("What would leave, to be edited"))
        self.setAccessibleDescription(tr("Ctrl and Enter saves, Escape leaves it as it was."))
        self.setTabChangesFocus(True)
        self.document().setDocumentMargin(0)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Save or leave."""
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        elif (
            event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}
            and event.modifiers() & Qt.KeyboardModifier.ControlModifier
        ):
            self.given.emit()
        else:
            super().keyPressEvent(event)
