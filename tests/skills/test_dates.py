import subprocess
import sys
import time
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from homebody.base.errors import SkillProblem
from homebody.messages.skills import Outcome
from homebody.skills.calendar_days import feast_day
from homebody.skills.dates import date_difference, due, shift_date, when
from homebody.skills.moments import Moment, say_day
from skills.date_phrases import PHRASES

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 18, 10, 15, tzinfo=BERLIN)
TABLE = [[part.strip() for part in line.split("|")] for line in PHRASES.strip().splitlines()]


def shown(moment: Moment) -> str:
    if moment.exact:
        return f"{moment.at:%Y-%m-%d %H:%M}"
    if moment.until - moment.at <= timedelta(hours=25):
        return f"{moment.at:%Y-%m-%d}"
    return f"{moment.at:%Y-%m-%d}..{moment.until - timedelta(hours=12):%Y-%m-%d}"


def refused(phrase: str, now: datetime = NOW) -> SkillProblem:
    with pytest.raises(SkillProblem) as caught:
        when(phrase, now)
    return caught.value


@pytest.mark.parametrize(("language", "phrase", "expected"), TABLE)
def test_a_phrase_means_what_the_table_says(language: str, phrase: str, expected: str) -> None:
    assert shown(when(phrase, NOW)) == expected, language


def test_the_table_is_long_enough_and_no_phrase_stands_twice() -> None:
    assert len(TABLE) >= 150
    assert len({(language, phrase) for language, phrase, _ in TABLE}) == len(TABLE)
    assert {language for language, _, _ in TABLE} == {"en", "de", "es", "fr", "it"}


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("el sábado por la mañana", "2026-11-21 09:00"),
        ("tomorrow evening", "2026-11-19 19:00"),
        ("tonight", "2026-11-18 21:00"),
        ("tomorrow", "2026-11-19 09:00"),
        ("today", "2026-11-18 11:00"),
        ("next week", "2026-11-23 09:00"),
        ("at 9", "2026-11-18 21:00"),
        ("9am", "2026-11-19 09:00"),
        ("Wednesday at 11", "2026-11-18 11:00"),
        ("Wednesday at 9am", "2026-11-25 09:00"),
        ("by Friday", "2026-11-20 09:00"),
        ("Friday in two weeks", "2026-12-04 09:00"),
        ("20 minutes", "2026-11-18 10:35"),
        ("Friday the 13th", "2027-08-13 09:00"),
        ("beginning of the month", "2026-12-01 09:00"),
        ("fine settimana", "2026-11-21 09:00"),
        ("morgen Nachmittag", "2026-11-19 15:00"),
        ("19.30", "2026-11-18 19:30"),
    ],
)
def test_a_reminder_is_always_ahead_and_at_a_time(phrase: str, expected: str) -> None:
    moment = due(phrase, NOW)
    assert moment.exact
    assert f"{moment.at:%Y-%m-%d %H:%M}" == expected


@pytest.mark.parametrize(
    "phrase",
    ["yesterday", "today at 9am", "last Friday", "2020", "3 days ago", "1.1.2026", "gestern"],
)
def test_a_reminder_in_the_past_is_refused(phrase: str) -> None:
    with pytest.raises(SkillProblem, match="past"):
        due(phrase, NOW)


def test_what_has_begun_leaves_open_when_to_remind() -> None:
    with pytest.raises(SkillProblem) as caught:
        due("this week", NOW)
    assert caught.value.kind == "unclear"
    with pytest.raises(SkillProblem, match="nearly over"):
        due("today", NOW.replace(hour=23, minute=20))


@pytest.mark.parametrize(
    ("phrase", "words"),
    [
        ("30 February", "does not exist"),
        ("31.4.", "April 2026 has 30 days"),
        ("29.2.2027", "does not exist"),
        ("2026-02-30", "does not exist"),
        ("13/25", "month 25"),
        ("25:99", "no such time"),
        ("tomorrow at 13pm", "no such time"),
        ("in 99999 years", "years 1 to 9999"),
        ("99999999999 days ago", "years 1 to 9999"),
        ("Easter 9000", "1583 to 4099"),
        ("every day at 9", "repeats"),
        ("jeden Montag", "repeats"),
        ("soon", "not understood"),
        ("my birthday", "not understood"),
        ("$100", "not understood"),
        ("明日", "not understood"),
        ("", "No day or time"),
        ("  !!! ", "No day or time|not understood"),
        ("tomorrow; rm -rf", "not understood"),
        ("x" * 300, "300 characters"),
    ],
)
def test_what_is_no_day_is_refused_with_its_reason(phrase: str, words: str) -> None:
    problem = refused(phrase)
    assert problem.kind in {"arguments", "unsupported"}
    import re

    assert re.search(words, problem.message)


