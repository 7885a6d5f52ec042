"""The window's figures, each measured in a process of its own.

`window.py bare|text|start|inside`, or `window.py models COUNT`.

Everything is drawn into memory (QT_QPA_PLATFORM=offscreen), so that a screen's speed is not part of
it. `run.py` starts this and makes the rows of the table.
"""

# Nothing more up here: what is imported for measuring would be in the figures.
import os
import sys
import time
from collections.abc import Callable, Iterator

PARAGRAPH = "The window opens at once and holds ten thousand messages like ten, calmly. "
CODE = "\n\n```python\nfor each in range(10):\n    print(each, each ** 2)\n```\n"
SAID = "# A long reply\n\n" + (PARAGRAPH * 4 + "\n\n- one\n- two\n\n" + CODE) * 16
LONG, SHORT = 5_000, 5
"""Turns; each is two messages."""


def resident() -> int:
    """Return this process's resident memory in bytes. Without a library that would add to it."""
    with open("/proc/self/statm", encoding="ascii") as facts:  # noqa: PTH123  as above
        return int(facts.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def tell(**facts: object) -> None:
    """Print what was measured; times are by a clock that all processes share."""
    told = {"at": time.monotonic(), "memory": resident(), **facts}
    print(str(told).replace("'", '"'), flush=True)


def bare(*, text: bool) -> None:
    """Show a window with nothing in it, or with a label and a text field."""
    from PySide6.QtWidgets import QApplication, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

    app = QApplication([])
    window = QWidget()
    window.resize(1180, 760)
    if text:
        rows = QVBoxLayout(window)
        rows.addWidget(QLabel("Hello"))
        field = QPlainTextEdit()
        field.setPlainText("Some words.")
        rows.addWidget(field)
    window.show()
    for _ in range(5):
        app.processEvents()
    tell(what="painted")


def start() -> None:
    """Start Homebody as a person does; tell when it is seen, and when all of it is there."""
    from homebody import launch
    from homebody.ui import application

    really = application.Desk.open

    def opening(desk: application.Desk) -> None:
        # Connected first, so that it is told before anything else happens.
        desk.window.painted.disconnect()
        desk.window.painted.connect(lambda: tell(what="painted"))
        desk.window.painted.connect(desk._begin)
        desk.ready.connect(lambda: tell(what="ready"))
        desk.ready.connect(lambda: follow(desk))
        really(desk)

    def follow(desk: application.Desk) -> None:
        from PySide6.QtCore import QTimer

        timer = QTimer(desk)
        timer.setInterval(20)

        def look() -> None:
            session = desk._session
            if session is not None and session.engine.loaded is not None:
                timer.stop()
                tell(what="answers")
                QTimer.singleShot(1500, lambda: (tell(what="idle"), desk._app.quit()))

        timer.timeout.connect(look)
        timer.start()

    application.Desk.open = opening  # type: ignore[method-assign]
    launch.run([])


def inside() -> None:
    """Measure one window with two conversations, a short one and a long one."""
    import json
    import tempfile
    from pathlib import Path

    from PySide6.QtWidgets import QApplication

    sys.path.insert(0, str(Path(__file__).parent.parent))
    from ui.journey import journey

    app = QApplication([])
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HOMEBODY_HOME"] = folder
        script = Path(folder) / "script.json"
        script.write_text('{"replies": []}', "utf-8")
        short, long = _fill(SHORT), _fill(LONG)
        with journey(script, app) as it:
            facts: dict[str, object] = {}
            facts["open"] = _open(it, short, long)
            facts["tick"] = _ticks(it)
            facts["resize"] = _resize(it)
            facts["typing"] = _typing(it)
            facts["memory_long"] = resident()
    print(json.dumps(facts), flush=True)


def models() -> None:
    """Measure the first opening of the page of models: a shelf of few models, or of many."""
    import json
    import tempfile
    from pathlib import Path

    from PySide6.QtWidgets import QApplication, QWidget

    sys.path.insert(0, str(Path(__file__).parent.parent))
    from library.gguf_files import File
    from ui.journey import journey
    from ui.library_kit import RealBehind

    count = int(sys.argv[2])
    app = QApplication([])
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HOMEBODY_HOME"] = os.environ["HOME"] = folder
        shelf = Path(folder) / "models"
        shelf.mkdir()
        for number in range(count):
            (shelf / f"model-{number:04}.gguf").write_bytes(File().bytes())
        script = Path(folder) / "script.json"
        script.write_text('{"replies": []}', "utf-8")
        with journey(script, app, behind=RealBehind()) as it:
            it.until(lambda: it.presenter.models.loaded, "the model")
            _rest(2.0)
            begin = time.perf_counter()
            it.presenter.go("models")
            page = it.window.findChild(QWidget, "models_page")
            while not page.cards():
                _wait_for_events()
            _timed(it.window.repaint)
            opened = (time.perf_counter() - begin) * 1e3
            _rest(1.0)
            cards = len(page.cards())
    print(json.dumps({"entries": count, "open": opened, "cards": cards}), flush=True)


def _rest(seconds: float) -> None:
    """Let the lanes do what is left. Not by qWait, which keeps other threads from running."""
    from PySide6.QtCore import QEventLoop, QTimer

    loop = QEventLoop()
    QTimer.singleShot(round(seconds * 1000), loop.quit)
    loop.exec()


def _fill(count: int) -> str:
    from homebody.base.paths import find_home
    from homebody.store.store import Store

    store = Store.open(find_home())
    store._database.connection.execute("PRAGMA synchronous = OFF")
    conversation = store.create_conversation(f"{count} turns").id
    parent = None
    for number in range(count):
        turn = store.begin_turn(conversation, f"Question {number}? {PARAGRAPH * 2}", parent)
        reply = PARAGRAPH * 10 + (CODE if number % 3 == 0 else "")
        parent = store.end_turn(turn.id, state="done", reply=reply, reasoning="").id
    store.close()
    return conversation


def _timed(work: Callable[[], None]) -> float:
    """Return how many milliseconds `work` takes, everything painted."""
    from PySide6.QtWidgets import QApplication

    begin = time.perf_counter()
    work()
    QApplication.sendPostedEvents()
    QApplication.processEvents()
    return (time.perf_counter() - begin) * 1e3


def _open(it: object, short: str, long: str) -> dict[str, list[float]]:
    """Open the two conversations in turn, from the click to the painted end."""
    times: dict[str, list[float]] = {"short": [], "long": [], "whole": []}
    for number in range(8):
        for name, conversation, count in (("short", short, SHORT), ("long", long, LONG)):
            begin = time.perf_counter()
            it.presenter.talk.open(conversation)
            place = it.presenter.talk
            while place.place is None or place.place.conversation != conversation:
                _wait_for_events()
            it.window.transcript.viewport().repaint()
            taken = (time.perf_counter() - begin) * 1e3
            while len(it.ids()) != count:
                _wait_for_events()
            whole = (time.perf_counter() - begin) * 1e3
            it.until(lambda count=count: len(it.ids()) == count, "all of it")
            if number > 0:
                times[name].append(taken)
                if name == "long":
                    times["whole"].append(whole)
    return times


def _wait_for_events() -> None:
    """Sleep until something happens, as an event loop does: a loop that asks starves the lanes."""
    from PySide6.QtCore import QEventLoop
    from PySide6.QtWidgets import QApplication

    QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)


