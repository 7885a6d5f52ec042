"""One journey on a real screen (Xvfb): real key presses, real clicks, the real model."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from homebody.base.paths import find_home
from homebody.store.store import Store

NEEDED = ("Xvfb", "xdotool", "strace")
DEADLINE = 90.0
TURNS = "What is the capital of Japan?", "Name a colour."


@pytest.fixture
def display() -> Iterator[str]:
    """Start a screen of our own."""
    for program in NEEDED:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    reading, writing = os.pipe()
    screen = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1280x860x24", "-nolisten", "tcp"],
        pass_fds=[writing],
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    with os.fdopen(reading) as pipe:
        number = pipe.readline().strip()
    assert number, "Xvfb did not start"
    yield f":{number}"
    screen.terminate()
    screen.wait(30)


def wait(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {DEADLINE:.0f} s for {what}")
        time.sleep(0.1)


class Screen:
    """A person in front of a screen."""

    def __init__(self, display: str, trace: Path) -> None:
        names = ("QT_QPA_PLATFORM", "WAYLAND_DISPLAY")
        self._env = {key: value for key, value in os.environ.items() if key not in names}
        self._env["DISPLAY"] = display
        strace = ["strace", "-f", "-qq", "-e", "trace=socket,connect", "-o", str(trace)]
        self.app = subprocess.Popen([*strace, *self._homebody()], env=self._env)
        wait(self.windows, "the window")

    @staticmethod
    def _homebody() -> list[str]:
        return [sys.executable, "-P", "-m", "homebody"]

    def do(self, *arguments: str) -> str:
        done = subprocess.run(
            ["xdotool", *arguments],
            env=self._env,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.stdout.strip()

    def windows(self) -> list[str]:
        return self.do("search", "--onlyvisible", "--name", "Homebody").split()

    def say(self, text: str) -> None:
        self.do("type", "--delay", "15", text)
        self.do("key", "Return")

    def again(self) -> subprocess.CompletedProcess[bytes]:
        """Start Homebody a second time."""
        return subprocess.run(
            self._homebody(), env=self._env, capture_output=True, timeout=60, check=False
        )


def answers() -> list[str]:
    """Return the replies that are in the store and complete."""
    if not find_home().database.exists():
        return []
    store = Store.open(find_home())
    try:
        return [
            turn.reply
            for conversation in store.conversations()
            for turn in store.branch(conversation.id)
            if turn.state == "done"
        ]
    finally:
        store.close()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="Xvfb is a Linux program")
def test_a_person_types_clicks_starts_it_twice_and_leaves(display: str, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    screen = Screen(display, trace)
    try:
        screen.say(TURNS[0])
        wait(lambda: len(answers()) == 1, "the first answer")
        assert "Tokyo" in answers()[0]
        # "New chat", at the top left of the window.
        place = screen.do("getwindowgeometry", "--shell", screen.windows()[0])
        x, y = (
            int(line.partition("=")[2])
            for line in place.splitlines()
            if line.startswith(("X=", "Y="))
        )
        screen.do("mousemove", str(x + 70), str(y + 68), "click", "1")
        time.sleep(0.5)
        screen.say(TURNS[1])
        wait(lambda: len(answers()) == 2, "the second answer")
        store = Store.open(find_home())
        assert len(store.conversations()) == 2, "the click began a new conversation"
        store.close()
        second = screen.again()
        assert (second.returncode, second.stdout, second.stderr) == (0, b"", b"")
        assert len(screen.windows()) == 1, "one window for a profile"
        screen.do("key", "ctrl+q")
        assert screen.app.wait(60) == 0
    finally:
        if screen.app.poll() is None:
            screen.app.send_signal(signal.SIGTERM)
            screen.app.wait(30)
    calls = trace.read_text("utf-8", "replace").splitlines()
    assert any("AF_UNIX" in call for call in calls), "the trace saw something"
    # Each lock tries one socket, to know that it holds: the window's, the engine's that chats, the
    # planner's. Nothing else may even try.
    tried = [call for call in calls if "AF_INET" in call]
    assert len(tried) <= 3
    assert [call for call in tried if "= -1 EACCES" not in call] == []


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_window_that_is_told_to_end_ends_as_if_it_were_closed(number: signal.Signals) -> None:
    env = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    app = subprocess.Popen([sys.executable, "-P", "-m", "homebody"], env=env)
    try:
        wait(find_home().database.exists, "the conversations")
        app.send_signal(number)
        assert app.wait(60) == 0
        assert (find_home().state / "window.json").exists(), "it remembered where it was"
    finally:
        if app.poll() is None:
            app.kill()
            app.wait(30)
