"""Server-sent events, taken apart as they come, within bounds.

Lines end as the other side likes (CR, LF or both), and pieces of what comes may end anywhere, also
inside a character. Comments and names of events are passed over.
"""

import re
from collections.abc import Iterator

__all__ = ["EventLines", "TooLongError"]

_ENDS = re.compile(rb"\r\n|\r|\n")
_MARK = b"\xef\xbb\xbf"


class TooLongError(Exception):
    """A line or an event is longer than any honest one."""


class EventLines:
    """Gives the data of each event. A line, and the data of an event, hold `longest` bytes."""

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._line = bytearray()
        self._data: list[bytes] = []
        self._size = 0
        self._first = True

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """Yield the data of the events that end in this piece. Raises `TooLongError`."""
        self._line += piece
        # Only where there can be an end: a long line may come in a million pieces.
        if b"\n" in piece or b"\r" in piece or self._line[-len(piece) - 1 :].startswith(b"\r"):
            *lines, rest = self._split()
            self._line = bytearray(rest)
            for line in lines:
                yield from self._take(line)
        if len(self._line) > self._longest:
            raise TooLongError

    def end(self) -> Iterator[bytes]:
        """Yield the last event where no empty line followed it."""
        line = bytes(self._line).rstrip(b"\r")
        self._line.clear()
        if line:
            yield from self._take(line)
        yield from self._take(b"")

    def _split(self) -> list[bytes]:
        """Return the lines that have ended, and what is left."""
        # A CR at the end may be the first half of a line's end.
        held = self._line.endswith(b"\r")
        lines = _ENDS.split(bytes(self._line[:-1] if held else self._line))
        if held:
            lines[-1] += b"\r"
        return lines

    def _take(self, line: bytes) -> Iterator[bytes]:
        if self._first:
            self._first, line = False, line.removeprefix(_MARK)
        if not line:
            data, self._data, self._size = self._data, [], 0
            if data:
                yield b"\n".join(data)
            return
        name, _, value = line.partition(b":")
        # Some servers write an error so, in the middle of an answer.
        if name in {b"data", b"error"}:
            value = value.removeprefix(b" ")
            self._size += len(value) + 1
            if self._size > self._longest:
                raise TooLongError
            self._data.append(value)
