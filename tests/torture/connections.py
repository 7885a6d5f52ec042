"""Who connects while the tests run, and where to? Counted by the kernel, outside of Homebody.

Runs pytest under strace and follows every process that it starts. Each call that reaches for an
internet address (connect, or sendto and sendmsg with an address) is held against the process that
made it: the front end, an engine, a workshop, a porter, a courier, or the tests' own code. Nothing
may reach for another machine, and of Homebody's processes only a courier for anything. In which
tests a courier did is printed by their names: in each of them somebody says yes.

    python tests/torture/connections.py [--pytest "tests/cli tests/assistant"]

prints one line of JSON. Linux only. A test that uses strace itself cannot do so below another, and
says so: such failures are no matter here.
"""

import argparse
import json
import re
import shlex
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

TRACED = "execve,connect,sendto,sendmsg,sendmmsg,clone,clone3,fork,vfork"
_LINE = re.compile(r"(?P<pid>\d+) +(?P<rest>.*)")
_ADDRESS = re.compile(
    r'sin6?_port=htons\((?P<port>\d+)\).*?inet_(?:addr\("|pton\(AF_INET6, ")(?P<host>[^"]*)"'
)
_BORN = re.compile(r"(?:clone3?|v?fork)\b.*= (?P<child>\d+)$")
_PROFILE = re.compile(r'"HOMEBODY_HOME=[^"]*/([^/"]+)/[^/"]+"')
_ROLES = ("engine", "scripted-engine", "workshop", "porter", "courier")


@dataclass
class Result:
    """What came out; all that is said in `wrong` must not be."""

    passed: str = ""
    """What pytest said last."""
    failed: list[str] = field(default_factory=list)
    """Tests that failed so watched: those that use strace themselves, and those in a hurry."""
    processes: dict[str, int] = field(default_factory=dict)
    """How many programs were started, by what they are."""
    reached: dict[str, int] = field(default_factory=dict)
    """How many calls reached for an internet address of this machine, by who made them."""
    elsewhere: list[str] = field(default_factory=list)
    """Calls that reached for another machine, refused or not."""
    couriers_in: dict[str, int] = field(default_factory=dict)
    """How many calls of a courier, by the test in whose profile it ran."""
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0


@dataclass
class Call:
    """One line of strace's."""

    pid: int
    text: str


def calls(trace: Path) -> Iterator[Call]:
    """Yield every call, those that were interrupted put together."""
    begun: dict[int, str] = {}
    with trace.open(encoding="utf-8", errors="replace") as stream:
        for line in stream:
            match = _LINE.match(line)
            if match is None:
                continue
            pid, rest = int(match["pid"]), match["rest"].strip()
            if rest.endswith("<unfinished ...>"):
                begun[pid] = rest.removesuffix("<unfinished ...>")
                # A child runs before its parent hears of it.
                continue
            if rest.startswith("<... "):
                rest = begun.pop(pid, "") + rest.partition("resumed>")[2]
            yield Call(pid, rest)


def role_of(command: str) -> str:
    """Return what a program is, by what execve was given."""
    # Without its environment.
    words = re.findall(r'"((?:[^"\\]|\\.)*)"', command.partition("], [")[0])
    if "--as" in words[:-1]:
        role = words[words.index("--as") + 1]
        return role if role in _ROLES else "other"
    if "homebody" in words or any(word.endswith("_homebody.py") for word in words):
        return "front end"
    if any("pytest" in word for word in words):
        return "tests"
    return Path(words[0]).name if words else "other"


def look(trace: Path) -> Result:
    """Read a trace."""
    result = Result()
    parents: dict[int, int] = {}
    roles: dict[int, str] = {}
    profiles: dict[int, str] = {}
    reached: list[tuple[int, str, str]] = []
    # First who is whose child: a child's lines may come before the parent's.
    every = list(calls(trace))
    for call in every:
        if (born := _BORN.search(call.text)) and "= -1" not in call.text:
            parents.setdefault(int(born["child"]), call.pid)
    started: Counter[str] = Counter()

    def of(known: dict[int, str], pid: int | None) -> str:
        seen = set()
        while pid is not None and pid not in seen:
            if pid in known:
                return known[pid]
            seen.add(pid)
            pid = parents.get(pid)
        return "unknown"

    for call in every:
        if call.text.startswith("execve(") and call.text.endswith(" = 0"):
            roles[call.pid] = role_of(call.text)
            started[roles[call.pid]] += 1
            if profile := _PROFILE.search(call.text):
                profiles[call.pid] = profile[1]
        elif address := _ADDRESS.search(call.text):
            # Connecting a datagram socket sends nothing, but is counted.
            reached.append((call.pid, of(roles, call.pid), address["host"]))
    counted: Counter[str] = Counter()
    where: Counter[str] = Counter()
    for pid, who, host in reached:
        if host.startswith(("127.", "::ffff:127.")) or host in {"::1", "0.0.0.0", "::"}:
            counted[who] += 1
            if who == "courier":
                where[of(profiles, pid)] += 1
        else:
            result.elsewhere.append(f"{who} ({pid}): {host}")
    result.processes, result.reached = dict(started), dict(counted)
    result.couriers_in = dict(sorted(where.items()))
    result.wrong = [
        f"a {who} reached for an address {counted[who]} times"
        for who in ("front end", "engine", "scripted-engine", "workshop", "porter", "unknown")
        if counted[who]
    ]
    result.wrong += [f"another machine: {each}" for each in result.elsewhere]
    return result


def watch(arguments: list[str], folder: Path) -> Result:
    """Run pytest with these arguments under strace, and look at what it did."""
    trace = folder / "trace"
    began = time.monotonic()
    done = subprocess.run(
        [
            *("strace", "-f", "-qq", "-v", "--seccomp-bpf", "-s", "300", "-o", str(trace)),
            *("-e", f"trace={TRACED}", "-e", "signal=none"),
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    result = look(trace)
    result.failed = re.findall(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.MULTILINE)
    result.passed = (done.stdout.strip().splitlines() or [done.stderr[-300:]])[-1]
    result.seconds = round(time.monotonic() - began, 1)
    return result


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pytest", default="tests", help="what pytest is given")
    arguments = shlex.split(parser.parse_args().pytest)
    with tempfile.TemporaryDirectory(prefix="connections-") as folder:
        result = watch(arguments, Path(folder))
    print(json.dumps(asdict(result)))
    return 1 if result.wrong or not result.processes.get("front end") else 0


if __name__ == "__main__":
    sys.exit(main())
