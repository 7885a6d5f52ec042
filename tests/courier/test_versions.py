"""Asking for a newer version: what is sent, what is believed, and in which order versions stand."""

import itertools
import json
import time

import pytest

from courier.loopback import Loopback, page, redirect
from homebody import __version__
from homebody.base.errors import CourierProblem
from homebody.base.paths import find_home
from homebody.base.versions import read_version
from homebody.courier import versions
from homebody.courier.connections import Connections
from homebody.courier.hosts import Hosts, ProviderHost, ReleaseHost, Target
from homebody.courier.passage import Stop
from homebody.courier.versions import ask_version, page_of
from homebody.messages.courier import CheckVersion
from homebody.messages.providers import Provider
from homebody.privacy.ledger import Ledger, entries, verify

FEED = "https://api.forge.example/repos/acme/homebody/releases/latest"
PATH = "/repos/acme/homebody/releases/latest"
ORDER = (
    "0.1.dev3", "0.1a1.dev1", "0.1a1", "0.1a2", "0.1b1", "0.1rc1", "0.1rc1.post2", "0.1.0",
    "0.1.0.post1.dev2", "0.1.0.post1", "0.1.1", "0.2.0", "0.10", "1.0rc2", "1.0.0", "1!0.1",
)  # fmt: skip


@pytest.fixture
def server():
    with Loopback(other=page(b"nothing", "404 Not Found")).running() as server:
        yield server


def answer(**facts):
    honest = {
        "tag_name": "v0.2.0",
        "name": "Homebody 0.2.0",
        "html_url": "https://127.0.0.1/acme/homebody/releases/tag/v0.2.0",
        "published_at": "2026-11-20T10:00:00Z",
        "assets": [],
    }
    body = json.dumps({**honest, **facts}).encode()
    return page(body, Content_Type="application/json; charset=utf-8")


def ask(server, agreed="pressed it", extra=None):
    home = find_home()
    ledger = Ledger(home.ledger, home.ledger_head)
    url = f"{server.url}{PATH}"
    rules = ReleaseHost(url, server.host if extra is None else extra)
    return ask_version(Connections(rules, ledger), url, CheckVersion(id=3, agreed=agreed), Stop())


def refused(server, match, kind="hub", **options):
    with pytest.raises(CourierProblem, match=match) as caught:
        ask(server, **options)
    assert caught.value.kind == kind
    assert caught.value.hint
    return caught.value


# ---------------------------------------------------------------- the order


def test_versions_stand_in_their_order():
    read = [read_version(each) for each in ORDER]
    assert None not in read
    for (at, one), (later, other) in itertools.combinations(enumerate(read), 2):
        assert one < other, (ORDER[at], ORDER[later])


@pytest.mark.parametrize(
    ("one", "other"),
    [("1.0", "1.0.0"), ("v0.2.0", "0.2"), ("1.0-rc.1", "1.0RC1"), ("1.0c1", "1.0rc1"),
     ("0.1.0+local.7", "0.1.0"), (" 1.0 ", "1"), ("1.0post", "1.0.post0")],
)  # fmt: skip
def test_two_ways_to_write_the_same(one, other):
    assert read_version(one) == read_version(other)


@pytest.mark.parametrize(
    "text",
    ["", "v", "latest", "1.", "1..2", "1.0 beta", "1.0\n2", "\u0663.\u0661", "1." + "9" * 20,
     "1" * 99],
)  # fmt: skip
def test_what_is_no_version(text):
    assert read_version(text) is None


def test_our_own_version_is_one():
    assert read_version(__version__) is not None


# ---------------------------------------------------------------- asking


def test_the_newest_release_is_told_and_stands_in_the_ledger(server):
    server.pages[PATH] = answer(html_url=f"https://{server.host}/acme/homebody/releases/tag/v0.2.0")
    found = ask(server)
    assert (found.id, found.version) == (3, "0.2.0")
    assert found.page == f"https://{server.host}/acme/homebody/releases/tag/v0.2.0"
    assert found.published == "2026-11-20T10:00:00+00:00"
    (seen,) = server.settled()
    assert seen.request.startswith(f"GET {PATH} HTTP/1.1\r\n".encode())
    assert seen.body == b""
    assert set(seen.headers) == {"host", "accept", "accept-encoding", "connection", "user-agent"}
    # Neither our version nor anything else that tells one person from another.
    assert seen.headers["user-agent"] == "homebody"
    assert __version__.encode() not in seen.request.replace(b"HTTP/1.1", b"")
    home = find_home()
    (entry,) = entries(home.ledger)
    assert (entry.purpose, entry.agreed, entry.status) == ("version", "pressed it", 200)
    assert (entry.bytes_out, entry.bytes_in) == (seen.came, seen.went)
    assert verify(home.ledger, home.ledger_head).ok


