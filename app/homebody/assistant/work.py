"""What an assistant works with where skills are on, and what one step is about to do."""

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from msgspec import Struct

from homebody.assistant.needs import (
    HoldsFolders,
    KeepsGrants,
    Plans,
    Runs,
)
from homebody.assistant.plan_lines import Skills
from homebody.assistant.policy import TARGET_KINDS, Sight, Target, judge, writes
from homebody.assistant.questions import ask_before
from homebody.assistant.references import Given, Resolved, resolve
from homebody.base.errors import SkillProblem
from homebody.messages.plans import PlannedStep, Question
from homebody.messages.skills import Access, Argument, Grant, Label, Skill, Value
from homebody.skills.arguments import check_args
from homebody.skills.paths import Located, locate, shown

__all__ = ["Call", "Work", "is_ours", "prepare"]

_ADDRESSES: Final = ("http://", "https://", "mailto:")


@dataclass
class Work:
    """All that skills need. One for a session: it outlives the assistants."""

    planner: Plans
    skills: Skills
    runner: Runs
    folders: HoldsFolders
    grants: KeepsGrants
    places: Callable[[], Sequence[Path]]
    """Where a bare name is looked up: the terminal's folder, home, granted folders."""
    home: Path = field(default_factory=Path.home)
    profile: Sequence[Path] = ()
    """Homebody's own folders, in which no skill writes."""
    for_this_run: list[Grant] = field(default_factory=list)
    """Granted by `--grant`, or for this sitting."""
    once: dict[str, list[Grant]] = field(default_factory=dict)
    """By turn: folders that the person said "once" to. Not kept over a restart: asked again."""
    whole: dict[tuple[str, int], str] = field(default_factory=dict)
    """By turn and step: results that the store shortens."""

    def granted(self, turn: str) -> list[Grant]:
        """Return every folder that a step of this turn may use without asking."""
        return [*self.grants.grants(), *self.for_this_run, *self.once.get(turn, [])]

    def forget(self, turn: str) -> None:
        """Let go of what was kept while a turn went on."""
        self.once.pop(turn, None)
        for key in [key for key in self.whole if key[0] == turn]:
            del self.whole[key]


class Call(Struct, frozen=True, kw_only=True):
    """A step that could run now."""

    skill: Skill
    args: dict[str, Value]
    """Checked, without references; paths are absolute."""
    label: Label
    """The least trusted of the arguments."""
    grants: tuple[Grant, ...]
    """Folders that this step may use, those that its question would add included."""
    extra: tuple[Grant, ...] = ()
    """What the question would add."""
    question: Question | None = None
    """To be answered before it runs."""


def prepare(
    work: Work,
    turn: str,
    index: int,
    step: PlannedStep,
    settled: Mapping[str, Value],
    values: Mapping[str, Given],
    *,
    sight: Sight,
    again: bool,
) -> Call:
    """Return what a step would do, and what has to be asked first. Changes nothing.

    `sight`: what the planner could see. `again`: whether a step of this skill is planned before.

    Raises `SkillProblem`: of kind "unclear" with `choices` where several things are meant.
    """
    skill = work.skills.find(step.skill)
    if skill is None:
        raise SkillProblem(
            f"There is no skill called {step.skill} any more.",
            "Skills of your own are off after their files changed: see the page of skills.",
            "missing",
        )
    resolved = resolve(skill, step.args, settled, values)
    args = check_args(skill, resolved.args)
    grants = work.granted(turn)
    access: Access = "write" if writes(skill) else "read"
    targets: list[Target] = []
    missing: Path | None = None
    for argument in skill.arguments:
        if argument.kind not in TARGET_KINDS:
            continue
        target, located = _target(work, skill, argument, args, resolved, grants, access)
        if target is None:
            continue
        targets.append(target)
        if located is not None:
            args[argument.name] = str(located.path)
            if not located.granted and skill.runs == "workshop":
                missing = located.folder
    extra = () if missing is None else (Grant(folder=str(missing), access=access),)
    saw_outside = sight.may_have_caused(skill, again=again)
    verdict = judge(skill, targets, saw_outside=saw_outside)
    if verdict.do == "never":
        raise SkillProblem(
            f"{skill.title} is not allowed.", "It can be allowed on the page of skills.", "refused"
        )
    question = None
    if verdict.reason is not None:
        question = ask_before(
            index,
            skill,
            args,
            resolved.labels,
            reason=verdict.reason,
            folder=missing,
            home=work.home,
        )
    return Call(
        skill=skill,
        args=args,
        label=resolved.label,
        grants=(*grants, *extra),
        extra=extra,
        question=question,
    )


def _target(
    work: Work,
    skill: Skill,
    argument: Argument,
    args: Mapping[str, Value],
    resolved: Resolved,
    grants: Sequence[Grant],
    access: Access,
) -> tuple[Target | None, Located | None]:
    """Return what an argument names; None and None where it names nothing."""
    name, places = str(args[argument.name]).strip(), list(work.places())
    label = resolved.labels.get(argument.name, "person")
    if not name:
        # Wherever skills were let in; where they were let in nowhere yet, the first place.
        if grants or not places:
            return None, None
        name = str(places[0])
    if skill.runs == "desk" and name.lower().startswith(_ADDRESSES):
        return Target(label=label), None
    located = locate(name, places=places, grants=grants, access=access, must_exist=access == "read")
    if access == "write" and is_ours(located.path, work.profile):
        raise SkillProblem(
            f"{shown(located.path)} lies among Homebody's own files, in which no skill writes.",
            "Name a file in a folder of your own.",
            "refused",
        )
    return (
        Target(
            label=label,
            listed=argument.name in resolved.listed,
            granted=located.granted or skill.runs != "workshop",
        ),
        located,
    )


def is_ours(path: Path, profile: Sequence[Path]) -> bool:
    """Say whether a path without links lies in the profile, whatever way that is written."""
    if any(path.is_relative_to(Path(os.path.realpath(folder))) for folder in profile):
        return True
    # By another name: other capitals, where the disk takes them for the same.
    for each in (path, *path.parents):
        for folder in profile:
            with suppress(OSError):
                if each.samefile(folder):
                    return True
    return False
