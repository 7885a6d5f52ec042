"""Homebody as a person starts it: a process, its output, its exit status."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from homebody.base.paths import find_home

DEADLINE = 60.0
HOMEBODY = (sys.executable, "-P", "-m", "homebody")
DRIVER = Path(__file__).with_name("scripted_homebody.py")
TOKYO = "What is the capital of Japan?"
ANSWER = "The capital of Japan is Tokyo."

_DISPLAYS = ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY")


def surroundings() -> dict[str, str]:
    """Return our environment without a display: with one, `homebody` alone opens its window."""
    return {name: value for name, value in os.environ.items() if name not in _DISPLAYS}


@dataclass(frozen=True)
class Ran:
    """What a command printed, and how it ended."""

    status: int
    out: str
    err: str

    def complained(self, *parts: str) -> None:
        """Check that it failed as it should: status 1, an error, a hint, and nothing raw."""
        lines = self.err.splitlines()
        errors = [line for line in lines if line.startswith("error: ")]
        assert self.status == 1, self
        assert len(errors) == 1, self
        assert any(line.startswith("hint: ") for line in lines), self
        assert all(line.startswith(("error: ", "hint: ", "note: ")) for line in lines), self
        for part in parts:
            assert part in self.err, self


def run(
    command: Sequence[str | Path],
    *,
    stdin: bytes | None = b"",
    environment: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    deadline: float = DEADLINE,
) -> Ran:
    """Run a command to its end. It may do many things, but never print a traceback."""
    done = subprocess.run(
        [str(part) for part in command],
        input=stdin,
        capture_output=True,
        env={**surroundings(), **(environment or {})},
        cwd=cwd,
        timeout=deadline,
        check=False,
    )
    ran = Ran(done.returncode, done.stdout.decode(), done.stderr.decode())
    assert "Traceback" not in ran.err, ran
    assert "Exception ignored" not in ran.err, ran
    assert "Homebody made a mistake" not in ran.err, ran
    return ran


def homebody(*arguments: str | Path, **options: object) -> Ran:
    """Run homebody with its real engine, on one core, because others may need the rest."""
    settings = find_home().settings
    if not settings.parent.exists():
        settings.parent.mkdir(parents=True)
        settings.write_text("threads = 1\nmax_reply_tokens = 64\n")
    return run([*HOMEBODY, *arguments], **options)  # type: ignore[arg-type]


def scripted(script: Path, *arguments: str | Path, **options: object) -> Ran:
    """Run homebody with the scripted engine."""
    return run([sys.executable, DRIVER, script, *arguments], **options)  # type: ignore[arg-type]


@cache
def _may_unshare(*kinds: str) -> bool:
    unshare = shutil.which("unshare")
    if unshare is None:
        return False
    return (
        subprocess.run([unshare, *kinds, "true"], capture_output=True, check=False).returncode == 0
    )


def unshared(*kinds: str) -> list[str]:
    """Return the command that runs another without a network, or with mounts of its own."""
    if not _may_unshare(*kinds):
        pytest.skip(f"this machine does not let us run `unshare {' '.join(kinds)}`")
    return [str(shutil.which("unshare")), *kinds]


class Terminal:
    """Homebody in a pseudo terminal of 100 by 30."""

    def __init__(self, command: Sequence[str | Path]) -> None:
        import pexpect

        self._child = pexpect.spawn(
            str(command[0]),
            [str(part) for part in command[1:]],
            env={**surroundings(), "TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1"},
            dimensions=(30, 100),
            encoding="utf-8",
            timeout=DEADLINE,
        )
        self.greeting = self.until_prompt()

    @property
    def pid(self) -> int:
        pid = self._child.pid
        assert isinstance(pid, int)
        return pid

    def until_prompt(self) -> str:
        """Wait until the next line can be typed; return what was shown before, without colours."""
        self._child.expect_exact("\x1b[?2004h")
        return plain(self._child.before)

    def until(self, text: str) -> None:
        """Wait until something is shown."""
        self._child.expect_exact(text)

    def keys(self, keys: str) -> None:
        self._child.send(keys)

    def say(self, line: str) -> str:
        """Type a line; return what was shown until the next prompt."""
        self.keys(f"{line}\r")
        return self.until_prompt()

    def leave(self) -> int:
        """Press Ctrl-D; return the exit status."""
        import pexpect

        self.keys("\x04")
        self._child.expect(pexpect.EOF)
        self._child.close()
        return int(self._child.exitstatus if self._child.exitstatus is not None else -1)

    def close(self) -> None:
        self._child.close(force=True)


def plain(text: str) -> str:
    """Return the words of what a terminal was sent, a space between any two."""
    return " ".join(re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]", " ", text).split())
