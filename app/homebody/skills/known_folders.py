"""The person's own folders by their everyday names, in five languages.

Where they really are, the system says: on Linux `user-dirs.dirs`, on Windows the known folders,
which OneDrive likes to move. Both are read by platformdirs.
"""

import functools
import os
from pathlib import Path
from typing import Final

__all__ = ["folder_named", "home_folder", "home_variables"]

_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "documents": (
        *("documents", "my documents", "document", "dokumente", "eigene dokumente", "documentos"),
        *("mis documentos", "mes documents", "documenti", "i miei documenti"),
    ),
    "downloads": (
        *("downloads", "download", "my downloads", "descargas", "telechargements"),
        *("mes telechargements", "scaricati"),
    ),
    "pictures": (
        *("pictures", "my pictures", "photos", "images", "bilder", "eigene bilder", "fotos"),
        *("imagenes", "mis imagenes", "mes images", "immagini", "foto"),
    ),
    "music": ("music", "my music", "musik", "musica", "musique"),
    "videos": ("videos", "my videos", "movies", "video", "filme"),
    "desktop": (*("desktop", "schreibtisch", "escritorio", "bureau", "scrivania"),),
}
_HOME: Final = ("home", "home folder", "my home", "personlicher ordner", "cartella home")


_VARIABLES: Final = (
    *("HOME", "USERPROFILE", "HOMEDRIVE", "HOMEPATH", "XDG_CONFIG_HOME", "LOCALAPPDATA"),
    *(f"XDG_{name}_DIR" for name in ("DOCUMENTS", "DOWNLOAD", "PICTURES", "MUSIC", "VIDEOS")),
    "XDG_DESKTOP_DIR",
)


def home_variables() -> dict[str, str]:
    """Return the variables by which a child finds the same folders as this process does."""
    return {name: os.environ[name] for name in _VARIABLES if name in os.environ}


def home_folder() -> Path | None:
    """Return the person's home folder; None where the system does not say."""
    try:
        return Path.home()
    except RuntimeError:
        return None


def folder_named(plain: str) -> Path | None:
    """Return the folder that a plain name stands for, whether or not it is there.

    `plain` is folded as `paths.plain` does: small letters without accents.
    """
    if plain in _HOME:
        return home_folder()
    kind = next((kind for kind, names in _NAMES.items() if plain in names), None)
    if kind is None:
        kind = next((kind for kind in _NAMES if _called(kind) == plain), None)
    return _where(kind) if kind is not None else None


def _called(kind: str) -> str:
    """Return what the folder is called on this machine, in small letters."""
    where = _where(kind)
    return where.name.casefold() if where is not None else ""


def _where(kind: str) -> Path | None:
    home = home_folder()
    return None if home is None else _asked(kind, home)


@functools.lru_cache(maxsize=64)
def _asked(kind: str, home: Path) -> Path | None:
    """Ask the system once: the workshop is locked afterwards, and could not ask again."""
    import platformdirs

    said = getattr(platformdirs, f"user_{kind}_dir")()
    where = Path(said)
    # A line such as XDG_MUSIC_DIR="$HOME/" says that there is none.
    return where if where.is_absolute() and where != home else None
