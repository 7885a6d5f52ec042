"""What the presenter makes of models, cards and figures, without a screen."""

from msgspec.structs import replace

from homebody.library.downloads import DownloadState
from homebody.library.hub_files import HubChoice
from homebody.library.truth import Truth
from homebody.machine.readings import read_machine
from homebody.messages.courier import HubFile
from homebody.messages.fit import FitPlan, Place
from homebody.messages.frames import Sampling
from homebody.messages.shelf import CatalogModel, ShelvedFile
from homebody.ui.presenter.library_cards import (
    Room,
    bar_of,
    catalog_card,
    context_slider,
    download_card,
    file_row,
    machine_line,
    plan_words,
    shelf_card,
)
from ui.library_kit import NO_CARD, WITH_CARD, RealBehind
from ui.stand import stand

GB = 1_000_000_000
CARD = Place(weights=7 * GB, cache=GB, compute=GB, beside=0, free=11 * GB, total=12 * GB)
NOTHING = Place(weights=0, cache=0, compute=0, beside=0, free=8 * GB, total=16 * GB)
PLAN = FitPlan(
    verdict="gpu",
    layers=37,
    gpu_layers=37,
    context=8192,
    asked_context=8192,
    cache_type="f16",
    flash_attention="auto",
    gpu=CARD,
    processor=NOTHING,
    measured=False,
    sentence="all 37 layers on the GPU",
    hint="",
)
FILE = ShelvedFile(
    key="a",
    name="A",
    path="/a.gguf",
    source="ollama",
    files=1,
    bytes=7 * GB,
    architecture="llama",
    parameters=None,
    quantisation="Q4_0",
    trained_context=8192,
    licence=None,
    sha256=None,
    problem="",
)
MODEL = CatalogModel(
    key="m",
    name="M",
    repo="o/m",
    file="M-Q4_K_M.gguf",
    bytes=7 * GB,
    exact=True,
    sha256=None,
    licence="MIT",
    licence_url="https://example.org",
    made_by="O",
    parameters="9B",
    kind="dense",
    good_for="Talking.",
    unverified=(),
    card_gb=8,
    sampling=Sampling(),
    system="",
)


def test_a_bar_is_of_the_memory_that_the_model_lies_in_and_never_longer():
    bar = bar_of(PLAN)
    assert bar.fits
    assert round(bar.weights, 3) == round(7 / 12, 3)
    assert round(bar.taken, 3) == round(1 / 12, 3)
    for verdict in ("partly", "processor", "no"):
        huge = replace(CARD, weights=90 * GB)
        bar = bar_of(replace(PLAN, verdict=verdict, gpu=huge, processor=huge))
        assert bar.weights + bar.cache + bar.compute + bar.taken <= 1.0000001
        assert bar.fits == (verdict == "processor")
    unknown = replace(CARD, free=None, total=None)
    bar = bar_of(replace(PLAN, gpu=unknown))
    assert round(bar.weights + bar.cache + bar.compute, 6) == 1


def test_what_fits_is_told_by_its_parts_and_what_does_not_by_what_it_needs():
    words = plan_words(PLAN)
    assert "7.0 GB weights · 1.0 GB context of 8k · 1.0 GB working" in words
    assert words.endswith("all 37 layers on the GPU")
    part = replace(PLAN, verdict="partly", processor=replace(CARD, free=None), sentence="half")
    assert plan_words(part) == "needs 18.0 GB, 11.0 GB free · half"


def test_one_button_by_how_it_is_with_the_model():
    def button(plan=PLAN, *, answers=False, **facts):
        card = shelf_card(replace(FILE, **facts), plan, answers=answers, details=None)
        return card.button.action

    assert button() == "use"
    assert button(answers=True) == "settings"
    assert button(replace(PLAN, verdict="no")) == "why"
    assert button(replace(PLAN, verdict="partly")) == "use"
    assert button(problem="It is broken.") == "remove"
    assert "found in Ollama, linked" in shelf_card(FILE, None, answers=False, details=None).facts


def test_the_best_is_marked_only_where_it_fits():
    large = Room(12 * GB, 12 * GB, 8 * GB, 16 * GB)
    best = catalog_card(MODEL, large, best=True, first=True, can_get=True, details=None)
    assert best.badge
    assert best.button.primary
    later = catalog_card(MODEL, large, best=True, first=False, can_get=True, details=None)
    assert later.badge
    assert not later.button.primary
    assert best.button.words == "Get 7.0 GB"
    assert "Q4_K_M" in best.facts
    small = Room(None, None, 2 * GB, 4 * GB)
    card = catalog_card(MODEL, small, best=True, first=True, can_get=True, details=None)
    assert not card.badge
    assert not card.button.primary


