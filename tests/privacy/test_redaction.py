"""Placeholders: stable, reversible, never mistaken, and no value left over anywhere."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from homebody.messages.offers import Replacement
from homebody.privacy.placeholders import PLACEHOLDER
from homebody.privacy.redaction import Redactor, render, reveal

REDACTOR = Redactor()
PIECES = st.sampled_from(
    [
        *(
            "ada@example.org",
            "bob@example.org",
            "xada@example.org",
            "0171 3920012",
            "4111111111111111",
        ),
        *(
            "DE89370400440532013000",
            "password: hunter22",
            "hunter22",
            "[EMAIL_1]",
            "EMAIL_2",
            "[WORD_1]",
        ),
        *(
            "/home/ada/x.txt",
            "192.168.178.20",
            "born 12 March 1985",
            "12 March 1985",
            "PIN 4711",
            "4711",
        ),
        *(" ", "\n", ", ", "x", "é", "[", "]", "_1", "and then", "a@b.de", "|", "**", '"', "\\"),
    ]
)
TEXTS = st.lists(PIECES, max_size=25).map("".join)


def without_placeholders(template: str) -> str:
    return PLACEHOLDER.sub("\x00", template)


@given(TEXTS)
@settings(max_examples=300, deadline=None)
def test_a_template_reveals_the_text_it_was_made_of(text: str) -> None:
    redacted = REDACTOR.redact(text)
    assert reveal(redacted.template, redacted.replacements) == text
    assert render(redacted.template, redacted.replacements) == redacted.template


@given(TEXTS, TEXTS)
@settings(max_examples=300, deadline=None)
def test_no_value_stands_anywhere_in_what_would_leave(first: str, second: str) -> None:
    vault = REDACTOR.redact(first).replacements
    redacted = REDACTOR.redact_all((first, second), vault)
    values = {one.value: one for each in redacted for one in each.replacements} | {
        one.value: one for one in vault
    }
    for each in redacted:
        left = without_placeholders(each.template)
        for value in values:
            if len(value) >= 6:
                assert value not in left
            else:
                assert not re.search(rf"(?<!\w){re.escape(value)}(?!\w)", left)


@given(TEXTS, TEXTS)
@settings(max_examples=200, deadline=None)
def test_a_value_keeps_its_placeholder_in_a_conversation(first: str, second: str) -> None:
    vault = REDACTOR.redact(first).replacements
    later = REDACTOR.redact(second, vault)
    names = {one.value: one.placeholder for one in vault}
    for one in later.replacements:
        assert names.get(one.value, one.placeholder) == one.placeholder
    both = [*vault, *(one for one in later.replacements if one.value not in names)]
    assert len({one.placeholder for one in both}) == len(both)
    assert reveal(later.template, both) == second


def test_numbers_go_on_from_the_vault_and_pass_over_what_the_text_says_itself() -> None:
    vault = REDACTOR.redact("ada@example.org").replacements
    redacted = REDACTOR.redact("[EMAIL_4] bob@example.org ada@example.org", vault)
    assert redacted.template == "[EMAIL_4] [EMAIL_5] [EMAIL_1]"


def test_text_that_looks_like_a_placeholder_of_the_vault_is_not_mistaken_for_it() -> None:
    vault = REDACTOR.redact("ada@example.org").replacements
    text = "The sign said [EMAIL_1], and EMAIL_1."
    redacted = REDACTOR.redact(text, vault)
    assert "EMAIL_1" not in redacted.template
    assert reveal(redacted.template, (*vault, *redacted.replacements)) == text


def test_what_is_found_once_is_replaced_everywhere() -> None:
    first, second = REDACTOR.redact_all(("password: hunter22", "xxhunter22xx and hunter22"))
    assert first.template == "password: [SECRET_1]"
    assert second.template == "xx[SECRET_1]xx and [SECRET_1]"


def test_values_that_are_off_are_put_back_to_the_byte() -> None:
    redacted = REDACTOR.redact("a ada@example.org b bob@example.org")
    first, second = redacted.replacements
    off = Replacement(
        placeholder=first.placeholder, kind="EMAIL", value=first.value, by="pattern", on=False
    )
    assert render(redacted.template, (off, second)) == "a ada@example.org b [EMAIL_2]"


def test_spans_tell_where_things_stood() -> None:
    text = "é ada@example.org"
    (span,) = REDACTOR.redact(text).spans
    assert text[span.start : span.end] == "ada@example.org"
    assert (span.kind, span.replacement) == ("EMAIL", "[EMAIL_1]")


def test_thousands_of_values_take_no_longer_than_their_text() -> None:
    text = "\n".join(f"user{number}@example.org" for number in range(2_000))
    redacted = REDACTOR.redact(text)
    assert len(redacted.replacements) == 2_000
    assert REDACTOR.redact(text, redacted.replacements).template == redacted.template


def test_a_number_that_no_placeholder_can_have_is_passed_over() -> None:
    redacted = Redactor().redact("EMAIL_999999 ada@example.org")
    assert redacted.template == "EMAIL_999999 [EMAIL_1]"
