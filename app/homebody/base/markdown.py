"""The one parser of Markdown, for the terminal and the window."""

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

__all__ = ["parser"]


@cache
def parser() -> "MarkdownIt":
    """Return the one parser for what models write: CommonMark with tables and strikethrough.

    Without HTML, or else `vector<int>` and whatever looks like a tag would not be shown; without
    images, whose address would not be.
    """
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False})
    return parser.enable(["strikethrough", "table"]).disable("image")
