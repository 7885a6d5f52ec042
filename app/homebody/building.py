"""Builds what a front end works with: a session on an engine, and how models are loaded.

The engine's process takes longest, so it is started first and loads while the rest is imported.
"""

import os
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

from homebody.base.errors import EngineProblem, ModelProblem, StoreProblem
from homebody.base.paths import Home

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from homebody.assistant.elsewhere import Elsewhere
    from homebody.assistant.needs import Meters
    from homebody.assistant.session import Session
    from homebody.assistant.turn import Assistant
    from homebody.courier.client import Courier, Porter
    from homebody.engine.client import Engine
    from homebody.engine.probe import Probe, Verdict
    from homebody.library.fit import Memories
    from homebody.library.shelf import ShelvedModel
    from homebody.machine.gpus import GpuReader
    from homebody.messages.frames import Load
    from homebody.messages.turns import ModelName
    from homebody.settings.declared import Settings
    from homebody.store.store import Store
    from homebody.workbench import DeskParts, Workbench

__all__ = [
    "build_session",
    "find_probe",
    "has_usable_build",
    "memories_for",
    "own_processes",
    "session_for",
    "settle",
]

_SURELY_FITS = 1_000_000_000
"""Bytes; for a model below this, asking how much memory there is would only cost time."""


def find_probe(home: Home) -> "Probe | None":
    """Return what tries the engine's build; None where there is nothing to choose between."""
    from homebody.engine.build import has_gpu_code

    packs: tuple[Path, ...] = ()
    # Asked at each start, and hardly anybody has packs.
    if home.packs.is_dir():
        from homebody.engine.packs import Packs

        packs = Packs(home).usable()
    if not packs and not has_gpu_code():
        return None
    from homebody.engine.probe import Probe

    def starter() -> "Load | None":
        from homebody.library.shelf import STARTER, find_model
        from homebody.messages.frames import Load

        try:
            return Load(id=0, path=str(find_model(home, STARTER).path))
        except ModelProblem:
            return None

    return Probe(home.build, starter, packs=packs)


def _engine_notices(home: Home, verdict: "Verdict | None") -> list[str]:
    """Return why the engine does not use what it could."""
    notices = []
    if verdict is not None and (
        verdict.packs is not None or verdict.fitness in {"processor", "broken"}
    ):
        notices.append(f"{verdict.sentence} {verdict.hint}".strip())
    if home.packs.is_dir():
        from homebody.engine.packs import Packs

        notices += [f"{each.problem} {each.hint}".strip() for each in Packs(home).found()]
    return [notice for notice in notices if notice]


def settle(probe: "Probe | None") -> "Verdict | None":
    """Find out whether the build is fit, and have every engine from now on go by that.

    A trial takes a second or two, once for each build and driver. Before the first engine.
    """
    verdict = probe.settle() if probe is not None else None
    if verdict is not None:
        os.environ.update(verdict.environment)
    return verdict


@contextmanager
def session_for(
    home: Home,
    options: SimpleNamespace,
    locks: tuple[str, ...],
    porter: "Porter | None" = None,
) -> "Iterator[Session]":
    """Build a session with an engine of its own, and take both down again.

    With a porter, a model elsewhere can be asked.
    """
    from homebody.engine.client import Engine
    from homebody.machine.gpus import GpuReader

    verdict = settle(find_probe(home))
    engine = Engine()
    engine.start()
    courier = _courier_for(porter)
    try:
        session = build_session(home, options, locks, engine, verdict, GpuReader(), courier=courier)
        try:
            yield session
        finally:
            session.close()
    finally:
        if courier is not None:
            courier.close()
        engine.close()


def _courier_for(porter: "Porter | None") -> "Courier | None":
    if porter is None:
        return None
    from homebody.courier.client import Courier

    return Courier(porter)


