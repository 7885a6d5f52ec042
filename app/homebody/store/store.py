"""`Store`: conversations on disk, the one door to this room.

Any thread may call any method. A method that writes returns when what it wrote is on the disk.
Every method raises `BadInput` for an id that does not exist, and one of the kinds of `StoreProblem`
where SQLite or the disk fails; nothing else.
"""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Literal, TypeVar

from homebody.base.clock import Clock, now
from homebody.base.errors import BadInput, HomebodyError, StoreDamaged
from homebody.base.paths import Home
from homebody.messages.offers import Offer, Replacement, Scope
from homebody.messages.plans import Planned, Question, Step
from homebody.messages.providers import Provider
from homebody.messages.skills import Access, Grant, Note, Reliability, Reminder
from homebody.messages.turns import (
    Attachment,
    Conversation,
    RunRecord,
    SearchHit,
    ShownTurn,
    Turn,
    TurnState,
)
from homebody.store import (
    backups,
    erasing,
    exchange,
    notes,
    offers,
    opening,
    permits,
    reminders,
    sent,
    shelf,
    turns,
    vault,
)
from homebody.store.drafts import NewChatDraft
from homebody.store.presence import myself
from homebody.store.problems import problem
from homebody.store.rows import to_turn, turn_row
from homebody.store.sent import SentBody

__all__ = ["Store"]

Result = TypeVar("Result")


