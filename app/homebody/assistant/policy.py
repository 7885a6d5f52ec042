"""What a step may do without asking. Pure rules, in code, so that they hold for any model.

Every value has a **label** (`messages.skills.Label`): who said it. All but the person's own words
are *outside*: files, the clipboard, what tools brought, what a model wrote of them, what
a model elsewhere wrote, its placeholders restored or not. A result that was made from several
values is as little trusted as the least trusted of them.

The rules, in this order:

1. A skill whose permission is `never` does not run.
2. A **target** (a file, a folder, an address) from outside asks, with the exact target, whatever
   the skill. One exception: reading what a search in granted folders listed, where it still lies
   in a granted folder. Its name was found for the person's own words, and they chose the folder.
3. A skill whose permission is `ask` asks each time. The yes holds for the exact path that was
   shown, and for nothing else in its folder: no grant makes writing free.
4. A folder that is not granted asks. "Always" is offered for reading alone, and not for places
   that hold everything: a drive, all homes, one's home, hidden folders.
5. An effect that is free otherwise (notes, reminders, filling the clipboard) asks where the
   **planner could see outside text**, for then the step itself may have been caused by it.

What can the planner see? The person's words; passages are put aside by code (`passages.see`)
before it. So it could see outside text where
 * a file goes with the request (its name is shown, and names are chosen by others);
 * a planner other than the expert read the last reply, which may quote anything;
 * the request has several lines beside a passage or without one, or it begins with a passage, or
   very many words or another long quote were left beside one: what was pasted may not have been
   put aside as a whole;
 * words of the request are *marked*: they stand in quotes or after a colon, however short they are.
   Then an effect still needs no yes where the words outside the marks name it ("add a note: call
   Bob", "copy "see you at nine""), in any of the five languages, once in a plan. Anything else that
   marked words seem to ask for is asked about.
Words that nothing marks are the person's own.

What is asked once is asked in one question: the reason that weighs most is named, and its yes
covers the others.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import Final, Literal

from msgspec import Struct

from homebody.messages.skills import Access, ArgumentKind, Label, Skill

__all__ = [
    "TARGET_KINDS",
    "Sight",
    "Target",
    "Verdict",
    "both",
    "is_outside",
    "joined",
    "judge",
    "may_always",
    "sight_of",
    "writes",
]

TARGET_KINDS: Final[tuple[ArgumentKind, ...]] = ("path", "folder")

_TRUST: Final[tuple[Label, ...]] = ("person", "model", "tool", "clipboard", "file", "elsewhere")
"""From the most to the least."""
_OWN_WORDS: Final = 60
"""Words left beside a passage beyond which some of them may be part of what was pasted."""
_QUOTES: Final = '"`\u201c\u201d\u201e\u00ab\u00bb\u2018'
_LONG_QUOTE: Final = re.compile(rf"[{_QUOTES}]\s*(?:[^\s{_QUOTES}]+\s+){{6,}}")
_MARKED: Final = re.compile(
    # A quote up to its end, or to the end where it has none; what follows a colon.
    """"[^"]*"?|`[^`]*`?|[\u201c\u201e][^\u201c\u201d]*[\u201c\u201d]?"""
    """|\u00ab[^\u00bb]*\u00bb?|\u00bb[^\u00ab]*\u00ab?|\u2018[^\u2019]*\u2019?"""
    r"""|(?<!\w)'.*?(?:'(?!\w)|$)|\s?:(?=\s|$).*""",
    re.DOTALL,
)
_NAMES: Final[Mapping[str, re.Pattern[str]]] = {
    "add_note": re.compile(
        r"\b(?:not[aei]|merk|aufschreib|schreib|speicher|anot|apunt|guard|escrib|[ée]cri|enregistr"
        r"|annot|appunt|segna|salva|scriv|remember|save|keep|jot|record)",
        re.IGNORECASE,
    ),
    "set_reminder": re.compile(
        r"\b(?:remind|erinner|vergiss|weck|rec(?:ue|ué|o)rd|avis|olvid|rappel|oubli|ricord|promemoria"
        r"|dimentic|avvis|alarm|alert|timer|forget|wake)",
        re.IGNORECASE,
    ),
    "copy_to_clipboard": re.compile(
        r"\b(?:cop[yi]|clipboard|kopier|zwischenablage|portapapeles|presse|appunti)", re.IGNORECASE
    ),
}
"""Beginnings of words, in five languages, that name an effect."""
_TRUSTED_PLANNERS: Final = frozenset({"expert", "named", "own", "person", "none", ""})
"""They see no reply. `named`, `person`: the person named the skill, as in /translate."""


