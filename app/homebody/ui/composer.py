"""The composer: where a message is written, what goes with it, and how full the context is."""

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from homebody.ui.attachments import Attachments
from homebody.ui.composer_field import ComposerField, local_files
from homebody.ui.icons import icon
from homebody.ui.states import ComposerState
from homebody.ui.style import set_role
from homebody.ui.theme import COLUMN, MARGIN, Look
from homebody.ui.words import tr

if TYPE_CHECKING:  # loaded when somebody types `/`
    from homebody.ui.completion import Completion

__all__ = ["Composer"]

_OVERHANG: Final = 12
"""The card is this much wider than the column of text at either side; the text lines up."""
_BEGUN: Final = re.compile(r"/([a-z0-9_-]*)", re.IGNORECASE)
_NAMED: Final = re.compile(r"/([a-z0-9_-]+)\s")
_LONGEST_NAME: Final = 100
_NARROW: Final = 360
"""Where it is narrower, the field needs the room of the meter."""


class Composer(QWidget):
    """The card at the bottom of a conversation.

    `sent` leaves the words where they are: whoever keeps them empties the field when they are safe.
    """

    sent = Signal(str)
    stop_asked = Signal()
    text_changed = Signal(str)
    files_given = Signal(list)
    """The paths of files that were dropped, pasted or chosen."""
    attachment_removed = Signal(int)
    edit_cancelled = Signal()
    edit_last_asked = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._state = ComposerState()
        self._dialog: QFileDialog | None = None
        self._completion: Completion | None = None
        self._refused = ""
        """What was typed when the person closed the list of skills."""
        self.setObjectName("composer")
        self.setAcceptDrops(True)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._build()
        self._connect()
        self._dress()
        look.changed.connect(self._dress)
        self.show_state(ComposerState())

    def show_state(self, state: ComposerState) -> None:
        """Show a state. The text, the cursor and the focus are left alone."""
        self._state = state
        self._field.setPlaceholderText(state.placeholder)
        self._complete()
        self._files.show_chips(state.attachments)
        cancelling = self._cancel.hasFocus()
        self._editing.setText(state.editing)
        self._editing.setAccessibleName(state.editing)
        self._banner.setVisible(bool(state.editing))
        if cancelling and not state.editing:
            self.focus()
        self._show_meter(state)
        had_focus = self._send.hasFocus() or self._stop.hasFocus()
        self._send.setVisible(not state.running)
        self._stop.setVisible(state.running)
        self._show_sendable()
        if had_focus:
            other = self._stop if state.running else self._send
            (other if other.isEnabled() else self._field).setFocus(Qt.FocusReason.OtherFocusReason)

    def text(self) -> str:
        """Return what is written."""
        return self._field.toPlainText()

    def set_text(self, text: str) -> None:
        """Write this instead, with the cursor at its end. The same text changes nothing."""
        if text == self.text():
            return
        self._field.setPlainText(text)
        self._field.moveCursor(self._field.textCursor().MoveOperation.End)

    def focus(self) -> None:
        """Go to the field."""
        self._field.setFocus(Qt.FocusReason.OtherFocusReason)

    def attach(self) -> None:
        """Ask for files to attach, in a dialog that does not block."""
        if self._dialog is None:
            self._dialog = QFileDialog(self, tr("Attach text files"))
            self._dialog.setObjectName("attach_dialog")
            self._dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
            self._dialog.filesSelected.connect(self._on_files)
        self._dialog.open()

    def _build(self) -> None:
        self._card = QFrame(self)
        self._card.setProperty("role", "ask")
        self._banner = QWidget(self._card)
        self._editing = QLabel(self._banner)
        self._editing.setTextFormat(Qt.TextFormat.PlainText)
        self._editing.setProperty("role", "dim")
        self._editing.setWordWrap(True)
        self._cancel = QPushButton(tr("Cancel"), self._banner)
        self._cancel.setObjectName("cancel_edit")
        self._cancel.setAccessibleName(tr("Cancel the edit"))
        self._cancel.setProperty("role", "quiet")
        self._form = QLabel(self._card)
        self._form.setObjectName("skill_form")
        self._form.setTextFormat(Qt.TextFormat.PlainText)
        self._form.setProperty("role", "fact")
        self._form.setWordWrap(True)
        self._form.hide()
        self._files = Attachments(self._look, self._card)
        self._field = ComposerField(self._look, self._card)
        self._field.installEventFilter(self)
        self._attach = QToolButton(self._card)
        self._attach.setObjectName("attach")
        self._attach.setAccessibleName(tr("Attach a text file"))
        self._attach.setToolTip(tr("Attach a text file"))
        self._attach.setProperty("role", "icon")
        self._attach.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._meter = QLabel(self._card)
        self._meter.setTextFormat(Qt.TextFormat.PlainText)
        self._meter.setProperty("role", "fact")
        self._send = QPushButton(tr("Send"), self._card)
        self._send.setObjectName("send")
        self._send.setAccessibleName(tr("Send"))
        self._send.setProperty("role", "primary")
        self._stop = QPushButton(tr("Stop"), self._card)
        self._stop.setObjectName("stop")
        self._stop.setAccessibleName(tr("Stop the reply"))
        self._stop.setProperty("role", "plain")
        self._order()
        self._lay_out()

    def _lay_out(self) -> None:
        self._banner_row = QHBoxLayout(self._banner)
        self._banner_row.addWidget(self._editing, 1)
        self._banner_row.addWidget(self._cancel)
        self._row = QHBoxLayout()
        self._row.addWidget(self._attach, 0, Qt.AlignmentFlag.AlignBottom)
        self._row.addWidget(self._field, 1, Qt.AlignmentFlag.AlignVCenter)
        for part in (self._meter, self._send, self._stop):
            self._row.addWidget(part, 0, Qt.AlignmentFlag.AlignBottom)
        self._column = QVBoxLayout(self._card)
        self._column.addWidget(self._banner)
        self._column.addWidget(self._files)
        self._column.addWidget(self._form)
        self._column.addLayout(self._row)
        self._outer = QHBoxLayout(self)
        self._outer.addStretch(1)
        self._outer.addWidget(self._card, 1000)
        self._outer.addStretch(1)

    def _connect(self) -> None:
        self._field.entered.connect(self._on_entered)
        self._field.escaped.connect(self._on_escaped)
        self._field.last_asked.connect(self.edit_last_asked)
        self._field.files_given.connect(self.files_given)
        self._field.textChanged.connect(self._on_text)
        self._files.removed.connect(self.attachment_removed)
        self._files.rebuilt.connect(self._order)
        self._files.left_empty.connect(self.focus)
        self._cancel.clicked.connect(self._on_cancelled)
        self._attach.clicked.connect(self.attach)
        self._send.clicked.connect(self._on_entered)
        self._stop.clicked.connect(self._on_stop)

    def _dress(self) -> None:
        theme = self._look.theme
        side = theme.size(MARGIN - _OVERHANG)
        self._outer.setContentsMargins(side, theme.size(8), side, theme.size(16))
        self._outer.setSpacing(0)
        self._card.setMaximumWidth(theme.size(COLUMN + 2 * _OVERHANG))
        self._column.setContentsMargins(*[theme.size(8)] * 4)
        self._column.setSpacing(theme.size(8))
        self._row.setSpacing(theme.size(8))
        self._banner_row.setContentsMargins(theme.size(8), 0, 0, 0)
        self._form.setContentsMargins(theme.size(8), theme.size(2), 0, 0)
        self._banner_row.setSpacing(theme.size(8))
        self._cancel.setMinimumHeight(theme.size(28))
        self._attach.setIcon(icon("paperclip", theme))
        self._attach.setIconSize(QSize(theme.size(16), theme.size(16)))
        height = theme.size(32)
        self._attach.setFixedSize(height, height)
        for part in (self._send, self._stop):
            part.setMinimumHeight(height)
        self._meter.setFixedHeight(height)

    def _order(self) -> None:
        """Let Tab go through it as it is read."""
        after = (self._attach, self._field, self._send, self._stop)
        chain: tuple[QWidget, ...] = (self._cancel, *self._files.buttons(), *after)
        for first, second in pairwise(chain):
            QWidget.setTabOrder(first, second)

    def _show_meter(self, state: ComposerState) -> None:
        words = {
            "calm": "{meter}",
            "near": tr("{meter} · some left out"),
            "over": tr("{meter} · too long"),
        }
        meter = words[state.meter_level].format(meter=state.meter) if state.meter else ""
        self._meter.setText(meter)
        self._meter.setVisible(bool(meter) and not self._is_narrow())
        self._meter.setToolTip(state.meter_detail)
        self._meter.setAccessibleName(meter)
        self._meter.setAccessibleDescription(state.meter_detail)
        set_role(self._meter, {"calm": "fact", "near": "warn", "over": "bad"}[state.meter_level])

    def _is_narrow(self) -> bool:
        return self.width() < self._look.theme.size(_NARROW)

    def _show_sendable(self) -> None:
        self._send.setEnabled(self._sendable())

    def _sendable(self) -> bool:
        state = self._state
        return state.can_send and not state.running and bool(self.text().strip())

    def _on_entered(self) -> None:
        if self._sendable():
            self.sent.emit(self.text())

    def _on_escaped(self) -> None:
        if self._state.running:
            self.stop_asked.emit()
        elif self._state.editing:
            self.edit_cancelled.emit()

    def _on_files(self, files: list[str]) -> None:
        self.files_given.emit(files)

    def _on_text(self) -> None:
        self._show_sendable()
        self._complete()
        self.text_changed.emit(self.text())

    # ------------------------------------------------------------------ skills by name

    def _complete(self) -> None:
        """Show which skills may be meant, or what the one that is named is given."""
        # Most texts are not looked at any further, however long they are.
        text = self.text() if self._state.skills else ""
        begun = _BEGUN.fullmatch(text) if len(text) < _LONGEST_NAME else None
        if begun is not None and text != self._refused and self._field.hasFocus():
            self._show_completion(begun[1])
        elif self._completion is not None:
            self._completion.hide()
        if begun is None:
            self._refused = ""
        named = _NAMED.match(text[:_LONGEST_NAME])
        known = (each for each in self._state.skills if named and each.name == named[1])
        skill = next(known, None)
        form = f"/{skill.name} {skill.form}".rstrip() if skill is not None else ""
        self._form.setText(f"{form} · {skill.description}" if skill is not None else "")
        self._form.setVisible(skill is not None)
        self._heed_escape()

    def _show_completion(self, typed: str) -> None:
        from homebody.ui.completion import Completion, matching

        if self._completion is None:
            self._completion = Completion(self._look, self._card)
            self._completion.chosen.connect(self._on_named)
        self._completion.show_choices(matching(typed, self._state.skills))
        self._describe()

    def _describe(self) -> None:
        """Let a screen reader say which skill Enter would take."""
        choice = self._completion.current() if self._completion is not None else None
        words = f"/{choice.name}: {choice.description}" if choice is not None else ""
        self._field.setAccessibleDescription(words)

    def _completes(self) -> bool:
        return self._completion is not None and not self._completion.isHidden()

    def _heed_escape(self) -> None:
        state = self._state
        self._field.takes_escape = state.running or bool(state.editing) or self._completes()

    def _on_named(self, name: str) -> None:
        self.set_text(f"/{name} ")
        self.focus()

    def _complete_by_key(self, event: QKeyEvent) -> bool:
        """Use a key for the list of skills; False: it is not meant for it."""
        completion = self._completion
        choice = completion.current() if completion is not None else None
        if completion is None or choice is None:
            return False
        plain = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if plain != Qt.KeyboardModifier.NoModifier:
            return False
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        if event.key() in steps:
            completion.step(steps[Qt.Key(event.key())])
            self._describe()
        elif event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab}:
            self._on_named(choice.name)
        elif event.key() == Qt.Key.Key_Escape:
            self._refused = self.text()
            self._complete()
        else:
            return False
        return True

    def _on_cancelled(self) -> None:
        self.edit_cancelled.emit()

    def _on_stop(self) -> None:
        self.stop_asked.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Draw the ring of the field around the whole card, and let keys choose a skill."""
        if (
            watched is self._field
            and event.type() == QEvent.Type.KeyPress
            and isinstance(event, QKeyEvent)
            and self._completes()
            and self._complete_by_key(event)
        ):
            return True
        if watched is self._field and event.type() in {QEvent.Type.FocusIn, QEvent.Type.FocusOut}:
            set_role(self._card, "asked" if event.type() == QEvent.Type.FocusIn else "ask")
            if event.type() == QEvent.Type.FocusOut and self._completes():
                self._complete()
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave the meter out where there is no room for it."""
        super().resizeEvent(event)
        if self._completes():
            self._complete()
        self._meter.setVisible(bool(self._meter.text()) and not self._is_narrow())

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files anywhere on the card, and nothing else."""
        if local_files(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Hand the files on."""
        event.acceptProposedAction()
        self.files_given.emit(local_files(event.mimeData()))
