"""The trial of a build: real children that live, and die in every way that was seen elsewhere."""

import os
import shutil
import subprocess
import sys
import threading
import time
from contextlib import closing

import pytest

from homebody.base.paths import find_home
from homebody.engine import probe
from homebody.engine.build import build_folder, has_gpu_code
from homebody.engine.client import Engine
from homebody.engine.probe import Probe, Verdict
from homebody.library.shelf import STARTER, find_model
from homebody.messages.frames import Load
from homebody.wire.keeper import child_command

LOAD = Load(id=0, path="scripted.gguf")
posix = pytest.mark.skipif(sys.platform == "win32", reason="dies by signals")

# The engine's end of the wire, as short as can be. `die` comes before what makes it die.
ENGINE = """
import os, signal, sys, time
hidden = os.environ.get("CUDA_VISIBLE_DEVICES") == "-1"
def say(line):
    sys.stdout.write(line + "\\n"); sys.stdout.flush()
say('{"type":"hello","protocol":1,"role":"engine","pid":1,"version":"0"}')
for line in sys.stdin:
    if '"type":"load"' in line:
        %s
        say('{"type":"loaded","id":1,"path":"x","name":"x","description":"x","architecture":"x",'
            '"parameters":1,"size_bytes":1,"context":1,"trained_context":1,"layers":1,'
            '"gpu_layers":0,"devices":[],"has_template":false,"recurrent":false,"load_ms":1,'
            '"build":"x","system":"x"}')
    else:
        %s
        say('{"type":"generated","id":2,"stop":"end","prompt_tokens":1,"evaluated_tokens":1,'
            '"generated_tokens":1,"read_ms":1,"write_ms":1,"mean_logprob":null,"seed":0,'
            '"peak_memory_bytes":null}')
"""


def engine(at_load="pass", at_reply="pass"):
    return lambda: [sys.executable, "-c", ENGINE % (at_load, at_reply)]


@pytest.fixture
def build(tmp_path):
    """The folder of a build with CUDA."""
    folder = tmp_path / "lib"
    folder.mkdir()
    for name in ("libllama.so", "libggml-cuda.so", "libggml-base.so.0"):
        (folder / name).write_bytes(b"code")
    return folder


@pytest.fixture
def trial(tmp_path, build):
    """Make a trial of a scripted engine: `trial(command)`."""

    def make(command, load=LOAD, **options):
        return Probe(
            tmp_path / "state" / "build.json", lambda: load, command, folder=build, **options
        )

    return make


def test_a_build_that_works_is_tried_once(trial):
    tried = trial(engine())
    assert tried.remembered() is None
    assert tried.settle() == Verdict(fitness="gpu")
    again = trial(lambda: pytest.fail("it was tried again"))
    assert again.settle() == Verdict(fitness="gpu")
    assert again.settle().environment == {}


DEATHS = [
    ("os.kill(os.getpid(), signal.SIGILL)", "another processor"),
    ("os.kill(os.getpid(), signal.SIGSEGV)", "crashed in native code"),
    (
        "sys.stderr.write('CUDA error: no kernel image is available'); sys.stderr.flush(); "
        "os.abort()",
        "CUDA error: no kernel image is available",
    ),
    ("os.kill(os.getpid(), signal.SIGKILL)", "ended from outside"),
    ("os._exit(3)", "a fault in Homebody"),
    ("raise ImportError('libcublas.so.13: cannot open shared object')", "missing"),
    ("say('nonsense')", "not a message of ours"),
]


@posix
@pytest.mark.parametrize(("death", "words"), DEATHS)
@pytest.mark.parametrize("when", ["load", "reply"])
def test_a_build_that_dies_with_the_gpu_goes_on_without(trial, death, words, when):
    deadly = f"exec({death!r}) if not hidden else None"
    verdict = trial(engine(**{f"at_{when}": deadly})).run()
    assert verdict.fitness == "processor"
    assert verdict.environment == {"CUDA_VISIBLE_DEVICES": "-1"}
    assert words in verdict.sentence
    assert "newer driver" in verdict.hint


@posix
@pytest.mark.parametrize(("death", "words"), DEATHS)
def test_a_build_that_dies_in_any_case_is_a_sentence(trial, death, words):
    verdict = trial(engine(f"exec({death!r})")).run()
    assert verdict.fitness == "broken"
    assert verdict.environment == {}
    assert verdict.sentence.startswith("The engine does not work on this machine: ")
    assert words in verdict.sentence
    assert verdict.hint


