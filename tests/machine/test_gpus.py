"""Graphics cards: a fake driver that speaks NVML, in every state, and none at all."""

import subprocess
import sys

import pytest
from msgspec import convert

from fake_nvml.driver import CARD
from homebody.machine import gpus
from homebody.machine.gpus import GpuReading, driver_mark, read_gpus

SECOND = "card NVIDIA T4|16000000000|15000000000|0|40|-1|-1|7.5;"
BASE = "driver 550.54.14;cuda 12040;"
READ = "from homebody.machine.gpus import *\nshow(read_gpus())"


def read(driver, world, code=READ):
    return [convert(shown, GpuReading) for shown in driver.run(code, world)]


def test_everything_that_a_card_tells(driver):
    (reading,) = read(driver, BASE + CARD)
    assert (reading.kind, reading.driver, reading.cuda) == ("ok", "550.54.14", "12.4")
    assert (reading.card, reading.problem) == (True, "")
    (gpu,) = reading.gpus
    assert (gpu.index, gpu.name, gpu.compute) == (0, "NVIDIA RTX 4090", "8.9")
    assert gpu.uuid == "GPU-1"
    assert (gpu.memory_total, gpu.memory_free) == (24_000_000_000, 20_000_000_000)
    assert (gpu.load, gpu.temperature) == (0.37, 55)
    assert (gpu.power_watts, gpu.energy_joules) == (120.5, 5000.25)
    assert gpu.own_memory is None


def test_what_a_card_does_not_know_is_none(driver):
    (reading,) = read(driver, CARD + "card NVIDIA K80|1000|900|-1|-1|-1|-1|-1.0;")
    second = reading.gpus[1]
    assert reading.kind == "ok"
    assert (reading.driver, reading.cuda) == (None, None)
    assert (second.load, second.temperature, second.compute) == (None, None, None)
    assert (second.power_watts, second.energy_joules) == (None, None)
    assert second.memory_free == 900


def test_own_memory_is_that_of_the_processes_asked_about(driver):
    world = BASE + CARD + SECOND + "process 0|7|100;process 0|8|5000;process 1|7|30;"
    code = "from homebody.machine.gpus import *\nr = GpuReader()\n"
    code += "for own in [{7}, {7, 8}, {9}]: show(r.read(own))\nr.close()"
    ours = [[gpu.own_memory for gpu in each.gpus] for each in read(driver, world, code)]
    # The fake lists each in both lists, as real drivers do; nobody is counted twice.
    assert ours == [[100, 30], [5100, 30], [None, None]]
    # On Windows the driver names the process, and not its memory.
    (reading,) = read(driver, CARD + "process 0|7|-1;", code.replace("[{7}, {7, 8}, {9}]", "[{7}]"))
    assert reading.gpus[0].own_memory is None


def test_a_card_that_is_split_is_told_of_by_its_parts(driver):
    world = BASE + CARD + "mig 0|NVIDIA RTX 4090 MIG 1g.5gb|5000|4000;mig 0|Second|7000|6000;"
    (reading,) = read(driver, world)
    assert [(gpu.name, gpu.memory_total, gpu.memory_free) for gpu in reading.gpus] == [
        ("NVIDIA RTX 4090 MIG 1g.5gb", 5000, 4000),
        ("Second", 7000, 6000),
    ]
    # The counter is the card's, so it is told once.
    assert [gpu.energy_joules for gpu in reading.gpus] == [5000.25, None]


def test_a_card_that_is_split_into_nothing(driver):
    (reading,) = read(driver, BASE + CARD + "mig 0|No part|0|0;")
    assert (reading.kind, reading.gpus) == ("none", ())
    assert "MIG" in reading.problem
    assert reading.hint


LOSING = """
import os, time
from homebody.machine import gpus
reader = gpus.GpuReader()
world = os.environ["FAKE_NVML"]
show(reader.read())
os.environ["FAKE_NVML"] = world + "lost 0;"
show(reader.read())
show(reader.read())
gpus._AGAIN = 0.0
show(reader.read())
os.environ["FAKE_NVML"] = world
show(reader.read())
reader.close()
"""


def test_a_card_that_is_lost_while_running_is_named_and_the_others_go_on(driver):
    before, *lost, back = read(driver, BASE + CARD + SECOND, LOSING)
    assert len(before.gpus) == 2
    for reading in lost:  # at once, later, and after NVML was opened anew
        assert reading.kind == "lost"
        assert [gpu.name for gpu in reading.gpus] == ["NVIDIA T4"]
        assert "NVIDIA RTX 4090 stopped answering" in reading.problem
        assert "Restart" in reading.hint
    assert (back.kind, len(back.gpus)) == ("ok", 2)


def test_the_only_card_is_lost(driver):
    _, *lost, back = read(driver, BASE + CARD, LOSING)
    assert [(reading.kind, reading.gpus) for reading in lost] == [("lost", ())] * 3
    assert back.kind == "ok"


