"""The turns of a conversation in order, and how tall each of them is or may be."""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import structs

from homebody.ui.states import TurnRow
from homebody.ui.transcript.heights import Heights

__all__ = ["Rows"]


class Rows:
    """Turns by their number and their id, with a height each, in pixels."""

    def __init__(self, rows: Sequence[TurnRow] = (), *, width: int = 720, scale: float = 1) -> None:
        self._rows: list[TurnRow] = []
        self._numbers: dict[str, int] = {}
        self.heights = Heights()
        self.pending: dict[str, list[tuple[str, bool]]] = {}
        """What was written and is not drawn yet."""
        self.width = width
        """Of a turn, in pixels: for guessing heights."""
        self.scale = scale
        """Of the text: 1.0 is 100 %."""
        self.append(rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, number: int) -> TurnRow:
        """Return a turn by its number."""
        return self._rows[number]

    def __contains__(self, turn: object) -> bool:
        return turn in self._numbers

    def __iter__(self) -> Iterator[TurnRow]:
        return iter(self._rows)

    def number(self, turn: str) -> int:
        """Return the number of a turn that is here, from 0."""
        return self._numbers[turn]

    def append(self, rows: Sequence[TurnRow]) -> None:
        """Add turns at the end."""
        begin = len(self._rows)
        self._numbers |= {row.id: begin + number for number, row in enumerate(rows)}
        self._rows += rows
        self.heights.append(self._guess(rows))

    def prepend(self, rows: Sequence[TurnRow]) -> None:
        """Add turns before the first one, in linear time."""
        self._rows[:0] = rows
        self._numbers = {row.id: number for number, row in enumerate(self._rows)}
        self.heights.prepend(self._guess(rows))

    def drop(self, first: str) -> list[str]:
        """Drop a turn and all after it, and return their ids; none if it is not here."""
        begin = self._numbers.get(first, len(self._rows))
        dropped = [row.id for row in self._rows[begin:]]
        for turn in dropped:
            del self._numbers[turn]
            self.pending.pop(turn, None)
        del self._rows[begin:]
        self.heights.truncate(begin)
        return dropped

    def put(self, row: TurnRow) -> None:
        """Give a turn new content. While it is live, what was written is not taken back."""
        number = self._numbers[row.id]
        old = self._rows[number]
        if row.live and old.reply.startswith(row.reply):
            row = structs.replace(row, reply=old.reply)
        if row.live and old.reasoning.startswith(row.reasoning):
            row = structs.replace(row, reasoning=old.reasoning)
        self._rows[number] = row

    def write(self, turn: str, text: str, *, reasoning: bool) -> None:
        """Keep text for a turn that is here, until it is taken."""
        self.pending.setdefault(turn, []).append((text, reasoning))

    def take(self, turn: str) -> list[tuple[TurnRow, str, bool]]:
        """Add to a turn what is kept for it: the turn then, what is new, and if it is reasoning."""
        parts = self.pending.pop(turn, [])
        taken = []
        for reasoning in (True, False):
            text = "".join(text for text, which in parts if which is reasoning)
            if text:
                row = self._rows[self._numbers[turn]]
                if reasoning:
                    row = structs.replace(row, reasoning=row.reasoning + text)
                else:
                    row = structs.replace(row, reply=row.reply + text)
                self._rows[self._numbers[turn]] = row
                taken.append((row, text, reasoning))
        return taken

    def between(self, top: int, end: int) -> range:
        """Return the numbers of the turns from one height to another."""
        if not self._rows:
            return range(0)
        return range(self.heights.at(top), self.heights.at(end) + 1)

    def guess_again(self, turn: str) -> None:
        """Guess the height of a turn that is not seen and has other content now."""
        number = self._numbers[turn]
        self.heights.set(number, self._guess([self._rows[number]])[0])

    def _guess(self, rows: Iterable[TurnRow]) -> list[int]:
        """Return how tall turns may be, from how much is written in them."""
        line = 21 * self.scale
        base = int(120 * self.scale)
        step, question = int(28 * self.scale), int(180 * self.scale)
        # Each new line costs half of one more: the last one of a paragraph is short.
        character, new_line = line * 7 * self.scale / self.width, line / 2
        return [
            base
            + len(row.steps) * step
            + (question if row.waits else 0)
            + int(
                (len(row.request) + len(row.reply)) * character
                + (row.reply.count("\n") + row.request.count("\n")) * new_line
            )
            for row in rows
        ]
