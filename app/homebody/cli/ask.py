"""`homebody ask TEXT`: one request, one reply."""

import sys
from collections.abc import Iterator
from contextlib import closing

from homebody.assistant.facts import cut_short, facts
from homebody.assistant.session import Session
from homebody.base.errors import BadInput, EngineProblem
from homebody.cli.terminal import (
    ReplyView,
    harmless,
    make_console,
    note,
    to_json,
)
from homebody.messages.events import Accepted, Done, Saved, Stumbled, TurnEvent, Waiting, Written
from homebody.messages.reports import AskReport, AskStats
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


def ask(session: Session, request: str, *, as_json: bool = False) -> int:
    """Answer one request in a conversation of its own. Returns the exit status."""
    if not request.strip():
        raise BadInput(
            "There is nothing to answer: the request is empty.",
            'Write it after the command: homebody ask "…", or send it on stdin.',
        )
    conversation = session.store.create_conversation()
    turn = answer(session, conversation.id, request, quiet=as_json)
    if as_json:
        _print_json(session, turn)
    return 0


def answer(session: Session, conversation: str, request: str, *, quiet: bool) -> Turn:
    """Write the reply to stdout as it comes (not if `quiet`); return the turn."""
    plain = quiet or not sys.stdout.isatty()
    # Closed at once when Ctrl-C or a reader that leaves ends this: then all that came is saved.
    with closing(session.assistant.run(conversation, request, parent=None)) as events:
        turn = _plainly(events, quiet=quiet) if plain else watch(events)
    if sys.stderr.isatty() and not quiet:
        print(facts(turn.run), file=sys.stderr)
    elif turn.run is not None and (why := cut_short(turn.run)):
        note(f"The reply was cut short: {why}.")
    return turn


def _plainly(events: Iterator[TurnEvent], *, quiet: bool) -> Turn:
    for event in events:
        match event:
            case Written(text=text, reasoning=False) if not quiet:
                sys.stdout.write(harmless(text))
                sys.stdout.flush()
            case Saved(problem=problem) if problem:
                note(problem)
            case Done(turn=turn, problem=problem):
                if not quiet:
                    print(flush=True)
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
    """Show a turn on a terminal. `EngineProblem` if it could not be finished."""
    view = ReplyView(make_console())
    thinking = 0
    ending: Done | Stumbled | None = None
    with view.shown():
        for event in events:
            match event:
                case Waiting(what="load", done=done):
                    view.wait(f"loading the model… {done:.0%}")
                case Waiting(what="read", done=done):
                    view.wait(f"reading the conversation… {done:.0%}")
                case Written(text=text, reasoning=True):
                    thinking += len(text.split())
                    view.wait(f"thinking… {thinking} words")
                case Written(text=text):
                    view.write(text)
                case Saved(problem=problem) if problem:
                    view.say(problem)
                case Done() | Stumbled():
                    ending = event
    assert ending is not None
    if isinstance(ending, Stumbled):
        raise EngineProblem(ending.message, ending.hint, "resumable" if ending.resumable else "")
    if ending.problem:
        note(f"The reply could not be saved. {ending.problem}")
    return ending.turn


def _print_json(session: Session, turn: Turn) -> None:
    run = turn.run or RunRecord(model=ModelName(session.model.name))
    sha256 = session.hashes.compute(session.model.path, wait=_HASH_SECONDS)
    report = AskReport(
        reply=turn.reply,
        decision="answer",
        model=ModelName(session.model.name, sha256),
        steps=(),
        stats=AskStats.of(run.stats),
        dropped=run.dropped,
        bytes_sent=run.bytes_sent,
    )
    print(to_json(report))
