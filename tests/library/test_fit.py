"""Plans: how many layers go where, what is cut, what is said of it. The memories are made up."""

import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from engine.tiny_models import SHAPES, Shape, sized
from homebody.base.errors import ModelProblem
from homebody.engine.worker import native
from homebody.library import fit_layout
from homebody.library.fit import Memories, measured, most_layers, quick
from homebody.library.fit_layout import cells_for, layout_of
from homebody.library.gguf import read_header
from homebody.messages.fit import FitPlan
from homebody.messages.frames import DeviceMemory, Load, Measured
from library.gguf_files import F32, I32, I64, U32, fact, listed, with_facts

MB = 1_000_000
PLENTY = 64_000 * MB
LAYERS = fact("llama.block_count", U32, 512)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    folder = tmp_path_factory.mktemp("plans")

    def make(name: str) -> Path:
        path = folder / f"{name}.gguf"
        return path if path.exists() else sized(path, SHAPES[name])

    return make


def card(*free: float, processor: float = PLENTY, reserve: int = 0) -> Memories:
    """Cards with so many bytes free, of which nothing is reserved unless said."""
    return Memories(
        gpus=tuple((round(each), 0) for each in free),
        processor_free=round(processor),
        processor_total=PLENTY,
        desktop_reserve=reserve,
    )


def plan(path: Path, machine: Memories, context: int = 8192, **asked: Any) -> FitPlan:
    return quick(path, context=context, machine=machine, **asked)


def sentence_of(path: Path, machine: Memories) -> str:
    """Return what is said of a file, whether there is a plan or a reason why not."""
    try:
        return plan(path, machine, context=0).sentence
    except ModelProblem as problem:
        return problem.hint


def total(found: FitPlan, part: str) -> int:
    return sum(getattr(place, part) for place in (found.gpu, found.processor) if place is not None)


# ---------------------------------------------------------------- the arithmetic


def test_the_engine_is_asked_for_what_is_computed_with():
    assert (fit_layout.BATCH, fit_layout.SEQUENCES) == (native.BATCH, native.SEQUENCES)
    assert fit_layout.SPARE_CELLS == native.SPARE_CELLS
    assert fit_layout.MOST_BY_DEFAULT == native.MOST_BY_DEFAULT
    assert [cells_for(each) for each in (2048, 2049, 1)] == [3072, 3328, 1280]


@pytest.mark.parametrize("name", ["llama", "gemma3", "mixture", "falcon-h1", "mamba"])
def test_nothing_is_lost_between_the_places(model, name):
    path = model(name)
    layout = layout_of(path)
    layers = len(layout.layers) + 1
    plans = [plan(path, card(PLENTY), gpu_layers=count) for count in range(layers + 1)]
    assert [each.gpu_layers for each in plans] == list(range(layers + 1))
    assert len({total(each, "cache") for each in plans}) == 1
    # The words that the output shares with the input lie in both memories.
    assert [total(each, "weights") - layout.weights for each in plans] == [
        0,
        *[layout.tied] * layers,
    ]
    assert layout.weights == sum(tensor.size for tensor in read_header(path).tensors)
    weights = [each.gpu.weights for each in plans]
    assert weights == sorted(weights)
    assert plans[-1].processor.weights == layout.input
    assert plans[-1].verdict == "gpu"


@pytest.mark.parametrize("name", ["qwen3", "lfm2"])
def test_the_most_layers_that_fit_and_no_more(model, name):
    path = model(name)
    layers = len(layout_of(path).layers) + 1
    needs = [plan(path, card(PLENTY), gpu_layers=n).gpu.needs for n in range(layers + 1)]
    for count in range(1, layers + 1):
        assert plan(path, card(needs[count])).gpu_layers == count
        assert plan(path, card(needs[count] - 1)).gpu_layers < count


def test_room_is_left_for_the_desktop(model):
    path = model("llama")
    need = plan(path, card(PLENTY)).gpu.needs
    assert plan(path, card(need + 500 * MB, reserve=500 * MB)).verdict == "gpu"
    assert plan(path, card(need + 499 * MB, reserve=500 * MB)).verdict != "gpu"
    # 6 % of a large card is more.
    large = Memories(gpus=((need + 1439 * MB, 24_000 * MB),), processor_free=PLENTY)
    assert plan(path, large).verdict != "gpu"
    larger = replace(large, gpus=((need + 1441 * MB, 24_000 * MB),))
    assert plan(path, larger).verdict == "gpu"


def test_room_is_left_in_the_computers_own_memory_too(model):
    path = model("llama")
    need = plan(path, card()).processor.needs
    assert plan(path, card(processor=need + 500 * MB, reserve=500 * MB)).context == 8192
    assert plan(path, card(processor=need + 499 * MB, reserve=500 * MB)).context < 8192


