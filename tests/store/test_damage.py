"""A damaged database: the app opens, keeps the original, and brings back what can be read."""

import os
import random
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from homebody.base.errors import HomebodyError, StoreDamaged
from homebody.base.paths import Home
from homebody.store.store import Store

TURNS, IN_BACKUP = 90, 50
PAGE = 4096


def text(number):
    long = "long and longer " * 900 if number % 10 == 3 else ""
    return f"request {number} ünï 日本 {long}", f"reply {number} 🎉 " + "word " * (number * 7)


@dataclass
class Sample:
    """A closed profile, one that was not closed (its log is full), and the turns in order."""

    closed: Path
    crashed: Path
    ids: list[str]


def fill(home, backup=True):
    store = Store.open(home)
    name, parent, ids = store.create_conversation("Sample").id, None, []
    for number in range(TURNS):
        if number == IN_BACKUP and backup:
            store.back_up()
        request, reply = text(number)
        parent = store.begin_turn(name, request, parent).id
        store.end_turn(parent, state="done", reply=reply, reasoning="")
        ids.append(parent)
    return store, ids


def profile(root):
    return Home(data=root, config=root, state=root)


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    root = tmp_path_factory.mktemp("sample")
    store, ids = fill(profile(root / "closed"))
    shutil.copytree(root / "closed", root / "crashed")
    store.close()
    return Sample(root / "closed", root / "crashed", ids)


def flip(data, chance):
    for _ in range(chance.choice((1, 8, 64))):
        place = chance.randrange(len(data))
        data[place] ^= 1 << chance.randrange(8)


