"""What a model's header says of the memory that it takes: by layers, and beside them.

The rules are llama.cpp's (its `llama_hparams`, and how it makes the cache for each architecture),
of llama-cpp-python 0.3.36. Where a file says something absurd, what comes out is absurd as well,
but it is a number: nothing here allocates by it.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from msgspec import Struct

from homebody.library.gguf_bytes import refusal
from homebody.library.gguf_tensors import Tensor
from homebody.library.model_files import state_of
from homebody.library.preflight import Parts, check_model
from homebody.messages.fit import CacheType

__all__ = [
    "BATCH",
    "MOST_BY_DEFAULT",
    "SEQUENCES",
    "SPARE_CELLS",
    "Layer",
    "Layout",
    "cells_for",
    "layout_of",
]

# What the engine's worker asks of llama.cpp (`engine/worker/native.py`; a test compares them).
BATCH = 512
"""Tokens that are read at once."""
SEQUENCES = 4
SPARE_CELLS = 1024
MOST_BY_DEFAULT = 8192

_PADDING = 256
"""llama.cpp rounds the cells of a cache up to this."""
_MOST = 2**31
_BLOCK = 32
_ROW_BYTES: dict[CacheType, tuple[int, int]] = {"f16": (1, 2), "q8_0": (32, 34), "q4_0": (32, 18)}
"""Values in a block, and its bytes."""

_LAYER = re.compile(r"blk\.(\d{1,6})\.(.*)", re.DOTALL)
# Looked up rather than computed with, so llama.cpp always keeps them in the computer's memory.
_INPUT = re.compile(r"(?:token_embd|position_embd|token_types|per_layer_token_embd)\.")
_STATE = re.compile(r"ssm_|time_mix_|shortconv\.")
_ATTENTION = re.compile(r"attn_(?:q|k|v|qkv|q_a|q_b|kv_a_mqa|output)\.")
_FEED = re.compile(r"ffn_(?:up|gate)(_exps|_shexp)?\.weight")
# Layers that keep a state and attend too; elsewhere one with a state has no keys and values.
_BOTH = "falcon-h1"
# Layers from there on use the keys and values of those before.
_SHARED_FROM = {"gemma3n": 20}
_SHIFTS = 2
"""Tokens that RWKV looks back, where the file does not say."""


class Layer(Struct, frozen=True):
    """One layer."""

    weights: int
    """Bytes."""
    keys: int
    """Values for each cell of the cache."""
    values: int
    state: int
    """Bytes for each sequence."""


class Layout(Struct, frozen=True, kw_only=True):
    """What a model takes, whatever the context. Bytes, where nothing else is said."""

    name: str
    trained_context: int | None
    layers: tuple[Layer, ...]
    input: int
    """Weights that never leave the computer's own memory."""
    output: int
    """Weights that go with the last layer."""
    tied: int
    """Of the input's weights, what is needed once more where the output is on a GPU."""
    largest: int
    """The largest tensor of any layer."""
    embedding: int
    """Values for each token."""
    width: int
    """Values for each token that the widest step of a layer holds at once, without the scores."""
    heads: int
    """That score each token against each cell, where there is no flash attention."""
    masks: int
    """Tables of who may look at whom: two where some layers look back through a window."""
    vocabulary: int
    blocks: bool
    """Whether keys and values divide into the blocks of a smaller cache type."""

    @property
    def weights(self) -> int:
        """All of them, once."""
        return self.input + self.output + sum(layer.weights for layer in self.layers)

    def context(self, asked: int) -> int:
        """Return the context (tokens) that the engine takes, as `asked`; 0: the usual one."""
        return asked or min(self.trained_context or MOST_BY_DEFAULT, MOST_BY_DEFAULT)

    def cache_of(self, layer: Layer, cells: int, kind: CacheType, *, flash: bool) -> int:
        """Return the bytes of one layer's keys, values and states."""
        values = layer.values
        if not flash and values:
            # Stored the other way round, which wants them equally long in all layers.
            values = max(each.values for each in self.layers)
        row = _row(layer.keys, kind) + _row(values, kind)
        return row * cells + layer.state * SEQUENCES


