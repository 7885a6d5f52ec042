"""Stretches of a text that are private, and how several that overlap become one."""

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from homebody.messages.offers import FoundBy, PrivateKind

__all__ = ["Found", "union"]


class Found(Struct, frozen=True):
    """A private stretch. Offsets in characters; `end` is the first one behind it."""

    start: int
    end: int
    kind: PrivateKind
    by: FoundBy = "pattern"

    @property
    def length(self) -> int:
        """In characters."""
        return self.end - self.start


def union(found: Iterable[Found]) -> tuple[Found, ...]:
    """Return stretches that do not overlap, in the order of the text.

    Those that overlap become the whole stretch, under the kind of the longest: rather too much is
    replaced than a piece of something private left over.
    """
    united: list[Found] = []
    longest = 0
    for each in sorted(found, key=lambda one: (one.start, -one.end)):
        if each.end <= each.start:
            continue
        if not united or each.start >= united[-1].end:
            united.append(each)
            longest = each.length
            continue
        before = united[-1]
        end = max(before.end, each.end)
        if each.length > longest:
            longest = each.length
            united[-1] = replace(each, start=before.start, end=end)
        elif end != before.end:
            united[-1] = replace(before, end=end)
    return tuple(united)
