"""Draw every screen and state of the window, light and dark: `make pictures`.

The widgets are the real ones; what they show is made up here, so that a picture is the same
every time. `--keep` also writes the six that the README shows to `assets/screenshots`.
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

from offer_scenes import OFFER_SCENES
from privacy_scenes import PRIVACY_SCENES
from PySide6.QtCore import QPoint, Qt, qInstallMessageHandler
from PySide6.QtGui import QFontDatabase
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit, QScrollArea

from homebody.base.paths import Home
from homebody.messages.plans import Question, Step
from homebody.messages.shelf import ModelSettings
from homebody.settings.declared import Appearance, Settings
from homebody.skills.built_in import BUILT_IN
from homebody.ui.memory import WindowMemory
from homebody.ui.model_states import (
    CardButton,
    CardDetails,
    ContextSlider,
    FileRow,
    FitBar,
    ModelCard,
    ModelsState,
    SearchState,
    Section,
)
from homebody.ui.presenter.slash import choices_of
from homebody.ui.presenter.work import asked_card, step_rows
from homebody.ui.skill_states import (
    FolderRow,
    KeptRow,
    OwnCard,
    SkillCard,
    SkillGroup,
    SkillsState,
)
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
from homebody.ui.update_states import UpdateState
from homebody.ui.window import Window

ROOT = Path(__file__).parent.parent.parent
OUT = ROOT / "build" / "pictures"
KEPT = ROOT / "assets" / "screenshots"
README = {
    *("talk-light", "steps-done-dark", "offer-sheet-light"),
    *("privacy-ledger-dark", "welcome-light", "models-page-dark"),
}
WIDTH, HEIGHT = 1180, 760

HOME = """Everything stays on this machine unless you say yes to sending it.

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
                "What you write here stays on this machine, unless you say yes to sending it.",
                "SmolLM2 135M answers: small, quick, and good for short questions and small jobs. "
                "It knows little and is often wrong.",
                "For real conversation, add a larger model that fits this computer.",
            ),
            more_models="More models",
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


UPDATE_NOTE = (
    "Homebody never looks by itself. This asks api.github.com once, and sends nothing of yours: no "
    "version and no number. Like every page that you open, api.github.com sees the address of your "
    "connection. Nothing is fetched."
)


def about(stage: Stage, **facts: object) -> None:
    stage.window.show_page("about")
    stage.sidebar(page="about")
    stage.header(title="About")
    stage.window.show_update(UpdateState(**{"note": UPDATE_NOTE, "can_ask": True, **facts}))


def update_asking(stage: Stage) -> None:
    about(stage, asks=True, result="Asking api.github.com…")


def update_newer(stage: Stage) -> None:
    newer = "There is a newer version: 0.2.0, of 2026-11-20."
    about(stage, result=newer, has_page=True)


def update_same(stage: Stage) -> None:
    about(stage, result="This is the newest version.", kind="ok")


def update_failed(stage: Stage) -> None:
    problem = (
        "api.github.com was not found: there is no such host, or no connection to the internet. "
        "Look at your connection, and try again."
    )
    about(stage, result=problem, kind="bad")


def update_offline(stage: Stage) -> None:
    offline = "Homebody is offline, so nobody is asked. Settings can change that."
    about(stage, note=offline, can_ask=False)
    stage.header(title="About", offline=True)


def update_unknown(stage: Stage) -> None:
    unknown = "This build does not know where newer versions are announced. Look where you got it."
    about(stage, note=unknown, can_ask=False)


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


