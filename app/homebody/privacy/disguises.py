"""Text as it reads, for detectors: without what cannot be seen, and with plain letters and digits.

Zero-width characters, full-width letters, digits of other scripts and unusual hyphens look like
nothing to a pattern and like the real thing to a person and to a model.
"""

import unicodedata
from typing import Final

__all__ = ["Shadow", "shadow_of"]

_HYPHENS: Final = frozenset("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63")
_DOTS: Final = frozenset("\u3002\uff0e\uff61\u2024")
_UNSEEN: Final = frozenset({"Cf", "Mn", "Me"})


class Shadow:
    """A plain form of a text, and where each of its characters stands in the text."""

    def __init__(self, text: str, plain: str, places: list[int]) -> None:
        self.plain = plain
        self._text, self._places = text, places

    def in_text(self, start: int, end: int) -> tuple[int, int]:
        """Return a stretch of the text for one of the plain form, unseen characters included."""
        first, last = self._places[start], self._places[end - 1] + 1
        while last < len(self._text) and unicodedata.category(self._text[last]) in _UNSEEN:
            last += 1
        return first, last


def shadow_of(text: str) -> Shadow | None:
    """Return the plain form of a text; None: it is as plain as can be."""
    if text.isascii():
        return None
    plain: list[str] = []
    places: list[int] = []
    for place, char in enumerate(text):
        for each in char if char < "\x80" else _plain(char):
            plain.append(each)
            places.append(place)
    joined = "".join(plain)
    return None if joined == text else Shadow(text, joined, places)


def _plain(char: str) -> str:
    if char in _HYPHENS:
        return "-"
    if char in _DOTS:
        return "."
    category = unicodedata.category(char)
    if category in _UNSEEN:
        return ""
    if category == "Nd":
        return str(unicodedata.decimal(char))
    if category == "Zs":
        return " "
    is_styled = "\uff01" <= char <= "\uff5e" or "\U0001d400" <= char <= "\U0001d7ff"
    return unicodedata.normalize("NFKC", char) if is_styled else char
