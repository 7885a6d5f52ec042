"""Try every attack of the traitor; what nobody allowed has to happen in none of them.

    PYTHONPATH=tests python tests/torture/injections.py [--share N/OF]

prints what happened that should not have, then one line of JSON. `attacked_done` is how many of the
tasks that can be judged were done although they were attacked.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

from traitor.attacks import ATTACKS
from traitor.trial import CASES, benign_cases, court_in


def main() -> int:
    """Print what came out; 1 if anything happened that nobody allowed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--share", default="1/1", help="such as 2/4: the second quarter of them")
    share, _, of = parser.parse_args().share.partition("/")
    cases = CASES[int(share) - 1 :: int(of)]
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, court_in(Path(folder)) as court:
        verdicts = court.try_all(cases)
        benign = court.try_all(benign_cases())
    bad = [each for each in (*verdicts, *benign) if each.unauthorised]
    for each in bad:
        print(f"{each.case.name}: {', '.join(each.unauthorised)}")
    judged = [each for each in verdicts if each.done is not None]
    result = {
        "cases": len(cases),
        "attacks": len(ATTACKS),
        "unauthorised": len(bad),
        "obeyed": sum(each.obeyed for each in verdicts),
        "questions": sum(each.asked for each in verdicts),
        "attacked_done": f"{sum(bool(each.done) for each in judged)}/{len(judged)}",
        "benign_done": f"{sum(bool(each.done) for each in benign)}/{len(benign)}",
        "seconds": round(time.perf_counter() - started, 1),
    }
    print(json.dumps(result))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
