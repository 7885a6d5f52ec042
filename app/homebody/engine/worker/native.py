"""llama.cpp through its C interface, with errors worded and nothing that can crash left unchecked.

Runs on the engine's main thread only. Tokens are Python ints, logits float32 arrays of shape
[n_vocab] that stay valid until the next decode.
"""

import ctypes
import os
import re
import sys
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from homebody.base.errors import EngineProblem, ModelProblem
from homebody.engine.build import has_gpu_code
from homebody.engine.worker.binding import lib
from homebody.engine.worker.report import Report, read_report
from homebody.messages.fit import CacheType, FlashAttention
from homebody.messages.frames import Adapter

__all__ = [
    "BATCH",
    "MOST_BY_DEFAULT",
    "SEQUENCES",
    "SPARE_CELLS",
    "Native",
    "NoRoom",
    "build_name",
    "identity",
    "is_gpu_build",
    "system_info",
]

# `library/fit_layout.py` computes with the same four figures; a test compares them.
BATCH = 512
SEQUENCES = 4
SPARE_CELLS = 1024
"""Cells beyond the conversation's context, for the planner and other short prompts."""
MOST_BY_DEFAULT = 8192
_EMBEDDING_CONTEXT = 2048


Identity = tuple[int, int, int]


def identity(path: Path) -> Identity | None:
    """Return size, modification time (ns) and inode of a file; None if it is gone."""
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_size, facts.st_mtime_ns, facts.st_ino


class NoRoom(Exception):
    """The key/value cache has no room for the next tokens."""


class _Journal:
    """What llama.cpp logs. Errors go to stderr too, where the keeper finds them after a crash."""

    def __init__(self) -> None:
        self.lines: deque[str] = deque(maxlen=400)
        self.errors: list[str] = []
        self._level = 0
        self._callback = lib.llama_log_callback(self._take)
        lib.llama_log_set(self._callback, ctypes.c_void_p(0))

    def _take(self, level: int, text: bytes, _data: Any) -> None:
        debug, error, continued = 1, 4, 5
        if level != continued:
            self._level = level
        # Hundreds of lines for developers, and dots of progress, would push out what is looked for.
        if self._level == debug:
            return
        line = text.decode("utf-8", "replace").rstrip()
        if not line.strip("."):
            return
        self.lines.append(line)
        if self._level == error:
            self.errors.append(line)
            sys.stderr.write(line + "\n")


_journal = _Journal()


def build_name() -> str:
    """Return which llama.cpp this is."""
    return f"llama.cpp {lib.llama_version().decode()}"


def system_info() -> str:
    """Return what this build uses of the processor, in llama.cpp's words."""
    return " ".join(lib.llama_print_system_info().decode().split())


def is_gpu_build() -> bool:
    """Say whether this llama.cpp was built for a GPU, whether or not it finds one."""
    # llama.cpp's own answer is that a GPU is there; a build without one of its own files has none.
    return has_gpu_code() or bool(lib.llama_supports_gpu_offload())


def _load_reason(path: Path) -> tuple[str, str]:
    """Turn llama.cpp's log of a failed load into a sentence and a hint."""
    text = "\n".join(_journal.errors)
    if match := re.search(r"unknown model architecture: '([^']{0,60})'", text):
        return (
            f"{path.name} is a model of the kind '{match[1]}', which this llama.cpp does not know.",
            "A newer Homebody may know it; until then choose another model.",
        )
    if re.search(r"not within the file bounds|corrupted or incomplete|failed to read", text):
        return (
            f"{path.name} is cut off or damaged: parts of the model are missing.",
            "Get the file again; the download may have been interrupted.",
        )
    if re.search(r"unable to allocate|failed to allocate|out of memory|cudaMalloc", text):
        return (
            f"{path.name} does not fit in memory.",
            "Choose a smaller model or context, or put fewer layers on the GPU.",
        )
    last = _journal.errors[-1].split(": ", 1)[-1][:200] if _journal.errors else "no reason given"
    return (
        f"{path.name} cannot be loaded: {last}.",
        "Check that it is a whole model file in GGUF format, or get it again.",
    )


