"""The courier as real processes: front end, porter, courier, a hub on loopback."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from courier.loopback import Line, Loopback, Seen, page
from homebody.base.errors import CourierProblem
from homebody.base.paths import find_home
from homebody.courier.client import Courier, Porter
from homebody.messages.courier import Downloaded, Downloading, HubFile
from homebody.privacy import lock
from homebody.privacy.ledger import entries, verify
from homebody.settings.file import save
from hub_server import HubServer, gguf_bytes

DEADLINE = 30.0
COMMIT = "1" * 40
FILE = HubFile(name="model.gguf", bytes=1_000_000, sha256="2" * 64)
linux = pytest.mark.skipif(sys.platform != "linux", reason="it looks into /proc")

Make = Callable[..., tuple[Courier, Porter]]


@pytest.fixture
def hub() -> Iterator[Loopback]:
    """A hub that knows nothing, and stands in the settings."""
    with Loopback(other=page(b"[]", Content_Type="application/json")).running() as server:
        save(find_home(), {"hub": server.url, "extra_hosts": server.host})
        yield server


@pytest.fixture
def make() -> Iterator[Make]:
    """Start a porter, and a courier's client on it."""
    with contextlib.ExitStack() as opened:

        def start(**options: object) -> tuple[Courier, Porter]:
            porter = Porter()
            opened.callback(porter.close)
            porter.start()
            courier = Courier(porter, **options)  # type: ignore[arg-type]
            opened.callback(courier.close)
            return courier, porter

        yield start


def couriers(porter: Porter) -> list[psutil.Process]:
    assert porter.pid is not None
    with contextlib.suppress(psutil.NoSuchProcess):
        return [
            each
            for each in psutil.Process(porter.pid).children()
            if each.status() != psutil.STATUS_ZOMBIE
        ]
    return []


def eventually(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.01)


def stall(line: Line, _seen: Seen) -> None:
    line.stall()


def download(courier: Courier, folder: Path) -> Iterator[object]:
    return courier.download("a/b", COMMIT, (FILE,), folder, agreed="pressed Get")


def test_a_search_goes_through_three_processes_and_into_the_ledger(
    make: Make, hub: Loopback
) -> None:
    courier, porter = make()
    assert couriers(porter) == []
    assert courier.search("qwen", agreed="homebody models search") == ()
    assert "search=qwen" in hub.seen[0].path
    home = find_home()
    (entry,) = entries(home.ledger)
    assert (entry.purpose, entry.agreed) == ("search", "homebody models search")
    assert (entry.bytes_out, entry.bytes_in) == (hub.seen[0].came, hub.seen[0].went)
    assert verify(home.ledger, home.ledger_head).ok
    # The same courier serves the next one.
    (process,) = couriers(porter)
    courier.search("again", agreed="a")
    assert couriers(porter) == [process]


def test_it_ends_when_there_is_nothing_to_do_and_comes_back(make: Make, hub: Loopback) -> None:
    courier, porter = make(idle_seconds=0.3)
    for words in ("one", "two"):
        courier.search(words, agreed="a")
        assert len(couriers(porter)) == 1
        eventually(lambda: not couriers(porter))
    assert len(hub.seen) == 2


def test_requests_do_not_wait_for_each_other(make: Make, hub: Loopback, tmp_path: Path) -> None:
    """Nor for a program that the porter opens."""
    hub.pages["/a/b/resolve/" + COMMIT + "/model.gguf"] = stall
    courier, _ = make()
    items = download(courier, tmp_path)

    def fetch() -> None:
        with contextlib.suppress(CourierProblem):
            list(items)

    waiting = threading.Thread(target=fetch)
    waiting.start()
    eventually(lambda: any("resolve" in seen.path for seen in hub.seen))
    assert courier.search("meanwhile", agreed="a") == ()
    courier.close()
    waiting.join(DEADLINE)


