"""The numbers that a request names, in digits: written so, said in words, or implied ("double")."""

import re
from typing import Final

from homebody.skills.number_words import LANGUAGES, fold, number_words, read_number

__all__ = ["numbers_in"]

_DIGITS = re.compile(r"\d+(?:[.,\u2019']\d+)*")
_WORD = re.compile(r"[^\W\d_]+")
_MOST: Final = 40
_MOST_WORDS: Final = 400
_LONGEST_RUN: Final = 8
_JOINING: Final = frozenset(("and", "und", "y", "et", "e"))
_ARTICLES: Final = frozenset(("ein", "eine", "einer", "einem", "einen", "un", "una", "une"))
_LARGER: Final = {"million": 10**6, "millionen": 10**6, "millones": 10**6, "milioni": 10**6}
_IMPLIED: Final = {
    "half": ("2", "0.5"),
    "third": ("3",),
    "quarter": ("4", "0.25"),
    **dict.fromkeys(("percent", "percentage", "prozent", "prozentsatz"), ("100",)),
    **dict.fromkeys(("porcentaje", "pourcentage", "percentuale"), ("100",)),
    **dict.fromkeys(("halve", "twice", "double", "squared", "square"), ("2",)),
    **dict.fromkeys(("halfte", "doppelte", "doppelt", "quadrat", "mitad", "doble"), ("2",)),
    **dict.fromkeys(("cuadrado", "moitie", "carre", "meta", "doppio", "quadrato"), ("2",)),
    **dict.fromkeys(("triple", "cubed", "cube", "dreifache", "tiers", "tercio", "terzo"), ("3",)),
}
"""What is worked out with although it is no number word."""
_MEANS: Final = frozenset(("average", "mean", "durchschnitt", "promedio", "media", "moyenne"))


def numbers_in(text: str) -> tuple[str, ...]:
    """Return the numbers of a text as they may be written in a sum, each once."""
    found = [each.group() for each in _DIGITS.finditer(text)][:_MOST]
    words = [fold(each.group()) for each in _WORD.finditer(text)][:_MOST_WORDS]
    spoken = _spoken(words)
    implied = [number for word in words for number in _IMPLIED.get(word, ())]
    if _MEANS.intersection(words):
        # The sum is divided by how many there are.
        implied.append(str(len(found) + len(spoken)))
    large = [str(size) for word, size in _LARGER.items() if word in words]
    return tuple(dict.fromkeys((*found, *spoken, *implied, *large)))[:_MOST]


def _spoken(words: list[str]) -> list[str]:
    """Return the numbers said in words: each by itself, and those that stand together as one."""
    found: list[str] = []
    run: list[str] = []
    for word in [*words, ""]:
        known = any(word in number_words(language) for language in LANGUAGES)
        if known or (run and word in _JOINING):
            if known and word not in _ARTICLES:
                found += _read(word)
            run.append(word)
            continue
        while run and run[-1] in _JOINING:
            run.pop()
        if 1 < len(run) <= _LONGEST_RUN:
            found += _read(" ".join(run))
        run = []
    return found


def _read(words: str) -> list[str]:
    number = read_number(words)
    return [str(number)] if number is not None and number.denominator == 1 else []
