"""`homebody models inspect`: what a model file is, in sentences and as JSON."""

import json
from pathlib import Path

import msgspec
import pytest

from cli.support import homebody
from engine.tiny_models import adapter, tiny_lfm2, tiny_mamba
from homebody.messages.reports import InspectReport
from library.gguf_files import STRING, U32, fact, part_of_model, with_facts


def test_the_starter_in_sentences() -> None:
    ran = homebody("models", "inspect", "starter")
    assert (ran.status, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[0].endswith(": a dense model of the architecture llama.")
    assert "Size: 98.4 MB; 134,515,008 weights (135M); Q4_1, 5.74 bits a weight; " in ran.out
    assert "Layers: 30, 576 wide, 9 heads of which 3 keep keys and values." in lines
    assert "Context: trained for 8,192 tokens." in lines
    assert "Vocabulary: 49,152 entries, its weights also the output's." in lines
    assert lines[-1] == "Nothing is wrong with its header: it can be loaded."
    assert all(line.endswith(".") for line in lines)


def test_json_is_an_inspect_report_and_has_the_fields_of_its_schema() -> None:
    ran = homebody("models", "inspect", "starter", "--json")
    report = msgspec.json.decode(ran.out, type=InspectReport, strict=True)
    assert (ran.status, report.quantisation, report.memory) == (0, "Q4_1", "attention")
    schema = json.loads(homebody("schema", "inspect").out)["$defs"]["InspectReport"]
    assert list(json.loads(ran.out)) == list(schema["properties"])
    assert set(schema["required"]) == set(schema["properties"])


def test_what_is_unknown_is_null(tmp_path: Path) -> None:
    path = with_facts().write(tmp_path / "m.gguf")
    printed = json.loads(homebody("models", "inspect", path, "--json").out)
    assert (printed["name"], printed["heads"], printed["licence"]) == (None, None, None)


def test_kinds_of_models_are_told_apart(tmp_path: Path) -> None:
    mamba = homebody("models", "inspect", tiny_mamba(tmp_path / "a.gguf")).out
    assert "architecture mamba, recurrent: its memory is a state that cannot go back." in mamba
    lfm2 = homebody("models", "inspect", tiny_lfm2(tmp_path / "b.gguf")).out
    assert "architecture lfm2, hybrid: 1 of its layers are recurrent." in lfm2
    assert "4 heads of which 0 to 4 keep keys and values." in lfm2
    experts = fact("llama.expert_count", U32, 8), fact("llama.expert_used_count", U32, 2)
    path = with_facts(*experts).write(tmp_path / "c.gguf")
    assert (
        "a mixture of 8 experts, 2 of them for a token" in homebody("models", "inspect", path).out
    )


def test_what_is_no_model_is_described_and_says_so(tmp_path: Path) -> None:
    path = adapter(tmp_path / "a.gguf", wide=32, layers=2)
    ran = homebody("models", "inspect", path)
    assert (ran.status, ran.err) == (0, "")
    assert ": an adapter: it changes a model and is none by itself." in ran.out
    last = ran.out.splitlines()[-1]
    assert last.startswith("a.gguf cannot be loaded: it is an adapter")
    homebody("ask", "--model", path, "hi").complained("a.gguf cannot be loaded: it is an adapter")


def test_a_file_of_several_names_the_others(tmp_path: Path) -> None:
    path = part_of_model(0, 2, 2).write(tmp_path / "big-00001-of-00002.gguf")
    ran = homebody("models", "inspect", path)
    assert "Files: big-00001-of-00002.gguf, big-00002-of-00002.gguf." in ran.out
    assert "there is no big-00002-of-00002.gguf beside it" in ran.out


@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_a_damaged_file_is_refused_with_its_cause(flags: list[str], tmp_path: Path) -> None:
    path = with_facts(fact("general.alignment", U32, 48)).write(tmp_path / "m.gguf")
    ran = homebody("models", "inspect", path, *flags)
    ran.complained("m.gguf cannot be loaded: its weights are aligned to 48 bytes")
    assert ran.out == ""
    homebody("models", "inspect", tmp_path / "no.gguf", *flags).complained("There is no model")


def test_a_name_in_a_file_steers_no_terminal(tmp_path: Path) -> None:
    evil = fact("general.name", STRING, "\x1b]0;owned\x07" + "x" * 100_000)
    path = with_facts(evil).write(tmp_path / "m.gguf")
    for flags in ([], ["--json"]):
        out = homebody("models", "inspect", path, *flags).out
        assert "\x1b" not in out
        assert len(out) < 3000


def test_without_an_action_or_a_file_it_cannot_be_parsed() -> None:
    for arguments in (["models"], ["models", "inspect"], ["models", "eat", "x"]):
        ran = homebody(*arguments)
        assert ran.status == 2
        assert "usage: homebody models" in ran.err
