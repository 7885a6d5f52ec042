"""The built-in skills, declared. Names and arguments are a contract: people script them."""

from typing import Final

from homebody.messages.skills import Argument, Example, Skill

__all__ = ["BUILT_IN", "PARTS", "TRANSLATES_FROM", "WRITES_CODE_FROM"]

PARTS: Final = ("all", "cpu", "gpu", "memory", "disk")
_LENGTHS: Final = ("short", "medium", "long")
TRANSLATES_FROM: Final = 1_500_000_000
"""Parameters below which a model's translations are unusable; see docs/benchmarks.md."""
WRITES_CODE_FROM: Final = 1_000_000_000
"""Parameters below which a model's code does not run."""

_TEXT: Final = Argument(name="text", kind="text", help="the text to work on")
_PATH: Final = Argument(name="path", kind="path", help="the file, by name or path")

BUILT_IN: Final[tuple[Skill, ...]] = (
    Skill(
        name="calculate",
        title="Calculate",
        description="Work out an arithmetic expression, percentages included.",
        arguments=(Argument(name="expression", kind="expression", help="such as 15% of 240"),),
        runs="workshop",
        seconds=5,
        examples=(
            Example("what's 15% of 240", {"expression": "15% of 240"}),
            Example("square root of 7225", {"expression": "sqrt(7225)"}),
        ),
    ),
    Skill(
        name="convert_units",
        title="Convert units",
        description="Convert a measure from one unit to another.",
        arguments=(
            Argument(name="value", kind="number", help="how much"),
            Argument(name="from_unit", kind="unit", help="the unit it is in"),
            Argument(name="to_unit", kind="unit", help="the unit wanted"),
        ),
        runs="workshop",
        seconds=5,
        examples=(
            Example(
                "how many miles is 10 km", {"value": 10, "from_unit": "km", "to_unit": "miles"}
            ),
        ),
    ),
    Skill(
        name="current_time",
        title="Tell the time",
        description="Tell the time and date, here or in another place.",
        arguments=(
            Argument(name="place", kind="place", help="a city, country or time zone", default=""),
        ),
        runs="workshop",
        seconds=5,
        examples=(
            Example("what time is it in Tokyo", {"place": "Tokyo"}),
            Example("what's today's date", {}),
        ),
    ),
    Skill(
        name="date_difference",
        title="Count the days",
        description="Say how long it is from one day to another.",
        arguments=(
            Argument(name="start", kind="when", help="the first day"),
            Argument(name="end", kind="when", help="the last day"),
        ),
        runs="workshop",
        seconds=5,
        examples=(
            Example("how many days until Christmas", {"start": "today", "end": "Christmas"}),
        ),
    ),
    Skill(
        name="shift_date",
        title="Shift a date",
        description="Say which day lies some time before or after another.",
        arguments=(
            Argument(name="date", kind="when", help="the day to start from"),
            Argument(name="offset", kind="offset", help="how far, such as 3 weeks or -10 days"),
        ),
        runs="workshop",
        seconds=5,
        examples=(
            Example("what date is 3 weeks from today", {"date": "today", "offset": "3 weeks"}),
        ),
    ),
    Skill(
        name="set_reminder",
        title="Set a reminder",
        description="Remind of something at a time.",
        arguments=(
            Argument(name="text", kind="text", help="what to be reminded of"),
            Argument(name="when", kind="when", help="the time, as said"),
        ),
        runs="desk",
        effect=True,
        touches=("reminders",),
        examples=(
            Example(
                "remind me to call mum tomorrow at 9",
                {"text": "call mum", "when": "tomorrow at 9"},
            ),
        ),
    ),
    Skill(
        name="list_reminders",
        title="List reminders",
        description="List what is still to be reminded of.",
        arguments=(
            Argument(name="when", kind="when", help="only those of this day or time", default=""),
        ),
        runs="desk",
        touches=("reminders",),
        examples=(Example("what are my reminders for tomorrow", {"when": "tomorrow"}),),
    ),
    Skill(
        name="add_note",
        title="Add a note",
        description="Keep a text in the notes.",
        arguments=(Argument(name="text", kind="text", help="the note"),),
        runs="desk",
        effect=True,
        touches=("notes",),
        examples=(Example("note that the wifi code is 1234", {"text": "the wifi code is 1234"}),),
    ),
    Skill(
        name="search_notes",
        title="Search the notes",
        description="Find notes by their words.",
        arguments=(Argument(name="query", kind="query", help="words to look for"),),
        runs="desk",
        touches=("notes",),
        examples=(Example("what did I note about the wifi", {"query": "wifi"}),),
    ),
    Skill(
        name="find_files",
        title="Find files",
        description="Find files by name, kind or words, in the folders that were granted.",
        arguments=(
            Argument(name="query", kind="query", help="words of the name, or a pattern"),
            Argument(name="folder", kind="folder", help="where to look", default=""),
        ),
        runs="workshop",
        touches=("reads files",),
        seconds=20,
        examples=(
            Example("find my tax files in Documents", {"query": "tax", "folder": "Documents"}),
        ),
    ),
    Skill(
        name="list_folder",
        title="List a folder",
        description="List what is in a folder.",
        arguments=(Argument(name="path", kind="folder", help="the folder"),),
        runs="workshop",
        touches=("reads files",),
        examples=(Example("what's in my Downloads folder", {"path": "Downloads"}),),
    ),
    Skill(
        name="read_file",
        title="Read a file",
        description="Read a text, PDF, Word, HTML or CSV file as text.",
        arguments=(_PATH,),
        runs="workshop",
        touches=("reads files",),
        seconds=30,
        examples=(Example("read notes.md", {"path": "notes.md"}),),
    ),
    Skill(
        name="write_file",
        title="Write a file",
        description="Write a text to a file.",
        arguments=(_PATH, Argument(name="text", kind="text", help="what to write")),
        runs="workshop",
        permission="ask",
        effect=True,
        touches=("writes files",),
        examples=(Example('write "milk" to shop.txt', {"path": "shop.txt", "text": "milk"}),),
    ),
    Skill(
        name="open_item",
        title="Open something",
        description="Open a file, folder or address in its own program.",
        arguments=(Argument(name="path", kind="path", help="a file, folder or address"),),
        runs="desk",
        permission="ask",
        effect=True,
        touches=("programs",),
        examples=(Example("open budget.xlsx", {"path": "budget.xlsx"}),),
    ),
    Skill(
        name="read_clipboard",
        title="Read the clipboard",
        description="Take the text that was copied.",
        runs="desk",
        permission="ask",
        effect=True,
        touches=("clipboard",),
        examples=(Example("what did I copy", {}),),
    ),
    Skill(
        name="copy_to_clipboard",
        title="Copy to the clipboard",
        description="Put a text on the clipboard.",
        arguments=(Argument(name="text", kind="text", help="what to copy"),),
        runs="desk",
        effect=True,
        touches=("clipboard",),
        examples=(Example("copy that", {"text": "$reply"}),),
    ),
    Skill(
        name="system_status",
        title="Show the system's state",
        description="Say how busy and how full this machine is.",
        arguments=(
            Argument(name="part", kind="choice", help="which part", default="all", choices=PARTS),
        ),
        runs="desk",
        touches=("machine",),
        examples=(Example("how much disk space is left", {"part": "disk"}),),
    ),
    Skill(
        name="summarize",
        title="Summarize",
        description="Say in a few sentences what a text says.",
        arguments=(
            _TEXT,
            Argument(
                name="length", kind="choice", help="how long", default="short", choices=_LENGTHS
            ),
        ),
        runs="engine",
        seconds=60,
        examples=(Example("summarize this: $text", {"text": "$text"}),),
    ),
    Skill(
        name="translate",
        title="Translate",
        description="Say a text in another language.",
        arguments=(
            _TEXT,
            Argument(name="language", kind="language", help="the language wanted"),
        ),
        runs="engine",
        seconds=60,
        smallest=TRANSLATES_FROM,
        examples=(
            Example(
                "translate good morning to French", {"text": "good morning", "language": "French"}
            ),
        ),
    ),
    Skill(
        name="rewrite",
        title="Rewrite",
        description="Say a text differently: friendlier, shorter, more formal.",
        arguments=(_TEXT, Argument(name="style", kind="style", help="how it should sound")),
        runs="engine",
        seconds=60,
        examples=(Example("make this friendlier: $text", {"text": "$text", "style": "friendly"}),),
    ),
    Skill(
        name="extract",
        title="Extract",
        description="Take named pieces of information out of a text.",
        arguments=(_TEXT, Argument(name="fields", kind="names", help="what to take out")),
        runs="engine",
        seconds=60,
        examples=(
            Example(
                "pull the names and dates out of this: $text",
                {"text": "$text", "fields": ["names", "dates"]},
            ),
        ),
    ),
    Skill(
        name="write_code",
        title="Write code",
        description="Write a short program.",
        arguments=(
            Argument(name="task", kind="task", help="what it should do"),
            Argument(name="language", kind="language", help="in which", default="python"),
        ),
        runs="engine",
        seconds=60,
        smallest=WRITES_CODE_FROM,
        examples=(
            Example(
                "write a function that reverses a string",
                {"task": "a function that reverses a string"},
            ),
        ),
    ),
)
"""In the order of the design."""
