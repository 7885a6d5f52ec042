"""A turn, from request to reply.

`Assistant.run` is a generator of events: nothing in it knows a screen, and whoever iterates it
chooses the thread. The order that nothing may change: the request is committed before the model
sees it; the reply is committed at least every half second while it is written; whatever happens,
the turn ends with what was written in the store.
"""

import itertools
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from msgspec.structs import replace

from homebody.assistant.context import Context
from homebody.assistant.needs import Keeps, Measures, Meters, Writes
from homebody.assistant.titles import title_for
from homebody.base.clock import now
from homebody.base.errors import (
    BadInput,
    EngineDied,
    EngineProblem,
    HomebodyError,
)
from homebody.base.log import log
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
from homebody.messages.frames import (
    Adapter,
    Generate,
    Generated,
    Loaded,
    Piece,
    Progress,
    Sampling,
)
from homebody.messages.turns import (
    Attachment,
    Foreseen,
    ModelName,
    RunRecord,
    Stats,
    Turn,
    TurnState,
)

__all__ = ["CHECKPOINT_SECONDS", "Assistant"]

CHECKPOINT_SECONDS = 0.4
_ATTEMPTS = 2
"""A turn that failed before there was a word of reply is tried once more."""
_MOST_NAMED = 100
"""Ids in a record; all that a long conversation left out would be longer than the conversation."""


@dataclass
class _Draft:
    """A reply while it is written."""

    turn: Turn
    reply: str = ""
    reasoning: str = ""
    dropped: tuple[str, ...] = ()
    started: float = field(default_factory=time.perf_counter)
    first: float | None = None
    saved_at: float = field(default_factory=time.perf_counter)
    saved_length: int = 0
    loaded: bool = False
    devices: tuple[str, ...] = ()
    """The GPUs that compute it."""
    energy: Measures | None = None
    trouble: str = ""


def _without(run: RunRecord, dropped: tuple[str, ...]) -> RunRecord:
    """Return a record that says what was left out, naming only the newest of it."""
    before = max(len(dropped) - _MOST_NAMED, 0)
    return replace(run, dropped=dropped[before:], dropped_before=before)


def _kind(problem: HomebodyError) -> str:
    return getattr(problem, "kind", "")


