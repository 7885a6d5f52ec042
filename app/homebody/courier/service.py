"""What the courier does with a request: a thread of its own, and an answer whatever happens.

The settings are read here, by the process that connects, so that no request can widen a rule.
"""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httpx2

from homebody.base.errors import CourierProblem, HomebodyError
from homebody.base.log import confess
from homebody.base.paths import Home
from homebody.courier import token
from homebody.courier.connections import Connections
from homebody.courier.download import fetch
from homebody.courier.hosts import Hosts
from homebody.courier.hub import list_files, search
from homebody.courier.passage import KeepsLedger, Stop
from homebody.messages.courier import (
    Cancel,
    Download,
    Downloaded,
    Downloading,
    Found,
    FromCourier,
    KeepToken,
    Listed,
    ListFiles,
    Search,
    ToCourier,
    TokenKept,
)
from homebody.messages.frames import Failed
from homebody.settings.file import load

if TYPE_CHECKING:
    from homebody.settings.declared import Settings

__all__ = ["Service"]


class Service:
    """Serves requests at the same time, each on a thread of its own."""

    def __init__(
        self,
        home: Home,
        ledger: KeepsLedger,
        send: Callable[[FromCourier], None],
        connections: Callable[[Hosts, KeepsLedger], Connections] = Connections,
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

    def _serve(self, request: Search | ListFiles | Download | KeepToken, stop: Stop) -> None:
        try:
            answer = self._answer(request, stop)
        except CourierProblem as problem:
            answer = _failed(request.id, problem)
        except httpx2.HTTPError as error:
            answer = _failed(
                request.id,
                CourierProblem(
                    f"The hub's answer cannot be understood ({type(error).__name__}).",
                    "Try again later.",
                    kind="hub",
                ),
            )
        except HomebodyError as problem:
            answer = _failed(request.id, problem)
        except Exception as error:  # noqa: BLE001  a bug, worded: the others' work goes on
            answer = _failed(request.id, confess(error))
        with self._lock:
            del self._running[request.id]
        self._send(answer)

    def _answer(
        self, request: Search | ListFiles | Download | KeepToken, stop: Stop
    ) -> FromCourier:
        if isinstance(request, KeepToken):
            return self._keep(request)
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
            raise CourierProblem(
                f"It cannot be written down that there is a token ({error.strerror}).",
                f"Make room in {self._mark.parent}, or make it writable.",
                kind="disk",
            ) from error
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
        """Return the way out, and the hub's address; by the settings as they were at first."""
        with self._lock:
            if self._connections is None or self._settings is None:
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
                        "Turn off Offline in the settings to search for models and fetch them.",
                        kind="offline",
                    )
                settings = loaded.settings
                self._connections = self._make_connections(
                    Hosts(settings.hub, settings.extra_hosts), self._ledger
                )
                self._settings = settings
            return self._connections, self._settings.hub.strip().rstrip("/")


def _failed(number: int, problem: HomebodyError) -> Failed:
    kind: Any = getattr(problem, "kind", "engine")
    return Failed(id=number, kind=kind, message=problem.message, hint=problem.hint)
