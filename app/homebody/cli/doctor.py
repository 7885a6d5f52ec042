"""`homebody doctor`: how everything is, in plain sentences that can go into a bug report."""

import platform
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import msgspec

from homebody import __version__
from homebody.assistant.session import Session
from homebody.base.errors import HomebodyError
from homebody.base.paths import Home
from homebody.cli.terminal import harmless, to_json
from homebody.machine.readings import read_machine
from homebody.messages.frames import Generate, Generated
from homebody.messages.reports import DoctorReport, EngineReport, StoreReport
from homebody.privacy.lock import describe
from homebody.store.backups import taken

__all__ = ["doctor"]

_PROBE_TOKENS = 16


def doctor(
    home: Home,
    locks: tuple[str, ...],
    open_session: Callable[[], AbstractContextManager[Session]],
    *,
    as_json: bool,
) -> int:
    """Look at everything and print it. Returns 0 if all is well, 1 if something needs a look."""
    machine = read_machine()
    problems: list[str] = []
    try:
        with open_session() as session:
            problems += session.notices
            engine = _engine(session, problems)
            store = _store(session)
    except HomebodyError as problem:
        problems.append(f"{problem.message} {problem.hint}".strip())
        engine = _no_engine(problem.message)
        store = StoreReport(
            path=str(home.database),
            writable=False,
            conversations=None,
            backups=None,
            last_backup=None,
            notices=(),
        )
    report = DoctorReport(
        version=__version__,
        python=platform.python_version(),
        system=machine.system,
        processor=machine.processor,
        cores=machine.physical_cores,
        memory_total=machine.memory_total,
        memory_available=machine.memory_available,
        gpus=machine.gpus,
        locks=locks,
        engine=engine,
        store=store,
        settings=str(home.settings),
        problems=tuple(problems),
        ok=not problems,
    )
    report = _without_home(report)
    if as_json:
        print(to_json(report))
    else:
        print(harmless("\n".join(_sentences(report))))
    return 0 if report.ok else 1


def _engine(session: Session, problems: list[str]) -> EngineReport:
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
        return _no_engine(problem.message, death.last_lines if death else ())
    return EngineReport(
        build=loaded.build,
        system=loaded.system,
        devices=loaded.devices,
        locks=engine.hello.locks if engine.hello else None,
        model=f"{session.model.name} ({session.model.path})",
        context=loaded.context,
        load_ms=round(loaded.load_ms, 1),
        tokens_per_second=round(done.generated_tokens / done.write_ms * 1e3, 1)
        if done.write_ms
        else None,
        problem="",
        last_lines=(),
    )


def _no_engine(problem: str, last_lines: tuple[str, ...] = ()) -> EngineReport:
    return EngineReport(
        build=None,
        system=None,
        devices=None,
        locks=None,
        model=None,
        context=None,
        load_ms=None,
        tokens_per_second=None,
        problem=problem,
        last_lines=last_lines[-20:],
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
    yield f"GPU: {', '.join(report.gpus) if report.gpus else 'none found'}."
    engine = report.engine
    if engine.problem:
        yield f"Engine: does not work. {engine.problem}"
        yield from (f"    {line}" for line in engine.last_lines)
    else:
        where = ", ".join(engine.devices) if engine.devices else "the processor"
        yield f"Engine: {engine.build}, computing on {where} ({engine.system})."
        yield (
            f"Model: {engine.model}, loaded in {engine.load_ms or 0:.0f} ms with "
            f"{engine.context or 0:,} tokens of context, {engine.tokens_per_second or 0:.0f} "
            "tokens a second in a short probe."
        )
    yield f"Lock of this program: {describe(report.locks)}"
    yield f"Lock of the engine: {describe(engine.locks or ())}"
    store = report.store
    if store.writable:
        yield (
            f"Conversations: {store.conversations} in {store.path}, {store.backups} backups"
            + (f", the last of {store.last_backup}." if store.last_backup else ".")
        )
    else:
        yield f"Conversations: {store.path} cannot be used; nothing is saved."
    yield f"Settings: {report.settings}."
    yield "Network: nothing in this version connects to anything."
    for problem in report.problems:
        yield f"Needs a look: {problem}"
    yield "Everything is well." if report.ok else "See above for what needs a look."
