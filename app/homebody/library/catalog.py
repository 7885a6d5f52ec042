"""Models that Homebody knows by name: what they are good at, and for which card.

`models/catalog.toml` ships with the app. The starter stands first in it, and what only wants the
starter (`starter_entry`, at every start) reads no further.
"""

import re
import tomllib
from functools import cache
from typing import Any

import msgspec

from homebody.base.errors import ModelProblem
from homebody.base.paths import shipped
from homebody.messages.shelf import CatalogModel

__all__ = ["catalog", "parse_catalog", "recommended", "recommended_for_file", "starter_entry"]

_LARGEST = 256_000
"""Bytes of a catalogue, and models in it. It ships with the app; a larger one is not ours."""
_MOST = 200
_MODELS = "\n[[model]]"


class _Listed(msgspec.Struct, frozen=True):
    """The part of the file behind the starter."""

    model: tuple[CatalogModel, ...] = ()


def _read() -> str:
    with shipped("models/catalog.toml").open("rb") as stream:
        data = stream.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise _unusable(f"it is larger than {_LARGEST:,} bytes")
    # As read_text would: git may have turned the ends of lines into Windows' own.
    return data.decode().replace("\r\n", "\n")


def _unusable(why: str) -> ModelProblem:
    return ModelProblem(
        f"The catalogue of models that came with Homebody cannot be used: {why}.",
        "Install Homebody again.",
    )


def starter_entry() -> dict[str, Any]:
    """Return what the catalogue says of the starter."""
    entry: dict[str, Any] = tomllib.loads(_read().partition(_MODELS)[0])["starter"]
    return entry


@cache
def catalog() -> tuple[CatalogModel, ...]:
    """Return the recommended models, smallest card first. Takes about 10 ms, once."""
    _, found, rest = _read().partition(_MODELS)
    return parse_catalog(found + rest)


def parse_catalog(text: str) -> tuple[CatalogModel, ...]:
    """Return the models in the text of a catalogue. `ModelProblem` where an entry is not right."""
    try:
        listed = tomllib.loads(text).get("model", [])
        if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
            raise _unusable("its models are not a list of tables")
        if len(listed) > _MOST:
            raise _unusable(f"it lists over {_MOST} models")
        for entry in listed:
            entry.setdefault("sha256", None)
            entry.setdefault("system", "")
        models = msgspec.convert({"model": listed}, _Listed).model
    except (ValueError, RecursionError) as error:
        # msgspec's errors are ValueErrors too; theirs and tomllib's name the place.
        raise _unusable(str(error)) from error
    keys = [model.key for model in models]
    twice = next((key for key in keys if keys.count(key) > 1), None)
    if twice is not None:
        raise _unusable(f"{twice} stands in it twice")
    return models


def recommended(card_bytes: int | None) -> CatalogModel:
    """Return the model for a card with so much memory; None, or a smaller card: the processor's."""
    room = (card_bytes or 0) / 1e9
    best, *others = catalog()
    for model in others:
        if best.card_gb < model.card_gb <= room:
            best = model
    return best


def recommended_for_file(name: str) -> CatalogModel | None:
    """Return the catalogue's model whose file has this name, whoever fetched it."""
    wanted = re.sub(r"-00001-of-\d{5}(?=\.gguf$)", "", name.casefold())
    return next((model for model in catalog() if model.file.casefold() == wanted), None)
