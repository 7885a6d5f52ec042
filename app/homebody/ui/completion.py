"""The list over the composer while a message begins with `/`: skills, to be named."""

from typing import Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QFrame,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from homebody.ui.states import SkillChoice
from homebody.ui.theme import Look
from homebody.ui.words import tr

__all__ = ["Completion", "matching"]

_ROWS: Final = 7
_TALL: Final = 44
_CHOICE: Final = Qt.ItemDataRole.UserRole


def matching(typed: str, skills: tuple[SkillChoice, ...]) -> list[SkillChoice]:
    """Return the skills that may be meant: names that begin so first, then words that do."""
    words = typed.casefold()
    first = [each for each in skills if each.name.startswith(words)]
    second = [
        each
        for each in skills
        if each not in first
        and any(
            part.startswith(words)
            for part in f"{each.name.replace('_', ' ')} {each.title}".casefold().split()
        )
    ]
    return first + second


class Completion(QFrame):
    """Lies over the window, above `anchor`, and never takes the focus."""

    chosen = Signal(str)
    """A skill's name."""

    def __init__(self, look: Look, anchor: QWidget) -> None:
        super().__init__(anchor.window())
        self._look = look
        self._anchor = anchor
        self.setObjectName("completion")
        self.setProperty("role", "ask")
        self._list = QListWidget(self)
        self._list.setObjectName("completion_list")
        self._list.setAccessibleName(tr("Skills"))
        self._list.setProperty("role", "completion")
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list.setFrameShape(QFrame.Shape.NoFrame)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.setMouseTracking(True)
        self._list.setItemDelegate(_Lines(look, self._list))
        self._list.itemClicked.connect(self._on_clicked)
        self._list.itemEntered.connect(self._list.setCurrentItem)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.addWidget(self._list)
        self.hide()

    def show_choices(self, choices: list[SkillChoice]) -> None:
        """Show these, the first one chosen; none: go away."""
        names = [each.name for each in choices]
        if names != [each.name for each in self._choices()]:
            self._list.clear()
            for choice in choices:
                item = QListWidgetItem(self._list)
                item.setData(_CHOICE, choice)
                # What a screen reader says of it.
                item.setText(f"/{choice.name}. {choice.title}. {choice.description}")
        if not choices:
            self.hide()
            return
        if self._list.currentRow() < 0 or self.isHidden():
            self._list.setCurrentRow(0)
        self._place(len(choices))
        self.show()
        self.raise_()

    def step(self, by: int) -> None:
        """Go up or down, round and round."""
        count = self._list.count()
        self._list.setCurrentRow((self._list.currentRow() + by) % count)

    def current(self) -> SkillChoice | None:
        """Return the one that Enter would take."""
        item = self._list.currentItem()
        found = None if self.isHidden() or item is None else item.data(_CHOICE)
        return found if isinstance(found, SkillChoice) else None

    def _choices(self) -> list[SkillChoice]:
        return [self._list.item(n).data(_CHOICE) for n in range(self._list.count())]

    def _place(self, count: int) -> None:
        size = self._look.theme.size
        height = min(count, _ROWS) * size(_TALL) + 14
        corner = self._anchor.mapTo(self.window(), QPoint(0, 0))
        height = min(height, max(corner.y() - size(16), size(_TALL)))
        top = corner.y() - height - size(8)
        self.setGeometry(corner.x(), top, min(self._anchor.width(), size(620)), height)

    def _on_clicked(self, item: QListWidgetItem) -> None:
        self.chosen.emit(item.data(_CHOICE).name)


class _Lines(QStyledItemDelegate):
    """Draws a skill in two lines: its name and form, and what it does."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """Return the height of two lines."""
        del option, index
        return QSize(100, self._look.theme.size(_TALL))

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Draw one."""
        theme, choice = self._look.theme, index.data(_CHOICE)
        size = theme.size
        place = option.rect
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("selected"))
            painter.drawRoundedRect(place, 6, 6)
        inner = place.adjusted(size(10), size(4), -size(10), -size(4))
        middle = Qt.AlignmentFlag.AlignVCenter
        upper = inner.adjusted(0, 0, 0, -inner.height() // 2)
        painter.setFont(theme.font("code"))
        painter.setPen(theme.color("text"))
        name = f"/{choice.name}"
        painter.drawText(upper, middle, name)
        left = painter.fontMetrics().horizontalAdvance(name) + size(8)
        painter.setPen(theme.color("faint"))
        form = painter.fontMetrics().elidedText(
            choice.form, Qt.TextElideMode.ElideRight, max(upper.width() - left, 0)
        )
        painter.drawText(upper.adjusted(left, 0, 0, 0), middle, form)
        painter.setFont(theme.font("fact"))
        painter.setPen(theme.color("dim"))
        lower = inner.adjusted(0, inner.height() // 2, 0, 0)
        said = painter.fontMetrics().elidedText(
            choice.description, Qt.TextElideMode.ElideRight, lower.width()
        )
        painter.drawText(lower, middle, said)
        painter.restore()
