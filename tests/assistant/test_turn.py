"""A turn, from request to reply, on a scripted engine and a real database."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.support import Scripted, of
from homebody.assistant.keeping import CHECKPOINT_SECONDS
from homebody.base.errors import BadInput, StoreFull, StoreProblem
from homebody.base.paths import find_home
from homebody.engine.scripted import ScriptedReply
from homebody.messages.events import Accepted, Done, Left, Saved, Stumbled, TurnEvent, Written
from homebody.messages.frames import Generate
from homebody.messages.turns import Turn
from homebody.store.store import Store

Start = Callable[..., Scripted]

LONG = " ".join(f"word{number}" for number in range(200))


def until_written(events: Iterator[TurnEvent], words: int = 1) -> str:
    """Take events until so many pieces of the reply have come; return them."""
    pieces = []
    for event in events:
        if isinstance(event, Written) and not event.reasoning:
            pieces.append(event.text)
            if len(pieces) == words:
                return "".join(pieces)
    raise AssertionError("the turn ended before there was so much of a reply")


# ---------------------------------------------------------------- the order of things


def test_events_come_in_their_order_and_the_reply_is_saved(scripted: Start) -> None:
    session = scripted("The capital of Japan is Tokyo.")
    done = session.ask("What is the capital of Japan?")

    assert isinstance(session.events[0], Accepted)
    assert session.events[0].saved
    assert isinstance(done, Done)
    assert session.text() == done.turn.reply == "The capital of Japan is Tokyo."
    kept = session.saved(done)
    assert (kept.reply, kept.state, kept.problem) == (done.turn.reply, "done", "")
    assert kept.run is not None
    assert kept.run.stop == "end"
    assert kept.run.bytes_sent == 0
    assert kept.run.stats.ttft_ms is not None
    assert kept.run.stats.energy_joules is None, "unknown is null, never a guess"


def test_the_request_is_on_the_disk_before_the_engine_is_asked(scripted: Start) -> None:
    session = scripted("Hello.")
    events = session.begin("Remember me")
    accepted = next(iter(events))

    assert isinstance(accepted, Accepted)
    other = Store.open(find_home())
    try:
        assert other.turn(accepted.turn.id).request == "Remember me"
    finally:
        other.close()
    assert session.requests() == [], "the engine saw a request before it was accepted"
    session.finish(events)
    assert session.requests()[0].messages[-1].text == "Remember me"


def test_the_conversation_gets_its_title_from_the_first_request_only(scripted: Start) -> None:
    session = scripted("Yes.")
    session.ask("Plan a trip to Porto. Four days.")
    session.ask("And the weather?")
    conversation = session.store.conversation(session.conversation)
    assert (conversation.title, conversation.titled_by) == ("Plan a trip to Porto", "app")


def test_the_model_sees_the_turns_before(scripted: Start) -> None:
    session = scripted("One.", "Two.", system="Be kind.")
    session.ask("First?")
    session.ask("Second?")
    assert [(m.role, m.text) for m in session.requests()[-1].messages] == [
        ("system", "Be kind."),
        ("user", "First?"),
        ("assistant", "One."),
        ("user", "Second?"),
    ]


def test_an_answer_anew_does_not_see_the_answer_that_it_replaces(scripted: Start) -> None:
    session = scripted("One.", "Two.", "Three.")
    first = session.ask("First?")
    second = session.ask("Second?")
    session.last = second.turn.parent
    again = session.ask("Second?")
    assert [m.text for m in session.requests()[-1].messages] == ["First?", "One.", "Second?"]
    assert session.store.siblings(again.turn.id) == [second.turn.id, again.turn.id]
    assert second.turn.parent == again.turn.parent == first.turn.id


def test_an_empty_message_is_refused_and_nothing_is_kept(scripted: Start) -> None:
    session = scripted("Hello.")
    with pytest.raises(BadInput):
        session.ask(" \n\t ")
    assert session.store.branch(session.conversation) == []


def test_reasoning_is_kept_apart_from_the_reply(scripted: Start) -> None:
    session = scripted(ScriptedReply("It is 4.", reasoning="two and two"), "Fine.")
    done = session.ask("2+2?")
    kept = session.saved(done)
    assert (kept.reply, kept.reasoning) == ("It is 4.", "two and two")
    assert session.text() == "It is 4."
    session.ask("Sure?")
    assert "two and two" not in [m.text for m in session.requests()[-1].messages]


def test_a_temporary_chat_never_touches_the_disk(scripted: Start, profile: Path) -> None:
    session = scripted("Hello.", temporary=True)
    done = session.ask("A secret")
    assert isinstance(session.events[0], Accepted)
    assert not session.events[0].saved
    assert session.store.turn(done.turn.id).reply == "Hello."
    assert not profile.exists()


# ---------------------------------------------------------------- while it is written


def test_the_reply_is_saved_while_it_is_written(scripted: Start) -> None:
    """At any moment all but the last half second of the reply is on the disk."""
    session = scripted(ScriptedReply(LONG, delay=0.01))
    session.finish(session.begin("Tell me"))

    saved = of(Saved, session.events)
    assert len(saved) >= 3
    assert [event.characters for event in saved] == sorted({e.characters for e in saved})
    assert CHECKPOINT_SECONDS < 0.5


def test_no_word_waits_longer_than_half_a_second_for_the_disk(scripted: Start) -> None:
    session = scripted(ScriptedReply(LONG, delay=0.01))
    unsaved: list[float] = []
    for event in session.begin("Tell me"):
        if isinstance(event, Written):
            # A busy machine delays pieces; what is checked is that no piece comes half a second
            # after one that is still unsaved.
            assert not unsaved or unsaved[-1] - unsaved[0] < 0.5, "a checkpoint is missing"
            unsaved.append(time.perf_counter())
        elif isinstance(event, Saved):
            unsaved.clear()


def test_a_checkpoint_survives_the_death_of_the_program(scripted: Start) -> None:
    session = scripted(ScriptedReply(LONG, delay=0.01))
    events = session.begin("Tell me")
    saved = next(event for event in events if isinstance(event, Saved))
    turn = session.store.branch(session.conversation)[0]

    other = Store.open(find_home())
    try:
        assert len(other.turn(turn.id).reply) == saved.characters > 0
    finally:
        other.close()
    events.close()  # type: ignore[attr-defined]


def test_stop_keeps_what_is_written(scripted: Start) -> None:
    session = scripted(ScriptedReply(LONG, delay=0.01))
    events = session.begin("Tell me")
    until_written(events, words=5)
    session.assistant.stop()
    done = session.finish(events)

    assert isinstance(done, Done)
    kept = session.saved(done)
    assert kept.state == "stopped"
    assert LONG.startswith(kept.reply)
    assert len(kept.reply.split()) < 200
    assert kept.run is not None
    assert kept.run.stop == "stopped"


def test_stop_from_another_thread_in_any_moment_ends_the_turn(scripted: Start) -> None:
    """Also in the moment between the acceptance and the engine's first word."""
    session = scripted(ScriptedReply(LONG, delay=0.02))
    for pause in (0.0, 0.001, 0.005, 0.02, 0.05):
        events = session.begin("Tell me")
        next(iter(events))
        stopper = threading.Timer(pause, session.assistant.stop)
        stopper.start()
        done = session.finish(events)
        stopper.join()
        assert done.turn.state == "stopped", f"a stop after {pause} s was not heeded"


