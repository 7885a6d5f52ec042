"""A text as it is, in a fixed width font, that takes no more than some lines and scrolls."""

import math
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QFontMetricsF, QTextLayout, QTextOption
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from homebody.ui.theme import Look
from homebody.ui.words import tr

__all__ = ["MOST_SHOWN", "BoundedText", "bounded_height", "take_size"]

MOST_SHOWN: Final = 20_000
"""So many characters are shown; copying gives all of them."""
_PAD: Final = 8
"""Between the words and the line of the edge, as the style sheet has it."""


class BoundedText(QPlainTextEdit):
    """Shows a text to read and to select. Its height is that of its lines, up to `most`."""

    def __init__(
        self,
        look: Look,
        name: str,
        most: int,
        parent: QWidget,
        *,
        cut: int | None = MOST_SHOWN,
    ) -> None:
        """`most` lines are seen at once, and `cut` characters at all; None: all there are."""
        super().__init__(parent)
        self._look = look
        self._most = most
        self._cut = cut
        self._whole = ""
        self.setObjectName(name)
        self.setProperty("role", "result")
        self.setReadOnly(True)
        self.setTabChangesFocus(True)
        self.setUndoRedoEnabled(False)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().setDocumentMargin(0)
        self.restyle()

    @property
    def whole(self) -> str:
        """The text as it was given, also where only its beginning is shown."""
        return self._whole

    @property
    def is_cut(self) -> bool:
        """Whether only the beginning is shown."""
        return self._cut is not None and len(self._whole) > self._cut

    def show_text(self, text: str, name: str) -> None:
        """Show a text; `name` says what it is, for screen readers."""
        self.setAccessibleName(name)
        if text != self._whole:
            self._whole = text
            if self._cut is None or not self.is_cut:
                self.setPlainText(text)
                return
            cut = tr("… and {count:,} more characters. Copy gives all.").format(
                count=len(text) - self._cut
            )
            self.setPlainText(f"{text[: self._cut]}\n{cut}")

    def restyle(self) -> None:
        """Take the font of now."""
        self.setFont(self._look.theme.font("code"))

    def lay_out(self, width: int) -> int:
        """Return the height at a width; both in pixels."""
        height = bounded_height(self._look, self.font(), self._whole, width, self._most)
        take_size(self, width, height)
        return height


def bounded_height(look: Look, font: QFont, text: str, width: int, most: int) -> int:
    """Return how tall a text is in a field of a width, up to `most` lines; both in pixels."""
    metrics = QFontMetricsF(font)
    # The line is one pixel at any size of text.
    pad = look.theme.size(_PAD) + 1
    room = max(width - 2 * pad, 1)
    columns = max(int(room / metrics.horizontalAdvance("0")), 1)
    lines = 0
    # Most of a long text is never seen, and so not laid out here.
    for line in text[: columns * most].split("\n"):
        lines += _lines(line, font, room, most - lines)
        if lines >= most:
            break
    # Lines stand on whole pixels.
    return min(lines, most) * math.ceil(metrics.lineSpacing()) + 2 * pad + 2


def take_size(text: QPlainTextEdit, width: int, height: int) -> None:
    """Give a text a size, in pixels, with a bar to scroll only where that size is too small.

    Else a bar that was needed before stays: it takes the room that would make it needless.
    """
    if (text.width(), text.height()) != (width, height):
        text.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        text.resize(width, height)
        text.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)


def _lines(text: str, font: QFont, width: int, most: int) -> int:
    """Return in how many lines a line is broken at a width, up to `most`."""
    layout = QTextLayout(text, font)
    layout.setTextOption(_wrapping())
    layout.beginLayout()
    count = 0
    while count < most:
        line = layout.createLine()
        if not line.isValid():
            break
        line.setLineWidth(width)
        count += 1
    layout.endLayout()
    return max(count, 1)


def _wrapping() -> QTextOption:
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    return option
