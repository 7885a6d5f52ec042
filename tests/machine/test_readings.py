"""Readings, on this machine and on made-up ones."""

import os
import subprocess
import sys
import time

import pytest

from homebody.machine import readings
from homebody.machine.readings import physical_cores, read_machine

linux = pytest.mark.skipif(sys.platform != "linux", reason="reads files of Linux")


def lay_out(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.fixture
def made_up(tmp_path, monkeypatch):
    """An empty Linux machine, to be furnished."""
    for name in ("_CORES", "_CPUINFO", "_NVIDIA", "_GROUPS", "_OWN_GROUPS"):
        monkeypatch.setattr(readings, name, tmp_path / name)
    return tmp_path


def test_this_machine():
    machine = read_machine()
    assert machine.system
    assert machine.memory_total > machine.memory_available > 0
    assert 1 <= machine.physical_cores <= machine.logical_cores
    assert 1 <= physical_cores() <= machine.physical_cores
    assert machine.gpus is None or all(machine.gpus)
    if sys.platform == "linux":
        release = os.uname().release.split(".")
        assert machine.system.startswith(f"Linux {release[0]}.{release[1].split('-')[0]} ")


def test_counting_cores_is_cheap_and_needs_no_psutil():
    start = time.perf_counter()
    physical_cores()
    print(f"physical_cores: {(time.perf_counter() - start) * 1000:.2f} ms")
    if sys.platform == "linux":
        code = (
            "import sys; from homebody.machine.readings import physical_cores; "
            "physical_cores(); print('psutil' in sys.modules)"
        )
        shown = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
        assert shown.stdout.split() == [b"False"]


@linux
def test_threads_of_one_core_count_once(made_up, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))
    for number in range(8):
        siblings = f"{number % 4},{number % 4 + 4}\n"
        lay_out(made_up, {f"_CORES/cpu{number}/topology/thread_siblings_list": siblings})
    assert read_machine().physical_cores == physical_cores() == 4
    assert read_machine().logical_cores == 8
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 4, 1})
    assert physical_cores() == 2


@linux
def test_cores_from_cpuinfo(made_up, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3})
    blocks = [
        f"processor\t: {n}\nmodel name\t: Some  CPU\nphysical id\t: 0\ncore id\t: {n // 2}\n"
        for n in range(4)
    ]
    lay_out(made_up, {"_CPUINFO": "\n".join(blocks)})
    machine = read_machine()
    assert machine.physical_cores == 2
    assert machine.processor == "Some CPU"


@linux
def test_unknown_is_none(made_up):
    machine = read_machine()
    assert machine.physical_cores is None
    assert machine.processor is None
    assert machine.core_limit is None
    assert machine.gpus is None
    assert physical_cores() == os.cpu_count()


@linux
@pytest.mark.parametrize(
    ("files", "limit"),
    [
        ({"_OWN_GROUPS": "0::/\n", "_GROUPS/cpu.max": "150000 100000\n"}, 1.5),
        ({"_OWN_GROUPS": "0::/\n", "_GROUPS/cpu.max": "max 100000\n"}, None),
        (
            {
                "_OWN_GROUPS": "0::/a/b\n",
                "_GROUPS/a/b/cpu.max": "400000 100000\n",
                "_GROUPS/a/cpu.max": "200000 100000\n",
            },
            2,
        ),
        # A container that sees the host's path, and itself as the root.
        ({"_OWN_GROUPS": "0::/../x\n", "_GROUPS/cpu.max": "50000 100000\n"}, 0.5),
        (
            {
                "_OWN_GROUPS": "5:memory:/\n4:cpu,cpuacct:/docker/1\n0::/\n",
                "_GROUPS/cpu/cpu.cfs_quota_us": "300000\n",
                "_GROUPS/cpu/cpu.cfs_period_us": "100000\n",
                "_GROUPS/cpu/docker/1/cpu.cfs_quota_us": "-1\n",
                "_GROUPS/cpu/docker/1/cpu.cfs_period_us": "100000\n",
            },
            3,
        ),
        ({"_OWN_GROUPS": "nonsense\n0::\n", "_GROUPS/cpu.max": "x\n"}, None),
        ({"_OWN_GROUPS": "0::/\n", "_GROUPS/cpu.max": "100000 0\n"}, None),
    ],
)
def test_limits_of_containers(made_up, monkeypatch, files, limit):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(16)))
    monkeypatch.setattr(os, "cpu_count", lambda: 16)
    lay_out(made_up, files)
    assert read_machine().core_limit == limit
    assert physical_cores() == (16 if limit is None else max(1, int(limit)))


@linux
def test_gpus(made_up):
    lay_out(
        made_up,
        {
            "_NVIDIA/0000:01:00.0/information": "Model: \t\t NVIDIA H200\nIRQ: 12\n",
            "_NVIDIA/0000:02:00.0/information": "Model: \t\t NVIDIA  T4\n",
        },
    )
    assert read_machine().gpus == ("NVIDIA H200", "NVIDIA T4")


def test_memory_without_psutil(monkeypatch):
    monkeypatch.setitem(sys.modules, "psutil", None)
    assert readings.read_memory() == (None, None)
