"""What the page of models shows: frozen states, as in `states`, loaded with the page."""

from typing import Literal

from msgspec import Struct

from homebody.messages.shelf import ModelSettings
from homebody.ui.states import Fact

__all__ = [
    "CardAction",
    "CardButton",
    "CardDetails",
    "ContextSlider",
    "FileRow",
    "FitBar",
    "ModelCard",
    "ModelsState",
    "SearchState",
    "Section",
]

CardAction = Literal[
    "use",
    "get",
    "settings",  # opens the card, or closes it
    "why",  # the same, for one that does not fit
    "files",  # the same, for one of the hub
    "pause",
    "resume",
    "drop",
    "remove",
    "show_folder",
    "licence",
    "token",  # the person's, for what is gated
]
"""What a button on a card asks for."""


class FitBar(Struct, frozen=True):
    """What a model takes of a memory: shares of all of it, 0 to 1, and together at most 1."""

    weights: float
    cache: float
    compute: float
    taken: float = 0.0
    """By others, at the right."""
    fits: bool = True


class CardButton(Struct, frozen=True):
    """A button on a card."""

    action: CardAction
    words: str
    primary: bool = False
    enabled: bool = True


class ContextSlider(Struct, frozen=True):
    """The context that can be chosen: steps in tokens, and which of them is chosen."""

    steps: tuple[int, ...]
    at: int
    words: str
    """Such as "8k of 128k tokens"."""


class FileRow(Struct, frozen=True, kw_only=True):
    """A file of a repository that a search found."""

    key: str
    name: str
    size: str
    mark: str
    """Whether it fits here, in words."""
    level: Literal["ok", "warn", "bad"]
    button: CardButton | None


class CardDetails(Struct, frozen=True, kw_only=True):
    """What an opened card shows."""

    facts: tuple[Fact, ...] = ()
    note: str = ""
    """What to do where it does not fit; or that something is being looked up."""
    slider: ContextSlider | None = None
    settings: ModelSettings | None = None
    """The person's, to be changed; None where there is nothing to set."""
    files: tuple[FileRow, ...] = ()
    buttons: tuple[CardButton, ...] = ()


class ModelCard(Struct, frozen=True, kw_only=True):
    """One model."""

    key: str
    name: str
    facts: str = ""
    """In small print beside the name."""
    badge: str = ""
    """Such as "best for this computer"."""
    bar: FitBar | None = None
    progress: float | None = None
    """Of a download, 0 to 1; its bar stands in the place of the other."""
    sentence: str = ""
    problem: str = ""
    hint: str = ""
    button: CardButton | None = None
    """A primary one is the one action of the screen: the card has a border in the accent."""
    other: CardButton | None = None
    """A quiet one before it."""
    mend: CardButton | None = None
    """What would help, below everything that is said."""
    opens: bool = True
    details: CardDetails | None = None
    """Set: the card is open."""


class Section(Struct, frozen=True, kw_only=True):
    """A heading and the cards below it."""

    key: Literal["fetching", "here", "found", "recommended", "search"]
    title: str
    note: str = ""
    """In place of the cards, or above them."""
    cards: tuple[ModelCard, ...] = ()
    more: str = ""
    """The button that shows more of them; empty: these are all."""


class SearchState(Struct, frozen=True, kw_only=True):
    """Searching elsewhere."""

    offline: str = ""
    """Why there is no searching, in place of the field."""
    note: str = ""
    """What searching connects to."""
    token: str = ""
    """Where the person's token is kept; empty: there is none, or nobody has looked."""
    status: str = ""
    """Searching, nothing found, or how many."""
    problem: str = ""
    hint: str = ""


class ModelsState(Struct, frozen=True, kw_only=True):
    """The whole page."""

    machine: str = ""
    """What this computer has, in a line."""
    trouble: str = ""
    """What is wrong with its graphics card, and what to do."""
    busy: str = ""
    """What is being looked for while nothing can be shown yet."""
    filters: bool = False
    """There are so many models that one wants to look among them."""
    sections: tuple[Section, ...] = ()
    folders: tuple[str, ...] = ()
    """Those of the person's that are looked into."""
    search: SearchState = SearchState()
