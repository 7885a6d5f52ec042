"""`homebody doctor` on machines with a graphics card, which a fake driver tells of."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from cli.support import Ran, homebody, scripted
from engine.stand_in import BEST, compiler, make_build, make_pack, write_manifest
from fake_nvml.driver import CARD, FakeDriver
from homebody.base.paths import find_home
from homebody.cli.doctor import _backend
from homebody.engine.build import FOLDER, PACKS
from homebody.library.shelf import Shelf
from homebody.messages.frames import Loaded
from homebody.messages.reports import DoctorReport
from homebody.messages.shelf import ModelSettings
from wire.examples import FROM_ENGINE

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
    assert report.engine.backends == ()
    assert "is part of this build" in report.engine.backend


def test_which_code_computes_and_why(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """With the real engine, in a build that chooses."""
    compile_ = compiler(tmp_path_factory.mktemp("sources"))
    build = make_build(tmp_path / "build", compile_)
    (build / BEST).rename(build / "libggml-cpu-haswell.so")
    write_manifest(build, [])
    around = {FOLDER: str(build)}
    ran = homebody("doctor", environment=around)
    assert (
        "Backend: The processor's code for Haswell and newer is used (libggml-cpu-haswell.so): "
        "the best of 3 for this processor.\n"
    ) in ran.out
    assert ran.status == 0
    ran = homebody("doctor", "--json", environment=around)
    report = msgspec.json.decode(ran.out, type=DoctorReport, strict=True)
    assert report.engine.backends == ("libggml-cpu-haswell.so",)
    assert report.engine.backend.startswith("The processor's code for Haswell")


@pytest.mark.parametrize(
    ("devices", "words"),
    [(("Vulkan0",), "."), ((), ", which finds no graphics card that it can use.")],
)
def test_a_pack_and_whether_it_finds_a_card(devices: tuple[str, ...], words: str) -> None:
    example = next(each for each in FROM_ENGINE if isinstance(each, Loaded))
    files = ("libggml-cpu-zen4.so", "libggml-vulkan.so")
    loaded = replace(example, backends=files, processor_choice=14, devices=devices)
    assert _backend(loaded) == (
        "The processor's code for Zen 4 and newer is used (libggml-cpu-zen4.so): the best of 14 "
        f"for this processor. A pack brings libggml-vulkan.so{words}"
    )


def test_a_pack_that_only_the_environment_names_was_not_tried_and_is_not_loaded(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    compile_ = compiler(tmp_path_factory.mktemp("sources"))
    build = make_build(tmp_path / "build", compile_)
    pack = make_pack(tmp_path / "vulkan", compile_)
    ran = homebody("doctor", "--json", environment={FOLDER: str(build), PACKS: str(pack)})
    report = msgspec.json.decode(ran.out, type=DoctorReport, strict=True)
    assert report.engine.backends == (BEST,)


def test_libraries_that_do_not_fit_need_a_look(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    build = make_build(tmp_path / "build", compiler(tmp_path_factory.mktemp("sources")))
    write_manifest(build, [], binding="0.3.1")
    ran = homebody("doctor", environment={FOLDER: str(build)})
    assert ran.status == 1
    assert "Engine: does not work. The engine cannot start: the libraries in " in ran.out
    assert "Traceback" not in ran.out + ran.err
