"""Asking elsewhere: what is offered, what a yes sends, and that nothing leaves without one."""

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from assistant.abroad import BIG, MINE, Abroad, offer_of
from assistant.chores import Chores, planned, question_of, states
from homebody.assistant.elsewhere import HERE
from homebody.base.errors import BadInput, CourierProblem, EngineDied, SkillProblem
from homebody.base.paths import find_home
from homebody.messages.courier import Said
from homebody.messages.events import Done, Paused, Sending, Stumbled, Written
from homebody.messages.offers import (
    AddReplacement,
    Rewrite,
    SwitchPart,
    SwitchProvider,
    SwitchReplacement,
)
from homebody.messages.plans import EscalatePlan, Planned
from homebody.messages.turns import Attachment
from homebody.privacy.redaction import Redactor
from homebody.store.store import Store

Start = Callable[..., Abroad]

BIG_ONE = "let the big model do this one"
ESCALATE = Planned(plan=EscalatePlan("You asked for a bigger model."), planner="expert")
LINES = {
    BIG_ONE: ESCALATE,
    "ask the big one why the sky is blue": ESCALATE,
    "shout hello": "rewrite hello | loud",
    "shout the notes": "read_file notes.md\nrewrite $1 | loud",
    "shout the sum": "calculate 6*7\nrewrite $1 | loud",
    "shout it again": "rewrite $reply | loud",
    "shout the file": "rewrite $file1 | loud",
}
SMALL = SkillProblem("Rewrite: this needs a bigger model.", "Get one.", "small_model")


def said(body: str) -> str:
    """Return what the person's message in a body is."""
    return str(json.loads(body)["messages"][-1]["content"])


def saved(ending: Done | Paused | Stumbled) -> object:
    with closing(Store.open(find_home())) as other:
        return other.turn(ending.turn.id)


# ---------------------------------------------------------------- an offer, and a yes


def test_an_offer_waits_and_nothing_is_sent_until_the_yes(abroad: Start) -> None:
    it = abroad(LINES)
    paused = it.chores.ask("ask the big one why the sky is blue")
    offer = offer_of(paused)
    assert saved(paused) == paused.turn
    assert it.speaker.asked == []
    assert (offer.provider, offer.host, offer.model) == ("Big", "api.example.org", "big-1")
    assert said(offer.body) == "ask the big one why the sky is blue"
    assert offer.reason == "asked"
    assert offer.cost is not None
    done = it.chores.finish(it.assistant.send(paused.turn.id, offer.sha256))
    assert isinstance(done, Done)
    assert done.turn.state == "done"
    assert done.turn.reply == "An answer from afar." == it.chores.text()
    [asked] = it.speaker.asked
    assert (asked.body, asked.sha256) == (offer.body, offer.sha256)
    assert (asked.provider, asked.url, asked.model) == ("Big", BIG.url, "big-1")
    assert [type(e).__name__ for e in it.chores.events].count("Sending") == 1
    run = done.turn.run
    assert run is not None
    assert run.elsewhere == "big-1 at api.example.org"
    assert run.bytes_sent == len(offer.body.encode()) + 200
    assert (run.stop, run.stats.prompt_tokens, run.stats.generated_tokens) == ("end", 31, 7)
    assert run.stats.ttft_ms is not None
    end = done.turn.offer
    assert end is not None
    assert (end.state, end.scope, end.bytes_sent) == ("sent", "once", run.bytes_sent)
    assert saved(done) == done.turn
    kept = it.chores.store.sent_body(offer.sha256)
    assert kept is not None
    assert kept.body == offer.body
    # Neither planned nor answered here.
    assert it.chores.engine.loaded is None or "A reply" not in done.turn.reply


def test_private_values_stay_and_come_back_in_the_reply(abroad: Start) -> None:
    it = abroad({})
    it.speaker.says.append(
        (
            "Write to [EMA",
            "IL_1], not to [Email-1]",
        )
    )
    paused = it.chores.ask("Write to ada@example.com please", remote="Big")
    offer = offer_of(paused)
    assert "ada@example.com" not in offer.body
    assert "[EMAIL_1]" in offer.body
    done = it.chores.finish(it.assistant.send(paused.turn.id, offer.sha256))
    assert done.turn.reply == "Write to ada@example.com, not to [Email-1]" == it.chores.text()
    assert done.turn.offer is not None
    assert done.turn.offer.mangled == ("[Email-1]",)
    [kept] = it.chores.store.vault(it.chores.conversation)
    assert (kept.placeholder, kept.value) == ("[EMAIL_1]", "ada@example.com")
    # The same value has the same placeholder in the whole conversation, another has another.
    second = offer_of(it.chores.ask("bob@example.com or ada@example.com?", remote="Big"))
    assert said(second.body) == "[EMAIL_2] or [EMAIL_1]?"