def _pieces() -> Iterator[str]:
    for place in range(0, 8_000, 12):
        yield SAID[place : place + 12]


def _ticks(it: object) -> list[float]:
    """Stream 8,000 characters under a long conversation: 12 to a tick, as at 90 tokens/s."""
    from homebody.ui.states import TurnRow

    view = it.window.transcript
    view.replace(None, [TurnRow(id="live", request="Write.", live=True)])
    times = []
    for piece in _pieces():
        view.write("live", piece)
        times.append(_timed(view._tick))
    return times


def _resize(it: object) -> list[float]:
    times = []
    for number in range(40):
        width = 1180 - 16 * (number % 20)
        times.append(_timed(lambda width=width: it.window.resize(width, 760)))
    return times


def _typing(it: object) -> dict[str, list[float]]:
    """Type while nothing happens and while a reply streams, in turn."""
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QApplication

    from homebody.ui.states import TurnRow

    field = it.find("message")
    view = it.window.transcript
    times: dict[str, list[float]] = {"idle": [], "streaming": []}
    for number in range(10):
        for name, taken in times.items():
            field.clear()
            if name == "streaming":
                view.replace("live", [TurnRow(id="live", request="Write.", live=True)])
            pieces = _pieces()
            for _ in range(40):
                if name == "streaming":
                    view.write("live", next(pieces))
                end = time.perf_counter() + 0.012
                while time.perf_counter() < end:
                    QApplication.processEvents()
                one = _timed(lambda: QTest.keyClick(field, "a"))
                if number > 0:
                    taken.append(one)
    return times


if __name__ == "__main__":
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    {
        "bare": lambda: bare(text=False),
        "text": lambda: bare(text=True),
        "start": start,
        "inside": inside,
        "models": models,
    }[sys.argv[1]]()
