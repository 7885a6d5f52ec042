"""What the window does, without a window: the presenter over a real store and a scripted engine."""

from collections.abc import Callable
from pathlib import Path

import pytest

from homebody.base.paths import find_home
from homebody.engine.scripted import ScriptedReply
from homebody.settings.declared import SETTINGS
from homebody.ui.presenter.composing import MOST_BYTES
from homebody.ui.presenter.models import _WINDOW
from ui.stand import stand

WriteScript = Callable[..., Path]


def test_all_layers_on_the_gpu_are_all_of_them(write_script: WriteScript) -> None:
    """The output is counted with them, as the engine counts."""
    with stand(write_script("Hi.", layers=32)) as it:
        it.until(lambda: it.view.header.model_detail == "33/33 on the GPU", "where it computes")


def test_a_request_becomes_a_row_with_its_reply_and_facts(write_script: WriteScript) -> None:
    with stand(write_script("The capital is Tokyo.")) as it:
        row = it.say("What is the capital of Japan?")
        assert (row.request, row.reply) == (
            "What is the capital of Japan?",
            "The capital is Tokyo.",
        )
        assert "0 bytes sent" in row.facts
        assert not row.live
        assert {fact.label for fact in row.details}
        assert it.view.typed == ""
        assert it.view.welcome is None
        assert [each.title for each in it.view.sidebar.rows] == [it.view.header.title]
        assert it.view.sidebar.selected == it.view.sidebar.rows[0].id


def test_a_reply_that_is_stopped_keeps_what_was_written_and_can_go_on(
    write_script: WriteScript,
) -> None:
    slow = ScriptedReply("one two three four five six seven eight", delay=0.05)
    with stand(write_script(slow, "and more")) as it:
        it.presenter.composing.send("Count")
        it.until(lambda: it.rows and "two" in it.rows[-1].reply, "some words")
        it.presenter.talk.stop()
        it.until(lambda: not it.presenter.talk.writing, "the stop")
        kept = it.rows[-1]
        assert kept.reply.startswith("one two")
        assert "eight" not in kept.reply
        assert kept.facts.startswith("stopped")
        assert kept.resumable
        it.presenter.talk.resume(kept.id)
        it.until(lambda: "more" in it.rows[-1].reply, "the rest")
        assert it.rows[-1].reply.startswith("one two")


def test_answering_again_and_editing_make_versions_that_can_be_stepped_through(
    write_script: WriteScript,
) -> None:
    with stand(write_script("First.", "Second.", "Third.", "Later.")) as it:
        first = it.say("Hello")
        it.presenter.talk.again(first.id)
        it.until(lambda: it.rows[-1].reply == "Second." and not it.rows[-1].live, "the second")
        assert (it.rows[-1].place, it.rows[-1].versions) == (2, 2)
        it.until(lambda: not it.presenter.talk.writing, "the end")
        it.presenter.composing.edit(it.rows[-1].id)
        it.until(lambda: it.view.composer.editing, "the edit")
        assert it.view.typed == "Hello"
        edited = it.say("Hello there")
        assert (edited.request, edited.reply, edited.place, edited.versions) == (
            "Hello there",
            "Third.",
            3,
            3,
        )
        assert it.view.composer.editing == ""
        it.presenter.talk.step(edited.id, -1)
        it.until(lambda: it.rows[-1].reply == "Second.", "the step back")
        assert len(it.rows) == 1
        after = it.say("Go on")
        assert [row.reply for row in it.rows] == ["Second.", "Later."]
        assert after.versions == 1


def test_an_engine_that_dies_leaves_the_words_a_sentence_and_a_way_on(
    write_script: WriteScript,
) -> None:
    dying = ScriptedReply("one two three four", crash=3, delay=0.2)
    with stand(write_script(dying)) as it:
        # The engine that is started after the crash has a script without one.
        it.presenter.composing.send("Count")
        it.until(lambda: it.rows and "one" in it.rows[-1].reply, "the first word")
        write_script("five")
        it.until(lambda: it.rows[-1].problem, "the death")
        row = it.rows[-1]
        assert "one two" in row.reply
        assert row.resumable
        it.until(lambda: not it.presenter.talk.writing, "the end")
        it.presenter.talk.resume(row.id)
        it.until(lambda: "five" in it.rows[-1].reply, "the rest")
        assert not it.rows[-1].problem


