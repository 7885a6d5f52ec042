"""The desk: notes, reminders, the clipboard, opening, the machine."""

from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from homebody.base.errors import HomebodyError, SkillProblem
from homebody.skills.desk import Desk
from homebody.skills.moments import zone_of
from homebody.store.store import Store
from skills.desk_kit import SATURDAY, FakeClipboard, FakeOpener, full, skill

ROME = zone_of("Europe/Rome")


class Kit:
    def __init__(self, clock=lambda: SATURDAY, **parts):
        self.store = Store.temporary(clock=clock)
        self.desk = Desk(self.store, clock=clock, zone="Europe/Rome", **parts)

    def run(self, name, **args):
        return self.desk.run(skill(name), full(name, **args))

    def close(self):
        self.store.close()


@pytest.fixture
def kit():
    with closing(Kit()) as kit:
        yield kit


def test_a_reminder_with_a_time(kit):
    outcome = kit.run("set_reminder", text=" call\n mum ", when="tomorrow at 9")
    assert outcome.said == ("I will remind you on Sunday, 22 November 2026 at 09:00: call mum.")
    assert outcome.text == "call mum (Sunday, 22 November 2026 at 09:00)"
    (kept,) = kit.store.reminders()
    assert (kept.text, kept.due) == ("call mum", datetime(2026, 11, 22, 8, 0, tzinfo=UTC))


@pytest.mark.parametrize(
    ("hour", "said", "due"),
    [
        (12, "tomorrow", datetime(2026, 11, 22, 9, 0, tzinfo=ROME)),
        (5, "today", datetime(2026, 11, 21, 7, 0, tzinfo=ROME)),
        (12, "today", datetime(2026, 11, 21, 14, 0, tzinfo=ROME)),
    ],
)
def test_a_day_without_a_time_says_what_was_assumed(hour, said, due):
    with closing(Kit(clock=lambda: SATURDAY.replace(hour=hour))) as kit:
        outcome = kit.run("set_reminder", text="x", when=said)
        assert kit.store.reminders()[0].due == due
        assert f"No time was said, so {due:%H:%M} was taken." in outcome.said


@pytest.mark.parametrize(
    ("hour", "said", "wrong"),
    [(12, "yesterday at 9", "is past already"), (22, "today", "nearly over"), (12, "blah", "blah")],
)
def test_a_time_that_cannot_be_is_refused(hour, said, wrong):
    with closing(Kit(clock=lambda: SATURDAY.replace(hour=hour))) as kit:
        with pytest.raises(SkillProblem, match=wrong) as caught:
            kit.run("set_reminder", text="x", when=said)
        assert caught.value.kind == "arguments"
        assert kit.store.reminders() == []


def test_a_terminal_says_who_tells_the_reminder():
    with closing(Kit(reminds=False)) as kit:
        said = kit.run("set_reminder", text="x", when="tomorrow").said
        assert said.endswith(
            "It is shown by Homebody's window, while that runs or at its next start."
        )


def test_reminders_are_listed(kit):
    assert kit.run("list_reminders").text == "There are no reminders."
    first = kit.store.add_reminder("one", SATURDAY + timedelta(days=1))
    kit.store.add_reminder("two", SATURDAY + timedelta(days=2))
    assert kit.run("list_reminders").said == (
        "2 reminders:\n\n- Sunday, 22 November 2026 at 13:00: one\n"
        "- Monday, 23 November 2026 at 13:00: two"
    )
    assert kit.run("list_reminders", when="tomorrow").text == (
        "- Sunday, 22 November 2026 at 13:00: one"
    )
    assert kit.run("list_reminders", when="today").text == (
        "There are no reminders for Saturday, 21 November 2026."
    )
    kit.store.tell(first.id)
    assert "one" not in kit.run("list_reminders").text
    assert kit.run("list_reminders", when="tomorrow").text.endswith("one (told)")


def test_many_reminders_are_counted(kit):
    for number in range(105):
        kit.store.add_reminder(str(number), SATURDAY + timedelta(days=number))
    assert kit.run("list_reminders").text.endswith("And 5 more.")


def test_notes_are_kept_and_found(kit):
    assert kit.run("add_note", text=" the wifi code is 1234\n").said == (
        "Noted: the wifi code is 1234"
    )
    kit.run("add_note", text="Zahnarzt am Freitag")
    outcome = kit.run("search_notes", query="wifi")
    assert outcome.text == "the wifi code is 1234"
    assert outcome.said == "the wifi code is 1234\n*Saturday, 21 November 2026*"
    assert kit.run("search_notes", query="about the wifi").text == "the wifi code is 1234"
    assert kit.run("search_notes", query="mein Zahnarzt").text == "Zahnarzt am Freitag"


@pytest.mark.parametrize("query", ["my notes", "all", "meine Notizen", "todas las notas"])
def test_all_notes_are_meant(kit, query):
    kit.run("add_note", text="one")
    kit.run("add_note", text="two")
    assert kit.run("search_notes", query=query).text == "two\n\none"


