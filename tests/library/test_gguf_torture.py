"""The short form of torture/gguf_files.py."""

from pathlib import Path

from torture.gguf_files import torture


def test_mutated_models_hurt_nobody(tmp_path: Path) -> None:
    result = torture(tmp_path, files=60, seed=20)
    assert (result.hung, result.unnamed, result.other_errors) == (0, 0, 0), result
    assert result.refused_by_preflight > 20
    assert result.loaded > 0  # or nothing was proven
    assert result.slowest_cause_s < 2
