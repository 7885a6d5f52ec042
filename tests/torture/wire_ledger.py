"""Does the ledger say exactly what was on the wire? Many requests, and hubs that send us elsewhere.

Requests of all sizes go to a real HTTP server on loopback, which counts the bytes on its socket:
with bodies and without, redirected, in chunks, broken off in the middle. Each has to stand in the
ledger with the very same numbers. Then redirect chains lead, after some good hops, to addresses of
this machine and of private networks: by number, written in odd ways, and by names (only those are
answered by a resolver of ours, as there is no DNS for it). None may be connected to.

    python tests/torture/wire_ledger.py --requests 10000 --chains 100 --seed 1

prints one line of JSON.
"""

import argparse
import contextlib
import json
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

# Run from the command line, the folder of tests is not where Python looks.
sys.path.insert(0, str(Path(__file__).parent.parent))

from courier.loopback import Line, Loopback, Seen, page, redirect
from homebody.base.errors import CourierProblem
from homebody.courier.connections import Connections
from homebody.courier.hosts import Hosts
from homebody.courier.passage import Stop, look_up
from homebody.privacy.ledger import Ledger, entries, verify

LANES = 4
KINDS = ("page", "page", "page", "chunks", "redirect", "broken", "nothing")


@dataclass
class Result:
    """What came out; what stands behind `bytes_in` has to be 0, but `chains`."""

    requests: int = 0
    connections: int = 0
    """More than requests: a redirect is one of its own."""
    bytes_out: int = 0
    bytes_in: int = 0
    different: int = 0
    """Connections whose bytes the ledger and the server count differently."""
    unlisted: int = 0
    """Connections that the server saw and the ledger does not know."""
    unknown: int = 0
    """Entries of connections that the server did not see."""
    faults: int = 0
    """Of the chain, or errors without a sentence."""
    chains: int = 0
    let_through: int = 0
    seconds: float = 0.0
    seed: int = 0


def serve(line: Line, seen: Seen) -> None:
    """Answer as the path asks: /KIND/SIZE/NUMBER."""
    _, kind, size, number = seen.path.split("/")
    body = b"b" * int(size)
    match kind:
        case "chunks":
            line.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            for begin in range(0, len(body), 10_000):
                part = body[begin : begin + 10_000]
                line.send(f"{len(part):x}\r\n".encode() + part + b"\r\n")
            line.send(b"0\r\n\r\n")
        case "redirect":
            redirect(f"/page/{size}/{number}")(line, seen)
        case "broken":
            line.send(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body) + 1}\r\n\r\n".encode() + body)
        case "nothing":
            page(b"", "204 No Content")(line, seen)
        case _:
            page(body)(line, seen)


def ask(way: Connections, hub: str, numbers: range, seed: int) -> int:
    """Send these requests; return how many ended without a sentence of ours."""
    rng = random.Random(seed)
    faults = 0
    with way.client("search", "torture") as client:
        for number in numbers:
            kind = rng.choice(KINDS)
            size = rng.choice((0, 1, rng.randrange(2000), rng.randrange(200_000)))
            url = f"{hub}/{kind}/{size}/{number}"
            body = rng.randbytes(rng.choice((0, 0, 1, rng.randrange(100_000))))
            try:
                answer = client.post(url, content=body) if body else client.get(url)
                faults += kind == "broken" or len(answer.content) not in (0, size)
            except CourierProblem as problem:
                faults += kind != "broken" or problem.kind != "connection"
    return faults


def compare(folder: Path, hub: Loopback, result: Result) -> None:
    """Hold each entry against what the server's socket counted."""
    seen = {one.path: one for one in hub.settled() if one.path}
    listed = list(entries(folder / "ledger.jsonl"))
    result.connections = len(listed)
    result.unlisted = sum((Counter(seen.keys()) - Counter(e.path for e in listed)).values())
    for entry in listed:
        there = seen.get(entry.path)
        result.bytes_out += entry.bytes_out or 0
        result.bytes_in += entry.bytes_in or 0
        if there is None:
            result.unknown += 1
        elif (entry.bytes_out, entry.bytes_in) != (there.came, there.went):
            result.different += 1


PRIVATE = ("127.0.0.2", "127.9.8.7", "10.1.2.3", "192.168.1.1", "169.254.169.254", "100.64.0.1",
           "172.16.0.1", "::1", "fe80::1", "fd00::1", "::ffff:127.0.0.2", "64:ff9b::7f00:2",
           "2002:7f00:2::", "224.0.0.1", "0.0.0.0")  # fmt: skip
NAMED = (
    "cdn-lfs.huggingface.co",
    "cas-bridge.xethub.hf.co",
    "cdn-lfs-us-1.hf.co",
    "huggingface.co",
)


