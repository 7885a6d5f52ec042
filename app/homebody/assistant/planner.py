"""The planner: from a request to a plan that can be run, or to none.

The expert is an adapter for the starter model. It sees a few dozen tokens, writes the short form of
a plan under a grammar made for the request, and stays loaded in an engine process of its own. What
it wrote is read, checked, and told how likely it is right.

A planner never fails its caller: without an engine, or with a plan that cannot be used, the model
that chats just answers, and `Planned.planner` is "none".
"""

import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

from msgspec import Struct
from msgspec.structs import replace

from homebody.assistant.answered import with_question
from homebody.assistant.confidence import (
    Calibration,
    calibrate,
    raw_confidence,
    read_calibration,
)
from homebody.assistant.copied import as_typed
from homebody.assistant.needs import Writes
from homebody.assistant.own_skills import OwnSkillFinder, call, named, written_out
from homebody.assistant.passages import Seen
from homebody.assistant.plan_grammar import grammar_for
from homebody.assistant.plan_lines import ASKED, PlanInvalid, Skills, check, read_line
from homebody.assistant.plan_sense import sensible
from homebody.assistant.plan_writing import PlanWriter, look
from homebody.base.errors import EngineProblem
from homebody.messages.frames import Adapter, Generate, Message, Sampling
from homebody.messages.plans import AnswerPlan, AskPlan, Plan, Planned, SkillsPlan
from homebody.messages.skills import Skill
from homebody.messages.turns import Attachment, Turn

__all__ = ["NOBODY", "TEMPLATE", "Expert", "ExpertPlanner", "Plans", "checked", "find_expert"]

_LOG = logging.getLogger(__name__)

NOBODY: Final = Planned(plan=AnswerPlan(), planner="none")
"""Where no plan could be made: the model that chats answers."""
TEMPLATE: Final = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "<|im_start|>assistant{{ '\\n' }}"
)
"""What stands around a request, at work as in training.

The last line break is written out, because Jinja drops one at a template's end.
"""
_MOST_TOKENS: Final = 128
"""Of a plan; together with the longest request that is still under 1.5 s on two cores."""
_SECONDS: Final = 60.0
"""After which a plan is given up on a machine that is very slow or very busy."""


class Plans(Protocol):
    """Something that plans. Any thread, one request at a time."""

    @property
    def ready(self) -> bool:
        """Say whether a plan could be made at once, without waiting for a model to load."""

    def plan(
        self, request: str, *, attachments: Sequence[Attachment] = (), before: Sequence[Turn] = ()
    ) -> Planned:
        """Return a plan. `before`: the turns of the branch, the oldest first.

        Raises `EngineProblem` of kind "stopped" after `stop`, and nothing else.
        """

    def stop(self) -> None:
        """Give up the plan that is being made, from any thread."""


class Expert(Struct, frozen=True, kw_only=True):
    """The adapter that plans, and how far it can be trusted."""

    adapter: Path
    calibration: Calibration | None = None
    """None: nobody measured, so its plans carry no confidence and count as sure."""


def find_expert(folder: Path) -> Expert | None:
    """Return the expert in `models/experts/planner`; None where there is none."""
    adapter = folder / "adapter.gguf"
    if not adapter.is_file():
        return None
    return Expert(adapter=adapter, calibration=read_calibration(folder / "calibration.json"))


class ExpertPlanner:
    """Plans with the expert. The engine holds the starter model, and nobody else uses it."""

    def __init__(self, engine: Writes, expert: Expert | None, skills: Skills) -> None:
        """`expert`: None lets the bare model write, for comparison and for tests."""
        self._expert = expert
        self._skills = skills
        self._built_in = tuple(skill for skill in skills.all if not skill.own)
        self._own = OwnSkillFinder(skills)
        self._writer = PlanWriter(engine, _SECONDS)

    @property
    def ready(self) -> bool:
        """Say whether the starter model is loaded."""
        return self._writer.ready

    def stop(self) -> None:
        """Give up the plan that is being made."""
        self._writer.stop()

    def plan(
        self, request: str, *, attachments: Sequence[Attachment] = (), before: Sequence[Turn] = ()
    ) -> Planned:
        """Return a plan; see `Plans`."""
        started = time.perf_counter()
        self._writer.begin()
        called = named(request, self._skills)
        if called is None:
            seen = look(request, attachments, before, self._skills)
            planned = self._planned(seen, self._built_in)
            planned = with_question(
                planned, request, attachments, before, lambda s: self._planned(s, self._built_in)
            )
            planned = self._with_own(planned, seen)
        else:
            skill, rest = called
            # Its name stays, as words: that is what such requests look like to the expert.
            words = rest if skill.own else f"{skill.name.replace('_', ' ')} {rest}".strip()
            seen = look(words, attachments, before, self._skills)
            planned = self._called(skill, rest, seen)
        return replace(planned, ms=(time.perf_counter() - started) * 1e3)

    def _called(self, skill: Skill, words: str, seen: Seen) -> Planned:
        """Plan the one skill that the person named."""
        plan = call(skill, seen) if skill.own else written_out(skill, words, self._skills)
        if plan is not None:
            return Planned(plan=plan, planner="named")
        planned = self._planned(seen, (skill,), only=True)
        # The person said which skill: only what it is given can be doubted, and is seen.
        return replace(planned, sure=True)

    def _planned(self, seen: Seen, skills: Sequence[Skill], *, only: bool = False) -> Planned:
        """Have the expert write a plan with these skills; `only`: with nothing else."""
        expert = self._expert
        grammar = grammar_for(seen, skills, only=only)
        if not grammar:
            # Nothing that this skill needs was said.
            return Planned(plan=AskPlan(ASKED["what"]), planner="named")
        request = Generate(
            id=0,
            messages=(Message("user", seen.text),),
            template=TEMPLATE,
            adapters=(Adapter(str(expert.adapter)),) if expert is not None else (),
            grammar=grammar,
            max_tokens=_MOST_TOKENS,
            sampling=Sampling(temperature=0.0),
            logprobs=True,
        )
        try:
            written = self._writer.write(request)
            plan = checked(read_line(written.text, self._skills), seen, self._skills)
        except PlanInvalid:
            # Not why: that may hold words of the request, and the log holds none.
            _LOG.warning("no plan: what was written cannot be used")
            return NOBODY
        except EngineProblem as problem:
            if problem.kind == "stopped":
                raise
            _LOG.warning("no plan: %s", problem.message)
            return NOBODY
        confidence, sure = None, True
        if expert is not None and expert.calibration is not None:
            confidence = calibrate(raw_confidence(written.tokens), expert.calibration.points)
            sure = confidence >= expert.calibration.bar
        return Planned(
            plan=plan, confidence=confidence, sure=sure, planner="expert", line=written.text
        )

    def _with_own(self, planned: Planned, seen: Seen) -> Planned:
        """Offer one of the person's own skills where that is what nothing else can do."""
        if isinstance(planned.plan, SkillsPlan) and planned.sure:
            return planned
        skill = self._own.find(seen)
        if skill is None:
            return planned
        return Planned(plan=call(skill, seen), sure=False, planner="own")


def checked(plan: Plan, seen: Seen, skills: Skills) -> Plan:
    """Return a plan that makes sense, what it copies as it was typed. Raises `PlanInvalid`."""
    plan = as_typed(sensible(plan, seen), seen, skills)
    check(plan, skills, dict.fromkeys(seen.references))
    return plan
