"""Where rows of different heights stand: prefix sums that change in logarithmic time."""

from collections.abc import Iterable, Sequence

__all__ = ["Heights"]


class Heights:
    """The heights of rows that stand on each other, in pixels, none below zero (a Fenwick tree)."""

    def __init__(self, heights: Iterable[int] = ()) -> None:
        self._heights: list[int] = []
        self._tree = [0]
        self.append(heights)

    def __len__(self) -> int:
        return len(self._heights)

    def __getitem__(self, row: int) -> int:
        """Return the height of a row."""
        return self._heights[row]

    @property
    def total(self) -> int:
        """How tall all rows are together."""
        return self.top(len(self))

    def set(self, row: int, height: int) -> None:
        """Give one row another height."""
        added = height - self._heights[row]
        self._heights[row] = height
        at = row + 1
        while added and at < len(self._tree):
            self._tree[at] += added
            at += at & -at

    def top(self, row: int) -> int:
        """Return where a row begins; for the number of rows, where the last one ends."""
        total = 0
        while row > 0:
            total += self._tree[row]
            row -= row & -row
        return total

    def at(self, y: int) -> int:
        """Return the row that covers `y`; the first or last one for what lies beyond.

        Rows without height cover nothing. With no rows at all it is 0.
        """
        row, left = 0, y
        step = 1 << len(self._heights).bit_length()
        while step:
            after = row + step
            if after < len(self._tree) and self._tree[after] <= left:
                row = after
                left -= self._tree[after]
            step >>= 1
        return max(min(row, len(self) - 1), 0)

    def append(self, heights: Iterable[int]) -> None:
        """Add rows at the end."""
        tree = self._tree
        begin = len(tree)
        self._heights.extend(heights)
        tree.extend(self._heights[begin - 1 :])
        # What the rows before contribute to the new nodes, then what these do to each other.
        for at in range(begin, len(tree)):
            below, lowest = at - 1, at & (at - 1)
            while below > lowest:
                tree[at] += tree[below]
                below &= below - 1

    def prepend(self, heights: Sequence[int]) -> None:
        """Add rows before the first one, in linear time."""
        self._rebuild([*heights, *self._heights])

    def truncate(self, count: int) -> None:
        """Keep the first `count` rows only."""
        del self._heights[count:], self._tree[count + 1 :]

    def _rebuild(self, heights: list[int]) -> None:
        self._heights, self._tree = [], [0]
        self.append(heights)
