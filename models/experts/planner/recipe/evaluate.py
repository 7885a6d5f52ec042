"""Plans requests with the application's own planner, and says how good the plans are.

    python evaluate.py BASE.gguf ADAPTER.gguf REQUESTS [--show] [--out PLANS.jsonl]

REQUESTS: JSON lines as examples.py writes them, or lines `request => plan || other right plan` as
in dev.txt. A plan counts as right when each step is that of a right plan, but for case, spaces,
punctuation at the ends and an article in front.
"""

import argparse
import contextlib
import json
import re
import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from examples import Skills
from forms import CONTEXT

from homebody.assistant.confidence import Calibration
from homebody.assistant.plan_lines import PlanInvalid, read_line, write_line
from homebody.assistant.plan_writing import look
from homebody.assistant.planner import Expert, ExpertPlanner, checked
from homebody.engine.client import Engine
from homebody.messages.frames import Load
from homebody.messages.plans import Planned
from homebody.messages.turns import Attachment, Turn

__all__ = ["Asked", "Result", "Writer", "main", "read_requests", "report", "right_by", "same"]

_RAW: Final = Calibration(bar=0.0, points=((0.0, 0.0), (1.0, 1.0)))
"""Leaves a confidence as it is."""
_SKILLS: Final = Skills()
_ARTICLES: Final = re.compile(
    r"^(?:(?:the|an?|my|der|die|das|den|el|la|los|las|le|les|il|lo|gli|on|at) |l['’])"
)


class Asked(NamedTuple):
    """A request with its right plans, and what went before it."""

    request: str
    right: tuple[str, ...]
    reply: bool = False
    last: str = ""
    files: tuple[str, ...] = ()
    language: str = ""


class Result(NamedTuple):
    """What became of one request."""

    asked: Asked
    line: str
    """The plan as it would be run; "none" where there is none."""
    written: str
    """The plan as the expert wrote it."""
    raw: float
    """How likely its tokens were; see `homebody.assistant.confidence`."""
    seconds: float


def read_requests(path: Path) -> Iterator[Asked]:
    """Yield the requests of a file."""
    for line in path.read_text("utf-8").splitlines():
        if path.suffix == ".jsonl":
            each = json.loads(line)
            yield Asked(
                each["request"],
                (each["line"],),
                each["reply"],
                each["last"],
                tuple(each["files"]),
                each["language"],
            )
        elif " => " in line and not line.startswith("#"):
            left, right = line.split(" => ", 1)
            context = [found[1] for found in CONTEXT.finditer(left)]
            yield Asked(
                CONTEXT.sub("", left).replace("\\n", "\n"),
                tuple(plan.strip().replace(" ; ", "\n") for plan in right.split(" || ")),
                "reply" in context,
                next((each[5:] for each in context if each.startswith("last ")), ""),
                tuple(each.split(" ", 1)[1] for each in context if each.startswith("file")),
            )


def same(one: str, other: str) -> bool:
    """Say whether two plans are the same for whoever runs them."""
    return _bare(one) == _bare(other)


def _bare(line: str) -> list[list[str]]:
    """Return a plan's steps without what does not matter."""
    steps: list[list[str]] = []
    for step in line.lower().split("\n"):
        name, _, rest = step.partition(" ")
        words = [_ARTICLES.sub("", each.strip()).strip(" .!?\"'") for each in rest.split(" | ")]
        if name == "calculate":
            words = [each.replace(" ", "") for each in words]
        steps.append([name, *words])
    return steps


def decision_of(line: str) -> str:
    """Return `answer`, `ask`, `escalate`, `none` or `skills`."""
    first = line.split("\n", 1)[0].partition(" ")[0]
    return first if first in ("answer", "ask", "escalate", "none") else "skills"


def skills_of(line: str) -> list[str]:
    """Return the first words of a plan's lines, in order."""
    return [step.partition(" ")[0] for step in line.split("\n")]


