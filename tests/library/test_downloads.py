"""The queue of downloads, with a real courier and a real hub: what ends the program ends none."""

import contextlib
import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest

from homebody.base.errors import BadInput, CourierProblem
from homebody.courier.client import Courier, Porter
from homebody.library.downloads import Downloads, DownloadState
from homebody.messages.courier import Downloaded, Downloading, HubFile, HubListing
from homebody.messages.incoming import note_of, part_of
from hub_server import HubServer, gguf_bytes

REPO = "acme/Tiny-GGUF"
DEADLINE = 30.0
QUICK = 2.0
"""Seconds; about 0.3 on an idle machine, and 30 where a stalled hub is waited for."""
DATA = {"One-Q4_K_M.gguf": gguf_bytes(600_000, 1), "Two-Q4_K_M.gguf": gguf_bytes(400_000, 2)}


@dataclass
class Stand:
    """A hub, a courier, and queues one after another as programs are started and ended."""

    hub: HubServer
    courier: Courier
    folder: Path
    fetched: list[tuple[Path, str]] = field(default_factory=list)
    states: tuple[DownloadState, ...] = ()
    queue: Downloads | None = None
    _watcher: threading.Thread | None = None

    def start(self) -> Downloads:
        self.end()
        self.states = ()
        self.queue = Downloads(self.courier, self.folder, lambda *facts: self.fetched.append(facts))
        self._watcher = threading.Thread(target=self._watch, args=(self.queue,))
        self._watcher.start()
        return self.queue

    def _watch(self, queue: Downloads) -> None:
        for self.states in queue.watch():
            pass

    def end(self) -> None:
        if self.queue is not None:
            self.queue.close()
            self._watcher.join()

    def listing(self) -> HubListing:
        return self.courier.list_files(REPO, agreed="a test")

    def get(self, name: str) -> str:
        listing = self.listing()
        files = tuple(file for file in listing.files if file.name == name)
        return self.queue.get(listing, files, name=name, agreed="a test")

    def state(self, key: str) -> DownloadState | None:
        return next((state for state in self.states if state.key == key), None)

    def until(self, key: str, *wanted: str, also: Callable[[DownloadState], bool] = bool):
        deadline = time.monotonic() + DEADLINE
        while True:
            state = self.state(key)
            if state is not None and state.state in wanted and also(state):
                return state
            assert time.monotonic() < deadline, f"{wanted} never came: {self.states}"
            time.sleep(0.01)

    def left(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "incoming").iterdir())


@pytest.fixture
def stand(profile: Path) -> Iterator[Stand]:
    porter = Porter()
    with HubServer() as hub:
        hub.add(REPO, DATA)
        profile.mkdir()
        (profile / "settings.toml").write_text(
            f'hub = "{hub.url}"\nextra_hosts = "{" ".join(hub.hosts)}"\n', encoding="utf-8"
        )
        porter.start()
        courier = Courier(porter)
        stand = Stand(hub, courier, profile / "models")
        try:
            yield stand
        finally:
            hub.end.set()
            courier.close()
            stand.end()
            porter.close()


def test_one_after_another_and_whoever_wants_to_know_is_told(stand):
    stand.start()
    stand.hub.switches.bytes_per_second = 250_000
    one, two = stand.get("One-Q4_K_M.gguf"), stand.get("Two-Q4_K_M.gguf")
    running = stand.until(one, "running", also=lambda state: state.bytes_per_second is not None)
    assert stand.state(two).state == "queued"
    assert 0 < running.done < running.total == 600_000
    assert 60_000 < running.bytes_per_second < 500_000
    left = (running.total - running.done) / running.bytes_per_second
    assert running.seconds_left == pytest.approx(left)
    done = stand.until(two, "done")
    assert stand.until(one, "done").done == 600_000
    assert [Path(done.paths[0]).read_bytes()] == [DATA["Two-Q4_K_M.gguf"]]
    assert [path.name for path, _ in stand.fetched] == list(DATA)
    assert [sha for _, sha in stand.fetched] == [f.sha256 for f in stand.listing().files]
    assert stand.left() == []


