"""What a load would take, and what a load took, in llama.cpp's own words."""

import os
import sys
import time
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from msgspec.structs import replace

from engine.conftest import chat, write
from engine.tiny_models import SHAPES, sized, tiny_mamba
from homebody.base.errors import EngineDied, EngineProblem
from homebody.engine.dry import dry_load
from homebody.engine.worker.report import read_report
from homebody.messages.frames import DeviceMemory, Load

TOKYO = "The capital of Japan is Tokyo."

# Written as llama.cpp does with a card; from its source, and from logs that people posted.
GPU_LOG = """\
llama_model_load_from_file_impl: using device CUDA0 (NVIDIA GeForce RTX 4070) (0000:01:00.0) - 10 M
load_tensors: offloading output layer to GPU
load_tensors: offloading 18 repeating layers to GPU
load_tensors: offloaded 19/37 layers to GPU
load_tensors:        CUDA0 model buffer size =  1918.35 MiB
load_tensors:   CPU_Mapped model buffer size =  4096.00 MiB
llama_context:  CUDA_Host  output buffer size =     2.32 MiB
llama_kv_cache:      CUDA0 KV buffer size =   512.00 MiB
llama_kv_cache:        CPU KV buffer size =   500.00 MiB
llama_kv_cache: size = 1012.00 MiB (  9216 cells,  36 layers,  4/1 seqs), K (f16):  506.00 MiB, V
llama_memory_recurrent:      CUDA0 RS buffer size =     1.50 MiB
llama_memory_recurrent: size =    1.50 MiB (     4 cells,  36 layers,  4 seqs  0 rs_seq), R (f32):
resolve_fused_ops: Flash Attention not supported, set to disabled
sched_reserve:      CUDA0 compute buffer size =   304.75 MiB
sched_reserve:  CUDA_Host compute buffer size =    16.01 MiB
"""
MIB = 1024 * 1024


VULKAN_LOG = """\
llama_model_load_from_file_impl: using device Vulkan0 (AMD Radeon RX 6600 (RADV NAVI23)) (0000:03:00.0) - 7900 MiB free
llama_model_load_from_file_impl: using device Vulkan1 (llvmpipe (LLVM 15.0.6, 256 bits)) (unknown id) - 10 MiB free
sched_reserve:    Vulkan0 compute buffer size =   304.75 MiB
sched_reserve: Vulkan_Host compute buffer size =    16.01 MiB
"""  # noqa: E501


def of(path: Path, **options: Any) -> Load:
    return Load(id=0, path=str(path), **options)


def test_the_log_of_a_load_with_vulkan():
    report = read_report(VULKAN_LOG.splitlines(), 0)
    assert report.devices == (
        "Vulkan0 (AMD Radeon RX 6600 (RADV NAVI23))",
        "Vulkan1 (llvmpipe (LLVM 15.0.6, 256 bits))",
    )
    processor, card = report.memory
    assert (processor.device, processor.free) == ("CPU", None)
    assert (card.device, card.free) == ("Vulkan0", 7900 * MIB)


def test_the_log_of_a_load_onto_a_card():
    report = read_report(GPU_LOG.splitlines(), 3000 * MIB)
    processor, card = report.memory
    assert processor == DeviceMemory(
        device="CPU",
        # No more than the file has, though the mapping reaches from its first tensor to its last.
        weights=3000 * MIB,
        cache=500 * MIB,
        compute=round(16.01 * MIB) + round(2.32 * MIB),
    )
    assert card == DeviceMemory(
        device="CUDA0",
        weights=round(1918.35 * MIB),
        cache=round(513.5 * MIB),
        compute=round(304.75 * MIB),
    )
    assert (report.layers, report.gpu_layers, report.flash_attention) == (37, 19, False)
    assert report.cache == round(1013.5 * MIB)
    assert report.devices == ("CUDA0 (NVIDIA GeForce RTX 4070)",)


def test_a_dry_load_says_what_the_load_then_takes(engine, load):
    dry = dry_load(load)
    loaded = engine.load(load)
    (real,) = loaded.memory
    (said,) = dry.compute
    assert (said.device, said.compute) == ("CPU", real.compute)
    assert dry.cache == real.cache > 0
    assert (dry.layers, dry.context, dry.gpu_build) == (31, load.context, loaded.gpu_build)
    assert dry.flash_attention is loaded.flash_attention is True
    assert real.weights == pytest.approx(loaded.size_bytes, rel=0.001)


