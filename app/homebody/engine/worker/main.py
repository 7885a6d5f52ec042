"""The engine's process: takes frames, serves them one after another, never opens a socket.

One thread reads requests (and heeds `stop` at once), one beats, the main thread computes.
"""

import queue
from collections.abc import Callable

from homebody import __version__
from homebody.messages.frames import Stop, ToEngine
from homebody.wire.child import ChildWire, take_wire

__all__ = ["main"]


class _Mailbox:
    """Requests in their order; a stop overtakes them."""

    def __init__(self) -> None:
        self._requests: queue.SimpleQueue[ToEngine] = queue.SimpleQueue()
        self._stopped: set[int] = set()

    def put(self, request: ToEngine) -> None:
        """Take a request. Runs on the reading thread."""
        if isinstance(request, Stop):
            self._stopped.add(request.id)
        else:
            self._requests.put(request)

    def get(self) -> ToEngine:
        """Wait for the next request. Runs on the main thread."""
        return self._requests.get()

    def stopped(self, request: int) -> bool:
        """Say whether a request was called off. Runs on the main thread."""
        return request in self._stopped

    def done(self, request: int) -> None:
        """Forget that a request was called off."""
        self._stopped.discard(request)


def main(parent: int, lock: Callable[[], tuple[str, ...]]) -> None:
    """Run the engine until the front end closes the pipe.

    `lock` takes from this process all that it does not need, and names what holds.
    """
    requests, frames = take_wire(parent)
    # Before any thread starts, and before any code reads a model file.
    locks = lock()
    wire: ChildWire[ToEngine] = ChildWire(requests, frames, ToEngine)
    mailbox = _Mailbox()
    wire.serve("engine", mailbox.put, locks=locks, version=__version__)
    # Most of the engine's start; the front end has had its greeting and sends the load meanwhile.
    from homebody.engine.worker.service import Service

    service = Service(wire.send, mailbox.stopped)
    while True:
        request = mailbox.get()
        service.serve(request)
        mailbox.done(request.id)
