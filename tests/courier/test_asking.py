"""Asking a provider over real sockets: the bytes that go, and whatever may come back."""

import contextlib
import hashlib
import json
import shutil
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from courier.loopback import Loopback, page
from homebody import __version__
from homebody.base.errors import CourierProblem
from homebody.base.paths import find_home
from homebody.courier.asking import Bounds, ask, list_models
from homebody.courier.connections import Connections
from homebody.courier.hosts import Hosts, ProviderHost
from homebody.courier.passage import Stop
from homebody.messages.courier import Answered, AskElsewhere, ListModels, Said
from homebody.messages.ledger import LedgerEntry
from homebody.messages.providers import Provider
from homebody.privacy.ledger import Ledger, entries, verify
from provider_server import ORDER, Fault, ProviderServer

KEY = "sk-0123456789abcdef"
QUICK = Bounds(event=0.4, seconds=2.0)
LONG = "It is a longer answer, which has many pieces. " * 20


@pytest.fixture
def server() -> Iterator[ProviderServer]:
    with ProviderServer("It says: {echo}") as server:
        yield server


def provider_of(server: ProviderServer, **different: object) -> Provider:
    fields = {"name": "Box", "url": server.url, "model": "large-1", "mine": True} | different
    return Provider(**fields)  # type: ignore[arg-type]


def ledger() -> Ledger:
    home = find_home()
    return Ledger(home.ledger, home.ledger_head)


def listed() -> list[LedgerEntry]:
    home = find_home()
    if not home.ledger.exists():
        return []
    report = verify(home.ledger, home.ledger_head)
    assert report.ok, report.problems
    assert report.unfinished == 0
    return list(entries(home.ledger))


def body_of(text: str, *, stream: bool = True) -> str:
    messages = [{"role": "user", "content": text}]
    made = {"model": "large-1", "messages": messages, "stream": stream}
    return json.dumps(made, ensure_ascii=False, sort_keys=True)


def asked(body: str) -> AskElsewhere:
    return AskElsewhere(
        id=7,
        provider="Box",
        url="",
        model="large-1",
        body=body,
        sha256=hashlib.sha256(body.encode()).hexdigest(),
        agreed="said yes",
    )


class Heard:
    """What was said, as it came."""

    def __init__(self) -> None:
        self.said: list[Said] = []

    def __call__(self, said: Said) -> None:
        self.said.append(said)

    @property
    def text(self) -> str:
        return "".join(each.text for each in self.said if not each.reasoning)

    @property
    def thought(self) -> str:
        return "".join(each.text for each in self.said if each.reasoning)


def answer(
    server: ProviderServer,
    text: str = "hello",
    *,
    heard: Heard | None = None,
    key: str | None = None,
    stream: bool = True,
    bounds: Bounds | None = None,
    stop: Stop | None = None,
    provider: Provider | None = None,
) -> Answered:
    provider = provider or provider_of(server)
    return ask(
        Connections(ProviderHost(provider), ledger()),
        provider,
        asked(body_of(text, stream=stream)),
        key,
        stop or Stop(),
        heard or Heard(),
        *([bounds] if bounds else []),
    )


def failing(server: ProviderServer, match: str, **options: object) -> CourierProblem:
    with pytest.raises(CourierProblem, match=match) as caught:
        answer(server, **options)  # type: ignore[arg-type]
    assert caught.value.hint
    assert KEY not in caught.value.message + caught.value.hint
    return caught.value


# ---------------------------------------------------------------- what goes, and what comes back


TEXTS = [
    "plain words",
    "Grüße, 東京, עברית, 😀👩‍👩‍👧, \u0000\u0007 and \u2028",
    "lone\nnewlines\r\n\n and \r alone",
    '{"a": "quotes \\" and [EMAIL_1]"}',
    "x" * 1_000_000,
    "ü😀\n" * 150_000,
]


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
@pytest.mark.parametrize("stream", [True, False])
def test_what_leaves_is_the_body_to_the_byte(server, text, stream):
    body = body_of(text, stream=stream)
    server.piece = 5000
    heard = Heard()
    end = answer(server, text, heard=heard, stream=stream)
    assert server.bodies == [body.encode()]
    assert heard.text == f"It says: {text}"
    (entry,) = listed()
    assert entry.body_sha256 == hashlib.sha256(body.encode()).hexdigest()
    assert (entry.purpose, entry.agreed, entry.method) == ("ask", "said yes", "POST")
    assert (entry.path, entry.status, entry.problem) == ("/v1/chat/completions", 200, "")
    assert entry.bytes_out == end.bytes_out == len(server.requests[0].raw)
    assert entry.bytes_in is not None
    assert entry.bytes_in >= end.bytes_in > len(text)