def test_a_build_that_hangs_is_ended(trial):
    begun = time.monotonic()
    verdict = trial(engine("hidden or time.sleep(600)"), seconds=1.5).run()
    assert verdict.fitness == "processor"
    assert "stopped answering" in verdict.sentence
    assert time.monotonic() - begun < 30


def test_a_build_that_cannot_even_start(trial, tmp_path):
    verdict = trial(lambda: [str(tmp_path / "no-such-program")]).run()
    assert verdict.fitness == "broken"
    assert "would not start" in verdict.sentence


def test_without_a_gpu_no_layer_is_asked_for(trial, tmp_path):
    """CUDA is hidden, and the model is loaded for the processor."""
    log = tmp_path / "loads"
    note = f"open({str(log)!r}, 'a').write(line); hidden or os._exit(3)"
    trial(engine(f"exec({note!r})")).run()
    first, second = log.read_text().splitlines()
    assert '"gpu_layers":-1' in first
    assert '"gpu_layers":0' in second


def test_a_driver_that_cuda_finds_too_old(trial):
    said = (
        "ggml_cuda_init: failed to initialize CUDA: CUDA driver version is insufficient for "
        "CUDA runtime version\n"
    )
    verdict = trial(
        engine(f"sys.stderr.write({said!r}); sys.stderr.flush(); time.sleep(0.2)")
    ).run()
    assert verdict.fitness == "no_device"
    assert "CUDA driver version is insufficient" in verdict.sentence
    assert verdict.environment == {}, "it lives; there is nothing to hide"


def test_a_driver_that_is_not_there(trial):
    said = "OSError: libcuda.so.1: cannot open shared object file\n"
    death = f"sys.stderr.write({said!r}); sys.stderr.flush(); os._exit(1)"
    verdict = trial(engine(f"exec({death!r})")).run()
    assert verdict.fitness == "broken"
    assert "needs NVIDIA's driver" in verdict.sentence


def test_a_model_that_is_refused_says_nothing_about_the_build(trial):
    refuse = 'say(\'{"type":"failed","id":1,"kind":"memory","message":"No room."}\')'
    tried = trial(engine(refuse))
    assert tried.run() == Verdict(fitness="untried", sentence="No room.")
    assert tried.remembered() is None


def test_a_build_for_the_processor_alone_is_not_tried(trial, build):
    (build / "libggml-cuda.so").unlink()
    tried = trial(lambda: pytest.fail("it was tried"))
    assert tried.settle() == Verdict(fitness="untried")
    assert not has_gpu_code(build)


def test_without_a_model_there_is_nothing_to_try_it_with(trial):
    assert trial(lambda: pytest.fail("it was tried"), load=None).settle().fitness == "untried"


@pytest.mark.parametrize(
    "change",
    [
        lambda build, _patch: (build / "libggml-cuda.so").write_bytes(b"other code"),
        lambda build, _patch: os.utime(build / "libllama.so", (1, 1)),
        lambda build, _patch: (build / "libnew.so").touch(),
        lambda _build, patch: patch.setattr(probe, "driver_mark", lambda: "NVRM 999"),
        lambda _build, patch: patch.setattr(probe, "_processor", lambda: "Another"),
        lambda _build, patch: patch.setenv("CUDA_VISIBLE_DEVICES", "1"),
    ],
)
def test_another_build_driver_or_processor_is_tried_anew(trial, build, monkeypatch, change):
    trial(engine()).run()
    assert trial(engine()).remembered() is not None
    change(build, monkeypatch)
    assert trial(engine()).remembered() is None


@pytest.mark.parametrize("kept", [b"", b"{", b"null", b'{"about":1}', b"\xff\xfe", b"[]"])
def test_a_memory_that_is_damaged_is_none(trial, tmp_path, kept):
    trial(engine()).run()
    (tmp_path / "state" / "build.json").write_bytes(kept)
    assert trial(engine()).settle() == Verdict(fitness="gpu")


def test_a_memory_that_cannot_be_written_only_costs_time(trial, tmp_path):
    (tmp_path / "state").write_text("a file where a folder should be")
    assert trial(engine()).run() == Verdict(fitness="gpu")
    assert trial(engine()).remembered() is None


