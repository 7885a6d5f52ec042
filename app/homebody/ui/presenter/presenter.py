"""What the window does: every intent of a widget arrives here and goes to the part that owns it."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from homebody.assistant.session import Session
from homebody.base.errors import BadInput, HomebodyError, StoreProblem
from homebody.messages.skills import Skill
from homebody.messages.turns import Conversation, Turn
from homebody.privacy.lock import describe
from homebody.settings.declared import Settings
from homebody.ui.presenter.chats import Chats
from homebody.ui.presenter.composing import Composing, refuse_elsewhere
from homebody.ui.presenter.elsewhere import Elsewhere
from homebody.ui.presenter.models import Models
from homebody.ui.presenter.needs import (
    Background,
    Behind,
    BehindPrivacy,
    BehindSkills,
    KeepsOwnSkills,
    Opens,
    View,
)
from homebody.ui.presenter.reply import Place
from homebody.ui.presenter.stage import Board, Stage
from homebody.ui.presenter.strip import Strip
from homebody.ui.presenter.talk import Talk
from homebody.ui.states import Page
from homebody.ui.words import tr

if TYPE_CHECKING:  # loaded when the page of models is opened
    from homebody.library.library import Library
    from homebody.ui.presenter.library import Shelving
    from homebody.ui.presenter.privacy import Guarding
    from homebody.ui.presenter.reminding import Reminding
    from homebody.ui.presenter.skills import Abilities
    from homebody.ui.presenter.updating import Updating

__all__ = ["Presenter"]

_HOUSEKEEPING_SECONDS = 60.0


class Presenter:
    """The window's mind. Its methods are called on the window's thread."""

    def __init__(
        self,
        view: View,
        background: Background,
        porter: Opens,
        *,
        open_session: Callable[[], Session],
        settings: Settings,
        locks: tuple[str, ...],
        remember: Callable[[str | None], None] = lambda _: None,
        behind: Behind | None = None,
        skills: BehindSkills | None = None,
        privacy: BehindPrivacy | None = None,
    ) -> None:
        """`remember` is told which conversation to open at the next start, whenever it changes."""
        self.board = Board(view)
        self._stage = Stage(view, background, self.board, porter)
        self.talk = Talk(
            self._stage,
            changed=self._talk_changed,
            accepted=self._accepted,
            leaving=self._leaving,
            opened=self._place_opened,
            unsaved=self._go_on_unsaved,
        )
        self.composing = Composing(self._stage, self.talk)
        self.chats = Chats(self._stage, self.talk)
        self.elsewhere = Elsewhere(self._stage, self.talk, self.go)
        self.models = Models(
            self._stage,
            settings,
            ready=self._model_ready,
            changed=self._model_changed,
            behind=behind,
        )
        self.strip = Strip(self._stage)
        self._behind = behind
        self._shelving: Shelving | None = None
        self._opening_library = False
        self._for_library: list[Callable[[Shelving], None]] = []
        """What is to be done when the library is there."""
        self._skills = skills
        self._abilities: Abilities | None = None
        self._reminding: Reminding | None = None
        self._privacy = privacy
        self._guarding: Guarding | None = None
        self._updating: Updating | None = None
        self._open_session = open_session
        self._locks = locks
        self._remember = remember
        self._remembered: str | None = None
        self._reopen: str | None = None
        self._file = ""
        self._closed = False

    # ------------------------------------------------------------------ beginning and end

    @property
    def is_open(self) -> bool:
        """Whether the conversations are open."""
        return self._stage.session is not None

    def begin(self, conversation: str | None = None) -> None:
        """Open the conversations, and the one that was open last. After the first paint."""
        self._reopen = conversation
        stage = self._stage
        stage.sidebar()
        stage.header(home=self._home())
        stage.composer(placeholder=tr("Ask, or drop a text file"), can_send=True)
        self.models.show_settings()
        stage.run("store", self._open_session, self._opened, self._not_opened)

    def _opened(self, session: Session) -> None:
        self._stage.session = session
        for number, notice in enumerate(session.notices):
            self.board.say(f"start-{number}", notice, kind="warn")
        self.models.settings = session.settings
        self.models.follow(session)
        self._stage.header(model=session.model.name, model_detail=tr("loading"))
        self.talk.welcome(self.models.welcome())
        if self._reopen is None or self.composing.waiting:
            # What was sent before anything was to be seen is meant for a new chat.
            self.talk.new()
        else:
            self._reopen_last(session, self._reopen)
        self.chats.refresh()
        if self._file:
            self.models.open(self._file)
        if self._behind is not None:
            self.strip.begin(self._behind)
            left = session.home.models / "incoming"
            self._stage.run("slow", partial(_holds_anything, left), self._fetch_on)
        if self._skills is not None:
            self._begin_skills(session, self._skills)
        self._keep_house()

    def _fetch_on(self, left: object) -> None:
        """Go on with what a former run did not finish fetching."""
        if left:
            self.with_library(lambda _: None)

    def _reopen_last(self, session: Session, conversation: str) -> None:
        def then(found: Conversation | None) -> None:
            if self.talk.place is not None:
                # The person went somewhere meanwhile.
                return
            if found is None or found.deleted is not None or found.head is None:
                self.talk.new()
            else:
                self.talk.open(found.id)

        def work() -> Conversation | None:
            with suppress(HomebodyError):
                return session.saved.conversation(conversation)
            return None

        self._stage.run("store", work, then)

    def _not_opened(self, problem: HomebodyError) -> None:
        self.board.tell(problem, "start")
        self._stage.composer(can_send=False, placeholder=tr("Homebody could not start."))

    def close(self) -> str | None:
        """Keep what is not sent, stop what is written; return the conversation to reopen.

        What was asked of the background still has to be waited for.
        """
        self._closed = True
        self.strip.close()
        if self._shelving is not None:
            self._shelving.close()
        if self._reminding is not None:
            self._reminding.close()
        self.composing.keep_draft(leaving=True)
        self.talk.step_aside()
        place = self.talk.place
        if place is None:
            return self._reopen
        return place.conversation if not place.temporary else None

    def _keep_house(self) -> None:
        """Empty the bin of what is old, make backups when they are due: now and every minute."""
        session = self._stage.session
        if session is None:
            return

        def work() -> None:
            # What keeps a backup from being made, a full disk say, keeps turns from being saved
            # too, and is said there.
            with suppress(StoreProblem):
                session.saved.empty_bin()
                session.saved.back_up_if_due()

        self._stage.run("slow", work, failed=lambda _: None)
        self._stage.background.after(_HOUSEKEEPING_SECONDS, self._keep_house)

    def _home(self, left: str = "") -> str:
        """Return what stays here and who sees to it; `left`: what did not, once that is known."""
        parts = (
            tr("Everything stays on this machine unless you say yes to sending it."),
            describe(self._locks),
            left,
        )
        return "\n\n".join(filter(None, parts))

    def _say_left(self, left: str) -> None:
        if self._stage.header_state.home != self._home(left):
            self._stage.header(home=self._home(left))

    # ------------------------------------------------------------------ what the parts tell

    def _talk_changed(self) -> None:
        """A reply began or ended, or another version is shown."""
        here = self.talk.writing_here
        elsewhere = self.talk.writing and not here
        self._stage.composer(
            running=here,
            can_send=not self.talk.writing,
            placeholder=tr("A reply is being written in another conversation")
            if elsewhere
            else tr("Ask, or drop a text file"),
        )
        self.chats.refresh()
        place = self.talk.place
        current = place.conversation if place is not None and not place.temporary else None
        if current != self._remembered:
            self._remembered = current
            self._remember(current)
        if self._guarding is not None:
            self._guarding.told()
        if not self.talk.writing:
            self.strip.reply(self.talk.head)
            self.elsewhere.count_left(self._say_left)
            self.composing.measure()
            self._remember_hash()

    def _remember_hash(self) -> None:
        session = self._stage.session
        if session is not None:
            model = session.model
            self._stage.run(
                "slow", lambda: session.hashes.compute(model.path), failed=lambda _: None
            )

    def _accepted(self, place: Place, turn: Turn, was_new: bool) -> None:
        self.composing.accepted(place, turn, was_new=was_new)

    def _leaving(self) -> None:
        self._stage.view.settle_edits()
        self.composing.leaving()

    def _place_opened(self, place: Place, conversation: Conversation | None) -> None:
        self.elsewhere.refresh()
        self.composing.opened(place, conversation)
        self._talk_changed()

    def _go_on_unsaved(self) -> None:
        self.composing.go_on_unsaved()

    def _model_ready(self) -> None:
        self.talk.welcome(self.models.welcome())
        self.composing.measure()

    def _model_changed(self) -> None:
        header = self._stage.header_state
        self.strip.model(header.model, header.model_detail)
        if self._shelving is not None:
            self._shelving.model_changed()
        if self._abilities is not None:
            self._abilities.offer()
        if self._guarding is not None:
            self._guarding.settings_changed()
        if self._updating is not None:
            self._updating.show()

    # ------------------------------------------------------------------ the library

    def with_library(self, do: "Callable[[Shelving], None]") -> None:
        """Do something with the page of models; what is behind it is loaded first."""
        if self._shelving is not None:
            do(self._shelving)
            return
        self._for_library.append(do)
        behind = self._behind
        if self._opening_library or behind is None or self._stage.session is None:
            return
        self._opening_library = True

        def work() -> "tuple[type[Shelving], Library]":
            # Loaded here, so that the window does not wait for it.
            from homebody.ui.presenter.library import Shelving

            library = behind.open_library()
            library.downloads.begin()
            return Shelving, library

        self._stage.run("library", work, self._library_opened, self._library_failed)

    def _library_opened(self, opened: "tuple[type[Shelving], Library]") -> None:
        kind, library = opened
        self._opening_library = False
        self._shelving = kind(self._stage, self.models, library)
        waiting, self._for_library = self._for_library, []
        for do in waiting:
            do(self._shelving)

    def _library_failed(self, problem: HomebodyError) -> None:
        self._opening_library = False
        self._for_library.clear()
        self.board.tell(problem, "library", action=tr("Try again"), do=partial(self.go, "models"))

    # ------------------------------------------------------------------ skills

    def _begin_skills(self, session: Session, skills: BehindSkills) -> None:
        """Offer skills by name, and wait for reminders."""

        def work() -> "tuple[type[Abilities], type[Reminding], KeepsOwnSkills]":
            # Loaded here, so that the window does not wait for it.
            from homebody.ui.presenter.reminding import Reminding
            from homebody.ui.presenter.skills import Abilities

            return Abilities, Reminding, skills.own_skills()

        def then(made: "tuple[type[Abilities], type[Reminding], KeepsOwnSkills]") -> None:
            abilities, reminding, own = made
            if self._closed:
                return
            self._abilities = abilities(self._stage, session.saved, own, self._use_skills)
            self._abilities.refresh()
            self._reminding = reminding(self._stage, session.saved, skills, self._abilities.told)

        self._stage.run("skills", work, then)

    def _use_skills(self, skills: Sequence[Skill]) -> None:
        on = self.models.settings.skills
        self.composing.use_skills(skills if on else ())

    def with_skills(self, do: "Callable[[Abilities], None]") -> None:
        """Do something with the page of skills, if there are any."""
        if self._abilities is not None:
            do(self._abilities)

    # ------------------------------------------------------------------ privacy

    def with_privacy(self, do: "Callable[[Guarding], None]") -> None:
        """Do something with the page of privacy, once there are conversations."""
        session, behind = self._stage.session, self._privacy
        if self._guarding is None and session is not None and behind is not None:
            from homebody.ui.presenter.privacy import Guarding

            needs = behind.open_privacy()
            self._guarding = Guarding(self._stage, self.models, needs, session.home, self._locks)
        if self._guarding is not None:
            do(self._guarding)

    # ------------------------------------------------------------------ intents

    def go(self, page: Page) -> None:
        """Go to a page."""
        if page == "settings":
            self.models.show_settings()
        self._stage.go(page)
        if page == "chat":
            self.elsewhere.refresh()
        if page == "models":
            self._open_models()
        if page == "skills":
            self._open_skills()
        if page == "privacy":
            self._open_privacy()
        if page == "about":
            self.updating.show()

    @property
    def updating(self) -> "Updating":
        """What looks for a newer version, on the page of what this is."""
        if self._updating is None:
            from homebody.ui.presenter.updating import Updating

            self._updating = Updating(self._stage, self.models, self._behind)
        return self._updating

    def _open_privacy(self) -> None:
        if self._guarding is None:
            from homebody.ui.privacy_states import PrivacyState

            busy = tr("Looking at what left this machine…")
            self._stage.view.show_privacy(PrivacyState(busy=busy))
        self.with_privacy(lambda guarding: guarding.refresh())

    def _open_models(self) -> None:
        if self._shelving is None:
            from homebody.ui.model_states import ModelsState

            self._stage.view.show_models(ModelsState(busy=tr("Looking for models…")))
        self.with_library(lambda shelving: shelving.refresh())

    def _open_skills(self) -> None:
        if self._abilities is None:
            from homebody.ui.skill_states import SkillsState

            self._stage.view.show_skills(SkillsState(busy=tr("Looking at the skills…")))
        self.with_skills(lambda abilities: abilities.refresh())

    def take_files(self, paths: Sequence[str]) -> None:
        """Take files that were dropped or chosen: models go on the shelf, texts are attached."""
        texts = []
        for path in paths:
            if Path(path).suffix.casefold() == ".gguf":
                self.with_library(partial(_add_file, path=path))
            else:
                texts.append(path)
        if texts:
            self.go("chat")
            self.composing.attach(texts)

    def use_file(self, path: str) -> None:
        """Answer with the model in a file that the person chose, at the next start too."""
        if self._is_here(path):
            self.models.choose(path)

    def open_file(self, path: str) -> None:
        """Answer with the model in a file, for this run: the person opened it with Homebody."""
        if not self._is_here(path):
            return
        # Asked for before the conversations are open, it is taken then.
        self._file = path
        if self.is_open:
            self.go("chat")
            self.models.open(path)

    def _is_here(self, path: str) -> bool:
        try:
            refuse_elsewhere(path)
        except BadInput as problem:
            self.board.tell(problem)
            return False
        return True

    def ask_link(self, url: str) -> None:
        """Show an address whole before anything is done with it."""
        self._stage.view.ask_link(url)

    def open_link(self, url: str) -> None:
        """Open an address that the person saw and agreed to."""
        self._stage.run("slow", lambda: self._stage.porter.open_link(url))

    def open_folder(self, path: str) -> None:
        """Show a folder of ours."""
        self._stage.run("slow", lambda: self._stage.porter.open_folder(Path(path)))

    def copied(self, sentence: str) -> None:
        """Say that something is on the clipboard."""
        self.board.say("copied", sentence, kind="ok", fades=True)

    def on_last(self, action: Callable[[str], None]) -> None:
        """Do something with the last turn that is shown."""
        head = self.talk.head
        if head is not None:
            action(head.id)

    def copy_reply(self) -> None:
        """Put the last reply on the clipboard, as the model wrote it."""
        head = self.talk.head
        if head is not None and head.reply:
            self._stage.view.copy(head.reply)
            self.copied(tr("Copied the reply."))


def _add_file(shelving: "Shelving", path: str) -> None:
    shelving.add_file(path)


def _holds_anything(folder: Path) -> bool:
    try:
        return any(folder.iterdir())
    except OSError:
        return False
