"""Is what a planner put into an argument the same as what the gold says?

Two values are the same where every person would do the same with them: case, quotes around them,
spaces, an article in front, `1,840` for `1840`, `15% of 240` for `0.15*240`, "heute" for "today".
"""

import math
import re
import unicodedata
from typing import Final

from homebody.messages.skills import ArgumentKind, Value

__all__ = ["amount", "number", "plain", "same"]

_AROUND: Final = (
    " \t\n\"'`.,;:!?\xbf\xa1\u2026()[]\xb4\xab\xbb\u2018\u2019\u201a\u201c\u201d\u201e\u2039\u203a"
)
"""Spaces, quotes of all kinds, and what ends a sentence."""
_QUOTES: Final = _AROUND.translate(dict.fromkeys(map(ord, ".,;:!?\xbf\xa1\u2026()[]")))
_ARTICLES: Final = re.compile(
    r"(?:(?:the|a|an|some|any|my|our|your|that|der|die|das|den|dem|des|ein|eine|einen|einem|einer"
    r"|mein|meine|meinen|meinem|meiner|el|la|los|las|un|una|unos|unas|mi|mis|le|les|une|des|du|mon"
    r"|ma|mes|il|lo|gli|i|uno|mio|mia|miei|mie)\s+|(?:l|un|d)['’]\s*)",
)
_BEFORE_TIMES: Final = re.compile(
    r"(?:for|on|at|by|from|until|till|um|am|an|bis|ab|für|el|los|para|desde|hasta|a las|a la|le|à"
    r"|au|pour|depuis|alle|il|al|per|dal|dall['’])\s+"
)
_AROUND_FOLDERS: Final = re.compile(
    r"^(?:folder|directory|ordner|verzeichnis|carpeta|dossier|cartella)\s+(?=\S)"
    r"|[\s-]+(?:folder|directory|ordner|verzeichnis)$"
)
_TODAY: Final = frozenset(
    {
        *("today", "now", "today's date", "heute", "jetzt", "hoy", "ahora"),
        *("aujourd'hui", "maintenant", "oggi", "adesso", "ora"),
    }
)
_NUMBER: Final = re.compile(r"\d+(?:[.,'’ \u00a0\u202f]\d+)*")
_TOKEN: Final = re.compile(
    r"(?P<step>\$\d+)|(?P<number>\d+(?:[.,'’]\d+)*|[.,]\d+)|(?P<word>sqrt|√|of|\*\*|[-+*/^()%])"
)
_WRITTEN: Final = (
    (r"²", "^2"),
    (r"³", "^3"),
    (r"[×·∙⋅]", "*"),
    (r"(?<=[\d)%])\s*x\s*(?=[\d($])", "*"),
    ("[\xf7\u2236]", "/"),
    ("[\u2212\u2013\u2014]", "-"),
    (r"\b(?:percent|per cent|prozent|por ciento|pour cent|percento|per cento)\b", "%"),
    (r"\b(?:times|multiplied by|mal|fois|por|per)\b", "*"),
    (r"\b(?:divided by|over|geteilt durch|durch|entre|dividido (?:por|entre)|divisé par"
     r"|diviso)\b", "/"),
    (r"\b(?:plus|más|più)\b", "+"),
    (r"\b(?:minus|less|menos|moins|meno)\b", "-"),
    (r"(?<=%)\s*(?:of|von|de|del|di|des|du)\b", " of "),
    (r"\b(?:to the power of|hoch)\b", "^"),
    (r"\b(?:square root of|the square root of|wurzel aus)\b", "sqrt"),
)  # fmt: skip
_STEPS: Final = (3.7, 11.3, 101.9, 7.1, 13.9)
"""Stand for the results of earlier steps, so that expressions with them can be compared."""


def same(kind: ArgumentKind, given: Value, wanted: Value) -> bool:
    """Say whether two values of an argument mean the same."""
    if isinstance(given, list) or isinstance(wanted, list):
        return _names(given) == _names(wanted)
    given, wanted = _text(given), _text(wanted)
    if kind == "number":
        one, two = number(given), number(wanted)
    elif kind == "expression":
        one, two = amount(given), amount(wanted)
    else:
        one = two = None
    if one is not None and two is not None:
        return math.isclose(one, two, rel_tol=1e-9)
    return plain(kind, given) == plain(kind, wanted)


