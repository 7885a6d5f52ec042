"""Is the build of llama.cpp fit for this machine? Tried once in a process that may die.

Only what uses a graphics card is tried, a build with CUDA or packs (`packs`): when it dies of its
driver, or of a card that it was not made for, there is something to go on with, the same build
without the GPU. (A build for the processor alone that dies leaves nothing; the keeper's word on its
death says all.) No pack is used that was not tried. What came out is remembered for this build,
these packs, driver and processor, so that later starts read a small file and no more.
"""

import contextlib
import os
import platform
import re
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, Final, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from homebody.base.files import replace_file
from homebody.base.log import log
from homebody.engine.build import PACKS, Pack, build_folder, has_gpu_code, read_pack
from homebody.machine.gpus import driver_mark
from homebody.messages.frames import (
    Failed,
    FromEngine,
    Generate,
    Generated,
    Load,
    Loaded,
    ToEngine,
)
from homebody.wire.codec import BrokenFrame, Codec, UnknownFrame, lines
from homebody.wire.death import Death, ending, explain
from homebody.wire.keeper import child_command, child_environment
from homebody.wire.lifeline import bind_child

__all__ = ["Fitness", "Probe", "Verdict"]

_NO_GPU: Final = {"CUDA_VISIBLE_DEVICES": "-1"}
_DRIVER_SAYS: Final = re.compile(r"failed to initialize CUDA: (.{1,200})")
_LIBRARIES: Final = re.compile(r"\.(so|dll|dylib)(\.|$)")
_DRIVER_FILES: Final = ("libcuda.so.1", "nvcuda.dll")
_STDERR_LINES: Final = 100
# Where Vulkan's loader finds drivers. What is installed or renewed there changes a verdict.
_VULKAN: Final = ("/etc/vulkan/icd.d", "/usr/share/vulkan/icd.d", "/usr/local/share/vulkan/icd.d")
_SHOWN: Final = ("CUDA_VISIBLE_DEVICES", "GGML_VK_VISIBLE_DEVICES")
_DRIVER_HINT: Final = (
    "Install a newer driver for the graphics card; `homebody doctor` tries again. "
    "Until then answers come from the processor, which is slower."
)
_NO_CARD_HINT: Final = (
    "If there is a graphics card, install a newer driver for it; `homebody doctor` tries again. "
    "If not, the pack is of no use: `homebody engine remove {name}`."
)

Fitness = Literal[
    "untried",  # a build for the processor alone, or it could not be tried to the end
    "gpu",  # it computed, and found a GPU or did not miss one
    "no_device",  # it works, but the driver does not let it use a GPU
    "processor",  # it died with the GPU, and works without
    "broken",  # it dies in any case
]


class Verdict(Struct, frozen=True, kw_only=True):
    """What came out of a trial."""

    fitness: Fitness
    sentence: str = ""
    """What is wrong, if anything is."""
    hint: str = ""
    last_lines: tuple[str, ...] = ()
    """What the child that died last said on its stderr."""
    packs: tuple[str, ...] | None = None
    """Folders of the packs that engines are to load; None: there was none to choose from."""
    devices: tuple[str, ...] = ()
    """What it computed on, besides the processor, as llama.cpp calls it."""

    @property
    def uses_gpu(self) -> bool:
        """Whether engines use a card, as far as it is known."""
        return self.fitness in {"gpu", "untried"}

    @property
    def environment(self) -> dict[str, str]:
        """Variables that an engine needs in order to live: put them into ours before one starts."""
        found = dict(_NO_GPU) if self.fitness == "processor" else {}
        if self.packs is not None:
            found[PACKS] = os.pathsep.join(self.packs)
        return found


class _Remembered(Struct, frozen=True):
    about: str
    verdict: Verdict


