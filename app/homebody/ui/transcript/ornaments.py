"""What is painted around the words of a page: cards of code, bars of quotes, marks of lists."""

from collections.abc import Iterator

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen, QTextBlock

from homebody.ui.transcript.leaves import QUOTE
from homebody.ui.transcript.manner import HEADER, PAD, QUOTE_INDENT
from homebody.ui.transcript.page import Card, Page

__all__ = ["card_rectangle", "paint_ornaments"]


def card_rectangle(page: Page, card: Card) -> QRectF:
    """Return where the card of a code is, in the document's pixels."""
    layout = page.document.documentLayout()
    manner = page.manner
    first = page.document.findBlockByNumber(card.first)
    last = page.document.findBlockByNumber(card.first + card.lines - 1)
    top = layout.blockBoundingRect(first).top() - manner.theme.size(HEADER)
    bottom = layout.blockBoundingRect(last).bottom() + manner.theme.size(PAD)
    left = manner.indent(page.leaves[card.leaf].inside)
    return QRectF(left, top, page.document.textWidth() - left, bottom - top)


def paint_ornaments(painter: QPainter, page: Page, clip: QRectF) -> None:
    """Paint what belongs to the leaves that are seen through `clip`."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for leaf in _seen(page, clip):
        _paint_quotes(painter, page, leaf)
        kind = page.leaves[leaf].kind
        if kind == "rule":
            _paint_rule(painter, page, leaf)
        elif kind == "code":
            _paint_card(painter, page, leaf)
        if page.leaves[leaf].inside:
            _paint_marks(painter, page, leaf)
    painter.restore()


def _block(page: Page, leaf: int) -> QTextBlock:
    return page.document.findBlockByNumber(page.spots[leaf].block)


def _top(page: Page, leaf: int) -> float:
    block = _block(page, leaf)
    return float(page.document.documentLayout().blockBoundingRect(block).top())


def _bottom(page: Page, leaf: int) -> float:
    """Return where a leaf ends: a table with its last border."""
    layout = page.document.documentLayout()
    if page.leaves[leaf].kind == "table":
        # Of the last row: what Qt says of the table's frame counts its margins twice.
        rows = page.leaves[leaf].rows
        end = page.spots[leaf].block + len(rows) * len(rows[0])
        cells = map(page.document.findBlockByNumber, range(end - len(rows[0]), end))
        lowest = max(layout.blockBoundingRect(cell).bottom() for cell in cells)
        return float(lowest) + page.manner.theme.size(4)
    after = page.spots[leaf + 1].block if leaf + 1 < len(page.spots) else None
    number = page.document.blockCount() - 1 if after is None else after - 1
    pad = page.manner.theme.size(PAD) if page.leaves[leaf].kind == "code" else 0
    return float(layout.blockBoundingRect(page.document.findBlockByNumber(number)).bottom()) + pad


def _seen(page: Page, clip: QRectF) -> Iterator[int]:
    """Return the leaves between the top and the bottom of `clip`. Tops grow, so they are halved."""
    slack = page.manner.theme.size(HEADER)
    low, high = 0, len(page.spots)
    while low < high:
        middle = (low + high) // 2
        if _top(page, middle) <= clip.top():
            low = middle + 1
        else:
            high = middle
    for leaf in range(max(low - 1, 0), len(page.spots)):
        if _top(page, leaf) - slack > clip.bottom():
            return
        yield leaf


def _paint_card(painter: QPainter, page: Page, leaf: int) -> None:
    theme = page.manner.theme
    card = next(card for card in page.cards if card.leaf == leaf)
    rectangle = card_rectangle(page, card).adjusted(0.5, 0.5, -0.5, -0.5)
    painter.setPen(QPen(theme.color("line"), 1))
    painter.setBrush(theme.color("code"))
    painter.drawRoundedRect(rectangle, 8, 8)
    painter.setPen(theme.color("faint"))
    painter.setFont(theme.font("fact"))
    side = theme.size(16)
    label = QRectF(
        rectangle.left() + side,
        rectangle.top() + theme.size(2),
        max(rectangle.width() - 2 * side - theme.size(80), 0),
        theme.size(HEADER - 4),
    )
    painter.drawText(
        label, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, card.language
    )


def _paint_rule(painter: QPainter, page: Page, leaf: int) -> None:
    y = round(_top(page, leaf)) + 0.5
    left = page.manner.indent(page.leaves[leaf].inside)
    painter.setPen(QPen(page.manner.theme.color("line"), 1))
    painter.drawLine(QPointF(left, y), QPointF(page.document.textWidth(), y))


def _paint_quotes(painter: QPainter, page: Page, leaf: int) -> None:
    inside = page.leaves[leaf].inside
    if QUOTE not in inside:
        return
    manner = page.manner
    extra = manner.theme.size(2)
    for depth, container in enumerate(inside):
        if container != QUOTE:
            continue
        begins = depth >= page.leaves[leaf].new
        top = _top(page, leaf) - extra if begins or not leaf else _bottom(page, leaf - 1)
        if page.leaves[leaf].kind == "code" and begins:
            top -= manner.theme.size(HEADER)
        x = manner.indent(inside[:depth])
        if _runs_left(page, leaf):
            x = round(page.document.textWidth()) - x - manner.theme.size(QUOTE_INDENT)
            x += manner.theme.size(QUOTE_INDENT) - 3
        # As low as the letters stand in their lines.
        bar = QRectF(x, top + 2 * extra, 3, _bottom(page, leaf) + extra - top)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(manner.theme.color("line"))
        painter.drawRoundedRect(bar, 1.5, 1.5)


def _runs_left(page: Page, leaf: int) -> bool:
    direction = _block(page, leaf).blockFormat().layoutDirection()
    return direction == Qt.LayoutDirection.RightToLeft


def _paint_marks(painter: QPainter, page: Page, leaf: int) -> None:
    manner = page.manner
    theme = manner.theme
    inside, new = page.leaves[leaf].inside, page.leaves[leaf].new
    block = _block(page, leaf)
    layout = block.layout()
    top = _top(page, leaf)
    line = layout.lineAt(0) if layout.lineCount() else None
    # The room that makes a line taller than its letters is above them.
    top += line.y() if line else 0
    ascent = line.ascent() if line else manner.font.pixelSize()
    mirrored = _runs_left(page, leaf)
    x: float
    for depth in range(new, len(inside)):
        mark = inside[depth]
        if mark == QUOTE:
            continue
        end = manner.indent(inside[: depth + 1]) - theme.size(8)
        if mark == "•":
            x = end - theme.size(4)
            x = page.document.textWidth() - x if mirrored else x
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("faint"))
            radius = max(theme.size(5) / 2, 1)
            painter.drawEllipse(QPointF(x, top + ascent - theme.size(4.5)), radius, radius)
        elif mark.startswith("["):
            size = theme.size(13)
            x = page.document.textWidth() - end if mirrored else end - size
            box = QRectF(x + 0.5, round(top + ascent - size + theme.size(2)) + 0.5, size, size)
            _paint_box(painter, page, box, done=mark == "[x]")
        else:
            painter.setPen(theme.color("faint"))
            painter.setFont(manner.font)
            width = painter.fontMetrics().horizontalAdvance(mark)
            x = page.document.textWidth() - end if mirrored else end - width
            painter.drawText(QPointF(x, top + ascent), mark)


def _paint_box(painter: QPainter, page: Page, box: QRectF, *, done: bool) -> None:
    theme = page.manner.theme
    painter.setPen(QPen(theme.color("ok" if done else "faint"), 1.2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(box, 3, 3)
    if not done:
        return
    tick = QPainterPath(QPointF(box.left() + box.width() * 0.22, box.center().y()))
    tick.lineTo(box.left() + box.width() * 0.43, box.top() + box.height() * 0.72)
    tick.lineTo(box.left() + box.width() * 0.8, box.top() + box.height() * 0.28)
    pen = QPen(theme.color("ok"), 1.6)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    painter.drawPath(tick)
