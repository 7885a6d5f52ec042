"""`read_file`: a text, PDF, Word, HTML or CSV file as text.

Every kind is read within bounds: so many bytes of the file, so many letters of text, and where
there are pages, so many seconds. What was left out is said. The parsers run in the workshop only,
where the worst file ends one step.
"""

import csv
import io
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final

from msgspec import Struct

from homebody.base.errors import SkillProblem
from homebody.messages.skills import Outcome, Value
from homebody.skills.figures import size_words
from homebody.skills.paths import Reach, locate, shown
from homebody.skills.texts import decode_text, is_binary
from homebody.skills.within import open_file, outside

__all__ = ["MOST_LETTERS", "Document", "read_file"]

MOST_LETTERS: Final = 1_000_000
"""Of a text that is handed on; about 500 pages."""
_MOST_TEXT: Final = 8_000_000
"""Bytes of a text file that are read: letters of other alphabets take up to four."""
_MOST_HTML: Final = 4_000_000
_MOST_PACKED: Final = 200_000_000
"""Bytes of a PDF or Word file that is opened at all."""
_SECONDS: Final = 20.0
"""After which no further page is begun; the skill itself is ended after 30."""
_MOST_ROWS: Final = 5_000
_ADVICE: Final = "Save or export it as a PDF or as text, then try again."

_REFUSED: Final = {
    **dict.fromkeys(
        ("xls", "xlsx", "ods", "numbers"),
        ("a spreadsheet", "Save it as CSV, then try again."),
    ),
    **dict.fromkeys(("doc", "dot"), ("a Word file of before 2007", "Save it as .docx or PDF.")),
    **dict.fromkeys(("odt", "rtf", "pages", "epub", "mobi"), ("a document", _ADVICE)),
    **dict.fromkeys(("ppt", "pptx", "odp", "key"), ("a presentation", _ADVICE)),
}
_MAGIC: Final = (
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"BM", "a picture"),
    (b"II*\0", "a picture"),
    (b"MM\0*", "a picture"),
    (b"ID3", "sound"),
    (b"OggS", "sound or video"),
    (b"fLaC", "sound"),
    (b"\x1aE\xdf\xa3", "a video"),
    (b"PK\x03\x04", "an archive"),
    (b"\x1f\x8b", "an archive"),
    (b"7z\xbc\xaf", "an archive"),
    (b"Rar!", "an archive"),
    (b"\xfd7zXZ", "an archive"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"GGUF", "a language model"),
    (b"SQLite format 3", "a database"),
    (b"\xd0\xcf\x11\xe0", "an Office file of before 2007"),
)


class Document(Struct, frozen=True):
    """What was read: the text, and a sentence about what was left out, if anything was."""

    text: str
    note: str = ""


def read_file(args: dict[str, Value], now: datetime, reach: Reach) -> Outcome:
    """Read a file as text."""
    del now
    located = locate(
        str(args["path"]),
        places=reach.places,
        grants=reach.grants,
        access="read",
        must_exist=True,
    )
    if not located.granted:
        raise outside(located.path)
    if located.path == located.folder:
        raise SkillProblem(
            f"{shown(located.path)} is a folder, not a file.", "Name a file in it.", "arguments"
        )
    stream, facts = open_file(located.path, reach)
    with stream:
        document = _read(stream, facts.st_size, located.path)
    text = document.text.encode("utf-8", "replace").decode()
    note = document.note
    if len(text) > MOST_LETTERS:
        text = text[:MOST_LETTERS]
        note = note or f"These are its first {MOST_LETTERS:,} letters."
    if not text.strip():
        said = note or f"{shown(located.path.name)} is empty."
        return Outcome(text="", said=said, label="file")
    return Outcome(text=text, said=f"{text}\n\n({note})" if note else "", label="file")


def _read(stream: BinaryIO, size: int, path: Path) -> Document:
    """Read a file by what it is, which its first bytes tell better than its name."""
    head = stream.read(1024)
    stream.seek(0)
    suffix = path.suffix.casefold().removeprefix(".")
    parse = _parser(head, suffix)
    if parse is not None:
        if size > _MOST_PACKED:
            raise SkillProblem(
                f"{shown(path.name)} has {size_words(size)}; "
                f"files of this kind are read up to {size_words(_MOST_PACKED)}.",
                "Choose a smaller file, or a part of it.",
                "large",
            )
        return parse(stream, path.name)
    if suffix in _REFUSED and is_binary(head):
        kind, advice = _REFUSED[suffix]
        raise _unreadable(path.name, kind, advice)
    kind = next((kind for magic, kind in _MAGIC if head.startswith(magic)), "")
    most = _MOST_HTML if suffix in {"html", "htm", "xhtml"} else _MOST_TEXT
    data = stream.read(most)
    if is_binary(data):
        raise _unreadable(path.name, kind or "no text")
    cut = size > len(data)
    text = decode_text(data, whole=not cut)
    note = f"These are the first {size_words(len(data))} of {size_words(size)}." if cut else ""
    if suffix in {"html", "htm", "xhtml"} or _is_html(text):
        from homebody.skills.read_html import html_text

        return Document(html_text(text), note)
    if suffix in {"csv", "tsv"}:
        return _table(text, note)
    return Document(text, note)


def _parser(head: bytes, suffix: str) -> Callable[[BinaryIO, str], Document] | None:
    if b"%PDF-" in head:
        return _pdf
    if head.startswith(b"PK\x03\x04") and suffix in {"docx", "docm", "dotx"}:
        return _word
    return None


def _pdf(stream: BinaryIO, name: str) -> Document:
    from homebody.skills.read_pdf import pdf_text

    text, note = pdf_text(stream, name, MOST_LETTERS, time.monotonic() + _SECONDS)
    return Document(text, note)


def _word(stream: BinaryIO, name: str) -> Document:
    from homebody.skills.read_word import word_text

    return Document(word_text(stream, name))


def _unreadable(name: str, kind: str, advice: str = "") -> SkillProblem:
    return SkillProblem(
        f"{shown(name)} holds {kind}, which cannot be read as text.",
        advice or "Choose a text, PDF, Word, HTML or CSV file.",
        "unsupported",
    )


def _is_html(text: str) -> bool:
    beginning = text[:1024].lstrip().casefold()
    return beginning.startswith(("<!doctype html", "<html"))


def _table(text: str, note: str) -> Document:
    """Return comma-separated values as a table in Markdown, which people and models can read."""
    beginning = text[:20_000].splitlines()[:20]
    comma = max(",;\t|", key=lambda sign: _evenness(beginning, sign))
    rows = []
    csv.field_size_limit(MOST_LETTERS)
    try:
        for row in csv.reader(io.StringIO(text), delimiter=comma):
            if row:
                rows.append(row)
            if len(rows) > _MOST_ROWS:
                note = f"These are its first {_MOST_ROWS:,} rows."
                rows.pop()
                break
    except csv.Error:
        # Not what its name says: as it is, then.
        return Document(text, note)
    if not rows:
        return Document("", note)
    width = max(map(len, rows))
    if width == 1:
        return Document(text, note)
    lines = ["| " + " | ".join(_cell(cell) for cell in row) + " |" for row in rows]
    lines.insert(1, "|" + " --- |" * len(rows[0]))
    return Document("\n".join(lines), note)


def _evenness(beginning: list[str], sign: str) -> tuple[bool, int]:
    """Return how well a sign parts the first lines: as often in each, and often."""
    counts = [line.count(sign) for line in beginning if line.strip()]
    return (bool(counts) and min(counts) > 0, sum(counts))


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
