"""The keeper, with real children: how they start, die, are ended and started again."""

import os
import re
import resource
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from homebody.base.errors import EngineDied
from homebody.engine.scripted import ScriptedReply
from homebody.messages.frames import Generate, Load, Loaded, Piece
from homebody.wire.keeper import Limits, child_environment
from wire.kit import (
    CHILDREN,
    PATIENCE,
    Watched,
    alive,
    eventually,
    keeping,
    kill,
    kind,
    scripted,
    state_of,
)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and /proc")

AT_ONCE = (0.0, 0.0, 0.0)


@pytest.fixture(autouse=True)
def _no_core_files():
    """Children abort here on purpose."""
    before = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_CORE, before)


# ---------------------------------------------------------------- how it starts


def test_a_child_that_never_says_hello_is_ended():
    with keeping(kind("mute"), hello=0.5, crashes=1) as watched:
        death = watched.first_death()
    assert death.cause == "silent"
    assert "did not start within" in death.message


def test_a_child_of_another_version_is_ended():
    with keeping(kind("old"), crashes=1) as watched:
        death = watched.first_death()
    assert death.cause == "version"
    assert "another version" in death.message
    assert not watched.hellos


def test_a_child_that_speaks_before_its_hello_is_ended():
    with keeping(kind("early"), crashes=1) as watched:
        assert watched.first_death().cause == "garbage"
    assert not watched.frames


def test_what_a_newer_child_says_besides_is_skipped():
    with keeping(kind("tomorrow")) as watched:
        watched.wait(lambda: watched.frames)
        assert watched.frames == [Piece(id=1, text="after it")]
        assert not watched.deaths


def test_a_program_that_is_not_there_is_a_death_with_a_reason():
    with keeping(["/nowhere/homebody"], crashes=1) as watched:
        death = watched.first_death()
    assert death.cause == "not_started"
    assert "No such file" in death.message


def test_a_child_sees_no_variable_of_the_persons(monkeypatch, tmp_path):
    """Keys and tokens live in variables; what is not in the child's memory cannot leak from it."""
    monkeypatch.setenv("SECRET_CANARY_TOKEN", "canary-5f1d")
    monkeypatch.setenv("HOME", "/home/canary-5f1d")
    with keeping(scripted(tmp_path)) as watched:
        given = Path(f"/proc/{watched.ready()}/environ").read_bytes()
    assert b"canary" not in given.lower()
    names = {entry.split(b"=")[0].decode() for entry in given.split(b"\0") if entry}
    assert names == set(child_environment())
    assert {"GGML_NO_BACKTRACE"} <= names


def test_ctrl_c_in_the_terminal_does_not_reach_the_child(tmp_path):
    """Not by its process group, and not when it is sent to it directly."""
    with keeping(scripted(tmp_path)) as watched:
        pid = watched.ready()
        assert os.getpgid(pid) != os.getpgid(0)
        assert os.getsid(pid) != os.getsid(0)
        os.killpg(os.getpgid(pid), signal.SIGINT)
        watched.keeper.send(Load(id=1, path="x"))
        watched.wait(lambda: any(isinstance(frame, Loaded) for frame in watched.frames))
        assert watched.keeper.pid == pid


# ---------------------------------------------------------------- how it dies


@pytest.mark.parametrize(
    ("name", "cause", "words"),
    [
        ("bad_assertion", "abort", "GGML_ASSERT(one == two) failed"),
        ("shorter_file", "file_changed", "model file changed"),
        ("signal_4", "instruction", "another processor"),
        ("signal_9", "killed", "signal 9"),
        ("signal_11", "segfault", "native code"),
        ("exit_7", "fault", "a fault in Homebody"),
        ("exit_0", "fault", "a fault in Homebody"),
        ("no_memory", "memory", "memory ran out"),
        ("no_library", "library", "a_library_that_is_not_there"),
        ("nonsense", "garbage", "not a message of ours"),
        ("endless_line", "garbage", "not a message of ours"),
    ],
)
def test_every_way_to_die_has_a_sentence(name, cause, words):
    with keeping(kind(name), crashes=1) as watched:
        death = watched.first_death()
    assert (death.cause, words in death.message) == (cause, True), death
    assert death.message[0].isupper()
    assert death.message.endswith(".")
    assert death.hint.endswith(".")
    assert "{" not in death.message + death.hint


def test_a_fault_of_our_own_keeps_its_traceback_for_the_report():
    with keeping(kind("no_memory"), crashes=1) as watched:
        death = watched.first_death()
    assert death.last_lines[0].startswith("Traceback")
    assert death.last_lines[-1] == "MemoryError"


def test_death_is_seen_by_the_process_handle(tmp_path):
    """Not by a missing beat: silence would only be noticed after an hour here."""
    with keeping(scripted(tmp_path), silence=3600) as watched:
        killed = kill(watched.ready())
        watched.first_death()
        seen = watched.died_at[0] - killed
    print(f"death seen: {seen * 1e3:.1f} ms")
    assert seen < PATIENCE / 6


