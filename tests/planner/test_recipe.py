"""The recipe of the expert planner: what it is trained on, and how its confidence is measured."""

import json
import random
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from homebody.assistant.confidence import Calibration, calibrate, read_calibration
from homebody.assistant.plan_lines import references_in
from homebody.engine.worker.template import Template
from homebody.messages.frames import Message

ROOT = Path(__file__).parents[2]
EXPERT = ROOT / "models/experts/planner"
RECIPE = EXPERT / "recipe"
sys.path.insert(0, str(RECIPE))

from calibrate import bar_for, expected_error, fit, ranking  # noqa: E402
from chains import compose  # noqa: E402
from evaluate import read_requests, same  # noqa: E402
from examples import LANGUAGES, Maker  # noqa: E402
from forms import PARTS, Form, Forms, part_of  # noqa: E402

FORMS = Forms()


def every_form() -> list[Form]:
    return [
        form for found in FORMS.families.values() for family in found.values() for form in family
    ]


def test_every_form_makes_a_plan_that_can_be_run() -> None:
    # `example` has the application check each plan, and ends with the form where one is wrong.
    maker = Maker(FORMS, 1)
    seldom = []
    for form in every_form():
        made = [maker.example(form) for _ in range(8)]
        if not any(made):
            seldom.append(f"{form.left} => {form.right}")
    assert not seldom, "the application sees these otherwise than the form says"


def test_there_is_enough_of_it() -> None:
    english = FORMS.families["en"]
    assert len(english) >= 250
    assert sum(map(len, english.values())) >= 600
    assert set(FORMS.families) == set(LANGUAGES) == set(FORMS.manners) == set(FORMS.chains)


def test_the_same_seed_makes_the_same_examples() -> None:
    first, again, other = (list(Maker(FORMS, seed).make("train", 200)) for seed in (3, 3, 4))
    assert first == again
    assert first != other
    assert len({each.seen for each in first}) == 200


def test_the_seed_holds_in_another_process_too() -> None:
    # Where the order of a set decided anything, it would differ from process to process.
    code = (
        f"import sys; sys.path.insert(0, {str(RECIPE)!r})\n"
        "from examples import Maker; from forms import Forms\n"
        "for each in Maker(Forms(), 3).make('train', 200): print(repr(each))"
    )
    command = [sys.executable, "-X", "utf8", "-c", code]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.splitlines() == [repr(e) for e in Maker(FORMS, 3).make("train", 200)]


def test_no_family_is_in_two_parts() -> None:
    families = [{each.family for each in Maker(FORMS, 5).make(part, 400)} for part in PARTS]
    for index, part in enumerate(PARTS):
        assert {part_of(family) for family in families[index]} == {part}


def test_what_is_copied_stands_in_what_is_seen() -> None:
    free = re.compile(r"today|now|-?1 (?:day|week|month|year)|simpler|shorter|longer|as a list")
    for each in Maker(FORMS, 6).make("train", 1500):
        for step in each.line.split("\n"):
            name, _, arguments = step.partition(" ")
            if name in ("answer", "ask", "escalate", "calculate", "system_status", "summarize"):
                continue
            for argument in arguments.split(" | "):
                words = argument.removeprefix("-")
                if references_in(argument) or not words or free.fullmatch(words):
                    continue
                pieces = words.split(", ") if name == "extract" else words.split(" ")
                missing = [piece for piece in pieces if piece not in each.seen]
                copied = not missing or name in ("rewrite", "convert_units")
                assert copied, f"{each.seen!r} has no {missing} of {each.line!r}"


def test_chains_refer_only_to_what_came_before() -> None:
    rng = random.Random(9)
    for _ in range(300):
        steps = compose(rng, "en", FORMS.chains["en"]).right.split(" ; ")
        for index, step in enumerate(steps):
            numbers = [int(each) for each in re.findall(r"\$(\d)", step)]
            assert all(1 <= number <= index for number in numbers)
            assert "@" not in step


def test_training_sees_what_the_engine_renders() -> None:
    from homebody.assistant.planner import TEMPLATE

    source = (RECIPE / "train.py").read_text("utf-8")
    found = re.search(r'^PROMPT: Final = ("[^\n]*")$', source, re.MULTILINE)
    assert found is not None
    trained = json.loads(found.group(1)).format("what time is it")
    rendered = Template(TEMPLATE, bos="", eos="").render((Message("user", "what time is it"),))
    assert rendered == trained


def test_the_own_requests_are_none_of_the_forms() -> None:
    requests = list(read_requests(RECIPE / "dev.txt"))
    assert len(requests) >= 150
    made = {form.left.lower().strip("?.! ") for form in every_form()}
    assert not [each for each in requests if each.request.lower().strip("?.! ") in made]


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("find_files the lease", "find_files lease", True),
        ("current_time tokyo", "current_time Tokyo", True),
        ("calculate 2 * 3", "calculate 2*3", True),
        ("current_time Tokyo", "current_time Kyoto", False),
        ("read_file a.txt\nsummarize $1", "read_file a.txt", False),
    ],
)
def test_plans_that_count_as_the_same(one: str, other: str, equal: bool) -> None:
    assert same(one, other) is equal


# ------------------------------------------------------------------------------ calibration


def measured(count: int, seed: int) -> list[tuple[float, bool]]:
    """Raw confidences of which the likelihood to be right is the square."""
    rng = random.Random(seed)
    return [(raw, rng.random() < raw * raw) for raw in (rng.random() for _ in range(count))]


def test_calibration_is_ascending_and_near_the_truth() -> None:
    points = fit(measured(2000, 1))
    assert len(points) <= 40
    assert points == sorted(points)
    assert all(left[1] <= right[1] for left, right in pairwise(points))
    assert calibrate(0.5, points) == pytest.approx(0.25, abs=0.1)
    assert expected_error(measured(2000, 2), points) < 0.05
    assert expected_error(measured(2000, 2), [(0.0, 0.0), (1.0, 1.0)]) > 0.1


def test_calibration_of_few_is_never_certain() -> None:
    assert fit([(0.9, True)]) == [(0.9, pytest.approx(0.6667, abs=1e-3))]
    assert max(share for _, share in fit([(0.1, False), (0.2, True), (0.3, True)])) < 1


def test_ranking_and_bar() -> None:
    assert ranking([(0.1, False), (0.9, True)]) == 1.0
    assert ranking([(0.9, False), (0.1, True)]) == 0.0
    pairs = measured(4000, 3)
    points = fit(pairs)
    bar = bar_for(pairs, points)
    above = [right for raw, right in pairs if calibrate(raw, points) >= bar]
    assert sum(above) / len(above) >= 0.9


def test_the_calibration_that_ships_can_be_read() -> None:
    found = read_calibration(EXPERT / "calibration.json")
    assert isinstance(found, Calibration)
    assert 0.5 <= found.bar < 1
    assert len(found.model_sha256) == 64
