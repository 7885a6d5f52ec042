"""Finds the words of a code by their kind, in a thread of its own."""

import threading
from collections import OrderedDict, deque
from typing import TYPE_CHECKING, Literal

from msgspec import Struct
from PySide6.QtCore import QObject, Signal

if TYPE_CHECKING:
    from pygments.token import _TokenType

__all__ = ["Highlighter", "Kind", "Span"]

Kind = Literal["keyword", "string", "comment", "number", "name"]

_KEPT = 256
_MOST_CHARACTERS = 200_000
_LONGEST_LINE = 2_000
"""What has longer lines was made by a program, and would keep a regular expression busy."""


class Span(Struct, frozen=True):
    """Some characters of one line, counted as Qt does (in units of UTF-16)."""

    start: int
    length: int
    kind: Kind


class Highlighter(QObject):
    """Reads codes one after the other. Its thread ends when there is nothing to read."""

    found = Signal(str, str)
    """The language and the code whose spans are known now. Arrives on the thread of the window."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._known: OrderedDict[tuple[str, str], list[list[Span]]] = OrderedDict()
        self._asked: deque[tuple[str, str]] = deque()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False

    def spans(self, language: str, code: str) -> list[list[Span]] | None:
        """Return the spans of each line, or None and say by `found` when they are known."""
        if not language or len(code) > _MOST_CHARACTERS:
            return []
        key = language.lower(), code
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
            if not self._closed and key not in self._asked:
                self._asked.append(key)
                if self._thread is None:
                    self._thread = threading.Thread(
                        target=self._read, name="homebody-highlight", daemon=True
                    )
                    self._thread.start()
        return None

    def close(self) -> None:
        """Read nothing more, and wait for what is being read."""
        with self._lock:
            self._closed = True
            self._asked.clear()
            thread = self._thread
        if thread:
            thread.join()

    def _read(self) -> None:
        while True:
            with self._lock:
                if not self._asked:
                    self._thread = None
                    return
                language, code = self._asked.popleft()
            spans = _spans(language, code)
            with self._lock:
                self._known[language, code] = spans
                while len(self._known) > _KEPT:
                    self._known.popitem(last=False)
                closed = self._closed
            if not closed:
                try:
                    self.found.emit(language, code)
                except RuntimeError:
                    # The window is gone, and this object with it.
                    with self._lock:
                        self._thread = None
                    return


def _spans(language: str, code: str) -> list[list[Span]]:
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    if max(map(len, code.split("\n"))) > _LONGEST_LINE:
        return []
    try:
        lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return []
    lines: list[list[Span]] = [[]]
    column = 0
    for token, text in lexer.get_tokens(code):
        kind = _kind(token)
        for number, part in enumerate(text.split("\n")):
            if number:
                lines.append([])
                column = 0
            length = len(part) if part.isascii() else len(part.encode("utf-16-le")) // 2
            if kind and part.strip():
                lines[-1].append(Span(column, length, kind))
            column += length
    return lines


def _kind(token: "_TokenType") -> Kind | None:
    from pygments.token import Comment, Keyword, Name, Number, Operator, String

    kinds: tuple[tuple[_TokenType, Kind], ...] = (
        (Comment.Preproc, "keyword"),
        (Comment, "comment"),
        (Keyword.Constant, "number"),
        (Keyword, "keyword"),
        (Operator.Word, "keyword"),
        (String, "string"),
        (Number, "number"),
        (Name.Tag, "keyword"),
        (Name.Function, "name"),
        (Name.Class, "name"),
    )
    return next((kind for parent, kind in kinds if token[: len(parent)] == parent), None)
