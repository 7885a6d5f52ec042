"""Which part of the cache serves a prompt."""

from hypothesis import given
from hypothesis import strategies as st

from homebody.engine.worker.sequences import Sequence, choose, shared_prefix

PLAIN, EXPERT = (), (("/plan.gguf", 1.0),)

# Few different tokens, so that beginnings are shared often.
tokens = st.lists(st.integers(0, 2), max_size=60)
sequences = st.lists(
    st.tuples(tokens, st.sampled_from([PLAIN, EXPERT]), st.integers(0, 9)), min_size=1, max_size=4
).map(lambda facts: [Sequence(i, t, a, u) for i, (t, a, u) in enumerate(facts)])
prompts = tokens.filter(bool)
some_adapters = st.sampled_from([PLAIN, EXPERT])


def naive(one, other):
    count = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        count += 1
    return count


@given(tokens, tokens)
def test_the_shared_prefix_is_what_a_loop_counts(one, other):
    assert shared_prefix(one, other) == naive(one, other)


@given(sequences, prompts, some_adapters, st.booleans())
def test_what_is_kept_is_what_the_prompt_begins_with(cache, prompt, adapters, can_copy):
    choice = choose(cache, prompt, adapters, can_copy=can_copy)
    kept = choice.source or choice.sequence
    assert kept.tokens[: choice.keep] == prompt[: choice.keep]
    assert len(kept.tokens) >= choice.keep


@given(sequences, prompts, some_adapters, st.booleans())
def test_a_token_is_always_left_to_read(cache, prompt, adapters, can_copy):
    """There are no logits without one."""
    assert 0 <= choose(cache, prompt, adapters, can_copy=can_copy).keep < len(prompt)


@given(sequences, prompts, some_adapters, st.booleans())
def test_nothing_is_used_under_other_adapters(cache, prompt, adapters, can_copy):
    choice = choose(cache, prompt, adapters, can_copy=can_copy)
    if choice.keep:
        assert (choice.source or choice.sequence).adapters == adapters


@given(sequences, prompts, some_adapters)
def test_a_memory_that_cannot_be_copied_is_not(cache, prompt, adapters):
    assert choose(cache, prompt, adapters, can_copy=False).source is None


@given(sequences, prompts, some_adapters, st.booleans())
def test_a_copy_goes_to_another_sequence(cache, prompt, adapters, can_copy):
    choice = choose(cache, prompt, adapters, can_copy=can_copy)
    assert choice.source is not choice.sequence


def test_a_conversation_that_goes_on_keeps_its_sequence():
    cache = [Sequence(0, [1] * 20, PLAIN, 1), Sequence(1, [2] * 20, PLAIN, 2)]
    choice = choose(cache, [1] * 20 + [3], PLAIN, can_copy=True)
    assert (choice.sequence.id, choice.keep, choice.source) == (0, 20, None)


def test_an_unrelated_prompt_takes_what_was_unused_for_longest():
    cache = [Sequence(0, [1] * 20, PLAIN, 2), Sequence(1, [2] * 20, PLAIN, 1)]
    assert choose(cache, [3] * 5, PLAIN, can_copy=True).sequence.id == 1


def test_an_empty_sequence_is_taken_before_a_used_one():
    cache = [Sequence(0, [1] * 20, PLAIN, 1), Sequence(1)]
    assert choose(cache, [3] * 5, PLAIN, can_copy=True).sequence.id == 1


def test_a_long_conversation_is_not_cut_for_a_short_prompt_that_begins_alike():
    """It is copied: both stay."""
    long, short = [7] * 30 + [1] * 100, [7] * 30 + [2] * 5
    cache = [Sequence(0, long, PLAIN, 1), Sequence(1)]
    choice = choose(cache, short, PLAIN, can_copy=True)
    assert (choice.sequence.id, choice.source.id, choice.keep) == (1, 0, 30)


def test_a_few_shared_tokens_do_not_cost_another_conversation_its_place():
    cache = [Sequence(0, [7] * 4 + [1] * 100, PLAIN, 2), Sequence(1)]
    choice = choose(cache, [7] * 4 + [2] * 5, PLAIN, can_copy=True)
    assert (choice.sequence.id, choice.keep) == (1, 0)
