"""The person's token: in the system's own keyring, or nowhere."""

import sys
import threading
import time
import types

import pytest
from keyring import backend

from homebody.base.errors import CourierProblem
from homebody.courier import token

GOOD = "hf_abcdefghijklmnop"


class Ring:
    """A keyring, in place of the system's, which tests must not touch."""

    priority = 5.0
    kept: dict[tuple[str, str], str]
    broken = False
    asked: list[int]
    silence: threading.Event

    def set_password(self, service, name, secret):
        self._may()
        self.kept[service, name] = secret

    def get_password(self, service, name):
        self._may()
        return self.kept.get((service, name))

    def delete_password(self, service, name):
        self._may()
        del self.kept[service, name]

    def _may(self):
        self.asked.append(1)
        self.silence.wait(20)
        if self.broken:
            raise RuntimeError("locked: dismissed")


@pytest.fixture
def ring(monkeypatch):
    class Fresh(Ring):
        pass

    Fresh.kept, Fresh.asked, Fresh.silence = {}, [], threading.Event()
    Fresh.silence.set()
    module = types.ModuleType("a_safe_keyring")
    module.Keyring = Fresh
    monkeypatch.setitem(sys.modules, "a_safe_keyring", module)
    places = {sys.platform: (("a_safe_keyring", "Keyring", "Test Keyring"),)}
    monkeypatch.setattr(token, "_SAFE", places)
    yield Fresh
    Fresh.silence.set()


@pytest.fixture
def mark(tmp_path):
    return tmp_path / "state" / "token.kept"


@pytest.fixture
def no_ring(monkeypatch):
    monkeypatch.setattr(token, "_SAFE", {})


def test_a_token_is_kept_read_and_forgotten(mark, ring):
    assert token.read(mark) is None
    token.keep(f"  {GOOD}\n", mark)
    assert (token.read(mark), token.place()) == (GOOD, "Test Keyring")
    assert ring.kept == {("homebody", "hugging-face"): GOOD}
    token.forget(mark)
    token.forget(mark)
    assert token.read(mark) is None


@pytest.mark.parametrize(
    "text", ["", "hf_", "with space inside", "ümlaut-token", "x" * 600, "a\0bcdefgh"]
)
def test_what_is_no_token_is_not_kept(mark, ring, text):
    with pytest.raises(CourierProblem) as caught:
        token.keep(text, mark)
    assert caught.value.kind == "bad_request"
    assert ring.kept == {}


def test_without_a_safe_place_nothing_is_kept(mark, no_ring):
    assert (token.read(mark), token.place()) == (None, "")
    token.forget(mark)
    with pytest.raises(CourierProblem) as caught:
        token.keep(GOOD, mark)
    assert caught.value.kind == "token"
    assert GOOD not in caught.value.message + caught.value.hint


def test_a_keyring_that_is_locked_is_said_without_the_token(mark, ring):
    ring.broken = True
    assert token.read(mark) is None
    for call in (lambda: token.keep(GOOD, mark), lambda: token.forget(mark)):
        with pytest.raises(CourierProblem) as caught:
            call()
        assert caught.value.kind == "token"
        assert GOOD not in caught.value.message
    assert not mark.exists()


def test_who_never_kept_a_token_is_not_asked_to_unlock_anything(mark, ring):
    assert token.read(mark) is None
    assert ring.asked == []
    token.keep(GOOD, mark)
    token.forget(mark)
    ring.asked.clear()
    assert token.read(mark) is None
    assert ring.asked == []


def test_a_keyring_that_says_nothing_is_not_waited_for(mark, ring, monkeypatch):
    monkeypatch.setattr(token, "_READ_SECONDS", 0.2)
    monkeypatch.setattr(token, "_UNLOCK_SECONDS", 0.2)
    token.keep(GOOD, mark)
    ring.silence.clear()
    before = time.monotonic()
    assert token.read(mark) is None
    for call in (lambda: token.keep(GOOD, mark), lambda: token.forget(mark)):
        with pytest.raises(CourierProblem, match="in time") as caught:
            call()
        assert caught.value.kind == "token"
    assert time.monotonic() - before < 5.0


def test_a_token_that_cannot_be_forgotten_now_is_said(mark, ring, monkeypatch):
    token.keep(GOOD, mark)
    monkeypatch.setattr(token, "_SAFE", {})
    with pytest.raises(CourierProblem, match="did not forget"):
        token.forget(mark)


def test_a_keyring_that_cannot_be_used_here_is_no_place(ring):
    ring.priority = 0
    assert token.place() == ""


@pytest.mark.parametrize(
    "unsafe", ["keyring.backends.fail.Keyring", "keyring.backends.null.Keyring",
               "keyrings.alt.file.PlaintextKeyring"]
)  # fmt: skip
def test_no_environment_and_no_configuration_chooses_another_place(no_ring, monkeypatch, unsafe):
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", unsafe)
    assert token.place() == ""


def test_the_places_that_are_named_are_those_that_keyring_has():
    import importlib

    for places in ("linux", "darwin", "win32"):
        for module, name, _ in token._SAFE[places]:
            if sys.platform == places:
                kind = getattr(importlib.import_module(module), name)
                assert issubclass(kind, backend.KeyringBackend)
