"""How long does each lock take to put on?

    python tests/bench/locks.py [--processes 20]

Each time in a process of its own that was just started: a lock can't be taken off. `lock_ms` is
putting it on; `loading_ms` the loading of the modules that it takes before, ctypes above all, which
most processes need anyway. Prints one line of JSON: medians, and the layers that hold.
"""

import argparse
import json
import statistics
import subprocess
import sys

LOCKS = {
    "front end": "lock.lock_front_end()",
    "engine": "lock.lock_engine()",
    "workshop": "lock.lock_workshop([], [sys.argv[1]])",
}
CODE = """
import sys, time
from homebody.privacy import lock
start = time.perf_counter()
from homebody.privacy import kernel, landlock, seccomp
loaded = time.perf_counter()
layers = {lock}
end = time.perf_counter()
print((loaded - start) * 1000, (end - loaded) * 1000, *layers, sep="|")
"""


def main() -> int:
    """Run from the command line; 1 where a lock does not hold."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--processes", type=int, default=20)
    count = parser.parse_args().processes
    told = {}
    for name, call in LOCKS.items():
        command = [sys.executable, "-P", "-c", CODE.format(lock=call), "."]
        lines = [
            subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("|")
            for _ in range(count)
        ]
        locking = [float(line[1]) for line in lines]
        told[name] = {
            "lock_ms": round(statistics.median(locking), 2),
            "slowest_ms": round(max(locking), 2),
            "loading_ms": round(statistics.median(float(line[0]) for line in lines), 2),
            "layers": [layer.strip() for layer in lines[0][2:]],
        }
    print(json.dumps({"processes": count, **told}))
    return 0 if all(each["layers"] for each in told.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