class StopsTooEarly:
    """An engine that is told to stop a moment before it is told to write."""

    def __init__(self, session: Scripted) -> None:
        self._session = session

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session.engine, name)

    def generate(self, request: Generate) -> Iterator[object]:
        self._session.assistant.stop()
        return self._session.engine.generate(request)


def test_a_stop_that_comes_before_the_request_to_write_is_heeded(scripted: Start) -> None:
    session = scripted(ScriptedReply(LONG, delay=0.02))
    session.assistant._writing._engine = StopsTooEarly(session)  # type: ignore[assignment]
    done = session.ask("Tell me")
    assert done.turn.state == "stopped"
    assert len(done.turn.reply.split()) < 100


def test_stop_while_the_model_loads(scripted: Start) -> None:
    session = scripted("Hello.", load=30.0)
    events = session.begin("Tell me")
    next(iter(events))
    next(iter(events))
    session.assistant.stop()
    done = session.finish(events)
    assert isinstance(done, Done)
    assert session.saved(done).state == "stopped"


def test_a_caller_that_goes_away_leaves_a_saved_turn(scripted: Start) -> None:
    session = scripted(ScriptedReply(LONG, delay=0.01))
    events = session.begin("Tell me")
    said = until_written(events, words=3)
    events.close()  # type: ignore[attr-defined]
    (kept,) = session.store.branch(session.conversation)
    assert (kept.state, kept.reply) == ("stopped", said)


