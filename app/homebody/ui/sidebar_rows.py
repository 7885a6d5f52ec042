"""The rows of the sidebar: the model that holds them, and the delegate that paints them.

All rows are equally high, headings too, so that a list of ten thousand is laid out without asking
each; only what is in sight is painted.
"""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from PySide6.QtCore import (
    QAbstractItemModel,
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPen, QTextCharFormat, QTextLayout
from PySide6.QtWidgets import (
    QLineEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from homebody.messages.turns import MATCH_BEGINS, MATCH_ENDS
from homebody.ui.states import ConversationRow
from homebody.ui.theme import Look
from homebody.ui.words import tr

__all__ = ["ConversationRows", "Heading", "RowPainter"]


_ROW = 32
_FOUND_ROW = 52
_BEFORE_MATCH = 16
"""How many characters of a snippet are kept before its first match."""

_Index = QModelIndex | QPersistentModelIndex


class Heading(Struct, frozen=True):
    """A line that says what the rows below it are. Nobody can choose it."""

    text: str


class ConversationRows(QAbstractListModel):
    """Conversations under headings, or places that a search found, without headings."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._given: tuple[ConversationRow, ...] = ()
        self._rows: list[ConversationRow | Heading] = []
        self.found = False
        """The rows are places that a search found, and two lines high."""

    def show_rows(self, rows: tuple[ConversationRow, ...]) -> bool:
        """Hold these rows instead. Return whether the model was reset to do so."""
        if rows == self._given:
            return False
        fresh = _with_headings(rows)
        found = any(row.snippet for row in rows)
        if found == self.found and _keys(fresh) == _keys(self._rows):
            changed = [i for i, row in enumerate(fresh) if row != self._rows[i]]
            self._given, self._rows = rows, fresh
            if changed:
                self.dataChanged.emit(self.index(changed[0]), self.index(changed[-1]))
            return False
        self.beginResetModel()
        self._given, self._rows, self.found = rows, fresh, found
        self.endResetModel()
        return True

    def row(self, index: _Index) -> ConversationRow | None:
        """Return the conversation at an index; None for a heading or no place at all."""
        found = self.at(index.row()) if index.isValid() else None
        return None if isinstance(found, Heading) else found

    def at(self, place: int) -> ConversationRow | Heading | None:
        """Return what stands at a place, counted from 0."""
        return self._rows[place] if 0 <= place < len(self._rows) else None

    def find(self, conversation: str | None, turn: str | None = None) -> QModelIndex:
        """Return the index of a conversation, or of a place in one; invalid if there is none."""
        for place, row in enumerate(self._rows):
            if isinstance(row, ConversationRow) and (row.id, row.turn) == (conversation, turn):
                return self.index(place)
        return QModelIndex()

    def beside(self, index: _Index, step: int) -> QModelIndex:
        """Return the index of the next conversation in a direction, headings left out."""
        place = index.row() + step if index.isValid() else (0 if step > 0 else len(self._rows) - 1)
        while 0 <= place < len(self._rows):
            if isinstance(self._rows[place], ConversationRow):
                return self.index(place)
            place += 1 if step > 0 else -1
        return QModelIndex()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - as Qt has it
        """Return how many rows there are, headings too."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the words of a row."""
        row = self.at(index.row()) if index.isValid() else None
        if row is None:
            return None
        if isinstance(row, Heading):
            return row.text if role in _TEXTS else None
        if role == Qt.ItemDataRole.AccessibleTextRole and row.snippet:
            return f"{row.title}: {_plain(row.snippet)}"
        return row.title if role in _TEXTS or role in _WHOLE else None

    def flags(self, index: _Index) -> Qt.ItemFlag:
        """Tell what may be done with a row: nothing with a heading."""
        row = self.row(index)
        if row is None:
            return Qt.ItemFlag.NoItemFlags
        chosen = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return chosen if row.snippet else chosen | Qt.ItemFlag.ItemIsEditable


_TEXTS = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole)
_WHOLE = (Qt.ItemDataRole.EditRole,)


class RowPainter(QStyledItemDelegate):
    """Paints a row, and edits a title in its place."""

    renamed = Signal(str, str)
    """A conversation's id and the title that it was given, if that is another one."""
    edited = Signal()
    """The editor is gone, whatever became of it."""

    def __init__(self, look: Look, rows: ConversationRows, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._rows = rows
        self.selected: str | None = None
        """The conversation that is open."""
        self._dress()
        look.changed.connect(self._dress)

    def _dress(self) -> None:
        theme = self._look.theme
        self._plain = theme.font("body")
        self._bold = QFont(self._plain)
        self._bold.setWeight(QFont.Weight.DemiBold)
        self._label = theme.font("label")
        self._fact = theme.font("fact")
        self._metrics = QFontMetrics(self._plain)
        self._bold_metrics = QFontMetrics(self._bold)

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        """Return the height that every row has."""
        del option, index
        height = _FOUND_ROW if self._rows.found else _ROW
        return QSize(0, self._look.theme.size(height))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """Paint a row or a heading."""
        row = self._rows.at(index.row())
        if row is None:
            return
        painter.save()
        rect: QRect = option.rect
        side = self._look.theme.size(14)
        inner = rect.adjusted(side, 0, -side, 0)
        if isinstance(row, Heading):
            self._paint_heading(painter, inner, row.text)
        else:
            state: QStyle.StateFlag = option.state
            self._paint_back(painter, rect, row, state)
            self._paint_row(painter, inner, row)
        painter.restore()

    def _paint_heading(self, painter: QPainter, rect: QRect, text: str) -> None:
        theme = self._look.theme
        painter.setFont(self._label)
        painter.setPen(theme.color("faint"))
        low = rect.adjusted(0, theme.size(8), 0, 0)
        painter.drawText(low, _LINE, painter.fontMetrics().elidedText(text, _RIGHT, low.width()))

    def _paint_back(
        self, painter: QPainter, rect: QRect, row: ConversationRow, state: QStyle.StateFlag
    ) -> None:
        theme = self._look.theme
        flags = QStyle.StateFlag
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(rect).adjusted(1, 1, -1, -1)
        radius = theme.size(8)
        current = bool(state & flags.State_HasFocus)
        if self._is_open(row) or state & flags.State_MouseOver:
            color = theme.color("selected")
            if not self._is_open(row):
                color.setAlphaF(0.5)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(color)
            painter.drawRoundedRect(box, radius, radius)
        if current:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme.color("accent"), 2))
            painter.drawRoundedRect(box, radius, radius)

    def _paint_row(self, painter: QPainter, rect: QRect, row: ConversationRow) -> None:
        theme = self._look.theme
        strong = self._is_open(row)
        metrics = self._bold_metrics if strong else self._metrics
        painter.setFont(self._bold if strong else self._plain)
        painter.setPen(theme.color("text"))
        line = QRect(rect)
        if row.snippet:
            line = rect.adjusted(0, theme.size(6), 0, -rect.height() // 2)
        title = " ".join(row.title.split())
        painter.drawText(line, _LINE, metrics.elidedText(title, _RIGHT, line.width()))
        if row.snippet:
            below = QRect(rect.left(), line.bottom(), rect.width(), rect.bottom() - line.bottom())
            self._paint_snippet(painter, below, row.snippet)

    def _paint_snippet(self, painter: QPainter, rect: QRect, snippet: str) -> None:
        theme = self._look.theme
        text, spans = _matches(snippet)
        strong = QTextCharFormat()
        strong.setFontWeight(QFont.Weight.DemiBold)
        strong.setForeground(theme.color("text"))
        formats = []
        for start, length in spans:
            found = QTextLayout.FormatRange()
            found.start, found.length, found.format = start, length, strong
            formats.append(found)
        room = QFontMetrics(self._fact).elidedText(text, _RIGHT, rect.width())
        layout = QTextLayout(room, self._fact)
        layout.setFormats(formats)
        layout.beginLayout()
        laid = layout.createLine()
        laid.setLineWidth(4 * rect.width())
        layout.endLayout()
        painter.setPen(theme.color("faint"))
        painter.setClipRect(rect)
        layout.draw(painter, QPointF(rect.left(), rect.top() + theme.size(1)))

    def _is_open(self, row: ConversationRow) -> bool:
        return row.id == self.selected and row.turn is None

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: _Index) -> QWidget:
        """Return the field that a title is edited in."""
        del option, index
        editor = QLineEdit(parent)
        editor.setObjectName("title_editor")
        editor.setAccessibleName(tr("Title of the conversation"))
        return editor

    def updateEditorGeometry(
        self, editor: QWidget, option: QStyleOptionViewItem, index: _Index
    ) -> None:
        """Put the field where the row is."""
        del index
        editor.setGeometry(option.rect)

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: _Index) -> None:
        """Say that a title was edited; the model changes when the store did."""
        del model
        row = self._rows.row(index)
        if row is None or not isinstance(editor, QLineEdit):
            return
        title = editor.text().strip()
        if title and title != row.title:
            self.renamed.emit(row.id, title)

    def destroyEditor(self, editor: QWidget, index: _Index) -> None:
        """Say that the editing is over."""
        super().destroyEditor(editor, index)
        self.edited.emit()


