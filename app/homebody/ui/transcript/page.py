"""Draws leaves into a text document, and draws only what changed."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import (
    QTextBlock,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextOption,
    QTextTable,
)

from homebody.base.markdown import parser
from homebody.ui.transcript.leaves import QUOTE, Change, Leaf
from homebody.ui.transcript.manner import Manner, is_right_to_left, plain

if TYPE_CHECKING:
    from markdown_it.token import Token

__all__ = ["Card", "Page", "Sheet", "Spot"]

_NOTHING = "\u200b"
"""Stands in what has no words, or else it would have no height next to a table."""


class Sheet(QTextDocument):
    """A document that loads nothing, whatever its text names."""

    def loadResource(self, kind: int, name: object) -> None:
        """Return nothing."""


class Spot(Struct):
    """Where a leaf begins, and what ends there without it."""

    position: int
    block: int
    """The number of its first block. In a table: of the first cell."""
    format: QTextBlockFormat
    words: QTextCharFormat
    cards: int


class Card(Struct):
    """A code in the document."""

    leaf: int
    first: int
    """The number of its first block."""
    lines: int
    code: str
    language: str
    closed: bool
    coloured: str | None = None
    """The code, or its beginning, whose words have their colours."""


class Page:
    """A document with the leaves of one text."""

    def __init__(self, parent: QObject, manner: Manner) -> None:
        self.document = Sheet(parent)
        self.document.setUndoRedoEnabled(False)
        self.document.setDocumentMargin(0)
        self.leaves: list[Leaf] = []
        self.spots: list[Spot] = []
        self.cards: list[Card] = []
        self._again: Spot | None = None
        """The place whose block is there already for the next leaf."""
        self.plain: str | None = None
        """The text, where it is shown as it was typed."""
        self.manner = manner
        self.restyle(manner)

    def restyle(self, manner: Manner) -> None:
        """Empty the page, and draw from now on in another manner."""
        self.manner = manner
        self.document.clear()
        self.document.setDefaultFont(manner.font)
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        option.setTabStopDistance(manner.tab)
        self.document.setDefaultTextOption(option)
        self.leaves, self.spots, self.cards = [], [], []
        self._again = None
        self.plain = None
        cursor = QTextCursor(self.document)
        cursor.setBlockFormat(manner.line(manner.font.pixelSize()))
        cursor.setBlockCharFormat(manner.words)

    def show(self, change: Change, references: dict[str, Any]) -> None:
        """Keep the first leaves, and draw others after them."""
        cursor = QTextCursor(self.document)
        cursor.beginEditBlock()
        new = change.leaves
        kept = change.kept
        if new and kept < len(self.leaves) and self._grow(cursor, kept, new[0], references):
            kept += 1
            new = new[1:]
        if kept < len(self.leaves):
            self._rewind(cursor, kept, new[0] if new else None)
        for leaf in new:
            self._draw(cursor, leaf, references)
        cursor.endEditBlock()

    def show_plain(self, text: str) -> None:
        """Show a text as it was typed, on a page that was just emptied."""
        self.plain = text
        cursor = QTextCursor(self.document)
        cursor.beginEditBlock()
        cursor.insertText(plain(text.replace("\r\n", "\n")), self.manner.words)
        if not text.isascii():
            block = self.document.begin()
            while block.isValid():
                if is_right_to_left(block.text()):
                    lines = QTextBlockFormat(block.blockFormat())
                    lines.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
                    QTextCursor(block).setBlockFormat(lines)
                block = block.next()
        cursor.endEditBlock()

    def selected_text(self, selection: QTextCursor) -> str:
        """Return what is selected as plain text, with the marks of whole list items."""
        begin, end = selection.selectionStart(), selection.selectionEnd()
        block = self.document.findBlock(begin)
        text = ""
        before = -1
        firsts = [spot.block for spot in self.spots]
        while block.isValid() and block.position() <= end:
            cursor = QTextCursor(block)
            cursor.setPosition(max(begin, block.position()))
            last = block.position() + block.length() - 1
            cursor.setPosition(min(end, last), QTextCursor.MoveMode.KeepAnchor)
            words = cursor.selectedText().replace("\u2028", "\n").replace(_NOTHING, "")
            number = bisect_right(firsts, block.blockNumber()) - 1
            if number >= 0:
                at = block.blockNumber() - firsts[number]
                if self.leaves[number].kind == "table" and at >= _cells(self.leaves[number]):
                    block = block.next()
                    continue
                text += _between(self.leaves, before, number, at) if text else ""
                if not at and begin <= block.position():
                    leaf = self.leaves[number]
                    marks = leaf.inside[leaf.new :]
                    text += "".join(f"{mark} " for mark in marks if mark != QUOTE)
                before = number
            elif text:
                text += "\n"
            text += words
            block = block.next()
        return text

    # ------------------------------------------------------------ leaves

    def _rewind(self, cursor: QTextCursor, count: int, following: Leaf | None) -> None:
        """Take back all leaves but the first; `following` is drawn next."""
        spot = self.spots[count]
        kinds = {self.leaves[count].kind, following.kind if following else "table"}
        if count and "table" not in kinds:
            # The block is used again, so that the one before is not laid out anew.
            cursor.setPosition(spot.position + 1)
            cursor.movePosition(QTextCursor.MoveOperation.End, QTextCursor.MoveMode.KeepAnchor)
            cursor.removeSelectedText()
            self._again = spot
            del self.leaves[count:], self.spots[count:], self.cards[spot.cards :]
            return
        cursor.setPosition(spot.position)
        cursor.movePosition(QTextCursor.MoveOperation.End, QTextCursor.MoveMode.KeepAnchor)
        cursor.removeSelectedText()
        cursor.setBlockFormat(spot.format)
        cursor.setBlockCharFormat(spot.words)
        del self.leaves[count:], self.spots[count:], self.cards[spot.cards :]

    def _draw(self, cursor: QTextCursor, leaf: Leaf, references: dict[str, Any]) -> None:
        cursor.movePosition(QTextCursor.MoveOperation.End)
        before = self.leaves[-1] if self.leaves else None
        spot = self._again or self._spot(cursor, leaf)
        number = spot.block
        self.spots.append(spot)
        if leaf.kind == "table":
            self._draw_table(cursor, leaf, before, references)
        elif leaf.kind == "code":
            self._draw_code(cursor, leaf, before, number)
        elif leaf.kind == "rule":
            self._begin(cursor, self.manner.block(leaf, before), self.manner.small)
            cursor.insertText(_NOTHING, self.manner.small)
        else:
            tokens = _inline(leaf.text, references)
            words = self.manner.base(leaf)
            self._begin(cursor, self.manner.block(leaf, before, leaf.text), words)
            self._write(cursor, tokens, words)
            if not leaf.text:
                cursor.insertText(_NOTHING, words)
        self.leaves.append(leaf)

    def _spot(self, cursor: QTextCursor, leaf: Leaf) -> Spot:
        last = self.document.lastBlock().blockNumber()
        return Spot(
            cursor.position(),
            last + (bool(self.leaves) or leaf.kind == "table"),
            QTextBlockFormat(cursor.blockFormat()),
            QTextCharFormat(cursor.blockCharFormat()),
            len(self.cards),
        )

    def _begin(self, cursor: QTextCursor, block: QTextBlockFormat, words: QTextCharFormat) -> None:
        # The empty block after a table stays: Qt gives it no room, and margins need a block before.
        if self._again or not self.leaves:
            cursor.setBlockFormat(block)
            cursor.setBlockCharFormat(words)
        else:
            cursor.insertBlock(block, words)
        self._again = None

    def _write(
        self, cursor: QTextCursor, tokens: Sequence["Token"], words: QTextCharFormat
    ) -> None:
        marks: list[str] = []
        href = address = ""
        last = ""
        for token in tokens:
            if token.type in {"text", "text_special"}:
                last = token.content
                cursor.insertText(plain(last), self._look(words, marks, href))
            elif token.type == "code_inline":
                cursor.insertText(plain(token.content), self._look(words, [*marks, "code"], href))
            elif token.type == "softbreak":
                cursor.insertText(" ", self._look(words, marks, href))
            elif token.type == "hardbreak":
                cursor.insertText("\u2028", words)
            elif token.type == "link_open":
                href = str(token.attrGet("href") or "")
                # A picture is shown as what it is: a mark, its words, and where it points to.
                address = href if last.endswith("!") else ""
            elif token.type == "link_close":
                if address:
                    cursor.insertText(plain(f" ({address})"), self.manner.address)
                href = address = ""
            elif token.nesting > 0:
                marks.append(token.tag)
            elif token.nesting < 0 and token.tag in marks:
                marks.remove(token.tag)

    def _look(self, words: QTextCharFormat, marks: Sequence[str], href: str) -> QTextCharFormat:
        if not marks and not href:
            return words
        return self.manner.marked(words, frozenset(marks), href)

    # ------------------------------------------------------------ code

    def _draw_code(self, cursor: QTextCursor, leaf: Leaf, before: Leaf | None, number: int) -> None:
        manner = self.manner
        first = manner.block(leaf, before)
        lines = plain(leaf.text).split("\n")
        self._begin(cursor, first, manner.code)
        cursor.insertText(lines[0], manner.code)
        if len(lines) > 1:
            cursor.insertBlock(manner.after_first(first), manner.code)
            cursor.insertText("\n".join(lines[1:]), manner.code)
        cursor.setBlockFormat(manner.with_end(cursor.blockFormat(), end=True))
        self.cards.append(
            Card(len(self.leaves), number, len(lines), leaf.text, leaf.language, leaf.closed)
        )

    def _grow_code(self, cursor: QTextCursor, old: Leaf, new: Leaf) -> None:
        manner = self.manner
        lines = plain(new.text[len(old.text) :]).split("\n")
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.insertText(lines[0], manner.code)
        if len(lines) > 1:
            block = manner.with_end(cursor.blockFormat(), end=False)
            cursor.setBlockFormat(block)
            cursor.insertBlock(manner.after_first(block), manner.code)
            cursor.insertText("\n".join(lines[1:]), manner.code)
            cursor.setBlockFormat(manner.with_end(cursor.blockFormat(), end=True))
        card = self.cards[-1]
        card.lines += len(lines) - 1
        card.code = new.text
        card.closed = new.closed

    def _grow(self, cursor: QTextCursor, at: int, new: Leaf, references: dict[str, Any]) -> bool:
        """Draw a leaf by adding to the one that stands there, if it is the last and can."""
        old = self.leaves[at]
        where = (new.kind, new.language, new.inside, new.new, new.aligned)
        if at != len(self.leaves) - 1 or where != (
            old.kind,
            old.language,
            old.inside,
            old.new,
            old.aligned,
        ):
            return False
        if new.kind == "code" and new.text.startswith(old.text):
            self._grow_code(cursor, old, new)
        elif new.kind == "table" and new.rows[: len(old.rows) - 1] == old.rows[:-1]:
            self._grow_table(cursor, old, new, references)
        else:
            return False
        self.leaves[at] = new
        return True

    # ------------------------------------------------------------ tables

    def _draw_table(
        self,
        cursor: QTextCursor,
        leaf: Leaf,
        before: Leaf | None,
        references: dict[str, Any],
    ) -> None:
        form = self.manner.table(leaf, before)
        table = cursor.insertTable(len(leaf.rows), len(leaf.rows[0]), form)
        for row in range(len(leaf.rows)):
            self._write_row(table, leaf, row, references)
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.setBlockFormat(self.manner.line(self.manner.font.pixelSize()))
        cursor.setBlockCharFormat(self.manner.words)

    def _write_row(
        self, table: QTextTable, leaf: Leaf, row: int, references: dict[str, Any]
    ) -> None:
        words = self.manner.cell_words(leaf, header=row == 0)
        for column, text in enumerate(leaf.rows[row]):
            cell = table.cellAt(row, column)
            cell.setFormat(self.manner.cell())
            cursor = cell.firstCursorPosition()
            cursor.setBlockFormat(self.manner.cell_block(leaf.aligned[column], text))
            cursor.setBlockCharFormat(words)
            self._write(cursor, _inline(text, references), words)

    def _grow_table(
        self, cursor: QTextCursor, old: Leaf, new: Leaf, references: dict[str, Any]
    ) -> None:
        cursor.setPosition(self._block(self.spots[-1].block).position())
        table = cursor.currentTable()
        last = len(old.rows) - 1
        if len(new.rows) < len(old.rows):
            table.removeRows(len(new.rows), len(old.rows) - len(new.rows))
        elif len(new.rows) > len(old.rows):
            table.appendRows(len(new.rows) - len(old.rows))
        for row in range(last, len(new.rows)):
            if row == last:
                if old.rows[last] == new.rows[last]:
                    continue
                for column in range(len(new.rows[last])):
                    inner = table.cellAt(last, column).firstCursorPosition()
                    inner.setPosition(
                        table.cellAt(last, column).lastPosition(), QTextCursor.MoveMode.KeepAnchor
                    )
                    inner.removeSelectedText()
            self._write_row(table, new, row, references)

    def _block(self, number: int) -> QTextBlock:
        return self.document.findBlockByNumber(number)


def _between(leaves: Sequence[Leaf], before: int, leaf: int, at: int) -> str:
    """Return what stands between the words of two blocks that follow each other."""
    if before == leaf:
        columns = len(leaves[leaf].rows[0]) if leaves[leaf].kind == "table" else 1
        return "\t" if at % columns else "\n"
    here = leaves[leaf]
    in_list = before >= 0 and here.inside and leaves[before].inside
    return "" if here.joined else "\n" if in_list and here.new < len(here.inside) else "\n\n"


def _cells(leaf: Leaf) -> int:
    return len(leaf.rows) * len(leaf.rows[0])


def _inline(text: str, references: dict[str, Any]) -> list["Token"]:
    """Return what stands in a line of Markdown."""
    tokens: list[Token] = []
    markdown = parser()
    markdown.inline.parse(text, markdown, {"references": references}, tokens)
    return tokens
