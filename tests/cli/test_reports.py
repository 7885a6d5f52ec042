"""`doctor`, `selftest` and `schema`: what Homebody says of itself."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from cli.support import ANSWER, homebody, scripted
from homebody import __version__
from homebody.cli.schema import SCHEMAS
from homebody.engine.scripted import ScriptedReply
from homebody.messages.reports import DoctorReport

Write = Callable[..., Path]


def test_doctor_says_in_sentences_that_all_is_well(profile: Path) -> None:
    ran = homebody("doctor")
    assert (ran.status, ran.err) == (0, ""), ran
    lines = ran.out.splitlines()
    assert lines[0].startswith(f"Homebody {__version__}, Python 3.")
    assert lines[-1] == "Everything is well."
    assert any(line.startswith("Lock of this program: The system itself refuses") for line in lines)
    assert any(line.startswith("Lock of the engine: The system itself refuses") for line in lines)
    assert f"Conversations: 0 in {profile}" in ran.out
    assert all(line.endswith(".") for line in lines)


def test_doctor_prints_a_doctor_report(write_script: Write) -> None:
    ran = scripted(write_script("x"), "doctor", "--json")
    report = msgspec.json.decode(ran.out, type=DoctorReport, strict=True)
    assert (ran.status, report.ok, report.problems) == (0, True, ())
    assert report.engine.build == "script"
    assert report.locks == ("seccomp: no internet sockets",)


def test_doctor_names_what_needs_a_look_and_fails(write_script: Write, profile: Path) -> None:
    profile.mkdir()
    (profile / "settings.toml").write_text("temperature = -4")
    ran = scripted(write_script("x", fail_load="This model is of no use."), "doctor")
    assert ran.status == 1
    assert "Engine: does not work. This model is of no use." in ran.out
    assert "Needs a look: temperature is -4 in settings.toml" in ran.out
    assert ran.out.splitlines()[-1] == "See above for what needs a look."


def test_doctor_works_where_there_is_no_model(profile: Path) -> None:
    profile.mkdir()
    (profile / "settings.toml").write_text('model = "/no/such.gguf"')
    ran = homebody("doctor", "--json")
    report = msgspec.json.decode(ran.out, type=DoctorReport)
    assert ran.status == 1
    assert "There is no model" in report.engine.problem
    assert report.memory_total is not None


def test_doctor_shows_the_last_lines_of_an_engine_that_crashed(write_script: Write) -> None:
    ran = scripted(write_script(ScriptedReply(crash=0)), "doctor")
    assert ran.status == 1
    assert "    script.cpp:7: GGML_ASSERT(the script goes on) failed" in ran.out


@pytest.mark.parametrize("arguments", [[], ["--json"]])
def test_doctor_can_be_copied_into_a_bug_report(
    arguments: list[str], write_script: Write, tmp_path: Path
) -> None:
    """No home folder, which is mostly a person's name, and no word of a conversation."""
    home = tmp_path / "ann.marker"
    profile = home / "profile"
    profile.mkdir(parents=True)
    (profile / "settings.toml").write_text(f'model = "{home}/models/no.gguf"')
    around = {"HOME": str(home), "HOMEBODY_HOME": str(profile)}
    ran = scripted(write_script("x"), "doctor", *arguments, environment=around)
    assert "ann.marker" not in ran.out + ran.err
    assert "~/models/no.gguf" in ran.out
    assert "~/profile/homebody.sqlite" in ran.out


def test_doctor_counts_conversations_and_quotes_none(write_script: Write) -> None:
    script = write_script("marker-reply")
    scripted(script, "ask", "marker-request")
    ran = scripted(script, "doctor")
    assert "Conversations: 1 in" in ran.out
    assert "marker" not in ran.out


def test_selftest_answers_saves_and_leaves_the_profile_alone(profile: Path) -> None:
    ran = homebody("selftest")
    assert (ran.status, ran.err) == (0, "")
    assert f"reply: {ANSWER}" in ran.out
    assert ran.out.splitlines()[-1] == "everything works"
    assert [path.name for path in profile.iterdir()] == ["settings.toml"]


def test_selftest_names_the_cause_when_something_is_wrong(write_script: Write) -> None:
    scripted(write_script("Bananas."), "selftest").complained("The model answered 'Bananas.'")
    scripted(write_script(ScriptedReply(crash=0)), "selftest").complained("gave up")


def test_schema_lists_its_names() -> None:
    ran = homebody("schema")
    assert (ran.status, ran.out.split(), ran.err) == (0, list(SCHEMAS), "")


@pytest.mark.parametrize("name", SCHEMAS)
def test_each_schema_is_json(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    from homebody.cli.schema import print_schema

    assert print_schema(name) == 0
    schema = json.loads(capsys.readouterr().out)
    assert schema["$ref"].startswith("#/$defs/") if "$ref" in schema else schema["anyOf"]


def test_a_schema_that_does_not_exist() -> None:
    ran = homebody("schema", "nope")
    ran.complained("There is no schema 'nope'.", "Known are: ask, doctor")


def test_what_ask_prints_has_exactly_the_fields_of_its_schema(write_script: Write) -> None:
    printed = json.loads(scripted(write_script("x"), "ask", "--json", "hi").out)
    schema = json.loads(homebody("schema", "ask").out)
    fields = schema["$defs"]["AskReport"]
    assert list(printed) == list(fields["properties"])
    assert set(fields["required"]) == set(printed)
    assert list(printed["stats"]) == list(schema["$defs"]["AskStats"]["properties"])


def test_the_profile_is_made_for_its_owner_alone(write_script: Write, profile: Path) -> None:
    scripted(write_script("x"), "ask", "hi")
    assert (profile / "homebody.sqlite").stat().st_mode & 0o077 == 0
    sqlite3.connect(profile / "homebody.sqlite").close()
