"""`homebody selftest`: one prompt through the whole app, in a profile that is thrown away."""

import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from homebody.assistant.facts import facts
from homebody.assistant.session import Session
from homebody.base.errors import EngineProblem, HomebodyError, StoreProblem
from homebody.base.paths import Home
from homebody.cli.terminal import harmless
from homebody.messages.events import Done, Stumbled
from homebody.messages.turns import Turn

__all__ = ["selftest"]

_REQUEST = "What is the capital of Japan?"
_EXPECTED = "Tokyo"


def selftest(open_session: Callable[[Home], AbstractContextManager[Session]]) -> int:
    """Ask, check the reply and that it was saved. Returns 0, or raises the named cause."""
    with tempfile.TemporaryDirectory(prefix="homebody-selftest-") as folder:
        root = Path(folder)
        home = Home(data=root, config=root, state=root)
        with open_session(home) as session:
            if not session.store.on_disk:
                raise StoreProblem("A profile could not be created.", " ".join(session.notices))
            conversation = session.store.create_conversation()
            turn = _ask(session, conversation.id)
            kept = session.store.turn(turn.id)
        if kept.reply != turn.reply or kept.state != "done":
            raise StoreProblem("The reply was not saved as it was given.", "Please report this.")
    print(f"asked: {_REQUEST}")
    print(f"reply: {harmless(turn.reply)}")
    print(f"{session.model.name} · {facts(turn.run)}")
    print("everything works")
    return 0


def _ask(session: Session, conversation: str) -> Turn:
    ending = None
    for ending in session.assistant.run(conversation, _REQUEST, parent=None):  # noqa: B007
        pass
    if isinstance(ending, Stumbled):
        raise EngineProblem(ending.message, ending.hint)
    assert isinstance(ending, Done)
    if _EXPECTED not in ending.turn.reply:
        raise HomebodyError(
            f"The model answered {harmless(ending.turn.reply[:200])!r} to {_REQUEST!r}.",
            "The model or the engine's build is broken; install Homebody again.",
        )
    return ending.turn
