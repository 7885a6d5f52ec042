"""What a presenter is tested with: a view that remembers, real threads, real store, real engine."""

import queue
import threading
import time
from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from assistant.support import QUICK
from homebody.assistant.session import Session
from homebody.base.errors import HomebodyError
from homebody.base.paths import find_home
from homebody.building import build_session
from homebody.engine.client import Engine
from homebody.machine.gpus import GpuReader
from homebody.settings.declared import Settings
from homebody.settings.file import load
from homebody.ui.model_states import ModelsState
from homebody.ui.presenter.needs import Behind, BehindPrivacy, BehindSkills
from homebody.ui.presenter.presenter import Presenter
from homebody.ui.privacy_states import PrivacyState
from homebody.ui.skill_states import SkillsState
from homebody.ui.states import (
    ComposerState,
    HeaderState,
    Notice,
    SidebarState,
    TurnRow,
    WelcomeState,
)
from homebody.ui.update_states import UpdateState
from homebody.wire.keeper import child_command

DEADLINE = 60.0


class Rows:
    """A transcript that keeps what it was told to show."""

    def __init__(self) -> None:
        self.rows: list[TurnRow] = []
        self.shown: list[str] = []

    def open(self, rows: Sequence[TurnRow]) -> None:
        self.rows = list(rows)

    def prepend(self, rows: Sequence[TurnRow]) -> None:
        self.rows = [*rows, *self.rows]

    def replace(self, first: str | None, rows: Sequence[TurnRow]) -> None:
        ids = [row.id for row in self.rows]
        keep = len(ids) if first is None else ids.index(first)
        self.rows = [*self.rows[:keep], *rows]

    def update_row(self, row: TurnRow) -> None:
        self.rows = [row if each.id == row.id else each for each in self.rows]

    def write(self, turn: str, text: str, *, reasoning: bool = False) -> None:
        for number, row in enumerate(self.rows):
            if row.id == turn:
                key = "reasoning" if reasoning else "reply"
                self.rows[number] = replace(row, **{key: getattr(row, key) + text})

    def show_turn(self, turn: str, *, mark: bool = True) -> bool:
        found = any(row.id == turn for row in self.rows)
        if found and mark:
            self.shown.append(turn)
        return found


class SeenSheet:
    """A sheet for a token that remembers what it was told to show."""

    def __init__(self, given: Callable[[str], None], closed: Callable[[], None]) -> None:
        self.give, self._closed = given, closed
        self.words = self.problem = self.hint = ""
        self.open = True
        self.can_type = False

    def show_place(self, words: str) -> None:
        self.words, self.can_type = words, True

    def show_problem(self, message: str, hint: str) -> None:
        self.problem, self.hint = message, hint

    def show_no_place(self, message: str, hint: str) -> None:
        self.problem, self.hint = message, hint
        self.can_type = False

    def close_sheet(self) -> None:
        self.open = False
        self._closed()


