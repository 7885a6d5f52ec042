"""The queue of downloads, with a real courier and a real hub: what ends the program ends none."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from homebody.base.errors import BadInput, CourierProblem
from homebody.courier.client import Courier, Porter
from homebody.library.downloads import Downloads, DownloadState
from homebody.messages.courier import HubFile, HubListing
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
            stand.end()
            courier.close()
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
