"""Notices: one sentence, one action, and none that goes while it is read."""

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt, QTimer
from PySide6.QtGui import QEnterEvent
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton

from homebody.ui.notices import FADE_SECONDS, Notices
from homebody.ui.states import Notice
from ui.stage import child, stage

GONE = Notice(key="gone", text="It is in the bin.", action="Undo", kind="ok", fades=True)
BAD = Notice(key="bad", text="The disk is full.", kind="bad")


@pytest.fixture
def notices(look, qtbot) -> Notices:
    made = Notices(look)
    stage(qtbot, made, 800, 300)
    return made


def words(widget) -> list[str]:
    return [label.text() for label in widget.findChildren(QLabel) if label.isVisible()]


def timer(notices, key: str) -> QTimer:
    return child(notices, f"notice_{key}").findChild(QTimer)


def test_it_shows_a_sentence_and_a_word_for_its_colour(notices):
    notices.show_state((BAD, Notice(key="n", text="Plain.")))
    assert words(notices) == ["Failed", "The disk is full.", "Plain."]


def test_there_is_nothing_to_see_without_notices(notices):
    notices.show_state((BAD,))
    notices.show_state(())
    assert not notices.isVisible()


@pytest.mark.parametrize(("name", "signal"), [("act", "acted"), ("close_notice", "dismissed")])
def test_its_buttons_name_the_notice(notices, qtbot, name, signal):
    notices.show_state((BAD, GONE))
    button = child(child(notices, "notice_gone"), name)
    with qtbot.waitSignal(getattr(notices, signal)) as got:
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert got.args == ["gone"]


def test_the_same_key_replaces_in_place_and_keeps_the_focus(notices, qtbot):
    notices.show_state((BAD, GONE))
    button = child(child(notices, "notice_gone"), "act")
    button.setFocus()
    notices.show_state((Notice(key="gone", text="Two are in the bin.", action="Undo"), BAD))
    assert button.hasFocus()
    assert "Two are in the bin." in words(notices)
    gone, bad = child(notices, "notice_gone"), child(notices, "notice_bad")
    qtbot.waitUntil(lambda: gone.y() < bad.y())


def test_one_that_fades_goes_after_some_seconds(notices, qtbot):
    notices.show_state((GONE,))
    ticking = timer(notices, "gone")
    assert ticking.isActive()
    assert ticking.interval() == FADE_SECONDS * 1000
    with qtbot.waitSignal(notices.dismissed) as got:
        ticking.timeout.emit()
    assert got.args == ["gone"]


def test_one_that_tells_of_a_failure_stays(notices):
    notices.show_state((BAD,))
    assert not timer(notices, "bad").isActive()


def test_it_stays_while_the_mouse_is_over_it(notices):
    notices.show_state((GONE,))
    bar = child(notices, "notice_gone")
    place = QPointF(5, 5)
    QApplication.sendEvent(bar, QEnterEvent(place, place, place))
    assert not timer(notices, "gone").isActive()
    QApplication.sendEvent(bar, QEvent(QEvent.Type.Leave))
    assert timer(notices, "gone").isActive()


def test_it_stays_while_it_has_the_focus(notices):
    notices.show_state((BAD, GONE))
    button = child(child(notices, "notice_gone"), "act")
    button.setFocus()
    assert not timer(notices, "gone").isActive()
    child(child(notices, "notice_bad"), "close_notice").setFocus()
    assert timer(notices, "gone").isActive()


def test_the_same_state_again_does_not_begin_the_time_anew(notices, qtbot):
    notices.show_state((GONE,))
    ticking = timer(notices, "gone")
    qtbot.waitUntil(lambda: ticking.remainingTime() < FADE_SECONDS * 1000 - 20)
    before = ticking.remainingTime()
    notices.show_state((GONE,))
    assert ticking.remainingTime() <= before


def test_a_long_sentence_is_shown_whole(notices, qtbot):
    long = Notice(key="l", text="A sentence that goes on. " * 20, action="Do it")
    notices.show_state((long,))
    bar = child(notices, "notice_l")
    label = next(each for each in bar.findChildren(QLabel) if each.text() == long.text)
    qtbot.waitUntil(lambda: label.height() >= label.heightForWidth(label.width()))


def test_nothing_in_it_is_read_as_markup(notices):
    notices.show_state((Notice(key="m", text="<img src='file:///etc/passwd'>"),))
    label = next(each for each in notices.findChildren(QLabel) if "<" in each.text())
    assert label.textFormat() == Qt.TextFormat.PlainText


@pytest.mark.parametrize("name", ["act", "close_notice"])
def test_a_notice_that_goes_gives_the_focus_back(notices, qtbot, name):
    notices.show_state((BAD, GONE))
    other = QPushButton("between", notices.window())
    field = QLineEdit(notices.window())
    for widget in (other, field):
        widget.show()
    field.setFocus()
    button = child(child(notices, "notice_gone"), name)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert button.hasFocus()
    notices.show_state((BAD,))
    assert field.hasFocus()
