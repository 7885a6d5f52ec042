"""What llama.cpp says of a load in its log: it has no call that tells.

The lines are those of llama.cpp in llama-cpp-python 0.3.36: sizes in MiB with two decimals, so that
each of them is exact to 5 KiB.
"""

import re
from collections import defaultdict
from collections.abc import Iterable

from msgspec import Struct

from homebody.messages.frames import DeviceMemory

__all__ = ["Report", "loaded_backend", "read_report"]

_MIB = 1024 * 1024
_BUFFER = re.compile(
    r":\s+(\S+)\s+(?:\S+ )*?(model|KV|RS|state|output|compute) buffer size =\s*([\d.]+) MiB"
)
_CACHE = re.compile(r"\bsize =\s*([\d.]+) MiB \(.*(?:cells|streams)")
_STATES = re.compile(r"ratio = .* size =\s*([\d.]+) MiB")
_OFFLOADED = re.compile(r"offloaded (\d+)/(\d+) layers to GPU")
_DEVICE = re.compile(r"using device ((\S+) \(.*?\)) \([^()]*\) - (?:(\d+) MiB free)?")
_FLASH = re.compile(r"flash_attn\s+= (enabled|disabled)|Flash Attention.*\b(enabled|disabled)\b")
_PROCESSOR = "CPU"
_BACKEND = re.compile(r"\bloaded (\S+) backend from (.+)")


class Report(Struct, frozen=True, kw_only=True):
    """One load, in llama.cpp's words. Sizes in bytes."""

    memory: tuple[DeviceMemory, ...]
    """By device, the processor's first."""
    cache: int
    """On all devices together, also where nothing was allocated."""
    layers: int
    """That could be on a GPU, the output counted as one; 0 where there is none."""
    gpu_layers: int
    devices: tuple[str, ...]
    """Besides the processor."""
    flash_attention: bool | None


def read_report(lines: Iterable[str], weights: int) -> Report:
    """Read the log of one load. `weights`: bytes of all tensors in the file.

    A file that is mapped counts from the first tensor that the processor needs to the last, so
    what lies between them is said to be in its memory too: never more than there is.
    """
    sizes: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    cache, layers, gpu_layers = 0, 0, 0
    devices: dict[str, None] = {}
    free: dict[str, int] = {}
    flash: bool | None = None
    for line in lines:
        if found := _BUFFER.search(line):
            sizes[_device(found[1])][found[2]] += round(float(found[3]) * _MIB)
        elif found := _CACHE.search(line) or _STATES.search(line):
            cache += round(float(found[1]) * _MIB)
        elif found := _OFFLOADED.search(line):
            gpu_layers, layers = int(found[1]), int(found[2])
        elif found := _DEVICE.search(line):
            devices[found[1]] = None
            if found[3]:
                free[found[2]] = int(found[3]) * _MIB
        elif found := _FLASH.search(line):
            flash = (found[1] or found[2]) == "enabled"
    return Report(
        memory=tuple(
            DeviceMemory(
                device=device,
                weights=min(of["model"], weights) if device == _PROCESSOR else of["model"],
                cache=of["KV"] + of["RS"] + of["state"],
                compute=of["compute"] + of["output"],
                free=free.get(device),
            )
            for device, of in sorted(sizes.items(), key=lambda item: item[0] != _PROCESSOR)
        ),
        cache=cache,
        layers=layers,
        gpu_layers=gpu_layers,
        devices=tuple(devices),
        flash_attention=flash,
    )


def loaded_backend(lines: Iterable[str], name: str) -> str | None:
    """Return the file that a backend, such as "CPU", was loaded from; None: it was not."""
    for line in lines:
        if (found := _BACKEND.search(line)) and found[1] == name:
            return re.split(r"[/\\]", found[2].rstrip())[-1]
    return None


def _device(buffer: str) -> str:
    """Return where a buffer lies: CPU_Mapped, CPU_REPACK and CUDA_Host are the processor's."""
    return _PROCESSOR if buffer.startswith("CPU") or buffer.endswith("_Host") else buffer
