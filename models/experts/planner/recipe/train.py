"""Trains the adapter: a LoRA over the starter model, with weights read from the GGUF itself.

    python train.py BASE.gguf EXAMPLES.jsonl OUT --rank 16

Runs in an environment of its own (torch, transformers, peft), not in the application's. Only the
plan counts for the loss, each token by one over the square root of its plan's length: so a short
decision is not drowned by long copied arguments. Examples of similar length share a batch, and
only the tokens of plans go through the output matrix. OUT is in PEFT's format.
"""

import argparse
import json
import math
import os
import random
import time
from pathlib import Path
from typing import Final

import torch
from peft import LoraConfig, get_peft_model
from peft.tuners.lora import Linear
from torch.nn.functional import cross_entropy, linear
from transformers import AutoModelForCausalLM, AutoTokenizer

PROMPT: Final = "<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n"
END: Final = "<|im_end|>"
MATRICES: Final = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
_WARM_UP: Final = 0.04

Row = tuple[list[int], list[int]]
"""Tokens of a prompt, and of its plan."""


def _apply(self: Linear, x: torch.Tensor) -> torch.Tensor:
    """Do what PEFT's layer does, without its casts: everything in the type of `x`."""
    down = self.lora_A["default"].weight.to(x.dtype)
    up = self.lora_B["default"].weight.to(x.dtype) * self.scaling["default"]
    base = linear(x, self.base_layer.weight)
    low = linear(x, down).flatten(0, -2)
    return torch.addmm(base.flatten(0, -2), low, up.t()).view(base.shape)


def read(path: Path, tokenizer: AutoTokenizer) -> list[Row]:
    """Return the examples of a file as tokens."""
    rows: list[Row] = []
    for line in path.read_text("utf-8").splitlines():
        each = json.loads(line)
        prompt = tokenizer(PROMPT.format(each["seen"])).input_ids
        rows.append((prompt, tokenizer(each["line"] + END).input_ids))
    return rows


def batches(rows: list[Row], tokens: int, seed: int) -> list[list[Row]]:
    """Return batches of about so many tokens, each of rows of similar length, in random order."""
    rng = random.Random(seed)
    ordered = sorted(rows, key=lambda row: len(row[0]) + len(row[1]) + rng.random() * 4)
    found: list[list[Row]] = []
    batch: list[Row] = []
    for row in ordered:
        longest = max(len(each[0]) + len(each[1]) for each in (*batch, row))
        if batch and longest * (len(batch) + 1) > tokens:
            found.append(batch)
            batch = []
        batch.append(row)
    found.append(batch)
    rng.shuffle(found)
    return found


def loss_of(model: torch.nn.Module, batch: list[Row]) -> torch.Tensor:
    """Return the mean loss of a batch's plans."""
    longest = max(len(prompt) + len(plan) for prompt, plan in batch)
    ids = torch.zeros((len(batch), longest), dtype=torch.long)
    at: list[int] = []
    wanted: list[int] = []
    weights: list[float] = []
    for index, (prompt, plan) in enumerate(batch):
        row = prompt + plan
        ids[index, : len(row)] = torch.tensor(row)
        first = index * longest + len(prompt) - 1
        at += range(first, first + len(plan))
        wanted += plan
        weights += [len(plan) ** -0.5] * len(plan)
    llama = model.base_model.model
    # Padding stands at the end, where nothing before it can see it: no mask is needed.
    hidden = llama.model(input_ids=ids, use_cache=False).last_hidden_state
    chosen = hidden.reshape(-1, hidden.shape[-1])[torch.tensor(at)]
    each = cross_entropy(llama.lm_head(chosen).float(), torch.tensor(wanted), reduction="none")
    weight = torch.tensor(weights)
    return (each * weight).sum() / weight.sum()


