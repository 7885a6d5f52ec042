"""The sheet that asks before anything leaves: by mouse, by keys, by screen reader."""

import time
from collections.abc import Callable, Iterator

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible, QTextCursor
from PySide6.QtTest import QSignalSpy, QTest
from PySide6.QtWidgets import QApplication, QLabel, QMenu, QPlainTextEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from homebody.messages.offers import (
    AddReplacement,
    Rewrite,
    SwitchPart,
    SwitchProvider,
    SwitchReplacement,
)
from homebody.ui.offer_states import OfferCard
from homebody.ui.states import TurnRow
from homebody.ui.theme import Look
from homebody.ui.transcript.bounded import BoundedText
from homebody.ui.transcript.offer_text import OfferText
from homebody.ui.transcript.view import TranscriptView
from homebody.ui.work_states import AnswerButton, AskedCard
from ui.access import unnamed
from ui.offer_kit import QUESTION, an_offer, changed, row_of

KEY = Qt.Key
CTRL = Qt.KeyboardModifier.ControlModifier
Made = Callable[..., TranscriptView]


@pytest.fixture
def make(qtbot: QtBot, look: Look) -> Iterator[Made]:
    made: list[TranscriptView] = []

    def show(rows: list[TurnRow], width: int = 760, height: int = 700) -> TranscriptView:
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


def one(view: QWidget, name: str, kind: type = QWidget):
    [found] = [each for each in view.findChildren(kind, name) if each.isVisible()]
    return found


def is_there(view: QWidget, name: str) -> bool:
    return any(each.isVisible() for each in view.findChildren(QWidget, name))


def click(view: QWidget, name: str) -> None:
    widget = one(view, name)
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton, pos=widget.rect().center())


def words(view: QWidget, name: str) -> str:
    return one(view, name, QLabel).text().replace("\u200b", "")


def text_of(view: QWidget) -> OfferText:
    return one(view, "offer-text", OfferText)


def menu(view: QWidget, name: str) -> QMenu:
    [found] = [each for each in view.findChildren(QMenu, name) if each.isVisible()]
    return found


def place_of(text: OfferText, number: int) -> QPoint:
    """Return a point within a chip."""
    cursor = QTextCursor(text.document())
    cursor.setPosition(text._places[number].begin + 2)
    return text.cursorRect(cursor).center()


def said(spy: QSignalSpy) -> list:
    return [spy.at(number) for number in range(spy.count())]


def row_with(card: OfferCard, name: str = "t") -> TurnRow:
    return replace(row_of(an_offer(), name), offer=card)


def test_it_shows_what_would_leave_to_whom_and_at_what_cost(make: Made) -> None:
    offer = an_offer()
    view = make([row_of(offer)])
    assert text_of(view).toPlainText() == (
        "Write to [EMAIL_1] 🏡 and copy [EMAIL_2], then tell [EMAIL_1]."
    )
    assert words(view, "offer-sentence").startswith("Exactly this would leave, ")
    assert one(view, "offer-destination").words() == "api.example.org · large"
    assert "about 0.4 US cents" in words(view, "offer-facts")
    assert "also after a restart" in words(view, "offer-note")
    assert unnamed(view) == []
    # Nothing else can be asked of a turn that waits for this answer.
    assert not is_there(view, "again")
    assert not is_there(view, "ask-elsewhere")
    name = QAccessible.queryAccessibleInterface(one(view, "offer-text")).text(QAccessible.Text.Name)
    assert name == "What would leave"


def test_a_yes_is_for_the_hash_that_is_shown(make: Made) -> None:
    offer = an_offer()
    view = make([row_of(offer)])
    agreed = QSignalSpy(view.offer_agreed)
    click(view, "offer-send")
    other = changed(offer, SwitchReplacement("[EMAIL_2]", on=False))
    view.update_row(row_of(other))
    click(view, "offer-send")
    click(view, "offer-more")
    menu(view, "offer-scopes").actions()[0].trigger()
    assert said(agreed) == [
        ["t", offer.sha256, "once"],
        ["t", other.sha256, "once"],
        ["t", other.sha256, "conversation"],
    ]


