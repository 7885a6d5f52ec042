"""Colours, type and spacing: the look, in one place.

Sizes are in pixels at the person's text size of 100 %; `Theme.size` scales them. A widget that
paints itself takes a `Look`, draws with `look.theme` and draws again when `look.changed`; the rest
follows the palette and the one style sheet in `style`.
"""

from functools import cached_property
from typing import Literal

from msgspec import Struct
from msgspec.structs import asdict
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from homebody.settings.declared import Appearance
from homebody.ui.style import style_sheet

__all__ = ["COLUMN", "DARK", "GAP", "LIGHT", "MARGIN", "Look", "Theme", "Tokens"]


FontRole = Literal["body", "fact", "label", "title", "code"]

GAP = 8
"""Between the lines of one thing; twice that between things."""
MARGIN = 28
"""At the edges of a page."""
COLUMN = 720
"""The widest that a column of text becomes."""


class Tokens(Struct, frozen=True, kw_only=True):
    """The colours by what they are for, as `#RRGGBB`."""

    bg: str
    side: str
    card: str
    code: str
    line: str
    selected: str
    text: str
    dim: str
    faint: str
    accent: str
    accent_soft: str
    ink: str
    """Words on the accent."""
    ok: str
    warn: str
    bad: str


LIGHT = Tokens(
    bg="#FAF9F6",
    side="#F1EFEA",
    card="#FFFFFF",
    code="#F4F2EC",
    line="#E3E0D8",
    selected="#E6E2D8",
    text="#23211C",
    dim="#5F5B52",
    faint="#716C61",
    accent="#A84A24",
    accent_soft="#F6E6DC",
    ink="#FFFFFF",
    ok="#2A7047",
    warn="#8A5A00",
    bad="#A3262A",
)
DARK = Tokens(
    bg="#1B1A18",
    side="#151412",
    card="#242320",
    code="#161513",
    line="#34322D",
    selected="#2C2A26",
    text="#ECE9E1",
    dim="#B3AEA2",
    faint="#989285",
    accent="#EC9468",
    accent_soft="#3A2A20",
    ink="#1B1A18",
    ok="#74C594",
    warn="#E0B050",
    bad="#F0888A",
)

_PIXELS: dict[FontRole, int] = {"body": 14, "fact": 12, "label": 12, "title": 16, "code": 13}
_SEMIBOLD: frozenset[FontRole] = frozenset({"label", "title"})


class Theme(Struct, frozen=True, dict=True):
    """One look: colours, and how large things are."""

    tokens: Tokens
    dark: bool = False
    scale: float = 1.0
    """1.0 is a text size of 100 %."""
    family: str = ""
    mono: str = ""
    """Families for words and for code; empty: the system's."""

    def size(self, pixels: float) -> int:
        """Return a length scaled with the text."""
        return round(pixels * self.scale)

    def color(self, name: str) -> QColor:
        """Return a colour by the name of its token."""
        return self._colors[name]

    def font(self, role: FontRole) -> QFont:
        """Return the font for one use of words."""
        which = QFontDatabase.SystemFont
        kind = which.FixedFont if role == "code" else which.GeneralFont
        font = QFontDatabase.systemFont(kind)
        family = self.mono if role == "code" else self.family
        if family:
            font.setFamily(family)
        font.setPixelSize(max(self.size(_PIXELS[role]), 1))
        if role in _SEMIBOLD:
            font.setWeight(QFont.Weight.DemiBold)
        return font

    def palette(self) -> QPalette:
        """Return the palette that every standard widget draws with."""
        roles = QPalette.ColorRole
        palette = QPalette()
        for role, name in (
            (roles.Window, "bg"),
            (roles.WindowText, "text"),
            (roles.Base, "card"),
            (roles.AlternateBase, "code"),
            (roles.Text, "text"),
            (roles.PlaceholderText, "faint"),
            (roles.Button, "card"),
            (roles.ButtonText, "text"),
            (roles.BrightText, "bad"),
            (roles.Light, "card"),
            (roles.Midlight, "selected"),
            (roles.Mid, "line"),
            (roles.Dark, "faint"),
            (roles.Shadow, "line"),
            (roles.Highlight, "accent"),
            (roles.HighlightedText, "ink"),
            (roles.Accent, "accent"),
            (roles.Link, "accent"),
            (roles.LinkVisited, "accent"),
            (roles.ToolTipBase, "card"),
            (roles.ToolTipText, "text"),
        ):
            palette.setColor(role, self.color(name))
        for role in (roles.WindowText, roles.Text, roles.ButtonText):
            palette.setColor(QPalette.ColorGroup.Disabled, role, self.color("faint"))
        return palette

    @cached_property
    def _colors(self) -> dict[str, QColor]:
        return {name: QColor(value) for name, value in asdict(self.tokens).items()}


class Look(QObject):
    """The theme that is shown now. Follows the system, unless the person chose one."""

    changed = Signal()

    def __init__(self, app: QApplication, *, family: str = "", mono: str = "") -> None:
        super().__init__()
        self._app = app
        self._families = family, mono
        # As the system made it, before ours takes its place.
        self._system_palette = app.palette()
        self._appearance: Appearance = "system"
        self._text_size = 100
        self.theme = Theme(LIGHT)
        self._applied: Theme | None = None
        hints = app.styleHints()
        hints.colorSchemeChanged.connect(self._follow_system)
        self._follow_system()

    def choose(self, appearance: Appearance, text_size: int) -> None:
        """Show light, dark, or what the system says, at a text size in per cent."""
        schemes = {
            "system": Qt.ColorScheme.Unknown,
            "light": Qt.ColorScheme.Light,
            "dark": Qt.ColorScheme.Dark,
        }
        self._appearance, self._text_size = appearance, text_size
        # Title bars and native dialogs follow this too.
        self._app.styleHints().setColorScheme(schemes[appearance])
        self._follow_system()

    def _follow_system(self) -> None:
        # Not every platform does as it is told.
        dark = self._appearance == "dark" or (
            self._appearance == "system"
            and self._app.styleHints().colorScheme() == Qt.ColorScheme.Dark
        )
        tokens = DARK if dark else LIGHT
        if _wants_contrast(self._app):
            tokens = _from_palette(self._system_palette)
        family, mono = self._families
        theme = Theme(tokens, dark, self._text_size / 100, family, mono)
        if theme == self._applied:
            return
        self.theme = self._applied = theme
        self._app.setPalette(theme.palette())
        self._app.setFont(theme.font("body"))
        self._app.setStyleSheet(style_sheet(asdict(tokens), theme.size))
        self.changed.emit()


def _wants_contrast(app: QGuiApplication) -> bool:
    """Tell whether the person asked the system for high contrast. Qt knows since 6.10."""
    hints = getattr(app.styleHints(), "accessibility", None)
    if hints is None:
        return False
    return bool(hints().contrastPreference() == Qt.ContrastPreference.HighContrast)


def _from_palette(palette: QPalette) -> Tokens:
    """Return the person's own colours, so that high contrast stays what they chose."""
    roles = QPalette.ColorRole

    def color(role: QPalette.ColorRole) -> str:
        return palette.color(QPalette.ColorGroup.Active, role).name()

    window, text, base = color(roles.Window), color(roles.WindowText), color(roles.Base)
    accent, ink = color(roles.Highlight), color(roles.HighlightedText)
    return Tokens(
        bg=window,
        side=window,
        card=base,
        code=base,
        line=text,
        selected=base,
        text=text,
        dim=text,
        faint=text,
        accent=accent,
        accent_soft=base,
        ink=ink,
        ok=text,
        warn=text,
        bad=text,
    )
