"""Profiles as older versions wrote them: everything opens, a copy is made, and there is a way back.

`profiles/vN.tar.xz` are real ones, written by the code of their time (`profiles/make.py`).
"""

import hashlib
import shutil
import sqlite3
import sys
import tarfile
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from homebody.base.errors import BadInput, StoreDamaged, StoreProblem, StoreTooNew
from homebody.library.shelf import Shelf
from homebody.privacy.dictionary import load_words
from homebody.privacy.ledger import entries, verify
from homebody.settings.file import load, save
from homebody.settings.providers import load_providers
from homebody.skills.own import OwnSkills
from homebody.store import backups, going_back, schema
from homebody.store.going_back import copies, go_back
from homebody.store.store import Store

PROFILES = Path(__file__).parent / "profiles"
VERSIONS = tuple(range(1, len(schema.STEPS) + 1))
WHEN = datetime(2026, 4, 1, 12, tzinfo=UTC)
DREAMS = (
    "INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
    " VALUES ('homebody', 'v99_dreams', 'tomorrow')"
)


def unpack(home, version):
    home.data.mkdir(parents=True)
    with tarfile.open(PROFILES / f"v{version}.tar.xz") as archive:
        for entry in archive:
            path = home.data / entry.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(archive.extractfile(entry).read())


def migrations(path):
    with closing(sqlite3.connect(path)) as connection:
        return [row[0] for row in connection.execute("SELECT name FROM _sqlite_migrations")]


def rows(path):
    """Return all that a database holds, table by table, by the columns that it has."""
    with closing(sqlite3.connect(path)) as connection:
        tables = [
            row[0]
            for row in connection.execute(
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '%words%'"
                " AND name NOT LIKE 'sqlite_%'"
            )
        ]
        found = {}
        for table in tables:
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            lines = connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall()
            found[table] = [dict(zip(columns, line, strict=True)) for line in lines]
        return found


def files(home):
    """Return the other files, which are not the store's to change."""
    return {
        path.relative_to(home.data).as_posix(): path.read_bytes()
        for path in home.data.rglob("*")
        if path.is_file() and not path.name.startswith("homebody") and "backups" not in path.parts
    }


def test_there_is_a_profile_of_every_version():
    assert sorted(PROFILES.glob("v*.tar.xz")) == [
        PROFILES / f"v{version}.tar.xz" for version in VERSIONS
    ]


# ---------------------------------------------------------------- nothing is lost


@pytest.mark.parametrize("version", VERSIONS)
def test_every_row_of_an_old_profile_is_there_after_the_upgrade(home, version):
    unpack(home, version)
    assert len(migrations(home.database)) == version
    before, beside = rows(home.database), files(home)
    with closing(Store.open(home)) as store:
        assert store.notices == ()
    after = rows(home.database)
    assert len(migrations(home.database)) == len(schema.STEPS)
    for table, lines in before.items():
        if table in {"_sqlite_migrations", "fact"}:
            continue
        for old, new in zip(lines, after[table], strict=True):
            kept = {name: new[name] for name in old}
            if old.get("state") == "open":
                # Whoever wrote it is gone; the words so far are kept.
                assert kept["state"] == "interrupted"
                for name in ("state", "owner", "ended", "reply", "problem"):
                    kept[name] = old[name]
            assert kept == old, table
    assert files(home) == beside


@pytest.mark.parametrize("version", VERSIONS)
def test_what_a_person_sees_is_there(home, version):
    unpack(home, version)
    with closing(Store.open(home)) as store:
        shown = {each.title: each for each in store.conversations()}
        porto = shown["Trip to Porto"]
        assert porto.pinned
        assert porto.draft == "half a sentence"
        first, second = store.branch(porto.id)
        assert (first.reply, first.reasoning) == ("By the river. 日本 🏡", "Think.")
        assert (second.request, second.reply) == ("And a boat?", "The one at nine.")
        other = next(each for each in store.siblings(second.id) if each != second.id)
        assert store.turn(other).reply == "Number twenty-two"
        assert [each.title for each in store.conversations(archived=True)] == ["Tax letter"]
        assert [each.title for each in store.conversations(deleted=True)] == ["Old things"]
        [broken_off] = store.branch(shown["Broken off"].id)
        assert (broken_off.state, broken_off.reply) == ("interrupted", "Once upon a time")
        assert [hit.turn for hit in store.search("river")] == [first.id]
        assert store.search("porto")[0].conversation.title == "Trip to Porto"
        if version >= 2:
            [given] = store.branch(shown["With a file"].id)
            assert given.attachments[0].text == "Two rooms and a cellar."
        if version >= 3:
            [turn] = store.branch(shown["Steps"].id)
            assert (turn.state, turn.steps[0].result) == ("waiting", "36")
            assert turn.waiting.sentence.startswith("Write 2 bytes")
            assert [note.text for note in store.notes()] == ["Water the ficus"]
            assert [reminder.text for reminder in store.reminders()] == ["Call Ada"]
            assert [grant.folder for grant in store.grants()] == ["/home/ada/Documents"]
            assert store.reliability()[0].skill == "calculate"
        if version >= 4:
            [turn] = store.branch(shown["Elsewhere"].id)
            assert turn.offer.state == "agreed"
            assert store.vault(shown["Elsewhere"].id)[0].value == "ada@example.com"
            [body] = store.sent_bodies()
            assert hashlib.sha256(body.body.encode()).hexdigest() == body.sha256
        # And it goes on from there.
        turn = store.begin_turn(porto.id, "And then?", second.id)
        store.end_turn(turn.id, state="done", reply="Home.", reasoning="")


