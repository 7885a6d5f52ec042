"""Read rows straight from the pages of a database that SQLite itself may refuse to open.

Every leaf page of every table is looked at, wherever it lies: no header, schema or parent page is
needed (https://www.sqlite.org/fileformat2.html). Pages of the write-ahead log come after those of
the file, in the order in which they were written, so of two versions the newer one comes last.
Deleted rows do not come back: `secure_delete` left zeros in their place.
"""

import mmap
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

__all__ = ["Cell", "Value", "cells"]

Value = int | float | str | bytes | None

_PAGE = 4096
_LEAF = 0x0D
_LONGEST_VARINT = 9
_WAL_HEADER = 32
_FRAME_HEADER = 24
_FEWEST_COLUMNS, _MOST_COLUMNS = 4, 32
"""A row with fewer columns is none of ours (most of those are the full text index)."""


class Cell(NamedTuple):
    """A row: its number, its columns, and whether all of them could be read in full."""

    number: int
    values: tuple[Value, ...]
    whole: bool


class _Broken(Exception):
    """These bytes are no row."""


def cells(database: Path, log: Path) -> Iterator[Cell]:
    """Yield every row of at least four columns, the first NULL, that can be made out.

    Raises `OSError` if the files cannot be read.

    A byte that changed inside a text cannot be seen here, except where it is no UTF-8 any more.
    """
    with _mapped(database) as main, _mapped(log) as frames:
        newest = dict(_frames(frames))
        reader = _Reader(main, frames, newest)
        for offset in range(0, len(main) - len(main) % _PAGE, _PAGE):
            if main[offset + (100 if offset == 0 else 0)] == _LEAF:
                yield from reader.leaf(main[offset : offset + _PAGE], first=offset == 0)
        for number, offset in _frames(frames):
            yield from reader.leaf(frames[offset : offset + _PAGE], first=number == 1)