def test_pausing_is_quick_keeps_what_came_and_resuming_fetches_the_rest(stand):
    queue = stand.start()
    stand.hub.switches.bytes_per_second = 300_000
    key = stand.get("One-Q4_K_M.gguf")
    stand.until(key, "running", also=lambda state: state.done > 50_000)
    before = time.monotonic()
    queue.pause(key)
    stand.until(key, "paused", also=lambda state: not queue._running)
    assert time.monotonic() - before < QUICK
    kept = stand.state(key).done
    assert kept > 50_000
    stand.hub.switches.bytes_per_second, stand.hub.sent = None, 0
    queue.resume(key)
    stand.until(key, "done")
    # A slice may still have been on its way to the one that was stopped.
    assert stand.hub.sent <= 600_000 - kept + 32 * 1024


def test_a_stalled_hub_does_not_keep_one_from_pausing(stand):
    queue = stand.start()
    stand.hub.switches.stall_after = 100_000
    key = stand.get("One-Q4_K_M.gguf")
    stand.until(key, "running", also=lambda state: state.done > 50_000)
    before = time.monotonic()
    queue.pause(key)
    stand.until(key, "paused", also=lambda state: not queue._running)
    assert time.monotonic() - before < QUICK


def test_it_survives_a_restart_paused_ones_stay_paused(stand):
    queue = stand.start()
    stand.hub.switches.bytes_per_second = 300_000
    one, two = stand.get("One-Q4_K_M.gguf"), stand.get("Two-Q4_K_M.gguf")
    queue.pause(two)
    stand.until(one, "running", also=lambda state: state.done > 50_000)
    stand.end()
    stand.hub.switches.bytes_per_second = None
    queue = stand.start()
    queue.begin()
    assert stand.until(one, "done").name == "One-Q4_K_M.gguf"
    assert stand.until(two, "paused").total == 400_000
    queue.resume(two)
    stand.until(two, "done")


def test_dropping_deletes_what_came(stand):
    queue = stand.start()
    stand.hub.switches.bytes_per_second = 300_000
    one, two = stand.get("One-Q4_K_M.gguf"), stand.get("Two-Q4_K_M.gguf")
    stand.until(one, "running", also=lambda state: state.done > 50_000)
    queue.drop(two)
    queue.drop(one)
    deadline = time.monotonic() + DEADLINE
    while stand.left() or stand.states:
        assert time.monotonic() < deadline, stand.left()
        time.sleep(0.02)
    assert stand.fetched == []
    # And it can be had anew.
    stand.hub.switches.bytes_per_second = None
    stand.until(stand.get("One-Q4_K_M.gguf"), "done")


def test_a_failure_says_why_and_the_next_one_goes_on(stand):
    queue = stand.start()
    stand.hub.switches.content = lambda data: data[:-1] if len(data) == 600_000 else data
    one, two = stand.get("One-Q4_K_M.gguf"), stand.get("Two-Q4_K_M.gguf")
    failed = stand.until(one, "failed")
    assert "599,999 bytes" in failed.problem
    assert failed.hint
    stand.until(two, "done")
    # It is still known after a restart, and tried again when the person says so.
    asked = len(stand.hub.asked)
    queue = stand.start()
    queue.begin()
    assert stand.until(one, "failed").problem == failed.problem
    time.sleep(0.3)
    assert len(stand.hub.asked) == asked
    stand.hub.switches.content = lambda data: data
    queue.resume(one)
    stand.until(one, "done")


def test_offline_it_waits_and_goes_on_by_itself(stand):
    stand.start()
    listing = stand.listing()
    stand.courier.offline = True
    key = stand.queue.get(listing, listing.files[:1], name="x", agreed="a test")
    stand.until(key, "queued")
    time.sleep(0.3)
    assert stand.state(key).state == "queued"
    assert stand.hub.files_asked() == []
    stand.courier.offline = False
    stand.until(key, "done")


def test_going_offline_while_it_runs_waits_too(stand):
    stand.start()
    stand.hub.switches.bytes_per_second = 300_000
    key = stand.get("One-Q4_K_M.gguf")
    stand.until(key, "running", also=lambda state: state.done > 50_000)
    stand.courier.offline = True
    waiting = stand.until(key, "queued")
    assert waiting.done > 50_000
    stand.hub.switches.bytes_per_second = None
    stand.courier.offline = False
    stand.until(key, "done")


