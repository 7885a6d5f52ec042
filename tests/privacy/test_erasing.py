"""Erasing a profile: nothing of Homebody's stays, and nothing of anybody else's goes."""

import os
import sys
from pathlib import Path

import pytest

from homebody.base.errors import CourierProblem
from homebody.base.files import replace_file
from homebody.base.paths import Home, find_home
from homebody.messages.shelf import ModelSettings
from homebody.privacy.erasing import Erased, erase_profile, forget_secrets, model_files
from homebody.privacy.ledger import Ledger
from homebody.settings.file import save
from homebody.store.store import Store
from homebody.ui.memory import WindowMemory, remember

FILES = (
    "homebody.sqlite",
    "homebody.sqlite-wal",
    "homebody.sqlite-clean",
    "homebody.draft",
    "homebody.damaged-20260101",
    ".homebody.draft.x1y2",
    "backups/homebody-1.sqlite",
    "ledger.jsonl",
    "ledger.jsonl.lock",
    "ledger.jsonl.half-1",
    "settings.toml",
    "shelf.json",
    "skills.json",
    "providers.json",
    "private.json",
    ".private.json.abcd",
    "ledger.head",
    "build.json",
    "homebody.log",
    "homebody.log.1",
    "token.kept",
    "model-facts.json",
    "window.json",
    "window.lock",
    "skills/minutes/SKILL.md",
)
MODELS = ("models/one.gguf", "models/incoming/two.gguf.part")


def write(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * 1000)


@pytest.fixture
def three(tmp_path: Path) -> Home:
    """A profile in the system's three folders."""
    home = Home(tmp_path / "data", tmp_path / "config", tmp_path / "state")
    for folder in home.folders:
        folder.mkdir()
    write(home.data, *FILES, *MODELS)
    write(home.config, "settings.toml", "something-newer.json")
    write(home.state, "homebody.log", "a-folder/within/file")
    return home


def left(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_of_the_system_s_folders_nothing_stays(three: Home, tmp_path: Path) -> None:
    assert erase_profile(three, keep_models=False, whole_folders=True) == Erased()
    assert left(tmp_path) == []


def test_models_stay_if_they_shall(three: Home, tmp_path: Path) -> None:
    assert model_files(three).files == 2
    assert model_files(three).bytes == 2000
    assert erase_profile(three, keep_models=True, whole_folders=True).whole
    assert left(tmp_path) == ["data", "data/models", *(f"data/{each}" for each in sorted(
        ("models/one.gguf", "models/incoming", "models/incoming/two.gguf.part")
    ))]  # fmt: skip


def test_in_a_folder_of_the_person_s_own_only_homebody_s_files_go(tmp_path: Path) -> None:
    home = Home(tmp_path, tmp_path, tmp_path)
    theirs = ("taxes.ods", "photos/porto.jpg", ".bashrc", "homebody/readme", "settings", "skill")
    write(tmp_path, *FILES, *MODELS, *theirs)
    erased = erase_profile(home, keep_models=False, whole_folders=False)
    assert erased.whole
    assert [each for each in left(tmp_path) if (tmp_path / each).is_file()] == sorted(theirs)
    assert sorted(erased.others) == sorted(
        str(tmp_path / name)
        for name in ("taxes.ods", "photos", ".bashrc", "homebody", "settings", "skill")
    )


def test_the_environment_says_whose_folder_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path, tmp_path, tmp_path)
    write(tmp_path, "theirs")
    monkeypatch.setenv("HOMEBODY_HOME", str(tmp_path))
    assert erase_profile(home, keep_models=False).others == (str(tmp_path / "theirs"),)
    monkeypatch.delenv("HOMEBODY_HOME")
    assert erase_profile(home, keep_models=False) == Erased()
    assert not tmp_path.exists()


def test_all_that_a_real_profile_holds_is_known(tmp_path: Path) -> None:
    """What the rooms write, by their own code: a new file must be added to the list."""
    home = find_home()
    store = Store.open(home)
    conversation = store.create_conversation("Taxes")
    store.begin_turn(conversation.id, "canary", None)
    store.save_draft(None, "canary")
    store.add_note("canary")
    store.back_up()
    store.close()
    ledger = Ledger(home.ledger, home.ledger_head)
    number = ledger.opened(
        purpose="ask", agreed="x", method="POST", host="h", port=1, path="/", address="a",
        proxy=None,
    )  # fmt: skip
    ledger.closed(number, bytes_out=1, bytes_in=1, body_sha256=None, status=1, problem="")
    save(home, {"offline": True})
    remember(home, WindowMemory())
    for path in (home.providers, home.private_words, home.shelf, home.build, home.allowed_skills):
        replace_file(path, b"{}")
    assert ModelSettings() is not None
    assert len(list(home.data.rglob("*"))) > 8
    assert erase_profile(home, keep_models=False, whole_folders=False) == Erased()
    assert not home.data.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_a_link_goes_and_what_it_leads_to_stays(three: Home, tmp_path: Path) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    write(outside, "weights.gguf", "folder/deep.txt")
    (three.models / "linked.gguf").symlink_to(outside / "weights.gguf")
    (three.data / "backups" / "more").symlink_to(outside / "folder", target_is_directory=True)
    (three.state / "gone").symlink_to(outside / "nothing")
    assert model_files(three).files == 2
    assert erase_profile(three, keep_models=False, whole_folders=True) == Erased()
    assert left(tmp_path) == []
    assert left(outside) == ["folder", "folder/deep.txt", "weights.gguf"]


@pytest.mark.skipif(sys.platform == "win32", reason="folders have no such mark there")
def test_what_is_read_only_goes_too(three: Home, tmp_path: Path) -> None:
    inner = three.data / "backups"
    (inner / "homebody-1.sqlite").chmod(0o400)
    inner.chmod(0o500)
    assert erase_profile(three, keep_models=False, whole_folders=True) == Erased()
    assert left(tmp_path) == []


@pytest.mark.skipif(sys.platform == "win32", reason="deleting is said otherwise there")
def test_what_cannot_be_deleted_is_named_and_the_rest_goes(
    three: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck = three.data / "ledger.jsonl"
    really = Path.unlink

    def refuse(self: Path, missing_ok: bool = False) -> None:
        if self == stuck:
            raise PermissionError(13, "Operation not permitted")
        really(self, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse)
    erased = erase_profile(three, keep_models=False, keys=("The key…",), whole_folders=True)
    assert erased.stayed == (f"{stuck} (Operation not permitted)",)
    assert erased.keys == ("The key…",)
    assert not erased.whole
    assert left(three.data) == ["ledger.jsonl"]
    assert not three.config.exists()


def test_a_profile_that_is_not_there_is_erased_already(tmp_path: Path) -> None:
    home = Home(tmp_path / "a", tmp_path / "b", tmp_path / "c")
    assert erase_profile(home, keep_models=True, whole_folders=True) == Erased()
    assert model_files(home).files == 0
    assert os.listdir(tmp_path) == []  # noqa: PTH208


def test_every_key_is_tried_and_those_that_stay_are_said() -> None:
    asked: list[str] = []

    def forget(name: str) -> None:
        asked.append(name)
        if name == "Mistral":
            raise CourierProblem("The system's keyring did not answer.")

    def token() -> None:
        asked.append("token")
        raise CourierProblem("It is locked.")

    kept = forget_secrets(["Mistral", "OpenAI"], forget, token)
    assert asked == ["Mistral", "OpenAI", "token"]
    assert [each.split(":")[0] for each in kept] == [
        "The key for Mistral may still be kept",
        "The token of the hub may still be kept",
    ]
