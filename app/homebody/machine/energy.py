"""How much energy something took: from the graphics card's counter and the processor's, or unknown.

Card: the counter of NVML, in millijoules, of the whole card, whoever used it meanwhile. Processor:
RAPL, under `/sys/class/powercap` on Linux, of whole processor packages; most systems let only root
read it. There is no counter of the rest of the machine (memory, disks, fans, power supply), so what
comes out is less than a meter at the wall shows.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from homebody.machine.gpus import Gpu, GpuReading
from homebody.messages.turns import Energy, EnergyCounter

__all__ = ["EnergyMeter", "Measuring", "readable_counters"]

_ZONES: Final = Path("/sys/class/powercap")
_MOST_WATTS: Final = 500
"""No package takes more for long; so its counter cannot have run round twice in less than this."""


class _Package(Struct, frozen=True):
    """The counter of one processor package, in microjoules; it begins anew after `limit`."""

    value: int
    limit: int


class EnergyMeter:
    """Measures between two moments. Any thread; several at a time."""

    def __init__(self, read: Callable[[], GpuReading], zones: Path = _ZONES) -> None:
        """`read` reads the cards, such as `GpuReader.read`."""
        self._read, self._zones = read, zones

    def begin(self) -> "Measuring":
        """Begin to measure. A millisecond or so, once `read` has its library open."""
        return Measuring(self._read, self._zones)


class Measuring:
    """A measurement that began when this was made."""

    def __init__(self, read: Callable[[], GpuReading], zones: Path) -> None:
        self._read, self._zones = read, zones
        self._cards = _cards(read())
        self._packages = _packages(zones)
        self._began = time.monotonic()

    def so_far(self, devices: Sequence[str]) -> Energy | None:
        """Return the energy since the beginning; None where no counter could be read.

        `devices` are the GPUs that computed, as the engine names them ("CUDA0 (NVIDIA …)"). Other
        cards are left out; where none computed, only the processor counts. A counter that could
        not be read at both ends, or may have run round more than once, is left out too, and
        `Energy.of` does not name it.
        """
        seconds = time.monotonic() - self._began
        joules = 0.0
        of: list[EnergyCounter] = []
        if devices and (card := self._card_joules(devices)) is not None:
            joules += card
            of.append("GPU")
        package = _package_joules(self._packages, _packages(self._zones), seconds)
        if package is not None:
            joules += package
            of.append("processor")
        return Energy(joules=joules, of=tuple(of)) if of else None

    def _card_joules(self, devices: Sequence[str]) -> float | None:
        before, now = self._cards, _cards(self._read())
        # By name: CUDA counts the cards in another order than their driver.
        ours = [key for key, gpu in before.items() if any(gpu.name in d for d in devices)]
        if not ours or len(ours) > len(devices):
            return None  # which of them computed, nobody here can tell
        total = 0.0
        for key in ours:
            first = before[key].energy_joules
            last = now[key].energy_joules if key in now else None
            if first is None or last is None or last < first:
                return None  # not counted, lost, or counted from 0 again
            total += last - first
        return total


def readable_counters(reading: GpuReading, zones: Path = _ZONES) -> tuple[EnergyCounter, ...]:
    """Return which counters can be read now."""
    found: list[EnergyCounter] = []
    if any(gpu.energy_joules is not None for gpu in reading.gpus):
        found.append("GPU")
    if _packages(zones):
        found.append("processor")
    return tuple(found)


def _cards(reading: GpuReading) -> dict[tuple[int, int], Gpu]:
    """Return the cards by their number, and parts of a card by their place on it."""
    cards: dict[tuple[int, int], Gpu] = {}
    for gpu in reading.gpus:
        place = sum(index == gpu.index for index, _ in cards)
        cards[gpu.index, place] = gpu
    return cards


def _packages(zones: Path) -> dict[str, _Package]:
    """Return the counters of all packages; empty where one of them cannot be read."""
    found = {}
    for zone in zones.glob("intel-rapl:*"):  # AMD's are called so too
        try:
            # Zones inside a package, and "psys" around it, would count the same energy twice.
            if not (zone / "name").read_text("ascii").startswith("package"):
                continue
            found[zone.name] = _Package(
                int((zone / "energy_uj").read_text("ascii")),
                int((zone / "max_energy_range_uj").read_text("ascii")),
            )
        except (OSError, ValueError):
            return {}
    return found


def _package_joules(
    before: dict[str, _Package], now: dict[str, _Package], seconds: float
) -> float | None:
    """Return the joules between two readings of the packages; None if that is not certain."""
    if not before or before.keys() != now.keys():
        return None
    total = 0
    for name, first in before.items():
        if seconds * _MOST_WATTS * 1e6 > first.limit:
            return None  # it may have run round more than once
        difference = now[name].value - first.value
        total += difference if difference >= 0 else difference + first.limit
    return total / 1e6
