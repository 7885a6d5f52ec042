"""One HTTP request's way out of this machine: written down, to an address that was checked.

The ledger's line is on the disk before the first packet. What HTTP writes and reads is counted
here, inside TLS, so that the ledger says what was sent and not how it was wrapped.
"""

import contextlib
import errno
import math
import os
import queue
import selectors
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, Protocol

import httpcore2
from msgspec import Struct

from homebody.base.errors import CourierProblem
from homebody.messages.courier import Purpose

__all__ = [
    "Counts",
    "KeepsLedger",
    "Passage",
    "Patience",
    "Resolve",
    "Stop",
    "Way",
    "look_up",
]

CONNECT_SECONDS: Final = 10.0
READ_SECONDS: Final = 30.0
"""Without a byte."""
HEAD_SECONDS: Final = 60.0
"""From the connection until it is known what the other side answers."""
_LOOK_SECONDS: Final = 0.05
"""How often somebody who waits looks whether to stop."""
_PENDING: Final = frozenset({errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EAGAIN, 10035})
"""A connection that is under way; the last one is Windows' own."""


class KeepsLedger(Protocol):
    """Writes down what leaves this machine: `privacy.ledger.Ledger`."""

    def opened(
        self,
        *,
        purpose: Purpose,
        agreed: str,
        method: str,
        host: str,
        port: int,
        path: str,
        address: str,
        proxy: str | None,
    ) -> int:
        """Write that a connection is about to be made; return the line's number."""

    def closed(
        self,
        opened: int,
        *,
        bytes_out: int,
        bytes_in: int,
        body_sha256: str | None,
        status: int | None,
        problem: str,
    ) -> None:
        """Write how it ended."""


class Stop:
    """Whether somebody asked to stop, and what is broken off then. Any thread may ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked = False
        self._ways: set[Callable[[], None]] = set()

    @property
    def asked(self) -> bool:
        """Whether somebody asked."""
        return self._asked

    def ask(self) -> None:
        """Ask; what waits for the other side ends at once, with `CourierProblem` ("stopped")."""
        with self._lock:
            self._asked = True
            ways, self._ways = self._ways, set()
        for way in ways:
            way()

    def check(self) -> None:
        """Raise `CourierProblem` ("stopped") if somebody asked."""
        if self._asked:
            raise CourierProblem("This was stopped.", kind="stopped")

    def call(self, way: Callable[[], None]) -> None:
        """Call `way` when somebody asks, at once if that was before."""
        with self._lock:
            if not self._asked:
                self._ways.add(way)
                return
        way()

    def leave(self, way: Callable[[], None]) -> None:
        """Call it no more."""
        with self._lock:
            self._ways.discard(way)


Resolve = Callable[[str, int, Stop], Sequence[str]]
"""Finds a host's addresses, in digits, the best first. Raises `CourierProblem` ("connection")."""


