"""What would leave: small, exact, the same each time, and never a value that is replaced."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from homebody.base.errors import BadInput
from homebody.messages.offers import (
    AddReplacement,
    Offer,
    OfferChange,
    Rewrite,
    SwitchPart,
    SwitchProvider,
    SwitchReplacement,
)
from homebody.messages.providers import Provider
from homebody.privacy.dictionary import Dictionary, PrivateWord
from homebody.privacy.offers import change_offer, is_as_shown, make_offer, spans_of, text_of
from homebody.privacy.redaction import Redactor, reveal

PROVIDER = Provider(
    name="There", url="https://api.example.org/v1", model="big", price_in=2.0, price_out=8.0
)
MINE = Provider(name="Mine", url="http://box.example:8000/v1", model="local", mine=True)
REDACTOR = Redactor(Dictionary((PrivateWord("Ada", "PERSON"),)))
QUESTION = ("question", "Your question", "Write to ada@example.org for Ada", True)
NOTES = ("file1", "Ada.md (1.2 kB)", "Ada: ada@example.org, bob@example.org", True)
SECRET = ("file2", "keys.txt (20 bytes)", "password: hunter22 of Ada", False)


def offer(*parts: tuple[str, str, str, bool], **more: Any) -> Offer:
    return make_offer(
        more.pop("provider", PROVIDER),
        reason="asked",
        sentence="You asked for it.",
        parts=parts or (QUESTION, NOTES, SECRET),
        redactor=REDACTOR,
        **more,
    )


def changed(before: Offer, change: OfferChange, vault: Sequence[Any] = ()) -> Offer:
    return change_offer(before, change, redactor=REDACTOR, vault=vault, providers=(PROVIDER, MINE))


def said(offer: Offer) -> str:
    return json.loads(offer.body)["messages"][-1]["content"]


def test_the_body_is_what_the_protocol_wants_and_nothing_else() -> None:
    made = offer(QUESTION)
    assert made.body == (
        '{"messages":[{"content":"Words such as [EMAIL_1] stand for things that stay private. '
        'Keep them exactly as they are.","role":"system"},{"content":"Write to [EMAIL_1] for '
        '[PERSON_1]","role":"user"}],"model":"big","stream":true,'
        '"stream_options":{"include_usage":true}}'
    )
    assert made.sha256 == hashlib.sha256(made.body.encode()).hexdigest()
    assert (made.host, made.state, made.mine) == ("api.example.org", "open", False)
    plain = offer(("question", "Your question", "Größe in Zoll? 日本 \u2028 \ud800", True))
    assert [each["role"] for each in json.loads(plain.body)["messages"]] == ["user"]
    assert "Größe in Zoll? 日本" in plain.body


def test_parts_stand_under_their_titles_which_are_looked_through_too() -> None:
    made = offer()
    assert (
        said(made)
        == text_of(made)
        == (
            "Write to [EMAIL_1] for [PERSON_1]\n\n"
            "[PERSON_1].md (1.2 kB)\n[PERSON_1]: [EMAIL_1], [EMAIL_2]"
        )
    )
    assert "hunter22" not in made.body
    assert {each.placeholder for each in made.replacements} == {
        *("[EMAIL_1]", "[EMAIL_2]", "[PERSON_1]")
    }


def test_the_same_inputs_make_the_same_body() -> None:
    assert offer() == offer()
    assert offer().sha256 != offer(QUESTION).sha256


def test_a_part_left_here_stands_in_the_offer_as_it_is_and_can_come_along() -> None:
    made = offer()
    assert made.parts[2].template == "password: hunter22 of Ada"
    along = changed(made, SwitchPart("file2", True))
    assert said(along).endswith("keys.txt (20 bytes)\npassword: [SECRET_1] of [PERSON_1]")
    back = changed(along, SwitchPart("file2", False))
    assert (back.body, back.replacements) == (made.body, made.replacements)


def test_a_value_that_is_switched_off_leaves_as_it_is_and_comes_back() -> None:
    made = offer()
    off = changed(made, SwitchReplacement("[PERSON_1]", False))
    assert said(off).startswith("Write to [EMAIL_1] for Ada\n\nAda.md")
    assert changed(off, SwitchReplacement("[PERSON_1]", True)) == made
    # What else changes does not switch it on again.
    assert "password: [SECRET_1] of Ada" in said(changed(off, SwitchPart("file2", True)))
    with pytest.raises(BadInput, match=r"There is no \[EMAIL_9\]"):
        changed(made, SwitchReplacement("[EMAIL_9]", False))


def test_spans_tell_what_stands_where_in_the_text_that_is_shown() -> None:
    off = changed(offer(), SwitchReplacement("[EMAIL_1]", False))
    text = text_of(off)
    shown = [(text[start:end], name, on) for start, end, name, on in spans_of(off)]
    assert shown[:2] == [
        ("ada@example.org", "[EMAIL_1]", False),
        ("[PERSON_1]", "[PERSON_1]", True),
    ]
    assert len(shown) == 6


def test_other_words_are_looked_through_and_keep_their_placeholders() -> None:
    made = offer()
    written = changed(made, Rewrite("Ask [PERSON_1], Ada or carl@example.org. [EMAIL_2]?"))
    assert said(written) == "Ask [PERSON_1], [PERSON_1] or [EMAIL_3]. [EMAIL_2]?"
    assert [each.name for each in written.parts] == ["question", "file2"]
    truth = reveal(written.parts[0].template, written.replacements)
    assert truth == "Ask Ada, Ada or carl@example.org. bob@example.org?"
    with pytest.raises(BadInput, match="Nothing would be left"):
        changed(made, Rewrite("  \n"))


def test_words_that_the_person_marks_are_replaced_wherever_they_stand() -> None:
    made = offer()
    added = changed(made, AddReplacement("Write to [EMAIL_1]", "WORD"))
    assert said(added).startswith("[WORD_1] for [PERSON_1]")
    more = changed(made, AddReplacement("bob", "PERSON"))
    assert said(more).endswith("[PERSON_1]: [EMAIL_1], [EMAIL_2]")  # it is in an address already
    dot = changed(made, AddReplacement(".md"))
    assert "[PERSON_1][WORD_1] (1.2 kB)" in said(dot)
    with pytest.raises(BadInput, match="do not stand"):
        changed(made, AddReplacement("nowhere"))


def test_another_provider_gets_the_same_words_under_its_own_model() -> None:
    other = changed(offer(), SwitchProvider("Mine"))
    assert (other.host, other.model, other.mine, other.cost) == (
        *("box.example:8000", "local", True, 0.0),
    )
    assert json.loads(other.body)["model"] == "local"
    assert said(other) == said(offer())
    with pytest.raises(BadInput, match='no provider "Nobody"') as problem:
        changed(offer(), SwitchProvider("Nobody"))
    assert problem.value.hint == "There are: There, Mine."


def test_a_conversation_goes_on_with_its_placeholders_all_of_them_on() -> None:
    first = changed(offer(QUESTION), SwitchReplacement("[EMAIL_1]", False))
    later = offer(
        ("question", "Your question", "bob@example.org or ada@example.org?", True),
        vault=first.replacements,
    )
    assert said(later) == "[EMAIL_2] or [EMAIL_1]?"


def test_size_and_cost_are_told_where_they_are_known() -> None:
    made = offer(QUESTION, count=lambda text: len(text.split()))
    assert made.tokens == 21
    assert made.cost == pytest.approx((21 * 2.0 + 500 * 8.0) / 1e6)
    assert offer(QUESTION, provider=replace(PROVIDER, price_out=None)).cost is None
    assert offer(("question", "", "x" * 400, True)).tokens == 100


def test_an_offer_that_was_answered_is_not_changed() -> None:
    with pytest.raises(BadInput, match="was answered"):
        changed(replace(offer(), state="sent"), SwitchPart("file1", False))
    with pytest.raises(BadInput, match='no part "x"'):
        changed(offer(), SwitchPart("x", True))
    with pytest.raises(BadInput, match="Nothing would be left"):
        offer(("question", "", " ", True))


CHANGES = st.lists(
    st.one_of(
        st.sampled_from(["question", "file1", "file2"]).flatmap(
            lambda name: st.booleans().map(lambda on: SwitchPart(name, on))
        ),
        st.sampled_from(["[EMAIL_1]", "[PERSON_1]", "[SECRET_1]"]).flatmap(
            lambda name: st.booleans().map(lambda on: SwitchReplacement(name, on))
        ),
        st.sampled_from(["Write", "for [PERSON_1]", "Ada", "to"]).map(AddReplacement),
        st.sampled_from(["[EMAIL_1] again, 0171 3920012", "EMAIL_1 Ada hunter22"]).map(Rewrite),
    ),
    max_size=8,
)


@given(CHANGES)
@settings(max_examples=150, deadline=None)
def test_whatever_is_changed_no_value_that_is_replaced_stands_in_the_body(
    changes: list[OfferChange],
) -> None:
    now = offer()
    for change in changes:
        try:
            now = changed(now, change)
        except BadInput:
            continue
        assert said(now) == text_of(now)
        assert now.sha256 == hashlib.sha256(now.body.encode()).hexdigest()
        text = text_of(now)
        for start, end, _, _ in reversed(spans_of(now)):
            text = f"{text[:start]}\0{text[end:]}"
        for each in now.replacements:
            if each.on and len(each.value) >= 6:
                assert each.value not in text
        by_value = {each.value for each in now.replacements}
        assert len(by_value) == len(now.replacements)


def test_a_title_says_no_more_than_a_text_would() -> None:
    made = offer(("question", "Your question", "Look", True), ("file1", "cv_Ada_2.md", "x", True))
    assert said(made) == "Look\n\ncv_[PERSON_1]_2.md\nx"
    assert "Ada" not in said(changed(made, AddReplacement("Look")))


def test_what_was_replaced_stays_so_where_more_is_added() -> None:
    # Found by what stands around it, or inside a longer word: not by its letters alone.
    made = offer(("question", "Your question", "Adas car, mysql -u root -pab1c", True))
    assert said(made) == "[PERSON_1]s car, mysql -u root -p[SECRET_1]"
    more = changed(made, AddReplacement("car"))
    assert said(more) == "[PERSON_1]s [WORD_1], mysql -u root -p[SECRET_1]"


def test_a_mark_inside_a_script_without_blanks_counts_and_one_that_does_not_is_said() -> None:
    made = offer(("question", "Your question", "请问王伟在吗? about", True))
    assert said(changed(made, AddReplacement("王伟"))) == "请问[WORD_1]在吗? about"
    with pytest.raises(BadInput, match="inside a longer word"):
        changed(made, AddReplacement("bo"))


def test_a_provider_without_a_model_is_not_offered() -> None:
    bare = replace(MINE, model="")
    with pytest.raises(BadInput, match="no provider"):
        change_offer(offer(), SwitchProvider("Mine"), redactor=REDACTOR, providers=(PROVIDER, bare))


def test_an_offer_that_shows_something_else_than_it_sends_is_told_apart() -> None:
    made = offer()
    assert is_as_shown(made)
    assert is_as_shown(changed(made, SwitchReplacement("[EMAIL_1]", False)))
    part = replace(made.parts[0], template="Something else")
    for other in (
        replace(made, parts=(part, *made.parts[1:])),
        replace(made, host="other.example"),
        replace(made, model="other"),
        replace(made, body=""),
        replace(made, body="[]"),
    ):
        assert not is_as_shown(other)