def test_asking_twice_is_one_download(stand):
    stand.start()
    stand.hub.switches.bytes_per_second = 500_000
    one = stand.get("One-Q4_K_M.gguf")
    stand.until(one, "running")
    assert stand.get("One-Q4_K_M.gguf") == one
    stand.until(one, "done")
    assert len(stand.states) == 1
    assert stand.hub.sent == 600_000


def test_what_cannot_be_verified_is_not_queued(stand):
    queue = stand.start()
    listing = HubListing(
        repo=REPO, commit="0" * 40, gated=False, licence=None,
        files=(HubFile(name="x.gguf", bytes=5, sha256=None),),
    )  # fmt: skip
    for files in ((), listing.files):
        with pytest.raises(BadInput):
            queue.get(listing, files, name="x", agreed="a test")


def test_a_folder_that_cannot_be_written_is_said(stand):
    queue = stand.start()
    stand.folder.parent.mkdir(exist_ok=True)
    stand.folder.write_bytes(b"a file where the folder should be")
    listing = stand.listing()
    with pytest.raises(CourierProblem) as caught:
        queue.get(listing, listing.files, name="x", agreed="a test")
    assert caught.value.kind == "disk"
    stand.folder.unlink()
    stand.folder.mkdir()
    (stand.folder / "incoming").mkdir()


@pytest.mark.parametrize(
    "garbage", [b"", b"{", b"[]", b'{"key": "../../x"}', b"\xff" * 100, b"null"], ids=repr
)
def test_an_entry_that_is_garbage_is_left_alone(stand, garbage):
    folder = stand.folder / "incoming"
    folder.mkdir(parents=True)
    (folder / "0123456789abcdef.json").write_bytes(garbage)
    stand.start().begin()
    assert stand.states == ()
    assert stand.left() == ["0123456789abcdef.json"]


def test_an_entry_under_another_name_is_not_taken(stand):
    queue = stand.start()
    stand.courier.offline = True
    listing = HubListing(
        repo=REPO, commit="0" * 40, gated=False, licence=None,
        files=(HubFile(name="x.gguf", bytes=5, sha256="a" * 64),),
    )  # fmt: skip
    key = queue.get(listing, listing.files, name="x", agreed="a test")
    entry = json.loads((stand.folder / "incoming" / f"{key}.json").read_bytes())
    stand.end()
    (stand.folder / "incoming" / "other.json").write_text(json.dumps(entry))
    (stand.folder / "incoming" / f"{key}.json").unlink()
    stand.start().begin()
    time.sleep(0.1)
    assert stand.states == ()


def test_two_queues_do_not_fetch_the_same_at_once(stand):
    """As a window and `homebody models get` beside it."""
    stand.start()
    stand.hub.switches.bytes_per_second = 150_000
    key = stand.get("One-Q4_K_M.gguf")
    stand.until(key, "running", also=lambda state: state.done > 0)
    listing = stand.listing()
    files = tuple(file for file in listing.files if file.name.startswith("One"))
    with pytest.raises(CourierProblem) as caught:
        for _ in stand.courier.download(REPO, listing.commit, files, stand.folder, agreed="other"):
            pass
    assert caught.value.kind == "busy"
    stand.hub.switches.bytes_per_second = None


@pytest.mark.parametrize(
    "place",
    [
        "http://127.0.0.1:9/model",
        "http://169.254.169.254/latest/meta-data",
        "http://10.0.0.1/model",
        "http://[::1]:9/model",
        "file:///etc/passwd",
        "https://models.example.org/model",
    ],
)
def test_a_hub_that_sends_us_elsewhere_is_not_followed(stand, place):
    stand.start()
    stand.hub.switches.redirect = place
    key = stand.get("One-Q4_K_M.gguf")
    failed = stand.until(key, "failed")
    assert failed.problem
    assert stand.fetched == []
    assert len([each for each in stand.hub.asked if "/resolve/" in each.path]) == 1


def test_a_bug_in_whoever_is_told_is_shown_and_the_queue_goes_on(stand, monkeypatch):
    stand.start()
    monkeypatch.setattr(stand, "fetched", None)
    one = stand.get("One-Q4_K_M.gguf")
    assert "made a mistake" in stand.until(one, "failed").problem
    monkeypatch.setattr(stand, "fetched", [])
    stand.until(stand.get("Two-Q4_K_M.gguf"), "done")


# ---------------------------------------------------------------- what a restart goes on with


