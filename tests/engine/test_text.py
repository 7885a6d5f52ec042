"""From the bytes of tokens to pieces that may be shown, however the text was cut into tokens."""

import itertools

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from homebody.engine.worker import text as module
from homebody.engine.worker.text import Ready, StopStrings, TextStream, hold_back_emoji, opened_by

EMOJI = [
    "😀",
    "👍🏽",  # a skin tone
    "👩‍🚀",
    "👩🏽‍🚀",
    "👨‍👩‍👧‍👦",  # a family: seven characters
    "👩🏿‍❤️‍💋‍👨🏻",
    "❤️",
    "❤️‍🔥",
    "🏳️‍🌈",
    "🇩🇪",
    "🇫🇷",
    "🏴󠁧󠁢󠁥󠁮󠁧󠁿",  # England: a flag and five tags
    "1️⃣",
    "#️⃣",
    "‼️",
    "⁉️",
    "™️",
    "ℹ️",  # noqa: RUF001
    "〰️",
    "㊗️",
    "©️",
    "↔️",
]
KINDS = module._REASONING

texts = st.lists(
    st.one_of(
        st.text(max_size=6),
        st.sampled_from(EMOJI),
        st.sampled_from(["<think>", "</think>", "\n\n", " ", "stop", "STOP", "12", "<", "é"]),
    ),
    max_size=12,
).map("".join)
printable = texts.filter(lambda text: text.isascii() or "\ufffd" not in text).map(
    lambda text: text.encode("utf-8", "replace").decode()
)


def cut(data: bytes, places: list[int]) -> list[bytes]:
    borders = [0, *sorted({min(place, len(data)) for place in places}), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(borders)]


def run(parts: list[bytes], stop: tuple[str, ...] = (), opened: str = "") -> list[Ready]:
    stream = TextStream(stop, opened)
    ready = []
    for part in parts:
        ready += stream.feed(part)
        if stream.stopped:
            break
    return ready + stream.flush()


def joined(ready: list[Ready]) -> tuple[str, str]:
    """The reasoning and the reply."""
    return (
        "".join(part.text for part in ready if part.reasoning),
        "".join(part.text for part in ready if not part.reasoning),
    )


cuts = st.lists(st.integers(0, 200), max_size=30)
some_stops = st.lists(
    st.sampled_from(["stop", "STOP!", "top", "\n\n", "é😀", "aba", "ab"]), max_size=3
)


@given(printable, cuts)
def test_however_a_text_is_cut_its_pieces_are_the_text(text, places):
    reasoning, reply = joined(run(cut(text.encode(), places)))
    if not text.lstrip().startswith("<"):
        assert (reasoning, reply) == ("", text)


@given(
    st.one_of(
        printable,
        st.sampled_from(KINDS).flatmap(
            lambda kind: st.tuples(printable, printable).map(
                lambda t: kind[0] + t[0] + kind[1] + t[1]
            )
        ),
    ),
    cuts,
    cuts,
    some_stops.map(tuple),
    st.sampled_from(["", *(tag for tag, _ in KINDS)]),
)
@example("<think>a \n</think>\n b", [9], [10], (), "")
@example("xabcd", [1, 2, 3, 4], [], ("abcd", "bc"), "")
def test_how_a_text_is_cut_changes_nothing(text, places, others, stop, opened):
    """Stop strings, reasoning and white space around it included."""
    data = text.encode()
    assert joined(run(cut(data, places), stop, opened)) == joined(
        run(cut(data, others), stop, opened)
    )


@given(st.binary(max_size=60), cuts)
def test_bytes_that_are_not_utf8_become_replacement_characters(data, places):
    """The stream never breaks; how many there are does not depend on the cuts."""
    expected = data.decode("utf-8", "replace")
    if not expected.lstrip().startswith("<"):
        assert joined(run(cut(data, places)))[1] == expected


@given(st.lists(st.sampled_from([*EMOJI, "a", " word", "é", "日本"]), max_size=8), cuts)
@example(["1️⃣"], [1])
@example(["⁉️"], [3])
def test_no_piece_ends_inside_an_emoji(graphemes, places):
    text = "".join(graphemes)
    allowed = {0, *itertools.accumulate(map(len, graphemes))}
    # Two flags side by side, or an emoji after a joiner, are still the borders that we wrote.
    place = 0
    for part in run(cut(text.encode(), places)):
        place += len(part.text)
        inside = place not in allowed
        within = next((g for g in _spans(graphemes) if g[0] < place < g[1]), None)
        assert not (inside and within and text[slice(*within)] in EMOJI), (text[:place], text)


def _spans(graphemes):
    ends = list(itertools.accumulate(map(len, graphemes)))
    return list(zip([0, *ends], ends, strict=False))