class SeenView:
    """A window that remembers the last of everything it was told to show."""

    def __init__(self) -> None:
        self.transcript = Rows()
        self.sidebar = SidebarState()
        self.header = HeaderState()
        self.composer = ComposerState()
        self.notices: tuple[Notice, ...] = ()
        self.welcome: WelcomeState | None = None
        self.page = "chat"
        self.models = ModelsState()
        self.skills = SkillsState()
        self.privacy = PrivacyState()
        self.update = UpdateState()
        self.erased: tuple[bool, tuple[str, ...]] | None = None
        self.confirm: tuple[str, Callable[[], None]] | None = None
        self.notified: list[tuple[str, str]] = []
        self.strip = ""
        self.settings = Settings()
        self.problems: dict[str, str] = {}
        self.typed = ""
        self.clipboard = ""
        self.link = ""
        self.settled = 0
        self.erase: Callable[[], None] | None = None
        self.save: tuple[str, Callable[[str], None]] | None = None
        self.sheet: SeenSheet | None = None

    def show_sidebar(self, state: SidebarState) -> None:
        self.sidebar = state

    def show_header(self, state: HeaderState) -> None:
        self.header = state

    def show_composer(self, state: ComposerState) -> None:
        self.composer = state

    def show_notices(self, notices: tuple[Notice, ...]) -> None:
        self.notices = notices

    def show_welcome(self, state: WelcomeState | None) -> None:
        self.welcome = state

    def show_page(self, page: str) -> None:
        self.page = page

    def show_models(self, state: ModelsState) -> None:
        self.models = state

    def show_skills(self, state: SkillsState) -> None:
        self.skills = state

    def show_privacy(self, state: PrivacyState) -> None:
        self.privacy = state

    def show_update(self, state: UpdateState) -> None:
        self.update = state

    def erase_everything(self, keep_models: bool, keys: tuple[str, ...]) -> None:
        self.erased = (keep_models, keys)

    def notify(self, title: str, text: str) -> None:
        self.notified.append((title, text))

    def show_strip(self, words: str) -> None:
        self.strip = words

    def show_settings(self, settings: Settings, problems: dict[str, str]) -> None:
        self.settings, self.problems = settings, problems

    def words(self) -> str:
        return self.typed

    def put_words(self, text: str) -> None:
        self.typed = text

    def copy(self, text: str) -> None:
        self.clipboard = text

    def settle_edits(self) -> None:
        self.settled += 1

    def ask_link(self, url: str) -> None:
        self.link = url

    def ask_erase(self, title: str, agreed: Callable[[], None]) -> None:
        del title
        self.erase = agreed

    def ask_confirm(
        self, title: str, sentence: str, action: str, agreed: Callable[[], None]
    ) -> None:
        del sentence, action
        self.confirm = (title, agreed)

    def ask_token(self, given: Callable[[str], None], closed: Callable[[], None]) -> SeenSheet:
        self.sheet = SeenSheet(given, closed)
        return self.sheet

    def ask_save(self, name: str, then: Callable[[str], None]) -> None:
        self.save = (name, then)

    def leave(self) -> None:
        self.page = "left"


