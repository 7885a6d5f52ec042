"""Units (`convert_units`) by pint, with the names that people use in five languages.

pint is loaded with the first conversion (0.5 s on two cores), and keeps no cache on the disk.
"""

import re
from collections.abc import Hashable, Iterator
from datetime import datetime
from decimal import Decimal
from difflib import get_close_matches
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Final

from homebody.base.errors import SkillProblem
from homebody.messages.skills import Outcome, Value
from homebody.skills.number_words import fold, say_number
from homebody.skills.unit_names import CURRENCIES, KINDS, UNITS, Unit

if TYPE_CHECKING:
    import pint

__all__ = ["convert_units", "make_ready"]

_FIGURES: Final = 6
_LONGEST: Final = 80
_SPELT: Final = 5
"""Letters of a name in which a slip is forgiven."""
_NEAR: Final = 0.84
_PAIRS: Final = {
    "feet and inches": ("foot", "inch", 12),
    "ft and in": ("foot", "inch", 12),
    "ft in": ("foot", "inch", 12),
    "foot and inches": ("foot", "inch", 12),
    "stone and pounds": ("stone", "pound", 14),
    "stones and pounds": ("stone", "pound", 14),
    "hours and minutes": ("hour", "minute", 60),
    "minutes and seconds": ("minute", "second", 60),
}
"""Two units at once: the larger, the smaller, how many make one."""
_NOTES: Final = {
    "US_liquid_gallon": "A gallon was taken as a US gallon (3.785 litres).",
    "US_pint": "A pint was taken as a US pint (0.473 litres).",
    "US_liquid_quart": "A quart was taken as a US quart (0.946 litres).",
    "US_fluid_ounce": "A fluid ounce was taken as a US one (29.57 ml).",
    "cup": "A cup was taken as a US cup (237 ml).",
    "US_ton": "A ton was taken as a US ton (907 kg).",
    "mile/US_liquid_gallon": "Miles per gallon were taken as US ones.",
    "metricpound": "A pound was taken as 500 g.",
    "month": "A month was taken as a twelfth of a year.",
    "year": "A year was taken as 365.25 days.",
}
"""Said where the name leaves open which one is meant."""
_OWN: Final = (
    "hundredkg = 100 * kilogram",
    "fiftykg = 50 * kilogram",
    "dozen = 12 * count",
    "metricpound = 500 * gram",
)
_ANGLES: Final = frozenset({"degree", "radian", "turn"})
_TURNING: Final = "revolutions_per_minute"
_HERTZ: Final = Unit("hertz", "Hz", "Hz", "")
_CAR: Final = ("kilometer/liter", "liter/kilometer")
_OPENERS: Final = re.compile(
    r"^(?:the|a|an|in|into|to|nach|zu|en|a|in|un|une|una|de|di|du|d|der|die|das)\s+", re.IGNORECASE
)


def make_ready() -> None:
    """Load pint, which the workshop does before the time of the first conversion begins."""
    _registry()


def convert_units(args: dict[str, Value], now: datetime) -> Outcome:
    """Convert `value` from `from_unit` to `to_unit`. `SkillProblem` says why it cannot be."""
    del now
    value = _value(args["value"])
    from_name, to_name = (_cleaned(str(args[name])) for name in ("from_unit", "to_unit"))
    _refuse_money(from_name, to_name)
    pair = _PAIRS.get(fold(to_name))
    if pair:
        return _in_two(value, from_name, pair)
    source, target = _meant(from_name, to_name)
    result = _converted(value, source, target)
    number = say_number(result, _FIGURES)
    text = f"{number} {_said(target, result)}"
    about = "" if _is_round(result, number) else "about "
    notes = [
        note
        for unit, name in ((source, from_name), (target, to_name))
        if (note := _NOTES.get(unit.pint)) and not re.search(r"\b(us|uk)\b", fold(name))
    ]
    if {source.pint, target.pint} == {"year", "month"}:
        notes = []
    said = f"{say_number(value)} {_said(source, value)} is {about}{text}."
    return Outcome(text=text, said=" ".join([said, *dict.fromkeys(notes)]))


