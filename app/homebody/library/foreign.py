"""Models that other apps downloaded: found where those apps keep them, and linked, never copied.

Only read, and within bounds: what a manifest says is not believed before it was checked, and
nothing on another machine is touched. Where each app keeps its models stands in `_places`; the
layouts are those of Ollama 0.12, LM Studio 0.3, Jan 0.6, GPT4All 3.10 and huggingface_hub 1.0.
"""

import os
import re
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from homebody.library.model_files import ModelFile, files_in, leads_elsewhere, look_at
from homebody.messages.shelf import ShelfSource

__all__ = ["ForeignFile", "find_foreign"]

_MOST_SETTINGS: Final = 1_000_000
_MOST_MANIFEST: Final = 256_000
"""Bytes that are read of a settings file, of a manifest."""
_MOST_MANIFESTS: Final = 5000
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_DIGEST: Final = re.compile(r"sha256[:-]([0-9a-fA-F]{64})")
_MODEL_LAYER: Final = "application/vnd.ollama.image.model"
_APPS: Final = {
    "ollama": "Ollama",
    "lm-studio": "LM Studio",
    "jan": "Jan",
    "gpt4all": "GPT4All",
    "hugging-face": "the Hugging Face cache",
}


class ForeignFile(Struct, frozen=True, kw_only=True):
    """A model that another app has."""

    source: ShelfSource
    name: str
    """As that app calls it."""
    key: str
    file: ModelFile
    sha256: str | None = None
    """What the file should be, where the app says so."""
    problem: str = ""
    aliases: tuple[str, ...] = ()
    """The keys and names that other apps, or other tags, have for the same file."""


def find_foreign() -> list[ForeignFile]:
    """Return the models of other apps on this machine. Never raises.

    One file is listed once, under the first app that has it, but goes by its other names as well.
    """
    seen: dict[tuple[int, int], int] = {}
    listed: list[ForeignFile] = []
    for found in _all():
        mark = (found.file.device, found.file.inode or hash(found.file.path))
        if not found.problem and mark in seen:
            first = listed[seen[mark]]
            aliases = (*first.aliases, found.key, found.name)
            listed[seen[mark]] = replace(first, aliases=aliases)
            continue
        # What is wrong with one description is not wrong with another of the same file.
        if not found.problem:
            seen[mark] = len(listed)
        listed.append(found)
    return listed


def _all() -> Iterator[ForeignFile]:
    for folder in _places("ollama"):
        yield from _ollama(folder)
    for folder in _places("lm-studio"):
        yield from _plain("lm-studio", folder)
    for folder in _places("jan"):
        yield from _jan(folder)
    for folder in _places("gpt4all"):
        for found in files_in(folder):
            # So it calls a file that it has not fetched wholly yet.
            if not found.name.startswith("incomplete-"):
                yield _as(found, "gpt4all", folder)
    for folder in _places("hugging-face"):
        yield from _hugging_face(folder)


# ---------------------------------------------------------------- where they keep them


def _places(app: str) -> list[str]:
    """Return the folders in which an app may keep models, those that the person chose first."""
    home = Path.home()
    roaming = Path(os.environ.get("APPDATA") or home / "AppData" / "Roaming")
    local = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    support = home / "Library" / "Application Support"
    config = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    data = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")
    studio = _line(home / ".lmstudio-home-pointer")
    studios = [home / ".lmstudio", home / ".cache" / "lm-studio"]
    studios = [Path(studio), *studios] if studio else studios
    system = sys.platform if sys.platform in {"win32", "darwin"} else "linux"
    jans = {
        "win32": [roaming / "Jan" / "data"],
        "darwin": [support / "Jan" / "data"],
        "linux": [data / "Jan" / "data", config / "Jan" / "data"],
    }[system]
    jan_settings = {"win32": roaming, "darwin": support, "linux": config}[system] / "Jan"
    gpt4all_settings = (roaming if system == "win32" else config) / "nomic.ai" / "GPT4All.ini"
    table: dict[str, list[str | Path | None]] = {
        "ollama": [
            os.environ.get("OLLAMA_MODELS"),
            home / ".ollama" / "models",
            # Where it runs as a service of Linux, under a user of its own.
            *([Path("/usr/share/ollama/.ollama/models")] if system == "linux" else []),
        ],
        "lm-studio": [
            *(_said(each / "settings.json", "downloadsFolder") for each in studios),
            *(each / "models" for each in studios),
        ],
        "jan": [_said(jan_settings / "settings.json", "data_folder"), *jans, home / "jan"],
        "gpt4all": [
            _ini(gpt4all_settings, "modelPath"),
            {"win32": local, "darwin": support, "linux": data}[system] / "nomic.ai" / "GPT4All",
        ],
        "hugging-face": [
            os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE"),
            Path(os.environ.get("HF_HOME") or cache / "huggingface") / "hub",
        ],
    }
    found = dict.fromkeys(os.path.normpath(each) for each in table[app] if each)
    return [each for each in found if Path(each).is_absolute() and not leads_elsewhere(each)]


