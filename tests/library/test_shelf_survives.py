"""What a shelf must not lose, and must not touch: links, odd names, other machines, taken keys."""

import os
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path, PureWindowsPath

import msgspec
import pytest

from homebody.base.clock import now
from homebody.base.errors import HomebodyError
from homebody.base.paths import Home, find_home
from homebody.library import shelf_bin
from homebody.library.foreign import find_foreign
from homebody.library.shelf import Shelf, check_memory, find_file, find_model
from homebody.library.shelf_file import read_shelf
from homebody.messages.shelf import ModelSettings
from library.gguf_files import part_of_model
from library.other_apps import GGUF, fresh_person, model, ollama, write

PIRATE = ModelSettings(system_prompt="Speak like a pirate.")
links = pytest.mark.skipif(sys.platform == "win32", reason="links need a right there")
any_bytes = pytest.mark.skipif(sys.platform != "linux", reason="names are text there")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    fresh_person(tmp_path / "person", monkeypatch)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return find_home()


def refused(call: Callable[..., object], *arguments: object) -> HomebodyError:
    with pytest.raises(HomebodyError) as caught:
        call(*arguments)
    assert caught.value.hint, "it says what to do next"
    return caught.value


# ---------------------------------------------------------------- links


@links
@pytest.mark.parametrize("linked", ["folder", "file", "part"])
def test_what_a_link_in_models_leads_to_stays_where_it_is(
    home: Home, tmp_path: Path, linked: str
) -> None:
    home.models.mkdir(parents=True)
    names = ["keep.gguf"]
    if linked == "part":
        names = [f"keep-0000{number}-of-00002.gguf" for number in (1, 2)]
    mine = [write(tmp_path / "mine" / name, GGUF) for name in names]
    if linked == "folder":
        (home.models / "linked").symlink_to(tmp_path / "mine")
    else:
        for path in mine[-1:]:
            (home.models / path.name).symlink_to(path)
        for path in mine[:-1]:
            path.rename(home.models / path.name)
    shelf = Shelf(home)
    key = "linked/keep" if linked == "folder" else "keep"
    removed = shelf.remove(key)
    assert removed.kind == "forgotten"
    assert mine[-1].read_bytes() == GGUF
    assert [file.key for file in shelf.files()] == ["starter"]
    shelf.undo(removed)
    assert shelf.files()[1].key == key


@links
def test_the_folder_of_models_may_be_a_link_itself(home: Home, tmp_path: Path) -> None:
    (tmp_path / "large-disk").mkdir()
    home.models.parent.mkdir(parents=True, exist_ok=True)
    home.models.symlink_to(tmp_path / "large-disk")
    write(home.models / "o/a.gguf", GGUF)
    shelf = Shelf(home)
    assert shelf.files()[1].source == "ours"
    assert shelf.remove("o/a").kind == "bin"


@links
def test_emptying_the_bin_goes_behind_no_link(home: Home, tmp_path: Path) -> None:
    """As an older version, or somebody else, may have put them there."""
    mine = write(tmp_path / "mine/keep.gguf", GGUF)
    mine.chmod(0o444)
    folder = home.models / "bin/1"
    folder.mkdir(parents=True)
    (folder / "one.gguf").symlink_to(mine)
    (folder / "linked").symlink_to(mine.parent)
    note = {"key": "a", "name": "a", "when": now() - timedelta(days=31)}
    note["files"] = ["one.gguf", "linked/keep.gguf"]
    write(folder / "removed.json", msgspec.json.encode(note))
    Shelf(home).removed()
    assert mine.stat().st_mode & 0o777 == 0o444
    assert not (folder / "one.gguf").is_symlink(), "a link itself goes"


