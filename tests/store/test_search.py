"""Full text search: what is found, how it is marked, and that nothing typed is dangerous."""

import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from homebody.store.store import Store


@pytest.fixture
def full(store):
    name = store.create_conversation("Trip to Porto").id
    for request, reply in (
        ("Where is the Zürich invoice?", "In naïve folders, crème brûlée."),
        ("東京タワーはどこですか", "日本の首都、東京にあります。"),
        ("party time🎉🎉", "ครับ สวัสดี 👍🏽"),
        ("C++ or Rust?", "print('near') AND \"quotes\" don't hurt"),
    ):
        turn = store.begin_turn(name, request, None)
        store.end_turn(turn.id, state="done", reply=reply, reasoning="hidden thought")
    return store


@pytest.mark.parametrize(
    ("typed", "marked"),
    [
        ("trip", "\ue000Trip\ue001 to Porto"),
        ("por", "Trip to \ue000Porto\ue001"),
        ("zurich", "Where is the \ue000Zürich\ue001 invoice?"),
        ("ZÜRICH inv", "Where is the \ue000Zürich\ue001 \ue000invoice\ue001?"),
        ("naive", "In \ue000naïve\ue001 folders, crème brûlée."),
        ("タワー", "東京\ue000タワー\ue001はどこですか"),
        ("首都", "日本の\ue000首都\ue001、東京にあります。"),
        ("🎉", "party time\ue000🎉🎉\ue001"),
        ("สวัส", "ครับ \ue000สวัส\ue001ดี 👍🏽"),
        ("👍🏽", "ครับ สวัสดี \ue000👍🏽\ue001"),
        ('"quotes"', "print('near') AND \"\ue000quotes\ue001\" don't hurt"),
        ("NEAR(", "print('\ue000near\ue001') AND \"quotes\" don't hurt"),
    ],
)
def test_found_and_marked(full, typed, marked):
    assert marked in [hit.snippet for hit in full.search(typed)]


@pytest.mark.parametrize("typed", ["", "  ", "*", '"', '""', "***", "\0", "-", "(", "\ud800", "_"])
def test_nothing_to_look_for(full, typed):
    assert full.search(typed) == []


@settings(max_examples=150, deadline=None)
@given(st.text() | st.text(alphabet="\"*^:-(){}+ANDORT NEAR/0 .'\0日🎉é"))
def test_any_input_is_safe(typed):
    store = Store.temporary()
    turn = store.begin_turn(store.create_conversation(typed).id, typed, None)
    store.end_turn(turn.id, state="done", reply=typed, reasoning="")
    store.search(typed)
    store.close()


def test_titles_come_first_then_the_newest(store):
    name = store.create_conversation("apple").id
    ids = []
    for number in range(5):
        turn = store.begin_turn(name, f"apple {number}", None)
        store.end_turn(turn.id, state="done", reply="", reasoning="")
        ids.append(turn.id)
    assert [hit.turn for hit in store.search("apple")] == [None, *reversed(ids)]
    assert [hit.turn for hit in store.search("apple", limit=2)] == [None, ids[-1]]
    assert store.search("apple", limit=0) == []
    assert store.search("apple")[0].conversation.id == name


def test_the_bin_is_not_searched(full):
    name = full.conversations()[0].id
    full.delete(name)
    assert full.search("trip") == full.search("zurich") == []
    full.undelete(name)
    assert len(full.search("trip")) == 1


def test_a_new_title_replaces_the_old_one(full):
    full.rename(full.conversations()[0].id, "Lisbon")
    assert full.search("porto") == []
    assert len(full.search("lisbon")) == 1


def test_reasoning_is_not_searched(full):
    assert full.search("hidden") == []


def test_a_broken_index_is_made_again(full, home):
    with sqlite3.connect(home.database) as other:
        other.execute("UPDATE turn_words_data SET block = x'00ff00ff' WHERE id > 10")
    other.close()
    assert len(full.search("zurich")) == 1
    turn = full.begin_turn(full.conversations()[0].id, "after", None)
    full.end_turn(turn.id, state="done", reply="all is well", reasoning="")
    assert len(full.search("well")) == 1
    assert full.notices == ()
