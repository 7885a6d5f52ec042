"""Chat templates from model files, rendered so that a hostile one can do no harm.

A template is a program that came with a download. It runs in Jinja's sandbox, in the locked engine,
with a deadline (an exception is raised in the rendering thread), with a bound on memory (on Linux
the address space may grow by 256 MB meanwhile; everywhere, results of `*`, `+` and ranges are
bounded), and if all of that fails the process ends: nothing but the engine is lost.
"""

import ctypes
import datetime
import json
import os
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import jinja2
from jinja2.ext import Extension
from jinja2.nodes import Node
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from homebody.base.errors import EngineProblem
from homebody.messages.frames import Message

__all__ = ["DEADLINE_SECONDS", "PLAIN", "Template"]

DEADLINE_SECONDS = 2.0
_GRACE_SECONDS = 3.0
_MEMORY_BYTES = 256 * 1024 * 1024
_LONGEST = 64 * 1024 * 1024
_MOST_BITS = 4096
_HINT = "Choose another template for this model in its settings, or another copy of the model."

PLAIN = (
    "{% for message in messages %}{{ message.role | capitalize }}: {{ message.content }}\n\n"
    "{% endfor %}{% if add_generation_prompt %}Assistant:{% endif %}"
)
"""For models that bring no template: base models, which were never taught to chat."""


class _TooSlow(BaseException):
    """Raised inside the rendering thread; not an Exception, so that no template can catch it."""


class _Refused(Exception):
    """A template called raise_exception."""


class _Exhausted(EngineProblem):
    """A template took too much; it is not given a second chance."""


class _Generation(Extension):
    """`{% generation %}` marks what a model is trained on; for rendering it means nothing."""

    tags = {"generation"}  # noqa: RUF012

    def parse(self, parser: Parser) -> Node | list[Node]:
        """Return the body alone."""
        next(parser.stream)
        return list(parser.parse_statements(("name:endgeneration",), drop_needle=True))


class _Sandbox(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset({"*", "**", "+", "%"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if isinstance(left, int) and isinstance(right, int) and operator in {"*", "**"}:
            # Computing with huge numbers cannot be interrupted.
            _bound(left.bit_length() * (right if operator == "**" else 1), _MOST_BITS)
            _bound(right.bit_length(), _MOST_BITS)
        elif operator == "*":
            for text, count in ((left, right), (right, left)):
                if hasattr(text, "__len__") and isinstance(count, int):
                    _bound(len(text) * count)
        elif operator == "+" and hasattr(left, "__len__") and hasattr(right, "__len__"):
            _bound(len(left) + len(right))
        elif operator == "%" and isinstance(left, str):
            raise _Refused("the % operator on text is not supported")
        return super().call_binop(context, operator, left, right)


def _bound(size: int, limit: int = _LONGEST) -> None:
    if size > limit:
        raise MemoryError


def _raise_exception(message: str) -> None:
    raise _Refused(message)


def _strftime_now(form: str) -> str:
    return datetime.datetime.now().astimezone().strftime(form)


def _tojson(value: Any, indent: int | None = None, **_: Any) -> str:
    # Unlike Jinja's own, without HTML escapes: models were trained on plain JSON.
    return json.dumps(value, ensure_ascii=False, indent=indent)


class Template:
    """One compiled chat template. Compile and render on the engine's main thread only."""

    def __init__(self, source: str, *, bos: str = "", eos: str = "") -> None:
        environment = _Sandbox(
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.loopcontrols", _Generation],
        )
        environment.filters["tojson"] = _tojson
        environment.globals |= {
            "raise_exception": _raise_exception,
            "strftime_now": _strftime_now,
        }
        self._tokens = {"bos_token": bos, "eos_token": eos}
        with _contained():
            self._template = environment.from_string(source)

    def render(self, messages: Sequence[Message]) -> str:
        """Return the prompt that asks for the assistant's next message.

        A template that knows no system role gets the system's text at the head of the first
        request instead. Raises `EngineProblem` of kind `template`.
        """
        try:
            return self._render(messages)
        except _Exhausted:
            raise
        except EngineProblem:
            if messages and messages[0].role == "system" and len(messages) > 1:
                first = Message("user", f"{messages[0].text}\n\n{messages[1].text}")
                return self._render((first, *messages[2:]))
            raise

    def _render(self, messages: Sequence[Message]) -> str:
        parts: list[str] = []
        size = 0
        variables = self._tokens | {
            "messages": [{"role": m.role, "content": m.text} for m in messages],
            "add_generation_prompt": True,
            "tools": None,
        }
        allowed = _LONGEST + sum(len(message.text) for message in messages)
        with _contained():
            for part in self._template.generate(variables):
                size += len(part)
                _bound(size, allowed)
                parts.append(part)
            return "".join(parts)


@contextmanager
def _contained() -> Iterator[None]:
    """Bound time and memory of what happens inside; word what goes wrong."""
    finished = threading.Event()
    thread = threading.get_ident()

    def watch() -> None:
        if finished.wait(DEADLINE_SECONDS):
            return
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(thread), ctypes.py_object(_TooSlow)
        )
        if not finished.wait(_GRACE_SECONDS):
            sys.stderr.write("Error: the model's chat template did not end\n")
            sys.stderr.flush()
            os._exit(4)

    watcher = threading.Thread(target=watch, name="template deadline", daemon=True)
    watcher.start()
    try:
        with _memory_bound():
            try:
                yield
            finally:
                finished.set()
                watcher.join()
                # An exception that was set at the last moment arrives at the next instruction:
                # here, not while the bound is taken off.
                for _ in range(100):
                    pass
    # Everything: it is somebody else's program.
    except (_TooSlow, Exception) as error:  # noqa: BLE001
        kind, what = _worded(error)
        raise kind(f"The model's chat template {what}.", _HINT, kind="template") from None


def _worded(error: BaseException) -> tuple[type[EngineProblem], str]:
    match error:
        case _TooSlow():
            return _Exhausted, f"did not end within {DEADLINE_SECONDS:.0f} seconds"
        case MemoryError():
            return _Exhausted, "needs more memory than a template may have"
        case RecursionError():
            return _Exhausted, "calls itself without end"
        case _Refused():
            return EngineProblem, f"does not accept this conversation ({str(error)[:200]})"
        case jinja2.TemplateSyntaxError():
            return EngineProblem, f"is not valid (line {error.lineno}: {str(error.message)[:200]})"
    return EngineProblem, f"failed ({type(error).__name__})"


@contextmanager
def _memory_bound() -> Iterator[None]:
    """Let the address space grow by 256 MB at most, where the system can say so."""
    if sys.platform != "linux":
        yield
        return
    import resource

    before = resource.getrlimit(resource.RLIMIT_AS)
    with open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123
        used = int(statm.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + _MEMORY_BYTES, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
