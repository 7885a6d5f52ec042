"""Asking a provider: the bytes that were agreed to, and what comes back, within bounds.

What comes back is text and nothing else: whatever it says, it causes nothing. Blocks; any thread.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import httpx2
import msgspec
from msgspec import Struct

from homebody.base.errors import CourierProblem
from homebody.courier.connections import Connections, counts_of
from homebody.courier.event_lines import EventLines, TooLongError
from homebody.courier.passage import Patience, Stop
from homebody.courier.refusals import Refusals
from homebody.messages.courier import Answered, AskElsewhere, ListModels, ModelsListed, Said
from homebody.messages.providers import Provider

__all__ = ["Bounds", "ask", "list_models"]

_GARBAGE: Final = (ValueError, RecursionError)
"""What a decoder raises for what is no JSON, or has another shape."""
_LONGEST_PAGE: Final = 64 * 1024
"""Bytes of an error that are read."""
_MOST_MODELS: Final = 5000
_LONGEST_NAME: Final = 200
_END_SECONDS: Final = 1.0
"""For the end of a connection, behind an answer that is whole."""


class Bounds(Struct, frozen=True, kw_only=True):
    """How much of an answer is taken, in bytes, and how long it may take, in seconds."""

    text: int = 4 * 1024 * 1024
    """The reply, and what was thought for it."""
    whole: int = 32 * 1024 * 1024
    line: int = 1024 * 1024
    event: float = 120.0
    """Without anything that belongs to the answer: a large model may need that long to begin."""
    seconds: float = 600.0


_BOUNDS: Final = Bounds()


class _Delta(Struct):
    """What a message says, or more of it. Anything may stand there."""

    content: Any = None
    reasoning_content: Any = None
    reasoning: Any = None
    refusal: Any = None
    tool_calls: Any = None
    function_call: Any = None


class _Piece(Struct):
    """Text, or thoughts: Mistral writes lists of them."""

    text: str = ""
    thinking: "tuple[_Piece, ...]" = ()


class _Choice(Struct):
    delta: _Delta | None = None
    message: _Delta | None = None
    finish_reason: Any = None


class _Part(Struct):
    """A piece of an answer, or all of it."""

    choices: tuple[_Choice, ...] | None = None
    model: Any = None
    usage: Any = None
    error: Any = None


class _Named(Struct):
    id: Any = None


class _Names(Struct):
    data: tuple[_Named, ...] | None


def ask(
    way: Connections,
    provider: Provider,
    request: AskElsewhere,
    key: str | None,
    stop: Stop,
    say: Callable[[Said], None],
    bounds: Bounds = _BOUNDS,
) -> Answered:
    """Send the request's body as it is; `say` what is answered as it comes; return the end of it.

    Raises `CourierProblem`: "provider", "token", "busy", "refused", "connection", "stopped".
    """
    began = time.monotonic()
    patience = Patience(bounds.event, bounds.event)
    refusals = Refusals(provider, key)
    headers = _headers(key) | {
        "Content-Type": "application/json",
        "Accept": "text/event-stream, application/json",
    }
    reading = _Reading(request.id, refusals, bounds, say)

    def wait_for_more() -> None:
        if began + bounds.seconds < time.monotonic() + bounds.event:
            late = f"the answer was not whole after {_span(bounds.seconds)}"
            patience.until(began + bounds.seconds, late)
        else:
            late = f"nothing of an answer came for {_span(bounds.event)}"
            patience.until(time.monotonic() + bounds.event, late)

    with (
        way.client("ask", request.agreed, stop, patience) as client,
        client.stream(
            "POST",
            f"{provider.url}/chat/completions",
            content=request.body.encode(),
            headers=headers,
        ) as answer,
    ):
        wait_for_more()
        _check(answer, refusals)
        counts = counts_of(answer)
        pieces = _capped(answer, bounds.whole, refusals)
        if _kind(answer) == "text/event-stream":
            _read_events(pieces, reading, wait_for_more)
            patience.until(time.monotonic() + _END_SECONDS, "the connection did not end")
            _read_end(pieces)
        elif _kind(answer) == "application/json":
            reading.whole(b"".join(pieces))
        else:
            raise refusals.page()
        reading.end()
    return Answered(
        id=request.id,
        finish=reading.finish,
        model=reading.model,
        prompt_tokens=_count(reading.usage, "prompt_tokens"),
        reply_tokens=_count(reading.usage, "completion_tokens"),
        bytes_out=counts.out,
        bytes_in=counts.came,
    )


def list_models(
    way: Connections,
    provider: Provider,
    request: ListModels,
    key: str | None,
    stop: Stop,
    bounds: Bounds = _BOUNDS,
) -> ModelsListed:
    """Return the names of its models. Raises `CourierProblem` as `ask` does."""
    refusals = Refusals(provider, key)
    headers = _headers(key) | {"Accept": "application/json"}
    patience = Patience()
    with (
        way.client("models", request.agreed, stop, patience) as client,
        client.stream("GET", f"{provider.url}/models", headers=headers) as answer,
    ):
        patience.until(
            time.monotonic() + bounds.event, f"the list was not whole after {_span(bounds.event)}"
        )
        _check(answer, refusals)
        if _kind(answer) != "application/json":
            raise refusals.page()
        page = b"".join(_capped(answer, bounds.text, refusals))
    try:
        named = msgspec.json.decode(page, type=_Names).data or ()
    except _GARBAGE:
        raise refusals.nonsense("it is no list of models") from None
    names = [each.id for each in named if _is_name(each.id)]
    return ModelsListed(id=request.id, models=tuple(dict.fromkeys(names))[:_MOST_MODELS])


# ---------------------------------------------------------------- the connection


def _headers(key: str | None) -> dict[str, str]:
    """Return what is sent besides the words: little."""
    headers = {"Accept-Encoding": "identity"}
    if key is not None:
        headers["Authorization"] = f"Bearer {key}"
    return headers


def _kind(answer: httpx2.Response) -> str:
    return str(answer.headers.get("Content-Type", "")).partition(";")[0].strip().lower()


def _check(answer: httpx2.Response, refusals: Refusals) -> None:
    """Raise `CourierProblem` where this is no answer."""
    if not answer.is_success:
        page = bytearray()
        for piece in answer.iter_raw():
            page += piece
            if len(page) > _LONGEST_PAGE:
                break
        raise refusals.status(answer.status_code, answer.headers, bytes(page[:_LONGEST_PAGE]))
    if answer.headers.get("Content-Encoding", "identity").lower() not in {"identity", ""}:
        raise refusals.nonsense("it is compressed, which it was not to be")


def _capped(answer: httpx2.Response, most: int, refusals: Refusals) -> Iterator[bytes]:
    counts = counts_of(answer)
    for piece in answer.iter_raw():
        if counts.came > most:
            raise refusals.too_much()
        yield piece


def _read_events(pieces: Iterable[bytes], reading: "_Reading", more: Callable[[], None]) -> None:
    """Read until the answer says that it is whole, or the connection ends."""
    events = EventLines(reading.bounds.line)
    try:
        for piece in pieces:
            any_event = False
            for event in events.feed(piece):
                any_event = True
                reading.event(event)
            # Together: a fast provider sends many in one piece.
            reading.flush()
            if reading.done:
                return
            if any_event:
                more()
        for event in events.end():
            reading.event(event)
        reading.flush()
    except TooLongError:
        raise reading.refusals.too_much() from None


def _read_end(pieces: Iterable[bytes]) -> None:
    """Let the connection end as the other side ends it; nothing depends on it any more."""
    try:
        for count, _ in enumerate(pieces):
            if count > 100:
                return
    except CourierProblem:
        return


# ---------------------------------------------------------------- what it says


class _Reading:
    """What came of an answer so far. `say` is called with more of it."""

    def __init__(
        self, number: int, refusals: Refusals, bounds: Bounds, say: Callable[[Said], None]
    ) -> None:
        self.refusals, self.bounds = refusals, bounds
        self._number, self._say = number, say
        self.done = False
        """The other side said that it is whole."""
        self.finish: str | None = None
        self.model: str | None = None
        self.usage: Any = None
        self._size = 0
        self._any_text = False
        self._held: list[str] = []
        self._reasons = False
        """Whether what is held was thought, not said."""

    def event(self, data: bytes) -> None:
        """Take the data of an event."""
        if data.strip() == b"[DONE]":
            self.done = True
        if not self.done:
            self._take(data)

    def whole(self, data: bytes) -> None:
        """Take an answer that came in one."""
        self._take(data)
        self.flush()
        self.done = True

    def flush(self) -> None:
        """Say what was held back."""
        if self._held:
            text, self._held = "".join(self._held), []
            self._say(Said(id=self._number, text=text, reasoning=self._reasons))

    def end(self) -> None:
        """Raise `CourierProblem` unless there is an answer, and an end of it."""
        if not self.done and self.finish is None:
            raise self.refusals.cut()
        if not self._any_text:
            raise self.refusals.empty()

    def _take(self, data: bytes) -> None:
        try:
            part = msgspec.json.decode(data, type=_Part)
        except _GARBAGE:
            raise self.refusals.nonsense("it is not what such a server writes") from None
        if part.error:
            self.flush()
            raise self.refusals.error(part.error)
        if _is_name(part.model):
            self.model = part.model
        self.usage = part.usage or self.usage
        # More than one answer was not asked for.
        for choice in (part.choices or ())[:1]:
            self._add(choice.delta or choice.message or _Delta())
            if isinstance(choice.finish_reason, str) and choice.finish_reason:
                self._ended(choice.finish_reason)

    def _add(self, said: _Delta) -> None:
        if said.tool_calls or said.function_call:
            self.flush()
            raise self.refusals.tools()
        # Some servers write what was thought under both names.
        self._hold(said.reasoning_content or said.reasoning, reasons=True)
        content = said.content or said.refusal
        if not isinstance(content, list):
            self._hold(content, reasons=False)
            return
        try:
            pieces = msgspec.convert(content, tuple[_Piece, ...])
        except _GARBAGE:
            raise self.refusals.nonsense("it holds something else than text") from None
        for piece in pieces:
            for thought in piece.thinking:
                self._hold(thought.text, reasons=True)
            self._hold(piece.text, reasons=False)

    def _hold(self, text: Any, *, reasons: bool) -> None:
        """Take text, until it is said."""
        if not text:
            return
        if not isinstance(text, str):
            raise self.refusals.nonsense("it holds something else than text")
        if reasons != self._reasons:
            self.flush()
        self._reasons = reasons
        self._any_text = self._any_text or not reasons
        self._held.append(text)
        self._size += len(text.encode())
        if self._size > self.bounds.text:
            raise self.refusals.too_much()

    def _ended(self, finish: str) -> None:
        self.flush()
        if finish == "content_filter":
            raise self.refusals.filtered()
        if finish in {"tool_calls", "function_call"}:
            raise self.refusals.tools()
        self.finish = finish if _is_name(finish) else None


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST_NAME and value.isprintable()


def _count(usage: Any, name: str) -> int | None:
    value = usage.get(name) if isinstance(usage, dict) else None
    return value if type(value) is int and 0 <= value < 2**53 else None


def _span(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds >= 120 else f"{seconds:.0f} seconds"
