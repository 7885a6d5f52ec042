"""`homebody engine`: packs in a packaged Homebody, tried by its real engine."""

import json
import shutil
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest

import homebody
from cli.support import homebody as run_homebody
from engine.stand_in import NO_GPU, compiler, make_build, make_pack

CARD = "static int backend; int *ggml_backend_init(void) { return &backend; }"
DIES = "#include <stdlib.h>\nint *ggml_backend_init(void) { abort(); }"
NAME = "homebody-0.1.0-vulkan-linux-x86_64.zip"


@pytest.fixture(scope="module")
def compile_(tmp_path_factory):
    return compiler(tmp_path_factory.mktemp("sources"))


@pytest.fixture
def packaged(tmp_path, compile_, monkeypatch):
    """Make a Homebody like a packaged one, and a pack for it: `packaged(source)`."""

    def make(source=CARD):
        package = Path(homebody.__file__).parent
        copy = tmp_path / "app" / "homebody"
        shutil.copytree(package, copy, ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("models", "assets"):
            (copy.parent.parent / name).symlink_to(package.parent.parent / name)
        (copy / "shipped").mkdir()
        make_build(copy / "shipped" / "engine", compile_)
        folder = make_pack(tmp_path / "pack", compile_)
        compile_(source, folder / "libggml-vulkan.so")
        pack = _zip(folder, tmp_path / NAME)
        data = pack.read_bytes()
        known = {"file": NAME, "sha256": sha256(data).hexdigest(), "bytes": len(data)}
        release = {"version": "0.1.0", "packs": {"vulkan": known}}
        (copy / "shipped" / "release.json").write_text(json.dumps(release))
        monkeypatch.setenv("PYTHONPATH", str(copy.parent))
        return pack

    return make


def _zip(folder, target):
    said = json.loads((folder / "pack.json").read_text())
    files = [file for file in folder.iterdir() if file.name != "pack.json"]
    said["files"] = {
        file.name: {
            "sha256": sha256(file.read_bytes()).hexdigest(),
            "bytes": file.stat().st_size,
        }
        for file in files
    }
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("pack.json", json.dumps(said))
        for file in files:
            archive.write(file, file.name)
    return target


def listed():
    ran = run_homebody("engine", "list", "--json")
    assert ran.status == 0, ran
    return json.loads(ran.out)


def test_a_pack_is_added_tried_listed_and_removed(packaged, profile):
    pack = packaged()
    before = run_homebody("engine", "list")
    assert before.status == 0
    assert "There are no packs" in before.out
    assert NAME in before.out
    added = run_homebody("engine", "add", pack)
    assert added.status == 0, added
    assert "Added the pack Vulkan" in added.out
    # The stand-in has no card; that it was tried is remembered.
    assert "no graphics card with the pack Vulkan" in added.out
    report = listed()
    (state,) = report["packs"]
    assert state["usable"]
    assert (report["fitness"], report["devices"]) == ("no_device", [])
    assert "is not used" in state["problem"]
    removed = run_homebody("engine", "remove", "vulkan")
    assert removed.status == 0, removed
    assert listed()["packs"] == []
    assert list((profile / "engines").iterdir()) == []


def test_a_pack_that_kills_the_engine_does_not_keep_homebody_from_answering(packaged):
    pack = packaged(DIES)
    added = run_homebody("engine", "add", pack)
    assert added.status == 0, added
    assert "The engine dies with the pack Vulkan, so it goes without" in added.out
    answered = run_homebody("ask", "--no-skills", "Say hello.")
    assert answered.status == 0, answered
    assert answered.out.strip()
    assert "dies with the pack Vulkan" in answered.err


def test_a_pack_that_cannot_be_used_is_told(packaged):
    assert "cannot be used on this machine" in run_homebody("engine", "add", packaged(NO_GPU)).out


def test_another_file_is_refused(packaged):
    pack = packaged()
    pack.write_bytes(pack.read_bytes()[:-1])
    run_homebody("engine", "add", pack).complained("is not whole")
    run_homebody("engine", "add", pack.with_name("none.zip")).complained("cannot be read")
    run_homebody("engine", "remove", "vulkan").complained("There is no pack 'vulkan'")
    assert listed()["packs"] == []


def test_a_pack_of_an_older_version_is_told_at_each_start(packaged, profile):
    pack = packaged()
    run_homebody("engine", "add", pack)
    said = profile / "engines" / "vulkan" / "pack.json"
    described = json.loads(said.read_text())
    described["for"]["sdist_sha256"] = "1" * 64
    said.write_text(json.dumps(described))
    assert "was made for another build" in run_homebody("engine", "list").out
    assert "was made for another build" in run_homebody("ask", "--no-skills", "Hello.").err


def test_a_checkout_takes_no_packs(tmp_path):
    (tmp_path / NAME).write_bytes(b"")
    run_homebody("engine", "add", tmp_path / NAME).complained("compiled on this machine")
    assert "takes no packs" in run_homebody("engine", "list").out
    assert listed()["build"] is None
