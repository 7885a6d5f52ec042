"""Conversations in the list: order, titles, pins, archive, bin, drafts, file hashes, any text."""

import os
import stat
import subprocess
import sys
import threading
from datetime import timedelta

import pytest

from homebody.base.errors import BadInput, HomebodyError, StoreProblem
from homebody.store.store import Store

ODD_TEXTS = [
    "",
    "a\0b",
    "\0",
    "\x01\x02\x1b[31m\x7f\r\n\t",
    "שלום عالم \u202e rtl \u2066",
    "👨‍👩‍👧‍👦🏳️‍🌈 e\u0301 \U0010ffff \ufffe \ufffd \ufeff",
    "\ue000\ue001\u200b marks",
    '\'; DROP TABLE turn; -- "quoted" %s ? :x',
]


def titles(store, **which):
    return [each.title for each in store.conversations(**which)]


def test_newest_turn_first_and_pinned_before(store):
    first, second, third = (store.create_conversation(name).id for name in "abc")
    assert titles(store) == ["c", "b", "a"]
    store.begin_turn(first, "hi", None)
    assert titles(store) == ["a", "c", "b"]
    store.pin(second)
    assert titles(store) == ["b", "a", "c"]
    store.pin(second, on=False)
    store.archive(third)
    assert titles(store) == ["a", "b"]
    assert titles(store, archived=True) == ["c"]
    assert titles(store, limit=1, offset=1) == ["b"]


def test_order_does_not_come_from_the_clock(store, clock):
    first, second = store.create_conversation("a").id, store.create_conversation("b").id
    clock.forward(days=3650)
    one = store.begin_turn(first, "from the future", None)
    clock.forward(days=-7300)
    store.begin_turn(second, "from the past", None)
    two = store.begin_turn(first, "later, says the order", one.id)
    assert titles(store) == ["a", "b"]
    assert [turn.id for turn in store.branch(first)] == [one.id, two.id]


def test_titles_of_the_person_stay(store):
    name = store.create_conversation().id
    assert store.conversation(name).titled_by == "nobody"
    store.rename(name, "guess", by="app")
    assert store.conversation(name).titled_by == "app"
    store.rename(name, "mine")
    store.rename(name, "better guess", by="app")
    assert store.conversation(name).title == "mine"
    assert store.conversation(name).titled_by == "person"


def test_bin_and_back(store, clock):
    name = store.create_conversation("x").id
    store.delete(name)
    assert titles(store) == []
    assert titles(store, deleted=True) == ["x"]
    assert store.conversation(name).deleted == clock.moment
    clock.forward(days=1)
    store.delete(name)
    assert store.conversation(name).deleted == clock.moment - timedelta(days=1)
    store.undelete(name)
    assert titles(store) == ["x"]
    assert store.conversation(name).deleted is None


def test_draft_goes_when_it_is_sent(store):
    name = store.create_conversation().id
    store.save_draft(name, "hello")
    store.begin_turn(name, "something else", None)
    assert store.conversation(name).draft == "hello"
    store.begin_turn(name, "hello", None)
    assert store.conversation(name).draft == ""


@pytest.mark.parametrize("text", ODD_TEXTS)
def test_every_text_survives(home, text):
    with_store = Store.open(home)
    name = with_store.create_conversation(text).id
    with_store.save_draft(name, text)
    turn = with_store.begin_turn(name, text + "!", None)
    with_store.checkpoint(turn.id, text, text)
    assert with_store.turn(turn.id).reply == text
    with_store.end_turn(turn.id, state="failed", reply=text, reasoning=text, problem=text)
    with_store.close()
    again = Store.open(home)
    kept, kept_turn = again.conversation(name), again.turn(turn.id)
    again.close()
    assert (kept.title, kept.draft) == (text, text)
    assert (kept_turn.request, kept_turn.reply) == (text + "!", text)
    assert (kept_turn.reasoning, kept_turn.problem) == (text, text)


