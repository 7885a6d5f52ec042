"""How well does a planner plan? Compares predictions with the hand-made requests.

    homebody plan --jsonl < questions.jsonl > predictions.jsonl
    PYTHONPATH=tests python tests/planner/score.py predictions.jsonl [--against other.jsonl]

A prediction is a line {"id", "plan", "confidence", "ms"}. A request without one counts as wrong.
What counts as right is written in README.md beside this file.
"""

import argparse
import math
import re
import statistics
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final, Literal

from msgspec import DecodeError, Raw, Struct, ValidationError, field, json

from homebody.messages.plans import AnswerPlan, AskPlan, EscalatePlan, Plan, SkillsPlan, decision_of
from homebody.messages.skills import Skill, Value
from homebody.skills.built_in import BUILT_IN
from planner.same import same

__all__ = [
    "REQUESTS",
    "GoldPlan",
    "GoldSkills",
    "GoldStep",
    "Judged",
    "OneOf",
    "Prediction",
    "Request",
    "Tally",
    "failures",
    "interval",
    "judge",
    "judge_all",
    "options_of",
    "read_predictions",
    "read_requests",
    "table",
    "tallies",
    "why_invalid",
]

REQUESTS: Final = Path(__file__).with_name("requests.jsonl")
_SKILLS: Final[Mapping[str, Skill]] = {skill.name: skill for skill in BUILT_IN}
_MOST_STEPS: Final = 5
_REFERENCE: Final = re.compile(r"\$(?:(?P<step>\d+)|(?P<reply>reply)|file(?P<file>\d+))")
_Z: Final = 1.959964
_FEWEST: Final = 5
"""A tag with fewer requests is not shown."""

Kind = Literal["single", "chain", "answer", "ask", "escalate"]


class OneOf(Struct, frozen=True, forbid_unknown_fields=True):
    """Any of these values is right."""

    options: tuple[str | int | float, ...] = field(name="any")


GoldValue = str | int | float | OneOf | list[str | OneOf]


class GoldStep(Struct, frozen=True, forbid_unknown_fields=True):
    """A step as it should be."""

    skill: str
    args: dict[str, GoldValue]


class GoldSkills(Struct, frozen=True, tag_field="do", tag="skills"):
    """Steps as they should be."""

    steps: tuple[GoldStep, ...]


GoldPlan = AnswerPlan | AskPlan | EscalatePlan | GoldSkills


