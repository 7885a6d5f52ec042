"""Bytes of models: they come whole or not at all, and nothing that came is fetched again."""

import errno
import hashlib
import json
import os
import shutil
import stat
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from courier.download_kit import FILE, REPO, Fetcher
from homebody.base.errors import CourierProblem
from homebody.courier.download import Patience
from homebody.courier.part import Part
from homebody.messages.courier import HubFile
from hub_server import PORTAL, TOKEN, HubServer, gguf_bytes

SIZE = 300_000
DATA = gguf_bytes(SIZE)


@pytest.fixture
def hub() -> Iterator[HubServer]:
    with HubServer() as hub:
        hub.add(REPO, {FILE: DATA})
        yield hub


@pytest.fixture
def fetcher(hub: HubServer, tmp_path: Path) -> Fetcher:
    folder = tmp_path / "models"
    folder.mkdir()
    return Fetcher(hub, folder)


def begun(fetcher: Fetcher, size: int, content: bytes = DATA) -> None:
    """Leave a part of so many bytes, as a kill does."""
    fetcher.hub.switches.always_cut = size
    honest = fetcher.hub.switches.content
    fetcher.hub.switches.content = lambda _: content
    fetcher.patience, patience = Patience(tries=0), fetcher.patience
    with pytest.raises(CourierProblem):
        fetcher.fetch()
    fetcher.patience = patience
    fetcher.hub.switches.always_cut = None
    fetcher.hub.switches.content = honest
    assert fetcher.part.stat().st_size == size
    fetcher.hub.sent = 0
    fetcher.hub.asked.clear()


def test_a_file_comes_whole_read_only_and_leaves_nothing_else(fetcher):
    (path,) = fetcher.fetch()
    assert path == fetcher.folder / FILE
    assert path.read_bytes() == DATA
    assert stat.S_IMODE(path.stat().st_mode) & 0o222 == 0
    assert fetcher.left() == []


def test_what_is_there_already_is_not_fetched_again(fetcher):
    fetcher.fetch()
    fetcher.hub.asked.clear()
    assert fetcher.fetch() == (fetcher.folder / FILE,)
    assert fetcher.hub.asked == []


def test_after_a_break_it_goes_on_where_it_was(fetcher):
    fetcher.hub.switches.cut_after = [100_000, 50_000]
    (path,) = fetcher.fetch()
    assert path.read_bytes() == DATA
    assert fetcher.hub.sent == SIZE
    ranges = [each.headers.get("range") for each in fetcher.hub.files_asked()]
    assert ranges == [None, "bytes=100000-", "bytes=150000-"]
    assert fetcher.hub.files_asked()[1].headers["if-range"] == (
        f'"{hashlib.sha256(DATA).hexdigest()}"'
    )


