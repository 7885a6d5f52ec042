"""Steps and questions in words, for a terminal."""

import sys
from collections.abc import Callable, Sequence
from typing import Final

from homebody.assistant.questions import line_of
from homebody.base.errors import BadInput, SkillProblem
from homebody.cli.terminal import PROMPT, harmless
from homebody.messages.plans import Choice, Question, Step, StepState

__all__ = [
    "ENDED",
    "answer_keys",
    "can_ask",
    "fail_for",
    "put",
    "question_text",
    "refuse",
    "step_line",
]

ENDED: Final[tuple[StepState, ...]] = ("done", "failed", "refused", "skipped")
"""States in which a step is shown as a line."""
_DETAILS = 4_000
"""Characters of what would be written that are shown; the window shows all of it."""
_SHORT_PATH = 60

Answer = tuple[Choice, str]
"""A choice, and the option where it is asked which."""


def step_line(step: Step) -> str:
    """Return a step that ended as a line: what ran, with what, how long, or why not."""
    words = line_of(step.args or step.given)
    parts = [f"▸ {step.skill}", words, _ended(step)]
    return " ".join("  ".join(filter(None, parts)).split("\n"))


def _ended(step: Step) -> str:
    match step.state:
        case "done":
            return _time(step.ms)
        case "failed":
            return f"failed: {step.problem}"
        case "refused":
            return f"not done: {step.problem or 'you said no'}"
        case "skipped":
            return "skipped"
        case _:
            return step.state


def _time(milliseconds: float | None) -> str:
    if milliseconds is None:
        return ""
    return f"{milliseconds:.0f} ms" if milliseconds < 1000 else f"{milliseconds / 1e3:.1f} s"


def fail_for(steps: Sequence[Step]) -> None:
    """Raise `SkillProblem` for the first step that went wrong, if any did.

    A step that the person said no to went as they wanted.
    """
    for step in steps:
        if step.state == "failed" or (step.state == "refused" and step.problem):
            raise SkillProblem(step.problem, step.hint, step.kind or "failed")


# ------------------------------------------------------------------------------ questions


def answer_keys(question: Question) -> dict[str, tuple[Answer, str]]:
    """Return the keys that answer a question, each with its answer and what it means."""
    if question.reason == "which":
        keys: dict[str, tuple[Answer, str]] = {
            str(number): (("once", option), option)
            for number, option in enumerate(question.options, 1)
        }
        return keys | {"n": (("no", ""), "none of them")}
    words: dict[Choice, tuple[str, str]] = {
        "once": ("y", "yes, once"),
        "always": ("a", f"always in {_tail(question.folder)}"),
        "no": ("n", "no"),
        "answer": ("j", "never mind, just answer"),
    }
    # The last is always possible; see `Assistant.decide`.
    choices = [choice for choice in words if choice in {*question.choices, "answer"}]
    return {words[choice][0]: ((choice, ""), words[choice][1]) for choice in choices}


def _tail(folder: str) -> str:
    return folder if len(folder) <= _SHORT_PATH else f"…{folder[-_SHORT_PATH + 1 :]}"


def question_text(question: Question) -> str:
    """Return a question as lines: what would happen, with what, and the keys that answer."""
    lines = [question.sentence]
    if question.details:
        shown = question.details[:_DETAILS]
        lines += [f"  │ {line}" for line in shown.splitlines()]
        if left := len(question.details) - len(shown):
            lines.append(f"  │ … and {left:,} more characters")
    keys = answer_keys(question)
    if question.reason == "which":
        lines += [f"  {key}  {meaning}" for key, (_, meaning) in keys.items()]
    else:
        lines.append("  " + " · ".join(f"[{key}] {meaning}" for key, (_, meaning) in keys.items()))
    return harmless("\n".join(lines))


def can_ask() -> bool:
    """Say whether somebody sits at this terminal who can be asked."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()


def put(question: Question, read: Callable[[], str]) -> Answer:
    """Ask until one of the keys comes. `read`: a line; "" at the end of input.

    Raises `BadInput` where there is no answer; the turn then waits on.
    """
    print(question_text(question), file=sys.stderr, flush=True)
    keys = answer_keys(question)
    while True:
        print(PROMPT, end="", file=sys.stderr, flush=True)
        line = read()
        if not line:
            raise BadInput("There was no answer, so nothing was done.", "Ask again.")
        found = keys.get(line.strip().lower()[:2])
        if found is not None:
            return found[0]
        print(f"Type one of {', '.join(keys)}.", file=sys.stderr)


def refuse(question: Question) -> BadInput:
    """Return why a question ends a command that nobody can be asked in."""
    match question.reason:
        case "which":
            options = "; ".join(question.options)
            return BadInput(f"{question.sentence} {options}", "Name one of them in full.")
        case "unsure":
            plan = "; ".join(question.details.splitlines())
            return BadInput(
                f"Homebody is not sure that this is what you want: {plan}.",
                "Say it more exactly, add --yes to do it, or --no-skills to have it only answered.",
            )
        case "folder":
            return BadInput(
                f"This needs your yes. {question.sentence}",
                f"Add --grant {question.folder!r} to let skills into that folder for this run, "
                "or --yes to say yes to whatever is asked.",
            )
        case _:
            return BadInput(
                f"This needs your yes. {question.sentence}",
                "Add --yes to say yes to whatever is asked, or run it in a terminal.",
            )
