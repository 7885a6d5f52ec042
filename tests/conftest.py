"""Every test has a profile of its own, and leaves nothing running behind."""

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from msgspec import json

from assistant.support import Scripted
from homebody.engine.scripted import Script, ScriptedReply
from outside import nothing_reached_elsewhere

# A fixture of every test, as those below.
__all__ = ["nothing_reached_elsewhere"]

# Qt, should a test ever start it, draws into memory.
os.environ["QT_QPA_PLATFORM"] = "offscreen"

_LEAVE_SECONDS = 20.0

_status = 0


def pytest_sessionfinish(exitstatus: int) -> None:
    """Keep the status, for the end."""
    global _status  # noqa: PLW0603
    _status = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """End at once where Qt was used: everything was told by now, and the status is kept.

    When Python takes itself down after hundreds of windows, what is left of them sometimes calls
    it once more (PyErr_Fetch without a thread, SIGSEGV): in one run of ten or so, always after the
    last line. Homebody itself ends with one window; test_screen looks at its status.
    """
    if "PySide6.QtWidgets" in sys.modules:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(_status)


@pytest.fixture(autouse=True)
def nothing_left_behind() -> Iterator[None]:
    """Fail a test that leaves a process or a thread behind, and name it."""
    processes, threads = set(_children()), set(threading.enumerate())
    yield
    deadline = time.monotonic() + _LEAVE_SECONDS
    while (left := _left(processes, threads)) and time.monotonic() < deadline:
        time.sleep(0.02)
    for child in set(_children()) - processes:
        with contextlib.suppress(psutil.Error):
            child.kill()
    if left:
        pytest.fail(f"left behind: {', '.join(left)}")


@pytest.fixture(autouse=True)
def profile(nothing_left_behind: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that holds everything of the app during one test."""
    # Asked for so that it looks last, when everything else of the test has been taken down.
    del nothing_left_behind
    folder = tmp_path / "homebody-home"
    monkeypatch.setenv("HOMEBODY_HOME", str(folder))
    return folder


def _children() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


def _left(processes: set[psutil.Process], threads: set[threading.Thread]) -> list[str]:
    left = []
    for child in set(_children()) - processes:
        with contextlib.suppress(psutil.Error):
            left.append(f"process {' '.join(child.cmdline())}")
    return left + [f"thread {each.name}" for each in set(threading.enumerate()) - threads]


@pytest.fixture
def write_script(tmp_path: Path) -> Callable[..., Path]:
    """Write what the scripted engine is to say to a file: `write_script(reply, …, context=…)`."""

    def write(*replies: ScriptedReply | str, **facts: object) -> Path:
        path = tmp_path / "script.json"
        said = tuple(ScriptedReply(reply) if isinstance(reply, str) else reply for reply in replies)
        facts.setdefault("log", str(tmp_path / "requests.jsonl"))
        path.write_bytes(json.encode(Script(replies=said, **facts)))  # type: ignore[arg-type]
        return path

    return write


@pytest.fixture
def scripted(write_script: Callable[..., Path]) -> Iterator[Callable[..., Scripted]]:
    """Start an assistant on a scripted engine and a store on disk: `scripted(reply, …)`."""
    with contextlib.ExitStack() as opened:

        def start(
            *replies: ScriptedReply | str,
            temporary: bool = False,
            system: str = "",
            **facts: object,
        ) -> Scripted:
            script = write_script(*replies, **facts)
            return opened.enter_context(
                Scripted.started(script, temporary=temporary, system=system)
            )

        yield start
