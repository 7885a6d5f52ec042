"""Asking elsewhere as real processes: front end, porter, courier, a provider on loopback."""

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import psutil
import pytest
from msgspec import structs

from homebody.base.errors import CourierProblem
from homebody.base.paths import find_home
from homebody.courier.client import Courier, Porter
from homebody.messages.courier import Answered, Said
from homebody.messages.providers import Provider
from homebody.privacy.ledger import entries, verify
from homebody.settings.file import save
from homebody.settings.providers import add_provider, remove_provider
from provider_server import ProviderServer

DEADLINE = 30.0
KEY = "sk-0123456789abcdef"
linux = pytest.mark.skipif(sys.platform != "linux", reason="it looks into /proc")

Make = Callable[..., tuple[Courier, Porter]]


@pytest.fixture
def server() -> Iterator[ProviderServer]:
    """A provider that stands in the person's list."""
    with ProviderServer("It says: {echo}") as server:
        add_provider(find_home(), box(server))
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


def box(server: ProviderServer) -> Provider:
    return Provider(name="Box", url=server.url, model="large-1", mine=True)


def body_of(text: str) -> str:
    messages = [{"role": "user", "content": text}]
    made = {"model": "large-1", "messages": messages, "stream": True}
    return json.dumps(made, ensure_ascii=False)


def ask(
    courier: Courier, server: ProviderServer, text: str = "hello", **different: object
) -> Iterator[Said | Answered]:
    body = body_of(text)
    fields: dict[str, object] = {
        "url": server.url,
        "model": "large-1",
        "body": body,
        "sha256": hashlib.sha256(body.encode()).hexdigest(),
        "agreed": "said yes to an offer",
    }
    return courier.ask("Box", **(fields | different))  # type: ignore[arg-type]


def reply(items: Iterator[Said | Answered]) -> str:
    return "".join(item.text for item in items if isinstance(item, Said))


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


def refused(items: Iterator[object], match: str, kind: str = "refused") -> CourierProblem:
    with pytest.raises(CourierProblem, match=match) as caught:
        list(items)
    assert caught.value.kind == kind
    assert caught.value.hint
    return caught.value


# ---------------------------------------------------------------- what was agreed to, or nothing


def test_a_question_goes_through_three_processes_and_comes_back(make, server):
    courier, porter = make()
    text = "Grüße 😀\n\n[EMAIL_1]\r\nlone \r and 東京 " * 2000
    *said, end = ask(courier, server, text)
    assert isinstance(end, Answered)
    assert reply(iter(said)) == f"It says: {text}"
    assert server.bodies == [body_of(text).encode()]
    home = find_home()
    (entry,) = entries(home.ledger)
    assert entry.body_sha256 == hashlib.sha256(server.bodies[0]).hexdigest()
    assert (entry.purpose, entry.agreed) == ("ask", "said yes to an offer")
    assert (entry.bytes_out, entry.host) == (len(server.requests[0].raw), "127.0.0.1")
    assert entry.bytes_out == end.bytes_out
    assert verify(home.ledger, home.ledger_head).ok
    assert len(couriers(porter)) == 1
    assert courier.models("box", agreed="looked") == ("large-1", "small-1")


def test_many_bodies_are_the_same_on_the_wire(make, server):
    courier, _ = make()
    texts = [chr(at) * 3 + "é\n" + "\r" * (at % 3) + str(at) for at in range(32, 92)]
    for text in texts:
        list(ask(courier, server, text))
    assert server.bodies == [body_of(text).encode() for text in texts]
    hashes = [entry.body_sha256 for entry in entries(find_home().ledger)]
    assert hashes == [hashlib.sha256(body_of(text).encode()).hexdigest() for text in texts]


def test_the_end_is_in_the_ledger_before_it_is_told(make, server):
    courier, _ = make()
    home = find_home()
    list(ask(courier, server))
    assert verify(home.ledger, home.ledger_head).unfinished == 0
    server.fault = "filter"
    refused(ask(courier, server), "filter", "provider")
    report = verify(home.ledger, home.ledger_head)
    assert (report.connections, report.unfinished) == (2, 0)


def test_what_was_not_agreed_to_connects_nothing(make, server):
    """A hash of other words, an address or a model that changed since, nobody of that name."""
    courier, _ = make()
    refused(ask(courier, server, sha256="0" * 64), "not the words that you agreed to")
    refused(ask(courier, server, body=body_of("hello") + " "), "not the words")
    refused(ask(courier, server, url=f"{server.url}/other"), "your list says large-1 at")
    refused(ask(courier, server, model="small-1"), "your list says large-1 at")
    home = find_home()
    add_provider(home, structs.replace(box(server), model="small-1"))
    refused(ask(courier, server), "your list says small-1 at")
    add_provider(home, structs.replace(box(server), model=""))
    refused(ask(courier, server, model=""), "no model was chosen")
    remove_provider(home, "Box")
    refused(ask(courier, server), "no provider 'Box'")
    home.providers.write_text("{")
    refused(ask(courier, server), "cannot be understood")
    with pytest.raises(CourierProblem) as caught:
        courier.models("Box", agreed="a")
    assert caught.value.kind == "refused"
    assert server.connections == 0
    assert not home.ledger.exists()