def test_death_is_seen_although_a_grandchild_holds_the_pipes():
    with keeping(kind("leaves_grandchild"), crashes=1, silence=3600) as watched:
        assert watched.first_death().cause == "killed"
        watched.wait(lambda: watched.frames)
    kill(watched.frames[0].id)


def test_what_the_child_said_last_comes_before_the_news_of_its_death():
    with keeping(kind("last_words"), crashes=1) as watched:
        watched.first_death()
        assert [frame.id for frame in watched.frames] == list(range(500))


def test_a_child_that_hangs_is_ended(tmp_path):
    """SIGSTOP: alive for the kernel, silent for us."""
    with keeping(scripted(tmp_path), silence=2.0, crashes=1) as watched:
        pid = watched.ready()
        kill(pid, signal.SIGSTOP)
        death = watched.first_death()
    assert death.cause == "hung"
    assert "stopped answering for 2 seconds" in death.message
    assert not alive(pid)


def test_a_child_that_hangs_while_it_writes_is_ended(tmp_path):
    command = scripted(tmp_path, ScriptedReply("one two three", hang=2))
    with keeping(command, silence=2.0, crashes=1) as watched:
        watched.ready()
        watched.keeper.send(Generate(id=1, prompt="go"))
        assert watched.first_death().cause == "hung"
    assert [frame.text for frame in watched.frames] == ["one ", "two "]


def test_a_child_that_says_nothing_but_lives_is_not_ended_while_it_beats(tmp_path):
    with keeping(scripted(tmp_path, ScriptedReply("late", read=4.0)), silence=3.0) as watched:
        watched.ready()
        watched.keeper.send(Generate(id=1, prompt="go"))
        watched.wait(lambda: any(isinstance(frame, Piece) for frame in watched.frames))
        assert not watched.deaths


def test_scripted_accidents_die_like_the_real_ones(tmp_path):
    """Tests, pictures and demonstrations rely on it."""
    for reply, cause in (
        (ScriptedReply("a b", crash=1), "abort"),
        (ScriptedReply("a b", garbage=1), "garbage"),
    ):
        with keeping(scripted(tmp_path, reply), crashes=1) as watched:
            watched.ready()
            watched.keeper.send(Generate(id=1, prompt="go"))
            death = watched.first_death()
            assert death.cause == cause
        assert [frame.text for frame in watched.frames][:1] == ["a "]


def test_a_child_may_print_as_much_as_it_likes():
    """Its last lines are kept; a pipe that nobody empties would stop it."""
    with keeping(kind("chatters")) as watched:
        watched.wait(lambda: watched.frames)
        lines = eventually(
            lambda: [line for line in watched.keeper.last_lines if "not text" in line]
        )
        assert lines == ["not text: \ufffd"]
        assert len(watched.keeper.last_lines) == 200
        assert max(map(len, watched.keeper.last_lines)) <= 4096


# ---------------------------------------------------------------- how it is started again


def test_a_crashed_child_is_started_again(tmp_path):
    with keeping(scripted(tmp_path)) as watched:
        first = watched.ready()
        killed = kill(first)
        watched.wait(lambda: len(watched.hellos) == 2)
        print(f"scripted engine ready again: {(time.monotonic() - killed) * 1e3:.0f} ms")
        assert watched.hellos[1].pid != first
        assert watched.deaths[0][1] is True
        watched.keeper.send(Load(id=1, path="x"))
        watched.wait(lambda: any(isinstance(frame, Loaded) for frame in watched.frames))


def test_three_crashes_open_the_circuit_and_restart_closes_it():
    with keeping(kind("exit_7"), back_off=AT_ONCE) as watched:
        for round_ in (1, 2):
            watched.wait(lambda: len(watched.deaths) == 3 * round_)  # noqa: B023
            assert [again for _, again in watched.deaths[-3:]] == [True, True, False]
            assert watched.keeper.pid is None
            watched.keeper.restart()


def test_restart_from_within_the_news_is_not_lost():
    """The engine's client asks for it there; the owner is not waiting yet at that moment."""
    watched = Watched(kind("exit_7"), Limits(crashes=1))
    note = watched.keeper._on_death

    def restart_twice(death, again):
        note(death, again)
        if len(watched.deaths) < 3:
            watched.keeper.restart()

    watched.keeper._on_death = restart_twice
    watched.keeper.start()
    try:
        watched.wait(lambda: len(watched.deaths) == 3)
    finally:
        watched.keeper.end()


def test_crashes_that_are_long_ago_do_not_count():
    with keeping(kind("exit_7"), back_off=AT_ONCE, crash_window=0.0) as watched:
        watched.wait(lambda: len(watched.deaths) > 5)
        assert all(again for _, again in watched.deaths)


