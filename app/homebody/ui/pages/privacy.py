"""The page of privacy: what left, what holds, who can be asked, private words, the ledger."""

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from homebody.ui.flow import FlowLayout
from homebody.ui.focus_order import order_focus
from homebody.ui.pages.editors import SwitchEditor
from homebody.ui.pages.privacy_form import make_button
from homebody.ui.pages.privacy_ledger import LedgerSection
from homebody.ui.pages.privacy_providers import ProvidersSection
from homebody.ui.pages.privacy_words import WordsSection
from homebody.ui.pages.sheet import ScrolledPage, label
from homebody.ui.privacy_states import EraseState, HoldsState, PrivacyState
from homebody.ui.theme import Look
from homebody.ui.words import tr

__all__ = ["PrivacyPage"]


class PrivacyPage(ScrolledPage):
    """Shows a `PrivacyState`."""

    refreshed = Signal()
    offline_given = Signal(object)
    """On or off."""
    erase_asked = Signal(bool)
    """Whether the models go too. The person has typed that they mean it."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, "privacy_page", tr("Privacy"), parent)
        self._jumps: list[QPushButton] = []
        self._build()
        self.verticalScrollBar().valueChanged.connect(self.ledger.rows.place)

    def show_state(self, state: PrivacyState) -> None:
        """Show a state. The focus, the place on the page and what is typed stay."""
        self._busy.setText(state.busy)
        self._busy.setVisible(bool(state.busy))
        self._problem.setText(state.problem)
        self._hint.setText(state.hint)
        for part in (self._problem, self._hint, self._again):
            part.setVisible(bool(state.problem))
        whole = not state.busy and not state.problem
        self._rest.setVisible(whole)
        if not whole:
            return
        self._left.setText(state.left)
        self._left.setVisible(bool(state.left))
        self._left_note.setText(state.left_note)
        self._left_note.setVisible(bool(state.left_note))
        self._holds.show_state(state.holds)
        self.providers.show_state(state.providers)
        self.words.show_state(state.words)
        self.ledger.show_state(state.ledger)
        self._erase.show_state(state.erase)

    def focusNextPrevChild(self, next: bool) -> bool:  # noqa: A002  as Qt names it
        """Go on as one reads, whatever was made last."""
        order_focus(
            self._again,
            *self._jumps,
            *self._holds.parts(),
            *self.providers.parts(),
            *self.words.parts(),
            *self.ledger.parts(),
            *self._erase.parts(),
            after=self,
        )
        return super().focusNextPrevChild(next)

    # ------------------------------------------------------------------ inside

    def _build(self) -> None:
        self._busy = label("", "dim", self.inner)
        self._problem = label("", "bad", self.inner)
        self._hint = label("", "fact", self.inner)
        self._again = make_button(tr("Try again"), "privacy_again", "plain", self.inner)
        self._again.clicked.connect(self.refreshed)
        for part in (self._busy, self._problem, self._hint):
            self.column.addWidget(part)
        self.column.addWidget(self._again, 0, Qt.AlignmentFlag.AlignLeft)
        self._rest = QWidget(self.inner)
        self.column.addWidget(self._rest)
        self.column.addStretch(1)
        self._whole = QVBoxLayout(self._rest)
        self._whole.setContentsMargins(0, 0, 0, 0)
        self._whole.setSpacing(8)
        self._left = label("", "title", self._rest)
        self._left.setObjectName("bytes_left")
        self._left_note = label("", "fact", self._rest)
        self._whole.addWidget(self._left)
        self._whole.addWidget(self._left_note)
        jumps = QWidget(self._rest)
        flow = FlowLayout(jumps)
        flow.setContentsMargins(0, 0, 0, 0)
        flow.setSpacing(self.look.theme.size(4))
        self._whole.addWidget(jumps)
        self._holds = _Holds(self.look, self._rest)
        self._holds.offline_given.connect(self.offline_given)
        self.providers = ProvidersSection(self.look, self._rest)
        self.words = WordsSection(self.look, self._rest)
        self.ledger = LedgerSection(self.look, self._rest)
        self.ledger.wanted.connect(self._show_part)
        self.providers.wanted.connect(self._show_soon)
        self._erase = _Erase(self.look, self._rest)
        self._erase.agreed.connect(self.erase_asked)
        sections: tuple[tuple[str, str, str, QWidget], ...] = (
            (tr("What holds here"), tr("What holds"), "jump_holds", self._holds),
            (
                tr("Who can be asked elsewhere"),
                tr("Who can be asked"),
                "jump_providers",
                self.providers,
            ),
            (tr("Private words"), tr("Private words"), "jump_words", self.words),
            (tr("Everything that ever left"), tr("The ledger"), "jump_ledger", self.ledger),
            (tr("Erase everything"), tr("Erase everything"), "jump_erase", self._erase),
        )
        for title, short, name, section in sections:
            self._whole.addSpacing(12)
            heading = label(title, "label", self._rest)
            self._whole.addWidget(heading)
            self._whole.addWidget(section)
            button = make_button(short, name, "flush", jumps)
            button.setAccessibleName(tr("Go to: {place}").format(place=short))
            button.setMinimumHeight(self.look.theme.size(28))
            button.clicked.connect(lambda _checked, place=heading: self._go_to(place))
            flow.addWidget(button)
            self._jumps.append(button)

    def _go_to(self, place: QWidget) -> None:
        self.verticalScrollBar().setValue(place.mapTo(self.inner, QPoint(0, 0)).y())

    def _show_soon(self, part: QWidget) -> None:
        """Show a part that has just become larger, once it is laid out; from its beginning."""

        def show() -> None:
            top = part.mapTo(self.inner, QPoint(0, 0)).y()
            bar, height = self.verticalScrollBar(), self.viewport().height()
            below = top + part.height() > bar.value() + height
            if below or top < bar.value():
                bar.setValue(top - self.look.theme.size(28))

        QTimer.singleShot(0, part, show)

    def _show_part(self, part: QWidget) -> None:
        self.ensureWidgetVisible(part, 0, self.look.theme.size(24))


class _Holds(QFrame):
    """What is enforced here and what is not promised, and the switch for offline."""

    offline_given = Signal(object)

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self.setProperty("role", "card")
        self._column = QVBoxLayout(self)
        self._told: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
        self._sentences, self._limits = QVBoxLayout(), QVBoxLayout()
        self._limits_title = label(tr("Not promised"), "label", self)
        line = QFrame(self)
        line.setProperty("role", "line")
        line.setFixedHeight(1)
        self._row = QHBoxLayout()
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(label(tr("Offline"), "plain", self))
        self._offline_words = label("", "fact", self)
        words.addWidget(self._offline_words)
        self._switch = SwitchEditor(look, self)
        self._switch.setObjectName("privacy_offline")
        self._switch.setAccessibleName(tr("Offline"))
        self._switch.given.connect(self.offline_given)
        self._row.addLayout(words, 1)
        self._row.addWidget(self._switch, 0, Qt.AlignmentFlag.AlignVCenter)
        self._column.addLayout(self._sentences)
        self._column.addSpacing(4)
        self._column.addWidget(self._limits_title)
        self._column.addLayout(self._limits)
        self._column.addSpacing(4)
        self._column.addWidget(line)
        self._column.addLayout(self._row)
        self._dress()
        look.changed.connect(self._dress)

    def show_state(self, state: HoldsState) -> None:
        """Show what holds."""
        if (state.sentences, state.limits) != self._told:
            self._told = (state.sentences, state.limits)
            self._fill(self._sentences, state.sentences, "plain")
            self._fill(self._limits, state.limits, "dim")
        self._offline_words.setText(state.offline_words)
        self._switch.show_value(state.offline)
        self._switch.setAccessibleDescription(state.offline_words)

    def parts(self) -> list[QWidget]:
        """Return its parts in the order in which one reads them."""
        return [self._switch]

    def _fill(self, place: QVBoxLayout, sentences: tuple[str, ...], role: str) -> None:
        while (item := place.takeAt(0)) is not None:
            item.widget().deleteLater()  # type: ignore[union-attr]
        for sentence in sentences:
            place.addWidget(label(sentence, role, self))

    def _dress(self) -> None:
        size = self._look.theme.size
        self._column.setContentsMargins(size(16), size(14), size(16), size(10))
        self._column.setSpacing(size(8))
        self._sentences.setSpacing(size(8))
        self._limits.setSpacing(size(4))
        self._switch.setFixedSize(self._switch.sizeHint())


class _Erase(QFrame):
    """What goes, what may stay, and the word that has to be typed."""

    agreed = Signal(bool)

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self._state = EraseState()
        self.setProperty("role", "card")
        self._column = QVBoxLayout(self)
        self._column.addWidget(label(tr("This goes, from this machine:"), "plain", self))
        self._goes = label("", "dim", self)
        self._column.addWidget(self._goes)
        self._row = QHBoxLayout()
        self._models_words = label("", "plain", self)
        self._models = SwitchEditor(look, self)
        self._models.setObjectName("erase_models")
        self._row.addWidget(self._models_words, 1)
        self._row.addWidget(self._models, 0, Qt.AlignmentFlag.AlignVCenter)
        self._column.addLayout(self._row)
        self._asks = label("", "fact", self)
        self._column.addWidget(self._asks)
        line = QHBoxLayout()
        self._field = _Field(self)
        self._field.setObjectName("erase_word")
        self._field.textChanged.connect(self._typed)
        self._button = make_button(tr("Erase everything"), "erase_everything", "primary", self)
        self._button.clicked.connect(self._on_agreed)
        line.addWidget(self._field)
        line.addWidget(self._button)
        line.addStretch(1)
        self._line = line
        self._column.addLayout(line)
        self._running = label("", "fact", self)
        self._column.addWidget(self._running)
        self._dress()
        look.changed.connect(self._dress)

    def show_state(self, state: EraseState) -> None:
        """Show what goes; what is typed stays."""
        self._state = state
        self._goes.setText("\n".join(f"– {each}" for each in state.goes))
        for part in (self._models_words, self._models):
            part.setVisible(bool(state.models))
        self._models_words.setText(state.models)
        self._models.setAccessibleName(state.models)
        asks = tr("This has no undo. Homebody ends afterwards. To go on, type “{word}”:")
        self._asks.setText(asks.format(word=state.word))
        self._field.setAccessibleName(
            tr("Type “{word}” to erase everything").format(word=state.word)
        )
        self._running.setText(state.running)
        self._running.setVisible(bool(state.running))
        self._typed()

    def parts(self) -> list[QWidget]:
        """Return its parts in the order in which one reads them."""
        return [self._models, self._field, self._button]

    def _typed(self) -> None:
        state = self._state
        meant = bool(state.word) and self._field.text().strip().casefold() == state.word.casefold()
        self._button.setEnabled(meant and not state.running)
        self._field.setReadOnly(bool(state.running))

    def _on_agreed(self) -> None:
        self.agreed.emit(bool(self._state.models) and self._models.isChecked())

    def _dress(self) -> None:
        size = self._look.theme.size
        self._column.setContentsMargins(size(16), size(14), size(16), size(14))
        self._column.setSpacing(size(8))
        self._line.setSpacing(size(8))
        self._field.setFixedWidth(size(160))
        self._models.setFixedSize(self._models.sizeHint())


class _Field(QLineEdit):
    """A field in which Enter does nothing: what cannot be undone is done by its button."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take all keys but Enter; Esc empties it first."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            return
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
            return
        super().keyPressEvent(event)
