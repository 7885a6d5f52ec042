"""How good the planner is: `homebody plan --jsonl` over the hand-made requests, scored.

    PYTHONPATH=tests python tests/bench/plans.py [--untuned] [--limit N] [--failures] [--keep DIR]

The expert is measured as people run it: a process of its own, everything between its standard input
and output. `--untuned` puts the starter model without the adapter beside it, under the same
grammar. Memory is what the processes hold at most, looked at ten times a second.
"""

import argparse
import contextlib
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from subprocess import PIPE, Popen, TimeoutExpired
from typing import Self

import psutil
from msgspec import json

from homebody.base.paths import find_home, shipped
from homebody.cli.plan import plan_lines
from homebody.engine.client import Engine
from homebody.library.shelf import STARTER, find_model
from homebody.machine.readings import physical_cores
from homebody.messages.frames import Load
from homebody.skills.registry import Registry
from planner.score import REQUESTS, failures, judge_all, read_predictions, read_requests, table

_EXPERT = "models/experts/planner/adapter.gguf"
_UNTUNED = "--write-untuned"
_LONGEST = 3600.0
_GIVEN_UP = 15_000.0
"""Milliseconds after which the planner gives up, and the request counts as one to be answered."""


class Memory:
    """Watches the processes below one, until it is left."""

    def __init__(self, top: int) -> None:
        self._top = psutil.Process(top)
        self.most: dict[str, int] = {}
        """By role: the most that it held, in bytes."""
        self._done = threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._watch.join()

    def _look(self) -> None:
        while not self._done.wait(0.1):
            with contextlib.suppress(psutil.Error):
                for process in [self._top, *self._top.children(recursive=True)]:
                    words = process.cmdline()
                    role = words[words.index("--as") + 1] if "--as" in words else "front end"
                    held = process.memory_info().rss
                    self.most[role] = max(held, self.most.get(role, 0))


def plan_all(command: Sequence[str], lines: Sequence[bytes], into: Path) -> tuple[Memory, float]:
    """Let a program plan all of it; return what it held, and the seconds that it took."""
    started = time.perf_counter()
    with (
        into.open("wb") as out,
        Popen(command, stdin=PIPE, stdout=out) as process,
        Memory(process.pid) as memory,
    ):
        try:
            process.communicate(b"\n".join(lines) + b"\n", timeout=_LONGEST)
        except TimeoutExpired:
            process.kill()
            raise
    if process.returncode:
        raise SystemExit(f"error: {command[0]} ended with {process.returncode}")
    return memory, time.perf_counter() - started


def write_untuned() -> None:
    """Do what `homebody plan --jsonl` does, by the starter model without its adapter."""
    from homebody.assistant.planner import ExpertPlanner

    with _planner(lambda engine: ExpertPlanner(engine, None, Registry())) as planner:
        plan_lines(planner, Registry(), sys.stdin.buffer)  # type: ignore[arg-type]


@contextlib.contextmanager
def _planner(build: Callable[[Engine], object]) -> Iterator[object]:
    engine = Engine()
    engine.start()
    try:
        model = find_model(find_home(), STARTER).path
        engine.load(Load(id=0, path=str(model), context=2048, threads=physical_cores()))
        yield build(engine)
    finally:
        engine.close()


def main() -> None:
    """Print the table."""
    if _UNTUNED in sys.argv:
        write_untuned()
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--untuned", action="store_true", help="also the model without its adapter")
    parser.add_argument("--limit", type=int, default=0, help="only every so many requests")
    parser.add_argument("--failures", action="store_true", help="list what went wrong")
    parser.add_argument("--keep", type=Path, help="a folder for the plans, one file a planner")
    options = parser.parse_args()
    systems = {"expert": [sys.executable, "-P", "-m", "homebody", "plan", "--jsonl"]}
    if not shipped(_EXPERT).is_file():
        print(f"There is no {_EXPERT}: nothing but the untuned model can be measured.")
        systems = {}
    if options.untuned or not systems:
        systems["untuned"] = [sys.executable, __file__, _UNTUNED]
    requests = read_requests(REQUESTS)[:: max(1, options.limit)]
    wanted = {request.id for request in requests}
    lines = [
        line for line in REQUESTS.read_bytes().splitlines() if json.decode(line)["id"] in wanted
    ]
    judged, notes = {}, []
    with tempfile.TemporaryDirectory() as folder:
        keep = options.keep or Path(folder)
        keep.mkdir(parents=True, exist_ok=True)
        for name, command in systems.items():
            memory, seconds = plan_all(command, lines, keep / f"{name}.jsonl")
            judged[name] = judge_all(requests, read_predictions(keep / f"{name}.jsonl"))
            held = ", ".join(f"{role} {most / 1e6:.0f} MB" for role, most in memory.most.items())
            late = sum((each.ms or 0.0) > _GIVEN_UP for each in judged[name])
            notes.append(
                f"{name}: {len(lines)} requests in {seconds:.0f} s, {late} of them given up "
                f"because the machine was too busy; at most {held}"
            )
    print(table(judged))
    print("\n" + "\n".join(notes))
    if options.failures:
        for name, those in judged.items():
            print(f"\n{name}\n{failures(those)}")


if __name__ == "__main__":
    main()
