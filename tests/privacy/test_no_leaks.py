"""Keys and private values, planted in real sessions, and then looked for everywhere.

Nothing of a provider's key may be anywhere but in the system's keyring and on the wire to that
provider. What a person wrote may be in the rows of the store, which are theirs; not in a log, the
ledger, another file, a process's arguments or its environment.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli.support import DEADLINE, HOMEBODY, run, scripted
from homebody.base.paths import find_home
from homebody.engine.scripted import ScriptedReply
from homebody.messages.providers import Provider
from homebody.privacy.dictionary import PrivateWord, save_words
from homebody.privacy.ledger import entries, verify
from homebody.settings.providers import add_provider
from privacy.watching import WINDOW, Watch, hash_of
from provider_server import ProviderServer

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it looks into /proc")

SERVICE = Path(__file__).with_name("keyring_service")
KEY = "sk-canary-9f8e7d6c5b4a3928171605f4e3d2c1b0"
MAIL = "zora.kanarie@canary-mail.example.org"
IBAN = "DE89370400440532013000"
NAME = "Kanarienstein"
PRIVATE = (MAIL, IBAN, NAME)
QUESTION = f"Write to {MAIL} that {NAME} pays to {IBAN}."
Write = Callable[..., Path]


@pytest.fixture
def ring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A keyring of the system's, for the couriers of this test; return its file."""
    folder = tmp_path / "keyring-service"
    shutil.copytree(SERVICE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setenv("PYTHONPATH", str(folder), prepend=os.pathsep)
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return folder / "ring.json"


@pytest.fixture
def server() -> Iterator[ProviderServer]:
    with ProviderServer(reply="Sent to {echo}", key=KEY) as provider:
        yield provider


@pytest.fixture
def session(ring: Path, server: ProviderServer, profile: Path) -> Path:
    """A profile that logs all it can, knows a provider with its key, and a private word."""
    profile.mkdir()
    (profile / "settings.toml").write_text('log_level = "DEBUG"\nthreads = 1\n')
    home = find_home()
    add_provider(home, Provider(name="cloud", url=server.url, model="large-1", mine=True))
    save_words(home, [PrivateWord(NAME, "PERSON")])
    said = run([*HOMEBODY, "providers", "key", "cloud"], stdin=f"{KEY}\n".encode())
    assert said.status == 0, said
    assert KEY in ring.read_text("utf-8")
    assert KEY not in said.out + said.err
    return profile


def hits(folder: Path, words: tuple[str, ...], but: tuple[str, ...] = ()) -> list[str]:
    """Return where in a folder's files, as UTF-8 or UTF-16, one of these words stands."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.relative_to(folder).as_posix().startswith(but):
            data = path.read_bytes()
            found += [
                f"{path.name}: {word}"
                for word in words
                if word.encode() in data or word.encode("utf-16-le") in data
            ]
    return found


STORE = ("homebody.sqlite", "backups/")
"""The store's own rows."""


def nothing_leaked(profile: Path) -> None:
    log = (profile / "homebody.log").read_text("utf-8")
    assert "started: " in log, "there is no log to look at"
    assert hits(profile, (KEY,)) == []
    assert hits(profile, (MAIL, IBAN), but=STORE) == []
    # This one the person gave to be kept.
    assert hits(profile, (NAME,), but=(*STORE, "private.json")) == []


def test_a_question_that_was_asked_elsewhere(
    session: Path, server: ProviderServer, write_script: Write
) -> None:
    script = write_script(ScriptedReply("I cannot.", delay=0.02))
    with Watch((KEY, *PRIVATE)) as watch:
        first = scripted(script, "ask", "--remote", "cloud", QUESTION)
        assert (first.status, "--consent" in first.err) == (1, True), first
        assert server.connections == 0
        asked = scripted(script, "ask", "--remote", "cloud", "--consent", hash_of(first), QUESTION)
        assert asked.status == 0, asked
        again = scripted(script, "chat", stdin=f"{QUESTION}\n".encode())
        offscreen = {"QT_QPA_PLATFORM": "offscreen"}
        window = run([sys.executable, "-P", "-c", WINDOW], environment=offscreen)
        assert "status 0" in window.out, window
        doctor = scripted(script, "doctor")
    assert server.connections == 1
    (sent,) = server.requests
    assert sent.headers["authorization"] == f"Bearer {KEY}"
    assert [word for word in PRIVATE if word.encode() in sent.raw] == []
    # The person reads their own words: they were put back here.
    assert [word for word in PRIVATE if word not in asked.out] == []
    for ran in (first, asked, again, window, doctor):
        assert KEY not in ran.out + ran.err
    assert {"front end", "porter", "courier", "scripted-engine"} <= set(watch.seen), watch.seen
    assert watch.found == set()
    home = find_home()
    assert [entry.purpose for entry in entries(home.ledger)] == ["ask"]
    assert verify(home.ledger, home.ledger_head).ok
    nothing_leaked(session)


@pytest.mark.parametrize("fault", ["401", "500", "html", "cut", "error_event"])
def test_a_provider_that_tells_the_key_back(
    session: Path, server: ProviderServer, write_script: Write, fault: str
) -> None:
    """Some write the key into their errors; what a person or a log reads must not hold it."""
    script = write_script("At home, then.")
    server.says = f"Incorrect API key provided: {KEY}. Your question was: {MAIL}"
    first = scripted(script, "ask", "--remote", "cloud", QUESTION)
    server.fault = fault  # type: ignore[assignment]
    asked = scripted(script, "ask", "--remote", "cloud", "--consent", hash_of(first), QUESTION)
    assert KEY not in asked.out + asked.err
    assert server.connections == 1
    nothing_leaked(session)


def test_engines_that_crash_or_talk_nonsense(session: Path, write_script: Write) -> None:
    """What a crash notice keeps is what the engine printed last, and it goes into no file."""
    with Watch((KEY, *PRIVATE)) as watch:
        for broken in (
            ScriptedReply(f"{MAIL} {NAME} {IBAN} crashes", crash=2),
            ScriptedReply(f"{MAIL} {NAME} {IBAN} is nonsense", garbage=2),
        ):
            scripted(write_script(broken), "chat", stdin=f"{QUESTION}\n".encode())
    assert "scripted-engine" in watch.seen
    assert watch.found == set()
    nothing_leaked(session)


def test_the_search_finds_what_is_there(tmp_path: Path) -> None:
    """Or the others would show nothing: a file and a process that do hold one."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "some.log").write_text(f"x{MAIL}x")
    (tmp_path / "folder" / "wide").write_bytes(KEY.encode("utf-16"))
    assert len(hits(tmp_path, (KEY, MAIL))) == 2
    code = "import time; time.sleep(60)"
    with (
        Watch((KEY, MAIL)) as watch,
        subprocess.Popen(
            [sys.executable, "-c", code, "--as", "engine", MAIL], env={**os.environ, "K": KEY}
        ) as child,
    ):
        ended = time.monotonic() + DEADLINE
        while len(watch.found) < 2 and time.monotonic() < ended:
            time.sleep(0.01)
        child.kill()
    assert watch.found == {f"engine: {KEY}", f"engine: {MAIL}"}
