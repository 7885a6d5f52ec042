"""Who can be asked elsewhere, and whether now: what a turn needs for it, given by the launcher.

Nothing here connects. `send` does, with exactly the body that was agreed to.
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from homebody.base.errors import BadInput, HomebodyError
from homebody.messages.offers import Offer, Scope
from homebody.messages.providers import Provider

if TYPE_CHECKING:
    from homebody.messages.courier import Answered, Said
    from homebody.privacy.offers import Count
    from homebody.privacy.redaction import Redactor

__all__ = [
    "AGREED",
    "HERE",
    "KEPT",
    "Elsewhere",
    "Sends",
    "bytes_left",
    "told_at_home",
    "why_not_here",
]

HERE: Final = "This is what the model here says:\n\n"
"""Before the answer of the model here to what one elsewhere was to answer."""
AGREED: Final[dict[Scope, str]] = {
    "once": "said yes to this body",
    "conversation": "said yes for this conversation",
    "mine": "said yes to this machine of yours",
}
"""What stands in the ledger."""

_NOT_HERE: Final = (
    "Nothing is sent from here, so nothing left this machine: `homebody ask --remote NAME` and the "
    "window can ask a bigger model."
)
_NOBODY: Final = (
    "No bigger model elsewhere is set up, so nothing left this machine: one can be added on the "
    "page Privacy, or with `homebody providers add`."
)
_OFFLINE: Final = "Homebody is offline, so nothing left this machine."
KEPT: Final = "You kept this here."
_STAYS: Final = "You wanted this conversation to stay home, so nothing left this machine."


class Sends(Protocol):
    """Asks a provider; see `courier.client.Courier.ask`."""

    def __call__(
        self,
        provider: str,
        *,
        url: str,
        model: str,
        body: str,
        sha256: str,
        agreed: str,
        stopped: Callable[[], bool],
    ) -> "Generator[Said | Answered]":
        """Send `body` as it is, and yield what comes back. Closing it stops.

        `stopped` is asked while nothing comes. Raises `CourierProblem`.
        """


def bytes_left(ledger: Path, sha256: str) -> int:
    """Return how many bytes ever left with the body of this hash, as the ledger says.

    Raises `BadInput` where it cannot be read.
    """
    from homebody.privacy.ledger import entries

    return sum(each.bytes_out or 0 for each in entries(ledger) if each.body_sha256 == sha256)


@dataclass(frozen=True, kw_only=True)
class Elsewhere:
    """What is needed to ask a model elsewhere. One for a session."""

    providers: Callable[[], Sequence[Provider]]
    """Who can be asked, the first choice first. Raises `BadInput` where the list is no good."""
    redactor: "Callable[[], Redactor]"
    """Finds what is private. Raises `BadInput` where the person's own words cannot be read."""
    send: Sends
    offline: Callable[[], bool]
    agree: Callable[[str], None]
    """Keep the one yes for a machine of the person's own, by its name. Raises `BadInput`."""
    count: "Count | None" = None
    """Counts the tokens of a text; None: they are guessed from its length."""
    left: Callable[[str], int] = lambda _sha256: 0
    """How many bytes ever left with the body of this hash; see `bytes_left`."""

    def why_not(self, *, stays_home: bool = False) -> str:
        """Return why nothing can be offered now, in a sentence; "" where it can."""
        if self.offline():
            return _OFFLINE
        try:
            if not self._usable():
                return _NOBODY
        except HomebodyError as problem:
            return f"Nothing left this machine: {problem.message}"
        return _STAYS if stays_home else ""

    def provider(self, name: str = "") -> Provider:
        """Return the provider of that name; "": the first. `BadInput` where none can be asked."""
        if self.offline():
            raise BadInput(
                "Homebody is offline, so nobody elsewhere can be asked.",
                "Turn off Offline in the settings, or start it without --offline.",
            )
        usable = self._usable()
        if not usable:
            raise BadInput(
                "There is nobody elsewhere to ask.",
                "Add a provider on the page Privacy, or with `homebody providers add`.",
            )
        if not name:
            return usable[0]
        for each in usable:
            if each.name.casefold() == name.strip().casefold():
                return each
        raise BadInput(
            f"There is no provider called {name!r} that could be asked.",
            f"Name one of these: {', '.join(each.name for each in usable)}.",
        )

    def provider_of(self, offer: Offer) -> Provider:
        """Return the provider of an offer. `BadInput` where it is another by now."""
        provider = self.provider(offer.provider)
        if (provider.url, provider.model, provider.mine) != (offer.url, offer.model, offer.mine):
            raise BadInput(
                f"{offer.provider} was changed since this was offered, so nothing was sent.",
                "Have it offered anew, and look at it again.",
            )
        return provider

    def _usable(self) -> list[Provider]:
        # One that was only just added may have no model yet.
        return [each for each in self.providers() if each.model]


def why_not_here(elsewhere: Elsewhere | None, *, stays_home: bool) -> str:
    """Return why nothing can be offered, also where nothing is ever sent; "" where it can."""
    return _NOT_HERE if elsewhere is None else elsewhere.why_not(stays_home=stays_home)


def told_at_home(offer: Offer | None) -> str:
    """Return what is said before a turn goes on at home, after its offer; "" where nothing is."""
    if offer is None:
        return ""
    return {"home": KEPT, "failed": offer.problem}.get(offer.state, "")
