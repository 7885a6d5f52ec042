"""What settings are edited in: one widget for each kind of value.

Each says `given` with what was given, once that is finished; whether it is a good value is for the
setting to say. Showing a value never takes away what was typed and not accepted.
"""

from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QHideEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QSizePolicy,
    QStyledItemDelegate,
    QWidget,
)

from homebody.settings.declared import Setting
from homebody.ui.icons import pixmap
from homebody.ui.theme import Look
from homebody.ui.words import tr

__all__ = ["ChoiceEditor", "LineEditor", "SwitchEditor", "TextEditor", "make_editor"]

_PROMPT_LINES: Final = 5


class SwitchEditor(QCheckBox):
    """On or off, as a switch: its place says it, and its colour too."""

    given = Signal(object)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.clicked.connect(self._on_clicked)

    def show_value(self, value: object) -> None:
        """Show on or off."""
        self.setChecked(bool(value))

    def _on_clicked(self, checked: bool) -> None:
        self.given.emit(checked)

    def sizeHint(self) -> QSize:
        """Return the size of the switch and of the ring around it."""
        theme = self._look.theme
        return QSize(theme.size(44), theme.size(28))

    def hitButton(self, pos: object) -> bool:
        """All of it can be clicked."""
        del pos
        return True

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the switch."""
        del event
        theme = self._look.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        height = theme.size(20)
        box = QRectF(4, (self.height() - height) / 2, self.width() - 8, height)
        painter.setPen(Qt.PenStyle.NoPen)
        if self.hasFocus():
            painter.setPen(QPen(theme.color("accent"), 2))
            painter.drawRoundedRect(box.adjusted(-3, -3, 3, 3), height / 2 + 3, height / 2 + 3)
        on = self.isChecked()
        painter.setPen(QPen(theme.color("ok" if on else "faint"), 1.5))
        painter.setBrush(theme.color("ok" if on else "card"))
        painter.drawRoundedRect(box, height / 2, height / 2)
        side = height - 8
        left = box.right() - side - 4 if on else box.left() + 4
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("card" if on else "faint"))
        painter.drawEllipse(QRectF(left, box.top() + 4, side, side))
        painter.end()


class ChoiceEditor(QComboBox):
    """One of a few."""

    given = Signal(object)

    def __init__(self, look: Look, choices: tuple[str, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        words = {"system": tr("As the system is"), "light": tr("Light"), "dark": tr("Dark")}
        # The list takes the style sheet's words for its rows only from this delegate.
        self.setItemDelegate(QStyledItemDelegate(self))
        for choice in choices:
            self.addItem(words.get(choice, choice.capitalize()), choice)
        self.activated.connect(self._on_activated)

    def show_value(self, value: object) -> None:
        """Show a choice."""
        self.setCurrentIndex(self.findData(value))

    def _on_activated(self, place: int) -> None:
        self.given.emit(self.itemData(place))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the page: scrolling past must not change a setting."""
        event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint our chevron where the style paints none."""
        super().paintEvent(event)
        theme = self._look.theme
        side = theme.size(16)
        painter = QPainter(self)
        chevron = pixmap("chevron-down", theme, "dim", self.devicePixelRatioF())
        painter.drawPixmap(
            self.width() - side - theme.size(8), (self.height() - side) // 2, chevron
        )
        painter.end()


class LineEditor(QLineEdit):
    """A number or a short text."""

    given = Signal(object)
    """A text, a number, or None for nothing; what cannot be read as a number comes as a text."""

    def __init__(self, setting: Setting, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._setting = setting
        self._shown = ""
        if setting.default is None:
            self.setPlaceholderText(tr("The model’s own"))
        self.editingFinished.connect(self._on_finished)

    def show_value(self, value: object) -> None:
        """Show a value, unless something else is being typed or was not accepted."""
        words = _written(value)
        if self.text().strip() in {self._shown, words} or not self.isModified():
            self._shown = words
            if self.text() != words:
                self.setText(words)
            self.setModified(False)
        else:
            self._shown = words

    def give(self, value: object) -> None:
        """Replace what is typed, and give that."""
        self.setText(_written(value))
        self.setModified(True)
        self._on_finished()

    def _on_finished(self) -> None:
        if self.isModified():
            self.given.emit(self._read(self.text().strip()))

    def _read(self, words: str) -> object:
        if self._setting.kind == "text":
            return words
        if not words:
            return None
        try:
            return int(words) if self._setting.kind == "whole" else float(words.replace(",", "."))
        except ValueError:
            return words


class TextEditor(QPlainTextEdit):
    """A text of several lines. It is given when the focus leaves, or the page."""

    given = Signal(object)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._shown = ""
        self.setProperty("role", "field")
        self.setTabChangesFocus(True)
        self.dress()
        look.changed.connect(self.dress)

    def dress(self) -> None:
        """Be as high as a few lines."""
        self.setFixedHeight(
            _PROMPT_LINES * self.fontMetrics().lineSpacing() + self._look.theme.size(20)
        )

    def show_value(self, value: object) -> None:
        """Show a text, unless another one is being typed."""
        words = str(value)
        typed = self.toPlainText() != self._shown
        self._shown = words
        if not typed and self.toPlainText() != words:
            self.setPlainText(words)

    def give(self, value: object) -> None:
        """Replace what is typed, and give that."""
        self.setPlainText(_written(value))
        self._finish()

    def _finish(self) -> None:
        if self.toPlainText() != self._shown:
            self.given.emit(self.toPlainText())

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Give what was typed, unless only a menu or another window is in front."""
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self._finish()

    def hideEvent(self, event: QHideEvent) -> None:
        """Give what was typed."""
        super().hideEvent(event)
        self._finish()


Editor = SwitchEditor | ChoiceEditor | LineEditor | TextEditor


def make_editor(look: Look, setting: Setting, *, long: bool, parent: QWidget) -> Editor:
    """Return the editor for a setting, with its names; `long` is for texts of several lines."""
    editor: Editor
    if setting.kind == "switch":
        editor = SwitchEditor(look, parent)
    elif setting.kind == "choice":
        editor = ChoiceEditor(look, setting.choices, parent)
    elif long:
        editor = TextEditor(look, parent)
    else:
        editor = LineEditor(setting, parent)
    editor.setObjectName(setting.key)
    editor.setAccessibleName(tr(setting.title))
    editor.setAccessibleDescription(tr(setting.help))
    editor.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return editor


def _written(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.12g}" if isinstance(value, float) else str(value)
