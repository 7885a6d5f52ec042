"""Conversations as files: JSON that loses nothing, Markdown to read."""

import re
import sqlite3
from collections.abc import Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from homebody.base.errors import BadInput
from homebody.messages.offers import Offer
from homebody.messages.plans import Step
from homebody.messages.turns import Attachment, Conversation, Turn
from homebody.store import shelf, words
from homebody.store.rows import (
    CONVERSATION,
    TURN,
    conversation_seq,
    stamp,
    to_conversation,
    to_turn,
    write_attachments,
    write_run,
)
from homebody.store.texts import clean
from homebody.store.turns import branch
from homebody.store.work import write_offer, write_planned, write_steps

__all__ = ["export_json", "export_markdown", "import_json"]

_FORMAT = "homebody conversations"
_VERSION = 4
"""2: with attachments; 3: with plans and steps; 4: with offers. What has none of these is written
as 1, for an older Homebody to read."""
_NAME = re.compile(r"[0-9A-Za-z_-]{1,64}")


class _Kept(Struct, frozen=True):
    """A conversation with all its turns, each after its parent."""

    conversation: Conversation
    turns: tuple[Turn, ...]


class _File(Struct, frozen=True):
    format: str
    version: int
    conversations: tuple[_Kept, ...]


def export_json(connection: sqlite3.Connection, names: Sequence[str] | None) -> bytes:
    """Return the named conversations, or all of them with archive and bin, as JSON."""
    order = "ORDER BY c.touched"
    if names is None:
        found = connection.execute(CONVERSATION + order).fetchall()
    else:
        numbers = {conversation_seq(connection, name) for name in names}
        found = [row for row in connection.execute(CONVERSATION + order) if row["seq"] in numbers]
    kept = tuple(
        _Kept(
            to_conversation(row),
            tuple(
                to_turn(turn)
                for turn in connection.execute(
                    TURN + "WHERE t.conversation = ? ORDER BY t.seq", (row["seq"],)
                )
            ),
        )
        for row in found
    )
    needs = max((_needs(turn) for each in kept for turn in each.turns), default=1)
    return msgspec.json.encode(_File(_FORMAT, needs, kept))


def _needs(turn: Turn) -> int:
    """Return the version that can read a turn without losing anything."""
    if turn.offer is not None or (turn.run is not None and turn.run.elsewhere):
        return 4
    if turn.planned is not None or turn.steps or turn.state == "waiting":
        return 3
    return 2 if turn.attachments else 1


def import_json(connection: sqlite3.Connection, data: bytes, when: datetime) -> list[Conversation]:
    """Add what is in `data` and not here yet; return its conversations. Overwrites nothing.

    Raises `BadInput` where `data` is no such file, or contradicts itself or what is here.
    """
    try:
        file = msgspec.json.decode(data, type=_File)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _no_such_file() from error
    if file.format != _FORMAT:
        raise _no_such_file()
    if file.version > _VERSION:
        raise BadInput("A newer Homebody wrote this file.", "Install the newest Homebody.")
    for kept in file.conversations:
        _check(kept)
        _add(connection, kept, when)
    return [shelf.one(connection, kept.conversation.id) for kept in file.conversations]


def _no_such_file() -> BadInput:
    return BadInput(
        "This is not a file of exported conversations; nothing was imported.",
        "Choose a file that Homebody's export wrote.",
    )


def _check(kept: _Kept) -> None:
    """Raise `BadInput` unless the turns make a tree whose parents come first."""
    conversation = kept.conversation
    seen: set[str] = set()
    good = bool(_NAME.fullmatch(conversation.id))
    for turn in kept.turns:
        good = (
            good
            and bool(_NAME.fullmatch(turn.id))
            and turn.id not in seen
            and turn.conversation == conversation.id
            and (turn.parent is None or turn.parent in seen)
        )
        seen.add(turn.id)
    if not good or (conversation.head is not None and conversation.head not in seen):
        raise _no_such_file()


def _add(connection: sqlite3.Connection, kept: _Kept, when: datetime) -> None:
    conversation = kept.conversation
    row = connection.execute(
        "SELECT seq FROM conversation WHERE id = ?", (conversation.id,)
    ).fetchone()
    home = _insert_conversation(connection, conversation, when) if row is None else row["seq"]
    numbers: dict[str | None, int | None] = {None: None}
    for turn in kept.turns:
        here = connection.execute(
            "SELECT seq, conversation FROM turn WHERE id = ?", (turn.id,)
        ).fetchone()
        if here is None:
            numbers[turn.id] = _insert_turn(connection, home, numbers[turn.parent], turn, when)
        elif here["conversation"] != home:
            raise _no_such_file()
        else:
            numbers[turn.id] = here["seq"]
    if row is None:
        connection.execute(
            "UPDATE conversation SET head = ? WHERE seq = ?", (numbers[conversation.head], home)
        )


