"""Load every module of the app, and what they name, from a frozen app's folders alone.

`python -I -S modules.py FOLDER…`: started by `frozen.py`, with the Python that was frozen.
"""

import dis
import importlib
import marshal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import CodeType

ELSEWHERE = frozenset({"winreg", "msvcrt", "_winapi"})
"""Of other systems."""
BY_NAME = ("homebody", "stdnum", "phonenumbers/data", "keyring")
"""Packages of which every module that is inside has to load: some are loaded by their names."""
NOT_HERE = ("keyring.backends.Windows", "keyring.backends.macOS")


def named(code: CodeType) -> Iterator[str]:
    """Yield the modules that code imports, inside functions too."""
    for step in dis.get_instructions(code):
        if step.opname == "IMPORT_NAME":
            yield str(step.argval)
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from named(inner)


def main() -> int:
    """Say what is missing."""
    folders = sys.argv[1:]
    sys.path[:] = folders
    sys.path_importer_cache.clear()
    top = Path(folders[0])
    files = sorted(file for name in BY_NAME for file in (top / name).rglob("*.pyc"))
    wanted: set[str] = set()
    for file in files:
        parts = file.relative_to(top).with_suffix("").parts
        wanted.add(".".join(part for part in parts if part != "__init__"))
        if parts[0] == BY_NAME[0]:
            # A file begins with 16 bytes about itself.
            wanted |= set(named(marshal.loads(file.read_bytes()[16:])))
    wrong = []
    for name in sorted(wanted - {""}):
        if name.partition(".")[0] in ELSEWHERE or name.startswith(NOT_HERE):
            continue
        try:
            importlib.import_module(name)
        except Exception as why:  # noqa: BLE001  whatever keeps it from loading
            wrong.append(f"{name}: {why!r}")
    strangers = {
        str(module.__file__)
        for module in sys.modules.values()
        if getattr(module, "__file__", None) and not str(module.__file__).startswith(tuple(folders))
    }
    # What Python had loaded before it was told where to look.
    strangers = {file for file in strangers if "homebody" in file or "site-packages" in file}
    wrong += [f"{file} came from elsewhere" for file in sorted(strangers)]
    print("\n".join(wrong) or f"{len(wanted)} modules load")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
