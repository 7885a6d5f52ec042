"""One skill on the page of skills: its title and what it does; opened, examples and facts."""

from functools import partial
from typing import Final

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QEnterEvent, QFontMetrics, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import (
    QAbstractButton,
    QGridLayout,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from homebody.ui.flow import FlowLayout
from homebody.ui.pages.sheet import label
from homebody.ui.skill_states import SkillCard
from homebody.ui.theme import Look
from homebody.ui.words import tr

__all__ = ["SkillLine"]

_TALL: Final = 52
_SIDE: Final = 16


class SkillLine(QWidget):
    """Shows a `SkillCard`; what it holds when it is open is made when it is opened."""

    opened = Signal(str)
    """The skill's name, or "": to be closed."""
    example_chosen = Signal(str)

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self._card: SkillCard | None = None
        self._inside: _Inside | None = None
        self._head = _Head(look, self)
        self._head.clicked.connect(self._on_clicked)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addWidget(self._head)

    def show_card(self, card: SkillCard) -> None:
        """Show a skill; the same state changes nothing."""
        if card == self._card:
            return
        self._card = card
        self.setObjectName(f"skill_{card.name}")
        self._head.show_card(card)
        if self._inside is not None:
            self._column.removeWidget(self._inside)
            self._inside.hide()
            self._inside.deleteLater()
            self._inside = None
        if card.is_open:
            self._inside = _Inside(self._look, card, self)
            self._inside.example_chosen.connect(self.example_chosen)
            self._column.addWidget(self._inside)
            self._inside.show()

    def reading_order(self) -> list[QWidget]:
        """Return its parts in the order in which one reads them."""
        inside = self._inside.findChildren(QPushButton) if self._inside is not None else []
        return [self._head, *inside]

    def _on_clicked(self) -> None:
        if self._card is not None:
            self.opened.emit("" if self._card.is_open else self._card.name)


class _Head(QAbstractButton):
    """Two lines that open: the title, and what it does."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self._card = SkillCard(name="", title="", sentence="")
        self.setObjectName("skill_head")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        look.changed.connect(self.updateGeometry)

    def show_card(self, card: SkillCard) -> None:
        """Show these words."""
        self._card = card
        verb = tr("Close {name}") if card.is_open else tr("Open {name}")
        self.setAccessibleName(verb.format(name=card.title))
        said = ". ".join(part for part in (card.sentence.rstrip("."), card.mark) if part)
        self.setAccessibleDescription(said)
        self.update()

    def sizeHint(self) -> QSize:
        """Return the height of two lines."""
        return QSize(self._look.theme.size(240), self._look.theme.size(_TALL))

    def enterEvent(self, event: QEnterEvent) -> None:
        """Show that it can be pressed."""
        super().enterEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the two lines, the mark and the chevron."""
        del event
        theme, card = self._look.theme, self._card
        size = theme.size
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        inner = QRectF(self.rect()).adjusted(4, 3, -4, -3)
        if self.hasFocus():
            painter.setPen(QPen(theme.color("accent"), 2))
            painter.drawRoundedRect(inner, 6, 6)
        elif self.underMouse():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("bg"))
            painter.drawRoundedRect(inner, 6, 6)
            painter.setBrush(Qt.BrushStyle.NoBrush)
        left, right = size(_SIDE), self.width() - size(_SIDE)
        self._paint_chevron(painter, right - size(12))
        right -= size(12) + size(8)
        painter.setFont(theme.font("fact"))
        painter.setPen(theme.color("faint"))
        mark = painter.fontMetrics().horizontalAdvance(card.mark)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRect(right - mark, 0, mark, self.height()), middle, card.mark)
        right -= mark + size(12)
        title = theme.font("body")
        title.setWeight(title.Weight.DemiBold)
        line, above = QFontMetrics(title).height(), (self.height() - size(38)) // 2
        for number, (font, colour, words) in enumerate(
            ((title, "text", card.title), (theme.font("body"), "dim", card.sentence))
        ):
            painter.setFont(font)
            painter.setPen(theme.color(colour))
            metrics = painter.fontMetrics()
            cut = metrics.elidedText(words, Qt.TextElideMode.ElideRight, right - left)
            place = QRect(left, above + number * size(20), right - left, max(line, size(18)))
            painter.drawText(place, middle, cut)
        painter.end()

    def _paint_chevron(self, painter: QPainter, left: int) -> None:
        theme = self._look.theme
        pen = QPen(theme.color("faint"), 1.4 * theme.scale)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        unit, middle = theme.scale, self.height() / 2
        side = -1 if self._card.is_open else 1
        points = [(1, -2.5 * side), (6, 2.5 * side), (11, -2.5 * side)]
        painter.drawPolyline(
            QPolygonF([QPointF(left + x * unit, middle + y * unit) for x, y in points])
        )


class _Inside(QWidget):
    """What an opened skill shows."""

    example_chosen = Signal(str)

    def __init__(self, look: Look, card: SkillCard, parent: QWidget) -> None:
        super().__init__(parent)
        theme = look.theme
        column = QVBoxLayout(self)
        side = theme.size(_SIDE)
        column.setContentsMargins(side, theme.size(4), side, theme.size(16))
        column.setSpacing(theme.size(8))
        if card.examples:
            column.addWidget(label(tr("Say it like this"), "label", self))
            examples = QWidget(self)
            flow = FlowLayout(examples)
            flow.setContentsMargins(0, 0, 0, 0)
            flow.setSpacing(theme.size(8))
            for words in card.examples:
                button = QPushButton(words.replace("&", "&&"), examples)
                button.setObjectName("skill_example")
                button.setAccessibleName(tr("Write: {words}").format(words=words))
                button.clicked.connect(partial(self.example_chosen.emit, words))
                flow.addWidget(button)
            column.addWidget(examples)
            column.addSpacing(theme.size(4))
        facts = QGridLayout()
        facts.setHorizontalSpacing(theme.size(16))
        facts.setVerticalSpacing(theme.size(4))
        facts.setColumnStretch(1, 1)
        for number, fact in enumerate(card.facts):
            name = label(fact.label, "fact", self)
            name.setWordWrap(False)
            value = label(fact.value, "fact", self)
            value.setObjectName("skill_fact")
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            facts.addWidget(name, number, 0, Qt.AlignmentFlag.AlignTop)
            facts.addWidget(value, number, 1)
        column.addLayout(facts)
