"""Models of other apps: found where those apps keep them, and nothing believed that they say."""

import hashlib
import json
import os
import sys
import time
from pathlib import Path

import pytest

from homebody.library import foreign
from homebody.library.foreign import ForeignFile, find_foreign
from homebody.library.model_files import files_in, leads_elsewhere, look_at
from library.other_apps import GGUF, fresh_person, hugging_face, model, ollama, write

linux = pytest.mark.skipif(sys.platform != "linux", reason="the folders of Linux")


@pytest.fixture
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return fresh_person(tmp_path / "person", monkeypatch)


def by_key() -> dict[str, ForeignFile]:
    return {found.key: found for found in find_foreign()}


def test_nobody_has_nothing(person: Path) -> None:
    assert find_foreign() == []


# ---------------------------------------------------------------- Ollama


def test_ollamas_models_have_its_names_and_are_its_files(person: Path) -> None:
    models = person / ".ollama" / "models"
    blob = ollama(models, "registry.ollama.ai/library/qwen3/4b", model(1))
    ollama(models, "registry.ollama.ai/someone/mine/latest", model(2))
    ollama(models, "hf.co/unsloth/Qwen3-4B-GGUF/Q4_K_M", model(3))
    found = by_key()
    assert set(found) == {
        "ollama/qwen3:4b",
        "ollama/someone/mine:latest",
        "ollama/hf.co/unsloth/Qwen3-4B-GGUF:Q4_K_M",
    }
    one = found["ollama/qwen3:4b"]
    assert (one.name, one.file.path, one.problem) == ("qwen3:4b", str(blob), "")
    assert one.sha256 == hashlib.sha256(model(1)).hexdigest()


def test_ollama_may_be_elsewhere(
    person: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OLLAMA_MODELS", str(tmp_path / "big disk"))
    ollama(tmp_path / "big disk", "registry.ollama.ai/library/a/b")
    assert list(by_key()) == ["ollama/a:b"]


def test_a_tag_that_is_the_same_file_is_listed_once(person: Path) -> None:
    models = person / ".ollama" / "models"
    ollama(models, "registry.ollama.ai/library/a/1b")
    ollama(models, "registry.ollama.ai/library/a/latest")
    assert list(by_key()) == ["ollama/a:1b"]


@pytest.mark.parametrize(
    "digest",
    [
        "sha256:" + "../" * 20 + "x" * 4,
        "sha256:" + "a" * 63,
        "sha256:" + "a" * 65,
        "sha256:" + "g" * 64,
        "md5:" + "a" * 64,
        "sha256:../../../../etc/passwd",
        "",
    ],
)
def test_a_digest_that_is_none_leads_nowhere(person: Path, digest: str) -> None:
    models = person / ".ollama" / "models"
    ollama(models, "registry.ollama.ai/library/a/b", digest=digest)
    manifest = json.loads((models / "manifests/registry.ollama.ai/library/a/b").read_text())
    manifest["layers"][0]["digest"] = digest
    write(models / "manifests/registry.ollama.ai/library/a/b", json.dumps(manifest))
    [found] = find_foreign()
    assert "names no file that there could be" in found.problem
    assert found.file.path == str(models / "manifests/registry.ollama.ai/library/a/b")


def test_a_manifest_that_points_nowhere_says_so(person: Path) -> None:
    ollama(person / ".ollama" / "models", "registry.ollama.ai/library/a/b").unlink()
    [found] = find_foreign()
    assert (found.name, found.file.bytes) == ("a:b", 0)
    assert "its file is not there" in found.problem
    assert "Get it again" in found.problem


def test_a_blob_of_another_size_says_so(person: Path) -> None:
    ollama(person / ".ollama" / "models", "registry.ollama.ai/library/a/b", size=5_000)
    [found] = find_foreign()
    assert f"has {len(GGUF):,} bytes; Ollama says that it should have 5,000" in found.problem


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"layers": 3}', "[" * 100_000, '{"a": "' + "x" * 300_000 + '"}']
)
def test_a_manifest_that_is_none(person: Path, text: str) -> None:
    write(person / ".ollama/models/manifests/registry.ollama.ai/library/a/b", text)
    [found] = find_foreign()
    assert "cannot be read" in found.problem


