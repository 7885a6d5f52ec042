"""From models, plans and downloads to the cards that the page of models shows."""

from collections.abc import Collection
from pathlib import Path
from typing import Final, Literal

from msgspec import Struct

from homebody.library.downloads import DownloadState
from homebody.library.hub_files import HubChoice
from homebody.machine.gpus import GpuReading
from homebody.machine.readings import Machine
from homebody.messages.courier import HubModel
from homebody.messages.fit import FitPlan
from homebody.messages.frames import Loaded
from homebody.messages.shelf import CatalogModel, ShelfSource, ShelvedFile
from homebody.ui.model_states import (
    CardButton,
    CardDetails,
    ContextSlider,
    FileRow,
    FitBar,
    ModelCard,
)
from homebody.ui.presenter.rows import short_count
from homebody.ui.words import tr

__all__ = [
    "Room",
    "bar_of",
    "catalog_card",
    "context_slider",
    "download_card",
    "file_row",
    "hub_card",
    "licence_words",
    "machine_line",
    "plan_words",
    "room_of",
    "shelf_card",
    "size",
]

_WORKING: Final = 0.6e9
"""Bytes for the context and for working, guessed for a file whose header nobody has read."""
_LICENCES: Final = {
    "apache-2.0": "Apache-2.0",
    "mit": "MIT",
    "bsd-3-clause": "BSD-3-Clause",
    "gpl-3.0": "GPL-3.0",
    "openrail": "OpenRAIL",
    "gemma": "Gemma",
    "other": "",
}
_LEAST_CONTEXT: Final = 1024
_MOST_CONTEXT: Final = 131_072
"""Where a file does not say what it was trained for."""


class Room(Struct, frozen=True):
    """The memory that a model could be put into, in bytes; None is not known."""

    gpu_free: int | None
    gpu_total: int | None
    free: int | None
    total: int | None


def room_of(gpus: GpuReading, machine: Machine, loaded: Loaded | None) -> Room:
    """Return the room of this machine; a card that this build cannot use is none."""
    usable = bool(gpus.gpus) and (loaded is None or loaded.gpu_build)
    return Room(
        gpu_free=sum(gpu.memory_free for gpu in gpus.gpus) if usable else None,
        gpu_total=sum(gpu.memory_total for gpu in gpus.gpus) if usable else None,
        free=machine.memory_available,
        total=machine.memory_total,
    )


def size(count: float) -> str:
    """Return a number of bytes in words."""
    if count < 999_500:
        return tr("{size:.0f} kB").format(size=count / 1e3)
    if count < 999.5e6:
        return tr("{size:.0f} MB").format(size=count / 1e6)
    return tr("{size:.1f} GB").format(size=count / 1e9)


def _joined(parts: Collection[str | None]) -> str:
    return " · ".join(part for part in parts if part)


def licence_words(licence: str | None) -> str:
    """Return a licence as its makers write it; headers and the hub write them in small letters."""
    known = licence or ""
    return _LICENCES.get(known, known.upper() if known.startswith("cc-") else known)


# ---------------------------------------------------------------- the machine


def machine_line(gpus: GpuReading, machine: Machine, loaded: Loaded | None) -> str:
    """Return what this computer has, as a line."""
    memory = ""
    if machine.memory_total is not None:
        memory = tr("{total} memory").format(total=size(machine.memory_total))
        if machine.memory_available is not None:
            free = tr("{free} free").format(free=size(machine.memory_available))
            memory = f"{memory}, {free}"
    if not gpus.gpus:
        none = tr("No NVIDIA card: models run on the processor")
        return _joined((none, memory, _build(loaded)))
    cards = [
        tr("{name} · {total}, {free} free").format(
            name=gpu.name.removeprefix("NVIDIA ").removeprefix("GeForce "),
            total=size(gpu.memory_total),
            free=size(gpu.memory_free),
        )
        for gpu in gpus.gpus
    ]
    driver = tr("driver {version}").format(version=gpus.driver) if gpus.driver else ""
    return _joined((*cards, driver, _build(loaded)))


def _build(loaded: Loaded | None) -> str:
    if loaded is None:
        return ""
    return tr("engine with CUDA") if loaded.gpu_build else tr("engine without CUDA")


# ---------------------------------------------------------------- what it takes


