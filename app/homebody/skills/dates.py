"""Days and times: what a person's words mean, and the skills that reckon with them.

`when` understands words and formats of en, de, es, fr and it; `due` is the same for what has to lie
ahead. Everything is pure, in the person's zone, and what was assumed is said in a note.
"""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from fractions import Fraction
from typing import Final

from msgspec import structs

from homebody.base.errors import SkillProblem
from homebody.messages.skills import Outcome, Value
from homebody.skills.calendar_days import Duration, moved, moved_moment
from homebody.skills.date_reading import Clock, Reading, read_length, read_tokens
from homebody.skills.date_tokens import Token, tokens_of
from homebody.skills.date_words import PARTS
from homebody.skills.moments import Moment, at_clock, say_clock, say_day, zone_of
from homebody.skills.number_words import LANGUAGES

__all__ = ["current_time", "date_difference", "due", "shift_date", "when"]

_NINE: Final = 9
_DAY: Final = timedelta(days=1)
_MINUTE: Final = timedelta(minutes=1)
_HINT: Final = "Say it as tomorrow at 9, next Friday, in 20 minutes or 31.12.2026."
_REPEATS: Final = frozenset(
    {"every", "each", "daily", "weekly", "monthly", "yearly", "jeden", "jede", "jedes", "taglich"}
    | {"cada", "todos", "todas", "chaque", "tous", "toutes", "ogni", "tutti"}
)
_SLASHES: Final = (
    "America/New_York America/Chicago America/Denver America/Los_Angeles America/Phoenix "
    "America/Anchorage America/Detroit America/Boise America/Indiana/ America/Kentucky/ "
    "America/North_Dakota/ America/Menominee America/Adak America/Juneau Pacific/Honolulu US/ "
    "Asia/Manila Pacific/Guam"
)
_MONTH_FIRST: Final = tuple(_SLASHES.split())
"""Zones of the countries in which 3/4 is in March."""


def when(text: str, now: datetime, zone: tzinfo | str = "", *, last: bool = False) -> Moment:
    """Return the moment that `text` names, seen from `now` (aware).

    `zone`: the person's, or its name; empty: that of `now`. `last`: what is open, such as a date
    without a year, lies in the past instead of ahead. `SkillProblem` says what is not understood.
    """
    now = _local(now, zone)
    reading = _read(text, now, last=last)
    return _moment(reading, now, last=last)


def due(text: str, now: datetime, zone: tzinfo | str = "") -> Moment:
    """Return when to remind: always ahead, always at a time of day; the note says what was assumed.

    `SkillProblem` where that time has passed.
    """
    now = _local(now, zone)
    reading = _read(text, now, last=False)
    moment = _moment(reading, now, last=False)
    if moment.at > now or (moment.exact and moment.at >= now.replace(second=0, microsecond=0)):
        if moment.exact or reading.part:
            at = moment.at
            if not moment.exact:
                hour = PARTS[reading.part][2]
                at, _ = at_clock(moment.at.date(), time(hour), _zone(now))
            if at > now:
                return structs.replace(moment, at=at, until=at + _MINUTE, exact=True)
        else:
            at, note = at_clock(moment.at.date(), time(_NINE), _zone(now))
            return _assumed(moment, at, note)
    if not moment.exact and moment.at <= now < moment.until and _is_short(moment):
        # Today, or this evening: the next full hour that leaves half an hour.
        at = (now + timedelta(minutes=89)).replace(minute=0, second=0, microsecond=0)
        if at < moment.until:
            return _assumed(moment, at, "")
        raise SkillProblem(
            "That is nearly over, and no time was said.",
            "Say a time, such as today at 23:30, or another day.",
            "arguments",
        )
    if not moment.exact and moment.at <= now < moment.until:
        raise SkillProblem(
            f'"{text.strip()[:60]}" has begun already, so it is not clear when to remind.',
            "Say a day, such as tomorrow or Friday.",
            "unclear",
        )
    raise SkillProblem(
        f"{_said(moment)} is past already.",
        "Say a time to come, such as tomorrow at 9.",
        "arguments",
    )