def test_a_reply_goes_on_while_another_conversation_is_looked_at(
    write_script: WriteScript,
) -> None:
    slow = ScriptedReply("a b c d e f g h i j k l", when="slow", delay=0.03)
    with stand(write_script("Quick.", slow)) as it:
        it.say("quick")
        quick = it.view.sidebar.selected
        it.presenter.talk.new()
        it.presenter.composing.send("slow")
        it.until(lambda: it.rows and "c" in it.rows[-1].reply, "some words")
        assert quick is not None
        it.presenter.talk.open(quick)
        it.until(lambda: it.rows and it.rows[-1].reply == "Quick.", "the other conversation")
        assert not it.view.composer.running
        assert not it.view.composer.can_send
        it.until(lambda: not it.presenter.talk.writing, "the end")
        assert [row.reply for row in it.rows] == ["Quick."]
        notice = it.notice("elsewhere")
        assert notice is not None
        it.presenter.board.act("elsewhere")
        it.until(lambda: it.rows[-1].reply == "a b c d e f g h i j k l", "the reply that went on")


def test_coming_back_to_a_reply_that_is_written_shows_all_of_it(write_script: WriteScript) -> None:
    slow = ScriptedReply("a b c d e f g h i j k l", when="slow", delay=0.05)
    with stand(write_script("Quick.", slow)) as it:
        it.say("quick")
        quick = it.view.sidebar.selected
        it.presenter.talk.new()
        it.presenter.composing.send("slow")
        it.until(lambda: it.rows and "b" in it.rows[-1].reply, "some words")
        it.until(lambda: it.view.sidebar.selected != quick, "the sidebar")
        slow_one = it.view.sidebar.selected
        assert quick is not None
        assert slow_one is not None
        it.presenter.talk.open(quick)
        it.until(lambda: it.rows[-1].reply == "Quick.", "the other conversation")
        it.presenter.talk.open(slow_one)
        it.until(lambda: it.rows[-1].reply.startswith("a b"), "the reply so far")
        it.until(lambda: not it.presenter.talk.writing, "the end")
        assert it.rows[-1].reply == "a b c d e f g h i j k l"


def test_a_deleted_conversation_comes_back_with_undo(write_script: WriteScript) -> None:
    with stand(write_script("Yes.")) as it:
        it.say("Keep me")
        conversation = it.view.sidebar.rows[0].id
        it.presenter.chats.delete(conversation)
        it.until(lambda: it.notice("deleted"), "the notice")
        it.settle()
        assert it.view.sidebar.rows == ()
        assert it.rows == []
        it.presenter.board.act("deleted")
        it.until(lambda: it.rows and it.rows[0].reply == "Yes.", "the conversation")
        it.settle()
        assert [each.id for each in it.view.sidebar.rows] == [conversation]


def test_nothing_is_erased_before_the_person_says_so_again(write_script: WriteScript) -> None:
    with stand(write_script("Yes.")) as it:
        it.say("Secret")
        conversation = it.view.sidebar.rows[0].id
        it.presenter.chats.delete(conversation)
        it.settle()
        it.presenter.chats.erase(conversation)
        it.until(lambda: it.view.erase, "the question")
        assert it.session.saved.conversation(conversation)
        assert it.view.erase is not None
        it.view.erase()
        it.until(lambda: (n := it.notice("erasing")) and n.kind == "ok", "the end of it")
        assert b"Secret" not in find_home().database.read_bytes()


def test_a_temporary_chat_leaves_no_trace(write_script: WriteScript) -> None:
    with stand(write_script("Hidden answer.", "Plain.")) as it:
        it.presenter.talk.new(temporary=True)
        it.until(lambda: it.view.header.temporary, "the temporary chat")
        row = it.say("Hidden question")
        assert row.reply == "Hidden answer."
        assert it.view.sidebar.rows == ()
        it.presenter.talk.new()
        it.until(lambda: not it.view.header.temporary, "the way back")
        it.say("Plain question")
    kept = b"".join(path.read_bytes() for path in find_home().data.rglob("*") if path.is_file())
    assert b"Plain question" in kept
    assert b"Hidden" not in kept


