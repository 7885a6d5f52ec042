"""A process of Homebody's own, in which the ways out are tried while it works.

    python inside.py PLACES {locked|unlocked} --as ROLE PARENT
    python inside.py PLACES {locked|unlocked} ARGUMENT…

It is that process: Homebody's own entrance starts it, and its own lock is put on where it puts it
on. `PLACES` is JSON: `report` (a file, one JSON object a line), `go` (a file whose appearance says
that the routes are to be tried now; without it they are tried behind the lock), `port`, and which
text each route is called with. `unlocked` leaves the lock out, to show that the routes are open.
"""

import contextlib
import errno
import json
import os
import sys
import threading
import time
from pathlib import Path

import routes_inside  # noqa: F401
import routes_out  # noqa: F401
from route_kit import PREPARED, ROUTES, SIXTEEN

from homebody import __main__ as entrance
from homebody.privacy import lock

PATIENCE = 100.0


def attempt(name, prepared, port, text):
    """Try one; say what came of it, as routes.py does."""
    try:
        ROUTES[name](*((prepared[name],) if name in prepared else ()), port, text)
    except (LookupError, ImportError) as problem:
        return f"missing {problem}"
    except OSError as problem:
        return f"refused {errno.errorcode.get(problem.errno, problem.errno)}"
    except Exception as problem:  # noqa: BLE001  a fault of the probe is told as one
        return f"fault {type(problem).__name__}: {problem}"
    return "open"


class Probe:
    """What is prepared before the lock, and tried behind it."""

    def __init__(self, places):
        # First of all: which sockets came with the process.
        names = ("inherited", *(name for name in SIXTEEN if name != "inherited"))
        self.prepared = {name: PREPARED[name]() for name in names if name in PREPARED}
        self.places = places
        # Opened now: behind the lock nothing can be.
        self.report = Path(places["report"]).open("w", buffering=1)  # noqa: SIM115

    def run(self):
        go = self.places.get("go")
        ended = time.monotonic() + PATIENCE
        # To look whether a file is there is what no lock of ours refuses.
        while go and not os.path.exists(go) and time.monotonic() < ended:  # noqa: PTH110
            time.sleep(0.02)
        for name in SIXTEEN:
            text = self.places["texts"].get(name, "")
            answer = attempt(name, self.prepared, self.places["port"], text)
            print(json.dumps([name, answer]), file=self.report)
        print(json.dumps(["modules", "llama_cpp" in sys.modules]), file=self.report)
        print(json.dumps(["end", ""]), file=self.report)


def main():
    places, locked, *arguments = sys.argv[1:]
    probe = Probe(json.loads(Path(places).read_text()))

    def behind(really):
        def put_on(*granted):
            layers = really(*granted) if locked == "locked" else ()
            if "go" in probe.places:
                # From behind the lock: Landlock holds what is started after it.
                threading.Thread(target=probe.run, name="probe", daemon=True).start()
            else:
                probe.run()
            return layers

        return put_on

    for name in ("lock_front_end", "lock_engine", "lock_workshop"):
        setattr(lock, name, behind(getattr(lock, name)))
    sys.argv = ["homebody", *arguments]
    with contextlib.suppress(KeyboardInterrupt):
        return entrance.main()
    return 1


if __name__ == "__main__":
    sys.exit(main())
