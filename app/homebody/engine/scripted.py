"""An engine without a model: speaks the same frames, and says what a script tells it to.

For tests, pictures and demonstrations. A script is a JSON file (`Script`); each request for a reply
takes the first `ScriptedReply` whose `when` is part of it, or the next one in order.
"""

import itertools
import json
import os
import sys
import time
from pathlib import Path

import msgspec
from msgspec import Struct

from homebody import __version__
from homebody.engine.mailbox import Mailbox
from homebody.messages.frames import (
    Count,
    Counted,
    Embed,
    Embedded,
    Failed,
    FailureKind,
    Generate,
    Generated,
    Load,
    Loaded,
    Piece,
    Progress,
    Stop,
    ToEngine,
    TokenLikelihood,
    Unload,
    Unloaded,
)
from homebody.wire.child import ChildWire, take_wire

__all__ = ["Script", "ScriptedReply", "main"]


class ScriptedReply(Struct, frozen=True, forbid_unknown_fields=True):
    """What to answer once. A number n of an accident means: before piece n."""

    text: str = ""
    """Sent word by word."""
    reasoning: str = ""
    """Sent before it."""
    when: str = ""
    """Only for requests that contain this."""
    delay: float = 0.0
    """Seconds before each piece."""
    read: float = 0.0
    """Seconds of reading before the first piece."""
    fail: FailureKind | None = None
    message: str = "The script says so."
    crash: int | None = None
    """End the process by SIGABRT, after an assertion of ggml's on stderr."""
    hang: int | None = None
    """Stop answering, beats included."""
    garbage: int | None = None
    """Send a line that is not a frame."""
    logprob: float = -0.1
    """What each word is said to be likely, where that is asked for."""


class Script(Struct, frozen=True, forbid_unknown_fields=True):
    """A whole engine."""

    replies: tuple[ScriptedReply, ...] = (ScriptedReply("Hello."),)
    context: int = 4096
    """Tokens; the scripted engine's tokens are four characters long."""
    load: float = 0.0
    """Seconds that a model takes to load."""
    fail_load: str = ""
    """Refuse to load any model, with this message."""
    layers: int = 0
    """Of the model, without the output; said to be on a GPU, all of them with the output."""
    log: str = ""
    """A file to append every request to, a JSON object a line."""


def _tokens(text: str) -> int:
    return (len(text) + 3) // 4


class _Scripted:
    def __init__(self, wire: ChildWire[ToEngine], script: Script) -> None:
        self._wire, self._script = wire, script
        self.mailbox = Mailbox()
        self._ordered = itertools.cycle(
            [r for r in script.replies if not r.when] or [ScriptedReply()]
        )

    def run(self) -> None:
        while True:
            request = self.mailbox.get()
            if self._script.log:
                with Path(self._script.log).open("ab") as log:
                    log.write(msgspec.json.encode(request) + b"\n")
            match request:
                case Load():
                    self._load(request)
                case Unload():
                    self._wire.send(Unloaded(id=request.id))
                case Count():
                    counts = tuple(_tokens(text) for text in request.texts)
                    self._wire.send(Counted(id=request.id, tokens=counts))
                case Embed():
                    vectors = tuple((1.0, 0.0) for _ in request.texts)
                    self._wire.send(Embedded(id=request.id, vectors=vectors))
                case Generate():
                    self._generate(request)
                case Stop():
                    pass

    def _load(self, request: Load) -> None:
        for step in range(1, 5):
            time.sleep(self._script.load / 4)
            self._wire.send(Progress(id=request.id, what="load", done=step / 4))
        if self._script.fail_load:
            self._wire.send(Failed(id=request.id, kind="model", message=self._script.fail_load))
            return
        self._wire.send(
            Loaded(
                id=request.id,
                path=request.path,
                name="Scripted",
                description="a script",
                architecture="script",
                parameters=0,
                size_bytes=0,
                context=self._script.context,
                trained_context=self._script.context,
                layers=self._script.layers,
                gpu_layers=self._script.layers + 1 if self._script.layers else 0,
                devices=("CUDA0 (Scripted GPU)",) if self._script.layers else (),
                has_template=True,
                recurrent=False,
                load_ms=self._script.load * 1e3,
                build="script",
                system="",
            )
        )

    def _generate(self, request: Generate) -> None:
        asked = request.prompt + "".join(message.text for message in request.messages)
        tokens = _tokens(asked)
        if tokens >= self._script.context:
            self._wire.send(
                Failed(
                    id=request.id,
                    kind="overflow",
                    message="The conversation is larger than the context.",
                    prompt_tokens=tokens,
                    context=self._script.context,
                )
            )
            return
        last = request.messages[-1].text if request.messages else request.prompt
        reply = self._reply_to(last)
        if reply.fail is not None:
            self._wire.send(Failed(id=request.id, kind=reply.fail, message=reply.message))
            return
        time.sleep(reply.read)
        stop, count = self._speak(request, reply)
        self._wire.send(
            Generated(
                id=request.id,
                stop=stop,  # type: ignore[arg-type]
                prompt_tokens=tokens,
                evaluated_tokens=tokens,
                generated_tokens=count,
                read_ms=reply.read * 1e3,
                write_ms=max(reply.delay * count * 1e3, 1.0),
                mean_logprob=-0.5,
                seed=1,
                peak_memory_bytes=None,
                tokens=tuple(
                    TokenLikelihood(word, reply.logprob)
                    for word in _words(reply.text)
                    if request.logprobs
                ),
            )
        )

    def _reply_to(self, last: str) -> ScriptedReply:
        """Return what is said to a last message."""
        fitting = (reply for reply in self._script.replies if reply.when and reply.when in last)
        return next(fitting, None) or next(self._ordered)

    def _speak(self, request: Generate, reply: ScriptedReply) -> tuple[str, int]:
        text = reply.text
        if request.begin and text.startswith(request.begin):
            text = text[len(request.begin) :]
        words = [(word, True) for word in _words(reply.reasoning)]
        words += [(word, False) for word in _words(text)]
        for number, (word, reasoning) in enumerate([*words, ("", False)]):
            self._accident(reply, number)
            if self.mailbox.stopped(request.id):
                return "stopped", number
            if word:
                time.sleep(reply.delay)
                self._wire.send(
                    Piece(id=request.id, text=word, reasoning=reasoning, tokens=number + 1)
                )
        return "end", len(words)

    def _accident(self, reply: ScriptedReply, number: int) -> None:
        if reply.crash == number:
            sys.stderr.write("script.cpp:7: GGML_ASSERT(the script goes on) failed\n")
            sys.stderr.flush()
            os.abort()
        if reply.hang == number:
            # Beats are sent under the same lock, so they stop too.
            self._wire.hold()
        if reply.garbage == number:
            self._wire.send_line(b"%% not a frame\n")


def _words(text: str) -> list[str]:
    words = text.split(" ")
    return [word + " " for word in words[:-1]] + [word for word in words[-1:] if word]


def main(parent: int, script: str) -> None:
    """Run the scripted engine until the front end closes the pipe."""
    requests, frames = take_wire(parent)
    wire: ChildWire[ToEngine] = ChildWire(requests, frames, ToEngine)
    scripted = _Scripted(wire, msgspec.convert(json.loads(Path(script).read_bytes()), Script))
    wire.serve("engine", scripted.mailbox.put, version=__version__)
    scripted.run()
