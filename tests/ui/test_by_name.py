"""Naming a skill with `/`: what is offered, by keys and mouse, and what it comes to mean."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QListWidget, QWidget
from pytestqt.qtbot import QtBot

from homebody.base.errors import BadInput
from homebody.messages.plans import PlannedStep, SkillsPlan
from homebody.messages.skills import Argument, Skill
from homebody.skills.built_in import BUILT_IN
from homebody.ui.completion import Completion, matching
from homebody.ui.composer import Composer
from homebody.ui.presenter.slash import choices_of, plan_of
from homebody.ui.states import ComposerState
from homebody.ui.theme import Look
from ui.access import unnamed
from ui.stage import child, stage

CHOICES = choices_of(BUILT_IN)
DOLLAR = "\N{FULLWIDTH DOLLAR SIGN}"


def step_of(text: str, **facts: bool) -> PlannedStep:
    planned = plan_of(text, BUILT_IN, **facts)
    assert planned is not None
    assert isinstance(planned.plan, SkillsPlan)
    [step] = planned.plan.steps
    return step


# ---------------------------------------------------------------- what it means


@pytest.mark.parametrize(
    ("text", "skill", "args"),
    [
        ("/calculate 15% of 240", "calculate", {"expression": "15% of 240"}),
        (
            "/convert_units 10 | km | miles",
            "convert_units",
            {"value": 10, "from_unit": "km", "to_unit": "miles"},
        ),
        ("/current_time", "current_time", {}),
        ("/current_time Tokyo ", "current_time", {"place": "Tokyo"}),
        ("/list_reminders", "list_reminders", {}),
        ("/summarize one\ntwo", "summarize", {"text": "one\ntwo"}),
        ("/summarize one | two", "summarize", {"text": "one | two"}),
        ("/summarize one | two | long", "summarize", {"text": "one | two", "length": "long"}),
        ("/translate a | b | French", "translate", {"text": "a | b", "language": "French"}),
        ("/write_file a.txt | x | y", "write_file", {"path": "a.txt", "text": "x | y"}),
        (
            "/extract Ada, 1815 | name, year",
            "extract",
            {"text": "Ada, 1815", "fields": ["name", "year"]},
        ),
        ("/calculate $1 + $5", "calculate", {"expression": f"{DOLLAR}1 + {DOLLAR}5"}),
    ],
)
def test_what_follows_a_name_is_what_the_skill_is_given(
    text: str, skill: str, args: dict[str, object]
) -> None:
    assert step_of(text) == PlannedStep(skill, args)


@pytest.mark.parametrize(
    ("facts", "reference"),
    [({"has_reply": True}, "$reply"), ({"has_reply": True, "has_file": True}, "$file1")],
)
def test_a_text_that_is_missing_is_the_file_or_the_last_answer(
    facts: dict[str, bool], reference: str
) -> None:
    assert step_of("/summarize", **facts).args == {"text": reference}


@pytest.mark.parametrize(
    "text",
    [
        "calculate 1",
        "/home/ada/notes.md is where they are",
        "/nothing of that name",
        "//calculate 1",
        "/",
        "/set_reminder call mum tomorrow at 9",
        "/find_files tax in Documents",
        "/translate good morning to French",
        "",
    ],
)
def test_what_names_no_skill_or_has_to_be_taken_apart_is_left_to_the_planner(text: str) -> None:
    assert plan_of(text, BUILT_IN) is None


@pytest.mark.parametrize(
    "text", ["/translate", "/summarize", "/read_file", "/convert_units ten | km | m"]
)
def test_what_is_missing_is_said(text: str) -> None:
    with pytest.raises(BadInput) as problem:
        plan_of(text, BUILT_IN)
    assert problem.value.hint


def test_a_skill_of_the_persons_own_is_named_too() -> None:
    own = Skill(
        name="meeting-minutes",
        title="Meeting minutes",
        description="Write minutes.",
        arguments=(Argument(name="request", kind="task", help="what is wanted"),),
        runs="engine",
    )
    planned = plan_of("/meeting-minutes from my notes", (*BUILT_IN, own))
    assert planned is not None
    step = PlannedStep("meeting-minutes", {"request": "from my notes"})
    assert planned.plan == SkillsPlan((step,))


# ---------------------------------------------------------------- what is offered


@pytest.mark.parametrize(
    ("typed", "first"),
    [("", "calculate"), ("tra", "translate"), ("unit", "convert_units"), ("REA", "read_file")],
)
def test_names_that_begin_so_come_first_and_then_words_that_do(typed: str, first: str) -> None:
    assert matching(typed, CHOICES)[0].name == first


def test_five_hundred_skills_are_looked_through_at_once() -> None:
    import time

    many = CHOICES * 25
    began = time.process_time()
    matching("z", many)
    assert time.process_time() - began < 0.1


@pytest.fixture
def composer(look: Look, qtbot: QtBot) -> Composer:
    made = Composer(look)
    made.show_state(ComposerState(can_send=True, skills=CHOICES))
    stage(qtbot, made, height=700)
    made.focus()
    qtbot.waitUntil(child(made, "message").hasFocus)
    return made


def type_in(composer: Composer, text: str) -> QWidget:
    field = child(composer, "message")
    QTest.keyClicks(field, text)
    return field


def shown(composer: Composer) -> list[str]:
    found = composer.window().findChild(Completion)
    if found is None or found.isHidden():
        return []
    listed = found.findChild(QListWidget)
    return [listed.item(n).text().split(".")[0] for n in range(listed.count())]


def test_a_slash_at_the_beginning_lists_the_skills_and_letters_narrow_them(
    composer: Composer,
) -> None:
    type_in(composer, "/")
    assert len(shown(composer)) == len(BUILT_IN)
    type_in(composer, "tra")
    assert shown(composer) == ["/translate"]
    type_in(composer, "x")
    assert shown(composer) == []
    assert unnamed(composer.window().findChild(Completion)) == []


@pytest.mark.parametrize("text", ["one/", "a /b", " /"])
def test_a_slash_elsewhere_lists_nothing(composer: Composer, text: str) -> None:
    type_in(composer, text)
    assert shown(composer) == []


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Tab])
def test_enter_and_tab_take_the_one_that_is_chosen(composer: Composer, key: Qt.Key) -> None:
    sent = []
    composer.sent.connect(sent.append)
    field = type_in(composer, "/")
    QTest.keyClick(field, Qt.Key.Key_Down)
    QTest.keyClick(field, Qt.Key.Key_Down)
    QTest.keyClick(field, Qt.Key.Key_Up)
    assert "convert_units" in field.accessibleDescription()
    QTest.keyClick(field, key)
    assert composer.text() == "/convert_units "
    assert shown(composer) == []
    assert sent == []
    form = composer.findChild(QLabel, "skill_form")
    assert form.text().startswith("/convert_units VALUE | FROM_UNIT | TO_UNIT")
    QTest.keyClicks(field, "10 | km | m")
    assert not form.isHidden()
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert sent == ["/convert_units 10 | km | m"]


def test_esc_closes_the_list_and_the_words_stay(composer: Composer) -> None:
    field = type_in(composer, "/c")
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert shown(composer) == []
    assert composer.text() == "/c"
    type_in(composer, "a")
    assert shown(composer) == ["/calculate"]


def test_a_click_takes_a_skill_and_the_field_keeps_the_focus(
    composer: Composer, qtbot: QtBot
) -> None:
    field = type_in(composer, "/add")
    listed = composer.window().findChild(Completion).findChild(QListWidget)
    place = listed.visualItemRect(listed.item(0)).center()
    QTest.mouseClick(listed.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert composer.text() == "/add_note "
    qtbot.waitUntil(field.hasFocus)


def test_the_list_goes_when_the_field_is_left(composer: Composer) -> None:
    field = type_in(composer, "/")
    assert shown(composer)
    field.clearFocus()
    assert shown(composer) == []


def test_without_skills_a_slash_is_a_slash(look: Look, qtbot: QtBot) -> None:
    made = Composer(look)
    made.show_state(ComposerState(can_send=True))
    stage(qtbot, made)
    made.focus()
    type_in(made, "/")
    assert shown(made) == []


def test_the_list_lies_above_the_composer_and_inside_the_window(composer: Composer) -> None:
    type_in(composer, "/")
    found = composer.window().findChild(Completion)
    assert composer.window().rect().contains(found.geometry())
    card = composer.mapTo(composer.window(), composer.rect().topLeft())
    assert found.geometry().bottom() <= card.y() + 20
