"""The window: puts the widgets together, and shows what the presenter says.

It holds no logic. What a widget reports goes to the presenter by `wiring`. What one can begin with,
the field to write in, is there at the first paint; `furnish` brings the rest right after it. Pages
and sheets are made when they are first shown.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAction,
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QHideEvent,
    QKeySequence,
    QPaintEvent,
    QPalette,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QFileDialog,
    QHBoxLayout,
    QScrollArea,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from homebody.base.paths import Home
from homebody.settings.declared import SETTINGS, Settings
from homebody.ui.composer import Composer
from homebody.ui.composer_field import local_files
from homebody.ui.memory import WindowMemory
from homebody.ui.states import (
    ComposerState,
    HeaderState,
    Notice,
    Page,
    SidebarState,
    WelcomeState,
)
from homebody.ui.theme import Look
from homebody.ui.words import tr

if TYPE_CHECKING:  # pages are loaded when they are shown
    from homebody.ui.model_states import ModelsState
    from homebody.ui.pages.sheet import ScrolledPage
    from homebody.ui.privacy_states import PrivacyState
    from homebody.ui.sheets import TokenSheet
    from homebody.ui.skill_states import SkillsState
    from homebody.ui.update_states import UpdateState

__all__ = ["Window"]

_WIDTH, _HEIGHT = 1180, 760
_SIDEBAR = 244
_TALK = 400
"""The narrowest that the talk beside the list of conversations may be."""


class Window(QWidget):
    """Homebody on a screen (`presenter.needs.View`)."""

    painted = Signal()
    """It was drawn for the first time."""
    closed = Signal()
    """The person closed it, for good or into the tray."""
    setting_changed = Signal(str, object)
    folder_asked = Signal(str)
    link_agreed = Signal(str)
    page_left = Signal()
    """The person is done with a page."""
    page_made = Signal(str, QWidget)
    """A page was made, because it is shown for the first time."""
    files_given = Signal(list)
    """The paths of files that were dropped on the window."""
    seen = Signal(bool)
    """Whether the window can be seen."""
    notified = Signal(str, str)
    """A title and a text to be told on the desktop."""
    erase_agreed = Signal(bool, tuple)
    """Erase the profile: whether the models stay; sentences about keys that are still kept."""

    def __init__(self, look: Look, home: Home) -> None:
        super().__init__()
        self.setObjectName("window")
        self.setWindowTitle("Homebody")
        self._look = look
        self._home = home
        self._was_painted = self._furnished = False
        self._wants_sidebar = True
        self._settings: tuple[Settings, dict[str, str]] = (Settings(), {})
        self._pages: dict[Page, QWidget] = {}
        self.setAcceptDrops(True)
        self.composer = Composer(look, self)
        self._build()
        self.resize(_WIDTH, _HEIGHT)
        self.setMinimumSize(520, 400)

    def _build(self) -> None:
        self._talk = QStackedWidget(self)
        chat = QWidget(self)
        column = QVBoxLayout(chat)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._talk, 1)
        column.addWidget(self.composer)
        self._stack = QStackedWidget(self)
        self._stack.addWidget(chat)
        self._pages["chat"] = chat
        self._above = QVBoxLayout()
        right = QWidget(self)
        rows = QVBoxLayout(right)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        rows.addLayout(self._above)
        rows.addWidget(self._stack, 1)
        self._below = rows
        self._split = QSplitter(Qt.Orientation.Horizontal, self)
        self._split.setObjectName("split")
        self._split.setHandleWidth(1)
        self._split.setChildrenCollapsible(False)
        # Where the list of conversations will stand.
        self._side: QWidget = QWidget(self)
        self._side.setAutoFillBackground(True)
        self._side.setPalette(QPalette(self._look.theme.color("side")))
        self._split.addWidget(self._side)
        self._split.addWidget(right)
        self._split.setStretchFactor(1, 1)
        whole = QHBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._split)

    def furnish(self) -> None:
        """Bring what the first paint did not wait for."""
        from homebody.ui.header import Header
        from homebody.ui.icons import app_icon
        from homebody.ui.notices import Notices
        from homebody.ui.sidebar import Sidebar
        from homebody.ui.strip import StripLine
        from homebody.ui.transcript.view import TranscriptView
        from homebody.ui.welcome import Welcome

        self.setWindowIcon(app_icon())
        sizes, hidden = self._split.sizes(), self._side.isHidden()
        self.sidebar = Sidebar(self._look, self)
        self._split.replaceWidget(0, self.sidebar)
        self.sidebar.setHidden(hidden)
        self._side.deleteLater()
        self._side = self.sidebar
        self._split.setSizes(sizes)
        self.header = Header(self._look, self)
        self.notices = Notices(self._look, self)
        self._above.addWidget(self.header)
        self._above.addWidget(self.notices)
        self.transcript = TranscriptView(self._look, self)
        self.welcome = Welcome(self._look, self)
        # It scrolls where the window is low or the text is large.
        self._welcome = QScrollArea(self)
        self._welcome.setWidgetResizable(True)
        self._welcome.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._welcome.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._welcome.setWidget(self.welcome)
        self._talk.addWidget(self.transcript)
        self._talk.addWidget(self._welcome)
        self.strip = StripLine(self._look, self)
        self._below.addWidget(self.strip)
        self._furnished = True
        self._press_by_enter()
        self._look.changed.connect(self._make_room)
        self._make_room()

    def _press_by_enter(self) -> None:
        """Let Enter press the button that has the focus, whatever kind of button it is."""
        self._enter = QAction(tr("Press the button that has the focus"), self)
        self._enter.setShortcuts([QKeySequence(Qt.Key.Key_Return), QKeySequence(Qt.Key.Key_Enter)])
        self._enter.triggered.connect(self._press)
        self._enter.setEnabled(False)
        self.addAction(self._enter)
        # Only then: everywhere else Enter belongs to what has the focus.
        QApplication.instance().focusChanged.connect(self._focus_changed)  # type: ignore[union-attr]

    def _focus_changed(self, _before: QWidget | None, now: QWidget | None) -> None:
        self._enter.setEnabled(isinstance(now, QAbstractButton) and self.isAncestorOf(now))

    def _press(self) -> None:
        button = self.focusWidget()
        if isinstance(button, QAbstractButton):
            button.click()

    # ------------------------------------------------------------------ what the presenter shows

    def show_sidebar(self, state: SidebarState) -> None:
        """Show the list of conversations."""
        self.sidebar.show_state(state)

    def show_header(self, state: HeaderState) -> None:
        """Show the line above the transcript, and the title in the window's own."""
        self.header.show_state(state)
        self.setWindowTitle(f"{state.title} – Homebody" if state.title else "Homebody")

    def show_composer(self, state: ComposerState) -> None:
        """Show how it is with writing."""
        self.composer.show_state(state)
        # Esc belongs to others while there is nothing to stop.
        for action in self.actions():
            if action.objectName() == "action-stop":
                action.setEnabled(state.running)

    def show_notices(self, notices: tuple[Notice, ...]) -> None:
        """Show what the person should know."""
        self.notices.show_state(notices)

    def show_welcome(self, state: WelcomeState | None) -> None:
        """Show the welcome, or the transcript."""
        if state is not None:
            self.welcome.show_state(state)
        self._talk.setCurrentWidget(self.transcript if state is None else self._welcome)

    def show_page(self, page: Page) -> None:
        """Go to a page."""
        if page not in self._pages:
            self._pages[page] = made = self._page(page)
            made.left.connect(self.page_left)
            self._stack.addWidget(self._pages[page])
            self.page_made.emit(page, made)
        self._stack.setCurrentWidget(self._pages[page])
        if page == "chat":
            self.composer.focus()
        else:
            self._pages[page].setFocus()

    def _page(self, page: Page) -> "ScrolledPage":
        if page == "models":
            from homebody.ui.pages.models import ModelsPage

            return ModelsPage(self._look, self)
        if page == "skills":
            from homebody.ui.pages.skills import SkillsPage

            return SkillsPage(self._look, self)
        if page == "privacy":
            from homebody.ui.pages.privacy import PrivacyPage

            return PrivacyPage(self._look, self)
        if page == "settings":
            from homebody.ui.pages.settings import SettingsPage

            settings = SettingsPage(self._look, SETTINGS, self)
            settings.changed.connect(self.setting_changed)
            settings.show_state(*self._settings)
            return settings
        if page == "shortcuts":
            from homebody.ui.pages.shortcuts import ShortcutsPage

            return ShortcutsPage(self._look, self)
        from homebody.ui.pages.about import AboutPage

        about = AboutPage(self._look, self._folders(), self)
        about.folder_asked.connect(self.folder_asked)
        return about

    def _folders(self) -> tuple[tuple[str, str], ...]:
        home = self._home
        return (
            (tr("Conversations and backups"), str(home.data)),
            (tr("Your own models"), str(home.models)),
            (tr("Settings"), str(home.config)),
            (tr("Log, without a word of yours"), str(home.state)),
        )

    def show_models(self, state: "ModelsState") -> None:
        """Show the page of models, which is open."""
        self._pages["models"].show_state(state)  # type: ignore[attr-defined]

    def show_skills(self, state: "SkillsState") -> None:
        """Show the page of skills, which is open."""
        self._pages["skills"].show_state(state)  # type: ignore[attr-defined]

    def show_privacy(self, state: "PrivacyState") -> None:
        """Show the page of privacy, which is open."""
        self._pages["privacy"].show_state(state)  # type: ignore[attr-defined]

    def show_update(self, state: "UpdateState") -> None:
        """Show what is known of newer versions, on the page of what this is, which is open."""
        self._pages["about"].show_update(state)  # type: ignore[attr-defined]

    def erase_everything(self, keep_models: bool, keys: tuple[str, ...]) -> None:
        """Hand on that everything shall be erased."""
        self.erase_agreed.emit(keep_models, keys)

    def notify(self, title: str, text: str) -> None:
        """Tell the person on the desktop."""
        QApplication.alert(self)
        self.notified.emit(title, text)

    def show_strip(self, words: str) -> None:
        """Show the quiet line at the bottom."""
        self.strip.show_words(words)

    def show_settings(self, settings: Settings, problems: dict[str, str]) -> None:
        """Show the values on the settings page, and use those that are about the window."""
        self._settings = (settings, problems)
        self._look.choose(settings.appearance, settings.text_size)
        page = self._pages.get("settings")
        if page is not None:
            page.show_state(settings, problems)  # type: ignore[attr-defined]

    def words(self) -> str:
        """Return what stands in the composer."""
        return self.composer.text()

    def put_words(self, text: str) -> None:
        """Put text into the composer, in place of what stands there, and go there."""
        self.composer.set_text(text)
        self.composer.focus()

    def copy(self, text: str) -> None:
        """Put text on the clipboard."""
        QGuiApplication.clipboard().setText(text)

    def settle_edits(self) -> None:
        """Take the title that is being edited as it stands."""
        self.header.finish_editing()

    def ask_link(self, url: str) -> None:
        """Show an address whole, and ask whether to open it."""
        from homebody.ui.sheets import LinkSheet

        sheet = LinkSheet(self._look, self)
        sheet.opened.connect(self.link_agreed)
        sheet.copied.connect(self.copy)
        sheet.ask(url)

    def ask_erase(self, title: str, agreed: Callable[[], None]) -> None:
        """Ask whether a conversation shall be erased for good."""
        self.ask_confirm(
            tr("Erase “{title}” for good?").format(title=title),
            tr("It is removed from the database, its index and every backup. This has no undo."),
            tr("Erase for good"),
            agreed,
        )

    def ask_confirm(
        self, title: str, sentence: str, action: str, agreed: Callable[[], None]
    ) -> None:
        """Ask once more before something that cannot be undone."""
        from homebody.ui.sheets import ConfirmSheet

        sheet = ConfirmSheet(self._look, self)
        sheet.agreed.connect(agreed)
        sheet.ask(title, sentence, action)

    def ask_token(self, given: Callable[[str], None], closed: Callable[[], None]) -> "TokenSheet":
        """Ask for a token; `given` is called with what was typed, `closed` at the end."""
        from homebody.ui.sheets import TokenSheet

        sheet = TokenSheet(self._look, self)
        sheet.given.connect(given)
        sheet.closed.connect(closed)
        sheet.ask()
        return sheet

    def ask_save(self, name: str, then: Callable[[str], None]) -> None:
        """Ask where to write a file of this name; call `then` with its path."""
        kinds = {"md": tr("Markdown (*.md)"), "jsonl": tr("Lines of JSON (*.jsonl)")}
        suffix = name.rpartition(".")[2]
        dialog = QFileDialog(self, tr("Export"), name, kinds[suffix])
        dialog.setObjectName("export")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(suffix)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(then)
        dialog.open()

    def leave(self) -> None:
        """Close the window."""
        self.close()

    # ------------------------------------------------------------------ the window itself

    def toggle_sidebar(self) -> None:
        """Show or hide the list of conversations."""
        self._wants_sidebar = self._side.isHidden()
        self._side.setVisible(self._wants_sidebar)

    def _make_room(self) -> None:
        """Hide the list where the window is too narrow for it, or the text too large."""
        needed = self._look.theme.size(_SIDEBAR + _TALK)
        self._side.setVisible(self._wants_sidebar and self.width() >= needed)

    def come_forward(self) -> None:
        """Come to the front; where the system does not allow that, ask for attention."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()
        QApplication.alert(self)

    def recall(self, memory: WindowMemory) -> None:
        """Be as it was, as far as the screens of today allow."""
        if memory.geometry:
            self.restoreGeometry(QByteArray(memory.geometry))
        width = memory.sidebar or self._look.theme.size(_SIDEBAR)
        self._split.setSizes([width, max(self.width() - width, 1)])
        self._wants_sidebar = memory.sidebar_shown
        self._make_room()

    def memory(self, conversation: str | None) -> WindowMemory:
        """Return what to remember until the next start."""
        return WindowMemory(
            geometry=bytes(self.saveGeometry().data()),
            sidebar=0 if self._side.isHidden() else self._split.sizes()[0],
            sidebar_shown=self._wants_sidebar,
            conversation=conversation,
        )

    def focusNextPrevChild(self, next: bool) -> bool:  # noqa: A002  as Qt names it
        """Go on as one reads: the list, the line above, notices, the talk, the field."""
        if self._furnished:
            from homebody.ui.focus_order import order_focus

            page = self._stack.currentWidget() or self
            order_focus(self.sidebar, self.header, self.notices, self._talk, self.composer, page)
        return super().focusNextPrevChild(next)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the talk the room that it needs."""
        super().resizeEvent(event)
        self._make_room()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files anywhere, and nothing else."""
        if self._furnished and local_files(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Hand the files on."""
        event.acceptProposedAction()
        self.files_given.emit(local_files(event.mimeData()))

    def showEvent(self, event: QShowEvent) -> None:
        """Tell that it can be seen."""
        super().showEvent(event)
        self.seen.emit(True)

    def hideEvent(self, event: QHideEvent) -> None:
        """Tell that it cannot be seen: minimized, or in the tray."""
        super().hideEvent(event)
        self.seen.emit(False)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Tell once that the window can be seen."""
        super().paintEvent(event)
        if not self._was_painted:
            self._was_painted = True
            QTimer.singleShot(0, self, self.painted.emit)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Tell that the person is leaving."""
        super().closeEvent(event)
        if event.isAccepted():
            self.closed.emit()
