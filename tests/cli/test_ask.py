"""`homebody ask`, and `homebody` in a pipe, as a person or a script runs them."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from cli.support import ANSWER, DEADLINE, DRIVER, HOMEBODY, TOKYO, homebody, run, scripted, unshared
from homebody.base.paths import find_home
from homebody.engine.scripted import ScriptedReply
from homebody.messages.reports import AskReport
from library.gguf_files import File

Write = Callable[..., Path]


# ---------------------------------------------------------------- with the starter model


def test_the_starter_model_answers_and_the_reply_is_all_of_stdout(profile: Path) -> None:
    ran = homebody("ask", TOKYO)
    assert (ran.status, ran.out, ran.err) == (0, f"{ANSWER}\n", "")
    rows = sqlite3.connect(profile / "homebody.sqlite").execute(
        "SELECT request, reply, state FROM turn"
    )
    assert rows.fetchall() == [(TOKYO, ANSWER, "done")]
    rows.connection.close()


def test_json_is_an_ask_report_and_says_that_nothing_was_sent() -> None:
    ran = homebody("ask", "--json", TOKYO)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.count("\n") == 1
    report = msgspec.json.decode(ran.out, type=AskReport, strict=True)
    assert report.reply == ANSWER
    assert (report.decision, report.bytes_sent, report.steps, report.dropped) == (
        "answer",
        0,
        (),
        (),
    )
    assert report.model.name == "SmolLM2 135M"
    assert report.stats.prompt_tokens == report.stats.evaluated_tokens
    assert report.stats.generated_tokens == 8
    assert report.stats.energy_joules is None, "unknown is null"


def test_homebody_in_a_pipe_answers_what_comes_on_stdin_and_ends() -> None:
    ran = homebody(stdin=f"{TOKYO}\n".encode())
    assert (ran.status, ran.out, ran.err) == (0, f"{ANSWER}\n", "")


def test_it_answers_where_there_is_no_network_at_all() -> None:
    homebody("schema")
    ran = run([*unshared("-n"), *HOMEBODY, "ask", "--json", TOKYO])
    assert ran.status == 0, ran
    report = msgspec.json.decode(ran.out, type=AskReport)
    assert (report.reply, report.bytes_sent) == (ANSWER, 0)


def test_no_process_of_it_ever_has_an_internet_socket(tmp_path: Path) -> None:
    """Seen by the kernel's own eyes: every socket call of the front end and of its children.

    Each lock tries one socket, to know that it holds; nothing else may even try.
    """
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed")
    trace = tmp_path / "trace"
    homebody("schema")
    calls = "trace=socket,socketpair,connect,sendto,execve"
    ran = run([strace, "-f", "-e", calls, "-o", trace, *HOMEBODY, "ask", TOKYO])
    assert (ran.status, ran.out) == (0, f"{ANSWER}\n")
    lines = trace.read_text().splitlines()
    # A call that another process interrupts is told in two lines, the outcome in the second.
    started = sum("execve" in line and line.endswith(" = 0") for line in lines)
    assert started == 3, "the front end, the engine that chats, the planner's"
    tried = [line for line in lines if "AF_INET" in line]
    assert len(tried) <= 3
    assert [line for line in tried if "= -1 EACCES" not in line] == []


# ---------------------------------------------------------------- what goes to which stream


def test_a_reply_is_exactly_what_the_model_said(write_script: Write) -> None:
    said = "# Title\n\nvector<int> is **fine**.\n\n```\nx  y\n```"
    ran = scripted(write_script(said), "ask", "hi")
    assert (ran.status, ran.out) == (0, f"{said}\n")


def test_reasoning_is_not_part_of_the_reply(write_script: Write) -> None:
    ran = scripted(write_script(ScriptedReply("Four.", reasoning="two and two")), "ask", "2+2")
    assert ran.out == "Four.\n"


def test_what_a_model_says_cannot_steer_the_terminal(write_script: Write) -> None:
    """Titles, clipboard writes, hidden text, and characters that turn the reading direction."""
    evil = "a\x1b]0;pwned\x07b\x1b[8mc\x9b31md\u202ee\x7f\x08 \r fine\ttab"
    script = write_script(evil)
    ran = scripted(script, "ask", "hi")
    assert ran.out == (
        "a\ufffd]0;pwned\ufffdb\ufffd[8mc\ufffd31md\ufffde\ufffd\ufffd \ufffd fine\ttab\n"
    )
    ran = scripted(script, "ask", "--json", "hi")
    assert not set("\x1b\x07\x9b\u202e\x7f\x08\r") & set(ran.out)
    assert msgspec.json.decode(ran.out, type=AskReport).reply == evil


def test_a_reply_that_hits_the_limit_says_so_on_stderr(write_script: Write) -> None:
    homebody("schema")
    find_home().settings.write_text("threads = 1\nmax_reply_tokens = 3\n")
    ran = homebody("ask", TOKYO)
    assert ran.status == 0
    assert ran.out == "The capital of\n"
    assert ran.err == "note: The reply was cut short: the limit in the settings is reached.\n"


def test_a_crash_of_the_engine_keeps_what_was_said_and_fails(write_script: Write) -> None:
    ran = scripted(write_script(ScriptedReply("One two three", crash=2)), "ask", "count")
    ran.complained("gave up", "GGML_ASSERT")
    assert ran.out == "One two \n"


# ---------------------------------------------------------------- what cannot be answered


@pytest.mark.parametrize("arguments", [["ask", ""], ["ask", "  \n"], []])
def test_an_empty_request_is_refused(arguments: list[str], write_script: Write) -> None:
    scripted(write_script("x"), *arguments).complained("empty")


@pytest.mark.parametrize(
    "arguments",
    [["--bogus"], ["ask"], ["ask", "a", "b"], ["ask", "a", "--model"], ["schema", "a", "b"]],
)
def test_arguments_that_cannot_be_parsed_end_with_2(arguments: list[str]) -> None:
    ran = homebody(*arguments)
    assert ran.status == 2
    assert ran.out == ""
    assert ran.err.startswith("usage: homebody")


def test_ten_megabytes_are_kept_and_refused_with_a_clear_sentence(
    write_script: Write, profile: Path
) -> None:
    ran = scripted(write_script("x"), stdin=b"word " * 2_000_000)
    ran.complained("does not fit", "4,096 tokens")
    assert ran.out == ""
    rows = sqlite3.connect(profile / "homebody.sqlite").execute("SELECT length(request) FROM turn")
    assert rows.fetchall() == [(9_999_999,)]
    rows.connection.close()


def test_stdin_that_is_not_utf8_is_answered_with_a_note(write_script: Write) -> None:
    ran = scripted(write_script("Fine."), stdin=b"\xe9t\xe9?")
    assert (ran.status, ran.out) == (0, "Fine.\n")
    assert ran.err == (
        "note: The text on stdin is not all UTF-8; what could not be read was replaced.\n"
    )


def test_control_characters_on_stdin_are_answered(write_script: Write) -> None:
    ran = scripted(write_script("Fine."), stdin=b"a\x00b\x1b[31mc\x07 hello")
    assert (ran.status, ran.out, ran.err) == (0, "Fine.\n", "")


def test_an_argument_that_is_not_utf8_is_answered(write_script: Write) -> None:
    ran = run([sys.executable, DRIVER, write_script("Fine."), "ask", os.fsdecode(b"\xe9t\xe9")])
    assert (ran.status, ran.out) == (0, "Fine.\n")


# ---------------------------------------------------------------- models that do not work


def gguf(path: Path, data: bytes = b"GGUF\x03\x00\x00\x00") -> Path:
    path.write_bytes(data)
    return path


def test_a_model_that_is_not_there(tmp_path: Path) -> None:
    homebody("ask", "--model", tmp_path / "no.gguf", "hi").complained("There is no model")
    homebody(tmp_path / "no.gguf", stdin=b"hi").complained("There is no model")
    homebody("ask", "--model", "x" * 400, "hi").complained()
    homebody("ask", "--model", "~nobody-has-this-name/x", "hi").complained("There is no model")


def test_a_model_that_is_not_a_gguf(tmp_path: Path) -> None:
    ran = homebody("ask", "--model", gguf(tmp_path / "a.gguf", b"PK\x03\x04zip"), "hi")
    ran.complained("a.gguf is not a GGUF file")
    assert ran.out == ""


def test_a_truncated_model(tmp_path: Path) -> None:
    from homebody.library.shelf import find_model

    whole = find_model(find_home(), "starter").path
    with whole.open("rb") as stream:
        part = gguf(tmp_path / "half.gguf", stream.read(40_000_000))
    ran = homebody("ask", "--model", part, "hi")
    ran.complained("half.gguf")
    assert ran.out == ""


def test_a_model_larger_than_the_memory(tmp_path: Path) -> None:
    big = File().write(tmp_path / "big.gguf")
    os.truncate(big, 1 << 43)
    homebody("ask", "--model", big, "hi").complained("big.gguf takes 8,796.1 GB", "of memory")


def test_a_chat_template_that_loops_for_ever(tmp_path: Path) -> None:
    """The starter with such a template: refused after its time, by name, and nothing hangs."""
    import gguf as package

    from homebody.library.shelf import find_model

    looping = (
        "{% for a in range(9999) %}{% for b in range(9999) %}{% for c in range(9999) %}"
        "{% endfor %}{% endfor %}{% endfor %}"
    )
    reader = package.GGUFReader(find_model(find_home(), "starter").path)
    path = tmp_path / "looping.gguf"
    writer = package.GGUFWriter(path, "llama")
    for name, field in reader.fields.items():
        if name.startswith("GGUF.") or name == "general.architecture":
            continue
        if name == "tokenizer.chat_template":
            writer.add_chat_template(looping)
        else:
            writer.add_key_value(name, field.contents(), field.types[0], *field.types[1:2])
    for tensor in reader.tensors:
        writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()

    ran = homebody("ask", "--model", path, "hi")
    ran.complained("chat template did not end within 2 seconds")
    assert ran.out == ""


# ---------------------------------------------------------------- profiles that do not work


def test_a_broken_settings_file_is_named_and_the_answer_comes(
    write_script: Write, profile: Path
) -> None:
    profile.mkdir()
    (profile / "settings.toml").write_text("threads = = 1")
    ran = scripted(write_script("Fine."), "ask", "hi")
    assert (ran.status, ran.out) == (0, "Fine.\n")
    assert ran.err.startswith("note: settings.toml cannot be understood")
    assert (profile / "settings.toml").read_text() == "threads = = 1"


def test_a_wrong_value_in_the_settings_is_named_with_what_is_allowed(
    write_script: Write, profile: Path
) -> None:
    profile.mkdir()
    (profile / "settings.toml").write_text('temperature = "hot"')
    ran = scripted(write_script("Fine."), "ask", "hi")
    assert (ran.status, ran.out) == (0, "Fine.\n")
    assert 'temperature is "hot" in settings.toml; it must be a number from 0 to 2.' in ran.err


def test_a_profile_that_is_a_file_answers_and_says_that_nothing_is_saved(
    write_script: Write, profile: Path
) -> None:
    profile.write_text("not a folder")
    ran = scripted(write_script("Fine."), "ask", "hi")
    assert (ran.status, ran.out) == (0, "Fine.\n")
    assert "nothing is saved" in ran.err
    assert profile.read_text() == "not a folder"


def test_a_read_only_profile_answers_and_says_that_nothing_is_saved(
    write_script: Write, profile: Path
) -> None:
    script = write_script("Fine.", log="")
    profile.mkdir()
    mount = f'mount -t tmpfs -o ro,size=1m none {profile} && exec "$@"'
    ran = run(
        [*unshared("-m"), "sh", "-c", mount, "sh", sys.executable, DRIVER, script, "ask", "hi"]
    )
    assert (ran.status, ran.out) == (0, "Fine.\n")
    assert "may not be written" in ran.err
    assert "nothing is saved" in ran.err


def test_a_full_disk_answers_and_says_that_nothing_is_saved(
    write_script: Write, profile: Path
) -> None:
    script = write_script("Fine.", log="")
    profile.mkdir()
    mount = (
        f"mount -t tmpfs -o size=256k none {profile} && "
        f'dd if=/dev/zero of={profile}/ballast bs=4k 2>/dev/null; exec "$@"'
    )
    ran = run(
        [*unshared("-m"), "sh", "-c", mount, "sh", sys.executable, DRIVER, script, "ask", "hi"]
    )
    assert (ran.status, ran.out) == (0, "Fine.\n"), ran
    assert "no space is left" in ran.err
    assert "nothing is saved" in ran.err


def test_a_disk_that_fills_up_after_the_start_loses_no_reply(
    write_script: Write, profile: Path
) -> None:
    """The request fits, the reply does not: it is printed all the same, and the note says why."""
    reply = "word " * 60_000
    script = write_script(ScriptedReply(reply.strip()), log="", context=400_000)
    profile.mkdir()
    mount = f'mount -t tmpfs -o size=800k none {profile} && exec "$@"'
    ran = run(
        [*unshared("-m"), "sh", "-c", mount, "sh", sys.executable, DRIVER, script, "ask", "hi"]
    )
    assert (ran.status, ran.out) == (0, f"{reply.strip()}\n")
    assert "The reply could not be saved" in ran.err
    assert "no space is left" in ran.err


def test_a_database_of_a_newer_version_is_left_alone(write_script: Write, profile: Path) -> None:
    script = write_script("Fine.")
    scripted(script, "ask", "hi")
    path = profile / "homebody.sqlite"
    with sqlite3.connect(path) as database:
        tables = [row[0] for row in database.execute("SELECT name FROM sqlite_master")]
        assert "_sqlite_migrations" in tables
        database.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
            " SELECT migration_set, 'from_the_future', applied_at FROM _sqlite_migrations LIMIT 1"
        )
    database.close()
    before = path.read_bytes()
    ran = scripted(script, "ask", "again")
    assert (ran.status, ran.out) == (0, "Fine.\n")
    assert "newer" in ran.err
    assert "nothing is saved" in ran.err
    assert path.read_bytes() == before


# ---------------------------------------------------------------- outputs that do not work


def test_a_reader_that_leaves_early_is_no_error_and_loses_nothing(
    write_script: Write, profile: Path
) -> None:
    said = write_script(ScriptedReply("word " * 40_000), context=100_000)
    command = f'"{sys.executable}" "{DRIVER}" "{said}" ask hi | head -c 4'
    ran = run(["sh", "-c", command])
    assert (ran.status, ran.out, ran.err) == (0, "word", "")
    rows = sqlite3.connect(profile / "homebody.sqlite").execute("SELECT state, reply FROM turn")
    ((state, reply),) = rows.fetchall()
    rows.connection.close()
    # Ended, with every word that had come; "interrupted" would be with the last checkpoint's.
    assert state == "stopped"
    assert reply.startswith("word ")


@pytest.mark.parametrize("arguments", [["schema", "doctor"], ["ask", "--json", "hi"]])
def test_a_reader_that_never_reads_is_no_error_worth_a_word(
    arguments: list[str], write_script: Write
) -> None:
    process = subprocess.Popen(
        [sys.executable, str(DRIVER), str(write_script("x")), *arguments],
        # Buffered, as it mostly is: then it is at the very end that nobody reads.
        env={name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    with process.stderr:
        assert process.stderr.read() == b""
    assert process.wait(DEADLINE) == 1


def test_a_full_disk_behind_the_output_is_said(write_script: Write) -> None:
    script = write_script("Fine.")
    ran = run(["sh", "-c", f'"{sys.executable}" "{DRIVER}" "{script}" ask hi > /dev/full'])
    ran.complained("The output could not be written: No space left on device.")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_are_no_trouble(closed: str, write_script: Write) -> None:
    script = write_script("Fine.")
    ran = run(["sh", "-c", f'exec "{sys.executable}" "{DRIVER}" "{script}" ask hi {closed}'])
    assert (ran.status, ran.err) == (0, "")
    assert ran.out == ("" if ">&-" in closed.replace("2>&-", "") else "Fine.\n")


def test_ctrl_c_ends_it_quietly_and_keeps_what_was_said(write_script: Write, profile: Path) -> None:
    import signal

    script = write_script(ScriptedReply("word " * 2000, delay=0.02))
    process = subprocess.Popen(
        [sys.executable, str(DRIVER), str(script), "ask", "hi"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.read(5) == b"word "
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=DEADLINE)
    assert (process.returncode, err) == (130, b"")
    rows = sqlite3.connect(profile / "homebody.sqlite").execute("SELECT state, reply FROM turn")
    (row,) = rows.fetchall()
    rows.connection.close()
    assert row[0] == "stopped"
    assert row[1].startswith("word ")
