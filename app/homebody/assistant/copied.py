"""Copied texts, as the person typed them.

The planner sees a request on one line and with bars and dollar signs made harmless; here an
argument that was copied from it becomes again what was typed. Quotes around it go.
"""

import re
from typing import Final

from homebody.assistant.passages import LIKE_REFERENCE, SAFE_DOLLAR, Seen
from homebody.assistant.plan_lines import REFERENCE, Finds
from homebody.messages.plans import Plan, PlannedStep, SkillsPlan
from homebody.messages.skills import ArgumentKind, Value

__all__ = ["as_typed"]

_FREE: Final[frozenset[ArgumentKind]] = frozenset(("text", "task"))
"""Kinds that keep their line breaks and their punctuation."""
_CLOSED: Final[frozenset[ArgumentKind]] = frozenset(("number", "expression", "choice", "names"))
"""Kinds that are not copied, or not as one text."""
_PAIRS: Final = ('""', "\u201c\u201d", "\u201e\u201c", "\u00ab\u00bb", "\u2018\u2019", "''", "``")
_ENDS = re.compile(r"(?<=[^\s.,;:!?])[,;:!?]+$|(?<=[^\W\d_]{3})\.$")


def as_typed(plan: Plan, seen: Seen, skills: Finds) -> Plan:
    """Return the plan with its copied arguments as they were typed."""
    if not isinstance(plan, SkillsPlan):
        return plan
    return SkillsPlan(tuple(_step(step, seen, skills) for step in plan.steps))


def _step(step: PlannedStep, seen: Seen, skills: Finds) -> PlannedStep:
    skill = skills.find(step.skill)
    args: dict[str, Value] = {}
    for name, value in step.args.items():
        argument = skill.argument(name) if skill is not None else None
        kind = argument.kind if argument is not None else "text"
        copied = isinstance(value, str) and kind not in _CLOSED and not REFERENCE.fullmatch(value)
        args[name] = _value(value, kind, seen) if isinstance(value, str) and copied else value
    return PlannedStep(step.skill, args)


def _value(text: str, kind: ArgumentKind, seen: Seen) -> str:
    text = _unquoted(text if kind in _FREE else _ENDS.sub("", text))
    if kind not in _FREE:
        return text
    # Only then can it differ from what was typed.
    if "\n" in seen.typed or "|" in seen.typed:
        found = re.search(_pattern(text), seen.typed)
        if found is not None:
            return LIKE_REFERENCE.sub(SAFE_DOLLAR, found.group())
    return text


def _unquoted(text: str) -> str:
    """Return a text without the quotes around all of it."""
    for opens, closes in _PAIRS:
        inner = text[1:-1]
        if inner and text[0] == opens and text[-1] == closes:
            return text if opens in inner or closes in inner else inner
    return text


def _pattern(text: str) -> str:
    """Return what finds a seen text among what was typed."""
    pattern = ""
    for number, word in enumerate(text.split()):
        bar = word == "/"
        gap = r"\s*" if bar or pattern.endswith("[/|]") else r"\s+"
        written = "[/|]" if bar else re.escape(word).replace(SAFE_DOLLAR, rf"[\$\{SAFE_DOLLAR}]")
        pattern += (gap if number else "") + written
    return pattern