def plain(kind: ArgumentKind, text: str) -> str:
    """Return a value without what does not matter in an argument of that kind."""
    text = " ".join(unicodedata.normalize("NFKC", text).casefold().replace("’", "'").split())
    if kind == "offset":
        text = re.sub(r"^(?:\+|(?:in|dans|dentro de|en|tra|fra)\s+)|(?<=^-)\s+", "", text)
    before = ""
    while before != text:
        before = text
        if kind in {"folder", "path"}:
            # A point in front is part of a name.
            text = text.strip(_QUOTES).rstrip(",;:!?") if text.strip(".,;:!?") else text
        else:
            text = text.strip(_AROUND)
        text = _without(_ARTICLES, text)
        if kind == "when":
            text = _without(_BEFORE_TIMES, text)
        if kind in {"folder", "path"}:
            text = _AROUND_FOLDERS.sub("", text)
            text = text.replace("\\", "/").rstrip("/") or text
    return "today" if kind == "when" and text in _TODAY else text


def number(text: str) -> float | None:
    """Return what a number in figures is worth, with a point or a comma; None if it is none."""
    text = text.strip()
    sign = -1 if text.startswith("-") else 1
    text = text.lstrip("+-").strip()
    if not _NUMBER.fullmatch(text):
        return None
    text = re.sub(r"['’ \u00a0\u202f]", "", text)
    points, commas = text.count("."), text.count(",")
    if points and commas:
        last = max(text.rfind("."), text.rfind(","))
        whole, part = re.sub(r"[.,]", "", text[:last]), text[last + 1 :]
        return sign * float(f"{whole}.{part}")
    if commas == 1 and not re.search(r",\d{3}$", text):
        text = text.replace(",", ".")
    elif points > 1:
        text = text.replace(".", "")
    return sign * float(text.replace(",", ""))


def amount(expression: str) -> float | None:
    """Return what an expression comes to; None where it is not one. `$1`… stand for numbers.

    As on a pocket calculator, `780+6%` adds six percent of 780.
    """
    text = expression.casefold().strip().strip("=").strip()
    for pattern, sign in _WRITTEN:
        text = re.sub(pattern, sign, text)
    tokens: list[str] = []
    place = 0
    text = "".join(text.split())
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            return None
        tokens.append(found.group())
        place = found.end()
    try:
        reading = _Reading(tokens)
        value, _ = reading.sum()
    except (ArithmeticError, IndexError, ValueError):
        return None
    return value if not reading.tokens and math.isfinite(value) else None


class _Reading:
    """Reads an expression from left to right. Values come with whether they are percentages."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens

    def sum(self) -> tuple[float, bool]:
        value, percent = self.product()
        while self.tokens and self.tokens[0] in {"+", "-"}:
            sign = 1 if self.tokens.pop(0) == "+" else -1
            part, of_it = self.product()
            value += sign * (part * value if of_it else part)
            percent = False
        return value, percent

    def product(self) -> tuple[float, bool]:
        value, percent = self.power()
        while self.tokens and self.tokens[0] in {"*", "/", "of", "("}:
            sign = self.tokens[0]
            if sign != "(":
                self.tokens.pop(0)
            other, _ = self.power()
            value = value / other if sign == "/" else value * other
            percent = False
        return value, percent

    def power(self) -> tuple[float, bool]:
        value, percent = self.single()
        if self.tokens and self.tokens[0] in {"^", "**"}:
            self.tokens.pop(0)
            exponent, _ = self.power()
            if abs(exponent) > 1000 or abs(value) > 1e100:
                raise ValueError
            return float(value**exponent), False
        return value, percent

    def single(self) -> tuple[float, bool]:
        token = self.tokens.pop(0)
        if token == "-":
            value, percent = self.power()
            return -value, percent
        if token in {"sqrt", "√"}:
            return math.sqrt(self.single()[0]), False
        if token == "(":
            value, _ = self.sum()
            if self.tokens.pop(0) != ")":
                raise ValueError
        elif token.startswith("$"):
            value = _STEPS[int(token[1:]) - 1]
        else:
            read = number(token if token[0] not in ".," else "0" + token)
            if read is None:
                raise ValueError
            value = read
        if self.tokens and self.tokens[0] == "%":
            self.tokens.pop(0)
            return value / 100, True
        return value, False


def _text(value: Value) -> str:
    return value if isinstance(value, str) else f"{value:.12g}"


def _names(value: Value) -> set[str]:
    parts = value if isinstance(value, list) else str(value).split(",")
    return {plain("names", str(part)) for part in parts} - {""}


def _without(pattern: re.Pattern[str], text: str) -> str:
    """Return a text without such words in front, unless there is nothing else."""
    found = pattern.match(text)
    return text[found.end() :] if found and found.end() < len(text) else text
