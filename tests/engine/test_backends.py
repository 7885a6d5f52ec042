"""Loadable backends: which is chosen, what has to fit, and that nothing else is ever loaded.

In a real engine with its locks, in a build that the tests compile around the installed llama.cpp.
"""

import os
import re
import shutil
from pathlib import Path

import msgspec
import pytest

from engine.conftest import write
from engine.stand_in import (
    BASE,
    BEST,
    MADE,
    NO_GPU,
    VARIANT,
    compiler,
    make_build,
    make_pack,
    write_manifest,
)
from homebody.base.errors import EngineProblem
from homebody.engine import build as builds
from homebody.engine.build import (
    FOLDER,
    PACKS,
    binding_version,
    build_folder,
    has_gpu_code,
    pack_folders,
    processor_code,
    read_manifest,
    read_pack,
)
from homebody.engine.dry import dry_load
from homebody.engine.worker.report import loaded_backend


@pytest.fixture(scope="module")
def compile_(tmp_path_factory):
    return compiler(tmp_path_factory.mktemp("sources"))


@pytest.fixture
def build(tmp_path, compile_, monkeypatch):
    """A build of the test's own, which engines use."""
    folder = make_build(tmp_path / "build with a spâce", compile_)
    monkeypatch.setenv(FOLDER, str(folder))
    return folder


@pytest.fixture
def pack(tmp_path, compile_, monkeypatch):
    folder = make_pack(tmp_path / "vulkan", compile_)
    monkeypatch.setenv(PACKS, str(folder))
    return folder


def mapped(pid: int) -> set[str]:
    """Return the files in a process's memory."""
    lines = Path(f"/proc/{pid}/maps").read_text().splitlines()
    return {found[0] for line in lines if (found := re.search(r"/.*", line))}


def refused(fresh, load) -> EngineProblem:
    """Return why an engine does not load; it lives, and says so each time."""
    engine = fresh()
    with pytest.raises(EngineProblem) as first:
        engine.load(load)
    pid = engine.pid
    with pytest.raises(EngineProblem, match=re.escape(first.value.message)):
        engine.load(load)
    assert engine.pid == pid
    assert engine.last_death is None
    return first.value


# ---------------------------------------------------------------- what is loaded


def test_the_best_for_this_processor_is_used_under_all_locks(build, fresh, load):
    engine = fresh(load)
    assert (engine.loaded.backends, engine.loaded.processor_choice) == ((BEST,), 3)
    assert engine.loaded.pack_problems == ()
    assert engine.hello.locks
    files = mapped(engine.pid)
    assert str(build / BEST) in files
    assert str(build / "libggml-cpu-small.so") not in files
    assert write(engine, prompt="One, two,", max_tokens=4).text


def test_nothing_that_lies_in_the_current_folder_is_loaded(
    build, fresh, load, compile_, tmp_path, monkeypatch
):
    """Nor what the loader would take for a library that another one needs."""
    planted = tmp_path / "planted"
    planted.mkdir()
    for name in ("small", "zen4"):
        compile_(VARIANT, planted / f"libggml-cpu-{name}.so", '-DNAME="planted"', "-DSCORE=999")
    for name in ("ggml", "llama", "ggml-base", "ggml-vulkan", "ggml-blas"):
        text = VARIANT + BASE
        soname = f"-Wl,-soname,lib{name}.so"
        compile_(text, planted / f"lib{name}.so", '-DNAME="planted"', "-DSCORE=999", soname)
    monkeypatch.chdir(planted)
    monkeypatch.setenv("LD_LIBRARY_PATH", str(planted))
    engine = fresh(load)
    assert engine.loaded.backends == (BEST,)
    assert not [file for file in mapped(engine.pid) if file.startswith(str(planted))]
    said = engine._keeper.last_lines
    assert f"loading {build / BEST}" in said
    assert "loading planted" not in said


def test_a_folder_that_was_named_from_the_current_one_is_meant(build, fresh, load, monkeypatch):
    monkeypatch.chdir(build)
    monkeypatch.setenv(FOLDER, ".")
    engine = fresh(load)
    assert str(build / BEST) in mapped(engine.pid)


