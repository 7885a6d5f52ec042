"""The sidebar: search, new chats, the list of conversations, and the way to the other pages."""

from typing import Final

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from homebody.ui.icons import icon
from homebody.ui.sidebar_list import ConversationList
from homebody.ui.states import ConversationRow, Page, Shelf, SidebarState
from homebody.ui.theme import Look
from homebody.ui.words import tr

__all__ = ["Sidebar"]

_SEARCH_MS: Final = 120
_NARROW, _USUAL, _WIDE = 240, 256, 320


class Sidebar(QWidget):
    """Everything at the left of the window."""

    searched = Signal(str)
    """What is searched for, as it was typed; empty: the search is over."""
    new_asked = Signal()
    temporary_asked = Signal()
    opened = Signal(str, object)
    """A conversation's id, and a turn's or None."""
    rename_asked = Signal(str, str)
    pin_asked = Signal(str, bool)
    archive_asked = Signal(str, bool)
    delete_asked = Signal(str)
    restore_asked = Signal(str)
    erase_asked = Signal(str)
    export_asked = Signal(str)
    shelf_asked = Signal(str)
    """`chats`, `archived` or `bin`."""
    page_asked = Signal(str)
    """`models`, `skills`, `privacy`, `settings`, `shortcuts` or `about`."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._state: SidebarState | None = None
        self._searched = ""
        self._typed = QTimer(self)
        self._typed.setSingleShot(True)
        self._typed.setInterval(_SEARCH_MS)
        self._typed.timeout.connect(self._search)
        self.setObjectName("sidebar")
        self._build()
        self._connect()
        self._dress()
        look.changed.connect(self._dress)
        self.show_state(SidebarState(opening=True))

    def show_state(self, state: SidebarState) -> None:
        """Show a state. What is typed in the search, and the title being edited, stay."""
        if state == self._state:
            return
        self._state = state
        self._list.show_state(state)
        for page, button in self._pages.items():
            button.setChecked(page == state.page)
        away = state.shelf != "chats"
        had_focus = self._back.hasFocus()
        self._back.setVisible(away)
        self._archived.setVisible(not away)
        self._bin.setVisible(not away)
        if had_focus and not away:
            self._list.setFocus(Qt.FocusReason.OtherFocusReason)
        found = self._list.rows.found
        above = {"chats": "", "archived": tr("Archived"), "bin": tr("Bin")}[state.shelf]
        if found:
            above = state.rows[0].group
        self._above.setText(above)
        self._above.setVisible(bool(above))
        silent = state.opening or state.rows
        self._empty.setText("" if silent else state.empty)
        self._empty.setVisible(bool(self._empty.text()))

    def focus_search(self) -> None:
        """Go to the search field, with what it holds selected."""
        self._field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._field.selectAll()

    def clear_search(self) -> None:
        """Empty the search field; `searched` says so if a search was going on."""
        self._field.clear()
        self._search()

    def rename_selected(self) -> None:
        """Edit a title in the list: of the row with the focus, or of the open conversation."""
        self._list.rename()

    def select_next(self, step: int) -> None:
        """Open the conversation that stands `step` rows below the open one; negative: above."""
        self._list.step(step)

    def _build(self) -> None:
        self._field = QLineEdit(self)
        self._field.setObjectName("search")
        self._field.setAccessibleName(tr("Search the conversations"))
        self._field.setPlaceholderText(tr("Search"))
        self._field.installEventFilter(self)
        self._new = _button(self, "new_chat", "accent", tr("New chat"))
        self._new.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._temporary = _button(self, "new_temporary", "quiet", tr("Temporary"))
        self._temporary.setToolTip(tr("A chat of which nothing is kept"))
        self._temporary.setAccessibleDescription(self._temporary.toolTip())
        self._back = _button(self, "back_to_chats", "nav", tr("Back to all chats"))
        self._above = QLabel(self)
        self._above.setProperty("role", "label")
        self._empty = QLabel(self)
        self._empty.setProperty("role", "fact")
        self._empty.setWordWrap(True)
        self._list = ConversationList(self._look, self)
        self._archived = _button(self, "archived", "quiet", tr("Archived"))
        self._bin = _button(self, "bin", "quiet", tr("Bin"))
        self._pages: dict[Page, QPushButton] = {
            "models": _button(self, "models", "nav", tr("Models")),
            "skills": _button(self, "skills", "nav", tr("Skills")),
            "privacy": _button(self, "privacy", "nav", tr("Privacy")),
            "settings": _button(self, "settings", "nav", tr("Settings")),
            "shortcuts": _button(self, "shortcuts", "nav", tr("Shortcuts")),
            "about": _button(self, "about", "nav", tr("About")),
        }
        self._lay_out()

    def _lay_out(self) -> None:
        self._begin = QHBoxLayout()
        self._begin.addWidget(self._new, 1)
        self._begin.addWidget(self._temporary)
        self._away = QHBoxLayout()
        self._away.addWidget(self._archived)
        self._away.addWidget(self._bin)
        self._away.addStretch(1)
        self._column = QVBoxLayout(self)
        self._column.addWidget(self._field)
        self._column.addLayout(self._begin)
        self._column.addWidget(self._back)
        self._column.addWidget(self._above)
        self._column.addWidget(self._empty)
        self._column.addWidget(self._list, 1)
        self._column.addLayout(self._away)
        self._column.addSpacing(4)
        for button in self._pages.values():
            button.setCheckable(True)
            self._column.addWidget(button)

    def _connect(self) -> None:
        self._field.textChanged.connect(self._on_typed)
        self._field.returnPressed.connect(self._on_search_entered)
        self._new.clicked.connect(self._ask_new)
        self._temporary.clicked.connect(self._ask_temporary)
        self._list.opened.connect(self.opened)
        self._list.rename_asked.connect(self.rename_asked)
        self._list.menu_asked.connect(self._on_menu)
        for shelf_button in (self._back, self._archived, self._bin):
            shelf_button.clicked.connect(self._on_shelf)
        for button in self._pages.values():
            button.clicked.connect(self._on_page)

    def _dress(self) -> None:
        theme = self._look.theme
        self.setMinimumWidth(theme.size(_NARROW))
        self.setMaximumWidth(theme.size(_WIDE))
        side = theme.size(12)
        self._column.setContentsMargins(side, theme.size(16), side, theme.size(16))
        self._column.setSpacing(theme.size(4))
        self._begin.setSpacing(theme.size(4))
        self._away.setSpacing(theme.size(4))
        self._away.setContentsMargins(theme.size(6), 0, 0, 0)
        inset = theme.size(14)
        self._above.setContentsMargins(inset, theme.size(8), inset, theme.size(4))
        self._empty.setContentsMargins(inset, theme.size(8), inset, theme.size(8))
        for button, name, token in (
            (self._new, "plus", "accent"),
            (self._back, "chevron-left", "dim"),
        ):
            button.setIconSize(QSize(theme.size(16), theme.size(16)))
            button.setIcon(icon(name, theme, token))
        for quiet in (self._temporary, self._archived, self._bin):
            quiet.setMinimumHeight(theme.size(28))
        self.update()

    def _on_typed(self) -> None:
        if self._field.text():
            self._typed.start()
        else:
            self._search()

    def _search(self) -> None:
        self._typed.stop()
        text = self._field.text()
        if text != self._searched:
            self._searched = text
            self.searched.emit(text)

    def _on_search_entered(self) -> None:
        # What is listed must be what was typed; otherwise Enter would open something else.
        if self._typed.isActive() or not self._searched:
            self._search()
        else:
            self._list.enter(and_open=True)

    def _ask_new(self) -> None:
        self.new_asked.emit()

    def _ask_temporary(self) -> None:
        self.temporary_asked.emit()

    def _on_menu(self, name: str, row: ConversationRow) -> None:
        archived = self._state is not None and self._state.shelf == "archived"
        if name == "pin":
            self.pin_asked.emit(row.id, not row.pinned)
        elif name == "archive":
            self.archive_asked.emit(row.id, not archived)
        else:
            signals = {
                "export": self.export_asked,
                "delete": self.delete_asked,
                "restore": self.restore_asked,
                "erase": self.erase_asked,
            }
            signals[name].emit(row.id)

    def _on_shelf(self) -> None:
        shelves: dict[QObject, Shelf] = {
            self._back: "chats",
            self._archived: "archived",
            self._bin: "bin",
        }
        self.shelf_asked.emit(shelves[self.sender()])

    def _on_page(self) -> None:
        # The state says which page is shown; a click alone does not.
        shown = self._state.page if self._state else "chat"
        sender = self.sender()
        for page, button in self._pages.items():
            button.setChecked(page == shown)
            if button is sender:
                self.page_asked.emit(page)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let Esc end the search, and Down lead from it into the list."""
        if (
            watched is self._field
            and event.type() == QEvent.Type.KeyPress
            and isinstance(event, QKeyEvent)
        ):
            if event.key() == Qt.Key.Key_Escape and self._field.text():
                self.clear_search()
                return True
            if event.key() == Qt.Key.Key_Down:
                self._list.enter()
                return True
        return super().eventFilter(watched, event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the ground, and a hairline at the right."""
        painter = QPainter(self)
        painter.fillRect(event.rect(), self._look.theme.color("side"))
        painter.fillRect(self.width() - 1, 0, 1, self.height(), self._look.theme.color("line"))
        painter.end()

    def sizeHint(self) -> QSize:
        """Return the usual width."""
        return QSize(self._look.theme.size(_USUAL), super().sizeHint().height())


def _button(parent: QWidget, name: str, role: str, words: str) -> QPushButton:
    button = QPushButton(words, parent)
    button.setObjectName(name)
    button.setAccessibleName(words)
    button.setProperty("role", role)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return button