@pytest.mark.parametrize("emoji", EMOJI)
def test_an_emoji_that_comes_byte_by_byte_is_one_piece(emoji):
    pieces = run([bytes([byte]) for byte in f"a {emoji} b".encode()])
    assert emoji in {piece.text.strip() for piece in pieces} or any(
        emoji in piece.text for piece in pieces
    )
    for piece in pieces:
        assert emoji in piece.text or not set(piece.text.strip()) & set(emoji), pieces


def test_plain_text_is_not_held_back():
    """Text should appear as it is written, not a token late."""
    stream = TextStream()
    assert stream.feed(b"Hello") == [Ready("Hello")]
    assert stream.feed(b", world.") == [Ready(", world.")]
    assert hold_back_emoji("word") == 4


# ---------------------------------------------------------------- stop strings


@given(printable, cuts, st.lists(st.text(min_size=1, max_size=4), min_size=1, max_size=3))
def test_a_reply_ends_before_its_first_stop_string(text, places, stop):
    """First: the one that is complete first; of two that end together, the longer one."""
    if text.lstrip().startswith("<"):
        return
    stop = [s.encode("utf-8", "replace").decode() for s in stop]
    ends = [(text.find(s) + len(s), text.find(s)) for s in stop if s in text]
    expected = text[: min(ends)[1]] if ends else text
    assert joined(run(cut(text.encode(), places), tuple(stop)))[1] == expected


def test_a_stop_string_across_tokens_is_never_shown_in_part():
    shown = run([b"one #", b"##", b" two"], stop=("###",))
    assert joined(shown) == ("", "one ")
    shown = run([b"one #", b"#", b" two"], stop=("###",))
    assert joined(shown) == ("", "one ## two")


def test_text_that_may_begin_a_stop_string_is_shown_at_the_end():
    assert joined(run([b"one ##"], stop=("###",))) == ("", "one ##")


def test_nothing_follows_a_stop_string():
    stops = StopStrings(("x",))
    assert stops.feed("axb") == "a"
    assert stops.hit
    assert stops.feed("more") == ""
    assert stops.flush() == ""


def test_an_empty_stop_string_stops_nothing():
    assert joined(run([b"text"], stop=("",))) == ("", "text")


# ---------------------------------------------------------------- reasoning


@pytest.mark.parametrize(("opening", "closing"), KINDS, ids=[opening for opening, _ in KINDS])
@pytest.mark.parametrize("step", [1, 3, 1000])
def test_reasoning_is_told_from_the_reply(opening, closing, step):
    data = f"{opening}\nLet me see…\n\n{closing}\n\nIt is 4.\n".encode()
    parts = [data[i : i + step] for i in range(0, len(data), step)]
    assert joined(run(parts)) == ("Let me see…", "It is 4.\n")


@pytest.mark.parametrize(("opening", "closing"), KINDS, ids=[opening for opening, _ in KINDS])
def test_reasoning_that_the_prompt_opened(opening, closing):
    assert opened_by(f"<|im_start|>assistant\n{opening}\n") == opening
    shown = run([f"Hm. {closing}".encode(), b" Yes."], opened=opening)
    assert joined(shown) == ("Hm.", "Yes.")


def test_a_prompt_that_closes_its_block_opens_nothing():
    """How Qwen3 is told not to think."""
    assert opened_by("<think>\n\n</think>\n\n") == ""
    assert opened_by("") == ""
    assert opened_by("<|im_start|>assistant\n") == ""


@pytest.mark.parametrize(("opening", "_closing"), KINDS, ids=[opening for opening, _ in KINDS])
def test_reasoning_that_never_ends_is_no_reply(opening, _closing):
    assert joined(run([opening.encode(), b" on and on "])) == ("on and on ", "")


def test_a_tag_in_the_middle_of_a_reply_is_text():
    text = "Write <think> before you think, </think> after."
    assert joined(run([text.encode()])) == ("", text)


def test_a_second_block_is_text():
    assert joined(run([b"<think>a</think>b<think>c</think>"])) == ("a", "b<think>c</think>")


def test_a_closing_tag_without_an_opening_one_is_text():
    assert joined(run([b"a</think>b"])) == ("", "a</think>b")


@pytest.mark.parametrize("text", ["<thi", "<table>", "<|channel|>", "[THIN", " \n", "<"])
def test_what_only_looks_like_a_tag_is_text(text):
    assert joined(run([bytes([byte]) for byte in text.encode()])) == ("", text)


def test_a_final_header_without_reasoning_is_not_shown():
    assert joined(run([b"<|channel|>final<|message|>", b"Hello."])) == ("", "Hello.")
