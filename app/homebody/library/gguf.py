"""The header of a GGUF file, read with bounds on everything, before native code sees the file.

At most 64 MB of a file are read, in pieces; no number in it decides how much memory is taken or how
long it takes. What cannot be true is refused by name: `ModelProblem` says what is wrong and what to
do. The gguf package is not used: its reader hangs on a file of 43 bytes.

Format: github.com/ggml-org/ggml, docs/gguf.md; limits as in llama.cpp's ggml/src/gguf.cpp, or
stricter.
"""

import struct
from array import array
from pathlib import Path

from msgspec import Struct

from homebody.base.errors import ModelProblem
from homebody.library.gguf_bytes import DAMAGED, Window, shown
from homebody.library.gguf_tensors import Tensor, read_tensors
from homebody.library.gguf_words import (
    MOST_STRINGS,
    check_byte_tokens,
    walk_strings,
    walk_vocabulary,
)

__all__ = ["GgufHeader", "Value", "read_header"]

Value = int | float | bool | str | tuple[int | float | bool, ...]

_VERSIONS = (2, 3)
_MOST_KEYS = 16_384
_MOST_KEY = 65_535
_LEAST_KEY, _LEAST_TENSOR = 14, 33
"""Bytes that the shortest key with its value takes, and the shortest tensor's description."""
_ALIGNMENTS = range(8, 1024 * 1024 + 1)
_MOST_TEXT = 1024 * 1024
_KEPT_NUMBERS = 1024
"""Longer lists are not kept: per-layer lists have one entry for each layer."""
_KEPT_IN_ALL = 65_536
_KEPT_KEY = 256

_U8, _I8, _U16, _I16, _U32, _I32, _F32, _BOOL, _STRING, _ARRAY, _U64, _I64, _F64 = range(13)
_NAMES = "UINT8 INT8 UINT16 INT16 UINT32 INT32 FLOAT32 BOOL STRING ARRAY UINT64 INT64 FLOAT64"
_NAME = tuple(_NAMES.split())
_CODE = {
    _U8: "B",
    _I8: "b",
    _U16: "H",
    _I16: "h",
    _U32: "I",
    _I32: "i",
    _F32: "f",
    _BOOL: "?",
    _U64: "Q",
    _I64: "q",
    _F64: "d",
}
_SCALAR = {kind: struct.Struct(f"<{code}") for kind, code in _CODE.items()}

_WORDS, _KINDS, _SCORES = (
    "tokenizer.ggml.tokens",
    "tokenizer.ggml.token_type",
    "tokenizer.ggml.scores",
)
_TEMPLATE = "tokenizer.chat_template"
# Texts that somebody needs; others are walked past.
_KEPT_TEXTS = {
    "adapter.type",
    "general.architecture",
    "general.license",
    "general.name",
    "general.size_label",
    "general.type",
    "tokenizer.ggml.model",
    "tokenizer.ggml.pre",
    _TEMPLATE,
}

