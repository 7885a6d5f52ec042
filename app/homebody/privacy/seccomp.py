"""Filters of system calls, installed for all threads of this process (seccomp(2), Linux 3.17).

A filter is a program for the kernel's small BPF machine. It runs at each system call, sees the
call's number and the plain values of its arguments (never what they point to), and cannot be taken
off again. What the process starts inherits it. Calls that a filter always allows are remembered by
the kernel (5.11 and later), so that they cost nothing.
"""

import ctypes
import errno
import struct
from collections.abc import Iterable
from typing import Final

from homebody.privacy.kernel import NEWEST_KNOWN, Processor, call, control, processor

__all__ = ["engine_program", "front_end_program", "install", "is_available"]

# Instructions: what they do, from linux/bpf_common.h.
_LOAD, _IF_EQUAL, _IF_OVER, _IF_FROM, _RETURN = 0x20, 0x15, 0x25, 0x35, 0x06
# Offsets in struct seccomp_data. Both processors are little-endian: the low half comes first.
_NUMBER, _PROCESSOR, _ARGUMENTS = 0, 4, 16

_ALLOW: Final = 0x7FFF0000
_ERRNO: Final = 0x00050000
# "Permission denied" is what programs are ready for and what reads well in their messages.
_REFUSE: Final = _ERRNO | errno.EACCES
# What a kernel without the call would say: libraries then take their older way.
_ABSENT: Final = _ERRNO | errno.ENOSYS

_SET_MODE_FILTER, _GET_ACTION_AVAIL = 1, 2
_ALL_THREADS = 1  # SECCOMP_FILTER_FLAG_TSYNC
# Kernels before 5.16 slow a filtered process down against Spectre unless told not to. That defence
# is for processes that run strangers' machine code beside secrets; ours do not.
_FULL_SPEED = 4  # SECCOMP_FILTER_FLAG_SPEC_ALLOW
_PR_SET_NO_NEW_PRIVS = 38

_AF_UNIX: Final = 1
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C

# A ring opens sockets and sends on the process's behalf, where no filter sees it.
_RINGS: Final = ("io_uring_setup", "io_uring_enter", "io_uring_register")

# Ways into another process, which may be one that is allowed to connect.
_OTHERS: Final = ("pidfd_getfd", "process_vm_readv", "process_vm_writev", "ptrace")

_SOCKETS: Final = (
    # No way to open one, to use one, or (recvmsg) to be handed one by another process. The
    # engine's wire is made of pipes.
    *("socket", "socketpair", "connect", "bind", "listen", "accept", "accept4"),
    *("sendto", "sendmsg", "sendmmsg", "recvmsg", "recvmmsg"),
)

_PROGRAMS: Final = ("execve", "execveat")

