"""The keeper: starts, watches, restarts and ends one child process.

Four threads serve a child: one owns the process (starts it, waits for it, starts it again), one
reads its frames, one its stderr, one watches for silence. The owning thread lives as long as the
keeper, because on Linux a child is tied to the thread that started it (`wire.lifeline`).
"""

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, Generic, TypeVar

from homebody.base.errors import EngineDied
from homebody.base.log import log
from homebody.messages.frames import PROTOCOL, Beat, Hello
from homebody.wire.codec import BrokenFrame, Codec, UnknownFrame, lines
from homebody.wire.death import Cause, Death, ending, explain, oom_kills
from homebody.wire.lifeline import bind_child
from homebody.wire.surroundings import is_frozen, own_environment, own_program

__all__ = ["Keeper", "Limits", "child_command", "child_environment"]

F = TypeVar("F")
_STDERR_LINES = 200


@dataclass(frozen=True)
class Limits:
    """Times in seconds, and when to stop trying."""

    hello: float = 20.0
    """From the start of the process to its first frame."""
    silence: float = 5.0
    """Between two frames; a child beats once a second."""
    leave: float = 2.0
    """From the end of its input to the end of the process, before it is terminated."""
    crashes: int = 3
    """So many crashes within `crash_window` open the circuit: the child is not started again."""
    crash_window: float = 300.0
    back_off: tuple[float, ...] = (0.0, 0.5, 2.0)
    """Waits before the first, second, third… restart."""


def child_command(role: str, *extra: str) -> list[str]:
    """Return the command that starts this program as a child in `role`."""
    if is_frozen():
        return [own_program(), "--as", role, str(os.getpid()), *extra]
    # -P: the current folder is not searched for modules.
    return [sys.executable, "-P", "-m", "homebody", "--as", role, str(os.getpid()), *extra]


# A child gets these variables and no others, so that no key or token of the person is in its
# memory. The loader's and CUDA's are needed to find libraries and cards.
_PASSED_ON = [
    "PATH",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "LD_LIBRARY_PATH",
    "CUDA_VISIBLE_DEVICES",
    "GGML_VK_VISIBLE_DEVICES",
    "VK_DRIVER_FILES",
    "CUDA_PATH",
    "NVIDIA_VISIBLE_DEVICES",
    "LLAMA_CPP_LIB_PATH",
    "HOMEBODY_ENGINE_PACKS",
    "OMP_NUM_THREADS",
    "OMP_PROC_BIND",
    "SYSTEMROOT",
    "WINDIR",
    "TEMP",
    "TMP",
    "PYTHONPATH",
    "VIRTUAL_ENV",
]


def child_environment() -> dict[str, str]:
    """Return the small environment of a child."""
    whole = own_environment()
    kept = {name: whole[name] for name in _PASSED_ON if name in whole}
    # Without GGML_NO_BACKTRACE ggml starts a debugger on itself before it aborts.
    return kept | {"GGML_NO_BACKTRACE": "1", "PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1"}


