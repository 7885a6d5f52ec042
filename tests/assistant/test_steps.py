"""The steps of a turn: real store, runner, desk and paths; plans are given by hand."""

from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.chores import Chores, planned, question_of, states, step_of
from homebody.base.errors import BadInput, SkillProblem, StoreFull
from homebody.base.paths import find_home
from homebody.messages.events import Done, Paused, Saved, Stepped, Stumbled, Thought, Waiting
from homebody.messages.plans import AskPlan, EscalatePlan, Planned
from homebody.messages.turns import Attachment
from homebody.store.store import Store

Start = Callable[..., Chores]


# ---------------------------------------------------------------- one step, several steps


def test_one_step_is_planned_run_told_and_kept(chores: Start) -> None:
    it = chores({"what is 6 times 7": "calculate 6*7"})
    done = it.ask("what is 6 times 7")
    assert isinstance(done, Done)
    assert [type(event).__name__ for event in it.events[:3]] == ["Accepted", "Waiting", "Thought"]
    assert it.shown() == [(0, "running"), (0, "done")]
    assert it.text() == done.turn.reply == "That is 42."
    other = Store.open(find_home())
    kept = other.turn(done.turn.id)
    other.close()
    assert (kept.reply, kept.state) == ("That is 42.", "done")
    assert kept.planned is not None
    assert kept.planned.line == "calculate 6*7"
    [step] = kept.steps
    assert (step.args, step.result, step.said) == ({"expression": "6*7"}, "42", "That is 42.")
    assert step.ms is not None
    assert kept.run is not None
    assert kept.run.bytes_sent == 0
    [card] = it.store.reliability()
    assert (card.skill, card.runs, card.failures) == ("calculate", 1, 0)


def test_a_chain_hands_results_on_and_tells_only_the_last(chores: Start, folder: Path) -> None:
    it = chores({"loud notes": "read_file notes.md\nrewrite $1 | loud\nadd_note $2"})
    it.grant()
    done = it.ask("loud notes")
    assert isinstance(done, Done)
    assert states(done.turn) == ["done", "done", "done"]
    assert step_of(done.turn, 0).args == {"path": str(folder / "notes.md")}
    assert it.store.notes()[0].text == "BUY MILK"
    assert "BUY MILK" not in [event for event in it.events if isinstance(event, Waiting)]
    assert done.turn.reply == step_of(done.turn, 2).said
    assert step_of(done.turn, 1).label == "file", "what was made of a file is no better than it"


def test_what_an_expert_writes_last_streams_and_progress_is_shown(chores: Start) -> None:
    it = chores({"r": "calculate 1+1\nrewrite one two three | loud"})
    done = it.ask("r")
    assert done.turn.reply == it.text() == "That is 2.\n\nONE TWO THREE"
    fractions = [e.done for e in it.events if isinstance(e, Stepped) and e.done is not None]
    assert fractions == sorted(fractions)
    assert len(fractions) == 3


def test_the_plan_and_the_running_step_are_on_the_disk_before_it_runs(
    chores: Start, folder: Path
) -> None:
    it = chores({"r": "calculate 1+1\nadd_note x"})
    seen = []

    def look() -> None:
        other = Store.open(find_home())
        [turn] = other.branch(it.conversation)
        other.close()
        seen.append((turn.state, turn.planned is not None, [step.state for step in turn.steps]))

    it.bench.during = look
    it.ask("r")
    assert seen == [("open", True, ["running", "planned"])]


def test_a_request_without_skills_is_answered_by_the_model(chores: Start) -> None:
    it = chores({"r": "calculate 1+1"})
    done = it.ask("r", skills=False)
    assert done.turn.reply == "A reply of the model."
    assert (done.turn.planned, done.turn.steps, it.planner.asked) == (None, (), [])


def test_an_answer_is_planned_and_then_written_by_the_model(chores: Start) -> None:
    it = chores({})
    done = it.ask("How are you?")
    assert isinstance(done, Done)
    assert it.text() == done.turn.reply == "A reply of the model."
    assert done.turn.planned is not None
    assert len([e for e in it.events if isinstance(e, Thought)]) == 1