def bar_of(plan: FitPlan) -> FitBar:
    """Return the bar of a plan: against the memory that the model would lie in."""
    places = [plan.processor]
    if plan.gpu is not None and plan.verdict in {"gpu", "partly"}:
        places = [plan.gpu] if plan.verdict == "gpu" else [plan.gpu, plan.processor]
    first = places[0]
    weights = sum(place.weights + place.beside for place in places)
    cache = sum(place.cache for place in places)
    compute = sum(place.compute for place in places)
    needs = weights + cache + compute
    fits = plan.verdict in {"gpu", "processor"}
    whole = max(first.total or 0, needs, 1)
    taken = 0
    if fits and first.total is not None and first.free is not None:
        taken = min(max(first.total - first.free, 0), whole - needs)
    return FitBar(weights / whole, cache / whole, compute / whole, taken / whole, fits)


def plan_words(plan: FitPlan) -> str:
    """Return what a plan says, as the sentence below its bar."""
    places = [place for place in (plan.gpu, plan.processor) if place is not None]
    if plan.verdict == "gpu":
        places = places[:1]
    elif plan.verdict in {"processor", "no"}:
        places = [plan.processor]
    if plan.verdict in {"partly", "no"}:
        needs = tr("needs {needs}").format(needs=size(sum(place.needs for place in places)))
        free = places[0].free
        known = tr("{free} free").format(free=size(free)) if free is not None else ""
        both = f"{needs}, {known}" if known else needs
        return _joined((both, tr(plan.sentence)))
    weights = sum(place.weights + place.beside for place in places)
    cache = sum(place.cache for place in places)
    compute = sum(place.compute for place in places)
    return _joined(
        (
            tr("{size} weights").format(size=size(weights)),
            tr("{size} context of {tokens}").format(
                size=size(cache), tokens=short_count(plan.context)
            ),
            tr("{size} working").format(size=size(compute)),
            tr(plan.sentence),
        )
    )


def _rough(count: int, room: Room) -> tuple[Literal["ok", "warn", "bad"], str, FitBar | None]:
    """Return whether a file of this many bytes fits, by its size alone."""
    needs = count + _WORKING
    total = room.gpu_total or room.total
    if not total:
        return "ok", "", None
    free = room.gpu_free if room.gpu_total else room.free
    fits = needs <= (total if free is None else free)
    bar = FitBar(count / max(total, count), 0, 0, fits=fits)
    if fits:
        return "ok", tr("fits the card") if room.gpu_total else tr("fits, on the processor"), bar
    if room.gpu_total and (room.total is None or needs <= room.total + (free or 0)):
        return "warn", tr("part of it on the card, slower"), bar
    if not room.gpu_total and needs <= total:
        return "warn", tr("close other programs first"), bar
    return "bad", tr("too large for this computer"), bar


def context_slider(trained: int | None, context: int, first: int) -> ContextSlider:
    """Return the steps of the context; `first` was chosen before, and stays among them."""
    most = trained or _MOST_CONTEXT
    steps = {min(max(each, 1), most) for each in (context, first, most)}
    step = _LEAST_CONTEXT
    while step < most:
        steps.add(step)
        step *= 2
    ordered = tuple(sorted(steps))
    at = ordered.index(min(max(context, 1), most))
    words = tr("{context} of {most} tokens").format(
        context=short_count(ordered[at]), most=short_count(most)
    )
    return ContextSlider(ordered, at, words)


# ---------------------------------------------------------------- cards


def shelf_card(
    file: ShelvedFile,
    plan: FitPlan | None,
    *,
    answers: bool,
    details: CardDetails | None,
) -> ModelCard:
    """Return the card of a model on this machine. `answers`: it is the one that is used."""
    facts = _joined(
        (
            tr("in use") if answers else "",
            file.quantisation,
            size(file.bytes),
            _source(file.source),
            licence_words(file.licence),
        )
    )
    problem = file.problem
    opened = details is not None
    button: CardButton | None
    if problem:
        button = CardButton("remove", tr("Remove"))
    elif answers:
        button = CardButton("settings", tr("Close") if opened else tr("Settings"))
    elif plan is not None and plan.verdict == "no":
        button = CardButton("why", tr("Close") if opened else tr("Why?"))
    else:
        button = CardButton("use", tr("Use"))
    return ModelCard(
        key=f"shelf:{file.key}",
        name=file.name,
        facts=facts,
        bar=bar_of(plan) if plan is not None and not problem else None,
        sentence="" if problem or plan is None else plan_words(plan),
        problem=problem,
        button=button,
        details=details,
    )


def _source(source: ShelfSource) -> str:
    linked = tr("found in {app}, linked")
    apps = {
        "ollama": "Ollama",
        "lm-studio": "LM Studio",
        "jan": "Jan",
        "gpt4all": "GPT4All",
        "hugging-face": tr("the Hugging Face cache"),
    }
    if source in apps:
        return linked.format(app=apps[source])
    return {"starter": tr("the starter model"), "file": tr("where you have it")}.get(source, "")


