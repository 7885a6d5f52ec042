"""Names for things that are stored."""

from uuid import uuid4

__all__ = ["new_id"]


def new_id() -> str:
    """Return 32 hexadecimal digits, unique everywhere.

    They carry no time: order comes from the database's row numbers, never from a clock.
    """
    return uuid4().hex
