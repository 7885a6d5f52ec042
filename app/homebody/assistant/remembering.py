"""The turns above one, read once while nothing was answered since; and the next prompt's size."""

from collections.abc import Sequence

from homebody.assistant.context import Context
from homebody.assistant.needs import Keeps, Writes
from homebody.base.errors import EngineProblem
from homebody.messages.turns import Attachment, Foreseen, Turn

__all__ = ["Remembering"]


class Remembering:
    """What one assistant remembers of the conversation. Any thread."""

    def __init__(self, store: Keeps, engine: Writes, context: Context) -> None:
        self._store, self._engine, self._context = store, engine, context
        self._ended = 0
        """How many turns were closed here."""
        self._history: tuple[tuple[str, str, int], list[Turn]] | None = None

    def forget(self) -> None:
        """Remember nothing of what was read before: a turn has just changed."""
        self._ended += 1

    def above(self, conversation: str | None, parent: str | None) -> Sequence[Turn]:
        """Return the turns down to `parent`, the oldest first."""
        if conversation is None or parent is None:
            return ()
        # Asked for before reading: what is read while a turn ends is read again next time.
        wanted = (conversation, parent, self._ended)
        known = self._history
        if known is None or known[0] != wanted:
            known = self._history = (wanted, self._store.branch(conversation, parent))
        return known[1]

    def foresee(
        self,
        conversation: str | None,
        request: str,
        parent: str | None,
        attachments: Sequence[Attachment],
    ) -> Foreseen | None:
        """Return what the next prompt would be; see `Assistant.foresee`."""
        loaded = self._engine.loaded
        if loaded is None:
            return None
        history = self.above(conversation, parent)
        try:
            fitted = self._context.fit(history, request, loaded.context, attachments=attachments)
        except EngineProblem as problem:
            if problem.kind == "overflow":
                raise
            return None
        return Foreseen(fitted.tokens, loaded.context, fitted.dropped)
