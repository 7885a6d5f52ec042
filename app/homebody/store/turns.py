"""The tree of turns: begin, write down, end; branches and siblings.

Each function takes a connection inside a transaction of `Database`, and raises `BadInput` for an
id that does not exist; SQLite's errors pass through to `Database`.
"""

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import cast

from homebody.base.errors import BadInput
from homebody.base.ids import new_id
from homebody.messages.plans import Planned, Question, Step
from homebody.messages.turns import Attachment, RunRecord, ShownTurn, Turn, TurnState
from homebody.store import words
from homebody.store.presence import is_alive
from homebody.store.rows import (
    TURN,
    conversation_seq,
    stamp,
    to_turn,
    turn_row,
    write_attachments,
    write_run,
)
from homebody.store.texts import clean
from homebody.store.work import write_planned, write_steps, write_waiting

__all__ = [
    "begin",
    "branch",
    "checkpoint",
    "choose",
    "end",
    "interrupt",
    "interrupt_orphans",
    "keep_work",
    "page",
    "pause",
    "reopen",
    "resume",
    "shown",
    "siblings",
]

_FINAL = ("done", "stopped", "failed", "interrupted")


def begin(
    connection: sqlite3.Connection,
    *,
    conversation: str,
    request: str,
    attachments: Sequence[Attachment],
    parent: str | None,
    owner: str,
    when: datetime,
) -> Turn:
    """Add an open turn after `parent` and show it. A draft that says the same is cleared."""
    home = conversation_seq(connection, conversation)
    above = None
    if parent is not None:
        row = turn_row(connection, parent)
        if row["conversation_seq"] != home:
            raise BadInput("That turn belongs to another conversation.")
        above = row["seq"]
    name, said = new_id(), clean(request)
    seq = connection.execute(
        "INSERT INTO turn (id, conversation, parent, owner, state, created, request, attachments,"
        " reply, reasoning, problem) VALUES (?, ?, ?, ?, 'open', ?, ?, ?, '', '', '')",
        (name, home, above, owner, stamp(when), said, write_attachments(attachments)),
    ).lastrowid
    connection.execute(
        "UPDATE conversation SET head = ?, changed = ?,"
        " touched = (SELECT coalesce(max(touched), 0) + 1 FROM conversation),"
        " draft = CASE draft WHEN ? THEN '' ELSE draft END WHERE seq = ?",
        (seq, stamp(when), said, home),
    )
    return to_turn(turn_row(connection, name))


def checkpoint(
    connection: sqlite3.Connection, turn: str, reply: str, reasoning: str, when: datetime
) -> None:
    """Write down how far an open turn's reply has come. Touches one small table only."""
    done = connection.execute(
        "INSERT INTO checkpoint (turn, at, reply, reasoning)"
        " SELECT seq, ?, ?, ? FROM turn WHERE id = ? AND state = 'open'"
        " ON CONFLICT (turn) DO UPDATE SET at = excluded.at, reply = excluded.reply,"
        " reasoning = excluded.reasoning",
        (stamp(when), clean(reply), clean(reasoning), clean(turn)),
    )
    if not done.rowcount:
        turn_row(connection, turn)
        raise BadInput("That turn is not being answered any more.")


def end(
    connection: sqlite3.Connection,
    turn: str,
    *,
    state: TurnState,
    reply: str,
    reasoning: str,
    problem: str,
    run: RunRecord | None,
    when: datetime,
) -> Turn:
    """Close an open turn for good, and put its words into the index.

    An interrupted one may be ended too: its process was taken for dead but had words to save. So
    may one that waits: the person went on to something else. Its plan and steps stay.
    """
    if state not in _FINAL:
        raise BadInput(f"A turn cannot end as {state!r}.")
    row = turn_row(connection, turn)
    if row["state"] not in ("open", "waiting", "interrupted"):
        raise BadInput("That turn has ended already.")
    connection.execute(
        "UPDATE turn SET state = ?, reply = ?, reasoning = ?, problem = ?, run = ?, ended = ?,"
        " waiting = '', owner = NULL WHERE seq = ?",
        (
            state,
            clean(reply),
            clean(reasoning),
            clean(problem),
            write_run(run),
            stamp(when),
            row["seq"],
        ),
    )
    connection.execute("DELETE FROM checkpoint WHERE turn = ?", (row["seq"],))
    _index(connection, row, clean(reply))
    return to_turn(turn_row(connection, turn))


