"""The porter and the courier as the front end sees them.

The porter opens an address or a folder for the person, the courier fetches and asks. Methods may be
called from any thread but the keeper's own, and block: not on the window's thread.
"""

import contextlib
import itertools
import queue
import threading
import time
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any

from msgspec import Raw

from homebody.base.errors import BadInput, CourierProblem, EngineDied, HomebodyError
from homebody.base.log import log
from homebody.messages.courier import (
    Answered,
    AskElsewhere,
    Cancel,
    CheckVersion,
    Download,
    Downloaded,
    Downloading,
    Found,
    FromCourier,
    HubFile,
    HubListing,
    HubModel,
    KeepKey,
    KeepToken,
    KeyKept,
    Listed,
    ListFiles,
    ListModels,
    ModelsListed,
    Said,
    Search,
    ToCourier,
    TokenKept,
    VersionFound,
)
from homebody.messages.frames import (
    CourierEnded,
    EndCourier,
    Failed,
    FromPorter,
    Hello,
    OpenFile,
    OpenFolder,
    OpenLink,
    Sealed,
)
from homebody.wire.codec import BrokenFrame, Codec, UnknownFrame
from homebody.wire.death import Death
from homebody.wire.keeper import Keeper, Limits, child_command
from homebody.wire.surroundings import own_environment

__all__ = ["Courier", "Porter"]

_START_SECONDS = 10.0
_ANSWER_SECONDS = 15.0
_LOOK_SECONDS = 0.1
"""On Windows, Ctrl-C does not interrupt a wait without end; and somebody may want to stop."""
_BREAK_SECONDS = 1.0
"""That a courier has to write down how connections ended, before it is ended."""


_MORE = Downloading | Said
"""What more answers follow to the same request."""


class Porter:
    """One porter process. It is never started again: a later one would be locked as we are."""

    def __init__(self, command: Sequence[str] | None = None) -> None:
        self._keeper: Keeper[FromPorter] = Keeper(
            "porter",
            command or child_command("porter"),
            FromPorter,
            on_frame=self._on_frame,
            on_death=self._on_death,
            limits=Limits(crashes=1),
            # All of the person's own, unlike other children: it is passed on to their browser.
            environment=own_environment(),
        )
        self._ids = itertools.count(1)
        # Guards what follows.
        self._state = threading.Condition()
        self._answers: dict[int, queue.SimpleQueue[FromPorter | None]] = {}
        self._ended = False
        self._on_courier: Callable[[Sealed | CourierEnded | None], None] = lambda _frame: None

    def start(self) -> None:
        """Start the process; call it before `lock_front_end`. On return there is a process.

        It takes a few milliseconds: what the process then does by itself is not waited for. Never
        raises: where it could not be started, opening something says so.
        """
        self._keeper.start()
        deadline = time.monotonic() + _START_SECONDS
        while self._keeper.pid is None and not self._ended and time.monotonic() < deadline:
            # The keeper tells when the child greets, 20 times later than when it exists.
            time.sleep(0.0005)

    def close(self) -> None:
        """End the process; what it opened stays open. May be called twice."""
        self._end()
        self._keeper.end()

    @property
    def pid(self) -> int | None:
        """The process id, while there is a process."""
        return self._keeper.pid

    def open_link(self, url: str) -> None:
        """Open an address (http, https or mailto) with the person's own program.

        Raises `BadInput` for an address that is not opened for anybody, `HomebodyError` where
        nothing opens it.
        """
        self._ask(OpenLink(id=next(self._ids), url=url))

    def open_folder(self, path: Path) -> None:
        """Show a folder in the person's own file manager.

        Raises `BadInput` if it is not there, `HomebodyError` where nothing shows it.
        """
        self._ask(OpenFolder(id=next(self._ids), path=str(path)))

    def open_file(self, path: Path) -> None:
        """Open a file in the person's own program for its kind.

        Raises `BadInput` if it is not there, `HomebodyError` where nothing opens it.
        """
        self._ask(OpenFile(id=next(self._ids), path=str(path)))

    def listen(self, on_courier: Callable[[Sealed | CourierEnded | None], None]) -> None:
        """Call this with what comes from the courier, and with None when the porter has ended."""
        with self._state:
            self._on_courier = on_courier

    def hand_on(self, frame: Sealed | EndCourier) -> None:
        """Give the porter a frame for the courier. Raises `CourierProblem` if there is no porter.

        Returns at once; what comes back goes to whoever listens.
        """
        try:
            self._keeper.send(frame)
        except EngineDied:
            raise _no_way_out() from None

    def _ask(self, request: OpenLink | OpenFolder | OpenFile) -> None:
        answers: queue.SimpleQueue[FromPorter | None] = queue.SimpleQueue()
        with self._state:
            if self._ended:
                raise _gone()
            self._answers[request.id] = answers
        try:
            self._keeper.send(request)
            answer = answers.get(timeout=_ANSWER_SECONDS)
        except BrokenFrame as broken:
            raise BadInput(f"This cannot be opened: {broken}.") from None
        except (EngineDied, queue.Empty):
            raise _gone() from None
        finally:
            with self._state:
                del self._answers[request.id]
        if answer is None:
            raise _gone()
        if isinstance(answer, Failed):
            kind = BadInput if answer.kind == "bad_request" else HomebodyError
            raise kind(answer.message, answer.hint)

    # ------------------------------------------------------------------ on the keeper's threads

    def _on_frame(self, frame: FromPorter) -> None:
        assert not isinstance(frame, Hello)
        if isinstance(frame, Sealed | CourierEnded):
            self._on_courier(frame)
            return
        with self._state:
            answers = self._answers.get(getattr(frame, "id", 0))
        if answers is not None:
            answers.put(frame)

    def _on_death(self, _death: Death, _again: bool) -> None:
        self._end()

    def _end(self) -> None:
        with self._state:
            self._ended = True
            waiting = list(self._answers.values())
        for answers in waiting:
            answers.put(None)
        self._on_courier(None)