def test_a_caller_that_goes_away_at_once_leaves_a_closed_turn(scripted: Start) -> None:
    session = scripted("Hello.")
    events = session.begin("Tell me")
    next(iter(events))
    events.close()  # type: ignore[attr-defined]
    (kept,) = session.store.branch(session.conversation)
    assert (kept.state, kept.request) == ("stopped", "Tell me")


# ---------------------------------------------------------------- when the engine fails


def test_a_crash_in_the_middle_keeps_the_words_and_says_so(scripted: Start) -> None:
    session = scripted(ScriptedReply("One two three four", when="Count", crash=2), "I am back.")
    ending = session.ask("Count")

    assert isinstance(ending, Stumbled)
    assert ending.resumable
    assert "gave up" in ending.message
    assert "GGML_ASSERT(the script goes on) failed" in ending.message
    kept = session.saved(ending)
    assert (kept.state, kept.reply) == ("failed", "One two ")
    assert kept.problem == ending.message

    after = session.ask("Are you there?")
    assert isinstance(after, Done), "the conversation goes on"
    assert after.turn.reply == "I am back."
    assert [m.text for m in session.requests()[-1].messages][:2] == ["Count", "One two "]
    assert after.turn.parent == ending.turn.id


def test_kill_9_in_the_middle_keeps_the_words(scripted: Start) -> None:
    session = scripted(ScriptedReply(LONG, delay=0.02), "Back.")
    events = session.begin("Tell me")
    said = until_written(events, words=5)
    pid = session.engine.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    ending = session.finish(events)

    assert isinstance(ending, Stumbled)
    assert "signal 9" in ending.message or "memory ran out" in ending.message
    kept = session.saved(ending)
    assert kept.state == "failed"
    assert kept.reply.startswith(said)
    assert LONG.startswith(kept.reply)


def test_a_broken_reply_is_taken_up_where_it_broke_off(
    scripted: Start, write_script: Callable[..., Path]
) -> None:
    session = scripted(ScriptedReply("One two three four", crash=2))
    session.engine.wait_loaded()
    # The engine that is started after the crash has a script without one.
    write_script("One two three four")
    ending = session.ask("Count")
    done = session.finish(session.assistant.resume(ending.turn.id))
    assert session.text() == "three four"
    assert isinstance(done, Done)
    kept = session.saved(done)
    assert (kept.reply, kept.state, kept.problem) == ("One two three four", "done", "")
    assert session.requests()[-1].begin == "One two "
    assert kept.id == ending.turn.id


def test_a_finished_reply_cannot_be_resumed(scripted: Start) -> None:
    session = scripted("Hello.")
    done = session.ask("Hi")
    with pytest.raises(BadInput):
        list(session.assistant.resume(done.turn.id))
    assert session.saved(done).state == "done"


