"""Draw every screen and state of the window, light and dark: `make pictures`.

The widgets are the real ones; what they show is made up here, so that a picture is the same
every time. `--keep` also writes the four that the README shows to `assets/screenshots`.
"""

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

# A screen large enough for the window and its menus; by itself it is 800 wide.
SCREEN = Path(tempfile.mkdtemp()) / "screen.json"
SCREEN.write_text(
    '{"screens": [{"name": "one", "x": 0, "y": 0, "width": 3840, "height": 2400, "logicalDpi": 96,'
    ' "logicalBaseDpi": 96, "dpr": 1}]}',
    "utf-8",
)
os.environ.setdefault("QT_QPA_PLATFORM", f"offscreen:configfile={SCREEN}")
os.environ.setdefault("QT_SCALE_FACTOR", "2")

from PySide6.QtCore import QPoint, Qt, qInstallMessageHandler
from PySide6.QtGui import QFontDatabase
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication

from homebody.base.paths import Home
from homebody.settings.declared import Appearance, Settings
from homebody.ui.memory import WindowMemory
from homebody.ui.states import (
    AttachmentChip,
    ComposerState,
    ConversationRow,
    Fact,
    HeaderState,
    ModelChoice,
    Notice,
    SidebarState,
    TurnRow,
    WelcomeState,
)
from homebody.ui.theme import Look
from homebody.ui.window import Window

ROOT = Path(__file__).parent.parent.parent
OUT = ROOT / "build" / "pictures"
KEPT = ROOT / "assets" / "screenshots"
README = {"talk-light", "chat-dark", "welcome-light", "search-dark"}
WIDTH, HEIGHT = 1180, 760

HOME = """Everything stays on this machine: your words, the model, its replies.

The system itself refuses this process any connection to the internet or the local network.

0 bytes have left."""
MODELS = (
    ModelChoice(name="starter", title="SmolLM2 135M", detail="the starter model", chosen=True),
    ModelChoice(name="qwen", title="Qwen3-4B-Instruct-Q4_K_M", detail="2.5 GB"),
)
ROWS = (
    ConversationRow(id="0", title="House rules", group="Pinned", pinned=True),
    ConversationRow(id="1", title="Trip to Porto", group="Today"),
    ConversationRow(id="2", title="Tax letter", group="Today"),
    ConversationRow(id="3", title="Rename the scans", group="Today"),
    ConversationRow(id="4", title="Weekly report", group="Yesterday"),
    ConversationRow(id="5", title="Regex for invoices", group="Yesterday"),
    ConversationRow(id="6", title="Garden plan", group="Earlier"),
    ConversationRow(
        id="7", title="Lease questions about the second floor and the cellar", group="Earlier"
    ),
)
FACTS = "0.9 s · 74 tok/s · 0 bytes sent"
DETAILS = (
    Fact("Model", "SmolLM2 135M"),
    Fact("Prompt", "412 tokens, 38 of them read anew"),
    Fact("Written", "67 tokens"),
    Fact("First word after", "90 ms"),
    Fact("Energy", "not measured"),
)
CODE = """This renames every scan to the day it was taken:

```python
from datetime import date
from pathlib import Path

for f in Path("scans").glob("*.pdf"):
    day = date.fromtimestamp(f.stat().st_mtime)  # the day it was written
    f.rename(f.with_stem(f"{day:%Y-%m-%d} {f.stem}"))
```

It changes names only. Try it on a copy first."""
TABLE = """## Four days in Porto

| Day | Morning | Afternoon |
|---|---|---|
| Friday | arrive, leave the bags | Ribeira, along the river |
| Saturday | train to **Pinhão** | boat on the Douro |
| Sunday | Serralves | *nothing at all* |

1. Book the boat: it fills up.
2. Take cash for
   - the tram,
   - the market.

> The train at 9:15 is the last one that reaches the boat.

More at [the timetable](https://example.org/porto/timetable). ~~Taxi~~ Tram `22` goes there."""
MIXED = """مرحبا! هذا نص يُقرأ من اليمين إلى اليسار.

日本語も、そして絵文字 🏡🌿 も読めます。

- [x] done
- [ ] not yet"""


def row(number: int, request: str, reply: str, **facts: object) -> TurnRow:
    given = {"facts": FACTS, "details": DETAILS, **facts}
    return TurnRow(id=str(number), request=request, reply=reply, **given)


TALK = (
    row(1, "How do I spend four days in Porto?", TABLE),
    row(2, "And a one-liner that renames the scans by date?", CODE),
)