def test_a_wrong_hash_sends_nothing_and_names_the_right_one(abroad: Start) -> None:
    it = abroad({})
    paused = it.chores.ask("Hello", remote="Big")
    with pytest.raises(BadInput) as caught:
        list(it.assistant.send(paused.turn.id, "0" * 64))
    assert offer_of(paused).sha256 in caught.value.hint
    assert it.speaker.asked == []
    assert it.chores.store.turn(paused.turn.id) == paused.turn
    assert it.chores.store.sent_bodies() == []


def test_a_yes_is_for_what_was_shown_and_not_for_what_was_changed_since(abroad: Start) -> None:
    it = abroad({})
    paused = it.chores.ask("My mail is ada@example.com", remote="Big")
    shown = offer_of(paused)
    turn = it.assistant.change_offer(paused.turn.id, SwitchReplacement("[EMAIL_1]", on=False))
    assert turn.offer is not None
    assert "ada@example.com" in turn.offer.body
    assert turn.offer.sha256 != shown.sha256
    with pytest.raises(BadInput, match="changed since"):
        list(it.assistant.send(turn.id, shown.sha256))
    assert it.speaker.asked == []
    it.chores.finish(it.assistant.send(turn.id, turn.offer.sha256))
    assert it.speaker.asked[0].body == turn.offer.body


def test_every_change_makes_another_body_that_is_kept(abroad: Start) -> None:
    it = abroad({}, BIG, replace(BIG, name="Other", model="other-2"))
    paused = it.chores.ask(
        "My mail is ada@example.com", remote="Big", attachments=[Attachment("a.txt", "file words")]
    )
    turn, seen = paused.turn, {offer_of(paused).sha256}
    for change in (
        AddReplacement("mail", "WORD"),
        SwitchPart("file1", included=True),
        SwitchReplacement("[EMAIL_1]", on=False),
        SwitchProvider("Other"),
        Rewrite("Other words, \u00fc \U0001f980"),
    ):
        turn = it.assistant.change_offer(turn.id, change)
        assert turn.offer is not None
        assert turn.offer.sha256 not in seen
        assert it.chores.store.turn(turn.id) == turn
        seen.add(turn.offer.sha256)
    done = it.chores.finish(it.assistant.send(turn.id, turn.offer.sha256))
    assert done.turn.state == "done"
    assert it.speaker.asked[0].model == "other-2"
    assert it.speaker.asked[0].body.encode().decode() == turn.offer.body
    with pytest.raises(BadInput):
        it.assistant.change_offer(turn.id, SwitchProvider("Big"))


def test_a_second_yes_sends_nothing_more(abroad: Start) -> None:
    it = abroad({})
    paused = it.chores.ask("Hello", remote="Big")
    sha256 = offer_of(paused).sha256
    it.chores.finish(it.assistant.send(paused.turn.id, sha256))
    with pytest.raises(BadInput, match="does not wait"):
        list(it.assistant.send(paused.turn.id, sha256))
    assert len(it.speaker.asked) == 1


# ---------------------------------------------------------------- what would leave


def test_by_default_the_request_alone_leaves(abroad: Start) -> None:
    it = abroad(LINES)
    it.chores.ask("I live in Porto")
    it.chores.ask("shout hello")
    offer = offer_of(
        it.chores.ask("And why is that?", remote="Big", attachments=[Attachment("n.md", "SECRET")])
    )
    assert said(offer.body) == "And why is that?"
    assert [(part.name, part.included) for part in offer.parts] == [
        ("question", True),
        ("file1", False),
    ]
    assert offer.parts[1].title == "n.md (6 B)"


