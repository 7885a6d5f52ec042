"""Choosing tokens, against an implementation that is too simple to be wrong."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import settings as run
from hypothesis import strategies as st

from homebody.base.errors import EngineProblem
from homebody.engine.worker.sampling import Sampler
from homebody.messages.frames import Sampling


def rows_within(most):
    """Logits of a small vocabulary, all different."""
    values = st.floats(-most, most, width=32)
    return st.lists(values, min_size=1, max_size=40, unique=True).map(
        lambda row: np.asarray(row, dtype=np.float32)
    )


rows = rows_within(4) | rows_within(30)
# Each cut is often off, or it would hide what the others do.
settings = st.builds(
    Sampling,
    temperature=st.floats(0.05, 3.0),
    top_k=st.just(0) | st.integers(0, 8),
    top_p=st.just(1.0) | st.floats(0.0, 1.0),
    min_p=st.just(0.0) | st.floats(0.0, 1.0),
)


def softmax(row, temperature=1.0):
    weights = [math.exp((float(x) - float(max(row))) / temperature) for x in row]
    return [weight / sum(weights) for weight in weights]


def may_be_drawn(row, sampling):
    """Temperature, then top_k, then top_p and min_p of what is left, as the frame promises.

    Returns what must be possible and what may be: they differ where a bound is met to the last bit.
    """
    probabilities = softmax(row, sampling.temperature)
    order = sorted(range(len(row)), key=lambda token: -row[token])[: sampling.top_k or None]
    mass = sum(probabilities[token] for token in order)
    surely, perhaps, before = set(), set(), 0.0
    for place, token in enumerate(order):
        share = probabilities[token] / mass
        ratio = probabilities[token] / probabilities[order[0]]
        if place == 0 or (before < sampling.top_p + 1e-6 and ratio > sampling.min_p - 1e-6):
            perhaps.add(token)
        if place == 0 or (before < sampling.top_p - 1e-6 and ratio > sampling.min_p + 1e-6):
            surely.add(token)
        before += share
    return surely, perhaps


@given(rows)
def test_temperature_0_takes_the_likeliest(row):
    sampler = Sampler(Sampling(temperature=0.0, min_p=1.0, top_k=1), seed=1, n_vocab=row.size)
    assert sampler.choose(row, []) == max(range(row.size), key=row.__getitem__)


class Ruler:
    """In place of a random generator: any number of the unit interval, instead of luck."""

    value = 0.0

    def random(self):
        return self.value


def drawn_along_the_ruler(row, sampling, steps):
    """Every token that is drawn for some random number; the last of them stands at the end."""
    sampler = Sampler(sampling, 0, row.size)
    sampler._random = ruler = Ruler()
    drawn = set()
    for value in [*(step / steps for step in range(steps)), math.nextafter(1.0, 0.0)]:
        ruler.value = value
        drawn.add(sampler.choose(row, []))
    return drawn


@given(rows, settings)
def test_only_what_top_k_top_p_and_min_p_leave_is_drawn(row, sampling):
    _, perhaps = may_be_drawn(row, sampling)
    assert drawn_along_the_ruler(row, sampling, 20) <= perhaps


@run(max_examples=25, deadline=None)
@given(rows, settings)
def test_all_that_they_leave_can_be_drawn(row, sampling):
    surely, _ = may_be_drawn(row, sampling)
    likely = {t for t in surely if softmax(row, sampling.temperature)[t] > 5e-3}
    assert likely <= drawn_along_the_ruler(row, sampling, 1000)


def test_tokens_are_drawn_as_often_as_they_are_likely():
    row = np.log(np.asarray([0.5, 0.3, 0.15, 0.05], dtype=np.float32))
    sampler = Sampler(Sampling(temperature=1.0, top_k=0, top_p=1.0, min_p=0.0), 7, 4)
    count = 20_000
    drawn = np.bincount([sampler.choose(row, []) for _ in range(count)], minlength=4) / count
    assert drawn == pytest.approx([0.5, 0.3, 0.15, 0.05], abs=0.015)


@given(rows, settings, st.integers(0, 2**32 - 1))
def test_a_seed_repeats_its_choices(row, sampling, seed):
    one, other = (Sampler(sampling, seed, row.size) for _ in range(2))
    assert [one.choose(row, []) for _ in range(10)] == [other.choose(row, []) for _ in range(10)]


@given(rows, st.data())
def test_the_log_probability_is_that_of_a_naive_softmax(row, data):
    token = data.draw(st.integers(0, row.size - 1))
    probability = softmax(row)[token]
    assume(probability > 1e-25)
    sampler = Sampler(Sampling(), 0, row.size)
    assert sampler.logprob(row, token) == pytest.approx(math.log(probability), abs=1e-4)


@given(rows, settings, st.lists(st.integers(0, 39), max_size=100), st.data())
def test_the_logits_are_not_written_to(row, sampling, recent, data):
    """They belong to llama.cpp."""
    before = row.copy()
    row.setflags(write=False)
    sampling = Sampling(temperature=sampling.temperature, repeat_penalty=1.3)
    sampler = Sampler(sampling, 0, row.size)
    sampler.choose(row, [token % row.size for token in recent])
    sampler.logprob(row, 0)
    assert (row == before).all()


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_repeat_penalty_makes_repeating_less_likely(sign):
    """Also for logits below zero, which a division would raise."""
    row = (
        np.asarray([2.0, 1.9], dtype=np.float32)
        if sign > 0
        else np.asarray([-1.9, -2.0], np.float32)
    )
    sampler = Sampler(Sampling(repeat_penalty=1.5), 0, 2)
    assert sampler.choose(row, []) == 0
    assert sampler.choose(row, [0]) == 1


@given(rows, settings, st.data())
def test_a_choice_among_candidates_is_one_of_them(row, sampling, data):
    some = data.draw(st.sets(st.integers(0, row.size - 1), min_size=1))
    sampler = Sampler(sampling, 0, row.size)
    assert sampler.choose_among(row, np.asarray(sorted(some), dtype=np.intp)) in some


@pytest.mark.parametrize("temperature", [0.0, 1.0])
@pytest.mark.parametrize("row", [[math.nan, 1.0], [-math.inf, -math.inf], [math.inf, 0.0]])
def test_numbers_that_are_none_are_a_sentence(row, temperature):
    """A damaged model computes them."""
    sampler = Sampler(Sampling(temperature=temperature), 0, 2)
    with pytest.raises(EngineProblem, match="not a number"):
        sampler.choose(np.asarray(row, dtype=np.float32), [])


def test_a_forbidden_token_is_never_drawn():
    """A logit of minus infinity."""
    row = np.asarray([-math.inf, 0.0, -math.inf], dtype=np.float32)
    sampler = Sampler(Sampling(temperature=5.0, top_k=0, top_p=1.0, min_p=0.0), 0, 3)
    assert {sampler.choose(row, []) for _ in range(50)} == {1}
    assert sampler.logprob(row, 0) == -math.inf