def _bytes(path: Path, most: int) -> bytes:
    """Return a small file that another app wrote; nothing if it is not there, or not small."""
    if leads_elsewhere(str(path)):
        return b""
    try:
        if not path.is_file():
            return b""
        with path.open("rb") as stream:
            data = stream.read(most + 1)
    except (OSError, ValueError):
        return b""
    return data if len(data) <= most else b""


def _line(path: Path) -> str:
    text = _bytes(path, 4096).decode("utf-8", "replace").strip()
    return text if text and "\n" not in text and "\0" not in text else ""


def _json(path: Path, most: int) -> dict[str, object]:
    try:
        value = msgspec.json.decode(_bytes(path, most) or b"{}")
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _said(path: Path, name: str) -> str | None:
    value = _json(path, _MOST_SETTINGS).get(name)
    return value if isinstance(value, str) and "\0" not in value else None


def _ini(path: Path, name: str) -> str | None:
    """Return a value of a settings file as Qt writes it."""
    text = _bytes(path, _MOST_SETTINGS).decode("utf-8", "replace")
    found = re.search(rf"(?m)^{name}=(.*)$", text)
    value = found[1].strip().strip('"').replace("\\\\", "\\") if found else ""
    return value if value and "\0" not in value else None


# ---------------------------------------------------------------- how they keep them


def _within(path: str, folder: str) -> str:
    """Return a path without the folder and its ending, with slashes."""
    text = os.path.relpath(path, folder).replace(os.sep, "/")
    return text[:-5] if text[-5:].casefold() == ".gguf" else text


def _as(found: ModelFile, source: ShelfSource, folder: str) -> ForeignFile:
    parent = os.path.dirname(_within(found.path, folder))  # noqa: PTH120
    inside = f"{parent}/{found.name}" if parent else found.name
    return ForeignFile(source=source, name=found.name, key=f"{source}/{inside}", file=found)


def _plain(source: ShelfSource, folder: str) -> Iterator[ForeignFile]:
    for found in files_in(folder):
        yield _as(found, source, folder)


def _hugging_face(folder: str) -> Iterator[ForeignFile]:
    """`models--OWNER--REPO/snapshots/COMMIT/FILE`, mostly a link to `blobs/SHA256`."""
    try:
        with os.scandir(folder) as entries:
            repos = sorted(each.path for each in entries if each.name.startswith("models--"))
    except OSError:
        return
    for repo in islice(repos, _MOST_MANIFESTS):
        name = "/".join(os.path.basename(repo).split("--")[1:])  # noqa: PTH119
        snapshots = os.path.join(repo, "snapshots")  # noqa: PTH118
        keys: set[str] = set()
        for found in files_in(snapshots):
            inside = _within(found.path, snapshots).partition("/")[2]
            key = f"hugging-face/{name}/{inside.rpartition('/')[0] + '/' if '/' in inside else ''}"
            key += found.name
            if key in keys:
                # Another commit has a file of this name.
                key += f"@{_within(found.path, snapshots)[:8]}"
            keys.add(key)
            blob = os.path.basename(os.path.realpath(found.path))  # noqa: PTH119
            digest = blob if _SHA256.fullmatch(blob) and found.files == 1 else None
            yield ForeignFile(
                source="hugging-face", name=found.name, key=key, file=found, sha256=digest
            )