@pytest.mark.parametrize("version", VERSIONS)
def test_what_lies_beside_the_conversations_is_used_as_it_is(home, version):
    unpack(home, version)
    loaded = load(home)
    assert loaded.problems == ()
    settings = loaded.settings
    assert (settings.temperature, settings.context) == (0.35, 8192)
    assert (settings.appearance, settings.text_size) == ("dark", 125)
    save(home, {"text_size": 100})
    assert home.settings.read_text(encoding="utf-8").startswith("# Mine.\n")
    if version >= 2:
        shelf = Shelf(home)
        assert shelf.notices == ()
        kept = shelf.settings_of("starter")
        assert (kept.temperature, kept.context) == (0.2, 2048)
        assert [entry.host for entry in entries(home.ledger)] == ["huggingface.co"]
        assert verify(home.ledger, home.ledger_head).ok
    if version >= 3:
        [own] = OwnSkills(home.own_skills, home.allowed_skills).found()
        assert (own.name, own.state) == ("minutes", "allowed")
        assert [each.name for each in load_providers(home)] == ["Big"]
        assert [each.word for each in load_words(home)] == ["Falkenhorst"]


# ---------------------------------------------------------------- the copy, and the way back


def changed_since(home):
    """Open a profile, write in it, and close it."""
    with closing(Store.open(home)) as store:
        turn = store.begin_turn(store.create_conversation("Afterwards").id, "new words", None)
        store.end_turn(turn.id, state="done", reply="new", reasoning="")


@pytest.mark.parametrize("version", VERSIONS[:-1])
def test_the_copy_made_before_an_upgrade_is_the_way_back(home, version):
    unpack(home, version)
    before = rows(home.database)
    changed_since(home)
    [copy] = copies(home)
    assert (copy.written_by, copy.conversations) == ("older", len(before["conversation"]) - 1)
    done = go_back(home, WHEN)
    assert done.restored == copy
    # As that version wrote it: its own list of migrations, every row, no trace of the newer one.
    assert len(migrations(home.database)) == version
    assert rows(home.database) == before
    assert not home.database.with_name(home.database.name + "-wal").exists()
    # What was there is a backup like any other: going back can be taken back.
    again = go_back(home, WHEN, done.kept)
    assert again.restored.written_by == "this"
    with closing(Store.open(home)) as store:
        assert "Afterwards" in [each.title for each in store.conversations()]
        assert store.notices == ()


@pytest.mark.parametrize("version", VERSIONS[:-1])
def test_the_older_version_refuses_the_upgraded_one_and_opens_the_copy(home, version, monkeypatch):
    """The older version: this code, which knows that many migrations and no more."""
    unpack(home, version)
    changed_since(home)
    upgraded = home.database.read_bytes()
    with monkeypatch.context() as older:
        older.setattr(schema, "STEPS", schema.STEPS[:version])
        with pytest.raises(StoreTooNew, match="newer Homebody") as caught:
            Store.open(home)
        assert "backups restore" in caught.value.hint
        assert home.database.read_bytes() == upgraded
        # It goes back by itself to the newest that it opens, past those that it does not.
        assert {each.written_by for each in copies(home)} == {"this"}
        done = go_back(home, WHEN)
        assert done.restored.written_by == "this"
        assert [each.written_by for each in copies(home)] == ["newer", "this"]
        assert len(migrations(home.database)) == version
        assert (home.backups / done.kept).is_file()
    assert {each["title"] for each in rows(home.backups / done.kept)["conversation"]} >= {
        "Afterwards",
        "Trip to Porto",
    }


def test_the_way_back_is_never_rotated_away(home, clock):
    unpack(home, 2)
    store = Store.open(home, clock=clock)
    [way_back] = store.backups()
    for number in range(60):
        clock.forward(minutes=31)
        store.create_conversation(f"{number}")
        assert store.back_up_if_due() is not None
    assert way_back in store.backups()
    assert len(store.backups()) < 20
    store.close()
    go_back(home, WHEN, way_back.name)
    assert len(migrations(home.database)) == 2


