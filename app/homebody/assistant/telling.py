"""What the person is told of steps: what they brought, and what was not done and why."""

from collections.abc import Callable, Sequence

from homebody.assistant.references import steps_in
from homebody.base.errors import SkillProblem
from homebody.messages.plans import Step

__all__ = ["not_done", "told_of"]


def told_of(steps: Sequence[Step], before: int | None = None) -> str:
    """Return the results that no later step takes up, as the reply says them.

    `before`: only those of the steps above this one.
    """
    count = len(steps) if before is None else before
    return "\n\n".join(filter(None, (_told(steps, index) for index in range(count))))


def _told(steps: Sequence[Step], index: int) -> str:
    step = steps[index]
    taken_up = any(index in steps_in(each.given) for each in steps[index + 1 :])
    return "" if step.state != "done" or taken_up else step.said or step.result


def not_done(steps: Sequence[Step], title: Callable[[str], str]) -> str:
    """Return sentences for the steps that failed, were refused or skipped; "" where all was done.

    `title`: from a skill's name to what people call it. Raises `SkillProblem` where a step failed
    and there is nothing else to tell.
    """
    failed = next((step for step in steps if step.state == "failed"), None)
    if failed is not None and not told_of(steps):
        raise SkillProblem(failed.problem, failed.hint, failed.kind or "failed")
    lines = []
    for step in steps:
        if step.state == "failed":
            problem = f"{step.problem} {step.hint}".strip()
            lines.append(f"{title(step.skill)} did not work: {problem}")
        elif step.state == "refused" and step.problem:
            lines.append(f"{title(step.skill)} was not done: {step.problem} {step.hint}".strip())
    refused = [title(step.skill) for step in steps if step.state == "refused" and not step.problem]
    if refused:
        lines.append(f"Not done, because you said no: {', '.join(refused)}.")
    skipped = [title(step.skill) for step in steps if step.state == "skipped"]
    if skipped and lines:
        lines.append(f"Because of that, not done either: {', '.join(skipped)}.")
    return "\n\n".join(lines)