@pytest.mark.parametrize("stream", [True, False])
def test_all_of_an_answer_is_told(server, stream):
    server.reasoning = "First this, then that."
    heard = Heard()
    end = answer(server, heard=heard, stream=stream)
    assert (heard.thought, heard.text) == ("First this, then that.", "It says: hello")
    assert (end.finish, end.model) == ("stop", "large-1")
    assert end.prompt_tokens is not None
    assert end.reply_tokens is not None
    assert [said.reasoning for said in heard.said] == sorted(
        (said.reasoning for said in heard.said), reverse=True
    )


def test_what_is_sent_besides_the_words_is_little(server):
    answer(server)
    answer(server, key=KEY)
    first, second = (request.headers for request in server.requests)
    assert first == {
        "host": server.host,
        "accept": "text/event-stream, application/json",
        "accept-encoding": "identity",
        "connection": "keep-alive",
        "content-type": "application/json",
        "content-length": first["content-length"],
        "user-agent": f"homebody/{__version__}",
    }
    assert second == first | {"authorization": f"Bearer {KEY}"}


def test_text_comes_as_it_is_written(server):
    """Not all at once at the end."""
    server.piece_seconds = 0.02
    server.reply = LONG[:200]
    times: list[float] = []
    heard = Heard()

    def say(said: Said) -> None:
        times.append(time.monotonic())
        heard(said)

    provider = provider_of(server)
    way = Connections(ProviderHost(provider), ledger())
    ask(way, provider, asked(body_of("a")), None, Stop(), say)
    assert heard.text == LONG[:200]
    assert times[-1] - times[0] > 0.5


def test_a_reply_that_is_thought_of_under_another_name_is_told_once(server):
    for delta in ({"reasoning": "Hm."}, {"reasoning": "Hm.", "reasoning_content": "Hm."}):
        events = [{"choices": [{"delta": delta}]}, {"choices": [{"delta": {"content": "Yes."}}]}]
        heard = Heard()
        end = answer_to(events, heard)
        assert (heard.thought, heard.text) == ("Hm.", "Yes.")
        assert (end.finish, end.model, end.prompt_tokens) == (None, None, None)


def test_a_list_of_thoughts_and_texts_is_told_too():
    """As Mistral's reasoning models write it."""
    thinking = [{"type": "text", "text": "Hm"}, {"type": "text", "text": "."}]
    heard = Heard()
    answer_to(
        [
            choice(content=[{"type": "thinking", "thinking": thinking}]),
            choice(content=[{"type": "text", "text": "Ye"}, {"type": "reference"}]),
            choice(content="s."),
        ],
        heard,
    )
    assert (heard.thought, heard.text) == ("Hm.", "Yes.")


@pytest.mark.parametrize(
    ("fault", "expect"),
    [
        ("no_done", {"finish": "stop"}),
        ("no_usage", {"prompt_tokens": None, "reply_tokens": None}),
        ("other_model", {"model": "quite-another-1"}),
        ("crlf", {"finish": "stop"}),
    ],
)
def test_what_servers_do_otherwise_is_an_answer_too(server, fault, expect):
    server.fault = fault
    heard = Heard()
    end = answer(server, "grüß 😀", heard=heard)
    assert heard.text == "It says: grüß 😀"
    assert {name: getattr(end, name) for name in expect} == expect
    assert listed()[0].problem == ""


def test_orders_in_an_answer_are_text_and_nothing_else(server):
    server.fault = "injection"
    heard = Heard()
    answer(server, heard=heard)
    assert heard.text == ORDER
    assert len(listed()) == server.connections == 1