def _is_short(moment: Moment) -> bool:
    return moment.until - moment.at <= timedelta(hours=26)


def _assumed(moment: Moment, at: datetime, note: str) -> Moment:
    said = f"No time was said, so {say_clock(at)} was taken."
    notes = " ".join(each for each in (moment.note, said, note) if each)
    return Moment(at=at, until=at + _MINUTE, exact=True, note=notes)


def _local(now: datetime, zone: tzinfo | str) -> datetime:
    if isinstance(zone, str):
        return now.astimezone(zone_of(zone)) if zone else now
    return now.astimezone(zone)


def _zone(now: datetime) -> tzinfo:
    return now.tzinfo or UTC


# ---------------------------------------------------------------- reading


def _read(text: str, now: datetime, *, last: bool) -> Reading:
    tokens = tokens_of(text.strip())
    if not tokens:
        raise _unknown(text)
    key = getattr(now.tzinfo, "key", "")
    month_first = key.startswith(_MONTH_FIRST)
    problem = None
    for language in LANGUAGES:
        reading = read_tokens(tokens, language, now.date(), month_first=month_first, last=last)
        if reading is not None and reading.problem is None:
            return reading
        if reading is not None:
            problem = problem or reading.problem
    if problem is not None:
        raise problem
    raise _unknown(text, tokens)


def _unknown(text: str, tokens: list[Token] | None = None) -> SkillProblem:
    if any(token.word in _REPEATS for token in tokens or ()):
        return SkillProblem(
            "What repeats is not known yet: a reminder comes once.",
            "Set one for the next time.",
            "unsupported",
        )
    shown = " ".join(text.split())[:80]
    return SkillProblem(
        f"This is not understood as a day or time: {shown}."
        if shown
        else "No day or time is given.",
        _HINT,
        "arguments",
    )


def _moment(reading: Reading, now: datetime, *, last: bool) -> Moment:
    notes = list(reading.notes)
    day = _day(reading, now, notes, last=last)
    if reading.weekday is not None:
        # Tuesday of next week is a day, not what is left of that week.
        reading = structs.replace(reading, until=None)
    if reading.shift is not None:
        base = day if day is not None else now.date()
        if reading.clock is None and not reading.part and _is_of_clock(reading, day):
            start = now if day is None else at_clock(day, time(0), _zone(now))[0]
            at, note = moved_moment(start, reading.shift)
            notes += [note] if note else []
            return _made(at, at + _MINUTE, notes, exact=True)
        base, note = moved(base, structs.replace(reading.shift, seconds=0))
        notes += [note] if note else []
        day, reading = base, structs.replace(reading, until=None)
    if reading.clock is not None:
        return _at_time(reading, reading.clock, day, now, notes)
    if day is None:
        # A part of the day alone: this one, or tomorrow's where it is over.
        day = now.date()
        if now.hour >= PARTS[reading.part][1]:
            day += _DAY
    if reading.part:
        begins, ends, _ = PARTS[reading.part]
        at, _ = at_clock(day, time(begins), _zone(now))
        last_of = (_after(day), time(0)) if ends == 24 else (day, time(ends))
        return _made(at, at_clock(*last_of, _zone(now))[0], notes, exact=False)
    end = reading.until if reading.until is not None else _after(day)
    first, _ = at_clock(day, time(0), _zone(now))
    after, _ = at_clock(end, time(0), _zone(now))
    return _made(first, after, notes, exact=False)


def _after(day: date) -> date:
    return day if day == date.max else day + _DAY


def _is_of_clock(reading: Reading, day: date | None) -> bool:
    """Tell whether a length of time is added to this very moment, as in 20 minutes."""
    shift = reading.shift or Duration()
    is_now = shift == Duration()
    return bool(shift.seconds) or (is_now and day is None)


def _made(at: datetime, until: datetime, notes: list[str], *, exact: bool) -> Moment:
    return Moment(at=at, until=until, exact=exact, note=" ".join(dict.fromkeys(notes)))


