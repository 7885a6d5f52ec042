"""Choosing the next token from logits.

Everything works on float32 arrays of shape [n_vocab] that belong to llama.cpp and must not be
written to. Only the few candidates that can matter are sorted: a token whose probability is below
e^-20 of the likeliest at the sampler's temperature is never drawn.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from homebody.base.errors import EngineProblem
from homebody.messages.frames import Sampling

__all__ = ["Sampler"]

Logits = npt.NDArray[np.float32]

_NEGLIGIBLE = 20.0
_PENALTY_WINDOW = 64


class Sampler:
    """Chooses tokens by one request's settings, reproducibly for one seed."""

    def __init__(self, sampling: Sampling, seed: int, n_vocab: int) -> None:
        self._sampling = sampling
        self._random = np.random.Generator(np.random.PCG64(seed))
        self._scratch = np.empty(n_vocab, dtype=np.float32)

    def choose(self, logits: Logits, recent: Sequence[int]) -> int:
        """Return the next token. `recent`: what was written so far, for the repeat penalty."""
        settings = self._sampling
        if settings.repeat_penalty != 1.0 and recent:
            logits = self._penalised(logits, recent)
        if settings.temperature <= 0.0:
            token = int(logits.argmax())
            _must_be_number(logits[token])
            return token
        candidates = self._candidates(logits)
        return self._draw(candidates, logits[candidates])

    def choose_among(self, logits: Logits, candidates: npt.NDArray[np.intp]) -> int:
        """Return the next token out of `candidates` alone."""
        chosen = logits[candidates]
        if self._sampling.temperature <= 0.0:
            return int(candidates[chosen.argmax()])
        return self._draw(candidates, chosen)

    def logprob(self, logits: Logits, token: int) -> float:
        """Return the natural log-probability of `token` before any penalty, grammar or cut."""
        top = logits.max()
        scratch = self._scratch
        np.subtract(logits, top, out=scratch)
        np.exp(scratch, out=scratch)
        return float(logits[token] - top - np.log(scratch.sum()))

    def _penalised(self, logits: Logits, recent: Sequence[int]) -> Logits:
        seen = np.unique(np.asarray(recent[-_PENALTY_WINDOW:], dtype=np.intp))
        penalised = logits.copy()
        values = penalised[seen]
        penalty = np.float32(self._sampling.repeat_penalty)
        penalised[seen] = np.where(values > 0, values / penalty, values * penalty)
        return penalised

    def _candidates(self, logits: Logits) -> npt.NDArray[np.intp]:
        top = logits.max()
        _must_be_number(top)
        near = np.flatnonzero(logits >= top - _NEGLIGIBLE * self._sampling.temperature)
        k = self._sampling.top_k
        if 0 < k < near.size:
            near = near[np.argpartition(logits[near], near.size - k)[near.size - k :]]
        return near

    def _draw(self, candidates: npt.NDArray[np.intp], logits: Logits) -> int:
        """Cut by min_p and top_p, then draw."""
        order = np.argsort(-logits)
        scaled = (logits[order] - logits[order[0]]) / np.float32(self._sampling.temperature)
        weights = np.exp(scaled.astype(np.float64))
        keep = int(np.count_nonzero(weights >= self._sampling.min_p))
        total = np.cumsum(weights / weights.sum())
        keep = min(keep, int(np.searchsorted(total, self._sampling.top_p)) + 1)
        weights = weights[: max(keep, 1)]
        drawn = self._random.random() * weights.sum()
        place = min(int(np.searchsorted(np.cumsum(weights), drawn)), weights.size - 1)
        return int(candidates[order[place]])


def _must_be_number(top: np.float32) -> None:
    """Refuse logits whose largest is none: a damaged model computes such."""
    if not np.isfinite(top):
        raise EngineProblem(
            "The model computed something that is not a number.",
            "The file may be damaged: get it again, or choose another model.",
        )