def test_layers_are_dealt_to_several_cards_as_llama_cpp_does(model):
    path = model("phi3")
    one = plan(path, card(PLENTY)).gpu
    # Each card has llama.cpp's buffers of its own.
    two = plan(path, card(PLENTY, PLENTY))
    assert (two.verdict, two.gpu.weights, two.gpu.cache) == ("gpu", one.weights, one.cache)
    assert two.gpu.compute == 2 * one.compute
    assert two.sentence.startswith("all 7 layers on 2 GPUs")
    half = one.needs / 2
    assert plan(path, card(half * 0.8, half * 0.8)).verdict == "partly"
    # A full card gets nothing; one that is nearly full gets the first layer, and has no room.
    assert plan(path, card(0, PLENTY)).verdict == "gpu"
    assert plan(path, card(1 * MB, PLENTY)).verdict == "processor"


def test_what_runs_beside_counts(model):
    path = model("llama")
    need = plan(path, card(PLENTY)).gpu.needs
    assert plan(path, card(need), beside=1).gpu_layers < 7
    beside = plan(path, card(need + 150 * MB), beside=150 * MB)
    assert (beside.verdict, beside.gpu.beside, beside.processor.beside) == ("gpu", 150 * MB, 0)
    alone = plan(path, card(), beside=150 * MB)
    assert (alone.gpu, alone.processor.beside) == (None, 150 * MB)


# ---------------------------------------------------------------- what is said


def test_all_layers_on_the_gpu(model):
    found = plan(model("llama"), card(8000 * MB))
    assert found.sentence.startswith("all 7 layers on the GPU, 7.9 GB to spare")
    assert found.hint == ""


def test_some_layers_and_how_all_would_fit(model):
    path = model("llama")
    whole = plan(path, card(PLENTY)).gpu
    smaller = plan(path, card(PLENTY), cache_type="q8_0").gpu
    found = plan(path, card(smaller.needs))
    assert found.verdict == "partly"
    assert found.sentence == f"{found.gpu_layers} of 7 layers on the GPU, the rest on the processor"
    assert found.hint.startswith("With a cache of type q8_0 all layers would be on the GPU")
    assert plan(path, card(smaller.needs), cache_type="q8_0").verdict == "gpu"
    found = plan(path, card(whole.needs - 1), cache_type="q8_0", context=32768)
    shorter = int(found.hint.split("context of ")[1].split()[0].replace(",", ""))
    assert plan(path, card(whole.needs - 1), cache_type="q8_0", context=shorter).verdict == "gpu"
    longer = plan(path, card(whole.needs - 1), cache_type="q8_0", context=shorter + 256)
    assert longer.verdict == "partly"


def test_a_card_that_is_too_small_for_any_layer(model):
    found = plan(model("llama"), card(1 * MB))
    assert (found.verdict, found.gpu_layers) == ("processor", 0)
    assert "no layer fits on the GPU" in found.sentence
    assert "slow" in found.hint


def test_the_persons_own_choice_of_layers(model):
    path = model("llama")
    none = plan(path, card(PLENTY), gpu_layers=0)
    assert (none.verdict, none.hint) == ("processor", "")
    assert "as the settings say" in none.sentence
    some = plan(path, card(PLENTY), gpu_layers=3)
    assert (
        some.sentence == "3 of 7 layers on the GPU, as the settings say, the rest on the processor"
    )
    assert some.hint == ""
    assert plan(path, card(PLENTY), gpu_layers=100).verdict == "gpu"
    too_many = plan(path, card(30 * MB), gpu_layers=5)
    assert too_many.gpu_layers < 5


def test_on_the_processor(model):
    found = plan(model("llama"), card())
    assert (found.verdict, found.gpu, found.hint) == ("processor", None, "")
    needs = f"{found.processor.needs / 1e9:.1f} GB"
    assert found.sentence == f"on the processor, takes {needs}, 64.0 GB free"
    unknown = plan(model("llama"), Memories())
    assert (unknown.verdict, unknown.processor.free) == ("processor", None)


def test_a_context_is_cut_with_a_word(model):
    path = model("llama")
    room = plan(path, card(), context=9984).processor.needs
    found = plan(path, card(processor=room), context=32768)
    assert (found.context, found.asked_context) == (9984, 32768)
    assert "9,984 tokens of context are the most that fit" in found.sentence
    assert "32,768 tokens do not fit" in found.hint
    assert found.processor.needs <= room


