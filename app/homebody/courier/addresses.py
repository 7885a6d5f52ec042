"""Which addresses may be opened: a model may have written them, and a program will believe them."""

import re

from homebody.base.errors import BadInput

__all__ = ["LONGEST", "checked_address"]

LONGEST = 8192
"""Bytes of an address."""

_WEB = re.compile(r"https?://[^/?#\\]", re.IGNORECASE)
_MAIL = re.compile(r"mailto:[^?]", re.IGNORECASE)
_MAIL_FIELDS = frozenset({"to", "cc", "bcc", "subject", "body"})
# Never needed as they are, and read in their own way by shells, launchers and old browsers.
_UNSAFE = {ord(sign): f"%{ord(sign):02X}" for sign in "\"'<>\\^`{|}"}


def checked_address(url: str) -> str:
    """Return an address that may be handed to a program, or raise `BadInput` saying why not."""
    if len(url.encode("utf-8", "replace")) > LONGEST:
        raise _refused("it is longer than any address that a program would accept")
    # Neither controls and spaces, which end an argument in careless programs, nor the characters
    # that make an address look like another one.
    if not url.isprintable() or " " in url:
        raise _refused("it holds spaces or characters that cannot be seen")
    if _MAIL.match(url):
        _check_fields(url)
    elif not _WEB.match(url):
        raise _refused("only addresses that begin with https:, http: or mailto: are opened")
    return url.translate(_UNSAFE)


def _check_fields(url: str) -> None:
    """Refuse fields that would do more than fill in a letter: `attach=` takes the person's files.

    A name that is written in another way (`%61ttach`) is not in the list either.
    """
    _, _, fields = url.partition("?")
    for field in re.split("[&;?]", fields):
        name = field.partition("=")[0]
        if field and name.lower() not in _MAIL_FIELDS:
            raise _refused("it would fill in more of a letter than its text and its readers")


def _refused(why: str) -> BadInput:
    return BadInput(f"This address was not opened: {why}.", "Copy it if you know where it leads.")
