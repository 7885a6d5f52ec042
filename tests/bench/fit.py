"""How far the fit is from what llama.cpp reports: `python tests/bench/fit.py`, a table.

Models of random weights in ten layouts, each loaded for real by an engine of ours.
"""

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from engine.tiny_models import SHAPES, sized
from homebody.engine.client import Engine
from homebody.engine.dry import dry_load
from homebody.library.fit import Memories, measured, quick
from homebody.messages.fit import FitPlan
from homebody.messages.frames import DeviceMemory, Load, Loaded

SITUATIONS: dict[str, dict[str, Any]] = {
    "2,048 tokens": {"context": 2048},
    "30,000 tokens": {"context": 30000},
    "q8_0 cache": {"context": 4096, "cache_type": "q8_0", "flash_attention": "on"},
    "q4_0 cache": {"context": 4096, "cache_type": "q4_0"},
    "no flash attention": {"context": 4096, "flash_attention": "off"},
}


@dataclass(frozen=True)
class Compared:
    """A plan from the header, one with a dry load, and what was loaded."""

    quick: FitPlan
    measured: FitPlan
    loaded: Loaded

    @property
    def memory(self) -> DeviceMemory:
        """What the processor holds; there is no GPU in these builds."""
        (memory,) = self.loaded.memory
        return memory

    def errors(self) -> tuple[float, float, float, float]:
        """Weights and cache from the header, work by a dry load, and work as estimated.

        As parts of what llama.cpp reports.
        """
        real, header = self.memory, self.quick.processor
        return (
            header.weights / real.weights - 1,
            header.cache / real.cache - 1,
            self.measured.processor.compute / real.compute - 1,
            header.compute / real.compute - 1,
        )


def compare(engine: Engine, path: Path, **asked: Any) -> Compared:
    """Plan, then load for real."""
    machine = Memories()
    return Compared(
        quick(path, machine=machine, **asked),
        measured(path, machine=machine, dry=dry_load, **asked),
        engine.load(Load(id=0, path=str(path), **asked)),
    )


def _rows(folder: Path) -> Iterator[str]:
    yield "| Layout | | weights | cache | work, measured | work, estimated |"
    yield "|---|---|---:|---:|---:|---:|"
    engine = Engine()
    engine.start()
    worst = [0.0] * 4
    try:
        for name, shape in SHAPES.items():
            path = sized(folder / f"{name}.gguf", shape)
            for situation, asked in SITUATIONS.items():
                errors = compare(engine, path, **asked).errors()
                worst = [max(one, abs(other)) for one, other in zip(worst, errors, strict=True)]
                yield f"| {name} | {situation} | {_cells(errors)} |"
            path.unlink()
    finally:
        engine.close()
    yield f"| worst of all | | {_cells(worst)} |"


def _cells(errors: Any) -> str:
    return " | ".join(f"{error:+.2%}" for error in errors)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        for row in _rows(Path(place)):
            print(row, flush=True)
