"""The person's own skills: which there are, and which of them may be used.

A skill is off until the person allows it as it is; what is kept is the hash of its files, so that
it is off again as soon as one of them changes. Nothing here runs anything.
"""

import os
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from homebody.base.errors import SettingsProblem, SkillProblem
from homebody.messages.skills import Skill
from homebody.skills.own_folder import FACE, read_folder

__all__ = ["OwnSkill", "OwnSkills", "OwnState"]

_MOST: Final = 1_000
"""Folders that are looked at."""
_LARGEST: Final = 1_000_000
"""Bytes of the file that says what is allowed."""

OwnState = Literal[
    "off",  # never allowed
    "allowed",
    "changed",  # allowed once, but its files are others now
    "broken",  # cannot be used; `problem` says why
]


class OwnSkill(Struct, frozen=True, kw_only=True):
    """A skill of the person's own, and whether it may be used."""

    name: str
    description: str
    folder: Path
    digest: str
    state: OwnState
    asks: str = ""
    """What it wants beyond the request, in sentences; empty: nothing."""
    problem: str = ""
    skill: Skill | None = None


class OwnSkills:
    """Looks after a folder of skills. Every call looks at the disk anew; any thread."""

    def __init__(self, folder: Path, kept: Path) -> None:
        """`folder` holds a folder for each skill; `kept` is the file that says what is allowed."""
        self.folder: Final = folder
        self._kept = kept

    def found(self) -> tuple[OwnSkill, ...]:
        """Return all there are, by name. Never raises."""
        kept, _ = _read_kept(self._kept)
        return tuple(sorted((_judged(each, kept) for each in self._folders()), key=_order))

    def allowed(self) -> tuple[Skill, ...]:
        """Return those that may be used now."""
        return tuple(
            each.skill
            for each in self.found()
            if each.state == "allowed" and each.skill is not None
        )

    @property
    def problem(self) -> str:
        """Why what was allowed cannot be read, in a sentence; empty: it can."""
        return _read_kept(self._kept)[1]

    def allow(self, name: str) -> None:
        """Let a skill be used as it is now. Raises `SkillProblem`, or `SettingsProblem`."""
        meant = [each for each in self.found() if each.name == name]
        if not meant:
            raise SkillProblem(
                f"You have no skill called {name[:64]}.",
                f"Put its folder, with a {FACE}, into {self.folder}.",
                "missing",
            )
        if len(meant) > 1:
            folders = " and ".join(str(each.folder) for each in meant)
            raise SkillProblem(
                f"{len(meant)} of your skills are called {name}: {folders}.",
                "Give each a name of its own.",
                "unclear",
            )
        if meant[0].problem:
            raise SkillProblem(meant[0].problem, "Mend it, then allow it.", "failed")
        self._change(name, meant[0].digest)

    def forbid(self, name: str) -> None:
        """Let a skill be used no longer. Raises `SettingsProblem`."""
        self._change(name, None)

    def _folders(self) -> list[Path]:
        try:
            with os.scandir(self.folder) as listing:
                names = sorted(
                    entry.name
                    for entry in listing
                    if entry.is_dir() and not entry.name.startswith(".")
                )
        except OSError:
            # None has been made yet, or it cannot be read: either way there are no skills.
            return []
        return [self.folder / name for name in names[:_MOST]]

    def _change(self, name: str, digest: str | None) -> None:
        from homebody.base.files import replace_file

        kept, problem = _read_kept(self._kept)
        if (kept.get(name) == digest) and not problem:
            return
        table = _table(self._kept)
        before = table.get("allowed")
        # What a newer version wrote in its own way is kept as well.
        changed = {
            each: value
            for each, value in (before if isinstance(before, dict) else kept).items()
            if each != name
        }
        if digest is not None:
            changed[name] = digest
        data = msgspec.json.encode({**table, "allowed": changed}, order="sorted")
        try:
            if problem and self._kept.exists():
                # What could not be read may be a person's work.
                replace_file(self._kept.with_suffix(".kept.json"), self._kept.read_bytes())
            replace_file(self._kept, msgspec.json.format(data, indent=2) + b"\n")
        except OSError as error:
            raise SettingsProblem(
                f"{self._kept.name} cannot be written ({error.strerror}), so nothing was changed.",
                f"Look at the folder {self._kept.parent}: whether there is space, and whether you "
                "may write.",
            ) from error


def _order(own: OwnSkill) -> tuple[str, str]:
    return own.name, str(own.folder)


def _judged(folder: Path, kept: dict[str, str]) -> OwnSkill:
    read = read_folder(folder)
    digest = kept.get(read.name)
    state: OwnState = "off"
    problem = read.problem
    if read.problem:
        state = "broken"
    elif digest == read.digest:
        state = "allowed"
    elif digest is not None:
        state = "changed"
    return OwnSkill(
        name=read.name,
        description=read.description,
        folder=read.folder,
        digest=read.digest,
        state=state,
        asks=read.asks,
        problem=problem,
        skill=read.skill,
    )


def _read_kept(path: Path) -> tuple[dict[str, str], str]:
    """Return the hashes of what is allowed, by name, and why they cannot be read."""
    try:
        with path.open("rb") as stream:
            data = stream.read(_LARGEST + 1)
    except FileNotFoundError:
        return {}, ""
    except OSError as error:
        return {}, _unusable(path, f"cannot be read ({error.strerror})")
    if len(data) > _LARGEST:
        return {}, _unusable(path, f"is larger than {_LARGEST / 1e6:.0f} MB")
    try:
        table: Any = msgspec.json.decode(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return {}, _unusable(path, "cannot be understood")
    allowed = table.get("allowed") if isinstance(table, dict) else None
    if not isinstance(allowed, dict):
        return {}, _unusable(path, 'cannot be understood: it has no "allowed"')
    return {key: value for key, value in allowed.items() if isinstance(value, str)}, ""


def _table(path: Path) -> dict[str, Any]:
    """Return all that the file says; nothing where it cannot be understood."""
    try:
        table = msgspec.json.decode(path.read_bytes().decode("utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return {}
    return table if isinstance(table, dict) else {}


def _unusable(path: Path, why: str) -> str:
    return (
        f"{path.name} {why}, so all of your own skills are off. It is left as it is, and copied "
        "aside before anything new is written."
    )