class Target(Struct, frozen=True, kw_only=True):
    """What a step would touch, as far as the rules look at it."""

    label: Label
    """Whose words name it."""
    listed: bool = False
    """Whether a search in granted folders listed exactly this."""
    granted: bool = True
    """Whether its folder is granted for what the step does. An address needs no grant."""


class Verdict(Struct, frozen=True):
    """Whether a step may run."""

    do: Literal["run", "ask", "never"]
    reason: Literal["outside", "permission", "folder"] | None = None
    """Of `ask`: the one that weighs most."""


def is_outside(label: Label) -> bool:
    """Say whether a value with this label is data that must cause nothing."""
    return label != "person"


def joined(labels: Iterable[Label]) -> Label:
    """Return the label of what was made from values with these labels; of nothing: person."""
    return max(labels, key=_TRUST.index, default="person")


def writes(skill: Skill) -> bool:
    """Say whether a skill changes files."""
    return "writes files" in skill.touches


def judge(skill: Skill, targets: Sequence[Target], *, saw_outside: bool) -> Verdict:
    """Return whether a step of `skill` may run on these targets.

    `saw_outside`: whether text that is not the person's may have caused it; see `Sight`.
    """
    if skill.permission == "never":
        return Verdict("never")
    if any(_needs_a_look(skill, target) for target in targets):
        return Verdict("ask", "outside")
    if skill.permission == "ask":
        return Verdict("ask", "permission")
    if not all(target.granted for target in targets):
        return Verdict("ask", "folder")
    if skill.effect and saw_outside:
        return Verdict("ask", "outside")
    return Verdict("run")


def _needs_a_look(skill: Skill, target: Target) -> bool:
    if not is_outside(target.label):
        return False
    only_reads = not skill.effect and skill.permission == "free"
    return not (target.listed and target.granted and only_reads)


def may_always(folder: PurePath, home: PurePath, access: Access) -> bool:
    """Say whether "always in this folder" may be offered. Both paths are absolute."""
    if access != "read" or folder == home or folder in home.parents:
        return False
    inner = folder.relative_to(home) if folder.is_relative_to(home) else folder
    return len(folder.parts) > 2 and not any(part.startswith(".") for part in inner.parts)


class Sight(Struct, frozen=True, kw_only=True):
    """What the planner could see beside the person's own words."""

    outside: bool = False
    """Text that surely may not be the person's."""
    marked: bool = False
    """Words in quotes or after a colon, which may be another's."""
    words: str = ""
    """The words outside the marks."""

    def may_have_caused(self, skill: Skill, *, again: bool) -> bool:
        """Say whether text that is not the person's may have caused a step of `skill`.

        `again`: whether the plan has a step of that skill before.
        """
        if self.outside:
            return True
        return self.marked and (again or not _names(skill, self.words))


def sight_of(
    *,
    planner: str,
    files: bool,
    has_reply: bool,
    passage: Literal["none", "first", "later"],
    beside: str,
) -> Sight:
    """Return what a planner could see.

    `passage`: whether one was put aside, and whether it came before all that was left. `beside`:
    the request as it was typed, without it.
    """
    lines = [line for line in beside.splitlines() if any(map(str.isalnum, line))]
    outside = files or (has_reply and planner not in _TRUSTED_PLANNERS)
    # What stands after a passage may be its own last line.
    outside = outside or len(lines) > 1 or passage == "first"
    if passage == "later" and not outside:
        many = len(beside.split(None, _OWN_WORDS)) > _OWN_WORDS
        outside = many or _LONG_QUOTE.search(beside) is not None
    words = _MARKED.sub(" ", beside)
    return Sight(outside=outside, marked=words != beside, words=words)


def both(one: Sight, other: Sight) -> Sight:
    """Return what could be seen of two requests that were planned as one."""
    return Sight(
        outside=one.outside or other.outside,
        marked=one.marked or other.marked,
        words=f"{one.words} {other.words}",
    )


def _names(skill: Skill, words: str) -> bool:
    """Say whether words name what a skill does, in one of the five languages."""
    named = _NAMES.get(skill.name)
    return named is not None and named.search(words) is not None
