"""Are these arguments what the skill declared? Defaults are filled in, kinds checked and coerced.

Whether a day, a unit or a place exists is for the skill itself to say.
"""

import math
from typing import Final

from homebody.base.errors import SkillProblem
from homebody.messages.skills import Argument, Skill, Value
from homebody.skills.number_words import read_number

__all__ = ["check_args"]

_LONGEST: Final = {"text": 8_000_000, "path": 4_096, "folder": 4_096, "query": 1_000}
"""Characters; of any other kind `_SHORT`."""
_SHORT: Final = 2_000
_MOST_NAMES: Final = 50
_LARGEST: Final = 1e300


def check_args(skill: Skill, args: dict[str, Value]) -> dict[str, Value]:
    """Return all arguments of a call, in the order declared.

    References must be resolved before. `SkillProblem` of kind "arguments" says what is wrong.
    """
    known = {argument.name for argument in skill.arguments}
    for name in args:
        if name not in known:
            raise _problem(
                f"{skill.title} knows no argument called {name[:60]}.",
                f"It takes {', '.join(each.name for each in skill.arguments) or 'none'}.",
            )
    checked: dict[str, Value] = {}
    for argument in skill.arguments:
        if argument.name in args:
            checked[argument.name] = _coerced(skill, argument, args[argument.name])
        elif argument.default is not None:
            checked[argument.name] = argument.default
        else:
            raise _problem(
                f"{skill.title} needs to know {argument.name}: {argument.help}.",
                "Say it in your request.",
            )
    return checked


def _coerced(skill: Skill, argument: Argument, value: Value) -> Value:
    # A model may write true where JSON allows it; Python counts it as a number.
    if isinstance(value, bool) or not isinstance(value, str | int | float | list):
        raise _problem(f"{skill.title}: {argument.name} is neither a text nor a number.")
    if argument.kind == "names":
        return _names(skill, argument, value)
    if isinstance(value, list):
        raise _problem(f"{skill.title}: {argument.name} takes one value, not a list.")
    if argument.kind == "number":
        return _number(skill, argument, value)
    text = str(value)
    longest = _LONGEST.get(argument.kind, _SHORT)
    if len(text) > longest:
        raise SkillProblem(
            f"{skill.title}: {argument.name} is {len(text):,} characters long; at most "
            f"{longest:,} are taken.",
            "Give it less at a time.",
            "large",
        )
    if "\0" in text and argument.kind != "text":
        raise _problem(f"{skill.title}: {argument.name} holds a character that is none (NUL).")
    if not text.strip() and argument.default is None:
        raise _problem(f"{skill.title}: {argument.name} is empty.", f"Give {argument.help}.")
    if argument.kind == "choice":
        return _choice(skill, argument, text)
    return text


def _choice(skill: Skill, argument: Argument, text: str) -> str:
    wanted = text.strip().casefold()
    for choice in argument.choices:
        if choice.casefold() == wanted:
            return choice
    raise _problem(
        f"{skill.title}: {argument.name} cannot be {text[:60]}.",
        f"It can be {', '.join(argument.choices)}.",
    )


def _number(skill: Skill, argument: Argument, value: str | float) -> int | float:
    if isinstance(value, str):
        read = read_number(value)
        if read is None:
            raise _problem(
                f"{skill.title}: {argument.name} is not a number: {value[:60]}.",
                "Write it in figures, such as 12.5.",
            )
        try:
            value = read.numerator if read.denominator == 1 else float(read)
        except OverflowError:
            value = float("inf")
    if abs(value) > _LARGEST or not math.isfinite(value):
        raise _problem(f"{skill.title}: {argument.name} is too large a number.")
    return value


def _names(skill: Skill, argument: Argument, value: Value) -> list[str]:
    parts = value if isinstance(value, list) else str(value).split(",")
    names = [str(part).strip() for part in parts if str(part).strip()]
    if not names:
        raise _problem(f"{skill.title}: {argument.name} is empty.", f"Give {argument.help}.")
    if len(names) > _MOST_NAMES or max(map(len, names)) > _SHORT:
        raise SkillProblem(
            f"{skill.title}: {argument.name} holds too much; at most {_MOST_NAMES} short names are "
            "taken.",
            "Ask for fewer at a time.",
            "large",
        )
    return list(dict.fromkeys(names))


def _problem(message: str, hint: str = "") -> SkillProblem:
    return SkillProblem(message, hint, "arguments")