@pytest.mark.parametrize("name", ["C:evil.gguf", "\\evil.gguf", "a/../../evil.gguf", ""])
def test_no_note_in_the_bin_leads_out_of_it_on_windows(
    home: Home, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(shelf_bin, "PurePath", PureWindowsPath)
    for number, each in enumerate((name, "good/a.gguf")):
        note = {"key": "a", "name": "a", "when": now(), "files": [each]}
        write(home.models / f"bin/{number}/removed.json", msgspec.json.encode(note))
    assert [each.place for each in Shelf(home).removed()] == ["1"]


# ---------------------------------------------------------------- names


@any_bytes
def test_a_name_that_is_no_text_is_listed_and_says_so(home: Home, tmp_path: Path) -> None:
    bad = write(home.models / os.fsdecode(b"bad\xff.gguf"), GGUF)
    write(home.models / "good.gguf", GGUF + b"1")
    shelf = Shelf(home)
    _, listed, _ = shelf.files()
    assert (listed.key, listed.name) == ("bad\\udcff", "bad\\udcff")
    assert "is not text" in listed.problem
    msgspec.json.encode(shelf.files())
    assert "is not text" in shelf.facts(listed.key).problem
    assert shelf.facts("good").architecture == "llama"
    shelf.save()
    assert Shelf(home).files()[2].architecture == "llama", "the others are remembered"
    assert "is not text" in refused(shelf.find, listed.key).message
    assert "is not text" in refused(shelf.remove, listed.key).message
    assert bad.exists()
    assert not (home.models / "bin").exists(), "nothing is begun"
    assert "is not UTF-8" in refused(shelf.add_file, bad).message
    folder = tmp_path / os.fsdecode(b"f\xff")
    folder.mkdir()
    write(folder / "a.gguf", GGUF + b"2")
    assert "is not text" in refused(shelf.add_folder, folder).message
    shelf.add_folder(tmp_path)
    below = next(file for file in shelf.files() if file.name == "a")
    assert "is not text" in refused(shelf.remove, below.key).message
    assert read_shelf(home.shelf).problems == ()


@pytest.mark.parametrize("name", ["qwen", "qwen.gguf", "ollama/qwen:1b", "Models/qwen"])
def test_a_folder_where_one_types_hides_no_model(home: Home, person: Path, name: str) -> None:
    write(home.models / "qwen.gguf", model(1))
    write(person / "Models/qwen.gguf", model(2))
    ollama(person / ".ollama/models", "registry.ollama.ai/library/qwen/1b", model(3))
    Shelf(home).add_folder(person / "Models")
    expected = find_file(home, name)
    Path(name).mkdir(parents=True)
    assert expected.is_file()
    assert find_model(home, name).path == expected
    assert find_file(home, name) == expected


@pytest.fixture
def person(home: Home, tmp_path: Path) -> Path:
    return tmp_path / "person"


def test_a_name_that_nothing_has_is_said_as_it_was_typed(home: Home) -> None:
    for call in (find_model, find_file):
        problem = refused(call, home, "llama3:latest")
        assert problem.message == "There is no model 'llama3:latest'."
        assert "homebody models list" in problem.hint
    assert str(Path("no.gguf").absolute()) in refused(find_model, home, "no.gguf").message


@pytest.mark.parametrize("name", ["//server/share/x.gguf", "\\\\server\\share\\x.gguf"])
def test_nothing_on_another_machine_is_looked_at(
    home: Home, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    touched: list[object] = []
    real = os.stat

    def stat(path: object, *more: object, **options: object) -> os.stat_result:
        if "server" in str(path):
            touched.append(path)
        return real(path, *more, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "stat", stat)
    for call in (find_model, find_file):
        assert "is on another machine" in refused(call, home, name).message
    assert touched == []


# ---------------------------------------------------------------- keys


@pytest.mark.parametrize("how", ["file", "folder"])
def test_settings_stay_with_their_model_when_another_takes_its_key(
    home: Home, person: Path, how: str
) -> None:
    mine = write(person / "own/qwen.gguf", model(1))
    shelf = Shelf(home)
    if how == "file":
        key, ours = shelf.add_file(mine).key, home.models / "qwen.gguf"
    else:
        shelf.add_folder(mine.parent)
        key, ours = "own/qwen", home.models / "own/qwen.gguf"
    shelf.change_settings(key, PIRATE)
    write(ours, model(2))
    again = Shelf(home)
    _, new, old = again.files()
    assert (new.key, new.source) == (key, "ours")
    suffixed = old.key
    assert find_model(home, str(mine)).settings == PIRATE
    assert find_model(home, suffixed).settings == PIRATE
    assert find_model(home, str(ours)).settings == ModelSettings()
    assert again.settings_of(suffixed) == PIRATE
    assert again.settings_of(key) == ModelSettings()
    again.change_settings(key, ModelSettings(top_k=3))
    ours.unlink()
    assert Shelf(home).settings_of(key) == PIRATE, "its key is its own again"
    Shelf(home).change_settings(key, ModelSettings())
    assert find_model(home, str(mine)).settings == ModelSettings()


def test_every_tag_of_ollamas_means_its_file(home: Home, person: Path) -> None:
    folder = person / ".ollama/models"
    ollama(folder, "registry.ollama.ai/library/llama3/latest", model(1))
    Shelf(home).change_settings("ollama/llama3:latest", PIRATE)
    blob = ollama(folder, "registry.ollama.ai/library/llama3/8b", model(1))
    assert [file.key for file in Shelf(home).found()] == ["ollama/llama3:8b"]
    for name in ("llama3:latest", "ollama/llama3:latest", "LLAMA3:8b"):
        found = find_model(home, name)
        assert (found.path, found.settings) == (blob, PIRATE), name
    Shelf(home).change_settings("ollama/llama3:8b", ModelSettings())
    assert find_model(home, "llama3:latest").settings == ModelSettings()


def test_a_wrong_description_hides_no_good_model_of_the_same_file(person: Path) -> None:
    folder = person / ".ollama/models"
    ollama(folder, "registry.ollama.ai/library/a/bad", model(1), size=3)
    ollama(folder, "registry.ollama.ai/library/b/good", model(1))
    found = {each.name: each.problem for each in find_foreign()}
    assert found["b:good"] == ""
    assert "should have 3" in found["a:bad"]


# ---------------------------------------------------------------- split models, shelf.json


def test_a_split_model_takes_the_memory_of_all_its_parts(tmp_path: Path) -> None:
    first, *_ = (write(tmp_path / f"a-0000{n}-of-00003.gguf", bytes(1000)) for n in (1, 2, 3))
    check_memory(first, 3000)
    assert "takes" in refused(check_memory, first, 2999).message


def test_another_part_of_a_split_model_is_looked_at_again_when_it_changes(home: Home) -> None:
    parts = [
        part_of_model(n, 2, 2).write(write(home.models / f"big-0000{n + 1}-of-00002.gguf", b""))
        for n in range(2)
    ]
    assert find_model(home, "big").path == parts[0]
    parts[1].write_bytes(b"<html>")
    assert "an HTML page" in refused(find_model, home, "big").message


HUGE = "1" + "0" * 400


@pytest.mark.parametrize("name", ModelSettings.__struct_fields__)
@pytest.mark.parametrize("value", [HUGE, "-" + HUGE, "1e999", "true", "[]", '"x"'])
def test_no_value_written_by_hand_stops_the_shelf(home: Home, name: str, value: str) -> None:
    write(home.shelf, f'{{"models": {{"starter": {{"{name}": {value}}}}}}}')
    settings = find_model(home, "starter").settings
    if settings == ModelSettings():
        assert Shelf(home).notices


def test_settings_of_too_many_models_are_not_dropped_in_silence(home: Home) -> None:
    data = msgspec.json.encode({"models": {f"m{n}": {"top_k": 3} for n in range(10_001)}})
    write(home.shelf, data)
    shelf = Shelf(home)
    assert "10,001 models" in shelf.notices[0]
    shelf.change_settings("starter", PIRATE)
    assert (home.shelf.parent / "shelf.kept-1.json").read_bytes() == data
