"""A turn that works, as the presenter tells it: steps, questions, stopping, running again."""

from collections.abc import Callable
from pathlib import Path

import pytest

from homebody.base.errors import BadInput, SkillProblem
from homebody.messages.plans import Question, Step
from homebody.messages.skills import Outcome
from homebody.ui.presenter.work import arguments_of, asked_card, milliseconds, step_row
from ui.stand import Stand, stand
from ui.work_kit import Hands, Skilled

WriteScript = Callable[..., Path]
SUM = {"how much is 15% of 240": "calculate 15% of 240"}


def send(it: Stand, text: str) -> None:
    it.view.typed = text
    it.presenter.composing.send(text)


def asked(it: Stand) -> None:
    it.until(lambda: it.rows and it.rows[-1].asked and not it.presenter.talk.writing, "the card")


def test_steps_appear_as_they_run_and_stand_above_the_reply(write_script: WriteScript) -> None:
    hands = Hands(calculate="36")
    hands.hold("calculate")
    with stand(write_script("no"), work=Skilled(SUM, hands)) as it:
        send(it, "how much is 15% of 240")
        it.until(lambda: it.rows and it.rows[-1].steps, "the steps")
        it.until(lambda: it.rows[-1].steps[0].state == "running", "the running step")
        running = it.rows[-1].steps[0]
        assert (running.skill, running.words, running.result) == ("calculate", "15% of 240", "")
        it.until(lambda: it.rows[-1].steps[0].note == "40 %", "how far it has come")
        assert not running.can_rerun
        hands.held["calculate"].set()
        it.until(lambda: not it.presenter.talk.writing, "the end")
        [step] = it.rows[-1].steps
        assert (step.state, step.result) == ("done", "36")
        assert step.can_rerun
        assert it.rows[-1].reply == "36"
        assert "Do it with calculate" in {fact.value for fact in it.rows[-1].details}


def test_a_request_without_a_skill_is_answered_as_ever(write_script: WriteScript) -> None:
    with stand(write_script("Hello."), work=Skilled()) as it:
        row = it.say("Good morning")
        assert (row.reply, row.steps, row.asked) == ("Hello.", (), None)


def test_a_permission_is_asked_and_a_yes_does_it(write_script: WriteScript, tmp_path: Path) -> None:
    lines = {"write milk to shop.txt": "write_file shop.txt | milk"}
    hands = Hands(write_file=lambda args: Outcome(text=str(args["path"]), said="Written."))
    with stand(write_script("no"), work=Skilled(lines, hands, [tmp_path])) as it:
        send(it, "write milk to shop.txt")
        asked(it)
        row = it.rows[-1]
        assert row.asked is not None
        assert str(tmp_path / "shop.txt") in row.asked.sentence
        assert row.asked.details == "milk"
        assert row.steps[0].state == "waiting"
        assert hands.ran == []
        assert not row.live
        it.presenter.talk.decide(row.id, "once")
        it.until(lambda: hands.ran and not it.presenter.talk.writing, "the end")
        assert it.rows[-1].asked is None
        assert it.rows[-1].steps[0].state == "done"
        assert [each.id for each in it.rows] == [row.id]


def test_a_no_is_said_in_words_and_nothing_is_done(
    write_script: WriteScript, tmp_path: Path
) -> None:
    lines = {"write milk to shop.txt": "write_file shop.txt | milk"}
    hands = Hands()
    with stand(write_script("no"), work=Skilled(lines, hands, [tmp_path])) as it:
        send(it, "write milk to shop.txt")
        asked(it)
        it.presenter.talk.decide(it.rows[-1].id, "no")
        it.until(lambda: it.rows[-1].asked is None and not it.presenter.talk.writing, "the end")
        assert (it.rows[-1].steps[0].state, it.rows[-1].steps[0].note) == ("refused", "you said no")
        assert hands.ran == []


