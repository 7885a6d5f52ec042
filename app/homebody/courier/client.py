"""The porter as the front end sees it: opens an address or a folder for the person.

Methods may be called from any thread but the keeper's own, and block for two seconds or so
where a program goes on running: not on the window's thread.
"""

import itertools
import os
import queue
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from homebody.base.errors import BadInput, EngineDied, HomebodyError
from homebody.messages.frames import Failed, FromPorter, Hello, OpenFolder, OpenLink
from homebody.wire.codec import BrokenFrame
from homebody.wire.death import Death
from homebody.wire.keeper import Keeper, Limits, child_command

__all__ = ["Porter"]

_START_SECONDS = 10.0
_ANSWER_SECONDS = 15.0


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
            environment=dict(os.environ),
        )
        self._ids = itertools.count(1)
        # Guards what follows.
        self._state = threading.Condition()
        self._answers: dict[int, queue.SimpleQueue[FromPorter | None]] = {}
        self._ended = False

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

    def _ask(self, request: OpenLink | OpenFolder) -> None:
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


def _gone() -> HomebodyError:
    return HomebodyError(
        "Homebody cannot open links and folders any more: the process that does so has ended, and "
        "a new one would not be allowed to connect.",
        "Start Homebody again, or copy the address.",
    )
