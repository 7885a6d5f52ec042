"""find_files, list_folder and write_file: what they find, what they keep, what they refuse."""

import errno
import os
import stat
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from homebody.base.errors import SkillProblem
from homebody.messages.skills import Grant
from homebody.skills import finding, within
from homebody.skills.figures import moment_words, size_words
from homebody.skills.finding import find_files, list_folder
from homebody.skills.paths import Reach
from homebody.skills.within import OpenFolder, open_file
from homebody.skills.writing import preview_write, write_file

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = 86_400

linux = pytest.mark.skipif(sys.platform == "win32", reason="links need no rights on Linux")


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "granted"
    path.mkdir()
    return path


@pytest.fixture
def reach(folder):
    return Reach((Grant(folder=str(folder), access="write"),), (str(folder),))


def make(folder, *names, size=10):
    """Make files, each a day older than the one before."""
    for age, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * size)
        moment = NOW.timestamp() - age * DAY
        os.utime(path, (moment, moment))


def found(query, reach, folder=""):
    """The names that a search brings, in its order."""
    try:
        outcome = find_files({"query": query, "folder": folder}, NOW, reach)
    except SkillProblem as problem:
        if problem.kind != "missing":
            raise
        return []
    assert outcome.text == "\n".join(outcome.choices or (outcome.text,))
    return [Path(line).name for line in outcome.text.splitlines()]


def refused(act, *args):
    with pytest.raises(SkillProblem) as caught:
        act(*args)
    assert caught.value.hint
    return caught.value


# ---------------------------------------------------------------- find_files


FILES = (
    "tax-2024.pdf",
    "tax-2023.pdf",
    "Tax notes.md",
    "photos/beach.JPG",
    "photos/Müller.png",
    "invoice_7.docx",
    "tax/2024/receipt.pdf",
    ".hidden/tax.pdf",
    ".tax.pdf",
    "node_modules/tax.js",
    "old tax.pdf~",
    "music/song.mp3",
)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("tax", ["tax-2024.pdf", "tax-2023.pdf", "Tax notes.md"]),
        ("tax pdfs", ["tax-2024.pdf", "tax-2023.pdf", "receipt.pdf"]),
        ("my TAX files from 2024", ["tax-2024.pdf"]),
        ("2024 tax pdf", ["tax-2024.pdf", "receipt.pdf"]),
        ("*.md", ["Tax notes.md"]),
        ("tax-202?.pdf", ["tax-2024.pdf", "tax-2023.pdf"]),
        ("photos", ["beach.JPG", "Müller.png"]),
        ("meine Bilder", ["beach.JPG", "Müller.png"]),
        ("muller", ["Müller.png"]),
        ("MÜLLER", ["Müller.png"]),
        ("invoices", ["invoice_7.docx"]),
        ("word documents", ["invoice_7.docx"]),
        ("the newest pdf", ["tax-2024.pdf"]),
        ("oldest pdf", ["receipt.pdf"]),
        ("newest pdfs", ["tax-2024.pdf", "tax-2023.pdf", "receipt.pdf"]),
        ("neueste Dateien", [Path(name).name for name in FILES[:7]] + ["song.mp3"]),
        ("el último pdf", ["tax-2024.pdf"]),
        (".mp3", ["song.mp3"]),
        ("songs", ["song.mp3"]),
        ("nothing like that", []),
        ("[", []),
        ("*" * 200, None),
    ],
)
def test_words_patterns_kinds_and_order(query, names, folder, reach):
    make(folder, *FILES)
    if names is None:
        assert len(found(query, reach)) == 8
    else:
        assert found(query, reach) == names


def test_what_was_found_is_said_with_size_and_date(folder, reach):
    make(folder, "tax-a.pdf", "sub/tax-b.pdf", size=1234)
    outcome = find_files({"query": "tax"}, NOW, reach)
    assert outcome.choices == (str(folder / "tax-a.pdf"), str(folder / "sub" / "tax-b.pdf"))
    assert outcome.said.splitlines() == [
        f"2 files in {folder} match “tax”:",
        f"- `tax-a.pdf` · 1.2 kB · today 12:00 · in {folder}",
        f"- `tax-b.pdf` · 1.2 kB · yesterday 12:00 · in {folder / 'sub'}",
    ]
    one = find_files({"query": "tax-a"}, NOW, reach)
    assert (one.text, one.choices) == (str(folder / "tax-a.pdf"), ())


