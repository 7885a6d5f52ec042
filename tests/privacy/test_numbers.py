"""Call numbers against the kernel's headers, and programs against a small interpreter."""

import re
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from homebody.privacy import kernel, seccomp

HEADERS = {
    "x86_64": "#include <asm/unistd_64.h>",
    "aarch64": "#define __BITS_PER_LONG 64\n#include <asm-generic/unistd.h>",
}
X86, ARM = (kernel._KNOWN[name] for name in ("x86_64", "aarch64"))
ALLOW, EACCES, ENOSYS = 0x7FFF0000, 0x0005000D, 0x00050026


@pytest.mark.skipif(sys.platform != "linux", reason="headers of Linux")
@pytest.mark.parametrize("name", HEADERS)
def test_numbers_are_the_kernels(name):
    if name == "x86_64" and not list(Path("/usr/include").glob("**/asm/unistd_64.h")):
        pytest.skip("no headers of x86_64 here")
    try:
        defined = subprocess.run(
            ["cc", "-E", "-dM", "-x", "c", "-"],
            input=HEADERS[name],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no compiler, or no headers")
    found = re.findall(r"#define __NR(?:3264)?_(\w+) (\d+)", defined)
    numbers = {word: int(number) for word, number in found}
    here = kernel._KNOWN[name]
    compared = 0
    for word in kernel.NUMBERS:
        number = here.number(word)
        if word in numbers:
            assert number == numbers[word], word
            compared += 1
        else:
            # Newer than the headers, or never there.
            assert number is None or number > max(numbers.values()), word
    assert compared > 50


def run(program, number, audit, *arguments):
    """Run a filter as the kernel would."""
    padded = (*arguments, *([0] * 6))[:6]
    data = struct.pack("=iIQ6Q", number, audit, 0, *padded)
    steps = list(struct.iter_unpack("=HBBI", program))
    value = at = 0
    while True:
        code, yes, no, k = steps[at]
        at += 1
        if code == 0x20:
            value = struct.unpack_from("=I", data, k)[0]
        elif code == 0x06:
            return k
        else:
            met = {0x15: value == k, 0x25: value > k, 0x35: value >= k}[code]
            at += yes if met else no


@pytest.mark.parametrize("here", [X86, ARM], ids=["x86_64", "aarch64"])
def test_front_end_program(here):
    program = seccomp.front_end_program(here)
    socket = here.number("socket")
    assert run(program, socket, here.audit, 1) == ALLOW
    for family in (0, 2, 10, 16, 17, 38, 40, 0x1_0000_0002, 0xFFFFFFFF):
        assert run(program, socket, here.audit, family) == EACCES
    assert run(program, here.number("io_uring_setup"), here.audit) == ENOSYS
    assert run(program, here.number("ptrace"), here.audit) == EACCES
    for name in ("socketpair", "connect", "execve", "sendmsg", "truncate"):
        assert run(program, here.number(name), here.audit, 1) == ALLOW
    for foreign in (0x40000003, 0x40000028, 0xC00000B7 ^ 0xC000003E ^ here.audit):
        assert run(program, 0, foreign) == EACCES


@pytest.mark.parametrize("here", [X86, ARM], ids=["x86_64", "aarch64"])
def test_engine_program(here):
    program = seccomp.engine_program(here)
    spoken_of = {here.number(name) for name in kernel.NUMBERS} - {None}
    free = {
        here.number(name)
        for name in (
            *("ioctl", "seccomp"),
            *("landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"),
        )
    }
    for number in range(kernel.NEWEST_KNOWN + 1):
        answer = run(program, number, here.audit, 1)
        assert (answer == ALLOW) == (number not in spoken_of or number in free), number
    for number in (kernel.NEWEST_KNOWN + 1, 600, 5000):
        assert run(program, number, here.audit) == ENOSYS
    ioctl = here.number("ioctl")
    assert run(program, ioctl, here.audit, 0, 0x5412) == EACCES
    assert run(program, ioctl, here.audit, 0, 0x541C) == EACCES
    assert run(program, ioctl, here.audit, 0, 0x5413) == ALLOW


def test_x32_numbers_are_refused():
    for program in (seccomp.front_end_program(X86), seccomp.engine_program(X86)):
        for number in (0x40000000, 0x40000029, 0x7FFFFFFF, -1):
            assert run(program, number, X86.audit, 1) == EACCES


@pytest.mark.parametrize("here", [X86, ARM], ids=["x86_64", "aarch64"])
def test_programs_are_small(here):
    for program in (seccomp.front_end_program(here), seccomp.engine_program(here)):
        assert len(program) // 8 < 4096
