"""The settings page, made from the declared settings."""

from collections.abc import Mapping
from typing import Any, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from homebody.settings.declared import Setting, Settings
from homebody.ui.pages.editors import (
    ChoiceEditor,
    LineEditor,
    SwitchEditor,
    TextEditor,
    make_editor,
)
from homebody.ui.pages.sheet import ScrolledPage, label
from homebody.ui.theme import Look
from homebody.ui.words import tr

__all__ = ["GROUPS", "Field", "SettingsPage"]

GROUPS: Final = (
    ("Window", ("appearance", "text_size", "tray", "autostart")),
    ("Skills", ("skills",)),
    (
        "Model",
        (
            "model",
            "context",
            "gpu_layers",
            "cache_type",
            "flash_attention",
            "threads",
            "use_mmap",
        ),
    ),
    (
        "Replies",
        (
            "system_prompt",
            "max_reply_tokens",
            "temperature",
            "top_p",
            "top_k",
            "min_p",
            "repeat_penalty",
            "seed",
        ),
    ),
    ("Connections", ("offline", "hub", "extra_hosts")),
    ("Trouble", ("log_level",)),
)
"""The headings, and the settings below each. What is in none of them stands under the last."""

_LONG: Final = frozenset({"system_prompt", "template"})
_NARROW, _USUAL = 160, 200
_NARROW_FIELD = 400


class SettingsPage(ScrolledPage):
    """Every setting, under a few headings."""

    changed = Signal(str, object)
    """A setting's key, and a value that it accepts and that is not the one shown."""

    def __init__(
        self, look: Look, settings: tuple[Setting, ...], parent: QWidget | None = None
    ) -> None:
        super().__init__(look, "settings_page", tr("Settings"), parent)
        self._fields: dict[str, Field] = {}
        self._cards: list[QVBoxLayout] = []
        known = {setting.key: setting for setting in settings}
        placed = {key for _, keys in GROUPS for key in keys}
        for group, keys in GROUPS:
            rest = [key for key in known if key not in placed] if group == GROUPS[-1][0] else []
            chosen = [known[key] for key in (*keys, *rest) if key in known]
            if chosen:
                self.column.addSpacing(8)
                self.column.addWidget(label(tr(group), "label", self.inner))
                self.column.addWidget(self._card(chosen))
        self.column.addStretch(1)
        self._dress()
        look.changed.connect(self._dress)

    def show_state(self, values: Settings, problems: Mapping[str, str]) -> None:
        """Show values, and by key what was wrong with them; half-typed ones stay as they are."""
        for key, field in self._fields.items():
            field.show_value(getattr(values, key))
            field.show_problem(problems.get(key, ""))

    def _card(self, settings: list[Setting]) -> QFrame:
        card = QFrame(self.inner)
        card.setProperty("role", "card")
        lines = QVBoxLayout(card)
        for place, setting in enumerate(settings):
            if place:
                line = QFrame(card)
                line.setProperty("role", "line")
                line.setFixedHeight(1)
                lines.addWidget(line)
            field = self._fields[setting.key] = Field(self.look, setting, card)
            field.changed.connect(self.changed)
            lines.addWidget(field)
        self._cards.append(lines)
        return card

    def _dress(self) -> None:
        theme = self.look.theme
        for lines in self._cards:
            lines.setContentsMargins(theme.size(16), theme.size(4), theme.size(16), theme.size(4))
            lines.setSpacing(theme.size(4))


