"""What a Markdown text consists of as it grows: paragraphs, headings, codes, tables and rules.

Lists and quotes are not things of their own but what a leaf stands in, so that a list that grows
leaves its earlier items alone. Nothing here depends on whether a list is loose: only that could
change what was read long ago.
"""

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct, structs

from homebody.base.markdown import parser

if TYPE_CHECKING:
    from markdown_it.token import Token

__all__ = ["PIECE", "QUOTE", "Change", "Leaf", "Reader"]

PIECE = 4096
"""A paragraph with more characters is drawn in pieces: a model in a loop never ends its line."""
QUOTE = ">"
"""What stands in `Leaf.inside` for a quote."""

_TASK = re.compile(r"\[([ xX])\][ \t]+")
_SPACE = re.compile(r"\s")


class Leaf(Struct, frozen=True):
    """A piece of text that contains no other, and what it stands in."""

    kind: Literal["paragraph", "heading", "code", "table", "rule"]
    text: str = ""
    """Inline Markdown; for code the code itself, without the last line end."""
    level: int = 0
    """Of a heading, from 1."""
    language: str = ""
    rows: tuple[tuple[str, ...], ...] = ()
    """Of a table: inline Markdown by rows and columns; the first row is the header."""
    aligned: tuple[str, ...] = ()
    """Of a table, for each column: `left`, `center`, `right` or nothing."""
    inside: tuple[str, ...] = ()
    """Outermost first: a quote, or a list item by its marker (`•`, `3.`, `[ ]`, `[x]`)."""
    new: int = 0
    """How many of `inside` also hold the leaf before; the markers after that belong here."""
    joined: bool = False
    """It is the next piece of the same paragraph."""
    closed: bool = True
    """Code: its end was seen. It does not change how it is drawn."""


class Change(Struct, frozen=True):
    """What came of reading on: the first `kept` leaves stand, these come after them."""

    kept: int
    leaves: list[Leaf]


