"""How likely each token of a reply was, from the real starter model."""

import math

import pytest

from engine.conftest import chat, write
from homebody.messages.frames import Sampling

JAPAN = chat("What is the capital of Japan?")


def test_each_token_and_its_likelihood_are_told_where_that_is_asked_for(engine):
    told = write(engine, messages=JAPAN, logprobs=True)
    assert told.text == "The capital of Japan is Tokyo."
    tokens = told.done.tokens
    assert "".join(token.text for token in tokens[:-1]) == told.text
    assert tokens[-1].text == "<|im_end|>"
    assert len(tokens) == told.done.generated_tokens
    assert all(-20 < token.logprob <= 0 for token in tokens)
    mean = sum(token.logprob for token in tokens) / len(tokens)
    assert mean == pytest.approx(told.done.mean_logprob, abs=1e-5)
    assert write(engine, messages=JAPAN).done.tokens == ()


def test_likelihoods_are_those_before_the_grammar_forced_a_token(engine):
    forced = write(engine, messages=JAPAN, logprobs=True, grammar='root ::= "Zebra"')
    assert forced.text == "Zebra"
    assert forced.done.tokens[0].logprob < -5


def test_half_a_character_does_not_break_a_frame(engine):
    reply = write(
        engine,
        messages=JAPAN,
        logprobs=True,
        grammar='root ::= "🏠家"',
        sampling=Sampling(temperature=0.0),
    )
    assert reply.text == "🏠家"
    assert all(math.isfinite(token.logprob) for token in reply.done.tokens)
    assert all(token.text for token in reply.done.tokens)
