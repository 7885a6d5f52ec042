"""System calls by number, for calls that neither Python nor every C library has a function for.

Numbers are those of Linux for 64-bit x86 and 64-bit ARM (source: `asm/unistd_64.h` and
`asm-generic/unistd.h`; `tests/privacy/test_numbers.py` compares them with the headers of the
machine that it runs on). On anything else `processor()` is None and no lock is used.
"""

import ctypes
import errno
import os
import sys
from typing import Final

from msgspec import Struct

__all__ = ["NEWEST_KNOWN", "NUMBERS", "Processor", "call", "control", "processor"]

# x86_64, aarch64. None: that processor never had the call. From 424 on all processors agree.
NUMBERS: Final[dict[str, tuple[int | None, int | None]]] = {
    "accept": (43, 202),
    "accept4": (288, 242),
    "add_key": (248, 217),
    "bind": (49, 200),
    "bpf": (321, 280),
    "chmod": (90, None),
    "chown": (92, None),
    "chroot": (161, 51),
    "connect": (42, 203),
    "delete_module": (176, 106),
    "execve": (59, 221),
    "execveat": (322, 281),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "fchown": (93, 55),
    "fchownat": (260, 54),
    "finit_module": (313, 273),
    "fremovexattr": (199, 16),
    "fsconfig": (431, 431),
    "fsetxattr": (190, 7),
    "fsmount": (432, 432),
    "fsopen": (430, 430),
    "fspick": (433, 433),
    "futimesat": (261, None),
    "init_module": (175, 105),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "io_uring_setup": (425, 425),
    "ioctl": (16, 29),
    "kexec_file_load": (320, 294),
    "kexec_load": (246, 104),
    "keyctl": (250, 219),
    "landlock_add_rule": (445, 445),
    "landlock_create_ruleset": (444, 444),
    "landlock_restrict_self": (446, 446),
    "lchown": (94, None),
    "listen": (50, 201),
    "lremovexattr": (198, 15),
    "lsetxattr": (189, 6),
    "mount": (165, 40),
    "mount_setattr": (442, 442),
    "move_mount": (429, 429),
    "open_by_handle_at": (304, 265),
    "open_tree": (428, 428),
    "perf_event_open": (298, 241),
    "pidfd_getfd": (438, 438),
    "pivot_root": (155, 41),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    "recvmmsg": (299, 243),
    "recvmsg": (47, 212),
    "removexattr": (197, 14),
    "request_key": (249, 218),
    "seccomp": (317, 277),
    "sendmmsg": (307, 269),
    "sendmsg": (46, 211),
    "sendto": (44, 206),
    "setns": (308, 268),
    "setxattr": (188, 5),
    "socket": (41, 198),
    "socketpair": (53, 199),
    "truncate": (76, 45),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "userfaultfd": (323, 282),
    "utime": (132, None),
    "utimensat": (280, 88),
    "utimes": (235, None),
}

NEWEST_KNOWN: Final = 462
"""mseal, Linux 6.10: the newest call whose meaning was looked at for the engine's lock."""


class Processor(Struct, frozen=True):
    """A processor family whose call numbers we know."""

    name: str
    column: int
    audit: int
    """The kernel's AUDIT_ARCH value, which a filter sees for native calls."""
    foreign_from: int | None
    """Call numbers from here on belong to another calling convention (x32)."""

    def number(self, call_name: str) -> int | None:
        """Return the number of a call, None if this processor does not have it."""
        return NUMBERS[call_name][self.column]


_KNOWN: Final = {
    "x86_64": Processor("x86_64", 0, 0xC000003E, 0x40000000),
    "aarch64": Processor("aarch64", 1, 0xC00000B7, None),
}


def processor() -> Processor | None:
    """Return the processor this process runs as; None where we know no numbers."""
    if sys.platform != "linux":
        return None
    # A 32-bit Python on a 64-bit kernel uses the other numbers.
    return _KNOWN.get(os.uname().machine) if sys.maxsize > 2**32 else None


def call(name: str, *arguments: int) -> tuple[int, int]:
    """Make a system call; return (result, errno), errno 0 unless the result is -1.

    A call that this system does not have gives (-1, ENOSYS). Never raises for a known name.
    """
    here = processor()
    number = None if here is None else here.number(name)
    if number is None:
        return -1, errno.ENOSYS
    library = ctypes.CDLL(None, use_errno=True)
    library.syscall.restype = ctypes.c_long
    values = (ctypes.c_long(value) for value in (number, *arguments))
    result = int(library.syscall(*values))
    return result, ctypes.get_errno() if result == -1 else 0


def control(option: int, value: int) -> int:
    """Call prctl(2); return its result, -1 for an error or where there is no such call."""
    if sys.platform != "linux":
        return -1
    longs = (ctypes.c_long(value), *(ctypes.c_long(0) for _ in range(3)))
    return int(ctypes.CDLL(None, use_errno=True).prctl(option, *longs))
