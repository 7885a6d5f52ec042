"""What an empty conversation says: what this is, and what to begin with."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from homebody.ui.icons import app_icon
from homebody.ui.states import WelcomeState
from homebody.ui.theme import MARGIN, Look
from homebody.ui.words import tr

__all__ = ["Welcome"]

_WIDE = 480
_ICON = 56


class Welcome(QWidget):
    """A calm page with a title, a few sentences, and requests that one click sends."""

    suggested = Signal(str)
    """The request that was chosen."""
    more_models_asked = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._state = WelcomeState()
        self._suggestions: list[QPushButton] = []
        self.setObjectName("welcome")
        self._icon = QLabel(self)
        self._title = QLabel(self)
        self._title.setProperty("role", "title")
        self._words = QLabel(self)
        self._words.setProperty("role", "dim")
        for label in (self._title, self._words):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            label.setWordWrap(True)
        self._more = QPushButton(self)
        self._more.setObjectName("more_models")
        self._more.setAccessibleName(tr("More models"))
        self._more.setProperty("role", "quiet")
        self._more.clicked.connect(self.more_models_asked)
        self._more.hide()
        self._inner = QWidget(self)
        middle = Qt.AlignmentFlag.AlignHCenter
        self._column = QVBoxLayout(self._inner)
        self._column.addWidget(self._icon, 0, middle)
        self._column.addWidget(self._title)
        self._column.addWidget(self._words)
        self._column.addWidget(self._more, 0, middle)
        self._buttons = QVBoxLayout()
        self._column.addLayout(self._buttons)
        self._row = QHBoxLayout()
        self._row.addStretch(1)
        self._row.addWidget(self._inner, 1000)
        self._row.addStretch(1)
        self._outer = QVBoxLayout(self)
        self._outer.addStretch(2)
        self._outer.addLayout(self._row)
        self._outer.addStretch(3)
        self._dress()
        look.changed.connect(self._dress)

    def show_state(self, state: WelcomeState) -> None:
        """Show a state; the same one leaves the focus where it is."""
        if state == self._state:
            return
        same = state.suggestions == self._state.suggestions
        self._state = state
        self._title.setText(state.title)
        self._title.setVisible(bool(state.title))
        self._words.setText("\n\n".join(state.sentences))
        self._words.setVisible(bool(state.sentences))
        self._more.setText(state.more_models)
        self._more.setVisible(bool(state.more_models))
        if not same:
            self._show_suggestions(state.suggestions)

    def _show_suggestions(self, suggestions: tuple[str, ...]) -> None:
        for button in self._suggestions:
            self._buttons.removeWidget(button)
            button.hide()
            button.deleteLater()
        self._suggestions = []
        for place, words in enumerate(suggestions):
            button = QPushButton(words.replace("&", "&&"), self._inner)
            button.setObjectName(f"suggestion_{place}")
            button.setAccessibleName(words)
            button.setProperty("role", "suggestion")
            button.clicked.connect(self._on_suggested)
            self._suggestions.append(button)
            self._buttons.addWidget(button)

    def _on_suggested(self) -> None:
        sender = self.sender()
        for button, words in zip(self._suggestions, self._state.suggestions, strict=True):
            if button is sender:
                self.suggested.emit(words)

    def _dress(self) -> None:
        theme = self._look.theme
        side = theme.size(MARGIN)
        self._outer.setContentsMargins(side, side, side, side)
        self._inner.setMaximumWidth(theme.size(_WIDE))
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.size(12))
        self._buttons.setContentsMargins(0, theme.size(12), 0, 0)
        self._buttons.setSpacing(theme.size(8))
        self._icon.setPixmap(app_icon().pixmap(theme.size(_ICON), theme.size(_ICON)))
