"""An assistant with skills: real store, runner, desk and paths; plans are given by hand.

The named stand-ins are the workshop (`Bench`, in this process), the experts (`Loud`), who shout
what they are given, and the planner, who looks a request up. The planner's own tests, and those of
the workshop, are elsewhere.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from assistant.support import QUICK
from homebody.assistant.plan_lines import read_line
from homebody.assistant.turn import Assistant
from homebody.assistant.work import Work
from homebody.base.errors import EngineProblem, SkillProblem
from homebody.base.paths import find_home
from homebody.engine.client import Engine
from homebody.messages.events import Done, Paused, Stepped, Stumbled, TurnEvent, Written
from homebody.messages.frames import Load
from homebody.messages.plans import AnswerPlan, Choice, Planned, Question, Step
from homebody.messages.skills import Grant, Outcome, Skill, Value
from homebody.messages.turns import Attachment, Turn
from homebody.skills.desk import Desk
from homebody.skills.paths import covering
from homebody.skills.registry import Registry
from homebody.skills.running import Runner, StepProgress, StepText
from homebody.skills.workshop import Workshop
from homebody.store.store import Store
from homebody.wire.keeper import child_command

Ending = Done | Paused | Stumbled


class Planner:
    """Knows the plan of each request, in its short form; of others that they are answered."""

    def __init__(self, lines: Mapping[str, str | Planned], skills: Registry) -> None:
        self._lines, self._skills = lines, skills
        self.asked: list[tuple[str, tuple[str, ...]]] = []
        self.stopped = threading.Event()
        self.hold = threading.Event()
        self.hold.set()

    @property
    def ready(self) -> bool:
        return True

    def plan(
        self, request: str, *, attachments: Sequence[Attachment] = (), before: Sequence[Turn] = ()
    ) -> Planned:
        self.asked.append((request, tuple(turn.request for turn in before)))
        self.hold.wait(30)
        if self.stopped.is_set():
            self.stopped.clear()
            raise EngineProblem("Planning was stopped.", kind="stopped")
        found = self._lines.get(request)
        if found is None:
            return Planned(plan=AnswerPlan(), planner="none")
        if isinstance(found, Planned):
            return found
        return planned(found, self._skills)

    def stop(self) -> None:
        self.stopped.set()
        self.hold.set()


def planned(line: str, skills: Registry | None = None, **facts: object) -> Planned:
    """Return the plan of a short form."""
    plan = read_line(line, skills or Registry())
    return Planned(plan=plan, planner="expert", line=line, **facts)  # type: ignore[arg-type]


class Bench:
    """Stands in for the workshop: the same skills, the same grants, no process of its own."""

    def __init__(self) -> None:
        self.grants: tuple[Grant, ...] = ()
        self.ran: list[tuple[str, dict[str, Value]]] = []
        self.troubles: list[Exception] = []
        """What the next runs raise, in order."""
        self.stopping = threading.Event()
        self.during: Callable[[], None] = lambda: None

    def set_folders(self, grants: Sequence[Grant], places: Sequence[Path]) -> None:
        self.grants = tuple(grants)

    def run(self, skill: Skill, args: dict[str, Value]) -> Outcome:
        self.stopping.clear()
        self.ran.append((skill.name, args))
        self.during()
        if self.troubles:
            raise self.troubles.pop(0)
        match skill.name:
            case "calculate":
                text = str(eval(str(args["expression"])))
                return Outcome(text=text, said=f"That is {text}.")
            case "read_file":
                return Outcome(text=self._at(args, "read").read_text("utf-8"), label="file")
            case "write_file":
                path = self._at(args, "write")
                path.write_text(str(args["text"]), "utf-8")
                return Outcome(text=str(path), said=f"Wrote {path.name}.")
            case "find_files":
                return self._find(args)
            case "list_folder":
                names = sorted(each.name for each in self._at(args, "read").iterdir())
                return Outcome(text="\n".join(names), label="file")
        raise AssertionError(skill.name)

    def _at(self, args: dict[str, Value], access: str) -> Path:
        path = Path(str(args["path"]))
        assert path.is_absolute(), "a skill gets whole paths"
        if covering(path, self.grants, access) is None:  # type: ignore[arg-type]
            raise SkillProblem(f"{path} lies outside.", "Let skills into it.", "outside")
        return path

    def _find(self, args: dict[str, Value]) -> Outcome:
        folders = [Path(str(args["folder"]))] if args["folder"] else []
        folders = folders or [Path(grant.folder) for grant in self.grants]
        found = [
            str(path)
            for folder in folders
            if covering(folder, self.grants, "read")
            for path in sorted(folder.rglob("*"))
            if str(args["query"]) in path.name
        ]
        if not found:
            raise SkillProblem("Nothing was found.", "Use other words.", "missing")
        choices = tuple(found) if len(found) > 1 else ()
        return Outcome(text="\n".join(found), label="file", choices=choices)

    def stop(self) -> None:
        self.stopping.set()


class Loud:
    """Stands in for the experts: says a text in capitals, word by word."""

    def __init__(self) -> None:
        self.troubles: list[Exception] = []
        self.stopping = threading.Event()

    def run(
        self, skill: Skill, args: dict[str, Value]
    ) -> Iterator[StepProgress | StepText | Outcome]:
        self.stopping.clear()
        text = str(args.get("text", args.get("task", ""))).upper()
        words = text.split(" ")
        for number, word in enumerate(words):
            if self.troubles and number == len(words) // 2:
                raise self.troubles.pop(0)
            if self.stopping.is_set():
                raise SkillProblem("It was stopped.", "", "stopped")
            yield StepProgress(number / len(words))
            yield StepText(word if number == 0 else f" {word}")
        yield Outcome(text=text, label="model")

    def stop(self) -> None:
        self.stopping.set()


class Clipboard:
    """A clipboard in memory."""

    def __init__(self) -> None:
        self.text = "copied words"

    def read(self) -> str:
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


@dataclass
class Chores:
    """What a test works with."""

    store: Store
    engine: Engine
    assistant: Assistant
    work: Work
    planner: Planner
    bench: Bench
    loud: Loud
    clipboard: Clipboard
    opened: Opened
    conversation: str
    folder: Path
    last: str | None = None
    events: list[TurnEvent] = field(default_factory=list)

    @classmethod
    @contextmanager
    def started(
        cls,
        script: Path,
        folder: Path,
        lines: Mapping[str, str | Planned],
        workshop: Workshop | None = None,
    ) -> Iterator["Chores"]:
        """Start one whose bare names are looked up in `folder`."""
        store, skills = Store.open(find_home()), Registry()
        engine = Engine(child_command("scripted-engine", str(script)), limits=QUICK)
        engine.start()
        engine.begin_load(Load(id=0, path="scripted.gguf"))
        planner, bench, loud = Planner(lines, skills), Bench(), Loud()
        clipboard, opened = Clipboard(), Opened()
        desk = Desk(store, clipboard=clipboard, opens=opened)
        work = Work(
            planner=planner,
            skills=skills,
            runner=Runner(workshop or bench, desk, loud),
            folders=workshop or bench,
            grants=store,
            places=lambda: (folder,),
        )
        try:
            yield cls(
                store=store,
                engine=engine,
                assistant=Assistant(store, engine, work=work),
                work=work,
                planner=planner,
                bench=bench,
                loud=loud,
                clipboard=clipboard,
                opened=opened,
                conversation=store.create_conversation().id,
                folder=folder,
            )
        finally:
            engine.close()
            store.close()

    def begin(self, request: str, **facts: object) -> Iterator[TurnEvent]:
        """Start a turn after the last one; its events come as they are asked for."""
        return self.assistant.run(
            self.conversation,
            request,
            parent=self.last,
            **facts,  # type: ignore[arg-type]
        )

    def ask(self, request: str, **facts: object) -> Ending:
        """Run a turn until it ends or waits; keep all of its events in `events`."""
        return self.finish(self.begin(request, **facts))

    def decide(self, choice: Choice, option: str = "") -> Ending:
        """Answer what the last turn asks."""
        assert self.last is not None
        return self.finish(self.assistant.decide(self.last, choice, option=option))

    def finish(self, events: Iterator[TurnEvent]) -> Ending:
        self.events = list(events)
        ending = self.events[-1]
        assert isinstance(ending, Ending), f"a turn ended with {ending}"
        assert not any(isinstance(event, Ending) for event in self.events[:-1])
        assert [type(event).__name__ for event in self.events].count("Accepted") == 1
        self.last = ending.turn.id
        return ending

    def grant(self) -> None:
        """Let skills read the test's folder."""
        self.store.grant(str(self.folder), "read")

    def text(self) -> str:
        """Return the reply as it was streamed."""
        return "".join(e.text for e in self.events if isinstance(e, Written) and not e.reasoning)

    def shown(self) -> list[tuple[int, str]]:
        """Return the steps as they were shown: which, and how it was; each change once."""
        seen: list[tuple[int, str]] = []
        for event in self.events:
            if isinstance(event, Stepped) and (event.index, event.step.state) not in seen[-1:]:
                seen.append((event.index, event.step.state))
        return seen


def question_of(ending: Ending) -> Question:
    """Return what is asked; the ending has to be one that waits."""
    assert isinstance(ending, Paused), ending
    assert ending.turn.state == "waiting"
    assert ending.turn.waiting == ending.question
    return ending.question


def states(turn: Turn) -> list[str]:
    """Return how the steps of a turn ended."""
    return [step.state for step in turn.steps]


def step_of(turn: Turn, index: int = 0) -> Step:
    return turn.steps[index]
