"""`homebody redact`: a text from stdin, with placeholders for what is private. Nothing is sent."""

import sys
from collections.abc import Callable
from typing import IO, Final

from homebody.base.errors import BadInput
from homebody.base.paths import Home
from homebody.cli.terminal import harmless, note, to_json
from homebody.messages.offers import RedactReport
from homebody.privacy.dictionary import find_dictionary
from homebody.privacy.redaction import Redactor
from homebody.privacy.tagger import Tagger

__all__ = ["redact"]

_LARGEST: Final = 32 * 1024 * 1024
"""Bytes of a text."""


def redact(
    home: Home,
    *,
    as_json: bool,
    tagger: Callable[[], Tagger] | None = None,
    source: IO[bytes] | None = None,
) -> int:
    """Print the text from stdin without what is private; return the exit status.

    `tagger`: starts the model that helps to look, where the person wants that.
    """
    text = _read(source or sys.stdin.buffer)
    found = Redactor(find_dictionary(home), _helper(tagger)).redact(text)
    if as_json:
        print(to_json(RedactReport(redacted=found.template, spans=found.spans)))
    elif sys.stdout.isatty():
        print(harmless(found.template), end="" if found.template.endswith("\n") else "\n")
    else:
        # As it came, byte by byte: no other line ends, and none added.
        sys.stdout.flush()
        sys.stdout.buffer.write(found.template.encode())
        sys.stdout.buffer.flush()
    return 0


def _read(source: IO[bytes]) -> str:
    if source is sys.stdin.buffer and sys.stdin.isatty():
        note("Write or paste a text, and end it with Ctrl+D (on Windows Ctrl+Z and Enter).")
    data = source.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise BadInput(
            f"The text is longer than {_LARGEST // 1024**2} MB, so nothing was looked through.",
            "Give it in parts.",
        )
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise BadInput(
            f"The text is not UTF-8: byte {error.start:,} belongs to no character, so nothing was "
            "looked through.",
            "Save it as UTF-8, then try again.",
        ) from error


def _helper(tagger: Callable[[], Tagger] | None) -> Tagger | None:
    if tagger is None:
        return None
    helper = tagger()
    why = helper.why_not()
    if why:
        note(why)
        return None
    return helper
