"""The conversation that is open, and the reply that is being written.

A reply goes on while another conversation is looked at; it is drawn only where it belongs. There is
one engine, so one reply is written at a time.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial

from msgspec.structs import replace

from homebody.assistant.turn import Assistant
from homebody.base.errors import HomebodyError, StoreProblem
from homebody.messages.events import (
    Accepted,
    Done,
    Left,
    Saved,
    Stumbled,
    TurnEvent,
    Waiting,
    Written,
)
from homebody.messages.turns import Attachment, Conversation, ShownTurn, Turn
from homebody.store.store import Store
from homebody.ui.presenter.rows import title_of, turn_row
from homebody.ui.presenter.stage import Stage
from homebody.ui.states import TurnRow, WelcomeState
from homebody.ui.words import tr

__all__ = ["Place", "Talk"]

_FIRST_PAGE = 30
_PAGE = 400
"""Turns that are read at once."""
_MARKED = 100
"""So many rows at most are marked while a reply is written; the rest when they are read again."""


@dataclass
class Place:
    """Where a conversation is kept. `conversation` is None until its first request."""

    store: Store
    conversation: str | None = None
    temporary: bool = False

    def begin(self) -> str:
        """Return the conversation; create it if there is none. On the turn's thread."""
        if self.conversation is None:
            self.conversation = self.store.create_conversation().id
        return self.conversation


@dataclass
class _Writing:
    """A reply while it is written."""

    place: Place
    assistant: Assistant
    first: str | None
    """The row that the new one takes the place of."""
    row: TurnRow | None = None
    text: list[str] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)
    left_out: int = 0
    """How many turns the model no longer sees. They are always the first ones."""

    def now(self) -> TurnRow:
        """Return the row as it is written so far."""
        assert self.row is not None
        return replace(
            self.row,
            reply=self.row.reply + "".join(self.text),
            reasoning=self.row.reasoning + "".join(self.reasoning),
        )


