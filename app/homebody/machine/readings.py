"""What this machine is, read from the system. What cannot be read is None, never a guess.

Sources: on Linux `/sys/devices/system/cpu`, `/proc/cpuinfo`, `/proc/driver/nvidia` and the control
groups of containers; on Windows the registry; memory, and cores elsewhere, from psutil;
GPUs elsewhere from NVIDIA's library.
"""

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Final

from msgspec import Struct

from homebody.machine.gpus import read_gpus

__all__ = ["Machine", "physical_cores", "read_machine", "read_memory"]

_CORES: Final = Path("/sys/devices/system/cpu")
_CPUINFO: Final = Path("/proc/cpuinfo")
_NVIDIA: Final = Path("/proc/driver/nvidia/gpus")
_GROUPS: Final = Path("/sys/fs/cgroup")
_OWN_GROUPS: Final = Path("/proc/self/cgroup")


class Machine(Struct, frozen=True, kw_only=True):
    """One reading of the machine. Memory in bytes."""

    system: str
    """Such as "Linux 6.1 x86_64"."""
    processor: str | None
    physical_cores: int | None
    """Cores with arithmetic of their own among those that this process may use."""
    logical_cores: int | None
    """Threads that run at once on them (two per core with hyper-threading)."""
    core_limit: float | None
    """Cores' worth of time that a container grants; None: no limit is set, or none is known."""
    memory_total: int | None
    memory_available: int | None
    """What programs can still get without swapping."""
    gpus: tuple[str, ...] | None
    """Names of NVIDIA's GPUs; None where nothing tells."""


def read_machine() -> Machine:
    """Read everything, in a few milliseconds where files tell. Any thread; never raises."""
    total, available = read_memory()
    return Machine(
        system=_system(),
        processor=_processor(),
        physical_cores=_count_cores(),
        logical_cores=_count_logical(),
        core_limit=_core_limit(),
        memory_total=total,
        memory_available=available,
        gpus=_gpus(),
    )


def physical_cores() -> int:
    """Return how many threads can compute at full speed, at least 1. Never raises.

    Counted are the cores that this process may run on; where their number cannot be read, what
    `os.cpu_count` says. A container's limit is rounded down: llama.cpp's threads wait for each
    other, so one that is held back holds back all.
    """
    cores = _count_cores() or os.cpu_count() or 1
    limit = _core_limit()
    return max(1, cores if limit is None else min(cores, int(limit)))


def _text(path: Path) -> str:
    """Return what is in a small file, "" if it cannot be read."""
    try:
        return path.read_text("utf-8", "replace")
    except (OSError, ValueError):
        return ""


def _system() -> str:
    import platform

    release = platform.release()
    if sys.platform == "linux":
        release = ".".join(release.split("-")[0].split(".")[:2])
    return " ".join(part for part in (platform.system(), release, platform.machine()) if part)


def _processor() -> str | None:
    """Return the processor's name as its maker writes it."""
    if sys.platform == "win32":
        import winreg

        place = r"HARDWARE\DESCRIPTION\System\CentralProcessor\0"
        try:
            with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, place) as key:
                name = str(winreg.QueryValueEx(key, "ProcessorNameString")[0])
        except OSError:
            return None
        return " ".join(name.split()) or None
    return _named("model name", _text(_CPUINFO).splitlines())


def _named(name: str, lines: Iterable[str]) -> str | None:
    """Return the first value called `name` in lines such as "model name : Intel(R) …"."""
    for line in lines:
        key, colon, value = line.partition(":")
        if colon and key.strip().lower() == name and value.strip():
            return " ".join(value.split())
    return None


def _count_logical() -> int | None:
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count()


def _count_cores() -> int | None:
    """Count the cores that this process may run on; None if the system does not tell."""
    if sys.platform != "linux":
        import psutil

        return psutil.cpu_count(logical=False)
    cores = set()
    for number in os.sched_getaffinity(0):
        # Threads of one core name the same siblings; cheaper than reading package and core id.
        siblings = _text(_CORES / f"cpu{number}" / "topology" / "thread_siblings_list").strip()
        if not siblings:
            return _count_listed(os.sched_getaffinity(0), _text(_CPUINFO))
        cores.add(siblings)
    return len(cores) or None


def _count_listed(usable: set[int], cpuinfo: str) -> int | None:
    """Count cores by the pairs (package, core) of /proc/cpuinfo, which not all processors have."""
    cores = set()
    for block in cpuinfo.split("\n\n"):
        lines = block.splitlines()
        number, package = _named("processor", lines), _named("physical id", lines)
        core = _named("core id", lines)
        if number is None or not number.isdecimal() or int(number) not in usable:
            continue
        if package is None or core is None:
            return None
        cores.add((package, core))
    return len(cores) or None


def _core_limit() -> float | None:
    """Return the tightest limit of the control groups that this process is in, in cores."""
    if sys.platform != "linux":
        return None
    limits: list[float | None] = []
    for line in _text(_OWN_GROUPS).splitlines():
        # "0::/path" is version 2; "4:cpu,cpuacct:/path" is version 1.
        _, controllers, path = (*line.split(":", 2), "", "", "")[:3]
        if controllers == "":
            limits.extend(map(_limit_2, _upwards(_GROUPS, path)))
        elif "cpu" in controllers.split(","):
            limits.extend(map(_limit_1, _upwards(_GROUPS / "cpu", path)))
    return min((limit for limit in limits if limit is not None), default=None)


def _limit_2(folder: Path) -> float | None:
    """Return the limit of one group of version 2: "200000 100000", or "max 100000"."""
    quota, period = (*_text(folder / "cpu.max").split(), "", "")[:2]
    return _ratio(quota, period)


def _limit_1(folder: Path) -> float | None:
    """Return the limit of one group of version 1: a file each for quota and period."""
    return _ratio(_text(folder / "cpu.cfs_quota_us"), _text(folder / "cpu.cfs_period_us"))


def _upwards(root: Path, path: str) -> Iterator[Path]:
    """Yield the folder of a control group and those above it, up to `root`.

    Inside a container the path may be the host's, of which only the root is visible.
    """
    parts = [part for part in PurePosixPath(path).parts if part not in {"/", ".."}]
    for length in range(len(parts), -1, -1):
        yield root.joinpath(*parts[:length])


def _ratio(quota: str, period: str) -> float | None:
    """Return quota / period; None for "max", -1 and whatever is not two numbers."""
    try:
        granted, every = int(quota), int(period)
    except ValueError:
        return None
    return granted / every if granted > 0 and every > 0 else None


def read_memory() -> tuple[int | None, int | None]:
    """Return (total, available) bytes. A container's own limit is not in it. Never raises."""
    try:
        import psutil

        memory = psutil.virtual_memory()
    except (ImportError, OSError, RuntimeError, ValueError):
        return None, None
    return int(memory.total), int(memory.available)


def _gpus() -> tuple[str, ...] | None:
    """Return the GPUs that NVIDIA's driver names; without that driver nobody here knows.

    On Linux its files name them at no cost; elsewhere, and inside WSL, its library does.
    """
    names = [
        _named("model", _text(path).splitlines()) for path in sorted(_NVIDIA.glob("*/information"))
    ]
    found = tuple(name for name in names if name is not None)
    return found or tuple(gpu.name for gpu in read_gpus().gpus) or None
