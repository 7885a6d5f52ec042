"""NVIDIA's GPUs, as the driver tells of them through its library NVML.

Memory and load are of the whole card, whoever uses it. A card that is split into parts (MIG) is
told of by its parts, because a program gets a part and never the card. Other makers' cards are not
known here.
"""

import contextlib
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

from msgspec import Struct
from msgspec.structs import replace

__all__ = ["Gpu", "GpuKind", "GpuReader", "GpuReading", "driver_mark", "read_gpus"]

_PCI: Final = Path("/sys/bus/pci/devices")
_DRIVER: Final = Path("/proc/driver/nvidia/version")
_DEVICES: Final = Path("/dev")
_LIBRARY: Final = "libnvidia-ml.so.1"
_AGAIN: Final = 10.0
"""Seconds until a driver that failed is asked again."""
_MOST_CARDS: Final = 64

T = TypeVar("T")

GpuKind = Literal[
    "ok",
    "none",  # there is no card of NVIDIA's
    "no_driver",  # a card, or nobody knows; in any case no driver that answers
    "old_driver",  # a driver that is too old, or that waits for the computer to be restarted
    "lost",  # a card that was there stopped answering
]


class Gpu(Struct, frozen=True, kw_only=True):
    """One card, or one part of a card that is split. None is what this card does not tell."""

    index: int
    """As NVML counts, from 0. CUDA may count otherwise."""
    name: str
    """Such as "NVIDIA GeForce RTX 4070"; a part ends in its kind, " MIG 1g.10gb"."""
    uuid: str = ""
    """What CUDA calls it in any order of cards, such as "GPU-8f6d…"; "" where it is not told."""
    memory_total: int
    """Bytes."""
    memory_free: int
    own_memory: int | None = None
    """Bytes that the processes asked about take on it; None where the driver names none of them."""
    load: float | None = None
    """Share of the last moments in which it computed, 0 to 1."""
    temperature: int | None = None
    """Degrees Celsius."""
    power_watts: float | None = None
    energy_joules: float | None = None
    """A counter that runs since the driver was loaded."""
    compute: str | None = None
    """CUDA's compute capability, such as "8.9"."""


class GpuReading(Struct, frozen=True, kw_only=True):
    """What there is, at one moment."""

    kind: GpuKind
    gpus: tuple[Gpu, ...] = ()
    """Those that answer; with "lost" the others."""
    driver: str | None = None
    """Its version, such as "550.54.14"."""
    cuda: str | None = None
    """The newest CUDA that the driver runs, such as "12.4"."""
    card: bool | None = None
    """Whether there is a card, driver or not; None where nobody tells."""
    problem: str = ""
    """Why there is no GPU to use, or fewer than there should be; a sentence, or nothing."""
    hint: str = ""
    """What to do about it."""


class _Failure(Exception):
    """NVML cannot be used."""

    def __init__(self, kind: GpuKind, problem: str, hint: str = "") -> None:
        super().__init__(problem)
        card = False if kind == "none" else _card_is_there()
        self.reading = GpuReading(kind=kind, card=card, problem=problem, hint=hint)


