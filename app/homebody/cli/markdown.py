"""Markdown as a model writes it, on a terminal.

Every word is shown, and where a link leads; nothing is loaded, and nothing can be clicked.
"""

from itertools import accumulate, pairwise
from typing import ClassVar

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.markdown import Heading, Markdown, MarkdownElement
from rich.segment import Segment
from rich.text import Text

from homebody.base.markdown import parser

__all__ = ["Tail", "last_block", "markdown"]


class _Heading(Heading):
    """A heading on the left, without a frame."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        del console, options
        self.text.justify = "left"
        if self.tag == "h1":
            self.text.stylize("underline")
        yield self.text


class _Reply(Markdown):
    elements: ClassVar[dict[str, type[MarkdownElement]]] = {
        **Markdown.elements,
        "heading_open": _Heading,
    }


class _Block:
    """One top-level block, without blank lines around it."""

    def __init__(self, source: str) -> None:
        self._whole = _Reply("", hyperlinks=False, code_theme="ansi_dark")
        self._whole.parsed = parser().parse(source)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        lines = console.render_lines(self._whole, options, pad=False)
        written = [
            number for number, line in enumerate(lines) if "".join(s.text for s in line).strip()
        ]
        if written:
            for line in lines[written[0] : written[-1] + 1]:
                yield from line
                yield Segment.line()


def markdown(text: str) -> Group:
    """Return `text`, ready to print: its blocks, with one blank line between any two."""
    starts = [0, *_starts(text)[1:], len(text)]
    blocks: list[RenderableType] = []
    for begin, end in pairwise(starts):
        if blocks:
            blocks.append(Text())
        blocks.append(_Block(text[begin:end]))
    return Group(*blocks)


def last_block(text: str) -> int:
    """Return where (in characters) the last top-level block begins."""
    return _starts(text)[-1]


def _starts(text: str) -> list[int]:
    """Return where (in characters) the top-level blocks begin; the first one at least."""
    # Not splitlines: it knows more kinds of line ends than Markdown does.
    offsets = list(accumulate((len(line) + 1 for line in text.split("\n")), initial=0))
    return [
        offsets[token.map[0]]
        for token in parser().parse(text)
        if token.level == 0 and token.nesting >= 0 and token.map
    ] or [0]


class Tail:
    """The last lines of something, as many as the screen shows."""

    def __init__(self, whole: RenderableType) -> None:
        self._whole = whole

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw it."""
        lines = console.render_lines(self._whole, options, pad=False)
        room = max(console.height - 2, 1)
        if len(lines) > room:
            yield Text("…", style="dim")
        for line in lines[-room:]:
            yield from line
            yield Segment.line()
