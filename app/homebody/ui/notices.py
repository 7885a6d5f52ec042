"""Notices: one sentence, at most one thing to do about it, and a way to close it."""

from typing import Final, Literal

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAccessible, QAccessibleEvent, QEnterEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from homebody.ui.icons import icon
from homebody.ui.states import Notice
from homebody.ui.style import set_role
from homebody.ui.theme import COLUMN, MARGIN, Look
from homebody.ui.words import tr

__all__ = ["FADE_SECONDS", "Notices"]

FADE_SECONDS: Final = 8
_BAR: Final = 4
"""How wide the coloured mark is."""


class Notices(QWidget):
    """The notices, below each other; as wide as the column of text."""

    acted = Signal(str)
    """The key of the notice whose button was pressed."""
    dismissed = Signal(str)
    """The key of a notice that was closed, or went by itself."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._bars: dict[str, _Bar] = {}
        self.setObjectName("notices")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._inner = QWidget(self)
        self._column = QVBoxLayout(self._inner)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._outer = QHBoxLayout(self)
        self._outer.addStretch(1)
        self._outer.addWidget(self._inner, 1000)
        self._outer.addStretch(1)
        self._dress()
        look.changed.connect(self._dress)
        self.hide()

    def show_state(self, notices: tuple[Notice, ...]) -> None:
        """Show these, in this order. One that was here already is left as it is."""
        wanted = {notice.key: notice for notice in notices}
        for key in [key for key in self._bars if key not in wanted]:
            bar = self._bars.pop(key)
            bar.leave()
            self._column.removeWidget(bar)
            bar.hide()
            bar.deleteLater()
        for place, notice in enumerate(wanted.values()):
            known = self._bars.get(notice.key)
            if known is None:
                known = self._bars[notice.key] = _Bar(self._look, self._inner)
                known.acted.connect(self.acted)
                known.dismissed.connect(self.dismissed)
            if self._column.indexOf(known) != place:
                self._column.insertWidget(place, known)
            known.show_notice(notice)
        self.setVisible(bool(wanted))

    def _dress(self) -> None:
        theme = self._look.theme
        side = theme.size(MARGIN)
        self._outer.setContentsMargins(side, theme.size(4), side, theme.size(4))
        self._outer.setSpacing(0)
        self._inner.setMaximumWidth(theme.size(COLUMN))
        self._column.setSpacing(theme.size(8))


class _Bar(QFrame):
    """One notice."""

    acted = Signal(str)
    dismissed = Signal(str)

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self._notice: Notice | None = None
        self._came_from: QWidget | None = None
        """What had the focus before this got it."""
        self._fade = QTimer(self)
        self._fade.setSingleShot(True)
        self._fade.setInterval(FADE_SECONDS * 1000)
        self._fade.timeout.connect(self._dismiss)
        self.setProperty("role", "card")
        self._build()
        self._dress()
        look.changed.connect(self._dress)
        QApplication.instance().focusChanged.connect(self._on_focus)  # type: ignore[union-attr]

    def show_notice(self, notice: Notice) -> None:
        """Show it; a new sentence is told to screen readers, the same one is not told again."""
        before, self._notice = self._notice, notice
        if notice == before:
            return
        self.setObjectName(f"notice_{notice.key}")
        word = {"plain": "", "ok": tr("Done"), "warn": tr("Note"), "bad": tr("Failed")}
        self._word.setText(word[notice.kind])
        self._word.setVisible(bool(word[notice.kind]))
        set_role(self._word, "label" if notice.kind == "plain" else notice.kind)
        self._text.setText(notice.text)
        self._action.setText(notice.action)
        self._action.setAccessibleName(f"{notice.action}: {notice.text}")
        self._action.setVisible(bool(notice.action))
        spoken = f"{word[notice.kind]}: {notice.text}" if word[notice.kind] else notice.text
        self.setAccessibleName(spoken)
        self._close.setAccessibleName(tr("Close: {text}").format(text=notice.text))
        self.update()
        self._run_timer()
        if before is None or before.text != notice.text:
            alert = QAccessibleEvent(self, QAccessible.Event.Alert)
            QAccessible.updateAccessibility(alert)

    def leave(self) -> None:
        """Hand the focus back, when this had it, before it goes; or on, where that is gone."""
        self._fade.stop()
        before, self._came_from = self._came_from, None
        if not self._has_focus():
            return
        if before is not None and isValid(before) and before.isVisible() and before.isEnabled():
            before.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self._close.focusNextPrevChild(True)

    def _build(self) -> None:
        self._word = QLabel(self)
        self._text = QLabel(self)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setWordWrap(True)
        self._action = QPushButton(self)
        self._action.setObjectName("act")
        self._action.setProperty("role", "plain")
        self._close = QToolButton(self)
        self._close.setObjectName("close_notice")
        self._close.setToolTip(tr("Close"))
        self._close.setProperty("role", "icon")
        self._close.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._action.clicked.connect(self._on_acted)
        self._close.clicked.connect(self._dismiss)
        self._row = QHBoxLayout(self)
        self._row.addWidget(self._word)
        self._row.addWidget(self._text, 1)
        self._row.addWidget(self._action)
        self._row.addWidget(self._close)

    def _dress(self) -> None:
        theme = self._look.theme
        near = theme.size(6)
        self._row.setContentsMargins(theme.size(16), near, near, near)
        self._row.setSpacing(theme.size(8))
        # Above and below a sentence of several lines; one line is lower than the button anyway.
        self._text.setContentsMargins(0, theme.size(4), 0, theme.size(4))
        self._close.setIcon(icon("close", theme, "faint"))
        self._close.setIconSize(QSize(theme.size(16), theme.size(16)))
        self._close.setFixedSize(theme.size(28), theme.size(28))

    def _run_timer(self) -> None:
        """Count only while nobody is reading or about to press."""
        fades = self._notice is not None and self._notice.fades
        if fades and not self.underMouse() and not self._has_focus():
            self._fade.start()
        else:
            self._fade.stop()

    def _has_focus(self) -> bool:
        return self._action.hasFocus() or self._close.hasFocus()

    def _on_focus(self, before: QWidget | None) -> None:
        if self._has_focus():
            if before not in {None, self._action, self._close}:
                self._came_from = before
            self._fade.stop()
        elif not self._fade.isActive():
            self._run_timer()

    def _on_acted(self) -> None:
        if self._notice is not None:
            self.acted.emit(self._notice.key)

    def _dismiss(self) -> None:
        if self._notice is not None:
            self.dismissed.emit(self._notice.key)

    def enterEvent(self, event: QEnterEvent) -> None:
        """Stay while the mouse is here."""
        super().enterEvent(event)
        self._fade.stop()

    def leaveEvent(self, event: QEvent) -> None:
        """Begin counting anew."""
        super().leaveEvent(event)
        if self._notice is not None and self._notice.fades and not self._has_focus():
            self._fade.start()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the coloured mark at the left."""
        super().paintEvent(event)
        kind: Literal["plain", "warn", "bad", "ok"] = self._notice.kind if self._notice else "plain"
        theme = self._look.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("faint" if kind == "plain" else kind))
        inset = theme.size(6)
        bar = QRectF(inset, inset, _BAR, self.height() - 2 * inset)
        painter.drawRoundedRect(bar, _BAR / 2, _BAR / 2)
        painter.end()
