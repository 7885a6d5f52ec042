"""Compiles llama.cpp for every processor: what a package brings, and what its packs fit.

    python packaging/engine.py [--for windows] [--sdist FILE] [--jobs N]

The source is the `vendor/llama.cpp` of the llama-cpp-python that `pyproject.toml` pins, fetched by
pip from its package index. The result is `build/package/engine/SYSTEM/`: `libllama`, `libggml`,
`libggml-base`, one `libggml-cpu-NAME` for each kind of processor, and `engine.json`, which says
from what they were made. Wants CMake, Ninja and a C++ compiler: GCC on Linux, Clang on Windows (in
a prompt of Visual Studio's), mingw-w64 to compile for Windows on Linux.
"""

import argparse
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "build" / "package" / "engine"
WORK = ROOT / "build" / "package" / "work"
SDIST_SHA256 = "832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e"
"""Of the source archive of the pinned version; a new version has a new one."""

OPTIONS = {
    "BUILD_SHARED_LIBS": "ON",
    "CMAKE_BUILD_TYPE": "Release",
    # The processor's code in files of its own, of which the engine loads the best.
    "GGML_NATIVE": "OFF",
    "GGML_BACKEND_DL": "ON",
    "GGML_CPU_ALL_VARIANTS": "ON",
    "GGML_CCACHE": "OFF",
    # Only the library: no programs, no tests, nothing that could connect.
    "LLAMA_BUILD_APP": "OFF",
    "LLAMA_BUILD_COMMON": "OFF",
    "LLAMA_BUILD_EXAMPLES": "OFF",
    "LLAMA_BUILD_MTMD": "OFF",
    "LLAMA_BUILD_SERVER": "OFF",
    "LLAMA_BUILD_TESTS": "OFF",
    "LLAMA_BUILD_TOOLS": "OFF",
    # The libraries find each other in their own folder. Without a version in their names there are
    # no links, which an archive would turn into copies.
    "CMAKE_BUILD_WITH_INSTALL_RPATH": "ON",
    "CMAKE_INSTALL_RPATH": "$ORIGIN",
    "CMAKE_PLATFORM_NO_VERSIONED_SONAME": "ON",
}


class CannotBuild(Exception):
    """What is missing or wrong, and what to do, in a sentence or two."""


def main() -> int:
    """Build; return 0, or say what is missing and return 1."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--for", dest="target", choices=["linux", "windows"], default=here())
    parser.add_argument("--sdist", type=Path, help="the source archive, if it is here already")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    try:
        folder = build(f"{options.target}-x86_64", options.sdist, options.jobs)
    except CannotBuild as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1
    describe(folder)
    return 0


def here() -> str:
    """Return the name of this system."""
    return "windows" if sys.platform == "win32" else "linux"


def build(system: str, sdist: Path | None, jobs: int) -> Path:
    """Compile for a system and return the folder with the result."""
    source = unpacked(sdist)
    made = WORK / f"engine-{system}"
    configure(source, made, system)
    compile_(made, "llama", jobs)
    suffix = ".dll" if system.startswith("windows") else ".so"
    libraries = sorted(path for path in (made / "bin").iterdir() if path.suffix == suffix)
    refuse_paths(libraries, (source, made, ROOT, Path.home()))
    fresh = OUT / f"{system}.new"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    for library in libraries:
        shutil.copyfile(library, fresh / library.name)
    if here() == "windows":
        copy_runtime(fresh)
    write_manifest(fresh, system)
    folder = OUT / system
    shutil.rmtree(folder, ignore_errors=True)
    return fresh.rename(folder)


# ------------------------------------------------------------------ the source


def pinned() -> str:
    """Return the version of llama-cpp-python that `pyproject.toml` names."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    for dependency in project["dependencies"]:
        if found := re.fullmatch(r"llama-cpp-python==([\d.]+)", dependency):
            return found[1]
    raise CannotBuild("pyproject.toml does not pin llama-cpp-python to one version; do that first.")


def unpacked(sdist: Path | None = None) -> Path:
    """Return the folder of llama.cpp's source, fetched and checked if it is not there yet."""
    folder = WORK / f"llama-cpp-python-{pinned()}"
    if not (folder / "done").exists():
        archive = sdist or fetch()
        digest = sha256(archive)
        if digest != SDIST_SHA256:
            raise CannotBuild(
                f"{archive.name} is not the archive that this script knows: its SHA-256 is "
                f"{digest}. After a change of the pinned version, look at what is in it and write "
                "that into packaging/engine.py."
            )
        shutil.rmtree(folder, ignore_errors=True)
        with tarfile.open(archive) as tar:
            inside = re.compile(r"[^/]+/(vendor/llama\.cpp/|LICENSE)")
            wanted = [member for member in tar if inside.match(member.name)]
            for member in wanted:
                member.name = member.name.split("/", 1)[1]
            tar.extractall(folder, wanted, filter="data")
        (folder / "done").touch()
    return folder / "vendor" / "llama.cpp"


def fetch() -> Path:
    """Have pip fetch the source archive, and return it."""
    version = pinned()
    folder = WORK / "sdist"
    archive = folder / f"llama_cpp_python-{version}.tar.gz"
    if not archive.exists():
        wanted = ["--no-binary", ":all:", "--no-deps", f"llama-cpp-python=={version}"]
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet"]
        if subprocess.run([*pip, "--dest", str(folder), *wanted], check=False).returncode:
            raise CannotBuild(
                "pip could not fetch the source of llama-cpp-python. Give the archive by --sdist."
            )
    return archive


