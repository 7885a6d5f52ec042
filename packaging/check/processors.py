"""Has the built engine answer on other processors than this one, by an emulator, and on this one.

    python packaging/check/processors.py [--seconds N]

Wants the engine of `packaging/engine.py` and, for other processors, `qemu-x86_64-static` (Debian:
qemu-user-static). The engine is the app's own child process; if `build/package/frozen/Homebody` is
there, that one's too. Each line says what answered, where, with which of llama.cpp's files and
after how many seconds, of which the emulator takes most. At last, files that would be chosen before
all others are put into the current folder, and nothing of them may be loaded.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

from homebody.base.errors import HomebodyError
from homebody.base.paths import find_home
from homebody.engine.client import Engine
from homebody.library.shelf import find_model
from homebody.messages.frames import Generate, Load, Piece, Sampling
from homebody.wire.keeper import Limits, child_command

ROOT = Path(__file__).resolve().parent.parent.parent
ENGINE = ROOT / "build" / "package" / "engine" / "linux-x86_64"
FROZEN = ROOT / "build" / "package" / "frozen" / "Homebody" / "homebody"
EMULATOR = "qemu-x86_64-static"

# What a frozen app's own beginning sets before it starts itself once more; that start would be one
# of the processor itself, outside the emulator.
STARTED: dict[str, str | Path] = {
    "_PYI_ARCHIVE_FILE": FROZEN,
    "_PYI_PARENT_PROCESS_LEVEL": "-1",
    "_PYI_LINUX_PROCESS_NAME": FROZEN.name,
    "LD_LIBRARY_PATH": FROZEN.parent / "_internal",
}

HERE = "this one"
PROCESSORS = {HERE: "", "Haswell": "haswell", "Nehalem": "sse42"}
"""And the file that is the best there. Nehalem is the least: Qt and NumPy want x86-64-v2."""

PLANTED = """
#include <stdio.h>
int ggml_backend_score(void) { return 1000000; }
void ggml_log_set(void *function, void *data) {}
__attribute__((constructor)) static void load(void) { fputs("PLANTED\\n", stderr); }
"""
WINDOW = """
from PySide6.QtWidgets import QApplication, QLabel
app = QApplication([])
label = QLabel("Homebody")
label.show()
assert not label.grab().isNull()
"""


class Wrong(Exception):
    """What is not as it should be."""


def main() -> int:
    """Check; return 0 if all answered."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=300, help="for one answer, at most")
    seconds = parser.parse_args().seconds
    if not (ENGINE / "engine.json").exists():
        print("error: there is no engine. Run packaging/engine.py first.", file=sys.stderr)
        return 1
    emulates = shutil.which(EMULATOR) is not None
    checks: list[tuple[str, Callable[[], str]]] = []
    last: list[tuple[str, Callable[[], str]]] = []
    for processor, best in PROCESSORS.items():
        if processor != HERE and not emulates:
            print(f"not checked on {processor}: {EMULATOR} was not found (qemu-user-static)")
            continue
        on = [EMULATOR, "-cpu", processor] if processor != HERE else []
        engines = {"engine": ([*on, *child_command("engine")], ENGINE)}
        if FROZEN.exists():
            started = [word for each in STARTED.items() for word in ("-E", "{}={}".format(*each))]
            frozen = [*on, *(started if on else []), str(FROZEN), "--as", "engine"]
            own = FROZEN.parent / "_internal" / "homebody" / "shipped" / "engine"
            engines["frozen engine"] = ([*frozen, str(os.getpid())], own)
        for name, (command, folder) in engines.items():
            checks.append(
                (f"{name} on {processor}", partial(answer, command, folder, best, seconds))
            )
            if not on:
                last.append(
                    (f"{name} and planted files", partial(planted, command, folder, seconds))
                )
        window = [*on, sys.executable, "-P", "-c", WINDOW]
        checks.append((f"Qt on {processor}", partial(draw, window, seconds)))
    failed = False
    for name, check in checks + last:
        begun = time.monotonic()
        try:
            said = check()
        except (Wrong, HomebodyError) as problem:
            failed, said = True, f"FAILED: {problem}"
        print(f"{name:34} {time.monotonic() - begun:6.1f} s  {said}", flush=True)
    return 1 if failed else 0


def answer(
    command: list[str],
    folder: Path,
    best: str,
    seconds: float,
    look: Callable[[str], None] = lambda _files: None,
) -> str:
    """Have an engine answer, and see that it used the best file of a folder. Return what it said.

    `look` gets to see which files are in its memory, one a line.
    """
    os.environ.pop("LLAMA_CPP_LIB_PATH", None)
    if folder == ENGINE:
        os.environ["LLAMA_CPP_LIB_PATH"] = str(folder)
    model = find_model(find_home(), "starter").path
    with closing(Engine(command, Limits(hello=seconds, silence=seconds, crashes=1))) as engine:
        engine.start()
        loaded = engine.load(Load(id=0, path=str(model), context=512, threads=2))
        request = Generate(
            id=0,
            prompt="The capital of France is",
            max_tokens=4,
            sampling=Sampling(temperature=0.0),
        )
        said = "".join(piece.text for piece in engine.generate(request) if isinstance(piece, Piece))
        running = Path(f"/proc/{engine.pid}/exe").resolve().name
        files = Path(f"/proc/{engine.pid}/maps").read_text("utf-8")
    used = loaded.backends[0] if loaded.backends else "no file of its own"
    if "Paris" not in said:
        raise Wrong(f"it answered {said!r}")
    if best and used != f"libggml-cpu-{best}.so":
        raise Wrong(f"it used {used}, not {best}")
    if command[0] == EMULATOR and running != EMULATOR:
        raise Wrong("it left the emulator")
    if str(folder / used) not in files:
        raise Wrong(f"{used} is not the one in {folder}")
    look(files)
    return f"{said.strip()!r} by {used}, the best of {loaded.processor_choice}"


def draw(command: list[str], seconds: float) -> str:
    """Run a program that draws a window to its end."""
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        command, env=environment, check=False, capture_output=True, text=True, timeout=seconds
    )
    if done.returncode:
        raise Wrong(done.stderr.strip()[-300:] or f"it ended with {done.returncode}")
    return "a window was drawn"


def planted(command: list[str], folder: Path, seconds: float) -> str:
    """Start the engine in a folder, and with a path of the loader's, where strange files lie."""
    compiler = shutil.which("cc")
    if compiler is None:
        raise Wrong("no C compiler was found (Debian: apt install gcc)")
    before = Path.cwd()
    with tempfile.TemporaryDirectory(prefix="planted-") as name:
        here = Path(name).resolve()
        source = here / "planted.c"
        source.write_text(PLANTED, "utf-8")
        names = ("ggml", "ggml-base", "ggml-cpu", "ggml-cpu-zen4", "ggml-cpu-x64", "ggml-vulkan")
        for each in (*names, "ggml-blas", "llama"):
            library = f"lib{each}.so"
            options = ["-shared", "-fPIC", "-w", f"-Wl,-soname,{library}", "-o", here / library]
            subprocess.run([compiler, *options, source], check=True)

        def look(files: str) -> None:
            if name in files:
                raise Wrong("a file of the current folder was loaded")

        os.environ["LD_LIBRARY_PATH"] = name
        os.chdir(here)
        try:
            said = answer(command, folder, "", seconds, look)
        finally:
            os.chdir(before)
            del os.environ["LD_LIBRARY_PATH"]
    return f"none was loaded; {said}"


if __name__ == "__main__":
    sys.exit(main())
