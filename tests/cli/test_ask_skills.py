"""`homebody ask` with skills: what is printed where, what is asked, and how it ends."""

import json
import re
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from cli.support import Ran, run
from homebody.messages.reports import AskReport

DRIVER = Path(__file__).with_name("skilled_homebody.py")
LINES = {
    "sum": "calculate 6*7",
    "read": "read_file notes.md",
    "loud": "read_file notes.md\nrewrite $1 | loud",
    "save": "read_file notes.md\nrewrite $1 | loud\nwrite_file loud.md | $2",
    "which": "read_file list",
    "missing": "calculate 1+1\nread_file nothing.txt",
    "only missing": "read_file nothing.txt",
    "copied": "read_clipboard",
}
Ask = Callable[..., Ran]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The terminal's folder."""
    made = tmp_path / "ada" / "files"
    made.mkdir(parents=True)
    (made / "notes.md").write_text("buy milk")
    (made / "list.txt").write_text("one")
    (made / "list.md").write_text("two")
    return made


@pytest.fixture
def ask(write_script: Callable[..., Path], tmp_path: Path, folder: Path) -> Ask:
    """Run `homebody ask …` there."""
    lines = tmp_path / "lines.json"
    lines.write_text(json.dumps(LINES))
    script = write_script("A reply of the model.")

    def start(*arguments: str | Path) -> Ran:
        tests = str(DRIVER.parent.parent)
        return run(
            [sys.executable, DRIVER, script, lines, "ask", *arguments],
            cwd=folder,
            environment={"PYTHONPATH": tests},
        )

    return start


def test_steps_go_to_stderr_and_the_result_to_stdout(ask: Ask) -> None:
    ran = ask("sum")
    assert ran.status == 0
    assert "42" in ran.out
    assert re.fullmatch(r"▸ calculate  6\*7  [0-9.]+ m?s\n", ran.err), ran


def test_a_chain_on_granted_files(ask: Ask, folder: Path) -> None:
    ran = ask("--grant", folder, "loud")
    assert (ran.status, ran.out) == (0, "BUY MILK\n")
    assert [line.split()[1] for line in ran.err.splitlines()] == ["read_file", "rewrite"]


def test_without_a_terminal_a_folder_that_is_not_granted_is_an_error_that_names_the_way(
    ask: Ask, folder: Path, profile: Path
) -> None:
    ran = ask("loud")
    ran.complained(str(folder / "notes.md"), "--grant", "--yes")
    assert ran.out == ""
    rows = sqlite3.connect(profile / "homebody.sqlite").execute("SELECT state FROM turn")
    assert rows.fetchall() == [("waiting",)]
    rows.connection.close()


def test_yes_says_yes_to_the_folder_and_the_file(ask: Ask, folder: Path) -> None:
    ran = ask("--yes", "save")
    assert ran.status == 0, ran
    assert (folder / "loud.md").read_text() == "BUY MILK"
    assert "loud.md" in ran.out


def test_a_grant_alone_writes_nothing(ask: Ask, folder: Path) -> None:
    ran = ask("--grant", folder, "save")
    assert ran.status == 1
    assert "Write 8 " in ran.err
    assert "--yes" in ran.err
    assert not (folder / "loud.md").exists()


def test_yes_cannot_choose(ask: Ask) -> None:
    ran = ask("--yes", "which")
    ran.complained("list.txt", "list.md", "in full")


def test_what_failed_is_said_and_the_status_is_1(ask: Ask, folder: Path) -> None:
    ran = ask("--grant", folder, "missing")
    assert ran.status == 1
    assert "did not work" in ran.out
    assert "error: " in ran.err
    assert "hint: " in ran.err
    ran = ask("--grant", folder, "only missing")
    assert (ran.status, ran.out) == (1, "")
    assert "nothing.txt" in ran.err


def test_json_has_the_decision_and_the_steps(ask: Ask, folder: Path) -> None:
    ran = ask("--json", "--grant", folder, "loud")
    assert (ran.status, ran.err) == (0, "")
    report = msgspec.json.decode(ran.out, type=AskReport, strict=True)
    assert (report.reply, report.decision, report.bytes_sent) == ("BUY MILK", "skills", 0)
    first, second = report.steps
    assert (first.skill, first.args, first.ok) == (
        "read_file",
        {"path": str(folder / "notes.md")},
        True,
    )
    assert (second.skill, second.result, second.state) == ("rewrite", "BUY MILK", "done")
    assert second.ms is not None
    failed = ask("--json", "--grant", folder, "missing")
    assert failed.status == 1
    report = msgspec.json.decode(failed.out, type=AskReport, strict=True)
    assert [(step.ok, step.state) for step in report.steps] == [(True, "done"), (False, "failed")]
    assert report.steps[1].problem


def test_no_skills_only_talks(ask: Ask) -> None:
    ran = ask("--json", "--no-skills", "sum")
    report = msgspec.json.decode(ran.out, type=AskReport, strict=True)
    assert (report.decision, report.steps, report.reply) == ("answer", (), "A reply of the model.")


@pytest.mark.parametrize(
    ("given", "said"), [("nowhere", "There is no folder"), ("notes.md", "not a folder"), ("/", "")]
)
def test_a_grant_that_cannot_be_is_refused(ask: Ask, given: str, said: str) -> None:
    ask("--grant", given, "sum").complained(said)
