"""The person's private words on the page of privacy."""

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from homebody.ui.flow import FlowLayout
from homebody.ui.pages.privacy_form import Picker, make_button
from homebody.ui.pages.sheet import label
from homebody.ui.privacy_states import WordRow, WordsState
from homebody.ui.style import set_role
from homebody.ui.theme import Look
from homebody.ui.words import breakable, tr

__all__ = ["WordsSection"]


class WordsSection(QWidget):
    """Shows a `WordsState`: chips of words, and a field to add one."""

    added = Signal(str, str)
    """A word, and its kind."""
    removed = Signal(str)

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self._shown: tuple[WordRow, ...] = ()
        self._chips: list[_Chip] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        sentence = tr(
            "Names of people, your employer, projects: where one of them stands in what would "
            "leave, a placeholder takes its place. They are kept on this machine."
        )
        self._column.addWidget(label(sentence, "dim", self))
        self._place = QWidget(self)
        self._flow = FlowLayout(self._place)
        self._flow.setContentsMargins(0, 0, 0, 0)
        self._column.addWidget(self._place)
        line = QHBoxLayout()
        self._field = QLineEdit(self)
        self._field.setObjectName("private_word")
        self._field.setAccessibleName(tr("A private word"))
        self._field.setPlaceholderText(tr("A word or a name that stays here"))
        self._field.returnPressed.connect(self._on_added)
        self._field.textChanged.connect(self._typed)
        self._kind = Picker(look, "private_kind", tr("What it is"), self)
        self._add = make_button(tr("Add"), "private_add", "plain", self)
        self._add.clicked.connect(self._on_added)
        line.addWidget(self._field, 1)
        line.addWidget(self._kind)
        line.addWidget(self._add)
        self._line = line
        self._column.addLayout(line)
        self._problem = label("", "bad", self)
        self._hint = label("", "fact", self)
        self._own = label("", "fact", self)
        for part in (self._problem, self._hint, self._own):
            self._column.addWidget(part)
        self._typed()
        self._dress()
        look.changed.connect(self._dress)

    def show_state(self, state: WordsState) -> None:
        """Show the words; what is typed stays."""
        self._kind.show_choices(state.kinds)
        self._show_chips(state.rows)
        for words, text in ((self._problem, state.problem), (self._hint, state.hint)):
            words.setText(breakable(text))
            words.setVisible(bool(text))
        own = ", ".join(f"{each.word} ({each.kind})" for each in state.own)
        self._own.setText(tr("Known without being named: {words}.").format(words=breakable(own)))
        self._own.setVisible(bool(own))

    def parts(self) -> list[QWidget]:
        """Return its parts in the order in which one reads them."""
        return [*(chip.remove for chip in self._chips), self._field, self._kind, self._add]

    def _show_chips(self, rows: tuple[WordRow, ...]) -> None:
        if rows == self._shown:
            return
        focus = next((n for n, chip in enumerate(self._chips) if chip.remove.hasFocus()), None)
        self._shown = rows
        for chip in self._chips:
            self._flow.removeWidget(chip)
            chip.hide()
            chip.deleteLater()
        self._chips = [_Chip(self._look, row, self._place) for row in rows]
        for chip in self._chips:
            chip.remove.clicked.connect(partial(self.removed.emit, chip.word))
            self._flow.addWidget(chip)
            chip.show()
        self._place.setVisible(bool(rows))
        self._place.updateGeometry()
        if focus is not None:
            last = min(focus, len(rows) - 1)
            where = self._chips[last].remove if rows else self._field
            where.setFocus(Qt.FocusReason.OtherFocusReason)

    def _typed(self) -> None:
        self._add.setEnabled(bool(self._field.text().strip()))

    def _on_added(self) -> None:
        word = self._field.text().strip()
        if word:
            self.added.emit(word, self._kind.currentData() or "WORD")
            self._field.clear()
            self._field.setFocus(Qt.FocusReason.OtherFocusReason)

    def _dress(self) -> None:
        size = self._look.theme.size
        self._column.setSpacing(size(8))
        self._line.setSpacing(size(8))
        self._flow.setSpacing(size(8))
        self._kind.setFixedWidth(size(200))


class _Chip(QFrame):
    """A word, what it is, and the way to take it off."""

    def __init__(self, look: Look, row: WordRow, parent: QWidget) -> None:
        super().__init__(parent)
        self.word = row.word
        set_role(self, "chip")
        size = look.theme.size
        line = QHBoxLayout(self)
        line.setContentsMargins(size(12), 0, size(4), 0)
        line.setSpacing(size(6))
        word, kind = QLabel(self), label(row.kind, "fact", self)
        word.setTextFormat(Qt.TextFormat.PlainText)
        shown = word.fontMetrics().elidedText(row.word, Qt.TextElideMode.ElideRight, size(260))
        word.setText(shown)
        if shown != row.word:
            word.setToolTip(row.word)
        kind.setWordWrap(False)
        self.remove = make_button(tr("Remove"), "private_remove", "quiet", self)
        self.remove.setAccessibleName(tr("Remove: {word}").format(word=row.word))
        self.remove.setMinimumHeight(size(28))
        for part in (word, kind, self.remove):
            line.addWidget(part)
