"""The ledger: what it says, and that nobody changes it unseen."""

import errno
import itertools
import json
import subprocess
import sys
import threading
from hashlib import sha256
from pathlib import Path

import pytest

from homebody.base.errors import CourierProblem
from homebody.base.paths import find_home
from homebody.privacy import ledger as module
from homebody.privacy.ledger import Ledger, entries, verify


@pytest.fixture
def path() -> Path:
    return find_home().ledger


@pytest.fixture
def head(path: Path) -> Path:
    return path.with_name("elsewhere") / "ledger.head"


@pytest.fixture
def ledger(path: Path, head: Path) -> Ledger:
    return Ledger(path, head)


def write(ledger: Ledger, connections: int = 1, **different: object) -> int:
    """Write pairs of lines; return the number of the last `opened`."""
    number = 0
    for _ in range(connections):
        fields = {
            "purpose": "search",
            "agreed": 'pressed "Search"',
            "method": "GET",
            "host": "hub.example",
            "port": 443,
            "path": "/api/models",
            "address": "93.184.215.14",
            "proxy": None,
        }
        number = ledger.opened(**(fields | different))  # type: ignore[arg-type]
        ledger.closed(
            number, bytes_out=120, bytes_in=4096, body_sha256=None, status=200, problem=""
        )
    return number


def lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True)


def test_no_ledger_is_whole_and_nothing_is_made(path: Path, head: Path) -> None:
    report = verify(path, head)
    assert (report.ok, report.lines, report.problems, report.notes) == (True, 0, (), ())
    assert list(entries(path)) == []
    assert not path.parent.exists()


def test_a_connection_is_two_lines_and_one_entry(ledger: Ledger, path: Path, head: Path) -> None:
    write(ledger, 2, agreed="x" * 1000)
    first, second = entries(path)
    assert (first.number, second.number) == (1, 3)
    assert (first.host, first.bytes_out, first.bytes_in, first.status) == (
        "hub.example", 120, 4096, 200,
    )  # fmt: skip
    assert first.opened.endswith("Z")
    assert len(first.agreed) == 200
    report = verify(path, head)
    assert (report.ok, report.lines, report.connections, report.unfinished) == (True, 4, 2, 0)


def test_an_open_connection_is_an_entry_without_an_end(
    ledger: Ledger, path: Path, head: Path
) -> None:
    write(ledger)
    ledger.opened(
        purpose="download", agreed="a", method="GET", host="h", port=1, path="/", address="::1",
        proxy="p:3128",
    )  # fmt: skip
    *_, last = entries(path)
    assert (last.closed, last.bytes_out, last.status, last.problem) == (None, None, None, None)
    assert verify(path, head).unfinished == 1


def test_anybody_can_follow_the_chain_with_ten_lines(ledger: Ledger, path: Path) -> None:
    """As the documentation says: the hash is that of the line without it."""
    write(ledger, 3)
    before = "0" * 64
    for number, line in enumerate(lines(path), 1):
        text, told = line.decode().removesuffix('"}\n').split(',"hash":"')
        assert sha256(f"{text}}}".encode()).hexdigest() == told
        said = json.loads(line)
        assert (said["n"], said["before"], said["hash"]) == (number, before, told)
        before = told


# ---------------------------------------------------------------- what somebody changed


def rehashed(line: bytes) -> bytes:
    """Give an edited line the hash of its new text."""
    text = line.split(b',"hash":"')[0] + b"}"
    return text[:-1] + b',"hash":"' + sha256(text).hexdigest().encode() + b'"}\n'


CHANGES = {
    "edit": lambda all_: [*all_[:4], all_[4].replace(b"hub.example", b"bad.example"), *all_[5:]],
    "edited hash": lambda all_: [*all_[:4], all_[4][:-5] + b'0"}\n', *all_[5:]],
    "edit with a new hash": lambda all_: [
        *all_[:4], rehashed(all_[4].replace(b"hub.example", b"bad.example")), *all_[5:],
    ],
    "last line edited with a new hash": lambda all_: [
        *all_[:-1], rehashed(all_[-1].replace(b"4096", b"4097")),
    ],
    "garbage": lambda all_: [*all_[:4], b"garbage\n", *all_[5:]],
    "empty line": lambda all_: [*all_[:4], b"\n", *all_[4:]],
    "cut tail": lambda all_: all_[:-2],
    "cut head": lambda all_: all_[3:],
    "taken out": lambda all_: [*all_[:4], *all_[5:]],
    "swapped": lambda all_: [*all_[:4], all_[5], all_[4], *all_[6:]],
    "doubled": lambda all_: [*all_[:5], all_[4], *all_[5:]],
    "all gone": lambda _all: [],
    "added": lambda all_: [*all_, *chained_on(all_[-1], 2)],
}  # fmt: skip


