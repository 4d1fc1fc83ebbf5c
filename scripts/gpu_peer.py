#!/usr/bin/env python3
"""PyTorch on the work of gpu_vectors, gpu_training and `octet bench`, as one JSON file that is written again after each part.

    scripts/gpu_peer.py [--batch 32] [--seconds 600] [--quick] FILE.json
    scripts/gpu_peer.py --warm [--batch 32]

--seconds: parts that would begin later than that are left out; they are in the order of their worth.
--warm: measures nothing, but compiles the models that are compiled, so that a later run finds them in the cache.
--quick: small sizes, also on a CPU, to see that the script works.
"""

import argparse
import contextlib
import json
import os
import statistics
import time
import traceback

import torch
import torch.nn.functional as F
from torch import nn

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")


def synchronize():
    if device.type == "cuda":
        torch.cuda.synchronize()


def seconds_of(run, samples=11, long_enough=5e-3):
    """The median time of one run, each sample of enough runs for the clock."""
    for _ in range(3):
        run()
    synchronize()
    start = time.perf_counter()
    run()
    synchronize()
    times = max(1, min(1000, int(long_enough / max(time.perf_counter() - start, 1e-7))))
    measured = []
    for _ in range(samples):
        start = time.perf_counter()
        for _ in range(times):
            run()
        synchronize()
        measured.append((time.perf_counter() - start) / times)
    return statistics.median(measured)


def set_tf32(on):
    torch.backends.cuda.matmul.allow_tf32 = on


