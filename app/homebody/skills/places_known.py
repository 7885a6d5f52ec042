"""The places that Homebody knows: a list written by hand, and the cities that name time zones.

`places.txt` holds the countries, states and cities that people ask for, under their names in five
languages; it says itself how it is written, and is read with the first question. What it lacks is
looked for in the names of the time zones (tzdata), then among names that differ by a letter.
"""

import re
from functools import cache
from importlib import resources
from itertools import chain
from string import ascii_lowercase
from typing import Final

from msgspec import Struct

from homebody.skills.number_words import fold

__all__ = ["Place", "Zone", "by_slip", "by_zone", "fold_name", "known", "states", "zone_keys"]

_BIG: Final = 100
_PLAIN: Final = 10
_SMALL: Final = 1
_MARKS: Final = {"*": _BIG, "~": _SMALL}
_FORGIVEN: Final = 5
"""Letters of a name from which on a slip is forgiven: shorter ones are too near to each other."""
_SLIP_UP_TO: Final = 40
"""Letters of a name; no longer one is listed, and trying all slips costs by its length."""
_REGIONS: Final = frozenset(
    {"Africa", "America", "Antarctica", "Arctic", "Asia"}
    | {"Atlantic", "Australia", "Europe", "Indian", "Pacific"}
)
_NO_PLACES: Final = frozenset({"north", "south", "west", "lhi", "act", "nsw"})
"""Parts of a country that name old zones, and mean anything without it."""
_NOT_LETTERS: Final = re.compile(r"[^\w\n;@=+*~,]+")
_LETTERS: Final = ("øo", "łl", "đd", "ðd", "þth", "æae", "œoe")
"""Letters which Unicode does not take for one with an accent, and what they become."""
_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})


class Zone(Struct, frozen=True):
    """One of the time zones of a place."""

    key: str
    """As the IANA names it: "Europe/Rome"."""
    city: str
    """The city by which its time is told; empty where the place has no other zone."""
    few: bool
    """Whether few of the people of the place live there."""


class Place(Struct, frozen=True, kw_only=True):
    """A place with its zones, the one with most people first."""

    kind: str
    """c: a city, island or region; s: a state; n: a nation"""
    name: str
    state: str
    state_code: str
    country: str
    code: str
    """Two letters for the country."""
    zones: tuple[Zone, ...]
    weight: int
    """How surely the name alone means it; ten times as much leaves no doubt."""

    @property
    def said(self) -> str:
        """Its name with what tells it from others: "Springfield, Ohio"."""
        of = self.country if self.kind == "s" else self.state or self.country
        return self.name if of == self.name or not of else f"{self.name}, {of}"


def fold_name(name: str) -> str:
    """Return a name in small letters and figures, parted by single spaces: "St. John's"."""
    return " ".join(re.sub(r"[\W_]+", " ", _in_plain_letters(name)).split())


def _in_plain_letters(text: str) -> str:
    folded = fold(text)
    for pair in _LETTERS:
        folded = folded.replace(pair[0], pair[1:])
    return folded


def known(key: str) -> tuple[Place, ...]:
    """Return the places of `places.txt` of a folded name, those that are meant first."""
    return tuple(sorted(_index().get(key, ()), key=lambda place: -place.weight))


def states(code: str) -> tuple[Place, ...]:
    """Return the states and provinces of a code in small letters, such as "ca"."""
    found = {each for each in chain(*_index().values()) if each.kind == "s"}
    return tuple(each for each in found if each.state_code.casefold() == code)


def by_zone(key: str) -> tuple[Place, ...]:
    """Return the city that a time zone is named after, as one place or none."""
    found = _zone_cities().get(key)
    return () if found is None else (found,)


def by_slip(key: str) -> tuple[Place, ...]:
    """Return the places whose names differ from a folded one by a slip, those that are meant first.

    A slip is a letter too many, too few or wrong, or two exchanged; the first letter is right.
    """
    if not _FORGIVEN <= len(key) <= _SLIP_UP_TO:
        return ()
    found = {
        place: None
        for slip in _slips(key)
        if len(slip) >= _FORGIVEN
        for place in known(slip) or by_zone(slip)
    }
    return tuple(sorted(found, key=lambda place: -place.weight))


def _slips(key: str) -> set[str]:
    parts = [(key[:at], key[at:]) for at in range(1, len(key) + 1)]
    fewer = (begins + ends[1:] for begins, ends in parts)
    exchanged = (b + e[1] + e[0] + e[2:] for b, e in parts if len(e) > 1)
    others = (
        each
        for letter in ascii_lowercase + " "
        for begins, ends in parts
        for each in (begins + letter + ends[1:], begins + letter + ends)
    )
    return set(chain(fewer, exchanged, others))


