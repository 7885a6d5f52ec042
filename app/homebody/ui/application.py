"""The application: one window over one session, from its first paint to its end.

What a window needs to be seen is loaded first; the presenter, the store and all else that is behind
it come after the first paint.
"""

import gc
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSocketNotifier, Signal
from PySide6.QtWidgets import QApplication

from homebody import __version__
from homebody.base.errors import HomebodyError
from homebody.base.paths import Home
from homebody.settings.file import load
from homebody.ui.memory import recall, remember
from homebody.ui.single import OnlyWindow
from homebody.ui.theme import Look
from homebody.ui.window import Window

if TYPE_CHECKING:  # loaded after the first paint
    from homebody.assistant.session import Session
    from homebody.privacy.erasing import Erased
    from homebody.ui.bridge import Bridge
    from homebody.ui.presenter.needs import Behind, BehindPrivacy, BehindSkills, Opens
    from homebody.ui.presenter.presenter import Presenter
    from homebody.ui.tray import Tray
    from homebody.ui.wiring import Wiring

__all__ = ["Desk", "Needs", "run_window"]


@dataclass(frozen=True)
class Needs:
    """What the window gets from `launch`."""

    home: Home
    begin: Callable[[], tuple["Opens", tuple[str, ...]]]
    """Called after the first paint: locks the process and starts what stands behind the window.
    Returns who opens links, and the locks that hold."""
    open_session: Callable[[], "Session"]
    """Called after that, on another thread."""
    file: str = ""
    """The model that was asked for: a window that is open already gets it."""
    behind: "Behind | None" = None
    """What else stands behind the window: the library, the cards. None: neither."""
    skills: "BehindSkills | None" = None
    """What stands behind the page of skills and reminders. None: there are none."""
    privacy: "BehindPrivacy | None" = None
    """What stands behind the page of privacy. None: it has nothing to show."""
    look: Callable[[QApplication], Look] = field(default=Look)


class Desk(QObject):
    """One window, its presenter and its threads. Make it, `open` it, `close` it."""

    ready = Signal()
    """The presenter is there: what is done in the window has an effect."""
    erasing = Signal()
    """The profile is about to be erased: let go of what is in it."""

    def __init__(self, app: QApplication, needs: Needs) -> None:
        super().__init__()
        self._app, self._needs = app, needs
        self._session: Session | None = None
        self._closed = False
        self._file = needs.file
        """The model that this start asked for, or another, before there was anybody to tell."""
        self.failure: Exception | None = None
        """Why the window could not be furnished; then it quits."""
        self._settings = load(needs.home).settings
        self._memory = recall(needs.home)
        self._tray: Tray | None = None
        self._bridge: Bridge | None = None
        self._wiring: Wiring | None = None
        self._eraser: Bridge | None = None
        """Erases the profile; then nothing else comes back any more."""
        self.presenter: Presenter | None = None
        self.look = needs.look(app)
        self.look.choose(self._settings.appearance, self._settings.text_size)
        self.window = Window(self.look, needs.home)
        self.window.recall(self._memory)
        self.window.painted.connect(self._begin)
        self.window.closed.connect(self._window_closed)
        self.window.notified.connect(self._notify)
        self.window.erase_agreed.connect(self._erase)

    def open(self) -> None:
        """Show the window."""
        self.window.show()
        self.window.composer.focus()

    def close(self) -> None:
        """Keep what is not sent, end what runs, and let go of everything. May be called twice.

        The engine is ended by whoever started it, afterwards.
        """
        if self._closed:
            if self._eraser is not None:
                self._eraser.close()
            return
        self._closed = True
        conversation = self._memory.conversation
        if self.presenter is not None and self._bridge is not None:
            early = not self.presenter.is_open
            conversation = self.presenter.close()
            self._bridge.finish("turn")
            self._bridge.finish("store")
            self.presenter.talk.let_go()
            if early:
                self._keep_early_words()
        remember(self._needs.home, self.window.memory(conversation))
        self._end_session()
        self.window.hide()

    def _end_session(self) -> None:
        if self._session is not None:
            # Wakes whoever follows the engine, which is otherwise waited for.
            self._session.engine.close()
        if self._bridge is not None:
            self._bridge.close()
        if self._session is not None:
            self._session.close()
        if self.presenter is not None:
            self.window.transcript.close_threads()

    def _erase(self, keep_models: bool, keys: tuple[str, ...]) -> None:
        """End all that runs, erase the profile, and say what came of it. Then only the end is left.

        What could not be deleted is said on the window, which goes on being shown.
        """
        from homebody.ui.autostart import start_with_session
        from homebody.ui.bridge import Bridge
        from homebody.ui.pages.privacy_erased import ErasedCover, erased_state

        behind = self._needs.privacy
        if self._closed or behind is None or self.presenter is None or self._bridge is None:
            return
        # From here on nothing is kept: no draft, no place of the window.
        self._closed = True
        cover = ErasedCover(self.look, self.window)
        cover.left.connect(self._app.quit)
        cover.show_state(erased_state(None, keep_models=keep_models))
        self._app.processEvents()
        self.presenter.close()
        self._bridge.finish("turn")
        self._bridge.finish("store")
        self.presenter.talk.let_go()
        self._end_session()
        self.erasing.emit()
        with suppress(HomebodyError):
            start_with_session(False)

        def then(erased: "Erased") -> None:
            cover.show_state(erased_state(erased, keep_models=keep_models))

        def failed(problem: HomebodyError) -> None:
            cover.show_problem(problem.message, problem.hint)

        self._eraser = Bridge(self)
        self._eraser.run("slow", partial(behind.erase, keep_models, keys), then, failed)

    def _keep_early_words(self) -> None:
        """Keep what was typed before the conversations were open, and not sent."""
        from homebody.ui.presenter.drafts import add_to_draft

        words = self.window.words()
        if self._session is not None and words:
            with suppress(HomebodyError):
                add_to_draft(self._session.saved, None, words)

    def come_forward(self, file: str = "") -> None:
        """Another start of Homebody asked for this window."""
        self.window.come_forward()
        if self._tray is not None:
            self._tray.leave()
        if file and self.presenter is not None:
            self.presenter.open_file(file)
        elif file:
            self._file = file

    def mistake(self, error: Exception) -> None:
        """Say that something here is our fault, and go on."""
        from homebody.base.log import confess

        problem = confess(error)
        if self.presenter is not None:
            self.presenter.board.tell(problem, "mistake")

    def _begin(self) -> None:
        try:
            self._furnish()
        except Exception as error:  # noqa: BLE001  there is nobody yet who could show it
            self.failure = error
            self._app.exit(1)

    def _furnish(self) -> None:
        # First what takes longest: the engine's process starts while the rest is loaded here.
        porter, locks = self._needs.begin()
        self.window.furnish()
        from homebody.ui.bridge import Bridge
        from homebody.ui.presenter.presenter import Presenter
        from homebody.ui.wiring import Wiring

        self._bridge = Bridge(self)
        self.presenter = Presenter(
            self.window,
            self._bridge,
            porter,
            open_session=self._open_session,
            settings=self._settings,
            locks=locks,
            remember=self._remember,
            behind=self._needs.behind,
            skills=self._needs.skills,
            privacy=self._needs.privacy,
        )
        self._wiring = Wiring(self.window, self.presenter)
        self.presenter.begin(self._memory.conversation)
        if self._file:
            self.presenter.open_file(self._file)
        # From here on there is garbage; what was loaded by now never is (`launch` paused it).
        gc.freeze()
        gc.enable()
        self.ready.emit()

    def _remember(self, conversation: str | None) -> None:
        """Write down what is open, lest it be forgotten should this process be killed."""
        assert self._bridge is not None
        work = partial(remember, self._needs.home, self.window.memory(conversation))
        self._bridge.run("slow", work, lambda _: None, lambda _: None)

    def _open_session(self) -> "Session":
        self._session = self._needs.open_session()
        return self._session

    def _window_closed(self) -> None:
        if self._closed or self.presenter is None or not self.presenter.models.settings.tray:
            self._app.quit()
            return
        tray = self._find_tray()
        if tray is None:
            self._app.quit()
        else:
            tray.stay()

    def _notify(self, title: str, text: str) -> None:
        """Tell it on the desktop, where there is a tray; the window says it in any case."""
        tray = self._find_tray()
        if tray is not None:
            tray.tell(title, text)

    def _find_tray(self) -> "Tray | None":
        from homebody.ui.tray import make_tray

        self._tray = self._tray or make_tray(self.come_forward, self._app)
        return self._tray


