"""What a person is asked before a step: exactly what would happen, and what would be written."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, Literal

from homebody.assistant.policy import TARGET_KINDS, is_outside, may_always, writes
from homebody.messages.plans import Choice, PlannedStep, Question
from homebody.messages.skills import Access, Label, Skill, Value
from homebody.skills.writing import preview_write

__all__ = ["ask_before", "ask_unsure", "ask_which", "line_of"]

_LONGEST: Final = 60_000
"""Characters of a text that are shown; the store keeps as much of a question."""
_OPTIONS: Final = 30
_SHORT: Final = 60

_FROM: Final[Mapping[Label, str]] = {
    "model": "what a model wrote",
    "tool": "a text that was pasted or found",
    "clipboard": "the clipboard",
    "file": "a file",
    "elsewhere": "what a model elsewhere wrote",
}


def ask_which(index: int, sentence: str, options: Sequence[str]) -> Question:
    """Return the question which of several things is meant."""
    left = len(options) - _OPTIONS
    more = f" {left:,} more are not shown: say more of the name to find them." if left > 0 else ""
    return Question(
        step=index,
        reason="which",
        sentence=f"{sentence.rstrip()}{more}",
        options=tuple(options[:_OPTIONS]),
    )


def ask_unsure(steps: Sequence[PlannedStep], find: Callable[[str], Skill | None]) -> Question:
    """Return the question whether a plan is what was meant."""
    lines = []
    for number, step in enumerate(steps, 1):
        skill, words = find(step.skill), line_of(step.args)
        title = step.skill if skill is None else skill.title
        lines.append(f"{number}. {title}{f': {words}' if words else ''}")
    return Question(
        step=0,
        reason="unsure",
        sentence="Is this what you want?",
        details="\n".join(lines),
        choices=("once", "answer", "no"),
    )


def line_of(args: Mapping[str, Value]) -> str:
    """Return arguments on one line, each of them shortened."""
    return " · ".join(filter(None, map(_short, args.values())))


def _short(value: Value) -> str:
    text = ", ".join(value) if isinstance(value, list) else str(value)
    words = " ".join(text[: 4 * _SHORT].split())
    return words if len(words) <= _SHORT else f"{words[: _SHORT - 1]}…"


def ask_before(
    index: int,
    skill: Skill,
    args: Mapping[str, Value],
    labels: Mapping[str, Label],
    *,
    reason: Literal["outside", "permission", "folder"],
    folder: Path | None,
    home: Path,
) -> Question:
    """Return the question before a step.

    `folder`: the one that is not granted yet, None where there is none. Asked again with the same
    files and texts, it is equal; so what is equal to what was shown may be done. Raises
    `SkillProblem` for what could not be done whatever is answered.
    """
    sentence, details = _what(skill, args)
    access: Access = "write" if writes(skill) else "read"
    choices: tuple[Choice, ...] = ("once", "no")
    if reason == "folder" and folder is not None and may_always(folder, home, access):
        choices = ("once", "always", "no")
    return Question(
        step=index,
        reason=reason,
        sentence=f"{sentence.rstrip('.')}.{_why(skill, labels, reason, folder)}",
        details=_bounded(details),
        folder=str(folder) if folder is not None else "",
        access=access,
        choices=choices,
    )


def _why(skill: Skill, labels: Mapping[str, Label], reason: str, folder: Path | None) -> str:
    targets = [each.name for each in skill.arguments if each.kind in TARGET_KINDS]
    foreign = [label for name in targets if is_outside(label := labels.get(name, "person"))]
    if foreign:
        return f" Its name comes from {_FROM[foreign[0]]}, not from you."
    if reason == "outside":
        return " Text that is not yours was in view when this was planned."
    if reason == "folder":
        return f" Skills have not been let into {folder} yet."
    return ""


_WHAT: Final[Mapping[str, tuple[str, str]]] = {
    "open_item": ("Open {path} in its own program", ""),
    "read_clipboard": ("Read the text that was copied", ""),
    "copy_to_clipboard": ("Put a text on the clipboard, in place of what is there", "text"),
    "add_note": ("Keep a text in your notes", "text"),
    "set_reminder": ("Set a reminder for {when}", "text"),
    "read_file": ("Read {path}", ""),
    "list_folder": ("List what is in {path}", ""),
    "find_files": ("Look for {query!r} in {folder}", ""),
}
"""What would happen, and the argument that is shown whole."""


def _what(skill: Skill, args: Mapping[str, Value]) -> tuple[str, str]:
    """Return what would happen as a sentence, and the text that it would happen with."""
    said = {name: str(value) for name, value in args.items()}
    if skill.name == "write_file":
        preview = preview_write(Path(said["path"]), said["text"])
        return preview.sentence, preview.details
    if skill.name in _WHAT and not skill.own:
        sentence, shown = _WHAT[skill.name]
        return sentence.format_map(said), said.get(shown, "")
    words = "\n".join(f"{name}: {value}" for name, value in said.items())
    return f"Run the skill {skill.title!r}", words


def _bounded(text: str) -> str:
    if len(text) <= _LONGEST:
        return text
    # With its hash, so that a text that differs only further on is another question.
    digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
    return f"{text[:_LONGEST]}\n[… {len(text):,} characters in all, SHA-256 {digest}]"
