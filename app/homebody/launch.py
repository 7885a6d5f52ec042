"""The one place that builds everything and connects it.

The order matters. In the terminal: first the lock, before any thread; then the engine, which takes
longest to start and shares nothing with the rest; then, while it loads, the settings and the store.
A window is drawn before all of that, empty; then the porter starts, and then it is the same order.
"""

import errno
import gc
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

from homebody.base.errors import HomebodyError, ModelProblem, StoreProblem
from homebody.base.paths import Home, find_home

if TYPE_CHECKING:
    from collections.abc import Iterator

    from homebody.assistant.session import Session
    from homebody.courier.client import Porter
    from homebody.engine.client import Engine
    from homebody.library.shelf import ShelvedModel
    from homebody.messages.frames import Load, Sampling
    from homebody.settings.declared import Settings
    from homebody.store.store import Store

__all__ = ["run"]

_SURELY_FITS = 1_000_000_000
"""Bytes; for a model below this, asking how much memory there is would only cost time."""

# Windows says EINVAL of a pipe that nobody reads.
_NOBODY_READS = (errno.EPIPE, errno.EINVAL)
_OUTPUT_FAILS = (*_NOBODY_READS, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF)


def run(arguments: list[str]) -> int:
    """Run the front end; return its exit status."""
    _prepare_streams()
    options = _parse(arguments)
    try:
        status = _run(options)
        sys.stdout.flush()
    except HomebodyError as problem:
        from homebody.cli.terminal import complain

        complain(problem)
        return 1
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        if not _is_output(error):
            return _confess(error)
        return 1
    except Exception as error:  # noqa: BLE001  the last line of defence: a bug, worded
        return _confess(error)
    return status


def _parse(arguments: list[str]) -> SimpleNamespace:
    if not arguments:
        # By far the most usual start: a window need not wait until argparse is loaded.
        return SimpleNamespace(command="", file=None, model=None, offline=False)
    from homebody.cli.arguments import parse

    return SimpleNamespace(**vars(parse(arguments)))


def _prepare_streams() -> None:
    """Write UTF-8, and to nowhere if whoever started this closed our output."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115
        getattr(sys, name).reconfigure(encoding="utf-8", errors="replace")


def _is_output(error: OSError) -> bool:
    """Tell whether our own output could not be written; then write no more to it, and say why.

    Nobody is told of a broken pipe: whoever read our output has left.
    """
    if error.filename is not None or error.errno not in _OUTPUT_FAILS:
        return False
    # What is still in the buffer goes nowhere, instead of into an exception at exit.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    if error.errno not in _NOBODY_READS:
        from homebody.cli.terminal import complain

        complain(
            HomebodyError(
                f"The output could not be written: {error.strerror}.",
                "What was answered is saved all the same: `homebody chat` shows it with /open.",
            )
        )
    return True


def _confess(error: Exception) -> int:
    from homebody.cli.terminal import confess

    confess(error)
    return 1


def _run(options: SimpleNamespace) -> int:
    if options.command == "schema":
        from homebody.cli.schema import print_schema

        return print_schema(options.name)
    if not options.command:
        from homebody.ui.display import why_no_window

        why = why_no_window()
        if not why:
            return _show(options)
        options.windowless = why
    from homebody.privacy.lock import lock_front_end

    locks = lock_front_end()
    if options.command in {"selftest", "models", "doctor"}:
        return _examine(options, locks)
    home = find_home()
    if options.command == "ask":
        with _session(home, options, locks) as session:
            # Imported while the engine starts, as in `_talk`: it brings the store with it.
            from homebody.cli.ask import ask

            _tell(session)
            return ask(session, options.text, as_json=options.json)
    return _talk(home, options, locks)


def _examine(options: SimpleNamespace, locks: tuple[str, ...]) -> int:
    """Look at something and say how it is."""
    if options.command == "selftest":
        from homebody.cli.selftest import selftest

        return selftest(lambda home: _session(home, options, locks))
    home = find_home()
    if options.command == "models":
        from homebody.cli.models import models

        return models(home, options)
    from homebody.cli.doctor import doctor

    return doctor(home, locks, lambda: _session(home, options, locks), as_json=options.json)


def _show(options: SimpleNamespace) -> int:
    """Show the window."""
    # Nothing of what is loaded now becomes garbage; looking for some costs a tenth of the start.
    gc.disable()
    home = find_home()
    behind = _Behind(home, options)
    try:
        from homebody.ui.application import Needs, run_window
    except ImportError as error:
        from homebody.privacy.lock import lock_front_end

        gc.enable()
        options.windowless = f"The window cannot be shown: {error}."
        return _talk(home, options, lock_front_end())
    try:
        return run_window(
            Needs(
                home=home,
                begin=behind.begin,
                open_session=behind.open_session,
                file=str(options.file.absolute()) if options.file else "",
            )
        )
    finally:
        gc.enable()
        behind.end()


class _Behind:
    """What stands behind a window. It begins after the first paint, so that nobody waits for it."""

    def __init__(self, home: Home, options: SimpleNamespace) -> None:
        self._home, self._options = home, options
        self._locks: tuple[str, ...] = ()
        self._engine: Engine | None = None
        self._porter: Porter | None = None

    def begin(self) -> "tuple[Porter, tuple[str, ...]]":
        """Lock this process; return who opens links for the person, and the locks."""
        from homebody.courier.client import Porter
        from homebody.engine.client import Engine
        from homebody.privacy.lock import lock_front_end

        # First the one process that may start programs for the person: what a locked process
        # starts is locked too.
        self._porter = porter = Porter()
        try:
            porter.start()
        finally:
            self._locks = lock_front_end()
        self._engine = Engine()
        self._engine.start()
        return porter, self._locks

    def open_session(self) -> "Session":
        """Build what the window works with. On a thread of the window's."""
        assert self._engine is not None
        return _build(self._home, self._options, self._locks, self._engine, forgiving=True)

    def end(self) -> None:
        """End the processes."""
        if self._engine is not None:
            self._engine.close()
        if self._porter is not None:
            self._porter.close()


