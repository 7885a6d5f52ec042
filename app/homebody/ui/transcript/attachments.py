"""The files that went with a request: a chip each, which unfolds to what the file says."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QPushButton, QWidget

from homebody.ui.states import AttachmentChip
from homebody.ui.theme import Look
from homebody.ui.transcript.body import Body
from homebody.ui.transcript.parts import unmarked
from homebody.ui.words import tr

__all__ = ["Attachments"]


class Attachments(QObject):
    """The chips of one turn and the text of those that are unfolded, placed in the turn itself."""

    reshaped = Signal()

    def __init__(
        self,
        look: Look,
        make_body: Callable[[str, QWidget], Body],
        unfolded: set[tuple[str, str]],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._make_body = make_body
        self._unfolded = unfolded
        self._widget = parent
        self._turn = ""
        self._chips: tuple[AttachmentChip, ...] = ()
        self._buttons: list[QPushButton] = []
        self._bodies: dict[int, Body] = {}

    def show_chips(self, turn: str, chips: Sequence[AttachmentChip]) -> None:
        """Show the files of a turn."""
        self._turn, self._chips = turn, tuple(chips)
        while len(self._buttons) < len(chips):
            self._buttons.append(self._button())
        for number, button in enumerate(self._buttons):
            button.setVisible(number < len(chips))
        for number in range(max(len(chips), len(self._bodies))):
            self._show_chip(number)

    def lay_out(self, y: int, width: int) -> int:
        """Place chips and texts below `y`, and return where they end."""
        size = self._look.theme.size
        right = width
        row_top = y + size(8)
        tall = size(28)
        for number in range(len(self._chips)):
            button = self._buttons[number]
            wide = min(max(button.sizeHint().width(), tall), width)
            if right < width and right - wide < 0:
                right, row_top = width, row_top + tall + size(8)
            button.setGeometry(right - wide, row_top, wide, tall)
            right -= wide + size(8)
        if not self._chips:
            return y
        y = row_top + tall
        for number in range(len(self._chips)):
            body = self._bodies.get(number)
            if body is not None and not body.isHidden():
                y += size(8)
                height = body.lay_out(width)
                body.setGeometry(0, y, width, height)
                body.place_buttons()
                y += height
        return y

    def _button(self) -> QPushButton:
        button = QPushButton(self._widget)
        button.setObjectName("attachment")
        button.setProperty("role", "chip")
        button.clicked.connect(self._on_clicked)
        return button

    def _show_chip(self, number: int) -> None:
        body = self._bodies.get(number)
        if number >= len(self._chips):
            if body:
                body.hide()
            return
        chip = self._chips[number]
        open_now = self._key(number) in self._unfolded and bool(chip.text)
        words = " · ".join(part for part in (chip.name, chip.detail) if part)
        arrow = f" {'▾' if open_now else '▸'}" if chip.text else ""
        metrics = self._buttons[number].fontMetrics()
        most = self._look.theme.size(420)
        shown = metrics.elidedText(words, Qt.TextElideMode.ElideMiddle, most)
        self._buttons[number].setText(unmarked(shown) + arrow)
        self._buttons[number].setAccessibleName(tr("Attachment {name}").format(name=words[:500]))
        if open_now:
            if body is None:
                body = self._bodies[number] = self._make_body("attachment-text", self._widget)
            body.name(chip.name)
            if body.whole != chip.text:
                language = chip.name.rpartition(".")[2] if "." in chip.name else ""
                body.show_code(chip.text, language)
        if body:
            body.setVisible(open_now)

    def _key(self, number: int) -> tuple[str, str]:
        return self._turn, f"attachment {number}"

    def _on_clicked(self) -> None:
        button = self.sender()
        if isinstance(button, QPushButton) and button in self._buttons:
            number = self._buttons.index(button)
            self._unfolded ^= {self._key(number)}
            self._show_chip(number)
            self.reshaped.emit()
