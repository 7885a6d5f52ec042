"""The small parts of a turn: a bubble, words that act, folds, facts and what went wrong."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from homebody.ui.states import Fact
from homebody.ui.theme import Look
from homebody.ui.words import tr

__all__ = ["Facts", "Problem", "Surface", "ToEnd", "Word", "label", "single_shot", "unmarked"]


def unmarked(text: str) -> str:
    """Return a text for a button, which would take `&` for the mark of a key."""
    return text.replace("&", "&&")


def label(parent: QWidget, role: str, name: str) -> QLabel:
    """Return a label for plain text."""
    made = QLabel(parent)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setProperty("role", role)
    made.setObjectName(name)
    made.setWordWrap(True)
    return made


def single_shot(parent: QObject, milliseconds: int, then: Callable[[], None]) -> QTimer:
    """Return a timer that fires once each time it is started."""
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(milliseconds)
    timer.timeout.connect(then)
    return timer


class Word(QPushButton):
    """A word that does something. It keeps its room, and is seen when it is wanted."""

    focused = Signal()

    def __init__(self, text: str, name: str, parent: QWidget) -> None:
        super().__init__(text, parent)
        self.setObjectName(name)
        self.setProperty("role", "quiet")
        self.setAccessibleName(text)
        self._is_seen = True

    def see(self, *, seen: bool) -> None:
        """Show the word, or only once the focus is on it."""
        if seen != self._is_seen:
            self._is_seen = seen
            self.update()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Be seen."""
        super().focusInEvent(event)
        self.focused.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint nothing where the word is not wanted; it can still be reached."""
        if self._is_seen or self.hasFocus():
            super().paintEvent(event)


class Surface(QWidget):
    """A rounded background."""

    def __init__(self, look: Look, token: str, radius: int, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self._token = token
        self._radius = radius
        self.line = ""
        """The token of its border; nothing: it has none."""

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint it."""
        del event
        theme = self._look.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(theme.color(self._token))
        place = QRectF(self.rect())
        if self.line:
            painter.setPen(QPen(theme.color(self.line), 1))
            place.adjust(0.5, 0.5, -0.5, -0.5)
        else:
            painter.setPen(Qt.PenStyle.NoPen)
        radius = theme.size(self._radius)
        painter.drawRoundedRect(place, radius, radius)
        painter.end()


class ToEnd(QPushButton):
    """Says that there is new text below, and goes there. Hidden until then."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(tr("↓ New text"), parent)
        self._look = look
        self.setObjectName("new-text")
        self.setAccessibleName(tr("New text: go to the end"))
        self.setProperty("role", "chip")
        self.hide()

    def place(self, width: int, height: int) -> None:
        """Stand in the middle above the lower edge."""
        size = self._look.theme.size
        wide = self.sizeHint().width()
        tall = max(self.sizeHint().height(), size(28))
        self.setGeometry((width - wide) // 2, height - tall - size(12), wide, tall)
        self.raise_()


class Facts(QWidget):
    """Labels and their values, one below the other."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self._facts: tuple[Fact, ...] = ()
        self._labels: list[tuple[QLabel, QLabel]] = []

    def show_facts(self, facts: Sequence[Fact]) -> None:
        """Show these."""
        if tuple(facts) == self._facts:
            return
        self._facts = tuple(facts)
        while len(self._labels) < len(facts):
            name, value = label(self, "fact", "fact-label"), label(self, "fact", "fact-value")
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self._labels.append((name, value))
        for number, (name, value) in enumerate(self._labels):
            shown = number < len(facts)
            name.setText(facts[number].label if shown else "")
            value.setText(facts[number].value if shown else "")
            name.setVisible(shown)
            value.setVisible(shown)

    def lay_out(self, width: int) -> int:
        """Place the lines at a width, and return the height."""
        size = self._look.theme.size
        pairs = self._labels[: len(self._facts)]
        wide = max((name.sizeHint().width() for name, _ in pairs), default=0)
        for name, _ in pairs:
            wide = max(wide, name.fontMetrics().horizontalAdvance(name.text()) + 2)
        wide = min(wide, width // 2)
        y = 0
        for name, value in pairs:
            left = wide + size(16)
            height = max(name.heightForWidth(wide), value.heightForWidth(width - left), size(16))
            name.setGeometry(0, y, wide, height)
            value.setGeometry(left, y, width - left, height)
            name.setAlignment(Qt.AlignmentFlag.AlignTop)
            value.setAlignment(Qt.AlignmentFlag.AlignTop)
            y += height + size(4)
        return max(y - size(4), 0)


class Problem(Surface):
    """What went wrong, what to do next, and a button to go on where that can be done."""

    continue_asked = Signal()

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(look, "card", 8, parent)
        self.line = "line"
        self._problem = label(self, "", "problem")
        self._hint = label(self, "dim", "hint")
        self._go_on = QPushButton(tr("Go on"), self)
        self._go_on.setObjectName("go-on")
        self._go_on.setAccessibleName(tr("Go on with this reply"))
        self._go_on.clicked.connect(self.continue_asked)

    def show_problem(self, problem: str, hint: str, *, resumable: bool) -> None:
        """Show this."""
        palette = self._problem.palette()
        palette.setColor(QPalette.ColorRole.WindowText, self._look.theme.color("bad"))
        self._problem.setPalette(palette)
        self._problem.setText(problem)
        self._hint.setText(hint)
        self._hint.setVisible(bool(hint))
        self._go_on.setVisible(resumable)

    def lay_out(self, width: int) -> int:
        """Place the sentences at a width, and return the height."""
        size = self._look.theme.size
        side, y = size(16), size(12)
        wide = width - 2 * side
        resumable = not self._go_on.isHidden()
        button = self._go_on.sizeHint()
        beside = resumable and width > button.width() * 4
        if beside:
            wide -= button.width() + side
        for each in (self._problem, self._hint):
            if not each.isHidden():
                height = each.heightForWidth(wide)
                each.setGeometry(side, y, wide, height)
                y += height + size(4)
        y -= size(4)
        tall = max(button.height(), size(28))
        if beside:
            y = max(y, size(12) + tall)
            top = (y + size(12) - tall) // 2
            self._go_on.setGeometry(width - side - button.width(), top, button.width(), tall)
        elif resumable:
            self._go_on.setGeometry(side, y + size(8), button.width(), tall)
            y += size(8) + tall
        return y + size(12)
