"""What was asked for on the command line, and in which order it is started.

In the terminal: first the lock, before any thread; then the engine and all else (`building`). A
window is drawn before all of that, empty; then what stands behind it starts (`behind`).
"""

import errno
import gc
import os
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING

from homebody.base.errors import HomebodyError
from homebody.base.paths import Home, find_home

if TYPE_CHECKING:
    from pathlib import Path

    from homebody.assistant.session import Session
    from homebody.courier.client import Porter
    from homebody.engine.probe import Verdict

__all__ = ["run"]

# Windows says EINVAL of a pipe that nobody reads.
_NOBODY_READS = (errno.EPIPE, errno.EINVAL)
_OUTPUT_FAILS = (*_NOBODY_READS, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF)


def run(arguments: list[str]) -> int:
    """Run the front end; return its exit status."""
    _prepare_streams()
    # Packs are those of the profile, and an engine loads none that was not tried.
    os.environ.pop("HOMEBODY_ENGINE_PACKS", None)
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
    if options.command in {"models", "providers", "updates"}:
        return _errand(options)
    home = find_home()
    porter = _porter_for(home, options)
    try:
        return _answer(home, options, porter)
    finally:
        if porter is not None:
            porter.close()


def _porter_for(home: Home, options: SimpleNamespace) -> "Porter | None":
    """Start a porter where something may be asked elsewhere, after a yes."""
    wanted = bool(getattr(options, "remote", None)) or (
        options.command in {"", "chat"} and not options.offline and home.providers.exists()
    )
    if not wanted:
        return None
    from homebody.courier.client import Porter

    porter = Porter()
    # Before the lock: what a locked process starts is locked too.
    porter.start()
    return porter


def _answer(home: Home, options: SimpleNamespace, porter: "Porter | None") -> int:
    """Do what needs no window, locked."""
    from homebody.privacy.lock import lock_front_end

    locks = lock_front_end()
    match options.command:
        case "selftest" | "doctor" | "ledger" | "backups":
            return _examine(options, locks)
        case "redact":
            return _redact(home, options, locks)
        case "engine":
            return _packs(home, options)
        case "plan":
            return _plan(home, options)
        case "ask":
            return _ask(home, options, locks, porter)
    return _talk(home, options, locks, porter)


def _ask(
    home: Home, options: SimpleNamespace, locks: tuple[str, ...], porter: "Porter | None"
) -> int:
    """Answer one request."""
    from homebody.building import session_for

    with session_for(home, options, locks, porter) as session:
        # Imported while the engine starts, as in `_talk`: it brings the store with it.
        from homebody.cli.ask import ask

        _tell(session)
        return ask(
            session,
            options.text,
            as_json=options.json,
            skills=not options.no_skills,
            yes=options.yes,
            grants=options.grant,
            remote=options.remote or "",
            consent=options.consent or "",
        )


def _plan(home: Home, options: SimpleNamespace) -> int:
    """Print plans. Only the planner is started; nothing runs and nothing is kept."""
    from homebody.building import find_probe, settle
    from homebody.machine.readings import physical_cores
    from homebody.settings.file import load
    from homebody.workbench import PlannerEngine, SkillsNow

    settle(find_probe(home))
    settings = load(home).settings
    engine = PlannerEngine(home, settings.threads or physical_cores())
    try:
        from homebody.cli.plan import plan, plan_lines

        skills = SkillsNow(home)
        planner = engine.planner(skills)
        if options.jsonl:
            return plan_lines(planner, skills, sys.stdin.buffer)
        return plan(planner, options.text)
    finally:
        engine.close()


def _errand(options: SimpleNamespace) -> int:
    """Do something that has no model answer; only what has to connect starts a porter."""
    from homebody.privacy.lock import lock_front_end

    if options.command == "models":
        from homebody.cli.models import CONNECTING
        from homebody.cli.models import models as run_errand

        connects = options.action in CONNECTING
    elif options.command == "providers":
        from homebody.cli.providers import CONNECTING
        from homebody.cli.providers import providers as run_errand

        connects = options.action in CONNECTING
    else:
        from homebody.cli.updates import updates as run_errand

        connects = True
    porter = None
    if connects:
        from homebody.courier.client import Porter

        porter = Porter()
        # Before the lock: what a locked process starts is locked too.
        porter.start()
    try:
        lock_front_end()
        return run_errand(find_home(), options, porter)
    finally:
        if porter is not None:
            porter.close()


