"""What counts as free for the next model: made-up readings of cards, because there are none."""

import pytest
from msgspec.structs import replace

from homebody.library import memories
from homebody.library.memories import ask_llama_cpp, read_memories
from homebody.machine.gpus import Gpu, GpuReading
from homebody.messages.frames import DeviceMemory, Load, Loaded, Measured

GB = 10**9
LOADED = Loaded(
    id=1,
    path="m.gguf",
    name="M",
    description="m",
    architecture="llama",
    parameters=1,
    size_bytes=1,
    context=4096,
    trained_context=4096,
    layers=36,
    gpu_layers=37,
    devices=("CUDA0 (NVIDIA RTX 4090)", "CUDA1 (NVIDIA RTX 3060)"),
    has_template=True,
    recurrent=False,
    load_ms=1.0,
    build="llama.cpp",
    system="",
    gpu_build=True,
    memory=(
        DeviceMemory(device="CPU", weights=3 * GB, cache=2 * GB, compute=1 * GB),
        DeviceMemory(device="CUDA0", weights=5 * GB, cache=2 * GB, compute=1 * GB),
        DeviceMemory(device="CUDA1", weights=1 * GB, cache=0, compute=1 * GB),
    ),
)
LARGE = Gpu(
    index=1, name="NVIDIA RTX 4090", uuid="GPU-4090", memory_total=24 * GB, memory_free=10 * GB
)
SMALL = Gpu(
    index=0, name="NVIDIA RTX 3060", uuid="GPU-3060", memory_total=12 * GB, memory_free=6 * GB
)


@pytest.fixture(autouse=True)
def all_shown(monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


@pytest.fixture(autouse=True)
def machine(monkeypatch):
    monkeypatch.setattr(memories, "read_memory", lambda: (64 * GB, 20 * GB))


def free(*gpus, loaded=None, gpu_code=True):
    reading = GpuReading(kind="ok", card=True, gpus=gpus)
    return [each for each, _ in read_memories(reading, gpu_code=gpu_code, loaded=loaded).gpus]


def test_what_the_driver_tells_of_ours_is_free_for_the_next():
    assert free(replace(LARGE, own_memory=9 * GB), loaded=LOADED) == [19 * GB]
    assert free(replace(LARGE, own_memory=0), loaded=LOADED) == [10 * GB]


def test_where_the_driver_does_not_tell_the_engine_does():
    """As on Windows and in containers, where no process is named."""
    assert free(LARGE, loaded=LOADED) == [18 * GB]
    assert free(LARGE) == [10 * GB]
    # The driver counts the cards in another order than CUDA.
    assert free(SMALL, LARGE, loaded=LOADED) == [8 * GB, 18 * GB]
    assert free(replace(LARGE, memory_free=20 * GB), loaded=LOADED) == [24 * GB]


def test_two_cards_of_a_kind_are_taken_in_order():
    twins = replace(LOADED, devices=("CUDA0 (NVIDIA RTX 4090)", "CUDA1 (NVIDIA RTX 4090)"))
    assert free(LARGE, replace(LARGE, index=2), loaded=twins) == [18 * GB, 12 * GB]


def test_the_computers_own_memory_comes_free_too():
    reading = GpuReading(kind="none")
    assert read_memories(reading, gpu_code=False).processor_free == 20 * GB
    mapped = read_memories(reading, gpu_code=False, loaded=LOADED)
    assert mapped.processor_free == 23 * GB
    whole = read_memories(reading, gpu_code=False, loaded=LOADED, mapped=False)
    assert whole.processor_free == 26 * GB


@pytest.mark.parametrize(
    ("shown", "names"),
    [
        ("", []),
        ("-1", []),
        ("0", ["3060"]),
        ("1", ["4090"]),
        ("1,0", ["4090", "3060"]),
        ("1,-1,0", ["4090"]),
        ("7", []),
        ("GPU-40", ["4090"]),
        (" GPU-3060 , 1", ["3060", "4090"]),
        ("0,0", ["3060"]),
        ("nonsense", []),
    ],
)
def test_only_cards_that_cuda_shows_are_planned_with(monkeypatch, shown, names):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", shown)
    sizes = {"4090": 10 * GB, "3060": 6 * GB}
    assert free(SMALL, LARGE) == [sizes[name] for name in names]


def test_a_build_that_uses_no_card_is_given_none():
    assert free(SMALL, LARGE, gpu_code=False) == []


def test_cards_that_no_driver_told_of_are_asked_of_llama_cpp():
    """As of AMD's and Intel's, with the Vulkan pack."""
    asked = []

    def dry(load):
        asked.append(load.gpu_layers)
        return Measured(
            id=1,
            compute=(
                DeviceMemory(device="CPU", weights=0, cache=0, compute=GB),
                DeviceMemory(device="Vulkan0", weights=0, cache=0, compute=GB, free=6 * GB),
                DeviceMemory(device="Vulkan1", weights=0, cache=0, compute=GB),
            ),
            cache=0,
            layers=37,
            gpu_layers=37,
            context=4096,
            cache_type="f16",
            flash_attention=True,
            gpu_build=True,
        )

    wish = Load(id=0, path="m.gguf", gpu_layers=3)
    before = read_memories(GpuReading(kind="none"), gpu_code=True)
    after = ask_llama_cpp(before, wish, dry)
    assert asked == [-1]
    assert after == replace(before, gpus=((6 * GB, 6 * GB),))
    ours = replace(
        LOADED, memory=(DeviceMemory(device="Vulkan0", weights=GB, cache=GB, compute=0),)
    )
    assert ask_llama_cpp(before, wish, dry, ours).gpus == ((8 * GB, 8 * GB),)
