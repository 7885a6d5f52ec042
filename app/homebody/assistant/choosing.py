"""Which planner plans, by what was measured.

Only the expert was measured so far (docs/benchmarks.md), so it plans whichever model chats. A model
that does better by its own prompt is named here once that is measured on the hand-made requests.
Where the expert is missing, a model that is not tiny plans: the starter model, asked by a prompt,
chose the same skill for whatever was asked.
"""

from collections.abc import Sequence
from typing import Final

from homebody.assistant.needs import Writes
from homebody.assistant.planner import NOBODY, Plans
from homebody.messages.plans import Planned
from homebody.messages.turns import Attachment, Turn

__all__ = ["PLANS_FROM", "PLANS_WELL", "ChosenPlanner", "choose_planner"]

PLANS_WELL: Final[frozenset[str]] = frozenset()
"""Keys of the catalogue's models that planned better than the expert."""
PLANS_FROM: Final = 1_000_000_000
"""Parameters of the smallest model that plans in the expert's place."""


def choose_planner(
    expert: Plans | None, in_context: Plans | None, *, model: str, parameters: int | None
) -> Plans | None:
    """Return what plans, or None: then no skill is used.

    `model` and `parameters` are those of the model that chats, which `in_context` would ask.
    """
    if in_context is not None and model in PLANS_WELL:
        return in_context
    if expert is not None:
        return expert
    return in_context if parameters is not None and parameters >= PLANS_FROM else None


class ChosenPlanner:
    """Whoever plans best while `model` chats; see `planner.Plans`."""

    def __init__(
        self, expert: Plans | None, in_context: Plans, engine: Writes, *, model: str
    ) -> None:
        """`engine` is the one that chats, which `in_context` asks; `model` is its model's key."""
        self._expert, self._in_context = expert, in_context
        self._engine, self._model = engine, model

    @property
    def ready(self) -> bool:
        """Say whether a plan could be made at once."""
        chosen = self._chosen()
        return chosen is not None and chosen.ready

    def plan(
        self, request: str, *, attachments: Sequence[Attachment] = (), before: Sequence[Turn] = ()
    ) -> Planned:
        """Return a plan; see `Plans`."""
        chosen = self._chosen()
        if chosen is None:
            return NOBODY
        return chosen.plan(request, attachments=attachments, before=before)

    def stop(self) -> None:
        """Give up the plan that is being made."""
        chosen = self._chosen()
        if chosen is not None:
            chosen.stop()

    def _chosen(self) -> Plans | None:
        loaded = self._engine.loaded
        return choose_planner(
            self._expert,
            self._in_context,
            model=self._model,
            parameters=loaded.parameters if loaded is not None else None,
        )
