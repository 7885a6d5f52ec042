"""The language of days and times: read tokens, in one language, into what they name.

A small grammar over the symbols of `date_words`. A word may mean several things ("second", "last"),
so every rule yields all that it could be, and the first reading that uses every word counts.
"""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from fractions import Fraction
from functools import partial
from typing import Final

from msgspec import Struct, structs

from homebody.base.errors import SkillProblem
from homebody.skills.calendar_days import Duration, checked_date, duration_of, feast_day, moved, nth
from homebody.skills.date_tokens import Token
from homebody.skills.date_words import Symbol, words_of
from homebody.skills.moments import say_day
from homebody.skills.number_words import Language

__all__ = ["Clock", "Reading", "read_length", "read_tokens"]

_MOST_TRIES: Final = 20_000
"""Steps of one reading: far more than any sane phrase takes, and less than 0.1 s."""
_MONDAY: Final = 0
_FRIDAY: Final = 4
_SATURDAY: Final = 5


class Clock(Struct, frozen=True):
    """A time of day as said. `marked`: no doubt whether it is morning or afternoon."""

    hour: int
    minute: int = 0
    second: int = 0
    marked: bool = False


class Reading(Struct, frozen=True, kw_only=True):
    """What was understood so far. All of it is optional."""

    day: date | None = None
    until: date | None = None
    """The end of a span, exclusive; None: the day alone."""
    clock: Clock | None = None
    part: str = ""
    weekday: int | None = None
    shift: Duration | None = None
    """From now, or from the day where one was said."""
    notes: tuple[str, ...] = ()
    problem: SkillProblem | None = None
    """Why this reading names nothing, such as 30 February."""


Found = Iterator[tuple[int, Reading]]


def read_tokens(
    tokens: list[Token],
    language: Language,
    today: date,
    *,
    month_first: bool = False,
    last: bool = False,
) -> Reading | None:
    """Return what the tokens name, or None where this language makes nothing of them.

    `month_first`: 3/4 is March. `last`: what is open (a date without a year) lies in the past.
    """
    reader = _Reader(tokens, language, today, month_first=month_first, last=last)
    second = third = None
    for reading in reader.all(0, Reading()):
        if reading == Reading():
            continue
        if reading.problem is not None:
            third = third or reading
        elif _disagrees(reading):
            second = second or reading
        else:
            return reading
    return second or third


def _disagrees(reading: Reading) -> bool:
    """Tell whether a day of the week and a day were said that are not the same."""
    if reading.weekday is None or reading.day is None or reading.until is not None:
        return False
    return reading.shift is None and reading.day.weekday() != reading.weekday


def read_length(tokens: list[Token], language: Language) -> Duration | None:
    """Return the length of time that the tokens name, or None where they name none."""
    reader = _Reader(tokens, language, date.min, month_first=False, last=False)
    return reader.length()


