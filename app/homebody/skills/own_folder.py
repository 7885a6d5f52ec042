"""One skill of the person's own: a folder with a `SKILL.md`, as the Agent Skills format has it.

Only reads, and runs nothing: a folder from a stranger must be safe to list. Scripts that it carries
are named and never run. Everything is bounded; a link, or what is no plain file, makes it unusable.
"""

import hashlib
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from homebody.base.errors import SkillProblem
from homebody.messages.skills import Argument, Skill

__all__ = ["FACE", "ReadFolder", "read_folder"]

FACE: Final = "SKILL.md"
_LARGEST_FACE: Final = 256 * 1024
"""Bytes of SKILL.md."""
_LARGEST_FRONT: Final = 16 * 1024
"""Characters between the two lines of dashes."""
_LARGEST: Final = 20_000_000
"""Bytes of all files."""
_MOST_FILES: Final = 500
_DEEPEST: Final = 8
_LONGEST_NAME: Final = 64
_LONGEST_DESCRIPTION: Final = 1024
_NAME: Final = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")
_FRONT: Final = re.compile(r"---[ \t]*\r?\n(.*?)^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
_MADE_BY_SYSTEMS: Final = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
"""Written into any folder that is looked at; they would turn a skill off for nothing."""
_MIND: Final = "Mend it, or remove the folder."


class ReadFolder(Struct, frozen=True, kw_only=True):
    """What a folder holds. With a `problem` the rest is what could be read."""

    folder: Path
    name: str
    description: str = ""
    digest: str = ""
    """SHA-256 over the names and bytes of all files, in hex."""
    asks: str = ""
    """What it wants beyond the request, and whether it gets it; empty: nothing."""
    skill: Skill | None = None
    problem: str = ""


def read_folder(folder: Path) -> ReadFolder:
    """Read a folder. Never raises."""
    shown = folder.name.encode("utf-8", "replace").decode()
    if shown != folder.name:
        why = f"The name of a folder is not text (UTF-8): {shown}."
        return ReadFolder(folder=folder, name=shown, problem=why)
    try:
        return _read(folder)
    except SkillProblem as problem:
        return ReadFolder(folder=folder, name=folder.name, problem=problem.message)
    except OSError as error:
        why = error.strerror or str(error)
        return ReadFolder(
            folder=folder, name=folder.name, problem=f"{folder.name} cannot be read ({why})."
        )


def _read(folder: Path) -> ReadFolder:
    whole, face, scripts, size = hashlib.sha256(), b"", 0, 0
    for count, (name, path) in enumerate(_files(folder, "", 0), 1):
        if count > _MOST_FILES:
            raise _broken(folder, f"holds more than {_MOST_FILES} files")
        data = _bytes(path, (_LARGEST_FACE if name == FACE else _LARGEST) + 1)
        if name == FACE:
            face = data
            if len(data) > _LARGEST_FACE:
                raise _broken(folder, f"has a {FACE} of more than {_LARGEST_FACE // 1024} KiB")
        size += len(data)
        if size > _LARGEST:
            raise _broken(folder, f"holds more than {_LARGEST // 1_000_000} MB")
        scripts += name.startswith("scripts/")
        # Lengths first, so that no other names and bytes come to the same.
        encoded = name.encode("utf-8", "surrogateescape")
        whole.update(b"%d %d\n" % (len(encoded), len(data)) + encoded + data)
    if not face:
        raise _broken(folder, f"has no {FACE}, or an empty one")
    return _understood(folder, face, whole.hexdigest(), scripts)


def _files(folder: Path, before: str, depth: int) -> Iterator[tuple[str, Path]]:
    """Yield every file below a folder, in the order of names; `/` parts names on every system."""
    if depth > _DEEPEST:
        raise _broken(folder, f"has folders more than {_DEEPEST} deep")
    with os.scandir(folder) as listing:
        entries = sorted(listing, key=lambda entry: entry.name)
    for entry in entries:
        name, path = f"{before}{entry.name}", Path(entry.path)
        if entry.is_symlink() or _is_junction(path):
            raise _broken(folder, f"holds a link ({name}); a skill has to lie in its own folder")
        if entry.is_dir(follow_symlinks=False):
            yield from _files(path, f"{name}/", depth + 1)
        elif not entry.is_file(follow_symlinks=False):
            raise _broken(folder, f"holds something that is no plain file ({name})")
        elif entry.name not in _MADE_BY_SYSTEMS:
            yield name, path


def _is_junction(path: Path) -> bool:
    """Tell whether a folder of Windows leads elsewhere without being called a link."""
    return sys.platform == "win32" and path.resolve() != path.parent.resolve() / path.name


def _bytes(path: Path, most: int) -> bytes:
    # What was a file a moment ago may be a link or a pipe by now: neither is followed.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    flags |= getattr(os, "O_BINARY", 0)
    with open(path, "rb", opener=lambda name, _: os.open(name, flags)) as stream:
        return stream.read(most)


def _understood(folder: Path, face: bytes, digest: str, scripts: int) -> ReadFolder:
    front, body = _parts(folder, face)
    name = front.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name) or len(name) > _LONGEST_NAME:
        raise _broken(
            folder,
            f"needs a name in its {FACE}: small letters and figures, words joined by -, at most "
            f"{_LONGEST_NAME} characters",
        )
    said = front.get("description")
    description = " ".join(_printable(said).split()) if isinstance(said, str) else ""
    if not description or len(description) > _LONGEST_DESCRIPTION:
        raise _broken(
            folder,
            f"needs a description in its {FACE}, of at most {_LONGEST_DESCRIPTION:,} characters",
        )
    if not body.strip():
        raise _broken(folder, f"has a {FACE} without instructions below its second line of dashes")
    skill = Skill(
        name=name,
        title=re.sub(r"[-_]", " ", name).capitalize(),
        description=description,
        arguments=(Argument(name="request", kind="task", help="what is wanted"),),
        runs="engine",
        seconds=60,
        own=str(folder),
        instructions=body.strip(),
    )
    return ReadFolder(
        folder=folder,
        name=name,
        description=description,
        digest=digest,
        asks=_asks(front, scripts),
        skill=skill,
    )