def test_a_dry_load_takes_neither_time_nor_memory(tmp_path):
    path = sized(tmp_path / "m.gguf", SHAPES["gemma3"])
    started = time.perf_counter()
    # Eight times what this machine could hold, of which nothing is allocated.
    dry = dry_load(of(path, context=16_000_000))
    assert time.perf_counter() - started < 15
    assert dry.cache > 50e9


def test_a_state_is_no_part_of_the_work(tmp_path):
    dry = dry_load(of(tiny_mamba(tmp_path / "m.gguf")))
    assert [(each.weights, each.cache) for each in dry.compute] == [(0, 0)]
    assert dry.cache > 0


@pytest.mark.parametrize(
    ("cache_type", "flash_attention", "really"),
    [
        ("q8_0", "auto", ("q8_0", True)),
        ("q4_0", "on", ("q4_0", True)),
        ("q8_0", "off", ("f16", False)),
        ("f16", "off", ("f16", False)),
    ],
)
def test_the_cache_is_what_was_asked_for_or_says_so(
    engine, load, cache_type, flash_attention, really
):
    loaded = engine.load(replace(load, cache_type=cache_type, flash_attention=flash_attention))
    assert (loaded.cache_type, loaded.flash_attention) == really
    whole = engine.load(load).memory[0].cache
    share = {"f16": 1, "q8_0": 34 / 64, "q4_0": 18 / 64}[really[0]]
    assert loaded.memory[0].cache == pytest.approx(share * whole, rel=0.001)


def test_a_model_whose_heads_allow_no_smaller_cache_keeps_f16(engine, tmp_path):
    path = sized(tmp_path / "m.gguf", SHAPES["deepseek2"])
    loaded = engine.load(of(path, cache_type="q8_0"))
    assert (loaded.cache_type, loaded.flash_attention) == ("f16", True)


def test_a_smaller_cache_still_answers(engine, load):
    engine.load(replace(load, cache_type="q8_0"))
    assert write(engine, messages=chat("What is the capital of Japan?")).text == TOKYO
    engine.load(load)


def test_there_is_no_room_for_logits_that_nobody_reads(engine, load):
    """The vocabulary times 512 would be 96 MB for the starter, 311 MB for Qwen3."""
    assert engine.load(load).memory[0].compute < 25e6


# ---------------------------------------------------------------- what goes wrong


def fake_engine(tmp_path: Path, then: str) -> list[str]:
    """An engine that greets and then does something: llama.cpp's ways to fail, on purpose."""
    script = tmp_path / "engine.py"
    script.write_text(
        dedent(
            """
            import json, os, sys, time
            def say(**frame):
                sys.stdout.write(json.dumps(frame) + "\\n")
                sys.stdout.flush()
            say(type="hello", protocol=1, role="engine", pid=os.getpid(), version="0")
            sys.stdin.readline()
            """
        )
        + dedent(then)
    )
    return [sys.executable, str(script)]


def test_an_abort_becomes_a_sentence(tmp_path, load):
    command = fake_engine(
        tmp_path,
        """
        sys.stderr.write("ggml.c:1: GGML_ASSERT(n_layer > 0) failed\\n")
        sys.stderr.flush()
        os.abort()
        """,
    )
    with pytest.raises(EngineDied) as caught:
        dry_load(load, command=command)
    assert "could not say what this model takes" in caught.value.message
    assert "GGML_ASSERT" in caught.value.message
    assert caught.value.hint


def test_an_engine_that_hangs_is_given_up(tmp_path, load):
    command = fake_engine(
        tmp_path,
        """
        while True:
            say(type="beat")
            time.sleep(0.1)
        """,
    )
    started = time.monotonic()
    with pytest.raises(EngineProblem, match="in time"):
        dry_load(load, command=command, deadline=1.5)
    assert time.monotonic() - started < 8


def test_no_engine_at_all(load):
    with pytest.raises(EngineProblem):
        dry_load(load, command=[str(Path(os.devnull) / "none")], deadline=5)


def test_what_cannot_be_loaded_is_refused(tmp_path):
    path = tmp_path / "m.gguf"
    path.write_bytes(b"GGUF")
    with pytest.raises(EngineProblem) as caught:
        dry_load(of(path))
    assert "m.gguf" in caught.value.message
    assert caught.value.kind == "model"
