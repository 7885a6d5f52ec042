"""The page of privacy: what left, what holds, who can be asked, what stays here, and erasing.

What is on the disk is read in the lane `privacy`, when the page is opened and after each change.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final, TypeVar

from msgspec import Struct

from homebody.base.clock import now
from homebody.base.errors import HomebodyError
from homebody.base.paths import Home
from homebody.messages.ledger import LedgerEntry
from homebody.messages.offers import PrivateKind
from homebody.messages.providers import Provider
from homebody.privacy.erasing import ModelFiles, forget_secrets, model_files
from homebody.privacy.ledger import entries
from homebody.privacy.lock import NO_INTERNET, describe
from homebody.privacy.summary import BytesLeft, bytes_left
from homebody.ui.presenter.models import Models
from homebody.ui.presenter.needs import PrivacyNeeds, ProviderPreset
from homebody.ui.presenter.privacy_ledger import LedgerPage
from homebody.ui.presenter.privacy_providers import Providers
from homebody.ui.presenter.privacy_words import PrivateWords, size_words
from homebody.ui.presenter.stage import Stage
from homebody.ui.privacy_states import EraseState, HoldsState, PrivacyState
from homebody.ui.words import tr

__all__ = ["Guarding"]

T = TypeVar("T")
_GOES: Final = (
    "all conversations, with their steps, offers and copies of what was sent",
    "notes, reminders, and what skills were allowed; the folders themselves stay",
    "your own skills, private words, providers and their keys",
    "the ledger, settings, logs and backups",
)


class _Seen(Struct, frozen=True, kw_only=True):
    """What was read for the page."""

    entries: Sequence[LedgerEntry]
    ledger_problem: HomebodyError | None
    left: BytesLeft
    presets: Sequence[ProviderPreset]
    providers: Sequence[Provider]
    hosts: Mapping[str, str]
    providers_problem: HomebodyError | None
    words: Sequence[tuple[str, PrivateKind]]
    own: Sequence[tuple[str, PrivateKind]]
    words_problem: HomebodyError | None
    models: ModelFiles


class Guarding:
    """Looks after the page of privacy. Its methods are called on the window's thread."""

    def __init__(
        self,
        stage: Stage,
        models: Models,
        needs: PrivacyNeeds,
        home: Home,
        locks: tuple[str, ...],
    ) -> None:
        self._stage, self._models, self._needs = stage, models, needs
        self._home, self._locks = home, locks
        self._seen: _Seen | None = None
        self._problem: HomebodyError | None = None
        self._erasing = ""
        self.providers = Providers(
            stage, needs, changed=self.show, look_again=self.refresh, offline=self._offline
        )
        self.words = PrivateWords(stage, needs, changed=self.show, look_again=self.refresh)
        self.ledger = LedgerPage(stage, needs, home, changed=self.show)

    # ------------------------------------------------------------------ looking

    def refresh(self) -> None:
        """Look anew at what there is."""
        self.show()

        def failed(problem: HomebodyError) -> None:
            self._problem = problem
            self.show()

        self._stage.run("privacy", self._look, self._looked, failed)

    def _look(self) -> _Seen:
        needs, home = self._needs, self._home
        found, ledger_problem = _tried(lambda: tuple(entries(home.ledger)))
        providers, providers_problem = _tried(needs.providers)
        words, words_problem = _tried(needs.words)
        return _Seen(
            entries=found,
            ledger_problem=ledger_problem,
            left=bytes_left(found, now().astimezone()),
            presets=needs.presets(),
            providers=providers,
            hosts={each.url: needs.host(each.url) for each in providers},
            providers_problem=providers_problem,
            words=words,
            own=needs.own_words(),
            words_problem=words_problem,
            models=model_files(home),
        )

    def _looked(self, seen: _Seen) -> None:
        self._seen, self._problem = seen, None
        self.ledger.know(seen.entries, seen.ledger_problem)
        self.providers.know(seen.presets, seen.providers, seen.hosts, seen.providers_problem)
        self.words.know(seen.words, seen.own, seen.words_problem)
        self.show()

    def told(self) -> None:
        """Look anew where it is seen: something may have left."""
        if self._is_open():
            self.refresh()

    # ------------------------------------------------------------------ intents

    def use_offline(self, offline: bool) -> None:
        """Connect to nothing from now on, or again."""
        self._models.change("offline", offline)

    def settings_changed(self) -> None:
        """Go by the settings of now: here, or on their own page, they were changed."""
        work = partial(self._needs.use_offline, self._offline())
        # Online again, what was not looked for offline is.
        self._stage.run("slow", work, lambda _: self.told())
        self.show()

    def erase(self, models: bool) -> None:
        """Erase everything, `models` too or not. The person has typed that they mean it."""
        if self._erasing:
            return
        self._erasing = tr("Forgetting the keys…")
        self.show()
        needs, names = self._needs, [each.name for each in self.providers.all]

        def work() -> tuple[str, ...]:
            return forget_secrets(names, lambda name: needs.key(name, ""), needs.forget_token)

        def then(keys: tuple[str, ...]) -> None:
            self._stage.view.erase_everything(not models, keys)

        def failed(problem: HomebodyError) -> None:
            self._erasing = ""
            self._stage.board.tell(problem)
            self.show()

        self._stage.run("token", work, then, failed)

    # ------------------------------------------------------------------ what is shown

    def show(self) -> None:
        """Show the page, if it is open."""
        if self._is_open():
            self._stage.view.show_privacy(self._state())

    def _is_open(self) -> bool:
        return self._stage.sidebar_state.page == "privacy"

    def _offline(self) -> bool:
        return self._models.settings.offline

    def _state(self) -> PrivacyState:
        problem, seen = self._problem, self._seen
        if problem is not None:
            return PrivacyState(problem=problem.message, hint=problem.hint)
        if seen is None:
            return PrivacyState(busy=tr("Looking at what left this machine…"))
        return PrivacyState(
            left=_left(seen.left) if seen.ledger_problem is None else "",
            left_note=_not_known(seen.left),
            holds=self._holds(),
            providers=self.providers.state(),
            words=self.words.state(),
            ledger=self.ledger.state(),
            erase=EraseState(
                goes=tuple(tr(each) for each in _GOES),
                models=_models(seen.models),
                word=tr("erase"),
                running=self._erasing,
            ),
        )

    def _holds(self) -> HoldsState:
        locked = tr(
            "The system itself refuses this window, and the model and the skills that it starts, "
            "any connection to the internet or the local network."
        )
        offline = self._offline()
        return HoldsState(
            sentences=(
                locked if NO_INTERNET in self._locks else describe(self._locks),
                tr(
                    "Only the courier can connect: a process of its own, which runs while there is "
                    "something that you asked to fetch or to send."
                ),
                tr(
                    "Before a question leaves you see exactly what would be sent, with a "
                    "placeholder for what was found private. Without your yes it stays here."
                ),
                tr("Each connection is written down below before its first byte is sent."),
            ),
            limits=(
                tr("What a provider does with what you send it, nobody here can know."),
                tr("Not everything private is found: read what would leave before you say yes."),
                tr("Other programs that run as you can read your files, these too."),
            ),
            offline=offline,
            offline_words=tr("Nothing connects, whatever is asked for.")
            if offline
            else tr("Homebody connects only for what you ask for."),
        )


