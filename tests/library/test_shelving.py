"""The shelf: everything that can be chosen, quickly; settings kept; removing only what is ours."""

import hashlib
import os
import statistics
import time
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from homebody.base.clock import now
from homebody.base.errors import HomebodyError, ModelProblem, SettingsProblem
from homebody.base.paths import Home, find_home
from homebody.library import shelf_bin
from homebody.library.fingerprint import Fingerprints
from homebody.library.shelf import Shelf, find_file, find_model
from homebody.library.shelf_file import read_shelf
from homebody.messages.shelf import ModelSettings, ShelvedFile
from homebody.store.store import Store
from library.gguf_files import STRING, U32, fact, part_of_model, with_facts
from library.other_apps import GGUF, fresh_person, model, ollama, write

ADAPTER = with_facts(
    fact("general.type", STRING, "adapter"), fact("adapter.type", STRING, "lora")
).bytes()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    fresh_person(tmp_path / "person", monkeypatch)
    monkeypatch.chdir(tmp_path)
    return find_home()


@pytest.fixture
def person(home: Home, tmp_path: Path) -> Path:
    return tmp_path / "person"


def keys(files: tuple[ShelvedFile, ...]) -> list[str]:
    return [file.key for file in files]


def refused(call: object, *arguments: object) -> HomebodyError:
    with pytest.raises((ModelProblem, SettingsProblem)) as caught:
        call(*arguments)  # type: ignore[operator]
    assert caught.value.hint, "it says what to do next"
    return caught.value


# ---------------------------------------------------------------- listing


def test_a_new_profile_has_the_starter(home: Home) -> None:
    shelf = Shelf(home)
    [starter] = shelf.files()
    assert (starter.key, starter.source, starter.bytes) == ("starter", "starter", 98_362_432)
    assert shelf.found() == ()
    assert not home.data.exists(), "looking makes nothing"


def test_models_from_everywhere(home: Home, person: Path, tmp_path: Path) -> None:
    write(home.models / "a.gguf", model(1))
    write(home.models / "o/r/b.gguf", model(2))
    write(home.models / "incoming/half.gguf", model(3))
    write(home.models / "bin/x/gone.gguf", model(3))
    write(tmp_path / "Models/c.gguf", model(4))
    one = write(tmp_path / "d.gguf", model(5))
    ollama(person / ".ollama/models", "registry.ollama.ai/library/e/1b", model(6))
    shelf = Shelf(home)
    shelf.add_folder(tmp_path / "Models")
    assert shelf.add_file(one).source == "file"
    assert keys(shelf.files()) == ["starter", "a", "o/r/b", "Models/c", "d"]
    assert keys(shelf.found()) == ["ollama/e:1b"]
    assert shelf.folders() == (tmp_path / "Models",)
    for file in (*shelf.files(), *shelf.found()):
        assert shelf.find(file.key).path == Path(file.path)
        assert Path(file.path).stat().st_size == file.bytes


def test_one_file_is_listed_once(home: Home, person: Path) -> None:
    """A folder that is looked into anyway; and what another app keeps in it."""
    ollama(person / ".ollama/models", "registry.ollama.ai/library/e/1b")
    write(person / ".lmstudio/models/o/r/a.gguf", model(1))
    shelf = Shelf(home)
    shelf.add_folder(person / ".lmstudio")
    shelf.add_folder(person / ".lmstudio/models")
    shelf.add_folder(home.models.parent if home.models.is_dir() else person)
    assert keys(shelf.files()) == ["starter", ".lmstudio/models/o/r/a"]
    assert keys(shelf.found()) == ["ollama/e:1b"]


def test_keys_are_unique_and_the_same_next_time(home: Home, tmp_path: Path) -> None:
    write(home.models / "starter.gguf", model(1))
    write(home.models / "x/a.gguf", model(2))
    write(home.models / "ollama/a.gguf", model(3))
    for number, folder in enumerate(("one/x", "two/x")):
        write(tmp_path / folder / "a.gguf", model(4 + number))
        Shelf(home).add_folder(tmp_path / folder)
    found = keys(Shelf(home).files())
    assert len(found) == len(set(found)) == 6
    assert found == keys(Shelf(home).files())
    assert [key.partition("~")[0] for key in found if "~" in key] == [
        "ollama/a",
        "starter",
        "x/a",
        "x/a",
    ]
    assert {find_model(home, key).path for key in found} == {
        Path(file.path) for file in Shelf(home).files()
    }


