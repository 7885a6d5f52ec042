"""About: what this is, whether there is a newer one, where its files are, what it is built of."""

from collections.abc import Sequence

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QShowEvent, QTextOption
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from homebody import __version__
from homebody.library.shelf import starter_credits
from homebody.ui.icons import app_icon
from homebody.ui.pages.licences import Part, find_parts, licence_text
from homebody.ui.pages.sheet import ScrolledPage, label
from homebody.ui.theme import Look
from homebody.ui.update_states import UpdateState
from homebody.ui.words import tr

__all__ = ["AboutPage"]


class AboutPage(ScrolledPage):
    """Version, files and licences. The licences are looked up after the page was first shown."""

    folder_asked = Signal(str)
    """The path of a folder that the person wants to see."""
    update_asked = Signal()
    """The person wants to know whether there is a newer version."""
    update_page_asked = Signal()
    """The person wants to see the page of the newer version."""

    def __init__(
        self, look: Look, places: Sequence[tuple[str, str]], parent: QWidget | None = None
    ) -> None:
        """`places` are words such as `Conversations`, and the folder that they name."""
        super().__init__(look, "about_page", tr("About"), parent)
        self._parts: tuple[Part, ...] = ()
        self._places = tuple(places)
        self._open: tuple[QPushButton, QPlainTextEdit] | None = None
        self._buttons: list[QPushButton] = []
        self._grids: list[QGridLayout] = []
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(0)
        self._later.timeout.connect(self._show_parts)
        self._build()
        self._dress()
        look.changed.connect(self._dress)

    def _build(self) -> None:
        self._head = QHBoxLayout()
        self._icon = QLabel(self.inner)
        self._head.addWidget(self._icon)
        words = QVBoxLayout()
        words.setSpacing(4)
        name = tr("Homebody {version}").format(version=__version__)
        words.addWidget(label(name, "strong", self.inner))
        what = tr(
            "Chat with small language models that run on this computer. "
            "Your conversations stay in files of yours, and nothing is sent without your yes."
        )
        words.addWidget(label(what, "dim", self.inner))
        words.addStretch(1)
        self._head.addLayout(words, 1)
        self.column.addLayout(self._head)
        self.column.addSpacing(8)
        self.column.addWidget(label(tr("Newer versions"), "label", self.inner))
        self.column.addWidget(self._updates())
        self.column.addSpacing(8)
        self.column.addWidget(label(tr("Files"), "label", self.inner))
        self.column.addWidget(self._files())
        self.column.addSpacing(8)
        self.column.addWidget(label(tr("Built of"), "label", self.inner))
        self._model = label("", "dim", self.inner)
        self.column.addWidget(self._model)
        self._licences = QFrame(self.inner)
        self._licences.setObjectName("licences")
        self._licences.setProperty("role", "card")
        self._licence_rows = QVBoxLayout(self._licences)
        self.column.addWidget(self._licences)
        self.column.addStretch(1)

    def _updates(self) -> QFrame:
        card = QFrame(self.inner)
        card.setObjectName("updates")
        card.setProperty("role", "card")
        self._update_rows = QVBoxLayout(card)
        self._update_result = label("", "plain", card)
        self._update_result.setObjectName("update_result")
        self._update_note = label("", "dim", card)
        self._update_note.setObjectName("update_note")
        self._update_ask = QPushButton(tr("Check for a newer version"), card)
        self._update_ask.setObjectName("update_ask")
        self._update_ask.clicked.connect(lambda _checked: self.update_asked.emit())
        self._update_page = QPushButton(tr("See its page"), card)
        self._update_page.setObjectName("update_page")
        self._update_page.setProperty("role", "primary")
        self._update_page.clicked.connect(lambda _checked: self.update_page_asked.emit())
        buttons = QHBoxLayout()
        buttons.addWidget(self._update_page)
        buttons.addWidget(self._update_ask)
        buttons.addStretch(1)
        self._update_rows.addWidget(self._update_result)
        self._update_rows.addWidget(self._update_note)
        self._update_rows.addLayout(buttons)
        self.show_update(UpdateState())
        return card

    def show_update(self, state: UpdateState) -> None:
        """Show what is known of newer versions."""
        self._update_result.setText(state.result)
        self._update_result.setVisible(bool(state.result))
        role = "dim" if state.asks else "strong" if state.kind == "plain" else state.kind
        if self._update_result.property("role") != role:
            self._update_result.setProperty("role", role)
            self._update_result.style().polish(self._update_result)
        self._update_note.setText(state.note)
        self._update_ask.setVisible(state.can_ask)
        # Not disabled while it waits: it would lose the focus.
        self._update_ask.setText(tr("Asking…") if state.asks else tr("Check for a newer version"))
        self._update_page.setVisible(state.has_page)

    def _files(self) -> QFrame:
        card = QFrame(self.inner)
        card.setProperty("role", "card")
        grid = QGridLayout(card)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        for row, (words, path) in enumerate(self._places):
            grid.addWidget(label(words, "plain", card), row, 0)
            # A break may come after any part of a path.
            shown = label(path.replace("/", "/\u200b").replace("\\", "\\\u200b"), "fact", card)
            grid.addWidget(shown, row, 1)
            button = QPushButton(tr("Show"), card)
            button.setObjectName(f"show_place_{row}")
            button.setAccessibleName(tr("Show the folder: {words}").format(words=words))
            button.setProperty("role", "quiet")
            button.clicked.connect(self._on_folder)
            self._buttons.append(button)
            grid.addWidget(button, row, 2)
        self._grids.append(grid)
        return card

    def _show_parts(self) -> None:
        self._model.setText(tr("The starter model: {credits}").format(credits=starter_credits()))
        self._parts = find_parts()
        self._licence_buttons: list[QPushButton] = []
        for place, part in enumerate(self._parts):
            row = QHBoxLayout()
            row.addWidget(label(f"{part.name} {part.version}", "plain", self._licences), 1)
            row.addWidget(label(part.licence or tr("not said"), "fact", self._licences), 1)
            button = QPushButton(tr("Read"), self._licences)
            button.setObjectName(f"read_licence_{place}")
            words = tr("Read the licence of {name}").format(name=part.name)
            button.setAccessibleName(words)
            button.setProperty("role", "quiet")
            button.setMinimumHeight(self.look.theme.size(28))
            button.clicked.connect(self._on_read)
            self._licence_buttons.append(button)
            row.addWidget(button)
            self._licence_rows.addLayout(row)

    def _on_read(self) -> None:
        button = self.sender()
        place = self._licence_buttons.index(button)  # type: ignore[arg-type]
        before, self._open = self._open, None
        if before is not None:
            before[0].setText(tr("Read"))
            before[1].hide()
            before[1].deleteLater()
            self._licence_rows.removeWidget(before[1])
            if before[0] is button:
                return
        part = self._parts[place]
        text = QPlainTextEdit(self._licences)
        text.setObjectName("licence")
        text.setAccessibleName(tr("The licence of {name}").format(name=part.name))
        text.setReadOnly(True)
        text.setTabChangesFocus(True)
        text.setProperty("role", "field")
        text.setFont(self.look.theme.font("code"))
        text.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        absent = tr("This package carries no text of its licence; its name is above.")
        text.setPlainText(licence_text(part) or absent)
        text.setFixedHeight(self.look.theme.size(240))
        self._licence_rows.insertWidget(place + 1, text)
        self._licence_buttons[place].setText(tr("Close"))
        self._open = self._licence_buttons[place], text

    def _on_folder(self) -> None:
        place = self._buttons.index(self.sender())  # type: ignore[arg-type]
        self.folder_asked.emit(self._places[place][1])

    def _dress(self) -> None:
        theme = self.look.theme
        side = theme.size(48)
        self._icon.setPixmap(app_icon().pixmap(side, side))
        self._head.setSpacing(theme.size(16))
        for grid in self._grids:
            grid.setContentsMargins(theme.size(16), theme.size(8), theme.size(8), theme.size(8))
            grid.setHorizontalSpacing(theme.size(16))
            grid.setVerticalSpacing(theme.size(4))
        self._update_rows.setContentsMargins(
            theme.size(16), theme.size(12), theme.size(16), theme.size(12)
        )
        self._update_rows.setSpacing(theme.size(8))
        for button in self._buttons:
            button.setMinimumHeight(theme.size(28))
        self._licence_rows.setContentsMargins(
            theme.size(16), theme.size(8), theme.size(8), theme.size(8)
        )
        self._licence_rows.setSpacing(theme.size(4))

    def showEvent(self, event: QShowEvent) -> None:
        """Look the licences up when this is shown for the first time, after it was painted."""
        super().showEvent(event)
        if not self._parts:
            self._later.start()
