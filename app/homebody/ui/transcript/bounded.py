"""A text as it is, in a fixed width font, that takes no more than some lines and scrolls."""

import math
from typing import Final

from PySide6.QtGui import QFontMetricsF, QTextOption
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from homebody.ui.theme import Look
from homebody.ui.words import tr

__all__ = ["MOST_SHOWN", "BoundedText"]

MOST_SHOWN: Final = 20_000
"""So many characters are shown; copying gives all of them."""
_PAD: Final = 9
"""Between the words and the edge, the line of the edge included."""


class BoundedText(QPlainTextEdit):
    """Shows a text to read and to select. Its height is that of its lines, up to `most`."""

    def __init__(self, look: Look, name: str, most: int, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self._most = most
        self._whole = ""
        self.setObjectName(name)
        self.setProperty("role", "result")
        self.setReadOnly(True)
        self.setTabChangesFocus(True)
        self.setUndoRedoEnabled(False)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.document().setDocumentMargin(0)
        self.restyle()

    @property
    def whole(self) -> str:
        """The text as it was given, also where only its beginning is shown."""
        return self._whole

    @property
    def is_cut(self) -> bool:
        """Whether only the beginning is shown."""
        return len(self._whole) > MOST_SHOWN

    def show_text(self, text: str, name: str) -> None:
        """Show a text; `name` says what it is, for screen readers."""
        self.setAccessibleName(name)
        if text != self._whole:
            self._whole = text
            cut = tr("… and {count:,} more characters. Copy gives all.").format(
                count=len(text) - MOST_SHOWN
            )
            self.setPlainText(f"{text[:MOST_SHOWN]}\n{cut}" if self.is_cut else text)

    def restyle(self) -> None:
        """Take the font of now."""
        self.setFont(self._look.theme.font("code"))

    def lay_out(self, width: int) -> int:
        """Return the height at a width; both in pixels."""
        metrics = QFontMetricsF(self.font())
        pad = self._look.theme.size(_PAD)
        # Counted and not laid out: most of a long text is never seen.
        columns = max(int((width - 2 * pad) / metrics.horizontalAdvance("0")), 1)
        lines = 0
        for line in self._whole[: columns * self._most].split("\n"):
            lines += max(-(-len(line) // columns), 1)
            if lines >= self._most:
                break
        # Lines stand on whole pixels.
        return min(lines, self._most) * math.ceil(metrics.lineSpacing()) + 2 * pad + 2
