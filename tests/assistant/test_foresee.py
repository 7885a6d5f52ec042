"""What the next prompt would be, told while it is being written; and prompts with attachments."""

import threading
import time
from collections.abc import Callable

import msgspec
import pytest

from assistant.support import DEADLINE, Scripted
from homebody.assistant.prompt import compose
from homebody.assistant.turn import Assistant
from homebody.base.errors import BadInput, EngineProblem
from homebody.base.paths import find_home
from homebody.engine.client import Engine
from homebody.engine.scripted import ScriptedReply
from homebody.messages.events import Done, Stumbled, Written
from homebody.messages.frames import Count, ToEngine
from homebody.messages.turns import Attachment, Foreseen
from homebody.store.store import Store

Start = Callable[..., Scripted]

FILE = Attachment("a.txt", "```\nsome text\n```\n" * 20)


def ready(session: Scripted) -> Scripted:
    session.engine.wait_loaded()
    return session


def foresee(session: Scripted, request: str, *files: Attachment) -> Foreseen | None:
    return session.assistant.foresee(
        session.conversation, request, parent=session.last, attachments=files
    )


def counted(session: Scripted) -> list[str]:
    """Return every text that the engine was asked to count."""
    frames = [
        msgspec.json.decode(line, type=ToEngine) for line in session.log.read_bytes().splitlines()
    ]
    return [text for frame in frames if isinstance(frame, Count) for text in frame.texts]


def tokens(text: str) -> int:
    return (len(text) + 3) // 4


# ---------------------------------------------------------------- attachments


def test_the_model_reads_the_request_and_its_files(scripted: Start) -> None:
    session = scripted("Seen.")
    done = session.finish(
        session.assistant.run(session.conversation, "Look.", parent=None, attachments=(FILE,))
    )
    assert session.requests()[-1].messages[-1].text == compose("Look.", (FILE,))
    assert session.saved(done).attachments == (FILE,)
    assert session.store.conversation(session.conversation).title == "Look"
    session.ask("And now?")
    said = [message.text for message in session.requests()[-1].messages]
    assert said == [compose("Look.", (FILE,)), "Seen.", "And now?"], "later turns see it as well"


def test_a_turn_is_answered_again_with_the_same_files(scripted: Start) -> None:
    session = scripted("One.", "Two.")
    first = session.finish(
        session.assistant.run(session.conversation, "Look.", parent=None, attachments=(FILE,))
    )
    kept = session.store.turn(first.turn.id)
    again = session.finish(
        session.assistant.run(
            session.conversation, kept.request, parent=kept.parent, attachments=kept.attachments
        )
    )
    assert session.requests()[0].messages == session.requests()[1].messages
    assert again.turn.attachments == (FILE,)
    assert session.store.siblings(again.turn.id) == [first.turn.id, again.turn.id]


def test_a_file_alone_is_no_message(scripted: Start) -> None:
    session = scripted("Seen.")
    with pytest.raises(BadInput, match="empty"):
        next(session.assistant.run(session.conversation, " ", parent=None, attachments=(FILE,)))
    assert session.store.branch(session.conversation) == []


def test_a_file_that_does_not_fit_is_refused_and_kept(scripted: Start) -> None:
    session = scripted("Seen.", context=512)
    large = Attachment("large.txt", "words " * 1000)
    ending = session.finish(
        session.assistant.run(session.conversation, "Look.", parent=None, attachments=(large,))
    )
    assert isinstance(ending, Stumbled)
    assert "does not fit" in ending.message
    assert session.saved(ending).attachments == (large,)


def test_a_file_of_an_earlier_turn_counts_when_turns_are_left_out(scripted: Start) -> None:
    session = scripted("Seen.", context=1024)
    big = Attachment("big.txt", "words " * 400)
    first = session.finish(
        session.assistant.run(session.conversation, "Look.", parent=None, attachments=(big,))
    )
    done = session.ask("x" * 1600)
    assert isinstance(done, Done)
    assert done.turn.run is not None
    assert done.turn.run.dropped == (first.turn.id,)


# ---------------------------------------------------------------- foreseeing


def test_it_is_what_the_next_prompt_then_is(scripted: Start) -> None:
    session = ready(scripted("One.", "Two.", system="Be brief.", context=2048))
    for request in ("first", "second " * 30, "third " * 50):
        foreseen = foresee(session, request, FILE)
        session.finish(
            session.assistant.run(
                session.conversation, request, parent=session.last, attachments=(FILE,)
            )
        )
        assert foreseen is not None
        sent = session.requests()[-1].messages
        around = 8 * len(sent)
        # A file is counted by itself: at most a token more than together with what is above it.
        exact = sum(tokens(message.text) for message in sent) + around
        assert exact <= foreseen.tokens <= exact + len(sent)
        assert foreseen.size == 2048
        assert session.store.turn(str(session.last)).run.dropped == foreseen.dropped  # type: ignore[union-attr]


def test_it_names_the_turns_that_will_be_left_out(scripted: Start) -> None:
    session = ready(scripted("word " * 60, context=1024))
    for number in range(6):
        session.ask(f"{number} " + "q" * 300)
    foreseen = foresee(session, "r" * 1600)
    assert foreseen is not None
    assert foreseen.tokens <= 1024
    done = session.ask("r" * 1600)
    assert done.turn.run is not None
    assert foreseen.dropped == done.turn.run.dropped != ()


