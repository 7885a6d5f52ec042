"""The line above the transcript: what is talked about, with which model, and that it stays home."""

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QIcon, QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QSizePolicy,
    QWidget,
)

from homebody.ui.elided import ElidedButton, MenuChip
from homebody.ui.icons import icon
from homebody.ui.states import HeaderState
from homebody.ui.style import set_role
from homebody.ui.theme import MARGIN, Look
from homebody.ui.words import tr

__all__ = ["Header"]

_LEAST_TITLE = 160
"""So much of the title is shown before the model's name is cut too, at a text size of 100 %."""


class Header(QWidget):
    """Title, model and home, in this order."""

    model_chosen = Signal(str)
    model_file_given = Signal(str)
    more_models_asked = Signal()
    rename_asked = Signal(str)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._state = HeaderState()
        self._dialog: QFileDialog | None = None
        self._card: QWidget | None = None
        self.setObjectName("header")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._build()
        self._connect()
        self._dress()
        look.changed.connect(self._dress)
        self.show_state(self._state)

    def show_state(self, state: HeaderState) -> None:
        """Show a state. A title that is being edited stays as it was typed."""
        self._state = state
        self._title.show_words(" ".join(state.title.split()))
        renames = tr("Rename “{title}”").format(title=state.title)
        self._title.setAccessibleName(renames if state.title else tr("No title yet"))
        self._title.setVisible(bool(state.title) and not self._editor.isVisible())
        self._badge.setVisible(state.temporary)
        parts = [part for part in (state.model, state.model_detail) if part]
        words = " · ".join(parts)
        self._model.show_words(words)
        self._model.setVisible(bool(words) or bool(state.models))
        failed = tr("Model, failed: {words}") if state.model_failed else tr("Model: {words}")
        self._model.setAccessibleName(failed.format(words=words))
        self._show_corner()
        self._show_mark()
        self._share()

    def _show_corner(self) -> None:
        """Say what leaves now; else that all is at home, or that nothing could leave."""
        state = self._state
        if state.sending:
            words = tr("sending to {host}").format(host=state.sending)
            told = tr("Sending to {host}: what stays on this machine").format(host=state.sending)
        elif state.offline:
            words, told = tr("offline"), tr("Offline: what stays on this machine")
        else:
            words, told = tr("home"), tr("Home: what stays on this machine")
        self._home.setText(words.replace("&", "&&"))
        self._home.setAccessibleName(told)
        set_role(self._home, "accent" if state.sending else "home")
        self._show_house()

    def _show_house(self) -> None:
        """Show the house while nothing leaves it."""
        theme = self._look.theme
        self._home.setIcon(QIcon() if self._state.sending else icon("home", theme, "ok"))

    def open_models(self) -> None:
        """Pop the menu of models up, under the chip."""
        menu = self._menu()
        menu.popup(self._model.mapToGlobal(self._model.rect().bottomLeft()))

    def open_model_file(self) -> None:
        """Ask for a GGUF file, in a dialog that does not block."""
        if self._dialog is None:
            self._dialog = QFileDialog(self, tr("Open a GGUF file"))
            self._dialog.setObjectName("model_dialog")
            self._dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
            self._dialog.setNameFilter(tr("Models (*.gguf)"))
            self._dialog.fileSelected.connect(self.model_file_given)
        self._dialog.open()

    def edit_title(self) -> None:
        """Edit the title in its place."""
        if not self._state.title or self._state.temporary:
            return
        self._editor.setText(self._state.title)
        self._editor.selectAll()
        self._title.hide()
        self._editor.show()
        self._editor.setFocus(Qt.FocusReason.OtherFocusReason)

    def _build(self) -> None:
        look = self._look
        self._title = _Title(look, "title", "heading", self)
        self._title.least = 64
        self._title.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self._editor = QLineEdit(self)
        self._editor.setObjectName("title_field")
        self._editor.setAccessibleName(tr("Title of the conversation"))
        self._editor.installEventFilter(self)
        self._editor.hide()
        self._badge = QLabel(tr("Temporary: nothing is kept"), self)
        self._badge.setProperty("role", "badge")
        self._model = MenuChip(look, "model", "chip", self)
        self._model.least = 120
        self._home = QPushButton(tr("home"), self)
        self._home.setObjectName("home")
        self._home.setToolTip(tr("What stays on this machine"))
        self._home.setProperty("role", "home")
        self._home.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._row = QHBoxLayout(self)
        self._row.addWidget(self._title)
        self._row.addWidget(self._editor, 2)
        self._row.addWidget(self._badge, 0, Qt.AlignmentFlag.AlignVCenter)
        self._row.addWidget(self._model, 1, Qt.AlignmentFlag.AlignRight)
        self._row.addWidget(self._home)

    def _connect(self) -> None:
        self._title.edit_asked.connect(self.edit_title)
        self._editor.editingFinished.connect(self._on_edited)
        self._model.clicked.connect(self.open_models)
        self._home.clicked.connect(self._on_home)

    def _dress(self) -> None:
        theme = self._look.theme
        side = theme.size(MARGIN)
        # The title's own padding is taken off, so that its letters stand at the margin.
        self._row.setContentsMargins(side - theme.size(8), theme.size(10), theme.size(20), 0)
        self._row.setSpacing(theme.size(8))
        self._show_house()
        for button in (self._home, self._model):
            button.setIconSize(QSize(theme.size(16), theme.size(16)))
        self._show_mark()
        self._share()

    def _share(self) -> None:
        """Cut a long title before the model's name; where it is narrow, both."""
        size = self._look.theme.size
        others = [part for part in (self._badge, self._model, self._home) if not part.isHidden()]
        margins = self._row.contentsMargins()
        taken = margins.left() + margins.right()
        taken += sum(part.sizeHint().width() + self._row.spacing() for part in others)
        self._title.setMaximumWidth(max(self.width() - taken, size(_LEAST_TITLE)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the width anew."""
        super().resizeEvent(event)
        self._share()

    def _show_mark(self) -> None:
        mark = icon("alert", self._look.theme, "bad") if self._state.model_failed else None
        both = Qt.ToolButtonStyle.ToolButtonTextBesideIcon
        self._model.setToolButtonStyle(both if mark else Qt.ToolButtonStyle.ToolButtonTextOnly)
        if mark:
            self._model.setIcon(mark)
        self._model.measure()

    def _menu(self) -> QMenu:
        menu = QMenu(self)
        menu.setObjectName("models_menu")
        menu.setAccessibleName(tr("Models"))
        group = QActionGroup(menu)
        for model in self._state.models:
            # What stands behind the tab is shown at the right, as a key would be.
            words = model.title.replace("&", "&&").replace("\t", " ")
            action = menu.addAction(f"{words}\t{model.detail}" if model.detail else words)
            action.setCheckable(True)
            action.setChecked(model.chosen)
            action.setData(model.name)
            group.addAction(action)
        if self._state.models:
            menu.addSeparator()
        menu.addAction(tr("Open a GGUF file…")).setObjectName("open_model_file")
        menu.addAction(tr("More models")).setObjectName("more_models")
        menu.triggered.connect(self._on_model)
        menu.aboutToHide.connect(menu.deleteLater)
        return menu

    def _on_model(self, action: QAction) -> None:
        if action.objectName() == "open_model_file":
            self.open_model_file()
        elif action.objectName() == "more_models":
            self.more_models_asked.emit()
        else:
            self.model_chosen.emit(action.data())

    def finish_editing(self) -> None:
        """Take the title that is being edited as it stands."""
        self._on_edited()

    def _on_edited(self) -> None:
        if not self._editor.isVisible():
            return
        title = self._editor.text().strip()
        self._leave_editor()
        if title and title != self._state.title:
            self.rename_asked.emit(title)

    def _leave_editor(self) -> None:
        had_focus = self._editor.hasFocus()
        self._editor.hide()
        self._title.setVisible(bool(self._state.title))
        if had_focus:
            self._title.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_home(self) -> None:
        from homebody.ui.popover import Popover

        if isinstance(self._card, Popover):
            self._card.close_card()
            return
        card = Popover(self._look, self._home, self._state.home)
        card.closed.connect(self._on_card_closed)
        self._card = card
        card.show_card()

    def _on_card_closed(self) -> None:
        self._card = None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let Esc give the title back as it was."""
        if (
            watched is self._editor
            and event.type() in {QEvent.Type.KeyPress, QEvent.Type.ShortcutOverride}
            and isinstance(event, QKeyEvent)
            and event.key() == Qt.Key.Key_Escape
        ):
            event.accept()
            if event.type() == QEvent.Type.KeyPress:
                self._editor.setText(self._state.title)
                self._leave_editor()
            return True
        return super().eventFilter(watched, event)


class _Title(ElidedButton):
    """The title: a double click or Enter edits it; one click does nothing by mistake."""

    edit_asked = Signal()

    def __init__(self, look: Look, name: str, role: str, parent: QWidget) -> None:
        super().__init__(look, name, role, parent)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        # By Space, and by a screen reader.
        self.clicked.connect(self.edit_asked)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take no click."""
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Edit."""
        event.accept()
        self.edit_asked.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Edit at Enter and at Space."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.edit_asked.emit()
        else:
            super().keyPressEvent(event)
