"""Moments, and the person's time zone: what a day or time that somebody named stands for."""

from datetime import UTC, date, datetime, time, tzinfo
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Struct

from homebody.base.errors import SkillProblem

__all__ = ["MONTHS", "Moment", "at_clock", "now_in", "say_clock", "say_day", "zone_of"]


class Moment(Struct, frozen=True, kw_only=True):
    """A day or time that somebody named. Times are aware, in the person's zone."""

    at: datetime
    """Its beginning: a day begins at midnight."""
    until: datetime
    """Its end, exclusive: a day's is the next midnight, a minute's the next minute."""
    exact: bool
    """Whether a time of day was said."""
    note: str = ""
    """A sentence about what was assumed; empty where nothing was."""


@cache
def zone_of(name: str = "") -> tzinfo:
    """Return a zone by its name, such as "Europe/Rome"; empty: the system's.

    `SkillProblem` where there is none of that name.
    """
    if name:
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise SkillProblem(
                f"There is no time zone called {name[:60]}.",
                "Set one such as Europe/Rome.",
                "arguments",
            ) from error
    from tzlocal import get_localzone

    try:
        return get_localzone()
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # A system that does not name its zone still knows its distance from UTC today.
        return datetime.now(UTC).astimezone().tzinfo or UTC


def now_in(zone: str = "") -> datetime:
    """Return the present moment in a zone; empty: the system's."""
    return datetime.now(zone_of(zone))


def at_clock(day: date, clock: time, zone: tzinfo) -> tuple[datetime, str]:
    """Return that time of that day, and a note where clocks change then.

    A time that clocks skip becomes as much later as they skip; of one that comes twice, the first.
    """
    moment = datetime.combine(day, clock, zone)
    back = moment.astimezone(UTC).astimezone(zone)
    if back.replace(tzinfo=None) != moment.replace(tzinfo=None):
        return back, (
            f"{say_clock(moment)} does not exist on {say_day(day)}, because clocks go forward; "
            f"{say_clock(back)} was taken."
        )
    if moment.utcoffset() != moment.replace(fold=1).utcoffset():
        return moment, (
            f"{say_clock(moment)} comes twice on {say_day(day)}, because clocks go back; the first "
            "was taken."
        )
    return moment, ""


def say_day(day: date) -> str:
    """Return a day in words: "Saturday, 21 November 2026"."""
    # Not strftime, which takes the names of days from the system's language.
    return f"{_DAYS[day.weekday()]}, {day.day} {MONTHS[day.month - 1]} {day.year}"


def say_clock(moment: datetime | time) -> str:
    """Return a time of day: "09:15"."""
    return f"{moment.hour:02}:{moment.minute:02}"


_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