def build_session(
    home: Home,
    options: SimpleNamespace,
    locks: tuple[str, ...],
    engine: "Engine",
    verdict: "Verdict | None",
    reader: "GpuReader",
    *,
    forgiving: bool = False,
    desk: "DeskParts | None" = None,
    courier: "Courier | None" = None,
) -> "Session":
    """Build a session on an engine that was started.

    `verdict` is what came out when the build was tried; `forgiving`: where the model that was
    asked for cannot be used, go on with the starter, or with none, and say so. Otherwise that
    raises `ModelProblem`. `desk`: what skills find there; None in a terminal.
    `courier`: what asks elsewhere after a yes; None: nothing does.
    """
    from msgspec.structs import replace

    from homebody.base.log import log, start_log
    from homebody.library.chosen import load_request
    from homebody.library.shelf import STARTER, Shelf, ShelvedModel
    from homebody.machine.readings import physical_cores
    from homebody.settings.file import load

    loaded = load(home)
    offline = bool(getattr(options, "offline", False))
    settings = replace(loaded.settings, offline=loaded.settings.offline or offline)
    if courier is not None:
        courier.offline = settings.offline
    start_log(home.log, settings.log_level)
    cores = physical_cores()

    def find(name: str) -> ShelvedModel:
        return _find(home, name)

    def request(model: ShelvedModel, settings: "Settings") -> "Load":
        return load_request(model, settings, cores)

    prepare = partial(_prepared, engine, reader, verdict)
    notices = list(loaded.problems)
    if home.shelf.exists():
        notices += Shelf(home).notices
    notices += _engine_notices(home, verdict)
    asked = getattr(options, "file", None) or getattr(options, "model", None)
    model = None
    # A file that was opened and is no good leaves the person with their usual model.
    for name in dict.fromkeys((str(asked or settings.model), settings.model, STARTER)):
        try:
            model = find(name)
        except ModelProblem as problem:
            if not forgiving:
                raise
            notices.append(f"{problem.message} {problem.hint}")
        else:
            engine.begin_load(request(model, settings), partial(prepare, model))
            break
    model = model or ShelvedModel("", Path())

    # From here on the engine loads while the rest is imported and opened.
    from homebody.assistant.session import Parts, Session
    from homebody.library.fingerprint import Fingerprints
    from homebody.machine.energy import EnergyMeter
    from homebody.messages.turns import ModelName
    from homebody.store.store import Store

    try:
        store = Store.open(home)
    except StoreProblem as problem:
        notices.append(f"{problem.message} {problem.hint} Until then nothing is saved.")
        store = Store.temporary()
    notices += store.notices
    hashes = Fingerprints(store)
    # Opening the driver's library takes longest, and no turn should wait for it.
    threading.Thread(target=reader.read, name="gpus", daemon=True).start()
    log.info("started: %s", options.command or "chat")

    answering = _Answering(
        home=home,
        engine=engine,
        store=store,
        cores=cores,
        skills=not getattr(options, "no_skills", False),
        name=lambda model: ModelName(model.name, hashes.known(model.path)),
        meter=EnergyMeter(reader.read),
        desk=desk,
        courier=courier,
        notices=notices,
    )
    return Session(
        home=home,
        settings=settings,
        engine=engine,
        store=store,
        model=model,
        hashes=hashes,
        locks=locks,
        parts=Parts(
            find_model=find, load_request=request, prepare=prepare, assistant=answering.assistant
        ),
        notices=notices,
        closing=[answering.close],
    )


@dataclass(kw_only=True)
class _Answering:
    """Makes what answers, with the model and the settings of the moment."""

    home: Home
    engine: "Engine"
    store: "Store"
    """Where notes and grants are kept, also beside a temporary chat."""
    cores: int
    skills: bool
    name: "Callable[[ShelvedModel], ModelName]"
    meter: "Meters"
    desk: "DeskParts | None"
    courier: "Courier | None"
    notices: list[str]
    bench: "Workbench | None" = None
    """What skills run on: made when skills are first wanted, and once."""

    def assistant(self, store: "Store", model: "ShelvedModel", settings: "Settings") -> "Assistant":
        """Return what answers and keeps it in `store`."""
        from homebody.assistant.turn import Assistant
        from homebody.library.chosen import adapters_of, sampling_of, system_of, template_of

        wanted = self.skills and settings.skills
        if wanted and self.bench is None:
            self._make_bench(settings)
        return Assistant(
            store,
            self.engine,
            work=self.bench.use(model, settings) if wanted and self.bench is not None else None,
            elsewhere=self._elsewhere(),
            sampling=sampling_of(model, settings),
            system=system_of(model, settings),
            max_tokens=settings.max_reply_tokens,
            model=lambda _loaded: self.name(model),
            meter=self.meter,
            adapters=adapters_of(model),
            template=template_of(model),
        )

    def _elsewhere(self) -> "Elsewhere | None":
        """Return what asks a model elsewhere; it connects to nothing before a yes."""
        if self.courier is None:
            return None
        from homebody.assistant.elsewhere import Elsewhere, bytes_left
        from homebody.base.clock import now
        from homebody.privacy.dictionary import find_dictionary
        from homebody.privacy.redaction import Redactor
        from homebody.privacy.tagger import TAGS_FROM, Tagger
        from homebody.settings.providers import agree, load_providers

        courier, home, engine = self.courier, self.home, self.engine

        def redactor() -> Redactor:
            loaded = engine.loaded
            # A model that is not there yet, or too small, is not waited for.
            helps = loaded is not None and loaded.parameters >= TAGS_FROM
            return Redactor(find_dictionary(home), Tagger(engine) if helps else None)

        def keep_agreed(name: str) -> None:
            agree(home, name, now().isoformat())

        return Elsewhere(
            providers=partial(load_providers, home),
            redactor=redactor,
            send=courier.ask,
            offline=lambda: courier.offline,
            agree=keep_agreed,
            left=partial(bytes_left, home.ledger),
        )

    def _make_bench(self, settings: "Settings") -> None:
        from homebody.workbench import Workbench

        threads = settings.threads or self.cores
        self.bench = Workbench(self.home, self.engine, self.store, threads=threads, desk=self.desk)
        if self.bench.problem:
            self.notices.append(
                f"Skills are planned by a model of a billion parameters or more alone: "
                f"{self.bench.problem}"
            )

    def close(self) -> None:
        """End the processes that were started for skills."""
        if self.bench is not None:
            self.bench.close()


