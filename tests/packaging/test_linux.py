"""What of the packages for Linux is shown in seconds. packaging/check/debian.py installs one."""

import argparse
import gzip
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path
from types import ModuleType

import pytest

from homebody.cli import arguments

ROOT = Path(__file__).resolve().parents[2]
LINUX = ROOT / "packaging" / "linux"
ID = "arpa.home.homebody"
STARTER = "_internal/homebody/shipped/models/SmolLM2-135M-Instruct.Q4_1.gguf"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="made on Linux")
packs = pytest.mark.skipif(
    any(shutil.which(tool) is None for tool in ("dpkg-deb", "dpkg-shlibdeps", "readelf")),
    reason="dpkg-dev and binutils are not installed",
)


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, ModuleType]]:
    """The programs of packaging/, loaded as if from their folder."""
    monkeypatch.syspath_prepend(str(ROOT / "packaging"))
    before = set(sys.modules)
    import importlib

    names = ("deb", "appimage", "linux.tree", "linux.legal", "linux.elf")
    yield {name: importlib.import_module(name) for name in names}
    for name in set(sys.modules) - before:
        if name.partition(".")[0] in {"deb", "appimage", "linux"}:
            del sys.modules[name]


# ---------------------------------------------------------------- the man page


def parsers(
    parser: argparse.ArgumentParser, words: str = ""
) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Yield each command that takes no further one, with its parser."""
    inner = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    if not inner:
        yield words, parser
    for action in inner:
        for name, each in action.choices.items():
            yield from parsers(each, f"{words} {name}".strip())


def test_the_man_page_names_every_command_with_every_option() -> None:
    page = re.sub(r"\\f[BIR]", "", (LINUX / "homebody.1").read_text("utf-8")).replace("\\-", "-")
    commands = dict(parsers(arguments._commands()))
    places = {}
    for command in commands:
        found = re.search(rf"^(?:\.B )?{command}(?= |$)", page, re.MULTILINE)
        assert found is not None, f"{command} is missing"
        places[command] = found.start()
    head, tail = page.partition(".SH COMMANDS")[0], page.index(".SH EXIT STATUS")
    ends = sorted((*places.values(), tail))
    missing = []
    for command, parser in (("", arguments._front()), *commands.items()):
        begin = places.get(command, 0)
        own = page[begin : ends[ends.index(begin) + 1]] if command else head
        missing += [
            f"{command} {option}"
            for action in parser._actions
            for option in action.option_strings
            if option.startswith("--") and option != "--help" and option not in own
        ]
    assert missing == []


# ---------------------------------------------------------------- one name


def test_the_window_and_its_entry_have_one_name() -> None:
    ui = ROOT / "app" / "homebody" / "ui"
    said = re.search(r'setDesktopFileName\("(.*)"\)', (ui / "application.py").read_text("utf-8"))
    assert said is not None
    assert said[1] == ID
    assert f"Icon={ID}\\n" in (ui / "autostart.py").read_text("utf-8")


def test_the_entry_opens_the_files_that_the_type_is_for() -> None:
    entry = ConfigParser(interpolation=None, delimiters="=")
    entry.optionxform = str  # type: ignore[assignment, method-assign]
    entry.read(LINUX / f"{ID}.desktop", "utf-8")
    values = entry["Desktop Entry"]
    assert values["Exec"] == "homebody %f"
    assert values["Icon"] == ID
    space = "{http://www.freedesktop.org/standards/shared-mime-info}"
    (kind,) = ET.parse(LINUX / "homebody-mime.xml").getroot()
    assert values["MimeType"] == f"{kind.attrib['type']};"
    assert kind.find(f"{space}glob").attrib == {"pattern": "*.gguf"}  # type: ignore[union-attr]
    match = kind.find(f"{space}magic/{space}match")
    assert match is not None
    assert (match.attrib["value"], match.attrib["offset"]) == ("GGUF", "0")
    for key in ("Comment", "GenericName", "Keywords"):
        assert {f"{key}[{code}]" for code in ("de", "es", "fr", "it")} <= set(values)


def test_metainfo_names_pictures_where_it_is_known_where_they_are(
    programs: dict[str, ModuleType],
) -> None:
    tree = programs["linux.tree"]
    bare = ET.fromstring(tree.metainfo(tree.Facts("0.1.0", 1_700_000_000)))
    assert bare.find("screenshots") is None
    assert bare.find("url") is None
    whole = ET.fromstring(
        tree.metainfo(
            tree.Facts("0.1.0", 1_700_000_000, "https://a.example/", "https://a.example/p")
        )
    )
    assert whole.findtext("id") == ID
    assert whole.findtext("launchable") == f"{ID}.desktop"
    assert whole.find("releases/release").attrib == {"version": "0.1.0", "date": "2023-11-14"}  # type: ignore[union-attr]
    pictures = [image.text or "" for image in whole.iter("image")]
    assert len(pictures) == 5
    for address in pictures:
        folder, _, name = address.rpartition("/")
        assert folder == "https://a.example/p"
        assert (ROOT / "assets" / "screenshots" / name).is_file()


def test_an_address_that_is_none_is_refused(
    programs: dict[str, ModuleType], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        programs["linux.tree"].facts("http://a.example")
    assert "is not an address" in capsys.readouterr().err


# ---------------------------------------------------------------- texts


@pytest.mark.parametrize(
    ("given", "meant"), [("0.1.0", "0.1.0"), ("1.0rc1", "1.0~rc1"), ("1.0.dev3", "1.0~dev3")]
)
def test_a_version_before_the_real_one_sorts_before_it(
    programs: dict[str, ModuleType], given: str, meant: str
) -> None:
    assert programs["deb"].debian_version(given) == meant


def test_changes_are_told_as_debian_tells_them(programs: dict[str, ModuleType]) -> None:
    text = (
        "# Changelog\n\n## [0.2.0] - 2026-02-03\n\n### Added\n\n- One\n  thing.\n- Two.\n\n"
        "## 0.1.0\n\n- Old.\n"
    )
    told = programs["linux.legal"].changelog(text, "homebody", "0.2.0", "A <a@b.example>", 0)
    assert told == (
        "homebody (0.2.0) unstable; urgency=medium\n\n  * One thing.\n  * Two.\n\n"
        " -- A <a@b.example>  Tue, 03 Feb 2026 12:00:00 +0000\n\n"
        "homebody (0.1.0) unstable; urgency=medium\n\n  * Old.\n\n"
        " -- A <a@b.example>  Thu, 01 Jan 1970 00:00:00 +0000\n"
    )


# ---------------------------------------------------------------- the package


def frozen(folder: Path) -> Path:
    """A stand-in for the frozen app: one real program, and the files that packages look for."""
    app = folder / "Homebody"
    (app / STARTER).parent.mkdir(parents=True)
    (app / STARTER).write_bytes(b"GGUF a model")
    shutil.copyfile("/bin/true", app / "homebody")
    (app / "homebody").chmod(0o755)
    (app / "_internal" / "data.txt").write_text("x" * 5000)
    (app / "licences" / "one").mkdir(parents=True)
    (app / "licences" / "one" / "LICENSE").write_text(
        "Copyright (c) 2020 Ann One\n\nDo what you like.\n"
    )
    shutil.copyfile(ROOT / "LICENSE", app / "licences" / "Apache-2.0.txt")
    part = {"licence": "MIT", "homepage": "https://one.example", "version": "1"}
    parts = [
        {**part, "name": "one", "files": ["one/LICENSE"]},
        {
            **part,
            "name": "SmolLM2-135M-Instruct",
            "licence": "Apache-2.0",
            "files": ["Apache-2.0.txt"],
        },
    ]
    (app / "licences" / "third-party.json").write_text(json.dumps(parts))
    return app


def made(app: Path, out: Path, *options: str, **environment: str) -> Path:
    """Run packaging/deb.py; return the package."""
    subprocess.run(
        [
            *(sys.executable, str(ROOT / "packaging" / "deb.py")),
            *("--frozen", str(app), "--out", str(out), *options),
        ],
        env={**os.environ, "SOURCE_DATE_EPOCH": "1700000000", **environment},
        check=True,
        capture_output=True,
        timeout=100,
    )
    (package,) = out.glob("*.deb")
    return package


def control(package: Path) -> dict[str, str]:
    done = subprocess.run(
        ["dpkg-deb", "-f", str(package)], capture_output=True, text=True, check=True
    )
    return dict(re.findall(r"^(\S+): (.*)$", done.stdout, re.MULTILINE))


def members(package: Path) -> dict[str, tarfile.TarInfo]:
    done = subprocess.run(
        ["dpkg-deb", "--fsys-tarfile", str(package)], capture_output=True, check=True
    )
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        return {each.name.removeprefix("./"): each for each in archive}


@packs
def test_the_same_app_makes_the_same_bytes_wherever_and_whenever(tmp_path: Path) -> None:
    one = frozen(tmp_path / "one")
    other = tmp_path / "another place" / "Homebody"
    shutil.copytree(one, other, copy_function=shutil.copy)
    for path in other.rglob("*"):
        os.utime(path, (1, 1))
    (other / "_internal" / "data.txt").chmod(0o600)
    first = made(one, tmp_path / "1")
    second = made(other, tmp_path / "2", TMPDIR=str(tmp_path))
    assert first.read_bytes() == second.read_bytes()
    third = made(one, tmp_path / "3", SOURCE_DATE_EPOCH="1700000001")
    assert third.read_bytes() != first.read_bytes()


@packs
def test_the_package_says_what_it_needs_and_belongs_to_root(tmp_path: Path) -> None:
    package = made(
        frozen(tmp_path), tmp_path / "out", "--homepage", "https://a.example", DEBFULLNAME="Ann"
    )
    said = control(package)
    assert package.name == f"homebody_{said['Version']}_amd64.deb"
    assert said["Maintainer"].startswith("Ann <")
    assert said["Homepage"] == "https://a.example"
    assert said["Depends"].startswith("libc6 (>= ")
    files = members(package)
    assert {(each.uid, each.gid, each.mtime) for each in files.values()} == {(0, 0, 1_700_000_000)}
    assert {f"{each.mode & 0o777:o}" for each in files.values() if each.isfile()} == {"644", "755"}
    assert files["usr/bin/homebody"].linkname == "../lib/homebody/homebody"
    assert files["usr/lib/homebody/homebody"].mode & 0o777 == 0o755
    assert f"usr/lib/homebody/{STARTER}" in files
    assert f"usr/share/icons/hicolor/16x16/apps/{ID}.png" in files
    size = sum(
        -(-each.size // 1024) if each.isfile() else 1 for name, each in files.items() if name != "."
    )
    assert abs(int(said["Installed-Size"]) - size) <= 1
    info = subprocess.run(
        ["dpkg-deb", "--ctrl-tarfile", str(package)], capture_output=True, check=True
    ).stdout
    with tarfile.open(fileobj=io.BytesIO(info)) as archive:
        # No scripts: nothing of ours runs as root.
        assert sorted(each.name for each in archive) == [".", "./control", "./md5sums"]


@packs
def test_the_small_one_takes_the_place_of_the_whole_one(tmp_path: Path) -> None:
    package = made(frozen(tmp_path), tmp_path / "out", "--without-starter")
    said = control(package)
    assert said["Package"] == "homebody-small"
    assert said["Provides"] == f"homebody (= {said['Version']})"
    assert said["Conflicts"] == said["Replaces"] == "homebody"
    assert not [name for name in members(package) if name.endswith(".gguf")]
    subprocess.run(["dpkg-deb", "-x", str(package), str(tmp_path / "x")], check=True)
    doc = tmp_path / "x" / "usr/share/doc/homebody-small"
    rights = (doc / "copyright").read_text("utf-8")
    assert "SmolLM2" not in rights
    assert "Do what you like." in rights
    assert gzip.decompress((doc / "changelog.gz").read_bytes()).startswith(b"homebody-small (")
    assert "homebody-small: " in (
        tmp_path / "x/usr/share/lintian/overrides/homebody-small"
    ).read_text("utf-8")


@packs
def test_a_common_licence_is_referred_to_and_not_repeated(tmp_path: Path) -> None:
    package = made(frozen(tmp_path), tmp_path / "out")
    subprocess.run(["dpkg-deb", "-x", str(package), str(tmp_path / "x")], check=True)
    rights = (tmp_path / "x/usr/share/doc/homebody/copyright").read_text("utf-8")
    assert "* SmolLM2-135M-Instruct" in rights
    assert "Text: /usr/share/common-licenses/Apache-2.0" in rights
    assert "TERMS AND CONDITIONS" not in rights


def test_without_a_frozen_app_it_says_what_to_do(
    tmp_path: Path, programs: dict[str, ModuleType], capsys: pytest.CaptureFixture[str]
) -> None:
    tree = programs["linux.tree"]
    with pytest.raises(SystemExit):
        tree.fill(tmp_path / "root", tmp_path, tree.Facts("1", 0), starter=True)
    assert "run packaging/freeze.py first" in capsys.readouterr().err


def test_another_runtime_than_the_one_that_was_named_is_refused(
    tmp_path: Path, programs: dict[str, ModuleType], capsys: pytest.CaptureFixture[str]
) -> None:
    given = tmp_path / "runtime"
    given.write_bytes(b"\x7fELF....AI\x02 and more")
    read = programs["appimage"].read_runtime
    with pytest.raises(SystemExit):
        read(given, "0" * 64)
    assert "is not the runtime that was asked for" in capsys.readouterr().err
    import hashlib

    assert read(given, hashlib.sha256(given.read_bytes()).hexdigest()) == given.read_bytes()
    given.write_bytes(b"\x7fELF and no more")
    with pytest.raises(SystemExit):
        read(given, hashlib.sha256(given.read_bytes()).hexdigest())
    assert "is no runtime" in capsys.readouterr().err
    assert read(None, "") == b""