class Stage:
    """A window, and the ordinary state that every picture begins with."""

    def __init__(self, app: QApplication, appearance: Appearance, size: int = 100) -> None:
        families = QFontDatabase.families()
        family = "Inter" if "Inter" in families else ""
        mono = "JetBrains Mono" if "JetBrains Mono" in families else ""
        self.app = app
        self.look = Look(app, family=family, mono=mono)
        self.look.choose(appearance, size)
        folder = Path("~/.local/share/homebody")
        self.settings = Settings(appearance=appearance, text_size=size)
        self.window = Window(self.look, Home(folder, folder, folder))
        self.window.resize(WIDTH, HEIGHT)
        self.window.recall(WindowMemory())
        self.window.furnish()
        self.window.show()
        self.sidebar(selected="1")
        self.header(title="Trip to Porto")
        self.composer()
        self.window.show_settings(self.settings, {})
        self.window.show_welcome(None)
        self.window.composer.focus()
        self.settle()

    def sidebar(self, **changes: object) -> None:
        self.window.show_sidebar(SidebarState(**{"rows": ROWS, **changes}))

    def header(self, **changes: object) -> None:
        given = {
            "model": "SmolLM2 135M",
            "model_detail": "on the processor",
            "home": HOME,
            "models": MODELS,
            **changes,
        }
        self.window.show_header(HeaderState(**given))

    def composer(self, **changes: object) -> None:
        given = {
            "can_send": True,
            "placeholder": "Ask, or drop a text file",
            "meter": "1.2k of 4k",
            "meter_detail": "1,204 of 4,096 tokens of the model's context are used.",
            **changes,
        }
        self.window.show_composer(ComposerState(**given))

    def settle(self) -> None:
        """Let everything be laid out, coloured and painted."""
        for _ in range(12):
            QTest.qWait(20)

    def close(self) -> None:
        self.window.close()
        self.window.deleteLater()
        self.settle()


def chat(stage: Stage) -> None:
    stage.window.transcript.open(TALK[1:])


def talk(stage: Stage) -> None:
    stage.window.transcript.open(TALK[:1])


def long(stage: Stage) -> None:
    rows = [row(n, f"Question number {n}?", f"Answer number {n}. " * 12) for n in range(3, 40)]
    stage.window.transcript.open([*rows, TALK[0]])


def mixed(stage: Stage) -> None:
    stage.window.transcript.open(
        [row(1, "שלום, can you read this? これは何", MIXED, place=2, versions=3)]
    )


def streaming(stage: Stage) -> None:
    live = row(3, "And which bridge should we walk over?", "", live=True, facts="", details=())
    stage.window.transcript.open([TALK[1], live])
    stage.window.transcript.write("3", "The upper deck of the *Dom Luís I* bridge, because\n\n1. ")
    stage.window.transcript.write("3", "the view is the best of all,\n2. the metro shares it")
    stage.composer(running=True, can_send=False)


def waiting(stage: Stage) -> None:
    live = row(1, "Good morning", "", live=True, facts="", waiting="Loading the model, 40 %…")
    stage.window.transcript.open([live])
    stage.header(title="Good morning", model_detail="loading 40 %")
    stage.composer(running=True, can_send=False, meter="")


def scrolled(stage: Stage) -> None:
    long(stage)
    stage.settle()
    stage.window.transcript.verticalScrollBar().setValue(900)
    live = row(99, "One more", "", live=True, facts="", details=())
    stage.window.transcript.replace(None, [live])
    stage.window.transcript.verticalScrollBar().setValue(900)
    stage.window.transcript.write("99", "New words arrive at the end.")
    stage.composer(running=True, can_send=False)


def failed(stage: Stage) -> None:
    broken = row(
        3,
        "And which bridge should we walk over?",
        "The upper deck of the *Dom Luís I* bridge, because",
        facts="1.1 s · 0 bytes sent",
        problem="The engine ended unexpectedly while it was writing: it ran out of memory.",
        hint="What was written is kept. Close other programs, or choose a smaller model.",
        resumable=True,
    )
    stage.window.transcript.open([TALK[1], broken])
    stage.header(title="Trip to Porto", model_detail="not running", model_failed=True)
    stage.window.show_notices(
        (
            Notice(
                key="model",
                text="The engine ended several times, so it is not started again.",
                action="Try again",
                kind="bad",
            ),
        )
    )


def welcome(stage: Stage) -> None:
    stage.sidebar(rows=ROWS[:0], empty="Your conversations will stand here.")
    stage.header()
    stage.composer(meter="38 of 4k")
    stage.window.show_welcome(
        WelcomeState(
            title="What can stay home today?",
            sentences=(
                "Everything you write here stays on this machine.",
                "SmolLM2 135M answers: small, quick, and good for short questions and small jobs. "
                "It knows little and is often wrong.",
                "For real conversation, open a larger model: any GGUF file, from the model's name "
                "at the top right.",
            ),
            suggestions=(
                "What is the capital of Japan?",
                "Write a short thank-you note to a neighbour.",
                "Give me three names for a grey cat.",
            ),
        )
    )


def search(stage: Stage) -> None:
    chat(stage)
    stage.window.sidebar.focus_search()
    QTest.keyClicks(QApplication.focusWidget(), "boat")
    found = (
        ConversationRow(
            id="1",
            title="Trip to Porto",
            group="Found",
            turn="1",
            snippet="Book the \ue000boat\ue001: it fills up. Take cash for the tram",
        ),
        ConversationRow(
            id="6",
            title="Garden plan",
            group="Found",
            turn="9",
            snippet="an old \ue000boat\ue001 as a planter, half shade, and",
        ),
    )
    stage.sidebar(rows=found, selected="1")


