"""Backups: checked, rotated, robust against clocks, and no hindrance to those who write."""

import shutil
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from homebody.base.errors import StoreDamaged
from homebody.store import backups
from homebody.store.store import Store


def say(store, text):
    turn = store.begin_turn(store.create_conversation(text).id, text, None)
    return store.end_turn(turn.id, state="done", reply=text, reasoning="")


def test_a_backup_is_a_whole_database(store, home, tmp_path):
    turn = say(store, "words")
    path = store.back_up()
    assert store.backups() == [path]
    assert [file.name for file in home.backups.iterdir()] == [path.name]
    elsewhere = type(home)(data=tmp_path / "b", config=tmp_path / "b", state=tmp_path / "b")
    elsewhere.data.mkdir()
    shutil.copyfile(path, elsewhere.database)
    copy = Store.open(elsewhere)
    assert copy.turn(turn.id) == turn
    assert copy.search("words")
    copy.close()


def test_due_after_thirty_minutes_and_a_change(store, clock):
    say(store, "a")
    assert store.back_up_if_due() is not None
    say(store, "b")
    clock.forward(minutes=29)
    assert store.back_up_if_due() is None
    clock.forward(minutes=1)
    assert store.back_up_if_due() is not None
    clock.forward(minutes=31)
    assert store.back_up_if_due() is None  # nothing new
    store.save_draft(store.conversations()[0].id, "x")
    assert store.back_up_if_due() is not None
    clock.forward(days=-3650)
    say(store, "c")
    assert store.back_up_if_due() is not None  # the newest is from a future that never was


def kept_after(folder, moments):
    folder.mkdir(exist_ok=True)
    for number, moment in enumerate(moments, 1):
        (folder / f"homebody-{number:06}-{moment:%Y%m%d-%H%M%S}.sqlite").write_bytes(b"")
        backups.rotate(folder)
    return [int(path.name.split("-")[1]) for path in backups.listed(folder)]


def test_rotation_over_two_years(tmp_path):
    start = datetime(2024, 1, 1, 12, tzinfo=UTC)
    moments = [start + timedelta(hours=8 * step) for step in range(3 * 730)]
    kept = kept_after(tmp_path / "b", moments)
    days = sorted({(moments[-1].date() - moments[number - 1].date()).days for number in kept})
    assert kept[-3:] == [2188, 2189, 2190]
    assert set(range(12)) <= set(days)
    assert max(days) > 7 * 30
    assert len(kept) <= 12 + 10 + 9 + 3


def test_the_newest_stay_whatever_the_clock_says(tmp_path):
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    good = [now + timedelta(days=day) for day in range(20)]
    future = [now + timedelta(days=3650, minutes=30 * step) for step in range(30)]
    past = [now - timedelta(days=3650) + timedelta(minutes=30 * step) for step in range(30)]
    kept = kept_after(tmp_path / "b", [*good, *future, *past, now + timedelta(days=20)])
    assert kept[-1] == 81
    assert kept[-3:] == [79, 80, 81]
    assert len([number for number in kept if number <= 20]) >= 9


def test_a_backup_of_a_damaged_file_is_none(home):
    store = Store.open(home)
    for number in range(50):
        say(store, f"text {number} " + "x" * 3000)
    store.close()
    store = Store.open(home)
    data = bytearray(home.database.read_bytes())
    # Rows can still be counted by an index; only a check finds this out.
    for start in range(4096, len(data), 4096):
        if b"text 30 " in data[start : start + 4096]:
            data[start : start + 4096] = b"\x55" * 4096
    home.database.write_bytes(data)
    with pytest.raises(StoreDamaged):
        store.back_up()
    assert store.backups() == []
    assert list(home.backups.iterdir()) == []
    store.close()
    again = Store.open(home)
    assert again.notices
    again.close()


def test_writers_go_on_during_a_backup(store):
    name = store.create_conversation("big").id
    for number in range(30):
        turn = store.begin_turn(name, f"big {number}", None)
        store.end_turn(turn.id, state="done", reply="x y " * 200_000, reasoning="")
    done, slow = threading.Event(), []

    def write():
        turn = store.begin_turn(name, "meanwhile", None)
        while not done.is_set():
            started = time.perf_counter()
            store.checkpoint(turn.id, "more", "")
            slow.append(time.perf_counter() - started)
            time.sleep(0.002)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert store.back_up() is not None
    finally:
        done.set()
        writer.join()
    # Not a timed test: a writer that waits for the whole copy would come round once or twice.
    assert len(slow) > 5
