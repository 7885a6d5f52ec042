"""Kill downloads, tamper with them and fill the disk under them; none may lie or lose.

Kills: a process that fetches from a hub on this machine is killed (SIGKILL) when the hub has sent a
random number of bytes; another one finishes the file. Counted is what the hub sent more than once,
and what lies about afterwards. Tampered: files are changed on their way, or while they are
continued; none may ever get its name. Full: a small file system (tmpfs, in a mount namespace of our
own) runs full under a download, is made larger, and the download goes on.

    python tests/torture/downloads.py --kills 100 --tampered 1000 --full 20 --seed 1

prints one line of JSON. Linux only for `--full`.
"""

import argparse
import contextlib
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import httpx2

from homebody.base.errors import CourierProblem
from homebody.courier.download import Patience, fetch
from homebody.messages.courier import Download, HubFile
from hub_server import PORTAL, HubServer, gguf_bytes

SIZE = 16 * 1024 * 1024
PACE = 40e6
"""Bytes a second, as a good line has: without it most bytes would lie in the system's buffers."""
REPO = "acme/Tiny-GGUF"
NAME = "Tiny-Q4_K_M.gguf"
HASTY = Patience(tries=2, wait=0.0)


@dataclass
class Result:
    """What came out. `orphans`, `wrong`, `accepted` and `lost` have to be 0."""

    kills: int = 0
    refetched_most: int = 0
    """Bytes that the hub sent again after one kill, at most."""
    refetched_share: float = 0.0
    """The same, of the file."""
    orphans: int = 0
    wrong: int = 0
    """Files that were not whole in the end."""
    tampered: int = 0
    refused: int = 0
    accepted: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    full: int = 0
    lost: int = 0
    """Downloads that did not go on after a full disk, or fetched again what was there."""
    seconds: float = 0.0
    seed: int = 0


def bring(
    hub: str, commit: str, folder: Path, data_size: int, sha256: str, patience: Patience = HASTY
) -> tuple[Path, ...]:
    """Fetch the file with a plain client."""
    request = Download(
        id=1,
        repo=REPO,
        commit=commit,
        files=(HubFile(name=NAME, bytes=data_size, sha256=sha256),),
        folder=str(folder),
        agreed="torture",
    )
    # No certificates: reading them takes longer than all the rest, and there is no TLS here.
    with httpx2.Client(follow_redirects=True, timeout=20, trust_env=False, verify=False) as client:
        return fetch(request, client, hub, None, lambda *_: None, lambda: False, patience)


def lying_about(folder: Path) -> list[str]:
    """Names of what is there besides whole files."""
    return sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and path.name != NAME
    )


# ---------------------------------------------------------------- kills


def kill_downloads(folder: Path, result: Result, rng: random.Random, kills: int) -> None:
    """Kill at random offsets; each time another process finishes."""
    data = gguf_bytes(SIZE)
    sha256 = hashlib.sha256(data).hexdigest()
    with HubServer() as hub:
        commit = hub.add(REPO, {NAME: data})
        hub.switches.bytes_per_second = PACE
        for number in range(kills):
            result.kills += 1
            place = folder / f"kill-{number}"
            place.mkdir()
            hub.sent = 0
            command = [sys.executable, __file__, "--fetch", hub.url, commit, str(place), str(SIZE),
                       sha256]  # fmt: skip
            # The end is tried as well: verifying, naming, tidying up.
            offset = rng.choice([rng.randint(0, SIZE), rng.randint(0, SIZE), SIZE])
            child = subprocess.Popen(command)
            while hub.sent < offset and child.poll() is None:
                time.sleep(0.0005)
            time.sleep(rng.uniform(0, 0.03) if offset == SIZE else 0)
            child.kill()
            child.wait()
            subprocess.run(command, check=True, timeout=60)
            again = hub.sent - SIZE
            result.refetched_most = max(result.refetched_most, again)
            result.refetched_share = round(result.refetched_most / SIZE, 5)
            result.orphans += len(lying_about(place))
            final = place / NAME
            if not final.exists() or hashlib.sha256(final.read_bytes()).hexdigest() != sha256:
                result.wrong += 1
            shutil.rmtree(place)


