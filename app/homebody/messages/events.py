"""What happens during a turn, in the order in which it happens.

`assistant.run` yields them: one `Accepted`, any number of `Waiting`, `Written` and `Saved`, then
exactly one of `Done` and `Stumbled`.
"""

from typing import Literal

from msgspec import Struct

from homebody.messages.turns import Turn

__all__ = ["Accepted", "Done", "Left", "Saved", "Stumbled", "TurnEvent", "Waiting", "Written"]


class Accepted(Struct, frozen=True, tag="accepted"):
    """The request is on the disk; nothing that happens now can lose it."""

    turn: Turn
    saved: bool = True
    """False in a temporary chat, which is never written."""


class Waiting(Struct, frozen=True, tag="waiting"):
    """Nothing to read yet: the model is loading, or reads the conversation. `done`: 0 to 1."""

    what: Literal["load", "read"]
    done: float


class Left(Struct, frozen=True, tag="left"):
    """These turns did not fit the context and were left out of what the model sees."""

    dropped: tuple[str, ...]


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


class Stumbled(Struct, frozen=True, tag="stumbled"):
    """The turn could not be finished. What was written is kept in `turn`."""

    turn: Turn
    message: str
    hint: str = ""
    resumable: bool = False
    """True where the reply can be taken up where it broke off."""


TurnEvent = Accepted | Waiting | Left | Written | Saved | Done | Stumbled