def test_the_next_turn_is_planned_with_what_was_before(chores: Start) -> None:
    it = chores({"one": "calculate 1+1", "again": "rewrite $reply | loud"})
    it.ask("one")
    done = it.ask("again")
    assert it.planner.asked[-1] == ("again", ("one",))
    assert done.turn.reply == "THAT IS 2."
    chat = chores({}, "Yes.")
    chat.conversation, chat.last = it.conversation, it.last
    chat.ask("so?")


def test_a_question_of_the_planner_is_the_reply(chores: Start) -> None:
    it = chores({"translate this": Planned(plan=AskPlan("Which text do you mean?"))})
    done = it.ask("translate this")
    assert isinstance(done, Done)
    assert done.turn.reply == it.text() == "Which text do you mean?"


def test_what_should_be_asked_elsewhere_stays_home_and_says_so(chores: Start) -> None:
    it = chores({"ask the big one": Planned(plan=EscalatePlan("You asked for it."))}, "Local.")
    done = it.ask("ask the big one")
    assert isinstance(done, Done)
    assert it.text() == done.turn.reply
    assert done.turn.reply.endswith("\n\nLocal.")
    assert "nothing left this machine" in done.turn.reply
    assert done.turn.run is not None
    assert done.turn.run.bytes_sent == 0


def test_a_text_of_the_request_and_an_attachment_are_what_references_say(chores: Start) -> None:
    passage = "one two three four five six seven eight"
    it = chores({f'shout "{passage}"': "rewrite $text | loud", "this": "rewrite $file1 | loud"})
    assert it.ask(f'shout "{passage}"').turn.reply == passage.upper()
    done = it.ask("this", attachments=[Attachment("a.txt", "from a file")])
    assert done.turn.reply == "FROM A FILE"
    assert step_of(done.turn).label == "file"


# ---------------------------------------------------------------- permissions


def test_a_folder_is_asked_for_once_and_the_turn_waits(chores: Start, folder: Path) -> None:
    it = chores({"read it": "read_file notes.md"})
    question = question_of(it.ask("read it"))
    assert (question.reason, question.folder, question.access) == ("folder", str(folder), "read")
    assert question.sentence.startswith(f"Read {folder / 'notes.md'}.")
    assert question.choices == ("once", "always", "no")
    assert it.bench.ran == [], "nothing was read before the yes"
    done = it.decide("once")
    assert done.turn.reply == "buy milk"
    assert it.store.grants() == []
    assert isinstance(it.ask("read it"), Paused), "once is once"


def test_always_is_remembered(chores: Start, folder: Path) -> None:
    it = chores({"read it": "read_file notes.md"})
    it.ask("read it")
    assert it.decide("always").turn.reply == "buy milk"
    assert [(g.folder, g.access) for g in it.store.grants()] == [(str(folder), "read")]
    assert isinstance(it.ask("read it"), Done)


def test_no_is_said_and_what_needs_it_is_skipped(chores: Start) -> None:
    it = chores({"r": "calculate 1+1\nread_file notes.md\nrewrite $2 | loud\nadd_note done"})
    it.ask("r")
    done = it.decide("no")
    assert isinstance(done, Done)
    assert states(done.turn) == ["done", "refused", "skipped", "done"]
    assert done.turn.reply.startswith("That is 2.\n\n")
    assert "Not done, because you said no: Read a file." in done.turn.reply
    assert "Because of that, not done either: Rewrite." in done.turn.reply
    assert [name for name, _ in it.bench.ran] == ["calculate"]


def test_writing_always_asks_with_the_path_and_the_text(chores: Start, folder: Path) -> None:
    it = chores({"write": "write_file new.txt | milk", "again": "write_file new.txt | more"})
    it.store.grant(str(folder), "write")
    question = question_of(it.ask("write"))
    assert question.reason == "permission"
    assert question.sentence.startswith("Write 4 ")
    assert question.sentence.endswith(f" to {folder / 'new.txt'} (a new file).")
    assert question.details == "milk"
    assert question.choices == ("once", "no")
    assert not (folder / "new.txt").exists()
    it.decide("once")
    assert (folder / "new.txt").read_text() == "milk"
    assert "(replaces 4 " in question_of(it.ask("again")).sentence