# ------------------------------------------------------------------ compiling


def configure(source: Path, made: Path, system: str, **more: str) -> None:
    """Prepare a build in the folder `made`. `more` are options of CMake's besides."""
    for tool, package in (("cmake", "cmake"), ("ninja", "ninja-build")):
        if shutil.which(tool) is None:
            raise CannotBuild(f"{tool} was not found. Install it (Debian: apt install {package}).")
    if platform.machine().lower() not in {"x86_64", "amd64"}:
        raise CannotBuild("The engine is built on x86-64 machines alone.")
    options = OPTIONS | more
    environment = dict(os.environ)
    if system.startswith("windows"):
        # Its library is one more DLL to bring, and without it llama.cpp's own threads are as fast.
        options["GGML_OPENMP"] = "OFF"
        if here() == "windows":
            options["CMAKE_TOOLCHAIN_FILE"] = str(source / "cmake" / "x64-windows-llvm.cmake")
            compiler, hint = "clang++", "Install LLVM, and start in a prompt of Visual Studio's."
        else:
            options["CMAKE_TOOLCHAIN_FILE"] = str(ROOT / "packaging" / "windows" / "mingw.cmake")
            compiler = "x86_64-w64-mingw32-g++-posix"
            hint = "Install it (Debian: apt install g++-mingw-w64-x86-64-posix)."
    else:
        compiler, hint = os.environ.get("CXX", "c++"), "Install it (Debian: apt install g++)."
    if shutil.which(compiler) is None:
        raise CannotBuild(f"{compiler} was not found. {hint}")
    # By the environment, because a toolchain's own flags stay then. Assertions name their file:
    # without the map that is a path of this machine.
    names = {source: "llama.cpp", made: "build"}
    maps = " ".join(f'"-ffile-prefix-map={path.as_posix()}={to}"' for path, to in names.items())
    environment |= {"CFLAGS": maps, "CXXFLAGS": maps}
    if here() != "windows":
        environment["LDFLAGS"] = "-s"
    # The source is no repository; without this, git would find the one around it.
    environment["GIT_CEILING_DIRECTORIES"] = str(source.parent)
    defined = [f"-D{name}={value}" for name, value in options.items()]
    command = ["cmake", "-S", str(source), "-B", str(made), "-G", "Ninja", *defined]
    run(command, environment, "CMake does not like this machine; see above.")


def compile_(made: Path, target: str, jobs: int) -> None:
    """Compile one target of a build that was prepared. Takes ten minutes and more."""
    command = ["cmake", "--build", str(made), "--target", target, "--parallel", str(jobs)]
    run(command, None, "llama.cpp could not be compiled; see above.")


def run(command: list[str], environment: dict[str, str] | None, problem: str) -> None:
    """Run a program, quietly where it succeeds."""
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    if done.returncode:
        print(done.stdout[-8000:], done.stderr[-8000:], sep="\n", file=sys.stderr)
        raise CannotBuild(problem)


# ------------------------------------------------------------------ the result


def refuse_paths(libraries: list[Path], paths: tuple[Path, ...]) -> None:
    """See that no library holds a path of this machine."""
    for library in libraries:
        data = library.read_bytes()
        for path in paths:
            found = {os.fsencode(path), os.fsencode(path.as_posix())}
            if len(path.parts) > 1 and any(each in data for each in found):
                raise CannotBuild(f"{library.name} holds the path {path} of this machine.")


def copy_runtime(folder: Path) -> None:
    """Put Microsoft's C++ runtime beside the libraries: not every Windows has it.

    It cannot be linked into them, because files are opened by one library and read by another.
    """
    redistributable = Path(os.environ.get("VCTOOLSREDISTDIR", ""))
    for name in ("msvcp140.dll", "vcruntime140.dll", "vcruntime140_1.dll"):
        found = sorted(redistributable.glob(f"x64/Microsoft.VC*.CRT/{name}"))
        if not found:
            raise CannotBuild(f"{name} was not found. Start in a prompt of Visual Studio's.")
        shutil.copyfile(found[-1], folder / name)


def write_manifest(folder: Path, system: str) -> None:
    """Write `engine.json`; `homebody/engine/build.py` reads it."""
    manifest = {
        "binding": pinned(),
        "sdist_sha256": SDIST_SHA256,
        "system": system,
        "files": {
            path.name: {"sha256": sha256(path), "bytes": path.stat().st_size}
            for path in sorted(folder.iterdir())
        },
    }
    (folder / "engine.json").write_text(json.dumps(manifest, indent=2) + "\n", "utf-8")


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def describe(folder: Path) -> None:
    """Print what was made and what it asks of a system."""
    files = sorted(path for path in folder.iterdir() if path.suffix in {".so", ".dll"})
    wants = {
        tuple(int(part) for part in found[1].split(b"."))
        for path in files
        for found in re.finditer(rb"\0GLIBC_([\d.]+)(?=\0)", path.read_bytes())
    }
    size = sum(path.stat().st_size for path in files)
    print(f"{folder.relative_to(ROOT)}: {len(files)} libraries, {size / 1e6:.1f} MB")
    if wants:
        print("it asks for glibc", ".".join(map(str, max(wants))), "or newer")


if __name__ == "__main__":
    sys.exit(main())
