"""Lists of strings in a model file: the vocabulary, and longer ones that are only walked through.

llama.cpp builds its tables from these lists; what has crashed it is refused here: two equal entries
abort it, a byte token that is not `<0xHH>` made it write outside its memory, and scores or types
of another size were read past their end.
"""

import re
import struct
from array import array

from homebody.library.gguf_bytes import Window, shown

__all__ = ["MOST_STRINGS", "check_byte_tokens", "walk_strings", "walk_vocabulary"]

MOST_STRINGS = 1_500_000
"""Strings in all lists of one file. The largest known vocabulary has 780,000 with its merges."""

_MOST_STRING = 16 * 1024 * 1024
_MOST_WORD = 1024 * 1024
_MOST_COMPARED = 400_000
"""Entries that are compared with each other: more would take more than 64 MB of memory."""

_BYTE_TYPE = 6
_MOST_BYTES = 1024
"""Entries that stand for a byte; there are 256 bytes."""

_BYTE = re.compile(rb"<0x[0-9A-Fa-f]{2}>")
_length = struct.Struct("<Q").unpack_from


def walk_strings(window: Window, count: int, key: bytes) -> None:
    """Go past `count` strings; refuse them if one is longer than any is, or the file too short."""
    left = count
    while left:
        window.need(8)
        data, at = window.data, window.at
        try:
            for rest in range(left, 0, -1):
                left = rest
                (size,) = _length(data, at)
                if size > _MOST_STRING:
                    raise _too_long(window, key, size)
                at += 8 + size
            left = 0
        except struct.error:
            pass  # the end of `data`
        window.at = at
    window.check()


def walk_vocabulary(window: Window, count: int, key: bytes) -> None:
    """Go past the `count` entries of a vocabulary; refuse it if two are equal.

    An empty entry is fine: llama.cpp gives it a name, and real vocabularies have some.
    """
    if count > _MOST_COMPARED:
        walk_strings(window, count, key)
        return
    # Not the texts, so that it takes the same memory however long they are.
    seen: set[int] = set()
    add, left = seen.add, count
    while left:
        window.need(8)
        data, at = window.data, window.at
        end, size = len(data), 0
        try:
            for rest in range(left, 0, -1):
                left = rest
                (size,) = _length(data, at)
                stop = at + 8 + size
                if stop > end:
                    break
                # llama.cpp names an empty entry by its number, so two of them differ.
                word = hash(data[at + 8 : stop]) if size else -left
                if word in seen:
                    raise window.refuse(f"its vocabulary has {shown(data[at + 8 : stop])} twice")
                add(word)
                at = stop
            else:
                left = 0
        except struct.error:
            size = 0  # the end of `data`
        window.at = at
        if left:
            if size > _MOST_WORD:
                raise _too_long(window, key, size)
            window.need(8 + size)


def check_byte_tokens(window: Window, *, words: tuple[int, int], kinds: tuple[int, int]) -> None:
    """Refuse a vocabulary where an entry that stands for a byte is not written `<0xHH>`.

    `words` and `kinds`: where the lists begin (bytes from the beginning) and how many they hold.
    """
    window.seek(kinds[0])
    types = array("i", window.take(4 * min(kinds[1], words[1])))
    found = types.count(_BYTE_TYPE)
    if found > _MOST_BYTES:
        raise window.refuse(f"{found:,} entries of its vocabulary stand for a byte; there are 256")
    window.seek(words[0])
    at = 0
    for _ in range(found):
        number = types.index(_BYTE_TYPE, at)
        walk_strings(window, number - at, b"tokenizer.ggml.tokens")
        text = window.take(window.u64())
        if not _BYTE.fullmatch(text):
            raise window.refuse(
                f"the entry {shown(text)} of its vocabulary should stand for a byte and does not"
            )
        at = number + 1


def _too_long(window: Window, key: bytes, size: int) -> Exception:
    return window.refuse(f"an entry of {shown(key)} claims to be {size:,} bytes long")
