"""Everything of the recipe that is written by hand: forms, slots, parts of chains, manners.

Forms (forms/LANG*.txt) are lines `request => plan`; a line that begins with `#` begins a family,
and a family is wholly in one part: trained on, calibrated on, or kept apart.
"""

import hashlib
import re
from pathlib import Path
from typing import Final, NamedTuple

__all__ = ["CONTEXT", "HERE", "PARTS", "SLOT", "Form", "Forms", "Sections", "part_of", "sections"]

HERE: Final = Path(__file__).parent
PARTS: Final = ("train", "calibration", "apart")
SLOT: Final = re.compile(r"\{([a-z_]+)(\d?)\}")
CONTEXT: Final = re.compile(r"\[(reply|file\d [^\]]*|last [^\]]*)\]\s*")
"""What stands in brackets before a request: what was answered, attached or planned before it."""
_HOLDS_OUT: Final = 12
"""One family in so many is for calibration, and one is kept apart."""

Sections = dict[str, list[str]]


class Form(NamedTuple):
    """One way to ask for something."""

    language: str
    family: str
    left: str
    right: str


def part_of(family: str) -> str:
    """Return which part a family belongs to."""
    number = int(hashlib.sha256(family.encode()).hexdigest()[:8], 16) % _HOLDS_OUT
    return {0: "calibration", 1: "apart"}.get(number, "train")


def sections(path: Path) -> Sections:
    """Return the lines of each `[section]` of a file."""
    found: Sections = {}
    lines: list[str] = []
    for line in path.read_text("utf-8").splitlines():
        if re.fullmatch(r"\[[a-z_]+\]", line.strip()):
            lines = found.setdefault(line.strip()[1:-1], [])
        elif line.strip() and not line.startswith("#"):
            lines.append(line)
    return found


class Forms:
    """All of it, by language."""

    def __init__(self, folder: Path = HERE) -> None:
        """Read the folder. A line that is no form ends the program, and is shown."""
        self.slots = _by_language(folder / "slots")
        self.chains = _by_language(folder / "chains")
        self.manners = _by_language(folder / "manner")
        self.pasted = sections(folder / "pasted.txt")
        earlier = sections(folder / "earlier.txt")["earlier"]
        self.earlier = [line.replace(" ; ", "\n") for line in earlier]
        self.families: dict[str, dict[str, list[Form]]] = {}
        for path in sorted(folder.glob("forms/*.txt")):
            self._read(path)

    def _read(self, path: Path) -> None:
        language = path.stem.split("-", 1)[0]
        families = self.families.setdefault(language, {})
        family = path.stem
        for line in path.read_text("utf-8").splitlines():
            if line.startswith("#"):
                family = f"{path.stem}: {line[1:].strip()}"
            elif " => " in line:
                left, right = line.split(" => ", 1)
                form = Form(language, family, left.strip(), right.strip())
                families.setdefault(family, []).append(form)
            elif line.strip():
                raise SystemExit(f"{path.name}: not a form: {line}")


def _by_language(folder: Path) -> dict[str, Sections]:
    return {path.stem: sections(path) for path in sorted(folder.glob("*.txt"))}
