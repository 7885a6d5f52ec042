"""Server-sent events, in whatever pieces they come."""

import random

import pytest

from homebody.courier.event_lines import EventLines, TooLongError


def all_of(data: bytes, sizes: list[int], longest: int = 10_000) -> list[bytes]:
    events = EventLines(longest)
    found, at = [], 0
    for size in [*sizes, len(data)]:
        if data[at : at + size]:
            found += events.feed(data[at : at + size])
        at += size
    return found + list(events.end())


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("last", [b"", b"\n", b"\n\n"])
def test_events_come_out_the_same_however_they_are_cut(end, last):
    text = (
        b"\xef\xbb\xbfdata: one\n\n: a comment\nevent: x\nid: 3\ndata:two\ndata: and a half\n\n"
        b"retry: 5\n:\n\nnothing\n\ndata: gr\xc3\xbc\xc3\x9fe \xf0\x9f\x98\x80\n\nerror: {}\n\n"
        b"data: [DONE]"
    ) + last
    data = text.replace(b"\n", end)
    wanted = [b"one", b"two\nand a half", "grüße 😀".encode(), b"{}", b"[DONE]"]
    assert all_of(data, []) == wanted
    assert all_of(data, [1] * len(data)) == wanted
    lots = random.Random(6)
    for _ in range(200):
        assert all_of(data, [lots.randint(1, 9) for _ in range(len(data))]) == wanted


def test_a_line_or_an_event_without_end_is_not_kept():
    with pytest.raises(TooLongError):
        all_of(b"x" * 10_001, [])
    with pytest.raises(TooLongError):
        all_of(b"x" * 20_000, [1] * 20_000)
    with pytest.raises(TooLongError):
        all_of((b"data: " + b"x" * 900 + b"\n") * 12, [])
    # Comments are no part of an event.
    assert all_of(b": here\n" * 5000 + b"data: x\n\n", []) == [b"x"]


def test_an_event_that_no_empty_line_follows_is_one():
    assert all_of(b"data: x", []) == [b"x"]
    assert all_of(b"data: x\r", []) == [b"x"]
    assert all_of(b"", []) == []