CARD = "RTX 4070 · 12.9 GB, 11.6 GB free · driver 580.95 · engine with CUDA"
NO_CARD = (
    "No NVIDIA card: models run on the processor · 16.0 GB memory, 11.2 GB free · "
    "engine without CUDA"
)
SEARCH = SearchState(
    note="Press Enter to search. That connects to huggingface.co, and sends it these words."
)
STARTER = ModelCard(
    key="shelf:starter",
    name="SmolLM2 135M",
    facts="in use · Q4_1 · 98 MB · the starter model · Apache-2.0",
    bar=FitBar(0.006, 0.012, 0.01, 0.3),
    sentence="98 MB weights · 189 MB context of 4k · 160 MB working · all of it on the processor",
    button=CardButton("settings", "Settings"),
)
SMALL = ModelCard(
    key="catalog:small",
    name="Qwen3 4B Instruct",
    facts="4B · Q4_K_M · Apache-2.0",
    badge="best for this computer",
    bar=FitBar(0.19, 0, 0),
    sentence="2.5 GB · fits, on the processor\n"
    "Good at most things a small model can do, in many languages.",
    button=CardButton("get", "Get 2.5 GB", primary=True),
)
OTHERS = (
    ModelCard(
        key="catalog:9",
        name="Qwen3.5 9B",
        facts="9B · UD-Q4_K_XL · Apache-2.0",
        bar=FitBar(0.43, 0, 0),
        sentence="6.9 GB · fits the card\nFollows long instructions, reasons before it answers.",
        button=CardButton("get", "Get 6.9 GB"),
    ),
    ModelCard(
        key="catalog:26",
        name="Gemma 4 26B",
        facts="26B, 4B at work · UD-Q4_K_M · Gemma",
        bar=FitBar(1.0, 0, 0, fits=False),
        sentence="16.9 GB · too large for this computer\nKnows much and is quick for its size.",
        button=CardButton("get", "Get 16.9 GB"),
    ),
)
MINE = (
    ModelCard(
        key="shelf:4b",
        name="Qwen3 4B Instruct 2507",
        facts="in use · Q4_K_M · 2.5 GB · Apache-2.0",
        bar=FitBar(0.2, 0.09, 0.04, 0.1),
        sentence="2.5 GB weights · 1.1 GB context of 8k · 0.5 GB working · all 36 layers",
        button=CardButton("settings", "Settings"),
    ),
    ModelCard(
        key="shelf:14b",
        name="Qwen3 14B",
        facts="Q4_0 · 8.5 GB · found in Ollama, linked",
        bar=FitBar(0.66, 0.1, 0.06, 0.1),
        sentence="8.5 GB weights · 1.2 GB context of 8k · 0.7 GB working · "
        "fits with 1.2 GB to spare",
        button=CardButton("use", "Use"),
    ),
    ModelCard(
        key="shelf:26b",
        name="Gemma 4 26B",
        facts="UD-Q4_K_M · 16.9 GB · found in LM Studio, linked",
        bar=FitBar(0.86, 0.09, 0.05, fits=False),
        sentence="needs 18.9 GB, 11.6 GB free · 19 of 31 layers on the GPU, the rest on the "
        "processor",
        button=CardButton("use", "Use"),
    ),
)
DETAILS_OF_MINE = CardDetails(
    facts=(
        Fact("Kind", "qwen3, 4.0 billion parameters, Q4_K_M, 36 layers, 2.5 GB"),
        Fact("Context", "up to 256k tokens"),
        Fact("Licence", "Apache-2.0"),
        Fact("Chat template", "yes"),
        Fact("sha256", "3f1a9d0c5be27746ad81c04eb7029f6a1d53e8f9c2b0476185ad3ce94f70b6e2"),
        Fact("File", "~/.local/share/homebody/models/Qwen3-4B-Instruct-2507-Q4_K_M.gguf"),
    ),
    slider=ContextSlider((1024, 2048, 4096, 8192, 16384, 32768, 65536), 3, "8k of 256k tokens"),
    settings=ModelSettings(context=8192, temperature=0.7),
    buttons=(
        CardButton("show_folder", "Show in folder"),
        CardButton("licence", "Read the licence"),
        CardButton("remove", "Remove"),
    ),
)


