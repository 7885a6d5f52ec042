"""What the detectors find and what they flag wrongly, on made-up private values and clean texts.

    PYTHONPATH=tests python tests/bench/leaks.py [--each N] [--failures]

A value counts as found when no character of it would leave. Of clean texts the share that has any
stretch flagged is told, and so are real texts: this project's own code and pages.
"""

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

from homebody.privacy.patterns import structured
from homebody.privacy.redaction import Redactor
from homebody.privacy.spans import union
from privacy.leak_cases import KINDS, LANGUAGES, Case, clean_cases, handwritten, private_cases

ROOT = Path(__file__).parent.parent.parent
REDACTOR = Redactor()


def missed(case: Case) -> list[str]:
    """Return the values of a case of which a piece would leave."""
    spans = REDACTOR.redact(case.text).spans
    places = [(value, case.text.find(value)) for value in case.private]
    return [
        value
        for value, at in places
        if not any(each.start <= at and at + len(value) <= each.end for each in spans)
    ]


def recall(cases: list[Case], *, show: bool) -> None:
    """Print, by kind and language, how many values are found."""
    total: Counter[tuple[str, str]] = Counter()
    gone: Counter[tuple[str, str]] = Counter()
    for case in cases:
        left = missed(case)
        for key in ((case.kind, case.language), (case.kind, "all"), ("all", "all")):
            total[key] += len(case.private)
            gone[key] += len(left)
        if left and show:
            print(f"missed {case.kind} {case.language} {case.shape}: {left} in {case.text!r}")
    print(f"| kind | {' | '.join(LANGUAGES)} | all |\n|---|{'---|' * (len(LANGUAGES) + 1)}")
    for kind in (*KINDS, "all"):
        counts = [(total[kind, each], gone[kind, each]) for each in (*LANGUAGES, "all")]
        cells = [f"{count - left}/{count}" if count else "" for count, left in counts]
        print(f"| {kind} | {' | '.join(cells)} |")
    print(f"recall {1 - gone['all', 'all'] / total['all', 'all']:.3%} of {total['all', 'all']:,}\n")


def false_alarms(cases: list[Case], *, show: bool) -> None:
    """Print, by shape, how many clean texts have something flagged."""
    total: Counter[str] = Counter()
    flagged: Counter[str] = Counter()
    characters = wrong = 0
    for case in cases:
        found = REDACTOR.find(case.text)
        total[case.shape] += 1
        flagged[case.shape] += bool(found)
        characters += len(case.text)
        wrong += sum(each.length for each in found)
        if found and show:
            print(f"flagged {[case.text[each.start : each.end] for each in found]}: {case.text!r}")
    for shape in total:
        print(f"{shape}: {flagged[shape]} of {total[shape]} clean texts flagged")
    print(
        f"together {flagged.total() / total.total():.2%} of {total.total():,} texts, "
        f"{wrong / characters:.3%} of their characters\n"
    )


def real_texts() -> None:
    """Print how many stretches are flagged in this project's own code and pages."""
    files = [*sorted((ROOT / "app").rglob("*.py")), *sorted((ROOT / "docs").rglob("*.md"))]
    texts = [path.read_text("utf-8") for path in files if "privacy" not in path.parts]
    began = time.perf_counter()
    found = [union(structured(text)) for text in texts]
    seconds = time.perf_counter() - began
    size = sum(map(len, texts))
    print(
        f"{sum(map(len, found))} stretches in {sum(map(bool, found))} of {len(texts)} files of code"
        f" and prose ({size / 1e6:.1f} M characters, {size / seconds / 1e3:,.0f} k a second)"
    )


def main() -> int:
    """Print all of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", type=int, default=12, help="cases of a kind, language and shape")
    parser.add_argument("--failures", action="store_true", help="print what went wrong")
    options = parser.parse_args()
    hand = [*handwritten("hand.txt"), *handwritten("unseen.txt")]
    print("Made up by a generator:\n")
    recall(list(private_cases(options.each)), show=options.failures)
    print("Written by hand:\n")
    recall([case for case in hand if case.private], show=options.failures)
    clean = [case for case in hand if not case.private]
    false_alarms([*clean_cases(options.each * 10), *clean], show=options.failures)
    real_texts()
    return 0


if __name__ == "__main__":
    sys.exit(main())
