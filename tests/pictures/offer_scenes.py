"""Pictures of what asks before anything leaves: made-up offers in the real sheet."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace
from PySide6.QtWidgets import QAbstractButton, QPlainTextEdit

from homebody.messages.offers import Offer, OfferPart, Replacement
from homebody.messages.providers import Provider
from homebody.messages.turns import ModelName, RunRecord, ShownTurn, Stats, Turn
from homebody.ui.presenter.offers import offer_card, sending_card
from homebody.ui.presenter.rows import turn_row
from homebody.ui.states import HeaderState
from homebody.ui.transcript.offer_text import OfferText

SYSTEM = (
    "Words such as [EMAIL_1] stand for things that stay private. Keep them exactly as they are."
)
TEXT = (
    "Write an objection to a tax notice dated 3 March 2026 for [PERSON_1], reference [ID_1], "
    "account [IBAN_1]. The office disallowed home-office costs of 1,260 EUR; the room is used "
    "only for work since 2024. Reply goes to [EMAIL_1]."
)
FOUND = (
    Replacement(placeholder="[PERSON_1]", kind="PERSON", value="Ada Lovelace", by="dictionary"),
    Replacement(placeholder="[ID_1]", kind="ID", value="93815/08152", by="pattern"),
    Replacement(
        placeholder="[IBAN_1]", kind="IBAN", value="DE89 3704 0044 0532 0130 00", by="pattern"
    ),
    Replacement(placeholder="[EMAIL_1]", kind="EMAIL", value="ada@example.org", by="pattern"),
)
WORKSTATION = Provider(
    name="Workstation", url="http://workstation.lan:8000/v1", model="Qwen3.6 27B", mine=True
)
CLOUD = Provider(
    name="Example",
    url="https://api.example.org/v1",
    model="large-2026",
    price_in=2.0,
    price_out=8.0,
)
LEFT_OUT = OfferPart(name="file1", title="notes.md (1.2 kB)", template="…", included=False)


def body_of(model: str, text: str, *, replaced: bool = True) -> str:
    """Return a request, as `privacy.offers` writes it."""
    messages = [{"content": text, "role": "user"}]
    if replaced:
        messages.insert(0, {"content": SYSTEM, "role": "system"})
    body = {
        "messages": messages,
        "model": model,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def offer(
    provider: Provider = WORKSTATION,
    text: str = TEXT,
    found: tuple[Replacement, ...] = FOUND,
    parts: tuple[OfferPart, ...] = (LEFT_OUT,),
    **more: Any,
) -> Offer:
    """Return an offer for a text in which placeholders stand."""
    leaving = text
    for each in found:
        if not each.on:
            leaving = leaving.replace(each.placeholder, each.value)
    body = body_of(provider.model, leaving, replaced=any(each.on for each in found))
    question = OfferPart(name="question", title="Your question", template=text, included=True)
    given = {
        "provider": provider.name,
        "url": provider.url,
        "host": provider.url.split("/")[2],
        "model": provider.model,
        "mine": provider.mine,
        "reason": "check",
        "sentence": "A check found no deadline in the draft that was written here.",
        "parts": (question, *parts),
        "replacements": found,
        "body": body,
        "sha256": hashlib.sha256(body.encode()).hexdigest(),
        "tokens": len(body) // 4,
        "cost": 0.0 if provider.mine else 0.0042,
        "currency": "USD",
        **more,
    }
    return Offer(**given)


def turn(what: Offer, **more: Any) -> Turn:
    """Return the turn that waits for an answer to it."""
    given = {
        "id": "7",
        "conversation": "2",
        "parent": None,
        "request": "Draft the objection to this tax notice, as strong as you can",
        "state": "waiting",
        "created": datetime(2026, 11, 21, 10, 12, tzinfo=UTC),
        "offer": what,
        **more,
    }
    return Turn(**given)


def show(stage: Any, what: Turn, *providers: Provider) -> None:
    """Show one turn, as the presenter makes it."""
    stage.sidebar(selected="2")
    stage.header(title="Tax letter")
    stage.window.transcript.open([turn_row(ShownTurn(what, 1, 1), providers)])


def press(stage: Any, name: str) -> None:
    stage.settle()
    for button in stage.window.findChildren(QAbstractButton, name):
        if button.isVisible():
            button.click()
    stage.settle()


def offer_sheet(stage: Any) -> None:
    show(stage, turn(offer()), WORKSTATION)


def offer_several(stage: Any) -> None:
    show(stage, turn(offer(CLOUD)), CLOUD, WORKSTATION)
    press(stage, "offer-destination")


def offer_ways(stage: Any) -> None:
    show(stage, turn(offer(CLOUD)), CLOUD, WORKSTATION)
    press(stage, "offer-more")


def offer_chip(stage: Any) -> None:
    first, *others = FOUND
    show(stage, turn(offer(found=(replace(first, on=False), *others))), WORKSTATION)
    stage.settle()
    [text] = [each for each in stage.window.findChildren(OfferText) if each.isVisible()]
    text.open_chip(1)


def offer_edited(stage: Any) -> None:
    show(stage, turn(offer()), WORKSTATION)
    press(stage, "offer-edit")
    field = stage.window.findChild(QPlainTextEdit, "offer-field")
    field.setPlainText(TEXT.replace("objection", "short and firm objection"))


def offer_long(stage: Any) -> None:
    text = "\n".join(f"{number}. {TEXT}" for number in range(1, 30))
    reply = "Dear Sir or Madam,\n\nI object to your notice of 3 March 2026."
    asked = offer(CLOUD, text, reason="too_long", sentence="It is too long for the model here.")
    show(stage, turn(asked, reply=reply), CLOUD)
    press(stage, "offer-request-fold")


def offer_nothing(stage: Any) -> None:
    asked = offer(
        CLOUD,
        "Explain Bézout's identity to a child.",
        (),
        (),
        reason="asked",
        sentence="You asked for it.",
        cost=None,
    )
    show(stage, turn(asked, request="Explain Bézout's identity to a child."), CLOUD)


def offer_refused(stage: Any) -> None:
    problem = "This text is longer than an offer can be (4 MB). Shorten it, then save again."
    what = turn(offer())
    row = turn_row(ShownTurn(what, 1, 1), (WORKSTATION,))
    show(stage, what, WORKSTATION)
    row = replace(row, offer=offer_card(what, (WORKSTATION,), problem=problem))
    stage.window.transcript.update_row(row)


def offer_sending(stage: Any) -> None:
    what = offer()
    row = turn_row(ShownTurn(turn(what, state="open"), 1, 1))
    row = replace(row, live=True, offer=sending_card(what), waiting="Waiting for the reply…")
    show(stage, turn(what))
    stage.window.transcript.open([row])
    stage.window.show_header(
        HeaderState(
            title="Tax letter",
            model="SmolLM2 135M",
            model_detail="on the processor",
            sending="workstation.lan:8000",
        )
    )
    stage.composer(running=True, can_send=False)


REPLY = """Dear Sir or Madam,

