"""What the model gets to see: the conversation, as far as it fits.

When it no longer fits, the oldest turns are left out, and more of them than strictly needed: then
the beginning of the prompt stays the same for a while, and the engine need not read all of it again
at every turn. What was left out stays left out, and is always named.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from homebody.assistant.needs import Writes
from homebody.assistant.prompt import compose, pieces
from homebody.base.errors import EngineProblem
from homebody.messages.frames import Message
from homebody.messages.turns import Attachment, Turn

__all__ = ["Context", "Fitted"]

_PER_MESSAGE = 8
"""Tokens that a template puts around a message, roughly; the engine counts exactly in the end."""
_REPLY_TOKENS = 1024
_FILL = 0.7
"""How much of the room beside the request the turns may take after some were left out."""
_COUNT_AT_ONCE = 16


@dataclass(frozen=True)
class Fitted:
    """The messages of a prompt, and the ids of the turns that are not among them."""

    messages: tuple[Message, ...]
    dropped: tuple[str, ...]
    kept: int
    """How many earlier turns are among the messages."""
    tokens: int
    """What all of it takes, as far as that can be told before a template is put around it."""


class Context:
    """Fits conversations into one model's context. Remembers how many tokens a turn has."""

    def __init__(self, engine: Writes, system: str = "") -> None:
        self._engine = engine
        self._system = system
        self._counted: dict[tuple[str, int], int] = {}
        # The files of the request that is being written: counted once, asked for at every letter.
        self._pieces: dict[str, int] = {}

    def fit(
        self,
        history: Sequence[Turn],
        request: str,
        size: int,
        drop_more: int = 0,
        attachments: Sequence[Attachment] = (),
    ) -> Fitted:
        """Fit `history` (oldest first) and the request into `size` tokens.

        `drop_more` leaves out so many turns more. Raises `EngineProblem` of kind `overflow` if the
        request alone, its attachments included, is too large.
        """
        turns = [turn for turn in history if turn.reply]
        room = size - min(_REPLY_TOKENS, size // 4)
        own = self._own(pieces(request, attachments), size)
        start = self._first(turns)
        taken = own
        for number, tokens in self._newest_first(turns, start):
            taken += tokens
            if taken > room:
                start = self._cut(turns, own, room, number + 1)
                break
        start = min(start + drop_more, len(turns))
        return Fitted(
            messages=self._messages(turns[start:], compose(request, attachments)),
            dropped=tuple(turn.id for turn in turns[:start]),
            kept=len(turns) - start,
            tokens=own + sum(self.tokens(turns[start:])),
        )

    def _own(self, request: tuple[str, ...], size: int) -> int:
        """Return the tokens of the request and the system's text, or refuse them."""
        # No vocabulary needs fewer than one token for 128 bytes of text that anybody writes; asking
        # the engine about ten million characters that cannot fit would take seconds.
        if sum(len(piece.encode("utf-8", "replace")) for piece in request) > 128 * size:
            raise self._too_large(None, size)
        said, *files = request
        lasting = (self._system, *files)
        known = self._pieces
        unknown = tuple(text for text in lasting if text not in known)
        counted = self._engine.count((said, *unknown))
        known = known | dict(zip(unknown, counted[1:], strict=True))
        # Put in place at once, and only what is wanted now: another thread may be counting too.
        self._pieces = {text: known[text] for text in lasting}
        own = counted[0] + sum(known[text] for text in lasting) + 2 * _PER_MESSAGE
        if own >= size:
            raise self._too_large(own, size)
        return own

    @staticmethod
    def _too_large(tokens: int | None, size: int) -> EngineProblem:
        amount = f"is {tokens:,} tokens" if tokens else "is far larger than that"
        return EngineProblem(
            f"This message alone does not fit: the model's context holds {size:,} tokens, and the "
            f"message {amount}.",
            "Shorten it, or choose a larger context in the settings. Nothing of it is lost.",
            kind="overflow",
        )

    @staticmethod
    def _first(turns: Sequence[Turn]) -> int:
        """Return where the last turn's prompt began: what it left out stays out."""
        if not turns or turns[-1].run is None:
            return 0
        out = set(turns[-1].run.dropped)
        # What is left out is all that is older: the record names only the newest of it.
        return max((number for number, turn in enumerate(turns) if turn.id in out), default=-1) + 1

    def _newest_first(self, turns: Sequence[Turn], start: int) -> Iterator[tuple[int, int]]:
        """Yield (number, tokens) from the last turn back to `start`, counting as it is asked."""
        for end in range(len(turns), start, -_COUNT_AT_ONCE):
            begin = max(start, end - _COUNT_AT_ONCE)
            counts = self.tokens(turns[begin:end])
            yield from zip(range(end - 1, begin - 1, -1), reversed(counts), strict=True)

    def _cut(self, turns: Sequence[Turn], own: int, room: int, begin: int) -> int:
        """Return where to begin so that the turns take a part of the room only.

        Those from `begin` on fit, so the newest of them is kept however large it is.
        """
        taken, first = 0, len(turns)
        for number in range(len(turns) - 1, begin - 1, -1):
            taken += self.tokens(turns[number : number + 1])[0]
            if taken > (room - own) * _FILL and first < len(turns):
                break
            first = number
        return first

    def tokens(self, turns: Sequence[Turn]) -> list[int]:
        """Return the tokens of turns, asking the engine once about those that are new."""
        unknown = [turn for turn in turns if (turn.id, len(turn.reply)) not in self._counted]
        if unknown:
            texts = [
                text
                for turn in unknown
                for text in (compose(turn.request, turn.attachments), turn.reply)
            ]
            counts = self._engine.count(texts)
            for place, turn in enumerate(unknown):
                total = counts[2 * place] + counts[2 * place + 1] + 2 * _PER_MESSAGE
                self._counted[turn.id, len(turn.reply)] = total
        return [self._counted[turn.id, len(turn.reply)] for turn in turns]

    def _messages(self, turns: Sequence[Turn], request: str) -> tuple[Message, ...]:
        messages = [Message("system", self._system)] if self._system else []
        for turn in turns:
            said = compose(turn.request, turn.attachments)
            messages += [Message("user", said), Message("assistant", turn.reply)]
        return (*messages, Message("user", request))
