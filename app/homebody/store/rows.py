"""From rows to values and back."""

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal, cast

import msgspec

from homebody.base.errors import BadInput
from homebody.messages.turns import Attachment, Conversation, RunRecord, Turn, TurnState
from homebody.store.texts import clean, write_json
from homebody.store.work import read_offer, read_planned, read_steps, read_waiting

__all__ = [
    "CONVERSATION",
    "TURN",
    "conversation_seq",
    "moment",
    "read_attachments",
    "read_run",
    "stamp",
    "to_conversation",
    "to_turn",
    "turn_row",
    "write_attachments",
    "write_run",
]

CONVERSATION = """SELECT c.*, h.id AS head_id FROM conversation c LEFT JOIN turn h ON h.seq = c.head
"""

# While a turn is open, its last checkpoint is what is known of its reply.
TURN = """SELECT t.seq, t.id, t.state, t.created, t.ended, t.request, t.problem, t.run, t.owner,
    t.attachments, t.planned, t.steps, t.waiting, t.offer,
    c.id AS conversation_id, c.seq AS conversation_seq, p.id AS parent_id, t.parent,
    coalesce(k.reply, t.reply) AS reply, coalesce(k.reasoning, t.reasoning) AS reasoning
    FROM turn t JOIN conversation c ON c.seq = t.conversation
    LEFT JOIN turn p ON p.seq = t.parent LEFT JOIN checkpoint k ON k.turn = t.seq
"""


def stamp(when: datetime) -> str:
    """Return ISO 8601 in UTC with microseconds; a time without a zone counts as UTC."""
    aware = when if when.tzinfo else when.replace(tzinfo=UTC)
    try:
        return aware.astimezone(UTC).isoformat(timespec="microseconds")
    except OverflowError:  # the last hours of year 9999, or the first of year 1
        return when.replace(tzinfo=UTC).isoformat(timespec="microseconds")


def moment(text: str) -> datetime:
    """Return the time that `stamp` wrote; a broken one is the epoch, because words matter more."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)


def write_run(run: RunRecord | None) -> str | None:
    """Return a run as JSON."""
    return None if run is None else write_json(run)


def read_run(text: str | None) -> RunRecord | None:
    """Return the run in a JSON text; None where there is none or it cannot be understood."""
    if text is None:
        return None
    try:
        return msgspec.json.decode(text, type=RunRecord)
    except msgspec.MsgspecError:
        return None


def write_attachments(attachments: Sequence[Attachment]) -> str:
    """Return attachments as JSON, "" where there are none."""
    if not attachments:
        return ""
    kept = [Attachment(clean(each.name), clean(each.text)) for each in attachments]
    return msgspec.json.encode(kept).decode()


def read_attachments(text: str) -> tuple[Attachment, ...]:
    """Return the attachments in a JSON text; what cannot be understood becomes one as it is."""
    if not text:
        return ()
    try:
        return msgspec.json.decode(text, type=tuple[Attachment, ...])
    except msgspec.MsgspecError:
        # The rest of a row that was read from a damaged file: its words are words all the same.
        return (Attachment("Recovered", text),)


def to_conversation(row: sqlite3.Row) -> Conversation:
    """Return a row of `CONVERSATION` as a value."""
    return Conversation(
        id=row["id"],
        title=row["title"],
        titled_by=cast("Literal['nobody', 'app', 'person']", row["titled_by"]),
        created=moment(row["created"]),
        changed=moment(row["changed"]),
        pinned=bool(row["pinned"]),
        archived=bool(row["archived"]),
        deleted=moment(row["deleted"]) if row["deleted"] else None,
        head=row["head_id"],
        draft=row["draft"],
    )


def to_turn(row: sqlite3.Row) -> Turn:
    """Return a row of `TURN` as a value."""
    return Turn(
        id=row["id"],
        conversation=row["conversation_id"],
        parent=row["parent_id"],
        request=row["request"],
        attachments=read_attachments(row["attachments"]),
        reply=row["reply"],
        reasoning=row["reasoning"],
        state=cast("TurnState", row["state"]),
        created=moment(row["created"]),
        ended=moment(row["ended"]) if row["ended"] else None,
        problem=row["problem"],
        run=read_run(row["run"]),
        planned=read_planned(row["planned"]),
        steps=read_steps(row["steps"]),
        waiting=read_waiting(row["waiting"]),
        offer=read_offer(row["offer"]),
    )


def conversation_seq(connection: sqlite3.Connection, name: str) -> int:
    """Return the number of the conversation with this id. Raises `BadInput` if there is none."""
    row = connection.execute("SELECT seq FROM conversation WHERE id = ?", (clean(name),)).fetchone()
    if row is None:
        raise BadInput("There is no such conversation.", "It may have been erased; see the list.")
    return cast("int", row["seq"])


def turn_row(connection: sqlite3.Connection, name: str) -> sqlite3.Row:
    """Return the `TURN` row with this id. Raises `BadInput` if there is none."""
    row = connection.execute(TURN + "WHERE t.id = ?", (clean(name),)).fetchone()
    if row is None:
        raise BadInput("There is no such turn.", "Its conversation may have been erased.")
    return cast("sqlite3.Row", row)
