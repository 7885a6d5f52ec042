"""From an offer of the core to what a turn shows of it, and in words what became of it."""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec
from msgspec import Struct

from homebody.assistant.facts import untold
from homebody.messages.offers import Offer, Replacement
from homebody.messages.providers import Provider
from homebody.messages.turns import Turn
from homebody.settings.providers import host_of
from homebody.ui.offer_states import (
    OfferCard,
    OfferChip,
    OfferPiece,
    OfferStage,
    PartRow,
    ProviderChoice,
    SendChoice,
)
from homebody.ui.words import tr

__all__ = ["mangled_line", "offer_card", "sending_card"]

_SHORT: Final = 60
"""So much of a value stands in a menu."""
_QUESTION: Final = "question"
"""The part that always goes along."""


class _Message(Struct):
    role: str
    content: str


class _Body(Struct):
    """What is read of a request's body."""

    messages: list[_Message]


def offer_card(
    turn: Turn, providers: Sequence[Provider] = (), *, problem: str = ""
) -> OfferCard | None:
    """Return what a turn shows of its offer. `problem`: why the last change was not made."""
    offer = turn.offer
    if offer is None:
        return None
    if turn.state == "waiting" and offer.state == "open":
        return _open(offer, providers, problem)
    if turn.state == "open":
        if offer.state == "agreed":
            return sending_card(offer)
        if offer.state == "open":
            # It is still being made.
            return None
    return _closed(offer, turn.reply)


def sending_card(offer: Offer) -> OfferCard:
    """Return the line for an offer that leaves now."""
    line = tr("Sending {size} to {host}…").format(size=_bytes(offer), host=offer.host)
    return _folded(offer, "sending", line)


def _closed(offer: Offer, reply: str) -> OfferCard:
    """Return what became of it; what the reply says already is not said again."""
    match offer.state:
        case "sent" if not offer.body:
            words = tr("Sent {size} to {host}. The copy was deleted.")
            return _folded(offer, "sent", words.format(size=_bytes(offer), host=offer.host))
        case "sent":
            words = tr("Sent {size} to {host}")
            return _folded(offer, "sent", words.format(size=_bytes(offer), host=offer.host))
        case "failed":
            words = _failed(offer, reply)
            if not offer.bytes_sent:
                return OfferCard(stage="failed", line=words, sha256=offer.sha256)
            return _folded(offer, "failed", words)
        case "agreed":
            words = tr("It is not known whether this was sent to {host}. The ledger shows it.")
            return _folded(offer, "failed", words.format(host=offer.host))
        case _:
            # Nothing of it left: there is nothing to show behind the line.
            return OfferCard(stage="home", line=tr("Nothing was sent."), sha256="")


def _failed(offer: Offer, reply: str) -> str:
    rest = untold(offer, reply)
    if rest == offer.problem and offer.problem:
        return rest
    if offer.bytes_sent:
        left = tr("Sent {size} to {host}; no whole answer came.")
    elif offer.bytes_sent == 0:
        left = tr("Nothing was sent to {host}.")
    else:
        left = tr("No answer came from {host}.")
    return f"{left.format(size=_bytes(offer), host=offer.host)} {rest}".rstrip()


def _folded(offer: Offer, stage: OfferStage, line: str) -> OfferCard:
    return OfferCard(
        stage=stage,
        line=line,
        sha256=offer.sha256,
        request=offer.body,
        request_note=_request_note(offer),
    )


def _open(offer: Offer, providers: Sequence[Provider], problem: str) -> OfferCard:
    waits = tr("Your answer is waited for, also after a restart.")
    pieces = tuple(_pieces(offer))
    return OfferCard(
        stage="open",
        sha256=offer.sha256,
        request=offer.body,
        request_note=_request_note(offer),
        destination=_destination(offer.host, offer.model, mine=offer.mine),
        providers=tuple(_choice(each, offer) for each in providers if each.model),
        sentence=_sentence(offer, pieces),
        pieces=pieces,
        parts=tuple(
            PartRow(
                name=part.name,
                words=tr("Add {title}").format(title=part.title),
                included=part.included,
            )
            for part in offer.parts
            if part.name != _QUESTION
        ),
        facts=_facts(offer),
        more=(_more(offer),),
        problem=problem or offer.problem,
        note=f"{offer.sentence} {waits}".strip(),
    )


def _destination(host: str, model: str, *, mine: bool) -> str:
    parts = [host, model]
    if mine:
        parts.append(tr("yours"))
    return " · ".join(parts)


def _choice(provider: Provider, offer: Offer) -> ProviderChoice:
    destination = _destination(host_of(provider.url), provider.model, mine=provider.mine)
    return ProviderChoice(
        name=provider.name,
        words=f"{provider.name}: {destination}",
        chosen=provider.name == offer.provider,
    )


