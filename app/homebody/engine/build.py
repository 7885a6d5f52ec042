"""Which build of llama.cpp is used, by its files alone: nothing of it is loaded.

Costs a tenth of a millisecond, so that a start may ask. A packaged Homebody brings a folder of
libraries that `packaging/engine.py` made, with `engine.json` beside them; packs are folders with
more of them, made from the same source, with `pack.json`.
"""

import importlib.util
import os
import re
from pathlib import Path
from typing import Annotated, Final, TypeVar

import msgspec
from msgspec import Meta, Struct

from homebody.base.paths import shipped

__all__ = [
    "FOLDER",
    "MANIFEST",
    "PACKS",
    "PACK_ADDED",
    "PACK_MANIFEST",
    "PLAIN_NAME",
    "FileFacts",
    "Made",
    "Manifest",
    "Pack",
    "binding_version",
    "build_folder",
    "has_gpu_code",
    "pack_folders",
    "processor_code",
    "read_manifest",
    "read_pack",
]

FOLDER: Final = "LLAMA_CPP_LIB_PATH"
"""Variable with the folder of llama.cpp's libraries; llama-cpp-python heeds it too."""
PACKS: Final = "HOMEBODY_ENGINE_PACKS"
"""Variable with the folders of packs that an engine loads, joined as in PATH."""
MANIFEST: Final = "engine.json"
"""The file beside libraries that `packaging/engine.py` made."""
PACK_MANIFEST: Final = "pack.json"
"""The same in a pack."""
PACK_ADDED: Final = "added.json"
"""The file in which Homebody keeps what a pack's files were when they were last hashed."""
_NAME: Final = r"[A-Za-z0-9_+-][A-Za-z0-9_.+-]{0,99}"
PLAIN_NAME: Final = re.compile(_NAME)
"""What a file or folder of a pack may be called, whole."""

_GPU_CODE: Final = re.compile(r"(lib)?ggml-(cuda|vulkan)\.")
_PROCESSOR_CODE: Final = re.compile(r"(lib)?ggml-cpu-[^/\\]*\.(so|dll)$")

# What is named in a manifest is looked for in its folder and nowhere else.
FileName = Annotated[str, Meta(pattern=rf"^{_NAME}$", max_length=100)]


class Made(Struct, frozen=True, kw_only=True):
    """From what libraries were made. Those that say the same belong together."""

    binding: str
    """The version of llama-cpp-python that carries the source and fits the libraries."""
    sdist_sha256: str
    system: str
    """Such as "linux-x86_64"."""


class FileFacts(Struct, frozen=True, kw_only=True):
    """What a file was when it was made."""

    sha256: str
    bytes: int


class Manifest(Made, frozen=True, kw_only=True):
    """`engine.json`."""

    files: dict[FileName, FileFacts]

    @property
    def made(self) -> Made:
        """The part that a pack for this engine says too."""
        return Made(binding=self.binding, sdist_sha256=self.sdist_sha256, system=self.system)


class Pack(Struct, frozen=True, kw_only=True):
    """`pack.json`: a backend that is loaded besides the processor's."""

    name: FileName
    title: str
    made: Made = msgspec.field(name="for")
    """Which engine it belongs to."""
    backend: FileName
    preload: tuple[FileName, ...] = ()
    """Libraries that the backend needs, in this order."""
    files: dict[FileName, FileFacts]


_J = TypeVar("_J", Manifest, Pack)


def build_folder() -> Path | None:
    """Return where llama.cpp's libraries lie; None: nowhere.

    What the person set counts first, then what ships with a packaged Homebody, then what was
    compiled when llama-cpp-python was installed.
    """
    elsewhere = os.environ.get(FOLDER)
    if elsewhere:
        return Path(elsewhere)
    own = shipped("engine")
    if (own / MANIFEST).is_file():
        return own
    package = _package()
    return package / "lib" if package is not None else None


def binding_version() -> str | None:
    """Return the version of llama-cpp-python that is installed, by the name of a folder."""
    package = _package()
    found = sorted(package.parent.glob("llama_cpp_python-*.dist-info")) if package else []
    return found[-1].name.removesuffix(".dist-info").split("-", 1)[1] if found else None


def processor_code(folder: Path) -> tuple[str, ...]:
    """Return the files with the processor's code, one for each kind of processor, by name.

    None where it is part of the build, as where llama.cpp was compiled on the machine itself.
    """
    return tuple(sorted(filter(_PROCESSOR_CODE.match, _names(folder))))


def has_gpu_code(folder: Path | None = None) -> bool:
    """Tell whether a build was made with CUDA or Vulkan.

    None: what engines use, the packs that they load included.
    """
    if folder is not None:
        return any(map(_GPU_CODE.match, _names(folder)))
    build = build_folder()
    folders = pack_folders() if build is None else (build, *pack_folders())
    return any(map(has_gpu_code, folders))


def pack_folders() -> tuple[Path, ...]:
    """Return the folders of the packs that engines load."""
    named = (Path(each) for each in os.environ.get(PACKS, "").split(os.pathsep) if each)
    return tuple(folder for folder in named if folder.is_absolute())


def read_manifest(folder: Path) -> Manifest | None:
    """Return what is written of an engine's libraries; None if nothing that makes sense is."""
    return _read(folder / MANIFEST, Manifest)


def read_pack(folder: Path) -> Pack | None:
    """Return what is written of a pack; None if nothing that makes sense is."""
    return _read(folder / PACK_MANIFEST, Pack)


def _read(file: Path, kind: type[_J]) -> _J | None:
    try:
        return msgspec.json.decode(file.read_bytes(), type=kind)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None


def _package() -> Path | None:
    """Return where llama-cpp-python lies, without running any of it."""
    try:
        spec = importlib.util.find_spec("llama_cpp")
    except (ImportError, ValueError):
        return None
    places = spec.submodule_search_locations if spec is not None else None
    return Path(places[0]) if places else None


def _names(folder: Path) -> tuple[str, ...]:
    try:
        return tuple(file.name for file in folder.iterdir())
    except OSError:
        return ()
