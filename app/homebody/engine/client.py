"""The engine as the front end sees it: a child process that loads a model and writes replies.

Methods may be called from any thread but the keeper's own, and block; one reply is written at a
time. When the process dies in the middle of a request, that request raises `EngineDied`; the keeper
starts another process, and the model is loaded again without being asked for.
"""

import itertools
import queue
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from homebody.base.errors import EngineDied, EngineProblem, HomebodyError
from homebody.messages.frames import (
    Count,
    Counted,
    Embed,
    Embedded,
    Failed,
    FromEngine,
    Generate,
    Generated,
    Hello,
    Load,
    Loaded,
    Piece,
    Progress,
    Stop,
    ToEngine,
    Unload,
    Unloaded,
)
from homebody.wire.codec import BrokenFrame, Codec
from homebody.wire.death import Death, ending
from homebody.wire.keeper import Keeper, Limits, child_command

__all__ = ["Engine", "EngineStatus", "Held", "Overflow", "Prepare"]

_TICK = 0.2
"""Seconds between two looks around while waiting."""

_R = TypeVar("_R", bound=ToEngine)
_Answer = Progress | Piece | Generated | Embedded | Counted | Unloaded

Prepare = Callable[[Load], Load]
"""Looks at a model's file and returns how it is loaded now. Raises `HomebodyError`."""


class EngineStatus(Struct, frozen=True):
    """How it is with the model: ready (`loaded`), failed (`problem`), or so far (0 to 1)."""

    loaded: Loaded | None = None
    problem: EngineProblem | None = None
    progress: float = 0.0


class Held(Struct, frozen=True):
    """A model that takes memory in the engine's process."""

    loaded: Loaded
    mapped: bool
    """Whether weights in the computer's memory are the file's own pages, which any program gets."""


class Overflow(EngineProblem):
    """The prompt has `tokens` tokens; there is room for `context`."""

    def __init__(self, failed: Failed) -> None:
        super().__init__(failed.message, failed.hint, kind="overflow")
        self.tokens = failed.prompt_tokens or 0
        self.context = failed.context or 0


