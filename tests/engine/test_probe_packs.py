"""Packs are tried before they are used: by the real engine with packs that die, and scripted."""

import json
import os
import sys
import time
from contextlib import closing

import msgspec
import pytest

from engine.stand_in import MADE, compiler, make_build, make_pack
from engine.test_probe import LOAD, engine
from homebody.base.paths import find_home
from homebody.engine import probe
from homebody.engine.build import FOLDER, PACKS
from homebody.engine.client import Engine
from homebody.engine.probe import Probe, Verdict
from homebody.library.shelf import STARTER, find_model
from homebody.messages.frames import Load

posix = pytest.mark.skipif(sys.platform == "win32", reason="dies by signals")

DEVICES = {"cuda": "CUDA0 (Card)", "vulkan": "Vulkan0 (Card)"}
# What the scripted engine does first: it knows its packs, and has a device of each that works.
KNOW = (
    f"names = [p.rsplit('/')[-1] for p in os.environ[{PACKS!r}].split(os.pathsep) if p]; "
    "say_ = say; refused = []; "
    f"devices = [{DEVICES!r}[n] for n in names]; "
)
TELL = """
from json import dumps
facts = lambda: '"devices":' + dumps(devices) + ',"pack_problems":' + dumps(refused)
say = lambda line: say_(line.replace('"devices":[]', facts()))
"""


def scripted(at_load="pass", at_reply="pass"):
    """An engine that knows `names` and may change `devices` and `refused`, or die."""
    return engine(f"exec({KNOW + at_load + TELL!r}, globals())", at_reply)


@pytest.fixture
def pack(tmp_path):
    """Make a pack of which only the description is looked at: `pack(name)`."""

    def make(name, title):
        folder = tmp_path / name
        folder.mkdir()
        said = {"name": name, "title": title, "for": msgspec.to_builtins(MADE), "files": {}}
        (folder / "pack.json").write_text(json.dumps(said | {"backend": f"libggml-{name}.so"}))
        (folder / f"libggml-{name}.so").write_bytes(b"code")
        return folder

    return make


@pytest.fixture
def vulkan(pack):
    return pack("vulkan", "Vulkan")


@pytest.fixture
def cuda(pack):
    return pack("cuda", "CUDA")


@pytest.fixture
def trial(tmp_path):
    """Make a trial of packs: `trial(command, folder, …)`."""
    build = tmp_path / "lib"
    build.mkdir()
    (build / "libllama.so").write_bytes(b"code")

    def make(command, *packs, load=LOAD, **options):
        memory = tmp_path / "build.json"
        return Probe(memory, lambda: load, command, folder=build, packs=packs, **options)

    return make


def loads(verdict):
    """The folders' names that engines are told."""
    return [each.rsplit("/")[-1] for each in verdict.environment[PACKS].split(os.pathsep) if each]


def test_a_pack_that_works_is_used_and_tried_once(trial, vulkan):
    verdict = trial(scripted(), vulkan).settle()
    assert verdict == Verdict(fitness="gpu", packs=(str(vulkan),), devices=("Vulkan0 (Card)",))
    assert verdict.environment == {PACKS: str(vulkan)}
    assert trial(lambda: pytest.fail("it was tried again"), vulkan).settle() == verdict


@posix
@pytest.mark.parametrize(
    ("death", "words"),
    [
        ("os.abort()", "gave up"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "crashed in native code"),
        ("os.kill(os.getpid(), signal.SIGILL)", "another processor"),
        ("os._exit(3)", "a fault"),
        ("say('nonsense')", "not a message of ours"),
    ],
)
@pytest.mark.parametrize("when", ["load", "reply"])
def test_a_pack_that_kills_the_engine_is_left_out(trial, vulkan, death, words, when):
    deadly = f"exec({death!r}) if os.environ[{PACKS!r}] else None"
    verdict = trial(scripted(**{f"at_{when}": deadly}), vulkan).run()
    assert verdict.fitness == "processor"
    assert verdict.sentence.startswith("The engine dies with the pack Vulkan, so it goes without: ")
    assert words in verdict.sentence
    assert verdict.hint
    assert loads(verdict) == []


def test_a_pack_that_hangs_is_ended(trial, vulkan):
    begun = time.monotonic()
    verdict = trial(scripted("names and time.sleep(600)"), vulkan, seconds=1.5).run()
    assert verdict.fitness == "processor"
    assert "stopped answering" in verdict.sentence
    assert time.monotonic() - begun < 30


