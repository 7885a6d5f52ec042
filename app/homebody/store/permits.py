"""Folders that the person granted to skills, and how skills fared.

Each function takes a connection inside a transaction of `Database`; SQLite's errors pass through.
"""

import sqlite3
from datetime import datetime
from statistics import median
from typing import Final, cast

from homebody.base.errors import BadInput
from homebody.messages.skills import Access, Grant, Reliability
from homebody.store.rows import moment, stamp
from homebody.store.texts import clean

__all__ = ["grant", "grants", "record_skill", "reliability", "revoke"]

_RUNS_KEPT: Final = 20_000
"""Runs of skills that are remembered, of all skills together."""


def grants(connection: sqlite3.Connection) -> list[Grant]:
    """Return what is granted, by folder."""
    rows = connection.execute("SELECT folder, access, since FROM granted ORDER BY folder")
    return [
        Grant(
            folder=row["folder"], access=cast("Access", row["access"]), since=moment(row["since"])
        )
        for row in rows
        # Anything else, which only damage could make, is no grant.
        if row["access"] in ("read", "write")
    ]


def grant(connection: sqlite3.Connection, folder: str, access: Access, when: datetime) -> None:
    """Let skills into `folder`, an absolute path without links; the last word on it holds."""
    if folder != clean(folder):
        raise BadInput(
            "This folder cannot be granted: its name has bytes that are no text.",
            "Give the folder another name.",
        )
    connection.execute(
        "INSERT INTO granted (folder, access, since) VALUES (?, ?, ?)"
        " ON CONFLICT (folder) DO UPDATE SET access = excluded.access, since = excluded.since",
        (folder, access, stamp(when)),
    )


def revoke(connection: sqlite3.Connection, folder: str) -> None:
    """Take a grant back; one that was never given is none."""
    connection.execute("DELETE FROM granted WHERE folder = ?", (clean(folder),))


def record_skill(
    connection: sqlite3.Connection,
    skill: str,
    model: str,
    ms: float | None,
    when: datetime,
    *,
    ok: bool,
) -> None:
    """Remember how a skill fared; only its name, never its arguments."""
    seq = connection.execute(
        "INSERT INTO skill_run (skill, ok, model, ms, at) VALUES (?, ?, ?, ?, ?)",
        (clean(skill), int(ok), clean(model), ms, stamp(when)),
    ).lastrowid
    connection.execute("DELETE FROM skill_run WHERE seq <= ?", ((seq or 0) - _RUNS_KEPT,))


def reliability(connection: sqlite3.Connection) -> list[Reliability]:
    """Return how each skill fared with each model; the median is of the runs that went well."""
    rows = connection.execute("SELECT * FROM skill_run ORDER BY skill, model, seq")
    runs: dict[tuple[str, str], list[sqlite3.Row]] = {}
    for row in rows:
        runs.setdefault((row["skill"], row["model"]), []).append(row)
    cards = []
    for (skill, model), each in runs.items():
        took = [row["ms"] for row in each if row["ok"] and row["ms"] is not None]
        cards.append(
            Reliability(
                skill=skill,
                model=model,
                runs=len(each),
                failures=sum(not row["ok"] for row in each),
                last=moment(each[-1]["at"]),
                median_ms=median(took) if took else None,
            )
        )
    return cards
