"""The header of a GGUF file, read with bounds on everything, before native code sees the file.

At most 64 MB of a file are read, in pieces; no number in it decides how much memory is taken or how
long it takes. What cannot be true is refused by name: `ModelProblem` says what is wrong and what to
do. The gguf package is not used: its reader hangs on a file of 43 bytes.

Format: github.com/ggml-org/ggml, docs/gguf.md; limits as in llama.cpp's ggml/src/gguf.cpp, or
stricter.
"""

from array import array
from pathlib import Path

from msgspec import Struct

from homebody.base.errors import ModelProblem
from homebody.library.gguf_bytes import DAMAGED, Window, shown
from homebody.library.gguf_kinds import (
    ARRAY,
    BOOL,
    CODES,
    KINDS,
    SCALARS,
    STRING,
    described,
    expected_kinds,
)
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
_LEAST_KEY, _LEAST_TENSOR = 14, 32
"""Bytes that the shortest key with its value takes, and the shortest tensor's description."""
_ALIGNMENTS = range(8, 1024 * 1024 + 1)
_MOST_TEXT = 1024 * 1024
_KEPT_NUMBERS = 1024
"""Longer lists are not kept: per-layer lists have one entry for each layer."""
_KEPT_IN_ALL = 65_536
_KEPT_KEY = 256

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
        if kind >= KINDS:
            raise window.refuse(f"{shown(key)} is of type {kind:,}, which does not exist")
        if kind == ARRAY:
            element, count = window.u32(), window.u64()
            if element >= KINDS:
                raise window.refuse(
                    f"the list {shown(key)} is of type {element:,}, which does not exist"
                )
            self._check_kind(key, kind, element)
            self._read_list(key, element, count)
            return
        self._check_kind(key, kind, None)
        if kind == STRING:
            self._read_text(key)
            return
        number = SCALARS[kind]
        raw = window.take(number.size)
        if kind == BOOL and raw not in {b"\0", b"\1"}:
            raise window.refuse(f"{shown(key)} is neither yes nor no, but {raw[0]}")
        self._keep(key, number.unpack(raw)[0])

    def _check_kind(self, key: str, kind: int, element: int | None) -> None:
        """Refuse a fact of another type than llama.cpp reads it as."""
        expected = expected_kinds(key)
        if expected and (kind, element) not in expected:
            raise self._window.refuse(
                f"{shown(key)} is of type {described(kind, element)}, not "
                + " or ".join(described(*each) for each in expected)
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
        if element == ARRAY:
            raise window.refuse(f"{shown(key)} is a list of lists, which llama.cpp does not read")
        if element == STRING:
            window.check(min(count * 8, window.left + 1))
            self._strings += count
            if self._strings > MOST_STRINGS:
                raise window.refuse(f"it lists {self._strings:,} texts, more than any model")
            self._places[key] = window.position
            walk = walk_vocabulary if key == _WORDS else walk_strings
            walk(window, count, key.encode())
            return
        size = SCALARS[element].size
        window.check(min(count * size, window.left + 1))
        self._places[key] = window.position
        if element == BOOL:
            self._read_bools(key, count)
        elif self._is_kept(key, count):
            self._keep(key, tuple(array(CODES[element], window.take(count * size))))
        else:
            window.skip(count * size)

    def _read_bools(self, key: str, count: int) -> None:
        window, left = self._window, count
        while left:
            raw = window.take(min(left, 1024 * 1024))
            wrong = raw.translate(None, b"\0\1")
            if wrong:
                raise window.refuse(f"{shown(key)} has entries neither yes nor no, but {wrong[0]}")
            if self._is_kept(key, count):
                self._keep(key, tuple(map(bool, raw)))
            left -= len(raw)

    def _is_kept(self, key: str, count: int) -> bool:
        """Tell whether a list is short enough, and not one of very many."""
        small = count <= _KEPT_NUMBERS and self._kept + count <= _KEPT_IN_ALL
        return small and not key.startswith("tokenizer.")

    def _keep(self, key: str, value: Value) -> None:
        # Single numbers always: there are as many as keys at most, and checks rely on some.
        if isinstance(value, tuple):
            self._kept += len(value)
        if len(key) < _KEPT_KEY:
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