def _examine(options: SimpleNamespace, locks: tuple[str, ...]) -> int:
    """Look at something and say how it is."""
    from homebody.building import session_for

    if options.command == "selftest":
        from homebody.cli.selftest import selftest

        return selftest(lambda home: session_for(home, options, locks))
    home = find_home()
    if options.command == "ledger":
        from homebody.cli.ledger import ledger

        return ledger(home, options)
    if options.command == "backups":
        from homebody.cli.backups import backups

        return backups(home, options)
    from homebody.cli.doctor import doctor

    return doctor(
        home,
        locks,
        lambda: session_for(home, options, locks),
        as_json=options.json,
        trial=_try_again(home),
    )


def _redact(home: Home, options: SimpleNamespace, locks: tuple[str, ...]) -> int:
    """Replace private things in what comes on stdin."""
    from homebody.cli.redact import redact

    if not options.model:
        return redact(home, as_json=options.json)
    from homebody.building import session_for
    from homebody.privacy.tagger import Tagger

    # The model of the settings, and nothing that skills need.
    plain = SimpleNamespace(command="redact", offline=True, no_skills=True)
    with session_for(home, plain, locks) as session:
        return redact(home, as_json=options.json, tagger=lambda: Tagger(session.engine))


def _packs(home: Home, options: SimpleNamespace) -> int:
    """Say which packs there are, add or remove one."""
    from homebody.building import find_probe
    from homebody.cli.engine import engine

    def trial() -> "Verdict | None":
        probe = find_probe(home)
        return probe.settle() if probe is not None else None

    return engine(home, options, trial)


def _try_again(home: Home) -> "Verdict | None":
    """Try the engine's build anew where it failed before: a driver may have been mended."""
    from homebody.building import find_probe

    probe = find_probe(home)
    if probe is None:
        return None
    known = probe.remembered()
    well = known is not None and known.fitness == "gpu" and not known.sentence
    return known if well else probe.run()


def _show(options: SimpleNamespace) -> int:
    """Show the window."""
    from homebody.behind import Behind

    # Nothing of what is loaded now becomes garbage; looking for some costs a tenth of the start.
    gc.disable()
    home = find_home()
    if options.file:
        options.file = _meant(options.file)
    behind = Behind(home, options)
    try:
        from homebody.ui.application import Needs, run_window
    except ImportError as error:
        from homebody.privacy.lock import lock_front_end

        gc.enable()
        options.windowless = f"The window cannot be shown: {error}."
        # Without a porter: nothing is asked elsewhere in such a terminal.
        return _talk(home, options, lock_front_end(), None)
    try:
        return run_window(
            Needs(
                home=home,
                begin=behind.begin,
                open_session=behind.open_session,
                behind=behind,
                skills=behind,
                privacy=behind,
                file=str(options.file or ""),
            )
        )
    finally:
        gc.enable()
        behind.end()


def _meant(file: "Path") -> "Path":
    """Return which file a person means: of a split model, any part stands for the first.

    Whole, because a window that is open already has another current folder. What is no file here
    may be a model's name, and stays as it is; so does what is on another machine.
    """
    from homebody.base.paths import is_elsewhere
    from homebody.library.model_files import parts_beside

    is_name = file.name == str(file) and not os.path.lexists(file)
    if is_name or is_elsewhere(str(file)):
        return file
    try:
        return (parts_beside(file.absolute()) or [file.absolute()])[0]
    except OSError:
        return file.absolute()


def _talk(
    home: Home, options: SimpleNamespace, locks: tuple[str, ...], porter: "Porter | None"
) -> int:
    """Chat where there is a terminal; otherwise answer what comes on stdin."""
    from homebody.building import session_for

    if sys.stdin is None or not sys.stdin.isatty():
        with session_for(home, options, locks) as session:
            from homebody.cli.ask import ask, read_request

            _tell(session)
            return ask(session, read_request())
    with session_for(home, options, locks, porter) as session:
        from homebody.cli.chat import Chat
        from homebody.cli.grants import let_in

        let_in(session, getattr(options, "grant", ()))
        skills = not getattr(options, "no_skills", False)
        return Chat(session, windowless=getattr(options, "windowless", ""), skills=skills).run()


def _tell(session: "Session") -> None:
    from homebody.cli.terminal import note

    for notice in session.notices:
        note(notice)
