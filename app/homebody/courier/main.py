"""The courier's process: the only one that connects.

The porter starts it at the first request and hands frames on, sealed. It has no key of the person's
in its environment, never opens the conversations, and on Linux other processes cannot read or write
its memory.
"""

import threading
from collections.abc import Callable

from msgspec import Raw

from homebody import __version__
from homebody.base.paths import Home, find_home
from homebody.courier.memory import close_memory
from homebody.courier.passage import KeepsLedger
from homebody.courier.service import Service
from homebody.messages.courier import FromCourier, ToCourier
from homebody.messages.frames import Sealed
from homebody.wire.child import ChildWire, take_wire
from homebody.wire.codec import Codec

__all__ = ["main"]


def main(parent: int, open_ledger: Callable[[Home], KeepsLedger]) -> None:
    """Run the courier until the porter closes the pipe."""
    requests, frames = take_wire(parent)
    close_memory()
    wire: ChildWire[Sealed] = ChildWire(requests, frames, Sealed)
    incoming: Codec[ToCourier] = Codec(ToCourier)
    outgoing: Codec[FromCourier] = Codec(FromCourier)
    home = find_home()
    service = Service(
        home,
        open_ledger(home),
        lambda frame: wire.send(Sealed(frame=Raw(outgoing.encode(frame).rstrip(b"\n")))),
    )
    wire.serve(
        "courier",
        lambda sealed: service.receive(incoming.decode(bytes(sealed.frame))),
        version=__version__,
    )
    threading.Event().wait()