def _talk(home: Home, options: SimpleNamespace, locks: tuple[str, ...]) -> int:
    """Chat where there is a terminal; otherwise answer what comes on stdin."""
    if sys.stdin is None or not sys.stdin.isatty():
        with _session(home, options, locks) as session:
            from homebody.cli.ask import ask, read_request

            _tell(session)
            return ask(session, read_request())
    with _session(home, options, locks) as session:
        from homebody.cli.chat import Chat

        return Chat(session, windowless=getattr(options, "windowless", "")).run()


def _tell(session: "Session") -> None:
    from homebody.cli.terminal import note

    for notice in session.notices:
        note(notice)


@contextmanager
def _session(home: Home, options: SimpleNamespace, locks: tuple[str, ...]) -> "Iterator[Session]":
    """Build a session, and take it down again."""
    from homebody.engine.client import Engine

    engine = Engine()
    engine.start()
    try:
        session = _build(home, options, locks, engine)
        try:
            yield session
        finally:
            session.close()
    finally:
        engine.close()


def _build(
    home: Home,
    options: SimpleNamespace,
    locks: tuple[str, ...],
    engine: "Engine",
    *,
    forgiving: bool = False,
) -> "Session":
    """Build a session on an engine that was started.

    `forgiving`: where the model that was asked for cannot be used, go on with the starter, or
    with none, and say so. Otherwise that raises `ModelProblem`.
    """
    from homebody.base.log import log, start_log
    from homebody.library.shelf import STARTER, ShelvedModel, check_memory, find_model
    from homebody.machine.readings import physical_cores, read_machine
    from homebody.settings.declared import Settings
    from homebody.settings.file import load

    loaded = load(home)
    settings = loaded.settings
    start_log(home.log, settings.log_level)
    cores = physical_cores()

    def find(name: str) -> ShelvedModel:
        model = find_model(home, name)
        if model.path.stat().st_size > _SURELY_FITS:
            machine = read_machine()
            check_memory(model.path, None if machine.gpus else machine.memory_total)
        return model

    def load_request(model: ShelvedModel, settings: Settings) -> "Load":
        return _load_request(model, settings, cores)

    notices = list(loaded.problems)
    named = getattr(options, "file", None) or getattr(options, "model", None) or settings.model
    model = None
    for name in (str(named), STARTER):
        try:
            model = find(name)
        except ModelProblem as problem:
            if not forgiving:
                raise
            notices.append(f"{problem.message} {problem.hint}")
        else:
            engine.begin_load(load_request(model, settings))
            break
    model = model or ShelvedModel("", Path())

    # From here on the engine loads while the rest is imported and opened.
    from homebody.assistant.session import Parts, Session
    from homebody.assistant.turn import Assistant
    from homebody.library.fingerprint import Fingerprints
    from homebody.messages.turns import ModelName
    from homebody.store.store import Store

    try:
        store = Store.open(home)
    except StoreProblem as problem:
        notices.append(f"{problem.message} {problem.hint} Until then nothing is saved.")
        store = Store.temporary()
    notices += store.notices
    hashes = Fingerprints(store)
    log.info("started: %s", options.command or "chat")

    def assistant(store: "Store", model: ShelvedModel, settings: Settings) -> Assistant:
        return Assistant(
            store,
            engine,
            sampling=_sampling(model.sampling, settings),
            system=settings.system_prompt or model.system,
            max_tokens=settings.max_reply_tokens,
            model=lambda _loaded: ModelName(model.name, hashes.known(model.path)),
        )

    return Session(
        home=home,
        settings=settings,
        engine=engine,
        store=store,
        model=model,
        hashes=hashes,
        locks=locks,
        parts=Parts(find_model=find, load_request=load_request, assistant=assistant),
        notices=notices,
    )


def _load_request(model: "ShelvedModel", settings: "Settings", cores: int) -> "Load":
    from homebody.messages.frames import Load

    return Load(
        id=0,
        path=str(model.path),
        context=settings.context,
        gpu_layers=settings.gpu_layers,
        threads=settings.threads or cores,
        use_mmap=settings.use_mmap,
    )


def _sampling(recommended: "Sampling", settings: "Settings") -> "Sampling":
    """Return what is recommended for a model, with what the person set in its place."""
    from msgspec.structs import replace

    names = ("temperature", "top_p", "top_k", "min_p", "repeat_penalty", "seed")
    chosen = {name: getattr(settings, name) for name in names}
    return replace(recommended, **{name: v for name, v in chosen.items() if v is not None})
