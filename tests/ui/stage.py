"""Puts a widget into a window of its own, shown and active, as focus needs it."""

from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot


def stage(qtbot: QtBot, widget: QWidget, width: int = 800, height: int = 600) -> QWidget:
    window = QWidget()
    qtbot.addWidget(window)
    # It lives as long as the test: nobody else may hold it.
    vars(qtbot).setdefault("stages", []).append(window)
    layout = QVBoxLayout(window)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(widget)
    window.resize(width, height)
    with qtbot.waitExposed(window):
        window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    return window


def child(parent: QWidget, name: str) -> QWidget:
    found = parent.findChild(QWidget, name)
    assert found is not None, f"there is no {name}"
    return found
