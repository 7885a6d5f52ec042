"""The ladder: missing, newer, older, read-only, full; and how cheap a clean start is."""

import shutil
import sqlite3
import sys
from pathlib import Path

import pytest

from homebody.base.errors import StoreFull, StoreProblem, StoreTooNew
from homebody.base.paths import Home
from homebody.store import opening, schema
from homebody.store.store import Store
from store.support import in_own_mounts

SCHEMAS = Path(__file__).parent / "schemas"


def test_a_new_profile(tmp_path):
    root = tmp_path / "a" / "b" / "ü ?#%20"
    store = Store.open(Home(data=root, config=root, state=root))
    assert store.on_disk
    assert store.notices == ()
    store.create_conversation("x")
    store.close()
    assert (root / "homebody.sqlite").exists()
    again = Store.open(Home(data=root, config=root, state=root))
    assert len(again.conversations()) == 1
    again.close()


def test_the_settings_that_keep_words_safe(store):
    wanted = {
        "journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000,
        "trusted_schema": 0, "cell_size_check": 1, "secure_delete": 1, "page_size": 4096,
    }  # fmt: skip
    connection = store._database.connection
    assert {name: connection.execute(f"PRAGMA {name}").fetchone()[0] for name in wanted} == wanted


def leave(home, sql=()):
    store = Store.open(home)
    turn = store.begin_turn(store.create_conversation("kept").id, "words", None)
    store.end_turn(turn.id, state="done", reply="more words", reasoning="")
    store.close()
    with sqlite3.connect(home.database) as connection:
        for statement in sql:
            connection.execute(statement)
    connection.close()


@pytest.mark.parametrize("with_log", [False, True])
def test_a_newer_schema_is_left_alone(home, with_log):
    newer = (
        "INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
        " VALUES ('homebody', 'v99_dreams', 'tomorrow')"
    )
    leave(home, () if with_log else (newer,))
    if with_log:
        other = sqlite3.connect(home.database)
        other.execute(newer)
        other.commit()
        shutil.copytree(home.data, home.data.with_name("copy"))
        other.close()
        shutil.rmtree(home.data)
        home.data.with_name("copy").rename(home.data)
        assert (home.data / "homebody.sqlite-wal").stat().st_size
    before = home.database.read_bytes()
    with pytest.raises(StoreTooNew) as caught:
        Store.open(home)
    assert caught.value.hint
    assert home.database.read_bytes() == before
    assert not list(home.data.glob("homebody.damaged*"))


def dump(connection):
    return sorted(row[0] for row in connection.execute("SELECT sql FROM sqlite_schema WHERE sql"))


@pytest.mark.parametrize("path", sorted(SCHEMAS.glob("v*.sql")), ids=lambda path: path.stem)
def test_every_old_schema_is_upgraded(home, path):
    home.data.mkdir(parents=True)
    with sqlite3.connect(home.database) as connection:
        connection.executescript(path.read_text(encoding="utf-8"))
    connection.close()
    store = Store.open(home)
    kept = store.conversations()
    assert [each.title for each in kept] == ["Kept from before"]
    turns = store.branch(kept[0].id)
    assert [(turn.request, turn.reply, turn.state) for turn in turns] == [
        ("How are you?", "Fine, thank you.", "done"),
        ("And now?", "Half a", "interrupted"),
    ]
    assert [hit.turn for hit in store.search("fine thank")] == [turns[0].id]
    schema_now = dump(store._database.connection)
    store.close()
    fresh = Store.temporary()
    assert schema_now == dump(fresh._database.connection)
    fresh.close()


def test_a_copy_is_made_before_an_upgrade(home, monkeypatch):
    leave(home)

    def v99_moods(db):
        db.execute("ALTER TABLE turn ADD COLUMN mood TEXT")

    monkeypatch.setattr(schema, "STEPS", (*schema.STEPS, v99_moods))
    store = Store.open(home)
    assert len(store.backups()) == 1
    with sqlite3.connect(store.backups()[0]) as copy:
        columns = [row[1] for row in copy.execute("PRAGMA table_info(turn)")]
    copy.close()
    assert "mood" not in columns
    assert store.search("words")
    store.close()


def test_a_failed_upgrade_changes_nothing(home, monkeypatch):
    leave(home)

    def v99_broken(db):
        db.execute("DELETE FROM turn_words")
        db.execute("ALTER TABLE nothing ADD COLUMN mood TEXT")

    with monkeypatch.context() as patch:
        patch.setattr(schema, "STEPS", (*schema.STEPS, v99_broken))
        with pytest.raises(StoreProblem):
            Store.open(home)
    store = Store.open(home)
    assert store.search("words")
    assert store.notices == ()
    store.close()


def test_a_clean_file_is_not_read_through(home, monkeypatch):
    leave(home)
    store = Store.open(home)  # after sqlite3 changed the file behind the mark's back
    store.close()
    read = []
    real = schema.is_as_made
    monkeypatch.setattr(opening.schema, "is_as_made", lambda db: read.append(1) or real(db))
    Store.open(home).close()
    assert read == []
    with home.database.open("r+b") as stream:
        stream.write(b"S")
    Store.open(home).close()
    assert read == [1]


