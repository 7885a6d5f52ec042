"""Replies that can be nothing else: GBNF grammars and JSON Schemas.

Asking the grammar about every token of the vocabulary at every step is what makes grammars slow.
The token that the model wants anyway is asked first; only if it is refused are others, the
likeliest first, and the whole vocabulary last.
"""

import ctypes
import json
import re
from typing import Any

import numpy as np
import numpy.typing as npt

from homebody.base.errors import EngineProblem
from homebody.engine.worker.binding import lib

__all__ = ["Grammar", "schema_to_grammar"]

_FIRST_LOOK = 256
_TOKEN = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])
# The translator's own rule lets line breaks stand in strings, and halves of surrogate pairs.
_CHAR = r'char ::= [^"\\\x7F\x00-\x1F] | "\\" ["\\/bfnrt]'
_HINT = "Correct the grammar or schema of this request."


def schema_to_grammar(schema: str) -> str:
    """Return the GBNF of a JSON Schema."""
    # Few requests bring a schema, so its translator is imported where it is needed.
    from llama_cpp.llama_grammar import json_schema_to_gbnf

    try:
        json.loads(schema)
        source = str(json_schema_to_gbnf(schema))
    except Exception as error:  # noqa: BLE001  the translator stops at anything with anything
        raise EngineProblem(
            f"The JSON Schema cannot be used ({type(error).__name__}).", _HINT, kind="grammar"
        ) from None
    return re.sub(r"^char ::= .*$", lambda _: _CHAR, source, flags=re.MULTILINE)


class Grammar:
    """Follows one reply. Close it, or its native half leaks."""

    def __init__(self, vocab: Any, source: str) -> None:
        if "\x00" in source:
            raise EngineProblem("The grammar holds a NUL character.", _HINT, kind="grammar")
        self._sampler = lib.llama_sampler_init_grammar(vocab, source.encode("utf-8"), b"root")
        if not self._sampler:
            raise EngineProblem("The grammar cannot be used.", _HINT, kind="grammar")

    def allows(self, token: int) -> bool:
        """Say whether the reply may go on with this token."""
        return bool(self._allowed(np.asarray([token], dtype=np.int32)).size)

    def candidates(self, logits: npt.NDArray[np.float32]) -> npt.NDArray[np.intp]:
        """Return tokens that the reply may go on with, the likeliest among them for certain."""
        if logits.size > _FIRST_LOOK:
            likely = np.argpartition(logits, logits.size - _FIRST_LOOK)[-_FIRST_LOOK:]
            allowed = self._allowed(likely.astype(np.int32))
            if allowed.size:
                return allowed
        return self._allowed(np.arange(logits.size, dtype=np.int32))

    def accept(self, token: int) -> None:
        """Go on with this token, which was allowed."""
        lib.llama_sampler_accept(self._sampler, token)

    def close(self) -> None:
        """Free the native half."""
        if self._sampler:
            lib.llama_sampler_free(self._sampler)
            self._sampler = None

    def _allowed(self, tokens: npt.NDArray[np.int32]) -> npt.NDArray[np.intp]:
        data = np.zeros(tokens.size, dtype=_TOKEN)
        data["id"] = tokens
        array = lib.llama_token_data_array(
            data=data.ctypes.data_as(lib.llama_token_data_p),
            size=tokens.size,
            selected=-1,
            sorted=False,
        )
        lib.llama_sampler_apply(self._sampler, ctypes.byref(array))
        return data["id"][data["logit"] > -np.inf].astype(np.intp)
