"""`homebody models fit`: sentences, JSON, and what cannot be."""

from pathlib import Path

import msgspec
import pytest

from cli.support import homebody
from engine.tiny_models import SHAPES, sized, tiny_llama
from fake_nvml.driver import CARD, FakeDriver
from homebody.messages.fit import FitReport


def test_the_starter_in_sentences() -> None:
    ran = homebody("models", "fit", "starter", "--context", "2048")
    assert (ran.status, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert "2,048 tokens (trained for 8,192), cache f16." in ran.out
    assert any(line.startswith("Processor's memory: ") and " work = " in line for line in lines)
    assert all(line.endswith(".") for line in lines)


def test_json_is_a_fit_report() -> None:
    ran = homebody("models", "fit", "starter", "--json")
    report = msgspec.json.decode(ran.out, type=FitReport, strict=True)
    assert (ran.status, ran.err) == (0, "")
    assert (report.plan.measured, report.plan.layers, report.trained_context) == (True, 31, 8192)
    assert report.plan.verdict != "no"
    assert report.plan.processor.free is not None


def test_the_settings_count(profile: Path) -> None:
    profile.mkdir(parents=True)
    (profile / "settings.toml").write_text('context = 3000\ncache_type = "q8_0"\n')
    report = msgspec.json.decode(homebody("models", "fit", "starter", "--json").out, type=FitReport)
    assert (report.plan.context, report.plan.cache_type) == (3000, "q8_0")
    given = homebody("models", "fit", "starter", "--json", "--context", "5000")
    assert msgspec.json.decode(given.out, type=FitReport).plan.context == 5000


def test_without_llama_cpp_there_is_an_estimate_and_a_word(tmp_path: Path) -> None:
    path = sized(tmp_path / "m.gguf", SHAPES["llama"])
    broken = {"LLAMA_CPP_LIB_PATH": str(tmp_path)}
    ran = homebody("models", "fit", path, "--json", environment=broken)
    report = msgspec.json.decode(ran.out, type=FitReport)
    assert (ran.status, report.plan.measured) == (0, False)
    assert ran.err.startswith("note: llama.cpp could not say what this model takes.")
    # Nobody promises that it can be loaded.
    assert "may end the engine" in ran.err


def test_a_model_that_llama_cpp_refuses_is_refused(tmp_path: Path) -> None:
    path = tiny_llama(tmp_path / "odd.gguf", architecture="oddity")
    homebody("models", "fit", path).complained("a model of the kind 'oddity'")


def test_a_card_that_is_hidden_is_not_planned_with(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """With what a CUDA build is known by, and the fake driver; llama.cpp itself finds no card."""
    driver = FakeDriver(tmp_path_factory.mktemp("driver"))
    (tmp_path / "libggml-cuda.so").touch()
    around = driver.surroundings("driver 550.54.14;cuda 12040;" + CARD)
    around["LLAMA_CPP_LIB_PATH"] = str(tmp_path)
    shown = homebody("models", "fit", "starter", "--json", environment=around)
    assert msgspec.json.decode(shown.out, type=FitReport).plan.verdict == "gpu"
    for hiding in ("-1", ""):
        hidden = around | {"CUDA_VISIBLE_DEVICES": hiding}
        ran = homebody("models", "fit", "starter", "--json", environment=hidden)
        plan = msgspec.json.decode(ran.out, type=FitReport).plan
        assert (plan.verdict, plan.gpu) == ("processor", None)


@pytest.mark.parametrize("context", ["-1", "99999999999"])
def test_a_context_that_cannot_be(context: str) -> None:
    homebody("models", "fit", "starter", "--context", context).complained("cannot be")


def test_what_is_no_model(tmp_path: Path) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(b"<html>")
    homebody("models", "fit", path).complained("HTML page")
    homebody("models", "fit", "nothing-of-that-name").complained("There is no model")
