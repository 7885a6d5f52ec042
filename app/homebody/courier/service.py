"""What the courier does with a request: a thread of its own, and an answer whatever happens.

The settings, the list of providers, the keys and what this build says of itself are read here, by
the process that connects, so that no request can widen a rule. What was agreed to is a hash and an
address: both are looked at before anything else.
"""

import hashlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2

from homebody.base.errors import CourierProblem, HomebodyError
from homebody.base.log import confess
from homebody.base.paths import Home
from homebody.base.release import read_release
from homebody.courier import token
from homebody.courier.asking import ask, list_models
from homebody.courier.connections import Connections
from homebody.courier.download import fetch
from homebody.courier.hosts import Hosts, ProviderHost, ReleaseHost, Rules
from homebody.courier.hub import list_files, search
from homebody.courier.passage import KeepsLedger, Stop
from homebody.courier.versions import ask_version
from homebody.messages.courier import (
    AskElsewhere,
    Cancel,
    CheckVersion,
    Download,
    Downloaded,
    Downloading,
    Found,
    FromCourier,
    KeepKey,
    KeepToken,
    KeyKept,
    Listed,
    ListFiles,
    ListModels,
    Search,
    ToCourier,
    TokenKept,
    VersionFound,
)
from homebody.messages.frames import Failed
from homebody.messages.providers import Provider
from homebody.settings.file import load
from homebody.settings.providers import find_provider

if TYPE_CHECKING:
    from homebody.settings.declared import Settings

__all__ = ["Service"]

_Request = (
    Search | ListFiles | Download | KeepToken | AskElsewhere | ListModels | KeepKey | CheckVersion
)


