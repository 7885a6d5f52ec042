"""The reply that is being written: from the request to its last word.

A reply goes on while another conversation is looked at; it is drawn only where it belongs. There is
one engine, so one reply is written at a time.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from msgspec.structs import replace

from homebody.assistant.turn import Assistant
from homebody.base.errors import HomebodyError, StoreProblem
from homebody.messages.events import (
    Accepted,
    Done,
    Left,
    Paused,
    Saved,
    Sending,
    Stepped,
    Stumbled,
    Thought,
    TurnEvent,
    Waiting,
    Written,
)
from homebody.messages.plans import Planned, SkillsPlan, Step
from homebody.messages.turns import ShownTurn, Turn
from homebody.store.store import Store
from homebody.ui.presenter.offers import sending_card
from homebody.ui.presenter.rows import turn_row
from homebody.ui.presenter.stage import Stage
from homebody.ui.presenter.work import step_row, step_rows
from homebody.ui.states import TurnRow
from homebody.ui.words import tr

__all__ = ["Audience", "Place", "Reply"]

_MARKED = 100
"""So many rows at most are marked while a reply is written; the rest when they are read again."""


@dataclass
class Place:
    """Where a conversation is kept. `conversation` is None until its first request."""

    store: Store
    conversation: str | None = None
    temporary: bool = False
    assistant: tuple[Assistant, Assistant] | None = None
    """In a temporary chat: what answers here, beside what answered elsewhere when it was made."""

    def begin(self) -> str:
        """Return the conversation; create it if there is none. On the turn's thread."""
        if self.conversation is None:
            self.conversation = self.store.create_conversation().id
        return self.conversation


class Audience(Protocol):
    """Who is told of a reply: `Talk`."""

    def is_here(self, place: Place) -> bool:
        """Tell whether this is the conversation that is shown."""

    def accepted(self, place: Place, turn: Turn, *, was_new: bool, again: bool) -> None:
        """A request is on the disk (`was_new`: the first of its conversation).

        `again`: it was there before, and its reply is taken up.
        """

    def ended(self, turn: Turn) -> None:
        """A reply in the conversation that is shown has ended."""

    def changed(self) -> None:
        """A reply began or ended, here or elsewhere."""

    def open(self, conversation: str) -> None:
        """Go to a conversation."""

    def show_again(self, turn: str) -> None:
        """A turn that is shown may be another one by now: nothing came of what was asked of it."""

    def go_on_unsaved(self) -> None:
        """The request could not be saved, and the person would rather go on without."""


@dataclass
class _Writing:
    """A reply while it is written."""

    place: Place
    assistant: Assistant
    first: str | None
    """The row that the new one takes the place of."""
    left_out: int
    """How many turns the model no longer sees. They are always the first ones."""
    was_new: bool
    """It is the first request of its conversation."""
    stopped: bool = False
    forgotten: bool = False
    """Its conversation was deleted: nobody needs to hear how it ends."""
    then: Callable[[], None] | None = None
    """What is done once it has ended."""
    row: TurnRow | None = None
    text: list[str] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)

    def now(self) -> TurnRow:
        """Return the row as it is written so far."""
        assert self.row is not None
        return replace(
            self.row,
            reply=self.row.reply + "".join(self.text),
            reasoning=self.row.reasoning + "".join(self.reasoning),
        )