def test_drafts_stay_with_their_conversation(write_script: WriteScript) -> None:
    with stand(write_script("Yes.")) as it:
        it.say("First")
        first = it.view.sidebar.rows[0].id
        it.view.typed = "for the first"
        it.presenter.composing.typed("for the first")
        it.presenter.talk.new()
        it.settle()
        assert it.view.typed == ""
        it.view.typed = "for a new one"
        it.presenter.talk.open(first)
        it.until(lambda: it.rows, "the first")
        it.settle()
        assert it.view.typed == "for the first"
        it.presenter.talk.new()
        it.settle()
        assert it.view.typed == "for a new one"
    with stand(write_script("Yes.")) as it:
        it.settle()
        assert it.view.typed == "for a new one", "the draft of a new chat survives the end"


def test_what_is_typed_while_a_draft_is_read_is_not_overwritten(
    write_script: WriteScript,
) -> None:
    with stand(write_script("Yes.")) as it:
        it.view.typed = "an old draft"
        it.presenter.composing.keep_draft()
        it.settle()
        it.presenter.talk.new()
        it.view.typed = "typed at once"
        it.settle()
        assert it.view.typed == "an old draft\ntyped at once"


def test_words_that_could_not_be_saved_stay_and_can_go_on_unsaved(
    write_script: WriteScript, monkeypatch: pytest.MonkeyPatch
) -> None:
    from homebody.base.errors import StoreFull
    from homebody.store.store import Store

    with stand(write_script("Answered.")) as it:

        def full(*_: object, **__: object) -> None:
            raise StoreFull("The disk is full.", "Make room.")

        with monkeypatch.context() as broken:
            broken.setattr(Store, "create_conversation", full)
            it.view.typed = "Precious words"
            it.presenter.composing.send("Precious words")
            it.until(lambda: it.notice("problem"), "the notice")
        assert it.view.typed == "Precious words"
        assert it.rows == []
        it.presenter.board.act("problem")
        it.until(lambda: it.view.header.temporary, "the temporary chat")
        assert it.view.typed == "Precious words"
        assert it.say("Precious words").reply == "Answered."


def test_attachments_travel_with_the_request_and_bad_ones_are_refused(
    write_script: WriteScript, tmp_path: Path
) -> None:
    notes, picture, large = tmp_path / "notes.md", tmp_path / "p.png", tmp_path / "large.txt"
    notes.write_text("# Notes\nBuy milk.\n", encoding="utf-8")
    picture.write_bytes(bytes(range(256)) * 8)
    large.write_bytes(b"x" * (MOST_BYTES + 1))
    gone = tmp_path / "gone.txt"
    with stand(write_script("Noted.")) as it:
        it.presenter.composing.attach([str(each) for each in (notes, picture, large, gone)])
        it.until(lambda: it.view.composer.attachments, "the chip")
        it.until(lambda: "tokens" in it.view.composer.attachments[0].detail, "its weight")
        assert [chip.name for chip in it.view.composer.attachments] == ["notes.md"]
        told = " ".join(each.text for each in it.view.notices)
        assert "p.png is not a text file" in told
        assert "large.txt is larger than 2 MB" in told
        assert "gone.txt is not there" in told
        row = it.say("Look at this")
        assert [(chip.name, chip.text) for chip in row.attachments] == [
            ("notes.md", "# Notes\nBuy milk.\n")
        ]
        assert it.view.composer.attachments == ()
    log = (tmp_path / "requests.jsonl").read_text("utf-8")
    assert "Buy milk." in log


def test_many_refused_files_are_told_of_in_one_sentence(
    write_script: WriteScript, tmp_path: Path
) -> None:
    with stand(write_script()) as it:
        it.presenter.composing.attach([str(tmp_path / f"{number}.bin") for number in range(30)])
        it.until(lambda: it.notice("files"), "the notice")
        assert len(it.view.notices) == 1
        assert "30 files" in it.view.notices[0].text
        assert "0.bin, 1.bin" in it.view.notices[0].text


