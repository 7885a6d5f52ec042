"""Models as other apps lay them out on the disk."""

import hashlib
import json
import os
import sys
from pathlib import Path

import pytest

from library.gguf_files import File

GGUF = File().bytes()
_VARIABLES = (
    "OLLAMA_MODELS",
    "HF_HOME",
    "HF_HUB_CACHE",
    "HUGGINGFACE_HUB_CACHE",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_CACHE_HOME",
    "APPDATA",
    "LOCALAPPDATA",
)


def fresh_person(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make this the home of a person who has no other app."""
    folder.mkdir(exist_ok=True)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("USERPROFILE", str(folder))
    for name in _VARIABLES:
        monkeypatch.delenv(name, raising=False)
    return folder


def model(number: int) -> bytes:
    """A good file that is unlike the others."""
    return GGUF + bytes([number])


def write(path: Path, data: bytes | str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def ollama(
    models: Path,
    name: str,
    data: bytes = GGUF,
    *,
    digest: str | None = None,
    size: int | None = None,
) -> Path:
    """What `ollama pull` leaves; `name` is HOST/NAMESPACE/MODEL/TAG. Returns the blob."""
    sha256 = hashlib.sha256(data).hexdigest()
    kinds = ("model", "template", "license", "params")
    layers = [
        {
            "mediaType": f"application/vnd.ollama.image.{kind}",
            "digest": (digest or f"sha256:{sha256}") if kind == "model" else "sha256:" + "0" * 64,
            "size": (len(data) if size is None else size) if kind == "model" else 12,
        }
        for kind in kinds
    ]
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "config": {
            "mediaType": "application/vnd.docker.container.image.v1+json",
            "digest": "sha256:" + "1" * 64,
            "size": 485,
        },
        "layers": layers,
    }
    write(models / "manifests" / name, json.dumps(manifest))
    return write(models / "blobs" / f"sha256-{sha256}", data)


def hugging_face(hub: Path, repo: str, commit: str, name: str, data: bytes) -> Path:
    """What huggingface_hub leaves after a download. Returns the file's name in the snapshot."""
    folder = hub / f"models--{repo.replace('/', '--')}"
    blob = write(folder / "blobs" / hashlib.sha256(data).hexdigest(), data)
    write(folder / "refs" / "main", commit)
    path = folder / "snapshots" / commit / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if sys.platform == "win32":
        path.write_bytes(data)
    else:
        path.symlink_to(os.path.relpath(blob, path.parent))
    return path
