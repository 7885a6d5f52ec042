"""Asking a model elsewhere in a turn: making the offer, and after a yes sending exactly its body.

The order that nothing may change: what would leave is committed before the person is asked; their
yes, the body and what stands for what before anything is sent; what became of it whatever happens.
A body is sent once. Where it is not known whether it was, the person is asked again.

The model elsewhere gets no tools, and what it says is text: nothing here or later obeys it. With a
standing yes an offer is sent without asking, but never where text that is not the person's may have
caused it.
"""

import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Final, Literal

from msgspec.structs import replace

from homebody.assistant.decisions import skipped
from homebody.assistant.draft import Draft
from homebody.assistant.elsewhere import AGREED, Elsewhere, why_not_here
from homebody.assistant.keeping import Keeping
from homebody.assistant.leaving import Part, about
from homebody.assistant.needs import Keeps, Meters
from homebody.base.errors import CourierProblem, EngineProblem, HomebodyError
from homebody.base.log import log
from homebody.messages.events import Sending, TurnEvent
from homebody.messages.offers import Offer, OfferReason, OfferState, Scope
from homebody.messages.providers import Provider
from homebody.messages.turns import Turn

if TYPE_CHECKING:
    from homebody.assistant.answer import Answer

__all__ = ["Asking"]

_ASKED: Final = "You asked for it."
_NOT_KNOWN: Final = (
    "Homebody ended before it was known whether this was sent; the ledger shows it. "
    "It is not sent again by itself."
)
_MAYBE: Final = "It is not known whether this was sent before; the ledger shows it."
_End = Literal["whole", "empty", "problem", "stopped"]
"""How asking ended: with an answer, with none, with a problem, or because somebody stopped it."""
_NOTHING: Final[dict[_End, str]] = {
    "whole": "",
    "empty": "{host} answered with nothing.",
    "problem": "{host} could not be asked.",
    "stopped": "It was stopped before anything was sent.",
}
_ELSEWHERE: Final = "It was asked elsewhere instead."
_CLOSING_SECONDS: Final = 1.0
"""How long the ledger is looked at, after a stop, for how much had left."""
_LOOK_SECONDS: Final = 0.05


