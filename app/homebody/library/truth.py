"""Does the model really compute on the graphics card? And if not, why not, and what to do.

Looked at after each load, from what was asked for, what the engine says, and what the card's own
driver says. Nothing is said where no card is known, or all is as it should be.
"""

from collections.abc import Sequence
from typing import Final, Literal

from msgspec import Struct

from homebody.machine.gpus import Gpu, GpuReading
from homebody.messages.frames import Loaded

__all__ = ["Truth", "TruthKind", "why"]

TruthKind = Literal[
    "build",  # this llama.cpp was built without code for a GPU
    "no_driver",  # there is a card, and no driver that answers
    "old_driver",  # the driver is too old, or does not let CUDA in
    "memory",  # no layer fits the card's memory
    "chosen",  # the person said so
    "partly",  # some layers fit, the others are computed by the processor
    "lost",  # a card stopped answering
    "not_used",  # the engine says GPU, but the card's memory does not
]

_ENOUGH: Final = 128 * 1024**2
"""Bytes on the card below which its memory tells nothing: other programs come and go as well."""
_LEAST: Final = 0.25
"""Share of the expected bytes that must have come onto the card."""


class Truth(Struct, frozen=True, kw_only=True):
    """Why a model does not compute on a GPU, or not all of it."""

    kind: TruthKind
    sentence: str
    hint: str = ""
    quiet: bool = False
    """True where it is as the person wanted: for the details, not for a banner."""


def why(
    *,
    asked: int,
    loaded: Loaded,
    before: GpuReading | None,
    after: GpuReading,
    trial: str = "",
) -> Truth | None:
    """Return what there is to say about a model that was loaded, or nothing.

    `asked` are the layers that the person wanted on a GPU, -1: all that fit. `before` is a reading
    without the model, None where another was loaded then; `after` one with it, in which the
    engine's process was asked about. `trial` is what was wrong when the build was tried
    (`engine.probe`), a sentence.
    """
    if after.kind == "lost":
        return Truth(kind="lost", sentence=after.problem, hint=after.hint)
    layers = loaded.layers + 1  # with the output, as the engine counts those on the GPU
    used = loaded.gpu_layers
    if used > 0:
        return _unused(loaded, before, after) or _partly(asked, used, layers)
    if after.kind == "none":
        return None
    return _idle(asked, loaded, after, trial)


def _idle(asked: int, loaded: Loaded, reading: GpuReading, trial: str) -> Truth:
    """Word why nothing at all is on a GPU."""
    card = _names(reading.gpus) or "graphics card"
    if asked == 0:
        return Truth(
            kind="chosen",
            sentence=f"The {card} is not used: the settings put no layer on it.",
            hint="Set the layers on the GPU to -1 to use it.",
            quiet=True,
        )
    if reading.kind != "ok":
        return _without_driver(reading, loaded)
    if not loaded.gpu_build:
        return Truth(
            kind="build",
            sentence=f"The {card} is not used: this build of llama.cpp has no code for it.",
            hint="Add the pack for it that came out with this Homebody: `homebody engine add FILE`."
            if _takes_packs(loaded)
            else "With NVIDIA's CUDA toolkit installed, `make run CUDA=1` builds one that has; the "
            "README tells how.",
        )
    if not loaded.devices:
        return _not_let_in(card, reading, trial)
    return Truth(
        kind="memory",
        sentence=f"The {card} is not used: no layer of this model fits its memory now "
        f"({_free(reading.gpus)} free).",
        hint="Close programs that use the card, or choose a smaller model or context.",
    )