class Writer:
    """The planner with an engine of its own, as at work. Close it."""

    def __init__(self, base: Path, adapter: Path | None, *, threads: int = 2) -> None:
        """Start the engine and load. Without an adapter the bare model plans."""
        self.engine = Engine()
        self.engine.start()
        self.engine.load(Load(id=0, path=str(base), context=2048, gpu_layers=0, threads=threads))
        expert = Expert(adapter=adapter, calibration=_RAW) if adapter is not None else None
        self._planner = ExpertPlanner(self.engine, expert, _SKILLS)

    def plan(self, asked: Asked) -> Result:
        """Return what is planned for a request."""
        attachments, before = _around(asked)
        planned = self._planner.plan(asked.request, attachments=attachments, before=before)
        line = "none" if planned.planner == "none" else write_line(planned.plan, _SKILLS)
        asked = asked._replace(right=tuple(dict.fromkeys((*asked.right, *_mended(asked)))))
        return Result(asked, line, planned.line, planned.confidence or 0.0, planned.ms / 1000)

    def close(self) -> None:
        """End the engine."""
        self.engine.close()


def _mended(asked: Asked) -> Iterator[str]:
    """Yield the right plans as the application's code would mend them: 8.0 is 8 then."""
    attachments, before = _around(asked)
    seen = look(asked.request, attachments, before, _SKILLS)
    for each in asked.right:
        with contextlib.suppress(PlanInvalid):
            yield write_line(checked(read_line(each, _SKILLS), seen, _SKILLS), _SKILLS)


def _around(asked: Asked) -> tuple[list[Attachment], list[Turn]]:
    """Return what is attached to a request, and the turn before it."""
    attachments = [Attachment(name=name, text="") for name in asked.files]
    if not asked.reply and not asked.last:
        return attachments, []
    last = asked.last.replace(" ; ", "\n")
    turn = Turn(
        id="",
        conversation="",
        parent=None,
        request="",
        reply="Here it is." if asked.reply else "",
        state="done",
        created=datetime.now(UTC),
        planned=Planned(plan=read_line(last, _SKILLS)) if last else None,
    )
    return attachments, [turn]


def right_by(result: Result) -> tuple[bool, bool, bool]:
    """Say whether the decision, the skills in order and the whole plan are right."""
    right = result.asked.right
    return (
        any(decision_of(result.line) == decision_of(each) for each in right),
        any(skills_of(result.line) == skills_of(each) for each in right),
        any(same(result.line, each) for each in right),
    )


def report(results: Sequence[Result]) -> str:
    """Return the scores as a table."""
    groups: dict[str, list[tuple[bool, bool, bool]]] = {}
    for each in results:
        first = each.asked.right[0]
        kind = decision_of(first)
        if kind == "skills":
            kind = "chain" if "\n" in first else "single"
        scored = right_by(each)
        for name in ("all", kind, f"language {each.asked.language}"):
            groups.setdefault(name, []).append(scored)
    lines = [
        "| requests | count | decision | skills in order | whole plan |",
        "|---|---|---|---|---|",
    ]
    for name, scores in sorted(groups.items()):
        shares = [f"{100 * sum(each[i] for each in scores) / len(scores):.1f} %" for i in range(3)]
        lines.append(f"| {name} | {len(scores)} | {' | '.join(shares)} |")
    times = sorted(each.seconds for each in results)
    slow = times[int(0.95 * len(times))]
    lines.append(f"median {statistics.median(times):.2f} s, p95 {slow:.2f} s")
    return "\n".join(lines)


def main() -> None:
    """Plan all requests of a file and print the scores."""
    asked = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name in ("base", "adapter", "requests"):
        asked.add_argument(name, type=Path)
    asked.add_argument("--bare", action="store_true", help="without the adapter")
    asked.add_argument("--show", action="store_true", help="print what went wrong")
    asked.add_argument("--first", type=int, help="only so many requests")
    asked.add_argument("--threads", type=int, default=2)
    asked.add_argument("--out", type=Path, help="where plans and raw confidences are written")
    given = asked.parse_args()
    requests = list(read_requests(given.requests))[: given.first]
    adapter = None if given.bare else given.adapter.resolve()
    writer = Writer(given.base.resolve(), adapter, threads=given.threads)
    try:
        results = [writer.plan(each) for each in requests]
    finally:
        writer.close()
    wrong = [each for each in results if not right_by(each)[2]]
    for each in wrong if given.show else ():
        print(f"- {each.asked}\n    is {each.line!r} ({each.raw:.2f}, written {each.written!r})")
    print(report(results))
    firsts = Counter(skills_of(each.asked.right[0])[0] for each in wrong)
    print("wrong, by the right plan's first word:", dict(firsts.most_common()))
    if given.out:
        rows = [
            {**each.asked._asdict(), "plan": each.line, "raw": each.raw, "right": right_by(each)[2]}
            for each in results
        ]
        lines = [json.dumps(row, ensure_ascii=False) for row in rows]
        given.out.write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    main()
