"""The person's private words on the page of privacy; and how moments and sizes are said there."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Final

from homebody.base.errors import HomebodyError
from homebody.messages.offers import PrivateKind
from homebody.ui.presenter.needs import PrivacyNeeds
from homebody.ui.presenter.skills import day_and_time
from homebody.ui.presenter.stage import Stage
from homebody.ui.privacy_states import Choice, OwnWord, WordRow, WordsState
from homebody.ui.words import tr

__all__ = ["PrivateWords", "moment_words", "size_words"]

_KINDS: Final[dict[PrivateKind, str]] = {
    "PERSON": "a name",
    "ORGANISATION": "an employer, or another organisation",
    "PROJECT": "a project",
    "PLACE": "a place",
    "ID": "a number of yours",
    "WORD": "something else",
}
"""What can be chosen, and what it is called."""
_ALSO: Final[dict[PrivateKind, str]] = {"PATH": "a folder", "EMAIL": "an address"}
"""What Homebody knows by itself may be these too."""
_LONGEST: Final = 200

Named = tuple[str, PrivateKind]


class PrivateWords:
    """Lives on the window's thread."""

    def __init__(
        self,
        stage: Stage,
        needs: PrivacyNeeds,
        *,
        changed: Callable[[], None],
        look_again: Callable[[], None],
    ) -> None:
        self._stage, self._needs = stage, needs
        self._changed, self._look_again = changed, look_again
        self._all: Sequence[Named] = ()
        self._own: Sequence[Named] = ()
        self._unreadable: HomebodyError | None = None
        self._wrong: HomebodyError | None = None

    def know(
        self, words: Sequence[Named], own: Sequence[Named], problem: HomebodyError | None
    ) -> None:
        """Take over what was read."""
        self._all, self._own, self._unreadable = words, own, problem

    def add(self, word: str, kind: PrivateKind) -> None:
        """Let a word stay here from now on."""
        word = " ".join(word.split())
        self._wrong = None
        if not word:
            return
        if len(word) > _LONGEST or not word.isprintable():
            self._wrong = HomebodyError(
                tr("A private word is one line of at most {count} characters.").format(
                    count=_LONGEST
                )
            )
            self._changed()
            return
        self._write(lambda words: [*(each for each in words if each[0] != word), (word, kind)])

    def remove(self, word: str) -> None:
        """Let it leave again, and offer to take that back."""
        kind = next((each[1] for each in self._all if each[0] == word), None)
        if kind is None:
            return

        def then() -> None:
            self._stage.board.say(
                "word",
                tr("“{word}” is no longer private.").format(word=word),
                action=tr("Undo"),
                do=partial(self.add, word, kind),
                fades=True,
            )

        self._write(lambda words: [each for each in words if each[0] != word], then)

    def _write(
        self,
        change: Callable[[Sequence[Named]], Sequence[Named]],
        then: Callable[[], None] = lambda: None,
    ) -> None:
        def done(_: None) -> None:
            then()
            self._look_again()

        def failed(problem: HomebodyError) -> None:
            self._wrong = problem
            self._look_again()

        # Read anew in its lane: another window may have changed them.
        self._stage.run(
            "privacy",
            lambda: self._needs.keep_words(change(self._needs.words())),
            done,
            failed,
        )

    def state(self) -> WordsState:
        """Return the section."""
        problem = self._unreadable or self._wrong
        return WordsState(
            rows=tuple(WordRow(word=word, kind=_kind(kind)) for word, kind in self._all),
            own=tuple(OwnWord(word, _kind(kind)) for word, kind in self._own),
            kinds=tuple(Choice(kind, tr(words)) for kind, words in _KINDS.items()),
            problem=problem.message if problem is not None else "",
            hint=problem.hint if problem is not None else "",
        )


def _kind(kind: PrivateKind) -> str:
    return tr({**_KINDS, **_ALSO}.get(kind, "something private"))


def moment_words(written: str) -> str:
    """Return a moment that was written down (ISO 8601) in the person's zone; or as it is written.

    `today, 09:00`, `2026-12-24, 18:30`.
    """
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return written[:40]
    return day_and_time(moment)


def size_words(count: int) -> str:
    """Return a number of bytes as a person says it: `1 byte`, `612 bytes`, `12.4 kB`."""
    if count == 1:
        return tr("1 byte")
    if count < 1000:
        return tr("{count} bytes").format(count=count)
    for unit, factor in (("kB", 1e3), ("MB", 1e6), ("GB", 1e9)):
        shown = count / factor
        # What would be rounded to 1,000 is said in the next unit.
        if shown < 999.95 or unit == "GB":
            break
    return tr("{size:.1f} {unit}").format(size=shown, unit=unit)
