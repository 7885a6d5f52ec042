"""What an opened card holds: facts, the context, the model's own settings, files, more buttons."""

from typing import Final

from msgspec.structs import replace
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from homebody.messages.shelf import ModelSettings
from homebody.settings.declared import SETTINGS, Setting
from homebody.ui.flow import FlowLayout
from homebody.ui.model_states import CardButton, CardDetails, ContextSlider, FileRow
from homebody.ui.pages.settings import Field
from homebody.ui.pages.sheet import label
from homebody.ui.states import Fact
from homebody.ui.style import set_role
from homebody.ui.theme import Look
from homebody.ui.words import breakable, tr

__all__ = ["MODEL_SETTINGS", "Details"]

_AS_EVERYWHERE: Final = "as everywhere"
_SHARED: Final = (
    "system_prompt",
    "temperature",
    "top_p",
    "top_k",
    "min_p",
    "repeat_penalty",
    "gpu_layers",
    "cache_type",
    "flash_attention",
)


def _for_one_model(setting: Setting) -> Setting:
    """Return a setting as it is for one model: nothing set means as for every model."""
    if setting.choices:
        return replace(setting, default=_AS_EVERYWHERE, choices=(_AS_EVERYWHERE, *setting.choices))
    return replace(setting, default="" if setting.kind == "text" else None, filled=False)


_EVERYWHERE: Final = {setting.key: setting for setting in SETTINGS}
MODEL_SETTINGS: Final = (
    *(_for_one_model(_EVERYWHERE[key]) for key in _SHARED),
    Setting(
        key="template",
        kind="text",
        title="Chat template",
        help="In place of the one in the file, as Jinja. Empty: the file's own.",
        default="",
    ),
    Setting(
        key="adapter",
        kind="text",
        title="Adapter",
        help="The path of a LoRA adapter for this model, a GGUF file. Empty: none.",
        default="",
    ),
    Setting(
        key="adapter_scale",
        kind="number",
        title="Adapter's weight",
        help="How much of the adapter counts; 1 is all of it.",
        default=None,
        low=0.0,
        high=10.0,
    ),
)
"""What can be set for one model, the context aside."""


