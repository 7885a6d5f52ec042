"""Who can be asked elsewhere, the way from a reply to an offer, and how much ever left."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from homebody.base.clock import now
from homebody.base.errors import HomebodyError
from homebody.messages.providers import Provider
from homebody.settings.providers import load_providers
from homebody.ui.presenter.stage import Stage
from homebody.ui.presenter.talk import Talk
from homebody.ui.states import Page
from homebody.ui.words import tr

if TYPE_CHECKING:  # loaded once something is counted
    from homebody.privacy.summary import BytesLeft

__all__ = ["Elsewhere"]


class Elsewhere:
    """Knows the providers that the person set up. Lives on the window's thread."""

    def __init__(self, stage: Stage, talk: Talk, go: Callable[[Page], None]) -> None:
        self._stage, self._talk, self._go = stage, talk, go

    def refresh(self) -> None:
        """Read who can be asked; an offer that is shown names them then."""
        self._read(lambda _: None, lambda _: None)

    def ask(self, turn: str) -> None:
        """Make an offer for a turn; where nobody can be asked, say what to do about that."""

        def then(providers: tuple[Provider, ...]) -> None:
            if providers:
                self._talk.offer(turn)
            else:
                self.set_up()

        if self._stage.header_state.offline:
            self._stage.board.say(
                "elsewhere-offline",
                tr("Homebody is offline: nothing leaves. Settings can change that."),
                action=tr("Settings"),
                do=lambda: self._go("settings"),
            )
        else:
            self._read(then, self._stage.board.tell)

    def set_up(self) -> None:
        """Go to where providers are set up, and say what is needed."""
        self._go("privacy")
        if not self._stage.providers:
            self._stage.board.say(
                "elsewhere-nobody",
                tr(
                    "Nobody can be asked yet. Add a provider here, or a server of your own, and "
                    "choose a model there."
                ),
            )

    def count_left(self, then: Callable[[str], None]) -> None:
        """Read in the ledger how much left this machine, and call `then` with a sentence."""
        session = self._stage.session
        if session is None:
            return
        ledger = session.home.ledger

        def work() -> str:
            # Loaded here, so that the window does not wait for it.
            from homebody.privacy.ledger import entries
            from homebody.privacy.summary import bytes_left

            return _sentence(bytes_left(entries(ledger), now().astimezone()))

        def failed(_: HomebodyError) -> None:
            then(tr("What left cannot be said: the ledger could not be read."))

        self._stage.run("slow", work, then, failed)

    def _read(
        self,
        then: Callable[[tuple[Provider, ...]], None],
        failed: Callable[[HomebodyError], None],
    ) -> None:
        session = self._stage.session
        if session is None:
            return
        home = session.home

        def work() -> tuple[Provider, ...]:
            # One whose model was not chosen yet cannot be asked.
            return tuple(each for each in load_providers(home) if each.model)

        def found(providers: tuple[Provider, ...]) -> None:
            new = providers != self._stage.providers
            self._stage.providers = providers
            if providers:
                self._stage.board.dismiss("elsewhere-nobody")
            head = self._talk.head
            if new and head is not None and head.state == "waiting" and head.offer is not None:
                self._talk.show_again(head.id)
            then(providers)

        self._stage.run("store", work, found, failed)


def _sentence(left: "BytesLeft") -> str:
    if not left.connections:
        return tr("0 bytes have left.")
    words = tr("{ever:,} bytes have left in all, {today:,} of them today. Privacy lists them.")
    return words.format(ever=left.ever, today=left.today)