def test_the_meter_says_what_will_be_left_out(write_script: WriteScript) -> None:
    with stand(write_script(*["word " * 150] * 8, context=600)) as it:
        it.say("Go")
        it.until(lambda: it.view.composer.meter, "the meter")
        assert "of 600" in it.view.composer.meter
        for number in range(5):
            it.say(f"Go on {number} " + "and on " * 20)
        it.until(lambda: it.view.composer.meter_level == "near", "the warning")
        assert "left out" in it.view.composer.meter_detail
        assert any(row.left_out for row in it.rows)
        it.view.typed = "far too much " * 400
        it.presenter.composing.measure()
        it.until(lambda: it.view.composer.meter_level == "over", "the refusal")
        # The composer says that it is too long, and would say it twice.
        assert "too long" not in it.view.composer.meter


def test_search_finds_turns_and_opens_the_one_that_was_found(write_script: WriteScript) -> None:
    with stand(write_script("About badgers.", "About foxes.", "Other.")) as it:
        it.say("One")
        it.say("Two")
        first = it.rows[0].id
        it.presenter.talk.new()
        it.say("Three")
        it.presenter.chats.search("badg")
        it.until(lambda: it.view.sidebar.rows and it.view.sidebar.rows[0].turn, "the hit")
        hit = it.view.sidebar.rows[0]
        assert "badgers" in hit.snippet.replace("\ue000", "").replace("\ue001", "")
        it.presenter.talk.open(hit.id, hit.turn)
        it.until(lambda: it.view.transcript.shown == [first], "the turn")
        it.presenter.chats.search("zebra")
        it.until(lambda: it.view.sidebar.empty == "Nothing found.", "nothing")


def test_a_found_turn_on_another_branch_is_shown_too(write_script: WriteScript) -> None:
    with stand(write_script("About badgers.", "About foxes.")) as it:
        old = it.say("One")
        it.presenter.talk.again(old.id)
        it.until(lambda: it.rows[-1].reply == "About foxes.", "the second answer")
        it.until(lambda: not it.presenter.talk.writing, "the end")
        conversation = it.view.sidebar.selected
        assert conversation is not None
        it.presenter.talk.open(conversation, old.id)
        it.until(lambda: it.rows[-1].reply == "About badgers.", "the other branch")
        it.until(lambda: it.view.transcript.shown == [old.id], "the turn")


def test_a_long_conversation_comes_page_by_page_and_whole(write_script: WriteScript) -> None:
    with stand(write_script("Yes.")) as it:
        store = it.session.saved
        conversation = store.create_conversation("Long").id
        parent = None
        for number in range(1000):
            turn = store.begin_turn(conversation, f"Q{number}", parent)
            store.end_turn(turn.id, state="done", reply=f"A{number}", reasoning="")
            parent = turn.id
        it.presenter.talk.open(conversation)
        it.until(lambda: it.rows, "the first page")
        assert len(it.rows) < 100
        assert it.rows[-1].request == "Q999"
        it.until(lambda: len(it.rows) == 1000, "the rest")
        assert [row.request for row in it.rows] == [f"Q{number}" for number in range(1000)]


def test_the_settings_of_the_window_are_declared() -> None:
    assert {setting.key for setting in SETTINGS} >= _WINDOW


def test_settings_are_written_and_used_at_once(write_script: WriteScript) -> None:
    with stand(write_script("Yes.", "No.")) as it:
        it.presenter.models.change("text_size", 125)
        it.until(lambda: it.view.settings.text_size == 125, "the new size")
        it.presenter.models.change("system_prompt", "Answer like a pirate.")
        it.until(lambda: it.session.settings.system_prompt, "the prompt")
        it.say("Hello")
        it.presenter.models.text_size(1)
        it.until(lambda: it.view.settings.text_size == 150, "the next step")
    assert "text_size = 150" in find_home().settings.read_text("utf-8")
    log = Path(write_script().with_name("requests.jsonl")).read_text("utf-8")
    assert "pirate" in log


