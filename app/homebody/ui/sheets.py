"""Sheets that ask: a card over the dimmed window. They block nothing but what lies below them."""

from PySide6.QtCore import QEvent, QObject, Qt, QUrl, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QTextCharFormat,
    QTextOption,
)
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QTextEdit,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from homebody.ui.theme import Look
from homebody.ui.words import tr

__all__ = ["ConfirmSheet", "LinkSheet", "TokenSheet"]

_WIDE = 480
_MOST_LINES = 8
_OPENABLE = frozenset({"http", "https", "mailto"})


class _Sheet(QWidget):
    """Covers its parent, for one question: closed, it is gone.

    Esc closes it; the focus stays inside, and goes back where it was. The keys of the window below
    rest meanwhile.
    """

    closed = Signal()

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self._below = parent
        self._came_from: QWidget | None = None
        self._card = QFrame(self)
        self._card.setProperty("role", "ask")
        self._title = QLabel(self._card)
        self._title.setProperty("role", "title")
        self._title.setTextFormat(Qt.TextFormat.PlainText)
        self._title.setWordWrap(True)
        self._words = QLabel(self._card)
        self._words.setProperty("role", "dim")
        self._words.setTextFormat(Qt.TextFormat.PlainText)
        self._words.setWordWrap(True)
        self._column = QVBoxLayout(self._card)
        self._column.addWidget(self._title)
        self._buttons = QHBoxLayout()
        self._buttons.addStretch(1)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self._card, 1000)
        row.addStretch(1)
        self._outer = QVBoxLayout(self)
        self._outer.addStretch(2)
        self._outer.addLayout(row)
        self._outer.addStretch(3)
        self._dress()
        look.changed.connect(self._dress)
        parent.installEventFilter(self)
        self.hide()

    def close_sheet(self) -> None:
        """Close it, and give the focus back."""
        if self.isHidden():
            return
        self.hide()
        # It may be gone meanwhile: the list below goes on changing.
        if self._came_from is not None and isValid(self._came_from):
            self._came_from.setFocus(Qt.FocusReason.OtherFocusReason)
        self._came_from = None
        self.closed.emit()
        self.deleteLater()

    def _show(self, focus: QWidget) -> None:
        if self.isHidden():
            self._came_from = QApplication.focusWidget()
        self.setGeometry(self._below.rect())
        self.show()
        self.raise_()
        focus.setFocus(Qt.FocusReason.OtherFocusReason)

    def _button(self, name: str, words: str, role: str) -> QPushButton:
        button = QPushButton(words, self._card)
        # Enter presses it as Space does, though this is no dialog.
        button.setAutoDefault(True)
        button.setObjectName(name)
        button.setAccessibleName(words)
        button.setProperty("role", role)
        self._buttons.addWidget(button)
        return button

    def _dress(self) -> None:
        theme = self._look.theme
        self._card.setMaximumWidth(theme.size(_WIDE))
        self._column.setContentsMargins(*[theme.size(20)] * 4)
        self._column.setSpacing(theme.size(12))
        self._buttons.setSpacing(theme.size(8))
        self._outer.setContentsMargins(*[theme.size(16)] * 4)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Go round inside."""
        stops = [
            child
            for child in self.findChildren(QWidget)
            if child.focusPolicy() & Qt.FocusPolicy.TabFocus
            and child.isVisible()
            and child.isEnabled()
        ]
        if not stops:
            return super().focusNextPrevChild(forward)
        current = QApplication.focusWidget()
        place = stops.index(current) if current in stops else -1
        reason = Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason
        stops[(place + (1 if forward else -1)) % len(stops)].setFocus(reason)
        return True

    def event(self, event: QEvent) -> bool:
        """Keep Esc, and every other key of the window below."""
        if isinstance(event, QKeyEvent) and event.type() in {
            QEvent.Type.ShortcutOverride,
            QEvent.Type.KeyPress,
        }:
            if event.type() == QEvent.Type.KeyPress and event.key() == Qt.Key.Key_Escape:
                self.close_sheet()
                return True
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()
                return True
        return super().event(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay as large as the window."""
        if watched is self._below and event.type() == QEvent.Type.Resize:
            self.setGeometry(self._below.rect())
        return super().eventFilter(watched, event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Dim what lies below."""
        painter = QPainter(self)
        shade = QColor(self._look.theme.color("bg"))
        shade.setAlphaF(0.8)
        painter.fillRect(event.rect(), shade)
        painter.end()


class LinkSheet(_Sheet):
    """Shows a whole address before it is opened. Only web and mail addresses can be."""

    opened = Signal(str)
    """The address that was shown, letter by letter. Opening it is another's work."""
    copied = Signal(str)

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(look, parent)
        self.setObjectName("link_sheet")
        self._title.setText(tr("Open this address in your browser?"))
        self.setAccessibleName(self._title.text())
        self._shown = ""
        self._address = QTextEdit(self._card)
        self._address.setObjectName("address")
        self._address.setAccessibleName(tr("Address"))
        self._address.setReadOnly(True)
        self._address.setTabChangesFocus(True)
        self._address.setProperty("role", "address")
        self._address.setWordWrapMode(QTextOption.WrapMode.WrapAnywhere)
        self._address.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        # Its height follows from its width, which the first layout says.
        self._address.document().documentLayout().documentSizeChanged.connect(self._fit)
        self._column.addWidget(self._address)
        self._column.addWidget(self._words)
        self._column.addLayout(self._buttons)
        self._keep = self._button("keep_home", tr("Keep it home"), "plain")
        self._copy = self._button("copy_address", tr("Copy address"), "plain")
        self._open = self._button("open_address", tr("Open"), "primary")
        self._keep.clicked.connect(self.close_sheet)
        self._copy.clicked.connect(self._on_copied)
        self._open.clicked.connect(self._on_opened)

    def ask(self, address: str) -> None:
        """Show an address, and wait for a click without blocking anything."""
        url = QUrl(address.strip(), QUrl.ParsingMode.TolerantMode)
        known = url.isValid() and url.scheme().lower() in _OPENABLE
        encoded = bytes(url.toEncoded().data()).decode("ascii") if url.isValid() else ""
        # What cannot be read as an address is shown with its odd characters spelled out.
        self._shown = encoded or address.encode("ascii", "backslashreplace").decode("ascii")
        host = url.host(QUrl.ComponentFormattingOption.FullyEncoded)
        self._write(self._shown, host)
        self._open.setEnabled(known)
        self._words.setText(
            tr("The model wrote it. The site will learn your network address.")
            if known
            else tr("Homebody opens only web and mail addresses. You can copy this one.")
        )
        self._show(self._keep)

    def _write(self, shown: str, host: str) -> None:
        theme = self._look.theme
        plain, strong = QTextCharFormat(), QTextCharFormat()
        font = theme.font("code")
        # Letter by letter: a ligature would show two as one.
        font.setFeature(QFont.Tag("calt"), 0)
        for each in (plain, strong):
            each.setFont(font)
        plain.setForeground(theme.color("dim"))
        strong.setForeground(theme.color("text"))
        strong.setFontWeight(QFont.Weight.Bold)
        self._address.clear()
        cursor = self._address.textCursor()
        # After the name and password that may stand before it.
        begins = shown.find("//") + 2 if "//" in shown else 0
        ends = next((i for i in range(begins, len(shown)) if shown[i] in "/?#"), len(shown))
        start = shown.rfind(host, begins, ends) if host else -1
        if start < 0:
            cursor.insertText(shown, plain)
        else:
            cursor.insertText(shown[:start], plain)
            cursor.insertText(host, strong)
            cursor.insertText(shown[start + len(host) :], plain)
        cursor.movePosition(cursor.MoveOperation.Start)
        self._address.setTextCursor(cursor)

    def _fit(self) -> None:
        line = QFontMetrics(self._look.theme.font("code")).lineSpacing()
        needed = int(self._address.document().size().height())
        around = self._address.height() - self._address.viewport().height()
        self._address.setFixedHeight(min(needed, _MOST_LINES * line) + around)

    def _on_copied(self) -> None:
        self.copied.emit(self._shown)
        self.close_sheet()

    def _on_opened(self) -> None:
        self.opened.emit(self._shown)
        self.close_sheet()


class ConfirmSheet(_Sheet):
    """Asks once more before something that cannot be undone. The safe answer has the focus."""

    agreed = Signal()

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(look, parent)
        self.setObjectName("confirm_sheet")
        self._column.addWidget(self._words)
        self._column.addLayout(self._buttons)
        self._keep = self._button("keep_it", tr("Keep it"), "plain")
        self._agree = self._button("agree", "", "primary")
        self._keep.clicked.connect(self.close_sheet)
        self._agree.clicked.connect(self._on_agreed)

    def ask(self, title: str, sentence: str, action: str) -> None:
        """Ask; `action` is the label of the button that does it."""
        self._title.setText(title)
        self._words.setText(sentence)
        self.setAccessibleName(f"{title} {sentence}")
        self._agree.setText(action)
        self._agree.setAccessibleName(action)
        self._show(self._keep)

    def _on_agreed(self) -> None:
        # Closed first: what follows may ask again.
        self.close_sheet()
        self.agreed.emit()


class TokenSheet(_Sheet):
    """Asks for the person's token of the hub. It leaves the sheet by `given` and is kept nowhere.

    Nothing can be typed before it is known that there is a safe place for it.
    """

    given = Signal(str)

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(look, parent)
        self.setObjectName("token_sheet")
        self._title.setText(tr("Give a token of your Hugging Face account"))
        self.setAccessibleName(self._title.text())
        self._field = QLineEdit(self._card)
        self._field.setObjectName("token")
        self._field.setAccessibleName(tr("Token"))
        self._field.setEchoMode(QLineEdit.EchoMode.Password)
        self._field.setPlaceholderText(tr("Paste it here: it begins with hf_"))
        self._field.textChanged.connect(self._ready)
        self._field.returnPressed.connect(self._on_given)
        self._problem = self._told("bad")
        self._hint = self._told("fact")
        for part in (self._words, self._field, self._problem, self._hint):
            self._column.addWidget(part)
        self._column.addLayout(self._buttons)
        self._cancel = self._button("cancel_token", tr("Cancel"), "plain")
        self._keep = self._button("keep_token", tr("Keep"), "primary")
        self._cancel.clicked.connect(self.close_sheet)
        self._keep.clicked.connect(self._on_given)

    def ask(self) -> None:
        """Show it, while somebody looks whether there is a safe place."""
        self._words.setText(tr("Looking for the keyring of this system…"))
        self._field.setEnabled(False)
        self._ready()
        self._show(self._cancel)

    def show_place(self, words: str) -> None:
        """Say what a token is and where it is kept: now it can be given."""
        self._words.setText(words)
        self._field.setAccessibleDescription(words)
        self._field.setEnabled(True)
        self._field.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_problem(self, message: str, hint: str) -> None:
        """Say why it could not be kept; it can be given again."""
        self._field.setReadOnly(False)
        self._tell(message, hint)
        self._ready()
        self._field.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_no_place(self, message: str, hint: str) -> None:
        """Say why none can be kept here."""
        self._words.clear()
        self._words.hide()
        self._field.hide()
        self._keep.hide()
        self._tell(message, hint)

    def close_sheet(self) -> None:
        """Close it; what was typed is forgotten."""
        self._field.clear()
        super().close_sheet()

    def _told(self, role: str) -> QLabel:
        words = QLabel(self._card)
        words.setProperty("role", role)
        words.setTextFormat(Qt.TextFormat.PlainText)
        words.setWordWrap(True)
        words.hide()
        return words

    def _tell(self, message: str, hint: str) -> None:
        for words, text in ((self._problem, message), (self._hint, hint)):
            words.setText(text)
            words.setVisible(bool(text))
        self._field.setAccessibleDescription(f"{message} {hint}".strip())

    def _ready(self) -> None:
        typed = bool(self._field.text().strip())
        self._keep.setEnabled(typed and not self._field.isReadOnly())

    def _on_given(self) -> None:
        if not self._keep.isEnabled():
            return
        self._tell("", "")
        # Until it is known how that went.
        self._field.setReadOnly(True)
        self._ready()
        self.given.emit(self._field.text())
