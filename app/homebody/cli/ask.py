"""`homebody ask TEXT`: one request, one reply."""

import sys
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from homebody.assistant.facts import cut_short, facts
from homebody.assistant.session import Session
from homebody.assistant.turn import Assistant
from homebody.base.errors import BadInput, EngineProblem
from homebody.cli import offers
from homebody.cli.grants import let_in
from homebody.cli.steps import ENDED, can_ask, fail_for, put, refuse, step_line
from homebody.cli.terminal import (
    ReplyView,
    harmless,
    make_console,
    note,
    show_step,
    to_json,
)
from homebody.messages.events import (
    Accepted,
    Done,
    Paused,
    Saved,
    Sending,
    Stepped,
    Stumbled,
    TurnEvent,
    Waiting,
    Written,
)
from homebody.messages.offers import Offer
from homebody.messages.plans import Choice, Question, decision_of
from homebody.messages.reports import AskReport, AskStats, StepReport
from homebody.messages.turns import ModelName, RunRecord, Turn

__all__ = ["answer", "ask", "read_request", "watch"]

_HASH_SECONDS = 0.5
"""How long `--json` waits for the model's hash, the first time a model is used."""


def read_request() -> str:
    """Return what comes on stdin, whatever its encoding claims to be."""
    if sys.stdin is None:
        return ""
    data = sys.stdin.buffer.read()
    text = data.decode("utf-8", "replace")
    if "\ufffd" in text and b"\xef\xbf\xbd" not in data:
        note("The text on stdin is not all UTF-8; what could not be read was replaced.")
    return text.strip()


def ask(
    session: Session,
    request: str,
    *,
    as_json: bool = False,
    skills: bool = True,
    yes: bool = False,
    grants: Sequence[Path] = (),
    remote: str = "",
    consent: str = "",
) -> int:
    """Answer one request in a conversation of its own. Returns the exit status.

    `yes`: say yes, once, to whatever a step asks for; never to what would leave this machine.
    `grants`: folders that skills are let into. `remote`: the provider to ask; `consent`: the hash
    of the one body that may be sent to it without asking first. Raises `HomebodyError` for what
    could not be done, after what could be was printed.
    """
    if not request.strip():
        raise BadInput(
            "There is nothing to answer: the request is empty.",
            'Write it after the command: homebody ask "…", or send it on stdin.',
        )
    if consent and not remote:
        raise BadInput(
            "--consent says yes to a body that would be sent, and nothing is to be sent.",
            "Say where to: --remote NAME.",
        )
    let_in(session, grants)
    conversation = session.store.create_conversation()
    turn = answer(
        session,
        conversation.id,
        request,
        quiet=as_json,
        skills=skills,
        yes=yes,
        remote=remote,
        consent=consent,
    )
    if as_json:
        _print_json(session, turn)
    if turn.offer is None or turn.offer.state != "sent":
        fail_for(turn.steps)
    return 0


def answer(
    session: Session,
    conversation: str,
    request: str,
    *,
    quiet: bool,
    skills: bool = True,
    yes: bool = False,
    remote: str = "",
    consent: str = "",
) -> Turn:
    """Write the reply to stdout as it comes (not if `quiet`); return the turn."""
    plain = quiet or not sys.stdout.isatty()
    assistant = session.assistant
    events = assistant.run(conversation, request, parent=None, skills=skills, remote=remote)
    while True:
        # Closed at once when Ctrl-C or a reader that leaves ends this: then all that came is saved.
        with closing(events):
            turn = _plainly(events, quiet=quiet) if plain else watch(events)
        if turn.state != "waiting":
            break
        if turn.waiting is not None:
            choice, option = _decided(turn.waiting, yes=yes)
            events = assistant.decide(turn.id, choice, option=option)
        elif turn.offer is not None:
            events = _answered(
                assistant, turn.id, turn.offer, asked=bool(remote), consent=consent, quiet=quiet
            )
    if plain and not quiet:
        print(flush=True)
    if sys.stderr.isatty() and not quiet:
        print(facts(turn.run, turn.planned), file=sys.stderr)
    else:
        if turn.planned is not None and turn.planned.planner == "none":
            note("No plan could be made in time, so this is only an answer: nothing was done.")
        if turn.run is not None and (why := cut_short(turn.run)):
            note(f"The reply was cut short: {why}.")
    for line in offers.ending_lines(turn):
        note(line)
    return turn