def test_a_card_that_was_lost_before_we_came(driver):
    (reading,) = read(driver, BASE + CARD + "lost 0;")
    assert reading.kind == "lost"
    assert "graphics card stopped answering" in reading.problem


@pytest.mark.parametrize(
    ("world", "kind", "words"),
    [
        ("init 9;" + CARD, "no_driver", "not running"),
        ("init 18;" + CARD, "old_driver", "updated"),
        ("init 4;" + CARD, "no_driver", "does not let"),
        ("init 15;" + CARD, "lost", "lost"),
        ("init 999;" + CARD, "no_driver", "does not answer"),
        ("count 999;" + CARD, "no_driver", "does not answer"),
        ("", "none", "finds no graphics card"),
        ("card nonsense;", "no_driver", "does not answer"),
    ],
)
def test_a_driver_that_cannot_be_used_is_a_sentence(driver, world, kind, words):
    (reading,) = read(driver, world)
    assert (reading.kind, reading.gpus) == (kind, ())
    assert words in reading.problem
    assert reading.problem.endswith(".")


def test_an_ancient_driver_is_too_old(ancient_driver):
    (reading,) = read(ancient_driver, CARD)
    assert (reading.kind, reading.problem) == (
        "old_driver",
        "NVIDIA's driver is too old for Homebody.",
    )


def test_a_failure_is_asked_about_again_later_and_not_at_once(driver):
    code = """
from homebody.machine import gpus
reader = gpus.GpuReader()
show(reader.read())
os.environ["FAKE_NVML"] = os.environ["FAKE_NVML"].replace("init 9;", "")
show(reader.read())
gpus._AGAIN = 0.0
show(reader.read())
reader.close()
"""
    kinds = [reading.kind for reading in read(driver, "init 9;" + CARD, code)]
    assert kinds == ["no_driver", "no_driver", "ok"]


def test_a_reading_costs_little_once_it_is_open(driver):
    code = """
import time
from homebody.machine.gpus import GpuReader
reader = GpuReader()
reader.read()
times = []
for _ in range(200):
    start = time.perf_counter()
    reader.read({1})
    times.append(time.perf_counter() - start)
reader.close()
show(sorted(times)[100] * 1e3)
"""
    (median,) = driver.run(code, BASE + CARD + SECOND)
    print(f"a reading of two cards: {median:.3f} ms without what a real driver takes")
    assert median < 5


def test_the_names_reach_the_machine_where_no_file_tells(driver):
    code = """
from homebody.machine import readings
readings._NVIDIA = Path("/nowhere")
show(readings.read_machine().gpus)
"""
    assert driver.run(code, CARD + SECOND) == [["NVIDIA RTX 4090", "NVIDIA T4"]]


def lay_bus(folder, *devices):
    for number, (vendor, kind) in enumerate(devices):
        place = folder / f"0000:0{number}:00.0"
        place.mkdir()
        (place / "vendor").write_text(f"{vendor}\n")
        (place / "class").write_text(f"{kind}\n")


@pytest.mark.skipif(sys.platform != "linux", reason="looks at the bus of Linux")
@pytest.mark.parametrize(
    ("devices", "kind", "card"),
    [
        ([("0x10de", "0x030000"), ("0x8086", "0x020000")], "no_driver", True),
        ([("0x10de", "0x030200")], "no_driver", True),
        ([("0x10de", "0x040300"), ("0x1002", "0x030000")], "none", False),
        ([], "no_driver", None),
    ],
)
def test_without_a_driver_the_bus_says_whether_there_is_a_card(
    tmp_path, monkeypatch, devices, kind, card
):
    lay_bus(tmp_path, *devices)
    monkeypatch.setattr(gpus, "_PCI", tmp_path)
    monkeypatch.setattr(gpus, "_LIBRARY", "libnvidia-ml-that-is-not-there.so.1")
    reading = read_gpus()
    assert (reading.kind, reading.card) == (kind, card)
    assert reading.problem.endswith(".")
    assert bool(reading.hint) == (kind == "no_driver")


def test_half_a_driver_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(gpus, "_DEVICES", tmp_path)
    assert gpus._half_loaded() == {}
    (tmp_path / "nvidiactl").touch()
    assert "nvidia-uvm" in gpus._half_loaded()["problem"]
    (tmp_path / "nvidia-uvm").touch()
    assert gpus._half_loaded() == {}


@pytest.mark.skipif(sys.platform != "linux", reason="reads a file of Linux's driver")
def test_the_mark_of_a_driver(tmp_path, monkeypatch):
    monkeypatch.setattr(gpus, "_DRIVER", tmp_path / "version")
    assert driver_mark() == ""
    (tmp_path / "version").write_text("NVRM version: 550.54\nGCC version: 12\n")
    assert driver_mark() == "NVRM version: 550.54"


def test_nothing_of_nvidias_is_imported_before_it_is_asked_for():
    code = (
        "import sys; from homebody.machine import gpus; gpus._LIBRARY = 'no.so'; "
        "gpus.read_gpus(); print('pynvml' in sys.modules)"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert shown.stdout.split() == [b"False"]