class _mapped:  # noqa: N801  used like contextlib's own
    """The bytes of a file, empty if there is none."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._map: mmap.mmap | None = None

    def __enter__(self) -> mmap.mmap | bytes:
        if not self._path.exists() or self._path.stat().st_size == 0:
            return b""  # mmap refuses an empty file
        with self._path.open("rb") as stream:
            self._map = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        return self._map

    def __exit__(self, *_: object) -> None:
        if self._map is not None:
            self._map.close()


def _frames(log: mmap.mmap | bytes) -> Iterator[tuple[int, int]]:
    """Yield page number and offset of each page in the log, as it was written.

    Checksums are not looked at: a page that makes no sense yields no rows, and one damaged frame
    shall not hide those behind it.
    """
    if len(log) < _WAL_HEADER + _FRAME_HEADER:
        return
    magic, _, _, _, *salts = struct.unpack(">IIIIII", log[:24])
    if magic not in (0x377F0682, 0x377F0683):
        salts = list(struct.unpack(">II", log[_WAL_HEADER + 8 : _WAL_HEADER + 16]))
    step = _FRAME_HEADER + _PAGE
    for start in range(_WAL_HEADER, len(log) - step + 1, step):
        number, _, *own = struct.unpack(">IIII", log[start : start + 16])
        # Frames with other salts are left from before the log began again.
        if own == salts and number:
            yield number, start + _FRAME_HEADER


class _Reader:
    """Finds rows in pages, and the pages that long rows go on in."""

    def __init__(
        self, main: mmap.mmap | bytes, frames: mmap.mmap | bytes, newest: dict[int, int]
    ) -> None:
        self._main = main
        self._frames = frames
        self._newest = newest

    def leaf(self, page: bytes, *, first: bool) -> Iterator[Cell]:
        """Yield the rows of a page, none if it is not a leaf of a table."""
        head = 100 if first else 0
        if page[head] != _LEAF:
            return
        count = int.from_bytes(page[head + 3 : head + 5], "big")
        for index in range(min(count, _PAGE // 4)):
            place = head + 8 + 2 * index
            start = int.from_bytes(page[place : place + 2], "big")
            if head + 8 <= start < _PAGE:
                try:
                    yield self._cell(page, start)
                except (_Broken, IndexError, struct.error, OverflowError):
                    continue

    def _cell(self, page: bytes, start: int) -> Cell:
        size, start = _varint(page, start)
        number, start = _varint(page, start)
        if not 1 < size < 1 << 30:
            raise _Broken
        # How much of a row stands in the leaf itself: section 1.6 of the file format.
        most, least = _PAGE - 35, (_PAGE - 12) * 32 // 255 - 23
        local = size
        if size > most:
            local = least + (size - least) % (_PAGE - 4)
            local = local if local <= most else least
        payload = page[start : start + local]
        if len(payload) < local:
            raise _Broken
        # Before following a chain of pages: is it a row at all? Ours begin with their number, which
        # SQLite keeps outside of the row and leaves NULL in it.
        kinds, place = _columns(payload, local)
        if len(kinds) < _FEWEST_COLUMNS or kinds[0]:
            raise _Broken
        if size > local:
            following = int.from_bytes(page[start + local : start + local + 4], "big")
            payload = self._follow(payload, following, size)
        values, whole = _values(payload, kinds, place)
        return Cell(number, values, whole and len(payload) == size)

    def _follow(self, payload: bytes, number: int, size: int) -> bytes:
        parts, have, seen = [payload], len(payload), set[int]()
        while have < size and number and number not in seen:
            seen.add(number)
            page = self._page(number)
            if len(page) < _PAGE:
                break
            part = page[4 : 4 + min(size - have, _PAGE - 4)]
            parts.append(part)
            have += len(part)
            number = int.from_bytes(page[:4], "big")
        return b"".join(parts)

    def _page(self, number: int) -> bytes:
        if number in self._newest:
            start = self._newest[number]
            return bytes(self._frames[start : start + _PAGE])
        return bytes(self._main[(number - 1) * _PAGE : number * _PAGE])


def _varint(data: bytes, start: int) -> tuple[int, int]:
    value = 0
    for index in range(_LONGEST_VARINT):
        byte = data[start + index]
        if index == _LONGEST_VARINT - 1:
            return value << 8 | byte, start + index + 1
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            break
    return value, start + index + 1


def _columns(payload: bytes, available: int) -> tuple[list[int], int]:
    """Return the type of each column, and where the first one's content starts."""
    end, place = _varint(payload, 0)
    if not 1 < end <= min(available, _MOST_COLUMNS * _LONGEST_VARINT):
        raise _Broken
    kinds: list[int] = []
    while place < end:
        kind, place = _varint(payload, place)
        kinds.append(kind)
    if place != end or len(kinds) > _MOST_COLUMNS:
        raise _Broken
    return kinds, end


_NUMBER_SIZES = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}


def _values(payload: bytes, kinds: list[int], place: int) -> tuple[tuple[Value, ...], bool]:
    values: list[Value] = []
    whole = True
    for kind in kinds:
        if kind in _NUMBER_SIZES:
            size = _NUMBER_SIZES[kind]
            values.append(int.from_bytes(payload[place : place + size], "big", signed=True))
        elif kind in (8, 9):
            size = 0
            values.append(kind - 8)
        elif kind == 7:
            size = 8
            values.append(struct.unpack(">d", payload[place : place + 8])[0])
        elif kind >= 12:
            size = (kind - 12) // 2
            content = payload[place : place + size]
            whole = whole and len(content) == size
            if kind % 2:
                text = content.decode("utf-8", "replace")
                # A text that came apart is told from one that holds U+FFFD itself.
                whole = whole and text.encode() == content
                values.append(text)
            else:
                values.append(content)
        elif kind == 0:
            size = 0
            values.append(None)
        else:
            raise _Broken
        place += size
    return tuple(values), whole
