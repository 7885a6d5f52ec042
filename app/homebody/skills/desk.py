"""Skills of the desk: notes, reminders, the clipboard, opening things, the machine's state.

They run in the front end, because what they touch is here: the store, and the person's own desktop.
"""

import re
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from homebody.base.clock import Clock, now
from homebody.base.errors import HomebodyError, SkillProblem
from homebody.base.paths import is_elsewhere
from homebody.messages.skills import Note, Outcome, Reminder, Skill, Value
from homebody.skills.common_words import is_common
from homebody.skills.dates import due, when
from homebody.skills.moments import Moment, say_clock, say_day, zone_of
from homebody.skills.status import system_status

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Clipboard", "Desk", "KeepsNotes", "Opens"]

_LONGEST_NOTE: Final = 256 * 1024
_LONGEST_REMINDER: Final = 2_000
"""Characters."""
_LONGEST_COPIED: Final = 8_000_000
_MOST_NOTES: Final = 20
_MOST_REMINDERS: Final = 100


class Clipboard(Protocol):
    """The desktop's clipboard. Any thread; raises `HomebodyError` where it does not answer."""

    def read(self) -> str:
        """Return the text on it, "" where there is none."""

    def write(self, text: str) -> None:
        """Put a text on it."""


class Opens(Protocol):
    """Opens things with the person's own programs. Raises `HomebodyError` where nothing does."""

    def open_link(self, url: str) -> None:
        """Open an address."""

    def open_folder(self, path: Path) -> None:
        """Show a folder."""

    def open_file(self, path: Path) -> None:
        """Open a document."""


class KeepsNotes(Protocol):
    """The store, as far as it is known here. Raises `StoreProblem`."""

    def add_note(self, text: str) -> Note:
        """Keep a note."""

    def notes(self, query: str | None = None, limit: int = 50) -> list[Note]:
        """Return notes, newest first."""

    def add_reminder(self, text: str, due: datetime) -> Reminder:
        """Keep a reminder."""

    def reminders(
        self, since: datetime | None = None, until: datetime | None = None
    ) -> list[Reminder]:
        """Return reminders, the next one first."""