def test_a_yes_to_writing_needs_no_grant_and_leaves_none(chores: Start, folder: Path) -> None:
    it = chores({"write": "write_file new.txt | milk\nwrite_file other.txt | x"})
    it.ask("write")
    question = question_of(it.decide("once"))
    assert question.step == 1, "a yes to one file is none to another beside it"
    assert (folder / "new.txt").read_text() == "milk"
    it.decide("no")
    assert not (folder / "other.txt").exists()
    assert it.store.grants() == []


def test_what_changed_between_the_question_and_the_yes_is_asked_again(
    chores: Start, folder: Path
) -> None:
    it = chores({"write": "write_file new.txt | milk"})
    it.ask("write")
    (folder / "new.txt").write_text("precious")
    question = question_of(it.decide("once"))
    assert "(replaces 8 " in question.sentence
    assert (folder / "new.txt").read_text() == "precious"
    it.decide("once")
    assert (folder / "new.txt").read_text() == "milk"


def test_a_link_that_is_swapped_before_the_yes_is_asked_again(
    chores: Start, folder: Path, tmp_path: Path
) -> None:
    secret = tmp_path / "elsewhere"
    secret.mkdir()
    (secret / "notes.md").write_text("secret")
    it = chores({"read": "read_file notes.md"})
    it.ask("read")
    (folder / "notes.md").unlink()
    (folder / "notes.md").symlink_to(secret / "notes.md")
    question = question_of(it.decide("once"))
    assert question.folder == str(secret)
    assert it.bench.ran == []


def test_the_clipboard_is_read_only_after_a_yes(chores: Start) -> None:
    it = chores({"what did I copy": "read_clipboard"})
    question = question_of(it.ask("what did I copy"))
    assert (question.reason, question.sentence) == ("permission", "Read the text that was copied.")
    assert it.decide("once").turn.reply == "copied words"


def test_opening_asks_and_opens_exactly_that(chores: Start, folder: Path) -> None:
    it = chores({"open": "open_item notes.md", "web": "open_item https://example.org/x"})
    assert str(folder / "notes.md") in question_of(it.ask("open")).sentence
    it.decide("once")
    assert it.opened.all == [str(folder / "notes.md")]
    assert "https://example.org/x" in question_of(it.ask("web")).sentence
    it.decide("no")
    assert len(it.opened.all) == 1


def test_grants_of_this_run_are_enough_and_are_not_kept(chores: Start, folder: Path) -> None:
    from homebody.messages.skills import Grant

    it = chores({"read it": "read_file notes.md"})
    it.work.for_this_run.append(Grant(folder=str(folder), access="read"))
    assert isinstance(it.ask("read it"), Done)
    assert it.store.grants() == []


def test_nothing_is_written_among_homebodys_own_files(chores: Start, folder: Path) -> None:
    from homebody.messages.skills import Grant

    own = folder / "profile"
    own.mkdir()
    (folder / "way").symlink_to(own)
    it = chores({"w": "write_file profile/settings.toml | x", "l": "write_file way/new.md | x"})
    it.work.profile = (own,)
    it.work.for_this_run.append(Grant(folder=str(folder), access="write"))
    for request in ("w", "l"):
        ended = it.ask(request)
        assert isinstance(ended, Done)
        assert states(ended.turn) == ["refused"]
        assert "Homebody's own files" in step_of(ended.turn).problem
    assert not it.bench.ran
    assert list(own.iterdir()) == []


# ---------------------------------------------------------------- labels


def test_a_path_that_a_file_names_asks_even_in_a_granted_folder(
    chores: Start, folder: Path
) -> None:
    (folder / "list.txt").write_text("notes.md")
    it = chores({"r": "read_file list.txt\nread_file $1"})
    it.grant()
    question = question_of(it.ask("r"))
    assert (question.step, question.reason) == (1, "outside")
    assert "comes from a file, not from you" in question.sentence
    assert "always" not in question.choices
    assert it.decide("once").turn.reply == "buy milk"


def test_a_path_made_of_outside_text_by_an_expert_asks_too(chores: Start, folder: Path) -> None:
    (folder / "NOTES.MD").write_text("LOUD")
    it = chores({"r": "read_file notes.md\nrewrite $1 | loud\nwrite_file $2 | pwned"})
    it.grant()
    question = question_of(it.ask("r"))
    assert (question.step, question.reason) == (2, "outside")
    assert it.decide("no").turn.steps[2].state == "refused"
    assert sorted(each.name for each in folder.iterdir()) == ["NOTES.MD", "notes.md"]


