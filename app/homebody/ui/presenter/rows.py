"""From values of the core to the states that widgets show."""

from collections.abc import Sequence
from datetime import datetime

from homebody.assistant.facts import details, facts
from homebody.messages.providers import Provider
from homebody.messages.turns import Attachment, Conversation, SearchHit, ShownTurn, Turn
from homebody.ui.presenter.offers import mangled_line, offer_card
from homebody.ui.presenter.work import asked_card, plan_facts, step_rows
from homebody.ui.states import AttachmentChip, ConversationRow, Fact, TurnRow
from homebody.ui.words import tr

__all__ = ["conversation_row", "hit_row", "short_count", "size_of", "title_of", "turn_row"]


def turn_row(
    shown: ShownTurn, providers: Sequence[Provider] = (), *, left_out: bool = False
) -> TurnRow:
    """Return the row of a turn. `left_out`: the model no longer sees it.

    `providers`: who can be asked elsewhere, where that is offered.
    """
    turn = shown.turn
    problem, hint = _trouble(turn)
    line = facts(turn.run, turn.planned)
    if turn.state == "stopped":
        line = f"{tr('stopped')} · {line}" if line else tr("stopped")
    told = tuple(Fact(tr(label), tr(value)) for label, value in details(turn))
    waiting = turn.waiting if turn.state == "waiting" else None
    return TurnRow(
        id=turn.id,
        request=turn.request,
        attachments=tuple(map(_chip, turn.attachments)),
        reply=turn.reply,
        reasoning=turn.reasoning,
        steps=step_rows(turn.steps, settled=turn.state != "open"),
        asked=asked_card(waiting, turn.steps) if waiting is not None else None,
        offer=offer_card(turn, providers),
        mangled=mangled_line(turn.offer),
        live=turn.state == "open",
        facts="" if turn.state == "open" else line,
        details=told + plan_facts(turn.planned),
        problem=problem,
        hint=hint,
        resumable=turn.state in {"stopped", "failed", "interrupted"} and _has_more(turn),
        place=shown.place,
        versions=shown.versions,
        left_out=left_out,
    )


def _trouble(turn: Turn) -> tuple[str, str]:
    if turn.state == "failed":
        kept = tr("What was written is kept.") if turn.reply else ""
        advice = (each.hint for each in turn.steps if each.problem == turn.problem and each.hint)
        hint = " ".join(part for part in (next(advice, ""), kept) if part)
        return turn.problem or tr("This could not be answered."), hint
    if turn.state == "interrupted":
        kept = tr("What was written by then is kept.") if turn.reply else ""
        if turn.steps and not turn.reply:
            return tr("Homebody ended while this was being done."), kept
        return tr("Homebody ended while this was being written."), kept
    return "", ""


def _has_more(turn: Turn) -> bool:
    """Tell whether there is anything to go on with: a reply that broke off, steps, an offer."""
    left = {"planned", "waiting", "running", "skipped"}
    if turn.offer is not None and turn.offer.state == "agreed":
        # It may not have left: the person is asked again.
        return True
    return bool(turn.reply) or any(step.state in left for step in turn.steps)


def _chip(attachment: Attachment) -> AttachmentChip:
    return AttachmentChip(
        name=attachment.name, detail=size_of(attachment.text), text=attachment.text
    )


def size_of(text: str) -> str:
    """Return how long a text is, in words."""
    count = len(text.encode("utf-8", "replace"))
    if count < 1000:
        return tr("{count} bytes").format(count=count)
    return tr("{count:.1f} kB").format(count=count / 1000)


def short_count(tokens: int) -> str:
    """Return a number of tokens as it is shown where there is little room: `1.2k`."""
    if tokens < 1000:
        return str(tokens)
    # Contexts come in powers of two, and are spoken of as 4k and 8k.
    thousand = 1024 if tokens % 1024 == 0 else 1000
    return f"{tokens / thousand:.1f}k".replace(".0k", "k")


def title_of(conversation: Conversation) -> str:
    """Return what a conversation is called."""
    return conversation.title or tr("New chat")


def conversation_row(conversation: Conversation, today: datetime) -> ConversationRow:
    """Return the row of a conversation. `today` is now, in the person's time zone."""
    return ConversationRow(
        id=conversation.id,
        title=title_of(conversation),
        group=_group(conversation, today),
        pinned=conversation.pinned,
    )


def _group(conversation: Conversation, today: datetime) -> str:
    if conversation.pinned:
        return tr("Pinned")
    days = (today.date() - conversation.changed.astimezone(today.tzinfo).date()).days
    # A clock that went back makes days negative: then it was changed today as far as we know.
    if days <= 0:
        return tr("Today")
    return tr("Yesterday") if days == 1 else tr("Earlier")


def hit_row(hit: SearchHit) -> ConversationRow:
    """Return the row of something that was found."""
    return ConversationRow(
        id=hit.conversation.id,
        title=title_of(hit.conversation),
        group=tr("Found"),
        snippet=hit.snippet if hit.turn else "",
        turn=hit.turn,
        pinned=hit.conversation.pinned,
    )
