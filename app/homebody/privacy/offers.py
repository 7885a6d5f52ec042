"""Making an offer: the smallest request that can work, with placeholders for what is private.

Everything here is code without a memory: the same inputs make the same body, to the byte. A part
that is not included stands in the offer as it is, because it does not leave; one that is included
stands as a template.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from homebody.base.errors import BadInput
from homebody.messages.offers import (
    AddReplacement,
    Offer,
    OfferChange,
    OfferPart,
    OfferReason,
    Replacement,
    Rewrite,
    SwitchPart,
    SwitchProvider,
    SwitchReplacement,
)
from homebody.messages.providers import Provider
from homebody.privacy.placeholders import PLACEHOLDER, make, numbered
from homebody.privacy.redaction import Redacted, Redactor, render, reveal
from homebody.settings.providers import host_of

__all__ = ["Count", "body_of", "change_offer", "is_as_shown", "make_offer", "spans_of", "text_of"]

Count = Callable[[str], int]
"""Counts the tokens of a text."""

_KEEP_THEM: Final = (
    "Words such as [EMAIL_1] stand for things that stay private. Keep them exactly as they are."
)
_CHARACTERS_A_TOKEN: Final = 4
_REPLY_TOKENS: Final = 500
_PRICED_TOKENS: Final = 1_000_000
_BETWEEN: Final = "\n\n"


class _Piece(Struct, frozen=True):
    """A part with its true text."""

    name: str
    title: str
    text: str
    included: bool


class _Message(Struct, frozen=True):
    role: str
    content: str


class _Usage(Struct, frozen=True):
    include_usage: bool = True


class _Body(Struct, frozen=True):
    """What the OpenAI-compatible protocol calls a chat completion."""

    model: str
    messages: tuple[_Message, ...]
    stream: bool = True
    stream_options: _Usage = _Usage()


def make_offer(
    provider: Provider,
    *,
    reason: OfferReason,
    sentence: str,
    parts: Sequence[tuple[str, str, str, bool]],
    redactor: Redactor,
    vault: Sequence[Replacement] = (),
    count: Count | None = None,
) -> Offer:
    """Return an offer of these parts: name, title, true text, included. The question comes first.

    Every replacement is on, whatever was switched off in an earlier offer. Raises `BadInput` where
    nothing would be sent, and `EngineProblem` where the model that helps to look fails.
    """
    pieces = [_Piece(name, _clean(title), _clean(text), on) for name, title, text, on in parts]
    offer = Offer(
        provider=provider.name,
        url=provider.url,
        host=host_of(provider.url),
        model=provider.model,
        mine=provider.mine,
        reason=reason,
        sentence=sentence,
        parts=(),
        body="",
        sha256="",
        tokens=0,
    )
    before = tuple(replace(each, on=True) for each in vault)
    return _completed(offer, provider, pieces, redactor, before, count)


def change_offer(
    offer: Offer,
    change: OfferChange,
    *,
    redactor: Redactor,
    vault: Sequence[Replacement] = (),
    providers: Sequence[Provider] = (),
    count: Count | None = None,
) -> Offer:
    """Return the offer with one thing changed, and so with another body.

    `vault` is what the conversation has replaced so far; what the offer itself replaces need not be
    in it. Raises `BadInput` for a change that makes no sense.
    """
    if offer.state != "open":
        raise BadInput("This offer was answered, so it cannot be changed.", "Ask again.")
    known = _merged(offer.replacements, vault)
    provider = _provider_of(offer, providers)
    pieces = _pieces(offer)
    match change:
        case SwitchReplacement():
            if all(each.placeholder != change.placeholder for each in offer.replacements):
                raise BadInput(f"There is no {change.placeholder} in what would leave.")
            switched = tuple(
                replace(each, on=change.on) if each.placeholder == change.placeholder else each
                for each in offer.replacements
            )
            return _sealed(replace(offer, replacements=switched), provider, count)
        case SwitchPart():
            if all(each.name != change.name for each in pieces):
                raise BadInput(f'There is no part "{change.name}" in this offer.')
            pieces = [
                replace(each, included=change.included) if each.name == change.name else each
                for each in pieces
            ]
            return _completed(offer, provider, pieces, redactor, known, count)
        case Rewrite():
            return _completed(
                offer, provider, _rewritten(offer, change.text), redactor, known, count
            )
        case AddReplacement():
            value = reveal(_clean(change.value), known).strip()
            texts = _going(pieces)
            if not value or all(value not in text for text in texts):
                raise BadInput(
                    "These words do not stand in what would leave, so there is nothing to replace.",
                    "Mark words in the text that is shown.",
                )
            added = _with_added(known, value, change, texts)
            # All is looked through again: some of it was found by what stands around it.
            made = _completed(offer, provider, pieces, redactor, added, count)
            if made.body == offer.body and value in text_of(made):
                raise BadInput(
                    "These letters stand only inside a longer word, so nothing was replaced.",
                    "Mark the whole word.",
                )
            return made
        case SwitchProvider():
            other = _named(change.name, providers)
            return _sealed(_addressed(offer, other), other, count)


def body_of(model: str, text: str, *, replaced: bool) -> str:
    """Return the request as it is sent. `replaced`: whether placeholders stand in the text."""
    messages = [_Message("user", text)]
    if replaced:
        messages.insert(0, _Message("system", _KEEP_THEM))
    body = _Body(model, tuple(messages))
    return msgspec.json.encode(body, order="sorted").decode()


def text_of(offer: Offer) -> str:
    """Return the person's message as it would leave."""
    return render(_template(offer), offer.replacements)


