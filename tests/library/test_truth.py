"""The truth about the GPU: what is said when a card is there and does not compute."""

import pytest
from msgspec.structs import replace

from homebody.library.truth import why
from homebody.machine.gpus import Gpu, GpuReading
from homebody.messages.frames import DeviceMemory, Loaded

GB = 10**9
CUDA = "CUDA0 (NVIDIA RTX 4090)"
LOADED = Loaded(
    id=1,
    path="m.gguf",
    name="M",
    description="m",
    architecture="llama",
    parameters=4 * GB,
    size_bytes=4 * GB,
    context=4096,
    trained_context=4096,
    layers=36,
    gpu_layers=37,
    devices=(CUDA,),
    has_template=True,
    recurrent=False,
    load_ms=1.0,
    build="llama.cpp",
    system="",
    gpu_build=True,
    memory=(
        DeviceMemory(device="CPU", weights=GB // 2, cache=0, compute=0),
        DeviceMemory(device="CUDA0", weights=3 * GB, cache=GB // 2, compute=GB // 2),
    ),
)
ON_THE_PROCESSOR = replace(
    LOADED,
    gpu_layers=0,
    memory=(DeviceMemory(device="CPU", weights=4 * GB, cache=0, compute=0),),
)


def reading(free=20.0, own=None, **changes):
    card = Gpu(
        index=0,
        name="NVIDIA RTX 4090",
        memory_total=24 * GB,
        memory_free=int(free * GB),
        own_memory=own,
    )
    ok = GpuReading(kind="ok", card=True, gpus=(card,), driver="550.54", cuda="12.4")
    return replace(ok, **changes)


NO_CARD = GpuReading(kind="none", card=False, problem="There is no graphics card.")
NO_DRIVER = GpuReading(
    kind="no_driver", card=True, problem="There is a card without a driver.", hint="Install it."
)


def said(loaded=LOADED, *, asked=-1, before=None, after=None, trial=""):
    truth = why(asked=asked, loaded=loaded, before=before, after=after or reading(), trial=trial)
    if truth is not None:
        assert truth.sentence.endswith((".", ")"))
        assert truth.hint.endswith(".")
    return truth


def test_all_on_the_gpu_says_nothing():
    assert said() is None
    assert said(before=reading(20), after=reading(16)) is None
    assert said(after=reading(own=4 * GB)) is None


def test_no_card_says_nothing():
    assert said(ON_THE_PROCESSOR, after=NO_CARD) is None
    assert said(replace(ON_THE_PROCESSOR, gpu_build=False, devices=()), after=NO_CARD) is None


def test_a_build_without_cuda():
    truth = said(replace(ON_THE_PROCESSOR, gpu_build=False, devices=()))
    assert (truth.kind, truth.quiet) == ("build", False)
    assert "NVIDIA RTX 4090 is not used" in truth.sentence
    assert "make run CUDA=1" in truth.hint


def test_a_build_that_takes_packs_names_the_pack():
    packaged = replace(ON_THE_PROCESSOR, gpu_build=False, devices=(), processor_choice=14)
    for after in (reading(), NO_DRIVER):
        hint = said(packaged, after=after).hint
        assert "homebody engine add FILE" in hint
        assert "make run" not in hint
    assert "engine add" not in said(replace(packaged, gpu_build=True), after=NO_DRIVER).hint


def test_a_card_without_a_driver():
    truth = said(replace(ON_THE_PROCESSOR, devices=()), after=NO_DRIVER)
    assert (truth.kind, truth.quiet) == ("no_driver", False)
    assert truth.sentence == "The graphics card is not used: there is a card without a driver."
    assert truth.hint == "Install it."
    cpu_build = replace(ON_THE_PROCESSOR, devices=(), gpu_build=False)
    assert "make run CUDA=1" in said(cpu_build, after=NO_DRIVER).hint


def test_nobody_knows_of_a_card_so_nobody_is_bothered():
    unknown = replace(NO_DRIVER, card=None)
    assert said(replace(ON_THE_PROCESSOR, devices=()), after=unknown).quiet


def test_a_driver_that_is_too_old():
    old = GpuReading(kind="old_driver", problem="The driver is too old.", hint="Get a newer one.")
    truth = said(replace(ON_THE_PROCESSOR, devices=()), after=old)
    assert (truth.kind, truth.quiet) == ("old_driver", False)


def test_a_driver_that_is_too_old_for_the_build():
    hidden = replace(ON_THE_PROCESSOR, devices=())
    truth = said(hidden)
    assert truth.kind == "old_driver"
    assert "CUDA up to 12.4" in truth.hint
    assert "550.54" in truth.hint
    assert said(hidden, trial="It died of the card.").sentence == "It died of the card."


def test_half_a_driver():
    half = reading(problem="The part that computes is not loaded.", hint="Load it.")
    truth = said(replace(ON_THE_PROCESSOR, devices=()), after=half)
    assert (truth.kind, truth.hint) == ("no_driver", "Load it.")
    assert "the part that computes" in truth.sentence


def test_no_room_on_the_card():
    truth = said(ON_THE_PROCESSOR, after=reading(free=0.3))
    assert truth.kind == "memory"
    assert "0.3 GB free" in truth.sentence


def test_some_room_on_the_card():
    truth = said(replace(LOADED, gpu_layers=20))
    assert (truth.kind, truth.quiet) == ("partly", False)
    assert "20 of 37 layers" in truth.sentence
    # More were asked for than fit.
    assert said(replace(LOADED, gpu_layers=20), asked=30).kind == "partly"


@pytest.mark.parametrize(("asked", "used"), [(20, 20), (0, 0)])
def test_as_the_person_wanted_it_is_quiet(asked, used):
    loaded = replace(LOADED, gpu_layers=used) if used else ON_THE_PROCESSOR
    truth = said(loaded, asked=asked)
    assert (truth.kind, truth.quiet) == ("chosen", True)
    # Also where something else is wrong as well.
    assert said(replace(ON_THE_PROCESSOR, gpu_build=False), asked=0).kind == "chosen"


def test_a_lost_card_comes_first():
    lost = reading(kind="lost", gpus=(), problem="The card stopped answering.", hint="Restart.")
    for loaded in (LOADED, ON_THE_PROCESSOR):
        truth = said(loaded, after=lost)
        assert (truth.kind, truth.hint, truth.quiet) == ("lost", "Restart.", False)


def test_layers_on_a_card_whose_memory_did_not_grow():
    truth = said(before=reading(20), after=reading(19.9))
    assert (truth.kind, truth.quiet) == ("not_used", False)
    assert "37 layers" in truth.sentence
    assert "0.1 GB of about 4.0 GB" in truth.sentence
    # Another program gave memory back meanwhile.
    assert "0.0 GB of about" in said(before=reading(20), after=reading(21)).sentence
    assert said(after=reading(own=GB // 10)).kind == "not_used"


def test_our_own_memory_is_believed_before_that_of_the_whole_card():
    assert said(before=reading(20), after=reading(20, own=4 * GB)) is None


@pytest.mark.parametrize(
    ("loaded", "before", "after"),
    [
        (LOADED, None, reading(20)),  # another model was loaded before
        (LOADED, NO_DRIVER, reading(20)),
        (LOADED, reading(20), NO_DRIVER),
        (LOADED, replace(reading(20), gpus=reading().gpus * 2), reading(20)),  # one was added
        (replace(LOADED, memory=()), reading(20), reading(20)),  # the engine does not tell
        (
            replace(LOADED, memory=(replace(LOADED.memory[1], weights=1, cache=1, compute=1),)),
            reading(20),
            reading(20),  # too small to be seen
        ),
    ],
)
def test_what_cannot_be_compared_is_no_accusation(loaded, before, after):
    assert said(loaded, before=before, after=after) is None
