"""Fills a folder as a Linux system has it: the app, its entry, icons, metainfo and man page.

The .deb and the AppImage are both made from such a folder. What a person sees of Homebody outside
its window has one name, `ID`: the desktop entry, the icon, the metainfo, and what the window says
it is. home.arpa is kept free for what stays at home (RFC 8375): nobody can own it, so the name is
nobody else's.
"""

import gzip
import os
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NoReturn
from xml.sax.saxutils import escape

__all__ = [
    "ID",
    "OUT",
    "ROOT",
    "STARTER",
    "Facts",
    "draw_icons",
    "facts",
    "fill",
    "quit_with",
    "settle",
]

ID: Final = "arpa.home.homebody"
ROOT: Final = Path(__file__).resolve().parents[2]
OUT: Final = ROOT / "build" / "package"
HERE: Final = Path(__file__).resolve().parent
STARTER: Final = "_internal/homebody/shipped/models/SmolLM2-135M-Instruct.Q4_1.gguf"
SIZES: Final = (16, 22, 24, 32, 48, 64, 128, 256, 512)
"""Pixels of a side, as desktops ask for them."""

_PICTURES: Final = (
    ("talk-light.png", "A reply with a table and lists"),
    ("steps-done-dark.png", "A request done in four steps"),
    ("offer-sheet-light.png", "What would leave, before it leaves"),
    ("privacy-ledger-dark.png", "Everything that ever left"),
    ("models-page-dark.png", "Models: what is here, what is recommended"),
)


@dataclass(frozen=True)
class Facts:
    """What is written into every file that has a place for it."""

    version: str
    moment: int
    """Seconds since 1970: the date of all files, so that the same source makes the same bytes."""
    homepage: str = ""
    pictures: str = ""
    """The address of the folder with the screenshots; "": nobody knows one yet."""

    @property
    def date(self) -> str:
        """The day, such as 2026-11-21."""
        return f"{datetime.fromtimestamp(self.moment, UTC):%Y-%m-%d}"


def quit_with(sentence: str) -> NoReturn:
    """Say why nothing can be made, and end."""
    print(f"error: {sentence}", file=sys.stderr)
    raise SystemExit(1)


def facts(homepage: str = "", pictures: str = "") -> Facts:
    """Return the version from pyproject.toml, and the moment from the last commit.

    SOURCE_DATE_EPOCH, where it is set, is the moment.
    """
    for address in filter(None, (homepage, pictures)):
        if not address.startswith("https://"):
            quit_with(f"{address!r} is not an address that begins with https://.")
    with (ROOT / "pyproject.toml").open("rb") as stream:
        version = tomllib.load(stream)["project"]["version"]
    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not given:
        asked = subprocess.run(
            ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"],
            capture_output=True,
            text=True,
            check=False,
        )
        given = asked.stdout.strip()
    if not given.isdecimal():
        quit_with(
            "no date is known: set SOURCE_DATE_EPOCH (seconds since 1970), or build in a checkout."
        )
    return Facts(version, int(given), homepage, pictures.rstrip("/"))


def fill(root: Path, frozen: Path, known: Facts, *, starter: bool) -> None:
    """Make `root/usr` with everything but what only one kind of package has."""
    if not (frozen / "homebody").is_file():
        quit_with(f"there is no frozen app in {frozen}: run packaging/freeze.py first.")
    if starter and not (frozen / STARTER).is_file():
        quit_with(f"the starter model is not in {frozen}: freeze again, or say --without-starter.")
    home = root / "usr/lib/homebody"
    shutil.copytree(frozen, home, symlinks=True)
    if not starter:
        (home / STARTER).unlink(missing_ok=True)
    (root / "usr/bin").mkdir(parents=True)
    (root / "usr/bin/homebody").symlink_to("../lib/homebody/homebody")
    share = root / "usr/share"
    _write(share / f"applications/{ID}.desktop", _read(f"{ID}.desktop"))
    _write(share / "mime/packages/homebody.xml", _read("homebody-mime.xml"))
    _write(share / f"metainfo/{ID}.metainfo.xml", metainfo(known))
    manual = _read("homebody.1").replace("@VERSION@", known.version).replace("@DATE@", known.date)
    squeeze(share / "man/man1/homebody.1.gz", manual)
    draw_icons(share / "icons/hicolor")


def metainfo(known: Facts) -> str:
    """Return the AppStream metainfo, with what is known of addresses."""
    text = _read(f"{ID}.metainfo.xml")
    text = re.sub(r"<!--.*?-->\n", "", text, flags=re.DOTALL)
    text = text.replace("@VERSION@", escape(known.version)).replace("@DATE@", known.date)
    more = ""
    if known.homepage:
        more += f'  <url type="homepage">{escape(known.homepage)}</url>\n'
    if known.pictures:
        more += "  <screenshots>\n"
        for number, (name, caption) in enumerate(_PICTURES):
            kind = ' type="default"' if number == 0 else ""
            more += (
                f"    <screenshot{kind}>\n"
                f"      <caption>{escape(caption)}</caption>\n"
                f"      <image>{escape(known.pictures)}/{name}</image>\n"
                "    </screenshot>\n"
            )
        more += "  </screenshots>\n"
    return text.replace("  <provides>", f"{more}  <provides>")


def draw_icons(theme: Path) -> None:
    """Draw the icon in every size, and put the drawing itself beside them."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    try:
        from PySide6.QtCore import QRectF, Qt
        from PySide6.QtGui import QGuiApplication, QImage, QPainter
        from PySide6.QtSvg import QSvgRenderer
    except ImportError as error:
        quit_with(f"Qt, which draws the icons, cannot be loaded ({error}): use .venv/bin/python.")
    drawing = ROOT / "assets/icons/app.svg"
    _app = QGuiApplication.instance() or QGuiApplication([])
    renderer = QSvgRenderer(str(drawing))
    for size in SIZES:
        image = QImage(size, size, QImage.Format.Format_ARGB32)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        renderer.render(painter, QRectF(0, 0, size, size))
        painter.end()
        path = theme / f"{size}x{size}/apps/{ID}.png"
        path.parent.mkdir(parents=True)
        if not image.save(str(path)):
            quit_with(f"{path} could not be written.")
    _write(theme / f"scalable/apps/{ID}.svg", drawing.read_text("utf-8"))


def settle(root: Path, moment: int) -> None:
    """Give every file below `root` the same date and plain rights, whoever built it, and when."""
    for path in (root, *root.rglob("*")):
        if not path.is_symlink():
            runs = path.is_dir() or _is_program(path)
            path.chmod(0o755 if runs else 0o644)
        os.utime(path, (moment, moment), follow_symlinks=False)


def squeeze(path: Path, text: str) -> None:
    """Write a text as gzip does it, the same each time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.encode(), compresslevel=9, mtime=0))


def _is_program(path: Path) -> bool:
    """Tell whether a file is one that is run. Libraries are not."""
    if re.search(r"\.so(\.\d+)*$", path.name) or not path.stat().st_mode & 0o100:
        return False
    with path.open("rb") as stream:
        return stream.read(4).startswith((b"\x7fELF", b"#!"))


def _read(name: str) -> str:
    return (HERE / name).read_text("utf-8")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8", newline="\n")