def test_what_is_asked_is_asked_again_after_a_restart(
    write_script: WriteScript, tmp_path: Path
) -> None:
    lines = {"write milk to shop.txt": "write_file shop.txt | milk"}
    hands = Hands()
    script = write_script("no")
    with stand(script, work=Skilled(lines, hands, [tmp_path])) as it:
        send(it, "write milk to shop.txt")
        asked(it)
        conversation = it.presenter.talk.place.conversation
        card = it.rows[-1].asked
    with stand(script, work=Skilled(lines, hands, [tmp_path]), reopen=conversation) as it:
        it.until(lambda: it.rows, "the conversation")
        assert it.rows[-1].asked == card
        it.presenter.talk.decide(it.rows[-1].id, "once")
        it.until(lambda: hands.ran and not it.presenter.talk.writing, "the end")
        assert it.rows[-1].steps[0].state == "done"


def test_a_folder_that_is_granted_always_is_not_asked_for_again(
    write_script: WriteScript, tmp_path: Path
) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    lines = {"what is in papers": "list_folder papers"}
    hands = Hands(list_folder="a.txt")
    with stand(write_script("no"), work=Skilled(lines, hands, [tmp_path])) as it:
        send(it, "what is in papers")
        asked(it)
        card = it.rows[-1].asked
        assert card is not None
        assert "papers" in card.title
        assert "Always in papers" in [button.words for button in card.buttons]
        it.presenter.talk.decide(it.rows[-1].id, "always")
        it.until(lambda: hands.ran and not it.presenter.talk.writing, "the end")
        send(it, "what is in papers")
        it.until(lambda: len(hands.ran) == 2 and not it.presenter.talk.writing, "the second")
        assert it.rows[-1].asked is None
        assert [each.folder for each in it.session.saved.grants()] == [str(folder.resolve())]


def test_one_of_several_files_is_chosen_from_the_card(
    write_script: WriteScript, tmp_path: Path
) -> None:
    files = [tmp_path / "a.txt", tmp_path / "b.txt"]
    for each in files:
        each.write_text("x", "utf-8")
    lines = {"find the letter and read it": "find_files letter\nread_file $1"}
    hands = Hands(
        find_files=lambda _: Outcome(text="2 files", choices=tuple(map(str, files))),
        read_file=lambda args: Outcome(text=f"read {args['path']}", label="file"),
    )
    with stand(write_script("no"), work=Skilled(lines, hands, [tmp_path])) as it:
        it.session.saved.grant(str(tmp_path.resolve()), "read")
        send(it, "find the letter and read it")
        asked(it)
        card = it.rows[-1].asked
        assert card is not None
        assert set(card.options) == set(map(str, files))
        it.presenter.talk.decide(it.rows[-1].id, "once", str(files[1]))
        it.until(lambda: not it.presenter.talk.writing and not it.rows[-1].asked, "the end")
        assert hands.ran[-1] == ("read_file", {"path": str(files[1])})


def test_a_failed_step_says_why_and_what_follows_is_left_out(write_script: WriteScript) -> None:
    lines = {"translate hello to French and note it": "translate hello | French\nadd_note $1"}
    hands = Hands(translate=SkillProblem("It needs a larger model.", "Get one.", "small_model"))
    with stand(write_script("no"), work=Skilled(lines, hands)) as it:
        send(it, "translate hello to French and note it")
        it.until(lambda: it.rows and it.rows[-1].steps and not it.presenter.talk.writing, "the end")
        first, second = it.rows[-1].steps
        assert (first.state, first.problem, first.hint) == (
            "failed",
            "It needs a larger model.",
            "Get one.",
        )
        assert (second.state, second.note) == ("skipped", "left out")
        row = it.rows[-1]
        assert (row.problem, row.hint) == ("It needs a larger model.", "Get one.")


