"""The order in which Tab goes through a window whose parts come and go.

Qt puts what is made later at the end of the order, wherever it stands, and `setTabOrder` does
nothing for a widget that takes no focus itself, as a part of a window does not.
"""

from itertools import pairwise

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

__all__ = ["order_focus"]


def order_focus(*parts: QWidget, after: QWidget | None = None) -> None:
    """Let Tab go through the parts of one window in this order; inside each, nothing changes.

    They begin where they stand, or `after` a widget that holds them.

    Call it when Tab is pressed (`focusNextPrevChild`): it takes a fraction of a millisecond.
    """
    window = parts[0].window()
    chain: list[QWidget] = []
    each = window.nextInFocusChain()
    while each is not None and each is not window:
        if each.focusPolicy() != Qt.FocusPolicy.NoFocus and each.focusProxy() is None:
            chain.append(each)
        each = each.nextInFocusChain()
    # A part may hold others, which were put in their places already: each has one place.
    ordered = list(
        dict.fromkeys(
            widget
            for part in parts
            for widget in chain
            if widget is part or part.isAncestorOf(widget)
        )
    )
    # What was first stays there until its own turn comes: so the order begins with the first part.
    before = [after] if after is not None else chain[:1]
    for first, second in pairwise((*before, *ordered) if ordered[:1] != before else ordered):
        QWidget.setTabOrder(first, second)
