"""Bytes of a text file to text, whatever encoding they are in."""

import codecs
from typing import Final

__all__ = ["decode_text", "is_binary"]

_LOOKED_AT: Final = 64 * 1024
_GUESSED_FROM: Final = 128 * 1024
"""Bytes that the guess of an encoding is made from; its time grows with them."""
_MARKS: Final = (
    # The longer ones first: UTF-32's begins like UTF-16's.
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CONTROLS: Final = frozenset(range(32)) - frozenset(b"\t\n\r\f\x08\x1b")
_GUESSED: Final = (
    # What people's older files are in. Without the exotic ones short texts come out right.
    *("cp1252", "cp1250", "cp1251", "koi8_r", "cp1253", "cp1254", "cp1255", "cp1256"),
    *("shift_jis", "euc_jp", "gb18030", "big5", "euc_kr", "cp437", "cp850", "mac_roman"),
)
_WESTERN: Final = frozenset("äöüßÄÖÜéèêëàâçñáíóúìòùîïôûœÉÀÇÑÁÍÓÚ¿¡’“”„«»–—…€°§ãõåøæÅØÆ")
"""Signs of German, Spanish, French, Italian and their neighbours beyond ASCII."""


def decode_text(data: bytes, *, whole: bool) -> str:
    """Return the text; `whole` is False where the data was cut, perhaps inside a letter.

    Line ends become one sign. Bytes that mean nothing become U+FFFD.
    """
    text = _decoded(data, whole=whole)
    return text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")


def is_binary(data: bytes) -> bool:
    """Tell, by its beginning, whether a file holds something else than text."""
    head = data[:_LOOKED_AT]
    if _marked(head) or _wide(head):
        return False
    if b"\0" in head:
        return True
    controls = sum(byte in _CONTROLS for byte in head)
    return controls > len(head) // 50


def _decoded(data: bytes, *, whole: bool) -> str:
    encoding = _marked(data) or _wide(data[:_LOOKED_AT])
    if encoding:
        return codecs.getincrementaldecoder(encoding)("replace").decode(data, whole)
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(data, whole)
    except UnicodeDecodeError:
        pass
    # Most of it is UTF-8, with a broken byte here and there?
    text = codecs.getincrementaldecoder("utf-8")("replace").decode(data, whole)
    letters = sum(letter > "\x7f" and letter != "\ufffd" for letter in text)
    if letters > 20 * text.count("\ufffd"):
        return text
    return codecs.getincrementaldecoder(_guessed(data))("replace").decode(data, whole)


def _marked(data: bytes) -> str:
    return next((name for mark, name in _MARKS if data.startswith(mark)), "")


def _wide(head: bytes) -> str:
    """Tell UTF-16 without a mark by where its zeros are; empty: it is something else."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = max(len(head) // 2, 1)
    if len(head) >= 4 and odd > half * 0.4 and even < half * 0.05:
        return "utf-16-le"
    if len(head) >= 4 and even > half * 0.4 and odd < half * 0.05:
        return "utf-16-be"
    return ""


def _guessed(data: bytes) -> str:
    """Guess an encoding of one byte a letter, or of East Asia."""
    beginning = data[:_GUESSED_FROM]
    western = beginning.decode("cp1252", "replace")
    beyond = [letter for letter in western if letter > "\x7f"]
    # Short texts of Western Europe are what the guess goes wrong at.
    if sum(letter in _WESTERN for letter in beyond) >= 0.9 * len(beyond):
        return "cp1252"
    from charset_normalizer import from_bytes

    best = from_bytes(beginning, cp_isolation=list(_GUESSED)).best()
    return best.encoding if best is not None else "cp1252"