class Probe:
    """Tries the build with a small model. One thread at a time; `close` from any."""

    def __init__(
        self,
        memory: Path,
        load: Callable[[], Load | None],
        command: Callable[[], Sequence[str]] = lambda: child_command("engine"),
        *,
        seconds: float = 120.0,
        folder: Path | None = None,
        packs: Sequence[Path] = (),
    ) -> None:
        """`memory` is the file to remember it in; `load` finds a model to try, None: there is none.

        `seconds` are for one child: to load the model and to write one token. A driver may compile
        its code in them, when it is new. `folder` is the build's, None: the one that is installed.
        `packs` are the absolute folders of those that belong to it and are whole.
        """
        self._memory, self._load, self._command = memory, load, command
        self._seconds = seconds
        self._folder = folder if folder is not None else build_folder()
        # Of now: what comes out may change our environment, and is still about this.
        self._packs = tuple(map(str, packs))
        tried = bool(packs) or has_gpu_code(self._folder)
        self._about = _about(self._folder, packs) if tried else ""
        self._guard = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._closed = False

    def remembered(self) -> Verdict | None:
        """Return what came out before, if it still holds; None if it has to be tried. At once."""
        if not self._about:
            return Verdict(fitness="untried")
        try:
            known = msgspec.json.decode(self._memory.read_bytes(), type=_Remembered)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            return None
        if known.about != self._about or not set(known.verdict.packs or ()) <= set(self._packs):
            return None
        return known.verdict

    def run(self) -> Verdict:
        """Try it, remember what came out, and return it. Takes seconds; never raises."""
        if not self._about:
            return Verdict(fitness="untried")
        load = self._load()
        if load is None:
            return self._untried(
                "Packs are not used: there is no model to try them with." if self._packs else ""
            )
        verdict = self._try(load)
        log.info("tried the engine's build: %s", verdict.fitness)
        if verdict.fitness != "untried":
            # It is tried again next time where it cannot be written.
            with contextlib.suppress(OSError):
                remembered = _Remembered(self._about, verdict)
                replace_file(self._memory, msgspec.json.encode(remembered))
        return verdict

    def close(self) -> None:
        """End a trial that is under way, which then comes to no verdict."""
        with self._guard:
            self._closed = True
            if self._child is not None:
                self._child.kill()

    def settle(self) -> Verdict:
        """Return what is known, or find out."""
        return self.remembered() or self.run()

    def _untried(self, why: str) -> Verdict:
        return Verdict(fitness="untried", sentence=why, packs=() if self._packs else None)

    def _try(self, load: Load) -> Verdict:
        with_gpu = self._live(load, _packed(self._packs))
        if with_gpu.death is None:
            return self._lived(with_gpu, self._packs)
        if len(self._packs) > 1 and (some := self._some(load)) is not None:
            return some
        without = self._live(replace(load, gpu_layers=0), _NO_GPU | _packed(()))
        if self._closed or without.refusal:
            return self._untried(without.refusal)
        packs = () if self._packs else None
        if without.death is None:
            what = (
                f"with {_titles(self._packs)}" if packs == () else "when it uses the graphics card"
            )
            return Verdict(
                fitness="processor",
                sentence=f"The engine dies {what}, so it goes without: {with_gpu.death.message}",
                hint=_DRIVER_HINT,
                last_lines=with_gpu.stderr,
                packs=packs,
            )
        if any(name in line for line in without.stderr for name in _DRIVER_FILES):
            return Verdict(
                fitness="broken",
                sentence="This build of llama.cpp needs NVIDIA's driver, which is not installed.",
                hint="Install the driver, or build Homebody without CUDA.",
                last_lines=without.stderr,
                packs=packs,
            )
        return Verdict(
            fitness="broken",
            sentence=f"The engine does not work on this machine: {without.death.message}",
            hint=without.death.hint,
            last_lines=without.stderr,
            packs=packs,
        )

    def _some(self, load: Load) -> Verdict | None:
        """Return what it is with the packs that it lives with; None: there are none of those."""
        kept: tuple[str, ...] = ()
        life, died = None, None
        left: list[str] = []
        for pack in self._packs:
            one = self._live(load, _packed((*kept, pack)))
            if one.death is None:
                kept, life = (*kept, pack), one
            else:
                died, left = one, [*left, pack]
        if self._closed or life is None or died is None or died.death is None:
            return None
        verdict = self._lived(life, kept)
        why = f"The engine dies with {_titles(left)}, so it goes without: {died.death.message}"
        return replace(
            verdict,
            sentence=f"{why} {verdict.sentence}".rstrip(),
            hint=verdict.hint or _DRIVER_HINT,
            last_lines=died.stderr,
        )

    def _lived(self, life: "_Life", packs: tuple[str, ...]) -> Verdict:
        """Return what it means that a build did not die with these packs."""
        if life.refusal:
            return self._untried(life.refusal)
        said = next((m[1] for line in life.stderr if (m := _DRIVER_SAYS.search(line))), "")
        if not self._packs:
            if not said:
                return Verdict(fitness="gpu", devices=life.devices)
            return Verdict(
                fitness="no_device",
                sentence=f"This build of llama.cpp cannot use the graphics card: {said}.",
                hint=_DRIVER_HINT,
                last_lines=life.stderr,
            )
        refused = {pack: why for pack in packs if (why := _refused(pack, life.problems))}
        kept = tuple(pack for pack in packs if pack not in refused)
        why = " ".join(refused.values())
        if life.devices and kept:
            return Verdict(
                fitness="gpu",
                sentence=why,
                hint=_DRIVER_HINT if why else "",
                packs=kept,
                devices=life.devices,
            )
        if not why:
            because = f": {said}" if said else ""
            why = f"The engine finds no graphics card with {_titles(packs)}{because}."
        # Without them a start is faster. What changes a verdict has them tried again.
        return Verdict(
            fitness="no_device",
            sentence=why,
            hint=_NO_CARD_HINT.format(name=Path(packs[0]).name),
            last_lines=life.stderr,
            packs=(),
        )

    def _live(self, load: Load, environment: dict[str, str]) -> "_Life":
        """Run an engine that loads a model and writes a token. Returns when it is gone."""
        try:
            process = self._start(child_environment() | environment)
        except OSError as error:
            return _Life(ending("engine", "not_started", None, detail=error.strerror or ""))
        if process is None:
            return _Life(ending("engine", "asked", None))
        try:
            return _watched(process, load, self._seconds)
        finally:
            with self._guard:
                self._child = None

    def _start(self, environment: dict[str, str]) -> "subprocess.Popen[bytes] | None":
        options: dict[str, Any] = {}
        if sys.platform == "win32":
            options["creationflags"] = subprocess.CREATE_NO_WINDOW
        else:
            options["start_new_session"] = True
        pipe = subprocess.PIPE
        with self._guard:
            if self._closed:
                return None
            self._child = subprocess.Popen(
                self._command(), stdin=pipe, stdout=pipe, stderr=pipe, env=environment, **options
            )
            return self._child


