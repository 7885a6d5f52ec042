"""The sheet of all keys, made from their declarations."""

from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from homebody.ui.pages.sheet import ScrolledPage, label
from homebody.ui.shortcuts import SHORTCUTS, Shortcut
from homebody.ui.theme import Look
from homebody.ui.words import tr

__all__ = ["ShortcutsPage"]


class ShortcutsPage(ScrolledPage):
    """Every action with its keys, in the groups of `SHORTCUTS`."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, "shortcuts_page", tr("Shortcuts"), parent)
        groups: dict[str, list[Shortcut]] = {}
        for shortcut in SHORTCUTS:
            groups.setdefault(shortcut.group, []).append(shortcut)
        self._cards: list[tuple[QVBoxLayout, list[QHBoxLayout]]] = []
        for group, shortcuts in groups.items():
            self.column.addSpacing(8)
            self.column.addWidget(label(tr(group), "label", self.inner))
            self.column.addWidget(self._card(shortcuts))
        self.column.addStretch(1)
        self._dress()
        look.changed.connect(self._dress)

    def _card(self, shortcuts: list[Shortcut]) -> QFrame:
        card = QFrame(self.inner)
        card.setProperty("role", "card")
        lines = QVBoxLayout(card)
        rows = []
        for shortcut in shortcuts:
            row = QHBoxLayout()
            row.addWidget(label(tr(shortcut.title), "plain", card), 1)
            for key in shortcut.keys:
                row.addWidget(_key(key, card))
            lines.addLayout(row)
            rows.append(row)
        self._cards.append((lines, rows))
        return card

    def _dress(self) -> None:
        theme = self.look.theme
        for lines, rows in self._cards:
            side = theme.size(16)
            lines.setContentsMargins(side, theme.size(8), theme.size(12), theme.size(8))
            lines.setSpacing(theme.size(4))
            for row in rows:
                row.setSpacing(theme.size(6))


def _key(keys: str, parent: QWidget) -> QLabel:
    native = QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText)
    cap = label(native, "key", parent)
    cap.setWordWrap(False)
    cap.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    return cap
