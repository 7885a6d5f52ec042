"""Sentences of a text: where they end, which say most of it, and how to cut a text into pieces.

Plain code, for texts of any size and any language with spaces between words, and for Chinese and
Japanese. Time grows with the length of the text alone.
"""

import re
from collections import Counter
from typing import Final

from homebody.skills.common_words import is_common

__all__ = ["pick", "pieces", "sentences", "stems"]

_END: Final = re.compile(
    r"(?<=[.!?…])[\"'”’»)\]]*\s+|(?<=[。\uff01\uff1f])|\n\s*\n|\n(?=\s*[-*•#>|]|\s*\d+[.)]\s)"
)
_ABBREVIATED: Final = re.compile(
    r"(?:^|[\s(])(?:[A-Za-zÀ-ÿ]|(?:\w\.){1,3}\w|Mr|Mrs|Ms|Dr|Prof|St|Sr|Sra|Jr|Inc|Ltd|Co|No|Nr|vs"
    r"|etc|approx|ca|bzw|usw|Hr|Fr|Mme|Mlle|Ing|Av|Dott|Sig|Sept?|Jan|Feb|Apr|Jun|Jul|Aug|Oct|Nov"
    r"|Dec)\.$",
    re.IGNORECASE,
)
"""What ends in a full stop and goes on: "Dr.", "14." of a date, an initial."""
_ORDINAL: Final = re.compile(r"(?:^|\s)\d{1,2}\.$")
_MONTHS: Final = {
    *("jan", "jän", "feb", "mär", "apr", "mai", "jun", "jul", "aug", "sep", "okt", "nov", "dez"),
}
_WORD: Final = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|[\u3040-\u30ff\u3400-\u9fff]")
_STEM: Final = 6
"""Letters that tell words apart well enough, whatever their endings."""
_FEWEST_WORDS: Final = 4
_LONGEST: Final = 400
"""Characters of a sentence that can be picked; longer ones are lists or tables."""
_CANDIDATES: Final = 400
_LONGEST_PIECE: Final = 1_200
"""Characters of a piece, so that a line without end can be cut too."""


def sentences(text: str) -> list[str]:
    """Return the sentences of a text, each on one line."""
    found: list[str] = []
    open_end = False
    for part in _END.split(text):
        line = " ".join(part.split())
        if not line:
            continue
        if found and len(found[-1]) < _LONGEST and (open_end or _is_date(found[-1], line)):
            found[-1] += f" {line}"
        else:
            found.append(line)
        open_end = bool(_ABBREVIATED.search(line[-12:]))
    return found


def _is_date(before: str, after: str) -> bool:
    """Tell whether a full stop is that of a German date: "am 14." and "Juli"."""
    return bool(_ORDINAL.search(before[-5:])) and after[:3].casefold() in _MONTHS


def pick(text: str, count: int) -> tuple[str, ...]:
    """Return the `count` sentences that say most of a text, in their order.

    A sentence counts by how often its words come in the whole text (SumBasic, Nenkova and
    Vanderwende 2005); what a sentence said counts little in the next one. Who writes says what
    matters first, so the beginning counts more.
    """
    every = sentences(text)
    words = [stems(sentence) for sentence in every]
    often = Counter(stem for each in words for stem in set(each))
    total = sum(often.values()) or 1
    weight = {stem: number / total for stem, number in often.items()}
    usable = [index for index, each in enumerate(every) if _can_be_picked(each, words[index])]
    if not usable:
        usable = [index for index, each in enumerate(every) if each]
    rank = {index: place for place, index in enumerate(usable)}
    usable.sort(key=lambda index: -_score(words[index], weight, rank[index], len(rank)))
    usable = usable[:_CANDIDATES]
    picked: list[int] = []
    while usable and len(picked) < count:
        best = max(usable, key=lambda index: _score(words[index], weight, rank[index], len(rank)))
        usable.remove(best)
        picked.append(best)
        for stem in set(words[best]):
            weight[stem] *= weight[stem]
    return tuple(every[index] for index in sorted(picked))


def pieces(text: str) -> list[str]:
    """Cut a text into pieces that together are the text; between sentences where that is possible.

    A piece has at most 1,200 characters.
    """
    cut: list[str] = []
    start = 0
    while start < len(text):
        stop = min(start + _LONGEST_PIECE, len(text))
        if stop < len(text):
            stop = _good_place(text, start, stop)
        cut.append(text[start:stop])
        start = stop
    return cut


def _good_place(text: str, start: int, stop: int) -> int:
    least = start + _LONGEST_PIECE // 2
    for mark in ("\n\n", "\n", ". ", "。", "! ", "? ", "; ", ", ", " "):
        place = text.rfind(mark, least, stop)
        if place >= 0:
            return place + len(mark)
    return stop


def stems(sentence: str) -> list[str]:
    """Return the beginnings of the words that tell, in small letters."""
    words = _WORD.findall(sentence)
    return [word.casefold()[:_STEM] for word in words if not is_common(word)]


def _can_be_picked(sentence: str, words: list[str]) -> bool:
    return len(words) >= _FEWEST_WORDS and len(sentence) <= _LONGEST and not sentence.endswith("?")


def _score(words: list[str], weight: dict[str, float], rank: int, of: int) -> float:
    if not words:
        return 0.0
    own = set(words)
    # Not quite the mean: it would favour sentences of two words.
    said: float = sum(weight[stem] for stem in own) / (len(own) + 4.0) ** 0.75
    first = 0.6 if rank == 0 else 0.3 * (1 - rank / of)
    return float(said * (1 + first))