def test_placeholders_are_not_touched_here(server):
    heard = Heard()
    answer(server, "[EMAIL_1] and [Iban_2]", heard=heard)
    assert heard.text.endswith("[EMAIL_1] and [Iban_2]")
    server.fault = "mangled"
    heard = Heard()
    answer(server, "[EMAIL_1]", heard=heard)
    assert heard.text.endswith("[Email-1]")


# ---------------------------------------------------------------- what goes wrong


def test_a_redirect_is_not_followed(server):
    with Loopback().running() as other:
        server.fault, server.redirect_to = "redirect", f"{other.url}/v1/chat/completions"
        assert failing(server, "ask somebody else", key=KEY).kind == "refused"
        server.redirect_to = "https://[bad"
        assert failing(server, "ask somebody else", key=KEY).kind == "refused"
    assert other.seen == []
    assert [(entry.host, entry.status) for entry in listed()] == [("127.0.0.1", 307)] * 2


@pytest.mark.parametrize(
    ("fault", "kind", "match"),
    [
        ("html", "provider", "A web page"),
        ("huge", "provider", "more than any reply"),
        ("huge_text", "provider", "more than any reply"),
        ("cut", "connection", "broke off"),
        ("cut_clean", "connection", "broke off before its end"),
        ("tool_calls", "provider", "nobody asked it for. Nothing was run"),
        ("filter", "provider", "A filter of Box"),
        ("error_event", "provider", 'broke off its answer, and says: "The machine is overloaded"'),
        ("nonsense", "provider", "cannot be understood"),
        ("empty", "provider", "without a word"),
        ("401", "token", "none of yours is kept"),
        ("403", "token", "none of yours is kept"),
        ("404", "provider", "has no model large-1"),
        ("413", "provider", "as much as this at once"),
        ("429", "busy", "wants fewer requests"),
        ("500", "provider", "trouble of its own"),
    ],
)
def test_what_goes_wrong_is_a_sentence(server, fault: Fault, kind, match):
    server.fault = fault
    server.reply = LONG
    began = time.monotonic()
    assert failing(server, match).kind == kind
    assert time.monotonic() - began < 10
    assert len(listed()) == 1
    assert (listed()[0].bytes_in or 0) < 40_000_000


@pytest.mark.parametrize("fault", ["tool_calls", "filter", "empty"])
def test_the_same_in_an_answer_that_comes_whole(server, fault):
    server.fault = fault
    assert failing(server, "Box", stream=False).kind == "provider"


@pytest.mark.parametrize("fault", ["slow", "silent", "drip"])
def test_who_says_nothing_is_not_waited_for_for_ever(server, fault):
    """A byte now and then, as a comment, is nothing either."""
    server.fault = fault
    began = time.monotonic()
    problem = failing(server, "nothing|did not answer", bounds=QUICK)
    assert problem.kind == "connection"
    assert time.monotonic() - began < 1.5
    assert listed()[0].problem == problem.message


def test_an_answer_that_does_not_end_in_time_is_left(server):
    server.reply, server.piece_seconds, server.piece = LONG, 0.1, 1
    heard = Heard()
    began = time.monotonic()
    problem = failing(server, "not whole after 1 seconds", heard=heard, bounds=Bounds(seconds=1.0))
    assert problem.kind == "connection"
    assert 0.8 < time.monotonic() - began < 3.0
    assert heard.text
    assert LONG.startswith(heard.text)


def test_no_more_is_read_than_is_allowed(server):
    server.reply = LONG * 10
    failing(server, "more than any reply", bounds=Bounds(text=1000))
    failing(server, "more than any reply", bounds=Bounds(whole=3000))
    failing(server, "more than any reply", bounds=Bounds(line=60))
    failing(server, "more than any reply", bounds=Bounds(whole=3000), stream=False)
    assert all((entry.bytes_in or 0) < 1_000_000 for entry in listed())


@pytest.mark.parametrize("fault", ["slow", "silent", "drip", ""])
def test_a_stop_ends_it_at_once(server, fault):
    server.fault, server.reply, server.piece_seconds = fault, LONG, 0.05
    stop = Stop()
    threading.Timer(0.3, stop.ask).start()
    began = time.monotonic()
    with pytest.raises(CourierProblem) as caught:
        answer(server, stop=stop)
    assert caught.value.kind == "stopped"
    assert time.monotonic() - began < 2.0
    assert listed()[0].problem == "This was stopped."
    assert server.left.wait(5)


