"""A program that stands in the place of xdg-open."""

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

DEADLINE = 30.0

_SCRIPT = """#!{python} -S
import json, os, signal, sys
{first}
seen = {{
    "arguments": sys.argv[1:],
    "input": sys.stdin.read() if sys.stdin else None,
    "out": os.readlink("/proc/self/fd/1"),
    "err": os.readlink("/proc/self/fd/2"),
    "session": os.getsid(0) == os.getpid(),
    "interrupts": signal.getsignal(signal.SIGINT) is not signal.SIG_IGN,
    "environment": dict(os.environ),
    "open": sorted(os.listdir("/proc/self/fd")),
}}
with open({answer!r} + ".part", "w") as stream:
    json.dump(seen, stream)
os.rename({answer!r} + ".part", {answer!r})
{then}
"""


@dataclass
class Opener:
    """The program: what it does, and what it was asked."""

    program: Path
    answer: Path

    def does(self, then: str = "", first: str = "") -> None:
        """Write the program anew; `then` is Python that it runs at its end."""
        text = _SCRIPT.format(
            python=sys.executable, first=first, then=then, answer=str(self.answer)
        )
        self.program.write_text(text, encoding="utf-8")
        self.program.chmod(0o755)

    def asked(self) -> dict[str, object]:
        """Wait until it ran, and return what it saw."""
        deadline = time.monotonic() + DEADLINE
        while not self.answer.exists():
            assert time.monotonic() < deadline, "nothing was opened"
            time.sleep(0.005)
        seen: dict[str, object] = json.loads(self.answer.read_bytes())
        self.answer.unlink()
        return seen
