"""The ledger on the page of privacy: filtered, verified, exported. Its rows: `privacy_rows`."""

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QPushButton, QVBoxLayout, QWidget

from homebody.ui.flow import FlowLayout
from homebody.ui.pages.privacy_form import make_button
from homebody.ui.pages.privacy_rows import LedgerRows
from homebody.ui.pages.sheet import label
from homebody.ui.privacy_states import LedgerFilter, LedgerState
from homebody.ui.style import set_role
from homebody.ui.theme import Look
from homebody.ui.words import breakable, tr

__all__ = ["LedgerSection"]

_FILTERS: Final[tuple[tuple[LedgerFilter, str], ...]] = (
    ("all", "All"),
    ("elsewhere", "Asked elsewhere"),
    ("models", "Models"),
    ("words", "Searches"),
)


class LedgerSection(QWidget):
    """Shows a `LedgerState`."""

    filtered = Signal(str)
    more_asked = Signal()
    opened = Signal(int)
    verify_asked = Signal()
    export_asked = Signal()
    body_deleted = Signal()
    wanted = Signal(QWidget)
    """This has the focus now, and shall be seen."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self._state = LedgerState()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        tools = QWidget(self)
        self._tools = FlowLayout(tools)
        self._tools.setContentsMargins(0, 0, 0, 0)
        self._filters: dict[LedgerFilter, QPushButton] = {}
        for which, words in _FILTERS:
            button = make_button(tr(words), f"ledger_{which}", "nav", tools)
            button.setCheckable(True)
            button.setAccessibleName(tr("Show: {what}").format(what=tr(words)))
            button.clicked.connect(lambda _checked, which=which: self._on_filter(which))
            self._filters[which] = button
            self._tools.addWidget(button)
        self._verify = make_button(tr("Verify"), "ledger_verify", "plain", tools)
        self._verify.setAccessibleName(tr("Verify that no line was changed or lost"))
        self._export = make_button(tr("Export…"), "ledger_export", "plain", tools)
        self._verify.clicked.connect(self.verify_asked)
        self._export.clicked.connect(self.export_asked)
        self._tools.addWidget(self._verify)
        self._tools.addWidget(self._export)
        self._verdict = label("", "fact", self)
        self._notes = label("", "fact", self)
        self._problem = label("", "bad", self)
        self._hint = label("", "fact", self)
        self._empty = label("", "dim", self)
        self._card = QFrame(self)
        self._card.setProperty("role", "card")
        inside = QVBoxLayout(self._card)
        inside.setContentsMargins(1, 1, 1, 1)
        self.rows = LedgerRows(look, self._card)
        self.rows.opened.connect(self.opened)
        self.rows.body_deleted.connect(self.body_deleted)
        self.rows.wanted.connect(self.wanted)
        inside.addWidget(self.rows)
        self._more = make_button("", "ledger_more", "flush", self)
        self._more.clicked.connect(self.more_asked)
        for part in (
            tools,
            self._verdict,
            self._notes,
            self._problem,
            self._hint,
            self._empty,
            self._card,
        ):
            self._column.addWidget(part)
        self._column.addWidget(self._more, 0, Qt.AlignmentFlag.AlignLeft)
        self._dress()
        look.changed.connect(self._dress)

    def show_state(self, state: LedgerState) -> None:
        """Show the ledger."""
        self._state = state
        for which, button in self._filters.items():
            button.setChecked(which == state.filter)
        set_role(self._verdict, state.verdict_kind)
        for words, text in (
            (self._verdict, state.verdict),
            (self._notes, "\n".join(state.notes)),
            (self._problem, state.problem),
            (self._hint, state.hint),
            (self._empty, state.empty),
        ):
            words.setText(breakable(text) if words is not self._verdict else text)
            words.setVisible(bool(text))
        self._card.setVisible(bool(state.rows))
        leaves = self._more.hasFocus() and not state.more
        self._more.setText(state.more)
        self._more.setAccessibleName(state.more or tr("Show all"))
        self._more.setVisible(bool(state.more))
        self.rows.show_rows(state.rows, state.opened, state.details)
        if leaves:
            self._export.setFocus(Qt.FocusReason.OtherFocusReason)

    def parts(self) -> list[QWidget]:
        """Return its parts in the order in which one reads them."""
        return [
            *self._filters.values(),
            self._verify,
            self._export,
            *self.rows.parts(),
            self._more,
        ]

    def _on_filter(self, which: LedgerFilter) -> None:
        # The state says which one is shown; a click alone does not.
        for each, button in self._filters.items():
            button.setChecked(each == self._state.filter)
        self.filtered.emit(which)

    def _dress(self) -> None:
        size = self._look.theme.size
        self._column.setSpacing(size(8))
        self._tools.setSpacing(size(6))
        for button in self._filters.values():
            button.setMinimumHeight(size(30))
