"""`homebody models list`, `found` and `remove`: the models that this machine has."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Final

from homebody.base.errors import BadInput, StoreProblem
from homebody.base.paths import Home
from homebody.cli.terminal import harmless, note, to_json
from homebody.library.catalog import catalog, recommended
from homebody.library.shelf import Removed, Shelf
from homebody.messages.shelf import CatalogModel, RemovedReport, ShelfReport, ShelvedFile

__all__ = ["shelf"]

_READ_SECONDS: Final = 5.0
"""Headers that were not read before are read for so long; those that are left stay unknown."""
_SOURCES: Final = {
    "starter": "came with Homebody",
    "ours": "here",
    "folder": "your folder",
    "file": "your file",
    "ollama": "Ollama",
    "lm-studio": "LM Studio",
    "jan": "Jan",
    "gpt4all": "GPT4All",
    "hugging-face": "Hugging Face cache",
}


def shelf(home: Home, options: SimpleNamespace) -> int:
    """Do what was asked. Returns the exit status."""
    with _open(home) as found:
        for sentence in found.notices:
            note(sentence)
        if options.action == "remove":
            return _remove(home, found, options)
        if options.action == "found":
            report = ShelfReport(models=_with_facts(found, found.found()))
            words = _found(report)
        else:
            files = (*found.files(), *found.found())
            report = ShelfReport(
                models=_with_facts(found, files),
                catalog=catalog(),
                recommended=recommended(_card()).key,
                notices=found.notices,
            )
            words = _listed(report)
        found.save()
    print(to_json(report) if options.json else harmless("\n".join(words)))
    return 0


@contextmanager
def _open(home: Home) -> Iterator[Shelf]:
    """Open the shelf, with the hashes that the store knows, if there is one."""
    if not home.database.exists():
        yield Shelf(home)
        return
    from homebody.store.store import Store

    try:
        store = Store.open(home)
    except StoreProblem:
        # Hashes stay unknown; whoever wants words out of the store says what is wrong with it.
        yield Shelf(home)
        return
    try:
        yield Shelf(home, store)
    finally:
        store.close()


def _card() -> int | None:
    """Return the memory of the largest card, in bytes."""
    from homebody.machine.gpus import read_gpus

    return max((gpu.memory_total for gpu in read_gpus().gpus), default=None)


def _with_facts(found: Shelf, files: Iterable[ShelvedFile]) -> tuple[ShelvedFile, ...]:
    end = time.monotonic() + _READ_SECONDS
    return tuple(
        file
        if file.architecture or file.problem or time.monotonic() > end
        else found.facts(file.key)
        for file in files
    )


def _size(size: int) -> str:
    return f"{size / 1e6:.0f} MB" if size < 1e9 else f"{size / 1e9:.1f} GB"


def _found(report: ShelfReport) -> Iterator[str]:
    if not report.models:
        yield "No other app has models on this machine (looked for Ollama, LM Studio, Jan, GPT4All"
        yield "and the Hugging Face cache)."
        return
    yield from _table(report.models)
    yield ""
    yield "They are used where they lie; nothing is copied."


def _listed(report: ShelfReport) -> Iterator[str]:
    yield "On this machine:"
    yield from _table(report.models) if report.models else ["  nothing"]
    yield ""
    yield "Recommended:"
    width = max(len(model.key) for model in report.catalog)
    for model in report.catalog:
        yield _recommended(model, width, chosen=model.key == report.recommended)
    yield ""
    yield "* for this machine   ~ not compared with the file yet"
    yield "Get one with `homebody models get NAME`; what is fetched is checked."


def _table(models: Iterable[ShelvedFile]) -> Iterator[str]:
    models = list(models)
    width = max(len(model.key) for model in models)
    for model in models:
        parts = [_size(model.bytes), _SOURCES[model.source]]
        if model.files > 1:
            parts.insert(1, f"{model.files} files")
        facts = (model.architecture, model.quantisation, model.licence)
        parts += [each for each in facts if each]
        yield f"  {model.key:<{width}}  {' · '.join(parts)}"
        if model.problem:
            yield f"  {'':<{width}}  {model.problem}"


def _recommended(model: CatalogModel, width: int, *, chosen: bool) -> str:
    size = ("" if model.exact else "~") + _size(model.bytes)
    card = f"{model.card_gb:g} GB card" if model.card_gb else "processor"
    mark = "*" if chosen else " "
    licence = model.licence + ("~" if "licence" in model.unverified else "")
    return f"{mark} {model.key:<{width}}  {size:>8} · {card:<10} · {licence:<10} · {model.good_for}"


def _remove(home: Home, found: Shelf, options: SimpleNamespace) -> int:
    if options.undo:
        removed = _removed(found, options.model)
        found.undo(removed)
        sentence = f"{removed.name} is back on the shelf."
    else:
        entry = found.entry_named(options.model)
        if entry is None:
            raise BadInput(
                f"There is no model {options.model!r} on the shelf.",
                "`homebody models list` says which there are.",
            )
        removed = found.remove(entry.key)
        undo = f"`homebody models remove --undo {removed.key}` puts it back."
        sentence = (
            f"{removed.name} is in the bin for 30 days. {undo}"
            if removed.kind == "bin"
            else f"{removed.name} is not shown any more; its file stays where it is. {undo}"
        )
    place = removed.place
    report = RemovedReport(
        key=removed.key,
        kind=removed.kind,
        place=str(home.models / "bin" / place) if removed.kind == "bin" else place,
        undone=options.undo,
    )
    print(to_json(report) if options.json else harmless(sentence))
    return 0


def _removed(found: Shelf, name: str) -> Removed:
    wanted = name.casefold()
    for removed in found.removed():
        if wanted in {removed.key.casefold(), removed.name.casefold()}:
            return removed
    raise BadInput(
        f"There is no model {name!r} in the bin.",
        "It is kept there for 30 days; after that it has to be fetched again.",
    )
