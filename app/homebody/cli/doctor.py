"""`homebody doctor`: how everything is, in plain sentences that can go into a bug report."""

import platform
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

import msgspec

from homebody import __version__
from homebody.assistant.session import Session
from homebody.base.errors import HomebodyError
from homebody.base.paths import Home
from homebody.cli.terminal import harmless, to_json
from homebody.engine.build import has_gpu_code
from homebody.engine.probe import Verdict
from homebody.library.truth import Truth, why
from homebody.machine.energy import readable_counters
from homebody.machine.gpus import GpuReader, GpuReading
from homebody.machine.readings import read_machine
from homebody.messages.frames import Generate, Generated, Loaded
from homebody.messages.reports import (
    DoctorReport,
    EngineReport,
    GpuReport,
    GraphicsReport,
    SkillsReport,
    StoreReport,
)
from homebody.privacy.lock import describe
from homebody.store.backups import taken

__all__ = ["doctor"]

_PROBE_TOKENS = 16
# What the files with the processor's code are for, by the end of their names.
_PROCESSORS: Final = {
    "x64": "any 64-bit x86 processor",
    "sse42": "Nehalem and newer",
    "sandybridge": "Sandy Bridge and newer",
    "ivybridge": "Ivy Bridge and newer",
    "piledriver": "Piledriver and newer",
    "haswell": "Haswell and newer",
    "skylakex": "Skylake-X and newer",
    "cannonlake": "Cannon Lake and newer",
    "cascadelake": "Cascade Lake and newer",
    "icelake": "Ice Lake and newer",
    "cooperlake": "Cooper Lake and newer",
    "zen4": "Zen 4 and newer",
    "alderlake": "Alder Lake and newer",
    "sapphirerapids": "Sapphire Rapids and newer",
}


def doctor(
    home: Home,
    locks: tuple[str, ...],
    open_session: Callable[[], AbstractContextManager[Session]],
    *,
    as_json: bool,
    trial: Verdict | None = None,
) -> int:
    """Look at everything and print it. Returns 0 if all is well, 1 if something needs a look.

    `trial` is what came out when the engine's build was tried.
    """
    machine = read_machine()
    reader = GpuReader()
    reading, truth, offline = reader.read(), None, None
    problems = [f"{trial.sentence} {trial.hint}"] if trial is not None and trial.sentence else []
    try:
        with open_session() as session:
            problems += session.notices
            offline = session.settings.offline
            engine, loaded = _engine(session, problems)
            if loaded is not None:
                before, reading = reading, reader.read([session.engine.pid or 0])
                truth = why(
                    asked=session.parts.load_request(session.model, session.settings).gpu_layers,
                    loaded=loaded,
                    before=before,
                    after=reading,
                    trial=trial.sentence if trial is not None else "",
                )
            skills = _skills(session, problems)
            store = _store(session)
    except HomebodyError as problem:
        problems.append(f"{problem.message} {problem.hint}".strip())
        engine = _no_engine(problem.message)
        skills = _no_skills(problem.message)
        store = StoreReport(
            path=str(home.database),
            writable=False,
            conversations=None,
            backups=None,
            last_backup=None,
            notices=(),
        )
    finally:
        reader.close()
    if reading.kind == "lost":
        problems.append(f"{reading.problem} {reading.hint}")
    report = DoctorReport(
        version=__version__,
        python=platform.python_version(),
        system=machine.system,
        processor=machine.processor,
        cores=machine.physical_cores,
        memory_total=machine.memory_total,
        memory_available=machine.memory_available,
        gpus=machine.gpus,
        graphics=_graphics(reading, truth),
        energy=readable_counters(reading),
        locks=locks,
        engine=engine,
        skills=skills,
        store=store,
        settings=str(home.settings),
        offline=offline,
        # The session may have said already what came out when the build was tried.
        problems=tuple(dict.fromkeys(problems)),
        ok=not problems,
    )
    report = _without_home(report)
    if as_json:
        print(to_json(report))
    else:
        print(harmless("\n".join(_sentences(report))))
    return 0 if report.ok else 1