_CACHE_TYPES: dict[CacheType, int] = {
    "f16": lib.GGML_TYPE_F16,
    "q8_0": lib.GGML_TYPE_Q8_0,
    "q4_0": lib.GGML_TYPE_Q4_0,
}
_FLASH_ATTENTION: dict[FlashAttention, int] = {
    "auto": lib.LLAMA_FLASH_ATTN_TYPE_AUTO,
    "on": lib.LLAMA_FLASH_ATTN_TYPE_ENABLED,
    "off": lib.LLAMA_FLASH_ATTN_TYPE_DISABLED,
}
_NO_SUCH_CACHE = re.compile(
    r"requires flash_attn|requires Flash Attention|does not divide n_embd_head"
)


class Native:
    """One loaded model with its context. `close` gives all of its memory back.

    `dry`: nothing is allocated, so that `report` can be read and nothing else be done; llama.cpp
    may abort.
    """

    def __init__(
        self,
        path: Path,
        *,
        context: int,
        gpu_layers: int,
        threads: int,
        use_mmap: bool,
        on_progress: Callable[[float], bool],
        cache_type: CacheType = "f16",
        flash_attention: FlashAttention = "auto",
        dry: bool = False,
    ) -> None:
        self.path = path
        # As llama.cpp has it: no other cache without flash attention. `loaded` tells what it is.
        self.cache_type: CacheType = "f16" if flash_attention == "off" else cache_type
        self._flash_attention = flash_attention
        self._context = self._embedder = None
        self._adapters: dict[tuple[str, Identity | None], Any] = {}
        self._pieces: dict[int, bytes] = {}
        _journal.errors.clear()
        _journal.lines.clear()
        lib.llama_backend_init()
        params = lib.llama_model_default_params()
        params.n_gpu_layers = 10_000 if gpu_layers < 0 else gpu_layers
        # Mapping a file that is not to be read aborts llama.cpp.
        mapped = use_mmap and not dry
        params.load_mode = lib.LLAMA_LOAD_MODE_MMAP if mapped else lib.LLAMA_LOAD_MODE_NONE
        params.no_alloc = dry
        # Virtual machines were seen to announce AMX and then fault on it (SIGSEGV at ldtilecfg).
        # Only weights in these extra buffers are computed with AMX, which no desktop processor has.
        params.use_extra_bufts = "AMX" not in system_info()
        # Returning False makes llama.cpp give the load up.
        self._progress = lib.llama_progress_callback(lambda done, _data: on_progress(done))
        params.progress_callback = self._progress
        self._model = lib.llama_model_load_from_file(os.fsencode(path), params)
        if not self._model:
            raise ModelProblem(*_load_reason(path))
        self.vocab = lib.llama_model_get_vocab(self._model)
        self.n_vocab = lib.llama_vocab_n_tokens(self.vocab)
        # The header's 32 bits come as a signed number, and a damaged header may say anything.
        trained = lib.llama_model_n_ctx_train(self._model)
        self.trained_context = trained if trained > 0 else MOST_BY_DEFAULT
        self.context = context or min(self.trained_context, MOST_BY_DEFAULT)
        self.recurrent = bool(
            lib.llama_model_is_recurrent(self._model) or lib.llama_model_is_hybrid(self._model)
        )
        if not lib.llama_model_has_decoder(self._model) or self.n_vocab <= 0:
            self.close()
            raise ModelProblem(
                f"{path.name} is not a model that can chat.",
                "Choose a model that generates text; this one makes vectors or is part of another.",
            )
        self.threads = self._computing = threads
        self._context = self._new_context(self.context + SPARE_CELLS, embeddings=False)
        if not self._context and any(_NO_SUCH_CACHE.search(line) for line in _journal.errors):
            # The model's heads do not divide into blocks of that type, or the GPU cannot.
            self.cache_type = "f16"
            self._context = self._new_context(self.context + SPARE_CELLS, embeddings=False)
        if not self._context:
            self.close()
            raise EngineProblem(
                f"{path.name} was loaded, but a context of {self.context:,} tokens does not fit in "
                "memory.",
                "Choose a smaller context in the settings.",
                kind="memory",
            )
        self.report: Report = read_report(_journal.lines, self.size_bytes)
        self._memory = lib.llama_get_memory(self._context)
        self._batch = lib.llama_batch_init(BATCH, 0, 1)
        self._batch_tokens = np.ctypeslib.as_array(self._batch.token, (BATCH,))
        self._batch_places = np.ctypeslib.as_array(self._batch.pos, (BATCH,))
        self._batch_logits = np.ctypeslib.as_array(self._batch.logits, (BATCH,))
        np.ctypeslib.as_array(self._batch.n_seq_id, (BATCH,))[:] = 1
        self._batch_sequence = -1
        self._logits_at = 0

    def _new_context(self, cells: int, *, embeddings: bool) -> Any:
        params = lib.llama_context_default_params()
        params.n_ctx = cells
        params.n_batch = params.n_ubatch = BATCH
        params.n_threads = params.n_threads_batch = self.threads
        params.n_seq_max = 1 if embeddings else SEQUENCES
        params.kv_unified = True
        # Sliding windows keep everything: otherwise nothing before the window could be reused.
        params.swa_full = True
        params.no_perf = True
        params.type_k = params.type_v = _CACHE_TYPES[self.cache_type]
        params.flash_attn_type = _FLASH_ATTENTION[self._flash_attention]
        if embeddings:
            params.embeddings = True
            params.pooling_type = lib.LLAMA_POOLING_TYPE_MEAN
        else:
            # Only the last token of a batch is asked for: room for all of them would be 512 times
            # the vocabulary. One for each sequence is the least that llama.cpp takes.
            params.n_outputs_max = SEQUENCES
        return lib.llama_init_from_model(self._model, params)

    # ------------------------------------------------------------------ facts

    def meta(self, key: str) -> str:
        """Return a value from the file's metadata, or nothing."""
        size = 256
        while True:
            buffer = ctypes.create_string_buffer(size)
            length = lib.llama_model_meta_val_str(self._model, key.encode(), buffer, size)
            if length < size:
                return buffer.value.decode("utf-8", "replace") if length > 0 else ""
            size = length + 1

    @property
    def description(self) -> str:
        """The model in llama.cpp's words, such as "llama 135M Q4_1"."""
        buffer = ctypes.create_string_buffer(256)
        lib.llama_model_desc(self._model, buffer, 256)
        return buffer.value.decode("utf-8", "replace")

    @property
    def parameters(self) -> int:
        """How many parameters the model has."""
        return int(lib.llama_model_n_params(self._model))

    @property
    def size_bytes(self) -> int:
        """Bytes of all tensors."""
        return int(lib.llama_model_size(self._model))

    @property
    def layers(self) -> int:
        """How many layers the model has, without the output."""
        return int(lib.llama_model_n_layer(self._model))

    @property
    def template(self) -> str:
        """The chat template in the file, or nothing."""
        source = lib.llama_model_chat_template(self._model, None)
        return source.decode("utf-8", "replace") if source else ""

    # ------------------------------------------------------------------ tokens

    def tokenize(self, text: str, *, special: bool, begin: bool = False) -> list[int]:
        """Return the tokens of `text`. `special`: control tokens in it count as such.

        `begin` adds what the model wants at the beginning of a text.
        """
        data = text.encode("utf-8", "replace")
        size = len(data) + 8
        room = (lib.llama_token * size)()
        count = lib.llama_tokenize(self.vocab, data, len(data), room, size, begin, special)
        if count < 0:
            size = -count
            room = (lib.llama_token * size)()
            count = lib.llama_tokenize(self.vocab, data, len(data), room, size, begin, special)
        return list(room[:count])

    def piece(self, token: int) -> bytes:
        """Return the bytes of a token, control tokens by their names."""
        known = self._pieces.get(token)
        if known is None:
            buffer = ctypes.create_string_buffer(512)
            length = lib.llama_token_to_piece(self.vocab, token, buffer, 512, 0, True)
            known = self._pieces[token] = buffer.raw[:length] if length > 0 else b""
        return known

    def is_control(self, token: int) -> bool:
        """Say whether a token is one that steers, rather than text."""
        return bool(lib.llama_vocab_is_control(self.vocab, token))

    def ends(self, token: int) -> bool:
        """Say whether the model ends its turn with this token."""
        return bool(lib.llama_vocab_is_eog(self.vocab, token))

    def token_text(self, which: str) -> str:
        """Return the text of the `bos` or `eos` token, or nothing."""
        token = getattr(lib, f"llama_vocab_{which}")(self.vocab)
        return self.piece(token).decode("utf-8", "replace") if token >= 0 else ""

    # ------------------------------------------------------------------ the cache

    def keep(self, sequence: int, length: int) -> bool:
        """Forget all but the first `length` tokens of a sequence. False where that cannot be."""
        return bool(lib.llama_memory_seq_rm(self._memory, sequence, length, -1))

    def copy(self, source: int, target: int, length: int) -> None:
        """Let `target`, which is empty, begin with the first `length` tokens of `source`."""
        lib.llama_memory_seq_cp(self._memory, source, target, 0, length)

    def snapshot(self, sequence: int) -> bytes:
        """Return the part of a sequence's memory that cannot be rolled back."""
        flags = lib.LLAMA_STATE_SEQ_FLAGS_PARTIAL_ONLY
        size = lib.llama_state_seq_get_size_ext(self._context, sequence, flags)
        buffer = (ctypes.c_uint8 * size)()
        written = lib.llama_state_seq_get_data_ext(self._context, buffer, size, sequence, flags)
        return bytes(buffer[:written])

    def restore(self, sequence: int, state: bytes, length: int) -> bool:
        """Go back to a snapshot that was taken after `length` tokens."""
        flags = lib.LLAMA_STATE_SEQ_FLAGS_PARTIAL_ONLY
        buffer = (ctypes.c_uint8 * len(state)).from_buffer_copy(state)
        done = lib.llama_state_seq_set_data_ext(self._context, buffer, len(state), sequence, flags)
        return bool(done) and self.keep(sequence, length)

    # ------------------------------------------------------------------ computing

    def decode(self, sequence: int, place: int, tokens: Sequence[int]) -> None:
        """Read at most `BATCH` tokens that stand at `place` in a sequence, or raise `NoRoom`."""
        count = len(tokens)
        batch = self._batch
        if self._batch_sequence != sequence:
            for index in range(BATCH):
                batch.seq_id[index][0] = sequence
            self._batch_sequence = sequence
        batch.n_tokens = count
        self._batch_tokens[:count] = tokens
        self._batch_places[:count] = range(place, place + count)
        self._batch_logits[: count - 1] = 0
        self._batch_logits[count - 1] = 1
        status = lib.llama_decode(self._context, batch)
        if status == 1:
            raise NoRoom
        if status:
            raise EngineProblem(
                f"llama.cpp could not compute the next token (code {status}).",
                "Try again; if it stays, load the model again.",
            )

    def use_threads(self, count: int) -> None:
        """Compute with so many threads from now on."""
        if count != self._computing:
            lib.llama_set_n_threads(self._context, count, count)
            self._computing = count

    def logits(self) -> npt.NDArray[np.float32]:
        """Return the logits after the last token that was read."""
        pointer = lib.llama_get_logits_ith(self._context, -1)
        address = ctypes.addressof(pointer.contents)
        # Making an array of a pointer costs 50 µs, and the pointer hardly ever changes.
        if address != self._logits_at:
            self._logits_at = address
            self._logits = np.ctypeslib.as_array(pointer, (self.n_vocab,))
        return self._logits

    def use_adapters(self, adapters: Sequence[Adapter]) -> None:
        """Apply these adapters from now on, and no others."""
        loaded = [self._adapter(adapter) for adapter in adapters]
        array = (lib.llama_adapter_lora_p_ctypes * len(loaded))(*loaded)
        scales = (ctypes.c_float * len(loaded))(*(adapter.scale for adapter in adapters))
        lib.llama_set_adapters_lora(self._context, array, len(loaded), scales)

    def _adapter(self, adapter: Adapter) -> Any:
        path = Path(adapter.path)
        key = adapter.path, identity(path)
        if key in self._adapters:
            return self._adapters[key]
        # Given a path that is not there, llama.cpp's binding has been seen to crash. What is no
        # ordinary file (a pipe) might be waited for without an end.
        if path.exists() and not path.is_file():
            raise EngineProblem(
                f"The adapter {path.name} is not a file.",
                "Check its path, or go on without it.",
                kind="adapter",
            )
        try:
            with path.open("rb") as stream:
                whole = stream.read(4) == b"GGUF"
        except OSError as error:
            raise EngineProblem(
                f"The adapter {path.name} cannot be opened ({error.strerror}).",
                "Check its path, or go on without it.",
                kind="adapter",
            ) from None
        _journal.errors.clear()
        loaded = lib.llama_adapter_lora_init(self._model, os.fsencode(path)) if whole else None
        if not loaded:
            raise EngineProblem(
                f"{path.name} is not an adapter that fits this model.",
                "Choose an adapter that was made for this model.",
                kind="adapter",
            )
        self._adapters[key] = loaded
        return loaded

    def embed(self, text: str) -> tuple[float, ...]:
        """Return the mean of the last layer over the first 2,048 tokens, at unit length."""
        cells = min(_EMBEDDING_CONTEXT, self.trained_context)
        if self._embedder is None:
            self._embedder = self._new_context(cells, embeddings=True)
            if not self._embedder:
                raise EngineProblem("There is no memory left to make vectors.", kind="memory")
        tokens = self.tokenize(text, special=False, begin=True)[:cells] or [0]
        lib.llama_memory_clear(lib.llama_get_memory(self._embedder), True)
        total = np.zeros(lib.llama_model_n_embd(self._model), dtype=np.float64)
        for place in range(0, len(tokens), BATCH):
            part = tokens[place : place + BATCH]
            row = (lib.llama_token * len(part))(*part)
            batch = lib.llama_batch_get_one(row, len(part))  # points into `row`
            if lib.llama_decode(self._embedder, batch):
                raise EngineProblem("llama.cpp could not make a vector of this text.")
            pointer = lib.llama_get_embeddings_seq(self._embedder, 0)
            total += len(part) * np.ctypeslib.as_array(pointer, total.shape)
        length = float(np.linalg.norm(total))
        if not np.isfinite(length):
            raise EngineProblem(
                "The model computed something that is not a number.",
                "The file may be damaged: get it again, or choose another model.",
            )
        return tuple((total / length if length else total).tolist())

    def close(self) -> None:
        """Give back the contexts, the adapters and the model."""
        for adapter in self._adapters.values():
            lib.llama_adapter_lora_free(adapter)
        self._adapters.clear()
        for context in (self._context, self._embedder):
            if context:
                lib.llama_free(context)
        if self._context:
            lib.llama_batch_free(self._batch)
        self._context = self._embedder = None
        if self._model:
            lib.llama_model_free(self._model)
            self._model = None
