"""What can be done with conversations in the terminal: find, open, name, put away, take elsewhere.

`Conversations` knows which one is current; `chat` talks in it. Each method is one command and takes
what was written after it.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from homebody.assistant.session import Session
from homebody.base.errors import BadInput
from homebody.base.files import replace_file
from homebody.cli.terminal import PROMPT, harmless
from homebody.messages.turns import Conversation, SearchHit, Turn

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

__all__ = ["Conversations"]

_LISTED = 15
_ALL = "all"


class Conversations:
    """The current conversation, and the way to the others."""

    def __init__(self, session: Session, console: "Console") -> None:
        self._session = session
        self._console = console
        self.current: Conversation | None = None
        self._offered: list[Conversation] = []
        self._deleted: str | None = None

    def begin(self) -> Conversation:
        """Return the current conversation as it is now, a new one if there is none."""
        store = self._session.store
        if self.current is None:
            self.current = store.create_conversation()
        return store.conversation(self.current.id)

    def branch(self) -> list[Turn]:
        """Return the turns that are shown of the current conversation."""
        return [] if self.current is None else self._session.store.branch(self.current.id)

    def forget(self) -> None:
        """Let go of what belongs to another store or conversation."""
        self.current = self._deleted = None
        self._offered = []

    # ------------------------------------------------------------------ commands

    def find(self, words: str) -> None:
        """`/find WORDS`."""
        if not words:
            raise BadInput("There is nothing to look for.", "/find WORDS")
        hits = self._session.store.search(words, limit=_LISTED)
        if not hits:
            self._say("Nothing found.")
            return
        self._offered = list({hit.conversation.id: hit.conversation for hit in hits}.values())
        for number, conversation in enumerate(self._offered, 1):
            self._console.print(f"{number:3}  {_title(conversation)}")
            for hit in hits:
                if hit.turn is not None and hit.conversation.id == conversation.id:
                    self._console.print(_snippet(hit))
        self._say("/open N opens one.")

    def open(self, number: str) -> None:
        """`/open`, and `/open N` after a list."""
        store = self._session.store
        if number in {"", "archive"}:
            self._list(store.conversations(archived=bool(number), limit=_LISTED))
            return
        if not number.isdecimal() or not 0 < int(number) <= len(self._offered):
            raise BadInput(
                f"There is no number {number} in the last list.", "/open lists conversations."
            )
        self.current = store.conversation(self._offered[int(number) - 1].id)
        self._show()

    def rename(self, title: str) -> None:
        """`/rename TITLE`."""
        if not title:
            raise BadInput("There is no title.", "/rename TITLE")
        self._session.store.rename(self._there().id, title)
        self._say("Renamed.")

    def pin(self, _rest: str) -> None:
        """`/pin`: to the top of lists, or back."""
        conversation = self._there()
        self._session.store.pin(conversation.id, not conversation.pinned)
        self._say("No longer pinned." if conversation.pinned else "Pinned to the top of /open.")

    def archive(self, _rest: str) -> None:
        """`/archive`: out of lists, or back."""
        conversation = self._there()
        self._session.store.archive(conversation.id, not conversation.archived)
        self._say(
            "Back among the others."
            if conversation.archived
            else "Archived. /open archive lists the archive, /find finds it."
        )

    def delete(self, _rest: str) -> None:
        """`/delete`."""
        conversation = self._there()
        self._session.store.delete(conversation.id)
        self._deleted, self.current = conversation.id, None
        kept = "In the bin for 30 days." if self._session.store.on_disk else "Deleted."
        self._say(f"{kept} /undo takes it back.")

    def undo(self, _rest: str) -> None:
        """`/undo`, after `/delete`."""
        if self._deleted is None:
            raise BadInput("There is nothing to take back.", "/delete is what can be taken back.")
        self._session.store.undelete(self._deleted)
        self.current = self._session.store.conversation(self._deleted)
        self._deleted = None
        self._say("It is back.")

    def erase(self, sure: str) -> None:
        """`/erase for good`."""
        conversation = self._there()
        if sure != "for good":
            raise BadInput(
                f"/erase removes {_title(conversation)!r} from this disk and from every backup. "
                "That cannot be undone.",
                "Write `/erase for good` to do it; /delete keeps it for 30 days.",
            )
        self._session.store.erase(conversation.id)
        self.current = None
        self._say("Erased, from the backups as well.")

    def export(self, name: str) -> None:
        """`/export [FILE]`, and `/export all FILE.json`."""
        store = self._session.store
        if name.partition(" ")[0] == _ALL:
            path = _free(name.partition(" ")[2].strip() or "homebody.json", ".json")
            self._write(path, store.export_json())
            return
        conversation = self._there()
        letters = (c if c.isalnum() or c in " -_" else " " for c in conversation.title)
        path = _free(name or f"{' '.join(''.join(letters).split()) or 'conversation'}.md")
        if path.suffix == ".json":
            self._write(path, store.export_json([conversation.id]))
        else:
            self._write(path, store.export_markdown(conversation.id).encode())

    def import_(self, name: str) -> None:
        """`/import FILE.json`."""
        if not name:
            raise BadInput("There is no file to import.", "/import FILE.json")
        path = Path(name).expanduser()
        try:
            data = path.read_bytes()
        except OSError as error:
            raise BadInput(
                f"{path} cannot be read ({error.strerror}).", "/import FILE.json"
            ) from None
        imported = self._session.store.import_json(data)
        self._say(f"Imported: {len(imported)} conversation{'' if len(imported) == 1 else 's'}.")
        self._list(imported[:_LISTED])

    # ------------------------------------------------------------------ showing

    def _there(self) -> Conversation:
        if self.current is None:
            raise BadInput("This conversation is still empty.", "/open lists the others.")
        return self._session.store.conversation(self.current.id)

    def _list(self, conversations: list[Conversation]) -> None:
        self._offered = conversations
        for number, conversation in enumerate(conversations, 1):
            day = conversation.changed.astimezone().strftime("%Y-%m-%d")
            mark = "  (pinned)" if conversation.pinned else ""
            self._console.print(f"{number:3}  {day}  {_title(conversation)}{mark}")
        self._say("/open N opens one." if conversations else "There are none yet.")

    def _show(self) -> None:
        from homebody.cli.markdown import markdown

        self._console.rule(_title(self._there()), style="dim")
        for number, turn in enumerate(self.branch()):
            if number:
                self._console.print()
            self._console.print(f"{PROMPT}{harmless(turn.request)}", style="bold")
            self._console.print()
            if turn.reply:
                self._console.print(markdown(harmless(turn.reply)))
            if turn.state != "done":
                self._say(turn.problem or turn.state)

    def _write(self, path: Path, data: bytes) -> None:
        try:
            replace_file(path, data)
        except OSError as error:
            raise BadInput(
                f"{path} cannot be written ({error.strerror}).", "/export FILE"
            ) from None
        self._say(f"Written to {path}.")

    def _say(self, text: str) -> None:
        self._console.print(harmless(text), style="dim")


def _title(conversation: Conversation) -> str:
    return harmless(conversation.title) or "(no title)"


def _free(name: str, suffix: str = "") -> Path:
    """Return the path of a file that is not there yet."""
    path = Path(name).expanduser()
    if suffix and path.suffix != suffix:
        raise BadInput(f"All conversations go into a {suffix} file.", "/export all FILE.json")
    if path.exists():
        raise BadInput(f"{path} exists already.", "Give another name: /export FILE")
    return path


def _snippet(hit: SearchHit) -> "Text":
    from rich.text import Text

    text = Text("     ", style="dim")
    for number, part in enumerate(" ".join(harmless(hit.snippet).split()).split("\ue000")):
        found, mark, rest = part.partition("\ue001")
        text.append(found, style="bold" if number and mark else "dim")
        text.append(rest, style="dim")
    return text