def _insert_conversation(
    connection: sqlite3.Connection, conversation: Conversation, when: datetime
) -> int:
    deleted = conversation.deleted
    seq = connection.execute(
        "INSERT INTO conversation (id, titled_by, title, created, changed, touched, pinned,"
        " archived, deleted, bin_since, draft) VALUES (?, ?, ?, ?, ?,"
        " (SELECT coalesce(max(touched), 0) + 1 FROM conversation), ?, ?, ?, ?, ?)",
        (
            conversation.id,
            conversation.titled_by,
            clean(conversation.title),
            stamp(conversation.created),
            stamp(conversation.changed),
            conversation.pinned,
            conversation.archived,
            stamp(deleted) if deleted else None,
            # Its 30 days start again: the file may be years old.
            stamp(when) if deleted else None,
            clean(conversation.draft),
        ),
    ).lastrowid
    if seq is None:
        raise _no_such_file()
    words.index_title(connection, seq, clean(conversation.title))
    return seq


def _insert_turn(
    connection: sqlite3.Connection, home: int, parent: int | None, turn: Turn, when: datetime
) -> int | None:
    # Nobody is answering an imported turn. And what it asks before a step is not asked again: the
    # sentence in the file need not be what the step would do. Nor is an offer: what it shows need
    # not be what it would send.
    interrupted = turn.state in ("open", "waiting")
    ended = stamp(turn.ended) if turn.ended else stamp(when) if interrupted else None
    files, steps = write_attachments(turn.attachments), write_steps(turn.steps)
    seq = connection.execute(
        "INSERT INTO turn (id, conversation, parent, state, created, ended, request, reply,"
        " reasoning, problem, run, attachments, planned, steps, offer)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            turn.id,
            home,
            parent,
            "interrupted" if interrupted else turn.state,
            stamp(turn.created),
            ended,
            clean(turn.request),
            clean(turn.reply),
            clean(turn.reasoning),
            clean(turn.problem),
            write_run(turn.run),
            files,
            write_planned(turn.planned),
            steps,
            write_offer(_final(turn.offer)),
        ),
    ).lastrowid
    if seq is not None:
        words.index_turn(connection, seq, clean(turn.request), clean(turn.reply), files, steps)
    return seq


def _final(offer: Offer | None) -> Offer | None:
    return None if offer is None or offer.state in ("open", "agreed") else offer


def export_markdown(connection: sqlite3.Connection, name: str) -> str:
    """Return the branch that is shown, as Markdown that any program displays."""
    conversation = shelf.one(connection, name)
    title = " ".join(conversation.title.split()) or "Conversation"
    parts = [f"# {title}", f"*{conversation.created:%Y-%m-%d %H:%M} UTC*"]
    for turn in branch(connection, name, None):
        parts += ["## You", turn.request]
        for file in turn.attachments:
            parts += [f"**{' '.join(file.name.split())}**", file.fenced]
        for index, step in enumerate(turn.steps, 1):
            parts += _shown(index, step, turn.reply)
        model = f" ({turn.run.elsewhere or turn.run.model.name})" if turn.run else ""
        parts += [f"## Homebody{model}", turn.reply] if turn.reply else []
        if turn.state != "done":
            note = {"open": "Being answered.", "stopped": "Stopped.", "failed": "Failed."}
            asked = turn.waiting.sentence if turn.waiting else ""
            asked = asked or (turn.offer.sentence if turn.offer else "")
            note["waiting"] = f"Waiting for an answer: {asked}".rstrip(": ")
            said = note.get(turn.state, "Interrupted.")
            parts.append(f"*{said} {turn.problem}".rstrip() + "*")
    return "\n\n".join(parts) + "\n"


_SHOWN = 2_000
"""Characters of a step's result in Markdown; JSON has all that is kept."""


def _shown(index: int, step: Step, reply: str) -> list[str]:
    """Return a step as Markdown: what was called, and what came of it unless the reply says so."""
    given = ", ".join(f"{name}: {value}" for name, value in step.given.items())
    took = "" if step.ms is None else f", {step.ms / 1000:.1f} s"
    call = " ".join(f"{step.skill} {given}".split())
    lines = [f"**Step {index}** `{call.replace('`', '')[:300]}` ({step.state}{took})"]
    if step.problem:
        lines.append(f"*{step.problem}*")
    said = step.said or step.result
    if said and said not in reply:
        cut = "" if len(said) <= _SHOWN else "\n…"
        lines.append(Attachment("", said[:_SHOWN] + cut).fenced)
    return lines