def _value(given: Value) -> Fraction:
    # Through the shortest decimal, so that 0.1 is a tenth.
    return Fraction(given) if isinstance(given, int) else Fraction(Decimal(str(given)))


def _said(unit: Unit, number: Fraction) -> str:
    return unit.one if number == 1 else unit.several


def _is_round(value: Fraction, text: str) -> bool:
    figures, _, power = text.replace(",", "").partition(" × 10^")
    return Fraction(figures) * Fraction(10) ** int(power or 0) == value


# ---------------------------------------------------------------- names


def _cleaned(name: str) -> str:
    name = " ".join(name.replace("_", " ").split())
    if len(name) > _LONGEST:
        raise _unknown(name)
    name = name.strip(" .,;:!?()")
    return _OPENERS.sub("", name) if len(name) > 2 else name


@cache
def _names() -> dict[str, tuple[Unit, ...]]:
    found: dict[str, list[Unit]] = {}
    for unit in UNITS:
        for name in dict.fromkeys((unit.pint, *unit.names.split("; "))):
            found.setdefault(name, []).append(unit)
    return {name: tuple(units) for name, units in found.items()}


def _candidates(name: str) -> Iterator[Unit]:
    """Yield what a name may mean, the likeliest first."""
    names = _names()
    for form in dict.fromkeys((name, _plain(name), _plain(name).removesuffix("."))):
        yield from names.get(form, ())
    known = list(_by_pint(name))
    yield from known
    plain = _plain(name)
    if not known and len(plain) >= _SPELT and plain not in names:
        # A slip of a letter in a long name: kilogramms, fahrenhiet, milles marin.
        long = [each for each in names if len(each) >= _SPELT]
        for near in get_close_matches(plain, long, n=1, cutoff=_NEAR):
            yield from names[near]


def _plain(name: str) -> str:
    text = fold(name).replace("²", "2").replace("³", "3").replace("µ", "u")
    text = re.sub(r"\s*/\s*", "/", text.replace("-", " ").replace("’", " ").replace("'", " "))
    return " ".join(text.split()) or name


def _by_pint(name: str) -> Iterator[Unit]:
    """Let pint try: it knows hundreds more."""
    if not re.fullmatch(r"[A-Za-zµμ°Ω][\w°µμΩ ^*/·]{0,40}", name):
        return
    # Powers of powers are how one asks a small parser for a large amount of work.
    if re.search(r"(\^|\*\*).*(\^|\*\*)|\d{3}", name):
        return
    for form in dict.fromkeys((name, name.replace(" ", "_"), name.casefold().replace(" ", "_"))):
        try:
            _registry().parse_units(form)
        except Exception:  # noqa: BLE001, S112 - its parser raises whatever Python's tokenizer does
            continue
        yield Unit(form, name, name, "")
        return


def _refuse_money(*names: str) -> None:
    folded = [_plain(name) for name in names]
    money = [name in CURRENCIES for name in folded]
    # A pound alone is a weight; beside a euro it is money.
    if any(money):
        raise SkillProblem(
            f"Exchange rates change every day and Homebody looks nothing up, so {names[0]} cannot "
            f"be converted to {names[1]}.",
            "Find today's rate, then ask for example: 50 * 1.08.",
            "unsupported",
        )


def _unknown(name: str) -> SkillProblem:
    return SkillProblem(
        f"There is no unit called {name[:_LONGEST]}, as far as Homebody knows.",
        "Write it out, such as kilometres, or by its sign, such as km.",
        "arguments",
    )


# ---------------------------------------------------------------- converting


@cache
def _registry() -> "pint.UnitRegistry[Fraction]":
    import pint

    # No folder for a cache: the workshop may write nowhere.
    # Fractions, so that no float's last figures are left over. Offsets: 25 °C are 77 °F.
    registry: pint.UnitRegistry[Fraction] = pint.UnitRegistry(
        autoconvert_offset_to_baseunit=True, non_int_type=Fraction
    )
    for line in _OWN:
        registry.define(line)
    return registry


