"""Skills: what Homebody can do, as values that every room shares.

A skill is declared once; the planner's grammar, the page of skills, `homebody schema` and the
checks of arguments are made from that.
"""

from datetime import datetime
from typing import Literal

from msgspec import Struct

__all__ = [
    "Access",
    "Argument",
    "ArgumentKind",
    "Example",
    "Grant",
    "Label",
    "Note",
    "Outcome",
    "Permission",
    "Reliability",
    "Reminder",
    "Skill",
    "SkillFailure",
    "Touch",
    "Value",
    "Where",
]

Value = str | int | float | list[str]
"""What an argument may be; a list only for `names`."""

Where = Literal[
    "workshop",  # a child without sockets that sees the granted folders only
    "engine",  # an expert: the model that chats, with a prompt of its own
    "desk",  # the front end: clipboard, notes, reminders, opening
]
Permission = Literal["free", "ask", "never"]
Access = Literal["read", "write"]
"""What a grant allows in a folder and below it; `write` allows reading too."""
Touch = Literal[
    "reads files", "writes files", "clipboard", "notes", "reminders", "programs", "machine"
]
Label = Literal["person", "model", "file", "clipboard", "tool", "elsewhere"]
"""Where a value came from. All but `person` is data: it never causes a step."""

ArgumentKind = Literal[
    "text",  # any text, often a reference
    "task",  # what is wanted, in the person's words
    "query",  # words to look for
    "number",
    "expression",  # arithmetic
    "unit",
    "place",
    "when",  # a day or time, as the person said it
    "offset",  # a length of time, as the person said it; a leading minus goes back
    "path",  # a file: a target, so never taken from outside text without asking
    "folder",
    "language",
    "style",
    "names",  # several, as a list
    "choice",  # one of `choices`
]


class Argument(Struct, frozen=True, kw_only=True):
    """One argument. Without a default it has to be there."""

    name: str
    kind: ArgumentKind
    help: str
    """What it is, with its unit, in a few words."""
    default: str | None = None
    choices: tuple[str, ...] = ()


class Example(Struct, frozen=True):
    """What a person may say, and what it becomes."""

    request: str
    args: dict[str, Value]


class Skill(Struct, frozen=True, kw_only=True):
    """Something that Homebody can do."""

    name: str
    """Lower case, words joined by `_`; in a person's own skill also by `-`."""
    title: str
    """For people: "Convert units"."""
    description: str
    """One line: what it does."""
    arguments: tuple[Argument, ...] = ()
    runs: Where
    permission: Permission = "free"
    effect: bool = False
    """Whether it changes or reveals something, be it only in Homebody's own notes."""
    touches: tuple[Touch, ...] = ()
    seconds: float = 10.0
    """How long it may take before it is ended. An expert may take this long between words."""
    examples: tuple[Example, ...] = ()
    smallest: int | None = None
    """For an expert: parameters of the smallest model that it was measured to work on."""
    own: str = ""
    """For a skill of the person's own: its folder. Empty for a built-in one."""
    instructions: str = ""
    """For a skill of the person's own: what the model is told."""

    def argument(self, name: str) -> Argument | None:
        """Return the argument of that name."""
        return next((each for each in self.arguments if each.name == name), None)


class Outcome(Struct, frozen=True, kw_only=True):
    """What a skill brought."""

    text: str
    """The result itself: what `$1` stands for in a later step."""
    said: str = ""
    """The result as a sentence for the person; empty: the text as it is."""
    label: Label = "tool"
    choices: tuple[str, ...] = ()
    """Several results of which a later step can take only one, such as paths."""


SkillFailure = Literal[
    "arguments",  # an argument makes no sense: no such unit, date, place
    "missing",  # a file, a note… is not there
    "outside",  # it lies outside the granted folders
    "large",  # too much to work on
    "unsupported",  # a kind of file, or a conversion, that is not known
    "unclear",  # several things are meant: `choices` names them
    "small_model",  # the model is too small for this
    "time",  # it took too long and was ended
    "died",  # its process died
    "refused",  # the person said no, or a rule does
    "stopped",
    "failed",  # anything else
]


class Grant(Struct, frozen=True, kw_only=True):
    """A folder that the person lets skills into."""

    folder: str
    """Absolute, without links."""
    access: Access
    since: datetime | None = None
    """None for one that holds for this run only."""


class Note(Struct, frozen=True, kw_only=True):
    """A note of the person's."""

    id: str
    text: str
    created: datetime


class Reminder(Struct, frozen=True, kw_only=True):
    """Something to be said at a time. Times are aware."""

    id: str
    text: str
    due: datetime
    created: datetime
    told: datetime | None = None


class Reliability(Struct, frozen=True, kw_only=True):
    """How often a skill went well, with the model that chatted."""

    skill: str
    model: str
    runs: int
    failures: int
    last: datetime | None
    median_ms: float | None
