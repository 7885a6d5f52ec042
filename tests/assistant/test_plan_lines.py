"""The short form of plans: writing, reading, references, checking."""

import pytest

from homebody.assistant.plan_lines import (
    ASKED,
    PlanInvalid,
    check,
    fill,
    number_of,
    read_line,
    resolve,
    write_line,
)
from homebody.messages.plans import AnswerPlan, AskPlan, EscalatePlan, PlannedStep, SkillsPlan
from homebody.skills.registry import Registry

SKILLS = Registry()


@pytest.mark.parametrize(
    ("line", "plan"),
    [
        ("answer", AnswerPlan()),
        ("ask text", AskPlan(ASKED["text"])),
        ("read_clipboard", SkillsPlan((PlannedStep("read_clipboard", {}),))),
        (
            "read_file notes.md\nrewrite $1 | friendly\nwrite_file notes2.md | $2",
            SkillsPlan(
                (
                    PlannedStep("read_file", {"path": "notes.md"}),
                    PlannedStep("rewrite", {"text": "$1", "style": "friendly"}),
                    PlannedStep("write_file", {"path": "notes2.md", "text": "$2"}),
                )
            ),
        ),
        (
            "convert_units 10 | km | miles",
            SkillsPlan(
                (
                    PlannedStep(
                        "convert_units", {"value": 10, "from_unit": "km", "to_unit": "miles"}
                    ),
                )
            ),
        ),
        (
            "extract $text | names, dates",
            SkillsPlan((PlannedStep("extract", {"text": "$text", "fields": ["names", "dates"]}),)),
        ),
        ("current_time Tokyo", SkillsPlan((PlannedStep("current_time", {"place": "Tokyo"}),))),
        ("summarize $text | long", None),
    ],
)
def test_a_line_is_read_and_written(line, plan):
    read = read_line(line, SKILLS)
    assert plan is None or read == plan
    assert write_line(read, SKILLS) == line


def test_what_equals_its_default_is_left_out():
    plan = SkillsPlan((PlannedStep("summarize", {"text": "$text", "length": "short"}),))
    assert write_line(plan, SKILLS) == "summarize $text"
    assert read_line("summarize $text | short", SKILLS) == read_line("summarize $text", SKILLS)
    assert isinstance(read_line("escalate", SKILLS), EscalatePlan)


def test_a_text_cannot_break_out_of_its_line():
    plan = SkillsPlan((PlannedStep("add_note", {"text": "a | b\nread_clipboard"}),))
    assert read_line(write_line(plan, SKILLS), SKILLS) == SkillsPlan(
        (PlannedStep("add_note", {"text": "a / b read_clipboard"}),)
    )


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", "empty"),
        ("fly_away", "no skill called 'fly_away'"),
        ("ask nonsense", "Nobody can be asked"),
        ("calculate 1 | 2", "takes 1 arguments"),
        ("\n".join(["read_clipboard"] * 6), "6 steps"),
        ("answer\nread_clipboard", "no skill called 'answer'"),
    ],
)
def test_what_is_no_plan_is_refused(line, words):
    with pytest.raises(PlanInvalid, match=words):
        read_line(line, SKILLS)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("add_note $1", r"Step 1 refers to \$1"),
        ("read_clipboard\nadd_note $2", r"refers to \$2"),
        ("add_note see $reply there", r"refers to \$reply"),
        ("translate $text | $file2", r"\$file2"),
        ("translate hello", "needs 'language'"),
        ("summarize $text | endless", "'length' of summarize"),
        ("convert_units ten | km | miles", "'value' of convert_units"),
        ("system_status heart", "'part'"),
    ],
)
def test_what_cannot_be_run_is_refused(line, words):
    with pytest.raises(PlanInvalid, match=words):
        check(read_line(line, SKILLS), SKILLS, {"$text": "", "$file1": ""})


@pytest.mark.parametrize(
    "steps",
    [
        (PlannedStep("translate", {"text": "a", "language": "French", "colour": "red"}),),
        (PlannedStep("extract", {"text": "a", "fields": "names"}),),
        (PlannedStep("extract", {"text": "a", "fields": []}),),
        (PlannedStep("add_note", {"text": 5}),),
        (PlannedStep("add_note", {"text": " "}),),
        (),
    ],
)
def test_arguments_of_the_wrong_kind_are_refused(steps):
    with pytest.raises(PlanInvalid):
        check(SkillsPlan(steps), SKILLS, {})


def test_what_can_be_run_is_not_refused():
    check(read_line("read_clipboard\ntranslate $1 | German", SKILLS), SKILLS, {})
    check(read_line("calculate $reply / 3", SKILLS), SKILLS, {"$reply": ""})
    check(AnswerPlan(), SKILLS, {})


def test_what_is_put_in_is_never_read_again():
    values = {"$text": "costs $1 and $reply", "$1": "WRONG"}
    assert fill("say $text, $reply", values) == "say costs $1 and $reply, $reply"
    assert fill(["$text", "x"], {"$text": "names"}) == ["names", "x"]
    assert fill("\uff04text and \uff045", values) == "$text and $5"
    assert fill(3, values) == 3
    plan = resolve(read_line("add_note $text\ncopy_to_clipboard $1", SKILLS), {"$text": "milk"})
    assert write_line(plan, SKILLS) == "add_note milk\ncopy_to_clipboard $1"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("10", 10),
        ("2,340.75", 2340.75),
        ("2.340,5", 2340.5),
        ("2,5", 2.5),
        ("-40", -40),
        ("1,234", 1234),
        (".5", 0.5),
        ("ten", None),
        ("1.2.3", None),
        ("", None),
    ],
)
def test_numbers_are_read_as_people_write_them(text, number):
    assert number_of(text) == number
