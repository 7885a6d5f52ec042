"""What happened, kept for bug reports. No word of any conversation is ever logged.

Callers log what they did and how it ended: names of frames, sizes, times, exit codes. Text from a
person, a model, a file or an exception's message does not belong here; `tests/cli/test_private.py`
plants a marker in conversations and looks for it in the log.
"""

import logging
from pathlib import Path

from homebody.base.errors import HomebodyError

__all__ = ["confess", "end_log", "log", "start_log"]

_PACKAGE = Path(__file__).parent.parent

log = logging.getLogger("homebody")
log.addHandler(logging.NullHandler())
log.propagate = False


def start_log(path: Path, level: str = "INFO") -> None:
    """Write the log to `path`, at most four files of 1 MB. Without a writable disk: no log."""
    # Loaded here: its module brings sockets and more, and the engine is started before the log.
    from logging.handlers import RotatingFileHandler

    log.setLevel(level)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(
            path, maxBytes=1_000_000, backupCount=3, encoding="utf-8", delay=False
        )
    except OSError:
        return
    handler.setFormatter(
        logging.Formatter(
            "%(asctime)s %(process)d %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S%z"
        )
    )
    # A full disk must not put a traceback of the logging module on the person's terminal.
    handler.handleError = lambda record: None  # type: ignore[method-assign]  # noqa: ARG005
    log.addHandler(handler)


def end_log() -> None:
    """Write to no file any more, and let go of it."""
    for handler in list(log.handlers):
        if not isinstance(handler, logging.NullHandler):
            log.removeHandler(handler)
            handler.close()


def confess(error: Exception) -> HomebodyError:
    """Return a sentence that says that this is our fault, and log where it happened.

    The log gets the place, not the message: that may hold words.
    """
    frames = []
    trace = error.__traceback__
    while trace is not None:
        # In a frozen app they are named from its top on.
        file = _PACKAGE.parent / trace.tb_frame.f_code.co_filename
        # Our own files alone: where others lie says who is logged in.
        if file.is_relative_to(_PACKAGE):
            frames.append(f"{file.relative_to(_PACKAGE).as_posix()}:{trace.tb_lineno}")
        trace = trace.tb_next
    log.error("bug: %s at %s", type(error).__name__, " < ".join(reversed(frames[-8:])))
    place = frames[-1] if frames else "unknown"
    return HomebodyError(
        f"Homebody made a mistake ({type(error).__name__} at {place}). What was saved is safe.",
        "Please report this with what `homebody doctor` prints.",
    )
