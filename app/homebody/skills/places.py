"""Places and their time zones, offline: cities, countries, states, zones and their abbreviations.

What is known of places is in `places_known.py`; here a name is understood, and the time is told.
"""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import structs

from homebody.base.errors import SkillProblem
from homebody.messages.skills import Outcome
from homebody.skills.moments import say_clock, say_day
from homebody.skills.places_known import (
    Place,
    by_slip,
    by_zone,
    fold_name,
    known,
    states,
    zone_keys,
)

__all__ = ["find_places", "times_in"]

_LONGEST: Final = 100
_WORTH_SAYING: Final = 10
"""So many times the weight of the next of its name has the one beside which that is mentioned."""
_MOST_CHOICES: Final = 6
_OWN_PLACE: Final = (
    "here; local; local time; now; my place; home; hier; zuhause; aqui; ici; qui; today; heute; "
    "hoy; aujourd hui; oggi; there; my location; my city; current location"
)
_HERE: Final = frozenset(_OWN_PLACE.split("; "))
_ABBREVIATIONS: Final = {
    "utc": 0, "gmt": 0, "z": 0, "zulu": 0, "wet": 0, "west": 60, "cet": 60, "mez": 60, "cest": 120,
    "mesz": 120, "eet": 120, "eest": 180, "msk": 180, "est": -300, "edt": -240, "cdt": -300,
    "mst": -420, "mdt": -360, "pst": -480, "pdt": -420, "akst": -540, "akdt": -480, "hst": -600,
    "jst": 540, "kst": 540, "aest": 600, "aedt": 660, "acst": 570, "awst": 480, "nzst": 720,
    "nzdt": 780, "sgt": 480, "hkt": 480, "pkt": 300, "wib": 420, "sast": 120, "brt": -180,
}  # fmt: skip
"""Minutes east of UTC, of those that mean one thing."""
_GENERIC: Final = {
    "et": "America/New_York",
    "eastern": "America/New_York",
    "eastern time": "America/New_York",
    "ct": "America/Chicago",
    "central time": "America/Chicago",
    "mt": "America/Denver",
    "mountain time": "America/Denver",
    "pt": "America/Los_Angeles",
    "pacific": "America/Los_Angeles",
    "pacific time": "America/Los_Angeles",
    "uk time": "Europe/London",
    "hawaii time": "Pacific/Honolulu",
}
_SEVERAL: Final = {
    "cst": ("Chicago", "Shanghai", "Havana"),
    "ist": ("New Delhi", "Dublin", "Jerusalem"),
    "bst": ("London", "Dhaka"),
    "ast": ("Halifax", "Riyadh"),
    "gst": ("Dubai",),
}
_WITH_THE: Final = re.compile(
    r"(^(United|Isle|Netherlands|Philippines|Bahamas|Maldives|Comoros|Seychelles|D\.C\.|Bronx|DR)\b"
    r"|\b(Islands|Republic|Territory|Territories|Congo)$|^Republic)"
)
_OFFSET: Final = re.compile(
    r"(?:utc|gmt)?\s*([+\-\u2212])\s*(\d{1,2})(?::?([0-5]\d))?", re.IGNORECASE
)
_BEFORE: Final = frozenset(
    [
        "in",
        "at",
        "time",
        "city",
        "of",
        "the",
        "en",
        "a",
        "au",
        "aux",
        "im",
        "der",
        "die",
        "das",
        "den",
        "nach",
        "la",
        "le",
        "les",
        "el",
        "los",
        "las",
        "il",
        "lo",
        "gli",
        "i",
        "l",
        "state",
        "province",
    ]
)
_AFTER: Final = frozenset(["time", "right", "now", "city", "zeit", "please", "rn"])
_KINDS: Final = {"country": "n", "state": "s", "province": "s", "city": "c"}


