"""The porter's part in the courier: starts it, hands sealed frames on in both ways, ends it.

What is in a frame is not looked at. Loaded with the first one: a porter that only opens links
carries nothing of this.
"""

import contextlib
import os
import queue
import threading
from collections.abc import Callable
from typing import Final

from homebody.base.errors import EngineDied
from homebody.messages.frames import CourierEnded, EndCourier, Hello, Sealed
from homebody.wire.death import Death
from homebody.wire.keeper import Keeper, Limits, child_command, child_environment

__all__ = ["Passing"]

# The person's own way to the internet and to their keyring, and where their profile lies. No token
# of theirs: what a library might find there by itself would be sent without having been asked for.
_PASSED_ON: Final = (
    *("http_proxy", "https_proxy", "all_proxy", "no_proxy"),
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR"),
    *("HOMEBODY_HOME", "HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"),
    *("USERPROFILE", "APPDATA", "LOCALAPPDATA", "USERNAME", "USERDOMAIN"),
    *("DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "XDG_CURRENT_DESKTOP"),
)
# So that a library says nothing to its makers, looks for no token and takes no way of its own.
_QUIET: Final = (
    *("HF_HUB_DISABLE_TELEMETRY", "HF_HUB_DISABLE_IMPLICIT_TOKEN", "HF_HUB_DISABLE_XET"),
    *("HF_HUB_DISABLE_UPDATE_CHECK", "HF_HUB_DISABLE_PROGRESS_BARS", "DO_NOT_TRACK"),
)


def courier_environment() -> dict[str, str]:
    """Return all of a courier's environment."""
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return child_environment() | kept | dict.fromkeys(_QUIET, "1")


class Passing:
    """Hands frames on, in the order in which they come, on a thread of its own."""

    def __init__(self, send: Callable[[Sealed | CourierEnded], None]) -> None:
        self._send = send
        self._frames: queue.SimpleQueue[tuple[int, Sealed | EndCourier]] = queue.SimpleQueue()
        self._ends = 0
        """How often the courier was to be ended; what was said before that is not handed on."""
        self._keeper: Keeper[Sealed] | None = None
        # It need not be waited for: it has said hello, or has died, or is to be ended.
        self._known = threading.Event()
        self._alive = False
        threading.Thread(target=self._hand_on, name="passing", daemon=True).start()

    def put(self, frame: Sealed | EndCourier) -> None:
        """Take a frame of the front end's, from one thread. Returns at once."""
        if isinstance(frame, EndCourier):
            self._ends += 1
            self._known.set()
        self._frames.put((self._ends, frame))

    def _hand_on(self) -> None:
        while True:
            ends, frame = self._frames.get()
            if isinstance(frame, EndCourier):
                self._end()
                continue
            if not self._alive and ends == self._ends:
                self._start(ends)
            if self._keeper is not None and self._alive and ends == self._ends:
                # Its death is told by `_on_death`, and with it what becomes of this frame.
                with contextlib.suppress(EngineDied):
                    self._keeper.send(frame)

    def _start(self, ends: int) -> None:
        """Start a courier and wait until it speaks, unless it is to be ended before."""
        self._end()
        self._known.clear()
        keeper: Keeper[Sealed] = Keeper(
            "courier",
            child_command("courier"),
            Hello | Sealed,
            on_frame=self._send,
            on_ready=self._on_ready,
            on_death=self._on_death,
            # The next request starts the next one.
            limits=Limits(crashes=1),
            environment=courier_environment(),
        )
        self._keeper = keeper
        keeper.start()
        if ends == self._ends:
            self._known.wait()

    def _end(self) -> None:
        keeper, self._keeper, self._alive = self._keeper, None, False
        if keeper is not None:
            keeper.end()

    # ------------------------------------------------------------------ on the keeper's threads

    def _on_ready(self, _hello: Hello) -> None:
        self._alive = True
        self._known.set()

    def _on_death(self, death: Death, _again: bool) -> None:
        self._alive = False
        ours = death.cause in {"library", "version", "not_started", "fault"}
        hint = death.hint if ours else "Try again; what was fetched so far is kept."
        self._send(CourierEnded(message=death.message, hint=hint))
        self._known.set()
