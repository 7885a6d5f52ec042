"""Frames on the wire: what they look like, and what happens to lines that are no frames."""

import io
import math
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from homebody.messages.courier import FromCourier, ToCourier
from homebody.messages.frames import (
    Beat,
    FromEngine,
    FromPorter,
    Load,
    Piece,
    Sampling,
    ToEngine,
    ToPorter,
)
from homebody.messages.workshop import FromWorkshop, ToWorkshop
from homebody.wire import codec
from homebody.wire.codec import MAX_FRAME, BrokenFrame, Codec, UnknownFrame, lines
from wire.examples import (
    FROM_COURIER,
    FROM_ENGINE,
    FROM_PORTER,
    FROM_WORKSHOP,
    TO_COURIER,
    TO_ENGINE,
    TO_PORTER,
    TO_WORKSHOP,
    frames,
)

GOLDEN = Path(__file__).parent / "golden"
DIRECTIONS = {
    "to_engine": (ToEngine, TO_ENGINE),
    "from_engine": (FromEngine, FROM_ENGINE),
    "to_porter": (ToPorter, TO_PORTER),
    "from_porter": (FromPorter, FROM_PORTER),
    "to_courier": (ToCourier, TO_COURIER),
    "from_courier": (FromCourier, FROM_COURIER),
    "to_workshop": (ToWorkshop, TO_WORKSHOP),
    "from_workshop": (FromWorkshop, FROM_WORKSHOP),
}
GOLDEN_LINES = [
    pytest.param(union, example, line, id=f"{name}-{example.__struct_config__.tag}")
    for name, (union, examples) in DIRECTIONS.items()
    for example, line in zip(
        examples, (GOLDEN / f"{name}.jsonl").read_bytes().splitlines(keepends=True), strict=True
    )
]


@pytest.fixture
def reader() -> Codec[FromEngine]:
    return Codec(FromEngine)


@pytest.mark.parametrize(("union", "example", "line"), GOLDEN_LINES)
def test_a_frame_is_its_golden_line_and_back(union, example, line):
    """Whoever changes a frame sees here that the other side of the wire has to change too."""
    wire = Codec(union)
    assert wire.encode(example) == line
    assert wire.decode(line) == example


@pytest.mark.parametrize("name", DIRECTIONS)
def test_every_frame_has_a_golden_line(name):
    union, examples = DIRECTIONS[name]
    assert {type(example) for example in examples} == set(union.__args__)


def test_every_optional_field_is_shown_by_its_golden_line():
    """A field left at its default in the example would not be seen to change."""
    same = {
        f"{type(example).__name__}.{field.name}"
        for _, examples in DIRECTIONS.values()
        for example in examples
        for field in msgspec.structs.fields(example)
        if field.default is not msgspec.NODEFAULT and getattr(example, field.name) == field.default
    }
    assert same == {"Generate.prompt"}  # messages or a prompt, not both


@pytest.mark.parametrize(
    ("union", "kind"),
    [(union, kind) for union, _ in DIRECTIONS.values() for kind in union.__args__],
    ids=lambda value: getattr(value, "__name__", ""),
)
@given(data=st.data())
def test_any_frame_comes_back_as_it_was(union, kind, data):
    wire = Codec(union)
    frame = data.draw(frames(kind))
    line = wire.encode(frame)
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert wire.decode(line) == frame


@given(st.binary(max_size=200))
def test_any_bytes_are_a_frame_or_refused(data):
    """Nothing else is raised, and the refusal never repeats what the line said."""
    wire = Codec(FromEngine)
    try:
        frame = wire.decode(data)
    except (BrokenFrame, UnknownFrame):
        return
    assert isinstance(frame, FromEngine)


def test_a_type_of_tomorrow_is_unknown_not_broken(reader):
    with pytest.raises(UnknownFrame, match="mood"):
        reader.decode(b'{"type":"mood","id":1,"new":{"a":[1]}}\n')


