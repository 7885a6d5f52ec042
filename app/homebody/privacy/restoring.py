"""Putting true values into a reply while it streams in.

`[EMAIL_1]` is restored wherever it stands, and `EMAIL_1` between word borders; a Markdown escape of
the underscore changes nothing. What only resembles a placeholder stays as it came and is listed:
nobody can know what the model meant by it. So does one inside a web address: a click on such a link
would carry the value to whoever the model names.
"""

import re
from collections.abc import Iterable
from typing import Final

from homebody.messages.offers import Replacement
from homebody.privacy.links import Addresses
from homebody.privacy.placeholders import KINDS

__all__ = ["Restorer"]

_KIND: Final = "|".join(KINDS)
_LONGEST: Final = 40
"""Characters that are held back at most: a placeholder, and what else stands in its brackets."""
_MOST: Final = 50
"""Mangled placeholders that are listed."""
_NAKED: Final = rf"(?<!\w)(?:{_KIND})\\?_\d{{1,6}}(?!\w)"
_SHAPES: Final = re.compile(
    rf"\[(?P<exact>(?:{_KIND})\\?_\d{{1,6}})\]"
    rf"|\[[ *_`]{{0,4}}(?i:{_KIND})[ \\_*`–—-]{{1,4}}\d{{0,7}}[ *_`]{{0,4}}\]"
    rf"|\[[ *`]{{0,3}}(?i:{_KIND})\d{{1,6}}[ *`]{{0,3}}\]"
    r"|\[[^\W\d_a-zà-þ]{2,20}\\?_\d{1,6}\]"
    rf"|{_NAKED}"
)
_BARE: Final = re.compile(_NAKED)
# What a next piece might complete: an open bracket, or the word at the end.
_UNFINISHED: Final = re.compile(
    rf"\[[^\[\]\n]{{0,{_LONGEST - 1}}}$|(?<!\w)[A-Z]{{1,12}}(?:\\?(?:_\d{{0,6}})?)?$"
)


class Restorer:
    """Restores one reply that comes in pieces. Not for several threads."""

    def __init__(self, replacements: Iterable[Replacement]) -> None:
        """`replacements` of the offer that is answered; those that are off were never replaced."""
        self._values = {one.placeholder[1:-1]: one.value for one in replacements if one.on}
        self._held = ""
        self._before = ""
        self._addresses = Addresses()
        self._mangled: dict[str, None] = {}

    @property
    def mangled(self) -> tuple[str, ...]:
        """Placeholders that came back changed, as they came, each once."""
        return tuple(self._mangled)

    def feed(self, text: str) -> str:
        """Take a piece, and return what can be shown: all but the beginning of a placeholder."""
        if not self._values:
            return text
        whole = self._held + text
        unfinished = _UNFINISHED.search(self._before + whole, max(0, len(self._before)))
        keep = unfinished.start() - len(self._before) if unfinished else len(whole)
        self._held = whole[keep:]
        return self._restored(whole[:keep], self._held[:1])

    def end(self) -> str:
        """Return what was held back."""
        rest, self._held = self._held, ""
        return self._restored(rest, "")

    def _restored(self, text: str, after: str) -> str:
        """Restore whole placeholders; `after`: the character behind, for a word's border."""
        if not text:
            return ""
        before = len(self._before)
        whole = self._before + text + after
        self._before = text[-1]
        pieces: list[str] = []
        done = passed = before
        for match in _SHAPES.finditer(whole, before):
            if match.start() >= before + len(text):
                break
            # In brackets with blanks or stars around it, it is whole all the same.
            bare = _BARE.search(whole, match.start())
            name = bare[0].replace("\\", "") if bare and bare.end() <= match.end() else ""
            self._addresses.pass_over(whole[passed : match.start()])
            value = self._values.get(name)
            in_address = self._addresses.holds(value or "")
            self._addresses.pass_value()
            if bare is not None and value is not None and not in_address:
                is_exact = match["exact"] is not None
                start, end = match.span() if is_exact else bare.span()
                pieces += (whole[done:start], value)
                done = end
            elif (match[0].startswith("[") or in_address) and len(self._mangled) < _MOST:
                self._mangled[match[0]] = None
            passed = match.end()
        self._addresses.pass_over(whole[passed : before + len(text)])
        pieces.append(whole[done : before + len(text)])
        return "".join(pieces)
