"""Plans, and steps as they ran.

A plan is what the planner answers to a request. An argument may be, or contain, a reference: `$1`,
`$2`… the result of that earlier step; `$text` the passage that the request carries; `$reply` the
last answer; `$file1`… an attachment.
"""

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from homebody.messages.skills import Access, Label, SkillFailure, Value

__all__ = [
    "AnswerPlan",
    "AskPlan",
    "Choice",
    "EscalatePlan",
    "Plan",
    "PlanReport",
    "Planned",
    "PlannedStep",
    "Question",
    "SkillsPlan",
    "Step",
    "StepState",
    "decision_of",
]


class PlannedStep(Struct, frozen=True):
    """One skill call. An argument that is absent has its default."""

    skill: str
    args: dict[str, Value]


class AnswerPlan(Struct, frozen=True, tag_field="do", tag="answer"):
    """Answer from what the model knows."""


class AskPlan(Struct, frozen=True, tag_field="do", tag="ask"):
    """Something is missing: ask for it."""

    question: str


class SkillsPlan(Struct, frozen=True, tag_field="do", tag="skills"):
    """Run these, one after another."""

    steps: tuple[PlannedStep, ...]


class EscalatePlan(Struct, frozen=True, tag_field="do", tag="escalate"):
    """A bigger model elsewhere should do it; nothing leaves without a yes."""

    reason: str


Plan = AnswerPlan | AskPlan | SkillsPlan | EscalatePlan


def decision_of(plan: Plan | None) -> Literal["answer", "ask", "skills", "escalate"]:
    """Return the plan's `do`; without a plan the model just answers."""
    match plan:
        case AskPlan():
            return "ask"
        case SkillsPlan():
            return "skills"
        case EscalatePlan():
            return "escalate"
        case _:
            return "answer"


class Planned(Struct, frozen=True, kw_only=True):
    """A plan and how it came to be."""

    plan: Plan
    confidence: float | None = None
    """How likely the whole plan is right, calibrated; None where nobody measured."""
    sure: bool = True
    """False where the confidence is below the bar: then ask before any step."""
    ms: float = 0.0
    planner: str = ""
    """Which planner: "expert", or a model's name."""
    line: str = ""
    """The plan in its short form, as the expert wrote it (see decisions/0010)."""
    with_question: bool = False
    """Whether the request was read with the one before it, whose question it answers."""


class PlanReport(Struct, frozen=True, kw_only=True):
    """What `homebody plan` prints, an object a line. `$text` is resolved; nothing has run."""

    id: str | int | None
    plan: Plan | None
    """Null where the line could not be used; then `error` says why."""
    confidence: float | None
    """How likely the whole plan is right; null where nobody measured."""
    ms: float
    error: str | UnsetType = UNSET


StepState = Literal[
    "planned",  # its turn has not come
    "waiting",  # the person is asked
    "running",
    "done",
    "failed",
    "refused",  # the person said no
    "skipped",  # a step before it failed, or the person stopped
]


class Step(Struct, frozen=True, kw_only=True):
    """One skill call in a turn, and what became of it."""

    skill: str
    given: dict[str, Value]
    """Arguments as planned, references included."""
    args: dict[str, Value] = {}
    """Arguments as the skill got them; long texts shortened for keeping."""
    state: StepState = "planned"
    result: str = ""
    """What `$1` stands for; kept whole up to 256 KiB."""
    said: str = ""
    """The result as a sentence; empty: `result` as it is."""
    label: Label = "tool"
    choices: tuple[str, ...] = ()
    kind: SkillFailure | None = None
    problem: str = ""
    hint: str = ""
    ms: float | None = None
    tries: int = 0


Choice = Literal[
    "once",  # do it now
    "always",  # and let skills into this folder from now on
    "no",
    "answer",  # no skills: just answer
]


class Question(Struct, frozen=True, kw_only=True):
    """What the person is asked before a step; the turn waits for a `Choice`, or for words."""

    step: int
    """Index of the step, from 0."""
    reason: Literal[
        "folder",  # a folder that is not granted
        "permission",  # the skill asks each time
        "outside",  # a target that came from outside text
        "unsure",  # the planner is not sure
        "which",  # several things are meant: one of `options`
    ]
    sentence: str
    """What would happen, exactly: "Write 1.2 kB to /home/ada/notes2.md (a new file)"."""
    details: str = ""
    """What would be written or revealed, as it is; may be long."""
    folder: str = ""
    access: Access = "read"
    options: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ("once", "no")