_LINE = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft) | int(
    Qt.TextFlag.TextSingleLine
)
_RIGHT = Qt.TextElideMode.ElideRight


def _with_headings(rows: Sequence[ConversationRow]) -> list[ConversationRow | Heading]:
    """Put a heading before each group; places that were found stand under one, elsewhere."""
    if any(row.snippet for row in rows):
        return list(rows)
    mixed: list[ConversationRow | Heading] = []
    group = ""
    for row in rows:
        if row.group and row.group != group:
            mixed.append(Heading(row.group))
        group = row.group
        mixed.append(row)
    return mixed


def _keys(rows: Sequence[ConversationRow | Heading]) -> list[tuple[str, str | None]]:
    return [("", row.text) if isinstance(row, Heading) else (row.id, row.turn) for row in rows]


def _plain(snippet: str) -> str:
    return snippet.replace(MATCH_BEGINS, "").replace(MATCH_ENDS, "")


def _matches(snippet: str) -> tuple[str, list[tuple[int, int]]]:
    """Return a snippet on one line without its marks, and where its matches start, how long.

    It begins shortly before its first match, so that this is in sight.
    """
    snippet = " ".join(snippet.split())
    first = snippet.find(MATCH_BEGINS)
    if first > _BEFORE_MATCH:
        kept = snippet[first - _BEFORE_MATCH : first]
        # From the beginning of a word on, where there is one.
        kept = kept.partition(" ")[2] or kept
        snippet = f"…{kept}{snippet[first:]}"
    text, spans, start = "", [], -1
    for character in snippet:
        if character == MATCH_BEGINS:
            start = _qt_length(text)
        elif character == MATCH_ENDS and start >= 0:
            spans.append((start, _qt_length(text) - start))
            start = -1
        elif character not in {MATCH_BEGINS, MATCH_ENDS}:
            text += character
    return text, spans


def _qt_length(text: str) -> int:
    """Qt counts in UTF-16."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
