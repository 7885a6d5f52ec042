"""`homebody models list`, `found` and `remove`, as a person types them."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec import json as typed

from cli.support import HOMEBODY, Ran, run
from homebody.base.paths import find_home
from homebody.messages.shelf import RemovedReport, ShelfReport
from library.other_apps import GGUF, fresh_person, model, ollama, write

Models = Callable[..., Ran]


@pytest.fixture
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return fresh_person(tmp_path / "person", monkeypatch)


def models(*arguments: str) -> Ran:
    return run([*HOMEBODY, "models", *arguments])


def report(*arguments: str) -> Any:
    done = models(*arguments, "--json")
    assert done.status == 0, done
    kind = RemovedReport if arguments[0] == "remove" else ShelfReport
    typed.decode(done.out, type=kind)
    return json.loads(done.out)


def test_the_list_has_what_is_here_and_what_is_recommended(person: Path) -> None:
    write(find_home().models / "mine.gguf", GGUF)
    ollama(person / ".ollama/models", "registry.ollama.ai/library/e/1b", model(1))
    done = models("list")
    assert done.status == 0
    assert "  mine         0 MB · here · llama" in done.out
    assert "ollama/e:1b" in done.out
    assert "Recommended:" in done.out
    assert "~ not compared with the file yet" in done.out
    assert done.out.count("\n* ") == 2, "one is for this machine, and the mark is explained"
    told = report("list")
    assert [each["key"] for each in told["models"]] == ["starter", "mine", "ollama/e:1b"]
    assert told["models"][1]["architecture"] == "llama"
    assert told["models"][1]["sha256"] is None
    assert told["recommended"] in {each["key"] for each in told["catalog"]}


def test_a_new_profile_stays_untouched_but_for_the_facts(person: Path) -> None:
    assert models("list").status == 0
    assert [path.name for path in find_home().data.iterdir()] == ["model-facts.json"]


@pytest.mark.skipif(sys.platform != "linux", reason="names are text there")
def test_a_name_that_is_no_text_can_be_printed(person: Path) -> None:
    write(find_home().models / os.fsdecode(b"bad\xff.gguf"), GGUF)
    done = models("list")
    assert done.status == 0, done
    assert "bad\\udcff" in done.out
    assert "is not text" in report("list")["models"][1]["problem"]
    done = models("remove", "bad\\udcff")
    assert done.status != 0
    assert "Traceback" not in done.err
    assert "Rename" in done.err


def test_found_are_the_models_of_other_apps(person: Path) -> None:
    assert "No other app has models" in models("found").out
    ollama(person / ".ollama/models", "registry.ollama.ai/library/e/1b", model(1)).unlink()
    assert "its file is not there" in models("found").out
    [found] = report("found")["models"]
    assert (found["source"], found["name"]) == ("ollama", "e:1b")


def test_a_model_is_removed_and_put_back(person: Path) -> None:
    path = write(find_home().models / "mine.gguf", GGUF)
    done = models("remove", "mine")
    assert "in the bin for 30 days. `homebody models remove --undo mine` puts it back" in done.out
    assert not path.exists()
    models("remove", "mine").complained("There is no model 'mine' on the shelf")
    assert report("remove", "--undo", "mine")["undone"] is True
    assert path.read_bytes() == GGUF
    models("remove", "--undo", "mine").complained("There is no model 'mine' in the bin")


def test_what_another_app_has_is_not_deleted(person: Path) -> None:
    blob = ollama(person / ".ollama/models", "registry.ollama.ai/library/e/1b", model(1))
    assert "its file stays where it is" in models("remove", "e:1b").out
    assert blob.exists()
    assert report("found")["models"] == []
    assert "back on the shelf" in models("remove", "--undo", "e:1b").out
    assert len(report("found")["models"]) == 1
    models("remove", "starter").complained("came with Homebody and stays")


def test_a_shelf_file_that_is_damaged_is_said(person: Path) -> None:
    write(find_home().shelf, "{")
    done = models("list")
    assert done.status == 0
    assert "note: shelf.json cannot be understood" in done.err


def test_a_name_that_steers_a_terminal_does_not(person: Path) -> None:
    ollama(person / ".ollama/models", "registry.ollama.ai/library/e/\x1b[2J", model(1))
    assert "\x1b" not in models("list").out
    assert "\x1b" not in models("list", "--json").out
