"""Full text search: what is indexed, and how typed words become a query.

The index keeps a copy of the texts that differs in one way: characters of scripts without spaces,
and emoji, stand apart (U+200B between them), so that each is a word of its own and a sequence of
them is found anywhere in a sentence.
"""

import re
import sqlite3
import unicodedata

from homebody.messages.turns import MATCH_BEGINS, MATCH_ENDS
from homebody.store.rows import read_attachments
from homebody.store.work import step_words

__all__ = [
    "excerpt",
    "forget",
    "forget_note",
    "index_note",
    "index_title",
    "index_turn",
    "query",
    "rebuild",
]

_GAP = "\u200b"

# Han, kana, bopomofo, Thai, Lao, Tibetan, Burmese, Khmer; signs and emoji. Korean has spaces.
_APART = re.compile(
    "[\u0e00-\u0eff\u0f00-\u109f\u1780-\u17ff\u2190-\u2bff\u2e80-\u312f\u3190-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U0001f000-\U0001faff\U00020000-\U0003ffff]"
)
# Our own marks, and NUL, which ends a text for parts of SQLite.
_TAKEN = str.maketrans({MATCH_BEGINS: None, MATCH_ENDS: None, _GAP: None, "\0": " "})
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_TOKEN = re.compile(
    rf"{_APART.pattern}|[^\W_][^\W_\u0300-\u036f]*(?:[\u0300-\u036f]+\w*)*|[$^`¢-¥©®°€]"
)
_BEFORE, _LENGTH = 40, 160
"""Characters of a snippet before its first match, and in all; only whole words."""
_HAS_WORD = re.compile(r"[^\W_]|[^\x00-\x7f]")


def spaced(text: str) -> str:
    """Return `text` as it is indexed."""
    return _APART.sub(lambda match: f"{_GAP}{match[0]}{_GAP}", text.translate(_TAKEN))


def excerpt(texts: tuple[str, ...], typed: str) -> str:
    """Return the place where one of `texts` has words that `query(typed)` found, marked.

    Not FTS5's own snippet(): its time grows with the square of the matches in a text, so that one
    long text with one common word in it would keep a search busy for hours.
    """
    phrases = [
        [_fold(token) for token in tokens]
        for part in _CONTROL.sub(" ", typed).split()
        if (tokens := _TOKEN.findall(spaced(part)))
    ]
    for text in texts:
        found = _marked(text, phrases)
        if found:
            return found
    return _shown(spaced(texts[0][:160]))


def _marked(text: str, phrases: list[list[str]]) -> str:
    """Return the surroundings of the first match in `text`, or "" if there is none to be seen."""
    start, length = _neighbourhood(text, phrases)
    piece = spaced(text[start : start + length])
    tokens = [(match.start(), match.end(), _fold(match[0])) for match in _TOKEN.finditer(piece)]
    hit = [False] * len(tokens)
    for phrase in phrases:
        size = len(phrase)
        for at in range(len(tokens) - size + 1):
            window = [token[2] for token in tokens[at : at + size]]
            # Each word but the last has to be whole.
            if window[:-1] == phrase[:-1] and window[-1].startswith(phrase[-1]):
                hit[at : at + size] = [True] * size
    if True not in hit:
        return ""
    first = index = hit.index(True)
    while first and tokens[index][0] - tokens[first - 1][0] <= _BEFORE:
        first -= 1
    begin = tokens[first][0] if first or start else 0
    last = first + 1
    while last < len(tokens) and (last <= index or tokens[last][1] - begin <= _LENGTH):
        last += 1
    end = tokens[last - 1][1] if last < len(tokens) or start + length < len(text) else len(piece)
    parts, place = ["…" if begin or start else ""], begin
    for left, right, _ in (tokens[each] for each in range(first, last) if hit[each]):
        parts += [piece[place:left], MATCH_BEGINS, piece[left:right], MATCH_ENDS]
        place = right
    parts += [piece[place:end], "" if end == len(piece) else "…"]
    return _shown("".join(parts))


def _neighbourhood(text: str, phrases: list[list[str]]) -> tuple[int, int]:
    """Return where to look, and how far, so that a long text costs no more than a short one."""
    starts = [
        found.start()
        for phrase in phrases
        if (found := re.search(r"(?<![^\W_])" + re.escape(phrase[0]), text, re.IGNORECASE))
        or (found := re.search(re.escape(phrase[0]), text))
    ]
    # Accents that were not typed hide a match from this; then the beginning has to do.
    return (max(min(starts) - 200, 0), 2_000) if starts else (0, 20_000)