def _row(values: int, kind: CacheType) -> int:
    block, size = _ROW_BYTES[kind]
    return values * size // block


def cells_for(context: int) -> int:
    """Return how many cells the engine's cache has for a context (tokens)."""
    return -(-(context + SPARE_CELLS) // _PADDING) * _PADDING


def layout_of(path: Path) -> Layout:
    """Return a model's layout; its header is read once for every state of the file.

    `ModelProblem` says why there is none.
    """
    return _layout_of(path, state_of(path))


@lru_cache(maxsize=256)
def _layout_of(path: Path, _state: tuple[tuple[int, int, int], ...]) -> Layout:
    return _Reading(path, check_model(path)).layout()


class _Reading:
    """One reading of a model's headers."""

    def __init__(self, path: Path, parts: Parts) -> None:
        self._path = path
        self._header = parts.headers[0]
        self._architecture = self._header.text("general.architecture") or ""
        count = self._number("block_count")
        if not count:
            raise refusal(path.name, "it does not say how many layers it has")
        self._count = count
        # What only guesses tokens ahead is not loaded.
        self._used = max(0, count - self._number("nextn_predict_layers"))
        self._layers: list[dict[str, Tensor]] = [{} for _ in range(count)]
        self._beside: list[Tensor] = []
        for part in parts.headers:
            self._sort(part.tensors)

    def _sort(self, tensors: Iterable[Tensor]) -> None:
        for tensor in tensors:
            found = _LAYER.fullmatch(tensor.name)
            number = int(found[1]) if found else self._count
            if found and number < self._count:
                self._layers[number][found[2]] = tensor
            else:
                self._beside.append(tensor)

    def _number(self, key: str, otherwise: int = 0) -> int:
        """Return a number of this architecture, within what can be true."""
        number = self._header.number(self._header.of_architecture(key))
        return otherwise if number is None else max(0, min(number, _MOST))

    def _numbers(self, key: str) -> list[int]:
        """Return a number for each layer; [] where the file does not say."""
        found = self._header.numbers(self._header.of_architecture(key)) or ()
        numbers = [max(0, min(number, _MOST)) for number in found]
        if len(numbers) == 1:
            return numbers * self._count
        if numbers and len(numbers) < self._count:
            raise refusal(self._path.name, f"its list {key} is shorter than its layers are many")
        return numbers

    def layout(self) -> Layout:
        """Return what all of it comes to."""
        names = {tensor.name for tensor in self._beside}
        embedding = self._number("embedding_length")
        words = self._header.counts.get("tokenizer.ggml.tokens") or self._number("vocab_size")
        inputs = [tensor for tensor in self._beside if _INPUT.match(tensor.name)]
        tied = "output.weight" not in names
        layers = tuple(self._layer(number) for number in range(self._count))
        rows = {row for layer in layers for row in (layer.keys, layer.values)}
        attends = any(rows)
        window = self._number("attention.sliding_window") and self._architecture != "phi3"
        heads = self._numbers("attention.head_count")
        trained = self._number("context_length")
        return Layout(
            name=self._header.text("general.name") or self._path.stem,
            # As llama.cpp has it, a signed number of 32 bits; what cannot be is not known.
            trained_context=trained if 0 < trained < _MOST else None,
            layers=layers,
            input=sum(tensor.size for tensor in inputs),
            output=sum(tensor.size for tensor in self._beside) - sum(t.size for t in inputs),
            tied=sum(t.size for t in inputs if tied and t.name == "token_embd.weight"),
            largest=max((t.size for layer in self._layers for t in layer.values()), default=0),
            embedding=embedding,
            width=max(self._width(layer, embedding) for layer in self._layers),
            heads=max(heads, default=0) if attends else 0,
            masks=(2 if window else 1) if attends else 0,
            vocabulary=words,
            blocks=all(self._head_length(part) % _BLOCK == 0 for part in ("key", "value")),
        )

    def _head_length(self, part: str) -> int:
        heads = self._numbers("attention.head_count")
        first = heads[0] if heads else 0
        usual = self._number("embedding_length") // first if first else 0
        return self._number(f"attention.{part}_length", usual)

    def _layer(self, number: int) -> Layer:
        tensors = self._layers[number]
        if number >= self._used:
            return Layer(0, 0, 0, 0)
        weights = sum(tensor.size for tensor in tensors.values())
        recurrent = any(_STATE.match(name) for name in tensors)
        keys, values = 0, 0
        if not recurrent or self._architecture == _BOTH:
            keys, values = self._kept(number, tensors)
        return Layer(weights, keys, values, self._state() if recurrent else 0)

    def _kept(self, number: int, tensors: dict[str, Tensor]) -> tuple[int, int]:
        """Return how many values a cell holds of a layer's keys, and of its values."""
        shared = self._number("attention.shared_kv_layers")
        limit = _SHARED_FROM.get(self._architecture, self._count - shared)
        if number >= limit or not any(_ATTENTION.match(name) for name in tensors):
            return 0, 0
        heads = self._numbers("attention.head_count_kv") or self._numbers("attention.head_count")
        each = heads[number] if heads else 0
        key, value = self._head_length("key"), self._head_length("value")
        if self._number("attention.key_length_mla"):
            # Keys and values come out of one compressed row.
            return key * each, 0
        narrow = self._number("attention.key_length_swa", key)
        row = tensors.get("attn_k.weight")
        if narrow != key and row is not None and row.shape[1:2] == (narrow * each,):
            # Heads of another length in the layers that look back through a window; which ones
            # these are, the layer's own keys tell.
            key, value = narrow, self._number("attention.value_length_swa", value)
        return key * each + self._number("attention.indexer.key_length"), value * each

    def _state(self) -> int:
        """Return the bytes that a recurrent layer keeps of one sequence (32-bit floats)."""
        embedding = self._number("embedding_length")
        inner, state = self._number("ssm.inner_size"), self._number("ssm.state_size")
        steps = max(0, self._number("ssm.conv_kernel") - 1)
        if head := self._number("wkv.head_size"):
            kept = (self._number("token_shift_count", _SHIFTS) + head) * embedding
        elif look_back := self._number("shortconv.l_cache"):
            kept = embedding * (look_back - 1) + state * inner
        elif head := self._number("kda.head_dim"):
            heads = max(self._numbers("attention.head_count"), default=0)
            kept = 3 * (steps or 3) * heads * head + head * head * heads
        else:
            groups = self._number("ssm.group_count")
            kept = steps * (inner + 2 * groups * state) + state * inner
        return 4 * kept

    def _width(self, tensors: dict[str, Tensor], embedding: int) -> int:
        """Return about how many values for each token the widest step of a layer holds.

        The factors were found by comparing with llama.cpp's buffers for a dozen layouts.
        """
        used = max(self._numbers("expert_used_count"), default=1) or 1
        rows: defaultdict[str, int] = defaultdict(int)
        for name, tensor in tensors.items():
            if len(tensor.shape) < 2:
                continue
            length = tensor.shape[1]
            if found := _FEED.fullmatch(name):
                rows["feed"] += length * (used if found[1] == "_exps" else 1)
            elif name in {"attn_q.weight", "attn_q_b.weight"}:
                rows["attention"] += 3 * length
            elif name in {"attn_k.weight", "attn_v.weight", "attn_qkv.weight"}:
                rows["attention"] += length
            elif name == "ssm_in.weight":
                rows["state"] += 2 * length
        return max(
            7 * embedding + rows["feed"],
            7 * embedding + rows["state"],
            4 * embedding + rows["attention"],
        )
