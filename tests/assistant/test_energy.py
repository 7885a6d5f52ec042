"""The joules of a turn: from a counter as the system keeps it, to the store and to the person."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from assistant.support import Scripted
from homebody.assistant.facts import details, facts
from homebody.assistant.turn import Assistant
from homebody.engine.scripted import ScriptedReply
from homebody.machine.energy import EnergyMeter
from homebody.machine.gpus import GpuReading
from homebody.messages.events import Done, Written
from homebody.messages.turns import EnergyCounter, ModelName, RunRecord, Stats, Turn

Start = Callable[..., Scripted]


class Package:
    """The counter of a processor, as Linux shows it."""

    def __init__(self, zones: Path) -> None:
        self.folder = zones / "intel-rapl:0"
        self.folder.mkdir(parents=True)
        (self.folder / "name").write_text("package-0\n")
        (self.folder / "max_energy_range_uj").write_text("262143328850\n")
        self.set(0)

    def set(self, joules: float) -> None:
        (self.folder / "energy_uj").write_text(f"{joules * 1e6:.0f}\n")


@pytest.fixture
def package(tmp_path: Path) -> Package:
    return Package(tmp_path / "powercap")


@pytest.fixture
def measured(scripted: Start, package: Package, tmp_path: Path) -> Start:
    """Start an assistant with a meter."""

    def start(*replies: ScriptedReply | str) -> Scripted:
        session = scripted(*replies)
        meter = EnergyMeter(lambda: GpuReading(kind="none"), tmp_path / "powercap")
        return replace(session, assistant=Assistant(session.store, session.engine, meter=meter))

    return start


def test_the_energy_of_a_turn_is_in_the_store_with_what_it_was_measured_of(
    measured: Start, package: Package
) -> None:
    session = measured("Tokyo is the capital.")
    package.set(50)
    events = []
    for event in session.begin("What is the capital of Japan?"):
        if isinstance(event, Written):
            package.set(92.25)
        events.append(event)
    done = session.finish(iter(events))
    kept = session.saved(done)
    assert kept.run is not None
    assert (kept.run.stats.energy_joules, kept.run.stats.energy_of) == (42.25, ("processor",))
    assert "42 J" in facts(kept.run)
    assert dict(details(kept))["Energy"] == "42 J, of the processor"


def test_each_turn_counts_its_own(measured: Start, package: Package) -> None:
    session = measured("One.", "Two.")
    for joules in (7.0, 11.0):
        before = float((package.folder / "energy_uj").read_text()) / 1e6
        events = []
        for event in session.begin("Go on."):
            if isinstance(event, Written):
                package.set(before + joules)
            events.append(event)
        done = session.finish(iter(events))
        assert done.turn.run is not None
        assert done.turn.run.stats.energy_joules == joules


def test_a_stopped_turn_has_taken_energy_too(measured: Start, package: Package) -> None:
    session = measured(ScriptedReply("word " * 50, delay=0.01))
    events = []
    for event in session.begin("Write."):
        if isinstance(event, Written) and not events:
            package.set(3)
            session.assistant.stop()
            events.append(event)
        last = event
    assert isinstance(last, Done)
    assert last.turn.state == "stopped"
    assert last.turn.run is not None
    assert last.turn.run.stats.energy_joules == 3.0


def test_no_counter_no_figure(measured: Start, package: Package) -> None:
    (package.folder / "energy_uj").unlink()
    done = measured("Tokyo.").ask("Where?")
    assert done.turn.run is not None
    assert done.turn.run.stats.energy_joules is None
    assert done.turn.run.stats.energy_of == ()


@pytest.mark.parametrize(
    ("of", "words"),
    [
        (("GPU",), "12 J, of the GPU"),
        (("GPU", "processor"), "12 J, of the GPU and the processor"),
        ((), "12 J"),
    ],
)
def test_the_details_say_what_was_measured(of: tuple[EnergyCounter, ...], words: str) -> None:
    run = RunRecord(model=ModelName("M"), stats=Stats(energy_joules=12.0, energy_of=of))
    when = datetime(2026, 3, 1, tzinfo=UTC)
    turn = Turn(id="t", conversation="c", parent=None, request="Hi", created=when, run=run)
    assert dict(details(turn))["Energy"] == words
