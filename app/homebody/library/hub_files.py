"""Which files of a repository make a model, and which of its models to fetch where nobody says.

A repository holds the same model in many quantisations, some of them in several files.
"""

import re

from msgspec import Struct

from homebody.base.errors import CourierProblem
from homebody.messages.courier import HubFile, HubListing

__all__ = ["HubChoice", "best", "choices", "named"]

_PIECE = re.compile(r"(.+)-(\d{5})-of-(\d{5})\.gguf", re.IGNORECASE | re.DOTALL)
_QUANTISATION = re.compile(
    r"(?:^|[-_. /])((?:UD-)?(?:I?Q\d(?:_[A-Z0-9]+)*|TQ\d_\d|BF16|FP?16|FP?32|MXFP4(?:_MOE)?))"
    r"(?=[-_. ]|$)",
    re.IGNORECASE,
)
_NO_MODEL = re.compile(
    r"(^|[-_./])(mmproj|imatrix|mtp|draft|lora|adapter)([-_./]|$)", re.IGNORECASE
)
_PREFERRED = (
    "Q4_K_M", "UD-Q4_K_XL", "Q4_K_L", "Q4_K_S", "IQ4_XS", "IQ4_NL", "Q4_1", "Q4_0", "MXFP4",
    "MXFP4_MOE", "Q5_K_M", "Q5_K_S", "Q5_0", "Q6_K", "Q8_0", "Q3_K_L", "Q3_K_M",
)  # fmt: skip
"""Best first: four bits lose little and take a third of the memory of the original."""


class HubChoice(Struct, frozen=True, kw_only=True):
    """A model that can be fetched: one file, or all the files that it was split into."""

    name: str
    """Without folders, ending and number."""
    quantisation: str | None
    """As the name of the file says, such as "Q4_K_M"."""
    files: tuple[HubFile, ...]
    bytes: int
    problem: str = ""
    """Why it cannot be fetched, or nothing."""


def choices(listing: HubListing) -> tuple[HubChoice, ...]:
    """Return the models of a repository, smallest first. Parts of models alone are left out."""
    sets: dict[str, list[HubFile]] = {}
    for file in listing.files:
        piece = _PIECE.fullmatch(file.name)
        sets.setdefault(f"{piece[1]}/{piece[3]}" if piece else file.name, []).append(file)
    found = [_choice(sorted(files, key=lambda file: file.name)) for files in sets.values()]
    models = [each for each in found if not _NO_MODEL.search(each.files[0].name)]
    return tuple(sorted(models, key=lambda choice: (choice.bytes, choice.name)))


def best(offered: tuple[HubChoice, ...]) -> tuple[HubChoice, str]:
    """Return what to fetch where nobody says, and why. `CourierProblem` if there is nothing."""
    fetchable = [choice for choice in offered if not choice.problem]
    if not fetchable:
        raise CourierProblem(
            "There is no GGUF model in this repository that can be fetched.",
            "Look for one whose name ends with GGUF: `homebody models search WORDS`.",
            kind="hub",
        )
    for quantisation in _PREFERRED:
        for choice in fetchable:
            if (choice.quantisation or "").upper() == quantisation:
                if quantisation == "Q4_K_M":
                    return choice, "Q4_K_M loses little and is small"
                return choice, f"there is no Q4_K_M; {quantisation} comes closest"
    if len(fetchable) == 1:
        return fetchable[0], "it is the only one"
    return fetchable[0], "it is the smallest, and none has a usual quantisation"


def named(listing: HubListing, name: str) -> HubChoice:
    """Return the model that a file belongs to, by the file's name with or without its folders."""
    for choice in choices(listing):
        for file in choice.files:
            if name in {file.name, file.name.rpartition("/")[2]}:
                return choice
    for file in listing.files:
        if name in {file.name, file.name.rpartition("/")[2]}:
            return _choice([file])
    raise CourierProblem(
        f"{listing.repo} has no file {name}.",
        "It has " + (", ".join(file.name for file in listing.files[:8]) or "no GGUF files") + ".",
        kind="hub",
    )


def _numbers(files: list[HubFile]) -> list[int]:
    return list(range(1, len(files) + 1))


def _choice(files: list[HubFile]) -> HubChoice:
    first = files[0].name
    piece = _PIECE.fullmatch(first)
    stem = (piece[1] if piece else first[: -len(".gguf")]).rpartition("/")[2]
    marks = _QUANTISATION.findall(stem) or _QUANTISATION.findall(first)
    problem = ""
    if any(file.sha256 is None for file in files):
        problem = "The hub does not say what it has to be, so it cannot be verified."
    elif piece and len(files) != int(piece[3]):
        problem = f"Only {len(files)} of its {int(piece[3])} files are there."
    elif piece and [int(_PIECE.sub(r"\2", file.name)) for file in files] != _numbers(files):
        problem = f"Its files are not numbered from 1 to {len(files)}."
    return HubChoice(
        name=stem,
        quantisation=marks[-1] if marks else None,
        files=tuple(files),
        bytes=sum(file.bytes for file in files),
        problem=problem,
    )
