"""How people type: what they put around a request, capitals, quotes, slips of the finger, voice."""

import random
from collections.abc import Sequence
from typing import Final

from forms import Form, Sections
from slots import Bit

__all__ = ["Manner", "passage", "polite", "with_passage"]

_ROWS: Final = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_LEAST: Final = 4
"""Letters of a word in which a slip can still be read."""


def polite(rng: random.Random, form: Form, left: str, manners: Sections) -> str:
    """Return a request with what people put around it."""
    first = left.split(" ", 1)[0].lower()
    if first in manners.get("commands", ()) and rng.random() < 0.25:
        left = f"{rng.choice(manners['asking'])} {left}"
        if rng.random() < 0.4 and not left.endswith(("$text", "}", "?")):
            left += "?"
    if rng.random() < 0.16:
        left = f"{rng.choice(manners['before'])} {left}"
    often = 0.05 if form.right.startswith("answer") else 0.14
    if rng.random() < often and not left.endswith(("$text", "=")):
        after = rng.choice(manners["after"])
        left = f"{left.rstrip('?.!')}{'' if after.startswith(',') else ' '}{after}"
    return left


class Manner:
    """How one person types one request."""

    def __init__(self, rng: random.Random, fillers: Sequence[str]) -> None:
        """Decide on it by chance. `fillers`: what a language's speakers say while they think."""
        self._rng, self._fillers = rng, fillers
        kind = rng.random()
        self._lower = kind < 0.5
        self._upper = kind > 0.985
        self._capital = 0.5 <= kind < 0.85
        self._bare = rng.random() < 0.4
        """No punctuation at the end, and often no apostrophes."""
        self._voice = rng.random() < 0.1
        self._unquoted = rng.random() < 0.35 or self._voice
        self._quotes = rng.choice(('""', '""', '""', "''", "“”", "«»"))
        self._slips = rng.choice((0,) * 12 + (1, 1, 2))

    def type(self, bits: Sequence[Bit]) -> list[Bit]:
        """Return a request's bits as that person types them."""
        rng = self._rng
        typed = self._words(bits)
        for _ in range(self._slips):
            free = [i for i, bit in enumerate(typed) if not bit.key and len(bit.text) > _LEAST]
            if free:
                place = rng.choice(free)
                typed[place] = Bit(_mistyped(rng, typed[place].text))
        if self._voice and rng.random() < 0.5:
            typed.insert(0, Bit(f"{rng.choice(self._fillers)} "))
        first = next((i for i, bit in enumerate(typed) if bit.text.strip()), 0)
        if self._capital and not typed[first].key:
            text = typed[first].text
            typed[first] = Bit(text[:1].upper() + text[1:])
        return self._ended(typed)

    def _words(self, bits: Sequence[Bit]) -> list[Bit]:
        """Return the bits with this person's quotes, capitals and punctuation."""
        typed: list[Bit] = []
        opening = True
        for bit in bits:
            text = bit.text
            if not bit.key and '"' in text:
                parts = text.split('"')
                text = parts[0]
                for part in parts[1:]:
                    mark = "" if self._unquoted else self._quotes[0 if opening else 1]
                    text += mark + part
                    opening = not opening
            if self._lower or self._voice:
                text = text.lower()
            elif self._upper:
                text = text.upper().replace("$TEXT", "$text")
            if self._bare and not bit.key:
                text = text.replace("'", "") if self._rng.random() < 0.5 else text
            if self._voice and not bit.key:
                text = text.replace(",", "").replace(":", "")
            typed.append(Bit(text, bit.key))
        return typed

    def _ended(self, bits: list[Bit]) -> list[Bit]:
        """Return the bits with the end that this person gives a sentence."""
        rng = self._rng
        plain = self._bare or self._voice
        last = bits[-1]
        text = last.text
        if text.endswith("$text"):
            return bits
        if last.key:
            free = last.key not in ("file", "url")
            if not plain and rng.random() < 0.35 and free and not last.key.startswith("file"):
                return [*bits, Bit(rng.choice((".", ".", "!")))]
            return bits
        stripped = text.rstrip("?.! ") or text
        if plain:
            text = stripped
        elif text == stripped and rng.random() < 0.2:
            text += rng.choice((".", ".", "!", "?"))
        return [*bits[:-1], Bit(text)]


def _typo(rng: random.Random, word: str) -> str:
    """Return a word as a finger may mistype it."""
    place = rng.randrange(1, len(word) - 1)
    match rng.randrange(4):
        case 0:
            return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
        case 1:
            return word[:place] + word[place + 1 :]
        case 2:
            return word[:place] + word[place] + word[place:]
        case _:
            row = next((row for row in _ROWS if word[place].lower() in row), "e")
            at = row.find(word[place].lower())
            near = row[max(0, at - 1)] if rng.random() < 0.5 else row[min(len(row) - 1, at + 1)]
            return word[:place] + near + word[place + 1 :]


def _mistyped(rng: random.Random, text: str) -> str:
    words = text.split(" ")
    places = [i for i, word in enumerate(words) if len(word) >= _LEAST and word.isalpha()]
    if places:
        place = rng.choice(places)
        words[place] = _typo(rng, words[place])
    return " ".join(words)


def passage(rng: random.Random, pasted: Sections) -> str:
    """Return a few sentences such as people paste."""
    parts = [
        f"{rng.choice(pasted['subjects'])} {rng.choice(pasted['doings'])}."
        for _ in range(rng.randint(2, 4))
    ]
    return rng.choice((" ", " ", "\n", "\n\n")).join(parts)


def with_passage(rng: random.Random, request: str, text: str) -> str:
    """Return a request with a passage in the place of `$text`, for the application to find."""
    before, after = request.split("$text", 1)
    if not after.strip() and before.rstrip().endswith(":") and rng.random() < 0.5:
        return f"{before.rstrip()} {text}"
    if (not after.strip() or not before.strip()) and rng.random() < 0.6:
        return f"{before.rstrip()}\n\n{text}\n\n{after.strip()}".strip()
    return f'{before}"{text}"{after}'
