"""The porter as a real process, with a program of ours in the place of xdg-open."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from courier.support import DEADLINE, Opener
from homebody.base.errors import BadInput, HomebodyError
from homebody.courier.client import Porter
from homebody.privacy import lock

Make = Callable[..., Porter]
linux = pytest.mark.skipif(sys.platform != "linux", reason="it looks into /proc")

LINK = "https://example.org/?a=1&b=$(touch%20x);c#d"


def test_a_link_is_the_one_argument_of_the_program(porter: Porter, opener: Opener) -> None:
    porter.open_link(LINK)
    assert opener.asked()["arguments"] == [LINK]


def test_a_folder_is_the_one_argument_of_the_program(
    porter: Porter, opener: Opener, tmp_path: Path
) -> None:
    folder = tmp_path / "-a b 'c' ß"
    folder.mkdir()
    porter.open_folder(folder)
    assert opener.asked()["arguments"] == [str(folder)]


def test_a_file_is_the_one_argument_of_the_program(
    porter: Porter, opener: Opener, tmp_path: Path
) -> None:
    file = tmp_path / "-a b 'c' ß.txt"
    file.touch()
    porter.open_file(file)
    assert opener.asked()["arguments"] == [str(file)]
    for path in (tmp_path, tmp_path / "gone", Path("relative")):
        with pytest.raises(BadInput, match="file was not opened"):
            porter.open_file(path)


@linux
def test_the_program_is_on_its_own(
    opener: Opener, make_porter: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It gets the person's environment, nothing to read or write, and its own session."""
    monkeypatch.setenv("DISPLAY_OF_A_TEST", ":7")
    make_porter().open_link(LINK)
    seen = opener.asked()
    assert seen["input"] == ""
    assert seen["out"] == seen["err"] == os.devnull
    assert seen["session"]
    assert seen["interrupts"], "Ctrl-C would never reach what was opened"
    environment = seen["environment"]
    assert isinstance(environment, dict)
    assert environment["DISPLAY_OF_A_TEST"] == ":7"
    assert environment.keys() - os.environ.keys() <= {"LC_CTYPE"}, "something of ours leaks"
    # 0, 1, 2 and the one by which it reads this list: no pipe of ours.
    assert len(seen["open"]) <= 4  # type: ignore[arg-type]