def test_larger_text_pressed_quickly_counts_every_press(write_script: WriteScript) -> None:
    with stand(write_script()) as it:
        for _ in range(3):
            it.presenter.models.text_size(1)
        it.until(lambda: it.view.settings.text_size == 150, "three steps")
        it.presenter.models.change("text_size", 200)
        it.presenter.models.text_size(-1)
        it.until(lambda: it.view.settings.text_size == 175, "one step back from there")


def test_versions_of_one_request_are_found_once(write_script: WriteScript) -> None:
    with stand(write_script("Blue.", "Green.", "Red.")) as it:
        it.say("What about the harbour?")
        for _ in range(2):
            before = it.rows[-1].id
            it.presenter.talk.again(before)
            it.until(lambda before=before: it.rows[-1].id != before, "the new version")
            it.until(lambda: not it.presenter.talk.writing, "the reply")
        it.presenter.chats.search("harbour")
        it.settle()
        assert len([found for found in it.view.sidebar.rows if found.snippet]) == 1


def test_a_model_that_is_not_there_leaves_the_one_that_answers(write_script: WriteScript) -> None:
    with stand(write_script("Still here.")) as it:
        before = it.view.header.model
        it.presenter.models.choose("/nowhere/at all.gguf")
        it.until(lambda: it.notice("problem"), "the notice")
        assert it.view.header.model == before
        assert it.say("Hello").reply == "Still here."


def test_a_window_starts_although_its_model_is_gone(write_script: WriteScript) -> None:
    with stand(write_script("Starter."), file=Path("/nowhere/gone.gguf")) as it:
        assert any("gone.gguf" in notice.text for notice in it.view.notices)
        assert it.say("Hello").reply == "Starter."


def test_a_link_is_opened_only_after_it_was_shown(write_script: WriteScript) -> None:
    with stand(write_script("Yes.")) as it:
        it.presenter.ask_link("https://example.org/a?b=c")
        assert it.view.link == "https://example.org/a?b=c"
        it.settle()
        assert it.porter.opened == []
        it.presenter.open_link(it.view.link)
        it.settle()
        assert it.porter.opened == ["https://example.org/a?b=c"]


def test_a_conversation_is_exported_and_copied_as_markdown(
    write_script: WriteScript, tmp_path: Path
) -> None:
    with stand(write_script("Tokyo.")) as it:
        it.say("What is: the capital?")
        it.presenter.chats.copy_open()
        it.until(lambda: it.view.clipboard, "the clipboard")
        assert "Tokyo." in it.view.clipboard
        it.presenter.chats.export(it.view.sidebar.rows[0].id)
        it.until(lambda: it.view.save, "the question where")
        assert it.view.save is not None
        name, then = it.view.save
        assert ":" not in name
        then(str(tmp_path / name))
        it.until(lambda: it.notice("exported"), "the file")
        assert "Tokyo." in (tmp_path / name).read_text("utf-8")
        then(str(tmp_path / "no" / "\0" / name))
        it.until(lambda: it.notice("problem"), "a refusal")


def test_rename_pin_and_archive_show_in_the_list(write_script: WriteScript) -> None:
    with stand(write_script("Yes.", "No.")) as it:
        it.say("One")
        one = it.view.sidebar.rows[0].id
        it.presenter.talk.new()
        it.say("Two")
        it.presenter.chats.rename(one, "  A new   name ")
        it.presenter.chats.pin(one, on=True)
        it.settle()
        assert next((row.title, row.group) for row in it.view.sidebar.rows) == (
            "A new name",
            "Pinned",
        )
        it.presenter.chats.archive(one, on=True)
        it.settle()
        assert one not in [row.id for row in it.view.sidebar.rows]
        it.presenter.chats.show_shelf("archived")
        it.settle()
        assert [row.id for row in it.view.sidebar.rows] == [one]
        assert it.notice("archived")
        it.presenter.chats.archive(one, on=False)
        it.settle()
        assert it.notice("archived") is None, "there is nothing left to undo"


