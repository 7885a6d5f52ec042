"""An assistant that can ask elsewhere: all is real but the courier, which is a speaking double."""

import hashlib
from collections.abc import Callable, Generator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from assistant.chores import Chores
from homebody.assistant.elsewhere import Elsewhere
from homebody.assistant.turn import Assistant
from homebody.messages.courier import Answered, Said
from homebody.messages.events import Paused
from homebody.messages.offers import Offer
from homebody.messages.plans import Planned
from homebody.messages.providers import Provider
from homebody.privacy.redaction import Redactor
from homebody.store.store import Store

__all__ = ["BIG", "MINE", "Abroad", "Asked", "Speaker", "offer_of"]

BIG = Provider(
    name="Big", url="https://api.example.org/v1", model="big-1", price_in=1.0, price_out=2.0
)
MINE = Provider(name="Cellar", url="http://192.168.1.5:8080/v1", model="cellar-8b", mine=True)

Part = str | Exception | Callable[[], None] | Said


@dataclass(frozen=True)
class Asked:
    """What the courier was asked to send."""

    provider: str
    url: str
    model: str
    body: str
    sha256: str
    agreed: str


@dataclass
class Speaker:
    """Speaks the courier's client: says what it was told to, and notes every body it was given."""

    says: list[tuple[Part, ...]] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    closed: int = 0
    """How often the connection was closed, however it ended."""
    finish: str | None = "stop"

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
    ) -> Generator[Said | Answered]:
        del stopped
        assert hashlib.sha256(body.encode()).hexdigest() == sha256
        self.asked.append(Asked(provider, url, model, body, sha256, agreed))
        parts = self.says.pop(0) if self.says else ("An answer ", "from afar.")
        try:
            for part in parts:
                if isinstance(part, Exception):
                    raise part
                if isinstance(part, str):
                    yield Said(id=1, text=part)
                elif isinstance(part, Said):
                    yield part
                else:
                    part()
            yield Answered(
                id=1,
                finish=self.finish,
                model=model,
                prompt_tokens=31,
                reply_tokens=7,
                bytes_out=len(body.encode()) + 200,
                bytes_in=900,
            )
        finally:
            self.closed += 1

    def left(self, sha256: str) -> int:
        """Return what a ledger would say."""
        return sum(len(each.body.encode()) + 200 for each in self.asked if each.sha256 == sha256)


@dataclass
class Abroad:
    """What a test works with."""

    chores: Chores
    speaker: Speaker
    providers: list[Provider]
    offline: bool = False
    agreed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.use(self.chores.store)

    def use(self, store: Store) -> None:
        """Go on with this store."""
        chores = self.chores
        chores.store = store
        chores.assistant = Assistant(
            store,
            chores.engine,
            work=chores.work,
            elsewhere=Elsewhere(
                providers=lambda: self.providers,
                redactor=Redactor,
                send=self.speaker,
                offline=lambda: self.offline,
                agree=self.agreed.append,
                left=self.speaker.left,
            ),
        )

    @classmethod
    def started(
        cls,
        opened: ExitStack,
        script: Path,
        folder: Path,
        lines: dict[str, str | Planned],
        *providers: Provider,
    ) -> "Abroad":
        """Start one that can ask these providers."""
        chores = opened.enter_context(Chores.started(script, folder, lines))
        return cls(chores, Speaker(), list(providers))

    @property
    def assistant(self) -> Assistant:
        return self.chores.assistant


def offer_of(ending: object) -> Offer:
    """Return what is offered; the ending has to be one that waits for an answer to it."""
    assert isinstance(ending, Paused), ending
    turn = ending.turn
    assert (turn.state, turn.waiting, ending.question) == ("waiting", None, None)
    assert turn.offer is not None
    assert turn.offer.state == "open"
    assert hashlib.sha256(turn.offer.body.encode()).hexdigest() == turn.offer.sha256
    return turn.offer