@pytest.mark.parametrize(
    ("said", "version", "page_", "published"),
    [
        ({"tag_name": "V1.0rc1"}, "1.0rc1", "", "2026-11-20T10:00:00+00:00"),
        ({"published_at": None, "html_url": None}, "0.2.0", "", None),
        ({"published_at": 7, "html_url": ["x"]}, "0.2.0", "", None),
        ({"published_at": "yesterday", "html_url": "javascript:alert(1)"}, "0.2.0", "", None),
        ({"published_at": "x" * 10_000, "html_url": "https://a" * 1000}, "0.2.0", "", None),
    ],
)
def test_what_else_it_says_is_believed_only_where_it_can_be_true(
    server, said, version, page_, published
):
    server.pages[PATH] = answer(**said)
    found = ask(server)
    assert (found.version, found.page, found.published) == (version, page_, published)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"null", b"[]", b"7", b'"v9"', b"{}", b'{"tag_name":9}', b'{"tag_name":"newest"}',
     b'{"tag_name":["v9"]}', b'{"tag_name":"v9; rm -rf"}', b"\xff\xfe", b"[" * 100_000,
     b'{"tag_name":"v0.2.0\\u202e"}'],
)  # fmt: skip
def test_garbage_is_a_sentence(server, body):
    server.pages[PATH] = page(body, Content_Type="application/json")
    refused(server, "cannot be understood")


def test_a_page_in_its_place_is_named(server):
    server.pages[PATH] = page(b"<!DOCTYPE html><p>Log in", Content_Type="text/html")
    refused(server, "web page")
    server.pages[PATH] = page(b"{}", Content_Type="application/json", Content_Encoding="gzip")
    refused(server, "compressed")


@pytest.mark.parametrize(
    ("status", "words"),
    [("404 Not Found", "No release"), ("403 Forbidden", "fewer"), ("429 Too Many", "fewer"),
     ("500 Oh", "trouble"), ("204 No Content", "status 204"), ("418 Teapot", "status 418")],
)  # fmt: skip
def test_every_status_is_words(server, status, words):
    server.pages[PATH] = page(b"", status)
    refused(server, words)


@pytest.mark.parametrize("told", [True, False])
def test_an_answer_without_end_is_left(server, told):
    def flood(line, _seen):
        length = b"Content-Length: 900000000\r\n" if told else b""
        line.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" + length + b"\r\n")
        for _ in range(400):
            line.send(b" " * 65536)

    server.pages[PATH] = flood
    refused(server, "larger")
    (seen,) = server.settled()
    assert seen.went < 20 * versions.MOST_BYTES


@pytest.mark.parametrize("at", ["head", "body"])
def test_who_answers_drop_by_drop_is_left(server, monkeypatch, at):
    monkeypatch.setattr(versions, "MOST_SECONDS", 0.4)

    def drip(line, _seen):
        if at == "body":
            line.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
        for sign in b"HTTP/1.1 200 OK" + b" " * 400:
            line.send(bytes([sign]))
            line.stall(0.05)

    server.pages[PATH] = drip
    begun = time.monotonic()
    refused(server, "within 0 seconds|not whole", "connection")
    assert time.monotonic() - begun < 5


# ---------------------------------------------------------------- where


def test_a_renamed_repository_is_followed_on_the_same_host_alone(server):
    server.pages[PATH] = redirect("/repositories/7/releases/latest", "301 Moved")
    server.pages["/repositories/7/releases/latest"] = answer()
    assert ask(server).version == "0.2.0"
    assert [entry.path for entry in entries(find_home().ledger)] == [
        PATH,
        "/repositories/7/releases/latest",
    ]
    with Loopback(other=answer()).running() as other:
        server.pages[PATH] = redirect(f"{other.url}/x", "302 Found")
        # Not even where the person trusts the way to it.
        refused(server, "not where newer versions", "refused", extra=f"{server.host} {other.host}")
        assert other.seen == []
    server.pages[PATH] = redirect(PATH)
    assert "where you got" in refused(server, "more than 5 times", "refused").hint