class Asking:
    """What one assistant needs to ask elsewhere."""

    def __init__(
        self,
        elsewhere: Elsewhere | None,
        store: Keeps,
        keeping: Keeping,
        *,
        stopped: Callable[[], bool],
        before: Callable[[Turn], Sequence[Turn]],
        meter: Meters | None,
    ) -> None:
        """`before`: the turns above one. Without `elsewhere` nothing is ever offered."""
        self._elsewhere, self._store, self._keeping = elsewhere, store, keeping
        self._stopped, self._before, self._meter = stopped, before, meter

    # All of these return an offer where the person has to be asked, True where the answer came from
    # elsewhere, and False where the turn goes on at home.

    def first(self, draft: Draft) -> Generator[TurnEvent, None, Offer | bool]:
        """Do what comes before anything else: send what was agreed to, or offer what was asked."""
        offer, wanted = draft.offer, draft.remote
        if draft.agreed and offer is not None:
            draft.agreed = False
            return (yield from self._send(draft, offer))
        if offer is not None and offer.state in ("open", "agreed"):
            return self._again(draft, offer)
        if wanted is None or self._elsewhere is None:
            return False
        provider = self._elsewhere.provider(wanted)
        parts = self._about(draft, by_hand=True)
        made = self._made(draft, provider, "asked", _ASKED, parts)
        # Not before it is made: the engine that helped with it may die, and it is tried again.
        draft.remote = None
        return (yield from self._offered(draft, provider, made, trusted=True))

    def wanted(
        self, draft: Draft, sentence: str, *, trusted: bool
    ) -> Generator[TurnEvent, None, Offer | bool]:
        """Offer what the person wanted in words; where that cannot be, `draft.home` says why."""
        why = why_not_here(self._elsewhere, stays_home=self._stays_home(draft))
        if why:
            draft.home = why
            return False
        parts = self._about(draft, by_hand=True)
        return (yield from self._first_offered(draft, "asked", sentence, parts, trusted=trusted))

    def instead(
        self,
        draft: Draft,
        reason: OfferReason,
        sentence: str,
        more: Sequence[Part] = (),
        *,
        trusted: bool,
    ) -> Generator[TurnEvent, None, Offer | bool]:
        """Offer what failed here, once in a turn; where that cannot be, nothing is said."""
        if draft.offer is not None or self._elsewhere is None:
            return False
        if self._elsewhere.why_not(stays_home=self._stays_home(draft)):
            return False
        parts = self._about(draft, by_hand=False)
        names = {part[0] for part in parts}
        parts += [part for part in more if part[0] not in names]
        return (yield from self._first_offered(draft, reason, sentence, parts, trusted=trusted))

    # ------------------------------------------------------------------ offering

    def _about(self, draft: Draft, *, by_hand: bool) -> list[Part]:
        return about(draft.turn, self._before(draft.turn), draft.planned, by_hand=by_hand)

    def _stays_home(self, draft: Draft) -> bool:
        return self._store.stays_home(draft.turn.conversation)

    def _first_offered(
        self,
        draft: Draft,
        reason: OfferReason,
        sentence: str,
        parts: Sequence[Part],
        *,
        trusted: bool,
    ) -> Generator[TurnEvent, None, Offer | bool]:
        """Offer it to the first provider; where no offer can be made, `draft.home` says why."""
        assert self._elsewhere is not None
        try:
            provider = self._elsewhere.provider()
            offer = self._made(draft, provider, reason, sentence, parts)
        except HomebodyError as problem:
            if getattr(problem, "kind", "") == "stopped":
                raise
            # Say because private words could not be looked for.
            draft.home = f"Nothing left this machine: {problem.message}"
            return False
        return (yield from self._offered(draft, provider, offer, trusted=trusted))

    def _made(
        self,
        draft: Draft,
        provider: Provider,
        reason: OfferReason,
        sentence: str,
        parts: Sequence[Part],
    ) -> Offer:
        from homebody.privacy.offers import make_offer

        assert self._elsewhere is not None
        conversation = draft.turn.conversation
        self._heed_stop()
        offer = make_offer(
            provider,
            reason=reason,
            sentence=sentence,
            parts=parts,
            redactor=self._elsewhere.redactor(),
            vault=self._store.vault(conversation),
            count=self._elsewhere.count,
        )
        self._heed_stop()
        self._store.keep_vault(conversation, offer.replacements)
        return offer

    def _offered(
        self, draft: Draft, provider: Provider, offer: Offer, *, trusted: bool
    ) -> Generator[TurnEvent, None, Offer | bool]:
        """Send an offer where there is a standing yes and the person's words caused it."""
        scope = self._standing(provider, draft.turn.conversation) if trusted else None
        if scope is None:
            return offer
        # First as what waits: killed in between, it does.
        self._store.offer_turn(draft.turn.id, offer, draft.planned, draft.steps)
        agreed = self._store.agree_offer(draft.turn.id, offer.sha256, scope).offer
        assert agreed is not None
        return (yield from self._send(draft, agreed))

    def _again(self, draft: Draft, offer: Offer) -> Offer | bool:
        """Return an offer that was broken off, to be answered once more; False where it cannot."""
        unknown = offer.state == "agreed"
        if self._elsewhere is not None and offer.body:
            sentence = _NOT_KNOWN if unknown else offer.sentence
            return replace(offer, state="open", scope=None, sentence=sentence, problem="")
        draft.home = _MAYBE if unknown else why_not_here(self._elsewhere, stays_home=False)
        state: OfferState = "failed" if unknown else "home"
        draft.offer = replace(offer, state=state, problem=draft.home)
        self._store.keep_offer(draft.turn.id, draft.offer)
        return False

    def _standing(self, provider: Provider, conversation: str) -> Scope | None:
        if provider.mine and provider.agreed:
            return "mine"
        return "conversation" if self._store.consented(conversation, provider) else None

    def _heed_stop(self) -> None:
        if self._stopped():
            raise EngineProblem("Stopped.", kind="stopped")

    # ------------------------------------------------------------------ sending

    def _send(self, draft: Draft, offer: Offer) -> Generator[TurnEvent, None, bool]:
        """Send the body of an offer that was agreed to, and yield the answer as it comes.

        Returns False where none came, or only a part of one: `draft.home` says why.
        """
        from homebody.assistant.answer import Answer

        if self._meter is not None and draft.energy is None:
            draft.energy = self._meter.begin()
        draft.offer = offer
        answer = Answer(draft, offer)
        before = self._bytes_left(offer)
        ended: _End = "stopped"
        try:
            yield Sending(offer)
            self._heed_stop()
            try:
                yield from self._answered(answer)
                ended = "whole" if answer.is_whole else "empty"
            except CourierProblem as problem:
                if self._stopped() or problem.kind == "stopped":
                    raise EngineProblem("Stopped.", kind="stopped") from problem
                ended = "problem"
                answer.problem, answer.hint = problem.message, problem.hint
            yield from answer.rest()
        finally:
            # Also where the person stopped it, or the caller went away.
            draft.offer = self._settled(answer, before, ended)
        if ended == "whole":
            draft.steps = skipped(draft.steps, _ELSEWHERE)
        return ended == "whole"

    def _answered(self, answer: "Answer") -> Generator[TurnEvent]:
        """Yield what is written, until the provider has said its last word."""
        assert self._elsewhere is not None
        offer = answer.offer
        said = self._elsewhere.send(
            offer.provider,
            url=offer.url,
            model=offer.model,
            body=offer.body,
            sha256=offer.sha256,
            agreed=AGREED[offer.scope or "once"],
            stopped=self._stopped,
        )
        with closing(said):
            for each in said:
                yield from answer.take(each)
                self._heed_stop()
                yield from self._keeping.if_due(answer.draft)

    def _settled(self, answer: "Answer", before: int, ended: _End) -> Offer:
        """Write down what became of an offer, and return it. Never raises."""
        draft, offer = answer.draft, answer.offer
        answer.flush()
        sent = answer.last.bytes_out if answer.last else self._left_since(answer, before, ended)
        left = ended == "whole" or (ended == "stopped" and sent > 0)
        problem = answer.problem or _NOTHING[ended].format(host=offer.host)
        offer = replace(
            offer,
            state="sent" if left else "failed",
            bytes_sent=sent,
            mangled=answer.mangled,
            problem="" if left else f"{problem} {answer.hint}".rstrip(),
        )
        draft.home = "" if left else problem
        draft.bytes_sent += sent
        if answer.wrote:
            draft.elsewhere = f"{offer.model} at {offer.host}"
        draft.answered = answer.last if ended == "whole" else None
        log.info("asked elsewhere: %s, %d bytes", ended, sent)
        with suppress(HomebodyError):
            self._store.keep_offer(draft.turn.id, offer)
        return offer

    def _bytes_left(self, offer: Offer) -> int:
        assert self._elsewhere is not None
        try:
            return self._elsewhere.left(offer.sha256)
        except HomebodyError:
            return 0

    def _left_since(self, answer: "Answer", before: int, ended: _End) -> int:
        """Return how many bytes left, by the ledger; at least the body, where an answer came."""
        waits = answer.came and ended == "stopped"
        deadline = time.monotonic() + (_CLOSING_SECONDS if waits else 0.0)
        while True:
            sent = self._bytes_left(answer.offer) - before
            if sent > 0 or time.monotonic() >= deadline:
                break
            time.sleep(_LOOK_SECONDS)
        least = len(answer.offer.body.encode()) if answer.came else 0
        return max(sent, least)