def test_an_engine_that_dies_without_packs_too_is_broken(trial, vulkan):
    verdict = trial(scripted("os._exit(3)"), vulkan).run()
    assert verdict.fitness == "broken"
    assert loads(verdict) == []


@pytest.mark.parametrize(("deadly", "good"), [("cuda", "vulkan"), ("vulkan", "cuda")])
def test_of_two_packs_the_one_that_works_is_used(trial, cuda, vulkan, deadly, good):
    verdict = trial(scripted(f"{deadly!r} in names and os._exit(3)"), cuda, vulkan).run()
    assert verdict.fitness == "gpu"
    assert loads(verdict) == [good]
    assert verdict.devices == (DEVICES[good],)
    title = {"cuda": "CUDA", "vulkan": "Vulkan"}[deadly]
    assert f"dies with the pack {title}, so it goes without" in verdict.sentence
    assert verdict.uses_gpu


def test_of_two_packs_that_only_die_together_the_first_is_used(trial, cuda, vulkan):
    verdict = trial(scripted("len(names) > 1 and os._exit(3)"), cuda, vulkan).run()
    assert loads(verdict) == ["cuda"]
    assert "the pack Vulkan" in verdict.sentence


def test_two_packs_that_both_die(trial, cuda, vulkan):
    verdict = trial(scripted("names and os._exit(3)"), cuda, vulkan).run()
    assert verdict.fitness == "processor"
    assert "the pack CUDA and the pack Vulkan" in verdict.sentence
    assert loads(verdict) == []


def test_a_pack_that_finds_no_card_is_not_used(trial, vulkan):
    verdict = trial(scripted("devices.clear()"), vulkan).run()
    assert verdict.fitness == "no_device"
    assert verdict.sentence == "The engine finds no graphics card with the pack Vulkan."
    assert "engine remove vulkan" in verdict.hint
    assert loads(verdict) == []


REFUSED = "The pack CUDA cannot be loaded: libcuda.so.1: cannot open shared object file."


def test_a_pack_that_cannot_be_loaded_is_told_in_the_engines_words(trial, cuda):
    verdict = trial(scripted(f"devices.clear(); refused.append({REFUSED!r})"), cuda).run()
    assert (verdict.fitness, verdict.sentence) == ("no_device", REFUSED)
    assert loads(verdict) == []


def test_the_other_pack_goes_on_where_one_cannot_be_loaded(trial, cuda, vulkan):
    refuse = f"'cuda' in names and (devices.pop(0), refused.append({REFUSED!r}))"
    verdict = trial(scripted(refuse), cuda, vulkan).run()
    assert (verdict.fitness, verdict.sentence) == ("gpu", REFUSED)
    assert loads(verdict) == ["vulkan"]


def test_no_pack_is_used_that_could_not_be_tried(trial, vulkan):
    verdict = trial(lambda: pytest.fail("it was tried"), vulkan, load=None).settle()
    assert verdict.fitness == "untried"
    assert loads(verdict) == []
    assert verdict.sentence
    refuse = 'say(\'{"type":"failed","id":1,"kind":"memory","message":"No room."}\')'
    verdict = trial(engine(refuse), vulkan).run()
    assert (verdict.fitness, verdict.sentence) == ("untried", "No room.")
    assert loads(verdict) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda vulkan, _patch: (vulkan / "libggml-vulkan.so").write_bytes(b"other code"),
        lambda vulkan, _patch: os.utime(vulkan / "libggml-vulkan.so", (1, 1)),
        lambda _vulkan, patch: patch.setattr(probe, "driver_mark", lambda: "NVRM 999"),
        lambda _vulkan, patch: patch.setattr(probe, "_vulkan_drivers", lambda: iter(["new 1 1"])),
        lambda _vulkan, patch: patch.setenv("GGML_VK_VISIBLE_DEVICES", "1"),
    ],
)
def test_another_pack_or_driver_is_tried_anew(trial, vulkan, monkeypatch, change):
    trial(scripted(), vulkan).run()
    assert trial(scripted(), vulkan).remembered() is not None
    change(vulkan, monkeypatch)
    assert trial(scripted(), vulkan).remembered() is None


def test_a_pack_that_was_added_or_removed_is_another_trial(trial, cuda, vulkan):
    trial(scripted(), vulkan).run()
    assert trial(scripted(), cuda, vulkan).remembered() is None
    assert trial(scripted()).remembered() == Verdict(fitness="untried")