@pytest.mark.parametrize(
    ("after", "hint"),
    [
        ("20", "Wait 20 seconds"),
        ("1", "Wait 1 second,"),
        ("300", "Wait 5 minutes"),
        ("7300", "Wait 3 hours"),
        ("", "Wait some minutes"),
        ("-5", "Wait some minutes"),
        ("9" * 50, "Wait some minutes"),
        ("soon", "Wait some minutes"),
        (format_datetime(datetime.now(UTC) + timedelta(hours=5), usegmt=True), "hours"),
        (format_datetime(datetime.now(UTC) - timedelta(hours=5), usegmt=True), "some minutes"),
    ],
)
def test_a_provider_that_wants_fewer_requests_says_for_how_long(server, after, hint):
    server.fault, server.retry_after = "429", after
    problem = failing(server, "fewer requests")
    assert problem.kind == "busy"
    assert hint in problem.hint


# ---------------------------------------------------------------- keys


def test_a_wrong_key_and_a_missing_one_are_different_sentences(server):
    server.key = KEY
    answer(server, key=KEY)
    missing = failing(server, "wants a key")
    wrong = failing(server, "does not take your key", key="sk-another-0000")
    server.key, server.fault = "", "403"
    forbidden = failing(server, "does not let your key ask large-1", key=KEY)
    assert {missing.kind, wrong.kind, forbidden.kind} == {"token"}
    for problem in (missing, wrong, forbidden):
        assert "homebody providers key Box" in problem.hint


@pytest.mark.parametrize("fault", ["429", "500", "404", "413", "error_event"])
def test_a_provider_that_quotes_the_key_is_not_quoted(server, fault):
    server.fault = fault
    for says in (f"Who is {KEY}?", f"a b {KEY[:9]}…", f"..{KEY[-8:]}"):
        server.says = says
        with pytest.raises(CourierProblem) as caught:
            answer(server, key=KEY)
        assert says not in caught.value.message
        assert "says" not in caught.value.message


def test_what_a_provider_says_is_one_short_line(server):
    server.fault = "500"
    server.says = 'No\n\x1b[31m"more"\u202e ' + "x" * 500
    problem = failing(server, "and says")
    assert problem.message.isprintable()
    assert len(problem.message) < 400
    assert "No [31m'more' xxx" in problem.message


# ---------------------------------------------------------------- who is asked


def test_nobody_but_the_provider_is_asked_and_only_for_words(server):
    provider = provider_of(server)
    way = Connections(ProviderHost(provider), ledger())
    for purpose, url in (
        ("search", server.url),
        ("download", server.url),
        ("ask", "http://127.0.0.1:9/v1"),
        ("ask", server.url.replace("http:", "https:")),
        ("ask", "https://huggingface.co/"),
        ("ask", f"http://127.0.0.2:{server.port}/"),
    ):
        with way.client(purpose, "a") as client, pytest.raises(CourierProblem) as caught:
            client.get(url)
        assert caught.value.kind == "refused"
    hub = Connections(Hosts(server.url, server.host), ledger())
    for purpose in ("ask", "models"):
        with hub.client(purpose, "a") as client, pytest.raises(CourierProblem) as caught:
            client.get(server.url)
        assert caught.value.kind == "refused"
    assert server.connections == 0
    assert listed() == []


@pytest.mark.parametrize("url", ["http://{host}/v1", "https://{host}/v1"])
def test_a_machine_of_ones_own_network_has_to_be_called_so(server, url):
    provider = provider_of(server, url=url.format(host=server.host), mine=False)
    problem = failing(server, "did not connect", provider=provider)
    assert problem.kind == "refused"
    assert "of your own" in problem.hint
    assert server.connections == 0


def test_what_can_be_read_on_the_way_stays_in_the_persons_network(server):
    """A name that leads out into the internet, though it was called the person's own."""
    provider = Provider(name="Box", url="http://box.test/v1", model="large-1", mine=True)
    for addresses in (["93.184.215.14"], ["127.0.0.1", "93.184.215.14"]):
        way = Connections(ProviderHost(provider), ledger(), lambda *_, at=addresses: at)
        with pytest.raises(CourierProblem, match="on the public internet") as caught:
            ask(way, provider, asked(body_of("a")), None, Stop(), Heard())
        assert caught.value.kind == "refused"
    assert listed() == []


