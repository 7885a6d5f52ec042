"""The lists on the page of skills: granted folders, the person's own skills, notes, reminders."""

from collections.abc import Callable
from functools import partial
from typing import Generic, TypeVar

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from homebody.ui.pages.models_card import has_focus
from homebody.ui.pages.sheet import label
from homebody.ui.skill_states import FolderRow, KeptRow, OwnCard
from homebody.ui.theme import Look
from homebody.ui.words import breakable, tr

__all__ = ["Folders", "Kept", "Own"]

S = TypeVar("S")


class _Rows(QFrame, Generic[S]):
    """A card with a row for each state. Rows that stay the same stay."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self._shown: tuple[S, ...] = ()
        self._rows: list[QWidget] = []
        self.setProperty("role", "card")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._dress()
        look.changed.connect(self._dress)
        self.hide()

    def show_rows(self, states: tuple[S, ...]) -> None:
        """Show these; the same ones change nothing."""
        if states == self._shown:
            return
        focus = next((n for n, row in enumerate(self._rows) if has_focus(row)), None)
        kept = dict(zip(map(repr, self._shown), self._rows, strict=True))
        rows = [
            kept.pop(repr(state)) if repr(state) in kept else self._row(state) for state in states
        ]
        for gone in kept.values():
            self._column.removeWidget(gone)
            gone.hide()
            gone.deleteLater()
        for place, row in enumerate(rows):
            if self._column.indexOf(row) != place:
                self._column.insertWidget(place, row)
        self._shown, self._rows = states, rows
        self.setVisible(bool(rows))
        if focus is not None and rows:
            # Its row went, and the focus with it.
            buttons = rows[min(focus, len(rows) - 1)].findChildren(QPushButton)
            if buttons and not any(has_focus(row) for row in rows):
                buttons[-1].setFocus(Qt.FocusReason.OtherFocusReason)

    def parts(self) -> list[QWidget]:
        """Return its buttons in the order in which one reads them."""
        return [button for row in self._rows for button in row.findChildren(QPushButton)]

    def _dress(self) -> None:
        size = self._look.theme.size
        self._column.setContentsMargins(0, size(4), 0, size(4))

    def _row(self, state: S) -> QWidget:
        raise NotImplementedError

    def _line(self, row: QWidget) -> tuple[QVBoxLayout, QHBoxLayout]:
        """Return where the words of a row go, and its line, where buttons go behind them."""
        size = self._look.theme.size
        line = QHBoxLayout(row)
        line.setContentsMargins(size(16), size(6), size(10), size(6))
        line.setSpacing(size(4))
        words = QVBoxLayout()
        words.setSpacing(size(2))
        line.addLayout(words, 1)
        return words, line

    def _button(
        self, row: QWidget, line: QHBoxLayout, words: str, name: str, do: Callable[[], None]
    ) -> QPushButton:
        button = QPushButton(words, row)
        button.setObjectName(name)
        button.setProperty("role", "quiet")
        button.setMinimumHeight(self._look.theme.size(28))
        button.clicked.connect(do)
        line.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        return button


class Folders(_Rows[FolderRow]):
    """The folders that skills are let into."""

    access_given = Signal(str, str)
    """A folder, and `read` or `write`."""
    revoked = Signal(str)

    def _row(self, state: FolderRow) -> QWidget:
        row = QWidget(self)
        words, line = self._line(row)
        words.addWidget(label(breakable(state.path), "", row))
        words.addWidget(label(state.words, "fact", row))
        other = "read" if state.writes else "write"
        change = self._button(
            row, line, state.other, "folder_access", partial(self._give, state.path, other)
        )
        change.setAccessibleName(f"{state.other}: {state.path}")
        revoke = self._button(
            row, line, tr("Take back"), "folder_revoke", partial(self._revoke, state.path)
        )
        revoke.setAccessibleName(tr("Let skills into {path} no longer").format(path=state.path))
        return row

    def _give(self, path: str, access: str) -> None:
        self.access_given.emit(path, access)

    def _revoke(self, path: str) -> None:
        self.revoked.emit(path)


class Own(_Rows[OwnCard]):
    """The person's own skills."""

    allowed = Signal(str)
    forbidden = Signal(str)

    def _row(self, state: OwnCard) -> QWidget:
        row = QWidget(self)
        words, line = self._line(row)
        words.addWidget(label(breakable(state.name), "strong", row))
        role = {"off": "fact", "allowed": "ok", "changed": "warn", "broken": "bad"}[state.state]
        words.addWidget(label(state.words, role, row))
        for text, kind in (
            (state.sentence, "dim"),
            (state.asks, "fact"),
            (state.problem, "bad"),
            (state.can_use, "warn"),
        ):
            if text:
                words.addWidget(label(breakable(text), kind, row))
        if state.state == "allowed":
            button = self._button(
                row, line, tr("Allow no longer"), "own_forbid", partial(self._forbid, state.name)
            )
        elif state.state != "broken":
            again = tr("Allow it as it is now") if state.state == "changed" else tr("Allow")
            button = self._button(row, line, again, "own_allow", partial(self._allow, state.name))
            button.setProperty("role", "plain")
        else:
            return row
        button.setAccessibleName(f"{button.text()}: {state.name}")
        return row

    def _allow(self, name: str) -> None:
        self.allowed.emit(name)

    def _forbid(self, name: str) -> None:
        self.forbidden.emit(name)


class Kept(_Rows[KeptRow]):
    """Notes, or reminders."""

    removed = Signal(str)

    def _row(self, state: KeptRow) -> QWidget:
        row = QWidget(self)
        words, line = self._line(row)
        words.addWidget(label(breakable(state.text), "", row))
        words.addWidget(label(state.when, "fact", row))
        button = self._button(
            row, line, tr("Remove"), "kept_remove", partial(self.removed.emit, state.id)
        )
        button.setAccessibleName(tr("Remove: {text}").format(text=state.text[:80]))
        return row