class Desk:
    """Runs the desk's skills, in a moment; from any thread."""

    def __init__(
        self,
        store: KeepsNotes,
        *,
        clock: Clock = now,
        zone: str = "",
        clipboard: Clipboard | None = None,
        opens: Opens | None = None,
        reminds: bool = True,
    ) -> None:
        """`zone` is the person's, such as "Europe/Rome"; empty: the system's.

        `reminds`: whether this process also tells reminders; a terminal does not.
        """
        self._store = store
        self._clock, self._zone = clock, zone
        self._clipboard, self._opens = clipboard, opens
        self._reminds = reminds
        self._skills: dict[str, Callable[[dict[str, Value]], Outcome]] = {
            "set_reminder": self._set_reminder,
            "list_reminders": self._list_reminders,
            "add_note": self._add_note,
            "search_notes": self._search_notes,
            "open_item": self._open_item,
            "read_clipboard": self._read_clipboard,
            "copy_to_clipboard": self._copy_to_clipboard,
            "system_status": lambda args: system_status(str(args["part"])),
        }

    def run(self, skill: Skill, args: dict[str, Value]) -> Outcome:
        """Run a skill with checked arguments. Raises `SkillProblem`, and the store's problems."""
        work = self._skills.get(skill.name)
        if work is None:
            raise SkillProblem(f"There is no skill called {skill.name} here.", "", "failed")
        return work(args)

    # ------------------------------------------------------------------ reminders

    def _set_reminder(self, args: dict[str, Value]) -> Outcome:
        text = _one_line(str(args["text"]))
        if len(text) > _LONGEST_REMINDER:
            raise SkillProblem(
                f"A reminder has at most {_LONGEST_REMINDER:,} characters; this has {len(text):,}.",
                "Keep the text as a note, and set a reminder of that.",
                "large",
            )
        moment = due(str(args["when"]), self._present())
        self._store.add_reminder(text, moment.at)
        end = "" if text.endswith((".", "!", "?", "…")) else "."
        said = [f"I will remind you on {_said(moment.at)}: {text}{end}", moment.note]
        if not self._reminds:
            said.append("It is shown by Homebody's window, while that runs or at its next start.")
        return Outcome(text=f"{text} ({_said(moment.at)})", said=" ".join(filter(None, said)))

    def _list_reminders(self, args: dict[str, Value]) -> Outcome:
        said = str(args["when"]).strip()
        if said:
            moment = when(said, self._present())
            found = self._store.reminders(moment.at, moment.until)
            of = f" for {_span(moment)}"
        else:
            found = [each for each in self._store.reminders() if each.told is None]
            of = ""
        if not found:
            return Outcome(text=f"There are no reminders{of}.")
        lines = [self._line(each) for each in found[:_MOST_REMINDERS]]
        if len(found) > _MOST_REMINDERS:
            lines.append(f"And {len(found) - _MOST_REMINDERS:,} more.")
        count = "1 reminder" if len(found) == 1 else f"{len(found):,} reminders"
        return Outcome(text="\n".join(lines), said=f"{count}{of}:\n\n" + "\n".join(lines))

    def _line(self, reminder: Reminder) -> str:
        told = " (told)" if reminder.told else ""
        return f"- {_said(reminder.due.astimezone(zone_of(self._zone)))}: {reminder.text}{told}"

    def _present(self) -> datetime:
        return self._clock().astimezone(zone_of(self._zone))

    # ------------------------------------------------------------------ notes

    def _add_note(self, args: dict[str, Value]) -> Outcome:
        text = str(args["text"]).strip()
        if len(text) > _LONGEST_NOTE:
            raise SkillProblem(
                f"A note has at most {_LONGEST_NOTE:,} characters; this has {len(text):,}.",
                "Write it to a file instead, or summarize it first.",
                "large",
            )
        self._store.add_note(text)
        return Outcome(text=text, said=f"Noted: {_beginning(text)}")

    def _search_notes(self, args: dict[str, Value]) -> Outcome:
        query = str(args["query"])
        telling = " ".join(filter(_tells, query.split()))
        found = self._store.notes(query, _MOST_NOTES + 1)
        if not found and telling:
            found = self._store.notes(telling, _MOST_NOTES + 1)
        head = ""
        if not found and telling:
            found = self._some_words(telling)
            head = "No note has all of these words; these have some.\n\n"
        elif not found:
            # "my notes", "everything": all of them are meant.
            found = self._store.notes(None, _MOST_NOTES + 1)
        if not found:
            raise SkillProblem(
                f"There is no note with the words {_beginning(telling)}."
                if telling
                else "There are no notes yet.",
                "Try fewer or other words." if telling else "Say: note that …",
                "missing",
            )
        shown = found[:_MOST_NOTES]
        texts = "\n\n".join(note.text for note in shown)
        zone = zone_of(self._zone)
        dated = "\n\n".join(
            f"{note.text}\n*{say_day(note.created.astimezone(zone).date())}*" for note in shown
        )
        more = "\n\nThere are more; say more words." if len(found) > _MOST_NOTES else ""
        return Outcome(text=texts, said=f"{head}{dated}{more}")

    def _some_words(self, query: str) -> list[Note]:
        """Return notes with some of the words, those with most of them first."""
        notes: dict[str, Note] = {}
        score: dict[str, int] = {}
        for word in dict.fromkeys(query.split()[:8]):
            for note in self._store.notes(word, _MOST_NOTES):
                notes[note.id] = note
                score[note.id] = score.get(note.id, 0) + 1
        best = sorted(notes.values(), key=lambda note: (score[note.id], note.created), reverse=True)
        return best[:_MOST_NOTES]

    # ------------------------------------------------------------------ the desktop

    def _read_clipboard(self, _args: dict[str, Value]) -> Outcome:
        text = self._must_have_clipboard().read()
        if not text.strip():
            raise SkillProblem(
                "There is no text on the clipboard.", "Copy some text, then ask again.", "missing"
            )
        if len(text) > _LONGEST_COPIED:
            raise SkillProblem(
                f"The clipboard holds {len(text):,} characters; at most {_LONGEST_COPIED:,} are "
                "taken.",
                "Copy a smaller part.",
                "large",
            )
        return Outcome(text=text, label="clipboard")

    def _copy_to_clipboard(self, args: dict[str, Value]) -> Outcome:
        text = str(args["text"])
        self._must_have_clipboard().write(text)
        return Outcome(text=text, said=f"Copied to the clipboard: {_beginning(text)}")

    def _must_have_clipboard(self) -> Clipboard:
        if self._clipboard is None:
            raise SkillProblem(
                "In the terminal Homebody has no clipboard.",
                "Use Homebody's window, or paste the text into your request.",
                "unsupported",
            )
        return self._clipboard

    def _open_item(self, args: dict[str, Value]) -> Outcome:
        target = str(args["path"]).strip()
        if self._opens is None:
            raise SkillProblem(
                "In the terminal Homebody opens nothing.",
                "Use Homebody's window, or open it yourself.",
                "unsupported",
            )
        try:
            if _ADDRESS.match(target):
                self._opens.open_link(target)
            else:
                self._open_path(self._opens, target)
        except SkillProblem:
            raise
        except HomebodyError as problem:
            raise SkillProblem(problem.message, problem.hint, "unsupported") from problem
        return Outcome(text=target, said=f"Opened {target}.")

    def _open_path(self, opens: Opens, target: str) -> None:
        path = Path(target)
        if is_elsewhere(target):
            raise SkillProblem(
                "It lies on another machine; Homebody connects to none by itself.",
                "Open it in your file manager.",
                "refused",
            )
        try:
            is_folder, is_file = path.is_dir(), path.is_file()
        except (OSError, ValueError):
            is_folder = is_file = False
        if not path.is_absolute() or not (is_folder or is_file):
            raise SkillProblem(
                f"{_beginning(target)} was not opened: it is not there.",
                "Check the name, or look for it first.",
                "missing",
            )
        if is_folder:
            opens.open_folder(path)
        elif _is_program(path):
            raise SkillProblem(
                f"{path.name} is a program; Homebody opens documents only.",
                "Start it yourself if you trust it.",
                "refused",
            )
        else:
            opens.open_file(path)


