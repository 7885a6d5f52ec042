"""What the presenter makes of an offer: words, figures, and the text read from the very bytes."""

import json

import pytest
from msgspec.structs import replace

from homebody.messages.offers import (
    AddReplacement,
    Rewrite,
    SwitchPart,
    SwitchProvider,
    SwitchReplacement,
)
from homebody.messages.turns import ModelName, RunRecord
from homebody.ui.offer_states import OfferCard
from homebody.ui.presenter.offers import offer_card
from ui.offer_kit import BOTH, MINE, an_offer, changed, row_of, waiting


def card_of(offer, **more) -> OfferCard:
    card = offer_card(waiting(offer, **more), BOTH)
    assert card is not None
    return card


def test_the_text_that_is_shown_is_what_stands_in_the_body() -> None:
    offer = an_offer()
    card = card_of(offer)
    [_, user] = json.loads(offer.body)["messages"]
    assert card.text == user["content"]
    assert (card.request, card.sha256) == (offer.body, offer.sha256)
    chips = [piece for piece in card.pieces if piece.chip is not None]
    assert [piece.text for piece in chips] == ["[EMAIL_1]", "[EMAIL_2]", "[EMAIL_1]"]
    assert chips[0].chip.tip == "Stands for “ada@example.org”."
    assert chips[0].chip.action == "Send “ada@example.org” as it is"
    size = len(offer.body.encode())
    assert card.sentence == (
        f"Exactly this would leave, in a request of {size} bytes. "
        "2 things are replaced; click one to change it."
    )
    assert card.destination == "api.example.org · large"
    assert card.note == ("You asked for it. Your answer is waited for, also after a restart.")
    assert offer.sha256 in card.request_note
    assert "https://api.example.org/v1/chat/completions" in card.request_note


def test_a_text_that_the_parts_do_not_bear_out_is_shown_as_the_bytes_say() -> None:
    offer = an_offer()
    forged = replace(offer, body=offer.body.replace("[EMAIL_2]", "eve@example.net"))
    card = card_of(forged)
    assert "eve@example.net" in card.text
    assert [piece.chip for piece in card.pieces] == [None]
    assert card_of(replace(offer, body="no request")).text == "no request"


def test_what_is_switched_off_is_shown_as_it_would_leave() -> None:
    card = card_of(changed(an_offer(), SwitchReplacement("[EMAIL_1]", on=False)))
    first = next(piece for piece in card.pieces if piece.chip is not None)
    assert (first.text, first.chip.on) == ("ada@example.org", False)
    assert first.chip.action == "Replace it with [EMAIL_1]"
    assert "1 thing is replaced; click it to change that." in card.sentence
    assert card.sentence.endswith("1 private thing leaves as it is.")
    both = changed(
        changed(an_offer(), SwitchReplacement("[EMAIL_1]", on=False)),
        SwitchReplacement("[EMAIL_2]", on=False),
    )
    assert card_of(both).sentence.endswith("bytes. 2 private things leave as they are.")


def test_parts_can_be_added_and_words_hidden_too() -> None:
    offer = an_offer()
    [part] = card_of(offer).parts
    assert (part.words, part.included) == ("Add notes.md (39 bytes)", False)
    with_notes = changed(offer, SwitchPart("file1", included=True))
    card = card_of(with_notes)
    assert card.parts[0].included
    assert "The code is 1234" in card.text
    hidden = card_of(changed(with_notes, AddReplacement("1234")))
    assert "1234" not in hidden.text
    assert [piece.chip.tip for piece in hidden.pieces if piece.chip is not None][-2] == (
        "Stands for “1234”."
    )


def test_nothing_found_says_so() -> None:
    card = card_of(an_offer("What is a prime?", notes=None))
    assert card.sentence.endswith("Nothing private was found in it. Select what is, to hide it.")
    assert card.parts == ()
    assert card.pieces[0].text == "What is a prime?"


def test_who_can_be_asked_and_what_a_yes_can_be_for() -> None:
    card = card_of(an_offer())
    assert [(each.name, each.words, each.chosen) for each in card.providers] == [
        ("Cloud", "Cloud: api.example.org · large", True),
        ("Attic", "Attic: attic.lan:8000 · Qwen3.6 27B · yours", False),
    ]
    assert [each.scope for each in card.more] == ["conversation"]
    mine = card_of(changed(an_offer(), SwitchProvider("Attic")))
    assert mine.destination == "attic.lan:8000 · Qwen3.6 27B · yours"
    assert [each.scope for each in mine.more] == ["mine"]
    assert mine.providers[1].chosen
    unchosen = replace(MINE, model="")
    assert offer_card(waiting(an_offer()), (unchosen,)).providers == ()


