"""The real starter model: what it may do, what it is kept from, and how fast it stops."""

import threading
import time

import pytest

from engine.conftest import _shared, engine, load, starter  # noqa: F401  fixtures
from homebody.base.errors import SkillProblem
from homebody.skills.experts import Experts
from skills.desk_kit import full, last, skill
from skills.test_experts import MAIL


def run(experts, name, **args):
    return last(experts.run(skill(name), full(name, **args)))


@pytest.fixture
def experts(engine):  # noqa: F811
    return Experts(engine)


def test_it_picks_sentences(experts):
    outcome = run(experts, "summarize", text=MAIL)
    assert outcome.text
    assert all(part in MAIL for part in outcome.text.split(". "))


def test_what_it_takes_out_of_a_text_is_in_it(experts):
    fields = ["sender", "dates"]
    outcome = run(experts, "extract", text=MAIL, fields=fields)
    values = dict(line.split(": ") for line in outcome.text.splitlines())
    assert values["dates"] == "March 3"
    assert list(values) == fields
    for value in values.values():
        assert value == "not found" or value.lower() in MAIL.lower()


def test_it_is_too_small_to_translate(experts):
    with pytest.raises(SkillProblem) as caught:
        run(experts, "translate", text="good morning", language="French")
    assert caught.value.kind == "small_model"


def test_a_rewrite_is_good_or_refused(experts):
    text = "The kitchen has to be cleaned by Friday. Use the blue bucket."
    *_, said = tried(experts, "rewrite", text=text, style="friendly")
    if isinstance(said, SkillProblem):
        assert said.kind == "failed"
        assert "A bigger model does this better" in said.hint
    else:
        assert "Friday" in said.text
        assert "compare it with the original" in said.said


def tried(experts, name, **args):
    """What an expert says, the problem last where there is one."""
    try:
        yield from experts.run(skill(name), full(name, **args))
    except SkillProblem as problem:
        yield problem


def test_it_stops_while_it_reads_and_writes(experts):
    asked = []

    def stop():
        asked.append(time.monotonic())
        experts.stop()

    timer = threading.Timer(1.0, stop)
    timer.start()
    fields = [f"thing {number}" for number in range(2_000)]
    *_, said = tried(experts, "extract", text=MAIL, fields=fields)
    took = time.monotonic() - asked[0]
    timer.join()
    assert said.kind == "stopped"
    assert took < 1.5  # 0.3 s on a machine with nothing else to do
