"""What a request says to the model: the person's words, then the files that go with them.

Kept in pieces, so that a large file is counted once and not at every letter typed above it.
"""

from collections.abc import Sequence

from homebody.messages.turns import Attachment

__all__ = ["compose", "pieces"]


def compose(request: str, attachments: Sequence[Attachment] = ()) -> str:
    """Return the text that the model reads as one message of the person."""
    return "".join(pieces(request, attachments))


def pieces(request: str, attachments: Sequence[Attachment] = ()) -> tuple[str, ...]:
    """Return the request, then one piece for each file; together they are the message."""
    return (request, *(_piece(each) for each in attachments))


def _piece(file: Attachment) -> str:
    # One line, or else a name could begin a block of its own.
    name = " ".join(file.name.split())
    return f"\n\nFile {name}:\n{file.fenced}"