def _day(reading: Reading, now: datetime, notes: list[str], *, last: bool) -> date | None:
    """Return the day that was named, if any; a weekday is looked up here."""
    if reading.weekday is None:
        return reading.day
    today = now.date()
    if reading.day is not None:
        if reading.until is not None:
            ahead = (reading.weekday - reading.day.weekday()) % 7
            return reading.day + timedelta(days=ahead)
        if reading.day.weekday() != reading.weekday:
            named = say_day(reading.day).partition(",")[0]
            notes.append(f"{say_day(reading.day)} is a {named}, not the day of the week said.")
        return reading.day
    if last:
        return today - timedelta(days=(today.weekday() - reading.weekday) % 7)
    ahead = (reading.weekday - today.weekday()) % 7
    if ahead == 0 and reading.shift is None and not _is_ahead_today(reading, now):
        ahead = 7
    return today + timedelta(days=ahead or (7 if reading.shift is not None else 0))


def _is_ahead_today(reading: Reading, now: datetime) -> bool:
    if reading.clock is not None:
        hour, _ = _hour(reading.clock, reading.part, now.date(), now)
        return (hour, reading.clock.minute) > (now.hour, now.minute)
    return bool(reading.part) and now.hour < PARTS[reading.part][1]


def _at_time(
    reading: Reading, clock: Clock, day: date | None, now: datetime, notes: list[str]
) -> Moment:
    hour, note = _hour(clock, reading.part, day, now)
    notes += [note] if note else []
    on = day if day is not None else now.date()
    if hour >= 24:
        on, hour = _after(on), hour - 24
    at, note = at_clock(on, time(hour, clock.minute, clock.second), _zone(now))
    if day is None and at <= now:
        at, note = at_clock(_after(on), time(hour, clock.minute, clock.second), _zone(now))
    notes += [note] if note else []
    return _made(at, at + _MINUTE, notes, exact=True)


def _hour(clock: Clock, part: str, day: date | None, now: datetime) -> tuple[int, str]:
    """Return the hour that is meant, of 24, and a note where that was a guess.

    From 24 on it belongs to the next day.
    """
    hour = clock.hour
    if part:
        return _hour_of_part(clock, part, day, now), ""
    if clock.marked or not 1 <= hour < 12:
        return hour, ""
    if day is None or day == now.date():
        for each in (hour, hour + 12):
            if (each, clock.minute) > (now.hour, now.minute):
                return each, f"Taken as {each}:{clock.minute:02}." if each > 12 else ""
    if 1 <= hour <= 5:
        return hour + 12, f"Taken as {hour + 12}:{clock.minute:02}."
    return hour, ""


def _hour_of_part(clock: Clock, part: str, day: date | None, now: datetime) -> int:
    hour = clock.hour
    if not 1 <= hour <= 12 or (hour == 12 and clock.marked):
        return hour
    if part == "morning":
        return hour % 12
    if part != "night":
        return hour if hour == 12 else hour + 12
    if hour == 12:
        return 24
    if hour >= 6:
        return hour + 12
    # Two at night, said in the evening, is after midnight.
    return hour + 24 if day == now.date() and now.hour > hour else hour


# ---------------------------------------------------------------- skills


def current_time(args: dict[str, Value], now: datetime) -> Outcome:
    """Tell the time, here or in `place`. `SkillProblem` where that place is not known."""
    from homebody.skills.places import times_in

    place = str(args["place"]).strip()
    if place:
        found = times_in(place, now)
        if found is not None:
            return found
    text = f"{say_day(now.date())}, {say_clock(now)}"
    return Outcome(text=text, said=f"It is {say_clock(now)} on {say_day(now.date())}.")


