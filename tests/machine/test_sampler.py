"""Readings for a window: while somebody watches, and not otherwise."""

import threading
import time

import pytest

from fake_nvml.driver import CARD
from homebody.machine.gpus import Gpu, GpuReading
from homebody.machine.sampler import Sampler

CARDS = GpuReading(kind="ok", gpus=(Gpu(index=0, name="X", memory_total=2, memory_free=1),))
NONE = GpuReading(kind="none")


class Counted:
    """A driver that counts how often it is asked, and about whom."""

    def __init__(self, reading):
        self.reading, self.asked = reading, []

    def __call__(self, own):
        self.asked.append(list(own))
        return self.reading


@pytest.fixture
def watching():
    """Watch on a thread, until the test ends: `watching(sampler)` returns what was seen."""
    opened = []

    def watch(sampler):
        seen = []
        thread = threading.Thread(target=lambda: seen.extend(sampler.watch()))
        thread.start()
        opened.append((sampler, thread))
        return seen, thread

    yield watch
    for sampler, thread in opened:
        sampler.close()
        thread.join(5)


def until(condition):
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def test_a_reading_at_once_and_then_one_after_each_interval(watching):
    read = Counted(CARDS)
    sampler = Sampler(read, lambda: [7], interval=0.02)
    begun = time.monotonic()
    watching(sampler)
    until(lambda: len(read.asked) >= 5)
    assert time.monotonic() - begun >= 0.08
    assert read.asked[0] == [7]


def test_nobody_watching_costs_nothing():
    read = Counted(CARDS)
    before = threading.active_count()
    sampler = Sampler(read, list, interval=0.001)
    time.sleep(0.05)
    assert (read.asked, threading.active_count()) == ([], before)
    sampler.close()
    assert list(sampler.watch()) == []


def test_a_hidden_window_sleeps_and_wakes_with_a_reading_at_once(watching):
    read = Counted(CARDS)
    sampler = Sampler(read, list, interval=60)
    watching(sampler)
    until(lambda: len(read.asked) == 1)
    sampler.watched = False
    time.sleep(0.05)
    assert (len(read.asked), sampler.watched) == (1, False)
    sampler.watched = True
    until(lambda: len(read.asked) == 2)


def test_closing_ends_who_watches_at_once(watching):
    sampler = Sampler(Counted(CARDS), list, interval=60)
    _, thread = watching(sampler)
    time.sleep(0.02)
    begun = time.monotonic()
    sampler.close()
    thread.join(5)
    assert not thread.is_alive()
    assert time.monotonic() - begun < 1


def test_closing_ends_who_sleeps(watching):
    sampler = Sampler(Counted(CARDS), list)
    sampler.watched = False
    seen, thread = watching(sampler)
    sampler.close()
    thread.join(5)
    assert (seen, thread.is_alive()) == ([], False)


def test_without_a_card_it_looks_seldom(watching):
    read = Counted(NONE)
    sampler = Sampler(read, list, interval=0.05)
    watching(sampler)
    time.sleep(0.3)
    assert len(read.asked) == 1


def test_it_costs_next_to_nothing(driver):
    code = """
import threading, time
from homebody.machine.gpus import GpuReader
from homebody.machine.sampler import Sampler
reader = GpuReader()
sampler = Sampler(reader.read, lambda: [1, 2], interval=0.02)
reader.read()
threading.Timer(1.0, sampler.close).start()
start = time.process_time()
count = sum(1 for _ in sampler.watch())
show((time.process_time() - start) / count)
reader.close()
"""
    (seconds,) = driver.run(code, CARD + CARD)
    print(f"a sample of two cards: {seconds * 1e3:.3f} ms of processor time, once a second")
    assert seconds < 0.005