def _answered(
    assistant: Assistant, turn: str, offer: Offer, *, asked: bool, consent: str, quiet: bool
) -> Generator[TurnEvent]:
    """Go on with what is offered. `asked`: the person named the provider.

    Where nobody can be asked it stays home, unless it was asked for by name: then `BadInput` says
    how to say yes.
    """
    if consent:
        if consent != offer.sha256:
            offers.print_offer(offer)
            raise offers.refuse(offer, "The yes is for another body, so nothing was sent.")
        return assistant.send(turn, consent)
    if can_ask() and not quiet:
        answer = offers.put(offer, sys.stdin.readline)
        return offers.answer_offer(assistant, turn, answer, offer.sha256)
    if not asked:
        return assistant.keep_home(turn)
    if not quiet:
        offers.print_offer(offer)
    raise offers.refuse(offer)


def _decided(question: Question, *, yes: bool) -> tuple[Choice, str]:
    """Return what the person says to a question. Raises `BadInput` where nobody can be asked."""
    if yes and question.reason != "which":
        return "once", ""
    if not can_ask():
        raise refuse(question)
    return put(question, sys.stdin.readline)


def _plainly(events: Iterator[TurnEvent], *, quiet: bool) -> Turn:
    for event in events:
        match event:
            case Written(text=text, reasoning=False) if not quiet:
                sys.stdout.write(harmless(text))
                sys.stdout.flush()
            case Stepped(step=step) if step.state in ENDED and not quiet:
                show_step(step_line(step))
            case Saved(problem=problem) if problem:
                note(problem)
            case Paused(turn=turn):
                return turn
            case Done(turn=turn, problem=problem):
                if problem:
                    note(f"The reply could not be saved. {problem}")
                return turn
            case Stumbled(turn=turn, message=message, hint=hint):
                if turn.reply and not quiet:
                    sys.stdout.write("\n")
                sys.stdout.flush()
                raise EngineProblem(message, hint)
            case Accepted() | Waiting() | _:
                pass
    raise AssertionError


def watch(events: Iterator[TurnEvent]) -> Turn:
    """Show a turn on a terminal until it ends or waits.

    `EngineProblem` if it could not be finished.
    """
    view = ReplyView(make_console())
    thinking = 0
    ending: Done | Paused | Stumbled | None = None
    with view.shown():
        for event in events:
            match event:
                case Waiting() | Sending():
                    view.wait(_status(event))
                case Stepped(step=step) if step.state in ENDED:
                    view.step(step_line(step))
                case Stepped(step=step, done=done) if step.state == "running":
                    view.wait(f"{step.skill}… {f'{done:.0%}' if done else ''}".rstrip())
                case Written(text=text, reasoning=True):
                    thinking += len(text.split())
                    view.wait(f"thinking… {thinking} words")
                case Written(text=text):
                    view.write(text)
                case Saved(problem=problem) if problem:
                    view.say(problem)
                case Done() | Paused() | Stumbled():
                    ending = event
    assert ending is not None
    if isinstance(ending, Stumbled):
        raise EngineProblem(ending.message, ending.hint, "resumable" if ending.resumable else "")
    if ending.problem:
        note(f"The reply could not be saved. {ending.problem}")
    return ending.turn


def _status(event: Waiting | Sending) -> str:
    """Return what is being waited for."""
    match event:
        case Sending(offer=offer):
            return f"sending to {harmless(offer.host)}…"
        case Waiting(what="plan"):
            return "thinking what to do…"
        case Waiting(what="load", done=done):
            return f"loading the model… {done:.0%}"
        case Waiting(done=done):
            return f"reading the conversation… {done:.0%}"


def _print_json(session: Session, turn: Turn) -> None:
    run = turn.run or RunRecord(model=ModelName(session.model.name))
    plan = turn.planned.plan if turn.planned is not None else None
    sha256 = session.hashes.compute(session.model.path, wait=_HASH_SECONDS)
    report = AskReport(
        reply=turn.reply,
        decision="escalate" if run.elsewhere else decision_of(plan),
        model=ModelName(session.model.name, sha256),
        steps=tuple(map(StepReport.of, turn.steps)),
        stats=AskStats.of(run.stats),
        dropped=run.dropped,
        bytes_sent=run.bytes_sent,
    )
    print(to_json(report))
