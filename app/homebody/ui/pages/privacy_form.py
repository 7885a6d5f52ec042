"""The form in which a provider is added or changed, and its key is given."""

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import (
    QComboBox,
    QCompleter,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QStyledItemDelegate,
    QVBoxLayout,
    QWidget,
)

from homebody.ui.icons import pixmap
from homebody.ui.pages.editors import SwitchEditor
from homebody.ui.pages.sheet import label
from homebody.ui.privacy_states import Choice, KeyState, ProviderFields, ProviderForm
from homebody.ui.theme import Look
from homebody.ui.words import tr

__all__ = ["Picker", "ProviderEditor", "make_button"]

_SHOWN_MODELS: Final = 12
"""So many lines of the list of models are seen at once."""


def make_button(words: str, name: str, role: str, parent: QWidget) -> QPushButton:
    """Return a button that says what it does."""
    button = QPushButton(words, parent)
    button.setObjectName(name)
    button.setAccessibleName(words)
    button.setProperty("role", role)
    return button


class Picker(QComboBox):
    """One of a few; or anything that is typed, where that is allowed."""

    def __init__(self, look: Look, name: str, words: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self._choices: tuple[Choice, ...] = ()
        self.setObjectName(name)
        self.setAccessibleName(words)
        # The list takes the style sheet's words for its rows only from this delegate.
        self.setItemDelegate(QStyledItemDelegate(self))
        self.setMaxVisibleItems(_SHOWN_MODELS)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)

    def show_choices(self, choices: tuple[Choice, ...]) -> None:
        """Offer these; what is typed stays."""
        if choices == self._choices:
            return
        self._choices = choices
        typed = self.currentText() if self.isEditable() else None
        blocked = self.blockSignals(True)
        self.clear()
        for choice in choices:
            self.addItem(choice.words, choice.value)
        if typed is not None:
            self.setCurrentIndex(-1)
            self.setEditText(typed)
        self.blockSignals(blocked)

    def take_anything(self, placeholder: str) -> None:
        """Let anything be typed; what is offered and holds it is listed below."""
        self.setEditable(True)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        field = self.lineEdit()
        assert field is not None
        field.setObjectName(f"{self.objectName()}_field")
        field.setAccessibleName(self.accessibleName())
        field.setPlaceholderText(placeholder)
        # It stands inside a frame of its own.
        field.setStyleSheet("border: none; background: transparent; padding: 0px;")
        completer = QCompleter(self.model(), self)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        self.setCompleter(completer)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the page: scrolling past must not change anything."""
        event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint our chevron where the style paints none."""
        super().paintEvent(event)
        if not self.count():
            return
        theme = self._look.theme
        side = theme.size(16)
        painter = QPainter(self)
        chevron = pixmap("chevron-down", theme, "dim", self.devicePixelRatioF())
        painter.drawPixmap(
            self.width() - side - theme.size(8), (self.height() - side) // 2, chevron
        )
        painter.end()


