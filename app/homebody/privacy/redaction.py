"""Putting placeholders in the place of what is private, and the true values back.

A value has the same placeholder wherever it stands in a conversation, and every place where it
stands is replaced, also where nothing around tells what it is. The values never leave.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol

from msgspec import Struct

from homebody.messages.offers import PrivateKind, RedactedSpan, Replacement
from homebody.privacy.placeholders import PLACEHOLDER, known, make, numbered
from homebody.privacy.spans import Found, union

__all__ = ["Redacted", "Redactor", "Tags", "Words", "render", "reveal"]


class Words(Protocol):
    """The person's own words; see `privacy.dictionary`."""

    def find(self, text: str) -> list[Found]:
        """Return where they stand."""


class Tags(Protocol):
    """A model that names persons, organisations and places; see `privacy.tagger`."""

    def tags(self, text: str) -> list[Found]:
        """Return where they stand. Raises `EngineProblem`."""


class Redacted(Struct, frozen=True):
    """A text without what is private."""

    template: str
    replacements: tuple[Replacement, ...]
    """Those in this text, in the order of it, each once."""
    spans: tuple[RedactedSpan, ...]
    """Where they stood in the text as it was."""


class Redactor:
    """Finds what is private. Belongs to nobody and keeps nothing: any thread."""

    def __init__(self, words: Words | None = None, tagger: Tags | None = None) -> None:
        """`words`: the person's own; `tagger`: the resident model, where it is good enough."""
        self._words, self._tagger = words, tagger

    def find(self, text: str) -> tuple[Found, ...]:
        """Return what is private, in the order of the text and without overlaps.

        Raises `EngineProblem` where the model that helps fails.
        """
        from homebody.privacy.patterns import structured

        found = structured(text)
        if self._words is not None:
            found += self._words.find(text)
        if self._tagger is not None:
            found += self._tagger.tags(text)
        return union(found)

    def redact(self, text: str, vault: Sequence[Replacement] = ()) -> Redacted:
        """Replace what is private in one text; `vault`: what the conversation has replaced."""
        return self.redact_all((text,), vault)[0]

    def redact_all(
        self, texts: Sequence[str], vault: Sequence[Replacement] = ()
    ) -> tuple[Redacted, ...]:
        """Replace what is private in several: what is found in one is replaced in all."""
        return _redact(texts, [self.find(text) for text in texts], vault)


def render(template: str, replacements: Iterable[Replacement]) -> str:
    """Return a template as it leaves: with the true values of those that are off."""
    return _put_back(template, {one.placeholder: one.value for one in replacements if not one.on})


def reveal(template: str, replacements: Iterable[Replacement]) -> str:
    """Return the text that a template was made of."""
    return _put_back(template, {one.placeholder: one.value for one in replacements})


def _put_back(template: str, values: dict[str, str]) -> str:
    if not values:
        return template
    return PLACEHOLDER.sub(lambda match: values.get(match[0], match[0]), template)


def _redact(
    texts: Sequence[str], found: Sequence[Sequence[Found]], vault: Sequence[Replacement]
) -> tuple[Redacted, ...]:
    by_value = {each.value: each for each in reversed(vault)}
    # Text that looks like a placeholder of the vault is none: it is replaced by one of its own.
    names = {each.placeholder for each in vault}
    stretches = [
        union((*each, *_lookalikes(text, names))) for text, each in zip(texts, found, strict=True)
    ]
    while True:
        values = dict(by_value)
        for text, each in zip(texts, stretches, strict=True):
            for one in each:
                value = text[one.start : one.end]
                if value not in values:
                    values[value] = Replacement(
                        placeholder="", kind=one.kind, value=value, by=one.by
                    )
        everywhere = tuple(values.values())
        wider = [
            union((*each, *known(text, everywhere), *known(_without(text, each), everywhere)))
            for text, each in zip(texts, stretches, strict=True)
        ]
        # Two values that overlap somewhere are one there, which may stand elsewhere too.
        if wider == stretches:
            break
        stretches = wider
    numbers = numbered((*texts, *names))
    return tuple(
        _replaced(text, each, by_value, numbers)
        for text, each in zip(texts, stretches, strict=True)
    )


def _without(text: str, stretches: Sequence[Found]) -> str:
    """Return a text of the same length without what will be replaced, which makes borders."""
    pieces: list[str] = []
    done = 0
    for each in stretches:
        pieces += (text[done : each.start], "\0" * each.length)
        done = each.end
    return "".join((*pieces, text[done:]))


def _lookalikes(text: str, names: set[str]) -> list[Found]:
    """Return where the vault's placeholders stand by chance, with brackets or without."""
    found = []
    for name in names:
        for shape in (name, name[1:-1]):
            start = text.find(shape)
            while start >= 0:
                found.append(Found(start, start + len(shape), "WORD"))
                start = text.find(shape, start + 1)
    return found


def _replaced(
    text: str,
    stretches: Sequence[Found],
    by_value: dict[str, Replacement],
    numbers: dict[str, int],
) -> Redacted:
    """Put placeholders in; `by_value` and `numbers` grow by those that are new."""
    pieces: list[str] = []
    spans: list[RedactedSpan] = []
    done = 0
    used: dict[str, Replacement] = {}
    for each in stretches:
        value = text[each.start : each.end]
        if value not in by_value:
            by_value[value] = Replacement(
                placeholder=_next(each.kind, numbers), kind=each.kind, value=value, by=each.by
            )
        replacement = by_value[value]
        used[replacement.placeholder] = replacement
        spans.append(
            RedactedSpan(
                start=each.start,
                end=each.end,
                kind=replacement.kind,
                replacement=replacement.placeholder,
            )
        )
        pieces += (text[done : each.start], replacement.placeholder)
        done = each.end
    pieces.append(text[done:])
    return Redacted("".join(pieces), tuple(used.values()), tuple(spans))


def _next(kind: PrivateKind, numbers: dict[str, int]) -> str:
    numbers[kind] = numbers.get(kind, 0) + 1
    return make(kind, numbers[kind])
