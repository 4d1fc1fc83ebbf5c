"""Exported codes that transformers reads with compressed-tensors: dequantized weights beside those of Octet, then logits and greedy
tokens. Activations with a scale of the layer's own are rounded alike; where the scale of a token is another one, or 0 has a code, both
programs round, and logits differ by less than twice what Octet's rounding does."""

import pathlib

import torch

from common import Rows, export, greedy_of, load, logits_of, octet_greedy, octet_logits, relative_error

SAME = 1e-4
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
    alike = rounding < SAME or name == "int8-static"
    rows.add(f"{name}: logits, relative error", relative_error(found, expected), SAME if alike else 2 * rounding)
    if rounding < SAME:
        text, tokens = greedy_of(model, tokenizer)
        rows.add(f"{name}: greedy text of {tokens} tokens that differs", int(text.rstrip("\n") != octet_greedy(folder)), 0)
rows.finish()
