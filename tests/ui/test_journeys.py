"""A person at the whole window: real widgets, keys and clicks, a real store, a real engine."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit

from homebody.base.errors import StoreFull
from homebody.base.paths import find_home
from homebody.engine.scripted import ScriptedReply
from homebody.store.store import Store
from homebody.ui.memory import recall
from homebody.ui.shortcuts import SHORTCUTS
from ui.access import unnamed
from ui.journey import journey, timers

WriteScript = Callable[..., Path]
CTRL = Qt.KeyboardModifier.ControlModifier


def test_ask_stop_edit_branch_restart_and_all_is_still_there(
    qapp: QApplication, write_script: WriteScript
) -> None:
    slow = ScriptedReply("one two three four five six seven eight nine", delay=0.05)
    script = write_script(slow, "The other way.", "Fine.")
    with journey(script, qapp) as it:
        it.send("Count")
        it.until(lambda: it.ids() and "two" in it.last().reply, "some words")
        it.press(Qt.Key.Key_Escape)
        it.until(lambda: not it.presenter.talk.writing, "the stop")
        stopped = it.last()
        assert stopped.reply.startswith("one two")
        assert "nine" not in stopped.reply
        it.click("edit")
        it.until(lambda: it.window.words() == "Count", "the words to edit")
        edited = it.say(" backwards")
        assert (edited.request, edited.reply) == ("Count backwards", "The other way.")
        assert (edited.place, edited.versions) == (2, 2)
        it.press(Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
        it.until(lambda: it.last().request == "Count", "the first version")
        it.press(Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
        it.until(lambda: it.last().request == "Count backwards", "the second version")
        it.say("And then?")
        it.type("half a thought")
    with journey(script, qapp) as it:
        it.until(lambda: len(it.ids()) == 2, "the conversation")
        assert [row.request for row in it.window.transcript._rows] == [
            "Count backwards",
            "And then?",
        ]
        it.until(lambda: it.window.words() == "half a thought", "the draft")


def test_an_engine_killed_in_the_middle_costs_no_word_and_the_chat_goes_on(
    qapp: QApplication, write_script: WriteScript
) -> None:
    slow = ScriptedReply("one two three four five six seven eight", when="Count", delay=0.1)
    with journey(write_script(slow), qapp) as it:
        it.send("Count")
        it.until(lambda: it.ids() and "two" in it.last().reply, "some words")
        write_script("Back again.")
        assert it.engine.pid is not None
        os.kill(it.engine.pid, signal.SIGTERM if os.name == "nt" else signal.SIGKILL)
        it.until(lambda: it.last().problem, "the sentence")
        assert it.last().reply.startswith("one two")
        it.until(lambda: not it.presenter.talk.writing, "the end")
        assert it.find("go-on")
        assert it.say("Are you there?").reply == "Back again."


def test_a_full_disk_leaves_the_words_in_the_composer(
    qapp: QApplication, write_script: WriteScript, monkeypatch: pytest.MonkeyPatch
) -> None:
    with journey(write_script("Answered."), qapp) as it:

        def full(*_: object, **__: object) -> None:
            raise StoreFull("The disk is full.", "Make room, then send again.")

        with monkeypatch.context() as broken:
            broken.setattr(Store, "begin_turn", full)
            it.send("Precious words")
            it.until(it.window.notices.isVisible, "the notice")
        assert it.window.words() == "Precious words"
        assert it.ids() == []
        it.find("message").setFocus()
        it.press(Qt.Key.Key_Return)
        it.until(lambda: it.ids() and it.last().reply == "Answered.", "the reply")


def test_the_starter_model_answers_within_ten_seconds_of_the_first_window(
    qapp: QApplication,
) -> None:
    with journey(None, qapp) as it:
        it.until(it.window.welcome.isVisible, "the welcome")
        row = it.say("What is the capital of Japan?")
        assert "Tokyo" in row.reply
        assert row.facts.endswith("0 bytes sent")
        it.until(it.conversations, "the sidebar")


def test_search_as_you_type_and_open_what_is_found(
    qapp: QApplication, write_script: WriteScript
) -> None:
    with journey(write_script("About badgers.", "About foxes."), qapp) as it:
        it.say("First question")
        first = it.ids()
        it.press(Qt.Key.Key_N, CTRL)
        it.until(lambda: not it.ids(), "the new chat")
        it.say("Second question")
        it.press(Qt.Key.Key_K, CTRL)
        field = it.find("search", QLineEdit)
        it.until(field.hasFocus, "the search field")
        QTest.keyClicks(field, "badg")
        it.until(lambda: any("badgers" in str(each) for each in _snippets(it)), "the snippet")
        QTest.keyClick(field, Qt.Key.Key_Down)
        it.press(Qt.Key.Key_Return)
        it.until(lambda: it.ids() == first, "the conversation that was found")


def _snippets(it: object) -> list[str]:
    state = it.presenter._stage.sidebar_state  # type: ignore[attr-defined]
    return [row.snippet for row in state.rows]


def test_delete_by_key_and_undo_by_button(qapp: QApplication, write_script: WriteScript) -> None:
    with journey(write_script("Yes."), qapp) as it:
        it.say("Keep me")
        it.press(Qt.Key.Key_Backspace, CTRL | Qt.KeyboardModifier.ShiftModifier)
        it.until(lambda: not it.ids(), "the empty transcript")
        it.click("act")
        it.until(lambda: it.ids() and it.last().request == "Keep me", "the conversation")


def test_no_single_key_deletes(qapp: QApplication, write_script: WriteScript) -> None:
    single = [
        (shortcut.name, keys)
        for shortcut in SHORTCUTS
        for keys in shortcut.keys
        if "+" not in keys and shortcut.name in {"delete", "archive"}
    ]
    assert single == []
    with journey(write_script("Yes."), qapp) as it:
        it.say("Keep me")
        for name in ("conversations", "transcript", "message", "search"):
            widget = it.find(name)
            for key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace, Qt.Key.Key_D, Qt.Key.Key_X):
                widget.setFocus()
                QTest.keyClick(widget, key)
        store = Store.open(find_home())
        kept = [each.deleted for each in store.conversations()]
        store.close()
        assert kept == [None]


def test_every_key_of_the_sheet_does_something_and_none_is_taken_twice(
    qapp: QApplication, write_script: WriteScript
) -> None:
    keys = [keys for shortcut in SHORTCUTS for keys in shortcut.keys]
    assert len(keys) == len(set(keys))
    with journey(write_script("Yes."), qapp) as it:
        names = {action.objectName() for action in it.window.findChildren(QAction)}
        for shortcut in SHORTCUTS:
            assert shortcut.own or f"action-{shortcut.name}" in names
        it.say("Something")
        # Each is triggered once; none may raise, and the window is still there afterwards.
        for shortcut in SHORTCUTS:
            if not shortcut.own and shortcut.name not in {"quit", "open_model", "attach"}:
                it.window.findChild(QAction, f"action-{shortcut.name}").trigger()
                QTest.qWait(30)
                popup = QApplication.activePopupWidget()
                if popup is not None:
                    popup.close()
        it.until(lambda: not it.presenter.talk.writing, "what was asked")


def test_everything_that_can_be_used_has_a_name_on_every_page(
    qapp: QApplication, write_script: WriteScript
) -> None:
    with journey(
        write_script("# Title\n\n```python\nx = 1\n```\n[a](https://b.example)"), qapp
    ) as it:
        it.say("Show me code")
        for page in ("chat", "settings", "shortcuts", "about"):
            it.presenter.go(page)
            QTest.qWait(20)
            assert unnamed(it.window) == [], page


def test_a_window_that_is_closed_leaves_no_timer_and_no_thread(
    qapp: QApplication, write_script: WriteScript
) -> None:
    with journey(write_script("Yes."), qapp) as it:
        it.say("Hello")
        it.desk.close()
        assert timers(it.desk) + timers(it.window) == []


def test_a_temporary_chat_is_gone_with_the_window(
    qapp: QApplication, write_script: WriteScript
) -> None:
    with journey(write_script("Hidden."), qapp) as it:
        it.press(Qt.Key.Key_N, CTRL | Qt.KeyboardModifier.ShiftModifier)
        it.until(lambda: it.presenter._stage.header_state.temporary, "the temporary chat")
        it.say("Secret question")
    kept = b"".join(path.read_bytes() for path in find_home().data.rglob("*") if path.is_file())
    assert b"Secret question" not in kept


def test_closing_while_a_reply_is_written_keeps_what_was_written(
    qapp: QApplication, write_script: WriteScript
) -> None:
    slow = ScriptedReply("one two three four five six seven eight nine", delay=0.1)
    with journey(write_script(slow), qapp) as it:
        it.send("Count")
        it.until(lambda: it.ids() and "two" in it.last().reply, "some words")
    store = Store.open(find_home())
    (conversation,) = store.conversations()
    (turn,) = store.branch(conversation.id)
    store.close()
    assert turn.state == "stopped"
    assert turn.reply.startswith("one two")


def test_esc_leaves_a_page_and_a_narrow_window_gives_the_talk_its_room(
    qapp: QApplication, write_script: WriteScript
) -> None:
    with journey(write_script("Yes."), qapp) as it:
        it.say("Hello")
        it.presenter.go("settings")
        it.press(Qt.Key.Key_Escape)
        it.until(lambda: it.find("message").isVisible(), "the talk")
        assert it.find("sidebar")
        it.window.resize(540, 500)
        it.until(lambda: not it.window.sidebar.isVisible(), "the room")
        it.window.resize(1180, 760)
        it.until(it.window.sidebar.isVisible, "the list again")
        it.presenter.models.change("text_size", 250)
        it.until(lambda: not it.window.sidebar.isVisible(), "the room for large text")
        it.presenter.models.change("text_size", 100)
        it.until(it.window.sidebar.isVisible, "the list again")
        it.press(Qt.Key.Key_B, CTRL)
        it.until(lambda: not it.window.sidebar.isVisible(), "as the person wants it")
        it.window.resize(1100, 760)
        assert not it.window.sidebar.isVisible()


def test_what_is_open_is_remembered_before_the_window_closes(
    qapp: QApplication, write_script: WriteScript
) -> None:
    with journey(write_script("Yes."), qapp) as it:
        it.say("Hello")
        place = it.presenter.talk.place
        assert place is not None
        it.until(lambda: recall(find_home()).conversation == place.conversation, "the memory")


@pytest.mark.parametrize("name", ["home", "again", "temporary", "settings", "edit"])
def test_enter_presses_whatever_button_has_the_focus(
    qapp: QApplication, write_script: WriteScript, name: str
) -> None:
    with journey(write_script("Yes.", "Yes again."), qapp) as it:
        it.say("Hello")
        names = {each.objectName(): each for each in it.window.findChildren(QAbstractButton)}
        button = next(each for key, each in names.items() if name in key and each.isVisible())
        pressed: list[bool] = []
        button.clicked.connect(lambda: pressed.append(True))
        button.setFocus()
        it.until(button.hasFocus, "the focus")
        it.press(Qt.Key.Key_Return)
        it.until(lambda: pressed, "the click")
        assert len(pressed) == 1, "once"
        popup = QApplication.activePopupWidget()
        if popup is not None:
            popup.close()
        it.until(lambda: not it.presenter.talk.writing, "whatever it began")