def _engine(session: Session, problems: list[str]) -> tuple[EngineReport, Loaded | None]:
    """Try the engine; return how it is, and what it loaded if it works."""
    engine = session.engine
    try:
        loaded = engine.wait_loaded()
        done = None
        for answer in engine.generate(Generate(id=0, prompt="One,", max_tokens=_PROBE_TOKENS)):
            done = answer
        assert isinstance(done, Generated)
    except HomebodyError as problem:
        problems.append(f"{problem.message} {problem.hint}".strip())
        death = engine.last_death
        return _no_engine(problem.message, death.last_lines if death else ()), None
    report = EngineReport(
        build=loaded.build,
        system=loaded.system,
        devices=loaded.devices,
        locks=engine.hello.locks if engine.hello else None,
        model=f"{session.model.name} ({session.model.path})",
        context=loaded.context,
        gpu_build=loaded.gpu_build,
        layers=loaded.layers + 1,
        gpu_layers=loaded.gpu_layers,
        load_ms=round(loaded.load_ms, 1),
        tokens_per_second=round(done.generated_tokens / done.write_ms * 1e3, 1)
        if done.write_ms
        else None,
        problem="",
        last_lines=(),
        backends=loaded.backends,
        backend=_backend(loaded),
    )
    problems += loaded.pack_problems
    return report, loaded


def _backend(loaded: Loaded) -> str:
    """Say in a sentence or two which files compute, and why those."""
    if not loaded.backends:
        return (
            "The processor's code is part of this build of llama.cpp, so there is no other to "
            "choose from."
        )
    processor, *packs = loaded.backends
    kind = Path(processor).stem.rpartition("-")[2]
    said = (
        f"The processor's code for {_PROCESSORS.get(kind, kind)} is used ({processor}): the best "
        f"of {loaded.processor_choice} for this processor."
    )
    for pack in packs:
        said += f" A pack brings {pack}" + (
            "." if loaded.devices else ", which finds no graphics card that it can use."
        )
    return said


def _no_engine(problem: str, last_lines: tuple[str, ...] = ()) -> EngineReport:
    return EngineReport(
        build=None,
        system=None,
        devices=None,
        locks=None,
        model=None,
        context=None,
        gpu_build=has_gpu_code(),
        layers=None,
        gpu_layers=None,
        load_ms=None,
        tokens_per_second=None,
        problem=problem,
        last_lines=last_lines[-20:],
        backends=None,
        backend="",
    )


def _skills(session: Session, problems: list[str]) -> SkillsReport:
    """Plan one sum, and have the workshop do it."""
    work = session.work
    if work is None:
        off = "they are turned off" if not session.settings.skills else "there is no planner"
        return _no_skills(f"No skills: {off}.")
    planned = work.planner.plan("12 * 12")
    if planned.planner == "none":
        problems.append("The planner does not answer, so requests are only answered, not done.")
    skill = work.skills.find("calculate")
    assert skill is not None
    try:
        done = list(work.runner.run(skill, {"expression": "12*12"}, label="person"))
    except HomebodyError as problem:
        problems.append(f"{problem.message} {problem.hint}".strip())
        return _no_skills(problem.message)
    assert done
    return SkillsReport(
        planner=planned.planner,
        plan_ms=round(planned.ms, 1),
        workshop_locks=work.folders.locks,
        problem="",
    )


def _no_skills(problem: str) -> SkillsReport:
    return SkillsReport(planner=None, plan_ms=None, workshop_locks=None, problem=problem)


def _graphics(reading: GpuReading, truth: Truth | None) -> GraphicsReport:
    names = GpuReport.__struct_fields__
    return GraphicsReport(
        kind=reading.kind,
        cards=tuple(
            GpuReport(**{name: getattr(gpu, name) for name in names}) for gpu in reading.gpus
        ),
        driver=reading.driver,
        cuda=reading.cuda,
        problem=reading.problem,
        unused=truth.sentence if truth is not None else "",
        hint=(truth.hint if truth is not None else "") or reading.hint,
    )


def _store(session: Session) -> StoreReport:
    backups = session.store.backups() if session.store.on_disk else []
    return StoreReport(
        path=str(session.home.database),
        writable=session.store.on_disk,
        conversations=len(session.store.conversations()) if session.store.on_disk else None,
        backups=len(backups),
        last_backup=max(taken(path) for path in backups).isoformat() if backups else None,
        notices=tuple(session.store.notices),
    )


