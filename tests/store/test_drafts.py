"""Words typed and not sent: kept for each conversation and for the new chat, gone with it."""

import os
import sys

import pytest

from homebody.base.errors import BadInput, StoreProblem
from homebody.store.store import Store
from store.support import in_own_mounts
from store.test_erase import WORDS, traces


@pytest.fixture
def name(store):
    return store.create_conversation("a").id


def test_each_place_has_its_own_draft(home, store, name):
    other = store.create_conversation("b").id
    assert store.draft(None) == store.draft(name) == ""
    store.save_draft(None, "new ü\n日本\r\n ")
    store.save_draft(name, "here")
    assert (store.draft(None), store.draft(name), store.draft(other)) == (
        "new ü\n日本\r\n ",
        "here",
        "",
    )
    store.close()
    again = Store.open(home)
    assert (again.draft(None), again.draft(name)) == ("new ü\n日本\r\n ", "here")
    again.save_draft(None, "")
    assert again.draft(None) == ""
    again.close()
    assert not list(home.data.glob("*.draft*"))


def test_half_a_character_is_kept_as_a_mark(store, name):
    for place in (None, name):
        store.save_draft(place, "a\ud83d")
        assert store.draft(place) == "a�"


def test_a_sent_draft_is_cleared_and_another_one_stays(store, name):
    store.save_draft(None, "sent")
    store.save_draft(name, "sent")
    store.begin_turn(name, "something else", None)
    assert (store.draft(None), store.draft(name)) == ("sent", "sent")
    store.begin_turn(name, "sent", None)
    assert (store.draft(None), store.draft(name)) == ("", "")


def test_a_temporary_store_keeps_the_draft_in_memory_alone(profile):
    store = Store.temporary()
    store.save_draft(None, "secret")
    assert store.draft(None) == "secret"
    store.begin_turn(store.create_conversation().id, "secret", None)
    assert store.draft(None) == ""
    store.save_draft(None, "secret")
    store.close()
    assert not profile.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX")
def test_nobody_else_may_read_the_draft(home, store):
    store.save_draft(None, "mine")
    (path,) = home.data.glob("*.draft")
    assert path.stat().st_mode & 0o077 == 0


def test_a_sent_draft_is_nowhere_once_its_conversation_is_erased(home, store, name):
    """Not in the backups either, though it was typed before the conversation was there."""
    for number in range(40):
        store.save_draft(None, f"{WORDS[0]} " * number)
        store.save_draft(name, f"{WORDS[1]} " * number)
        if number % 15 == 14:
            store.back_up()
    store.begin_turn(name, f"{WORDS[0]} " * 39, None)
    assert traces(home)
    store.erase(name)
    assert traces(home) == []
    with pytest.raises(BadInput):
        store.draft(name)


def test_erasing_takes_what_a_crash_left_of_a_draft(home, store, name):
    (home.data / ".homebody.draft.x1y2").write_text(WORDS[0], encoding="utf-8")
    store.save_draft(None, "still being written")
    store.erase(name)
    assert traces(home) == []
    assert store.draft(None) == "still being written"


FULL = """
import sys
from pathlib import Path
from homebody.base.errors import StoreFull
from homebody.base.paths import Home
from homebody.store.store import Store
root = Path(sys.argv[1])
store = Store.open(Home(data=root, config=root, state=root))
store.save_draft(None, "kept")
try:
    store.save_draft(None, "w" * 6_000_000)
except StoreFull as error:
    assert error.hint
    print("full", store.draft(None))
store.close()
print(Store.open(Home(data=root, config=root, state=root)).draft(None))
"""


def test_a_full_disk_keeps_the_draft_from_before(tmp_path):
    done = in_own_mounts(
        'mount -t tmpfs -o size=4m none "$3"; "$1" -c "$2" "$3"', FULL, str(tmp_path)
    )
    assert (done.stdout, done.returncode) == ("full kept\nkept\n", 0), done.stderr


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_that_may_not_be_written_is_a_sentence(home, store):
    home.data.chmod(0o500)
    try:
        with pytest.raises(StoreProblem, match="save the draft"):
            store.save_draft(None, "words")
    finally:
        home.data.chmod(0o700)
