"""Give mutated model files to the preflight and, where it lets them pass, to a real engine.

Seeds are small random-weight models and the starter's header (its weights are zeros here). Each
file gets a few bits flipped, is cut, has a piece of another file in its middle, or has counts
replaced by what overflows. The preflight must refuse it in a sentence or let it pass; the engine
must refuse it, load it and write two tokens, or die with a cause that is named; and the next file
finds an engine.

    python tests/torture/gguf_files.py --files 10000 --seed 1 [--keep FOLDER]

prints one line of JSON. `--keep` keeps the files that killed the engine.
"""

import argparse
import json
import os
import random
import re
import shutil
import struct
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from homebody.base.errors import EngineDied, EngineProblem, ModelProblem
from homebody.base.paths import find_home
from homebody.engine.client import Engine
from homebody.library.gguf import read_header
from homebody.library.preflight import check_model
from homebody.library.shelf import find_model
from homebody.messages.frames import Generate, Load
from homebody.wire.keeper import Limits

DEADLINE = 20.0
"""Seconds after which an engine that says nothing of a file counts as hung, and is killed."""
LONG = (0, 1, 2**31 - 1, 2**31, 2**32, 2**62, 2**63 - 1, 2**63, 2**64 - 1)
SHORT = (0, 1, 3, 8, 9, 12, 2**15, 2**31 - 1, 2**31, 2**32 - 1)
MOST_MEMORY = 16 * 2**30


@dataclass
class Result:
    """What came out; `hung`, `unnamed` and `other_errors` have to be 0."""

    files: int = 0
    seed: int = 0
    refused_by_preflight: int = 0
    refused_by_engine: int = 0
    loaded: int = 0
    deaths: int = 0
    hung: int = 0
    unnamed: int = 0
    """Deaths and refusals without a cause."""
    other_errors: int = 0
    """Anything but a `ModelProblem` out of the preflight."""
    slowest_preflight_ms: float = 0.0
    slowest_cause_s: float = 0.0
    """From the request to the sentence that says how the engine died."""
    causes: dict[str, int] = field(default_factory=dict)
    refusals: dict[str, int] = field(default_factory=dict)
    """Sentences of the preflight without their names and numbers."""
    seconds: float = 0.0

    @property
    def good(self) -> bool:
        """Whether everything was as it must be."""
        return not (self.hung or self.unnamed or self.other_errors)


@dataclass(frozen=True)
class Seed:
    """A good file: its bytes up to the weights, and a few of these, and the size of all."""

    head: bytes
    size: int
    parts: tuple[tuple[int, int], ...]
    """Where to hurt it: before the vocabulary, behind it, and anywhere."""