_Kind = tuple[int, int | None]
"""A type and, of an array, the type of its elements."""
_TEXT, _NUMBER, _YES = (_STRING, None), (_U32, None), (_BOOL, None)
_NUMBERS = (_NUMBER, (_ARRAY, _U32), (_ARRAY, _I32))
# What llama.cpp reads, with the types that it reads it as. Arrays it takes as they lie in memory.
_EXPECTED: dict[str, tuple[_Kind, ...]] = {
    "general.architecture": (_TEXT,),
    "general.name": (_TEXT,),
    "general.type": (_TEXT,),
    "general.alignment": (_NUMBER,),
    "general.file_type": (_NUMBER,),
    "general.quantization_version": (_NUMBER,),
    "tokenizer.ggml.model": (_TEXT,),
    "tokenizer.ggml.pre": (_TEXT,),
    _TEMPLATE: (_TEXT,),
    _WORDS: ((_ARRAY, _STRING),),
    _SCORES: ((_ARRAY, _F32),),
    _KINDS: ((_ARRAY, _I32),),
    "tokenizer.ggml.merges": ((_ARRAY, _STRING),),
    "tokenizer.ggml.precompiled_charsmap": ((_ARRAY, _U8), (_ARRAY, _I8)),
    "tokenizer.ggml.suppress_tokens": ((_ARRAY, _I32),),
    "tokenizer.ggml.token_type_count": (_NUMBER,),
    "tokenizer.ggml.add_bos_token": (_YES,),
    "tokenizer.ggml.add_eos_token": (_YES,),
    "tokenizer.ggml.add_space_prefix": (_YES,),
    "tokenizer.ggml.remove_extra_whitespaces": (_YES,),
    "split.no": ((_U16, None),),
    "split.count": ((_U16, None),),
    "split.tensors.count": ((_I32, None),),
}
# The same for `<architecture>.…`.
_EXPECTED_OF_ARCHITECTURE: dict[str, tuple[_Kind, ...]] = {
    "attention.head_count": _NUMBERS,
    "attention.head_count_kv": _NUMBERS,
    "attention.key_length": (_NUMBER,),
    "attention.layer_norm_epsilon": ((_F32, None),),
    "attention.layer_norm_rms_epsilon": ((_F32, None),),
    "attention.value_length": (_NUMBER,),
    "block_count": (_NUMBER,),
    "context_length": (_NUMBER,),
    "embedding_length": (_NUMBER,),
    "expert_count": (_NUMBER,),
    "expert_used_count": (_NUMBER,),
    "feed_forward_length": _NUMBERS,
    "rope.freq_base": ((_F32, None),),
    "ssm.conv_kernel": (_NUMBER,),
    "ssm.inner_size": (_NUMBER,),
    "ssm.state_size": (_NUMBER,),
    "ssm.time_step_rank": (_NUMBER,),
    "vocab_size": (_NUMBER,),
}


class GgufHeader(Struct, frozen=True):
    """What a file says of itself, checked."""

    path: Path
    size: int
    """Bytes of the whole file."""
    version: int
    values: dict[str, Value]
    """Numbers, short lists of numbers, and the texts that are of use, by their keys."""
    counts: dict[str, int]
    """How many elements every list has, by its key."""
    tensors: tuple[Tensor, ...]
    weights_at: int
    """Where the weights begin, in bytes."""
    template: bytes | None
    """The chat template as it lies in the file."""

    def text(self, key: str) -> str | None:
        """Return a text, or None if there is none, or something else."""
        value = self.values.get(key)
        return value if isinstance(value, str) else None

    def number(self, key: str) -> int | None:
        """Return a whole number, or None."""
        value = self.values.get(key)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def numbers(self, key: str) -> tuple[int, ...] | None:
        """Return a list of whole numbers, of which there is one if it is no list, or None."""
        value = self.values.get(key)
        found = value if isinstance(value, tuple) else (value,)
        return tuple(n for n in found if type(n) is int) or None

    def of_architecture(self, key: str) -> str:
        """Return the key's name in a model of this architecture."""
        return f"{self.text('general.architecture') or ''}.{key}"


def read_header(path: Path) -> GgufHeader:
    """Read and check a file's header. `ModelProblem` says what is wrong with it.

    Opens regular files only: a pipe or a device would be waited for, maybe for ever.
    """
    try:
        if path.is_dir():
            raise ModelProblem(f"{path} is a folder.", "Give the path of a .gguf file in it.")
        str(path).encode()
        if not path.is_file() and path.exists():
            raise ModelProblem(f"{path} is not a file.", "Give the path of a .gguf file.")
        with path.open("rb", buffering=0) as stream:
            return _Reader(Window(stream, path)).read()
    except UnicodeEncodeError:
        raise ModelProblem(
            f"The name of {str(path)!r} is not UTF-8, so the engine cannot be told of it.",
            "Give the file another name.",
        ) from None
    except (FileNotFoundError, NotADirectoryError, ValueError):
        raise ModelProblem(
            f"There is no model {str(path)!r}.",
            "Give the path of a GGUF file, or 'starter' for the one that came with Homebody.",
        ) from None
    except OSError as error:
        raise ModelProblem(
            f"The model {path.name} cannot be opened ({error.strerror}).",
            "Check the name, and that you may read the file.",
        ) from None


