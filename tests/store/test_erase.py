"""Erased words are in no file of the profile; and the bin keeps what it promised to keep."""

import random
import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from homebody.base.errors import BadInput
from homebody.store.store import Store
from store.support import SetClock

WORDS = ("xylophonist", "quasarkeeper", "zwiebelkuchen", "brontofernweh", "morgenlandfahrt")


def traces(home):
    """Return the files that hold one of the words, or a piece of one."""
    pieces = [word[start : start + 6].encode() for word in WORDS for start in range(len(word) - 5)]
    found = []
    for path in home.data.rglob("*"):
        if path.is_file():
            data = path.read_bytes().lower()
            found += [path.name for piece in pieces if piece in data][:1]
    return found


def plant(store, filler=40):
    name = store.create_conversation(WORDS[0]).id
    other = store.create_conversation("other").id
    for number in range(filler):
        turn = store.begin_turn(name, f"{WORDS[1]} {number}", None)
        store.checkpoint(turn.id, f"{WORDS[2]} " * 300, WORDS[3])
        store.end_turn(turn.id, state="done", reply=f"{WORDS[2]} " * 400, reasoning=WORDS[3])
        keep = store.begin_turn(other, f"innocent {number}", None)
        store.end_turn(keep.id, state="done", reply="kept " * 50, reasoning="")
    store.save_draft(name, WORDS[4])
    return name, other


def test_no_file_holds_erased_words(home, store, clock):
    name, other = plant(store)
    store.back_up()
    store.rename(name, WORDS[4])
    clock.forward(hours=1)
    store.back_up()
    (home.data / "homebody.damaged-20250101-000000.sqlite").write_bytes(WORDS[0].encode())
    (home.backups / ".copy-left.sqlite").write_bytes(WORDS[0].encode())
    assert len(traces(home)) >= 4
    store.delete(name)
    store.erase(name)
    assert traces(home) == []
    with pytest.raises(BadInput):
        store.conversation(name)
    assert store.search("xylo") == store.search("zwiebel") == []
    assert len(store.backups()) == 2
    for path in store.backups():
        with sqlite3.connect(path) as copy:
            assert copy.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            assert copy.execute("SELECT count(*) FROM turn").fetchone()[0] == 40
            found = copy.execute("SELECT count(*) FROM turn_words('innocent')").fetchone()[0]
            assert found == 40
        copy.close()
    assert len(store.search("innocent", 100)) == 40
    assert store.conversation(other).title == "other"
    store.close()
    assert traces(home) == []


def test_a_reader_delays_and_the_next_time_finishes(home, store):
    name, _ = plant(store, filler=5)
    store._database.connection.execute("PRAGMA busy_timeout = 100")
    reader = sqlite3.connect(home.database, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM turn").fetchone()
    store.erase(name)
    reader.execute("ROLLBACK")
    reader.close()
    assert traces(home)
    store.empty_bin()
    assert traces(home) == []


def test_the_bin_is_emptied_after_thirty_days(store, clock):
    name = store.create_conversation("a").id
    store.delete(name)
    clock.forward(days=30)
    store.empty_bin()
    assert store.conversation(name)
    clock.forward(minutes=1)
    store.empty_bin()
    with pytest.raises(BadInput):
        store.conversation(name)


def test_what_came_back_is_not_erased(store, clock):
    name = store.create_conversation("a").id
    store.delete(name)
    clock.forward(days=20)
    store.undelete(name)
    store.delete(name)
    clock.forward(days=20)
    store.empty_bin()
    assert store.conversation(name)


@settings(max_examples=40, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 12))
def test_no_leap_of_the_clock_empties_the_bin(chance: random.Random, leaps):
    clock = SetClock()
    store = Store.temporary(clock=clock)
    name = store.create_conversation("just deleted").id
    clock.forward(days=chance.choice((-3650, 0, 3650)))
    store.delete(name)
    for _ in range(leaps):
        clock.forward(days=chance.choice((-3650, 3650, -365, 365, 0.5)))
        store.empty_bin()
        assert store.conversation(name).deleted
    store.close()


def test_after_a_leap_the_bin_still_empties_one_day(store, clock):
    name = store.create_conversation("a").id
    store.delete(name)
    clock.forward(days=3650)
    store.empty_bin()
    clock.forward(days=31)
    store.empty_bin()
    with pytest.raises(BadInput):
        store.conversation(name)
