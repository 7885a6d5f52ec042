"""Gives the words of codes their colours, as they become known."""

from collections.abc import Sequence

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QFont, QTextCharFormat, QTextLayout

from homebody.ui.theme import Look
from homebody.ui.transcript.highlight import Highlighter, Span
from homebody.ui.transcript.page import Card, Page

__all__ = ["Colours"]

_OPEN_LINES = 300
"""Code that is still being written is coloured only while it is shorter."""
_EVERY = 250
"""Milliseconds between two colourings of a code that is being written."""
_TOKENS = {"keyword": "accent", "string": "ok", "comment": "faint", "number": "warn"}


class Colours(QObject):
    """Colours the codes of one page. Colours are additions to the layout: the text stays."""

    coloured = Signal()

    def __init__(self, look: Look, highlighter: Highlighter, page: Page, parent: QObject) -> None:
        super().__init__(parent)
        self._look = look
        self._highlighter = highlighter
        self._page = page
        self._pausing = QTimer(self)
        self._pausing.setSingleShot(True)
        self._pausing.setInterval(_EVERY)
        self._pausing.timeout.connect(self._colour_all)
        highlighter.found.connect(self._on_found)

    def follow(self) -> None:
        """Colour what is complete, and after a while what is not."""
        for card in self._page.cards:
            if card.coloured == card.code:
                continue
            if card.closed:
                self._colour(card, card.code)
            elif card.lines < _OPEN_LINES and not self._pausing.isActive():
                self._pausing.start()

    def _colour_all(self) -> None:
        for card in self._page.cards:
            if card.coloured != card.code:
                self._colour(card, card.code)

    def _colour(self, card: Card, code: str) -> None:
        """Colour a code by what is known of it, or of its beginning."""
        spans = self._highlighter.spans(card.language, code)
        if spans is None:
            return
        card.coloured = code
        if not spans:
            return
        formats = self._formats()
        block = self._page.document.findBlockByNumber(card.first)
        begin = end = block.position()
        for line in spans[: card.lines]:
            _apply(block.layout(), line, formats)
            end = block.position() + block.length()
            block = block.next()
        self._page.document.markContentsDirty(begin, end - begin)
        self.coloured.emit()

    def _formats(self) -> dict[str, QTextCharFormat]:
        formats = {}
        for kind, token in _TOKENS.items():
            formats[kind] = QTextCharFormat()
            formats[kind].setForeground(self._look.theme.color(token))
        formats["comment"].setFontItalic(True)
        formats["name"] = QTextCharFormat()
        formats["name"].setFontWeight(QFont.Weight.Medium)
        return formats

    def _on_found(self, language: str, code: str) -> None:
        for card in self._page.cards:
            # While it is being written there is more of it than was looked at.
            known = card.code == code or (not card.closed and card.code.startswith(code))
            if known and card.language.lower() == language:
                self._colour(card, code)


def _apply(layout: QTextLayout, spans: Sequence[Span], formats: dict[str, QTextCharFormat]) -> None:
    ranges = []
    for span in spans:
        part = QTextLayout.FormatRange()
        part.start, part.length, part.format = span.start, span.length, formats[span.kind]
        ranges.append(part)
    layout.setFormats(ranges)