def test_the_last_conversation_is_open_again_after_a_restart(write_script: WriteScript) -> None:
    with stand(write_script("Yes.")) as it:
        it.say("Remember me")
        conversation = it.presenter.close()
    with stand(write_script("Yes."), reopen=conversation) as it:
        it.until(lambda: it.rows, "the conversation")
        assert it.rows[0].request == "Remember me"


def test_answering_again_leaves_what_is_being_written_alone(
    write_script: WriteScript, tmp_path: Path
) -> None:
    notes = tmp_path / "notes.md"
    notes.write_text("Milk", encoding="utf-8")
    with stand(write_script("One.", "Two.")) as it:
        first = it.say("Hello")
        it.view.typed = "half a thought"
        it.presenter.composing.attach([str(notes)])
        it.until(lambda: it.view.composer.attachments, "the chip")
        it.presenter.talk.again(first.id)
        it.until(lambda: it.rows[-1].reply == "Two." and not it.rows[-1].live, "the second")
        it.settle()
        assert it.view.typed == "half a thought"
        assert [chip.name for chip in it.view.composer.attachments] == ["notes.md"]


def test_a_reply_in_the_middle_is_taken_up_where_it_stands(write_script: WriteScript) -> None:
    slow = ScriptedReply("one two three four five six seven eight", delay=0.05)
    with stand(write_script(slow, "After.", "and more")) as it:
        it.presenter.composing.send("Count")
        it.until(lambda: it.rows and "two" in it.rows[-1].reply, "some words")
        it.presenter.talk.stop()
        it.until(lambda: not it.presenter.talk.writing, "the stop")
        stopped = it.rows[0]
        it.say("Next question")
        it.presenter.talk.resume(stopped.id)
        it.until(lambda: "more" in it.rows[0].reply, "the rest")
        it.until(lambda: not it.presenter.talk.writing, "the end")
        assert [row.request for row in it.rows] == ["Count", "Next question"]
        after = it.say("And then?")
        assert [row.request for row in it.rows] == ["Count", "Next question", "And then?"]
        assert after.versions == 1


def test_what_was_refused_while_a_reply_is_written_stays_in_the_composer(
    write_script: WriteScript,
) -> None:
    slow = ScriptedReply("one two three four five six", delay=0.05)
    with stand(write_script(slow, "Second.")) as it:
        it.presenter.composing.send("Count")
        it.until(lambda: it.rows and "one" in it.rows[-1].reply, "a word")
        it.view.typed = "Too early"
        it.presenter.composing.send("Too early")
        assert it.notice("busy")
        it.until(lambda: not it.presenter.talk.writing, "the end")
        it.settle()
        assert it.view.typed == "Too early"
        assert it.notice("busy") is None
        assert it.say("Too early").reply == "Second."
        assert it.view.typed == ""


# ---------------------------------------------------------------- what happens in between


def test_nothing_of_a_temporary_chat_follows_into_a_saved_one(write_script: WriteScript) -> None:
    with stand(write_script("Hidden.", "Plain.")) as it:
        it.presenter.talk.new(temporary=True)
        it.until(lambda: it.view.header.temporary, "the temporary chat")
        row = it.say("SECRET words")
        with it.held("store"):
            it.presenter.talk.again(row.id)
            it.presenter.composing.edit(row.id)
            it.presenter.talk.new()
        it.settle()
        it.until(lambda: not it.presenter.talk.writing, "whatever was begun")
        assert it.view.typed == ""
        assert it.view.composer.editing == ""
    kept = b"".join(path.read_bytes() for path in find_home().data.rglob("*") if path.is_file())
    assert b"SECRET" not in kept


def test_a_new_chat_asked_for_twice_keeps_its_draft(write_script: WriteScript) -> None:
    with stand(write_script("Yes.")) as it:
        it.view.typed = "a long draft"
        it.presenter.composing.keep_draft()
        it.settle()
        with it.held("store"):
            it.presenter.talk.new()
            it.presenter.talk.new()
        it.settle()
        assert it.view.typed == "a long draft"
        with it.held("store"):
            it.presenter.talk.new()
            it.presenter.composing.keep_draft(leaving=True)
        it.settle()
        assert it.session.saved.draft(None) == "a long draft"


