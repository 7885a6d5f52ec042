"""The workshop's process: whatever a skill does is one step's failure, and nothing gets out."""

import os
import random
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from homebody.base.errors import SkillProblem
from homebody.messages.skills import Grant, Skill
from homebody.privacy.lock import GRANTED_ONLY, NO_SOCKETS, probe_kernel
from homebody.skills.built_in import BUILT_IN
from homebody.skills.workshop import Workshop

MISBEHAVING = [
    sys.executable,
    "-P",
    str(Path(__file__).with_name("misbehaving.py")),
    str(os.getpid()),
]
SKILLS = {skill.name: skill for skill in BUILT_IN}

linux = pytest.mark.skipif(sys.platform != "linux", reason="the locks are Linux's")
locked = pytest.mark.skipif(probe_kernel().landlock < 6, reason="the kernel's Landlock is older")


@pytest.fixture
def workshop():
    with_skills = Workshop(zone="Asia/Tokyo", command=MISBEHAVING)
    yield with_skills
    with_skills.close()


@pytest.fixture
def granted(tmp_path):
    folder = tmp_path / "granted"
    folder.mkdir()
    (folder / "notes.md").write_text("hello")
    return folder


def run(workshop, name, seconds=30.0, **args):
    skill = SKILLS.get(name) or Skill(
        name=name, title=name.capitalize(), description="", runs="workshop", seconds=seconds
    )
    return workshop.run(skill, args)


def refused(workshop, name, seconds=30.0, **args):
    with pytest.raises(SkillProblem) as caught:
        run(workshop, name, seconds, **args)
    return caught.value


def fine(workshop):
    assert run(workshop, "fine", text="still here").text == "still here Asia/Tokyo"


def test_skills_run_one_after_another_in_one_process(workshop):
    workshop.start()
    fine(workshop)
    pid = workshop.pid
    fine(workshop)
    assert workshop.pid == pid
    assert workshop.pid != os.getpid()


def test_what_a_skill_loads_is_not_of_its_time():
    workshop = Workshop(command=[*MISBEHAVING, "3"])
    try:
        assert run(workshop, "slow_to_load", seconds=2.5).text == "loaded"
    finally:
        workshop.close()


@linux
def test_a_granted_folder_that_was_made_anew_is_let_in(granted):
    workshop = Workshop()
    try:
        workshop.set_folders([grant(granted)], [granted])
        assert run(workshop, "read_file", path=str(granted / "notes.md")).text == "hello"
        old = granted.rename(granted.with_name("old"))
        granted.mkdir()
        (granted / "notes.md").write_text("anew")
        assert run(workshop, "read_file", path=str(granted / "notes.md")).text == "anew"
        assert refused(workshop, "read_file", path=str(old / "notes.md")).kind == "outside"
    finally:
        workshop.close()


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("raises", "failed", "(ValueError)"),
        ("breaks_off", "failed", "Input/output error"),
        ("leaves", "failed", "(SystemExit)"),
        ("knows", "unclear", "No."),
        ("answers_wrongly", "failed", "(TypeError)"),
        ("answers_half_a_letter", "large", "not text"),
        ("answers_too_much", "large", "too large"),
        ("fails_half_a_letter", "failed", "?"),
        ("no_such_skill", "unsupported", "knows no skill"),
    ],
)
def test_a_failure_is_one_steps_failure(name, kind, words, workshop):
    fine(workshop)
    pid = workshop.pid
    problem = refused(workshop, name)
    assert problem.kind == kind
    assert words in problem.message
    assert "private" not in problem.message
    assert workshop.pid == pid
    fine(workshop)
    if name == "knows":
        assert (problem.hint, problem.choices) == ("Ask again.", ("a", "b"))


def test_garbage_on_the_wire_is_harmless(workshop):
    for _ in range(3):
        assert run(workshop, "babbles").text == "fine"
    assert refused(workshop, "babbles_for_ever", seconds=1).kind == "time"
    fine(workshop)


@pytest.mark.parametrize("name", ["hangs", "hangs_deaf"])
def test_a_skill_that_never_returns_is_ended(name, workshop):
    fine(workshop)
    process = psutil.Process(workshop.pid)
    start = time.monotonic()
    problem = refused(workshop, name, seconds=0.5)
    took = time.monotonic() - start
    assert problem.kind == "time"
    assert problem.message == f"“{name.capitalize()}” took longer than 0.5 seconds and was ended."
    assert not process.is_running()
    start = time.monotonic()
    fine(workshop)
    print(f"{name}: ended {took - 0.5:.2f} s late, next after {time.monotonic() - start:.2f} s")
    assert took < 10


@pytest.mark.parametrize("name", ["ends", "crashes"])
def test_a_death_is_one_steps_failure_however_often(name, workshop):
    for _ in range(4):
        problem = refused(workshop, name)
        assert problem.kind == "died"
        assert name.capitalize() in problem.message
        assert problem.hint
    fine(workshop)


