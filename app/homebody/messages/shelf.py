"""Models on this machine, and those that are recommended for it."""

from typing import Literal

from msgspec import Struct

from homebody.messages.fit import CacheType, FlashAttention
from homebody.messages.frames import Sampling

__all__ = [
    "CatalogModel",
    "ModelSettings",
    "RemovedReport",
    "ShelfReport",
    "ShelfSource",
    "ShelvedFile",
]

ShelfSource = Literal[
    "starter", "ours", "folder", "file", "ollama", "lm-studio", "jan", "gpt4all", "hugging-face"
]
"""Where a model lies: came with Homebody; fetched by it; in a folder of the person's; a single
file of theirs; or with another app, linked and never changed. What a link in Homebody's own folder
leads to is the person's as well."""


class ShelvedFile(Struct, frozen=True, kw_only=True):
    """A model on this machine. Null is not known (yet)."""

    key: str
    """What `--model` takes; unique, but another's once a new model of Homebody's takes its name."""
    name: str
    path: str
    source: ShelfSource
    files: int
    """More than one for a split model."""
    bytes: int
    architecture: str | None
    parameters: int | None
    quantisation: str | None
    trained_context: int | None
    licence: str | None
    sha256: str | None
    problem: str
    """Why one cannot chat with it, or nothing."""


class ShelfReport(Struct, frozen=True, kw_only=True):
    """`homebody models list --json`, and `found --json` with those of other apps alone."""

    models: tuple[ShelvedFile, ...]
    catalog: tuple["CatalogModel", ...] = ()
    """Recommended models, smallest first; `found` leaves them out."""
    recommended: str | None = None
    """The key of the one for the card of this machine."""
    notices: tuple[str, ...] = ()
    """What in shelf.json cannot be used, in sentences."""


class RemovedReport(Struct, frozen=True, kw_only=True):
    """`homebody models remove M --json`, also with `--undo`."""

    key: str
    kind: Literal["bin", "forgotten"]
    """Moved to the bin for 30 days; or not ours to delete, and only not shown any more."""
    place: str
    """The folder in the bin; or the path of the file, which stays where it is."""
    undone: bool


class ModelSettings(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the person set for one model; None: as everywhere."""

    context: int | None = None
    gpu_layers: int | None = None
    cache_type: CacheType | None = None
    flash_attention: FlashAttention | None = None
    temperature: float | None = None
    top_k: int | None = None
    top_p: float | None = None
    min_p: float | None = None
    repeat_penalty: float | None = None
    system_prompt: str | None = None
    template: str | None = None
    """A chat template in place of the model's own."""
    adapter: str | None = None
    """Path of a LoRA adapter."""
    adapter_scale: float | None = None


class CatalogModel(Struct, frozen=True, kw_only=True):
    """A model that Homebody recommends, from `models/catalog.toml`."""

    key: str
    name: str
    repo: str
    file: str
    bytes: int
    exact: bool
    """Whether `bytes` is the file's size; otherwise it was rounded by whoever told."""
    sha256: str | None
    """None: not known before the hub says it; it is checked against what the hub says."""
    licence: str
    licence_url: str
    made_by: str
    parameters: str
    """Such as "4B", or "30B, 3B at work" of a mixture."""
    kind: Literal["dense", "mixture", "hybrid"]
    good_for: str
    unverified: tuple[str, ...]
    """Which of these figures nobody has checked against the file."""
    card_gb: float
    """The smallest card (GB of memory) that it is recommended for; 0: the processor."""
    sampling: Sampling
    system: str
