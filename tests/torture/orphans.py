"""Kill the front end, again and again, at random moments; no engine may outlive it.

A front end process starts an engine, loads and lets it write, then is killed (SIGKILL) at a random
moment: before there is a child, while it starts, while it works. A second later its children are
counted. Every other front end starts its engine from a thread that ends at once, because Linux ties
a child to the thread that started it, not to the process.

    python tests/torture/orphans.py --kills 500 --seed 1 [--real]

prints one line of JSON. Linux only: it looks into /proc.
"""

import argparse
import contextlib
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec

from homebody.base.paths import find_home
from homebody.engine.client import Engine
from homebody.engine.scripted import Script, ScriptedReply
from homebody.library.shelf import find_model
from homebody.messages.frames import Generate, Load, Message
from homebody.wire.keeper import child_command

GRACE = 1.0
"""Seconds that a child has to be gone."""
LATEST = 1.2
"""Seconds until the latest kill; most front ends are writing by then."""


@dataclass
class Result:
    """What came out; `orphans` has to be 0."""

    kills: int = 0
    orphans: int = 0
    seconds: float = 0.0
    seed: int = 0
    had_child: int = 0
    """How many front ends had a child when they were killed."""
    before_child: int = 0


def front_end(model: str, script: str, *, brief_thread: bool) -> None:
    """Be a front end that works until it is killed."""
    engine = Engine(child_command("scripted-engine", script) if script else None)
    if brief_thread:
        starter = threading.Thread(target=engine.start)
        starter.start()
        starter.join()
    else:
        engine.start()
    engine.load(Load(id=0, path=model, context=1024))
    request = Generate(id=0, messages=(Message("user", "Tell me a long story."),))
    while True:
        for _ in engine.generate(request):
            pass


def children_of(parent: int) -> list[int]:
    """Return the living children that a front end has, or had: their command line names it."""
    found = []
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                words = Path(entry.path, "cmdline").read_bytes().split(b"\0")
                if b"--as" in words and words[words.index(b"--as") + 2] == str(parent).encode():
                    stat = Path(entry.path, "stat").read_bytes()
                    if stat[stat.rindex(b")") + 2 :][:1] not in b"ZX":
                        found.append(int(entry.name))
    return found


def torture(folder: Path, *, kills: int, seed: int, real: bool = False) -> Result:
    """Kill `kills` front ends; count what outlives them by more than a second."""
    rng = random.Random(seed)
    result = Result(kills=kills, seed=seed)
    started = time.monotonic()
    model, script = "none.gguf", ""
    if real:
        model = str(find_model(find_home(), "starter").path)
    else:
        script = str(folder / "script.json")
        reply = ScriptedReply("word " * 50, delay=0.01)
        Path(script).write_bytes(msgspec.json.encode(Script(replies=(reply,))))
    waiting: list[tuple[float, int]] = []

    def count(*, everything: bool = False) -> None:
        while waiting and (everything or waiting[0][0] <= time.monotonic()):
            moment, parent = waiting.pop(0)
            time.sleep(max(0.0, moment - time.monotonic()))
            orphans = children_of(parent)
            result.orphans += len(orphans)
            for orphan in orphans:
                os.kill(orphan, 9)

    for number in range(kills):
        brief = ["--brief-thread"] if number % 2 else []
        front = subprocess.Popen(
            [sys.executable, __file__, "--front-end", model, script, *brief],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        time.sleep(rng.uniform(0.0, LATEST * (3 if real else 1)))
        if children_of(front.pid):
            result.had_child += 1
        else:
            result.before_child += 1
        front.kill()
        waiting.append((time.monotonic() + GRACE, front.pid))
        front.wait()
        count()
    count(everything=True)
    result.seconds = round(time.monotonic() - started, 1)
    return result


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--real", action="store_true", help="with the real engine and model")
    parser.add_argument("--front-end", nargs=2, metavar=("MODEL", "SCRIPT"), help=argparse.SUPPRESS)
    parser.add_argument("--brief-thread", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.front_end:
        front_end(*options.front_end, brief_thread=options.brief_thread)
        return
    with tempfile.TemporaryDirectory() as folder:
        result = torture(Path(folder), kills=options.kills, seed=options.seed, real=options.real)
    print(json.dumps(asdict(result)))
    sys.exit(1 if result.orphans else 0)


if __name__ == "__main__":
    main()
