"""Which files a process may touch, by Landlock (Linux 5.13 and later, where it is switched on).

Landlock follows the *calling thread* and whatever it starts afterwards, threads and processes
alike. So it is called before any thread is started. It looks at files when they are opened: what is
open already (the wire, a log) stays as usable as it is. It does not hide facts: that a file exists,
its size and times, and where a link leads.
"""

import contextlib
import ctypes
import os
import stat
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from homebody.privacy.kernel import call, control

__all__ = ["TRUNCATE_SINCE", "confine", "forbid_writing", "version"]

_ASK_VERSION: Final = 1
_PATH_BENEATH: Final = 1
_PR_SET_NO_NEW_PRIVS: Final = 38

_RUN: Final = 1 << 0
_WRITE_FILE: Final = 1 << 1
_READ_FILE: Final = 1 << 2
_READ_FOLDER: Final = 1 << 3
_REMOVE_FILE: Final = 1 << 5
_MAKE_FILE: Final = 1 << 8
_CHANGES: Final = sum(1 << bit for bit in (1, *range(4, 13)))  # write, remove…, make…
_REFER: Final = 1 << 13  # version 2; without it, moving between folders is refused anyway
_TRUNCATE: Final = 1 << 14
_DEVICE_CALLS: Final = 1 << 15  # version 5
_DEVICE_CALLS_SINCE: Final = 5
_WRITE: Final = _WRITE_FILE | _TRUNCATE  # opening "to write" truncates too, even a device
TRUNCATE_SINCE: Final = 3
"""The first version that guards truncating."""
_SCOPE_SINCE: Final = 6
_SCOPE_SOCKETS: Final = 1
_SCOPE_SIGNALS: Final = 2

_READ: Final = _READ_FILE | _READ_FOLDER
# Folders, links, pipes and devices are not made: no skill needs them.
_READ_AND_WRITE: Final = _READ | _WRITE | _REMOVE_FILE | _MAKE_FILE
_OF_FILES: Final = _RUN | _WRITE | _READ_FILE | _DEVICE_CALLS
"""What may be allowed for a single file; the kernel takes no more."""

# Written to while computing. Listed one by one: "all of /dev" would contain the person's terminals.
# Mesa's GPUs are in dri, AMD's compute door is kfd, neural processors are in accel, WSL has dxg.
_DEVICES: Final = ("null", "zero", "full", "random", "urandom", "dri", "kfd", "accel", "dxg")
_NVIDIA: Final = "nvidia"  # nvidia0, nvidiactl, nvidia-uvm, nvidia-caps…
_SHARED_MEMORY: Final = "/dev/shm"  # noqa: S108
_OWN_THREADS: Final = "/proc/self/task"


class _Rules(ctypes.Structure):
    _fields_ = (
        ("files", ctypes.c_uint64),
        ("network", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"  # Python 3.14 asks for it beside _pack_
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


def version() -> int:
    """Return the kernel's Landlock version (its ABI), 0 where there is none; changes nothing."""
    return max(call("landlock_create_ruleset", 0, 0, _ASK_VERSION)[0], 0)


def _exceptions() -> Iterator[tuple[str, int]]:
    """Yield what may be written all the same: (path, rights)."""
    with contextlib.suppress(OSError), os.scandir("/dev") as found:
        for device in found:
            if device.name in _DEVICES or device.name.startswith(_NVIDIA):
                yield device.path, _WRITE
    yield _SHARED_MEMORY, _WRITE | _REMOVE_FILE | _MAKE_FILE
    # CUDA names its threads through /proc/self/task/*/comm and fails (304) where it may not.
    yield _OWN_THREADS, _WRITE


def forbid_writing() -> int:
    """Forbid this thread, and all it starts, to change files; return the version that holds, or 0.

    Creating, writing, truncating, removing, renaming and linking are refused with EACCES (some
    moves with EXDEV), except for devices that computing needs, and /dev/shm. From version 6 on,
    signals reach only threads and processes that were started afterwards. Must be called before
    threads are started; what runs already is not held. Never raises.
    """
    if sys.platform != "linux":
        return 0
    kernel = version()
    if kernel == 0:
        return 0
    handled = _CHANGES
    handled |= _REFER if kernel >= 2 else 0
    handled |= _TRUNCATE if kernel >= TRUNCATE_SINCE else 0
    return kernel if _restrict(kernel, handled, _SCOPE_SIGNALS, _exceptions()) else 0


def confine(readable: Iterable[str], writable: Iterable[str]) -> int:
    """Leave this thread, and all it starts, these files and folders; return the version, or 0.

    Below `readable` files are read, below `writable` also written, made and removed. Besides there
    are only Python's own files, the system's libraries and its time zones. Everything else is
    refused with EACCES. As with `forbid_writing`, call it before threads are started. Never raises.
    """
    if sys.platform != "linux":
        return 0
    kernel = version()
    if kernel == 0:
        return 0
    handled = _CHANGES | _RUN | _READ
    handled |= _REFER if kernel >= 2 else 0
    handled |= _TRUNCATE if kernel >= TRUNCATE_SINCE else 0
    handled |= _DEVICE_CALLS if kernel >= _DEVICE_CALLS_SINCE else 0
    exceptions = [
        *((path, _READ) for path in _own_files()),
        ("/dev/null", _READ_FILE | _WRITE),
        *((path, _READ) for path in readable),
        *((path, _READ_AND_WRITE) for path in writable),
    ]
    scopes = _SCOPE_SIGNALS | _SCOPE_SOCKETS
    return kernel if _restrict(kernel, handled, scopes, exceptions) else 0


def _own_files() -> Iterator[str]:
    """Yield what Python and the C library read while they work: code, libraries, time zones."""
    yield from (sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib"))
    yield str(Path(sys.base_prefix) / "lib")
    # Ours, also where it is installed in place; and all of a frozen app.
    yield str(Path(__file__).parents[1])
    yield from filter(None, [getattr(sys, "_MEIPASS", "")])
    # Packages may lie elsewhere still (Debian's dist-packages, a person's own site-packages).
    yield from (path for path in sys.path if Path(path).name in {"site-packages", "dist-packages"})
    yield from ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache")
    yield from ("/etc/localtime", "/usr/share/zoneinfo", "/dev/urandom")


def _restrict(
    kernel: int, handled: int, scopes: int, exceptions: Iterable[tuple[str, int]]
) -> bool:
    """Refuse this thread what is `handled`, but for the exceptions; return whether that holds."""
    # Parts of the struct that an older kernel does not know must be 0, and then are accepted.
    rules = _Rules(handled, 0, scopes if kernel >= _SCOPE_SINCE else 0)
    size = ctypes.sizeof(rules)
    ruleset, _ = call("landlock_create_ruleset", ctypes.addressof(rules), size, 0)
    if ruleset < 0:
        return False
    try:
        for path, rights in exceptions:
            _allow(ruleset, path, rights & handled)
        if control(_PR_SET_NO_NEW_PRIVS, 1) != 0:
            return False
        return call("landlock_restrict_self", ruleset, 0)[0] == 0
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    """Add an exception; a path that is not there needs none."""
    if sys.platform != "linux":
        return
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            rights &= _OF_FILES
        rule = _Beneath(rights, descriptor)
        call("landlock_add_rule", ruleset, _PATH_BENEATH, ctypes.addressof(rule), 0)
        # A rule holds on to an inode, and those of /proc are made anew when nobody looks. So that
        # one stays open, for as long as the process lives.
        if path != _OWN_THREADS:
            os.close(descriptor)
