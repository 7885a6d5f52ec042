import pytest
from hypothesis import given
from hypothesis import strategies as st

from homebody.base.errors import SkillProblem
from homebody.messages.skills import Skill, Value
from homebody.skills.arguments import check_args
from homebody.skills.built_in import BUILT_IN
from homebody.skills.registry import Registry


def skill(name: str) -> Skill:
    found = Registry().find(name)
    assert found is not None
    return found


def refused(name: str, args: dict[str, Value]) -> SkillProblem:
    with pytest.raises(SkillProblem) as caught:
        check_args(skill(name), args)
    return caught.value


def test_what_every_example_of_a_built_in_skill_gives_is_accepted() -> None:
    for each in BUILT_IN:
        for example in each.examples:
            checked = check_args(each, example.args)
            assert set(checked) == {argument.name for argument in each.arguments}


def test_defaults_are_filled_in_and_the_order_is_the_declared_one() -> None:
    assert check_args(skill("summarize"), {"text": "long"}) == {"text": "long", "length": "short"}
    assert list(check_args(skill("write_file"), {"text": "a", "path": "b"})) == ["path", "text"]


@pytest.mark.parametrize(
    ("given_", "number"),
    [(10, 10), (2.5, 2.5), ("10", 10), ("2,5", 2.5), ("1,234", 1234), ("half", 0.5), ("zwölf", 12)],
)
def test_a_number_may_come_in_figures_or_words(given_: Value, number: float) -> None:
    args: dict[str, Value] = {"value": given_, "from_unit": "km", "to_unit": "miles"}
    assert check_args(skill("convert_units"), args)["value"] == number


@pytest.mark.parametrize(
    "wrong", ["many", "", True, None, [3], float("nan"), float("inf"), 10**400]
)
def test_what_is_no_number_is_refused(wrong: Value) -> None:
    problem = refused("convert_units", {"value": wrong, "from_unit": "km", "to_unit": "m"})
    assert problem.kind == "arguments"
    assert "value" in problem.message


def test_a_choice_is_one_of_those_declared() -> None:
    assert check_args(skill("system_status"), {"part": " Disk "})["part"] == "disk"
    assert "cpu, gpu" in refused("system_status", {"part": "keyboard"}).hint


def test_names_come_as_a_list_or_with_commas() -> None:
    args: dict[str, Value] = {"text": "x", "fields": "names, dates, names"}
    assert check_args(skill("extract"), args)["fields"] == ["names", "dates"]
    args["fields"] = ["a"]
    assert check_args(skill("extract"), args)["fields"] == ["a"]
    assert "empty" in refused("extract", {"text": "x", "fields": []}).message


def test_what_is_missing_unknown_empty_or_a_list_is_said() -> None:
    assert "expression" in refused("calculate", {}).message
    assert "sum" in refused("calculate", {"expression": "1", "sum": "2"}).message
    assert "empty" in refused("calculate", {"expression": "  "}).message
    assert "list" in refused("calculate", {"expression": ["1"]}).message


def test_what_is_too_long_is_refused_and_a_text_of_5_mb_is_not() -> None:
    assert refused("calculate", {"expression": "1" * 3_000}).kind == "large"
    assert len(str(check_args(skill("summarize"), {"text": "a" * 5_000_000})["text"])) == 5_000_000
    assert refused("read_file", {"path": "a\0b"}).kind == "arguments"


VALUES = st.one_of(
    st.text(max_size=20), st.integers(), st.floats(), st.lists(st.text(max_size=5), max_size=3)
)


@given(
    st.sampled_from(BUILT_IN),
    st.dictionaries(st.sampled_from(["text", "path", "value", "part", "x", "fields"]), VALUES),
)
def test_whatever_is_given_comes_back_checked_or_as_a_skill_problem(
    each: Skill, args: dict[str, Value]
) -> None:
    try:
        checked = check_args(each, args)
    except SkillProblem:
        return
    assert list(checked) == [argument.name for argument in each.arguments]