def test_what_does_not_fit_at_all(model):
    found = plan(model("llama"), card(1 * MB, processor=10 * MB))
    assert (found.verdict, found.context) == ("no", 8192)
    assert (found.gpu_layers, found.gpu.needs) == (0, 0)
    assert found.sentence.startswith("needs 0.1 GB of the computer's own memory")
    assert found.sentence.endswith("which has 10 MB to spare")
    assert "smaller" in found.hint


def test_a_computer_whose_own_memory_alone_is_short(model):
    """All layers on a large card: a smaller model would change nothing, and nothing is lacking."""
    path = model("llama")
    roomy = plan(path, card(PLENTY))
    held = roomy.processor.needs - layout_of(path).input
    # The table of words is mapped, and a few rows of it are read: it needs no room of its own.
    enough = plan(path, card(PLENTY, processor=held))
    assert (enough.verdict, enough.context) == ("gpu", 8192)
    unmapped = quick(path, context=8192, machine=card(PLENTY, processor=held), mapped=False)
    assert unmapped.context < 8192 or unmapped.verdict == "no"
    short = plan(path, card(PLENTY, processor=100_000))
    assert (short.verdict, short.gpu_layers) == ("no", short.layers)
    assert short.sentence.endswith("which has 0 MB to spare; the rest fits the GPU")
    assert short.hint == "Close other programs."


