"""What was chosen for a model, and so how it is loaded and asked.

What the person set for this one model counts first, then the settings, then what is recommended.
"""

from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from msgspec.structs import replace

from homebody.base.paths import is_elsewhere
from homebody.messages.fit import CacheType, FlashAttention
from homebody.messages.frames import Adapter, Load, Sampling
from homebody.messages.shelf import ModelSettings

if TYPE_CHECKING:
    from homebody.library.shelf import ShelvedModel
    from homebody.settings.declared import Settings

__all__ = [
    "Wish",
    "adapters_of",
    "load_request",
    "sampling_of",
    "system_of",
    "template_of",
    "wish_of",
]

_SAMPLING = ("temperature", "top_p", "top_k", "min_p", "repeat_penalty")


class Wish(TypedDict):
    """How a model is to be loaded, as far as that decides whether it fits."""

    context: int
    gpu_layers: int
    cache_type: CacheType
    flash_attention: FlashAttention
    beside: int
    """Bytes of the adapter."""


def wish_of(own: ModelSettings, settings: "Settings") -> Wish:
    """Return what was set for a model, and elsewhere what is set for all."""
    return Wish(
        context=settings.context if own.context is None else own.context,
        gpu_layers=settings.gpu_layers if own.gpu_layers is None else own.gpu_layers,
        cache_type=own.cache_type or settings.cache_type,
        flash_attention=own.flash_attention or settings.flash_attention,
        beside=_size(own.adapter),
    )


def _size(adapter: str | None) -> int:
    if not adapter or is_elsewhere(adapter):
        return 0
    try:
        return Path(adapter).stat().st_size
    except (OSError, ValueError):
        return 0  # asking the model says that it is gone


def load_request(model: "ShelvedModel", settings: "Settings", cores: int) -> Load:
    """Return how to load a model, on so many cores where the settings do not say."""
    wish = wish_of(model.settings, settings)
    return Load(
        id=0,
        path=str(model.path),
        context=wish["context"],
        gpu_layers=wish["gpu_layers"],
        threads=settings.threads or cores,
        use_mmap=settings.use_mmap,
        cache_type=wish["cache_type"],
        flash_attention=wish["flash_attention"],
    )


def sampling_of(model: "ShelvedModel", settings: "Settings") -> Sampling:
    """Return how the next token is chosen."""
    chosen = {"seed": settings.seed}
    for name in _SAMPLING:
        own = getattr(model.settings, name)
        chosen[name] = getattr(settings, name) if own is None else own
    return replace(
        model.sampling, **{name: value for name, value in chosen.items() if value is not None}
    )


def system_of(model: "ShelvedModel", settings: "Settings") -> str:
    """Return the system prompt; "" means that of the model's own template."""
    own = model.settings.system_prompt
    return (settings.system_prompt or model.system) if own is None else own


def template_of(model: "ShelvedModel") -> str:
    """Return the chat template that was set for a model; "" means its own."""
    return model.settings.template or ""


def adapters_of(model: "ShelvedModel") -> tuple[Adapter, ...]:
    """Return the adapter that was set for a model."""
    own = model.settings
    if not own.adapter:
        return ()
    return (Adapter(own.adapter, 1.0 if own.adapter_scale is None else own.adapter_scale),)