_FILE_FACTS: Final = (
    # Landlock guards what is in files and folders, not their modes, owners, times and attributes.
    # truncate(2) is here for the kernels whose Landlock does not know it (before 6.2).
    *("chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "fchown", "lchown", "fchownat"),
    *("setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr", "fremovexattr"),
    *("utime", "utimes", "utimensat", "futimesat", "truncate"),
)

_KERNEL_DOORS: Final = (
    # Parts of the kernel that an engine has no business in, and where most ways to break out of
    # a lock were found: programs for the kernel, page faults served by the process itself,
    # counters, keys, mounts, namespaces, modules, other kernels.
    *("bpf", "userfaultfd", "perf_event_open", "keyctl", "add_key", "request_key"),
    *("mount", "umount2", "move_mount", "mount_setattr", "open_tree", "open_by_handle_at"),
    *("fsopen", "fsconfig", "fsmount", "fspick", "pivot_root", "chroot", "setns", "unshare"),
    *("init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load"),
)


def _step(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    """Encode one instruction; `yes` and `no` are how many instructions a condition skips."""
    return struct.pack("=HBBI", code, yes, no, value)


def _answer(here: Processor, names: Iterable[str], action: int) -> bytes:
    """Answer these calls with `action`, whatever their arguments."""
    numbers = (here.number(name) for name in names)
    return b"".join(
        _step(_IF_EQUAL, number, 0, 1) + _step(_RETURN, action)
        for number in numbers
        if number is not None
    )


def _decide(
    here: Processor, name: str, argument: int, values: Iterable[int], *, hit: int, miss: int
) -> bytes:
    """Answer a call by the low 32 bits of one argument, which is all the kernel looks at too."""
    body = _step(_LOAD, _ARGUMENTS + 8 * argument)
    for value in values:
        body += _step(_IF_EQUAL, value, 0, 1) + _step(_RETURN, hit)
    body += _step(_RETURN, miss)
    number = here.number(name)
    assert number is not None
    return _step(_IF_EQUAL, number, 0, len(body) // 8) + body


def _begin(here: Processor) -> bytes:
    """Refuse calls made by another convention, whose numbers mean other things; load the number."""
    program = _step(_LOAD, _PROCESSOR)
    program += _step(_IF_EQUAL, here.audit, 1, 0) + _step(_RETURN, _REFUSE)
    program += _step(_LOAD, _NUMBER)
    if here.foreign_from is not None:
        program += _step(_IF_FROM, here.foreign_from, 0, 1) + _step(_RETURN, _REFUSE)
    return program


def front_end_program(here: Processor) -> bytes:
    """Allow everything but sockets that are not AF_UNIX, and the ways around that."""
    return (
        _begin(here)
        + _decide(here, "socket", 0, (_AF_UNIX,), hit=_ALLOW, miss=_REFUSE)
        + _answer(here, _RINGS, _ABSENT)
        + _answer(here, _OTHERS, _REFUSE)
        + _step(_RETURN, _ALLOW)
    )


def engine_program(here: Processor) -> bytes:
    """Allow what computing and reading files takes: no socket, no program, no kernel door."""
    return (
        _begin(here)
        # Calls that are newer than this list may be anything.
        + _step(_IF_OVER, NEWEST_KNOWN, 0, 1)
        + _step(_RETURN, _ABSENT)
        + _answer(here, _RINGS, _ABSENT)
        + _answer(here, (*_SOCKETS, *_PROGRAMS, *_OTHERS, *_FILE_FACTS, *_KERNEL_DOORS), _REFUSE)
        # These two type into the person's terminal, where a shell would read it.
        + _decide(here, "ioctl", 1, (_TIOCSTI, _TIOCLINUX), hit=_REFUSE, miss=_ALLOW)
        + _step(_RETURN, _ALLOW)
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))


def is_available() -> bool:
    """Ask the kernel whether filters work here; changes nothing."""
    action = ctypes.c_uint32(_ERRNO)
    return call("seccomp", _GET_ACTION_AVAIL, 0, ctypes.addressof(action))[0] == 0


def install(program: bytes) -> bool:
    """Put the filter on every thread of this process, for good; return whether it holds.

    The kernel refuses when another thread carries a filter of its own; then nothing is installed.
    Whether it holds is tried, not believed: emulators have been seen to say yes and do nothing.
    """
    if processor() is None or control(_PR_SET_NO_NEW_PRIVS, 1) != 0:
        return False
    argument = _Program(len(program) // 8, program)
    address = ctypes.addressof(argument)
    for flags in (_ALL_THREADS | _FULL_SPEED, _ALL_THREADS):
        result, error = call("seccomp", _SET_MODE_FILTER, flags, address)
        if result != -1 or error != errno.EINVAL:
            break
    return result == 0 and _refuses_sockets()


def _refuses_sockets() -> bool:
    """Try to open an internet socket. Opening sends nothing."""
    import os

    internet, stream = 2, 1
    result, error = call("socket", internet, stream, 0)
    if result >= 0:
        os.close(result)
    return result == -1 and error == errno.EACCES