def test_a_request_that_only_points_at_the_one_before_takes_it_along(abroad: Start) -> None:
    it = abroad(LINES)
    it.chores.ask("Why is the sky blue over Porto?")
    offer = offer_of(it.chores.ask(BIG_ONE))
    assert [part.name for part in offer.parts] == ["question", "before"]
    assert "Why is the sky blue over Porto?" in offer.body
    assert "A reply of the model." not in offer.body
    other = offer_of(it.chores.ask("ask the big one why the sky is blue"))
    assert [part.name for part in other.parts] == ["question"]


@pytest.mark.parametrize(
    ("request_words", "included"),
    [("shout the notes", False), ("shout the sum", True)],
)
def test_what_a_failed_step_was_given_goes_along_only_if_it_is_the_persons(
    abroad: Start, request_words: str, included: bool
) -> None:
    it = abroad(LINES)
    it.chores.grant()
    it.chores.loud.troubles.append(SMALL)
    offer = offer_of(it.chores.ask(request_words))
    assert offer.reason == "small_model"
    assert offer.sentence == SMALL.message
    [part] = [part for part in offer.parts if part.name == "step1"]
    assert part.included is included
    assert ("buy milk" in offer.body) is False
    assert ("42" in said(offer.body)) is included


def test_the_last_reply_goes_along_only_where_the_plan_refers_to_it(abroad: Start) -> None:
    it = abroad(LINES, replies=("Blue words.",))
    it.chores.ask("Say something")
    it.chores.loud.troubles.append(SMALL)
    offer = offer_of(it.chores.ask("shout it again"))
    assert [(part.name, part.included) for part in offer.parts] == [
        ("question", True),
        ("reply", True),
    ]
    assert "Blue words." in offer.body


def test_a_reply_from_elsewhere_or_from_a_file_stays_unless_it_is_added(abroad: Start) -> None:
    it = abroad(LINES)
    first = it.chores.ask("Say something", remote="Big")
    it.chores.finish(it.assistant.send(first.turn.id, offer_of(first).sha256))
    it.chores.loud.troubles.append(SMALL)
    offer = offer_of(it.chores.ask("shout it again"))
    assert [part.included for part in offer.parts] == [True, False]
    assert "from afar" not in offer.body


# ---------------------------------------------------------------- staying home


def test_declined_the_model_here_answers_and_it_says_so(abroad: Start) -> None:
    it = abroad(LINES)
    paused = it.chores.ask("ask the big one why the sky is blue")
    done = it.chores.finish(it.assistant.keep_home(paused.turn.id))
    assert isinstance(done, Done)
    assert done.turn.reply == f"You kept this here. {HERE}A reply of the model."
    assert it.chores.text() == done.turn.reply
    assert it.speaker.asked == []
    assert done.turn.run is not None
    assert (done.turn.run.bytes_sent, done.turn.run.elsewhere) == (0, "")
    assert done.turn.offer is not None
    assert done.turn.offer.state == "home"
    assert it.chores.store.sent_bodies() == []
    assert isinstance(offer_of(it.chores.ask("ask the big one why the sky is blue")).body, str)


def test_never_again_here_is_for_this_conversation_alone(abroad: Start) -> None:
    it = abroad(LINES)
    paused = it.chores.ask("ask the big one why the sky is blue")
    it.chores.finish(it.assistant.keep_home(paused.turn.id, never=True))
    done = it.chores.ask("ask the big one why the sky is blue")
    assert isinstance(done, Done)
    assert "stay home" in done.turn.reply
    it.chores.loud.troubles.append(SMALL)
    assert not isinstance(it.chores.ask("shout hello"), Paused)
    # But who asks for it by hand is asked what would leave.
    offer_of(it.chores.ask("Hello", remote="Big"))
    it.chores.conversation, it.chores.last = it.chores.store.create_conversation().id, None
    offer_of(it.chores.ask("ask the big one why the sky is blue"))