def test_what_broke_off_is_tried_again_after_a_restart(stand):
    broken = CourierProblem("It broke off.", "Try again.", "connection")
    with running(Scripted([broken]), stand.folder) as queue:
        listing = stand.listing()
        key = queue.get(listing, listing.files[:1], name="x", agreed="a test")
        assert state_of(queue, key, "failed").problem == "It broke off."
    stand.start().begin()
    assert stand.until(key, "done").paths


@pytest.mark.parametrize("kind", ["disk", "busy", "refused", "hub", "token", "tampered"])
def test_what_was_refused_is_not_fetched_later_without_anybody_asking(tmp_path, kind):
    courier = Scripted([CourierProblem("No.", "Make room.", kind)] * 99)
    with running(courier, tmp_path, begin=False) as queue:
        key = queue.get(SPLIT, SPLIT.files, name="x", agreed="a test")
        assert state_of(queue, key, "failed").problem == "No."
    asked = courier.asked
    with running(courier, tmp_path) as queue:
        state = state_of(queue, key, "failed")
        assert (state.problem, state.hint) == ("No.", "Make room.")
        time.sleep(0.3)
    assert courier.asked == asked


# ---------------------------------------------------------------- a courier by a script


PIECES = tuple(gguf_bytes(1000, seed) for seed in (1, 2, 3))
SPLIT = HubListing(
    repo=REPO, commit="1" * 40, gated=False, licence=None,
    files=tuple(
        HubFile(name=f"q4/S-{at:05}-of-00003.gguf", bytes=1000,
                sha256=hashlib.sha256(data).hexdigest())
        for at, data in enumerate(PIECES, 1)
    ),
)  # fmt: skip


class Scripted:
    """A courier that does what a script says; it publishes pieces as the real one does."""

    def __init__(self, script: list[CourierProblem | int | str] | None = None) -> None:
        self.script = script or []
        self.asked = 0
        self.offline = False
        self.let_go = threading.Event()

    def download(self, repo, commit, files, folder, *, agreed):
        self.asked += 1
        step = self.script.pop(0) if self.script else len(files)
        if isinstance(step, CourierProblem):
            raise step
        if step == "silent":
            self.let_go.wait(30)
            raise CourierProblem("It ends.", kind="stopped")
        paths = [folder / file.name.rpartition("/")[2] for file in files]
        for path, data in list(zip(paths, PIECES, strict=False))[:step]:
            if not path.exists():
                path.write_bytes(data)
                path.chmod(0o444)
        if step == len(files):
            for file in files:
                part_of(folder, file.sha256).unlink(missing_ok=True)
                note_of(part_of(folder, file.sha256)).unlink(missing_ok=True)
            yield Downloaded(id=1, paths=tuple(map(str, paths)))
            return
        part = part_of(folder, files[step].sha256)
        part.write_bytes(b"GGUF")
        note_of(part).write_bytes(b"{}")
        while True:
            yield Downloading(
                id=1, done=1000 * step + 4, total=1000 * len(files), bytes_per_second=1.0
            )
            time.sleep(0.02)


@contextlib.contextmanager
def running(courier: Scripted, folder: Path, on_fetched=lambda *_: None, *, begin=True):
    queue = Downloads(courier, folder, on_fetched)
    if begin:
        queue.begin()
    try:
        yield queue
    finally:
        courier.let_go.set()
        queue.close()


def state_of(queue: Downloads, key: str, *wanted: str) -> DownloadState:
    """Wait until a download is so."""
    deadline = time.monotonic() + DEADLINE
    for states in queue.watch():
        found = [state for state in states if state.key == key]
        if found and found[0].state in wanted:
            return found[0]
        assert time.monotonic() < deadline, states
    raise AssertionError("closed")


def settled(queue: Downloads) -> None:
    deadline = time.monotonic() + DEADLINE
    while queue._running:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_a_courier_that_says_offline_by_itself_is_not_asked_again_and_again(tmp_path):
    """It read the settings, which somebody wrote by hand."""
    courier = Scripted([CourierProblem("Offline.", "Turn it off.", "offline")] * 9999)
    with running(courier, tmp_path) as queue:
        key = queue.get(SPLIT, SPLIT.files, name="x", agreed="a test")
        assert state_of(queue, key, "failed").hint == "Turn it off."
        time.sleep(0.3)
    assert courier.asked == 1