def test_a_process_that_died_between_two_skills_is_no_failure(workshop):
    fine(workshop)
    process = psutil.Process(workshop.pid)
    process.kill()
    process.wait(10)
    time.sleep(0.5)
    fine(workshop)


@linux
def test_memory_is_bounded(granted):
    workshop = Workshop(memory=600_000_000, command=MISBEHAVING, zone="Asia/Tokyo")
    try:
        problem = refused(workshop, "hoards")
        assert problem.kind == "large"
        assert "more memory" in problem.message
        fine(workshop)
    finally:
        workshop.close()


def test_a_skill_is_stopped_from_another_thread(workshop):
    fine(workshop)
    workshop.stop()
    fine(workshop)
    threading.Timer(0.3, workshop.stop).start()
    start = time.monotonic()
    assert refused(workshop, "hangs").kind == "stopped"
    assert time.monotonic() - start < 10
    fine(workshop)
    threading.Timer(0.3, workshop.close).start()
    assert refused(workshop, "hangs").kind == "stopped"
    assert refused(workshop, "fine", text="x").kind == "stopped"


def test_many_threads_take_turns(workshop):
    said = []

    def ask(number):
        said.append(run(workshop, "fine", text=str(number)).text)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == sorted(f"{number} Asia/Tokyo" for number in range(12))


def test_too_much_text_is_refused_before_it_is_sent(workshop):
    fine(workshop)
    assert refused(workshop, "fine", text="x" * 40_000_000).kind == "large"
    assert refused(workshop, "fine", text="\ud800").kind == "large"
    fine(workshop)


def test_a_workshop_that_cannot_start_says_so():
    workshop = Workshop(command=[sys.executable, "-c", "import sys; sys.exit('ImportError: x')"])
    assert refused(workshop, "fine", text="x").kind == "died"
    assert refused(workshop, "fine", text="x").kind == "died"
    workshop.close()
    workshop.close()


# ---------------------------------------------------------------- what it can open


def grant(folder, access="read"):
    return Grant(folder=str(folder), access=access)


def test_a_new_grant_is_a_new_process(granted):
    workshop = Workshop()
    try:
        workshop.set_folders([], [granted])
        assert refused(workshop, "read_file", path="notes.md").kind == "outside"
        first = workshop.pid
        workshop.set_folders([grant(granted)], [granted])
        assert run(workshop, "read_file", path="notes.md").text == "hello"
        second = workshop.pid
        assert second != first
        # The same again, whenever it was granted, changes nothing.
        workshop.set_folders([grant(granted), grant(granted)], [granted])
        assert workshop.pid == second
        assert refused(workshop, "write_file", path="notes.md", text="x").kind == "outside"
        workshop.set_folders([grant(granted, "write")], [granted])
        run(workshop, "write_file", path="notes.md", text="new")
        assert (granted / "notes.md").read_text() == "new"
        assert (granted / "notes.md.~1~").read_text() == "hello"
        if probe_kernel().landlock >= 3:
            assert workshop.locks == (NO_SOCKETS, GRANTED_ONLY)
    finally:
        workshop.close()


def test_one_file_is_granted_alone(granted):
    (granted / "other.md").write_text("other")
    workshop = Workshop()
    try:
        workshop.set_folders([grant(granted / "notes.md")], [granted])
        assert run(workshop, "read_file", path="notes.md").text == "hello"
        assert refused(workshop, "read_file", path="other.md").kind == "outside"
        assert refused(workshop, "list_folder", path=".").kind == "outside"
        assert refused(workshop, "find_files", query="md").kind == "outside"
    finally:
        workshop.close()


@linux
def test_it_sees_the_persons_folders_as_the_front_end_does(tmp_path, monkeypatch):
    home = tmp_path / "home"
    (home / "Dokumente").mkdir(parents=True)
    (home / ".config").mkdir()
    (home / ".config" / "user-dirs.dirs").write_text('XDG_DOCUMENTS_DIR="$HOME/Dokumente"\n')
    (home / "Dokumente" / "a.txt").write_text("found")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    workshop = Workshop()
    try:
        workshop.set_folders([grant(home / "Dokumente")], [])
        assert run(workshop, "read_file", path="Documents/a.txt").text == "found"
        assert run(workshop, "read_file", path="~/Dokumente/a.txt").text == "found"
    finally:
        workshop.close()