class Service:
    """Serves requests at the same time, each on a thread of its own."""

    def __init__(
        self,
        home: Home,
        ledger: KeepsLedger,
        send: Callable[[FromCourier], None],
        connections: Callable[[Rules, KeepsLedger], Connections] = Connections,
    ) -> None:
        """Begin to serve. `send` is called from any of the threads."""
        self._home, self._ledger, self._send = home, ledger, send
        self._make_connections = connections
        self._mark = home.state / "token.kept"
        # Guards what follows.
        self._lock = threading.Lock()
        self._running: dict[int, Stop] = {}
        self._settings: Settings | None = None
        self._connections: Connections | None = None
        self._keys: dict[str, tuple[str, str]] = {}
        """Host and key by a provider's name, until this process ends; in no file."""

    def receive(self, request: ToCourier) -> None:
        """Take a request. Returns at once."""
        if isinstance(request, Cancel):
            with self._lock:
                stop = self._running.get(request.id)
            if stop is not None:
                stop.ask()
            return
        stop = Stop()
        with self._lock:
            self._running[request.id] = stop
        threading.Thread(
            target=self._serve,
            args=(request, stop),
            name=f"errand {request.id}",
            daemon=True,
        ).start()

    def _serve(self, request: _Request, stop: Stop) -> None:
        try:
            answer = self._answer(request, stop)
        except CourierProblem as problem:
            answer = _failed(request.id, problem)
        except httpx2.HTTPError as error:
            answer = _failed(
                request.id,
                CourierProblem(
                    f"The answer cannot be understood ({type(error).__name__}).",
                    "Try again later.",
                    kind="provider" if isinstance(request, AskElsewhere | ListModels) else "hub",
                ),
            )
        except HomebodyError as problem:
            answer = _failed(request.id, problem)
        except Exception as error:  # noqa: BLE001  a bug, worded: the others' work goes on
            answer = _failed(request.id, confess(error))
        with self._lock:
            del self._running[request.id]
        self._send(answer)

    def _answer(self, request: _Request, stop: Stop) -> FromCourier:
        match request:
            case KeepToken():
                return self._keep(request)
            case KeepKey():
                return self._keep_key(request)
            case AskElsewhere():
                provider = self._agreed(request)
                way = self._way_to(provider)
                return ask(way, provider, request, self._key(provider), stop, self._send)
            case ListModels():
                provider = self._provider(request.provider)
                way = self._way_to(provider)
                return list_models(way, provider, request, self._key(provider), stop)
            case CheckVersion():
                return self._check_version(request, stop)
            case _:
                return self._fetched(request, stop)

    # ------------------------------------------------------------------ of the hub

    def _fetched(self, request: Search | ListFiles | Download, stop: Stop) -> FromCourier:
        connections, hub = self._begin()
        match request:
            case Search():
                with connections.client("search", request.agreed, stop) as client:
                    models = search(client, hub, request.words, request.limit, self._token())
                return Found(id=request.id, models=models)
            case ListFiles():
                with connections.client("list", request.agreed, stop) as client:
                    listing = list_files(client, hub, request.repo, request.revision, self._token())
                return Listed(id=request.id, listing=listing)
            case Download():
                with connections.client("download", request.agreed, stop) as client:
                    paths = fetch(
                        request,
                        client,
                        hub,
                        self._token(),
                        lambda *progress: self._tell(request.id, *progress),
                        lambda: stop.asked,
                    )
                return Downloaded(id=request.id, paths=tuple(str(path) for path in paths))

    def _token(self) -> str | None:
        return token.read(self._mark)

    def _keep(self, request: KeepToken) -> TokenKept:
        """Keep a token, forget it, or only look."""
        try:
            if request.token:
                token.keep(request.token, self._mark)
            elif request.token == "":
                token.forget(self._mark)
        except OSError as error:
            raise _not_marked("token", self._mark, error) from error
        return TokenKept(id=request.id, there=self._token() is not None, place=token.place())

    def _tell(
        self, number: int, done: int, total: int, bytes_per_second: float | None, verifying: Any
    ) -> None:
        self._send(
            Downloading(
                id=number,
                done=done,
                total=total,
                bytes_per_second=bytes_per_second,
                verifying=bool(verifying),
            )
        )

    def _begin(self) -> tuple[Connections, str]:
        """Return the way to the hub, and its address; by the settings as they were at first."""
        settings = self._online()
        with self._lock:
            if self._connections is None:
                self._connections = self._make_connections(
                    Hosts(settings.hub, settings.extra_hosts), self._ledger
                )
            return self._connections, settings.hub.strip().rstrip("/")

    def _online(self) -> "Settings":
        """Return the settings, which were read at the first request.

        Raises `CourierProblem` unless they say that something may be connected.
        """
        with self._lock:
            if self._settings is None:
                loaded = load(self._home)
                if loaded.problems:
                    # What cannot be read may have said "offline".
                    raise CourierProblem(
                        f"Nothing was connected: the settings cannot be used as they are. "
                        f"{loaded.problems[0]}",
                        "Mend settings.toml; until then Homebody connects to nothing.",
                        kind="refused",
                    )
                if loaded.settings.offline:
                    raise CourierProblem(
                        "Nothing was connected: Homebody is set to stay offline.",
                        "Turn off Offline in the settings to search for models, to fetch them, and "
                        "to ask elsewhere.",
                        kind="offline",
                    )
                self._settings = loaded.settings
            return self._settings

    # ------------------------------------------------------------------ of this build

    def _check_version(self, request: CheckVersion, stop: Stop) -> VersionFound:
        """Ask the address that this build was made with, and no other."""
        settings = self._online()
        url = read_release().releases.strip()
        if not url:
            raise CourierProblem(
                "This build does not know where newer versions are announced.",
                "Look where you got it.",
                kind="refused",
            )
        way = self._make_connections(ReleaseHost(url, settings.extra_hosts), self._ledger)
        return ask_version(way, url, request, stop)

    # ------------------------------------------------------------------ of providers

    def _agreed(self, request: AskElsewhere) -> Provider:
        """Return the provider, if the request is what the person said yes to."""
        if hashlib.sha256(request.body.encode()).hexdigest() != request.sha256:
            raise CourierProblem(
                "Nothing was sent: these are not the words that you agreed to.",
                "Look at them again, and say yes to what is there.",
                kind="refused",
            )
        provider = self._provider(request.provider)
        if not provider.model:
            raise CourierProblem(
                f"Nothing was sent: no model was chosen at {provider.name} yet.",
                f"`homebody providers models {provider.name}` lists what it has.",
                kind="refused",
            )
        if (provider.url, provider.model) != (request.url, request.model):
            raise CourierProblem(
                f"Nothing was sent: you agreed to ask {request.model} at {request.url}, and your "
                f"list says {provider.model} at {provider.url} now.",
                "Look at it again, and say yes to what is there.",
                kind="refused",
            )
        return provider

    def _provider(self, name: str) -> Provider:
        """Return one of the person's list, as it is now."""
        try:
            return find_provider(self._home, name)
        except HomebodyError as problem:
            raise CourierProblem(
                f"Nothing was connected. {problem.message}", problem.hint, kind="refused"
            ) from problem

    def _way_to(self, provider: Provider) -> Connections:
        self._online()
        return self._make_connections(ProviderHost(provider), self._ledger)

    def _key(self, provider: Provider) -> str | None:
        """Return the key for this provider's host, if there is one."""
        host = _bound_to(provider)
        with self._lock:
            bound, key = self._keys.get(provider.name.casefold(), ("", ""))
        if bound == host:
            return key
        return token.read(self._key_mark(provider.name), _key_name(provider.name), host)

    def _keep_key(self, request: KeepKey) -> KeyKept:
        """Keep a key, forget it, or only look."""
        name, mark = request.provider, self._key_mark(request.provider)
        folded = name.casefold()
        try:
            if request.key == "":
                with self._lock:
                    self._keys.pop(folded, None)
                token.forget(mark, _key_name(name))
            elif request.key is not None:
                host = _bound_to(self._provider(name))
                if request.session:
                    key = token.checked_key(request.key)
                    with self._lock:
                        self._keys[folded] = (host, key)
                else:
                    token.keep(request.key, mark, _key_name(name), host)
                    with self._lock:
                        self._keys.pop(folded, None)
        except OSError as error:
            raise _not_marked("key", mark, error) from error
        provider = None if request.key == "" else self._provider(name)
        there = provider is not None and self._key(provider) is not None
        with self._lock:
            held = self._keys.get(folded)
        session = provider is not None and held is not None and held[0] == _bound_to(provider)
        return KeyKept(id=request.id, there=there, place=token.place(), session=session)

    def _key_mark(self, name: str) -> Path:
        """Return the file that says that there is a key; a name may hold what no file's may."""
        digest = hashlib.sha256(name.casefold().encode()).hexdigest()
        return self._home.state / f"key-{digest[:16]}.kept"


def _key_name(name: str) -> str:
    return f"provider:{name.casefold()}"


def _bound_to(provider: Provider) -> str:
    """Return what a key is for: nobody else gets it, whatever the list says later."""
    home = ProviderHost(provider).home
    return f"{home.scheme}://{home}"


def _not_marked(what: str, mark: Path, error: OSError) -> CourierProblem:
    return CourierProblem(
        f"It cannot be written down that there is a {what} ({error.strerror}).",
        f"Make room in {mark.parent}, or make it writable.",
        kind="disk",
    )


def _failed(number: int, problem: HomebodyError) -> Failed:
    kind: Any = getattr(problem, "kind", "engine")
    return Failed(id=number, kind=kind, message=problem.message, hint=problem.hint)
