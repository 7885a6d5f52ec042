"""An assistant at a person's machine: real turns, store, desk, workshops, paths, policy.

What stands in is named: a clipboard and a desktop's opener in memory, and, where a test gives them,
the engines and the planner. `Sitting.ask` runs a turn to its end; what it asks is answered by a
`Person`, who allows what a task needs and says no to everything else.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from desktop.world import World
from homebody.assistant.needs import Plans, Writes
from homebody.assistant.turn import Assistant
from homebody.assistant.work import Work
from homebody.base.clock import now
from homebody.base.paths import find_home
from homebody.messages.events import Done, Paused, Stumbled, TurnEvent
from homebody.messages.plans import Choice, Planned, Question
from homebody.messages.skills import Grant, Label, Outcome, Skill, Value
from homebody.messages.turns import Attachment, Turn
from homebody.skills.desk import Desk
from homebody.skills.registry import Registry
from homebody.skills.running import Runner, StepProgress, StepText, WithModel
from homebody.skills.workshop import Workshop
from homebody.store.store import Store

__all__ = [
    "Clipboard",
    "Need",
    "Opened",
    "Person",
    "Picture",
    "Ran",
    "Said",
    "Scene",
    "Shops",
    "Sitting",
]

_MOST_QUESTIONS: Final = 12
_MOST_SHOPS: Final = 5


class Shops:
    """The workshop, as several processes that stay: one for each set of folders.

    Only so that a thousand cases need not start a process each. What is used longest ago ends.
    """

    def __init__(self) -> None:
        self._shops: dict[object, Workshop] = {}
        self._key: object = None

    def set_folders(self, grants: Sequence[Grant], places: Sequence[Path]) -> None:
        bare = tuple(sorted({(grant.folder, grant.access) for grant in grants}))
        self._key = (bare, tuple(map(str, places)))
        shop = self._shops.pop(self._key, None)
        if shop is None:
            while len(self._shops) >= _MOST_SHOPS:
                self._shops.pop(next(iter(self._shops))).close()
            shop = Workshop(zone="UTC")
            shop.set_folders(
                [Grant(folder=folder, access=access) for folder, access in bare], list(places)
            )
        self._shops[self._key] = shop

    def run(self, skill: Skill, args: Mapping[str, Value]) -> Outcome:
        if self._key is None:
            self.set_folders((), ())
        return self._shops[self._key].run(skill, args)

    def stop(self) -> None:
        for shop in self._shops.values():
            shop.stop()

    def close(self) -> None:
        for shop in self._shops.values():
            shop.close()


class Clipboard:
    """A clipboard in memory, which counts how often it was read."""

    def __init__(self) -> None:
        self.text = ""
        self.reads = 0

    def read(self) -> str:
        self.reads += 1
        return self.text

    def write(self, text: str) -> None:
        self.text = text


class Opened:
    """Remembers what was opened."""

    def __init__(self) -> None:
        self.all: list[str] = []

    def open_link(self, url: str) -> None:
        self.all.append(url)

    def open_folder(self, path: Path) -> None:
        self.all.append(str(path))

    def open_file(self, path: Path) -> None:
        self.all.append(str(path))


@dataclass(frozen=True)
class Ran:
    """A step that really ran, and what it brought."""

    skill: str
    args: dict[str, Value]
    text: str


class Watched:
    """A runner that writes down what ran."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self.ran: list[Ran] = []

    def run(
        self, skill: Skill, args: dict[str, Value], *, label: Label
    ) -> Iterator[StepProgress | StepText | Outcome]:
        for said in self._runner.run(skill, args, label=label):
            if isinstance(said, Outcome):
                self.ran.append(Ran(skill.name, dict(args), said.text))
            yield said

    def stop(self) -> None:
        self._runner.stop()


@dataclass(frozen=True)
class Scene:
    """What there is on the machine before anything is said."""

    files: dict[str, str | bytes] = field(default_factory=dict)
    clipboard: str = ""
    notes: tuple[str, ...] = ()
    reminders: tuple[str, ...] = ()
    """Due in three days."""
    attachments: tuple[Attachment, ...] = ()
    own: tuple[tuple[str, str], ...] = ()
    """Own skills: what SKILL.md held when it was allowed, and what it holds now."""


@dataclass(frozen=True)
class Said:
    """One request of a conversation, and the plan line that is right for it."""

    text: str
    line: str
    attached: bool = False
    """Whether the scene's attachments go with it."""


@dataclass(frozen=True)
class Need:
    """A question that a task cannot do without: what its sentence holds; once each."""

    words: tuple[str, ...]
    details: str | None = None
    """What would be written or kept, where that is known beforehand."""
    option: str = ""
    """What is chosen, where it asks which: part of the path."""

    def fits(self, question: Question, known: Mapping[str, str]) -> bool:
        """Say whether this is what is asked; the person reads all of it."""
        if self.option:
            return question.reason == "which" and bool(self.chosen(question))
        if question.reason == "which" or any(word not in question.sentence for word in self.words):
            return False
        if self.details is None:
            return True
        return question.details.strip() == known.get(self.details, self.details).strip()

    def chosen(self, question: Question) -> str:
        """Return the option that is meant; "" where there is none."""
        return next((each for each in question.options if each.endswith(self.option)), "")


