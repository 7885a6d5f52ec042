"""No child outlives its front end: the short form of torture/orphans.py, and its two ropes."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

if sys.platform != "linux":
    pytest.skip("parent-death signal and /proc", allow_module_level=True)

from homebody.wire.child import BEAT_SECONDS
from torture.orphans import torture
from wire.kit import alive, eventually, kill, scripted, state_of

FRONT_END = """
import sys, threading, time
from homebody.wire.keeper import child_command
from wire.kit import Watched
watched = Watched(child_command("scripted-engine", sys.argv[2]))
if sys.argv[1] == "from a brief thread":
    starter = threading.Thread(target=watched.keeper.start)
    starter.start()
    starter.join()
else:
    watched.keeper.start()
print(watched.ready(), flush=True)
time.sleep(600)
"""


@contextlib.contextmanager
def front_end(folder, how="from the main thread"):
    """A process that keeps one scripted engine; gives both process ids."""
    scripted(folder)
    tests = str(Path(__file__).parent.parent)
    search = os.pathsep.join(filter(None, [tests, os.environ.get("PYTHONPATH")]))
    with subprocess.Popen(
        [sys.executable, "-c", FRONT_END, how, str(folder / "script.json")],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": search},
    ) as front:
        try:
            yield front.pid, int(front.stdout.readline())
        finally:
            front.kill()


def test_no_orphans_in_twenty_kills_at_random_moments(tmp_path):
    result = torture(tmp_path, kills=20, seed=20)
    assert result.orphans == 0
    assert result.had_child > 0  # or nothing was proven


@pytest.mark.parametrize("how", ["from the main thread", "from a brief thread"])
def test_a_child_lives_as_long_as_its_front_end_and_no_longer(tmp_path, how):
    with front_end(tmp_path, how) as (parent, child):
        end = time.monotonic() + 1.5 * BEAT_SECONDS
        while time.monotonic() < end:
            assert alive(child)
            time.sleep(0.05)
        kill(parent)
        eventually(lambda: not alive(child), "the child ends")


def test_a_child_that_cannot_notice_the_end_of_its_input_ends_too(tmp_path):
    """Stopped, it runs no code of ours: this is the kernel's parent-death signal alone."""
    with front_end(tmp_path) as (parent, child):
        kill(child, signal.SIGSTOP)
        eventually(lambda: state_of(child) == "T")
        kill(parent)
        eventually(lambda: not alive(child), "the child ends")