class Courier:
    """Searches, fetches and asks, through the courier: a process that lives while it is needed.

    Its methods raise `CourierProblem`; `offline` and `close` may be used while others wait, who
    are then told.
    """

    def __init__(self, porter: Porter, offline: bool = False, idle_seconds: float = 5.0) -> None:
        """Use a porter that was started. The courier ends after `idle_seconds` without work.

        While it has a key in its memory alone it does not end for that reason.
        """
        self._porter = porter
        self._idle_seconds = idle_seconds
        self._ids = itertools.count(1)
        self._incoming: Codec[FromCourier] = Codec(FromCourier)
        self._outgoing: Codec[ToCourier] = Codec(ToCourier)
        # Guards what follows, and that frames are handed on in the order in which it changes.
        self._state = threading.Condition()
        self._answers: dict[int, queue.SimpleQueue[FromCourier]] = {}
        self._breaking: set[int] = set()
        """Requests that were broken off, whose last answer is still to come."""
        self._started = False
        self._holding: set[str] = set()
        """Providers whose key is in the courier's memory alone."""
        self._offline, self._closed = offline, False
        self._idle: threading.Timer | None = None
        porter.listen(self._on_frame)

    @property
    def offline(self) -> bool:
        """Whether nothing may be connected. Setting it ends the courier's process."""
        return self._offline

    @offline.setter
    def offline(self, offline: bool) -> None:
        with self._state:
            self._offline = offline
        if offline:
            self._break_off()

    def search(self, words: str, limit: int = 30, *, agreed: str) -> tuple[HubModel, ...]:
        """Search the hub for GGUF models. `agreed`: what the person did, for the ledger."""
        request = Search(id=next(self._ids), words=words, limit=limit, agreed=agreed)
        answer = self._ask(request)
        assert isinstance(answer, Found)
        return answer.models

    def list_files(self, repo: str, revision: str = "main", *, agreed: str) -> HubListing:
        """List the GGUF files of a repository."""
        request = ListFiles(id=next(self._ids), repo=repo, revision=revision, agreed=agreed)
        answer = self._ask(request)
        assert isinstance(answer, Listed)
        return answer.listing

    def download(
        self, repo: str, commit: str, files: Sequence[HubFile], folder: Path, *, agreed: str
    ) -> Generator[Downloading | Downloaded, None, None]:
        """Fetch files; say how far it is, and at last where they are.

        Nothing is asked for before the first item is. Closing the iterator stops the download;
        what was fetched is kept, and continued by the next one.
        """
        request = Download(
            id=next(self._ids),
            repo=repo,
            commit=commit,
            files=tuple(files),
            folder=str(folder),
            agreed=agreed,
        )
        # By the protocol nothing else answers it.
        yield from self._answers_to(request)  # type: ignore[misc]

    def ask(
        self,
        provider: str,
        *,
        url: str,
        model: str,
        body: str,
        sha256: str,
        agreed: str,
        stopped: Callable[[], bool] = lambda: False,
    ) -> Generator[Said | Answered, None, None]:
        """Send exactly this body to a provider; return what it says as it comes, and its end.

        It is refused unless the person's list still says `url` and `model` for the provider, and
        the body has this hash. `agreed`: what the person did, for the ledger. Nothing is sent
        before the first item is asked for; closing the iterator stops it, and so does `stopped`,
        which is looked at while nothing comes.

        Raises `CourierProblem`. Its kinds: "refused" by our rules, because the offer has changed,
        or because the provider sends us elsewhere; "token" for a key that is wrong or missing;
        "busy" for a provider that wants fewer requests; "provider" for its trouble, its filter, a
        page, tool calls, too much; "connection", "stopped", "offline", "disk", "bad_request".
        """
        request = AskElsewhere(
            id=next(self._ids),
            provider=provider,
            url=url,
            model=model,
            body=body,
            sha256=sha256,
            agreed=agreed,
        )
        yield from self._answers_to(request, stopped)  # type: ignore[misc]

    def models(self, provider: str, *, agreed: str) -> tuple[str, ...]:
        """Ask a provider which models it has. Raises `CourierProblem` as `ask` does."""
        answer = self._ask(ListModels(id=next(self._ids), provider=provider, agreed=agreed))
        assert isinstance(answer, ModelsListed)
        return answer.models

    def newest_version(self, *, agreed: str) -> VersionFound:
        """Ask where this build's releases are announced which one is the newest.

        The address is the build's own. Raises `CourierProblem`: "refused" where it has none.
        """
        answer = self._ask(CheckVersion(id=next(self._ids), agreed=agreed))
        assert isinstance(answer, VersionFound)
        return answer

    def keep_key(self, provider: str, key: str | None, *, session: bool = False) -> KeyKept:
        """Keep the person's key for a provider in the system's keyring; "" forgets it, None looks.

        `session`: keep it in the courier's memory alone, until Homebody ends or goes offline. As
        for `keep_token`, nothing is connected. Raises `CourierProblem`: "bad_request" for what is
        no key, "token" where the keyring does not do it, "refused" where there is no such provider.
        """
        request = KeepKey(id=next(self._ids), provider=provider, key=key, session=session)
        answers = self._begin(request)
        try:
            answer = _good(_next(answers))
            assert isinstance(answer, KeyKept)
            with self._state:
                (self._holding.add if answer.session else self._holding.discard)(
                    provider.casefold()
                )
        finally:
            self._finish(request.id)
        return answer

    def keep_token(self, token: str | None) -> TokenKept:
        """Keep the person's token in the system's keyring; "" forgets it, None only looks.

        Nothing is connected for this, but it needs the courier's process all the same. Offline a
        token can be forgotten, and nothing else.
        """
        answer = self._ask(KeepToken(id=next(self._ids), token=token))
        assert isinstance(answer, TokenKept)
        return answer

    def close(self) -> None:
        """End the courier; the porter stays. May be called twice."""
        with self._state:
            self._closed = True
        self._break_off()

    # ------------------------------------------------------------------ asking

    def _ask(
        self, request: Search | ListFiles | ListModels | KeepToken | CheckVersion
    ) -> FromCourier:
        answers = self._begin(request)
        try:
            return _good(_next(answers))
        finally:
            self._finish(request.id)

    def _answers_to(
        self, request: Download | AskElsewhere, stopped: Callable[[], bool] = lambda: False
    ) -> Generator[FromCourier, None, None]:
        """Yield what comes, until the last of it. Closing the iterator stops the request."""
        answers = self._begin(request)
        done = False
        try:
            while not done:
                answer = _next(answers, stopped)
                done = not isinstance(answer, _MORE)
                yield _good(answer)
        finally:
            self._finish(request.id, stop=not done)

    def _begin(
        self,
        request: Search
        | ListFiles
        | Download
        | KeepToken
        | AskElsewhere
        | ListModels
        | KeepKey
        | CheckVersion,
    ) -> queue.SimpleQueue[FromCourier]:
        answers: queue.SimpleQueue[FromCourier] = queue.SimpleQueue()
        with self._state:
            # To forget a secret is a person's right offline too, and connects to nothing.
            forgets = (isinstance(request, KeepToken) and request.token == "") or (
                isinstance(request, KeepKey) and request.key == ""
            )
            if self._closed or (self._offline and not forgets):
                raise _good_bye(closed=self._closed)
            self._still()
            self._send(request)
            self._started = True
            self._answers[request.id] = answers
        return answers

    def _finish(self, number: int, *, stop: bool = False) -> None:
        """Wait for no more answers to a request."""
        with self._state:
            if self._answers.pop(number, None) is not None and stop and self._started:
                with contextlib.suppress(CourierProblem):
                    self._send(Cancel(id=number))
                    self._breaking.add(number)
            idle = self._started and not self._answers and not self._holding
            if idle and self._offline and not self._breaking:
                self._end_courier()
            elif idle and self._idle is None:
                self._idle = threading.Timer(self._idle_seconds, self._end_idle)
                self._idle.name = "courier idle"
                self._idle.daemon = True
                self._idle.start()

    def _send(self, frame: ToCourier) -> None:
        try:
            line = self._outgoing.encode(frame)
        except BrokenFrame as broken:
            raise CourierProblem(
                f"This cannot be asked for: {broken}.", kind="bad_request"
            ) from None
        self._porter.hand_on(Sealed(frame=Raw(line.rstrip(b"\n"))))

    def _still(self) -> None:
        """Do not end the courier for idleness now."""
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def _end_idle(self) -> None:
        with self._state:
            if threading.current_thread() is self._idle and not self._answers:
                self._idle = None
                self._end_courier()

    def _end_courier(self) -> None:
        if self._started:
            self._started = False
            self._holding.clear()
            self._breaking.clear()
            with contextlib.suppress(CourierProblem):
                self._porter.hand_on(EndCourier())

    def _break_off(self) -> None:
        """Tell those who wait, and end the courier when it has written down what it did."""
        with self._state:
            self._still()
            waiting, self._answers = self._answers, {}
            for number, answers in waiting.items():
                answers.put(_told(number, _good_bye(closed=self._closed)))
                if self._started:
                    self._breaking.add(number)
                    with contextlib.suppress(CourierProblem):
                        self._send(Cancel(id=number))
            self._state.wait_for(lambda: not self._breaking, timeout=_BREAK_SECONDS)
            self._breaking.clear()
            self._end_courier()

    # ------------------------------------------------------------------ on the keeper's threads

    def _on_frame(self, frame: Sealed | CourierEnded | None) -> None:
        if isinstance(frame, Sealed):
            try:
                answer = self._incoming.decode(bytes(frame.frame))
            except (BrokenFrame, UnknownFrame) as broken:
                log.warning("courier: %s", broken)
                return
            with self._state:
                answers = self._answers.get(answer.id)
                if not isinstance(answer, _MORE):
                    self._breaking.discard(answer.id)
                    self._state.notify_all()
            if answers is not None:
                answers.put(answer)
            return
        problem = _no_way_out()
        if frame is not None:
            problem = CourierProblem(frame.message, frame.hint)
        with self._state:
            waiting = dict(self._answers)
            self._breaking.clear()
            self._holding.clear()
            self._state.notify_all()
        for number, answers in waiting.items():
            answers.put(_told(number, problem))