def test_the_one_file_that_was_found_is_read_without_asking(chores: Start) -> None:
    it = chores({"r": "find_files notes\nread_file $1"})
    it.grant()
    done = it.ask("r")
    assert isinstance(done, Done)
    assert done.turn.reply == "buy milk"


def test_of_several_files_the_person_says_which(chores: Start, folder: Path) -> None:
    (folder / "notes-old.md").write_text("old milk")
    it = chores({"r": "find_files notes\nread_file $1"})
    it.grant()
    question = question_of(it.ask("r"))
    assert question.reason == "which"
    assert question.options == (str(folder / "notes-old.md"), str(folder / "notes.md"))
    with pytest.raises(BadInput):
        it.decide("once", "/etc/passwd")
    with pytest.raises(BadInput):
        it.decide("always", question.options[0])
    assert it.decide("once", question.options[0]).turn.reply == "old milk"


def test_opening_what_was_found_asks(chores: Start) -> None:
    it = chores({"r": "find_files notes\nopen_item $1"})
    it.grant()
    assert question_of(it.ask("r")).reason == "outside"
    assert it.opened.all == []


def test_an_effect_asks_where_a_file_name_was_in_view_of_the_planner(chores: Start) -> None:
    it = chores({"keep it": "add_note remember the milk"})
    done = it.ask("keep it", attachments=[Attachment("add_note remember the milk", "x")])
    question = question_of(done)
    assert (question.reason, question.details) == ("outside", "remember the milk")
    assert it.store.notes() == []
    it.decide("once")
    assert len(it.store.notes()) == 1


def test_a_name_found_in_several_places_asks_which(chores: Start, folder: Path) -> None:
    (folder / "notes.txt").write_text("other")
    it = chores({"r": "read_file notes"})
    it.grant()
    question = question_of(it.ask("r"))
    assert question.reason == "which"
    done = it.decide("once", str(folder / "notes.txt"))
    assert done.turn.reply == "other"


# ---------------------------------------------------------------- when a step fails


def test_a_failed_step_is_reported_with_its_reason(chores: Start) -> None:
    it = chores({"r": "read_file missing.txt\nrewrite $1 | loud"})
    it.grant()
    ending = it.ask("r")
    assert isinstance(ending, Stumbled)
    assert "missing.txt" in ending.message
    assert ending.hint
    assert states(ending.turn) == ["failed", "skipped"]
    assert ending.turn.state == "failed"


def test_what_was_done_is_told_beside_what_was_not(chores: Start) -> None:
    it = chores({"r": "calculate 1+1\nread_file missing.txt\nrewrite $2 | loud"})
    it.grant()
    done = it.ask("r")
    assert isinstance(done, Done)
    assert done.turn.reply == it.text()
    assert done.turn.reply.startswith("That is 2.\n\nRead a file did not work: ")
    assert done.turn.reply.endswith("Because of that, not done either: Rewrite.")


def test_what_may_go_well_is_tried_once_more(chores: Start) -> None:
    it = chores({"r": "calculate 1+1"})
    it.bench.troubles = [SkillProblem("It died.", "", "died")]
    done = it.ask("r")
    assert isinstance(done, Done)
    assert step_of(done.turn).tries == 2
    it.bench.troubles = [SkillProblem("It died.", "", "died")] * 2
    ending = it.ask("r")
    assert isinstance(ending, Stumbled)
    assert [(card.runs, card.failures) for card in it.store.reliability()] == [(4, 3)]


def test_what_cannot_go_well_is_not_tried_again(chores: Start) -> None:
    it = chores({"r": "calculate 1+1"})
    it.bench.troubles = [SkillProblem("No such sum.", "", "arguments")]
    assert isinstance(it.ask("r"), Stumbled)
    assert len(it.bench.ran) == 1


def test_an_effect_is_never_tried_again(chores: Start) -> None:
    it = chores({"r": "write_file new.txt | milk"})
    it.ask("r")
    it.bench.troubles = [SkillProblem("It took too long.", "", "time")]
    assert isinstance(it.decide("once"), Stumbled)
    assert len(it.bench.ran) == 1


