"""Finds the words of a code by their kind, in a thread of its own.

A lexer is a set of regular expressions, some of which take for ever on what nobody would write but
a model may: while one runs, no other thread does. So only languages whose lexers were seen to
behave are read (`tests/ui/test_transcript_lexers.py`), only code of a human size, and not for long.
"""

import re
import threading
import time
from collections import OrderedDict, deque
from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct
from PySide6.QtCore import QObject, Signal

from homebody.base.log import confess

if TYPE_CHECKING:
    from pygments.token import _TokenType

__all__ = ["LANGUAGES", "Highlighter", "Kind", "Span", "is_readable"]

Kind = Literal["keyword", "string", "comment", "number", "name"]

_KEPT = 256
_MOST_CHARACTERS = 20_000
_LONGEST_LINE = 300
"""What has longer lines was made by a program, and would keep a regular expression busy."""
_LONG_GAP = re.compile(r"\s{65}")
_SECONDS = 0.5
_LEAVE_SECONDS = 2.0

LANGUAGES: Final = {
    alias: name
    for name, aliases in {
        "bash": "bash sh shell zsh",
        "c": "c h",
        "clojure": "clojure clj",
        "cpp": "cpp c++ cc hpp",
        "csharp": "csharp c# cs",
        "css": "css",
        "dart": "dart",
        "diff": "diff patch",
        "docker": "docker dockerfile",
        "elixir": "elixir ex",
        "go": "go golang",
        "graphql": "graphql",
        "haskell": "haskell hs",
        "html": "html",
        "ini": "ini cfg",
        "java": "java",
        "javascript": "javascript js node",
        "json": "json",
        "julia": "julia jl",
        "jsx": "jsx",
        "kotlin": "kotlin kt",
        "latex": "latex tex",
        "lua": "lua",
        "make": "make makefile",
        "nginx": "nginx",
        "objective-c": "objective-c objc",
        "perl": "perl pl",
        "php": "php",
        "powershell": "powershell ps1 pwsh",
        "protobuf": "protobuf proto",
        "python": "python py python3",
        "r": "r",
        "ruby": "ruby rb",
        "rust": "rust rs",
        "scala": "scala",
        "scss": "scss",
        "sql": "sql",
        "swift": "swift",
        "toml": "toml",
        "tsx": "tsx",
        "typescript": "typescript ts",
        "xml": "xml svg",
        "yaml": "yaml yml",
        "zig": "zig",
    }.items()
    for alias in aliases.split()
}
"""The languages that are coloured, by what a model may call them."""


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
        if language.lower() not in LANGUAGES or not is_readable(code):
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
        """Read nothing more, and wait a little for what is being read."""
        with self._lock:
            self._closed = True
            self._asked.clear()
            thread = self._thread
        if thread:
            thread.join(_LEAVE_SECONDS)

    def _read(self) -> None:
        while True:
            with self._lock:
                if not self._asked:
                    self._thread = None
                    return
                language, code = self._asked.popleft()
            spans = self._spans(language, code)
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

    def _spans(self, language: str, code: str) -> list[list[Span]]:
        """Return the spans of each line; none where that takes too long or the lexer fails."""
        from pygments.lexers import get_lexer_by_name

        lexer = get_lexer_by_name(LANGUAGES[language], stripnl=False, ensurenl=False)
        lines: list[list[Span]] = [[]]
        column, end = 0, time.monotonic() + _SECONDS
        try:
            for token, text in lexer.get_tokens(code):
                if self._closed or time.monotonic() > end:
                    return []
                kind = _kind(token)
                for number, part in enumerate(text.split("\n")):
                    if number:
                        lines.append([])
                        column = 0
                    length = len(part) if part.isascii() else len(part.encode("utf-16-le")) // 2
                    if kind and part.strip():
                        lines[-1].append(Span(column, length, kind))
                    column += length
        except Exception as error:  # noqa: BLE001  another's mistake costs colours, no more
            confess(error)
            return []
        return lines


def is_readable(code: str) -> bool:
    """Tell whether this looks like what a person would write: neither huge nor full of nothing."""
    return (
        len(code) <= _MOST_CHARACTERS
        and max(map(len, code.split("\n"))) <= _LONGEST_LINE
        and _LONG_GAP.search(code) is None
    )


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