class Reply:
    """Follows a reply and shows it. Lives on the window's thread."""

    def __init__(self, stage: Stage, audience: Audience) -> None:
        self._stage, self._audience = stage, audience
        self._writing: _Writing | None = None

    @property
    def place(self) -> Place | None:
        """Where a reply is being written; None while none is."""
        return self._writing.place if self._writing is not None else None

    def row(self) -> TurnRow | None:
        """Return the row of the reply as it is written so far."""
        writing = self._writing
        return writing.now() if writing is not None and writing.row is not None else None

    def stop(self) -> None:
        """Stop it; what was written stays."""
        writing = self._writing
        if writing is not None:
            writing.stopped = True
            # An engine that hangs would keep the window waiting.
            self._stage.run("stop", writing.assistant.stop)

    def stop_for(self, turn: str, then: Callable[[], None]) -> bool:
        """Stop this turn if it is the one that is written, and do something when it has ended."""
        writing = self._writing
        if writing is None or writing.row is None or writing.row.id != turn:
            return False
        writing.then = then
        self.stop()
        return True

    def forget(self) -> None:
        """Stop it: its conversation was deleted."""
        if self._writing is not None:
            self._writing.forgotten = True
            self.stop()

    def write(
        self,
        place: Place,
        assistant: Assistant,
        events: Callable[[], Iterator[TurnEvent]],
        *,
        head: Turn | None,
        first: str | None = None,
    ) -> None:
        """Follow a turn after `head`. Its row takes the place of `first` and all after it."""
        run = head.run if head else None
        left_out = len(run.dropped) + run.dropped_before if run else 0
        was_new = place.conversation is None
        writing = self._writing = _Writing(place, assistant, first, left_out, was_new)

        def work() -> Iterator[TurnEvent | ShownTurn]:
            with closing(events()) as coming:  # type: ignore[type-var]
                for event in coming:
                    if isinstance(event, Accepted):
                        if writing.stopped:
                            # Said before there was anything to stop.
                            assistant.stop()
                        yield place.store.shown(event.turn.id)
                    else:
                        yield event

        self._audience.changed()
        self._stage.background.stream(
            "turn",
            work,
            partial(self._take, writing),
            partial(self._end, writing),
            partial(self._fail, writing),
        )

    def _take(self, writing: _Writing, event: TurnEvent | ShownTurn) -> None:
        here = self._audience.is_here(writing.place)
        match event:
            case ShownTurn():
                self._begin(writing, event)
            case Waiting():
                self._wait(writing, event)
            case Thought():
                self._plan(writing, event.planned)
            case Sending():
                self._send(writing, event)
            case Stepped():
                self._step(writing, event)
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
            case Done() | Paused() | Stumbled():
                self._finish(writing, event)

    def _begin(self, writing: _Writing, shown: ShownTurn) -> None:
        self._stage.board.dismiss("problem")
        row = replace(turn_row(shown, self._stage.providers), live=True, waiting=tr("Thinking…"))
        writing.row = row
        # Taken up again: its row is there already, and so may be others after it.
        again = writing.first == shown.turn.id
        self._audience.accepted(writing.place, shown.turn, was_new=writing.was_new, again=again)
        if self._audience.is_here(writing.place):
            if again:
                self._stage.view.transcript.update_row(row)
            else:
                self._stage.view.transcript.replace(writing.first, [row])
        self._audience.changed()

    def _send(self, writing: _Writing, event: Sending) -> None:
        """Say what leaves, while it leaves: where it belongs, and in the corner of the window."""
        self._stage.header(sending=event.offer.host)
        if writing.row is not None:
            card = sending_card(event.offer)
            row = replace(writing.row, offer=card, waiting=tr("Waiting for the reply…"))
            self._put(writing, row)

    def _settle(self) -> None:
        """Nothing leaves any more."""
        if self._stage.header_state.sending:
            self._stage.header(sending="")

    def _wait(self, writing: _Writing, event: Waiting) -> None:
        # The model here works: it goes on at home.
        self._settle()
        if writing.row is None or writing.text or writing.reasoning:
            return
        words = {
            "load": tr("Loading the model"),
            "read": tr("Reading"),
            "plan": tr("Working out what to do"),
        }[event.what]
        if event.done > 0:
            words += tr(", {percent:.0f} %").format(percent=event.done * 100)
        self._put(writing, replace(writing.row, waiting=f"{words}…"))

    def _put(self, writing: _Writing, row: TurnRow) -> None:
        """Show the row with something changed; what was written stays."""
        if row != writing.row:
            writing.row = row
            if self._audience.is_here(writing.place):
                self._stage.view.transcript.update_row(writing.now())

    def _plan(self, writing: _Writing, planned: Planned) -> None:
        if writing.row is None:
            return
        steps: tuple[Step, ...] = ()
        if isinstance(planned.plan, SkillsPlan):
            steps = tuple(Step(skill=each.skill, given=each.args) for each in planned.plan.steps)
        waiting = "" if steps else tr("Thinking…")
        row = replace(writing.row, steps=step_rows(steps, settled=False), waiting=waiting)
        self._put(writing, row)

    def _step(self, writing: _Writing, event: Stepped) -> None:
        if writing.row is None:
            return
        steps = list(writing.row.steps)
        while len(steps) <= event.index:
            steps.append(step_row(event.step))
        steps[event.index] = step_row(event.step, done=event.done)
        busy = any(each.state in {"planned", "running", "waiting"} for each in steps)
        waiting = "" if busy else tr("Writing…")
        self._put(writing, replace(writing.row, steps=tuple(steps), waiting=waiting))

    def _leave_out(self, writing: _Writing, dropped: tuple[str, ...]) -> None:
        """Mark the turns that the model no longer sees."""
        new = dropped[writing.left_out :][-_MARKED:]
        writing.left_out = len(dropped)
        place = writing.place
        if not self._audience.is_here(place):
            return

        def then(found: list[ShownTurn]) -> None:
            if self._audience.is_here(place):
                for shown in found:
                    row = turn_row(shown, self._stage.providers, left_out=True)
                    self._stage.view.transcript.update_row(row)

        self._stage.run("store", lambda: [place.store.shown(turn) for turn in new], then)

    def _finish(self, writing: _Writing, event: Done | Paused | Stumbled) -> None:
        assert writing.row is not None
        shown = ShownTurn(event.turn, writing.row.place, writing.row.versions)
        row = turn_row(shown, self._stage.providers)
        if isinstance(event, Stumbled):
            row = replace(row, problem=event.message, hint=event.hint, resumable=event.resumable)
        elif event.problem:
            self._stage.board.say("unsaved", event.problem, kind="warn")
        # Whoever looks at it from now on sees how it ended.
        writing.row, writing.text, writing.reasoning = row, [], []
        if writing.forgotten:
            return
        if self._audience.is_here(writing.place):
            self._audience.ended(event.turn)
            self._stage.view.transcript.update_row(row)
        elif not (writing.place.temporary or writing.stopped) and writing.place.conversation:
            self._stage.board.say(
                "elsewhere",
                tr("You are asked something in the other conversation.")
                if isinstance(event, Paused)
                else tr("The reply in the other conversation is there."),
                action=tr("Show it"),
                do=partial(self._audience.open, writing.place.conversation),
                fades=not isinstance(event, Paused),
            )

    def _end(self, writing: _Writing) -> None:
        if self._writing is writing:
            self._writing = None
        self._settle()
        if writing.place.temporary and not self._audience.is_here(writing.place):
            self._stage.run("store", writing.place.store.close)
        self._stage.board.dismiss("busy")
        self._audience.changed()
        if writing.then is not None and not writing.forgotten:
            writing.then()

    def _fail(self, writing: _Writing, problem: HomebodyError) -> None:
        """Tell that a request was not even accepted: then the words are still in the composer."""
        if writing.forgotten:
            pass
        elif writing.row is not None and not self._audience.is_here(writing.place):
            self._stage.board.tell(problem)
        elif writing.row is not None:
            # A mistake of ours in the middle of it.
            row = replace(writing.now(), live=False, problem=problem.message, hint=problem.hint)
            self._stage.view.transcript.update_row(row)
        elif isinstance(problem, StoreProblem) and not writing.place.temporary:
            self._stage.board.tell(
                problem,
                action=tr("Go on without saving"),
                do=self._audience.go_on_unsaved,
            )
        else:
            self._stage.board.tell(problem)
            if writing.first is not None and self._audience.is_here(writing.place):
                self._audience.show_again(writing.first)
        self._end(writing)
