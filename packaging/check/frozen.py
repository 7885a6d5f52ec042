"""Run the frozen app as a person would, who has nothing else: one line for each thing that holds.

    .venv/bin/python packaging/check/frozen.py [APP] [--starts N] [--save FILE]

APP is the folder with the program (build/package/frozen/Homebody), or the program itself where it
was installed. Every home is empty, and nothing of this machine's environment is passed on. With a
screen in memory (Xvfb) the window's start is measured beside that of the checkout: from the start
of the process to the first pixel. Ends with 1 where anything does not hold.
"""

import argparse
import contextlib
import http.server
import json
import mmap
import os
import platform
import re
import shutil
import signal
import ssl
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parent.parent))
from sizes import budgets, over, weigh

ROOT: Final = Path(__file__).resolve().parent.parent.parent
LONG: Final = 120.0
"""Seconds until something counts as hung; other work may keep the machine busy."""
MOST: Final = 1.1
"""Times as long as the checkout's that the window may take to be seen."""


class DoesNotHold(Exception):
    """Something is not as it has to be."""


def hold(is_so: object, what: str) -> None:
    """Raise `DoesNotHold` unless it is so."""
    if not is_so:
        raise DoesNotHold(what)


@dataclass
class App:
    """The frozen app, and an empty home for what it is asked next."""

    program: Path
    folder: Path
    home: Path
    more: dict[str, str] = field(default_factory=dict)

    def environment(self, **more: str) -> dict[str, str]:
        """Return all that it is told of the world."""
        told = {"HOME": str(self.home), "LANG": "C.UTF-8", "PATH": "/usr/local/bin:/usr/bin:/bin"}
        return told | self.more | more

    def run(
        self, *arguments: str, words: str = "", rc: int = 0, cwd: Path | None = None, **more: str
    ) -> str:
        """Run it; return what it said, after looking at how it ended."""
        done = subprocess.run(
            [str(self.program), *arguments],
            input=words.encode(),
            capture_output=True,
            env=self.environment(**more),
            cwd=cwd or self.home,
            timeout=LONG,
            check=False,
        )
        said, complained = done.stdout.decode(), done.stderr.decode()
        told = f"{said[-800:]} {complained[-800:]}"
        hold(done.returncode == rc, f"`{arguments}` ended with {done.returncode}: {told}")
        hold("Traceback" not in complained, complained[-800:])
        return said if rc == 0 else said + complained


# ---------------------------------------------------------------- in the terminal


def says_its_version(app: App) -> str:
    """--version."""
    said = app.run("--version").strip()
    hold(re.fullmatch(r"homebody \d+\.\d+\.\d+\S*", said), said)
    return said


def answers(app: App) -> str:
    """A real answer of the model inside."""
    said = app.run("selftest")
    hold("everything works" in said, said)
    return next(line for line in said.splitlines() if line.startswith("reply"))


def knows_itself(app: App) -> str:
    """The doctor finds our build of the engine, and locks that hold in every child."""
    report = json.loads(app.run("doctor", "--json"))
    hold(report["ok"], str(report["problems"]))
    backends = report["engine"]["backends"]
    hold(backends and "cpu" in backends[0], f"backends: {backends}")
    model = report["engine"]["model"]
    hold("SmolLM2" in model, model)
    locks = {
        "front end": report["locks"],
        "engine": report["engine"]["locks"],
        "workshop": report["skills"]["workshop_locks"],
    }
    wanted = {"front end": 1, "engine": 2, "workshop": 2} if sys.platform == "linux" else {}
    for name, count in wanted.items():
        hold(len(locks[name]) == count, f"locks of the {name}: {locks[name]}")
    return f"{backends[0]}; {'; '.join(locks['engine'])}"


def plans(app: App) -> str:
    """The planner's expert is inside."""
    plan = json.loads(app.run("plan", "what is 15% of 240"))["plan"]
    hold(plan["steps"][0]["skill"] == "calculate", str(plan))
    return str(plan["steps"][0])


