"""Small model files with random weights, and adapters: what a real one would be too large for."""

from pathlib import Path

import gguf
import numpy as np

WIDE, LAYERS, HEADS = 32, 2, 4


def _vocabulary(writer: gguf.GGUFWriter) -> int:
    """256 bytes, and what steers."""
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), "\u2581"]
    kinds = [gguf.TokenType.UNKNOWN, gguf.TokenType.CONTROL, gguf.TokenType.CONTROL]
    kinds += [gguf.TokenType.BYTE] * 256 + [gguf.TokenType.NORMAL]
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