def _find(home: Home, name: str) -> "ShelvedModel":
    """Return a model, unless it would bring this machine to a crawl. Raises `ModelProblem`."""
    from homebody.library.model_files import size_of
    from homebody.library.shelf import check_memory, find_model
    from homebody.machine.readings import read_machine

    model = find_model(home, name)
    if size_of(model.path) > _SURELY_FITS:
        machine = read_machine()
        check_memory(model.path, None if machine.gpus else machine.memory_total)
    return model


def _prepared(
    engine: "Engine",
    reader: "GpuReader",
    verdict: "Verdict | None",
    model: "ShelvedModel",
    wish: "Load",
) -> "Load":
    """Look at the file, which may be another than when it was chosen, and at the memory."""
    from homebody.library.shelf import STARTER, check_file

    if model.key != STARTER:
        check_file(model.path)
    beside = _checked_adapter(model)
    return _planned(wish, engine, reader, verdict, beside=beside)


def _checked_adapter(model: "ShelvedModel") -> int:
    """Return the bytes of a model's adapter; `ModelProblem` if it is none.

    It was looked at when it was chosen; but it may be gone by now, or have been written into the
    shelf's file by hand.
    """
    if not model.settings.adapter:
        return 0
    from homebody.library.facts import inspect_file

    path = Path(model.settings.adapter)
    hint = "Choose another adapter for this model, or none."
    try:
        found = inspect_file(path)
    except ModelProblem as problem:
        raise ModelProblem(problem.message, hint) from problem
    if found.kind != "adapter":
        raise ModelProblem(f"{path.name} is no adapter, so it cannot change a model.", hint)
    return found.bytes


def _planned(
    wish: "Load",
    engine: "Engine",
    reader: "GpuReader",
    verdict: "Verdict | None",
    *,
    beside: int,
) -> "Load":
    """Return how to load what was wished for: with as many layers on the GPU as fit it now.

    `beside`: bytes of what is loaded with it. Reads the cards and the file's header.
    """
    if wish.gpu_layers >= 0 or not has_usable_build(verdict):
        return wish  # as the person said; or there is nothing to choose
    from msgspec.structs import replace

    from homebody.library.fit import most_layers

    memories = memories_for(engine, reader)
    if not memories.gpus and verdict is not None and verdict.packs:
        memories = _told_by_llama_cpp(memories, wish, engine)
        if not memories.gpus:
            return replace(wish, gpu_layers=0)  # nobody knows what fits: until the person says
    if not memories.gpus:
        return wish
    try:
        layers = most_layers(
            Path(wish.path),
            context=wish.context,
            cache_type=wish.cache_type,
            flash_attention=wish.flash_attention,
            machine=memories,
            beside=beside,
        )
    except ModelProblem:
        return wish  # the engine says what is wrong with it
    return replace(wish, gpu_layers=layers)


def _told_by_llama_cpp(memories: "Memories", wish: "Load", engine: "Engine") -> "Memories":
    """Ask about cards that are not NVIDIA's, in an engine that is thrown away: a second or so."""
    from homebody.engine.dry import dry_load
    from homebody.library.memories import ask_llama_cpp

    held = engine.held
    try:
        return ask_llama_cpp(memories, wish, dry_load, held.loaded if held is not None else None)
    except EngineProblem:
        return memories


def has_usable_build(verdict: "Verdict | None") -> bool:
    """Say whether engines of this build use cards, as far as it is known."""
    from homebody.engine.build import has_gpu_code

    return has_gpu_code() and (verdict is None or verdict.uses_gpu)


def own_processes(engine: "Engine") -> tuple[int, ...]:
    """Return the processes of ours that compute."""
    pid = engine.pid
    return () if pid is None else (pid,)


def memories_for(engine: "Engine", reader: "GpuReader", *, gpu_code: bool = True) -> "Memories":
    """Return what is free for a model that takes the place of the engine's."""
    from homebody.library.memories import read_memories

    held = engine.held
    return read_memories(
        reader.read(own_processes(engine)),
        gpu_code=gpu_code,
        loaded=held.loaded if held is not None else None,
        mapped=held is None or held.mapped,
    )
