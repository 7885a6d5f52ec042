"""What unfolds below a step: what it brought or what went wrong, and a form to run it again."""

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QPalette
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from homebody.ui.theme import Look
from homebody.ui.transcript.bounded import BoundedText
from homebody.ui.transcript.parts import Word, label
from homebody.ui.words import breakable, tr
from homebody.ui.work_states import StepField, StepRow

__all__ = ["StepPanel"]

_LINES: Final = 12
"""So many lines of a result are seen at once."""
_FIELD_LINES: Final = 3


class StepPanel(QWidget):
    """Below the line of one step. Its height follows from its width by `lay_out`."""

    copied = Signal(str)
    reshaped = Signal()
    rerun_asked = Signal(dict)

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self._key = ("", -1)
        self._row = StepRow(skill="")
        self._form: _Form | None = None
        self._facts = label(self, "fact", "step-facts")
        self._problem = label(self, "", "step-problem")
        self._hint = label(self, "dim", "step-hint")
        self._result = BoundedText(look, "step-result", _LINES, self)
        self._copy = Word(tr("Copy the result"), "copy-result", self)
        self._again = Word(tr("Run again with other arguments"), "rerun", self)
        self._copy.clicked.connect(self._on_copy)
        self._again.clicked.connect(self._on_again)

    def show_row(self, key: tuple[str, int], row: StepRow) -> None:
        """Show a step: `key` is its turn and its number."""
        if key != self._key or (self._form is not None and row.fields != self._row.fields):
            self._close_form()
        self._key, self._row = key, row
        palette = self._problem.palette()
        palette.setColor(QPalette.ColorRole.WindowText, self._look.theme.color("bad"))
        self._problem.setPalette(palette)
        for words, text in (
            (self._facts, row.facts),
            (self._problem, row.problem),
            (self._hint, row.hint),
        ):
            words.setText(breakable(text))
            words.setVisible(bool(text))
        self._result.show_text(row.result, tr("What {skill} brought").format(skill=row.skill))
        self._result.setVisible(bool(row.result))
        self._copy.setVisible(bool(row.result))
        self._show_form()

    def restyle(self) -> None:
        """Take the fonts of now."""
        self._result.restyle()

    def lay_out(self, width: int) -> int:
        """Place everything at a width, and return the height."""
        size = self._look.theme.size
        left = size(24)
        room, y = width - left, 0
        for words in (self._problem, self._hint, self._facts):
            if not words.isHidden():
                height = words.heightForWidth(room)
                words.setGeometry(left, y, room, height)
                y += height + size(4)
        if not self._result.isHidden():
            height = self._result.lay_out(room)
            self._result.setGeometry(left, y, room, height)
            y += height + size(4)
        if self._form is not None:
            height = self._form.sizeHint().height()
            self._form.setGeometry(left, y + size(4), room, height)
            y += height + size(8)
        begin = left - size(6) - 2
        x, tall = begin, size(28)
        shown = [word for word in (self._copy, self._again) if not word.isHidden()]
        for word in shown:
            wide = max(word.sizeHint().width(), tall)
            if x > left and x + wide > width:
                x, y = begin, y + tall
            word.setGeometry(x, y, min(wide, width - x), tall)
            x += wide
        return y + (tall if shown else 0)

    # ------------------------------------------------------------ doing

    def _show_form(self) -> None:
        self._again.setVisible(self._row.can_rerun and self._form is None)
        self._again.setText(
            tr("Run again with other arguments") if self._row.fields else tr("Run again")
        )
        self._again.setAccessibleName(f"{self._again.text()}: {self._row.skill}")

    def _close_form(self) -> None:
        if self._form is not None:
            self._form.hide()
            self._form.deleteLater()
            self._form = None

    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self._row.result)
        self.copied.emit(tr("Copied the result."))

    def _on_again(self) -> None:
        if not self._row.fields:
            self.rerun_asked.emit({})
            return
        self._form = _Form(self._look, self._row, self)
        self._form.given.connect(self.rerun_asked)
        self._form.left.connect(self._on_left)
        self._form.show()
        self._show_form()
        self.reshaped.emit()
        self._form.focus_first()

    def _on_left(self) -> None:
        self._close_form()
        self._show_form()
        self.reshaped.emit()
        self._again.setFocus(Qt.FocusReason.OtherFocusReason)


