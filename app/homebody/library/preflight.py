"""Can one chat with this file? Answered from its header, and from those of its other parts.

A model may be split into files `NAME-00001-of-00003.gguf`…; llama.cpp takes the first and finds the
others beside it by their names.
"""

import re
from pathlib import Path
from typing import Literal

from msgspec import Struct

from homebody.base.errors import ModelProblem
from homebody.library.gguf import GgufHeader, read_header
from homebody.library.gguf_bytes import refusal

__all__ = ["Kind", "Parts", "check_model", "kind_of", "parts_of", "why_not"]

Kind = Literal["model", "adapter", "projector", "vocabulary", "other"]

_MOST_PARTS = 1000
_LAYERS = range(1, 513)
"""llama.cpp aborts at any other number."""
_PART = re.compile(r"(.*)-(\d{5})-of-(\d{5})\.gguf", re.DOTALL)
_CHOOSE = "Choose a model that writes text."
_NO_MODEL: dict[Kind, tuple[str, str]] = {
    "adapter": (
        "it is an adapter, which changes a model and is none by itself",
        "Choose the model that it was made for.",
    ),
    "projector": (
        "it is the part of a model that sees or hears, not the one that writes",
        _CHOOSE,
    ),
    "vocabulary": ("it holds a vocabulary and no weights", _CHOOSE),
    "other": ("it holds measurements about a model, not a model", _CHOOSE),
}


class Parts(Struct, frozen=True):
    """The files of a model, in order, and the headers of those that are there."""

    names: tuple[str, ...]
    headers: tuple[GgufHeader, ...]
    missing: tuple[str, ...] = ()


def kind_of(header: GgufHeader) -> Kind:
    """Return what a file is, by what it says and holds."""
    said, architecture = header.text("general.type"), header.text("general.architecture")
    if said == "adapter" or header.text("adapter.type") is not None:
        return "adapter"
    if said in {"mmproj", "projector"} or architecture == "clip":
        return "projector"
    if said == "imatrix" or architecture in {"controlvector", "imatrix"}:
        return "other"
    if not header.tensors and "tokenizer.ggml.tokens" in header.counts:
        # The first part of a split model may hold nothing but the description.
        return "model" if (header.number("split.count") or 0) > 1 else "vocabulary"
    return "model"


def parts_of(header: GgufHeader) -> Parts:
    """Read the headers of all files of a model. `ModelProblem` if they do not belong together."""
    count, number = header.number("split.count") or 0, header.number("split.no") or 0
    here = header.path.name
    if count <= 1:
        return Parts(names=(here,), headers=(header,))
    named = _PART.fullmatch(here)
    if count > _MOST_PARTS or number >= count:
        raise refusal(here, f"it claims to be part {number + 1:,} of {count:,}")
    if not named or (int(named[2]), int(named[3])) != (number + 1, count):
        raise refusal(
            here,
            f"it is part {number + 1} of a model in {count} files, but its name does not say so",
            f"Give it the name NAME-{number + 1:05}-of-{count:05}.gguf, with the same NAME as the "
            "other parts.",
        )
    names = tuple(f"{named[1]}-{part:05}-of-{count:05}.gguf" for part in range(1, count + 1))
    headers, missing = [], []
    for part, name in enumerate(names):
        path = header.path.with_name(name)
        if part == number:
            headers.append(header)
        elif path.is_file():
            other = read_header(path)
            if (other.number("split.no"), other.number("split.count")) != (part, count):
                raise refusal(name, f"it should be part {part + 1} of {count} and is not")
            headers.append(other)
        else:
            missing.append(name)
    return Parts(names=names, headers=tuple(headers), missing=tuple(missing))


def why_not(header: GgufHeader, parts: Parts) -> ModelProblem | None:
    """Return why one cannot chat with a file that is whole in itself, or None if one can."""
    name, kind = header.path.name, kind_of(header)
    if kind != "model":
        return refusal(name, *_NO_MODEL[kind])
    if parts.missing:
        some = ", ".join(parts.missing[:5])
        more = f" and {len(parts.missing) - 5} more" if len(parts.missing) > 5 else ""
        return refusal(
            name,
            f"it is one of {len(parts.names)} files of a model, and there is no {some}{more} "
            "beside it",
            "Get the missing files into the same folder.",
        )
    if header.number("split.no"):
        return refusal(
            name,
            f"it is part {int(header.number('split.no') or 0) + 1} of a model in several files",
            f"Choose the first: {parts.names[0]}.",
        )
    return _incomplete(header, parts)


def _incomplete(header: GgufHeader, parts: Parts) -> ModelProblem | None:
    name = header.path.name
    found = sum(len(part.tensors) for part in parts.headers)
    expected = header.number("split.tensors.count")
    if len(parts.names) > 1 and expected is not None and expected != found:
        return refusal(name, f"its files hold {found:,} tensors of {expected:,}")
    if not found:
        return refusal(name, "it holds no weights", "Get the model again.")
    if not header.text("general.architecture"):
        return refusal(name, "it does not say which architecture it is of", "Get the model again.")
    layers = header.number(header.of_architecture("block_count"))
    if layers is not None and layers not in _LAYERS:
        return refusal(
            name,
            f"it claims to have {layers:,} layers; llama.cpp has room for {_LAYERS[0]} to "
            f"{_LAYERS[-1]}",
        )
    return None


def check_model(path: Path) -> Parts:
    """Read all headers of a model. `ModelProblem` says why the engine is not given this file."""
    header = read_header(path)
    # What is no model at all needs no look at other files.
    parts = parts_of(header) if kind_of(header) == "model" else Parts((path.name,), (header,))
    problem = why_not(header, parts)
    if problem is not None:
        raise problem
    return parts
