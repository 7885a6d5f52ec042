"""What code knows better than a small model, where it is surely right.

A day "90 days ago" lies back; a reminder's text does not say the time once more; "sound friendlier"
is the style "friendly"; and what would convert a unit into itself was not understood: then the
person is asked.
"""

import re
from typing import Final

from homebody.assistant.passages import Seen
from homebody.assistant.plan_lines import ASKED, REFERENCE
from homebody.messages.plans import AskPlan, Plan, PlannedStep, SkillsPlan
from homebody.messages.skills import Value

__all__ = ["sensible"]

_AFTER_BACK = re.compile(
    r"\s+(?:ago|earlier|before|back|prior|fa|atrás|antes|zuvor|vorher|früher|avant|plus tôt"
    r"|prima)\b"
)
_BEFORE_BACK = re.compile(r"\b(?:vor|hace|il y a|back)\s+$")
_ENDS_BACK = re.compile(r"(.*\S)\s+(?:ago|fa|atrás)")
_SOUNDING = re.compile(r"^(?:to )?(?:sound(?:s|ing)?|be|look) (?=\w)")
_PLAIN: Final = {"friendlier": "friendly", "politer": "polite", "warmer": "warm"}


def sensible(plan: Plan, seen: Seen) -> Plan:
    """Return the plan with what is surely meant; `seen` is what the planner saw."""
    if not isinstance(plan, SkillsPlan):
        return plan
    steps = tuple(_step(step, seen) for step in plan.steps)
    for step in steps:
        question = _missing(step, seen)
        if question:
            return AskPlan(ASKED[question])
    return SkillsPlan(steps)


def _step(step: PlannedStep, seen: Seen) -> PlannedStep:
    args = dict(step.args)
    match step.skill:
        case "shift_date":
            args["offset"] = _signed(args.get("offset", ""), seen.request)
        case "set_reminder":
            args["text"] = _without(args.get("text", ""), args.get("when", ""))
        case "rewrite":
            style = _SOUNDING.sub("", str(args.get("style", "")), count=1)
            args["style"] = _PLAIN.get(style, style)
        case _:
            return step
    # What was missing stays so: the check that follows says it.
    return PlannedStep(step.skill, {name: value for name, value in args.items() if value != ""})


def _signed(offset: Value, request: str) -> Value:
    """Return a length of time with a minus where the request says that it goes back."""
    if not isinstance(offset, str) or offset.startswith("-") or REFERENCE.fullmatch(offset):
        return offset
    ends = _ENDS_BACK.fullmatch(offset)
    if ends is not None:
        return f"-{ends[1]}"
    small = request.lower()
    place = small.find(offset.lower())
    if not offset or place < 0:
        return offset
    goes_back = _AFTER_BACK.match(small, place + len(offset)) or _BEFORE_BACK.search(small[:place])
    return f"-{offset}" if goes_back else offset


def _without(text: Value, when: Value) -> Value:
    """Return what to be reminded of, without the time at its end or its beginning."""
    if not isinstance(text, str) or not isinstance(when, str) or not when:
        return text
    if text.endswith(f" {when}"):
        return text.removesuffix(when).rstrip(" ,")
    return text.removeprefix(f"{when} ") if text.startswith(f"{when} ") else text


def _missing(step: PlannedStep, seen: Seen) -> str:
    """Return what has to be asked for because the step makes no sense; else nothing."""
    args = {name: str(value).casefold() for name, value in step.args.items()}
    if step.skill == "convert_units" and args.get("from_unit", "") == args.get("to_unit"):
        return "unit" if re.search(r"\d", seen.request) else "value"
    if step.skill == "date_difference" and args.get("start", "") == args.get("end"):
        return "when"
    return ""
