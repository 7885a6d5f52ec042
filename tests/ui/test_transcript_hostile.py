"""Nothing that a model or a file wrote is ever loaded, as the kernel sees it."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ui.hostile_texts import MARK, hostile_texts

TEXTS = Path(__file__).with_name("hostile_texts.py")

pytestmark = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")


def watched(tmp_path: Path, *arguments: str) -> list[str]:
    """Run the program that shows the texts, and return its calls with a path or an address."""
    trace = tmp_path / "trace"
    done = subprocess.run(
        [
            *("strace", "-f", "-qq", "--seccomp-bpf", "-s", "400", "-o", str(trace)),
            *("-e", "trace=connect,sendto,sendmsg,%file", "-e", "signal=none"),
            *(sys.executable, "-P", str(TEXTS), *arguments),
        ],
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert f"{len(hostile_texts())} shown" in done.stdout
    return trace.read_text("utf-8", errors="replace").splitlines()


def reached(calls: list[str]) -> list[str]:
    """Return the calls that name what a text named, or go to another host."""
    to_hosts = re.compile(r"\bconnect\(.*AF_INET|\bsend(to|msg)\(.*AF_INET")
    return [call for call in calls if MARK in call or to_hosts.search(call)]


def test_there_are_enough_of_them() -> None:
    texts = hostile_texts()
    assert len(set(texts)) >= 500
    assert all(MARK in text for text in texts)


@pytest.mark.slow
def test_showing_them_opens_nothing_that_they_name_and_connects_to_nobody(tmp_path: Path) -> None:
    calls = watched(tmp_path)
    assert len(calls) > 100, "the trace is empty: it proves nothing"
    assert reached(calls) == []
    assert [call for call in calls if "connect(" in call] == []


@pytest.mark.slow
def test_the_same_texts_shown_by_qt_itself_do_open_files(tmp_path: Path) -> None:
    """Or else the test above could not fail."""
    assert reached(watched(tmp_path, "naive"))
