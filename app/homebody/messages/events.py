"""What happens during a turn, in the order in which it happens.

`assistant.run` yields them: one `Accepted`, any number of `Waiting`, `Thought`, `Stepped`,
`Sending`, `Written` and `Saved`, then exactly one of `Done`, `Paused` and `Stumbled`.
"""

from typing import Literal

from msgspec import Struct

from homebody.messages.offers import Offer
from homebody.messages.plans import Planned, Question, Step
from homebody.messages.turns import Turn

__all__ = [
    "Accepted",
    "Done",
    "Left",
    "Paused",
    "Saved",
    "Sending",
    "Stepped",
    "Stumbled",
    "Thought",
    "TurnEvent",
    "Waiting",
    "Written",
]


class Accepted(Struct, frozen=True, tag="accepted"):
    """The request is on the disk; nothing that happens now can lose it."""

    turn: Turn
    saved: bool = True
    """False in a temporary chat, which is never written."""


class Waiting(Struct, frozen=True, tag="waiting"):
    """Nothing to read yet: the model is loading, or reads the conversation. `done`: 0 to 1."""

    what: Literal["load", "read", "plan"]
    done: float


class Left(Struct, frozen=True, tag="left"):
    """These turns did not fit the context and were left out of what the model sees."""

    dropped: tuple[str, ...]


class Thought(Struct, frozen=True, tag="thought"):
    """There is a plan."""

    planned: Planned


class Stepped(Struct, frozen=True, tag="stepped"):
    """A step of the plan began, ended, waits, or has come `done` (0 to 1) far."""

    index: int
    """From 0."""
    step: Step
    done: float | None = None


class Sending(Struct, frozen=True, tag="sending"):
    """There was a yes, now or before: the body of this offer leaves. What is written comes back."""

    offer: Offer


class Written(Struct, frozen=True, tag="written"):
    """More of the reply, or of the reasoning before it."""

    text: str
    reasoning: bool = False


class Saved(Struct, frozen=True, tag="saved"):
    """The reply so far was written down, or could not be: then `problem` says why."""

    characters: int
    problem: str = ""


class Done(Struct, frozen=True, tag="done"):
    """The turn ended as it should, or was stopped by the person."""

    turn: Turn
    problem: str = ""
    """Set where the reply is complete but could not be saved."""


class Paused(Struct, frozen=True, tag="paused"):
    """The turn waits for the person, for an answer to `turn.waiting` or `turn.offer`.

    It survives a restart.
    """

    turn: Turn
    question: Question | None
    """None where there is an offer."""
    problem: str = ""
    """Set where this could not be saved."""


class Stumbled(Struct, frozen=True, tag="stumbled"):
    """The turn could not be finished. What was written is kept in `turn`."""

    turn: Turn
    message: str
    hint: str = ""
    resumable: bool = False
    """True where the reply can be taken up where it broke off."""


TurnEvent = (
    Accepted
    | Waiting
    | Left
    | Thought
    | Stepped
    | Sending
    | Written
    | Saved
    | Done
    | Paused
    | Stumbled
)