def at_models(stage: Stage, *sections: Section, **facts: object) -> None:
    stage.window.show_page("models")
    stage.sidebar(page="models")
    stage.header(title="Models", model="Qwen3 4B", model_detail="36/36 on the GPU")
    given = {"machine": CARD, "search": SEARCH, **facts}
    stage.window.show_models(ModelsState(sections=sections, **given))
    stage.window.show_strip(
        "Qwen3 4B · 36/36 on the GPU   GPU memory 4.9 of 12.9 GB   61 tok/s · 214 J"
    )


def here(*cards: ModelCard, **facts: object) -> Section:
    return Section(key="here", title="On this machine", cards=cards, **facts)


RECOMMENDED = Section(key="recommended", title="Recommended", cards=(SMALL, *OTHERS))


def models_page(stage: Stage) -> None:
    at_models(
        stage,
        here(*MINE[:1]),
        Section(key="found", title="Found in other apps", cards=MINE[1:]),
        Section(key="recommended", title="Recommended", cards=OTHERS[:1], more="Show 12 more"),
        filters=True,
        folders=("/media/models/gguf",),
    )


def models_token(stage: Stage) -> None:
    refused = ModelCard(
        key="get:1",
        name="Gemma 4 12B",
        facts="google/gemma-4-12b-it-GGUF",
        progress=0.0,
        sentence="0 kB of 7.3 GB",
        problem="google/gemma-4-12b-it-GGUF is gated: its owner wants to know who fetches it.",
        hint="Agree to its terms in your browser, make a token that may read in your account, and "
        "keep it with the button below.",
        button=CardButton("resume", "Try again"),
        other=CardButton("drop", "Cancel"),
        mend=CardButton("token", "Give a token…"),
        opens=False,
    )
    kept = SearchState(note=SEARCH.note, token="A token is kept in Secret Service")
    at_models(
        stage,
        Section(key="fetching", title="Being fetched", cards=(refused,)),
        here(MINE[0]),
        search=kept,
    )


def token(stage: Stage) -> None:
    models_token(stage)
    stage.settle()
    sheet = stage.window.ask_token(lambda _: None, lambda: None)
    sheet.show_place(
        "A token is a password that you make in your account there; one that may only read is "
        "enough. It is kept in Secret Service, and sent to huggingface.co alone."
    )
    QTest.keyClicks(QApplication.focusWidget(), "hf_abcdefghijklmnopqrst")


def models_empty(stage: Stage) -> None:
    at_models(stage, here(STARTER), RECOMMENDED, machine=NO_CARD)
    stage.header(title="Models")
    stage.window.show_strip("SmolLM2 135M · on the processor   142 tok/s")


def models_looking(stage: Stage) -> None:
    at_models(stage, machine="", busy="Looking for models…")


def models_downloading(stage: Stage) -> None:
    coming = ModelCard(
        key="get:1",
        name="Qwen3.5 9B",
        facts="unsloth/Qwen3.5-9B-GGUF",
        progress=0.42,
        sentence="2.9 GB of 6.9 GB · 24 MB a second · 3 min left",
        button=CardButton("pause", "Pause"),
        other=CardButton("drop", "Cancel"),
        opens=False,
    )
    paused = ModelCard(
        key="get:2",
        name="Gemma 4 12B",
        facts="ggml-org/gemma-4-12b-GGUF",
        progress=0.11,
        sentence="0.8 GB of 7.3 GB · paused, what came is kept",
        button=CardButton("resume", "Resume"),
        other=CardButton("drop", "Cancel"),
        opens=False,
    )
    broken = ModelCard(
        key="get:3",
        name="Phi 4 mini",
        facts="microsoft/phi-4-mini-gguf",
        progress=0.0,
        sentence="0 kB of 2.5 GB",
        problem="What came is not what was promised: its checksum is another.",
        hint="It was deleted. Try again; if it happens again, the hub's file is damaged.",
        button=CardButton("resume", "Try again"),
        other=CardButton("drop", "Cancel"),
        opens=False,
    )
    at_models(
        stage,
        Section(key="fetching", title="Being fetched", cards=(coming, paused, broken)),
        here(*MINE[:1]),
    )


