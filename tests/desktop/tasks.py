"""What people ask of their machine, in their words, and how it should be afterwards.

Judged by the end: which files, notes, reminders are there, what is on the clipboard, what was
opened, what the reply says; and that nothing else changed. The plan line beside a request is the
one that is right; a planner may find another that ends the same.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from desktop.sitting import Need, Picture, Said, Scene, Sitting
from desktop.world import docx, pdf
from homebody.assistant.elsewhere import HERE
from homebody.assistant.plan_lines import ASKED
from homebody.messages.turns import Attachment, Turn

__all__ = ["TASKS", "Ended", "Task", "changes"]


@dataclass(frozen=True)
class Ended:
    """How it was before and after."""

    sitting: Sitting
    turns: Sequence[Turn]
    before: Picture
    after: Picture

    @property
    def reply(self) -> str:
        return self.turns[-1].reply

    def text(self, name: str) -> str:
        """Return what a file holds; "" where there is none."""
        path = self.sitting.world.path(name)
        return path.read_text("utf-8") if path.is_file() else ""

    @property
    def new_notes(self) -> list[str]:
        return [note for note in self.after.notes if note not in self.before.notes]

    @property
    def new_reminders(self) -> dict[str, datetime]:
        return dict(each for each in self.after.reminders if each not in self.before.reminders)


@dataclass(frozen=True)
class Task:
    """What is said, what may be asked, and how it should end."""

    kind: str
    says: tuple[Said, ...]
    done: Callable[[Ended], bool]
    scene: Scene = field(default_factory=Scene)
    needs: tuple[Need, ...] = ()
    changes: frozenset[str] = frozenset()
    """What must be different afterwards, and nothing else: "note", "reminder", "clipboard",
    "opened", or the name of a file."""
    grants: tuple[str, ...] = ("Documents",)

    @property
    def name(self) -> str:
        return " / ".join(said.text for said in self.says)[:70].replace("\n", " ")


def changes(ended: Ended) -> set[str]:
    """Return what is different now, as `Task.changes` says it."""
    before, after, home = ended.before, ended.after, ended.sitting.world.home
    found = {
        path.relative_to(home).as_posix() if path.is_relative_to(home) else str(path)
        for path in before.files.keys() | after.files.keys()
        if before.files.get(path) != after.files.get(path)
    }
    pairs = (
        ("note", before.notes, after.notes),
        ("reminder", before.reminders, after.reminders),
        ("clipboard", before.clipboard, after.clipboard),
        ("opened", before.opened, after.opened),
        ("grant", before.grants, after.grants),
    )
    return found | {name for name, was, now in pairs if was != now}


def _task(
    kind: str,
    text: str,
    line: str,
    done: Callable[[Ended], bool],
    *changed: str,
    scene: Scene | None = None,
    needs: tuple[Need, ...] = (),
    grants: tuple[str, ...] = ("Documents",),
    before: tuple[Said, ...] = (),
) -> Task:
    scene = scene or Scene()
    says = (*before, Said(text, line, attached=bool(scene.attachments)))
    return Task(kind, says, done, scene, needs, frozenset(changed), grants)


def _says(*words: str) -> Callable[[Ended], bool]:
    """Judge by a reply that holds one of these words at least."""
    return lambda it: it.turns[-1].state == "done" and any(word in it.reply for word in words)


def _says_all(*words: str) -> Callable[[Ended], bool]:
    return lambda it: it.turns[-1].state == "done" and all(word in it.reply for word in words)


def _something(it: Ended) -> bool:
    """Judge by there being a reply: what it says is the model's affair."""
    return it.turns[-1].state == "done" and len(it.reply.strip()) > 1


def _failed(*words: str) -> Callable[[Ended], bool]:
    """Judge by an honest no, in the reply or as the turn's problem."""
    return lambda it: any(word in it.reply + it.turns[-1].problem for word in words)


def _today() -> datetime:
    return datetime.now(UTC)


def _at(days: int, hour: int) -> datetime:
    return datetime.combine(_today().date() + timedelta(days), time(hour), UTC)


def _reminded(text: str, due: Callable[[], datetime]) -> Callable[[Ended], bool]:
    """Judge by one new reminder, due then, give or take the seconds that this takes."""

    def judge(it: Ended) -> bool:
        new = it.new_reminders
        return text in new and abs(new[text] - due()) < timedelta(minutes=2)

    return judge


def _shows_day(days: int) -> Callable[[Ended], bool]:
    def judge(it: Ended) -> bool:
        day = _today().date() + timedelta(days)
        return re.search(rf"\b{day.day}\b", it.reply) is not None and str(day.year) in it.reply

    return judge