def test_what_could_be_read_by_a_proxy_is_not_given_to_one(server, monkeypatch):
    with Loopback(other=page(b"{}", Content_Type="application/json")).running() as proxy:
        for name in ("http_proxy", "all_proxy", "HTTP_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        heard = Heard()
        answer(server, heard=heard)
    assert heard.text
    assert proxy.seen == []
    assert listed()[0].proxy is None


def test_a_name_is_looked_up_once(server):
    names: list[str] = []

    def look_up(host: str, *_: object) -> list[str]:
        names.append(host)
        return ["127.0.0.1"]

    provider = provider_of(server, url=f"http://box.test:{server.port}/v1")
    heard = Heard()
    way = Connections(ProviderHost(provider), ledger(), look_up)
    ask(way, provider, asked(body_of("a")), None, Stop(), heard)
    assert names == ["box.test"]
    assert server.requests[0].headers["host"] == f"box.test:{server.port}"
    assert (listed()[0].host, listed()[0].address) == ("box.test", "127.0.0.1")


def test_nobody_there_is_a_sentence(server):
    with ProviderServer() as gone:
        pass
    problem = failing(gone, "cannot be reached")
    assert problem.kind == "connection"


# ---------------------------------------------------------------- models


def models(server: ProviderServer, key: str | None = None) -> tuple[str, ...]:
    provider = provider_of(server)
    request = ListModels(id=1, provider="Box", agreed="looked")
    way = Connections(ProviderHost(provider), ledger())
    return list_models(way, provider, request, key, Stop()).models


def test_models_are_listed_in_the_providers_order(server):
    server.models = ("z", "a", "a", "bad\nname", "x" * 201, "")
    assert models(server, KEY) == ("z", "a")
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"
    (entry,) = listed()
    assert (entry.purpose, entry.method, entry.path) == ("models", "GET", "/v1/models")
    assert entry.body_sha256 is None


@pytest.mark.parametrize("fault", ["html", "huge", "redirect", "401", "404", "429", "500"])
def test_models_that_cannot_be_listed_are_a_sentence(server, fault):
    server.fault = fault
    with pytest.raises(CourierProblem) as caught:
        models(server)
    assert caught.value.kind in {"provider", "token", "busy", "refused"}
    assert caught.value.hint


@pytest.mark.parametrize("body", [b"[]", b"{", b'{"data": 3}', b"{}", b"null", b"\xff"])
def test_a_list_that_is_none_is_a_sentence(body):
    with Loopback(other=page(body, Content_Type="application/json")).running() as hub:
        provider = Provider(name="Box", url=hub.url, model="m", mine=True)
        way = Connections(ProviderHost(provider), ledger())
        request = ListModels(id=1, provider="Box", agreed="looked")
        with pytest.raises(CourierProblem, match="cannot be understood"):
            list_models(way, provider, request, None, Stop())


# ---------------------------------------------------------------- all that JSON can be


def answer_to(events: list[object], heard: Heard | None = None, *, done: bool = True) -> Answered:
    """Ask a server that says exactly this."""
    said = [each if isinstance(each, bytes) else json.dumps(each).encode() for each in events]
    data = b"".join(b"data: " + each + b"\n\n" for each in said) + b"data: [DONE]\n\n" * done
    with Loopback(other=page(data, Content_Type="text/event-stream; x=1")).running() as hub:
        provider = Provider(name="Box", url=hub.url, model="m", mine=True)
        way = Connections(ProviderHost(provider), ledger())
        return ask(way, provider, asked(body_of("a")), None, Stop(), heard or Heard())


def choice(**delta: object) -> dict[str, object]:
    return {"choices": [{"delta": delta}]}


@pytest.mark.parametrize(
    "event",
    [
        b"[" * 100_000,
        b"9" * 5000,
        b'"text"',
        b"null",
        b'{"choices": 3}',
        b'{"choices": [3]}',
        b'{"choices": [{"delta": "x"}]}',
        b'{"choices": [{"delta": {"content": "\\ud83d"}}]}',
        b'{"choices": [{"delta": {"content": "\xff"}}]}',
        choice(content={"a": 1}),
        choice(content=3),
        choice(reasoning=["a"]),
        choice(content=["a"]),
        choice(content=[{"thinking": [3]}]),
    ],
    ids=range(14),
)
def test_what_makes_no_sense_is_a_sentence(event):
    with pytest.raises(CourierProblem, match="cannot be understood") as caught:
        answer_to([choice(content="a"), event])
    assert caught.value.kind == "provider"


@pytest.mark.parametrize(
    ("event", "match"),
    [
        ({"choices": [{"delta": {"function_call": {"name": "x"}}}]}, "Nothing was run"),
        ({"choices": [{"delta": {}, "finish_reason": "function_call"}]}, "Nothing was run"),
        ({"error": "no"}, 'says: "no"'),
        ({"error": {"message": {"a": 1}}}, "broke off its answer[.]"),
        ({"error": {"code": 5}}, "broke off its answer[.]"),
    ],
)
def test_other_ways_to_say_so(event, match):
    with pytest.raises(CourierProblem, match=match):
        answer_to([choice(content="a"), event])


def test_odd_facts_are_not_believed():
    heard = Heard()
    end = answer_to(
        [
            {"model": "m\nX", "usage": 3, "choices": None},
            {"usage": {"prompt_tokens": -1, "completion_tokens": True}, **choice(content="a")},
            {"choices": [{"delta": {"refusal": "b"}, "finish_reason": 7},
                         {"delta": {"content": "of another answer"}}]},
            {"choices": []},
        ],
        heard,
    )  # fmt: skip
    assert heard.text == "ab"
    assert end == Answered(
        id=7, finish=None, model=None, prompt_tokens=None, reply_tokens=None,
        bytes_out=end.bytes_out, bytes_in=end.bytes_in,
    )  # fmt: skip


def test_what_follows_the_end_is_not_heard():
    heard = Heard()
    answer_to([choice(content="a"), b"[DONE]", choice(content="b")], heard)
    assert heard.text == "a"


# ---------------------------------------------------------------- TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for box.test, in one file."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs openssl(1) to make a certificate")
    folder = tmp_path_factory.mktemp("certificate")
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-keyout", folder / "key", "-out", folder / "cert", "-days", "2", "-subj",
         "/CN=box.test", "-addext", "subjectAltName=DNS:box.test"],
        check=True, capture_output=True,
    )  # fmt: skip
    both = folder / "both.pem"
    both.write_text((folder / "key").read_text() + (folder / "cert").read_text())
    return both


