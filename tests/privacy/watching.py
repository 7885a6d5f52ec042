"""Looks at every process that a test starts, again and again, for words that must not be there."""

import contextlib
import re
import threading
from collections.abc import Iterable
from typing import Self

import psutil

from cli.support import Ran

PAUSE = 0.01
WINDOW = """
from PySide6.QtCore import QTimer
from homebody import launch
from homebody.ui import application
really = application.Desk._begin
def begin(desk):
    really(desk)
    def look():
        # A second more, for what a window does by itself once it is open.
        if desk.presenter.talk.place is not None:
            timer.stop()
            QTimer.singleShot(1000, desk._app.quit)
    timer = QTimer(desk)
    timer.timeout.connect(look)
    timer.start(20)
application.Desk._begin = begin
print("status", launch.run([]))
"""
"""A window that opens, stays for a second and quits."""


class Watch:
    """`with Watch(words) as watch: …`; then `watch.found`, and `watch.seen`: which were looked at.

    Looked at are arguments and environments. Not the arguments of a front end: what a person types
    behind `homebody ask` stands there before Homebody runs.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._words = [word.encode() for word in words]
        self.found: set[str] = set()
        self.seen: dict[str, int] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        me = psutil.Process()
        while not self._ended.wait(PAUSE):
            for child in me.children(recursive=True):
                with contextlib.suppress(psutil.Error, OSError):
                    self._look(child)

    def _look(self, child: psutil.Process) -> None:
        arguments = child.cmdline()
        is_child = "--as" in arguments[:-1]
        role = arguments[arguments.index("--as") + 1] if is_child else "front end"
        try:
            environment = child.environ()
        except psutil.AccessDenied:
            # A courier's is closed, to all but root.
            assert role == "courier"
            environment = {"closed": ""}
        self.seen[role] = self.seen.get(role, 0) + bool(environment)
        texts = [f"{name}={value}" for name, value in environment.items()]
        told = "\0".join(texts + (arguments if is_child else [])).encode()
        self.found |= {f"{role}: {word.decode()}" for word in self._words if word in told}


def hash_of(ran: Ran) -> str:
    """Return the hash of the body, which the hint names."""
    (found,) = set(re.findall(r"\b[0-9a-f]{64}\b", ran.err))
    return found