def _packed(packs: Sequence[str]) -> dict[str, str]:
    return {PACKS: os.pathsep.join(packs)}


def _titles(packs: Iterable[str]) -> str:
    """Return the packs as a sentence names them: "the pack CUDA and the pack Vulkan"."""
    found = ((read_pack(Path(pack)), pack) for pack in packs)
    return " and ".join(f"the pack {pack.title if pack else name}" for pack, name in found)


def _refused(folder: str, problems: Iterable[str]) -> str:
    """Return the sentence in which an engine said that it could not load a pack; nothing if not."""
    pack: Pack | None = read_pack(Path(folder))
    about = (f"The pack in {folder} ", f"The pack {pack.title if pack else ''} ")
    return next((problem for problem in problems if problem.startswith(about)), "")


def _about(folder: Path | None, packs: Sequence[Path] = ()) -> str:
    """Return what a verdict is about: build, packs, drivers, processor, and the cards shown."""
    parts = [driver_mark(), _processor(), *(os.environ.get(name, "") for name in _SHOWN)]
    if packs:
        # Vulkan's drivers are made of these, and of a part of the kernel.
        parts += [platform.release(), *_vulkan_drivers()]
    for place in (*(() if folder is None else (folder,)), *packs):
        parts.append(str(place) if place in packs else "")
        # Not there any more by now: then it is about nothing that will ever be again.
        with contextlib.suppress(OSError):
            parts += [
                _mark(file) for file in sorted(place.iterdir()) if _LIBRARIES.search(file.name)
            ]
    return "\n".join(parts)