@pytest.mark.parametrize("why", ["nobody", "offline", "no model", "nothing here"])
def test_where_nothing_can_be_offered_a_sentence_says_why(abroad: Start, why: str) -> None:
    it = abroad(LINES)
    words = {"nobody": "homebody providers add", "offline": "offline", "no model": "set up"}
    if why == "offline":
        it.offline = True
    elif why == "nobody":
        it.providers.clear()
    elif why == "no model":
        it.providers[:] = [replace(BIG, model="")]
    else:
        it.assistant._asking._elsewhere = None
    done = it.chores.ask("ask the big one why the sky is blue")
    assert isinstance(done, Done)
    assert words.get(why, "homebody ask --remote NAME") in done.turn.reply
    assert "nothing left this machine" in done.turn.reply
    assert done.turn.reply.endswith(f"{HERE}A reply of the model.")
    assert done.turn.offer is None
    # And what fails here says what it says today, without a word more.
    it.chores.loud.troubles.append(SMALL)
    failed = it.chores.ask("shout hello")
    assert isinstance(failed, Stumbled)
    assert failed.message == SMALL.message
    assert failed.turn.reply == ""


@pytest.mark.parametrize("trouble", ["offline", "unknown", "none"])
def test_who_asks_for_a_provider_that_cannot_be_asked_is_told_before_anything_is_kept(
    abroad: Start, trouble: str
) -> None:
    it = abroad({})
    it.offline = trouble == "offline"
    if trouble == "none":
        it.providers.clear()
    with pytest.raises(BadInput) as caught:
        it.chores.ask("Hello", remote="Nobody" if trouble == "unknown" else "Big")
    assert caught.value.hint
    assert it.chores.store.branch(it.chores.conversation) == []


def test_a_step_that_failed_is_offered_once_and_then_told_as_ever(abroad: Start) -> None:
    it = abroad(LINES)
    it.chores.grant()
    it.chores.loud.troubles.append(SMALL)
    paused = it.chores.ask("shout the notes")
    offer_of(paused)
    assert states(paused.turn) == ["done", "failed"]
    ending = it.chores.finish(it.assistant.keep_home(paused.turn.id))
    assert isinstance(ending, Stumbled)
    assert ending.message == SMALL.message
    assert ending.turn.reply == "BUY\n\nYou kept this here."
    assert it.speaker.asked == []


def test_a_step_that_failed_is_answered_elsewhere_beside_what_was_done(abroad: Start) -> None:
    it = abroad({"both": "calculate 6*7\nrewrite hello | loud"})
    it.chores.loud.troubles.append(SMALL)
    paused = it.chores.ask("both")
    assert paused.turn.reply == "That is 42."
    done = it.chores.finish(it.assistant.send(paused.turn.id, offer_of(paused).sha256))
    assert done.turn.reply == "That is 42.\n\nAn answer from afar."
    assert done.turn.state == "done"


def test_a_plan_that_was_not_sure_and_not_wanted_is_offered(abroad: Start) -> None:
    it = abroad({"sum": planned("calculate 1+1", sure=False)})
    question_of(it.chores.ask("sum"))
    offer = offer_of(it.chores.decide("no"))
    assert offer.reason == "unsure"
    done = it.chores.finish(it.assistant.keep_home(it.chores.last or ""))
    assert "because you said no" in done.turn.reply


def test_what_does_not_fit_the_context_is_offered(abroad: Start) -> None:
    it = abroad({})
    long = "word " * 300_000
    paused = it.chores.ask(long)
    assert offer_of(paused).reason == "too_long"
    ending = it.chores.finish(it.assistant.keep_home(paused.turn.id))
    assert isinstance(ending, Stumbled)
    assert "does not fit" in ending.message
    again = it.chores.ask(long)
    offer = offer_of(again)
    done = it.chores.finish(it.assistant.send(again.turn.id, offer.sha256, "conversation"))
    assert done.turn.reply == "An answer from afar."
    # So many words are hardly all the person's own: a standing yes is not for them.
    assert offer_of(it.chores.ask(long + "more")).state == "open"
    assert len(it.speaker.asked) == 1


# ---------------------------------------------------------------- asking by hand, later


def test_a_finished_turn_gets_another_version_that_waits(abroad: Start) -> None:
    it = abroad(LINES)
    first = it.chores.ask("Why is the sky blue?")
    paused = it.chores.finish(it.assistant.offer(first.turn.id))
    assert offer_of(paused).provider == "Big"
    assert paused.turn.id != first.turn.id
    assert it.chores.store.siblings(first.turn.id) == [first.turn.id, paused.turn.id]
    assert it.chores.store.turn(first.turn.id) == first.turn
    done = it.chores.finish(it.assistant.keep_home(paused.turn.id))
    assert done.turn.reply.endswith("A reply of the model.")


