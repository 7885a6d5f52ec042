"""A desktop that can be looked at: a clipboard, what was opened, and a store in memory."""

from datetime import UTC, datetime
from pathlib import Path

from homebody.base.errors import HomebodyError
from homebody.messages.skills import Outcome, Skill, Value
from homebody.skills.built_in import BUILT_IN
from homebody.skills.running import StepProgress, StepText

BY_NAME = {skill.name: skill for skill in BUILT_IN}
SATURDAY = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


class FakeClipboard:
    def __init__(self, text: str = "") -> None:
        self.text = text

    def read(self) -> str:
        return self.text

    def write(self, text: str) -> None:
        self.text = text


class FakeOpener:
    """Remembers what it was asked to open; refuses all of it where `problem` is set."""

    def __init__(self, problem: HomebodyError | None = None) -> None:
        self.opened: list[object] = []
        self.problem = problem

    def _open(self, what: object) -> None:
        if self.problem is not None:
            raise self.problem
        self.opened.append(what)

    def open_link(self, url: str) -> None:
        self._open(("link", url))

    def open_folder(self, path: Path) -> None:
        self._open(("folder", path))

    def open_file(self, path: Path) -> None:
        self._open(("file", path))


def skill(name: str) -> Skill:
    return BY_NAME[name]


def full(name: str, **args: Value) -> dict[str, Value]:
    """Arguments with the defaults filled in, as the assistant gives them."""
    filled: dict[str, Value] = {
        each.name: each.default for each in skill(name).arguments if each.default is not None
    }
    return filled | args


def last(said: object) -> Outcome:
    """The outcome, which comes last and only there."""
    *before, outcome = list(said)  # type: ignore[call-overload]
    assert all(isinstance(each, StepProgress | StepText) for each in before)
    assert isinstance(outcome, Outcome)
    return outcome