def test_remembering_takes_no_time(trial):
    trial(engine()).run()
    times = []
    for _ in range(50):
        begun = time.perf_counter()
        assert trial(engine()).remembered() is not None
        times.append(time.perf_counter() - begun)
    median = sorted(times)[25] * 1e3
    print(f"remembered: {median:.3f} ms")
    assert median < 1


def test_closing_ends_a_trial_and_comes_to_no_verdict(trial):
    tried = trial(engine("time.sleep(600)"))
    found = []
    thread = threading.Thread(target=lambda: found.append(tried.run()))
    thread.start()
    time.sleep(0.3)
    begun = time.monotonic()
    tried.close()
    thread.join(20)
    assert found == [Verdict(fitness="untried")]
    assert time.monotonic() - begun < 10
    assert tried.remembered() is None


def test_the_real_engine_passes(trial):
    """With the starter model and this build, whatever it was built for."""
    starter = find_model(find_home(), STARTER)
    begun = time.monotonic()
    verdict = trial(lambda: child_command("engine"), Load(id=0, path=str(starter.path))).run()
    print(f"a trial: {time.monotonic() - begun:.2f} s")
    assert verdict.fitness in {"gpu", "no_device"}


def test_where_the_installed_build_is():
    folder = build_folder()
    assert folder is not None
    assert any("llama" in file.name for file in folder.iterdir())
    assert isinstance(has_gpu_code(), bool)


def test_a_build_elsewhere(monkeypatch, build):
    monkeypatch.setenv("LLAMA_CPP_LIB_PATH", str(build))
    assert has_gpu_code()
    monkeypatch.setenv("LLAMA_CPP_LIB_PATH", str(build / "nothing"))
    assert not has_gpu_code()


# A library that dies as it is loaded, around the real one: unless the GPU is hidden from it.
DEADLY = """
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
__attribute__((constructor)) static void load(void) {
  const char *hidden = getenv("CUDA_VISIBLE_DEVICES");
  if (hidden && !strcmp(hidden, "-1")) return;
  DIE;
}
"""


@pytest.fixture
def deadly_build(tmp_path):
    """Make a build whose llama.cpp dies when it is loaded with the GPU: `deadly_build(how)`."""
    compiler, real = shutil.which("cc"), build_folder()
    if sys.platform != "linux" or compiler is None or real is None:
        pytest.skip("a library around the real one is compiled on Linux, by cc")

    def make(how):
        folder = tmp_path / "deadly"
        folder.mkdir()
        for file in real.iterdir():
            if file.name != "libllama.so":
                (folder / file.name).symlink_to(file)
        (folder / "libggml-cuda.so").touch()
        source = tmp_path / "deadly.c"
        source.write_text(DEADLY.replace("DIE", how))
        target = folder / "libllama.so"
        options = ["-shared", "-fPIC", f"-L{folder}", f"-Wl,-rpath,{folder}", "-Wl,--no-as-needed"]
        subprocess.run([compiler, *options, source, "-l:libllama.so.0", "-o", target], check=True)
        return folder

    return make


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("__builtin_trap()", "another processor"),
        ("raise(SIGILL)", "another processor"),
        ("*(volatile int *)8 = 1", "crashed in native code"),
        ('fputs("CUDA error: no kernel image\\n", stderr), abort()', "CUDA error: no kernel image"),
        ("_Exit(3)", "a fault in Homebody"),
    ],
)
def test_a_real_library_that_dies_is_caught_and_the_engine_computes_without_the_gpu(
    deadly_build, monkeypatch, tmp_path, how, words
):
    folder = deadly_build(how)
    monkeypatch.setenv("LLAMA_CPP_LIB_PATH", str(folder))
    starter = find_model(find_home(), STARTER)
    load = Load(id=0, path=str(starter.path))
    verdict = Probe(tmp_path / "build.json", lambda: load).settle()
    assert verdict.fitness == "processor"
    assert words in verdict.sentence
    # As `launch` does: the real engine lives with what the verdict asks for.
    for name, value in verdict.environment.items():
        monkeypatch.setenv(name, value)
    with closing(Engine()) as engine:
        engine.start()
        assert engine.load(load).gpu_layers == 0
