"""The short form of torture/store_kill.py."""

import sys

import pytest

if sys.platform == "win32":
    pytest.skip("fork and SIGKILL", allow_module_level=True)

from torture.store_kill import torture


def test_nothing_acknowledged_is_lost(tmp_path):
    result = torture(tmp_path / "profile", kills=40, seed=20)
    assert result.acked > 100
    assert (result.lost, result.broken, result.first_loss) == (0, 0, "")
