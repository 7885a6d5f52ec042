"""A turn that is taken up again: after a question was answered, or after it broke off."""

from collections.abc import Sequence

from msgspec.structs import replace

from homebody.assistant.draft import Draft
from homebody.assistant.elsewhere import HERE, told_at_home
from homebody.assistant.plan_lines import Skills
from homebody.assistant.references import argument_meant
from homebody.assistant.telling import told_of
from homebody.base.errors import BadInput
from homebody.messages.offers import Offer
from homebody.messages.plans import Choice, EscalatePlan, Question, SkillsPlan, Step
from homebody.messages.turns import Turn

__all__ = ["answerable", "offered", "settle", "skipped", "stopped", "taken_up", "tell_anew"]


def answerable(turn: Turn, choice: Choice, option: str) -> Question:
    """Return what a turn asks. Raises `BadInput` unless this answers it."""
    question = turn.waiting
    if turn.state != "waiting" or question is None:
        raise BadInput(
            "That turn does not wait for an answer any more.", "Look at how it ended, or ask again."
        )
    if choice not in {*question.choices, "no", "answer"}:
        raise BadInput(
            "That is no answer to this question.",
            f"It can be answered with {', '.join(question.choices)}.",
        )
    if question.reason == "which" and choice == "once" and option not in question.options:
        raise BadInput("That is none of those to choose from.", "Choose one of them.")
    return question


def taken_up(turn: Turn) -> Draft:
    """Return a draft that goes on with a turn.

    One that was to be answered elsewhere first thing is not planned.
    """
    plan = turn.planned.plan if turn.planned is not None else None
    before, here, _ = turn.reply.partition(HERE)
    marked = here and (turn.offer is not None or isinstance(plan, EscalatePlan))
    return Draft(
        turn,
        plans=plan is not None or turn.offer is None,
        reply=turn.reply,
        reasoning=turn.reasoning,
        preface=f"{before}{here}" if marked else "",
        planned=turn.planned,
        steps=turn.steps,
        # An offer because of a plan was made after that question, one that was asked for before it.
        may_be_unsure=turn.offer is None or turn.offer.reason == "asked",
        offer=turn.offer,
        home=told_at_home(turn.offer),
        elsewhere=turn.run.elsewhere if turn.run is not None else "",
        bytes_sent=turn.run.bytes_sent if turn.run is not None else 0,
    )


def offered(turn: Turn) -> Offer:
    """Return the offer that a turn waits with. Raises `BadInput` where it waits with none."""
    if turn.state != "waiting" or turn.waiting is not None or turn.offer is None:
        raise BadInput(
            "That turn does not wait with an offer any more.", "Look at how it ended, or ask again."
        )
    return turn.offer


def tell_anew(draft: Draft) -> None:
    """Begin the reply with what the steps brought; what an unfinished one wrote comes again."""
    if any(step.state in {"planned", "waiting"} for step in draft.steps):
        draft.reply = told_of(draft.steps)


def settle(draft: Draft, question: Question, choice: Choice, option: str, skills: Skills) -> None:
    """Put an answer into the steps of a draft."""
    steps = list(draft.steps)
    if choice == "answer":
        draft.plans = False
        draft.preface = f"{draft.reply}\n\n" if draft.reply else ""
        draft.steps = skipped(steps, "You wanted an answer only.")
        return
    if choice == "no":
        every = question.reason == "unsure"
        steps = [
            replace(step, state="refused") if every or index == question.step else step
            for index, step in enumerate(steps)
        ]
    else:
        draft.approved = question
        if question.reason == "which":
            index = question.step
            steps[index] = _chosen(draft, index, option, question.options, skills)
    draft.steps = tuple(steps)


def _chosen(draft: Draft, index: int, option: str, options: Sequence[str], skills: Skills) -> Step:
    """Return a step with what the person chose."""
    step, plan = draft.steps[index], draft.planned.plan if draft.planned is not None else None
    skill = skills.find(step.skill)
    if not isinstance(plan, SkillsPlan) or skill is None:
        return step
    name = argument_meant(skill, plan.steps[index].args, options)
    return replace(step, state="planned", args={**step.args, name: option})


def stopped(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Return the steps of a turn that was stopped: those that were left are skipped."""
    return tuple(
        replace(step, kind="stopped")
        if step.state == "skipped" and before.state != "skipped"
        else step
        for before, step in zip(steps, skipped(steps, "You stopped it."), strict=True)
    )


def skipped(steps: Sequence[Step], why: str) -> tuple[Step, ...]:
    """Return steps of which those that did not begin never will, and why."""
    return tuple(
        replace(step, state="skipped", args={}, problem=why)
        if step.state in {"planned", "waiting"}
        else step
        for step in steps
    )