def test_a_record_stays_short_in_a_conversation_that_is_long(scripted: Start) -> None:
    """Naming all that was left out, each time, would make ten thousand turns a gigabyte."""
    session = ready(scripted("One.", context=512))
    for number in range(300):
        turn = session.store.begin_turn(session.conversation, f"{number}", session.last)
        session.store.end_turn(turn.id, state="done", reply="word " * 40, reasoning="")
        session.last = turn.id
    whole = [turn.id for turn in session.store.branch(session.conversation)]
    for request in ("first", "second"):
        foreseen = foresee(session, request)
        run = session.ask(request).turn.run
        assert foreseen is not None
        assert run is not None
        assert foreseen.dropped == tuple(whole[: len(foreseen.dropped)])
        assert run.dropped == foreseen.dropped[-100:]
        assert run.dropped_before + len(run.dropped) == len(foreseen.dropped) > 290


def test_a_new_chat_has_no_history(scripted: Start) -> None:
    session = ready(scripted("One.", system="Be brief."))
    session.ask("something " * 100)
    foreseen = session.assistant.foresee(None, "Hi", parent=None)
    assert foreseen == Foreseen(tokens("Hi") + tokens("Be brief.") + 16, 4096)
    assert session.assistant.foresee(session.conversation, "Hi", parent=None) == foreseen


def test_a_request_that_does_not_fit_is_said_before_it_is_sent(scripted: Start) -> None:
    session = ready(scripted("One.", context=512))
    with pytest.raises(EngineProblem) as problem:
        foresee(session, "Hi", Attachment("a", "words " * 1000))
    assert problem.value.kind == "overflow"
    with pytest.raises(EngineProblem) as problem:
        foresee(session, "x" * 1_000_000)
    assert problem.value.kind == "overflow"


def test_it_does_not_wait_for_a_model(scripted: Start) -> None:
    session = scripted("One.", load=5.0)
    started = time.perf_counter()
    assert foresee(session, "Hi") is None
    assert time.perf_counter() - started < 1.0


def test_an_engine_that_ends_is_unknown_and_no_error(scripted: Start) -> None:
    session = ready(scripted("One."))
    session.engine.close()
    assert foresee(session, "Hi") is None


def test_only_what_is_new_is_counted(scripted: Start) -> None:
    """The person types: the files and the turns before were counted at the first letter."""
    session = ready(scripted("One.", system="Be brief."))
    for number in range(3):
        session.ask(f"request {number}")
    foresee(session, "W", FILE)
    before = len(counted(session))
    for typed in ("We", "Well", "Well,"):
        foresee(session, typed, FILE)
    assert counted(session)[before:] == ["We", "Well", "Well,"]


def test_the_conversation_is_read_once_between_two_replies(
    scripted: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading ten thousand turns at every letter would be felt."""
    session = ready(scripted("One.", "Two."))
    session.ask("first")
    read = []
    branch = session.store.branch
    monkeypatch.setattr(
        session.store, "branch", lambda *given: read.append(given) or branch(*given)
    )
    for typed in ("a", "ab", "abc"):
        foresee(session, typed)
    assert len(read) == 1
    first = foresee(session, "same")
    session.ask("second")
    read.clear()
    second = foresee(session, "same")
    assert len(read) == 1
    assert first is not None
    assert second is not None
    assert second.tokens > first.tokens


def test_a_turn_that_was_taken_up_again_is_read_again(scripted: Start) -> None:
    session = ready(scripted(ScriptedReply("One two three four five six", delay=0.01)))
    events = session.begin("Hi")
    for event in events:
        if isinstance(event, Written):
            session.assistant.stop()
    session.last = session.store.branch(session.conversation)[-1].id
    before = foresee(session, "next")
    session.finish(session.assistant.resume(session.last))
    after = foresee(session, "next")
    assert before is not None
    assert after is not None
    assert after.tokens > before.tokens


def test_it_is_safe_beside_a_reply(scripted: Start) -> None:
    """The engine serves one after another: the answer comes, and the reply is what it would be."""
    text = " ".join(f"word{number}" for number in range(60))
    session = ready(scripted("One.", ScriptedReply(text, delay=0.005)))
    session.ask("first")
    parent = session.last
    told: list[Foreseen | None] = []
    asking = threading.Thread(
        target=lambda: told.extend(
            session.assistant.foresee(session.conversation, f"typed {number}", parent=parent)
            for number in range(20)
        )
    )
    events = session.begin("second")
    next(events)
    asking.start()
    done = session.finish(events)
    asking.join(DEADLINE)
    assert done.turn.reply == text
    assert len(told) == 20
    assert None not in told


def test_a_conversation_that_is_gone_is_said(scripted: Start) -> None:
    session = ready(scripted("One."))
    session.ask("first")
    session.store.erase(session.conversation)
    with pytest.raises(BadInput):
        foresee(session, "next")


def test_it_needs_no_more_than_the_core_offers(profile: object) -> None:
    """Before any model was asked for, too."""
    del profile
    engine = Engine()
    store = Store.open(find_home())
    try:
        assert Assistant(store, engine).foresee(None, "Hi", parent=None) is None
    finally:
        store.close()