def test_pieces_that_are_here_count_when_it_is_paused_and_after_a_restart(tmp_path):
    with running(Scripted([2]), tmp_path) as queue:
        key = queue.get(SPLIT, SPLIT.files, name="x", agreed="a test")
        assert state_of(queue, key, "running").done == 2004
        queue.pause(key)
        settled(queue)
        assert state_of(queue, key, "paused").done == 2004
    with running(Scripted(), tmp_path) as queue:
        assert state_of(queue, key, "paused").done == 2004


def test_dropping_half_of_a_split_model_leaves_nothing_of_it(tmp_path):
    own = tmp_path / "S-00001-of-00003.gguf"
    own.write_bytes(PIECES[0])
    own.chmod(0o444)
    (tmp_path / "Other.gguf").write_bytes(b"x" * 1000)
    with running(Scripted([2]), tmp_path) as queue:
        key = queue.get(SPLIT, SPLIT.files, name="x", agreed="a test")
        state_of(queue, key, "running")
        assert len(names(tmp_path)) == 6
        queue.drop(key)
        settled(queue)
    # Closed, so that what it was at is done. The first one was there before.
    assert names(tmp_path) == ["Other.gguf", "S-00001-of-00003.gguf"]


def test_dropping_what_is_done_leaves_it_there(tmp_path):
    with running(Scripted(), tmp_path) as queue:
        key = queue.get(SPLIT, SPLIT.files, name="x", agreed="a test")
        state_of(queue, key, "done")
        queue.drop(key)
        assert len(names(tmp_path)) == 3


def test_another_revision_takes_the_place_of_what_was_left_of_the_last_one(tmp_path):
    with running(Scripted([1]), tmp_path) as queue:
        old = queue.get(SPLIT, SPLIT.files, name="x", agreed="a test")
        state_of(queue, old, "running")
        queue.pause(old)
    # The first piece is the same, the others are not.
    changed = tuple(
        file if at == 0 else msgspec.structs.replace(file, sha256=str(at) * 64)
        for at, file in enumerate(SPLIT.files)
    )
    listing = msgspec.structs.replace(SPLIT, commit="2" * 40, files=changed)
    with running(Scripted(["silent"]), tmp_path, begin=False) as queue:
        new = queue.get(listing, changed, name="x", agreed="a test")
        assert names(tmp_path) == [f"{new}.json", "S-00001-of-00003.gguf"]


def test_what_waits_for_files_that_came_otherwise_is_forgotten(tmp_path):
    other = msgspec.structs.replace(SPLIT, repo="acme/Mirror-GGUF")
    with running(Scripted([1]), tmp_path) as queue:
        one = queue.get(other, other.files, name="x", agreed="a test")
        state_of(queue, one, "running")
        queue.pause(one)
        two = queue.get(SPLIT, SPLIT.files, name="x", agreed="a test")
        state_of(queue, two, "done")
        assert [state.key for state in next(queue.watch())] == [two]
    assert len(names(tmp_path)) == 3


def test_pausing_holds_also_where_it_cannot_be_written(tmp_path, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    courier = Scripted([1, 1, 1])
    with running(courier, tmp_path) as queue:
        key = queue.get(SPLIT, SPLIT.files, name="x", agreed="a test")
        state_of(queue, key, "running")
        monkeypatch.setattr("homebody.library.downloads.replace_file", full)
        with pytest.raises(CourierProblem):
            queue.pause(key)
        settled(queue)
        assert state_of(queue, key, "paused")
        time.sleep(0.2)
    assert courier.asked == 1


def test_whoever_cannot_note_a_file_does_not_make_it_fail(tmp_path):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with running(Scripted(), tmp_path, full) as queue:
        key = queue.get(SPLIT, SPLIT.files, name="x", agreed="a test")
        assert state_of(queue, key, "done", "failed").state == "done"


def test_closing_does_not_wait_for_a_courier_that_says_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("homebody.library.downloads._CLOSE_SECONDS", 0.2)
    courier = Scripted(["silent"])
    with running(courier, tmp_path) as queue:
        queue.get(SPLIT, SPLIT.files, name="x", agreed="a test")
        before = time.monotonic()
        queue.close()
        assert time.monotonic() - before < QUICK
