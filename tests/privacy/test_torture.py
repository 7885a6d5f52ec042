"""The short form of torture/ledger_edits.py."""

from pathlib import Path

from torture import ledger_edits


def test_every_edit_of_the_ledger_is_found(tmp_path: Path) -> None:
    result = ledger_edits.torture(tmp_path, edits=150, seed=20)
    assert (result.found, result.missed, result.missed_kinds) == (150, 0, []), result
    assert len(result.kinds) > 20
    assert result.false_alarms == 0
    # Nothing is lost then, and it is said.
    assert result.like_a_crash_noted == result.like_a_crash > 0


def test_what_cannot_be_found_is_known(tmp_path: Path) -> None:
    """Who changes the ledger and its note together is not found: docs/privacy.md says so."""
    result = ledger_edits.torture(tmp_path, edits=50, seed=21)
    assert result.together_found < result.together