def is_as_shown(offer: Offer) -> bool:
    """Tell whether the body says what `text_of` shows, to the model and host that are named."""
    try:
        body = msgspec.json.decode(offer.body, type=_Body)
    except (ValueError, RecursionError):
        return False
    shown = body.messages and body.messages[-1].content == text_of(offer)
    return bool(shown) and body.model == offer.model and host_of(offer.url) == offer.host


def spans_of(offer: Offer) -> tuple[tuple[int, int, str, bool], ...]:
    """Return where replacements stand in `text_of`: start, end, placeholder, on.

    Of one that is off, it is the true value that stands there.
    """
    by_name = {each.placeholder: each for each in offer.replacements}
    spans, moved = [], 0
    for match in PLACEHOLDER.finditer(_template(offer)):
        each = by_name.get(match[0])
        if each is None:
            continue
        length = len(match[0]) if each.on else len(each.value)
        start = match.start() + moved
        spans.append((start, start + length, each.placeholder, each.on))
        moved += length - len(match[0])
    return tuple(spans)


def _completed(
    offer: Offer,
    provider: Provider,
    pieces: Sequence[_Piece],
    redactor: Redactor,
    vault: Sequence[Replacement],
    count: Count | None,
) -> Offer:
    """Return the offer with these parts, looked through."""
    going = [each for each in pieces if each.included]
    if not any(each.text.strip() for each in going):
        raise BadInput("Nothing would be left to send.", "Leave a part in, or keep it here.")
    redacted = redactor.redact_all(_going(pieces), vault)
    texts, titles = redacted[: len(going)], redacted[len(going) :]
    templates = {each.name: one.template for each, one in zip(going, texts, strict=True)}
    headings = {each.name: one.template for each, one in zip(going[1:], titles, strict=True)}
    parts = tuple(
        OfferPart(
            name=each.name,
            title=each.title,
            template=templates.get(each.name, each.text),
            included=each.included,
            heading=headings.get(each.name, ""),
        )
        for each in pieces
    )
    return _sealed(replace(offer, parts=parts, replacements=_together(redacted)), provider, count)


def _going(pieces: Sequence[_Piece]) -> list[str]:
    """Return the texts that would leave, then their titles: all but that of the first go along."""
    going = [each for each in pieces if each.included]
    return [*(each.text for each in going), *(each.title for each in going[1:])]


def _together(redacted: Iterable[Redacted]) -> tuple[Replacement, ...]:
    every = {one.placeholder: one for each in redacted for one in each.replacements}
    return tuple(every.values())