def test_where_to_look(folder, reach, tmp_path):
    make(folder, "a/tax.pdf", "b/tax.pdf")
    assert found("tax", reach, "a") == ["tax.pdf"]
    assert (
        refused(find_files, {"query": "x", "folder": str(tmp_path)}, NOW, reach).kind == "outside"
    )
    assert (
        refused(find_files, {"query": "x", "folder": "a/tax.pdf"}, NOW, reach).kind == "arguments"
    )
    assert refused(find_files, {"query": "x"}, NOW, Reach()).kind == "outside"
    problem = refused(find_files, {"query": "zzz"}, NOW, reach)
    assert problem.kind == "missing"
    assert "(4 looked at)" in problem.message


@linux
def test_links_are_not_followed(folder, reach, tmp_path):
    make(tmp_path / "outside", "tax.pdf")
    (folder / "way out").symlink_to(tmp_path / "outside")
    (folder / "tax-link.pdf").symlink_to(tmp_path / "outside" / "tax.pdf")
    (folder / "round").symlink_to(folder)
    assert found("tax", reach) == []


@linux
def test_names_that_are_not_text_are_left_out_and_counted(folder, reach):
    make(folder, "tax.pdf", os.fsdecode(b"tax-\xe9.pdf"), "tax\n.pdf")
    outcome = find_files({"query": "tax"}, NOW, reach)
    assert outcome.text == str(folder / "tax.pdf")
    assert "2 with names that are not text are left out" in outcome.said
    outcome.said.encode()


def test_a_walk_ends(folder, reach, monkeypatch):
    make(folder, *(f"{number}/tax-{number}.pdf" for number in range(60)))
    outcome = find_files({"query": "tax"}, NOW, reach)
    assert len(outcome.choices) == 50
    assert outcome.said.endswith("- and 10 more")
    monkeypatch.setattr(finding, "_MOST_ENTRIES", 80)
    assert "only the first 80 things" in find_files({"query": "tax"}, NOW, reach).said
    monkeypatch.setattr(finding, "_SECONDS", -1.0)
    assert "took too long" in refused(find_files, {"query": "tax"}, NOW, reach).message


# ---------------------------------------------------------------- list_folder


def test_a_folder_is_listed(folder, reach):
    make(folder, "b.txt", "A.txt", ".hidden", "sub/x.txt", size=2_500_000)
    outcome = list_folder({"path": str(folder)}, NOW, reach)
    assert outcome.text.splitlines() == ["sub", "A.txt", "b.txt"]
    assert outcome.choices == (str(folder / "A.txt"), str(folder / "b.txt"))
    head, first, *files = outcome.said.splitlines()
    assert head == f"{folder} holds 1 folder and 2 files, 1 hidden:"
    assert first.startswith("- `sub` · folder · ")
    assert files == ["- `A.txt` · 2.5 MB · yesterday 12:00", "- `b.txt` · 2.5 MB · today 12:00"]


def test_odd_folders(folder, reach, tmp_path):
    assert list_folder({"path": "."}, NOW, reach).said == f"{folder} holds nothing."
    make(folder, *(f"{number}.txt" for number in range(300)))
    outcome = list_folder({"path": "."}, NOW, reach)
    assert outcome.said.endswith("- and 100 more")
    assert outcome.choices == ()
    assert refused(list_folder, {"path": "1.txt"}, NOW, reach).kind == "arguments"
    assert refused(list_folder, {"path": str(tmp_path)}, NOW, reach).kind == "outside"
    assert refused(list_folder, {"path": "nowhere"}, NOW, reach).kind == "missing"


# ---------------------------------------------------------------- write_file


def write(reach, path, text):
    return write_file({"path": str(path), "text": text}, NOW, reach)


def test_a_new_file(folder, reach):
    outcome = write(reach, "shop.txt", "milk\nGrüße")
    assert (folder / "shop.txt").read_bytes() == "milk\nGrüße".encode()
    assert outcome.text == str(folder / "shop.txt")
    assert outcome.said == f"Wrote 12 bytes to {folder / 'shop.txt'}, a new file."
    assert [path.name for path in folder.iterdir()] == ["shop.txt"]


