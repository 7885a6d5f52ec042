"""Converts an adapter from PEFT's format to a GGUF file that llama.cpp loads.

    python convert.py ADAPTER_FOLDER OUT.gguf

Needs numpy, safetensors and gguf; the base model's weights are not read. Rows of the queries' and
keys' second matrix change places, as they do where llama.cpp's files are made from Llama models.
"""

import argparse
import json
import re
from pathlib import Path
from typing import Final

import gguf
import numpy as np
from safetensors.numpy import load_file

HEADS: Final = {"q_proj": 9, "k_proj": 3}
"""Of SmolLM2-135M."""
NAMES: Final = {
    "q_proj": "attn_q",
    "k_proj": "attn_k",
    "v_proj": "attn_v",
    "o_proj": "attn_output",
    "gate_proj": "ffn_gate",
    "up_proj": "ffn_up",
    "down_proj": "ffn_down",
}
_TENSOR: Final = re.compile(r".*\.layers\.(\d+)\.\w+\.(\w+)\.lora_([AB])\.weight")


def rotated(matrix: np.ndarray, heads: int) -> np.ndarray:
    """Return a matrix with the two halves of each head's rows taking turns."""
    parts = matrix.reshape(heads, 2, matrix.shape[0] // heads // 2, matrix.shape[1])
    return parts.swapaxes(1, 2).reshape(matrix.shape)


def convert(folder: Path, out: Path) -> int:
    """Write the GGUF file, and return how many tensors it holds."""
    config = json.loads((folder / "adapter_config.json").read_text("utf-8"))
    writer = gguf.GGUFWriter(out, "llama")
    writer.add_string("general.type", "adapter")
    writer.add_string("general.name", "Homebody planner")
    writer.add_string("general.license", "apache-2.0")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", float(config["lora_alpha"]))
    tensors = load_file(folder / "adapter_model.safetensors")
    for name, tensor in sorted(tensors.items()):
        found = _TENSOR.fullmatch(name)
        if found is None:
            raise SystemExit(f"{name} is no matrix that we know")
        layer, matrix, side = found.groups()
        turned = side == "B" and matrix in HEADS
        values = rotated(tensor, HEADS[matrix]) if turned else tensor
        writer.add_tensor(
            f"blk.{layer}.{NAMES[matrix]}.weight.lora_{side.lower()}",
            np.ascontiguousarray(values.astype(np.float16)),
        )
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return len(tensors)


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("folder", type=Path)
    asked.add_argument("out", type=Path)
    given = asked.parse_args()
    print(f"{convert(given.folder, given.out)} tensors, {given.out.stat().st_size / 1e6:.1f} MB")
