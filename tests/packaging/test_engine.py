"""What `packaging/engine.py` does around the compiler: what it takes, and what it lets out."""

import importlib.util
import os
from pathlib import Path

import pytest

from homebody.engine.build import binding_version, read_manifest

ROOT = Path(__file__).parent.parent.parent
# By its path: there is a folder of tests with the same name.
_spec = importlib.util.spec_from_file_location("engine_script", ROOT / "packaging" / "engine.py")
script = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(script)


@pytest.fixture
def work(tmp_path, monkeypatch):
    monkeypatch.setattr(script, "WORK", tmp_path / "work")
    return tmp_path / "work"


def test_the_engine_is_made_from_the_version_that_is_installed():
    assert script.pinned() == binding_version()


def test_another_archive_than_the_known_one_is_not_unpacked(work, tmp_path):
    archive = tmp_path / "llama_cpp_python.tar.gz"
    archive.write_bytes(b"something else")
    with pytest.raises(script.CannotBuild, match="is not the archive that this script knows"):
        script.unpacked(archive)
    assert not work.exists()


def test_a_library_with_a_path_of_this_machine_is_refused(tmp_path):
    library = tmp_path / "libggml.so"
    library.write_bytes(b"\x7fELF/somewhere/else/ggml.c\0")
    script.refuse_paths([library], (tmp_path, Path("/")))
    library.write_bytes(b"\x7fELF" + os.fsencode(tmp_path / "ggml.c") + b"\0")
    with pytest.raises(script.CannotBuild, match=r"libggml\.so holds the path"):
        script.refuse_paths([library], (tmp_path,))


def test_the_app_reads_what_is_written_of_the_files(tmp_path):
    (tmp_path / "libggml.so").write_bytes(b"12345")
    script.write_manifest(tmp_path, "linux-x86_64")
    manifest = read_manifest(tmp_path)
    assert manifest is not None
    assert manifest.made.binding == binding_version()
    assert manifest.made.sdist_sha256 == script.SDIST_SHA256
    assert [(name, facts.bytes) for name, facts in manifest.files.items()] == [("libggml.so", 5)]


def test_without_a_compiler_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(script.CannotBuild, match=r"cmake was not found\. Install it"):
        script.configure(tmp_path, tmp_path / "made", "linux-x86_64")


def test_microsofts_runtime_is_put_beside_the_libraries(tmp_path, monkeypatch):
    target = tmp_path / "engine"
    target.mkdir()
    monkeypatch.setenv("VCTOOLSREDISTDIR", str(tmp_path))
    with pytest.raises(script.CannotBuild, match="prompt of Visual Studio's"):
        script.copy_runtime(target)
    redistributable = tmp_path / "x64" / "Microsoft.VC143.CRT"
    redistributable.mkdir(parents=True)
    for name in ("msvcp140.dll", "vcruntime140.dll", "vcruntime140_1.dll", "concrt140.dll"):
        (redistributable / name).touch()
    script.copy_runtime(target)
    assert len(list(target.iterdir())) == 3