def test_several_meanings_found_while_it_runs_are_asked(chores: Start) -> None:
    it = chores({"r": "current_time Springfield"})
    places = ("Springfield, Illinois", "Springfield, Oregon")
    it.bench.troubles = [SkillProblem("Which one?", "", "unclear", choices=places)]
    question = question_of(it.ask("r"))
    assert (question.reason, question.options) == ("which", places)
    it.bench.troubles = [SkillProblem("enough", "", "failed")]
    it.decide("once", places[1])
    assert it.bench.ran[-1][1] == {"place": "Springfield, Oregon"}


def test_an_expert_that_fails_after_its_first_words_is_not_begun_again(chores: Start) -> None:
    it = chores({"r": "rewrite one two three four | loud"})
    it.loud.troubles = [SkillProblem("The engine died.", "", "died")]
    ending = it.ask("r")
    assert isinstance(ending, Stumbled)
    assert ending.turn.reply == it.text() == "ONE TWO"
    it.last = None
    done = it.finish(it.assistant.resume(ending.turn.id))
    assert isinstance(done, Done)
    assert done.turn.reply == "ONE TWO THREE FOUR"


@pytest.mark.parametrize("line", ["read_file $2\ncalculate 1", "rewrite $reply | x", "nope"])
def test_a_plan_that_cannot_be_is_an_error_in_words(chores: Start, line: str) -> None:
    from homebody.messages.plans import PlannedStep, SkillsPlan

    plan = Planned(plan=SkillsPlan((PlannedStep("nope", {}),))) if line == "nope" else planned(line)
    it = chores({"r": plan})
    ending = it.ask("r")
    assert isinstance(ending, Stumbled)
    assert ending.hint
    assert it.bench.ran == []


