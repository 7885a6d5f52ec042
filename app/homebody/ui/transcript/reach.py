"""Where keys go: from one widget to the next, and up and down."""

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeyEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QWidget

__all__ = ["next_in", "scroll_step", "scroll_to_widget", "wheel_pixels"]


def next_in(scope: QWidget, order: Sequence[QWidget], *, forward: bool) -> QWidget | None:
    """Return what gets the focus next, if the widgets within `scope` are gone through in `order`.

    Within one of them, and outside of `scope`, Qt's own chain holds.
    """
    current = QApplication.focusWidget()
    stops: list[QWidget] = [scope]
    for widget in order:
        stops += _stops(widget)
    if not forward:
        stops.reverse()
    if current in stops:
        at = stops.index(current) + 1
        if at < len(stops):
            return stops[at]
        return _outside(scope, forward=forward)
    if current is not None and not scope.isAncestorOf(current):
        return stops[0]
    return _outside(scope, forward=forward)


def _stops(widget: QWidget) -> list[QWidget]:
    """Return what can have the focus in a widget, from top to bottom."""
    inner = [each for each in (widget, *widget.findChildren(QWidget)) if _takes_focus(each)]
    origin = widget.window()

    def place(each: QWidget) -> tuple[int, int]:
        point = each.mapTo(origin, each.rect().topLeft())
        return point.y(), point.x()

    return sorted(inner, key=place)


def _takes_focus(widget: QWidget) -> bool:
    policy = widget.focusPolicy()
    return (
        bool(policy.value & Qt.FocusPolicy.TabFocus.value)
        and widget.isVisible()
        and widget.isEnabled()
        and widget.focusProxy() is None
    )


def _outside(scope: QWidget, *, forward: bool) -> QWidget | None:
    """Return the next widget of the window that is not in `scope`."""
    widget = scope
    while True:
        found = widget.nextInFocusChain() if forward else widget.previousInFocusChain()
        if found is None or found is scope:
            return None
        widget = found
        if not scope.isAncestorOf(widget) and _takes_focus(widget):
            return widget


def scroll_step(event: QKeyEvent, line: int, page: int) -> int | None:
    """Return by how many pixels a key scrolls, or None."""
    steps = {
        Qt.Key.Key_Up: -2 * line,
        Qt.Key.Key_Down: 2 * line,
        Qt.Key.Key_PageUp: -page,
        Qt.Key.Key_PageDown: page,
        Qt.Key.Key_Space: page,
    }
    return steps.get(Qt.Key(event.key()))


def scroll_to_widget(area: QAbstractScrollArea, widget: QWidget, room: int) -> None:
    """Scroll until a widget is seen, or its top where it is tall, with some room around."""
    top = widget.mapTo(area.viewport(), QPoint(0, 0)).y()
    height = area.viewport().height()
    tall = min(widget.height(), height // 2)
    bar = area.verticalScrollBar()
    if top < 0:
        bar.setValue(bar.value() + top - room)
    elif top + tall > height:
        bar.setValue(bar.value() + top + tall - height + room)


def wheel_pixels(event: QWheelEvent, line: int, rest: float) -> tuple[int, float]:
    """Return how far a touch pad or a wheel scrolls, and what is left of a notch for the next."""
    pixels = event.pixelDelta().y()
    if pixels:
        return pixels, rest
    rest += event.angleDelta().y() / 120 * line * QApplication.wheelScrollLines()
    return int(rest), rest - int(rest)
