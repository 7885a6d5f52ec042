"""GGUF files written by hand, right or wrong in any one place."""

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

U8, I8, U16, I16, U32, I32, F32, BOOL, STRING, ARRAY, U64, I64, F64 = range(13)
_CODES = dict(
    zip((U8, I8, U16, I16, U32, I32, F32, BOOL, U64, I64, F64), "BbHhIifBQqd", strict=True)
)
TOKENS = ("<unk>", "<s>", "</s>", "<0x0A>", "word")
KINDS = (2, 3, 3, 6, 1)


def text(value: str | bytes) -> bytes:
    raw = value.encode() if isinstance(value, str) else value
    return struct.pack("<Q", len(raw)) + raw


def plain(kind: int, value: float | str | bytes) -> bytes:
    if kind == STRING:
        assert isinstance(value, str | bytes)
        return text(value)
    return struct.pack(f"<{_CODES[kind]}", value)


def fact(key: str | bytes, kind: int, value: float | str | bytes) -> bytes:
    return text(key) + struct.pack("<I", kind) + plain(kind, value)


def listed(key: str, kind: int, values: Iterable[float | str | bytes]) -> bytes:
    items = [plain(kind, value) for value in values]
    return text(key) + struct.pack("<IIQ", ARRAY, kind, len(items)) + b"".join(items)


def tensor(
    name: str | bytes,
    shape: Iterable[int] = (32,),
    kind: int = 0,
    offset: int = 0,
    dimensions: int | None = None,
) -> bytes:
    sides = tuple(shape)
    count = len(sides) if dimensions is None else dimensions
    return text(name) + struct.pack(f"<I{len(sides)}QIQ", count, *sides, kind, offset)


def model_facts() -> dict[str, bytes]:
    """What the smallest model says of itself."""
    return {
        "general.architecture": fact("general.architecture", STRING, "llama"),
        "llama.block_count": fact("llama.block_count", U32, 1),
        "tokenizer.ggml.tokens": listed("tokenizer.ggml.tokens", STRING, TOKENS),
        "tokenizer.ggml.scores": listed("tokenizer.ggml.scores", F32, [0.0] * len(TOKENS)),
        "tokenizer.ggml.token_type": listed("tokenizer.ggml.token_type", I32, KINDS),
    }


@dataclass
class File:
    """A file; what is not given is right."""

    facts: dict[str, bytes] = field(default_factory=model_facts)
    tensors: list[bytes] = field(default_factory=lambda: [tensor("token_embd.weight")])
    weights: int = 128
    """Bytes behind the header."""
    alignment: int = 32
    magic: bytes = b"GGUF"
    version: bytes = struct.pack("<I", 3)
    tensor_count: int | None = None
    fact_count: int | None = None

    def bytes(self) -> bytes:
        counts = struct.pack(
            "<QQ",
            len(self.tensors) if self.tensor_count is None else self.tensor_count,
            len(self.facts) if self.fact_count is None else self.fact_count,
        )
        head = self.magic + self.version + counts
        head += b"".join(self.facts.values()) + b"".join(self.tensors)
        return head + bytes(-len(head) % self.alignment) + bytes(self.weights)

    def write(self, path: Path) -> Path:
        path.write_bytes(self.bytes())
        return path


def with_facts(*more: bytes, without: str = "", **options: int) -> File:
    """A good file that says something more, or something not."""
    facts = {key: value for key, value in model_facts().items() if key != without}
    facts |= {f"more {number}": each for number, each in enumerate(more)}
    return File(facts, **options)  # type: ignore[arg-type]


def with_tensors(*tensors: bytes, weights: int = 128) -> File:
    """A good file with other tensors."""
    return File(tensors=list(tensors), weights=weights)


def part_of_model(number: int, count: int, tensors: int, *, all_tensors: int | None = None) -> File:
    """One file of a model in several."""
    facts = {
        "no": fact("split.no", U16, number),
        "count": fact("split.count", U16, count),
        "all": fact("split.tensors.count", I32, all_tensors or 2 * count),
    }
    if number == 0:
        facts |= model_facts()
    described = [tensor(f"blk.{number}.{each}", offset=128 * each) for each in range(tensors)]
    return File(facts, described, weights=128 * tensors)
