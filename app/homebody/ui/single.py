"""One window for each profile: a second start raises the first, and hands over its file.

The first holds a lock and watches one small file; a second writes that file and leaves. No socket
is needed, and it is the same on every system.
"""

import os
import time
from contextlib import suppress

from msgspec import Struct, json
from PySide6.QtCore import QFileSystemWatcher, QLockFile, QObject, Signal

from homebody.base.errors import HomebodyError
from homebody.base.files import replace_file
from homebody.base.paths import Home

__all__ = ["OnlyWindow"]


_PATIENCE = 20.0
"""Seconds for a window that is closing to be gone: it may be writing a backup."""


class _Request(Struct):
    """What a second start asks of the first."""

    raise_window: bool = True
    path: bytes = b""
    """Of a model's file. POSIX lets a name be no text."""


class OnlyWindow(QObject):
    """The right to be the window of a profile."""

    asked = Signal(object)
    """Another start wants this window raised; with a model's path, or an empty text.

    Not as a text of Qt's, which loses what is no text in a name."""

    def __init__(self, home: Home, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._folder = home.state
        self._request = home.state / "window.request"
        self._lock = QLockFile(str(home.state / "window.lock"))
        # Never by age: a window may stay open for weeks. One that died is noticed all the same.
        self._lock.setStaleLockTime(0)
        self._watcher: QFileSystemWatcher | None = None

    def claim(self) -> bool:
        """Return whether this is the first window; from then on `asked` is emitted.

        Where nothing can be written there is no way to tell, and any number may open.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            return True
        if not self._lock.tryLock(0):
            return self._lock.error() != QLockFile.LockError.LockFailedError
        self._forget()
        self._watcher = QFileSystemWatcher([str(self._folder)], self)
        self._watcher.directoryChanged.connect(self._look)
        return True

    def hand_over(self, file: str = "", seconds: float = _PATIENCE) -> bool:
        """Ask the window that is open to come forward, and to use a model.

        True: it will. False: it has just closed, and this is the first window now. Raises
        `HomebodyError` if it neither answers nor goes away.
        """
        try:
            replace_file(self._request, json.encode(_Request(path=os.fsencode(file))))
        except OSError as error:
            raise HomebodyError(
                "Another Homebody has this profile open and could not be told to come forward: "
                f"{error.strerror or error}.",
                "Look for its window. If the disk is full, make room on it first.",
            ) from error
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not self._request.exists():
                return True
            if self.claim():
                return False
            time.sleep(0.05)
        self._forget()
        raise HomebodyError(
            "Another Homebody has this profile open and does not answer.",
            "End it, then start again. `homebody chat` works beside it.",
        )

    def give_up(self) -> None:
        """Let another start be the window."""
        if self._watcher is not None:
            self._watcher.deleteLater()
            self._watcher = None
        self._lock.unlock()

    def _look(self, _folder: str) -> None:
        with suppress(OSError, ValueError):
            request = json.decode(self._request.read_bytes()[:100_000], type=_Request)
            self._forget()
            self.asked.emit(os.fsdecode(request.path))

    def _forget(self) -> None:
        with suppress(OSError):
            self._request.unlink()
