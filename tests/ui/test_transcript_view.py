"""The transcript: what is read stays, what arrives is drawn, and only a handful of widgets live."""

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import (
    QAccessible,
    QGuiApplication,
    QTextCharFormat,
    QTextCursor,
    QTextLayout,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from homebody.ui.states import AttachmentChip, Fact, TurnRow
from homebody.ui.theme import Look
from homebody.ui.transcript.body import SHOWN, Body
from homebody.ui.transcript.turn import TurnWidget
from homebody.ui.transcript.view import TranscriptView

Made = Callable[..., TranscriptView]


@pytest.fixture
def make(qtbot: QtBot, look: Look) -> Iterator[Made]:
    """Show a transcript with some rows: `make(rows)`."""
    made: list[TranscriptView] = []

    def show(rows: list[TurnRow], width: int = 700, height: int = 500) -> TranscriptView:
        view = TranscriptView(look)
        qtbot.addWidget(view)
        made.append(view)
        view.resize(width, height)
        view.open(rows)
        view.show()
        qtbot.waitExposed(view)
        return view

    yield show
    for view in made:
        view.close_threads()


def turns(count: int, *, prefix: str = "t", paragraphs: int = 5) -> list[TurnRow]:
    """Return turns whose heights are nothing that could be guessed."""
    return [
        TurnRow(
            id=f"{prefix}{number}",
            request=f"Question {number}",
            reply="\n\n".join(
                [f"# Answer {number}"]
                + [f"- point\n- {'more ' * (number % 9) * 9}"] * (number % paragraphs)
                + ["```\ncode\ncode\n```"] * (number % 3)
            ),
            facts="1.0 s",
        )
        for number in range(count)
    ]


def widget_of(view: TranscriptView, turn: str) -> TurnWidget:
    [found] = [
        each for each in view.findChildren(TurnWidget) if each.row.id == turn and each.isVisible()
    ]
    return found


def place(view: TranscriptView, turn: str) -> int:
    """Return where a turn is seen: pixels below the upper edge."""
    return widget_of(view, turn).mapTo(view.viewport(), QPoint(0, 0)).y()


def first_seen(view: TranscriptView) -> str:
    """Return the turn at the upper edge."""
    shown = [
        (each.y(), each.row.id)
        for each in view.findChildren(TurnWidget)
        if each.isVisible() and each.geometry().bottom() > 0 and each.y() < view.height()
    ]
    return min(shown)[1]


def body(view: TranscriptView, turn: str, name: str = "reply") -> Body:
    return widget_of(view, turn).findChild(Body, name)


def settle(qtbot: QtBot, view: TranscriptView) -> None:
    """Let it bind the turns around what is seen."""
    qtbot.waitUntil(lambda: not view._filling.isActive())


def written(qtbot: QtBot, view: TranscriptView) -> None:
    qtbot.waitUntil(lambda: not view._rows.pending)
    settle(qtbot, view)


# ---------------------------------------------------------------- where it stands


def test_it_opens_at_the_end_and_ten_thousand_turns_live_in_a_few_widgets(
    make: Made, qtbot: QtBot
) -> None:
    view = make(turns(10_000))
    settle(qtbot, view)
    assert view.is_at_end()
    last = widget_of(view, "t9999")
    assert last.geometry().bottom() <= view.viewport().height()
    for value in (0, 100_000, 2_000_000, 300):
        view.verticalScrollBar().setValue(value)
        settle(qtbot, view)
    assert len(view.findChildren(TurnWidget)) < 40
    assert view.row_ids()[:2] == ["t0", "t1"]


def test_scrolling_up_through_turns_never_seen_moves_what_is_read_by_just_that_much(
    make: Made, qtbot: QtBot
) -> None:
    """Rows above get their true heights on the way, which nobody may notice."""
    view = make(turns(300))
    settle(qtbot, view)
    for step in (37, 300) * 30:  # the latter goes past what was made ready
        seen = first_seen(view)
        before = place(view, seen)
        view.verticalScrollBar().setValue(view.verticalScrollBar().value() - step)
        assert place(view, seen) == before + step
        settle(qtbot, view)
        assert place(view, seen) == before + step


def test_older_turns_before_the_first_one_move_nothing(make: Made, qtbot: QtBot) -> None:
    view = make(turns(30))
    view.verticalScrollBar().setValue(view.verticalScrollBar().maximum() // 2)
    settle(qtbot, view)
    seen = first_seen(view)
    before = place(view, seen)
    view.prepend(turns(50, prefix="old"))
    settle(qtbot, view)
    assert place(view, seen) == before
    assert view.row_ids()[:2] == ["old0", "old1"]


def test_a_narrower_window_keeps_the_turn_that_is_read(make: Made, qtbot: QtBot) -> None:
    view = make(turns(60))
    view.verticalScrollBar().setValue(view.verticalScrollBar().maximum() // 2)
    settle(qtbot, view)
    anchor, below = view._anchor
    view.resize(420, 500)
    settle(qtbot, view)
    assert place(view, anchor) == -below
    view.to_end()
    view.resize(500, 300)
    assert view.verticalScrollBar().value() == view.verticalScrollBar().maximum()


def test_text_that_arrives_is_followed_by_who_is_at_the_end(make: Made, qtbot: QtBot) -> None:
    view = make([*turns(5), TurnRow(id="live", request="Go", live=True)])
    for number in range(12):
        view.write("live", f"Paragraph {number}.\n\n")
        written(qtbot, view)
        assert view.verticalScrollBar().value() == view.verticalScrollBar().maximum()
    assert body(view, "live").whole.count("Paragraph") == 12
    assert view.findChild(QPushButton, "new-text").isHidden()


def test_text_that_arrives_moves_nothing_for_who_reads_above(make: Made, qtbot: QtBot) -> None:
    view = make([*turns(20), TurnRow(id="live", request="Go", live=True, reply="Begun.\n\n" * 30)])
    bar = view.verticalScrollBar()
    settle(qtbot, view)
    bar.setValue(bar.value() - 300)
    settle(qtbot, view)
    seen = first_seen(view)
    before, value = place(view, seen), bar.value()
    button = view.findChild(QPushButton, "new-text")
    for number in range(8):
        view.write("live", f"Paragraph {number}.\n\n")
        written(qtbot, view)
        assert (place(view, seen), bar.value()) == (before, value)
    assert button.isVisible()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert bar.value() == bar.maximum()
    assert button.isHidden()


def test_text_for_a_turn_that_is_not_seen_is_there_when_it_is(make: Made, qtbot: QtBot) -> None:
    view = make([*turns(200), TurnRow(id="live", request="Go", live=True)])
    view.to_top()
    settle(qtbot, view)
    view.write("live", "Hidden **words**")
    written(qtbot, view)
    assert view.verticalScrollBar().value() == 0
    view.to_end()
    assert body(view, "live").toPlainText() == "Hidden words"
    view.write("live", " go on")
    written(qtbot, view)
    assert body(view, "live").toPlainText() == "Hidden words go on"


def test_a_message_of_many_screens_can_be_read_from_end_to_end(make: Made, qtbot: QtBot) -> None:
    reply = "\n\n".join(f"Paragraph number {number}." for number in range(900))
    view = make([TurnRow(id="tall", request="Go", reply=reply)])
    bar = view.verticalScrollBar()
    tall = widget_of(view, "tall")
    assert tall.height() > 50 * view.viewport().height()
    steps = 0
    view.to_top()
    assert place(view, "tall") > 0
    while bar.value() < bar.maximum() and steps < 500:
        qtbot.keyClick(view, Qt.Key.Key_PageDown)
        steps += 1
    assert 50 < steps < 120
    assert tall.geometry().bottom() <= view.viewport().height()


def test_keys_and_wheels_scroll_also_from_within_a_message(make: Made, qtbot: QtBot) -> None:
    view = make(turns(50))
    bar = view.verticalScrollBar()
    settle(qtbot, view)
    inside = body(view, "t49")
    inside.setFocus()
    qtbot.keyClick(inside, Qt.Key.Key_Home)
    assert bar.value() == 0
    qtbot.keyClick(view, Qt.Key.Key_End)
    assert bar.value() == bar.maximum()
    for pixels, notches, expected in (
        (QPoint(0, 7), QPoint(0, 15), 7),
        (QPoint(), QPoint(0, 120), 60),
    ):
        before = bar.value()
        here = QPointF(20, 5)
        event = QWheelEvent(
            here,
            inside.viewport().mapToGlobal(here),
            pixels,
            notches,
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(body(view, "t49").viewport(), event)
        assert before - bar.value() == expected


def test_a_turn_that_was_looked_for_is_shown_and_marked(make: Made, qtbot: QtBot) -> None:
    view = make(turns(500))
    assert view.show_turn("t123")
    assert 0 <= place(view, "t123") < 100
    assert widget_of(view, "t123").is_marked
    qtbot.waitUntil(lambda: not widget_of(view, "t123").is_marked)
    assert not view.show_turn("nowhere")


# ---------------------------------------------------------------- rows


def test_turns_after_an_edit_take_the_place_of_those_before(make: Made, qtbot: QtBot) -> None:
    view = make(turns(10))
    view.replace("t4", [TurnRow(id="new", request="Edited", live=True)])
    assert view.row_ids() == ["t0", "t1", "t2", "t3", "new"]
    view.write("t7", "Late")
    view.write("new", "Reply")
    written(qtbot, view)
    assert body(view, "new").toPlainText() == "Reply"
    view.replace(None, [TurnRow(id="last", request="More")])
    assert view.row_ids()[-2:] == ["new", "last"]
    view.open([])
    assert view.row_ids() == []
    assert not [each for each in view.findChildren(TurnWidget) if each.isVisible()]


def test_what_is_selected_stays_selected_when_the_reply_ends(make: Made, qtbot: QtBot) -> None:
    view = make([TurnRow(id="live", request="Go", live=True)])
    view.write("live", "First words.\n\nSecond")
    written(qtbot, view)
    reply = body(view, "live")
    cursor = reply.textCursor()
    cursor.setPosition(0)
    cursor.setPosition(5, QTextCursor.MoveMode.KeepAnchor)
    reply.setTextCursor(cursor)
    view.write("live", " paragraph\n\n- list")
    written(qtbot, view)
    view.update_row(
        TurnRow(
            id="live", request="Go", reply="First words.\n\nSecond paragraph\n\n- list", facts="1 s"
        )
    )
    qtbot.keyClick(reply, "c", Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "First"


def test_what_was_written_is_not_taken_back_by_a_state_that_is_older(
    make: Made, qtbot: QtBot
) -> None:
    view = make([TurnRow(id="live", request="Go", live=True)])
    view.write("live", "Words")
    view.update_row(TurnRow(id="live", request="Go", live=True, waiting="Still reading"))
    written(qtbot, view)
    assert body(view, "live").toPlainText() == "Words"
    view.update_row(TurnRow(id="live", request="Go", reply="Final"))
    assert body(view, "live").toPlainText() == "Final"


def test_a_text_that_is_too_long_is_cut_says_so_and_is_copied_whole(
    make: Made, qtbot: QtBot
) -> None:
    reply = "A line of the text.\n\n" * 12_000
    view = make([TurnRow(id="long", request="Go", reply=reply)])
    assert len(body(view, "long").toPlainText()) < SHOWN
    cut = widget_of(view, "long").findChild(QLabel, "cut")
    assert "200,000" in cut.text()
    assert cut.isVisible()
    qtbot.mouseClick(button(view, "long", "copy-reply"), Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == reply


def button(view: TranscriptView, turn: str, name: str) -> QAbstractButton:
    return widget_of(view, turn).findChild(QAbstractButton, name)


def test_each_word_asks_for_what_it_says(make: Made, qtbot: QtBot) -> None:
    row = TurnRow(
        id="t",
        request="Ask",
        reply="Said",
        problem="It stopped.",
        resumable=True,
        place=2,
        versions=3,
    )
    view = make([row])
    asked: list[object] = []
    view.edit_asked.connect(lambda turn: asked.append(("edit", turn)))
    view.again_asked.connect(lambda turn: asked.append(("again", turn)))
    view.continue_asked.connect(lambda turn: asked.append(("continue", turn)))
    view.version_asked.connect(lambda turn, step: asked.append((turn, step)))
    view.copied.connect(asked.append)
    for name in ("edit", "again", "go-on", "older", "newer", "copy-reply", "copy-request"):
        qtbot.mouseClick(button(view, "t", name), Qt.MouseButton.LeftButton)
    assert asked == [
        ("edit", "t"),
        ("again", "t"),
        ("continue", "t"),
        ("t", -1),
        ("t", 1),
        "Copied the reply.",
        "Copied the request.",
    ]


def test_words_that_appear_do_not_change_the_height(make: Made, qtbot: QtBot) -> None:
    view = make(turns(3))
    settle(qtbot, view)
    widget = widget_of(view, "t1")
    before = widget.height()
    picture = widget.grab().toImage()
    button(view, "t1", "again").setFocus()
    assert widget.grab().toImage() != picture, "the words are seen where the focus is"
    assert widget.height() == before


def test_facts_reasoning_and_attachments_unfold_and_stay_so(make: Made, qtbot: QtBot) -> None:
    row = TurnRow(
        id="t",
        request="Ask",
        reply="Said",
        facts="2.4 s",
        details=(Fact("Model", "SmolLM2 <b>135M</b>"),),
        reasoning="Hm, **so**.",
        attachments=(AttachmentChip(name="a&b.md", detail="3 tokens", text="# Not a heading"),),
    )
    view = make([*turns(30, prefix="before"), row, *turns(30, prefix="after")])
    view.show_turn("t")
    for name in ("facts", "reasoning-fold", "attachment"):
        where = button(view, "t", name).mapTo(view.viewport(), QPoint(0, 0)).y()
        qtbot.keyClick(button(view, "t", name), Qt.Key.Key_Space)
        assert button(view, "t", name).mapTo(view.viewport(), QPoint(0, 0)).y() == where
    assert body(view, "t", "reasoning").toPlainText() == "Hm, so."
    assert body(view, "t", "attachment-text").toPlainText() == "# Not a heading"
    assert [each.text() for each in widget_of(view, "t").findChildren(QLabel, "fact-value")] == [
        "SmolLM2 <b>135M</b>"
    ]
    view.setFocus()
    view.to_end()
    view.show_turn("t")
    assert body(view, "t", "reasoning").isVisible()
    qtbot.keyClick(button(view, "t", "facts"), Qt.Key.Key_Space)
    assert not widget_of(view, "t").findChild(QLabel, "fact-value").isVisible()


def test_what_unfolds_at_the_end_stays_under_the_pointer(make: Made, qtbot: QtBot) -> None:
    details = tuple(Fact(f"Fact {number}", "value") for number in range(12))
    view = make([*turns(9), TurnRow(id="t", request="Ask", facts="2 s", details=details)])
    facts = button(view, "t", "facts")
    where = facts.mapTo(view.viewport(), QPoint(0, 0)).y()
    qtbot.mouseClick(facts, Qt.MouseButton.LeftButton)
    assert facts.mapTo(view.viewport(), QPoint(0, 0)).y() == where
    assert not view.is_at_end()


# ---------------------------------------------------------------- inside a message


def test_code_is_copied_as_it_was_written(make: Made, qtbot: QtBot) -> None:
    view = make([TurnRow(id="t", request="Go", reply="```py\nx = 1\n\n\ty\n```\n\n```\nz\n```")])
    buttons = [each for each in body(view, "t").findChildren(QPushButton) if each.isVisible()]
    assert [each.accessibleName() for each in buttons] == ["Copy code", "Copy code"]
    qtbot.mouseClick(buttons[0], Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == "x = 1\n\n\ty"


def test_code_is_coloured_beside_the_window_also_after_the_theme_changed(
    make: Made, qtbot: QtBot, look: Look
) -> None:
    view = make([TurnRow(id="t", request="Go", reply="🙂\n\n```python\nx = '🙂' if y else 1\n```")])
    reply = body(view, "t")

    def colours() -> dict[str, str]:
        block = reply.document().lastBlock()
        text = block.text().encode("utf-16-le")
        return {
            text[2 * part.start : 2 * (part.start + part.length)].decode(
                "utf-16-le"
            ): part.format.foreground().color().name()
            for part in block.layout().formats()
        }

    qtbot.waitUntil(lambda: bool(colours()))
    assert colours()["if"] == look.theme.tokens.accent.lower()
    assert colours()["🙂"] == look.theme.tokens.ok.lower()
    look.choose("dark", 100)
    qtbot.waitUntil(lambda: bool(colours()))
    assert colours()["if"] == look.theme.tokens.accent.lower()
    assert look.theme.dark


def test_colours_that_make_a_code_taller_clip_nothing_and_steal_no_scroll(
    make: Made, qtbot: QtBot
) -> None:
    code = "\n".join(f"x = {n}  # {'m' * (n % 150)}" for n in range(300))
    # Wherever the fonts break the same lines with colours and without, there is nothing to see.
    view = make([TurnRow(id="t", request="Go", reply=f"```python\n{code}\n```\nThe end.")])
    reply = body(view, "t")
    qtbot.waitUntil(lambda: reply.page.cards[0].coloured is not None)
    reply.page.cards[0].coloured = None
    document = reply.document()
    for number in range(1, 40):
        layout = document.findBlockByNumber(number).layout()
        part = QTextLayout.FormatRange()
        part.start, part.length, part.format = 0, 40, QTextCharFormat()
        part.format.setFontPointSize(40)
        layout.setFormats([part])
    document.markContentsDirty(0, document.characterCount())
    reply._colours.coloured.emit()
    assert reply.height() == reply.lay_out(reply.width())
    assert view.is_at_end()
    assert view.verticalScrollBar().value() == view.verticalScrollBar().maximum()


def test_a_link_is_only_told_of(make: Made, qtbot: QtBot) -> None:
    view = make([TurnRow(id="t", request="Go", reply="[a](https://example.org/x?y=%20z)")])
    reply = body(view, "t")
    with qtbot.waitSignal(view.link_clicked) as signal:
        qtbot.mouseClick(reply.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(3, 12))
    assert signal.args == ["https://example.org/x?y=%20z"]
    assert reply.toPlainText() == "a"


def test_selecting_in_one_message_ends_the_selection_in_another(make: Made) -> None:
    view = make(turns(2))
    first, second = body(view, "t0"), body(view, "t1")
    first.selectAll()
    second.selectAll()
    assert not first.has_selection()
    assert second.has_selection()


def test_a_message_with_a_selection_is_not_let_go(make: Made, qtbot: QtBot) -> None:
    view = make(turns(200))
    settle(qtbot, view)
    reply = body(view, "t199")
    reply.selectAll()
    view.to_top()
    settle(qtbot, view)
    assert reply.has_selection()
    assert view.verticalScrollBar().value() == 0
    view.to_end()
    assert body(view, "t199") is reply


# ---------------------------------------------------------------- who reads otherwise


def test_every_button_has_a_name_and_every_message_its_words(make: Made, qtbot: QtBot) -> None:
    row = TurnRow(
        id="t",
        request="Ask <b>this</b>",
        reply="Said `so`\n\n```\ncode\n```",
        facts="2.4 s",
        reasoning="Hm",
        attachments=(AttachmentChip(name="a.md", text="x"),),
        versions=2,
        problem="It stopped.",
        resumable=True,
    )
    view = make([row, *turns(3)])
    settle(qtbot, view)
    view.to_top()
    for each in view.findChildren(QAbstractButton):
        assert each.objectName() or "qt_" in each.objectName()
        assert each.accessibleName() or not each.isVisible(), each.objectName()
    assert body(view, "t").accessibleName().startswith("Homebody: Said `so`")
    assert body(view, "t", "request").accessibleName() == "You: Ask <b>this</b>"
    interface = QAccessible.queryAccessibleInterface(view)
    assert interface.text(QAccessible.Text.Name) == "Conversation"


def test_tab_goes_through_the_turns_as_they_stand(make: Made, qtbot: QtBot) -> None:
    view = make(turns(300))
    for value in (50_000, 1_000, 30_000):
        view.verticalScrollBar().setValue(value)
        settle(qtbot, view)
    view.activateWindow()
    view.setFocus()
    seen: list[QWidget] = []
    for _ in range(12):
        qtbot.keyClick(QApplication.focusWidget() or view, Qt.Key.Key_Tab)
        focus = QApplication.focusWidget()
        assert focus is not None
        assert view.isAncestorOf(focus)
        seen.append(focus)
        top = focus.mapTo(view.viewport(), QPoint(0, 0)).y()
        assert 0 <= top < view.viewport().height()
    turn_of = [
        next(t for t in view._pool.bound if view._pool.bound[t].isAncestorOf(w)) for w in seen
    ]
    assert [view._rows.number(turn) for turn in turn_of] == sorted(
        view._rows.number(turn) for turn in turn_of
    )
    assert len(set(turn_of)) > 1


def test_every_target_is_large_enough_at_every_text_size(
    make: Made, qtbot: QtBot, look: Look
) -> None:
    row = TurnRow(id="t", request="Ask", reply="```\ncode\n```", facts="2.4 s", versions=2)
    for percent in (75, 100, 200):
        look.choose("light", percent)
        view = make([row])
        settle(qtbot, view)
        for each in widget_of(view, "t").findChildren(QAbstractButton):
            if each.isVisible():
                assert each.height() >= look.theme.size(28), each.objectName()
                assert each.width() >= look.theme.size(28), each.objectName()


def test_nothing_runs_after_it_was_closed(make: Made, qtbot: QtBot) -> None:
    view = make([TurnRow(id="live", request="Go", live=True)])
    view.write("live", "```python\nx = 1\n```\n")
    written(qtbot, view)
    view.write("live", "more")
    view.close()
    assert not [timer for timer in (view._ticking, view._filling) if timer.isActive()]
    assert view._highlighter._thread is None