def _jan(folder: str) -> Iterator[ForeignFile]:
    """`llamacpp/models/ID/model.gguf` with a `model.yml`, which may name a file elsewhere."""
    named: set[str] = set()
    for inside in ("llamacpp/models", "models"):
        models = os.path.normpath(os.path.join(folder, inside))  # noqa: PTH118
        for described in _described(models):
            text = _bytes(described, _MOST_MANIFEST).decode("utf-8", "replace")
            path = _yaml(text, "model_path")
            path = os.path.normpath(os.path.join(folder, path)) if path else ""  # noqa: PTH118
            # A file that the person imported may lie anywhere; a path that climbs may not.
            if not path or ".." in _yaml(text, "model_path").replace("\\", "/").split("/"):
                continue
            projector = _yaml(text, "mmproj_path")
            named |= {path, os.path.normpath(os.path.join(folder, projector))}  # noqa: PTH118
            identity = _within(str(described.parent), models)
            found = look_at(path) if path[-5:].casefold() == ".gguf" else None
            if found is not None:
                digest = _yaml(text, "model_sha256").casefold()
                yield ForeignFile(
                    source="jan",
                    name=identity,
                    key=f"jan/{identity}",
                    file=found,
                    sha256=digest if _SHA256.fullmatch(digest) else None,
                )
        for found in files_in(models):
            if found.path not in named:
                yield _as(found, "jan", models)


def _described(folder: str) -> Iterator[Path]:
    if leads_elsewhere(folder):
        return
    found = 0
    for here, folders, files in os.walk(folder):
        folders.sort()
        if here.count(os.sep) - folder.count(os.sep) >= 6:
            folders.clear()
        if "model.yml" in files:
            yield Path(here, "model.yml")
            found += 1
        if found >= _MOST_MANIFESTS:
            return


def _yaml(text: str, name: str) -> str:
    """Return a plain value at the top of a YAML file: all that such a file of Jan's holds."""
    found = re.search(rf"(?m)^{name}:[ \t]*(.*?)[ \t]*\r?$", text)
    value = found[1] if found else ""
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        value = value[1:-1]
    return "" if "\0" in value else value


# ---------------------------------------------------------------- Ollama


def _ollama(folder: str) -> Iterator[ForeignFile]:
    """`manifests/HOST/NAMESPACE/MODEL/TAG`, JSON that names `blobs/sha256-…`."""
    manifests = os.path.join(folder, "manifests")  # noqa: PTH118
    for path in islice(_files(manifests), _MOST_MANIFESTS):
        parts = Path(path).relative_to(manifests).parts
        if len(parts) != 4:
            continue
        host, namespace, model, tag = parts
        name = f"{model}:{tag}"
        if host != "registry.ollama.ai":
            name = f"{host}/{namespace}/{name}"
        elif namespace != "library":
            name = f"{namespace}/{name}"
        found = _manifest(Path(path), folder, name)
        if found is not None:
            yield found


def _files(folder: str) -> Iterator[str]:
    if leads_elsewhere(folder):
        return
    for here, folders, files in os.walk(folder):
        folders.sort()
        if here.count(os.sep) - folder.count(os.sep) >= 4:
            folders.clear()
        for name in sorted(files):
            if not name.startswith("."):
                yield os.path.join(here, name)  # noqa: PTH118


def _manifest(path: Path, folder: str, name: str) -> ForeignFile | None:
    def said(problem: str, file: ModelFile | None = None, sha256: str | None = None) -> ForeignFile:
        here = look_at(str(path)) or ModelFile(str(path), name, 1, 0, 0, 0, 0)
        nothing = ModelFile(here.path, name, 1, 0, here.mtime_ns, here.device, here.inode)
        return ForeignFile(
            source="ollama",
            name=name,
            key=f"ollama/{name}",
            file=file or nothing,
            sha256=sha256,
            problem=problem and f"{problem} Get it again in Ollama, or here.",
        )

    manifest = _json(path, _MOST_MANIFEST)
    layers = manifest.get("layers")
    if not isinstance(layers, list):
        return said("Ollama's description of this model cannot be read.")
    models = [
        each for each in layers if isinstance(each, dict) and each.get("mediaType") == _MODEL_LAYER
    ]
    if not models:
        # A model that runs in the cloud, or one that is not made of GGUF files.
        return None
    if len(models) > 1:
        return said("Ollama keeps this model in several pieces, which only it can join.")
    digest = _DIGEST.fullmatch(str(models[0].get("digest")))
    if digest is None:
        return said("Ollama's description of this model names no file that there could be.")
    sha256 = digest[1].casefold()
    blob = look_at(os.path.join(folder, "blobs", f"sha256-{sha256}"))  # noqa: PTH118
    if blob is None:
        return said("Ollama describes this model, but its file is not there.")
    size = models[0].get("size")
    problem = ""
    if isinstance(size, int) and size != blob.bytes:
        problem = f"The file has {blob.bytes:,} bytes; Ollama says that it should have {size:,}."
    return said(problem, blob, sha256)
