"""Walks what a screen reader and the Tab key see of a widget."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QAbstractSlider,
    QComboBox,
    QLineEdit,
    QWidget,
)

_INTERACTIVE = (QAbstractButton, QAbstractItemView, QComboBox, QLineEdit)


def unnamed(widget: QWidget) -> list[str]:
    """Return every interactive widget that a screen reader, or a test, has no name for."""
    found = []
    for each in (widget, *widget.findChildren(QWidget)):
        if not _is_interactive(each):
            continue
        interface = QAccessible.queryAccessibleInterface(each)
        name = interface.text(QAccessible.Text.Name) if interface else ""
        if not name.strip():
            found.append(f"{_said(each)} has no accessible name")
        if not each.objectName():
            found.append(f"{_said(each)} has no object name")
    return found


def stops(window: QWidget) -> list[str]:
    """Return the object names of what Tab goes to, in its order, once round."""
    found, each = [], window
    while True:
        if (
            each.isVisible()
            and each.isEnabled()
            and each.focusPolicy() & Qt.FocusPolicy.TabFocus
            and each.focusProxy() is None
        ):
            found.append(each.objectName())
        each = each.nextInFocusChain()
        if each is window:
            return found


def _is_interactive(widget: QWidget) -> bool:
    # What Qt makes for itself inside its own widgets: viewports, scroll bars, a combo's list.
    own = widget.objectName().startswith("qt_") or isinstance(widget, QAbstractSlider)
    parent = widget.parentWidget()
    inside = isinstance(parent, QComboBox) or _is_in_a_combo(widget)
    if own or inside or (isinstance(parent, QAbstractScrollArea) and parent.viewport() is widget):
        return False
    return isinstance(widget, _INTERACTIVE) or widget.focusPolicy() != Qt.FocusPolicy.NoFocus


def _is_in_a_combo(widget: QWidget) -> bool:
    parent = widget.parentWidget()
    while parent is not None:
        if isinstance(parent, QComboBox):
            return True
        parent = parent.parentWidget()
    return False


def _said(widget: QWidget) -> str:
    return f"{type(widget).__name__} {widget.objectName()!r}"