def test_a_name_that_several_have_is_asked_back(home: Home, tmp_path: Path) -> None:
    write(tmp_path / "one/a.gguf", model(1))
    write(tmp_path / "two/a.gguf", model(2))
    write(tmp_path / "two/b.gguf", model(3))
    shelf = Shelf(home)
    shelf.add_folder(tmp_path / "one")
    shelf.add_folder(tmp_path / "two")
    assert "Say which: one/a, two/a" in refused(shelf.find, "a").hint
    assert shelf.find("B").path == tmp_path / "two/b.gguf"
    assert find_file(home, "two/a") == tmp_path / "two/a.gguf"
    assert "There is no model" in refused(shelf.find, "c").message
    assert "There is no model" in refused(shelf.facts, "c").message


def test_facts_are_read_once_and_again_when_the_file_changes(home: Home) -> None:
    path = write(
        home.models / "a.gguf",
        with_facts(
            fact("llama.context_length", U32, 2048), fact("general.license", STRING, "mit")
        ).bytes(),
    )
    shelf = Shelf(home)
    assert shelf.files()[1].architecture is None, "not read yet"
    assert shelf.facts("a").trained_context == 2048
    assert shelf.files()[1].licence == "mit"
    shelf.save()
    assert Shelf(home).files()[1].licence == "mit", "another run knows it too"
    path.write_bytes(GGUF[:-1])
    assert Shelf(home).files()[1].architecture is None
    assert "is cut off" in shelf.facts("a").problem
    path.unlink()
    assert "no model 'a'" in refused(shelf.facts, "a").message


@pytest.mark.parametrize("data", [b"", b"{", b"[1]", b'{"version":1,"files":{"x":3}}', b"\xff"])
def test_a_damaged_memory_of_facts_is_an_empty_one(home: Home, data: bytes) -> None:
    write(home.models / "a.gguf", GGUF)
    write(home.state / "model-facts.json", data)
    shelf = Shelf(home)
    assert shelf.facts("a").architecture == "llama"
    shelf.save()
    assert Shelf(home).files()[1].architecture == "llama"


def test_what_is_no_model_says_so_when_looked_at(home: Home) -> None:
    write(home.models / "lora.gguf", ADAPTER)
    write(home.models / "page.gguf", b"<html>")
    shelf = Shelf(home)
    assert "it is an adapter" in shelf.facts("lora").problem
    assert "an HTML page" in shelf.facts("page").problem


def test_a_split_model_is_one_and_goes_as_one(home: Home) -> None:
    for part in range(3):
        part_of_model(part, 3, 2).write(
            write(home.models / f"big-0000{part + 1}-of-00003.gguf", b"")
        )
    shelf = Shelf(home)
    assert keys(shelf.files()) == ["starter", "big"]
    assert shelf.files()[1].files == 3
    assert shelf.facts("big").problem == ""
    removed = shelf.remove("big")
    assert list(home.models.glob("*.gguf")) == []
    shelf.undo(removed)
    assert len(list(home.models.glob("*.gguf"))) == 3
    (home.models / "big-00002-of-00003.gguf").unlink()
    assert "no big-00002-of-00003.gguf" in shelf.facts("big").problem


def test_five_thousand_models_are_listed_quickly(home: Home) -> None:
    """A ratio would say nothing here: the figure is what a person waits."""
    home.models.mkdir(parents=True)
    for folder in range(50):
        (home.models / f"f{folder}").mkdir()
        for number in range(100):
            (home.models / f"f{folder}/m{number}.gguf").touch()
    store = Store.open(home)
    shelf = Shelf(home, store)
    for file in shelf.files()[1:300]:
        shelf.facts(file.key)
    shelf.save()
    took = []
    for _ in range(5):
        again = Shelf(home, store)
        began = time.perf_counter()
        assert len(again.files()) == 5001
        took.append(time.perf_counter() - began)
    store.close()
    print(f"5,000 models: {statistics.median(took) * 1e3:.0f} ms")
    assert min(took) < 0.3


# ---------------------------------------------------------------- hashes


def test_a_file_of_ollamas_is_checked_in_the_background(home: Home, person: Path) -> None:
    good = ollama(person / ".ollama/models", "registry.ollama.ai/library/good/1", model(1))
    bad = ollama(person / ".ollama/models", "registry.ollama.ai/library/bad/1", model(2))
    bad.write_bytes(model(3))
    store = Store.open(home)
    hashes = Fingerprints(store)
    shelf = Shelf(home, store)
    assert set(shelf.unchecked()) == {good, bad}
    hashes.begin(shelf.unchecked())
    assert hashes.compute(good, wait=60)
    assert hashes.compute(bad, wait=60)
    assert shelf.unchecked() == ()
    found = {file.key: file for file in shelf.found()}
    assert found["ollama/good:1"].sha256 == hashlib.sha256(model(1)).hexdigest()
    assert found["ollama/good:1"].problem == ""
    assert "its SHA-256 is another" in found["ollama/bad:1"].problem
    hashes.close()
    store.close()


