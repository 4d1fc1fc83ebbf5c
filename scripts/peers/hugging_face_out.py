"""Exported folders of Hugging Face: logits and greedy tokens of transformers beside those of Octet."""

from common import Rows, export, greedy_of, load, logits_of, octet_greedy, octet_logits, relative_error

rows = Rows("transformers")
for name in "llama", "gpt2":
    best = f"{name}/checkpoints/best"
    model, tokenizer = load(export(best, "hf", f"out-{name}"))
    ids, expected = octet_logits(best)
    rows.add(f"{name}: logits of an exported model, relative error", relative_error(logits_of(model, ids), expected), 1e-4)
    text, tokens = greedy_of(model, tokenizer)
    differs = int(text.rstrip("\n") != octet_greedy(best))
    rows.add(f"{name}: greedy text of {tokens} tokens that differs", differs, 0)
rows.finish()
