"""Providers' keys as the courier keeps and uses them; its keyring is one of this process."""

import hashlib
import json
import queue
import sys
import types

import pytest
from msgspec import structs

from homebody.base.paths import find_home
from homebody.courier import token
from homebody.courier.service import Service
from homebody.messages.courier import (
    Answered,
    AskElsewhere,
    FromCourier,
    KeepKey,
    KeyKept,
    ListModels,
    ModelsListed,
    Said,
    ToCourier,
)
from homebody.messages.frames import Failed
from homebody.messages.providers import Provider
from homebody.privacy.ledger import Ledger
from homebody.settings.providers import add_provider, remove_provider
from provider_server import ProviderServer

KEY = "sk-0123456789abcdef"


class Ring:
    """A keyring, in place of the system's, which tests must not touch."""

    priority = 5.0
    kept: dict[tuple[str, str], str]
    asked: list[str]
    broken = False

    def set_password(self, service, name, secret):
        self._may(name)
        self.kept[service, name] = secret

    def get_password(self, service, name):
        self._may(name)
        return self.kept.get((service, name))

    def delete_password(self, service, name):
        self._may(name)
        del self.kept[service, name]

    def _may(self, name):
        self.asked.append(name)
        if self.broken:
            raise RuntimeError(f"locked: {KEY}")


@pytest.fixture
def ring(monkeypatch):
    class Fresh(Ring):
        pass

    Fresh.kept, Fresh.asked = {}, []
    module = types.ModuleType("a_safe_keyring")
    module.Keyring = Fresh
    monkeypatch.setitem(sys.modules, "a_safe_keyring", module)
    places = {sys.platform: (("a_safe_keyring", "Keyring", "Test Keyring"),)}
    monkeypatch.setattr(token, "_SAFE", places)
    return Fresh


@pytest.fixture
def server():
    with ProviderServer(key=KEY) as server:
        add_provider(find_home(), box(server))
        yield server


def box(server: ProviderServer, name: str = "Box") -> Provider:
    return Provider(name=name, url=server.url, model="large-1", mine=True)


class Asked:
    """A service in this process."""

    def __init__(self) -> None:
        self._answers: queue.SimpleQueue[FromCourier] = queue.SimpleQueue()
        home = find_home()
        self._service = Service(home, Ledger(home.ledger, home.ledger_head), self._answers.put)

    def __call__(self, request: ToCourier) -> FromCourier:
        self._service.receive(request)
        while isinstance(answer := self._answers.get(timeout=20), Said):
            pass
        return answer

    def key(self, key: str | None, name: str = "Box", *, session: bool = False) -> FromCourier:
        return self(KeepKey(id=1, provider=name, key=key, session=session))

    def ask(self, server: ProviderServer) -> FromCourier:
        body = json.dumps(
            {"model": "large-1", "messages": [{"role": "user", "content": "a"}], "stream": True}
        )
        return self(
            AskElsewhere(
                id=2, provider="Box", url=server.url, model="large-1", body=body, agreed="yes",
                sha256=hashlib.sha256(body.encode()).hexdigest(),
            )
        )  # fmt: skip


def kind(answer: FromCourier) -> str:
    assert isinstance(answer, Failed)
    assert answer.hint
    assert KEY not in answer.message + answer.hint
    return answer.kind


def test_a_key_is_kept_used_and_forgotten(ring, server):
    asked = Asked()
    assert kind(asked.ask(server)) == "token"
    assert asked.key(None) == KeyKept(id=1, there=False, place="Test Keyring", session=False)
    assert asked.key(f" {KEY}\n") == KeyKept(id=1, there=True, place="Test Keyring", session=False)
    assert list(ring.kept) == [("homebody", "provider:box")]
    assert isinstance(asked.ask(server), Answered)
    answer = asked(ListModels(id=3, provider="BOX", agreed="a"))
    assert isinstance(answer, ModelsListed)
    # Another courier finds it too.
    assert isinstance(Asked().ask(server), Answered)
    assert asked.key("") == KeyKept(id=1, there=False, place="Test Keyring", session=False)
    assert ring.kept == {}
    assert kind(asked.ask(server)) == "token"


