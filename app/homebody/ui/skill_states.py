"""What the page of skills shows: frozen states, as in `states`, loaded with the page."""

from typing import Literal

from msgspec import Struct

from homebody.ui.states import Fact

__all__ = ["FolderRow", "KeptRow", "OwnCard", "SkillCard", "SkillGroup", "SkillsState"]


class SkillCard(Struct, frozen=True, kw_only=True):
    """A built-in skill."""

    name: str
    title: str
    sentence: str
    mark: str = ""
    """Whether it asks: `asks each time`; empty: it does not."""
    examples: tuple[str, ...] = ()
    """What a person may say."""
    facts: tuple[Fact, ...] = ()
    """What is known of it; made for the card that is open only."""
    is_open: bool = False


class SkillGroup(Struct, frozen=True):
    """A heading and the skills below it."""

    title: str
    cards: tuple[SkillCard, ...]


class OwnCard(Struct, frozen=True, kw_only=True):
    """A skill of the person's own."""

    name: str
    sentence: str
    asks: str = ""
    """What it asks for, in a sentence."""
    state: Literal["off", "allowed", "changed", "broken"] = "off"
    words: str = ""
    """The state in words: `changed since you allowed it`."""
    problem: str = ""
    can_use: str = ""
    """Why it is not used though it is allowed; empty: it is used."""


class FolderRow(Struct, frozen=True, kw_only=True):
    """A folder that skills are let into."""

    path: str
    words: str
    """What they may do there: `read`, `read and change`."""
    other: str
    """The button that changes that: `Read only`."""
    writes: bool


class KeptRow(Struct, frozen=True, kw_only=True):
    """A note or a reminder."""

    id: str
    text: str
    when: str


class SkillsState(Struct, frozen=True, kw_only=True):
    """The whole page."""

    busy: str = ""
    """What is being looked for while nothing can be shown yet."""
    problem: str = ""
    hint: str = ""
    groups: tuple[SkillGroup, ...] = ()
    folders: tuple[FolderRow, ...] = ()
    own: tuple[OwnCard, ...] = ()
    own_note: str = ""
    """How to make one, or what is wrong with them together."""
    notes: tuple[KeptRow, ...] = ()
    more_notes: str = ""
    """That there are more than are shown."""
    reminders: tuple[KeptRow, ...] = ()
