"""What has a form of its own is found, and what only looks like it is left alone."""

import time
from collections import Counter

import pytest
from stdnum import iban

from homebody.privacy.account_numbers import IBAN_LENGTHS
from homebody.privacy.patterns import structured
from homebody.privacy.placeholders import PLACEHOLDER
from homebody.privacy.redaction import Redactor
from homebody.privacy.spans import Found, union
from privacy.leak_cases import Case, clean_cases, handwritten, private_cases

REDACTOR = Redactor()
HAND = (*handwritten("hand.txt"), *handwritten("unseen.txt"))


def left_over(case: Case) -> list[str]:
    """Return the private values of which a piece would leave."""
    spans = REDACTOR.redact(case.text).spans
    left = []
    for value in case.private:
        at = case.text.find(value)
        if not any(each.start <= at and at + len(value) <= each.end for each in spans):
            left.append(value)
    return left


@pytest.mark.parametrize("case", HAND, ids=lambda case: f"{case.kind}-{case.text[:20]!r}")
def test_what_was_written_by_hand_is_told_apart(case: Case) -> None:
    assert left_over(case) == []
    found = REDACTOR.find(case.text)
    if not case.private:
        assert [case.text[each.start : each.end] for each in found] == []


def test_of_made_up_private_values_hardly_any_is_missed() -> None:
    cases = list(private_cases(each=4))
    missed = [(case.kind, value) for case in cases for value in left_over(case)]
    total = sum(len(case.private) for case in cases)
    assert total >= 1_500
    assert len(missed) <= 0.005 * total, Counter(kind for kind, _ in missed)


def test_texts_with_nothing_private_are_hardly_ever_touched() -> None:
    cases = list(clean_cases(each=25))
    touched = [case.text for case in cases if REDACTOR.find(case.text)]
    assert len(cases) >= 500
    assert len(touched) <= 0.02 * len(cases), touched[:5]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("ada@example.org", "EMAIL"),
        ("tel. 0171 3920012", "PHONE"),
        ("GB82 WEST 1234 5698 7654 32", "IBAN"),
        ("4111 1111 1111 1111", "CARD"),
        ("SSN 078-05-1120", "ID"),
        ("192.168.178.20", "IP"),
        ("52:54:00:12:34:56", "MAC"),
        ("https://ada:pw12@example.org/", "URL"),
        ("password=hunter22", "SECRET"),
        ("/home/ada/x", "PATH"),
        ("48.20817, 16.37382", "COORDINATES"),
        ("born 12 March 1985", "BIRTHDAY"),
    ],
)
def test_a_kind_is_named(text: str, kind: str) -> None:
    (found,) = union(structured(text))
    assert found.kind == kind
    assert found.by == "pattern"


@pytest.mark.parametrize(
    "text",
    [
        "anna.mus\xadter@example.org",
        "anna\u200b.muster@exam\u2060ple.org",
        "anna\uff20example.org",
        "\uff41nna@\uff45xample.org",
        "rene\u0301@example.org",
        "anna.muster%40example.org",
        "DE\uff18\uff19 3704 0044 0532 0130 00",
        "4111\u20111111\u20111111\u20111111",
        "4\u0661\u0661\u0661 1111 1111 1111",
        "192。168。17。4",
        "ghp_abcdefghij\u200bklmnopqrstuvwxyz0123456789",
        "ghp_abcdefghijklmnopqrstuvwxyz0123456789\u200b",
    ],
)
def test_what_is_disguised_is_found_as_a_whole(text: str) -> None:
    assert PLACEHOLDER.sub("", REDACTOR.redact(text).template) == ""


def test_lengths_of_ibans_are_those_of_the_registry() -> None:
    for country, length in IBAN_LENGTHS.items():
        entry = iban._ibandb.info(f"{country}00")[0][1]
        parts = entry["bban"].replace("!", "").rstrip("anc").replace("n", " ").replace("a", " ")
        assert length == 4 + sum(map(int, parts.replace("c", " ").split())), country


def test_overlapping_stretches_become_the_whole_under_the_kind_of_the_longest() -> None:
    found = [Found(0, 5, "WORD"), Found(3, 12, "EMAIL"), Found(10, 14, "IP"), Found(14, 15, "ID")]
    assert union(found) == (Found(0, 14, "EMAIL"), Found(14, 15, "ID"))
    assert union([Found(4, 4, "WORD")]) == ()


@pytest.mark.parametrize(
    "unit",
    [
        *("a", "1", "12 ", "\n", "@", "a.", "/a", "/home/", "a:", "password: ", "tel ", "call 1 1"),
        *("-----BEGIN PRIVATE KEY-----\n", "http://", "48.1234, ", "born ", '"', "C:\\Users\\"),
        *("phone,", "|a", "eyJ", "ssn ", "(", "+1", "fe80:", "cookie: a=b", "%41", "é", "= "),
    ],
)
def test_time_grows_with_the_length_of_a_text_and_no_faster(unit: str) -> None:
    def seconds(length: int) -> float:
        text = (unit * (length // len(unit) + 1))[:length]
        began = time.process_time()
        structured(text)
        return time.process_time() - began

    small, large = max(seconds(4_000), 0.004), seconds(40_000)
    assert large / small < 40