def test_what_is_loaded_fits_the_cards_with_the_context_that_is_loaded(model):
    """Where the computer's own memory is short, a plan tells of a shorter context or of none."""
    path = model("llama")
    need = plan(path, card(PLENTY)).gpu.needs
    for machine in (card(need // 2, processor=10 * MB), card(need // 2, processor=40 * MB)):
        found = plan(path, machine)
        assert found.verdict == "no" or found.context < 8192
        count = most(path, machine)
        assert 0 < count < found.layers
        whole = quick(path, context=8192, gpu_layers=count, machine=card(PLENTY))
        assert whole.gpu.needs <= machine.usable[0]
        # What runs beside it has its place too.
        assert most(path, machine, beside=machine.usable[0] - 1) == 0


def most(path: Path, machine: Memories, beside: int = 0) -> int:
    return most_layers(
        path,
        context=8192,
        cache_type="f16",
        flash_attention="auto",
        machine=machine,
        beside=beside,
    )


def test_a_cache_that_cannot_be_stays_f16_with_a_word(model):
    found = plan(model("llama"), card(), cache_type="q8_0", flash_attention="off")
    assert found.cache_type == "f16"
    assert found.hint == "The cache stays f16: another type needs flash attention."
    found = plan(model("deepseek2"), card(), cache_type="q4_0")
    assert found.cache_type == "f16"
    assert found.hint == "The cache stays f16: this model can have no other."


def test_a_context_beyond_the_training(model):
    assert "trained for 32,768" in plan(model("llama"), card(), context=40000).hint


# ---------------------------------------------------------------- with a dry load


class FakeGpuEngine:
    """Says what a llama.cpp with a GPU would: a fake, because there is no GPU here."""

    def __init__(self, layers: int, **said: Any) -> None:
        self.asked: list[Load] = []
        self._layers, self._said = layers, said

    def __call__(self, load: Load) -> Measured:
        self.asked.append(load)
        work = [("CPU", 5 * MB), ("CUDA0", self._said.get("card", 20 * MB))]
        return Measured(
            id=1,
            compute=tuple(
                DeviceMemory(device=device, weights=0, cache=0, compute=size)
                for device, size in work
            ),
            cache=self._said.get("cache", 0),
            layers=self._layers,
            gpu_layers=self._said.get("gpu_layers", load.gpu_layers),
            context=load.context,
            cache_type=load.cache_type,
            flash_attention=True,
            gpu_build=self._said.get("gpu_build", True),
        )


def test_llama_cpp_has_the_last_word_on_its_work(model):
    path = model("llama")
    dry = FakeGpuEngine(7)
    found = measured(path, context=8192, machine=card(PLENTY), dry=dry)
    assert (found.measured, found.gpu.compute, found.processor.compute) == (True, 20 * MB, 5 * MB)
    assert len(dry.asked) == 1
    assert (dry.asked[0].gpu_layers, dry.asked[0].context) == (7, 8192)


def test_a_plan_that_changes_is_measured_again(model):
    path = model("llama")
    need = quick(path, context=8192, machine=card(PLENTY)).gpu.needs
    dry = FakeGpuEngine(7, card=need // 2)
    found = measured(path, context=8192, machine=card(need), dry=dry)
    assert found.verdict == "partly"
    assert [load.gpu_layers for load in dry.asked][-1] == found.gpu_layers < 7
    assert 2 <= len(dry.asked) <= 3


def test_a_cache_of_a_kind_that_we_know_less_well(model):
    path = model("llama")
    ours = quick(path, context=8192, machine=card(PLENTY)).gpu.cache
    found = measured(path, context=8192, machine=card(PLENTY), dry=FakeGpuEngine(7, cache=3 * ours))
    assert found.gpu.cache == pytest.approx(3 * ours, rel=0.001)


def test_a_build_without_gpu_support_is_given_none(model):
    dry = FakeGpuEngine(7, gpu_build=False)
    found = measured(model("llama"), context=8192, machine=card(PLENTY), dry=dry)
    assert (found.verdict, found.gpu, found.gpu_layers) == ("processor", None, 0)
    assert found.hint == "The GPU is not used: this llama.cpp was built without support for it."


def test_a_build_that_finds_no_gpu_is_given_none(model):
    dry = FakeGpuEngine(7, gpu_layers=0)
    found = measured(model("llama"), context=8192, machine=card(PLENTY), dry=dry)
    assert (found.verdict, found.gpu, found.gpu_layers) == ("processor", None, 0)
    assert found.hint == "The GPU is not used: its driver does not offer it to llama.cpp."


# ---------------------------------------------------------------- files


def test_a_file_that_changed_is_read_again(tmp_path):
    path = tmp_path / "m.gguf"
    sized(path, Shape(architecture="llama", layers=2, words=10))
    first = plan(path, card())
    sized(path, Shape(architecture="llama", layers=3, words=10))
    assert (first.layers, plan(path, card()).layers) == (3, 4)


def test_a_large_vocabulary_is_read_once(tmp_path):
    path = sized(
        tmp_path / "m.gguf", Shape(architecture="llama", layers=48, wide=32, words=150_000)
    )
    plan(path, card(PLENTY))
    machines = [card(size * MB) for size in (10, 40, 100)]
    started = time.perf_counter()
    for machine in machines:
        plan(path, machine)
    assert (time.perf_counter() - started) / len(machines) < 0.05


@pytest.mark.parametrize(
    "facts",
    [
        [],
        [LAYERS, fact("llama.embedding_length", U32, 2**32 - 1)],
        [LAYERS, fact("llama.attention.head_count", U32, 2**32 - 1)],
        [LAYERS, fact("llama.attention.head_count", U32, 0)],
        [LAYERS, fact("llama.nextn_predict_layers", U32, 2**32 - 1)],
        [LAYERS, fact("llama.wkv.head_size", I64, -(2**63))],
        [LAYERS, fact("llama.wkv.head_size", F32, float("nan"))],
        [LAYERS, fact("llama.kda.head_dim", U32, 2**32 - 1)],
        [LAYERS, fact("llama.context_length", U32, 0)],
        [LAYERS, fact("llama.context_length", U32, 2**32 - 1)],
        [LAYERS, fact("llama.expert_used_count", U32, 2**32 - 1)],
        [LAYERS, fact("llama.attention.key_length_swa", I64, -1)],
        [LAYERS, fact("llama.attention.shared_kv_layers", U32, 7)],
        [LAYERS, listed("llama.attention.head_count", I32, [-1] * 600)],
    ],
)
def test_absurd_headers_have_a_plan_or_a_reason(tmp_path, facts):
    path = with_facts(*facts, without="llama.block_count").write(tmp_path / "m.gguf")
    for machine in (card(), card(8000 * MB), card(1, 1, processor=1)):
        assert sentence_of(path, machine)


def test_a_list_that_is_too_short_is_refused(tmp_path):
    short = listed("llama.attention.head_count", I32, [4, 4])
    file = with_facts(short, LAYERS, without="llama.block_count")
    path = file.write(tmp_path / "m.gguf")
    with pytest.raises(ModelProblem, match="shorter than its layers"):
        plan(path, card())


def test_damaged_headers_raise_nothing_else(tmp_path):
    source = sized(
        tmp_path / "m.gguf", Shape(architecture="qwen3moe", layers=2, experts=2, words=0)
    )
    whole = source.read_bytes()
    chance = random.Random(4)
    plans = 0
    for number in range(300):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(24, 3000)] = chance.choice(
                [0, 1, 0x7F, 0xFF, chance.randrange(256)]
            )
        path = tmp_path / f"{number}.gguf"
        path.write_bytes(data)
        sentence = sentence_of(path, card(100 * MB))
        assert sentence
        plans += "layers on the GPU" in sentence or "on the processor" in sentence
        path.unlink()
    assert plans > 10


def test_what_is_no_model_says_so(tmp_path):
    path = tmp_path / "m.gguf"
    path.write_bytes(b"<!DOCTYPE html>")
    with pytest.raises(ModelProblem, match="HTML"):
        plan(path, card())
    with pytest.raises(ModelProblem, match="There is no model"):
        plan(tmp_path / "none.gguf", card())
