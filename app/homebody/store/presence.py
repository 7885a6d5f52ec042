"""Which processes use a profile, and whether the one that began a turn still lives."""

import os
import sys
import time
from pathlib import Path

from homebody.base.errors import StoreProblem

__all__ = ["Presence", "is_alive", "myself"]

_PATIENCE_S = 60.0
"""How long to wait for another process that is just repairing or upgrading the database."""


class Presence:
    """Says to other processes that the database at `database` is in use, until `gone`.

    `alone` is True where no other process had it open; then everybody else waits for `settle`, so
    that it can be checked, repaired or upgraded. On Windows there is no such lock: `alone` is
    always True, and the system itself refuses to replace a file that another process has open.
    Raises `OSError` where the lock cannot be made, `StoreProblem` where the other side hangs.
    """

    def __init__(self, database: Path) -> None:
        path = database.with_name(database.name + "-lock")
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        try:
            self.alone = _lock(self._file, exclusive=True)
            if not self.alone:
                self._wait_for_share()
        except BaseException:
            self.gone()
            raise

    def settle(self) -> None:
        """Let others in."""
        _lock(self._file, exclusive=False)

    def leave(self) -> bool:
        """Return whether nobody else is there; if so, everybody else waits until `gone`."""
        return _lock(self._file, exclusive=True)

    @property
    def is_gone(self) -> bool:
        """True after `gone`."""
        return self._file < 0

    def gone(self) -> None:
        """Release the lock. May be called twice."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _wait_for_share(self) -> None:
        limit = time.monotonic() + _PATIENCE_S
        while not _lock(self._file, exclusive=False):
            if time.monotonic() > limit:
                raise StoreProblem(
                    "Another Homebody is still repairing the conversations.",
                    "Wait until it is done, then start again.",
                )
            time.sleep(0.02)


if sys.platform == "win32":

    def _lock(file: int, *, exclusive: bool) -> bool:  # noqa: ARG001
        return True

else:
    import fcntl

    def _lock(file: int, *, exclusive: bool) -> bool:
        kind = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
        try:
            # Released by the system when the process ends, however it ends.
            fcntl.flock(file, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def myself() -> str:
    """Return a name for this process that no other process ever has."""
    return _name(os.getpid()) or f"{os.getpid()}:"


def is_alive(owner: str) -> bool:
    """Tell whether the process that `myself` named still runs."""
    number = owner.partition(":")[0]
    return number.isdigit() and _name(int(number)) == owner


def _name(pid: int) -> str | None:
    if sys.platform == "linux":
        # Ticks since boot: psutil would turn them into a time of day, which moves with the clock.
        try:
            boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
            fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        except OSError:
            return None
        # A zombie has ended; it only waits to be counted.
        return None if fields[0] in (b"Z", b"X") else f"{pid}:{boot}:{int(fields[19])}"
    import psutil

    try:
        return f"{pid}:{psutil.Process(pid).create_time():.2f}"
    except (psutil.Error, OverflowError):
        return None
