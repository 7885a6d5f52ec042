r"""Where web addresses stand in a text that streams in, as a reader of Markdown takes them.

Between the brackets of a link, an address ends at a blank and at nothing else: brackets and quotes
may belong to it, `&#112;` and `\:` are letters of it, and one in `<>` may hold blanks. It is not
told apart from what only begins like an address: rather too much is taken for one.
"""

import re
from typing import Final

__all__ = ["Addresses"]

# In prose: what begins one, and the sign before it, which ends it where it comes again.
_BEGINS: Final = re.compile(
    r"(?P<before>[<\"'`|])?(?:https?:/|ftps?:/|www\.)|(?P<slashes>[(<\"'])//"
    r"|\][(:][ \t]*(?:\r?\n)?[ \t]*(?P<first>[^ \t\r\n])",
    re.IGNORECASE,
)
_PENDING: Final = re.compile(r"(?P<link>\][(:])[ \t]*(?P<line>\r?\n?)[ \t]*$")
_AT_LINK: Final = re.compile(r"\][(:]\s*$")
_MAY_BE_WEB: Final = "hH&"
_TAIL: Final = 9
"""Characters of what begins one, and the sign before."""


class Addresses:
    """Follows one text. Not for several threads."""

    def __init__(self) -> None:
        self._tail = ""
        self._end: re.Pattern[str] | None = None
        """What ends the address that the text is in."""

    def holds(self, value: str) -> bool:
        """Tell whether a value put here would be a part of a web address, or begin one."""
        return self._end is not None or (":" in value and _AT_LINK.search(self._tail) is not None)

    def pass_value(self) -> None:
        """Go on behind a placeholder, or its value: it may be the text of a link."""
        self._tail = "]"

    def pass_over(self, text: str) -> None:
        """Go on behind this text."""
        whole = self._tail + text
        at = len(self._tail) if self._end is not None else 0
        while True:
            if self._end is not None:
                ended = self._end.search(whole, at)
                if ended is None:
                    self._tail = whole[-1:]
                    return
                # The sign that ends one may stand before the next.
                self._end, at = None, ended.start()
            begun = _begin(whole, at)
            if begun is None:
                pending = _PENDING.search(whole, at)
                rest = whole[max(at, len(whole) - _TAIL) :]
                self._tail = pending["link"] + pending["line"] if pending else rest
                return
            at, self._end = begun


def _begin(text: str, at: int) -> tuple[int, re.Pattern[str]] | None:
    """Return where the first address behind `at` has begun, and what ends it."""
    while (match := _BEGINS.search(text, at)) is not None:
        first = match["first"]
        if first is None:
            return match.end(), _end_of(match["before"] or match["slashes"] or "")
        if first == "<" or first in _MAY_BE_WEB:
            return match.end(), _end_of(first)
        # No link to the web; but an address in prose may begin right there.
        at = match.start() + 1
    return None


def _end_of(before: str) -> re.Pattern[str]:
    """Return what ends an address with this sign before it."""
    return _ENDS.get(before, _BLANK)


# As Markdown has it: other blanks, such as a no-break space, are letters of an address.
_BLANK: Final = re.compile(r"[\x00-\x20\x7f]")
_ENDS: Final = {"<": re.compile(r"\n|(?<!\\)>")} | {
    sign: re.compile(rf"[\x00-\x20\x7f{re.escape(sign)}]") for sign in "\"'`|"
}
