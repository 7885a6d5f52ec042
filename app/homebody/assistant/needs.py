"""What the assistant needs of others: somewhere to keep turns, and something that writes."""

from collections.abc import Iterator, Sequence
from typing import Literal, Protocol

from homebody.messages.frames import Generate, Generated, Loaded, Piece, Progress
from homebody.messages.turns import Attachment, Conversation, Energy, RunRecord, Turn, TurnState

__all__ = ["Keeps", "Measures", "Meters", "Writes"]


class Keeps(Protocol):
    """The store, as far as the assistant knows it. Raises `StoreProblem`."""

    @property
    def on_disk(self) -> bool:
        """False for a temporary chat."""

    def conversation(self, id: str) -> Conversation:  # noqa: A002
        """Return a conversation."""

    def rename(self, id: str, title: str, by: Literal["app", "person"] = "person") -> None:  # noqa: A002
        """Give a conversation its title."""

    def begin_turn(
        self,
        conversation: str,
        request: str,
        parent: str | None,
        attachments: Sequence[Attachment] = (),
    ) -> Turn:
        """Commit a request."""

    def reopen_turn(self, turn: str) -> Turn:
        """Take up a turn that was not finished."""

    def checkpoint(self, turn: str, reply: str, reasoning: str) -> None:
        """Commit what is written so far."""

    def end_turn(
        self,
        turn: str,
        *,
        state: TurnState,
        reply: str,
        reasoning: str,
        problem: str = "",
        run: RunRecord | None = None,
    ) -> Turn:
        """Commit the end of a turn."""

    def turn(self, id: str) -> Turn:  # noqa: A002
        """Return a turn."""

    def branch(self, conversation: str, leaf: str | None = None) -> list[Turn]:
        """Return the turns from the first to `leaf`."""


class Writes(Protocol):
    """The engine, as far as the assistant knows it. Raises `EngineProblem`."""

    @property
    def loaded(self) -> Loaded | None:
        """What is loaded now, without waiting for it."""

    def loading(self) -> Iterator[float]:
        """Yield progress until the model is ready."""

    def wait_loaded(self) -> Loaded:
        """Return what is loaded."""

    def reload(self) -> None:
        """Load the file again."""

    def retry(self) -> None:
        """Load the file again if it could not be loaded."""

    def generate(self, request: Generate) -> Iterator[Progress | Piece | Generated]:
        """Write a reply."""

    def count(self, texts: Sequence[str]) -> tuple[int, ...]:
        """Count tokens."""

    def stop(self) -> None:
        """Stop what is being written."""


class Measures(Protocol):
    """A measurement of energy that has begun."""

    def so_far(self, devices: Sequence[str]) -> Energy | None:
        """Return what was taken since the beginning; `devices` are the GPUs that computed."""


class Meters(Protocol):
    """Measures energy; see `machine.energy`. Never raises."""

    def begin(self) -> Measures:
        """Begin to measure."""