def test_a_date_that_can_be_read_two_ways_says_so() -> None:
    here = when("3/4/2027", NOW)
    assert here.at.date() == date(2027, 4, 3)
    assert "4 March 2027" in here.note
    there = when("3/4/2027", NOW, "America/New_York")
    assert there.at.date() == date(2027, 3, 4)
    assert "3 April 2027" in there.note
    for certain in ("31/12/2026", "3.4.2027", "2027-04-03", "4/4/2027"):
        assert when(certain, NOW).note == ""


def test_what_next_friday_may_mean_is_said() -> None:
    assert "27 November" in when("next Friday", NOW).note
    assert when("next Monday", NOW).note == ""
    assert when("nächsten Freitag", NOW).note == ""


def test_a_guess_between_morning_and_afternoon_is_said() -> None:
    assert when("tomorrow at 3", NOW).note == "Taken as 15:00."
    assert when("tomorrow at 3am", NOW).note == ""
    assert when("morgen um 3 Uhr", NOW).at.hour == 3


def test_times_that_clocks_skip_or_repeat_are_said() -> None:
    gap = when("28.03.2027 02:30", NOW)
    assert f"{gap.at:%H:%M}" == "03:30"
    assert "go forward" in gap.note
    fold = when("25.10.2026 02:30", NOW)
    assert fold.at.utcoffset() == timedelta(hours=2)
    assert "go back" in fold.note


def test_hours_are_counted_by_the_clock_and_days_by_the_calendar() -> None:
    before = datetime(2027, 3, 27, 12, tzinfo=BERLIN)
    assert when("in 24 hours", before).at == datetime(2027, 3, 28, 13, tzinfo=BERLIN)
    assert when("tomorrow at noon", before).at == datetime(2027, 3, 28, 12, tzinfo=BERLIN)
    assert when("in 20 minutes", before).at - before == timedelta(minutes=20)


def test_a_day_is_a_day_even_where_it_has_23_hours() -> None:
    day = when("28 March 2027", NOW)
    assert day.until.astimezone(UTC) - day.at.astimezone(UTC) == timedelta(hours=23)


def test_times_are_in_the_persons_zone() -> None:
    there = when("tomorrow at 9", NOW, "America/New_York")
    assert str(there.at.tzinfo) == "America/New_York"
    # It is 4:15 in the morning there.
    assert there.at.isoformat() == "2026-11-19T09:00:00-05:00"
    assert when("tomorrow", NOW, ZoneInfo("Asia/Tokyo")).at.isoformat().endswith("+09:00")


@pytest.mark.parametrize(
    ("feast", "year", "day"),
    [
        ("easter", 2024, date(2024, 3, 31)),
        ("easter", 2038, date(2038, 4, 25)),
        ("thanksgiving", 2027, date(2027, 11, 25)),
        ("black friday", 2026, date(2026, 11, 27)),
        ("mothers day", 2027, date(2027, 5, 9)),
        ("mothers day es", 2027, date(2027, 5, 2)),
        ("mothers day fr", 2026, date(2026, 5, 31)),
        ("mothers day fr", 2023, date(2023, 6, 4)),
        ("advent", 2026, date(2026, 11, 29)),
        ("advent", 2022, date(2022, 11, 27)),
        ("ascension", 2027, date(2027, 5, 6)),
        ("shrove tuesday", 2027, date(2027, 2, 9)),
    ],
)
def test_feasts_fall_on_their_days(feast: str, year: int, day: date) -> None:
    assert feast_day(feast, year) == day


def test_every_feast_of_every_language_is_known() -> None:
    from homebody.skills.date_words import words_of
    from homebody.skills.number_words import LANGUAGES

    for language in LANGUAGES:
        for phrase, meanings in words_of(language).items():
            for kind, name in meanings:
                assert kind != "feast" or feast_day(str(name), 2027).year == 2027, phrase


# ---------------------------------------------------------------- skills


def difference(start: str, end: str) -> Outcome:
    return date_difference({"start": start, "end": end}, NOW)


def test_days_between_are_counted() -> None:
    until = difference("today", "Christmas")
    assert until.text == "37 days"
    assert until.said == (
        "From Wednesday, 18 November 2026 to Friday, 25 December 2026 it is 37 days, that is "
        "5 weeks and 2 days."
    )
    assert difference("1 March 2026", "today").text == "262 days"
    assert "8 months and 17 days" in difference("1 March 2026", "today").said
    assert difference("tomorrow", "today").text == "-1 day"
    assert difference("3 May 1990", "today").said.endswith("36 years, 6 months and 15 days.")