def test_a_field_of_tomorrow_is_ignored(reader):
    assert reader.decode(b'{"type":"beat","mood":"good"}\n') == Beat()


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"null\n",
        b"[]\n",
        b"{}\n",
        b'{"type":1}\n',
        b'{"type":"beat"\n',
        b'{"type":"beat"} {"type":"beat"}\n',
        b"ggml_init: loading\n",
        b'{"type":"piece","id":1,"text":"\xff\xfe"}\n',
        b'{"type":"piece","id":1,"text":"\\ud800"}\n',
        b'{"type":"piece","id":"one","text":"a"}\n',
        b'{"type":"piece","id":1}\n',
        b'{"type":"progress","id":1,"what":"sing","done":0}\n',
        b"[" * 100_000 + b"\n",
        b'{"type":"piece","id":1,"text":' + b"[" * 100_000 + b"\n",
    ],
    ids=lambda line: line[:30].decode("latin-1").strip(),
)
def test_what_is_no_frame_is_broken(reader, line):
    with pytest.raises(BrokenFrame):
        reader.decode(line)


def test_a_refusal_does_not_repeat_private_words(reader):
    with pytest.raises(BrokenFrame) as refusal:
        reader.decode(b'{"type":"piece","id":"x","text":"my secret"}\n')
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize(
    "sampling", [{"temperature": -1.0}, {"temperature": math.nan}, {"seed": 2**32}, {"top_p": 1.1}]
)
def test_values_out_of_bounds_are_refused_by_the_reader(sampling):
    wire = Codec(ToEngine)
    generate = msgspec.structs.replace(TO_ENGINE[2], sampling=Sampling(**sampling))
    with pytest.raises(BrokenFrame, match="generate"):
        wire.decode(wire.encode(generate))


def test_bytes_that_were_no_text_are_refused_before_they_are_sent(reader):
    """Python keeps them as half a surrogate pair, for instance from a terminal or a file name."""
    text = b"caf\xe9".decode("utf-8", "surrogateescape")
    with pytest.raises(BrokenFrame, match="UTF-8"):
        reader.encode(Piece(id=1, text=text))


def test_a_frame_over_the_limit_is_refused_on_both_sides(monkeypatch):
    monkeypatch.setattr(codec, "MAX_FRAME", 200)
    wire = Codec(ToEngine)
    fitting = wire.encode(Load(id=1, path="a"))
    assert wire.decode(fitting).path == "a"
    with pytest.raises(BrokenFrame, match="the limit is 200"):
        wire.encode(Load(id=1, path="a" * 200))
    with pytest.raises(BrokenFrame, match="over"):
        wire.decode(b'{"type":"load","id":1,"path":"' + b"a" * 200 + b'"}\n')


def test_the_limit_is_32_mib_to_the_byte(reader):
    room = MAX_FRAME - len(reader.encode(Piece(id=1, text="")))
    assert len(reader.encode(Piece(id=1, text="a" * room))) == MAX_FRAME
    with pytest.raises(BrokenFrame):
        reader.encode(Piece(id=1, text="a" * (room + 1)))


def test_a_last_line_that_was_cut_off_is_dropped():
    """Its writer died in the middle of it; even if what is there looks whole, it may not be."""
    assert list(lines(io.BytesIO(b"a\nb\n{}"))) == [b"a\n", b"b\n"]
    assert list(lines(io.BytesIO(b""))) == []


def test_a_line_over_the_limit_ends_the_stream(monkeypatch):
    """What follows it has no beginning, so it must not be read as a frame of its own."""
    monkeypatch.setattr(codec, "MAX_FRAME", 10)
    stream = io.BytesIO(b"short\n" + b"x" * 25 + b"\nshort\n")
    first, cut = lines(stream)
    assert first == b"short\n"
    assert len(cut) == 11
    with pytest.raises(BrokenFrame):
        Codec(FromEngine).decode(cut)


@given(st.lists(st.sampled_from(FROM_ENGINE)), st.integers(0, 2000))
def test_a_stream_cut_anywhere_gives_exactly_its_whole_frames(said, cut):
    wire = Codec(FromEngine)
    stream = b"".join(wire.encode(frame) for frame in said)[:cut]
    heard = [wire.decode(line) for line in lines(io.BytesIO(stream))]
    assert heard == said[: len(heard)]
    assert len(heard) == stream.count(b"\n")