def test_nobody_in_its_place_is_asked_on_this_machine_or_without_tls(server):
    refused(server, "begins with http:", "refused", extra="")
    assert server.seen == []
    rules = ReleaseHost(FEED, "")
    home = Target("https", "api.forge.example", 443)
    rules.check("version", home)
    rules.check_address(home, "93.184.215.14")
    for target in (
        Target("https", "forge.example", 443),
        Target("https", "api.forge.example", 8443),
        Target("http", "api.forge.example", 80),
        Target("https", "api.forge.example.evil.example", 443),
        Target("https", "huggingface.co", 443),
    ):
        with pytest.raises(CourierProblem, match="not where"):
            rules.check("version", target)
    for address in ("127.0.0.1", "10.0.0.1", "::1", "169.254.169.254"):
        with pytest.raises(CourierProblem, match="not the public internet"):
            rules.check_address(home, address)


def test_one_purpose_does_not_open_the_way_for_another():
    home = Target("https", "api.forge.example", 443)
    for purpose in ("search", "list", "download", "ask", "models"):
        with pytest.raises(CourierProblem, match="nothing else"):
            ReleaseHost(FEED, "").check(purpose, home)
    with pytest.raises(CourierProblem):
        Hosts("https://huggingface.co", "").check("version", Target("https", "huggingface.co", 443))
    provider = ProviderHost(Provider(name="A", url="https://a.example/v1", model="m"))
    with pytest.raises(CourierProblem):
        provider.check("version", provider.home)


@pytest.mark.parametrize("url", ["x", "ftp://a.example/x", "https://u:p@a.example", "https://[::1"])
def test_an_address_that_is_none_is_a_sentence(url):
    with pytest.raises(CourierProblem, match="no address"):
        ReleaseHost(url, "")


@pytest.mark.parametrize(
    ("url", "page_", "good"),
    [
        (FEED, "https://forge.example/acme/homebody/releases/tag/v0.2.0", True),
        (FEED, "https://forge.example/Acme/Homebody/releases", True),
        (FEED, "https://api.forge.example/acme/homebody/x", True),
        (FEED, "https://forge.example:443/acme/homebody/x", True),
        (FEED, "http://forge.example/acme/homebody/x", False),
        (FEED, "https://forge.example/evil/homebody/x", False),
        (FEED, "https://forge.example/acme/homebody-evil/x", False),
        (FEED, "https://forge.example/acme/homebody/../../evil/x", False),
        (FEED, "https://forge.example/acme/homebody/./../..", False),
        (FEED, "https://forge.example/acme/homebody/%2e%2e/.%2E/evil/x", False),
        (FEED, "https://forge.example.evil.example/acme/homebody/x", False),
        (FEED, "https://evil.example/acme/homebody/x", False),
        (FEED, "https://forge.example@evil.example/acme/homebody/x", False),
        (FEED, "https://u@forge.example/acme/homebody/x", False),
        (FEED, "https://forge.example:8443/acme/homebody/x", False),
        (FEED, "https://forge.example\\@evil.example/acme/homebody/x", False),
        (FEED, "https://f\u043erge.example/acme/homebody/x", False),
        (FEED, "javascript:alert(1)", False),
        (FEED, "file:///etc/passwd", False),
        (FEED, "mailto:a@forge.example", False),
        (FEED, " https://forge.example/acme/homebody/x", False),
        (FEED, "https://[::1/acme/homebody/x", False),
        (FEED, None, False),
        ("https://news.example/latest.json", "https://news.example/new.html", True),
        ("https://news.example/latest.json", "https://other.example/new.html", False),
        ("https://api.news.example/l", "https://evilnews.example/x", False),
    ],
)
def test_a_page_is_offered_only_where_it_is_the_announcers_own(url, page_, good):
    assert page_of(url, page_) == (page_ if good else "")
