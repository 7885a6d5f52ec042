"""`homebody chat` in a real pseudo terminal, as somebody types into it."""

import json
import os
import signal
import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from cli.support import ANSWER, DRIVER, HOMEBODY, TOKYO, Terminal, homebody, unshared
from homebody.engine.scripted import ScriptedReply

pexpect = pytest.importorskip("pexpect")
if sys.platform == "win32":
    pytest.skip("pseudo terminals are of POSIX", allow_module_level=True)

LONG = " ".join(f"word{number}" for number in range(500))


@pytest.fixture
def chat(write_script: Callable[..., Path]) -> Iterator[Callable[..., Terminal]]:
    """Start a chat on a scripted engine: `chat(reply, …)`."""
    opened = []

    def start(
        *replies: ScriptedReply | str, before: tuple[str, ...] = (), **facts: object
    ) -> Terminal:
        script = write_script(*replies, **facts)
        opened.append(Terminal([*before, sys.executable, DRIVER, script, "chat"]))
        return opened[-1]

    yield start
    for terminal in opened:
        terminal.close()


def rows(profile: Path, question: str) -> list[tuple[object, ...]]:
    database = sqlite3.connect(profile / "homebody.sqlite")
    try:
        return database.execute(question).fetchall()
    finally:
        database.close()


def engine_of(terminal: Terminal) -> psutil.Process:
    (engine,) = psutil.Process(terminal.pid).children()
    return engine


# ---------------------------------------------------------------- talking


def test_a_chat_with_the_starter_model() -> None:
    homebody("schema")
    terminal = Terminal(HOMEBODY)
    try:
        assert "There is no display. So this is the terminal." in terminal.greeting
        assert "SmolLM2 135M" in terminal.greeting
        assert "The system itself refuses this process any connection" in terminal.greeting
        shown = terminal.say(TOKYO)
        assert ANSWER in shown
        assert "tok/s · 0 bytes sent" in shown
        assert terminal.leave() == 0
    finally:
        terminal.close()


def test_all_layers_on_the_gpu_are_all_of_them(chat: Callable[..., Terminal]) -> None:
    """The output is counted with them, as the engine counts."""
    assert "33 of 33 layers on the GPU" in chat("Hi.", layers=32).say("/model")


def test_the_second_turn_knows_the_first(chat: Callable[..., Terminal], tmp_path: Path) -> None:
    terminal = chat("I am fine.", "Still fine.")
    assert "I am fine." in terminal.say("How are you?")
    assert "Still fine." in terminal.say("And now?")
    assert terminal.leave() == 0
    last = json.loads((tmp_path / "requests.jsonl").read_text().splitlines()[-1])
    assert [message["text"] for message in last["messages"]][-3:] == [
        "How are you?",
        "I am fine.",
        "And now?",
    ]


def test_nothing_a_model_writes_is_lost_or_steers_the_terminal(
    chat: Callable[..., Terminal],
) -> None:
    terminal = chat(
        "# Head\n\nUse vector<int> ![a](http://x/y.png) \x1b]0;pwned\x07 [bold]b[/bold]."
    )
    shown = terminal.say("hi")
    for part in ("Head", "vector<int>", "http://x/y.png", "[bold]b[/bold]", "\ufffd]0;pwned\ufffd"):
        assert part in shown
    assert "\x1b]0;" not in shown


def test_lines_pasted_at_once_are_one_message(chat: Callable[..., Terminal], profile: Path) -> None:
    terminal = chat("Read.")
    pasted = "    def f():\n        return 1\n\nf()"
    terminal.keys(f"\x1b[200~{pasted}\x1b[201~")
    assert "Read." in terminal.say("")
    assert terminal.leave() == 0
    assert rows(profile, "SELECT request FROM turn") == [(pasted,)]


def test_alt_enter_starts_a_new_line(chat: Callable[..., Terminal], profile: Path) -> None:
    terminal = chat("Read.")
    terminal.keys("one\x1b\rtwo")
    assert "Read." in terminal.say("")
    assert rows(profile, "SELECT request FROM turn") == [("one\ntwo",)]


# ---------------------------------------------------------------- stopping and failing


