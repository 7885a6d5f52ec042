"""The window's tests: real widgets, drawn into memory. A warning of Qt fails a test."""

import pytest
from PySide6.QtWidgets import QApplication

from homebody.ui.theme import Look


@pytest.fixture(scope="session", autouse=True)
def as_homebody_sets_it(qapp: QApplication) -> None:
    """Let the application go on when its last window closes, as `run_window` does."""
    qapp.setQuitOnLastWindowClosed(False)


@pytest.fixture
def look(qapp: QApplication) -> Look:
    """The look of the window, light."""
    look = Look(qapp)
    look.choose("light", 100)
    return look