def test_a_build_of_one_file_is_used_as_it_is(engine):
    assert (engine.loaded.backends, engine.loaded.processor_choice) == ((), 0)


def test_a_dry_load_works_with_it(build, load):
    assert dry_load(load).layers == 31


# ---------------------------------------------------------------- what has to fit


def test_libraries_of_another_version_are_refused_with_both_versions(build, fresh, load):
    write_manifest(build, [], binding="0.3.1")
    problem = refused(fresh, load)
    assert "those of llama-cpp-python 0.3.1" in problem.message
    assert f"has its version {binding_version()}." in problem.message
    assert "Install Homebody again" in problem.hint


@pytest.mark.parametrize("text", [None, "", "{}", "[1]", '{"binding": 5}', "\xff"])
def test_libraries_that_nothing_is_said_of_are_refused(build, fresh, load, text):
    (build / "engine.json").unlink()
    if text is not None:
        (build / "engine.json").write_text(text, "latin-1")
    assert "engine.json is missing or damaged" in refused(fresh, load).message


@pytest.mark.parametrize("how", ["gone", "cut off"])
def test_a_library_that_is_not_whole_is_named(build, fresh, load, how):
    file = build / "libggml-cpu-small.so"
    if how == "gone":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:-1])
    assert "libggml-cpu-small.so in" in refused(fresh, load).message


def test_where_all_the_processors_code_is_gone_the_current_folder_is_not_asked(build, fresh, load):
    """As where a program against viruses took it."""
    for file in build.glob("libggml-cpu-*"):
        file.unlink()
    assert "libggml-cpu-large.so in" in refused(fresh, load).message


def test_a_library_that_does_not_load_is_named(build, fresh, load):
    (build / "libggml.so").write_bytes(b"no library")
    write_manifest(build, ["libggml.so"])
    problem = refused(fresh, load)
    assert problem.message.startswith("The engine cannot start: ")
    assert "libggml.so" in problem.message


def test_where_no_file_suits_the_processor_the_current_folder_is_not_asked(build, fresh, load):
    (build / BEST).unlink()
    (build / "libggml-cpu-small.so").unlink()
    write_manifest(build, [])
    assert "None of the 1 files with code for a processor" in refused(fresh, load).message


def test_a_manifest_names_files_of_its_own_folder_alone(tmp_path):
    for name in ("../libx.so", "/libx.so", "a/libx.so", "a\\libx.so", "..", ".hidden", "", "C:x"):
        said = msgspec.to_builtins(MADE) | {"files": {name: {"sha256": "", "bytes": 1}}}
        (tmp_path / "engine.json").write_bytes(msgspec.json.encode(said))
        assert read_manifest(tmp_path) is None, name
        pack = {"name": "x", "title": "X", "for": msgspec.to_builtins(MADE), "files": {}}
        (tmp_path / "pack.json").write_bytes(msgspec.json.encode(pack | {"backend": name}))
        assert read_pack(tmp_path) is None, name


# ---------------------------------------------------------------- packs


def test_a_pack_is_registered_with_what_it_needs(build, pack, fresh, load):
    engine = fresh(load)
    assert engine.loaded.backends == (BEST, "libggml-vulkan.so")
    assert engine.loaded.pack_problems == ()
    assert engine.loaded.gpu_build
    assert "registered 4711" in engine._keeper.last_lines
    assert {str(pack / "libneeded.so.1"), str(pack / "libggml-vulkan.so")} <= mapped(engine.pid)


def test_a_pack_of_another_engine_is_left_alone(
    build, fresh, load, tmp_path, compile_, monkeypatch
):
    other = msgspec.to_builtins(MADE) | {"sdist_sha256": "1" * 64}
    folder = make_pack(tmp_path / "old", compile_, **{"for": other})
    monkeypatch.setenv(PACKS, str(folder))
    engine = fresh(load)
    assert engine.loaded.backends == (BEST,)
    (problem,) = engine.loaded.pack_problems
    assert "does not belong to this Homebody" in problem
    assert f"homebody: {problem}" in engine._keeper.last_lines
    assert not [file for file in mapped(engine.pid) if file.startswith(str(folder))]


