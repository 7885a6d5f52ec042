"""Ways out, tried by a child process: `python routes.py LOCK ROUTE [PORT [TEXT]]`.

Prints "open", or "refused ERRNO-NAME", or "missing WHY" where this machine does not have the way at
all. Every target is this machine itself (loopback, or a socket with nobody behind it).
"""

import errno
import os
import signal
import sys

import routes_inside  # noqa: F401
import routes_out  # noqa: F401
from route_kit import PREPARED, ROUTES

from homebody.privacy import lock

LOCKS = {
    "none": lambda _: (),
    "front": lambda _: lock.lock_front_end(),
    "engine": lambda _: lock.lock_engine(),
    # A workshop that was let into the folder of the second argument.
    "reading": lambda folder: lock.lock_workshop([folder] if folder else [], []),
    "writing": lambda folder: lock.lock_workshop([], [folder] if folder else []),
}


def main():
    wanted, name, *arguments = sys.argv[1:]
    arguments = (*arguments, "", "")[:2]
    prepared = (PREPARED[name](),) if name in PREPARED else ()
    # "reading:FOLDER" is let into another folder than the one that is tried.
    wanted, _, granted = wanted.partition(":")
    layers = LOCKS[wanted](granted or arguments[1])
    assert bool(layers) == (wanted != "none"), layers
    signal.alarm(60)
    try:
        ROUTES[name](*prepared, *arguments)
    except LookupError as problem:
        answer = f"missing {problem}"
    except OSError as problem:
        answer = f"refused {errno.errorcode.get(problem.errno, problem.errno)}"
    else:
        answer = "open"
    print(answer, flush=True)
    os._exit(0)  # a traced or half-set-up process has nothing to tidy


if __name__ == "__main__":
    main()
