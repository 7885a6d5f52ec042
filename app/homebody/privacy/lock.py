"""Locks that the kernel enforces: what is locked cannot connect, whatever code runs in it.

Three processes lock themselves. The front end (window or terminal) keeps AF_UNIX sockets, which the
display and D-Bus need, and loses the internet. The engine keeps nothing but computing, its pipes
and reading files; the workshop nothing but that in the folders that were granted, and writing where
it was granted. A lock can't be taken off, and what a locked process starts is locked too.

What these locks do not cover, so that nobody relies on it: a socket that was open before the lock;
in the front end, sockets handed over by another process (SCM_RIGHTS) and services that fetch when
asked over D-Bus; and `/proc/PID/mem` of an unlocked process of the same person, which is why
a process that may connect must make itself undumpable.
"""

import sys
from collections.abc import Iterable, Sequence
from typing import Final, Literal

from msgspec import Struct

__all__ = [
    "GRANTED_ONLY",
    "GRANTED_ONLY_BUT_TRUNCATING",
    "NO_INTERNET",
    "NO_SOCKETS",
    "NO_WRITING",
    "NO_WRITING_BUT_TRUNCATING",
    "KernelLocks",
    "Layer",
    "describe",
    "lock_engine",
    "lock_front_end",
    "lock_workshop",
    "probe_kernel",
]

Layer = Literal[
    "seccomp: no internet sockets",
    "seccomp: no sockets, no programs",
    "landlock: no writing",
    "landlock: no writing, but truncating",
    "landlock: granted folders only",
    "landlock: granted folders only, but truncating",
]

NO_INTERNET: Final = "seccomp: no internet sockets"
NO_SOCKETS: Final = "seccomp: no sockets, no programs"
NO_WRITING: Final = "landlock: no writing"
NO_WRITING_BUT_TRUNCATING: Final = "landlock: no writing, but truncating"
GRANTED_ONLY: Final = "landlock: granted folders only"
GRANTED_ONLY_BUT_TRUNCATING: Final = "landlock: granted folders only, but truncating"

_REFUSED: Final[dict[str, str]] = {
    NO_INTERNET: "any connection to the internet or the local network",
    NO_SOCKETS: "any connection and any start of a program",
    NO_WRITING: "any writing of files",
    NO_WRITING_BUT_TRUNCATING: "any writing of files (emptying one stays possible)",
    GRANTED_ONLY: "any file outside the folders that were granted",
    GRANTED_ONLY_BUT_TRUNCATING: (
        "any file outside the folders that were granted (emptying one stays possible)"
    ),
}


class KernelLocks(Struct, frozen=True):
    """What the kernel offers, whether or not it is used."""

    seccomp: bool
    landlock: int
    """Landlock's version (ABI); 0: none."""


def probe_kernel() -> KernelLocks:
    """Ask the kernel what it offers, without applying anything. Never raises."""
    if sys.platform != "linux":
        return KernelLocks(seccomp=False, landlock=0)
    # ctypes is loaded by those who lock, not by everyone who reads a layer's name.
    from homebody.privacy import kernel, landlock, seccomp

    if kernel.processor() is None:
        return KernelLocks(seccomp=False, landlock=0)
    return KernelLocks(seccomp=seccomp.is_available(), landlock=landlock.version())


def lock_front_end() -> tuple[Layer, ...]:
    """Take the internet from this process, its threads and all that it will start.

    Sockets other than AF_UNIX are refused with EACCES; so are reaching into other processes and
    calls by foreign conventions; io_uring is absent (ENOSYS). May be called from any thread, at any
    time. Returns the layers that hold now: () where the system has none. Never raises.
    """
    if sys.platform != "linux":
        return ()
    from homebody.privacy import kernel, seccomp

    here = kernel.processor()
    if here is None or not seccomp.install(seccomp.front_end_program(here)):
        return ()
    return (NO_INTERNET,)


def lock_engine() -> tuple[Layer, ...]:
    """Leave this process computing and reading files: no socket, no program, no writing.

    Call it from the first thread before any other is started: the filter of calls covers threads
    that run already, the ban on writing (Landlock) only what is started later. Files that are open
    stay as they are. Refusals are EACCES. Returns the layers that hold now, which may be any of
    the two, or (); never raises.
    """
    if sys.platform != "linux":
        return ()
    from homebody.privacy import kernel, landlock, seccomp

    here = kernel.processor()
    if here is None:
        return ()
    # Landlock first: the filter must not have to leave its calls open for us.
    version = landlock.forbid_writing()
    layers: list[Layer] = []
    filtered = seccomp.install(seccomp.engine_program(here))
    if filtered:
        layers.append(NO_SOCKETS)
    if version >= landlock.TRUNCATE_SINCE:
        layers.append(NO_WRITING)
    elif version:
        layers.append(NO_WRITING_BUT_TRUNCATING)
    return tuple(layers)


def lock_workshop(readable: Sequence[str], writable: Sequence[str]) -> tuple[Layer, ...]:
    """Leave this process these files and folders: no socket, no program, nothing else to open.

    Below `readable` it may read, below `writable` also write. Call it before any other thread is
    started, as `lock_engine`. Refusals are EACCES. Returns the layers that hold now, which may be
    any of the two, or (); never raises.
    """
    if sys.platform != "linux":
        return ()
    from homebody.privacy import kernel, landlock, seccomp

    here = kernel.processor()
    if here is None:
        return ()
    version = landlock.confine(readable, writable)
    layers: list[Layer] = []
    # Landlock says which files; what else a skill needs is what an engine needs.
    if seccomp.install(seccomp.engine_program(here)):
        layers.append(NO_SOCKETS)
    if version >= landlock.TRUNCATE_SINCE:
        layers.append(GRANTED_ONLY)
    elif version:
        layers.append(GRANTED_ONLY_BUT_TRUNCATING)
    return tuple(layers)


def describe(layers: Iterable[str]) -> str:
    """Return one plain sentence for these layers; unknown names are shown as they are."""
    refused = [_REFUSED.get(layer, layer) for layer in layers]
    if not refused:
        return (
            "This system has no lock that Homebody can use; "
            "only Homebody's own code keeps this process from connecting."
        )
    return f"The system itself refuses this process {', and '.join(refused)}."
