"""Clients over real sockets: rules at each hop, and a ledger that says what was sent."""

import contextlib
import itertools
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from courier.loopback import Line, Loopback, Seen, digest, page, pump, redirect
from homebody import __version__
from homebody.base.errors import CourierProblem
from homebody.base.paths import find_home
from homebody.courier import passage
from homebody.courier.connections import Connections
from homebody.courier.hosts import Hosts
from homebody.courier.passage import Stop, look_up
from homebody.messages.ledger import LedgerEntry
from homebody.privacy.ledger import Ledger, entries, verify

Serve = Callable[..., Loopback]


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in itertools.product(("http", "https", "all", "no")):
        monkeypatch.delenv(f"{name[0]}_proxy", raising=False)
        monkeypatch.delenv(f"{name[0]}_proxy".upper(), raising=False)


@pytest.fixture
def serve() -> Iterator[Serve]:
    with contextlib.ExitStack() as running:

        def start(pages: dict[str, object] | None = None, **options: object) -> Loopback:
            server = Loopback(pages=pages or {}, **options)  # type: ignore[arg-type]
            return running.enter_context(server.running())

        yield start


def ledger() -> Ledger:
    home = find_home()
    return Ledger(home.ledger, home.ledger_head)


def listed() -> list[LedgerEntry]:
    home = find_home()
    report = verify(home.ledger, home.ledger_head)
    assert report.ok, report.problems
    return list(entries(home.ledger))


def connections(hub: Loopback, *extra: Loopback | str, **options: object) -> Connections:
    """As the person set them: this hub, which stands among the extra hosts as well."""
    words = [hub.host, *(each if isinstance(each, str) else each.host for each in extra)]
    return Connections(Hosts(hub.url, " ".join(words)), ledger(), **options)  # type: ignore[arg-type]


def failing(way: Connections, url: str, match: str, **options: float) -> CourierProblem:
    with way.client("search", "a") as client, pytest.raises(CourierProblem, match=match) as problem:
        client.get(url, **options)  # type: ignore[arg-type]
    assert problem.value.hint
    return problem.value


# ---------------------------------------------------------------- what the ledger says


def test_a_request_is_one_entry_with_every_byte(serve: Serve) -> None:
    hub = serve({"/a": page(b"x" * 100_000)})
    with connections(hub).client("search", "homebody models search") as client:
        assert client.get(f"{hub.url}/a?q=qwen").content == b"x" * 100_000
        answer = client.post(f"{hub.url}/b", content=b"some words")
        assert answer.text == "good"
    first, second = listed()
    one, two = hub.settled()
    assert (first.bytes_out, first.bytes_in) == (one.came, one.went)
    assert (second.bytes_out, second.bytes_in) == (two.came, two.went)
    assert (first.purpose, first.agreed) == ("search", "homebody models search")
    assert (first.method, first.path, first.host, first.port, first.address) == (
        "GET", "/a?q=qwen", "127.0.0.1", hub.port, "127.0.0.1",
    )  # fmt: skip
    assert (first.status, first.problem, first.proxy) == (200, "", None)
    assert (first.body_sha256, second.body_sha256) == (None, digest(b"some words"))


def test_what_is_sent_about_us_is_little(serve: Serve) -> None:
    hub = serve(other=page(Set_Cookie="id=1; Path=/"))
    with connections(hub).client("search", "a") as client:
        client.get(hub.url)
        client.get(hub.url, headers={"User-Agent": "python; torch; session_id=1"})
    for seen in hub.settled():
        assert seen.headers["user-agent"] == f"homebody/{__version__}"
        assert seen.headers.keys() <= {
            "host", "accept", "accept-encoding", "connection", "user-agent",
        }  # fmt: skip


def test_it_is_written_down_before_anything_is_sent(serve: Serve) -> None:
    """Seen from the server: when it is asked, the ledger's line is there."""
    lines: list[str] = []

    def look(line: Line, seen: Seen) -> None:
        lines.append(find_home().ledger.read_text())
        page()(line, seen)

    hub = serve(other=look)
    with connections(hub).client("list", "a") as client:
        client.get(f"{hub.url}/x")
    assert '"path":"/x"' in lines[0]
    assert lines[0].count("\n") == 1


def test_no_ledger_no_connection(serve: Serve) -> None:
    hub = serve()
    find_home().ledger.mkdir(parents=True)
    with connections(hub).client("list", "a") as client, pytest.raises(CourierProblem) as problem:
        client.get(hub.url)
    assert problem.value.kind == "disk"
    assert hub.seen == []


