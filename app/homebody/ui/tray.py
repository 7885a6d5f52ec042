"""The icon in the system's tray, for a window that was closed, and for what the desktop tells."""

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMenu, QSystemTrayIcon

from homebody.ui.icons import app_icon
from homebody.ui.words import tr

__all__ = ["Tray", "make_tray"]

_TOLD_MS: Final = 20_000
"""So long a notification may be seen; the icon that it came from stays for that time."""


class Tray(QSystemTrayIcon):
    """An icon with two things to do."""

    def __init__(self, come_forward: Callable[[], None], app: QApplication) -> None:
        super().__init__(app_icon(), app)
        self._come_forward = come_forward
        # A tray's menu has no parent: it is kept here.
        self._menu = QMenu()
        self._menu.addAction(tr("Open Homebody"), self._open)
        self._menu.addAction(tr("Quit"), app.quit)
        self._stays = False
        self._told = QTimer(self)
        self._told.setSingleShot(True)
        self._told.setInterval(_TOLD_MS)
        self._told.timeout.connect(self._go)
        self.setContextMenu(self._menu)
        self.setToolTip("Homebody")
        self.activated.connect(self._clicked)
        self.messageClicked.connect(self._open)

    def stay(self) -> None:
        """Be there until the window is back."""
        self._stays = True
        self.show()

    def tell(self, title: str, text: str) -> None:
        """Show a notification of the desktop's. A click on it brings the window back."""
        # Windows shows none without an icon.
        self.show()
        self.showMessage(title, text, self.icon(), _TOLD_MS)
        self._told.start()

    def _go(self) -> None:
        if not self._stays:
            self.hide()

    def leave(self) -> None:
        """Go: the window is back."""
        self._stays = False
        self.hide()

    def _open(self) -> None:
        self._come_forward()
        self.leave()

    def _clicked(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason != QSystemTrayIcon.ActivationReason.Context:
            self._open()


def make_tray(come_forward: Callable[[], None], app: QApplication) -> Tray | None:
    """Return the icon; clicking it brings the window back. None where there is no tray."""
    return Tray(come_forward, app) if QSystemTrayIcon.isSystemTrayAvailable() else None
