"""The types of facts in a GGUF file, and as which ones llama.cpp reads those that it needs.

Some arrays it takes as they lie in memory, so that another type makes it read past their end.
"""

import struct

__all__ = [
    "ARRAY",
    "BOOL",
    "CODES",
    "KINDS",
    "SCALARS",
    "STRING",
    "described",
    "expected_kinds",
]

_NAMES = "UINT8 INT8 UINT16 INT16 UINT32 INT32 FLOAT32 BOOL STRING ARRAY UINT64 INT64 FLOAT64"
_NAME = tuple(_NAMES.split())
KINDS = len(_NAME)
_U8, _I8, _U16, _I16, _U32, _I32, _F32 = range(7)
BOOL = 7
STRING = 8
ARRAY = 9
_U64, _I64, _F64 = range(10, KINDS)

CODES = {
    _U8: "B",
    _I8: "b",
    _U16: "H",
    _I16: "h",
    _U32: "I",
    _I32: "i",
    _F32: "f",
    BOOL: "?",
    _U64: "Q",
    _I64: "q",
    _F64: "d",
}
"""Of the types that have a size, as `struct` and `array` name them."""
SCALARS = {kind: struct.Struct(f"<{code}") for kind, code in CODES.items()}

_Kind = tuple[int, int | None]
"""A type and, of an array, the type of its elements."""
_TEXT, _NUMBER, _YES = (STRING, None), (_U32, None), (BOOL, None)
_NUMBERS = (_NUMBER, (ARRAY, _U32), (ARRAY, _I32))
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
    "tokenizer.chat_template": (_TEXT,),
    "tokenizer.ggml.tokens": ((ARRAY, STRING),),
    "tokenizer.ggml.scores": ((ARRAY, _F32),),
    "tokenizer.ggml.token_type": ((ARRAY, _I32),),
    "tokenizer.ggml.merges": ((ARRAY, STRING),),
    "tokenizer.ggml.precompiled_charsmap": ((ARRAY, _U8), (ARRAY, _I8)),
    "tokenizer.ggml.suppress_tokens": ((ARRAY, _I32),),
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
    "attention.key_length": _NUMBERS,
    "attention.layer_norm_epsilon": ((_F32, None),),
    "attention.layer_norm_rms_epsilon": ((_F32, None),),
    "attention.value_length": _NUMBERS,
    "block_count": (_NUMBER,),
    "context_length": (_NUMBER,),
    "embedding_length": (_NUMBER,),
    "expert_count": _NUMBERS,
    "expert_used_count": _NUMBERS,
    "feed_forward_length": _NUMBERS,
    "rope.freq_base": ((_F32, None),),
    "ssm.conv_kernel": (_NUMBER,),
    "ssm.inner_size": (_NUMBER,),
    "ssm.state_size": (_NUMBER,),
    "ssm.time_step_rank": (_NUMBER,),
    "vocab_size": (_NUMBER,),
}

_TOKEN_IDS = {
    f"tokenizer.ggml.{name}_token_id"
    for name in (
        *("bos", "eos", "eot", "eom", "unknown", "padding", "mask"),
        "seperator",  # codespell:ignore seperator  llama.cpp writes it so
        *("separator", "cls", "prefix", "suffix", "middle"),
        *(f"fim_{part}" for part in ("pre", "suf", "mid", "pad", "rep", "sep")),
    )
}


def expected_kinds(key: str) -> tuple[_Kind, ...]:
    """Return the types that a fact may have: any, if there are none."""
    expected = _EXPECTED.get(key) or _EXPECTED_OF_ARCHITECTURE.get(key.partition(".")[2], ())
    return (_NUMBER,) if key in _TOKEN_IDS else expected


def described(kind: int, element: int | None) -> str:
    """Return the name of a type, for a sentence."""
    return _NAME[kind] if element is None else f"{_NAME[kind]} of {_NAME[element]}"
