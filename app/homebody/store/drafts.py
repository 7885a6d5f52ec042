"""The draft of the new chat: words for a conversation that does not exist yet.

They are kept in a file of their own beside the database, not in it: nobody ever asks to erase a
chat that was never begun, so its words must not get into backups, the log or the free space of
pages, where only erasing a conversation would look for them.
"""

from contextlib import suppress
from pathlib import Path
from threading import Lock

from homebody.base.files import replace_file, sync_folder
from homebody.store.texts import clean

__all__ = ["NewChatDraft"]


class NewChatDraft:
    """Reads and writes the draft; without a database's path it lives in memory.

    Any thread may call. Raises `OSError` where the disk does not allow it.
    """

    def __init__(self, database: Path | None) -> None:
        self._path = None if database is None else database.with_name(f"{database.stem}.draft")
        self._lock = Lock()
        self._text: str | None = "" if database is None else None

    def read(self) -> str:
        """Return the draft, "" if there is none."""
        with self._lock:
            return self._known()

    def save(self, text: str) -> None:
        """Keep `text` in place of what was kept; "" leaves nothing, not even a file."""
        with self._lock:
            self._save(clean(text))

    def clear(self, sent: str) -> None:
        """Forget the draft if it says what was sent."""
        with self._lock:
            if sent and self._known() == sent:
                self._save("")

    def _known(self) -> str:
        # Read once: whoever writes here later (another window) is about to say something else.
        if self._text is None and self._path is not None:
            self._text = ""
            with suppress(FileNotFoundError):
                self._text = self._path.read_bytes().decode("utf-8", "replace")
        return self._text or ""

    def _save(self, text: str) -> None:
        if self._path is not None:
            if text:
                replace_file(self._path, text.encode())
            elif self._path.exists():
                self._path.unlink()
                sync_folder(self._path.parent)
        self._text = text
