"""Who can be asked elsewhere, on the page of privacy: a card each, and the form to add one."""

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from homebody.ui.pages.models_card import has_focus
from homebody.ui.pages.privacy_form import ProviderEditor, make_button
from homebody.ui.pages.sheet import label
from homebody.ui.privacy_states import ProviderCard, ProvidersState
from homebody.ui.theme import Look
from homebody.ui.words import breakable, tr

__all__ = ["ProvidersSection"]


class ProvidersSection(QWidget):
    """Shows a `ProvidersState`."""

    add_asked = Signal()
    preset_chosen = Signal(str)
    opened = Signal(str)
    """The name of a card to be opened, or ""."""
    kept = Signal(object)
    look_asked = Signal(object)
    removed = Signal(str)
    taken_back = Signal(str)
    key_given = Signal(str)
    key_forgotten = Signal()
    wanted = Signal(QWidget)
    """It was opened, and shall be seen."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self._cards: dict[str, _Card] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._empty = label(
            tr(
                "Nobody yet: everything is answered here. Add a larger model of a provider, or one "
                "on a machine of your own, and Homebody may offer to ask it."
            ),
            "dim",
            self,
        )
        self._problem = label("", "bad", self)
        self._hint = label("", "fact", self)
        for part in (self._empty, self._problem, self._hint):
            self._column.addWidget(part)
        self._places = QVBoxLayout()
        self._column.addLayout(self._places)
        self._new = QFrame(self)
        self._new.setProperty("role", "card")
        self._new_place = QVBoxLayout(self._new)
        self._new_place.addWidget(label(tr("Add somebody to ask"), "strong", self._new))
        self._editor: ProviderEditor | None = None
        self._new.hide()
        self._column.addWidget(self._new)
        self._add = make_button(tr("Add somebody to ask…"), "provider_add", "plain", self)
        self._add.clicked.connect(self.add_asked)
        self._column.addWidget(self._add, 0, Qt.AlignmentFlag.AlignLeft)
        self._dress()
        look.changed.connect(self._dress)

    def show_state(self, state: ProvidersState) -> None:
        """Show who there is; what is being typed stays."""
        for words, text in ((self._problem, state.problem), (self._hint, state.hint)):
            words.setText(breakable(text))
            words.setVisible(bool(text))
        self._empty.setVisible(not state.cards and state.new is None and not state.problem)
        self._show_new(state)
        wanted = {card.name: card for card in state.cards}
        refocus = False
        for name in [name for name in self._cards if name not in wanted]:
            gone = self._cards.pop(name)
            refocus = refocus or has_focus(gone)
            self._places.removeWidget(gone)
            gone.hide()
            gone.deleteLater()
        for place, (name, shown) in enumerate(wanted.items()):
            if name not in self._cards:
                self._cards[name] = self._make()
            if self._places.indexOf(self._cards[name]) != place:
                self._places.insertWidget(place, self._cards[name])
            self._cards[name].show_card(shown)
        if refocus:
            self._add.setFocus(Qt.FocusReason.OtherFocusReason)

    def parts(self) -> list[QWidget]:
        """Return its parts in the order in which one reads them."""
        inside = [part for card in self._cards.values() for part in card.parts()]
        new = self._editor.parts() if self._editor is not None else []
        return [*inside, *new, self._add]

    def _show_new(self, state: ProvidersState) -> None:
        had_focus = has_focus(self._new)
        was_hidden = self._new.isHidden()
        self._add.setVisible(state.new is None and not state.problem)
        self._new.setVisible(state.new is not None)
        if state.new is None:
            if had_focus:
                self._add.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        if self._editor is None:
            self._editor = ProviderEditor(self._look, self._new)
            self._editor.preset_chosen.connect(self.preset_chosen)
            self._editor.kept.connect(self.kept)
            self._editor.cancelled.connect(partial(self.opened.emit, ""))
            self._new_place.addWidget(self._editor)
            self._editor.show()
        self._editor.show_form(state.new)
        if was_hidden:
            self._editor.first().setFocus(Qt.FocusReason.OtherFocusReason)
            self.wanted.emit(self._new)

    def _make(self) -> "_Card":
        card = _Card(self._look, self)
        card.opened.connect(self.opened)
        card.kept.connect(self.kept)
        card.look_asked.connect(self.look_asked)
        card.removed.connect(self.removed)
        card.taken_back.connect(self.taken_back)
        card.key_given.connect(self.key_given)
        card.key_forgotten.connect(self.key_forgotten)
        card.wanted.connect(self.wanted)
        return card

    def _dress(self) -> None:
        size = self._look.theme.size
        self._column.setSpacing(size(8))
        self._places.setSpacing(size(8))
        self._new_place.setContentsMargins(size(16), size(12), size(16), size(16))
        self._new_place.setSpacing(size(8))


class _Card(QFrame):
    """One provider: who it is, and opened the form to change it."""

    opened = Signal(str)
    kept = Signal(object)
    look_asked = Signal(object)
    removed = Signal(str)
    taken_back = Signal(str)
    key_given = Signal(str)
    key_forgotten = Signal()
    wanted = Signal(QWidget)

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self._card = ProviderCard(name="")
        self._editor: ProviderEditor | None = None
        self.setProperty("role", "card")
        self._name = label("", "strong", self)
        self._words = label("", "dim", self)
        self._lacks = label("", "warn", self)
        self._facts = label("", "fact", self)
        self._back = make_button(tr("Take it back"), "provider_take_back", "quiet", self)
        self._change = make_button(tr("Change"), "provider_change", "quiet", self)
        self._remove = make_button(tr("Remove"), "provider_remove", "quiet", self)
        self._back.clicked.connect(lambda: self.taken_back.emit(self._card.name))
        self._change.clicked.connect(self._on_change)
        self._remove.clicked.connect(lambda: self.removed.emit(self._card.name))
        self._head = QHBoxLayout()
        for part, stretch in (
            (self._name, 1),
            (self._back, 0),
            (self._change, 0),
            (self._remove, 0),
        ):
            self._head.addWidget(part, stretch, Qt.AlignmentFlag.AlignVCenter)
        self._column = QVBoxLayout(self)
        self._column.addLayout(self._head)
        for words in (self._words, self._lacks, self._facts):
            self._column.addWidget(words)
        self._dress()
        look.changed.connect(self._dress)

    def show_card(self, card: ProviderCard) -> None:
        """Show a provider; the same state changes nothing."""
        if card == self._card:
            return
        self._card = card
        self.setObjectName(f"provider_card_{card.name}")
        self._name.setText(breakable(card.name))
        for words, text in (
            (self._words, breakable(card.words)),
            (self._lacks, card.lacks),
            (self._facts, "\n".join(card.facts) if card.form is None else ""),
        ):
            words.setText(text)
            words.setVisible(bool(text))
        self._back.setVisible(card.agreed)
        self._back.setAccessibleName(tr("Take the yes for {name} back").format(name=card.name))
        self._remove.setAccessibleName(tr("Remove {name}").format(name=card.name))
        is_open = card.form is not None
        self._change.setVisible(not is_open)
        self._change.setAccessibleName(tr("Change {name}").format(name=card.name))
        if card.form is None:
            self._close()
            return
        is_new = self._editor is None
        if self._editor is None:
            self._editor = self._make()
        self._editor.show_form(card.form)
        if is_new:
            self._editor.first().setFocus(Qt.FocusReason.OtherFocusReason)
            self.wanted.emit(self)

    def parts(self) -> list[QWidget]:
        """Return its parts in the order in which one reads them."""
        inside = self._editor.parts() if self._editor is not None else []
        return [self._back, self._change, self._remove, *inside]

    def _make(self) -> ProviderEditor:
        editor = ProviderEditor(self._look, self)
        editor.kept.connect(self.kept)
        editor.look_asked.connect(self.look_asked)
        editor.cancelled.connect(partial(self.opened.emit, ""))
        editor.key_given.connect(self.key_given)
        editor.key_forgotten.connect(self.key_forgotten)
        self._column.addSpacing(self._look.theme.size(4))
        self._column.addWidget(editor)
        editor.show()
        return editor

    def _close(self) -> None:
        editor, self._editor = self._editor, None
        if editor is None:
            return
        if has_focus(editor):
            self._change.setFocus(Qt.FocusReason.OtherFocusReason)
        self._column.removeWidget(editor)
        # And the room above it.
        self._column.takeAt(self._column.count() - 1)
        editor.hide()
        editor.deleteLater()

    def _on_change(self) -> None:
        self.opened.emit(self._card.name)

    def _dress(self) -> None:
        size = self._look.theme.size
        self._column.setContentsMargins(size(16), size(8), size(16), size(12))
        # The room around the last button's word is its own.
        self._head.setContentsMargins(0, 0, -size(6), 0)
        self._column.setSpacing(size(4))
        self._head.setSpacing(size(4))
        for button in (self._back, self._change, self._remove):
            button.setMinimumHeight(size(28))