class GpuReader:
    """Keeps NVML open between readings, so that one costs well under 5 ms. Any thread.

    The library is loaded by the first `read` (25 ms, and what the driver takes to wake the cards).
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._nvml: Any = None
        self._cards: tuple[_Card, ...] = ()
        self._facts = GpuReading(kind="none")
        self._failed: GpuReading | None = None
        self._seen: Counter[str] = Counter()
        """The most cards of each name that ever answered."""
        self._asked_at = 0.0

    def read(self, own: Collection[int] = ()) -> GpuReading:
        """Read all cards; `own` are the processes that `own_memory` is about. Never raises."""
        with self._lock:
            try:
                return self._read(own)
            except _Failure as failure:
                self._failed = failure.reading
                self._end()
                return failure.reading

    def close(self) -> None:
        """Give NVML back. A later `read` opens it again."""
        with self._lock:
            self._end()
            self._failed = None

    def _read(self, own: Collection[int]) -> GpuReading:
        late = time.monotonic() - self._asked_at > _AGAIN
        if self._failed is not None and not late:
            return self._failed
        if late and self._gone():
            # A card that came back is found by opening NVML anew.
            self._end()
        if self._nvml is None:
            self._asked_at = time.monotonic()
            self._failed = None
            self._open()
        gpus: list[Gpu] = []
        answering: list[_Card] = []
        for card in self._cards:
            try:
                gpus.extend(card.read(own))
            except card.nvml.NVMLError as error:
                if not _is_gone(card.nvml, error):
                    raise _no_answer(error) from None
            else:
                answering.append(card)
        self._cards = tuple(answering)
        if gone := self._gone():
            return replace(
                self._facts,
                kind="lost",
                gpus=tuple(gpus),
                problem=f"The {' and the '.join(gone)} stopped answering: the driver has lost it.",
                hint="Restart the computer. If it happens again, the card may get too hot, or too "
                "little power.",
            )
        if not gpus:
            raise _Failure(
                "none",
                "The graphics card is split into parts (MIG), and none was made.",
                "Make one with `nvidia-smi mig`, or turn MIG off.",
            )
        return replace(self._facts, gpus=tuple(gpus), **_half_loaded())

    def _gone(self) -> list[str]:
        """Return the names of cards that answered once and do no more."""
        return sorted((self._seen - Counter(card.name for card in self._cards)).elements())

    def _open(self) -> None:
        nvml = _load()
        try:
            nvml.nvmlInit()
        except nvml.NVMLError as error:
            raise _why_not(nvml, error) from None
        self._nvml = nvml
        try:
            count = min(nvml.nvmlDeviceGetCount(), _MOST_CARDS)
        except nvml.NVMLError as error:
            raise _no_answer(error) from None
        cards: list[_Card] = []
        nameless = 0
        for index in range(count):
            try:
                cards.append(_Card(nvml, index))
            except nvml.NVMLError as error:
                if not _is_gone(nvml, error):
                    raise _no_answer(error) from None
                nameless += 1
        self._cards = tuple(cards)
        names = Counter(card.name for card in cards)
        if nameless > (self._seen - names).total():
            # Lost before it ever said its name.
            names["graphics card"] = nameless
        self._seen |= names
        if not self._seen:
            raise _Failure("none", "NVIDIA's driver finds no graphics card.")
        cuda = _asked(nvml, nvml.nvmlSystemGetCudaDriverVersion_v2)
        self._facts = GpuReading(
            kind="ok",
            card=True,
            driver=_asked(nvml, nvml.nvmlSystemGetDriverVersion),
            cuda=f"{cuda // 1000}.{cuda % 1000 // 10}" if cuda else None,
        )

    def _end(self) -> None:
        if self._nvml is not None:
            with contextlib.suppress(self._nvml.NVMLError):
                self._nvml.nvmlShutdown()
        self._nvml, self._cards = None, ()


def read_gpus() -> GpuReading:
    """Read all cards once. Any thread; never raises."""
    reader = GpuReader()
    try:
        return reader.read()
    finally:
        reader.close()


def driver_mark() -> str:
    """Return something that changes with the driver, "" without one. In well under 1 ms.

    It is for knowing whether a driver is still the one of last time, and for nothing else.
    """
    if sys.platform == "win32":
        with contextlib.suppress(OSError):
            facts = (_system_folder() / "nvml.dll").stat()
            return f"{facts.st_size}-{facts.st_mtime_ns}"
        return ""
    try:
        return _DRIVER.read_text("utf-8", "replace").partition("\n")[0].strip()
    except OSError:
        return ""


class _Card:
    """A card that was opened. Methods raise `NVMLError` where the card itself does not answer."""

    def __init__(self, nvml: Any, index: int) -> None:
        self.nvml = nvml
        self._index = index
        self._handle = nvml.nvmlDeviceGetHandleByIndex(index)
        self.name = str(nvml.nvmlDeviceGetName(self._handle))
        compute = _asked(nvml, lambda: nvml.nvmlDeviceGetCudaComputeCapability(self._handle))
        self._compute = f"{compute[0]}.{compute[1]}" if compute else None

    def read(self, own: Collection[int]) -> Iterator[Gpu]:
        """Yield the card, or its parts if it is split."""
        nvml, handle = self.nvml, self._handle
        parts = self._parts()
        if parts is None:
            yield self._gpu(handle, self.name, own)
            return
        # The counters are of the whole card: said of the first part, so that a sum is right.
        for place, (part, name) in enumerate(parts):
            gpu = self._gpu(part, name, own)
            if place == 0:
                energy = self._ask(nvml.nvmlDeviceGetTotalEnergyConsumption, handle)
                power = self._ask(nvml.nvmlDeviceGetPowerUsage, handle)
                gpu = _with_counters(gpu, energy, power)
            yield gpu

    def _parts(self) -> list[tuple[Any, str]] | None:
        """Return the parts with their names; None if the card is whole."""
        nvml = self.nvml
        mode = self._ask(nvml.nvmlDeviceGetMigMode, self._handle)
        if not mode or mode[0] != nvml.NVML_DEVICE_MIG_ENABLE:
            return None
        parts = []
        for place in range(self._ask(nvml.nvmlDeviceGetMaxMigDeviceCount, self._handle) or 0):
            part = self._ask(nvml.nvmlDeviceGetMigDeviceHandleByIndex, self._handle, place)
            if part is not None:
                name = self._ask(nvml.nvmlDeviceGetName, part)
                parts.append((part, str(name) if name else f"{self.name} MIG"))
        return parts

    def _gpu(self, handle: Any, name: str, own: Collection[int]) -> Gpu:
        nvml = self.nvml
        memory = nvml.nvmlDeviceGetMemoryInfo(handle)
        use = self._ask(nvml.nvmlDeviceGetUtilizationRates, handle)
        gpu = Gpu(
            index=self._index,
            name=name,
            uuid=str(self._ask(nvml.nvmlDeviceGetUUID, handle) or ""),
            memory_total=int(memory.total),
            memory_free=int(memory.free),
            own_memory=self._own(handle, own) if own else None,
            load=min(max(use.gpu / 100, 0.0), 1.0) if use else None,
            temperature=self._ask(nvml.nvmlDeviceGetTemperature, handle, nvml.NVML_TEMPERATURE_GPU),
            compute=self._compute,
        )
        energy = self._ask(nvml.nvmlDeviceGetTotalEnergyConsumption, handle)
        power = self._ask(nvml.nvmlDeviceGetPowerUsage, handle)
        return _with_counters(gpu, energy, power)

    def _own(self, handle: Any, own: Collection[int]) -> int | None:
        """Return the bytes of these processes, which may stand in either list, or in both."""
        nvml = self.nvml
        found: dict[int, int] = {}
        for listing in (
            nvml.nvmlDeviceGetComputeRunningProcesses,
            nvml.nvmlDeviceGetGraphicsRunningProcesses,
        ):
            for process in self._ask(listing, handle) or ():
                if process.pid in own and process.usedGpuMemory is not None:
                    found[process.pid] = max(found.get(process.pid, 0), process.usedGpuMemory)
        return sum(found.values()) if found else None

    def _ask(self, question: Callable[..., T], *arguments: Any) -> T | None:
        return _asked(self.nvml, lambda: question(*arguments))


def _with_counters(gpu: Gpu, millijoules: int | None, milliwatts: int | None) -> Gpu:
    return replace(
        gpu,
        energy_joules=None if millijoules is None else millijoules / 1e3,
        power_watts=None if milliwatts is None else milliwatts / 1e3,
    )


def _asked(nvml: Any, question: Callable[[], T]) -> T | None:
    """Return an answer; None where the card or the driver does not know such a thing.

    A card that is gone raises `NVMLError`.
    """
    try:
        return question()
    except nvml.NVMLError as error:
        if _is_gone(nvml, error):
            raise
        return None
    except (OSError, ValueError, UnicodeDecodeError):
        return None


def _is_gone(nvml: Any, error: Any) -> bool:
    return error.value in {nvml.NVML_ERROR_GPU_IS_LOST, nvml.NVML_ERROR_RESET_REQUIRED}


def _load() -> Any:
    """Return the module pynvml, if the library that it speaks for can be there."""
    if sys.platform != "win32":
        # The module takes 25 ms to import; asking the loader first takes none.
        import ctypes

        try:
            ctypes.CDLL(_LIBRARY)
        except OSError:
            raise _no_library() from None
    try:
        import pynvml
    except ImportError:
        raise _Failure(
            "no_driver",
            "The Python package nvidia-ml-py is missing, so NVIDIA's driver cannot be asked.",
            "Install Homebody again.",
        ) from None
    return pynvml


def _no_library() -> _Failure:
    there = _card_is_there()
    if there is False:
        return _Failure("none", "There is no graphics card of NVIDIA's in this computer.")
    if there:
        return _Failure(
            "no_driver",
            "There is a graphics card of NVIDIA's, but its driver is not installed.",
            "Install NVIDIA's driver from your system's packages, and restart the computer.",
        )
    return _Failure(
        "no_driver",
        "NVIDIA's driver is not installed.",
        "If there is a graphics card of NVIDIA's, install its driver.",
    )


def _card_is_there() -> bool | None:
    """Tell whether the bus has a display of NVIDIA's on it; None where nobody says."""
    if sys.platform != "linux":
        return None
    seen = False
    for device in _PCI.glob("*"):
        try:
            vendor = (device / "vendor").read_text("ascii").strip()
            kind = (device / "class").read_text("ascii").strip()
        except (OSError, ValueError):
            continue
        seen = True
        # 0x03....: display controllers, those without an outlet included.
        if vendor == "0x10de" and kind.startswith("0x03"):
            return True
    return False if seen else None


