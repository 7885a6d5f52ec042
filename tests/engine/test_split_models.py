"""A model in several files: a change of any of them is noticed before the next reply."""

import os
from pathlib import Path

import gguf
import pytest

from engine.tiny_models import tiny_llama
from homebody.base.errors import EngineProblem
from homebody.engine.client import Engine
from homebody.messages.frames import Generate, Load


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    whole = gguf.GGUFWriter
    monkeypatch.setattr(
        gguf, "GGUFWriter", lambda path, kind: whole(path, kind, split_max_tensors=8)
    )
    tiny_llama(tmp_path / "big.gguf")
    parts = sorted(tmp_path.glob("big-*.gguf"))
    assert len(parts) > 2
    return parts


def test_a_change_of_any_part_is_noticed(parts: list[Path]) -> None:
    def ask() -> None:
        list(engine.generate(Generate(id=0, prompt="One", max_tokens=2)))

    engine = Engine()
    engine.start()
    try:
        engine.load(Load(id=0, path=str(parts[0]), context=512, use_mmap=False))
        ask()
        data = parts[1].read_bytes()
        parts[1].write_bytes(data[:-4000] + os.urandom(4000))
        with pytest.raises(EngineProblem, match="changed") as problem:
            ask()
        assert problem.value.kind == "model_changed"
        parts[1].write_bytes(data)
        engine.reload()
        ask()
        parts[-1].unlink()
        with pytest.raises(EngineProblem, match="changed"):
            ask()
    finally:
        engine.close()
