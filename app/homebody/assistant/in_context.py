"""Planning by a larger model, which is told in its prompt what skills there are.

It answers in its own chat format with a plan as JSON, under the same kind of grammar as the expert:
copied words, existing references, nothing invented. Of many skills only those that the request's
words point to are shown, so that the person's own skills work at once.
"""

import json
import logging
import time
from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec.structs import replace

from homebody.assistant.answered import with_question
from homebody.assistant.candidates import Candidates
from homebody.assistant.needs import Writes
from homebody.assistant.own_skills import call, named, written_out
from homebody.assistant.passages import Seen
from homebody.assistant.plan_grammar import grammar_for
from homebody.assistant.plan_lines import (
    ASKED,
    ESCALATED,
    PlanInvalid,
    Skills,
    read_line,
    write_line,
)
from homebody.assistant.plan_writing import PlanWriter, look
from homebody.assistant.planner import NOBODY, checked
from homebody.base.errors import EngineProblem
from homebody.messages.frames import Generate, Message, Sampling
from homebody.messages.plans import AskPlan, EscalatePlan, Plan, Planned, SkillsPlan
from homebody.messages.skills import Argument, Skill
from homebody.messages.turns import Attachment, Turn

__all__ = ["SHOWN", "InContextPlanner", "prompt_for", "read_json"]

_LOG = logging.getLogger(__name__)

SHOWN: Final = 24
"""Skills in a prompt. Up to so many all are shown, always in one order: then the engine has read
most of the prompt before."""
_MOST_TOKENS: Final = 400
_SECONDS: Final = 60.0

_EXPLAINED: Final = """\
You plan what an assistant does for a request. Reply with one JSON object and nothing else:
{"do":"answer"} where no skill below is needed: chat, knowledge, opinions, questions about words.
{"do":"ask","question":"…"} where something needed is missing: a text, a file, a time.
{"do":"skills","steps":[{"skill":"…","args":{…}}]} with 1 to 5 steps otherwise.
{"do":"escalate","reason":""} only where the person wants a bigger model elsewhere.
Copy arguments from the request word by word. Dates, places, units and languages stay as they were
said. Leave out optional arguments that were not named. In their place may stand: $1, $2 for the
result of an earlier step, $text for the text in the request, $reply for the last answer, $file1 for
an attached file. Two places or two reminders are two steps."""
_EXAMPLES: Final = (
    (
        "make notes.md sound friendlier and save it as notes2.md",
        '{"do":"skills","steps":[{"skill":"read_file","args":{"path":"notes.md"}},'
        '{"skill":"rewrite","args":{"text":"$1","style":"friendly"}},'
        '{"skill":"write_file","args":{"path":"notes2.md","text":"$2"}}]}',
    ),
    ("translate this", '{"do":"ask","question":"Which text should I translate?"}'),
    ("what does 'summarize' mean?", '{"do":"answer"}'),
    ("let the big online model do this one", '{"do":"escalate","reason":""}'),
)


def prompt_for(seen: Seen, skills: Sequence[Skill]) -> str:
    """Return what a model is told. What is the same for every request comes first."""
    listed = "\n".join(_signature(skill) for skill in skills)
    examples = "\n".join(f"Request: {request}\n{plan}" for request, plan in _EXAMPLES)
    return f"{_EXPLAINED}\n\nSkills:\n{listed}\n\nExamples:\n{examples}\n\nRequest: {seen.text}"


def read_json(text: str, skills: Skills) -> Plan:
    """Return the plan that a JSON object is. Raises `PlanInvalid`."""
    try:
        plan = msgspec.json.decode(text.strip(), type=Plan)
    except (msgspec.DecodeError, UnicodeError):
        raise PlanInvalid("The plan is not JSON.") from None
    if isinstance(plan, SkillsPlan):
        # By way of the short form, so that numbers, lists and defaults become what they are.
        return read_line(write_line(plan, skills), skills)
    if isinstance(plan, AskPlan):
        return AskPlan(" ".join(plan.question.split()))
    return EscalatePlan(ESCALATED) if isinstance(plan, EscalatePlan) else plan