class _Form(QWidget):
    """The arguments of a step, to be changed."""

    given = Signal(dict)
    left = Signal()

    def __init__(self, look: Look, row: StepRow, parent: QWidget) -> None:
        super().__init__(parent)
        theme = look.theme
        self.setObjectName("rerun-form")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.size(4))
        self._editors: dict[str, QLineEdit | QComboBox | QPlainTextEdit] = {}
        for field in row.fields:
            name = QLabel(
                f"{field.name} · {field.label}" if field.label != field.name else field.name, self
            )
            name.setTextFormat(Qt.TextFormat.PlainText)
            name.setProperty("role", "fact")
            editor = self._editors[field.name] = _editor(look, field, self)
            name.setBuddy(editor)
            column.addWidget(name)
            column.addWidget(editor)
            column.addSpacing(theme.size(4))
        if any("$" in field.value for field in row.fields):
            means = QLabel(
                tr("$1 stands for the result of the first step, $2 of the second."), self
            )
            means.setProperty("role", "fact")
            means.setWordWrap(True)
            column.addWidget(means)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.size(8))
        self._run = QPushButton(tr("Run again"), self)
        self._run.setObjectName("rerun-run")
        self._run.setAccessibleName(tr("Run {skill} again").format(skill=row.skill))
        cancel = QPushButton(tr("Cancel"), self)
        cancel.setObjectName("rerun-cancel")
        cancel.setAccessibleName(tr("Leave it as it was"))
        cancel.setProperty("role", "quiet")
        self._run.clicked.connect(self._on_run)
        cancel.clicked.connect(self.left)
        for button in (self._run, cancel):
            button.setMinimumHeight(theme.size(28))
            buttons.addWidget(button)
        buttons.addStretch(1)
        column.addLayout(buttons)

    def focus_first(self) -> None:
        """Go to the first field."""
        first = next(iter(self._editors.values()))
        first.setFocus(Qt.FocusReason.OtherFocusReason)
        if isinstance(first, QLineEdit):
            first.selectAll()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Run at Enter in a field of one line, leave at Esc."""
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        elif event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self._on_run()
        else:
            super().keyPressEvent(event)

    def _on_run(self) -> None:
        self.given.emit({name: _text_of(editor) for name, editor in self._editors.items()})


def _editor(
    look: Look, field: StepField, parent: QWidget
) -> QLineEdit | QComboBox | QPlainTextEdit:
    editor: QLineEdit | QComboBox | QPlainTextEdit
    if field.choices:
        editor = QComboBox(parent)
        editor.addItems(field.choices)
        editor.setCurrentText(field.value)
    elif field.long and ("\n" in field.value or len(field.value) > 80):
        editor = QPlainTextEdit(field.value, parent)
        editor.setProperty("role", "field")
        editor.setTabChangesFocus(True)
        editor.setFixedHeight(
            editor.fontMetrics().lineSpacing() * _FIELD_LINES + look.theme.size(20)
        )
    else:
        editor = QLineEdit(field.value, parent)
        editor.setCursorPosition(0)
    editor.setObjectName("rerun-field")
    editor.setAccessibleName(f"{field.name}: {field.label}")
    return editor


def _text_of(editor: QLineEdit | QComboBox | QPlainTextEdit) -> str:
    if isinstance(editor, QComboBox):
        return editor.currentText()
    return editor.text() if isinstance(editor, QLineEdit) else editor.toPlainText()
