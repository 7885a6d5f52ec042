"""The steps of a turn and the card that asks, as widgets: by mouse, keys and screen reader."""

import time
from collections.abc import Callable, Iterator

import pytest
from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QPlainTextEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from homebody.ui.states import TurnRow
from homebody.ui.theme import Look
from homebody.ui.transcript.asked import Asked
from homebody.ui.transcript.bounded import MOST_SHOWN, BoundedText
from homebody.ui.transcript.steps import StepLine
from homebody.ui.transcript.turn import TurnWidget
from homebody.ui.transcript.view import TranscriptView
from homebody.ui.work_states import AnswerButton, AskedCard, StepField, StepRow
from ui.access import unnamed

_DIRECT = Qt.FindChildOption.FindDirectChildrenOnly
Made = Callable[..., TranscriptView]
READ = StepRow(
    skill="read_file",
    words="plan.md",
    state="done",
    note="12 ms",
    facts="text from a file",
    result="# Porto\n\nfour days",
    fields=(StepField(name="path", label="the file", value="plan.md"),),
    can_rerun=True,
)
SUMMARY = StepRow(
    skill="summarize",
    words="short",
    state="done",
    note="0.8 s",
    result="Four days.",
    fields=(
        StepField(name="text", label="the text", value="$1", long=True),
        StepField(name="length", label="how long", value="short", choices=("short", "long")),
    ),
    can_rerun=True,
)
NEXT = StepRow(skill="add_note", words="“Four days.”")
BUTTONS = (
    AnswerButton("once", "Do it once", primary=True),
    AnswerButton("always", "Always in Documents", tip="/home/ada/Documents"),
    AnswerButton("no", "No"),
    AnswerButton("answer", "Never mind, just answer"),
)
CARD = AskedCard(
    title="Write this file?",
    sentence="Write 4 bytes to /home/ada/shop.txt.",
    details="milk",
    buttons=BUTTONS,
    note="Your answer is waited for.",
)
WHICH = AskedCard(
    title="Which one?",
    sentence="Two were found.",
    options=("/a.txt", "/b.txt"),
    buttons=(AnswerButton("once", "Use this one", primary=True), AnswerButton("no", "No")),
)


@pytest.fixture
def make(qtbot: QtBot, look: Look) -> Iterator[Made]:
    made: list[TranscriptView] = []

    def show(rows: list[TurnRow], width: int = 700, height: int = 600) -> TranscriptView:
        view = TranscriptView(look)
        qtbot.addWidget(view)
        made.append(view)
        view.resize(width, height)
        view.open(rows)
        view.show()
        qtbot.waitExposed(view)
        view.activateWindow()
        qtbot.waitUntil(view.isActiveWindow)
        return view

    yield show
    for view in made:
        view.close_threads()


def turn(name: str, *steps: StepRow, **more: object) -> TurnRow:
    given = {"reply": "Done.", "facts": "1.0 s", **more}
    return TurnRow(id=name, request="Do it", steps=steps, **given)


def shown(view: QWidget, name: str, kind: type[QWidget] = QWidget) -> list:
    return [each for each in view.findChildren(kind, name) if each.isVisible()]


def one(view: QWidget, name: str, kind: type[QWidget] = QWidget):
    [found] = shown(view, name, kind)
    return found


def widget_of(view: TranscriptView, name: str) -> TurnWidget:
    [found] = [each for each in shown(view, "turn", TurnWidget) if each.row.id == name]
    return found


def click(widget: QWidget) -> None:
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton, pos=widget.rect().center())


def name_of(widget: QWidget) -> str:
    return QAccessible.queryAccessibleInterface(widget).text(QAccessible.Text.Name)


def test_a_step_is_a_line_that_says_all_and_opens_by_click_and_by_key(make: Made) -> None:
    view = make([turn("t", READ, NEXT)])
    first, second = shown(view, "step", StepLine)
    assert name_of(first) == "read_file, plan.md, done, 12 ms"
    assert name_of(second) == "add_note, “Four days.”, to come"
    assert not shown(view, "step-result")
    click(first)
    assert one(view, "step-result", BoundedText).toPlainText() == READ.result
    assert one(view, "step-facts", QLabel).text() == "text from a file"
    first.setFocus()
    QTest.keyClick(first, Qt.Key.Key_Space)
    assert not shown(view, "step-result")
    click(second)
    assert not shown(view, "step-result")
    assert second.focusPolicy() == Qt.FocusPolicy.NoFocus


def test_steps_stand_above_the_reply_and_open_without_covering_it(make: Made) -> None:
    view = make([turn("t", READ)])
    click(one(view, "step"))
    steps, reply = one(view, "steps"), one(view, "reply")
    assert steps.geometry().bottom() < reply.geometry().top()
    widget = one(view, "turn", TurnWidget)
    assert reply.geometry().bottom() < widget.height()


