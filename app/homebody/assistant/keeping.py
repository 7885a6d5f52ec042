"""Writing down a turn while it is answered, and how it ends. Nothing of it lives in memory alone.

What cannot be written is said once, and tried again at the next checkpoint.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Final

from msgspec.structs import replace

from homebody.assistant.decisions import stopped
from homebody.assistant.draft import Draft
from homebody.assistant.needs import Keeps
from homebody.base.clock import now
from homebody.base.errors import HomebodyError
from homebody.base.log import log
from homebody.messages.events import Done, Paused, Saved, Stumbled, TurnEvent
from homebody.messages.frames import Generated, Loaded
from homebody.messages.offers import Offer
from homebody.messages.plans import Question
from homebody.messages.turns import ModelName, Turn, TurnState

__all__ = ["CHECKPOINT_SECONDS", "Keeping"]

CHECKPOINT_SECONDS: Final = 0.4


class Keeping:
    """Keeps turns in a store. `ended` is called whenever one was closed or waits."""

    def __init__(
        self,
        store: Keeps,
        model: Callable[[Loaded | None], ModelName],
        ended: Callable[[str], None],
    ) -> None:
        self._store, self._model, self._ended = store, model, ended

    def if_due(self, draft: Draft) -> Iterator[TurnEvent]:
        """Commit the reply so far, where that was not done for a while."""
        if time.perf_counter() - draft.saved_at < CHECKPOINT_SECONDS:
            return
        draft.saved_at = time.perf_counter()
        length = len(draft.reply) + len(draft.reasoning)
        if length == draft.saved_length:
            return
        try:
            self._store.checkpoint(draft.turn.id, draft.reply, draft.reasoning)
        except HomebodyError as problem:
            if problem.message != draft.trouble:
                yield self.not_saved(draft, problem)
        else:
            draft.saved_length, draft.trouble = length, ""
            yield Saved(length)

    @staticmethod
    def not_saved(draft: Draft, problem: HomebodyError) -> Saved:
        """Return what says that something could not be written."""
        draft.trouble = problem.message
        return Saved(draft.saved_length, problem.message)

    def pause(self, draft: Draft, asked: Question | Offer) -> TurnEvent:
        """Commit that a turn waits for the person."""
        with suppress(HomebodyError):
            # So that what was told so far is read while it waits.
            self._store.checkpoint(draft.turn.id, draft.reply, draft.reasoning)
        name = draft.turn.id
        try:
            if isinstance(asked, Offer):
                turn = self._store.offer_turn(name, asked, draft.planned, draft.steps)
            else:
                turn = self._store.pause_turn(name, asked, draft.planned, draft.steps)
        except HomebodyError as problem:
            return self.stumble(draft, problem)
        self._ended("")
        return Paused(turn, None if isinstance(asked, Offer) else asked)

    def end(self, draft: Draft, state: TurnState, done: Generated | None = None) -> Done:
        """Commit the end of a turn."""
        if done is not None and done.stop == "stopped":
            state = "stopped"
        turn, problem = self._close(draft, state, done)
        return Done(turn, problem)

    def stumble(self, draft: Draft, problem: HomebodyError) -> Stumbled:
        """Commit that a turn could not be finished, and why."""
        turn, trouble = self._close(draft, "failed", problem=problem.message)
        hint = f"{problem.hint} {trouble}".strip()
        resumable = bool(draft.reply) and getattr(problem, "kind", "") in {"died", "engine"}
        return Stumbled(turn, problem.message, hint, resumable=resumable)

    def _close(
        self,
        draft: Draft,
        state: TurnState,
        done: Generated | None = None,
        problem: str = "",
    ) -> tuple[Turn, str]:
        """Commit the end of a turn; return it, and what kept it from being committed."""
        run = draft.record(done, self._model)
        log.info(
            "turn ended: %s, %s tokens",
            state,
            done.generated_tokens if done is not None else "unknown",
        )
        try:
            if draft.planned is not None:
                if state == "stopped":
                    draft.steps = stopped(draft.steps)
                # If that cannot be done, neither can the turn be ended, and that is said.
                with suppress(HomebodyError):
                    self._store.keep_work(draft.turn.id, draft.planned, draft.steps)
            turn = self._store.end_turn(
                draft.turn.id,
                state=state,
                reply=draft.reply,
                reasoning=draft.reasoning,
                problem=problem,
                run=run,
            )
        except HomebodyError as trouble:
            turn = replace(
                draft.turn,
                state=state,
                reply=draft.reply,
                reasoning=draft.reasoning,
                ended=now(),
                problem=problem,
                run=run,
                planned=draft.planned,
                steps=tuple(draft.steps),
                offer=draft.offer,
            )
            return turn, f"{trouble.message} {trouble.hint}".strip()
        finally:
            self._ended(draft.turn.id)
        return turn, ""
