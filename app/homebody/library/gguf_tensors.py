"""The list of tensors in a model file: their types, shapes and places, and whether they can be so.

Types and block sizes are those of ggml in llama-cpp-python 0.3.36 (a test compares them with the
library). A size that does not fit 64 bits, or the file, was the way into llama.cpp's memory
(CVE-2025-53630, CVE-2026-27940, CVE-2026-33298) and out of Ollama's (CVE-2026-7482).
"""

import struct

from msgspec import Struct

from homebody.library.gguf_bytes import Window, cut_off, shown

__all__ = ["MOST_TENSORS", "TYPES", "Tensor", "TensorType", "read_tensors"]

MOST_TENSORS = 32_768
"""llama.cpp compares each name with each other; ten times more would take it minutes."""

_MOST_NAME = 63
_MOST_DIMENSIONS = 4
_MOST_BYTES = 1 << 44
"""Bytes of one tensor; the largest known ones have 2^33."""


class TensorType(Struct, frozen=True):
    """How weights are stored: so many of them in a block of so many bytes."""

    name: str
    weights: int
    bytes: int


TYPES = {
    0: TensorType("F32", 1, 4),
    1: TensorType("F16", 1, 2),
    2: TensorType("Q4_0", 32, 18),
    3: TensorType("Q4_1", 32, 20),
    6: TensorType("Q5_0", 32, 22),
    7: TensorType("Q5_1", 32, 24),
    8: TensorType("Q8_0", 32, 34),
    9: TensorType("Q8_1", 32, 36),
    10: TensorType("Q2_K", 256, 84),
    11: TensorType("Q3_K", 256, 110),
    12: TensorType("Q4_K", 256, 144),
    13: TensorType("Q5_K", 256, 176),
    14: TensorType("Q6_K", 256, 210),
    15: TensorType("Q8_K", 256, 292),
    16: TensorType("IQ2_XXS", 256, 66),
    17: TensorType("IQ2_XS", 256, 74),
    18: TensorType("IQ3_XXS", 256, 98),
    19: TensorType("IQ1_S", 256, 50),
    20: TensorType("IQ4_NL", 32, 18),
    21: TensorType("IQ3_S", 256, 110),
    22: TensorType("IQ2_S", 256, 82),
    23: TensorType("IQ4_XS", 256, 136),
    24: TensorType("I8", 1, 1),
    25: TensorType("I16", 1, 2),
    26: TensorType("I32", 1, 4),
    27: TensorType("I64", 1, 8),
    28: TensorType("F64", 1, 8),
    29: TensorType("IQ1_M", 256, 56),
    30: TensorType("BF16", 1, 2),
    34: TensorType("TQ1_0", 256, 54),
    35: TensorType("TQ2_0", 256, 66),
    39: TensorType("MXFP4", 32, 17),
    40: TensorType("NVFP4", 64, 36),
    41: TensorType("Q1_0", 128, 18),
    42: TensorType("Q2_0", 64, 18),
}
_REMOVED = {4, 5, 31, 32, 33, 36, 37, 38}

_tail = tuple(struct.Struct(f"<{dimensions}QIQ") for dimensions in range(_MOST_DIMENSIONS + 1))


class Tensor(Struct, frozen=True):
    """A tensor as the file describes it. `shape`: weights in a row, then rows, and so on."""

    name: str
    shape: tuple[int, ...]
    type: TensorType
    offset: int
    """Bytes from the beginning of the weights."""
    size: int
    """Bytes."""

    @property
    def weights(self) -> int:
        """How many weights there are."""
        product = 1
        for length in self.shape:
            product *= length
        return product


