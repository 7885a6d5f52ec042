"""`homebody redact`, as a person and a script see it."""

import json

import msgspec
import pytest

from cli.support import homebody
from homebody.base.paths import find_home
from homebody.messages.offers import RedactReport
from homebody.privacy.dictionary import PrivateWord, save_words

TEXT = "Ruf Falcon an: 0171 3920012,\r\nmail ada@example.org äöü 😀"


def test_a_text_comes_back_with_placeholders_and_every_other_byte_as_it_was() -> None:
    save_words(find_home(), [PrivateWord("Falcon", "PROJECT")])
    ran = homebody("redact", stdin=TEXT.encode())
    assert (ran.status, ran.err) == (0, "")
    assert ran.out == TEXT.replace("Falcon", "[PROJECT_1]").replace(
        "0171 3920012", "[PHONE_1]"
    ).replace("ada@example.org", "[EMAIL_1]")


def test_json_tells_where_things_stood_in_characters() -> None:
    ran = homebody("redact", "--json", stdin=TEXT.encode())
    report = msgspec.json.decode(ran.out, type=RedactReport)
    assert [TEXT[each.start : each.end] for each in report.spans] == [
        "0171 3920012",
        "ada@example.org",
    ]
    assert set(json.loads(ran.out)) == {"redacted", "spans"}
    assert set(json.loads(ran.out)["spans"][0]) == {"start", "end", "kind", "replacement"}


def test_nothing_private_and_nothing_at_all_pass_through() -> None:
    assert homebody("redact", stdin=b"hello\n").out == "hello\n"
    assert homebody("redact", stdin=b"").out == ""


@pytest.mark.parametrize("data", [b"caf\xe9 ada@example.org", "ada@example.org".encode("utf-16")])
def test_what_is_not_utf_8_is_refused(data: bytes) -> None:
    ran = homebody("redact", stdin=data)
    ran.complained("is not UTF-8", "Save it as UTF-8")
    assert ran.out == ""


def test_a_list_of_words_that_cannot_be_read_stops_it() -> None:
    home = find_home()
    home.private_words.parent.mkdir(parents=True, exist_ok=True)
    home.private_words.write_text("{", "utf-8")
    ran = homebody("redact", stdin=b"ada@example.org")
    ran.complained("private.json cannot be understood")
    assert ran.out == ""


def test_the_starter_model_is_not_asked_and_it_is_said() -> None:
    ran = homebody("redact", "--model", stdin=b"mail ada@example.org")
    assert (ran.status, ran.out) == (0, "mail [EMAIL_1]")
    assert "note: " in ran.err
    assert "too small to name persons and places" in ran.err
