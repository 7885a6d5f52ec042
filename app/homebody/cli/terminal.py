"""Writing to a terminal: what a model or a file says cannot steer it, and Markdown reads well.

Model text may hold escape sequences: ones that retitle the window, write to the clipboard or hide
what follows. None of them reaches the terminal.
"""

import re
import shutil
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from homebody.base import log
from homebody.base.errors import HomebodyError

if TYPE_CHECKING:  # rich costs 40 ms, which `ask` in a pipe need not pay
    from rich.console import Console
    from rich.live import Live

__all__ = [
    "PROMPT",
    "ReplyView",
    "complain",
    "confess",
    "harmless",
    "make_console",
    "note",
    "show_step",
    "to_json",
]

PROMPT = "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} "
_DRAW_SECONDS = 0.05
# C0 without tab and newline, DEL and C1, and the characters that reorder text around them.
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def harmless(text: str) -> str:
    """Return `text` with every character that steers a terminal shown as a visible mark."""
    return _STEERING.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n"))


def to_json(report: Struct) -> str:
    """Return JSON whose text steers no terminal either: such characters are written as escapes."""
    return _STEERING.sub(
        lambda match: f"\\u{ord(match[0]):04x}", msgspec.json.encode(report).decode()
    )


def complain(problem: HomebodyError) -> None:
    """Say on stderr what happened and what to do next."""
    _tell(f"error: {problem.message}")
    if problem.hint:
        _tell(f"hint: {problem.hint}")


def note(sentence: str) -> None:
    """Say something on stderr that is worth knowing and no error."""
    _tell(f"note: {sentence}")


def show_step(line: str) -> None:
    """Say on stderr that a step ended."""
    print(harmless(line), file=sys.stderr, flush=True)


def _tell(sentence: str) -> None:
    """Write a line to stderr; on a terminal, break it between words."""
    text = harmless(sentence)
    if sys.stderr.isatty():
        width = shutil.get_terminal_size().columns
        text = textwrap.fill(text, width, break_long_words=False, break_on_hyphens=False)
    print(text, file=sys.stderr)


def confess(error: Exception) -> None:
    """Say that this is our fault."""
    complain(log.confess(error))


def make_console() -> "Console":
    """Return the terminal. What is printed is text: no markup, no emoji codes, no colouring."""
    from rich.console import Console

    return Console(highlight=False, emoji=False, markup=False)


class ReplyView:
    """A reply on the screen while it is written.

    Blocks that are finished are printed once and scroll away like any output; only the last one is
    drawn again as it grows.
    """

    def __init__(self, console: "Console") -> None:
        self._console = console
        self._text = ""
        self._drawn = 0.0
        self._live: Live | None = None
        self._status = ""
        self._printed = False

    @contextmanager
    def shown(self) -> Iterator["ReplyView"]:
        """Take the screen, and give it back whatever happens."""
        from rich.live import Live

        self._live = Live(
            console=self._console,
            auto_refresh=False,
            transient=True,
            vertical_overflow="crop",
            redirect_stdout=False,
            redirect_stderr=False,
        )
        with self._live:
            try:
                yield self
            finally:
                self._live.update("", refresh=True)
        self._print(self._text)
        self._text = ""

    def wait(self, status: str) -> None:
        """Say what is being waited for, in place of the text that is to come."""
        from rich.text import Text

        if self._live is not None and status != self._status and not self._text:
            self._status = status
            self._live.update(Text(status, style="dim"), refresh=True)

    def say(self, sentence: str) -> None:
        """Print a sentence above the reply that is being written."""
        self._console.print(harmless(sentence), style="yellow")

    def step(self, line: str) -> None:
        """Print a step that ended: above the reply, or where stderr leads if that is elsewhere."""
        self._status = ""
        if sys.stderr.isatty():
            self._console.print(harmless(line), style="dim")
        else:
            show_step(line)

    def write(self, text: str) -> None:
        """Add to the reply."""
        self._text += harmless(text)
        if time.monotonic() - self._drawn >= _DRAW_SECONDS:
            self._draw()

    def _draw(self) -> None:
        if self._live is None:
            return
        from homebody.cli.markdown import Tail, last_block, markdown

        begin = last_block(self._text)
        if begin:
            settled, self._text = self._text[:begin], self._text[begin:]
            self._live.update("", refresh=True)
            self._print(settled)
        self._live.update(Tail(markdown(self._text)), refresh=True)
        self._drawn = time.monotonic()

    def _print(self, text: str) -> None:
        from homebody.cli.markdown import markdown

        if text.strip():
            # A blank line between blocks, as when they are printed together.
            if self._printed:
                self._console.print()
            self._console.print(markdown(text))
            self._printed = True
