"""How an engine takes its requests: in their order, and a stop at once."""

import queue

from homebody.messages.frames import Stop, ToEngine

__all__ = ["Mailbox"]


class Mailbox:
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