def test_what_lies_behind_without_a_year_is_the_last_one() -> None:
    assert difference("1 March", "today").text == "262 days"
    assert difference("Christmas", "today").text == "328 days"


def test_times_between_are_counted_by_the_clock() -> None:
    assert difference("now", "tomorrow at 9am").text == "22 hours 45 minutes"
    assert difference("today", "6pm").text == "7 hours 45 minutes"


def shifted(day: str, offset: str) -> str:
    return shift_date({"date": day, "offset": offset}, NOW).text


@pytest.mark.parametrize(
    ("day", "offset", "expected"),
    [
        ("today", "3 weeks", "Wednesday, 9 December 2026"),
        ("today", "-90 days", "Thursday, 20 August 2026"),
        ("today", "\u221290 days", "Thursday, 20 August 2026"),
        ("today", "90 days ago", "Thursday, 20 August 2026"),
        ("31.1.2027", "1 month", "Sunday, 28 February 2027"),
        ("Christmas", "-2 days", "Wednesday, 23 December 2026"),
        ("today", "zwei Wochen", "Wednesday, 2 December 2026"),
        ("hoy", "tres meses", "Thursday, 18 February 2027"),
        ("today", "une semaine", "Wednesday, 25 November 2026"),
        ("oggi", "due anni", "Saturday, 18 November 2028"),
        ("today", "10 working days", "Wednesday, 2 December 2026"),
        ("now", "36 hours", "Thursday, 19 November 2026, 22:15"),
        ("today", "1,5 Stunden", "Wednesday, 18 November 2026, 11:45"),
        ("tomorrow at 9", "1 week", "Thursday, 26 November 2026, 09:00"),
        ("today", "a year and 2 months", "Tuesday, 18 January 2028"),
    ],
)
def test_days_are_shifted(day: str, offset: str, expected: str) -> None:
    assert shifted(day, offset) == expected


def test_a_month_without_that_day_is_said() -> None:
    said = shift_date({"date": "31.1.2027", "offset": "1 month"}, NOW).said
    assert "28 days" in said


@pytest.mark.parametrize("offset", ["", "soon", "3", "weeks", "-", "9999999999 years", "1e9 days"])
def test_what_is_no_length_of_time_is_refused(offset: str) -> None:
    with pytest.raises(SkillProblem) as caught:
        shifted("today", offset)
    assert caught.value.kind == "arguments"


# ---------------------------------------------------------------- properties

WORDS = sorted({word for _, phrase, _ in TABLE for word in phrase.split()})
MOMENTS = st.integers(0, 110 * 365 * 1440).map(
    lambda minutes: (datetime(1990, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)).astimezone(
        BERLIN
    )
)


@settings(max_examples=60, deadline=None)
@given(st.dates(date(1600, 1, 1), date(4000, 1, 1)), MOMENTS)
def test_a_day_that_is_said_is_read_back(day: date, now: datetime) -> None:
    for text in (say_day(day), day.isoformat(), f"{day.day}.{day.month}.{day.year}"):
        found = when(text, now)
        assert found.at.date() == day
        assert found.note == ""


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([phrase for _, phrase, _ in TABLE]), MOMENTS)
@example("at 9", datetime(2027, 3, 28, 1, 59, tzinfo=BERLIN))
def test_at_any_moment_a_reminder_is_ahead_or_refused(phrase: str, now: datetime) -> None:
    try:
        moment = due(phrase, now)
    except SkillProblem:
        return
    assert moment.exact
    assert moment.at.astimezone(UTC) >= now.astimezone(UTC).replace(second=0, microsecond=0)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join) | st.text(max_size=40))
def test_any_words_have_a_meaning_or_a_reason(phrase: str) -> None:
    try:
        moment = when(phrase, NOW)
    except SkillProblem:
        return
    assert moment.at.tzinfo is not None
    assert moment.at < moment.until


def test_no_phrase_takes_long() -> None:
    for phrase in ("the " * 48, "in " * 29, "next week " * 15, "half past " * 15, "1 " * 30):
        begun = time.process_time()
        with suppress(SkillProblem):
            when(phrase, NOW)
        assert time.process_time() - begun < 2


def test_nothing_heavy_is_loaded_to_read_a_date() -> None:
    code = (
        "import sys; from datetime import datetime, UTC; from homebody.skills.dates import when; "
        "when('tomorrow at 9', datetime.now(UTC)); "
        "print({'pint', 'numpy', 'dateutil', 'tzlocal', 'yaml'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "set()"
