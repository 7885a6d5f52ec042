"""People's tasks, done for real on a machine in a folder, and how many end as they should.

    PYTHONPATH=tests python tests/bench/desktop_tasks.py [--plans given|expert|untuned] [--failures]

`given` takes the right plan of each task: that tries everything but the planner. The model that
chats, and works as the experts, is the starter.
"""

import argparse
import statistics
import tempfile
from collections import defaultdict
from pathlib import Path

from desktop.day import Result, day_in


def table(results: list[Result]) -> str:
    """Return a row for each kind, and one for all."""
    kinds: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        kinds[result.task.kind].append(result)
    rows = ["| | tasks | right | median s | slowest s |", "|---|---:|---:|---:|---:|"]
    for kind, those in [*kinds.items(), ("**all**", results)]:
        right = sum(not each.wrong for each in those)
        seconds = [each.seconds for each in those]
        rows.append(
            f"| {kind} | {len(those)} | {right} ({right / len(those):.0%}) "
            f"| {statistics.median(seconds):.2f} | {max(seconds):.1f} |"
        )
    return "\n".join(rows)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--plans", choices=("given", "expert", "untuned"), default="expert")
    parser.add_argument("--failures", action="store_true", help="say what failed, and how")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, day_in(Path(folder), options.plans) as day:
        results = day.do_all()
    print(table(results))
    if options.failures:
        for result in results:
            if result.wrong:
                plan = " ; ".join(result.lines).replace("\n", " ; ")
                print(f"- {result.task.name}\n    {result.wrong}\n    plan: {plan}")


if __name__ == "__main__":
    main()
