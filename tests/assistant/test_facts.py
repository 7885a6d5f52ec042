"""The line under a reply, and the facts behind it."""

from datetime import UTC, datetime

import pytest

from homebody.assistant.facts import cut_short, details, facts
from homebody.messages.plans import AnswerPlan, Planned
from homebody.messages.turns import ModelName, RunRecord, Stats, Turn

FULL = RunRecord(
    model=ModelName("SmolLM2 135M", "ab" * 32),
    seed=4_294_967_295,
    stop="length",
    dropped=("a", "b"),
    stats=Stats(
        prompt_tokens=1234,
        evaluated_tokens=34,
        generated_tokens=56,
        ttft_ms=210.4,
        total_ms=2_449.0,
        tokens_per_second=61.26,
        peak_memory_bytes=345_000_000,
        energy_joules=None,
    ),
    bytes_sent=0,
)
BARE = RunRecord(model=ModelName("SmolLM2 135M"))


def turn(run: RunRecord | None) -> Turn:
    when = datetime(2026, 3, 1, 12, 0, 5, tzinfo=UTC)
    return Turn(id="t", conversation="c", parent=None, request="Hi", created=when, run=run)


def test_the_line_says_time_speed_and_what_was_sent() -> None:
    assert facts(FULL) == (
        "2.4 s · 61 tok/s · 0 bytes sent · cut short: the limit in the settings is reached"
        " · 2 earlier turns left out: they no longer fit"
    )
    assert facts(BARE) == "0 bytes sent"
    assert facts(None) == ""


def test_what_is_left_out_is_counted_whether_it_is_named_or_not() -> None:
    run = RunRecord(model=BARE.model, dropped=("a",), dropped_before=1_999)
    assert facts(run).endswith("2000 earlier turns left out: they no longer fit")
    assert dict(details(turn(run)))["Earlier turns left out"] == "2,000"


def test_only_what_ends_a_reply_early_cuts_it_short() -> None:
    for why in ("end", "stopped", "stop_string", None):
        assert cut_short(RunRecord(model=BARE.model, stop=why)) == ""
    assert cut_short(RunRecord(model=BARE.model, stop="context")) == "the context is full"


def test_the_details_show_every_measured_fact() -> None:
    shown = dict(details(turn(FULL)))
    assert shown.pop("When").startswith("2026-03-0")
    assert shown == {
        "Model": "SmolLM2 135M",
        "Hash of its file": "sha256 " + "ab" * 32,
        "Seed": "4294967295",
        "Tokens of the prompt": "1,234",
        "Of these read anew": "34",
        "Tokens written": "56",
        "Time to the first word": "0.21 s",
        "Time in all": "2.45 s",
        "Speed": "61.3 tokens per second",
        "Most memory": "345 MB",
        "Energy": "not measured",
        "Ended because": "the limit in the settings was reached",
        "Earlier turns left out": "2",
        "Bytes sent": "0",
    }


def test_what_nobody_measured_is_not_guessed() -> None:
    shown = dict(details(turn(BARE)))
    measured = ("Seed", "Tokens written", "Time in all", "Speed", "Most memory", "Energy")
    assert {shown[name] for name in measured} == {"not measured"}
    assert shown["Hash of its file"] == "not known yet"
    assert shown["Ended because"] == "not known"
    assert shown.keys() == dict(details(turn(FULL))).keys()


@pytest.mark.parametrize(("size", "said"), [(0, "0 MB"), (12_345_678_901, "12.3 GB")])
def test_memory_is_said_in_a_unit_that_fits(size: int, said: str) -> None:
    run = RunRecord(model=BARE.model, stats=Stats(peak_memory_bytes=size))
    assert dict(details(turn(run)))["Most memory"] == said


def test_a_turn_that_reached_no_model_has_little_to_tell() -> None:
    assert [label for label, _ in details(turn(None))] == ["When"]


def test_a_plan_that_could_not_be_made_is_said() -> None:
    """A request that is only answered, because the planner died, must not look like a plain one."""
    planned = Planned(plan=AnswerPlan(), planner="none")
    run = RunRecord(model=ModelName("m"))
    assert "no plan could be made" in facts(run, planned)
    assert "plan" not in facts(run, Planned(plan=AnswerPlan(), planner="expert"))
