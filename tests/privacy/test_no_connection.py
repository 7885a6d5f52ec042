"""Without a yes nothing connects: counted by the kernel, and by the provider that was not asked.

Every run is Homebody as it is, with a provider in its list that listens on this machine. strace
follows each process; the provider counts who comes. That both count is shown by the same run with a
yes. For every test of the suite: torture/connections.py.
"""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli.support import DEADLINE, DRIVER, Ran, surroundings
from homebody.base.paths import find_home
from homebody.engine.scripted import ScriptedReply
from homebody.messages.providers import Provider
from homebody.settings.providers import add_provider, agree
from privacy.watching import WINDOW, hash_of
from provider_server import ProviderServer
from torture.connections import TRACED, Result, look

pytestmark = [
    pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed"),
    pytest.mark.skipif(sys.platform != "linux", reason="strace is Linux's"),
]

QUESTION = "Write to zora@kanarie.example.org about the matter."
Run = Callable[..., tuple[Ran, Result]]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ProviderServer]:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    with ProviderServer(reply="From elsewhere: {echo}") as provider:
        yield provider


@pytest.fixture
def traced(
    server: ProviderServer, write_script: Callable[..., Path], tmp_path: Path, profile: Path
) -> Run:
    """Run the terminal with a scripted engine under strace: what it printed, and who connected."""
    profile.mkdir()
    (profile / "settings.toml").write_text("threads = 1\n")
    home = find_home()
    add_provider(home, Provider(name="cloud", url=server.url, model="large-1", mine=True))
    script = write_script(ScriptedReply("From here."))
    trace = tmp_path / "trace"

    def start(*arguments: str, stdin: bytes = b"", code: str = "") -> tuple[Ran, Result]:
        command = ["-P", "-c", code] if code else [str(DRIVER), str(script), *arguments]
        done = subprocess.run(
            [
                *("strace", "-f", "-qq", "-v", "--seccomp-bpf", "-s", "300", "-o", str(trace)),
                *("-e", f"trace={TRACED}", "-e", "signal=none"),
                *(sys.executable, *command),
            ],
            input=stdin,
            capture_output=True,
            env=surroundings() | ({"QT_QPA_PLATFORM": "offscreen"} if code else {}),
            timeout=DEADLINE * 2,
            check=False,
        )
        ran = Ran(done.returncode, done.stdout.decode(), done.stderr.decode())
        assert "Traceback" not in ran.err, ran
        assert "Homebody made a mistake" not in ran.err, ran
        result = look(trace)
        assert code or result.processes.get("front end") == 1, "strace did not see it"
        return ran, result

    return start


WITHOUT = {
    "a question": (("ask", QUESTION), b""),
    "a question with a provider, and no yes": (("ask", "--remote", "cloud", QUESTION), b""),
    "a yes to something else": (
        ("ask", "--remote", "cloud", "--consent", "0" * 64, QUESTION),
        b"",
    ),
    "offline": (("ask", "--offline", "--remote", "cloud", QUESTION), b""),
    "nobody of that name": (("ask", "--remote", "nobody", QUESTION), b""),
    "a chat": (("chat",), f"{QUESTION}\n".encode()),
    "what is looked at": (("ledger", "verify"), b""),
    "the list": (("providers", "list"), b""),
    "doctor": (("doctor",), b""),
}


@pytest.mark.parametrize("run", WITHOUT)
def test_without_a_yes_nothing_connects(run: str, traced: Run, server: ProviderServer) -> None:
    arguments, stdin = WITHOUT[run]
    _, result = traced(*arguments, stdin=stdin)
    assert (result.reached, result.elsewhere) == ({}, [])
    assert "courier" not in result.processes, "the process that connects was started"
    assert server.connections == 0
    assert not find_home().ledger.exists()


def test_with_a_yes_the_courier_connects_once_and_nobody_else_does(
    traced: Run, server: ProviderServer
) -> None:
    """And both ways to count do count."""
    first, _ = traced("ask", "--remote", "cloud", QUESTION)
    ran, result = traced("ask", "--remote", "cloud", "--consent", hash_of(first), QUESTION)
    assert "From elsewhere" in ran.out
    assert (result.reached, result.elsewhere, result.wrong) == ({"courier": 1}, [], [])
    assert server.connections == 1


def test_a_machine_of_ones_own_that_was_agreed_to_is_not_asked_by_itself(
    traced: Run, server: ProviderServer
) -> None:
    """A standing yes is for what the person asks elsewhere, not for everything."""
    agree(find_home(), "cloud", "2026-01-01T00:00:00Z")
    ran, result = traced("ask", QUESTION)
    assert (ran.out, result.reached, server.connections) == ("From here.\n", {}, 0)


def test_a_window_with_a_provider_and_an_offer_that_waits_connects_to_nothing(
    traced: Run, server: ProviderServer
) -> None:
    traced("ask", "--remote", "cloud", QUESTION)
    ran, result = traced(code=WINDOW)
    assert "status 0" in ran.out, ran
    assert (result.reached, result.elsewhere, server.connections) == ({}, [], 0)
    assert "porter" in result.processes
    assert "courier" not in result.processes