def test_ctrl_c_stops_the_reply_and_not_the_program(
    chat: Callable[..., Terminal], profile: Path
) -> None:
    terminal = chat(ScriptedReply(LONG, delay=0.02, when="long"), "I am here.")
    terminal.keys("a long one\r")
    terminal.until("word5")
    terminal.keys("\x03")
    assert "stopped · " in terminal.until_prompt()
    assert "I am here." in terminal.say("still there?")
    assert terminal.leave() == 0
    (first, second) = rows(profile, "SELECT state, reply FROM turn ORDER BY seq")
    assert first[0] == "stopped"
    assert LONG.startswith(str(first[1]))
    assert str(first[1]).startswith("word0 word1 ")
    assert second == ("done", "I am here.")


def test_ctrl_c_at_the_prompt_does_not_end_it_and_ctrl_d_does(
    chat: Callable[..., Terminal],
) -> None:
    terminal = chat("Hello.")
    terminal.keys("half a thought\x03")
    assert "Ctrl-D or /quit leaves." in terminal.until_prompt()
    assert "Hello." in terminal.say("hi")
    assert terminal.leave() == 0


def test_kill_9_of_the_engine_leaves_the_words_a_sentence_and_a_chat_that_goes_on(
    chat: Callable[..., Terminal], profile: Path
) -> None:
    terminal = chat(ScriptedReply(LONG, delay=0.02, when="long"), "I am back.")
    terminal.keys("a long one\r")
    terminal.until("word5")
    os.kill(engine_of(terminal).pid, signal.SIGKILL)
    shown = terminal.until_prompt()
    assert "error: The engine was ended from outside (signal 9)" in shown
    assert "/continue takes the reply up where it broke off." in shown
    assert "I am back." in terminal.say("still there?")
    (first, second) = rows(profile, "SELECT state, reply FROM turn ORDER BY seq")
    assert first[0] == "failed"
    assert str(first[1]).startswith("word0 word1 word2 word3 word4 ")
    assert second == ("done", "I am back.")


def test_continue_takes_a_broken_reply_up(
    chat: Callable[..., Terminal], write_script: Callable[..., Path], profile: Path
) -> None:
    terminal = chat(ScriptedReply("One two three four", crash=2))
    assert "SmolLM2" in terminal.say("/model"), "the engine is ready, and has read its script"
    write_script("One two three four")
    assert "error: " in terminal.say("count")
    terminal.say("/continue")
    assert rows(profile, "SELECT state, reply FROM turn") == [("done", "One two three four")]
    assert "The last reply is complete." in terminal.say("/continue")


def test_again_keeps_both_answers(chat: Callable[..., Terminal], profile: Path) -> None:
    terminal = chat("First answer.", "Second answer.")
    assert "There is nothing to answer yet." in terminal.say("/again")
    assert "First answer." in terminal.say("hi")
    assert "Second answer." in terminal.say("/again")
    found = rows(profile, "SELECT request, reply, parent FROM turn ORDER BY seq")
    assert found == [("hi", "First answer.", None), ("hi", "Second answer.", None)]


def test_an_engine_that_keeps_crashing_does_not_end_the_chat(
    chat: Callable[..., Terminal],
) -> None:
    terminal = chat(ScriptedReply(when="bad", crash=0), "Fine.")
    for _ in range(3):
        assert "error: The engine gave up" in terminal.say("bad")
    assert "Fine." in terminal.say("good")
    assert terminal.leave() == 0


def test_words_that_cannot_be_saved_are_back_at_the_prompt(
    chat: Callable[..., Terminal], profile: Path
) -> None:
    profile.mkdir()
    terminal = chat("Saved.", "Not saved.", log="")
    assert "Saved." in terminal.say("first")
    blocker = sqlite3.connect(profile / "homebody.sqlite", isolation_level=None, timeout=30)
    blocker.execute(
        "CREATE TRIGGER no BEFORE INSERT ON turn BEGIN SELECT raise(ABORT, 'no more'); END"
    )
    terminal.keys("precious words\r")
    shown = terminal.until_prompt()
    assert "error: Could not save your words" in shown
    assert "Your words are back at the prompt; /temp goes on without saving." in shown
    blocker.execute("DROP TRIGGER no")
    blocker.close()
    # The words stand at the prompt: Enter alone sends them.
    assert "Not saved." in terminal.say("")
    assert rows(profile, "SELECT request FROM turn ORDER BY seq") == [
        ("first",),
        ("precious words",),
    ]


