"""What the widgets show: frozen states that the presenter makes and a widget draws.

Every text here is final: translated, with its numbers and units. A state says all that a widget
shows, so showing the same state twice changes nothing.
"""

from typing import Literal

from msgspec import Struct

from homebody.ui.offer_states import OfferCard
from homebody.ui.work_states import AskedCard, StepRow

__all__ = [
    "AttachmentChip",
    "ComposerState",
    "ConversationRow",
    "Fact",
    "HeaderState",
    "ModelChoice",
    "Notice",
    "Page",
    "Shelf",
    "SidebarState",
    "SkillChoice",
    "TurnRow",
    "WelcomeState",
]

Page = Literal["chat", "models", "skills", "privacy", "settings", "shortcuts", "about"]
Shelf = Literal["chats", "archived", "bin"]


class Fact(Struct, frozen=True):
    """One line of the details of a reply: `Model`, `SmolLM2 135M`."""

    label: str
    value: str


class AttachmentChip(Struct, frozen=True, kw_only=True):
    """A text file that goes with a message."""

    name: str
    detail: str = ""
    """Its size in tokens, or in bytes until it was counted."""
    text: str = ""
    """What it says, to look at; empty in the composer."""


class TurnRow(Struct, frozen=True, kw_only=True):
    """One turn in the transcript: the person's words, and the reply."""

    id: str
    request: str
    attachments: tuple[AttachmentChip, ...] = ()
    reply: str = ""
    """Markdown, as the model wrote it."""
    reasoning: str = ""
    """What it wrote before the reply; shown folded."""
    steps: tuple[StepRow, ...] = ()
    """What was done for the reply; above it."""
    asked: AskedCard | None = None
    """What the person is asked: the turn waits."""
    offer: OfferCard | None = None
    """What would leave, or what became of it. While it is open, the turn waits."""
    mangled: str = ""
    """What to say below a reply whose placeholders did not come back whole."""
    live: bool = False
    """It is being written now: `TranscriptView.write` adds to it."""
    waiting: str = ""
    """What is being waited for while there is no text yet: `Loading the model, 40 %`."""
    facts: str = ""
    """The line under the reply: `2.4 s · 61 tok/s · 0 bytes sent`."""
    details: tuple[Fact, ...] = ()
    problem: str = ""
    """What went wrong, and what was kept, in a sentence."""
    hint: str = ""
    """What to do next."""
    resumable: bool = False
    """The reply can be taken up where it broke off."""
    place: int = 1
    versions: int = 1
    """This is version `place` of `versions`, counted from 1."""
    left_out: bool = False
    """The model no longer sees this turn: it did not fit the context of the last reply."""

    @property
    def waits(self) -> bool:
        """Whether the person is asked something."""
        return self.asked is not None or (self.offer is not None and self.offer.stage == "open")


class ConversationRow(Struct, frozen=True, kw_only=True):
    """A conversation in the sidebar, or a place in one that a search found."""

    id: str
    title: str
    group: str = ""
    """The heading that it stands under: `Pinned`, `Today`, `Yesterday`, `Earlier`, `Found`."""
    snippet: str = ""
    """For a place that was found. Matches stand between U+E000 and U+E001."""
    turn: str | None = None
    """For a place that was found: the turn to show."""
    pinned: bool = False


class SidebarState(Struct, frozen=True, kw_only=True):
    """The list of conversations, whole."""

    rows: tuple[ConversationRow, ...] = ()
    selected: str | None = None
    """The id of the conversation that is open."""
    shelf: Shelf = "chats"
    page: Page = "chat"
    empty: str = ""
    """What to say where there are no rows: `Nothing found.`"""
    opening: bool = False
    """The store is not open yet: say nothing about what is in it."""


class ModelChoice(Struct, frozen=True, kw_only=True):
    """A model that can be chosen."""

    name: str
    """What `find_model` takes."""
    title: str
    detail: str = ""
    chosen: bool = False


class HeaderState(Struct, frozen=True, kw_only=True):
    """The line above the transcript."""

    title: str = ""
    temporary: bool = False
    model: str = ""
    """The name on the model chip: `SmolLM2 135M`."""
    model_detail: str = ""
    """Beside it: `on the processor`, `36/36 on GPU`, `loading 40 %`, `stopped`."""
    model_failed: bool = False
    models: tuple[ModelChoice, ...] = ()
    home: str = ""
    """What stays home, and who enforces it, in sentences."""
    offline: bool = False
    """The person wants no connection at all."""
    sending: str = ""
    """The host that something leaves for right now; empty: nothing leaves."""


class SkillChoice(Struct, frozen=True, kw_only=True):
    """A skill that `/` in the composer offers."""

    name: str
    title: str
    description: str
    form: str
    """What follows its name: `TEXT | LANGUAGE`."""


class ComposerState(Struct, frozen=True, kw_only=True):
    """Where the person writes."""

    can_send: bool = False
    """Whether Enter sends, provided that something was written."""
    running: bool = False
    """A reply is being written: there is Stop in the place of Send."""
    placeholder: str = ""
    attachments: tuple[AttachmentChip, ...] = ()
    editing: str = ""
    """Set while an earlier message is being edited: what will happen, in a sentence."""
    meter: str = ""
    """How full the context is: `1.2k of 4k`; empty while that is unknown."""
    meter_detail: str = ""
    """The same in a sentence, and what will be left out."""
    meter_level: Literal["calm", "near", "over"] = "calm"
    """`near`: something will be left out; `over`: the message alone does not fit."""
    skills: tuple[SkillChoice, ...] = ()
    """What `/` at the beginning offers; empty: nothing."""


class Notice(Struct, frozen=True, kw_only=True):
    """One sentence that the person should see, with at most one thing to do about it."""

    key: str
    """A notice with the same key replaces this one."""
    text: str
    action: str = ""
    """The label of its button; the presenter knows what it does."""
    kind: Literal["plain", "warn", "bad", "ok"] = "plain"
    fades: bool = False
    """It goes away by itself after some seconds; never one that tells of a failure."""


class WelcomeState(Struct, frozen=True, kw_only=True):
    """What an empty conversation says."""

    title: str = ""
    sentences: tuple[str, ...] = ()
    suggestions: tuple[str, ...] = ()
    """Requests that can be sent with one click."""
    more_models: str = ""
    """The words of the way to the page of models; empty: none is needed."""
