"""A model's file opened with Homebody: from a file manager, and while a window is open already."""

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent

from engine.tiny_models import LAYERS, WIDE, adapter, tiny_llama
from homebody import launch
from homebody.base.paths import find_home
from homebody.settings.file import load, save
from library.test_gguf import split
from ui.journey import journey
from ui.library_kit import RealBehind
from ui.stand import stand

ODD = "ein Modell ß 日本 %20 #1.gguf"
DEADLINE = 60.0


def answers(it):
    return str(it.session.model.path)


def begun(it):
    it.until(lambda: it.presenter.models.loaded, "the model")
    return answers(it)


# ---------------------------------------------------------------- in the window


def test_a_file_answers_for_this_run_and_can_be_kept(write_script, tmp_path):
    path = str(tiny_llama(tmp_path / ODD))
    with stand(write_script()) as it:
        begun(it)
        it.presenter.go("models")
        it.presenter.open_file(path)
        it.until(lambda: it.notice("opened"), "the notice")
        assert answers(it) == path
        assert it.view.page == "chat"
        notice = it.notice("opened")
        assert notice.text == "ein Modell ß 日本 %20 #1 answers until Homebody ends."
        assert load(find_home()).settings.model != path
        it.presenter.board.act("opened")
        it.until(lambda: it.presenter.models.settings.model == path, "the setting")
        assert load(find_home()).settings.model == path
        assert not it.notice("opened")
        # Opened once more there is nothing to say, and nothing to load.
        before = it.presenter.models.loaded
        it.presenter.open_file(path)
        it.settle()
        assert not it.notice("opened")
        assert it.presenter.models.loaded is before


def test_another_model_takes_the_notice_away(write_script, tmp_path):
    path = str(tiny_llama(tmp_path / "Mine.gguf"))
    with stand(write_script()) as it:
        begun(it)
        it.presenter.open_file(path)
        it.until(lambda: it.notice("opened"), "the notice")
        it.presenter.models.choose("starter")
        it.until(lambda: answers(it) != path, "the starter")
        assert not it.notice("opened")


def test_a_file_of_the_start_itself_is_told_too(write_script, tmp_path):
    path = tiny_llama(tmp_path / "Mine.gguf")
    with stand(write_script(), file=path) as it:
        it.presenter.open_file(str(path))
        it.until(lambda: it.notice("opened"), "the notice")
        assert answers(it) == str(path)


def broken(tmp_path):
    """Return files that cannot be opened, and a word of why."""
    page = tmp_path / "page.gguf"
    page.write_text("<!DOCTYPE html>", encoding="utf-8")
    empty = tmp_path / "empty.gguf"
    empty.write_bytes(b"")
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(tiny_llama(tmp_path / "whole.gguf").read_bytes()[:400])
    folder = tmp_path / "folder.gguf"
    folder.mkdir()
    lora = adapter(tmp_path / "lora.gguf", wide=WIDE, layers=LAYERS)
    parts = split(tmp_path)
    parts[2].unlink()
    return {
        str(page): "page.gguf",
        str(empty): "empty.gguf",
        str(cut): "cut.gguf",
        str(folder): "folder.gguf",
        str(lora): "adapter",
        str(parts[0]): "one of 3 files",
        str(tmp_path / "missing.gguf"): "missing.gguf",
        str(tmp_path / ("long" * 2000)): "",
        "//server/share/model.gguf": "another machine",
        str(tmp_path / "\udcff.gguf"): "not UTF-8",
    }


def test_what_cannot_answer_is_a_notice_and_the_model_stays(write_script, tmp_path):
    with stand(write_script()) as it:
        before = begun(it)
        for path, word in broken(tmp_path).items():
            it.presenter.open_file(path)
            it.until(lambda: it.view.notices, f"what is said of {path}")
            [notice] = it.view.notices
            assert notice.kind == "bad"
            assert word in notice.text
            notice.text.encode()
            it.settle()
            it.presenter.board.dismiss(notice.key)
            assert answers(it) == before
        assert not it.view.header.model_failed


