"""What a turn that works shows: its steps, and what the person is asked. Part of a `TurnRow`."""

from msgspec import Struct

from homebody.messages.plans import Choice, StepState

__all__ = ["AnswerButton", "AskedCard", "StepField", "StepRow"]


class StepField(Struct, frozen=True, kw_only=True):
    """An argument of a step, to run it again with another one."""

    name: str
    label: str
    """What it is, for the person: `the unit wanted`."""
    value: str
    """As it was planned; several are joined by commas."""
    choices: tuple[str, ...] = ()
    """All that it can be; empty: anything."""
    long: bool = False
    """It may have several lines."""


class StepRow(Struct, frozen=True, kw_only=True):
    """One step: a line, and what unfolds below it."""

    skill: str
    words: str = ""
    """Its arguments, in short: `plan.md`."""
    state: StepState = "planned"
    note: str = ""
    """At the right: `12 ms`, `40 %`, `failed`, `you said no`."""
    facts: str = ""
    """In small print above the result: where it came from, how often it was tried."""
    result: str = ""
    problem: str = ""
    hint: str = ""
    fields: tuple[StepField, ...] = ()
    """Arguments that can be changed; empty: it has none."""
    can_rerun: bool = False

    @property
    def opens(self) -> bool:
        """Whether there is anything to unfold."""
        return bool(self.result or self.problem or self.facts or self.can_rerun)


class AnswerButton(Struct, frozen=True):
    """A button of the card that asks."""

    choice: Choice
    words: str
    primary: bool = False
    tip: str = ""


class AskedCard(Struct, frozen=True, kw_only=True):
    """What the person is asked before a step."""

    title: str
    sentence: str
    """What would happen, exactly."""
    details: str = ""
    """What would be written or revealed, as it is."""
    options: tuple[str, ...] = ()
    """What may be meant: one of these is chosen."""
    buttons: tuple[AnswerButton, ...] = ()
    note: str = ""
    """In small print below the buttons."""
