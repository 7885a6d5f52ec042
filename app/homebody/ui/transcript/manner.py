"""How the leaves of a text are set: fonts, spacing and colours as Qt's text formats."""

import unicodedata

from PySide6.QtCore import Qt
from PySide6.QtGui import (
    QBrush,
    QFont,
    QFontMetrics,
    QTextBlockFormat,
    QTextCharFormat,
    QTextFormat,
    QTextFrameFormat,
    QTextLength,
    QTextTableCellFormat,
    QTextTableFormat,
)

from homebody.ui.theme import Theme
from homebody.ui.transcript.leaves import QUOTE, Leaf

__all__ = ["HEADER", "PAD", "QUOTE_INDENT", "Manner", "is_right_to_left", "plain"]

HEADER = 36
"""From the top of a code's card to its first line, in pixels at a text size of 100 %."""
PAD = 12
"""Below the last line of a code, inside its card."""
QUOTE_INDENT = 16

_CODE_SIDE = 16
_LINE = 1.5
"""Of the size of the font; Qt's own unit would be the font's line, which is taller than that."""
_HEADINGS = (17, 16, 15)
_NOT_TEXT = str.maketrans({0x2029: "\u2028", 0xFDD0: "\ufffd", 0xFDD1: "\ufffd", 0xFFFC: "\ufffd"})


def plain(text: str) -> str:
    """Return a text without the characters by which Qt marks paragraphs, cells and objects."""
    return text.translate(_NOT_TEXT)


def is_right_to_left(text: str) -> bool:
    """Tell by the first character that has a direction."""
    if text.isascii():
        return False
    for character in text[:500]:
        direction = unicodedata.bidirectional(character)
        if direction in {"L", "R", "AL"}:
            return direction != "L"
    return False


