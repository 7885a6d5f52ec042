"""Pick out what belongs to conversations from the rows that `pages` finds in a damaged file."""

import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from homebody.store import pages
from homebody.store.pages import Value

__all__ = ["CONVERSATION", "NOTE", "REMINDER", "SENT", "TURN", "Finds", "Record", "number", "read"]

_NAME = re.compile(r"[0-9A-Za-z_-]{1,64}")
_STATES = ("open", "waiting", "done", "stopped", "failed", "interrupted")
_TITLED = ("nobody", "app", "person")
CONVERSATION = (
    "seq",
    "id",
    "titled_by",
    "title",
    "created",
    "changed",
    "touched",
    "pinned",
    "archived",
    "deleted",
    "bin_since",
    "head",
    "draft",
)
TURN = (
    "seq",
    "id",
    "conversation",
    "parent",
    "owner",
    "state",
    "created",
    "ended",
    "request",
    "reply",
    "reasoning",
    "problem",
    "run",
    "attachments",
    "planned",
    "steps",
    "waiting",
    "offer",
)
NOTE = ("seq", "id", "kind", "created", "text")
REMINDER = ("seq", "id", "kind", "due", "created", "told", "text")
SENT = ("seq", "sha256", "conversation", "at", "provider", "host", "model", "body")
_ADDED = ("", "", "", "", "")
"""What the columns hold that came with later versions, where a row does not have them."""
_TURN_AT_FIRST = len(TURN) - len(_ADDED)

Record = dict[str, Value]


@dataclass
class Finds:
    """What was read from the damaged file; the newest whole version of each row."""

    conversations: dict[str, tuple[Record, bool]] = field(default_factory=dict)
    turns: dict[str, tuple[Record, bool]] = field(default_factory=dict)
    checkpoints: dict[int, tuple[str, str]] = field(default_factory=dict)
    notes: dict[str, tuple[Record, bool]] = field(default_factory=dict)
    reminders: dict[str, tuple[Record, bool]] = field(default_factory=dict)
    sent: list[Record] = field(default_factory=list)
    """Bodies that are what their hash is of."""


def read(damaged: Path) -> Finds:
    """Return what can be made out in a database and its log. Raises `OSError`.

    Granted folders are left out: one wrong byte would let skills into another folder. So is every
    yes for a whole conversation: it is asked for anew.
    """
    finds = Finds()
    for cell in pages.cells(damaged, damaged.with_name(damaged.name + "-wal")):
        values = (cell.number, *cell.values[1:])
        if len(values) >= _TURN_AT_FIRST and _is_turn(cell.values):
            # A row from before a column was added is shorter, until it is written anew.
            padded = (*values, *_ADDED[len(values) - _TURN_AT_FIRST :])
            _note(finds.turns, TURN, padded, whole=cell.whole)
        elif len(values) >= len(CONVERSATION) and _is_conversation(cell.values):
            _note(finds.conversations, CONVERSATION, values, whole=cell.whole)
        elif len(values) == len(NOTE) and _is_told_of(cell.values, "note"):
            _note(finds.notes, NOTE, values, whole=cell.whole)
        elif len(values) == len(REMINDER) and _is_told_of(cell.values, "reminder"):
            _note(finds.reminders, REMINDER, values, whole=cell.whole)
        elif len(values) == len(SENT) and _is_sent(cell.values):
            finds.sent.append(dict(zip(SENT, values, strict=True)))
        elif len(values) == 4 and all(isinstance(value, str) for value in values[1:]):
            finds.checkpoints[cell.number] = cast("tuple[str, str]", values[2:])
    return finds


def _note(
    found: dict[str, tuple[Record, bool]],
    columns: tuple[str, ...],
    values: tuple[Value, ...],
    *,
    whole: bool,
) -> None:
    record: Record = dict(zip(columns, values, strict=False))
    known = found.get(str(record["id"]))
    if known is None or whole or not known[1]:
        found[str(record["id"])] = (record, whole)


def _is_name(value: Value) -> bool:
    return isinstance(value, str) and bool(_NAME.fullmatch(value))


def _is_turn(values: tuple[Value, ...]) -> bool:
    texts = values[5:7] + values[8:12] + values[13:18]
    return (
        values[0] is None
        and _is_name(values[1])
        and isinstance(values[2], int)
        and values[5] in _STATES
        and all(isinstance(value, str) for value in texts)
    )


def _is_conversation(values: tuple[Value, ...]) -> bool:
    texts = (*values[2:6], values[12])
    return (
        values[0] is None
        and _is_name(values[1])
        and values[2] in _TITLED
        and all(isinstance(value, str) for value in texts)
        and all(isinstance(value, int) for value in values[6:9])
    )


def _is_told_of(values: tuple[Value, ...], kind: str) -> bool:
    """Tell whether a row is a note or a reminder; of its texts only `told` may be missing."""
    texts = [value for value in values[3:] if value is not None]
    return (
        values[0] is None
        and _is_name(values[1])
        and values[2] == kind
        and all(isinstance(value, str) for value in texts)
        and len(texts) >= len(values) - 4
        and isinstance(values[-1], str)
    )


def _is_sent(values: tuple[Value, ...]) -> bool:
    """Tell whether a row is a body that was sent: its hash says so."""
    body = values[-1]
    return (
        values[0] is None
        and isinstance(values[2], int)
        and all(isinstance(value, str) for value in (values[1], *values[3:]))
        and isinstance(body, str)
        and hashlib.sha256(body.encode("utf-8", "replace")).hexdigest() == values[1]
    )


def number(record: Record) -> int:
    """Return the row number that a record had."""
    return cast("int", record["seq"])