def test_it_can_be_kept_home_once_or_for_the_conversation(make: Made) -> None:
    view = make([row_of(an_offer())])
    declined = QSignalSpy(view.offer_declined)
    click(view, "offer-keep")
    click(view, "offer-never")
    assert said(declined) == [["t", False], ["t", True]]


def test_a_chip_is_switched_by_the_mouse(make: Made) -> None:
    view = make([row_of(an_offer())])
    changes = QSignalSpy(view.offer_changed)
    text = text_of(view)
    QTest.mouseClick(text.viewport(), Qt.MouseButton.LeftButton, pos=place_of(text, 1))
    shown = menu(view, "offer-chip-menu")
    assert [each.text() for each in shown.actions()] == [
        "Stands for “eve@example.net”.",
        "Send “eve@example.net” as it is",
    ]
    shown.actions()[1].trigger()
    shown.close()
    assert said(changes) == [["t", SwitchReplacement("[EMAIL_2]", on=False)]]
    # Beside the chips nothing opens.
    QTest.mouseClick(text.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    assert not [each for each in view.findChildren(QMenu, "offer-chip-menu") if each.isVisible()]


def test_chips_are_reached_and_switched_by_keys(make: Made) -> None:
    offer = an_offer()
    view = make([row_of(offer)])
    changes = QSignalSpy(view.offer_changed)
    text = text_of(view)
    one(view, "offer-destination").setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(one(view, "offer-destination"), KEY.Key_Tab)
    assert QApplication.focusWidget() is text
    assert text.textCursor().selectedText() == "[EMAIL_1]"
    assert text.accessibleDescription() == "[EMAIL_1]. Stands for “ada@example.org”."
    QTest.keyClick(text, KEY.Key_Tab)
    assert text.textCursor().selectedText() == "[EMAIL_2]"
    assert not is_there(view, "offer-hide")
    QTest.keyClick(text, KEY.Key_Return)
    menu(view, "offer-chip-menu").actions()[1].trigger()
    menu(view, "offer-chip-menu").close()
    other = changed(offer, SwitchReplacement("[EMAIL_2]", on=False))
    assert said(changes) == [["t", SwitchReplacement("[EMAIL_2]", on=False)]]
    view.update_row(row_of(other))
    # Who switched it is still there, at its true words.
    assert text.textCursor().selectedText() == "eve@example.net"
    assert "leaves as it is" in text.accessibleDescription()
    QTest.keyClick(text, KEY.Key_Tab)
    QTest.keyClick(text, KEY.Key_Tab)
    assert QApplication.focusWidget() is not text
    QTest.keyClick(QApplication.focusWidget(), KEY.Key_Backtab)
    assert text.textCursor().selectedText() == "[EMAIL_1]"
    assert text.textCursor().position() > 40
    for _ in range(3):
        QTest.keyClick(text, KEY.Key_Backtab)
    assert QApplication.focusWidget() is one(view, "offer-destination")


def test_words_that_are_selected_can_be_hidden_too(make: Made) -> None:
    view = make([row_of(an_offer())])
    changes = QSignalSpy(view.offer_changed)
    text = text_of(view)
    text.setFocus()
    cursor = text.textCursor()

    def select(words: str) -> None:
        found = text.document().find(words)
        text.setTextCursor(found)

    select("copy")
    QTest.keyClick(text, KEY.Key_Tab)
    assert QApplication.focusWidget() is not text
    click(view, "offer-hide")
    assert said(changes) == [["t", AddReplacement("copy")]]
    select("MAIL_1")
    assert not is_there(view, "offer-hide")
    select("[EMAIL_1]")
    assert not is_there(view, "offer-hide")
    select("to [EMAIL_1]")
    assert is_there(view, "offer-hide")
    text.setTextCursor(cursor)
    assert not is_there(view, "offer-hide")


def test_parts_and_providers_are_switched(make: Made) -> None:
    view = make([row_of(an_offer())])
    changes, asked = QSignalSpy(view.offer_changed), QSignalSpy(view.providers_asked)
    click(view, "offer-part")
    click(view, "offer-destination")
    cloud, attic, _, others = menu(view, "offer-providers").actions()
    assert (cloud.isChecked(), attic.isChecked()) == (True, False)
    cloud.trigger()
    attic.trigger()
    others.trigger()
    assert said(changes) == [
        ["t", SwitchPart("file1", included=True)],
        ["t", SwitchProvider("Attic")],
    ]
    assert asked.count() == 1


def test_the_whole_request_folds_out_as_it_is(make: Made) -> None:
    offer = an_offer("long " * 9000, notes=None)
    view = make([row_of(offer)], height=500)
    assert text_of(view).toPlainText().split() == ["long"] * 9000
    assert text_of(view).height() < 300
    click(view, "offer-request-fold")
    request = one(view, "offer-request", BoundedText)
    # All of it, however long: what is not shown could not be agreed to.
    assert request.toPlainText() == offer.body
    assert request.height() < 300
    assert offer.sha256 in words(view, "offer-request-note")
    click(view, "offer-request-fold")
    assert not is_there(view, "offer-request")


def edit(view: TranscriptView, text: str) -> QPlainTextEdit:
    click(view, "offer-edit")
    field = one(view, "offer-field", QPlainTextEdit)
    assert QApplication.focusWidget() is field
    field.selectAll()
    QTest.keyClicks(field, text)
    return field


def test_the_text_is_edited_in_its_place_and_nothing_can_be_sent_meanwhile(make: Made) -> None:
    offer = an_offer()
    view = make([row_of(offer)])
    changes = QSignalSpy(view.offer_changed)
    field = edit(view, "Be brief.")
    for name in ("offer-send", "offer-more", "offer-keep", "offer-text", "offer-request-fold"):
        assert not is_there(view, name)
    assert "exactly" not in words(view, "offer-sentence")
    assert unnamed(view) == []
    QTest.keyClick(field, KEY.Key_Return, CTRL)
    assert said(changes) == [["t", Rewrite("Be brief.")]]
    other = changed(offer, Rewrite("Be brief."))
    view.update_row(row_of(other))
    assert text_of(view).toPlainText() == "Be brief."
    assert QApplication.focusWidget() is one(view, "offer-edit")
    assert view._drafts == {}


def test_an_edit_that_cannot_be_saved_stays_and_says_why(make: Made) -> None:
    row = row_of(an_offer())
    view = make([row])
    field = edit(view, "x")
    click(view, "offer-save")
    assert row.offer is not None
    view.update_row(replace(row, offer=replace(row.offer, problem="It is too long.")))
    assert one(view, "offer-field") is field
    assert field.toPlainText() == "x"
    assert words(view, "offer-problem") == "It is too long."
    # Saved again, and then it is what was there before: the field closes all the same.
    click(view, "offer-save")
    view.update_row(row)
    assert not is_there(view, "offer-field")


def test_escape_leaves_the_text_as_it_was(make: Made) -> None:
    view = make([row_of(an_offer())])
    changes = QSignalSpy(view.offer_changed)
    field = edit(view, "x")
    QTest.keyClick(field, KEY.Key_Escape)
    assert "[EMAIL_1]" in text_of(view).toPlainText()
    # Saved as it is, nothing is changed.
    click(view, "offer-edit")
    click(view, "offer-save")
    assert changes.count() == 0
    assert is_there(view, "offer-text")


def test_what_is_typed_outlives_another_conversation(make: Made) -> None:
    row = row_of(an_offer())
    view = make([row])
    edit(view, "Be brief.")
    view.open([TurnRow(id="other", request="Hi", reply="Hello.")])
    assert not is_there(view, "offer-field")
    view.open([row, row_of(an_offer(), "u")])
    [field] = [
        each for each in view.findChildren(QPlainTextEdit, "offer-field") if each.isVisible()
    ]
    assert field.toPlainText() == "Be brief."
    # It was answered elsewhere meanwhile: there is nothing to save it into.
    view.update_row(replace(row, offer=OfferCard(stage="home", line="Kept home.", sha256="")))
    assert view._drafts == {}
    assert words(view, "offer-line") == "Kept home."


def test_what_was_sent_stands_behind_one_line(make: Made) -> None:
    offer = replace(an_offer(), state="sent", bytes_sent=884)
    view = make([row_of(offer, state="done", reply="There.")])
    assert words(view, "offer-line") == "Sent 884 bytes to api.example.org"
    assert not is_there(view, "offer-send")
    click(view, "offer-show")
    assert one(view, "offer-sent", BoundedText).toPlainText() == offer.body
    assert unnamed(view) == []
    click(view, "offer-show")
    assert not is_there(view, "offer-sent")
    # The line stands above the reply that it brought.
    line, reply = one(view, "offer-past"), one(view, "reply")
    assert line.y() < reply.y()


def test_placeholders_that_came_back_changed_are_named_below_the_reply(make: Made) -> None:
    offer = replace(an_offer(), state="sent", bytes_sent=9, mangled=("[Email-1]",))
    view = make([row_of(offer, state="done", reply="Dear [Email-1],")])
    assert "[Email-1]" in words(view, "mangled")
    assert one(view, "mangled").y() > one(view, "reply").y()


def test_a_reply_has_a_way_elsewhere(make: Made) -> None:
    view = make([TurnRow(id="a", request="Hi", reply="Hello.")])
    asked = QSignalSpy(view.elsewhere_asked)
    click(view, "ask-elsewhere")
    assert said(asked) == [["a"]]
    view.update_row(TurnRow(id="a", request="Hi", reply="Hello.", live=True))
    assert not is_there(view, "ask-elsewhere")
    card = AskedCard(
        title="Is this what you meant?",
        sentence="Translate it.",
        buttons=(AnswerButton("once", "Do it once"), AnswerButton("no", "No")),
    )
    # Also in the place of what a step asks.
    view.update_row(TurnRow(id="a", request="Hi", asked=card))
    click(view, "ask-elsewhere")
    assert asked.count() == 2


def test_the_key_for_questions_goes_to_what_sends_nothing(make: Made) -> None:
    view = make([row_of(an_offer())])
    view.to_question()
    assert QApplication.focusWidget() is one(view, "offer-keep", QPushButton)


@pytest.mark.parametrize("width", [360, 520, 900])
def test_nothing_is_cut_off_or_covered(make: Made, width: int) -> None:
    view = make([row_of(an_offer(QUESTION * 5))], width=width, height=1400)
    click(view, "offer-request-fold")
    sheet = one(view, "offer")
    parts = [
        each
        for each in sheet.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly)
        if each.isVisible() and each.objectName()
    ]
    assert len(parts) > 10
    for each in parts:
        assert sheet.rect().contains(each.geometry().adjusted(9, 0, -9, 0)), each.objectName()
        for other in parts:
            if other is not each:
                apart = not each.geometry().intersects(other.geometry())
                assert apart, (each.objectName(), other.objectName())