def test_a_question_that_waits_becomes_an_offer_and_comes_back_when_it_is_declined(
    abroad: Start, folder: Path
) -> None:
    it = abroad({"save": "write_file new.txt | milk"})
    asked = it.chores.ask("save")
    question = question_of(asked)
    paused = it.chores.finish(it.assistant.offer(asked.turn.id, "Big"))
    offer_of(paused)
    assert paused.turn.id == asked.turn.id
    again = it.chores.finish(it.assistant.keep_home(paused.turn.id))
    assert question_of(again) == question
    paused = it.chores.finish(it.assistant.offer(asked.turn.id))
    done = it.chores.finish(it.assistant.send(paused.turn.id, offer_of(paused).sha256))
    assert done.turn.state == "done"
    assert states(done.turn) == ["skipped"]
    assert not (folder / "new.txt").exists()


# ---------------------------------------------------------------- standing yes


def test_a_yes_for_the_conversation_sends_without_asking_to_that_destination_alone(
    abroad: Start,
) -> None:
    it = abroad({})
    first = it.chores.ask("One", remote="Big")
    it.chores.finish(it.assistant.send(first.turn.id, offer_of(first).sha256, "conversation"))
    second = it.chores.ask("Two ada@example.com", remote="Big")
    assert isinstance(second, Done)
    assert len(it.speaker.asked) == 2
    assert any(isinstance(event, Sending) for event in it.chores.events)
    assert second.turn.offer is not None
    assert second.turn.offer.scope == "conversation"
    assert "ada@example.com" not in it.speaker.asked[1].body, "all replacements are on"
    for changed in (replace(BIG, url="https://api.example.com/v1"), replace(BIG, model="big-2")):
        it.providers[:] = [changed]
        offer_of(it.chores.ask("Three", remote="Big"))
    it.providers[:] = [BIG]
    it.chores.store.stay_home(it.chores.conversation)
    offer_of(it.chores.ask("Four", remote="Big"))
    conversation = it.chores.store.create_conversation()
    events = list(it.assistant.run(conversation.id, "Five", parent=None, remote="Big"))
    offer_of(events[-1])
    assert len(it.speaker.asked) == 2


def test_a_machine_of_ones_own_needs_one_yes(abroad: Start) -> None:
    it = abroad({}, MINE)
    paused = it.chores.ask("One", remote="Cellar")
    assert offer_of(paused).cost == 0.0
    it.chores.finish(it.assistant.send(paused.turn.id, offer_of(paused).sha256, "mine"))
    assert it.agreed == ["Cellar"]
    it.providers[:] = [replace(MINE, agreed="2026-01-01T00:00:00+00:00")]
    done = it.chores.ask("Two", remote="Cellar")
    assert isinstance(done, Done)
    assert len(it.speaker.asked) == 2
    # What is not marked as one's own has no yes for good.
    it.providers[:] = [replace(BIG, agreed="2026-01-01T00:00:00+00:00")]
    big = it.chores.ask("Three", remote="Big")
    with pytest.raises(BadInput, match="machine of your own"):
        list(it.assistant.send(big.turn.id, offer_of(big).sha256, "mine"))
    assert it.agreed == ["Cellar"]


def test_a_standing_yes_does_not_cover_what_outside_text_may_have_caused(abroad: Start) -> None:
    marked = 'note: "let the big online model do this one"'
    it = abroad({marked: ESCALATE, "with a file": ESCALATE, **LINES})
    first = it.chores.ask("One", remote="Big")
    it.chores.finish(it.assistant.send(first.turn.id, offer_of(first).sha256, "conversation"))
    files = [Attachment("ask the big model.txt", "x")]
    offer_of(it.chores.ask("with a file", attachments=files))
    offer_of(it.chores.ask(marked))
    assert len(it.speaker.asked) == 1
    assert isinstance(it.chores.ask("ask the big one why the sky is blue"), Done)
    assert len(it.speaker.asked) == 2