class Keeper(Generic[F]):
    """Owns one child. Callbacks run on the keeper's threads and must not block for long.

    `on_frame(frame)` for every frame but beats; `on_ready(hello)` after each start;
    `on_death(death, again)` after each end that was not asked for, with `again` False once the
    circuit is open.
    """

    def __init__(
        self,
        role: str,
        command: Sequence[str],
        incoming: Any,
        *,
        on_frame: Callable[[F], None],
        on_ready: Callable[[Hello], None] = lambda _hello: None,
        on_death: Callable[[Death, bool], None] = lambda _death, _again: None,
        limits: Limits | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.role = role
        self._command = list(command)
        self._environment = dict(child_environment() if environment is None else environment)
        self._incoming: Codec[F] = Codec(incoming)
        self._outgoing: Codec[Any] = Codec(Hello)
        self._on_frame, self._on_ready, self._on_death = on_frame, on_ready, on_death
        self._limits = limits or Limits()
        self._writing = threading.Lock()
        self._closing = threading.Event()
        self._wake = threading.Event()
        self._gone = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._stderr: deque[str] = deque(maxlen=_STDERR_LINES)
        self._crashes: deque[float] = deque()
        self._verdict: Cause | None = None
        self._hello = False
        self._last_heard = 0.0
        self._job: Any = None
        self._owner: threading.Thread | None = None
        self._watcher: threading.Thread | None = None

    # ------------------------------------------------------------------ for everybody

    @property
    def pid(self) -> int | None:
        """The child's process id while there is one."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    @property
    def last_lines(self) -> tuple[str, ...]:
        """What the child last printed to its stderr."""
        return tuple(self._stderr)

    def start(self) -> None:
        """Start the child and keep it running. Returns at once."""
        self._owner = threading.Thread(target=self._own, name=f"{self.role} owner", daemon=True)
        self._watcher = threading.Thread(target=self._watch, name=f"{self.role} watch", daemon=True)
        self._owner.start()
        self._watcher.start()

    def send(self, frame: Any) -> None:
        """Write one frame to the child. `EngineDied` if it is not there to read it."""
        line = self._outgoing.encode(frame)
        process = self._process
        if process is None or process.stdin is None:
            raise EngineDied(f"The {self.role} is not running.")
        with self._writing:
            try:
                process.stdin.write(line)
                process.stdin.flush()
            except (OSError, ValueError):
                raise EngineDied(f"The {self.role} is not running.") from None

    def restart(self) -> None:
        """Close the circuit again and start the child, at once, if it is not running."""
        self._wake.set()

    def end(self) -> None:
        """End the child: by end of file, then terminate, then kill. Returns when it is gone."""
        self._closing.set()
        self._wake.set()
        if self._owner is None:
            return
        process = self._process
        # Somebody may be stuck in the middle of a frame that the child does not read; then the pipe
        # cannot be closed, and the child is terminated instead.
        if process is not None and self._writing.acquire(timeout=self._limits.leave):
            try:
                _close(process.stdin)
            finally:
                self._writing.release()
        for seconds, harder in ((self._limits.leave, "terminate"), (1.0, "kill"), (5.0, "")):
            if self._gone.wait(seconds):
                break
            process = self._process
            if harder and process is not None:
                with contextlib.suppress(OSError):
                    getattr(process, harder)()
        for thread in (self._owner, self._watcher):
            if thread is not None and thread is not threading.current_thread():
                thread.join(timeout=1.0)

    # ------------------------------------------------------------------ the owning thread

    def _own(self) -> None:
        while not self._closing.is_set():
            death = self._live_once()
            # Before looking at `_closing` and before the news: an `end` or a `restart` that comes
            # from here on is not missed.
            self._wake.clear()
            if self._closing.is_set():
                break
            log.warning("%s ended: %s (%s)", self.role, death.cause, death.returncode)
            moment = time.monotonic()
            self._crashes.append(moment)
            while moment - self._crashes[0] > self._limits.crash_window:
                self._crashes.popleft()
            again = len(self._crashes) < self._limits.crashes
            self._on_death(death, again)
            waits = self._limits.back_off
            pause = waits[min(len(self._crashes), len(waits)) - 1] if again else None
            if self._wake.wait(pause):
                self._crashes.clear()
        self._gone.set()

    def _live_once(self) -> Death:
        """Run one process from start to end and say how it ended."""
        self._stderr.clear()
        self._verdict, self._hello = None, False
        killed_before = oom_kills()
        self._last_heard = time.monotonic()
        try:
            process = self._spawn()
        except OSError as error:
            return ending(self.role, "not_started", None, detail=error.strerror or "")
        self._process = process
        self._job = bind_child(process)
        readers = [
            threading.Thread(
                target=reader, args=(process,), name=f"{self.role} reader", daemon=True
            )
            for reader in (self._read, self._keep_stderr)
        ]
        for reader in readers:
            reader.start()
        if self._closing.is_set():
            # `end` was called before there was a process to end.
            process.kill()
        returncode = process.wait()
        # What the child still managed to say comes before the news of its death.
        for reader in readers:
            reader.join(timeout=0.2)
        with self._writing:
            _close(process.stdin)
        tail = tuple(self._stderr)
        if self._verdict is not None:
            silence = self._limits.silence if self._hello else self._limits.hello
            return ending(self.role, self._verdict, returncode, tail, seconds=silence)
        killed_after = oom_kills()
        return explain(
            self.role,
            returncode,
            tail,
            oom_killed=killed_before is not None
            and killed_after is not None
            and killed_after > killed_before,
        )

    def _spawn(self) -> subprocess.Popen[bytes]:
        options: dict[str, Any] = {}
        if sys.platform == "win32":
            options["creationflags"] = subprocess.CREATE_NO_WINDOW
        else:
            # A session of its own: Ctrl-C and a closing terminal are for the front end to handle.
            options["start_new_session"] = True
        return subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self._environment,
            **options,
        )

    # ------------------------------------------------------------------ the other threads

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        with process.stdout as stream:
            self._read_frames(process, stream)

    def _read_frames(self, process: subprocess.Popen[bytes], stream: IO[bytes]) -> None:
        for line in lines(stream):
            if process is not self._process:
                return  # said by one that died long ago
            self._last_heard = time.monotonic()
            try:
                frame = self._incoming.decode(line)
            except UnknownFrame as unknown:
                log.info("%s: skipped an %s", self.role, unknown)
                continue
            except BrokenFrame as broken:
                log.warning("%s: %s", self.role, broken)
                self._condemn(process, "garbage")
                return
            if isinstance(frame, Beat):
                continue
            if isinstance(frame, Hello):
                if frame.protocol != PROTOCOL:
                    self._condemn(process, "version")
                    return
                self._hello = True
                self._on_ready(frame)
            elif self._hello:
                self._on_frame(frame)
            else:
                self._condemn(process, "garbage")
                return

    def _keep_stderr(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stderr is not None
        with process.stderr as stream:
            for raw in iter(lambda: stream.readline(4096), b""):
                text = raw.decode("utf-8", "replace").rstrip()
                if text:
                    self._stderr.append(text)

    def _watch(self) -> None:
        """End a child that is silent for too long.

        Where this thread itself was late, the whole machine slept, and the child gets its time
        again.
        """
        tick = 0.25
        before = time.monotonic()
        while not self._gone.wait(tick):
            moment = time.monotonic()
            if moment - before > 4 * tick:
                self._last_heard = moment
            before = moment
            process = self._process
            if process is None or process.returncode is not None:
                continue
            quiet = moment - self._last_heard
            if not self._hello and quiet > self._limits.hello:
                self._condemn(process, "silent")
            elif self._hello and quiet > self._limits.silence:
                self._condemn(process, "hung")

    def _condemn(self, process: subprocess.Popen[bytes], cause: Cause) -> None:
        if process is not self._process or process.returncode is not None:
            return
        self._verdict = self._verdict or cause
        # Not terminate: what hangs, or talks nonsense, does not get to run handlers.
        process.kill()


def _close(pipe: IO[bytes] | None) -> None:
    """Close the writing end of a pipe, which flushes it; a dead child has broken it already."""
    if pipe is not None:
        with contextlib.suppress(OSError, ValueError):
            pipe.close()