class Details(QWidget):
    """Made when a card is opened."""

    context_moved = Signal(int)
    setting_given = Signal(str, object)
    acted = Signal(str, str)
    """The key of a row, or "" for the card; and what is asked for."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._state: CardDetails | None = None
        self._facts: tuple[Fact, ...] = ()
        self._slider: ContextSlider | None = None
        self._fields: dict[str, Field] = {}
        self._rows: dict[str, _Row] = {}
        self._buttons: list[tuple[QPushButton, CardButton]] = []
        self._build()
        self._dress()
        look.changed.connect(self._dress)

    def show_state(self, state: CardDetails) -> None:
        """Show a state; what is being typed stays."""
        if state == self._state:
            return
        self._state = state
        self._show_facts(state.facts)
        self._note.setText(state.note)
        self._note.setVisible(bool(state.note))
        self._show_slider(state.slider)
        if state.settings is not None:
            self._show_settings(state.settings)
        self._show_rows(state.files)
        self._show_buttons(state.buttons)

    def reading_order(self) -> tuple[QWidget, ...]:
        """Return its parts in the order in which one reads them."""
        buttons = (button for button, _ in self._buttons)
        fields: list[QWidget] = list(self._fields.values())
        if "adapter" in self._fields:
            fields.insert(fields.index(self._fields["adapter"]) + 1, self._choose)
        return (self._steps, *self._rows.values(), *buttons, *fields)

    def _build(self) -> None:
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._context = QWidget(self)
        column = QVBoxLayout(self._context)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        row = QHBoxLayout()
        title = label(tr("Context"), "strong", self._context)
        title.setWordWrap(False)
        self._steps = _Slider(Qt.Orientation.Horizontal, self._context)
        self._steps.setObjectName("context_slider")
        self._steps.setAccessibleName(tr("Context"))
        self._steps.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._steps.setPageStep(1)
        self._steps.valueChanged.connect(self._on_moved)
        self._tokens = label("", "fact", self._context)
        self._tokens.setWordWrap(False)
        row.addWidget(title)
        row.addStretch(1)
        row.addWidget(self._tokens)
        column.addLayout(row)
        column.addWidget(self._steps)
        self._context.hide()
        self._note = label("", "dim", self)
        self._grid_place = QWidget(self)
        self._grid = QGridLayout(self._grid_place)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setColumnStretch(1, 1)
        self._files = QVBoxLayout()
        self._settings = QVBoxLayout()
        self._choose = QPushButton(tr("Choose an adapter…"), self)
        self._choose.setObjectName("choose_adapter")
        self._choose.setAccessibleName(self._choose.text())
        self._choose.setProperty("role", "plain")
        self._choose.clicked.connect(self._ask_adapter)
        self._choose.hide()
        self._flow_place = QWidget(self)
        self._flow_place.hide()
        self._flow = FlowLayout(self._flow_place)
        self._flow.setContentsMargins(0, 0, 0, 0)
        self._column.addWidget(self._context)
        self._column.addWidget(self._note)
        self._column.addWidget(self._grid_place)
        self._column.addLayout(self._files)
        self._column.addWidget(self._flow_place)
        self._column.addLayout(self._settings)

    def _dress(self) -> None:
        size = self._look.theme.size
        self._column.setSpacing(size(12))
        self._column.setContentsMargins(0, size(8), 0, size(4))
        self._grid.setHorizontalSpacing(size(16))
        self._grid.setVerticalSpacing(size(4))
        self._files.setSpacing(size(4))
        self._flow.setSpacing(size(8))

    def _show_facts(self, facts: tuple[Fact, ...]) -> None:
        if facts == self._facts:
            return
        self._facts = facts
        while (item := self._grid.takeAt(0)) is not None:
            item.widget().deleteLater()  # type: ignore[union-attr]
        top = Qt.AlignmentFlag.AlignTop
        for place, fact in enumerate(facts):
            name = label(fact.label, "fact", self._grid_place)
            name.setWordWrap(False)
            self._grid.addWidget(name, place, 0, top)
            self._grid.addWidget(label(breakable(fact.value), "fact", self._grid_place), place, 1)

    def _show_slider(self, slider: ContextSlider | None) -> None:
        self._context.setVisible(slider is not None)
        if slider is None:
            return
        self._slider = slider
        blocked = self._steps.blockSignals(True)
        self._steps.setRange(0, len(slider.steps) - 1)
        self._steps.setValue(slider.at)
        self._steps.blockSignals(blocked)
        self._tokens.setText(slider.words)
        self._steps.setAccessibleDescription(slider.words)

    def _show_settings(self, settings: ModelSettings) -> None:
        if not self._fields:
            self._settings.addWidget(label(tr("For this model alone"), "label", self))
            for setting in MODEL_SETTINGS:
                field = Field(self._look, setting, self)
                field.changed.connect(self._on_given)
                self._fields[setting.key] = field
                self._settings.addWidget(field)
                if setting.key == "adapter":
                    self._settings.addWidget(self._choose, 0, Qt.AlignmentFlag.AlignLeft)
            self._choose.show()
        for setting in MODEL_SETTINGS:
            value = getattr(settings, setting.key)
            shown = setting.default if value is None else value
            self._fields[setting.key].show_value(shown)

    def _show_rows(self, rows: tuple[FileRow, ...]) -> None:
        wanted = {row.key: row for row in rows}
        for key in [key for key in self._rows if key not in wanted]:
            gone = self._rows.pop(key)
            self._files.removeWidget(gone)
            gone.hide()
            gone.deleteLater()
        for key, row in wanted.items():
            if key not in self._rows:
                self._rows[key] = made = _Row(self._look, self)
                made.acted.connect(self.acted)
                self._files.addWidget(made)
            self._rows[key].show_row(row)
        # So that what stands before the buttons ends on one line.
        widest = max((row.button_width() for row in self._rows.values()), default=0)
        for each in self._rows.values():
            each.widen_button(widest)

    def _show_buttons(self, buttons: tuple[CardButton, ...]) -> None:
        if buttons == tuple(state for _, state in self._buttons):
            return
        for button, _ in self._buttons:
            self._flow.removeWidget(button)
            button.hide()
            button.deleteLater()
        self._buttons = []
        self._flow_place.setVisible(bool(buttons))
        for state in buttons:
            button = QPushButton(state.words, self._flow_place)
            button.setObjectName(f"card_{state.action}")
            button.setAccessibleName(state.words)
            button.setProperty("role", "plain")
            button.clicked.connect(self._on_button)
            self._flow.addWidget(button)
            self._buttons.append((button, state))
            button.show()

    def _ask_adapter(self) -> None:
        # It blocks nothing, and goes with the card.
        dialog = QFileDialog(self, tr("Choose an adapter for this model"))
        dialog.setObjectName("adapter_dialog")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilter(tr("Adapters (*.gguf)"))
        dialog.fileSelected.connect(lambda path: self.setting_given.emit("adapter", path))
        dialog.open()

    def _on_button(self) -> None:
        for button, state in self._buttons:
            if button is self.sender():
                self.acted.emit("", state.action)

    def _on_moved(self, place: int) -> None:
        if self._slider is not None:
            self.context_moved.emit(self._slider.steps[place])

    def _on_given(self, key: str, value: object) -> None:
        self.setting_given.emit(key, None if value in {"", _AS_EVERYWHERE} else value)


class _Slider(QSlider):
    """A slider that leaves the wheel to the page."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scrolling past must not change a setting."""
        event.ignore()


class _Row(QWidget):
    """A file of a repository."""

    acted = Signal(str, str)

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._row: FileRow | None = None
        self._name = label("", "plain", self)
        self._size = QLabel(self)
        self._size.setProperty("role", "fact")
        self._mark = QLabel(self)
        self._button = QPushButton(self)
        self._button.setObjectName("get_file")
        self._button.setProperty("role", "plain")
        self._button.clicked.connect(self._on_pressed)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(look.theme.size(12))
        line.addWidget(self._name, 1)
        line.addWidget(self._mark)
        line.addWidget(self._size)
        line.addWidget(self._button)

    def show_row(self, row: FileRow) -> None:
        """Show a file."""
        self._row = row
        self._name.setText(breakable(row.name))
        self._size.setText(row.size)
        self._size.setVisible(row.button is None)
        self._mark.setText(row.mark)
        set_role(self._mark, row.level)
        self._button.setVisible(row.button is not None)
        if row.button is not None:
            self._button.setText(row.button.words)
            self._button.setEnabled(row.button.enabled)
            self._button.setAccessibleName(f"{row.button.words}: {row.name}. {row.mark}")

    def button_width(self) -> int:
        """Return how wide its button would be."""
        return self._button.sizeHint().width() if self._row and self._row.button else 0

    def widen_button(self, width: int) -> None:
        """Make its button as wide as those of the other rows."""
        self._button.setMinimumWidth(width)

    def _on_pressed(self) -> None:
        if self._row is not None and self._row.button is not None:
            self.acted.emit(self._row.key, self._row.button.action)
