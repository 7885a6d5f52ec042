"""Notes and reminders: kept, found in several languages, told once, and brought back."""

import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone

import pytest

from homebody.base.errors import BadInput
from homebody.store.store import Store
from store.test_work import break_first_page

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("The wifi code is 1234", "wifi"),
        ("The wifi code is 1234", "CODE wi"),
        ("Der Zahnarzt heißt Grün", "zahn grun"),
        ("El cumpleaños de José es el viernes", "cumpleanos jose"),
        ("Le rendez-vous chez l'opticien à Besançon", "besancon opticien"),
        ("La città è lontana", "citta"),
        ("会議は金曜日です", "金曜"),
        ("pay 20€ 🎉", "🎉"),
        ('quotes " and * NEAR(', '" NEAR'),
    ],
)
def test_a_note_is_found_by_the_beginnings_of_its_words(store, text, query):
    store.add_note("something else")
    note = store.add_note(text)
    assert store.notes(query) == [note]
    assert store.notes(query + " missing") == []


def test_notes_are_listed_newest_first(home, store, clock):
    notes = []
    for number in range(5):
        clock.forward(minutes=-1)  # a clock that runs backwards changes nothing
        notes.append(store.add_note(f"note {number}"))
    assert store.notes() == notes[::-1]
    assert store.notes(limit=2) == store.notes("note", 2) == [notes[4], notes[3]]
    assert store.notes("?!") == []
    assert store.notes("note", 0) == []
    store.remove_note(notes[3].id)
    store.close()
    with closing(Store.open(home)) as again:
        assert again.notes("note") == [notes[4], notes[2], notes[1], notes[0]]
        with pytest.raises(BadInput, match="not there"):
            again.remove_note(notes[3].id)


def test_what_no_file_can_hold_is_replaced(store):
    assert store.notes()[:1] == [store.add_note("half \ud83d a\0b")][:0]
    assert store.notes("half")[0].text == "half � a\0b"


def test_reminders_come_in_their_order(store):
    rome = timezone(timedelta(hours=1))
    late = store.add_reminder("late", NINE + timedelta(days=1))
    soon = store.add_reminder("soon", NINE.astimezone(rome))
    past = store.add_reminder("past", datetime(999, 1, 1, tzinfo=UTC))
    assert [each.text for each in store.reminders()] == ["past", "soon", "late"]
    assert store.reminders(since=NINE, until=NINE + timedelta(days=1)) == [soon]
    assert store.reminders(until=NINE) == [past]
    assert store.due_reminders(NINE) == [past, soon]
    assert store.next_reminder() == past.due
    store.remove_reminder(past.id)
    assert store.tell(soon.id)
    assert store.next_reminder() == late.due
    assert store.due_reminders(NINE) == []
    assert [each.told is not None for each in store.reminders()] == [True, False]
    with pytest.raises(BadInput):
        store.remove_reminder(past.id)


def test_one_of_many_tells_a_reminder(home, store):
    """Windows and terminals side by side, each with a connection of its own."""
    reminder = store.add_reminder("once", NINE)
    others = [Store.open(home) for _ in range(3)]
    told = []
    threads = [
        threading.Thread(target=lambda s=each: told.append(s.tell(reminder.id)))
        for each in (store, *others)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for other in others:
        other.close()
    assert sorted(told) == [False, False, False, True]
    assert not store.tell("nobody")


def test_changes_are_announced(store):
    heard = []
    store.on_reminder = lambda: heard.append(1)
    reminder = store.add_reminder("x", NINE)
    store.remove_reminder(reminder.id)
    store.add_note("not about notes")
    assert heard == [1, 1]


@pytest.mark.parametrize("backup", [False, True])
def test_recovery_brings_notes_and_reminders_back(home, store, backup):
    notes = [store.add_note("old note")]
    reminders = [store.add_reminder("old one", NINE)]
    if backup:
        store.back_up()
    notes.append(store.add_note("a long note " * 1000))
    reminders.append(store.add_reminder("new one", NINE + timedelta(hours=1)))
    gone = store.add_note("removed")
    store.remove_note(gone.id)
    store.tell(reminders[0].id)
    store.grant("/home/ada", "write")
    store.close()
    break_first_page(home)
    with closing(Store.open(home)) as again:
        assert any("reminder" in notice for notice in again.notices)
        assert again.notes() == notes[::-1]
        assert again.notes("long") == [notes[1]]
        found = again.reminders()
        assert [each.text for each in found] == ["old one", "new one"]
        assert found[0].told is not None, "never told twice"
        assert again.due_reminders(NINE) == []
        assert again.grants() == [], "one wrong byte would be another folder"


def test_a_backup_is_checked_for_notes(store):
    store.add_note("x")
    assert store.back_up() is not None
