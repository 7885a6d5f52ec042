"""What words in a search for files mean, in English, German, Spanish, French and Italian.

All are folded as `paths.plain` does: small letters without accents.
"""

from typing import Final, Literal

__all__ = ["KINDS", "NOISE", "ORDERS", "PLURALS", "SKIPPED", "Order"]

Order = Literal["newest", "oldest", "largest", "smallest"]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_GROUPS: Final = (
    (
        "photo picture image pic foto bild imagen immagine",
        "photos pictures images pics fotos bilder imagenes immagini fotografias fotografie",
        "jpg jpeg png gif webp heic heif tif tiff bmp avif svg raw cr2 nef arw dng",
    ),
    (
        "video movie film clip filmato",
        "videos movies films clips filme filmati peliculas",
        "mp4 mkv mov avi webm m4v mpg mpeg wmv flv",
    ),
    (
        "song track audio lied cancion chanson canzone musik musica musique music",
        "songs tracks lieder canciones chansons canzoni",
        "mp3 flac ogg opus m4a wav aac wma aiff",
    ),
    (
        "document dokument documento",
        "documents dokumente documentos documenti",
        "pdf doc docx odt rtf txt md tex pages",
    ),
    ("word", "", "doc docx"),
    (
        "spreadsheet sheet excel tabelle hoja tableur foglio",
        "spreadsheets sheets tabellen hojas tableurs fogli",
        "xls xlsx ods csv tsv numbers",
    ),
    (
        "presentation slide powerpoint prasentation presentacion presentazione",
        "presentations slides folien prasentationen presentaciones presentazioni",
        "ppt pptx odp key",
    ),
    ("archive archiv", "archives archivi", "zip tar gz tgz bz2 xz 7z rar zst"),
    ("markdown", "", "md markdown"),
    ("python", "", "py ipynb"),
    ("ebook", "ebooks", "epub mobi azw3"),
)

_SUFFIXES: Final = _words(
    "pdf txt md csv tsv html htm json xml yaml yml toml ini log rtf odt ods odp doc docx xls xlsx "
    "ppt pptx jpg jpeg png gif webp heic svg mp3 mp4 flac wav ogg mov mkv zip py js ts c cpp h rs "
    "go java sh tex epub gguf ics eml"
)


def _kinds() -> dict[str, frozenset[str]]:
    kinds = {word: frozenset((suffix,)) for suffix in _SUFFIXES for word in (suffix, f"{suffix}s")}
    # One letter is more often part of a name.
    kinds = {word: suffixes for word, suffixes in kinds.items() if len(word) > 2 or word == "md"}
    kinds["jpg"] = kinds["jpgs"] = kinds["jpeg"] = kinds["jpegs"] = frozenset(("jpg", "jpeg"))
    kinds["html"] = kinds["htm"] = frozenset(("html", "htm"))
    for one, many, suffixes in _GROUPS:
        kinds |= dict.fromkeys((one + " " + many).split(), frozenset(suffixes.split()))
    return kinds


KINDS: Final = _kinds()
"""A word, and the suffixes that it stands for."""

ORDERS: Final[dict[str, Order]] = {
    **dict.fromkeys(
        _words(
            "newest latest recent last neueste neuesten neuester neuestes letzte letzten letztes "
            "aktuellste nuevo reciente recientes ultimo ultima ultimos ultimas dernier derniere "
            "derniers dernieres recents recentes recente recenti ultimi"
        ),
        "newest",
    ),
    **dict.fromkeys(
        _words("oldest alteste altesten altestes antiguo antigua ancien ancienne vecchio"), "oldest"
    ),
    **dict.fromkeys(
        _words("largest biggest grosste grossten grosstes grande grandes gros grosse grandi"),
        "largest",
    ),
    **dict.fromkeys(_words("smallest kleinste kleinsten pequeno petit petite piccolo"), "smallest"),
}

_FILES: Final = (
    "files dateien archivos ficheros fichiers documents everything alles todo tout tutto"
)
PLURALS: Final = frozenset(
    _words(_FILES + " " + " ".join(many for _, many, _ in _GROUPS))
) | frozenset(f"{suffix}s" for suffix in _SUFFIXES)
"""Words that ask for several, also beside "newest"."""

NOISE: Final = frozenset(
    _words(
        "my the a an all any every of in for from with named called that are is me to about and "
        "some most please file files folder "
        "mein meine meinen der die das den dem ein eine alle von im mit und datei dateien ordner "
        "mi mis el la los las un una todos todas de del con y archivo archivos fichero ficheros "
        "mas mon ma mes le les une tous toutes des du avec et fichier fichiers dossier plus "
        "il lo gli i miei mie mio mia tutti tutte di dei delle con e cartella piu"
    )
)
"""Words that say nothing about the file."""

SKIPPED: Final = frozenset(
    (
        *("node_modules", "__pycache__", "$recycle.bin", "system volume information", "appdata"),
        *("lost+found", "desktop.ini", "thumbs.db"),
    )
)
"""Files and folders that belong to programs and not to the person."""
