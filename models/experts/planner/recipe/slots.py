"""What is put into a form's slots: values from lists, and numbers, times, dates and files by code.

A value may have slots of its own. In a list, `<…>` marks what of it is copied into a plan, and
`said -> meant` a value that a plan writes in another way.
"""

import random
import re
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from forms import SLOT, Sections

__all__ = ["Bit", "Slots"]

_MARK: Final = re.compile(r"<([^<>]*)>")
_FOREIGN: Final = 0.1
_SPOKEN_ANYWHERE: Final = frozenset(("shorttext", "note", "query", "place", "task", "folder"))
"""Slots whose values may now and then be of another language than the request."""
_TRIES: Final = 20
"""To find a value that no other slot of the request has."""
_BACKSLASH: Final = "\\"
_TEENS: Final = (11, 12, 13)
_NUMBERS: Final = {
    "two": "2",
    "three": "3",
    "four": "4",
    "five": "5",
    "six": "6",
    "seven": "7",
    "eight": "8",
    "nine": "9",
    "ten": "10",
    "twelve": "12",
    "fifteen": "15",
    "twenty": "20",
    "thirty": "30",
    "fifty": "50",
    "forty": "40",
    "sixty": "60",
    "a hundred": "100",
    "twenty-five": "25",
    "eleven": "11",
    "a thousand": "1000",
}
_PERCENTS: Final = (
    *("5", "7", "10", "12", "15", "18", "19", "20", "21", "25", "30", "35", "40", "60", "75", "8"),
    *("7.5", "2.5", "3", "80", "90", "45", "12.5", "17", "33"),
)


class Bit(NamedTuple):
    """A stretch of a request; one with a key is copied into the plan as it is typed."""

    text: str
    key: str = ""


def _number(rng: random.Random, language: str) -> str:
    kind = rng.random()
    if kind < 0.55:
        return str(rng.choice((rng.randint(2, 99), rng.randint(10, 999), rng.randint(100, 9999))))
    comma = language != "en"
    if kind < 0.85:
        number = f"{rng.uniform(1, rng.choice((10, 100, 900))):.{rng.choice((1, 2))}f}"
        return number.replace(".", ",") if comma and rng.random() < 0.7 else number
    number = f"{rng.randint(1, 99)},{rng.randint(0, 999):03d}"
    return number.replace(",", ".") if comma else number


def _price(rng: random.Random, language: str) -> str:
    price = f"{rng.randint(1, 60)}.{rng.choice(('99', '50', '95', '20', '49', '05', '75'))}"
    return price.replace(".", ",") if language != "en" and rng.random() < 0.7 else price


def _clock(rng: random.Random, _language: str) -> str:
    hour = rng.randint(1, 12)
    minute = rng.choice((0, 5, 10, 15, 20, 30, 40, 45, 50))
    half = rng.choice(("am", "pm"))
    return rng.choice(
        (
            f"{hour}",
            f"{hour}{half}",
            f"{hour} {half}",
            f"{hour}:{minute:02d}",
            f"{hour}:{minute:02d}{half}",
            f"{rng.randint(6, 23)}:{minute:02d}",
            f"{rng.randint(6, 23)}:{minute:02d}",
            f"{hour}.{rng.choice((15, 30, 45))}",
            f"{hour} o'clock",
            "noon",
        )
    )


def _ordinal(rng: random.Random, _language: str) -> str:
    day = rng.randint(1, 31)
    ending = "th" if day in _TEENS else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{ending}"


def _iso_date(rng: random.Random, _language: str) -> str:
    return f"{rng.randint(2026, 2029)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"


def _date(rng: random.Random, first: int, last: int) -> str:
    year, month, day = rng.randint(first, last), rng.randint(1, 12), rng.randint(1, 28)
    return rng.choice(
        (f"{day}/{month}/{year}", f"{month:02d}/{day:02d}/{year}", f"{day}.{month}.{year}")
    )