def does_sums_and_dates(app: App) -> str:
    """Skills that are loaded late: units (pint), places and time zones (tzdata)."""
    for words, skill, expected in (
        ("convert 3 miles to kilometres", "convert_units", "4.8"),
        ("what time is it in Tokyo", "current_time", "Tokyo"),
        ("what is 15% of 240", "calculate", "36"),
    ):
        # Of some requests the planner is not sure.
        report = json.loads(app.run("ask", "--json", "--yes", words))
        step = report["steps"][0]
        hold(step["skill"] == skill and step["ok"], str(step))
        hold(expected in str(report["reply"]), str(report["reply"]))
    return "units, time zones, sums"


def reads_files(app: App) -> str:
    """The workshop reads what was granted, a PDF too, and nothing else."""
    granted = app.home / "granted"
    granted.mkdir()
    (granted / "notes.txt").write_text("The code word is heliotrope.", "utf-8")
    (granted / "paper.pdf").write_bytes(_pdf("The code word is aubergine"))
    for name, word in (("notes.txt", "heliotrope"), ("paper.pdf", "aubergine")):
        file = granted / name
        report = json.loads(
            app.run("ask", "--json", "--yes", "--grant", str(granted), f"read {file}")
        )
        hold(report["steps"] and report["steps"][0]["ok"], str(report["steps"]))
        hold(word in report["reply"], report["reply"])
    other = app.home / "other.txt"
    other.write_text("The code word is gentian.", "utf-8")
    said = app.run("ask", "--grant", str(granted), f"read {other}", rc=1)
    hold("gentian" not in said, said)
    return "a text and a PDF; not what was not granted"


def _pdf(words: str) -> bytes:
    """Return a page with these words."""
    drawn = f"BT /F1 24 Tf 72 700 Td ({words}) Tj ET".encode()
    parts = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R"
        b"/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(drawn), drawn),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    written, places = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, 1):
        places.append(len(written))
        written += b"%d 0 obj%s\nendobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return written + (
        b"xref\n0 6\n0000000000 65535 f \n%strailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF"
        % (table, len(written))
    )


def redacts(app: App) -> str:
    """What is private is found: numbers of many countries (phonenumbers, python-stdnum)."""
    words = (
        "Call +49 30 901820 or mail ana@example.org; IBAN DE89370400440532013000; "
        "my Steuer-ID is 36574261809, my DNI 54362315K."
    )
    said = app.run("redact", words=words)
    for private in ("901820", "ana@example", "DE8937", "36574261809", "54362315K"):
        hold(private not in said, said)
    return said.strip()


def nothing_left(app: App) -> str:
    """The ledger is whole, and empty."""
    said = app.run("ledger", "verify")
    hold("empty" in said, said)
    return said.strip()


# ---------------------------------------------------------------- what it is made of


def everything_is_inside(app: App) -> str:
    """Every module of ours loads from what is inside, and so would what they import late."""
    inside = app.folder / "_internal"
    program = Path(__file__).with_name("modules.py")
    folders = [str(inside), *map(str, inside.glob("python3*/lib-dynload"))]
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(program), *folders],
        capture_output=True,
        text=True,
        timeout=LONG,
        check=False,
        env=app.environment(QT_QPA_PLATFORM="offscreen"),
    )
    hold(done.returncode == 0, done.stdout[-1500:] + done.stderr[-1500:])
    return done.stdout.strip()


def weighs_what_it_may(app: App) -> str:
    """Each piece is within its budget."""
    weight = weigh(app.folder)
    allowed = budgets()
    for name, weighs in weight.items():
        print(f"      {name:18} {weighs / 1e6:7.1f} MB of {allowed.get(name, 0):g}")
    heavy = sorted(
        ((file.stat().st_size, file.name) for file in app.folder.rglob("*") if file.is_file()),
        reverse=True,
    )
    print("      largest:", ", ".join(f"{name} {size / 1e6:.1f}" for size, name in heavy[:10]))
    wrong = over(weight)
    hold(not wrong, " ".join(wrong))
    return f"{sum(weight.values()) / 1e6:.1f} MB"


# ---------------------------------------------------------------- its surroundings


