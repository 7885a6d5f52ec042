"""What the page of privacy shows: frozen states, as in `states`, loaded with the page."""

from typing import Literal

from msgspec import Struct

from homebody.ui.states import Fact

__all__ = [
    "Choice",
    "EraseState",
    "ErasedState",
    "HoldsState",
    "KeyState",
    "LedgerDetails",
    "LedgerFilter",
    "LedgerRow",
    "LedgerState",
    "OwnWord",
    "PrivacyState",
    "ProviderCard",
    "ProviderFields",
    "ProviderForm",
    "ProvidersState",
    "WordRow",
    "WordsState",
]

LedgerFilter = Literal["all", "elsewhere", "models", "words"]
"""`elsewhere`: what was asked of a model elsewhere; `models`: what was fetched; `words`: what was
searched for."""


class Choice(Struct, frozen=True):
    """One of a few: its value, and its words."""

    value: str
    words: str


class HoldsState(Struct, frozen=True, kw_only=True):
    """What holds here, and whether connections are wanted at all."""

    sentences: tuple[str, ...] = ()
    """What is enforced, and by whom."""
    limits: tuple[str, ...] = ()
    """What is not promised."""
    offline: bool = False
    offline_words: str = ""


class KeyState(Struct, frozen=True, kw_only=True):
    """The key of one provider."""

    words: str = ""
    """Whether there is one, and where it is kept."""
    there: bool = False
    place: str = ""
    """Where one would be kept, in a sentence."""
    session: bool = False
    """There is no safe place: it can be kept for this session only."""
    can_give: bool = False
    busy: bool = False
    problem: str = ""
    hint: str = ""


class ProviderFields(Struct, frozen=True, kw_only=True):
    """What is typed about a provider, as it is typed."""

    name: str = ""
    url: str = ""
    model: str = ""
    mine: bool = False
    price_in: str = ""
    price_out: str = ""
    currency: str = "USD"


class ProviderForm(Struct, frozen=True, kw_only=True):
    """A provider that is being added or changed."""

    number: int
    """Another number: begin anew with `fields`, whatever is typed."""
    fields: ProviderFields = ProviderFields()
    is_new: bool = False
    presets: tuple[Choice, ...] = ()
    note: str = ""
    """What is worth knowing about the preset that was chosen."""
    key: KeyState = KeyState()
    models: tuple[str, ...] = ()
    """What the provider said it has."""
    looking: str = ""
    """It is being asked."""
    look_note: str = ""
    """What asking it sends; empty: it cannot be asked now."""
    look_problem: str = ""
    look_hint: str = ""
    """Why it did not say."""
    problem: str = ""
    hint: str = ""


class ProviderCard(Struct, frozen=True, kw_only=True):
    """Somebody who can be asked."""

    name: str
    words: str = ""
    """Where it is, and which model: `yours · workstation.lan:8080 · large-2`."""
    facts: tuple[str, ...] = ()
    """When it asks, its key, what it costs."""
    lacks: str = ""
    """Why it cannot be asked yet: `No model is chosen yet.`"""
    agreed: bool = False
    """There is a yes that can be taken back."""
    form: ProviderForm | None = None
    """It is open."""


class ProvidersState(Struct, frozen=True, kw_only=True):
    """Who can be asked elsewhere."""

    cards: tuple[ProviderCard, ...] = ()
    new: ProviderForm | None = None
    problem: str = ""
    hint: str = ""


class WordRow(Struct, frozen=True, kw_only=True):
    """A word of the person's that stays here."""

    word: str
    kind: str
    """What it is, in words: `a name`."""


class OwnWord(Struct, frozen=True):
    """What Homebody knows by itself."""

    word: str
    kind: str


class WordsState(Struct, frozen=True, kw_only=True):
    """The private words."""

    rows: tuple[WordRow, ...] = ()
    own: tuple[OwnWord, ...] = ()
    kinds: tuple[Choice, ...] = ()
    problem: str = ""
    hint: str = ""


class LedgerDetails(Struct, frozen=True, kw_only=True):
    """All that is known of one connection."""

    facts: tuple[Fact, ...] = ()
    body: str = ""
    """What was sent, letter by letter."""
    body_note: str = ""
    """About that copy, or why there is none."""
    can_delete: bool = False


class LedgerRow(Struct, frozen=True, kw_only=True):
    """One connection."""

    number: int
    title: str
    """What the person did."""
    words: str
    """To whom, how much, and what came of it."""
    when: str
    bad: bool = False
    """It ended with a problem."""


class LedgerState(Struct, frozen=True, kw_only=True):
    """The ledger, newest first."""

    filter: LedgerFilter = "all"
    rows: tuple[LedgerRow, ...] = ()
    more: str = ""
    """The way to all the others; empty: these are all."""
    empty: str = ""
    """What to say where there are no rows."""
    opened: int = 0
    """The number of the row that is unfolded; 0: none."""
    details: LedgerDetails | None = None
    verdict: str = ""
    """What came out when the chain was followed."""
    verdict_kind: Literal["ok", "bad", "fact"] = "fact"
    notes: tuple[str, ...] = ()
    """What is wrong with the chain, or what a crash left."""
    problem: str = ""
    hint: str = ""


class EraseState(Struct, frozen=True, kw_only=True):
    """Erasing everything."""

    goes: tuple[str, ...] = ()
    """What goes, one thing a line."""
    models: str = ""
    """The models that may go too, and their size; empty: there are none."""
    word: str = ""
    """What has to be typed."""
    running: str = ""


class ErasedState(Struct, frozen=True, kw_only=True):
    """What the window says when everything is erased, and nothing else any more."""

    title: str
    sentences: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    """What could not be erased."""
    running: bool = False


class PrivacyState(Struct, frozen=True, kw_only=True):
    """The whole page."""

    busy: str = ""
    problem: str = ""
    hint: str = ""
    left: str = ""
    """How much left this machine, in one line."""
    left_note: str = ""
    holds: HoldsState = HoldsState()
    providers: ProvidersState = ProvidersState()
    words: WordsState = WordsState()
    ledger: LedgerState = LedgerState()
    erase: EraseState = EraseState()
