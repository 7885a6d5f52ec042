"""The hand-made requests are well formed, and their score has teeth."""

import re
import subprocess
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from msgspec import Raw, json

from homebody.messages.plans import AnswerPlan, Plan, PlannedStep, SkillsPlan
from homebody.messages.skills import ArgumentKind, Value
from homebody.skills.built_in import BUILT_IN
from planner import score
from planner.same import amount, number, same
from planner.score import GoldPlan, GoldSkills, Judged, Prediction, Request

REQUESTS = score.read_requests()
SKILLS = {skill.name: skill for skill in BUILT_IN}
ASKED = {
    *("text", "file", "path", "folder", "when", "what", "query", "language", "style", "value"),
    *("unit", "place", "fields", "task"),
}

each_language = pytest.mark.parametrize("lang", ["en", "de", "es", "fr", "it"])


def readings(gold: GoldPlan) -> Iterator[Plan]:
    """All plans that one of the gold's stands for, at most 200."""
    if not isinstance(gold, GoldSkills):
        yield gold
        return
    filled: list[list[PlannedStep]] = []
    for step in gold.steps:
        names = list(step.args)
        options = [score.options_of(step.args[name]) for name in names]
        filled.append(
            [
                PlannedStep(step.skill, dict(zip(names, values, strict=True)))
                for values in product(*options)
            ]
        )
    for number_, steps in enumerate(product(*filled)):
        if number_ == 200:
            return
        yield SkillsPlan(steps)


def said(plan: Plan | None, id_: str, ms: float | None = None) -> Prediction:
    return Prediction(id=id_, plan=Raw(json.encode(plan)), ms=ms)


def preferred(request: Request) -> Plan:
    return next(readings(request.plans[0]))


def judged(request: Request, plan: Plan | None) -> Judged:
    return score.judge(request, said(plan, request.id))