# ---------------------------------------------------------------- settings


def test_settings_of_a_model_are_kept_and_found_with_it(home: Home) -> None:
    path = write(home.models / "a.gguf", GGUF)
    shelf = Shelf(home)
    mine = ModelSettings(context=2048, temperature=0.2, system_prompt="Be brief.")
    shelf.change_settings("a", mine)
    shelf.change_settings("starter", ModelSettings(top_k=7))
    assert Shelf(home).settings_of("a") == mine
    for name in ("a", "a.gguf", str(path)):
        assert find_model(home, name).settings == mine, name
    assert find_model(home, "starter").settings.top_k == 7
    shelf.change_settings("a", ModelSettings())
    assert find_model(home, "a").settings == ModelSettings()
    assert b'"a"' not in home.shelf.read_bytes()


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        (ModelSettings(context=3), "context must be"),
        (ModelSettings(temperature=float("nan")), "temperature must be"),
        (ModelSettings(top_p=1.5), "top_p must be"),
        (ModelSettings(adapter_scale=99.0), "adapter_scale must be"),
        (ModelSettings(template="x" * 200_001), "template must be"),
        (ModelSettings(cache_type="q9"), "cache_type must be"),  # type: ignore[arg-type]
        (ModelSettings(adapter="relative.gguf"), "must be the whole path"),
        (ModelSettings(adapter="//server/a.gguf"), "must be the whole path"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(
    home: Home, settings: ModelSettings, why: str
) -> None:
    assert why in refused(Shelf(home).change_settings, "starter", settings).message
    assert not home.shelf.exists()


def test_an_adapter_is_looked_at_when_it_is_chosen(home: Home, tmp_path: Path) -> None:
    shelf = Shelf(home)
    good = write(tmp_path / "lora.gguf", ADAPTER)
    shelf.change_settings("starter", ModelSettings(adapter=str(good)))
    gone = str(tmp_path / "gone.gguf")
    assert (
        "gone.gguf"
        in refused(shelf.change_settings, "starter", ModelSettings(adapter=gone)).message
    )
    other = write(tmp_path / "model.gguf", GGUF)
    assert (
        "is no adapter"
        in refused(shelf.change_settings, "starter", ModelSettings(adapter=str(other))).message
    )
    # One that vanished since must not keep a person from changing the rest.
    good.unlink()
    shelf.change_settings("starter", ModelSettings(adapter=str(good), top_k=3))


HAND = """{
  "folders": ["relative", 7, "/no/such"], "files": "x",
  "models": {"starter": {"top_k": 5, "temperature": "hot", "colour": 1, "min_p": 0,
    "adapter": "//server/share/a.gguf"}, "b": 3},
  "else": 1
}"""


def test_a_file_written_by_hand_is_used_as_far_as_it_goes(home: Home) -> None:
    write(home.shelf, HAND)
    shelf = Shelf(home)
    assert find_model(home, "starter").settings == ModelSettings(top_k=5, min_p=0.0)
    text = " ".join(shelf.notices)
    for word in (
        '"folders"',
        '"files"',
        "temperature must be",
        "adapter must be",
        '"colour"',
        '"b"',
        '"else"',
    ):
        assert word in text
    shelf.change_settings("starter", ModelSettings(top_k=6))
    assert (home.shelf.parent / "shelf.kept-1.json").read_text() == HAND
    assert Shelf(home).notices == ()
    assert Shelf(home).settings_of("starter").top_k == 6


@pytest.mark.parametrize("data", [b"{", b"[]", b"\xff\xfe", b"[" * 50_000, b"x" * 8_000_001])
def test_a_damaged_file_is_kept_aside(home: Home, data: bytes, tmp_path: Path) -> None:
    write(home.shelf, data)
    shelf = Shelf(home)
    assert keys(shelf.files()) == ["starter"]
    assert len(shelf.notices) == 1
    assert home.shelf.read_bytes() == data, "reading changes nothing"
    shelf.add_folder(tmp_path)
    shelf.add_folder(home.config)
    assert (home.shelf.parent / "shelf.kept-1.json").read_bytes() == data
    assert not (home.shelf.parent / "shelf.kept-2.json").exists()
    assert read_shelf(home.shelf).kept.folders == (str(tmp_path), str(home.config))


# ---------------------------------------------------------------- removing


def test_what_is_ours_goes_to_the_bin_and_comes_back(home: Home) -> None:
    path = write(home.models / "o/r/a.gguf", GGUF)
    path.chmod(0o444)
    shelf = Shelf(home)
    removed = shelf.remove("o/r/a")
    assert (removed.kind, path.exists()) == ("bin", False)
    assert keys(shelf.files()) == ["starter"]
    [listed] = Shelf(home).removed()
    assert listed == removed
    Shelf(home).undo(listed)
    assert path.read_bytes() == GGUF
    assert shelf.removed() == ()
    assert list((home.models / "bin").iterdir()) == []
    assert "not in the bin any more" in refused(shelf.undo, removed).message


def test_an_undo_overwrites_nothing(home: Home) -> None:
    path = write(home.models / "a.gguf", GGUF)
    shelf = Shelf(home)
    removed = shelf.remove("a")
    path.write_bytes(model(1))
    assert "there is another file a.gguf now" in refused(shelf.undo, removed).message
    assert path.read_bytes() == model(1)


def test_a_loaded_model_stays(home: Home) -> None:
    path = write(home.models / "a.gguf", GGUF)
    with pytest.raises(ModelProblem, match="is loaded now"):
        Shelf(home).remove("a", loaded=path)
    assert path.exists()


def test_what_is_not_ours_is_only_forgotten(home: Home, person: Path, tmp_path: Path) -> None:
    blob = ollama(person / ".ollama/models", "registry.ollama.ai/library/e/1b", model(1))
    mine = write(tmp_path / "Mine/c.gguf", model(2))
    single = write(tmp_path / "d.gguf", model(3))
    shelf = Shelf(home)
    shelf.add_folder(mine.parent)
    shelf.add_file(single)
    removed = [shelf.remove(key) for key in ("ollama/e:1b", "Mine/c", "d")]
    assert {each.kind for each in removed} == {"forgotten"}
    assert all(path.exists() for path in (blob, mine, single))
    assert (keys(shelf.files()), shelf.found()) == (["starter"], ())
    assert sorted(each.key for each in Shelf(home).removed()) == ["Mine/c", "d", "ollama/e:1b"]
    for each in removed:
        shelf.undo(each)
    assert keys(shelf.files()) == ["starter", "Mine/c", "d"]
    assert keys(shelf.found()) == ["ollama/e:1b"]
    assert "came with Homebody" in refused(shelf.remove, "starter").message


def test_the_bin_is_emptied_after_thirty_days_and_not_by_a_clock_that_leaps(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(home.models / "a.gguf", GGUF)
    shelf = Shelf(home)
    shelf.remove("a")
    today, folder = now(), home.models / "bin"

    def look(days: float) -> int:
        moment = today + timedelta(days=days)
        monkeypatch.setattr(shelf_bin, "now", lambda: moment)
        count = len(shelf.removed())
        os.utime(folder, (moment.timestamp(), moment.timestamp()))
        return count

    assert [look(days) for days in (20, 29, 400, 420, 429)] == [1, 1, 1, 1, 1]
    assert look(431) == 0
    assert list(folder.iterdir()) == []
    assert not path.exists()


def test_a_note_in_the_bin_means_nothing_outside_it(home: Home, tmp_path: Path) -> None:
    victim = write(tmp_path / "victim.gguf", GGUF)
    note = {"key": "a", "name": "a", "when": "2020-01-01T00:00:00Z"}
    for number, name in enumerate(("../../../../victim.gguf", str(victim))):
        data = msgspec.json.encode({**note, "files": [name]})
        write(home.models / f"bin/{number}/removed.json", data)
    assert Shelf(home).removed() == ()
    assert victim.exists()


@pytest.mark.parametrize("name", ["//server/share", "\\\\server\\share"])
def test_what_is_on_another_machine_is_refused(home: Home, name: str) -> None:
    shelf = Shelf(home)
    assert "not a folder on this machine" in refused(shelf.add_folder, Path(name)).message
    assert refused(shelf.add_file, Path(name + "/a.gguf"))
    assert refused(shelf.find, name + "/a.gguf")


def test_a_file_that_one_cannot_chat_with_is_not_put_on_the_shelf(
    home: Home, tmp_path: Path
) -> None:
    shelf = Shelf(home)
    assert (
        "it is an adapter" in refused(shelf.add_file, write(tmp_path / "l.gguf", ADAPTER)).message
    )
    assert "There is no model" in refused(shelf.add_file, tmp_path / "no.gguf").message
    assert "not a folder" in refused(shelf.add_folder, tmp_path / "no").message
    assert not home.shelf.exists()


def test_a_model_of_the_catalogue_has_its_makers_sampling(home: Home) -> None:
    write(home.models / "Qwen3-4B-Instruct-2507-Q4_K_M.gguf", GGUF)
    found = Shelf(home).find("qwen3-4b-instruct-2507-q4_k_m")
    assert (found.sampling.temperature, found.sampling.top_k) == (0.7, 20)