def test_a_stream_that_is_left_early_is_counted_as_far_as_it_was_read(serve: Serve) -> None:
    hub = serve(other=page(b"y" * 3_000_000))
    with (
        connections(hub).client("download", "a") as client,
        client.stream("GET", hub.url) as answer,
    ):
        part = next(answer.iter_raw(1000))
        assert len(part) == 1000
    (entry,) = listed()
    assert entry.problem == "ended before everything was read"
    assert entry.bytes_in is not None
    assert 1000 <= entry.bytes_in < 3_000_000


# ---------------------------------------------------------------- redirects


def test_redirects_are_followed_and_each_is_an_entry(serve: Serve) -> None:
    content = serve({"/file": page(b"model")})
    hub = serve({"/get": redirect("/again"), "/again": redirect(f"{content.url}/file")})
    with connections(hub, content).client("download", "a") as client:
        answer = client.get(
            f"{hub.url}/get", headers={"Authorization": "Bearer hf_x", "Range": "bytes=0-"}
        )
    assert answer.content == b"model"
    assert [old.headers["location"] for old in answer.history] == ["/again", f"{content.url}/file"]
    assert [seen.headers.get("authorization") for seen in hub.settled()] == ["Bearer hf_x"] * 2
    (there,) = content.settled()
    assert "authorization" not in there.headers
    assert there.headers["range"] == "bytes=0-"
    assert [(entry.port, entry.status) for entry in listed()] == [
        (hub.port, 302), (hub.port, 302), (content.port, 200),
    ]  # fmt: skip


def test_signatures_of_content_hosts_are_not_written_down(serve: Serve) -> None:
    content, hub = serve(), serve()
    with connections(hub, content).client("download", "a") as client:
        client.get(f"{content.url}/b?signature=secret")
    assert [entry.path for entry in listed()] == ["/b"]
    assert "secret" not in find_home().ledger.read_text()


def test_the_token_is_for_the_hub_alone(serve: Serve) -> None:
    other, hub = serve(), serve()
    with connections(hub, other).client("search", "a") as client:
        client.get(other.url, headers={"Authorization": "Bearer hf_x"})
    assert "authorization" not in other.settled()[0].headers


@pytest.mark.parametrize(
    "to",
    ["http://127.0.0.2:{port}/x", "http://127.0.0.1:1/x", "//127.0.0.2:{port}/", "http://[::1]:{port}",
     "http://localhost:{port}/", "http://2130706433:{port}/", "http://0x7f000001:{port}/",
     "http://0:{port}/", "http://169.254.169.254/latest/meta-data/", "https://example.org/",
     "https://u:p@127.0.0.1:{port}/", "http://127.0.0.1:{port}@example.org/", "file:///etc/passwd",
     "ftp://127.0.0.1/", "gopher://127.0.0.1:{port}/_x", "https://127.0.0.1.evil.example/",
     "http://", "http://[", "javascript:alert(1)", "http://127.0.0.1:99999999/"],
)  # fmt: skip
def test_a_hub_that_sends_us_elsewhere_is_refused(serve: Serve, to: str) -> None:
    victim = serve(address="127.0.0.2") if sys.platform == "linux" else serve()
    hub = serve()
    hub.pages["/get"] = redirect(to.format(port=victim.port))
    with (
        connections(hub).client("download", "a") as client,
        pytest.raises(CourierProblem) as problem,
    ):
        client.get(f"{hub.url}/get")
    assert problem.value.kind == "refused"
    assert problem.value.hint
    assert victim.seen == []
    assert len(hub.settled()) == len(listed()) == 1


def test_five_hops_and_no_more(serve: Serve) -> None:
    hub = serve({f"/{hop}": redirect(f"/{hop + 1}") for hop in range(5)})
    with connections(hub).client("download", "a") as client:
        assert client.get(f"{hub.url}/0").text == "good"
        hub.pages["/5"] = redirect("/0")
        with pytest.raises(CourierProblem, match="more than 5 times") as problem:
            client.get(f"{hub.url}/0")
        with pytest.raises(CourierProblem), client.stream("GET", f"{hub.url}/0"):
            pass
    assert problem.value.kind == "refused"


def test_the_page_behind_a_redirect_is_not_read_without_end(serve: Serve) -> None:
    def endless(line: Line, _seen: Seen) -> None:
        line.send(b"HTTP/1.1 302 Found\r\nLocation: /end\r\n\r\n")
        while not line.ended.is_set():
            line.send(b"z" * 65536)

    hub = serve({"/get": endless})
    with connections(hub).client("download", "a") as client:
        assert client.get(f"{hub.url}/get").text == "good"
    assert (listed()[0].bytes_in or 0) < 1_000_000