class Talk:
    """Opens conversations, sends requests, shows what comes. Lives on the window's thread."""

    def __init__(
        self,
        stage: Stage,
        *,
        changed: Callable[[], None],
        accepted: Callable[[], None],
        leaving: Callable[[], None],
        opened: Callable[[Conversation | None], None],
    ) -> None:
        self._stage = stage
        self._leaving = leaving
        self._changed, self._accepted, self._opened = changed, accepted, opened
        self._place: Place | None = None
        self._head: Turn | None = None
        self._writing: _Writing | None = None
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
        return self._writing is not None

    @property
    def writing_here(self) -> bool:
        """Whether it is the conversation that is shown."""
        return self._writing is not None and self._writing.place is self._place

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
        if temporary:
            self._stage.run("store", Store.temporary, partial(self._go_new, temporary=True))
        else:
            self._go_new(session.saved)

    def _go_new(self, store: Store, *, temporary: bool = False) -> None:
        self._leave()
        self._arrive(Place(store, temporary=temporary))
        self._stage.view.transcript.open(())
        self._stage.header(title=tr("Temporary chat") if temporary else "", temporary=temporary)
        self._show_welcome()
        self._opened(None)

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
        running = self._writing
        if running is not None and running.place.conversation == conversation.id:
            self._arrive(running.place)
        else:
            self._arrive(Place(store, conversation.id))
        self._head = page[-1].turn if page else None
        self._stage.header(title=title_of(conversation), temporary=False)
        self._stage.view.transcript.open(self._rows(page))
        self._show_welcome()
        self._opened(conversation)
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
        running = self._writing
        if running is not None and running.place.conversation == conversation:
            self.stop()
        if self._place is not None and self._place.conversation == conversation:
            self.new()

    def step_aside(self) -> None:
        """The window closes: stop what is written. What was written stays."""
        self._visit += 1
        if self._writing is not None:
            self._writing.assistant.stop()

    def _leave(self) -> None:
        self._visit += 1
        if self._place is not None:
            self._leaving()
        place, self._place = self._place, None
        if place is not None and place.temporary:
            running = self._writing
            if running is not None and running.place is place:
                # Its store is closed once the reply has ended.
                running.assistant.stop()
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
        rows = [turn_row(shown, left_out=n < cut) for n, shown in enumerate(page)]
        running = self._writing
        if running is not None and running.place is self._place and running.row is not None:
            rows = [running.now() if row.id == running.row.id else row for row in rows]
        return rows

    def _show_welcome(self) -> None:
        empty = self._head is None and not self.writing_here
        self._stage.view.show_welcome(self._welcome if empty else None)

    # ------------------------------------------------------------------ asking

    def send(
        self, request: str, attachments: Sequence[Attachment] = (), instead_of: Turn | None = None
    ) -> None:
        """Ask something; or ask it `instead_of` an earlier turn, which is kept beside it."""
        place, assistant = self._place, self._assistant()
        if place is None or assistant is None or self._is_busy():
            return
        parent = self._head.id if self._head else None
        if instead_of is not None:
            parent = instead_of.parent

        def events() -> Iterator[TurnEvent]:
            return assistant.run(
                place.begin(), request, parent=parent, attachments=tuple(attachments)
            )

        self._write(place, assistant, instead_of.id if instead_of else None, events)

    def again(self, turn: str) -> None:
        """Answer a request anew; the old answer is kept."""
        self._with_turn(turn, lambda it: self.send(it.request, it.attachments, it))

    def resume(self, turn: str) -> None:
        """Go on with a reply that broke off."""
        place, assistant = self._place, self._assistant()
        if place is None or assistant is None or self._is_busy():
            return
        self._write(place, assistant, turn, lambda: assistant.resume(turn))

    def stop(self) -> None:
        """Stop the reply; what was written stays."""
        if self._writing is not None:
            self._writing.assistant.stop()

    def _with_turn(self, turn: str, then: Callable[[Turn], None]) -> None:
        place = self._place
        if place is not None:
            self._stage.run("store", lambda: place.store.turn(turn), then)

    def with_turn(self, turn: str, then: Callable[[Turn], None]) -> None:
        """Read a turn of the conversation that is shown, and call `then` with it."""
        self._with_turn(turn, then)

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
                page = store.page(conversation, before, _PAGE) + page
            place = next(n for n, shown in enumerate(page) if shown.turn.id == wanted)
            return page[place:]

        def then(page: list[ShownTurn]) -> None:
            if visit == self._visit:
                self._head, self._all_left_out = page[-1].turn, False
                self._stage.view.transcript.replace(turn, self._rows(page))
                self._stage.view.transcript.show_turn(page[0].turn.id)
                self._changed()

        self._stage.run("store", work, then)

    def _assistant(self) -> Assistant | None:
        session, place = self._stage.session, self._place
        if session is None or place is None:
            return None
        if place.temporary:
            return session.assistant_for(place.store)
        return session.assistant

    def assistant(self) -> Assistant | None:
        """Return what would answer in the conversation that is shown."""
        return self._assistant()

    def _is_busy(self) -> bool:
        if self._writing is not None:
            self._stage.board.say(
                "busy",
                tr("Another reply is still being written."),
                action=tr("Stop it"),
                do=self.stop,
            )
        return self._writing is not None

    # ------------------------------------------------------------------ what comes

    def _write(
        self,
        place: Place,
        assistant: Assistant,
        first: str | None,
        events: Callable[[], Iterator[TurnEvent]],
    ) -> None:
        run = self._head.run if self._head else None
        left_out = len(run.dropped) + run.dropped_before if run else 0
        writing = self._writing = _Writing(place, assistant, first, left_out=left_out)

        def work() -> Iterator[TurnEvent | ShownTurn]:
            with closing(events()) as coming:  # type: ignore[type-var]
                for event in coming:
                    if isinstance(event, Accepted):
                        yield place.store.shown(event.turn.id)
                    else:
                        yield event

        self._changed()
        self._stage.background.stream(
            "turn",
            work,
            partial(self._take, writing),
            partial(self._end, writing),
            partial(self._fail, writing),
        )

    def _take(self, writing: _Writing, event: TurnEvent | ShownTurn) -> None:
        here = writing.place is self._place
        match event:
            case ShownTurn():
                self._begin(writing, event)
            case Waiting():
                self._wait(writing, event)
            case Written():
                (writing.reasoning if event.reasoning else writing.text).append(event.text)
                if here and writing.row is not None:
                    self._stage.view.transcript.write(
                        writing.row.id, event.text, reasoning=event.reasoning
                    )
            case Left():
                self._leave_out(writing, event.dropped)
            case Saved():
                if event.problem:
                    self._stage.board.say("unsaved", event.problem, kind="warn")
                else:
                    self._stage.board.dismiss("unsaved")
            case Done() | Stumbled():
                self._finish(writing, event)

    def _begin(self, writing: _Writing, shown: ShownTurn) -> None:
        self._stage.board.dismiss("problem")
        row = replace(turn_row(shown), live=True, waiting=tr("Thinking…"))
        writing.row = row
        if writing.place is self._place:
            self._head = shown.turn
            self._stage.sidebar(selected=writing.place.conversation)
            self._show_welcome()
            self._stage.view.transcript.replace(writing.first, [row])
            self._accepted()
        self._changed()

    def _wait(self, writing: _Writing, event: Waiting) -> None:
        if writing.row is None or writing.text or writing.reasoning:
            return
        words = tr("Loading the model") if event.what == "load" else tr("Reading")
        if event.done > 0:
            words += tr(", {percent:.0f} %").format(percent=event.done * 100)
        row = replace(writing.row, waiting=f"{words}…")
        if row != writing.row:
            writing.row = row
            if writing.place is self._place:
                self._stage.view.transcript.update_row(row)

    def _leave_out(self, writing: _Writing, dropped: tuple[str, ...]) -> None:
        """Mark the turns that the model no longer sees."""
        new = dropped[writing.left_out :][-_MARKED:]
        writing.left_out = len(dropped)
        place = writing.place
        if place is not self._place:
            return

        def then(found: list[ShownTurn]) -> None:
            if place is self._place:
                for shown in found:
                    self._stage.view.transcript.update_row(turn_row(shown, left_out=True))

        self._stage.run("store", lambda: [place.store.shown(turn) for turn in new], then)

    def _finish(self, writing: _Writing, event: Done | Stumbled) -> None:
        assert writing.row is not None
        shown = ShownTurn(event.turn, writing.row.place, writing.row.versions)
        row = turn_row(shown)
        if isinstance(event, Stumbled):
            row = replace(row, problem=event.message, hint=event.hint, resumable=event.resumable)
        elif event.problem:
            self._stage.board.say("unsaved", event.problem, kind="warn")
        if writing.place is self._place:
            self._head = event.turn
            self._stage.view.transcript.update_row(row)
        elif not writing.place.temporary and writing.place.conversation is not None:
            self._stage.board.say(
                "elsewhere",
                tr("The reply in the other conversation is there."),
                action=tr("Show it"),
                do=partial(self.open, writing.place.conversation),
                fades=True,
            )

    def _end(self, writing: _Writing) -> None:
        if self._writing is writing:
            self._writing = None
        if writing.place.temporary and writing.place is not self._place:
            self._stage.run("store", writing.place.store.close)
        self._stage.board.dismiss("busy")
        self._changed()

    def _fail(self, writing: _Writing, problem: HomebodyError) -> None:
        """Tell that a request was not even accepted. The words are still in the composer."""
        if isinstance(problem, StoreProblem) and not writing.place.temporary:
            self._stage.board.tell(
                problem,
                action=tr("Go on without saving"),
                do=partial(self.new, temporary=True),
            )
        else:
            self._stage.board.tell(problem)
        self._end(writing)
        self._show_welcome()
