"""What of the Windows installer, the lists of parts and the workflows can be proven anywhere.

The installer itself is compiled and run by packaging/check/wine.py.
"""

import importlib.util
import json
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
WINDOWS = ROOT / "packaging" / "windows"


def loaded(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"packaging_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def installer() -> ModuleType:
    return loaded(WINDOWS / "installer.py")


@pytest.fixture
def sbom() -> ModuleType:
    return loaded(ROOT / "packaging" / "sbom.py")


def frozen(folder: Path, *names: str) -> Path:
    for name in ("homebody.exe", "homebody-window.exe", *names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x", "utf-8")
    return folder


def test_what_is_installed_is_listed_file_by_file(installer: ModuleType, tmp_path: Path) -> None:
    folder = frozen(tmp_path, "_internal/a/$x.txt", "_internal/b.dll")
    script = installer._script(
        folder, installer._files(folder), number="1.2.3rc1", work=tmp_path, out=tmp_path / "out"
    )
    removed = script.split("!macro RemoveFiles")[1].split("!macroend")[0].split("\n")
    assert [line.strip() for line in removed if line] == [
        r'Delete "$INSTDIR\_internal\a\$$x.txt"',
        r'Delete "$INSTDIR\_internal\b.dll"',
        r'Delete "$INSTDIR\homebody-window.exe"',
        r'Delete "$INSTDIR\homebody.exe"',
        # The deepest first, and only if they are empty.
        r'RMDir "$INSTDIR\_internal\a"',
        r'RMDir "$INSTDIR\_internal"',
    ]
    assert '!define VERSION4 "1.2.3.1"' in script


def test_nothing_is_removed_with_all_that_is_in_it() -> None:
    text = (WINDOWS / "homebody.nsi").read_text("utf-8")
    assert not re.search(r"^\s*RMDir\s+/r", text, re.MULTILINE | re.IGNORECASE)


@pytest.mark.parametrize(
    ("name", "said"),
    [("uninstall.exe", "would not take"), ("a:b", "would not take"), ("HOMEBODY.EXE", "one file")],
)
def test_names_that_windows_would_mix_up_are_refused(
    installer: ModuleType, tmp_path: Path, name: str, said: str
) -> None:
    if sys.platform == "win32" and name != "uninstall.exe":
        pytest.skip("such a file cannot be made here")
    with pytest.raises(SystemExit, match=said):
        installer._files(frozen(tmp_path, name))


def test_a_folder_without_the_programs_is_no_app(
    installer: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda _name: "makensis")
    with pytest.raises(SystemExit, match=r"lacks homebody\.exe and homebody-window\.exe"):
        installer.build(tmp_path, tmp_path, number="1", work=tmp_path)


def test_the_installer_says_everything_in_five_languages() -> None:
    text = (WINDOWS / "words.nsh").read_text("utf-8")
    said = re.findall(r"insertmacro Say (\w+) (.*?)(?=\n  !insert|\n!macroend)", text, re.DOTALL)
    assert len(said) > 15
    for name, words in said:
        assert len(re.findall(r'"[^"]+"', words)) == 5, name
    used = set(re.findall(r"\$\((\w+)\)", (WINDOWS / "homebody.nsi").read_text("utf-8")))
    assert used == {name for name, _ in said}


PARTS = [
    {"name": "tzdata", "version": "1", "licence": "Apache-2.0", "homepage": "", "files": []},
    {"name": "Typing_Ext", "version": "2", "licence": "MIT License", "homepage": "https://a.b/"},
    {"name": "Qt", "version": "6", "licence": "LGPL-3.0-only", "homepage": "http://a.b/"},
    {"name": "SmolLM2-135M", "version": "", "licence": "Apache-2.0", "homepage": ""},
]


def test_the_list_of_parts_names_each_as_what_it_is(sbom: ModuleType) -> None:
    whole = sbom.bill(PARTS, version="1", system="linux-x86_64", made="2026-01-01T00:00:00Z")
    said = {each["name"]: each for each in whole["components"]}
    assert [each["type"] for each in whole["components"]] == [
        *("framework", "machine-learning-model", "library", "library"),
    ]
    assert said["Typing_Ext"]["purl"] == "pkg:pypi/typing-ext@2"
    assert said["Typing_Ext"]["licenses"] == [{"license": {"name": "MIT License"}}]
    assert said["tzdata"]["licenses"] == [{"expression": "Apache-2.0"}]
    assert "purl" not in said["Qt"]
    assert "version" not in said["SmolLM2-135M"]
    assert sorted(whole["dependencies"][0]["dependsOn"]) == sorted(
        each["bom-ref"] for each in whole["components"]
    )


def test_the_same_parts_make_the_same_list(sbom: ModuleType) -> None:
    one, other = (
        sbom.bill(parts, version="1", system="linux-x86_64", made="2026-01-01T00:00:00Z")
        for parts in (PARTS, PARTS[::-1])
    )
    assert json.dumps(one) == json.dumps(other)


@pytest.mark.parametrize("name", ["test.yml", "release.yml"])
def test_actions_are_pinned_by_their_commits(name: str) -> None:
    text = (ROOT / ".github" / "workflows" / name).read_text("utf-8")
    used = re.findall(r"uses: (\S+)(.*)", text)
    assert used
    for action, version in used:
        assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", action), action
        assert re.fullmatch(r" # v\d[\d.]*", version), action
    assert "\npermissions: {}\n" in text
