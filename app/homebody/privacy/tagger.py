"""The resident model as one more detector: it names persons, organisations and places.

It can only add. Under a grammar it writes a line for each name; a name counts where it stands in
the text letter by letter, so nothing that it invents does harm. A small model names the wrong
things and misses the right ones (docs/benchmarks.md), so one below `TAGS_FROM` is not asked.
"""

import re
import time
from collections.abc import Generator, Iterator
from contextlib import closing
from typing import Final, Protocol

from homebody.base.errors import EngineProblem
from homebody.messages.frames import Generate, Generated, Loaded, Message, Piece, Progress
from homebody.messages.offers import PrivateKind
from homebody.privacy.spans import Found

__all__ = ["TAGS_FROM", "Tagger"]

TAGS_FROM: Final = 1_000_000_000
"""Parameters of the smallest model that is asked."""
_PART: Final = 2_000
"""Characters that are looked at in one go."""
_TOKENS: Final = 400
"""Of one answer: some forty names."""
_SECONDS: Final = 60.0
"""For all parts of a text together."""
_KINDS: Final[dict[str, PrivateKind]] = {
    "person": "PERSON",
    "organisation": "ORGANISATION",
    "place": "PLACE",
}
_GRAMMAR: Final = r"""
root ::= line{0,40} "none"
line ::= kind ": " name "\n"
kind ::= "person" | "organisation" | "place"
name ::= [^\n]{2,60}
"""
_WISH: Final = (
    "List every name of a person, an organisation (company, school, club) and a place (street, "
    "town, country) in the text. One name a line, exactly as it is written there:\n"
    "person: NAME\norganisation: NAME\nplace: NAME\n"
    "When there is no further name, write: none\n\nText:\n"
)
_NAMED: Final = re.compile(r"^(person|organisation|place): (.+)$", re.MULTILINE)


class Writes(Protocol):
    """The engine, as far as it is known here. Raises `EngineProblem`."""

    def wait_loaded(self) -> Loaded:
        """Return what is loaded."""

    def generate(self, request: Generate) -> Generator[Progress | Piece | Generated]:
        """Write a reply; closing it stops that, and nothing else that is written."""


class Tagger:
    """Asks the engine, which belongs to somebody else. One text at a time."""

    def __init__(self, engine: Writes, *, smallest: int = TAGS_FROM) -> None:
        """`smallest`: parameters of a model that is asked."""
        self._engine, self._smallest = engine, smallest

    def why_not(self) -> str:
        """Say why the model is not asked, in a sentence; empty: it is. Waits until it is loaded."""
        loaded = self._engine.wait_loaded()
        if loaded.parameters >= self._smallest:
            return ""
        return (
            f"{loaded.name or 'The model'} is too small to name persons and places reliably "
            f"({loaded.parameters / 1e6:,.0f} million parameters, {self._smallest / 1e9:g} billion "
            "are needed), so only forms and your own words are looked for."
        )

    def tags(self, text: str) -> list[Found]:
        """Return where names stand; nothing from a model that is too small.

        What could not be read within a minute is left out. Raises `EngineProblem`.
        """
        if not text.strip() or self.why_not():
            return []
        until = time.monotonic() + _SECONDS
        found: dict[str, PrivateKind] = {}
        for part in _parts(text):
            if time.monotonic() >= until:
                break
            for kind, name in _NAMED.findall(self._asked(part, until)):
                plain = name.strip(" .,;:\"'*-")
                if len(plain) > 1 and any(map(str.isalpha, plain)) and plain in part:
                    found.setdefault(plain, _KINDS[kind])
        return [
            Found(match.start(), match.end(), kind, "model")
            for name, kind in found.items()
            for match in re.finditer(rf"(?<![^\W_]){re.escape(name)}(?![^\W_])", text)
        ]

    def _asked(self, part: str, until: float) -> str:
        wish = Generate(
            id=0,
            messages=(Message("user", _WISH + part),),
            grammar=_GRAMMAR,
            max_tokens=_TOKENS,
        )
        written = []
        with closing(self._engine.generate(wish)) as answers:
            for answer in answers:
                if isinstance(answer, Piece) and not answer.reasoning:
                    written.append(answer.text)
                elif isinstance(answer, Generated) and answer.stop == "stopped":
                    # Somebody else did: what is not looked through is not offered.
                    raise EngineProblem("Stopped.", kind="stopped")
                if time.monotonic() >= until:
                    break
        return "".join(written)


def _parts(text: str) -> Iterator[str]:
    """Cut a text into parts that overlap by a name's length, at blanks where there are any."""
    start = 0
    while start < len(text):
        end = min(len(text), start + _PART)
        if end < len(text):
            blank = text.rfind(" ", start + _PART // 2, end)
            end = blank if blank > 0 else end
        yield text[start:end]
        if end == len(text):
            return
        start = max(start + 1, end - 80)
