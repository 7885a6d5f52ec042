"""The engine's process: takes frames, serves them one after another, never opens a socket.

One thread reads requests (and heeds `stop` at once), one beats, the main thread computes.
"""

from collections.abc import Callable

from homebody import __version__
from homebody.engine.mailbox import Mailbox
from homebody.messages.frames import ToEngine
from homebody.wire.child import ChildWire, take_wire

__all__ = ["main"]


def main(parent: int, lock: Callable[[], tuple[str, ...]]) -> None:
    """Run the engine until the front end closes the pipe.

    `lock` takes from this process all that it does not need, and names what holds.
    """
    requests, frames = take_wire(parent)
    # Before any thread starts, and before any code reads a model file.
    locks = lock()
    wire: ChildWire[ToEngine] = ChildWire(requests, frames, ToEngine)
    mailbox = Mailbox()
    wire.serve("engine", mailbox.put, locks=locks, version=__version__)
    # Most of the engine's start; the front end has had its greeting and sends the load meanwhile.
    from homebody.engine.worker.service import Service

    service = Service(wire.send, mailbox.stopped)
    while True:
        request = mailbox.get()
        service.serve(request)
        mailbox.done(request.id)
