"""What a step is given: its references put in place, and whose words each argument holds."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from msgspec import Struct

from homebody.assistant.answered import together
from homebody.assistant.own_skills import named
from homebody.assistant.passages import Seen, see
from homebody.assistant.plan_lines import Skills, fill, references_in
from homebody.assistant.policy import TARGET_KINDS, Sight, both, joined, sight_of
from homebody.base.errors import SkillProblem
from homebody.messages.plans import AskPlan, Planned, Step
from homebody.messages.skills import Argument, Label, Skill, Value
from homebody.messages.turns import Attachment, Turn

__all__ = [
    "Given",
    "Resolved",
    "argument_meant",
    "given_with",
    "resolve",
    "result_of",
    "seen_of",
    "steps_in",
    "surroundings",
]

_SEARCH: Final = "find_files"
"""The skill whose result is paths, and nothing that a file says."""
_LABELS: Final[Mapping[str, Label]] = {"$text": "tool", "$reply": "model"}


class Given(Struct, frozen=True):
    """What a reference stands for."""

    text: str
    label: Label
    choices: tuple[str, ...] = ()
    """Several of which a target can take only one, such as paths."""


class Resolved(Struct, frozen=True, kw_only=True):
    """The arguments of a step, without references."""

    args: dict[str, Value]
    labels: dict[str, Label]
    listed: frozenset[str]
    """The targets among them that an earlier step listed."""

    @property
    def label(self) -> Label:
        """The least trusted of all."""
        return joined(self.labels.values())


def seen_of(request: str, attachments: Sequence[Attachment], skills: Skills) -> Seen:
    """Return a request as the planner saw it: without the name of an own skill before it."""
    called = named(request, skills)
    words = request
    if called is not None:
        skill, rest = called
        words = rest if skill.own else f"{skill.name.replace('_', ' ')} {rest}".strip()
    return see(words, attachments=attachments)


def given_with(seen: Seen, reply: str | None, *, elsewhere: bool = False) -> dict[str, Given]:
    """Return what `$text`, `$reply`, `$file1`… stand for in a plan for this request.

    `elsewhere`: a model elsewhere wrote the reply, or a part of it.
    """
    values = seen.values if reply is None else seen.values | {"$reply": reply}
    labels = {**_LABELS, "$reply": "elsewhere"} if elsewhere else _LABELS
    return {name: Given(text, labels.get(name, "file")) for name, text in values.items()}


def surroundings(
    turn: Turn, before: Sequence[Turn], planned: Planned, skills: Skills
) -> tuple[dict[str, Given], Sight]:
    """Return what `$text` and its like stand for, and what the planner could see.

    `before`: the turns above, the oldest first.
    """
    last = next((each for each in reversed(before) if each.reply), None)
    reply = last.reply if last is not None else None
    elsewhere = last is not None and last.run is not None and bool(last.run.elsewhere)
    asked = before[-1] if before else None
    if asked is None or asked.planned is None or not isinstance(asked.planned.plan, AskPlan):
        asked = None
    values: dict[str, Given] = {}
    sight = Sight()
    # What answers a question is planned with the request that was asked about.
    for each in filter(None, (asked, turn)):
        seen = seen_of(each.request, each.attachments, skills)
        values |= given_with(seen, reply, elsewhere=elsewhere)
        passage: Literal["none", "first", "later"] = "none"
        if "$text" in seen.values:
            passage = "first" if seen.typed.startswith("$text") else "later"
        here = sight_of(
            planner=planned.planner,
            files=bool(each.attachments),
            has_reply=reply is not None,
            passage=passage,
            beside=seen.typed.replace("$text", " "),
        )
        sight = both(sight, here)
    if planned.with_question:
        whole = together(turn.request, turn.attachments, before)
        values |= {} if whole is None else given_with(whole, reply, elsewhere=elsewhere)
    return values, sight


def result_of(step: Step, whole: str | None = None) -> Given:
    """Return what a finished step is to later ones; `whole`: its result where it was shortened."""
    text, choices = step.result if whole is None else whole, step.choices
    if step.skill == _SEARCH and not choices and text and "\n" not in text:
        # The only thing that it found.
        choices = (text,)
    return Given(text, step.label, choices)


def steps_in(args: Mapping[str, Value]) -> frozenset[int]:
    """Return the earlier steps that arguments refer to, by index from 0."""
    return frozenset(
        int(each[1:]) - 1
        for value in args.values()
        for each in references_in(value)
        if each[1:].isdecimal()
    )


def resolve(
    skill: Skill,
    planned: Mapping[str, Value],
    settled: Mapping[str, Value],
    values: Mapping[str, Given],
) -> Resolved:
    """Return the arguments of a step of `skill`.

    `settled`: those that the person chose, in place of what was planned. Raises `SkillProblem`: of
    kind "unclear" where a target is one of several.
    """
    args: dict[str, Value] = {}
    labels: dict[str, Label] = {}
    listed: set[str] = set()
    for name, value in planned.items():
        if name in settled:
            args[name], labels[name] = settled[name], "person"
            continue
        argument = skill.argument(name)
        known = _known(value, values)
        labels[name] = joined(each.label for each in known.values())
        one = next(iter(known.values()), None)
        if argument is not None and one is not None and argument.kind in TARGET_KINDS:
            args[name] = _target(argument, value, known)
            if args[name] in one.choices:
                listed.add(name)
        else:
            args[name] = fill(value, {each: given.text for each, given in known.items()})
    return Resolved(args=args, labels=labels, listed=frozenset(listed))


def _known(value: Value, values: Mapping[str, Given]) -> dict[str, Given]:
    """Return what the references in a value stand for; `SkillProblem` if one does not exist."""
    known = {}
    for each in references_in(value):
        if each not in values:
            raise SkillProblem(
                f"The plan refers to {each}, and there is no such thing.",
                "Say the request in other words.",
                "arguments",
            )
        known[each] = values[each]
    return known


def _target(argument: Argument, value: Value, known: Mapping[str, Given]) -> Value:
    """Return the one file or folder that a value with references names."""
    if isinstance(value, str) and value in known:
        choices = known[value].choices
        if len(choices) > 1:
            raise SkillProblem(
                f"{len(choices)} things were found; only one can be the {argument.name}.",
                "Choose one.",
                "unclear",
                choices=choices,
            )
        if choices:
            return choices[0]
    text = str(fill(value, {each: given.text for each, given in known.items()})).strip()
    if not text or "\n" in text:
        what = "file" if argument.kind == "path" else "folder"
        raise SkillProblem(
            f"What came before is not the name of a {what}.",
            "Name it in the request.",
            "arguments",
        )
    return text


def argument_meant(skill: Skill, args: Mapping[str, Value], options: Sequence[str]) -> str:
    """Return which argument `options` are for: the target, or what they say more of."""
    for argument in skill.arguments:
        if argument.kind in TARGET_KINDS:
            return argument.name
    for name, value in args.items():
        said = str(value).casefold().strip()
        if said and any(said in option.casefold() for option in options):
            return name
    return skill.arguments[0].name
