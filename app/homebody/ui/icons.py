"""Our icons: drawn as SVG on a grid of 16, tinted with a colour of the theme.

The files stand in `assets/icons`; a file's own words are never icons. QtSvg takes 2 ms to load, and
is loaded with the first icon.
"""

from functools import cache

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QGuiApplication, QIcon, QPainter, QPixmap

from homebody.base.paths import shipped
from homebody.ui.theme import Theme

__all__ = ["app_icon", "icon", "pixmap"]

_SIDE = 16
_APP_SIDES = (16, 22, 24, 32, 48, 64, 128, 256)


def icon(name: str, theme: Theme, token: str = "dim") -> QIcon:  # noqa: S107 - a colour
    """Return an icon in one colour of the theme, `theme.size(16)` large and crisp on any screen.

    Raises OSError when there is no icon of that name: a mistake of ours.
    """
    found = QIcon()
    for ratio in sorted({1.0, 2.0, QGuiApplication.primaryScreen().devicePixelRatio()}):
        found.addPixmap(pixmap(name, theme, token, ratio))
    return found


def pixmap(name: str, theme: Theme, token: str, ratio: float) -> QPixmap:
    """Return an icon drawn for a screen with `ratio` device pixels to a pixel."""
    color = theme.color(token).name().encode()
    return _drawn(_source(name).replace(b"currentColor", color), theme.size(_SIDE), ratio)


def app_icon() -> QIcon:
    """Return the icon of the window and of the tray: a house on paper, in its own colours."""
    found = QIcon()
    source = _source("app")
    for side in _APP_SIDES:
        found.addPixmap(_drawn(source, side, 1.0))
    return found


@cache
def _source(name: str) -> bytes:
    return shipped(f"assets/icons/{name}.svg").read_bytes()


def _drawn(source: bytes, side: int, ratio: float) -> QPixmap:
    from PySide6.QtSvg import QSvgRenderer

    drawn = QPixmap(round(side * ratio), round(side * ratio))
    drawn.setDevicePixelRatio(ratio)
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    QSvgRenderer(QByteArray(source)).render(painter, QRectF(0, 0, side, side))
    painter.end()
    return drawn