def test_a_crash_before_the_first_word_is_tried_again_silently(
    scripted: Start, write_script: Callable[..., Path]
) -> None:
    session = scripted(ScriptedReply("Hello.", crash=0))
    session.engine.wait_loaded()
    write_script("Hello.")
    done = session.ask("Hi")
    assert isinstance(done, Done), "a crash that cost no words is not the person's business"
    assert session.saved(done).reply == "Hello."
    assert len(session.requests()) == 2
    assert len(of(Accepted, session.events)) == 1


def test_two_crashes_before_the_first_word_are_said(scripted: Start) -> None:
    session = scripted(ScriptedReply("Hello.", crash=0))
    ending = session.ask("Hi")
    assert isinstance(ending, Stumbled)
    assert not ending.resumable
    assert len(session.requests()) == 2
    assert session.saved(ending).state == "failed"


def test_an_engine_that_was_given_up_starts_again_when_a_person_asks(
    scripted: Start, write_script: Callable[..., Path]
) -> None:
    session = scripted(ScriptedReply("Hello.", crash=0))
    session.ask("Hi")
    ending = session.ask("Hi again")
    assert isinstance(ending, Stumbled)
    assert "not started again" in ending.message
    write_script("Here I am.")
    done = session.ask("And now?")
    assert isinstance(done, Done)
    assert done.turn.reply == "Here I am."


def test_an_engine_that_hangs_is_ended_and_the_words_are_kept(scripted: Start) -> None:
    session = scripted(ScriptedReply("One two three", hang=2))
    ending = session.ask("Count")
    assert isinstance(ending, Stumbled)
    assert "stopped answering" in ending.message
    assert session.saved(ending).reply == "One two "
    assert ending.resumable


def test_an_engine_that_talks_nonsense_is_ended_and_the_words_are_kept(scripted: Start) -> None:
    session = scripted(ScriptedReply(LONG, garbage=2, delay=0.02))
    ending = session.ask("Count")
    assert isinstance(ending, Stumbled)
    assert "not a message of ours" in ending.message
    assert session.saved(ending).reply == "word0 word1 "


def test_a_model_that_cannot_be_loaded_fails_the_turn_and_keeps_the_request(
    scripted: Start,
) -> None:
    session = scripted("Hello.", fail_load="This architecture is unknown.")
    ending = session.ask("Hi")
    assert isinstance(ending, Stumbled)
    assert ending.message == "This architecture is unknown."
    kept = session.saved(ending)
    assert (kept.request, kept.state) == ("Hi", "failed")


def test_a_model_file_that_changed_is_loaded_again_and_answers(scripted: Start) -> None:
    session = scripted(ScriptedReply(fail="model_changed"), "Hello.")
    done = session.ask("Hi")
    assert isinstance(done, Done)
    assert done.turn.reply == "Hello."
    loads = [line for line in session.log.read_text().splitlines() if '"type":"load"' in line]
    assert len(loads) == 2


# ---------------------------------------------------------------- what does not fit


def test_what_is_left_out_is_said_and_recorded(scripted: Start) -> None:
    session = scripted("a" * 400, context=512)
    for number in range(8):
        done = session.ask(f"{number} " + "q" * 300)
        assert isinstance(done, Done)
    left = [event.dropped for event in of(Left, session.events)]
    turns = session.store.branch(session.conversation)
    kept = session.saved(done)
    assert kept.run is not None
    assert left == [kept.run.dropped]
    assert kept.run.dropped == tuple(turn.id for turn in turns[: len(kept.run.dropped)])
    seen = [message.text for message in session.requests()[-1].messages]
    assert seen == [
        text for turn in turns[len(left[0]) : -1] for text in (turn.request, turn.reply)
    ] + [kept.request]


def test_an_overflow_that_only_the_engine_sees_costs_one_turn_more(scripted: Start) -> None:
    """The estimate was too low, as for a template that writes a lot around each message."""
    session = scripted(
        "One.", "Two.", ScriptedReply(fail="overflow"), ScriptedReply(fail="overflow"), "Three."
    )
    first = session.ask("First?")
    second = session.ask("Second?")
    done = session.ask("Third?")
    assert isinstance(done, Done)
    assert done.turn.reply == "Three."
    assert [e.dropped for e in of(Left, session.events)] == [
        (first.turn.id,),
        (first.turn.id, second.turn.id),
    ]


