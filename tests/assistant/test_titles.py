"""What a conversation is called until the person names it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homebody.assistant.titles import title_for


@pytest.mark.parametrize(
    ("request_", "title"),
    [
        ("What is the capital of Japan?", "What is the capital of Japan?"),
        ("Fix this. It fails at line 3.", "Fix this"),
        ("  two\n\nlines  ", "two lines"),
        ("```python\nprint(1)\n``` why does this fail?", "why does this fail?"),
        ("**bold** _and_ `code`", "bold and code"),
        ("これは何ですか。次の文", "これは何ですか。次の文"),
        ("```\nonly code\n```", "New chat"),
        ("\x00\x1b", "New chat"),
        ("", "New chat"),
    ],
)
def test_a_title_is_the_first_sentence_without_markup(request_: str, title: str) -> None:
    assert title_for(request_) == title


def test_a_long_title_is_cut_between_words() -> None:
    title = title_for("Please summarise the whole of the report that I wrote last week for me")
    assert title == "Please summarise the whole of the report that I…"


def test_a_long_word_is_cut_all_the_same() -> None:
    assert title_for("x" * 10_000_000) == "x" * 48 + "…"


@given(st.text())
def test_a_title_is_never_empty_never_long_and_never_steers_a_terminal(text: str) -> None:
    title = title_for(text)
    assert 0 < len(title) <= 49
    assert title.isprintable()
