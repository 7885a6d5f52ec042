"""Every sentence of the window can be translated: with a translation, none stays as it was."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QLineEdit, QWidget

from homebody.ui.shortcuts import SHORTCUTS
from homebody.ui.words import set_translation, tr
from ui.journey import Journey, journey

WriteScript = Callable[..., Path]
MARK = "\N{SNOWMAN}"
KEYS = {
    part
    for shortcut in SHORTCUTS
    for keys in shortcut.keys
    for part in (keys, keys.replace("Return", "Enter"))
}
# What is nobody's sentence: names, numbers, addresses, a model's own words, separators.
DATA = re.compile(
    r"Homebody.*|SmolLM2 135M.*|scripted.*|[\W\d_]*|-?[\d.,]+( .?s| MB)?|python|starter|"
    r"(?s:.*0 bytes sent.*)|[/~].*|.*\.(md|gguf)|DEBUG|INFO|WARNING"
)


@pytest.fixture
def marked() -> Iterator[None]:
    set_translation(lambda text: f"{MARK}{text}")
    yield
    set_translation(None)


def untranslated(window: QWidget, own: set[str]) -> set[str]:
    """Return the texts that a person can read and that did not go through `tr`."""
    texts = [label.text() for label in window.findChildren(QLabel)]
    for button in window.findChildren(QAbstractButton):
        texts += [button.text(), button.accessibleName(), button.toolTip()]
    for field in window.findChildren(QLineEdit):
        texts += [field.placeholderText(), field.accessibleName()]
    for action in window.findChildren(QAction):
        texts.append(action.text())
    return {
        text
        for text in texts
        if text
        and MARK not in text
        and text not in own
        and text not in KEYS
        and not DATA.fullmatch(text.replace("\u200b", ""))
    }


@pytest.mark.usefixtures("marked")
def test_every_sentence_goes_through_the_translation(
    qapp: QApplication, write_script: WriteScript
) -> None:
    said = "Some words.\n\n```python\nx = 1\n```"
    own = {"My own words", "Some words."}
    with journey(write_script(said), qapp) as it:
        it.until(it.window.welcome.isVisible, "the welcome")
        assert untranslated(it.window, own) == set()
        it.say("My own words")
        visit(it, own)


def visit(it: Journey, own: set[str]) -> None:
    for page in ("chat", "settings", "shortcuts", "about"):
        it.presenter.go(page)
        QTest.qWait(60)
        # Names and licences of other people's libraries are their own.
        found = untranslated(it.window, own)
        if page == "about":
            licences = it.find("licences").findChildren(QLabel)
            found -= {label.text() for label in licences}
        assert found == set(), page
    it.presenter.go("chat")
    it.presenter.ask_link("https://example.org/a")
    QTest.qWait(30)
    it.press(Qt.Key.Key_Escape)


def test_without_a_translation_words_are_as_they_stand() -> None:
    assert tr("Send once") == "Send once"
