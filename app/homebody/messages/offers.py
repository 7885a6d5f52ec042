"""What would leave this machine, to whom and why; and what the person said to it.

An offer is made from parts of the conversation in which everything that was found private stands as
a placeholder, such as `[EMAIL_1]`. `body` is the exact text of the request that would be sent, as
UTF-8; the yes is for its hash. Values in `replacements` never leave, unless the person switched one
off.
"""

from typing import Literal

from msgspec import Struct

__all__ = [
    "AddReplacement",
    "FoundBy",
    "Offer",
    "OfferChange",
    "OfferPart",
    "OfferReason",
    "OfferState",
    "PrivateKind",
    "RedactReport",
    "RedactedSpan",
    "Replacement",
    "Rewrite",
    "Scope",
    "SwitchPart",
    "SwitchProvider",
    "SwitchReplacement",
]

PrivateKind = Literal[
    "EMAIL",
    "PHONE",
    "IBAN",
    "CARD",  # numbers of payment cards
    "ID",  # national ids, tax and insurance numbers, passports
    "IP",
    "MAC",
    "URL",  # addresses with a name and a password, or a key, in them
    "SECRET",  # keys, tokens, passwords, private key blocks
    "PATH",  # paths that hold a user's name
    "COORDINATES",
    "BIRTHDAY",
    "PERSON",
    "ORGANISATION",
    "PLACE",
    "PROJECT",
    "WORD",  # anything else that the person named
]

FoundBy = Literal["pattern", "dictionary", "model", "person"]

OfferReason = Literal[
    "asked",  # the person wants it
    "small_model",  # the model here is too small for a step
    "too_long",  # it does not fit the context of the model here
    "failed",  # a step failed, also when it was tried again
    "check",  # a check of the result said no
    "unsure",  # the plan was below the bar, and the person said no to it
]

Scope = Literal[
    "once",
    "conversation",  # this conversation, with this provider, host and model
    "mine",  # a machine of the person's own, which needs one yes
]

OfferState = Literal[
    "open",  # nobody has answered it
    "agreed",  # there was a yes; whether it was sent is not known yet
    "sent",
    "home",  # it stayed here
    "failed",  # there was a yes, and no answer came
]


class OfferPart(Struct, frozen=True, kw_only=True):
    """A piece of the conversation that could go along."""

    name: str
    """Unlike that of any other part: "question", "reply", "file1", "step2"…"""
    title: str
    """What it is, for the person: "Your question", "notes.md (1.2 kB)"."""
    template: str
    """Its text, placeholders in the place of what was found."""
    included: bool
    heading: str = ""
    """Its title as it leaves, above its text; "" where none does: it stays, or it is the first."""


class Replacement(Struct, frozen=True, kw_only=True):
    """A value, and what stands for it. The same in a whole conversation."""

    placeholder: str
    """Such as "[EMAIL_1]"."""
    kind: PrivateKind
    value: str
    by: FoundBy
    on: bool = True
    """False: the person lets the true value leave."""


class Offer(Struct, frozen=True, kw_only=True):
    """What would leave. Made by `privacy.offers`; the same inputs give the same body."""

    provider: str
    url: str
    """Of the provider when the offer was made, such as "https://api.example.org/v1"."""
    host: str
    """As shown: HOST, or HOST:PORT."""
    model: str
    mine: bool = False
    """Whether that is a machine of the person's own."""
    reason: OfferReason
    sentence: str
    """Why it is offered."""
    parts: tuple[OfferPart, ...]
    replacements: tuple[Replacement, ...] = ()
    """Only those that stand in the included parts."""
    body: str
    sha256: str
    """Of the body as UTF-8, in hexadecimal digits."""
    tokens: int
    """About how many the body's texts take."""
    cost: float | None = None
    """About what asking and a reply of 500 tokens cost, in `currency`; None: nobody knows."""
    currency: str = ""
    state: OfferState = "open"
    scope: Scope | None = None
    """What the yes was for."""
    bytes_sent: int | None = None
    """As HTTP wrote it, headers included; None while nothing was sent."""
    mangled: tuple[str, ...] = ()
    """Placeholders in the answer that came back changed, as they came."""
    problem: str = ""
    """What became of it where no answer came."""


# ---------------------------------------------------------------- what a person changes in one


class SwitchReplacement(Struct, frozen=True, tag="replacement"):
    """Replace a value, or let it leave."""

    placeholder: str
    on: bool


class SwitchPart(Struct, frozen=True, tag="part"):
    """Let a part go along, or leave it here."""

    name: str
    included: bool


class Rewrite(Struct, frozen=True, tag="rewrite"):
    """Other words in the place of all included parts. They are looked through again."""

    text: str


class AddReplacement(Struct, frozen=True, tag="add"):
    """Replace this text too, wherever it stands."""

    value: str
    kind: PrivateKind = "WORD"


class SwitchProvider(Struct, frozen=True, tag="provider"):
    """Ask another one."""

    name: str


OfferChange = SwitchReplacement | SwitchPart | Rewrite | AddReplacement | SwitchProvider

# ---------------------------------------------------------------- what the command line prints


class RedactedSpan(Struct, frozen=True, kw_only=True):
    """Something private in a text. Offsets in characters of the input."""

    start: int
    end: int
    kind: PrivateKind
    replacement: str


class RedactReport(Struct, frozen=True, kw_only=True):
    """`homebody redact --json`."""

    redacted: str
    spans: tuple[RedactedSpan, ...]