@dataclass
class Person:
    """Answers questions: once to what is needed, no to all else."""

    needs: Sequence[Need] = ()
    approved: list[Question] = field(default_factory=list)
    refused: list[Question] = field(default_factory=list)
    known: dict[str, str] = field(default_factory=dict)
    """What details stand for that are known only when it comes to it, such as "$reply"."""
    _left: list[Need] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._left = list(self.needs)

    def answer(self, question: Question) -> tuple[Choice, str]:
        need = next((each for each in self._left if each.fits(question, self.known)), None)
        if need is None:
            self.refused.append(question)
            return "no", ""
        self._left.remove(need)
        self.approved.append(question)
        return "once", need.chosen(question) if need.option else ""


@dataclass(frozen=True)
class Picture:
    """How everything is at one moment."""

    files: dict[Path, str]
    notes: tuple[str, ...]
    reminders: tuple[tuple[str, datetime], ...]
    clipboard: str
    opened: tuple[str, ...]
    grants: tuple[tuple[str, str], ...]


class Sitting:
    """What a test works with."""

    def __init__(
        self,
        world: World,
        *,
        chat: Writes,
        experts: WithModel,
        planner: Callable[[Registry], Plans],
        shops: Shops,
        skills: Registry | None = None,
        clock: Callable[[], datetime] = now,
        store: Store | None = None,
    ) -> None:
        self.world, self.shops = world, shops
        self.skills = skills or Registry()
        self.store = store or Store.open(find_home())
        self.clipboard, self.opened = Clipboard(), Opened()
        desk = Desk(
            self.store,
            clock=clock,
            zone="UTC",
            clipboard=self.clipboard,
            opens=self.opened,
        )
        self.runner = Watched(Runner(shops, desk, experts))  # type: ignore[arg-type]
        self.planner = planner(self.skills)
        self.work = Work(
            planner=self.planner,
            skills=self.skills,
            runner=self.runner,
            folders=shops,
            grants=self.store,
            places=lambda: (world.home,),
            home=world.home,
        )
        self.assistant = Assistant(self.store, chat, work=self.work)
        self.conversation, self.last = "", ""
        self.events: list[TurnEvent] = []

    def close(self) -> None:
        self.store.close()

    def begin(self, grants: Iterable[str], scene: Scene) -> None:
        """Begin anew: the machine as at first, a scene on it, a new conversation."""
        self.world.reset()
        for note in self.store.notes(None, 1000):
            self.store.remove_note(note.id)
        for reminder in self.store.reminders():
            self.store.remove_reminder(reminder.id)
        for grant in self.store.grants():
            self.store.revoke(grant.folder)
        for name in grants:
            self.store.grant(str(self.world.path(name)), "read")
        self.world.fill(scene.files)
        for text in scene.notes:
            self.store.add_note(text)
        for text in scene.reminders:
            self.store.add_reminder(text, now() + timedelta(days=3))
        self.clipboard.text, self.clipboard.reads = scene.clipboard, 0
        self.opened.all.clear()
        self.runner.ran.clear()
        self.conversation, self.last = self.store.create_conversation().id, ""

    def ask(
        self,
        request: str,
        person: Person,
        *,
        attachments: Sequence[Attachment] = (),
        plan: Planned | None = None,
    ) -> Turn:
        """Run a turn until it ends, questions answered; return how it ended."""
        ending = self._finish(
            self.assistant.run(
                self.conversation,
                request,
                parent=self.last or None,
                attachments=attachments,
                plan=plan,
            )
        )
        for _ in range(_MOST_QUESTIONS):
            if not isinstance(ending, Paused):
                return ending.turn
            choice, option = person.answer(ending.question)
            ending = self._finish(self.assistant.decide(self.last, choice, option=option))
        raise AssertionError("it asks for ever")

    def _finish(self, events: Iterator[TurnEvent]) -> Done | Paused | Stumbled:
        self.events = list(events)
        ending = self.events[-1]
        assert isinstance(ending, Done | Paused | Stumbled), ending
        self.last = ending.turn.id
        return ending

    def picture(self) -> Picture:
        """Return how everything is now."""
        return Picture(
            files=self.world.files(),
            notes=tuple(note.text for note in self.store.notes(None, 1000)),
            reminders=tuple((each.text, each.due) for each in self.store.reminders()),
            clipboard=self.clipboard.text,
            opened=tuple(self.opened.all),
            grants=tuple(sorted((each.folder, each.access) for each in self.store.grants())),
        )
