"""A window that slides over the beginning of a model file, and never past its end.

The file is not mapped into memory: one that is cut while it is read would kill the process.
"""

import os
import struct
from pathlib import Path
from typing import BinaryIO

from homebody.base.errors import ModelProblem

__all__ = ["DAMAGED", "MOST_HEADER", "Window", "cut_off", "refusal", "shown"]

MOST_HEADER = 64 * 1024 * 1024
"""Bytes of header that are read at most. The longest known ones take a third of that."""

DAMAGED = "The file is damaged, or made to do harm. Get it again, from a source that you trust."

_CHUNK = 1024 * 1024
_U64 = struct.Struct("<Q")
_U32 = struct.Struct("<I")


def shown(text: str | bytes) -> str:
    """Return text out of a file, short and in quotes, as it may stand in a sentence."""
    if isinstance(text, bytes):
        text = text[:200].decode("utf-8", "replace")
    return repr(text if len(text) <= 60 else f"{text[:60]}…")


def refusal(name: str, why: str, hint: str = DAMAGED) -> ModelProblem:
    """Return the error that says why the file called `name` is not given to the engine."""
    return ModelProblem(f"{name} cannot be loaded: {why}.", hint)


def cut_off(name: str, size: int, missing: int | None = None) -> ModelProblem:
    """Return the error for a file of `size` bytes that ends too soon, `missing` bytes of them."""
    how_much = "in the middle of its description" if missing is None else f"{missing:,} bytes early"
    return ModelProblem(
        f"{name} is cut off: it ends after {size:,} bytes, {how_much}, as after a download that "
        "broke off.",
        "Get the file again.",
    )


class Window:
    """Bytes of an open file. `data[at:]` is what was read and not used yet.

    Whoever reads much takes `data` and `at` and gives `at` back, which may then lie beyond `data`.
    """

    def __init__(self, stream: BinaryIO, path: Path) -> None:
        self._stream = stream
        self.path = path
        self.size = os.fstat(stream.fileno()).st_size
        self.data = b""
        self.at = 0
        self._base = 0

    @property
    def position(self) -> int:
        """Bytes from the beginning of the file."""
        return self._base + self.at

    @property
    def left(self) -> int:
        """Bytes from here to the end of the file."""
        return self.size - self.position

    def refuse(self, why: str, hint: str = DAMAGED) -> ModelProblem:
        """Return the error that says why this file is not given to the engine."""
        return refusal(self.path.name, why, hint)

    def check(self, count: int = 0) -> None:
        """Raise `ModelProblem` unless `count` more bytes exist, and belong to the header."""
        if count > self.left:
            raise cut_off(self.path.name, self.size)
        if self.position + count > MOST_HEADER:
            raise self.refuse(
                f"its description is longer than {MOST_HEADER // 1024 // 1024} MB, which no "
                "model's is"
            )

    def need(self, count: int) -> None:
        """Have at least `count` bytes in `data` from `at` on."""
        if len(self.data) - self.at >= count:
            return
        self.check(count)
        kept = self.data[self.at :]
        self._base, self.at = self.position, 0
        self._stream.seek(self._base + len(kept))
        more = min(max(count - len(kept), _CHUNK), MOST_HEADER)
        self.data = kept + self._stream.read(more)
        if len(self.data) < count:
            raise cut_off(self.path.name, self._base + len(self.data))

    def take(self, count: int) -> bytes:
        """Return the next `count` bytes."""
        self.need(count)
        self.at += count
        return self.data[self.at - count : self.at]

    def skip(self, count: int) -> None:
        """Go on `count` bytes without reading them."""
        self.check(count)
        self.at += count

    def seek(self, position: int) -> None:
        """Go back, or on, to so many bytes from the beginning."""
        self.data, self.at, self._base = b"", 0, position

    def u32(self) -> int:
        """Return the next number of 4 bytes."""
        return int(_U32.unpack(self.take(4))[0])

    def u64(self) -> int:
        """Return the next number of 8 bytes."""
        return int(_U64.unpack(self.take(8))[0])