@locked
def test_no_file_outside_is_opened_in_1000_tries(workshop, granted, tmp_path):
    """Past all checks of ours: the kernel refuses what was not granted."""
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "words.txt").write_text("secret")
    (granted / "link").symlink_to(secret / "words.txt")
    (granted / "way").symlink_to(secret)
    chance = random.Random(7)
    plain = [
        *(secret, secret / "words.txt", secret / "new.txt", granted / "link", granted / "way"),
        *(granted / "way" / "words.txt", granted / "../secret/words.txt", tmp_path, tmp_path / "x"),
        *("/etc/passwd", "/etc/shadow", "/etc/hosts", "/root", "/home", "/tmp", "/", "/var/log"),
        *(
            "/proc/self/environ",
            "/proc/self/mem",
            "/proc/1/cmdline",
            Path("/proc/self/root", "etc/passwd"),
        ),
        *("/dev/tty", "/dev/mem", "/dev/shm", "/dev/shm/x", "/sys/kernel", "/proc/self/cwd/x"),
        *(Path.home(), Path.home() / ".bashrc", Path.home() / ".ssh", Path(__file__)),
        f"/proc/{os.getpid()}/environ",
        f"/proc/{os.getpid()}/fd/0",
    ]
    paths = [str(path) for path in plain]
    while len(paths) < 1000:
        path = chance.choice(plain)
        up = "/.." * chance.randrange(0, 9)
        paths.append(f"{granted}{up}/{'./' * chance.randrange(3)}{str(path).lstrip('/')}")
        paths.append(f"{granted}/way/../{chance.choice(('secret', 'granted/way'))}/words.txt")
    # The links lie in what may only be read: to remove one is to write in its folder.
    written = tmp_path / "written"
    written.mkdir()
    (written / "old.txt").touch()
    paths += [f"{written}/{path.lstrip('/')}" for path in paths[:30] if ".." in path]
    workshop.set_folders([grant(granted), grant(written, "write")], [granted])
    assert run(workshop, "everywhere", paths=paths).text == ""
    assert (secret / "words.txt").read_text() == "secret"
    assert sorted(path.name for path in granted.iterdir()) == ["link", "notes.md", "way"]
    # That the probe works at all is seen on what was granted.
    probed = [str(granted / "notes.md"), str(written / "old.txt"), str(written / "new.txt")]
    inside = run(workshop, "everywhere", paths=probed).text.splitlines()
    assert [line for line in inside if "notes.md" in line] == [f"0 {probed[0]}"]
    assert len(inside) > 4


@locked
def test_threads_of_a_skill_are_locked_too(workshop, granted, tmp_path):
    (tmp_path / "secret.txt").write_text("secret")
    workshop.set_folders([grant(granted)], [])
    assert run(workshop, "starts_threads", path=str(granted / "notes.md")).text == "hello"
    assert run(workshop, "starts_threads", path=str(tmp_path / "secret.txt")).text == "13"


@linux
def test_every_thread_of_the_process_is_locked(workshop, granted):
    workshop.set_folders([grant(granted)], [])
    fine(workshop)
    tasks = list(Path(f"/proc/{workshop.pid}/task").iterdir())
    assert len(tasks) >= 3
    for task in tasks:
        status = (task / "status").read_text()
        assert "Seccomp:\t2" in status
        assert "NoNewPrivs:\t1" in status


@locked
def test_no_socket_no_program_no_signal(workshop):
    words = run(workshop, "connects").text.split()
    assert words == ["PermissionError"] * 4


def test_hostile_names_from_a_plan_end_in_words(granted, tmp_path):
    """0 reads outside the grants through the skills themselves."""
    (tmp_path / "secret.txt").write_text("secret")
    chance = random.Random(8)
    pieces = ["..", ".", "granted", "secret.txt", "notes.md", "~", "/", "etc", "passwd", "\0"]
    pieces += ["notes.md"] * 9 + [
        "Documents",
        "*",
        "C:",
        "\\\\host\\x",
        "//host",
        "é" * 200,
        " ",
        "proc",
        "self",
    ]
    workshop = Workshop()
    ended = {"read": 0, "refused": 0}
    try:
        workshop.set_folders([grant(granted)], [granted])
        for number in range(1000):
            name = "/".join(chance.choice(pieces) for _ in range(chance.randrange(1, 6)))
            name = chance.choice(("", "", f"{granted}/", "/", f"{tmp_path}/", "../")) + name
            skill = ("read_file", "list_folder", "find_files")[number % 3]
            args = {"query": "secret", "folder": name} if skill == "find_files" else {"path": name}
            said, kind = "", ""
            try:
                said = run(workshop, skill, **args).text
                ended["read"] += 1
            except SkillProblem as problem:
                kind = problem.kind
                ended["refused"] += 1
            assert "secret" not in said, name
            assert kind in {
                *("", "missing", "outside", "arguments", "refused", "unclear", "unsupported"),
            }, name
    finally:
        workshop.close()
    print(ended)
    assert ended["read"] > 10


@pytest.mark.parametrize("name", ["calculate", "convert_units", "current_time", "shift_date"])
def test_the_pure_skills_are_served(name, tmp_path):
    """They work in the lock too, where nothing but Python's own files can be read."""
    args = dict(SKILLS[name].examples[0].args)
    workshop = Workshop(zone="Europe/Rome")
    try:
        assert workshop.run(SKILLS[name], args).text
    finally:
        workshop.close()
