"""Which file a name means: never a guess, never through a link, never the system's own."""

import os
import socket
import sys
from pathlib import Path

import pytest

from homebody.base.errors import SkillProblem
from homebody.messages.skills import Grant
from homebody.skills import known_folders
from homebody.skills.paths import locate, shown, windows_trouble

linux = pytest.mark.skipif(sys.platform == "win32", reason="these files are POSIX's")


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A home folder in German, and nothing of the person's who runs the tests."""
    folder = tmp_path / "home"
    for name in ("Dokumente", "Bilder", "Downloads", ".config"):
        (folder / name).mkdir(parents=True)
    (folder / ".config" / "user-dirs.dirs").write_text(
        'XDG_DOCUMENTS_DIR="$HOME/Dokumente"\nXDG_PICTURES_DIR="$HOME/Bilder"\n'
        'XDG_MUSIC_DIR="$HOME/"\nXDG_DOWNLOAD_DIR="$HOME/Downloads"\n'
    )
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("USERPROFILE", str(folder))
    for name in known_folders.home_variables():
        if name.startswith("XDG_"):
            monkeypatch.delenv(name)
    return folder


@pytest.fixture
def here(tmp_path):
    """The terminal's folder."""
    folder = tmp_path / "here"
    folder.mkdir()
    return folder


def meant(name, *places, grants=(), access="read", must_exist=True):
    return locate(name, places=places, grants=grants, access=access, must_exist=must_exist)


def refused(name, *places, **options):
    with pytest.raises(SkillProblem) as caught:
        meant(name, *places, **options)
    assert caught.value.message.endswith(".")
    assert caught.value.hint
    return caught.value


def test_a_name_is_looked_up_in_the_places(here, home):
    (here / "notes.md").touch()
    (home / "todo.txt").touch()
    assert meant("notes.md", here, home).path == here / "notes.md"
    assert meant("todo.txt", here, home).path == home / "todo.txt"
    assert meant("todo.txt", here, home).folder == home
    assert meant(" 'todo.txt' ", here, home).path == home / "todo.txt"
    assert meant(str(home / "todo.txt")).path == home / "todo.txt"
    assert meant("~/todo.txt", here).path == home / "todo.txt"
    assert meant("~", here).folder == home
    assert meant(".", here, home).path == here
    assert meant("..", here, home).path == here.parent


def test_a_folder_is_granted_itself_and_a_file_by_its_folder(here):
    (here / "a").mkdir()
    (here / "a" / "b.txt").touch()
    assert meant("a", here).folder == here / "a"
    assert meant("a/b.txt", here).folder == here / "a"
    read = (Grant(folder=str(here), access="read"),)
    write = (Grant(folder=str(here), access="write"),)
    assert not meant("a/b.txt", here).granted
    assert meant("a/b.txt", here, grants=read).granted
    assert not meant("a/b.txt", here, grants=read, access="write").granted
    assert meant("a/b.txt", here, grants=write).granted
    assert not meant("..", here, grants=write).granted
    (here.parent / "here2").mkdir()
    assert not meant(str(here.parent / "here2"), grants=write).granted
    alone = (Grant(folder=str(here / "a" / "b.txt"), access="read"),)
    assert meant("a/b.txt", here, grants=alone).granted
    assert not meant("a", here, grants=alone).granted


@linux
@pytest.mark.parametrize(
    "name", ["Documents", "documents", "Dokumente", "my documents", "documenti"]
)
def test_known_folders_have_their_names_in_five_languages(name, home, here):
    assert meant(name, here).path == home / "Dokumente"
    (home / "Dokumente" / "a.txt").touch()
    assert meant(f"{name}/a.txt", here).path == home / "Dokumente" / "a.txt"


@linux
def test_other_known_folders(home, here):
    assert meant("Pictures", here).path == home / "Bilder"
    assert meant("fotos", here).path == home / "Bilder"
    assert meant("home", here).path == home
    # There is no music folder, as the system says; home is not one.
    assert refused("Music", here).kind == "missing"


def test_a_granted_folder_is_known_by_its_name(tmp_path, here):
    folder = tmp_path / "elsewhere" / "Tax 2024"
    folder.mkdir(parents=True)
    (folder / "bill.pdf").touch()
    grants = (Grant(folder=str(folder), access="read"),)
    assert meant("tax 2024", here, grants=grants).path == folder
    assert meant("tax 2024/bill.pdf", here, grants=grants).path == folder / "bill.pdf"
    assert meant("bill.pdf", here, grants=grants).path == folder / "bill.pdf"


def test_a_name_in_several_places_is_asked_about(here, home):
    (here / "notes.md").touch()
    (home / "notes.md").touch()
    problem = refused("notes.md", here, home)
    assert problem.kind == "unclear"
    assert problem.choices == tuple(sorted((str(here / "notes.md"), str(home / "notes.md"))))
    assert meant("./notes.md", here, home).path == here / "notes.md"
    # Twice the same place, or a link from one to the other, is no question.
    assert meant("notes.md", here, here).path == here / "notes.md"
    (home / "notes.md").unlink()
    if sys.platform != "win32":
        (home / "notes.md").symlink_to(here / "notes.md")
        assert meant("notes.md", here, home).path == here / "notes.md"