class Reader:
    """Reads one text, piece by piece. What was settled is not read again until `finish`."""

    def __init__(self) -> None:
        self.text = ""
        self.leaves: list[Leaf] = []
        self.references: dict[str, Any] = {}
        """The targets of links that the text defines, for whoever reads its inline text."""
        self._settled = 0
        """How many leaves come from before `_start`."""
        self._start = 0
        self._settled_references: dict[str, Any] = {}
        self._late = False
        """A target was defined after a leaf that may name it was read."""
        self._held = ""
        """A carriage return at the end: it may be one half of a line end."""
        self._fence: re.Pattern[str] | None = None
        """What closes the top-level code that is open at the end."""
        self._code = ""
        """The whole lines of that code."""
        self._unfinished = 0
        """Where the line after them begins."""

    def add(self, text: str) -> Change:
        """Read on. The work is as large as what is not settled, not as the whole."""
        before = len(self.text)
        self._keep(text)
        if self._fence:
            return self._read_code(self._fence)
        if self._is_one_long_line(before):
            return self._take(list(_pieces(self.text[self._start :].strip())))
        return self._read_tail()

    def read(self, text: str) -> Change:
        """Read a text that is complete; what `add` and `finish` together do, in one go."""
        self._keep(text)
        return self.finish()

    def finish(self) -> Change:
        """Read the whole text once more: a later line may have changed what an earlier one is."""
        self.text += "\n" if self._held else ""
        self._held, self._fence, self._start, self._settled = "", None, 0, 0
        self._settled_references = {}
        change = self._read_tail(finished=True)
        if self._late:
            self._late = False
            return Change(0, self.leaves[:])
        return change

    def _keep(self, text: str) -> None:
        text = self._held + text
        self._held = "\r" if text.endswith("\r") else ""
        text = text.removesuffix("\r").replace("\r\n", "\n").replace("\r", "\n")
        self.text += text.replace("\0", "\ufffd")

    def _is_one_long_line(self, before: int) -> bool:
        """Tell whether there is only more of a long line, whose beginning says what it is."""
        tail = self.text[self._start : before]
        line = tail[tail.rfind("\n") + 1 :]
        if len(tail) < PIECE or len(line) < 64 or "\n" in self.text[before:]:
            return False
        drawn = self.leaves[self._settled :]
        return (
            any(map(str.isalnum, line[:64]))
            and all(leaf.kind == "paragraph" and not leaf.inside for leaf in drawn)
            and "".join(leaf.text for leaf in drawn) == tail.strip()
        )

    def _read_code(self, end: re.Pattern[str]) -> Change:
        """Read on inside the code that is open at the end: only new lines are looked at."""
        text, begin = self.text, self._unfinished
        closed = False
        stop = last = begin
        while not closed and (line_end := text.find("\n", stop)) >= 0:
            closed = end.fullmatch(text, stop, line_end) is not None
            last, stop = stop, line_end + 1
        self._code += text[begin : last if closed else stop]
        self._unfinished = stop
        # A line that may yet become the end of the code is not shown before that is known.
        rest = "" if closed or not text[stop:].strip(" `~") else text[stop:]
        code = self._code + rest if rest else self._code.removesuffix("\n")
        kept = len(self.leaves) - 1
        self.leaves[kept] = structs.replace(self.leaves[kept], text=code, closed=closed)
        if not closed:
            return Change(kept, self.leaves[kept:])
        self._fence, self._start, self._settled = None, stop, kept + 1
        after = self._read_tail() if stop < len(text) else Change(0, [])
        return Change(kept, [self.leaves[kept], *after.leaves])

    def _read_tail(self, *, finished: bool = False) -> Change:
        tail = self.text[self._start :]
        environment = {"references": dict(self._settled_references)}
        lines = tail.split("\n")
        groups = [(group, list(_leaves(group, lines))) for group in _groups(tail, environment)]
        read = [leaf for _, leaves in groups for leaf in leaves]
        if not finished and lines[-1] and groups and _lines(groups[-1][0])[1] >= len(lines):
            read[-1:] = map(_without_last_row, read[-1:])
        change = self._take(read)
        if environment["references"] != self.references:
            self._late = self._late or change.kept > 0
            self.references = environment["references"]
        # A line that is not complete may yet turn out to go on with the block before it.
        begun = [i for i, (group, _) in enumerate(groups) if _lines(group)[0] < len(lines) - 1]
        if not begun:
            return change
        first = groups[begun[-1]][0][0]
        begin, after = _lines([first])
        if begin:
            if self.references != self._settled_references:
                environment = {"references": dict(self._settled_references)}
                _groups("\n".join(lines[:begin]), environment)
                self._settled_references = environment["references"]
            self._start += sum(map(len, lines[:begin])) + begin
            self._settled += sum(len(leaves) for _, leaves in groups[: begun[-1]])
        # Code that is indented is left to the parser: it takes something off each line.
        if (
            begun[-1] == len(groups) - 1
            and first.type == "fence"
            and lines[begin].startswith(first.markup)
            and after >= len(lines) - 1
            and not _closed(first, lines)
        ):
            mark, count = re.escape(first.markup[0]), len(first.markup)
            self._fence = re.compile(rf" {{0,3}}{mark}{{{count},}}[ \t]*")
            self._unfinished = self.text.rfind("\n") + 1
            self._code = self.text[self._start + len(lines[begin]) + 1 : self._unfinished]
        return change

    def _take(self, leaves: list[Leaf]) -> Change:
        """Put what was read in the place of what was not settled."""
        same = 0
        for old, new in zip(self.leaves[self._settled :], leaves, strict=False):
            if old != new:
                break
            same += 1
        kept = self._settled + same
        self.leaves[kept:] = leaves[same:]
        return Change(kept, leaves[same:])


