"""How much left: ever, this week, today."""

from datetime import datetime, timedelta, timezone

from homebody.messages.ledger import LedgerEntry
from homebody.privacy.summary import BytesLeft, bytes_left

HERE = timezone(timedelta(hours=2))
SATURDAY = datetime(2026, 11, 21, 11, 30, tzinfo=HERE)


def entry(opened: str, bytes_out: int | None) -> LedgerEntry:
    return LedgerEntry(
        number=1,
        opened=opened,
        closed=None,
        purpose="ask",
        agreed="said yes",
        method="POST",
        host="api.example.org",
        port=443,
        path="/v1/chat/completions",
        address="192.0.2.1",
        proxy=None,
        bytes_out=bytes_out,
        bytes_in=0,
        body_sha256=None,
        status=200,
        problem="",
    )


def left(*entries: LedgerEntry, now: datetime = SATURDAY) -> BytesLeft:
    return bytes_left(entries, now)


def test_nothing_left_where_there_is_no_line() -> None:
    assert left() == BytesLeft()


def test_a_day_begins_at_the_midnight_of_the_person_and_a_week_on_monday() -> None:
    # In UTC these are the evenings before.
    today, yesterday = "2026-11-20T22:00:00.000Z", "2026-11-20T21:59:59.999Z"
    monday, sunday = "2026-11-15T22:00:00.000Z", "2026-11-15T21:59:59.999Z"
    found = left(entry(today, 1), entry(yesterday, 10), entry(monday, 100), entry(sunday, 1000))
    assert (found.ever, found.week, found.today) == (1111, 111, 1)
    assert found.connections == 4


def test_on_a_monday_the_week_is_the_day() -> None:
    found = left(
        entry("2026-11-22T21:59:59.000Z", 10),
        entry("2026-11-22T22:00:01.000Z", 1),
        now=datetime(2026, 11, 23, 0, 1, tzinfo=HERE),
    )
    assert (found.ever, found.week, found.today) == (11, 1, 1)


def test_what_a_wrong_clock_put_into_the_future_counts_as_ever_alone() -> None:
    found = left(entry("2031-01-01T00:00:00.000Z", 7), entry("2026-11-21T09:31:00.000Z", 5))
    assert (found.ever, found.week, found.today) == (12, 0, 0)


def test_what_has_no_end_is_counted_as_unknown_and_not_as_nothing() -> None:
    found = left(entry("2026-11-21T08:00:00.000Z", None), entry("2026-11-21T08:00:00.000Z", 3))
    assert (found.connections, found.unknown, found.ever, found.today) == (2, 1, 3, 3)


def test_a_time_that_somebody_broke_counts_as_ever() -> None:
    found = left(entry("yesterday", 3), entry("2026-11-21T08:00:00", 4))
    assert (found.ever, found.week, found.today) == (7, 0, 0)
