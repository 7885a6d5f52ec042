"""Runs a step wherever its skill runs: in the workshop, at the desk, or with the model.

The last thing that `Runner.run` yields is the outcome; what a step writes or how far it has come is
said before. Everything that can go wrong is a `SkillProblem`.
"""

import queue
import threading
from collections.abc import Iterator
from typing import Final, Protocol

from msgspec import Struct
from msgspec.structs import replace

from homebody.base.errors import EngineProblem, HomebodyError, SkillProblem
from homebody.messages.skills import Label, Outcome, Skill, Value

__all__ = ["AtDesk", "InWorkshop", "Runner", "StepProgress", "StepText", "WithModel"]

_LOOK: Final = 0.1
"""Seconds between two looks at whether the person wants to stop."""
_MERCY: Final = 0.15
"""Seconds that what is nearly done still gets, so that what was done is not called stopped."""


class StepProgress(Struct, frozen=True):
    """How far a step has come, 0 to 1."""

    done: float


class StepText(Struct, frozen=True):
    """More of what an expert writes."""

    text: str


class InWorkshop(Protocol):
    """The workshop, as far as it is known here."""

    def run(self, skill: Skill, args: dict[str, Value]) -> Outcome:
        """Run a skill and wait for it. Raises `SkillProblem`."""

    def stop(self) -> None:
        """End what runs; `run` then raises the kind "stopped"."""


class AtDesk(Protocol):
    """The desk: short work in this process."""

    def run(self, skill: Skill, args: dict[str, Value]) -> Outcome:
        """Run a skill and wait for it. Raises `HomebodyError`."""


class WithModel(Protocol):
    """The experts: what the model does by prompts of ours."""

    def run(
        self, skill: Skill, args: dict[str, Value]
    ) -> Iterator[StepProgress | StepText | Outcome]:
        """Run a skill; the outcome comes last. Raises `SkillProblem` and `EngineProblem`."""

    def stop(self) -> None:
        """End what is written; `run` then raises the kind "stopped"."""


class Runner:
    """Runs one step at a time, on the thread of whoever iterates; `stop` from any thread."""

    def __init__(self, workshop: InWorkshop, desk: AtDesk, experts: WithModel) -> None:
        self._workshop, self._desk, self._experts = workshop, desk, experts
        self._stopped = threading.Event()

    def run(
        self, skill: Skill, args: dict[str, Value], *, label: Label
    ) -> Iterator[StepProgress | StepText | Outcome]:
        """Run a skill with checked arguments that hold no references.

        `label` says where the arguments came from: what a model makes of outside text is outside
        text too. Raises `SkillProblem` alone.
        """
        self._stopped.clear()
        try:
            match skill.runs:
                case "workshop":
                    yield self._workshop.run(skill, args)
                case "desk":
                    yield self._at_desk(skill, args)
                case "engine":
                    yield from self._with_model(skill, args, label)
        except SkillProblem:
            raise
        except EngineProblem as problem:
            raise _of_engine(problem) from problem
        except HomebodyError as problem:
            raise SkillProblem(problem.message, problem.hint, "failed") from problem

    def stop(self) -> None:
        """End the step that runs within 0.3 s; it raises `SkillProblem` of kind "stopped"."""
        self._stopped.set()
        self._workshop.stop()
        self._experts.stop()

    def _with_model(
        self, skill: Skill, args: dict[str, Value], label: Label
    ) -> Iterator[StepProgress | StepText | Outcome]:
        for said in self._experts.run(skill, args):
            if isinstance(said, Outcome):
                yield replace(said, label="model" if label == "person" else label)
            else:
                yield said

    def _at_desk(self, skill: Skill, args: dict[str, Value]) -> Outcome:
        """Run a desk skill on a thread of its own: another program's clipboard may not answer."""
        answers: queue.SimpleQueue[Outcome | BaseException] = queue.SimpleQueue()

        def work() -> None:
            try:
                answers.put(self._desk.run(skill, args))
            except BaseException as error:  # noqa: BLE001  raised again by who waits
                answers.put(error)

        threading.Thread(target=work, name=f"desk {skill.name}", daemon=True).start()
        answer = self._wait(answers, skill)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def _wait(
        self, answers: "queue.SimpleQueue[Outcome | BaseException]", skill: Skill
    ) -> Outcome | BaseException:
        left = skill.seconds
        while left > 0:
            try:
                return answers.get(timeout=_LOOK)
            except queue.Empty:
                left -= _LOOK
            if self._stopped.is_set():
                try:
                    return answers.get(timeout=_MERCY)
                except queue.Empty:
                    raise SkillProblem(f"{skill.title} was stopped.", "", "stopped") from None
        raise SkillProblem(
            f"{skill.title} did not answer within {skill.seconds:.0f} seconds; it was given up.",
            "Try again; another program may be in the way.",
            "time",
        )


def _of_engine(problem: EngineProblem) -> SkillProblem:
    match problem.kind:
        case "died":
            return SkillProblem(problem.message, problem.hint, "died")
        case "stopped":
            return SkillProblem("It was stopped.", "", "stopped")
        case "overflow":
            return SkillProblem(
                "The text does not fit the model's context.",
                "Use a shorter text, or give the model a larger context in the settings.",
                "large",
            )
        case _:
            return SkillProblem(problem.message, problem.hint, "failed")