def test_who_closes_a_download_stops_it_at_once(make: Make, hub: Loopback, tmp_path: Path) -> None:
    hub.pages["/a/b/resolve/" + COMMIT + "/model.gguf"] = stall
    courier, porter = make(idle_seconds=0.3)
    items = download(courier, tmp_path)
    next(items)
    eventually(lambda: any("resolve" in seen.path for seen in hub.seen))
    items.close()  # type: ignore[attr-defined]
    hub.settled()
    eventually(lambda: not couriers(porter))
    (entry,) = entries(find_home().ledger)
    assert entry.problem == "This was stopped."
    assert courier.search("again", agreed="a") == ()


def test_what_is_stopped_at_the_end_has_its_end_in_the_ledger(
    make: Make, hub: Loopback, tmp_path: Path
) -> None:
    """As Ctrl-C does it: the download is closed, and the courier at once."""
    hub.pages["/a/b/resolve/" + COMMIT + "/model.gguf"] = stall
    courier, _ = make()
    items = download(courier, tmp_path)
    next(items)
    eventually(lambda: any("resolve" in seen.path for seen in hub.seen))
    items.close()  # type: ignore[attr-defined]
    courier.close()
    home = find_home()
    assert verify(home.ledger, home.ledger_head).unfinished == 0


@linux
def test_a_keyring_that_says_nothing_keeps_nobody_waiting(
    make: Make, hub: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A session bus that takes the connection, and no more; as one that waits for a prompt."""
    with socket.socket(socket.AF_UNIX) as bus:
        bus.bind(str(tmp_path / "bus"))
        bus.listen(20)
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path / 'bus'}")
        courier, _ = make()
        before = time.monotonic()
        assert courier.search("a", agreed="a") == ()
        assert time.monotonic() - before < 4.0
        # Somebody kept a token.
        (find_home().state / "token.kept").touch()
        assert courier.search("a", agreed="a") == ()
        assert time.monotonic() - before < 14.0
    assert [seen.headers.get("authorization") for seen in hub.seen] == [None, None]


def test_a_model_comes_through_all_of_it(make: Make, tmp_path: Path) -> None:
    """Listed, fetched from where the hub redirects, verified; every byte is in the ledger."""
    data = gguf_bytes(500_000)
    with HubServer() as hub:
        commit = hub.add("acme/Tiny-GGUF", {"tiny.gguf": data})
        save(find_home(), {"hub": hub.url, "extra_hosts": " ".join(hub.hosts)})
        courier, _ = make()
        listing = courier.list_files("acme/Tiny-GGUF", agreed="pressed Get")
        assert listing.commit == commit
        *progress, last = courier.download(
            listing.repo, listing.commit, listing.files, tmp_path / "models", agreed="pressed Get"
        )
    assert isinstance(last, Downloaded)
    assert [Path(path).read_bytes() for path in last.paths] == [data]
    assert all(isinstance(item, Downloading) for item in progress)
    home = find_home()
    assert verify(home.ledger, home.ledger_head).ok
    connections = list(entries(home.ledger))
    assert {entry.purpose for entry in connections} == {"list", "download"}
    assert {entry.agreed for entry in connections} == {"pressed Get"}
    assert {f"{entry.host}:{entry.port}" for entry in connections} == set(hub.hosts)
    assert sum(entry.bytes_in or 0 for entry in connections) > len(data)
    assert sum(entry.bytes_in or 0 for entry in connections) < len(data) * 1.02


# ---------------------------------------------------------------- offline


def test_offline_means_no_courier(make: Make, hub: Loopback, tmp_path: Path) -> None:
    courier, porter = make(offline=True)
    for ask in (
        lambda: courier.search("a", agreed="a"),
        lambda: courier.list_files("a/b", agreed="a"),
        lambda: next(download(courier, tmp_path)),
        lambda: courier.keep_token(None),
    ):
        with pytest.raises(CourierProblem, match="offline") as problem:
            ask()
        assert problem.value.kind == "offline"
        assert problem.value.hint
    assert couriers(porter) == []
    assert hub.seen == []
    assert not find_home().ledger.exists()
    courier.offline = False
    assert courier.search("a", agreed="a") == ()


def test_going_offline_ends_what_is_going_on(make: Make, hub: Loopback) -> None:
    """Who waits is told at once, and the ledger says how it ended."""
    hub.other = stall
    courier, porter = make()
    said: list[CourierProblem] = []

    def ask() -> None:
        try:
            courier.search("a", agreed="a")
        except CourierProblem as problem:
            said.append(problem)

    waiting = threading.Thread(target=ask)
    waiting.start()
    eventually(lambda: hub.seen)
    courier.offline = True
    waiting.join(DEADLINE)
    assert [problem.kind for problem in said] == ["offline"]
    eventually(lambda: not couriers(porter))
    (entry,) = entries(find_home().ledger)
    assert entry.problem == "This was stopped."
    with pytest.raises(CourierProblem):
        courier.search("a", agreed="a")


@pytest.mark.parametrize(
    ("text", "kind"),
    [("offline = true", "offline"), ("offline = 3", "refused"), ("]", "refused"),
     ('hub = "ftp://x"', "refused"), ('extra_hosts = "http://x"', "refused")],
)  # fmt: skip
def test_the_courier_itself_heeds_the_settings(
    make: Make, hub: Loopback, text: str, kind: str
) -> None:
    """Whatever the front end believes: and what cannot be read may have said offline."""
    settings = find_home().settings
    lines = [
        line
        for line in settings.read_text().splitlines()
        if not line.startswith(text.partition(" ")[0])
    ]
    settings.write_text("\n".join([*lines, text]))
    courier, _ = make()
    with pytest.raises(CourierProblem) as problem:
        courier.search("a", agreed="a")
    assert problem.value.kind == kind
    assert problem.value.hint
    assert hub.seen == []


# ---------------------------------------------------------------- what dies


@linux
def test_a_courier_that_dies_is_told_and_the_next_request_starts_another(
    make: Make, hub: Loopback
) -> None:
    hub.other = stall
    courier, porter = make()
    said: list[CourierProblem] = []

    def ask() -> None:
        try:
            courier.search("a", agreed="a")
        except CourierProblem as problem:
            said.append(problem)

    waiting = threading.Thread(target=ask)
    waiting.start()
    eventually(lambda: hub.seen)
    couriers(porter)[0].kill()
    waiting.join(DEADLINE)
    assert [problem.kind for problem in said] == ["connection"]
    assert "courier" in said[0].message
    assert "Try again" in said[0].hint
    hub.other = page(b"[]", Content_Type="application/json")
    assert courier.search("a", agreed="a") == ()
    home = find_home()
    report = verify(home.ledger, home.ledger_head)
    assert (report.ok, report.connections, report.unfinished) == (True, 2, 1)


@linux
def test_a_porter_that_dies_takes_the_courier_along(make: Make, hub: Loopback) -> None:
    courier, porter = make()
    courier.search("a", agreed="a")
    (process,) = couriers(porter)
    assert porter.pid is not None
    os.kill(porter.pid, signal.SIGKILL)
    process.wait(DEADLINE)
    eventually(lambda: porter.pid is None)
    with pytest.raises(CourierProblem, match="cannot connect any more") as problem:
        courier.search("a", agreed="a")
    assert "Start Homebody again" in problem.value.hint


def test_text_that_no_frame_holds_is_refused(make: Make, hub: Loopback) -> None:
    courier, _ = make()
    with pytest.raises(CourierProblem) as problem:
        courier.search("\udcff", agreed="a")
    assert problem.value.kind == "bad_request"
    assert courier.search("fine", agreed="a") == ()


def test_after_the_end_nothing_is_asked(make: Make, hub: Loopback) -> None:
    courier, porter = make()
    courier.search("a", agreed="a")
    courier.close()
    courier.close()
    eventually(lambda: not couriers(porter))
    with pytest.raises(CourierProblem) as problem:
        courier.search("a", agreed="a")
    assert problem.value.kind == "stopped"


# ---------------------------------------------------------------- what it is given


INTO_ITS_MEMORY = """
import psutil
from homebody.courier.client import Courier, Porter
porter = Porter()
porter.start()
courier = Courier(porter)
courier.search("a", agreed="a")
(process,) = psutil.Process(porter.pid).children()
try:
    open(f"/proc/{process.pid}/mem", "r+b").close()
    print("open")
except PermissionError:
    print("closed")
courier.close()
porter.close()
"""


@linux
def test_its_environment_holds_no_secret(
    make: Make, hub: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    courier, porter = make()
    courier.search("a", agreed="a")
    (process,) = couriers(porter)
    environment = process.environ()
    assert "secret" not in " ".join(environment.values())
    assert environment["HOMEBODY_HOME"] == os.environ["HOMEBODY_HOME"]
    assert environment["no_proxy"] == "127.0.0.1"
    assert environment["HF_HUB_DISABLE_TELEMETRY"] == "1"


@linux
def test_nobody_can_write_into_its_memory(hub: Loopback) -> None:
    """Or else the locked front end could make it connect wherever it likes."""
    command = [sys.executable, "-P", "-c", INTO_ITS_MEMORY]
    if os.geteuid() == 0:  # root may do this to anybody, unless that right is taken away
        setpriv = shutil.which("setpriv")
        if setpriv is None:
            pytest.skip("needs setpriv(1) where tests run as root")
        command = [setpriv, "--bounding-set=-sys_ptrace", *command]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr) == ("closed\n", "")


BEHIND_THE_LOCK = """
from homebody.courier.client import Courier, Porter
from homebody.privacy.lock import NO_INTERNET, lock_front_end
porter = Porter()
porter.start()
assert lock_front_end() == (NO_INTERNET,)
courier = Courier(porter)
print(courier.search("a", agreed="a"))
courier.close()
porter.close()
"""


@linux
@pytest.mark.skipif(not lock.probe_kernel().seccomp, reason="this kernel has no filters")
def test_it_connects_while_the_front_end_cannot(hub: Loopback) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-c", BEHIND_THE_LOCK],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("()\n", "")
    assert len(hub.seen) == 1


OFFLINE = """
from pathlib import Path
from homebody.base.errors import CourierProblem
from homebody.courier.client import Courier, Porter
porter = Porter()
porter.start()
courier = Courier(porter, offline={offline})
for ask in (
    lambda: courier.search("a", agreed="a"),
    lambda: courier.list_files("a/b", agreed="a"),
    lambda: next(courier.download("a/b", "1" * 40, (), Path("x"), agreed="a")),
    lambda: courier.keep_token("hf_x"),
):
    try:
        ask()
    except CourierProblem as problem:
        print(problem.kind)
courier.close()
porter.close()
"""


@linux
@pytest.mark.parametrize("offline", [True, False])
def test_offline_no_process_has_an_internet_socket(
    hub: Loopback, tmp_path: Path, offline: bool
) -> None:
    """Seen by the kernel. Online the same calls make both, or nothing would be proven."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed")
    trace = tmp_path / "trace"
    done = subprocess.run(
        [strace, "-f", "-e", "trace=socket,connect,sendto,execve", "-s", "200", "-o", str(trace),
         sys.executable, "-P", "-c", OFFLINE.format(offline=offline)],
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    calls = trace.read_text()
    internet = calls.count("AF_INET")
    assert '"porter"' in calls
    if offline:
        assert done.stdout.split() == ["offline"] * 4
        assert (internet, '"courier"' in calls) == (0, False)
        assert hub.seen == []
    else:
        assert internet > 0
        assert '"courier"' in calls
