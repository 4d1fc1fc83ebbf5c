"""Ids that AutoTokenizer makes of texts with an exported tokenizer, beside those of Octet."""

import transformers

from common import Rows, export, octet_logits

TEXTS = ["The layers of a model", "  two  spaces,\ttabs\nand lines\n\n", "it's 1024 tokens; we've 3.14", "naïve café, Fluß, добрый день",
         "文字 👍🏽 e\u0301", "x" * 50, " ", "a\u00a0b\u200dc", "def f(x):\n    return x**2 # done"]

rows = Rows("transformers", "tokenizers")
for name in "llama", "gpt2":
    tokenizer = transformers.AutoTokenizer.from_pretrained(export(f"{name}/checkpoints/best", "hf", f"out-{name}"))
    differ = 0
    for text in TEXTS:
        ids = octet_logits(f"{name}/checkpoints/best", text)[0][0].tolist()
        differ += ids != tokenizer(text).input_ids or tokenizer.decode(ids) != text
    rows.add(f"{name}: texts with other ids, or another text of the ids", differ, 0, f"{differ} of {len(TEXTS)}")
rows.finish()
