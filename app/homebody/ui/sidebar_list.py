"""The list of conversations: what it does at a key, a click and a rename."""

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QContextMenuEvent, QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QMenu, QWidget

from homebody.ui.sidebar_rows import ConversationRows, RowPainter
from homebody.ui.states import ConversationRow, Shelf, SidebarState
from homebody.ui.theme import Look
from homebody.ui.words import tr

__all__ = ["ConversationList"]


class ConversationList(QListView):
    """The rows of the sidebar. The row that is open and the row with the focus are two things."""

    opened = Signal(str, object)
    rename_asked = Signal(str, str)
    menu_asked = Signal(str, object)
    """What the menu was asked to do (`pin`, `erase` …), and the row it was popped up for."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._shelf: Shelf = "chats"
        self._held: SidebarState | None = None
        """A state that came while a title was being edited; it is shown afterwards."""
        self.rows = ConversationRows(self)
        self._painter = RowPainter(look, self.rows, self)
        self.setObjectName("conversations")
        self.setAccessibleName(tr("Conversations"))
        self.setModel(self.rows)
        self.setItemDelegate(self._painter)
        self.setUniformItemSizes(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.viewport().setAutoFillBackground(False)
        self.setMouseTracking(True)
        self.clicked.connect(self._open)
        self._painter.renamed.connect(self.rename_asked)
        self._painter.edited.connect(self._show_held)
        look.changed.connect(self._dress)

    def show_state(self, state: SidebarState) -> None:
        """Show the rows; the scroll and the row with the focus stay where they are."""
        if self.state() == QAbstractItemView.State.EditingState:
            self._held = state
            return
        moved = state.selected != self._painter.selected
        other_shelf = state.shelf != self._shelf
        self._shelf = state.shelf
        self._painter.selected = state.selected
        before = self.rows.row(self.currentIndex())
        scroll = self.verticalScrollBar().value()
        if self.rows.show_rows(state.rows):
            self.doItemsLayout()
            self.verticalScrollBar().setValue(0 if other_shelf or self.rows.found else scroll)
            if before is not None:
                self._go_to(self.rows.find(before.id, before.turn), see=False)
        if moved:
            self._go_to(self.rows.find(state.selected), see=True)
        self.viewport().update()

    def rename(self) -> None:
        """Edit the title of the row with the focus, or of the open conversation, in its place."""
        index = self.currentIndex() if self.hasFocus() else QModelIndex()
        if not index.isValid():
            index = self.rows.find(self._painter.selected)
        if index.isValid() and self._shelf != "bin":
            self._go_to(index, see=True)
            self.edit(index)

    def step(self, step: int) -> None:
        """Open the conversation that is `step` rows below the open one."""
        start = self.rows.find(self._painter.selected)
        if not start.isValid():
            start = self.currentIndex()
        index = self.rows.beside(start, step)
        if index.isValid():
            self._go_to(index, see=True)
            self._open(index)

    def enter(self, *, and_open: bool = False) -> None:
        """Take the focus, on a row; open that row if asked to."""
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        index = self.currentIndex()
        if and_open or not index.isValid():
            index = self.rows.beside(QModelIndex(), 1)
        if index.isValid():
            self._go_to(index, see=True)
            if and_open:
                self._open(index)

    def pop_menu(self, place: QPoint | None = None) -> None:
        """Pop the menu of the row with the focus up, beside it or at a place of the screen."""
        index = self.currentIndex()
        row = self.rows.row(index)
        if row is None:
            return
        menu = self._menu(row)
        beside = self.visualRect(index).center()
        menu.popup(place or self.viewport().mapToGlobal(beside))

    def _menu(self, row: ConversationRow) -> QMenu:
        menu = QMenu(self)
        menu.setObjectName("conversation_menu")
        menu.setAccessibleName(row.title)
        entries: tuple[tuple[str, str], ...] = (
            ("open", tr("Open")),
            ("rename", tr("Rename")),
            ("pin", tr("Unpin") if row.pinned else tr("Pin")),
            ("archive", tr("Unarchive") if self._shelf == "archived" else tr("Archive")),
            ("export", tr("Export as Markdown…")),
            ("delete", tr("Move to the bin")),
        )
        if self._shelf == "bin":
            entries = ("restore", tr("Restore")), ("erase", tr("Erase for good…"))
        elif row.snippet:
            entries = tuple(entry for entry in entries if entry[0] != "rename")
        for name, words in entries:
            if name in {"delete", "erase"}:
                menu.addSeparator()
            action = menu.addAction(words)
            action.setObjectName(name)
            action.setData((name, row))
        menu.triggered.connect(self._on_triggered)
        menu.aboutToHide.connect(menu.deleteLater)
        return menu

    def _on_triggered(self, action: QAction) -> None:
        name, row = action.data()
        if name == "open":
            self.opened.emit(row.id, row.turn)
        elif name == "rename":
            self.setFocus(Qt.FocusReason.OtherFocusReason)
            self._go_to(self.rows.find(row.id, row.turn), see=True)
            self.rename()
        else:
            self.menu_asked.emit(name, row)

    def _open(self, index: QModelIndex) -> None:
        row = self.rows.row(index)
        # What is in the bin is looked at after it was restored.
        if row is not None and self._shelf != "bin":
            self.opened.emit(row.id, row.turn)

    def _go_to(self, index: QModelIndex, *, see: bool) -> None:
        if not index.isValid():
            return
        self.setAutoScroll(see)
        self.setCurrentIndex(index)
        self.setAutoScroll(True)

    def _show_held(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            # The view leaves its editing state only after the editor is gone.
            self.setState(QAbstractItemView.State.NoState)
            self.show_state(held)

    def _dress(self) -> None:
        self.doItemsLayout()
        self.viewport().update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open a row, or its menu; a key alone never deletes."""
        key = event.key()
        shift = event.modifiers() == Qt.KeyboardModifier.ShiftModifier
        if self.state() == QAbstractItemView.State.EditingState:
            super().keyPressEvent(event)
        elif key in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self._open(self.currentIndex())
        elif key == Qt.Key.Key_Menu or (key == Qt.Key.Key_F10 and shift):
            self.pop_menu()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Pop the menu of the row under the mouse up."""
        if event.reason() != QContextMenuEvent.Reason.Mouse:
            self.pop_menu()
            return
        index = self.indexAt(event.pos())
        if self.rows.row(index) is not None:
            self._go_to(index, see=False)
            self.pop_menu(event.globalPos())