def models_bad_file(stage: Stage) -> None:
    bad = ModelCard(
        key="shelf:bad",
        name="Meta-Llama-3.1-8B-Instruct-Q4_K_M",
        facts="4.9 GB",
        problem="This file ends too early: 1.2 GB of its weights are missing.",
        button=CardButton("remove", "Remove"),
    )
    odd = ModelCard(
        key="shelf:odd",
        name="نموذج صغير (2B) " + "a-very-long-name-" * 8,
        facts="Q8_0 · 2.1 GB · where you have it",
        bar=FitBar(0.17, 0.05, 0.03, 0.1),
        sentence="2.1 GB weights · 0.6 GB context of 8k · 0.4 GB working · all 24 layers",
        button=CardButton("use", "Use"),
    )
    others = Section(key="recommended", title="Recommended", cards=OTHERS)
    at_models(stage, here(*MINE[:1], bad, odd), others)


def models_card_open(stage: Stage) -> None:
    from msgspec.structs import replace

    at_models(
        stage,
        here(
            replace(MINE[0], details=DETAILS_OF_MINE, button=CardButton("settings", "Close")),
        ),
    )


def models_search(stage: Stage) -> None:
    rows = (
        FileRow(key="1", name="Q3_K_S", size="6.7 GB", mark="fits the card", level="ok",
                button=CardButton("get", "Get 6.7 GB")),
        FileRow(key="2", name="Q4_K_M", size="9.0 GB", mark="fits the card", level="ok",
                button=CardButton("get", "Get 9.0 GB")),
        FileRow(key="3", name="Q8_0", size="15.7 GB", mark="part of it on the card, slower",
                level="warn", button=CardButton("get", "Get 15.7 GB")),
        FileRow(key="4", name="BF16", size="29.5 GB", mark="too large for this computer",
                level="bad", button=CardButton("get", "Get 29.5 GB")),
    )  # fmt: skip
    found = (
        ModelCard(
            key="hub:a",
            name="Qwen3-14B-GGUF",
            facts="by unsloth · Apache-2.0",
            sentence="14.8 B parameters · qwen3 · 182,004 downloads",
            button=CardButton("files", "Close"),
            details=CardDetails(files=rows),
        ),
        ModelCard(
            key="hub:b",
            name="gemma-4-12b-it-GGUF",
            facts="by google · Gemma",
            sentence="11.8 B parameters · gemma4 · needs an account that was let in",
            button=CardButton("files", "Files"),
            mend=CardButton("token", "Give a token…"),
        ),
    )
    at_models(stage, here(MINE[0]), Section(key="search", title="", cards=found))
    stage.settle()
    page = stage.window.findChild(QScrollArea, "models_page")
    page.findChild(QLineEdit, "search_hub").setText("14b instruct")
    page.verticalScrollBar().setValue(10_000)


def models_offline(stage: Stage) -> None:
    from msgspec.structs import replace

    cards = tuple(
        replace(each, button=replace(each.button, enabled=False, primary=False))
        for each in RECOMMENDED.cards
    )
    off = SearchState(offline="Offline: nothing is searched or fetched. Settings can change that.")
    at_models(
        stage,
        here(STARTER),
        Section(key="recommended", title="Recommended", cards=cards),
        machine=NO_CARD,
        search=off,
    )
    stage.header(title="Models", offline=True)
    stage.window.show_strip("SmolLM2 135M · on the processor   142 tok/s")


def gpu_unused(stage: Stage) -> None:
    chat(stage)
    stage.window.show_notices(
        (
            Notice(
                key="gpu",
                text="The RTX 4070 is not used: this build of llama.cpp has no code for it. With "
                "NVIDIA's CUDA toolkit installed, `make run CUDA=1` builds one that has; the "
                "README tells how.",
                kind="warn",
            ),
        )
    )
    stage.window.show_strip(
        "SmolLM2 135M · on the processor   GPU memory 1.3 of 12.9 GB   74 tok/s"
    )