_MADE: Final[Mapping[str, Callable[[random.Random, str], str]]] = {
    "number": _number,
    "price": _price,
    "clock": _clock,
    "dayth": _ordinal,
    "small": lambda rng, _: str(rng.choice((2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 20, 25, 30, 45))),
    "big": lambda rng, _: str(rng.randint(20, 400)),
    "percent": lambda rng, _: rng.choice(_PERCENTS),
    "dayday": lambda rng, _: str(rng.randint(1, 28)),
    "dd": lambda rng, _: f"{rng.randint(1, 28):02d}",
    "year": lambda rng, _: str(rng.randint(2024, 2032)),
    "pastyear": lambda rng, _: str(rng.randint(1950, 2025)),
    "isodate": _iso_date,
    "slashdate": lambda rng, _: _date(rng, 2026, 2029),
    "slashpast": lambda rng, _: _date(rng, 1960, 2025),
}


class Slots:
    """The values of one request's slots: bits each, distinct for slots of one list."""

    def __init__(self, rng: random.Random, lists: Mapping[str, Sections], language: str) -> None:
        """`lists`: by language; what one lacks is taken from English."""
        self._rng = rng
        self._all = lists
        self._own = lists.get(language, {})
        self._english = lists["en"]
        self._language = language
        self._taken: dict[str, list[str]] = {}
        self._bits: dict[str, list[Bit]] = {}
        self.fixed: dict[str, str] = {}
        """What a plan writes for slots whose words it does not copy."""

    def value(self, name: str) -> list[Bit]:
        """Return what a slot, such as `place2`, is in this request."""
        if name not in self._bits:
            base = name.rstrip("0123456789")
            taken = self._taken.setdefault(base, [])
            for _ in range(_TRIES):
                bits = self._make(base, name)
                text = "".join(bit.text for bit in bits).lower()
                if text not in taken:
                    break
            taken.append(text)
            self._bits[name] = bits
        return self._bits[name]

    def copied(self, name: str) -> str:
        """Return what of a slot's value a plan copies."""
        return "".join(bit.text for bit in self.value(name) if bit.key)

    def _make(self, base: str, name: str) -> list[Bit]:
        if base == "file":
            return [Bit(self._file(), name)]
        if base == "numword":
            word = self._rng.choice(list(_NUMBERS))
            self.fixed[name] = _NUMBERS[word]
            return [Bit(word)]
        if base in _MADE and base not in self._own:
            return [Bit(_MADE[base](self._rng, self._language), name)]
        line = self._filled(self._rng.choice(self._list(base)))
        if " -> " in line:
            line, meant = line.split(" -> ")
            if meant != line:
                self.fixed[name] = meant
        found = _MARK.search(line)
        if found is None:
            return [Bit(line, name)]
        before, after = line[: found.start()], line[found.end() :]
        return [bit for bit in (Bit(before), Bit(found.group(1), name), Bit(after)) if bit.text]

    def _list(self, base: str) -> list[str]:
        if base in _SPOKEN_ANYWHERE and self._rng.random() < _FOREIGN:
            return self._rng.choice([each[base] for each in self._all.values() if base in each])
        found = self._own.get(base) or self._english.get(base)
        if not found:
            raise SystemExit(f"No list of values for {{{base}}} in {self._language}.")
        return found

    def _filled(self, line: str) -> str:
        """Fill the slots inside a value."""

        def put(found: re.Match[str]) -> str:
            return "".join(bit.text for bit in self._make(found.group(1), "inner"))

        while SLOT.search(line):
            line = SLOT.sub(put, line)
        return line

    def _file(self) -> str:
        rng = self._rng
        base = self._filled(rng.choice(self._list("fileword")))
        if rng.random() < 0.3:
            joint = rng.choice(("_", "-", "", " " if rng.random() < 0.2 else "-"))
            base += joint + rng.choice(
                (*"123", "final", "new", "old", "v2", "draft", "2026", "copy")
            )
        if rng.random() < 0.12:
            base = base.capitalize()
        name = f"{base.replace(' ', '-')}.{rng.choice(self._list('ext'))}"
        if rng.random() < 0.12:
            folder = self._filled(rng.choice(self._list("folder")))
            name = f"{folder}{_BACKSLASH if _BACKSLASH in folder else '/'}{name}"
        return name
