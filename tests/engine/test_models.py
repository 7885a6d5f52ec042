"""Model files and adapters: wrong ones, changed ones, and models that cannot go back."""

import os
import shutil
import sys
import threading
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from msgspec.structs import replace

from engine.conftest import chat, write
from engine.tiny_models import LAYERS, WIDE, adapter, tiny_lfm2, tiny_llama, tiny_mamba
from homebody.base.errors import EngineDied, EngineProblem, ModelProblem
from homebody.engine.build import build_folder
from homebody.engine.client import Engine
from homebody.engine.worker.generate import Session
from homebody.engine.worker.native import Native
from homebody.library.fit_layout import layout_of
from homebody.library.truth import why
from homebody.machine.gpus import Gpu, GpuReading
from homebody.messages.frames import Adapter, Generate, Load, Piece
from wire.kit import eventually

JAPAN = chat("What is the capital of Japan?")
TOKYO = "The capital of Japan is Tokyo."


def tiny(path: Path) -> Load:
    return Load(id=0, path=str(path), threads=1)


def opened(path: Path) -> Session:
    return Session(
        Native(
            path, context=0, gpu_layers=0, threads=1, use_mmap=True, on_progress=lambda _done: True
        )
    )


@pytest.fixture(scope="module")
def loader():
    """One engine for all files that are refused."""
    engine = Engine()
    engine.start()
    eventually(lambda: engine.hello)
    yield engine
    engine.close()


# ---------------------------------------------------------------- files that are no models


def damaged(folder: Path, how: str) -> Path:
    path = folder / "model.gguf"
    if how == "not a GGUF":
        path.write_bytes(b"<!DOCTYPE html><title>Not found</title>" * 100)
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "a folder":
        path.mkdir()
    elif how == "only a head":
        path.write_bytes(b"GGUF\x03\x00\x00\x00")
    elif how == "too many entries":
        path.write_bytes(b"GGUF\x03\x00\x00\x00" + b"\xff" * 16 + b"\x00" * 100)
    elif how == "random bytes after the head":
        path.write_bytes(b"GGUF\x03\x00\x00\x00" + np.random.default_rng(4).bytes(5000))
    elif how == "cut in its tensors":
        tiny_llama(path)
        os.truncate(path, path.stat().st_size - 5000)
    elif how == "cut in its metadata":
        tiny_llama(path)
        os.truncate(path, 1500)
    elif how == "of an unknown kind":
        tiny_llama(path, architecture="llama")
        path.write_bytes(
            path.read_bytes().replace(b"\x05\0\0\0\0\0\0\0llama", b"\x05\0\0\0\0\0\0\0lluma", 1)
        )
    elif how == "an adapter":
        adapter(path, wide=WIDE, layers=LAYERS)
    return path  # else: not there at all


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("not there", "model.gguf"),
        ("not a GGUF", "model.gguf"),
        ("empty", "model.gguf"),
        ("a folder", "model.gguf"),
        ("only a head", "model.gguf"),
        ("too many entries", "model.gguf"),
        ("random bytes after the head", "model.gguf"),
        ("cut in its tensors", "cut off or damaged"),
        ("cut in its metadata", "model.gguf"),
        ("of an unknown kind", "'lluma', which this llama.cpp does not know"),
        ("an adapter", "model.gguf"),
    ],
)
def test_a_file_that_is_no_model_is_refused_in_a_sentence(tmp_path, loader, how, words):
    pid = loader.pid
    with pytest.raises(EngineProblem) as refusal:
        loader.load(tiny(damaged(tmp_path, how)))
    assert refusal.value.kind == "model"
    assert words in refusal.value.message
    assert refusal.value.hint
    assert loader.pid == pid
    with pytest.raises(EngineProblem, match=r"model\.gguf"):
        write(loader, prompt="a")  # still the reason, not a wait for ever


