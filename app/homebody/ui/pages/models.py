"""The page of models: this machine, what is on it, what it could have, and searching for more."""

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from homebody.ui.focus_order import order_focus
from homebody.ui.model_states import ModelCard, ModelsState, SearchState, Section
from homebody.ui.pages.models_card import Card, has_focus
from homebody.ui.pages.sheet import ScrolledPage, label
from homebody.ui.theme import Look
from homebody.ui.words import breakable, tr

__all__ = ["ModelsPage"]

_TYPED_MS = 120


class ModelsPage(ScrolledPage):
    """Shows a `ModelsState`. A card is made for each model that the state shows, and used again."""

    acted = Signal(str, str)
    """The key of a card or row, and what its button asks for."""
    opened = Signal(str)
    """The key of a card to be opened, or ""."""
    context_moved = Signal(int)
    setting_given = Signal(str, object)
    searched = Signal(str)
    """The person pressed Enter."""
    filtered = Signal(str)
    more_asked = Signal(str)
    """The key of a section."""
    seen = Signal(list)
    """The keys of the cards that can be seen."""
    folder_given = Signal(str)
    folder_removed = Signal(str)
    file_given = Signal(str)
    token_forgotten = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, "models_page", tr("Models"), parent)
        self._sections: dict[str, _Section] = {}
        self._dialogs: dict[str, QFileDialog] = {}
        self._look_soon = QTimer(self)
        self._look_soon.setSingleShot(True)
        self._look_soon.setInterval(30)
        self._look_soon.timeout.connect(self._tell_seen)
        self._typed = QTimer(self)
        self._typed.setSingleShot(True)
        self._typed.setInterval(_TYPED_MS)
        self._typed.timeout.connect(self._tell_filter)
        self._build()
        self.verticalScrollBar().valueChanged.connect(self._look_again)
        self._dress()
        look.changed.connect(self._dress)

    def show_state(self, state: ModelsState) -> None:
        """Show a state. What is typed, the focus and the place on the page stay."""
        self._machine.setText(state.machine or state.busy)
        self._trouble.setText(state.trouble)
        self._trouble.setVisible(bool(state.trouble))
        self._filter.setVisible(state.filters or bool(self._filter.text()))
        for key, section in self._sections.items():
            shown = next((each for each in state.sections if each.key == key), None)
            section.show_section(shown)
        self._folders.show_folders(state.folders)
        self._show_search(state.search)
        self._look_soon.start()

    def cards(self) -> list[Card]:
        """Return the cards, from the top."""
        return [card for section in self._sections.values() for card in section.cards()]

    def focusNextPrevChild(self, next: bool) -> bool:  # noqa: A002  as Qt names it
        """Go on as one reads, whatever was made last."""
        here = [part for key in ("fetching", "here") for part in self._sections[key].parts()]
        there = [part for key in ("found", "recommended") for part in self._sections[key].parts()]
        found = self._sections["search"].parts()
        added = (*self._adders, *self._folders.parts())
        parts = (self._filter, *here, *added, *there, self._search, self._forget, *found)
        order_focus(*parts, after=self)
        return super().focusNextPrevChild(next)

    def _build(self) -> None:
        self._adders: list[QPushButton] = []
        self._machine = label("", "fact", self.inner)
        self._trouble = label("", "warn", self.inner)
        self._filter = _SearchField(self.inner)
        self._filter.setObjectName("filter_models")
        self._filter.setAccessibleName(tr("Look among your models"))
        self._filter.setPlaceholderText(tr("Look among your models"))
        self._filter.textChanged.connect(self._typed.start)
        self._filter.hide()
        self._trouble.hide()
        for part in (self._machine, self._trouble, self._filter):
            self.column.addWidget(part)
        for key in ("fetching", "here"):
            self._add_section(key)
        self._adding = QHBoxLayout()
        for name, words, do in (
            ("add_file", tr("Add a file…"), self._ask_file),
            ("add_folder", tr("Add a folder…"), self._ask_folder),
        ):
            button = QPushButton(words, self.inner)
            button.setObjectName(name)
            button.setAccessibleName(words)
            button.setProperty("role", "flush")
            button.clicked.connect(do)
            self._adding.addWidget(button)
            self._adders.append(button)
        self._adding.addStretch(1)
        self.column.addLayout(self._adding)
        self._folders = _Folders(self.look, self.inner)
        self._folders.removed.connect(self._on_folder_removed)
        self.column.addWidget(self._folders)
        for key in ("found", "recommended"):
            self._add_section(key)
        self._build_search()
        self._add_section("search")
        self.column.addStretch(1)

    def _build_search(self) -> None:
        self.column.addSpacing(8)
        self._search_title = label(tr("Search on Hugging Face"), "label", self.inner)
        self._offline = label("", "dim", self.inner)
        self._search = _SearchField(self.inner)
        self._search.setObjectName("search_hub")
        self._search.setAccessibleName(tr("Search on Hugging Face"))
        self._search.setPlaceholderText(tr("Name of a model, then Enter"))
        self._search.returnPressed.connect(self._on_searched)
        self._search_note = label("", "fact", self.inner)
        self._kept = QWidget(self.inner)
        self._token = label("", "fact", self._kept)
        self._token.setWordWrap(False)
        self._forget = QPushButton(tr("Forget it"), self._kept)
        self._forget.setObjectName("forget_token")
        self._forget.setAccessibleName(tr("Forget the token"))
        self._forget.setProperty("role", "quiet")
        self._forget.clicked.connect(self.token_forgotten)
        line = QHBoxLayout(self._kept)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(0)
        line.addWidget(self._token)
        line.addWidget(self._forget)
        line.addStretch(1)
        self._status = label("", "dim", self.inner)
        self._problem = label("", "bad", self.inner)
        self._hint = label("", "fact", self.inner)
        for part in (
            self._search_title,
            self._offline,
            self._search,
            self._search_note,
            self._kept,
            self._status,
            self._problem,
            self._hint,
        ):
            self.column.addWidget(part)

    def _add_section(self, key: str) -> None:
        section = self._sections[key] = _Section(self.look, key, self.inner)
        section.acted.connect(self.acted)
        section.opened.connect(self.opened)
        section.context_moved.connect(self.context_moved)
        section.setting_given.connect(self.setting_given)
        section.more_asked.connect(self.more_asked)
        self.column.addWidget(section)

    def _dress(self) -> None:
        self._adding.setSpacing(self.look.theme.size(8))

    def _show_search(self, search: SearchState) -> None:
        online = not search.offline
        self._offline.setText(search.offline)
        self._offline.setVisible(not online)
        if not online and self._search.hasFocus():
            self.setFocus()
        self._search.setVisible(online)
        self._search.setAccessibleDescription(search.note)
        if not search.token and self._forget.hasFocus():
            self._search.setFocus()
        self._token.setText(f"{search.token} ·")
        self._kept.setVisible(online and bool(search.token))
        for words, text in (
            (self._search_note, search.note),
            (self._status, search.status),
            (self._problem, search.problem),
            (self._hint, search.hint),
        ):
            words.setText(text)
            words.setVisible(online and bool(text))

    # ------------------------------------------------------------------ what the person does

    def _on_searched(self) -> None:
        self.searched.emit(self._search.text())

    def _tell_filter(self) -> None:
        self.filtered.emit(self._filter.text())

    def _ask_file(self) -> None:
        dialog = self._dialog("file", tr("Add a GGUF file"), QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilter(tr("Models (*.gguf)"))
        dialog.open()

    def _ask_folder(self) -> None:
        self._dialog("folder", tr("Add a folder of models"), QFileDialog.FileMode.Directory).open()

    def _on_folder_removed(self, path: str) -> None:
        # Its row goes, and the focus with it.
        self._adders[-1].setFocus()
        self.folder_removed.emit(path)

    def _dialog(self, kind: str, title: str, mode: QFileDialog.FileMode) -> QFileDialog:
        """Return a dialog that does not block."""
        if kind not in self._dialogs:
            dialog = self._dialogs[kind] = QFileDialog(self, title)
            dialog.setObjectName(f"add_{kind}_dialog")
            dialog.setFileMode(mode)
            dialog.fileSelected.connect(self.file_given if kind == "file" else self.folder_given)
        return self._dialogs[kind]

    # ------------------------------------------------------------------ what can be seen

    def _look_again(self) -> None:
        self._look_soon.start()

    def _tell_seen(self) -> None:
        if not self.isVisible():
            return
        keys = []
        for card in self.cards():
            place = card.mapTo(self.viewport(), card.rect().topLeft()).y()
            if place < self.viewport().height() and place + card.height() > 0:
                keys.append(card.key)
        if keys:
            self.seen.emit(keys)

    def showEvent(self, event: QShowEvent) -> None:
        """Look which cards can be seen."""
        super().showEvent(event)
        self._look_soon.start()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Look which cards can be seen."""
        super().resizeEvent(event)
        self._look_soon.start()


class _SearchField(QLineEdit):
    """A field that Esc empties before it leaves the page."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Empty it at Esc, if there is anything in it."""
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        else:
            super().keyPressEvent(event)


class _Folders(QWidget):
    """The folders of the person's that are looked into, each with a way out."""

    removed = Signal(str)

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self._shown: tuple[str, ...] = ()
        self._rows: list[tuple[QWidget, QPushButton]] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self.hide()

    def parts(self) -> list[QWidget]:
        """Return its parts in the order in which one reads them."""
        return [button for _, button in self._rows]

    def show_folders(self, folders: tuple[str, ...]) -> None:
        """Show these; the same ones change nothing."""
        if folders == self._shown:
            return
        self._shown = folders
        for row, _ in self._rows:
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        self._rows = [self._row(path) for path in folders]
        self.setVisible(bool(folders))

    def _row(self, path: str) -> tuple[QWidget, QPushButton]:
        row = QWidget(self)
        words = label(breakable(tr("Also from {path}").format(path=path)), "fact", row)
        button = QPushButton(tr("Remove folder"), row)
        button.setObjectName("remove_folder")
        button.setAccessibleName(tr("Remove folder: {path}").format(path=path))
        button.setProperty("role", "quiet")
        button.clicked.connect(lambda: self.removed.emit(path))
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(self._look.theme.size(8))
        line.addWidget(words, 1)
        line.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        self._column.addWidget(row)
        return row, button


class _Section(QWidget):
    """A heading, the cards below it, and the way to more of them."""

    acted = Signal(str, str)
    opened = Signal(str)
    context_moved = Signal(int)
    setting_given = Signal(str, object)
    more_asked = Signal(str)

    def __init__(self, look: Look, key: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self._key = key
        self._cards: dict[str, Card] = {}
        self._title = label("", "label", self)
        self._note = label("", "dim", self)
        self._more = QPushButton(self)
        self._more.setObjectName(f"more_{key}")
        self._more.setProperty("role", "flush")
        self._more.clicked.connect(self._on_more)
        self._place = QVBoxLayout()
        self._column = QVBoxLayout(self)
        self._column.addWidget(self._title)
        self._column.addWidget(self._note)
        self._column.addLayout(self._place)
        self._column.addWidget(self._more, 0, Qt.AlignmentFlag.AlignLeft)
        self._dress()
        look.changed.connect(self._dress)
        self.hide()

    def cards(self) -> list[Card]:
        """Return the cards in their order."""
        return list(self._cards.values())

    def parts(self) -> list[QWidget]:
        """Return its parts in the order in which one reads them."""
        inside = (part for card in self._cards.values() for part in card.reading_order())
        return [*inside, self._more]

    def show_section(self, section: Section | None) -> None:
        """Show a section, or nothing."""
        self.setVisible(section is not None)
        section = section or Section(key="here", title="")
        self._title.setText(section.title)
        self._title.setVisible(bool(section.title))
        self._note.setText(section.note)
        self._note.setVisible(bool(section.note))
        self._more.setText(section.more)
        self._more.setAccessibleName(f"{section.more}: {section.title}")
        if not section.more and self._more.hasFocus() and self._cards:
            list(self._cards.values())[-1].focus_name()
        self._more.setVisible(bool(section.more))
        self._show_cards(section.cards)

    def _show_cards(self, cards: tuple[ModelCard, ...]) -> None:
        wanted = {card.key: card for card in cards}
        before = list(self._cards)
        refocus = -1
        for key in [key for key in before if key not in wanted]:
            gone = self._cards.pop(key)
            if has_focus(gone):
                refocus = before.index(key)
            self._place.removeWidget(gone)
            gone.hide()
            gone.deleteLater()
        for place, (key, state) in enumerate(wanted.items()):
            card = self._cards.get(key)
            if card is None:
                card = self._cards[key] = self._make()
            if self._place.indexOf(card) != place:
                self._place.insertWidget(place, card)
            card.show_card(state)
        self._cards = {key: self._cards[key] for key in wanted}
        if refocus >= 0 and self._cards:
            left = list(self._cards.values())
            left[min(refocus, len(left) - 1)].focus_name()

    def _make(self) -> Card:
        card = Card(self._look, self)
        card.acted.connect(self.acted)
        card.opened.connect(self.opened)
        card.context_moved.connect(self.context_moved)
        card.setting_given.connect(self.setting_given)
        return card

    def _dress(self) -> None:
        size = self._look.theme.size
        self._column.setContentsMargins(0, size(8), 0, 0)
        self._column.setSpacing(size(8))
        self._place.setSpacing(size(8))

    def _on_more(self) -> None:
        self.more_asked.emit(self._key)