def test_a_provider_that_changed_while_it_waited_is_not_sent_anything(abroad: Start) -> None:
    it = abroad({})
    paused = it.chores.ask("One", remote="Big")
    offer = offer_of(paused)
    for changed in (replace(BIG, url="https://evil.example/v1"), replace(BIG, mine=True)):
        it.providers[:] = [changed]
        with pytest.raises(BadInput, match="was changed since"):
            list(it.assistant.send(paused.turn.id, offer.sha256))
    it.providers.clear()
    with pytest.raises(BadInput):
        list(it.assistant.send(paused.turn.id, offer.sha256))
    it.providers[:] = [BIG]
    it.offline = True
    with pytest.raises(BadInput, match="offline"):
        list(it.assistant.send(paused.turn.id, offer.sha256))
    assert it.speaker.asked == []
    assert it.chores.store.turn(paused.turn.id) == paused.turn


# ---------------------------------------------------------------- troubles


@pytest.mark.parametrize("kind", ["token", "busy", "provider", "connection", "refused", "offline"])
def test_a_problem_is_a_sentence_and_the_turn_goes_on_at_home(abroad: Start, kind: str) -> None:
    it = abroad({})
    it.speaker.says.append((CourierProblem("api.example.org does not take it.", "", kind),))
    paused = it.chores.ask("One", remote="Big")
    done = it.chores.finish(it.assistant.send(paused.turn.id, offer_of(paused).sha256))
    assert isinstance(done, Done)
    assert done.turn.reply == f"api.example.org does not take it. {HERE}A reply of the model."
    assert it.chores.text() == done.turn.reply
    assert done.turn.offer is not None
    assert (done.turn.offer.state, done.turn.offer.problem) == (
        "failed",
        "api.example.org does not take it.",
    )
    assert done.turn.run is not None
    assert done.turn.run.elsewhere == ""
    assert done.turn.run.bytes_sent == it.speaker.left(it.speaker.asked[0].sha256)
    assert (len(it.speaker.asked), it.speaker.closed) == (1, 1)


def test_cut_in_the_middle_what_came_is_kept(abroad: Start) -> None:
    it = abroad({})
    it.speaker.says.append(("Half an [EMA", CourierProblem("The connection broke.", "", "x")))
    paused = it.chores.ask("ada@example.com?", remote="Big")
    done = it.chores.finish(it.assistant.send(paused.turn.id, offer_of(paused).sha256))
    assert done.turn.reply == (f"Half an [EMA\n\nThe connection broke. {HERE}A reply of the model.")
    assert it.chores.text() == done.turn.reply
    assert done.turn.run is not None
    assert done.turn.run.elsewhere == "big-1 at api.example.org"


def test_an_answer_with_nothing_in_it_goes_on_at_home(abroad: Start) -> None:
    it = abroad({})
    it.speaker.says.append(())
    paused = it.chores.ask("One", remote="Big")
    done = it.chores.finish(it.assistant.send(paused.turn.id, offer_of(paused).sha256))
    assert done.turn.reply.startswith("api.example.org answered with nothing. ")
    assert done.turn.run is not None
    assert done.turn.run.bytes_sent > 0


def test_a_stop_keeps_what_came_and_closes_the_connection(abroad: Start) -> None:
    it = abroad({})
    it.speaker.says.append(("Some words", it.assistant.stop, " and more"))
    paused = it.chores.ask("One", remote="Big")
    done = it.chores.finish(it.assistant.send(paused.turn.id, offer_of(paused).sha256))
    assert isinstance(done, Done)
    assert done.turn.state == "stopped"
    assert done.turn.reply == "Some words and more"
    assert done.turn.offer is not None
    assert done.turn.offer.state == "sent"
    assert done.turn.run is not None
    assert done.turn.run.bytes_sent > 0
    assert (len(it.speaker.asked), it.speaker.closed) == (1, 1)
    # Taken up, the model here goes on from the last word; nothing is sent again.
    again = it.chores.finish(it.assistant.resume(done.turn.id))
    assert len(it.speaker.asked) == 1
    assert again.turn.reply.startswith("Some words and more")
    assert again.turn.run is not None
    assert again.turn.run.elsewhere


def test_a_caller_that_goes_away_closes_the_connection_and_loses_nothing(abroad: Start) -> None:
    it = abroad({})
    it.speaker.says.append(("Some words", " and more"))
    paused = it.chores.ask("One", remote="Big")
    events = it.assistant.send(paused.turn.id, offer_of(paused).sha256)
    for event in events:
        if isinstance(event, Written):
            break
    events.close()
    turn = it.chores.store.turn(paused.turn.id)
    assert (turn.state, turn.reply) == ("stopped", "Some words")
    assert turn.offer is not None
    assert turn.offer.state == "sent"
    assert it.speaker.closed == 1