class _Reader:
    def __init__(
        self, tokens: list[Token], language: Language, today: date, *, month_first: bool, last: bool
    ) -> None:
        self._tokens, self._language, self._today = tokens, language, today
        self._words = words_of(language)
        self._month_first, self._last = month_first, last
        self._tries = 0
        self._pieces: tuple[Callable[[int], Found], ...] = (
            self._offset,
            self._nth,
            self._edge,
            self._feast,
            self._dated,
            self._weekday_number,
            self._weekday,
            self._span,
            self._day,
            self._clock,
            self._part,
            self._day_of_month,
            self._length_alone,
        )

    def all(self, at: int, before: Reading) -> Iterator[Reading]:
        """Yield every reading of what follows `at` that goes with what came before."""
        self._tries += 1
        if self._tries > _MOST_TRIES:
            return
        if self._ends(at):
            yield before
            return
        for piece in self._pieces:
            for then, found in piece(at):
                both = _both(before, found)
                if both is not None:
                    yield from self.all(then, both)

    def length(self) -> Duration | None:
        """Return the length of time that all of it names."""
        for start, _ in self._maybe(0, "in"):
            for then, length in self._length(start):
                if self._ends(then):
                    return length
                for end, (kind, _) in self._sym(then, "ago", "later", "before", "from"):
                    if self._ends(end):
                        return -length if kind in {"ago", "before"} else length
        return None

    # ------------------------------------------------------------ words

    def _ends(self, at: int) -> bool:
        return any(then == len(self._tokens) for then in self._skipped(at))

    def _symbols(self, at: int) -> Iterator[tuple[int, Symbol]]:
        """Yield what may stand at a place, the longest phrase first."""
        words: list[str] = []
        for token in self._tokens[at : at + 6]:
            if token.kind not in {"word", "num", "ord"}:
                break
            words.append(token.word or str(token.number))
        for size in range(len(words), 0, -1):
            for symbol in self._words.get(" ".join(words[:size]), ()):
                yield at + size, symbol

    def _skipped(self, at: int) -> Iterator[int]:
        """Yield a place, and those behind words that mean nothing there."""
        seen = [at]
        for place in seen:
            yield place
            for then, (kind, _) in self._symbols(place):
                if kind in {"skip", "the"} and then not in seen:
                    seen.append(then)

    def _sym(self, at: int, *kinds: str) -> Iterator[tuple[int, Symbol]]:
        for place in self._skipped(at):
            for then, symbol in self._symbols(place):
                if symbol[0] in kinds:
                    yield then, symbol

    def _maybe(self, at: int, *kinds: str) -> Iterator[tuple[int, Symbol]]:
        """Yield such a symbol if it is there, and the place without it."""
        yield from self._sym(at, *kinds)
        yield at, ("", "")

    def _figures(self, at: int, *kinds: str) -> Iterator[tuple[int, Token]]:
        for place in self._skipped(at):
            if place < len(self._tokens) and self._tokens[place].kind in kinds:
                yield place + 1, self._tokens[place]

    def _number(self, at: int) -> Iterator[tuple[int, Fraction]]:
        for then, token in self._figures(at, "num"):
            yield then, token.number
        for then, (_, value) in self._sym(at, "num"):
            yield then, Fraction(value)

    def _whole(self, at: int, low: int, high: int) -> Iterator[tuple[int, int]]:
        for then, number in self._number(at):
            if number.denominator == 1 and low <= number <= high:
                yield then, int(number)

    def _year(self, at: int) -> Iterator[tuple[int, int]]:
        for then, token in self._figures(at, "num"):
            if token.figures == 4:
                yield then, int(token.number)

    def _maybe_year(self, at: int) -> Iterator[tuple[int, int]]:
        for then, _ in self._maybe(at, "of"):
            yield from self._year(then)
        yield at, 0

    def _direction(self, at: int) -> Iterator[tuple[int, int | None]]:
        """Yield next (1), this (0), last (-1), the one after next (2), and none."""
        values = {"next": 1, "this": 0, "last": -1, "nextnext": 2, "afternext": 2}
        for then, (kind, _) in self._sym(at, *values):
            yield then, values[kind]
        yield at, None

    def _behind(self, at: int) -> Iterator[tuple[int, int | None]]:
        """The same behind a noun, where only the Romance languages put it."""
        if self._language in {"es", "fr", "it"}:
            yield from self._direction(at)
            return
        for then, _ in self._sym(at, "afternext"):
            yield then, 2
        yield at, None

    # ------------------------------------------------------------ days

    def _day(self, at: int) -> Found:
        for then, (kind, value) in self._sym(at, "day", "dayp", "tonight", "now"):
            if kind == "now":
                yield then, Reading(shift=Duration())
            elif kind == "tonight":
                yield then, Reading(day=self._today, part="night")
            elif kind == "day":
                yield then, Reading(day=self._today + timedelta(days=int(value)))
            else:
                days, _, part = str(value).partition(" ")
                yield then, Reading(day=self._today + timedelta(days=int(days)), part=part)

    def _part(self, at: int) -> Found:
        for then, _ in self._maybe(at, "this"):
            for end, (_, value) in self._sym(then, "part"):
                yield end, Reading(part=str(value), day=self._today if then > at else None)

    def _weekday(self, at: int) -> Found:
        for then, before in self._direction(at):
            for middle, (kind, value) in self._sym(then, "wd", "wdp"):
                weekday, _, part = str(value).partition(" ")
                for end, after in self._behind(middle):
                    if before is not None and after is not None:
                        continue
                    which = before if before is not None else after
                    found = self._on_weekday(int(weekday), which)
                    yield end, structs.replace(found, part=part if kind == "wdp" else "")

    def _weekday_number(self, at: int) -> Found:
        """Friday the 13th, vendredi 13: the next day that is both."""
        for then, (_, weekday) in self._sym(at, "wd"):
            for place in self._skipped(then):
                for end, token in self._figures(place, "ord", "num"):
                    if token.number.denominator != 1 or not 1 <= token.number <= 31:
                        continue
                    # A bare number may be an hour: a day only where such a day is near.
                    sure = token.kind == "ord" or self._is_the(place - 1)
                    near = self._language in {"es", "fr", "it"} or token.number > 12
                    for days in range(1_200 if sure else 62 if near else 0):
                        day = self._today + timedelta(days=-days if self._last else days)
                        if day.weekday() == int(weekday) and day.day == token.number:
                            yield end, Reading(day=day)
                            break

    def _is_the(self, at: int) -> bool:
        return at >= 0 and any(kind == "the" for _, (kind, _) in self._symbols(at))

    def _on_weekday(self, weekday: int, which: int | None) -> Reading:
        ahead = (weekday - self._today.weekday()) % 7
        if which is None:
            # Whether today is meant on that day itself depends on the time: see `dates`.
            return Reading(weekday=weekday)
        if which < 0:
            return Reading(day=self._today - timedelta(days=-ahead % 7 or 7))
        if which == 0:
            return Reading(day=self._today + timedelta(days=ahead))
        coming = self._today + timedelta(days=ahead or 7)
        if which == 2:
            return Reading(day=coming + timedelta(days=7))
        notes: tuple[str, ...] = ()
        if self._language == "en" and coming.isocalendar()[:2] == self._today.isocalendar()[:2]:
            later = coming + timedelta(days=7)
            notes = (f"The coming one was taken, {say_day(coming)}, not {say_day(later)}.",)
        return Reading(day=coming, notes=notes)

    def _span(self, at: int) -> Found:
        """A week, a month, a year, a weekend: next, this, last, or named."""
        for then, before in self._direction(at):
            for middle, (kind, value) in self._sym(then, "unit", "weekend"):
                for end, after in self._behind(middle):
                    which = before if before is not None else after
                    if before is not None and after is not None:
                        continue
                    if kind == "weekend":
                        yield end, self._weekend(which or 0)
                    elif which is not None:
                        found = self._unit_span(str(value), which)
                        if found is not None:
                            yield end, found
        for then, month, year in self._month(at):
            first = self._guarded(partial(self._month_start, month, year))
            if first.day is not None:
                first = structs.replace(first, until=_month_after(first.day))
            yield then, first
        for then, _ in self._maybe(at, "in"):
            for end, year in self._year(then):
                yield end, _span(date(max(year, 1), 1, 1), date(min(max(year, 1) + 1, 9999), 1, 1))

    def _weekend(self, which: int) -> Reading:
        monday = self._today - timedelta(days=self._today.weekday())
        # On a weekend the next one is a week away; before it, people mean the coming one.
        weeks = which if which < 2 else 1
        if which == 1 and self._today.weekday() < _SATURDAY:
            weeks = 0
        saturday = monday + timedelta(days=_SATURDAY + 7 * weeks)
        return _span(saturday, saturday + timedelta(days=2))

    def _unit_span(self, unit: str, which: int) -> Reading | None:
        today = self._today
        if unit == "day":
            return Reading(day=today + timedelta(days=which))
        if unit == "week":
            monday = today - timedelta(days=today.weekday()) + timedelta(days=7 * which)
            return _span(monday, monday + timedelta(days=7))
        months = {"month": 1, "quarteryear": 3, "year": 12, "decade": 120}.get(unit)
        if months is None:
            return None
        start = today.year * 12 + today.month - 1
        start = start - start % months + months * which
        first = date(start // 12, start % 12 + 1, 1)
        return _span(first, moved(first, Duration(months=months))[0])

    def _month(self, at: int) -> Iterator[tuple[int, int, int]]:
        """Yield months with their years: March, March 2027, next March."""
        for place, _ in self._maybe(at, "in"):
            for then, which in self._direction(place):
                for middle, (_, value) in self._sym(then, "month"):
                    for end, year in self._maybe_year(middle):
                        if not (which is not None and year):
                            yield end, int(value), year or self._year_of(int(value), which)

    def _year_of(self, month: int, which: int | None) -> int:
        """Return the year of a month that was said without one."""
        today = self._today
        if which is not None and which < 0:
            return today.year - (month >= today.month)
        if which == 1:
            return today.year + (month <= today.month)
        if self._last:
            return today.year - (month > today.month)
        return today.year + (month < today.month)

    def _month_start(self, month: int, year: int) -> Reading:
        return Reading(day=checked_date(year, month, 1))

    # ------------------------------------------------------------ dates

    def _dated(self, at: int) -> Found:
        for then, token in self._figures(at, "date"):
            yield then, self._in_figures(token)
        for then, token in self._figures(at, "dotted"):
            hour, minute, _ = token.parts
            yield then, self._in_figures(Token(kind="date", parts=(0, minute, hour), sign="."))
        for then, day in self._day_number(at):
            for middle, _ in self._maybe(then, "of"):
                for end, (_, month) in self._sym(middle, "month"):
                    for last, year in self._maybe_year(end):
                        yield last, self._on(year, int(month), day)
        for then, (_, month) in self._sym(at, "month"):
            for middle, day in self._day_number(then):
                for end, year in self._maybe_year(middle):
                    yield end, self._on(year, int(month), day)
        # 2027 March 3
        for then, year in self._year(at):
            for middle, (_, month) in self._sym(then, "month"):
                for end, day in self._day_number(middle):
                    yield end, self._on(year, int(month), day)

    def _day_number(self, at: int) -> Iterator[tuple[int, int]]:
        for then, token in self._figures(at, "ord", "num"):
            if token.number.denominator == 1 and 1 <= token.number <= 99 and token.figures < 4:
                yield then, int(token.number)
        for then, (_, value) in self._sym(at, "ord", "num"):
            yield then, int(value)

    def _in_figures(self, token: Token) -> Reading:
        year, month, day = token.parts
        if token.sign != "/":
            return self._on(year, month, day)
        # 3/4 is March in some countries and April in most; 13/4 can be one thing only.
        swapped = (self._month_first and month <= 12 and day <= 12) or (day <= 12 < month)
        if swapped:
            month, day = day, month
        found = self._on(year, month, day)
        if found.day is None or month == day or day > 12:
            return found
        other = self._on(year, day, month)
        shown = say_day(other.day) if other.day is not None else "another day"
        return structs.replace(
            found, notes=(*found.notes, f"Read as {say_day(found.day)}; it could mean {shown}.")
        )

    def _on(self, year: int, month: int, day: int) -> Reading:
        if year:
            return self._guarded(lambda: Reading(day=checked_date(year, month, day)))
        return self._guarded(lambda: self._without_year(month, day))

    def _without_year(self, month: int, day: int) -> Reading:
        """Return the next such day, or the last. 29 February may be years away."""
        today, step = self._today, -1 if self._last else 1
        if (month, day) == (2, 29):
            year = today.year
            while (
                year % 4 or (year % 100 == 0 and year % 400) or self._is_behind(date(year, 2, 29))
            ):
                year += step
            return Reading(day=date(year, 2, 29))
        found = checked_date(today.year, month, day)
        if self._is_behind(found):
            found = checked_date(today.year + step, month, day)
        return Reading(day=found)

    def _is_behind(self, day: date) -> bool:
        return day > self._today if self._last else day < self._today

    def _day_of_month(self, at: int) -> Found:
        """The 15th: the next day of that number."""
        found: list[tuple[int, int]] = [
            (then, int(token.number)) for then, token in self._figures(at, "ord")
        ]
        found += [(then, int(value)) for then, (_, value) in self._sym(at, "ord")]
        for place, (kind, _) in self._symbols(at):
            if kind == "the":
                found += [
                    (then, int(token.number))
                    for then, token in self._figures(place, "num")
                    if token.number.denominator == 1
                ]
        for then, number in found:
            if 1 <= number <= 31:
                for end, which in self._of_which_month(then):
                    yield end, self._numbered(number, which)

    def _of_which_month(self, at: int) -> Iterator[tuple[int, int | None]]:
        """Yield "of next month" behind the 15th, and nothing."""
        for then, _ in self._maybe(at, "of"):
            for middle, before in self._direction(then):
                for end, (_, unit) in self._sym(middle, "unit"):
                    for last, after in self._behind(end):
                        if unit == "month":
                            which = before if before is not None else after
                            yield last, which or 0
        yield at, None

    def _numbered(self, number: int, which: int | None) -> Reading:
        first = self._today.replace(day=1)
        if which is not None:
            month = moved(first, Duration(months=which))[0]
            return self._on(month.year, month.month, number)
        for step in range(4):
            month = moved(first, Duration(months=-step if self._last else step))[0]
            try:
                day = checked_date(month.year, month.month, number)
            except SkillProblem:
                continue
            if not self._is_behind(day):
                return Reading(day=day)
        return Reading()

    def _nth(self, at: int) -> Found:
        """The first Monday of March, the last Friday of the month."""
        ways: list[tuple[int, int]] = [(then, -1) for then, _ in self._sym(at, "last", "edge")]
        ways += [(then, int(value)) for then, (_, value) in self._sym(at, "ord")]
        ways += [(then, int(token.number)) for then, token in self._figures(at, "ord")]
        for then, which in ways:
            for middle, (_, weekday) in self._sym(then, "wd"):
                for end, month, year in self._some_month(middle):
                    if which <= 5:
                        yield (
                            end,
                            self._guarded(partial(_on_nth, year, month, int(weekday), which)),
                        )

    def _some_month(self, at: int) -> Iterator[tuple[int, int, int]]:
        """Yield "of March 2027", "of next month", with the month and the year."""
        for then, _ in self._sym(at, "of", "in"):
            yield from self._month(then)
            for middle, before in self._direction(then):
                for end, (_, unit) in self._sym(middle, "unit"):
                    for last, after in self._behind(end):
                        if unit == "month":
                            which = before if before is not None else after or 0
                            first = moved(self._today.replace(day=1), Duration(months=which))[0]
                            yield last, first.month, first.year

    def _edge(self, at: int) -> Found:
        """The beginning, the middle or the end of a month, a week, a year."""
        places = list(self._skipped(at))
        if any(kind == "weekend" for place in places for _, (kind, _) in self._symbols(place)):
            # The end of the week has a name of its own: fin de semana, fine settimana.
            return
        for then, (kind, _) in self._sym(at, "begin", "middle", "edge"):
            for middle, _ in self._maybe(then, "of"):
                for end, span in self._span(middle):
                    yield end, _part_of(span, kind)
                for end, (_, unit) in self._sym(middle, "unit"):
                    yield from self._edge_of_this(end, str(unit), kind)

    def _edge_of_this(self, at: int, unit: str, kind: str) -> Found:
        """Yield the end of the month; its beginning is the next one's where this one's is over."""
        for which in (0, -1 if self._last else 1):
            span = self._unit_span(unit, which)
            if span is None or unit == "day":
                return
            found = _part_of(span, kind)
            if found.day is not None and (which or not self._is_behind(found.day)):
                yield at, found
                return

    def _feast(self, at: int) -> Found:
        for then, which in self._direction(at):
            for middle, (_, feast) in self._sym(then, "feast"):
                for end, year in self._maybe_year(middle):
                    yield (
                        end,
                        self._guarded(partial(self._on_feast, str(feast), year, which)),
                    )
                for place, _ in self._maybe(middle, "of"):
                    for end, span in self._span(place):
                        if span.until is not None and span.day is not None and which is None:
                            year = span.day.year
                            yield (
                                end,
                                self._guarded(partial(self._on_feast, str(feast), year, None)),
                            )

    def _on_feast(self, name: str, year: int, which: int | None) -> Reading:
        if year:
            return Reading(day=feast_day(name, year))
        day = feast_day(name, self._today.year)
        if which == -1 or (self._last and which is None):
            if day > self._today or (which == -1 and day == self._today):
                day = feast_day(name, self._today.year - 1)
        elif day < self._today:
            day = feast_day(name, self._today.year + 1)
        return Reading(day=day)

    # ------------------------------------------------------------ lengths of time

    def _offset(self, at: int) -> Found:
        for then, _ in self._sym(at, "in"):
            for end, length in self._length(then):
                yield end, Reading(shift=length)
        for then, _ in self._sym(at, "agobefore"):
            for end, length in self._length(then):
                yield end, Reading(shift=-length)
        for then, length in self._length(at):
            for end, (kind, _) in self._sym(then, "ago", "later"):
                yield end, Reading(shift=length if kind == "later" else -length)
            for middle, (kind, _) in self._sym(then, "from", "before"):
                for base in self.all(middle, Reading()):
                    if base.shift is None and (base.day is not None or base.weekday is not None):
                        shift = length if kind == "from" else -length
                        yield len(self._tokens), structs.replace(base, shift=shift)

    def _length_alone(self, at: int) -> Found:
        """20 minutes: from now on. Not 2h or 1h30, which are times of day in some languages."""
        is_time = any(token.word == "h" or token.kind == "clock" for token in self._tokens)
        if at == 0 and not is_time:
            for then, length in self._length(at):
                yield then, Reading(shift=length)

    def _length(self, at: int) -> Iterator[tuple[int, Duration]]:
        for then, first in self._item(at):
            for middle, _ in self._maybe(then, "and", "plus"):
                for end, second in self._item(middle):
                    yield end, first + second
            yield then, first

    def _item(self, at: int) -> Iterator[tuple[int, Duration]]:
        hours = {"halfhour": 30, "quarterhour": 15, "threequarterhour": 45}
        for then, (kind, _) in self._sym(at, *hours):
            yield then, Duration(seconds=hours[kind] * 60)
        for then, token in self._figures(at, "clock"):
            if token.marked:
                yield then, Duration(seconds=token.parts[0] * 3600 + token.parts[1] * 60)
        for then, number in self._amount(at):
            for end, (_, unit) in self._sym(then, "unit"):
                for last, (kind, _) in self._maybe(end, "and", "plus"):
                    half = list(self._half(last)) if kind else []
                    for place, more in half:
                        yield place, duration_of(number + more, str(unit))
                yield end, duration_of(number, str(unit))

    def _half(self, at: int) -> Iterator[tuple[int, Fraction]]:
        for then, _ in self._maybe(at, "num"):
            for end, (kind, _) in self._sym(then, "half", "halfnum", "quarter"):
                yield end, Fraction(1, 4 if kind == "quarter" else 2)

    def _amount(self, at: int) -> Iterator[tuple[int, Fraction]]:
        for then, (_, value) in self._sym(at, "halfnum"):
            yield then, Fraction(int(value), 2)
        for then, (kind, _) in self._sym(at, "half", "quarter"):
            for end, _ in self._maybe(then, "num", "of"):
                yield end, Fraction(1, 4 if kind == "quarter" else 2)
        for then, number in self._number(at):
            for middle, _ in self._sym(then, "and", "plus"):
                for end, more in self._half(middle):
                    yield end, number + more
            yield then, number

    # ------------------------------------------------------------ times of day

    def _clock(self, at: int) -> Found:
        for then, (said, _) in self._maybe(at, "at"):
            for middle, clock in self._time(then, said=bool(said)):
                for end, (kind, _) in self._maybe(middle, "am", "pm", "hours"):
                    if kind in {"am", "pm"}:
                        if not 1 <= clock.hour <= 12:
                            continue
                        hour = clock.hour % 12 + (12 if kind == "pm" else 0)
                        yield end, Reading(clock=structs.replace(clock, hour=hour, marked=True))
                    else:
                        yield end, _checked(clock)

    def _time(self, at: int, *, said: bool) -> Iterator[tuple[int, Clock]]:
        for then, token in self._figures(at, "clock", "dotted"):
            hour, minute, second = token.parts
            marked = token.marked or (self._language != "en" and token.kind == "clock")
            no_date = token.kind == "clock" or minute > 12
            if no_date or said or self._followed(then):
                yield then, Clock(hour, minute, second, marked)
        for then, (_, value) in self._sym(at, "clock"):
            yield then, Clock(int(value), marked=True)
            for middle, _ in self._sym(then, "plus", "and"):
                for end, more in self._half(middle):
                    yield end, Clock(int(value), int(more * 60), marked=True)
        yield from self._past_or_to(at)
        yield from self._half_hour(at)
        yield from self._hour(at, said=said)

    def _followed(self, at: int) -> bool:
        return any(True for _ in self._sym(at, "am", "pm", "hours"))

    def _hour(self, at: int, *, said: bool) -> Iterator[tuple[int, Clock]]:
        for then, hour in self._whole(at, 0, 24):
            for middle, (kind, _) in self._maybe(then, "hours"):
                marked = hour > 12 or (bool(kind) and self._language in {"de", "fr"})
                for end, minute in self._whole(middle, 1, 59):
                    if kind or said:
                        yield end, Clock(hour, minute, marked=marked)
                for end, (sign, _) in self._sym(middle, "plus", "minus"):
                    for last, minutes in self._minutes(end):
                        total = hour * 60 + (minutes if sign == "plus" else -minutes)
                        yield last, Clock(total // 60 % 24, total % 60, marked=marked)
                if kind or said or self._followed(middle) or self._has_part():
                    yield middle, Clock(hour, marked=marked)
                elif len(self._tokens) > 1 and at > 0:
                    # "tomorrow 9": a bare number behind a day.
                    yield middle, Clock(hour, marked=marked)

    def _has_part(self) -> bool:
        places = range(len(self._tokens))
        return any(kind == "part" for at in places for _, (kind, _) in self._symbols(at))

    def _minutes(self, at: int) -> Iterator[tuple[int, int]]:
        for then, (kind, _) in self._sym(at, "half", "halfnum", "quarter"):
            yield then, 15 if kind == "quarter" else 30
        yield from self._whole(at, 1, 59)

    def _past_or_to(self, at: int) -> Iterator[tuple[int, Clock]]:
        """Ten past seven, quarter to eight, five to half nine in German."""
        for then, minutes in self._minutes(at):
            for place, _ in self._maybe(then, "unit"):
                for middle, (kind, _) in self._sym(place, "past", "to"):
                    step = minutes if kind == "past" else -minutes
                    for end, hour in self._whole(middle, 0, 24):
                        total = hour * 60 + step
                        yield end, Clock(total // 60 % 24, total % 60, marked=hour > 12)
                    for end, (_, value) in self._sym(middle, "clock"):
                        total = int(value) * 60 + step
                        yield end, Clock(total // 60 % 24, total % 60, marked=True)
                    for end, clock in self._half_hour(middle):
                        total = clock.hour * 60 + clock.minute + step
                        yield end, Clock(total // 60 % 24, total % 60)

    def _half_hour(self, at: int) -> Iterator[tuple[int, Clock]]:
        """Halb acht is 7:30, half seven is; viertel acht is 7:15, dreiviertel acht 7:45."""
        before = {"half": 30, "quarter": 15, "threequarter": 45}
        if self._language not in {"de", "en"}:
            return
        kinds = tuple(before) if self._language == "de" else ("half",)
        for then, (kind, _) in self._sym(at, *kinds):
            for end, hour in self._whole(then, 1, 24):
                earlier = hour - 1 if self._language == "de" else hour
                yield end, Clock(earlier % 24, before[kind])

    def _guarded(self, work: Callable[[], Reading]) -> Reading:
        """Keep a problem for later: another reading of the same words may have none."""
        try:
            return work()
        except SkillProblem as problem:
            return Reading(problem=problem)


def _on_nth(year: int, month: int, weekday: int, which: int) -> Reading:
    return Reading(day=nth(year, month, weekday, which))


def _span(first: date, until: date) -> Reading:
    return Reading(day=first, until=until)


def _month_after(first: date) -> date:
    return moved(first, Duration(months=1))[0]


def _part_of(span: Reading, kind: str) -> Reading:
    if span.day is None or span.until is None:
        return span
    if kind == "begin":
        return structs.replace(span, until=None)
    last = span.until - timedelta(days=1)
    if kind == "middle":
        return structs.replace(span, day=span.day + (last - span.day) // 2, until=None)
    if span.until - span.day == timedelta(days=7):
        friday = span.day + timedelta(days=_FRIDAY - _MONDAY)
        note = f"The end of the week was taken as {say_day(friday)}."
        return structs.replace(span, day=friday, until=None, notes=(*span.notes, note))
    return structs.replace(span, day=last, until=None)


def _checked(clock: Clock) -> Reading:
    if (
        clock.hour > 24
        or clock.minute > 59
        or clock.second > 59
        or (clock.hour == 24 and clock.minute)
    ):
        return Reading(
            problem=SkillProblem(
                "There is no such time of day.", "Say a time such as 18:30.", "arguments"
            )
        )
    return Reading(clock=clock)


def _both(before: Reading, found: Reading) -> Reading | None:
    """Put two pieces together; None where they do not go together."""
    if before.part and found.part and before.part != found.part:
        # "heute Abend" is tonight; with "in der Nacht" behind it nothing is lost.
        return None
    if before.clock is not None and found.clock is not None:
        return None
    if before.shift is not None and found.shift is not None:
        return None
    if before.weekday is not None and found.weekday is not None:
        return None
    day, until = before.day, before.until
    if found.day is not None:
        if day is not None and not _within(before, found) and not _within(found, before):
            return None
        if day is None or _within(before, found):
            day, until = found.day, found.until
    return Reading(
        day=day,
        until=until,
        clock=before.clock or found.clock,
        part=before.part or found.part,
        weekday=before.weekday if before.weekday is not None else found.weekday,
        shift=before.shift if before.shift is not None else found.shift,
        notes=(*before.notes, *found.notes),
        problem=before.problem or found.problem,
    )


def _within(span: Reading, day: Reading) -> bool:
    return (
        span.day is not None
        and day.day is not None
        and span.until is not None
        and day.until is None
        and span.day <= day.day < span.until
    )
