"""Which addresses are handed to a program, and how."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from homebody.base.errors import BadInput
from homebody.courier.addresses import LONGEST, checked_address


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org",
        "http://example.org:8080/a/b?c=d&e=%20f#g",
        "HTTPS://EXAMPLE.ORG/",
        "https://[::1]/a(b)",
        "https://müller.example/straße",
        "mailto:someone@example.org",
        "mailto:a@example.org?subject=Hello%20you&body=Line%0D%0Aline&cc=b@example.org",
    ],
)
def test_an_address_of_the_web_or_of_mail_stays_as_it_is(url: str) -> None:
    assert checked_address(url) == url


def test_signs_that_programs_misread_are_written_in_another_way() -> None:
    assert checked_address("https://a.example/'x\"\\`<y>{|}^") == (
        "https://a.example/%27x%22%5C%60%3Cy%3E%7B%7C%7D%5E"
    )


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.org",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "ftp://example.org/",
        "smb://example.org/share",
        "vscode://file/etc/passwd",
        "data:text/html,x",
        "--help",
        "-https://example.org",
        " https://example.org",
        "https:example.org",
        "https://",
        "http:///etc/passwd",
        "https://\\evil.example",
        "https://example.org/a b",
        "https://example.org/\n",
        "https://example.org/\x00",
        "https://example.org/\x1b[2J",
        "https://example.org/\x85",
        "https://example.org/\u202egro.live",
        "https://example.org/\u200b",
        "https://example.org/\ud800",
        "https://example.org/" + "a" * LONGEST,
        "https://example.org/" + "ß" * (LONGEST // 2),
        "mailto:",
        "mailto:?to=a@example.org",
        "mailto:a@example.org?attach=/etc/passwd",
        "mailto:a@example.org?subject=x&Attachment=/etc/passwd",
        "mailto:a@example.org?%61ttach=/etc/passwd",
        "mailto:a@example.org?subject=x;attach=/etc/passwd",
        "mailto:a@example.org?subject=x?attach=/etc/passwd",
        "mailto:a@example.org?subject=x&amp;attach=/etc/passwd",
    ],
)
def test_what_is_no_such_address_is_refused_in_a_sentence(url: str) -> None:
    with pytest.raises(BadInput) as refusal:
        checked_address(url)
    assert refusal.value.message.endswith(".")
    assert refusal.value.hint


@given(st.text() | st.text().map("https://a".__add__) | st.text().map("mailto:a".__add__))
@example("https://example.org/" + "a" * (LONGEST - 20))
def test_what_is_accepted_can_be_no_option_and_no_shells_word(text: str) -> None:
    try:
        url = checked_address(text)
    except BadInput:
        return
    assert url.lower().startswith(("https://", "http://", "mailto:"))
    assert url.isprintable()
    assert not set(url) & set(" \t\n\"'<>\\^`{|}")
    assert len(text.encode()) <= LONGEST