def narrow_models(stage: Stage) -> None:
    stage.window.resize(640, HEIGHT)
    models_page(stage)


def narrow(stage: Stage) -> None:
    stage.window.resize(640, HEIGHT)
    chat(stage)


PLAN = """# Porto, four days

Friday: arrive, leave the bags, Ribeira along the river.
Saturday: train to Pinhão, boat on the Douro.
Sunday: Serralves, nothing at all in the afternoon.
Monday: train back in the morning.

The boat still has to be booked; it fills up. Cash for the tram and the market.
"""
SPANISH = (
    "Cuatro días, del 3 al 6 de mayo: dos noches en Ribeira, una excursión al Duero el sábado y "
    "vuelta en tren el lunes por la mañana. Queda por reservar el barco."
)
REQUEST = "Summarise ~/trip/plan.md in Spanish and put it in my notes"
STEPS = (
    Step(
        skill="read_file",
        given={"path": "~/trip/plan.md"},
        args={"path": "/home/ada/trip/plan.md"},
        state="done",
        result=PLAN * 3,
        label="file",
        ms=12,
        tries=1,
    ),
    Step(
        skill="summarize",
        given={"text": "$1", "length": "short"},
        args={"text": PLAN, "length": "short"},
        state="done",
        result="Four days in Porto.",
        label="model",
        ms=812,
        tries=2,
    ),
    Step(
        skill="translate",
        given={"text": "$2", "language": "Spanish"},
        args={"text": "Four days in Porto.", "language": "Spanish"},
        state="done",
        result=SPANISH,
        label="model",
        ms=930,
        tries=1,
    ),
    Step(
        skill="add_note",
        given={"text": "$3"},
        args={"text": SPANISH},
        state="done",
        result="Kept.",
        ms=3,
        tries=1,
    ),
)


def states(*wanted: str) -> tuple[Step, ...]:
    """Return the four steps, each in another state."""
    from msgspec.structs import replace

    return tuple(
        step if state == "done" else replace(step, state=state, result="", ms=None)
        for step, state in zip(STEPS, wanted, strict=True)
    )


def work(stage: Stage, steps: tuple[Step, ...], reply: str = "", **facts: object) -> None:
    """Show a turn that works, below one that is done."""
    live = bool(facts.get("live"))
    given = {"facts": "" if live else "2.4 s · 61 tok/s · 0 bytes sent", "details": (), **facts}
    worked = row(7, REQUEST, reply, steps=step_rows(steps, settled=not live), **given)
    stage.window.transcript.open([worked])
    if live:
        stage.composer(running=True, can_send=False)


def ask(stage: Stage, question: Question, steps: tuple[Step, ...], request: str) -> None:
    asked = row(
        7,
        request,
        "",
        steps=step_rows(steps, settled=True),
        asked=asked_card(question, steps),
        facts="",
        details=(),
    )
    stage.window.transcript.open([asked])


def press(stage: Stage, name: str, number: int = 0) -> None:
    """Press one of the buttons of that name."""
    stage.settle()
    found = stage.window.findChildren(QAbstractButton, name)
    [each for each in found if each.isVisible()][number].click()
    stage.settle()


def steps_running(stage: Stage) -> None:
    work(stage, states("done", "running", "planned", "planned"), live=True)


def steps_done(stage: Stage) -> None:
    work(stage, STEPS, SPANISH)
    stage.window.transcript.replace(None, [TALK[1]])
    stage.window.transcript.to_top()


def steps_open(stage: Stage) -> None:
    work(stage, STEPS, SPANISH)
    press(stage, "step", 0)
    press(stage, "step", 1)
    press(stage, "rerun", 1)


