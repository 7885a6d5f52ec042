"""Small model files with random weights, and adapters: what a real one would be too large for."""

from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy as np

WIDE, LAYERS, HEADS = 32, 2, 4


def _vocabulary(writer: gguf.GGUFWriter, more: int = 0) -> int:
    """256 bytes, and what steers; and so many words more."""
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), "\u2581"]
    tokens += [f"word{number}" for number in range(more)]
    kinds = [gguf.TokenType.UNKNOWN, gguf.TokenType.CONTROL, gguf.TokenType.CONTROL]
    kinds += [gguf.TokenType.BYTE] * 256 + [gguf.TokenType.NORMAL] * (1 + more)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * len(tokens))
    writer.add_token_types([int(kind) for kind in kinds])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_add_space_prefix(value=False)
    return len(tokens)


def _write(path: Path, writer: gguf.GGUFWriter, tensors: dict[str, np.ndarray]) -> Path:
    for name, values in tensors.items():
        writer.add_tensor(name, values.astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def tiny_llama(path: Path, *, poison: float | None = None, architecture: str = "llama") -> Path:
    """A transformer; `poison` takes the place of its last norm."""
    rng = np.random.default_rng(1)
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_context_length(512)
    writer.add_embedding_length(WIDE)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(2 * WIDE)
    writer.add_head_count(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    words = _vocabulary(writer)
    tensors = {
        "token_embd.weight": rng.normal(size=(words, WIDE)),
        "output_norm.weight": np.full(WIDE, 1.0 if poison is None else poison),
    }
    for layer in range(LAYERS):
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            tensors[f"blk.{layer}.{name}.weight"] = rng.normal(size=(WIDE, WIDE)) / 4
        tensors |= {
            f"blk.{layer}.attn_norm.weight": np.ones(WIDE),
            f"blk.{layer}.ffn_norm.weight": np.ones(WIDE),
            f"blk.{layer}.ffn_gate.weight": rng.normal(size=(2 * WIDE, WIDE)) / 4,
            f"blk.{layer}.ffn_up.weight": rng.normal(size=(2 * WIDE, WIDE)) / 4,
            f"blk.{layer}.ffn_down.weight": rng.normal(size=(WIDE, 2 * WIDE)) / 4,
        }
    return _write(path, writer, tensors)


def tiny_mamba(path: Path) -> Path:
    """A recurrent model: its memory is one state, which cannot be rolled back."""
    rng = np.random.default_rng(2)
    inner, state, rank, kernel = 2 * WIDE, 8, 4, 4
    writer = gguf.GGUFWriter(path, "mamba")
    writer.add_context_length(4096)
    writer.add_embedding_length(WIDE)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(0)
    writer.add_head_count(0)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_ssm_conv_kernel(kernel)
    writer.add_ssm_inner_size(inner)
    writer.add_ssm_state_size(state)
    writer.add_ssm_time_step_rank(rank)
    words = _vocabulary(writer)
    tensors = {
        "token_embd.weight": rng.normal(size=(words, WIDE)),
        "output_norm.weight": np.ones(WIDE),
    }
    for layer in range(LAYERS):
        tensors |= {
            f"blk.{layer}.attn_norm.weight": np.ones(WIDE),
            f"blk.{layer}.ssm_in.weight": rng.normal(size=(2 * inner, WIDE)) / 4,
            f"blk.{layer}.ssm_conv1d.weight": rng.normal(size=(inner, kernel)) / 2,
            f"blk.{layer}.ssm_conv1d.bias": rng.normal(size=inner) / 8,
            f"blk.{layer}.ssm_x.weight": rng.normal(size=(rank + 2 * state, inner)) / 4,
            f"blk.{layer}.ssm_dt.weight": rng.normal(size=(inner, rank)) / 4,
            f"blk.{layer}.ssm_dt.bias": rng.normal(size=inner) / 8 - 3.0,
            f"blk.{layer}.ssm_a": -np.tile(np.arange(1.0, state + 1) / 8, (inner, 1)),
            f"blk.{layer}.ssm_d": np.ones(inner),
            f"blk.{layer}.ssm_out.weight": rng.normal(size=(WIDE, inner)) / 4,
        }
    return _write(path, writer, tensors)


def tiny_lfm2(path: Path) -> Path:
    """A hybrid: one layer of short convolutions, which cannot go back, and one of attention."""
    rng = np.random.default_rng(5)
    kernel = 3
    writer = gguf.GGUFWriter(path, "lfm2")
    writer.add_context_length(4096)
    writer.add_embedding_length(WIDE)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(2 * WIDE)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv([0, HEADS])
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_shortconv_l_cache(kernel)
    words = _vocabulary(writer)
    tensors = {
        "token_embd.weight": rng.normal(size=(words, WIDE)),
        "token_embd_norm.weight": np.ones(WIDE),
        "blk.0.shortconv.conv.weight": rng.normal(size=(WIDE, kernel)),
        "blk.0.shortconv.in_proj.weight": rng.normal(size=(3 * WIDE, WIDE)) / 4,
        "blk.0.shortconv.out_proj.weight": rng.normal(size=(WIDE, WIDE)) / 4,
        "blk.1.attn_q_norm.weight": np.ones(WIDE // HEADS),
        "blk.1.attn_k_norm.weight": np.ones(WIDE // HEADS),
    }
    for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
        tensors[f"blk.1.{name}.weight"] = rng.normal(size=(WIDE, WIDE)) / 4
    for layer in range(LAYERS):
        tensors |= {
            f"blk.{layer}.attn_norm.weight": np.ones(WIDE),
            f"blk.{layer}.ffn_norm.weight": np.ones(WIDE),
            f"blk.{layer}.ffn_gate.weight": rng.normal(size=(2 * WIDE, WIDE)) / 4,
            f"blk.{layer}.ffn_up.weight": rng.normal(size=(2 * WIDE, WIDE)) / 4,
            f"blk.{layer}.ffn_down.weight": rng.normal(size=(WIDE, 2 * WIDE)) / 4,
        }
    return _write(path, writer, tensors)


def adapter(path: Path, *, wide: int, layers: int, strength: float = 0.5, seed: int = 3) -> Path:
    """A LoRA adapter of random weights for the queries of a llama model."""
    rng = np.random.default_rng(seed)
    rank = 4
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", float(rank))
    tensors = {}
    for layer in range(layers):
        name = f"blk.{layer}.attn_q.weight"
        tensors[f"{name}.lora_a"] = rng.normal(size=(rank, wide)) / wide**0.5
        tensors[f"{name}.lora_b"] = rng.normal(size=(wide, rank)) * strength
    return _write(path, writer, tensors)


@dataclass(frozen=True, kw_only=True)
class Shape:
    """A layout that is large enough to be weighed: its weights are random, and mean nothing."""

    architecture: str
    wide: int = 256
    layers: int = 6
    heads: int = 4
    kv_heads: int | tuple[int, ...] = 2
    head: int = 64
    inner: int = 768
    """Of the feed-forward part, or of one expert's."""
    experts: int = 0
    words: int = 4000
    """Besides the bytes."""
    tied: bool = True
    context: int = 32768
    recurrent: tuple[int, ...] = ()
    """Layers with a state."""
    state: int = 16
    groups: int = 1
    window: int = 0


def sized(path: Path, shape: Shape) -> Path:
    """Write a model of that shape."""
    return _Sized(path, shape).write()


class _Sized:
    def __init__(self, path: Path, shape: Shape) -> None:
        self._path, self._shape = path, shape
        self._writer = gguf.GGUFWriter(path, shape.architecture)
        self._rng = np.random.default_rng(7)
        self._tensors: dict[str, np.ndarray] = {}

    def _weigh(self, name: str, *shape: int) -> None:
        """Add a tensor; `shape` in the order of llama.cpp, rows first in memory."""
        values = self._rng.normal(size=shape[::-1]) / 16
        self._tensors[name] = values.astype(np.float16 if len(shape) > 1 else np.float32)

    def _kv_heads(self) -> list[int]:
        heads = self._shape.kv_heads
        return list(heads) if isinstance(heads, tuple) else [heads] * self._shape.layers

    def write(self) -> Path:
        shape, writer = self._shape, self._writer
        writer.add_context_length(shape.context)
        writer.add_embedding_length(shape.wide)
        writer.add_block_count(shape.layers)
        writer.add_feed_forward_length(shape.inner)
        writer.add_head_count(shape.heads)
        heads = shape.kv_heads
        writer.add_head_count_kv(list(heads) if isinstance(heads, tuple) else heads)
        writer.add_layer_norm_rms_eps(1e-5)
        if shape.architecture != "lfm2" and shape.heads:
            writer.add_key_length(shape.head)
            writer.add_value_length(shape.head)
            if shape.architecture != "deepseek2":
                writer.add_rope_dimension_count(shape.head)
        if shape.window:
            writer.add_sliding_window(shape.window)
        if shape.experts:
            writer.add_expert_count(shape.experts)
            writer.add_expert_used_count(2)
            writer.add_expert_feed_forward_length(shape.inner)
        words = _vocabulary(writer, shape.words)
        self._weigh("token_embd.weight", shape.wide, words)
        norm = "token_embd_norm.weight" if shape.architecture == "lfm2" else "output_norm.weight"
        self._weigh(norm, shape.wide)
        if not shape.tied:
            self._weigh("output.weight", shape.wide, words)
        self._of_architecture()
        for layer in range(shape.layers):
            self._layer(f"blk.{layer}.", layer)
        for name, values in self._tensors.items():
            writer.add_tensor(name, values)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        return self._path

    def _of_architecture(self) -> None:
        shape, writer = self._shape, self._writer
        match shape.architecture:
            case "lfm2":
                writer.add_shortconv_l_cache(3)
            case "deepseek2":
                writer.add_kv_lora_rank(64)
                writer.add_key_length_mla(48)
                writer.add_value_length_mla(32)
                writer.add_rope_dimension_count(16)
                writer.add_q_lora_rank(32)
                writer.add_leading_dense_block_count(1)
                writer.add_expert_shared_count(1)
                writer.add_expert_weights_scale(1.0)
                writer.add_expert_gating_func(gguf.ExpertGatingFuncType.SOFTMAX)
                writer.add_vocab_size(260 + shape.words)
            case "mamba" | "granitehybrid" | "falcon-h1":
                writer.add_ssm_conv_kernel(4)
                writer.add_ssm_inner_size(2 * shape.wide)
                writer.add_ssm_state_size(shape.state)
                writer.add_ssm_time_step_rank(8)
                if shape.architecture != "mamba":
                    writer.add_ssm_group_count(shape.groups)

    def _layer(self, at: str, layer: int) -> None:
        shape = self._shape
        wide = shape.wide
        self._weigh(at + "attn_norm.weight", wide)
        if shape.architecture == "mamba":
            self._mamba(at)
            return
        if layer in shape.recurrent:
            if shape.architecture == "lfm2":
                self._weigh(at + "shortconv.conv.weight", 3, wide)
                self._weigh(at + "shortconv.in_proj.weight", wide, 3 * wide)
                self._weigh(at + "shortconv.out_proj.weight", wide, wide)
            else:
                self._mamba2(at)
        if layer not in shape.recurrent or shape.architecture == "falcon-h1":
            self._attention(at, layer)
        if shape.architecture == "gemma3":
            self._weigh(at + "post_attention_norm.weight", wide)
            self._weigh(at + "post_ffw_norm.weight", wide)
        # That is what llama.cpp calls it there.
        norm = "ffn_norm" if shape.architecture == "falcon-h1" else "ffn_norm.weight"
        self._weigh(at + norm, wide)
        self._feed(at, layer)

    def _attention(self, at: str, layer: int) -> None:
        shape = self._shape
        wide, query = shape.wide, shape.heads * shape.head
        values = self._kv_heads()[layer] * shape.head
        match shape.architecture:
            case "phi3":
                self._weigh(at + "attn_qkv.weight", wide, query + 2 * values)
            case "deepseek2":
                self._weigh(at + "attn_q_a.weight", wide, 32)
                self._weigh(at + "attn_q_a_norm.weight", 32)
                self._weigh(at + "attn_q_b.weight", 32, shape.heads * 48)
                self._weigh(at + "attn_kv_a_mqa.weight", wide, 64 + 16)
                self._weigh(at + "attn_kv_a_norm.weight", 64)
                self._weigh(at + "attn_k_b.weight", 32, 64, shape.heads)
                self._weigh(at + "attn_v_b.weight", 64, 32, shape.heads)
                query = shape.heads * 32
            case _:
                self._weigh(at + "attn_q.weight", wide, query)
                self._weigh(at + "attn_k.weight", wide, values)
                self._weigh(at + "attn_v.weight", wide, values)
        self._weigh(at + "attn_output.weight", query, wide)
        if shape.architecture in {"qwen3", "qwen3moe", "gemma3", "lfm2"}:
            self._weigh(at + "attn_q_norm.weight", shape.head)
            self._weigh(at + "attn_k_norm.weight", shape.head)

    def _feed(self, at: str, layer: int) -> None:
        shape = self._shape
        wide, inner, experts = shape.wide, shape.inner, shape.experts
        if experts and not (shape.architecture == "deepseek2" and layer == 0):
            self._weigh(at + "ffn_gate_inp.weight", wide, experts)
            self._weigh(at + "ffn_gate_exps.weight", wide, inner, experts)
            self._weigh(at + "ffn_up_exps.weight", wide, inner, experts)
            self._weigh(at + "ffn_down_exps.weight", inner, wide, experts)
            if shape.architecture == "deepseek2":
                self._weigh(at + "ffn_gate_shexp.weight", wide, inner)
                self._weigh(at + "ffn_up_shexp.weight", wide, inner)
                self._weigh(at + "ffn_down_shexp.weight", inner, wide)
            return
        if shape.architecture == "phi3":
            self._weigh(at + "ffn_up.weight", wide, 2 * inner)
        else:
            self._weigh(at + "ffn_gate.weight", wide, inner)
            self._weigh(at + "ffn_up.weight", wide, inner)
        self._weigh(at + "ffn_down.weight", inner, wide)

    def _mamba(self, at: str) -> None:
        shape = self._shape
        wide, state = 2 * shape.wide, shape.state
        self._weigh(at + "ssm_in.weight", shape.wide, 2 * wide)
        self._weigh(at + "ssm_conv1d.weight", 4, wide)
        self._weigh(at + "ssm_conv1d.bias", wide)
        self._weigh(at + "ssm_x.weight", wide, 8 + 2 * state)
        self._weigh(at + "ssm_dt.weight", 8, wide)
        self._weigh(at + "ssm_dt.bias", wide)
        self._weigh(at + "ssm_a", state, wide)
        self._weigh(at + "ssm_d", wide)
        self._weigh(at + "ssm_out.weight", wide, shape.wide)

    def _mamba2(self, at: str) -> None:
        shape = self._shape
        wide = 2 * shape.wide
        mixed = wide + 2 * shape.groups * shape.state
        self._weigh(at + "ssm_in.weight", shape.wide, wide + mixed + 8)
        self._weigh(at + "ssm_conv1d.weight", 4, mixed)
        self._weigh(at + "ssm_conv1d.bias", mixed)
        self._weigh(at + "ssm_dt.bias", 8)
        self._weigh(at + "ssm_a", 1, 8)
        self._weigh(at + "ssm_d", 1, 8)
        self._weigh(at + "ssm_norm.weight", wide // shape.groups, shape.groups)
        self._weigh(at + "ssm_out.weight", wide, shape.wide)


_ODD = tuple(0 if layer % 3 else 4 for layer in range(6))
"""Key/value heads of a hybrid: every third layer attends."""
_STATES = tuple(layer for layer in range(6) if not _ODD[layer])

SHAPES = {
    "llama": Shape(architecture="llama", tied=False),
    "qwen3": Shape(architecture="qwen3", head=128),
    "gemma3": Shape(architecture="gemma3", layers=7, window=512, words=30000),
    "phi3": Shape(architecture="phi3", heads=8, kv_heads=8, head=32, tied=False),
    "mixture": Shape(architecture="qwen3moe", experts=8, inner=256),
    "deepseek2": Shape(
        architecture="deepseek2", experts=4, inner=256, kv_heads=1, head=80, layers=5
    ),
    "lfm2": Shape(architecture="lfm2", heads=4, kv_heads=_ODD, recurrent=_STATES),
    "granite hybrid": Shape(
        architecture="granitehybrid", kv_heads=_ODD, recurrent=_STATES, state=64
    ),
    "falcon-h1": Shape(architecture="falcon-h1", recurrent=tuple(range(6)), state=64),
    "mamba": Shape(architecture="mamba", heads=0, kv_heads=0, inner=0),
}
"""What `library/fit` is measured on."""
