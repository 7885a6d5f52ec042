"""What the preflight refuses, with which words, in what time and memory; and the facts it finds."""

import contextlib
import hashlib
import json
import os
import random
import struct
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import gguf
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.tiny_models import LAYERS, WIDE, adapter, tiny_lfm2, tiny_llama, tiny_mamba
from homebody.base.errors import ModelProblem
from homebody.base.paths import find_home
from homebody.library.facts import inspect_file
from homebody.library.gguf import read_header
from homebody.library.gguf_tensors import TYPES
from homebody.library.preflight import check_model
from homebody.library.shelf import find_model
from homebody.messages.reports import InspectReport
from library.gguf_files import (
    ARRAY,
    BOOL,
    F32,
    F64,
    I32,
    STRING,
    TOKENS,
    U8,
    U16,
    U32,
    U64,
    File,
    fact,
    listed,
    part_of_model,
    tensor,
    text,
    with_facts,
    with_tensors,
)

SECONDS = 1.0
"""No file takes longer on a busy machine; the worst of them take 0.3 s on a quiet one."""
MEMORY = 64 * 1024 * 1024
LARGEST = 2**64 - 1


def refused(path: Path) -> str:
    """Return why a file is refused: in a sentence that names it, with a hint, soon, with little."""
    tracemalloc.start()
    began = time.perf_counter()
    try:
        with pytest.raises(ModelProblem) as caught:
            check_model(path)
        took = time.perf_counter() - began
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert took < SECONDS
    assert most < MEMORY
    assert caught.value.hint.endswith(".")
    assert caught.value.message.endswith(".")
    assert path.name in caught.value.message
    return caught.value.message


def list_of(key: str, kind: int, count: int, data: bytes = b"") -> bytes:
    """A list that claims to have `count` elements."""
    return text(key) + struct.pack("<IIQ", ARRAY, kind, count) + data


def words(*tokens: str | bytes, kinds: tuple[int, ...] = ()) -> File:
    """A file with this vocabulary."""
    more = [listed("tokenizer.ggml.tokens", STRING, tokens)]
    if kinds:
        more.append(listed("tokenizer.ggml.token_type", I32, kinds))
    file = with_facts(*more)
    for key in ("tokens", "scores", "token_type"):
        del file.facts[f"tokenizer.ggml.{key}"]
    return file


def instead(key: str, value: bytes) -> File:
    """A file that states one fact differently."""
    file = File()
    file.facts[key] = value
    return file


