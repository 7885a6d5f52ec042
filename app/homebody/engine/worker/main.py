"""The engine's process: takes frames, serves them one after another, never opens a socket.

One thread reads requests (and heeds `stop` at once), one beats, the main thread computes.
"""

from collections.abc import Callable

from homebody import __version__
from homebody.base.errors import HomebodyError
from homebody.engine.mailbox import Mailbox
from homebody.messages.frames import Failed, FromEngine, ToEngine
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
    serve = _service(wire.send, mailbox.stopped)
    while True:
        request = mailbox.get()
        serve(request)
        mailbox.done(request.id)


def _service(
    send: Callable[[FromEngine], None], stopped: Callable[[int], bool]
) -> Callable[[ToEngine], None]:
    """Load llama.cpp and return what serves requests; where it does not load, what says why."""
    try:
        # Most of the engine's start; the front end has had its greeting and sends the load
        # meanwhile.
        from homebody.engine.worker.service import Service
    except HomebodyError as problem:
        # To end here would be a crash, after which the same is tried again.
        message, hint = problem.message, problem.hint
        return lambda request: send(
            Failed(id=request.id, kind="engine", message=message, hint=hint)
        )
    return Service(send, stopped).serve