def test_a_context_that_does_not_fit_is_refused(loader, load):
    """More than any desktop has: 23 KB for each token."""
    with pytest.raises(EngineProblem, match="context of 50,000,000 tokens") as refusal:
        loader.load(replace(load, context=50_000_000))
    assert refusal.value.kind == "memory"


@pytest.mark.parametrize("poison", [float("nan"), float("inf")])
def test_a_model_that_computes_no_numbers_is_told(tmp_path, loader, poison):
    loader.load(tiny(tiny_llama(tmp_path / "m.gguf", poison=poison)))
    pid = loader.pid
    with pytest.raises(EngineProblem, match="not a number"):
        write(loader, prompt="a", max_tokens=3)
    with pytest.raises(EngineProblem, match="not a number"):
        loader.embed(["a"])
    assert loader.pid == pid


def test_without_a_model_nothing_is_waited_for(fresh):
    with pytest.raises(EngineProblem) as problem:
        write(fresh(), prompt="a")
    assert problem.value.kind == "no_model"


def test_a_model_without_a_template_is_talked_to_plainly(tmp_path, loader):
    loaded = loader.load(tiny(tiny_llama(tmp_path / "m.gguf")))
    assert not loaded.has_template
    assert write(loader, messages=JAPAN, max_tokens=3).done.generated_tokens == 3


# ---------------------------------------------------------------- loading and unloading


@pytest.mark.skipif(sys.platform != "linux", reason="VmRSS")
def test_unload_gives_memory_back_and_load_takes_it_again(fresh, load):
    engine = fresh(replace(load, use_mmap=False))
    write(engine, messages=JAPAN, max_tokens=2)
    engine.embed(["a"])
    process = psutil.Process(engine.pid)
    full = process.memory_info().rss
    engine.unload()
    assert engine.loaded is None
    assert full - process.memory_info().rss > 0.8 * load_size(load)
    with pytest.raises(EngineProblem) as problem:
        write(engine, messages=JAPAN)
    assert problem.value.kind == "no_model"
    engine.load(load)
    assert write(engine, messages=JAPAN).text == TOKYO
    assert process.is_running()


def load_size(load: Load) -> int:
    return Path(load.path).stat().st_size


def test_loading_tells_how_far_it_is(fresh, load):
    engine = fresh()
    engine.begin_load(load)
    progress = list(engine.loading())
    assert all(0 <= done <= 1 for done in progress)
    assert engine.loaded is not None


def test_another_model_takes_the_place_of_the_first(tmp_path, fresh):
    engine = fresh(tiny(tiny_llama(tmp_path / "one.gguf")))
    engine.load(tiny(tiny_mamba(tmp_path / "two.gguf")))
    assert engine.loaded.architecture == "mamba"
    assert write(engine, prompt="a", max_tokens=2).done.generated_tokens == 2


def test_reload_forgets_what_was_read(fresh, load):
    engine = fresh(load)
    write(engine, messages=JAPAN, max_tokens=1)
    engine.reload()
    done = write(engine, messages=JAPAN, max_tokens=1).done
    assert done.evaluated_tokens == done.prompt_tokens


def test_what_could_not_be_loaded_is_kept_for_another_try(tmp_path, fresh, load):
    engine = fresh(load)
    path = tiny_llama(tmp_path / "m.gguf")
    whole = path.read_bytes()
    path.write_bytes(whole[:4000])
    with pytest.raises(EngineProblem):
        engine.load(tiny(path))
    assert engine.held is None
    path.write_bytes(whole)
    engine.retry()
    assert engine.wait_loaded().path == str(path)
    assert engine.held.loaded == engine.loaded
    engine.retry()
    assert engine.loaded is not None, "nothing had failed"