def test_a_long_result_takes_a_bounded_room_and_copying_gives_all(make: Made) -> None:
    text = "\n".join(f"line {number}" for number in range(50_000))
    view = make([turn("t", StepRow(skill="read_file", state="done", result=text))])
    began = time.process_time()
    click(one(view, "step"))
    assert time.process_time() - began < 1
    result = one(view, "step-result", BoundedText)
    assert result.height() < 400
    assert len(result.toPlainText()) < MOST_SHOWN + 100
    assert "more characters. Copy gives all." in result.toPlainText()
    copied = []
    view.copied.connect(copied.append)
    click(one(view, "copy-result"))
    assert QGuiApplication.clipboard().text() == text
    assert copied == ["Copied the result."]


def test_a_short_result_has_no_scroll_bar(make: Made, qtbot: QtBot) -> None:
    view = make([turn("t", READ)])
    click(one(view, "step"))
    bar = one(view, "step-result", BoundedText).verticalScrollBar()
    qtbot.waitUntil(lambda: not bar.isVisible())


def test_what_is_unfolded_stays_so_when_its_widget_shows_other_turns(make: Made) -> None:
    view = make([turn(f"t{n}", READ) for n in range(60)])
    view.to_top()
    click(one(widget_of(view, "t0"), "step"))
    # What has the focus is never taken away.
    view.setFocus()
    view.to_end()
    QTest.qWait(50)
    assert "t0" not in {each.row.id for each in shown(view, "turn", TurnWidget)}
    view.to_top()
    QTest.qWait(50)
    opened = [each for each in shown(view, "turn", TurnWidget) if shown(each, "step-result")]
    assert [each.row.id for each in opened] == ["t0"]


def test_a_step_runs_again_with_what_is_typed_into_its_form(make: Made) -> None:
    view = make([turn("t", READ, SUMMARY)])
    asked = []
    view.rerun_asked.connect(lambda *given: asked.append(given))
    click(shown(view, "step")[1])
    click(one(view, "rerun"))
    [text] = shown(view, "rerun-field", QLineEdit)
    [length] = shown(view, "rerun-field", QComboBox)
    assert text.hasFocus()
    assert any("$1 stands for" in each.text() for each in shown(view, "", QLabel))
    QTest.keyClicks(text, "$reply")
    length.setCurrentText("long")
    QTest.keyClick(text, Qt.Key.Key_Return)
    assert asked == [("t", 1, {"text": "$reply", "length": "long"})]


def test_esc_leaves_a_form_and_changes_nothing(make: Made) -> None:
    view = make([turn("t", READ)])
    asked = []
    view.rerun_asked.connect(lambda *given: asked.append(given))
    click(one(view, "step"))
    click(one(view, "rerun"))
    QTest.keyClick(one(view, "rerun-field"), Qt.Key.Key_Escape)
    assert not shown(view, "rerun-form")
    assert one(view, "rerun").hasFocus()
    assert asked == []


def test_a_form_that_is_open_stays_while_other_things_of_the_turn_change(make: Made) -> None:
    view = make([turn("t", READ)])
    click(one(view, "step"))
    click(one(view, "rerun"))
    QTest.keyClicks(one(view, "rerun-field"), "b.md")
    view.update_row(turn("t", READ, facts="1 s"))
    assert one(view, "rerun-field", QLineEdit).text() == "b.md"


def test_a_long_text_is_changed_in_a_field_of_several_lines(make: Made) -> None:
    field = StepField(name="text", label="the text", value="one\ntwo", long=True)
    row = StepRow(skill="add_note", state="done", fields=(field,), can_rerun=True)
    view = make([turn("t", row)])
    asked = []
    view.rerun_asked.connect(lambda *given: asked.append(given))
    click(one(view, "step"))
    click(one(view, "rerun"))
    editor = one(view, "rerun-field", QPlainTextEdit)
    QTest.keyClick(editor, Qt.Key.Key_Return)
    assert asked == []
    click(one(view, "rerun-run"))
    assert asked == [("t", 0, {"text": "\none\ntwo"})]


def test_a_step_without_arguments_runs_again_at_once(make: Made) -> None:
    row = StepRow(skill="read_clipboard", state="done", result="x", can_rerun=True)
    view = make([turn("t", row)])
    asked = []
    view.rerun_asked.connect(lambda *given: asked.append(given))
    click(one(view, "step"))
    assert one(view, "rerun", QPushButton).text() == "Run again"
    click(one(view, "rerun"))
    assert asked == [("t", 0, {})]


def test_never_mind_is_offered_while_steps_run_and_no_longer_than_that(make: Made) -> None:
    running = StepRow(skill="read_file", state="running", note="running")
    view = make([turn("t", running, NEXT, live=True, reply="")])
    asked = []
    view.plain_asked.connect(asked.append)
    click(one(view, "plain"))
    assert asked == ["t"]
    view.write("t", "So it begins")
    QTest.qWait(80)
    assert not shown(view, "plain")


