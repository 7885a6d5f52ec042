"""The library behind a window in tests: real shelf, queue and courier; cards are made up."""

import sys
import threading
import types
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import msgspec
import pytest

from homebody.base.paths import find_home
from homebody.courier import token
from homebody.courier.client import Courier, Porter
from homebody.courier.connections import Connections
from homebody.courier.hosts import ReleaseHost
from homebody.courier.passage import Stop
from homebody.courier.versions import ask_version
from homebody.library.downloads import Downloads
from homebody.library.fit import Memories, quick
from homebody.library.library import Library
from homebody.library.shelf import Shelf
from homebody.library.truth import Truth
from homebody.machine.gpus import Gpu, GpuReading
from homebody.messages.courier import CheckVersion, TokenKept, VersionFound
from homebody.messages.fit import FitPlan
from homebody.messages.frames import Loaded
from homebody.messages.shelf import ModelSettings
from homebody.privacy.ledger import Ledger
from homebody.settings.file import load

CARD = Gpu(
    index=0,
    name="NVIDIA GeForce RTX 4070",
    memory_total=12_878_000_000,
    memory_free=11_600_000_000,
)
NO_CARD = GpuReading(kind="none", problem="There is no graphics card of NVIDIA's.")
WITH_CARD = GpuReading(kind="ok", gpus=(CARD,), driver="580.95")


class Cards:
    """Says one reading, and waits for the end."""

    def __init__(self, reading: GpuReading) -> None:
        self.watched = True
        self._reading = reading
        self._end = threading.Event()

    def watch(self) -> Iterator[GpuReading]:
        yield self._reading
        self._end.wait(60)

    def close(self) -> None:
        self._end.set()


class Ring:
    """A keyring in place of the system's, which tests must not touch."""

    priority = 5.0
    kept: ClassVar[dict[tuple[str, str], str]] = {}
    locked = False

    def set_password(self, service: str, name: str, secret: str) -> None:
        self._may()
        self.kept[service, name] = secret

    def get_password(self, service: str, name: str) -> str | None:
        self._may()
        return self.kept.get((service, name))

    def delete_password(self, service: str, name: str) -> None:
        self._may()
        del self.kept[service, name]

    def _may(self) -> None:
        if self.locked:
            raise RuntimeError("locked")


def put_ring(monkeypatch: pytest.MonkeyPatch) -> type[Ring]:
    """Let this process have a keyring of its own, which is empty."""

    class Fresh(Ring):
        kept: ClassVar[dict[tuple[str, str], str]] = {}

    module = types.ModuleType("a_safe_keyring")
    vars(module)["Keyring"] = Fresh
    monkeypatch.setitem(sys.modules, "a_safe_keyring", module)
    places = {sys.platform: (("a_safe_keyring", "Keyring", "Test Keyring"),)}
    monkeypatch.setattr(token, "_SAFE", places)
    return Fresh


class RingCourier(Courier):
    """A courier whose keyring is that of this process: a child has no other than the system's."""

    def keep_token(self, given: str | None) -> TokenKept:
        mark = find_home().state / "token.kept"
        if given:
            token.keep(given, mark)
        elif given == "":
            token.forget(mark)
        return TokenKept(id=1, there=token.read(mark) is not None, place=token.place())


@dataclass
class RealBehind:
    """`presenter.needs.Behind`."""

    reading: GpuReading = NO_CARD
    said: Truth | None = None
    porter: Porter | None = None
    """Needed for what connects."""
    courier: type[Courier] = Courier
    measured: list[ModelSettings] = field(default_factory=list)
    fitted: list[str] = field(default_factory=list)
    opened: int = 0
    releases: str = ""

    def newest_version(self, *, offline: bool, agreed: str) -> VersionFound:
        """Ask for real, by the courier's own parts, in this process."""
        assert not offline
        home = find_home()
        host = self.releases.removeprefix("http://").partition("/")[0]
        way = Connections(ReleaseHost(self.releases, host), Ledger(home.ledger, home.ledger_head))
        return ask_version(way, self.releases, CheckVersion(id=1, agreed=agreed), Stop())

    def open_library(self) -> Library:
        self.opened += 1
        home = find_home()
        shelf = Shelf(home)
        courier = self.courier(self.porter or Porter(), offline=load(home).settings.offline)
        return Library(
            shelf=shelf,
            downloads=Downloads(courier, home.models, lambda path, sha256: None),
            hub=courier,
            fit=self.fit,
            measure=self.measure,
            read_gpus=lambda: self.reading,
        )

    def fit(self, path: Path, settings: ModelSettings) -> FitPlan:
        self.fitted.append(path.name)
        gpus = tuple((gpu.memory_free, gpu.memory_total) for gpu in self.reading.gpus)
        return quick(
            path,
            context=settings.context or 4096,
            gpu_layers=-1 if settings.gpu_layers is None else settings.gpu_layers,
            cache_type=settings.cache_type or "f16",
            machine=Memories(
                gpus=gpus, processor_free=11_200_000_000, processor_total=16_000_000_000
            ),
        )

    def measure(self, path: Path, settings: ModelSettings) -> FitPlan:
        self.measured.append(settings)
        return msgspec.structs.replace(self.fit(path, settings), measured=True)

    def watch_gpus(self) -> Cards:
        return Cards(self.reading)

    def truth(self, loaded: Loaded) -> Truth | None:
        del loaded
        return self.said
