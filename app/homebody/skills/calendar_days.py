"""The calendar: lengths of time, and the days of feasts. Everything here is pure."""

import calendar
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Final

from msgspec import Struct

from homebody.base.errors import SkillProblem
from homebody.skills.date_words import FEASTS
from homebody.skills.moments import MONTHS

__all__ = ["Duration", "checked_date", "duration_of", "feast_day", "moved", "moved_moment", "nth"]

_MONTHS: Final = {"month": 1, "quarteryear": 3, "year": 12, "decade": 120, "century": 1200}
_DAYS: Final = {"day": 1, "week": 7, "fortnight": 14}
_SECONDS: Final = {"second": 1, "minute": 60, "hour": 3600}
_FROM_EASTER: Final = {
    "easter": 0,
    "easter monday": 1,
    "good friday": -2,
    "maundy thursday": -3,
    "palm sunday": -7,
    "ash wednesday": -46,
    "shrove tuesday": -47,
    "rose monday": -48,
    "ascension": 39,
    "pentecost": 49,
    "pentecost monday": 50,
    "corpus christi": 60,
}
_NTH: Final = {
    # Month, day of the week, which one, days later.
    "thanksgiving": (11, 3, 4, 0),
    "black friday": (11, 3, 4, 1),
    "mothers day": (5, 6, 2, 0),
    "mothers day es": (5, 6, 1, 0),
    "fathers day": (6, 6, 3, 0),
}
_SUNDAY: Final = 6
_MOST: Final = 10**7
"""Of any unit: more would leave the calendar anyway."""


class Duration(Struct, frozen=True, kw_only=True):
    """A length of time. Months and days are of the calendar, seconds of the clock."""

    months: int = 0
    days: int = 0
    seconds: int = 0
    workdays: int = 0

    def __neg__(self) -> "Duration":
        return Duration(
            months=-self.months, days=-self.days, seconds=-self.seconds, workdays=-self.workdays
        )

    def __add__(self, other: "Duration") -> "Duration":
        return Duration(
            months=self.months + other.months,
            days=self.days + other.days,
            seconds=self.seconds + other.seconds,
            workdays=self.workdays + other.workdays,
        )


def duration_of(number: Fraction, unit: str) -> Duration:
    """Return so many of a unit; half a month is 15 days, half a day 12 hours."""
    if abs(number) > _MOST:
        raise _beyond()
    if unit == "workday":
        return Duration(workdays=round(number))
    if unit in _MONTHS:
        months = number * _MONTHS[unit]
        whole = int(months)
        return Duration(months=whole, days=round((months - whole) * 30))
    if unit in _DAYS:
        days = number * _DAYS[unit]
        whole = int(days)
        return Duration(days=whole, seconds=round((days - whole) * 86_400))
    return Duration(seconds=round(number * _SECONDS[unit]))


def checked_date(year: int, month: int, day: int) -> date:
    """Return a date. `SkillProblem` where there is none."""
    if not 1 <= year <= 9999:
        raise _beyond()
    if not 1 <= month <= 12:
        raise SkillProblem(
            f"There is no month {month}.", "Write the month as 1 to 12, or in words.", "arguments"
        )
    last = calendar.monthrange(year, month)[1]
    if not 1 <= day <= last:
        name = f"{MONTHS[month - 1]} {year}"
        raise SkillProblem(
            f"{day} {name} does not exist: {name} has {last} days.", "Say another day.", "arguments"
        )
    return date(year, month, day)


def moved(day: date, by: Duration) -> tuple[date, str]:
    """Return a day so much later, and a note where the calendar had to be bent. No seconds."""
    note = ""
    months = day.year * 12 + day.month - 1 + by.months
    year, month = divmod(months, 12)
    if not 1 <= year <= 9999:
        raise _beyond()
    last = calendar.monthrange(year, month + 1)[1]
    if day.day > last:
        note = f"{MONTHS[month]} {year} has {last} days, so its last was taken."
    try:
        day = date(year, month + 1, min(day.day, last)) + timedelta(days=by.days)
        for _ in range(min(abs(by.workdays), 100_000)):
            day += timedelta(days=1 if by.workdays > 0 else -1)
            while day.weekday() >= 5:
                day += timedelta(days=1 if by.workdays > 0 else -1)
    except OverflowError as error:
        raise _beyond() from error
    return day, note


def moved_moment(moment: datetime, by: Duration) -> tuple[datetime, str]:
    """Return a moment so much later: days by the calendar, hours by the clock that never jumps."""
    day, note = moved(moment.date(), by)
    try:
        local = datetime.combine(day, moment.timetz())
        if by.seconds:
            later = local.astimezone(UTC) + timedelta(seconds=by.seconds)
            return later.astimezone(moment.tzinfo), note
    except OverflowError as error:
        raise _beyond() from error
    return local, note


def feast_day(feast: str, year: int) -> date:
    """Return the day of a feast in a year."""
    if not 1583 <= year <= 4099:
        # Easter is reckoned for the Gregorian calendar, and nobody knows whether that lasts.
        raise SkillProblem(
            f"Feasts are known for the years 1583 to 4099, not for {year}.",
            "Say the date instead.",
            "arguments",
        )
    if feast in FEASTS:
        return date(year, *FEASTS[feast])
    if feast == "advent":
        # The fourth Sunday before Christmas lies between 27 November and 3 December.
        begins = date(year, 11, 27)
        return begins + timedelta(days=(_SUNDAY - begins.weekday()) % 7)
    if feast in _NTH:
        month, weekday, which, later = _NTH[feast]
        return nth(year, month, weekday, which) + timedelta(days=later)
    if feast in _FROM_EASTER:
        from dateutil.easter import easter

        return easter(year) + timedelta(days=_FROM_EASTER[feast])
    # Mothers' day in France: the last Sunday of May, a week later where that is Pentecost.
    last = nth(year, 5, _SUNDAY, -1)
    return last + timedelta(days=7) if last == feast_day("pentecost", year) else last


def nth(year: int, month: int, weekday: int, which: int) -> date:
    """Return the first, second… Monday… of a month; -1: the last. Monday is 0."""
    last = calendar.monthrange(year, month)[1]
    days = [day for day in range(1, last + 1) if date(year, month, day).weekday() == weekday]
    if which > len(days):
        raise SkillProblem(
            f"{MONTHS[month - 1]} {year} has {len(days)} of these days, not {which}.",
            "Say another day.",
            "arguments",
        )
    return date(year, month, days[which if which < 0 else which - 1])


def _beyond() -> SkillProblem:
    return SkillProblem(
        "That lies outside the years 1 to 9999, which are all the calendar has.",
        "Say a nearer day.",
        "arguments",
    )
