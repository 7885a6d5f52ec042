"""Why a child process ended, in a sentence.

Return codes as `subprocess` gives them: negative for a signal on POSIX, an NTSTATUS on Windows.
"""

import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

__all__ = ["Cause", "Death", "ending", "explain", "oom_kills"]

Cause = Literal[
    "asked",  # we ended it, because it was no longer needed
    "abort",  # llama.cpp gave up on purpose (an assertion)
    "file_changed",  # SIGBUS: a mapped file is shorter than it was
    "memory",  # the system took it because memory ran out
    "killed",  # ended from outside
    "instruction",  # the processor does not know an instruction of this build
    "segfault",  # a fault in native code
    "hung",  # it stopped answering, so we ended it
    "silent",  # it never said hello
    "garbage",  # it sent something that is not a frame
    "version",  # it speaks another version of the protocol
    "library",  # a library that it needs is missing
    "not_started",  # the system would not start it
    "fault",  # an exception in our own code
]


@dataclass(frozen=True)
class Death:
    """How a child ended."""

    cause: Cause
    message: str
    hint: str
    returncode: int | None
    last_lines: tuple[str, ...] = ()


_WINDOWS: dict[int, Cause] = {
    0xC0000005: "segfault",
    0xC0000006: "file_changed",
    0xC0000017: "memory",
    0xC000001D: "instruction",
    0xC00000FD: "segfault",
    0xC000012D: "memory",
    0xC0000135: "library",
    0xC0000374: "segfault",
    0xC0000409: "abort",
}

_SENTENCES: dict[Cause, tuple[str, str]] = {
    "asked": ("The {role} was ended.", ""),
    "abort": (
        "The {role} gave up: llama.cpp met something that it does not expect{detail}.",
        "This is usually the model file. Try another model; if it happens with every model, "
        "report it with the lines that `homebody doctor` shows.",
    ),
    "file_changed": (
        "The model file changed while it was in use, so the {role} stopped.",
        "Load the model again, or get the file again if it is no longer whole.",
    ),
    "memory": (
        "The system ended the {role} because memory ran out.",
        "Choose a smaller model or a smaller context, or close other programs.",
    ),
    "killed": (
        "The {role} was ended from outside (signal 9), by a person or a program, "
        "or by the system when memory is short.",
        "If it happens again, choose a smaller model or a smaller context.",
    ),
    "instruction": (
        "The {role} was built for another processor: this one does not know one of its "
        "instructions.",
        "Install Homebody from source on this machine, so that it is built for this processor.",
    ),
    "segfault": (
        "The {role} crashed in native code{detail}.",
        "Try another model; if it happens with every model, report it.",
    ),
    "hung": (
        "The {role} stopped answering for {seconds:.0f} seconds and was ended.",
        "The machine may be overloaded. Try again, or choose a smaller model.",
    ),
    "silent": (
        "The {role} did not start within {seconds:.0f} seconds.",
        "The machine may be overloaded. Try again.",
    ),
    "garbage": (
        "The {role} sent something that is not a message of ours, so it was ended.",
        "This is a fault in Homebody or in a library. Please report it.",
    ),
    "version": (
        "The {role} is of another version of Homebody than this program.",
        "Close all of Homebody and start it again; if that does not help, install it again.",
    ),
    "library": (
        "The {role} could not start because a library that it needs is missing{detail}.",
        "Install Homebody again.",
    ),
    "not_started": (
        "The system would not start the {role}{detail}.",
        "Install Homebody again, or report this.",
    ),
    "fault": (
        "The {role} ended because of a fault in Homebody{detail}.",
        "Please report it with the lines that `homebody doctor` shows.",
    ),
}

# What the native libraries print just before they abort, most telling first.
_LAST_WORDS = ("GGML_ASSERT", "GGML_ABORT", "CUDA error", "terminate called", "what():", "Error:")
_NO_LIBRARY = ("ImportError", "ModuleNotFoundError", "cannot open shared object")


def oom_kills() -> int | None:
    """Return how many processes the kernel has ended for want of memory since boot, if it says."""
    if sys.platform != "linux":
        return None
    try:
        for line in Path("/proc/vmstat").read_text("ascii").splitlines():
            if line.startswith("oom_kill "):
                return int(line.split()[1])
    except (OSError, ValueError):
        pass
    return None


def explain(
    role: str, returncode: int, stderr: Sequence[str], *, oom_killed: bool = False
) -> Death:
    """Explain a death that we did not cause. `stderr` holds the child's last lines."""
    cause = _cause(returncode, stderr, oom_killed=oom_killed)
    return ending(role, cause, returncode, stderr)


def ending(
    role: str,
    cause: Cause,
    returncode: int | None,
    stderr: Sequence[str] = (),
    *,
    seconds: float = 0.0,
    detail: str = "",
) -> Death:
    """Word a death whose cause is known."""
    message, hint = _SENTENCES[cause]
    detail = detail or _last_words(stderr)
    return Death(
        cause=cause,
        message=message.format(role=role, seconds=seconds, detail=f" ({detail})" if detail else ""),
        hint=hint,
        returncode=returncode,
        last_lines=tuple(stderr),
    )


def _cause(returncode: int, stderr: Sequence[str], *, oom_killed: bool) -> Cause:
    if returncode < 0:
        known: dict[int, Cause] = {
            signal.SIGABRT: "abort",
            signal.SIGSEGV: "segfault",
            signal.SIGILL: "instruction",
            signal.SIGTERM: "killed",
        }
        if sys.platform != "win32":
            known[signal.SIGBUS] = "file_changed"
            known[signal.SIGFPE] = "segfault"
            if -returncode == signal.SIGKILL:
                return "memory" if oom_killed else "killed"
        return known.get(-returncode, "killed")
    if returncode & 0xFFFFFFFF in _WINDOWS:
        return _WINDOWS[returncode & 0xFFFFFFFF]
    if any("MemoryError" in line or "bad_alloc" in line for line in stderr):
        return "memory"
    if any(mark in line for mark in _NO_LIBRARY for line in stderr):
        return "library"
    return "fault"


def _last_words(stderr: Sequence[str]) -> str:
    """Return the line that says most, shortened; paths of the build machine are cut off."""
    for mark in _LAST_WORDS:
        for line in reversed(stderr):
            if mark in line:
                return line[line.index(mark) :].strip()[:200]
    return ""