# ---------------------------------------------------------------- names


class Names:
    """What the system would say: no DNS can be had here."""

    def __init__(self, **names: list[str]) -> None:
        self.names = names
        self.asked: list[str] = []

    def __call__(self, host: str, port: int, stop: Stop) -> list[str]:
        self.asked.append(host)
        return self.names.get(host.replace(".", "_")) or list(look_up(host, port, stop))


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "::1", "::ffff:127.0.0.1"])
@pytest.mark.parametrize("beside", [[], ["93.184.215.14"]])
def test_a_name_that_leads_home_is_refused(address: str, beside: list[str]) -> None:
    names = Names(huggingface_co=[*beside, address])
    way = Connections(Hosts("https://huggingface.co", ""), ledger(), names)
    with way.client("search", "a") as client, pytest.raises(CourierProblem) as problem:
        client.get("https://huggingface.co/api")
    assert problem.value.kind == "refused"
    assert address in problem.value.message
    assert listed() == []


def test_a_name_is_looked_up_once_and_that_address_is_connected_to(serve: Serve) -> None:
    """Whatever it leads to a moment later."""
    hub = serve()
    names = Names(hub_test=["127.0.0.1"])
    host = f"hub.test:{hub.port}"
    way = Connections(Hosts(f"http://{host}", host), ledger(), names)
    with way.client("search", "a") as client:
        client.get(f"http://{host}/")
    assert names.asked == ["hub.test"]
    (entry,) = listed()
    assert (entry.host, entry.address) == ("hub.test", "127.0.0.1")
    assert hub.settled()[0].headers["host"] == host


def test_an_address_that_is_dead_is_followed_by_the_next(serve: Serve) -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux answers at all of 127.0.0.0/8")
    hub = serve()
    host = f"hub.test:{hub.port}"
    names = Names(hub_test=["127.0.0.9", "127.0.0.1"])
    way = Connections(Hosts(f"http://{host}", host), ledger(), names)
    with way.client("search", "a") as client:
        assert client.get(f"http://{host}/").text == "good"
    dead, good = listed()
    assert (dead.address, dead.bytes_out, dead.bytes_in, dead.status) == ("127.0.0.9", 0, 0, None)
    assert "cannot be reached" in (dead.problem or "")
    assert (good.address, good.status) == ("127.0.0.1", 200)


def test_ipv6(serve: Serve) -> None:
    try:
        hub = serve(address="::1")
    except OSError:
        pytest.skip("this machine has no IPv6")
    with connections(hub).client("search", "a") as client:
        assert client.get(hub.url).text == "good"
    assert listed()[0].address == "::1"


# ---------------------------------------------------------------- what goes wrong on the way


def test_nobody_there(serve: Serve) -> None:
    hub = serve()
    with socket.create_server(("127.0.0.1", 0)) as free:
        nobody = f"127.0.0.1:{free.getsockname()[1]}"
    with connections(hub, nobody).client("search", "a") as client:
        with pytest.raises(CourierProblem, match=r"127\.0\.0\.1 cannot be reached") as problem:
            client.get(f"http://{nobody}/")
        assert problem.value.kind == "connection"
    assert [entry.bytes_out for entry in listed()] == [0]


def test_no_such_name(serve: Serve) -> None:
    """A name that no DNS may know (RFC 6761)."""
    hub = serve()
    with connections(hub, "nobody.invalid").client("search", "a") as client:
        with pytest.raises(CourierProblem, match="was not found") as problem:
            client.get("http://nobody.invalid/")
        assert problem.value.kind == "connection"