def test_a_load_is_prepared_on_another_thread_when_it_is_known_what_is_held(tmp_path, fresh, load):
    engine = fresh(load)
    go, seen = threading.Event(), []
    one, two = tiny_llama(tmp_path / "one.gguf"), tiny_llama(tmp_path / "two.gguf")

    def prepare(wish):
        seen.append((wish.path, engine.held and engine.held.loaded.path))
        assert go.wait(60)
        return replace(wish, context=512)

    engine.begin_load(tiny(one), prepare)
    assert engine.loaded is None, "and not waited for"
    # Another is wanted before the first was prepared: that is never loaded.
    engine.begin_load(tiny(two), prepare)
    go.set()
    loaded = engine.wait_loaded()
    assert (loaded.path, loaded.context) == (str(two), 512)
    assert seen == [(str(one), load.path), (str(two), load.path)]
    engine.reload()
    engine.wait_loaded()
    assert seen[2:] == [(str(two), str(two))], "prepared anew"


def test_a_file_that_is_refused_while_it_is_prepared_is_said(fresh, load):
    engine = fresh(load)

    def refuse(_wish):
        raise ModelProblem("It is a picture.", "Choose a model.")

    with pytest.raises(EngineProblem, match="It is a picture") as refused:
        engine.load(load, refuse)
    assert (refused.value.kind, refused.value.hint) == ("model", "Choose a model.")
    assert engine.held is not None
    engine.load(load)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_bug_while_it_is_prepared_is_not_waited_for(fresh, load):
    with pytest.raises(EngineProblem, match="Homebody failed"):
        fresh().load(load, lambda _wish: 1 // 0)


@pytest.mark.parametrize("claimed", [0, 2**31, 2**32 - 1])
def test_a_context_that_no_model_was_trained_for(tmp_path, fresh, claimed):
    data = tiny_llama(tmp_path / "m.gguf").read_bytes()
    key = b"llama.context_length" + (4).to_bytes(4, "little")
    assert data.count(key + (512).to_bytes(4, "little")) == 1
    path = tmp_path / "absurd.gguf"
    path.write_bytes(
        data.replace(key + (512).to_bytes(4, "little"), key + claimed.to_bytes(4, "little"))
    )
    loaded = fresh(replace(tiny(path), context=0)).loaded
    assert (loaded.context, loaded.trained_context) == (8192, 8192)
    assert layout_of(path).context(0) == 8192
    assert layout_of(path).trained_context is None


def test_a_build_with_code_for_a_gpu_says_so_where_there_is_none(
    tmp_path, fresh, load, monkeypatch
):
    """A CUDA build on a machine without a driver, as far as its files tell."""
    for file in build_folder().iterdir():
        (tmp_path / file.name).symlink_to(file)
    (tmp_path / "libggml-cuda.so.0").touch()
    monkeypatch.setenv("LLAMA_CPP_LIB_PATH", str(tmp_path))
    loaded = fresh(load).loaded
    assert (loaded.gpu_build, loaded.devices, loaded.gpu_layers) == (True, (), 0)
    card = Gpu(index=0, name="RTX 4070", memory_total=12 * 10**9, memory_free=11 * 10**9)
    after = GpuReading(kind="ok", card=True, gpus=(card,), driver="550")
    truth = why(asked=-1, loaded=loaded, before=None, after=after)
    assert truth.kind == "old_driver"
    assert "CUDA does not offer it" in truth.sentence


# ---------------------------------------------------------------- files that change while in use


@pytest.fixture
def copy(starter, tmp_path) -> Path:
    return Path(shutil.copy(starter, tmp_path / "copy.gguf"))


@pytest.mark.parametrize("how", ["replaced", "removed", "cut off"])
def test_a_model_that_changed_is_not_used_any_more(fresh, load, copy, starter, how):
    engine = fresh(replace(load, path=str(copy)))
    pid = engine.pid
    if how == "replaced":
        shutil.copy(starter, copy.with_suffix(".new"))
        copy.with_suffix(".new").replace(copy)
    elif how == "removed":
        copy.unlink()
    else:
        os.truncate(copy, 10_000)
    with pytest.raises(EngineProblem, match="changed") as problem:
        write(engine, messages=JAPAN)
    assert problem.value.kind == "model_changed"
    assert engine.pid == pid
    if how == "replaced":
        engine.reload()
        assert write(engine, messages=JAPAN).text == TOKYO


@pytest.mark.skipif(sys.platform == "win32", reason="a mapped file cannot be cut there")
def test_a_model_that_is_cut_off_while_it_writes_ends_only_the_engine(fresh, load, copy):
    engine = fresh(replace(load, path=str(copy)))
    heard = ""
    with pytest.raises(EngineDied, match="model file changed"):  # noqa: PT012
        for answer in engine.generate(Generate(id=0, messages=chat("Tell me a long story."))):
            if isinstance(answer, Piece) and answer.text:
                heard += answer.text
                os.truncate(copy, 10_000)
    assert heard
    with pytest.raises(EngineProblem, match="cut off or damaged"):
        engine.wait_loaded()


# ---------------------------------------------------------------- dying


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_killed_engine_is_ready_again_without_being_asked(fresh, load):
    engine = fresh(load)
    killed = 0.0
    heard = ""
    with pytest.raises(EngineDied, match="ended from outside"):  # noqa: PT012
        for answer in engine.generate(Generate(id=0, messages=chat("Tell me a long story."))):
            heard += getattr(answer, "text", "")
            if heard and not killed:
                psutil.Process(engine.pid).kill()
                killed = time.monotonic()
    print(f"death told: {(time.monotonic() - killed) * 1e3:.0f} ms")
    assert heard
    engine.wait_loaded()
    print(f"ready again: {(time.monotonic() - killed) * 1e3:.0f} ms")
    assert write(engine, messages=JAPAN).text == TOKYO
    assert engine.last_death.cause == "killed"


def test_closing_ends_a_reply_that_somebody_waits_for(fresh, load):
    engine = fresh(load)
    ended, started = [], threading.Event()

    def work():
        try:
            for _ in engine.generate(Generate(id=0, messages=chat("Tell me a long story."))):
                started.set()
        except EngineDied as died:
            ended.append(died)

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    assert started.wait(60)
    engine.close()
    worker.join(60)
    assert not worker.is_alive()
    assert len(ended) == 1
    with pytest.raises(EngineDied):
        write(engine, prompt="a")


# ---------------------------------------------------------------- adapters


def test_an_adapter_changes_the_reply_and_has_a_cache_of_its_own(fresh, load, tmp_path):
    engine = fresh(load)
    path = adapter(tmp_path / "expert.gguf", wide=576, layers=30, strength=3.0)
    expert = (Adapter(str(path)),)
    plain = write(engine, messages=JAPAN)
    assert plain.text == TOKYO
    # Short, as the last bits of a number depend on what is computed together.
    changed = write(engine, messages=JAPAN, adapters=expert, max_tokens=3)
    assert not TOKYO.startswith(changed.text)
    assert changed.done.evaluated_tokens == changed.done.prompt_tokens
    again = write(engine, messages=JAPAN)
    assert (again.text, again.done.evaluated_tokens) == (TOKYO, 1)
    once_more = write(engine, messages=JAPAN, adapters=expert, max_tokens=3)
    assert (once_more.text, once_more.done.evaluated_tokens) == (changed.text, 1)
    weaker = write(engine, messages=JAPAN, adapters=(Adapter(str(path), 0.0),))
    assert (weaker.text, weaker.done.evaluated_tokens) == (TOKYO, plain.done.prompt_tokens)
    engine.unload()  # with its adapter


def test_an_adapter_that_was_replaced_is_loaded_again(fresh, load, tmp_path):
    """A newly trained expert at the same place."""
    engine = fresh(load)
    path = adapter(tmp_path / "expert.gguf", wide=576, layers=30, strength=3.0)
    one = write(engine, messages=JAPAN, adapters=(Adapter(str(path)),), max_tokens=8)
    adapter(tmp_path / "new.gguf", wide=576, layers=30, strength=0.0).replace(path)
    other = write(engine, messages=JAPAN, adapters=(Adapter(str(path)),), max_tokens=8)
    assert other.done.evaluated_tokens == other.done.prompt_tokens
    assert one.text != TOKYO
    assert other.text == TOKYO


@pytest.mark.parametrize(
    "how",
    [
        "missing",
        "a folder",
        pytest.param("a pipe", marks=pytest.mark.skipif(sys.platform == "win32", reason="none")),
        "empty",
        "text",
        "a model",
        "another shape",
        "cut off",
    ],
)
def test_an_adapter_that_does_not_fit_is_refused(engine, tmp_path, how):
    """llama-cpp-python was seen to crash on a missing one."""
    path = tmp_path / "expert.gguf"
    if how == "a folder":
        path.mkdir()
    elif how == "empty":
        path.touch()
    elif how == "text":
        path.write_text("GGUF? No.")
    elif how == "a model":
        tiny_llama(path)
    elif how == "another shape":
        adapter(path, wide=WIDE, layers=LAYERS)
    elif how == "cut off":
        adapter(path, wide=576, layers=30)
        os.truncate(path, path.stat().st_size // 2)
    elif how == "a pipe":
        os.mkfifo(path)
    pid = engine.pid
    with pytest.raises(EngineProblem) as refusal:
        write(engine, messages=JAPAN, adapters=(Adapter(str(path)),))
    assert refusal.value.kind == "adapter"
    assert "expert.gguf" in refusal.value.message
    assert engine.pid == pid
    assert write(engine, messages=JAPAN).text == TOKYO


# ---------------------------------------------------------------- models that cannot go back


@pytest.fixture(scope="module", params=[tiny_mamba, tiny_lfm2], ids=["recurrent", "hybrid"])
def forgetful(request, tmp_path_factory) -> Path:
    return request.param(tmp_path_factory.mktemp("forgetful") / "model.gguf")


def logits_after(session: Session, prompt: str):
    """The text that follows a prompt, how much of it was read, and the logits at its end."""
    done = session.generate(
        Generate(id=0, prompt=prompt, max_tokens=1), lambda: False, lambda _frame: None
    )
    return done, session.native.logits().copy()


def test_a_model_with_a_recurrent_part_is_known_as_one(forgetful):
    session = opened(forgetful)
    assert session.native.recurrent
    session.native.close()


def test_a_recurrent_model_goes_back_by_snapshots_to_the_same_numbers(forgetful):
    """A prompt, then another that shares its beginning: the second equals a fresh reading of it."""
    beginning = "abcdefgh" * 40
    one, two, three = (beginning + end for end in ("first end", "second", "third one"))
    used = opened(forgetful)
    logits_after(used, one)
    for number, prompt in enumerate((two, three, one, two)):
        done, logits = logits_after(used, prompt)
        alone = opened(forgetful)
        _, expected = logits_after(alone, prompt)
        alone.native.close()
        # Keys and values are kept in 16 bits, and their rounding depends on how they are read.
        assert logits == pytest.approx(expected, abs=0.05)
        if number:
            # The beginning is not read again: a snapshot stands where the prompts part.
            assert done.evaluated_tokens < 20
    used.native.close()


def test_a_conversation_with_a_recurrent_model_reads_only_what_is_new(forgetful, fresh):
    engine = fresh(tiny(forgetful))
    prompt = "abcdefgh" * 40
    first = write(engine, prompt=prompt, max_tokens=1)
    second = write(engine, prompt=prompt + "and on", max_tokens=1)
    assert first.done.evaluated_tokens == first.done.prompt_tokens
    assert second.done.evaluated_tokens == len("and on")


def test_regenerating_with_a_recurrent_model_gives_the_same_text(forgetful, fresh):
    """Back from the end of a reply to the end of its prompt."""
    engine, other = fresh(tiny(forgetful)), fresh(tiny(forgetful))
    prompt = "xyz" * 50
    first = write(engine, prompt=prompt, max_tokens=40)
    again = write(engine, prompt=prompt, max_tokens=40)
    alone = write(other, prompt=prompt, max_tokens=40)
    assert first.text == again.text == alone.text