def test_a_disk_that_is_full_loses_no_words(chat: Callable[..., Terminal], profile: Path) -> None:
    profile.mkdir()
    mount = f'mount -t tmpfs -o size=4m none {profile} && exec "$@"'
    terminal = chat("Hello.", log="", before=(*unshared("-m"), "sh", "-c", mount, "sh"))
    assert "Hello." in terminal.say("hi")
    view = Path(f"/proc/{terminal.pid}/root{profile}/ballast")
    with view.open("wb", buffering=0) as ballast:
        try:
            while True:
                ballast.write(b"\0" * 4096)
        except OSError:
            pass
    shown = terminal.say("precious " * 800 + "words")
    assert "no space is left on the disk" in shown
    assert "Your words are back at the prompt" in shown
    view.unlink()
    assert "Hello." in terminal.say("")
    assert terminal.leave() == 0


# ---------------------------------------------------------------- commands


def test_help_lists_every_command(chat: Callable[..., Terminal]) -> None:
    shown = chat("x").say("/help")
    for name in [
        "new",
        "temp",
        "find",
        "open",
        "again",
        "continue",
        "rename",
        "delete",
        "undo",
        "export",
        "model",
        "help",
        "quit",
    ]:
        assert f"/{name} " in shown


def test_a_wrong_command_is_named_and_stays_at_the_prompt(
    chat: Callable[..., Terminal], profile: Path
) -> None:
    terminal = chat("Hello.")
    shown = terminal.say("/frobnicate the thing")
    assert "error: There is no command /frobnicate." in shown
    assert "hint: /help lists them." in shown
    # It stands at the prompt again; a space before it makes it a message.
    terminal.keys("\x01 ")
    assert "Hello." in terminal.say("")
    assert rows(profile, "SELECT request FROM turn") == [(" /frobnicate the thing",)]


def test_conversations_are_found_opened_renamed_deleted_and_taken_back(
    chat: Callable[..., Terminal],
) -> None:
    terminal = chat("It is yellow.", "It is blue.", "So it is.")
    terminal.say("What about the banana?")
    assert "A new conversation." in terminal.say("/new")
    terminal.say("What about the sky?")

    listed = terminal.say("/open")
    assert "1 20" in listed
    assert "What about the sky?" in listed
    assert "What about the banana?" in listed
    assert "Renamed." in terminal.say("/rename Colours of the sky")
    assert "Colours of the sky" in terminal.say("/open")

    found = terminal.say("/find yellow")
    assert "What about the banana?" in found
    assert "It is yellow" in found
    opened = terminal.say("/open 1")
    assert "What about the banana?" in opened
    assert "It is yellow." in opened
    assert "So it is." in terminal.say("Is it?")

    assert "In the bin for 30 days." in terminal.say("/delete")
    assert "banana" not in terminal.say("/open")
    assert "It is back." in terminal.say("/undo")
    assert "banana" in terminal.say("/open")
    assert "There is no number 9" in terminal.say("/open 9")
    assert "Nothing found." in terminal.say("/find zebra")
    assert "nothing to take back" in terminal.say("/undo")


def test_export_writes_markdown_and_json_and_never_over_a_file(
    chat: Callable[..., Terminal], tmp_path: Path
) -> None:
    terminal = chat("It is yellow.")
    assert "This conversation is still empty." in terminal.say("/export")
    terminal.say("The banana?")
    text, data = tmp_path / "b.md", tmp_path / "b.json"
    assert "Written to" in terminal.say(f"/export {text}")
    assert "It is yellow." in text.read_text()
    assert "Written to" in terminal.say(f"/export {data}")
    assert "It is yellow." in json.dumps(json.loads(data.read_text()))
    before = data.read_bytes()
    assert "exists already" in terminal.say(f"/export {data}")
    assert data.read_bytes() == before
    assert "cannot be written" in terminal.say("/export /proc/no/such.md")


def test_a_temporary_conversation_is_never_written(
    chat: Callable[..., Terminal], profile: Path
) -> None:
    terminal = chat("I know nothing.")
    assert "nothing of it is written" in terminal.say("/temp")
    assert "I know nothing." in terminal.say("my secret-marker")
    terminal.say("/new")
    terminal.say("something else")
    assert terminal.leave() == 0
    assert rows(profile, "SELECT request FROM turn") == [("something else",)]
    written = b"".join(path.read_bytes() for path in profile.rglob("*") if path.is_file())
    assert b"secret-marker" not in written


def test_model_says_which_and_a_wrong_one_changes_nothing(
    chat: Callable[..., Terminal],
) -> None:
    terminal = chat("Hello.")
    assert "SmolLM2 135M: a script, 4,096 tokens of context" in terminal.say("/model")
    assert "error: There is no model" in terminal.say("/model no-such-model")
    assert "Hello." in terminal.say("hi")
    assert "SmolLM2 135M: a script" in terminal.say("/model starter")
