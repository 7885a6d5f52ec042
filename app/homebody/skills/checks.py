"""Is what a model wrote what was asked for? What can be told by code, and nothing else.

Each function returns what is wrong, as a part of a sentence about "it", or "" where nothing is.
"""

import ast
import re
from typing import Final

from homebody.skills.sentences import stems

__all__ = ["code", "flat", "grounded", "occurs", "rewritten", "summary", "translation"]

_NUMBER: Final = re.compile(r"\d(?:[.,' \u00a0\u202f]?\d)*")
_SMALL_NUMBER: Final = 12
"""Numbers up to this one stand in texts as words too."""
_REFUSAL: Final = re.compile(
    r"\bas an? (?:ai|text-based|language model)\b|\bi(?:'|’)?m (?:sorry|unable)\b"
    r"|\bi (?:am unable|cannot|can(?:'|’)t) (?:assist|help|provide|do that)\b"
    r"|\bsorry for your loss\b",
    re.IGNORECASE,
)
_PLACEHOLDER: Final = re.compile(r"\[[^\]\n]{2,40}\]")
_NAME: Final = re.compile(r"(?<![.!?:\"“„\n] )(?<!^)(?<!\n)\b[A-ZÀ-Þ][a-zà-ÿ]{2,}")
_NEGATION: Final = re.compile(
    r"\b(?:no|not|never|nobody|nothing|none|without|cannot|unable|nicht|kein\w*|nie|niemand|ohne|sin|nunca"
    r"|nadie|ne|pas|jamais|sans|non|mai|nessun\w*|senza)\b|n['’]t\b",
    re.IGNORECASE,
)
_KEPT: Final = 0.4
_NEW: Final = 0.6
"""Shares of the words that tell, when a small model says a text differently."""
_MUCH_LONGER: Final = 4
_LEAST_SHARE: Final = 0.12
"""A translation between scripts of words and of syllables can be this short."""


def summary(source: str, written: str) -> str:
    """Check a summary."""
    return _said(source, written) or (
        "" if len(written) < len(source) else "it is not shorter than the text"
    )


def translation(source: str, written: str) -> str:
    """Check a translation."""
    if not written.strip():
        return "it is empty"
    if _flat(source) == _flat(written) and len(source.split()) > 2:
        return "it is the same text"
    if len(written) > _MUCH_LONGER * len(source) + 80:
        return "it is much longer than the text"
    if len(written) < _LEAST_SHARE * len(source):
        return "much of the text is missing"
    return _refuses(source, written)


def rewritten(source: str, written: str, style: str) -> str:
    """Check a text that was to be said differently."""
    if _flat(source) == _flat(written):
        return "it is the same text"
    if style.casefold().startswith(
        ("short", "kürzer", "concise", "brief", "más corto", "plus court")
    ):
        return _said(source, written) or (
            "" if len(written) < len(source) else "it is not shorter than the text"
        )
    return _said(source, written)


def grounded(source: str, written: str) -> str:
    """Check by the strict rules for small models, which invent: names, refusals, turned sense."""
    new_names = {name for name in _NAME.findall(written) if name not in source}
    if new_names:
        return f"it names {', '.join(sorted(new_names)[:3])}, which the text does not"
    if bool(_NEGATION.search(source)) != bool(_NEGATION.search(written)):
        return "it says no where the text says yes, or the reverse"
    before, after = set(stems(source)), set(stems(written))
    if before and len(before & after) < _KEPT * len(before):
        return "it leaves out most of what the text says"
    if after and len(after - before) > _NEW * len(after):
        return "most of it is not in the text"
    return ""


def code(written: str, language: str) -> str:
    """Check a program; only Python's form can be checked here."""
    if not written.strip():
        return "there is no code in it"
    if language.casefold() not in ("python", "python3", "py"):
        return ""
    try:
        ast.parse(written)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        where = f" in line {error.lineno}" if isinstance(error, SyntaxError) else ""
        return f"it is not valid Python{where}"
    return ""


def occurs(piece: str, flat_text: str) -> bool:
    """Tell whether a piece stands in a text; `flat_text` is from `flat`."""
    wanted = _flat(piece)
    return bool(wanted) and wanted in flat_text


def flat(text: str) -> str:
    """Return a text as `occurs` compares it: case and white space do not count."""
    return _flat(text)


def _said(source: str, written: str) -> str:
    if not written.strip():
        return "it is empty"
    known = {_digits(number) for number in _NUMBER.findall(source)}
    for number in _NUMBER.findall(written):
        digits = _digits(number)
        if digits not in known and (len(digits) > 2 or int(digits) > _SMALL_NUMBER):
            return f"the number {number} is not in the text"
    return _refuses(source, written)


def _refuses(source: str, written: str) -> str:
    refusal = _REFUSAL.search(written)
    if refusal and refusal[0].casefold() not in source.casefold():
        return "it speaks of itself instead of the text"
    gap = _PLACEHOLDER.search(written)
    if gap and gap[0] not in source:
        return f"it has a gap to fill in, {gap[0]}"
    return ""


def _digits(number: str) -> str:
    return "".join(char for char in number if char.isdigit()).lstrip("0") or "0"


def _flat(text: str) -> str:
    return " ".join(text.casefold().split())
