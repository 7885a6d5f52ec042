"""The icon in the system's tray, for whoever wants Homebody to stay when its window is closed."""

from collections.abc import Callable

from PySide6.QtWidgets import QApplication, QMenu, QSystemTrayIcon

from homebody.ui.icons import app_icon
from homebody.ui.words import tr

__all__ = ["make_tray"]


class _Tray(QSystemTrayIcon):
    """An icon with two things to do."""

    def __init__(self, come_forward: Callable[[], None], app: QApplication) -> None:
        super().__init__(app_icon(), app)
        self._come_forward = come_forward
        # A tray's menu has no parent: it is kept here.
        self._menu = QMenu()
        self._menu.addAction(tr("Open Homebody"), self._open)
        self._menu.addAction(tr("Quit"), app.quit)
        self.setContextMenu(self._menu)
        self.setToolTip("Homebody")
        self.activated.connect(self._clicked)

    def _open(self) -> None:
        self._come_forward()
        self.hide()

    def _clicked(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason != QSystemTrayIcon.ActivationReason.Context:
            self._open()


def make_tray(come_forward: Callable[[], None], app: QApplication) -> QSystemTrayIcon | None:
    """Return the icon; clicking it brings the window back. None where there is no tray."""
    return _Tray(come_forward, app) if QSystemTrayIcon.isSystemTrayAvailable() else None
