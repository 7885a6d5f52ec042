"""Which part of the key/value cache serves a prompt.

The cache holds a few sequences side by side in one pool of cells, so that the planner's prompt and
several conversations do not evict each other. A prompt takes the sequence that it continues. If it
only shares a beginning with one, that beginning is copied (which costs nothing: cells are shared)
into the sequence that was unused for longest. A sequence computed under one set of adapters is
never used under another: its numbers would be wrong without anybody noticing.
"""

from collections.abc import Sequence as Listing
from dataclasses import dataclass, field

__all__ = ["Choice", "Sequence", "Snapshot", "choose", "shared_prefix"]

Adapters = tuple[object, ...]
"""What tells one set of adapters from another."""
WORTH_COPYING = 16
"""Tokens; below this, reading them again is as good as copying."""


@dataclass(frozen=True)
class Snapshot:
    """The memory of a recurrent model after its first `length` tokens."""

    length: int
    state: bytes


@dataclass
class Sequence:
    """What one sequence of the cache holds."""

    id: int
    tokens: list[int] = field(default_factory=list)
    adapters: Adapters = ()
    used: int = 0
    """When it was last used, as a count of prompts."""
    snapshots: list[Snapshot] = field(default_factory=list)


@dataclass(frozen=True)
class Choice:
    """Use `sequence` with its first `keep` tokens, copied from `source` if there is one."""

    sequence: Sequence
    keep: int
    source: Sequence | None = None


def shared_prefix(one: Listing[int], other: Listing[int]) -> int:
    """Return how many tokens two lists begin with in common."""
    limit = min(len(one), len(other))
    if one[:limit] == other[:limit]:
        return limit
    low, high = 0, limit
    while high - low > 1:
        middle = (low + high) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle
    return low


def choose(
    sequences: Listing[Sequence],
    tokens: Listing[int],
    adapters: Adapters,
    *,
    can_copy: bool,
) -> Choice:
    """Choose the sequence for a prompt. At least its last token is always left to be read."""
    oldest = min(sequences, key=lambda sequence: (bool(sequence.tokens), sequence.used))
    same = [sequence for sequence in sequences if sequence.adapters == adapters]
    best, length = oldest, 0
    for sequence in same:
        shared = min(shared_prefix(sequence.tokens, tokens), len(tokens) - 1)
        if shared > length:
            best, length = sequence, shared
    if not length:
        return Choice(oldest, 0)
    # Going on with it, or answering the same prompt again: what is cut off is not missed. For a
    # recurrent model, where nothing can be copied, more is given up.
    again = length == len(tokens) - 1
    if again or (2 if can_copy else 4) * length >= len(best.tokens):
        return Choice(best, length)
    if not can_copy or length < WORTH_COPYING:
        return Choice(oldest, 0) if oldest is not best else Choice(best, length)
    target = min(
        (sequence for sequence in sequences if sequence is not best),
        key=lambda sequence: (bool(sequence.tokens), sequence.used),
        default=best,
    )
    return Choice(target, length, source=best if target is not best else None)