def test_what_is_typed_while_the_app_starts_is_added_to_the_draft(
    write_script: WriteScript,
) -> None:
    with stand(write_script("Yes.")) as it:
        it.say("Remember me")
        it.view.typed = "yesterday's draft"
        conversation = it.presenter.close()
    with stand(write_script("Yes."), reopen=conversation, typed="today") as it:
        it.until(lambda: it.rows, "the conversation")
        it.settle()
        assert it.view.typed == "yesterday's draft\ntoday"


def test_what_is_sent_before_anything_is_open_goes_to_a_new_chat(
    write_script: WriteScript,
) -> None:
    with stand(write_script("Yes.")) as it:
        it.say("Remember me")
        conversation = it.presenter.close()
    with stand(write_script("Early."), reopen=conversation, typed="Early?", sent=True) as it:
        it.until(lambda: it.rows and it.rows[-1].reply == "Early.", "the reply")
        assert [row.request for row in it.rows] == ["Early?"]
        it.settle()
        assert it.view.typed == ""
        assert len(it.view.sidebar.rows) == 2


def test_words_typed_beside_a_suggestion_belong_to_its_conversation(
    write_script: WriteScript,
) -> None:
    with stand(write_script("Tokyo.")) as it:
        it.presenter.composing.suggest("What is the capital of Japan?")
        it.until(lambda: it.rows and it.rows[-1].reply == "Tokyo.", "the reply")
        it.settle()
        it.view.typed = "and of Spain?"
        conversation = it.view.sidebar.selected
        it.presenter.talk.new()
        it.settle()
        assert it.view.typed == ""
        assert conversation is not None
        it.presenter.talk.open(conversation)
        it.until(lambda: it.rows, "the conversation")
        it.settle()
        assert it.view.typed == "and of Spain?"


def test_what_was_sent_does_not_follow_into_another_conversation(
    write_script: WriteScript,
) -> None:
    with stand(write_script("One.", "Two.")) as it:
        it.say("First")
        first = it.view.sidebar.selected
        it.view.typed = "draft of the first"
        it.presenter.talk.new()
        it.settle()
        assert first is not None
        with it.held("turn"):
            it.view.typed = "sent in the second"
            it.presenter.composing.send("sent in the second")
            it.presenter.talk.open(first)
            it.until(lambda: it.rows and it.rows[0].request == "First", "the first")
            assert it.view.typed == "draft of the first"
        it.until(lambda: not it.presenter.talk.writing, "the reply")
        it.settle()
        assert it.view.typed == "draft of the first"
        it.presenter.talk.new()
        it.settle()
        assert it.view.typed == "", "what was sent is no draft"


def test_a_stop_before_there_is_anything_to_stop_is_heeded(write_script: WriteScript) -> None:
    slow = ScriptedReply("one two three four five six seven eight nine ten", delay=0.1)
    with stand(write_script(slow)) as it:
        with it.held("turn"):
            it.view.typed = "Count"
            it.presenter.composing.send("Count")
            it.presenter.talk.stop()
            it.settle()
        it.until(lambda: not it.presenter.talk.writing, "the stop")
        assert it.rows[-1].facts.startswith("stopped")
        assert "ten" not in it.rows[-1].reply


def test_a_file_that_is_still_read_goes_with_what_is_sent(
    write_script: WriteScript, tmp_path: Path
) -> None:
    notes = tmp_path / "notes.md"
    notes.write_text("Milk", encoding="utf-8")
    with stand(write_script("Noted.")) as it:
        it.view.typed = "Look"
        with it.held("files"):
            it.presenter.composing.attach([str(notes)])
            it.presenter.composing.send("Look")
            assert not it.presenter.talk.writing
        it.until(lambda: it.rows and it.rows[-1].reply == "Noted.", "the reply")
        assert [chip.name for chip in it.rows[-1].attachments] == ["notes.md"]
        with it.held("files"):
            it.presenter.composing.attach([str(notes)])
            it.presenter.talk.new()
        it.settle()
        assert it.view.composer.attachments == (), "meant for the other conversation"


