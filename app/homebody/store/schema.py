"""The tables, as migrations that are never edited once they shipped: a change is a new function.

Columns stand so that a row is recognised without the schema (`recovery` reads the pages of a file
whose first page is gone): a name that is unique everywhere first, then a column from a small set.
`ALTER TABLE … ADD COLUMN` is fine, reordering is not.

sqlite_utils applies them, and takes 80 ms and 12 MB to load: what is asked at every start is asked
of SQLite itself, so that it is loaded only where there is something to apply.
"""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Literal

from homebody.base.errors import StoreTooNew
from homebody.store.problems import damaged

if TYPE_CHECKING:
    from homebody.store.tables import Tables

__all__ = [
    "STEPS",
    "age",
    "applied_to",
    "apply",
    "is_as_made",
    "is_new",
    "judge",
    "pending",
    "tables",
]

_SET = "homebody"

# Words, with accents ignored, found from their beginning on; emoji and other signs (So, Sk) count
# as words. `words.spaced` puts gaps into scripts that have none. Not the trigram tokenizer: it
# finds nothing under three characters, and most Chinese words have two.
_TOKENS = (
    "tokenize = \"unicode61 remove_diacritics 2 categories 'L* N* Co So Sk Sc'\", prefix = '2 3'"
)


def v1_conversations(db: "Tables") -> None:
    """Conversations, their trees of turns, the words to search and the small tables around."""
    # Order comes from `seq` and `touched`, which only grow; times are shown, never compared.
    for statement in (
        """CREATE TABLE conversation (
            seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
            titled_by TEXT NOT NULL, title TEXT NOT NULL, created TEXT NOT NULL,
            changed TEXT NOT NULL, touched INTEGER NOT NULL, pinned INTEGER NOT NULL DEFAULT 0,
            archived INTEGER NOT NULL DEFAULT 0, deleted TEXT, bin_since TEXT,
            head INTEGER REFERENCES turn(seq) ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED,
            draft TEXT NOT NULL DEFAULT '')""",
        "CREATE INDEX conversation_touched ON conversation(touched)",
        "CREATE INDEX conversation_head ON conversation(head)",
        """CREATE TABLE turn (
            seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
            conversation INTEGER NOT NULL REFERENCES conversation(seq) ON DELETE CASCADE,
            parent INTEGER REFERENCES turn(seq) DEFERRABLE INITIALLY DEFERRED,
            owner TEXT, state TEXT NOT NULL, created TEXT NOT NULL, ended TEXT,
            request TEXT NOT NULL, reply TEXT NOT NULL, reasoning TEXT NOT NULL,
            problem TEXT NOT NULL, run TEXT)""",
        "CREATE INDEX turn_conversation ON turn(conversation)",
        "CREATE INDEX turn_parent ON turn(parent)",
        "CREATE INDEX turn_open ON turn(state) WHERE state = 'open'",
        """CREATE TABLE checkpoint (
            turn INTEGER PRIMARY KEY REFERENCES turn(seq) ON DELETE CASCADE,
            at TEXT NOT NULL, reply TEXT NOT NULL, reasoning TEXT NOT NULL)""",
        """CREATE TABLE file_hash (
            path BLOB PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
            inode TEXT NOT NULL, sha256 TEXT NOT NULL)""",
        "CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
        "CREATE TABLE erasure (conversation TEXT PRIMARY KEY)",
        f"CREATE VIRTUAL TABLE turn_words USING fts5(request, reply, {_TOKENS})",
        f"CREATE VIRTUAL TABLE title_words USING fts5(title, {_TOKENS})",
    ):
        db.execute(statement)


def v2_attachments(db: "Tables") -> None:
    """Files that go with a request, as JSON, '' for none; siblings found without reading on."""
    db.execute("ALTER TABLE turn ADD COLUMN attachments TEXT NOT NULL DEFAULT ''")
    # It also serves whatever looked for the turns of a conversation.
    db.execute("CREATE INDEX turn_siblings ON turn(conversation, parent)")
    db.execute("DROP INDEX turn_conversation")


def v3_work(db: "Tables") -> None:
    """Plans and steps of turns; notes, reminders, granted folders, and how skills fared.

    `planned`, `steps` and `waiting` are JSON, '' for none. Four texts would look like a checkpoint
    to `recovery`, so each of these tables has more columns, or another kind.
    """
    for column in ("planned", "steps", "waiting"):
        db.execute(f"ALTER TABLE turn ADD COLUMN {column} TEXT NOT NULL DEFAULT ''")
    for statement in (
        """CREATE TABLE note (
            seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
            kind TEXT NOT NULL DEFAULT 'note', created TEXT NOT NULL, text TEXT NOT NULL)""",
        f"CREATE VIRTUAL TABLE note_words USING fts5(text, {_TOKENS})",
        # `due` is compared: always UTC, with microseconds, so that its text sorts like the time.
        """CREATE TABLE reminder (
            seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
            kind TEXT NOT NULL DEFAULT 'reminder', due TEXT NOT NULL, created TEXT NOT NULL,
            told TEXT, text TEXT NOT NULL)""",
        "CREATE INDEX reminder_due ON reminder(due)",
        """CREATE TABLE granted (
            seq INTEGER PRIMARY KEY AUTOINCREMENT, folder TEXT NOT NULL UNIQUE,
            kind TEXT NOT NULL DEFAULT 'grant',
            access TEXT NOT NULL, since TEXT NOT NULL)""",
        """CREATE TABLE skill_run (
            seq INTEGER PRIMARY KEY AUTOINCREMENT, skill TEXT NOT NULL, ok INTEGER NOT NULL,
            model TEXT NOT NULL, ms REAL, at TEXT NOT NULL)""",
        "CREATE INDEX skill_run_of ON skill_run(skill, model)",
    ):
        db.execute(statement)


