"""Packs: libraries for graphics cards, which the person adds to a Homebody that came without.

A pack is a zip file that was made together with this build. It is taken only if it is that very
file: its SHA-256 stands in `release.json`, which ships with the app. It is unpacked aside and then
renamed, so that there is all of it or nothing. Before it is used, names, sizes and times of its
files are compared with those of then; what differs is hashed again. That finds damage. It does not
hold off somebody who can write into the person's profile, and could do worse there.
"""

import contextlib
import errno
import hashlib
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import Final, NoReturn

import msgspec
from msgspec import Struct

from homebody.base.errors import BadInput, EngineProblem
from homebody.base.files import replace_file, sync_folder
from homebody.base.log import log
from homebody.base.paths import Home
from homebody.base.release import Release, read_release
from homebody.engine.build import (
    PACK_ADDED,
    PACK_MANIFEST,
    PLAIN_NAME,
    Made,
    Pack,
    build_folder,
    read_manifest,
    read_pack,
)
from homebody.messages.packs import PackState

__all__ = ["Packs"]

_ABANDONED: Final = 3600.0
"""Seconds after which a folder that nobody finished is nobody's."""
_ASIDE: Final = (".adding-", ".removed-")
_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_ADD_AGAIN: Final = "Remove it and add it again: `homebody engine add FILE`."


class _Added(Struct, frozen=True):
    """What the files of a pack were when they were last hashed: bytes, and time of change in ns."""

    files: dict[str, tuple[int, int]]


