"""A person at the whole window while it works: keys and clicks, a real store, real turns."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from homebody.messages.skills import Outcome
from ui.access import unnamed
from ui.journey import journey
from ui.work_kit import Hands, RealSkills, Skilled

WriteScript = Callable[..., Path]
CTRL = Qt.KeyboardModifier.ControlModifier


def test_a_file_is_asked_for_written_and_written_again_elsewhere(
    qapp: QApplication, write_script: WriteScript, tmp_path: Path
) -> None:
    lines = {"write milk to shop.txt": "write_file shop.txt | milk"}
    hands = Hands(write_file=lambda args: Outcome(text=Path(str(args["path"])).name))
    work = Skilled(lines, hands, [tmp_path])
    script = write_script("no")
    with journey(script, qapp, work=work) as it:
        it.send("write milk to shop.txt")
        it.until(lambda: it.ids() and it.last().asked, "the card")
        it.until(lambda: not it.presenter.talk.writing, "the pause")
        # The person was not taken away from where they write.
        assert QApplication.focusWidget() is it.find("message")
    with journey(script, qapp, work=work) as it:
        it.until(lambda: it.ids() and it.last().asked, "the card after a restart")
        assert unnamed(it.window) == []
        it.press(Qt.Key.Key_J, CTRL)
        assert QApplication.focusWidget() is it.find("asked-no")
        it.click("asked-once")
        # Enter, pressed once more, must not press whatever stood next to it.
        assert QApplication.focusWidget() is it.find("message")
        it.until(lambda: hands.ran and not it.presenter.talk.writing, "the writing")
        assert it.last().steps[0].state == "done"
        it.click("step")
        it.click("rerun")
        field = it.find("rerun-field", QLineEdit)
        field.selectAll()
        QTest.keyClicks(field, "other.txt")
        it.press(Qt.Key.Key_Return)
        it.until(lambda: it.last().asked and it.last().versions == 2, "the second card")
        assert "other.txt" in it.last().asked.sentence
        assert len(hands.ran) == 1


def test_never_mind_by_its_word_and_stop_by_its_key(
    qapp: QApplication, write_script: WriteScript
) -> None:
    lines = {"add": "calculate 1+1\ncalculate 2+2"}
    hands = Hands()
    hands.hold("calculate")
    with journey(write_script("Two, I think."), qapp, work=Skilled(lines, hands)) as it:
        it.send("add")
        it.until(lambda: hands.ran, "the step")
        it.press(Qt.Key.Key_Escape)
        it.until(lambda: not it.presenter.talk.writing, "the stop")
        assert [step.state for step in it.last().steps][1:] == ["skipped"]
        it.send("add")
        it.until(lambda: len(it.ids()) == 2 and it.last().steps, "the step")
        it.click("plain")
        it.until(lambda: it.last().reply == "Two, I think.", "the answer")
        it.until(lambda: not it.presenter.talk.writing, "the end")
        assert it.last().steps == ()


@pytest.mark.skipif(os.name == "nt", reason="entries for the session are files elsewhere")
def test_starting_with_the_session_is_a_setting(
    qapp: QApplication,
    write_script: WriteScript,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    entry = tmp_path / "autostart" / "homebody.desktop"
    with journey(write_script("Hi."), qapp, skills=RealSkills()) as it:
        it.presenter.models.change("autostart", True)
        it.until(entry.exists, "the entry")
        it.presenter.models.change("autostart", False)
        it.until(lambda: not entry.exists(), "its end")
