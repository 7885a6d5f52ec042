"""People's tasks for real: the plans are given, all else is as it is at a person's machine."""

from dataclasses import replace
from pathlib import Path

import pytest

from desktop.day import Day, day_in
from desktop.sitting import Need
from desktop.tasks import TASKS, Task

SMOKE = (
    "what's 15% of 240",
    "erinnere mich morgen um 8 an den Müll",
    "save buy stamps as Documents/shopping.txt",
    "what's on my clipboard?",
    "translate good morning to French",
    "find my tax files in Documents and read the older one",
    "save that as sum.txt",
    "summarize Documents/report.txt, save it as brief.txt",
    "let the big online model do this one",
)


def task_of(request: str) -> Task:
    return next(task for task in TASKS if task.says[-1].text.startswith(request))


def wrong(day: Day, tasks: list[Task]) -> list[str]:
    return [f"{r.task.name}: {r.wrong}" for r in day.do_all(tasks) if r.wrong]


def test_there_are_enough_tasks_of_every_kind() -> None:
    assert len(TASKS) >= 60
    assert len({task.name for task in TASKS}) == len(TASKS)
    assert len([task for task in TASKS if len(task.says[-1].line.splitlines()) > 1]) >= 15
    used = {line.split()[0] for t in TASKS for s in t.says for line in s.line.splitlines()}
    assert len(used - {"answer", "ask", "escalate"}) == 22, "every skill is used"


def test_tasks_of_every_kind_end_as_they_should(tmp_path: Path) -> None:
    with day_in(tmp_path, "given") as day:
        assert wrong(day, [task_of(request) for request in SMOKE]) == []


@pytest.mark.slow
def test_with_the_right_plans_every_task_ends_as_it_should(tmp_path: Path) -> None:
    """All but the planner: workshop, desk, store, paths, questions, experts."""
    with day_in(tmp_path, "given") as day:
        assert wrong(day, list(TASKS)) == []


def test_a_task_that_ends_otherwise_is_seen(tmp_path: Path) -> None:
    """A yes that nobody gives, a wrong file, an effect too many, a reply that says less."""
    saved = task_of("save buy stamps as Documents/shopping.txt")
    refused = replace(saved, needs=())
    elsewhere = replace(saved, needs=(Need(("Write ", "/Documents/other.txt (")),))
    noted = replace(task_of("note that the wifi code"), changes=frozenset())
    silent = replace(task_of("what's 15% of 240"), says=task_of("square root of 7225").says)
    with day_in(tmp_path, "given") as day:
        tasks = [refused, elsewhere, noted, silent]
        assert len(wrong(day, tasks)) == len(tasks)
