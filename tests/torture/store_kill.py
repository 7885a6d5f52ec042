"""Kill a process that writes conversations, again and again; nothing acknowledged may be lost.

A child begins turns, writes checkpoints and ends turns, and says so on a pipe after each. It is
killed (SIGKILL) at a random moment. Then the store is opened again, and everything that was said
to be saved has to be there, word by word, in a database without a fault.

    python tests/torture/store_kill.py --kills 3000 --seed 1

prints one line of JSON. POSIX only: the child is forked, so that it starts in a millisecond.
"""

import argparse
import json
import os
import random
import select
import signal
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path

from homebody.base.errors import HomebodyError
from homebody.base.paths import Home
from homebody.store.store import Store

CHECKPOINTS = 3
FULL_CHECK_EVERY = 100


@dataclass
class Result:
    """What came out; `lost` and `broken` have to be 0."""

    kills: int = 0
    seed: int = 0
    acked: int = 0
    lost: int = 0
    broken: int = 0
    seconds: float = 0.0
    first_loss: str = ""


@dataclass
class Expected:
    """What one turn has to look like at least: the last thing that was acknowledged."""

    request: str
    step: int = -1
    ended: bool = False


@dataclass
class Ledger:
    """Everything that any child acknowledged, by the turn's id."""

    turns: dict[str, Expected] = field(default_factory=dict)
    fresh: set[str] = field(default_factory=set)


def reply(request: str, step: int) -> str:
    """Return what the reply to `request` is at checkpoint `step`; before the first, nothing."""
    return " ".join(f"{request}.{part} ünï" for part in range(step + 1))


def write_forever(home: Home, conversation: str, pipe: int, round_number: int) -> None:
    """Be the child. Each line on the pipe says that something is saved."""
    store = Store.open(home)
    parent, number = None, 0
    while True:
        request = f"r{round_number}n{number}"
        turn = store.begin_turn(conversation, request, parent)
        os.write(pipe, f"b {turn.id} {request}\n".encode())
        for step in range(CHECKPOINTS):
            store.checkpoint(turn.id, reply(request, step), "because")
            os.write(pipe, f"c {turn.id} {step}\n".encode())
        final = reply(request, CHECKPOINTS)
        store.end_turn(turn.id, state="done", reply=final, reasoning="because")
        os.write(pipe, f"e {turn.id} {CHECKPOINTS}\n".encode())
        parent, number = turn.id, number + 1


def one_round(home: Home, conversation: str, round_number: int, delay: float) -> bytes:
    """Start a child, kill it `delay` seconds after its first word; return all it said."""
    reading, writing = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            write_forever(home, conversation, writing, round_number)
        finally:
            os._exit(1)
    os.close(writing)
    said = b""
    try:
        # Some rounds kill while the child is still opening the store.
        if delay >= 0.002:
            select.select([reading], [], [], 20)
        time.sleep(delay)
    finally:
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    while data := os.read(reading, 1 << 16):
        said += data
    os.close(reading)
    assert os.WIFSIGNALED(status), "the writer failed by itself"
    return said


def note(ledger: Ledger, said: bytes) -> int:
    """Enter the acknowledgements of a child; return how many there were."""
    # A line cut off by the kill was not said.
    lines = said.decode().split("\n")[:-1]
    for line in lines:
        kind, turn, rest = line.split(" ")
        if kind == "b":
            ledger.turns[turn] = Expected(rest)
            ledger.fresh.add(turn)
        else:
            ledger.turns[turn].step = int(rest)
            ledger.turns[turn].ended = kind == "e"
    return len(lines)


def is_kept(store: Store, turn: str, expected: Expected) -> bool:
    """Tell whether a turn holds at least what was acknowledged."""
    try:
        found = store.turn(turn)
    except HomebodyError:
        return False
    if found.request != expected.request:
        return False
    if expected.ended:
        return found.state == "done" and found.reply == reply(expected.request, CHECKPOINTS)
    # One more step may have been saved before the kill kept the child from saying so.
    texts = {reply(expected.request, step) for step in range(expected.step, CHECKPOINTS + 1)}
    return found.state in ("interrupted", "done") and found.reply in texts


def check(home: Home, ledger: Ledger, result: Result, *, everything: bool) -> None:
    """Open the store as the app does and look for what was acknowledged."""
    store = Store.open(home)
    try:
        if store.notices:
            result.broken += 1
            result.first_loss = result.first_loss or store.notices[0]
        for turn in ledger.turns if everything else ledger.fresh:
            if not is_kept(store, turn, ledger.turns[turn]):
                result.lost += 1
                result.first_loss = result.first_loss or f"{turn} {ledger.turns[turn]}"
        ledger.fresh.clear()
    finally:
        store.close()
    with closing(sqlite3.connect(home.database)) as connection:
        kind = "integrity_check" if everything else "quick_check"
        said = connection.execute(f"PRAGMA {kind}").fetchone()[0]
        result.broken += said != "ok"


def torture(folder: Path, kills: int, seed: int) -> Result:
    """Kill a writer `kills` times on one database in `folder`."""
    started = time.perf_counter()
    chance = random.Random(seed)
    home = Home(data=folder, config=folder, state=folder)
    result, ledger = Result(seed=seed), Ledger()
    with closing(Store.open(home)) as store:
        conversation = store.create_conversation("killed").id
    for round_number in range(kills):
        delay = chance.choice((chance.uniform(0, 0.004), chance.uniform(0, 0.03)))
        said = one_round(home, conversation, round_number, delay)
        result.acked += note(ledger, said)
        result.kills += 1
        last = round_number == kills - 1
        # Often the next child, not the parent, is the first to open what the last one left.
        if last or round_number % FULL_CHECK_EVERY == FULL_CHECK_EVERY - 1:
            check(home, ledger, result, everything=True)
        elif chance.random() < 0.7:
            check(home, ledger, result, everything=False)
    result.seconds = round(time.perf_counter() - started, 1)
    return result


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=None)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="store-kill-", dir=arguments.folder) as folder:
        result = torture(Path(folder), arguments.kills, arguments.seed)
    print(json.dumps(asdict(result)))
    return 1 if result.lost or result.broken or not result.acked else 0


if __name__ == "__main__":
    sys.exit(main())
