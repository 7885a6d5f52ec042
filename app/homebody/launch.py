"""The one place that builds everything and connects it.

The order matters. First the lock, before any thread; then the engine, which takes longest to start
and shares nothing with the rest; then, while it loads, the settings and the store.
"""

import errno
import os
import sys
from argparse import Namespace
from contextlib import contextmanager
from typing import TYPE_CHECKING

from homebody.base.errors import HomebodyError, StoreProblem
from homebody.base.log import log, start_log
from homebody.base.paths import Home, find_home
from homebody.cli.arguments import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from homebody.cli.session import Session
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
    options = parse(arguments)
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


def _run(options: Namespace) -> int:
    if options.command == "schema":
        from homebody.cli.schema import print_schema

        return print_schema(options.name)
    from homebody.privacy.lock import lock_front_end

    locks = lock_front_end()
    if options.command == "selftest":
        from homebody.cli.selftest import selftest

        return selftest(lambda home: _session(home, options, locks))
    home = find_home()
    if options.command == "doctor":
        from homebody.cli.doctor import doctor

        return doctor(home, locks, lambda: _session(home, options, locks), as_json=options.json)
    if options.command == "ask":
        with _session(home, options, locks) as session:
            # Imported while the engine starts, as in `_talk`: it brings the store with it.
            from homebody.cli.ask import ask

            _tell(session)
            return ask(session, options.text, as_json=options.json)
    return _talk(home, options, locks)


def _talk(home: Home, options: Namespace, locks: tuple[str, ...]) -> int:
    """Chat where there is a terminal; otherwise answer what comes on stdin."""
    if sys.stdin is None or not sys.stdin.isatty():
        with _session(home, options, locks) as session:
            from homebody.cli.ask import ask, read_request

            _tell(session)
            return ask(session, read_request())
    with _session(home, options, locks) as session:
        from homebody.cli.chat import Chat

        return Chat(session, windowless=options.command != "chat").run()


def _tell(session: "Session") -> None:
    from homebody.cli.terminal import note

    for notice in session.notices:
        note(notice)


@contextmanager
def _session(home: Home, options: Namespace, locks: tuple[str, ...]) -> "Iterator[Session]":
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


def _build(home: Home, options: Namespace, locks: tuple[str, ...], engine: "Engine") -> "Session":
    from homebody.library.shelf import ShelvedModel, check_memory, find_model
    from homebody.machine.readings import physical_cores, read_machine
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

    def load_request(model: ShelvedModel) -> "Load":
        return _load_request(model, settings, cores)

    named = getattr(options, "file", None) or getattr(options, "model", None) or settings.model
    model = find(str(named))
    engine.begin_load(load_request(model))

    # From here on the engine loads while the rest is imported and opened.
    from homebody.assistant.turn import Assistant
    from homebody.cli.session import Parts, Session
    from homebody.library.fingerprint import Fingerprints
    from homebody.messages.turns import ModelName
    from homebody.store.store import Store

    notices = list(loaded.problems)
    try:
        store = Store.open(home)
    except StoreProblem as problem:
        notices.append(f"{problem.message} {problem.hint} Until then nothing is saved.")
        store = Store.temporary()
    notices += store.notices
    hashes = Fingerprints(store)
    log.info("started: %s", options.command or "chat")

    def assistant(store: "Store", model: ShelvedModel) -> Assistant:
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