def test_what_was_killed_when_it_had_just_come_can_be_gone_on_with(fetcher, monkeypatch):
    class KilledError(BaseException):
        """The end of the process."""

    real = Path.replace

    def killed(path: Path, target: Path) -> Path:
        if path.name.endswith(".part"):
            raise KilledError
        return real(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", killed)
        with pytest.raises(KilledError):
            begun(fetcher, SIZE)
    assert fetcher.part.stat().st_mode & 0o200
    fetcher.hub.switches.always_cut = None
    assert fetcher.fetch()[0].read_bytes() == DATA


def test_a_part_that_is_read_only_is_made_writable(fetcher, monkeypatch):
    """Root may write to it as it is: so the system's answer to others is played."""
    begun(fetcher, 100_000)
    fetcher.part.chmod(0o444)
    real = os.open

    def as_a_person(path: Path, flags: int, *mode: int, **at: int) -> int:
        if flags & os.O_RDWR and Path(path).exists() and not Path(path).stat().st_mode & 0o200:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return real(path, flags, *mode, **at)

    monkeypatch.setattr(os, "open", as_a_person)
    assert fetcher.fetch()[0].read_bytes() == DATA


def test_another_process_goes_on_where_one_was_killed(fetcher):
    begun(fetcher, 200_000)
    assert fetcher.fetch()[0].read_bytes() == DATA
    assert fetcher.hub.sent == 100_000
    assert fetcher.left() == []


def test_it_gives_up_after_five_tries_that_came_no_further_and_keeps_what_came(fetcher):
    fetcher.hub.switches.cut_after = [100_000, 0, 0, 0, 0, 0, 0, 0, 0]
    problem = fetcher.fails("connection")
    assert "6 times" in problem.message
    assert len(fetcher.hub.files_asked()) == 6
    assert fetcher.part.stat().st_size == 100_000
    assert fetcher.whole() == []


def test_tries_count_anew_when_it_got_further(hub, fetcher):
    data = gguf_bytes(4_000_000)
    hub.add(REPO, {FILE: data})
    hub.switches.cut_after = [400_000] * 9
    assert fetcher.fetch()[0].read_bytes() == data
    assert hub.sent == len(data)


def test_a_hub_with_trouble_is_asked_again_and_asked_to_wait_it_waits(fetcher):
    fetcher.hub.switches.statuses = [503, 429]
    fetcher.hub.switches.headers = {"Retry-After": "1"}
    before = time.monotonic()
    assert fetcher.fetch()[0].read_bytes() == DATA
    assert time.monotonic() - before >= 2.0


def test_a_hub_that_stalls_is_left_and_asked_again(fetcher):
    fetcher.timeout = 0.3
    begun(fetcher, 100_000)
    fetcher.hub.switches.stall_after = 0
    problem = fetcher.fails("connection")
    assert "6 times" in problem.message
    assert fetcher.part.stat().st_size == 100_000


def test_a_hub_that_drips_is_left(fetcher):
    fetcher.patience = Patience(tries=1, wait=0.001, slow=0.3, least=10**9)
    fetcher.hub.switches.bytes_per_second = 100_000
    assert "next to nothing" in fetcher.fails("connection").message


def test_a_signed_address_that_is_too_old_is_asked_for_anew(fetcher):
    fetcher.hub.switches.expired_once = True
    assert fetcher.fetch()[0].read_bytes() == DATA


# ---------------------------------------------------------------- ranges that are not ranges


def test_200_in_answer_to_a_range_begins_again(fetcher):
    begun(fetcher, 100_000)
    fetcher.hub.switches.no_ranges = True
    assert fetcher.fetch()[0].read_bytes() == DATA
    assert fetcher.hub.sent == SIZE


def test_416_before_the_end_begins_again_once(fetcher):
    begun(fetcher, 100_000)
    fetcher.hub.switches.always_416 = True
    # The second request has no range, so that it gets all.
    assert fetcher.fetch()[0].read_bytes() == DATA


def test_416_for_ever_is_said(fetcher):
    fetcher.hub.switches.always_416 = True
    fetcher.hub.switches.cut_after = [100_000, 100_000, 100_000]
    assert "makes no sense" in fetcher.fails("hub").message


def test_a_part_that_is_whole_is_only_verified(fetcher):
    begun(fetcher, SIZE - 1)
    fetcher.part.chmod(0o600)
    with fetcher.part.open("ab") as stream:
        stream.write(DATA[-1:])
    assert fetcher.fetch()[0].read_bytes() == DATA
    assert fetcher.hub.asked == []


def test_a_part_that_is_too_long_begins_again(fetcher):
    begun(fetcher, SIZE - 1)
    with fetcher.part.open("ab") as stream:
        stream.write(b"more than there can be")
    assert fetcher.fetch()[0].read_bytes() == DATA


def test_another_piece_than_asked_for_is_refused(fetcher):
    begun(fetcher, 100_000)
    fetcher.hub.switches.wrong_piece = True
    assert "another piece" in fetcher.fails("hub").message
    assert fetcher.part.stat().st_size == 100_000


# ---------------------------------------------------------------- what is not what was promised


def test_a_content_that_changed_meanwhile_is_fetched_from_its_beginning(fetcher):
    fetcher.hub.switches.etags = ['"old"', '"new"']
    fetcher.hub.switches.cut_after = [100_000]
    assert fetcher.fetch()[0].read_bytes() == DATA
    assert fetcher.hub.sent == SIZE + 100_000


def test_the_same_where_the_hub_does_not_heed_if_range(fetcher):
    fetcher.hub.switches.etags = ['"old"', '"new"']
    fetcher.hub.switches.heed_if_range = False
    fetcher.hub.switches.cut_after = [100_000]
    assert fetcher.fetch()[0].read_bytes() == DATA


def test_a_content_that_keeps_changing_is_refused(fetcher):
    fetcher.hub.switches.etags = ['"one"', '"two"', '"three"']
    fetcher.hub.switches.cut_after = [100_000, 100_000]
    assert "changes at the hub" in fetcher.fails("tampered").message
    assert fetcher.part.stat().st_size == 100_000
    assert fetcher.fetch()[0].read_bytes() == DATA


def test_weak_etags_are_not_sent_back(fetcher):
    fetcher.hub.switches.weak_etag = True
    fetcher.hub.switches.cut_after = [100_000]
    assert fetcher.fetch()[0].read_bytes() == DATA
    assert "if-range" not in fetcher.hub.files_asked()[1].headers


TAMPERED = {
    "a flipped bit": lambda data: data[:5000] + bytes([data[5000] ^ 1]) + data[5001:],
    "other bytes of the same size": lambda data: gguf_bytes(len(data), seed=9),
    "no GGUF": lambda data: bytes(len(data)),
    "too short": lambda data: data[:-1],
    "too long": lambda data: data + b"x",
    "a page": lambda data: PORTAL,
}


@pytest.mark.parametrize("length", ["told", "not told"])
@pytest.mark.parametrize("how", TAMPERED)
def test_what_was_tampered_with_never_gets_a_name(fetcher, how, length):
    fetcher.hub.switches.content = TAMPERED[how]
    fetcher.hub.switches.no_length = length == "not told"
    fetcher.fails("tampered")
    assert fetcher.whole() == []
    if (how, length) != ("too short", "not told"):
        assert fetcher.left() == []


def test_a_part_with_a_hole_in_it_is_fetched_anew_once(fetcher):
    """As a power cut leaves one."""
    begun(fetcher, 100_000)
    with fetcher.part.open("r+b") as stream:
        stream.seek(50_000)
        stream.write(bytes(4096))
    assert fetcher.fetch()[0].read_bytes() == DATA
    assert fetcher.hub.sent == 200_000 + SIZE


def test_a_part_of_something_else_is_tampered_content_in_the_end(fetcher):
    begun(fetcher, 100_000)
    fetcher.hub.switches.content = TAMPERED["other bytes of the same size"]
    fetcher.fails("tampered")
    assert fetcher.left() == []


@pytest.mark.parametrize(
    "linked",
    [
        {"X-Repo-Commit": "0" * 40},
        {"X-Linked-Etag": '"' + "0" * 64 + '"'},
        {"X-Linked-Size": "17"},
    ],
)
def test_a_hub_that_says_another_thing_on_the_way_is_refused(fetcher, linked):
    fetcher.hub.switches.linked = linked
    fetcher.fails("tampered")
    assert fetcher.whole() == fetcher.left() == []


@pytest.mark.parametrize(
    "kind", ["text/html; charset=utf-8", "text/plain", "application/json", "application/xhtml+xml"]
)
def test_a_page_is_no_model(fetcher, kind):
    begun(fetcher, 100_000)
    fetcher.hub.switches.content_type = kind
    assert "web page" in fetcher.fails("hub").message
    assert fetcher.part.stat().st_size == 100_000


def test_a_portal_keeps_what_came_before_it(fetcher):
    begun(fetcher, 100_000)
    fetcher.hub.switches.portal = True
    fetcher.fails("hub")
    fetcher.hub.switches.portal = False
    assert fetcher.fetch()[0].read_bytes() == DATA


@pytest.mark.parametrize(
    "odd",
    [
        {"commit_header": "0" * 40},
        {"linked": {"X-Linked-Size": "17"}},
        {"linked": {"X-Linked-Etag": '"' + "0" * 64 + '"'}},
        {"content": lambda data: data[:-1]},
        {"no_ranges": True, "content": lambda data: data[:-1]},
        {"no_ranges": True, "content": lambda _: PORTAL, "content_type": ""},
        {"no_ranges": True, "content": lambda _: PORTAL, "content_type": "", "no_length": True},
        {"no_ranges": True, "content": lambda _: PORTAL, "no_length": True},
        {"no_ranges": True, "content": lambda data: data + b"x"},
        {"always_416": True},
        {"etags": ['"other"'], "heed_if_range": False, "cut_after": [0, 0]},
    ],
    ids=repr,
)
def test_an_odd_answer_costs_nothing_of_what_came_before(fetcher, odd):
    begun(fetcher, 100_000)
    fetcher.patience = Patience(tries=0)
    for name, value in odd.items():
        setattr(fetcher.hub.switches, name, value)
    with pytest.raises(CourierProblem):
        fetcher.fetch()
    assert fetcher.part.stat().st_size == 100_000
    fetcher.hub.switches = type(fetcher.hub.switches)()
    assert fetcher.fetch()[0].read_bytes() == DATA
    assert fetcher.hub.sent >= 200_000


def test_an_answer_of_no_kind_and_another_length_is_a_networks_page(fetcher):
    fetcher.hub.switches.content, fetcher.hub.switches.content_type = lambda _: PORTAL, ""
    assert "web page" in fetcher.fails("hub").message


def test_a_file_without_a_hash_is_not_asked_for(fetcher):
    fetcher.fails("hub", HubFile(name=FILE, bytes=SIZE, sha256=None))
    assert fetcher.hub.asked == []


# ---------------------------------------------------------------- who may


def test_a_gated_file_says_what_to_do(fetcher):
    fetcher.hub.repos[REPO].gated = "manual"
    assert "Agree to its terms" in fetcher.fails("token").hint
    fetcher.token, fetcher.hub.agreed = TOKEN, False
    assert "agree there" in fetcher.fails("token").hint
    fetcher.hub.agreed = True
    assert fetcher.fetch()[0].read_bytes() == DATA


def test_a_token_that_was_revoked_is_named(fetcher):
    fetcher.token = "hf_revoked123"
    assert "revoked" in fetcher.fails("token").message


def test_the_token_goes_to_the_hub_alone(fetcher):
    fetcher.token = TOKEN
    fetcher.fetch()
    sent = {each.server: each.headers.get("authorization") for each in fetcher.hub.asked}
    assert sent == {"hub": f"Bearer {TOKEN}", "content": None}


def test_a_file_that_is_gone_is_said(fetcher):
    (file,) = fetcher.listed()
    problem = fetcher.fails("hub", HubFile(name="gone.gguf", bytes=9, sha256=file.sha256))
    assert "not in acme/Tiny-GGUF" in problem.message
    assert fetcher.left() == []


# ---------------------------------------------------------------- names and neighbours


def test_a_name_that_is_taken_gets_a_mark(fetcher):
    (fetcher.folder / FILE.upper()).write_bytes(b"the person's own")
    (path,) = fetcher.fetch()
    (file,) = fetcher.listed()
    assert path.name == f"Tiny-Q4_K_M.{file.sha256[:8]}.gguf"
    assert (fetcher.folder / FILE.upper()).read_bytes() == b"the person's own"
    assert fetcher.fetch() == (path,)


def test_the_same_content_under_the_name_is_taken_for_it(fetcher):
    (fetcher.folder / FILE).write_bytes(DATA)
    assert fetcher.fetch() == (fetcher.folder / FILE,)
    assert fetcher.hub.asked == []


def test_a_split_model_comes_together_with_its_names(hub, fetcher):
    names = [f"sub/Big-{part:05}-of-00003.gguf" for part in (1, 2, 3)]
    files = {name: gguf_bytes(50_000 + at, seed=at) for at, name in enumerate(names)}
    hub.add("acme/Big-GGUF", files)
    (fetcher.folder / "incoming").mkdir()
    paths = fetcher.fetch(repo="acme/Big-GGUF")
    assert [path.name for path in paths] == [name[4:] for name in names]
    assert [path.read_bytes() for path in paths] == list(files.values())
    assert fetcher.left() == []


def test_a_split_model_whose_name_is_taken_keeps_its_numbers_at_the_end(hub, fetcher):
    names = [f"Big-{part:05}-of-00002.gguf" for part in (1, 2)]
    hub.add("acme/Big-GGUF", {name: gguf_bytes(5000, seed=at) for at, name in enumerate(names)})
    (fetcher.folder / names[1]).write_bytes(b"another one")
    paths = fetcher.fetch(repo="acme/Big-GGUF")
    mark = fetcher.listed(repo="acme/Big-GGUF")[0].sha256[:8]
    assert [path.name for path in paths] == [
        f"Big.{mark}-{part:05}-of-00002.gguf" for part in (1, 2)
    ]


def test_two_files_of_one_name_do_not_overwrite_each_other(hub, fetcher):
    hub.add("acme/Two", {"a/m.gguf": gguf_bytes(5000, 1), "b/M.gguf": gguf_bytes(5000, 2)})
    paths = fetcher.fetch(repo="acme/Two")
    assert len(set(paths)) == 2
    assert [path.read_bytes() for path in paths] == [gguf_bytes(5000, 1), gguf_bytes(5000, 2)]


def test_two_processes_do_not_fetch_the_same(fetcher):
    begun(fetcher, 100_000)
    held = Part(fetcher.part, json_note(fetcher))
    try:
        assert "Another Homebody" in fetcher.fails("busy").message
    finally:
        held.close()
    assert fetcher.fetch()[0].read_bytes() == DATA


def json_note(fetcher: Fetcher):
    import msgspec

    from homebody.messages.incoming import PartNote

    return msgspec.json.decode(Path(f"{fetcher.part}.json").read_bytes(), type=PartNote)


def test_orphans_are_swept_and_what_belongs_to_somebody_is_not(fetcher):
    folder = fetcher.folder / "incoming"
    folder.mkdir()
    other = "ab" * 32
    (folder / f"{other}.part").write_bytes(b"no note")
    (folder / f"{'cd' * 32}.part.json").write_bytes(b"no part")
    (folder / f".{'ef' * 32}.part.json.x1").write_bytes(b"half a note")
    (folder / "0123456789abcdef.json").write_bytes(b"an entry of the queue")
    half = folder / ".0123456789abcdef.json.x1"
    half.write_bytes(b"half an entry")
    os.utime(half, (time.time() - 3600,) * 2)
    (folder / ".fedcba9876543210.json.x2").write_bytes(b"it is being written")
    (folder / "mine.txt").write_bytes(b"the person's own")
    both = "12" * 32
    (folder / f"{both}.part").write_bytes(b"x")
    (folder / f"{both}.part.json").write_bytes(b"{}")
    fetcher.fetch()
    assert fetcher.left() == sorted(
        [
            f"{both}.part",
            f"{both}.part.json",
            "0123456789abcdef.json",
            ".fedcba9876543210.json.x2",
            "mine.txt",
        ]
    )


def test_a_note_that_is_garbage_costs_nothing(fetcher):
    begun(fetcher, 100_000)
    Path(f"{fetcher.part}.json").write_bytes(b'{"repo": 7')
    assert fetcher.fetch()[0].read_bytes() == DATA
    assert fetcher.hub.sent == 200_000


# ---------------------------------------------------------------- the disk


def test_without_room_nothing_is_fetched(fetcher, monkeypatch):
    free = type("Usage", (), {"free": int(SIZE * 1.04)})
    monkeypatch.setattr(shutil, "disk_usage", lambda _: free)
    message = fetcher.fails("disk").message
    assert "0.3 MB are still to be fetched" in message
    assert "Nothing was fetched" in message
    assert fetcher.hub.asked == []
    free.free = int(SIZE * 1.06)
    fetcher.fetch()


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such limit")
@pytest.mark.parametrize("room", [0, 1, 4095, 100_000, SIZE - 1])
def test_a_disk_that_fills_up_is_said_and_what_came_is_kept(fetcher, room):
    """RLIMIT_FSIZE ends writing wherever we like, as a full disk does."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    (fetcher.folder / "incoming").mkdir()
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (max(room, 600), before[1]))
        problem = fetcher.fails("disk")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "disk is full" in problem.message
    assert fetcher.whole() == []
    assert fetcher.fetch()[0].read_bytes() == DATA
    assert fetcher.left() == []


def test_a_folder_that_cannot_be_written_is_said(fetcher, monkeypatch):
    def refuse(*_: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr("homebody.courier.part.replace_file", refuse)
    assert (
        "did not take more, so the download could not go on (Read-only"
        in fetcher.fails("disk").message
    )


# ---------------------------------------------------------------- stopping, and telling


def test_stopping_takes_half_a_second_at_most(fetcher):
    stop = threading.Event()
    fetcher.stopped = stop.is_set
    fetcher.hub.switches.bytes_per_second = 100_000
    threading.Timer(0.7, stop.set).start()
    before = time.monotonic()
    fetcher.fails("stopped")
    assert time.monotonic() - before < 0.7 + 1.0
    assert fetcher.part.stat().st_size > 0
    fetcher.hub.switches.bytes_per_second, fetcher.stopped = None, lambda: False
    assert fetcher.fetch()[0].read_bytes() == DATA


def test_stopping_while_it_waits_to_try_again(fetcher):
    stop = threading.Event()
    fetcher.stopped, fetcher.patience = stop.is_set, Patience(wait=60.0)
    fetcher.hub.switches.statuses = [503] * 9
    threading.Timer(0.3, stop.set).start()
    before = time.monotonic()
    fetcher.fails("stopped")
    assert time.monotonic() - before < 1.3


def test_it_tells_how_far_it_is_also_while_nothing_comes(fetcher):
    fetcher.timeout = 1.5
    fetcher.hub.switches.stall_after = 100_000
    fetcher.patience = Patience(tries=0)
    fetcher.fails("connection")
    assert len(fetcher.progress) >= 4
    assert {total for _, total, _, _ in fetcher.progress} == {SIZE}
    assert fetcher.progress[-1][0] > 0
    speeds = [speed for *_, speed, _ in fetcher.progress if speed is not None]
    assert len(speeds) >= 2
    assert speeds == sorted(speeds, reverse=True)


def test_the_note_says_where_a_part_comes_from(fetcher):
    begun(fetcher, 100_000)
    note = json.loads(Path(f"{fetcher.part}.json").read_bytes())
    assert (note["repo"], note["name"], note["bytes"]) == (REPO, FILE, SIZE)
    assert note["agreed"] == "a test"
    assert note["etag"] == f'"{hashlib.sha256(DATA).hexdigest()}"'