def bare(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(re.sub(r"[^\w$%+]+", " ", text).split())


# ------------------------------------------------------------------------------- the set itself


def test_there_are_enough_of_every_kind_in_five_languages() -> None:
    langs = Counter(each.lang for each in REQUESTS)
    kinds = Counter(each.kind for each in REQUESTS)
    assert len(REQUESTS) >= 520
    assert langs["en"] >= 300
    assert all(langs[lang] >= 45 for lang in ("de", "es", "fr", "it"))
    share = {kind: kinds[kind] / len(REQUESTS) for kind in kinds}
    assert share["single"] > 0.4
    assert share["chain"] > 0.2
    assert share["answer"] > 0.13
    assert share["ask"] > 0.08
    assert share["escalate"] > 0.04


def test_every_skill_is_wanted_alone_and_chains_have_up_to_five_steps() -> None:
    alone: Counter[str] = Counter()
    lengths: Counter[int] = Counter()
    for each in REQUESTS:
        gold = each.plans[0]
        if isinstance(gold, GoldSkills):
            lengths[len(gold.steps)] += 1
            if each.kind == "single":
                alone[gold.steps[0].skill] += 1
    assert {name for name in SKILLS if alone[name] < 8} == set()
    assert set(lengths) >= {1, 2, 3, 4}
    assert max(lengths) <= 5


def test_no_requeststands_there_twice() -> None:
    assert len({each.id for each in REQUESTS}) == len(REQUESTS)
    seen = Counter((bare(each.text), each.reply, each.last, each.files) for each in REQUESTS)
    assert [key for key, times in seen.items() if times > 1] == []


def of(lang: str) -> list[Request]:
    return [each for each in REQUESTS if each.lang == lang]


@each_language
def test_a_gold_plan_can_be_run_and_says_what_its_kind_says(lang: str) -> None:
    for request in of(lang):
        check_gold(request)


def check_gold(request: Request) -> None:
    assert request.id.startswith(request.lang)
    assert request.text.strip() == request.text
    for gold in request.plans:
        for plan in readings(gold):
            assert score.why_invalid(plan, request) == ""
    first = request.plans[0]
    steps = len(first.steps) if isinstance(first, GoldSkills) else 0
    decision = json.decode(json.encode(first))["do"]
    wanted = {"single": "skills", "chain": "skills"}.get(request.kind, request.kind)
    assert decision == wanted
    assert (steps == 1) == (request.kind == "single")
    for gold in request.plans:
        if json.decode(json.encode(gold))["do"] == "ask":
            assert json.decode(json.encode(gold))["question"] in ASKED
    if request.passage is not None:
        assert request.passage in request.text
    for line in (request.last or "").splitlines():
        assert line.split()[0] in SKILLS
    assert ("followup" in request.tags) == bool(request.last or request.reply)
    assert ("attachment" in request.tags) == bool(request.files)
    assert ("passage" in request.tags) == (request.passage is not None)


FREE: set[ArgumentKind] = {"style", "expression", "choice"}
"""Kinds that need not be copied; an expression's numbers are looked at apart."""
SUPPLIED = {"today", "now", "heute", "jetzt", "hoy", "ahora", "aujourd'hui", "oggi"}
SPELT = {
    *("miglia", "chilometri", "grad celsius", "kilomètres"),
    *("spanish", "javascript", "professional", "total", "python"),
}
"""A name may be said right where the person mistyped it."""


@each_language
def test_what_a_gold_plan_holds_was_said(lang: str) -> None:
    """Values are copied from the request or from the turn before, or are references."""
    for request in of(lang):
        check_said(request)


def check_said(request: Request) -> None:
    around = bare("\n".join(filter(None, (request.text, request.last, request.reply))))
    for gold in request.plans:
        if not isinstance(gold, GoldSkills):
            continue
        for step in gold.steps:
            for name, value in step.args.items():
                argument = SKILLS[step.skill].argument(name)
                assert argument is not None
                for option in score.options_of(value):
                    assert was_said(argument.kind, option, around, request), (
                        f"{request.id}: {name}: {option}"
                    )


def was_said(kind: ArgumentKind, option: Value, around: str, request: Request) -> bool:
    if isinstance(option, list):
        return all(was_said("text", each, around, request) for each in option)
    if re.fullmatch(r"\$(\d|text|reply|file\d)", str(option)) or kind in FREE:
        return True
    words = bare(str(option).lstrip("-"))
    if "number_words" in request.tags and kind in ("number", "offset"):
        return True
    if words in around or (kind == "when" and option in SUPPLIED) or words in SPELT:
        return True
    # Said apart ("tomorrow, remind me at 9"), bent ("übersetze ins Türkische": Türkisch), or
    # said in the singular: each word begins like one of the request's.
    stems = [word[: max(3, len(word) - 3)] for word in words.split()]
    return all(any(other.startswith(stem) for other in around.split()) for stem in stems)


@each_language
def test_the_numbers_of_an_expression_were_said(lang: str) -> None:
    for request in of(lang):
        if "number_words" not in request.tags:
            check_figures(request)


def check_figures(request: Request) -> None:
    for gold in request.plans:
        for step in gold.steps if isinstance(gold, GoldSkills) else ():
            for option in score.options_of(step.args.get("expression", "")):
                assert option == "" or amount(str(option)) is not None
                for figure in re.findall(
                    r"(?<!\$)\b\d[\d.,]*\d|(?<![$\d.,])\d(?![\d.,])", str(option)
                ):
                    derived = {"1.06", "1.19", "1.21", "0.9", "90", "2"}
                    there = figure in request.text or figure in (request.last or "")
                    assert there or figure in derived, f"{request.id}: {figure}"


# ------------------------------------------------------------------------------- scoring


@each_language
def test_every_reading_of_the_gold_is_right_and_other_plans_are_wrong(lang: str) -> None:
    for request in of(lang):
        check_teeth(request)


def check_teeth(request: Request) -> None:
    for gold in request.plans:
        for plan in readings(gold):
            assert judged(request, plan).whole
    if request.kind not in ("single", "chain"):
        wrong = SkillsPlan((PlannedStep("system_status", {"part": "gpu"}),))
        assert not judged(request, wrong).skills
        return
    if not any(isinstance(gold, AnswerPlan) for gold in request.plans):
        assert not judged(request, AnswerPlan()).decision
    plan = preferred(request)
    assert isinstance(plan, SkillsPlan)
    for step in plan.steps:
        for name, value in step.args.items():
            argument = SKILLS[step.skill].argument(name)
            assert argument is not None
            bad: Value = ["zebra"] if isinstance(value, list) else "zebra crossing"
            if argument.kind == "choice":
                bad = next(each for each in reversed(argument.choices) if each != value)
            steps = tuple(
                PlannedStep(one.skill, {**one.args, name: bad}) if one is step else one
                for one in plan.steps
            )
            result = judged(request, SkillsPlan(steps))
            assert result.skills
            assert not result.whole, f"{name}={bad} scored as right"


def find(**wanted: object) -> Request:
    return next(
        each
        for each in REQUESTS
        if all(getattr(each, name) == value for name, value in wanted.items())
    )


def test_a_plan_without_its_last_step_or_in_another_order_is_wrong() -> None:
    request = find(kind="chain", text="What's the time in Nairobi and in Toronto?")
    plan = preferred(request)
    assert isinstance(plan, SkillsPlan)
    assert not judged(request, SkillsPlan(plan.steps[:1])).skills
    backwards = judged(request, SkillsPlan(plan.steps[::-1]))
    assert backwards.skills
    assert not backwards.whole


def test_a_passage_is_right_resolved_or_as_a_reference_but_not_cut() -> None:
    request = next(each for each in REQUESTS if each.passage and each.kind == "single")
    plan = preferred(request)
    assert isinstance(plan, SkillsPlan)
    step = plan.steps[0]
    name = next(name for name, value in step.args.items() if value == "$text")

    def holding(text: str) -> SkillsPlan:
        return SkillsPlan((PlannedStep(step.skill, {**step.args, name: text}),))

    assert request.passage
    assert judged(request, holding("$text")).whole
    assert judged(request, holding(f' "{request.passage}"\n')).whole
    assert not judged(request, holding(request.passage[:-10])).whole


def test_defaults_may_be_said_or_left_out() -> None:
    request = find(text="show my reminders")
    said_it = SkillsPlan((PlannedStep("list_reminders", {"when": ""}),))
    left_out = SkillsPlan((PlannedStep("list_reminders", {}),))
    other = SkillsPlan((PlannedStep("list_reminders", {"when": "tomorrow"}),))
    assert judged(request, said_it).whole
    assert judged(request, left_out).whole
    assert not judged(request, other).whole


@pytest.mark.parametrize(
    "plan",
    [
        '{"do":"dance"}',
        '{"do":"skills","steps":[]}',
        '{"do":"skills","steps":[{"skill":"fly","args":{}}]}',
        '{"do":"skills","steps":[{"skill":"read_file","args":{}}]}',
        '{"do":"skills","steps":[{"skill":"read_file","args":{"path":"$1"}}]}',
        '{"do":"skills","steps":[{"skill":"read_file","args":{"path":"$reply"}}]}',
        '{"do":"skills","steps":[{"skill":"read_file","args":{"path":"a","mode":"r"}}]}',
        '{"do":"skills","steps":[{"skill":"read_file","args":{"path":["a"]}}]}',
        '{"do":"skills","steps":[{"skill":"system_status","args":{"part":"soul"}}]}',
        "[1]",
        "null",
    ],
)
def test_what_cannot_be_run_is_no_plan(plan: str) -> None:
    request = find(text="read notes.md")
    found = score.judge(request, Prediction(id=request.id, plan=Raw(plan.encode())))
    assert found.invalid
    assert not found.decision


def test_a_requestthat_nobody_planned_counts_as_wrong() -> None:
    lines = score.tallies(score.judge_all(REQUESTS, {}))
    assert {line.right for line in lines} == {0}
    assert lines[0].of == len(REQUESTS)


SAME: list[tuple[ArgumentKind, Value, Value]] = [
    ("text", "Call Mum.", "“call mum”"),
    ("text", "the wifi code is 1234", "wifi code is 1234"),
    ("text", "l'ami", "ami"),
    ("when", "am Freitag", "freitag"),
    ("when", "heute", "today"),
    ("when", "now", "today"),
    ("folder", "my Downloads folder", "downloads"),
    ("folder", "carpeta Facturas", "Facturas"),
    ("path", "C:\\a\\b", "c:/a/b"),
    ("path", "'notes.md',", "notes.md"),
    ("number", "2,5", 2.5),
    ("number", "1,840", 1840),
    ("number", "1.234,5", "1234.5"),
    ("expression", "15% of 240", "0.15*240"),
    ("expression", "7,5 % von 86000", "86000*7.5/100"),
    ("expression", "780+6%", "780*1.06"),
    ("expression", "5 per cent of 80", "4"),
    ("expression", "21 por ciento de 560", "117.6"),
    ("expression", "$1 + 19%", "$1*1.19"),
    ("expression", "39,90 fois 12", "39.9×12"),
    ("expression", "√1764", "sqrt(1764)"),
    ("expression", "2**16", "2^16"),
    ("offset", "- 90 days", "-90 days"),
    ("offset", "dans 12 semaines", "12 semaines"),
    ("names", ["Names", "the dates"], ["dates", "names"]),
]
OTHER: list[tuple[ArgumentKind, Value, Value]] = [
    ("text", "call mum", "call mum tomorrow"),
    ("text", "the", "a"),
    ("when", "tomorrow at 9", "tomorrow at 8"),
    ("when", "today", "yesterday"),
    ("path", "notes.md", "notes2.md"),
    ("path", "notes.md", "notes.txt"),
    ("folder", "~", "/"),
    ("path", "../notes.md", "/notes.md"),
    ("path", ".env", "env"),
    ("number", "2,5", 25),
    ("number", "-5", 5),
    ("expression", "450-125*0.2", "(450-125)*0.2"),
    ("expression", "$1+19%", "$2+19%"),
    ("expression", "15% of 240", "15*240"),
    ("offset", "90 days", "-90 days"),
    ("names", ["names"], ["names", "dates"]),
]


@pytest.mark.parametrize(("kind", "one", "two"), SAME)
def test_two_ways_to_say_one_thing_are_the_same(kind: ArgumentKind, one: Value, two: Value) -> None:
    assert same(kind, one, two)
    assert same(kind, two, one)


@pytest.mark.parametrize(("kind", "one", "two"), OTHER)
def test_what_differs_is_not_the_same(kind: ArgumentKind, one: Value, two: Value) -> None:
    assert not same(kind, one, two)
    assert not same(kind, two, one)


@pytest.mark.parametrize("text", ["", "2+", "(1", "hello", "1/0", "9^9^9^9", "sqrt(-1)", "$9+1"])
def test_what_is_no_expression_has_no_amount(text: str) -> None:
    assert amount(text) is None


def test_numbers_are_read_as_people_write_them() -> None:
    assert number("1'234.50") == 1234.5
    assert number("-3,5") == -3.5
    assert number("1.000.000") == 1_000_000
    assert number("two") is None


def test_an_interval_is_wilsons() -> None:
    low, high = score.interval(90, 100)
    assert low == pytest.approx(0.8256, abs=1e-4)
    assert high == pytest.approx(0.9448, abs=1e-4)
    assert score.interval(0, 0) == (0, 1)
    assert score.interval(20, 20)[1] == 1


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, score.__file__, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
        env={"PYTHONPATH": str(Path(__file__).parents[1]), "PYTHONIOENCODING": "utf-8"},
    )