READ_ONLY = """
import sys
from pathlib import Path
from homebody.base.errors import StoreReadOnly
from homebody.base.paths import Home
from homebody.store.store import Store
root = Path(sys.argv[1])
try:
    Store.open(Home(data=root, config=root, state=root))
except StoreReadOnly as error:
    assert error.hint
    print("read only")
"""


@pytest.mark.parametrize("state", ["empty", "closed", "in use"])
def test_a_read_only_profile(home, state):
    home.data.mkdir(parents=True)
    if state != "empty":
        leave(home)
    held = Store.open(home) if state == "in use" else None
    if held:
        held.create_conversation("in the log")
    try:
        done = in_own_mounts(
            'mount --bind "$3" "$3"; mount -o remount,ro,bind "$3"; "$1" -c "$2" "$3"',
            READ_ONLY,
            str(home.data),
        )
    finally:
        if held:
            held.close()
    assert (done.stdout, done.returncode) == ("read only\n", 0), done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX")
def test_something_else_in_the_way(home):
    home.data.mkdir(parents=True)
    home.database.mkdir()
    with pytest.raises(StoreProblem):
        Store.open(home)
    home.database.rmdir()
    file = home.data / "file"
    file.write_text("x", encoding="utf-8")
    inside = file / "profile"
    with pytest.raises(StoreProblem):
        Store.open(Home(data=inside, config=inside, state=inside))


FULL = """
import sqlite3, sys
from contextlib import closing
from pathlib import Path
from homebody.base.errors import StoreFull, StoreProblem
from homebody.base.paths import Home
from homebody.store.store import Store
root = Path(sys.argv[1])
home = Home(data=root / "p", config=root / "p", state=root / "p")
filler = root / "filler"
filler.write_bytes(bytes(1 << 20))
store = Store.open(home)
name = store.create_conversation("full").id
saved, kinds = {}, set()
def attempt(work):
    try:
        return work()
    except StoreFull as error:
        assert error.hint
        kinds.add("full")
for number in range(400):
    turn = attempt(lambda: store.begin_turn(name, f"request {number} " + "x" * 3000, None))
    if turn is None:
        break
    saved[turn.id] = ""
    attempt(lambda: store.checkpoint(turn.id, "y" * 2000, ""))
    if attempt(lambda: store.end_turn(turn.id, state="done", reply="z" * 5000, reasoning="")):
        saved[turn.id] = "z" * 5000
assert kinds == {"full"}, kinds
assert number > 20
for work in (store.back_up, lambda: store.save_draft(name, "w" * 3_000_000)):
    assert attempt(work) is None
for turn, reply in saved.items():
    found = store.turn(turn)
    assert found.reply == reply or found.state == "open"
filler.unlink()
again = store.begin_turn(name, "after", None)
store.end_turn(again.id, state="done", reply="fine", reasoning="")
for turn in saved:
    assert store.turn(turn).request.startswith("request ")
store.close()
with closing(sqlite3.connect(home.database)) as connection:
    assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
with closing(Store.open(home)) as store:
    assert store.notices == ()
    assert store.turn(again.id).reply == "fine"
filler.write_bytes(b"")
try:
    with filler.open("ab", buffering=0) as stream:
        while True:
            stream.write(bytes(4096))
except OSError:
    pass
other = root / "q"
try:
    Store.open(Home(data=other, config=other, state=other))
except StoreFull:
    print("full")
"""


def test_a_full_disk(tmp_path):
    """A tmpfs of 4 MB: the real error of a real file system."""
    done = in_own_mounts(
        'mount -t tmpfs -o size=4m none "$3"; "$1" -c "$2" "$3"', FULL, str(tmp_path)
    )
    assert (done.stdout, done.returncode) == ("full\n", 0), done.stderr


def test_full_at_every_size(home):
    """`max_page_count` as the fault, everywhere: each size at which a write can fail."""
    store = Store.open(home)
    name = store.create_conversation("x").id
    connection = store._database.connection
    start = connection.execute("PRAGMA page_count").fetchone()[0]
    failed = 0
    for more in range(12):
        connection.execute(f"PRAGMA max_page_count = {start + more}")
        before = store.recent_requests()
        try:
            store.begin_turn(name, f"{more} " + "x" * 20_000, None)
        except StoreFull:
            failed += 1
            assert store.recent_requests() == before
    assert failed
    connection.execute("PRAGMA max_page_count = 1000000")
    store.begin_turn(name, "room again", None)
    store.close()


def test_busy_is_a_sentence(home):
    store = Store.open(home)
    store._database.connection.execute("PRAGMA busy_timeout = 50")
    other = sqlite3.connect(home.database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreProblem, match="busy"):
        store.create_conversation("x")
    other.execute("ROLLBACK")
    other.close()
    store.create_conversation("x")
    store.close()