def copy(quick):
    source = torch.rand((1 << 20 if quick else 1 << 30) // 4, device=device)
    target = torch.empty_like(source)
    seconds = seconds_of(lambda: target.copy_(source))
    return {"read_and_written_gb_per_second": 2e-9 * 4 * source.numel() / seconds}


def products(quick):
    """y = x W^T of size^3."""
    size = 64 if quick else 8192
    x, w = (torch.rand(size, size, device=device) * 2 - 1 for _ in range(2))
    codes_x, codes_w = (torch.randint(-127, 128, (size, size), dtype=torch.int8, device=device) for _ in range(2))
    half_x, half_w = x.bfloat16(), w.bfloat16()
    runs = {
        "fp32": (False, lambda: x @ w.T),
        "tf32": (True, lambda: x @ w.T),
        "bf16": (False, lambda: half_x @ half_w.T),
        "int8": (False, lambda: torch._int_mm(codes_x, codes_w.T)),
    }
    result = {}
    for name, (tf32, run) in runs.items():
        set_tf32(tf32)
        result[name] = {"tera_operations_per_second": 2e-12 * size**3 / seconds_of(run)}
    set_tf32(False)
    return result


def int4_vectors(quick):
    """y = x W^T with int4 weights in groups of 32 and BF16 rows, the kernel behind torchao's and gpt-fast's int4: 8192^2, weights out
    of cache, as gpu_vectors has them."""
    size, group, copies = (1024, 32, 1) if quick else (8192, 32, 32)
    bytes_each = size * size // 2 + 2 * 2 * size * size // group  # a scale and a zero point in BF16 for each group
    packed = [torch._convert_weight_to_int4pack(
        torch.randint(0, 256, (size, size // 2), dtype=torch.uint8, device=device), 8) for _ in range(copies)]
    scales = torch.rand(size // group, size, 2, device=device).bfloat16()
    result = {}
    for rows in (1, 8, 16):
        x = torch.rand(rows, size, device=device).bfloat16()

        def run():
            for weight in packed:
                torch._weight_int4pack_mm(x, weight, group, scales)

        seconds = seconds_of(run) / copies
        result[f"{rows} rows"] = {"seconds": seconds, "weight_gb_per_second": 1e-9 * bytes_each / seconds}
    return result


def attention(quick):
    """Causal attention of one layer of GPT-2 124M, forward and backward, for 8 texts of 1024 tokens."""
    shape = (1, 2, 16, 8) if quick else (8, 12, 1024, 64)
    result = {}
    for name, dtype in (("fp32", torch.float32), ("bf16", torch.bfloat16)):
        q, k, v = (torch.rand(shape, device=device, dtype=dtype, requires_grad=True) for _ in range(3))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        dy = torch.rand_like(y)

        def forward():
            F.scaled_dot_product_attention(q, k, v, is_causal=True)

        def backward():
            torch.autograd.grad(y, (q, k, v), dy, retain_graph=True)

        result[name] = {"forward_seconds": seconds_of(forward), "backward_seconds": seconds_of(backward)}
    return result


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.output = nn.Linear(width, width)

    def forward(self, x, cache=None, position=None):
        B, T, C = x.shape
        q, k, v = (part.view(B, T, self.heads, C // self.heads).transpose(1, 2) for part in self.qkv(x).split(C, dim=2))
        if cache is None:
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            keys, values = cache
            keys.index_copy_(2, position, k)
            values.index_copy_(2, position, v)
            visible = (torch.arange(keys.shape[2], device=x.device) <= position).view(1, 1, 1, -1)
            y = F.scaled_dot_product_attention(q, keys, values, attn_mask=visible)
        return self.output(y.transpose(1, 2).reshape(B, T, C))


class Block(nn.Module):
    def __init__(self, width, heads, hidden):
        super().__init__()
        self.attention_norm, self.mlp_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.up, self.down = nn.Linear(width, hidden), nn.Linear(hidden, width)

    def forward(self, x, cache=None, position=None):
        x = x + self.attention(self.attention_norm(x), cache, position)
        return x + self.down(F.gelu(self.up(self.mlp_norm(x)), approximate="tanh"))


class Gpt(nn.Module):
    """GPT-2 with a tied head."""

    def __init__(self, vocabulary, context, width, layers, heads, hidden):
        super().__init__()
        self.embedding, self.positions = nn.Embedding(vocabulary, width), nn.Embedding(context, width)
        self.blocks = nn.ModuleList(Block(width, heads, hidden) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        for parameter in self.parameters():
            if parameter.dim() == 2:
                nn.init.normal_(parameter, std=0.02)

    def forward(self, ids, caches=None, position=None):
        where = torch.arange(ids.shape[1], device=ids.device) if position is None else position
        x = self.embedding(ids) + self.positions(where)
        for index, block in enumerate(self.blocks):
            x = block(x, None if caches is None else caches[index], position)
        return self.norm(x) @ self.embedding.weight.T


GPT2 = dict(vocabulary=50304, context=1024, width=768, layers=12, heads=12, hidden=3072)
TINY = dict(vocabulary=64, context=8, width=16, layers=2, heads=2, hidden=32)
BILLION = dict(vocabulary=32768, context=1024, width=2048, layers=20, heads=16, hidden=8192)


def training(batch, math, compiled, quick):
    """Steps with gradient clipping and AdamW, as Octet's."""
    shape = TINY if quick else GPT2
    steps, untimed = (2, 1) if quick else (8, 3)
    set_tf32(math == "tf32")
    torch.manual_seed(1)
    model = Gpt(**shape).to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=device.type == "cuda")
    forward = torch.compile(model) if compiled else model
    tokens = torch.randint(shape["vocabulary"], (batch, shape["context"] + 1), device=device)
    half = torch.autocast(device.type, dtype=torch.bfloat16) if math == "bf16" else contextlib.nullcontext()
    seconds, losses = [], []
    for _ in range(untimed + steps):
        start = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        with half:
            logits = forward(tokens[:, :-1])
            loss = F.cross_entropy(logits.view(-1, logits.shape[-1]).float(), tokens[:, 1:].reshape(-1))
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
        synchronize()
        seconds.append(time.perf_counter() - start)
    set_tf32(False)
    return {
        "math": math,
        "compiled": compiled,
        "batch": batch,
        "tokens_per_second": batch * shape["context"] / statistics.median(seconds[untimed:]),
        "first_loss": losses[0],
        "last_loss": losses[-1],
        "device_memory_gib": torch.cuda.max_memory_reserved() / 2**30 if device.type == "cuda" else None,
    }


def training_that_fits(batch, math, compiled, quick):
    """The same batch where PyTorch has the memory for it, else half, and so on."""
    while True:
        try:
            return training(batch, math, compiled, quick)
        except torch.OutOfMemoryError:
            if batch == 1:
                raise
            batch //= 2
        finally:
            if device.type == "cuda":
                torch.cuda.empty_cache()
                torch.cuda.reset_peak_memory_stats()


@torch.no_grad()
def decode(dtype, compiled, quick):
    """Tokens per second of one sequence from an empty cache; each token is one replay of a CUDA graph, of kernels as they are or as
    torch.compile fuses them."""
    shape = TINY if quick else BILLION
    count = 4 if quick else 128
    model = Gpt(**shape).to(device, dtype)
    cache_shape = (1, shape["heads"], 2 * count, shape["width"] // shape["heads"])
    caches = [tuple(torch.zeros(cache_shape, dtype=dtype, device=device) for _ in range(2)) for _ in model.blocks]
    forward = torch.compile(model) if compiled else model
    token = torch.zeros(1, 1, dtype=torch.long, device=device)
    position = torch.zeros(1, dtype=torch.long, device=device)

    def step():
        token.copy_(forward(token, caches, position).argmax(-1))
        position.add_(1)

    for _ in range(3):
        step()
    replay = step
    if device.type == "cuda":
        synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            step()
        replay = graph.replay
    rates = []
    for _ in range(2 if quick else 5):
        position.zero_()
        synchronize()
        start = time.perf_counter()
        for _ in range(count):
            replay()
        synchronize()
        rates.append(count / (time.perf_counter() - start))
    parameters = sum(p.numel() for p in model.parameters())
    return {"parameters": parameters, "tokens_per_second": statistics.median(rates)}


def parts_of(batch, quick):
    """What is measured, in the order of its worth."""
    return {
        "copy": lambda: copy(quick),
        "products": lambda: products(quick),
        "training tf32 compiled": lambda: training_that_fits(batch, "tf32", True, quick),
        "training bf16 compiled": lambda: training_that_fits(batch, "bf16", True, quick),
        "decode fp32": lambda: decode(torch.float32, False, quick),
        "decode bf16": lambda: decode(torch.bfloat16, False, quick),
        "int4 vectors": lambda: int4_vectors(quick),
        "attention": lambda: attention(quick),
        "training fp32 compiled": lambda: training_that_fits(batch, "fp32", True, quick),
        "decode bf16 compiled": lambda: decode(torch.bfloat16, True, quick),
    }


def needs_a_gpu(part):
    """Not in a quick run on a CPU: kernels that a CPU lacks, and a compiler that may be missing there."""
    return "compiled" in part or part == "int4 vectors"


def write(document, file):
    """Whole or not at all: the run may be cut off."""
    with open(file + ".part", "w") as part:
        json.dump(document, part, indent=2)
    os.replace(file + ".part", file)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("file", nargs="?")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--warm", action="store_true")
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    quick, batch = arguments.quick, 2 if arguments.quick else arguments.batch
    if arguments.warm:
        for math in ("tf32", "bf16"):
            training_that_fits(batch, math, True, quick)
        return

    start = time.monotonic()
    name = torch.cuda.get_device_name() if device.type == "cuda" else "cpu"
    document = {"torch": torch.__version__, "cuda": torch.version.cuda, "device": name}
    failed = False
    for part, measure in parts_of(batch, quick).items():
        if device.type != "cuda" and needs_a_gpu(part):
            continue
        began = time.monotonic()
        print(f"{began - start:.0f} s: {part}", flush=True)
        if began - start > arguments.seconds - 20:  # what the shortest parts take
            document[part] = {"error": "left out: no time"}
            continue
        try:
            document[part] = measure()
        except Exception as error:  # the other parts are worth having
            traceback.print_exc()
            document[part] = {"error": f"{type(error).__name__}: {error}"[:500]}
            failed = True
        write(document, arguments.file)
    write(document, arguments.file)
    raise SystemExit(1 if failed else 0)


if __name__ == "__main__":
    main()
