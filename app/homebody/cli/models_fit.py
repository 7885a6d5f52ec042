"""`homebody models fit`: how a model fits this machine now, and where it would lie."""

import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

from homebody.base.errors import BadInput, EngineProblem
from homebody.base.paths import Home
from homebody.cli.terminal import harmless, note, to_json
from homebody.engine.build import has_gpu_code
from homebody.engine.dry import dry_load
from homebody.engine.packs import Packs
from homebody.engine.probe import Probe
from homebody.library.chosen import Wish, wish_of
from homebody.library.fit import measured, quick
from homebody.library.fit_layout import layout_of
from homebody.library.memories import ask_llama_cpp, read_memories
from homebody.library.shelf import find_model
from homebody.machine.gpus import read_gpus
from homebody.messages.fit import FitPlan, FitReport, Place
from homebody.messages.frames import Load
from homebody.settings.file import load

__all__ = ["fit"]

_MOST_CONTEXT = 16 * 1024 * 1024
"""Tokens; far beyond any model, and what llama.cpp's numbers still hold."""


def fit(home: Home, options: SimpleNamespace) -> int:
    """Print how a model would best be loaded now. Returns the exit status."""
    model = find_model(home, options.model)
    settings = load(home).settings
    wish = wish_of(model.settings, settings)
    if options.context is not None:
        wish["context"] = options.context
    if not 0 <= wish["context"] <= _MOST_CONTEXT:
        raise BadInput(
            f"A context of {wish['context']:,} tokens cannot be.",
            f"Give a number from 1 to {_MOST_CONTEXT:,}, or 0 for the usual one.",
        )
    path = model.path
    plan = _plan(home, path, wish, mapped=settings.use_mmap)
    layout = layout_of(path)
    report = FitReport(
        name=layout.name, path=str(path), trained_context=layout.trained_context, plan=plan
    )
    print(to_json(report) if options.json else harmless("\n".join(_sentences(report))))
    return 0


def _plan(home: Home, path: Path, wish: Wish, *, mapped: bool) -> FitPlan:
    verdict = Probe(home.build, lambda: None, packs=Packs(home).usable()).settle()
    # As the engines of all other commands live.
    os.environ.update(verdict.environment)
    machine = read_memories(read_gpus(), gpu_code=has_gpu_code() and verdict.uses_gpu)
    try:
        if not machine.gpus and verdict.packs:
            load = Load(id=0, path=str(path), context=wish["context"])
            machine = ask_llama_cpp(machine, load, dry_load)
        return measured(path, machine=machine, dry=dry_load, mapped=mapped, **wish)
    except EngineProblem as problem:
        if problem.kind == "model":
            raise
        # The estimate is still worth having; why it is no more than that is told.
        note(f"{problem.message} {problem.hint}")
    return quick(path, machine=machine, mapped=mapped, **wish)


def _sentences(report: FitReport) -> Iterator[str]:
    plan = report.plan
    yield f"{report.name}: {plan.sentence}."
    if plan.hint:
        yield plan.hint
    trained = f" (trained for {report.trained_context:,})" if report.trained_context else ""
    yield f"Context: {plan.context:,} tokens{trained}, cache {plan.cache_type}."
    if plan.gpu is not None:
        yield f"GPU: {_place(plan.gpu, plan)}."
    yield f"Processor's memory: {_place(plan.processor, plan)}."


def _place(place: Place, plan: FitPlan) -> str:
    parts = [("weights", place.weights), ("cache", place.cache)]
    parts += [("work" if plan.measured else "work (estimated)", place.compute)]
    parts += [("beside", place.beside)] if place.beside else []
    total = " + ".join(f"{_size(size)} {name}" for name, size in parts)
    free = f"; {_size(place.free)} free" if place.free is not None else ""
    of = f" of {_size(place.total)}" if free and place.total is not None else ""
    return f"{total} = {_size(place.needs)}{free}{of}"


def _size(size: int) -> str:
    return f"{size / 1e9:,.2f} GB" if size >= 1e9 else f"{size / 1e6:,.1f} MB"