WRONG: dict[str, tuple[File, str]] = {
    # ---- the beginning
    "other magic": (File(magic=b"GGML"), "is not a GGUF file"),
    "version 1": (File(version=struct.pack("<I", 1)), "of version 1; versions 2 and 3"),
    "version 4": (File(version=struct.pack("<I", 4)), "of version 4; versions 2 and 3"),
    "version 2^31": (File(version=struct.pack("<I", 2**31)), "of version 2147483648"),
    "big-endian 3": (File(version=struct.pack(">I", 3)), "numbers in the other order (big-endian)"),
    "big-endian 2": (File(version=struct.pack(">I", 2)), "numbers in the other order (big-endian)"),
    # ---- counts
    "2^31 tensors": (File(tensor_count=2**31), "2,147,483,648 tensors, for which the file is too"),
    "2^63 tensors": (File(tensor_count=2**63), "tensors, for which the file is too short"),
    "2^64-1 tensors": (File(tensor_count=LARGEST), "tensors, for which the file is too short"),
    "2^31 facts": (File(fact_count=2**31), "2,147,483,648 facts, for which the file is too short"),
    "2^63 facts": (File(fact_count=2**63), "facts, for which the file is too short"),
    "2^64-1 facts": (File(fact_count=LARGEST), "facts, for which the file is too short"),
    "no facts": (File(fact_count=0), "has 8 dimensions"),
    "too many facts": (File(fact_count=20_000, weights=2**20), "20,000 facts, more than any model"),
    "too many tensors": (
        File(tensor_count=40_000, weights=2**21),
        "40,000 tensors, more than any model",
    ),
    # ---- facts
    "a key of 2^16 bytes": (with_facts(fact("k" * 65_536, U8, 1)), "is 65,536 bytes long; 1 to"),
    "a key of 2^63 bytes": (with_facts(struct.pack("<Q", 2**63)), "1 to 65,535 can be"),
    "an empty key": (with_facts(fact("", U8, 1)), "is 0 bytes long"),
    "a key twice": (with_facts(fact("a.b", U8, 1), fact("a.b", U8, 2)), "states 'a.b' twice"),
    "an unknown type": (with_facts(text("a.b") + struct.pack("<I", 13)), "of type 13, which does"),
    "a list of an unknown type": (with_facts(list_of("a.b", 99, 1)), "is of type 99, which does"),
    "a text of 2^63 bytes": (
        with_facts(text("a.b") + struct.pack("<IQ", STRING, 2**63)),
        "in the middle of its description",
    ),
    "a name of 2^64-1 bytes": (
        with_facts(text("general.name") + struct.pack("<IQ", STRING, LARGEST)),
        "in the middle of its description",
    ),
    "a template of 2 MB": (
        with_facts(fact("tokenizer.chat_template", STRING, "x" * 2**21)),
        "'tokenizer.chat_template' is 2,097,152 bytes long",
    ),
    "a list of 2^63 numbers": (with_facts(list_of("a.b", U8, 2**63)), "in the middle of its desc"),
    "a list of 2^61 numbers": (with_facts(list_of("a.b", F64, 2**61)), "in the middle of its desc"),
    "a list of 2^63 texts": (
        with_facts(list_of("a.b", STRING, 2**63)),
        "in the middle of its desc",
    ),
    "a list of lists": (with_facts(list_of("a.b", ARRAY, 1)), "'a.b' is a list of lists"),
    "two million texts": (
        with_facts(list_of("a.b", STRING, 2_000_000, bytes(16_000_000))),
        "2,000,005 texts, more than any model",
    ),
    "a header of 65 MB": (
        with_facts(list_of("a.b", U8, 65 * 2**20, bytes(65 * 2**20))),
        "its description is longer than 64 MB",
    ),
    "yes as 2": (with_facts(fact("a.b", BOOL, 2)), "'a.b' is neither yes nor no, but 2"),
    "a list with yes as 255": (
        with_facts(listed("a.b", BOOL, [0, 1, 255])),
        "'a.b' has entries neither yes nor no, but 255",
    ),
    # ---- facts of the wrong type
    "architecture as a number": (
        instead("general.architecture", fact("general.architecture", U32, 1)),
        "'general.architecture' is of type UINT32, not STRING",
    ),
    "layers as FLOAT32": (
        instead("llama.block_count", fact("llama.block_count", F32, 1.0)),
        "'llama.block_count' is of type FLOAT32, not UINT32",
    ),
    "layers as a list": (
        instead("llama.block_count", listed("llama.block_count", U32, [1])),
        "'llama.block_count' is of type ARRAY of UINT32, not UINT32",
    ),
    "heads as a list of texts": (
        with_facts(listed("llama.attention.head_count", STRING, ["4"])),
        "not UINT32 or ARRAY of UINT32 or ARRAY of INT32",
    ),
    "file type as UINT64": (with_facts(fact("general.file_type", U64, 1)), "not UINT32"),
    "end of text as INT32": (
        with_facts(fact("tokenizer.ggml.eos_token_id", I32, -1)),
        "'tokenizer.ggml.eos_token_id' is of type INT32, not UINT32",
    ),
    "template as a list": (
        with_facts(listed("tokenizer.chat_template", STRING, ["x"])),
        "not STRING",
    ),
    # ---- the vocabulary
    "scores of UINT8": (
        instead("tokenizer.ggml.scores", listed("tokenizer.ggml.scores", U8, [0] * 5)),
        "'tokenizer.ggml.scores' is of type ARRAY of UINT8, not ARRAY of FLOAT32",
    ),
    "token types of UINT8": (
        instead("tokenizer.ggml.token_type", listed("tokenizer.ggml.token_type", U8, [1] * 5)),
        "'tokenizer.ggml.token_type' is of type ARRAY of UINT8, not ARRAY of INT32",
    ),
    "too few scores": (
        instead("tokenizer.ggml.scores", listed("tokenizer.ggml.scores", F32, [0.0])),
        "its vocabulary has 5 entries, but 'tokenizer.ggml.scores' only 1",
    ),
    "too few token types": (
        instead("tokenizer.ggml.token_type", listed("tokenizer.ggml.token_type", I32, [1] * 4)),
        "its vocabulary has 5 entries, but 'tokenizer.ggml.token_type' only 4",
    ),
    "merges of numbers": (
        with_facts(listed("tokenizer.ggml.merges", U8, [1])),
        "not ARRAY of STRING",
    ),
    "a character map of numbers": (
        with_facts(listed("tokenizer.ggml.precompiled_charsmap", U32, [1])),
        "not ARRAY of UINT8 or ARRAY of INT8",
    ),
    "an entry twice": (words("a", "b", "a"), "its vocabulary has 'a' twice"),
    "an entry of 2 MB": (words("a", "b" * 2**21), "claims to be 2,097,152 bytes long"),
    "an entry of 2^31-1 bytes": (
        with_facts(
            list_of("tokenizer.ggml.tokens", STRING, 1, struct.pack("<Q", 2**31 - 1)),
            without="tokenizer.ggml.tokens",
        ),
        "claims to be 2,147,483,647 bytes long",
    ),
    "a byte as <0x-1>": (words("a", "<0x-1>", kinds=(1, 6)), "'<0x-1>' of its vocabulary should"),
    "a byte as <0x1G>": (words("a", "<0x1G>", kinds=(1, 6)), "'<0x1G>' of its vocabulary should"),
    "an empty byte": (words("a", "", kinds=(1, 6)), "should stand for a byte and does not"),
    "a byte behind one that is right": (
        words("<0x00>", "b", "<0x>", kinds=(6, 1, 6)),
        "'<0x>' of its vocabulary should",
    ),
    "2,000 bytes": (
        words(*(f"<0x{n}>" for n in range(2000)), kinds=(6,) * 2000),
        "2,000 entries of its vocabulary stand for a byte; there are 256",
    ),
    # ---- the alignment
    "alignment 0": (with_facts(fact("general.alignment", U32, 0)), "aligned to 0 bytes"),
    "alignment 4": (with_facts(fact("general.alignment", U32, 4)), "aligned to 4 bytes"),
    "alignment 48": (with_facts(fact("general.alignment", U32, 48)), "must be a power of two"),
    "alignment 2^21": (with_facts(fact("general.alignment", U32, 2**21)), "to 2,097,152 bytes"),
    "alignment 2^31": (with_facts(fact("general.alignment", U32, 2**31)), "power of two from 8"),
    "alignment as UINT64": (with_facts(fact("general.alignment", U64, 32)), "not UINT32"),
    "alignment behind 100,000 numbers": (
        with_facts(
            *(listed(f"a.{n}", U8, bytes(1000)) for n in range(100)),
            fact("general.alignment", U32, 4),
        ),
        "aligned to 4 bytes",
    ),
    # ---- tensors
    "a name of 64 bytes": (with_tensors(tensor("n" * 64)), "names a tensor with 64 bytes"),
    "a name of 2^63 bytes": (with_tensors(struct.pack("<Q", 2**63) + bytes(50)), "names a tensor"),
    "a tensor twice": (
        with_tensors(tensor("a"), tensor("a", offset=128), weights=256),
        "two tensors named 'a'",
    ),
    "5 dimensions": (with_tensors(tensor("a", [1] * 5)), "has 5 dimensions"),
    "2^32-1 dimensions": (
        with_tensors(tensor("a", [1] * 5, dimensions=2**32 - 1)),
        "has 4,294,967,295 dimensions",
    ),
    "0 dimensions": (with_tensors(tensor("a", []), weights=256), "has 0 dimensions"),
    "a side of 0": (with_tensors(tensor("a", [32, 0])), "has no weights"),
    "a side of 2^63": (with_tensors(tensor("a", [2**63])), "more than any model has"),
    "a side of 2^64-32": (with_tensors(tensor("a", [2**64 - 32])), "more than any model has"),
    # The products of these wrap around to something small in 64 bits.
    "CVE-2026-33298": (
        with_tensors(tensor("a", [2**32, 2**32, 1, 1])),
        "claims a size of 4,294,967,296 × 4,294,967,296 × 1 × 1",
    ),
    "CVE-2025-53630": (
        with_tensors(tensor("a", [2**62 + 8, 4], kind=0)),
        "more than any model has",
    ),
    "a type that was removed": (with_tensors(tensor("a", kind=4)), "of type 4, which llama.cpp"),
    "another removed type": (with_tensors(tensor("a", kind=31)), "does not read any more"),
    "type 43": (with_tensors(tensor("a", kind=43)), "of type 43, which this llama.cpp does not"),
    "type 2^32-1": (with_tensors(tensor("a", kind=2**32 - 1)), "of type 4,294,967,295"),
    "rows that do not fill blocks": (
        with_tensors(tensor("a", [33], kind=2)),
        "rows of 33 weights, which blocks of 32 (Q4_0) do not fill",
    ),
    "an offset of 8": (with_tensors(tensor("a", offset=8)), "byte 8 of the weights, which is no"),
    "an offset beyond the end": (
        with_tensors(tensor("a", offset=2**40)),
        "begins at byte 1,099,511,627,776 of the weights, beyond the end of the file",
    ),
    "an offset of 2^64-32": (with_tensors(tensor("a", offset=2**64 - 32)), "beyond the end"),
    "tensors that overlap": (
        with_tensors(tensor("a"), tensor("b", offset=64), weights=256),
        "tensor 'b' overlaps the one before it: it begins at byte 64 of the weights, that one "
        "takes 128",
    ),
    "tensors with a hole": (
        with_tensors(tensor("a"), tensor("b", offset=256), weights=1024),
        "tensor 'b' begins at byte 256 of the weights, not at 128",
    ),
    "127 bytes of 128": (File(weights=127), "1 bytes early"),
    "no bytes of 128": (File(weights=0), "128 bytes early"),
    "CVE-2026-7482": (with_tensors(tensor("a", [2**20, 2**10])), "4,294,967,168 bytes early"),
    # ---- what is no model
    "nothing": (File(facts={}, tensors=[], weights=64), "holds no weights"),
    "no tensors": (with_tensors(), "holds a vocabulary and no weights"),
    "no architecture": (
        with_facts(without="general.architecture"),
        "does not say which architecture",
    ),
    "an adapter": (
        with_facts(fact("general.type", STRING, "adapter")),
        "it is an adapter, which changes a model",
    ),
    "an old adapter": (with_facts(fact("adapter.type", STRING, "lora")), "it is an adapter"),
    "a projector": (
        instead("general.architecture", fact("general.architecture", STRING, "clip")),
        "the part of a model that sees or hears",
    ),
    "a projector by its type": (
        with_facts(fact("general.type", STRING, "mmproj")),
        "the part of a model that sees or hears",
    ),
    "an importance matrix": (
        with_facts(fact("general.type", STRING, "imatrix")),
        "measurements about a model",
    ),
    "no layers": (
        instead("llama.block_count", fact("llama.block_count", U32, 0)),
        "it claims to have 0 layers",
    ),
    "513 layers": (
        instead("llama.block_count", fact("llama.block_count", U32, 513)),
        "room for 1 to 512",
    ),
    # ---- parts of models
    "a part without its name": (part_of_model(0, 2, 2), "but its name does not say so"),
    "part 3 of 2": (part_of_model(2, 2, 2), "it claims to be part 3 of 2"),
    "a part of 60,000": (part_of_model(0, 60_000, 2), "it claims to be part 1 of 60,000"),
    "a part number as UINT32": (with_facts(fact("split.no", U32, 0)), "not UINT16"),
    "a part count as INT32": (with_facts(fact("split.count", I32, -1)), "not UINT16"),
    "a tensor count as UINT16": (with_facts(fact("split.tensors.count", U16, 1)), "not INT32"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_cannot_be_is_refused_with_its_cause(what: str, tmp_path: Path) -> None:
    file, cause = WRONG[what]
    assert cause in refused(file.write(tmp_path / "wrong.gguf"))


def test_the_file_that_the_wrong_ones_are_made_of_is_right(tmp_path: Path) -> None:
    header = read_header(File().write(tmp_path / "right.gguf"))
    assert header.values == {"general.architecture": "llama", "llama.block_count": 1}
    assert header.counts["tokenizer.ggml.tokens"] == len(TOKENS)
    assert [each.name for each in header.tensors] == ["token_embd.weight"]
    assert len(check_model(header.path).headers) == 1


def test_a_file_cut_anywhere_is_refused_as_cut_off(tmp_path: Path) -> None:
    """At every byte, of a file that has everything."""
    whole = with_facts(
        fact("general.name", STRING, "a name"),
        listed("a.numbers", I32, range(20)),
        listed("a.bools", BOOL, [0, 1]),
        fact("tokenizer.chat_template", STRING, "{{ x }}"),
    ).bytes()
    path = tmp_path / "cut.gguf"
    path.write_bytes(whole)
    check_model(path)
    for length in range(8, len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(ModelProblem) as caught:
            check_model(path)
        assert "is cut off: it ends after" in caught.value.message or "too short" in (
            caught.value.message
        ), length
        assert "again" in caught.value.hint


def test_a_download_that_broke_off_is_said_to_lack_so_many_bytes(tmp_path: Path) -> None:
    path = tiny_llama(tmp_path / "m.gguf")
    size = path.stat().st_size
    os.truncate(path, size - 5000)
    message = refused(path)
    assert f"it ends after {size - 5000:,} bytes, 5,000 bytes early" in message


def test_entries_without_letters_are_fine_as_real_vocabularies_have_them(tmp_path: Path) -> None:
    """llama.cpp names them by their number (seen with 0.3.36), so two of them are not equal."""
    check_model(words("a", "", "b", "").write(tmp_path / "m.gguf"))


def test_bytes_may_be_written_small_and_lists_longer_than_the_vocabulary(tmp_path: Path) -> None:
    check_model(words("<0xaB>", kinds=(6, 1, 1)).write(tmp_path / "m.gguf"))


def test_strings_longer_than_what_is_read_at_once(tmp_path: Path) -> None:
    """Across the borders of pieces of 1 MB, in both ways of walking, everything is still found."""
    rng = random.Random(5)
    long = [f"{number}:" + "x" * rng.choice((0, 7, 5000, 900_000)) for number in range(30)]
    file = words(*long, "<0x0a>", kinds=(*[1] * 30, 6))
    file.facts["merges"] = listed("tokenizer.ggml.merges", STRING, [*long, *long])
    file.facts["last"] = fact("general.name", STRING, "behind")
    header = read_header(file.write(tmp_path / "m.gguf"))
    assert header.text("general.name") == "behind"
    assert header.counts["tokenizer.ggml.merges"] == 60
    twice = words(*long, long[3])
    assert "its vocabulary has '3:" in refused(twice.write(tmp_path / "n.gguf"))


# ---------------------------------------------------------------- time and memory


def measured(file: File, path: Path) -> tuple[float, int]:
    """Return the seconds (the best of three) and the bytes of memory that a good file takes."""
    file.write(path)
    times = []
    for _ in range(3):
        began = time.perf_counter()
        read_header(path)
        times.append(time.perf_counter() - began)
    tracemalloc.start()
    read_header(path)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return min(times), most


LONG: dict[str, Callable[[], File]] = {
    "650,000 merges": lambda: with_facts(listed("a.b", STRING, (f"w {n}" for n in range(650_000)))),
    "650,000 entries": lambda: words(*(f"w{n}" for n in range(650_000))),
    "400,000 entries of 140 bytes": lambda: words(*(f"{n:0140}" for n in range(400_000))),
    "60 million numbers": lambda: with_facts(list_of("a.b", U8, 60_000_000, bytes(60_000_000))),
    "60 million truths": lambda: with_facts(list_of("a.b", BOOL, 60_000_000, bytes(60_000_000))),
    "16,000 long keys": lambda: with_facts(*(fact(f"{n:03900}", U8, 1) for n in range(16_000))),
    "16,000 short lists": lambda: with_facts(
        *(list_of(f"a.{n}", U64, 500, bytes(range(250)) * 16) for n in range(16_000))
    ),
    "32,000 tensors": lambda: with_tensors(
        *(tensor(f"t{n}", [8], offset=32 * n) for n in range(32_000)), weights=32 * 32_000
    ),
}


@pytest.mark.parametrize("what", LONG)
def test_a_long_header_takes_little_time_and_memory(what: str, tmp_path: Path) -> None:
    """Each takes 0.02 to 0.2 s on a quiet machine of 2026; a busy one gets more."""
    seconds, memory = measured(LONG[what](), tmp_path / "m.gguf")
    assert seconds < SECONDS
    assert memory < MEMORY


def test_the_43_bytes_that_hang_the_gguf_package_are_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "hang.gguf"
    head = b"GGUF" + struct.pack("<IQQ", 3, 0, 1)
    path.write_bytes((head + list_of("abc", U8, 2**63))[:43].ljust(43, b"\0"))
    assert "cut off" in refused(path) or "too short" in refused(path)


def test_a_file_that_hides_its_weights_behind_a_hole_is_not_read_through(tmp_path: Path) -> None:
    """8 TB of nothing."""
    path = File().write(tmp_path / "sparse.gguf")
    os.truncate(path, 1 << 43)
    began = time.perf_counter()
    check_model(path)
    assert time.perf_counter() - began < SECONDS


SEED = File().bytes()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_whatever_is_changed_it_is_refused_in_a_sentence_or_passes(data: st.DataObject) -> None:
    """Never another exception, never slow, never much memory."""
    from tempfile import TemporaryDirectory

    raw = bytearray(SEED)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        new = data.draw(
            st.one_of(
                st.binary(min_size=1, max_size=9),
                st.sampled_from([0, 1, 2**31, 2**63, 2**64 - 1]).map(
                    lambda number: struct.pack("<Q", number)
                ),
            )
        )
        raw[at : at + data.draw(st.sampled_from([0, len(new)]))] = new
    with TemporaryDirectory() as folder:
        path = Path(folder, "m.gguf")
        path.write_bytes(
            raw[: data.draw(st.integers(0, len(raw)))] if data.draw(st.booleans()) else raw
        )
        tracemalloc.start()
        began = time.perf_counter()
        try:
            with contextlib.suppress(ModelProblem):
                inspect_file(path)
                check_model(path)
        finally:
            took = time.perf_counter() - began
            most = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
    assert took < SECONDS
    assert most < MEMORY


# ---------------------------------------------------------------- models in several files


def split(folder: Path, count: int = 3, **options: int) -> list[Path]:
    return [
        part_of_model(number, count, 2, **options).write(
            folder / f"big-{number + 1:05}-of-{count:05}.gguf"
        )
        for number in range(count)
    ]


def test_a_model_in_several_files_is_read_as_one(tmp_path: Path) -> None:
    paths = split(tmp_path)
    parts = check_model(paths[0])
    assert parts.names == tuple(path.name for path in paths)
    report = inspect_file(paths[0])
    assert report.parameters == 6 * 32
    assert report.bytes == sum(path.stat().st_size for path in paths)
    assert report.problem == ""


def test_missing_files_are_named(tmp_path: Path) -> None:
    paths = split(tmp_path, 9)
    for path in paths[2:]:
        path.unlink()
    message = refused(paths[0])
    assert "there is no big-00003-of-00009.gguf, big-00004-of-00009.gguf, " in message
    assert "big-00007-of-00009.gguf and 2 more beside it" in message
    assert inspect_file(paths[0]).problem.startswith(message)


def test_a_later_file_names_the_first(tmp_path: Path) -> None:
    paths = split(tmp_path)
    with pytest.raises(ModelProblem) as caught:
        check_model(paths[1])
    assert "it is part 2 of a model in several files" in caught.value.message
    assert caught.value.hint == "Choose the first: big-00001-of-00003.gguf."


def test_a_part_that_is_damaged_or_another_one_is_named(tmp_path: Path) -> None:
    paths = split(tmp_path)
    part_of_model(0, 3, 2).write(paths[2])
    with pytest.raises(ModelProblem, match=r"big-00003-of-00003.gguf .* should be part 3 of 3"):
        check_model(paths[0])
    os.truncate(paths[2], 40)
    with pytest.raises(ModelProblem, match=r"big-00003-of-00003.gguf"):
        check_model(paths[0])


def test_files_that_hold_fewer_tensors_than_they_should(tmp_path: Path) -> None:
    assert "its files hold 6 tensors of 7" in refused(split(tmp_path, all_tensors=7)[0])


# ---------------------------------------------------------------- facts


def starter() -> Path:
    return find_model(find_home(), "starter").path


def test_the_starter_is_described() -> None:
    report = inspect_file(starter())
    assert report.kind == "model"
    assert report.problem == ""
    assert (report.architecture, report.size_label, report.licence) == (
        "llama",
        "135M",
        "apache-2.0",
    )
    assert (report.parameters, report.quantisation) == (134_515_008, "Q4_1")
    assert [each.type for each in report.weights] == ["Q4_1", "Q8_0", "F32"]
    assert (report.trained_context, report.embedding_length, report.layers) == (8192, 576, 30)
    assert (report.heads, report.kv_heads, report.vocabulary) == ((9,), (3,), 49_152)
    assert (report.tied_output, report.experts, report.memory) == (True, 0, "attention")
    reader = gguf.GGUFReader(starter())
    template = reader.fields["tokenizer.chat_template"].contents()
    assert report.template_sha256 == hashlib.sha256(template.encode()).hexdigest()


def test_our_reader_agrees_with_the_gguf_package_about_the_starter() -> None:
    header, reader = read_header(starter()), gguf.GGUFReader(starter())
    assert header.weights_at == reader.data_offset
    assert [
        (each.name, list(each.shape), each.type.name, each.offset + header.weights_at, each.size)
        for each in header.tensors
    ] == [
        (each.name, each.shape.tolist(), each.tensor_type.name, each.data_offset, each.n_bytes)
        for each in reader.tensors
    ]
    for key, value in header.values.items():
        assert value == reader.fields[key].contents(), key


@pytest.mark.parametrize(
    ("make", "architecture", "memory", "recurrent", "kv_heads"),
    [
        (tiny_llama, "llama", "attention", 0, (4,)),
        (tiny_mamba, "mamba", "recurrent", LAYERS, (0,)),
        (tiny_lfm2, "lfm2", "hybrid", 1, (0, 4)),
    ],
)
def test_how_a_model_remembers(
    make: Callable[[Path], Path],
    architecture: str,
    memory: str,
    recurrent: int,
    kv_heads: tuple[int, ...],
    tmp_path: Path,
) -> None:
    report = inspect_file(make(tmp_path / "m.gguf"))
    assert (report.architecture, report.memory, report.recurrent_layers) == (
        architecture,
        memory,
        recurrent,
    )
    assert report.kv_heads == kv_heads
    assert (report.layers, report.embedding_length, report.vocabulary) == (LAYERS, WIDE, 260)
    assert report.quantisation == "F32"
    assert report.template is False
    assert report.problem == ""


def test_a_mixture_is_one(tmp_path: Path) -> None:
    file = with_facts(
        fact("llama.expert_count", U32, 8),
        fact("llama.expert_used_count", U32, 2),
        fact("general.file_type", U32, 15),
    )
    file.tensors = [tensor("token_embd.weight"), tensor("output.weight", offset=128)]
    file.weights = 256
    report = inspect_file(file.write(tmp_path / "m.gguf"))
    assert (report.experts, report.experts_used, report.tied_output) == (8, 2, False)
    assert report.quantisation == "Q4_K_M"


def test_what_is_not_stated_is_unknown(tmp_path: Path) -> None:
    report = inspect_file(File().write(tmp_path / "m.gguf"))
    for name in ("name", "size_label", "licence", "trained_context", "heads", "kv_heads"):
        assert getattr(report, name) is None


def test_an_adapter_has_facts_and_says_that_it_is_no_model(tmp_path: Path) -> None:
    path = adapter(tmp_path / "a.gguf", wide=WIDE, layers=LAYERS)
    report = inspect_file(path)
    assert report.kind == "adapter"
    assert "it is an adapter" in report.problem
    assert report.experts is None
    with pytest.raises(ModelProblem, match="it is an adapter"):
        find_model(find_home(), str(path))


def test_every_fact_is_one_of_the_report(tmp_path: Path) -> None:
    report = inspect_file(File().write(tmp_path / "m.gguf"))
    assert isinstance(report, InspectReport)
    assert report.files == ("m.gguf",)


@pytest.mark.parametrize("version", [2, 3])
def test_what_the_gguf_package_writes_is_read(version: int, tmp_path: Path) -> None:
    """Every kind of value, an alignment of 64, and every type of tensor that numpy has."""
    path = tmp_path / "m.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_custom_alignment(64)
    writer.add_name("Ünï")
    for kind, value in (("uint8", 7), ("int64", -7), ("float64", 0.5), ("bool", True)):
        getattr(writer, f"add_{kind}")(f"a.{kind}", value)
    writer.add_array("a.list", [1, 2, 3])
    for number, kind in enumerate((np.float32, np.float16, np.int8, np.int64, np.float64)):
        writer.add_tensor(f"t{number}", np.ones((3, 5), dtype=kind))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    raw = bytearray(path.read_bytes())
    raw[4] = version
    path.write_bytes(raw)
    header = read_header(path)
    assert header.version == version
    assert header.values == {
        "general.architecture": "llama",
        "general.alignment": 64,
        "general.name": "Ünï",
        "a.uint8": 7,
        "a.int64": -7,
        "a.float64": 0.5,
        "a.bool": True,
        "a.list": (1, 2, 3),
    }
    assert [each.type.name for each in header.tensors] == ["F32", "F16", "I8", "I64", "F64"]
    assert header.weights_at % 64 == 0


def test_the_types_of_tensors_are_those_of_the_llama_cpp_in_use() -> None:
    """In a process of its own: it loads the library."""
    code = (
        "import ctypes, json, sys, llama_cpp._ggml as g\n"
        "lib = g.libggml\n"
        "lib.ggml_type_size.restype = ctypes.c_size_t\n"
        "lib.ggml_blck_size.restype = ctypes.c_int64\n"
        "lib.ggml_type_name.restype = ctypes.c_char_p\n"
        "print(json.dumps([[n, lib.ggml_type_name(n).decode().upper(), lib.ggml_blck_size(n),"
        " lib.ggml_type_size(n)] for n in range(43) if lib.ggml_blck_size(n)]))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == [
        [number, kind.name, kind.weights, kind.bytes] for number, kind in TYPES.items()
    ]
