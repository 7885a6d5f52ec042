"""Reminders are told when due, once, whatever the clock does."""

import threading
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from homebody.base.errors import StoreFull
from homebody.base.paths import Home
from homebody.skills import notify
from homebody.skills.notify import Notifier
from homebody.store.store import Store

PATIENCE = 20.0


class Wall:
    """A wall clock that runs, and can be set."""

    def __init__(self):
        self.ahead = timedelta()

    def __call__(self):
        return datetime.now(UTC) + self.ahead


class Told:
    def __init__(self):
        self.texts = []
        self._changed = threading.Condition()

    def __call__(self, reminder):
        with self._changed:
            self.texts.append(reminder.text)
            self._changed.notify_all()

    def wait_for(self, count):
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.texts) >= count, PATIENCE), self.texts


@pytest.fixture
def wall():
    return Wall()


@pytest.fixture
def store(wall):
    with closing(Store.temporary(clock=wall)) as store:
        yield store


@pytest.fixture
def told():
    return Told()


@pytest.fixture
def notifier(store, told, wall):
    with closing(Notifier(store, told, clock=wall)) as notifier:
        yield notifier


def in_(wall, **amount):
    return wall() + timedelta(**amount)


def test_a_reminder_is_told_at_its_time(store, told, wall, notifier):
    due = in_(wall, seconds=0.6)
    store.add_reminder("now", due)
    store.add_reminder("not yet", in_(wall, hours=1))
    notifier.start()
    told.wait_for(1)
    assert timedelta() <= wall() - due < timedelta(seconds=PATIENCE)
    assert told.texts == ["now"]
    assert store.reminders()[0].told is not None


def test_a_reminder_added_while_it_sleeps_wakes_it(store, told, wall, notifier):
    notifier.start()
    time.sleep(0.2)  # asleep for 20 seconds by now
    store.add_reminder("soon", in_(wall, seconds=0.3))
    began = time.monotonic()
    told.wait_for(1)
    assert time.monotonic() - began < 15


def test_missed_ones_are_given_once(store, told, wall, notifier):
    store.add_reminder("yesterday", in_(wall, days=-1))
    store.add_reminder("last year", in_(wall, days=-365))
    assert [each.text for each in notifier.missed()] == ["last year", "yesterday"]
    assert notifier.missed() == ()
    notifier.start()
    store.add_reminder("next", in_(wall, seconds=0.1))
    told.wait_for(1)
    assert told.texts == ["next"]


def test_a_clock_set_forward_is_noticed(store, told, wall, notifier, monkeypatch):
    """As after a night in which the machine slept."""
    monkeypatch.setattr(notify, "_LOOK", 0.1)
    store.add_reminder("in the night", in_(wall, hours=6))
    notifier.start()
    time.sleep(0.3)
    assert told.texts == []
    wall.ahead = timedelta(hours=8)
    told.wait_for(1)


def test_a_clock_set_back_tells_nothing_twice(store, told, wall, notifier, monkeypatch):
    monkeypatch.setattr(notify, "_LOOK", 0.1)
    store.add_reminder("once", in_(wall, seconds=0.1))
    notifier.start()
    told.wait_for(1)
    wall.ahead = timedelta(hours=-1)
    store.add_reminder("later", in_(wall, minutes=30))
    time.sleep(0.4)
    wall.ahead = timedelta()
    time.sleep(0.4)
    assert told.texts == ["once", "later"] or told.texts == ["once"]
    wall.ahead = timedelta(hours=1)
    told.wait_for(2)
    assert told.texts == ["once", "later"]


def test_two_processes_tell_once(tmp_path, wall):
    home = Home(data=tmp_path, config=tmp_path, state=tmp_path)
    told = Told()
    with closing(Store.open(home, clock=wall)) as one, closing(Store.open(home, clock=wall)) as two:
        notifiers = [Notifier(store, told, clock=wall) for store in (one, two)]
        for number in range(10):
            one.add_reminder(str(number), in_(wall, seconds=0.3))
        for each in notifiers:
            each.start()
        told.wait_for(10)
        time.sleep(0.3)
        for each in notifiers:
            each.close()
    assert sorted(told.texts) == [str(number) for number in range(10)]


def test_a_restart_tells_what_was_not_told_and_nothing_else(tmp_path, wall):
    home = Home(data=tmp_path, config=tmp_path, state=tmp_path)
    told = Told()
    with closing(Store.open(home, clock=wall)) as store:
        store.add_reminder("told", in_(wall, seconds=0.1))
        with closing(Notifier(store, told, clock=wall)) as notifier:
            notifier.start()
            told.wait_for(1)
        store.add_reminder("missed", in_(wall, minutes=1))
    wall.ahead = timedelta(days=2)
    with closing(Store.open(home, clock=wall)) as store:
        notifier = Notifier(store, told, clock=wall)
        assert [each.text for each in notifier.missed()] == ["missed"]


def test_a_full_disk_is_no_reason_to_be_silent(store, told, wall, notifier, monkeypatch):
    monkeypatch.setattr(notify, "_LOOK", 0.1)

    def full(_id):
        raise StoreFull("Full.", "")

    monkeypatch.setattr(store, "tell", full)
    store.add_reminder("x", in_(wall, seconds=-1))
    notifier.start()
    told.wait_for(1)
    time.sleep(0.5)
    assert told.texts == ["x"], "and not again and again"


def test_one_that_cannot_be_shown_does_not_hold_up_the_next(store, wall):
    told = Told()

    def show(reminder):
        if reminder.text == "bad":
            raise ZeroDivisionError
        told(reminder)

    store.add_reminder("bad", in_(wall, seconds=-2))
    store.add_reminder("good", in_(wall, seconds=-1))
    with closing(Notifier(store, show, clock=wall)) as notifier:
        notifier.start()
        told.wait_for(1)


def test_it_ends_at_once(store, told, notifier):
    notifier.start()
    time.sleep(0.1)
    began = time.monotonic()
    notifier.close()
    assert time.monotonic() - began < 4
    assert store.on_reminder is None
    notifier.close()


def test_a_notifier_that_never_began_can_be_closed(notifier):
    notifier.close()