def _vulkan_drivers() -> Iterator[str]:
    if sys.platform == "win32":
        loader = Path(os.environ.get("SYSTEMROOT", "C:\\Windows")) / "System32" / "vulkan-1.dll"
        with contextlib.suppress(OSError):
            yield _mark(loader)
        return
    for folder in _VULKAN:
        with contextlib.suppress(OSError):
            for file in sorted(Path(folder).iterdir()):
                yield _mark(file)


def _mark(file: Path) -> str:
    facts = file.stat()
    return f"{file.name} {facts.st_size} {facts.st_mtime_ns}"


def _processor() -> str:
    """Return which kind of processor this is, quickly: a disk may move to another machine."""
    if sys.platform != "linux":
        return platform.processor()
    try:
        with Path("/proc/cpuinfo").open("rb") as stream:
            beginning = stream.read(400)
    except OSError:
        return platform.machine()
    kinds = (b"vendor_id", b"cpu family", b"model", b"stepping")
    return b"; ".join(
        b" ".join(line.split()) for line in beginning.splitlines() if line.startswith(kinds)
    ).decode("ascii", "replace")


# ------------------------------------------------------------------ one child


class _Life(Struct, frozen=True):
    """How one child lived: to the end of its work, or not."""

    death: Death | None
    stderr: tuple[str, ...] = ()
    refusal: str = ""
    """Why it would not do its work, though it lived."""
    devices: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    """Why it did not load packs."""


def _watched(process: "subprocess.Popen[bytes]", load: Load, seconds: float) -> _Life:
    """Let a child work, for so long and no longer, until it is gone."""
    job = bind_child(process)
    late = threading.Event()

    def end() -> None:
        late.set()
        process.kill()

    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    stderr: deque[str] = deque(maxlen=_STDERR_LINES)
    reader = threading.Thread(
        target=_keep, args=(process.stderr, stderr), name="probe stderr", daemon=True
    )
    timer = threading.Timer(seconds, end)
    timer.daemon = True
    reader.start()
    timer.start()
    told: list[Loaded] = []
    try:
        refusal = _work(process.stdin, process.stdout, load, told)
        if refusal is None:
            # It is dying, or it hangs; then it is ended by the timer.
            process.wait()
    except BrokenFrame:
        return _Life(ending("engine", "garbage", None, tuple(stderr)), tuple(stderr))
    finally:
        timer.cancel()
        process.kill()
        returncode = process.wait()
        with contextlib.suppress(OSError):
            process.stdin.close()
        reader.join()
        timer.join()
        process.stdout.close()
        process.stderr.close()
        del job
    tail = tuple(stderr)
    if refusal is not None:
        devices = told[0].devices if told else ()
        problems = told[0].pack_problems if told else ()
        return _Life(None, tail, refusal, devices, problems)
    if late.is_set():
        return _Life(ending("engine", "hung", returncode, tail, seconds=seconds), tail)
    return _Life(explain("engine", returncode, tail), tail)


def _work(stdin: IO[bytes], stdout: IO[bytes], load: Load, told: list[Loaded]) -> str | None:
    """Have the engine load and write. Returns "" when done, why it refused, or None: it died.

    `told` gets what it says of the load. Raises `BrokenFrame` if it says nonsense.
    """
    outgoing: Codec[ToEngine] = Codec(ToEngine)
    try:
        stdin.write(outgoing.encode(replace(load, id=1)))
        stdin.flush()
        for frame in _frames(stdout):
            match frame:
                case Loaded(id=1) as loaded:
                    told.append(loaded)
                    stdin.write(outgoing.encode(Generate(id=2, prompt="One,", max_tokens=1)))
                    stdin.flush()
                case Generated(id=2):
                    return ""
                case Failed():
                    # It does not like the model, or there is no memory: no fault of the build's.
                    return frame.message
                case _:
                    pass
    except (OSError, ValueError):
        return None
    return None


def _frames(stdout: IO[bytes]) -> Iterator[FromEngine]:
    incoming: Codec[FromEngine] = Codec(FromEngine)
    for line in lines(stdout):
        with contextlib.suppress(UnknownFrame):
            yield incoming.decode(line)


def _keep(stream: IO[bytes], tail: deque[str]) -> None:
    for raw in iter(lambda: stream.readline(4096), b""):
        if text := raw.decode("utf-8", "replace").rstrip():
            tail.append(text)