def times_in(place: str, now: datetime) -> Outcome | None:
    """Tell the time in a place; None where the person's own is meant.

    `SkillProblem` where there is no such place, or several with different times.
    """
    asked = " ".join(place.split())
    if len(asked) > _LONGEST:
        raise _unknown(asked)
    ways = tuple(_ways(asked))
    if not ways or not _HERE.isdisjoint(ways):
        return None
    zone = _zone_named(asked, ways)
    if zone is not None:
        return _told(f"the time zone {getattr(zone, 'key', asked.upper())}", zone, now)
    several = next((_SEVERAL[way] for way in ways if way in _SEVERAL), None)
    if several:
        raise SkillProblem(
            f"{asked.upper()} stands for several times: that of {' or '.join(several)}.",
            "Name the city.",
            "unclear",
            choices=several,
        )
    found = find_places(asked)
    if found:
        return _meant(asked, found, now)
    near = _found(asked, by_slip)
    if near:
        told = _meant(asked, near, now)
        return structs.replace(told, said=f"{told.said} I read {asked} as {near[0].name}.")
    around = _around(asked)
    if around is None or len(_offsets(around, now)) > 1:
        raise _unknown(asked)
    told = _meant(asked, (around,), now)
    return structs.replace(told, said=f"{told.said} I do not know {asked} itself.")


def find_places(asked: str) -> tuple[Place, ...]:
    """Return the places of that name, the one that is meant first: "Paris", "Paris, Texas"."""
    return _found(asked, known) or _found(asked, by_zone)


def _found(asked: str, named: Callable[[str], tuple[Place, ...]]) -> tuple[Place, ...]:
    for way in _ways(asked):
        found = named(way) or _of_kind(way, named)
        if found:
            return found
    parts = [fold_name(each) for each in asked.split(",")]
    words = [word for part in parts for word in part.split()]
    most = len(parts[0].split()) if len(parts) > 1 else len(words) - 1
    for size in range(most, 0, -1):
        rest = tuple(_ways(" ".join(words[size:])))
        for way in _ways(" ".join(words[:size])):
            found = tuple(each for each in named(way) if rest and _lies_in(each, rest))
            if found:
                return found
    return ()


def _of_kind(way: str, named: Callable[[str], tuple[Place, ...]]) -> tuple[Place, ...]:
    """Read "country of Georgia" and "Washington state"."""
    first, _, rest = way.partition(" ")
    if first not in _KINDS:
        rest, _, first = way.rpartition(" ")
    kind = _KINDS.get(first)
    return tuple(each for each in named(rest.removeprefix("of ")) if each.kind == kind)


def _ways(text: str) -> Iterator[str]:
    """Yield a name, then what is left of it without the words around it, one by one.

    One by one, since "Mexico City" and "La Paz" are names, and "Bern city" and "la Suisse" are not.
    """
    words = fold_name(text).split()
    if words:
        yield " ".join(words)
    while len(words) > 1 and words[-1] in _AFTER:
        yield " ".join(words := words[:-1])
    while len(words) > 1 and words[0] in _BEFORE:
        yield " ".join(words := words[1:])


def _around(asked: str) -> Place | None:
    """Return the country or state that is named with an unknown place: "Marburg, Germany"."""
    words = fold_name(asked).split()
    for size in range(1, len(words)):
        for way in _ways(" ".join(words[size:])):
            found = [each for each in known(way) if each.kind != "c"]
            if found:
                return found[0] if len(found) == 1 else None
    by_code = states(fold_name(asked.rpartition(",")[2])) if "," in asked else ()
    return by_code[0] if len(by_code) == 1 else None


def _lies_in(place: Place, rest: tuple[str, ...]) -> bool:
    """Return whether a place lies in a country or state: its name in any language, or its code."""
    if not {place.code.casefold(), place.state_code.casefold()}.isdisjoint(rest):
        return True
    around = [each for way in rest for each in known(way) if each.code == place.code]
    return any(
        each.kind == "n" or (each.kind == "s" and each.state == place.state) for each in around
    )


# ---------------------------------------------------------------- zones


def _zone_named(asked: str, ways: tuple[str, ...]) -> tzinfo | None:
    offset = _OFFSET.fullmatch(asked.strip())
    if offset:
        minutes = int(offset[2]) * 60 + int(offset[3] or 0)
        if minutes > 14 * 60:
            raise _unknown(asked)
        return timezone(timedelta(minutes=minutes if offset[1] == "+" else -minutes))
    for way in ways:
        if way in _ABBREVIATIONS:
            return timezone(timedelta(minutes=_ABBREVIATIONS[way]))
        if way in _GENERIC:
            return ZoneInfo(_GENERIC[way])
    if "/" in asked:
        key = zone_keys().get(asked.casefold().replace(" ", "_"))
        return ZoneInfo(key) if key else None
    return None


