"""Where the top-level blocks of a Markdown text begin, for whoever draws a text as it grows."""

from functools import cache
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

__all__ = ["block_starts", "parser"]


@cache
def parser() -> "MarkdownIt":
    """Return the one parser for what models write: CommonMark with tables and strikethrough.

    Without HTML, or else `vector<int>` and whatever looks like a tag would not be shown; without
    images, whose address would not be.
    """
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False})
    return parser.enable(["strikethrough", "table"]).disable("image")


def block_starts(text: str) -> list[int]:
    """Return where (in characters) the top-level blocks begin; the first one at least."""
    # Not splitlines: it knows more kinds of line ends than Markdown does.
    offsets = list(accumulate((len(line) + 1 for line in text.split("\n")), initial=0))
    return [
        offsets[token.map[0]]
        for token in parser().parse(text)
        if token.level == 0 and token.nesting >= 0 and token.map
    ] or [0]