def date_difference(args: dict[str, Value], now: datetime) -> Outcome:
    """Say how long it is from `start` to `end`."""
    end = when(str(args["end"]), now)
    start = when(str(args["start"]), now)
    if start.at > end.at:
        # "how long since Christmas, until today": the one that was.
        start = when(str(args["start"]), now, last=True)
    notes = " ".join(dict.fromkeys(each for each in (start.note, end.note) if each))
    begins = start.at
    near = end.at - now < timedelta(days=2)
    if end.exact and not start.exact and near and start.at <= now < start.until:
        begins, start = now, structs.replace(start, exact=True)
    if start.exact and end.exact:
        text = _length_of(end.at - begins)
        back = text.startswith("-")
        order = "before" if back else "after"
        said = f"{_clocked(end.at)} is {text.lstrip('-')} {order} {_clocked(begins)}."
        return Outcome(text=text, said=f"{said} {notes}".rstrip())
    first, last = start.at.date(), end.at.date()
    days = (last - first).days
    text = _count(days, "day")
    said = f"From {say_day(first)} to {say_day(last)} it is {_count(abs(days), 'day')}"
    if days < 0:
        said = f"{say_day(last)} is {_count(abs(days), 'day')} before {say_day(first)}"
    more = _in_larger(min(first, last), max(first, last))
    said += f", that is {more}." if more else "."
    return Outcome(text=text, said=f"{said} {notes}".rstrip())


def shift_date(args: dict[str, Value], now: datetime) -> Outcome:
    """Say which day lies `offset` after `date`; a leading minus goes back."""
    start = when(str(args["date"]), now)
    by = _offset(str(args["offset"]))
    if by.seconds:
        begins = start.at
        if not start.exact and start.at <= now < start.until:
            begins = now
        at, note = moved_moment(begins, by)
        text = f"{say_day(at.date())}, {say_clock(at)}"
        said = f"It is {say_clock(at)} on {say_day(at.date())}."
    else:
        day, note = moved(start.at.date(), by)
        text = say_day(day)
        said = f"It is {text}."
        if start.exact:
            text += f", {say_clock(start.at)}"
            said = f"It is {say_clock(start.at)} on {say_day(day)}."
    return Outcome(text=text, said=" ".join(each for each in (said, start.note, note) if each))


def _offset(text: str) -> Duration:
    plain = text.strip().replace("\u2212", "-").replace("\u2013", "-")
    back = plain.startswith("-")
    tokens = tokens_of(plain.lstrip("+- "))
    for language in LANGUAGES:
        found = read_length(tokens, language)
        if found is not None:
            return -found if back else found
    shown = " ".join(text.split())[:80]
    raise SkillProblem(
        f"This is not understood as a length of time: {shown}.",
        "Say it as 3 weeks, 10 days or -2 months.",
        "arguments",
    )


# ---------------------------------------------------------------- words


def _said(moment: Moment) -> str:
    return _clocked(moment.at) if moment.exact else say_day(moment.at.date())


def _clocked(at: datetime) -> str:
    return f"{say_clock(at)} on {say_day(at.date())}"


def _count(number: int, unit: str) -> str:
    return f"{number:,} {unit}" if abs(number) == 1 else f"{number:,} {unit}s"


def _length_of(length: timedelta) -> str:
    sign = "-" if length < timedelta(0) else ""
    minutes = round(Fraction(abs(length) // timedelta(seconds=1), 60))
    days, minutes = divmod(minutes, 1440)
    parts = [(days, "day"), (minutes // 60, "hour"), (minutes % 60, "minute")]
    said = [_count(number, unit) for number, unit in parts if number]
    return sign + (" ".join(said) or "0 minutes")


def _in_larger(first: date, last: date) -> str:
    """Return the same in weeks, or in years and months; empty where that says nothing."""
    days = (last - first).days
    if days < 14:
        return ""
    if days < 60:
        weeks, rest = divmod(days, 7)
        parts = [(weeks, "week"), (rest, "day")]
    else:
        months = (last.year - first.year) * 12 + last.month - first.month
        if moved(first, Duration(months=months))[0] > last:
            months -= 1
        rest = (last - moved(first, Duration(months=months))[0]).days
        parts = [(months // 12, "year"), (months % 12, "month"), (rest, "day")]
    said = [_count(number, unit) for number, unit in parts if number]
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}"