def test_stop_stops_between_steps(write_script: WriteScript) -> None:
    lines = {"two": "calculate 1+1\ncalculate 2+2"}
    hands = Hands()
    hands.hold("calculate")
    with stand(write_script("no"), work=Skilled(lines, hands)) as it:
        send(it, "two")
        it.until(lambda: hands.ran, "the first step")
        it.presenter.talk.stop()
        it.until(lambda: not it.presenter.talk.writing, "the stop")
        assert len(hands.ran) == 1
        assert it.rows[-1].steps[1].state == "skipped"


def test_never_mind_while_steps_run_stops_them_and_answers(write_script: WriteScript) -> None:
    hands = Hands()
    hands.hold("calculate")
    with stand(write_script("About 36."), work=Skilled(SUM, hands)) as it:
        send(it, "how much is 15% of 240")
        it.until(lambda: hands.ran, "the step")
        it.presenter.talk.plain(it.rows[-1].id)
        it.until(lambda: it.rows[-1].reply == "About 36.", "the answer")
        it.until(lambda: not it.presenter.talk.writing, "the end")
        assert it.rows[-1].steps == ()
        assert len(it.rows) == 1


def test_never_mind_on_the_card_answers_too(write_script: WriteScript, tmp_path: Path) -> None:
    lines = {"write milk to shop.txt": "write_file shop.txt | milk"}
    hands = Hands()
    with stand(write_script("As you like."), work=Skilled(lines, hands, [tmp_path])) as it:
        send(it, "write milk to shop.txt")
        asked(it)
        it.presenter.talk.decide(it.rows[-1].id, "answer")
        it.until(lambda: it.rows[-1].reply and not it.presenter.talk.writing, "the answer")
        assert it.rows[-1].reply == "As you like."
        assert hands.ran == []


def test_a_step_runs_again_with_other_arguments_beside_the_old_turn(
    write_script: WriteScript,
) -> None:
    hands = Hands(calculate=lambda args: Outcome(text=f"={args['expression']}"))
    with stand(write_script("no"), work=Skilled(SUM, hands)) as it:
        first = it.say("how much is 15% of 240")
        it.presenter.talk.rerun(first.id, 0, {"expression": "20% of 240"})
        it.until(lambda: len(hands.ran) == 2 and not it.presenter.talk.writing, "the second")
        assert it.rows[-1].reply == "=20% of 240"
        assert (it.rows[-1].place, it.rows[-1].versions) == (2, 2)


def test_arguments_that_cannot_be_are_said_and_nothing_runs(write_script: WriteScript) -> None:
    lines = {"10 km in miles": "convert_units 10 | km | miles"}
    hands = Hands()
    with stand(write_script("no"), work=Skilled(lines, hands)) as it:
        row = it.say("10 km in miles")
        typed = {"value": "ten", "from_unit": "km", "to_unit": "miles"}
        it.presenter.talk.rerun(row.id, 0, typed)
        it.until(lambda: it.notice("problem"), "the sentence")
        assert "“ten” is not a number." in it.notice("problem").text
        assert len(hands.ran) == 1


def test_a_skill_that_is_named_needs_no_planner(write_script: WriteScript) -> None:
    hands = Hands(calculate=lambda args: Outcome(text=f"={args['expression']}"))
    with stand(write_script("no"), work=Skilled(hands=hands)) as it:
        from homebody.skills.built_in import BUILT_IN

        it.presenter.composing.use_skills(BUILT_IN)
        assert "calculate" in [each.name for each in it.view.composer.skills]
        row = it.say("/calculate $5 * 3")
        assert hands.ran == [("calculate", {"expression": "$5 * 3"})]
        assert row.request == "/calculate $5 * 3"
        assert row.steps[0].state == "done"


def test_a_skill_that_is_named_without_what_it_needs_says_so_and_keeps_the_words(
    write_script: WriteScript,
) -> None:
    with stand(write_script("no"), work=Skilled()) as it:
        from homebody.skills.built_in import BUILT_IN

        it.presenter.composing.use_skills(BUILT_IN)
        send(it, "/translate")
        it.until(lambda: it.notice("problem"), "the sentence")
        assert "/translate TEXT | LANGUAGE" in it.notice("problem").text
        assert it.view.typed == "/translate"
        assert it.rows == []