_ADDRESS: Final = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)

_PROGRAM_ENDINGS: Final = """
.appimage .application .bash .bat .cmd .com .command .cpl .csh .desktop .exe .gadget .hta .inf .jar
.jnlp .js .jse .ksh .lnk .msc .msi .msp .pif .ps1 .psm1 .reg .run .scf .scr .sh .url .vbe .vbs .ws
.wsf .wsh .zsh
"""
_PROGRAMS: Final = frozenset(_PROGRAM_ENDINGS.split())
_MACHINE_CODE: Final = (b"\x7fELF", b"MZ", b"#!", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe")


def _is_program(path: Path) -> bool:
    """Tell whether opening a file might run it. One that cannot be read might be anything."""
    if path.suffix.lower() in _PROGRAMS:
        return True
    try:
        with path.open("rb") as stream:
            begins = stream.read(4)
        runs = sys.platform == "win32" or bool(path.stat().st_mode & 0o111)
    except OSError:
        return True
    return runs and begins.startswith(_MACHINE_CODE)


_ABOUT_NOTES: Final = {
    *("note", "notes", "noted", "everything", "list", "show"),
    *("notiz", "notizen", "notiere", "notiert", "nota", "notas", "appunti", "appunto"),
}
"""Words of a request for notes that say nothing about which."""


def _tells(word: str) -> bool:
    return not is_common(word) and word.casefold() not in _ABOUT_NOTES


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _beginning(text: str) -> str:
    line = _one_line(text)
    return line if len(line) <= 100 else f"{line[:99]}…"


def _said(moment: datetime) -> str:
    return f"{say_day(moment.date())} at {say_clock(moment)}"


def _span(moment: Moment) -> str:
    """Return what a moment covers, in words."""
    first, last = moment.at, moment.until - timedelta(microseconds=1)
    if moment.exact:
        return _said(first)
    if first.date() == last.date():
        return say_day(first.date())
    return f"{say_day(first.date())} to {say_day(last.date())}"
