"""The named fake of a graphics card: NVML's own interface, compiled from `nvml.c`.

pynvml finds it as it finds the real one, by the loader; so only a child process can be given it.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from cli.support import surroundings

__all__ = ["CARD", "FakeDriver"]

CARD = "card NVIDIA RTX 4090|24000000000|20000000000|37|55|120500|5000250|8.9;"
_SOURCE = Path(__file__).with_name("nvml.c")


class FakeDriver:
    """A folder with the library in it."""

    def __init__(self, folder: Path, *, ancient: bool = False) -> None:
        compiler = shutil.which("cc")
        if sys.platform != "linux" or compiler is None:
            pytest.skip("the fake driver is compiled on Linux, by cc")
        self.folder = folder
        options = ["-DANCIENT"] if ancient else []
        target = folder / "libnvidia-ml.so.1"
        subprocess.run(
            [compiler, "-Wall", "-Werror", "-shared", "-fPIC", *options, _SOURCE, "-o", target],
            check=True,
        )

    def surroundings(self, world: str) -> dict[str, str]:
        """Return the variables that give a child this driver, and this world."""
        return {"LD_LIBRARY_PATH": str(self.folder), "FAKE_NVML": world}

    def run(self, code: str, world: str = "") -> list[object]:
        """Run code in a child that has this driver; return what it gave to `show`, decoded."""
        prelude = (
            "import os, sys, msgspec\n"
            "from pathlib import Path\n"
            "def show(value):\n"
            "    print(msgspec.json.encode(value).decode())\n"
        )
        done = subprocess.run(
            [sys.executable, "-P", "-c", prelude + code],
            env={**surroundings(), **self.surroundings(world)},
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        return [msgspec.json.decode(line) for line in done.stdout.splitlines()]
