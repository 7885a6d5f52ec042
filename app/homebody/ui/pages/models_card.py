"""One model on the page of models: its name, facts, the bar, a sentence, and one button."""

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QTransform
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from homebody.ui.elided import ElidedButton
from homebody.ui.icons import pixmap
from homebody.ui.model_states import CardAction, CardButton, CardDetails, ModelCard
from homebody.ui.pages.models_bar import Bar
from homebody.ui.pages.models_details import Details
from homebody.ui.pages.models_head import HeadLayout
from homebody.ui.pages.sheet import label
from homebody.ui.style import set_role
from homebody.ui.theme import Look
from homebody.ui.words import tr

__all__ = ["Card", "has_focus"]

_EDGE, _CHEVRON, _HEIGHT = 4, 22, 32
"""Around the name, for the chevron, and the height of it all."""
_MEND = 4
"""The place of what would help: below the bar and all that is said."""


class Card(QFrame):
    """Shows a `ModelCard`; what it holds when it is open is made when it is opened."""

    acted = Signal(str, str)
    """The key of the card, or of one of its rows, and what its button asks for."""
    opened = Signal(str)
    """The key of the card, to be opened, or "": to be closed."""
    context_moved = Signal(int)
    """Of the open card: tokens."""
    setting_given = Signal(str, object)
    """Of the open card: a setting's name and its value."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._state: ModelCard | None = None
        self._details: Details | None = None
        self._button: QPushButton | None = None
        self._other: QPushButton | None = None
        self._mend: QPushButton | None = None
        self.setProperty("role", "card")
        self._build()
        self._dress()
        look.changed.connect(self._dress)

    @property
    def key(self) -> str:
        """The key of the model that is shown."""
        return self._state.key if self._state is not None else ""

    def show_card(self, card: ModelCard) -> None:
        """Show a model; the same state changes nothing."""
        if card == self._state:
            return
        self._state = card
        self.setObjectName(f"card_{card.key}")
        first = card.button is not None and card.button.primary
        set_role(self, "best" if first else "card")
        self._name.show_words(card.name)
        opens = tr("Close {name}") if card.details is not None else tr("Open {name}")
        spoken = ". ".join(part for part in (card.name, card.facts, card.sentence) if part)
        self.setAccessibleName(spoken)
        self._name.setAccessibleName(opens.format(name=card.name) if card.opens else card.name)
        self._name.setAccessibleDescription(card.facts)
        self._name.show_open(opens=card.opens, is_open=card.details is not None)
        self._badge.setText(card.badge)
        self._badge.setVisible(bool(card.badge))
        self._facts.setText(card.facts)
        self._facts.setVisible(bool(card.facts))
        self._bar.show_state(card.bar, card.progress, card.sentence)
        self._bar.setVisible(card.bar is not None or card.progress is not None)
        for words, text in (
            (self._sentence, card.sentence),
            (self._problem, card.problem),
            (self._hint, card.hint),
        ):
            words.setText(text)
            words.setVisible(bool(text))
        self._button = self._show_button(self._button, card.button, "card_button", "plain")
        self._other = self._show_button(self._other, card.other, "card_other", "quiet")
        self._mend = self._show_button(self._mend, card.mend, "card_mend", "plain")
        self._show_details(card.details)
        self._words.invalidate()

    def focus_name(self) -> None:
        """Go to it."""
        self._name.setFocus(Qt.FocusReason.OtherFocusReason)

    def reading_order(self) -> tuple[QWidget, ...]:
        """Return its parts in the order in which one reads them."""
        inside = self._details.reading_order() if self._details is not None else ()
        every = (self._other, self._button, self._mend)
        buttons = [each for each in every if each is not None]
        return (self._name, *buttons, *inside)

    def _show_button(
        self, button: QPushButton | None, state: CardButton | None, name: str, role: str
    ) -> QPushButton | None:
        """Show a button, which is made when it is first needed."""
        if button is None and state is not None:
            button = QPushButton(self)
            button.setObjectName(name)
            button.setMinimumHeight(self._look.theme.size(28))
            button.clicked.connect(self._on_button)
            if name == "card_mend":
                self._rest.insertWidget(_MEND, button, 0, Qt.AlignmentFlag.AlignLeft)
            else:
                # The quiet one stands before the other.
                place = 1 if name == "card_other" else -1
                self._head.insertWidget(place, button, 0, Qt.AlignmentFlag.AlignTop)
        if button is None:
            return None
        button.setVisible(state is not None)
        if state is not None and self._state is not None:
            button.setText(state.words)
            button.setAccessibleName(f"{state.words}: {self._state.name}")
            button.setEnabled(state.enabled)
            set_role(button, "primary" if state.primary else role)
        return button

    def _show_details(self, details: CardDetails | None) -> None:
        if details is None:
            if self._details is not None:
                if has_focus(self._details):
                    self.focus_name()
                self._rest.removeWidget(self._details)
                self._details.hide()
                self._details.deleteLater()
                self._details = None
            return
        if self._details is None:
            self._details = Details(self._look, self)
            self._details.context_moved.connect(self.context_moved)
            self._details.setting_given.connect(self.setting_given)
            self._details.acted.connect(self._on_inside)
            self._rest.addWidget(self._details)
        self._details.show_state(details)

    def _build(self) -> None:
        self._name = _Name(self._look, self)
        self._badge = QLabel(self)
        self._badge.setTextFormat(Qt.TextFormat.PlainText)
        self._badge.setProperty("role", "badge")
        self._facts = label("", "fact", self)
        self._bar = Bar(self._look, self)
        self._sentence = label("", "fact", self)
        self._problem = label("", "bad", self)
        self._hint = label("", "fact", self)
        # A widget of its own: this layout within another one was seen to crash.
        words = QWidget(self)
        self._words = HeadLayout(words)
        for each in (self._name, self._badge, self._facts):
            self._words.addWidget(each)
        self._head = QHBoxLayout()
        self._head.addWidget(words, 1)
        self._column = QVBoxLayout(self)
        self._column.addLayout(self._head)
        self._rest = QVBoxLayout()
        for part in (self._bar, self._sentence, self._problem, self._hint):
            self._rest.addWidget(part)
        self._column.addLayout(self._rest)
        self._name.clicked.connect(self._on_opened)

    def _dress(self) -> None:
        theme = self._look.theme
        side = theme.size(16)
        self._column.setContentsMargins(0, theme.size(10), 0, theme.size(12))
        # The words of the name begin above the bar; the room around them is for the focus.
        self._head.setContentsMargins(side - theme.size(_EDGE), 0, side, 0)
        self._rest.setContentsMargins(side, 0, side, 0)
        self._column.setSpacing(theme.size(6))
        self._rest.setSpacing(theme.size(6))
        self._head.setSpacing(theme.size(8))
        self._words.setSpacing(theme.size(8))
        self._words.indent = theme.size(_EDGE)

    def _on_opened(self) -> None:
        if self._state is not None and self._state.opens:
            self.opened.emit("" if self._state.details is not None else self._state.key)

    def _on_button(self) -> None:
        state = self._state
        if state is None:
            return
        pressed = state.button
        if self.sender() is self._other:
            pressed = state.other
        elif self.sender() is self._mend:
            pressed = state.mend
        if pressed is not None:
            self.acted.emit(state.key, pressed.action)

    def _on_inside(self, key: str, action: CardAction) -> None:
        self.acted.emit(key or self.key, action)


def has_focus(widget: QWidget) -> bool:
    """Tell whether the focus is on something inside a widget."""
    focus = QApplication.focusWidget()
    return isinstance(focus, QWidget) and widget.isAncestorOf(focus)


class _Name(ElidedButton):
    """The name: a click, Enter or Space opens the card; a chevron says so."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(look, "card_name", "opens", parent)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._opens, self._is_open = True, False

    def show_open(self, *, opens: bool, is_open: bool) -> None:
        """Show whether it can be opened, and whether it is open."""
        self._opens, self._is_open = opens, is_open
        self.measure()
        # What does nothing is no stop for Tab.
        policy = Qt.FocusPolicy.StrongFocus if opens else Qt.FocusPolicy.NoFocus
        self.setFocusPolicy(policy)
        self.update()

    def sizeHint(self) -> QSize:
        """Return the size of the whole name, and of the chevron behind it."""
        self.ensurePolished()
        size = self._look.theme.size
        more = size(_CHEVRON) if self._opens else 0
        width = self.fontMetrics().horizontalAdvance(self.words()) + 2 * size(_EDGE) + more
        return QSize(width, size(_HEIGHT))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the name above the beginning of the bar, and the chevron right behind it.

        The style would put the words into the middle of the button.
        """
        del event
        theme = self._look.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.hasFocus():
            painter.setPen(QPen(theme.color("accent"), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)
        painter.setPen(theme.color("text"))
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignAbsolute
        place = self.rect().adjusted(theme.size(_EDGE), 0, -theme.size(_EDGE), 0)
        painter.drawText(place, middle | Qt.AlignmentFlag.AlignLeft, self.text())
        if self._opens:
            side = theme.size(16)
            chevron = pixmap("chevron-down", theme, "faint", self.devicePixelRatioF())
            if self._is_open:
                chevron = chevron.transformed(QTransform().scale(1, -1))
            left = self.width() - side - theme.size(_EDGE)
            painter.drawPixmap(QRect(left, (self.height() - side) // 2, side, side), chevron)
        painter.end()
