"""Which skills a request may be about, by its words: no model, and skills of any origin.

A skill is found by its name, title, description and examples. Words count, and pieces of words,
so that "summarise", "summaries" and a typo still meet. Scores are BM25's.
"""

import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from homebody.messages.skills import Skill

__all__ = ["Candidate", "Candidates", "words_in"]

_WORD = re.compile(r"[^\W_]+")
_PIECE: Final = 4
"""Letters of a piece of a word."""
_PIECE_WEIGHT: Final = 0.3
_SATURATION: Final = 1.2
_LENGTH_WEIGHT: Final = 0.5
_MOST_WORDS: Final = 200
_COMMON = re.compile(
    r"an?|and|are|as|at|be|by|can|do|for|from|go|has|have|how|if?|in|is|its?|me|my|of|on|or|please|so"
    r"|some|that|the|then|this|to|up|us|was|what|when|which|will|with|you|your|der|die|das|und|ist"
    r"|ich|mir|mein|eine?|bitte|zu|el|las?|los|una?|y|por|que|mi|les?|et|je|moi|mon|il|lo|gli|e|mio"
    r"|per|text|file|use"
)
"""Words that say nothing about what is wanted."""


class Candidate(Struct, frozen=True):
    """A skill and how well a request fits it; scores of one request can be compared."""

    skill: Skill
    score: float


class Candidates:
    """An index over skills. Built once; asking takes a few milliseconds with 500 skills."""

    def __init__(self, skills: Iterable[Skill]) -> None:
        self._skills = tuple(skills)
        self._places: dict[str, list[tuple[int, float]]] = defaultdict(list)
        sizes: list[float] = []
        for number, skill in enumerate(self._skills):
            counts = _document(skill)
            sizes.append(sum(counts.values()))
            for term, count in counts.items():
                self._places[term].append((number, count))
        mean = sum(sizes) / len(sizes) if sizes else 1.0
        self._norms = [1 - _LENGTH_WEIGHT + _LENGTH_WEIGHT * size / mean for size in sizes]

    def find(self, request: str, most: int) -> tuple[Candidate, ...]:
        """Return the skills that fit best, the best first, at most so many; none that do not."""
        scores: dict[int, float] = defaultdict(float)
        total = len(self._skills)
        for term, weight in _terms(request).items():
            places = self._places.get(term, ())
            rarity = math.log(1 + (total - len(places) + 0.5) / (len(places) + 0.5))
            for number, count in places:
                part = count * (_SATURATION + 1) / (count + _SATURATION * self._norms[number])
                scores[number] += min(weight, 1.0) * rarity * part
        best = sorted(scores.items(), key=lambda each: (-each[1], each[0]))[:most]
        return tuple(Candidate(self._skills[number], score) for number, score in best)


def _document(skill: Skill) -> Counter[str]:
    """Return the weighted terms by which a skill is found."""
    counts: Counter[str] = Counter()
    weighted = (
        (3.0, skill.name.replace("_", " ").replace("-", " ")),
        (2.0, skill.title),
        (1.0, skill.description),
        *((1.0, example.request) for example in skill.examples),
    )
    for weight, text in weighted:
        for term, count in _terms(text).items():
            counts[term] += weight * count  # type: ignore[assignment]
    return counts


def words_in(text: str) -> frozenset[str]:
    """Return the words of a text that say something, small and without accents."""
    return frozenset(_words(text))


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text[:4000].lower())
    plain = "".join(each for each in plain if not unicodedata.combining(each))
    return [word for word in _WORD.findall(plain)[:_MOST_WORDS] if not _COMMON.fullmatch(word)]


def _terms(text: str) -> dict[str, float]:
    """Return the words of a text that say something, and their pieces, with weights."""
    terms: dict[str, float] = defaultdict(float)
    for word in _words(text):
        terms[word] += 1.0
        for place in range(len(word) - _PIECE + 1 if len(word) > _PIECE else 0):
            terms[f"~{word[place : place + _PIECE]}"] += _PIECE_WEIGHT
    return terms
