"""What a newer version wrote into a file of ours: kept, though it means nothing here.

Who goes back to an older Homebody, and forward again, finds everything as it was.
"""

from typing import Any

import msgspec
from msgspec import Struct

__all__ = ["keep_unknown"]


def keep_unknown(now: Struct, before: bytes, entries: str, name: str) -> bytes:
    """Return JSON that says `now`, and whatever `before` says besides; in lines, for people.

    `entries` is the field of `now` that holds structs, which are found again by their field `name`.
    `before` is the file as it was; what is no JSON object has nothing to keep.
    """
    table = msgspec.to_builtins(now)
    try:
        old = msgspec.json.decode(before.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        old = None
    if isinstance(old, dict):
        listed = old.get(entries)
        known = {
            each[name]: each
            for each in (listed if isinstance(listed, list) else ())
            if isinstance(each, dict) and isinstance(each.get(name), str)
        }
        table = _with(table, old, now)
        table[entries] = [
            _with(entry, known.get(entry[name], {}), struct)
            for entry, struct in zip(table[entries], getattr(now, entries), strict=True)
        ]
    return msgspec.json.format(msgspec.json.encode(table), indent=2) + b"\n"


def _with(table: dict[str, Any], old: dict[str, Any], struct: Struct) -> dict[str, Any]:
    """Return `table` with what `old` holds that this version does not know."""
    known = struct.__struct_fields__
    return table | {key: value for key, value in old.items() if key not in known}
