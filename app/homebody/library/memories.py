"""How much memory there is for a model now: on the cards, and the computer's own."""

import os
from collections.abc import Callable, Sequence
from typing import Final

from msgspec.structs import replace

from homebody.library.fit import Memories
from homebody.machine.gpus import Gpu, GpuReading
from homebody.machine.readings import read_memory
from homebody.messages.frames import Load, Loaded, Measured

__all__ = ["ask_llama_cpp", "read_memories"]

_PROCESSOR: Final = "CPU"
_SHOWN: Final = "CUDA_VISIBLE_DEVICES"


def read_memories(
    reading: GpuReading, *, gpu_code: bool, loaded: Loaded | None = None, mapped: bool = True
) -> Memories:
    """Return what is free for a model that takes the place of ours.

    `reading` was asked about the process that holds ours: what it takes is counted as free.
    `loaded` is what the engine says of ours, None: there is none; it counts where the driver does
    not tell (on Windows, in containers). `mapped`: whether our weights were mapped.
    `gpu_code`: whether this build of llama.cpp can use the cards at all.
    """
    gpus = _shown(reading.gpus, os.environ.get(_SHOWN)) if gpu_code else ()
    total, free = read_memory()
    if free is not None:
        free += _on_processor(loaded, mapped=mapped)
        free = free if total is None else min(free, total)
    return Memories(
        gpus=tuple(
            (min(gpu.memory_free + ours, gpu.memory_total), gpu.memory_total)
            for gpu, ours in zip(gpus, _on_cards(gpus, loaded), strict=True)
        ),
        processor_free=free,
        processor_total=total,
    )


def ask_llama_cpp(
    memories: Memories,
    wish: Load,
    dry: Callable[[Load], Measured],
    loaded: Loaded | None = None,
) -> Memories:
    """Return the same with the cards that llama.cpp tells of: those that no driver told us of.

    `dry` loads without loading (`engine.dry.dry_load`): a second or so; raises what that raises.
    `loaded` is what the engine says of our model, which counts as free.
    """
    ours = {
        place.device: place.weights + place.cache + place.compute
        for place in (loaded.memory if loaded is not None else ())
    }
    answer = dry(replace(wish, gpu_layers=-1))
    free = [
        place.free + ours.get(place.device, 0)
        for place in answer.compute
        if place.device != _PROCESSOR and place.free is not None
    ]
    # How large they are is not told; the reserve is a share of what is free then.
    return replace(memories, gpus=tuple((each, each) for each in free))


def _shown(gpus: Sequence[Gpu], shown: str | None) -> tuple[Gpu, ...]:
    """Return the cards that CUDA shows a program, by its variable; None: it is not set.

    As CUDA does, the list is read up to the first entry that means no card, and a UUID may be cut.
    Numbers are taken as the driver counts; CUDA may count cards of several kinds otherwise.
    """
    if shown is None:
        return tuple(gpus)
    found: list[Gpu] = []
    for entry in shown.split(","):
        name = entry.strip()
        if name.isdecimal():
            named = [gpu for gpu in gpus if gpu.index == int(name)]
        else:
            named = [gpu for gpu in gpus if name and gpu.uuid.startswith(name)]
        if not named:
            break
        found += [gpu for gpu in named if gpu not in found]
    return tuple(found)


def _on_cards(gpus: Sequence[Gpu], loaded: Loaded | None) -> list[int]:
    """Return the bytes of ours on each card, as the driver tells, or else the engine."""
    said = [0] * len(gpus)
    left = list(range(len(gpus)))
    places, devices = (loaded.memory, loaded.devices) if loaded is not None else ((), ())
    for place in places:
        if place.device == _PROCESSOR or not left:
            continue
        # By name before by order: CUDA counts the cards in another order than their driver.
        known = next((each for each in devices if each.startswith(f"{place.device} ")), "")
        number = next((each for each in left if gpus[each].name in known), left[0])
        left.remove(number)
        said[number] = place.weights + place.cache + place.compute
    return [
        ours if gpu.own_memory is None else gpu.own_memory
        for gpu, ours in zip(gpus, said, strict=True)
    ]


def _on_processor(loaded: Loaded | None, *, mapped: bool) -> int:
    """Return the bytes of the computer's own memory that come free with our model.

    Mapped weights are the file's pages in the system's cache, which counts as available already.
    """
    return sum(
        place.cache + place.compute + (0 if mapped else place.weights)
        for place in (loaded.memory if loaded is not None else ())
        if place.device == _PROCESSOR
    )