def test_what_is_replaced_is_kept(folder, reach):
    for number in range(4):
        write(reach, "shop.txt", f"version {number}")
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["shop.txt", "shop.txt.~1~", "shop.txt.~2~", "shop.txt.~3~"]
    assert (folder / "shop.txt").read_text() == "version 3"
    assert (folder / "shop.txt.~3~").read_text() == "version 2"
    outcome = write(reach, "shop.txt", "version 3")
    assert "holds exactly this already" in outcome.said
    assert len(list(folder.iterdir())) == 4


@linux
def test_rights_stay_as_they_were(folder, reach):
    make(folder, "private.txt")
    (folder / "private.txt").chmod(0o640)
    before = os.umask(0o077)
    try:
        write(reach, "private.txt", "new")
        write(reach, "new.txt", "new")
        assert os.umask(0o077) == 0o077
    finally:
        os.umask(before)
    assert stat.S_IMODE((folder / "private.txt").stat().st_mode) == 0o640
    assert stat.S_IMODE((folder / "new.txt").stat().st_mode) == 0o600


@linux
def test_another_name_of_the_same_file_keeps_the_old_text(folder, reach, tmp_path):
    make(tmp_path, "outside.txt")
    (folder / "inside.txt").hardlink_to(tmp_path / "outside.txt")
    write(reach, "inside.txt", "new")
    assert (tmp_path / "outside.txt").read_text() == "x" * 10


def test_what_cannot_be_written(folder, reach, tmp_path):
    make(folder, "sub/x", "protected.txt")
    (folder / "protected.txt").chmod(0o444)
    for path, text, kind in (
        (tmp_path / "outside.txt", "x", "outside"),
        ("../outside.txt", "x", "outside"),
        ("nowhere/x.txt", "x", "missing"),
        ("sub", "x", "arguments"),
        ("letter.docx", "x", "unsupported"),
        ("x" * 256, "x", "arguments"),
        ("half.txt", "\ud800", "arguments"),
        ("large.txt", "x" * 16_000_001, "large"),
        ("protected.txt", "x", "refused"),
    ):
        assert refused(write, reach, path, text).kind == kind, path
    reading = Reach((Grant(folder=str(folder), access="read"),), reach.places)
    assert refused(write, reading, "new.txt", "x").kind == "outside"
    assert sorted(path.name for path in folder.iterdir()) == ["protected.txt", "sub"]


def test_a_name_as_long_as_can_be_is_kept_by_a_shorter_one(folder, reach):
    name = "ü" * 127 + "x"
    write(reach, name, "1")
    write(reach, name, "22")
    write(reach, name, "333")
    assert len(list(folder.iterdir())) == 3


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "The disk is full"),
        (errno.EACCES, "does not let Homebody write"),
        (errno.EIO, "was not written"),
    ],
)
@pytest.mark.parametrize("method", ["replace", "link", "open"])
def test_a_failed_write_changes_nothing_and_leaves_nothing(
    number, words, method, folder, reach, monkeypatch
):
    make(folder, "kept.txt")
    really = OpenFolder.open

    def fail(*args):
        if method == "open" and "tmp" not in args[1]:
            return really(*args)
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(OpenFolder, method, fail)
    if method == "link" and number == errno.EACCES:
        # Where there are no links, a copy is kept.
        write(reach, "kept.txt", "new")
        assert (folder / "kept.txt.~1~").read_text() == "x" * 10
        write(reach, "kept.txt", "newer")
        assert (folder / "kept.txt.~2~").read_text() == "new"
        return
    assert words in refused(write, reach, "kept.txt", "new").message
    assert (folder / "kept.txt").read_text() == "x" * 10
    assert not [path for path in folder.iterdir() if "tmp" in path.name]