class ProviderEditor(QWidget):
    """Shows a `ProviderForm`. What is being typed stays until the form's number changes."""

    preset_chosen = Signal(str)
    kept = Signal(object)
    """What was typed: `ProviderFields`."""
    look_asked = Signal(object)
    cancelled = Signal()
    key_given = Signal(str)
    key_forgotten = Signal()

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self._form = ProviderForm(number=0)
        self._build()
        self._dress()
        look.changed.connect(self._dress)

    def show_form(self, form: ProviderForm) -> None:
        """Show a form."""
        before, self._form = self._form, form
        self._from.show_choices(form.presets)
        if form.number != before.number:
            self._fill(form.fields)
        for part in (*self._from_row, *self._name_row):
            part.setVisible(form.is_new)
        self._say(self._note, form.note if form.is_new else "")
        self._models.show_choices(tuple(Choice(name, name) for name in form.models))
        for part in (*self._model_row, self._look_button):
            part.setVisible(not form.is_new)
        asking = bool(form.looking)
        self._look_button.setVisible(not form.is_new and (bool(form.look_note) or asking))
        self._say(self._look_note, "" if form.is_new else self._about_models(form))
        self._say(self._look_problem, form.look_problem)
        self._say(self._look_hint, form.look_hint)
        self._say(self._problem, form.problem)
        self._say(self._hint, form.hint)
        self._key.setVisible(not form.is_new)
        if before.key.busy and not form.key.busy and not form.key.problem:
            self._key_field.clear()
        self._show_key(form.key)
        if form.models and form.models != before.models and form.number == before.number:
            self._models.setFocus()

    def first(self) -> QWidget:
        """Return where one begins."""
        return self._from if self._form.is_new else self._url

    def fields(self) -> ProviderFields:
        """Return what is typed."""
        return ProviderFields(
            name=self._name.text(),
            url=self._url.text(),
            model=self._models.currentText(),
            mine=self._mine.isChecked(),
            price_in=self._price_in.text(),
            price_out=self._price_out.text(),
            currency=self._currency.text(),
        )

    def parts(self) -> list[QWidget]:
        """Return its parts in the order in which one reads them."""
        return [
            self._from,
            self._name,
            self._url,
            self._key_field,
            self._key_keep,
            self._key_forget,
            self._models,
            self._look_button,
            self._mine,
            self._price_in,
            self._price_out,
            self._currency,
            self._keep,
            self._cancel,
        ]

    # ------------------------------------------------------------------ inside

    def _build(self) -> None:
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._from = Picker(self._look, "provider_from", tr("Who it is"), self)
        self._from.activated.connect(self._on_preset)
        self._from_row = self._row(tr("Who it is"), self._from)
        self._note = self._words("fact")
        self._name = self._field("provider_name", tr("Name"), tr("As you call it"))
        self._name_row = self._row(tr("Name"), self._name)
        self._url = self._field("provider_url", tr("Address"), "https://api.example.org/v1")
        self._row(tr("Address"), self._url)
        self._build_key()
        self._models = Picker(self._look, "provider_model", tr("Model"), self)
        self._models.take_anything(tr("As the provider names it"))
        self._look_button = make_button(
            tr("Look which models it has"), "provider_look", "plain", self
        )
        self._look_button.clicked.connect(lambda: self.look_asked.emit(self.fields()))
        line = QWidget(self)
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._models, 1)
        row.addWidget(self._look_button)
        self._model_row = self._row(tr("Model"), line)
        self._look_note = self._words("fact")
        self._look_problem = self._words("bad")
        self._look_hint = self._words("fact")
        self._build_mine()
        self._build_prices()
        self._problem = self._words("bad")
        self._hint = self._words("fact")
        buttons = QHBoxLayout()
        self._keep = make_button(tr("Keep"), "provider_keep", "primary", self)
        self._cancel = make_button(tr("Cancel"), "provider_cancel", "plain", self)
        self._keep.clicked.connect(self._on_kept)
        self._cancel.clicked.connect(self.cancelled)
        buttons.addWidget(self._keep)
        buttons.addWidget(self._cancel)
        buttons.addStretch(1)
        self._column.addLayout(buttons)
        self._buttons = buttons

    def _build_key(self) -> None:
        self._key = QWidget(self)
        column = QVBoxLayout(self._key)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(self._look.theme.size(4))
        title = label(tr("Key"), "fact", self._key)
        column.addWidget(title)
        line = QHBoxLayout()
        self._key_field = QLineEdit(self._key)
        self._key_field.setObjectName("provider_key")
        self._key_field.setAccessibleName(tr("Key"))
        self._key_field.setEchoMode(QLineEdit.EchoMode.Password)
        self._key_field.setPlaceholderText(tr("Paste it here, if the provider wants one"))
        self._key_field.textChanged.connect(self._key_typed)
        self._key_field.returnPressed.connect(self._on_key)
        self._key_keep = make_button(tr("Keep the key"), "provider_key_keep", "plain", self._key)
        self._key_keep.clicked.connect(self._on_key)
        self._key_forget = make_button(tr("Forget it"), "provider_key_forget", "quiet", self._key)
        self._key_forget.setAccessibleName(tr("Forget the key"))
        self._key_forget.clicked.connect(self.key_forgotten)
        for part, stretch in ((self._key_field, 1), (self._key_keep, 0), (self._key_forget, 0)):
            line.addWidget(part, stretch)
        column.addLayout(line)
        self._key_words = label("", "fact", self._key)
        self._key_problem = label("", "bad", self._key)
        self._key_hint = label("", "fact", self._key)
        for words in (self._key_words, self._key_problem, self._key_hint):
            column.addWidget(words)
        self._column.addWidget(self._key)

    def _build_mine(self) -> None:
        line = QHBoxLayout()
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(label(tr("It is a machine of mine"), "plain", self))
        sentence = tr(
            "Then it may be on your own network, and one yes is enough, instead of one each time."
        )
        words.addWidget(label(sentence, "fact", self))
        self._mine = SwitchEditor(self._look, self)
        self._mine.setObjectName("provider_mine")
        self._mine.setAccessibleName(tr("It is a machine of mine"))
        self._mine.setAccessibleDescription(sentence)
        line.addLayout(words, 1)
        line.addWidget(self._mine, 0, Qt.AlignmentFlag.AlignVCenter)
        self._column.addSpacing(4)
        self._column.addLayout(line)
        self._column.addSpacing(4)

    def _build_prices(self) -> None:
        self._price_in = self._field("provider_price_in", tr("Price of what is sent"), "0.15")
        self._price_out = self._field("provider_price_out", tr("Price of what comes back"), "0.6")
        self._currency = self._field("provider_currency", tr("Currency"), "USD")
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        for place, (words, field) in enumerate(
            (
                (tr("Price of a million tokens sent"), self._price_in),
                (tr("Of a million that come back"), self._price_out),
                (tr("Currency"), self._currency),
            )
        ):
            grid.addWidget(label(words, "fact", self), 0, place, Qt.AlignmentFlag.AlignBottom)
            grid.addWidget(field, 1, place)
        self._prices = grid
        self._column.addLayout(grid)
        note = tr("If you know what it costs, each offer says about how much. Empty: not known.")
        self._column.addWidget(label(note, "fact", self))

    def _row(self, words: str, field: QWidget) -> tuple[QLabel, QWidget]:
        """Add a field, and what it is above it."""
        title = label(words, "fact", self)
        self._column.addWidget(title)
        self._column.addWidget(field)
        return title, field

    def _words(self, role: str) -> QLabel:
        made = label("", role, self)
        made.hide()
        self._column.addWidget(made)
        return made

    def _field(self, name: str, words: str, placeholder: str) -> QLineEdit:
        field = QLineEdit(self)
        field.setObjectName(name)
        field.setAccessibleName(words)
        field.setPlaceholderText(placeholder)
        field.returnPressed.connect(self._on_kept)
        return field

    def _dress(self) -> None:
        size = self._look.theme.size
        self._column.setSpacing(size(6))
        self._buttons.setSpacing(size(8))
        self._buttons.setContentsMargins(0, size(6), 0, 0)
        self._prices.setHorizontalSpacing(size(12))
        self._prices.setVerticalSpacing(size(4))
        self._currency.setMaximumWidth(size(96))
        self._mine.setFixedSize(self._mine.sizeHint())

    def _fill(self, fields: ProviderFields) -> None:
        for field, text in (
            (self._name, fields.name),
            (self._url, fields.url),
            (self._price_in, fields.price_in),
            (self._price_out, fields.price_out),
            (self._currency, fields.currency),
        ):
            field.setText(text)
            field.setCursorPosition(0)
        self._models.setEditText(fields.model)
        self._mine.show_value(fields.mine)
        self._key_field.clear()
        place = max(self._from.findData(fields.name), 0)
        self._from.setCurrentIndex(place)

    @staticmethod
    def _about_models(form: ProviderForm) -> str:
        if form.looking:
            return form.looking
        if not form.models:
            return form.look_note
        if len(form.models) == 1:
            return tr("It has one model.")
        return tr("It has {count:,} models. Open the list, or type a part of a name.").format(
            count=len(form.models)
        )

    def _show_key(self, key: KeyState) -> None:
        can = key.can_give and not key.busy
        self._key_field.setEnabled(can)
        words = tr("Keep it until Homebody ends") if key.session else tr("Keep the key")
        self._key_keep.setText(words)
        self._key_keep.setAccessibleName(words)
        self._key_forget.setVisible(key.there)
        about = " ".join(part for part in (key.words, key.place) if part)
        self._say(self._key_words, about)
        self._key_field.setAccessibleDescription(about)
        self._say(self._key_problem, key.problem)
        self._say(self._key_hint, key.hint)
        self._key_typed()

    def _key_typed(self) -> None:
        key = self._form.key
        typed = bool(self._key_field.text().strip())
        self._key_keep.setEnabled(typed and key.can_give and not key.busy)

    @staticmethod
    def _say(words: QLabel, text: str) -> None:
        words.setText(text)
        words.setVisible(bool(text))

    def _on_preset(self) -> None:
        self.preset_chosen.emit(self._from.currentData() or "")

    def _on_kept(self) -> None:
        self.kept.emit(self.fields())

    def _on_key(self) -> None:
        if self._key_keep.isEnabled():
            self.key_given.emit(self._key_field.text())