# ---------------------------------------------------------------- telling


def _meant(asked: str, found: tuple[Place, ...], now: datetime) -> Outcome:
    first, others = found[0], found[1:]
    same = _offsets(first, now)
    rivals = [each for each in others if _offsets(each, now) != same]
    if rivals and rivals[0].weight == first.weight:
        choices = tuple(dict.fromkeys(_choice(each, found) for each in found))[:_MOST_CHOICES]
        raise SkillProblem(
            f"There are several places called {asked}, with different times: {'; '.join(choices)}.",
            "Say which one.",
            "unclear",
            choices=choices,
        )
    if len(same) > 1:
        return _in_zones(first, now)
    told = _told(_in(first), _info(first), now)
    more = [
        f"In {zone.city} it is {say_clock(there)}{_other_day(there, now.astimezone(_info(first)))}."
        for zone in first.zones[1:]
        if (there := now.astimezone(ZoneInfo(zone.key))).utcoffset() not in same
    ]
    if rivals and rivals[0].weight * _WORTH_SAYING >= first.weight:
        there = now.astimezone(_info(rivals[0]))
        more.append(f"There is also {rivals[0].said}, where it is {say_clock(there)}.")
    return structs.replace(told, said=" ".join((told.said, *more)))


def _choice(place: Place, found: tuple[Place, ...]) -> str:
    """Return how a place is named beside others, so that the name means it alone."""
    kinds = {each.kind for each in found}
    if place.kind == "n" and len(kinds) > 1:
        return f"the country of {place.name}"
    if place.kind == "s" and len(kinds) > 1:
        return f"the state of {place.name}"
    return place.said


def _in(place: Place) -> str:
    return f"the {place.said}" if _WITH_THE.search(place.name) else place.said


def _info(place: Place) -> ZoneInfo:
    return ZoneInfo(place.zones[0].key)


def _offsets(place: Place, now: datetime) -> frozenset[timedelta | None]:
    """Return the different times of a place; zones where few people live do not count."""
    return frozenset(
        now.astimezone(ZoneInfo(zone.key)).utcoffset() for zone in place.zones if not zone.few
    )


def _in_zones(place: Place, now: datetime) -> Outcome:
    """Tell all the times of a large country, from west to east."""
    seen: dict[timedelta, tuple[datetime, str]] = {}
    for zone in place.zones:
        there = now.astimezone(ZoneInfo(zone.key))
        seen.setdefault(there.utcoffset() or timedelta(), (there, zone.city))
    times = [
        f"{say_clock(there)} in {city}{_other_day(there, now)}"
        for _, (there, city) in sorted(seen.items())
    ]
    name = _in(place)
    said = f"{name[:1].upper()}{name[1:]} has {len(times)} times:\n\n" + "\n".join(
        f"- {each}" for each in times
    )
    return Outcome(text="\n".join(times), said=said)


def _told(name: str, zone: tzinfo, now: datetime) -> Outcome:
    there = now.astimezone(zone)
    text = f"{say_day(there.date())}, {say_clock(there)}"
    ahead = (there.utcoffset() or timedelta()) - (now.utcoffset() or timedelta())
    hours = _hours(abs(ahead))
    distance = f", {hours} {'ahead of' if ahead > timedelta() else 'behind'} you" if ahead else ""
    said = f"In {name} it is {say_clock(there)} on {say_day(there.date())}{distance}."
    return Outcome(text=text, said=said)


def _other_day(there: datetime, now: datetime) -> str:
    days = (there.date() - now.date()).days
    return "" if days == 0 else " (tomorrow)" if days > 0 else " (yesterday)"


def _hours(length: timedelta) -> str:
    hours, minutes = divmod(length // timedelta(minutes=1), 60)
    said = [f"{hours} hour{'s' * (hours != 1)}"] if hours else []
    said += [f"{minutes} minutes"] if minutes else []
    return " ".join(said)


def _unknown(asked: str) -> SkillProblem:
    return SkillProblem(
        f"There is no place called {asked[:_LONGEST]}, as far as Homebody knows without the "
        "internet.",
        "Name a larger city nearby, the country, or a time zone such as Europe/Rome.",
        "arguments",
    )