def keep_work(
    connection: sqlite3.Connection, turn: str, planned: Planned | None, steps: Sequence[Step]
) -> Turn:
    """Write down the plan of an open turn, and its steps so far."""
    row = _worked_on(connection, turn)
    connection.execute(
        "UPDATE turn SET planned = ?, steps = ? WHERE seq = ?",
        (write_planned(planned), write_steps(steps), row["seq"]),
    )
    return to_turn(turn_row(connection, turn))


def pause(
    connection: sqlite3.Connection,
    turn: str,
    question: Question | None,
    planned: Planned | None,
    steps: Sequence[Step],
) -> Turn:
    """Let an open turn wait for the person; its last checkpoint becomes its reply.

    Without a question it waits with an offer; see `offers`.

    Nobody owns it while it waits, so that it outlives the process; it can be searched.
    """
    row = _worked_on(connection, turn)
    connection.execute(
        "UPDATE turn SET state = 'waiting', planned = ?, steps = ?, waiting = ?, reply = ?,"
        " reasoning = ?, owner = NULL WHERE seq = ?",
        (
            write_planned(planned),
            write_steps(steps),
            write_waiting(question),
            row["reply"],
            row["reasoning"],
            row["seq"],
        ),
    )
    connection.execute("DELETE FROM checkpoint WHERE turn = ?", (row["seq"],))
    _index(connection, turn_row(connection, turn), row["reply"])
    return to_turn(turn_row(connection, turn))


def resume(connection: sqlite3.Connection, turn: str, owner: str) -> Turn:
    """Open a turn that waits. Of two that try, in two windows, one gets `BadInput`."""
    row = turn_row(connection, turn)
    if row["state"] != "waiting":
        raise BadInput("That turn does not wait for an answer any more.")
    connection.execute(
        "UPDATE turn SET state = 'open', owner = ?, waiting = '' WHERE seq = ?", (owner, row["seq"])
    )
    return to_turn(turn_row(connection, turn))


def _worked_on(connection: sqlite3.Connection, turn: str) -> sqlite3.Row:
    row = turn_row(connection, turn)
    if row["state"] != "open":
        raise BadInput("That turn is not being answered any more.")
    return row


def _index(connection: sqlite3.Connection, row: sqlite3.Row, reply: str) -> None:
    words.index_turn(
        connection, row["seq"], row["request"], reply, row["attachments"], row["steps"]
    )


def reopen(connection: sqlite3.Connection, turn: str, owner: str) -> Turn:
    """Open a turn again that did not come to its end; the reply so far stays."""
    row = turn_row(connection, turn)
    if row["state"] not in ("stopped", "failed", "interrupted"):
        raise BadInput("Only a turn that was stopped, failed or was interrupted can go on.")
    connection.execute(
        "UPDATE turn SET state = 'open', owner = ?, ended = NULL, problem = '' WHERE seq = ?",
        (owner, row["seq"]),
    )
    return to_turn(turn_row(connection, turn))


def interrupt(connection: sqlite3.Connection, turn: str, when: datetime) -> None:
    """Mark an open turn as interrupted; its last checkpoint becomes its reply."""
    row = turn_row(connection, turn)
    if row["state"] != "open":
        return
    connection.execute(
        "UPDATE turn SET state = 'interrupted', reply = ?, reasoning = ?, ended = ?, owner = NULL"
        " WHERE seq = ?",
        (row["reply"], row["reasoning"], stamp(when), row["seq"]),
    )
    connection.execute("DELETE FROM checkpoint WHERE turn = ?", (row["seq"],))
    _index(connection, row, row["reply"])