def _meant(from_name: str, to_name: str) -> tuple[Unit, Unit]:
    """Return the first pair of meanings that converts: `oz` to `ml` is the fluid one."""
    sources, targets = list(_candidates(from_name)), list(_candidates(to_name))
    for name, units in ((from_name, sources), (to_name, targets)):
        if not units:
            raise _unknown(name)
    for source in sources:
        for target in targets:
            if _kind(source) == _kind(target) or _upside_down(source, target):
                return source, target
    source, target = sources[0], targets[0]
    kinds = [_kind_in_words(unit) for unit in (source, target)]
    hint = "Convert to a unit of the same kind."
    if {"a volume", "a weight"} == set(kinds):
        hint = "What a volume weighs depends on what it is of: water weighs 1 kg a litre."
    raise SkillProblem(
        f"{from_name[:1].upper()}{from_name[1:]} and {to_name} cannot be converted: one is "
        f"{kinds[0]}, the other {kinds[1]}.",
        hint,
        "unsupported",
    )


def _kind(unit: Unit) -> Hashable:
    """Return something that is equal for units that convert."""
    # pint takes a turn for a bare number, so that 90° would be 1.57 dozen.
    if unit.pint in _ANGLES:
        return "angle"
    if unit.pint == _TURNING:
        unit = _HERTZ
    return _registry().parse_units(unit.pint).dimensionality


def _kind_in_words(unit: Unit) -> str:
    for known, words in KINDS.items():
        if _kind(unit) == _kind(Unit(known, "", "", "")):
            return words
    return "of a kind of its own"


def _upside_down(source: Unit, target: Unit) -> bool:
    """Tell whether one says how far a litre goes, the other how many litres a way takes."""
    registry = _registry()
    kinds = [registry.parse_units(unit.pint).dimensionality for unit in (source, target)]
    known = [registry.parse_units(name).dimensionality for name in _CAR]
    return kinds in (known, known[::-1])


def _converted(value: Fraction, source: Unit, target: Unit) -> Fraction:
    coldest = {"degC": Fraction("-273.15"), "degF": Fraction("-459.67"), "kelvin": Fraction(0)}
    if source.pint in coldest and value < coldest[source.pint]:
        raise SkillProblem(
            f"Nothing is colder than {say_number(coldest[source.pint])} {source.several}.",
            "Give a higher temperature.",
            "arguments",
        )
    # A turn counts as one here, not as the 2π of an angle.
    value /= 60 if source.pint == _TURNING else 1
    names = [_HERTZ.pint if unit.pint == _TURNING else unit.pint for unit in (source, target)]
    upside_down = _upside_down(source, target)
    if upside_down and not value:
        raise SkillProblem(
            "Zero has no counterpart here: that would be a division by zero.",
            "Give a number above zero.",
            "arguments",
        )
    quantity = _registry().Quantity(value, names[0])
    found = Fraction((1 / quantity if upside_down else quantity).to(names[1]).magnitude)
    return found * 60 if target.pint == _TURNING else found


def _in_two(value: Fraction, from_name: str, pair: tuple[str, str, int]) -> Outcome:
    source, smaller = _meant(from_name, pair[1])
    total = _converted(value, source, smaller)
    negative, total = total < 0, abs(total)
    tenths = Fraction(round(total * 10), 10)
    many = Fraction(tenths // pair[2])
    rest = tenths - many * pair[2]
    units = {unit.pint: unit for unit in UNITS}
    text = (
        f"{'-' if negative else ''}{say_number(many)} {_said(units[pair[0]], many)} "
        f"{say_number(rest)} {_said(smaller, rest)}"
    )
    about = "" if tenths == total else "about "
    said = f"{say_number(value)} {_said(source, value)} is {about}{text}."
    return Outcome(text=text, said=said)
