"""What stands behind the page of privacy in tests: real files, a real courier, a real store.

Only the keyring is made up: a child process would reach for that of the system.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from homebody.assistant.session import Session
from homebody.base.errors import CourierProblem
from homebody.base.log import end_log
from homebody.base.paths import find_home
from homebody.courier.client import Courier, Porter
from homebody.messages.courier import KeyKept, Purpose, TokenKept
from homebody.messages.providers import Provider
from homebody.privacy.erasing import Erased, erase_profile
from homebody.privacy.ledger import Ledger
from homebody.settings.file import load
from homebody.settings.providers import add_provider
from homebody.ui.presenter.privacy_files import PrivacyFiles

PLACE = "Test Keyring"


class RingCourier(Courier):
    """A courier that connects for real, and keeps keys in a drawer of this test."""

    drawer: dict[str, str]
    place = PLACE
    refuses = ""

    def keep_key(self, provider: str, key: str | None, *, session: bool = False) -> KeyKept:
        drawer = self.__dict__.setdefault("drawer", {})
        if self.refuses:
            raise CourierProblem(self.refuses, "Unlock it, then try again.", kind="token")
        if key is None and self.offline:
            raise CourierProblem("Homebody is offline.", kind="offline")
        if key == "":
            drawer.pop(provider, None)
        elif key is not None:
            drawer[provider] = key
        return KeyKept(id=1, there=provider in drawer, place=self.place, session=session)

    def keep_token(self, token: str | None) -> TokenKept:
        self.__dict__.setdefault("tokens", []).append(token)
        return TokenKept(id=1, there=False, place=self.place)


@dataclass
class RealPrivacy:
    """`presenter.needs.BehindPrivacy`."""

    porter: Porter
    courier: RingCourier = field(init=False)
    session: Callable[[], Session] = field(init=False)
    end: Callable[[], None] = lambda: None

    def __post_init__(self) -> None:
        self.courier = RingCourier(self.porter, offline=load(find_home()).settings.offline)

    def open_privacy(self) -> PrivacyFiles:
        return PrivacyFiles(find_home(), self.courier, self.session().saved)

    def erase(self, keep_models: bool, keys: tuple[str, ...]) -> Erased:
        self.courier.close()
        self.end()
        end_log()
        return erase_profile(find_home(), keep_models=keep_models, keys=keys)


@contextmanager
def real_privacy() -> Iterator[RealPrivacy]:
    porter = Porter()
    porter.start()
    behind = RealPrivacy(porter)
    try:
        yield behind
    finally:
        behind.courier.close()
        porter.close()


def provider(name: str = "Mistral", **more: object) -> Provider:
    given = {"url": "https://api.mistral.ai/v1", "model": "small-1", **more}
    return Provider(name=name, **given)


def add(*providers: Provider) -> None:
    for each in providers:
        add_provider(find_home(), each)


def write_ledger(count: int = 1, **different: object) -> int:
    """Write connections as the courier does; return the number of the last one."""
    home = find_home()
    ledger, number = Ledger(home.ledger, home.ledger_head), 0
    purpose: Purpose = "search"
    fields = {
        "purpose": purpose,
        "agreed": "pressed Enter in the search",
        "method": "GET",
        "host": "huggingface.co",
        "port": 443,
        "path": "/api/models",
        "address": "192.0.2.1",
        "proxy": None,
        "bytes_out": 412,
        "bytes_in": 5_000,
        "body_sha256": None,
        "status": 200,
        "problem": "",
        **different,
    }
    ends = ("bytes_out", "bytes_in", "body_sha256", "status", "problem")
    for _ in range(count):
        number = ledger.opened(**{k: v for k, v in fields.items() if k not in ends})  # type: ignore[arg-type]
        if fields["bytes_out"] is not None:
            ledger.closed(number, **{k: fields[k] for k in ends})  # type: ignore[arg-type]
    return number