class Assistant:
    """Answers requests, one at a time. `stop` may be called from any thread."""

    def __init__(
        self,
        store: Keeps,
        engine: Writes,
        *,
        sampling: Sampling | None = None,
        system: str = "",
        max_tokens: int = 0,
        model: Callable[[Loaded], ModelName] = lambda loaded: ModelName(loaded.name),
        meter: Meters | None = None,
        adapters: tuple[Adapter, ...] = (),
        template: str = "",
    ) -> None:
        self._store, self._engine = store, engine
        self._sampling = sampling or Sampling()
        self._max_tokens = max_tokens
        self._adapters, self._template = adapters, template
        self._model, self._meter = model, meter
        self._context = Context(engine, system)
        self._stopping = threading.Event()
        self._ended = 0
        """How many turns were closed here."""
        self._history: tuple[tuple[str, str, int], list[Turn]] | None = None

    def stop(self) -> None:
        """Stop the turn that is running; what is written so far stays."""
        self._stopping.set()
        self._engine.stop()

    def run(
        self,
        conversation: str,
        request: str,
        *,
        parent: str | None,
        attachments: Sequence[Attachment] = (),
    ) -> Generator[TurnEvent]:
        """Answer `request`, and the files with it, after the turn `parent` (None: as a first turn).

        Raises `BadInput` or `StoreProblem` if the request could not even be accepted: then nothing
        was kept, and the caller still has the words.
        """
        if not request.strip():
            raise BadInput("There is nothing to answer: the message is empty.", "Write something.")
        self._stopping.clear()
        draft = _Draft(self._store.begin_turn(conversation, request, parent, attachments))
        # A title is not worth failing for: the request is safe, and the next turn tries again.
        with suppress(HomebodyError):
            if not self._store.conversation(conversation).title:
                self._store.rename(conversation, title_for(request), by="app")
        yield from self._answer(draft)

    def resume(self, turn: str) -> Generator[TurnEvent]:
        """Take up a turn whose reply was broken off, and go on where it ends."""
        self._stopping.clear()
        reopened = self._store.reopen_turn(turn)
        yield from self._answer(
            _Draft(reopened, reply=reopened.reply, reasoning=reopened.reasoning)
        )

    def foresee(
        self,
        conversation: str | None,
        request: str,
        *,
        parent: str | None,
        attachments: Sequence[Attachment] = (),
    ) -> Foreseen | None:
        """Return what the next prompt would be; None while that cannot be told: no model is ready.

        For a new chat `conversation` is None. May be called from any thread, also beside a `run`;
        there it waits until the engine has time, but never for a model. Raises `BadInput` and
        `StoreProblem`, and `EngineProblem` of kind `overflow` if the request alone does not fit.
        """
        loaded = self._engine.loaded
        if loaded is None:
            return None
        history = self._remembered(conversation, parent)
        try:
            fitted = self._context.fit(history, request, loaded.context, attachments=attachments)
        except EngineProblem as problem:
            if problem.kind == "overflow":
                raise
            return None
        return Foreseen(fitted.tokens, loaded.context, fitted.dropped)

    def _remembered(self, conversation: str | None, parent: str | None) -> Sequence[Turn]:
        """Return the turns down to `parent`, read once as long as nothing was answered since."""
        if conversation is None or parent is None:
            return ()
        # Asked for before reading: what is read while a turn ends is read again next time.
        wanted = (conversation, parent, self._ended)
        known = self._history
        if known is None or known[0] != wanted:
            known = self._history = (wanted, self._store.branch(conversation, parent))
        return known[1]

    # ------------------------------------------------------------------ answering

    def _answer(self, draft: _Draft) -> Generator[TurnEvent]:
        ending: TurnEvent | None = None
        try:
            yield Accepted(draft.turn, saved=self._store.on_disk)
            # What kept the model from being loaded may be mended by now: a file, memory, a card.
            self._engine.retry()
            for attempt in range(_ATTEMPTS):
                try:
                    done = yield from self._write(draft)
                except HomebodyError as problem:
                    if self._stopping.is_set() or _kind(problem) == "stopped":
                        ending = self._end(draft, "stopped")
                    elif attempt + 1 < _ATTEMPTS and self._worth_repeating(problem, draft):
                        continue
                    else:
                        ending = self._stumble(draft, problem)
                else:
                    ending = self._end(draft, "done", done)
                break
        finally:
            # The caller went away, or a bug: what was written is kept all the same.
            if ending is None:
                self._end(draft, "stopped")
        assert ending is not None
        yield ending

    def _worth_repeating(self, problem: HomebodyError, draft: _Draft) -> bool:
        if draft.first is not None:
            return False
        died, changed = isinstance(problem, EngineDied), _kind(problem) == "model_changed"
        if changed or (died and not draft.loaded):
            # Dead before it was ever ready: it was given up after several crashes. It is started
            # again because a person asks, and not otherwise.
            self._engine.reload()
        return died or changed

    def _write(self, draft: _Draft) -> Generator[TurnEvent, None, Generated]:
        """Yield the reply as it comes; return the engine's last word on it."""
        for progress in self._engine.loading():
            self._heed_stop()
            yield Waiting("load", progress)
        loaded = self._engine.wait_loaded()
        draft.loaded = True
        draft.devices = loaded.devices if loaded.gpu_layers else ()
        if self._meter is not None and draft.energy is None:
            draft.energy = self._meter.begin()
        draft.turn = replace(
            draft.turn, run=_without(RunRecord(model=self._model(loaded)), draft.dropped)
        )
        history = self._store.branch(draft.turn.conversation, draft.turn.parent)
        history = history if draft.turn.parent else []
        for more in itertools.count():
            fitted = self._context.fit(
                history,
                draft.turn.request,
                loaded.context,
                drop_more=more,
                attachments=draft.turn.attachments,
            )
            if fitted.dropped != draft.dropped:
                draft.dropped = fitted.dropped
                yield Left(fitted.dropped)
            request = Generate(
                id=0,
                messages=fitted.messages,
                begin=draft.reply,
                sampling=self._sampling,
                max_tokens=self._max_tokens,
                adapters=self._adapters,
                template=self._template,
            )
            try:
                return (yield from self._stream(draft, request))
            except EngineProblem as problem:
                # The estimate was too low; the engine counts exactly.
                if problem.kind != "overflow" or not fitted.kept:
                    raise
        raise AssertionError

    def _heed_stop(self) -> None:
        if self._stopping.is_set():
            raise EngineProblem("Stopped.", kind="stopped")

    def _stream(self, draft: _Draft, request: Generate) -> Generator[TurnEvent, None, Generated]:
        self._heed_stop()
        for answer in self._engine.generate(request):
            if isinstance(answer, Generated):
                return answer
            if self._stopping.is_set():
                # Said again: the first time may have been a moment before the request was sent.
                self._engine.stop()
            if isinstance(answer, Progress):
                yield Waiting("read", answer.done)
            elif answer.text:
                yield self._written(draft, answer)
            if time.perf_counter() - draft.saved_at >= CHECKPOINT_SECONDS:
                yield from self._checkpoint(draft)
        raise EngineProblem("The engine ended its answer without saying so.")

    def _written(self, draft: _Draft, piece: Piece) -> Written:
        if draft.first is None:
            draft.first = time.perf_counter()
        if piece.reasoning:
            draft.reasoning += piece.text
        else:
            draft.reply += piece.text
        return Written(piece.text, piece.reasoning)

    # ------------------------------------------------------------------ keeping

    def _checkpoint(self, draft: _Draft) -> Iterator[TurnEvent]:
        draft.saved_at = time.perf_counter()
        length = len(draft.reply) + len(draft.reasoning)
        if length == draft.saved_length:
            return
        try:
            self._store.checkpoint(draft.turn.id, draft.reply, draft.reasoning)
        except HomebodyError as problem:
            # Said once; every later checkpoint tries again.
            if problem.message != draft.trouble:
                draft.trouble = problem.message
                yield Saved(draft.saved_length, problem.message)
        else:
            draft.saved_length, draft.trouble = length, ""
            yield Saved(length)

    def _end(self, draft: _Draft, state: TurnState, done: Generated | None = None) -> Done:
        if done is not None and done.stop == "stopped":
            state = "stopped"
        turn, problem = self._close(draft, state, done)
        return Done(turn, problem)

    def _stumble(self, draft: _Draft, problem: HomebodyError) -> Stumbled:
        turn, trouble = self._close(draft, "failed", problem=problem.message)
        hint = f"{problem.hint} {trouble}".strip()
        resumable = bool(draft.reply) and _kind(problem) in {"died", "engine"}
        return Stumbled(turn, problem.message, hint, resumable=resumable)

    def _close(
        self,
        draft: _Draft,
        state: TurnState,
        done: Generated | None = None,
        problem: str = "",
    ) -> tuple[Turn, str]:
        """Commit the end of a turn; return it, and what kept it from being committed."""
        run = self._record(draft, done)
        log.info(
            "turn ended: %s, %s tokens",
            state,
            done.generated_tokens if done is not None else "unknown",
        )
        try:
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
            )
            return turn, f"{trouble.message} {trouble.hint}".strip()
        finally:
            # What `foresee` remembers stands before a turn that has just changed.
            self._ended += 1
        return turn, ""

    def _record(self, draft: _Draft, done: Generated | None) -> RunRecord | None:
        if draft.turn.run is None:
            return None
        run = _without(draft.turn.run, draft.dropped)
        moment = time.perf_counter()
        energy = draft.energy.so_far(draft.devices) if draft.energy is not None else None
        stats = Stats(
            energy_joules=energy.joules if energy is not None else None,
            energy_of=energy.of if energy is not None else (),
            ttft_ms=None if draft.first is None else (draft.first - draft.started) * 1e3,
            total_ms=(moment - draft.started) * 1e3,
        )
        if done is None:
            return replace(run, stats=stats)
        seconds = done.write_ms / 1e3
        return replace(
            run,
            seed=done.seed,
            stop=done.stop,
            stats=replace(
                stats,
                prompt_tokens=done.prompt_tokens,
                evaluated_tokens=done.evaluated_tokens,
                generated_tokens=done.generated_tokens,
                tokens_per_second=done.generated_tokens / seconds if seconds > 0 else None,
                peak_memory_bytes=done.peak_memory_bytes,
                mean_logprob=done.mean_logprob,
            ),
        )
