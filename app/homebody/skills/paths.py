"""Says which file is meant, and whether a skill may touch it.

The front end asks before a step, so that the person can be asked for a folder; the workshop asks
again, and what it then opens is checked once more by `within` and, where there is Landlock, by the
kernel. Nothing is opened here, and no file is changed.
"""

import errno
import os
import re
import stat
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from msgspec import Struct

from homebody.base.errors import SkillProblem
from homebody.base.paths import is_elsewhere
from homebody.messages.skills import Access, Grant
from homebody.skills.known_folders import folder_named, home_folder

__all__ = ["Located", "Reach", "covering", "locate", "plain", "shown", "windows_trouble"]

_SYSTEMS_OWN: Final = ("/proc", "/sys", "/dev")
"""What looks like files there are devices, processes and switches of the kernel."""
_MOST_LISTED = 20_000
_QUOTES: Final = ('""', "''", "``", "“”", "„“", "«»")
_WINDOWS_DEVICE: Final = re.compile(
    r"(?:CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(?:COM|LPT)[0-9¹²³]) *(?:\..*)?", re.IGNORECASE
)
_FULL_PATH = "Give the whole path, such as C:\\Users\\Ada\\notes.txt."


class Reach(Struct, frozen=True):
    """What the workshop was let into, and where it looks for a bare name."""

    grants: tuple[Grant, ...] = ()
    places: tuple[str, ...] = ()


class Located(Struct, frozen=True):
    """A file or folder that was meant."""

    path: Path
    """Absolute, without links."""
    folder: Path
    """What the person has to let skills into for it: the folder itself, or the file's."""
    granted: bool
    """Whether they have."""


def locate(
    name: str,
    *,
    places: Sequence[str | Path],
    grants: Sequence[Grant],
    access: Access,
    must_exist: bool,
) -> Located:
    """Return what a name or path means.

    A bare name is looked up in `places`, then in the granted folders; "~", "Documents" and its like
    (in five languages) are known. A name that begins with ./ or ../ means the first place alone.
    What has to exist may be named without its suffix, and in small letters or capitals. Raises
    `SkillProblem`: "arguments", "missing", "unclear" (with choices), "unsupported" or "refused".
    """
    text = _usable(name)
    try:
        path = Path(os.path.realpath(_meant(text, _looked_in(text, places, grants), must_exist)))
        if any(path.is_relative_to(own) for own in _SYSTEMS_OWN):
            raise SkillProblem(
                f"{shown(path)} belongs to the system; skills are not let in.",
                "Name a file of your own.",
                "refused",
            )
        facts = _facts(path)
    except OSError as error:
        raise _said(error, text) from None
    if facts is not None and not (stat.S_ISREG(facts.st_mode) or stat.S_ISDIR(facts.st_mode)):
        raise SkillProblem(
            f"{shown(path)} is {_special(facts.st_mode)}, not a file.",
            "Name a file or a folder.",
            "unsupported",
        )
    folder = path if facts is not None and stat.S_ISDIR(facts.st_mode) else path.parent
    if folder == Path("/"):
        raise SkillProblem(
            f"{shown(path)} lies at the very top of the system; skills are not let in there.",
            "Put the file into a folder of your own.",
            "refused",
        )
    return Located(path, folder, covering(path, grants, access) is not None)


def covering(path: Path, grants: Iterable[Grant], access: Access) -> Path | None:
    """Return the granted folder that lets a path without links be read or written, if any does."""
    for grant in grants:
        folder = Path(grant.folder)
        if (access == "read" or grant.access == "write") and path.is_relative_to(folder):
            return folder
    return None


