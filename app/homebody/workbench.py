"""What skills run on: the planner's engine, the workshop, the desk and the experts.

One for a session. The planner's engine is a process of its own, whichever model chats: it holds the
starter model with the expert, small enough to stay.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from homebody.base.errors import ModelProblem
from homebody.base.paths import Home, shipped

if TYPE_CHECKING:
    from homebody.assistant.choosing import ChosenPlanner
    from homebody.assistant.planner import ExpertPlanner
    from homebody.assistant.work import Work
    from homebody.engine.client import Engine
    from homebody.library.shelf import ShelvedModel
    from homebody.messages.skills import Skill
    from homebody.settings.declared import Settings
    from homebody.skills.desk import Clipboard, Opens
    from homebody.skills.registry import Registry
    from homebody.skills.running import Runner
    from homebody.store.store import Store

__all__ = ["DeskParts", "PlannerEngine", "SkillsNow", "Workbench"]

PLANNER = "models/experts/planner"
_CONTEXT = 2048
"""Tokens of the planner's context. A request is cut to a fraction of that."""


@dataclass(frozen=True)
class DeskParts:
    """What skills find at the desk; a terminal has none of it."""

    clipboard: "Clipboard | None" = None
    opens: "Opens | None" = None
    reminds: bool = False
    """Whether this process tells reminders when they are due."""


class SkillsNow:
    """The skills that there are now; the person's own only while their files are as allowed."""

    def __init__(self, home: Home) -> None:
        from homebody.skills.own import OwnSkills

        self._own = OwnSkills(home.own_skills, home.allowed_skills)
        self._kept = home.allowed_skills
        self._seen = _stamp(self._kept)
        self._registry = self._read()

    @property
    def all(self) -> "tuple[Skill, ...]":
        """Return every skill."""
        return self._now().all

    def find(self, name: str) -> "Skill | None":
        """Return the skill of that name."""
        skill = self._now().find(name)
        if skill is not None and skill.own and skill not in self._own.allowed():
            # Its files changed since they were read.
            self._registry = self._read()
            return None
        return skill

    def _now(self) -> "Registry":
        stamp = _stamp(self._kept)
        if stamp != self._seen:
            # The person allowed or forbade one, here or in another Homebody.
            self._seen, self._registry = stamp, self._read()
        return self._registry

    def _read(self) -> "Registry":
        from homebody.skills.registry import Registry

        return Registry(own=self._own.allowed())


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


class PlannerEngine:
    """The engine that plans: started at once, loaded by itself, ended with `close`."""

    def __init__(self, home: Home, threads: int, *, use_mmap: bool = True) -> None:
        """Raise `ModelProblem` where the starter model or its adapter is missing."""
        from homebody.assistant.planner import find_expert
        from homebody.engine.client import Engine
        from homebody.library.shelf import STARTER, find_model
        from homebody.messages.frames import Load

        expert = find_expert(shipped(PLANNER))
        if expert is None:
            raise ModelProblem(
                "The planner's adapter, which ships with Homebody, is not there.",
                "Install Homebody again.",
            )
        self._expert = expert
        path = find_model(home, STARTER).path
        self.engine: Engine = Engine()
        self.engine.start()
        # On the processor: it is quick enough there, and the card belongs to the model that chats.
        load = Load(
            id=0,
            path=str(path),
            context=_CONTEXT,
            gpu_layers=0,
            threads=threads,
            use_mmap=use_mmap,
        )
        self.engine.begin_load(load, lambda wish: wish)

    def planner(self, skills: SkillsNow) -> "ExpertPlanner":
        """Return the planner that works here."""
        from homebody.assistant.planner import ExpertPlanner

        return ExpertPlanner(self.engine, self._expert, skills)

    def close(self) -> None:
        """End the process."""
        self.engine.close()


class Workbench:
    """What skills run on in one session. Made on any thread; `close` ends its processes."""

    def __init__(
        self,
        home: Home,
        engine: "Engine",
        store: "Store",
        *,
        threads: int,
        desk: "DeskParts | None" = None,
    ) -> None:
        """`engine` is the one that chats; `desk`: None in a terminal."""
        self.problem = ""
        """Why the expert does not plan, in a sentence; then only a larger model does."""
        self._planner: PlannerEngine | None = None
        try:
            self._planner = PlannerEngine(home, threads)
        except ModelProblem as problem:
            self.problem = f"{problem.message} {problem.hint}".strip()
        # The planner's engine loads while the rest is imported.
        from homebody.assistant.work import Work
        from homebody.skills.desk import Desk
        from homebody.skills.workshop import Workshop

        self._engine, self._store = engine, store
        self.skills = SkillsNow(home)
        planner = self._planner
        self._expert = planner.planner(self.skills) if planner is not None else None
        self._workshop = Workshop()
        self._in_window = desk is not None
        parts = desk or DeskParts()
        self._desk = Desk(
            store, clipboard=parts.clipboard, opens=parts.opens, reminds=parts.reminds
        )
        self.work: Work = Work(
            planner=self._chosen(""),
            skills=self.skills,
            runner=self._runner(),
            folders=self._workshop,
            grants=store,
            places=self._places,
            profile=home.folders,
        )

    def use(self, model: "ShelvedModel", settings: "Settings") -> "Work":
        """Have experts go by what is set for this model from now on; return what skills need."""
        # Another one: a turn that still goes on stops what it began with.
        return replace(
            self.work, runner=self._runner(model, settings), planner=self._chosen(model.key)
        )

    def close(self) -> None:
        """End the planner's engine and the workshop."""
        self._workshop.close()
        if self._planner is not None:
            self._planner.close()

    def _chosen(self, model: str) -> "ChosenPlanner":
        """Return what plans while this model chats."""
        from homebody.assistant.choosing import ChosenPlanner
        from homebody.assistant.in_context import InContextPlanner

        in_context = InContextPlanner(self._engine, self.skills, name=model)
        return ChosenPlanner(self._expert, in_context, self._engine, model=model)

    def _runner(
        self, model: "ShelvedModel | None" = None, settings: "Settings | None" = None
    ) -> "Runner":
        from homebody.library.chosen import adapters_of, sampling_of, template_of
        from homebody.skills.experts import Experts
        from homebody.skills.running import Runner

        if model is None or settings is None:
            experts = Experts(self._engine)
        else:
            experts = Experts(
                self._engine,
                sampling=sampling_of(model, settings),
                template=template_of(model),
                adapters=adapters_of(model),
            )
        return Runner(self._workshop, self._desk, experts)

    def _places(self) -> list[Path]:
        """Return where a bare name is looked up, and in the first one new files go."""
        from homebody.skills.known_folders import folder_named, home_folder

        here = folder_named("documents") if self._in_window else Path.cwd()
        granted = [Path(grant.folder) for grant in self._store.grants()]
        found = [here, home_folder(), *granted]
        return list(dict.fromkeys(place for place in found if place is not None))