def test_a_memory_does_not_name_packs_that_are_not_there(trial, tmp_path, vulkan):
    """Whoever writes it cannot have a folder of their own loaded."""
    trial(scripted(), vulkan).run()
    memory = tmp_path / "build.json"
    memory.write_text(memory.read_text().replace(f'"packs":["{vulkan}"', '"packs":["/tmp/other"'))
    assert "/tmp/other" in memory.read_text()
    assert trial(scripted(), vulkan).remembered() is None


def test_a_new_driver_of_vulkans_is_seen(tmp_path, monkeypatch):
    monkeypatch.setattr(probe, "_VULKAN", (str(tmp_path), str(tmp_path / "none")))
    if sys.platform == "win32":
        pytest.skip("told by the loader's file there")
    before = list(probe._vulkan_drivers())
    (tmp_path / "card.json").write_text("{}")
    assert list(probe._vulkan_drivers()) != before


# ------------------------------------------------------------------ the real engine

DIES = """
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
static int backend[4];
__attribute__((constructor)) static void load(void) { AT_LOAD; }
int *ggml_backend_init(void) { AT_INIT; return backend; }
"""
MISSING = (
    "int absent(void); int *ggml_backend_init(void) { static int b; b = absent(); return &b; }"
)


@pytest.fixture(scope="module")
def compile_(tmp_path_factory):
    return compiler(tmp_path_factory.mktemp("sources"))


@pytest.fixture
def real(tmp_path, compile_, monkeypatch):
    """Make a trial of a pack with this source, in a real engine: `real(text, *options)`."""
    build = make_build(tmp_path / "build", compile_)
    monkeypatch.setenv(FOLDER, str(build))
    load = Load(id=0, path=str(find_model(find_home(), STARTER).path))
    folder = make_pack(tmp_path / "vulkan", compile_)

    def make(text, *options, **more):
        compile_(text, folder / "libggml-vulkan.so", *options)
        return Probe(tmp_path / "build.json", lambda: load, packs=[folder], **more)

    return make


def lives(verdict, monkeypatch):
    """As `launch` does: with what the verdict asks for, an engine lives."""
    for name, value in verdict.environment.items():
        monkeypatch.setenv(name, value)
    with closing(Engine()) as started:
        started.start()
        started.load(Load(id=0, path=str(find_model(find_home(), STARTER).path)))
        assert started.loaded.pack_problems == ()
        assert len(started.loaded.backends) == 1


@pytest.mark.parametrize("when", ["AT_LOAD", "AT_INIT"])
@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("abort()", "gave up"),
        ("__builtin_trap()", "another processor"),
        ("*(volatile int *)8 = 1", "crashed in native code"),
        ("_Exit(3)", "a fault"),
    ],
)
def test_a_real_pack_that_dies(real, monkeypatch, when, how, words):
    other = {"AT_LOAD": "AT_INIT", "AT_INIT": "AT_LOAD"}[when]
    verdict = real(DIES, f"-D{when}={how}", f"-D{other}=").settle()
    assert verdict.fitness == "processor"
    assert "dies with the pack Vulkan" in verdict.sentence
    assert words in verdict.sentence
    lives(verdict, monkeypatch)


def test_a_real_pack_that_hangs(real, monkeypatch):
    verdict = real(DIES, "-DAT_LOAD=for(;;)pause()", "-DAT_INIT=", seconds=8.0).settle()
    assert verdict.fitness == "processor"
    assert "stopped answering" in verdict.sentence
    lives(verdict, monkeypatch)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (MISSING, "absent"),
        ("int nothing;", "ggml_backend_init"),
        ("int *ggml_backend_init(void) { return 0; }", "cannot be used on this machine"),
    ],
)
def test_a_real_pack_that_cannot_be_loaded(real, monkeypatch, text, words):
    verdict = real(text, "-Wl,-z,now").settle()
    assert verdict.fitness == "no_device"
    assert words in verdict.sentence
    lives(verdict, monkeypatch)


def test_a_real_pack_without_a_card(real, monkeypatch):
    verdict = real("static int b; int *ggml_backend_init(void) { return &b; }").settle()
    assert verdict.fitness == "no_device"
    assert "no graphics card with the pack Vulkan" in verdict.sentence
    lives(verdict, monkeypatch)
