"""The list of conversations: what is in it, and what is done with one of them."""

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TypeVar

from homebody.base.clock import now
from homebody.base.errors import BadInput, HomebodyError
from homebody.base.files import replace_file
from homebody.messages.turns import Conversation
from homebody.store.store import Store
from homebody.ui.presenter.rows import conversation_row, hit_row, title_of
from homebody.ui.presenter.stage import Stage
from homebody.ui.presenter.talk import Talk
from homebody.ui.states import ConversationRow, Shelf
from homebody.ui.words import tr

__all__ = ["Chats"]

T = TypeVar("T")
_HITS = 50
_NOT_IN_A_NAME = frozenset('\\/:*?"<>|')


class Chats:
    """Lists, finds, renames, pins, archives, deletes. Lives on the window's thread."""

    def __init__(self, stage: Stage, talk: Talk) -> None:
        self._stage, self._talk = stage, talk
        self._shelf: Shelf = "chats"
        self._words = ""
        self._asked = 0
        self._deleted: list[str] = []

    # ------------------------------------------------------------------ the list

    def refresh(self) -> None:
        """Read the list again."""
        session = self._stage.session
        if session is None:
            return
        self._asked += 1
        asked, words, store = self._asked, self._words, session.saved
        # What is found is not in the bin, wherever the search began.
        shelf: Shelf = "chats" if words else self._shelf

        def then(rows: tuple[ConversationRow, ...]) -> None:
            # Typed on meanwhile: a later answer is on its way.
            if asked == self._asked:
                self._stage.sidebar(
                    rows=rows, shelf=shelf, empty=_nothing(words, shelf), opening=False
                )
                self._retitle(rows)

        self._stage.run("store", partial(_rows, store, words, shelf), then)

    def search(self, words: str) -> None:
        """List what has these words; all conversations if there are none."""
        self._words = words.strip()
        self.refresh()

    def show_shelf(self, shelf: Shelf) -> None:
        """List the conversations, the archived ones, or the bin."""
        self._shelf = shelf
        self.refresh()

    def _retitle(self, rows: tuple[ConversationRow, ...]) -> None:
        """The app names a conversation once it has begun: show that above the transcript."""
        place = self._talk.place
        if place is None or place.temporary:
            return
        for row in rows:
            if row.id == place.conversation:
                self._stage.header(title=row.title)

    # ------------------------------------------------------------------ one conversation

    def rename(self, conversation: str, title: str) -> None:
        """Give it a title."""
        title = " ".join(title.split())
        if title:
            self._change(lambda store: store.rename(conversation, title))
            if self._is_open(conversation):
                self._stage.header(title=title)

    def rename_open(self, title: str) -> None:
        """Give the open conversation a title."""
        place = self._talk.place
        if place is not None and place.conversation is not None and not place.temporary:
            self.rename(place.conversation, title)

    def pin(self, conversation: str, on: bool) -> None:
        """Keep it at the top, or not."""
        self._change(lambda store: store.pin(conversation, on))

    def toggle_pin(self) -> None:
        """Pin the open conversation, or no longer."""
        self._with_open(lambda it: self.pin(it.id, not it.pinned))

    def archive(self, conversation: str, on: bool) -> None:
        """Take it out of the list, or put it back."""
        self._change(lambda store: store.archive(conversation, on))
        if not on:
            self._stage.board.dismiss("archived")
        else:
            self._stage.board.say(
                "archived",
                tr("Archived. It can still be found, and opened from Archived."),
                action=tr("Undo"),
                do=partial(self.archive, conversation, on=False),
                fades=True,
            )

    def toggle_archive(self) -> None:
        """Archive the open conversation, or no longer."""
        self._with_open(lambda it: self.archive(it.id, not it.archived))

    def delete(self, conversation: str) -> None:
        """Move it to the bin, and offer to take that back."""

        def work(store: Store) -> str:
            title = title_of(store.conversation(conversation))
            store.delete(conversation)
            return title

        def then(title: str) -> None:
            self._deleted.append(conversation)
            self._talk.forget(conversation)
            self.refresh()
            self._stage.board.say(
                "deleted",
                tr("“{title}” is in the bin for 30 days.").format(title=title),
                action=tr("Undo"),
                do=self.undo_delete,
                fades=True,
            )

        self._work(work, then)

    def delete_open(self) -> None:
        """Move the open conversation to the bin."""
        self._with_open(lambda it: self.delete(it.id))

    def undo_delete(self) -> None:
        """Take back the last delete, and show the conversation."""
        if self._deleted:
            conversation = self._deleted.pop()
            self._stage.board.dismiss("deleted")
            self._change(
                lambda store: store.undelete(conversation), partial(self._talk.open, conversation)
            )

    def restore(self, conversation: str) -> None:
        """Take it out of the bin."""
        self._deleted = [each for each in self._deleted if each != conversation]
        self._change(lambda store: store.undelete(conversation))

    def erase(self, conversation: str) -> None:
        """Remove it for good, once the person has said so again."""

        def ask(found: Conversation) -> None:
            self._stage.view.ask_erase(title_of(found), partial(self._erase, found))

        self._work(lambda store: store.conversation(conversation), ask)

    def _erase(self, conversation: Conversation) -> None:
        session = self._stage.session
        if session is None:
            return
        self._talk.forget(conversation.id)
        self._stage.board.say("erasing", tr("Erasing, from the backups as well…"))

        def then(_: None) -> None:
            self._stage.board.say("erasing", tr("Erased for good."), kind="ok", fades=True)
            self.refresh()

        def failed(problem: HomebodyError) -> None:
            self._stage.board.dismiss("erasing")
            self._stage.board.tell(problem)

        self._stage.run("slow", partial(session.saved.erase, conversation.id), then, failed)

    def export(self, conversation: str) -> None:
        """Write it as Markdown to where the person says."""

        def ask(found: tuple[str, str]) -> None:
            title, text = found
            name = "".join("-" if each in _NOT_IN_A_NAME else each for each in title)[:80]
            self._stage.view.ask_save(f"{name.strip() or 'chat'}.md", partial(self._save, text))

        self._work(
            lambda store: (
                title_of(store.conversation(conversation)),
                store.export_markdown(conversation),
            ),
            ask,
        )

    def _save(self, text: str, path: str) -> None:
        def work() -> str:
            try:
                replace_file(Path(path), text.encode())
            except (OSError, ValueError) as error:
                why = getattr(error, "strerror", None) or tr("its name cannot be used")
                raise BadInput(
                    tr("{name} could not be written: {why}.").format(name=Path(path).name, why=why),
                    tr("Choose another place. Nothing is lost."),
                ) from error
            return Path(path).name

        def then(name: str) -> None:
            self._stage.board.say(
                "exported", tr("Written to {name}.").format(name=name), kind="ok", fades=True
            )

        self._stage.run("slow", work, then)

    def copy_open(self) -> None:
        """Put the open conversation on the clipboard, as Markdown."""
        place = self._talk.place
        if place is None or place.conversation is None:
            return
        store, conversation = place.store, place.conversation

        def then(text: str) -> None:
            self._stage.view.copy(text)
            self._stage.board.say("copied", tr("Copied the conversation."), kind="ok", fades=True)

        self._stage.run("store", lambda: store.export_markdown(conversation), then)

    # ------------------------------------------------------------------ inside

    def _is_open(self, conversation: str) -> bool:
        return self._talk.place is not None and self._talk.place.conversation == conversation

    def _with_open(self, then: Callable[[Conversation], None]) -> None:
        place = self._talk.place
        if place is not None and place.conversation is not None and not place.temporary:
            conversation = place.conversation
            self._work(lambda store: store.conversation(conversation), then)

    def _change(
        self, work: Callable[[Store], None], then: Callable[[], None] | None = None
    ) -> None:
        def done(_: None) -> None:
            self.refresh()
            if then is not None:
                then()

        self._work(work, done)

    def _work(self, work: Callable[[Store], T], then: Callable[[T], None]) -> None:
        session = self._stage.session
        if session is not None:
            store = session.saved
            self._stage.run("store", lambda: work(store), then)


def _rows(store: Store, words: str, shelf: Shelf) -> tuple[ConversationRow, ...]:
    if words:
        return _without_repeats(map(hit_row, store.search(words, _HITS)))
    today = now().astimezone()
    listed = store.conversations(archived=shelf == "archived", deleted=shelf == "bin")
    # One that was begun and never got a request is nothing yet.
    begun = [each for each in listed if each.head is not None or each.draft]
    return tuple(conversation_row(each, today) for each in begun)


def _without_repeats(rows: Iterable[ConversationRow]) -> tuple[ConversationRow, ...]:
    """Leave out what says the same as a row above it: other versions of one request."""
    seen: dict[tuple[str, str], ConversationRow] = {}
    for row in rows:
        seen.setdefault((row.id, row.snippet), row)
    return tuple(seen.values())


def _nothing(words: str, shelf: Shelf) -> str:
    if words:
        return tr("Nothing found.")
    if shelf == "archived":
        return tr("Nothing is archived.")
    if shelf == "bin":
        return tr("The bin is empty.")
    return tr("Your conversations will stand here.")