class InContextPlanner:
    """Plans with the model that chats. See `planner.Plans`."""

    def __init__(self, engine: Writes, skills: Skills, *, name: str) -> None:
        """`name`: the model's, as `Planned.planner` tells it."""
        self._skills, self._name = skills, name
        self._indexed: tuple[Skill, ...] = ()
        self._candidates = Candidates(())
        self._writer = PlanWriter(engine, _SECONDS)

    @property
    def ready(self) -> bool:
        """Say whether the model is loaded."""
        return self._writer.ready

    def stop(self) -> None:
        """Give up the plan that is being made."""
        self._writer.stop()

    def plan(
        self, request: str, *, attachments: Sequence[Attachment] = (), before: Sequence[Turn] = ()
    ) -> Planned:
        """Return a plan; see `planner.Plans`."""
        started = time.perf_counter()
        self._writer.begin()
        called = named(request, self._skills)
        if called is None:
            seen = look(request, attachments, before, self._skills)
            planned = with_question(
                self._planned(seen, self._shown(seen)),
                request,
                attachments,
                before,
                lambda together: self._planned(together, self._shown(together)),
            )
        else:
            planned = self._called(*called, attachments, before)
        return replace(planned, ms=(time.perf_counter() - started) * 1e3)

    def _called(
        self, skill: Skill, words: str, attachments: Sequence[Attachment], before: Sequence[Turn]
    ) -> Planned:
        """Plan the one skill that the person named."""
        if skill.own:
            seen = look(words, attachments, before, self._skills)
            return Planned(plan=call(skill, seen), planner="named")
        plan = written_out(skill, words, self._skills)
        if plan is not None:
            return Planned(plan=plan, planner="named")
        seen = look(f"{skill.title}: {words}", attachments, before, self._skills)
        return self._planned(seen, (skill,), only=True)

    def _shown(self, seen: Seen) -> tuple[Skill, ...]:
        """Return the skills that the model is told of."""
        every = self._skills.all
        if len(every) <= SHOWN:
            return every
        if every is not self._indexed:
            self._indexed, self._candidates = every, Candidates(every)
        return tuple(each.skill for each in self._candidates.find(seen.text, SHOWN))

    def _planned(self, seen: Seen, skills: Sequence[Skill], *, only: bool = False) -> Planned:
        grammar = grammar_for(seen, skills, form="json", only=only)
        if not grammar:
            return Planned(plan=AskPlan(ASKED["what"]), planner="named")
        request = Generate(
            id=0,
            messages=(Message("user", prompt_for(seen, skills)),),
            grammar=grammar,
            max_tokens=_MOST_TOKENS,
            sampling=Sampling(temperature=0.0),
        )
        try:
            written = self._writer.write(request)
            plan = checked(read_json(written.text, self._skills), seen, self._skills)
        except PlanInvalid:
            # Not why: that may hold words of the request, and the log holds none.
            _LOG.warning("no plan: what was written cannot be used")
            return NOBODY
        except EngineProblem as problem:
            if problem.kind == "stopped":
                raise
            _LOG.warning("no plan: %s", problem.message)
            return NOBODY
        return Planned(plan=plan, planner=self._name, line=write_line(plan, self._skills))


def _signature(skill: Skill) -> str:
    """Return a skill as one line: `rewrite(text, style) Say a text differently: …`."""
    arguments = ", ".join(_argument(each) for each in skill.arguments)
    return f"{skill.name}({arguments}) {skill.description}"


def _argument(argument: Argument) -> str:
    choices = f": {'|'.join(argument.choices)}" if argument.choices else ""
    default = "" if argument.default is None else f"={json.dumps(argument.default)}"
    return f"{argument.name}{choices}{default}"
