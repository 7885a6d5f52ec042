"""Which files make a model, and which one is fetched where nobody says."""

import pytest

from homebody.base.errors import CourierProblem
from homebody.library.hub_files import best, choices, named
from homebody.messages.courier import HubFile, HubListing


def of(*files: tuple[str, int], sha256: str | None = "a" * 64) -> HubListing:
    return HubListing(
        repo="acme/M-GGUF",
        commit="0" * 40,
        gated=False,
        licence=None,
        files=tuple(HubFile(name=name, bytes=size, sha256=sha256) for name, size in files),
    )


USUAL = of(
    ("M-Q8_0.gguf", 8), ("M-Q4_K_M.gguf", 4), ("M-Q2_K.gguf", 2), ("M-BF16.gguf", 16),
    ("mmproj-F16.gguf", 1), ("imatrix_M.gguf", 1), ("UD/M-UD-IQ1_S.gguf", 1),
)  # fmt: skip


def test_models_are_offered_smallest_first_and_parts_of_models_not():
    found = [(each.quantisation, each.bytes) for each in choices(USUAL)]
    assert found == [("UD-IQ1_S", 1), ("Q2_K", 2), ("Q4_K_M", 4), ("Q8_0", 8), ("BF16", 16)]


def test_the_best_is_said_with_its_reason():
    choice, why = best(choices(USUAL))
    assert (choice.name, why) == ("M-Q4_K_M", "Q4_K_M loses little and is small")
    choice, why = best(choices(of(("m-q8_0.gguf", 8), ("m-q5_k_m.gguf", 5))))
    assert (choice.quantisation, why) == ("q5_k_m", "there is no Q4_K_M; Q5_K_M comes closest")
    assert best(choices(of(("m.gguf", 8))))[1] == "it is the only one"
    assert best(choices(of(("b.gguf", 9), ("a.gguf", 8))))[0].name == "a"


def test_a_split_model_is_one_model():
    parts = [(f"q4/M-Q4_K_M-{part:05}-of-00003.gguf", part) for part in (3, 1, 2)]
    (choice,) = choices(of(*parts))
    assert (choice.name, choice.quantisation, choice.bytes) == ("M-Q4_K_M", "Q4_K_M", 6)
    assert [file.bytes for file in choice.files] == [1, 2, 3]
    (choice,) = choices(of(*parts[:2]))
    assert "Only 2 of its 3 files" in choice.problem
    with pytest.raises(CourierProblem):
        best((choice,))


@pytest.mark.parametrize("numbers", [(0, 1), (1, 9), (2, 3)])
def test_a_split_model_has_every_number(numbers):
    (choice,) = choices(of(*((f"M-{number:05}-of-00002.gguf", 1) for number in numbers)))
    assert "not numbered from 1 to 2" in choice.problem


def test_a_part_of_a_split_model_means_all_of_it():
    parts = [(f"q4/M-{part:05}-of-00002.gguf", part) for part in (1, 2)]
    assert len(named(of(*parts), "M-00002-of-00002.gguf").files) == 2


def test_a_file_can_be_named_with_or_without_its_folders_whatever_it_is():
    assert named(USUAL, "M-UD-IQ1_S.gguf").files[0].name == "UD/M-UD-IQ1_S.gguf"
    assert named(USUAL, "mmproj-F16.gguf").bytes == 1
    with pytest.raises(CourierProblem) as caught:
        named(USUAL, "other.gguf")
    assert "M-Q8_0.gguf" in caught.value.hint


def test_what_cannot_be_verified_is_not_the_best():
    (choice,) = choices(of(("m-Q4_K_M.gguf", 8), sha256=None))
    assert "cannot be verified" in choice.problem
    with pytest.raises(CourierProblem):
        best((choice,))
    with pytest.raises(CourierProblem):
        best(())
