"""Downloads under torture: the short form of torture/downloads.py."""

import os
import sys
from pathlib import Path

import pytest

from torture.downloads import may_mount, torture


@pytest.fixture(autouse=True)
def children_find_the_hub(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent.parent), prepend=os.pathsep)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_killed_at_random_offsets_next_to_nothing_is_fetched_twice(tmp_path):
    result = torture(tmp_path, kills=5, seed=5)
    assert (result.orphans, result.wrong) == (0, 0)
    assert result.refetched_share <= 0.01


def test_what_is_tampered_with_never_gets_a_name(tmp_path):
    result = torture(tmp_path, tampered=60, seed=6)
    assert (result.tampered, result.refused, result.accepted) == (60, 60, 0)


def test_a_disk_may_run_full_at_any_moment(tmp_path):
    if not may_mount():
        pytest.skip("this machine does not let us mount a small file system")
    result = torture(tmp_path, full=4, seed=7)
    assert (result.full, result.lost) == (4, 0)
