"""The log holds no word of any conversation, whatever happens in it."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli.support import DEADLINE, DRIVER, Ran, homebody, scripted
from homebody.engine.scripted import ScriptedReply

MARKER = "xylophone"
Write = Callable[..., Path]


@pytest.fixture(autouse=True)
def the_log_is_private(profile: Path) -> Iterator[None]:
    """Whatever a test did, at the highest level of logging: the marker is not in the log."""
    profile.mkdir()
    (profile / "settings.toml").write_text(
        'log_level = "DEBUG"\nthreads = 1\nmax_reply_tokens = 64\n'
    )
    yield
    log = (profile / "homebody.log").read_text("utf-8")
    assert "started: " in log or "bug: " in log, "there is no log to look at"
    assert MARKER not in log


def test_a_conversation(write_script: Write) -> None:
    script = write_script(ScriptedReply(f"The {MARKER} is an instrument.", reasoning=MARKER))
    assert MARKER in scripted(script, "ask", f"what is a {MARKER}?").out


def test_a_real_engine() -> None:
    assert homebody("ask", f"Say {MARKER}").status == 0


def test_a_crash_in_the_middle_of_a_reply(write_script: Write) -> None:
    script = write_script(ScriptedReply(f"The {MARKER} crashes", crash=2))
    scripted(script, "ask", MARKER).complained("gave up")


def test_an_engine_that_talks_nonsense(write_script: Write) -> None:
    script = write_script(ScriptedReply(f"The {MARKER} is", garbage=2, delay=0.05))
    scripted(script, "ask", MARKER).complained("not a message of ours")


def test_the_path_of_a_model_that_does_not_work(write_script: Write, tmp_path: Path) -> None:
    # A session that got as far as its log, and then a wrong model.
    scripted(write_script("x"), "ask", "hi")
    path = tmp_path / f"{MARKER}.gguf"
    homebody("ask", "--model", path, "hi").complained(MARKER)
    path.write_bytes(b"GGUF\3\0\0\0" + MARKER.encode() * 100)
    homebody("ask", "--model", path, "hi").complained(MARKER)


def test_a_bug_of_ours_whose_exception_quotes_the_conversation(
    write_script: Write, tmp_path: Path
) -> None:
    """What a person sees of it is a sentence with a place; what the log gets is the place."""
    buggy = tmp_path / "buggy.py"
    buggy.write_text(
        "import runpy, sys\n"
        "from homebody.assistant import turn\n"
        "def broken(request):\n"
        "    raise RuntimeError(f'cannot make a title of {request}')\n"
        "turn.title_for = broken\n"
        f"sys.argv = [{str(DRIVER)!r}, *sys.argv[1:]]\n"
        f"runpy.run_path({str(DRIVER)!r}, run_name='__main__')\n"
    )
    done = subprocess.run(
        [sys.executable, str(buggy), str(write_script("x")), "ask", MARKER],
        capture_output=True,
        timeout=DEADLINE,
        check=False,
    )
    ran = Ran(done.returncode, done.stdout.decode(), done.stderr.decode())
    ran.complained("Homebody made a mistake (RuntimeError at ", "What was saved is safe")
    assert MARKER not in ran.err