def test_an_effect_that_cannot_be_written_down_first_is_not_done(
    chores: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    it = chores({"note": "add_note milk", "sum": "calculate 1+1"})

    def full(*_: object) -> None:
        raise StoreFull("No space is left on the disk.", "Free some space.")

    monkeypatch.setattr(it.store, "keep_work", full)
    ending = it.ask("note")
    assert isinstance(ending, Stumbled)
    assert "No space is left" in ending.message
    assert it.store.notes() == []
    done = it.ask("sum")
    assert isinstance(done, Done), "what changes nothing may still be done"
    assert [e.problem for e in it.events if isinstance(e, Saved) and e.problem]


def test_a_large_result_reaches_the_next_step_whole(chores: Start, folder: Path) -> None:
    (folder / "big.txt").write_text(f"{'w' * 999} " * 1000)
    it = chores({"r": "read_file big.txt\nrewrite $1 | loud"})
    it.grant()
    done = it.ask("r")
    assert done.turn.reply == f"{'W' * 999} " * 1000
    assert len(step_of(done.turn, 0).result) < 300_000


def test_a_large_result_that_was_not_kept_is_not_written(chores: Start, folder: Path) -> None:
    (folder / "big.txt").write_text("word " * 200_000)
    it = chores({"r": "read_file big.txt\nwrite_file copy.txt | $1"})
    it.grant()
    question = question_of(it.ask("r"))
    assert "1,000,000 characters in all" in question.details
    it.work.forget(str(it.last))  # as after a restart
    ending = it.decide("once")
    assert isinstance(ending, Stumbled)
    assert "too long to be kept" in ending.message
    assert not (folder / "copy.txt").exists()


# ---------------------------------------------------------------- unsure, plain, rerun


def test_a_plan_that_is_not_sure_is_asked_about_before_anything(chores: Start) -> None:
    unsure = planned("calculate 1+1\nadd_note milk", confidence=0.3, sure=False)
    it = chores({"r": unsure, "s": unsure, "t": unsure}, "Just words.")
    question = question_of(it.ask("r"))
    assert question.reason == "unsure"
    assert question.details == "1. Calculate: 1+1\n2. Add a note: milk"
    assert question.choices == ("once", "answer", "no")
    assert it.bench.ran == []
    assert isinstance(it.decide("once"), Done)
    assert len(it.store.notes()) == 1
    it.ask("s")
    assert it.decide("answer").turn.reply == "Just words."
    it.ask("t")
    refused = it.decide("no")
    assert refused.turn.reply == "Not done, because you said no: Calculate, Add a note."
    assert len(it.store.notes()) == 1


def test_a_plan_without_steps_is_never_asked_about(chores: Start) -> None:
    it = chores({"r": planned("answer", confidence=0.1, sure=False)})
    assert isinstance(it.ask("r"), Done)


def test_never_mind_just_answer(chores: Start) -> None:
    it = chores({"r": "calculate 1+1\nread_file notes.md"}, "Just words.")
    first = it.ask("r")
    done = it.finish(it.assistant.plain(first.turn.id))
    assert done.turn.id == first.turn.id
    assert done.turn.reply == "That is 2.\n\nJust words."
    assert states(done.turn) == ["done", "skipped"]
    again = it.finish(it.assistant.plain(done.turn.id))
    assert again.turn.id != first.turn.id
    assert again.turn.reply == "Just words."
    assert it.store.siblings(first.turn.id) == [first.turn.id, again.turn.id]


def test_a_step_is_run_again_with_other_arguments(chores: Start) -> None:
    it = chores({"r": "calculate 1+1\ncalculate 2+2\nadd_note $2"})
    first = it.ask("r")
    done = it.finish(it.assistant.rerun(first.turn.id, 1, {"expression": "20+2"}))
    assert done.turn.id != first.turn.id
    assert it.store.siblings(first.turn.id) == [first.turn.id, done.turn.id]
    assert [args for _, args in it.bench.ran] == [
        {"expression": "1+1"},
        {"expression": "2+2"},
        {"expression": "20+2"},
    ]
    assert [note.text for note in it.store.notes()] == ["22", "4"]
    assert done.turn.reply.startswith("That is 2.\n\n")
    assert it.text() == done.turn.reply
    for index, args in ((7, {"expression": "1"}), (1, {"nope": "1"}), (1, {"expression": "$9"})):
        with pytest.raises(BadInput):
            it.finish(it.assistant.rerun(first.turn.id, index, args))


def test_a_plan_of_the_person_is_run_as_it_is(chores: Start) -> None:
    it = chores({})
    done = it.ask("/calculate 1+1", plan=planned("calculate 1+1"))
    assert done.turn.reply == "That is 2."
    assert it.planner.asked == []
    assert len([e for e in it.events if isinstance(e, Thought)]) == 1
    with pytest.raises(BadInput):
        it.ask("x", plan=planned("rewrite $file3 | x"))
    assert len(it.store.branch(it.conversation)) == 1


def test_an_answer_that_does_not_fit_changes_nothing(chores: Start) -> None:
    it = chores({"read it": "read_file notes.md", "sum": "calculate 1+1"})
    it.ask("read it")
    waiting = it.last
    with pytest.raises(BadInput):
        it.finish(it.assistant.decide(str(waiting), "sure"))  # type: ignore[arg-type]
    assert it.store.turn(str(waiting)).state == "waiting"
    done = it.ask("sum")
    assert isinstance(done, Done), "another request may come meanwhile"
    it.last = waiting
    assert it.decide("once").turn.reply == "buy milk"
    with pytest.raises(BadInput):
        it.decide("once")


def test_a_long_text_is_written_after_one_yes(chores: Start, folder: Path) -> None:
    text = "a long word " * 40_000
    it = chores({f"save this as long.txt:\n\n{text}": "write_file long.txt | $text"})
    question_of(it.ask(f"save this as long.txt:\n\n{text}"))
    ended = it.decide("once")
    assert isinstance(ended, Done)
    assert states(ended.turn) == ["done"]


def test_a_stop_before_a_skill_began_is_heeded(chores: Start) -> None:
    it = chores({"r": "read_file notes.md"})
    it.grant()
    give = it.bench.set_folders

    def set_folders(*facts: object) -> None:
        give(*facts)  # type: ignore[arg-type]
        it.assistant.stop()

    it.bench.set_folders = set_folders  # type: ignore[method-assign,assignment]
    ended = it.ask("r")
    assert ended.turn.state == "stopped"
    assert not it.bench.ran
