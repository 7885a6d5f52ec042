"""Offers in tests of the window: made by `privacy.offers`, as the core makes them."""

from datetime import UTC, datetime

from homebody.messages.offers import Offer, OfferChange
from homebody.messages.providers import Provider
from homebody.messages.turns import ShownTurn, Turn
from homebody.privacy.offers import change_offer, make_offer
from homebody.privacy.redaction import Redactor
from homebody.ui.presenter.rows import turn_row
from homebody.ui.states import TurnRow

CLOUD = Provider(
    name="Cloud", url="https://api.example.org/v1", model="large", price_in=2.0, price_out=8.0
)
MINE = Provider(name="Attic", url="http://attic.lan:8000/v1", model="Qwen3.6 27B", mine=True)
BOTH = (CLOUD, MINE)
QUESTION = "Write to ada@example.org 🏡 and copy eve@example.net, then tell ada@example.org."
NOTES = "The code is 1234. Call bob@example.com."


def an_offer(
    question: str = QUESTION, notes: str | None = NOTES, provider: Provider = CLOUD
) -> Offer:
    """Return an offer of a question, and of notes that could go along."""
    parts = [("question", "Your question", question, True)]
    if notes is not None:
        parts.append(("file1", "notes.md (39 bytes)", notes, False))
    return make_offer(
        provider,
        reason="asked",
        sentence="You asked for it.",
        parts=parts,
        redactor=Redactor(),
    )


def changed(offer: Offer, change: OfferChange) -> Offer:
    """Change it as the core would."""
    return change_offer(offer, change, redactor=Redactor(), providers=BOTH)


def waiting(offer: Offer, name: str = "t", **more: object) -> Turn:
    """Return the turn that waits for an answer to it."""
    given = {
        "id": name,
        "conversation": "c",
        "parent": None,
        "request": "Do it",
        "state": "waiting",
        "created": datetime(2026, 11, 21, tzinfo=UTC),
        "offer": offer,
        **more,
    }
    return Turn(**given)


def row_of(offer: Offer, name: str = "t", **more: object) -> TurnRow:
    """Return its row, as the presenter makes it."""
    return turn_row(ShownTurn(waiting(offer, name, **more), 1, 1), BOTH)
