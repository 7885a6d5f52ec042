"""The texts about the package: who holds the rights in what is inside, and what changed."""

import json
import re
import textwrap
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Final

__all__ = ["Part", "changelog", "copyright_text", "read_parts"]

COMMON: Final = (
    ("GNU LESSER GENERAL PUBLIC LICENSE", "Version 3", "LGPL-3"),
    ("GNU LESSER GENERAL PUBLIC LICENSE", "Version 2.1", "LGPL-2.1"),
    ("GNU GENERAL PUBLIC LICENSE", "Version 3", "GPL-3"),
    ("GNU GENERAL PUBLIC LICENSE", "Version 2", "GPL-2"),
    ("Apache License", "Version 2.0", "Apache-2.0"),
    ("Mozilla Public License", "Version 2.0", "MPL-2.0"),
)
"""Whole texts that every Debian system has in /usr/share/common-licenses: name, version, file."""

_LONG: Final = 9_000
"""Characters; none of the common licences is shorter."""

_HEAD: Final = """\
This package was made by packaging/deb.py of the Homebody project.

Homebody: Copyright 2026 The Homebody authors

 Licensed under the Apache License, Version 2.0. On Debian systems the whole text is in
 /usr/share/common-licenses/Apache-2.0.

Below /usr/lib/homebody lie works of others that Homebody is built on. Each is listed
here with its version, its licence and the texts that came with it. All of those texts also lie, as
they came, in /usr/lib/homebody/licences.

Qt, PySide6 and shiboken6 are used under the GNU Lesser General Public License, version 3
(/usr/share/common-licenses/LGPL-3, which refers to /usr/share/common-licenses/GPL-3). They are
separate shared libraries below /usr/lib/homebody/_internal/PySide6 and shiboken6: you may replace
them with versions of your own, and take Homebody apart to find out how. Their source code is at
https://download.qt.io/official_releases/, under the versions that are named below. The same holds
for other parts under that licence: they lie there as files of their own.
"""


@dataclass(frozen=True)
class Part:
    """A work of others that is inside."""

    name: str
    version: str
    licence: str
    url: str
    texts: dict[str, str]
    """Whole texts that came with it, by their names below `licences`."""


def read_parts(frozen: Path) -> list[Part]:
    """Return what `packaging/freeze.py` wrote down in the frozen app, sorted by name."""
    folder = frozen / "licences"
    parts = [
        Part(
            entry["name"],
            entry["version"],
            entry["licence"],
            entry["homepage"],
            {name: (folder / name).read_text("utf-8", errors="replace") for name in entry["files"]},
        )
        for entry in json.loads((folder / "third-party.json").read_text("utf-8"))
    ]
    return sorted(parts, key=lambda part: part.name.lower())


def copyright_text(parts: list[Part], *, starter: bool) -> str:
    """Return the file `copyright`: each part with its licence, each text once."""
    numbers: dict[str, int] = {}
    lines = [_HEAD]
    for part in parts:
        if not starter and part.name.startswith("SmolLM2"):
            continue
        lines.append(f"* {part.name} {part.version}".rstrip())
        if part.url:
            lines.append(f"  {part.url}")
        lines.append(f"  Licence: {part.licence or 'see the text'}")
        for name, text in part.texts.items():
            lines.extend(f"  {line}" for line in _holders(text))
            common = _common(text)
            if common:
                lines.append(f"  Text: /usr/share/common-licenses/{common}")
            elif len(text) > _LONG and "TERMS AND CONDITIONS" in text:
                # It holds one of the common ones, whole, and more.
                lines.append(f"  Text: /usr/lib/homebody/licences/{name}")
            else:
                number = numbers.setdefault(_plain(text), len(numbers) + 1)
                lines.append(f"  Text: [{number}] below")
        lines.append("")
    for text, number in numbers.items():
        lines += [f"[{number}] " + "-" * 70, "", textwrap.indent(text, " "), ""]
    return "\n".join(lines).rstrip() + "\n"


def changelog(text: str, package: str, version: str, maintainer: str, moment: int) -> str:
    """Return CHANGELOG.md as Debian writes changes; what is unreleased is this version's."""
    stanzas = []
    for head, body in re.findall(r"^## (.+?)$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL):
        named = re.match(r"\[?v?(\d[\w.~+-]*)\]?(?:\s+[-–]\s+(\d{4}-\d{2}-\d{2}))?", head)
        which, when = (named[1], named[2]) if named else (version, None)
        date = (
            datetime.fromisoformat(f"{when}T12:00:00+00:00")
            if when
            else datetime.fromtimestamp(moment, UTC)
        )
        items = re.findall(r"^- (.+?)(?=^- |^#|^\s*$|\Z)", body, re.MULTILINE | re.DOTALL)
        points = [
            textwrap.fill(
                " ".join(item.split()), 78, initial_indent="  * ", subsequent_indent="    "
            )
            for item in items
        ]
        stanzas.append(
            f"{package} ({which}) unstable; urgency=medium\n\n"
            + "\n".join(points or ["  * Nothing that people would notice."])
            + f"\n\n -- {maintainer}  {format_datetime(date)}\n"
        )
    return "\n".join(stanzas)


def _holders(text: str) -> list[str]:
    """Return the lines of a text that say whose it is, at most a dozen."""
    found = re.findall(r"^.{0,12}Copyright (?:\(c\)|©|\d{4}|\(C\)).*$", text, re.MULTILINE)
    return list(dict.fromkeys(line.strip(" #*/.\t") for line in found))[:12]


def _common(text: str) -> str:
    """Return which of Debian's common licences a text is, whole; "" if none."""
    start = " ".join(text[:600].split()).lower()
    for title, version, name in COMMON:
        if start.startswith(title.lower()) and version.lower() in start[:400]:
            return name
    return ""


def _plain(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.replace("\f", "").strip().splitlines())
