"""The text of a Word file (.docx): a zip archive whose `word/document.xml` holds the words.

Read by the standard library: only text, breaks, headings, lists and tables matter here, and a
streaming parser takes a bomb in small bites.
"""

import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, BinaryIO, Final
from xml.parsers import expat

from homebody.base.errors import SkillProblem
from homebody.skills.figures import size_words
from homebody.skills.paths import shown

__all__ = ["word_text"]

_DOCUMENT: Final = "word/document.xml"
_MOST_XML: Final = 64_000_000
"""Bytes of unpacked XML: a book of a thousand pages has about twenty million."""
_BITE: Final = 64 * 1024


def word_text(stream: BinaryIO, name: str) -> str:
    """Return the text. Raises `SkillProblem` "large", "unsupported" (locked) or "failed"."""
    try:
        with zipfile.ZipFile(stream) as archive, archive.open(_DOCUMENT) as part:
            return _Words().read(part)
    except _TooLarge:
        raise SkillProblem(
            f"{shown(name)} unpacks to more than {size_words(_MOST_XML)} of text; "
            "no real document does.",
            "Choose another file.",
            "large",
        ) from None
    except RuntimeError:
        # What zipfile says of a password.
        raise SkillProblem(
            f"{shown(name)} is locked with a password.",
            "Save a copy without the password, then try again.",
            "unsupported",
        ) from None
    except (KeyError, ValueError, OSError, EOFError, NotImplementedError) as error:
        raise _broken(name, error) from None
    except (zipfile.BadZipFile, zlib.error, expat.ExpatError) as error:
        raise _broken(name, error) from None


def _broken(name: str, error: Exception) -> SkillProblem:
    return SkillProblem(
        f"{shown(name)} is broken, so its text cannot be read ({type(error).__name__}).",
        "Look whether another program opens it, or get the file again.",
        "failed",
    )


class _TooLarge(Exception):
    """The XML goes on and on."""


class _Words:
    """Collects the text while the parser goes through the elements, named without namespace."""

    def __init__(self) -> None:
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._begin
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._letters
        # A document has no entities of its own; those that do are bombs.
        self._parser.EntityDeclHandler = self._refuse_entity
        self._lines: list[str] = []
        self._line: list[str] = []
        self._row: list[str] | None = None
        self._rows = 0
        self._depth = 0
        """Of tables: those inside a cell are read as its text."""
        self._in_text = False
        self._skipped = 0
        """How deep in something that repeats what stands elsewhere."""
        self._mark = ""

    def read(self, part: IO[bytes]) -> str:
        taken = 0
        for bite in _bites(part):
            taken += len(bite)
            if taken > _MOST_XML:
                raise _TooLarge
            self._parser.Parse(bite, False)
        self._parser.Parse(b"", True)
        self._end_line()
        return "\n".join(self._lines).strip()

    @staticmethod
    def _refuse_entity(*_: object) -> None:
        raise ValueError("entities")

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(" ")[2]
        if self._skipped or local == "Fallback":
            self._skipped += 1
        elif local == "t":
            self._in_text = True
        elif local in {"tab", "br", "cr", "noBreakHyphen"}:
            # In a paragraph's properties, `tab` is a stop, not a sign; it has a position.
            is_stop = any(key.endswith(" pos") for key in attributes)
            sign = {"tab": "\t", "noBreakHyphen": "-"}.get(local, "\n")
            self._line.append("" if is_stop else sign)
        elif local == "pStyle":
            style = next((v for k, v in attributes.items() if k.endswith(" val")), "")
            if style.casefold().startswith(("heading", "title")):
                level = style[-1] if style[-1:].isdigit() else "1"
                self._mark = "#" * min(int(level) or 1, 6) + " "
        elif local == "numPr":
            self._mark = self._mark or "- "
        elif local == "tbl":
            self._depth += 1
            self._rows = 0 if self._depth == 1 else self._rows
        elif local == "tr" and self._depth == 1:
            self._row = []

    def _end(self, name: str) -> None:
        local = name.rpartition(" ")[2]
        if self._skipped:
            self._skipped -= 1
        elif local == "t":
            self._in_text = False
        elif local == "p":
            if self._depth:
                self._line.append(" ")
                self._mark = ""
            else:
                self._end_line()
        elif local == "tc" and self._depth == 1 and self._row is not None:
            self._row.append(" ".join("".join(self._line).split()).replace("|", "\\|"))
            self._line = []
        elif local == "tr" and self._depth == 1 and self._row is not None:
            self._lines.append("| " + " | ".join(self._row) + " |")
            if self._rows == 0:
                self._lines.append("|" + " --- |" * len(self._row))
            self._rows += 1
            self._row = None
        elif local == "tbl":
            self._depth -= 1
            if not self._depth:
                self._lines.append("")

    def _letters(self, text: str) -> None:
        if self._in_text and not self._skipped:
            self._line.append(text)

    def _end_line(self) -> None:
        text = "".join(self._line).rstrip()
        self._lines.append(self._mark + text if text else "")
        self._line, self._mark = [], ""


def _bites(part: IO[bytes]) -> Iterator[bytes]:
    while bite := part.read(_BITE):
        yield bite
