"""One turn: what was asked, and what was replied."""

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QEnterEvent, QGuiApplication, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget

from homebody.ui.offer_states import Drafts
from homebody.ui.states import TurnRow
from homebody.ui.theme import Look
from homebody.ui.transcript.attachments import Attachments
from homebody.ui.transcript.body import SHOWN, Body
from homebody.ui.transcript.highlight import Highlighter
from homebody.ui.transcript.parts import Facts, Problem, Surface, Word, label, unmarked
from homebody.ui.transcript.work import Work
from homebody.ui.words import breakable, tr

__all__ = ["TurnWidget"]

_UNDER_WORDS = 28
"""How tall a line of words that act is."""


class TurnWidget(QWidget):
    """Shows one turn after another. Its height follows from its width by `lay_out`."""

    edit_asked = Signal(str)
    again_asked = Signal(str)
    continue_asked = Signal(str)
    version_asked = Signal(str, int)
    answered = Signal(str, str, str)
    """The turn's id, what was chosen, and which option or ""."""
    rerun_asked = Signal(str, int, dict)
    """The turn's id, the number of a step from 0, and its arguments as they were typed."""
    plain_asked = Signal(str)
    elsewhere_asked = Signal(str)
    offer_changed = Signal(str, object)
    """The turn's id, and an `OfferChange`."""
    offer_agreed = Signal(str, str, str)
    """The turn's id, the hash of what was shown, and the scope of the yes."""
    offer_declined = Signal(str, bool)
    """The turn's id, and whether nothing shall be offered there any more."""
    providers_asked = Signal()
    link_clicked = Signal(str)
    copied = Signal(str)
    reshaped = Signal(str)
    """The turn's id: its height may be another one."""
    recoloured = Signal(str)
    """The same, when nobody asked for it."""
    selected = Signal(QWidget)
    """One of its texts, in which something was selected."""
    wheeled = Signal(QWheelEvent)

    def __init__(
        self,
        look: Look,
        highlighter: Highlighter,
        unfolded: set[tuple[str, str]],
        drafts: Drafts,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._highlighter = highlighter
        self._unfolded = unfolded
        self._drafts = drafts
        self.row = TurnRow(id="", request="")
        self._is_last = False
        self.is_marked = False
        self._is_drawing = False
        self._build()

    def _build(self) -> None:
        self.setObjectName("turn")
        self._left_out = label(self, "fact", "left-out")
        self._left_out.setText(tr("Not seen by the model: did not fit"))
        self._bubble = Surface(self._look, "accent_soft", 14, self)
        self._request = self._body("request", self._bubble)
        self._attachments = Attachments(self._look, self._body, self._unfolded, self)
        self._copy_request = self._word(tr("Copy"), "copy-request", tr("Copy the request"))
        self._edit = self._word(tr("Edit"), "edit", tr("Edit this request and send it anew"))
        self._speaker = label(self, "label", "speaker")
        self._speaker.setText(tr("Homebody"))
        self._reasoning_fold = self._word(tr("Reasoning"), "reasoning-fold", tr("Reasoning"))
        self._reasoning = self._body("reasoning", self)
        self._reasoning.set_quiet(quiet=True)
        self._work = Work(self._look, self._unfolded, self._drafts, self)
        self._reply = self._body("reply", self)
        self._waiting = label(self, "dim", "waiting")
        self._cut = label(self, "fact", "cut")
        self._mangled = label(self, "fact", "mangled")
        self._problem = Problem(self._look, self)
        self._facts_fold = self._word("", "facts", "")
        self._facts = Facts(self._look, self)
        self._copy_reply = self._word(tr("Copy"), "copy-reply", tr("Copy the reply"))
        self._again = self._word(tr("Again"), "again", tr("Answer this request anew"))
        self._elsewhere = self._word(
            tr("Ask elsewhere"), "ask-elsewhere", tr("Ask a larger model elsewhere; you see what")
        )
        self._go_on = self._word(tr("Go on"), "continue", tr("Go on with this reply"))
        self._older = self._word("\u2039", "older", tr("Previous version"))
        self._place = label(self, "fact", "place")
        self._place.setWordWrap(False)
        self._newer = self._word("\u203a", "newer", tr("Next version"))
        self._sometimes = (
            self._copy_request,
            self._edit,
            self._copy_reply,
            self._again,
            self._elsewhere,
        )
        self._connect()

    def _connect(self) -> None:
        self._copy_request.clicked.connect(self._on_copy_request)
        self._edit.clicked.connect(self._on_edit)
        self._copy_reply.clicked.connect(self.copy_reply)
        self._again.clicked.connect(self._on_again)
        self._go_on.clicked.connect(self._on_continue)
        self._problem.continue_asked.connect(self._on_continue)
        self._older.clicked.connect(self._on_older)
        self._newer.clicked.connect(self._on_newer)
        self._reasoning_fold.clicked.connect(self._on_reasoning)
        self._facts_fold.clicked.connect(self._on_facts)
        self._attachments.reshaped.connect(self._on_reshaped)
        self._work.reshaped.connect(self._on_reshaped)
        self._work.copied.connect(self.copied)
        self._work.answered.connect(self._on_answered)
        self._work.rerun_asked.connect(self._on_rerun)
        self._work.plain_asked.connect(self._on_plain)
        self._elsewhere.clicked.connect(self._on_elsewhere)
        self._work.offer_changed.connect(self._on_offer_changed)
        self._work.offer_agreed.connect(self._on_offer_agreed)
        self._work.offer_declined.connect(self._on_offer_declined)
        self._work.providers_asked.connect(self.providers_asked)
        for word in self._sometimes:
            word.focused.connect(self._show_words)

    def _body(self, name: str, parent: QWidget) -> Body:
        body = Body(self._look, self._highlighter, parent)
        body.setObjectName(name)
        body.link_clicked.connect(self.link_clicked)
        body.copied.connect(self.copied)
        body.selected.connect(self.selected)
        body.wheeled.connect(self.wheeled)
        body.reshaped.connect(self._on_reshaped)
        body.recoloured.connect(self._on_recoloured)
        return body

    def _word(self, text: str, name: str, accessible: str) -> Word:
        word = Word(text, name, self)
        word.setAccessibleName(accessible)
        return word

    # ------------------------------------------------------------ what is shown

    def show_row(self, row: TurnRow) -> None:
        """Show a turn. Of the one that is shown already only what changed is drawn."""
        same = row.id == self.row.id
        old, self.row = self.row, row
        self._is_drawing = True
        if not same:
            self._reply.clear_text()
            self._reasoning.clear_text()
        if not same or row.request != old.request:
            self._request.name(tr("You"))
            self._request.show_plain(row.request)
            self._bubble.setVisible(bool(row.request))
        if row.attachments or old.attachments:
            self._attachments.show_chips(row.id, row.attachments)
        if any((row.steps, old.steps, row.asked, old.asked, row.offer, old.offer)):
            self._work.show_row(row)
        self._reply.name(tr("Homebody"))
        if row.reply != self._reply.whole or old.live or row.live or not same:
            self._reply.show_markdown(row.reply, live=row.live)
        self._show_reasoning()
        self._show_rest()
        self._is_drawing = False
        self.setAccessibleName(f"{tr('You')}: {row.request[:500]}")
        self.setAccessibleDescription(f"{tr('Homebody')}: {row.reply[:500]}")

    def write(self, row: TurnRow, text: str, *, reasoning: bool) -> None:
        """Show more of what is being written: `row` with it, and `text` is what is new."""
        self.row = row
        self._is_drawing = True
        if reasoning:
            if self._is_unfolded("reasoning"):
                self._reasoning.write(text)
            self._reasoning_fold.show()
        else:
            if row.steps and self._reply.isHidden():
                self._work.show_row(row)
            self._reply.write(text)
        if self._reply.isHidden() or self._speaker.isHidden() or self._reply.is_cut:
            self._show_rest()
        self._is_drawing = False

    def set_last(self, *, last: bool) -> None:
        """Say whether it is the last turn: there the words that act are always seen."""
        if last != self._is_last:
            self._is_last = last
            self._show_words()

    def mark(self, *, marked: bool) -> None:
        """Show that this is the turn that was looked for."""
        self.is_marked = marked
        self.update()

    def restyle(self) -> None:
        """Draw anew in the theme of now."""
        self._is_drawing = True
        for body in self.findChildren(Body):
            body.restyle()
        self._work.restyle()
        self._show_rest()
        self._is_drawing = False
        self.update()

    def is_held(self) -> bool:
        """Tell whether something in it is selected or has the focus, and must not go away."""
        focus = QApplication.focusWidget()
        if focus is not None and self.isAncestorOf(focus):
            return True
        return any(body.has_selection() for body in self.findChildren(Body))

    def _is_unfolded(self, part: str) -> bool:
        return (self.row.id, part) in self._unfolded

    def _show_reasoning(self) -> None:
        unfolded = self._is_unfolded("reasoning")
        self._reasoning_fold.setText(f"{tr('Reasoning')} {'▾' if unfolded else '▸'}")
        self._reasoning_fold.setVisible(bool(self.row.reasoning))
        self._reasoning.setVisible(unfolded and bool(self.row.reasoning))
        if unfolded and self.row.reasoning != self._reasoning.whole:
            self._reasoning.name(tr("Reasoning"))
            self._reasoning.show_markdown(self.row.reasoning, live=self.row.live)

    def _show_rest(self) -> None:
        row = self.row
        has_reply = bool(self._reply.whole)
        self._left_out.setVisible(row.left_out)
        self._reply.setVisible(has_reply)
        self._waiting.setText(row.waiting)
        self._waiting.setVisible(bool(row.waiting) and not has_reply)
        self._speaker.setVisible(
            has_reply
            or row.live
            or bool(row.problem or row.waiting or row.reasoning)
            or bool(row.steps or row.asked or row.offer)
        )
        self._cut.setText(
            tr("Only the first {count:,} characters are shown. Copy gives all.").format(count=SHOWN)
        )
        self._cut.setVisible(self._reply.is_cut or self._request.is_cut)
        self._mangled.setText(breakable(row.mangled))
        self._mangled.setVisible(bool(row.mangled) and has_reply)
        self._problem.show_problem(row.problem, row.hint, resumable=row.resumable)
        self._problem.setVisible(bool(row.problem))
        self._facts_fold.setText(unmarked(row.facts))
        self._facts_fold.setAccessibleName(
            f"{row.facts}: {tr('show or hide details')}" if row.details else row.facts
        )
        self._facts_fold.setVisible(bool(row.facts))
        self._facts.show_facts(row.details)
        self._facts.setVisible(self._is_unfolded("facts") and bool(row.details))
        for word, shown in (
            (self._copy_reply, has_reply and not row.live),
            (self._again, not row.live and not row.waits),
            # Also in the place of what a step asks.
            (self._elsewhere, not row.live and (row.asked is not None or not row.waits)),
            (self._edit, not row.live),
            (self._go_on, row.resumable and not row.problem and not row.live),
            (self._older, row.versions > 1),
            (self._newer, row.versions > 1),
        ):
            word.setVisible(shown)
        self._place.setVisible(row.versions > 1)
        self._place.setText(
            tr("{place} of {versions}").format(place=row.place, versions=row.versions)
        )
        self._older.setEnabled(row.place > 1)
        self._newer.setEnabled(row.place < row.versions)
        self._show_words()

    def _show_words(self) -> None:
        seen = self._is_last or self.underMouse() or any(w.hasFocus() for w in self._sometimes)
        for word in self._sometimes:
            word.see(seen=seen)

    # ------------------------------------------------------------ where it stands

    def lay_out(self, width: int) -> int:
        """Place everything at a width, and return the height; both in pixels."""
        size = self._look.theme.size
        y = size(8)
        if not self._left_out.isHidden():
            height = self._left_out.heightForWidth(width)
            self._left_out.setGeometry(0, y, width, height)
            y += height + size(8)
        y = self._place_request(y, width)
        if not self._speaker.isHidden():
            height = self._speaker.sizeHint().height()
            self._speaker.setGeometry(0, y, width, height)
            y += height + size(4)
        y = self._place_reasoning(y, width)
        y = self._work.lay_out_steps(y, width)
        if not self._waiting.isHidden():
            height = self._waiting.heightForWidth(width)
            self._waiting.setGeometry(0, y, width, height)
            y += height + size(4)
        if not self._reply.isHidden():
            height = self._reply.lay_out(width)
            self._reply.setGeometry(0, y, width, height)
            self._reply.place_buttons()
            y += height + size(4)
        for part, gap in ((self._cut, 4), (self._mangled, 4), (self._problem, 8)):
            if not part.isHidden():
                is_card = part is self._problem
                y += size(gap)
                height = self._problem.lay_out(width) if is_card else part.heightForWidth(width)
                part.setGeometry(0, y, width, height)
                y += height + size(4)
        y = self._work.lay_out_question(y, width)
        return self._place_words(y, width) + size(12)

    def _place_request(self, y: int, width: int) -> int:
        size = self._look.theme.size
        side, below = size(16), size(9)
        # Each line has room above it already.
        above = below - size(4)
        ideal = self._request.ideal_width(int(width * 0.8) - 2 * side)
        height = self._request.lay_out(ideal)
        self._bubble.setGeometry(
            width - ideal - 2 * side, y, ideal + 2 * side, height + above + below
        )
        self._request.setGeometry(side, above, ideal, height)
        y += 0 if self._bubble.isHidden() else height + above + below
        y = self._attachments.lay_out(y, width)
        x = width
        tall = size(_UNDER_WORDS)
        for word in (self._edit, self._copy_request):
            if not word.isHidden():
                wide = max(word.sizeHint().width(), tall)
                x -= wide
                word.setGeometry(x, y, wide, tall)
        return y + tall

    def _place_reasoning(self, y: int, width: int) -> int:
        size = self._look.theme.size
        if self._reasoning_fold.isHidden():
            return y
        tall = size(_UNDER_WORDS)
        # Its words begin where all others do, its focus ring a little before.
        inset = size(6) + 2
        wide = self._reasoning_fold.sizeHint().width()
        self._reasoning_fold.setGeometry(-inset, y - size(4), wide, tall)
        y += tall - size(4)
        if not self._reasoning.isHidden():
            indent = size(16)
            height = self._reasoning.lay_out(width - indent)
            self._reasoning.setGeometry(indent, y, width - indent, height)
            self._reasoning.place_buttons()
            y += height + size(12)
        return y

    def _place_words(self, y: int, width: int) -> int:
        size = self._look.theme.size
        tall, inset = size(_UNDER_WORDS), size(6) + 2
        words = [self._copy_reply, self._again, self._elsewhere, self._go_on]
        shown: list[QWidget] = [word for word in words if not word.isHidden()]
        if not self._place.isHidden():
            shown += [self._older, self._place, self._newer]
        widths = [max(each.sizeHint().width(), tall) for each in shown]
        facts = 0 if self._facts_fold.isHidden() else self._facts_fold.sizeHint().width()
        if facts:
            facts = min(facts, width + inset)
            self._facts_fold.setGeometry(-inset, y, facts, tall)
        x = width + inset - sum(widths)
        if facts and x < facts:
            y += tall
        x = max(x, -inset)
        for each, wide in zip(shown, widths, strict=True):
            each.setGeometry(x, y, wide, tall)
            x += wide
        y += tall
        if not self._facts.isHidden():
            height = self._facts.lay_out(width)
            self._facts.setGeometry(0, y + size(4), width, height)
            y += height + size(12)
        return y

    # ------------------------------------------------------------ doing

    def copy_reply(self) -> None:
        """Copy the whole reply as it was written."""
        QGuiApplication.clipboard().setText(self._reply.whole)
        self.copied.emit(tr("Copied the reply."))

    def _on_copy_request(self) -> None:
        QGuiApplication.clipboard().setText(self.row.request)
        self.copied.emit(tr("Copied the request."))

    def _on_edit(self) -> None:
        self.edit_asked.emit(self.row.id)

    def _on_again(self) -> None:
        self.again_asked.emit(self.row.id)

    def _on_continue(self) -> None:
        self.continue_asked.emit(self.row.id)

    def _on_older(self) -> None:
        self.version_asked.emit(self.row.id, -1)

    def _on_newer(self) -> None:
        self.version_asked.emit(self.row.id, 1)

    def _on_reasoning(self) -> None:
        self._unfolded ^= {(self.row.id, "reasoning")}
        self._show_reasoning()
        self.reshaped.emit(self.row.id)

    def _on_facts(self) -> None:
        if self.row.details:
            self._unfolded ^= {(self.row.id, "facts")}
            self._show_rest()
            self.reshaped.emit(self.row.id)

    def focus_question(self) -> None:
        """Go to what answers the question of this turn."""
        self._work.focus_question()

    def _on_answered(self, choice: str, option: str) -> None:
        self.answered.emit(self.row.id, choice, option)

    def _on_rerun(self, step: int, given: dict[str, str]) -> None:
        self.rerun_asked.emit(self.row.id, step, given)

    def _on_plain(self) -> None:
        self.plain_asked.emit(self.row.id)

    def _on_elsewhere(self) -> None:
        self.elsewhere_asked.emit(self.row.id)

    def _on_offer_changed(self, change: object) -> None:
        self.offer_changed.emit(self.row.id, change)

    def _on_offer_agreed(self, sha256: str, scope: str) -> None:
        self.offer_agreed.emit(self.row.id, sha256, scope)

    def _on_offer_declined(self, never: bool) -> None:
        self.offer_declined.emit(self.row.id, never)

    def _on_reshaped(self) -> None:
        if not self._is_drawing:
            self.reshaped.emit(self.row.id)

    def _on_recoloured(self) -> None:
        if not self._is_drawing:
            self.recoloured.emit(self.row.id)

    # ------------------------------------------------------------ Qt

    def enterEvent(self, event: QEnterEvent) -> None:
        """Show the words that act."""
        super().enterEvent(event)
        self._show_words()

    def leaveEvent(self, event: QEvent) -> None:
        """Hide the words that act."""
        super().leaveEvent(event)
        self._show_words()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the mark of a turn that was looked for."""
        del event
        if not self.is_marked:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme = self._look.theme
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("selected"))
        painter.drawRoundedRect(self.rect(), 8, 8)
        painter.end()
