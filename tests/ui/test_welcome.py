"""The empty conversation."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton

from homebody.ui.states import WelcomeState
from homebody.ui.welcome import Welcome
from ui.stage import child, stage

STATE = WelcomeState(title="Hello", sentences=("One.", "Two."), suggestions=("Tea & cake", "B"))


@pytest.fixture
def welcome(look, qtbot) -> Welcome:
    made = Welcome(look)
    stage(qtbot, made)
    made.show_state(STATE)
    return made


def test_it_says_what_the_state_says(welcome):
    words = [label.text() for label in welcome.findChildren(QLabel)]
    assert "Hello" in words
    assert "One.\n\nTwo." in words


def test_a_suggestion_is_sent_word_by_word(welcome, qtbot):
    with qtbot.waitSignal(welcome.suggested) as got:
        qtbot.mouseClick(child(welcome, "suggestion_0"), Qt.MouseButton.LeftButton)
    assert got.args == ["Tea & cake"]


def test_the_same_suggestions_keep_the_focus(welcome):
    button = child(welcome, "suggestion_1")
    button.setFocus()
    welcome.show_state(WelcomeState(title="Other", suggestions=STATE.suggestions))
    assert button.isVisible()
    assert button.hasFocus()


def test_other_suggestions_take_their_place(welcome, qtbot):
    welcome.show_state(WelcomeState(suggestions=("C",)))

    def shown():
        buttons = welcome.findChildren(QPushButton)
        return [button.text() for button in buttons if button.isVisible()]

    qtbot.waitUntil(lambda: shown() == ["C"])
