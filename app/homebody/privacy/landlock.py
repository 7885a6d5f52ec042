"""No writing of files, by Landlock (Linux 5.13 and later, where the distribution has it on).

Landlock follows the *calling thread* and whatever it starts afterwards, threads and processes
alike. So it is called before any thread is started. It looks at files when they are opened: what is
open already (the wire, a log) stays as usable as it is. Reading stays free.
"""

import contextlib
import ctypes
import os
import sys
from collections.abc import Iterator
from typing import Final

from homebody.privacy.kernel import call, control

__all__ = ["TRUNCATE_SINCE", "forbid_writing", "version"]

_ASK_VERSION: Final = 1
_PATH_BENEATH: Final = 1
_PR_SET_NO_NEW_PRIVS: Final = 38

_WRITE_FILE: Final = 1 << 1
_REMOVE_FILE: Final = 1 << 5
_MAKE_FILE: Final = 1 << 8
_CHANGES: Final = sum(1 << bit for bit in (1, *range(4, 13)))  # write, remove…, make…
_REFER: Final = 1 << 13  # version 2; without it, moving between folders is refused anyway
_TRUNCATE: Final = 1 << 14
_WRITE: Final = _WRITE_FILE | _TRUNCATE  # opening "to write" truncates too, even a device
TRUNCATE_SINCE: Final = 3
"""The first version that guards truncating."""
_SCOPE_SINCE: Final = 6
_SCOPE_SIGNALS: Final = 2

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
    # Parts of the struct that an older kernel does not know must be 0, and then are accepted.
    rules = _Rules(handled, 0, _SCOPE_SIGNALS if kernel >= _SCOPE_SINCE else 0)
    size = ctypes.sizeof(rules)
    ruleset, _ = call("landlock_create_ruleset", ctypes.addressof(rules), size, 0)
    if ruleset < 0:
        return 0
    try:
        for path, rights in _exceptions():
            _allow(ruleset, path, rights & handled)
        if control(_PR_SET_NO_NEW_PRIVS, 1) != 0:
            return 0
        return kernel if call("landlock_restrict_self", ruleset, 0)[0] == 0 else 0
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    """Add an exception; a path that is not there needs none."""
    if sys.platform != "linux":
        return
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        rule = _Beneath(rights, descriptor)
        call("landlock_add_rule", ruleset, _PATH_BENEATH, ctypes.addressof(rule), 0)
        # A rule holds on to an inode, and those of /proc are made anew when nobody looks. So that
        # one stays open, for as long as the process lives.
        if path != _OWN_THREADS:
            os.close(descriptor)