def chained_on(last: bytes, count: int) -> list[bytes]:
    """Lines that somebody put behind the last one, in a chain that is right."""
    added = []
    for _ in range(count):
        said = json.loads(last)
        line = json.dumps({"type": "mended", "n": said["n"] + 1, "before": said["hash"]})
        last = rehashed(line.replace(" ", "").encode()[:-1] + b',"hash":"')
        added.append(last)
    return added


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("then_goes_on", [False, True], ids=["as it is", "after more lines"])
def test_a_change_is_told_with_its_line(
    ledger: Ledger, path: Path, head: Path, change: str, then_goes_on: bool
) -> None:
    """Also when Homebody has written on since: it does not cover up what somebody did."""
    write(ledger, 4)
    path.write_bytes(b"".join(CHANGES[change](lines(path))))
    if then_goes_on:
        write(ledger, 2)
    report = verify(path, head)
    assert not report.ok
    told = " ".join(report.problems)
    line = {
        "cut tail": "7",
        "all gone": "1 to 8",
        "cut head": "1 to 3",
        "last line edited with a new hash": "8",
        "added": "8",
    }
    assert line.get(change, "5") in told or "6" in told
    assert all(each[0].isupper() and each.endswith(".") for each in report.problems)


def test_a_missing_file_is_told(ledger: Ledger, path: Path, head: Path) -> None:
    write(ledger, 2)
    path.unlink()
    assert "Lines number 1 to 4 are missing" in verify(path, head).problems[0]
    write(ledger)
    assert not verify(path, head).ok


@pytest.mark.parametrize("text", [None, b"", b"{}", b"[1]", b"\xff"])
def test_a_missing_head_is_told_and_stays_told(
    ledger: Ledger, path: Path, head: Path, text: bytes | None
) -> None:
    write(ledger, 2)
    if text is None:
        head.unlink()
    else:
        head.write_bytes(text)
    assert "nobody can tell" in verify(path, head).problems[0]
    write(ledger)
    report = verify(path, head)
    assert len(report.problems) == 1
    assert "line 5" in report.problems[0]


def test_any_flipped_bit_is_seen(ledger: Ledger, path: Path, head: Path) -> None:
    write(ledger, 2)
    whole = path.read_bytes()
    for place in range(0, len(whole), 7):
        changed = bytearray(whole)
        changed[place] ^= 1
        path.write_bytes(changed)
        assert not verify(path, head).ok, place


def test_many_changes_are_not_told_one_by_one(ledger: Ledger, path: Path, head: Path) -> None:
    write(ledger, 20)
    path.write_bytes(b"".join(line.replace(b"5", b"6") for line in lines(path)))
    report = verify(path, head)
    assert len(report.problems) == 21
    assert "more such places" in report.problems[-1]


# ---------------------------------------------------------------- what a crash leaves


def test_a_crash_between_the_line_and_the_head_is_no_harm(
    ledger: Ledger, path: Path, head: Path
) -> None:
    """Twice in a row, too."""
    write(ledger, 2)
    for _ in range(2):
        ledger.opened(
            purpose="search", agreed="a", method="GET", host="h", port=1, path="/", address="::1",
            proxy=None,
        )  # fmt: skip
        said = json.loads(lines(path)[-1])
        head.write_text(json.dumps({"count": said["n"] - 1, "hash": said["before"]}))
        report = verify(path, head)
        assert report.ok
        assert "just after line" in report.notes[0]
    write(ledger)
    report = verify(path, head)
    assert (report.ok, report.notes) == (True, ())


