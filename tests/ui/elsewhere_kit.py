"""A window that can ask elsewhere, in tests: the real porter, courier, ledger, and a provider."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from homebody.assistant.elsewhere import Elsewhere, bytes_left
from homebody.assistant.session import Session
from homebody.assistant.turn import Assistant
from homebody.base.clock import now
from homebody.base.paths import find_home
from homebody.courier.client import Courier, Porter
from homebody.library.shelf import ShelvedModel
from homebody.messages.providers import Provider
from homebody.privacy.redaction import Redactor
from homebody.settings.declared import Settings
from homebody.settings.providers import add_provider, agree, load_providers
from homebody.store.store import Store
from provider_server import ProviderServer


@dataclass
class Reaching:
    """What a test gives a window: whom it can ask, and how that gets there."""

    courier: Courier
    server: ProviderServer
    redactor: Callable[[], Redactor] = field(default=Redactor)

    def add(self, name: str = "Box", model: str = "large-1") -> None:
        """Let the person have this server on their list."""
        add_provider(find_home(), Provider(name=name, url=self.server.url, model=model, mine=True))

    def fit(self, session: Session) -> Session:
        """Let a session ask elsewhere."""
        home = find_home()
        elsewhere = Elsewhere(
            providers=partial(load_providers, home),
            redactor=self.redactor,
            send=self.courier.ask,
            offline=lambda: self.courier.offline,
            agree=lambda name: agree(home, name, now().isoformat()),
            left=partial(bytes_left, home.ledger),
        )

        def assistant(store: Store, model: ShelvedModel, settings: Settings) -> Assistant:
            del model, settings
            return Assistant(store, session.engine, elsewhere=elsewhere)

        parts = session.parts
        session.parts = type(parts)(
            find_model=parts.find_model,
            load_request=parts.load_request,
            prepare=parts.prepare,
            assistant=assistant,
        )
        session.assistant = session.assistant_for(session.store)
        return session


@contextmanager
def reaching(reply: str = "It says: {echo}") -> Iterator[Reaching]:
    """Start a provider, a porter and a courier; the provider is on the person's list."""
    with ProviderServer(reply) as server:
        porter = Porter()
        porter.start()
        courier = Courier(porter)
        try:
            made = Reaching(courier, server)
            made.add()
            yield made
        finally:
            courier.close()
            porter.close()
