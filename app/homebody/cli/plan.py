"""`homebody plan TEXT | --jsonl`: what would be done for a request. Nothing is run."""

import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Struct

from homebody.assistant.answered import together
from homebody.assistant.passages import Seen, values_for
from homebody.assistant.plan_lines import PlanInvalid, Skills, read_line, resolve
from homebody.assistant.planner import Plans
from homebody.base.errors import BadInput, HomebodyError
from homebody.messages.plans import Plan, Planned, PlanReport
from homebody.messages.turns import Attachment, Turn

__all__ = ["PlanRequest", "plan", "plan_lines"]

_LONGEST = 64 * 1024 * 1024
"""Bytes of a line."""


class PlanRequest(Struct, frozen=True, kw_only=True):
    """A line for `homebody plan --jsonl`; what else a line has is not looked at."""

    text: str
    id: str | int | None = None
    reply: str | None = None
    """The last answer, which `$reply` stands for."""
    last: str | dict[str, Any] | None = None
    """The plan before this one: as it was printed, or in its short form."""
    files: tuple[str | Attachment, ...] | None = None
    """Names of attached files, or {"name","text"}."""


def plan(planner: Plans, text: str) -> int:
    """Print the plan for one request. Returns the exit status."""
    if not text.strip():
        raise BadInput(
            "There is nothing to plan: the request is empty.",
            'Write it after the command: homebody plan "…".',
        )
    _print(_report(None, planner.plan(text), text))
    return 0


def plan_lines(planner: Plans, skills: Skills, lines: Iterable[bytes]) -> int:
    """Print a plan for each line as it comes; a line that cannot be used gets an `error`."""
    for line in lines:
        if line.strip():
            _print(_plan_line(planner, skills, line))
    return 0


def _plan_line(planner: Plans, skills: Skills, line: bytes) -> PlanReport:
    name = None
    try:
        if len(line) > _LONGEST:
            raise BadInput(f"The line is longer than {_LONGEST // 1024**2} MB.")
        name = _id_of(line)
        wish = msgspec.json.decode(line, type=PlanRequest)
        if not wish.text.strip():
            raise BadInput("The request is empty.")
        files = tuple(
            each if isinstance(each, Attachment) else Attachment(each, "")
            for each in wish.files or ()
        )
        before = (_turn_before(wish, skills),) if wish.reply or wish.last else ()
        planned = planner.plan(wish.text, attachments=files, before=before)
    except HomebodyError as problem:
        return _refused(name, problem.message)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        return _refused(name, f"This line is no request: {error}.")
    together_with = together(wish.text, files, before) if planned.with_question else None
    return _report(name, planned, wish.text, together_with)


def _id_of(line: bytes) -> str | int | None:
    """Return the id of a line, also of one that is otherwise wrong."""
    found = msgspec.json.decode(line)
    name = found.get("id") if isinstance(found, dict) else None
    return name if isinstance(name, str | int) else None


def _turn_before(wish: PlanRequest, skills: Skills) -> Turn:
    """Return a turn as it would stand before this request."""
    last = None
    try:
        if isinstance(wish.last, str):
            if wish.last.strip():
                last = read_line(wish.last.replace(" ; ", "\n"), skills)
        elif wish.last is not None:
            last = msgspec.convert(wish.last, type=Plan)
    except (PlanInvalid, msgspec.ValidationError) as error:
        raise BadInput(f"`last` is no plan: {error}") from None
    return Turn(
        id="",
        conversation="",
        parent=None,
        request="",
        reply=wish.reply or "",
        state="done",
        created=datetime.now(UTC),
        planned=Planned(plan=last) if last is not None else None,
    )


def _report(
    name: str | int | None, planned: Planned, text: str, seen: Seen | None = None
) -> PlanReport:
    """Return what is printed; `seen`: how the request looked with the one that it completes."""
    values = values_for(text) if seen is None else seen.values
    # A passage belongs to the request and is shown; what only exists later stays as it is named.
    passage = {key: value for key, value in values.items() if key == "$text"}
    return PlanReport(
        id=name,
        plan=resolve(planned.plan, passage),
        confidence=None if planned.confidence is None else round(planned.confidence, 4),
        ms=round(planned.ms, 1),
    )


def _refused(name: str | int | None, why: str) -> PlanReport:
    return PlanReport(id=name, plan=None, confidence=None, ms=0.0, error=why)


def _print(report: PlanReport) -> None:
    sys.stdout.write(msgspec.json.encode(report).decode() + "\n")
    sys.stdout.flush()
