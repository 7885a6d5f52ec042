"""Having a model write a plan: what it sees, the engine's answer, and giving up in time."""

import threading
import time
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Final

from homebody.assistant.needs import Writes
from homebody.assistant.passages import Seen, see
from homebody.assistant.plan_lines import PlanInvalid, Skills, write_line
from homebody.base.errors import EngineDied, EngineProblem
from homebody.messages.frames import Generate, Generated, Piece, TokenLikelihood
from homebody.messages.plans import AskPlan, SkillsPlan
from homebody.messages.turns import Attachment, Turn

__all__ = ["PlanWriter", "Written", "look"]

_TRIES: Final = 2
"""An engine that died is started again by its keeper; a second death is not waited for."""


def look(
    request: str, attachments: Sequence[Attachment], before: Sequence[Turn], skills: Skills
) -> Seen:
    """Return what a planner sees of a request after these turns, the oldest first."""
    if not before:
        return see(request, attachments=attachments)
    earlier = before[-1]
    last = ""
    if earlier.planned is not None and isinstance(earlier.planned.plan, (SkillsPlan, AskPlan)):
        try:
            last = write_line(earlier.planned.plan, skills)
        except PlanInvalid:
            # A skill of the person's own that is gone meanwhile.
            last = ""
    return see(request, attachments=attachments, has_reply=bool(earlier.reply), last=last)


@dataclass(frozen=True)
class Written:
    """What a model wrote, and how likely each token was."""

    text: str
    tokens: tuple[TokenLikelihood, ...]


class PlanWriter:
    """Has an engine write plans, one at a time; `stop` gives one up, from any thread."""

    def __init__(self, engine: Writes, seconds: float) -> None:
        """`seconds`: how long the writing of a plan may take before it is given up."""
        self._engine, self._seconds = engine, seconds
        self._stopped = threading.Event()

    @property
    def ready(self) -> bool:
        """Say whether the model is loaded."""
        return self._engine.loaded is not None

    def stop(self) -> None:
        """Give up the plan that is being written."""
        self._stopped.set()
        self._engine.stop()

    def begin(self) -> None:
        """Forget an earlier stop: what is asked for from now on is wanted."""
        self._stopped.clear()

    def write(self, request: Generate) -> Written:
        """Return what the model writes. Raises `PlanInvalid` where it does not come to an end.

        Raises `EngineProblem` too, of kind "stopped" after `stop`.
        """
        for attempt in range(1, _TRIES + 1):
            try:
                return self._write(request)
            except EngineDied:
                if attempt == _TRIES or self._stopped.is_set():
                    raise
        raise AssertionError  # the loop returns or raises

    def _write(self, request: Generate) -> Written:
        for _ in self._engine.loading():
            self._heed()
        self._heed()
        text, done = "", None
        deadline = time.monotonic() + self._seconds
        with closing(_closable(self._engine, request)) as answers:
            for answer in answers:
                self._heed()
                if isinstance(answer, Piece):
                    # Where a template opens a block of reasoning, the grammar still writes a plan.
                    text += answer.text
                elif isinstance(answer, Generated):
                    done = answer
                if done is None and time.monotonic() > deadline:
                    raise PlanInvalid(f"The plan took longer than {self._seconds:.0f} seconds.")
        if done is None or done.stop == "stopped":
            raise _stopped()
        if done.stop != "end":
            raise PlanInvalid("The plan was too long to be finished.")
        return Written(text, done.tokens)

    def _heed(self) -> None:
        if self._stopped.is_set():
            raise _stopped()


def _closable(engine: Writes, request: Generate) -> Generator[object]:
    """Yield what the engine says; closing it ends the engine's work too."""
    yield from engine.generate(request)


def _stopped() -> EngineProblem:
    return EngineProblem("Planning was stopped.", kind="stopped")
