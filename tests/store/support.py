"""What several of these tests need: a clock to set, and mounts that vanish."""

import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest


class SetClock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def forward(self, **amount: float) -> None:
        self.moment += timedelta(**amount)


def in_own_mounts(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a shell script that mounts things; they vanish with it. Skips where that is forbidden."""
    unshare = shutil.which("unshare")
    if sys.platform != "linux" or unshare is None:
        pytest.skip("needs Linux and unshare(1) to mount a file system for one test")
    probe = subprocess.run([unshare, "-m", "true"], capture_output=True, check=False)
    if probe.returncode:
        pytest.skip("this user may not make a mount namespace (unshare -m)")
    return subprocess.run(
        [unshare, "-m", "sh", "-ec", script, "sh", sys.executable, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
