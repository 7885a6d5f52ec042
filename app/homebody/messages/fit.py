"""Whether a model fits this machine: what it would take, and where."""

from typing import Literal

from msgspec import Struct

__all__ = ["CacheType", "FitPlan", "FitReport", "FlashAttention", "Place", "Verdict"]

CacheType = Literal["f16", "q8_0", "q4_0"]
"""The type of keys and values in the cache."""
FlashAttention = Literal["auto", "on", "off"]
Verdict = Literal["gpu", "partly", "processor", "no"]
"""All layers on the GPU; some; none, in the computer's own memory; or it does not fit at all."""


class Place(Struct, frozen=True, kw_only=True):
    """What a model takes in one memory (that of the GPUs, or the computer's own), in bytes."""

    weights: int
    cache: int
    """Keys and values, and the states of recurrent layers."""
    compute: int
    """Buffers that llama.cpp works in."""
    beside: int
    """Of adapters, and of the planner that runs beside the model."""
    free: int | None
    """Free now; None where nothing tells. A model that is loaded now counts as gone."""
    total: int | None

    @property
    def needs(self) -> int:
        """All of it."""
        return self.weights + self.cache + self.compute + self.beside


class FitPlan(Struct, frozen=True, kw_only=True):
    """How a model would best be loaded now."""

    verdict: Verdict
    layers: int
    """The output counted as one."""
    gpu_layers: int
    context: int
    """Tokens."""
    asked_context: int
    """What was asked for; more than `context` where it had to be trimmed."""
    cache_type: CacheType
    flash_attention: FlashAttention
    gpu: Place | None
    """None where there is no GPU that this build can use."""
    processor: Place
    measured: bool
    """Whether llama.cpp itself said `compute`; otherwise it is estimated."""
    sentence: str
    """Such as "all 36 layers on the GPU", "fits with 1.5 GB to spare"."""
    hint: str
    """What to do where it does not fit, or fits badly; or nothing."""


class FitReport(Struct, frozen=True, kw_only=True):
    """`homebody models fit M --json`."""

    name: str
    path: str
    trained_context: int | None
    plan: FitPlan
