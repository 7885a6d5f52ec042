"""Everything private that has a form of its own, found without a model.

Every detector takes time linear in the text: its patterns are bounded.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final

from msgspec.structs import replace

from homebody.privacy.account_numbers import account_numbers
from homebody.privacy.contacts import contacts
from homebody.privacy.credentials import credentials
from homebody.privacy.disguises import shadow_of
from homebody.privacy.national_ids import national_ids
from homebody.privacy.phones import phones
from homebody.privacy.spans import Found
from homebody.privacy.tables import tables
from homebody.privacy.whereabouts import paths, whereabouts

__all__ = ["structured"]

_Detector = Callable[[str], Iterator[Found]]

_OF_ALL: Final[tuple[_Detector, ...]] = (contacts, credentials, paths, tables)
_OF_NUMBERS: Final[tuple[_Detector, ...]] = (phones, account_numbers, national_ids, whereabouts)
_PICTURE: Final = re.compile(r"data:[\w/+.-]{3,60};base64,[A-Za-z0-9+/=]+")
_THREE_DIGITS: Final = re.compile(r"\d[^\d\n]*\d[^\d\n]*\d")


def structured(text: str) -> list[Found]:
    """Return everything private that has a form of its own; stretches may overlap."""
    # In a picture written as text there is nothing to find, and much that looks like something.
    looked_at = _PICTURE.sub(lambda match: "=" * len(match[0]), text)
    found = _found(looked_at)
    shadow = shadow_of(looked_at)
    if shadow is not None:
        for each in _found(shadow.plain):
            start, end = shadow.in_text(each.start, each.end)
            found.append(replace(each, start=start, end=end))
    return found


def _found(text: str) -> list[Found]:
    found = [each for detector in _OF_ALL for each in detector(text)]
    for start, piece in _with_numbers(text):
        found += [
            replace(each, start=each.start + start, end=each.end + start)
            for detector in _OF_NUMBERS
            for each in detector(piece)
        ]
    return found


def _with_numbers(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines that hold at least three digits, each with the line before, and their place.

    Most lines of most texts hold fewer, and the line before may tell what a number is.
    """
    first = last = before = place = 0
    for line in text.splitlines(keepends=True):
        start, place = place, place + len(line)
        if _THREE_DIGITS.search(line):
            if before > last:
                if last > first:
                    yield first, text[first:last]
                first = before
            last = place
        before = start
    if last > first:
        yield first, text[first:last]
