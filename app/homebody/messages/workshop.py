"""Frames between the front end and the workshop, the child that runs skills which touch files.

The workshop serves one `run_skill` at a time. It is given its folders when it starts, before its
first skill, and can open nothing else; another folder means another workshop.
"""

from homebody.messages.frames import Beat, Frame, Hello
from homebody.messages.skills import Grant, Outcome, SkillFailure, Value

__all__ = [
    "FromWorkshop",
    "Open",
    "Opened",
    "RunSkill",
    "SkillFailed",
    "SkillRan",
    "SkillStarted",
    "ToWorkshop",
]


class Open(Frame, frozen=True, tag="open"):
    """The first frame to a workshop: these folders, and no others, for its whole life."""

    id: int
    grants: tuple[Grant, ...] = ()
    places: tuple[str, ...] = ()
    """Folders in which a bare name is looked up, in this order."""
    memory: int = 0
    """Bytes that it may take at most; 0: no limit."""


class Opened(Frame, frozen=True, tag="opened"):
    """Locked and ready."""

    id: int
    locks: tuple[str, ...] = ()
    """The layers that hold now."""


class RunSkill(Frame, frozen=True, kw_only=True, tag="run_skill"):
    """Run a skill; `args` hold no references.

    Answered by `skill_started`, then `skill_ran` or `skill_failed`; by the last alone where it
    cannot be loaded.
    """

    id: int
    skill: str
    args: dict[str, Value]
    zone: str = ""
    """The person's time zone, such as "Europe/Rome"; empty: the system's."""


class SkillStarted(Frame, frozen=True, tag="skill_started"):
    """What the skill needs is loaded; it runs from now on."""

    id: int


class SkillRan(Frame, frozen=True, kw_only=True, tag="skill_ran"):
    """It went well."""

    id: int
    outcome: Outcome


class SkillFailed(Frame, frozen=True, kw_only=True, tag="skill_failed"):
    """It did not; the workshop lives on."""

    id: int
    kind: SkillFailure
    message: str
    hint: str = ""
    choices: tuple[str, ...] = ()


ToWorkshop = Open | RunSkill
FromWorkshop = Hello | Beat | Opened | SkillStarted | SkillRan | SkillFailed