I object to your notice of 3 March 2026, reference 93815/08152.

The room has been used only for work since 2024, so its costs are to be allowed in full.
Please write to ada@example.org.

Ada Lovelace"""


def answered(stage: Any, **more: Any) -> None:
    what = offer(state="sent", scope="once", bytes_sent=884, **more)
    stats = Stats(total_ms=4200, generated_tokens=96)
    run = RunRecord(
        model=ModelName("SmolLM2 135M"),
        stats=stats,
        bytes_sent=884,
        elsewhere="Qwen3.6 27B at workstation.lan:8000",
    )
    show(stage, turn(what, state="done", reply=REPLY, run=run))


def offer_sent(stage: Any) -> None:
    answered(stage)


def offer_sent_open(stage: Any) -> None:
    answered(stage, mangled=("[Email-1]", "[PERSON_9]"))
    press(stage, "offer-show")


def offer_home(stage: Any) -> None:
    stats = Stats(total_ms=1900, tokens_per_second=74)
    run = RunRecord(model=ModelName("SmolLM2 135M"), stats=stats)
    reply = "This is what the model here says:\n\nDear Sir or Madam, I object to your notice."
    show(stage, turn(offer(state="home"), state="done", reply=reply, run=run))


def offer_failed(stage: Any) -> None:
    stats = Stats(total_ms=1900, tokens_per_second=74)
    run = RunRecord(model=ModelName("SmolLM2 135M"), stats=stats, bytes_sent=884)
    problem = "workstation.lan:8000 answered with a web page, not with a reply of a model."
    what = offer(state="failed", bytes_sent=884, problem=problem)
    reply = "This is what the model here says:\n\nDear Sir or Madam, I object to your notice."
    show(stage, turn(what, state="done", reply=reply, run=run))


def offer_again(stage: Any) -> None:
    what = offer(
        CLOUD,
        problem="Homebody ended before it was known whether this was sent; the ledger shows it.",
    )
    show(stage, turn(what), CLOUD, WORKSTATION)


def narrow_offer(stage: Any) -> None:
    stage.window.resize(520, 900)
    show(stage, turn(offer(CLOUD)), CLOUD, WORKSTATION)


OFFER_SCENES = (
    offer_sheet,
    offer_several,
    offer_ways,
    offer_chip,
    offer_edited,
    offer_long,
    offer_nothing,
    offer_refused,
    offer_sending,
    offer_sent,
    offer_sent_open,
    offer_home,
    offer_failed,
    offer_again,
    narrow_offer,
)