class Field(QWidget):
    """A setting: its title and help, the editor, and what is wrong with what was typed."""

    changed = Signal(str, object)

    def __init__(self, look: Look, setting: Setting, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self._setting = setting
        self._value: Any = setting.default
        self._told = ""
        long = setting.key in _LONG
        self._editor = make_editor(look, setting, long=long, parent=self)
        self._editor.given.connect(self._on_given)
        self._below = long or setting.kind == "text"
        self._title = label(tr(setting.title), "plain", self)
        self._title.setWordWrap(False)
        self._help = label(tr(setting.help), "fact", self)
        self._problem = label("", "bad", self)
        self._problem.hide()
        self._reset = QPushButton(tr("Back to default"), self)
        self._reset.setObjectName(f"reset_{setting.key}")
        words = tr("Back to default: {title}").format(title=tr(setting.title))
        self._reset.setAccessibleName(words)
        self._reset.setProperty("role", "quiet")
        self._reset.clicked.connect(self._on_reset)
        self._reset.hide()
        self._lay_out()
        self._dress()
        look.changed.connect(self._dress)

    def show_value(self, value: Any) -> None:
        """Show a value, unless another one is being typed."""
        self._value = value
        self._editor.show_value(value)
        leaves = self._reset.hasFocus() and value == self._setting.default
        self._reset.setVisible(value != self._setting.default)
        if leaves:
            self._editor.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_problem(self, told: str) -> None:
        """Show what the presenter says is wrong; empty: only what was typed here may be."""
        self._told = told
        if told or not self._is_wrong():
            self._tell(told)

    def _is_wrong(self) -> bool:
        return bool(self._editor.property("wrong"))

    def _on_given(self, given: object) -> None:
        good, value = self._setting.accept(given)
        if given is None and self._setting.default is None:
            good, value = True, None
        self._mark(wrong=not good)
        if not good:
            words = tr("It must be {allowed}. Until then nothing changes.")
            self._tell(words.format(allowed=self._setting.allowed()))
            return
        self._tell(self._told)
        if value != self._value:
            self.changed.emit(self._setting.key, value)
        elif isinstance(self._editor, LineEditor):
            # The same value, written in another way.
            self._editor.setModified(False)
            self._editor.show_value(value)

    def _mark(self, *, wrong: bool) -> None:
        if self._is_wrong() != wrong:
            self._editor.setProperty("wrong", wrong)
            style = self._editor.style()
            style.unpolish(self._editor)
            style.polish(self._editor)

    def _tell(self, sentence: str) -> None:
        self._problem.setText(sentence)
        self._problem.setVisible(bool(sentence))
        both = f"{tr(self._setting.help)} {sentence}".strip()
        self._editor.setAccessibleDescription(both)

    def _on_reset(self) -> None:
        if isinstance(self._editor, LineEditor | TextEditor):
            self._editor.give(self._setting.default)
        else:
            self._on_given(self._setting.default)

    def _lay_out(self) -> None:
        first = QHBoxLayout()
        first.addWidget(self._title)
        first.addWidget(self._reset, 0, Qt.AlignmentFlag.AlignVCenter)
        first.addStretch(1)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addLayout(first)
        words.addWidget(self._help)
        self._top = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._top.addLayout(words, 1)
        if not self._below:
            self._top.addWidget(self._editor, 0, Qt.AlignmentFlag.AlignVCenter)
        self._column = QVBoxLayout(self)
        self._column.addLayout(self._top)
        if self._below:
            self._column.addWidget(self._editor)
        self._column.addWidget(self._problem)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the editor below the words where it is narrow."""
        super().resizeEvent(event)
        narrow = self.width() < self._look.theme.size(_NARROW_FIELD)
        ways = QBoxLayout.Direction
        self._top.setDirection(ways.TopToBottom if narrow else ways.LeftToRight)

    def _dress(self) -> None:
        theme = self._look.theme
        self._column.setContentsMargins(0, theme.size(4), 0, theme.size(8))
        self._column.setSpacing(theme.size(8))
        self._top.setSpacing(theme.size(12))
        # As high as the button beside it, which comes and goes.
        self._title.setFixedHeight(theme.size(30))
        if isinstance(self._editor, SwitchEditor):
            self._editor.setFixedSize(self._editor.sizeHint())
        elif isinstance(self._editor, ChoiceEditor):
            self._editor.setFixedWidth(theme.size(_USUAL))
        elif not self._below:
            self._editor.setFixedWidth(theme.size(_NARROW))