@pytest.mark.parametrize("missing", ["libneeded.so.1", "libggml-vulkan.so", "pack.json"])
def test_a_pack_that_does_not_load_is_no_death(build, pack, fresh, load, missing):
    (pack / missing).unlink()
    engine = fresh(load)
    assert engine.loaded.backends == (BEST,)
    (problem,) = engine.loaded.pack_problems
    assert missing in problem or "does not belong" in problem
    assert write(engine, prompt="One, two,", max_tokens=4).text


@pytest.mark.parametrize("text", [NO_GPU, "int no_backend;"])
def test_a_backend_that_is_none_is_no_death(build, pack, fresh, load, compile_, text):
    compile_(text, pack / "libggml-vulkan.so")
    (problem,) = fresh(load).loaded.pack_problems
    assert "The pack Vulkan cannot be" in problem


def test_only_whole_paths_name_packs(monkeypatch, tmp_path):
    monkeypatch.setenv(PACKS, os.pathsep.join(["", "vulkan", str(tmp_path), "./cuda"]))
    assert pack_folders() == (tmp_path,)


# ---------------------------------------------------------------- which build it is


def test_what_ships_counts_before_what_was_compiled_here_but_not_before_the_persons_word(
    tmp_path, monkeypatch
):
    monkeypatch.delenv(FOLDER, raising=False)
    monkeypatch.setattr(builds, "shipped", lambda name: tmp_path / "shipped" / name)
    compiled = build_folder()
    assert compiled is not None
    assert (compiled.parent.name, compiled.name) == ("llama_cpp", "lib")
    assert processor_code(compiled) == ()
    own = tmp_path / "shipped" / "engine"
    own.mkdir(parents=True)
    assert build_folder() == compiled
    (own / "engine.json").touch()
    assert build_folder() == own
    monkeypatch.setenv(FOLDER, str(tmp_path))
    assert build_folder() == tmp_path
    # As it is where a program sets it to nothing.
    monkeypatch.setenv(FOLDER, "")
    assert build_folder() == own


def test_what_ships_is_used_without_being_told(build, fresh, load, tmp_path, monkeypatch):
    """As in a packaged Homebody: by the same code in a copy of it."""
    package = Path(builds.__file__).parent.parent
    copy = tmp_path / "copy" / "homebody"
    shutil.copytree(package, copy, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(build, copy / "shipped" / "engine", symlinks=True)
    monkeypatch.delenv(FOLDER)
    monkeypatch.setenv("PYTHONPATH", str(copy.parent))
    engine = fresh(load)
    assert str(copy / "shipped" / "engine" / BEST) in mapped(engine.pid)


def test_code_for_a_gpu_is_that_of_the_build_or_of_a_pack(tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER, str(tmp_path))
    monkeypatch.delenv(PACKS, raising=False)
    assert not has_gpu_code()
    pack = tmp_path / "pack"
    pack.mkdir()
    (pack / "ggml-vulkan.dll").touch()
    assert not has_gpu_code()
    monkeypatch.setenv(PACKS, str(pack))
    assert has_gpu_code()
    assert not has_gpu_code(tmp_path)
    (tmp_path / "libggml-cuda.so").touch()
    assert has_gpu_code(tmp_path)


def test_the_version_of_the_binding_is_the_installed_one():
    from importlib.metadata import version

    assert binding_version() == version("llama-cpp-python")


@pytest.mark.parametrize(
    ("line", "file"),
    [
        ("load_backend: loaded CPU backend from /a b/libggml-cpu-zen4.so\n", "libggml-cpu-zen4.so"),
        ("load_backend: loaded CPU backend from C:\\a\\ggml-cpu-x64.dll\r\n", "ggml-cpu-x64.dll"),
        ("load_backend: loaded Vulkan backend from /a/libggml-vulkan.so\n", None),
        ("load_backend: failed to load /a/libggml-cpu-zen4.so: no", None),
    ],
)
def test_what_llama_cpp_says_of_the_file_that_it_took(line, file):
    assert loaded_backend(["something else\n", line], "CPU") == file
