"""The model here writes a reply: the conversation fitted into its context, words as they come."""

import itertools
from collections.abc import Callable, Generator
from threading import Event

from msgspec.structs import replace

from homebody.assistant.context import Context
from homebody.assistant.draft import Draft
from homebody.assistant.keeping import Keeping
from homebody.assistant.needs import Keeps, Meters, Writes
from homebody.base.errors import EngineProblem
from homebody.messages.events import Left, TurnEvent, Waiting, Written
from homebody.messages.frames import Adapter, Generate, Generated, Loaded, Progress, Sampling
from homebody.messages.turns import ModelName, RunRecord

__all__ = ["Writing"]


class Writing:
    """Has the engine write, as one assistant was set up."""

    def __init__(
        self,
        store: Keeps,
        engine: Writes,
        keeping: Keeping,
        context: Context,
        *,
        stopping: Event,
        sampling: Sampling,
        max_tokens: int,
        adapters: tuple[Adapter, ...],
        template: str,
        model: Callable[[Loaded | None], ModelName],
        meter: Meters | None,
    ) -> None:
        """`stopping` is set where the person wants it to end."""
        self._store, self._engine, self._keeping = store, engine, keeping
        self._context, self._stopping = context, stopping
        self._sampling, self._max_tokens = sampling, max_tokens
        self._adapters, self._template = adapters, template
        self._model, self._meter = model, meter

    def write(self, draft: Draft) -> Generator[TurnEvent, None, Generated]:
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
            draft.turn, run=draft.without_dropped(RunRecord(model=self._model(loaded)))
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
                begin=draft.begun,
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

    def _stream(self, draft: Draft, request: Generate) -> Generator[TurnEvent, None, Generated]:
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
                draft.add(answer)
                yield Written(answer.text, answer.reasoning)
            yield from self._keeping.if_due(draft)
        raise EngineProblem("The engine ended its answer without saying so.")