@pytest.mark.parametrize(
    "said",
    [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfour", b"\0\xff garbage\r\n\r\n",
     b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"],
    ids=["nothing", "too little", "garbage", "half a chunk"],
)  # fmt: skip
def test_an_answer_that_breaks_off_is_a_sentence(serve: Serve, said: bytes) -> None:
    hub = serve(other=lambda line, _seen: line.send(said))
    problem = failing(connections(hub), hub.url, "broke off")
    assert problem.kind == "connection"
    (entry,) = listed()
    assert entry.problem == problem.message
    assert entry.bytes_in == len(said)
    assert entry.bytes_out == hub.settled()[0].came


def test_silence_is_not_waited_for_for_ever(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passage, "READ_SECONDS", 0.3)
    hub = serve(other=lambda line, _seen: line.stall())
    problem = failing(connections(hub), hub.url, "nothing came for", timeout=1000)
    assert problem.kind == "connection"


@pytest.mark.parametrize("said", [b"HTTP/1.1 103 Early Hints\r\n\r\n", b"X"])
def test_an_answer_that_never_begins_is_not_waited_for_for_ever(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    """Though something comes all the time."""
    monkeypatch.setattr(passage, "HEAD_SECONDS", 0.5)

    def drip(line: Line, _seen: Seen) -> None:
        if said == b"X":
            line.send(b"HTTP/1.1 200 OK\r\n")
        for _ in range(100):
            line.send(said)
            time.sleep(0.05)

    hub = serve(other=drip)
    problem = failing(connections(hub), hub.url, "did not answer within", timeout=1000)
    assert problem.kind == "connection"


def test_a_body_may_take_longer_than_a_head(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passage, "HEAD_SECONDS", 0.3)

    def slowly(line: Line, _seen: Seen) -> None:
        line.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")
        for _ in range(10):
            line.send(b"x")
            time.sleep(0.06)

    hub = serve(other=slowly)
    with connections(hub).client("search", "a") as client:
        assert client.get(hub.url).content == b"x" * 10


@pytest.mark.parametrize("when", ["before", "in the headers", "in the middle"])
def test_who_asks_to_stop_does_not_wait(serve: Serve, when: str) -> None:
    def answer(line: Line, _seen: Seen) -> None:
        if when == "in the middle":
            line.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome")
        line.stall()

    hub = serve(other=answer)
    stop = Stop()
    if when == "before":
        stop.ask()
    timer = threading.Timer(0.3, stop.ask)
    timer.start()
    began = time.monotonic()
    with (
        connections(hub).client("download", "a", stop) as client,
        pytest.raises(CourierProblem) as problem,
        client.stream("GET", hub.url) as stream,
    ):
        list(stream.iter_raw())
    assert problem.value.kind == "stopped"
    assert time.monotonic() - began < 5
    assert len(listed()) == (when != "before")
    timer.join()


# ---------------------------------------------------------------- proxies


def test_the_systems_proxy_is_used_and_the_rules_are_the_targets(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = serve()
    monkeypatch.setenv("http_proxy", f"http://me:p%40ss@127.0.0.1:{proxy.port}")
    way = Connections(Hosts("http://hub.test", "hub.test"), ledger())
    with way.client("search", "a") as client:
        assert client.get("http://hub.test/x").text == "good"
        for url in ("http://127.0.0.2/", "http://other.test/", "http://169.254.169.254/"):
            with pytest.raises(CourierProblem) as problem:
                client.get(url)
            assert problem.value.kind == "refused"
    (seen,) = proxy.settled()
    assert seen.request.startswith(b"GET http://hub.test/x HTTP/1.1\r\n")
    assert seen.headers["proxy-authorization"].startswith("Basic ")
    (entry,) = listed()
    assert (entry.host, entry.address, entry.proxy) == (
        "hub.test", "127.0.0.1", f"127.0.0.1:{proxy.port}",
    )  # fmt: skip
    assert (entry.bytes_out, entry.bytes_in) == (seen.came, seen.went)
    assert "p@ss" not in find_home().ledger.read_text()


def test_a_redirect_through_a_proxy_to_an_address_at_home_is_refused(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = serve(other=redirect("https://127.1/"))
    monkeypatch.setenv("http_proxy", proxy.host)
    monkeypatch.setenv("https_proxy", proxy.host)
    way = Connections(Hosts("https://127.1", "hub.test"), ledger())
    with way.client("download", "a") as client, pytest.raises(CourierProblem) as problem:
        client.get("http://hub.test/x")
    assert problem.value.kind == "refused"
    assert "127.0.0.1" in problem.value.message
    assert len(proxy.settled()) == 1


def test_who_needs_no_proxy_gets_none(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    hub, proxy = serve(), serve()
    monkeypatch.setenv("http_proxy", proxy.url)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with connections(hub).client("search", "a") as client:
        client.get(hub.url)
    assert (len(hub.settled()), len(proxy.settled())) == (1, 0)


@pytest.mark.parametrize(
    "proxy", ["socks5://127.0.0.1:1", "https://127.0.0.1:1", "http://", "x:y:z"]
)
def test_a_proxy_that_we_do_not_speak_is_a_sentence(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    hub = serve()
    monkeypatch.setenv("http_proxy", proxy)
    problem = failing(connections(hub), hub.url, "proxy of a kind")
    assert problem.kind == "connection"
    assert hub.seen == []


def test_a_proxy_that_refuses_is_a_sentence(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = serve(other=page(b"no", "403 Forbidden"))
    monkeypatch.setenv("https_proxy", proxy.url)
    way = Connections(Hosts("https://hub.test", ""), ledger())
    problem = failing(way, "https://hub.test/x", "proxy does not let")
    assert problem.kind == "connection"
    assert listed()[0].proxy == proxy.host


# ---------------------------------------------------------------- TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for hub.test, in one file."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs openssl(1) to make a certificate")
    folder = tmp_path_factory.mktemp("certificate")
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-keyout", folder / "key", "-out", folder / "cert", "-days", "2", "-subj",
         "/CN=hub.test", "-addext", "subjectAltName=DNS:hub.test"],
        check=True, capture_output=True,
    )  # fmt: skip
    both = folder / "both.pem"
    both.write_text((folder / "key").read_text() + (folder / "cert").read_text())
    return both


@contextlib.contextmanager
def safe_front(behind: Loopback, certificate: Path) -> Iterator[int]:
    """A TLS server that hands what it decrypts to a plain one; yields its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def handle(raw: socket.socket) -> None:
        with (
            contextlib.suppress(OSError),
            raw,
            context.wrap_socket(raw, server_side=True) as safe,
            socket.create_connection(("127.0.0.1", behind.port)) as plain,
        ):
            back = threading.Thread(target=pump, args=(plain, safe), daemon=True)
            back.start()
            pump(safe, plain)
            back.join(10)

    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection = server.accept()[0]
                    threading.Thread(target=handle, args=(connection,), daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def test_over_tls_the_ledger_counts_what_http_says(
    serve: Serve, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The plain server behind the TLS one sees exactly that."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    behind = serve(other=page(b"t" * 50_000))
    with safe_front(behind, certificate) as port:
        host = f"hub.test:{port}"
        way = Connections(Hosts(f"https://{host}", host), ledger(), Names(hub_test=["127.0.0.1"]))
        with way.client("download", "a") as client:
            assert len(client.get(f"https://{host}/x").content) == 50_000
    (seen,) = behind.seen
    (entry,) = listed()
    assert (entry.bytes_out, entry.bytes_in) == (seen.came, seen.went)


def test_over_tls_through_a_proxy(
    serve: Serve, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proxy is asked by name, sees no word of it, and is written down."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    behind = serve(other=page(b"t" * 50_000))
    with safe_front(behind, certificate) as port:
        proxy = serve(other=lambda line, _seen: line.tunnel(port))
        monkeypatch.setenv("https_proxy", proxy.url)
        way = Connections(Hosts("https://hub.test", ""), ledger(), Names())
        with way.client("download", "a") as client:
            assert len(client.get("https://hub.test/x").content) == 50_000
    (asked,), (seen,) = proxy.settled(), behind.seen
    assert asked.request.startswith(b"CONNECT hub.test:443 HTTP/1.1\r\n")
    (entry,) = listed()
    assert (entry.host, entry.proxy, entry.status) == ("hub.test", proxy.host, 200)
    connect = asked.request.index(b"\r\n\r\n") + 4
    assert (entry.bytes_out, entry.bytes_in) == (connect + seen.came, asked.went + seen.went)


def test_a_certificate_that_nobody_knows_is_a_sentence(serve: Serve, certificate: Path) -> None:
    behind = serve()
    with safe_front(behind, certificate) as port:
        host = f"hub.test:{port}"
        way = Connections(Hosts(f"https://{host}", host), ledger(), Names(hub_test=["127.0.0.1"]))
        problem = failing(way, f"https://{host}/x", "could not prove that it is")
    assert problem.kind == "connection"
    assert behind.seen == []
    assert [(entry.bytes_out, entry.bytes_in) for entry in listed()] == [(0, 0)]


def test_a_client_is_an_ordinary_one(serve: Serve) -> None:
    """The hub's library, and our downloader, take it as it is."""
    hub = serve(other=page(b"0123456789", Content_Range="bytes 0-9/10"))
    with connections(hub).client("download", "a") as client:
        assert isinstance(client, httpx2.Client)
        with client.stream("GET", hub.url) as answer:
            assert list(answer.iter_raw(4)) == [b"0123", b"4567", b"89"]
        assert client.head(hub.url).headers["content-range"] == "bytes 0-9/10"