def _why_not(nvml: Any, error: Any) -> _Failure:
    """Word why NVML did not open."""
    name = next((n for n in _REASONS if getattr(nvml, n, None) == error.value), "")
    if name == "NVML_ERROR_LIBRARY_NOT_FOUND":
        return _no_library()
    return _Failure(*_REASONS[name]) if name else _no_answer(error)


_TOO_OLD: Final = ("old_driver", "NVIDIA's driver is too old for Homebody.", "Install a newer one.")
_GONE: Final = (
    "lost",
    "The graphics card does not answer: the driver has lost it.",
    "Restart the computer.",
)
_REASONS: Final[dict[str, tuple[GpuKind, str, str]]] = {
    "NVML_ERROR_LIBRARY_NOT_FOUND": ("no_driver", "", ""),
    "NVML_ERROR_DRIVER_NOT_LOADED": (
        "no_driver",
        "NVIDIA's driver is installed, but it is not running.",
        "Restart the computer. If that does not help, install the driver again.",
    ),
    "NVML_ERROR_LIB_RM_VERSION_MISMATCH": (
        "old_driver",
        "NVIDIA's driver was updated, and an older one is still running.",
        "Restart the computer.",
    ),
    "NVML_ERROR_FUNCTION_NOT_FOUND": _TOO_OLD,
    "NVML_ERROR_ARGUMENT_VERSION_MISMATCH": _TOO_OLD,
    "NVML_ERROR_NO_PERMISSION": (
        "no_driver",
        "The system does not let Homebody ask NVIDIA's driver.",
        "On Linux, your account may have to be in the group `video` or `render`.",
    ),
    "NVML_ERROR_GPU_IS_LOST": _GONE,
    "NVML_ERROR_RESET_REQUIRED": _GONE,
}


def _half_loaded() -> dict[str, str]:
    """Return a problem and a hint where the part of the driver that computes was not loaded.

    Other programs have it loaded by a program that belongs to root, which locked processes may not
    start.
    """
    if not (_DEVICES / "nvidiactl").exists() or (_DEVICES / "nvidia-uvm").exists():
        return {}
    return {
        "problem": "The part of NVIDIA's driver that computes (nvidia-uvm) is not loaded.",
        "hint": "Run `sudo nvidia-modprobe -u -c=0`, and start Homebody again.",
    }


def _no_answer(error: Any) -> _Failure:
    said = " ".join(str(error).split())[:100]
    return _Failure(
        "no_driver",
        f"NVIDIA's driver does not answer ({said}).",
        "Restart the computer. If that does not help, install the driver again.",
    )


def _system_folder() -> Path:
    return Path(os.environ.get("WINDIR", "C:/Windows")) / "System32"