def test_what_ollama_does_not_keep_as_one_gguf_file(person: Path) -> None:
    path = person / ".ollama/models/manifests/registry.ollama.ai/library"
    kind = "application/vnd.ollama.image."
    layer = {"mediaType": f"{kind}model", "digest": "sha256:" + "a" * 64, "size": 1}
    write(path / "two/x", json.dumps({"layers": [layer, layer]}))
    write(path / "cloud/x", json.dumps({"layers": [{"mediaType": f"{kind}tensor"}, 7]}))
    write(path / "deep/er/x", "{}")
    [found] = find_foreign()
    assert found.name == "two:x"
    assert "several pieces" in found.problem


# ---------------------------------------------------------------- the others


def test_lm_studio_in_all_its_places(person: Path, tmp_path: Path) -> None:
    write(person / ".lmstudio/models/unsloth/A-GGUF/A-Q4_K_M.gguf", model(1))
    write(person / ".cache/lm-studio/models/me/B/b.gguf", model(2))
    write(
        person / ".lmstudio/settings.json",
        json.dumps({"downloadsFolder": str(tmp_path / "models of mine")}),
    )
    write(tmp_path / "models of mine/x/y/c.gguf", model(3))
    write(person / ".lmstudio-home-pointer", f"{tmp_path / 'studio'}\n")
    write(tmp_path / "studio/models/x/z/d.gguf", model(4))
    assert set(by_key()) == {
        "lm-studio/unsloth/A-GGUF/A-Q4_K_M",
        "lm-studio/me/B/b",
        "lm-studio/x/y/c",
        "lm-studio/x/z/d",
    }


@linux
def test_jan_with_its_descriptions_and_an_imported_file(person: Path, tmp_path: Path) -> None:
    data = person / ".local/share/Jan/data"
    write(data / "llamacpp/models/qwen/q4/model.gguf", model(1))
    write(data / "llamacpp/models/qwen/q4/mmproj.gguf", model(9))
    sha256 = hashlib.sha256(model(1)).hexdigest()
    write(
        data / "llamacpp/models/qwen/q4/model.yml",
        "embedding: false\nmodel_path: llamacpp/models/qwen/q4/model.gguf\n"
        f"mmproj_path: llamacpp/models/qwen/q4/mmproj.gguf\nname: q\nmodel_sha256: {sha256}\n",
    )
    imported = write(tmp_path / "mine.gguf", model(2))
    write(data / "llamacpp/models/mine/model.yml", f"model_path: '{imported}'\nname: mine\n")
    write(data / "llamacpp/models/bad/model.yml", "model_path: ../../../../../mine.gguf\n")
    write(data / "llamacpp/models/far/model.yml", "model_path: //server/share/a.gguf\n")
    write(data / "llamacpp/models/gone/model.yml", "model_path: llamacpp/models/gone/m.gguf\n")
    write(data / "models/old/old.gguf", model(3))
    found = by_key()
    assert set(found) == {"jan/qwen/q4", "jan/mine", "jan/old/old"}
    assert found["jan/qwen/q4"].sha256 == sha256
    assert found["jan/mine"].file.path == str(imported)


@linux
def test_jan_whose_folder_was_moved(person: Path, tmp_path: Path) -> None:
    write(person / ".config/Jan/settings.json", json.dumps({"data_folder": str(tmp_path / "j")}))
    write(tmp_path / "j/llamacpp/models/a/model.gguf", model(1))
    assert list(by_key()) == ["jan/a/model"]


@linux
def test_gpt4all_and_its_settings(person: Path, tmp_path: Path) -> None:
    write(person / ".local/share/nomic.ai/GPT4All/Llama.Q4_0.gguf", model(1))
    write(person / ".local/share/nomic.ai/GPT4All/incomplete-x.gguf", model(2))
    write(
        person / ".config/nomic.ai/GPT4All.ini",
        f"[General]\nthreadCount=4\nmodelPath={tmp_path / 'g'}\n",
    )
    write(tmp_path / "g/other.gguf", model(3))
    assert set(by_key()) == {"gpt4all/Llama.Q4_0", "gpt4all/other"}


