"""One window for a profile: a second start raises the first, takes over, or says why not."""

import errno
import threading
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from homebody.base.errors import HomebodyError
from homebody.base.paths import find_home
from homebody.ui import single
from homebody.ui.application import Desk, Needs
from homebody.ui.memory import WindowMemory, recall, remember
from homebody.ui.single import OnlyWindow
from ui.journey import journey
from ui.stand import SeenPorter


@pytest.mark.parametrize(
    "file", ["/a/model.gguf", "/a/ein Modell ß 日本 %20 #1?.gguf", "/a/\udcff.gguf", ""]
)
def test_a_second_start_hands_its_file_to_the_first(
    file: str, qtbot: object, qapp: QApplication
) -> None:
    first, second = OnlyWindow(find_home()), OnlyWindow(find_home())
    assert first.claim()
    assert not second.claim()
    taken: list[bool] = []
    starting = threading.Thread(target=lambda: taken.append(second.hand_over(file)))
    with qtbot.waitSignal(first.asked) as asked:  # type: ignore[attr-defined]
        starting.start()
    assert asked.args == [file]
    starting.join()
    assert taken == [True]
    first.give_up()


def test_a_start_while_the_first_window_closes_becomes_the_window(qapp: QApplication) -> None:
    first, second = OnlyWindow(find_home()), OnlyWindow(find_home())
    assert first.claim()
    # Closing: it no longer looks at requests, and lets go a moment later.
    first._watcher.deleteLater()  # type: ignore[union-attr]
    first._watcher = None
    threading.Timer(0.2, first.give_up).start()
    assert second.hand_over() is False
    assert not OnlyWindow(find_home()).claim()
    second.give_up()


def test_a_window_that_hangs_is_said(qapp: QApplication) -> None:
    first, second = OnlyWindow(find_home()), OnlyWindow(find_home())
    assert first.claim()
    with pytest.raises(HomebodyError) as said:
        second.hand_over(seconds=0.2)
    assert "does not answer" in said.value.message
    assert said.value.hint
    first.give_up()


def test_a_disk_that_is_full_is_said(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    first, second = OnlyWindow(find_home()), OnlyWindow(find_home())
    assert first.claim()
    monkeypatch.setattr(single, "replace_file", full)
    with pytest.raises(HomebodyError, match="No space left on device"):
        second.hand_over("/a/model.gguf")
    first.give_up()


def test_a_broken_request_is_nothing(qapp: QApplication) -> None:
    first = OnlyWindow(find_home())
    assert first.claim()
    (find_home().state / "window.request").write_bytes(b"\xff{not json")
    first._look("")
    first.give_up()


@pytest.mark.parametrize(
    "written",
    [b"", b"no", b'{"sidebar": 1000000000000}', b'{"geometry": 1}', b"[]", b'{"sidebar": -5}'],
)
def test_a_broken_memory_of_the_window_is_none(written: bytes, qapp: QApplication) -> None:
    home = find_home()
    home.state.mkdir(parents=True)
    (home.state / "window.json").write_bytes(written)
    assert recall(home) == WindowMemory()


def test_odd_geometry_opens_a_window_all_the_same(write_script: object, qapp: QApplication) -> None:
    remember(find_home(), WindowMemory(geometry=b"\x01\xd9\xd0\xcb" + b"\xff" * 60, sidebar=9_999))
    with journey(write_script("Yes."), qapp) as it:  # type: ignore[operator]
        assert it.window.isVisible()
        assert it.find("message")


def test_words_typed_before_anything_was_open_are_kept_when_the_window_closes(
    write_script: object, qapp: QApplication, tmp_path: Path
) -> None:
    script = write_script("Yes.")  # type: ignore[operator]
    from homebody.engine.client import Engine
    from homebody.wire.keeper import child_command
    from ui.stand import make_session

    engine = Engine(child_command("scripted-engine", str(script)))
    gate = threading.Event()

    def open_session() -> object:
        gate.wait(30)
        return make_session(engine)

    def begin() -> tuple[SeenPorter, tuple[str, ...]]:
        engine.start()
        return SeenPorter(), ()

    desk = Desk(qapp, Needs(home=find_home(), begin=begin, open_session=open_session))  # type: ignore[arg-type]
    desk.open()
    while desk.presenter is None:
        qapp.processEvents()
    desk.window.composer.set_text("typed too early")
    threading.Timer(0.1, gate.set).start()
    desk.close()
    engine.close()
    desk.window.deleteLater()
    with journey(script, qapp) as it:
        it.until(lambda: it.window.words() == "typed too early", "the draft")


def test_a_window_that_cannot_be_furnished_says_why(qapp: QApplication) -> None:
    def begin() -> tuple[SeenPorter, tuple[str, ...]]:
        raise HomebodyError("No process can be started.", "Free some memory.")

    desk = Desk(qapp, Needs(home=find_home(), begin=begin, open_session=lambda: None))  # type: ignore[arg-type, return-value]
    desk.open()
    while desk.failure is None:
        qapp.processEvents()
    assert isinstance(desk.failure, HomebodyError)
    # It was told to end, outside of its loop: a loop that runs and ends takes that away.
    QTimer.singleShot(0, qapp.quit)
    qapp.exec()
    desk.close()
    desk.window.deleteLater()
