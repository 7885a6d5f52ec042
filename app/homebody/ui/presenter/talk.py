"""The conversation that is open: going there, reading it, asking in it."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from msgspec.structs import replace

from homebody.assistant.turn import Assistant
from homebody.base.errors import HomebodyError
from homebody.messages.events import TurnEvent
from homebody.messages.offers import OfferChange, Scope
from homebody.messages.plans import Choice, Planned
from homebody.messages.turns import Attachment, Conversation, ShownTurn, Turn
from homebody.store.store import Store
from homebody.ui.presenter.offers import offer_card
from homebody.ui.presenter.reply import Place, Reply
from homebody.ui.presenter.rows import title_of, turn_row
from homebody.ui.presenter.stage import Stage
from homebody.ui.presenter.work import arguments_of
from homebody.ui.states import TurnRow, WelcomeState
from homebody.ui.words import tr

__all__ = ["Talk"]

_FIRST_PAGE = 30
_PAGE = 400
"""Turns that are read at once."""


class Talk:
    """Opens conversations, sends requests, shows what comes. Lives on the window's thread."""

    def __init__(
        self,
        stage: Stage,
        *,
        changed: Callable[[], None],
        accepted: Callable[[Place, Turn, bool], None],
        leaving: Callable[[], None],
        opened: Callable[[Place, Conversation | None], None],
        unsaved: Callable[[], None],
    ) -> None:
        self._stage = stage
        self._leaving, self._unsaved = leaving, unsaved
        self._tell_changed, self._accepted, self._opened = changed, accepted, opened
        self._reply = Reply(stage, self)
        self._place: Place | None = None
        self._head: Turn | None = None
        self._visit = 0
        self._all_left_out = False
        """What is above the rows that are shown is no longer seen by the model."""
        self._welcome = WelcomeState()

    # ------------------------------------------------------------------ what others ask

    @property
    def place(self) -> Place | None:
        """Where the conversation that is shown is kept."""
        return self._place

    @property
    def head(self) -> Turn | None:
        """The last turn that is shown."""
        return self._head

    @property
    def writing(self) -> bool:
        """Whether a reply is being written, here or elsewhere."""
        return self._reply.place is not None

    @property
    def writing_here(self) -> bool:
        """Whether it is the conversation that is shown."""
        return self._place is not None and self._reply.place is self._place

    def welcome(self, state: WelcomeState) -> None:
        """Say this in an empty conversation from now on."""
        self._welcome = state
        self._show_welcome()

    # ------------------------------------------------------------------ going somewhere

    def new(self, *, temporary: bool = False) -> None:
        """Go to a conversation that does not exist yet."""
        session = self._stage.session
        if session is None:
            return
        if not temporary:
            self._go_new(session.saved)
            return
        self._visit += 1
        visit = self._visit

        def then(store: Store) -> None:
            if visit == self._visit:
                self._go_new(store, temporary=True)
            else:
                # The person went elsewhere meanwhile.
                self._stage.run("store", store.close)

        self._stage.run("store", Store.temporary, then)

    def _go_new(self, store: Store, *, temporary: bool = False) -> None:
        self._leave()
        self._arrive(Place(store, temporary=temporary))
        self._stage.view.transcript.open(())
        self._stage.header(title=tr("Temporary chat") if temporary else "", temporary=temporary)
        self._show_welcome()
        assert self._place is not None
        self._opened(self._place, None)

    def open(self, conversation: str, turn: str | None = None) -> None:
        """Go to a conversation, and to a turn in it."""
        session = self._stage.session
        if session is None:
            return
        here = self._place
        if here is not None and here.conversation == conversation and not here.temporary:
            self._stage.go("chat")
            if turn is None or self._stage.view.transcript.show_turn(turn):
                return
        self._visit += 1
        self._read(session.saved, conversation, turn, self._visit)

    def _read(self, store: Store, conversation: str, turn: str | None, visit: int) -> None:
        def work() -> tuple[Conversation, list[ShownTurn]]:
            return store.conversation(conversation), store.page(conversation, count=_FIRST_PAGE)

        def then(found: tuple[Conversation, list[ShownTurn]]) -> None:
            if visit == self._visit:
                self._show(store, *found, turn)

        self._stage.run("store", work, then)

    def _show(
        self, store: Store, conversation: Conversation, page: list[ShownTurn], turn: str | None
    ) -> None:
        self._leave()
        running = self._reply.place
        if running is not None and running.conversation == conversation.id:
            self._arrive(running)
        else:
            self._arrive(Place(store, conversation.id))
        self._head = page[-1].turn if page else None
        self._stage.header(title=title_of(conversation), temporary=False)
        self._stage.view.transcript.open(self._rows(page))
        self._show_welcome()
        assert self._place is not None
        self._opened(self._place, conversation)
        self._more(page, _FIRST_PAGE, turn)

    def _more(self, page: list[ShownTurn], asked: int, turn: str | None) -> None:
        """Read the turns before `page`, a bit at a time, and show `turn` once it is there."""
        if turn is not None and self._stage.view.transcript.show_turn(turn):
            turn = None
        place, visit = self._place, self._visit
        assert place is not None
        assert place.conversation is not None
        store, conversation = place.store, place.conversation
        if len(page) < asked:
            if turn is not None:
                # Not on the branch that is shown: show the branch that it is on.
                found = turn
                self._stage.run("store", lambda: store.choose(found), lambda _: self._again(found))
            return
        before = page[0].turn.id

        def then(older: list[ShownTurn]) -> None:
            if visit == self._visit:
                self._stage.view.transcript.prepend(self._rows(older))
                self._more(older, _PAGE, turn)

        self._stage.run("store", lambda: store.page(conversation, before, _PAGE), then)

    def _again(self, turn: str) -> None:
        """Open the conversation once more, after another branch of it was chosen."""
        place = self._place
        if place is not None and place.conversation is not None:
            self._visit += 1
            self._read(place.store, place.conversation, turn, self._visit)

    def forget(self, conversation: str) -> None:
        """The conversation went to the bin: if it is open, go to a new one."""
        running = self._reply.place
        if running is not None and running.conversation == conversation:
            self._reply.forget()
        if self._place is not None and self._place.conversation == conversation:
            self.new()

    def step_aside(self) -> None:
        """The window closes: stop what is written. What was written stays."""
        self._visit += 1
        self._reply.stop()

    def let_go(self) -> None:
        """Nothing is written any more: end a temporary chat for good."""
        place = self._place
        if place is not None and place.temporary:
            place.store.close()

    def _leave(self) -> None:
        self._visit += 1
        if self._place is not None:
            self._leaving()
        place, self._place = self._place, None
        if place is not None and place.temporary:
            if self._reply.place is place:
                # Its store is closed once the reply has ended.
                self._reply.stop()
            else:
                self._stage.run("store", place.store.close)

    def _arrive(self, place: Place) -> None:
        self._place, self._head, self._all_left_out = place, None, False
        self._stage.sidebar(selected=place.conversation)
        self._stage.go("chat")

    def _rows(self, page: Sequence[ShownTurn]) -> list[TurnRow]:
        """Return the rows of a page that goes above those that are shown."""
        dropped = self._head.run.dropped if self._head and self._head.run else ()
        ids = [shown.turn.id for shown in page]
        # The last one that was left out, and all before it.
        cut = len(page) if self._all_left_out else 0
        if not cut and dropped and dropped[-1] in ids:
            cut, self._all_left_out = ids.index(dropped[-1]) + 1, True
        known = self._stage.providers
        rows = [turn_row(shown, known, left_out=n < cut) for n, shown in enumerate(page)]
        now = self._reply.row() if self.writing_here else None
        return [now if now is not None and row.id == now.id else row for row in rows]

    def _show_welcome(self) -> None:
        empty = self._head is None and not self.writing_here
        self._stage.view.show_welcome(self._welcome if empty else None)

    # ------------------------------------------------------------------ asking

    def send(
        self,
        request: str,
        attachments: Sequence[Attachment] = (),
        instead_of: Turn | None = None,
        plan: Planned | None = None,
    ) -> bool:
        """Ask something; or ask it `instead_of` an earlier turn, which is kept beside it.

        `plan`: what is to be done, where the person said it. False: not now, and the person was
        told why.
        """
        place, assistant = self._place, self.assistant()
        if place is None or assistant is None or self._is_busy():
            return False
        parent = self._head.id if self._head else None
        if instead_of is not None:
            parent = instead_of.parent

        def events() -> Iterator[TurnEvent]:
            return assistant.run(
                place.begin(), request, parent=parent, attachments=tuple(attachments), plan=plan
            )

        first = instead_of.id if instead_of else None
        self._reply.write(place, assistant, events, head=self._head, first=first)
        return True

    def again(self, turn: str) -> None:
        """Answer a request anew; the old answer is kept."""
        self.with_turn(turn, self._answer_again)

    def _answer_again(self, turn: Turn) -> None:
        self.send(turn.request, turn.attachments, turn)

    def resume(self, turn: str) -> None:
        """Go on with a reply that broke off."""
        self._follow(turn, lambda assistant: assistant.resume(turn))

    def decide(self, turn: str, choice: Choice, option: str = "") -> None:
        """Answer what a turn asks."""
        self._follow(turn, lambda assistant: assistant.decide(turn, choice, option=option))

    def rerun(self, turn: str, step: int, typed: dict[str, str]) -> None:
        """Run a step again with other arguments, and what follows; the old turn is kept."""

        def then(found: Turn) -> None:
            if step >= len(found.steps):
                return
            try:
                args = arguments_of(found.steps[step].skill, typed)
            except HomebodyError as problem:
                self._stage.board.tell(problem)
                return
            self._follow(turn, lambda assistant: assistant.rerun(turn, step, args))

        self.with_turn(turn, then)

    def plain(self, turn: str) -> None:
        """Never mind the steps: just answer. What runs is stopped first."""
        place = self._place

        def then() -> None:
            if place is self._place:
                self._follow(turn, lambda assistant: assistant.plain(turn))

        if not self._reply.stop_for(turn, then):
            then()

    # ------------------------------------------------------------------ asking elsewhere

    def offer(self, turn: str) -> None:
        """Show what would leave to ask elsewhere what this turn asks. Nothing leaves by this."""
        self._follow(turn, lambda assistant: assistant.offer(turn))

    def send_offer(self, turn: str, sha256: str, scope: Scope) -> None:
        """Send what was shown: the request with this hash, or nothing."""
        self._follow(turn, lambda assistant: assistant.send(turn, sha256, scope))

    def keep_home(self, turn: str, never: bool) -> None:
        """Send nothing, and answer here. `never`: offer nothing in this conversation any more."""
        self._follow(turn, lambda assistant: assistant.keep_home(turn, never=never))

    def change_offer(self, turn: str, change: OfferChange) -> None:
        """Change what would leave. Where that cannot be done, it stays and the sheet says why."""
        place, assistant = self._place, self.assistant()
        if place is None or assistant is None:
            return

        def work() -> ShownTurn:
            assistant.change_offer(turn, change)
            return place.store.shown(turn)

        def failed(problem: HomebodyError) -> None:
            words = f"{problem.message} {problem.hint}".strip()
            self.show_again(turn, words)

        self._stage.run("offer", work, partial(self._show_turn, place), failed)

    def show_again(self, turn: str, problem: str = "") -> None:
        """Show a turn as it stands in the store. `problem`: why its offer was not changed."""
        place = self._place
        if place is not None:
            self._stage.run(
                "store",
                lambda: place.store.shown(turn),
                partial(self._show_turn, place, problem=problem),
            )

    def _show_turn(self, place: Place, shown: ShownTurn, problem: str = "") -> None:
        now = self._reply.row() if self.writing else None
        if place is not self._place or (now is not None and now.id == shown.turn.id):
            return
        if self._head is not None and self._head.id == shown.turn.id:
            self._head = shown.turn
        known = self._stage.providers
        row = turn_row(shown, known)
        if problem:
            row = replace(row, offer=offer_card(shown.turn, known, problem=problem))
        self._stage.view.transcript.update_row(row)

    def _follow(self, turn: str, begin: Callable[[Assistant], Iterator[TurnEvent]]) -> None:
        """Follow what becomes of a turn that is shown, or of one in its place."""
        place, assistant = self._place, self.assistant()
        if place is None or assistant is None or self._is_busy():
            return
        self._reply.write(place, assistant, partial(begin, assistant), head=self._head, first=turn)

    def stop(self) -> None:
        """Stop the reply; what was written stays."""
        self._reply.stop()

    def with_turn(self, turn: str, then: Callable[[Turn], None]) -> None:
        """Read a turn of the conversation that is shown, and call `then` with it."""
        place = self._place
        if place is None:
            return

        def found(it: Turn) -> None:
            # Never in another conversation: it might be one that is saved.
            if place is self._place:
                then(it)

        self._stage.run("store", lambda: place.store.turn(turn), found)

    def step(self, turn: str, by: int) -> None:
        """Show the previous or the next version of a turn."""
        place = self._place
        if place is None or place.conversation is None or self._is_busy():
            return
        store, conversation, visit = place.store, place.conversation, self._visit

        def work() -> list[ShownTurn]:
            versions = store.siblings(turn)
            wanted = versions[(versions.index(turn) + by) % len(versions)]
            store.choose(wanted)
            page: list[ShownTurn] = []
            while not any(shown.turn.id == wanted for shown in page):
                before = page[0].turn.id if page else None
                older = store.page(conversation, before, _PAGE)
                if not older:
                    # Another program went to yet another version.
                    return page
                page = older + page
            place = next(n for n, shown in enumerate(page) if shown.turn.id == wanted)
            return page[place:]

        def then(page: list[ShownTurn]) -> None:
            if visit == self._visit and page:
                self._head, self._all_left_out = page[-1].turn, False
                self._stage.view.transcript.replace(turn, self._rows(page))
                self._stage.view.transcript.show_turn(page[0].turn.id, mark=False)
                self.changed()

        self._stage.run("store", work, then)

    def assistant(self) -> Assistant | None:
        """Return what would answer in the conversation that is shown."""
        session, place = self._stage.session, self._place
        if session is None or place is None:
            return None
        if not place.temporary:
            return session.assistant
        # Made anew with the model and the settings, as the session's own is.
        made = place.assistant
        if made is None or made[0] is not session.assistant:
            made = place.assistant = session.assistant, session.assistant_for(place.store)
        return made[1]

    def _is_busy(self) -> bool:
        if self.writing:
            self._stage.board.say(
                "busy",
                tr("Another reply is still being written."),
                action=tr("Stop it"),
                do=self.stop,
            )
        return self.writing

    # ------------------------------------------------------------------ what the reply tells

    def is_here(self, place: Place) -> bool:
        """Tell whether this is the conversation that is shown."""
        return place is self._place

    def accepted(self, place: Place, turn: Turn, *, was_new: bool, again: bool) -> None:
        """A request is on the disk, or is taken up `again`."""
        if place is self._place:
            if not again or (self._head is not None and self._head.id == turn.id):
                self._head = turn
            self._stage.sidebar(selected=turn.conversation)
            self._show_welcome()
        if not again:
            self._accepted(place, turn, was_new)

    def go_on_unsaved(self) -> None:
        """The person would rather go on without saving."""
        self._unsaved()

    def ended(self, turn: Turn) -> None:
        """A reply in the conversation that is shown has ended."""
        # One that was taken up again may have others after it.
        if self._head is not None and self._head.id == turn.id:
            self._head = turn

    def changed(self) -> None:
        """A reply began or ended, here or elsewhere."""
        self._show_welcome()
        self._tell_changed()