def test_some_words_are_better_than_none(kit):
    kit.run("add_note", text="the printer needs toner")
    kit.run("add_note", text="printer code 99 for the office")
    outcome = kit.run("search_notes", query="office printer password")
    assert outcome.text == "printer code 99 for the office\n\nthe printer needs toner"
    assert outcome.said.startswith("No note has all of these words; these have some.")


def test_no_note_is_said(kit):
    with pytest.raises(SkillProblem, match="There are no notes yet") as caught:
        kit.run("search_notes", query="everything")
    assert caught.value.kind == "missing"
    kit.run("add_note", text="x")
    with pytest.raises(SkillProblem, match="no note with the words wifi"):
        kit.run("search_notes", query="the wifi")


def test_what_is_too_large_is_not_kept(kit):
    for name, args in (
        ("add_note", {"text": "x" * 300_000}),
        ("set_reminder", {"text": "x" * 3_000, "when": "tomorrow"}),
    ):
        with pytest.raises(SkillProblem) as caught:
            kit.run(name, **args)
        assert caught.value.kind == "large"
        assert caught.value.hint
    assert kit.store.notes() == kit.store.reminders() == []


def test_the_clipboard():
    clipboard = FakeClipboard("copied words")
    with closing(Kit(clipboard=clipboard)) as kit:
        outcome = kit.run("read_clipboard")
        assert (outcome.text, outcome.label) == ("copied words", "clipboard")
        assert kit.run("copy_to_clipboard", text="new\nwords").said == (
            "Copied to the clipboard: new words"
        )
        assert clipboard.text == "new\nwords"
        for text, kind in ((" \n", "missing"), ("x" * 8_000_001, "large")):
            clipboard.text = text
            with pytest.raises(SkillProblem) as caught:
                kit.run("read_clipboard")
            assert caught.value.kind == kind


@pytest.mark.parametrize("name", ["read_clipboard", "copy_to_clipboard", "open_item"])
def test_a_terminal_says_what_it_lacks(kit, name):
    with pytest.raises(SkillProblem, match="In the terminal") as caught:
        kit.run(name, text="x", path="/x")
    assert (caught.value.kind, bool(caught.value.hint)) == ("unsupported", True)


def test_things_are_opened(tmp_path):
    opener = FakeOpener()
    file = tmp_path / "budget ü.xlsx"
    file.write_bytes(b"PK")
    script = tmp_path / "notes.txt"
    script.write_bytes(b"#!/bin/sh\n")
    with closing(Kit(opens=opener)) as kit:
        for target in (
            str(file),
            str(tmp_path),
            str(script),
            "https://example.org/a",
            "mailto:a@b",
        ):
            assert kit.run("open_item", path=target).said == f"Opened {target}."
    assert opener.opened == [
        ("file", file),
        ("folder", tmp_path),
        ("file", script),
        ("link", "https://example.org/a"),
        ("link", "mailto:a@b"),
    ]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.exe", b"MZ"),
        ("a.desktop", b"[Desktop Entry]"),
        ("a.SH", b"echo"),
        ("a.lnk", b""),
        ("plain", b"\x7fELF"),
        ("run", b"#!/bin/sh"),
    ],
)
def test_a_program_is_never_opened(tmp_path, name, content):
    opener = FakeOpener()
    file = tmp_path / name
    file.write_bytes(content)
    file.chmod(0o755)
    with (
        closing(Kit(opens=opener)) as kit,
        pytest.raises(SkillProblem, match="is a program") as caught,
    ):
        kit.run("open_item", path=str(file))
    assert caught.value.kind == "refused"
    assert opener.opened == []


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        ("/nowhere/at/all.txt", "missing"),
        ("relative.txt", "missing"),
        ("a\0b", "missing"),
        ("file:///etc/passwd", "missing"),
        ("//server/share/a.txt", "refused"),
        ("\\\\server\\share", "refused"),
    ],
)
def test_what_is_not_there_is_not_opened(target, kind):
    opener = FakeOpener()
    with closing(Kit(opens=opener)) as kit, pytest.raises(SkillProblem) as caught:
        kit.run("open_item", path=target)
    assert caught.value.kind == kind
    assert opener.opened == []


def test_who_opens_says_why_not(tmp_path):
    opener = FakeOpener(HomebodyError("No program opens this.", "Install one."))
    with (
        closing(Kit(opens=opener)) as kit,
        pytest.raises(SkillProblem, match="No program opens this") as caught,
    ):
        kit.run("open_item", path=str(tmp_path))
    assert (caught.value.kind, caught.value.hint) == ("unsupported", "Install one.")


def test_the_state_of_this_machine(kit):
    """The real machine: what can be read is said, and nothing else."""
    text = kit.run("system_status").text
    assert "Processor" in text
    assert "Memory: " in text
    assert "Disk with your home folder: " in text
    assert kit.run("system_status", part="memory").text.count("\n") == 0
    assert kit.run("system_status", part="disk").text.startswith("Disk")


def test_an_unknown_skill_is_a_problem(kit):
    with pytest.raises(SkillProblem, match="no skill called calculate"):
        kit.run("calculate", expression="1")