def look_up(host: str, port: int, stop: Stop) -> Sequence[str]:
    """Ask the system for a host's addresses. It can't be hurried, so a thread waits for it."""
    answers: queue.SimpleQueue[list[Any] | OSError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(
                # Bytes, because Python would first read a text by the rules of older names.
                socket.getaddrinfo(host.encode("ascii"), port, type=socket.SOCK_STREAM)
            )
        except (OSError, UnicodeError) as error:
            answers.put(error if isinstance(error, OSError) else OSError(str(error)))

    threading.Thread(target=ask, name="look up", daemon=True).start()
    deadline = time.monotonic() + CONNECT_SECONDS
    while time.monotonic() < deadline:
        stop.check()
        try:
            answer = answers.get(timeout=_LOOK_SECONDS)
        except queue.Empty:
            continue
        if isinstance(answer, OSError):
            break
        return tuple(dict.fromkeys(str(found[4][0]) for found in answer))
    raise CourierProblem(
        f"{host} was not found: there is no such host, or no connection to the internet.",
        "Look at your connection, and try again.",
    )


class Way(Struct, frozen=True, kw_only=True):
    """What the ledger says of a request before it is sent."""

    purpose: Purpose
    agreed: str
    method: str
    host: str
    port: int
    path: str
    proxy: str | None


class Patience:
    """How long the other side may take. One thread, for one connection at a time."""

    def __init__(
        self, read_seconds: float | None = None, head_seconds: float | None = None
    ) -> None:
        """Wait so long without a byte, and from the connection until an answer's head is here."""
        self.read_seconds = READ_SECONDS if read_seconds is None else read_seconds
        self._head_seconds = HEAD_SECONDS if head_seconds is None else head_seconds
        self._due, self._why = math.inf, ""

    def begin(self) -> None:
        """There is a connection now."""
        seconds = self._head_seconds
        self.until(time.monotonic() + seconds, f"it did not answer within {seconds:.0f} seconds")

    def until(self, when: float, why: str) -> None:
        """Wait until then (`time.monotonic`) and no longer; `why` says what was waited for."""
        self._due, self._why = when, why

    @property
    def left(self) -> float:
        """Seconds that the next byte may take; none or fewer: it is too late."""
        return min(self.read_seconds, self._due - time.monotonic())

    def late(self) -> str:
        """Say what did not come in time."""
        if time.monotonic() >= self._due:
            return self._why
        return f"nothing came for {self.read_seconds:.0f} seconds"


class Counts:
    """Bytes so far."""

    def __init__(self) -> None:
        self.out = 0
        self.came = 0


class Passage(httpcore2.NetworkBackend):
    """Connects once, for one request, to one of these addresses; `finish` closes its entry."""

    def __init__(
        self,
        way: Way,
        addresses: Sequence[str],
        ledger: KeepsLedger,
        stop: Stop,
        patience: Patience,
    ) -> None:
        self._way, self._addresses = way, addresses
        self._ledger, self._stop, self._patience = ledger, stop, patience
        self.counts = Counts()
        self._number: int | None = None

    def answered(self) -> None:
        """The answer's head is here; its body may take longer."""
        self._patience.until(math.inf, "")

    def finish(self, *, body_sha256: str | None, status: int | None, problem: str) -> None:
        """Write how the connection ended, if there was one. The second time nothing is done."""
        number, self._number = self._number, None
        if number is not None:
            self._ledger.closed(
                number,
                bytes_out=self.counts.out,
                bytes_in=self.counts.came,
                body_sha256=body_sha256,
                status=status,
                problem=problem,
            )

    def connect_tcp(
        self,
        host: str,  # noqa: ARG002  the address was found, and checked, before
        port: int,
        timeout: float | None = None,  # noqa: ARG002  ours holds
        local_address: str | None = None,  # noqa: ARG002
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002
    ) -> httpcore2.NetworkStream:
        """Connect to the first address that answers; each attempt is an entry of its own."""
        deadline = time.monotonic() + CONNECT_SECONDS
        problem = _unreachable(self._way, OSError("it has no address"))
        for place, address in enumerate(self._addresses, 1):
            self._stop.check()
            left = deadline - time.monotonic()
            # A host with a dead address should not use up all of the time on it.
            seconds = left if place == len(self._addresses) else left / 2
            self._number = self._ledger.opened(address=address, **_fields(self._way))
            try:
                connected = _dial(address, port, seconds, self._stop)
            except OSError as error:
                problem = _unreachable(self._way, error)
                self.finish(body_sha256=None, status=None, problem=problem.message)
            else:
                self._patience.begin()
                return _Stream(connected, self._way.host, self.counts, self._stop, self._patience)
        raise problem


def _fields(way: Way) -> dict[str, Any]:
    return {name: getattr(way, name) for name in way.__struct_fields__}


def _unreachable(way: Way, error: OSError) -> CourierProblem:
    name = f"the proxy {way.proxy}" if way.proxy else way.host
    why = "it did not answer in time" if isinstance(error, TimeoutError) else _cause(error)
    return CourierProblem(
        f"{name[0].upper() if way.proxy else name[0]}{name[1:]} cannot be reached: {why}.",
        "Look at your connection, and try again.",
    )


def _cause(error: OSError) -> str:
    text = error.strerror or str(error) or type(error).__name__
    return text[:1].lower() + text[1:]


def _dial(address: str, port: int, seconds: float, stop: Stop) -> socket.socket:
    """Open a connection. Raises OSError, or `CourierProblem` when somebody asks to stop."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    dialled = socket.socket(family, socket.SOCK_STREAM)
    try:
        dialled.setblocking(False)
        problem = dialled.connect_ex((address, port))
        if problem in _PENDING:
            problem = _wait_for(dialled, seconds, stop)
        _check(problem)
        dialled.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except BaseException:
        dialled.close()
        raise
    return dialled


def _check(problem: int) -> None:
    """Raise OSError unless a system's error number says that all is well."""
    if problem == errno.ETIMEDOUT:
        raise TimeoutError(problem, os.strerror(problem))
    if problem:
        text = os.strerror(problem)
        if sys.platform == "win32":
            import ctypes

            text = ctypes.FormatError(problem)
        raise OSError(problem, text)


def _wait_for(dialled: socket.socket, seconds: float, stop: Stop) -> int:
    """Wait until it is known how a connection turns out; return the system's error number."""
    deadline = time.monotonic() + seconds
    with selectors.DefaultSelector() as selector:
        selector.register(dialled, selectors.EVENT_WRITE)
        while not selector.select(_LOOK_SECONDS):
            stop.check()
            if time.monotonic() > deadline:
                return errno.ETIMEDOUT
    return dialled.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)


