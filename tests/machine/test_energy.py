"""Joules: two counters, either of which may be missing, run round or begin anew."""

import itertools

import pytest

from fake_nvml.driver import CARD
from homebody.machine import energy
from homebody.machine.energy import EnergyMeter, readable_counters
from homebody.machine.gpus import Gpu, GpuReading
from homebody.messages.turns import Energy

NO_CARD = GpuReading(kind="none")
DEVICES = ("CUDA0 (NVIDIA RTX 4090)",)
RANGE = 262_143_328_850


def card(joules, name="NVIDIA RTX 4090", index=0):
    return Gpu(index=index, name=name, memory_total=1, memory_free=1, energy_joules=joules)


def reading(*cards):
    return GpuReading(kind="ok", gpus=cards)


def zone(root, place, name, value, limit=RANGE):
    folder = root / place
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "name").write_text(f"{name}\n")
    (folder / "energy_uj").write_text(f"{value}\n")
    (folder / "max_energy_range_uj").write_text(f"{limit}\n")


@pytest.fixture
def package(tmp_path):
    """A processor of one package, with zones inside and around it that must not count."""

    def lay(value, limit=RANGE):
        zone(tmp_path, "intel-rapl:0", "package-0", value, limit)
        zone(tmp_path, "intel-rapl:0:0", "core", value // 2)
        zone(tmp_path, "intel-rapl:1", "psys", value * 3)

    lay(1_000_000)
    return lay


def meter(tmp_path, *readings):
    return EnergyMeter(iter(readings).__next__, tmp_path)


def test_card_and_processor_are_added(tmp_path, package):
    measuring = meter(tmp_path, reading(card(100.0)), reading(card(130.5))).begin()
    package(3_500_000)
    assert measuring.so_far(DEVICES) == Energy(30.5 + 2.5, ("GPU", "processor"))


def test_only_the_card(tmp_path):
    measuring = meter(tmp_path, reading(card(100.0)), reading(card(130.5))).begin()
    assert measuring.so_far(DEVICES) == Energy(30.5, ("GPU",))


def test_only_the_processor(tmp_path, package):
    measuring = meter(tmp_path, NO_CARD, NO_CARD).begin()
    package(1_250_000)
    assert measuring.so_far(()) == Energy(0.25, ("processor",))


def test_neither_is_none_and_not_nought(tmp_path):
    assert meter(tmp_path, NO_CARD, NO_CARD).begin().so_far(()) is None
    uncounted = reading(card(None))
    assert meter(tmp_path, uncounted, uncounted).begin().so_far(DEVICES) is None


def test_a_card_that_did_not_compute_does_not_count(tmp_path):
    assert meter(tmp_path, reading(card(1.0)), reading(card(9.0))).begin().so_far(()) is None


@pytest.mark.parametrize(
    ("before", "after", "devices", "joules"),
    [
        # Two that are alike, and both computed; the engine counts them as it likes.
        ([(1, 0), (5, 1)], [(2, 0), (7, 1)], ("CUDA0 (X)", "CUDA1 (X)"), 3.0),
        # Two that are alike, and one computed: nobody can tell which.
        ([(1, 0), (5, 1)], [(2, 0), (7, 1)], ("CUDA0 (X)",), None),
        ([(5, 0)], [], ("CUDA0 (X)",), None),  # lost meanwhile
        ([(5, 0)], [(1, 0)], ("CUDA0 (X)",), None),  # its driver was loaded anew
        ([(5, 0)], [(None, 0)], ("CUDA0 (X)",), None),
        ([(1, 0)], [(2, 0)], ("Vulkan0 (something else)",), None),
    ],
)
def test_which_cards_count(tmp_path, before, after, devices, joules):
    readings = [reading(*(card(j, "X", i) for j, i in cards)) for cards in (before, after)]
    found = meter(tmp_path, *readings).begin().so_far(devices)
    assert (found.joules if found else None) == joules


def test_the_first_part_of_a_split_card_carries_its_counter(tmp_path):
    parts = [reading(card(j, "X MIG 1g"), card(None, "X MIG 2g")) for j in (1.0, 4.0)]
    found = meter(tmp_path, *parts).begin().so_far(("CUDA0 (X MIG 1g)",))
    assert found == Energy(3.0, ("GPU",))


def test_a_counter_that_ran_round(tmp_path, package):
    package(RANGE - 500_000)
    measuring = meter(tmp_path, NO_CARD, NO_CARD).begin()
    package(1_500_000)
    found = measuring.so_far(())
    assert found is not None
    assert found.joules == pytest.approx(2.0)


def test_a_counter_that_may_have_run_round_twice_is_not_believed(tmp_path, package, monkeypatch):
    seconds = itertools.count(0, RANGE / 1e6 / 500 + 1)
    monkeypatch.setattr(energy.time, "monotonic", lambda: next(seconds))
    measuring = meter(tmp_path, NO_CARD, NO_CARD).begin()
    package(1_500_000)
    assert measuring.so_far(()) is None


def test_two_packages_count_both_or_not_at_all(tmp_path, package):
    zone(tmp_path, "intel-rapl:2", "package-1", 10_000_000)
    measuring = meter(tmp_path, NO_CARD, NO_CARD, NO_CARD).begin()
    package(2_000_000)
    zone(tmp_path, "intel-rapl:2", "package-1", 14_000_000)
    assert measuring.so_far(()) == Energy(5.0, ("processor",))
    # Only root may read it: it is as if there were none.
    (tmp_path / "intel-rapl:2" / "energy_uj").unlink()
    (tmp_path / "intel-rapl:2" / "energy_uj").mkdir()
    assert measuring.so_far(()) is None


@pytest.mark.parametrize("nonsense", ["", "x", "-"])
def test_nonsense_is_no_counter(tmp_path, package, nonsense):
    (tmp_path / "intel-rapl:0" / "energy_uj").write_text(nonsense)
    assert readable_counters(NO_CARD, tmp_path) == ()


def test_which_counters_can_be_read(tmp_path, package):
    assert readable_counters(reading(card(1.0)), tmp_path) == ("GPU", "processor")
    assert readable_counters(reading(card(None)), tmp_path) == ("processor",)
    assert readable_counters(NO_CARD, tmp_path / "none") == ()


def test_a_real_counter_of_the_drivers(driver, tmp_path):
    """Through the driver's own interface, with a counter that goes on in between."""
    code = f"""
from homebody.machine.energy import EnergyMeter
from homebody.machine.gpus import GpuReader
reader = GpuReader()
measuring = EnergyMeter(reader.read, Path({str(tmp_path)!r})).begin()
os.environ["FAKE_NVML"] = os.environ["FAKE_NVML"].replace("|5000250|", "|5123750|")
show(measuring.so_far(["CUDA0 (NVIDIA RTX 4090)"]))
reader.close()
"""
    assert driver.run(code, CARD) == [{"joules": 123.5, "of": ["GPU"]}]