# ---------------------------------------------------------------- tampering


Tamper = Callable[[HubServer, bytes, random.Random], None]


def flip(hub: HubServer, data: bytes, rng: random.Random) -> None:
    """One bit is another, of those that are still to come."""
    bit = rng.randrange(hub.sent * 8, len(data) * 8)
    at = bit // 8
    changed = data[:at] + bytes([data[at] ^ (1 << bit % 8)]) + data[at + 1 :]
    hub.switches.content = lambda _: changed


def swap(hub: HubServer, data: bytes, rng: random.Random) -> None:
    """Another model of the same size."""
    other = gguf_bytes(len(data), seed=rng.randrange(1000, 10**6))
    hub.switches.content = lambda _: other


def cut(hub: HubServer, data: bytes, rng: random.Random) -> None:
    """The end is missing, and the hub says that it is not."""
    size = rng.randrange(len(data))
    hub.switches.content = lambda honest: honest[:size]
    hub.switches.no_length = rng.random() < 0.5


def revision(hub: HubServer, data: bytes, rng: random.Random) -> None:
    """The file of another commit, owned up to or not."""
    swap(hub, data, rng)
    if rng.random() < 0.5:
        hub.switches.commit_header = rng.randbytes(20).hex()


def portal(hub: HubServer, _: bytes, rng: random.Random) -> None:
    """A page that wants a log-in, in place of everything or of the file."""
    if rng.random() < 0.5:
        hub.switches.portal = True
    else:
        hub.switches.content = lambda _honest: PORTAL
        hub.switches.content_type = rng.choice(["text/html", "application/octet-stream"])


def etag(hub: HubServer, data: bytes, rng: random.Random) -> None:
    """Another content from the second request on, with a version of its own."""
    other = gguf_bytes(len(data), seed=rng.randrange(1000, 10**6))
    contents = iter([data])
    hub.switches.etags = ['"one"', '"two"', *(['"three"'] if rng.random() < 0.5 else [])]
    hub.switches.cut_after = [rng.randrange(1, len(data))]
    hub.switches.heed_if_range = rng.random() < 0.5
    hub.switches.content = lambda _: next(contents, other)


WAYS: dict[str, Tamper] = {
    "bit flip": flip,
    "same-size swap": swap,
    "truncation": cut,
    "wrong revision": revision,
    "portal page": portal,
    "changed etag": etag,
}


def tamper_downloads(folder: Path, result: Result, rng: random.Random, count: int) -> None:
    """Tamper with `count` files, half of them only when they are continued.

    No way of tampering may leave the file as it was, so each of them has to be refused.
    """
    with HubServer() as hub:
        honest = hub.switches
        for number in range(count):
            way = list(WAYS)[number % len(WAYS)]
            data = gguf_bytes(rng.randrange(2_000, 60_000), seed=number)
            hub.repos.clear()
            commit = hub.add(REPO, {NAME: data})
            sha256 = hashlib.sha256(data).hexdigest()
            place = folder / f"tampered-{number}"
            place.mkdir()
            hub.switches, hub.sent = type(honest)(), 0
            if way != "changed etag" and rng.random() < 0.5:
                hub.switches.always_cut = rng.randrange(1, len(data))
                with contextlib.suppress(CourierProblem):
                    bring(hub.url, commit, place, len(data), sha256, Patience(tries=0))
                hub.switches = type(honest)()
            WAYS[way](hub, data, rng)
            result.tampered += 1
            try:
                bring(hub.url, commit, place, len(data), sha256)
            except CourierProblem as problem:
                result.kinds[problem.kind] = result.kinds.get(problem.kind, 0) + 1
                result.refused += 1
            result.accepted += (place / NAME).exists()
            shutil.rmtree(place)
            hub.asked.clear()


