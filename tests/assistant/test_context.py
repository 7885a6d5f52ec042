"""What of a conversation the model sees, as far as it fits."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homebody.assistant.context import Context, Fitted
from homebody.base.errors import EngineProblem
from homebody.messages.turns import ModelName, RunRecord, Turn

WORDS = "abcdefgh "


class Counts:
    """Counts a token for each four characters, and what it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def count(self, texts: Sequence[str]) -> tuple[int, ...]:
        self.asked += len(texts)
        return tuple((len(text) + 3) // 4 for text in texts)


def turn(number: int, length: int, reply: str | None = None, run: RunRecord | None = None) -> Turn:
    return Turn(
        id=f"t{number}",
        conversation="c",
        parent=None,
        request="q" * length,
        reply="a" * length if reply is None else reply,
        created=datetime(2026, 1, 1, tzinfo=UTC),
        run=run,
    )


def cost(fitted: Fitted, system: str) -> int:
    """What the messages take by the context's own count: eight tokens around each."""
    counted = sum((len(message.text) + 3) // 4 + 8 for message in fitted.messages)
    return counted + (0 if system else 8)


lengths = st.lists(st.integers(1, 3000), max_size=40)


@given(lengths, st.integers(0, 1800), st.integers(512, 4096), st.sampled_from(["", "Be kind."]))
def test_it_never_takes_more_than_its_budget(
    lengths: list[int], own: int, size: int, system: str
) -> None:
    history = [turn(number, length) for number, length in enumerate(lengths)]
    context = Context(Counts(), system)  # type: ignore[arg-type]
    fitted = context.fit(history, "r" * own, size)

    room = size - min(1024, size // 4)
    if fitted.kept:
        assert cost(fitted, system) <= room
    assert cost(fitted, system) < size


@given(lengths, st.integers(0, 1800), st.integers(512, 4096))
def test_the_newest_turns_are_kept_and_all_others_are_named(
    lengths: list[int], own: int, size: int
) -> None:
    history = [turn(number, length) for number, length in enumerate(lengths)]
    counts = Counts()
    fitted = Context(counts).fit(history, "r" * own, size)  # type: ignore[arg-type]

    dropped, kept = history[: len(fitted.dropped)], history[len(fitted.dropped) :]
    assert fitted.dropped == tuple(turn.id for turn in dropped)
    assert fitted.kept == len(kept)
    expected = [text for turn in kept for text in (turn.request, turn.reply)]
    assert [message.text for message in fitted.messages] == [*expected, "r" * own]


@given(lengths.filter(bool), st.integers(0, 1800), st.integers(512, 4096))
def test_the_last_turn_is_kept_whenever_it_fits(lengths: list[int], own: int, size: int) -> None:
    history = [turn(number, length) for number, length in enumerate(lengths)]
    context = Context(Counts())  # type: ignore[arg-type]
    room = size - min(1024, size // 4)
    needed = context.tokens(history[-1:])[0] + (own + 3) // 4 + 16
    fitted = context.fit(history, "r" * own, size)
    assert (fitted.kept > 0) is (needed <= room)


def test_after_a_cut_the_beginning_stays_the_same_for_a_while() -> None:
    """Else the engine would have to read all of the conversation again at every turn."""
    context = Context(Counts())  # type: ignore[arg-type]
    history: list[Turn] = []
    beginnings = []
    for number in range(60):
        fitted = context.fit(history, "r" * 40, 2048)
        beginnings.append(len(fitted.dropped))
        run = RunRecord(model=ModelName("m"), dropped=fitted.dropped)
        history.append(turn(number, 200, run=run))

    assert beginnings == sorted(beginnings), "what was left out came back"
    cuts = len(set(beginnings)) - 1
    assert cuts >= 2
    assert cuts <= 60 / 4, "the beginning changed at almost every turn"


def test_a_turn_is_counted_once() -> None:
    counts = Counts()
    context = Context(counts)  # type: ignore[arg-type]
    history = [turn(number, 10) for number in range(20)]
    context.fit(history, "request", 4096)
    asked = counts.asked
    context.fit(history, "request", 4096)
    assert counts.asked == asked + 1, "only the request is counted again"


def test_a_long_past_is_not_counted_to_its_beginning() -> None:
    counts = Counts()
    context = Context(counts)  # type: ignore[arg-type]
    context.fit([turn(number, 400) for number in range(10_000)], "request", 4096)
    assert counts.asked < 100


def test_turns_without_a_reply_are_no_part_of_the_prompt() -> None:
    context = Context(Counts(), "S")  # type: ignore[arg-type]
    fitted = context.fit([turn(1, 3, reply=""), turn(2, 3)], "request", 4096)
    assert [(m.role, m.text) for m in fitted.messages] == [
        ("system", "S"),
        ("user", "qqq"),
        ("assistant", "aaa"),
        ("user", "request"),
    ]


def test_more_is_left_out_when_the_engine_counted_more() -> None:
    context = Context(Counts())  # type: ignore[arg-type]
    history = [turn(number, 10) for number in range(3)]
    dropped = [context.fit(history, "r", 4096, drop_more=more).dropped for more in range(5)]
    assert [len(each) for each in dropped] == [0, 1, 2, 3, 3]


def test_a_request_that_does_not_fit_alone_is_refused_with_both_numbers() -> None:
    context = Context(Counts())  # type: ignore[arg-type]
    with pytest.raises(
        EngineProblem, match=r"holds 512 tokens, and the message is 1,016"
    ) as caught:
        context.fit([turn(1, 10)], "r" * 4000, 512)
    assert caught.value.kind == "overflow"
    assert "Nothing of it is lost" in caught.value.hint


def test_ten_megabytes_are_refused_without_asking_the_engine() -> None:
    counts = Counts()
    started = time.process_time()
    with pytest.raises(EngineProblem, match="far larger") as caught:
        Context(counts).fit([], WORDS * 1_200_000, 4096)  # type: ignore[arg-type]
    assert caught.value.kind == "overflow"
    assert counts.asked == 0
    assert time.process_time() - started < 10


def test_what_was_left_out_stays_out_though_only_the_newest_of_it_is_named() -> None:
    run = RunRecord(model=ModelName("m"), dropped=("t8", "t9"), dropped_before=8)
    history = [turn(number, 10) for number in range(19)] + [turn(19, 10, run=run)]
    fitted = Context(Counts()).fit(history, "r", 4096)  # type: ignore[arg-type]
    assert fitted.dropped == tuple(f"t{number}" for number in range(10))
    assert fitted.kept == 10