def test_files_wait_in_their_conversation(write_script: WriteScript, tmp_path: Path) -> None:
    notes = tmp_path / "notes.md"
    notes.write_text("Milk", encoding="utf-8")
    with stand(write_script("One.")) as it:
        it.say("First")
        first = it.view.sidebar.selected
        it.presenter.composing.attach([str(notes)])
        it.until(lambda: it.view.composer.attachments, "the chip")
        it.presenter.talk.new()
        assert it.view.composer.attachments == ()
        assert first is not None
        it.presenter.talk.open(first)
        it.until(lambda: it.view.composer.attachments, "the chip again")


def test_files_that_were_sent_do_not_wait_any_more(
    write_script: WriteScript, tmp_path: Path
) -> None:
    notes = tmp_path / "notes.md"
    notes.write_text("Milk", encoding="utf-8")
    with stand(write_script("One.", "Two.")) as it:
        it.say("First")
        first = it.view.sidebar.selected
        it.presenter.talk.new()
        it.presenter.composing.attach([str(notes)])
        it.until(lambda: it.view.composer.attachments, "the chip")
        assert first is not None
        with it.held("turn"):
            it.view.typed = "With a file"
            it.presenter.composing.send("With a file")
            it.presenter.talk.open(first)
            it.until(lambda: it.rows and it.rows[0].request == "First", "the first")
        it.until(lambda: not it.presenter.talk.writing, "the reply")
        it.settle()
        it.presenter.talk.new()
        it.settle()
        assert it.view.composer.attachments == ()
        assert it.view.typed == ""


def test_a_file_on_another_machine_is_not_even_looked_at(write_script: WriteScript) -> None:
    with stand(write_script("One.")) as it:
        it.presenter.composing.attach(["//server/share/x.txt", "\\\\server\\share\\y.txt"])
        it.settle()
        told = " ".join(each.text for each in it.view.notices)
        assert told.count("is on another machine") == 2


def test_what_is_found_from_the_bin_is_not_in_the_bin(write_script: WriteScript) -> None:
    with stand(write_script("About badgers.")) as it:
        it.say("One")
        it.presenter.chats.show_shelf("bin")
        it.settle()
        it.presenter.chats.search("badgers")
        it.settle()
        assert (it.view.sidebar.shelf, len(it.view.sidebar.rows)) == ("chats", 1)
        it.presenter.chats.search("")
        it.settle()
        assert it.view.sidebar.shelf == "bin"


def test_a_conversation_that_is_deleted_while_it_is_answered_is_left_in_peace(
    write_script: WriteScript,
) -> None:
    slow = ScriptedReply("one two three four five six seven eight", delay=0.05)
    with stand(write_script(slow)) as it:
        it.presenter.composing.send("Count")
        it.until(lambda: it.rows and "two" in it.rows[-1].reply, "some words")
        assert it.view.sidebar.selected is not None
        it.presenter.chats.delete(it.view.sidebar.selected)
        it.until(lambda: not it.presenter.talk.writing, "the stop")
        it.settle()
        assert it.rows == []
        assert {notice.key for notice in it.view.notices} == {"deleted"}


def test_a_model_file_of_any_spelling_in_the_folder_can_be_chosen(
    write_script: WriteScript,
) -> None:
    from homebody.library.shelf import STARTER, find_model

    starter = find_model(find_home(), STARTER).path
    find_home().models.mkdir(parents=True)
    (find_home().models / "BIG.GGUF").symlink_to(starter)
    with stand(write_script("Big.")) as it:
        it.until(lambda: len(it.view.header.models) == 2, "the list")
        big = next(model for model in it.view.header.models if model.title == "BIG")
        it.presenter.models.choose(big.name)
        it.until(lambda: it.view.header.model == "BIG", "the model")
        assert it.notice("problem") is None


def test_editing_takes_a_title_that_is_being_edited_as_it_stands(
    write_script: WriteScript,
) -> None:
    with stand(write_script("One.")) as it:
        it.say("First")
        before = it.view.settled
        it.presenter.talk.new()
        assert it.view.settled > before, "told before the other conversation is shown"