def test_it_is_never_two_lines_ahead(
    ledger: Ledger, path: Path, head: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The head catches up before another line is added: two crashes look like one."""
    write(ledger)
    said = json.loads(lines(path)[-1])
    head.write_text(json.dumps({"count": said["n"] - 1, "hash": said["before"]}))

    def crash(_path: Path, _data: bytes) -> None:
        raise OSError(errno.EIO, "as if it had died here")

    with monkeypatch.context() as dying:
        dying.setattr(module, "replace_file", crash)
        with pytest.raises(CourierProblem):
            write(ledger)
    assert len(lines(path)) == 2
    assert verify(path, head).ok


@pytest.mark.parametrize("size", [1, 40, 200])
def test_half_a_line_is_kept_aside_and_the_chain_goes_on(
    ledger: Ledger, path: Path, head: Path, size: int
) -> None:
    write(ledger, 2)
    whole = path.read_bytes()
    for number in (1, 2):
        half = lines(path)[0][:size]
        with path.open("ab") as stream:
            stream.write(half)
        report = verify(path, head)
        assert report.ok
        assert "cut off" in report.notes[0]
        write(ledger)
        assert path.with_name(f"ledger.jsonl.half-{number}").read_bytes() == half
    report = verify(path, head)
    assert report.ok
    assert "2 half-written lines" in report.notes[0]
    assert path.read_bytes().startswith(whole)
    assert len(lines(path)) == 8


def test_a_half_line_that_had_been_whole_is_missed(ledger: Ledger, path: Path, head: Path) -> None:
    """It was written down whole before; so it was not a crash that cut it."""
    write(ledger, 2)
    path.write_bytes(path.read_bytes()[:-9])
    assert "Line number 4 is missing at the end." in verify(path, head).problems
    write(ledger)
    assert any("number 4" in each or "line 4" in each for each in verify(path, head).problems)


def test_a_file_without_an_end_of_line_is_kept_aside_whole(
    ledger: Ledger, path: Path, head: Path
) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(b"x" * 150_000)
    write(ledger)
    assert [len(each) > 1 for each in lines(path)] == [True, True]
    assert sum(each.stat().st_size for each in path.parent.glob("*.half-*")) == 150_000
    assert verify(path, head).ok


# ---------------------------------------------------------------- several at once, and no space

WRITER = """
import sys
from pathlib import Path
from homebody.privacy.ledger import Ledger
ledger = Ledger(Path(sys.argv[1]), Path(sys.argv[2]))
for _ in range(int(sys.argv[3])):
    number = ledger.opened(purpose="search", agreed="two", method="GET", host="h", port=1,
                           path="/", address="::1", proxy=None)
    ledger.closed(number, bytes_out=1, bytes_in=1, body_sha256=None, status=200, problem="")
"""


def test_processes_and_threads_write_at_once(ledger: Ledger, path: Path, head: Path) -> None:
    command = [sys.executable, "-P", "-c", WRITER, str(path), str(head), "15"]
    writers = [subprocess.Popen(command) for _ in range(2)]
    threads = [threading.Thread(target=write, args=(ledger, 15)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [writer.wait(60) for writer in writers] == [0, 0]
    report = verify(path, head)
    assert (report.ok, report.lines, report.connections, report.unfinished) == (True, 120, 60, 0)


def test_no_entry_where_there_is_no_space(
    ledger: Ledger, path: Path, head: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At whichever step the disk is full: the next entry follows the last whole one."""
    write(ledger)
    for step in ("_write_all", "replace_file"):
        with monkeypatch.context() as full:

            def fail(target: object, data: bytes) -> None:
                if hasattr(target, "write"):
                    target.write(data[:20])
                raise OSError(errno.ENOSPC, "No space left on device")

            full.setattr(module, step, fail)
            with pytest.raises(CourierProblem, match="No space left") as problem:
                write(ledger)
        assert problem.value.kind == "disk"
        assert problem.value.hint
        assert verify(path, head).ok
    write(ledger)
    assert verify(path, head).ok
    assert not list(path.parent.glob("*.half-*"))


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is Linux'")
def test_a_ledger_that_cannot_be_written_is_a_sentence(tmp_path: Path, head: Path) -> None:
    for path in (tmp_path, Path("/dev/full/ledger"), Path("/proc/ledger")):
        with pytest.raises(CourierProblem, match="Nothing was connected") as problem:
            write(Ledger(path, head))
        assert problem.value.kind == "disk"


def test_it_is_readable_by_its_owner_alone(ledger: Ledger, path: Path, head: Path) -> None:
    write(ledger)
    if sys.platform != "win32":
        assert [each.stat().st_mode & 0o77 for each in (path, head)] == [0, 0]


def test_every_cut_is_a_crash_or_is_told(ledger: Ledger, path: Path, head: Path) -> None:
    """Wherever the file ends, nothing that the head knows of goes missing unseen."""
    write(ledger, 2)
    whole = path.read_bytes()
    ends = list(itertools.accumulate(len(line) for line in lines(path)))
    for size in range(0, len(whole), 11):
        path.write_bytes(whole[:size])
        assert not verify(path, head).ok
    assert ends[-1] == len(whole)
