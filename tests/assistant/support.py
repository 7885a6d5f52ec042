"""An assistant on a scripted engine: a real child process, a real pipe, a real database."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from homebody.assistant.turn import Assistant
from homebody.base.paths import find_home
from homebody.engine.client import Engine
from homebody.messages.events import Done, Stumbled, TurnEvent, Written
from homebody.messages.frames import Generate, Load, ToEngine
from homebody.messages.turns import Turn
from homebody.store.store import Store
from homebody.wire.keeper import Limits, child_command

DEADLINE = 60.0

# Short silences, because a test that waits for a child to be given up should not wait long. The
# greeting has the time that a busy machine needs.
QUICK = Limits(hello=60.0, silence=3.0, back_off=(0.0, 0.05, 0.05))


def wait_until(condition: Callable[[], object], what: str) -> None:
    """Wait for a condition, and say what was waited for if it never holds."""
    deadline = time.monotonic() + DEADLINE
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {DEADLINE:.0f} s for {what}")
        time.sleep(0.005)


@dataclass
class Scripted:
    """What a test works with."""

    store: Store
    engine: Engine
    assistant: Assistant
    conversation: str
    log: Path
    last: str | None = None
    events: list[TurnEvent] = field(default_factory=list)

    @classmethod
    @contextmanager
    def started(cls, script: Path, *, temporary: bool, system: str = "") -> Iterator["Scripted"]:
        store = Store.temporary() if temporary else Store.open(find_home())
        engine = Engine(child_command("scripted-engine", str(script)), limits=QUICK)
        engine.start()
        engine.begin_load(Load(id=0, path="scripted.gguf"))
        try:
            yield cls(
                store=store,
                engine=engine,
                assistant=Assistant(store, engine, system=system),
                conversation=store.create_conversation().id,
                log=script.with_name("requests.jsonl"),
            )
        finally:
            engine.close()
            store.close()

    def begin(self, request: str) -> Iterator[TurnEvent]:
        """Start a turn after the last one; its events come as they are asked for."""
        return self.assistant.run(self.conversation, request, parent=self.last)

    def ask(self, request: str) -> Done | Stumbled:
        """Run a whole turn; return its last event and keep all in `events`."""
        return self.finish(self.begin(request))

    def finish(self, events: Iterator[TurnEvent]) -> Done | Stumbled:
        self.events = list(events)
        ending = self.events[-1]
        assert isinstance(ending, Done | Stumbled), f"a turn ended with {ending}"
        assert not any(isinstance(event, Done | Stumbled) for event in self.events[:-1])
        self.last = ending.turn.id
        return ending

    def saved(self, ending: Done | Stumbled) -> Turn:
        """Return the turn as another process would find it."""
        other = Store.open(find_home())
        try:
            return other.turn(ending.turn.id)
        finally:
            other.close()

    def requests(self) -> list[Generate]:
        """Return the replies that the engine was asked for; the script needs `log`."""
        if not self.log.exists():
            return []
        lines = self.log.read_bytes().splitlines()
        frames = [msgspec.json.decode(line, type=ToEngine) for line in lines]
        return [frame for frame in frames if isinstance(frame, Generate)]

    def text(self) -> str:
        """Return the reply as it was streamed."""
        return "".join(e.text for e in self.events if isinstance(e, Written) and not e.reasoning)


def of(kind: type[TurnEvent], events: list[TurnEvent]) -> list[TurnEvent]:
    """Return the events of one kind."""
    return [event for event in events if isinstance(event, kind)]