def _fold(token: str) -> str:
    if token.isascii():
        return token.lower()
    plain = unicodedata.normalize("NFD", token.casefold())
    return "".join(char for char in plain if not "\u0300" <= char <= "\u036f")


def _shown(text: str) -> str:
    """Return `text` without the index's gaps, and with neighbouring matches made one."""
    return text.replace(_GAP, "").replace(MATCH_ENDS + MATCH_BEGINS, "")


def query(typed: str) -> str:
    """Return an FTS5 query for what a person typed, or "" if there is no word in it.

    Each word has to begin a word of the text. Quotes, stars, NEAR… are only characters.
    """
    parts = _CONTROL.sub(" ", typed).split()
    quoted = [spaced(part).replace('"', '""') for part in parts if _HAS_WORD.search(part)]
    # More words than this find nothing more, and take ever longer.
    return " ".join(f'"{part}"*' for part in quoted[:32])


def index_turn(
    connection: sqlite3.Connection,
    seq: int,
    request: str,
    reply: str,
    attachments: str = "",
    steps: str = "",
) -> None:
    """Put the words of turn number `seq` into the index, in place of what was there.

    `attachments` and `steps` are the columns as they are; what the files say is found like the
    request, what the steps brought like the reply.
    """
    files = [part for each in read_attachments(attachments) for part in (each.name, each.text)]
    connection.execute("DELETE FROM turn_words WHERE rowid = ?", (seq,))
    connection.execute(
        "INSERT INTO turn_words(rowid, request, reply) VALUES (?, ?, ?)",
        (seq, spaced("\n".join((request, *files))), spaced("\n".join((reply, *step_words(steps))))),
    )


def index_title(connection: sqlite3.Connection, seq: int, title: str) -> None:
    """Put the title of conversation number `seq` into the index, in place of what was there."""
    connection.execute("DELETE FROM title_words WHERE rowid = ?", (seq,))
    connection.execute("INSERT INTO title_words(rowid, title) VALUES (?, ?)", (seq, spaced(title)))


def index_note(connection: sqlite3.Connection, seq: int, text: str) -> None:
    """Put the words of note number `seq` into the index."""
    connection.execute("INSERT INTO note_words(rowid, text) VALUES (?, ?)", (seq, spaced(text)))


def forget_note(connection: sqlite3.Connection, seq: int) -> None:
    """Take note number `seq` out of the index."""
    connection.execute("DELETE FROM note_words WHERE rowid = ?", (seq,))
    _merge(connection, "note_words")


def forget(connection: sqlite3.Connection, conversation: int) -> None:
    """Take conversation number `conversation` out of the index, before its rows go."""
    connection.execute(
        "DELETE FROM turn_words WHERE rowid IN (SELECT seq FROM turn WHERE conversation = ?)",
        (conversation,),
    )
    connection.execute("DELETE FROM title_words WHERE rowid = ?", (conversation,))
    for table in ("turn_words", "title_words"):
        _merge(connection, table)


def _merge(connection: sqlite3.Connection, table: str) -> None:
    """Merge the pieces of an index; until then, deleted words are still in them."""
    connection.execute(f"INSERT INTO {table}({table}) VALUES ('optimize')")  # noqa: S608


def rebuild(connection: sqlite3.Connection) -> None:
    """Make the whole index again from what is in the tables, whatever state it is in."""
    for table in ("turn_words", "title_words", "note_words"):
        made = connection.execute(
            "SELECT sql FROM sqlite_schema WHERE name = ?", (table,)
        ).fetchone()[0]
        connection.execute(f"DROP TABLE {table}")
        connection.execute(made)
    for seq, title in connection.execute("SELECT seq, title FROM conversation").fetchall():
        index_title(connection, seq, title)
    for seq, text in connection.execute("SELECT seq, text FROM note").fetchall():
        index_note(connection, seq, text)
    # Not all texts at once in memory.
    for (seq,) in connection.execute("SELECT seq FROM turn WHERE state <> 'open'").fetchall():
        row = connection.execute(
            "SELECT request, reply, attachments, steps FROM turn WHERE seq = ?", (seq,)
        ).fetchone()
        index_turn(connection, seq, *row)
