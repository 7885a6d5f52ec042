"""What the fit says against what llama.cpp reports after a real load, in ten layouts."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bench.fit import SITUATIONS, compare
from engine.tiny_models import SHAPES, sized
from homebody.base.paths import Home
from homebody.engine.client import Engine
from homebody.library.shelf import find_model
from wire.kit import eventually


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    engine = Engine()
    engine.start()
    eventually(lambda: engine.hello)
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    folder = tmp_path_factory.mktemp("fit")

    def make(name: str) -> Path:
        path = folder / f"{name}.gguf"
        return path if path.exists() else sized(path, SHAPES[name])

    return make


@pytest.mark.parametrize("situation", ["2,048 tokens", "q8_0 cache"])
@pytest.mark.parametrize("layout", SHAPES)
def test_every_layout_is_known_before_it_is_loaded(engine, model, layout, situation):
    found = compare(engine, model(layout), **SITUATIONS[situation])
    weights, cache, work, estimated = found.errors()
    assert abs(weights) <= 0.005
    assert abs(cache) <= 0.005
    assert abs(work) <= 0.01
    # Without asking llama.cpp: rather too much than too little.
    assert -0.1 <= estimated <= 0.3
    assert found.measured.cache_type == found.quick.cache_type == found.loaded.cache_type
    assert found.measured.measured
    assert not found.quick.measured


@pytest.mark.parametrize("situation", ["30,000 tokens", "q4_0 cache", "no flash attention"])
@pytest.mark.parametrize("layout", ["llama", "gemma3", "falcon-h1"])
def test_long_contexts_and_other_caches_too(engine, model, layout, situation):
    errors = compare(engine, model(layout), **SITUATIONS[situation]).errors()
    assert max(map(abs, errors[:3])) <= 0.01


def test_the_starter(engine):
    nowhere = Path("nowhere")
    path = find_model(Home(data=nowhere, config=nowhere, state=nowhere), "starter").path
    errors = compare(engine, path, context=4096).errors()
    assert max(map(abs, errors[:3])) <= 0.01
    assert abs(errors[3]) <= 0.1


def test_the_usual_context_is_the_engines(engine, model):
    found = compare(engine, model("llama"), context=0)
    assert found.quick.context == found.loaded.context == 8192
    assert max(map(abs, found.errors()[:3])) <= 0.01
