"""Loading the files that compute: the processor's code that is best here, and packs.

Left to itself, llama.cpp looks for them beside the executable and in the current folder, where
anybody may have put something. It does not once one is registered. So they are registered here, by
absolute path and in the engine's process alone, before anything of llama.cpp is initialised.
"""

import ctypes
import functools
import os
import sys
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from homebody.base.errors import EngineProblem
from homebody.engine.build import (
    FOLDER,
    MANIFEST,
    Made,
    binding_version,
    build_folder,
    pack_folders,
    processor_code,
    read_manifest,
    read_pack,
)
from homebody.engine.worker.report import loaded_backend

__all__ = ["Backends", "load_backends"]

_AGAIN: Final = "Install Homebody again; if you set LLAMA_CPP_LIB_PATH, take it away."
_LIBRARY: Final = "{}.dll" if sys.platform == "win32" else "lib{}.so"
_LOG: Final = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)


class Backends(Struct, frozen=True):
    """Which files compute."""

    files: tuple[str, ...] = ()
    """The processor's code first, then those of packs; none where it is part of the build."""
    choice: int = 0
    """Of how many files the processor's code was chosen."""
    problems: tuple[str, ...] = ()
    """Why packs are not used, in sentences."""


@functools.cache
def load_backends() -> Backends:
    """Register what there is, before `llama_cpp` is imported; from then on say what that was.

    `EngineProblem` if the libraries are not those that the binding was made for, or do not load.
    """
    folder = build_folder()
    choice = processor_code(folder) if folder is not None else ()
    # Where ours lacks all of them, llama.cpp would look in the current folder.
    if folder is None or not (choice or (folder / MANIFEST).is_file()):
        return Backends()
    folder = folder.absolute()
    made = _fitting(folder)
    # The binding looks for libraries by itself, and is told the same folder.
    os.environ[FOLDER] = str(folder)
    try:
        # First the one that the other needs: none of that name is taken from elsewhere then.
        base = ctypes.CDLL(str(folder / _LIBRARY.format("ggml-base")))
        ggml = ctypes.CDLL(str(folder / _LIBRARY.format("ggml")))
    except OSError as error:
        raise EngineProblem(f"The engine cannot start: {error}.", _AGAIN) from None
    processor = _load_processor_code(base, ggml, folder)
    if not processor:
        # Going on, llama.cpp would look in the current folder.
        raise EngineProblem(
            f"None of the {len(choice)} files with code for a processor in {folder} works here.",
            "Homebody needs a 64-bit x86 processor. If this is one, install Homebody again.",
        )
    files, problems = [processor], []
    for pack in pack_folders():
        try:
            files.append(_load_pack(ggml, pack, made))
        except EngineProblem as problem:
            # A line for whoever looks at this process; the front end is told with the model.
            sys.stderr.write(f"homebody: {problem.message}\n")
            problems.append(problem.message)
    return Backends(tuple(files), len(choice), tuple(problems))


def _fitting(folder: Path) -> Made:
    """Return from what the libraries were made, if the binding was made for that."""
    manifest, version = read_manifest(folder), binding_version()
    if manifest is None:
        raise EngineProblem(
            f"The engine cannot start: nothing says of which llama.cpp the libraries in {folder} "
            "are (engine.json is missing or damaged).",
            _AGAIN,
        )
    if manifest.binding != version:
        raise EngineProblem(
            f"The engine cannot start: the libraries in {folder} are those of llama-cpp-python "
            f"{manifest.binding}, and Homebody has its version {version or 'unknown'}.",
            _AGAIN,
        )
    for name, facts in manifest.files.items():
        try:
            whole = (folder / name).stat().st_size == facts.bytes
        except OSError:
            whole = False
        if not whole:
            raise EngineProblem(
                f"The engine cannot start: {name} in {folder} is missing or not whole.", _AGAIN
            )
    return manifest.made


def _load_processor_code(base: ctypes.CDLL, ggml: ctypes.CDLL, folder: Path) -> str | None:
    """Let ggml choose the file that suits this processor best; return its name, None: none does."""
    lines: list[str] = []
    take = _LOG(lambda _level, text, _data: lines.append(text.decode("utf-8", "replace")))
    base.ggml_log_set(take, None)
    try:
        # In UTF-8 on Windows, as ggml wants it there.
        ggml.ggml_backend_load_all_from_path(os.fsencode(folder))
    finally:
        base.ggml_log_set(None, None)
    return loaded_backend(lines, "CPU")


def _load_pack(ggml: ctypes.CDLL, folder: Path, made: Made) -> str:
    """Register a pack's backend and return the name of its file. `EngineProblem` if it cannot be.

    Not by ggml's own loader, whose paths are not those of every person's folder on Windows.
    """
    pack = read_pack(folder)
    if pack is None or pack.made != made:
        raise EngineProblem(f"The pack in {folder} does not belong to this Homebody.")
    try:
        for name in pack.preload:
            ctypes.CDLL(str(folder / name), mode=ctypes.RTLD_GLOBAL)
        backend = ctypes.CDLL(str(folder / pack.backend))
        backend.ggml_backend_init.restype = ctypes.POINTER(ctypes.c_int)
    except (OSError, AttributeError) as error:
        raise EngineProblem(f"The pack {pack.title} cannot be loaded: {error}.") from None
    registration: Any = backend.ggml_backend_init()
    if not registration:
        raise EngineProblem(f"The pack {pack.title} cannot be used on this machine.")
    ggml.ggml_backend_register(registration)
    return pack.backend
