"""Words that were typed and not sent, kept with the conversation that they belong to."""

from functools import partial

from homebody.store.store import Store
from homebody.ui.presenter.reply import Place
from homebody.ui.presenter.stage import Stage

__all__ = ["Drafts", "add_to_draft"]


def add_to_draft(store: Store, conversation: str | None, words: str) -> None:
    """Keep words that were typed before the draft was there to be seen. For any thread."""
    store.save_draft(conversation, _joined(store.draft(conversation), words))


def _joined(draft: str, typed: str) -> str:
    if not draft or typed == draft:
        return typed
    return f"{draft}\n{typed}" if typed else draft


class Drafts:
    """Keeps the field to write in and the drafts on the disk in step.

    What is in the field is never taken for the draft before the draft was read: until then an
    empty field says nothing.
    """

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._place: Place | None = None
        self._brought = True
        self._borrowed = False
        """The field holds an earlier message that is being edited."""

    def arrive(self, place: Place, known: str | None = None) -> None:
        """Bring what was being written at `place`; `known` if that was read already."""
        typed = self._stage.view.words() if self._place is None else ""
        self._place, self._borrowed = place, False
        if known is not None or place.temporary:
            self._brought = True
            self._put(_joined(known or "", typed))
            return
        self._brought = False
        self._put(typed)
        session = self._stage.session
        assert session is not None
        store, conversation = session.saved, place.conversation
        self._stage.run(
            "store",
            lambda: store.draft(conversation),
            partial(self._bring, place, conversation),
            lambda _: None,
        )

    def _bring(self, place: Place, conversation: str | None, words: str) -> None:
        # A new chat that has begun meanwhile leaves the draft to the next new chat.
        if place is self._place and not self._brought and place.conversation == conversation:
            self._brought = True
            self._put(_joined(words, self._stage.view.words()))

    def carry(self, words: str) -> None:
        """Put words that could not be saved elsewhere into the field."""
        self._put(words)

    def borrow(self, words: str) -> None:
        """Keep the draft, and put an earlier message into the field to be edited."""
        self.keep(leaving=True)
        self._borrowed = True
        self._put(words)

    def give_back(self) -> None:
        """Bring the draft back in the place of the message that was edited."""
        if self._borrowed and self._place is not None:
            self._put("")
            self.arrive(self._place)

    def keep(self, *, leaving: bool = False) -> None:
        """Keep the words that are not sent. Not those of a temporary chat, nor of an edit."""
        session, place = self._stage.session, self._place
        if session is None or place is None or place.temporary or self._borrowed:
            return
        store, conversation, words = session.saved, place.conversation, self._stage.view.words()
        if self._brought:
            work = partial(store.save_draft, conversation, words)
        elif leaving and words:
            work = partial(add_to_draft, store, conversation, words)
        else:
            return
        # A draft that cannot be kept is no news: whatever keeps it so will stop the message too.
        self._stage.run("store", work, failed=lambda _: None)

    def sent(self, place: Place, request: str, *, was_new: bool) -> None:
        """A request of `place` is on the disk: it is no draft any more. `was_new`: its first."""
        session = self._stage.session
        if session is None:
            return
        store = session.saved
        if place is self._place:
            self.give_back()
            if self._stage.view.words().strip("\r\n").rstrip() == request:
                self._put("")
            self.keep()
        if place.temporary:
            return
        keys = {place.conversation} | ({None} if was_new else set())
        if place is self._place and was_new and self._brought:
            # What is in the field belongs to the conversation now.
            keys = set()
            self._stage.run("store", lambda: store.save_draft(None, ""), failed=lambda _: None)

        def clear() -> None:
            for key in keys:
                if store.draft(key).strip("\r\n").rstrip() == request:
                    store.save_draft(key, "")

        self._stage.run("store", clear, failed=lambda _: None)

    def _put(self, words: str) -> None:
        if self._stage.view.words() != words:
            self._stage.view.put_words(words)
