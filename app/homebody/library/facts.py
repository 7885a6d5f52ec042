"""What a model file says of itself, for a person to choose by and for others to compute with."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from homebody.base.errors import ModelProblem
from homebody.library.gguf import GgufHeader, read_header
from homebody.library.gguf_tensors import Tensor
from homebody.library.preflight import Parts, kind_of, parts_of, why_not
from homebody.messages.reports import InspectReport, WeightsReport

__all__ = ["facts", "inspect_file"]

_MOST_TEXT = 200
_GUESSED = 1024
"""Set in `general.file_type` where a program guessed it."""

# llama.h of the llama.cpp in llama-cpp-python 0.3.36.
_FILE_TYPES = {
    0: "F32",
    1: "F16",
    2: "Q4_0",
    3: "Q4_1",
    7: "Q8_0",
    8: "Q5_0",
    9: "Q5_1",
    10: "Q2_K",
    11: "Q3_K_S",
    12: "Q3_K_M",
    13: "Q3_K_L",
    14: "Q4_K_S",
    15: "Q4_K_M",
    16: "Q5_K_S",
    17: "Q5_K_M",
    18: "Q6_K",
    19: "IQ2_XXS",
    20: "IQ2_XS",
    21: "Q2_K_S",
    22: "IQ3_XS",
    23: "IQ3_XXS",
    24: "IQ1_S",
    25: "IQ4_NL",
    26: "IQ3_S",
    27: "IQ3_M",
    28: "IQ2_S",
    29: "IQ2_M",
    30: "IQ4_XS",
    31: "IQ1_M",
    32: "BF16",
    36: "TQ1_0",
    37: "TQ2_0",
    38: "MXFP4",
    39: "NVFP4",
    40: "Q1_0",
    41: "Q2_0",
}

_RECURRENT = re.compile(r"blk\.(\d+)\.(?:ssm_|time_mix_|shortconv\.)")
_ATTENTION = re.compile(r"blk\.\d+\.(?:attn_output|attn_k|attn_kv_b|attn_q)\.")


def inspect_file(path: Path) -> InspectReport:
    """Return the facts about a file. `ModelProblem` if it is damaged, or none of ours at all.

    A file that is whole but that one cannot chat with has facts, and says why not in `problem`.
    """
    header = read_header(path)
    try:
        parts = parts_of(header)
    except ModelProblem as problem:
        return facts(header, Parts((path.name,), (header,)), problem)
    return facts(header, parts, why_not(header, parts))


def facts(header: GgufHeader, parts: Parts, problem: ModelProblem | None) -> InspectReport:
    """Return what the headers of a model say; `problem`: why one cannot chat with it."""
    tensors = [tensor for part in parts.headers for tensor in part.tensors]
    parameters = sum(tensor.weights for tensor in tensors) or None
    weights = _weights(tensors)
    total = sum(each.bytes for each in weights)
    key = header.of_architecture
    words = header.counts.get("tokenizer.ggml.tokens")
    experts = header.number(key("expert_count"))
    kind = kind_of(header)
    memory, recurrent = _memory(tensors)
    template = header.template
    return InspectReport(
        path=str(header.path),
        files=parts.names,
        bytes=sum(part.size for part in parts.headers),
        version=header.version,
        kind=kind,
        problem=f"{problem.message} {problem.hint}" if problem else "",
        name=_text(header, "general.name"),
        architecture=_text(header, "general.architecture"),
        size_label=_text(header, "general.size_label"),
        licence=_text(header, "general.license"),
        parameters=parameters,
        quantisation=_quantisation(header, weights),
        bits_per_weight=round(8 * total / parameters, 2) if parameters else None,
        weights=weights,
        trained_context=header.number(key("context_length")),
        embedding_length=header.number(key("embedding_length")),
        layers=header.number(key("block_count")),
        heads=_per_layer(header.numbers(key("attention.head_count"))),
        kv_heads=_per_layer(
            header.numbers(key("attention.head_count_kv"))
            # llama.cpp's own rule where the file does not say.
            or header.numbers(key("attention.head_count"))
        ),
        vocabulary=words if words is not None else header.number(key("vocab_size")),
        tied_output=_tied(tensors) if kind == "model" else None,
        template=template is not None,
        template_sha256=hashlib.sha256(template).hexdigest() if template is not None else None,
        experts=(experts or 0) if kind == "model" else None,
        experts_used=header.number(key("expert_used_count")) if experts else None,
        memory=memory if kind == "model" else None,
        recurrent_layers=recurrent if kind == "model" and memory else None,
    )


def _text(header: GgufHeader, key: str) -> str | None:
    text = (header.text(key) or "").strip()
    return text[:_MOST_TEXT] or None


def _weights(tensors: Iterable[Tensor]) -> tuple[WeightsReport, ...]:
    tensor_count, weights, sizes = Counter[str](), Counter[str](), Counter[str]()
    for tensor in tensors:
        name = tensor.type.name
        tensor_count[name] += 1
        weights[name] += tensor.weights
        sizes[name] += tensor.size
    return tuple(
        WeightsReport(type=name, tensors=tensor_count[name], weights=weights[name], bytes=size)
        for name, size in sizes.most_common()
    )


def _quantisation(header: GgufHeader, weights: tuple[WeightsReport, ...]) -> str | None:
    number = header.number("general.file_type")
    said = _FILE_TYPES.get(number & ~_GUESSED) if number is not None else None
    if said is not None:
        return said
    return weights[0].type if weights else None


def _per_layer(numbers: tuple[int, ...] | None) -> tuple[int, ...] | None:
    return numbers[:1] if numbers and len(set(numbers)) == 1 else numbers


def _tied(tensors: Iterable[Tensor]) -> bool | None:
    names = {tensor.name for tensor in tensors}
    if "output.weight" in names:
        return False
    return True if "token_embd.weight" in names else None


def _memory(
    tensors: Iterable[Tensor],
) -> tuple[Literal["attention", "recurrent", "hybrid"] | None, int]:
    """Return how the model remembers, by the tensors that its layers have, and in how many."""
    recurrent: set[int] = set()
    attends = False
    for tensor in tensors:
        found = _RECURRENT.match(tensor.name)
        if found:
            recurrent.add(int(found[1]))
        attends = attends or bool(_ATTENTION.match(tensor.name))
    if recurrent:
        return ("hybrid" if attends else "recurrent"), len(recurrent)
    return ("attention" if attends else None), 0