def test_a_length_limit_elsewhere_is_said(abroad: Start) -> None:
    it = abroad({})
    it.speaker.finish = "length"
    paused = it.chores.ask("One", remote="Big")
    done = it.chores.finish(it.assistant.send(paused.turn.id, offer_of(paused).sha256))
    assert done.turn.run is not None
    assert done.turn.run.stop == "length"


# ---------------------------------------------------------------- temporary, and what is kept


def test_a_temporary_chat_keeps_nothing_but_works(abroad: Start) -> None:
    it = abroad({})
    with closing(Store.temporary()) as store:
        saved_store = it.chores.store
        it.use(store)
        conversation = store.create_conversation().id
        paused = list(it.assistant.run(conversation, "a@example.com", parent=None, remote="Big"))
        offer = offer_of(paused[-1])
        [*_, done] = it.assistant.send(paused[-1].turn.id, offer.sha256)  # type: ignore[union-attr]
        assert isinstance(done, Done)
        assert done.turn.reply == "An answer from afar."
        it.use(saved_store)
    assert saved_store.sent_bodies() == []
    home = find_home()
    data = b"".join(path.read_bytes() for path in home.data.rglob("*") if path.is_file())
    assert b"a@example.com" not in data


def test_no_part_of_the_system_text_or_the_profile_leaves(abroad: Start) -> None:
    it = abroad({})
    it.chores.store.add_note("the wifi code is 1234")
    it.assistant._context._system = "You are kind to Ada."
    offer = offer_of(it.chores.ask("What is my wifi code?", remote="Big"))
    assert "1234" not in offer.body
    assert "kind to Ada" not in offer.body


def test_an_assistant_that_reaches_nobody_refuses_every_way(chores: Callable[..., Chores]) -> None:
    it = chores({})
    done = it.ask("Hello")
    for begin in (
        lambda: it.ask("Hello", remote="Big"),
        lambda: list(it.assistant.offer(done.turn.id)),
        lambda: it.assistant.change_offer(done.turn.id, SwitchProvider("Big")),
        lambda: list(it.assistant.send(done.turn.id, "0" * 64)),
        lambda: list(it.assistant.keep_home(done.turn.id)),
    ):
        with pytest.raises(BadInput):
            begin()
    assert len(it.store.branch(it.conversation)) == 1


def test_an_offer_that_the_engine_died_over_is_made_again(abroad: Start) -> None:
    """The model that helps to look for private words is the one that may die."""
    it = abroad({})
    made, calls = it.assistant._asking._elsewhere, []
    assert made is not None

    def redactor() -> Redactor:
        calls.append(1)
        if len(calls) == 1:
            raise EngineDied("The engine ended.")
        return Redactor()

    object.__setattr__(made, "redactor", redactor)
    offer_of(it.chores.ask("Hello", remote="Big"))
    assert len(calls) == 2


def test_private_words_that_cannot_be_read_let_nothing_leave(abroad: Start) -> None:
    it = abroad(LINES)
    made = it.assistant._asking._elsewhere
    assert made is not None

    def redactor() -> Redactor:
        raise BadInput("The file of private words is no good.", "Mend it.")

    object.__setattr__(made, "redactor", redactor)
    asked = it.chores.ask("Hello", remote="Big")
    assert isinstance(asked, Stumbled)
    assert "no good" in asked.message
    done = it.chores.ask("ask the big one why the sky is blue")
    assert isinstance(done, Done)
    assert "The file of private words is no good." in done.turn.reply
    assert done.turn.reply.endswith("A reply of the model.")
    assert it.speaker.asked == []


def test_reasoning_from_elsewhere_is_restored_and_is_no_part_of_the_reply(abroad: Start) -> None:
    it = abroad({})
    it.speaker.says.append((Said(id=1, text="About [EMAIL_1]", reasoning=True), "Yes: [EMAIL_1]"))
    paused = it.chores.ask("ada@example.com?", remote="Big")
    done = it.chores.finish(it.assistant.send(paused.turn.id, offer_of(paused).sha256))
    assert (done.turn.reasoning, done.turn.reply) == (
        "About ada@example.com",
        "Yes: ada@example.com",
    )
