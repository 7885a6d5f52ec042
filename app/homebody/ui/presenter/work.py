"""From steps and questions of the core to what a turn shows of them, and back to arguments."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Final

from homebody.base.errors import BadInput
from homebody.messages.plans import (
    AskPlan,
    Choice,
    EscalatePlan,
    Planned,
    Question,
    SkillsPlan,
    Step,
    StepState,
)
from homebody.messages.skills import Argument, Skill, Value
from homebody.skills.built_in import BUILT_IN
from homebody.ui.states import Fact
from homebody.ui.words import tr
from homebody.ui.work_states import AnswerButton, AskedCard, StepField, StepRow

__all__ = [
    "arguments_of",
    "asked_card",
    "milliseconds",
    "number_of",
    "plan_facts",
    "step_row",
    "step_rows",
]

_SHORT: Final = 80
"""So much of an argument stands in the line of its step."""
_REFERENCE: Final = re.compile(r"\$(?:\d+|text|reply|file\d+)")
_LONG_KINDS: Final = frozenset({"text", "task"})
_ENDED: Final[frozenset[StepState]] = frozenset({"done", "failed", "refused", "skipped"})
_BUILT_IN: Final = {skill.name: skill for skill in BUILT_IN}


def step_rows(steps: Sequence[Step], *, settled: bool) -> tuple[StepRow, ...]:
    """Return the lines of a turn's steps. `settled`: the turn has ended, or waits."""
    return tuple(step_row(step, settled=settled) for step in steps)


def step_row(step: Step, *, settled: bool = False, done: float | None = None) -> StepRow:
    """Return the line of a step. `done`: how far it has come, 0 to 1."""
    state = step.state
    if settled and state == "running":
        # The app ended while it ran: nobody knows whether it did what it should.
        state = "skipped"
    return StepRow(
        skill=step.skill,
        words=_words(step),
        state=state,
        note=_note(step, state, done),
        facts=_facts(step, state),
        result=step.result if state == "done" else "",
        problem=step.problem if state != "done" else "",
        hint=step.hint if state != "done" else "",
        fields=_fields(step) if settled else (),
        can_rerun=settled and state in _ENDED,
    )


def _words(step: Step) -> str:
    """Return the arguments in short. What came from another step stands below that one."""
    values = step.args or step.given
    own = [
        _short(value)
        for name, value in values.items()
        if not _REFERENCE.fullmatch(_text(step.given.get(name, "")))
    ]
    parts = [part for part in own if part]
    if not parts and values:
        parts = [_named(next(iter(values.values())))]
    return " · ".join(parts)


def _named(value: Value) -> str:
    """Return what a reference stands for, where it is all that there is to say."""
    words = _short(value)
    if not _REFERENCE.fullmatch(words):
        return f"“{words}”" if words else ""
    name = words.removeprefix("$")
    if name.isdigit():
        return tr("the result of step {number}").format(number=name)
    known = {"text": tr("your text"), "reply": tr("the last answer")}
    return known.get(name, tr("the attached file"))


def _short(value: Value) -> str:
    words = " ".join(_text(value)[: 4 * _SHORT].split())
    return words if len(words) <= _SHORT else f"{words[: _SHORT - 1]}…"


def _text(value: Value) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)


def _note(step: Step, state: StepState, done: float | None) -> str:
    if state == "done":
        return milliseconds(step.ms)
    if state == "running" and done:
        return tr("{percent:.0f} %").format(percent=done * 100)
    if state == "skipped" and step.state == "running":
        return tr("broken off")
    words: dict[StepState, str] = {
        "running": tr("running"),
        "waiting": tr("waits for you"),
        "failed": tr("failed"),
        "refused": tr("you said no"),
        "skipped": tr("left out"),
    }
    return words.get(state, "")


def milliseconds(ms: float | None) -> str:
    """Return how long something took, short."""
    if ms is None:
        return tr("done")
    if ms < 1:
        return tr("under 1 ms")
    if ms < 1000:
        return tr("{ms:.0f} ms").format(ms=ms)
    return tr("{seconds:.1f} s").format(seconds=ms / 1000)


def _facts(step: Step, state: StepState) -> str:
    parts = []
    if state == "done" and step.label in {"file", "clipboard", "model"}:
        parts.append(
            {
                "file": tr("text from a file"),
                "clipboard": tr("text from the clipboard"),
                "model": tr("written by the model"),
            }[step.label]
        )
    if step.tries > 1:
        parts.append(tr("tried {count} times").format(count=step.tries))
    if state == "skipped" and step.state == "running":
        parts.append(
            tr(
                "Homebody ended while this ran. It may have happened; it is not done again "
                "by itself."
            )
        )
    return " · ".join(parts)


# ---------------------------------------------------------------- arguments, there and back


