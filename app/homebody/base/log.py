"""What happened, kept for bug reports. No word of any conversation is ever logged.

Callers log what they did and how it ended: names of frames, sizes, times, exit codes. Text from a
person, a model, a file or an exception's message does not belong here; `tests/cli/test_private.py`
plants a marker in conversations and looks for it in the log.
"""

import logging
from pathlib import Path

__all__ = ["log", "start_log"]

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
