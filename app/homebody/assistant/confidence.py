"""How likely a plan is right: from the likelihood of its tokens, calibrated by measurement.

Likelihoods are those before the grammar: where it had to force a token, the plan becomes doubtful.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from homebody.messages.frames import TokenLikelihood

__all__ = ["Calibration", "calibrate", "raw_confidence", "read_calibration"]

_LEAST: Final = -30.0
"""A natural-log probability below this is as good as none."""


class Calibration(Struct, frozen=True, kw_only=True):
    """How raw confidences compare with how often plans were right, for one model and adapter."""

    bar: float
    """Below this calibrated confidence, ask before doing anything."""
    points: tuple[tuple[float, float], ...]
    """Raw and calibrated, both 0 to 1, ascending."""
    model_sha256: str = ""
    """Of the base model's file."""


def read_calibration(path: Path) -> Calibration | None:
    """Return what was measured; None where there is nothing, or nothing that can be used."""
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Calibration)
    except (OSError, msgspec.DecodeError):
        return None
    ascending = all(left[0] <= right[0] for left, right in pairwise(found.points))
    return found if found.points and ascending else None


def raw_confidence(tokens: Sequence[TokenLikelihood]) -> float:
    """Return 0 to 1, from what was decided and from what the decision was given.

    The decision is the first word of each line: the skill's name, `answer`, `ask`. All of its
    tokens count; of the arguments the mean and the least likely token, so that a long text that
    was copied well costs little.
    """
    decision, arguments = 0.0, []
    deciding = True
    for token in tokens:
        likely = max(token.logprob, _LEAST) if math.isfinite(token.logprob) else _LEAST
        # The space before an argument is its own: tokens begin with theirs.
        deciding = deciding and not token.text.startswith(" ")
        if deciding:
            decision += likely
        else:
            arguments.append(likely)
        _, line_break, after = token.text.rpartition("\n")
        if line_break:
            deciding = " " not in after
        elif " " in token.text:
            deciding = False
    score = decision
    if arguments:
        score += min(arguments) + sum(arguments) / len(arguments)
    return math.exp(max(_LEAST, score))


def calibrate(raw: float, points: Sequence[tuple[float, float]]) -> float:
    """Return the calibrated confidence: between two points on a line, beyond them as the last."""
    if raw <= points[0][0]:
        return points[0][1]
    for (left, low), (right, high) in pairwise(points):
        if raw <= right:
            share = (raw - left) / (right - left) if right > left else 1.0
            return low + share * (high - low)
    return points[-1][1]