class Request(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request, what was there before it, and the plans that are right."""

    id: str
    lang: Literal["en", "de", "es", "fr", "it"]
    kind: Kind
    tags: tuple[str, ...]
    text: str
    passage: str | None
    """What `$text` stands for, where the request carries a passage."""
    reply: str | None
    last: str | None
    files: tuple[str, ...]
    plans: tuple[GoldPlan, ...]
    """All acceptable ones, the preferred one first."""


class Prediction(Struct, frozen=True, kw_only=True):
    """What a planner said."""

    id: str
    plan: Raw = Raw(b"null")
    confidence: float | None = None
    ms: float | None = None


class Judged(Struct, frozen=True, kw_only=True):
    """What was right of one prediction."""

    request: Request
    plan: Plan | None
    """None where there is no valid plan."""
    invalid: str
    """Why it is none; empty for a valid one."""
    decision: bool
    skills: bool
    """The decision, and of a skills plan also which skills, in order."""
    whole: bool
    """The same with all arguments."""
    confidence: float | None
    ms: float | None


class Tally(Struct, frozen=True):
    """One line of the table: how many of how many."""

    name: str
    right: int
    of: int
    group: str = ""


# ------------------------------------------------------------------------------------- reading


def read_requests(path: Path = REQUESTS) -> list[Request]:
    """Return the hand-made requests."""
    return [json.decode(line, type=Request) for line in _lines(path)]


def read_predictions(path: Path) -> dict[str, Prediction]:
    """Return predictions by the id of their request."""
    found = (json.decode(line, type=Prediction) for line in _lines(path))
    return {each.id: each for each in found}


def _lines(path: Path) -> list[str]:
    # Not `splitlines`, which also ends lines at characters that JSON leaves as they are.
    return [line for line in path.read_text("utf-8").split("\n") if line.strip()]


def options_of(value: GoldValue) -> list[Value]:
    """Return all values that one of the gold's stands for."""
    if isinstance(value, OneOf):
        return list(value.options)
    if not isinstance(value, list):
        return [value]
    lists: list[list[str]] = [[]]
    for each in value:
        options = [str(one) for one in options_of(each)]
        lists = [[*begun, one] for begun in lists for one in options]
    return list(lists)


# ------------------------------------------------------------------------------------- judging


def judge_all(requests: Iterable[Request], found: Mapping[str, Prediction]) -> list[Judged]:
    """Judge all requests, those without a prediction too."""
    return [judge(request, found.get(request.id)) for request in requests]


def judge(request: Request, prediction: Prediction | None) -> Judged:
    """Say what of a prediction is right."""
    plan, invalid = _plan(request, prediction)
    judged = partial(
        Judged,
        request=request,
        plan=plan,
        invalid=invalid,
        confidence=prediction.confidence if prediction else None,
        ms=prediction.ms if prediction else None,
    )
    if plan is None:
        return judged(decision=False, skills=False, whole=False)
    alike = [gold for gold in request.plans if _decision(gold) == decision_of(plan)]
    named = [gold for gold in alike if _names(gold) == _names(plan)]
    whole = any(_same_arguments(request, gold, plan) for gold in named)
    return judged(decision=bool(alike), skills=bool(named), whole=whole)


def _plan(request: Request, prediction: Prediction | None) -> tuple[Plan | None, str]:
    if prediction is None:
        return None, "there is no prediction"
    try:
        plan = json.decode(prediction.plan, type=Plan)
    except (DecodeError, ValidationError) as error:
        return None, str(error)
    invalid = why_invalid(plan, request)
    return (None, invalid) if invalid else (plan, "")


def why_invalid(plan: Plan, request: Request) -> str:
    """Say why a plan could not be run for that request; nothing if it could."""
    if not isinstance(plan, SkillsPlan):
        return ""
    if not 1 <= len(plan.steps) <= _MOST_STEPS:
        return f"it has {len(plan.steps)} steps"
    for place, step in enumerate(plan.steps, 1):
        skill = _SKILLS.get(step.skill)
        if skill is None:
            return f"there is no skill {step.skill}"
        for name, value in step.args.items():
            argument = skill.argument(name)
            if argument is None:
                return f"{step.skill} has no argument {name}"
            if isinstance(value, list) and argument.kind != "names":
                return f"{step.skill}.{name} is a list"
            if argument.kind == "choice" and str(value).casefold() not in argument.choices:
                return f"{step.skill}.{name} cannot be {value}"
            wrong = _wrong_reference(value, place, request)
            if wrong:
                return f"{step.skill}.{name} refers to {wrong}, which does not exist"
        for argument in skill.arguments:
            if argument.default is None and step.args.get(argument.name) in (None, "", []):
                return f"{step.skill} lacks {argument.name}"
    return ""


def _wrong_reference(value: Value, place: int, request: Request) -> str:
    """Return a reference to what is not there; only where the value is nothing but that.

    Inside other words, `$5` is as likely money.
    """
    found = _REFERENCE.fullmatch(str(value).strip())
    if found is None:
        return ""
    missing = (
        (found["step"] and not 1 <= int(found["step"]) < place)
        or (found["reply"] and request.reply is None)
        or (found["file"] and not 1 <= int(found["file"]) <= len(request.files))
    )
    return found.group() if missing else ""


def _decision(gold: GoldPlan) -> str:
    return "skills" if isinstance(gold, GoldSkills) else decision_of(gold)


def _names(plan: GoldPlan | Plan) -> list[str]:
    return [step.skill for step in plan.steps] if isinstance(plan, GoldSkills | SkillsPlan) else []


def _same_arguments(request: Request, gold: GoldPlan, plan: Plan) -> bool:
    if not isinstance(gold, GoldSkills) or not isinstance(plan, SkillsPlan):
        return True
    for right, step in zip(gold.steps, plan.steps, strict=True):
        for argument in _SKILLS[step.skill].arguments:
            default = argument.default if argument.default is not None else ""
            given = _resolved(request, step.args.get(argument.name, default) or default)
            wanted = [
                _resolved(request, option or default)
                for option in options_of(right.args.get(argument.name, default))
            ]
            if not any(same(argument.kind, given, each) for each in wanted):
                return False
    return True


def _resolved(request: Request, value: Value) -> Value:
    """Return a value in which `$text` and `$reply` are what they stand for.

    `homebody plan` prints the first one resolved; a planner asked in Python may leave it.
    """
    if not isinstance(value, str):
        return value
    if request.passage is not None:
        value = value.replace("$text", request.passage)
    if request.reply is not None:
        value = value.replace("$reply", request.reply)
    return value


# ------------------------------------------------------------------------------------- the table


def tallies(judged: Sequence[Judged]) -> list[Tally]:
    """Return the lines of the table, in its order."""

    def count(name: str, test: Callable[[Judged], bool], *kinds: str, group: str = "") -> Tally:
        chosen = [each for each in judged if not kinds or each.request.kind in kinds]
        return Tally(name, sum(map(test, chosen)), len(chosen), group)

    lines = [
        count("valid plan", lambda each: not each.invalid),
        count("right decision", lambda each: each.decision),
        count("right skills in order, single", lambda each: each.skills, "single"),
        count("right skills in order, chain", lambda each: each.skills, "chain"),
        count("whole plan right, single", lambda each: each.whole, "single"),
        count("whole plan right, chain", lambda each: each.whole, "chain"),
        count("asks when it must", lambda each: each.decision, "ask"),
        count("answers when it must", lambda each: each.decision, "answer"),
        count("escalates when it must", lambda each: each.decision, "escalate"),
        count(
            "skills where none was wanted (less is better)",
            lambda each: isinstance(each.plan, SkillsPlan) and not each.decision,
            "answer",
        ),
        count("whole plan right, all", lambda each: each.whole),
    ]
    for lang in dict.fromkeys(each.request.lang for each in judged):
        chosen = [each for each in judged if each.request.lang == lang]
        lines += _short(lang, chosen, "by language")
    for tag in sorted({tag for each in judged for tag in each.request.tags}):
        chosen = [each for each in judged if tag in each.request.tags]
        if len(chosen) >= _FEWEST:
            lines += _short(tag, chosen, "by tag")
    return lines


def _short(name: str, chosen: Sequence[Judged], group: str) -> list[Tally]:
    return [
        Tally(f"{name}: decision", sum(each.decision for each in chosen), len(chosen), group),
        Tally(f"{name}: whole plan", sum(each.whole for each in chosen), len(chosen), group),
    ]


def interval(right: int, of: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share."""
    if not of:
        return 0.0, 1.0
    share = right / of
    middle = share + _Z**2 / (2 * of)
    reach = _Z * math.sqrt(share * (1 - share) / of + _Z**2 / (4 * of**2))
    scale = 1 + _Z**2 / of
    return max(0.0, (middle - reach) / scale), min(1.0, (middle + reach) / scale)


def table(systems: Mapping[str, Sequence[Judged]]) -> str:
    """Return the figures of one or more systems as a table in Markdown."""
    columns = {name: tallies(judged) for name, judged in systems.items()}
    lines = ["| | n | " + " | ".join(columns) + " |", "|---|---:|" + "---|" * len(columns)]
    group = ""
    for row in zip(*columns.values(), strict=True):
        if row[0].group != group:
            group = row[0].group
            lines.append(f"| **{group}** | | " + " | ".join("" for _ in row) + " |")
        cells = " | ".join(map(_cell, row))
        lines.append(f"| {row[0].name} | {row[0].of} | {cells} |")
    for name, pick in (("median ms", statistics.median), ("p95 ms", _p95)):
        times = [[each.ms for each in judged if each.ms is not None] for judged in systems.values()]
        cells = " | ".join(f"{pick(ms):.0f}" if ms else "unknown" for ms in times)
        lines.append(f"| {name} | | {cells} |")
    if len(systems) == 2:
        lines.append("")
        (one, first), (two, second) = systems.items()
        lines.append(_difference(one, two, first, second))
    return "\n".join(lines)


def _cell(tally: Tally) -> str:
    if not tally.of:
        return "none"
    low, high = interval(tally.right, tally.of)
    return f"{100 * tally.right / tally.of:.1f} % ({100 * low:.0f} to {100 * high:.0f})"


def _p95(times: Sequence[float]) -> float:
    return sorted(times)[math.ceil(0.95 * len(times)) - 1]


def _difference(one: str, two: str, first: Sequence[Judged], second: Sequence[Judged]) -> str:
    pairs = list(zip(first, second, strict=True))
    only_one = sum(a.whole and not b.whole for a, b in pairs)
    only_two = sum(b.whole and not a.whole for a, b in pairs)
    return f"Whole plan right only with {one}: {only_one}; only with {two}: {only_two}."


def failures(judged: Sequence[Judged]) -> str:
    """Return what went wrong, one request after another."""
    lines: list[str] = []
    for each in judged:
        if each.whole:
            continue
        request = each.request
        wrong = (
            "no plan" if each.plan is None
            else "decision" if not each.decision
            else "skills" if not each.skills
            else "arguments"
        )  # fmt: skip
        lines.append(f"{request.id} {request.kind} {','.join(request.tags)}: wrong {wrong}")
        context = [f"[last {request.last!r}]"] if request.last else []
        context += [f"[{name}]" for name in request.files]
        lines.append("  asked   " + " ".join([*context, repr(request.text)]))
        lines.append("  wanted  " + json.encode(request.plans[0]).decode())
        if each.plan is None:
            lines.append(f"  invalid {each.invalid}")
        else:
            lines.append("  got     " + json.encode(each.plan).decode())
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Read two or three files and print the table."""
    parser = argparse.ArgumentParser(description="Score a planner's predictions.")
    parser.add_argument("predictions", type=Path)
    parser.add_argument("--against", type=Path, help="predictions of another planner")
    parser.add_argument("--requests", type=Path, default=REQUESTS)
    parser.add_argument("--alone", action="store_true", help="only requests without a context")
    parser.add_argument("--failures", action="store_true", help="list what went wrong")
    options = parser.parse_args(arguments)
    try:
        requests = [
            each
            for each in read_requests(options.requests)
            if not (options.alone and (each.reply or each.last or each.files))
        ]
        files = [each for each in (options.predictions, options.against) if each is not None]
        systems = {str(path): judge_all(requests, read_predictions(path)) for path in files}
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        print("hint: each line is a JSON object with id, plan, confidence, ms", file=sys.stderr)
        return 1
    print(table(systems))
    if options.failures:
        print("\n" + failures(systems[str(options.predictions)]))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