def seeds(folder: Path) -> list[Seed]:
    """Write the small models, and take the starter's header."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from engine.tiny_models import tiny_lfm2, tiny_llama, tiny_mamba

    made = (tiny_llama, tiny_mamba, tiny_lfm2)
    paths = [make(folder / f"{make.__name__}.gguf") for make in made]
    return [seed(path) for path in [*paths, find_model(find_home(), "starter").path]]


def seed(path: Path) -> Seed:
    """Take a good file. Of a large one the header alone."""
    header = read_header(path)
    size = header.size if header.size < 1_000_000 else header.weights_at
    with path.open("rb") as stream:
        head = stream.read(size)
    begin = head.index(b"tokenizer.ggml.tokens")
    end = head.index(b"tokenizer.ggml.bos_token_id")
    return Seed(head, header.size, ((0, begin), (end, header.weights_at), (0, len(head))))


def flip(rng: random.Random, data: bytearray, part: tuple[int, int]) -> None:
    for _ in range(rng.choice((1, 1, 2, 4, 8))):
        data[rng.randrange(*part)] ^= 1 << rng.randrange(8)


def splice(rng: random.Random, data: bytearray, part: tuple[int, int], other: bytes) -> None:
    length = rng.choice((1, 8, 24, 64, 256))
    at, start = rng.randrange(*part), rng.randrange(len(other))
    if rng.random() < 0.5:
        length = min(length, len(data) - at, len(other) - start)
        data[at : at + length] = other[start : start + length]
    else:
        data[at:at] = other[start : start + length]


def count(rng: random.Random, data: bytearray, part: tuple[int, int]) -> None:
    """Replace something that looks like a count, a length, a type or a small value."""
    for _ in range(rng.choice((1, 1, 2))):
        for _ in range(1000):
            at = rng.randrange(part[0], part[1] - 8)
            if data[at] and not any(data[at + 2 : at + 4]):
                break
        if rng.random() < 0.4:
            struct.pack_into("<Q", data, at, rng.choice(LONG))
        else:
            struct.pack_into("<I", data, at, rng.choice(SHORT))


def mutate(rng: random.Random, path: Path, seed: Seed, others: list[Seed]) -> None:
    """Write a mutated copy of a seed."""
    data, size = bytearray(seed.head), seed.size
    part = rng.choice(seed.parts)
    way = rng.choice(("flip", "flip", "count", "count", "splice", "cut"))
    if way == "flip":
        flip(rng, data, part)
    elif way == "count":
        count(rng, data, part)
    elif way == "splice":
        splice(rng, data, part, rng.choice(others).head)
        size += len(data) - len(seed.head)
    else:
        size = rng.choice((rng.randrange(*part), rng.randrange(seed.size), seed.size - 1))
    path.write_bytes(bytes(data[:size]))
    if size > len(data):
        os.truncate(path, size)


def torture(folder: Path, *, files: int, seed: int, keep: Path | None = None) -> Result:
    """Give so many mutated files to preflight and engine; count what happens."""
    rng = random.Random(seed)
    result = Result(files=files, seed=seed)
    started = time.monotonic()
    originals = seeds(folder)
    weights = [3, 3, 3, 1]
    causes: Counter[str] = Counter()
    refusals: Counter[str] = Counter()
    # A file that kills the engine is not tried again: the next one is.
    engine = Engine(limits=Limits(crashes=1))
    engine.start()
    try:
        for number in range(files):
            path = folder / f"{number}.gguf"
            mutate(rng, path, rng.choices(originals, weights)[0], originals)
            before = time.perf_counter()
            refused = preflight(path)
            took = (time.perf_counter() - before) * 1e3
            result.slowest_preflight_ms = max(result.slowest_preflight_ms, round(took, 1))
            if isinstance(refused, ModelProblem):
                result.refused_by_preflight += 1
                refusals[without_names(refused.message)] += 1
            elif refused is not None:
                result.other_errors += 1
                refusals[f"{number}: {refused!r}"] += 1
            else:
                try_engine(engine, path, result, causes, keep)
            path.unlink()
    finally:
        engine.close()
    result.causes = dict(causes.most_common())
    result.refusals = dict(refusals.most_common())
    result.seconds = round(time.monotonic() - started, 1)
    return result


def preflight(path: Path) -> Exception | None:
    """Return what the preflight says against a file."""
    try:
        check_model(path)
    except Exception as error:  # noqa: BLE001  anything but a ModelProblem is counted as a bug
        return error
    return None


def without_names(sentence: str) -> str:
    """Return the shape of a sentence: what differs from file to file left out."""
    words = sentence.partition(": ")[2] or sentence
    return re.sub(r"\d[\d,]*", "#", re.sub(r"'[^']*'|\"[^\"]*\"", "…", words))


def try_engine(
    engine: Engine, path: Path, result: Result, causes: Counter[str], keep: Path | None
) -> None:
    """Load a file and write two tokens."""
    began = time.monotonic()
    engine.begin_load(Load(id=0, path=str(path), context=64, threads=1))
    try:
        in_time(engine, engine.loading(), began)
        in_time(engine, engine.generate(Generate(id=0, prompt="a", max_tokens=2)), began)
        result.loaded += 1
    except TimeoutError:
        result.hung += 1
        if keep:
            shutil.copy(path, keep / f"hung-{path.name}")
    except EngineDied as death:
        result.deaths += 1
        result.slowest_cause_s = max(result.slowest_cause_s, round(time.monotonic() - began, 2))
        message = death.message.partition(" It did so several times")[0]
        result.unnamed += not message
        causes[message] += 1
        if keep:
            shutil.copy(path, keep / path.name)
    except EngineProblem as problem:
        result.refused_by_engine += 1
        result.unnamed += not problem.message


def in_time(engine: Engine, steps: Iterable[object], began: float) -> None:
    """Go through the steps; kill an engine that makes none for too long."""
    for _ in steps:
        if time.monotonic() - began > DEADLINE:
            if engine.pid is not None:
                os.kill(engine.pid, 9)
            raise TimeoutError


def bounded() -> None:
    """Let nothing that is started from here take all of this machine's memory."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    bounded()
    with tempfile.TemporaryDirectory() as folder:
        result = torture(Path(folder), files=options.files, seed=options.seed, keep=options.keep)
    print(json.dumps(asdict(result)))
    sys.exit(0 if result.good else 1)


if __name__ == "__main__":
    main()
