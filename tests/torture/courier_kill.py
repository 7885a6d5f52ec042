"""Kill the courier, again and again, at random moments: was anything sent that is not listed?

A front end asks, on several threads, through a porter and a courier, for the files of repositories,
each with a name of its own. The courier is killed (SIGKILL): while it starts, while it writes the
ledger, connects, sends, waits. The hub on loopback writes down who connected. Each connection that
it saw has to have an `opened` line in the ledger, and the chain has to be whole.

    python tests/torture/courier_kill.py --kills 200 --seed 1

prints one line of JSON. Linux only: it looks for the courier in /proc.
"""

import argparse
import contextlib
import itertools
import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

# Run from the command line, the folder of tests is not where Python looks.
sys.path.insert(0, str(Path(__file__).parent.parent))

import psutil

from courier.loopback import Line, Loopback, Seen, page
from homebody.base.errors import CourierProblem
from homebody.base.paths import find_home
from homebody.courier.client import Courier, Porter
from homebody.privacy.ledger import entries, verify
from homebody.settings.file import save

LANES = 3
LATEST = 0.25
"""Seconds from a courier's first connection to its death."""


@dataclass
class Result:
    """What came out; `unlisted` and `broken` have to be 0."""

    kills: int = 0
    before_hello: int = 0
    """Couriers that were killed while they started."""
    seen: int = 0
    """Connections that the hub saw."""
    listed: int = 0
    unlisted: int = 0
    unfinished: int = 0
    """Entries without an end: the courier was killed before."""
    halves: int = 0
    """Lines that were cut off, and kept aside."""
    broken: int = 0
    first_problem: str = ""
    seconds: float = 0.0
    seed: int = 0


def answer(line: Line, seen: Seen) -> None:
    """Say something after a moment, so that some die while they wait."""
    time.sleep(0.003)
    page(b"[]", Content_Type="application/json")(line, seen)


def ask(courier: Courier, numbers: "itertools.count[int]", ended: threading.Event) -> None:
    """Ask for one repository after the other, whatever the answer."""
    while not ended.is_set():
        with contextlib.suppress(CourierProblem):
            courier.list_files(f"torture/r{next(numbers)}", agreed="torture")


def find_courier(porter: int, ended: float) -> psutil.Process | None:
    """Wait for the porter's child."""
    while time.monotonic() < ended:
        with contextlib.suppress(psutil.Error):
            for child in psutil.Process(porter).children():
                if child.status() != psutil.STATUS_ZOMBIE:
                    return child
        time.sleep(0.002)
    return None


def kill_again_and_again(porter: Porter, hub: Loopback, result: Result, kills: int) -> None:
    """Wait for a courier, kill it at some moment, and so on."""
    rng = random.Random(result.seed)
    for number in range(kills):
        assert porter.pid is not None
        courier = find_courier(porter.pid, time.monotonic() + 30)
        if courier is None:
            result.broken += 1
            result.first_problem = "no courier was started"
            return
        before = len(hub.seen)
        # Some die while they start; most when they are at work.
        limit = time.monotonic() + (rng.uniform(0, 0.5) if number % 10 == 0 else 30)
        while len(hub.seen) == before and time.monotonic() < limit:
            time.sleep(0.001)
        if len(hub.seen) == before:
            result.before_hello += 1
        else:
            time.sleep(rng.uniform(0, LATEST))
        with contextlib.suppress(ProcessLookupError):
            os.kill(courier.pid, signal.SIGKILL)
        with contextlib.suppress(psutil.Error):
            courier.wait(10)
        result.kills += 1


def torture(folder: Path, *, kills: int, seed: int) -> Result:
    """Kill couriers of a profile in `folder`."""
    result = Result(seed=seed)
    began = time.monotonic()
    os.environ["HOMEBODY_HOME"] = str(folder / "profile")
    home = find_home()
    with Loopback(other=answer).running() as hub:
        save(home, {"hub": hub.url, "extra_hosts": hub.host})
        porter = Porter()
        porter.start()
        courier = Courier(porter)
        ended = threading.Event()
        numbers = itertools.count()
        lanes = [threading.Thread(target=ask, args=(courier, numbers, ended)) for _ in range(LANES)]
        for lane in lanes:
            lane.start()
        try:
            kill_again_and_again(porter, hub, result, kills)
        finally:
            ended.set()
            courier.close()
            for lane in lanes:
                lane.join(30)
            porter.close()
        seen = hub.settled()
    listed = list(entries(home.ledger))
    named = Counter(one.path for one in seen if one.path)
    # Who connected and was killed before a word was sent is only counted.
    nameless = sum(not one.path for one in seen)
    unlisted = named - Counter(entry.path for entry in listed)
    spare = len(listed) - named.total()
    result.seen, result.listed = len(seen), len(listed)
    result.unlisted = unlisted.total() + max(0, nameless - spare)
    report = verify(home.ledger, home.ledger_head)
    result.unfinished = report.unfinished
    result.halves = len(list(home.data.glob("*.half-*")))
    result.broken += len(report.problems)
    result.first_problem = result.first_problem or "".join(report.problems[:1])
    result.seconds = round(time.monotonic() - began, 1)
    return result


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=None)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="courier-kill-", dir=options.folder) as folder:
        result = torture(Path(folder), kills=options.kills, seed=options.seed)
    print(json.dumps(asdict(result)))
    return 1 if result.unlisted or result.broken or not result.unfinished else 0


if __name__ == "__main__":
    sys.exit(main())