class Rebound:
    """A resolver whose names lead home; it answers for Hugging Face's names alone."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng

    def __call__(self, host: str, port: int, stop: Stop) -> tuple[str, ...]:
        if host in NAMED:
            # Some hide it behind an address that is all right.
            good = ["93.184.215.14"] * self._rng.randrange(2)
            return (*good, self._rng.choice(PRIVATE))
        return tuple(look_up(host, port, stop))


def chain(rng: random.Random, hub: Loopback, victim: Loopback, number: int) -> None:
    """Make the hub's pages /c/NUMBER/0… lead somewhere that is forbidden."""
    port = victim.port
    places = (
        f"http://127.0.0.2:{port}/", f"http://2130706434:{port}/", f"http://0x7f000002:{port}/",
        f"http://127.2:{port}/", f"http://[::ffff:127.0.0.2]:{port}/", f"http://localhost:{port}/",
        f"http://0177.0.0.2:{port}/", f"//127.0.0.2:{port}/x", f"https://127.0.0.2:{port}/",
        f"http://hub@127.0.0.2:{port}/", f"http://127.0.0.2:{port}%2f@127.0.0.1/",
        f"http://{rng.choice([p for p in PRIVATE if ':' not in p])}/latest/meta-data/",
        f"http://[{rng.choice([p for p in PRIVATE if ':' in p])}]/",
        *(f"https://{rng.choice(NAMED)}/file" for _ in range(8)),
    )  # fmt: skip
    hops = rng.randrange(5)
    for hop in range(hops):
        hub.pages[f"/c/{number}/{hop}"] = redirect(f"/c/{number}/{hop + 1}")
    status = rng.choice(("301 Moved", "302 Found", "303 See", "307 Temporary", "308 Permanent"))
    hub.pages[f"/c/{number}/{hops}"] = redirect(rng.choice(places), status)


def lead_astray(folder: Path, chains: int, seed: int, result: Result) -> None:
    """Follow chains that end where nothing may be connected to."""
    rng = random.Random(seed)
    victim = Loopback(address="127.0.0.2" if sys.platform == "linux" else "127.0.0.1")
    ledger = Ledger(folder / "chains.jsonl", folder / "chains" / "head")
    with Loopback().running() as hub, victim.running():
        hosts = Hosts("https://huggingface.co", hub.host)
        way = Connections(hosts, ledger, Rebound(rng))
        for number in range(chains):
            chain(rng, hub, victim, number)
            with way.client("download", "torture") as client:
                try:
                    client.get(f"{hub.url}/c/{number}/0", headers={"Authorization": "Bearer hf_x"})
                    result.let_through += 1
                except CourierProblem as problem:
                    result.faults += problem.kind != "refused"
        result.let_through += len(victim.seen)
    result.let_through += sum(
        (entry.address, entry.port) != ("127.0.0.1", hub.port)
        for entry in entries(folder / "chains.jsonl")
    )
    result.chains = chains


def torture(folder: Path, *, requests: int, chains: int, seed: int) -> Result:
    """Do both; the ledger is a file in `folder`."""
    result = Result(requests=requests, seed=seed)
    began = time.monotonic()
    ledger = Ledger(folder / "ledger.jsonl", folder / "elsewhere" / "ledger.head")
    with Loopback(other=serve).running() as hub:
        way = Connections(Hosts(hub.url, hub.host), ledger)
        share = -(-requests // LANES)
        faults: list[int] = []
        lanes = [
            threading.Thread(
                target=lambda lane: faults.append(
                    ask(
                        way,
                        hub.url,
                        range(lane * share, min(requests, (lane + 1) * share)),
                        seed + lane,
                    )
                ),
                args=(lane,),
            )
            for lane in range(LANES)
        ]
        for each in lanes:
            each.start()
        for each in lanes:
            each.join()
        result.faults = sum(faults) + LANES - len(faults)
        compare(folder, hub, result)
    report = verify(folder / "ledger.jsonl", folder / "elsewhere" / "ledger.head")
    result.faults += len(report.problems) + report.unfinished
    lead_astray(folder, chains, seed, result)
    result.seconds = round(time.monotonic() - began, 1)
    return result


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--chains", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=None, help="where the ledger is written")
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(
            tempfile.TemporaryDirectory(prefix="wire-ledger-", dir=options.folder)
        )
        result = torture(
            Path(folder), requests=options.requests, chains=options.chains, seed=options.seed
        )
    print(json.dumps(asdict(result)))
    bad = result.different + result.unlisted + result.unknown + result.let_through + result.faults
    return 1 if bad or not result.connections else 0


if __name__ == "__main__":
    sys.exit(main())