# ---------------------------------------------------------------- the card that asks


def test_the_end_of_a_long_path_is_seen_on_the_card(make: Made) -> None:
    path = f"/home/ada/{'notes' * 40}.desktop"
    view = make([turn("t", READ, reply="", asked=replace(CARD, sentence=f"Write {path}."))])
    sentence = one(view, "asked-sentence", QLabel)
    widest = max(
        sentence.fontMetrics().horizontalAdvance(part) for part in sentence.text().split("\u200b")
    )
    # No piece of it is wider than the place that it has, so that nothing is cut off.
    assert widest <= sentence.width()
    assert sentence.text().replace("\u200b", "").endswith(".desktop.")


def test_the_card_says_exactly_what_would_happen_and_takes_an_answer(make: Made) -> None:
    view = make([turn("t", READ, reply="", asked=CARD)])
    answers = []
    view.answered.connect(lambda *given: answers.append(given))
    assert one(view, "asked-title", QLabel).text() == "Write this file?"
    assert one(view, "asked-sentence", QLabel).text().replace("\u200b", "") == CARD.sentence
    assert one(view, "asked-details", BoundedText).toPlainText() == "milk"
    for choice in ("once", "always", "no", "answer"):
        click(one(view, f"asked-{choice}"))
    assert answers == [("t", each, "") for each in ("once", "always", "no", "answer")]
    assert name_of(one(view, "asked-always")) == "Always in Documents"
    assert one(view, "asked-always").toolTip() == "/home/ada/Documents"


def test_nothing_of_the_card_covers_anything_else_at_any_width(make: Made) -> None:
    for width in (320, 420, 520, 700):
        view = make([turn("t", READ, reply="", asked=CARD)], width=width)
        card = one(view, "asked", Asked)
        parts = [each for each in card.findChildren(QWidget, options=_DIRECT) if each.isVisible()]
        assert all(card.rect().contains(each.geometry()) for each in parts), width
        for number, each in enumerate(parts):
            for other in parts[number + 1 :]:
                assert not each.geometry().intersects(other.geometry()), width


def test_which_one_is_chosen_from_a_list_by_keys(make: Made) -> None:
    view = make([turn("t", READ, reply="", asked=WHICH)])
    answers = []
    view.answered.connect(lambda *given: answers.append(given))
    assert not one(view, "asked-once").isEnabled()
    view.to_question()
    options = one(view, "asked-options")
    assert options.hasFocus()
    QTest.keyClick(options, Qt.Key.Key_Down)
    QTest.keyClick(options, Qt.Key.Key_Return)
    assert answers == [("t", "once", "/b.txt")]
    click(one(view, "asked-no"))
    assert answers[-1] == ("t", "no", "")


def test_tab_goes_through_steps_and_card_as_they_are_read(make: Made) -> None:
    view = make([turn("t", READ, reply="", asked=CARD)])
    names = []
    one(view, "step").setFocus()
    for _ in range(8):
        names.append(view.window().focusWidget().objectName())
        view.focusNextPrevChild(True)
    wanted = ["step", "asked-details", "asked-no", "asked-answer", "asked-always", "asked-once"]
    assert [name for name in names if name in wanted][: len(wanted)] == wanted


def test_everything_that_can_be_pressed_has_a_name(make: Made) -> None:
    view = make([turn("t", READ, SUMMARY, reply="", asked=WHICH)])
    for line in shown(view, "step"):
        click(line)
    click(shown(view, "rerun")[1])
    assert unnamed(view) == []


def test_a_card_goes_when_it_is_answered_and_another_one_begins_afresh(make: Made) -> None:
    view = make([turn("t", READ, reply="", asked=WHICH)])
    view.to_question()
    view.update_row(turn("t", READ, reply="Done."))
    assert not shown(view, "asked")
    view.update_row(turn("t", READ, reply="", asked=WHICH))
    assert shown(view, "asked")
    view.update_row(turn("t", READ, reply="", asked=CARD))
    assert one(view, "asked-once").isEnabled()


# ---------------------------------------------------------------- ten thousand of them


def test_ten_thousand_turns_with_steps_are_shown_by_a_handful_of_widgets(make: Made) -> None:
    rows = [turn(f"t{n}", READ, SUMMARY, NEXT) for n in range(10_000)]
    began = time.process_time()
    view = make(rows)
    assert time.process_time() - began < 3
    assert len(view.findChildren(TurnWidget)) < 40
    began = time.process_time()
    for value in range(0, 40_000, 400):
        view.verticalScrollBar().setValue(value)
    per_step = (time.process_time() - began) / 100
    assert per_step < 0.1, f"{per_step * 1000:.0f} ms"
    assert len(view.findChildren(TurnWidget)) < 40
