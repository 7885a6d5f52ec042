"""Makes a pack: code for graphics cards, which a person adds to a packaged Homebody.

    python packaging/packs.py vulkan [--headers FOLDER] [--sdist FILE] [--jobs N]
    python packaging/packs.py cuda [--libraries FOLDER] [--sdist FILE] [--jobs N]

From the same source and with the same options as the engine (`engine.py`). The result is
`build/package/packs/homebody-VERSION-NAME-SYSTEM.zip`: the backend, what it needs at run time,
licences, and `pack.json`, which says which engine it belongs to. `freeze.py` writes the SHA-256 of
the packs that it finds there into the app, which takes no other; so make packs first.

Vulkan wants glslc, SPIR-V's headers and Vulkan's from 1.3.272 on (`--headers`, or the SDK that
VULKAN_SDK names; on Debian newer headers are fetched from the mirror that apt uses, and only read).
Minutes on two cores; 9 MB as a zip. At run time it needs a driver and `libvulkan.so.1`, which
comes with drivers.

CUDA wants NVIDIA's toolkit with cuBLAS: an hour and more on two cores, 500 MB and more as a zip,
of which most is cuBLAS. cuBLAS and the runtime are copied from the toolkit, or from a folder
(`--libraries`) with the libraries of NVIDIA's wheels. The driver's library is never in it.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from pathlib import Path

from engine import (
    ROOT,
    SDIST_SHA256,
    WORK,
    CannotBuild,
    compile_,
    configure,
    here,
    pinned,
    refuse_paths,
    sha256,
    unpacked,
)

OUT = ROOT / "build" / "package" / "packs"
TITLES = {"vulkan": "Vulkan", "cuda": "CUDA"}
NEEDED_HEADERS = (1, 3, 272)
"""llama.cpp uses VK_EXT_layer_settings."""
NEWER_SUITE = "trixie"
# As llama.cpp chooses for CUDA 13: virtual ones are compiled by the driver at their first use.
ARCHITECTURES = "75-virtual;80-virtual;86-real;89-real;90-virtual;120a-real;121a-real"
# In the order in which they are loaded: each before who needs it.
RUNTIME = {
    "linux": ("libcudart.so.{}", "libcublasLt.so.{}", "libcublas.so.{}"),
    "windows": ("cudart64_{}.dll", "cublasLt64_{}.dll", "cublas64_{}.dll"),
}


def main() -> int:
    """Make a pack; return 0, or say what is missing and return 1."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=TITLES)
    parser.add_argument("--headers", type=Path, help="a folder that holds vulkan/vulkan.hpp")
    parser.add_argument("--libraries", type=Path, help="a folder with cuBLAS and CUDA's runtime")
    parser.add_argument("--sdist", type=Path, help="the source archive, if it is here already")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--configure-only", action="store_true", help="compile nothing")
    options = parser.parse_args()
    try:
        pack = make(options)
    except CannotBuild as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1
    if pack is not None:
        print(f"{pack.relative_to(ROOT)}: {pack.stat().st_size / 1e6:.1f} MB, {sha256(pack)}")
    return 0


def make(options: argparse.Namespace) -> Path | None:
    """Compile a backend and pack it; None where it was only prepared."""
    name, system = options.name, f"{here()}-x86_64"
    source = unpacked(options.sdist)
    made = WORK / f"{name}-{system}"
    more = vulkan(options.headers) if name == "vulkan" else cuda(options.libraries, source, made)
    configure(source, made, system, **more)
    if options.configure_only:
        print(f"{made.relative_to(ROOT)} is prepared.")
        return None
    compile_(made, f"ggml-{name}", options.jobs)
    backend = (
        made / "bin" / ("ggml-{}.dll" if here() == "windows" else "libggml-{}.so").format(name)
    )
    refuse_paths([backend], (source, made, ROOT, Path.home()))
    preload = runtime(options.libraries) if name == "cuda" else ()
    files = {backend.name: backend, **{path.name: path for path in preload}}
    files |= licences(name, source)
    return write(name, system, backend.name, [path.name for path in preload], files)


# ------------------------------------------------------------------ Vulkan