def _unused(loaded: Loaded, before: GpuReading | None, after: GpuReading) -> Truth | None:
    """Compare what the engine says with the memory of the cards, as far as that can be known."""
    expected = sum(
        place.weights + place.cache + place.compute
        for place in loaded.memory
        if place.device != "CPU"
    )
    if expected < _ENOUGH or after.kind != "ok":
        return None
    own = [gpu.own_memory for gpu in after.gpus if gpu.own_memory is not None]
    came = sum(own) if own else _growth(before, after)
    if came is None or came >= expected * _LEAST:
        return None
    return Truth(
        kind="not_used",
        sentence=f"The engine says that {loaded.gpu_layers} layers are on the GPU, but only "
        f"{_size(max(came, 0))} of about {_size(expected)} came into its memory: the processor may "
        "be doing the work.",
        hint="Load the model again. If it stays so, install a newer driver, and report it with "
        "what `homebody doctor` shows.",
    )


def _growth(before: GpuReading | None, after: GpuReading) -> int | None:
    """Return by how many bytes the cards were filled; None where that cannot be told."""
    if before is None or before.kind != "ok":
        return None
    if [gpu.name for gpu in before.gpus] != [gpu.name for gpu in after.gpus]:
        return None
    return sum(gpu.memory_free for gpu in before.gpus) - sum(gpu.memory_free for gpu in after.gpus)


def _partly(asked: int, used: int, layers: int) -> Truth | None:
    if used >= layers:
        return None
    if 0 < asked <= used:
        return Truth(
            kind="chosen",
            sentence=f"{used} of {layers} layers are on the GPU, as the settings say.",
            hint="Set the layers on the GPU to -1 for all that fit.",
            quiet=True,
        )
    return Truth(
        kind="partly",
        sentence=f"{used} of {layers} layers are on the GPU: the others do not fit its memory, and "
        "the processor computes them, which is slower.",
        hint="Close programs that use the card, or choose a smaller context, a smaller cache type "
        "or a smaller model.",
    )


def _takes_packs(loaded: Loaded) -> bool:
    """Tell whether llama.cpp came with Homebody, as libraries that packs are added to."""
    return loaded.processor_choice > 0


def _without_driver(reading: GpuReading, loaded: Loaded) -> Truth:
    more = " Then build with CUDA: `make run CUDA=1`; the README tells how."
    if _takes_packs(loaded):
        more = " Then add the pack for it: `homebody engine add FILE`."
    if loaded.gpu_build:
        more = ""
    return Truth(
        kind="old_driver" if reading.kind == "old_driver" else "no_driver",
        sentence=f"The graphics card is not used: {_inside(reading.problem)}",
        hint=f"{reading.hint}{more}".strip(),
        # Without a driver nobody knows of a card: for those who have none, no news.
        quiet=reading.kind == "no_driver" and not reading.card,
    )


def _not_let_in(card: str, reading: GpuReading, trial: str) -> Truth:
    """Word that CUDA gave the engine no device, though the driver knows of one."""
    newest = f", which runs CUDA up to {reading.cuda}" if reading.cuda else ""
    hint = (
        f"Install a newer driver (this is {reading.driver or 'of an unknown version'}{newest}), or "
        "build with an older CUDA toolkit. If CUDA_VISIBLE_DEVICES is set, it may hide the card."
    )
    if trial:
        return Truth(kind="old_driver", sentence=trial, hint=hint)
    if reading.problem:
        return Truth(
            kind="no_driver",
            sentence=f"The {card} is not used: {_inside(reading.problem)}",
            hint=reading.hint,
        )
    return Truth(
        kind="old_driver",
        sentence=f"The {card} is not used: CUDA does not offer it to the engine.",
        hint=hint,
    )


def _names(gpus: Sequence[Gpu]) -> str:
    return " and the ".join(dict.fromkeys(gpu.name for gpu in gpus))


def _free(gpus: Sequence[Gpu]) -> str:
    return " and ".join(_size(gpu.memory_free) for gpu in gpus)


def _size(size: float) -> str:
    return f"{size / 1e9:.1f} GB"


def _inside(sentence: str) -> str:
    """Return a sentence as it goes on after a colon."""
    first, _, rest = sentence.partition(" ")
    return f"{first.lower() if first in {'The', 'There'} else first} {rest}".strip()