def test_a_key_is_for_the_host_that_it_was_given_for(ring, server):
    """Whoever writes another address into the list does not get it."""
    asked = Asked()
    asked.key(KEY)
    with ProviderServer() as other:
        add_provider(find_home(), box(other))
        assert isinstance(asked.ask(other), Answered)
        assert "authorization" not in other.requests[0].headers
        assert asked.key(None) == KeyKept(id=1, there=False, place="Test Keyring", session=False)
    # The same host, another path: it is the same one's.
    add_provider(find_home(), structs.replace(box(server), url=f"{server.url}"))
    assert isinstance(asked.ask(server), Answered)


def test_every_provider_has_a_key_of_its_own_and_the_hub_another(ring, server):
    asked = Asked()
    add_provider(find_home(), box(server, "Other"))
    hub = find_home().state / "token.kept"
    token.keep("hf_abcdefghijkl", hub)
    asked.key(KEY)
    asked.key("sk-other-0000", "Other")
    assert len(ring.kept) == 3
    asked.key("", "Box")
    assert asked.key(None, "Other").there
    assert token.read(hub) == "hf_abcdefghijkl"
    assert kind(asked.ask(server)) == "token"


def test_a_key_outlives_neither_its_provider_nor_a_change_of_mind(ring, server):
    asked = Asked()
    asked.key(KEY)
    remove_provider(find_home(), "Box")
    assert kind(asked.key(None)) == "refused"
    assert kind(asked.key(KEY)) == "refused"
    assert not asked.key("").there
    assert ring.kept == {}


def test_in_memory_or_in_the_keyring_never_both(ring, server):
    asked = Asked()
    assert asked.key(KEY, session=True).session
    assert ring.kept == {}
    assert not asked.key(KEY).session
    assert asked.key("sk-another-00", session=True).session
    assert kind(asked.ask(server)) == "token", "the newest one counts"
    assert not asked.key("").there
    assert ring.kept == {}


def test_who_never_gave_a_key_is_not_asked_to_unlock_anything(ring, server):
    asked = Asked()
    asked.ask(server)
    asked.key("")
    asked.key(None)
    assert ring.asked == []


def test_a_keyring_that_is_locked_is_said_without_the_key(ring, server):
    asked = Asked()
    ring.broken = True
    assert kind(asked.key(KEY)) == "token"
    assert not list(find_home().state.glob("key-*"))
    ring.broken = False
    asked.key(KEY)
    ring.broken = True
    assert kind(asked.ask(server)) == "token"
    assert kind(asked.key("")) == "token"


@pytest.mark.parametrize("key", ["sk-a\nX: y", "sk-a b", "sk-\xe9", "", "x" * 2000])
def test_what_others_wrote_into_the_keyring_is_no_key(ring, server, key):
    """It would stand in a header, and then in an error."""
    asked = Asked()
    asked.key(KEY)
    (place,) = ring.kept
    bound = ring.kept[place].partition(" ")[0]
    ring.kept[place] = f"{bound} {key}"
    answer = asked.ask(server)
    assert kind(answer) == "token"
    assert "authorization" not in server.requests[0].headers
    assert "sk-a" not in answer.message + find_home().ledger.read_text()
    hub = find_home().state / "token.kept"
    hub.touch()
    ring.kept["homebody", "hugging-face"] = f"hf_abcdefgh{key}"
    assert token.read(hub) in {None, "hf_abcdefgh"}


def test_a_key_in_an_older_form_is_for_nobody(ring, server):
    asked = Asked()
    asked.key(KEY)
    ring.kept["homebody", "provider:box"] = KEY
    assert kind(asked.ask(server)) == "token"
