"""A frozen app passes its own folder of libraries on to nobody, and knows how it is started."""

import os
import sys
from pathlib import Path

import pytest

from homebody.wire.keeper import child_command, child_environment
from homebody.wire.surroundings import own_environment, own_program, window_program

INSIDE = "/opt/homebody/_internal"


@pytest.fixture
def frozen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Make this look like a frozen app; return its program."""
    program = tmp_path / "app" / "homebody"
    program.parent.mkdir()
    program.touch(0o755)
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(program))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    for name in ("APPIMAGE", "APPDIR", "LD_LIBRARY_PATH_ORIG"):
        monkeypatch.delenv(name, raising=False)
    return program


def test_a_checkout_passes_its_environment_on_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", "/somewhere")
    monkeypatch.setenv("LD_LIBRARY_PATH_ORIG", "/else")
    assert own_environment() == dict(os.environ)


@pytest.mark.usefixtures("frozen")
def test_what_was_set_before_is_set_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", f"{INSIDE}:/mine")
    monkeypatch.setenv("LD_LIBRARY_PATH_ORIG", "/mine")
    monkeypatch.setenv("_PYI_APPLICATION_HOME_DIR", INSIDE)
    monkeypatch.setenv("WORDS", "mine too")
    before = own_environment()
    assert before["LD_LIBRARY_PATH"] == "/mine"
    assert before["WORDS"] == "mine too"
    assert [name for name in before if "_PYI_" in name or name.endswith("_ORIG")] == []
    assert child_environment()["LD_LIBRARY_PATH"] == "/mine"


@pytest.mark.usefixtures("frozen")
def test_what_was_not_set_before_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", INSIDE)
    assert "LD_LIBRARY_PATH" not in own_environment()
    assert "LD_LIBRARY_PATH" not in child_environment()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has two programs")
def test_a_frozen_child_is_the_same_program(frozen: Path) -> None:
    assert child_command("porter", "x") == [str(frozen), "--as", "porter", str(os.getpid()), "x"]
    assert window_program() == own_program() == str(frozen)


def test_on_windows_children_have_the_console_and_the_window_has_none(
    frozen: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    for name in ("homebody.exe", "homebody-window.exe"):
        monkeypatch.setattr(sys, "executable", str(frozen.with_name(name)))
        assert child_command("engine")[0] == str(frozen.with_name("homebody.exe"))
        assert window_program() == str(frozen.with_name("homebody-window.exe"))


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such links")
def test_what_a_package_installed_is_called_as_it_is_on_the_path(
    frozen: Path, tmp_path: Path
) -> None:
    on_path = tmp_path / "bin" / "homebody"
    on_path.parent.mkdir()
    on_path.symlink_to(frozen)
    assert window_program() == str(on_path)
    # Another Homebody that is installed is not this one.
    on_path.unlink()
    on_path.touch(0o755)
    assert window_program() == str(frozen)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no AppImages")
def test_an_appimage_is_called_by_its_file(
    frozen: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = tmp_path / "Homebody.AppImage"
    monkeypatch.setenv("APPIMAGE", str(image))
    monkeypatch.setenv("APPDIR", str(frozen.parent))
    assert window_program() == str(image)
    # Another program's AppImage may have started us.
    monkeypatch.setenv("APPDIR", str(tmp_path / "elsewhere"))
    assert window_program() == str(frozen)
