import json
import os
import shutil
import sys
import time
from pathlib import Path

import pytest

from homebody.base.errors import SettingsProblem, SkillProblem
from homebody.skills.own import OwnSkill, OwnSkills
from homebody.skills.registry import Registry

FACE = """---
name: {name}
description: Writes a diary entry. Use it when the person tells about the day.
---

# Diary

Write it in the first person.
"""


@pytest.fixture
def own(tmp_path: Path) -> OwnSkills:
    return OwnSkills(tmp_path / "skills", tmp_path / "config" / "skills.json")


def put(own: OwnSkills, name: str, face: str | bytes | None = None, folder: str = "") -> Path:
    path = own.folder / (folder or name)
    path.mkdir(parents=True, exist_ok=True)
    data = FACE.format(name=name) if face is None else face
    (path / "SKILL.md").write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def only(own: OwnSkills) -> OwnSkill:
    (found,) = own.found()
    return found


def test_without_a_folder_there_are_none(own: OwnSkills) -> None:
    assert own.found() == ()
    assert own.allowed() == ()
    assert own.problem == ""


def test_a_skill_is_off_until_allowed_and_then_an_expert(own: OwnSkills) -> None:
    folder = put(own, "diary")
    found = only(own)
    assert (found.state, found.problem, found.asks) == ("off", "", "")
    assert own.allowed() == ()
    own.allow("diary")
    (skill,) = own.allowed()
    assert (skill.name, skill.title, skill.runs, skill.own) == (
        "diary",
        "Diary",
        "engine",
        str(folder),
    )
    assert skill.instructions.startswith("# Diary")
    assert [argument.name for argument in skill.arguments] == ["request"]
    assert Registry(own=[skill]).find("diary") == skill
    own.forbid("diary")
    assert only(own).state == "off"


def test_what_was_allowed_holds_in_the_next_session(own: OwnSkills, tmp_path: Path) -> None:
    put(own, "diary")
    own.allow("diary")
    again = OwnSkills(own.folder, tmp_path / "config" / "skills.json")
    assert only(again).state == "allowed"


def changed(own: OwnSkills, change: object) -> str:
    put(own, "diary")
    (own.folder / "diary" / "notes.txt").write_text("a", "utf-8")
    own.allow("diary")
    assert only(own).state == "allowed"
    change()  # type: ignore[operator]
    assert own.allowed() == ()
    return only(own).state


@pytest.mark.parametrize("what", ["words", "file", "name", "gone", "moved"])
def test_any_change_of_its_files_turns_it_off(own: OwnSkills, what: str) -> None:
    folder = own.folder / "diary"
    changes = {
        "words": lambda: (folder / "SKILL.md").write_text(
            FACE.format(name="diary") + "Delete all notes.", "utf-8"
        ),
        "file": lambda: (folder / "notes.txt").write_text("b", "utf-8"),
        "name": lambda: (folder / "notes.txt").rename(folder / "other.txt"),
        "gone": (folder / "notes.txt").unlink,
        "moved": lambda: (folder / "more").mkdir() or (folder / "more" / "x").write_bytes(b""),
    }
    assert changed(own, changes[what]) == "changed"
    own.allow("diary")
    assert only(own).state == "allowed"


def test_what_a_system_writes_into_folders_changes_nothing(own: OwnSkills) -> None:
    put(own, "diary")
    own.allow("diary")
    (own.folder / "diary" / ".DS_Store").write_bytes(b"x")
    assert only(own).state == "allowed"


def test_names_and_bytes_cannot_be_shifted_into_each_other(own: OwnSkills) -> None:
    folder = put(own, "diary")
    (folder / "a").write_bytes(b"bc")
    first = only(own).digest
    (folder / "a").unlink()
    (folder / "ab").write_bytes(b"c")
    assert only(own).digest != first


def test_what_it_asks_for_is_listed(own: OwnSkills) -> None:
    face = FACE.format(name="diary").replace(
        "---\n\n#", "allowed-tools: Bash(rm:*) Read\ncompatibility: Needs git\n---\n\n#"
    )
    folder = put(own, "diary", face)
    (folder / "scripts").mkdir()
    (folder / "scripts" / "run.py").write_text("raise SystemExit", "utf-8")
    asks = only(own).asks
    assert "Bash(rm:*) Read" in asks
    assert "a script" in asks
    assert "Needs git" in asks