def vulkan(headers: Path | None) -> dict[str, str]:
    """Return what CMake has to know for Vulkan, where all is there that it needs."""
    if shutil.which("glslc") is None:
        raise CannotBuild("glslc was not found. Install it (Debian: apt install glslc).")
    sdk = os.environ.get("VULKAN_SDK")
    folder = headers or (
        Path(sdk) / ("Include" if here() == "windows" else "include") if sdk else None
    )
    found = headers_version(folder or Path("/usr/include"))
    if found is None and folder is None:
        raise CannotBuild(
            "Vulkan's headers were not found. Install them (Debian: apt install libvulkan-dev "
            "spirv-headers), or Vulkan's SDK."
        )
    if found is None or found < NEEDED_HEADERS:
        if folder is not None or shutil.which("apt-get") is None:
            raise CannotBuild(
                f"Vulkan's headers in {folder or '/usr/include'} are of the version "
                f"{'.'.join(map(str, found or ()))}; llama.cpp wants 1.3.272 or newer. Name a "
                "folder with newer ones by --headers."
            )
        folder = newer_headers()
    options = {"GGML_VULKAN": "ON"}
    return options | ({"Vulkan_INCLUDE_DIR": str(folder)} if folder else {})


def headers_version(folder: Path) -> tuple[int, int, int] | None:
    """Return the version of the headers in a folder."""
    try:
        text = (folder / "vulkan" / "vulkan_core.h").read_text("utf-8")
    except OSError:
        return None
    patch = re.search(r"#define VK_HEADER_VERSION (\d+)", text)
    complete = re.search(r"VK_HEADER_VERSION_COMPLETE VK_MAKE_API_VERSION\(0, (\d+), (\d+)", text)
    if patch is None or complete is None:
        return None
    return int(complete[1]), int(complete[2]), int(patch[1])


def newer_headers() -> Path:
    """Have apt fetch the headers of a newer Debian, unpack them aside, and return their folder.

    Nothing is installed: only headers are used, so that nothing of that Debian gets into the pack.
    """
    aside = WORK / "vulkan-headers"
    folder = aside / "usr" / "include"
    if (headers_version(folder) or (0, 0, 0)) >= NEEDED_HEADERS:
        return folder
    mirror = debian_mirror()
    with tempfile.TemporaryDirectory() as name:
        state = Path(name)
        for each in ("lists/partial", "cache/archives/partial"):
            (state / each).mkdir(parents=True)
        keys = "/usr/share/keyrings/debian-archive-keyring.gpg"
        (state / "sources.list").write_text(
            f"deb [signed-by={keys}] {mirror} {NEWER_SUITE} main\n", "utf-8"
        )
        places = {
            "Dir::Etc::sourcelist": state / "sources.list",
            "Dir::Etc::sourceparts": "-",
            "Dir::State::lists": state / "lists",
            "Dir::Cache": state / "cache",
            "Acquire::Languages": "none",
        }
        apt = ["apt-get", "-qq", *(f"-o{key}={value}" for key, value in places.items())]
        for step in (["update"], ["download", "libvulkan-dev"]):
            done = subprocess.run(
                [*apt, *step], cwd=state, check=False, capture_output=True, text=True
            )
            if done.returncode:
                print(done.stderr, file=sys.stderr)
                raise CannotBuild("apt could not fetch newer headers of Vulkan's; see above.")
        (package,) = state.glob("libvulkan-dev_*.deb")
        shutil.rmtree(aside, ignore_errors=True)
        subprocess.run(["dpkg-deb", "-x", package, aside], check=True)
    return folder