# ---------------------------------------------------------------- what is said of a step


def test_each_state_is_said_in_words() -> None:
    step = Step(skill="read_file", given={"path": "a"})
    from msgspec.structs import replace

    notes = {
        state: step_row(replace(step, state=state), settled=True).note
        for state in ("planned", "waiting", "running", "failed", "refused", "skipped")
    }
    assert notes == {
        "planned": "",
        "waiting": "waits for you",
        "running": "broken off",
        "failed": "failed",
        "refused": "you said no",
        "skipped": "left out",
    }
    assert step_row(replace(step, state="done", ms=12.4)).note == "12 ms"
    assert step_row(replace(step, state="running"), done=0.256).note == "26 %"


@pytest.mark.parametrize(
    ("ms", "words"), [(None, "done"), (0.2, "under 1 ms"), (999, "999 ms"), (1234, "1.2 s")]
)
def test_times_are_short(ms: float | None, words: str) -> None:
    assert milliseconds(ms) == words


@pytest.mark.parametrize(
    ("given", "args", "words"),
    [
        ({"path": "a.md"}, {"path": "/home/ada/a.md"}, "/home/ada/a.md"),
        ({"text": "$1", "length": "short"}, {"text": "long", "length": "short"}, "short"),
        ({"text": "$1"}, {"text": "much text"}, "“much text”"),
        ({"text": "$1"}, {}, "the result of step 1"),
        ({"text": "$reply"}, {}, "the last answer"),
        ({"path": "$file1"}, {}, "the attached file"),
        ({"fields": ["a", "b"], "text": "$text"}, {}, "a, b"),
        ({}, {}, ""),
    ],
)
def test_arguments_are_said_in_short(given: dict, args: dict, words: str) -> None:
    assert step_row(Step(skill="x", given=given, args=args)).words == words


def test_a_text_of_megabytes_is_cut_in_the_line_of_its_step() -> None:
    row = step_row(Step(skill="add_note", given={"text": "long " * 1_000_000}))
    assert len(row.words) < 100


@pytest.mark.parametrize(
    ("skill", "typed", "args"),
    [
        (
            "convert_units",
            {"value": "1.5", "from_unit": " km ", "to_unit": "m"},
            {"value": 1.5, "from_unit": "km", "to_unit": "m"},
        ),
        ("convert_units", {"value": "$1", "from_unit": "km"}, {"value": "$1", "from_unit": "km"}),
        ("extract", {"text": " a ", "fields": "x, y,"}, {"text": " a ", "fields": ["x", "y"]}),
        ("current_time", {"place": " "}, {}),
        ("mine", {"request": "as it is "}, {"request": "as it is "}),
    ],
)
def test_what_was_typed_becomes_arguments(skill: str, typed: dict, args: dict) -> None:
    assert arguments_of(skill, typed) == args


@pytest.mark.parametrize(
    "typed", [{"value": "ten"}, {"value": ""}, {"value": "nan"}, {"value": "1e999"}]
)
def test_what_cannot_be_an_argument_is_said(typed: dict[str, str]) -> None:
    with pytest.raises(BadInput):
        arguments_of("convert_units", typed)


@pytest.mark.parametrize(
    ("folder", "words"),
    [
        ("/home/ada/Documents", "Always in Documents"),
        ("C:\\Users\\Ada\\Papers\\", "Always in Papers"),
        ("/", "Always in /"),
    ],
)
def test_a_folder_is_named_on_its_button(folder: str, words: str) -> None:
    question = Question(
        step=0, reason="folder", sentence="Look.", folder=folder, choices=("always",)
    )
    assert asked_card(question).buttons[0].words == words