def _next(
    answers: queue.SimpleQueue[FromCourier], stopped: Callable[[], bool] = lambda: False
) -> FromCourier:
    while not stopped():
        with contextlib.suppress(queue.Empty):
            return answers.get(timeout=_LOOK_SECONDS)
    raise CourierProblem("This was stopped.", kind="stopped")


def _good(answer: FromCourier) -> FromCourier:
    """Return an answer, or raise what went wrong."""
    if isinstance(answer, Failed):
        raise CourierProblem(answer.message, answer.hint, kind=answer.kind)
    return answer


def _told(number: int, problem: CourierProblem) -> Failed:
    kind: Any = problem.kind
    return Failed(id=number, kind=kind, message=problem.message, hint=problem.hint)


def _good_bye(*, closed: bool) -> CourierProblem:
    if closed:
        return CourierProblem("Homebody is about to end, so nothing is connected.", kind="stopped")
    return CourierProblem(
        "Nothing was connected: Homebody is offline.",
        "Turn off Offline in the settings, or start it without --offline, to search for models, to "
        "fetch them, to ask elsewhere, to keep a token or a key, and to look for a newer version.",
        kind="offline",
    )


def _no_way_out() -> CourierProblem:
    return CourierProblem(
        "Homebody cannot connect any more: the process that does so has ended, and a new one "
        "would not be allowed to.",
        "Start Homebody again.",
    )


def _gone() -> HomebodyError:
    return HomebodyError(
        "Homebody cannot open links and folders any more: the process that does so has ended, and "
        "a new one would not be allowed to connect.",
        "Start Homebody again, or copy the address.",
    )
