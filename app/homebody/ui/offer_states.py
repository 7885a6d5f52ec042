"""What a turn shows of an offer to ask elsewhere. Part of a `TurnRow`."""

from typing import Literal

from msgspec import Struct

from homebody.messages.offers import Scope

__all__ = [
    "Drafts",
    "OfferCard",
    "OfferChip",
    "OfferDraft",
    "OfferPiece",
    "OfferStage",
    "PartRow",
    "ProviderChoice",
    "SendChoice",
]

OfferStage = Literal[
    "open",  # the person is asked
    "sending",
    "sent",
    "home",
    "failed",
]


class OfferChip(Struct, frozen=True, kw_only=True):
    """A place in the text that stands for something private, or shows it."""

    placeholder: str
    on: bool
    """False: what stands there is the true value, and it would leave."""
    tip: str
    """What it stands for: `Stands for “ada@example.org”.`"""
    action: str
    """What is done by choosing it: `Send “ada@example.org” as it is`."""


class OfferPiece(Struct, frozen=True):
    """A piece of the text as it would leave."""

    text: str
    chip: OfferChip | None = None


class PartRow(Struct, frozen=True, kw_only=True):
    """Something that could go along."""

    name: str
    words: str
    included: bool


class ProviderChoice(Struct, frozen=True, kw_only=True):
    """Somebody who can be asked."""

    name: str
    words: str
    chosen: bool = False


class SendChoice(Struct, frozen=True):
    """Another way to say yes."""

    scope: Scope
    words: str


class OfferCard(Struct, frozen=True, kw_only=True):
    """What would leave and what is said to it; or in one line what became of it."""

    stage: OfferStage
    line: str = ""
    """Where it is not open: what became of it. All below but `request` may be empty then."""
    sha256: str
    """Of what would leave, or left: a yes is for this."""
    request: str = ""
    """The whole of it, as it is."""
    request_note: str = ""
    """Where to, and its hash."""
    destination: str = ""
    """`HOST · MODEL · yours`."""
    providers: tuple[ProviderChoice, ...] = ()
    sentence: str = ""
    pieces: tuple[OfferPiece, ...] = ()
    parts: tuple[PartRow, ...] = ()
    facts: str = ""
    """`about 380 tokens · no cost`."""
    more: tuple[SendChoice, ...] = ()
    problem: str = ""
    """Why a change was not made, or what is not known."""
    note: str = ""
    """In small print below."""

    @property
    def text(self) -> str:
        """The text as it would leave, whole."""
        return "".join(piece.text for piece in self.pieces)


class OfferDraft(Struct, frozen=True):
    """Words that were typed in the place of the text of an offer, and not saved."""

    sha256: str
    """Of the offer when they were begun."""
    text: str


class Drafts(dict[str, OfferDraft]):
    """What was typed and not saved, by the id of the turn."""
