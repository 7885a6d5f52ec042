"""The few widgets that show the turns that are seen, used again and again."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget

from homebody.ui.states import TurnRow
from homebody.ui.transcript.body import Body
from homebody.ui.transcript.turn import TurnWidget

__all__ = ["Pool"]


class Pool:
    """Widgets by the turn that each of them shows."""

    def __init__(self, make: Callable[[], TurnWidget], owner: QWidget) -> None:
        self._make = make
        self._owner = owner
        self._free: list[TurnWidget] = []
        self.bound: dict[str, TurnWidget] = {}
        self.stale: set[str] = set()
        """Bound turns whose height is not known at this width."""

    def bind(self, row: TurnRow) -> TurnWidget:
        """Show a turn in a widget that is free, or in a new one."""
        widget = self._free.pop() if self._free else self._make()
        widget.show_row(row)
        self.bound[row.id] = widget
        self.stale.add(row.id)
        return widget

    def release(self, turn: str) -> None:
        """Show a turn no longer, if it is shown."""
        widget = self.bound.pop(turn, None)
        self.stale.discard(turn)
        if widget:
            focus = QApplication.focusWidget()
            if focus is not None and widget.isAncestorOf(focus):
                # Qt would give it to whatever comes next, and scroll there.
                self._owner.setFocus(Qt.FocusReason.OtherFocusReason)
            widget.hide()
            self._free.append(widget)

    def restyle(self) -> None:
        """Draw anew in the theme of now, also what is not shown."""
        for widget in (*self.bound.values(), *self._free):
            widget.restyle()
        self.stale |= set(self.bound)

    def keep_selection(self, body: QWidget) -> None:
        """Keep what is selected in one text, and nowhere else."""
        for widget in self.bound.values():
            for other in widget.findChildren(Body):
                if other is not body and other.has_selection():
                    other.deselect()