def test_a_file_larger_than_the_memory_is_a_notice(write_script, tmp_path):
    path = tiny_llama(tmp_path / "Huge.gguf")
    # Without a byte on the disk: there is a hole at its end.
    with path.open("r+b") as stream:
        stream.truncate(1 << 42)
    with stand(write_script()) as it:
        before = begun(it)
        it.presenter.open_file(str(path))
        it.until(lambda: it.view.notices, "the notice")
        assert "Huge.gguf" in it.view.notices[0].text
        assert "choose a smaller" in it.view.notices[0].text.lower()
        assert answers(it) == before


def test_a_file_dropped_on_the_window_goes_on_the_shelf(write_script, qapp, tmp_path):
    path = tiny_llama(tmp_path / ODD)
    with journey(write_script(), qapp, behind=RealBehind()) as it:
        it.until(lambda: it.presenter.models.loaded, "the model")
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(path))])
        it.window.dropEvent(
            QDropEvent(
                QPointF(5, 5),
                Qt.DropAction.CopyAction,
                data,
                Qt.MouseButton.LeftButton,
                Qt.KeyboardModifier.NoModifier,
            )
        )
        it.until(lambda: "added" in it.presenter.board._notices, "the notice")
        assert "日本" in it.presenter.board._notices["added"].text
        it.presenter.board.act("added")
        it.until(lambda: str(it.session.model.path) == str(path), "the model")


# ---------------------------------------------------------------- which file is meant


def test_which_file_a_start_means(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tiny_llama(tmp_path / "a.gguf")
    parts = split(tmp_path)
    assert launch._meant(Path("a.gguf")) == tmp_path / "a.gguf"
    assert launch._meant(Path("./b/c.gguf")) == tmp_path / "b" / "c.gguf"
    assert launch._meant(parts[1]) == parts[0]
    assert launch._meant(Path(parts[2].name)) == parts[0]
    # Names of models, and what is on another machine, are looked at by others.
    assert launch._meant(Path("Qwen3 4B")) == Path("Qwen3 4B")
    assert launch._meant(Path("//server/a-00001-of-00002.gguf")) == Path(
        "//server/a-00001-of-00002.gguf"
    )
    long = Path(f"{'x' * 5000}-00001-of-00002.gguf")
    assert launch._meant(tmp_path / long) == tmp_path / long


# ---------------------------------------------------------------- as a file manager does it


def start(*words, cwd):
    """Start Homebody without a terminal and with a display, as a desktop entry does."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "homebody", *map(os.fsencode, words)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        cwd=cwd,
    )


def loaded(process, path):
    """Tell whether a child of the window has this model open."""
    with contextlib.suppress(psutil.Error, OSError):
        for child in psutil.Process(process.pid).children(recursive=True):
            maps = Path(f"/proc/{child.pid}/maps").read_text(encoding="utf-8", errors="replace")
            if str(path) in maps:
                return True
    return False


def wait_for(condition, process):
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.05)


@pytest.mark.skipif(sys.platform != "linux", reason="it looks into /proc")
def test_a_double_click_opens_the_window_with_the_file_and_another_hands_it_on(tmp_path):
    save(find_home(), {"threads": 1})
    one, two = tiny_llama(tmp_path / "one.gguf"), tiny_llama(tmp_path / ODD)
    (tmp_path / "bad.gguf").write_bytes(b"no model")
    window = start("one.gguf", cwd=tmp_path)
    try:
        wait_for(lambda: loaded(window, one), window)
        for name in (ODD, "bad.gguf", "\udcff.gguf"):
            # From another folder than the window's: a relative path is the second start's.
            second = start(name, cwd=tmp_path)
            out, err = second.communicate(timeout=DEADLINE)
            assert (second.returncode, out, err) == (0, b"", b""), name
            wait_for(lambda: loaded(window, two), window)
        time.sleep(0.5)
        assert loaded(window, two)
        assert not loaded(window, one)
    finally:
        window.terminate()
        out, err = window.communicate(timeout=DEADLINE)
    said = {line for line in err.splitlines() if not line.startswith(b"This plugin does not")}
    assert (out, said) == (b"", set())
    assert load(find_home()).settings.model == "starter" or not load(find_home()).settings.model
