"""Skills behind a window in tests: real turns, store, grants and own skills; steps are made up.

The planner's model is the one thing that is scripted: it says the plan line that a test wrote.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from homebody.assistant.plan_lines import read_line
from homebody.assistant.session import Session
from homebody.assistant.turn import Assistant
from homebody.assistant.work import Work
from homebody.base.errors import SkillProblem
from homebody.base.paths import find_home
from homebody.library.shelf import ShelvedModel
from homebody.messages.plans import AnswerPlan, Planned
from homebody.messages.skills import Grant, Label, Outcome, Reminder, Skill, Value
from homebody.messages.turns import Attachment, Turn
from homebody.settings.declared import Settings
from homebody.skills.notify import Notifier
from homebody.skills.own import OwnSkills
from homebody.skills.registry import Registry
from homebody.skills.running import StepProgress, StepText
from homebody.store.store import Store

DEADLINE = 60.0
Does = Callable[[dict[str, Value]], Outcome]


@dataclass
class ScriptedPlans:
    """Says the line that stands beside a request, and otherwise that it shall be answered."""

    lines: Mapping[str, str]
    skills: Registry = field(default_factory=Registry)
    confidence: float = 0.97
    sure: bool = True

    def plan(
        self,
        request: str,
        *,
        attachments: Sequence[Attachment] = (),
        before: Sequence[Turn] = (),
    ) -> Planned:
        del attachments, before
        line = self.lines.get(request)
        plan = read_line(line, self.skills) if line is not None else AnswerPlan()
        return Planned(
            plan=plan,
            confidence=self.confidence,
            sure=self.sure,
            ms=12,
            planner="expert",
            line=line or "",
        )

    def stop(self) -> None:
        pass


class Hands:
    """Runs steps as a test says. A skill in `held` waits until it is let go, or stopped."""

    def __init__(self, **does: Does | str | SkillProblem) -> None:
        self.does = does
        self.ran: list[tuple[str, dict[str, Value]]] = []
        self.held: dict[str, threading.Event] = {}
        self._stopped = threading.Event()

    def hold(self, skill: str) -> None:
        self.held[skill] = threading.Event()

    def run(
        self, skill: Skill, args: dict[str, Value], *, label: Label
    ) -> Iterator[StepProgress | StepText | Outcome]:
        del label
        self._stopped.clear()
        self.ran.append((skill.name, args))
        yield StepProgress(0.4)
        gate = self.held.get(skill.name)
        while gate is not None and not gate.wait(0.01):
            if self._stopped.is_set():
                raise SkillProblem("You stopped it.", kind="stopped")
        does = self.does.get(skill.name, f"{skill.name} done")
        if isinstance(does, SkillProblem):
            raise does
        yield does(args) if callable(does) else Outcome(text=does)

    def stop(self) -> None:
        self._stopped.set()

    def set_folders(self, grants: Sequence[Grant], places: Sequence[Path]) -> None:
        pass


@dataclass
class Skilled:
    """What a test gives a window: plans, hands, and where bare names are looked up."""

    lines: Mapping[str, str] = field(default_factory=dict)
    hands: Hands = field(default_factory=Hands)
    places: Sequence[Path] = ()
    sure: bool = True

    def fit(self, session: Session) -> Session:
        """Let a session work with skills."""
        plans = ScriptedPlans(self.lines, sure=self.sure)
        work = Work(
            planner=plans,
            skills=Registry(),
            runner=self.hands,
            folders=self.hands,
            grants=session.saved,
            places=lambda: list(self.places),
        )

        def assistant(store: Store, model: ShelvedModel, settings: Settings) -> Assistant:
            del model, settings
            return Assistant(store, session.engine, work=work)

        parts = session.parts
        session.parts = type(parts)(
            find_model=parts.find_model,
            load_request=parts.load_request,
            prepare=parts.prepare,
            assistant=assistant,
        )
        session.assistant = session.assistant_for(session.store)
        return session


class RealSkills:
    """The real own skills and the real notifier."""

    def __init__(self, folder: Path | None = None) -> None:
        home = find_home()
        self.folder = folder or home.data / "skills"
        self.kept = home.config / "skills.json"
        self.notifier: Notifier | None = None

    def own_skills(self) -> OwnSkills:
        return OwnSkills(self.folder, self.kept)

    def remind(self, store: Store, tell: Callable[[Reminder], None]) -> Notifier:
        self.notifier = Notifier(store, tell)
        return self.notifier


def own_skill(folder: Path, name: str, description: str = "Do as I do.") -> Path:
    """Write a skill of the person's own, and return its file."""
    place = folder / name
    place.mkdir(parents=True)
    file = place / "SKILL.md"
    file.write_text(f"---\nname: {name}\ndescription: {description}\n---\nBe brief.\n", "utf-8")
    return file
