"""Fits how likely a plan is right, from what it was written with.

    python calibrate.py CALIBRATION.jsonl APART.jsonl BASE.gguf OUT.json

Both files are what evaluate.py writes with --out. The first is fitted (isotonic regression by
pooling adjacent violators); the second only measured: its families were in neither.
"""

import argparse
import hashlib
import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

from homebody.assistant.confidence import calibrate

__all__ = ["bar_for", "expected_error", "fit", "main", "ranking"]

Pair = tuple[float, bool]
"""A raw confidence, and whether the plan was right."""
Points = list[tuple[float, float]]
_MOST_POINTS: Final = 40
_LOWEST_BAR: Final = 0.5
_SURE: Final = 0.9
"""Plans at or above the bar are to be right this often, as far as it can be had."""


def fit(pairs: Sequence[Pair]) -> Points:
    """Return an ascending function, as points: the isotonic regression of right on raw."""
    pools: list[list[float]] = []  # the sum of rights, the count, the lowest and the highest raw
    for raw, right in sorted(pairs):
        pools.append([float(right), 1.0, raw, raw])
        while len(pools) > 1 and pools[-2][0] * pools[-1][1] >= pools[-1][0] * pools[-2][1]:
            rights, count, _, highest = pools.pop()
            pools[-1][0] += rights
            pools[-1][1] += count
            pools[-1][3] = highest
    points: Points = []
    for rights, count, lowest, highest in pools:
        # One more right and one more wrong, so that a few examples never make it certain.
        share = (rights + 1) / (count + 2)
        points.extend({(lowest, share), (highest, share)})
    points.sort()
    return _thinned(
        [(raw, max(share for _, share in points[: i + 1])) for i, (raw, _) in enumerate(points)]
    )


def _thinned(points: Points) -> Points:
    """Return at most so many points: those between near neighbours go first."""
    while len(points) > _MOST_POINTS:
        inner = range(1, len(points) - 1)
        least = min(inner, key=lambda i: points[i + 1][1] - points[i - 1][1])
        del points[least]
    return [(round(raw, 6), round(share, 4)) for raw, share in points]


def expected_error(pairs: Sequence[Pair], points: Points, bins: int = 15) -> float:
    """Return the expected calibration error in bins of equal width."""
    found: dict[int, list[tuple[float, bool]]] = {}
    for raw, right in pairs:
        confidence = calibrate(raw, points)
        found.setdefault(min(bins - 1, int(confidence * bins)), []).append((confidence, right))
    gaps = (
        abs(sum(confidence for confidence, _ in each) - sum(right for _, right in each))
        for each in found.values()
    )
    return sum(gaps) / len(pairs)


def ranking(pairs: Sequence[Pair]) -> float:
    """Return how often a right plan has the higher raw confidence than a wrong one (AUROC)."""
    rights = [raw for raw, right in pairs if right]
    wrongs = [raw for raw, right in pairs if not right]
    if not rights or not wrongs:
        return 1.0
    better = sum((a > b) + 0.5 * (a == b) for a in rights for b in wrongs)
    return better / (len(rights) * len(wrongs))


def bar_for(pairs: Sequence[Pair], points: Points) -> float:
    """Return the lowest calibrated confidence at which plans are right often enough."""
    for bar in sorted({share for _, share in points}):
        above = [right for raw, right in pairs if calibrate(raw, points) >= bar]
        if above and sum(above) / len(above) >= _SURE and bar >= _LOWEST_BAR:
            return bar
    return _LOWEST_BAR


def _read(path: Path) -> list[Pair]:
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [(row["raw"], row["right"]) for row in rows]


def main() -> None:
    """Fit, measure, write."""
    asked = argparse.ArgumentParser(description=__doc__)
    for name in ("calibration", "apart", "base", "out"):
        asked.add_argument(name, type=Path)
    given = asked.parse_args()
    pairs, apart = _read(given.calibration), _read(given.apart)
    points = fit(pairs)
    assert all(left[0] <= right[0] and left[1] <= right[1] for left, right in pairwise(points))
    bar = bar_for(pairs, points)
    found = {
        "bar": bar,
        "points": points,
        "model_sha256": hashlib.sha256(given.base.read_bytes()).hexdigest(),
    }
    given.out.write_text(json.dumps(found) + "\n", "utf-8")
    share = sum(right for _, right in apart) / len(apart)
    print(
        f"{len(pairs)} fitted, {len(apart)} apart: right {share:.3f},"
        f" expected calibration error {expected_error(apart, points):.3f},"
        f" AUROC {ranking(apart):.3f}, bar {bar}"
    )


if __name__ == "__main__":
    main()