def test_the_cache_of_hugging_face(person: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = person / ".cache/huggingface/hub"
    hugging_face(hub, "o/r", "c" * 40, "a-Q4_K_M.gguf", model(1))
    hugging_face(hub, "o/r", "d" * 40, "a-Q4_K_M.gguf", model(2))
    hugging_face(hub, "o/r", "e" * 40, "a-Q4_K_M.gguf", model(2))
    hugging_face(hub, "o/r", "c" * 40, "sub/b.gguf", model(3))
    found = by_key()
    assert set(found) == {
        "hugging-face/o/r/a-Q4_K_M",
        "hugging-face/o/r/a-Q4_K_M@dddddddd",
        "hugging-face/o/r/sub/b",
    }
    if sys.platform != "win32":
        digest = hashlib.sha256(model(1)).hexdigest()
        assert found["hugging-face/o/r/a-Q4_K_M"].sha256 == digest
        # A model in several files is found by llama.cpp by the names in the snapshot.
        assert "snapshots" in found["hugging-face/o/r/a-Q4_K_M"].file.path
    monkeypatch.setenv("HF_HOME", str(person / "hf"))
    assert list(by_key()) == []
    hugging_face(person / "hf/hub", "o/r", "c" * 40, "a.gguf", model(1))
    assert list(by_key()) == ["hugging-face/o/r/a"]


# ---------------------------------------------------------------- bounds


@pytest.mark.parametrize("far", ["//server/share/models", "\\\\server\\share\\models"])
def test_nothing_on_another_machine_is_touched(
    person: Path, far: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Named by a variable, a settings file, a pointer: no call of the system is ever made on it."""
    for name in ("OLLAMA_MODELS", "HF_HOME", "HF_HUB_CACHE", "APPDATA", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, far)
    write(person / ".lmstudio/settings.json", json.dumps({"downloadsFolder": far}))
    write(person / ".lmstudio-home-pointer", far)
    write(person / ".config/nomic.ai/GPT4All.ini", f"modelPath={far}\n")
    touched: list[str] = []

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if watching and event in {"open", "os.scandir", "os.listdir", "os.walk"}:
            touched.append(str(arguments[0]))

    watching = True
    sys.addaudithook(watch)
    really = os.stat
    monkeypatch.setattr(
        os, "stat", lambda path, *a, **k: (touched.append(str(path)), really(path, *a, **k))[1]
    )
    find_foreign()
    watching = False
    assert any(".lmstudio" in path for path in touched), "it looked at all"
    assert [path for path in touched if "server" in path] == []


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_links_that_go_in_circles_or_away(person: Path, tmp_path: Path) -> None:
    folder = tmp_path / "models"
    write(folder / "in/a.gguf", model(1))
    (folder / "in/again").symlink_to(folder)
    (folder / "self.gguf").symlink_to(folder / "self.gguf")
    (folder / "away.gguf").symlink_to("//server/share/b.gguf")
    (folder / "far").symlink_to("//server/share")
    (folder / "gone.gguf").symlink_to(tmp_path / "gone.gguf")
    (folder / "linked.gguf").symlink_to(folder / "in/a.gguf")
    assert [Path(each.path).name for each in files_in(str(folder))] == ["a.gguf", "linked.gguf"]
    assert leads_elsewhere(str(folder / "away.gguf"))
    assert look_at(str(folder / "self.gguf")) is None


def test_a_tree_without_a_bottom_has_an_end(tmp_path: Path) -> None:
    deep = tmp_path
    for number in range(20):
        deep /= f"d{number}"
        write(deep / "a.gguf", GGUF)
    assert len(files_in(str(tmp_path))) == 8


def test_many_manifests_are_bounded(person: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreign, "_MOST_MANIFESTS", 50)
    for number in range(80):
        ollama(person / ".ollama/models", f"registry.ollama.ai/library/m/{number}", model(number))
    began = time.monotonic()
    assert len(find_foreign()) == 50
    assert time.monotonic() - began < 5


def test_the_files_of_a_split_model_are_one(tmp_path: Path) -> None:
    for part in (1, 2, 3):
        write(tmp_path / f"big-0000{part}-of-00003.gguf", GGUF * part)
    write(tmp_path / "small.gguf", GGUF)
    big, small = files_in(str(tmp_path))
    assert (big.name, big.files, big.bytes) == ("big", 3, 6 * len(GGUF))
    assert big.path.endswith("big-00001-of-00003.gguf")
    assert small.files == 1
