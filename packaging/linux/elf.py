"""What the native files in a folder need: which they are, and which glibc is new enough for all."""

import re
import subprocess
from pathlib import Path

__all__ = ["glibc_floor", "native_files", "needed_versions"]

_VERSIONS = re.compile(r"\bGLIBC_(\d+(?:\.\d+)+)")


def native_files(root: Path) -> list[Path]:
    """Return every ELF file below `root`, sorted, without links to others."""
    found = []
    for path in sorted(root.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        with path.open("rb") as stream:
            if stream.read(4) == b"\x7fELF":
                found.append(path)
    return found


def needed_versions(path: Path) -> set[tuple[int, ...]]:
    """Return the versions of glibc whose symbols a native file uses."""
    done = subprocess.run(
        ["readelf", "--wide", "--version-info", str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    return {tuple(map(int, found.split("."))) for found in _VERSIONS.findall(done.stdout)}


def glibc_floor(root: Path) -> tuple[str, list[str]]:
    """Return the oldest glibc on which all below `root` loads, and the files that need it."""
    needs = {path: max(needed_versions(path), default=(0,)) for path in native_files(root)}
    floor = max(needs.values(), default=(0,))
    who = [path.relative_to(root).as_posix() for path, need in needs.items() if need == floor]
    return ".".join(map(str, floor)), who
