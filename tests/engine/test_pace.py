"""Fewer threads compute while the machine is busy, and all of them when it is not."""

from collections.abc import Callable

from homebody.engine.worker.pace import Pace

IDLE = {2: 0.006, 1: 0.010}
BUSY = {2: 0.500, 1: 0.014}


def run(
    pace: Pace, cost: Callable[[float], dict[int, float]], start: float, seconds: float
) -> dict:
    """Compute tokens for so long; return how many with each number of threads."""
    moment, counts = start, {1: 0, 2: 0}
    while moment < start + seconds:
        threads = pace.threads
        counts[threads] += 1
        moment += cost(moment)[threads]
        pace.took(cost(moment)[threads], moment)
    return counts


def test_an_idle_machine_uses_all_threads() -> None:
    """Trying fewer must not cost a hundredth of the tokens."""
    counts = run(Pace(2), lambda _: IDLE, 0.0, 30.0)
    assert counts[2] > 0.99 * sum(counts.values())


def test_a_machine_that_becomes_busy_is_noticed_within_three_tokens() -> None:
    """Two slow tokens are the price; after them one thread goes on."""
    pace = Pace(2)
    run(pace, lambda _: IDLE, 0.0, 5.0)
    counts = run(pace, lambda _: BUSY, 5.0, 10.0)
    assert counts[1] > 20 * counts[2]


def test_all_threads_come_back_when_the_machine_is_free_again() -> None:
    """Within the wait that had grown meanwhile, at most thirty seconds."""
    pace = Pace(2)
    run(pace, lambda _: IDLE, 0.0, 2.0)
    run(pace, lambda _: BUSY, 2.0, 20.0)
    run(pace, lambda _: IDLE, 22.0, 31.0)
    assert pace.threads == 2


def test_a_machine_that_was_busy_from_the_start_is_noticed() -> None:
    """There is nothing to compare with yet, so fewer threads are tried at once."""
    counts = run(Pace(2), lambda _: BUSY, 0.0, 10.0)
    assert counts[1] > 20 * counts[2]


def test_more_threads_than_two_are_halved() -> None:
    """Eight, four, two, one."""
    cost = {8: 0.4, 4: 0.2, 2: 0.05, 1: 0.06}
    pace, moment = Pace(8), 0.0
    seen = set()
    for _ in range(400):
        seen.add(pace.threads)
        moment += cost[pace.threads]
        pace.took(cost[pace.threads], moment)
    assert seen == {8, 4, 2, 1}


def test_one_thread_stays_one() -> None:
    """There is nothing to choose."""
    pace = Pace(1)
    for _ in range(10):
        pace.took(1.0, 1.0)
    assert pace.threads == 1
