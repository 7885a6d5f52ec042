"""The person's token: in the system's own keyring, or nowhere."""

import sys
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
        if self.broken:
            raise RuntimeError("locked: dismissed")


@pytest.fixture
def ring(monkeypatch):
    class Fresh(Ring):
        pass

    Fresh.kept = {}
    module = types.ModuleType("a_safe_keyring")
    module.Keyring = Fresh
    monkeypatch.setitem(sys.modules, "a_safe_keyring", module)
    places = {sys.platform: (("a_safe_keyring", "Keyring", "Test Keyring"),)}
    monkeypatch.setattr(token, "_SAFE", places)
    return Fresh


@pytest.fixture
def no_ring(monkeypatch):
    monkeypatch.setattr(token, "_SAFE", {})


def test_a_token_is_kept_read_and_forgotten(ring):
    assert token.read() is None
    token.keep(f"  {GOOD}\n")
    assert (token.read(), token.place()) == (GOOD, "Test Keyring")
    assert ring.kept == {("homebody", "hugging-face"): GOOD}
    token.forget()
    token.forget()
    assert token.read() is None


@pytest.mark.parametrize(
    "text", ["", "hf_", "with space inside", "ümlaut-token", "x" * 600, "a\0bcdefgh"]
)
def test_what_is_no_token_is_not_kept(ring, text):
    with pytest.raises(CourierProblem) as caught:
        token.keep(text)
    assert caught.value.kind == "bad_request"
    assert ring.kept == {}


def test_without_a_safe_place_nothing_is_kept(no_ring):
    assert (token.read(), token.place()) == (None, "")
    token.forget()
    with pytest.raises(CourierProblem) as caught:
        token.keep(GOOD)
    assert caught.value.kind == "token"
    assert GOOD not in caught.value.message + caught.value.hint


def test_a_keyring_that_is_locked_is_said_without_the_token(ring):
    ring.broken = True
    assert token.read() is None
    for call in (lambda: token.keep(GOOD), token.forget):
        with pytest.raises(CourierProblem) as caught:
            call()
        assert caught.value.kind == "token"
        assert GOOD not in caught.value.message


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