def _fields(step: Step) -> tuple[StepField, ...]:
    skill = _BUILT_IN.get(step.skill)
    declared = skill.arguments if skill is not None else ()
    fields = [_field(each, step.given.get(each.name, each.default or "")) for each in declared]
    known = {each.name for each in declared}
    for name, value in step.given.items():
        if name not in known:
            # A skill of the person's own has one argument, in their words.
            fields.append(StepField(name=name, label=name, value=_text(value), long=True))
    return tuple(fields)


def _field(argument: Argument, value: Value) -> StepField:
    return StepField(
        name=argument.name,
        label=tr(argument.help),
        value=_text(value),
        choices=argument.choices,
        long=argument.kind in _LONG_KINDS,
    )


def arguments_of(skill: str, typed: Mapping[str, str]) -> dict[str, Value]:
    """Return the arguments that were typed. Raises `BadInput` for a number that is none."""
    known = _BUILT_IN.get(skill)
    return {
        name: value
        for name, text in typed.items()
        if (value := _value(known.argument(name) if known is not None else None, text)) is not None
    }


def _value(argument: Argument | None, text: str) -> Value | None:
    """Return a value; None where the default stands."""
    stripped = text.strip()
    if argument is None:
        return text
    if not stripped:
        if argument.default is None:
            raise BadInput(
                tr("This step needs {what}.").format(what=argument.help),
                tr("Fill it in, then run it again."),
            )
        return None
    if argument.kind == "names":
        return [each.strip() for each in stripped.split(",") if each.strip()]
    if argument.kind == "number" and "$" not in stripped:
        return number_of(stripped)
    return text if argument.kind in _LONG_KINDS else stripped


def number_of(typed: str) -> float:
    """Return a number as it was typed, a whole one as an int. Raises `BadInput`."""
    try:
        number = float(typed)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        # Neither can be saved: JSON knows no such numbers.
        raise BadInput(
            tr("“{text}” is not a number.").format(text=typed[:_SHORT]),
            tr("Write it as 12 or 12.5."),
        )
    return int(number) if number.is_integer() else number


# ---------------------------------------------------------------- what is asked


def asked_card(question: Question, steps: Sequence[Step] = ()) -> AskedCard:
    """Return the card for a question."""
    skill = steps[question.step].skill if question.step < len(steps) else ""
    titles = {
        "folder": (
            tr("Let skills change files in {folder}?")
            if question.access == "write"
            else tr("Let skills read in {folder}?")
        ).format(folder=_last(question.folder)),
        "permission": _permission(_BUILT_IN.get(skill)),
        "outside": tr("Is this what you want?"),
        "unsure": tr("Is this what you meant?"),
        "which": tr("Which one?"),
    }
    notes = {
        "outside": tr("What it is done to was named by a text that is not yours."),
        "which": "",
    }
    waits = tr("Your answer is waited for, also after a restart.")
    note = notes.get(question.reason, "")
    return AskedCard(
        title=titles[question.reason],
        sentence=question.sentence,
        details=question.details,
        options=question.options,
        buttons=tuple(_button(each, question) for each in question.choices),
        note=f"{note} {waits}".strip(),
    )


def _last(folder: str) -> str:
    """Return the name of a folder, or its whole path where it has none."""
    return folder.replace("\\", "/").rstrip("/").rpartition("/")[2] or folder


def _permission(skill: Skill | None) -> str:
    titles = {
        "write_file": tr("Write this file?"),
        "open_item": tr("Open this?"),
        "read_clipboard": tr("Read the clipboard?"),
    }
    return titles.get(skill.name if skill is not None else "", tr("Do this?"))


def _button(choice: Choice, question: Question) -> AnswerButton:
    match choice:
        case "once":
            words = tr("Use this one") if question.options else tr("Do it once")
            return AnswerButton("once", words, primary=True)
        case "always":
            words = tr("Always in {folder}").format(folder=_last(question.folder))
            return AnswerButton("always", words, tip=question.folder)
        case "no":
            return AnswerButton("no", tr("No"))
        case "answer":
            return AnswerButton("answer", tr("Never mind, just answer"))


def plan_facts(planned: Planned | None) -> tuple[Fact, ...]:
    """Return the facts about a plan, for the details of its turn."""
    if planned is None:
        return ()
    match planned.plan:
        case SkillsPlan(steps):
            names = ", ".join(step.skill for step in steps)
            decided = tr("Do it with {names}").format(names=names)
        case AskPlan():
            decided = tr("Ask")
        case EscalatePlan():
            decided = tr("A larger model would be better")
        case _:
            decided = tr("Just answer")
    facts = [Fact(tr("Plan"), decided)]
    if planned.confidence is not None:
        facts.append(
            Fact(
                tr("Sure of the plan"),
                tr("{percent:.0f} %").format(percent=100 * planned.confidence),
            )
        )
    if planned.ms:
        facts.append(Fact(tr("Planned in"), milliseconds(planned.ms)))
    return tuple(facts)