class Packs:
    """The packs in a profile. Any thread; another process may add one meanwhile."""

    def __init__(
        self, home: Home, *, build: Path | None = None, release: Release | None = None
    ) -> None:
        """`build` is the folder of the engine's libraries, None: the one that is used.

        Nothing is read before it is needed: most profiles have no packs, and a start asks.
        """
        self._folder = home.packs
        self._build, self._release = build, release

    # ------------------------------------------------------------------ what there is

    @property
    def made(self) -> Made | None:
        """From what the engine was made that packs are added to; None: it takes none."""
        build = self._build or build_folder()
        manifest = read_manifest(build) if build is not None else None
        return manifest.made if manifest is not None else None

    @property
    def known(self) -> dict[str, str]:
        """The names of the files that this build takes, by what packs they are."""
        return {name: each.file for name, each in self._described().packs.items()}

    def found(self) -> tuple[PackState, ...]:
        """Look at all packs, by name. Never raises."""
        made: Made | None = None
        states = []
        for number, folder in enumerate(self._folders()):
            made = self.made if number == 0 else made
            states.append(_look(folder, made))
        return tuple(states)

    def usable(self) -> tuple[Path, ...]:
        """Return the absolute folders of the packs that belong to this build and are whole.

        In well under 1 ms, where none of their files changed. Never raises.
        """
        return tuple(Path(state.folder) for state in self.found() if state.usable)

    def _folders(self) -> list[Path]:
        try:
            with os.scandir(self._folder) as entries:
                # CUDA's before Vulkan's: llama.cpp takes a card from whoever offers it first.
                return sorted(
                    Path(entry.path)
                    for entry in entries
                    if entry.is_dir(follow_symlinks=False) and PLAIN_NAME.fullmatch(entry.name)
                )
        except OSError:
            return []

    def _described(self) -> Release:
        if self._release is None:
            self._release = read_release()
        return self._release

    # ------------------------------------------------------------------ adding and removing

    def add(self, file: Path) -> PackState:
        """Add the pack in a zip file, in place of one of the same name. Takes seconds.

        `BadInput` if it is not a pack of this build, or not whole; `EngineProblem` if it cannot be
        written. In both cases all is as it was.
        """
        made = self.made
        if made is None:
            raise BadInput(
                "Packs cannot be added to this Homebody: its llama.cpp was compiled on this "
                "machine.",
                "With NVIDIA's CUDA toolkit installed, `make run CUDA=1` builds one that uses the "
                "card; the README tells how.",
            )
        # Costs as much as the rest of this module, and hardly anybody adds a pack.
        from homebody.engine.unpacking import AGAIN, BROKEN, opened, unpack

        with opened(file) as stream:
            name = self._recognised(file, stream)
            with self._aside() as folder:
                try:
                    pack = unpack(stream, folder, name, made)
                    _remember(folder, {each: _facts(folder / each) for each in pack.files})
                    self._put(folder, self._folder / pack.name)
                except BROKEN as error:
                    raise BadInput(f"{file.name} cannot be unpacked: {error}.", AGAIN) from None
                except OSError as error:
                    _refuse(error, pack=file.name)
        log.info("added the pack %s", pack.name)
        return _look(self._folder / pack.name, made)

    def remove(self, name: str) -> PackState:
        """Remove a pack; return what it was. `BadInput` if there is none of that name."""
        folder = next((each for each in self._folders() if each.name == name.casefold()), None)
        if folder is None:
            raise BadInput(
                f"There is no pack {name!r}.", "`homebody engine list` says which there are."
            )
        state = _look(folder, self.made)
        gone = self._folder / f"{_ASIDE[1]}{os.urandom(6).hex()}"
        try:
            folder.rename(gone)
            sync_folder(self._folder)
        except OSError as error:
            raise EngineProblem(
                f"The pack {state.title} cannot be removed: {error.strerror or error}.",
                "If Homebody is open, close it first.",
            ) from None
        shutil.rmtree(gone, ignore_errors=True)
        log.info("removed the pack %s", state.name)
        return state

    def _recognised(self, file: Path, stream: BufferedReader) -> str:
        """Return which of this build's packs this is: by its bytes, all of them."""
        from homebody.engine.unpacking import AGAIN, unreadable

        known = self._described().packs
        if not known:
            raise BadInput(
                "This Homebody does not know any pack, so none can be added.",
                "Packs come with a released Homebody; this one was built without.",
            )
        size = os.fstat(stream.fileno()).st_size
        fitting = {name: pack for name, pack in known.items() if pack.bytes == size}
        if not fitting:
            named = next((each for each in known.values() if each.file == file.name), None)
            if named is not None:
                raise BadInput(
                    f"{file.name} is not whole: it has {size:,} bytes and should have "
                    f"{named.bytes:,}.",
                    AGAIN,
                )
            raise self._not_known(file)
        try:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            raise unreadable(file, error) from None
        for name, pack in fitting.items():
            if pack.sha256 == digest:
                return name
        if any(each.file == file.name for each in fitting.values()):
            raise BadInput(
                f"{file.name} is damaged, or was changed: its SHA-256 is not the one that this "
                "Homebody was built with.",
                AGAIN,
            )
        raise self._not_known(file)

    def _not_known(self, file: Path) -> BadInput:
        version, files = self._described().version, " or ".join(self.known.values())
        return BadInput(
            f"{file.name} is not a pack of this build, so it was not added.",
            f"This is Homebody {version}; it takes {files} and no other.",
        )

    @contextlib.contextmanager
    def _aside(self) -> Iterator[Path]:
        """Give a folder to unpack into, which is gone afterwards unless it was put in place."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._sweep()
            folder = Path(tempfile.mkdtemp(prefix=_ASIDE[0], dir=self._folder))
        except OSError as error:
            raise EngineProblem(
                f"Nothing can be added in {self._folder}: {error.strerror or error}.",
                "Make that folder writable, or free some space on its disk.",
            ) from None
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _sweep(self) -> None:
        """Delete what processes that were ended have left."""
        for entry in self._folder.iterdir():
            if entry.name.startswith(_ASIDE) and time.time() - entry.stat().st_mtime > _ABANDONED:
                shutil.rmtree(entry, ignore_errors=True)

    def _put(self, aside: Path, folder: Path) -> None:
        """Put an unpacked pack in its place, and what was there before away."""
        old = None
        if folder.exists():
            old = self._folder / f"{_ASIDE[1]}{os.urandom(6).hex()}"
            folder.rename(old)
        try:
            aside.rename(folder)
        except OSError:
            if old is not None:
                old.rename(folder)
            raise
        sync_folder(self._folder)
        if old is not None:
            shutil.rmtree(old, ignore_errors=True)


# ---------------------------------------------------------------------- a pack that is there


def _look(folder: Path, made: Made | None) -> PackState:
    pack = read_pack(folder)
    if pack is None or pack.name != folder.name:
        return PackState(
            name=folder.name,
            title=folder.name,
            folder=str(folder),
            bytes=0,
            usable=False,
            problem=f"The pack {folder.name} is damaged, so it is not used.",
            hint=_ADD_AGAIN,
        )
    problem, hint = _why_not(folder, pack, made)
    return PackState(
        name=pack.name,
        title=pack.title,
        folder=str(folder),
        bytes=sum(facts.bytes for facts in pack.files.values()),
        usable=not problem,
        problem=problem,
        hint=hint,
    )


def _why_not(folder: Path, pack: Pack, made: Made | None) -> tuple[str, str]:
    """Return why a pack is not used, and what to do about it; nothing if it can be used."""
    if made is None:
        return (
            f"The pack {pack.title} is not used: this Homebody's llama.cpp was compiled on this "
            "machine, and takes no packs.",
            "",
        )
    if pack.made != made:
        return (
            f"The pack {pack.title} is not used: it was made for another build "
            f"(llama-cpp-python {pack.made.binding}, {pack.made.system}; this is {made.binding}, "
            f"{made.system}).",
            "Add the one that came out together with this Homebody: `homebody engine add FILE`.",
        )
    if os.pathsep in str(folder) or not folder.is_absolute():
        return (
            f"The pack {pack.title} is not used: {os.pathsep!r} in the path of its folder would be "
            "taken for two folders.",
            "Move the profile to a folder without it.",
        )
    if wrong := _damage(folder, pack):
        return f"The pack {pack.title} is damaged, so it is not used: {wrong}.", _ADD_AGAIN
    return "", ""


def _damage(folder: Path, pack: Pack) -> str:
    """Return what is wrong with a pack's files, or nothing. Hashes those that changed."""
    try:
        # What begins with a dot is a program's own, such as what we write before it is renamed.
        there = {each.name for each in folder.iterdir() if not each.name.startswith(".")}
        there -= {PACK_MANIFEST, PACK_ADDED}
        if strange := sorted(there ^ pack.files.keys()):
            kind = "is missing" if strange[0] in pack.files else "does not belong there"
            return f"{strange[0]} {kind}"
        try:
            added = msgspec.json.decode((folder / PACK_ADDED).read_bytes(), type=_Added).files
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            added = {}
        now = {name: _facts(folder / name) for name in pack.files}
        for name, facts in pack.files.items():
            if now[name] == (*added.get(name, ()),) and now[name][0] == facts.bytes:
                continue
            if now[name][0] != facts.bytes or _hash(folder / name) != facts.sha256:
                return f"{name} is not as it was made"
    except OSError as error:
        return f"its files cannot be read ({error.strerror or error})"
    if now != added:
        # They are hashed again next time where this cannot be written.
        with contextlib.suppress(OSError):
            _remember(folder, now)
    return ""


def _remember(folder: Path, now: dict[str, tuple[int, int]]) -> None:
    replace_file(folder / PACK_ADDED, msgspec.json.encode(_Added(now)))


def _facts(file: Path) -> tuple[int, int]:
    facts = file.lstat()
    # A link, whose target may be anything, is no file of ours.
    size = facts.st_size if stat.S_ISREG(facts.st_mode) else -1
    return size, facts.st_mtime_ns


def _hash(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _refuse(error: OSError, *, pack: str) -> NoReturn:
    if error.errno in _FULL:
        raise EngineProblem(
            f"The disk is full, so {pack} was not added.",
            "Make room on the disk, and add it again.",
        ) from None
    raise EngineProblem(
        f"{pack} was not added: {error.strerror or error}.",
        "If Homebody is open, close it first, and add the pack again.",
    ) from None