def _groups(text: str, environment: dict[str, Any]) -> list[list["Token"]]:
    """Return the tokens of each top-level block, without reading the lines inside them."""
    from markdown_it.rules_core import StateCore
    from markdown_it.rules_core.block import block
    from markdown_it.rules_core.normalize import normalize

    state = StateCore(text, parser(), environment)
    normalize(state)
    block(state)
    groups: list[list[Token]] = []
    for token in state.tokens:
        if token.level == 0 and token.nesting >= 0:
            groups.append([])
        groups[-1].append(token)
    return groups


def _lines(group: Sequence["Token"]) -> tuple[int, int]:
    """Return the first line of a block, and the one after its last."""
    begin, after = group[0].map or (0, 0)
    return begin, after


def _closed(token: "Token", lines: Sequence[str]) -> bool:
    """Tell whether a fenced code has its end."""
    begin, after = _lines([token])
    last = lines[min(after, len(lines)) - 1].lstrip(" \t>").rstrip(" \t")
    return after - begin > 1 and len(last) >= len(token.markup) and not last.strip(token.markup[0])


def _leaves(group: Sequence["Token"], lines: Sequence[str]) -> Iterator[Leaf]:
    """Return the leaves of one top-level block."""
    inside: list[str] = []
    held = 0  # how many of `inside` also hold the leaf before
    tokens = iter(group)
    for token in tokens:
        leaves: Iterator[Leaf] | tuple[Leaf, ...] = ()
        if token.type == "blockquote_open":
            inside.append(QUOTE)
        elif token.type == "list_item_open":
            inside.append(f"{token.info}{token.markup}" if token.info else "•")
        elif token.type in {"blockquote_close", "list_item_close"}:
            if token.type == "list_item_close" and held < len(inside):
                yield Leaf("paragraph", inside=tuple(inside), new=held)
            inside.pop()
            held = min(held, len(inside))
        elif token.type == "inline":
            text = token.content
            if inside and held < len(inside) and (task := _TASK.match(text)):
                inside[-1] = "[ ]" if task[1] == " " else "[x]"
                text = text[task.end() :]
            leaves = _pieces(text)
        elif token.type == "heading_open":
            leaves = (Leaf("heading", next(tokens).content, level=int(token.tag[1:])),)
        elif token.type in {"fence", "code_block"}:
            leaves = (_code(token, lines),)
        elif token.type == "table_open":
            leaves = (_table(tokens),)
        elif token.type == "hr":
            leaves = (Leaf("rule"),)
        for leaf in leaves:
            yield structs.replace(leaf, inside=tuple(inside), new=held) if inside else leaf
            held = len(inside)


def _pieces(text: str) -> Iterator[Leaf]:
    """Return a paragraph; one that is too long for one layout in several leaves."""
    begin = 0
    while len(text) - begin > PIECE:
        space = _SPACE.search(text, begin + PIECE, begin + 2 * PIECE)
        if not space and len(text) - begin <= 2 * PIECE:
            break
        after = space.end() if space else begin + 2 * PIECE
        yield Leaf("paragraph", text[begin:after], joined=begin > 0)
        begin = after
    yield Leaf("paragraph", text[begin:], joined=begin > 0)


def _code(token: "Token", lines: Sequence[str]) -> Leaf:
    words = token.info.split(maxsplit=1)
    fenced = token.type == "fence"
    return Leaf(
        "code",
        token.content.removesuffix("\n"),
        language=words[0][:32] if words else "",
        closed=not fenced or _closed(token, lines),
    )


def _without_last_row(leaf: Leaf) -> Leaf:
    """Leave out the row of a table that is being written: each one has all of it laid out."""
    return structs.replace(leaf, rows=leaf.rows[:-1]) if len(leaf.rows) > 1 else leaf


def _table(tokens: Iterator["Token"]) -> Leaf:
    """Read on until a table ends."""
    rows: list[list[str]] = []
    aligned: list[str] = []
    for token in tokens:
        if token.type == "table_close":
            break
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "th_open":
            aligned.append(str(token.attrGet("style") or "").removeprefix("text-align:"))
        elif token.type == "inline":
            rows[-1].append(token.content)
    return Leaf("table", rows=tuple(map(tuple, rows)), aligned=tuple(aligned))