@pytest.mark.parametrize(
    ("text", "kind"), [("offline = true", "offline"), ("offline = 3", "refused"), ("]", "refused")]
)
def test_the_courier_itself_heeds_the_settings(make, server, text, kind):
    find_home().settings.write_text(text)
    courier, _ = make()
    refused(ask(courier, server), "Nothing was connected", kind)
    assert server.connections == 0


def test_a_hub_that_is_none_keeps_nobody_from_asking(make, server):
    save(find_home(), {"hub": "ftp://x"})
    courier, _ = make()
    assert reply(ask(courier, server)) == "It says: hello"


def test_offline_nobody_is_asked(make, server):
    courier, porter = make(offline=True)
    refused(ask(courier, server), "offline", "offline")
    for call in (
        lambda: courier.models("Box", agreed="a"),
        lambda: courier.keep_key("Box", None),
        lambda: courier.keep_key("Box", KEY, session=True),
    ):
        with pytest.raises(CourierProblem) as caught:
            call()
        assert caught.value.kind == "offline"
    assert couriers(porter) == []
    # To forget connects to nothing.
    assert not courier.keep_key("Box", "").there
    assert not courier.keep_token("").there
    eventually(lambda: not couriers(porter))
    assert server.connections == 0


def test_text_that_no_frame_holds_is_refused(make, server):
    courier, _ = make()
    refused_text = ask(courier, server, body="\udcff")
    with pytest.raises(CourierProblem) as caught:
        list(refused_text)
    assert caught.value.kind == "bad_request"
    assert reply(ask(courier, server)) == "It says: hello"


# ---------------------------------------------------------------- stopping


def test_who_closes_it_stops_it_at_once(make, server):
    server.reply, server.piece_seconds = "word " * 1000, 0.02
    courier, _ = make()
    items = ask(courier, server)
    assert isinstance(next(items), Said)
    items.close()
    assert server.left.wait(5)
    eventually(lambda: next(entries(find_home().ledger)).problem)
    (entry,) = entries(find_home().ledger)
    assert entry.problem == "This was stopped."


@pytest.mark.parametrize("fault", ["slow", "silent", "drip", ""])
def test_a_person_stops_it_while_nothing_comes(make, server, fault):
    server.fault = fault
    server.reply, server.piece_seconds = "word " * 1000, 0.5
    courier, _ = make()
    with pytest.raises(CourierProblem) as caught:
        list(ask(courier, server, stopped=lambda: bool(server.requests)))
    assert caught.value.kind == "stopped"
    assert server.left.wait(5)


def test_going_offline_ends_it(make, server):
    server.fault = "slow"
    courier, porter = make()
    said: list[str] = []

    def wait() -> None:
        try:
            list(ask(courier, server))
        except CourierProblem as problem:
            said.append(problem.kind)

    waiting = threading.Thread(target=wait)
    waiting.start()
    eventually(lambda: server.requests or server.connections)
    courier.offline = True
    waiting.join(DEADLINE)
    assert said == ["offline"]
    eventually(lambda: not couriers(porter))
    home = find_home()
    assert verify(home.ledger, home.ledger_head).unfinished == 0


@linux
def test_a_courier_that_dies_is_told_and_nothing_is_sent_twice(make, server):
    server.fault = "silent"
    courier, porter = make()
    said: list[CourierProblem] = []

    def wait() -> None:
        try:
            list(ask(courier, server))
        except CourierProblem as problem:
            said.append(problem)

    waiting = threading.Thread(target=wait)
    waiting.start()
    eventually(lambda: server.requests)
    couriers(porter)[0].kill()
    waiting.join(DEADLINE)
    assert [problem.kind for problem in said] == ["connection"]
    server.fault = ""
    assert reply(ask(courier, server)) == "It says: hello"
    assert len(server.bodies) == 2
    home = find_home()
    assert verify(home.ledger, home.ledger_head).unfinished == 1


# ---------------------------------------------------------------- a key for as long as it runs


