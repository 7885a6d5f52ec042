"""Cut what a person said of a time into words and figures. Everything here is pure."""

import re
from fractions import Fraction
from typing import Final

from msgspec import Struct

from homebody.base.errors import SkillProblem
from homebody.skills.number_words import fold

__all__ = ["Token", "tokens_of"]

_LONGEST: Final = 200
"""Characters."""
_MOST: Final = 30
"""Tokens."""


class Token(Struct, frozen=True, kw_only=True):
    """A word, or figures: a number, an ordinal, a date, a time of day."""

    kind: str
    """word, num, ord, date, clock, dotted (12.30: a time or a date)"""
    word: str = ""
    number: Fraction = Fraction(0)
    parts: tuple[int, ...] = ()
    """Of a date: year (0: not said), month, day. Of a clock: hour, minute, second."""
    sign: str = ""
    """What parts a date: where it is a slash, day and month may be meant the other way round."""
    marked: bool = False
    """Of a clock: whether it leaves no doubt about morning and afternoon."""
    figures: int = 0
    """How many figures a number has: four make a year."""


_PATTERN: Final = re.compile(
    r"(?P<iso>(\d{4})-(\d{1,2})-(\d{1,2})(?!\d))t?"
    r"|(?P<ymd>(\d{4})[/.](\d{1,2})[/.](\d{1,2})(?!\d))"
    r"|(?P<dmy>(\d{1,2})(?P<sep>[./-])\s?(\d{1,2})(?P=sep)\s?(\d{4}|\d{2})(?!\d))"
    r"|(?P<dm>(\d{1,2})\.\s?(\d{1,2})\.(?!\d))"
    r"|(?P<slash>(\d{1,2})/(\d{1,2})(?![\d/]))"
    r"|(?P<ampm>(\d{1,2})(?:[:.](\d{2}))?\s?([ap])\.?\s?m\b\.?)"
    r"|(?P<clock>(\d{1,2})(?::|\s?h\s?)(\d{2})(?::(\d{2}))?(?:\.\d+)?(?!\d)(?!\s?mi?n)(?:\s?h\b)?)"
    r"|(?P<dotted>(\d{1,2})\.(\d{2})(?![\d.]))"
    r"|(?P<ord>(\d{1,2})(?:st|nd|rd|th|er|ere|re|e|eme|ten|te|o|a|°)\b|(\d{1,2})\.(?=\s|$))"
    r"|(?P<num>\d+(?:[.,]\d+)?)"
    r"|(?P<word>[^\W\d_]+)"
    r"|(?P<other>[\s,.;:!?()'\"\u2018\u2019“”«»\-–—+/_]+)"
)


def tokens_of(text: str) -> list[Token]:
    """Cut a text. `SkillProblem` where it is too long, or holds a sign that means nothing."""
    if len(text) > _LONGEST:
        raise SkillProblem(
            f"A day or time should be said in a few words; this has {len(text):,} characters.",
            "Say it as tomorrow at 9.",
            "arguments",
        )
    folded = fold(text.replace("½", " 1/2")).replace("@", " at ").replace("&", " and ")
    found: list[Token] = []
    at = 0
    while at < len(folded):
        match = _PATTERN.match(folded, at)
        if not match or len(found) > _MOST:
            raise SkillProblem(
                f"This is not understood as a day or time: {text[:80]}.",
                "Say it as tomorrow at 9, next Friday or 31.12.2026.",
                "arguments",
            )
        at = match.end()
        kind = str(match.lastgroup)
        if kind != "other":
            found.append(_token(kind, match))
    return found


def _token(kind: str, match: re.Match[str]) -> Token:
    whole = match[kind]
    if kind == "word":
        return Token(kind="word", word=whole)
    if kind == "num":
        number = Fraction(whole.replace(",", "."))
        return Token(kind="num", number=number, figures=len(whole) if whole.isdigit() else 0)
    figures = [int(each) for each in re.findall(r"\d+", whole)]
    if kind == "ord":
        return Token(kind="ord", number=Fraction(figures[0]))
    if kind in {"ampm", "clock", "dotted"}:
        return _clock(kind, whole, figures)
    return _date(kind, figures, match["sep"] or "./"[kind == "slash"])


def _clock(kind: str, whole: str, figures: list[int]) -> Token:
    hour, minute, second = (*figures, 0, 0)[:3]
    if kind != "ampm":
        marked = "h" in whole or whole[0] == "0" or hour > 12
        return Token(kind=kind, parts=(hour, minute, second), marked=marked)
    # 13 pm is no time; 99 is refused later, with its reason.
    hour = hour % 12 + (12 if "p" in whole else 0) if 1 <= hour <= 12 else 99
    return Token(kind="clock", parts=(hour, minute, 0), marked=True)


def _date(kind: str, figures: list[int], sign: str) -> Token:
    if kind in {"iso", "ymd"}:
        return Token(kind="date", parts=(figures[0], figures[1], figures[2]))
    year = figures[2] if kind == "dmy" else 0
    year += 2000 if kind == "dmy" and year < 100 else 0
    return Token(kind="date", parts=(year, figures[1], figures[0]), sign=sign)
