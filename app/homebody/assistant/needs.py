"""What the assistant needs of others: somewhere to keep turns, and something that writes.

For skills also: who plans, who runs a step, and who keeps what the person allowed.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, Protocol

from homebody.messages.frames import Generate, Generated, Loaded, Piece, Progress
from homebody.messages.offers import Offer, Replacement, Scope
from homebody.messages.plans import Planned, Question, Step
from homebody.messages.providers import Provider
from homebody.messages.skills import Access, Grant, Label, Outcome, Skill, Value
from homebody.messages.turns import Attachment, Conversation, Energy, RunRecord, Turn, TurnState
from homebody.skills.running import StepProgress, StepText

__all__ = [
    "HoldsFolders",
    "Keeps",
    "KeepsGrants",
    "Measures",
    "Meters",
    "Plans",
    "Runs",
    "Writes",
]


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

    def keep_work(self, turn: str, planned: Planned | None, steps: Sequence[Step]) -> Turn:
        """Commit the plan of an open turn, and its steps so far."""

    def pause_turn(
        self, turn: str, question: Question, planned: Planned | None, steps: Sequence[Step]
    ) -> Turn:
        """Commit that an open turn waits for the person."""

    def resume_turn(self, turn: str) -> Turn:
        """Open a turn that waits; `BadInput` if it does not."""

    def offer_turn(
        self, turn: str, offer: Offer, planned: Planned | None, steps: Sequence[Step]
    ) -> Turn:
        """Commit that an open turn waits for an answer to an offer."""

    def change_offer(self, turn: str, offer: Offer) -> Turn:
        """Commit a changed offer; `BadInput` if the turn does not wait with one."""

    def agree_offer(self, turn: str, sha256: str, scope: Scope) -> Turn:
        """Commit the yes to the body with this hash and open the turn; else `BadInput`."""

    def keep_offer(self, turn: str, offer: Offer) -> Turn:
        """Commit what became of the offer of an open turn."""

    def vault(self, conversation: str) -> Sequence[Replacement]:
        """Return what stands for what in a conversation."""

    def keep_vault(self, conversation: str, replacements: Sequence[Replacement]) -> None:
        """Commit what stands for what."""

    def consented(self, conversation: str, provider: Provider) -> bool:
        """Tell whether one yes covers all of a conversation, for this address and model."""

    def stays_home(self, conversation: str) -> bool:
        """Tell whether nothing is to be offered in a conversation."""

    def stay_home(self, conversation: str) -> None:
        """Offer nothing in a conversation from now on; no yes covers all of it any more."""

    def record_skill(self, skill: str, model: str, ok: bool, ms: float | None) -> None:
        """Remember how a skill fared."""

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


class Plans(Protocol):
    """The planner; see `assistant.planner`."""

    def plan(
        self,
        request: str,
        *,
        attachments: Sequence[Attachment] = (),
        before: Sequence[Turn] = (),
    ) -> Planned:
        """Return what to do for a request; `before`: the turns above it, oldest first.

        Raises `EngineProblem` if it was stopped, and nothing else.
        """

    def stop(self) -> None:
        """Stop planning. Any thread."""


class Runs(Protocol):
    """Runs one step at a time; see `skills.running`."""

    def run(
        self, skill: Skill, args: dict[str, Value], *, label: Label
    ) -> Iterator[StepProgress | StepText | Outcome]:
        """Run a skill; the outcome comes last. Raises `SkillProblem`.

        `args` are checked and hold no references; `label` is the least trusted of theirs.
        """

    def stop(self) -> None:
        """Stop what runs. Any thread."""


class HoldsFolders(Protocol):
    """What can see files; see `skills.workshop`."""

    @property
    def locks(self) -> tuple[str, ...]:
        """The layers of `privacy.lock` that hold in it; () while it does not run."""

    def set_folders(self, grants: Sequence[Grant], places: Sequence[Path]) -> None:
        """Let it see these folders and no others; a bare name is looked up in `places`."""


class KeepsGrants(Protocol):
    """Where the folders are kept that skills were let into; see `store`."""

    def grants(self) -> list[Grant]:
        """Return them."""

    def grant(self, folder: str, access: Access) -> None:
        """Let skills into a folder from now on."""