def zero_pages(data, chance):
    for _ in range(chance.choice((1, 2, 6))):
        page = chance.randrange(len(data) // PAGE)
        data[page * PAGE : (page + 1) * PAGE] = bytes(PAGE)


def truncate(data, chance):
    del data[chance.randrange(len(data)) :]


def first_page(data, chance):
    data[:PAGE] = bytes(PAGE)


def header(data, chance):
    data[chance.randrange(100)] ^= 0xFF


def garbage_run(data, chance):
    start = chance.randrange(len(data))
    size = min(chance.randrange(1, 20_000), len(data) - start)
    data[start : start + size] = chance.randbytes(size)


def garbage_file(data, chance):
    data[:] = chance.randbytes(10_000)


def empty_file(data, chance):
    del data[:]


KINDS = {
    flip: 16, zero_pages: 12, truncate: 10, first_page: 2, header: 14, garbage_run: 8,
    garbage_file: 1, empty_file: 1,
}  # fmt: skip
CASES = [(kind, seed, "closed") for kind, count in KINDS.items() for seed in range(count)]
# With a full log beside the file: five of each kind.
CASES += [(kind, seed, "crashed") for kind, seed, _ in CASES if seed < 5]


def copies_right(store, ids):
    """Return how many turns are there, and how many of them say something else than they did."""
    found = wrong = 0
    for number, name in enumerate(ids):
        try:
            turn = store.turn(name)
        except HomebodyError:
            continue
        found += 1
        wrong += (turn.request, turn.reply) != text(number)
    return found, wrong


@pytest.mark.parametrize(
    ("kind", "seed", "state"), CASES, ids=[f"{kind.__name__}-{n}-{at}" for kind, n, at in CASES]
)
def test_damage(sample, tmp_path, kind, seed, state):
    home = profile(tmp_path / "p")
    shutil.copytree(getattr(sample, state), home.data)
    data = bytearray(home.database.read_bytes())
    kind(data, random.Random(f"{kind.__name__}{seed}"))
    home.database.write_bytes(data)

    store = Store.open(home)
    backup_found, backup_wrong = copies_right(store, sample.ids[:IN_BACKUP])
    found, _ = copies_right(store, sample.ids)
    kept = sorted(home.data.glob("homebody.damaged-*.sqlite"))
    if store.notices:
        assert [path.read_bytes() for path in kept] == [bytes(data)]
        assert kept[0].name in store.notices[0]
        assert (backup_found, backup_wrong) == (IN_BACKUP, 0)
        branch = store.branch(store.turn(sample.ids[0]).conversation)
        assert len(branch) >= IN_BACKUP
    else:
        # What happens inside a text shows only where it is no UTF-8 any more; and free pages or
        # the index hold nothing.
        assert (found, kept) == (TURNS, [])
    store.close()
    if kind not in (garbage_file, empty_file):
        # Most of what came after the backup is still there.
        assert found >= IN_BACKUP + (0 if kind in (truncate, zero_pages) else 20)

    again = Store.open(home)
    assert again.notices == ()
    turn = again.begin_turn(again.create_conversation().id, "life goes on", None)
    again.end_turn(turn.id, state="done", reply="yes", reasoning="")
    assert again.search("goes")
    try:
        assert again.back_up() is not None or not store.notices
    except StoreDamaged:
        # An index that lacks a row shows itself only to the thorough check of a backup.
        again.close()
        again = Store.open(home)
        assert again.notices
        assert again.back_up() is not None
    again.close()


@pytest.mark.parametrize("kind", [first_page, zero_pages, garbage_run, truncate])
def test_without_a_backup(tmp_path, kind):
    home = profile(tmp_path / "p")
    store, ids = fill(home, backup=False)
    store.close()
    data = bytearray(home.database.read_bytes())
    kind(data, random.Random(4))
    home.database.write_bytes(data)
    store = Store.open(home)
    found, wrong = copies_right(store, ids)
    assert store.notices
    assert found >= (TURNS if kind is first_page else 1)
    assert wrong <= 3  # long texts that lost a page are kept as far as they go
    assert store.search("request") or kind is truncate
    assert list(home.data.glob("homebody.damaged-*"))
    store.close()


def test_the_newest_backup_may_be_damaged_too(sample, tmp_path):
    home = profile(tmp_path / "p")
    shutil.copytree(sample.closed, home.data)
    good = next(iter(home.backups.iterdir()))
    bad = home.backups / "homebody-000009-20300101-000000.sqlite"
    bad.write_bytes(good.read_bytes()[:-9000])
    data = home.database.read_bytes()
    home.database.write_bytes(bytes(PAGE * 3) + data[PAGE * 3 :])
    store = Store.open(home)
    assert "2030" not in " ".join(store.notices)
    assert copies_right(store, sample.ids[:IN_BACKUP]) == (IN_BACKUP, 0)
    store.close()


def test_a_missing_file_is_brought_back(sample, tmp_path):
    home = profile(tmp_path / "p")
    shutil.copytree(sample.closed, home.data)
    home.database.unlink()
    store = Store.open(home)
    assert "missing" in store.notices[0]
    assert home.database.stat().st_mode & 0o077 == 0 or os.name == "nt"
    assert copies_right(store, sample.ids)[0] == IN_BACKUP
    store.close()


def test_every_row_comes_from_a_log_without_its_file(sample, tmp_path):
    home = profile(tmp_path / "p")
    shutil.copytree(sample.crashed, home.data)
    shutil.rmtree(home.backups)
    home.database.write_bytes(b"")
    store = Store.open(home)
    assert copies_right(store, sample.ids)[0] >= 1
    store.close()


def test_a_crash_during_recovery_is_finished_next_time(sample, tmp_path):
    home = profile(tmp_path / "p")
    shutil.copytree(sample.crashed, home.data)
    # What a crash leaves after the new file got its name and before the old one went.
    good = next(iter(home.backups.iterdir()))
    shutil.copyfile(good, home.data / "homebody.recovered.sqlite")
    (home.data / "homebody.recovering.sqlite").write_bytes(b"half")
    store = Store.open(home)
    assert copies_right(store, sample.ids)[0] == IN_BACKUP
    store.close()
    assert not (home.data / "homebody.recovered.sqlite").exists()


def test_damage_while_in_use(sample, tmp_path):
    home = profile(tmp_path / "p")
    shutil.copytree(sample.closed, home.data)
    store = Store.open(home)
    facts = home.database.stat()
    data = home.database.read_bytes()
    broken = bytearray(data)
    for start in range(PAGE, len(data), PAGE):
        if b"request 60 " in data[start : start + PAGE]:
            broken[start : start + PAGE] = b"\x77" * PAGE
    home.database.write_bytes(broken)
    os.utime(home.database, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    with pytest.raises(StoreDamaged) as caught:
        [store.turn(name) for name in sample.ids]
    assert "start again" in caught.value.hint
    store.close()
    again = Store.open(home)
    assert again.notices
    found, wrong = copies_right(again, sample.ids)
    assert (found >= TURNS - 8, wrong) == (True, 0)
    again.close()


def test_text_that_is_no_utf8_is_found_out(sample, tmp_path):
    home = profile(tmp_path / "p")
    shutil.copytree(sample.closed, home.data)
    data = home.database.read_bytes()
    facts = home.database.stat()
    home.database.write_bytes(data.replace(b"request 20 \xc3\xbc", b"request 20 \xff\xfe"))
    os.utime(home.database, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    store = Store.open(home)
    with pytest.raises(StoreDamaged):
        store.turn(sample.ids[20])
    store.close()
    again = Store.open(home)
    assert again.notices
    assert copies_right(again, sample.ids) == (TURNS, 0)
    again.close()


def test_another_process_has_it_open(sample, tmp_path):
    home = profile(tmp_path / "p")
    shutil.copytree(sample.closed, home.data)
    first = Store.open(home)
    # A broken header shows when it is opened; the one that runs has it in its memory.
    data = bytearray(home.database.read_bytes())
    data[:16] = bytes(16)
    home.database.write_bytes(data)
    with pytest.raises(StoreDamaged) as caught:
        Store.open(home)
    assert "Close every" in caught.value.hint
    assert not list(home.data.glob("homebody.damaged-*"))
    first.close()
