"""The text of a web page: what a reader sees, with headings, lists and tables marked as such.

By the standard library's parser, which keeps no tree: memory grows with the page only, and no depth
of nesting matters. (A faster one in C was tried: it worked for minutes on a page of nested boxes,
and could not be interrupted.)
"""

from html.parser import HTMLParser
from typing import Final

__all__ = ["html_text"]

_UNSEEN: Final = frozenset(
    ("script", "style", "template", "noscript", "svg", "head", "iframe", "object", "select")
)
_BLOCKS: Final = frozenset(
    (
        *("address", "article", "aside", "blockquote", "dd", "div", "dl", "dt", "figcaption"),
        *("figure", "footer", "form", "header", "hr", "main", "nav", "ol", "p", "pre", "section"),
        *("table", "tr", "ul", "li", "h1", "h2", "h3", "h4", "h5", "h6", "body", "caption"),
    )
)
_SPACED: Final = frozenset(("p", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "pre"))


def html_text(page: str) -> str:
    """Return the text of a page, or of a piece of one. Never raises for bad HTML."""
    # A comment that is never closed goes on to the end. Some versions of the parser show it, and
    # look for its end again at each one.
    never_closed = page.find("<!--", page.rfind("-->") + 1)
    reader = _Reader()
    reader.feed(page if never_closed < 0 else page[:never_closed])
    reader.close()
    return reader.text()


class _Reader(HTMLParser):
    """Collects lines of text while the parser goes through the tags."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines: list[str] = []
        self._line: list[str] = []
        self._unseen: list[str] = []
        self._kept = 0
        """How deep in `pre`, where spaces and line ends count."""
        self._title = ""
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if self._unseen == ["head"] and tag in _BLOCKS:
            # A head that was never closed ends where something of the page begins.
            self._unseen.clear()
        if tag in _UNSEEN:
            self._unseen.append(tag)
        if self._unseen:
            self._in_title = self._in_title or (tag == "title" and self._unseen == ["head"])
            return
        if tag in _BLOCKS:
            self._end_line(spaced=tag in _SPACED)
        self._mark(tag)

    def _mark(self, tag: str) -> None:
        if tag == "br":
            self._end_line()
        elif tag == "li":
            self._line.append("- ")
        elif tag in {"td", "th"}:
            self._line.append(" | " if self._line else "| ")
        elif tag == "pre":
            self._kept += 1
        elif len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
            self._line.append("#" * int(tag[1]) + " ")

    def handle_endtag(self, tag: str) -> None:
        self._in_title = self._in_title and tag != "title"
        if self._unseen:
            if tag in self._unseen:
                while self._unseen.pop() != tag:
                    pass
            return
        if tag in _BLOCKS:
            self._end_line(spaced=tag in _SPACED)
        if tag == "pre":
            self._kept = max(self._kept - 1, 0)

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self._title += data
        if self._unseen:
            return
        if self._kept:
            first, *rest = data.split("\n")
            self._line.append(first)
            for line in rest:
                self._end_line()
                self._line.append(line)
        elif data.strip():
            self._line.append(data)
        elif self._line:
            self._line.append(" ")

    def _end_line(self, *, spaced: bool = False) -> None:
        text = "".join(self._line)
        text = text.rstrip() if self._kept else " ".join(text.split())
        self._line = []
        if text:
            # The end of a cell or row may be left out.
            self._lines.append(f"{text} |" if text.startswith("| ") else text)
        if spaced and self._lines and self._lines[-1]:
            self._lines.append("")

    def text(self) -> str:
        """Return all that was collected."""
        self._end_line()
        body = "\n".join(self._lines).strip()
        title = " ".join(self._title.split())
        return body if not title or title in body[:400] else f"{title}\n\n{body}"