def test_a_key_in_memory_keeps_the_courier_alive_and_is_sent_to_its_host_alone(make, server):
    server.key = KEY
    courier, porter = make(idle_seconds=0.2)
    refused(ask(courier, server), "wants a key", "token")
    kept = courier.keep_key("box", f"  {KEY}\n", session=True)
    assert (kept.there, kept.session) == (True, True)
    (process,) = couriers(porter)
    time.sleep(0.6)
    assert couriers(porter) == [process]
    assert reply(ask(courier, server)) == "It says: hello"
    assert server.requests[-1].headers["authorization"] == f"Bearer {KEY}"
    # Another host under the same name does not get it.
    with ProviderServer() as other:
        add_provider(find_home(), box(other))
        list(ask(courier, other))
        assert "authorization" not in other.requests[0].headers
        assert not courier.keep_key("Box", None).there
        add_provider(find_home(), box(server))
    assert courier.keep_key("Box", None).session
    assert not courier.keep_key("Box", "").there
    eventually(lambda: not couriers(porter))
    refused(ask(courier, server), "wants a key", "token")


def test_a_key_in_memory_is_gone_with_the_process(make, server):
    server.key = KEY
    courier, porter = make()
    courier.keep_key("Box", KEY, session=True)
    courier.offline = True
    eventually(lambda: not couriers(porter))
    courier.offline = False
    refused(ask(courier, server), "wants a key", "token")
    assert not courier.keep_key("Box", None).there


@pytest.mark.parametrize("key", ["two\nlines", "two words", "ключ", "x" * 1001, "a\0b", "   "])
def test_what_is_no_key_is_not_kept(make, server, key):
    courier, _ = make()
    for session in (True, False):
        with pytest.raises(CourierProblem) as caught:
            courier.keep_key("Box", key, session=session)
        assert caught.value.kind in {"bad_request", "token"}
        assert key.strip() == "" or key not in caught.value.message + caught.value.hint
    with pytest.raises(CourierProblem) as caught:
        courier.keep_key("Nobody", KEY, session=True)
    assert caught.value.kind == "refused"


@linux
def test_a_key_is_nowhere_but_in_the_couriers_memory(make, server, tmp_path):
    server.key = KEY
    courier, porter = make()
    courier.keep_key("Box", KEY, session=True)
    list(ask(courier, server))
    for process in (psutil.Process(porter.pid), *couriers(porter)):
        told = " ".join([*process.cmdline(), *process.environ().values()])
        assert KEY not in told
    courier.close()
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    assert [path for path in files if KEY.encode() in path.read_bytes()] == []


BEHIND_THE_LOCK = """
import hashlib, sys
from homebody.courier.client import Courier, Porter
from homebody.privacy.lock import NO_INTERNET, lock_front_end
porter = Porter()
porter.start()
assert lock_front_end() == (NO_INTERNET,)
courier = Courier(porter)
body = {body!r}
for item in courier.ask("Box", url={url!r}, model="large-1", body=body,
        sha256=hashlib.sha256(body.encode()).hexdigest(), agreed="a"):
    print(getattr(item, "text", ""), end="")
courier.close()
porter.close()
"""


@linux
def test_it_asks_while_the_front_end_cannot(server):
    from homebody.privacy import lock

    if not lock.probe_kernel().seccomp:
        pytest.skip("this kernel has no filters")
    done = subprocess.run(
        [sys.executable, "-P", "-c", BEHIND_THE_LOCK.format(body=body_of("hi"), url=server.url)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("It says: hi", "")


NOT_AGREED = """
from homebody.base.errors import CourierProblem
from homebody.courier.client import Courier, Porter
porter = Porter()
porter.start()
courier = Courier(porter)
for fields in (
    {{"sha256": "0" * 64}}, {{"url": "https://127.0.0.1/v1"}}, {{"model": "x"}}, {{"name": "x"}},
):
    try:
        name = fields.pop("name", "Box")
        agreed = {{"url": {url!r}, "model": "large-1", "body": "", "agreed": "a",
                   "sha256": {nothing!r}}}
        list(courier.ask(name, **(agreed | fields)))
    except CourierProblem as problem:
        print(problem.kind)
courier.close()
porter.close()
"""


@linux
def test_without_a_yes_no_process_has_an_internet_socket(server, tmp_path):
    """Seen by the kernel."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed")
    trace = tmp_path / "trace"
    nothing = hashlib.sha256(b"").hexdigest()
    done = subprocess.run(
        [strace, "-f", "-e", "trace=socket,connect,sendto,execve", "-s", "200", "-o", str(trace),
         sys.executable, "-P", "-c", NOT_AGREED.format(url=server.url, nothing=nothing)],
        capture_output=True, text=True, timeout=100, check=False,
        env=os.environ | {"DBUS_SESSION_BUS_ADDRESS": ""},
    )  # fmt: skip
    assert (done.stdout.split(), done.stderr) == (["refused"] * 4, "")
    calls = trace.read_text()
    assert '"courier"' in calls
    assert "AF_INET" not in calls