def _parts(folder: Path, face: bytes) -> tuple[dict[str, Any], str]:
    """Return the front matter and what follows it."""
    try:
        # Windows' editors put a byte order mark first.
        text = face.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _broken(folder, f"has a {FACE} that is not text (UTF-8)") from error
    found = _FRONT.match(text)
    if not found or len(found[1]) > _LARGEST_FRONT:
        raise _broken(
            folder,
            f"has a {FACE} that does not begin with a line ---, then name and description, then "
            "another line ---",
        )
    return _yaml(folder, found[1]), text[found.end() :]


def _yaml(folder: Path, text: str) -> dict[str, Any]:
    import yaml

    # libyaml is ten times as fast, and bounds its depth; not every build has it.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        depth = 0
        for each in yaml.scan(text, Loader=loader):
            # An alias can make a few lines unfold into gigabytes, and nobody needs one here.
            if isinstance(each, yaml.AliasToken | yaml.AnchorToken | yaml.TagToken):
                raise _broken(folder, f"uses &, * or a tag of YAML in its {FACE}")
            depth += isinstance(each, yaml.FlowSequenceStartToken | yaml.FlowMappingStartToken)
            depth -= isinstance(each, yaml.FlowSequenceEndToken | yaml.FlowMappingEndToken)
            if depth > _DEEPEST:
                raise _broken(folder, f"has a {FACE} whose first part is nested too deeply")
        front = yaml.load(text, Loader=loader)  # noqa: S506 - both are safe loaders
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        line = getattr(getattr(error, "problem_mark", None), "line", None)
        where = f", near line {line + 2}" if isinstance(line, int) else ""
        raise _broken(folder, f"has a {FACE} whose first part is not YAML{where}") from error
    if not isinstance(front, dict):
        raise _broken(folder, f"has a {FACE} whose first part does not name name and description")
    return front


def _asks(front: dict[str, Any], scripts: int) -> str:
    sentences = []
    tools = front.get("allowed-tools")
    wanted = " ".join(map(str, tools)) if isinstance(tools, list) else str(tools or "")
    if wanted.strip():
        sentences.append(f"It asks for tools, which it does not get: {_short(wanted)}.")
    if scripts:
        some = "a script" if scripts == 1 else f"{scripts} scripts"
        sentences.append(f"It carries {some}, which Homebody does not run.")
    needs = front.get("compatibility")
    if isinstance(needs, str) and needs.strip():
        sentences.append(f"It says what it needs: {_short(needs)}.")
    return " ".join(sentences)


def _short(text: str) -> str:
    text = " ".join(_printable(text).split()).rstrip(".")
    return text if len(text) <= 200 else f"{text[:199]}…"


def _printable(text: str) -> str:
    """Leave out what could disguise the rest: control characters, marks of direction."""
    return "".join(each for each in text if each.isprintable() or each in "\n\t ")


def _broken(folder: Path, why: str) -> SkillProblem:
    return SkillProblem(f"{folder.name} {why}.", _MIND, "failed")