class _Signals(QObject):
    """Ends the application as its window would when the system or a terminal asks for it.

    Qt's loop runs no Python while nothing happens, and Python heeds a signal only when it runs: so
    a byte in a pipe wakes it.
    """

    def __init__(self, app: QApplication) -> None:
        super().__init__()
        self._app = app
        self._pipe: tuple[int, int] | None = None
        if sys.platform == "win32":
            return
        self._pipe = os.pipe()
        for end in self._pipe:
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._pipe[1], warn_on_full_buffer=False)
        self._awake = QSocketNotifier(self._pipe[0], QSocketNotifier.Type.Read, self)
        self._awake.activated.connect(self._wake)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._quit)

    def close(self) -> None:
        """Give the signals back."""
        if self._pipe is None or sys.platform == "win32":
            return
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        signal.set_wakeup_fd(-1)
        self._awake.setEnabled(False)
        for end in self._pipe:
            os.close(end)

    def _wake(self) -> None:
        # The handler runs by itself now that Python does.
        assert self._pipe is not None
        with suppress(BlockingIOError):
            os.read(self._pipe[0], 64)

    def _quit(self, _number: int, _frame: object) -> None:
        self._app.quit()


def run_window(needs: Needs) -> int:
    """Show the window until it is closed; return the exit status."""
    # Said here and not by `setStyle`, which builds the style twice.
    app = QApplication([sys.argv[0], "-style", "fusion"])
    app.setApplicationName("homebody")
    app.setApplicationDisplayName("Homebody")
    app.setApplicationVersion(__version__)
    app.setDesktopFileName("arpa.home.homebody")
    app.setQuitOnLastWindowClosed(False)
    only = OnlyWindow(needs.home)
    if not only.claim() and only.hand_over(needs.file):
        return 0
    desk = Desk(app, needs)
    only.asked.connect(desk.come_forward)
    desk.erasing.connect(only.give_up)
    signals = _Signals(app)

    def mistake(_: type[BaseException], error: BaseException, __: TracebackType | None) -> None:
        if isinstance(error, Exception):
            desk.mistake(error)
        else:
            app.quit()

    before, sys.excepthook = sys.excepthook, mistake
    try:
        desk.open()
        status = app.exec()
    finally:
        sys.excepthook = before
        desk.close()
        only.give_up()
        signals.close()
    if desk.failure is not None:
        raise desk.failure
    return status
