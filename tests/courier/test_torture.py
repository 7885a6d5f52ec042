"""The short forms of torture/wire_ledger.py and torture/courier_kill.py."""

import sys
from pathlib import Path

import pytest

from homebody.base.paths import find_home
from torture import courier_kill, wire_ledger


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def test_the_ledger_says_what_was_on_the_wire(tmp_path: Path) -> None:
    result = wire_ledger.torture(tmp_path, requests=300, chains=60, seed=20)
    assert result.connections > 300
    assert result.bytes_in > 1_000_000
    assert (result.different, result.unlisted, result.unknown) == (0, 0, 0), result
    assert (result.let_through, result.faults, result.chains) == (0, 0, 60), result


@pytest.mark.skipif(sys.platform != "linux", reason="SIGKILL, and children in /proc")
def test_a_killed_courier_sent_nothing_that_is_not_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOMEBODY_HOME", str(find_home().data))
    result = courier_kill.torture(tmp_path, kills=6, seed=20)
    assert (result.kills, result.unlisted, result.broken) == (6, 0, 0), result
    assert result.seen > 20
    assert result.unfinished > 0, "nothing was killed at work"
