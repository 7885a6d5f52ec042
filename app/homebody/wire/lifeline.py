"""No orphans: a child ends when its front end ends, however that happened.

Three ropes, any of which is enough. Everywhere: the end of file on the child's standard input
(`wire.child`). On Linux: the kernel's parent-death signal, which follows the *thread* that started
the child, so the keeper starts children from a thread that lives as long as it does. On Windows: a
job object that ends its processes when its last handle closes.
"""

import os
import signal
import sys
from typing import Any

__all__ = ["bind_child", "die_with_parent"]

_PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int) -> None:
    """Ask the kernel to end this process when `parent` ends. Called first thing in a child."""
    if sys.platform != "linux":
        return
    import ctypes

    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    # The parent may have gone between the start of this process and the call above.
    if os.getppid() != parent:
        os._exit(0)


def bind_child(process: Any) -> Any:
    """Tie a started `subprocess.Popen` to this process; keep what is returned while it lives."""
    if sys.platform != "win32":
        return None
    import ctypes
    from ctypes import wintypes

    class BasicLimits(ctypes.Structure):
        _fields_ = (
            ("PerProcessUserTimeLimit", ctypes.c_int64),
            ("PerJobUserTimeLimit", ctypes.c_int64),
            ("LimitFlags", wintypes.DWORD),
            ("MinimumWorkingSetSize", ctypes.c_size_t),
            ("MaximumWorkingSetSize", ctypes.c_size_t),
            ("ActiveProcessLimit", wintypes.DWORD),
            ("Affinity", ctypes.c_size_t),
            ("PriorityClass", wintypes.DWORD),
            ("SchedulingClass", wintypes.DWORD),
        )

    class ExtendedLimits(ctypes.Structure):
        _fields_ = (
            ("BasicLimitInformation", BasicLimits),
            ("IoInfo", ctypes.c_uint64 * 6),
            ("ProcessMemoryLimit", ctypes.c_size_t),
            ("JobMemoryLimit", ctypes.c_size_t),
            ("PeakProcessMemoryUsed", ctypes.c_size_t),
            ("PeakJobMemoryUsed", ctypes.c_size_t),
        )

    kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    kernel.CreateJobObjectW.restype = wintypes.HANDLE
    kernel.CreateJobObjectW.argtypes = (ctypes.c_void_p, wintypes.LPCWSTR)
    kernel.SetInformationJobObject.argtypes = (
        wintypes.HANDLE,
        ctypes.c_int,
        ctypes.c_void_p,
        wintypes.DWORD,
    )
    kernel.AssignProcessToJobObject.argtypes = (wintypes.HANDLE, wintypes.HANDLE)
    # What a child starts for the person, a browser say, is not tied to us.
    kill_on_close, silent_breakaway, extended_limit_information = 0x2000, 0x1000, 9
    limits = ExtendedLimits()
    limits.BasicLimitInformation.LimitFlags = kill_on_close | silent_breakaway
    job = kernel.CreateJobObjectW(None, None)
    kernel.SetInformationJobObject(
        job, extended_limit_information, ctypes.byref(limits), ctypes.sizeof(limits)
    )
    kernel.AssignProcessToJobObject(job, int(process._handle))  # noqa: SLF001
    return job