def nothing_found(stage: Stage) -> None:
    search(stage)
    stage.sidebar(rows=(), empty="Nothing found.")


def composing(stage: Stage) -> None:
    chat(stage)
    stage.window.put_words(
        "Compare these two, and say which one to keep.\n\nI would like the shorter one,\n"
        "unless it leaves something out that matters."
    )
    stage.composer(
        attachments=(
            AttachmentChip(name="lease-2025.md", detail="1,204 tokens"),
            AttachmentChip(name="lease-2026.md", detail="1,377 tokens"),
        ),
        meter="3.9k of 4k",
        meter_level="near",
        meter_detail="The 2 earliest turns will be left out: they no longer fit.",
        editing="Editing an earlier message. The old one and its replies are kept.",
    )


def home(stage: Stage) -> None:
    chat(stage)
    stage.settle()
    stage.window.header.findChild(QAbstractButton, "home").click()


def models(stage: Stage) -> None:
    chat(stage)
    stage.window.header.open_models()


def settings(stage: Stage) -> None:
    stage.window.show_page("settings")
    stage.sidebar(page="settings")
    stage.header(title="Settings")


def shortcuts(stage: Stage) -> None:
    stage.window.show_page("shortcuts")
    stage.sidebar(page="shortcuts")
    stage.header(title="Shortcuts")


def about(stage: Stage) -> None:
    stage.window.show_page("about")
    stage.sidebar(page="about")
    stage.header(title="About")


def link(stage: Stage) -> None:
    stage.window.transcript.open(TALK[:1])
    stage.settle()
    stage.window.ask_link("https://example.org/porto/timetable?day=saturday&from=Campanhã")


def erase(stage: Stage) -> None:
    chat(stage)
    stage.sidebar(shelf="bin")
    stage.settle()
    stage.window.ask_erase("Tax letter", stage.window.hide)


def temporary(stage: Stage) -> None:
    stage.header(title="Temporary chat", temporary=True)
    stage.sidebar(selected=None)
    chat(stage)
    stage.window.show_notices(
        (
            Notice(
                key="d",
                text="“Tax letter” is in the bin for 30 days.",
                action="Undo",
                fades=True,
            ),
            Notice(
                key="s", text="The reply so far could not be saved: the disk is full.", kind="warn"
            ),
        )
    )


def narrow(stage: Stage) -> None:
    stage.window.resize(640, HEIGHT)
    chat(stage)


SCENES: dict[str, Callable[[Stage], None]] = {
    each.__name__.replace("_", "-"): each
    for each in (
        chat,
        talk,
        long,
        mixed,
        streaming,
        waiting,
        scrolled,
        failed,
        welcome,
        search,
        nothing_found,
        composing,
        home,
        models,
        settings,
        shortcuts,
        about,
        link,
        erase,
        temporary,
        narrow,
    )
}


def draw(stage: Stage, name: str) -> None:
    """Save what is on the screen, with the menus and sheets that stand over the window."""
    stage.settle()
    picture = stage.window.grab()
    from PySide6.QtGui import QPainter

    painter = QPainter(picture)
    for popup in QApplication.topLevelWidgets():
        if popup is not stage.window and popup.isVisible():
            place = popup.pos() - stage.window.mapToGlobal(QPoint())
            painter.drawPixmap(place, popup.grab())
    painter.end()
    for popup in QApplication.topLevelWidgets():
        if popup is not stage.window and popup.isVisible():
            popup.close()
    OUT.mkdir(parents=True, exist_ok=True)
    picture.save(str(OUT / f"{name}.png"))
    if "--keep" in sys.argv and name in README:
        KEPT.mkdir(parents=True, exist_ok=True)
        half = picture.toImage().scaledToWidth(
            WIDTH * 3 // 2, Qt.TransformationMode.SmoothTransformation
        )
        half.save(str(KEPT / f"{name}.png"))


def main() -> int:
    app = QApplication(["homebody"])
    app.setStyle("Fusion")
    # So that the first picture does not come before the lexers are loaded.
    import pygments.lexers.python  # noqa: F401

    wanted = [each for each in sys.argv[1:] if not each.startswith("-")] or list(SCENES)

    def complain(kind: object, context: object, message: str) -> None:
        # What a display in memory cannot do, and says each time.
        if not message.startswith("This plugin does not support"):
            print(message, file=sys.stderr)

    qInstallMessageHandler(complain)
    for appearance in ("light", "dark"):
        for name in wanted:
            stage = Stage(app, appearance)
            SCENES[name](stage)
            draw(stage, f"{name}-{appearance}")
            stage.close()
    for name, size in (("chat", 200), ("settings", 200), ("chat", 75)):
        if name in wanted:
            stage = Stage(app, "light", size)
            SCENES[name](stage)
            draw(stage, f"{name}-light-{size}")
            stage.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