def _tried(
    read: Callable[[], Sequence[T]],
) -> tuple[Sequence[T], HomebodyError | None]:
    """Return what there is to read; or nothing, and why."""
    try:
        return read(), None
    except HomebodyError as problem:
        return (), problem


def _left(left: BytesLeft) -> str:
    if not left.connections:
        return tr("Nothing has ever left this machine.")
    if not left.ever:
        return tr("Nothing is known to have left this machine.")

    def amount(count: int) -> str:
        return size_words(count) if count else tr("nothing")

    return tr("{ever} left this machine, ever; {week} this week; {today} today.").format(
        ever=size_words(left.ever), week=amount(left.week), today=amount(left.today)
    )


def _not_known(left: BytesLeft) -> str:
    if not left.unknown:
        return ""
    if left.unknown == 1:
        return tr("Of one connection more the end was never written, so its size is not known.")
    return tr(
        "Of {count:,} connections more the end was never written, so their size is not known."
    ).format(count=left.unknown)


def _models(models: ModelFiles) -> str:
    if not models.files:
        return ""
    if models.files == 1:
        return tr("Also the model in its folder, {size}").format(size=size_words(models.bytes))
    return tr("Also the {count:,} files of models, {size}").format(
        count=models.files, size=size_words(models.bytes)
    )
