"""The short form of bench/wire_bodies.py: what arrives is what was approved."""

import pytest

from bench import wire_bodies


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def test_what_arrives_is_what_was_approved_to_the_byte() -> None:
    result = wire_bodies.measure(200, seed=20)
    assert (result.offers, result.identical, result.different) == (200, 200, 0), result
    assert (result.unlike_ledger, result.faults, result.chain_whole) == (0, 0, True), result
    assert (result.changed_after, result.changed_after_sent) == (4, 0), result
    # Or the offers would be too simple to show anything.
    assert min(result.replaced, result.changes, result.let_go) > 5, result
    assert result.largest > 50_000, result
