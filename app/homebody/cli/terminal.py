"""Writing to a terminal: what a model or a file says cannot steer it, and Markdown reads well.

Model text may hold escape sequences: ones that retitle the window, write to the clipboard or hide
what follows. None of them reaches the terminal.
"""

import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from homebody.base.errors import HomebodyError
from homebody.messages.turns import RunRecord

if TYPE_CHECKING:  # rich costs 40 ms, which `ask` in a pipe need not pay
    from rich.console import Console
    from rich.live import Live

__all__ = [
    "ReplyView",
    "block_starts",
    "complain",
    "facts",
    "harmless",
    "make_console",
    "note",
]

_DRAW_SECONDS = 0.05
# C0 without tab and newline, DEL and C1, and the characters that reorder text around them.
_STEERING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"  # noqa: PLE2502
)


def harmless(text: str) -> str:
    """Return `text` with every character that steers a terminal shown as a visible mark."""
    return _STEERING.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n"))


def complain(problem: HomebodyError) -> None:
    """Say on stderr what happened and what to do next."""
    print(f"error: {harmless(problem.message)}", file=sys.stderr)
    if problem.hint:
        print(f"hint: {harmless(problem.hint)}", file=sys.stderr)


def note(sentence: str) -> None:
    """Say something on stderr that is worth knowing and no error."""
    print(f"note: {harmless(sentence)}", file=sys.stderr)


def facts(run: RunRecord | None) -> str:
    """Return the line under a reply: time, speed, and what left this machine."""
    if run is None:
        return ""
    stats = run.stats
    parts = []
    if stats.total_ms is not None:
        parts.append(f"{stats.total_ms / 1e3:.1f} s")
    if stats.tokens_per_second is not None:
        parts.append(f"{stats.tokens_per_second:.0f} tok/s")
    if stats.energy_joules is not None:
        parts.append(f"{stats.energy_joules:.0f} J")
    parts.append(f"{run.bytes_sent:,} bytes sent")
    if run.stop in {"context", "length"}:
        why = "the context is full" if run.stop == "context" else "the limit in the settings"
        parts.append(f"cut short: {why}")
    if run.dropped:
        count = len(run.dropped)
        turns = "turn" if count == 1 else "turns"
        parts.append(f"{count} earlier {turns} left out: they no longer fit")
    return " · ".join(parts)


def make_console() -> "Console":
    """Return the terminal, without links: where one leads must be seen whole."""
    from rich.console import Console

    return Console(highlight=False, emoji=False, markup=False)


def block_starts(text: str) -> list[int]:
    """Return the lines (from 0) on which a top-level Markdown block begins."""
    from markdown_it import MarkdownIt

    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    return [
        token.map[0] for token in tokens if token.level == 0 and token.nesting >= 0 and token.map
    ]


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

    def write(self, text: str) -> None:
        """Add to the reply."""
        self._text += harmless(text)
        if time.monotonic() - self._drawn >= _DRAW_SECONDS:
            self._draw()

    def _draw(self) -> None:
        if self._live is None:
            return
        starts = block_starts(self._text)
        if len(starts) > 1:
            lines = self._text.splitlines(keepends=True)
            settled = "".join(lines[: starts[-1]])
            self._text = "".join(lines[starts[-1] :])
            self._live.update("", refresh=True)
            self._print(settled)
        self._live.update(self._markdown(self._text), refresh=True)
        self._drawn = time.monotonic()

    def _print(self, text: str) -> None:
        if text.strip():
            self._console.print(self._markdown(text))

    @staticmethod
    def _markdown(text: str) -> object:
        from rich.markdown import Markdown

        return Markdown(text, hyperlinks=False, code_theme="ansi_dark")
