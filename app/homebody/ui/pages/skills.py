"""The page of skills: what each does, what it may touch, the person's own, notes and reminders."""

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from homebody.ui.focus_order import order_focus
from homebody.ui.pages.sheet import ScrolledPage, label
from homebody.ui.pages.skills_card import SkillLine
from homebody.ui.pages.skills_lists import Folders, Kept, Own
from homebody.ui.skill_states import SkillGroup, SkillsState
from homebody.ui.theme import Look
from homebody.ui.words import breakable, tr

__all__ = ["SkillsPage"]


class SkillsPage(ScrolledPage):
    """Shows a `SkillsState`."""

    opened = Signal(str)
    """The name of a skill to be opened, or ""."""
    example_chosen = Signal(str)
    folder_given = Signal(str)
    access_given = Signal(str, str)
    folder_revoked = Signal(str)
    own_allowed = Signal(str)
    own_forbidden = Signal(str)
    own_folder_asked = Signal()
    note_removed = Signal(str)
    reminder_removed = Signal(str)
    refreshed = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, "skills_page", tr("Skills"), parent)
        self._groups: dict[str, _Group] = {}
        self._jumps: list[QPushButton] = []
        self._dialog: QFileDialog | None = None
        self._build()

    def show_state(self, state: SkillsState) -> None:
        """Show a state. The focus and the place on the page stay."""
        self._busy.setText(state.busy)
        self._busy.setVisible(bool(state.busy))
        self._problem.setText(state.problem)
        self._hint.setText(state.hint)
        for part in (self._problem, self._hint, self._again):
            part.setVisible(bool(state.problem))
        whole = not state.busy and not state.problem
        self._rest.setVisible(whole)
        if not whole:
            return
        for group in state.groups:
            if group.title not in self._groups:
                made = self._groups[group.title] = _Group(self.look, group.title, self._rest)
                made.opened.connect(self.opened)
                made.example_chosen.connect(self.example_chosen)
                self._places.addWidget(made)
            self._groups[group.title].show_group(group)
        self._folders.show_rows(state.folders)
        self._no_folders.setVisible(not state.folders)
        self._own.show_rows(state.own)
        self._own_note.setText(breakable(state.own_note))
        self._own_note.setVisible(bool(state.own_note))
        self._reminders.show_rows(state.reminders)
        self._no_reminders.setVisible(not state.reminders)
        self._notes.show_rows(state.notes)
        self._no_notes.setVisible(not state.notes)
        self._more_notes.setText(state.more_notes)
        self._more_notes.setVisible(bool(state.more_notes))

    def focusNextPrevChild(self, next: bool) -> bool:  # noqa: A002  as Qt names it
        """Go on as one reads, whatever was made last."""
        cards = [part for group in self._groups.values() for part in group.parts()]
        own = (*self._own.parts(), self._own_folder)
        kept = (*self._reminders.parts(), *self._notes.parts())
        order_focus(
            self._again,
            *self._jumps,
            *cards,
            *self._folders.parts(),
            self._add_folder,
            *own,
            *kept,
            after=self,
        )
        return super().focusNextPrevChild(next)

    # ------------------------------------------------------------------ inside

    def _build(self) -> None:
        self._busy = label("", "dim", self.inner)
        self._problem = label("", "bad", self.inner)
        self._hint = label("", "fact", self.inner)
        self._again = self._button(tr("Try again"), "skills_again", self.inner)
        self._again.setProperty("role", "plain")
        self._again.clicked.connect(self.refreshed)
        for part in (self._busy, self._problem, self._hint):
            self.column.addWidget(part)
        self.column.addWidget(self._again, 0, Qt.AlignmentFlag.AlignLeft)
        self._rest = QWidget(self.inner)
        self.column.addWidget(self._rest)
        self.column.addStretch(1)
        whole = self._whole = QVBoxLayout(self._rest)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(8)
        intro = tr(
            "Skills do things on this machine. Ask in your own words, or begin a message with / "
            "to name one."
        )
        whole.addWidget(label(intro, "dim", self._rest))
        jumps = QHBoxLayout()
        jumps.setSpacing(4)
        whole.addLayout(jumps)
        self._places = QVBoxLayout()
        self._places.setSpacing(8)
        whole.addLayout(self._places)
        folders = self._build_folders()
        own = self._build_own()
        reminders, notes = self._build_kept()
        self._build_jumps(jumps, (folders, own, reminders, notes))

    def _build_folders(self) -> QWidget:
        self._folders = Folders(self.look, self._rest)
        self._no_folders = label(
            tr("None yet. A skill asks before it looks into a folder for the first time."),
            "dim",
            self._rest,
        )
        self._add_folder = self._button(tr("Let skills into a folder…"), "skills_add_folder")
        self._add_folder.setProperty("role", "plain")
        self._add_folder.clicked.connect(self._ask_folder)
        self._folders.access_given.connect(self.access_given)
        self._folders.revoked.connect(self.folder_revoked)
        return self._section(
            tr("Folders that skills may use"), self._no_folders, self._folders, self._add_folder
        )

    def _build_own(self) -> QWidget:
        self._own = Own(self.look, self._rest)
        self._own_note = label("", "dim", self._rest)
        self._own_folder = self._button(tr("Open their folder"), "skills_own_folder")
        self._own_folder.setProperty("role", "plain")
        self._own_folder.clicked.connect(self.own_folder_asked)
        self._own.allowed.connect(self.own_allowed)
        self._own.forbidden.connect(self.own_forbidden)
        return self._section(tr("Your own skills"), self._own_note, self._own, self._own_folder)

    def _build_kept(self) -> tuple[QWidget, QWidget]:
        self._reminders = Kept(self.look, self._rest)
        self._reminders.removed.connect(self.reminder_removed)
        self._no_reminders = label(
            tr("None. “Remind me to call mum tomorrow at 9” makes one."), "dim", self._rest
        )
        reminders = self._section(tr("Reminders"), self._no_reminders, self._reminders)
        self._notes = Kept(self.look, self._rest)
        self._notes.removed.connect(self.note_removed)
        self._no_notes = label(
            tr("None. “Note that the bins go out on Tuesday” makes one."), "dim", self._rest
        )
        self._more_notes = label("", "fact", self._rest)
        notes = self._section(tr("Notes"), self._no_notes, self._notes, self._more_notes)
        return reminders, notes

    def _build_jumps(self, jumps: QHBoxLayout, places: tuple[QWidget, ...]) -> None:
        names = (
            (tr("Folders"), "jump_folders"),
            (tr("Your own"), "jump_own"),
            (tr("Reminders"), "jump_reminders"),
            (tr("Notes"), "jump_notes"),
        )
        for (words, name), place in zip(names, places, strict=True):
            button = self._button(words, name)
            button.setAccessibleName(tr("Go to: {place}").format(place=words))
            button.clicked.connect(lambda _checked, place=place: self._go_to(place))
            jumps.addWidget(button)
            self._jumps.append(button)
        jumps.addStretch(1)

    def _section(self, title: str, *parts: QWidget) -> QWidget:
        """Add a heading and what stands below it; return the heading."""
        self._whole.addSpacing(8)
        heading = label(title, "label", self._rest)
        self._whole.addWidget(heading)
        for part in parts:
            if isinstance(part, QPushButton):
                self._whole.addWidget(part, 0, Qt.AlignmentFlag.AlignLeft)
            else:
                self._whole.addWidget(part)
        return heading

    def _button(self, words: str, name: str, parent: QWidget | None = None) -> QPushButton:
        button = QPushButton(words, parent or self._rest)
        button.setObjectName(name)
        button.setAccessibleName(words)
        button.setProperty("role", "flush")
        button.setMinimumHeight(self.look.theme.size(28))
        return button

    def _go_to(self, place: QWidget) -> None:
        self.verticalScrollBar().setValue(place.mapTo(self.inner, QPoint(0, 0)).y())

    def _ask_folder(self) -> None:
        if self._dialog is None:
            self._dialog = QFileDialog(self, tr("Let skills into a folder"))
            self._dialog.setObjectName("skills_folder_dialog")
            self._dialog.setFileMode(QFileDialog.FileMode.Directory)
            self._dialog.fileSelected.connect(self.folder_given)
        self._dialog.open()


class _Group(QWidget):
    """A heading and a card with a line for each skill."""

    opened = Signal(str)
    example_chosen = Signal(str)

    def __init__(self, look: Look, title: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self._lines: dict[str, SkillLine] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, look.theme.size(8), 0, 0)
        column.setSpacing(look.theme.size(8))
        column.addWidget(label(title, "label", self))
        card = QFrame(self)
        card.setProperty("role", "card")
        self._card = QVBoxLayout(card)
        self._card.setContentsMargins(1, 1, 1, 1)
        self._card.setSpacing(0)
        column.addWidget(card)

    def show_group(self, group: SkillGroup) -> None:
        """Show the skills of a group; they are always the same ones."""
        for card in group.cards:
            if card.name not in self._lines:
                line = self._lines[card.name] = SkillLine(self._look, self)
                line.opened.connect(self.opened)
                line.example_chosen.connect(self.example_chosen)
                self._card.addWidget(line)
            self._lines[card.name].show_card(card)

    def parts(self) -> list[QWidget]:
        """Return its parts in the order in which one reads them."""
        return [part for line in self._lines.values() for part in line.reading_order()]