def v4_offers(db: "Tables") -> None:
    """Offers to ask elsewhere, as JSON, '' for none; what stands for what, and who may be asked.

    All of it belongs to a conversation and goes with it. No row has the shape of a checkpoint, of
    a note or of a reminder; see `salvage`.
    """
    db.execute("ALTER TABLE turn ADD COLUMN offer TEXT NOT NULL DEFAULT ''")
    of_conversation = "INTEGER NOT NULL REFERENCES conversation(seq) ON DELETE CASCADE"
    for statement in (
        f"""CREATE TABLE vault (
            seq INTEGER PRIMARY KEY AUTOINCREMENT, conversation {of_conversation},
            placeholder TEXT NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL,
            found_by TEXT NOT NULL, UNIQUE (conversation, placeholder))""",
        f"""CREATE TABLE consent (
            seq INTEGER PRIMARY KEY AUTOINCREMENT, conversation {of_conversation},
            provider TEXT NOT NULL, url TEXT NOT NULL, model TEXT NOT NULL, at TEXT NOT NULL,
            UNIQUE (conversation, provider, url, model))""",
        """CREATE TABLE stays_home (
            conversation INTEGER PRIMARY KEY REFERENCES conversation(seq) ON DELETE CASCADE)""",
        f"""CREATE TABLE sent (
            seq INTEGER PRIMARY KEY AUTOINCREMENT, sha256 TEXT NOT NULL,
            conversation {of_conversation},
            at TEXT NOT NULL, provider TEXT NOT NULL, host TEXT NOT NULL, model TEXT NOT NULL,
            body TEXT NOT NULL)""",
        "CREATE INDEX sent_sha256 ON sent(sha256)",
        "CREATE INDEX sent_conversation ON sent(conversation)",
    ):
        db.execute(statement)


STEPS: tuple[Callable[["Tables"], None], ...] = (
    v1_conversations,
    v2_attachments,
    v3_work,
    v4_offers,
)
"""In the order in which they are applied; each is known in the file by its function's name."""


def pending(connection: sqlite3.Connection) -> bool:
    """Tell whether a migration has not run yet."""
    return bool(set(_names(STEPS)) - set(applied_to(connection)))


def is_new(connection: sqlite3.Connection) -> bool:
    """Tell whether there are none of our tables."""
    return not applied_to(connection)


def apply(
    connection: sqlite3.Connection, steps: Sequence[Callable[["Tables"], None]] | None = None
) -> None:
    """Run what is pending; inside the caller's transaction, so all of it or nothing."""
    from homebody.store.tables import Migrations, Tables

    migrations = Migrations(_SET)
    for step in STEPS if steps is None else steps:
        migrations()(step)
    # Plugins of that tool are not loaded.
    migrations.apply(Tables(connection, recursive_triggers=False, execute_plugins=False))


def judge(connection: sqlite3.Connection) -> None:
    """Raise `StoreTooNew` where migrations ran that are not known here.

    Raise `StoreDamaged` where the list of migrations, or what the tables look like, is broken.
    """
    known, applied = _names(STEPS), applied_to(connection)
    if applied[: len(known)] != known[: len(applied)] or (
        not applied and "turn" in _made(connection)
    ):
        raise damaged("open the conversations")
    if len(applied) > len(known):
        raise StoreTooNew(
            "These conversations were written by a newer Homebody. They are untouched.",
            "Install the newest Homebody. `homebody backups restore` goes back to the last copy "
            "that this version opens.",
        )


def age(connection: sqlite3.Connection) -> Literal["older", "this", "newer"]:
    """Tell which version wrote this. Raises `StoreDamaged` where nobody did."""
    known, applied = _names(STEPS), applied_to(connection)
    if not applied or applied[: len(known)] != known[: len(applied)]:
        raise damaged("look at the backups")
    if len(applied) == len(known):
        return "this"
    return "older" if len(applied) < len(known) else "newer"


def is_as_made(connection: sqlite3.Connection) -> bool:
    """Tell whether the tables are what the migrations that ran on them make."""
    applied = applied_to(connection)
    with closing(sqlite3.connect(":memory:")) as fresh:
        apply(fresh, [step for step in STEPS if step.__name__ in applied])
        return not applied or _made(fresh) == _made(connection)


def tables(connection: sqlite3.Connection) -> set[str]:
    """Return the names of the tables that there are; older files have fewer."""
    rows = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
    return {str(row[0]) for row in rows}


def _names(steps: Sequence[Callable[["Tables"], None]]) -> list[str]:
    return [step.__name__ for step in steps]


def applied_to(connection: sqlite3.Connection) -> list[str]:
    """Return the names of the migrations that ran, in their order."""
    if "_sqlite_migrations" not in _made(connection):
        return []
    rows = connection.execute(
        "SELECT name FROM _sqlite_migrations WHERE migration_set = ? ORDER BY rowid", (_SET,)
    )
    return [row[0] for row in rows]


def _made(connection: sqlite3.Connection) -> dict[str, str]:
    # The tables behind an FTS5 table are made by SQLite, each version in its own way.
    rows = connection.execute(
        "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL"
        " AND name NOT LIKE '%\\_words\\_%' ESCAPE '\\' AND name NOT LIKE 'sqlite_%'"
    )
    return {str(row[0]): str(row[1]) for row in rows}