def _shows_hour(*zones: str) -> Callable[[Ended], bool]:
    return lambda it: all(f"{_today().astimezone(ZoneInfo(z)):%H:}" in it.reply for z in zones)


def _until_christmas(it: Ended) -> bool:
    today = _today().date()
    day = today.replace(month=12, day=25)
    day = day if day >= today else day.replace(year=day.year + 1)
    return str((day - today).days) in it.reply


def _writes(name: str, details: str | None = None) -> Need:
    return Need(("Write ", f"/{name} ("), details)


def _reads(name: str) -> Need:
    return Need(("Read ", f"/{name}"))


_COPIED: Final = Need(("Read the text that was copied",))
_MAIL: Final = (
    "Dear all, the summer party takes place on Saturday 4 July in the yard behind the library. "
    "Please tell Anna Weber (anna.weber@example.org) by 20 June whether you come, and bring a "
    "salad or a cake. Music is by the Miller brothers. We end at ten because of the neighbours."
)

_SUMS: Final = (
    _task("sums", "what's 15% of 240", "calculate 15% of 240", _says("36")),
    _task("sums", "square root of 7225", "calculate sqrt(7225)", _says("85")),
    _task("sums", "how much is 2,340 times 0.175", "calculate 2,340*0.175", _says("409.5")),
    _task("sums", "3 shirts at 19.99 each, how much is that?", "calculate 3*19.99", _says("59.97")),
    _task("sums", "(450-125)*0.2", "calculate (450-125)*0.2", _says("65")),
    _task("sums", "10 divided by 0?", "calculate 10/0", _failed("zero", "0")),
)
_UNITS: Final = (
    _task("units", "how many miles is 10 km", "convert_units 10 | km | miles", _says("6.21")),
    _task(
        "units",
        "72 fahrenheit in celsius",
        "convert_units 72 | fahrenheit | celsius",
        _says("22.2"),
    ),
    _task(
        "units",
        "how many litres are 5 gallons",
        "convert_units 5 | gallons | litres",
        _says("18.9", "22.7"),
    ),
    _task(
        "units",
        "convert 10 dollars to euros",
        "convert_units 10 | dollars | euros",
        _failed("xchange rates"),
    ),
)
_DATES: Final = (
    _task("dates", "what time is it in Tokyo", "current_time Tokyo", _shows_hour("Asia/Tokyo")),
    _task("dates", "what's today's date", "current_time", _shows_day(0)),
    _task(
        "dates",
        "how many days until Christmas",
        "date_difference today | Christmas",
        _until_christmas,
    ),
    _task(
        "dates",
        "what date is 3 weeks from today",
        "shift_date today | 3 weeks",
        _shows_day(21),
    ),
    _task("dates", "what day was it 90 days ago", "shift_date today | -90 days", _shows_day(-90)),
    _task(
        "dates",
        "what time is it in Tokyo and in New York",
        "current_time Tokyo\ncurrent_time New York",
        _shows_hour("Asia/Tokyo", "America/New_York"),
    ),
)
_REMINDERS: Final = (
    _task(
        "reminders",
        "remind me to call mum tomorrow at 9",
        "set_reminder call mum | tomorrow at 9",
        _reminded("call mum", lambda: _at(1, 9)),
        "reminder",
    ),
    _task(
        "reminders",
        "in two hours remind me to take the cake out",
        "set_reminder take the cake out | in two hours",
        _reminded("take the cake out", lambda: _today() + timedelta(hours=2)),
        "reminder",
    ),
    _task(
        "reminders",
        "erinnere mich morgen um 8 an den Müll",
        "set_reminder den Müll | morgen um 8",
        _reminded("den Müll", lambda: _at(1, 8)),
        "reminder",
    ),
    _task(
        "reminders",
        "remind me to feed the cat tomorrow at 7 and to water the plants tomorrow at 18:00",
        "set_reminder feed the cat | tomorrow at 7\n"
        "set_reminder water the plants | tomorrow at 18:00",
        lambda it: sorted(it.new_reminders.values()) == [_at(1, 7), _at(1, 18)],
        "reminder",
    ),
    _task(
        "reminders",
        "what are my reminders",
        "list_reminders",
        _says("pay the rent"),
        scene=Scene(reminders=("pay the rent",)),
    ),
    _task(
        "reminders",
        "anything to be reminded of tomorrow?",
        "list_reminders tomorrow",
        _says("no reminders", "There are no"),
        scene=Scene(reminders=("pay the rent",)),
    ),
    _task(
        "reminders",
        "remind me of the party on 30 February",
        "set_reminder the party | 30 February",
        lambda it: bool(it.reply + it.turns[-1].problem) and not it.new_reminders,
    ),
)
_NOTES: Final = (
    _task(
        "notes",
        "note that the wifi code is 1234",
        "add_note the wifi code is 1234",
        lambda it: it.new_notes == ["the wifi code is 1234"],
        "note",
    ),
    _task(
        "notes",
        "what did I note about the wifi",
        "search_notes wifi",
        _says("1234"),
        scene=Scene(notes=("the wifi code is 1234", "buy paint")),
    ),
    _task(
        "notes",
        "show me all my notes",
        "search_notes notes",
        _says_all("1234", "paint"),
        scene=Scene(notes=("the wifi code is 1234", "buy paint")),
    ),
    _task(
        "notes",
        "add oat milk to my notes and remind me to buy it tomorrow at 5pm",
        "add_note oat milk\nset_reminder buy it | tomorrow at 5pm",
        lambda it: it.new_notes == ["oat milk"] and [*it.new_reminders.values()] == [_at(1, 17)],
        "note",
        "reminder",
    ),
    _task(
        "notes",
        "did I write down anything about insurance?",
        "search_notes insurance",
        _failed("insurance"),
        scene=Scene(notes=("buy paint",)),
    ),
)
_FILES: Final = (
    _task("files", "read Documents/notes.md", "read_file Documents/notes.md", _says("fence")),
    _task(
        "files",
        "what's in my Documents folder",
        "list_folder Documents",
        _says_all("notes.md", "report.txt"),
    ),
    _task(
        "files",
        "find my tax files in Documents",
        "find_files tax | Documents",
        _says_all("tax 2024", "tax 2025"),
    ),
    _task(
        "files",
        "read todo.txt on my Desktop",
        "read_file Desktop/todo.txt",
        _says("plumber"),
        needs=(_reads("Desktop/todo.txt"),),
    ),
    _task(
        "files",
        "what is in my Downloads folder",
        "list_folder Downloads",
        _says_all("invoice.txt", "recipe.md"),
        needs=(Need(("List ", "/Downloads")),),
    ),
    _task(
        "files",
        "open Documents/budget.csv",
        "open_item Documents/budget.csv",
        lambda it: it.after.opened == (str(it.sitting.world.path("Documents/budget.csv")),),
        "opened",
        needs=(Need(("Open ", "/Documents/budget.csv")),),
    ),
    _task(
        "files",
        "open https://example.org/help please",
        "open_item https://example.org/help",
        lambda it: it.after.opened == ("https://example.org/help",),
        "opened",
        needs=(Need(("Open https://example.org/help",)),),
    ),
    _task(
        "files",
        'write "milk, eggs" to shop.txt',
        "write_file shop.txt | milk, eggs",
        lambda it: it.text("shop.txt").strip() == "milk, eggs",
        "shop.txt",
        needs=(_writes("shop.txt"),),
    ),
    _task(
        "files",
        "save buy stamps as Documents/shopping.txt",
        "write_file Documents/shopping.txt | buy stamps",
        lambda it: (
            it.text("Documents/shopping.txt").strip() == "buy stamps"
            and "apples" in it.text("Documents/shopping.txt.~1~")
        ),
        "Documents/shopping.txt",
        "Documents/shopping.txt.~1~",
        needs=(_writes("Documents/shopping.txt"),),
    ),
    _task(
        "files",
        "what does Documents/manual.pdf say",
        "read_file Documents/manual.pdf",
        _says("red button"),
        scene=Scene(files={"Documents/manual.pdf": pdf("Press the red button\nfor two seconds.")}),
    ),
    _task(
        "files",
        "read me Documents/cv.docx",
        "read_file Documents/cv.docx",
        _says("gardener"),
        scene=Scene(files={"Documents/cv.docx": docx("Ada Miller\nWorked as a gardener")}),
    ),
    _task(
        "files",
        "what does Documents/page.html say?",
        "read_file Documents/page.html",
        _says("nine"),
    ),
    _task(
        "files",
        "read Private/diary.txt",
        "read_file Private/diary.txt",
        lambda it: "password" not in it.reply and "said no" in it.reply,
    ),
    _task(
        "files",
        "read Documents/nothere.txt",
        "read_file Documents/nothere.txt",
        _failed("no “Documents/nothere.txt”", "nothere"),
    ),
)
_CLIPBOARD: Final = (
    _task(
        "clipboard",
        "what did I copy",
        "read_clipboard",
        _says("Guten Morgen"),
        scene=Scene(clipboard="Guten Morgen"),
        needs=(_COPIED,),
    ),
    _task(
        "clipboard",
        "what's on my clipboard?",
        "read_clipboard",
        lambda it: "Guten" not in it.reply and "said no" in it.reply,
        scene=Scene(clipboard="Guten Morgen"),
    ),
    _task(
        "clipboard",
        'copy "the wifi code is 1234" for me',
        "copy_to_clipboard the wifi code is 1234",
        lambda it: it.after.clipboard == "the wifi code is 1234",
        "clipboard",
    ),
    _task(
        "clipboard",
        "copy that",
        "copy_to_clipboard $reply",
        lambda it: "36" in it.after.clipboard and it.after.clipboard == it.turns[0].reply,
        "clipboard",
        before=(Said("what's 15% of 240", "calculate 15% of 240"),),
    ),
)
_MACHINE: Final = (
    _task("machine", "how much disk space is left", "system_status disk", _says("GB", "TB")),
    _task("machine", "how busy is the processor", "system_status cpu", _says("%")),
    _task("machine", "how much memory does this machine have", "system_status memory", _says("GB")),
)
_TEXTS: Final = (
    _task(
        "texts",
        "summarize Documents/report.txt",
        "read_file Documents/report.txt\nsummarize $1",
        _something,
    ),
    _task("texts", f"summarize this: {_MAIL}", "summarize $text", _something),
    _task(
        "texts",
        "make Documents/letter.txt sound friendlier",
        "read_file Documents/letter.txt\nrewrite $1 | friendly",
        _something,
    ),
    _task(
        "texts",
        f"take the email addresses and dates out of this text: {_MAIL}",
        "extract $text | email addresses, dates",
        _says_all("anna.weber@example.org", "20 June"),
    ),
    _task(
        "texts",
        "translate good morning to French",
        "translate good morning | French",
        _failed("bigger model"),
    ),
    _task(
        "texts",
        "write a python function that reverses a string",
        "write_code a function that reverses a string",
        _failed("bigger model"),
    ),
)
_CHAINS: Final = (
    _task(
        "chains",
        "make Documents/letter.txt sound friendlier and save it as Documents/letter2.txt",
        "read_file Documents/letter.txt\nrewrite $1 | friendly\n"
        "write_file Documents/letter2.txt | $2",
        lambda it: bool(it.text("Documents/letter2.txt").strip()),
        "Documents/letter2.txt",
        needs=(_writes("Documents/letter2.txt"),),
    ),
    _task(
        "chains",
        "summarize Documents/report.txt and add it to my notes",
        "read_file Documents/report.txt\nsummarize $1\nadd_note $2",
        lambda it: len(it.new_notes) == 1,
        "note",
    ),
    _task(
        "chains",
        "read Documents/shopping.txt and copy it",
        "read_file Documents/shopping.txt\ncopy_to_clipboard $1",
        lambda it: it.after.clipboard.split() == ["milk", "bread", "apples"],
        "clipboard",
    ),
    _task(
        "chains",
        "find the tax file of 2025 in Documents and read it",
        "find_files tax 2025 | Documents\nread_file $1",
        _says("not filed yet"),
    ),
    _task(
        "chains",
        "find my tax files in Documents and read the older one",
        "find_files tax | Documents\nread_file $1",
        _says("1,250"),
        needs=(Need((), option="tax 2024.txt"),),
    ),
    _task(
        "chains",
        "what's 18% of 64.50, and note it",
        "calculate 18% of 64.50\nadd_note $1",
        lambda it: len(it.new_notes) == 1 and "11.61" in it.new_notes[0],
        "note",
    ),
    _task(
        "chains",
        "how many kg are 150 pounds, and copy that",
        "convert_units 150 | pounds | kg\ncopy_to_clipboard $1",
        lambda it: "68.0" in it.after.clipboard,
        "clipboard",
    ),
    _task(
        "chains",
        "save what I copied as clip.txt",
        "read_clipboard\nwrite_file clip.txt | $1",
        lambda it: it.text("clip.txt").strip() == "Guten Morgen",
        "clip.txt",
        scene=Scene(clipboard="Guten Morgen"),
        needs=(_COPIED, _writes("clip.txt")),
    ),
    _task(
        "chains",
        "save a list of what's in Documents as list.txt",
        "list_folder Documents\nwrite_file list.txt | $1",
        lambda it: "notes.md" in it.text("list.txt"),
        "list.txt",
        needs=(_writes("list.txt"),),
    ),
    _task(
        "chains",
        "read Downloads/invoice.txt and remind me to pay it tomorrow at 10",
        "read_file Downloads/invoice.txt\nset_reminder pay it | tomorrow at 10",
        _reminded("pay it", lambda: _at(1, 10)),
        "reminder",
        needs=(_reads("Downloads/invoice.txt"),),
    ),
    _task(
        "chains",
        "find the recipe in Downloads and copy it",
        "find_files recipe | Downloads\nread_file $1\ncopy_to_clipboard $2",
        lambda it: "Pancakes" in it.after.clipboard,
        "clipboard",
        grants=("Downloads",),
    ),
    _task(
        "chains",
        "pull the dates out of Documents/report.txt and note them",
        "read_file Documents/report.txt\nextract $1 | dates\nadd_note $2",
        lambda it: len(it.new_notes) == 1 and "3 March" in it.new_notes[0],
        "note",
    ),
    _task(
        "chains",
        "summarize Documents/report.txt, save it as brief.txt, copy it and remind me to send it "
        "tomorrow at 8",
        "read_file Documents/report.txt\nsummarize $1\nwrite_file brief.txt | $2\n"
        "copy_to_clipboard $2\nset_reminder send it | tomorrow at 8",
        lambda it: (
            bool(it.text("brief.txt"))
            and it.after.clipboard.strip() == it.text("brief.txt").strip()
            and [*it.new_reminders.values()] == [_at(1, 8)]
        ),
        "brief.txt",
        "clipboard",
        "reminder",
        needs=(_writes("brief.txt"),),
    ),
    _task(
        "chains",
        "convert 5 miles to km and 10 pounds to kg",
        "convert_units 5 | miles | km\nconvert_units 10 | pounds | kg",
        _says_all("8.0", "4.5"),
    ),
    _task(
        "chains",
        "what did I note about the fence? save it as fence.txt",
        "search_notes fence\nwrite_file fence.txt | $1",
        lambda it: "green paint" in it.text("fence.txt"),
        "fence.txt",
        scene=Scene(notes=("fence: two buckets of green paint",)),
        needs=(_writes("fence.txt"),),
    ),
)
_TALKS: Final = (
    _task(
        "follow-ups",
        "save that as sum.txt",
        "write_file sum.txt | $reply",
        lambda it: "36" in it.text("sum.txt"),
        "sum.txt",
        needs=(_writes("sum.txt"),),
        before=(Said("what's 15% of 240", "calculate 15% of 240"),),
    ),
    _task(
        "follow-ups",
        "and in metres?",
        "convert_units 5 | km | metres",
        _says("5,000", "5000"),
        before=(Said("how many miles is 5 km", "convert_units 5 | km | miles"),),
    ),
    _task(
        "follow-ups",
        "add that to my notes",
        "add_note $reply",
        lambda it: len(it.new_notes) == 1 and "fence" in it.new_notes[0],
        "note",
        before=(Said("read Documents/notes.md", "read_file Documents/notes.md"),),
    ),
    _task(
        "attachments",
        "add the attached list to my notes",
        "add_note $file1",
        lambda it: it.new_notes == ["cheese\nolives"],
        "note",
        scene=Scene(attachments=(Attachment("list.txt", "cheese\nolives"),)),
        needs=(Need(("Keep a text in your notes",), details="cheese\nolives"),),
    ),
    _task(
        "attachments",
        "summarize the attached file and save it as short.txt",
        "summarize $file1\nwrite_file short.txt | $1",
        lambda it: bool(it.text("short.txt").strip()),
        "short.txt",
        scene=Scene(attachments=(Attachment("party.txt", _MAIL),)),
        needs=(_writes("short.txt"),),
    ),
)
_WORDS: Final = (
    _task("words", "translate this", "ask text", _says(ASKED["text"])),
    _task("words", "remind me to call Bob", "ask when", _says(ASKED["when"])),
    _task("words", "what does 'summarize' mean?", "answer", _something),
    _task("words", "why is the sky blue?", "answer", _something),
    _task(
        "words",
        "let the big online model do this one",
        "escalate",
        lambda it: HERE in it.reply and not it.turns[-1].steps,
    ),
)

TASKS: Final[tuple[Task, ...]] = (
    *_SUMS,
    *_UNITS,
    *_DATES,
    *_REMINDERS,
    *_NOTES,
    *_FILES,
    *_CLIPBOARD,
    *_MACHINE,
    *_TEXTS,
    *_CHAINS,
    *_TALKS,
    *_WORDS,
)