def read_tensors(window: Window, count: int, alignment: int) -> tuple[tuple[Tensor, ...], int]:
    """Read `count` descriptions; return them, and where the weights begin (bytes).

    Raises `ModelProblem` if anything about them cannot be.
    """
    if count > MOST_TENSORS:
        raise window.refuse(f"it claims to hold {count:,} tensors, more than any model")
    tensors = []
    names: set[str] = set()
    for _ in range(count):
        tensor = _read_tensor(window)
        if tensor.name in names:
            raise window.refuse(f"it holds two tensors named {shown(tensor.name)}")
        names.add(tensor.name)
        tensors.append(tensor)
    begin = -(-window.position // alignment) * alignment
    _check_places(window, tensors, begin, alignment)
    return tuple(tensors), begin


def _read_tensor(window: Window) -> Tensor:
    length = window.u64()
    if length > _MOST_NAME:
        raise window.refuse(
            f"it names a tensor with {length:,} bytes; llama.cpp has room for {_MOST_NAME}"
        )
    raw = window.take(length)
    name = raw.decode("utf-8", "backslashreplace")
    dimensions = window.u32()
    if not 0 < dimensions <= _MOST_DIMENSIONS:
        raise window.refuse(
            f"tensor {shown(name)} has {dimensions:,} dimensions; there can be 1 to "
            f"{_MOST_DIMENSIONS}"
        )
    layout = _tail[dimensions]
    *shape, number, offset = layout.unpack(window.take(layout.size))
    kind = TYPES.get(number)
    if kind is None:
        raise window.refuse(*_unknown_type(name, number))
    return Tensor(name, tuple(shape), kind, offset, _size(window, name, shape, kind))


def _unknown_type(name: str, number: int) -> tuple[str, str]:
    if number in _REMOVED:
        return (
            f"tensor {shown(name)} is of type {number}, which llama.cpp does not read any more",
            "Get a current copy of this model, for example as Q4_0 or Q4_K_M.",
        )
    return (
        f"tensor {shown(name)} is of type {number:,}, which this llama.cpp does not know",
        "Get the model in another quantisation, for example Q4_K_M; or the file is damaged: get "
        "it again.",
    )


def _size(window: Window, name: str, shape: list[int], kind: TensorType) -> int:
    """Return the bytes of a tensor. Numbers here have no upper end, so nothing wraps around."""
    weights = 1
    for length in shape:
        weights *= length
    if weights == 0:
        raise window.refuse(f"tensor {shown(name)} has no weights")
    if shape[0] % kind.weights:
        raise window.refuse(
            f"tensor {shown(name)} has rows of {shape[0]:,} weights, which blocks of "
            f"{kind.weights} ({kind.name}) do not fill"
        )
    size = weights // kind.weights * kind.bytes
    if size > _MOST_BYTES or weights > _MOST_BYTES:
        sides = " × ".join(f"{length:,}" for length in shape)
        raise window.refuse(
            f"tensor {shown(name)} claims a size of {sides}, more than any model has"
        )
    return size


def _check_places(window: Window, tensors: list[Tensor], begin: int, alignment: int) -> None:
    """Refuse tensors that do not lie one behind another, from `begin` on, within the file."""
    expected = 0
    for tensor in tensors:
        if tensor.offset % alignment:
            raise window.refuse(
                f"tensor {shown(tensor.name)} begins at byte {tensor.offset:,} of the weights, "
                f"which is no multiple of {alignment}"
            )
        if tensor.offset < expected:
            raise window.refuse(
                f"tensor {shown(tensor.name)} overlaps the one before it: it begins at byte "
                f"{tensor.offset:,} of the weights, that one takes {expected:,}"
            )
        if tensor.offset > expected:
            beyond = begin + tensor.offset > window.size
            raise window.refuse(
                f"tensor {shown(tensor.name)} begins at byte {tensor.offset:,} of the weights, "
                + ("beyond the end of the file" if beyond else f"not at {expected:,}")
            )
        expected += -(-tensor.size // alignment) * alignment
    if tensors:
        end = begin + tensors[-1].offset + tensors[-1].size
        if end > window.size:
            raise cut_off(window.path.name, window.size, end - window.size)
