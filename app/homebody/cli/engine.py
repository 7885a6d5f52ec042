"""`homebody engine list|add|remove`: packs, which have the engine use a graphics card."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace

from msgspec.structs import replace

from homebody.base.paths import Home
from homebody.cli.terminal import harmless, note, to_json
from homebody.engine.packs import Packs
from homebody.engine.probe import Probe, Verdict
from homebody.messages.packs import PacksReport, PackState

__all__ = ["engine"]


def engine(home: Home, options: SimpleNamespace, trial: Callable[[], Verdict | None]) -> int:
    """Do what was asked. Returns the exit status.

    `trial` has the engine try the packs that can be used, where that was not done before; None:
    there is none.
    """
    packs = Packs(home)
    match options.action:
        case "list":
            report = _report(home, packs)
            print(to_json(report) if options.json else harmless("\n".join(_listed(report))))
        case "add":
            note("Comparing the file with what this Homebody knows of it…")
            added = packs.add(options.file)
            print(harmless(f"Added the pack {added.title} ({_size(added.bytes)})."))
            note("Trying it…")
            print(harmless(_tried(added, trial())))
        case _:
            removed = packs.remove(options.name)
            freed = f": {_size(removed.bytes)} are free again" if removed.bytes else ""
            print(harmless(f"Removed the pack {removed.title}{freed}."))
            print("A Homebody that is open uses it until it is closed.")
    return 0


def _report(home: Home, packs: Packs) -> PacksReport:
    made, usable = packs.made, packs.usable()
    # As it was when they were last tried; nothing is tried to make a list.
    known = Probe(home.build, lambda: None, packs=usable).remembered() if usable else None
    return PacksReport(
        build=f"llama-cpp-python {made.binding}, {made.system}" if made is not None else None,
        packs=tuple(_as_tried(pack, known) for pack in packs.found()),
        known=packs.known,
        fitness=known.fitness if known is not None else None,
        devices=known.devices if known is not None else (),
        problem=f"{known.sentence} {known.hint}".strip() if known is not None else "",
    )


def _as_tried(pack: PackState, known: Verdict | None) -> PackState:
    """Say of a pack that it is not used where the engine said so."""
    return pack if known is None or not pack.usable or _is_used(pack, known) else _unused(pack)


def _is_used(pack: PackState, verdict: Verdict) -> bool:
    return pack.folder in (verdict.packs or ())


def _unused(pack: PackState) -> PackState:
    return replace(pack, problem=f"The pack {pack.title} was tried, and is not used.")


def _listed(report: PacksReport) -> Iterator[str]:
    if report.build is None:
        yield "This Homebody's llama.cpp was compiled on this machine; it takes no packs."
    else:
        yield f"The engine is {report.build}."
    for pack in report.packs:
        said = f"{pack.problem} {pack.hint}".rstrip()
        if not said and report.fitness is None:
            said = "It is tried when the engine next starts."
        yield f"{pack.title} ({_size(pack.bytes)}): {said or f'used, on {_names(report.devices)}.'}"
    if report.problem:
        yield report.problem
    if not report.packs:
        yield "There are no packs; answers come from the processor."
    here = {pack.name for pack in report.packs if pack.usable}
    missing = [file for name, file in report.known.items() if name not in here]
    if report.build is not None and missing:
        yield (
            f"This build takes {' and '.join(missing)}: get it where you got Homebody, then "
            "`homebody engine add FILE`."
        )


def _tried(pack: PackState, verdict: Verdict | None) -> str:
    """Say what came of trying a pack that was added."""
    if pack.problem:
        return f"{pack.problem} {pack.hint}".rstrip()
    if verdict is None:
        return "It is tried when the engine next starts."
    if _is_used(pack, verdict):
        works = f"It works: the engine computes on {_names(verdict.devices)}."
        return f"{works} {verdict.sentence}".rstrip()
    return f"{verdict.sentence or 'It could not be tried.'} {verdict.hint}".rstrip()


def _names(devices: tuple[str, ...]) -> str:
    return " and ".join(devices)


def _size(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"