def test_it_follows_the_theme_and_the_size_of_text(make: Made, look: Look) -> None:
    view = make([row_of(an_offer()), row_of(replace(an_offer(), state="home"), "u", state="done")])
    before = one(view, "offer").height()
    look.choose("dark", 150)
    assert text_of(view).toPlainText().startswith("Write to [EMAIL_1]")
    assert one(view, "offer").height() > before


@pytest.mark.parametrize("size", [75, 100, 150, 200])
def test_a_text_has_the_height_of_its_lines(make: Made, look: Look, size: int) -> None:
    look.choose("light", size)
    view = make([row_of(an_offer(QUESTION * 2, notes=None))], height=1200)
    text = text_of(view)
    # All of it is seen, and no more room is taken than it needs.
    for width in range(view.width() - 100, view.width() - 60):
        text.setGeometry(0, 0, width, 30)
        text.setGeometry(0, 0, width, text.lay_out(width))
        assert text.verticalScrollBar().maximum() == 0, width
    line = text.document().firstBlock().layout().lineAt(0).height()
    assert text.viewport().height() < (text.document().size().height() + 1) * line + 2


def test_a_large_offer_is_shown_soon(make: Made) -> None:
    offer = an_offer("Tell ada@example.org all of this, please. " * 5000, notes=None)
    begun = time.monotonic()
    view = make([row_of(offer)])
    click(view, "offer-request-fold")
    QTest.qWait(1)
    assert time.monotonic() - begun < 10
    assert len(text_of(view)._places) == 5000
