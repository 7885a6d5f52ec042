"""Texts as the database can hold them."""

import json
from collections.abc import Sequence

import msgspec
from msgspec import Struct

__all__ = ["clean", "write_json"]


def clean(text: str) -> str:
    """Return `text` as UTF-8 can hold it: halves of characters become U+FFFD, the rest stays."""
    try:
        text.encode()
    except UnicodeEncodeError:
        # Two halves that belong together become the character that they are.
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def write_json(value: Struct | Sequence[Struct]) -> str:
    """Return a value as JSON."""
    try:
        return msgspec.json.encode(value).decode()
    except UnicodeEncodeError:  # half a character in a text; msgspec turns down what UTF-8 does
        return clean(json.dumps(msgspec.to_builtins(value), ensure_ascii=False))