class Pump:
    """`Background` with real threads; what comes back waits until the test looks."""

    def __init__(self) -> None:
        self._lanes: dict[str, ThreadPoolExecutor] = {}
        self._back: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._timers: list[list[Any]] = []
        self._closing = threading.Event()

    def run(
        self,
        lane: str,
        work: Callable[[], Any],
        then: Callable[[Any], None],
        failed: Callable[[HomebodyError], None],
    ) -> None:
        def job() -> None:
            try:
                result = work()
            except HomebodyError as problem:
                self._back.put(partial(failed, problem))
            except Exception as error:  # noqa: BLE001  a test hears of it
                self._back.put(partial(self._raise, error))
            else:
                self._back.put(partial(then, result))

        self._lane(lane).submit(job)

    def stream(
        self,
        lane: str,
        work: Callable[[], Iterable[Any]],
        each: Callable[[Any], None],
        then: Callable[[], None],
        failed: Callable[[HomebodyError], None],
    ) -> None:
        def job() -> None:
            try:
                for piece in work():
                    if self._closing.is_set():
                        return
                    self._back.put(partial(each, piece))
            except HomebodyError as problem:
                self._back.put(partial(failed, problem))
            except Exception as error:  # noqa: BLE001  a test hears of it
                self._back.put(partial(self._raise, error))
            else:
                self._back.put(then)

        self._lane(lane).submit(job)

    def after(self, seconds: float, work: Callable[[], None]) -> Callable[[], None]:
        entry = [time.monotonic() + seconds, work]
        self._timers.append(entry)
        return lambda: self._timers.remove(entry) if entry in self._timers else None

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Bring back what is done, until a condition holds."""
        deadline = time.monotonic() + DEADLINE
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"waited {DEADLINE:.0f} s for {what}")
            for entry in [each for each in self._timers if each[0] <= time.monotonic()]:
                self._timers.remove(entry)
                entry[1]()
            try:
                self._back.get(timeout=0.005)()
            except queue.Empty:
                continue

    def close(self) -> None:
        self._closing.set()
        for lane in self._lanes.values():
            lane.shutdown(wait=True, cancel_futures=True)

    def _lane(self, name: str) -> ThreadPoolExecutor:
        return self._lanes.setdefault(name, ThreadPoolExecutor(1))

    @staticmethod
    def _raise(error: Exception) -> None:
        raise error


@dataclass
class SeenPorter:
    """Remembers what it was asked to open, and opens nothing."""

    opened: list[str] = field(default_factory=list)

    def open_link(self, url: str) -> None:
        self.opened.append(url)

    def open_folder(self, path: Path) -> None:
        self.opened.append(str(path))


@dataclass
class Stand:
    """A presenter at work, without a screen."""

    presenter: Presenter
    view: SeenView
    pump: Pump
    porter: SeenPorter
    session: Session

    @property
    def rows(self) -> list[TurnRow]:
        return self.view.transcript.rows

    def until(self, condition: Callable[[], object], what: str) -> None:
        self.pump.until(condition, what)

    @contextmanager
    def held(self, lane: str) -> Iterator[None]:
        """Keep a lane from doing anything, as a slow disk would."""
        go = threading.Event()
        self.pump.run(lane, lambda: go.wait(DEADLINE), lambda _: None, lambda _: None)
        try:
            yield
        finally:
            go.set()

    def settle(self) -> None:
        """Wait until every lane has done what was asked of it, and the window has heard."""
        for lane in ("store", "files", "slow", "store"):
            done: list[None] = []
            self.pump.run(lane, lambda: None, done.append, lambda _: None)
            self.until(lambda done=done: done, f"the lane {lane}")

    def say(self, text: str) -> TurnRow:
        """Send something, and wait for the whole reply."""
        count = len(self.rows)
        self.view.typed = text
        self.presenter.composing.send(text)
        self.until(
            lambda: self.rows and not self.presenter.talk.writing and len(self.rows) >= count,
            "the reply",
        )
        self.settle()
        return self.rows[-1]

    def notice(self, key: str) -> Notice | None:
        return next((each for each in self.view.notices if each.key == key), None)


def make_session(engine: Engine, **options: Any) -> Session:
    """Build a session as the window does, on an engine that was started."""
    for name in ("reopen", "typed", "sent"):
        options.pop(name, None)
    work = options.pop("work", None)
    # Without the planner's engine: what is written here is meant for the scripted engine, and what
    # is about skills brings its own planner (`work_kit`).
    alone = {"command": "", "file": None, "model": None, "no_skills": True}
    given = Namespace(**{**alone, **options})
    session = build_session(find_home(), given, (), engine, None, GpuReader(), forgiving=True)
    return work.fit(session) if work is not None else session


@contextmanager
def stand(
    script: Path,
    *,
    behind: Behind | None = None,
    skills: BehindSkills | None = None,
    privacy: BehindPrivacy | None = None,
    **options: Any,
) -> Iterator[Stand]:
    """A presenter over a real store and a scripted engine."""
    engine = Engine(child_command("scripted-engine", str(script)), limits=QUICK)
    engine.start()
    view, pump, porter = SeenView(), Pump(), SeenPorter()
    sessions: list[Session] = []

    def open_session() -> Session:
        sessions.append(make_session(engine, **options))
        return sessions[0]

    presenter = Presenter(
        view,
        pump,
        porter,
        open_session=open_session,
        settings=load(find_home()).settings,
        locks=(),
        behind=behind,
        skills=skills,
        privacy=privacy,
    )
    if privacy is not None:
        # Made up of what there is by then: see `privacy_kit`.
        privacy.session = lambda: sessions[0]
    try:
        view.typed = options.get("typed", "")
        presenter.begin(options.get("reopen"))
        if options.get("sent"):
            presenter.composing.send(view.typed)
        pump.until(lambda: sessions and presenter.talk.place is not None, "the session")
        pump.until(lambda: engine.loaded, "the model")
        yield Stand(presenter, view, pump, porter, sessions[0])
    finally:
        presenter.close()
        engine.close()
        pump.close()
        presenter.talk.let_go()
        for session in sessions:
            session.close()
