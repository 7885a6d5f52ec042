"""Conversations, turns, and the facts about a turn.

A conversation is a tree of turns: editing or regenerating makes a sibling, never an overwrite. A
turn is one request and all that answers it.
"""

import re
from datetime import datetime
from typing import Final, Literal

from msgspec import Struct

from homebody.messages.offers import Offer
from homebody.messages.plans import Planned, Question, Step

__all__ = [
    "MATCH_BEGINS",
    "MATCH_ENDS",
    "Attachment",
    "Conversation",
    "Energy",
    "EnergyCounter",
    "Foreseen",
    "ModelName",
    "RunRecord",
    "SearchHit",
    "ShownTurn",
    "Stats",
    "Turn",
    "TurnState",
]

_TICKS = re.compile("`+")

MATCH_BEGINS: Final = "\ue000"
MATCH_ENDS: Final = "\ue001"

TurnState = Literal[
    "open",  # being answered right now
    "waiting",  # the person is asked something before it goes on; see `waiting`
    "done",  # answered
    "stopped",  # the person stopped the reply; what was written is kept
    "failed",  # it could not be answered; `problem` says why, what was written is kept
    "interrupted",  # the app ended while it was being answered
]


class Attachment(Struct, frozen=True):
    """A text file that goes with a request, as it was when it was attached."""

    name: str
    text: str

    @property
    def fenced(self) -> str:
        """The text as a fenced block of Markdown, whose fence is longer than any inside."""
        longest = max((len(run) for run in _TICKS.findall(self.text)), default=0)
        fence = "`" * max(3, longest + 1)
        end = "" if self.text.endswith("\n") or not self.text else "\n"
        return f"{fence}\n{self.text}{end}{fence}"


class ModelName(Struct, frozen=True):
    """Which model; `sha256` of its file is None until it was computed."""

    name: str
    sha256: str | None = None


EnergyCounter = Literal["GPU", "processor"]
"""What counts the energy that it takes: the graphics cards that compute, the processor."""


class Energy(Struct, frozen=True):
    """Measured energy, and by which counters; what these do not count is not in it."""

    joules: float
    of: tuple[EnergyCounter, ...]


class Stats(Struct, frozen=True, kw_only=True):
    """Measured facts. None means that nobody knows; there are no guesses."""

    prompt_tokens: int | None = None
    evaluated_tokens: int | None = None
    generated_tokens: int | None = None
    ttft_ms: float | None = None
    """From the committed request to the first text at the front end."""
    total_ms: float | None = None
    tokens_per_second: float | None = None
    peak_memory_bytes: int | None = None
    energy_joules: float | None = None
    """From when planning began, or else the model was ready, to the end of the reply, by the
    counters in `energy_of`."""
    energy_of: tuple[EnergyCounter, ...] = ()
    mean_logprob: float | None = None


class RunRecord(Struct, frozen=True, kw_only=True):
    """How a turn was answered, one click away."""

    model: ModelName
    seed: int | None = None
    stop: str | None = None
    """Why the reply ended: end, length, stop_string, context or stopped."""
    dropped: tuple[str, ...] = ()
    """Ids of the turns above this one that did not fit the context and were left out.

    Oldest first, and only the newest of them: see `dropped_before`.
    """
    dropped_before: int = 0
    """How many turns were left out before those; naming all would make each record longer."""
    stats: Stats = Stats()
    bytes_sent: int = 0
    """Bytes that left this machine for this turn."""
    elsewhere: str = ""
    """Who wrote the reply, or a part of it, where that was not the model here: "MODEL at HOST"."""


class Turn(Struct, frozen=True, kw_only=True):
    """One request and what answers it. `parent` is the turn before it, None for the first."""

    id: str
    conversation: str
    parent: str | None
    request: str
    attachments: tuple[Attachment, ...] = ()
    reply: str = ""
    reasoning: str = ""
    state: TurnState = "open"
    created: datetime
    ended: datetime | None = None
    problem: str = ""
    """For a failed turn, what happened, in a sentence."""
    run: RunRecord | None = None
    planned: Planned | None = None
    """None where nobody planned: skills are off, or there is no planner."""
    steps: tuple[Step, ...] = ()
    waiting: Question | None = None
    """What the person is asked; only in a turn that waits, and not for an answer to `offer`."""
    offer: Offer | None = None
    """What would leave, or left; a turn that waits for an answer to it has no `waiting`."""


class ShownTurn(Struct, frozen=True):
    """A turn on the branch that is shown, and where it stands among its versions."""

    turn: Turn
    place: int
    """Which of the versions with the same parent it is, oldest first, from 1."""
    versions: int


class Foreseen(Struct, frozen=True):
    """What the next prompt would be."""

    tokens: int
    """What it would take: the system's text, the turns that are kept, the request."""
    size: int
    """Tokens that the model's context holds, the reply included."""
    dropped: tuple[str, ...] = ()
    """Ids of the earlier turns that would be left out, oldest first."""


class Conversation(Struct, frozen=True, kw_only=True):
    """A conversation without its turns."""

    id: str
    title: str = ""
    titled_by: Literal["nobody", "app", "person"] = "nobody"
    created: datetime
    changed: datetime
    """When its last turn began; lists are ordered by it."""
    pinned: bool = False
    archived: bool = False
    deleted: datetime | None = None
    """In the bin since then; erased for good 30 days later."""
    head: str | None = None
    """The last turn of the branch that is shown."""
    draft: str = ""
    """Words typed and not sent."""


class SearchHit(Struct, frozen=True, kw_only=True):
    """A turn or a title. In `snippet` matches stand between `MATCH_BEGINS` and `MATCH_ENDS`."""

    conversation: Conversation
    turn: str | None
    snippet: str