def test_an_overflow_with_nothing_left_to_leave_out_is_said_once(scripted: Start) -> None:
    session = scripted(
        "One.", ScriptedReply(when="Second?", fail="overflow", message="It is too large.")
    )
    session.ask("First?")
    ending = session.ask("Second?")
    assert isinstance(ending, Stumbled)
    assert ending.message == "It is too large."
    assert len(session.requests()) == 3


def test_a_request_larger_than_the_context_is_kept_and_refused(scripted: Start) -> None:
    session = scripted("Hello.", context=512)
    ending = session.ask("long " * 1000)
    assert isinstance(ending, Stumbled)
    assert "512 tokens" in ending.message
    assert session.saved(ending).request == "long " * 1000
    assert session.requests() == []


# ---------------------------------------------------------------- when the disk fails


class Failing:
    """A store whose named methods fail as on a full disk, as long as `broken` says so."""

    def __init__(self, store: Store, *names: str) -> None:
        self._store, self._names = store, names
        self.broken = True
        self.tried = 0

    def __getattr__(self, name: str) -> Any:
        if name in self._names and self.broken:
            return self._fail
        return getattr(self._store, name)

    def _fail(self, *_: object, **__: object) -> Turn:
        self.tried += 1
        raise StoreFull("No space is left on the disk.", "Free some space.")


def failing(session: Scripted, *names: str) -> Failing:
    store = Failing(session.store, *names)
    parts = (session.assistant, session.assistant._keeping, session.assistant._writing)
    for part in parts:
        part._store = store
    return store


def test_a_request_that_cannot_be_saved_is_not_accepted(scripted: Start) -> None:
    session = scripted("Hello.")
    failing(session, "begin_turn")
    events = session.begin("Hi")
    with pytest.raises(StoreProblem):
        next(iter(events))
    assert session.requests() == [], "the model saw words that are nowhere on the disk"


def test_a_checkpoint_that_fails_is_said_once_and_the_reply_goes_on(scripted: Start) -> None:
    session = scripted(ScriptedReply(LONG, delay=0.01))
    store = failing(session, "checkpoint")
    done = session.ask("Tell me")
    assert isinstance(done, Done)
    assert store.tried >= 2
    assert [e.problem for e in of(Saved, session.events)] == ["No space is left on the disk."]
    assert session.saved(done).reply == LONG


def test_a_reply_that_cannot_be_saved_is_complete_and_says_so(scripted: Start) -> None:
    session = scripted("Hello you.")
    failing(session, "end_turn", "checkpoint")
    done = session.ask("Hi")
    assert isinstance(done, Done)
    assert done.turn.reply == "Hello you."
    assert done.problem == "No space is left on the disk. Free some space."


def test_a_title_that_cannot_be_saved_fails_nothing(scripted: Start) -> None:
    session = scripted("Hello.")
    failing(session, "rename")
    assert isinstance(session.ask("Hi"), Done)


def test_a_past_that_cannot_be_read_fails_the_turn_and_keeps_the_request(scripted: Start) -> None:
    session = scripted("Hello.")
    session.ask("Hi")
    failing(session, "branch")
    ending = session.ask("And?")
    assert isinstance(ending, Stumbled)
    assert session.saved(ending).state == "failed"
    assert session.saved(ending).request == "And?"


def test_a_conversation_erased_meanwhile_does_not_break_the_turn(scripted: Start) -> None:
    session = scripted(ScriptedReply(LONG, delay=0.01))
    events = session.begin("Tell me")
    until_written(events)
    session.store.erase(session.conversation)
    done = session.finish(events)
    assert isinstance(done, Done)
    assert done.problem
    assert done.turn.reply == LONG
