"""The least that llama.cpp needs of Python: load, decode, argmax. What we compare with.

`python bare.py MODEL THREADS first`: print one token, as a script would that was written for it.
"""

import ctypes
import sys
import time

import llama_cpp
import numpy as np


class Bare:
    """One model, one sequence, no text, no sampling but the likeliest."""

    def __init__(self, path: str, threads: int) -> None:
        # As in the engine: AMX faults on machines that only announce it.
        params = llama_cpp.llama_model_default_params()
        params.use_extra_bufts = b"AMX" not in llama_cpp.llama_print_system_info()
        self._quiet = llama_cpp.llama_log_callback(lambda *_: None)
        llama_cpp.llama_log_set(self._quiet, ctypes.c_void_p(0))
        self.model = llama_cpp.llama_model_load_from_file(path.encode(), params)
        settings = llama_cpp.llama_context_default_params()
        settings.n_ctx = 4096
        settings.n_batch = 512
        settings.n_threads = settings.n_threads_batch = threads
        self.context = llama_cpp.llama_init_from_model(self.model, settings)
        self.vocab = llama_cpp.llama_model_get_vocab(self.model)
        self.size = llama_cpp.llama_vocab_n_tokens(self.vocab)

    def tokens(self, text: str) -> list[int]:
        """Tokenize."""
        data = text.encode()
        room = (llama_cpp.llama_token * (len(data) + 8))()
        count = llama_cpp.llama_tokenize(self.vocab, data, len(data), room, len(room), True, True)
        return list(room[:count])

    def decode(self, tokens: list[int]) -> int:
        """Compute, and return the likeliest next token."""
        array = (llama_cpp.llama_token * len(tokens))(*tokens)
        llama_cpp.llama_decode(self.context, llama_cpp.llama_batch_get_one(array, len(tokens)))
        pointer = llama_cpp.llama_get_logits_ith(self.context, -1)
        return int(np.ctypeslib.as_array(pointer, (self.size,)).argmax())

    def speed(self, prompt: str, count: int) -> float:
        """Return tokens per second over `count` tokens after the prompt."""
        llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(self.context), True)
        token = self.decode(self.tokens(prompt))
        start = time.perf_counter()
        for _ in range(count):
            token = self.decode([token])
        return count / (time.perf_counter() - start)

    def text(self, token: int) -> str:
        """Return a token's text."""
        buffer = ctypes.create_string_buffer(64)
        length = llama_cpp.llama_token_to_piece(self.vocab, token, buffer, 64, 0, True)
        return buffer.raw[:length].decode()


if __name__ == "__main__":
    bare = Bare(sys.argv[1], int(sys.argv[2]))
    question = (
        "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n"
        "<|im_start|>user\nWhat is the capital of Japan?<|im_end|>\n<|im_start|>assistant\n"
    )
    print(bare.text(bare.decode(bare.tokens(question))), flush=True)
