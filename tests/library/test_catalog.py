"""The catalogue: every entry is whole, and one of them is for the card at hand."""

import re

import pytest

from homebody.base.errors import ModelProblem
from homebody.library.catalog import (
    catalog,
    parse_catalog,
    recommended,
    recommended_for_file,
    starter_entry,
)
from homebody.messages.shelf import CatalogModel

CACHE_AND_COMPUTE = 1.3e9
SHARE = 0.85
each_model = pytest.mark.parametrize("model", catalog(), ids=lambda model: model.key)


@each_model
def test_an_entry_is_whole(model: CatalogModel) -> None:
    assert re.fullmatch(r"[a-z0-9.-]+", model.key)
    assert re.fullmatch(r"[\w.-]+/[\w.-]+-GGUF", model.repo)
    assert re.fullmatch(r"[\w.-]+\.gguf", model.file)
    assert model.licence_url.startswith("https://")
    assert model.good_for.endswith(".")
    assert all((model.name, model.made_by, model.parameters))
    assert model.sha256 is None or re.fullmatch(r"[0-9a-f]{64}", model.sha256)
    assert set(model.unverified) <= set(CatalogModel.__struct_fields__)


@each_model
def test_what_nobody_checked_is_marked(model: CatalogModel) -> None:
    """A size that ends in noughts was rounded; no figure was compared with a file here."""
    assert model.exact is (model.bytes % 1_000_000 != 0)
    assert model.exact or "bytes" in model.unverified
    assert "sampling" in model.unverified


@each_model
def test_a_model_fits_the_card_that_it_is_recommended_for(model: CatalogModel) -> None:
    if model.card_gb:
        assert model.bytes + CACHE_AND_COMPUTE <= SHARE * model.card_gb * 1e9
    else:
        assert model.bytes < 1e9


@each_model
def test_no_licence_forbids_ordinary_use(model: CatalogModel) -> None:
    assert not re.search(r"\bnc\b|non-?commercial|research", model.licence.casefold())
    if model.licence.startswith("LFM"):
        assert "licence" in model.good_for


def test_names_are_unique_and_about_fifteen() -> None:
    models = catalog()
    assert 15 <= len(models) <= 20
    for what in ("key", "name", "file"):
        assert len({getattr(model, what).casefold() for model in models}) == len(models)
    assert "starter" not in {model.key for model in models}
    assert [model.card_gb for model in models] == sorted(model.card_gb for model in models)
    assert {4, 6, 8, 12, 16, 24} <= {model.card_gb for model in models}


@pytest.mark.parametrize(
    ("card", "key"),
    [
        (None, "lfm2.5-1.2b"),
        (2 << 30, "lfm2.5-1.2b"),
        (4_100_000_000, "qwen3-1.7b"),
        (6 << 30, "qwen3-4b-2507"),
        (8_188 << 20, "qwen3-8b"),
        (12_282 << 20, "qwen3.5-9b"),
        (16_380 << 20, "qwen3-14b"),
        (24_564 << 20, "qwen3.6-27b"),
        (80 << 30, "qwen3.6-27b"),
    ],
)
def test_one_is_recommended_for_a_card(card: int | None, key: str) -> None:
    assert recommended(card).key == key


def test_a_file_of_the_catalogue_is_known_by_its_name() -> None:
    found = recommended_for_file("qwen3-4b-instruct-2507-q4_k_m.GGUF")
    assert found is not None
    assert found.sampling.top_k == 20
    assert recommended_for_file("other.gguf") is None


def test_the_starter_is_read_without_the_others() -> None:
    assert starter_entry()["bytes"] == 98_362_432


GOOD = """
[[model]]
key = "a"
name = "A"
repo = "o/r-GGUF"
file = "a.gguf"
bytes = 1
exact = true
licence = "MIT"
licence_url = "https://example.org"
made_by = "M"
parameters = "1B"
kind = "dense"
good_for = "Tests."
unverified = []
card_gb = 4
sampling = { temperature = 0.5 }
"""


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[[model]]\nkey = 1", "key"),
        (GOOD.replace("bytes = 1", ""), "bytes"),
        (GOOD.replace('"dense"', '"thick"'), "thick"),
        (GOOD.replace("0.5", "50"), "temperature"),
        (GOOD + GOOD, "twice"),
        ("[[model", "array declaration"),
        ("model = 3", "not a list"),
        ("[[model]]\n" * 201, "200"),
        ("model = [1]", "not a list"),
    ],
)
def test_a_broken_catalogue_is_a_sentence(text: str, why: str) -> None:
    assert len(parse_catalog(GOOD)) == 1
    with pytest.raises(ModelProblem, match="cannot be used") as caught:
        parse_catalog(text)
    assert why in caught.value.message
    assert caught.value.hint