@pytest.fixture
def safe(certificate: Path) -> Iterator[Callable[[], ProviderServer]]:
    with contextlib.ExitStack() as running:

        def start() -> ProviderServer:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            return running.enter_context(ProviderServer("Safe.", safety=context))

        yield start


def ask_by_name(server: ProviderServer, name: str, heard: Heard) -> Answered:
    provider = provider_of(server, url=f"https://{name}:{server.port}/v1")
    way = Connections(ProviderHost(provider), ledger(), lambda *_: ["127.0.0.1"])
    return ask(way, provider, asked(body_of("a")), KEY, Stop(), heard)


def test_over_tls_it_is_the_same(safe, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    server, heard = safe(), Heard()
    ask_by_name(server, "box.test", heard)
    assert heard.text == "Safe."
    assert listed()[0].bytes_out == len(server.requests[0].raw)


def test_who_cannot_prove_who_it_is_gets_nothing(safe, certificate, monkeypatch):
    server = safe()
    with pytest.raises(CourierProblem, match="could not prove") as caught:
        ask_by_name(server, "box.test", Heard())
    assert caught.value.kind == "connection"
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with pytest.raises(CourierProblem, match="could not prove"):
        ask_by_name(server, "other.test", Heard())
    assert server.requests == []
    assert [(entry.bytes_out, entry.bytes_in) for entry in listed()] == [(0, 0)] * 2


def test_who_speaks_no_tls_gets_nothing(server):
    with pytest.raises(CourierProblem, match="could not be made safe") as caught:
        ask_by_name(server, "box.test", Heard())
    assert caught.value.kind == "connection"
    assert server.requests == []
