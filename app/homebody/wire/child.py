"""The child's end of the wire.

A child calls `take_wire` before anything else: native code prints to file descriptor 1, so frames
move to a descriptor of their own and 1 is pointed at 2. Then it locks itself, and then `serve`
starts the threads that read requests and beat.
"""

import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any, BinaryIO, Generic, TypeVar

from homebody.base.log import log
from homebody.messages.frames import PROTOCOL, Beat, Hello
from homebody.wire.codec import BrokenFrame, Codec, UnknownFrame, lines
from homebody.wire.lifeline import die_with_parent

__all__ = ["BEAT_SECONDS", "ChildWire", "take_wire"]

BEAT_SECONDS = 1.0

F = TypeVar("F")


def take_wire(parent: int) -> tuple[BinaryIO, BinaryIO]:
    """Return (requests, frames out) and leave harmless files in place of descriptors 0 and 1."""
    die_with_parent(parent)
    # Ctrl-C in a terminal is for the front end; it decides what a child should do.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    requests, frames = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    os.close(nothing)
    if sys.platform == "win32":
        import msvcrt

        msvcrt.setmode(requests, os.O_BINARY)
        msvcrt.setmode(frames, os.O_BINARY)
    return os.fdopen(requests, "rb"), os.fdopen(frames, "wb", buffering=0)


class ChildWire(Generic[F]):
    """Sends frames from any thread; hands each request to `on_request` on the reading thread.

    When the front end closes the pipe, or dies, the process ends at once: a child has nothing that
    would need saving.
    """

    def __init__(self, requests: BinaryIO, frames: BinaryIO, union: Any) -> None:
        self._requests, self._frames = requests, frames
        self._incoming: Codec[F] = Codec(union)
        self._outgoing: Codec[Any] = Codec(Hello)
        self._lock = threading.Lock()

    def serve(
        self,
        role: str,
        on_request: Callable[[F], None],
        *,
        locks: tuple[str, ...] = (),
        version: str = "",
    ) -> None:
        """Say hello, then read and beat on two threads of their own. Returns at once."""
        self.send(
            Hello(protocol=PROTOCOL, role=role, pid=os.getpid(), version=version, locks=locks)
        )
        threading.Thread(target=self._read, args=(on_request,), name="wire", daemon=True).start()
        threading.Thread(target=self._beat, name="beat", daemon=True).start()

    def send(self, frame: Any) -> None:
        """Write one frame, whole. If nobody reads any more, end the process."""
        self.send_line(self._outgoing.encode(frame))

    def send_line(self, line: bytes) -> None:
        """Write one line as it is."""
        view = memoryview(line)
        with self._lock:
            try:
                while view:
                    view = view[self._frames.write(view) or 0 :]
            except OSError:
                os._exit(0)

    def hold(self) -> None:
        """Send nothing more, for ever: how the scripted engine plays a child that hangs."""
        with self._lock:
            threading.Event().wait()

    def _read(self, on_request: Callable[[F], None]) -> None:
        status = 3
        try:
            for line in lines(self._requests):
                try:
                    frame = self._incoming.decode(line)
                except UnknownFrame as unknown:
                    log.warning("skipped: %s", unknown)
                else:
                    on_request(frame)
            status = 0
        except BrokenFrame as broken:
            # Our own front end does not send such lines; what follows cannot be trusted.
            sys.stderr.write(f"homebody: {broken}\n")
        except Exception:  # noqa: BLE001  whatever it is: a child that is deaf must not live on
            traceback.print_exc()
        finally:
            os._exit(status)

    def _beat(self) -> None:
        pause = threading.Event()
        while True:
            self.send(Beat())
            pause.wait(BEAT_SECONDS)
