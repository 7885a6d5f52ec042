"""The short form of a plan, which the expert writes: one line a step.

    read_file notes.md
    rewrite $1 | friendly
    write_file notes2.md | $2

A skill's name, then its arguments in declared order, joined by ` | `; trailing ones that equal
their defaults are left out. The other decisions are one line: `answer`, `escalate`, `ask WHAT`.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from homebody.assistant.passages import SAFE_DOLLAR
from homebody.base.errors import BadInput
from homebody.messages.plans import (
    AnswerPlan,
    AskPlan,
    EscalatePlan,
    Plan,
    PlannedStep,
    SkillsPlan,
)
from homebody.messages.skills import Argument, Skill, Value

__all__ = [
    "ASKED",
    "BETWEEN",
    "ESCALATED",
    "MOST_STEPS",
    "REFERENCE",
    "Finds",
    "PlanInvalid",
    "Skills",
    "check",
    "fill",
    "number_of",
    "question_for",
    "read_line",
    "references_in",
    "resolve",
    "what_is_asked",
    "write_line",
]

MOST_STEPS: Final = 5
BETWEEN: Final = " | "
REFERENCE: Final = re.compile(r"\$(?:text\b|reply\b|file\d{1,3}\b|\d{1,3}\b)")
"""What in an argument stands for something else."""
_FILLED = re.compile(f"{SAFE_DOLLAR}|{REFERENCE.pattern}")

ASKED: Final[Mapping[str, str]] = {
    "text": "Which text do you mean? Paste it, attach a file, or say where it is.",
    "file": "Which file do you mean?",
    "path": "Which file should it go to?",
    "folder": "Which folder do you mean?",
    "when": "When?",
    "what": "What exactly should I do?",
    "query": "What should I look for?",
    "language": "In which language?",
    "style": "How should it sound?",
    "value": "How much, or which numbers?",
    "unit": "From which unit, and to which?",
    "place": "Which place do you mean?",
    "fields": "What should I take out of it?",
    "task": "What should the program do?",
}
"""What can be missing, as the short form names it, and the question that asks for it."""
ESCALATED: Final = "You asked for a bigger model."

_POINT = re.compile(r"[-+]?(?:\d+|\d*\.\d+|\d{1,3}(?:,\d{3})+(?:\.\d+)?)")
_COMMA = re.compile(r"[-+]?(?:\d+,\d+|\d{1,3}(?:\.\d{3})+,\d+)")


class PlanInvalid(BadInput):
    """This is no plan that could be run; the message says what is wrong with it."""


class Finds(Protocol):
    """Knows skills by name; see `skills.registry`."""

    def find(self, name: str) -> Skill | None:
        """Return the skill of that name."""


class Skills(Finds, Protocol):
    """The skills that there are."""

    @property
    def all(self) -> tuple[Skill, ...]:
        """Return every skill."""


def question_for(what: str) -> str:
    """Return the question that asks for one of `ASKED`."""
    return ASKED.get(what, ASKED["what"])


def what_is_asked(question: str) -> str:
    """Return which of `ASKED` a question asks for."""
    return next((what for what, words in ASKED.items() if words == question), "what")


# ------------------------------------------------------------------------------ writing


def write_line(plan: Plan, skills: Finds) -> str:
    """Return a plan in its short form. Raises `PlanInvalid` for a skill that there is not."""
    match plan:
        case AskPlan():
            return f"ask {what_is_asked(plan.question)}"
        case EscalatePlan():
            return "escalate"
        case SkillsPlan():
            return "\n".join(_write_step(step, skills) for step in plan.steps)
        case _:
            return "answer"


def _write_step(step: PlannedStep, skills: Finds) -> str:
    skill = _find(step.skill, skills)
    words = [_word(step.args.get(each.name, each.default or "")) for each in skill.arguments]
    defaults = [each.default for each in skill.arguments]
    while words and words[-1] == defaults[len(words) - 1]:
        words.pop()
    return f"{skill.name} {BETWEEN.join(words)}" if words else skill.name


def _word(value: Value) -> str:
    if isinstance(value, list):
        return ", ".join(_word(each) for each in value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return " ".join(str(value).replace("|", " / ").split())


# ------------------------------------------------------------------------------ reading


def read_line(line: str, skills: Finds) -> Plan:
    """Return the plan that a short form stands for. Raises `PlanInvalid`."""
    lines = [each.strip() for each in line.strip().splitlines() if each.strip()]
    if not lines:
        raise PlanInvalid("The plan is empty.")
    if len(lines) == 1:
        name, _, rest = lines[0].partition(" ")
        match name:
            case "answer" if not rest:
                return AnswerPlan()
            case "escalate" if not rest:
                return EscalatePlan(ESCALATED)
            case "ask":
                if rest not in ASKED:
                    raise PlanInvalid(f"Nobody can be asked for {rest!r}.")
                return AskPlan(ASKED[rest])
    if len(lines) > MOST_STEPS:
        raise PlanInvalid(f"The plan has {len(lines)} steps; {MOST_STEPS} are the most.")
    return SkillsPlan(tuple(_read_step(each, skills) for each in lines))


def _read_step(line: str, skills: Finds) -> PlannedStep:
    name, _, rest = line.partition(" ")
    skill = _find(name, skills)
    words = [each.strip() for each in f" {rest.strip()} ".split(BETWEEN)] if rest.strip() else []
    if len(words) > len(skill.arguments):
        raise PlanInvalid(
            f"{name} takes {len(skill.arguments)} arguments; the plan gives it {len(words)}."
        )
    args: dict[str, Value] = {}
    for argument, word in zip(skill.arguments, words, strict=False):
        if word and word != argument.default:
            args[argument.name] = _read_value(argument, word)
    return PlannedStep(skill.name, args)


def _read_value(argument: Argument, word: str) -> Value:
    if argument.kind == "names":
        return [each for part in word.split(",") if (each := part.strip())]
    if argument.kind == "number":
        number = number_of(word)
        return word if number is None else number
    return word


def number_of(text: str) -> int | float | None:
    """Return a number written in digits, as people write them: 10, 2.5, 2,340.75, 2,5."""
    if _POINT.fullmatch(text):
        plain = text.replace(",", "")
    elif _COMMA.fullmatch(text):
        plain = text.replace(".", "").replace(",", ".")
    else:
        return None
    return float(plain) if "." in plain else int(plain[:300])


def _find(name: str, skills: Finds) -> Skill:
    skill = skills.find(name)
    if skill is None:
        raise PlanInvalid(f"There is no skill called {name!r}.")
    return skill


# ------------------------------------------------------------------------------ references


def references_in(value: Value) -> tuple[str, ...]:
    """Return the references that a value is, or contains."""
    texts = value if isinstance(value, list) else [value] if isinstance(value, str) else []
    return tuple(found for text in texts for found in REFERENCE.findall(text))


def fill(value: Value, values: Mapping[str, str]) -> Value:
    """Put what references stand for in their place; those not in `values` stay as they are.

    In one go, so that what is put in is never read for references. The dollar signs that the
    person typed are dollar signs again: not before the value is used.
    """
    if isinstance(value, list):
        return [_fill_text(each, values) for each in value]
    return _fill_text(value, values) if isinstance(value, str) else value


def _fill_text(text: str, values: Mapping[str, str]) -> str:
    def put(found: re.Match[str]) -> str:
        if found.group() == SAFE_DOLLAR:
            return "$"
        return values.get(found.group(), found.group())

    return _FILLED.sub(put, text)


def resolve(plan: Plan, values: Mapping[str, str]) -> Plan:
    """Return the plan with the references in `values` put in place; others stay. See `fill`."""
    if not isinstance(plan, SkillsPlan):
        return plan
    return _mapped(plan, lambda value: fill(value, values))


def _mapped(plan: SkillsPlan, change: Callable[[Value], Value]) -> SkillsPlan:
    return SkillsPlan(
        tuple(
            PlannedStep(step.skill, {name: change(value) for name, value in step.args.items()})
            for step in plan.steps
        )
    )


# ------------------------------------------------------------------------------ checking


def check(plan: Plan, skills: Finds, values: Mapping[str, object]) -> None:
    """Raise `PlanInvalid` unless the plan could be run as it is.

    `values`: whose keys are the references that exist, earlier steps aside.
    """
    if not isinstance(plan, SkillsPlan):
        return
    if not 1 <= len(plan.steps) <= MOST_STEPS:
        raise PlanInvalid(f"The plan has {len(plan.steps)} steps; 1 to {MOST_STEPS} are allowed.")
    for index, step in enumerate(plan.steps):
        skill = _find(step.skill, skills)
        for name in step.args:
            if skill.argument(name) is None:
                raise PlanInvalid(f"{skill.name} takes no {name!r}.")
        for argument in skill.arguments:
            if argument.name not in step.args:
                if argument.default is None:
                    raise PlanInvalid(f"{skill.name} needs {argument.name!r}: {argument.help}.")
                continue
            _check_value(skill, argument, step.args[argument.name])
            for each in references_in(step.args[argument.name]):
                earlier = each[1:].isdecimal() and 1 <= int(each[1:]) <= index
                if not earlier and each not in values:
                    raise PlanInvalid(f"Step {index + 1} refers to {each}, which does not exist.")


def _check_value(skill: Skill, argument: Argument, value: Value) -> None:
    wrong = PlanInvalid(f"{argument.name!r} of {skill.name} cannot be {value!r}.", argument.help)
    if argument.kind == "names":
        if not isinstance(value, list) or not value or not all(each.strip() for each in value):
            raise wrong
        return
    if isinstance(value, (list, bool)) or not str(value).strip():
        raise wrong
    if argument.kind == "choice" and value not in argument.choices:
        raise wrong
    is_reference = isinstance(value, str) and REFERENCE.fullmatch(value) is not None
    if argument.kind == "number":
        if not is_reference and (not isinstance(value, str) or number_of(value) is not None):
            return
        if not is_reference:
            raise wrong
    elif not isinstance(value, str):
        raise wrong
