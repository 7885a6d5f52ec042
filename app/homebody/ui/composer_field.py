"""The field of the composer: it grows with its text, and Enter sends."""

from typing import Final

from PySide6.QtCore import QEvent, QMimeData, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent, QTextOption
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QSizePolicy, QWidget

from homebody.ui.theme import Look
from homebody.ui.words import tr

__all__ = ["ComposerField", "local_files"]

_MARGIN: Final = 4
_SHARE: Final = 0.4
"""Of the window's height: the field grows to that, and scrolls from there on."""


class ComposerField(QPlainTextEdit):
    """Plain text, whatever is pasted. Files that are pasted or dropped go out by a signal."""

    entered = Signal()
    escaped = Signal()
    last_asked = Signal()
    """Up was pressed with nothing written."""
    files_given = Signal(list)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.takes_escape = False
        """Esc means something here now, and does not go to the window."""
        self._scrolls = False
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(0)
        self._settle.timeout.connect(self._on_settled)
        self.setObjectName("message")
        self.setAccessibleName(tr("Message"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setTabChangesFocus(True)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setAutoFillBackground(False)
        self.document().setDocumentMargin(_MARGIN)
        self.document().documentLayout().documentSizeChanged.connect(self.fit)
        look.changed.connect(self.fit)

    def fit(self) -> None:
        """Take the height that the text needs, up to a share of the window's."""
        line = self.fontMetrics().lineSpacing()
        # This layout counts its height in lines.
        lines = max(1, round(self.document().size().height()))
        most = max(4, int(self.window().height() * _SHARE / line))
        height = min(lines, most) * line + 2 * _MARGIN
        scrolls = lines > most
        if scrolls != self._scrolls:
            # Not now: this may be called from within the layout, which a scroll bar changes.
            self._scrolls = scrolls
            self._settle.start()
        if height != self.height():
            self.setFixedHeight(height)
            self._settle.start()

    def _on_settled(self) -> None:
        on, off = Qt.ScrollBarPolicy.ScrollBarAsNeeded, Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        self.setVerticalScrollBarPolicy(on if self._scrolls else off)
        self.ensureCursorVisible()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Send, begin a line, stop, or fetch the last message."""
        key, held = event.key(), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if key in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self._on_return(held)
        elif key == Qt.Key.Key_Escape and self.takes_escape:
            self.escaped.emit()
        elif (
            key == Qt.Key.Key_Up
            and held == Qt.KeyboardModifier.NoModifier
            and self.document().isEmpty()
        ):
            self.last_asked.emit()
        else:
            super().keyPressEvent(event)

    def _on_return(self, held: Qt.KeyboardModifier) -> None:
        if self._composing():
            # It belongs to the input method: the word is not finished.
            return
        if held & (Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.AltModifier):
            self.textCursor().insertBlock()
            self.ensureCursorVisible()
        else:
            self.entered.emit()

    def _composing(self) -> bool:
        return bool(self.textCursor().block().layout().preeditAreaText())

    def event(self, event: QEvent) -> bool:
        """Keep Esc while it means something here; leave the window its own keys."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            if event.key() == Qt.Key.Key_Escape and self.takes_escape:
                event.accept()
                return True
            control = event.modifiers() & Qt.KeyboardModifier.ControlModifier
            ends = {Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_Z}
            # Without a text these mean the transcript; and Ctrl+K is "delete the line" to Qt.
            if control and (
                event.key() == Qt.Key.Key_K or (event.key() in ends and self.document().isEmpty())
            ):
                event.ignore()
                return False
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit again: another width breaks the lines elsewhere."""
        super().resizeEvent(event)
        self.fit()

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        """Tell whether there is a text, or a file; a picture is neither."""
        return bool(local_files(source)) or source.hasText()

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Insert a text without its looks; hand files on."""
        files = local_files(source)
        if files:
            self.files_given.emit(files)
        elif source.hasText():
            self.textCursor().insertText(source.text())
            self.ensureCursorVisible()

    def sizeHint(self) -> QSize:
        """Return a width that any window has; the height is fixed by the text."""
        return QSize(self._look.theme.size(240), self.height())

    def minimumSizeHint(self) -> QSize:
        """Return the height of one line."""
        return QSize(self._look.theme.size(80), self.fontMetrics().lineSpacing())


def local_files(source: QMimeData) -> list[str]:
    """Return the paths of the files on this machine that something dragged or copied names."""
    return [url.toLocalFile() for url in source.urls() if url.isLocalFile()]