class Store:
    """The conversations of one profile. Get one with `open` or `temporary`."""

    def __init__(self, opened: opening.Opened, home: Home | None, clock: Clock) -> None:
        self._opened = opened
        self._database = opened.database
        self._home = home
        self._clock = clock
        self._me = myself()
        self._answering: set[str] = set()
        self._new_chat = NewChatDraft(None if home is None else home.database)
        self._backing_up = Lock()
        self._state_at_backup: tuple[int, int] | None = None
        self.on_reminder: Callable[[], None] | None = None
        """Called, on the thread that wrote, when a reminder was added or removed here."""
        self.on_disk = home is not None
        """False for a temporary store, which nothing of is ever written."""
        self.notices = opened.notices
        """What a person should see about what opening found, in sentences."""

    @classmethod
    def open(cls, home: Home, *, clock: Clock = now) -> "Store":
        """Open the conversations of a profile; create, upgrade or recover them as needed."""
        return cls(opening.open_on_disk(home, clock()), home, clock)

    @classmethod
    def temporary(cls, *, clock: Clock = now) -> "Store":
        """Return an empty store in memory that never touches the disk."""
        return cls(opening.open_in_memory(), None, clock)

    def close(self) -> None:
        """Close; turns still being answered here become interrupted. May be called twice."""
        for turn in sorted(self._answering):
            with suppress(HomebodyError):
                self._interrupt(turn)
        self._answering.clear()
        opening.shut(self._opened)

    # ------------------------------------------------------------------ conversations

    def create_conversation(self, title: str = "") -> Conversation:
        """Add an empty conversation."""
        return self._write("create a conversation", lambda c: shelf.create(c, title, self._clock()))

    def conversation(self, id: str) -> Conversation:  # noqa: A002  the contract's word
        """Return the conversation with this id."""
        return self._read("read the conversation", lambda c: shelf.one(c, id))

    def conversations(
        self,
        *,
        archived: bool = False,
        deleted: bool = False,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[Conversation]:
        """Return conversations: pinned ones first, then those with the newest turn.

        With `deleted` all that are in the bin, else those that are (not) `archived`.
        """
        return self._read(
            "list the conversations",
            lambda c: shelf.listed(
                c, archived=archived, deleted=deleted, limit=limit, offset=offset
            ),
        )

    def rename(self, id: str, title: str, by: Literal["app", "person"] = "person") -> None:  # noqa: A002
        """Set the title. The app never replaces one that the person gave."""
        self._write("save the title", lambda c: shelf.rename(c, id, title, by))

    def pin(self, id: str, on: bool = True) -> None:  # noqa: A002
        """Keep a conversation at the top of the list, or not."""
        self._write("pin the conversation", lambda c: shelf.set_flag(c, id, "pinned", on))

    def archive(self, id: str, on: bool = True) -> None:  # noqa: A002
        """Take a conversation out of the list without deleting it, or put it back."""
        self._write("archive the conversation", lambda c: shelf.set_flag(c, id, "archived", on))

    def save_draft(self, id: str | None, text: str) -> None:  # noqa: A002
        """Keep words that were typed and not sent; None: in the new chat that is none yet."""
        doing = "save the draft"
        if id is None:
            self._outside(doing, lambda: self._new_chat.save(text))
        else:
            self._write(doing, lambda c: shelf.set_flag(c, id, "draft", text))

    def draft(self, id: str | None) -> str:  # noqa: A002
        """Return the words that were typed and not sent."""
        if id is None:
            return self._outside("read the draft", self._new_chat.read)
        return self.conversation(id).draft

    def delete(self, id: str) -> None:  # noqa: A002
        """Move a conversation to the bin, for 30 days."""
        self._write("delete the conversation", lambda c: shelf.move_to_bin(c, id, self._clock()))

    def undelete(self, id: str) -> None:  # noqa: A002
        """Take a conversation out of the bin."""
        self._write("bring the conversation back", lambda c: shelf.take_from_bin(c, id))

    def erase(self, id: str) -> None:  # noqa: A002
        """Remove a conversation for good: from the database, its log, its index, every backup.

        Takes seconds with many large backups: not on the window's thread. Damaged originals that
        were kept go too. Where another process is reading, or the disk is full, the rest of the
        work is done by a later `empty_bin`.
        """
        self.conversation(id)
        self._erase([id])

    def empty_bin(self) -> None:
        """Erase what has been in the bin for over 30 days. After a leap of the clock: nothing.

        A pause of over 45 days, or a clock that went back, starts the 30 days again. Notes and
        reminders that were removed go from the backups too.
        """
        doing = "empty the bin"
        names = self._write(doing, lambda c: shelf.expired(c, self._clock()))
        waiting = self._read(doing, _waiting)
        if names or waiting:
            self._erase(names)

    # ------------------------------------------------------------------ turns

    def begin_turn(
        self,
        conversation: str,
        request: str,
        parent: str | None,
        attachments: Sequence[Attachment] = (),
    ) -> Turn:
        """Save a request; it is on the disk on return. The turn is open, and shown.

        A draft that says the same is cleared.
        """
        turn = self._write(
            "save your words",
            lambda c: turns.begin(
                c,
                conversation=conversation,
                request=request,
                attachments=attachments,
                parent=parent,
                owner=self._me,
                when=self._clock(),
            ),
        )
        self._answering.add(turn.id)
        # What could not be cleared is a draft that says what was sent: better than a failure now.
        with suppress(OSError):
            self._new_chat.clear(turn.request)
        return turn

    def checkpoint(self, turn: str, reply: str, reasoning: str) -> None:
        """Save how far the reply has come: all of it, not what is new. Takes a few ms."""
        self._write(
            "save the reply so far",
            lambda c: turns.checkpoint(c, turn, reply, reasoning, self._clock()),
        )

    def end_turn(
        self,
        turn: str,
        *,
        state: TurnState,
        reply: str,
        reasoning: str,
        problem: str = "",
        run: RunRecord | None = None,
    ) -> Turn:
        """Save a reply in its final form."""
        ended = self._write(
            "save the reply",
            lambda c: turns.end(
                c,
                turn,
                state=state,
                reply=reply,
                reasoning=reasoning,
                problem=problem,
                run=run,
                when=self._clock(),
            ),
        )
        self._answering.discard(turn)
        return ended

    def reopen_turn(self, turn: str) -> Turn:
        """Open a stopped, failed or interrupted turn again, to go on with its reply."""
        opened = self._write("go on with the reply", lambda c: turns.reopen(c, turn, self._me))
        self._answering.add(turn)
        return opened

    def keep_work(self, turn: str, planned: Planned | None, steps: Sequence[Step]) -> Turn:
        """Save the plan of an open turn and its steps so far.

        A result of over 256 KiB is shortened, and says so at its end.
        """
        return self._write("save the steps", lambda c: turns.keep_work(c, turn, planned, steps))

    def pause_turn(
        self, turn: str, question: Question, planned: Planned | None, steps: Sequence[Step]
    ) -> Turn:
        """Let an open turn wait for the person, over a restart if need be."""
        doing = "save what is asked"
        paused = self._write(doing, lambda c: turns.pause(c, turn, question, planned, steps))
        self._answering.discard(turn)
        return paused

    def resume_turn(self, turn: str) -> Turn:
        """Open a turn that waits. `BadInput` where it does not, or another window was faster."""
        resumed = self._write("go on with the steps", lambda c: turns.resume(c, turn, self._me))
        self._answering.add(turn)
        return resumed

    def turn(self, id: str) -> Turn:  # noqa: A002
        """Return one turn; while it is open, with the last checkpoint as its reply."""
        return self._read("read the turn", lambda c: to_turn(turn_row(c, id)))

    def branch(self, conversation: str, leaf: str | None = None) -> list[Turn]:
        """Return the turns from the first one to `leaf`, or to the one that is shown."""
        return self._read("read the conversation", lambda c: turns.branch(c, conversation, leaf))

    def page(
        self, conversation: str, before: str | None = None, count: int = 60
    ) -> list[ShownTurn]:
        """Return the last `count` turns of the branch that is shown, oldest first.

        With `before` those just above that turn instead; none: it is the first one. Takes no longer
        in a long conversation than in a short one.
        """
        doing = "read the conversation"
        return self._read(doing, lambda c: turns.page(c, conversation, before, count))

    def shown(self, turn: str) -> ShownTurn:
        """Return a turn and its place among its versions."""
        return self._read("read the turn", lambda c: turns.shown(c, turn))

    def siblings(self, turn: str) -> list[str]:
        """Return the ids of all versions of a turn, oldest first, itself among them."""
        return self._read("read the turn", lambda c: turns.siblings(c, turn))

    def choose(self, turn: str) -> None:
        """Show the branch through `turn`, down to its newest leaf."""
        self._write("switch to the other version", lambda c: turns.choose(c, turn))

    # ------------------------------------------------------------------ finding

    def search(self, words: str, limit: int = 20) -> list[SearchHit]:
        """Return titles, then turns, that have words beginning with all of `words`.

        The newest come first. Any text is safe. Turns are found once they have ended.
        """
        return self._read("search", lambda c: shelf.search(c, words, limit))

    def recent_requests(self, limit: int = 200) -> list[str]:
        """Return what was asked, newest last, each text once."""
        return self._read("read the history", lambda c: shelf.recent_requests(c, limit))

    def known_hash(self, path: Path) -> str | None:
        """Return the SHA-256 remembered for a file, if it is still the same file."""
        try:
            facts = path.stat()
        except (OSError, ValueError):
            return None
        return self._read("look up a file", lambda c: shelf.known_hash(c, path, facts))

    def remember_hash(self, path: Path, sha256: str) -> None:
        """Remember the SHA-256 of a file as it is now. `BadInput` if it is not there."""
        try:
            facts = path.stat()
        except (OSError, ValueError) as error:
            raise BadInput(f"There is no file {path.name!r}.") from error
        self._write("remember a file", lambda c: shelf.remember_hash(c, path, facts, sha256))

    # ------------------------------------------------------------------ notes and reminders

    def add_note(self, text: str) -> Note:
        """Keep a note."""
        return self._write("save the note", lambda c: notes.add(c, text, self._clock()))

    def notes(self, query: str | None = None, limit: int = 50) -> list[Note]:
        """Return notes, newest first: all, or those with words beginning with all of `query`'s."""
        return self._read("read the notes", lambda c: notes.found(c, query, limit))

    def remove_note(self, id: str) -> None:  # noqa: A002
        """Delete a note. From backups it goes when house is kept next (`empty_bin`)."""
        self._remove("delete the note", id, notes.remove)

    def add_reminder(self, text: str, due: datetime) -> Reminder:
        """Keep a reminder; `due` is aware."""
        doing = "save the reminder"
        added = self._write(doing, lambda c: reminders.add(c, text, due, self._clock()))
        self._reminders_changed()
        return added

    def reminders(
        self, since: datetime | None = None, until: datetime | None = None
    ) -> list[Reminder]:
        """Return reminders due from `since` to before `until`, the next first, told or not."""
        return self._read("read the reminders", lambda c: reminders.between(c, since, until))

    def due_reminders(self, now: datetime) -> list[Reminder]:
        """Return the reminders that are due at `now` and were not told yet."""
        return self._read("read the reminders", lambda c: reminders.untold(c, now))

    def next_reminder(self) -> datetime | None:
        """Return when the next reminder is due that was not told yet; that may be past."""
        return self._read("read the reminders", reminders.next_due)

    def tell(self, id: str) -> bool:  # noqa: A002
        """Mark a reminder as told. True for one caller alone, in any process: that one tells it."""
        return self._write("keep the reminder", lambda c: reminders.tell(c, id, self._clock()))

    def remove_reminder(self, id: str) -> None:  # noqa: A002
        """Delete a reminder. From backups it goes when house is kept next (`empty_bin`)."""
        self._remove("delete the reminder", id, reminders.remove)
        self._reminders_changed()

    # ------------------------------------------------------------------ what skills may and did

    def grants(self) -> list[Grant]:
        """Return the folders that skills were let into."""
        return self._read("read the granted folders", permits.grants)

    def grant(self, folder: str, access: Access) -> None:
        """Let skills into a folder (absolute, without links) from now on."""
        doing = "save the granted folder"
        self._write(doing, lambda c: permits.grant(c, folder, access, self._clock()))

    def revoke(self, folder: str) -> None:
        """Take a grant back."""
        self._write("save the granted folders", lambda c: permits.revoke(c, folder))

    def record_skill(self, skill: str, model: str, ok: bool, ms: float | None) -> None:
        """Remember how a skill fared; its arguments are not kept."""
        self._write(
            "save how it went",
            lambda c: permits.record_skill(c, skill, model, ms, self._clock(), ok=ok),
        )

    def reliability(self) -> list[Reliability]:
        """Return how often each skill went well, with each model."""
        return self._read("read how it went", permits.reliability)

    # ------------------------------------------------------------------ asking elsewhere

    def offer_turn(
        self, turn: str, offer: Offer, planned: Planned | None, steps: Sequence[Step]
    ) -> Turn:
        """Let an open turn wait for an answer to an offer, over a restart if need be."""
        doing = "save the offer"
        paused = self._write(doing, lambda c: offers.wait(c, turn, offer, planned, steps))
        self._answering.discard(turn)
        return paused

    def change_offer(self, turn: str, offer: Offer) -> Turn:
        """Save a changed offer. `BadInput` where the turn does not wait with one any more."""
        return self._write("save the offer", lambda c: offers.change(c, turn, offer))

    def agree_offer(self, turn: str, sha256: str, scope: Scope) -> Turn:
        """Save the yes to the body with this hash, and the body: the turn is open then.

        `BadInput` unless it waits with exactly that. All of it or nothing.
        """
        agreed = self._write(
            "save your yes",
            lambda c: offers.agree(c, turn, sha256, scope, owner=self._me, when=self._clock()),
        )
        self._answering.add(turn)
        return agreed

    def keep_offer(self, turn: str, offer: Offer) -> Turn:
        """Save what became of the offer of a turn that is being answered."""
        return self._write("save what was sent", lambda c: offers.keep(c, turn, offer))

    def vault(self, conversation: str) -> list[Replacement]:
        """Return what stands for what in a conversation, oldest first."""
        return self._read("read what is private", lambda c: vault.kept(c, conversation))

    def keep_vault(self, conversation: str, replacements: Sequence[Replacement]) -> None:
        """Save what stands for what; what is there already stays as it is."""
        doing = "save what is private"
        self._write(doing, lambda c: vault.keep(c, conversation, replacements))

    def consented(self, conversation: str, provider: Provider) -> bool:
        """Tell whether one yes covers all of a conversation, for this address and model."""
        return self._read(
            "read what you agreed to", lambda c: vault.consented(c, conversation, provider)
        )

    def stays_home(self, conversation: str) -> bool:
        """Tell whether nothing is to be offered in a conversation."""
        return self._read("read the conversation", lambda c: vault.stays_home(c, conversation))

    def stay_home(self, conversation: str) -> None:
        """Offer nothing in a conversation, until a yes covers all of it; no yes does any more."""
        doing = "save that it stays home"
        self._write(doing, lambda c: vault.stay_home(c, conversation))

    def sent_bodies(self, limit: int = 100, before: datetime | None = None) -> list[SentBody]:
        """Return the bodies that were agreed to, newest first; `before`: older than this."""
        return self._read("read what was sent", lambda c: sent.listed(c, limit, before))

    def sent_body(self, sha256: str) -> SentBody | None:
        """Return the body with this hash; None where it was never kept, or deleted."""
        return self._read("read what was sent", lambda c: sent.newest(c, sha256))

    def forget_body(self, sha256: str) -> None:
        """Delete a body. From backups it goes when house is kept next (`empty_bin`)."""
        self._remove("delete what was sent", sha256, sent.forget)

    # ------------------------------------------------------------------ files

    def export_json(self, ids: Sequence[str] | None = None) -> bytes:
        """Return conversations with everything in them; without `ids` all, the bin included."""
        return self._read("export", lambda c: exchange.export_json(c, ids))

    def import_json(self, data: bytes) -> list[Conversation]:
        """Add exported conversations and turns that are not here yet; all of them or nothing.

        Raises `BadInput` on anything that is not such a file. What is here is never changed.
        """
        return self._write("import", lambda c: exchange.import_json(c, data, self._clock()))

    def export_markdown(self, id: str) -> str:  # noqa: A002
        """Return the branch that is shown, to read elsewhere."""
        return self._read("export", lambda c: exchange.export_markdown(c, id))

    def back_up(self) -> Path | None:
        """Copy the database, check the copy, and return its path; None for a temporary store.

        Takes about 10 ms per MB; other threads and processes write on meanwhile.
        """
        if self._home is None:
            return None
        home = self._home
        with self._backing_up:
            state = self._read("make a backup", _state)
            path = self._outside(
                "make a backup",
                lambda: backups.make(home.database, home.backups, self._clock()),
            )
            self._state_at_backup = state
            return path

    def back_up_if_due(self) -> Path | None:
        """Make a backup if the last one is 30 minutes old and something was written since."""
        if self._home is None or not backups.is_due(self._home.backups, self._clock()):
            return None
        if self._state_at_backup == self._read("make a backup", _state):
            return None
        return self.back_up()

    def backups(self) -> list[Path]:
        """Return the backups, oldest first."""
        return [] if self._home is None else backups.listed(self._home.backups)

    # ------------------------------------------------------------------ inside

    def _read(self, doing: str, work: Callable[[sqlite3.Connection], Result]) -> Result:
        return self._database.read(doing, work)

    def _write(self, doing: str, work: Callable[[sqlite3.Connection], Result]) -> Result:
        return self._database.write(doing, work)

    def _outside(self, doing: str, work: Callable[[], Result]) -> Result:
        """Return `work()`, which uses files of its own and keeps nobody waiting."""
        try:
            return work()
        except (sqlite3.Error, OSError, HomebodyError) as error:
            found = problem(error, doing, self._database.path)
            # The next start then looks at all of the file, and repairs it.
            self._database.suspect |= isinstance(found, StoreDamaged)
            raise found from error

    def _interrupt(self, turn: str) -> None:
        self._write("close", lambda c: turns.interrupt(c, turn, self._clock()))

    def _reminders_changed(self) -> None:
        if self.on_reminder is not None:
            self.on_reminder()

    def _remove(
        self, doing: str, name: str, remove: Callable[[sqlite3.Connection, str], bool]
    ) -> None:
        def work(connection: sqlite3.Connection) -> None:
            if not remove(connection, name):
                raise BadInput("It is not there any more.", "It was deleted already.")
            # Like the names of conversations: until every backup is without it.
            connection.execute("INSERT OR IGNORE INTO erasure VALUES (?)", (name,))

        self._write(doing, work)

    def _erase(self, names: Sequence[str]) -> None:
        doing = "erase for good"

        def remove(connection: sqlite3.Connection) -> list[str]:
            erasing.delete_rows(connection, names)
            # Until every trace is gone this list says what is still to do.
            connection.executemany(
                "INSERT OR IGNORE INTO erasure VALUES (?)", [(name,) for name in names]
            )
            return _waiting(connection)

        waiting = self._write(doing, remove)
        home = self._home
        if home is None:
            clean = True
        else:
            clean = self._database.alone(doing, erasing.scrub_database)
            # Not in the middle of a backup, which would bring the words back.
            with self._backing_up:
                self._outside(doing, lambda: erasing.scrub_backups(home.backups, waiting))
            self._outside(doing, lambda: erasing.scrub_strays(home.database))
        if clean:
            self._write(
                doing,
                lambda c: c.executemany(
                    "DELETE FROM erasure WHERE conversation = ?", [(name,) for name in waiting]
                ),
            )


def _waiting(connection: sqlite3.Connection) -> list[str]:
    return [row[0] for row in connection.execute("SELECT conversation FROM erasure")]


def _state(connection: sqlite3.Connection) -> tuple[int, int]:
    """Return what differs after any write, by this process or another."""
    others: int = connection.execute("PRAGMA data_version").fetchone()[0]
    return connection.total_changes, others
