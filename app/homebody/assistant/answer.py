"""An answer from elsewhere as it comes: its placeholders restored, and put into a draft."""

from collections.abc import Iterator

from homebody.assistant.draft import Draft
from homebody.messages.courier import Answered, Said
from homebody.messages.events import TurnEvent, Written
from homebody.messages.offers import Offer
from homebody.privacy.restoring import Restorer

__all__ = ["Answer"]


class Answer:
    """What comes back for one offer."""

    def __init__(self, draft: Draft, offer: Offer) -> None:
        """Restore by what the offer replaced, and write into `draft`."""
        self.draft, self.offer = draft, offer
        self.last: Answered | None = None
        self.problem = ""
        """Why there is none, or not all of it, in a sentence."""
        self.hint = ""
        """What to do then."""
        self.came = False
        """Whether the provider said anything at all."""
        self.wrote = False
        """Whether a part of the reply came from it."""
        self._reply = Restorer(offer.replacements)
        self._thoughts = Restorer(offer.replacements)

    @property
    def is_whole(self) -> bool:
        """Whether there is an answer, and it has come to its end."""
        return self.last is not None and self.wrote

    @property
    def mangled(self) -> tuple[str, ...]:
        """Placeholders that came back changed, as they came."""
        return self._reply.mangled

    def take(self, each: Said | Answered) -> Iterator[TurnEvent]:
        """Yield what is new of the reply."""
        self.came = True
        if isinstance(each, Answered):
            self.last = each
            yield from self.rest()
        elif each.reasoning:
            yield from self._written(self._thoughts.feed(each.text), reasoning=True)
        else:
            yield from self._written(self._reply.feed(each.text), reasoning=False)

    def rest(self) -> Iterator[TurnEvent]:
        """Yield what was held back, because it could have been the beginning of a placeholder."""
        yield from self._written(self._thoughts.end(), reasoning=True)
        yield from self._written(self._reply.end(), reasoning=False)

    def flush(self) -> None:
        """Put what was held back into the draft, where nobody listens any more."""
        for _ in self.rest():
            pass

    def _written(self, text: str, *, reasoning: bool) -> Iterator[TurnEvent]:
        if not text:
            return
        if not reasoning and not self.wrote:
            self.wrote = True
            # What steps brought stays above it.
            text = f"\n\n{text}" if self.draft.reply else text
        self.draft.write(text, reasoning=reasoning)
        yield Written(text, reasoning)
