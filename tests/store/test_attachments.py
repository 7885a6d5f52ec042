"""Files that go with a request: kept, found, copied, exported and erased with it."""

import shutil
import sqlite3

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from homebody.messages.turns import Attachment
from homebody.store.store import Store
from store.test_erase import WORDS, traces
from store.test_opening import SCHEMAS

FILES = (Attachment("notes ü.txt", "brontosaurus\n日本 🎉\n"), Attachment("b.csv", "1,2"))


def ask(store, conversation, request="look at this", files=FILES, reply="seen", parent=None):
    turn = store.begin_turn(conversation, request, parent, files)
    return store.end_turn(turn.id, state="done", reply=reply, reasoning="")


@pytest.fixture
def name(store):
    return store.create_conversation("a").id


def test_attachments_are_kept_with_their_turn_to_the_letter(home, store, name):
    files = (*FILES, Attachment("", ""), Attachment('"', "\0 \r\n```` \ud83d"))
    turn = store.begin_turn(name, "look", None, files)
    kept = (*FILES, Attachment("", ""), Attachment('"', "\0 \r\n```` �"))
    assert turn.attachments == kept
    store.checkpoint(turn.id, "I", "")
    store.end_turn(turn.id, state="stopped", reply="I see", reasoning="")
    assert store.reopen_turn(turn.id).attachments == kept
    store.close()
    again = Store.open(home)
    assert again.turn(turn.id).attachments == kept
    assert [each.attachments for each in again.branch(name)] == [kept]
    again.close()


def test_a_turn_without_attachments_has_none(store, name):
    assert store.begin_turn(name, "look", None).attachments == ()


def test_words_of_an_attachment_are_found_and_shown(store, name):
    turn = ask(store, name)
    other = ask(store, name, request="brontosaurus in the request", files=())
    hits = store.search("bronto")
    assert [hit.turn for hit in hits] == [other.id, turn.id]
    assert "\ue000brontosaurus\ue001" in hits[1].snippet
    assert [hit.turn for hit in store.search("notes")] == [turn.id]
    assert [hit.turn for hit in store.search("本")] == [turn.id]
    assert [hit.turn for hit in store.search("look bronto seen")] == [turn.id]
    assert store.search("look")[0].snippet.startswith("\ue000look")


def test_a_broken_index_is_made_again_with_the_words_of_attachments(store, name):
    turn = ask(store, name)
    connection = store._database.connection
    connection.execute("UPDATE turn_words_data SET block = x'00' WHERE id > 10")
    assert [hit.turn for hit in store.search("brontosaurus")] == [turn.id]


@pytest.mark.parametrize("path", sorted(SCHEMAS.glob("v*.sql")), ids=lambda path: path.stem)
def test_a_profile_of_every_age_takes_attachments(home, path):
    home.data.mkdir(parents=True)
    with sqlite3.connect(home.database) as connection:
        connection.executescript(path.read_text(encoding="utf-8"))
    connection.close()
    store = Store.open(home)
    conversation = store.conversations()[0].id
    assert len(store.backups()) == (path.stem != "v4"), "a copy is made before an upgrade"
    before = store.branch(conversation)
    had = (Attachment("old.txt", "words from before"),) if path.stem >= "v2" else ()
    assert before[0].attachments == had
    turn = ask(store, conversation, parent=before[-1].id)
    assert store.branch(conversation)[-1] == turn
    store.close()


def broken(home, where):
    """Break the page that the tables begin from; with a log, as if the app had crashed."""
    data = bytearray(home.database.read_bytes())
    data[where : where + 4096] = bytes(4096)
    home.database.write_bytes(data)


@pytest.mark.parametrize("backup", [False, True])
def test_recovery_brings_attachments_back(home, store, name, backup):
    long = Attachment("long.txt", "many words " * 5_000)
    first = ask(store, name)
    if backup:
        store.back_up()
    second = ask(store, name, files=(*FILES, long), parent=first.id)
    third = ask(store, name, files=(), parent=second.id)
    store.close()
    broken(home, 0)
    again = Store.open(home)
    assert again.notices
    found = again.branch(name)
    assert [turn.attachments for turn in found] == [FILES, (*FILES, long), ()]
    assert found[-1].id == third.id
    assert len(again.search("brontosaurus")) == 2
    again.close()