@pytest.mark.parametrize(
    ("cost", "currency", "words"),
    [
        (None, "USD", "cost not known"),
        (0.0, "USD", "no cost"),
        (0.004, "USD", "about 0.4 US cents"),
        (0.0004, "USD", "under 0.1 US cents"),
        (0.9994, "USD", "about 99.9 US cents"),
        (1.5, "USD", "about 1.50 US dollars"),
        (0.0123, "EUR", "about 0.012 EUR"),
    ],
)
def test_the_cost_is_said_with_its_unit(cost: float | None, currency: str, words: str) -> None:
    offer = replace(an_offer(), cost=cost, currency=currency, tokens=1380)
    assert card_of(offer).facts == f"about 1,380 tokens · {words}"


def test_what_became_of_it_is_one_line_and_what_was_sent_stands_behind_it() -> None:
    offer = replace(an_offer(), state="sent", bytes_sent=884)
    card = card_of(offer, state="done")
    assert (card.stage, card.line) == ("sent", "Sent 884 bytes to api.example.org")
    assert card.request == offer.body
    deleted = card_of(replace(offer, body=""), state="done")
    assert deleted.line == "Sent 884 bytes to api.example.org. The copy was deleted."
    assert deleted.request == ""
    home = card_of(replace(offer, state="home"), state="done")
    assert (home.stage, home.line, home.request) == ("home", "Nothing was sent.", "")
    failed = replace(offer, state="failed", problem="The key is wrong.")
    card = card_of(failed, state="done")
    assert (card.stage, card.line, card.request) == ("failed", "The key is wrong.", offer.body)
    # Nothing left: there is nothing to be shown as sent.
    assert card_of(replace(failed, bytes_sent=None), state="done").request == ""
    unknown = card_of(replace(offer, state="agreed"), state="interrupted")
    assert unknown.line == (
        "It is not known whether this was sent to api.example.org. The ledger shows it."
    )
    assert card_of(replace(offer, state="agreed"), state="open").stage == "sending"
    # Still being made: there is nothing to say yet.
    assert offer_card(waiting(an_offer(), state="open")) is None
    # Stopped before there was an answer.
    assert card_of(an_offer(), state="stopped").stage == "home"


def test_what_the_reply_says_already_is_not_said_again() -> None:
    problem = "Cloud (api.example.org) wants fewer requests. Wait 20 seconds."
    reply = (
        "Cloud (api.example.org) wants fewer requests. This is what the model here says:\n\nYes."
    )
    failed = replace(an_offer(), state="failed", problem=problem, bytes_sent=884)
    assert card_of(failed, state="done", reply=reply).line == (
        "Sent 884 bytes to api.example.org; no whole answer came. Wait 20 seconds."
    )
    kept = replace(failed, bytes_sent=0)
    assert card_of(kept, state="done", reply=reply).line == (
        "Nothing was sent to api.example.org. Wait 20 seconds."
    )
    # Stopped before the model here said anything.
    assert card_of(failed, state="stopped").line == problem


def test_after_a_restart_it_says_what_is_not_known() -> None:
    offer = replace(an_offer(), problem="It may have been sent; the ledger shows it.")
    assert card_of(offer).problem == "It may have been sent; the ledger shows it."
    assert offer_card(waiting(offer), BOTH, problem="Too long.").problem == "Too long."


def test_a_reply_from_elsewhere_says_who_wrote_it_and_what_came_back_changed() -> None:
    offer = replace(an_offer(), state="sent", bytes_sent=884, mangled=("[Email-1]", "[EMAIL_9]"))
    run = RunRecord(model=ModelName("small"), bytes_sent=884, elsewhere="large at api.example.org")
    row = row_of(offer, state="done", reply="Dear [Email-1],", run=run)
    assert row.facts.startswith("large at api.example.org · ")
    assert row.facts.count("large at api.example.org") == 1
    assert "884 bytes sent" in row.facts
    assert [fact.value for fact in row.details].count("large at api.example.org") == 1
    assert row.mangled == (
        "Placeholders were not put back; they came changed, or in a link: [Email-1], [EMAIL_9]."
    )
    one = row_of(replace(offer, mangled=("[Email-1]",)), state="done", reply="x", run=run)
    assert one.mangled.startswith("A placeholder was not put back")
    assert not row.waits
    assert row_of(an_offer()).waits


def test_a_rewritten_text_is_looked_through_again() -> None:
    card = card_of(changed(an_offer(), Rewrite("Ask kim@example.org about [EMAIL_1].")))
    assert "kim@example.org" not in card.text
    assert "[EMAIL_1]" in card.text
