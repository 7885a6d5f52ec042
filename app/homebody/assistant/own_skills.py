"""Skills that are named, and the person's own: planned by code.

No expert was trained on the person's own skills. A request that begins with `/name` means that
skill. Where nothing else fits, an own skill is offered, never run unasked, if the request has a
word of its name or title and fits it clearly better than any other skill. There are no other rules.
"""

import re
from typing import Final

from homebody.assistant.candidates import Candidates, words_in
from homebody.assistant.passages import Seen
from homebody.assistant.plan_lines import BETWEEN, PlanInvalid, Skills, check, read_line
from homebody.messages.plans import Plan, PlannedStep, SkillsPlan
from homebody.messages.skills import Skill

__all__ = ["OwnSkillFinder", "call", "named", "written_out"]

_NAMED = re.compile(r"\s*/([a-z][a-z0-9_-]{0,63})(?=\s|$)[ \t]*(.*)", re.DOTALL)
_CLEARLY: Final = 1.5
"""How many times better than any other skill it has to fit."""


def named(request: str, skills: Skills) -> tuple[Skill, str] | None:
    """Return the skill that a request names as `/name`, and the words after it."""
    found = _NAMED.fullmatch(request)
    if found is None:
        return None
    skill = skills.find(found[1])
    return (skill, found[2].strip()) if skill is not None else None


def call(skill: Skill, seen: Seen) -> SkillsPlan:
    """Return the plan that hands a request to an own skill, its passage as `$text`."""
    names = [argument.name for argument in skill.arguments]
    given = seen.request or next(iter(seen.references), "")
    return SkillsPlan((PlannedStep(skill.name, dict.fromkeys(names[:1], given)),))


def written_out(skill: Skill, words: str, skills: Skills) -> Plan | None:
    """Return the plan for `/name this | that`: the arguments as they were typed, in their order."""
    if BETWEEN not in words or "\n" in words:
        return None
    try:
        plan = read_line(f"{skill.name} {words}", skills)
        check(plan, skills, {})
    except PlanInvalid:
        # Something else than arguments; the words are planned as any others.
        return None
    return plan


class OwnSkillFinder:
    """Finds the own skill that a request is clearly about."""

    def __init__(self, skills: Skills) -> None:
        self._skills = skills
        self._indexed: tuple[Skill, ...] = ()
        self._candidates: Candidates | None = None

    def _index(self) -> Candidates | None:
        """Return the index of the skills of now, which the person may have changed."""
        every = self._skills.all
        if every is not self._indexed:
            self._indexed = every
            own = any(skill.own for skill in every)
            # Without own skills there is nothing to look for.
            self._candidates = Candidates(every) if own else None
        return self._candidates

    def find(self, seen: Seen) -> Skill | None:
        """Return the own skill that is meant, if one clearly is."""
        candidates = self._index()
        if candidates is None:
            return None
        best = candidates.find(seen.request, 2)
        if not best or not best[0].skill.own:
            return None
        skill = best[0].skill
        if len(best) > 1 and best[0].score < _CLEARLY * best[1].score:
            return None
        names = words_in(f"{skill.name.replace('-', ' ').replace('_', ' ')} {skill.title}")
        return skill if names & words_in(seen.request) else None
