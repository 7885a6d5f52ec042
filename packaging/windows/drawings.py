"""The pictures that Windows wants, drawn by Qt from assets/icons/app.svg.

Run as a program it writes `homebody.ico` and `side.bmp` (the tall picture on the installer's last
page) into a folder: `python packaging/windows/drawings.py FOLDER`.
"""

import os
import struct
import sys
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRectF, Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

__all__ = ["draw"]

APP = Path(__file__).resolve().parents[2] / "assets" / "icons" / "app.svg"
SIZES = (16, 20, 24, 32, 40, 48, 64, 96, 128, 256)
"""What Windows asks for at 100 to 250 %, in pixels."""

SIDE = (492, 942)
"""Three times NSIS's 164 by 314, for dense screens."""
PAPER = "#FAF9F6"


def draw(folder: Path) -> tuple[Path, Path]:
    """Write both pictures into `folder` and return their paths."""
    app = QGuiApplication.instance() or QGuiApplication([])
    assert app is not None
    icon = QSvgRenderer(str(APP))
    if not icon.isValid():
        raise SystemExit(f"error: {APP} cannot be drawn")
    folder.mkdir(parents=True, exist_ok=True)
    ico, side = folder / "homebody.ico", folder / "side.bmp"
    ico.write_bytes(_ico([(size, _png(_square(icon, size))) for size in SIZES]))
    if not _side(icon).save(str(side), "BMP"):
        raise SystemExit(f"error: {side} could not be written")
    return ico, side


def _square(icon: QSvgRenderer, size: int) -> QImage:
    image = QImage(size, size, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    icon.render(painter, QRectF(0, 0, size, size))
    painter.end()
    return image


def _side(icon: QSvgRenderer) -> QImage:
    width, height = SIDE
    # Without transparency: NSIS reads bitmaps of 24 bits.
    image = QImage(width, height, QImage.Format.Format_RGB888)
    image.fill(QColor(PAPER))
    painter = QPainter(image)
    side = width * 0.5
    icon.render(painter, QRectF((width - side) / 2, height * 0.36 - side / 2, side, side))
    painter.end()
    return image


def _png(image: QImage) -> bytes:
    held = QByteArray()
    buffer = QBuffer(held)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")
    return bytes(held.data())


def _ico(pictures: list[tuple[int, bytes]]) -> bytes:
    """Return an icon file: a header, a line for each picture, and the pictures as PNG."""
    head = struct.pack("<HHH", 0, 1, len(pictures))
    offset = len(head) + 16 * len(pictures)
    lines, bodies = b"", b""
    for size, png in pictures:
        # 256 is written as 0.
        lines += struct.pack("<BBBBHHII", size % 256, size % 256, 0, 0, 1, 32, len(png), offset)
        bodies += png
        offset += len(png)
    return head + lines + bodies


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    for path in draw(Path(sys.argv[1])):
        print(path)
