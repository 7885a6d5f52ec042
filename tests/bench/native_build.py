"""Build llama-server and llama-bench out of the pinned sdist, for comparison.

Takes some minutes, once: the results stay in `build/llama.cpp`.
"""

import os
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
TARGETS = ("llama-server", "llama-bench")

# AMX is left out: virtual machines announce it and fault on it (docs/decisions/0003).
FLAGS = "-mno-amx-tile -mno-amx-int8 -mno-amx-bf16"


def pinned() -> str:
    """Return the requirement that pins the binding."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return next(line for line in project["dependencies"] if line.startswith("llama-cpp-python"))


def built() -> Path:
    """Return the folder with the programs, building them first if they are not there."""
    programs = BUILD / "llama.cpp" / "bin"
    if all((programs / target).exists() for target in TARGETS):
        return programs
    source = _source()
    print("Building llama-server and llama-bench (some minutes, once)…", file=sys.stderr)
    options = {
        "CMAKE_BUILD_TYPE": "Release",
        "LLAMA_BUILD_TESTS": "OFF",
        "LLAMA_BUILD_EXAMPLES": "OFF",
        "LLAMA_BUILD_APP": "OFF",
        "LLAMA_BUILD_UI": "OFF",
        "LLAMA_USE_PREBUILT_UI": "OFF",
        "LLAMA_OPENSSL": "OFF",
        "LLAMA_TOOLS_INSTALL": "OFF",
    }
    if _announces_amx():
        options |= {"CMAKE_C_FLAGS": FLAGS, "CMAKE_CXX_FLAGS": FLAGS}
    folder = BUILD / "llama.cpp"
    defines = [f"-D{name}={value}" for name, value in options.items()]
    log = (BUILD / "llama.cpp.log").open("wb")
    for command in (
        ["cmake", "-S", str(source), "-B", str(folder), *defines],
        ["cmake", "--build", str(folder), "--target", *TARGETS, "-j", str(os.cpu_count() or 1)],
    ):
        subprocess.run(command, check=True, stdout=log, stderr=log)
    return programs


def _source() -> Path:
    requirement = pinned()
    name = requirement.replace("==", "-").replace("-", "_", 2)
    folder = BUILD / name / "vendor" / "llama.cpp"
    if folder.exists():
        return folder
    BUILD.mkdir(exist_ok=True)
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary",
         requirement.partition("==")[0], "--dest", str(BUILD), requirement],
        check=True,
    )  # fmt: skip
    with tarfile.open(BUILD / f"{name}.tar.gz") as archive:
        archive.extractall(BUILD, filter="data")
    return folder


def _announces_amx() -> bool:
    try:
        return "amx_tile" in Path("/proc/cpuinfo").read_text("ascii")
    except OSError:
        return False
