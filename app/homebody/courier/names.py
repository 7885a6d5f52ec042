"""Names that come from elsewhere, made into names of files here: the one place where that is done.

A hub, or whoever sits between, may name a file `../../.bashrc`, `C:x`, `NUL.gguf`, or with
characters that nobody sees. Nothing else in Homebody joins such a name to a path.
"""

import re
import unicodedata
from pathlib import Path

from homebody.base.errors import CourierProblem

__all__ = ["ENDING", "folded", "named_apart", "safe_join", "safe_name"]

ENDING = ".gguf"
_LONGEST = 200
"""Bytes: file systems take 255, and a name may get a mark of its own."""
_FORBIDDEN = frozenset('<>:"|?*\\')
_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])", re.IGNORECASE)
_PIECE = re.compile(r"-\d{5}-of-\d{5}\.gguf$", re.IGNORECASE)


def safe_name(remote: str) -> str:
    """Return the name that a file of the hub gets here: its last part, where all parts are sound.

    Raises `CourierProblem` ("hub") for a name that no honest model has.
    """
    for part in remote.split("/"):
        _check(part, remote)
    name = unicodedata.normalize("NFC", remote.rpartition("/")[2])
    if not name.lower().endswith(ENDING) or name.lower() == ENDING:
        raise _refused(remote, "only GGUF files are fetched")
    return name


def safe_join(folder: Path, name: str) -> Path:
    """Return the path of `name` directly in `folder`; `name` was made by `safe_name`."""
    path = folder / safe_name(name)
    if path.parent != folder or path.name != unicodedata.normalize("NFC", name):
        raise _refused(name, "it leads out of the folder")
    return path


def named_apart(name: str, sha256: str) -> str:
    """Return `name` with the beginning of the hash, before its ending or its number in a set."""
    piece = _PIECE.search(name)
    cut = piece.start() if piece else len(name) - len(ENDING)
    return f"{name[:cut]}.{sha256[:8]}{name[cut:]}"


def folded(name: str) -> str:
    """Return what two names have in common that are one file on Windows or on a Mac."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _check(part: str, remote: str) -> None:
    if part in {"", ".", ".."}:
        raise _refused(remote, "it leads elsewhere")
    if not part.isprintable() or _FORBIDDEN & set(part):
        raise _refused(remote, "it holds characters that are not for names")
    if part != part.strip(" ") or part.endswith("."):
        raise _refused(remote, "it begins or ends with what Windows takes away")
    if _RESERVED.fullmatch(part.partition(".")[0].rstrip(" ")):
        raise _refused(remote, "it is the name of a device on Windows")
    try:
        size = len(part.encode())
    except UnicodeEncodeError:
        raise _refused(remote, "it is no text") from None
    if size > _LONGEST:
        raise _refused(remote, "it is too long")


def _refused(remote: str, why: str) -> CourierProblem:
    shown = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in remote)
    return CourierProblem(
        f"The hub names a file {shown[:80]!r}, which was refused: {why}.",
        "Choose another file, or another repository.",
        kind="hub",
    )