class Engine:
    """One engine process and the model in it."""

    def __init__(self, command: Sequence[str] | None = None, limits: Limits | None = None) -> None:
        self._keeper: Keeper[FromEngine] = Keeper(
            "engine",
            command or child_command("engine"),
            FromEngine,
            on_frame=self._on_frame,
            on_ready=self._on_ready,
            on_death=self._on_death,
            limits=limits,
        )
        self._ids = itertools.count(1)
        self._answers: dict[int, queue.SimpleQueue[_Answer | Failed | Death]] = {}
        # Guards what follows; notified whenever it changes.
        self._state = threading.Condition()
        self._hello: Hello | None = None
        self._wanted: Load | None = None
        """As it was asked for; kept when it cannot be loaded, for another try."""
        self._prepare: Prepare | None = None
        self._ready: Load | None = None
        """The same as it was prepared: what a new process is sent at once."""
        self._under_way: Load | None = None
        """What the process was sent and has not answered yet."""
        self._held: Held | None = None
        self._progress = 0.0
        self._loaded: Loaded | None = None
        self._problem: EngineProblem | None = None
        self._death: Death | None = None
        self._given_up = False
        self._closed = False

    def start(self) -> None:
        """Start the process. Returns at once; the first request waits for it."""
        self._keeper.start()

    def close(self) -> None:
        """End the process. Whoever still waits for it is told so."""
        self._keeper.end()
        death = ending("engine", "asked", None)
        with self._state:
            self._hello = self._loaded = self._wanted = self._ready = None
            self._under_way = self._held = None
            self._problem = EngineDied(death.message)
            self._closed = True
            waiting = list(self._answers.values())
            self._state.notify_all()
        for answers in waiting:
            answers.put(death)

    @property
    def pid(self) -> int | None:
        """The process id, while there is a process."""
        return self._keeper.pid

    @property
    def hello(self) -> Hello | None:
        """What the running process said of itself."""
        return self._hello

    @property
    def loaded(self) -> Loaded | None:
        """What is loaded now; None while nothing is."""
        return self._loaded

    @property
    def held(self) -> Held | None:
        """What is in the process's memory, also while another model is wanted already."""
        return self._held

    @property
    def last_death(self) -> Death | None:
        """How the process last died on its own, with the last lines that it printed."""
        return self._death

    # ------------------------------------------------------------------ the model

    def begin_load(self, load: Load, prepare: Prepare | None = None) -> None:
        """Ask for a model, in place of any other, and return at once: `wait_loaded` waits.

        `prepare` is called on a thread of its own, for this load and for each `reload`, when `held`
        is what the process holds.
        """
        wanted = _checked(replace(load, id=next(self._ids)))
        with self._state:
            self._wanted, self._prepare, self._ready = wanted, prepare, None
            self._loaded = self._problem = None
            self._progress = 0.0
            again = self._given_up
            self._given_up = False
            self._state.notify_all()
        if again:
            self._keeper.restart()
        if prepare is None:
            self._send_load(wanted)
        else:
            threading.Thread(
                target=self._prepared, args=(wanted, prepare), name="load", daemon=True
            ).start()

    def _prepared(self, wanted: Load, prepare: Prepare) -> None:
        """Prepare a load and send it, unless another is wanted by then."""
        with self._state:
            # Until then nobody knows what is taken; and it could not begin any earlier.
            while self._under_way is not None and self._wanted is wanted:
                self._state.wait(_TICK)
            if self._wanted is not wanted:
                return
        ready = None
        problem = EngineProblem(
            "The model was not loaded: Homebody failed while it looked at it.",
            "Please report it, with what `homebody doctor` shows.",
        )
        try:
            ready = _checked(replace(prepare(wanted), id=wanted.id))
        except HomebodyError as refused:
            kind = getattr(refused, "kind", "model")
            problem = EngineProblem(refused.message, refused.hint, kind=kind)
        finally:
            if ready is not None:
                self._send_load(ready)
            else:
                self._refuse(wanted, problem)

    def _refuse(self, wanted: Load, problem: EngineProblem) -> None:
        """Say why a model is not loaded. What was loaded before stays in memory, unused."""
        with self._state:
            if self._wanted is wanted:
                self._problem = problem
                self._state.notify_all()

    def _send_load(self, ready: Load) -> None:
        """Send a load that is still wanted; a process that does not run yet gets it later."""
        with self._state:
            if self._wanted is None or self._wanted.id != ready.id:
                return
            self._ready = ready
            if self._hello is None:
                return
            self._under_way, self._held = ready, None
        self._try_send(ready)

    def loading(self) -> Iterator[float]:
        """Yield how far the load has come, several times a second, until the model is ready.

        Raises what keeps it from being so.
        """
        while True:
            with self._state:
                if self._loaded is not None:
                    return
                if self._problem is not None:
                    raise self._problem
                if self._wanted is None:
                    raise EngineProblem("No model is loaded.", "Load a model first.", "no_model")
                self._state.wait(_TICK)
                progress = self._progress
            yield progress

    def wait_loaded(self) -> Loaded:
        """Wait until the wanted model is ready. Raises what keeps it from being so."""
        while True:
            for _ in self.loading():
                pass
            loaded = self._loaded
            if loaded is not None:
                return loaded

    def watch(self) -> Iterator[EngineStatus]:
        """Yield how it is with the model, now and whenever that changes, until `close`."""
        shown = None
        while True:
            with self._state:
                while True:
                    if self._closed:
                        return
                    # In whole per cents: nobody sees more.
                    done = round(self._progress, 2)
                    status = EngineStatus(self._loaded, self._problem, done)
                    if status != shown:
                        break
                    self._state.wait()
            shown = status
            yield status

    def load(self, load: Load, prepare: Prepare | None = None) -> Loaded:
        """Load a model, in place of any other, and wait for it."""
        self.begin_load(load, prepare)
        return self.wait_loaded()

    def reload(self) -> None:
        """Load the same file again and return at once."""
        with self._state:
            wanted, prepare = self._wanted, self._prepare
        if wanted is not None:
            self.begin_load(wanted, prepare)

    def retry(self) -> None:
        """Try a model again that could not be loaded, and return at once; else do nothing.

        An engine that was given up stays so: `reload` starts it again.
        """
        with self._state:
            failed = self._problem is not None and not self._given_up
        if failed:
            self.reload()

    def unload(self) -> None:
        """Give the model's memory back."""
        self._last(Unload(id=0))
        with self._state:
            self._wanted = self._loaded = self._ready = self._held = None

    # ------------------------------------------------------------------ what it does

    def generate(self, request: Generate) -> Generator[Progress | Piece | Generated]:
        """Write a reply; the last thing yielded is `Generated`. Closing the generator stops it.

        Something is yielded several times a second: while there is nothing new, an empty `Piece`.
        """
        for answer in self._ask(request):
            if isinstance(answer, (Progress, Piece, Generated)):
                yield answer

    def stop(self) -> None:
        """Stop whatever is being written, from any thread. What is written so far stays."""
        with self._state:
            numbers = list(self._answers)
        for number in numbers:
            self._try_send(Stop(id=number))

    def embed(self, texts: Sequence[str]) -> tuple[tuple[float, ...], ...]:
        """Return one vector of unit length for each text."""
        answer = self._last(Embed(id=0, texts=tuple(texts)))
        assert isinstance(answer, Embedded)
        return answer.vectors

    def count(self, texts: Sequence[str]) -> tuple[int, ...]:
        """Return how many tokens each text has."""
        answer = self._last(Count(id=0, texts=tuple(texts)))
        assert isinstance(answer, Counted)
        return answer.tokens

    def _last(self, request: ToEngine) -> _Answer:
        *_, last = self._ask(request)
        return last

    def _ask(self, request: ToEngine) -> Iterator[_Answer]:
        """Send a request once the model is ready; yield what is said in answer until its end."""
        answers: queue.SimpleQueue[_Answer | Failed | Death] = queue.SimpleQueue()
        request = _checked(replace(request, id=next(self._ids)))
        while True:
            self.wait_loaded()
            with self._state:
                # From here on its death is heard; if it died since, wait for the next one.
                if self._loaded is not None:
                    self._answers[request.id] = answers
                    break
        finished = False
        try:
            # If it is gone already, its death tells why, and comes by the queue.
            self._try_send(request)
            while not finished:
                try:
                    # With a timeout, because without one Ctrl-C is not heeded on Windows.
                    answer = answers.get(timeout=_TICK)
                except queue.Empty:
                    # So that whoever iterates comes round also while the model is slow.
                    yield Piece(id=request.id, text="")
                    continue
                finished = not isinstance(answer, (Progress, Piece))
                if isinstance(answer, Death):
                    raise EngineDied(answer.message, answer.hint, last_lines=answer.last_lines)
                if isinstance(answer, Failed):
                    raise _worded(answer)
                yield answer
        finally:
            with self._state:
                del self._answers[request.id]
            if not finished:
                self._try_send(Stop(id=request.id))

    def _try_send(self, frame: ToEngine) -> None:
        """Send, unless there is nobody to send to: then its death says more than we could."""
        try:
            self._keeper.send(frame)
        except EngineDied:
            return

    # ------------------------------------------------------------------ on the keeper's threads

    def _on_ready(self, hello: Hello) -> None:
        with self._state:
            self._hello = hello
            ready = self._ready
            self._state.notify_all()
        if ready is not None:
            self._send_load(ready)

    def _on_frame(self, frame: FromEngine) -> None:
        assert not isinstance(frame, Hello)
        with self._state:
            self._note_memory(frame)
            if self._wanted is not None and getattr(frame, "id", None) == self._wanted.id:
                match frame:
                    case Progress():
                        self._progress = frame.done
                    case Loaded():
                        self._loaded = frame
                    case Failed():
                        self._problem = _worded(frame)
                        self._ready = None
                self._state.notify_all()
                return
            answers = self._answers.get(getattr(frame, "id", 0))
        if answers is not None:
            answers.put(frame)  # type: ignore[arg-type]

    def _note_memory(self, frame: FromEngine) -> None:
        """Keep in mind what the process holds, whether it is still wanted or not."""
        sent = self._under_way
        if sent is None or getattr(frame, "id", None) != sent.id:
            return
        if isinstance(frame, Loaded):
            self._held = Held(frame, mapped=sent.use_mmap)
        if isinstance(frame, Loaded | Failed):
            self._under_way = None
            self._state.notify_all()

    def _on_death(self, death: Death, again: bool) -> None:
        with self._state:
            self._death = death
            self._hello = self._loaded = None
            self._under_way = self._held = None
            self._progress = 0.0
            if not again:
                self._given_up = True
                self._problem = EngineDied(
                    death.message + " It did so several times, so it is not started again.",
                    death.hint,
                    last_lines=death.last_lines,
                )
            waiting = list(self._answers.values())
            self._state.notify_all()
        for answers in waiting:
            answers.put(death)


_requests: Codec[ToEngine] = Codec(ToEngine)


def _checked(request: _R) -> _R:
    """Return a request that the engine will understand, or refuse it here.

    A child that is sent nonsense ends, as it must; a value out of its bounds is no reason for that.
    """
    try:
        _requests.decode(_requests.encode(request))
    except BrokenFrame as broken:
        raise EngineProblem(
            f"This cannot be asked of the engine: {broken}.",
            "Send less text at once, or correct the request.",
            kind="bad_request",
        ) from None
    return request


def _worded(failed: Failed) -> EngineProblem:
    if failed.kind == "overflow":
        return Overflow(failed)
    return EngineProblem(failed.message, failed.hint, kind=failed.kind)