class _Stream(httpcore2.NetworkStream):
    """A connection whose bytes are counted, and that ends at once when somebody asks to stop."""

    def __init__(
        self,
        connected: socket.socket,
        host: str,
        counts: Counts,
        stop: Stop,
        patience: Patience,
    ) -> None:
        self._socket, self._host = connected, host
        self._counts, self._stop, self._patience = counts, stop, patience
        # A second handle on the same connection: the first one is in use by whoever waits on it.
        handle = connected.dup()

        def break_off() -> None:
            with contextlib.suppress(OSError):
                handle.shutdown(socket.SHUT_RDWR)

        def let_go() -> None:
            stop.leave(break_off)
            handle.close()

        self._let_go = let_go
        stop.call(break_off)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        with self._said("broke off"):
            left = self._patience.left
            if left <= 0:
                raise TimeoutError
            self._socket.settimeout(left)
            came = self._socket.recv(max_bytes)
        self._counts.came += len(came)
        return came

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        # Counted first: where it breaks off, the ledger says too much rather than too little.
        self._counts.out += len(buffer)
        self._socket.settimeout(READ_SECONDS)
        try:
            self._socket.sendall(buffer)
        except OSError as error:
            self._stop.check()
            # The other side may have answered before it had read everything: that is read then.
            raise httpcore2.WriteError(_cause(error)) from error

    def close(self) -> None:
        self._let_go()
        self._socket.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore2.NetworkStream:
        try:
            with self._said("could not be made safe"):
                self._socket.settimeout(CONNECT_SECONDS)
                self._socket = ssl_context.wrap_socket(
                    self._socket, server_hostname=server_hostname
                )
        except BaseException:
            self.close()
            raise
        return self

    def get_extra_info(self, info: str) -> Any:
        return self._socket if info == "ssl_object" and self._is_safe() else None

    def _is_safe(self) -> bool:
        return isinstance(self._socket, ssl.SSLSocket)

    @contextlib.contextmanager
    def _said(self, what: str) -> Iterator[None]:
        """Turn what the system says into a sentence."""
        try:
            yield
        except ssl.SSLCertVerificationError as error:
            self._stop.check()
            raise CourierProblem(
                f"{self._host} could not prove that it is {self._host}: {error.verify_message}. "
                "Nothing was sent.",
                "Somebody on the way may read what is sent, such as a proxy of your company: its "
                "certificate then has to be known to this system. Is this machine's clock right?",
            ) from error
        except OSError as error:
            self._stop.check()
            why = self._patience.late() if isinstance(error, TimeoutError) else _cause(error)
            raise CourierProblem(
                f"The connection to {self._host} {what}: {why}.", "Try again."
            ) from error
        self._stop.check()