def step_failed(stage: Stage) -> None:
    from msgspec.structs import replace

    broken = replace(
        STEPS[2],
        state="failed",
        result="",
        ms=None,
        kind="small_model",
        problem="Translation needs a larger model than SmolLM2 135M.",
        hint="Get Qwen3 1.7B on the page of models; it takes 1.1 GB.",
    )
    work(
        stage,
        (STEPS[0], STEPS[1], broken, replace(STEPS[3], state="skipped", result="", ms=None)),
        "Four days in Porto. It is not in Spanish and not in your notes: translation needs a "
        "larger model.",
    )
    press(stage, "step", 2)


WRITE = (
    Step(
        skill="read_file",
        given={"path": "notes.md"},
        args={"path": "/home/ada/notes.md"},
        state="done",
        result="...",
        label="file",
        ms=9,
    ),
    Step(
        skill="rewrite",
        given={"text": "$1", "style": "friendly"},
        args={"text": "...", "style": "friendly"},
        state="done",
        result="...",
        label="model",
        ms=1400,
    ),
    Step(
        skill="write_file",
        given={"path": "notes2.md", "text": "$2"},
        state="waiting",
    ),
)


def ask_write(stage: Stage) -> None:
    question = Question(
        step=2,
        reason="permission",
        sentence="Write 1.2 kB to /home/ada/notes2.md (a new file).",
        details="Dear neighbours,\n\nthe bins go out on Tuesday evening from now on, and it would "
        "be lovely if the yard gate stayed shut at night.\n\nThank you all, and see you at the "
        "summer party!\n\nAda\n" * 3,
        folder="/home/ada",
        access="write",
        choices=("once", "no", "answer"),
    )
    ask(stage, question, WRITE, "make notes.md sound friendlier and save it as notes2.md")


FIND = (
    Step(skill="find_files", given={"query": "tax", "folder": "Documents"}, state="waiting"),
    Step(skill="read_file", given={"path": "$1"}),
)


def ask_folder(stage: Stage) -> None:
    question = Question(
        step=0,
        reason="folder",
        sentence="Look for tax in /home/ada/Documents and the folders in it.",
        folder="/home/ada/Documents",
        choices=("once", "always", "no", "answer"),
    )
    ask(stage, question, FIND, "find the tax letter in my Documents and read it")


def ask_which(stage: Stage) -> None:
    from msgspec.structs import replace

    question = Question(
        step=1,
        reason="which",
        sentence="find_files found 4 files, and read_file takes one.",
        options=(
            "/home/ada/Documents/tax/2026 tax letter.pdf",
            "/home/ada/Documents/tax/2025 tax letter.pdf",
            "/home/ada/Documents/letters/to the tax office.docx",
            "/home/ada/Documents/old/tax.txt",
        ),
        choices=("once", "no", "answer"),
    )
    found = replace(FIND[0], state="done", result="4 files", ms=41)
    waits = replace(FIND[1], state="waiting")
    ask(stage, question, (found, waits), "find the tax letter in my Documents and read it")
    stage.settle()
    stage.window.transcript.to_question()


def by_name(stage: Stage) -> None:
    chat(stage)
    stage.composer(skills=choices_of(BUILT_IN))
    stage.window.composer.focus()
    QTest.keyClicks(QApplication.focusWidget(), "/")


def named(stage: Stage) -> None:
    chat(stage)
    stage.composer(skills=choices_of(BUILT_IN))
    stage.window.composer.focus()
    QTest.keyClicks(QApplication.focusWidget(), "/translate good morning")


def skill_cards(opened: str = "") -> tuple[SkillGroup, ...]:
    from homebody.ui.presenter.skills import _GROUPS

    known = {skill.name: skill for skill in BUILT_IN}
    facts = (
        Fact("By name", "/convert_units"),
        Fact("Asks", "no: it changes nothing outside of Homebody"),
        Fact("Touches", "nothing"),
        Fact("Runs", "in the workshop: a process without a network, which sees granted folders"),
        Fact("Last used", "yesterday, 18:20"),
        Fact("Went well", "41 of 42 times (98 %) with SmolLM2 135M, usually in 14 ms"),
        Fact("Went well", "7 of 7 times (100 %) with Qwen3 4B, usually in 12 ms"),
    )
    return tuple(
        SkillGroup(
            title,
            tuple(
                SkillCard(
                    name=name,
                    title=known[name].title,
                    sentence=known[name].description,
                    mark="asks each time" if known[name].permission == "ask" else "",
                    examples=tuple(each.request for each in known[name].examples),
                    facts=facts,
                    is_open=name == opened,
                )
                for name in names
            ),
        )
        for title, names in _GROUPS
    )