# ---------------------------------------------------------------- the list


@cache
def _index() -> dict[str, list[Place]]:
    text = (resources.files("homebody.skills") / "places.txt").read_text("utf-8")
    # Folded as a whole, which is several times as fast as name by name.
    folded = _NOT_LETTERS.sub(" ", _in_plain_letters(text))
    index: dict[str, list[Place]] = {}
    nation: Place | None = None
    state: Place | None = None
    for line, plain in zip(text.splitlines(), folded.splitlines(), strict=True):
        if not line or line[0] == "#":
            continue
        names, _, zones = line.partition(" @ ")
        keys = plain.partition("@")[0]
        mark = line[0] if line[:2] in {"= ", "+ ", "* ", "~ "} else ""
        code = ""
        if mark in {"=", "+"}:
            _, code, names = names.split(" ", 2)
            keys = keys.removeprefix(mark).lstrip().removeprefix(code.casefold())
        elif mark:
            names, keys = names[2:], keys[2:]
        name = names.partition(";")[0]
        if mark == "=" or nation is None:
            nation, state = _nation(name, code, _zones(zones)), None
            place = nation
        elif mark == "+":
            state = place = _state(name, code, nation, _zones(zones))
        else:
            place = _city(name, nation, state, _zones(zones), _MARKS.get(mark, _PLAIN))
        for key in keys.split(";"):
            _enter(index, key.strip(), place)
        # Not in one line with the above: few names have such a letter.
        if not line.isascii():
            for each in names.split(";"):
                if (spelt := each.translate(_UMLAUTS)) != each:
                    _enter(index, fold_name(spelt), place)
    return index


def _enter(index: dict[str, list[Place]], key: str, place: Place) -> None:
    places = index.setdefault(key, [])
    if not places or places[-1] is not place:
        places.append(place)


def _zones(text: str) -> tuple[Zone, ...]:
    parts = (each.strip().partition(" ") for each in text.split(";") if each)
    return tuple(Zone(key.lstrip("~"), city, key[0] == "~") for key, _, city in parts)


def _nation(name: str, code: str, zones: tuple[Zone, ...]) -> Place:
    return Place(
        kind="n",
        name=name,
        state="",
        state_code="",
        country=name,
        code=code,
        zones=zones,
        weight=_BIG,
    )


def _state(name: str, code: str, nation: Place, zones: tuple[Zone, ...]) -> Place:
    return Place(
        kind="s",
        name=name,
        state=name,
        state_code=code.strip("-"),
        country=nation.name,
        code=nation.code,
        zones=zones or nation.zones[:1],
        weight=_BIG,
    )


def _city(
    name: str, nation: Place, state: Place | None, zones: tuple[Zone, ...], weight: int
) -> Place:
    return Place(
        kind="c",
        name=name,
        state=state.name if state else "",
        state_code=state.state_code if state else "",
        country=nation.name,
        code=nation.code,
        zones=zones or (state or nation).zones[:1],
        weight=weight,
    )


# ---------------------------------------------------------------- zones


@cache
def zone_keys() -> dict[str, str]:
    """Return the names of all time zones, by their small letters.

    Read from tzdata's list: to ask the system means to open each of its 600 files.
    """
    lines = (resources.files("tzdata") / "zones").read_text("utf-8").splitlines()
    return {line.casefold(): line for line in lines}


@cache
def _zone_cities() -> dict[str, Place]:
    codes = _zone_codes()
    nations = {each.code: each.name for each in chain(*_index().values()) if each.kind == "n"}
    found: dict[str, Place] = {}
    # Those that are in use, which have a country, before old names for them.
    for key in sorted(zone_keys().values(), key=lambda key: (key not in codes, key)):
        region, *between = key.split("/")
        last = between.pop() if between else ""
        if region not in _REGIONS or not last or fold_name(last) in _NO_PLACES:
            continue
        code = codes.get(key, "")
        place = Place(
            kind="c",
            name=last.replace("_", " "),
            state=between[0].replace("_", " ") if between and code == "US" else "",
            state_code="",
            country=nations.get(code, ""),
            code=code,
            zones=(Zone(key, "", few=False),),
            weight=_PLAIN,
        )
        found.setdefault(fold_name(last), place)
        found.setdefault(fold_name(key), place)
    return found


def _zone_codes() -> dict[str, str]:
    lines = (resources.files("tzdata") / "zoneinfo" / "zone.tab").read_text("utf-8").splitlines()
    rows = (line.split("\t") for line in lines if not line.startswith("#"))
    return {row[2]: row[0] for row in rows}