class _Reader:
    """One reading of one file."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._values: dict[str, Value] = {}
        self._counts: dict[str, int] = {}
        self._places: dict[str, int] = {}
        self._template: bytes | None = None
        self._strings = self._kept = 0

    def read(self) -> GgufHeader:
        window = self._window
        version = self._read_version()
        tensors, keys = window.u64(), window.u64()
        self._check_count(keys, _LEAST_KEY, "facts")
        self._check_count(tensors, _LEAST_TENSOR, "tensors")
        if keys > _MOST_KEYS:
            raise window.refuse(f"it claims to state {keys:,} facts, more than any model")
        # Hashes, so that long keys take no memory.
        seen: set[int] = set()
        for _ in range(keys):
            key = self._read_key()
            if hash(key) in seen:
                raise window.refuse(f"it states {shown(key)} twice")
            seen.add(hash(key))
            self._read_value(key.decode("utf-8", "backslashreplace"))
        alignment = self._alignment()
        described, begin = read_tensors(window, tensors, alignment)
        self._check_vocabulary()
        return GgufHeader(
            path=window.path,
            size=window.size,
            version=version,
            values=self._values,
            counts=self._counts,
            tensors=described,
            weights_at=begin,
            template=self._template,
        )

    def _read_version(self) -> int:
        window = self._window
        name = window.path.name
        head = window.take(min(8, window.size))
        if head[:4] != b"GGUF":
            what = "an HTML page" if head.lstrip()[:1] == b"<" else "not a GGUF file"
            what = "empty" if not head else what
            raise ModelProblem(
                f"{name} is {what}, so it is not a model that can be loaded.",
                "Get the model again, in GGUF format.",
            )
        version = int.from_bytes(head[4:8], "little")
        if int.from_bytes(head[4:8], "big") in _VERSIONS and len(head) == 8:
            raise ModelProblem(
                f"{name} was written for machines that keep numbers in the other order "
                "(big-endian); this one cannot load it.",
                "Get the usual, little-endian copy of this model.",
            )
        if len(head) == 8 and version not in _VERSIONS:
            raise ModelProblem(
                f"{name} is a GGUF file of version {version}; "
                f"versions {_VERSIONS[0]} and {_VERSIONS[1]} can be loaded.",
                "Get a current copy of this model.",
            )
        window.need(16)
        return version

    def _check_count(self, count: int, least: int, what: str) -> None:
        if count * least > self._window.left:
            raise self._window.refuse(
                f"it claims to hold {count:,} {what}, for which the file is too short",
                f"{DAMAGED[:-1]}; or the download broke off.",
            )

    def _read_key(self) -> bytes:
        window = self._window
        length = window.u64()
        if not 0 < length <= _MOST_KEY:
            raise window.refuse(
                f"the name of a fact in it is {length:,} bytes long; 1 to {_MOST_KEY:,} can be"
            )
        return window.take(length)

    def _read_value(self, key: str) -> None:
        window = self._window
        kind = window.u32()
        if kind >= len(_NAME):
            raise window.refuse(f"{shown(key)} is of type {kind:,}, which does not exist")
        if kind == _ARRAY:
            element, count = window.u32(), window.u64()
            if element >= len(_NAME):
                raise window.refuse(
                    f"the list {shown(key)} is of type {element:,}, which does not exist"
                )
            self._check_kind(key, kind, element)
            self._read_list(key, element, count)
            return
        self._check_kind(key, kind, None)
        if kind == _STRING:
            self._read_text(key)
            return
        number = _SCALAR[kind]
        raw = window.take(number.size)
        if kind == _BOOL and raw not in {b"\0", b"\1"}:
            raise window.refuse(f"{shown(key)} is neither yes nor no, but {raw[0]}")
        self._keep(key, number.unpack(raw)[0])

    def _check_kind(self, key: str, kind: int, element: int | None) -> None:
        """Refuse a fact of another type than llama.cpp reads it as."""
        expected = _EXPECTED.get(key) or _EXPECTED_OF_ARCHITECTURE.get(key.partition(".")[2])
        if not expected and key.startswith("tokenizer.ggml.") and key.endswith("_token_id"):
            expected = (_NUMBER,)
        if expected and (kind, element) not in expected:
            raise self._window.refuse(
                f"{shown(key)} is of type {_described(kind, element)}, not "
                + " or ".join(_described(*each) for each in expected)
            )

    def _read_text(self, key: str) -> None:
        window = self._window
        length = window.u64()
        if key not in _KEPT_TEXTS:
            window.skip(length)
            return
        if length > _MOST_TEXT:
            window.check(length)
            raise window.refuse(f"{shown(key)} is {length:,} bytes long")
        raw = window.take(length)
        if key == _TEMPLATE:
            self._template = raw
        else:
            self._values[key] = raw.decode("utf-8", "replace")

    def _read_list(self, key: str, element: int, count: int) -> None:
        window = self._window
        self._counts[key] = count
        if element == _ARRAY:
            raise window.refuse(f"{shown(key)} is a list of lists, which llama.cpp does not read")
        if element == _STRING:
            window.check(min(count * 8, window.left + 1))
            self._strings += count
            if self._strings > MOST_STRINGS:
                raise window.refuse(f"it lists {self._strings:,} texts, more than any model")
            self._places[key] = window.position
            walk = walk_vocabulary if key == _WORDS else walk_strings
            walk(window, count, key.encode())
            return
        size = _SCALAR[element].size
        window.check(min(count * size, window.left + 1))
        self._places[key] = window.position
        if element == _BOOL:
            self._read_bools(key, count)
        elif count <= _KEPT_NUMBERS and not key.startswith("tokenizer."):
            self._keep(key, tuple(array(_CODE[element], window.take(count * size))))
        else:
            window.skip(count * size)

    def _read_bools(self, key: str, count: int) -> None:
        window, left = self._window, count
        while left:
            raw = window.take(min(left, 1024 * 1024))
            wrong = raw.translate(None, b"\0\1")
            if wrong:
                raise window.refuse(f"{shown(key)} has entries neither yes nor no, but {wrong[0]}")
            if count <= _KEPT_NUMBERS:
                self._keep(key, tuple(map(bool, raw)))
            left -= len(raw)

    def _keep(self, key: str, value: Value) -> None:
        # Single numbers always: there are as many as keys at most, and checks rely on some.
        self._kept += len(value) if isinstance(value, tuple) else 0
        if self._kept <= _KEPT_IN_ALL and len(key) < _KEPT_KEY:
            self._values[key] = value

    def _alignment(self) -> int:
        alignment = self._values.get("general.alignment", 32)
        assert isinstance(alignment, int)
        if alignment not in _ALIGNMENTS or alignment & (alignment - 1):
            raise self._window.refuse(
                f"its weights are aligned to {alignment:,} bytes; it must be a power of two from "
                f"{_ALIGNMENTS[0]} to {_ALIGNMENTS[-1]:,}"
            )
        return alignment

    def _check_vocabulary(self) -> None:
        words = self._counts.get(_WORDS)
        if words is None:
            return
        for key in (_SCORES, _KINDS):
            count = self._counts.get(key, words)
            if count < words:
                raise self._window.refuse(
                    f"its vocabulary has {words:,} entries, but {shown(key)} only {count:,}"
                )
        if _KINDS in self._counts:
            check_byte_tokens(
                self._window,
                words=(self._places[_WORDS], words),
                kinds=(self._places[_KINDS], self._counts[_KINDS]),
            )


def _described(kind: int, element: int | None) -> str:
    return _NAME[kind] if element is None else f"{_NAME[kind]} of {_NAME[element]}"
