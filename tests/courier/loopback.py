"""A real HTTP server on this machine's loopback addresses, which counts every byte."""

import contextlib
import hashlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

PATIENCE = 30.0


@dataclass
class Seen:
    """One connection, from the server's side of the socket."""

    at: str
    request: bytes = b""
    came: int = 0
    went: int = 0
    finished: bool = False

    @property
    def path(self) -> str:
        return self.request.split(b" ", 2)[1].decode() if b" " in self.request else ""

    @property
    def headers(self) -> dict[str, str]:
        head = self.request.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]
        return {name.lower(): value for name, _, value in (line.partition(": ") for line in head)}

    @property
    def body(self) -> bytes:
        return self.request.partition(b"\r\n\r\n")[2]


class Line:
    """A connection that a server answers on."""

    def __init__(self, connection: socket.socket, seen: Seen, ended: threading.Event) -> None:
        self._connection, self._seen = connection, seen
        self.ended = ended

    def send(self, data: bytes) -> None:
        self._connection.sendall(data)
        self._seen.went += len(data)

    def tunnel(self, port: int) -> None:
        """Be a proxy: hand everything on to a port, and what comes back."""
        self.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with socket.create_connection(("127.0.0.1", port)) as there:
            back = threading.Thread(target=pump, args=(there, self._connection), daemon=True)
            back.start()
            pump(self._connection, there)
            back.join(PATIENCE)

    def stall(self, seconds: float = PATIENCE) -> None:
        """Say nothing until the other side leaves, or the server ends."""
        deadline = time.monotonic() + seconds
        self._connection.settimeout(0.02)
        while time.monotonic() < deadline and not self.ended.is_set():
            try:
                if not self._connection.recv(1):
                    return
            except TimeoutError:
                continue
            except OSError:
                return


def pump(source: socket.socket, to: socket.socket) -> None:
    """Hand on what comes, until it ends."""
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            to.sendall(data)
    with contextlib.suppress(OSError):
        to.shutdown(socket.SHUT_WR)


Answer = Callable[[Line, Seen], None]


def page(body: bytes = b"good", status: str = "200 OK", **headers: str) -> Answer:
    """Answer with a whole page."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    data = "\r\n".join(lines).encode() + b"\r\n\r\n" + body
    return lambda line, _seen: line.send(data)


def redirect(to: str, status: str = "302 Found") -> Answer:
    return page(b"elsewhere", status, Location=to)


@dataclass
class Loopback:
    """The server; `pages` by path, `other` for all others."""

    pages: dict[str, Answer] = field(default_factory=dict)
    other: Answer = field(default_factory=page)
    seen: list[Seen] = field(default_factory=list)
    port: int = 0
    address: str = "127.0.0.1"

    @property
    def url(self) -> str:
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"http://{host}:{self.port}"

    @property
    def host(self) -> str:
        return self.url.removeprefix("http://")

    def settled(self) -> list[Seen]:
        """Wait until no connection is open any more; return all there were."""
        deadline = time.monotonic() + PATIENCE
        while not all(seen.finished for seen in self.seen):
            assert time.monotonic() < deadline, "a connection stays open"
            time.sleep(0.002)
        return self.seen

    def _serve(self, connection: socket.socket, seen: Seen, ended: threading.Event) -> None:
        with connection:
            connection.settimeout(PATIENCE)
            # Whoever asks may leave at any moment.
            with contextlib.suppress(OSError):
                if self._read(connection, seen):
                    answer = self.pages.get(seen.path.partition("?")[0], self.other)
                    answer(Line(connection, seen, ended), seen)
                    # Not before the other side: what it has not read would be thrown away.
                    connection.shutdown(socket.SHUT_WR)
                    while more := connection.recv(65536):
                        seen.came += len(more)
        seen.finished = True

    def _read(self, connection: socket.socket, seen: Seen) -> bool:
        """Read a whole request."""
        missing = 1
        while missing > 0:
            data = connection.recv(65536)
            if not data:
                return False
            seen.came += len(data)
            seen.request += data
            head, mark, body = seen.request.partition(b"\r\n\r\n")
            if mark:
                length = int(seen.headers.get("content-length", "0"))
                missing = length - len(body)
                if not head.startswith((b"GET", b"POST", b"HEAD", b"CONNECT", b"PUT")):
                    return False
        return True

    @contextlib.contextmanager
    def running(self) -> Iterator["Loopback"]:
        """Serve for as long as this lasts."""
        ended = threading.Event()
        family = socket.AF_INET6 if ":" in self.address else socket.AF_INET
        with socket.create_server((self.address, self.port), family=family, backlog=128) as server:
            self.port = server.getsockname()[1]

            def accept() -> None:
                while True:
                    try:
                        connection, where = server.accept()
                    except OSError:
                        return
                    if ended.is_set():
                        connection.close()
                        return
                    seen = Seen(where[0])
                    self.seen.append(seen)
                    threading.Thread(
                        target=self._serve, args=(connection, seen, ended), daemon=True
                    ).start()

            thread = threading.Thread(target=accept, daemon=True)
            thread.start()
            try:
                yield self
            finally:
                ended.set()
                # Closing the socket alone would not wake who waits on it.
                with contextlib.suppress(OSError):
                    socket.create_connection((self.address, self.port), timeout=5).close()
                thread.join(5)


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