# ---------------------------------------------------------------- a full disk


def fill_disks(folder: Path, result: Result, rng: random.Random, count: int) -> None:
    """Let a small file system run full under a download."""
    data = gguf_bytes(2_000_000)
    sha256 = hashlib.sha256(data).hexdigest()
    place = folder / "small"
    place.mkdir()
    with HubServer() as hub:
        commit = hub.add(REPO, {NAME: data})
        for _ in range(count):
            hub.sent = 0
            room = rng.randrange(4, 1_950) * 1024
            done = subprocess.run(
                ["unshare", "-m", sys.executable, __file__, "--full-at", str(room), hub.url, commit,
                 str(place), str(len(data)), sha256],
                check=False, timeout=60,
            )  # fmt: skip
            result.full += 1
            # What came before the disk was full is fetched once; a slice may have been on its way.
            result.lost += done.returncode != 0 or hub.sent > len(data) + 300_000


def fetch_into_full(room: int, hub: str, commit: str, folder: Path, size: int, sha256: str) -> int:
    """Be the process that has a small disk. Returns 0 if all is as it should be."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={room}", "tmpfs", str(folder)]
    subprocess.run(mount, check=True)
    # Somebody else takes the room after it was looked at.
    shutil.disk_usage = lambda _: shutil._ntuple_diskusage(10**12, 0, 10**12)
    try:
        bring(hub, commit, folder, size, sha256)
    except CourierProblem as problem:
        if problem.kind != "disk" or (folder / NAME).exists():
            return 2
    else:
        return 3
    subprocess.run(["mount", "-o", "remount,size=8m", str(folder)], check=True)
    (path,) = bring(hub, commit, folder, size, sha256)
    whole = hashlib.sha256(path.read_bytes()).hexdigest() == sha256
    return 0 if whole and not lying_about(folder) else 4


def may_mount() -> bool:
    """Tell whether this machine lets us have file systems of our own."""
    if sys.platform != "linux" or shutil.which("unshare") is None:
        return False
    trial = ["unshare", "-m", "sh", "-c", "mount -t tmpfs tmpfs /mnt"]
    return subprocess.run(trial, capture_output=True, check=False).returncode == 0


# ---------------------------------------------------------------- all of it


def torture(
    folder: Path, *, kills: int = 0, tampered: int = 0, full: int = 0, seed: int = 1
) -> Result:
    """Do it all; `folder` has to have some room."""
    rng = random.Random(seed)
    result = Result(seed=seed)
    started = time.monotonic()
    kill_downloads(folder, result, rng, kills)
    tamper_downloads(folder, result, rng, tampered)
    if full and may_mount():
        fill_disks(folder, result, rng, full)
    result.seconds = round(time.monotonic() - started, 1)
    return result


def arguments_of(words: list[str]) -> Iterator[object]:
    """Return what a child was told: HUB COMMIT FOLDER SIZE SHA256."""
    hub, commit, folder, size, sha256 = words
    return iter((hub, commit, Path(folder), int(size), sha256))


def main() -> int:
    """Run from the command line."""
    if sys.argv[1:2] == ["--fetch"]:
        bring(*arguments_of(sys.argv[2:]))
        return 0
    if sys.argv[1:2] == ["--full-at"]:
        return fetch_into_full(int(sys.argv[2]), *arguments_of(sys.argv[3:]))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--tampered", type=int, default=1000)
    parser.add_argument("--full", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = torture(Path(folder), **vars(options))
    print(json.dumps(asdict(result)))
    bad = result.orphans + result.wrong + result.accepted + result.lost
    return 1 if bad or result.refetched_share > 0.01 else 0


if __name__ == "__main__":
    # hub_server lies in the folder above, also for the children.
    os.environ["PYTHONPATH"] = str(Path(__file__).parent.parent)
    sys.exit(main())
