"""How busy and how full this machine is, in sentences. What cannot be read is not said."""

import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from homebody.base.errors import SkillProblem
from homebody.machine.gpus import Gpu, GpuReading, read_gpus
from homebody.machine.readings import Machine, read_machine
from homebody.messages.skills import Outcome

__all__ = ["system_status"]

_WATCH: Final = 0.3
"""Seconds over which the processor's load is measured."""
_MOST_DISKS: Final = 8
_IMAGES: Final = ("squashfs", "iso9660", "udf", "overlay")
"""File systems that are always full: images of programs and of discs."""


def system_status(
    part: str,
    *,
    machine: Callable[[], Machine] = read_machine,
    gpus: Callable[[], GpuReading] = read_gpus,
) -> Outcome:
    """Say how it is with a part of this machine. Takes up to half a second.

    `SkillProblem` where nothing of it can be read.
    """
    lines: list[str] = []
    if part in ("all", "cpu"):
        lines += _processor(machine())
    if part in ("all", "memory"):
        lines += _memory(machine())
    if part in ("all", "gpu"):
        lines += _gpus(gpus(), asked=part == "gpu")
    if part in ("all", "disk"):
        lines += _disks()
    if not lines:
        raise SkillProblem("This machine does not say how it is with that.", "", "unsupported")
    return Outcome(text="\n".join(lines))


def _processor(machine: Machine) -> list[str]:
    facts = [machine.processor] if machine.processor else []
    if machine.logical_cores:
        facts.append(
            "1 thread" if machine.logical_cores == 1 else f"{machine.logical_cores} threads"
        )
    name = f" ({', '.join(facts)})" if facts else ""
    try:
        import psutil

        load = psutil.cpu_percent(interval=_WATCH)
    except (ImportError, OSError, RuntimeError, ValueError):
        return [f"Processor{name}: its load cannot be read."] if name else []
    return [f"Processor{name}: {load:.0f} % busy."]


def _memory(machine: Machine) -> list[str]:
    if machine.memory_total is None or machine.memory_available is None:
        return []
    return [f"Memory: {_gb(machine.memory_available)} of {_gb(machine.memory_total)} can be used."]


def _gpus(reading: GpuReading, *, asked: bool) -> list[str]:
    lines = [_card(gpu) for gpu in reading.gpus]
    # Who asked about everything need not hear of a card that this machine never had.
    if reading.kind == "lost" or (not lines and (asked or reading.card)):
        sentence = reading.problem or "There is no graphics card that can be read."
        lines.append(f"{sentence} {reading.hint}".rstrip())
    return lines


def _card(gpu: Gpu) -> str:
    facts = [f"{_gb(gpu.memory_free)} of {_gb(gpu.memory_total)} of its memory are free"]
    if gpu.load is not None:
        facts.append(f"{gpu.load:.0%} busy".replace("%", " %"))
    if gpu.temperature is not None:
        facts.append(f"{gpu.temperature} °C")
    if gpu.power_watts is not None:
        facts.append(f"{gpu.power_watts:.0f} W")
    return f"Graphics card {gpu.name}: {', '.join(facts)}."


def _disks() -> list[str]:
    """Return a line for each disk; the person's own folder first."""
    lines: list[str] = []
    seen: set[tuple[int, int]] = set()
    for place, name in _places():
        try:
            usage = shutil.disk_usage(place)
        except (OSError, ValueError):
            continue
        # The same disk, mounted at several places, says the same to the byte.
        if usage.total <= 0 or (usage.total, usage.free) in seen:
            continue
        seen.add((usage.total, usage.free))
        lines.append(f"Disk {name}: {_gb(usage.free)} of {_gb(usage.total)} are free.")
        if len(lines) == _MOST_DISKS:
            break
    return lines


def _places() -> list[tuple[str, str]]:
    """Return mount points and what they are called."""
    places: list[tuple[str, str]] = []
    with suppress(RuntimeError):  # a user without one
        places.append((str(Path.home()), "with your home folder"))
    with suppress(ImportError, OSError, RuntimeError, ValueError):
        import psutil

        places += [
            (each.mountpoint, each.mountpoint)
            # Not those of the network, which may not answer.
            for each in psutil.disk_partitions(all=False)
            if each.fstype not in _IMAGES and Path(each.mountpoint).is_dir()
        ]
    return places


def _gb(size: int) -> str:
    return f"{size / 1e9:,.1f} GB"