def _without_home(report: DoctorReport) -> DoctorReport:
    """Return the report without the path of the person's folder, which is mostly their name."""
    try:
        home = str(Path.home())
    except RuntimeError:
        return report
    if len(Path(home).parts) < 2:
        return report
    # In JSON, because any sentence may hold a path: of a model, a backup, a line of llama.cpp's.
    quoted = msgspec.json.encode(home)[1:-1]
    return msgspec.json.decode(
        re.sub(re.escape(quoted) + rb"(?![\w.-])", b"~", msgspec.json.encode(report)),
        type=DoctorReport,
    )


def _sentences(report: DoctorReport) -> Iterator[str]:
    yield f"Homebody {report.version}, Python {report.python}, {report.system}."
    memory = "memory unknown"
    if report.memory_total is not None and report.memory_available is not None:
        memory = (
            f"{report.memory_total / 1e9:.1f} GB of memory, "
            f"{report.memory_available / 1e9:.1f} GB of it free"
        )
    cores = f"{report.cores} cores" if report.cores else "cores unknown"
    yield f"Machine: {report.processor or 'processor unknown'}, {cores}, {memory}."
    yield from _graphics_sentences(report)
    engine = report.engine
    if engine.problem:
        yield f"Engine: does not work. {engine.problem}"
        yield from (f"    {line}" for line in engine.last_lines)
    else:
        where = ", ".join(engine.devices) if engine.devices else "the processor"
        build = "built for a GPU" if engine.gpu_build else "built for the processor alone"
        yield f"Engine: {engine.build}, {build}, computing on {where} ({engine.system})."
        yield f"Backend: {engine.backend}"
        yield (
            f"Model: {engine.model}, loaded in {engine.load_ms or 0:.0f} ms with "
            f"{engine.context or 0:,} tokens of context, {engine.tokens_per_second or 0:.0f} "
            "tokens a second in a short probe."
        )
    yield f"Lock of this program: {describe(report.locks)}"
    yield f"Lock of the engine: {describe(engine.locks or ())}"
    skills = report.skills
    if skills.workshop_locks is not None:
        yield f"Lock of the workshop: {describe(skills.workshop_locks)}"
    if skills.problem:
        yield f"Skills: {skills.problem}"
    elif skills.planner == "expert":
        yield f"Skills: planned by the expert, a short request in {skills.plan_ms or 0:.0f} ms."
    store = report.store
    if store.writable:
        yield (
            f"Conversations: {store.conversations} in {store.path}, {store.backups} backups"
            + (f", the last of {store.last_backup}." if store.last_backup else ".")
        )
    else:
        yield f"Conversations: {store.path} cannot be used; nothing is saved."
    yield f"Settings: {report.settings}."
    yield _network(report)
    for problem in report.problems:
        yield f"Needs a look: {problem}"
    yield "Everything is well." if report.ok else "See above for what needs a look."


def _graphics_sentences(report: DoctorReport) -> Iterator[str]:
    graphics = report.graphics
    for card in graphics.cards:
        facts = [f"{card.memory_total / 1e9:.1f} GB", f"{card.memory_free / 1e9:.1f} GB of it free"]
        if card.temperature is not None:
            facts.append(f"{card.temperature} °C")
        if card.power_watts is not None:
            facts.append(f"{card.power_watts:.0f} W")
        if card.compute is not None:
            facts.append(f"compute capability {card.compute}")
        yield f"GPU: {card.name}, {', '.join(facts)}."
    if graphics.driver is not None:
        newest = f", which runs CUDA up to {graphics.cuda}" if graphics.cuda else ""
        yield f"Driver: NVIDIA {graphics.driver}{newest}."
    if graphics.unused:
        # What is wrong with the card or its driver stands in it.
        yield f"GPU use: {graphics.unused} {graphics.hint}".strip()
    elif graphics.problem:
        yield f"GPU: {graphics.problem} {graphics.hint}".strip()
    elif report.engine.gpu_layers:
        yield f"GPU use: {report.engine.gpu_layers} of {report.engine.layers} layers."
    if report.energy:
        counters = " and ".join(f"the {counter}" for counter in report.energy)
        yield f"Energy: counted by {counters}."
    else:
        yield (
            "Energy: no counter can be read here, so nothing is said of it; on most systems the "
            "processor's is for root alone."
        )


def _network(report: DoctorReport) -> str:
    if report.offline:
        return "Network: offline; nothing of Homebody connects to anything."
    return (
        "Network: nothing connects by itself. The courier does when you search for a model or get "
        "one; `homebody ledger list` shows each time."
    )