def _sealed(offer: Offer, provider: Provider, count: Count | None) -> Offer:
    """Return the offer with the body that belongs to it, its hash, size and cost."""
    text = text_of(offer)
    replaced = any(each.on for each in offer.replacements)
    body = body_of(offer.model, text, replaced=replaced)
    whole = f"{_KEEP_THEM}\n{text}" if replaced else text
    tokens = count(whole) if count else -(-len(whole) // _CHARACTERS_A_TOKEN)
    return replace(
        offer,
        body=body,
        sha256=hashlib.sha256(body.encode()).hexdigest(),
        tokens=tokens,
        cost=_cost(provider, tokens),
        currency=provider.currency,
    )


def _cost(provider: Provider, tokens: int) -> float | None:
    if provider.mine:
        return 0.0
    if provider.price_in is None or provider.price_out is None:
        return None
    return (tokens * provider.price_in + _REPLY_TOKENS * provider.price_out) / _PRICED_TOKENS


def _template(offer: Offer) -> str:
    """Return the person's message with every placeholder in it."""
    going = [each for each in offer.parts if each.included]
    pieces = [each.template for each in going[:1]]
    pieces += [f"{each.heading}\n{each.template}" for each in going[1:]]
    return _BETWEEN.join(pieces)


def _pieces(offer: Offer) -> list[_Piece]:
    """Return the parts with their true texts."""
    return [
        _Piece(
            each.name,
            each.title,
            reveal(each.template, offer.replacements) if each.included else each.template,
            each.included,
        )
        for each in offer.parts
    ]


def _rewritten(offer: Offer, text: str) -> list[_Piece]:
    """Return the parts after the person wrote other words in the place of all that would leave."""
    first = next((each for each in offer.parts if each.included), offer.parts[0])
    written = _Piece(first.name, first.title, reveal(_clean(text), offer.replacements), True)
    return [written, *(each for each in _pieces(offer) if not each.included)]


def _with_added(
    known: Sequence[Replacement], value: str, change: AddReplacement, texts: Sequence[str]
) -> tuple[Replacement, ...]:
    """Return the replacements, and one more for `value`, which the person marked."""
    already = next((each for each in known if each.value == value), None)
    if already is not None:
        return tuple(replace(each, on=True) if each is already else each for each in known)
    number = numbered((*texts, *(each.placeholder for each in known))).get(change.kind, 0) + 1
    added = Replacement(
        placeholder=make(change.kind, number), kind=change.kind, value=value, by="person"
    )
    return (*known, added)


def _merged(first: Sequence[Replacement], second: Sequence[Replacement]) -> tuple[Replacement, ...]:
    """Return both, each placeholder and value once; those of the second come in as on."""
    names = {each.placeholder for each in first}
    values = {each.value for each in first}
    rest = (
        replace(each, on=True)
        for each in second
        if each.placeholder not in names and each.value not in values
    )
    return (*first, *rest)


def _addressed(offer: Offer, provider: Provider) -> Offer:
    return replace(
        offer,
        provider=provider.name,
        url=provider.url,
        host=host_of(provider.url),
        model=provider.model,
        mine=provider.mine,
    )


def _provider_of(offer: Offer, providers: Sequence[Provider]) -> Provider:
    """Return the provider of an offer; as the offer says where it is not in the list any more."""
    for each in providers:
        if (each.name, each.url, each.model) == (offer.provider, offer.url, offer.model):
            return each
    return Provider(name=offer.provider, url=offer.url, model=offer.model, mine=offer.mine)


def _named(name: str, providers: Sequence[Provider]) -> Provider:
    # One that was only just added may have no model yet.
    usable = [each for each in providers if each.model]
    for each in usable:
        if each.name == name:
            return each
    there = ", ".join(each.name for each in usable)
    raise BadInput(
        f'There is no provider "{name}".',
        f"There are: {there}." if there else "Add one: homebody providers add …",
    )


def _clean(text: str) -> str:
    """Return text that can be written as UTF-8, whatever a file's name or a paste held."""
    return text.encode("utf-8", "replace").decode() if not text.isascii() else text
