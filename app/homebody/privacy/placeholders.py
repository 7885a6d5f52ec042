"""Placeholders: how they look, and finding known values in a text."""

import re
from collections.abc import Iterable, Sequence
from typing import Final, get_args

from homebody.messages.offers import PrivateKind, Replacement
from homebody.privacy.spans import Found

__all__ = ["KINDS", "PLACEHOLDER", "known", "make", "numbered"]

KINDS: Final[tuple[PrivateKind, ...]] = get_args(PrivateKind)
_KIND: Final = "|".join(KINDS)
PLACEHOLDER: Final = re.compile(rf"\[(?:{_KIND})_[1-9]\d{{0,5}}\]")
_BARE: Final = re.compile(rf"(?<!\w)({_KIND})_([1-9]\d{{0,5}})(?!\w)")
_WINDOW: Final = 6
"""Characters by which a value is looked up. A shorter one counts between word borders alone."""
_FEWEST_MARKED: Final = 3
_HIGHEST: Final = 500_000
"""A number in a text that new ones begin behind: with a higher one there might be none left."""


def make(kind: PrivateKind, number: int) -> str:
    """Return the placeholder of that kind and number, which counts from 1."""
    return f"[{kind}_{number}]"


def numbered(texts: Iterable[str]) -> dict[str, int]:
    """Return the highest number of each kind that stands in the texts, with brackets or without.

    Text may hold "[EMAIL_1]" by itself; new placeholders must not look like it. They never come as
    far as the highest numbers, which are passed over.
    """
    highest: dict[str, int] = {}
    for text in texts:
        for match in _BARE.finditer(text):
            number = int(match[2])
            if number <= _HIGHEST:
                highest[match[1]] = max(highest.get(match[1], 0), number)
    return highest


def known(text: str, replacements: Sequence[Replacement]) -> list[Found]:
    """Return every place where the value of a replacement stands; they may overlap.

    Linear in the text, however many values there are. A value shorter than six characters counts
    only as a word of its own; three are enough for one that the person marked, and fewer where it
    is not of plain letters: many scripts set no blanks.
    """
    by_size: dict[int, dict[str, list[Replacement]]] = {}
    for each in replacements:
        size = min(len(each.value), _WINDOW)
        if size:
            by_size.setdefault(size, {}).setdefault(each.value[:size], []).append(each)
    found: list[Found] = []
    for size, heads in by_size.items():
        for alike in heads.values():
            alike.sort(key=lambda one: -len(one.value))
        for start in _starts(text, size, heads):
            for each in heads[text[start : start + size]]:
                end = start + len(each.value)
                marked = size >= _FEWEST_MARKED or not each.value.isascii()
                anywhere = size == _WINDOW or (each.by == "person" and marked)
                if text.startswith(each.value, start) and (
                    anywhere or _stands_alone(text, start, end)
                ):
                    found.append(Found(start, end, each.kind, each.by))
                    break
    return found


def _starts(text: str, size: int, heads: dict[str, list[Replacement]]) -> Iterable[int]:
    if len(heads) <= _WINDOW:
        for head in heads:
            start = text.find(head)
            while start >= 0:
                yield start
                start = text.find(head, start + 1)
        return
    for start in range(len(text) - size + 1):
        if text[start : start + size] in heads:
            yield start


def _stands_alone(text: str, start: int, end: int) -> bool:
    before = text[start - 1] if start else " "
    after = text[end] if end < len(text) else " "
    # An underscore is a border, as it is to what finds names.
    return not (before.isalnum() and text[start].isalnum()) and not (
        after.isalnum() and text[end - 1].isalnum()
    )
