"""What each piece of the frozen app weighs, against its budget in `sizes.toml`."""

import re
import tomllib
from pathlib import Path
from typing import Final

PIECES: Final = (
    ("starter model", r"homebody/shipped/models/[^/]+\.gguf"),
    ("planner expert", r"homebody/shipped/models/experts/.*"),
    ("engine", r"homebody/shipped/engine/.*"),
    ("homebody", r"homebody/.*"),
    ("ICU (Qt)", r"(PySide6/.*/)?(libicu|icu).*"),
    ("Qt", r"(PySide6|shiboken6)/.*|lib(pyside|shiboken|Qt6).*"),
    ("OpenBLAS", r"numpy\.libs/.*"),
    ("numpy", r"numpy/.*"),
    ("cryptography", r"cryptography/.*"),
    ("Python", r"libpython.*|python3.*|python3\d*\.dll|base_library\.zip|[^/]*\.(pyd|dll)"),
)
"""Names, and the files below `_internal` of each; the first that fits counts."""


def weigh(app: Path) -> dict[str, int]:
    """Return the bytes of each piece of the frozen app, largest first."""
    inside = app / "_internal"
    weight: dict[str, int] = {}
    for file in app.rglob("*"):
        if file.is_symlink() or not file.is_file():
            continue
        below = file.relative_to(inside).as_posix() if file.is_relative_to(inside) else ""
        piece = next((name for name, form in PIECES if re.fullmatch(form, below)), "the rest")
        weight[piece] = weight.get(piece, 0) + file.stat().st_size
    return dict(sorted(weight.items(), key=lambda each: -each[1]))


def budgets() -> dict[str, float]:
    """Return how much each piece may weigh, in MB (10⁶ bytes)."""
    text = Path(__file__).with_name("sizes.toml").read_text("utf-8")
    kept: dict[str, float] = tomllib.loads(text)["megabytes"]
    return kept


def over(weight: dict[str, int]) -> list[str]:
    """Return a sentence for each piece that weighs more than it may, or has no budget."""
    allowed = budgets()
    said = []
    for name, weighs in {**weight, "all of it": sum(weight.values())}.items():
        most = allowed.get(name)
        if most is None:
            said.append(f"{name} has no budget in packaging/sizes.toml.")
        elif weighs > most * 1e6:
            said.append(f"{name} weighs {weighs / 1e6:.1f} MB, more than {most:g} MB.")
    return said