def nothing_planted_is_loaded(app: App) -> str:
    """Neither the folder in which it is started nor Python's variables bring code into it."""
    planted = app.home / "planted"
    planted.mkdir()
    mark = planted / "loaded"
    for name in ("homebody", "json", "sitecustomize", "usercustomize", "msgspec", "numpy"):
        (planted / f"{name}.py").write_text(f"open({str(mark)!r}, 'w').close()\n", "utf-8")
    # What cannot be loaded, so that whoever tries says so.
    for name in ("libllama.so", "libggml.so", "libggml-cpu-zen4.so", "libggml-cpu-x64.so"):
        (planted / name).write_bytes(b"no library")
    names = ("PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "PYTHONSTARTUP")
    told = dict.fromkeys(names, str(planted)) | {"PYTHONSTARTUP": str(planted / "json.py")}
    for variables in ({}, told):
        said = app.run("selftest", cwd=planted, **variables)
        hold("everything works" in said, said)
        app.run("ask", "--json", "what is 15% of 240", cwd=planted, **variables)
    hold(not mark.exists(), "a planted module was loaded")
    return "modules and libraries, in its folder and by variables"


def opens_as_the_person_would(app: App) -> str:
    """What it opens gets the person's variables: not our folder of libraries."""
    folder = app.home / "bin"
    folder.mkdir()
    seen = app.home / "seen"
    opener = folder / "xdg-open"
    opener.write_text(f"#!/bin/sh\nenv > {seen}.part\nmv {seen}.part {seen}\n", "utf-8")
    opener.chmod(0o755)
    for before in (None, "/mine"):
        variables = app.environment(PATH=f"{folder}:/usr/bin:/bin", MINE="kept")
        variables |= {} if before is None else {"LD_LIBRARY_PATH": before}
        porter = subprocess.Popen(
            [str(app.program), "--as", "porter", str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=variables,
        )
        assert porter.stdin is not None
        with porter:
            porter.stdin.write(b'{"type":"open_link","id":1,"url":"https://example.org/"}\n')
            porter.stdin.flush()
            until(seen.exists, "the opener to run")
            porter.stdin.close()
            porter.wait(LONG)
        got = dict(
            line.split("=", 1) for line in seen.read_text("utf-8").splitlines() if "=" in line
        )
        hold(got.get("LD_LIBRARY_PATH") == before, f"LD_LIBRARY_PATH is {got}")
        hold(got.get("MINE") == "kept", "the person's variables are gone")
        ours = [name for name in got if "_PYI" in name or name.endswith("_ORIG")]
        hold(not ours, f"passed on: {ours}")
        seen.unlink()
    return "LD_LIBRARY_PATH as it was, set or not"


def connects_safely(app: App) -> str:
    """The courier believes who proves who it is, by the system's certificates, and nobody else."""
    openssl = shutil.which("openssl")
    hold(openssl, "openssl(1) is missing; install the package openssl")
    key, certificate = app.home / "key", app.home / "certificate"
    subprocess.run(
        [
            *(str(openssl), "req", "-x509", "-newkey", "ec", "-pkeyopt"),
            *("ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key, "-out", certificate),
            *("-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
        ],
        check=True,
        capture_output=True,
    )
    with _provider(certificate, key) as port:
        address = f"https://localhost:{port}/v1"
        app.run("providers", "add", "box", address, "one", "--mine")
        said = app.run("providers", "models", "box", SSL_CERT_FILE=str(certificate))
        hold("a-model-of-the-box" in said, said)
        said = app.run("providers", "models", "box", rc=1)
        hold("could not prove" in said, said)
    said = app.run("ledger", "verify")
    return said.strip()


@contextlib.contextmanager
def _provider(certificate: Path, key: Path) -> Iterator[int]:
    """Serve a list of models over TLS on this machine; yield the port."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({"data": [{"id": "a-model-of-the-box"}]}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    class Server(http.server.ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            pass  # who does not believe us leaves

    safety = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    safety.load_cert_chain(certificate, key)
    with Server(("127.0.0.1", 0), Handler) as server:
        server.socket = safety.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


# ---------------------------------------------------------------- the window


def until(is_so: Callable[[], object], what: str) -> None:
    """Wait until it is so."""
    deadline = time.monotonic() + LONG
    while not is_so():
        hold(time.monotonic() < deadline, f"waited in vain for {what}")
        time.sleep(0.02)


def _children(pid: int) -> dict[str, int]:
    """Return the children's process ids below a process, by their role."""
    found: dict[str, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError):
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            words = (folder / "cmdline").read_bytes().split(b"\0")
            if parent == pid and len(words) > 2 and words[1] == b"--as":
                found[words[2].decode()] = int(folder.name)
    return found


def _filtered(pid: int) -> bool:
    """Tell whether the kernel filters a process's calls."""
    return bool(re.search(r"^Seccomp:\s*2$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE))


def shows_a_window(app: App) -> str:
    """A window in memory, its engine, locks in all but the porter, and a clean end."""
    with _window([str(app.program)], app.environment(QT_QPA_PLATFORM="offscreen")) as process:
        until(lambda: "engine" in _children(process.pid), "the engine")
        children = _children(process.pid)
        until(lambda: _filtered(process.pid), "the window's lock")
        until(lambda: _filtered(children["engine"]), "the engine's lock")
        hold(not _filtered(children["porter"]), "the porter is locked")
        mapped = Path(f"/proc/{process.pid}/maps").read_text()
        for library in ("libQt6Core", "libpython"):
            lines = [line for line in mapped.splitlines() if library in line]
            hold(
                lines and all(str(app.folder) in line for line in lines), f"{library}: {lines[:1]}"
            )
        hold("libQt6Network" not in mapped, "Qt's network library is loaded")
        engine = Path(f"/proc/{children['engine']}/maps")
        until(lambda: "homebody/shipped/engine/libllama" in engine.read_text(), "our llama.cpp")
        process.send_signal(signal.SIGTERM)
        hold(process.wait(LONG) == 0, f"it ended with {process.returncode}")
    until(lambda: not any(_alive(pid) for pid in children.values()), "the children's end")
    return f"with {', '.join(sorted(children))}"


def _alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


@contextlib.contextmanager
def _window(command: list[str], variables: dict[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    """Start a window, and see that it ends."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=variables,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


class Screen:
    """A screen in memory, of which one sees when something is drawn on it."""

    def __init__(self, folder: Path) -> None:
        server = shutil.which("Xvfb")
        hold(server, "Xvfb is missing; install the package xvfb")
        told, tells = os.pipe()
        size = ("-screen", "0", "1280x900x24", "-fbdir", str(folder), "-nolisten", "tcp")
        # It chooses a number that is free, and tells it.
        self._process = subprocess.Popen(
            [str(server), "-displayfd", str(tells), *size, "-noreset"],
            pass_fds=[tells],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(tells)
        with os.fdopen(told) as stream:
            self.name = f":{stream.readline().strip()}"
        file = (folder / "Xvfb_screen0").open("rb")
        with file:
            self._seen = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        # XWD: a head of so many bytes, a table of colours, then lines of pixels.
        head = struct.unpack(">25I", self._seen[:100])
        self._begin, self._line = head[0] + head[19] * 12, head[12]
        self._lines = head[5]

    def now(self) -> bytes:
        """Return some of what is on it: every twentieth line."""
        begin, line = self._begin, self._line
        return b"".join(
            self._seen[begin + row * line : begin + (row + 1) * line]
            for row in range(0, self._lines, 20)
        )

    def end(self) -> None:
        """Switch it off."""
        self._seen.close()
        self._process.terminate()
        self._process.wait()


def _first_pixel(command: list[str], variables: dict[str, str], screen: Screen) -> float:
    """Return the seconds from a process's start until it has drawn something."""
    until(lambda: len(set(screen.now())) <= 2, "an empty screen")
    empty = screen.now()
    begin = time.perf_counter()
    with _window(command, variables):
        while screen.now() == empty:
            taken = time.perf_counter() - begin
            hold(taken < LONG, "nothing was drawn")
            time.sleep(0.001)
        return time.perf_counter() - begin


def starts_as_fast(app: App, starts: int) -> str:
    """The window of the frozen app is seen as soon as the checkout's, on a screen."""
    unfrozen = Path(sys.executable).with_name("homebody")
    hold(unfrozen.is_file(), "the checkout's homebody is missing: `make run` installs it")
    commands = {"frozen": [str(app.program)], "checkout": [str(unfrozen)]}
    taken: dict[str, list[float]] = {name: [] for name in commands}
    with tempfile.TemporaryDirectory() as folder:
        screen = Screen(Path(folder))
        try:
            for number in range(starts + 2):
                # In turns, so that what else the machine does is shared.
                order = list(commands) if number % 2 else list(reversed(commands))
                for name in order:
                    home = Path(folder) / name
                    variables = app.environment(HOMEBODY_HOME=str(home), DISPLAY=screen.name)
                    seconds = _first_pixel(commands[name], variables, screen)
                    # The first of each reads from the disk, and makes the profile.
                    if number > 1:
                        taken[name].append(seconds)
        finally:
            screen.end()
    medians = {name: statistics.median(values) for name, values in taken.items()}
    ratio = medians["frozen"] / medians["checkout"]
    said = "; ".join(
        f"{name} {medians[name] * 1e3:.0f} ms ({min(values) * 1e3:.0f}–{max(values) * 1e3:.0f})"
        for name, values in taken.items()
    )
    said = f"{ratio:.2f} × the checkout's, {starts} starts of each in turns: {said}"
    hold(ratio <= MOST, said)
    return said


# ---------------------------------------------------------------- all of it


CHECKS: Final = (
    ("says its version", says_its_version),
    ("answers", answers),
    ("knows itself", knows_itself),
    ("plans", plans),
    ("does sums and dates", does_sums_and_dates),
    ("reads files", reads_files),
    ("redacts", redacts),
    ("nothing left", nothing_left),
    ("everything is inside", everything_is_inside),
    ("nothing planted is loaded", nothing_planted_is_loaded),
    ("opens as the person would", opens_as_the_person_would),
    ("connects safely", connects_safely),
    ("shows a window", shows_a_window),
    ("weighs what it may", weighs_what_it_may),
)


def main() -> int:
    """Check, and say what holds."""
    reader = argparse.ArgumentParser(description="Run the frozen app as a person would.")
    folder = ROOT / "build" / "package" / "frozen" / "Homebody"
    reader.add_argument("app", nargs="?", type=Path, default=folder)
    reader.add_argument("--starts", type=int, default=25, help="of the window; 0: not measured")
    reader.add_argument("--only", default="", help="checks whose names hold this")
    reader.add_argument("--save", type=Path, help="where what was found is written, as JSON")
    options = reader.parse_args()
    program = options.app.resolve()
    if program.is_dir():
        program /= "homebody.exe" if sys.platform == "win32" else "homebody"
    if not program.is_file():
        print(f"error: there is no frozen app at {options.app}.", file=sys.stderr)
        print("hint: `.venv/bin/python packaging/freeze.py` makes it.", file=sys.stderr)
        return 1
    found: list[dict[str, Any]] = []
    checks = [
        *CHECKS,
        *(
            [("starts as fast", lambda app: starts_as_fast(app, options.starts))]
            * (options.starts > 0)
        ),
    ]
    for name, check in checks:
        if options.only not in name:
            continue
        begin = time.perf_counter()
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
            try:
                said, holds = check(App(program, program.parent, Path(home))), True
            except (DoesNotHold, OSError, subprocess.SubprocessError, ValueError, KeyError) as why:
                said, holds = f"{type(why).__name__}: {why}", False
        seconds = time.perf_counter() - begin
        print(f"{'ok  ' if holds else 'FAIL'}  {name:26} {seconds:6.1f} s  {said}", flush=True)
        found.append({"check": name, "holds": holds, "seconds": round(seconds, 2), "said": said})
    if options.save is not None:
        facts = {"system": platform.platform(), "checks": found, "bytes": weigh(program.parent)}
        options.save.write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return 0 if found and all(each["holds"] for each in found) else 1


if __name__ == "__main__":
    sys.exit(main())