def _more(offer: Offer) -> SendChoice:
    if offer.mine:
        return SendChoice("mine", tr("Send, and don't ask again for this machine of yours"))
    return SendChoice("conversation", tr("Send, and don't ask again in this conversation"))


def _bytes(offer: Offer) -> str:
    """Return how much left, or would leave without what HTTP puts around it."""
    size = offer.bytes_sent if offer.bytes_sent is not None else len(offer.body.encode())
    return tr("1 byte") if size == 1 else tr("{size:,} bytes").format(size=size)


def _request_note(offer: Offer) -> str:
    return tr("To {url}/chat/completions · SHA-256 {hash}").format(
        url=offer.url.rstrip("/"), hash=offer.sha256
    )


def _sentence(offer: Offer, pieces: Sequence[OfferPiece]) -> str:
    size = tr("{size:,} bytes").format(size=len(offer.body.encode()))
    parts = [tr("Exactly this would leave, in a request of {size}.").format(size=size)]
    chips = {piece.chip.placeholder: piece.chip.on for piece in pieces if piece.chip is not None}
    on = sum(chips.values())
    off = len(chips) - on
    if on == 1:
        parts.append(tr("1 thing is replaced; click it to change that."))
    elif on:
        parts.append(tr("{count} things are replaced; click one to change it.").format(count=on))
    elif not off:
        parts.append(tr("Nothing private was found in it. Select what is, to hide it."))
    if off == 1:
        parts.append(tr("1 private thing leaves as it is."))
    elif off:
        parts.append(tr("{count} private things leave as they are.").format(count=off))
    return " ".join(parts)


def _facts(offer: Offer) -> str:
    if offer.tokens == 1:
        tokens = tr("about 1 token")
    else:
        tokens = tr("about {count:,} tokens").format(count=offer.tokens)
    return f"{tokens} · {_cost(offer)}"


def _cost(offer: Offer) -> str:
    cost = offer.cost
    if cost is None:
        return tr("cost not known")
    if cost <= 0:
        return tr("no cost")
    if offer.currency != "USD":
        return tr("about {cost:.2g} {currency}").format(cost=cost, currency=offer.currency)
    cents = 100 * cost
    if cents < 0.1:
        return tr("under 0.1 US cents")
    if cents < 99.95:
        return tr("about {cents:.1f} US cents").format(cents=cents)
    return tr("about {cost:,.2f} US dollars").format(cost=cost)


# ---------------------------------------------------------------- the text


def _words(offer: Offer) -> str:
    """Return the words that are asked, read from the very bytes that the yes is for."""
    try:
        body = msgspec.json.decode(offer.body, type=_Body)
    except msgspec.MsgspecError:
        return offer.body
    return body.messages[-1].content if body.messages else offer.body


def _pieces(offer: Offer) -> Iterator[OfferPiece]:
    """Cut the text where something is replaced, or could be."""
    # Loaded here: a conversation without an offer has no use for it.
    from homebody.privacy.offers import spans_of, text_of

    text = _words(offer)
    by_name = {each.placeholder: each for each in offer.replacements}
    # What is shown is what would leave, whatever else is said about it.
    spans = spans_of(offer) if text == text_of(offer) else ()
    end = 0
    for begin, until, placeholder, _ in spans:
        if begin > end:
            yield OfferPiece(text[end:begin])
        yield OfferPiece(text[begin:until], _chip(by_name[placeholder]))
        end = until
    if end < len(text) or not text:
        yield OfferPiece(text[end:])


def _chip(replacement: Replacement) -> OfferChip:
    value = " ".join(replacement.value.split())
    short = value if len(value) <= _SHORT else f"{value[: _SHORT - 1]}…"
    if replacement.on:
        tip, action = tr("Stands for “{value}”."), tr("Send “{value}” as it is")
    else:
        tip = tr("“{value}” leaves as it is.")
        action = tr("Replace it with {placeholder}")
    placeholder = replacement.placeholder
    return OfferChip(
        placeholder=placeholder,
        on=replacement.on,
        tip=tip.format(value=short),
        action=action.format(value=short, placeholder=placeholder),
    )


# ---------------------------------------------------------------- the reply


def mangled_line(offer: Offer | None) -> str:
    """Return what to say below a reply whose placeholders did not all come back whole."""
    if offer is None or not offer.mangled:
        return ""
    names = ", ".join(offer.mangled)
    if len(offer.mangled) == 1:
        words = tr("A placeholder was not put back; it came changed, or in a link: {names}.")
    else:
        words = tr("Placeholders were not put back; they came changed, or in a link: {names}.")
    return words.format(names=names)
