"""A process's memory, closed to all others on Linux: what may connect must not be written into."""

import sys

__all__ = ["close_memory"]

_PR_SET_DUMPABLE = 4


def close_memory() -> None:
    """Keep other processes of the same person from reading and writing this one's memory."""
    if sys.platform != "linux":
        return
    import ctypes

    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