def test_the_command_prints_two_planners_side_by_side(tmp_path: Path) -> None:
    good, poor = tmp_path / "good.jsonl", tmp_path / "poor.jsonl"
    good.write_bytes(
        b"\n".join(json.encode(said(preferred(each), each.id, ms=12)) for each in REQUESTS)
    )
    poor.write_bytes(b"\n".join(json.encode(said(AnswerPlan(), each.id)) for each in REQUESTS[:-1]))
    done = command(str(good), "--against", str(poor), "--failures")
    assert done.returncode == 0, done.stderr
    rows = {
        cells[0]: cells[1:]
        for line in done.stdout.splitlines()
        if len(cells := [cell.strip() for cell in line.strip("|").split("|")]) == 4
    }
    assert rows["whole plan right, all"][1].startswith("100.0 %")
    assert rows["answers when it must"][2].startswith("100.0 %")
    assert rows["right skills in order, chain"][2].startswith("0.0 %")
    assert rows["median ms"][1:] == ["12", "unknown"]
    assert "wrong" not in done.stdout
    other = command(str(poor), "--failures", "--alone")
    assert "en-001 single terse: wrong decision" in other.stdout


def test_a_bad_file_is_an_error_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text("{", "utf-8")
    for name in ("bad.jsonl", "none.jsonl"):
        done = command(str(tmp_path / name))
        assert done.returncode == 1
        assert done.stderr.startswith("error: ")
        assert "Traceback" not in done.stderr
