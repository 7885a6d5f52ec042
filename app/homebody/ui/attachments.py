"""The files that go with a message, as chips above the field; each can be taken off."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from homebody.ui.flow import FlowLayout
from homebody.ui.icons import icon, pixmap
from homebody.ui.states import AttachmentChip
from homebody.ui.theme import Look
from homebody.ui.words import tr

__all__ = ["Attachments"]

_NAME = 220
"""A longer name is cut in its middle, where names differ least."""


class Attachments(QWidget):
    """A row of chips, and a sentence for each file that cannot be sent."""

    removed = Signal(int)
    """Which one, counted from 0."""
    rebuilt = Signal()
    """There are other buttons now, at the end of the order of Tab."""
    left_empty = Signal()
    """The chip with the focus was the last one."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._shown: tuple[AttachmentChip, ...] = ()
        self._buttons: list[QToolButton] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._inner: QWidget | None = None
        look.changed.connect(self._build)
        self.hide()

    def show_chips(self, chips: tuple[AttachmentChip, ...]) -> None:
        """Show these; the focus stays at its place in the row."""
        if chips != self._shown:
            self._shown = chips
            self._build()

    def buttons(self) -> tuple[QToolButton, ...]:
        """Return the buttons that take a file off, in their order."""
        return tuple(self._buttons)

    def _build(self) -> None:
        focused = next((i for i, each in enumerate(self._buttons) if each.hasFocus()), None)
        if self._inner is not None:
            self._inner.hide()
            self._inner.deleteLater()
        theme = self._look.theme
        self._inner = inner = QWidget(self)
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.size(4))
        flow = FlowLayout()
        flow.setSpacing(theme.size(8))
        column.addLayout(flow)
        self._buttons = []
        for chip in self._shown:
            flow.addWidget(self._chip(chip, inner))
        self._column.addWidget(inner)
        self.setVisible(bool(self._shown))
        self.rebuilt.emit()
        if focused is not None:
            if self._buttons:
                again = self._buttons[min(focused, len(self._buttons) - 1)]
                again.setFocus(Qt.FocusReason.OtherFocusReason)
            else:
                self.left_empty.emit()

    def _chip(self, chip: AttachmentChip, parent: QWidget) -> QWidget:
        theme = self._look.theme
        frame = QFrame(parent)
        frame.setProperty("role", "chip")
        mark = QLabel(frame)
        mark.setPixmap(pixmap("file", theme, "faint", self.devicePixelRatioF()))
        title = QLabel(frame)
        title.setTextFormat(Qt.TextFormat.PlainText)
        middle = Qt.TextElideMode.ElideMiddle
        room = theme.size(_NAME)
        title.setText(title.fontMetrics().elidedText(chip.name, middle, room))
        title.setToolTip(chip.name if title.text() != chip.name else "")
        detail = QLabel(frame)
        detail.setTextFormat(Qt.TextFormat.PlainText)
        detail.setText(chip.detail)
        detail.setProperty("role", "fact")
        detail.setVisible(bool(chip.detail))
        button = QToolButton(frame)
        button.setObjectName(f"remove_attachment_{len(self._buttons)}")
        button.setAccessibleName(tr("Take {name} off").format(name=chip.name))
        button.setToolTip(tr("Take it off"))
        button.setProperty("role", "icon")
        button.setIcon(icon("close", theme, "faint"))
        button.setIconSize(QSize(theme.size(14), theme.size(14)))
        button.setFixedSize(theme.size(28), theme.size(28))
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.clicked.connect(self._on_removed)
        self._buttons.append(button)
        row = QHBoxLayout(frame)
        row.setContentsMargins(theme.size(10), 0, theme.size(1), 0)
        row.setSpacing(theme.size(6))
        for part in (mark, title, detail, button):
            row.addWidget(part)
        return frame

    def _on_removed(self) -> None:
        self.removed.emit(self._buttons.index(self.sender()))  # type: ignore[arg-type]