def test_restarts_wait_longer_each_time():
    with keeping(kind("exit_7"), back_off=(0.0, 0.4, 0.8), crashes=4) as watched:
        watched.wait(lambda: len(watched.deaths) == 4)
    _, second, third, fourth = watched.died_at
    assert third - second >= 0.4
    assert fourth - third >= 0.8


def test_restart_does_not_wait_for_the_back_off():
    with keeping(kind("exit_7"), back_off=(3600.0,), crashes=3) as watched:
        watched.wait(lambda: watched.deaths)
        watched.keeper.restart()
        watched.wait(lambda: len(watched.deaths) == 2)


# ---------------------------------------------------------------- how it is ended


def test_end_closes_the_pipe_and_the_child_leaves_by_itself(tmp_path):
    """Terminate would come an hour later."""
    with keeping(scripted(tmp_path), leave=3600) as watched:
        pid = watched.ready()
        watched.keeper.end()
        assert state_of(pid) == ""
        assert watched.keeper.pid is None
    assert not watched.deaths  # an end that was asked for is no news


@pytest.mark.parametrize("name", ["ignores_end_of_file", "ignores_terminate", "good"])
def test_end_ends_children_that_do_not_want_to(name):
    with keeping(kind(name), leave=0.2) as watched:
        pid = watched.ready()
        watched.keeper.end()
        assert state_of(pid) == ""
    assert not watched.deaths


def test_end_ends_a_child_that_does_not_read_while_somebody_writes():
    """The writer holds the pipe; closing it would wait for ever."""
    with keeping(kind("ignores_end_of_file"), leave=0.3, silence=3600) as watched:
        pid = watched.ready()
        raised = []

        def write():
            try:
                watched.keeper.send(Load(id=1, path="x" * 10_000_000))
            except EngineDied as died:
                raised.append(died)

        writer = threading.Thread(target=write)
        writer.start()
        eventually(watched.keeper._writing.locked)
        watched.keeper.end()
        assert state_of(pid) == ""
        writer.join(PATIENCE)
        assert len(raised) == 1


def test_end_at_any_moment_leaves_nothing():
    """Right after the start, during the start, in the back-off, with the circuit open, twice."""
    for moment in range(12):
        watched = Watched(kind("exit_7" if moment % 2 else "good"), Limits(back_off=(3600.0,)))
        watched.keeper.start()
        time.sleep(moment * 0.005)  # not a wait: the moments are the point
        watched.keeper.end()
        watched.keeper.end()
        assert watched.keeper.pid is None
        assert watched.keeper._gone.is_set()


def test_end_without_start_returns():
    started = time.monotonic()
    Watched(kind("good"), Limits(leave=3600)).keeper.end()
    assert time.monotonic() - started < PATIENCE


def test_end_ends_the_wait_behind_an_open_circuit():
    with keeping(kind("exit_7"), crashes=1) as watched:
        watched.wait(lambda: watched.deaths)
        watched.keeper.end()
        assert watched.keeper._gone.is_set()


def test_writing_to_a_child_that_is_gone_is_an_error_not_a_hang():
    with keeping(kind("exit_7"), crashes=1) as watched:
        watched.wait(lambda: watched.deaths)
        with pytest.raises(EngineDied, match="not running"):
            watched.keeper.send(Load(id=1, path="x"))


def open_files():
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_no_thread_no_descriptor_and_no_zombie_is_left_behind(tmp_path):
    command = scripted(tmp_path)
    threads = set(threading.enumerate())
    before = open_files()
    keepers = []
    for number in range(6):
        watched = Watched(command if number == 0 else kind("good"), Limits(back_off=AT_ONCE))
        keepers.append(watched)  # kept, so that no garbage collection cleans up for the keeper
        watched.keeper.start()
        pid = watched.ready()
        if number % 2:
            kill(pid)
            watched.wait(lambda: len(watched.hellos) == 2)  # noqa: B023
        watched.keeper.end()
        pids = [hello.pid for hello in watched.hellos]
        assert [state_of(pid) for pid in pids] == [""] * len(pids)
    eventually(lambda: set(threading.enumerate()) <= threads, "threads end")
    assert open_files() == before


def test_a_keeper_can_be_used_from_many_threads_at_once(tmp_path):
    """Frames are written whole."""
    with keeping(scripted(tmp_path)) as watched:
        watched.ready()
        writers = [
            threading.Thread(
                target=lambda n=n: [
                    watched.keeper.send(Load(id=n * 1000 + i, path="x" * 5000)) for i in range(20)
                ]
            )
            for n in range(8)
        ]
        for writer in writers:
            writer.start()
        watched.wait(lambda: sum(isinstance(f, Loaded) for f in watched.frames) == 160)
        assert not watched.deaths


def test_the_children_file_has_no_child_that_is_not_tested():
    kinds = re.findall(r"^def (\w+)\(\):", CHILDREN.read_text("utf-8"), re.MULTILINE)
    tests = Path(__file__).read_text("utf-8")
    assert not [k for k in kinds if f'"{k}"' not in tests and k not in {"read_to_the_end", "beat"}]