@linux
def test_a_full_disk_for_real(folder, reach):
    import resource

    make(folder, "kept.txt")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    import signal

    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        problem = refused(write, reach, "kept.txt", "x" * 5000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert "The disk is full" in problem.message
    assert (folder / "kept.txt").read_text() == "x" * 10
    assert len(list(folder.iterdir())) == 1


def test_the_question_before_writing(folder, tmp_path):
    make(folder, "old.txt", size=3100)
    new = preview_write(folder / "new.txt", "x" * 1200)
    assert new.sentence == f"Write 1.2 kB to {folder / 'new.txt'} (a new file)"
    assert new.details == "x" * 1200
    old = preview_write(folder / "old.txt", "x")
    assert old.sentence == (
        f"Write 1 byte to {folder / 'old.txt'} (replaces 3.1 kB, which are kept beside it)"
    )
    # Nothing of what a person says yes to is hidden.
    far = folder / "/".join(["far" * 20] * 10) / "a.txt"
    assert str(far) in preview_write(far, "x").sentence
    assert "\u202e" not in preview_write(folder / "a\u202etxt.md", "x").sentence
    assert refused(preview_write, folder, "x").kind == "arguments"
    assert refused(preview_write, tmp_path / "x.pdf", "x").kind == "unsupported"


# ---------------------------------------------------------------- between the check and the act


@linux
def test_a_link_that_appears_after_the_check_is_not_followed(folder, reach, tmp_path):
    """Without Landlock: what is opened is checked part by part."""
    outside = tmp_path / "outside"
    make(outside, "secret.txt")
    (folder / "sub").symlink_to(outside)
    (folder / "a.txt").symlink_to(outside / "secret.txt")
    for path in (folder / "sub" / "secret.txt", folder / "a.txt"):
        problem = refused(open_file, path, reach)
        assert problem.kind == "outside"
        assert "replaced by a link" in problem.message
    assert refused(OpenFolder, folder / "sub", reach, "write").kind == "outside"
    assert refused(open_file, outside / "secret.txt", reach).kind == "outside"
    alone = Reach((Grant(folder=str(folder / "a.txt"), access="read"),))
    assert refused(open_file, folder / "a.txt", alone).kind == "outside"


@linux
def test_a_file_that_becomes_a_link_or_a_pipe_is_left_alone(folder, reach, tmp_path, monkeypatch):
    make(tmp_path, "outside.txt")
    make(folder, "a.txt")
    really = within._walk

    def swap(root, path):
        (folder / "a.txt").unlink()
        (folder / "a.txt").symlink_to(tmp_path / "outside.txt")
        monkeypatch.setattr(within, "_walk", really)
        return really(root, path)

    monkeypatch.setattr(within, "_walk", swap)
    assert refused(write, reach, "a.txt", "new").kind == "outside"
    assert (tmp_path / "outside.txt").read_text() == "x" * 10
    os.mkfifo(folder / "pipe")
    assert refused(open_file, folder / "pipe", reach).kind == "unsupported"


@linux
def test_a_folder_that_is_swapped_all_the_time_never_lets_out(folder, tmp_path):
    """Another process swaps a folder and a link to elsewhere as fast as it can."""
    import threading

    outside = tmp_path / "outside"
    make(outside, "a.txt")
    (outside / "a.txt").write_text("secret")
    make(folder, "sub/a.txt")
    (folder / "link").symlink_to(outside)
    reach = Reach((Grant(folder=str(folder), access="write"),), (str(folder),))
    over = threading.Event()

    def swap():
        while not over.is_set():
            (folder / "sub").rename(folder / "real")
            (folder / "link").rename(folder / "sub")
            (folder / "sub").rename(folder / "link")
            (folder / "real").rename(folder / "sub")

    thread = threading.Thread(target=swap)
    thread.start()
    read = 0
    try:
        for _ in range(1000):
            try:
                stream, _ = open_file(folder / "sub" / "a.txt", reach)
            except SkillProblem:
                continue
            with stream:
                assert stream.read() == b"x" * 10
                read += 1
    finally:
        over.set()
        thread.join()
    assert read > 0


def test_figures():
    assert [size_words(size) for size in (0, 1, 999, 1000, 3140, 99_949, 123_456, 999_999)] == [
        *("0 bytes", "1 byte", "999 bytes", "1.0 kB", "3.1 kB", "99.9 kB", "123 kB", "1.0 MB")
    ]
    assert size_words(5 * 10**12) == "5.0 TB"
    assert moment_words(NOW.timestamp() - 400 * DAY, NOW) == "17 October 2025"
    assert moment_words(1e30, NOW) == "at an unknown time"