def debian_mirror() -> str:
    """Return the address that apt has Debian's main archive from."""
    command = ["apt-get", "indextargets", "--format", "$(ORIGIN)|$(RELEASE)|$(REPO_URI)"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    for line in done.stdout.splitlines():
        origin, release, address = line.split("|")
        if origin == "Debian" and "-" not in release:
            return address
    raise CannotBuild(
        "Vulkan's headers here are too old, and apt has no mirror of Debian's to get newer ones "
        "from. Name a folder with newer ones by --headers."
    )


# ------------------------------------------------------------------ CUDA


def cuda(libraries: Path | None, source: Path, made: Path) -> dict[str, str]:
    """Return what CMake has to know for CUDA, where all is there that it needs."""
    if shutil.which("nvcc") is None:
        raise CannotBuild("nvcc was not found. Install NVIDIA's CUDA toolkit, 13 or newer.")
    runtime(libraries)
    # As for the other compilers in `engine.py`: assertions name their file.
    maps = (f"-ffile-prefix-map={source}=llama.cpp", f"-ffile-prefix-map={made}=build")
    flags = "" if here() == "windows" else " ".join(f"-Xcompiler={each}" for each in maps)
    return {
        "GGML_CUDA": "ON",
        # One more library to bring, for machines with several cards.
        "GGML_CUDA_NCCL": "OFF",
        "GGML_CUDA_COMPRESSION_MODE": "size",
        "CMAKE_CUDA_ARCHITECTURES": ARCHITECTURES,
        "CMAKE_CUDA_FLAGS": flags,
    }


def runtime(libraries: Path | None) -> list[Path]:
    """Return the libraries of NVIDIA's that the backend needs, in the order of loading them."""
    major = re.search(r"release (\d+)\.", output("nvcc", "--version"))
    # The program may be a script elsewhere; it says itself where the toolkit is.
    top = re.search(r"TOP=(.*)", output("nvcc", "--dryrun", "-E", "-x", "cu", os.devnull))
    if major is None or top is None:
        raise CannotBuild("nvcc does not say of which toolkit it is. Install the toolkit again.")
    toolkit = Path(top[1].strip()).resolve()
    places = [libraries] if libraries else [toolkit / each for each in ("lib64", "bin", "bin/x64")]
    paths = []
    for pattern in RUNTIME[here()]:
        file = pattern.format(major[1])
        path = next((place / file for place in places if (place / file).is_file()), None)
        if path is None:
            raise CannotBuild(
                f"{file} was not found in {', '.join(map(str, places))}. Install cuBLAS of the "
                "CUDA toolkit, or name a folder with NVIDIA's libraries by --libraries."
            )
        paths.append(path)
    return paths


def output(*command: str) -> str:
    """Return all that a program prints."""
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return done.stdout + done.stderr


# ------------------------------------------------------------------ the zip file


def licences(name: str, source: Path) -> dict[str, Path]:
    """Return the texts that have to go with what is in a pack."""
    found = {"LICENSE-llama.cpp.txt": source / "LICENSE"}
    if name == "cuda":
        toolkit = Path(os.environ.get("CUDA_PATH", "/usr/local/cuda"))
        text = next(
            (each for each in (toolkit / "EULA.txt", toolkit / "LICENSE") if each.is_file()), None
        )
        if text is None:
            raise CannotBuild(
                "The licence of NVIDIA's toolkit (EULA.txt) was not found, and has to go with its "
                "libraries. Set CUDA_PATH to the toolkit's folder."
            )
        found["LICENSE-NVIDIA-CUDA.txt"] = text
    return found


def write(name: str, system: str, backend: str, preload: list[str], files: dict[str, Path]) -> Path:
    """Write the zip file: the same bytes for the same files."""
    described = {
        "name": name,
        "title": TITLES[name],
        "for": {"binding": pinned(), "sdist_sha256": SDIST_SHA256, "system": system},
        "preload": preload,
        "backend": backend,
        "files": {
            each: {"sha256": sha256(path), "bytes": path.stat().st_size}
            for each, path in sorted(files.items())
        },
    }
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    OUT.mkdir(parents=True, exist_ok=True)
    pack = OUT / f"homebody-{version}-{name}-{system}.zip"
    aside = pack.with_suffix(".new")
    with zipfile.ZipFile(aside, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        text = json.dumps(described, indent=2) + "\n"
        archive.writestr(member("pack.json"), text, zipfile.ZIP_DEFLATED, 9)
        for each, path in sorted(files.items()):
            with path.open("rb") as source, archive.open(member(each), "w") as target:
                shutil.copyfileobj(source, target, 1 << 20)
    return aside.replace(pack)


def member(name: str) -> zipfile.ZipInfo:
    """Return how a file is listed: as of no time, an ordinary file."""
    info = zipfile.ZipInfo(name)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.create_system = 3
    info.external_attr = 0o100644 << 16
    return info


if __name__ == "__main__":
    sys.exit(main())