def test_erasing_reaches_the_way_back_too(home):
    unpack(home, 1)
    with closing(Store.open(home)) as store:
        porto = next(each for each in store.conversations() if each.title == "Trip to Porto")
        store.erase(porto.id)
        [copy] = store.backups()
        assert b"river" not in copy.read_bytes()
    go_back(home, WHEN)
    assert b"river" not in home.database.read_bytes()


@pytest.mark.skipif(sys.platform == "win32", reason="there the system refuses it")
def test_nothing_is_put_back_under_an_open_window(home):
    unpack(home, 3)
    with closing(Store.open(home)) as store:
        before = home.database.read_bytes()
        with pytest.raises(StoreProblem, match="in use"):
            go_back(home, WHEN)
        assert home.database.read_bytes() == before
        store.create_conversation("still works")
    assert len(copies(home)) == 1


def test_what_cannot_be_put_back_is_a_sentence_and_changes_nothing(home):
    with pytest.raises(BadInput, match="no backup that this version"):
        go_back(home, WHEN)
    unpack(home, 3)
    changed_since(home)
    before = home.database.read_bytes()
    for name in ("x", "../homebody.sqlite", "homebody.sqlite", "/etc/passwd"):
        with pytest.raises(BadInput, match="no backup"):
            go_back(home, WHEN, name)
    [path] = backups.listed(home.backups)
    data = bytearray(path.read_bytes())
    data[4096 * 3 :] = b"\x55" * len(data[4096 * 3 :])
    path.write_bytes(data)
    with pytest.raises(StoreDamaged, match="damaged"):
        go_back(home, WHEN, path.name)
    path.write_bytes(b"")
    assert copies(home)[-1].conversations is None
    with pytest.raises(StoreDamaged):
        go_back(home, WHEN, path.name)
    assert home.database.read_bytes() == before
    assert not list(home.data.glob("homebody.rec*"))


def test_a_damaged_database_is_recovered_first(home):
    unpack(home, 4)
    with closing(Store.open(home)) as store:
        store.back_up()
    data = bytearray(home.database.read_bytes())
    data[4096 * 2 : 4096 * 6] = b"\x55" * 4096 * 4
    home.database.write_bytes(data)
    with pytest.raises(StoreDamaged, match="nothing was put back"):
        go_back(home, WHEN)
    assert home.database.read_bytes() == bytes(data)
    with closing(Store.open(home)) as store:
        assert store.notices
    go_back(home, WHEN)


@pytest.mark.parametrize("at", ["copy", "check", "finish"])
def test_a_failure_on_the_way_leaves_what_was_there(home, monkeypatch, at):
    unpack(home, 3)
    changed_since(home)
    before = home.database.read_bytes()

    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        match at:
            case "copy":
                broken.setattr(shutil, "copyfile", fail)
            case "check":
                broken.setattr(going_back.backups, "sync", fail)
            case _:
                broken.setattr(going_back.recovery, "finish", fail)
        with pytest.raises(StoreProblem):
            go_back(home, WHEN)
    assert home.database.read_bytes() == before
    assert not list(home.data.glob("homebody.rec*"))
    with closing(Store.open(home)) as store:
        assert "Afterwards" in [each.title for each in store.conversations()]


def test_copies_of_a_newer_version_are_known_as_such(home, clock):
    unpack(home, 4)
    with closing(Store.open(home, clock=clock)) as store:
        store.back_up()
        clock.forward(hours=1)
        store.create_conversation("x")
        store.back_up()
    old, new = backups.listed(home.backups)
    with closing(sqlite3.connect(new)) as connection, connection:
        connection.execute(DREAMS)
    assert [each.written_by for each in copies(home)] == ["newer", "this"]
    assert go_back(home, WHEN + timedelta(days=1)).restored.name == old.name
    done = go_back(home, WHEN + timedelta(days=1), new.name)
    assert done.restored.written_by == "newer"
    with pytest.raises(StoreTooNew):
        Store.open(home)


def test_room_for_the_copy_of_now_does_not_cost_the_copy_that_is_put_back(home, clock):
    with closing(Store.open(home, clock=clock)) as store:
        for number in range(3):
            store.create_conversation(f"{number}")
            store.back_up()
            clock.forward(minutes=31)
    oldest = backups.listed(home.backups)[0]
    done = go_back(home, clock(), oldest.name)
    assert done.restored.name == oldest.name
    assert oldest.exists()
    with closing(Store.open(home)) as store:
        assert [each.title for each in store.conversations()] == ["0"]