def catalog_card(
    model: CatalogModel,
    room: Room,
    *,
    best: bool,
    first: bool,
    can_get: bool,
    details: CardDetails | None,
) -> ModelCard:
    """Return the card of a model that is recommended.

    `best` for this machine; `first`: getting it is what there is to do now.
    """
    level, mark, bar = _rough(model.bytes, room)
    about = size(model.bytes) if model.exact else tr("about {size}").format(size=size(model.bytes))
    words = tr("Get {size}").format(size=size(model.bytes))
    best = best and level != "bad"
    return ModelCard(
        key=f"catalog:{model.key}",
        name=model.name,
        facts=_joined((model.parameters, _quantisation(model.file), model.licence)),
        badge=tr("best for this computer") if best else "",
        bar=bar,
        sentence=f"{_joined((about, mark))}\n{tr(model.good_for)}",
        button=CardButton("get", words, primary=best and first, enabled=can_get),
        details=details,
    )


def _quantisation(file: str) -> str:
    """Return what a file's name says of its quantisation: `Q4_K_M`."""
    last = Path(file).stem.replace(".", "-").rpartition("-")[2]
    return last if any(letter.isdigit() for letter in last) else ""


def download_card(state: DownloadState) -> ModelCard:
    """Return the card of a download that is not done."""
    total = max(state.total, 1)
    sentence = tr("{done} of {total}").format(done=size(state.done), total=size(state.total))
    if state.verifying:
        sentence = tr("All here: checking that it is what was promised")
    elif state.state == "queued":
        sentence = _joined((sentence, tr("waits for its turn")))
    elif state.state == "paused":
        sentence = _joined((sentence, tr("paused, what came is kept")))
    elif state.state == "running":
        speed = state.bytes_per_second
        left = state.seconds_left
        sentence = _joined(
            (
                sentence,
                tr("{size} a second").format(size=size(speed)) if speed else "",
                _time_left(left) if left is not None else "",
            )
        )
    goes = state.state in {"queued", "running"}
    again = tr("Try again") if state.state == "failed" else tr("Resume")
    return ModelCard(
        key=f"get:{state.key}",
        name=state.name,
        facts=state.repo,
        progress=min(state.done / total, 1.0),
        sentence=sentence,
        problem=state.problem,
        hint=state.hint,
        button=CardButton("pause", tr("Pause")) if goes else CardButton("resume", again),
        other=CardButton("drop", tr("Cancel")),
        opens=False,
    )


def _time_left(seconds: float) -> str:
    if seconds < 60:
        return tr("less than a minute left")
    minutes = round(seconds / 60)
    if minutes < 60:
        return tr("{minutes} min left").format(minutes=minutes)
    return tr("{hours} h {minutes:02} min left").format(hours=minutes // 60, minutes=minutes % 60)


def hub_card(
    model: HubModel, details: CardDetails | None, mend: CardButton | None = None
) -> ModelCard:
    """Return the card of a repository that a search found. `mend`: what would open it."""
    owner, _, name = model.repo.partition("/")
    parameters = ""
    if model.parameters:
        parameters = tr("{count:.1f} B parameters").format(count=model.parameters / 1e9)
    downloads = ""
    if model.downloads is not None:
        downloads = tr("{count:,} downloads").format(count=model.downloads)
    gated = tr("needs an account that was let in") if model.gated else ""
    words = tr("Close") if details is not None else tr("Files")
    return ModelCard(
        key=f"hub:{model.repo}",
        name=name or owner,
        facts=_joined((tr("by {owner}").format(owner=owner), licence_words(model.licence))),
        sentence=_joined((parameters, model.architecture, downloads, gated)),
        button=CardButton("files", words),
        mend=mend,
        details=details,
    )


def file_row(repo: str, choice: HubChoice, room: Room, *, busy: bool) -> FileRow:
    """Return the row of a model of a repository. `busy`: something of it is being asked for."""
    level, mark, _ = _rough(choice.bytes, room)
    words = tr("Get {size}").format(size=size(choice.bytes))
    button: CardButton | None = CardButton("get", words, enabled=not busy)
    if choice.problem:
        level, mark, button = "bad", tr(choice.problem), None
    return FileRow(
        key=f"file:{repo}\n{choice.files[0].name}",
        name=choice.quantisation or choice.name,
        size=size(choice.bytes),
        mark=mark,
        level=level,
        button=button,
    )
