"""A turn while it is answered: what is written so far, and the record that is made of it."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from homebody.assistant.needs import Measures
from homebody.messages.frames import Generated, Loaded, Piece
from homebody.messages.offers import Offer
from homebody.messages.plans import Planned, Question, Step
from homebody.messages.turns import ModelName, RunRecord, Stats, Turn

if TYPE_CHECKING:
    from homebody.messages.courier import Answered

__all__ = ["Draft"]

_ENDED: Final = {"stop": "end"}
"""Why an answer from elsewhere ended: from the providers' word to ours."""
_MOST_NAMED: Final = 100
"""Ids in a record; all that a long conversation left out would be longer than the conversation."""


@dataclass
class Draft:
    """A turn while it is answered."""

    turn: Turn
    plans: bool = False
    """Whether it is to be planned, where it is not yet."""
    reply: str = ""
    reasoning: str = ""
    preface: str = ""
    """What the reply begins with, said by code, before what the model writes."""
    planned: Planned | None = None
    steps: Sequence[Step] = ()
    approved: Question | None = None
    """The question that was answered with yes."""
    may_be_unsure: bool = True
    """Whether a plan that is not sure is asked about. It is asked about once."""
    remote: str | None = None
    """The provider that the person wants to be asked first thing; "": the first one."""
    offer: Offer | None = None
    """What would leave, or left. There is one in a turn."""
    agreed: bool = False
    """Whether there was a yes to it just now: then it is sent, once."""
    home: str = ""
    """Why the model here answers although another one was wanted; said before it does."""
    answered: "Answered | None" = None
    """The last word of who was asked elsewhere."""
    elsewhere: str = ""
    """Who wrote the reply, or a part of it: "MODEL at HOST"."""
    bytes_sent: int = 0
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

    @property
    def begun(self) -> str:
        """What the model wrote of the reply so far."""
        return self.reply.removeprefix(self.preface)

    def add(self, piece: Piece) -> None:
        """Take what the model wrote."""
        self.write(piece.text, reasoning=piece.reasoning)

    def write(self, text: str, *, reasoning: bool = False) -> None:
        """Add to the reply, or to the reasoning before it."""
        if self.first is None:
            self.first = time.perf_counter()
        if reasoning:
            self.reasoning += text
        else:
            self.reply += text

    def record(
        self, done: Generated | None, model: Callable[[Loaded | None], ModelName]
    ) -> RunRecord | None:
        """Return what is known about the turn now; None where no model was ever asked."""
        run = self.turn.run
        if run is None:
            if self.planned is None and self.offer is None:
                return None
            # Done by skills alone, or elsewhere: nobody waited for the model that chats.
            run = RunRecord(model=model(None))
        run = replace(
            self.without_dropped(run), elsewhere=self.elsewhere, bytes_sent=self.bytes_sent
        )
        moment = time.perf_counter()
        energy = self.energy.so_far(self.devices) if self.energy is not None else None
        stats = Stats(
            energy_joules=energy.joules if energy is not None else None,
            energy_of=energy.of if energy is not None else (),
            ttft_ms=None if self.first is None else (self.first - self.started) * 1e3,
            total_ms=(moment - self.started) * 1e3,
        )
        if done is None:
            return self._by_other(replace(run, stats=stats))
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

    def _by_other(self, run: RunRecord) -> RunRecord:
        """Return a record with what is known of an answer from elsewhere, if there is one."""
        last = self.answered
        if last is None:
            return run
        stats = replace(
            run.stats, prompt_tokens=last.prompt_tokens, generated_tokens=last.reply_tokens
        )
        return replace(run, stop=_ENDED.get(last.finish or "stop", last.finish), stats=stats)

    def without_dropped(self, run: RunRecord) -> RunRecord:
        """Return a record that says what was left out, naming only the newest of it."""
        before = max(len(self.dropped) - _MOST_NAMED, 0)
        return replace(run, dropped=self.dropped[before:], dropped_before=before)
