"""`/name rest` in the composer: a skill that the person names, with the rest as what it is given.

Where it is plain what is given, there is nothing to plan: the arguments in their order, parted by
` | ` (`/convert_units 10 | km | miles`), the one argument, or a text. A text that is missing is the
attached file, or the last answer. Any other rest (`/set_reminder call mum at 9`) is the planner's.
"""

import re
from collections.abc import Sequence
from typing import Final

from homebody.base.errors import BadInput
from homebody.messages.plans import Planned, PlannedStep, SkillsPlan
from homebody.messages.skills import Argument, Skill, Value
from homebody.ui.presenter.work import number_of
from homebody.ui.states import SkillChoice
from homebody.ui.words import tr

__all__ = ["choices_of", "plan_of"]

_NAMED: Final = re.compile(r"/([a-z0-9][a-z0-9_-]*)(?:\s+(.*))?", re.DOTALL)
_PARTS: Final = re.compile(r"\s+\|\s+")
_SURE: Final = 1.0


def choices_of(skills: Sequence[Skill]) -> tuple[SkillChoice, ...]:
    """Return what `/` offers."""
    return tuple(
        SkillChoice(
            name=skill.name,
            title=skill.title,
            description=skill.description,
            form=_form(skill),
        )
        for skill in skills
    )


def _form(skill: Skill) -> str:
    words = [
        each.name.upper() if each.default is None else f"[{each.name.upper()}]"
        for each in skill.arguments
    ]
    return " | ".join(words)


def plan_of(
    text: str, skills: Sequence[Skill], *, has_reply: bool = False, has_file: bool = False
) -> Planned | None:
    """Return the plan that a person wrote; None where there is none, and it has to be planned.

    Raises `BadInput` where nothing is given to a skill that needs something.
    """
    named = _NAMED.fullmatch(text.strip())
    skill = next((each for each in skills if named and each.name == named[1]), None)
    if named is None or skill is None:
        return None
    # What a person typed is never a reference: the sign is written as its wide twin.
    rest = (named[2] or "").strip().replace("$", "\N{FULLWIDTH DOLLAR SIGN}")
    parts = _PARTS.split(rest) if rest else []
    if len(parts) == 1 and not _is_plain(skill):
        return None
    args = _arguments(skill, parts)
    for argument in skill.arguments:
        if argument.name in args or argument.default is not None:
            continue
        if argument.kind == "text" and not rest and (has_file or has_reply):
            args[argument.name] = "$file1" if has_file else "$reply"
            continue
        raise BadInput(
            tr("{title} needs more: {what}.").format(title=skill.title, what=argument.help),
            tr("Write it as /{name} {form}").format(name=skill.name, form=_form(skill)),
        )
    step = PlannedStep(skill.name, args)
    return Planned(plan=SkillsPlan((step,)), confidence=_SURE, planner="person")


def _is_plain(skill: Skill) -> bool:
    """Tell whether a rest in one part can only be one thing."""
    needed = [each for each in skill.arguments if each.default is None]
    return len(skill.arguments) <= 1 or (len(needed) == 1 and needed[0].kind == "text")


def _arguments(skill: Skill, parts: list[str]) -> dict[str, Value]:
    """Deal what was written to the arguments, in their order."""
    declared = skill.arguments
    if not parts or not declared:
        return {}
    if len(parts) > len(declared):
        # Too many parts: the sign belongs to the text, which stands first or last.
        spare = len(parts) - len(declared) + 1
        if declared[0].kind == "text":
            parts = [" | ".join(parts[:spare]), *parts[spare:]]
        else:
            parts = [*parts[: len(parts) - spare], " | ".join(parts[-spare:])]
    last = declared[len(parts) - 1]
    if last.kind == "choice" and len(parts) > 1 and parts[-1] not in last.choices:
        parts = [*parts[:-2], f"{parts[-2]} | {parts[-1]}"]
    return {
        argument.name: value
        for argument, part in zip(declared, parts, strict=False)
        if (value := _value(argument, part)) is not None
    }


def _value(argument: Argument, text: str) -> Value | None:
    text = text.strip()
    if not text:
        return None
    if argument.kind == "names":
        return [each.strip() for each in text.split(",") if each.strip()]
    if argument.kind == "number":
        return number_of(text)
    return text
