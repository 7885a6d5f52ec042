"""What the planner sees of a request."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homebody.assistant.passages import SAFE_DOLLAR, see, values_for
from homebody.messages.turns import Attachment

LONG = "the quick brown fox jumps over the lazy dog again"
MAIL = "we regret to say that the launch is late.\nPlease let me know what you think.\n\nBest, Anna"
MANY = "Lorem ipsum dolor sit amet. " * 60


@pytest.mark.parametrize(
    "request_",
    [
        "make notes.md sound friendlier and save it as notes2.md",
        'translate "good morning" to French',
        "summarize this: short text here",
        "don't tell Anna's mother that it's the kids' day, it isn't what we're after today",
        "remind me at 9:30 to call: mum",
        "that's a lot, but: read a.md, make it shorter, save it as b.md and then copy it please",
        "what does 'summarize' mean?",
        'the 5" pipe and the 6" pipe and the other pipes that we have here',
    ],
)
def test_short_material_stays_where_it_is(request_):
    seen = see(request_)
    assert seen.text == seen.request == request_
    assert seen.values == {}
    assert seen.references == ()


@pytest.mark.parametrize(
    ("request_", "shown", "passage"),
    [
        (f'translate "{LONG}" to French', "translate $text to French", LONG),
        (f"translate \u201e{LONG}\u201c bitte", "translate $text bitte", LONG),
        (f"translate \u00ab{LONG}\u00bb.", "translate $text.", LONG),
        (f"fix '{LONG}, isn't it' please", "fix $text please", f"{LONG}, isn't it"),
        (f"what does ```{LONG}``` do?", "what does $text do?", LONG),
        (f"summarize this: {LONG} {LONG}", "summarize this: $text", f"{LONG} {LONG}"),
        (f'summarize this: "{LONG}"', "summarize this: $text", LONG),
        (f'shorten: "{LONG}" and copy it', "shorten: $text and copy it", LONG),
        (f"résume mot.txt : {LONG} {LONG}", "résume mot.txt : $text", f"{LONG} {LONG}"),
        (
            f"fields: name, total. save as x.txt\n{MAIL}",
            "fields: name, total. save as x.txt $text",
            MAIL,
        ),
        (f"my boss's mail: make it so. {LONG}", "my boss's mail: $text", f"make it so. {LONG}"),
        ("translate to German:\nGood morning", "translate to German: $text", "Good morning"),
        ("add to my notes\nmilk\neggs\nbread", "add to my notes $text", "milk\neggs\nbread"),
        (f"Dear team:\n{MAIL}\n\nSummarise this please", "$text Summarise this please", None),
        (
            f"I got this mail:\n\n{MAIL}\n\ncan you translate it to German?",
            "I got this mail: $text can you translate it to German?",
            MAIL,
        ),
        (f"summarise this mail:\n{MAIL}", "summarise this mail: $text", MAIL),
        (f"Summarize this article. {MANY}", "Summarize this article. $text", MANY.strip()),
        (f"{MANY}Now translate that", "$text Now translate that", MANY.strip()),
        (f"fasse zusammen:\r\n{LONG}\r\n{LONG}", "fasse zusammen: $text", f"{LONG}\n{LONG}"),
    ],
)
def test_a_passage_is_put_aside(request_, shown, passage):
    seen = see(request_)
    assert seen.text == shown
    assert seen.references == ("$text",)
    if passage is not None:
        assert seen.values == {"$text": passage}


@pytest.mark.parametrize("request_", ["hi there\nwhat time is it", "buy milk\nand remind me\nat 9"])
def test_a_few_typed_lines_are_no_passage(request_):
    assert see(request_).text == " ".join(request_.split())


def test_what_the_person_typed_is_no_reference_and_no_context():
    seen = see("[reply] is $text worth $5 | or $reply and $file1?")
    dollar = SAFE_DOLLAR
    assert (
        seen.text
        == f"(reply] is {dollar}text worth {dollar}5 / or {dollar}reply and {dollar}file1?"
    )
    assert see("rent is $x and 5$").text == "rent is $x and 5$"
    assert see("a\x00b\x1b[31m\ud800").text == "a b [31m"


def test_the_context_comes_first_on_a_line_of_its_own():
    files = [Attachment("q1 [new]\nreport.pdf", "one"), Attachment("b.md", "two")]
    seen = see(
        "and in yards?", attachments=files, has_reply=True, last="convert_units 5 | km | miles"
    )
    assert seen.text == (
        "[reply] [file1 q1 (new) report.pdf] [file2 b.md] [last convert_units 5 | km | miles]\n"
        "and in yards?"
    )
    assert seen.references == ("$reply", "$file1", "$file2")
    assert seen.values == {"$file1": "one", "$file2": "two"}
    assert values_for("x", attachments=files, reply="r")["$reply"] == "r"


@pytest.mark.parametrize("large", ["要約してください。" * 300, "🎉" * 900, "é" * 1200])
def test_letters_that_are_many_tokens_are_seen_less_of(large):
    seen = see(large)
    assert len(seen.text.encode()) <= 2400
    assert "$text" in seen.values or len(large) <= 1200


def test_of_an_earlier_plan_only_so_much_is_seen():
    steps = "\n".join(f"add_note step {number} of them" for number in range(9))
    assert see("go on", last=steps).last.startswith("add_note step 4 of them ; add_note step 5")
    assert len(see("go on", last="add_note " + "word " * 99).last.split()) == 30


@pytest.mark.parametrize(
    "large",
    [
        "summarize this: " + "lorem ipsum " * 420_000,
        "a" * 5_000_000,
        "'a " * 1_700_000,
        '"' * 5_000_000,
        "lorem ipsum\n" * 420_000,
        "summarize\n" + "\u201c" * 5_000_000,
        "a|" * 2_500_000,
        "x:\n" * 1_700_000,
        "($" * 2_500_000,
    ],
    ids=lambda text: text[:12],
)
def test_five_megabytes_are_seen_as_fast_as_a_word(large):
    best = 10.0
    for _ in range(3):
        started = time.process_time()
        seen = see(large)
        best = min(best, time.process_time() - started)
    assert len(seen.text) <= 2500
    assert "$text" in seen.values
    # 100 ms is what is promised of an idle machine.
    assert best < 0.5


@given(st.text(), st.booleans(), st.text(max_size=40))
def test_anything_can_be_seen(request_, has_reply, last):
    seen = see(request_, has_reply=has_reply, last=last)
    assert "\n" not in seen.request
    assert "|" not in seen.request
    seen.text.encode()
    assert see(request_, has_reply=has_reply, last=last) == seen
