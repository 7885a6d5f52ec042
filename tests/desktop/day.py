"""A day at a person's machine: tasks, one after another, with real models, and how they ended.

The plans come from the planner, or, to try everything but that, from the tasks themselves.
"""

import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from desktop.sitting import Person, Shops, Sitting
from desktop.tasks import TASKS, Ended, Task, changes
from desktop.world import world_in
from homebody.assistant.plan_lines import read_line
from homebody.assistant.planner import ExpertPlanner, find_expert
from homebody.base.errors import HomebodyError
from homebody.base.paths import find_home, shipped
from homebody.engine.client import Engine
from homebody.library.shelf import STARTER, find_model
from homebody.messages.frames import Load
from homebody.messages.plans import AnswerPlan, Planned
from homebody.skills.experts import Experts
from homebody.store.store import Store

__all__ = ["EXPERT", "Day", "Plans", "Result", "day_in"]

Plans = Literal["given", "expert", "untuned"]
"""Who plans: the tasks themselves; the expert; the starter model without it."""
EXPERT: Final = "models/experts/planner"


@dataclass(frozen=True)
class Result:
    """How a task ended. `wrong` is empty where it is as it should be."""

    task: Task
    wrong: str
    seconds: float
    lines: tuple[str, ...] = ()
    """The plans that were followed."""


class Day:
    """Does tasks."""

    def __init__(self, sitting: Sitting, *, given: bool) -> None:
        self._sitting, self._given = sitting, given

    def do_all(self, tasks: Iterable[Task] = TASKS) -> list[Result]:
        """Return how each ended."""
        return [self.do(task) for task in tasks]

    def do(self, task: Task) -> Result:
        """Do a task from an untouched machine on, and judge it."""
        sitting = self._sitting
        sitting.begin(task.grants, task.scene)
        before, person, turns = sitting.picture(), Person(task.needs), []
        started = time.perf_counter()
        wrong = ""
        try:
            for said in task.says:
                line = read_line(said.line, sitting.skills)
                plan = Planned(plan=line, planner="expert", line=said.line)
                # The planner writes "answer" for what needs nothing; given, that is no plan.
                given = self._given and not isinstance(line, AnswerPlan)
                turn = sitting.ask(
                    said.text,
                    person,
                    attachments=task.scene.attachments if said.attached else (),
                    plan=plan if given else None,
                )
                turns.append(turn)
        except HomebodyError as problem:
            wrong = problem.message
        seconds = time.perf_counter() - started
        if not wrong:
            ended = Ended(sitting, turns, before, sitting.picture())
            different = changes(ended)
            if different != task.changes:
                wrong = f"changed {sorted(different) or 'nothing'}"
            elif not task.done(ended):
                wrong = f"ended {turns[-1].state}: {(ended.reply or turns[-1].problem)[:120]!r}"
        lines = tuple(turn.planned.line for turn in turns if turn.planned is not None)
        return Result(task, wrong, seconds, lines)


@contextmanager
def day_in(folder: Path, plans: Plans) -> Iterator[Day]:
    """Begin a day on a machine in a folder, with the real starter model."""
    load = Load(id=0, path=str(find_model(find_home(), STARTER).path), context=4096)
    with ExitStack() as opened:
        world = opened.enter_context(world_in(folder))
        chat = _engine(opened, load)
        expert = find_expert(shipped(EXPERT)) if plans == "expert" else None
        planning = chat if plans == "given" else _engine(opened, load)
        store = Store.open(find_home())
        opened.callback(store.close)
        shops = Shops()
        opened.callback(shops.close)
        sitting = Sitting(
            world,
            chat=chat,
            experts=Experts(chat),
            planner=lambda skills: ExpertPlanner(planning, expert, skills),
            shops=shops,
            store=store,
        )
        sitting.assistant._writing._max_tokens = 48
        yield Day(sitting, given=plans == "given")


def _engine(opened: ExitStack, load: Load) -> Engine:
    engine = Engine()
    engine.start()
    opened.callback(engine.close)
    engine.begin_load(load)
    engine.wait_loaded()
    return engine