def test_halves_of_characters_are_replaced(store):
    conversation = store.create_conversation("a\ud800b")
    assert conversation.title == "a\ufffdb"
    turn = store.begin_turn(conversation.id, "\ud83d\ude00", None)
    assert turn.request == "😀"
    with pytest.raises(BadInput):
        store.turn("\udcff")


def test_ten_megabytes(store):
    text = "word ünï 日本 " * 600_000
    name = store.create_conversation().id
    turn = store.begin_turn(name, "long?", None)
    store.checkpoint(turn.id, text, text)
    store.end_turn(turn.id, state="done", reply=text, reasoning="")
    assert store.turn(turn.id).reply == text
    assert store.search("日本")


def test_unknown_names_are_bad_input(store):
    for action in (
        lambda: store.conversation("x"),
        lambda: store.rename("x", "y"),
        lambda: store.pin("x"),
        lambda: store.archive("x"),
        lambda: store.delete("x"),
        lambda: store.undelete("x"),
        lambda: store.erase("x"),
        lambda: store.save_draft("x", "y"),
        lambda: store.begin_turn("x", "y", None),
        lambda: store.checkpoint("x", "y", ""),
        lambda: store.end_turn("x", state="done", reply="", reasoning=""),
        lambda: store.reopen_turn("x"),
        lambda: store.turn("x"),
        lambda: store.branch("x"),
        lambda: store.siblings("x"),
        lambda: store.choose("x"),
        lambda: store.export_markdown("x"),
        lambda: store.export_json(["x"]),
    ):
        with pytest.raises(BadInput) as caught:
            action()
        assert caught.value.message


def test_a_closed_store_says_so(home):
    store = Store.open(home)
    store.close()
    store.close()
    with pytest.raises(StoreProblem) as caught:
        store.conversations()
    assert caught.value.hint


def test_hashes_belong_to_one_state_of_a_file(store, tmp_path):
    path = tmp_path / "model.gguf"
    path.write_bytes(b"one")
    assert store.known_hash(path) is None
    store.remember_hash(path, "a" * 64)
    assert store.known_hash(path) == "a" * 64
    facts = path.stat()
    path.write_bytes(b"two")
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns + 1))
    assert store.known_hash(path) is None
    path.unlink()
    assert store.known_hash(path) is None
    with pytest.raises(BadInput):
        store.remember_hash(path, "a" * 64)
    strange = tmp_path / os.fsdecode(b"x\xe9\xff.gguf")
    strange.write_bytes(b"three")
    store.remember_hash(strange, "b" * 64)
    assert store.known_hash(strange) == "b" * 64


def test_any_thread_may_write(store):
    name = store.create_conversation().id
    failures: list[HomebodyError] = []

    def work(number: int) -> None:
        try:
            for count in range(20):
                turn = store.begin_turn(name, f"{number} {count}", None)
                store.checkpoint(turn.id, "so far", "")
                store.end_turn(turn.id, state="done", reply=f"r{number} {count}", reasoning="")
                store.search("r1")
        except HomebodyError as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert len(store.recent_requests()) == 120


def test_a_temporary_store_writes_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    store = Store.temporary()
    assert not store.on_disk
    name = store.create_conversation("t").id
    turn = store.begin_turn(name, "secret", None)
    store.end_turn(turn.id, state="done", reply="word " * 100_000, reasoning="")
    assert store.search("secret")
    assert store.back_up() is None
    assert store.back_up_if_due() is None
    assert store.backups() == []
    store.delete(name)
    store.erase(name)
    store.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_private_to_the_user(home):
    old = os.umask(0)
    try:
        store = Store.open(home)
        store.create_conversation("x")
        store.back_up()
        modes = {path: stat.S_IMODE(path.stat().st_mode) for path in home.data.rglob("*")}
        store.close()
    finally:
        os.umask(old)
    assert stat.S_IMODE(home.data.stat().st_mode) == 0o700
    assert len(modes) >= 5
    readable = [path.name for path, mode in modes.items() if mode & 0o077]
    assert readable == []


def test_importing_the_package_is_cheap():
    code = "import sys, homebody.store; sys.exit('sqlite3' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
