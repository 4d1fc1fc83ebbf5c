"""Exported codes that transformers reads with compressed-tensors: dequantized weights beside those of Octet, then logits and greedy
tokens. Where activations are rounded the bound of logits is what that rounding does to them in Octet."""

import pathlib

import torch

from common import Rows, export, greedy_of, load, logits_of, octet_greedy, octet_logits, relative_error

WITHOUT_CODES = {"nf4": 0.02}  # rounded anew to int8: by at most so much of the size of a weight

rows = Rows("transformers", "compressed-tensors")
for folder in sorted(pathlib.Path("llama/quantized").iterdir()):
    name = folder.name
    dense, _ = load(export(folder, "hf", f"dense-{name}"))
    model, tokenizer = load(export(folder, "compressed-tensors", f"codes-{name}"))
    ids, expected = octet_logits(folder)
    found = logits_of(model, ids)  # decompresses the weights
    got, want = model.state_dict(), dense.state_dict()
    if name in WITHOUT_CODES:
        moved = max(((got[key] - want[key]).norm() / want[key].norm()).item() for key in want)
        rows.add(f"{name}: largest change of a weight that is rounded anew", moved, WITHOUT_CODES[name])
        continue
    differ = sum(not torch.equal(got[key], want[key]) for key in want)
    rows.add(f"{name}: dequantized weights that differ in any bit", differ, 0, f"{differ} of {len(want)}")
    rounding = relative_error(expected, logits_of(dense, ids))
    weights_alone = rounding < 1e-4
    rows.add(f"{name}: logits, relative error", relative_error(found, expected), 1e-4 if weights_alone else rounding)
    if weights_alone:
        text, tokens = greedy_of(model, tokenizer)
        rows.add(f"{name}: greedy text of {tokens} tokens that differs", int(text.rstrip("\n") != octet_greedy(folder)), 0)
rows.finish()