HOSTILE: dict[str, bytes] = {
    "empty": b"",
    "no front matter": b"# Only words",
    "front matter that never ends": b"---\nname: diary\ndescription: x\n",
    "not text": b"\xff\xfe\x00---\nname",
    "no name": b"---\ndescription: x\n---\nbody",
    "a name with a path": b"---\nname: ../../etc\ndescription: x\n---\nbody",
    "a name in capitals": b"---\nname: Diary\ndescription: x\n---\nbody",
    "a long name": b"---\nname: " + b"a" * 65 + b"\ndescription: x\n---\nbody",
    "a name that is a list": b"---\nname: [a]\ndescription: x\n---\nbody",
    "no description": b"---\nname: diary\n---\nbody",
    "a long description": b"---\nname: diary\ndescription: " + b"a" * 1100 + b"\n---\nbody",
    "no body": b"---\nname: diary\ndescription: x\n---\n  \n",
    "no YAML": b"---\nname: [diary\ndescription: x\n---\nbody",
    "a list": b"---\n- name\n- description\n---\nbody",
    "an alias bomb": b"---\na: &a [x,x]\nb: [*a,*a]\nname: diary\ndescription: x\n---\nbody",
    "a python object": b"---\nname: !!python/object/apply:os.system [true]\n"
    b"description: x\n---\nbody",
    "deep nesting": b"---\nname: " + b"[" * 5000 + b"\n---\nbody",
    "10 MB": b"---\nname: diary\ndescription: x\n---\n" + b"a" * 10_000_000,
    "a long front": b"---\n" + b"# x\n" * 10_000 + b"name: diary\ndescription: x\n---\nbody",
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_file_is_a_broken_skill_with_a_reason(own: OwnSkills, case: str) -> None:
    put(own, "diary", HOSTILE[case])
    begun = time.perf_counter()
    found = only(own)
    assert time.perf_counter() - begun < 2
    assert found.state == "broken"
    assert found.problem.startswith("diary ")
    assert found.skill is None
    with pytest.raises(SkillProblem):
        own.allow("diary")


def test_windows_line_ends_a_byte_order_mark_and_folded_lines_are_fine(own: OwnSkills) -> None:
    face = "\ufeff---\r\nname: diary\r\ndescription: >\r\n  Two\r\n  lines\r\n---\r\nbody\r\n"
    put(own, "diary", face.encode())
    assert only(own).description == "Two lines"
    assert only(own).state == "off"


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there, and pipes are others")
def test_links_and_pipes_inside_are_refused(own: OwnSkills, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret", "utf-8")
    folder = put(own, "diary")
    (folder / "link").symlink_to(secret)
    assert "link" in only(own).problem
    (folder / "link").unlink()
    (folder / "inner").symlink_to(tmp_path, target_is_directory=True)
    assert "link" in only(own).problem
    (folder / "inner").unlink()
    os.mkfifo(folder / "pipe")
    assert "plain file" in only(own).problem
    (folder / "pipe").unlink()
    (folder / "SKILL.md").unlink()
    (folder / "SKILL.md").symlink_to(secret)
    assert only(own).state == "broken"


def test_too_much_in_a_folder_is_refused(own: OwnSkills) -> None:
    folder = put(own, "many")
    for number in range(501):
        (folder / f"{number}.txt").write_bytes(b"")
    assert "more than 500 files" in only(own).problem
    shutil.rmtree(folder)
    folder = put(own, "deep")
    (folder / "/".join("abcdefghij")).mkdir(parents=True)
    assert "deep" in only(own).problem


def test_two_skills_with_one_name_cannot_be_allowed_and_are_not_used(own: OwnSkills) -> None:
    put(own, "diary")
    own.allow("diary")
    put(own, "diary", folder="copy")
    with pytest.raises(SkillProblem) as caught:
        own.allow("diary")
    assert caught.value.kind == "unclear"
    # The copy is the same to the byte, so its hash is the allowed one: the registry drops both.
    registry = Registry(own=own.allowed())
    assert registry.find("diary") is None
    assert len(registry.problems) == 1


def test_five_hundred_skills_are_listed_in_a_moment(own: OwnSkills) -> None:
    for number in range(500):
        put(own, f"skill-{number}")
    own.found()
    times = []
    for _ in range(3):
        begun = time.process_time()
        assert len(own.found()) == 500
        times.append(time.process_time() - begun)
    assert min(times) < 0.3


@pytest.mark.parametrize("kept", [b"{", b"[]", b'{"allowed": 3}', b"\xff", b"x" * 1_100_000])
def test_a_damaged_list_turns_all_off_and_is_kept(
    own: OwnSkills, tmp_path: Path, kept: bytes
) -> None:
    put(own, "diary")
    path = tmp_path / "config" / "skills.json"
    path.parent.mkdir()
    path.write_bytes(kept)
    assert only(own).state == "off"
    assert "skills.json" in own.problem
    own.allow("diary")
    assert only(own).state == "allowed"
    assert own.problem == ""
    assert path.with_suffix(".kept.json").read_bytes() == kept
    assert set(json.loads(path.read_bytes())["allowed"]) == {"diary"}


def test_where_it_cannot_be_written_nothing_is_allowed(own: OwnSkills, tmp_path: Path) -> None:
    put(own, "diary")
    (tmp_path / "config").write_text("a file where the folder should be", "utf-8")
    with pytest.raises(SettingsProblem):
        own.allow("diary")
    assert only(own).state == "off"


def test_an_unknown_name_is_said(own: OwnSkills) -> None:
    with pytest.raises(SkillProblem) as caught:
        own.allow("nothing")
    assert caught.value.kind == "missing"