def skills_page(stage: Stage) -> None:
    stage.sidebar(page="skills")
    stage.header(title="Skills")
    stage.window.show_page("skills")
    stage.window.show_skills(
        SkillsState(
            groups=skill_cards("convert_units"),
            folders=(
                FolderRow(
                    path="/home/ada/Documents",
                    words="read, below it too",
                    other="Allow changes",
                    writes=False,
                ),
                FolderRow(
                    path="/home/ada/trip",
                    words="read and change, below it too",
                    other="Only read",
                    writes=True,
                ),
            ),
            own=(
                OwnCard(
                    name="meeting-minutes",
                    sentence="Write minutes from rough notes, in the form of our society.",
                    asks="It gives the model instructions. It runs no program.",
                    state="allowed",
                    words="allowed",
                ),
                OwnCard(
                    name="recipe-scaler",
                    sentence="Scale a recipe to another number of people.",
                    asks="It gives the model instructions. It runs no program.",
                    state="changed",
                    words="changed since you allowed it, so it is off",
                ),
                OwnCard(
                    name="broken",
                    sentence="",
                    state="broken",
                    words="cannot be used",
                    problem="SKILL.md has no name in its first lines.",
                ),
            ),
            reminders=(
                KeptRow(id="1", text="call mum", when="tomorrow, 09:00"),
                KeptRow(id="2", text="the boat has to be booked", when="2026-12-01, 18:00"),
            ),
            notes=(
                KeptRow(id="1", text=SPANISH, when="today, 10:12"),
                KeptRow(id="2", text="the wifi code is 1234", when="yesterday, 21:40"),
            ),
        )
    )


def skills_lower(stage: Stage) -> None:
    skills_page(stage)
    press(stage, "jump_folders")


def skills_empty(stage: Stage) -> None:
    skills_page(stage)
    stage.window.show_skills(
        SkillsState(
            groups=skill_cards(),
            own_note="None yet. A skill of your own is a folder with a SKILL.md in "
            "/home/ada/.local/share/homebody/skills. It is off until you allow it, and off again "
            "when its files change.",
        )
    )
    press(stage, "jump_folders")


def skills_failed(stage: Stage) -> None:
    skills_page(stage)
    stage.window.show_skills(
        SkillsState(
            problem="The granted folders could not be read: the disk does not answer.",
            hint="Look at the disk, then try again. Until then every skill asks.",
        )
    )


def narrow_ask(stage: Stage) -> None:
    stage.window.resize(520, HEIGHT)
    ask_folder(stage)


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
        update_asking,
        update_newer,
        update_same,
        update_failed,
        update_offline,
        update_unknown,
        link,
        erase,
        temporary,
        narrow,
        models_page,
        models_token,
        token,
        models_empty,
        models_looking,
        models_downloading,
        models_bad_file,
        models_card_open,
        models_search,
        models_offline,
        gpu_unused,
        narrow_models,
        steps_running,
        steps_done,
        steps_open,
        step_failed,
        ask_write,
        ask_folder,
        ask_which,
        by_name,
        named,
        skills_page,
        skills_lower,
        skills_empty,
        skills_failed,
        narrow_ask,
        *OFFER_SCENES,
        *PRIVACY_SCENES,
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
    for name, size in (("chat", 200), ("models-page", 200), ("settings", 200), ("chat", 75)):
        if name in wanted:
            stage = Stage(app, "light", size)
            SCENES[name](stage)
            draw(stage, f"{name}-light-{size}")
            stage.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
