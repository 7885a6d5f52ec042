"""sqlite_utils, without what it would bring along.

Where numpy or pandas are installed it imports them to know their types: half of its import time,
for values that are never stored here. And numpy belongs in the engine alone.
"""

import sys

__all__ = ["Migrations", "Tables"]

_hidden = [name for name in ("numpy", "pandas") if name not in sys.modules]
for _name in _hidden:
    sys.modules[_name] = None  # type: ignore[assignment]  # so that importing it fails at once
try:
    from sqlite_utils import Database as Tables
    from sqlite_utils import Migrations
finally:
    for _name in _hidden:
        del sys.modules[_name]
