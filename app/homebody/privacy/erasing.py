"""Erase a profile: everything that Homebody ever wrote for the person, and the keys it kept.

Keys go first, while there is a courier that can reach the keyring; files go last, when nothing of
Homebody holds one open or would write it again. Links are removed, and what they lead to stays.
"""

import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from msgspec import Struct

from homebody.base.errors import HomebodyError
from homebody.base.paths import Home

__all__ = ["Erased", "ModelFiles", "erase_profile", "forget_secrets", "model_files"]

_OURS: Final = (
    "homebody.*",  # the database, what lies beside it, the log
    "ledger.*",
    "settings.toml*",
    "shelf.json*",
    "skills.json*",
    "providers.json*",
    "private.json*",
    "build.json*",
    "model-facts.json*",
    "window.*",
    "*.kept",
    "backups",
    "models",
    "engines",
    "skills",
)
"""Names in the folders of a profile. A file that was being written begins with a dot."""


class ModelFiles(Struct, frozen=True):
    """What lies in Homebody's own folder of models."""

    files: int
    bytes: int


class Erased(Struct, frozen=True, kw_only=True):
    """What is left after erasing: nothing, where all three are empty."""

    stayed: tuple[str, ...] = ()
    """Files that could not be deleted, each with why."""
    others: tuple[str, ...] = ()
    """What lies in a folder that the person named for Homebody, and is not Homebody's."""
    keys: tuple[str, ...] = ()
    """What is still in the system's keyring, in sentences."""

    @property
    def whole(self) -> bool:
        """Whether nothing of Homebody's is left, but what the person chose to keep."""
        return not self.stayed and not self.keys


def model_files(home: Home) -> ModelFiles:
    """Return how much the models take that Homebody fetched. Links count as nothing."""
    files = size = 0
    for path in _walk(home.models):
        try:
            found = path.lstat()
        except OSError:
            continue
        if stat.S_ISREG(found.st_mode):
            files += 1
            size += found.st_size
    return ModelFiles(files, size)


def forget_secrets(
    providers: Iterable[str],
    forget_key: Callable[[str], object],
    forget_token: Callable[[], object],
) -> tuple[str, ...]:
    """Delete the keys of providers and the hub's token; say in sentences what is still kept."""
    kept = []
    for name in providers:
        try:
            forget_key(name)
        except HomebodyError as problem:
            kept.append(f"The key for {name} may still be kept: {problem.message}")
    try:
        forget_token()
    except HomebodyError as problem:
        kept.append(f"The token of the hub may still be kept: {problem.message}")
    return tuple(kept)


def erase_profile(
    home: Home, *, keep_models: bool, keys: Sequence[str] = (), whole_folders: bool | None = None
) -> Erased:
    """Delete the files of a profile; call it when nothing of Homebody has one open. Never raises.

    `whole_folders`: everything in the folders is Homebody's, known or not. None: they are, unless
    the person chose the folder (`HOMEBODY_HOME`), where other things of theirs may lie.
    """
    if whole_folders is None:
        whole_folders = not os.environ.get("HOMEBODY_HOME")
    stayed: list[str] = []
    others: list[str] = []
    for folder in home.folders:
        for path in _inside(folder, stayed):
            if keep_models and path == home.models:
                continue
            if whole_folders or _is_ours(path.name):
                _delete(path, home.models if keep_models else None, stayed)
            elif path not in home.folders:
                others.append(str(path))
    for folder in home.folders:
        _remove_empty(folder)
    return Erased(stayed=tuple(stayed), others=tuple(others), keys=tuple(keys))


def _is_ours(name: str) -> bool:
    plain = name.removeprefix(".")
    return any(fnmatchcase(plain, pattern) for pattern in _OURS)


def _delete(path: Path, keep: Path | None, stayed: list[str]) -> None:
    """Delete a file, a link, or a folder with all that is in it, but `keep`."""
    if path == keep:
        return
    try:
        is_folder = stat.S_ISDIR(path.lstat().st_mode) and not _leads_away(path)
    except FileNotFoundError:
        return
    except OSError as error:
        stayed.append(_why(path, error))
        return
    if not is_folder:
        _unlink(path, stayed)
        return
    before = len(stayed)
    for inner in _inside(path, stayed):
        _delete(inner, keep, stayed)
    try:
        path.rmdir()
    except OSError as error:
        kept = keep is not None and keep.is_relative_to(path)
        # What could not be deleted inside has been named.
        if not kept and len(stayed) == before:
            stayed.append(_why(path, error))


def _unlink(path: Path, stayed: list[str]) -> None:
    try:
        try:
            path.unlink(missing_ok=True)
        except PermissionError:
            if sys.platform == "win32" and path.is_dir():
                path.rmdir()  # a junction: only itself goes
                return
            # It is read-only, or its folder is; on Windows the file's own mark counts.
            path.parent.chmod(0o700)
            if not _leads_away(path):
                path.chmod(0o600)
            path.unlink(missing_ok=True)
    except OSError as error:
        stayed.append(_why(path, error))


def _leads_away(path: Path) -> bool:
    """Tell whether this is a link, or on Windows a junction, which looks like a folder."""
    if path.is_symlink():
        return True
    if sys.platform == "win32":
        return bool(path.lstat().st_file_attributes & stat.FILE_ATTRIBUTE_REPARSE_POINT)
    return False


def _inside(folder: Path, stayed: list[str]) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except PermissionError:
        try:
            folder.chmod(0o700)
            return sorted(folder.iterdir())
        except OSError as error:
            stayed.append(_why(folder, error))
            return []
    except OSError as error:
        stayed.append(_why(folder, error))
        return []


def _remove_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        return  # models that are kept, or what is named already


def _walk(folder: Path) -> Iterator[Path]:
    for where, _, names in os.walk(folder):
        for name in names:
            yield Path(where, name)


def _why(path: Path, error: OSError) -> str:
    return f"{path} ({error.strerror or type(error).__name__})"