def load(given: argparse.Namespace) -> tuple[torch.nn.Module, AutoTokenizer]:
    """Return the base model with an adapter to be trained, and its tokenizer."""
    where = {"gguf_file": given.base.name}
    tokenizer = AutoTokenizer.from_pretrained(given.base.parent, **where)
    # For requests this short the plain attention is faster than the fused one, backwards above all.
    model = AutoModelForCausalLM.from_pretrained(
        given.base.parent, dtype=torch.float32, attn_implementation="eager", **where
    )
    Linear.forward = _apply
    config = LoraConfig(r=given.rank, lora_alpha=2 * given.rank, target_modules=list(MATRICES))
    model = get_peft_model(model.to(torch.bfloat16), config)
    if given.start:
        model.load_adapter(str(given.start), "default", is_trainable=True)
    for each in model.parameters():
        if each.requires_grad:
            each.data = each.data.float()
    return model, tokenizer


def learn(model: torch.nn.Module, order: list[list[Row]], rate: float, minutes: float) -> None:
    """Train on these batches, or as many of them as there is time for."""
    trained = [each for each in model.parameters() if each.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=rate, weight_decay=0.0, betas=(0.9, 0.98))
    begun = time.monotonic()
    done = 0
    recent = 0.0
    for step, batch in enumerate(order):
        passed = time.monotonic() - begun
        # The schedule follows whichever runs out first: the examples or the time.
        spent = max(step / len(order), passed / 60 / minutes)
        if spent >= 1:
            break
        warm = min(1.0, (step + 1) / (_WARM_UP * len(order)))
        for group in optimizer.param_groups:
            group["lr"] = rate * warm * (0.02 + 0.98 * (1 + math.cos(math.pi * spent)) / 2)
        loss = loss_of(model, batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        done += sum(len(prompt) + len(plan) for prompt, plan in batch)
        recent = 0.95 * recent + 0.05 * loss.item() if step else loss.item()
        if step % 10 == 9:
            speed = done / (time.monotonic() - begun)
            print(f"{step + 1}/{len(order)} loss {recent:.4f} {speed:.0f} tokens/s", flush=True)
    print(f"done in {(time.monotonic() - begun) / 60:.1f} min, loss {recent:.4f}", flush=True)


def main() -> None:
    """Train, and say now and then how it goes."""
    asked = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    asked.add_argument("base", type=Path)
    asked.add_argument("examples", type=Path)
    asked.add_argument("out", type=Path)
    asked.add_argument("--rank", type=int, default=16)
    asked.add_argument("--rate", type=float, default=8e-4, help="the highest learning rate")
    asked.add_argument("--tokens", type=int, default=768, help="tokens a batch")
    asked.add_argument("--epochs", type=int, default=1)
    asked.add_argument("--minutes", type=float, default=120, help="how long it may take")
    asked.add_argument("--seed", type=int, default=7)
    asked.add_argument("--from", dest="start", type=Path, help="an adapter to go on from")
    asked.add_argument("--check", type=Path, help="examples to measure the loss on at the end")
    given = asked.parse_args()

    torch.set_num_threads(os.cpu_count() or 1)
    torch.manual_seed(given.seed)
    model, tokenizer = load(given)
    rows = read(given.examples, tokenizer)
    order = [
        batch
        for epoch in range(given.epochs)
        for batch in batches(rows, given.tokens, given.seed + epoch)
    ]
    tokens = sum(len(prompt) + len(plan) for prompt, plan in rows)
    print(f"{len(rows)} examples, {tokens} tokens an epoch, {len(order)} steps", flush=True)
    learn(model, order, given.rate, given.minutes)
    model.save_pretrained(given.out)
    if given.check:
        with torch.inference_mode():
            losses = [
                loss_of(model, batch).item()
                for batch in batches(read(given.check, tokenizer), given.tokens, given.seed)
            ]
        print(f"loss on what was kept apart {sum(losses) / len(losses):.4f}", flush=True)


if __name__ == "__main__":
    main()