def test_recovery_reads_rows_from_before_there_were_attachments(home):
    """Until they are written again, rows of an upgraded table are shorter than its columns."""
    home.data.mkdir(parents=True)
    with sqlite3.connect(home.database) as connection:
        connection.executescript((SCHEMAS / "v1.sql").read_text(encoding="utf-8"))
    connection.close()
    store = Store.open(home)
    conversation = store.conversations()[0].id
    parent = store.branch(conversation)[-1].id
    new = ask(store, conversation, parent=parent)
    store.close()
    shutil.rmtree(home.backups)
    broken(home, 0)
    again = Store.open(home)
    found = again.branch(conversation)
    assert [turn.request for turn in found] == ["How are you?", "And now?", "look at this"]
    assert [turn.attachments for turn in found] == [(), (), new.attachments]
    again.close()


def test_what_is_left_of_broken_attachments_is_shown_as_it_is(store, name):
    turn = ask(store, name)
    store._database.connection.execute("UPDATE turn SET attachments = substr(attachments, 1, 40)")
    kept = store.turn(turn.id).attachments
    assert len(kept) == 1
    assert kept[0].name == "Recovered"
    assert "brontosau" in kept[0].text


texts = st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=30)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(st.builds(Attachment, texts, texts), max_size=3).map(tuple), max_size=4))
def test_an_export_brings_attachments_to_another_profile(drawn):
    here, there = Store.temporary(), Store.temporary()
    conversation = here.create_conversation("a").id
    for files in drawn:
        ask(here, conversation, files=files)
    data = here.export_json()
    there.import_json(data)
    assert there.export_json() == data
    assert [turn.attachments for turn in there.branch(conversation)] == [
        turn.attachments for turn in here.branch(conversation)
    ]
    here.close()
    there.close()


def test_an_import_finds_the_words_of_its_attachments(store, name):
    turn = ask(store, name)
    other = Store.temporary()
    other.import_json(store.export_json())
    assert [hit.turn for hit in other.search("brontosaurus")] == [turn.id]
    other.close()


def test_only_files_with_attachments_ask_for_a_newer_homebody(store, name):
    """An older one would read them too, and drop the attachments without a word."""
    turn = ask(store, name, files=())
    plain = msgspec.json.decode(store.export_json())
    assert plain["version"] == 1
    for kept in plain["conversations"]:  # as the version before wrote it
        for each in kept["turns"]:
            del each["attachments"]
    other = Store.temporary()
    other.import_json(msgspec.json.encode(plain))
    assert other.turn(turn.id) == store.turn(turn.id)
    other.close()
    ask(store, name)
    assert msgspec.json.decode(store.export_json())["version"] == 2


def test_markdown_shows_attachments_whatever_is_in_them(store, name):
    ask(store, name, files=(Attachment("a\nb.md", "```\ncode\n```\n# no title"),))
    text = store.export_markdown(name)
    assert "look at this\n\n**a b.md**\n\n````\n```\ncode\n```\n# no title\n````\n\n" in text


def test_erasing_leaves_no_word_of_an_attachment(home, store, name):
    keep = store.create_conversation("keep").id
    for number in range(30):
        files = tuple(Attachment(word, f"{word} " * 50 * number) for word in WORDS)
        ask(store, name, files=files)
        ask(store, keep, files=(Attachment("kept.txt", "innocent words"),))
        if number == 15:
            store.back_up()
    store.delete(name)
    assert len(traces(home)) >= 2
    store.erase(name)
    assert traces(home) == []
    assert len(store.search("innocent", 100)) == 30
    store.close()
    assert traces(home) == []


def test_a_temporary_store_keeps_them_in_memory():
    store = Store.temporary()
    turn = ask(store, store.create_conversation().id)
    assert store.turn(turn.id).attachments == FILES
    store.close()


def test_the_fence_around_a_text_is_longer_than_any_in_it():
    assert Attachment("a", "plain").fenced == "```\nplain\n```"
    assert Attachment("a", "ends\n").fenced == "```\nends\n```"
    assert Attachment("a", "").fenced == "```\n```"
    assert Attachment("a", "x````y``").fenced == "`````\nx````y``\n`````"
