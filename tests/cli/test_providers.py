"""`homebody providers …` as a person types it; every process is real."""

import json
import sys
import time

import pytest

from cli.support import HOMEBODY, Ran, run, surroundings
from homebody.base.paths import find_home
from homebody.privacy.ledger import entries
from homebody.settings.providers import load_providers
from provider_server import ProviderServer

KEY = "sk-0123456789abcdef"


@pytest.fixture
def server():
    with ProviderServer() as server:
        yield server


def providers(*words: str, **options: object) -> Ran:
    return run([*HOMEBODY, "providers", *words], **options)  # type: ignore[arg-type]


def test_without_any_the_presets_are_named():
    ran = providers("list")
    assert (ran.status, ran.out) == (0, "")
    assert "note: Ollama: http://localhost:11434/v1 --mine" in ran.err
    assert json.loads(providers("list", "--json").out)["providers"] == []


def test_added_listed_and_removed():
    ran = providers(
        "add", "Big", "https://api.example.org/v1/", "large-1", "--price-in", "2.5", "--currency",
        "EUR",
    )  # fmt: skip
    assert ran.status == 0
    assert ran.out.startswith("Big was added: large-1 at api.example.org; each request needs a yes")
    assert "homebody providers key Big" in ran.err
    ran = providers("add", "box", "http://192.168.1.20:8080", "qwen", "--mine")
    assert "one yes" in ran.out
    assert "was changed" in providers("add", "BOX", "http://192.168.1.20:8080", "q", "--mine").out
    lines = providers("list").out.splitlines()
    assert lines[0] == "Big: large-1 at https://api.example.org/v1"
    assert "2.5 EUR for a million tokens sent" in lines[1]
    report = json.loads(providers("list", "--json").out)
    assert report["path"] == str(find_home().providers)
    assert [each["name"] for each in report["providers"]] == ["Big", "BOX"]
    assert report["providers"][0] == {
        "name": "Big", "url": "https://api.example.org/v1", "model": "large-1", "mine": False,
        "agreed": None, "price_in": 2.5, "price_out": None, "currency": "EUR",
    }  # fmt: skip
    assert providers("remove", "big").out == "Big was removed.\n"
    assert [each.name for each in load_providers(find_home())] == ["BOX"]
    assert not find_home().ledger.exists()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("add", "Big", "http://api.example.org", "m"), "could be read on the way"),
        (("add", "Big", "api.example.org", "m"), "not the address of a provider"),
        (("add", "Bi\ng", "https://api.example.org", "m"), "one line"),
        (("add", "Big", "https://a.example", "m", "--price-in", "nan"), "A price"),
        (("remove", "Big"), "There is no provider 'Big'"),
        (("key", "Big"), "There is no provider 'Big'"),
        (("models", "Big"), "There is no provider 'Big'"),
    ],
)
def test_what_cannot_be_is_said(words, why):
    providers(*words).complained(why)


@pytest.mark.parametrize("action", ["list", "add", "remove", "key", "models"])
def test_a_list_that_is_broken_is_said_and_kept(action):
    home = find_home()
    home.config.mkdir(parents=True)
    home.providers.write_text("{")
    words = {"list": (), "add": ("a", "https://b.example", "m")}.get(action, ("a",))
    providers(action, *words).complained("providers.json cannot be understood")
    assert home.providers.read_text() == "{"


def test_models_are_listed_by_the_provider_itself(server):
    providers("add", "box", server.url, "large-1", "--mine")
    ran = providers("models", "box")
    assert (ran.status, ran.out, ran.err) == (0, "large-1\nsmall-1\n", "")
    (entry,) = entries(find_home().ledger)
    assert (entry.purpose, entry.agreed) == ("models", "homebody providers models box")
    server.models = ("\x1b[2Jodd", "other")
    ran = providers("models", "box")
    assert ran.out == "other\n"
    assert "large-1 is what you chose" in ran.err
    server.fault = "500"
    providers("models", "box").complained("trouble of its own")
    server.fault, server.key = "", KEY
    providers("models", "box").complained("wants a key")


def test_offline_nobody_is_asked(server):
    providers("add", "box", server.url, "large-1", "--mine")
    providers("models", "box", "--offline").complained("offline")
    providers("key", "box", "--offline", stdin=KEY.encode()).complained("offline")
    assert providers("key", "box", "--forget", "--offline").out == "No key is kept for box.\n"
    assert providers("remove", "box", "--offline").status == 0
    assert server.connections == 0


def test_without_a_safe_place_a_key_is_kept_nowhere(server, profile, monkeypatch):
    """Whatever keyring somebody has configured."""
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
    providers("add", "box", server.url, "large-1", "--mine")
    plain = {"PYTHON_KEYRING_BACKEND": "keyrings.alt.file.PlaintextKeyring"}
    ran = providers("key", "box", stdin=KEY.encode(), environment=plain)
    ran.complained("no keyring that is safe for a key", "GNOME Keyring")
    assert KEY not in ran.err
    held = [path for path in profile.rglob("*") if path.is_file()]
    assert [path for path in held if KEY.encode() in path.read_bytes()] == []
    assert providers("key", "box", "--forget").out == "No key is kept for box.\n"


@pytest.mark.skipif(sys.platform == "win32", reason="there is no terminal to type into there")
def test_a_key_is_typed_without_being_shown(tmp_path):
    """The question itself, on a terminal: nothing that is typed comes back."""
    import pexpect

    asked = tmp_path / "asked.py"
    asked.write_text(
        "from homebody.cli.providers import _asked\n"
        "from homebody.messages.providers import Provider\n"
        "key = _asked(Provider(name='Box', url='https://api.example.org/v1', model='m'))\n"
        f"print(key == {KEY!r})\n"
    )
    child = pexpect.spawn(
        sys.executable, ["-P", str(asked)], env=surroundings(), encoding="utf-8", timeout=30
    )
    child.expect("Key for Box at api.example.org")
    time.sleep(0.2)
    child.sendline(KEY)
    child.expect(pexpect.EOF)
    child.close()
    assert KEY not in (child.before or "")
    assert "True" in (child.before or "")
