"""`homebody doctor` on machines with a graphics card, which a fake driver tells of."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from cli.support import Ran, homebody, scripted
from fake_nvml.driver import CARD, FakeDriver
from homebody.base.paths import find_home
from homebody.library.shelf import Shelf
from homebody.messages.reports import DoctorReport
from homebody.messages.shelf import ModelSettings

Write = Callable[..., Path]
Doctor = Callable[..., Ran]

BASE = "driver 550.54.14;cuda 12040;"


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> FakeDriver:
    return FakeDriver(tmp_path_factory.mktemp("driver"))


@pytest.fixture
def doctor(driver: FakeDriver, write_script: Write) -> Doctor:
    """Run the doctor with the scripted engine: `doctor(world, *arguments)`."""

    def run(world: str, *arguments: str) -> Ran:
        around = driver.surroundings(world)
        return scripted(write_script("x"), "doctor", *arguments, environment=around)

    return run


def test_a_card_and_why_it_is_not_used(doctor: Doctor) -> None:
    ran = doctor(BASE + CARD)
    assert (
        "GPU: NVIDIA RTX 4090, 24.0 GB, 20.0 GB of it free, 55 °C, 120 W, compute capability 8.9."
        in ran.out
    )
    assert "Driver: NVIDIA 550.54.14, which runs CUDA up to 12.4." in ran.out
    assert (
        "GPU use: The NVIDIA RTX 4090 is not used: this build of llama.cpp has no code for it."
        in ran.out
    )
    assert "Energy: counted by the GPU" in ran.out
    # Slower than it could be is not ill.
    assert (ran.status, ran.out.splitlines()[-1]) == (0, "Everything is well.")


def test_what_was_set_for_this_model_counts(doctor: Doctor) -> None:
    Shelf(find_home()).change_settings("starter", ModelSettings(gpu_layers=0))
    ran = doctor(BASE + CARD)
    assert "is not used: the settings put no layer on it." in ran.out


def test_the_same_as_json(doctor: Doctor) -> None:
    ran = doctor(BASE + CARD, "--json")
    report = msgspec.json.decode(ran.out, type=DoctorReport, strict=True)
    graphics = report.graphics
    assert (graphics.kind, graphics.driver, graphics.cuda) == ("ok", "550.54.14", "12.4")
    assert [card.memory_free for card in graphics.cards] == [20_000_000_000]
    assert "is not used" in graphics.unused
    assert "CUDA=1" in graphics.hint
    assert "GPU" in report.energy
    assert (report.engine.gpu_build, report.engine.gpu_layers) == (False, 0)
    assert report.offline is False


def test_a_lost_card_needs_a_look(doctor: Doctor) -> None:
    ran = doctor(BASE + CARD + "lost 0;")
    assert ran.status == 1
    assert "Needs a look: The graphics card stopped answering" in ran.out


def test_a_driver_that_waits_for_a_restart(doctor: Doctor) -> None:
    ran = doctor("init 18;" + CARD)
    assert "GPU use: The graphics card is not used: NVIDIA's driver was updated" in ran.out
    assert "Restart the computer." in ran.out


def test_offline_is_told(profile: Path, write_script: Write) -> None:
    profile.mkdir()
    (profile / "settings.toml").write_text("offline = true")
    ran = scripted(write_script("x"), "doctor")
    assert "Network: offline; nothing of Homebody connects to anything." in ran.out


def test_without_a_card(profile: Path) -> None:
    """On the machine as it is, with the real engine."""
    ran = homebody("doctor", "--json")
    report = msgspec.json.decode(ran.out, type=DoctorReport, strict=True)
    assert report.engine.layers == 31
    assert report.graphics.kind != "ok" or report.graphics.cards
    assert report.engine.gpu_build is not None