@linux
def test_what_is_opened_does_not_find_the_libraries_of_a_frozen_app(
    opener: Opener, make_porter: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As PyInstaller's starter leaves it: ours first, and in another variable what was before."""
    frozen = "import sys; sys.frozen = True; from homebody.courier.porter import main; main({})"
    command = [sys.executable, "-P", "-c", frozen.format(os.getpid())]
    monkeypatch.setenv("LD_LIBRARY_PATH", "/opt/homebody/_internal:/mine")
    monkeypatch.setenv("LD_LIBRARY_PATH_ORIG", "/mine")
    monkeypatch.setenv("_PYI_ARCHIVE_FILE", "/opt/homebody/homebody")
    make_porter(command).open_link(LINK)
    environment = opener.asked()["environment"]
    assert isinstance(environment, dict)
    assert environment["LD_LIBRARY_PATH"] == "/mine"
    assert [name for name in environment if "_PYI_" in name or name.endswith("_ORIG")] == []


@pytest.mark.parametrize("url", ["file:///etc/passwd", "--help", "https://a.example/\n"])
def test_the_porter_itself_refuses_what_is_no_address(
    porter: Porter, opener: Opener, url: str
) -> None:
    with pytest.raises(BadInput, match="not opened"):
        porter.open_link(url)
    porter.open_link(LINK)
    assert opener.asked()["arguments"] == [LINK], "something else was opened before"


def test_what_is_no_folder_is_refused(porter: Porter, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    for path in (file, tmp_path / "gone", Path("relative"), Path("-"), Path("a\0b")):
        with pytest.raises(BadInput, match="not there"):
            porter.open_folder(path)
    with pytest.raises(BadInput):
        porter.open_link("https://a.example/\udcff")


def test_a_program_that_says_it_cannot_is_a_sentence(porter: Porter, opener: Opener) -> None:
    opener.program.write_text("#!/bin/sh\nexit 3\n")
    with pytest.raises(HomebodyError, match="No program on this machine opens") as failure:
        porter.open_link(LINK)
    assert not isinstance(failure.value, BadInput)
    assert failure.value.hint


def test_no_program_at_all_is_a_sentence(porter: Porter, opener: Opener, tmp_path: Path) -> None:
    """It is looked for when it is needed, and found once it is there again."""
    if shutil.which("xdg-open", path=os.pathsep.join(os.environ["PATH"].split(os.pathsep)[1:])):
        pytest.skip("this machine has another xdg-open")
    opener.program.unlink()
    with pytest.raises(HomebodyError, match="No program") as failure:
        porter.open_link(LINK)
    assert "xdg-utils" in failure.value.hint
    opener.does()
    porter.open_link(LINK)
    assert opener.asked()


def test_a_program_that_goes_on_counts_as_opened_and_outlives_the_porter(
    porter: Porter, opener: Opener, tmp_path: Path
) -> None:
    end = tmp_path / "end"
    opener.does(
        first=f"with open({str(end)!r} + '.pid', 'w') as stream: stream.write(str(os.getpid()))",
        then=f"import time\nwhile not os.path.exists({str(end)!r}): time.sleep(0.01)",
    )
    porter.open_link(LINK)
    opener.asked()
    program = psutil.Process(int(Path(f"{end}.pid").read_text()))
    # It does not keep the porter from opening the next one.
    opener.does()
    porter.open_link(LINK)
    opener.asked()
    porter.close()
    assert program.is_running()
    end.touch()
    program.wait(DEADLINE)


def test_a_porter_that_died_is_not_started_again(porter: Porter, opener: Opener) -> None:
    """A new one would be locked, and its browser without internet: better to say so."""
    porter.open_link(LINK)
    opener.asked()
    assert porter.pid is not None
    os.kill(porter.pid, signal.SIGKILL if sys.platform != "win32" else signal.SIGTERM)
    deadline = time.monotonic() + DEADLINE
    while porter.pid is not None and time.monotonic() < deadline:
        time.sleep(0.005)
    for _ in range(2):
        with pytest.raises(HomebodyError, match="has ended") as failure:
            porter.open_link(LINK)
        assert "Start Homebody again" in failure.value.hint
    assert porter.pid is None
    assert not opener.answer.exists()


def test_who_waits_when_it_dies_is_told(porter: Porter, opener: Opener, tmp_path: Path) -> None:
    opener.does(then="import time; time.sleep(0.9)")
    said: list[HomebodyError] = []

    def ask() -> None:
        try:
            porter.open_link(LINK)
        except HomebodyError as problem:
            said.append(problem)

    waiting = threading.Thread(target=ask)
    waiting.start()
    opener.asked()
    porter.close()
    waiting.join(DEADLINE)
    assert len(said) == 1
    assert "has ended" in said[0].message


def test_a_porter_that_cannot_start_says_so_when_it_is_needed(make_porter: Make) -> None:
    porter = make_porter(["/nowhere/at/all"])
    with pytest.raises(HomebodyError, match="has ended"):
        porter.open_link(LINK)


# ---------------------------------------------------------------- the lock

BESIDE_THE_LOCK = """
import sys
from homebody.base.errors import HomebodyError
from homebody.courier.client import Porter
from homebody.privacy.lock import NO_INTERNET, lock_front_end
before = Porter()
before.start()
assert lock_front_end() == (NO_INTERNET,)
after = Porter()
after.start()
for porter in (before, after):
    try:
        porter.open_link("https://example.org/")
        print("opened")
    except HomebodyError as problem:
        print("failed")
    sys.stdout.flush()
    sys.stdin.readline()
before.close()
after.close()
"""


@linux
@pytest.mark.skipif(not lock.probe_kernel().seccomp, reason="this kernel has no filters")
def test_what_the_porter_starts_is_free_while_the_front_end_is_locked(
    opener: Opener, tmp_path: Path
) -> None:
    """The porter from before the lock starts programs that connect; one from after it does not."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(DEADLINE)
        port = server.getsockname()[1]
        opener.does(first=f"import socket; socket.create_connection(('127.0.0.1', {port})).close()")
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", BESIDE_THE_LOCK],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        with process:
            assert process.stdout.readline() == "opened\n"
            server.accept()[0].close()
            opener.asked()
            process.stdin.write("\n")
            process.stdin.flush()
            assert process.stdout.readline() == "failed\n"
            server.setblocking(False)
            with pytest.raises(BlockingIOError):
                server.accept()
            process.stdin.write("\n")
            process.stdin.flush()
    assert process.returncode == 0


INTO_ITS_MEMORY = """
from homebody.base.errors import BadInput
from homebody.courier.client import Porter
porter = Porter()
porter.start()
try:
    porter.open_link("so that it has begun to serve")
except BadInput:
    pass
try:
    open(f"/proc/{porter.pid}/mem", "r+b").close()
    print("open")
except PermissionError:
    print("closed")
porter.close()
"""


@linux
def test_nobody_can_write_into_the_porters_memory() -> None:
    """Or else the locked front end could make it connect."""
    command = [sys.executable, "-P", "-c", INTO_ITS_MEMORY]
    if os.geteuid() == 0:  # root may do this to anybody, unless that right is taken away
        setpriv = shutil.which("setpriv")
        if setpriv is None:
            pytest.skip("needs setpriv(1) where tests run as root")
        command = [setpriv, "--bounding-set=-sys_ptrace", *command]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr) == ("closed\n", "")


# ---------------------------------------------------------------- how light it is


def test_it_loads_next_to_nothing() -> None:
    """No window, no store, no network library, no settings: it starts before all of these."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", "import homebody.courier.porter, sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    loaded = set(done.stdout.split())
    heavy = {
        "PySide6",
        "sqlite3",
        "llama_cpp",
        "numpy",
        "ssl",
        "socket",
        "asyncio",
        "http",
        "urllib.request",
    }
    assert loaded & heavy == set()
    rooms = {name.split(".")[1] for name in loaded if name.startswith("homebody.")}
    assert rooms == {"base", "courier", "messages", "wire"}