class Manner:
    """The formats for one theme; `quiet` sets everything in the dim colour."""

    def __init__(self, theme: Theme, *, quiet: bool = False) -> None:
        self.theme = theme
        self.quiet = quiet
        self.font = theme.font("body")
        self.mono = theme.font("code")
        self._widths = QFontMetrics(self.font)
        self.tab = QFontMetrics(self.mono).horizontalAdvance(" ") * 4
        self.words = QTextCharFormat()
        self.words.setForeground(theme.color("dim" if quiet else "text"))
        self.quoted = QTextCharFormat()
        self.quoted.setForeground(theme.color("dim"))
        self.code = self._code(theme)
        self.address = QTextCharFormat()
        self.address.setForeground(theme.color("faint"))
        self.small = QTextCharFormat()
        self.small.setProperty(QTextFormat.Property.FontPixelSize, 1)

    def _code(self, theme: Theme) -> QTextCharFormat:
        code = QTextCharFormat()
        code.setFontFamilies(self.mono.families())
        code.setFontFixedPitch(True)
        code.setProperty(QTextFormat.Property.FontPixelSize, self.mono.pixelSize())
        code.setForeground(theme.color("text"))
        return code

    def base(self, leaf: Leaf) -> QTextCharFormat:
        """Return how the words of a leaf are set where no mark says otherwise."""
        if leaf.kind == "heading":
            heading = QTextCharFormat(self.words)
            pixels = _HEADINGS[min(leaf.level, len(_HEADINGS)) - 1]
            heading.setProperty(QTextFormat.Property.FontPixelSize, self.theme.size(pixels))
            heading.setFontWeight(QFont.Weight.DemiBold)
            return heading
        return self.quoted if QUOTE in leaf.inside else self.words

    def marked(self, base: QTextCharFormat, marks: frozenset[str], href: str) -> QTextCharFormat:
        """Return `base` with the marks `strong`, `em`, `s` or `code`, or as a link."""
        marked = QTextCharFormat(base)
        if "strong" in marks:
            marked.setFontWeight(QFont.Weight.DemiBold)
        if "em" in marks:
            marked.setFontItalic(True)
        if "s" in marks:
            marked.setFontStrikeOut(True)
        if "code" in marks:
            marked.setFontFamilies(self.mono.families())
            marked.setFontFixedPitch(True)
            size = base.property(QTextFormat.Property.FontPixelSize) or self.font.pixelSize()
            smaller = max(round(size * 13 / 14), 1)
            marked.setProperty(QTextFormat.Property.FontPixelSize, smaller)
            marked.setBackground(self.theme.color("code"))
        if href:
            marked.setAnchor(True)
            marked.setAnchorHref(href)
            marked.setForeground(self.theme.color("accent"))
            marked.setFontUnderline(True)
        return marked

    # ------------------------------------------------------------ blocks

    def gap(self, before: Leaf | None, leaf: Leaf) -> int:
        """Return the space above a leaf."""
        pixels = 12
        begins_item = leaf.new < len(leaf.inside) and leaf.inside[-1] != QUOTE
        if before is None:
            return 0
        if leaf.joined:
            pixels = 0
        elif leaf.kind == "heading":
            pixels = 20
        elif before.kind == "heading":
            pixels = 8
        elif leaf.kind == "rule" or before.kind == "rule":
            pixels = 16
        elif begins_item and before.kind == "paragraph":
            follows = leaf.new or (before.inside and before.inside[0] != QUOTE)
            pixels = 4 if follows else 8
        elif leaf.inside and leaf.new == len(leaf.inside) and leaf.kind == "paragraph":
            pixels = 8
        # Of two margins Qt takes the larger one: inside a card there is one of its own.
        return self.theme.size(pixels + (PAD if before.kind == "code" else 0))

    def indent(self, inside: tuple[str, ...]) -> int:
        """Return how far in a leaf stands, by what it stands in."""
        return sum(map(self._step, inside))

    def _step(self, container: str) -> int:
        if container == QUOTE:
            return self.theme.size(QUOTE_INDENT)
        if container[0].isdigit():
            wide = self._widths.horizontalAdvance(container) + self.theme.size(8)
            return max(self.theme.size(28), wide)
        return self.theme.size(24)

    def block(self, leaf: Leaf, before: Leaf | None, text: str = "") -> QTextBlockFormat:
        """Return how the lines of a leaf are set."""
        block = self.line(self.font.pixelSize() if leaf.kind != "heading" else self._size(leaf))
        block.setTopMargin(self.gap(before, leaf))
        indent = self.indent(leaf.inside)
        if leaf.kind == "code":
            return self._code_block(block, indent)
        if leaf.kind == "rule":
            block.setLineHeight(1, _FIXED)
        if is_right_to_left(text):
            block.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
            block.setRightMargin(indent)
        else:
            block.setLeftMargin(indent)
        return block

    def line(self, pixels: int) -> QTextBlockFormat:
        """Return a paragraph of its own, left to right, for a font of some pixels."""
        block = QTextBlockFormat()
        block.setLineHeight(round(pixels * _LINE), _LEAST)
        block.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        return block

    def _size(self, leaf: Leaf) -> int:
        return self.theme.size(_HEADINGS[min(leaf.level, len(_HEADINGS)) - 1] * 0.9)

    def _code_block(self, block: QTextBlockFormat, indent: int) -> QTextBlockFormat:
        size = self.theme.size
        block.setLineHeight(round(self.mono.pixelSize() * _LINE), _LEAST)
        block.setTopMargin(block.topMargin() + size(HEADER))
        block.setLeftMargin(indent + size(_CODE_SIDE))
        block.setRightMargin(size(_CODE_SIDE))
        return block

    def after_first(self, first: QTextBlockFormat) -> QTextBlockFormat:
        """Return how the lines of a code after the first one are set."""
        block = QTextBlockFormat(first)
        block.setTopMargin(0)
        return block

    def with_end(self, block: QTextBlockFormat, *, end: bool) -> QTextBlockFormat:
        """Return a line of code as the last one of its card, or as one that is not."""
        changed = QTextBlockFormat(block)
        if end:
            changed.setBottomMargin(self.theme.size(PAD))
        else:
            changed.clearProperty(QTextFormat.Property.BlockBottomMargin)
        return changed

    # ------------------------------------------------------------ tables

    def table(self, leaf: Leaf, before: Leaf | None) -> QTextTableFormat:
        """Return how a table stands."""
        table = QTextTableFormat()
        table.setBorder(1)
        table.setBorderBrush(QBrush(self.theme.color("line")))
        table.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
        table.setBorderCollapse(True)
        table.setCellSpacing(0)
        table.setTopMargin(self.gap(before, leaf))
        table.setLeftMargin(self.indent(leaf.inside))
        table.setHeaderRowCount(1)
        columns = len(leaf.rows[0])
        table.setColumnWidthConstraints([QTextLength(QTextLength.Type.VariableLength, 0)] * columns)
        return table

    def cell(self) -> QTextTableCellFormat:
        """Return how a cell keeps its words from its borders."""
        cell = QTextTableCellFormat()
        cell.setTopPadding(self.theme.size(4))
        cell.setBottomPadding(self.theme.size(4))
        cell.setLeftPadding(self.theme.size(8))
        cell.setRightPadding(self.theme.size(8))
        return cell

    def cell_block(self, aligned: str, text: str) -> QTextBlockFormat:
        """Return how the words of a cell are set."""
        block = self.line(self.font.pixelSize())
        if is_right_to_left(text):
            block.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        if aligned:
            block.setAlignment(_ALIGNED[aligned] | Qt.AlignmentFlag.AlignAbsolute)
        return block

    def cell_words(self, leaf: Leaf, *, header: bool) -> QTextCharFormat:
        """Return how the words of a cell look."""
        words = QTextCharFormat(self.base(leaf))
        if header:
            words.setFontWeight(QFont.Weight.DemiBold)
        return words


_LEAST = QTextBlockFormat.LineHeightTypes.MinimumHeight.value
_FIXED = QTextBlockFormat.LineHeightTypes.FixedHeight.value
_ALIGNED: dict[str, Qt.AlignmentFlag] = {
    "left": Qt.AlignmentFlag.AlignLeft,
    "center": Qt.AlignmentFlag.AlignHCenter,
    "right": Qt.AlignmentFlag.AlignRight,
}
