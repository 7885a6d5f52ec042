"""The order of versions, by the rules of PEP 440 as far as releases of Homebody need them."""

import re
from typing import Final, Literal

from msgspec import Struct

from homebody import __version__

__all__ = ["Version", "compare", "read_version"]

_LONGEST: Final = 60
"""Characters of a version."""
_FORM: Final = re.compile(
    r"v?(?:(?P<epoch>\d{1,9})!)?(?P<numbers>\d{1,9}(?:\.\d{1,9}){0,9})"
    r"(?:[-_.]?(?P<early>alpha|beta|preview|pre|rc|a|b|c)[-_.]?(?P<early_number>\d{0,9}))?"
    r"(?:[-_.]?(?P<post>post|rev|r)[-_.]?(?P<post_number>\d{0,9}))?"
    r"(?:[-_.]?(?P<dev>dev)[-_.]?(?P<dev_number>\d{0,9}))?"
    # Of a build, not of the release: it has no place in the order.
    r"(?:\+[a-z0-9]+(?:[-_.][a-z0-9]+)*)?",
    re.ASCII | re.IGNORECASE,
)
_EARLY: Final = {"a": 0, "alpha": 0, "b": 1, "beta": 1, "c": 2, "rc": 2, "pre": 2, "preview": 2}
_BEFORE_EARLY, _FINAL = -1, 3
_NO_DEV: Final = 10**9
_NO_POST: Final = -1


class Version(Struct, frozen=True, order=True):
    """A version; of two, the smaller one is the older one."""

    epoch: int
    numbers: tuple[int, ...]
    """Without zeros at the end: 1.0 is 1."""
    early: tuple[int, int]
    """Which kind of pre-release, and its number."""
    post: int
    dev: int


def read_version(text: str) -> Version | None:
    """Read a version such as "0.2.0", "v0.2.0" or "1.0rc1"; None for what is none."""
    read = _FORM.fullmatch(text.strip()) if len(text) <= _LONGEST else None
    if read is None:
        return None
    numbers = [int(each) for each in read["numbers"].split(".")]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    if read["early"]:
        early = (_EARLY[read["early"].lower()], int(read["early_number"] or 0))
    elif read["dev"] and not read["post"]:
        early = (_BEFORE_EARLY, 0)
    else:
        early = (_FINAL, 0)
    return Version(
        epoch=int(read["epoch"] or 0),
        numbers=tuple(numbers),
        early=early,
        post=int(read["post_number"] or 0) if read["post"] else _NO_POST,
        dev=int(read["dev_number"] or 0) if read["dev"] else _NO_DEV,
    )


def compare(announced: str) -> Literal["newer", "same", "older"]:
    """Tell how a version, which has to be one, stands to the one that runs."""
    theirs, ours = read_version(announced), read_version(__version__)
    # The courier answers with nothing but versions.
    assert theirs is not None
    assert ours is not None
    if theirs == ours:
        return "same"
    return "newer" if theirs > ours else "older"