def test_a_suffix_and_capitals_may_be_left_out(here):
    (here / "Notes.md").touch()
    assert meant("notes", here).path == here / "Notes.md"
    assert meant("notes.MD", here).path == here / "Notes.md"
    (here / "notes.txt").touch()
    problem = refused("notes", here)
    assert problem.kind == "unclear"
    assert len(problem.choices) == 2
    (here / "notes").touch()
    assert meant("notes", here).path == here / "notes"
    (here / "Übung.txt").touch()
    assert meant("U\u0308BUNG", here).path == here / "Übung.txt"


def test_what_is_not_there(here, home):
    (here / "letter-to-bob.txt").touch()
    problem = refused("leter-to-bob.txt", here, home)
    assert problem.kind == "missing"
    assert problem.hint == "There is letter-to-bob.txt."
    assert refused("nothing", here).kind == "missing"
    assert refused("nothing").kind == "missing"
    assert refused("a/b", here, must_exist=False).kind == "missing"


def test_where_a_new_file_goes(here, home):
    new = {"access": "write", "must_exist": False}
    assert meant("shop.txt", here, home, **new).path == here / "shop.txt"
    assert meant("Downloads/shop.txt", here, home, **new).path == home / "Downloads" / "shop.txt"
    (home / "shop.txt").touch()
    assert meant("shop.txt", here, home, **new).path == home / "shop.txt"
    # Only what is really there is replaced: not what is named nearly so.
    (here / "Plan.md").touch()
    assert meant("plan", here, home, **new).path == here / "plan"
    (here / "shop.txt").touch()
    assert refused("shop.txt", here, home, **new).kind == "unclear"


@linux
def test_links_are_resolved_before_anything_is_granted(here, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.txt").touch()
    grants = (Grant(folder=str(here), access="write"),)
    (here / "link.txt").symlink_to(outside / "secret.txt")
    (here / "folder").symlink_to(outside)
    (here / "dangling").symlink_to(outside / "new.txt")
    for name in ("link.txt", "folder/secret.txt", "folder", "../outside/secret.txt"):
        located = meant(name, here, grants=grants)
        assert located.path.is_relative_to(outside)
        assert not located.granted, name
    new = meant("dangling", here, grants=grants, access="write", must_exist=False)
    assert (new.path, new.granted) == (outside / "new.txt", False)
    (here / "round").symlink_to("round")
    assert refused("round", here).kind == "arguments"
    # A granted folder that has become a link lets nobody in.
    (tmp_path / "moved").symlink_to(outside)
    moved = (Grant(folder=str(tmp_path / "moved"), access="read"),)
    assert not meant(str(tmp_path / "moved" / "secret.txt"), grants=moved).granted


@linux
def test_what_is_no_file_is_refused(here):
    os.mkfifo(here / "pipe")
    assert refused("pipe", here).message.endswith("is a pipe, not a file.")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(here / "socket"))
        assert refused("socket", here).kind == "unsupported"
    (here / "device").symlink_to("/dev/zero")
    for name in ("/dev/zero", "device", "/proc/self/environ", "/sys/kernel", "/proc/1/cwd/../mem"):
        assert refused(name, here).kind in {"refused", "missing"}, name
    assert refused("/new-file", here, must_exist=False).kind == "refused"
    assert refused("/", here).kind == "refused"


@pytest.mark.parametrize(
    "name",
    ["//host/share/x", "\\\\host\\share\\x", "a\0b", "x" * 300, "half \ud800", "a/" * 3000],
)
def test_names_that_cannot_be(name, here):
    problem = refused(name, here)
    assert problem.kind == "arguments"
    problem.message.encode()


@linux
def test_names_that_are_not_text(here):
    name = os.fsdecode(b"caf\xe9.txt")
    (here / name).touch()
    assert meant(name, here).path == here / name
    assert shown(here / name).endswith("caf?.txt")
    assert "\x1b" not in shown("a\x1b[2Jb")
    long = "n" * 255
    (here / long).touch()
    assert meant(long, here).path.name == long


@pytest.mark.parametrize(
    ("path", "fine"),
    [
        ("notes.txt", True),
        ("C:\\Users\\ada\\notes.txt", True),
        ("d:/x", True),
        ("a\\b c\\ö.txt", True),
        ("console.txt", True),
        ("C:notes.txt", False),
        ("\\notes.txt", False),
        ("/notes.txt", False),
        ("notes.txt:stream", False),
        ("C:\\a\\b.txt:$DATA", False),
        ("CON", False),
        ("a\\nul.txt", False),
        ("COM1", False),
        ("lpt¹.txt", False),
        ("aux .c", False),
        ("a?b", False),
        ("a\tb", False),
    ],
)
def test_windows_names(path, fine):
    assert (windows_trouble(path) == "") == fine


def test_nothing_is_read_where_nobody_may_look(here, home):
    if sys.platform == "win32" or os.geteuid() == 0:
        pytest.skip("this user may look everywhere")
    (home / "closed").mkdir(mode=0)
    assert refused("closed/x", here, home).kind == "missing"
    Path(home / "closed").chmod(0o700)