def plain(text: str) -> str:
    """Return a text for comparing: small letters, without accents."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter)).strip()


def shown(path: Path | str, *, whole: bool = False) -> str:
    """Return a path as it can be shown: nothing in it moves the cursor or breaks a frame.

    A long one is shortened in its middle, unless the `whole` is wanted: what a person says yes to
    hides nothing.
    """
    text = str(path).encode("utf-8", "replace").decode()
    text = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)
    return text if whole or len(text) <= 200 else f"{text[:100]}…{text[-99:]}"


def windows_trouble(text: str) -> str:
    """Return why Windows would not take this as an ordinary path; empty: it would."""
    drive = re.match(r"[A-Za-z]:", text)
    rest = text[2:] if drive else text
    if drive and not rest.startswith(("\\", "/")):
        return "it means whichever folder is open on that drive"
    if not drive and rest.startswith(("\\", "/")):
        return "it does not say on which drive"
    if ":" in rest:
        return "it names a hidden stream inside a file"
    if any(letter in '<>"|?*' or ord(letter) < 32 for letter in rest):
        return "Windows does not allow one of its characters"
    for part in re.split(r"[\\/]", rest):
        if _WINDOWS_DEVICE.fullmatch(part):
            return f"{part} is a device"
    return ""


def _usable(name: str) -> str:
    """Return a name without what is around it, or say why it is none."""
    text = name.strip()
    if len(text) > 2 and text[0] + text[-1] in _QUOTES:
        text = text[1:-1]
    reason, hint = "", "Name the file or folder again."
    if "\0" in text:
        reason = "it holds a character that no path can have"
    elif is_elsewhere(text):
        reason, hint = "it is on another machine", "Copy the file to this machine first."
    elif sys.platform == "win32":
        reason, hint = windows_trouble(text), _FULL_PATH
    if reason:
        raise SkillProblem(f"“{shown(text)}” cannot be used: {reason}.", hint, "arguments")
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        raise SkillProblem(
            f"“{shown(text)}” cannot be used: it holds half a character.", hint, "arguments"
        ) from None
    return text


def _looked_in(
    text: str, places: Sequence[str | Path], grants: Sequence[Grant]
) -> tuple[Path, ...]:
    """Return the paths that a text may stand for, best first, each once; at least one."""
    home = home_folder()
    if home is not None and (text == "~" or text.startswith(("~/", "~\\"))):
        return (home / text[2:],)
    if Path(text).is_absolute():
        return (Path(text),)
    folders = [folder for place in places if (folder := Path(place)).is_absolute()]
    if text in {"", ".", ".."} or text.startswith(("./", "../", ".\\", "..\\")):
        candidates = [folder / text for folder in folders[:1]]
    else:
        first, *rest = Path(text).parts
        granted = [Path(grant.folder) for grant in grants]
        named = [folder for folder in granted if plain(folder.name) == plain(first)]
        known = folder_named(plain(first))
        named += [known] if known is not None else []
        candidates = [folder / text for folder in folders]
        candidates += [folder.joinpath(*rest) for folder in named]
        candidates += [folder / text for folder in granted]
    if not candidates:
        raise SkillProblem(
            f"There is no folder in which “{shown(text)}” could be looked for.",
            "Give the whole path.",
            "missing",
        )
    return tuple(dict.fromkeys(candidates))


def _meant(text: str, candidates: tuple[Path, ...], must_exist: bool) -> Path:
    """Return the one path that is meant. Raises `SkillProblem`, and `OSError` for a bad name."""
    there = [path for path in candidates if _facts(path) is not None]
    if not there and must_exist:
        there = [path for candidate in candidates for path in _alike(candidate)]
    different = {os.path.realpath(path): path for path in reversed(there)}
    if len(different) == 1:
        return there[0]
    if different:
        choices = tuple(sorted(path for path in different if path.isprintable()))
        listed = ", ".join(shown(choice) for choice in choices[:5])
        raise SkillProblem(
            f"“{shown(text)}” may be any of {len(different)}: {listed}.",
            "Say which one, by its whole path.",
            "unclear",
            choices=choices,
        )
    if must_exist:
        raise SkillProblem(
            f"There is no “{shown(text)}” in {_all(candidates)}.", _nearly(candidates), "missing"
        )
    path = next((path for path in candidates if path.parent.is_dir()), None)
    if path is None:
        raise SkillProblem(
            f"There is no folder {_all(candidates[:1])}.", "Make the folder first.", "missing"
        )
    return path


def _facts(path: Path) -> os.stat_result | None:
    """Return what is known of a file, None where there is none or nobody may know."""
    try:
        return path.stat()
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return None


def _names(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Yield what lies in a folder, up to a bound; nothing where it may not be looked into."""
    try:
        with os.scandir(folder) as found:
            for number, entry in enumerate(found):
                if number >= _MOST_LISTED:
                    return
                yield entry
    except OSError:
        return


def _alike(path: Path) -> list[Path]:
    """Return what a name may mean that is not quite there: other capitals, or no suffix."""
    wanted = plain(path.name)
    same, stems = [], []
    for entry in _names(path.parent):
        name = plain(entry.name)
        if name == wanted:
            same.append(path.parent / entry.name)
        elif name.rpartition(".")[0] == wanted and not entry.name.startswith("."):
            stems.append(path.parent / entry.name)
    return same or stems


def _nearly(candidates: tuple[Path, ...]) -> str:
    """Say what is there that is named nearly so."""
    names = {entry.name for path in candidates for entry in _names(path.parent)}
    near = get_close_matches(candidates[0].name, sorted(names), n=3, cutoff=0.6)
    if near:
        return f"There is {' and '.join(shown(name) for name in near)}."
    return "Look for it by name first, or give the whole path."


def _all(candidates: tuple[Path, ...]) -> str:
    folders = list(dict.fromkeys(shown(path.parent) for path in candidates))
    return " or ".join(folders[:3]) + (" or elsewhere" if len(folders) > 3 else "")


def _special(mode: int) -> str:
    kinds = {stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
    return kinds.get(stat.S_IFMT(mode), "a device")


def _said(error: OSError, text: str) -> SkillProblem:
    """Word what the system says of a name."""
    reasons = {
        errno.ENAMETOOLONG: "a name in it is too long",
        errno.ELOOP: "its links go round in a circle",
    }
    reason = reasons.get(error.errno or 0, error.strerror or "the system does not take it")
    return SkillProblem(
        f"“{shown(text)}” cannot be used: {reason}.", "Name the file or folder again.", "arguments"
    )
