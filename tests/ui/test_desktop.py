"""What the desktop does for Homebody: the clipboard, the tray, starting with the session."""

import configparser
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from homebody.base.errors import BadInput, SkillProblem
from homebody.ui import clipboard
from homebody.ui.autostart import start_with_session
from homebody.ui.clipboard import WindowClipboard
from homebody.ui.tray import Tray

WriteScript = Callable[..., Path]


def elsewhere(work: Callable[[], object]) -> tuple[threading.Thread, list[object]]:
    """Do something on another thread; return it, and what came of it."""
    found: list[object] = []

    def run() -> None:
        try:
            found.append(work())
        except SkillProblem as problem:
            found.append(problem)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, found


def test_the_clipboard_is_read_and_written_from_another_thread(
    qapp: QApplication, qtbot: QtBot
) -> None:
    del qapp
    board = WindowClipboard()
    for work, expected in (
        (lambda: board.write("milk, ünïcode 🏡"), None),
        (board.read, "milk, ünïcode 🏡"),
    ):
        thread, found = elsewhere(work)
        qtbot.waitUntil(lambda found=found: bool(found))
        thread.join()
        assert found == [expected]
    assert QGuiApplication.clipboard().text() == "milk, ünïcode 🏡"
    assert board.read() == "milk, ünïcode 🏡"


def test_it_is_made_on_another_thread_too(qapp: QApplication, qtbot: QtBot) -> None:
    QGuiApplication.clipboard().setText("here")
    made: list[WindowClipboard] = []
    thread, found = elsewhere(lambda: made.append(WindowClipboard()) or made[0].read())
    qtbot.waitUntil(lambda: bool(found))
    thread.join()
    assert found == ["here"]
    assert made[0].thread() is qapp.thread()


def test_a_window_that_does_not_answer_is_waited_for_a_while_only(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    del qapp
    monkeypatch.setattr(clipboard, "_SECONDS", 0.1)
    board = WindowClipboard()
    thread, found = elsewhere(board.read)
    # Nobody serves the window's events meanwhile.
    thread.join()
    [problem] = found
    assert isinstance(problem, SkillProblem)
    assert problem.kind == "time"
    QApplication.processEvents()


# ---------------------------------------------------------------- the tray


@pytest.mark.qt_log_ignore("systemTrayWindowChanged")
def test_a_notification_comes_from_an_icon_that_goes_again(
    qapp: QApplication, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, str]] = []
    came: list[bool] = []
    monkeypatch.setattr(
        Tray, "showMessage", lambda _self, title, text, *_rest: told.append((title, text))
    )
    tray = Tray(lambda: came.append(True), qapp)
    tray._told.setInterval(10)
    try:
        tray.tell("Reminder", "call mum")
        assert told == [("Reminder", "call mum")]
        assert tray.isVisible()
        qtbot.waitUntil(lambda: not tray.isVisible())
        tray.stay()
        tray.tell("Reminder", "again")
        qtbot.wait(40)
        assert tray.isVisible()
        tray.messageClicked.emit()
        assert came == [True]
        assert not tray.isVisible()
    finally:
        tray.hide()
        tray.deleteLater()


# ---------------------------------------------------------------- starting with the session

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has a registry for that")


@posix
def test_starting_with_the_session_is_switched_on_and_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(sys, "executable", '/opt/a "strange" place/100%/$x\\y/python')
    entry = tmp_path / "config" / "autostart" / "homebody.desktop"
    start_with_session(False)
    assert not entry.exists()
    start_with_session(True)
    start_with_session(True)
    parsed = configparser.ConfigParser(interpolation=None)
    parsed.optionxform = str
    parsed.read(entry, "utf-8")
    line = parsed["Desktop Entry"]["Exec"]
    # As the specification says: first the file's own escapes, then quotes, then field codes.
    unescaped = line.replace("\\\\", "\\").replace("%%", "%")
    # Its quotes are those of a shell.
    said = subprocess.run(
        ["/bin/sh", "-c", f"printf '%s\\n' {unescaped}"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert said.stdout.splitlines() == [sys.executable, "-m", "homebody"]
    start_with_session(False)
    assert not entry.exists()


@posix
def test_a_packaged_app_starts_itself_with_the_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", "/opt/homebody/homebody")
    start_with_session(True)
    entry = (tmp_path / "autostart" / "homebody.desktop").read_text("utf-8")
    assert 'Exec="/opt/homebody/homebody"\n' in entry


@posix
def test_a_folder_that_cannot_be_written_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "autostart").write_text("a file in the way", "utf-8")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    with pytest.raises(BadInput) as problem:
        start_with_session(True)
    assert "could not be set" in problem.value.message
    assert problem.value.hint
