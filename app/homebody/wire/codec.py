"""Frames to lines and back.

The rules: a line is one JSON object in UTF-8 of at most 32 MiB. A type that we do not know is
skipped, so that a newer child may say more than we understand. Anything else that is not a frame
(too long, not JSON, a field of the wrong kind) is a broken frame: its sender cannot be trusted to
know what it says.
"""

from collections.abc import Iterator
from typing import IO, Any, Generic, TypeVar

import msgspec

__all__ = ["MAX_FRAME", "BrokenFrame", "Codec", "UnknownFrame", "lines"]

MAX_FRAME = 32 * 1024 * 1024

F = TypeVar("F")


class BrokenFrame(Exception):
    """A line that is not a frame. The message never quotes the line: it may hold private words."""


class UnknownFrame(Exception):
    """A well-formed frame of a type that this version does not know."""

    def __init__(self, name: str) -> None:
        super().__init__(f"unknown frame type {name[:40]!r}")


class _Tag(msgspec.Struct):
    type: str


class Codec(Generic[F]):
    """Encodes and decodes the frames of one direction. May be shared by threads."""

    def __init__(self, union: Any) -> None:
        self._decoder = msgspec.json.Decoder(union)
        self._encoder = msgspec.json.Encoder()
        self._tags = msgspec.json.Decoder(_Tag)
        self._known = {
            struct.__struct_config__.tag for struct in getattr(union, "__args__", (union,))
        }

    def encode(self, frame: F) -> bytes:
        """Return the line, with its end. `BrokenFrame` if it is over the limit or holds no text."""
        try:
            line = self._encoder.encode(frame) + b"\n"
        except UnicodeEncodeError:
            # Half of a surrogate pair: what Python makes of bytes that are not UTF-8.
            raise BrokenFrame("text with characters that UTF-8 does not have") from None
        if len(line) > MAX_FRAME:
            raise BrokenFrame(f"a frame of {len(line):,} bytes; the limit is {MAX_FRAME:,}")
        return line

    def decode(self, line: bytes) -> F:
        """Return the frame on a line; raise `UnknownFrame` or `BrokenFrame` by the rules above."""
        if len(line) > MAX_FRAME:
            raise BrokenFrame(f"a line over {MAX_FRAME:,} bytes")
        try:
            frame: F = self._decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            pass
        else:
            return frame
        try:
            tag = self._tags.decode(line).type
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise BrokenFrame("a line that is not a frame") from None
        if tag not in self._known:
            raise UnknownFrame(tag)
        raise BrokenFrame(f"a frame {tag!r} with wrong fields")


def lines(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield lines until the stream ends.

    A last line that was cut off is dropped: its writer died in the middle of it. A line over the
    limit is yielded cut to one byte more than the limit, so that decoding refuses it, and ends the
    stream, as what follows has no beginning.
    """
    while True:
        line = stream.readline(MAX_FRAME + 1)
        if not line:
            return
        if len(line) > MAX_FRAME:
            yield line
            return
        if not line.endswith(b"\n"):
            return
        yield line