def interrupt_orphans(connection: sqlite3.Connection, when: datetime) -> int:
    """Interrupt the open turns whose process is gone; return how many there were.

    A turn that waits for the person waits on: no process was working on it.
    """
    open_turns = connection.execute("SELECT id, owner FROM turn WHERE state = 'open'").fetchall()
    orphans = [row["id"] for row in open_turns if not is_alive(row["owner"] or "")]
    for name in orphans:
        interrupt(connection, name, when)
    return len(orphans)


# UNION, not UNION ALL: a loop, which only damage could make, ends.
_UP = """WITH RECURSIVE up(seq) AS (SELECT ? UNION SELECT turn.parent FROM turn, up
    WHERE turn.seq = up.seq AND turn.parent IS NOT NULL LIMIT ?)
"""
_UPWARDS = f"{_UP} {TURN} WHERE t.seq IN (SELECT seq FROM up) ORDER BY t.seq"  # noqa: S608
_VERSIONS = "(SELECT count(*) FROM turn s WHERE s.conversation = t.conversation AND s.parent IS"
_PAGE = f"""{_UP} SELECT found.*,
    {_VERSIONS} t.parent AND s.seq <= t.seq) AS place, {_VERSIONS} t.parent) AS versions
    FROM ({TURN} WHERE t.seq IN (SELECT seq FROM up)) found JOIN turn t ON t.seq = found.seq
    ORDER BY found.seq"""  # noqa: S608


def branch(connection: sqlite3.Connection, conversation: str, leaf: str | None) -> list[Turn]:
    """Return the turns from the first one down to `leaf`, or to the one that is shown."""
    start = _start(connection, conversation, leaf)
    # A count below 0 is no limit.
    return [to_turn(row) for row in connection.execute(_UPWARDS, (start, -1))]


def page(
    connection: sqlite3.Connection, conversation: str, before: str | None, count: int
) -> list[ShownTurn]:
    """Return the last `count` turns of the branch that is shown, or those just above `before`.

    Its cost grows with `count` alone, however long the conversation is.
    """
    if before is None:
        start = _start(connection, conversation, None)
    else:
        _start(connection, conversation, before)
        start = turn_row(connection, before)["parent"]
    if start is None or count <= 0:
        return []
    return [_to_shown(row) for row in connection.execute(_PAGE, (start, count))]


def shown(connection: sqlite3.Connection, turn: str) -> ShownTurn:
    """Return a turn and its place among its versions."""
    return _to_shown(connection.execute(_PAGE, (turn_row(connection, turn)["seq"], 1)).fetchone())


def _to_shown(row: sqlite3.Row) -> ShownTurn:
    return ShownTurn(to_turn(row), row["place"], row["versions"])


def _start(connection: sqlite3.Connection, conversation: str, leaf: str | None) -> int | None:
    """Return the number of `leaf`, which has to be of this conversation, or of what is shown."""
    home = conversation_seq(connection, conversation)
    if leaf is None:
        head = connection.execute("SELECT head FROM conversation WHERE seq = ?", (home,))
        return cast("int | None", head.fetchone()[0])
    row = turn_row(connection, leaf)
    if row["conversation_seq"] != home:
        raise BadInput("That turn belongs to another conversation.")
    return cast("int", row["seq"])


def siblings(connection: sqlite3.Connection, turn: str) -> list[str]:
    """Return the ids of the turns with the same parent, oldest first, `turn` among them."""
    row = turn_row(connection, turn)
    rows = connection.execute(
        "SELECT id FROM turn WHERE conversation = ? AND parent IS ? ORDER BY seq",
        (row["conversation_seq"], row["parent"]),
    )
    return [each["id"] for each in rows]


def choose(connection: sqlite3.Connection, turn: str) -> None:
    """Show the branch through `turn` down to its newest leaf."""
    row = turn_row(connection, turn)
    # A turn is younger than its parent, so the youngest of a subtree is a leaf.
    connection.execute(
        "UPDATE conversation SET head = (WITH RECURSIVE down(seq) AS (SELECT ? UNION"
        " SELECT turn.seq FROM turn, down WHERE turn.parent = down.seq)"
        " SELECT max(seq) FROM down) WHERE seq = ?",
        (row["seq"], row["conversation_seq"]),
    )