def test_a_file_without_a_checksum_has_no_button():
    room = Room(None, None, 8 * GB, 16 * GB)
    file = HubFile(name="a.gguf", bytes=GB, sha256=None)
    choice = HubChoice(name="a", quantisation=None, files=(file,), bytes=GB, problem="No hash.")
    row = file_row("o/n", choice, room, busy=False)
    assert row.button is None
    assert row.mark == "No hash."
    good = file_row("o/n", replace(choice, problem=""), room, busy=False)
    assert good.button.words == "Get 1.0 GB"
    assert good.level == "ok"


def test_a_download_says_speed_and_time_and_what_is_wrong():
    state = DownloadState(
        key="k",
        name="M",
        repo="o/m",
        state="running",
        done=GB,
        total=4 * GB,
        bytes_per_second=10_000_000,
        seconds_left=300,
    )
    card = download_card(state)
    assert card.sentence == "1.0 GB of 4.0 GB · 10 MB a second · 5 min left"
    assert card.button.action == "pause"
    failed = replace(state, state="failed", problem="It broke.", hint="Try again.")
    assert download_card(failed).problem == "It broke."
    assert download_card(failed).button.action == "resume"
    nothing = replace(state, done=0, total=0, seconds_left=None, bytes_per_second=None)
    assert download_card(nothing).progress == 0


def test_the_context_that_was_chosen_stays_a_step():
    slider = context_slider(8192, 4096, 3000)
    assert slider.steps == (1024, 2048, 3000, 4096, 8192)
    assert slider.at == 3
    assert context_slider(512, 4096, 4096).steps == (512,)
    assert context_slider(None, 4096, 4096).steps[-1] == 131_072


def test_the_machine_in_a_line():
    machine = replace(read_machine(), memory_total=16 * GB, memory_available=11 * GB)
    assert machine_line(NO_CARD, machine, None) == (
        "No NVIDIA card: models run on the processor · 16.0 GB memory, 11.0 GB free"
    )
    assert machine_line(WITH_CARD, machine, None) == (
        "RTX 4070 · 12.9 GB, 11.6 GB free · driver 580.95"
    )


def test_the_strip_says_the_model_the_card_and_the_last_reply(write_script):
    with stand(write_script("Hi there."), behind=RealBehind(reading=WITH_CARD)) as it:
        it.until(lambda: "GPU memory 1.3 of 12.9 GB" in it.view.strip, "the card")
        assert it.session.model.name in it.view.strip
        assert "tok/s" not in it.view.strip
        it.say("Hello")
        it.until(lambda: "tok/s" in it.view.strip, "the figures")
        it.presenter.talk.new()
        it.until(lambda: "tok/s" not in it.view.strip, "no figures of nothing")


def test_without_a_card_the_strip_says_nothing_of_one(write_script):
    with stand(write_script("Hi."), behind=RealBehind()) as it:
        it.say("Hello")
        assert "GPU" not in it.view.strip


def test_a_card_that_is_not_used_is_told_and_a_wish_is_not(write_script):
    said = Truth(kind="build", sentence="The card is not used.", hint="Build with CUDA.")
    with stand(write_script(), behind=RealBehind(reading=WITH_CARD, said=said)) as it:
        it.until(lambda: it.notice("gpu"), "the banner")
        assert it.notice("gpu").text == "The card is not used. Build with CUDA."
        assert it.notice("gpu").kind == "warn"
    quiet = replace(said, quiet=True)
    with stand(write_script(), behind=RealBehind(reading=WITH_CARD, said=quiet)) as it:
        it.until(lambda: it.presenter.models.loaded, "the model")
        it.settle()
        assert it.notice("gpu") is None


def test_a_library_that_cannot_be_opened_is_told_and_tried_again(write_script):
    class Broken(RealBehind):
        def open_library(self):
            if not self.opened:
                self.opened += 1
                from homebody.base.errors import ModelProblem

                raise ModelProblem("The shelf cannot be read.", "Mend it.")
            return super().open_library()

    with stand(write_script(), behind=Broken()) as it:
        it.presenter.go("models")
        it.until(lambda: it.notice("library"), "the notice")
        it.presenter.board.act("library")
        it.until(lambda: it.view.models.sections, "the page")
